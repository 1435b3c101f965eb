package document

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

// oleFixture returns a file of testdata/ole, of which the large ones are packed.
func oleFixture(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "ole", name))
	if errors.Is(err, os.ErrNotExist) {
		var f *os.File
		if f, err = os.Open(filepath.Join("testdata", "ole", name+".gz")); err == nil {
			defer f.Close()
			var z *gzip.Reader
			if z, err = gzip.NewReader(f); err == nil {
				b, err = io.ReadAll(z)
			}
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func oleOptions() container.Options {
	return container.Options{Passwords: func(scanners.Item) []string { return []string{"other", "secret42"} }}
}

// oleDecode decodes a fixture with the decoder that takes it, and what is
// inside too: members, and documents that were encrypted.
func oleDecode(t testing.TB, name string, content []byte, o container.Options, depth int) (out []string) {
	t.Helper()
	d := container.Detect(All(o), content[:min(len(content), container.HeadLen)], name)
	if d == nil || depth > 3 {
		return []string{string(content)}
	}
	limits := container.DefaultLimits()
	limits.Bytes = 256 << 20
	in := scanners.Item{Name: name, Size: int64(len(content)), Body: bytes.NewReader(content)}
	for it, err := range d.Decode(t.Context(), in, container.NewBudget(limits, in.Size)) {
		if err == nil && it.Body != nil && !it.Text {
			b, err := io.ReadAll(it.Body)
			if err != nil {
				out = append(out, "gap: "+err.Error())
			}
			for _, s := range oleDecode(t, it.Name, b, o, depth+1) {
				out = append(out, it.Step+"= "+s)
			}
			continue
		}
		one := container.Decoder{Decode: func(context.Context, scanners.Item, *container.Budget) iter.Seq2[scanners.Item, error] {
			return func(yield func(scanners.Item, error) bool) { yield(it, err) }
		}}
		out = append(out, decodedItems(t, one, name, nil)...)
	}
	return out
}

func TestOLE(t *testing.T) {
	letter := []string{
		"body: Dear Zoë Van den Broeck, euro € and ", "deleted: deleted@example.be\n", "euro € and “quotes”\nGrüße Łukasz Żółć мария@example.be 日本", "HYPERLINK \"mailto:link@example.be\"", "cell one\tcell two\t",
		"footnotes:  \tFootnote footnote@example.be", "header: Header header@example.be\n\nFooter footer@example.be", "comments:  Comment comment@example.be",
		"endnotes:  \tEndnote endnote@example.be", "text boxes: Box box@example.be", "authors of comments: Comment Author\n", "authors of changes: Unknown\nDeleting Person\n",
		"title: Title Zoë", "author: Author Name", "last author: Last Author", "Client: custom@example.be",
	}
	clients := []string{
		"#sheet=Clients&cell=A1: Name=Name Email=Email", "#sheet=Clients&cell=A2: Name=Zoë Van den Broeck Email=zoe@example.be Born=1985-07-30 Phone=32470123456 Account=00042",
		"comment#sheet=Clients&cell=A2: Comment Author\nask marie@example.org", "Name=Łukasz Żółć Email=formula@example.be Born=1990-01-02 Phone=1 Account=2 F=3.25 G=2",
		"#sheet=Clients&cell=C1001: Born=the link", "#sheet=Hidden%20%26%20co&cell=C3: C=hidden@example.org", "sheet: head@example.be\nfoot@example.be\n",
		"m\x00a\x00i\x00l\x00t\x00o\x00:\x00l\x00i\x00n\x00k\x00@", "author: Author Name",
		"&cell=A399: ", "row 398 Łódź xxx", "row 399 plain xxx",
	}
	for _, tt := range []struct {
		name string
		want []string
	}{
		{"letter.doc", letter},
		{"sealed.doc", letter[:12]},
		{"clients.xls", clients},
		{"sealed.xls", []string{clients[0], clients[1], clients[2], clients[5]}},
		{"deck.ppt", []string{
			"slide: Slide Zoë Van den Broeck\nSecond the link Łukasz\n", "slide: second@example.be\n", "notes: Note note@example.be\n",
			"comment: Comment Author\nComment comment@example.be\n", "header: footer@example.be\n", "presentation: mailto:link@example.be", "author: Author Name",
		}},
		{"agile.docx", []string{"= body: ", "Dear Zoë Van den Broeck\nsecond paragraph\n"}},
		{"standard.docx", []string{"Dear Zoë Van den Broeck\nsecond paragraph\n"}},
		{"sealed-libreoffice.docx", []string{"Dear Zoë Van den Broeck, "}},
		{"embedded.doc", []string{"body: outer@example.be\n", "ObjectPool/_2147483647.xls= #sheet=Sheet1&cell=A1: A=embedded@example.be"}},
		{"objects.doc", []string{
			"embedded file: C:\\Users\\zoe\\note.txt", "ObjectPool/_1/note.txt= inner note, note@example.be\n",
			"ObjectPool/_2.doc= body: Dear Zoë Van den Broeck, ", "ObjectPool/_3/Package= body: ", "Strange: strange@example.be",
		}},
		{"letter.rtf", []string{
			"body: Dear Zoë Van den Broeck, euro € and “quotes”\nGrüße Łukasz Żółć мария@example.be 日本\nSee the link here\n", "cell one\tcell two\t\nLast paragraph\n",
			"deleted: deleted@example.be", "footnote: \tFootnote footnote@example.be", "comment: Comment comment@example.be", "author of a comment: Comment Author",
			"header: Header header@example.be", "footer: Footer footer@example.be", "link: HYPERLINK \"mailto:link@example.be\"", "text box: Box box@example.be",
			"title: Title Zoë", "author: Author Name\nLast Author", "property: custom@example.be", "authors of changes: Unknown;Deleting Person;",
		}},
		{"charsets.rtf", []string{
			"body: Zoë łukasz 😊 日本 ア Мария ś  x€ yaé   end ", "unknowndest: secret@example.be", "embedded file: C:\\notes.txt",
			"object1/notes.txt= em@ex.be :)", "pict2.wmf= \x01\x02", "pict3.png= {\\}}q",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := oleFixture(t, tt.name)
			items := oleDecode(t, tt.name, b, oleOptions(), 0)
			holding(t, items, tt.want...)
			for _, s := range items {
				if strings.Contains(s, "gap: ") {
					t.Error(s)
				}
			}
		})
	}
}

// Without the password, that it is missing is told, and bytes are searched.
func TestOLESealed(t *testing.T) {
	for _, name := range []string{"sealed.doc", "sealed.xls", "agile.docx", "standard.docx", "sealed-libreoffice.docx"} {
		items := oleDecode(t, name, oleFixture(t, name), container.Options{}, 0)
		n := 0
		for _, s := range items {
			n += strings.Count(s, "gap: encrypted")
		}
		if n != 1 {
			t.Errorf("%s: %d gaps that say so", name, n)
		}
	}
}

// Whatever becomes of a file: nothing panics or takes long, and text that is
// still there in one piece is found.
func TestOLEDamaged(t *testing.T) {
	for _, name := range []string{"letter.doc", "clients.xls", "deck.ppt", "objects.doc", "sealed.doc", "sealed.xls", "sealed-libreoffice.docx", "embedded.doc", "letter.rtf", "charsets.rtf"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := oleFixture(t, name)
			d := container.Detect(All(oleOptions()), b[:min(len(b), container.HeadLen)], name)
			step := max(1, len(b)/200)
			if len(b) < 1<<10 {
				step = 1
			}
			if strings.HasPrefix(name, "sealed") { // passwords take time
				step = len(b) / 40
			}
			start := time.Now()
			n := 0
			for at := 0; at < len(b); at += step {
				c := slices.Clone(b)
				c[at] ^= 0xff
				for _, c := range [][]byte{b[:at], c} {
					n++
					oleDrain(t, *d, c)
				}
			}
			if took := time.Since(start); took > time.Duration(n)*200*time.Millisecond {
				t.Errorf("%d files in %v", n, took)
			}
		})
	}
}

// oleDrain reads all that comes of content, and returns how much that is.
func oleDrain(t testing.TB, d container.Decoder, content []byte) (n int64) {
	limits := container.DefaultLimits()
	limits.Bytes = 64 << 20
	b := container.NewBudget(limits, int64(len(content)))
	in := scanners.Item{Name: "x", Size: int64(len(content)), Body: bytes.NewReader(content)}
	for it, err := range d.Decode(t.Context(), in, b) {
		var g *scanners.Gap
		if err != nil && !errors.As(err, &g) {
			t.Fatalf("an error that is no gap: %v", err)
		}
		if it.Body != nil {
			k, _ := io.Copy(io.Discard, it.Body)
			n += k
		}
		if it.Block != nil {
			for row := range it.Block.Rows() {
				it.Block.Refs(row, "", 1)
			}
		}
	}
	return n
}

// No byte of a damaged file is lost: the text is found wherever it is cut.
func TestOLETruncated(t *testing.T) {
	for _, tt := range []struct{ name, text string }{
		{"letter.doc", "c\x00o\x00m\x00m\x00e\x00n\x00t\x00@\x00e\x00x\x00a\x00m\x00p\x00l\x00e\x00"},
		{"objects.doc", "note@example.be"},
	} {
		b := oleFixture(t, tt.name)
		at := bytes.Index(b, []byte(tt.text))
		if at < 0 {
			t.Fatalf("%s: no text", tt.name)
		}
		plain := strings.ReplaceAll(tt.text, "\x00", "")
		for cut := at + len(tt.text); cut < len(b); cut += 512 {
			ok := slices.ContainsFunc(oleDecode(t, tt.name, b[:cut], container.Options{}, 0), func(s string) bool {
				return strings.Contains(s, tt.text) || strings.Contains(s, plain)
			})
			if !ok {
				t.Errorf("%s: lost when cut at %d", tt.name, cut)
			}
		}
	}
}

func FuzzOLE(f *testing.F) {
	for _, name := range []string{"letter.doc", "clients.xls", "objects.doc", "sealed.doc", "sealed-libreoffice.docx", "embedded.doc"} {
		f.Add(oleFixture(f, name))
	}
	d := oleDecoder(oleOptions())
	f.Fuzz(func(t *testing.T, b []byte) { oleDrain(t, d, b) })
}

// FuzzOLEStream puts bytes where the streams of documents are.
func FuzzOLEStream(f *testing.F) {
	for _, name := range []string{"letter.doc", "clients.xls", "deck.ppt"} {
		b := oleFixture(f, name)
		c, err := openOLE(f.Context(), bytes.NewReader(b), int64(len(b)))
		if err != nil {
			f.Fatal(err)
		}
		for _, e := range c.entries {
			s, _ := io.ReadAll(c.open(e).reader())
			f.Add(e.name, s[:min(len(s), 32<<10)], s[:min(len(s), 1<<10)])
		}
	}
	d := oleDecoder(oleOptions())
	f.Fuzz(func(t *testing.T, name string, content, table []byte) {
		root := &oleEntry{kind: oleRoot}
		file := &oleFile{at: bytes.NewReader(append(slices.Clone(content), table...)), root: root}
		for i, n := range []string{name, "1Table", "Pictures"} {
			e := &oleEntry{name: n, kind: oleStreams, parent: root, extents: []oleExtent{{0, 0, int64(len(content))}}, length: int64(len(content))}
			if i > 0 {
				e.extents, e.length = []oleExtent{{0, int64(len(content)), int64(len(table))}}, int64(len(table))
			}
			root.children = append(root.children, e)
		}
		r, _ := oleExtract(file, root)
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		oleDrain(t, d, b)
	})
}

func FuzzRTF(f *testing.F) {
	f.Add(oleFixture(f, "letter.rtf"))
	f.Add(oleFixture(f, "charsets.rtf"))
	d := rtfDecoder(oleOptions())
	f.Fuzz(func(t *testing.T, b []byte) { oleDrain(t, d, b) })
}

func FuzzOLEProperties(f *testing.F) {
	f.Add([]byte("\xfe\xff\x00\x00"))
	b := oleFixture(f, "letter.doc")
	c, err := openOLE(f.Context(), bytes.NewReader(b), int64(len(b)))
	if err != nil {
		f.Fatal(err)
	}
	for _, e := range c.entries {
		if strings.HasPrefix(e.name, "\x05") {
			s, _ := io.ReadAll(c.open(e).reader())
			f.Add(s)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		fields, _ := oleProperties(b)
		n := 0
		for _, f := range fields {
			n += len(f.Value)
		}
		if n > 64*len(b)+1024 {
			t.Errorf("%d bytes of %d", n, len(b))
		}
	})
}

// biff returns the records of a workbook; data are strings, bytes and numbers
// of two bytes.
func biff(records ...any) []byte {
	var out, data []byte
	kind := -1
	end := func() {
		if kind >= 0 {
			out = append(out, byte(kind), byte(kind>>8), byte(len(data)), byte(len(data)>>8))
			out = append(out, data...)
		}
		data = nil
	}
	for _, r := range records {
		switch r := r.(type) {
		case int:
			end()
			kind = r
		case uint16:
			data = append(data, byte(r), byte(r>>8))
		case byte:
			data = append(data, r)
		case string:
			data = append(data, r...)
		}
	}
	end()
	return out
}

func TestBIFF(t *testing.T) {
	w := func(n ...uint16) (out []any) {
		for _, n := range n {
			out = append(out, n)
		}
		return out
	}
	join := func(parts ...[]any) []byte { return biff(slices.Concat(parts...)...) }
	for _, tt := range []struct {
		name    string
		content []byte
		want    []string
	}{
		{"excel 95, code page", join(
			[]any{0x0809}, w(0x0500, 5, 0, 0), []any{0x0042}, w(1250), []any{0x000a},
			[]any{0x0809}, w(0x0500, 0x10, 0, 0),
			[]any{0x0014, "\x0b&Cx@exam.be"},
			[]any{0x0204}, w(2, 1, 0), []any{"\x05\x00\xa3\xf3d\x9f!"},
			[]any{0x00d6}, w(2, 3, 0), []any{"\x03\x00abc\x00"},
			[]any{0x0006}, w(3, 0, 0, 0, 0, 0, 0xffff, 0, 0, 0, 0), []any{0x0207, "\x06\x00text \xb3"},
			[]any{0x027e}, w(3, 1, 0, 0x0007, 0), // 1 in hundredths
			[]any{0x001c}, w(2, 1, 4), []any{"note"},
			[]any{0x000a},
		), []string{"#sheet=sheet&cell=B3: Łódź!=Łódź! abc=abc", "#sheet=sheet&cell=A4: A=text ł Łódź!=0.01", "comment#sheet=sheet&cell=B3: note", "sheet: x@exam.be"}},
		{"excel 4", join(
			[]any{0x0409}, w(0, 0x10, 0), []any{0x0204}, w(0, 0, 0), []any{"\x03\x00Zo\xeb"}, []any{0x0203}, w(0, 1, 0, 0, 0, 0, 0x4008), []any{0x000a},
		), []string{"#sheet=sheet&cell=A1: A=Zoë B=3"}},
		{"excel 2", join(
			[]any{0x0009}, w(2, 0x10), []any{0x0004}, w(0, 0, 0), []any{"\x00\x03Zo\xeb"}, []any{0x0002}, w(0, 1, 0), []any{"\x00\x2a\x00"}, []any{0x000a},
		), []string{"#sheet=sheet&cell=A1: A=Zoë B=42"}},
		{"shared text over records", join(
			[]any{0x0809}, w(0x0600, 5, 0, 0, 0, 0, 0, 0),
			[]any{0x00fc}, w(2, 0, 2, 0, 6), []any{"\x00Zo\xebl", 0x003c, "\x01y\x00B\x01", "\x02\x00\x08\x01", 0x003c, "\x00ab", 0x003c, "\x00\x00\x00\x00"},
			[]any{0x000a}, []any{0x0809}, w(0x0600, 0x10, 0, 0, 0, 0, 0, 0),
			[]any{0x00fd}, w(0, 0, 0, 0, 0), []any{0x00fd}, w(0, 1, 0, 1, 0), []any{0x000a},
		), []string{"#sheet=sheet&cell=A1: Zoëlył=Zoëlył ab=ab"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := container.Detect(All(container.Options{}), tt.content, "x")
			if d == nil || d.Name != "xls" {
				t.Fatal("not known by its content")
			}
			items := decodedItems(t, *d, "x", tt.content)
			holding(t, items, tt.want...)
			for _, s := range items {
				if strings.HasPrefix(s, "gap") {
					t.Error(s)
				}
			}
			for at := range tt.content {
				c := slices.Clone(tt.content)
				c[at] ^= 0x55
				oleDrain(t, *d, c)
				oleDrain(t, *d, tt.content[:at])
			}
		})
	}
}

func TestOVBA(t *testing.T) {
	// The examples of [MS-OVBA], section 3.2.
	for in, want := range map[string]string{
		"\x01\x19\xb0\x00abcdefgh\x00ijklmnop\x00qrstuv.": "abcdefghijklmnopqrstuv.",
		"\x01\x03\xb0\x02a\x45\x00":                       strings.Repeat("a", 73),
		"\x02":                                            "",
		"\x01\xff\xbf\x01":                                "",
	} {
		if got := string(ovbaDecompress([]byte(in))); got != want {
			t.Errorf("%q", got)
		}
	}
}

func TestPageText(t *testing.T) {
	for in, want := range map[string]string{
		"&Chead@example.be":                       "head@example.be",
		`&L&"Arial,Bold"&12Zoë&C&P of &N&Rx && y`: "Zoë\n  of  \nx & y",
		"no codes":               "no codes",
		"&":                      "&",
		"&K01+000zoe@example.be": "zoe@example.be",
	} {
		if got := pageText(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// oleBuild returns a compound file of streams, by name.
func oleBuild(t testing.TB, streams ...string) []byte {
	t.Helper()
	root := &oleEntry{kind: oleRoot}
	all := &bytes.Buffer{}
	for i := 0; i < len(streams); i += 2 {
		n := int64(len(streams[i+1]))
		root.children = append(root.children, &oleEntry{
			name: streams[i], kind: oleStreams, parent: root, extents: []oleExtent{{0, int64(all.Len()), n}}, length: n,
		})
		all.WriteString(streams[i+1])
	}
	r, size := oleExtract(&oleFile{at: bytes.NewReader(all.Bytes())}, root)
	b, err := io.ReadAll(r)
	if err != nil || int64(len(b)) != size {
		t.Fatalf("%d bytes, %v; want %d", len(b), err, size)
	}
	return b
}

// What is written is read again, in tables of any length.
func TestOLEExtract(t *testing.T) {
	for _, size := range []int{0, 1, 63, 64, 4095, 4096, 5000, 60 << 10, 8 << 20} {
		long := strings.Repeat("0123456789abcdef", size/16+1)[:size]
		b := oleBuild(t, "long", long, "\x01a", "short", "Z", strings.Repeat("z", 700))
		f, err := openOLE(t.Context(), bytes.NewReader(b), int64(len(b)))
		if err != nil || f.damaged {
			t.Fatalf("%d: %v, %v", size, err, f)
		}
		got, err := io.ReadAll(f.open(f.root.stream("LONG")).reader())
		if err != nil && size > 0 || string(got) != long {
			t.Errorf("%d: %d bytes, %v", size, len(got), err)
		}
		if got, _ := io.ReadAll(f.open(f.root.stream("\x01a")).reader()); string(got) != "short" {
			t.Errorf("%q", got)
		}
	}
}

// What is not decoded is told, and searched.
func TestOLEUnread(t *testing.T) {
	for stream, want := range map[string]string{
		"VisioDocument": "gap: unsupported", "PP40": "gap: unsupported", "EncryptedSummary": "gap: encrypted", "\tDRMContent": "gap: encrypted",
	} {
		holding(t, oleDecode(t, "x", oleBuild(t, stream, "x@example.be"), container.Options{}, 0), want, "x@example.be")
	}
}

// What lies in no stream any more is searched.
func TestOLEUnused(t *testing.T) {
	b := append(oleFixture(t, "letter.doc"), "behind@example.be"...)
	holding(t, oleDecode(t, "x.doc", b, container.Options{}, 0), "unused space: ", "behind@example.be")
}

// The documents of Word 6.0 and 95 are in a code page, those before are not read.
func TestOLEWordOld(t *testing.T) {
	fib := func(ident, version, lang uint16, text string) string {
		b := make([]byte, 768)
		put := func(at int, n uint16) { b[at], b[at+1] = byte(n), byte(n>>8) }
		put(0, ident)
		put(2, version)
		put(6, lang)
		put(0x18, 768)
		put(0x1c, uint16(768+len(text)))
		put(0x34, uint16(len(text)-4))
		put(0x38, 4)
		return string(b) + text
	}
	for name, tt := range map[string]struct {
		content string
		want    []string
	}{
		"95":       {fib(0xa5dc, 104, 0x0419, "\xcc\xe0\xf0\xe8\xff\x07note"), []string{"body: Мария\t", "footnotes: note"}},
		"6":        {fib(0xa5dc, 101, 0x0413, "Zo\xeb \x13 LINK x@example.be \x14y\x15note"), []string{"body: Zoë   LINK x@example.be  y ", "footnotes: note"}},
		"2":        {fib(0xa5db, 45, 0, "x@example.be"), []string{"gap: unsupported", "x@example.be"}},
		"no table": {fib(0xa5ec, 0xc1, 0, "x@example.be"), []string{"gap: corrupt", "x@example.be"}},
		"cut":      {"\xec\xa5", []string{"WordDocument: \xec\xa5"}},
	} {
		holding(t, oleDecode(t, name, oleBuild(t, "WordDocument", tt.content), container.Options{}, 0), tt.want...)
	}
}

// Data that are obfuscated come back with the password ([MS-OFFCRYPTO], section
// 2.3.7): the check of a password as it is known from sheets' protection.
func TestXORVerifier(t *testing.T) {
	for password, want := range map[string]uint16{"VelvetSweatshop": 0x9a0a, "test": 0xcbeb, "a": 0xce88} {
		if got := xorVerifier([]byte(password)); got != want {
			t.Errorf("%s: %#x, want %#x", password, got, want)
		}
	}
}
