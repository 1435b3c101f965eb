package document

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"io"

	"golang.org/x/image/ccitt"
)

// pdfPixels bounds the pictures that are turned into PNG.
const pdfPixels = 64 << 20

var errPDFPicture = errors.New("not a picture that is understood")

// png turns the samples of an image (ISO 32000-1, section 8.9.5) into PNG.
func (d *pdfFile) png(x *pdfStream, r pdfDecoded) ([]byte, error) {
	num := func(dict pdfDict, def float64, keys ...pdfName) int {
		for _, k := range keys {
			if f, ok := d.get(dict[k]).(float64); ok && f >= -1 && f <= 1<<20 {
				return int(f)
			}
		}
		return int(def)
	}
	w, h := num(x.dict, 0, "Width", "W"), num(x.dict, 0, "Height", "H")
	if w < 1 || h < 1 || w*h > pdfPixels {
		return nil, errPDFPicture
	}
	bits := num(x.dict, 8, "BitsPerComponent", "BPC")
	var src io.Reader = r
	if mask, _ := d.get(x.dict["ImageMask"]).(bool); mask {
		bits = 1
	}
	var pal color.Palette
	comps := 1
	if r.left != "" {
		bits = 1
		black, _ := d.get(r.parms["BlackIs1"]).(bool)
		mode, align := ccitt.Group3, false
		if num(r.parms, 0, "K") < 0 {
			mode = ccitt.Group4
		} else if num(r.parms, 0, "K") > 0 {
			return nil, errPDFPicture
		}
		align, _ = d.get(r.parms["EncodedByteAlign"]).(bool)
		// The reader's own sense is that 1 is black, which is white in PDF.
		src = d.b.Reader(d.ctx, ccitt.NewReader(r, ccitt.MSB, mode, num(r.parms, 1728, "Columns"), h, &ccitt.Options{Invert: black, Align: align}))
		w = num(r.parms, 1728, "Columns")
		if w < 1 || w*h > pdfPixels {
			return nil, errPDFPicture
		}
	} else {
		pal, comps = d.colors(d.get(x.dict["ColorSpace"]), 0)
	}
	switch bits {
	case 1, 2, 4, 8, 16:
	default:
		return nil, errPDFPicture
	}
	row := make([]byte, (w*comps*bits+7)/8)
	var out image.Image
	gray := image.NewGray(image.Rect(0, 0, w, h))
	var full *image.RGBA
	if comps > 1 || pal != nil {
		gray, full = nil, image.NewRGBA(image.Rect(0, 0, w, h))
		out = full
	} else {
		out = gray
	}
	sample := func(i int) int {
		switch bits {
		case 8:
			return int(row[i])
		case 16:
			return int(row[2*i])
		}
		at := i * bits
		return int(row[at/8]) >> (8 - bits - at%8) & (1<<bits - 1)
	}
	most := 255
	if bits < 8 {
		most = 1<<bits - 1
	}
	level := func(i int) uint8 { return uint8(sample(i) * 255 / most) }
	for y := range h {
		if n, err := io.ReadFull(src, row); err != nil && n == 0 {
			if y == 0 {
				return nil, errPDFPicture
			}
			break
		}
		for i := range w {
			switch {
			case pal != nil:
				if s := sample(i); s < len(pal) {
					full.Set(i, y, pal[s])
				}
			case comps == 1:
				gray.Pix[y*gray.Stride+i] = level(i)
			case comps == 3:
				full.SetRGBA(i, y, color.RGBA{level(3 * i), level(3*i + 1), level(3*i + 2), 255})
			default:
				full.Set(i, y, color.CMYK{C: level(4 * i), M: level(4*i + 1), Y: level(4*i + 2), K: level(4*i + 3)})
			}
		}
	}
	var b bytes.Buffer
	e := png.Encoder{CompressionLevel: png.BestSpeed}
	err := e.Encode(&b, out)
	return b.Bytes(), err
}

// colors returns the number of components of a colour space, and its palette.
func (d *pdfFile) colors(o any, depth int) (color.Palette, int) {
	name, _ := o.(pdfName)
	a, _ := o.(pdfArray)
	if len(a) > 0 {
		name, _ = d.get(a[0]).(pdfName)
	}
	switch name {
	case "DeviceRGB", "RGB", "CalRGB", "Lab":
		return nil, 3
	case "DeviceCMYK", "CMYK":
		return nil, 4
	case "ICCBased":
		if len(a) > 1 {
			if n, _ := d.get(d.dict(a[1])["N"]).(float64); n == 3 || n == 4 {
				return nil, int(n)
			}
		}
	case "Indexed", "I":
		if len(a) < 4 || depth > 0 {
			break
		}
		_, n := d.colors(d.get(a[1]), depth+1)
		var table []byte
		switch t := d.get(a[3]).(type) {
		case pdfString:
			table = []byte(t)
		case *pdfStream:
			table = readLimit(d.open(t), 4096)
		}
		var pal color.Palette
		for ; len(table) >= n && len(pal) < 256; table = table[n:] {
			switch n {
			case 3:
				pal = append(pal, color.RGBA{table[0], table[1], table[2], 255})
			case 4:
				pal = append(pal, color.CMYK{C: table[0], M: table[1], Y: table[2], K: table[3]})
			default:
				pal = append(pal, color.Gray{Y: table[0]})
			}
		}
		if len(pal) > 0 {
			return pal, 1
		}
	}
	return nil, 1
}
