package document

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"io"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/spoor-scan/spoor/scanners"
)

// pdfKinds are the fields of the strings of a document, in the order in which
// they are yielded.
var pdfKinds = []string{"outline", "field", "annotation", "link", "javascript", "string"}

// pdfStrings collects strings by field.
type pdfStrings struct {
	w   *pdfWalker
	buf map[string]*strings.Builder
	// old says that the strings belong to objects that were replaced.
	old bool
}

func (s *pdfStrings) add(field, text string) {
	if text = strings.TrimSpace(text); text == "" {
		return
	}
	b := s.buf[field]
	if b == nil {
		b = &strings.Builder{}
		s.buf[field] = b
	}
	b.WriteString(text)
	b.WriteByte('\n')
	if b.Len() > 1<<20 {
		s.w.text(field, "", b.String())
		b.Reset()
	}
}

func (s *pdfStrings) flush() {
	for _, k := range append(slices.Clone(pdfKinds), "revision") {
		if b := s.buf[k]; b != nil {
			s.w.text(k, "", b.String())
		}
	}
}

// strings yields the strings of all live objects. They are found by going
// through the objects rather than the trees they hang in: one that has been
// taken out of its tree is still in the file.
func (w *pdfWalker) strings() {
	d := w.d
	skip := map[int]bool{}
	for _, k := range []pdfName{"Encrypt", "Info"} {
		if r, ok := d.trailer[k].(pdfRef); ok {
			skip[r.n] = true
		}
	}
	if d.lib != nil && d.lib.Info != nil {
		d.trailer["Info"] = pdfRef{d.lib.Info.ObjectNumber.Value(), 0}
		skip[d.lib.Info.ObjectNumber.Value()] = true
	}
	info := d.dict(d.trailer["Info"])
	for _, k := range slices.Sorted(maps.Keys(info)) {
		switch v := d.get(info[k]).(type) {
		case pdfString:
			w.text(pdfInfoField(k), "", pdfText(string(v)))
		case pdfName:
			w.text(pdfInfoField(k), "", string(v))
		}
	}
	s := &pdfStrings{w: w, buf: map[string]*strings.Builder{}}
	for i, n := range d.numbers() {
		if i&255 == 0 && d.ctx.Err() != nil {
			w.end(d.ctx.Err())
			return
		}
		if !skip[n] {
			s.walk(d.object(n), "", 0)
		}
	}
	s.flush()
}

// pdfInfoField names an entry of the information dictionary.
func pdfInfoField(k pdfName) string {
	switch k {
	case "Title", "Author", "Subject", "Keywords", "Creator", "Producer":
		return strings.ToLower(string(k))
	case "CreationDate":
		return "created"
	case "ModDate":
		return "modified"
	}
	return "info"
}

// walk collects the strings of an object; kind is the field of what is in it.
func (s *pdfStrings) walk(o any, kind string, depth int) {
	if depth > pdfNesting {
		return
	}
	switch o := o.(type) {
	case pdfString:
		s.str(o, kind)
	case pdfArray:
		for _, e := range o {
			s.walk(e, kind, depth+1)
		}
	case *pdfStream:
		s.walk(o.dict, kind, depth+1)
	case pdfDict:
		s.dict(o, kind, depth)
	}
}

func (s *pdfStrings) str(v pdfString, kind string) {
	t := pdfText(string(v))
	if kind == "" {
		kind = "string"
	}
	if kind == "string" && pdfBinary(t) {
		return
	}
	if s.old {
		if s.w.told[maphash.String(pdfSeed(), "\x00"+t)] {
			return
		}
		kind = "revision"
	}
	if len(s.w.told) < 1<<20 {
		s.w.told[maphash.String(pdfSeed(), "\x00"+t)] = true
	}
	s.add(kind, t)
}

// pdfBinary reports whether a string is a table or a sum rather than text.
func pdfBinary(t string) bool {
	odd, n := 0, 0
	for _, r := range t {
		n++
		if r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == utf8.RuneError || r >= 0x7f && r < 0xa0 {
			odd++
		}
	}
	return odd*10 > n
}

func (s *pdfStrings) dict(o pdfDict, kind string, depth int) {
	d := s.w.d
	if _, ok := o["ByteRange"]; ok || o["Type"] == pdfName("Sig") || o["Type"] == pdfName("DocTimeStamp") {
		if v, ok := d.get(o["Contents"]).(pdfString); ok {
			s.w.send(scanners.Item{Size: int64(len(v)), Text: true, Field: "signature", Body: strings.NewReader(string(v))})
		}
		kind = "field"
	}
	_, rect := o["Rect"]
	_, fieldType := o["FT"]
	switch {
	case rect:
		kind = "annotation"
	case fieldType || o["T"] != nil && (o["V"] != nil || o["Kids"] != nil):
		kind = "field"
	case o["Title"] != nil && (o["Parent"] != nil || o["Dest"] != nil || o["A"] != nil || o["Next"] != nil):
		kind = "outline"
	}
	if _, widget := o["FT"]; widget || o["Subtype"] == pdfName("Widget") {
		kind = "field"
	}
	s.named(o)
	for _, k := range slices.Sorted(maps.Keys(o)) {
		v := o[k]
		as := kind
		switch k {
		case "ID", "CheckSum", "DA", "Contents":
			if k == "Contents" && kind == "annotation" {
				break
			}
			if k == "Contents" && (o["ByteRange"] != nil || kind == "field") {
				if o["ByteRange"] == nil {
					break
				}
				continue
			}
			if k != "Contents" {
				continue
			}
		case "URI":
			as = "link"
		case "JS":
			as = "javascript"
			s.part(v, as)
		case "XFA":
			s.parts(v, "xfa")
		case "RC", "RV", "V", "DV":
			s.part(v, pdfOr(kind, "field"))
			if n, ok := v.(pdfName); ok && k == "V" && n != "Off" {
				s.add(pdfOr(kind, "field"), string(n))
			}
		case "T", "TU", "TM":
			as = pdfOr(kind, "field")
		}
		s.walk(v, as, depth+1)
	}
}

func pdfOr(a, b string) string {
	if a == "" {
		return b
	}
	return a
}

// part notes a stream that is a text.
func (s *pdfStrings) part(o any, field string) {
	if r, ok := o.(pdfRef); ok && !s.old {
		s.w.parts[r.n] = field
	}
}

func (s *pdfStrings) parts(o any, field string) {
	s.part(o, field)
	a, _ := s.w.d.get(o).(pdfArray)
	for _, e := range a {
		s.part(e, field)
	}
}

// named notes the files that a file specification names (ISO 32000-1, section
// 7.11.3).
func (s *pdfStrings) named(o pdfDict) {
	ef, ok := s.w.d.get(o["EF"]).(pdfDict)
	if !ok || s.old {
		return
	}
	name := ""
	for _, k := range []pdfName{"UF", "F", "DOS", "Unix", "Mac"} {
		if t, ok := s.w.d.get(o[k]).(pdfString); ok && name == "" {
			name = pdfText(string(t))
		}
	}
	for _, v := range ef {
		if r, ok := v.(pdfRef); ok && len(s.w.files) < 1<<20 {
			s.w.files[r.n] = name
		}
	}
}

// streams yields what no page has drawn: embedded files, metadata, texts, and
// content.
func (w *pdfWalker) streams() {
	d := w.d
	for _, n := range d.numbers() {
		if d.used[n] {
			continue
		}
		x, ok := d.object(n).(*pdfStream)
		if !ok {
			continue
		}
		w.guard("a stream", func() { w.stream(x, n, false) })
		if w.over {
			return
		}
	}
}

// stream yields one stream by what its dictionary says that it is.
func (w *pdfWalker) stream(x *pdfStream, n int, old bool) {
	d := w.d
	typ, _ := d.get(x.dict["Type"]).(pdfName)
	sub, _ := d.get(x.dict["Subtype"]).(pdfName)
	name, isFile := w.files[n]
	field, isPart := w.parts[n]
	if old {
		isPart = false
	}
	has := func(keys ...pdfName) bool {
		return slices.ContainsFunc(keys, func(k pdfName) bool { _, ok := x.dict[k]; return ok })
	}
	switch {
	case isFile && !old || typ == "EmbeddedFile":
		w.file(x, name)
	case isPart:
		w.text(field, "", w.readable(x))
	case typ == "XRef" || typ == "ObjStm":
	case typ == "Metadata" || sub == "XML":
		w.text(pdfWhen(old, "xmp"), "", w.readable(x))
	case sub == "Image" || has("Width") && has("Height"):
	case sub == "Type1C" || sub == "CIDFontType0C" || sub == "OpenType" || has("Length1", "Length2"):
	case has("FunctionType", "ShadingType", "CMapName", "UseCMap") || typ == "CMap":
	case has("N") && has("Alternate") || sub == "Form" || has("PatternType"):
		if sub == "Form" || has("PatternType") {
			res, _ := d.get(x.dict["Resources"]).(pdfDict)
			w.content(readLimit(d.open(x), pdfContent/4), res, pdfWhen(old, "content"))
		}
	default:
		w.unknown(x, n, old)
	}
}

func pdfWhen(old bool, field string) string {
	if old {
		return "revision"
	}
	return field
}

// readable returns a stream that is text.
func (w *pdfWalker) readable(x *pdfStream) string {
	s := string(readSome(w.d.open(x)))
	if strings.HasPrefix(s, "\xfe\xff") || strings.HasPrefix(s, "\xff\xfe") || !utf8.ValidString(s) {
		return pdfText(s)
	}
	return s
}

// unknown yields a stream of which the dictionary says nothing.
func (w *pdfWalker) unknown(x *pdfStream, n int, old bool) {
	r := w.d.open(x)
	if r.left != "" {
		switch r.left {
		case "DCTDecode", "DCT", "JPXDecode", "CCITTFaxDecode", "CCF", "JBIG2Decode":
		default:
			w.gap(scanners.Unsupported, "a filter that is not known")
			w.send(scanners.Item{Size: -1, Text: true, Field: pdfWhen(old, "stream"), Body: r})
		}
		return
	}
	b := readLimit(r, pdfContent/4)
	switch {
	case pdfIsContent(b):
		res := w.resources[n]
		if res == nil {
			res = w.together()
		}
		w.content(b, res, pdfWhen(old, "content"))
	case bytes.Contains(b[:min(len(b), 2048)], []byte("begincmap")), pdfIsFont(b), len(b) >= 40 && string(b[36:40]) == "acsp":
	case len(b) > 0:
		w.text(pdfWhen(old, "stream"), "", w.fresh(string(b)))
	}
}

// fresh returns s, or nothing where it has been yielded.
func (w *pdfWalker) fresh(s string) string {
	if w.told[maphash.String(pdfSeed(), s)] {
		return ""
	}
	return s
}

// pdfIsFont reports whether b starts as the file of a font does.
func pdfIsFont(b []byte) bool {
	for _, m := range []string{"\x00\x01\x00\x00", "OTTO", "true", "ttcf", "%!PS-AdobeFont", "%!FontType", "\x80\x01", "\x01\x00\x04"} {
		if bytes.HasPrefix(b, []byte(m)) {
			return true
		}
	}
	return false
}

// pdfIsContent reports whether a stream looks like one that draws text.
func pdfIsContent(b []byte) bool {
	i := bytes.Index(b, []byte("BT"))
	if i < 0 || i > 0 && pdfClass[b[i-1]] != 'w' && len(b) > 1<<16 {
		return bytes.Contains(b, []byte(" Do")) && pdfPlain(b[:min(len(b), 64)])
	}
	return bytes.Contains(b[i:], []byte("Tj")) || bytes.Contains(b[i:], []byte("TJ")) || bytes.Contains(b[i:], []byte(") '"))
}

// content yields the text of content that no page draws.
func (w *pdfWalker) content(b []byte, res pdfDict, field string) {
	if res == nil {
		res = w.together()
	}
	c := newPDFCanvas(w.d)
	c.run(b, res, 0)
	if c.err == nil && w.told[maphash.String(pdfSeed(), c.page.text())] {
		return
	}
	w.canvas(c, field, "")
}

// together returns the fonts and forms of all pages under their names, for
// content of which the page is not known.
func (w *pdfWalker) together() pdfDict {
	if w.all != nil {
		return w.all
	}
	fonts, forms := pdfDict{}, pdfDict{}
	for _, p := range w.pages {
		for k, v := range w.d.dict(p.res["Font"]) {
			if _, ok := fonts[k]; !ok && len(fonts) < 10_000 {
				fonts[k] = v
			}
		}
		for k, v := range w.d.dict(p.res["XObject"]) {
			if _, ok := forms[k]; !ok && len(forms) < 10_000 {
				forms[k] = v
			}
		}
	}
	w.all = pdfDict{"Font": fonts, "XObject": forms}
	return w.all
}

// file yields an embedded file.
func (w *pdfWalker) file(x *pdfStream, name string) {
	r := w.d.open(x)
	if err := w.d.b.Member(); err != nil {
		w.end(err)
		return
	}
	step := w.step(name)
	size := int64(-1)
	if n, ok := w.d.get(w.d.dict(x.dict["Params"])["Size"]).(float64); ok && n >= 0 {
		size = int64(n)
	}
	it := scanners.Item{Step: step, Name: path.Base(step), Size: size, Body: r}
	if name != "" {
		it.Fields = []scanners.Field{{Name: "path", Value: name}}
	}
	w.send(it)
	if r.left != "" {
		w.gap(scanners.Unsupported, "an embedded file in a filter that is not known")
	}
}

// step makes a step of the name of a file, another one each time.
func (w *pdfWalker) step(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == utf8.RuneError {
			return -1
		}
		return r
	}, strings.ReplaceAll(name, `\`, "/"))
	name = strings.TrimLeft(path.Clean("/"+name), "/")
	if len(name) > 1024 {
		name = strings.ToValidUTF8(name[len(name)-1024:], "")
	}
	if name == "" {
		name = "unnamed"
	}
	w.steps[name]++
	if n := w.steps[name]; n > 1 {
		next := name + ";" + strconv.Itoa(n)
		for w.steps[next] > 0 {
			n++
			next = name + ";" + strconv.Itoa(n)
		}
		w.steps[name], w.steps[next] = n, 1
		return next
	}
	return name
}

// revisions yields the objects that are in the file and aren't live: those that
// a later revision has replaced.
func (w *pdfWalker) revisions() {
	d := w.d
	s := &pdfStrings{w: w, buf: map[string]*strings.Builder{}, old: true}
	live := map[int]int64{}
	if d.lib != nil {
		for n, e := range d.lib.Table {
			if e != nil && !e.Free && e.Offset != nil && e.ObjectStream == nil {
				live[n] = *e.Offset
			}
		}
	}
	known := map[int]bool{} // numbers whose live object stands where the library says
	for _, p := range d.found {
		if live[p.num] == p.off {
			known[p.num] = true
		}
	}
	look := func(o any, n int) {
		if x, ok := o.(*pdfStream); ok {
			if x.dict["Type"] == pdfName("XRef") {
				return
			}
			w.guard("an earlier revision", func() { w.stream(x, n, true) })
		}
		s.walk(o, "", 0)
	}
	for i, p := range d.found {
		if w.over || d.ctx.Err() != nil {
			return
		}
		if old := d.last[p.num] != i; p.stream {
			for k, m := range d.unpack(i) {
				if m.num >= 0 && (d.packed[m.num] != pdfPacked{i, k}) {
					look(m.o, m.num)
				}
			}
			continue
		} else if known[p.num] {
			if old = live[p.num] != p.off; !old {
				continue
			}
		} else if !old {
			continue
		}
		if d.isEncrypt(p.num) {
			continue
		}
		look(d.place(i), p.num)
	}
	s.flush()
}

// isEncrypt reports whether an object is the dictionary of the encryption.
func (d *pdfFile) isEncrypt(n int) bool {
	r, ok := d.trailer["Encrypt"].(pdfRef)
	return ok && r.n == n
}

// picture yields an image as a member.
func (w *pdfWalker) picture(x *pdfStream, step string) {
	r := w.d.open(x)
	var body io.Reader = r
	switch r.left {
	case "DCTDecode", "DCT":
		step += ".jpg"
	case "JPXDecode":
		step += ".jp2"
	case "", "CCITTFaxDecode", "CCF":
		b, err := w.d.png(x, r)
		if err != nil {
			w.gap(scanners.Unsupported, "a picture of a kind that can't be turned into PNG")
			return
		}
		body = bytes.NewReader(b)
		step += ".png"
	default:
		w.gap(scanners.Unsupported, fmt.Sprintf("a picture in a filter that is not read (%s)", pdfFilterName(r.left)))
		return
	}
	if err := w.d.b.Member(); err != nil {
		w.end(err)
		return
	}
	w.send(scanners.Item{Step: step, Name: step, Size: -1, Body: body})
}

func pdfFilterName(n pdfName) string {
	if n == "JBIG2Decode" {
		return "JBIG2"
	}
	return "other"
}
