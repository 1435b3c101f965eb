package engine

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestKeysAt(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"a.json", `{"a":{"b":"X"}}`, "a.b"},
		{"a.json", `{"a": {"x": [1, {"q":"}"}], "b" : X}}`, "a.b"},
		{"a.json", `{"list":[{"z":1},{"b":"is X here"}]}`, "list.b"},
		{"a.json", `{"list":["y","X"]}`, "list"},
		{"a.json", `[[["X"]]]`, ""},
		{"a.json", `{"t":"she said \"no\": X"}`, "t"},
		{"a.json", `{"t":", X"}`, "t"},
		{"a.json", `{"bob@example.org":{"c":"X"}}`, "*.c"},
		{"a.json", `{"1234567":{"c":"X"}}`, "*.c"},
		{"a.json", `{"a":1}` + "\n" + `{"b":"X"}`, "b"},
		{"a.json", `{"a":"\\","b":"X"}`, "b"},
		{"", `{"a":"X"}`, "a"},
		{"", `X {"a":1}`, ""},
		{"a.xml", `<a><b c="d">e</b><f>X</f></a>`, "a.f"},
		{"a.xml", `<a><b c='1' d='X'/></a>`, "a.b.d"},
		{"a.xml", `<?xml version="1.0"?><a><ns:b><!-- n --><c/>X</ns:b></a>`, "a.b"},
		{"a.xml", `<row><field name="mail">X</field></row>`, "row.mail"},
		{"a.yaml", "a:\n  b:\n    - c: 1\n      d: X\n", "a.b.d"},
		{"a.yaml", "a:\n  b: X\n", "a.b"},
		{"a.env", "export MAIL=X", "MAIL"},
		{"a.ini", "[section]\nmail = X\n", "section.mail"},
		{"a.txt", "mail: X", ""},
	} {
		at := strings.Index(tt.text, "X")
		n := notationOf([]byte(tt.text), tt.name)
		if got := keyPath(n.keysAt([]byte(tt.text), at)); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.text, got, tt.want)
		}
	}
}

func FuzzKeysAt(f *testing.F) {
	for _, s := range []string{`{"a":{"b":"c"}}`, "<a b='c'>d</a>", "a:\n  b: c\n", `"\"`, "<", ">a</"} {
		f.Add(s, 5, uint8(0))
	}
	f.Fuzz(func(t *testing.T, s string, off int, n uint8) {
		for _, k := range notation(n%4).keysAt([]byte(s), off) {
			_ = keyPath([]string{k})
		}
	})
}

func TestLineCounter(t *testing.T) {
	text := []byte(strings.Repeat("line\nand another\n\n", 3000))
	for _, r := range []io.Reader{bytes.NewReader(text), iotest.OneByteReader(bytes.NewReader(text)), iotest.HalfReader(bytes.NewReader(text))} {
		l := &lineCounter{r: r}
		if _, err := io.Copy(io.Discard, struct{ io.Reader }{l}); err != nil {
			t.Fatal(err)
		}
		for _, off := range []int{0, 4, 5, 4095, 4096, 4097, 30000, len(text) - 1} {
			if got, want := l.at(int64(off), 0, text), int64(bytes.Count(text[:off], []byte{'\n'})); got != want {
				t.Errorf("line %d of the byte at %d, want %d", got, off, want)
			}
		}
		if got := l.at(5, 10, text); got >= 0 {
			t.Errorf("line %d of what is not in sight", got)
		}
	}
}

func TestCutLines(t *testing.T) {
	text := "a\nb\n\nd"
	for fragment, want := range map[string]string{
		"line=0,1": "a\n", "line=1,3": "b\n\n", "line=3": "d", "line=2,": "\nd", "line=,1": "a\n", "line=9,10": "", "line=1,1": "", "line=1,2;length=6": "b\n",
	} {
		from, to, ok := linesOf(fragment)
		if !ok {
			t.Errorf("%s is none", fragment)
			continue
		}
		for _, r := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text)), iotest.DataErrReader(strings.NewReader(text))} {
			if got, err := io.ReadAll(cutLines(context.Background(), r, from, to)); string(got) != want || err != nil {
				t.Errorf("%s: %q, %v; want %q", fragment, got, err, want)
			}
		}
	}
	for _, fragment := range []string{"", "line=x", "line=3,1", "line=-1", "page=3", "line=1,y"} {
		if _, _, ok := linesOf(fragment); ok {
			t.Errorf("%q names lines", fragment)
		}
	}
}
