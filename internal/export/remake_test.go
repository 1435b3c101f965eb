package export

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/internal/document"
	"github.com/spoor-scan/spoor/internal/engine"
	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/language"
	"github.com/spoor-scan/spoor/internal/subject"
	"github.com/spoor-scan/spoor/scanners"
)

func decoders() []container.Decoder {
	return append(document.All(container.Options{}), container.All(container.Options{})...)
}

func zoe(t testing.TB) *subject.Recognizer {
	t.Helper()
	own, err := subject.New([]subject.Person{{ID: "p", Identifiers: []subject.Identifier{{Type: subject.Email, Value: "zoe@example.be"}, {Type: subject.Name, Value: "Zoë Peeters"}}}})
	if err != nil {
		t.Fatal(err)
	}
	return own
}

// packed makes an archive of names and contents.
func packed(t testing.TB, parts ...string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(parts); i += 2 {
		w, err := z.Create(parts[i])
		if err == nil {
			_, err = io.WriteString(w, parts[i+1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// unpacked returns all parts of an archive in one.
func unpacked(t testing.TB, b []byte) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&all, "\n== %s\n", f.Name)
		if _, err := io.Copy(&all, r); err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}

func fixture(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "document", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func wide(s string) string {
	out := []byte("\xff\xfe")
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u), byte(u>>8))
	}
	return string(out)
}

// bundle exports files by their names, and returns what is in the bundle.
func bundle(t *testing.T, mask bool, include map[string]bool, bodies map[string]string) (*Index, map[string][]byte) {
	t.Helper()
	o := options(language.English)
	o.MaskOthers, o.Own, o.Include = mask, zoe(t), include
	o.Open = func(string) (engine.Opener, error) {
		return engine.Opener{Source: fake{bodies: bodies}, Decoders: decoders(), Limits: container.DefaultLimits()}, nil
	}
	var list []*inventory.Finding
	for name := range bodies {
		list = append(list, &inventory.Finding{ID: name, Subject: o.Subject, Source: "src", URI: "file:///data/" + scanners.Escape(name), Place: "src / file", Confidence: "certain", Relation: "mentioned", Activities: []string{"customers"}})
	}
	o.Report.Findings = findings(list)
	var buf bytes.Buffer
	index, err := Write(t.Context(), &buf, o)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(buf.Bytes()), int64(buf.Len()))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return index, files
}

const bcrypt = "$2y$10$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234"

// What can be masked in place is; of what can't be the text goes out alone, and the
// index says so.
func TestMaskedOrText(t *testing.T) {
	docx := packed(t, "[Content_Types].xml", "<Types/>", "docProps/core.xml", `<cp:coreProperties><dc:creator>Jan Janssens</dc:creator><cp:lastModifiedBy>Zoë Peeters</cp:lastModifiedBy></cp:coreProperties>`,
		"word/_rels/document.xml.rels", `<Relationships><Relationship Id="rId1" Target="mailto:jan@example.org" TargetMode="External"/></Relationships>`,
		"word/document.xml", `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:document><w:body><w:p><w:r><w:t>ja</w:t></w:r><w:proofErr/><w:r><w:rPr><w:b/><w:color w:val="00FF00"/></w:rPr><w:t>n@exam</w:t></w:r><w:r><w:t>ple.org &amp; zoe@example.be</w:t></w:r></w:p><w:p><w:ins w:author="Jan Janssens"><w:r><w:t>+32 470 99 88 77</w:t></w:r></w:ins></w:p></w:body></w:document>`,
		"word/media/image1.png", "\x89PNG\r\n\x1a\njan")
	xlsx := packed(t, "[Content_Types].xml", "<Types/>", "xl/workbook.xml", "<workbook/>", "xl/sharedStrings.xml", `<sst><si><r><t>jan@</t></r><r><t>example.org</t></r></si></sst>`,
		"xl/worksheets/sheet1.xml", `<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" s="3"><v>4111111111111111</v></c><c r="C1"><v>12.5</v></c></row></sheetData></worksheet>`)
	for _, x := range []struct {
		name, content string
		form          string // "" for as it is, "out" for left out
		hidden, kept  []string
	}{
		{"wide.txt", wide("zoe@example.be jan@example.org\r\nénd"), FormEdited, []string{"jan@"}, []string{"zoe@example.be", "énd"}},
		{"sjis.txt", "\x93\xfa\x96{\x8c\xea\x82\xcc\x95\xb6\x8f\x91\x82\xc5\x82\xb7\x81B jan@example.org \x93\xfa\x96{\x8c\xea\x82\xcc\x95\xb6\x8f\x91\r\n", FormEdited, []string{"jan@"}, []string{"\x93\xfa\x96{\x8c\xea"}},
		{"a.csv", "name;mail\nJan;jan@example.org\nZoë;zoe@example.be\n", FormEdited, []string{"jan@"}, []string{"zoe@example.be", "Jan"}},
		{"a.json", `{"who":["jan@example.org","zoe@example.be"]}`, FormEdited, []string{"jan@"}, []string{"zoe@example.be"}},
		{"a.html", "<html><body><p>jan@<b>example.org</b> zoe@example.be</p></body></html>", FormEdited, []string{"jan@"}, []string{"***", "zoe@example.be"}},
		{"b.html", "<html><body><p><b>jan@example.org</b> zoe@example.be</p></body></html>", FormEdited, []string{"jan@"}, []string{"<b>j**@", "zoe@example.be"}},
		{"a.docx", docx, FormEdited, []string{"n@exam", "ple.org &", "mailto:jan@", "Janssens", "99 88", "\ncjan"}, []string{"j**@e******.org", "zoe@example.be", "Zoë Peeters", "<w:color w:val=\"00FF00\"/>"}},
		{"a.xlsx", xlsx, FormEdited, []string{"jan@", "4111111111111111"}, []string{`<c r="A1" t="s"><v>0</v>`, `<c r="B1" s="3" t="str"><v>4`, `<c r="C1"><v>12.5</v>`}},
		{"real.docx", fixture(t, "office/letter.docx"), FormEdited, []string{"jan@example.org"}, nil},
		{"real.xlsx", fixture(t, "office/clients.xlsx"), FormEdited, nil, nil},
		{"real.ods", fixture(t, "office/clients.ods"), "", nil, nil},
		{"signed.docx", packed(t, "[Content_Types].xml", "<Types/>", "word/document.xml", "<w:p><w:t>zoe@example.be jan@example.org</w:t></w:p>", "_xmlsignatures/sig1.xml", "<x/>"), FormText, []string{"jan@"}, []string{"zoe@example.be"}},
		{"broken.docx", packed(t, "[Content_Types].xml", "<Types/>", "word/document.xml", "<w:p><w:t>zoe@example.be jan@example.org</w:t"), FormText, []string{"jan@"}, []string{"zoe@example.be"}},
		{"plain.pdf", fixture(t, "pdf/plain.pdf"), FormText, []string{"%PDF"}, nil},
		{"letter.doc", fixture(t, "ole/letter.doc"), FormText, nil, nil},
		{"letter.rtf", fixture(t, "ole/letter.rtf"), FormText, []string{"{\\rtf"}, nil},
		{"small.db", fixture(t, "sqlite/small.db"), FormText, []string{"SQLite format"}, nil},
		{"a.zip", packed(t, "a.txt", "jan@example.org"), "out", nil, nil},
		{"a.bin", "\x00\x01\x02jan@example.org", "out", nil, nil},
		{"mbox", "From jan@example.org Sat Nov  7 10:00:00 2026\nFrom: jan@example.org\n\namFuQGV4YW1wbGUub3Jn\n\n", "out", nil, nil},
		{"broken.eml", "From: jan@example.org\nTo: zoe@example.be\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\nabout jan@example.org\n", FormText, []string{"jan@"}, []string{"zoe@example.be"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			index, files := bundle(t, true, nil, map[string]string{x.name: x.content})
			if x.form == "out" {
				if len(index.Items) != 0 || len(index.LeftOut) != 1 || index.LeftOut[0].Reason != ByOthers {
					t.Fatalf("%+v, left out %+v", index.Items, index.LeftOut)
				}
				return
			}
			if len(index.Items) != 1 || index.Items[0].Form != x.form {
				t.Fatalf("%+v, left out %+v", index.Items, index.LeftOut)
			}
			it := index.Items[0]
			got := string(files[it.File])
			switch {
			case x.form == FormText:
				if index.TextOnly != 1 || it.Note == "" || !strings.HasSuffix(it.File, x.name+".txt") || !strings.Contains(string(files["index.html"]), "only its text") {
					t.Errorf("%s: %q", it.File, it.Note)
				}
			case strings.HasPrefix(got, "PK"):
				got = unpacked(t, []byte(got))
			case strings.HasPrefix(got, "\xff\xfe"):
				var u []uint16
				for i := 2; i+1 < len(got); i += 2 {
					u = append(u, uint16(got[i])|uint16(got[i+1])<<8)
				}
				got = string(utf16.Decode(u))
			}
			for _, s := range x.hidden {
				if strings.Contains(got, s) {
					t.Errorf("%q is left in\n%s", s, got)
				}
			}
			for _, s := range x.kept {
				if !strings.Contains(got, s) {
					t.Errorf("%q is not in\n%s", s, got)
				}
			}
			// Whoever asks for the original gets it.
			index, files = bundle(t, true, map[string]bool{x.name: true}, map[string]string{x.name: x.content})
			if x.form == FormText && x.name != "a.html" && string(files[index.Items[0].File]) != x.content && index.Items[0].Form != FormEdited {
				t.Errorf("--include copies something else: %+v", index.Items[0])
			}
		})
	}
}

// Hashes of passwords stay out whatever they lie in, and what holds none is copied
// byte by byte.
func TestNoHashGoesOut(t *testing.T) {
	letter := "From: jan@example.org\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n" + strings.Repeat("text\r\n", 20<<20/6*4) + "--b\r\n\r\nzoe:%s\r\n--b--\r\n"
	attached := "From: jan@example.org\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: application/octet-stream; name=shadow\r\nContent-Transfer-Encoding: base64\r\n\r\n%s\r\n--b--\r\n"
	line := "zoe:" + bcrypt + ":20000\n"
	for _, x := range []struct{ name, with, without, form string }{
		{"long.eml", fmt.Sprintf(letter, bcrypt), fmt.Sprintf(letter, "x"), FormEdited}, // more than 64 MiB
		{"attached.eml", fmt.Sprintf(attached, base64.StdEncoding.EncodeToString([]byte(line))), fmt.Sprintf(attached, base64.StdEncoding.EncodeToString([]byte("zoe:x\n"))), FormEdited},
		{"wide.txt", wide(line), wide("zoe"), FormEdited},
		{"a.docx", packed(t, "[Content_Types].xml", "<Types/>", "word/document.xml", "<w:p><w:r><w:t>"+bcrypt[:20]+"</w:t></w:r><w:r><w:t>"+bcrypt[20:]+"</w:t></w:r></w:p>", "word/media/a.png", "\x89PNG\r\n\x1a\n"), packed(t, "[Content_Types].xml", "<Types/>", "word/document.xml", "<w:p>x</w:p>"), FormEdited},
		{"a.rtf", "{\\rtf1 zoe " + bcrypt + "}", "{\\rtf1 zoe}", FormText},
		{"a.zip", packed(t, "etc/shadow", line), packed(t, "etc/passwd", "zoe:x\n"), "out"},
		{"a.bin", "\x00\x01\x02 " + bcrypt + " \x00", "\x00\x01\x02", "out"},
	} {
		t.Run(x.name, func(t *testing.T) {
			index, files := bundle(t, false, nil, map[string]string{x.name: x.with})
			for name, b := range files {
				if bytes.Contains(b, []byte(bcrypt)) || bytes.Contains(b, []byte(wide(bcrypt)[2:])) || bytes.Contains(b, []byte(base64.StdEncoding.EncodeToString([]byte(line)))) {
					t.Errorf("%s holds it", name)
				}
			}
			switch {
			case x.form == "out":
				if len(index.LeftOut) != 1 || index.LeftOut[0].Reason != BySecret {
					t.Errorf("%+v %+v", index.Items, index.LeftOut)
				}
			case len(index.Items) != 1 || index.Items[0].Form != x.form || len(index.Items[0].Withheld) != 1:
				t.Errorf("%+v %+v", index.Items, index.LeftOut)
			}
			index, files = bundle(t, false, nil, map[string]string{x.name: x.without})
			if len(index.Items) != 1 || string(files[index.Items[0].File]) != x.without || index.Items[0].Form != "" {
				t.Errorf("without one: %+v %+v", index.Items, index.LeftOut)
			}
		})
	}
}

// Deep nesting of a long message takes no more memory than a flat one.
func TestLetterMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	h, err := newHider(false, nil)
	if err != nil {
		t.Fatal(err)
	}
	const long = 48 << 20
	var head, tail strings.Builder
	for i := range maxParts - 1 {
		fmt.Fprintf(&head, "Content-Type: multipart/mixed; boundary=b%d.\r\n\r\n--b%d.\r\n", i, i)
		tail.WriteString("\r\n--b" + fmt.Sprint(maxParts-2-i) + ".--\r\n")
	}
	head.WriteString("Content-Type: text/plain\r\n\r\n")
	body := io.MultiReader(strings.NewReader("From: jan@example.org\r\n"+head.String()), io.LimitReader(endless{}, long), strings.NewReader(tail.String()))
	peak := &peakWriter{}
	if err := (&letter{h: h, t: &tally{}}).remade(peak, body); err != nil {
		t.Fatal(err)
	}
	if peak.n < long {
		t.Errorf("%d bytes", peak.n)
	}
	if peak.most > 64<<20 {
		t.Errorf("%d MiB were held", peak.most>>20)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = "a line of a text that says nothing\n"[i%35]
	}
	return len(p), nil
}

// A peakWriter looks at the heap now and then.
type peakWriter struct {
	n, at int64
	most  uint64
}

func (p *peakWriter) Write(b []byte) (int, error) {
	if p.n += int64(len(b)); p.n-p.at > 8<<20 {
		p.at = p.n
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		p.most = max(p.most, m.HeapAlloc)
	}
	return len(b), nil
}

// Many quotes that are never closed take a time that grows with the text.
func TestUnclosedQuotes(t *testing.T) {
	h, err := newHider(false, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{`"password":"x' `, `"password":\"x `, "password='x\n", `"password":"x\\\\\\\\\\`} {
		b := []byte(strings.Repeat(s, 2<<20/len(s)))
		var tl tally
		h.text(b, "", false, &tl)
		if tl.none() {
			t.Errorf("%q: nothing is withheld", s)
		}
	}
}

// A secret, or an identifier, that lies where a long text is cut is seen whole.
func TestCutsThroughNothing(t *testing.T) {
	h, err := newHider(true, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{`{"password":"ab,cd,ef"},`, "jan.peeters@example.org,", bcrypt + ",", `{"password":"ab, cd, ef` + strings.Repeat("x", 2*overlap) + `"},`} {
		for _, off := range []int{7} {
			in := strings.Repeat("- ", (pieceLen-overlap-off)/2) + "," + s + strings.Repeat("- ", pieceLen/2)
			var out bytes.Buffer
			var tl tally
			if _, err := h.copyText(&out, strings.NewReader(in), &tl); err != nil {
				t.Fatal(err)
			}
			for _, left := range []string{"ab,", "ef", "peeters", "abcdefgh", "xxx"} {
				if bytes.Contains(out.Bytes(), []byte(left)) {
					t.Errorf("%.30q at %d: %q is left", s, off, left)
				}
			}
		}
	}
}

// Messages that are attached to each other without end are written anew to some
// depth, and what is deeper is left out.
func TestLettersInLetters(t *testing.T) {
	s := "From: jan@example.org\nTo: zoe@example.be\n\nabout jan@example.org\n"
	for i := range 200 {
		s = fmt.Sprintf("From: jan@example.org\nTo: zoe@example.be\nContent-Type: multipart/mixed; boundary=b%d.\n\n--b%d.\nContent-Type: application/octet-stream; name=a.eml\n\n%s\n--b%d.--\n", i, i, s, i)
	}
	index, files := bundle(t, true, nil, map[string]string{"a.eml": s})
	if len(index.Items) != 1 {
		t.Fatalf("%+v", index.LeftOut)
	}
	got := files[index.Items[0].File]
	for k := range 3 {
		if bytes.Contains(got, []byte(base64.StdEncoding.EncodeToString([]byte("??jan@example")[k:]))[2:12]) {
			t.Error("another's address is left")
		}
	}
	if bytes.Contains(got, []byte("jan@example")) || len(got) > 4*len(s) {
		t.Errorf("%d bytes became %d", len(s), len(got))
	}
}

// What is remade ends with the run.
func TestRemakeEndsWithTheRun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h, err := newHider(true, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"a.txt": "text", "a.docx": packed(t, "word/document.xml", "<p/>"), "a.eml": "From: a@example.org\n\nx", "a.zip": packed(t, "a", "b")} {
		x := &exporter{Options: options(language.English), hider: h, names: newNames(), index: &Index{}}
		sp := newSpool()
		if _, err := io.WriteString(sp, content); err != nil {
			t.Fatal(err)
		}
		_, err := x.remake(ctx, engine.Opener{Decoders: decoders(), Limits: container.DefaultLimits()}, scanners.Item{Name: name}, sp, true, &tally{}, 0)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
		sp.close()
	}
}

// FuzzMarkup holds that a part of XML is either refused or written so that it is
// understood again and nothing is left to be masked.
func FuzzMarkup(f *testing.F) {
	h, err := newHider(true, nil)
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{`<?xml version="1.0"?><p a="jan@example.org"><r><t>jan@</t></r><r><t>example.org</t></r></p>`, `<c r="A1" t="n"><v>32470998877</v></c>`, "<!-- jan@example.org --><![CDATA[jan@example.org]]>", `<table-cell office:value="32470998877"/>`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var out, again bytes.Buffer
		var tl tally
		if newMarkup(&out, strings.NewReader(s), h, &tl, true).run() != nil {
			return
		}
		if err := newMarkup(&again, bytes.NewReader(out.Bytes()), h, &tl, true).run(); err != nil {
			t.Fatalf("%v: %q became %q", err, s, out.Bytes())
		}
	})
}

// Documents that are cut or damaged are refused or written, and nothing panics.
func TestDamagedPacks(t *testing.T) {
	h, err := newHider(true, nil)
	if err != nil {
		t.Fatal(err)
	}
	whole := fixture(t, "office/letter.odt")
	for i := range len(whole) {
		for _, s := range []string{whole[:i], whole[:i] + string(whole[i]^0x55) + whole[i+1:]} {
			p := &pack{ctx: t.Context(), h: h, t: &tally{}, strict: true}
			_ = p.remade(io.Discard, strings.NewReader(s), int64(len(s)), 0)
		}
	}
}

// FuzzText holds that a text becomes one in which nothing is left to be masked or
// withheld, whether it is looked at in one or copied.
func FuzzText(f *testing.F) {
	h, err := newHider(true, nil)
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{`{"password":"a\"b","x":'y`, "token=abc\npassword: |\n  a\n b", "a:1:{s:8:\"password\";s:3:\"", "amFuQGV4YW1wbGUub3Jn", "jan&#64;example.org %40", "<pass>x</pass>", "secret = -----BEGIN\n-----END"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.IndexByte(s, 0) >= 0 || len(s) > pieceLen/2 {
			return
		}
		var one, other tally
		whole := h.text([]byte(s), "", false, &one)
		var out bytes.Buffer
		if binary, err := h.copyText(&out, strings.NewReader(s), &other); binary || err != nil || !bytes.Equal(whole, out.Bytes()) {
			t.Errorf("%q: %q and %q (%v)", s, whole, out.Bytes(), err)
		}
		if one.masked != other.masked {
			t.Errorf("%q: %d and %d masked", s, one.masked, other.masked)
		}
	})
}
