package document

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

// decodedItems decodes content, and returns what comes of it: texts as
// "field: text", rows as "fragment: cells", members as "step= bytes", gaps and
// exclusions.
func decodedItems(t testing.TB, d container.Decoder, name string, content []byte) (out []string) {
	t.Helper()
	return decodedBeside(t, d, name, content, nil)
}

// decodedBeside is decodedItems for an item beside which others stand.
func decodedBeside(t testing.TB, d container.Decoder, name string, content []byte, beside map[string][]byte) (out []string) {
	t.Helper()
	limits := container.DefaultLimits()
	limits.Bytes = 256 << 20
	b := container.NewBudget(limits, int64(len(content)))
	in := scanners.Item{Name: name, Size: int64(len(content)), Body: bytes.NewReader(content)}
	in.Ref.URI = "file:///dump/shop/" + name
	if beside != nil {
		in.Beside = func(_ context.Context, name string) ([]byte, error) {
			if b, ok := beside[name]; ok {
				return b, nil
			}
			return nil, &scanners.Gap{Reason: scanners.Vanished}
		}
	}
	for it, err := range d.Decode(t.Context(), in, b) {
		var g *scanners.Gap
		var x *scanners.Exclusion
		switch {
		case errors.As(err, &x):
			out = append(out, "excluded: "+x.Detail)
		case errors.As(err, &g):
			out = append(out, "gap: "+string(g.Reason)+" "+g.Detail)
		case err != nil:
			out = append(out, "error: "+err.Error())
		case it.Relations != nil:
			for _, r := range it.Relations {
				s := fmt.Sprintf("relation: %s.%s > %s.%s", r.Table, r.Column, r.RefTable, r.RefColumn)
				for _, p := range r.With {
					s += " " + p.Column + " > " + p.RefColumn
				}
				out = append(out, s)
			}
		case it.Block != nil:
			for row := range it.Block.Rows() {
				s := it.Block.Refs(row, "hash", 1).URI + ":"
				for col, name := range it.Block.Table.Columns {
					if v, null := it.Block.Cell(row, col); !null {
						s += fmt.Sprintf(" %s=%s", name, v)
					}
				}
				out = append(out, s)
			}
		default:
			for _, f := range it.Fields {
				out = append(out, f.Name+": "+f.Value)
			}
			if it.Body == nil {
				continue
			}
			text, err := io.ReadAll(it.Body)
			if it.Step != "" {
				out = append(out, it.Step+"= "+string(text))
			} else {
				s := it.Field
				if it.Fragment != "" {
					s += "#" + it.Fragment
				}
				out = append(out, s+": "+string(text))
			}
			if err != nil {
				out = append(out, "gap: "+err.Error())
			}
		}
	}
	return out
}

// holding fails unless each of want is in one of the items.
func holding(t *testing.T, items []string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !slices.ContainsFunc(items, func(s string) bool { return strings.Contains(s, w) }) {
			t.Errorf("no %q in %q", w, items)
		}
	}
}

func TestOffice(t *testing.T) {
	for _, tt := range []struct {
		name string
		want []string
	}{
		{"letter.docx", []string{"body: ", "Dear Zoë Van den Broeck\nsecond paragraph\n", "cell one\tcell two", "Author Name\n"}},
		{"clients.xlsx", []string{
			"#sheet=Clients&cell=A1: Name=Name Email=Email", "#sheet=Clients&cell=A2: Name=Zoë Van den Broeck Email=zoe@example.be Born=1985-07-30 Phone=32470123456 Account=104711",
			"Born=1990-01-02 03:04:05", "Account=00042", "#sheet=Hidden%20%26%20co&cell=C5: C=hidden@example.org", "ask marie@example.org", "Luc Maes", "formula@", "Author Name",
		}},
		{"letter.odt", []string{"Dear Zoë Van den Broeck"}},
		{"clients.ods", []string{"#sheet=Clients&cell=A2: Name=Zoë Van den Broeck Email=zoe@example.be", "#sheet=Clients&cell=C1003:", "1985-07-30"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b, err := os.ReadFile(filepath.Join("testdata", "office", tt.name))
			if err != nil {
				t.Fatal(err)
			}
			d := officeDecoder(container.Options{})
			if !d.Match(b[:min(len(b), container.HeadLen)], "x") {
				t.Errorf("not known by its content")
			}
			items := decodedItems(t, d, tt.name, b)
			holding(t, items, tt.want...)
			for _, s := range items {
				if strings.HasPrefix(s, "gap") {
					t.Error(s)
				}
			}
			step := max(1, len(b)/40)
			for cut := 0; cut < len(b); cut += step {
				decodedItems(t, d, tt.name, b[:cut])
				c := slices.Clone(b)
				c[cut] ^= 0x55
				decodedItems(t, d, tt.name, c)
			}
		})
	}
}

func zipped(t testing.TB, parts ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(parts); i += 2 {
		f, err := w.Create(parts[i])
		if err == nil {
			_, err = io.WriteString(f, parts[i+1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestOfficeParts(t *testing.T) {
	for _, tt := range []struct {
		name  string
		parts []string
		want  []string
	}{
		{"deleted text, fields, fallbacks", []string{
			"word/document.xml", `<w:document><w:p><w:del w:author="Luc Maes"><w:r><w:delText>gone@exam</w:delText><w:delText>ple.org</w:delText></w:r></w:del><w:instrText>HYPERLINK "mailto:link@example.org"</w:instrText></w:p>` +
				`<mc:AlternateContent><mc:Choice><w:p><w:r><w:t>once &amp; only</w:t></w:r></w:p></mc:Choice><mc:Fallback><w:p><w:t>twice</w:t></w:p></mc:Fallback></mc:AlternateContent></w:document>`,
		}, []string{"body: gone@example.org\nLuc Maes\n" + `HYPERLINK "mailto:link@example.org"` + "\nonce & only\n"}},
		{"slides", []string{"ppt/slides/slide1.xml", "<a:p><a:t>Slide for zoe@</a:t><a:t>example.be</a:t></a:p>", "ppt/notesSlides/notesSlide1.xml", "<a:p><a:t>notes@example.org</a:t></a:p>"}, []string{"slide: Slide for zoe@example.be\n", "notes: notes@example.org\n"}},
		{"headers and notes", []string{"word/header1.xml", "<w:p><w:t>header@example.org</w:t></w:p>", "word/footnotes.xml", "<w:p><w:t>foot@example.org</w:t></w:p>"}, []string{"header: header@example.org\n", "footnotes: foot@example.org\n"}},
		{"targets of links", []string{"word/_rels/document.xml.rels", `<Relationship Target="mailto:zoe@example.be"/>`}, []string{"zoe@example.be"}},
		{"parts that are not known", []string{"word/document.xml", "<x/>", "customXml/item1.xml", "<a name='odd@example.org'/>"}, []string{"odd@example.org"}},
		{"embedded", []string{"word/document.xml", "<x/>", "word/embeddings/a.bin", "bytes"}, []string{"word/embeddings/a.bin= bytes"}},
		{"shared strings in pieces", []string{
			"xl/workbook.xml", `<sheets><sheet name="A" r:id="r1"/></sheets>`, "xl/_rels/workbook.xml.rels", `<Relationship Id="r1" Target="worksheets/sheet1.xml"/>`,
			"xl/sharedStrings.xml", `<sst><si><r><t>zoe@</t></r><r><t>example.be</t></r><rPh><t>spoken</t></rPh></si></sst>`,
			"xl/worksheets/sheet1.xml", `<worksheet><row r="7"><c r="B7" t="s"><v>0</v></c><c r="C7"><v>4.7004E10</v></c><c r="D7" t="inlineStr"><is><t>in</t><t>line</t></is></c></row></worksheet>`,
		}, []string{"#sheet=A&cell=B7: B=zoe@example.be C=47004000000 D=inline"}},
		{
			"what was replaced",
			[]string{"word/document.xml", `<w:p><w:r><w:t>mail </w:t></w:r><w:del><w:r><w:delText>old@</w:delText></w:r><w:r><w:delText>example.</w:delText></w:r></w:del><w:ins><w:r><w:t>new@example.</w:t></w:r></w:ins><w:r><w:t>org</w:t></w:r></w:p><w:p><w:t>x</w:t></w:p>`},
			[]string{"body: mail new@example.org\nmail old@example.org\nx\n"},
		},
		{
			"two members of one name",
			[]string{"word/document.xml", "<w:p><w:t>zoe@</w:t><w:t>example.be</w:t></w:p>", "word/media/a.bin", "1", "word/media/a.bin", "2"},
			[]string{"body: zoe@example.be\n", "word/media/a.bin= 1", "word/media/a.bin;2= 2"},
		},
		{
			"authors of comments",
			[]string{"xl/workbook.xml", "<x/>", "xl/comments1.xml", `<comments><authors><author>zoe@example.be</author><author>Luc</author></authors><comment><text><t>see</t></text></comment></comments>`},
			[]string{"comments: zoe@example.be\nLuc\nsee\n"},
		},
		{
			"a chart's labels",
			[]string{"word/document.xml", "<x/>", "word/charts/chart1.xml", `<c:pt><c:v>zoe@example.be</c:v></c:pt><c:pt><c:v>luc@example.org</c:v></c:pt>`},
			[]string{"zoe@example.be\nluc@example.org\n"},
		},
		{"how cells are pronounced", []string{
			"xl/workbook.xml", `<sheets><sheet name="A" r:id="r1"/></sheets>`, "xl/_rels/workbook.xml.rels", `<Relationship Id="r1" Target="worksheets/sheet1.xml"/>`,
			"xl/sharedStrings.xml", `<sst><si><t>A</t><rPh><t>aa@example.org</t></rPh></si></sst>`,
			"xl/worksheets/sheet1.xml", `<worksheet><row r="1"><c r="A1" t="inlineStr"><is><r><t>zoe@</t></r><r><t>example.be</t></r><rPh><t>bb@example.org</t></rPh></is></c></row></worksheet>`,
		}, []string{"A1: A=zoe@example.be", "sheet: aa@example.org\n", "sheet: bb@example.org\n"}},
		{"encrypted", []string{"mimetype", "application/vnd.oasis.opendocument.text", "META-INF/manifest.xml", `<manifest:file-entry manifest:full-path="content.xml"><manifest:encryption-data/></manifest:file-entry>`, "content.xml", "\x01\x02"}, []string{"gap: encrypted"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			holding(t, decodedItems(t, officeDecoder(container.Options{}), "x.docx", zipped(t, tt.parts...)), tt.want...)
		})
	}
}

// A sheet that says that its cells are repeated a billion times is no bomb.
func TestOfficeRepeats(t *testing.T) {
	cell := `<table:table-cell table:number-columns-repeated="1000000000"><text:p>x</text:p></table:table-cell>`
	b := zipped(t, "mimetype", "application/vnd.oasis.opendocument.spreadsheet", "content.xml",
		`<table:table table:name="A">`+strings.Repeat(`<table:table-row table:number-rows-repeated="1000000000">`+strings.Repeat(cell, 50)+`</table:table-row>`, 50)+`</table:table>`)
	if items := decodedItems(t, officeDecoder(container.Options{}), "x.ods", b); len(items) > 200 {
		t.Errorf("%d items", len(items))
	}
}

func FuzzOffice(f *testing.F) {
	f.Add("<w:p a='&lt;'>x&#65;<![CDATA[y]]><!-- z --></w:p>", "<row><c r='B2' t='s'><v>0</v></c></row>", "<si><t>a</t></si>")
	f.Fuzz(func(t *testing.T, doc, sheet, shared string) {
		for _, name := range []string{"x.docx", "x.ods"} {
			decodedItems(t, officeDecoder(container.Options{}), name, zipped(t, "word/document.xml", doc, "content.xml", sheet,
				"xl/workbook.xml", `<sheet name="A" r:id="r1"/>`, "xl/_rels/workbook.xml.rels", `<Relationship Id="r1" Target="worksheets/sheet1.xml"/>`,
				"xl/sharedStrings.xml", shared, "xl/worksheets/sheet1.xml", sheet))
		}
		x := newXMLReader(slowly(doc))
		n := 0
		for tok := x.next(); tok != nil; tok = x.next() {
			n += len(tok.text)
			if n > 64*len(doc)+64 {
				t.Fatal("more comes out than went in")
			}
		}
	})
}

// slowly reads a text in small pieces.
func slowly(s string) io.Reader { return &pieces{s} }

type pieces struct{ s string }

func (p *pieces) Read(b []byte) (int, error) {
	if p.s == "" {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), 7)], p.s)
	p.s = p.s[n:]
	return n, nil
}

func BenchmarkSheet(b *testing.B) {
	var s strings.Builder
	s.WriteString("<worksheet><sheetData>")
	for i := range 20000 {
		fmt.Fprintf(&s, `<row r="%d">`, i+1)
		for c := range 10 {
			fmt.Fprintf(&s, `<c r="%c%d" t="s"><v>%d</v></c>`, 'A'+c, i+1, (i+c)%1000)
		}
		s.WriteString("</row>")
	}
	s.WriteString("</sheetData></worksheet>")
	w := &workbook{read: true}
	for i := range 1000 {
		w.shared = fmt.Appendf(w.shared, "shared string %d", i)
		w.ends = append(w.ends, int32(len(w.shared)))
	}
	o := &office{ctx: b.Context(), book: w, yield: func(scanners.Item, error) bool { return true }}
	b.SetBytes(int64(s.Len()))
	for b.Loop() {
		if err := o.sheet("xl/worksheets/sheet1.xml", strings.NewReader(s.String())); err != nil {
			b.Fatal(err)
		}
	}
}
