package document

import (
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
	"testing/iotest"

	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

// csvRows reads a text and returns its columns and rows, "number@offset: cells".
func csvRows(t testing.TB, r io.Reader, name string) (columns []string, rows, texts []string) {
	t.Helper()
	for it, err := range CSV().Decode(context.Background(), scanners.Item{Name: name, Body: r}, container.NewBudget(container.DefaultLimits(), -1)) {
		if err != nil {
			t.Fatal(err)
		}
		if it.Block == nil {
			b, err := io.ReadAll(it.Body)
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, string(b))
			continue
		}
		b := it.Block
		if columns == nil {
			columns = b.Table.Columns
		}
		for row := range b.Rows() {
			var cells []string
			for col := range b.Table.Columns {
				v, _ := b.Cell(row, col)
				cells = append(cells, string(v))
			}
			ref := b.Refs(row, "", 1)
			rows = append(rows, fmt.Sprintf("%s@%d: %s", strings.TrimPrefix(ref.URI, "#row="), b.Origin(row), strings.Join(cells, "|")))
		}
	}
	return columns, rows, texts
}

func TestCSV(t *testing.T) {
	for _, tt := range []struct {
		name, file, text string
		columns          string
		rows             []string
	}{
		{"plain", "a.csv", "name,email\nZoë,zoe@example.be\n", "name email", []string{"1@0: name|email", "2@11: Zoë|zoe@example.be"}},
		{"no line end at the end", "a.csv", "name,email\r\nZoë,zoe@example.be", "name email", []string{"1@0: name|email", "2@12: Zoë|zoe@example.be"}},
		{"mark", "a.csv", "\ufeffname;email\nZoë;zoe@example.be\n", "name email", []string{"1@3: name|email", "2@14: Zoë|zoe@example.be"}},
		{"sep", "a.csv", "sep=;\r\nname;note\r\nZoë;a, b, c\r\n", "name note", []string{"1@7: name|note", "2@18: Zoë|a, b, c"}},
		{"lines in cells", "a.csv", "name,address,city\n\"Zoë\",\"Genutstraat 35\r\nbus 2\",Bilzen\nBob,,\n", "name address city", []string{
			"1@0: name|address|city", "2@18: Zoë|Genutstraat 35\r\nbus 2|Bilzen", "3@56: Bob||",
		}},
		{"doubled", "a.csv", "name,note\nZoë,\"says \"\"hi\"\", and\"\n", "name note", []string{"1@0: name|note", "2@10: Zoë|says \"hi\", and"}},
		{"backslash", "a.csv", "name,note\nZoë,\"says \\\"hi\\\", and\"\nBob,\"x \\\"y\\\" z\"\n", "name note", []string{"1@0: name|note", "2@10: Zoë|says \"hi\", and", "3@34: Bob|x \"y\" z"}},
		{"stray quote", "a.csv", "name,note\nZoë,\"5\" pipe\"\nBob,6\" pipe\n", "name note", []string{"1@0: name|note", "2@10: Zoë|5\" pipe", "3@25: Bob|6\" pipe"}},
		{"never closed", "a.csv", "name,note\nZoë,\"open\nBob,x\nAnn,y\n", "name note", []string{"1@0: name|note", "2@10: Zoë|\"open", "3@21: Bob|x", "4@27: Ann|y"}},
		{"ragged", "a.csv", "name,email\nZoë\nBob,b@example.org,extra\nAnn,a@example.org\n", "name email", []string{
			"1@0: name|email", "2@11: Zoë|", "3@16: Bob|b@example.org|extra", "4@40: Ann|a@example.org",
		}},
		{"comments and empty lines", "a.csv", "# made by, a program\n\nname,email\n\nZoë,zoe@example.be\n", "name email", []string{
			"1@0: # made by| a program", "3@22: name|email", "5@34: Zoë|zoe@example.be",
		}},
		{"no header", "a.csv", "Zoë;Van den Broeck;Bilzen\nBob;Janssens;Gent\n", "1 2 3", []string{"1@0: Zoë|Van den Broeck|Bilzen", "2@27: Bob|Janssens|Gent"}},
		{"tabs", "export", "id\tuser\temail\n1\tzoevdb\tzoe@example.be\n2\tbob\tbob@example.org\n", "id user email", []string{
			"1@0: id|user|email", "2@14: 1|zoevdb|zoe@example.be", "3@38: 2|bob|bob@example.org",
		}},
		{"old Macintosh", "a.csv", "name,email\rZoë,zoe@example.be\rBob,\"a\rb\"\r", "name email", []string{"1@0: name|email", "2@11: Zoë|zoe@example.be", "3@31: Bob|a\rb"}},
		{"names in Windows-1252", "a.csv", "pr\xe9nom;email\nZo\xeb;zoe@example.be\n", "prénom email", []string{"1@0: pr\xe9nom|email", "2@13: Zo\xeb|zoe@example.be"}},
		{"spaces before quotes", "a.csv", "name, email\n\"Zoë\", \"zoe@example.be\"\n", "name email", []string{"1@0: name| email", "2@12: Zoë|zoe@example.be"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, r := range []io.Reader{strings.NewReader(tt.text), iotest.OneByteReader(strings.NewReader(tt.text)), iotest.DataErrReader(strings.NewReader(tt.text))} {
				if !CSV().Match([]byte(tt.text), tt.file) {
					t.Fatal("not recognised")
				}
				columns, rows, texts := csvRows(t, r, tt.file)
				if got := strings.Join(columns, " "); got != tt.columns {
					t.Errorf("columns %q, want %q", got, tt.columns)
				}
				if !slices.Equal(rows, tt.rows) || len(texts) > 0 {
					t.Errorf("rows\n%q, want\n%q", rows, tt.rows)
				}
			}
		})
	}
}

// TestCSVCharsets leads rows back to the bytes of other charsets.
func TestCSVCharsets(t *testing.T) {
	text := "name;email\n" + strings.Repeat("山田太郎です;taro@example.org\n", 20)
	for name, b := range map[string][]byte{
		"utf-16":    encoded(t, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), text),
		"shift_jis": encoded(t, japanese.ShiftJIS, text),
	} {
		c, ok := CharsetOf(b)
		if !ok {
			t.Fatal(name)
		}
		var r io.Reader = bytes.NewReader(b)
		if name == "utf-16" { // as the engine does
			r = NewText(r, c)
		}
		_, rows, _ := csvRows(t, r, "a.csv")
		at := bytes.Index(b[30:], encoded(t, c.encoder(), "山田")) + 30
		if len(rows) != 21 || !strings.Contains(rows[2], ": 山田太郎です|taro@example.org") || !strings.HasPrefix(rows[2], fmt.Sprintf("3@%d:", at)) {
			t.Errorf("%s: %q, want at %d", name, rows, at)
		}
	}
}

func TestCSVMatch(t *testing.T) {
	log := strings.Repeat("2026-11-02 12:00:01,123 INFO [main] user zoe@example.be, logged in, from 198.51.100.23\n", 30)
	for _, tt := range []struct {
		name, file, text string
		want             bool
	}{
		{"log", "app.log", log, false},
		{"log without a name", "", log, false},
		{"log with bars", "", strings.Repeat("2026-11-02 12:00:01|INFO|main|user zoe@example.be|logged in\n", 30), false},
		{"access log", "access", strings.Repeat("198.51.100.23 - - [02/Nov/2026:12:00:01 +0100] \"GET / HTTP/1.1\" 200 12 \"-\" \"Mozilla/5.0 (X11; Linux)\"\n", 30), false},
		{"letter", "letter.txt", "Dear Zoë,\n\nthank you, indeed, for your letter.\nYours, truly,\nBob\n", false},
		{"list in a letter", "letter.txt", "apples, pears, plums\noranges, kiwis, grapes\nnuts, figs, dates\n", false},
		{"code", "a.go", "a,b,c\nd,e,f\ng,h,i\nname,email,phone\n", false},
		{"code without a name", "", "foo(a,b,c);\nbar(d,e,f);\nbaz(g,h,i);\nx(1,2,3);\ny(1,2,3);\n", false},
		{"makefile", "Makefile", "all:\n\tgo build\n\tgo test\n\tgo vet\n\tmake\n\tx\n", false},
		{"passwd", "passwd", "root:x:0:0:root:/root:/bin/bash\nzoe:x:1000:1000:Zoë,,,:/home/zoe:/bin/bash\n", false},
		{"markdown", "x.txt", "| name | email | x |\n|---|---|---|\n| Zoë | zoe@example.be | 1 |\n", false},
		{"psql", "x.txt", " id | name | email\n----+------+-------\n 1 | Zoë | zoe@example.be\n", false},
		{"json", "x.csv", "{\"a\":1,\"b\":2}\n", false},
		{"binary", "x.csv", "a,b\x00c\n", false},
		{"vcard", "", "BEGIN:VCARD\nN:Broeck;Zoë;;;\nEND:VCARD\n", false},
		{"one column", "x.csv", "email\nzoe@example.be\n", false},
		{"export without ending", "clients", "customer_id,name,email\nK-1,Zoë,zoe@example.be\nK-2,Bob,bob@example.org\n", true},
		{"no header, no ending", "", strings.Repeat("1;Zoë;zoe@example.be;Bilzen;3740\n", 6), true},
		{"header only", "x.csv", "name,email\n", true},
		{"W3C log", "x.txt", "#Version: 1.0\n#Fields: date time\n2026-11-02 12:00\n", false},
	} {
		if got := CSV().Match([]byte(tt.text)[:min(len(tt.text), 4096)], tt.file); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

// TestCSVNotCode has the sources of this program: none of them is a table.
func TestCSVNotCode(t *testing.T) {
	files, err := filepath.Glob("../*/*.go")
	if err != nil || len(files) < 50 {
		t.Fatal(len(files), err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for at := 0; at < len(b); at += 4096 {
			part := b[at:min(len(b), at+4096)]
			if k := bytes.IndexByte(part, '\n'); k >= 0 && CSV().Match(part[k+1:], "") {
				t.Errorf("%s at %d is taken for a table", f, at+k+1)
			}
		}
	}
}

// TestCSVLong has a row that is not held, and quotes that make many rows look
// like one.
func TestCSVLong(t *testing.T) {
	text := "name,note\nZoë," + strings.Repeat("x", 9<<20) + "zoe@example.be\nBob,y\n"
	_, rows, texts := csvRows(t, strings.NewReader(text), "a.csv")
	if len(rows) != 2 || rows[1] != fmt.Sprintf("3@%d: Bob|y", len(text)-6) || len(texts) != 1 || !strings.HasSuffix(texts[0], "zoe@example.be\n") {
		t.Errorf("%d rows, %d texts, %q", len(rows), len(texts), rows[len(rows)-1])
	}
	text = "name,note\n" + strings.Repeat("Zoë,\"open\n", 1<<20)
	_, rows, _ = csvRows(t, strings.NewReader(text+"x\n"), "a.csv")
	n := 0
	for _, r := range rows {
		n += strings.Count(r, "Zoë")
	}
	if n != 1<<20 {
		t.Errorf("%d of the rows", n)
	}
}

func TestCSVFindRow(t *testing.T) {
	text := "name,email\nZoë,zoe@example.be\nBob,bob@example.org\n"
	find := func(fragment string) (scanners.Item, error) {
		items := CSV().Decode(context.Background(), scanners.Item{Name: "a.csv", Body: strings.NewReader(text)}, nil)
		return FindRow(context.Background(), items, fragment, nil)
	}
	it, err := find("#row=3")
	if err != nil || it.Block == nil {
		t.Fatal(err)
	}
	if v, _ := it.Block.Cell(0, 1); string(v) != "bob@example.org" || it.Block.Rows() != 1 {
		t.Errorf("%q", v)
	}
	var g *scanners.Gap
	if _, err := find("#row=9"); !errors.As(err, &g) || g.Reason != scanners.Vanished {
		t.Error(err)
	}
}

func FuzzCSV(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "sep=;\na;b\n", "a,\"b\nc\"\nd,\"e\n", "a\tb\r\nc\td", "x,\"y\"\"z\",\"\n"} {
		f.Add([]byte(s), uint8(0))
	}
	f.Fuzz(func(t *testing.T, b []byte, way uint8) {
		var r io.Reader = bytes.NewReader(b)
		if way&1 != 0 {
			r = iotest.OneByteReader(r)
		}
		CSV().Match(b[:min(len(b), 4096)], "")
		_, rows, texts := csvRows(t, r, "a.csv")
		// Nothing but delimiters, quotes, spaces and line ends may go.
		all := strings.Join(texts, "")
		for _, row := range rows {
			_, cells, _ := strings.Cut(row, ": ")
			all += cells
		}
		if _, ok := CharsetOf(b[:min(len(b), 4096)]); ok {
			return
		}
		letters := func(s []byte) (n int) {
			for _, c := range s {
				if c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80 {
					n++
				}
			}
			return n
		}
		skip := 0
		if bytes.HasPrefix(b, []byte("\xef\xbb\xbf")) {
			skip = 3
		}
		if bytes.Contains(b[:min(len(b), 16)], []byte("sep=")) {
			skip += 4
		}
		if got, want := letters([]byte(all)), letters(b); got < want-skip || got > want {
			t.Fatalf("%d of %d letters: %q", got, want, all)
		}
	})
}

func BenchmarkCSV(b *testing.B) {
	for _, x := range []struct{ name, row string }{
		{"plain", "104711,Zoë Van den Broeck,zoe@example.be,+32 470 12 34 56,Genutstraat 35,3740,Bilzen,1985-07-30\n"},
		{"quoted", "\"104711\",\"Zoë Van den Broeck\",\"zoe@example.be\",\"+32 470 12 34 56\",\"Genutstraat 35\",\"3740\",\"Bilzen\"\n"},
	} {
		b.Run(x.name, func(b *testing.B) {
			text := []byte(strings.Repeat(x.row, 64<<20/len(x.row)))
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				for _, err := range CSV().Decode(context.Background(), scanners.Item{Name: "a.csv", Body: bytes.NewReader(text)}, nil) {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

func BenchmarkCSVMatch(b *testing.B) {
	source, err := os.ReadFile("csv.go")
	if err != nil {
		b.Fatal(err)
	}
	for name, text := range map[string]string{
		"prose":   strings.Repeat("Dear Zoë, thank you for your letter; we shall answer it, soon.\nIn the meantime, please be patient.\n", 80),
		"log":     strings.Repeat("2026-11-02 12:00:01,123 INFO user zoe@example.be, logged in, from 198.51.100.23\n", 80),
		"code":    string(source),
		"objects": strings.Repeat("{\"a\":1,\"b\":2}\n", 300),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				CSV().Match([]byte(text)[:4096], "letter.txt")
			}
		})
	}
}
