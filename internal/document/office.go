package document

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"strings"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

// officeDecoder reads the documents of Office Open XML (ECMA-376) and
// OpenDocument (ISO/IEC 26300): text documents, presentations and workbooks. It
// yields
//
//   - the text of each part that is one (document, header, comments, slide,
//     notes), whose Field says which, a line for each paragraph. What a person
//     may have written in an attribute (an author, the title of a picture, the
//     target of a link) follows the paragraph in a line of its own;
//   - each sheet of a workbook, the hidden ones too, as blocks of rows, whose
//     columns are called as the first row calls them where that is a header;
//   - all other parts of XML as they are;
//   - everything else (pictures, embedded documents, macros) as members.
//
// A document that is not a sound archive is read as any archive is.
func officeDecoder(opts container.Options) container.Decoder {
	return container.Decoder{
		Name:    "office",
		Hostile: true,
		Match:   matchOffice,
		Decode: func(ctx context.Context, in scanners.Item, b *container.Budget) iter.Seq2[scanners.Item, error] {
			return func(yield func(scanners.Item, error) bool) {
				spool, err := b.Spool(ctx, in.Body)
				defer func() { _ = spool.Close() }() // valid even with an error
				if err != nil && !yield(scanners.Item{}, err) {
					return
				}
				z, err := zip.NewReader(spool, spool.Size())
				if err != nil || !officeSound(z) {
					if err == nil && len(z.File) > 0 {
						// Words are put together from pieces by the reader of documents only.
						gap := &scanners.Gap{Reason: scanners.Unsupported, Detail: "office: packed as no office program does; its parts are read one by one"}
						if !yield(scanners.Item{}, gap) {
							return
						}
					}
					in.Body = io.NewSectionReader(spool, 0, spool.Size())
					for _, d := range container.All(opts) {
						if d.Name == "zip" {
							d.Decode(ctx, in, b)(yield)
						}
					}
					return
				}
				o := &office{ctx: ctx, b: b, in: in, yield: yield, z: z, files: map[string]*zip.File{}}
				for _, f := range z.File {
					o.files[strings.TrimPrefix(f.Name, "/")] = f
				}
				o.run()
			}
		},
	}
}

// matchOffice takes archives whose first members are those of a document, or
// that are called like one.
func matchOffice(head []byte, name string) bool {
	if len(head) < 30 || string(head[:4]) != "PK\x03\x04" {
		return false
	}
	switch strings.ToLower(path.Ext(name)) {
	case ".docx", ".docm", ".dotx", ".xlsx", ".xlsm", ".xltx", ".pptx", ".pptm", ".ppsx", ".odt", ".ods", ".odp", ".odg", ".ott", ".ots", ".otp":
		return true
	}
	n := int(head[26]) | int(head[27])<<8
	switch first := string(head[30:min(len(head), 30+n)]); {
	case first == "[Content_Types].xml", first == "_rels/.rels", first == "docProps/app.xml",
		strings.HasPrefix(first, "word/"), strings.HasPrefix(first, "xl/"), strings.HasPrefix(first, "ppt/"):
		return true
	case first == "mimetype":
		return bytes.HasPrefix(head[min(len(head), 38):], []byte("application/vnd.oasis.opendocument"))
	}
	return false
}

// officeSound reports whether the members of the archive are packed as those of
// documents are; others are for the reader of archives.
func officeSound(z *zip.Reader) bool {
	for _, f := range z.File {
		if f.Method != zip.Store && f.Method != zip.Deflate || f.Flags&1 != 0 {
			return false
		}
	}
	return len(z.File) > 0
}

// errStop ends a document whose consumer wants no more.
var errStop = errors.New("stop")

// office reads one document.
type office struct {
	ctx   context.Context
	b     *container.Budget
	in    scanners.Item
	yield func(scanners.Item, error) bool
	z     *zip.Reader
	files map[string]*zip.File
	book  *workbook
	shut  map[string]bool // parts of an OpenDocument that are encrypted
	steps map[string]int  // how many members of each name there were
}

func (o *office) gap(reason scanners.Reason, detail string) error {
	if !o.yield(scanners.Item{}, &scanners.Gap{Reason: reason, Detail: detail}) {
		return errStop
	}
	return nil
}

// text yields a text of the document.
func (o *office) text(field, fragment string, r io.Reader) error {
	if !o.yield(scanners.Item{Size: -1, Text: true, Field: field, Fragment: fragment, Body: r}, nil) {
		return errStop
	}
	return nil
}

func (o *office) run() {
	if _, ok := o.files["xl/workbook.xml"]; ok {
		o.book = &workbook{}
	}
	if f := o.files["META-INF/manifest.xml"]; f != nil {
		if err := o.manifest(f); err != nil {
			return
		}
	}
	for _, f := range o.z.File {
		if strings.HasSuffix(f.Name, "/") && f.UncompressedSize64 == 0 {
			continue
		}
		if err := o.ctx.Err(); err != nil {
			o.yield(scanners.Item{}, err)
			return
		}
		if err := o.part(f); err != nil {
			if err != errStop {
				o.yield(scanners.Item{}, err)
			}
			return
		}
	}
}

// open returns the content of a part.
func (o *office) open(f *zip.File) (io.Reader, func(), error) {
	r, err := f.Open()
	if err != nil {
		return nil, nil, err
	}
	return o.b.Reader(o.ctx, r), func() { _ = r.Close() }, nil
}

// part yields what is in a part.
func (o *office) part(f *zip.File) error {
	name := strings.TrimPrefix(f.Name, "/")
	if o.shut[name] {
		return o.gap(scanners.Encrypted, "office: a part of the document is encrypted")
	}
	r, done, err := o.open(f)
	if err != nil {
		return o.gap(scanners.Corrupt, "office: a part of the document can't be opened")
	}
	defer done()
	kind := strings.ToLower(path.Ext(name))
	if kind != ".xml" && kind != ".rels" && kind != ".vml" && name != "mimetype" {
		return o.member(f, name, r)
	}
	base := strings.TrimRight(strings.TrimSuffix(path.Base(name), kind), "0123456789")
	folder := path.Dir(name)
	var broken error
	switch {
	case folder == "xl" && base == "sharedStrings" || folder == "xl" && base == "styles" || folder == "xl" && base == "workbook" || name == "xl/_rels/workbook.xml.rels":
		broken = o.strings()
		if broken == nil && base == "workbook" && kind == ".xml" {
			return o.text(base, "", r)
		}
		if broken == nil {
			return nil
		}
	case folder == "xl/worksheets" && o.book != nil:
		if broken = o.strings(); broken == nil {
			broken = o.sheet(name, r)
		}
	case name == "content.xml" && o.spreadsheet():
		broken = o.tables(r)
	case kind == ".xml" && officeText[base]:
		if base == "notesSlide" || folder == "ppt/notesSlides" {
			base = "notes"
		}
		if base == "document" || base == "content" {
			base = "body"
		}
		p := &officeReader{x: newXMLReader(r)}
		if err := o.text(base, "", p); err != nil {
			return err
		}
		broken = p.failed()
	default:
		broken = o.text(base, "", r)
	}
	return o.broken(broken)
}

// officeText lists the parts that are running text, by their names without
// numbers.
var officeText = map[string]bool{
	"document": true, "header": true, "footer": true, "footnotes": true, "endnotes": true, "comments": true, "slide": true, "notesSlide": true,
	"slideMaster": true, "slideLayout": true, "handoutMaster": true, "notesMaster": true, "comment": true, "threadedComment": true, "person": true, "people": true,
	"drawing": true, "chart": true, "data": true, "content": true, "styles": true, "meta": true, "core": true, "app": true, "custom": true, "glossary": true,
}

// broken makes a gap of an error in a part, unless it ends the document.
func (o *office) broken(err error) error {
	var g *scanners.Gap
	switch {
	case err == nil || err == io.EOF:
		return nil
	case err == errStop || o.ctx.Err() != nil:
		return err
	case errors.As(err, &g):
		return err // a limit
	}
	return o.gap(scanners.Corrupt, "office: a part of the document is damaged")
}

func (o *office) member(f *zip.File, name string, r io.Reader) error {
	if err := o.b.Member(); err != nil {
		return err
	}
	step := name
	if o.steps == nil {
		o.steps = map[string]int{}
	}
	if o.steps[name]++; o.steps[name] > 1 {
		step = fmt.Sprintf("%s;%d", name, o.steps[name])
	}
	it := scanners.Item{Name: path.Base(name), Step: step, Size: int64(min(f.UncompressedSize64, 1<<62)), Time: f.Modified, Body: r}
	if !o.yield(it, nil) {
		return errStop
	}
	return nil
}

// manifest notes which parts of an OpenDocument are encrypted.
func (o *office) manifest(f *zip.File) error {
	r, done, err := o.open(f)
	if err != nil {
		return nil
	}
	defer done()
	x := newXMLReader(r)
	last := ""
	for t := x.next(); t != nil; t = x.next() {
		if t.kind != xmlStart {
			continue
		}
		switch string(t.name) {
		case "file-entry":
			v, _ := t.attr("full-path")
			last = string(v)
		case "encryption-data":
			if o.shut == nil {
				o.shut = map[string]bool{}
			}
			o.shut[last] = true
		}
	}
	return nil
}

// spreadsheet reports whether an OpenDocument is one.
func (o *office) spreadsheet() bool {
	f := o.files["mimetype"]
	if f == nil {
		return strings.EqualFold(path.Ext(o.in.Name), ".ods")
	}
	r, done, err := o.open(f)
	if err != nil {
		return false
	}
	defer done()
	b, _ := io.ReadAll(io.LimitReader(r, 256))
	return bytes.Contains(b, []byte("spreadsheet"))
}

// officeReader turns a part of running text into lines.
type officeReader struct {
	x     *xmlReader
	out   []byte
	at    int
	attrs []byte // of the paragraph
	skip  int    // levels of an element that repeats what was said
	ended bool

	// Tracked changes (ECMA-376, part 1, section 17.13.5): the paragraph as it was
	// before them stands on a line of its own.
	before        []byte
	deleted       int // levels
	inserted      int
	changed, code bool // the paragraph has something deleted; the text is that of a field
}

// put adds text to the paragraph, and to what it was.
func (p *officeReader) put(text ...byte) {
	if p.deleted == 0 {
		p.out = append(p.out, text...)
	} else {
		p.changed = p.changed || len(text) > 0
	}
	if p.inserted == 0 && len(p.before) < maxXMLTag {
		p.before = append(p.before, text...)
	}
}

// failed returns the error with which reading ended.
func (p *officeReader) failed() error { return p.x.err }

func (p *officeReader) Read(b []byte) (int, error) {
	for p.at == len(p.out) {
		if p.ended {
			if p.x.err != nil && p.x.err != io.EOF {
				return 0, p.x.err
			}
			return 0, io.EOF
		}
		p.out, p.at = p.out[:0], 0
		for len(p.out) < 32<<10 && !p.ended {
			p.step()
		}
	}
	n := copy(b, p.out[p.at:])
	p.at += n
	return n, nil
}

func (p *officeReader) step() {
	t := p.x.next()
	if t == nil {
		p.line()
		p.ended = true
		return
	}
	switch t.kind {
	case xmlText:
		switch {
		case p.skip > 0:
		case p.code:
			p.attrs = append(p.attrs, t.text...)
		default:
			p.put(t.text...)
		}
	case xmlOther:
		if bytes.HasPrefix(t.text, []byte("<!--")) {
			p.attrs = append(append(p.attrs, t.text...), '\n')
		}
	case xmlStart:
		p.start(t)
	case xmlEnd:
		if p.skip > 0 {
			if string(t.name) == "Fallback" {
				p.skip--
			}
			return
		}
		p.end(string(t.name))
	}
}

func (p *officeReader) start(t *xmlToken) {
	name := string(t.name)
	if name == "Fallback" && !t.empty { // the same content for older readers
		p.skip++
	}
	if p.skip > 0 {
		return
	}
	switch name {
	case "tab":
		p.put('\t')
	case "br", "cr", "line-break":
		p.put('\n')
	case "del", "moveFrom":
		p.deleted++
	case "ins", "moveTo":
		p.inserted++
	case "instrText", "delInstrText":
		p.code = true
	case "s": // spaces in OpenDocument
		n := 1
		if c, ok := t.attr("c"); ok && len(c) <= 2 {
			n = 0
			for _, d := range c {
				n = 10*n + int(d-'0')
			}
		}
		for range max(0, min(n, 99)) {
			p.put(' ')
		}
	case "noBreakHyphen":
		p.put('-')
	}
	t.each(func(n, v []byte) bool {
		if len(v) > 1 && officeSays[string(n)] {
			p.attrs = append(xmlUnescape(p.attrs, v), '\n')
		}
		return true
	})
	if t.empty {
		p.end(name)
	}
}

// officeSays lists the attributes, without prefixes, that hold what somebody
// wrote.
var officeSays = map[string]bool{
	"author": true, "initials": true, "descr": true, "title": true, "alt": true, "href": true, "tooltip": true, "userId": true, "displayName": true,
	"providerId": true, "name": true, "string-value": true, "date-value": true, "creator": true, "instr": true, "alias": true, "tag": true, "location": true,
	"string": true, "lastEdited": true, "user-name": true, "placeholder": true, "fullName": true,
}

// end ends an element.
func (p *officeReader) end(name string) {
	switch name {
	case "p", "h", "tr", "table-row", "comment", "threadedComment", "si", "person", "property", "user-defined":
		p.line()
	case "del", "moveFrom":
		p.deleted = max(0, p.deleted-1)
	case "ins", "moveTo":
		p.inserted = max(0, p.inserted-1)
	case "instrText", "delInstrText":
		p.code = false
		p.attrs = append(p.attrs, '\n')
	case "author", "v", "f": // of comments; what a chart keeps of its cells
		p.line()
	case "tc", "table-cell", "covered-table-cell":
		if n := len(p.out); n > 0 && p.out[n-1] == '\n' {
			p.out[n-1] = '\t'
		} else {
			p.out = append(p.out, '\t')
		}
	case "creator", "lastModifiedBy", "subject", "keywords", "description", "category", "Company", "Manager", "Template", "lpwstr", "lpstr", "date",
		"initial-creator", "keyword", "title", "contentStatus", "created", "modified", "printed-by", "print-date", "generator", "contributor", "publisher",
		"identifier", "language", "revision", "version", "lastPrinted", "HyperlinkBase", "Application", "AppVersion":
		p.line()
	}
}

// line ends a paragraph.
func (p *officeReader) line() {
	if n := len(p.out); n > 0 && p.out[n-1] != '\n' {
		p.out = append(p.out, '\n')
	}
	if p.changed {
		p.out = append(append(p.out, p.before...), '\n')
	}
	p.before, p.changed = p.before[:0], false
	if len(p.attrs) > 0 {
		p.out = append(p.out, p.attrs...)
		p.attrs = p.attrs[:0]
	}
}
