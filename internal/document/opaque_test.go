package document

import (
	"errors"
	"strings"
	"testing"

	"github.com/spoor-scan/spoor/scanners"
)

func TestOpaque(t *testing.T) {
	for head, want := range map[string]scanners.Reason{
		"PGDMP\x01":                       scanners.Unsupported,
		"Salted__\x01\x02":                scanners.Encrypted,
		"-----BEGIN PGP MESSAGE-----\n":   scanners.Encrypted,
		"":                                "",
		"hello":                           "",
		"x\x9c":                           "",
		"x^2 + y^2 = z^2, plain text":     "",
		"%PD":                             "",
		"-----BEGIN PGP PUBLIC KEY BLOCK": "",
		"ORC is a word of this text":      "",
		"\x85\x02\x0c\x03" + "12345678" + "\x01\x10\x00\x00\x00": scanners.Encrypted, // gpg -e
		"\x8c\x0d\x04\x09\x03\x08" + "saltsalt" + "\x60\xd2\x00": scanners.Encrypted, // gpg -c
		"\xc3\x1e\x04\x07\x03\x08" + "saltsalt" + "\x60\xd2\x00": scanners.Encrypted,
		"\x85 is an ellipsis in windows-1252":                    "",
		"\x84Guten Tag\x93, sagte Z\xf6\xe9":                     "",
		"\x00\x01\x00\x00Standard Jet DB\x00\x01":                scanners.Unsupported,
		"\x03\xd9\xa2\x9a\x67\xfb\x4b\xb5":                       scanners.Encrypted,
		"\x1f\x2b-lh5-" + strings.Repeat("x", 20):                scanners.Unsupported,
		"a list: -lh5-like options of a program, in words":       "",
		strings.Repeat("\x00", 4096):                             "",
		strings.Repeat("\x00", 510) + "\x55\xaa":                 scanners.Unsupported,
	} {
		kind, reason, ok := Opaque([]byte(head))
		if ok != (want != "") || reason != want || ok == (kind == "") {
			t.Errorf("%q: %q, %q, %v; want %q", head, kind, reason, ok, want)
		}
	}
}

func TestMedia(t *testing.T) {
	for head, want := range map[string]bool{
		"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00": true,
		"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00": false,
		"ID3\x03\x00":                  true,
		"\xff\xfb\x90\x64":             true,
		"\xff\xf1\x50\x80":             true,
		"\xff\xfeH\x00i\x00":           false, // UTF-16
		"\xff\xd8\xff\xe0":             false,
		"\xff\xff\xff\xff":             false,
		"RIFF\x00\x00\x00\x00WAVEfmt ": true,
		"ID3 is a form of tags":        false,
		"":                             false,
	} {
		if isMedia([]byte(head)) != want {
			t.Errorf("%q: %v", head, !want)
		}
	}
	d := mediaDecoder()
	n := 0
	for it, err := range d.Decode(t.Context(), scanners.Item{Size: 5, Body: strings.NewReader("ID3\x03x")}, nil) {
		var x *scanners.Exclusion
		if n++; err != nil && !errors.As(err, &x) || err == nil && !(it.Text && it.Verbatim) {
			t.Errorf("%+v, %v", it, err)
		}
	}
	if n != 2 {
		t.Errorf("%d items", n)
	}
}
