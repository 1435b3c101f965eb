package document

import (
	"bytes"
	"compress/zlib"
	"testing"

	"github.com/spoor-scan/spoor/scanners"
)

func TestOpaque(t *testing.T) {
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	if _, err := w.Write([]byte("some text that is compressed, at some length")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for head, want := range map[string]scanners.Reason{
		"%PDF-1.7\n":                      scanners.Unsupported,
		"7z\xbc\xaf\x27\x1c\x00\x04":      scanners.Unsupported,
		z.String():                        scanners.Unsupported,
		"Salted__\x01\x02":                scanners.Encrypted,
		"-----BEGIN PGP MESSAGE-----\n":   scanners.Encrypted,
		"":                                "",
		"hello":                           "",
		"x\x9c":                           "",
		"x^2 + y^2 = z^2, plain text":     "",
		"%PD":                             "",
		"-----BEGIN PGP PUBLIC KEY BLOCK": "",
	} {
		kind, reason, ok := Opaque([]byte(head))
		if ok != (want != "") || reason != want || ok == (kind == "") {
			t.Errorf("%q: %q, %q, %v; want %q", head, kind, reason, ok, want)
		}
	}
}
