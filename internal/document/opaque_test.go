package document

import (
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
	} {
		kind, reason, ok := Opaque([]byte(head))
		if ok != (want != "") || reason != want || ok == (kind == "") {
			t.Errorf("%q: %q, %q, %v; want %q", head, kind, reason, ok, want)
		}
	}
}
