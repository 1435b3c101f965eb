package document

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

func encoded(t testing.TB, enc encoding.Encoding, s string) []byte {
	t.Helper()
	b, err := enc.NewEncoder().Bytes([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var charsetTexts = map[string]string{
	"latin":    "Beste Zoë Van den Broeck, 👋 uw adres is zoe@example.be en uw klantnummer K-104711.\n",
	"japanese": "山田太郎様、お世話になっております。ご登録のメールアドレスは taro@example.org です。よろしくお願いいたします。\n",
	"chinese":  "尊敬的王小明先生，您好。您的电子邮件地址是 wang@example.org，请在三天之内回复我们的邮件，谢谢您的合作。\n",
	"taiwan":   "親愛的王小明先生，您好。您的電子郵件地址是 wang@example.org，請在三天之內回覆我們的郵件，謝謝您的合作。\n",
	"korean":   "안녕하세요 김철수 고객님, 고객님의 전자우편 주소는 kim@example.org 입니다. 감사합니다. 좋은 하루 되세요.\n",
}

func TestCharset(t *testing.T) {
	little, big := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	bareLittle, bareBig := unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	for _, x := range []struct {
		text, prefix, want string
		enc                encoding.Encoding
	}{
		{"latin", "", "utf-16le", little},
		{"latin", "", "utf-16be", big},
		{"japanese", "", "utf-16le", little},
		{"latin", "", "utf-16le", bareLittle},
		{"latin", "", "utf-16be", bareBig},
		{"latin", "", "utf-32le", utf32.UTF32(utf32.LittleEndian, utf32.UseBOM)},
		{"latin", "", "utf-32be", utf32.UTF32(utf32.BigEndian, utf32.UseBOM)},
		{"latin", "", "utf-32le", utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM)},
		{"latin", "", "utf-32be", utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM)},
		{"japanese", "", "shift_jis", japanese.ShiftJIS},
		{"japanese", "", "euc-jp", japanese.EUCJP},
		{"japanese", "", "iso-2022-jp", japanese.ISO2022JP},
		{"chinese", "", "gb18030", simplifiedchinese.GB18030},
		{"chinese", "", "gb18030", simplifiedchinese.GBK},
		{"taiwan", "", "big5", traditionalchinese.Big5},
		{"korean", "", "euc-kr", korean.EUCKR},
		{"taiwan", "<?xml version='1.0' encoding=\"Big5\"?>\n<a>", "big5", traditionalchinese.Big5},
		{"japanese", "<html><head><meta charset=x-sjis>", "shift_jis", japanese.ShiftJIS},
		{"korean", "# -*- coding: euc-kr -*-\n", "euc-kr", korean.EUCKR},
		{"chinese", "@charset \"gbk\";\n", "gb18030", simplifiedchinese.GBK},
		// What is read as it is.
		{"latin", "", "", encoding.Nop},
		{"japanese", "", "", encoding.Nop},
		{"japanese", "<meta charset=shift_jis>", "", encoding.Nop},
	} {
		text := x.prefix + strings.Repeat(charsetTexts[x.text], 3)
		if x.enc == korean.EUCKR || x.enc == japanese.ShiftJIS {
			text = strings.ReplaceAll(text, "👋", "")
		}
		b := encoded(t, x.enc, text)
		c, ok := CharsetOf(b)
		if c.String() != x.want || ok != (x.want != "") {
			t.Errorf("%s in %v: %q, want %q", x.text, x.enc, c, x.want)
			continue
		}
		if !ok {
			continue
		}
		checkText(t, b, c, text)
	}
}

// checkText reads b in c in several ways, and leads each character back.
func checkText(t *testing.T, b []byte, c Charset, want string) {
	t.Helper()
	for _, r := range []io.Reader{bytes.NewReader(b), iotest.OneByteReader(bytes.NewReader(b)), iotest.DataErrReader(bytes.NewReader(b))} {
		x := NewText(r, c)
		got, err := io.ReadAll(x)
		if err != nil || string(got) != want {
			t.Fatalf("%s: %v: %q, want %q", c, err, got, want)
		}
		last := int64(-1)
		for i := 0; i < len(got); {
			_, n := utf8.DecodeRune(got[i:])
			at := x.Source(int64(i))
			if at <= last || at >= int64(len(b)) {
				t.Fatalf("%s: the character at %d is at %d, after %d", c, i, at, last)
			}
			if got[i] < 0x80 && c.unit == 0 && b[at] != got[i] {
				t.Fatalf("%s: at %d is %q, at %d %q", c, i, got[i], at, b[at])
			}
			if i == strings.Index(want, "@") && !bytes.Contains(b[at:at+8], []byte("@")) {
				t.Fatalf("%s: no @ at %d", c, at)
			}
			last = at
			i += n
		}
	}
}

// TestCharsetsOfEurope are not taken for others.
func TestCharsetsOfEurope(t *testing.T) {
	texts := map[string][]encoding.Encoding{
		"Sehr geehrter Herr Jürgen Müller, für Ihre Anfrage über größere Öfen möchten wir Ihnen schöne Grüße schicken.\n": {charmap.Windows1252, charmap.ISO8859_15, charmap.CodePage850, charmap.CodePage437, charmap.Macintosh},
		"Уважаемый Иван Петрович Сидоров, Ваш адрес электронной почты не подтверждён, пожалуйста, ответьте нам.\n":        {charmap.Windows1251, charmap.KOI8R, charmap.ISO8859_5, charmap.CodePage866},
		"Szanowny Panie Łukaszu Wiśniewski, dziękujemy za zgłoszenie i życzymy miłego dnia. Proszę o odpowiedź.\n":        {charmap.Windows1250, charmap.ISO8859_2, charmap.CodePage852},
		"Αγαπητέ κύριε Παπαδόπουλε, σας ευχαριστούμε πολύ για την επικοινωνία σας με την εταιρεία μας σήμερα.\n":          {charmap.Windows1253, charmap.ISO8859_7},
		"MÜLLER;JÜRGEN;KÖLN;STRAßE\nÄÖÜ;ÄÖÜÄÖÜ;ßßßß;ÉÈÊÉ\n":                                                               {charmap.Windows1252, charmap.ISO8859_1},
	}
	for text, encs := range texts {
		for _, enc := range encs {
			for _, n := range []int{1, 10} {
				if c, ok := CharsetOf(encoded(t, enc, strings.Repeat(text, n))); ok {
					t.Errorf("%v is taken for %s: %s", enc, c, text)
				}
			}
		}
	}
}

// TestCharsetAppended has a text in UTF-16 behind which others wrote US-ASCII.
func TestCharsetAppended(t *testing.T) {
	for _, order := range []unicode.Endianness{unicode.LittleEndian, unicode.BigEndian} {
		b := encoded(t, unicode.UTF16(order, unicode.UseBOM), "eerste regel\r\n")
		b = append(b, "write to zoe@example.be, the second line of the log\r\n"...)
		c, _ := CharsetOf(b)
		got, err := io.ReadAll(NewText(bytes.NewReader(b), c))
		if err != nil || !bytes.Contains(got, []byte("zoe@example.be")) || !bytes.HasPrefix(got, []byte("eerste regel")) {
			t.Errorf("%s: %q, %v", c, got, err)
		}
	}
}

func FuzzText(f *testing.F) {
	for _, s := range charsetTexts {
		f.Add([]byte(s), uint8(0))
		f.Add(encoded(f, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), s), uint8(1))
	}
	f.Fuzz(func(t *testing.T, b []byte, n uint8) {
		all := append([]Charset{
			{name: "iso-2022-jp"},
			{unit: 2},
			{unit: 2, big: true},
			{unit: 4},
			{unit: 4, big: true},
		}, multiByte[:]...)
		c := all[int(n)%len(all)]
		x := NewText(bytes.NewReader(b), c)
		out, err := io.ReadAll(x)
		if err != nil {
			t.Fatal(err)
		}
		for i := range out {
			if at := x.Source(int64(i)); at < 0 || at > int64(len(b)) {
				t.Fatalf("%d is at %d of %d", i, at, len(b))
			}
		}
		y, err := io.ReadAll(NewText(iotest.OneByteReader(bytes.NewReader(b)), c))
		if err != nil || !bytes.Equal(out, y) {
			t.Fatalf("read in another way: %q, %q", out, y)
		}
		CharsetOf(b)
	})
}

func BenchmarkCharsetOf(b *testing.B) {
	for _, x := range []struct{ name, text string }{
		{"ascii", strings.Repeat("2026-11-02 12:00:01 GET /index.html 200 zoe@example.be\n", 80)},
		{"utf-8", strings.Repeat(charsetTexts["japanese"], 30)},
		{"latin1", strings.Repeat("J\xfcrgen M\xfcller, K\xf6ln\n", 200)},
	} {
		b.Run(x.name, func(b *testing.B) {
			head := []byte(x.text)[:4096]
			for b.Loop() {
				CharsetOf(head)
			}
		})
	}
}

// encoder returns an encoding in which characters are written as c has them.
func (c Charset) encoder() encoding.Encoding {
	switch {
	case c.enc != nil:
		return c.enc
	case c.unit == 2 && c.big:
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	}
	return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
}
