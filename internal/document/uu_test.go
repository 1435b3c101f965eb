package document

import (
	"bytes"
	"slices"
	"testing"
)

// What uuencode of sharutils 4.15 makes of a line, and yEnc, within a text.
const uuText = "log\nbegin 644 zoe.txt\n7:&5R92!Z;V5`97AA;7!L92YB92!O:PH`\n`\nend\nrest\n"

func TestUU(t *testing.T) {
	yenc := func(s string) string {
		b := []byte(s)
		for i := range b {
			b[i] += 42
		}
		return "=ybegin line=128 size=20 name=y.txt\r\n" + string(b) + "\r\n=yend size=20\r\n"
	}
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"in a log", uuText, []string{": log\n", "uu1/zoe.txt= here zoe@example.be ok\n", ": rest\n"}},
		{"from the start", uuText[4:], []string{"uu1/zoe.txt= here zoe@example.be ok\n", ": rest\n"}},
		{"yEnc", "log\r\n" + yenc("mail luc@example.org"), []string{": log\r\n", "uu1/y.txt= mail luc@example.org"}},
		{"two", uuText + uuText, []string{": log\n", "uu1/zoe.txt= here zoe@example.be ok\n", ": rest\nlog\n", "uu2/zoe.txt= here zoe@example.be ok\n", ": rest\n"}},
		{"cut off", uuText[:60], []string{": log\n", "gap: corrupt uuencode: a file in the text without an end"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if !uuMatch([]byte(tt.text)) {
				t.Fatal("not recognised")
			}
			got := decodedItems(t, uuDecoder(), "x.txt", []byte(tt.text))
			for _, w := range tt.want {
				if !slices.Contains(got, w) {
					t.Errorf("no %q in %q", w, got)
				}
			}
		})
	}
	for _, s := range []string{"", "begin 644 now, we said\nand went on\n", "we begin 644 things\n", "x\nbegin\nbegin 9 x\n"} {
		if uuMatch([]byte(s)) {
			t.Errorf("taken: %q", s)
		}
	}
	for i := range len(uuText) {
		decodedItems(t, uuDecoder(), "x", []byte(uuText)[:i])
		b := bytes.Clone([]byte(uuText))
		b[i] ^= 0x55
		decodedItems(t, uuDecoder(), "x", b)
	}
}

func FuzzUU(f *testing.F) {
	f.Add([]byte(uuText))
	f.Add([]byte("=ybegin line=128 size=2 name=y\r\nab\r\n=yend size=2\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) { decodedItems(t, uuDecoder(), "x", data) })
}
