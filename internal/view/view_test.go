package view

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// ordinary returns text as providers hold it, of one kind or of all.
func ordinary(kind string, size int) []byte {
	rng := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("the invoice of your domain has been renewed and payment was received for hosting package we will contact you about this order soon de factuur van uw domeinnaam werd betaald met vriendelijke groeten cordialement server mail address update please login password reset ticket support registration")
	pick := func() string { return words[rng.IntN(len(words))] }
	sentence := func(n int) string {
		var s []string
		for range n {
			s = append(s, pick())
		}
		return strings.Join(s, " ")
	}
	var b bytes.Buffer
	for b.Len() < size {
		k := kind
		if k == "mixed" {
			k = []string{"sql", "sql", "sql", "sql", "mail", "mail", "log", "log", "html", "json"}[rng.IntN(10)]
		}
		switch k {
		case "sql":
			b.WriteString("INSERT INTO `clients` VALUES ")
			for range 40 {
				fmt.Fprintf(&b, "(%d,'%s','O\\'%s','%s.%s@example.be','+32 4%08d','line\\r\\nline %d',%d.%02d,NULL,'2026-%02d-%02d %02d:%02d:%02d','BE0%09d',1,''),", rng.IntN(1e6), pick(), pick(), pick(), pick(), rng.IntN(1e8), rng.IntN(300), rng.IntN(1000), rng.IntN(100), 1+rng.IntN(12), 1+rng.IntN(28), rng.IntN(24), rng.IntN(60), rng.IntN(60), rng.IntN(1e9))
			}
			b.WriteString(";\n")
		case "mail":
			fmt.Fprintf(&b, "From: %s %s <%s@example.org>\r\nMessage-ID: <%x.%d@mx.example.be>\r\nSubject: %s\r\n\r\n", pick(), pick(), pick(), rng.Uint64(), rng.IntN(1e9), sentence(5))
			for range 30 {
				b.WriteString(sentence(12) + "\r\n")
			}
		case "log":
			for range 40 {
				fmt.Fprintf(&b, "192.0.2.%d - - [%02d/Nov/2026:%02d:%02d:%02d +0100] \"GET /%s/%s.php?id=%d&q=%s%%20%s&amp;x=1 HTTP/1.1\" 200 %d \"https://www.example.be/\" \"Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0\"\n", rng.IntN(255), 1+rng.IntN(28), rng.IntN(24), rng.IntN(60), rng.IntN(60), pick(), pick(), rng.IntN(1e5), pick(), pick(), rng.IntN(1e5))
			}
		case "html":
			for range 20 {
				fmt.Fprintf(&b, "<div class=\"row\" style=\"width:50%%;\"><a href=\"https://www.example.be/%s/%s?a=1&amp;b=2\" target=\"_blank\">%s</a>&nbsp;|&nbsp;&copy; %s<br /></div>\n", pick(), pick(), pick(), sentence(12))
			}
		case "json":
			for range 20 {
				fmt.Fprintf(&b, `{"id":%d,"name":"%s %s","url":"https:\/\/www.example.be\/%s\/%s","text":"%s\nnext","at":"2026-11-02T10:00:00Z","uuid":"%08x-%04x-%04x-%04x-%012x"},`, rng.IntN(1e6), pick(), pick(), pick(), pick(), sentence(8), rng.Uint32(), rng.IntN(1<<16), rng.IntN(1<<16), rng.IntN(1<<16), rng.IntN(1<<48))
			}
		case "base64":
			for range 60 {
				for range 76 {
					b.WriteByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[rng.IntN(64)])
				}
				b.WriteString("\r\n")
			}
		case "binary":
			for range 1000 {
				b.WriteByte(byte(rng.IntN(256)))
			}
		}
	}
	return b.Bytes()[:size]
}

// BenchmarkFinder measures what looking for encoded text costs without the
// bitmaps, which BenchmarkBitmaps measures.
func BenchmarkFinder(b *testing.B) {
	for _, kind := range []string{"sql", "mail", "log", "html", "json", "mixed", "base64", "binary"} {
		text := ordinary(kind, 1<<20)
		b.Run(kind, func(b *testing.B) {
			var f Finder
			b.SetBytes(int64(len(text)))
			out := 0
			for b.Loop() {
				b.StopTimer()
				f.Window(0, text, 0, false, nil)
				in := &f.layers[0]
				in.cls.Set(in.text)
				l := &f.layers[1]
				l.text, l.regions, l.segs = l.text[:0], l.regions[:0], l.segs[:0]
				s := search{f: &f, in: in, out: l, p: in.text, c: &in.cls, top: true}
				b.StartTimer()
				s.escapes()
				s.runs()
				s.wide()
				s.wrong()
				out = len(l.text)
			}
			b.ReportMetric(float64(out)/float64(len(text)), "out/in")
		})
	}
}

func BenchmarkParts(b *testing.B) {
	for _, kind := range []string{"sql", "mail", "log", "html", "json"} {
		text := ordinary(kind, 1<<20)
		for name, part := range map[string]func(s *search){"escapes": (*search).escapes, "runs": (*search).runs, "wide": (*search).wide, "wrong": (*search).wrong} {
			b.Run(kind+"/"+name, func(b *testing.B) {
				var f Finder
				b.SetBytes(int64(len(text)))
				f.Window(0, text, 0, false, nil)
				in := &f.layers[0]
				in.cls.Set(in.text)
				for b.Loop() {
					f.budget = 8 * len(text)
					l := &f.layers[1]
					l.text, l.regions, l.segs = l.text[:0], l.regions[:0], l.segs[:0]
					s := search{f: &f, in: in, out: l, p: in.text, c: &in.cls, top: true}
					part(&s)
				}
			})
		}
	}
}

// decoded returns all that is decoded of a text, layer by layer.
func decoded(f *Finder, text []byte) (all []string) {
	f.Reset()
	f.Window(0, text, 0, false, nil)
	for f.Next() {
		l := &f.layers[f.depth]
		for _, r := range l.regions {
			all = append(all, string(l.text[r.from:r.to]))
		}
	}
	return all
}

// slow decodes all escapes of a text, a character at a time.
func slow(text string, quoting bool) string {
	var out strings.Builder
	for i := 0; i < len(text); {
		e := Escape{}
		if quoting == (text[i] == '=') {
			e = At([]byte(text), i, true)
		}
		switch {
		case !quoting && text[i] == '+' && i > 0 && i+1 < len(text) && isDigit(text[i-1]) && isDigit(text[i+1]):
			out.WriteByte(' ')
			i++
			continue
		case e.Width == 0:
			out.WriteByte(text[i])
			i++
			continue
		case e.Empty:
		case e.Rune < 0:
			out.WriteByte(e.Byte)
		default:
			out.WriteRune(e.Rune)
		}
		i += e.Width
	}
	return out.String()
}

// What is decoded piece by piece is what decoding all of it gives.
func FuzzEscapes(f *testing.F) {
	f.Add("a%40b &#64; \\u0040 \\ud83d\\ude00 =40 =\r\n x=C3=A9 1+2 &eacute; %u0041 \\x41 \\303\\251 &amp;#64; %2540")
	f.Add("%E9%%4&#;&#x;\\u12\\x=\n=&;")
	f.Add(strings.Repeat("0", 59) + "%000+00") // a plus at the end of a word of the bitmap
	f.Add(strings.Repeat("0", 60) + "%000+00")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > context {
			return
		}
		var v Finder
		v.Window(0, []byte(text), 0, false, nil)
		if !v.Next() {
			return
		}
		l := &v.layers[1]
		for i := range l.regions {
			r := &l.regions[i]
			got := string(l.text[r.from:r.to])
			if want := slow(text, r.kind == quoted); (r.kind == percent || r.kind == quoted) && got != want {
				t.Fatalf("%q: %q, want %q", text, got, want)
			}
			if r.from == r.to {
				continue
			}
			// Places go up with the text, and stay within it.
			last := 0
			for k := r.from; k < r.to; k++ {
				from, to, _ := l.source(r, k, k+1, false)
				if from < last && r.kind <= lastEscape || from < 0 || to > len(text) || to < from {
					t.Fatalf("%q: %s: byte %d at %d to %d, the last at %d", text, names[r.kind], k-r.from, from, to, last)
				}
				last = from
			}
		}
	})
}

// No input makes it panic, or grow without bound.
func FuzzFinder(f *testing.F) {
	f.Add([]byte("em9lQGV4YW1w\r\nbGUuYmU=\x00a\x00b\x00c\x00d\x00e\x00"), 7)
	f.Add([]byte("H4sIAAAAAAAAA0tMSgYAwkEkNQMAAAA= 7a6f65406578616d706c652e6265 \\\\u0040"), 30)
	f.Fuzz(func(t *testing.T, text []byte, split int) {
		var v Finder
		total := 0
		for _, s := range decoded(&v, text) {
			total += len(s)
		}
		if total > max(maxGrowth*len(text), minBudget)+maxInflated {
			t.Fatalf("%d bytes out of %d", total, len(text))
		}
		// In two windows that overlap.
		if len(text) == 0 {
			return
		}
		split = int(uint(split) % uint(len(text)))
		v.Reset()
		first := min(len(text), split+20)
		v.Window(0, text[:first], 0, first < len(text), nil)
		for v.Next() {
		}
		drop := max(0, split-10)
		v.Window(int64(drop), text[drop:], split-drop, false, nil)
		for v.Next() {
			for i := range v.layers[v.depth].regions {
				if r := v.layers[v.depth].regions[i]; r.to > r.from {
					v.Source(r.from, r.to)
					if start, end, ok := v.Whole(r.from, r.to); ok && (end < start || end > len(text)-drop) {
						t.Fatalf("%d to %d of %d bytes", start, end, len(text)-drop)
					}
				}
			}
		}
	})
}

// What is packed goes as a whole, with what fills it up, and an escaped word alone.
func TestWhole(t *testing.T) {
	for text, want := range map[string]string{
		"x ZGVhciB6b2VAZXhhbXBsZS5iZSwgaGVsbG8= y":             "ZGVhciB6b2VAZXhhbXBsZS5iZSwgaGVsbG8=",
		`{"a":"dear zoe\u0040example.be, hello"}`:              `zoe\u0040example.be`,
		"x 64656172207a6f65406578616d706c652e62652c2068656c y": "64656172207a6f65406578616d706c652e62652c2068656c",
		"x eyJhIjoiem9lXHUwMDQwZXhhbXBsZS5iZSJ9 y":             "eyJhIjoiem9lXHUwMDQwZXhhbXBsZS5iZSJ9",
	} {
		var v Finder
		got := ""
		v.Window(0, []byte(text), 0, false, nil)
		for v.Next() {
			if at := bytes.Index(v.Text(), []byte("zoe@example.be")); at >= 0 {
				if start, end, ok := v.Whole(at, at+14); ok {
					got = text[start:end]
				}
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func TestBounds(t *testing.T) {
	for name, text := range map[string]string{
		"percent":       strings.Repeat("%41", 80<<10),
		"nested":        strings.Repeat("%2525252541", 20<<10),
		"entities":      strings.Repeat("&#65;", 50<<10),
		"backslashes":   strings.Repeat(`\\\\\\\\u0041`, 20<<10),
		"short lines":   strings.Repeat("abcdefgh\n", 28<<10),
		"capital lines": strings.Repeat("ABcd0fgh\n", 28<<10),
		"long lines":    strings.Repeat("abcdefghijklmnopqr\n", 14<<10),
		"marks":         strings.Repeat("aGVsbG8gd29ybGQ-", 16<<10),
		"zeros":         strings.Repeat("a\x00", 128<<10),
		"only zeros":    strings.Repeat("\x00", 256<<10),
		"soft breaks":   strings.Repeat("a=\n", 80<<10),
		"mojibake":      strings.Repeat("\xc3\x83\xc2\xa9", 60<<10),
		"ampersands":    strings.Repeat("&", 256<<10),
		"percents":      strings.Repeat("%", 256<<10),
		"slashes":       strings.Repeat(`\`, 256<<10),
		"escaped":       strings.Repeat(`aGVsbG8gd29ybGQ\/`, 15<<10),
	} {
		var v Finder
		total, start := 0, time.Now()
		for _, s := range decoded(&v, []byte(text)) {
			total += len(s)
		}
		t.Logf("%s: %d bytes out of %d, %v", name, total, len(text), time.Since(start))
		if total > 9*len(text) {
			t.Errorf("%s: %d bytes out of %d", name, total, len(text))
		}
	}
}
