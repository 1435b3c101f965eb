package document

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"iter"
	"strconv"
	"strings"
	"sync"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

// pdfSeed is the seed of the hashes by which a walker knows what it has yielded.
var pdfSeed = sync.OnceValue(maphash.MakeSeed)

const pdfPages = 1 << 20

// pdfDecoder returns the decoder of the Portable Document Format (ISO 32000-1
// and -2) and of its forms data (FDF). It yields
//
//   - the text of each page, in lines, with Field "page" and the fragment
//     "page=N" (RFC 8118);
//   - the strings of the document by their kind: "title", "author" and so on,
//     "annotation", "field" (of a form), "link", "outline", "javascript", and
//     "string" for others; the XMP metadata as they are in "xmp"; the bytes of
//     signatures, which hold the names of their certificates, in "signature";
//   - embedded files, and, where text in pictures is recognised, the pictures on
//     pages, as members;
//   - the text of content that no page draws as "content", and of objects that
//     later ones have replaced, which still stand in the file, as "revision";
//   - "raw": the codes of text in a font that doesn't say which characters they
//     are, beside a gap.
//
// Objects are found by their cross-reference and, where that is damaged or
// leaves any out, by a search of the whole file.
func pdfDecoder(o container.Options) container.Decoder {
	return container.Decoder{
		Name:    "pdf",
		Hostile: true,
		Match:   pdfMatch,
		Decode: func(ctx context.Context, in scanners.Item, b *container.Budget) iter.Seq2[scanners.Item, error] {
			return func(yield func(scanners.Item, error) bool) {
				sp, err := b.Spool(ctx, in.Body)
				defer func() { _ = sp.Close() }() // valid even with an error
				w := &pdfWalker{o: o, in: in, yield: yield, pictured: map[int]bool{}}
				w.d = &pdfFile{ctx: ctx, b: b, at: sp, size: sp.Size(), used: map[int]bool{}}
				w.run()
				if err != nil && !w.over {
					yield(scanners.Item{}, err)
				}
			}
		},
	}
}

// pdfMatch takes what has the header within the first 1024 bytes, as readers
// do, at the start of a line or behind bytes that are no text.
func pdfMatch(head []byte, _ string) bool {
	head = head[:min(len(head), 1024)]
	for _, magic := range []string{"%PDF-", "%FDF-"} {
		for i := 0; ; {
			j := bytes.Index(head[i:], []byte(magic))
			if j < 0 {
				break
			}
			i += j
			v := head[min(len(head), i+5):]
			if len(v) >= 3 && v[0]-'0' <= 9 && v[1] == '.' && v[2]-'0' <= 9 && (i == 0 || !pdfProse(head[:i]) || pdfMarked(v)) {
				return true
			}
			i += 5
		}
	}
	return false
}

// pdfMarked reports whether the header is followed by the comment of high bytes
// that says that a file is not text.
func pdfMarked(b []byte) bool {
	b = bytes.TrimLeft(b[3:], " \r\n")
	return len(b) >= 5 && b[0] == '%' && b[1]&b[2]&b[3]&b[4] >= 0x80
}

// pdfProse reports whether what stands before the header is text of some length,
// which then only speaks of it.
func pdfProse(b []byte) bool {
	b = bytes.TrimLeft(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), " \t\r\n\x00")
	if len(b) == 0 || bytes.HasPrefix(b, []byte("\x1b%-12345X")) {
		return false
	}
	for _, c := range b {
		if c < ' ' && pdfClass[c] != 'w' || c == 0 {
			return false
		}
	}
	return true
}

// A pdfWalker yields what is in one file.
type pdfWalker struct {
	o     container.Options
	in    scanners.Item
	yield func(scanners.Item, error) bool
	over  bool
	d     *pdfFile
	gaps  map[string]bool
	steps map[string]int

	files     map[int]string  // embedded files: their names
	parts     map[int]string  // streams that are text: their fields
	resources map[int]pdfDict // content streams: resources of their page
	all       pdfDict         // the resources of all pages together
	told      map[uint64]bool // hashes of what was yielded
	pages     []pdfPage
	listed    map[int]bool // objects that are pages
	damaged   bool
	unread    int          // pages without text
	pictured  map[int]bool // pictures that were yielded
	unmapped  []byte
}

// A pdfPage is a page and what it inherits.
type pdfPage struct {
	dict pdfDict
	res  pdfDict
}

func (w *pdfWalker) send(it scanners.Item) {
	if !w.over && !w.yield(it, nil) {
		w.over = true
	}
}

func (w *pdfWalker) text(field, fragment, s string) {
	if strings.TrimSpace(s) == "" {
		return
	}
	if len(w.told) < 1<<20 && w.told != nil {
		w.told[maphash.String(pdfSeed(), s)] = true
	}
	w.send(scanners.Item{Size: int64(len(s)), Text: true, Field: field, Fragment: fragment, Body: strings.NewReader(s)})
}

// gap yields a gap without units, each but once.
func (w *pdfWalker) gap(reason scanners.Reason, detail string) {
	if w.over || w.gaps[detail] {
		return
	}
	if w.gaps == nil {
		w.gaps = map[string]bool{}
	}
	w.gaps[detail] = true
	if !w.yield(scanners.Item{}, &scanners.Gap{Reason: reason, Detail: "pdf: " + detail}) {
		w.over = true
	}
}

// end ends the sequence with an error.
func (w *pdfWalker) end(err error) {
	if !w.over {
		w.yield(scanners.Item{}, err)
		w.over = true
	}
}

// raw yields the whole file as it is.
func (w *pdfWalker) raw() {
	w.send(scanners.Item{Size: w.d.size, Text: true, Verbatim: true, Body: io.NewSectionReader(w.d.at, 0, w.d.size)})
}

// guard calls f. What it panics with is damage that was not foreseen.
func (w *pdfWalker) guard(what string, f func()) {
	defer func() {
		if recover() != nil {
			w.gap(scanners.Corrupt, what+" could not be read")
		}
	}()
	if w.over {
		return
	}
	if err := w.d.ctx.Err(); err != nil {
		w.end(err)
		return
	}
	// The budget fails readers; what they were read for stops by this.
	if _, err := w.d.b.Reader(w.d.ctx, strings.NewReader("")).Read(nil); err != nil && err != io.EOF {
		w.end(err)
		return
	}
	f()
}

func (w *pdfWalker) run() {
	d := w.d
	if err := d.scan(); err != nil {
		w.end(err)
		return
	}
	if d.full {
		w.gap(scanners.TooLarge, fmt.Sprintf("more than %d objects", pdfObjects))
	}
	err := d.library(w.o.For(w.in))
	if e := d.ctx.Err(); e != nil {
		w.end(e)
		return
	}
	_, encrypted := d.trailer["Encrypt"]
	if err != nil && (encrypted || errors.Is(err, errPDFPassword)) {
		detail := "no password opens the document"
		if !errors.Is(err, errPDFPassword) {
			detail = "an encryption that can't be undone"
		}
		w.gap(scanners.Encrypted, detail)
		w.raw()
		return
	}
	if err != nil && d.size <= pdfLibrary && !w.isFDF() {
		w.damaged = true
		w.gap(scanners.Corrupt, "the structure is damaged; objects were searched for")
	}
	if err == nil && !w.ends() {
		w.damaged = true
		w.gap(scanners.Corrupt, "has no end: it may have been cut off")
	}
	w.guard("the list of objects", func() {
		if e := d.index(); e != nil {
			w.end(e)
		}
	})
	w.listed, w.resources, w.told = map[int]bool{}, map[int]pdfDict{}, map[uint64]bool{}
	w.files, w.parts, w.steps = map[int]string{}, map[int]string{}, map[string]int{}
	w.guard("the pages", w.findPages)
	if len(w.pages) == 0 && len(d.found) == 0 {
		w.gap(scanners.Corrupt, "no objects were found")
		w.raw()
		return
	}
	w.guard("the strings", w.strings)
	for i := range w.pages {
		if w.over {
			return
		}
		w.guard("a page", func() { w.page(i) })
	}
	w.guard("the other streams", w.streams)
	w.guard("the earlier revisions", w.revisions)
	if w.unread > 0 {
		w.gap(scanners.Unsupported, "pages without text: "+strconv.Itoa(w.unread))
	}
	if len(w.unmapped) > 0 {
		w.gap(scanners.Unsupported, "a font without a mapping to characters")
		w.send(scanners.Item{Size: int64(len(w.unmapped)), Text: true, Field: "raw", Body: bytes.NewReader(w.unmapped)})
	}
}

// ends reports whether the file ends as one that is whole does.
func (w *pdfWalker) ends() bool {
	n := min(w.d.size, 4096)
	b := make([]byte, n)
	n2, _ := w.d.at.ReadAt(b, w.d.size-n)
	b = b[:n2]
	i := bytes.LastIndex(b, []byte("startxref"))
	return i >= 0 && bytes.LastIndex(b, []byte("endobj")) < i && len(bytes.TrimLeft(b[i+9:], "\r\n ")) > 0
}

func (w *pdfWalker) isFDF() bool {
	var b [8]byte
	n, _ := w.d.at.ReadAt(b[:], 0)
	return bytes.HasPrefix(b[:n], []byte("%FDF-"))
}

// findPages walks the page tree, then takes the pages that it misses.
func (w *pdfWalker) findPages() {
	d := w.d
	seen := map[int]bool{}
	var walk func(o any, res pdfDict, depth int)
	walk = func(o any, res pdfDict, depth int) {
		if r, ok := o.(pdfRef); ok {
			if seen[r.n] {
				return
			}
			seen[r.n] = true
		}
		p := d.dict(o)
		if p == nil || depth > 256 || len(w.pages) >= pdfPages || d.ctx.Err() != nil {
			return
		}
		if r := d.dict(p["Resources"]); r != nil {
			res = r
		}
		if kids, ok := d.get(p["Kids"]).(pdfArray); ok {
			for _, k := range kids {
				walk(k, res, depth+1)
			}
			return
		}
		if r, ok := o.(pdfRef); ok {
			w.listed[r.n] = true
		}
		w.pages = append(w.pages, pdfPage{p, res})
	}
	walk(d.root()["Pages"], nil, 0)
	if len(w.pages) > 0 && !w.damaged {
		return
	}
	for _, n := range d.numbers() {
		p, ok := d.object(n).(pdfDict)
		if !ok || seen[n] || d.get(p["Type"]) != pdfName("Page") || len(w.pages) >= pdfPages {
			continue
		}
		w.listed[n] = true
		w.pages = append(w.pages, pdfPage{p, w.inherited(p)})
	}
}

// inherited returns the resources of a page, its own or those of a node above.
func (w *pdfWalker) inherited(p pdfDict) pdfDict {
	for range 64 {
		if r := w.d.dict(p["Resources"]); r != nil {
			return r
		}
		if p = w.d.dict(p["Parent"]); p == nil {
			break
		}
	}
	return nil
}

// page yields the text of a page, or its pictures.
func (w *pdfWalker) page(i int) {
	p := w.pages[i]
	c := newPDFCanvas(w.d)
	c.run(c.contents(p.dict["Contents"]), p.res, 0)
	for _, n := range c.ids {
		w.resources[n] = p.res
	}
	w.canvas(c, "page", "page="+strconv.Itoa(i+1))
	read := len(c.page.glyphs) > 0 || len(c.unmapped) > 0
	switch {
	case !read && (len(c.images) > 0 || c.inlined) && (!w.o.OCR || len(c.images) == 0):
		w.unread++
	default:
		for k, x := range c.images {
			if w.pictured[x.num] {
				continue // a picture that many pages show
			}
			w.pictured[x.num] = true
			if w.o.OCR {
				w.picture(x, fmt.Sprintf("page-%d-image-%d", i+1, k+1))
			} else if !w.over && !w.yield(scanners.Item{}, &scanners.Exclusion{Reason: scanners.ByOption, Detail: imageUnread}) {
				w.over = true
			}
		}
	}
}

// canvas yields what has been drawn.
func (w *pdfWalker) canvas(c *pdfCanvas, field, fragment string) {
	if c.err != nil {
		w.end(c.err)
		return
	}
	t := c.page.text()
	if len(c.extra) > 0 {
		t += strings.Join(c.extra, "\n") + "\n"
	}
	w.text(field, fragment, t)
	if c.cut || c.page.full || c.bytes >= pdfContent {
		w.gap(scanners.TooLarge, "a page has too much content")
	}
	// A few codes are but signs that have no character.
	if room := 4<<20 - len(w.unmapped); len(c.unmapped) > 0 && room > 0 && (c.missed > 8 || c.missed*4 > len(c.page.glyphs)) {
		w.unmapped = append(append(w.unmapped, c.unmapped[:min(room, len(c.unmapped))]...), '\n')
	}
}
