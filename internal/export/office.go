package export

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"path"
	"strconv"
	"strings"

	"github.com/spoor-scan/spoor/scanners"
)

// Bounds of an office document that is written anew.
const (
	maxPackParts = 100_000
	maxPackDepth = 3       // of documents within documents
	maxPackBytes = 4 << 30 // expanded
	maxPackRatio = 1032    // of deflate (RFC 1951)
)

// A pack is a document of Office Open XML (ECMA-376) or OpenDocument (ISO/IEC
// 26300) that is written anew, with what must not be copied taken out of its parts
// of XML.
type pack struct {
	ctx      context.Context
	h        *hider
	t        *tally
	strict   bool // parts that can't be looked into are emptied
	emptied  int
	expanded int64
	strings  []string       // of a workbook, as far as they may be names of columns
	fields   map[int]string // names of the columns in which the strings of a workbook stand
}

// note says what is not in the document any more, for people.
func (p *pack) note() string {
	if p.emptied == 0 {
		return ""
	}
	return "left out of it: " + plural(p.emptied, "picture or embedded object", "pictures and embedded objects") + "; other people's identifiers can't be masked in that"
}

// remade writes the document. It fails on one that it does not understand to its
// end.
func (p *pack) remade(w io.Writer, at io.ReaderAt, size int64, depth int) error {
	z, err := zip.NewReader(at, size)
	if err != nil {
		return errors.New("it is no sound archive")
	}
	if len(z.File) > maxPackParts {
		return errors.New("it has too many parts")
	}
	if p.strict {
		p.headings(z)
	}
	seen := map[string]bool{}
	out := zip.NewWriter(w)
	for _, f := range z.File {
		if p.ctx.Err() != nil {
			return context.Cause(p.ctx)
		}
		if seen[f.Name] || f.Method != zip.Store && f.Method != zip.Deflate || f.Flags&1 != 0 {
			return errors.New("it is no sound archive")
		}
		seen[f.Name] = true
		head := &zip.FileHeader{Name: f.Name, Method: f.Method, Modified: f.Modified}
		if strings.HasSuffix(f.Name, "/") {
			head.Method = zip.Store
		}
		if p.strict && p.h.name(f.Name) != f.Name {
			return errors.New("the name of a part holds an identifier")
		}
		part, err := f.Open()
		if err != nil {
			return errors.New("it is no sound archive")
		}
		pw, err := out.CreateHeader(head)
		if err == nil {
			err = p.part(pw, &counted{p, part}, f, depth)
		}
		part.Close()
		if err != nil {
			return err
		}
	}
	return out.Close()
}

// counted bounds what a document expands to.
type counted struct {
	p *pack
	r io.Reader
}

func (c *counted) Read(b []byte) (int, error) {
	if c.p.ctx.Err() != nil {
		return 0, context.Cause(c.p.ctx)
	}
	n, err := c.r.Read(b)
	if c.p.expanded += int64(n); c.p.expanded > maxPackBytes {
		return n, &scanners.Gap{Reason: scanners.TooLarge, Detail: "a document expands too far"}
	}
	return n, err
}

// blank is a picture of one transparent dot, as PNG.
const blank = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89" +
	"\x00\x00\x00\rIDATx\x9cc\xf8\xff\xff?\x03\x00\x08\xfc\x02\xfe\xa7\x9a\xa0\xa0\x00\x00\x00\x00IEND\xaeB`\x82"

// part writes a part.
func (p *pack) part(w io.Writer, r io.Reader, f *zip.File, depth int) error {
	ext := strings.ToLower(path.Ext(f.Name))
	switch {
	case strings.HasSuffix(f.Name, "/") || f.Name == "mimetype":
		_, err := io.Copy(w, r)
		return err
	case strings.Contains(strings.ToLower(f.Name), "signature") && ext == ".xml" && p.strict:
		return errors.New("it is signed, with names and certificates")
	case ext == ".xml" || ext == ".rels" || ext == ".vml" || ext == ".rdf" || ext == ".svg":
		m := newMarkup(w, r, p.h, p.t, p.strict)
		if f.Name == "xl/sharedStrings.xml" {
			m.fields = p.fields
		}
		m.shared = p.shared
		return m.run()
	case !p.strict:
		_, err := io.Copy(w, r)
		return err
	case (ext == ".docx" || ext == ".xlsx" || ext == ".pptx" || ext == ".odt" || ext == ".ods" || ext == ".odp") && depth < maxPackDepth:
		in, out := newSpool(), newSpool()
		defer in.close()
		defer out.close()
		if _, err := io.Copy(in, r); err != nil {
			return err
		}
		inner := &pack{ctx: p.ctx, h: p.h, t: p.t, strict: true, expanded: p.expanded}
		err := inner.remade(out, in.read(), in.size, depth+1)
		p.expanded = inner.expanded
		if err == nil {
			p.emptied += inner.emptied
			return out.writeTo(w)
		}
		if isSink(err) || p.ctx.Err() != nil {
			return err
		}
	}
	p.emptied++
	switch ext {
	case ".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".emf", ".wmf":
		_, err := io.WriteString(w, blank)
		return err
	}
	return nil
}

// maxUnit is how much of a part of XML may belong together, in bytes: a paragraph,
// a cell.
const maxUnit = 8 << 20

var errMarkup = errors.New("a part of it is no sound XML")

// A markup is a part of XML that is written anew. Text that is broken up by
// formatting, as Word does it at every turn, is looked at as one.
type markup struct {
	w      io.Writer
	r      *tagReader
	h      *hider
	t      *tally
	strict bool

	unit  []piece
	size  int
	props int    // how deep in properties of a run, which hold no text
	in    []byte // local name of the element that text stands in
	quiet bool   // in a cell whose value is a number of something else

	shared func(i int) string // the strings of a workbook
	fields map[int]string     // the columns in which they stand; nil: this is not their part
	nth    int                // string
	sheet  sheet
}

// A piece is a token of XML.
type piece struct {
	raw  string
	text string // what it says, unescaped
	says bool   // it is text
	in   string // the element that it stands in
	cell bool   // it is the tag of a cell of a workbook
}

func newMarkup(w io.Writer, r io.Reader, h *hider, t *tally, strict bool) *markup {
	return &markup{w: w, r: &tagReader{r: r}, h: h, t: t, strict: strict}
}

// inline are the elements, without prefixes, that stand within a paragraph.
var inline = setOf("r t rPr span a hyperlink ins del moveFrom moveTo smartTag proofErr bookmarkStart bookmarkEnd bookmark-start bookmark-end bookmark " +
	"lastRenderedPageBreak delText instrText fldChar fldSimple permStart permEnd commentRangeStart commentRangeEnd commentReference " +
	"footnoteReference endnoteReference softHyphen sym rPh phoneticPr fld ruby ruby-base ruby-text soft-page-break sdt sdtPr sdtContent sdtEndPr")

// apart are the elements that stand for a space.
var apart = setOf("tab br cr line-break s v f is noBreakHyphen")

// names are the elements and attributes that hold somebody's name.
var (
	nameElements   = setOf("creator lastModifiedBy initial-creator printed-by author Manager")
	nameAttributes = setOf("author initials user-name userId displayName lastEdited")
)

// saying are the attributes, without prefixes, that hold what somebody wrote.
var saying = setOf("descr title alt href Target tooltip providerId name string-value instr alias tag location string placeholder fullName val " +
	"display ref formula content desc value-string current-value text-value label caption connection sourceFile command dsn")

func setOf(words string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		m[w] = true
	}
	return m
}

// run writes the whole part.
func (m *markup) run() error {
	for {
		tok, err := m.r.next()
		if err == io.EOF {
			return m.flush()
		}
		if err != nil {
			return err
		}
		if m.size += len(tok); m.size > maxUnit {
			return errors.New("a paragraph of it is too long")
		}
		if err := m.token(tok); err != nil {
			return err
		}
	}
}

// token takes a token into the unit.
func (m *markup) token(tok string) error {
	switch {
	case tok[0] != '<':
		m.unit = append(m.unit, piece{raw: tok, text: unescape(tok), says: !m.quiet, in: string(m.in)})
		return nil
	case strings.HasPrefix(tok, "<![CDATA["):
		m.unit = append(m.unit, piece{raw: tok, text: strings.TrimSuffix(tok[9:], "]]>"), says: !m.quiet, in: string(m.in)})
		return nil
	case strings.HasPrefix(tok, "<!--"):
		m.unit = append(m.unit, piece{raw: "<!--" + strings.ReplaceAll(string(m.h.text([]byte(tok[4:len(tok)-3]), "", false, m.t)), "--", "- -") + "-->"})
		return nil
	case strings.HasPrefix(tok, "<!"):
		return errMarkup // no office document declares types
	case strings.HasPrefix(tok, "<?"):
		if k := strings.Index(tok, "encoding="); strings.HasPrefix(tok, "<?xml ") && k > 0 && !strings.EqualFold(tok[k+10:min(len(tok), k+15)], "utf-8") && !strings.EqualFold(tok[k+10:min(len(tok), k+15)], "us-as") {
			return errMarkup
		}
		m.unit = append(m.unit, piece{raw: tok})
		return nil
	}
	name := local(tok)
	if tok[1] == '/' {
		return m.end(tok, name)
	}
	empty := strings.HasSuffix(tok, "/>")
	if strings.HasSuffix(name, "table-cell") {
		m.sheet.start(name, tok) // its attributes hold its value
	}
	tok = m.attributes(tok, name)
	switch {
	case m.props > 0:
		if !empty && (name == "rPr" || name == "pPr") {
			m.props++
		}
		m.unit = append(m.unit, piece{raw: tok})
		return nil
	case apart[name]:
		m.unit = append(m.unit, piece{raw: tok}, piece{text: " "})
	case inline[name]:
		m.unit = append(m.unit, piece{raw: tok})
	default:
		if err := m.flush(); err != nil {
			return err
		}
		if !strings.HasSuffix(name, "table-cell") {
			m.sheet.start(name, tok)
		}
		cell := name == "c" && !empty
		if cell {
			kind, _ := attribute(tok, "t")
			m.quiet = kind == "s" || kind == "b" || kind == "e"
		}
		m.unit = append(m.unit, piece{raw: tok, cell: cell})
	}
	if !empty {
		m.in = append(m.in[:0], name...)
		if name == "rPr" || name == "pPr" {
			m.props++
		}
	}
	return nil
}

func (m *markup) end(tok, name string) error {
	m.in = m.in[:0]
	if m.props > 0 {
		if name == "rPr" || name == "pPr" {
			m.props--
		}
		m.unit = append(m.unit, piece{raw: tok})
		return nil
	}
	if name == "c" {
		m.quiet = false
	}
	m.unit = append(m.unit, piece{raw: tok})
	switch {
	case apart[name]:
		m.unit = append(m.unit, piece{text: " "})
	case !inline[name]:
		err := m.flush()
		m.sheet.end(name)
		if name == "si" {
			m.nth++
		}
		return err
	}
	return nil
}

// flush writes the unit.
func (m *markup) flush() error {
	var all []byte
	for _, p := range m.unit {
		if p.says || p.raw == "" {
			all = append(all, p.text...)
		}
	}
	var list []edit
	field := m.sheet.field()
	if m.fields != nil {
		field = m.fields[m.nth]
	}
	if len(bytes.TrimSpace(all)) > 0 {
		list, _ = m.h.edits(all, field, false)
	}
	for _, e := range list {
		m.t.count(e)
	}
	m.heading(string(all))
	at, k := 0, 0
	var out []byte
	cell := -1 // where the tag of the cell stands in out
	var tag string
	for _, p := range m.unit {
		switch {
		case p.cell:
			cell, tag = len(out), p.raw
			out = append(out, p.raw...)
			continue
		case !p.says:
			if p.raw == "" {
				at += len(p.text)
			}
			out = append(out, p.raw...)
			continue
		}
		from, to := at, at+len(p.text)
		at = to
		for k < len(list) && list[k].end <= from {
			k++
		}
		text, changed := "", false
		if m.strict && nameElements[p.in] && strings.TrimSpace(p.text) != "" && !m.mine(p.text) {
			text, changed = "***", true
			m.t.masked++
		} else if k < len(list) && list[k].start < to {
			text, changed = spliced(p.text, list[k:], from, to), true
		} else if p.in == "v" && cell >= 0 && m.strict && field != "" && m.bornOn(p.text, field) {
			text, changed = "***", true
			m.t.masked++
		}
		if !changed {
			out = append(out, p.raw...)
			continue
		}
		if p.in == "v" {
			if cell < 0 {
				text = "0" // of a chart, where a number has to stand
			} else if kind, ok := attribute(tag, "t"); !ok || kind == "n" {
				// What is no number any more is a text.
				fresh := without(tag, "t")
				fresh = strings.TrimSuffix(fresh, ">") + ` t="str">`
				out = append(out[:cell:cell], append([]byte(fresh), out[cell+len(tag):]...)...)
				tag = fresh
			}
		}
		out = append(out, escape(text)...)
	}
	m.unit, m.size = m.unit[:0], 0
	_, err := m.w.Write(out)
	return err
}

// heading takes what the unit says for the name of a column, where it is one.
func (m *markup) heading(text string) {
	if m.sheet.col == 0 {
		return
	}
	if strings.TrimSpace(text) == "" && m.shared != nil {
		for _, p := range m.unit {
			if i, err := strconv.Atoi(p.text); err == nil && p.in == "v" {
				text = m.shared(i)
			}
		}
	}
	m.sheet.heading(text)
}

// spliced returns the text that stands from from to to in a longer one with edits,
// of which each is carried out where it starts.
func spliced(text string, list []edit, from, to int) string {
	var b strings.Builder
	at := from
	for _, e := range list {
		if e.start >= to {
			break
		}
		if e.start >= from {
			b.WriteString(text[at-from : e.start-from])
			b.WriteString(e.with)
		}
		at = min(e.end, to)
	}
	b.WriteString(text[at-from:])
	return b.String()
}

func (m *markup) mine(s string) bool {
	return m.h.own != nil && len(m.h.own.Find(nil, []byte(s))) > 0
}

// attributes returns a tag without what must not be copied of its attributes.
func (m *markup) attributes(tok, element string) string {
	if strings.IndexByte(tok, '=') < 0 {
		return tok
	}
	var b strings.Builder
	done, number := 0, false
	for a := range attributesOf(tok) {
		value := unescape(tok[a.from:a.to])
		fresh := value
		switch {
		case value == "" || strings.HasPrefix(a.full, "xmlns"):
			continue
		case m.strict && (nameAttributes[a.name] || (element == "cmAuthor" || element == "person") && a.name == "name"):
			if !m.mine(value) {
				fresh = "***"
				m.t.masked++
			}
		case a.name == "val" && !(element == "alias" || element == "tag" || element == "docVar" || element == "default" || element == "placeholder" || element == "listItem"):
			continue
		case saying[a.name] || strings.Contains(value, "@") || strings.Contains(value, "%40"):
			field := ""
			if element == "table-cell" {
				field = m.sheet.field()
			}
			fresh = string(m.h.text([]byte(value), field, false, m.t))
		case a.name == "date-value" && m.strict:
			if list, _ := m.h.edits([]byte(value), m.sheet.field(), false); len(list) > 0 {
				number = true
			}
		case a.full == "office:value" && m.strict:
			if list, _ := m.h.edits([]byte(value), m.sheet.field(), false); len(list) > 0 {
				number = true // its text says as much, masked
			}
		}
		if fresh != value {
			b.WriteString(tok[done:a.from])
			b.WriteString(escape(fresh))
			done = a.to
		}
	}
	if done > 0 {
		tok = b.String() + tok[done:]
	}
	if number {
		m.t.masked++
		tok = without(without(without(tok, "office:value"), "office:date-value"), "office:value-type")
		k := strings.LastIndexByte(tok, '>')
		if tok[k-1] == '/' {
			k--
		}
		tok = tok[:k] + ` office:value-type="string"` + tok[k:]
	}
	return tok
}
