package document

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

// The files in testdata/mail were made with openssl 3.0: "smime -sign -nodetach"
// and "cms -sign -nodetach", with -stream where the name says so, "cms -encrypt",
// and "cms -sign -binary" in DER and PEM. The key was thrown away.

func cmsFile(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "mail", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestMailSMIME(t *testing.T) {
	for name, want := range map[string]string{
		"smime-signed.eml": "", "smime-signed-streamed.eml": "", "smime-encrypted.eml": "encrypted", "smime-signed-encrypted.eml": "encrypted",
	} {
		got, gaps := outlookRead(t, Mail(), cmsFile(t, name))
		outlookWant(t, got, "|From|zoe@example.be")
		if want == "" {
			outlookWant(t, got, "|body|Zoë, please pay to "+mailIBAN, "!/1.2/list.csv||name;iban\nZoe;"+mailIBAN, "|certificates|")
		}
		if len(gaps) > 1 || len(gaps) == 1 != (want != "") || want != "" && !strings.HasPrefix(gaps[0], want) {
			t.Errorf("%s: gaps %q", name, gaps)
		}
	}
}

// cmsDER writes an element of a definite length, or one that ends in a mark.
func cmsDER(tag byte, open bool, parts ...[]byte) []byte {
	body := slices.Concat(parts...)
	if open {
		return slices.Concat([]byte{tag | 0x20, 0x80}, body, []byte{0, 0})
	}
	n := len(body)
	if n < 0x80 {
		return append([]byte{tag, byte(n)}, body...)
	}
	return append([]byte{tag, 0x83, byte(n >> 16), byte(n >> 8), byte(n)}, body...)
}

// cmsBuild wraps content of a type.
func cmsBuild(kind string, open bool, strings ...[]byte) []byte {
	octets := cmsDER(0x04, false, strings...)
	if len(strings) > 1 {
		var inner [][]byte
		for _, s := range strings {
			inner = append(inner, cmsDER(0x04, false, s))
		}
		octets = cmsDER(0x24, open, inner...)
	}
	return cmsDER(0x30, open, cmsDER(6, false, []byte(kind)), cmsDER(0xa0, open, cmsDER(
		0x30, open, cmsDER(2, false, []byte{1}), cmsDER(0x31, open),
		cmsDER(0x30, open, cmsDER(6, false, []byte(cmsOID+"\x01")), cmsDER(0xa0, open, octets)),
		[]byte("behind"),
	)))
}

func TestCMS(t *testing.T) {
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	_, _ = w.Write([]byte(strings.Repeat("x", 5000) + mailIBAN))
	_ = w.Close()
	long := []byte(strings.Repeat("y", 70_000) + mailIBAN)
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"file", cmsFile(t, "invoice.xml.p7m"), "<IBAN>" + mailIBAN},
		{"PEM", cmsFile(t, "invoice.xml.pem.p7m"), "<IBAN>" + mailIBAN},
		{"base64", []byte(base64.StdEncoding.EncodeToString(cmsFile(t, "invoice.xml.p7m"))), "<IBAN>" + mailIBAN},
		{"detached", cmsFile(t, "detached.p7s"), "Zoe Van den Broeck"},
		{"one string", cmsBuild(cmsSigned, false, long), mailIBAN},
		{"strings", cmsBuild(cmsSigned, false, []byte("BE685390"), []byte("07547034")), mailIBAN},
		{"strings without a length", cmsBuild(cmsSigned, true, []byte("BE685390"), nil, []byte("07547034")), mailIBAN},
		{"compressed", cmsBuild(cmsCompressed, true, z.Bytes()[:20], z.Bytes()[20:]), "xxx" + mailIBAN},
		{"behind", cmsBuild(cmsSigned, true, long), "behind"},
	} {
		if !CMS().Match(c.data[:min(len(c.data), 512)], "x") {
			t.Errorf("%s: not recognised", c.name)
		}
		got, gaps := outlookRead(t, CMS(), c.data)
		if !mailHas(got, c.want) || len(gaps) > 0 {
			t.Errorf("%s: gaps %q", c.name, gaps)
		}
	}
	for _, s := range []string{"", "MII", "0\x82", "MIME-Version: 1.0\n", "-----BEGIN CERTIFICATE-----\n", "0\x84\xff\xff\xff\xff\x06\xff"} {
		if CMS().Match([]byte(s), "smime.p7m") {
			t.Errorf("%q: taken", s)
		}
	}
	name := ""
	for it, err := range CMS().Decode(context.Background(), scanners.Item{Name: "invoice.xml.p7m", Body: bytes.NewReader(cmsFile(t, "invoice.xml.p7m"))}, container.NewBudget(container.DefaultLimits(), -1)) {
		if err == nil && it.Name != "" {
			name = it.Name
		}
	}
	if name != "invoice.xml" {
		t.Errorf("name %q", name)
	}
}

func TestCMSMangled(t *testing.T) {
	for _, data := range [][]byte{cmsBuild(cmsSigned, true, []byte("one"), []byte("two")), cmsBuild(cmsCompressed, false, []byte("one")), cmsFile(t, "invoice.xml.pem.p7m"), cmsFile(t, "smime-signed.eml")} {
		d := CMS()
		if bytes.HasPrefix(data, []byte("To:")) {
			d = Mail()
		}
		outlookMangle(t, d, data, 1)
	}
	// Cut off, what there is of the content is not lost.
	data := cmsBuild(cmsSigned, false, []byte(mailIBAN+strings.Repeat("x", 1000)))
	got, gaps := outlookRead(t, CMS(), data[:200])
	if !mailHas(got, mailIBAN) || !mailHas(gaps, "corrupt") {
		t.Errorf("gaps %q", gaps)
	}
	deep := []byte("x")
	for range 1000 {
		deep = cmsDER(0x24, true, deep)
	}
	outlookRead(t, CMS(), cmsBuild(cmsSigned, true, deep, deep))
}

func FuzzCMS(f *testing.F) {
	f.Add(cmsBuild(cmsSigned, true, []byte("one"), []byte("two")))
	f.Add(cmsBuild(cmsCompressed, false, []byte("one")))
	f.Add(cmsFile(f, "invoice.xml.pem.p7m"))
	f.Fuzz(func(t *testing.T, data []byte) {
		b := container.NewBudget(container.DefaultLimits(), -1)
		for it, err := range CMS().Decode(context.Background(), scanners.Item{Name: "x.p7m", Body: bytes.NewReader(data)}, b) {
			var g *scanners.Gap
			if err != nil && !errors.As(err, &g) {
				t.Fatal(err)
			}
			if err == nil {
				_, _ = io.Copy(io.Discard, it.Body)
			}
		}
	})
}
