package rules

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"regexp"
	"sync"
	"testing"

	"github.com/spoor-scan/spoor/internal/class"
)

// mixedText is text as providers hold it: rows of a dump, mail, logs, HTML, JSON and
// binary.
var mixedText = sync.OnceValue(func() []byte {
	rng := rand.New(rand.NewPCG(42, 42))
	words := bytes.Fields([]byte("the invoice of your domain has been renewed and payment was received for hosting package we will contact you about this order soon de factuur van uw domeinnaam werd betaald met vriendelijke groeten cordialement server mail address update please login password reset ticket support"))
	const size = 8 << 20
	b := make([]byte, 0, size+1<<16)
	sentence := func(n int) {
		for range n {
			b = append(append(b, words[rng.IntN(len(words))]...), ' ')
		}
	}
	for len(b) < size {
		switch k := rng.IntN(100); {
		case k < 40:
			b = append(b, "INSERT INTO `clients` VALUES "...)
			for range 20 {
				b = fmt.Appendf(b, "(%d,'Zoë','Van den Broeck','zoe%d@example.be','+32 4%02d %02d %02d %02d','Genutstraat %d',%d.%02d,NULL,'20%02d-%02d-%02d %02d:%02d:%02d','BE%010d',1,''),",
					rng.IntN(1e6), rng.IntN(1e4), rng.IntN(100), rng.IntN(100), rng.IntN(100), rng.IntN(100), rng.IntN(300), rng.IntN(1000), rng.IntN(100),
					rng.IntN(25), 1+rng.IntN(12), 1+rng.IntN(28), rng.IntN(24), rng.IntN(60), rng.IntN(60), rng.IntN(1e9))
			}
			b = append(b, ";\n"...)
		case k < 60:
			b = fmt.Appendf(b, "From: Zoe <zoe%d@example.be>\r\nMessage-ID: <%x@mail.example.org>\r\nDate: Mon, %d Nov 2026 10:%02d:00 +0100\r\n\r\n", rng.IntN(1000), rng.Uint64(), 1+rng.IntN(28), rng.IntN(60))
			sentence(200)
			raw := make([]byte, 1500)
			for i := range raw {
				raw[i] = byte(rng.Uint32())
			}
			enc := base64.StdEncoding.EncodeToString(raw)
			for len(enc) > 76 {
				b = append(append(b, enc[:76]...), "\r\n"...)
				enc = enc[76:]
			}
		case k < 75:
			for range 12 {
				b = fmt.Appendf(b, "198.51.%d.%d - - [%02d/Nov/2026:10:%02d:%02d +0100] \"GET /index.php?id=%d HTTP/1.1\" 200 %d \"-\" \"Mozilla/5.0 (X11; Linux x86_64) Chrome/120.0.%d.0\"\n",
					rng.IntN(256), rng.IntN(256), 1+rng.IntN(28), rng.IntN(60), rng.IntN(60), rng.IntN(1e5), rng.IntN(1e5), rng.IntN(6000))
			}
		case k < 85:
			b = append(b, "<html><body><div class=\"item\"><p>"...)
			sentence(120)
			b = fmt.Appendf(b, "<a href=\"/p/%d\">%d</a></p></div>\n", rng.IntN(1e5), rng.IntN(1e5))
		case k < 93:
			b = fmt.Appendf(b, "{\"id\":%d,\"email\":\"zoe%d@example.be\",\"phone\":\"+324%08d\",\"total\":%d.%02d,\"note\":\"", rng.IntN(1e6), rng.IntN(1e4), rng.IntN(1e8), rng.IntN(1000), rng.IntN(100))
			sentence(30)
			b = append(b, "\"}\n"...)
		default:
			for range 300 {
				x := rng.Uint64()
				b = append(b, byte(x), byte(x>>8), byte(x>>16), byte(x>>24), byte(x>>32))
			}
		}
	}
	return b[:size]
})

// BenchmarkMixed compares all detectors with expressions of the standard library
// for the simplest of them, without checks, and with counting a byte.
func BenchmarkMixed(b *testing.B) {
	text := mixedText()
	b.Run("count", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			bytes.Count(text, []byte{'@'})
		}
	})
	maps := func(text []byte) []class.Map {
		m := make([]class.Map, (len(text)+window-1)/window)
		for i := range m {
			m[i].Set(text[i*window : min(len(text), (i+1)*window)])
		}
		return m
	}
	run := func(name string, s *Set) {
		b.Run(name, func(b *testing.B) {
			m := maps(text)
			b.SetBytes(int64(len(text)))
			var hits []Hit
			n := 0
			for b.Loop() {
				n = 0
				for i := range m {
					part := text[i*window : min(len(text), (i+1)*window)]
					hits = s.FindMap(hits[:0], part, &m[i], 0, len(part))
					n += len(hits)
				}
			}
			b.ReportMetric(float64(n)/float64(len(text)>>20), "hits/MiB")
		})
	}
	run("all-given-maps", newSet(b, All()))
	var sure []Rule
	for _, r := range All() {
		if !r.Hint {
			sure = append(sure, r)
		}
	}
	run("no-hints-given-maps", newSet(b, sure))
	b.Run("all", func(b *testing.B) {
		s := newSet(b, All())
		var hits []Hit
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			hits = s.Find(hits[:0], text)
		}
	})
	b.Run("regexp", func(b *testing.B) {
		part := text[:1<<20]
		var res []*regexp.Regexp
		for _, p := range []string{
			`[\w.%+'-]{1,64}@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}`, `\b[A-Z]{2}\d\d(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b`,
			`\b(?:\d[ -]?){12,18}\d\b`, `(?:\+|\b00)[1-9](?:[ ./()-]{0,3}\d){6,14}\b`, `\b\d{1,3}(?:\.\d{1,3}){3}\b`,
			`\b(?:[0-9A-Fa-f]{1,4}:){2,7}[0-9A-Fa-f:]{1,4}\b`, `\b[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}\b`,
		} {
			res = append(res, regexp.MustCompile(p))
		}
		b.SetBytes(int64(len(part)))
		for b.Loop() {
			for _, re := range res {
				re.FindAllIndex(part, -1)
			}
		}
	})
}
