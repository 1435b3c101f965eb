package document

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

// mailIBAN is planted in the mails.
const mailIBAN = "BE68539007547034"

type mailGot struct {
	field, step, section, name string
	text                       bool
	body                       string
}

// mailRead decodes data and, as the engine does, the mails in it.
func mailRead(t testing.TB, d container.Decoder, data io.Reader, depth int) (got []mailGot, gaps []scanners.Reason) {
	t.Helper()
	b := container.NewBudget(container.DefaultLimits(), -1)
	for it, err := range d.Decode(context.Background(), scanners.Item{Name: "message.eml", Size: -1, Body: data}, b) {
		var g *scanners.Gap
		if errors.As(err, &g) {
			gaps = append(gaps, g.Reason)
			if g.Units != 0 {
				t.Errorf("gap with %d units", g.Units)
			}
			continue
		}
		if err != nil {
			t.Fatalf("decode: %v", err)
		}
		body, err := io.ReadAll(it.Body)
		if err != nil {
			t.Fatalf("read %q %q: %v", it.Field, it.Step, err)
		}
		g1 := mailGot{it.Field, it.Step, it.Section, it.Name, it.Text, string(body)}
		got = append(got, g1)
		if !it.Text && strings.HasSuffix(it.Name, ".eml") && depth < 5 {
			sub, more := mailRead(t, Mail(), bytes.NewReader(body), depth+1)
			for _, s := range sub {
				if s.section != "" {
					s.section = it.Section + "." + s.section
				}
				if s.step != "" {
					s.step = it.Step + "!/" + s.step
				}
				got = append(got, s)
			}
			gaps = append(gaps, more...)
		}
	}
	return got, gaps
}

// mailSees reports whether want is in a decoded leaf: not only in the raw text
// of a nested message.
func mailSees(got []mailGot, want string) bool {
	for _, g := range got {
		if strings.Contains(g.body, want) {
			return true
		}
	}
	return false
}

func mailB64(s string) string {
	e := base64.StdEncoding.EncodeToString([]byte(s))
	var b strings.Builder
	for len(e) > 76 {
		b.WriteString(e[:76] + "\r\n")
		e = e[76:]
	}
	return b.String() + e + "\r\n"
}

func mailCRLF(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

const mailHead = "From: Zoe <zoe@example.be>\nTo: shop@example.org\nSubject: order\nDate: Sun, 22 Nov 2026 10:00:00 +0100\nMIME-Version: 1.0\n"

type mailCase struct {
	name string
	data string
	want []string // found; the IBAN where empty
	gaps []scanners.Reason
}

func mailCases() []mailCase {
	plain := "pay to " + mailIBAN + " please\n"
	enc := func(e interface {
		Bytes([]byte) ([]byte, error)
	}, s string,
	) string {
		b, err := e.Bytes([]byte(s))
		if err != nil {
			panic(err)
		}
		return string(b)
	}
	deep := func(n int) string {
		var b strings.Builder
		b.WriteString(mailHead)
		for i := range n {
			fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
		}
		b.WriteString("Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n" + mailB64(plain))
		for i := n - 1; i >= 0; i-- {
			fmt.Fprintf(&b, "\n--b%d--\n", i)
		}
		return b.String()
	}
	many := func(n int) string {
		var b strings.Builder
		b.WriteString(mailHead + "Content-Type: multipart/mixed; boundary=b\n\n")
		for i := range n {
			fmt.Fprintf(&b, "--b\nContent-Type: text/plain\n\npart %d\n", i)
		}
		b.WriteString("--b\n\n" + plain + "--b--\n")
		return b.String()
	}
	part := mailB64(plain)
	uu := "begin 644 note.txt\n" + mailUUEncode(plain) + "`\nend\n"
	nested := mailHead + "Content-Type: multipart/mixed; boundary=inner\n\n--inner\n\ntext\n--inner\nContent-Type: application/octet-stream; name=x.bin\nContent-Transfer-Encoding: base64\n\n" + part + "--inner--\n"
	corrupt := []scanners.Reason{scanners.Corrupt}
	encrypted := []scanners.Reason{scanners.Encrypted}
	unsupported := []scanners.Reason{scanners.Unsupported}
	return []mailCase{
		{name: "plain", data: mailHead + "\n" + plain},
		{name: "header line without colon", data: "From: a@example.be\nthis is no field\nSubject: x\nContent-Transfer-Encoding: base64\n\n" + part, want: []string{mailIBAN, "this is no field"}},
		{name: "two header lines without colon", data: "From: a@example.be\nthis is no field\nnor is this\nSubject: x\nContent-Transfer-Encoding: base64\n\n" + part, want: []string{mailIBAN, "this is no field", "nor is this"}},
		{name: "no empty line behind the header", data: "From: a@example.be\nSubject: x\n" + plain + "and more text\nand more\n", want: []string{mailIBAN, "and more\n"}},
		{name: "mbox line first", data: "From zoe@example.be Sun Nov 22 10:00:00 2026\n" + mailHead + "Content-Transfer-Encoding: base64\n\n" + part, want: []string{mailIBAN, "From zoe@example.be"}},
		{name: "quoted mbox line first", data: ">From zoe@example.be Sun Nov 22 10:00:00 2026\n" + mailHead + "Content-Transfer-Encoding: base64\n\n" + part},
		{name: "empty lines first", data: "\r\n\n" + mailHead + "Content-Transfer-Encoding: base64\n\n" + part},
		{name: "byte order mark first", data: "\xef\xbb\xbf" + mailHead + "Content-Transfer-Encoding: base64\n\n" + part},
		{name: "header of 3 MB", data: mailHead + "To: " + strings.Repeat("x@example.org,\n ", 200_000) + "BE68 last@example.be\nContent-Transfer-Encoding: base64\n\n" + part, want: []string{mailIBAN, "last@example.be", "x@example.org, x@example.org"}},
		{name: "header of 3 MB on one line", data: mailHead + "X-Long: " + strings.Repeat("word ", 600_000) + "last@example.be\nContent-Transfer-Encoding: base64\n\n" + part, want: []string{mailIBAN, "last@example.be"}},
		{name: "header of 3 MB in fields", data: mailHead + strings.Repeat("X-A: something short\n", 150_000) + "X-Z: last@example.be\nContent-Transfer-Encoding: base64\n\n" + part, want: []string{mailIBAN, "last@example.be"}},
		{name: "header of 17 MB", data: mailHead + strings.Repeat("X-A: "+strings.Repeat("y", 994)+"\n", 17_000) + "X-Z: " + mailIBAN + "\n\n" + plain, gaps: []scanners.Reason{scanners.TooLarge}},
		{name: "field of 17 MB", data: mailHead + "X-A: " + strings.Repeat("y", 17<<20) + "\nX-Z: " + mailIBAN + "\n\n" + plain, gaps: []scanners.Reason{scanners.TooLarge}},
		{name: "type without a slash", data: mailHead + "Content-Type: text plain foo;\n\n" + plain},
		{name: "type without a slash on a multipart", data: mailHead + "Content-Type: garbage\n\n--b\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\n" + part + "--b--\n"},
		{name: "no type on a multipart", data: mailHead + "\n--b\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\n" + part + "--b--\n"},
		{name: "two types", data: mailHead + "Content-Type: text/plain\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Transfer-Encoding: base64\n\n" + part + "--b--\n"},
		{name: "two types with two boundaries", data: mailHead + "Content-Type: multipart/mixed; boundary=a\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Transfer-Encoding: base64\n\n" + part + "--b--\n"},
		{name: "multipart without boundary", data: mailHead + "Content-Type: multipart/mixed\n\n--xyz\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\n" + part + "\n--xyz--\n"},
		{name: "multipart with wrong boundary", data: mailHead + "Content-Type: multipart/mixed; boundary=right\n\n--wrong\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\n" + part + "\n--wrong--\n"},
		{name: "inner multipart with wrong boundary", data: mailHead + "Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/alternative; boundary=right\n\n--wrong\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\n" + part + "\n--wrong--\n--o\n\nSECOND\n--o--\n", want: []string{mailIBAN, "SECOND"}},
		{name: "multipart without any delimiter", data: mailHead + "Content-Type: multipart/mixed; boundary=b\n\n" + plain, gaps: corrupt},
		{name: "no final boundary", data: mailHead + "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Transfer-Encoding: base64\n\n" + strings.TrimRight(part, "\r\n")},
		{name: "inner multipart without final boundary", data: mailHead + "Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/alternative; boundary=i\n\n--i\n\nfirst\n--o\nContent-Transfer-Encoding: base64\n\n" + part + "--o--\n"},
		{name: "preamble and epilogue", data: mailHead + "Content-Type: multipart/mixed; boundary=b\n\nPRE" + mailIBAN + "\n--b\n\nx\n--b--\nEPI" + mailIBAN + "\n", want: []string{"PRE" + mailIBAN, "EPI" + mailIBAN}},
		{name: "boundary that starts another", data: mailHead + "Content-Type: multipart/mixed; boundary=abc\n\n--abc\nContent-Type: multipart/mixed; boundary=abcdef\n\n--abcdef\n\nONE\n--abcdef\nContent-Transfer-Encoding: base64\n\n" + part + "--abcdef--\n--abc\n\nTWO\n--abc--\n", want: []string{mailIBAN, "ONE", "TWO"}},
		{name: "white space behind boundary", data: mailHead + "Content-Type: multipart/mixed; boundary=\"b\"\n\n--b \t \nContent-Transfer-Encoding: base64\n\n" + part + "--b-- \t\nEPI\n", want: []string{mailIBAN, "EPI"}},
		{name: "boundary with spaces unquoted", data: mailHead + "Content-Type: multipart/mixed; boundary=a b c\n\n--a b c\nContent-Transfer-Encoding: base64\n\n" + part + "--a b c--\n"},
		{name: "boundary with quote never closed", data: mailHead + "Content-Type: multipart/mixed; boundary=\"abc\n\n--abc\nContent-Transfer-Encoding: base64\n\n" + part + "--abc--\n"},
		{name: "same boundary inside", data: mailHead + "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Transfer-Encoding: base64\n\n" + part + "--b--\n--b\n\nTWO\n--b--\n", want: []string{mailIBAN, "TWO"}},
		{name: "semicolon missing", data: mailHead + "Content-Type: multipart/mixed boundary=b\n\n--b\nContent-Transfer-Encoding: base64\n\n" + part + "--b--\n"},
		{name: "no header at all", data: "just text, " + mailIBAN + "\nand more\n"},
		{name: "empty", data: "", want: []string{}},
		{name: "bare CR", data: strings.ReplaceAll(mailHead+"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Transfer-Encoding: base64\n\n"+strings.ReplaceAll(part, "\r\n", "\n")+"--b\nContent-Transfer-Encoding: quoted-printable\n\nZ=6F=\n=C3=AB\n--b--\n", "\n", "\r"), want: []string{mailIBAN, "Zoë"}},
		{name: "bare CR between fields", data: "From: a@example.be\rContent-Transfer-Encoding: base64\nTo: b@example.be\n\n" + part},
		{name: "CRLF", data: mailCRLF(mailHead+"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Transfer-Encoding: base64\n\n") + part + "--b--\r\n"},
		{name: "CRCRLF", data: strings.ReplaceAll(mailHead+"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Transfer-Encoding: base64\n\n"+strings.ReplaceAll(part, "\r\n", "\n")+"--b--\n", "\n", "\r\r\n")},
		{name: "NUL", data: mailHead + "\nnul \x00 " + mailIBAN + " \x00\n"},
		{name: "NUL in header", data: "From: a@example.be\nSubject: \x00 " + mailIBAN + "\n\nx\n"},
		{name: "line of 3 MB", data: mailHead + "\n" + strings.Repeat("x", 3<<20) + mailIBAN + strings.Repeat("y", 1<<20) + "\n"},
		{name: "base64 line of 3 MB", data: mailHead + "Content-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", 3<<20)+mailIBAN+strings.Repeat("y", 1<<20))) + "\n"},
		{name: "multiparts 60 deep", data: deep(60)},
		{name: "multiparts 63 deep", data: deep(63)},
		{name: "multiparts 100 deep", data: deep(100), want: []string{"boundary=b99", part[:40]}, gaps: []scanners.Reason{scanners.TooDeep}},
		{name: "20001 parts", data: many(20_000), want: []string{mailIBAN, "part 19999"}},
		{name: "100100 parts", data: many(100_100), want: []string{mailIBAN, "part 100099"}, gaps: []scanners.Reason{scanners.Bomb}},

		{name: "base64 concatenated with padding inside", data: mailHead + "Content-Transfer-Encoding: base64\n\n" + mailB64("first piece, ") + mailB64("then "+mailIBAN+"."), want: []string{"first piece, then " + mailIBAN}},
		{name: "base64 without padding", data: mailHead + "Content-Transfer-Encoding: base64\n\n" + base64.RawStdEncoding.EncodeToString([]byte(plain+"12")) + "\n", want: []string{mailIBAN, "\n12"}},
		{name: "base64 with white space", data: mailHead + "Content-Transfer-Encoding: base64\n\n" + strings.Join(strings.Split(strings.TrimSpace(mailB64(plain)), ""), " ") + "\n"},
		{name: "base64 with a footer", data: mailHead + "Content-Transfer-Encoding: base64\n\n" + part + "_______________\nshop mailing list\nshop@lists.example.org\n", want: []string{mailIBAN, "shop@lists.example.org", "shop mailing list"}, gaps: corrupt},
		{name: "base64 with a line of garbage", data: mailHead + "Content-Transfer-Encoding: base64\n\n!!! scanned by (tm) !!!\n" + part, want: []string{mailIBAN, "scanned by (tm)"}, gaps: corrupt},
		{name: "base64 with odd bytes", data: mailHead + "Content-Transfer-Encoding: base64\n\n" + part[:10] + "!" + part[10:], gaps: corrupt},
		{name: "base64 that is plain text", data: mailHead + "Content-Transfer-Encoding: base64\n\n" + plain + "(really.)\n", gaps: corrupt},
		{name: "base64 that is words", data: mailHead + "Content-Transfer-Encoding: base64\n\n" + plain, gaps: corrupt},
		{name: "base64 that is long text", data: mailHead + "Content-Transfer-Encoding: base64\n\n" + part + strings.Repeat("not at all, sir.\n", 10_000) + plain + ".,.\n", want: []string{mailIBAN, "to " + mailIBAN + " please\n.,."}, gaps: corrupt},
		{name: "base64 of URLs", data: mailHead + "Content-Transfer-Encoding: base64\n\n" + base64.URLEncoding.EncodeToString([]byte("\xff\xfe\xfa>>>???"+plain)) + "\n"},
		{name: "quoted-printable", data: mailHead + "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: Quoted-Printable\n\nZo=c3=\n=ab BE68=  \n53900=\r\n7547034 a=b =ZZ =", want: []string{"Zoë " + mailIBAN, "a=b =ZZ"}},
		{name: "transfer encoding with rubbish", data: mailHead + "Content-Transfer-Encoding: \"base64\"; foo (bar)\n\n" + part},
		{name: "unknown transfer encoding", data: mailHead + "Content-Transfer-Encoding: x-odd\n\n" + plain, gaps: unsupported},
		{name: "unknown transfer encoding of an attachment", data: mailHead + "Content-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: x-odd\n\n" + plain, gaps: unsupported},
		{name: "uuencoded part", data: mailHead + "Content-Type: application/octet-stream; name=note.txt\nContent-Transfer-Encoding: x-uuencode\n\n" + uu},
		{name: "uuencode in text", data: mailHead + "\nSee the note:\n" + uu + "Bye AFTER\n", want: []string{mailIBAN, "See the note:", "Bye AFTER"}},
		{name: "uuencode in base64 text", data: mailHead + "Content-Transfer-Encoding: base64\n\n" + mailB64("See\n"+uu+uu)},
		{name: "uuencode in text without end", data: mailHead + "\nSee:\nbegin 644 note.txt\n" + mailUUEncode(plain), gaps: corrupt},
		{name: "base64 file in text", data: mailHead + "\nSee:\nbegin-base64 644 note.txt\n" + part + "====\nBye\n"},
		{name: "no uuencode in text", data: mailHead + "\nLet us\nbegin 2026 well, " + mailIBAN + "\n"},

		{name: "charset unknown", data: mailHead + "Content-Type: text/plain; charset=x-klingon\n\n\xe9 " + plain, gaps: unsupported},
		{name: "charset unknown without need", data: mailHead + "Content-Type: text/plain; charset=x-klingon\n\n" + plain},
		{name: "charset utf-7", data: mailHead + "Content-Type: text/plain; charset=utf-7\n\nZo+AOs- 1 +- 1 +AEIARQA2ADg-539007547034 +2D3eAA- +AEIARQ", want: []string{"Zoë 1 + 1 BE68539007547034 \U0001F600 BE"}},
		{name: "charset cp-850", data: mailHead + "Content-Type: text/plain; charset=cp-850\n\n" + enc(charmap.CodePage850.NewEncoder(), "Zoë "+plain), want: []string{"Zoë pay to " + mailIBAN}},
		{name: "charset gb2312", data: mailHead + "Content-Type: text/plain; charset=gb2312\n\n" + enc(simplifiedchinese.GBK.NewEncoder(), "联通 "+plain), want: []string{"联通 pay to " + mailIBAN}},
		{name: "charset hz", data: mailHead + "Content-Type: text/plain; charset=hz-gb-2312\n\n~{VP~} " + plain, want: []string{"中 pay"}},
		{name: "charset utf-16", data: mailHead + "Content-Type: text/plain; charset=utf-16\nContent-Transfer-Encoding: base64\n\n" + mailB64(enc(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder(), "Zoë "+plain)), want: []string{"Zoë pay to " + mailIBAN}},
		{name: "charset utf-16 without mark", data: mailHead + "Content-Type: text/plain; charset=utf-16\nContent-Transfer-Encoding: base64\n\n" + mailB64(enc(unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewEncoder(), "Zoë "+plain)), want: []string{"Zoë pay to " + mailIBAN}},
		{name: "charset utf-16 that is ASCII", data: mailHead + "Content-Type: text/plain; charset=utf-16\n\n" + plain},
		{name: "charset iso-2022-jp", data: mailHead + "Content-Type: text/plain; charset=iso-2022-jp\n\n" + enc(japanese.ISO2022JP.NewEncoder(), "山田 "+plain), want: []string{"山田 pay to " + mailIBAN}},
		{name: "charset utf-8 that is windows-1252", data: mailHead + "Content-Type: text/plain; charset=utf-8\n\nZo\xeb \x80 5 " + plain, want: []string{"Zoë € 5 pay"}},
		{name: "charset us-ascii that is utf-8", data: mailHead + "Content-Type: text/plain; charset=us-ascii\n\nZoë " + plain, want: []string{"Zoë pay"}},
		{name: "charset latin1 that is utf-8", data: mailHead + "Content-Type: text/plain; charset=iso-8859-1\n\nZoë " + plain, want: []string{"Zoë pay"}},
		{name: "charset latin2 that is utf-8", data: mailHead + "Content-Type: text/plain; charset=iso-8859-2\n\nZoë Đorđe " + plain, want: []string{"Zoë Đorđe pay"}},
		{name: "charset gb2312 that is utf-8", data: mailHead + "Content-Type: text/plain; charset=gb2312\n\nZoë, née Đorđe " + plain, want: []string{"Zoë, née Đorđe pay"}},
		{name: "charset koi8-r", data: mailHead + "Content-Type: text/plain; charset=koi8-r\n\n" + enc(charmap.KOI8R.NewEncoder(), "Привет "+plain), want: []string{"Привет pay"}},
		{name: "utf-8 at every cut", data: mailHead + "Content-Type: text/plain; charset=utf-8\n\n" + strings.Repeat("Zoë\xeb €", 8000) + plain, want: []string{mailIBAN, strings.Repeat("Zoëë €", 8000)}},

		{name: "encoded words", data: "From: =?utf-8?Q?Zo=C3=AB_Van_den?=\n =?UTF-8?B?IEJyb2Vjaw==?= <zoe@example.be>\nSubject: =?iso-8859-1*nl?q?caf=E9?= =?x?Z?broken?= =?utf-8?B?w6k=?=\n\nx\n", want: []string{"Zoë Van den Broeck <zoe@example.be>", "café =?x?Z?broken?= é"}},
		{name: "encoded word cut within a character", data: "From: =?utf-8?B?Wm/D?= =?utf-8?B?qw==?= <zoe@example.be>\n\nx\n", want: []string{"Zoë <zoe@"}},
		{name: "encoded words with spaces, in quotes, unterminated", data: "From: \"=?utf-8?Q?Zo=C3=AB Van?=\" <zoe@example.be>\nTo: =?utf-8?Q?Zo=C3 <open@example.be>\n\nx\n", want: []string{"\"Zoë Van\" <zoe@", "=?utf-8?Q?Zo=C3 <open@example.be>"}},
		{name: "8-bit header", data: "From: Zo\xeb <zoe@example.be>\nTo: Zoë <z@example.be>\n\nx\n", want: []string{"Zoë <zoe@", "Zoë <z@"}},
		{name: "8-bit header in the declared charset", data: "Subject: " + enc(charmap.KOI8R.NewEncoder(), "Привет") + "\nContent-Type: text/plain; charset=koi8-r\n\nx\n", want: []string{"Привет"}},
		{name: "file name continued", data: mailHead + "Content-Type: application/pdf\nContent-Disposition: attachment; filename*1*=%AB.pdf; filename*0*=utf-8'nl'cv%20Zo%C3\n\nx\n", want: []string{"cv Zoë.pdf"}},
		{name: "file name in encoded words", data: mailHead + "Content-Type: application/pdf; name=\"=?utf-8?Q?Zo=C3=AB.pdf?=\"\n\nx\n", want: []string{"Zoë.pdf"}},
		{name: "field of an unusual name", data: mailHead + "zoe@example.org: x\n\nx\n", want: []string{"zoe@example.org: x"}},

		{name: "html", data: mailHead + "Content-Type: text/html\n\n<p>zoe&#64;<b>exam</b>ple.be caf&eacute; <a href=\"mailto:link@example.be\" title='T&amp;T'>x</a></p><!-- comment@example.be --><script>var a = '<b>script@example.be</b>';</script> Zoe <raw@example.be> <input value=val@example.be> <td>one</td><td>two</td> 1 < 2 &lt;ent@example.be&gt; <b unterminated@example.be", want: []string{"zoe@example.be café", "mailto:link@example.be", "T&T", "comment@example.be", "'<b>script@example.be</b>'", "<raw@example.be>", "val@example.be", "one\ttwo", "1 < 2", "<ent@example.be>", "unterminated@example.be"}},
		{name: "html charset in meta", data: mailHead + "Content-Type: text/html\n\n<meta http-equiv=Content-Type content='text/html; charset=koi8-r'>" + enc(charmap.KOI8R.NewEncoder(), "Привет "+plain), want: []string{"Привет pay"}},
		{name: "html with a tag of 1 MB", data: mailHead + "Content-Type: text/html\n\n<img src=\"data:" + strings.Repeat("A", 1<<20) + mailIBAN + "\"> tail@example.be", want: []string{mailIBAN, "tail@example.be"}},

		{name: "nested message", data: mailHead + "Content-Type: multipart/mixed; boundary=o\n\n--o\n\nx\n--o\nContent-Type: message/rfc822\n\n" + nested + "--o--\n"},
		{name: "nested message in base64", data: mailHead + "Content-Type: multipart/mixed; boundary=o\n\n--o\n\nx\n--o\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n" + mailB64(nested) + "--o--\n"},
		{name: "digest", data: mailHead + "Content-Type: multipart/digest; boundary=o\n\n--o\n\n" + mailHead + "Content-Transfer-Encoding: base64\n\n" + part + "--o--\n"},
		{name: "alternative", data: mailHead + "Content-Type: multipart/alternative; boundary=o\n\n--o\n\nPLAIN\n--o\nContent-Type: text/html\n\n<b>HT</b>ML\n--o--\n", want: []string{"PLAIN", "HTML"}},
		{name: "partial", data: mailHead + "Content-Type: message/partial; number=2; total=3; id=x\n\n" + plain, gaps: unsupported},
		{name: "delivery status", data: mailHead + "Content-Type: multipart/report; report-type=delivery-status; boundary=o\n\n--o\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822; gone@example.be\n--o\nContent-Type: text/rfc822-headers\n\nSubject: " + mailIBAN + "\n--o--\n", want: []string{"gone@example.be", mailIBAN}},
		{name: "external body", data: mailHead + "Content-Type: message/external-body; access-type=URL; URL=\"http://example.org/zoe\"\n\nContent-Type: text/plain\nContent-ID: <" + mailIBAN + "@example.org>\n\n", want: []string{mailIBAN, "http://example.org/zoe"}},
		{name: "smime enveloped", data: mailHead + "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\nContent-Transfer-Encoding: base64\n\n" + part, gaps: encrypted},
		{name: "smime signed opaque that is none", data: mailHead + "Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\nContent-Transfer-Encoding: base64\n\n" + part, gaps: corrupt},
		{name: "yenc in text", data: mailHead + "Content-Transfer-Encoding: 8bit\n\nSee the note:\n" + mailYEnc("note.txt", plain+strings.Repeat("\x00\x13\xe3", 100)+"LAST") + "Bye AFTER\n", want: []string{mailIBAN, "See the note:", "Bye AFTER", "\x00\x13\xe3LAST"}},
		{name: "yenc in text without end", data: mailHead + "\nSee:\n=ybegin line=128 size=30 name=a b.txt\n" + strings.TrimSuffix(mailYEnc("", plain)[len("=ybegin line=128 size=31 name=\r\n"):], "=yend size=31\r\n"), gaps: corrupt},
		{name: "format flowed", data: mailHead + "Content-Type: text/plain; charset=utf-8; format=flowed\n\n> Zoë \n> Van den \n>Broeck\n>> deeper \n> not this\n-- \nSIG" + mailIBAN + "\n", want: []string{"> Zoë Van den Broeck\n", ">> deeper \r\n> not this\n", "-- \nSIG" + mailIBAN}},
		{name: "format flowed within a word", data: mailHead + "Content-Type: text/plain; format=flowed; delsp=yes\n\nBE685390 \n07547034 and\nmore", want: []string{mailIBAN + " and\nmore"}},
		{name: "encoded word of the wrong charset", data: "Subject: =?us-ascii?Q?Zo=C3=AB?= =?iso-8859-1?Q?Zo=C3=AB?= =?utf-8?Q?Zo=EB?=\n\nx\n", want: []string{"Zoë"}},
		{name: "partial in base64", data: mailHead + "Content-Type: message/partial; number=1; total=2; id=x\n\nFrom: inner@example.be\nSubject: inner\n\n" + plain, want: []string{mailIBAN, "inner@example.be"}, gaps: unsupported},
		{name: "saved page", data: "From: <Saved by Blink>\nSnapshot-Content-Location: https://example.org/order\nSubject: order\nMIME-Version: 1.0\nContent-Type: multipart/related; type=\"text/html\"; boundary=b\n\n--b\nContent-Type: text/html\nContent-Location: https://example.org/order\n\n<p>" + mailIBAN + "</p>\n--b\nContent-Type: image/svg+xml\nContent-Location: https://example.org/img/pass%20photo.svg?v=1#x\n\n<svg/>\n--b--\n", want: []string{mailIBAN, "<svg/>"}},
		{name: "count first, as Apple Mail has it", data: "1234      \n" + mailHead + "Content-Transfer-Encoding: base64\n\n" + part},
		{name: "pgp encrypted", data: mailHead + "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=o\n\n--o\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--o\nContent-Type: application/octet-stream; name=encrypted.asc\n\n-----BEGIN PGP MESSAGE-----\n--o--\n", want: []string{"Version: 1", "BEGIN PGP"}, gaps: encrypted},
		{name: "pgp inline", data: mailHead + "\nHello " + mailIBAN + "\n-----BEGIN PGP MESSAGE-----\nabc\n", gaps: encrypted},
		{name: "signed", data: mailHead + "Content-Type: multipart/signed; boundary=o\n\n--o\nContent-Transfer-Encoding: base64\n\n" + part + "--o\nContent-Type: application/pgp-signature\n\nSIG\n--o--\n", want: []string{mailIBAN, "SIG"}},
		{name: "zip called text", data: mailHead + "Content-Type: text/plain; charset=iso-8859-2; name=a.zip\nContent-Transfer-Encoding: base64\n\n" + mailB64("PK\x03\x04\x00\xff\xfe\x80") + "\n", want: []string{"PK\x03\x04\x00\xff\xfe\x80"}},
		{name: "text attachment", data: mailHead + "Content-Type: text/csv; charset=utf-16le; name=a.csv\nContent-Transfer-Encoding: base64\n\n" + mailB64(enc(unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewEncoder(), "Zoë;"+mailIBAN)) + "\n", want: []string{"Zoë;" + mailIBAN}},
	}
}

// mailYEnc encodes a file in yEnc.
func mailYEnc(name, s string) string {
	b := fmt.Appendf(nil, "=ybegin line=128 size=%d name=%s\r\n", len(s), name)
	col := 0
	for i := range len(s) {
		c := s[i] + 42
		if c == 0 || c == '\n' || c == '\r' || c == '=' || c == '.' && col == 0 {
			b = append(b, '=')
			c += 64
			col++
		}
		b = append(b, c)
		if col++; col >= 128 {
			b = append(b, "\r\n"...)
			col = 0
		}
	}
	if col > 0 {
		b = append(b, "\r\n"...)
	}
	return string(fmt.Appendf(b, "=yend size=%d\r\n", len(s)))
}

func mailUUEncode(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		n := min(45, len(s))
		line := []byte(s[:n])
		s = s[n:]
		b.WriteByte(byte(n) + ' ')
		for len(line)%3 != 0 {
			line = append(line, 0)
		}
		for i := 0; i < len(line); i += 3 {
			v := uint(line[i])<<16 | uint(line[i+1])<<8 | uint(line[i+2])
			for k := 18; k >= 0; k -= 6 {
				c := byte(v>>k&63) + ' '
				if c == ' ' {
					c = '`'
				}
				b.WriteByte(c)
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestMail(t *testing.T) {
	for _, c := range mailCases() {
		t.Run(c.name, func(t *testing.T) {
			want := c.want
			if want == nil {
				want = []string{mailIBAN}
			}
			readers := map[string]io.Reader{"whole": strings.NewReader(c.data)}
			if len(c.data) < 100_000 {
				readers["bytes"] = iotest.OneByteReader(strings.NewReader(c.data))
			}
			for how, r := range readers {
				got, gaps := mailRead(t, Mail(), r, 0)
				for _, s := range want {
					if !mailSees(got, s) {
						t.Errorf("%s: %.60q not found", how, s)
					}
				}
				if !slices.Equal(gaps, c.gaps) {
					t.Errorf("%s: gaps %q, want %q", how, gaps, c.gaps)
				}
				if t.Failed() && len(c.data) < 3000 {
					for _, g := range got {
						t.Logf("%q %q: %q", g.field, g.step, g.body)
					}
				}
			}
		})
	}
}

func TestMailSections(t *testing.T) {
	data := mailHead + `Content-Type: multipart/mixed; boundary=o

--o
Content-Type: multipart/alternative; boundary=a

--a

text
--a
Content-Type: text/html

html
--a--
--o
Content-Type: application/pdf; name="re/port.pdf"

pdf
--o
Content-Type: message/rfc822

` + mailHead + `Content-Type: multipart/mixed; boundary=i

--i

inner text
--i
Content-Type: application/zip

zip
--i--
--o
Content-Type: multipart/mixed; boundary=m

--m
Content-Type: image/png; name=a.png

png
--m--
--o
Content-Type: message/rfc822; name=fwd

` + mailHead + `Content-Type: image/gif

gif
--o--
`
	got, gaps := mailRead(t, Mail(), strings.NewReader(data), 0)
	if len(gaps) > 0 {
		t.Errorf("gaps %q", gaps)
	}
	var have []string
	for _, g := range got {
		if g.step != "" {
			have = append(have, g.section+" "+g.step+" "+g.name)
		}
	}
	want := []string{
		"2 2/re/port.pdf re/port.pdf",
		"3 3 message.eml",
		"3.2 3!/2 ",
		"4.1 4.1/a.png a.png",
		"5 5/fwd fwd.eml",
		"5.1 5/fwd!/1 ",
	}
	if !slices.Equal(have, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(have, "\n"), strings.Join(want, "\n"))
	}
	for _, g := range got {
		if g.name == "re/port.pdf" && g.body != "pdf" {
			t.Errorf("body %q", g.body)
		}
	}
}

func TestMailGuessedHasNoSection(t *testing.T) {
	got, _ := mailRead(t, Mail(), strings.NewReader(mailHead+"Content-Type: multipart/mixed\n\n--b\nContent-Type: image/gif\n\ngif\n--b--\n"), 0)
	for _, g := range got {
		if g.step != "" && (g.section != "" || g.step != "1") {
			t.Errorf("section %q, step %q", g.section, g.step)
		}
	}
}

func TestMailOffsets(t *testing.T) {
	data := "From zoe@example.be Sun Nov 22 10:00:00 2026\r\nFrom:  zoe@example.be\r\nX-Odd:\tabc def\r\nSubject: a\r\n b\r\n\r\nthe body, Zoë\r\n"
	b := container.NewBudget(container.DefaultLimits(), -1)
	n := 0
	for it, err := range Mail().Decode(context.Background(), scanners.Item{Body: strings.NewReader(data)}, b) {
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(it.Body)
		if it.Verbatim {
			n++
			if got := data[it.Offset:][:len(body)]; got != string(body) {
				t.Errorf("%s: %q at %d, want %q", it.Field, got, it.Offset, body)
			}
		}
	}
	if n != 4 {
		t.Errorf("%d verbatim items, want 4: three fields and the body", n)
	}
}

// TestMailUnread skips what the consumer leaves, and stops where it stops.
func TestMailUnread(t *testing.T) {
	for _, c := range mailCases() {
		if len(c.data) > 100_000 {
			continue
		}
		total := 0
		count := func(stop int, read int64) (n int) {
			b := container.NewBudget(container.DefaultLimits(), -1)
			for it, err := range Mail().Decode(context.Background(), scanners.Item{Body: strings.NewReader(c.data)}, b) {
				n++
				if n == stop {
					return n
				}
				if err == nil {
					_, _ = io.CopyN(io.Discard, it.Body, read)
				}
			}
			return n
		}
		total = count(-1, 1<<40)
		if skipped := count(-1, 0); skipped > total || skipped < total-1 { // garbage is seen only when read
			t.Errorf("%s: %d items when skipped, %d when read", c.name, skipped, total)
		}
		if n := count(-1, 3); n > total || n < total-1 {
			t.Errorf("%s: %d items when read in part, %d when read", c.name, n, total)
		}
		for i := 1; i <= min(total, 30); i++ {
			count(i, 1)
		}
	}
}

func TestMailBrokenSource(t *testing.T) {
	broken := errors.New("broken")
	data := mailHead + "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nfirst text\n--b\nContent-Type: image/png\n\n" + strings.Repeat("x", 500)
	for n := range len(data) {
		b := container.NewBudget(container.DefaultLimits(), -1)
		var last error
		var all bytes.Buffer
		for it, err := range Mail().Decode(context.Background(), scanners.Item{Body: io.MultiReader(strings.NewReader(data[:n]), iotest.ErrReader(broken))}, b) {
			if last != nil {
				t.Fatalf("%d: goes on after an error", n)
			}
			if last = err; err == nil {
				_, _ = io.Copy(&all, it.Body)
			}
		}
		if !errors.Is(last, broken) {
			t.Fatalf("%d: error %v", n, last)
		}
		if n > len(mailHead) && !strings.Contains(all.String(), "zoe@example.be") {
			t.Fatalf("%d: lost what came before", n)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var last error
	for _, err := range Mail().Decode(ctx, scanners.Item{Body: strings.NewReader(data)}, container.NewBudget(container.DefaultLimits(), -1)) {
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("error %v", last)
	}
}

func TestMailTime(t *testing.T) {
	for _, c := range mailCases() {
		if c.name != "20001 parts" {
			continue
		}
		start := time.Now()
		mailRead(t, Mail(), strings.NewReader(c.data), 0)
		if d := time.Since(start); d > 2*time.Second {
			t.Errorf("20001 parts took %v", d)
		} else {
			t.Logf("20001 parts: %v", d)
		}
	}
	for name, unit := range map[string]string{
		"dashes": "--\n", "newlines": "\n", "carriage returns": "\r", "crlf": "\r\n", "begin": "\nbegin 644 x", "from": "From \n",
		"equals": "=", "tags": "<a ", "references": "&", "words": "=?utf-8?", "delimiters": "--b\n", "quotes": "\n>From ", "colons": ":\n", "fields": "a:\n",
		"open tags": "<a x='", "comments": "<!--", "zeros": "\x00", "base64": "QQ==", "equals lines": "=\n",
	} {
		for _, head := range []string{
			"", mailHead, mailHead + "Content-Type: multipart/mixed; boundary=b\n\n", mailHead + "Content-Type: text/html\n\n",
			mailHead + "Content-Transfer-Encoding: quoted-printable\n\n", mailHead + "Content-Transfer-Encoding: base64\n\n", mailHead + "\n", "From: " + unit + "\n",
		} {
			data := head + strings.Repeat(unit, 1<<19/len(unit))
			for _, d := range []container.Decoder{Mail(), MBox()} {
				start := time.Now()
				b := container.NewBudget(container.DefaultLimits(), -1)
				for it, err := range d.Decode(context.Background(), scanners.Item{Body: strings.NewReader(data)}, b) {
					if err == nil {
						_, _ = io.Copy(io.Discard, it.Body)
					}
				}
				if took := time.Since(start); took > 2*time.Second {
					t.Errorf("%s: 512 KiB of %s behind %.20q took %v", d.Name, name, head, took)
				}
			}
		}
	}
}

// A mailRepeat is a long stream.
type mailRepeat struct {
	unit []byte
	pos  int
	left int
}

func (r *mailRepeat) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), r.left)], r.unit[r.pos:])
	r.pos = (r.pos + n) % len(r.unit)
	r.left -= n
	return n, nil
}

func TestMailMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 200 MB")
	}
	body := &mailRepeat{unit: []byte(mailB64(strings.Repeat("spoor", 999))), left: 200 << 20}
	head := mailHead + "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: application/pdf\nContent-Transfer-Encoding: base64\n\n"
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	b := container.NewBudget(container.DefaultLimits(), -1)
	for it, err := range Mail().Decode(context.Background(), scanners.Item{Body: io.MultiReader(strings.NewReader(head), body)}, b) {
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, it.Body); err != nil {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 2<<20 {
		t.Errorf("a mail of 200 MB allocates %d KiB", n>>10)
	}
}

func TestMailMatch(t *testing.T) {
	long := strings.Repeat("x", container.HeadLen)
	for _, c := range []struct {
		name, head string
		want       bool
	}{
		{"message.eml", "anything", true},
		{"a/b/X.EML", "", true},
		{"cur/1669112345.M123P456.host,S=1234,W=1300:2,S", "", true},
		{"1669112345.M123P456.host:2,", "", true},
		{"1700000000.M1P2.host:2,S", "X-Odd: 1\nX-Other: 2\n\nbody", true},
		{"1700000000.M1P2.host:2,S", "no field at all\n", true},
		{"1700000000.M1P2.host", "X-Odd: 1\nDelivered-To: zoe@example.be\nDate: x\n\nbody", true},
		{"page.mhtml", "From: <Saved by Blink>\nX: y\n", true},
		{"x", "MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n", true},
		{"12.emlx", "2345\nReceived: x\nFrom: y\nTo: z\n", true},
		{"x", "2345\nReceived: x\nFrom: y\nTo: z\n", true},
		{"x", "2345\n2346\n2347\n", false},
		{"report:2,final.txt", "hello", false},
		{"", mailHead + "\nx", true},
		{"x.txt", "Return-Path: <a@example.be>\nReceived: from x\n\tby y\n" + long, true},
		{"x", "From zoe@example.be Sun Nov 22 10:00:00 2026\n" + mailHead, true},
		{"x", "\xef\xbb\xbf\r\n" + mailCRLF(mailHead), true},
		{"x", strings.ReplaceAll(mailHead, "\n", "\r"), true},
		{"x", "From: a\nrubbish\nTo: b\nDate: c\n\n", true},
		{"x.txt", "Dear Zoe,\nFrom: us\nTo: you\nSubject: this\n", false},
		{"x.yaml", "from: a\nto: b\nsubject: c\ndate: d\n", false},
		{"x.log", "192.0.2.1 - - [22/Nov/2026:10:00:00 +0100] \"GET / HTTP/1.1\" 200 1\n", false},
		{"x", "HTTP/1.1 200 OK\nDate: x\nContent-Type: text/html\nMessage-ID: x\nFrom: y\n", false},
		{"x", "Date: x\nContent-Type: text/html\nServer: y\nContent-Length: 3\n\n", false},
		{"x.sql", "-- MySQL dump\nINSERT INTO `m` VALUES ('From: a','To: b');\n", false},
		{"x.go", "package main\n\nimport \"fmt\"\n", false},
		{"x.c", "default:\n\tbreak;\ncase 1:\n", false},
		{"x", "", false},
		{"x", long, false},
	} {
		if got := Mail().Match([]byte(c.head), c.name); got != c.want {
			t.Errorf("Match(%.30q, %q) = %v", c.head, c.name, got)
		}
	}
}

func FuzzMail(f *testing.F) {
	for _, c := range mailCases() {
		if len(c.data) < 4000 {
			f.Add([]byte(c.data), uint16(len(c.data)))
			f.Add([]byte(c.data), uint16(len(c.data)/2))
		}
	}
	const marker = "ZQMARKERQZ"
	f.Fuzz(func(t *testing.T, data []byte, at uint16) {
		if len(data) > 1<<16 {
			return
		}
		run := func(d container.Decoder, data []byte) string {
			var all bytes.Buffer
			b := container.NewBudget(container.DefaultLimits(), -1)
			for it, err := range d.Decode(context.Background(), scanners.Item{Body: bytes.NewReader(data)}, b) {
				var g *scanners.Gap
				if err != nil {
					if !errors.As(err, &g) {
						t.Fatal(err)
					}
					continue
				}
				all.WriteByte('\n')
				all.WriteString(it.Name)
				all.WriteByte('\n')
				if _, err := io.Copy(&all, it.Body); err != nil {
					t.Fatal(err)
				}
			}
			return all.String()
		}
		run(MBox(), data)
		// A marker on a line of its own, anywhere in what is not encoded.
		low := bytes.ToLower(data)
		i := int(at) % (len(data) + 1)
		with := slices.Concat(data[:i], []byte("\n"+marker+"\n"), data[i:])
		out := run(Mail(), with)
		for _, s := range []string{"base64", "b64", "quoted", "qp", "uu", "utf", "charset", "begin", "encoding", "=?", "\r", "*"} {
			if bytes.Contains(low, []byte(s)) {
				return
			}
		}
		if !strings.Contains(out, marker) {
			t.Errorf("lost the marker in %q", with)
		}
	})
}

func BenchmarkMail(b *testing.B) {
	text := strings.Repeat("The invoice of Zoë, payable to account "+mailIBAN+".\n", 20_000)
	var qp strings.Builder
	for _, c := range []byte(text) {
		if c >= 0x80 || c == '=' {
			fmt.Fprintf(&qp, "=%02X", c)
		} else if c == '\n' {
			qp.WriteString("=\r\n\r\n")
		} else {
			qp.WriteByte(c)
		}
	}
	b64 := mailB64(text)
	for name, data := range map[string]string{
		"base64": mailHead + "Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n\n" + b64,
		"qp":     mailHead + "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n" + qp.String(),
		"8bit":   mailHead + "Content-Type: text/plain; charset=utf-8\n\n" + text,
		"html":   mailHead + "Content-Type: text/html; charset=utf-8\n\n" + strings.ReplaceAll(text, "Zoë", "<b class=x>Zo&euml;</b>"),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				bu := container.NewBudget(container.DefaultLimits(), -1)
				for it, err := range Mail().Decode(context.Background(), scanners.Item{Body: strings.NewReader(data)}, bu) {
					if err != nil {
						b.Fatal(err)
					}
					_, _ = io.Copy(io.Discard, it.Body)
				}
			}
		})
	}
	b.Run("stdlib base64", func(b *testing.B) {
		b.SetBytes(int64(len(b64)))
		for b.Loop() {
			_, _ = io.Copy(io.Discard, base64.NewDecoder(base64.StdEncoding, strings.NewReader(b64)))
		}
	})
}
