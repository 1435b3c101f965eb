package document

import (
	"bytes"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

// pdfGot is what a decoder has yielded.
type pdfGot struct {
	texts   map[string]string // by field; those of pages by fragment
	members map[string]string
	gaps    []string
	raw     bool
	err     error
}

func pdfDecode(t testing.TB, b []byte, o container.Options, l container.Limits) pdfGot {
	t.Helper()
	got := pdfGot{texts: map[string]string{}, members: map[string]string{}}
	budget, err := container.NewBudget(l, int64(len(b))).Enter()
	if err != nil {
		t.Fatal(err)
	}
	for it, err := range pdfDecoder(o).Decode(context.Background(), scanners.Item{Body: bytes.NewReader(b)}, budget) {
		if err != nil {
			if got.err != nil {
				t.Fatal("an item behind the end")
			}
			var g *scanners.Gap
			if !errors.As(err, &g) || g.Reason == scanners.Bomb || g.Reason == scanners.Timeout {
				got.err = err
				continue
			}
			got.gaps = append(got.gaps, string(g.Reason))
			continue
		}
		body, _ := io.ReadAll(it.Body)
		switch {
		case it.Step != "":
			if it.Text {
				t.Errorf("member %q is text", it.Step)
			}
			got.members[it.Step] = string(body)
		case it.Verbatim:
			got.raw = true
		case it.Fragment != "":
			got.texts[it.Fragment] += string(body)
		default:
			got.texts[it.Field] += string(body) + "\n"
		}
	}
	return got
}

func pdfFixture(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "pdf", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func pdfWith(passwords ...string) container.Options {
	return container.Options{Passwords: func(scanners.Item) []string { return passwords }}
}

func TestPDFFixtures(t *testing.T) {
	full := []string{
		"title:Contract of Ada Winterfeld", "author:Jürgen Müller", "subject:Subject line", "keywords:key, words",
		"outline:Chapter of Grace Hopper", "field:customer", "field:Name of customer", "field:Katherine Johnson",
		"annotation:Note by Annie Easley", "link:https://example.com/ada?id=7",
		"page=1:Dear Ada Winterfeld, IBAN DE89 3704 0044", "page=1:41117711", "page=1:left column\tright column",
		"page=1:Mustermann", "page=1:Ada Lovelace", "page=2:Second page",
	}
	attached := append(slices.Clone(full), "member brief für Ada.txt:Hello from an attachment")
	for _, tt := range []struct {
		name string
		o    container.Options
		want []string
		gaps string
	}{
		{name: "plain.pdf", want: full},
		{name: "linear.pdf", want: full},
		{name: "attached.pdf", want: attached},
		{name: "objstm.pdf", want: attached},
		{name: "rc4-40.pdf", want: full},
		{name: "rc4-128.pdf", want: full},
		{name: "aes-128.pdf", want: full},
		{name: "aes-256.pdf", o: pdfWith("wrong", "secret"), want: attached},
		{name: "aes-256.pdf", o: pdfWith("wrong", "owner"), want: attached},
		{name: "aes-256.pdf", o: pdfWith("wrong"), gaps: "encrypted"},
		{name: "aes-256.pdf", gaps: "encrypted"},
		{name: "cairo.pdf", want: []string{"page=1:Žofie Šťastná, office"}},
		{name: "chromium.pdf", want: []string{"page=1:Zoë Quinn-Meier, Straße 5", "page=1:Ada 4711"}},
		{name: "groff.pdf", want: []string{"page=1:Runs of Vera Molnar, office"}},
		{name: "revised.pdf", want: []string{"page=1:Blacked out", "revision:Erased Erika Beispiel"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := pdfFixture(t, tt.name)
			if !pdfMatch(b[:min(len(b), container.HeadLen)], "") {
				t.Error("is not taken")
			}
			got := pdfDecode(t, b, tt.o, container.DefaultLimits())
			if g := strings.Join(got.gaps, " "); g != tt.gaps || got.err != nil {
				t.Errorf("gaps %q, %v; want %q", g, got.err, tt.gaps)
			}
			if tt.gaps == "encrypted" && !got.raw {
				t.Error("no raw bytes")
			}
			pdfWant(t, got, tt.want)
		})
	}
}

func pdfWant(t *testing.T, got pdfGot, want []string) {
	t.Helper()
	for _, w := range want {
		where, text, _ := strings.Cut(w, ":")
		have := got.texts[where]
		if m, ok := strings.CutPrefix(where, "member "); ok {
			have = got.members[m]
		}
		if !strings.Contains(have, text) {
			t.Errorf("%s is %q, lacks %q (texts %q)", where, have, text, got.texts)
		}
	}
}

// pdfBuild makes a file of objects, the first of which is the catalog. An object
// is a dictionary, or one and the data of its stream.
func pdfBuild(objects ...[2]string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	var at []int
	for i, o := range objects {
		at = append(at, b.Len())
		if o[1] == "" {
			fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o[0])
		} else {
			fmt.Fprintf(&b, "%d 0 obj\n%s/Length %d>>\nstream\n%s\nendstream\nendobj\n", i+1, strings.TrimSuffix(o[0], ">>"), len(o[1]), o[1])
		}
	}
	x := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, off := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", off)
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, x)
	return b.Bytes()
}

// pdfOne makes a file of one page. Further objects are numbered from 5 on.
func pdfOne(resources, content string, more ...[2]string) []byte {
	return pdfBuild(append([][2]string{
		{"<</Type/Catalog/Pages 2 0 R>>"},
		{"<</Type/Pages/Kids[3 0 R]/Count 1/Resources<<" + resources + ">>>>"},
		{"<</Type/Page/Parent 2 0 R/Contents 4 0 R/MediaBox[0 0 300 200]>>"},
		{"<<>>", content},
	}, more...)...)
}

func pdfDeflate(s string) string {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	_, _ = z.Write([]byte(s))
	z.Close()
	return b.String()
}

const pdfHelv = "/Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>>>"

func TestPDFText(t *testing.T) {
	cmap := "begincmap 1 begincodespacerange <00> <80> <8100> <ffff> endcodespacerange " +
		"2 beginbfchar <01> <00480065> <8101> <D83DDE00> endbfchar " +
		"2 beginbfrange <02> <04> <0061> <8200> <8202> [<0058> <FB01> <005A>] endbfrange endcmap"
	for _, tt := range []struct {
		name, resources, content string
		more                     [][2]string
		want                     []string
		gaps                     string
	}{
		{
			name: "operators", resources: pdfHelv,
			content: "BT /F1 12 Tf 14 TL 20 150 Td (one) ' (two) ' 1 2 (three) \" T* [(fo) -20 (ur)] TJ 0 -20 TD <66697665> Tj ET",
			want:    []string{"page=1:one\ntwo\nthree\nfour\nfive\n"},
		},
		{
			name: "escapes", resources: pdfHelv,
			content: `BT /F1 12 Tf (a\(b\)\134\101(c)\` + "\n" + `d\374) Tj ET`,
			want:    []string{`page=1:a(b)\A(c)dü`},
		},
		{
			name: "sorted line", resources: pdfHelv,
			content: "BT /F1 12 Tf 1 0 0 1 80 50 Tm (Muster) Tj 1 0 0 1 20 20 Tm (below) Tj 1 0 0 1 44 50 Tm (Maria) Tj ET",
			want:    []string{"page=1:Maria Muster\n"},
		},
		{
			name: "spaces that word spacing takes back", resources: pdfHelv,
			content: "BT /F1 12 Tf -3.336 Tw (Day na) Tj ET", want: []string{"page=1:Dayna"},
		},
		{
			name: "divided word", resources: pdfHelv,
			content: "BT /F1 12 Tf 14 TL 0 100 Td (Her Winter-) Tj T* (feld) Tj ET", want: []string{"page=1:Winter-\nfeld", "page=1:\nWinterfeld\n"},
		},
		{
			name: "rotated", resources: pdfHelv,
			content: "BT /F1 12 Tf 0 1 -1 0 50 50 Tm (upright ) Tj (text) Tj ET", want: []string{"page=1:upright text"},
		},
		{
			name: "inline image", resources: pdfHelv,
			content: "BI /W 2 /H 2 /BPC 8 /CS /G ID \x01EI\xff) EI\nBT /F1 12 Tf (behind) Tj ET", want: []string{"page=1:behind"},
		},
		{
			name: "actual text", resources: pdfHelv,
			content: "BT /F1 12 Tf /Span <</ActualText <FEFF0041006E006E0061>>> BDC (@nna) Tj EMC ( here) Tj ET",
			want:    []string{"page=1:Anna here", "page=1:@nna"},
		},
		{
			name: "form within itself", resources: pdfHelv + "/XObject<</X 5 0 R>>",
			content: "/X Do BT /F1 12 Tf 1 0 0 1 20 20 Tm (page) Tj ET",
			more:    [][2]string{{"<</Type/XObject/Subtype/Form/Resources<<" + pdfHelv + "/XObject<</X 5 0 R>>>>>>", "BT /F1 9 Tf 1 0 0 1 20 90 Tm (form) Tj ET /X Do"}},
			want:    []string{"page=1:form\npage\n"},
		},
		{
			name:      "differences",
			resources: "/Font<</F1<</Type/Font/Subtype/Type1/BaseFont/X/Encoding<</Differences[1/A/eacute/uni0416/u1F600/f_i/germandbls.alt/Lslash/afii10017]>>>>>>",
			content:   "BT /F1 12 Tf <0102030405060708> Tj ET", want: []string{"page=1:AéЖ😀fißŁА"},
		},
		{
			name:      "composite with several lengths of codes",
			resources: "/Font<</F1<</Type/Font/Subtype/Type0/BaseFont/X/Encoding 5 0 R/ToUnicode 5 0 R/DescendantFonts[<</W[0[500 500 500 500 500]33000 33500 500]>>]>>>>",
			content:   "BT /F1 12 Tf <0102030481018200820182028001> Tj ET",
			more:      [][2]string{{"<<>>", cmap}},
			want:      []string{"page=1:Heabc"},
		},
		{
			name:      "predefined encodings",
			resources: "/Font<</U<</Type/Font/Subtype/Type0/Encoding/UniJIS-UTF16-H>>/S<</Type/Font/Subtype/Type0/Encoding/90ms-RKSJ-H>>>>",
			content:   "BT /U 12 Tf 0 50 Td <5C717530> Tj /S 12 Tf 0 -20 Td <8E5293 63> Tj ET",
			want:      []string{"page=1:山田\n", "page=1:山田\n"},
		},
		{
			name:      "no mapping",
			resources: "/Font<</F1<</Type/Font/Subtype/Type0/Encoding/Identity-H/DescendantFonts[<<>>]>>>>",
			content:   "BT /F1 12 Tf (A secret code) Tj ET", want: []string{"raw:A secret code"}, gaps: "unsupported",
		},
		{
			name:      "type 3",
			resources: "/Font<</F1<</Type/Font/Subtype/Type3/FontMatrix[0.01 0 0 0.01 0 0]/FirstChar 65/Widths[50 50]/Encoding<</Differences[65/H/i]>>>>>>",
			content:   "BT /F1 12 Tf (AB) Tj ET", want: []string{"page=1:Hi"},
		},
		{
			name: "hebrew", resources: "/Font<</F1<</Type/Font/Subtype/Type0/Encoding/UniGB-UCS2-H>>>>",
			content: "BT /F1 12 Tf <05DD05D505DC05E9> Tj ET", want: []string{"page=1:שלום"},
		},
		{name: "picture only", content: "/X Do", resources: "/XObject<</X 5 0 R>>", more: [][2]string{{"<</Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray/BitsPerComponent 8>>", "x"}}, gaps: "unsupported"},
		{name: "javascript", content: "q Q", more: [][2]string{{"<</S/JavaScript/JS(app.alert\\('Hedy'\\))>>"}, {"<</S/JavaScript/JS 7 0 R>>"}, {"<<>>", "var n = 'Lamarr'"}}, want: []string{"javascript:Hedy", "javascript:Lamarr"}},
		{name: "xfa and xmp", content: "q Q", more: [][2]string{{"<</XFA[(datasets) 6 0 R]>>"}, {"<<>>", "<xfa>Olga</xfa>"}, {"<</Type/Metadata/Subtype/XML>>", "<x:xmpmeta>Rosalind</x:xmpmeta>"}}, want: []string{"xfa:Olga", "xmp:Rosalind"}},
		{name: "content that no page draws", content: "q Q", resources: pdfHelv, more: [][2]string{{"<<>>", "BT /F1 12 Tf (orphan) Tj ET"}}, want: []string{"content:orphan"}},
		{name: "signature", content: "q Q", more: [][2]string{{"<</Type/Sig/ByteRange[0 1 2 3]/Name(Signer)/Contents<30004A6F616E>>>"}}, want: []string{"signature:Joan", "field:Signer"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := pdfDecode(t, pdfOne(tt.resources, tt.content, tt.more...), container.Options{}, container.DefaultLimits())
			if g := strings.Join(got.gaps, " "); g != tt.gaps || got.err != nil {
				t.Errorf("gaps %q, %v; want %q", g, got.err, tt.gaps)
			}
			pdfWant(t, got, tt.want)
		})
	}
}

func TestPDFFilters(t *testing.T) {
	const text = "BT /F1 12 Tf (filtered text) Tj ET"
	for name, o := range map[string][2]string{
		"flate":   {"<</Filter/FlateDecode>>", pdfDeflate(text)},
		"hex":     {"<</Filter[/ASCIIHexDecode]>>", fmt.Sprintf("%x>", text)},
		"run":     {"<</Filter/RunLengthDecode>>", string(rune(len(text)-1)) + text + "\x80"},
		"lzw":     {"<</Filter[/AHx/LZW]>>", "80 0B 60 50 22 0C 0C 85 01>"},
		"predict": {"<</Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 34>>>>", pdfDeflate("\x02" + text)},
		"crypt":   {"<</Filter[/Crypt/FlateDecode]>>", pdfDeflate(text)},
	} {
		t.Run(name, func(t *testing.T) {
			d := &pdfFile{ctx: context.Background()}
			d.b, _ = container.NewBudget(container.DefaultLimits(), -1).Enter()
			l := pdfLexer{b: []byte(o[0])}
			dict := l.object(0).(pdfDict)
			b := readSome(d.open(&pdfStream{dict: dict, at: strings.NewReader(o[1]), size: int64(len(o[1]))}))
			want := text
			if name == "lzw" {
				want = "-----A---B" // the example of the standard
			}
			if string(b) != want {
				t.Errorf("%q", b)
			}
		})
	}
}

func TestPDFPictures(t *testing.T) {
	b := pdfOne("/XObject<</G 5 0 R/J 6 0 R/I 7 0 R>>", "/G Do /J Do /I Do",
		[2]string{"<</Subtype/Image/Width 2/Height 2/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/FlateDecode>>", pdfDeflate("\x00\x80\xff\x10")},
		[2]string{"<</Subtype/Image/Width 2/Height 2/Filter/DCTDecode>>", "\xff\xd8jpeg"},
		[2]string{"<</Subtype/Image/Width 4/Height 1/ColorSpace[/Indexed/DeviceRGB 1<000000FF0000>]/BitsPerComponent 1>>", "\x50"})
	got := pdfDecode(t, b, container.Options{OCR: true}, container.DefaultLimits())
	if len(got.members) != 3 || got.members["page-1-image-2.jpg"] != "\xff\xd8jpeg" || len(got.gaps) > 0 {
		t.Fatalf("%q %q", got.members, got.gaps)
	}
	img, err := png.Decode(strings.NewReader(got.members["page-1-image-3.png"]))
	if err != nil {
		t.Fatal(err)
	}
	if r, g, _, _ := img.At(1, 0).RGBA(); r != 0xffff || g != 0 {
		t.Errorf("%v", img.At(1, 0))
	}
}

func TestPDFMatch(t *testing.T) {
	for s, want := range map[string]bool{
		"%PDF-1.4\n":                               true,
		"\xef\xbb\xbf\r\n%PDF-1.4\n":               true,
		"%FDF-1.2\n":                               true,
		"\x1b%-12345X@PJL\n%PDF-1.4\n":             true,
		"\x00\x05name\x00%PDF-1.4\n":               true,
		"Preface\n%PDF-2.0\n%\xe2\xe3\xcf\xd3\n":   true,
		"A file starts with %PDF-1.4, they say.\n": false,
		"%PDF-x":                      false,
		"From: a@example.org\n\nText": false,
	} {
		if got := pdfMatch([]byte(s), ""); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
}

func TestPDFForms(t *testing.T) {
	b := []byte("%FDF-1.2\n1 0 obj\n<</FDF<</Fields[<</T(name)/V(Sofia Kowalska)>>]>>>>\nendobj\ntrailer\n<</Root 1 0 R>>\n")
	got := pdfDecode(t, b, container.Options{}, container.DefaultLimits())
	pdfWant(t, got, []string{"field:Sofia Kowalska"})
	if len(got.gaps) > 0 {
		t.Error(got.gaps)
	}
}

// TestPDFDamage cuts files off and spoils them: none of it may panic, and where
// something is missing there is a gap.
func TestPDFDamage(t *testing.T) {
	for _, name := range []string{"attached.pdf", "objstm.pdf", "aes-128.pdf", "chromium.pdf", "revised.pdf"} {
		b := pdfFixture(t, name)
		whole := pdfDecode(t, b, container.Options{}, container.DefaultLimits())
		for n := 9; n < len(b)-8; n += 211 {
			got := pdfDecode(t, b[:n], container.Options{}, container.DefaultLimits())
			if len(got.gaps) == 0 && got.texts["page=1"] != whole.texts["page=1"] {
				t.Errorf("%s cut off at %d: no gap", name, n)
			}
		}
		for n := 20; n < len(b); n += 97 {
			c := slices.Clone(b)
			copy(c[n:], "\x00\xff<<0 R")
			pdfDecode(t, c, container.Options{}, container.DefaultLimits())
		}
	}
	// A damaged cross-reference hides nothing.
	b := pdfFixture(t, "plain.pdf")
	i := bytes.LastIndex(b, []byte("startxref"))
	for _, c := range [][]byte{append(slices.Clone(b[:i]), "startxref\n7\n%%EOF"...), b[:bytes.LastIndex(b, []byte("xref\n0"))]} {
		got := pdfDecode(t, c, container.Options{}, container.DefaultLimits())
		pdfWant(t, got, []string{"page=1:Dear Ada Winterfeld", "page=2:Second page", "annotation:Annie Easley", "field:Katherine Johnson"})
	}
}

func TestPDFBombs(t *testing.T) {
	l := container.DefaultLimits()
	l.Bytes = 1 << 20
	b := pdfOne(pdfHelv, "q Q", [2]string{"<</Filter/FlateDecode>>", pdfDeflate(strings.Repeat("a", 8<<20))})
	got := pdfDecode(t, b, container.Options{}, l)
	if got.err == nil {
		t.Error("no end")
	}
	l = container.DefaultLimits()
	l.Members = 0
	l.Bytes = 4 << 20
	var files [][2]string
	for i := range 300 {
		files = append(files, [2]string{"<</Type/EmbeddedFile>>", fmt.Sprint("file", i)})
	}
	l.Members = 100
	if got = pdfDecode(t, pdfOne(pdfHelv, "q Q", files...), container.Options{}, l); got.err == nil || len(got.members) > 100 {
		t.Error("members have no limit", len(got.members))
	}
	// Each form draws the next ten times.
	var forms [][2]string
	for i := range 15 {
		forms = append(forms, [2]string{fmt.Sprintf("<</Subtype/Form/Resources<</XObject<</X %d 0 R>>>>>>", i+6), strings.Repeat("/X Do ", 10)})
	}
	got = pdfDecode(t, pdfOne("/XObject<</X 5 0 R>>", "/X Do", forms...), container.Options{}, container.DefaultLimits())
	if !slices.Contains(got.gaps, "too-large") {
		t.Error(got.gaps)
	}
	deep := strings.Repeat("[", 1<<16) + strings.Repeat("<<", 1<<16)
	pdfDecode(t, pdfOne(pdfHelv, deep, [2]string{deep}), container.Options{}, container.DefaultLimits())
}

func FuzzPDF(f *testing.F) {
	for _, n := range []string{"plain.pdf", "objstm.pdf", "aes-128.pdf", "revised.pdf", "chromium.pdf"} {
		f.Add(pdfFixture(f, n))
	}
	f.Add(pdfOne(pdfHelv, "BT /F1 12 Tf [(a) -200 (b)] TJ ET BI ID x EI /X Do"))
	f.Fuzz(func(t *testing.T, b []byte) {
		l := container.DefaultLimits()
		l.Bytes = 16 << 20
		pdfDecode(t, b, container.Options{OCR: true}, l)
	})
}

func FuzzPDFContent(f *testing.F) {
	f.Add([]byte("BT /F1 12 Tf 14 TL (one) ' [(a) -200 (b)] TJ ET q 1 0 0 1 2 3 cm Q"), []byte("1 beginbfrange <01> <04> <0061> endbfrange"))
	f.Fuzz(func(t *testing.T, content, cmap []byte) {
		d := &pdfFile{ctx: context.Background(), used: map[int]bool{}}
		d.b, _ = container.NewBudget(container.DefaultLimits(), -1).Enter()
		m := &pdfCMap{chars: map[uint64]string{}}
		m.parse(cmap)
		font := &pdfFont{uni: m, enc: m, dw: 1}
		d.fonts = map[int]*pdfFont{7: font}
		c := newPDFCanvas(d)
		c.run(content, pdfDict{"Font": pdfDict{"F1": pdfRef{7, 0}}}, 0)
		c.page.text()
		var text [256]string
		pdfCFF(content, &text)
	})
}
