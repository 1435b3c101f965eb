package match

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

var (
	firstNames = strings.Fields("Jan Piet Marie Luc Sofie Katarzyna Mohamed Emma Louis Zoë Lotte Anna Pieter Joris Femke Ahmed Ines Tom Karel Griet Wout Nele Bart Elke Sven Hanne Stijn Julie Arthur Noor")
	lastSyl    = strings.Fields("Pee Jan Maes Ver Wil De Goos Van Hoe Cla Mer Lem Die Ros Smet Bog Dub Mich Thys Aer Wou Cor Lau Pau Hen Sto Ray Blo Kui Zwa")
	lastEnd    = strings.Fields("ters ssens sen meulen lems beke sens hove ven ckx tens menn ricx eels aerts mans broeck stra dijk kens")
	domains    = strings.Fields("gmail.com gmail.com hotmail.com telenet.be skynet.be example.be example.org example.net outlook.com")
	streets    = strings.Fields("Genutstraat Kerkstraat Stationslaan Molenweg Dorpsplein Nieuwstraat Schoolstraat Veldweg")
	words      = strings.Fields("the invoice of your domain has been renewed and payment was received for hosting package we will contact you about this order soon de factuur van uw domeinnaam werd betaald met vriendelijke groeten cordialement server mail address update please login password reset ticket support")
)

type person struct{ first, last, local, domain, street, phone, vat, iban, id string }

func randomPerson(rng *rand.Rand) person {
	pick := func(s []string) string { return s[rng.IntN(len(s))] }
	p := person{first: pick(firstNames), last: pick(lastSyl) + pick(lastEnd) + pick([]string{"", "", " " + pick(lastSyl) + pick(lastEnd)})}
	p.local = strings.ToLower(p.first + "." + strings.ReplaceAll(p.last, " ", ""))
	if rng.IntN(2) == 0 {
		p.local += fmt.Sprint(rng.IntN(99))
	}
	p.domain = pick(domains)
	p.street = fmt.Sprintf("%s %d", pick(streets), 1+rng.IntN(300))
	p.phone = fmt.Sprintf("4%d%07d", 6+rng.IntN(4), rng.IntN(1e7))
	p.vat = fmt.Sprintf("0%09d", rng.IntN(1e9))
	p.iban = fmt.Sprintf("%014d", rng.Int64N(1e14))
	p.id = fmt.Sprintf("%011d", rng.Int64N(1e11))
	return p
}

// people returns 22 literals and five numbers for each of n invented people.
func people(rng *rand.Rand, n int) []Pattern {
	var ps []Pattern
	for range n {
		p := randomPerson(rng)
		mail := p.local + "@" + p.domain
		postal := fmt.Sprint(1000 + rng.IntN(9000))
		ps = append(ps, lits(mail, p.local+"%40"+p.domain, p.local+"=40"+p.domain, p.local+"&#64;"+p.domain,
			p.first+" "+p.last, p.last+" "+p.first, p.last+", "+p.first, p.first+"+"+strings.ReplaceAll(p.last, " ", "+"),
			p.street+", "+postal, p.street+" "+postal,
			p.local+"%2540"+p.domain, p.local+`\u0040`+p.domain, p.local+" [at] "+p.domain, hex.EncodeToString([]byte(mail)), digest(mail),
			base64.RawStdEncoding.EncodeToString([]byte(mail)), base64.RawStdEncoding.EncodeToString([]byte("x" + mail))[2:], base64.RawStdEncoding.EncodeToString([]byte("xx" + mail))[3:],
			p.first+"-"+strings.ReplaceAll(p.last, " ", "-"), p.first[:1]+". "+p.last+" "+postal, p.local+p.vat[6:], p.street+", "+p.last)...)
		ps = append(ps, nums("32"+p.phone, "0"+p.phone, p.vat, p.iban, p.id)...)
	}
	return ps
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// corpus is text as providers hold it: rows of a dump, mail, logs, HTML.
var corpus = sync.OnceValue(func() []byte {
	rng := rand.New(rand.NewPCG(42, 42))
	const size = 64 << 20
	b := make([]byte, 0, size+1<<16)
	sentence := func(n int) {
		for range n {
			b = append(append(b, words[rng.IntN(len(words))]...), ' ')
		}
	}
	for len(b) < size {
		p := randomPerson(rng)
		mail := p.local + "@" + p.domain
		switch k := rng.IntN(100); {
		case k < 40:
			b = append(b, "INSERT INTO `clients` VALUES "...)
			for range 40 {
				p := randomPerson(rng)
				b = fmt.Appendf(b, "(%d,'%s','%s','%s@%s','+32 %s','%s',%d.%02d,NULL,'20%02d-%02d-%02d %02d:%02d:%02d','BE%s',1,''),", rng.IntN(1e6), p.first, p.last, p.local, p.domain,
					p.phone, p.street, rng.IntN(1000), rng.IntN(100), rng.IntN(25), rng.IntN(12), rng.IntN(28), rng.IntN(24), rng.IntN(60), rng.IntN(60), p.vat)
			}
			b = append(b, ";\n"...)
		case k < 65:
			b = fmt.Appendf(b, "From: %s %s <%s>\r\nTo: info@example.be\r\nSubject: ", p.first, p.last, mail)
			sentence(6)
			b = append(b, "\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"...)
			for range 30 {
				sentence(12)
				b = append(b, "\r\n"...)
			}
			if rng.IntN(2) == 0 {
				for range 60 {
					for range 76 {
						b = append(b, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[rng.IntN(64)])
					}
					b = append(b, "\r\n"...)
				}
			}
		case k < 85:
			for range 40 {
				b = fmt.Appendf(b, "192.0.2.%d - - [%02d/Nov/2026:%02d:%02d:%02d +0100] \"GET /%s/%s.php?id=%d HTTP/1.1\" 200 %d \"-\" \"Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0\"\n",
					rng.IntN(255), rng.IntN(28), rng.IntN(24), rng.IntN(60), rng.IntN(60), words[rng.IntN(len(words))], words[rng.IntN(len(words))], rng.IntN(1e5), rng.IntN(1e5))
			}
		default:
			for range 20 {
				b = append(b, "<div class=\"row\"><a href=\"https://www.example.be/"...)
				b = append(b, words[rng.IntN(len(words))]...)
				b = append(b, "\">"...)
				sentence(15)
				b = append(b, "</a><br /></div>\n"...)
			}
		}
	}
	return b[:size]
})

// windows is the time that f takes for each window of a text, the least of all
// passes: a busy machine disturbs some passes, hardly all.
type windows []time.Duration

func (w *windows) pass(text []byte, f func([]byte)) {
	for i := 0; i*windowSize < len(text); i++ {
		start := time.Now()
		f(text[i*windowSize : min((i+1)*windowSize, len(text))])
		if took := time.Since(start); i == len(*w) {
			*w = append(*w, took)
		} else {
			(*w)[i] = min((*w)[i], took)
		}
	}
}

// rate returns MB/s.
func (w windows) rate(text []byte) float64 {
	var sum time.Duration
	for _, d := range w {
		sum += d
	}
	return float64(len(text)) / 1e6 / sum.Seconds()
}

// BenchmarkFind reports, beside the mean rate, the rate of the best passes and
// its ratio to that of bytes.Count on the same windows in the same run.
func BenchmarkFind(b *testing.B) {
	for _, n := range []int{1, 10, 100, 1000, 10000} {
		patterns := people(rand.New(rand.NewPCG(uint64(n), 1)), n)
		for _, kind := range []string{"all", "literals", "numbers"} {
			var own []Pattern
			for _, p := range patterns {
				if kind == "all" || p.Digits == (kind == "numbers") {
					own = append(own, p)
				}
			}
			b.Run(fmt.Sprintf("people=%d/%s", n, kind), func(b *testing.B) {
				text, m := corpus(), compile(b, own)
				b.SetBytes(int64(len(text)))
				var find, count windows
				var hits []Hit
				total := 0
				b.ResetTimer()
				for b.Loop() {
					total = 0
					find.pass(text, func(w []byte) {
						hits = m.Find(hits[:0], w)
						total += len(hits)
					})
				}
				b.StopTimer()
				for range 5 {
					count.pass(text, func(w []byte) { bytes.Count(w, []byte("@")) })
				}
				b.ReportMetric(find.rate(text), "best-MB/s")
				b.ReportMetric(find.rate(text)/count.rate(text), "of-Count")
				b.ReportMetric(float64(total), "hits")
			})
		}
	}
}

func BenchmarkScan(b *testing.B) {
	m := compile(b, people(rand.New(rand.NewPCG(1, 1)), 100))
	text := corpus()
	fn := func(int64, []byte, []Hit) error { return nil }
	for _, size := range []int{100, 1000, 10_000, 100_000, len(text)} {
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			b.SetBytes(int64(size))
			b.ReportAllocs()
			r := bytes.NewReader(nil)
			for b.Loop() {
				r.Reset(text[:size])
				if _, err := scanHits(context.Background(), m, r, 200, fn); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkBaseline is what one would write without this package, for ten people.
func BenchmarkBaseline(b *testing.B) {
	text := corpus()[:4<<20]
	patterns := people(rand.New(rand.NewPCG(10, 1)), 10)
	var own []string
	for _, p := range patterns {
		if !p.Digits {
			own = append(own, p.Text)
		}
	}
	b.Run("contains", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			folded := strings.ToLower(string(text))
			for _, p := range own {
				_ = strings.Contains(folded, strings.ToLower(p))
			}
		}
	})
	b.Run("regexp", func(b *testing.B) {
		text := text[:1<<19]
		var alt []string
		for _, p := range own {
			alt = append(alt, regexp.QuoteMeta(p))
		}
		re := regexp.MustCompile("(?i)" + strings.Join(alt, "|"))
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			re.FindAllIndex(text, -1)
		}
	})
}

// BenchmarkNumeric has nothing but numbers to look at.
func BenchmarkNumeric(b *testing.B) {
	rng := rand.New(rand.NewPCG(8, 8))
	var table, ones, long []byte
	for len(table) < 4<<20 {
		table = fmt.Appendf(table, "%d %d.%02d 20%02d-%02d-%02d %d\n", rng.IntN(1e6), rng.IntN(1e4), rng.IntN(100), rng.IntN(99), rng.IntN(12), rng.IntN(28), rng.IntN(1e9))
		ones = fmt.Appendf(ones, "%d %d %d ", rng.IntN(10), rng.IntN(10), rng.IntN(10))
		long = fmt.Appendf(long, "%019d", rng.Int64())
	}
	for _, n := range []int{10, 10000} {
		m := compile(b, people(rand.New(rand.NewPCG(uint64(n), 1)), n))
		for _, c := range []struct {
			name string
			text []byte
		}{{"table", table}, {"single", ones}, {"endless", long}} {
			b.Run(fmt.Sprintf("people=%d/%s", n, c.name), func(b *testing.B) {
				b.SetBytes(int64(len(c.text)))
				var hits []Hit
				for b.Loop() {
					hits = m.Find(hits[:0], c.text)
				}
			})
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	for _, n := range []int{1, 100, 10000} {
		patterns := people(rand.New(rand.NewPCG(uint64(n), 1)), n)
		b.Run(fmt.Sprintf("people=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			var m *Matcher
			for b.Loop() {
				m = compile(b, patterns)
			}
			b.ReportMetric(float64(m.size())/1e6, "MB-kept")
			runtime.KeepAlive(m)
		})
	}
}

// size returns the bytes of the tables of m.
func (m *Matcher) size() int {
	n := 0
	for _, g := range m.grams {
		n += 8*len(g.bitmap) + len(g.offsets) + 8*len(g.bloom) + 8*len(g.slots) + 16*len(g.entries)
	}
	if len(m.grams) > 0 {
		n += len(m.grams[0].text)
	}
	if d := m.digits; d != nil {
		n += 8*len(d.bloom) + 8*len(d.slots) + 12*len(d.numbers)
	}
	return n
}
