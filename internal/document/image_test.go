package document

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

// imageResult is what a picture was decoded into.
type imageResult struct {
	fields   map[string]string
	raw      string // as it stands
	excluded []string
	gaps     []string
}

func imageDecode(t testing.TB, o container.Options, body io.Reader) imageResult {
	t.Helper()
	res := imageResult{fields: map[string]string{}}
	b := container.NewBudget(container.DefaultLimits(), -1)
	for it, err := range imageDecoder(o).Decode(context.Background(), scanners.Item{Body: body}, b) {
		var g *scanners.Gap
		var x *scanners.Exclusion
		switch {
		case errors.As(err, &x):
			res.excluded = append(res.excluded, x.Detail)
		case errors.As(err, &g):
			res.gaps = append(res.gaps, g.Error())
		case err != nil:
			t.Fatal(err)
		default:
			for _, f := range it.Fields {
				res.fields[f.Name] += f.Value
			}
			if it.Body == nil {
				break
			}
			text, err := io.ReadAll(it.Body)
			if err != nil {
				t.Error(err)
			}
			if it.Field == "" {
				res.raw += string(text)
			} else {
				res.fields[it.Field] += string(text)
			}
		}
	}
	return res
}

func TestImageMetadata(t *testing.T) {
	exif := map[string]string{
		"Artist": "Zoë Van den Broeck", "XPAuthor": "Jürgen Müller", "Copyright": "(c) anna@example.be", "UserComment": "comment ünïcode",
		"CameraOwnerName": "Owner Name", "BodySerialNumber": "1234567890", "ImageDescription": "Described for jan@example.org",
		"GPSLatitude": "50.846600", "GPSLongitude": "-4.352800", "XMP": "Creator in XMP",
	}
	iptc := map[string]string{"By-line": "By Line", "Contact": "contact@example.be", "Caption": "Captiön"}
	for _, tt := range []struct {
		name string
		want []map[string]string
		raw  string
	}{
		{"meta.jpg", []map[string]string{exif, iptc, {"comment": "jpeg comment piet@example.be"}}, "appended +32 2 555 01 23"},
		{"meta.tif", []map[string]string{exif, iptc}, ""},
		{"meta.webp", []map[string]string{exif}, ""},
		{"meta.heic", []map[string]string{exif}, ""},
		{"meta.avif", []map[string]string{exif}, ""},
		{"meta.png", []map[string]string{exif, {"Author": "Author in PNG", "Title": "Tïtle"}}, ""},
		{"meta.gif", []map[string]string{{"comment": "gif comment piet@example.be", "XMP": "Creator in XMP"}}, ""},
		{"profiles.png", []map[string]string{iptc, {"Artist": "Zoë Van den Broeck", "comment": "compressed comment"}}, ""},
		{"plain.bmp", nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data, err := os.ReadFile("testdata/image/" + tt.name)
			if err != nil {
				t.Fatal(err)
			}
			if d := imageDecoder(container.Options{}); !d.Match(data[:min(len(data), container.HeadLen)], "") {
				t.Fatal("not recognised")
			}
			res := imageDecode(t, container.Options{}, struct{ io.Reader }{bytes.NewReader(data)})
			for _, fields := range tt.want {
				for name, want := range fields {
					got := res.fields[name]
					if (got == "" || strings.ReplaceAll(got, want, "") != "") && (name != "XMP" || !strings.Contains(got, want)) {
						t.Errorf("%s: %q, want %q", name, got, want)
					}
				}
			}
			if len(res.gaps) > 0 || len(res.excluded) != 1 {
				t.Errorf("gaps %q, excluded %q", res.gaps, res.excluded)
			}
			if !strings.HasSuffix(res.raw, tt.raw) || len(res.raw) > 900 {
				t.Errorf("raw: %q", res.raw)
			}
			// What is read as a field is not matched as it stands once more.
			for _, s := range []string{"Artist", "Copyright", "XMP", "By-line", "comment"} {
				if f := res.fields[s]; f != "" && strings.Contains(res.raw, f) {
					t.Errorf("%s is there twice", s)
				}
			}
		})
	}
}

// TestImageDamaged cuts pictures at all kinds of lengths, and turns bytes of them
// over.
func TestImageDamaged(t *testing.T) {
	names, _ := filepath.Glob("testdata/image/*.*")
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if imageKind(data) == "" {
			continue
		}
		whole := imageDecode(t, container.Options{}, bytes.NewReader(data))
		for n := 20; n < len(data); n += 3 {
			r := imageDecode(t, container.Options{}, bytes.NewReader(data[:n]))
			// Text that stands in the file is in the fields or in the rest.
			for _, s := range []string{"Zoë Van den Broeck", "contact@example.be", "piet@example.be"} {
				if bytes.Contains(data[:n], []byte(s)) && strings.Contains(fmt.Sprint(whole), s) && !strings.Contains(fmt.Sprint(r), s) {
					t.Errorf("%s cut at %d: lost %q", name, n, s)
				}
			}
			b := bytes.Clone(data)
			b[n] ^= 0xff
			imageDecode(t, container.Options{}, bytes.NewReader(b))
		}
	}
}

// TestImageOCR reads the text in pictures by a stand-in.
func TestImageOCR(t *testing.T) {
	data, err := os.ReadFile("testdata/image/page.png")
	if err != nil {
		t.Fatal(err)
	}
	var seen []byte
	o := container.Options{OCR: true, Recognise: func(_ context.Context, r io.Reader) ([]byte, error) {
		seen, _ = io.ReadAll(r)
		return []byte("recognised"), &scanners.Gap{Reason: scanners.Timeout, Detail: "too slow"}
	}}
	res := imageDecode(t, o, bytes.NewReader(data))
	if res.fields["picture"] != "recognised" || !bytes.Equal(seen, data) || len(res.excluded) > 0 || fmt.Sprint(res.gaps) != "[timeout: too slow]" {
		t.Errorf("%+v", res)
	}
	// In the process of a hostile decoder there is nothing to recognise with.
	if res := imageDecode(t, container.Options{OCR: true}, bytes.NewReader(data)); len(res.excluded)+len(res.gaps) > 0 {
		t.Errorf("%+v", res)
	}
}

func TestImageKind(t *testing.T) {
	for head, want := range map[string]string{
		"":                              "",
		"BM":                            "",
		"BM is not a picture, but text": "",
		"RIFF....WAVE":                  "",
		"RIFF....WEBPVP8 ":              "webp",
		"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42mif1": "",
		"\x00\x00\x00\x18ftypcrx \x00\x00\x00\x01crx isom": "heif",
		"II*\x00\x08\x00\x00\x00":                          "tiff",
		"<svg xmlns=":                                      "",
	} {
		if got := imageKind([]byte(head)); got != want {
			t.Errorf("%q: %q", head, got)
		}
	}
}

func FuzzImage(f *testing.F) {
	names, _ := filepath.Glob("testdata/image/*.*")
	for _, n := range names {
		b, err := os.ReadFile(n)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if imageKind(b) != "" {
			imageDecode(t, container.Options{}, bytes.NewReader(b))
		}
	})
}
