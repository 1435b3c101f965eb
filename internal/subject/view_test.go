package subject

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
	utf16pkg "unicode/utf16"

	"golang.org/x/text/encoding/charmap"

	"github.com/spoor-scan/spoor/internal/class"
)

// anna has nothing that is part of anything else of hers.
func anna() Person {
	return Person{ID: "anna", Identifiers: []Identifier{
		{Type: Email, Value: "zoe@example.be"},
		{Type: Phone, Value: "+32 470 12 34 56"},
		{Type: Name, Value: "Zoë Van den Broeck"},
		{Type: IBAN, Value: "BE68 5390 0754 7034"},
	}}
}

func each(s string, f func(b byte) string) string {
	var out strings.Builder
	for i := range len(s) {
		out.WriteString(f(s[i]))
	}
	return out.String()
}

func runes(s string, f func(r rune) string) string {
	var out strings.Builder
	for _, r := range s {
		out.WriteString(f(r))
	}
	return out.String()
}

func wrap(s string, n int, with string) string {
	var out strings.Builder
	for len(s) > n {
		out.WriteString(s[:n] + with)
		s = s[n:]
	}
	return out.String() + s
}

func deflated(s string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = w.Write([]byte(s))
	_ = w.Close()
	return b.String()
}

func gzipped(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(s))
	_ = w.Close()
	return b.String()
}

func wide16(s string, big bool) string {
	var out []byte
	for _, u := range utf16pkg.Encode([]rune(s)) {
		if big {
			out = append(out, byte(u>>8), byte(u))
		} else {
			out = append(out, byte(u), byte(u>>8))
		}
	}
	return string(out)
}

func wide32(s string, big bool) string {
	var out []byte
	for _, r := range s {
		if big {
			out = append(out, 0, byte(r>>16), byte(r>>8), byte(r))
		} else {
			out = append(out, byte(r), byte(r>>8), byte(r>>16), 0)
		}
	}
	return string(out)
}

func wronglyDecoded(s string) string {
	out, err := charmap.Windows1252.NewDecoder().String(s)
	if err != nil {
		return s
	}
	return out
}

func std(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
func raw(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
func pct(s string) string { return each(s, func(b byte) string { return fmt.Sprintf("%%%02X", b) }) }

func quot(s string) string { return each(s, func(b byte) string { return fmt.Sprintf("=%02X", b) }) }

func jsonAll(s string) string {
	return each(wide16(s, true), func() func(b byte) string {
		odd := false
		return func(b byte) string {
			odd = !odd
			if odd {
				return fmt.Sprintf(`\u%02x`, b)
			}
			return fmt.Sprintf("%02x", b)
		}
	}())
}

func jsonText(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

type encoding struct {
	name, form string
	enc        func(string) string
}

func encodings() []encoding {
	list := []encoding{
		{"percent, what must be", "percent", url.PathEscape},
		{"query", "percent", url.QueryEscape},
		{"percent, all", "percent", pct},
		{"percent, lower case", "percent", func(s string) string { return strings.ToLower(pct(s)) }},
		{"percent twice", "percent-twice", func(s string) string { return url.QueryEscape(pct(s)) }},
		{"percent three times", "percent-twice", func(s string) string { return url.QueryEscape(url.QueryEscape(pct(s))) }},
		{"%u", "percent", func(s string) string { return runes(s, func(r rune) string { return fmt.Sprintf("%%u%04X", r) }) }},
		{"entities, decimal", "html-entity", func(s string) string { return runes(s, func(r rune) string { return fmt.Sprintf("&#%d;", r) }) }},
		{"entities, open", "html-entity", func(s string) string { return runes(s, func(r rune) string { return fmt.Sprintf("&#%d", r) }) }},
		{"entities, padded", "html-entity", func(s string) string { return runes(s, func(r rune) string { return fmt.Sprintf("&#%07d;", r) }) }},
		{"entities, hex", "html-entity", func(s string) string { return runes(s, func(r rune) string { return fmt.Sprintf("&#x%x;", r) }) }},
		{"entities, HEX", "html-entity", func(s string) string { return runes(s, func(r rune) string { return fmt.Sprintf("&#X%04X;", r) }) }},
		{"entities in entities", "html-entity+html-entity", func(s string) string {
			return runes(s, func(r rune) string { return fmt.Sprintf("&amp;#%d;", r) })
		}},
		{"obfuscator", "html-entity", func(s string) string {
			n := 0
			return runes(s, func(r rune) string {
				switch n++; n % 3 {
				case 0:
					return fmt.Sprintf("&#%d;", r)
				case 1:
					return fmt.Sprintf("&#x%X;", r)
				}
				if r < 0x80 {
					return string(r)
				}
				return fmt.Sprintf("&#%d;", r)
			})
		}},
		{"json", "json-escape", jsonAll},
		{"json in json", "json-escape+json-escape", func(s string) string { return jsonText(`{"a":"` + jsonAll(s) + `"}`) }},
		{"json three deep", "json-escape+json-escape+json-escape", func(s string) string { return jsonText(jsonText(`{"a":"` + jsonAll(s) + `"}`)) }},
		{`\x`, "hex", func(s string) string { return each(s, func(b byte) string { return fmt.Sprintf(`\x%02x`, b) }) }},
		{`\u{}`, "json-escape", func(s string) string { return runes(s, func(r rune) string { return fmt.Sprintf(`\u{%x}`, r) }) }},
		{"octal", "octal", func(s string) string { return each(s, func(b byte) string { return fmt.Sprintf(`\%03o`, b) }) }},
		{"quoted-printable", "quoted-printable", quot},
		{"quoted-printable with soft breaks", "quoted-printable", func(s string) string { return wrap(quot(s), 6, "=\r\n") }},
		{"base64url", "base64", raw},
		{"base64 in json", "base64", func(s string) string { return `"` + strings.ReplaceAll(std(s), "/", `\/`) + `"` }},
		{"base64 with escaped breaks", "base64", func(s string) string { return `"` + wrap(std("a longer text, "+s), 16, `\r\n`) + `"` }},
		{"base64 with escaped newlines", "base64", func(s string) string { return `"` + wrap(std("a longer text, "+s), 12, `\n`) + `"` }},
		{"base64 in a path", "base64", func(s string) string { return "/user/profile/" + raw(s) + "/orders" }},
		{"base64 in a query", "", func(s string) string { return "?eml=" + url.QueryEscape(std(s)) + "&x=1" }},
		{"base64 behind a name", "base64", func(s string) string { return "user-" + raw(s) }},
		{"hex", "hex", func(s string) string { return hex.EncodeToString([]byte(s)) }},
		{"HEX", "hex", func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) }},
		{"0x", "hex", func(s string) string { return "0x" + hex.EncodeToString([]byte(s)) }},
		{"X''", "hex", func(s string) string { return "X'" + hex.EncodeToString([]byte(s)) + "'" }},
		{"bytea", "hex", func(s string) string { return `\x` + hex.EncodeToString([]byte(s)) }},
		{"gzip in base64", "base64+gzip", func(s string) string { return std(gzipped(s)) }},
		{"zlib in base64", "base64+zlib", func(s string) string { return std(deflated("x " + s)) }},
		{"COMPRESS in hex", "hex+zlib", func(s string) string { return "0x" + hex.EncodeToString([]byte("\x0e\x00\x00\x00"+deflated(s))) }},
		{"base64 in gzip in base64", "base64+gzip+base64", func(s string) string { return std(gzipped(std(s))) }},
		{"base64 in base64", "base64+base64", func(s string) string { return std(std(s)) }},
		{"base64 in base64 in base64", "base64+base64+base64", func(s string) string { return std(std(std(s))) }},
		{"json in base64", "base64+json-escape", func(s string) string { return std(`{"a":"` + jsonAll(s) + `"}`) }},
		{"percent in quoted-printable", "", func(s string) string { return quot(pct(s)) }},
		{"entities in percent", "percent+html-entity", func(s string) string {
			return pct(runes(s, func(r rune) string { return fmt.Sprintf("&#%d;", r) }))
		}},
		{"base64 in quoted-printable", "quoted-printable+base64", func(s string) string { return wrap(strings.ReplaceAll(std(s), "=", "=3D"), 7, "=\n") }},
		{"utf-16le", "utf-16le", func(s string) string { return wide16(s, false) }},
		{"utf-16be", "utf-16be", func(s string) string { return wide16(s, true) }},
		{"utf-16le with a mark", "utf-16le", func(s string) string { return "\xff\xfe" + wide16(s, false) }},
		{"utf-32le", "utf-32le", func(s string) string { return wide32(s, false) }},
		{"utf-32be", "utf-32be", func(s string) string { return wide32(s, true) }},
		{"utf-16 in base64", "base64+utf-16le", func(s string) string { return std(wide16(s, false)) }},
		{"utf-16 in hex", "hex+utf-16be", func(s string) string { return hex.EncodeToString([]byte(wide16(s, true))) }},
	}
	for shift := range 3 {
		list = append(list, encoding{fmt.Sprint("base64 at ", shift), "base64", func(s string) string { return std("<>"[:min(shift, 2)] + s + " ") }})
	}
	for _, n := range []int{1, 4, 5, 8, 9, 10, 11, 12, 16, 19, 60, 64, 72, 76, 77} {
		for _, brk := range []string{"\n", "\r\n"} {
			list = append(list, encoding{fmt.Sprintf("base64 in lines of %d %q", n, brk), "base64", func(s string) string {
				return wrap(std(strings.Repeat("Some words go before it. ", 4)+s+" and behind it, too"), n, brk)
			}})
		}
	}
	return list
}

func TestEncoded(t *testing.T) {
	r, err := New([]Person{anna()})
	if err != nil {
		t.Fatal(err)
	}
	values := map[Type]string{Email: "zoe@example.be", Phone: "+32 470 12 34 56", Name: "Zoë Van den Broeck", IBAN: "BE68 5390 0754 7034"}
	for _, e := range encodings() {
		for typ, v := range values {
			enc := e.enc(v)
			if enc == v {
				continue
			}
			for _, around := range [][2]string{{"", ""}, {"Lorem ipsum: ", " dolor sit"}, {"<a href=\"", "\">"}, {"xyz('", "','abc')"}, {"\x00\x01", "\x01\x01\x02"}, {"\n", "\n\nMore text"}} {
				text := around[0] + enc + around[1]
				var got []Hit
				for _, h := range r.Find(nil, []byte(text)) {
					if h.Type == typ {
						got = append(got, h)
					}
				}
				form := ""
				if len(got) > 0 {
					form = strings.TrimSuffix(strings.TrimSuffix(got[0].Form, "+grouped"), "+international")
				}
				if len(got) != 1 || e.form != "" && form != e.form && !strings.HasPrefix(form, e.form) && len(enc) > 2*len(v) {
					t.Errorf("%s: %s: %.200q: %v", e.name, typ, text, got)
					continue
				}
				if s, end := got[0].Start, got[0].End; int(s) < len(around[0]) || int(end) > len(around[0])+len(enc) {
					t.Errorf("%s: %s: at %d to %d of %q", e.name, typ, s, end, text)
				}
			}
		}
	}
}

// Characters that nobody sees part nothing inside a word.
func TestInvisible(t *testing.T) {
	r, err := New([]Person{anna()})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		"zoe\u200b@example.be", "zoe@exam\u00adple.be", "zoe@exam&shy;ple.be", "zoe@exam&#8203;ple.be", "zo\u2060e@example.be", "z\u200bo\u200be\u200b@\u200be\u200bxample.be",
		"BE68\u200b5390\u200b0754\u200b7034", "BE68&shy;5390&shy;0754&shy;7034", "+32\u200b470\u200b123456", "Zoë Van den Broe\u00adck",
	} {
		hits := r.Find(nil, []byte("<p> "+text+" </p>"))
		if len(hits) != 1 || int(hits[0].Start) != 4 || int(hits[0].End) != 4+len(text) {
			t.Errorf("%q: %+v", text, hits)
		}
	}
	for _, text := range []string{"zoe \u200b example.be", "0470\u00ad12", "\u200b\u200b\u200b", "\ufeffid;name\n1;x"} {
		if hits := r.Find(nil, []byte(text)); len(hits) > 0 {
			t.Errorf("%q: %+v", text, hits)
		}
	}
}

// What is decoded is judged as what stands there would be.
func TestEncodedNearMisses(t *testing.T) {
	r, err := New([]Person{anna()})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{
		"abczoe@example.be", "zoe@example.be.com", "zoe@example.berlin", "ézoe@example.be", "łzoe@example.be", "x-zoe@example.be", "10470123456", "04701234567",
		"Jan Van den Broeck", "Zoëlle Van den Broeck", "Zoë Van den Broecke", "BE69 5390 0754 7034", "BE685390075470341",
	} {
		for _, e := range encodings() {
			text := e.enc(s)
			for _, text := range []string{text, "Lorem " + text + " ipsum", `"` + text + `"`} {
				if hits := r.Find(nil, []byte(text)); len(hits) > 0 {
					t.Errorf("%s: %q: %.150q: %v", e.name, s, text, hits)
				}
			}
		}
	}
}

// What stands beside a value counts as what it stands for.
func TestBesideEscapes(t *testing.T) {
	r, err := New([]Person{anna()})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]int{
		`\u00e9zoe@example.be`:                               0,
		`\\u00e9zoe@example.be`:                              0,
		`Sant=C3=A9zoe@example.be`:                           0,
		`%C3%A9zoe@example.be`:                               0,
		`&eacute;zoe@example.be`:                             0,
		`&#233;zoe@example.be`:                               0,
		`%41zoe@example.be`:                                  0,
		`\x41zoe@example.be`:                                 0,
		"abc=\r\nzoe@example.be":                             0,
		"zoe@example.be\\u0061":                              0,
		"zoe@example.be%61":                                  0,
		"zoe@example.be&#97;":                                0,
		"zoe@example.be%2Ecom":                               0,
		"zoe@example.be=2Ecom":                               0,
		"zoe@exam=\r\nple.be":                                1,
		"zoe@exam=\nple.berlin":                              0,
		`%20zoe@example.be`:                                  1,
		`%2520zoe@example.be`:                                1,
		`&lt;zoe@example.be&gt;`:                             1,
		`&amp;lt;zoe@example.be&amp;gt;`:                     1,
		`\nzoe@example.be`:                                   1,
		`\"zoe@example.be\"`:                                 1,
		`\\\"zoe@example.be\\\"`:                             1,
		`\u003czoe@example.be\u003e`:                         1,
		`\tzoe@example.be\r\n`:                               1,
		"=3Czoe@example.be=3E":                               1,
		"%3Czoe@example.be%3E":                               1,
		"%253Czoe@example.be%253E":                           1,
		"tel=%200470123456&":                                 1,
		"tel%3A0470123456%2C":                                1,
		"tel=%2B32470123456":                                 1,
		"tel=0470+12+34+56&x":                                1,
		"tel=0470%2012%2034%2056&x":                          1,
		"tel=0470&nbsp;12&nbsp;34&nbsp;56":                   1,
		`"0470\/12.34.56"`:                                   1,
		`"\u002b32470123456"`:                                1,
		`"\u00200470123456"`:                                 1,
		"0470=2F12=2E34=2E56":                                1,
		"id=400470123456":                                    0,
		"x=40zoe@example.be":                                 0,
		"iban=BE68+5390+0754+7034":                           1,
		"iban=BE68%205390%200754%207034":                     1,
		"name=Zo%C3%AB+Van+den+Broeck":                       1,
		"name=Zo%EB%20Van%20den%20Broeck":                    1,
		"Zo&euml; Van den Broeck":                            1,
		"Zo&euml Van den Broeck":                             1,
		"Zo&#235 Van den Broeck":                             1,
		"Zo\\303\\253 Van den Broeck":                        1,
		"Zo=C3=AB Van=\r\n den Broeck":                       1,
		"Zo=EB_Van_den_Broeck":                               1,
		"Zoe&nbsp;Van&nbsp;den&nbsp;Broeck":                  1,
		`Zo\\u00eb Van den Broeck`:                           1,
		"Zoe%20Van%20den%20Broeck":                           1,
		wronglyDecoded("Zoë Van den Broeck"):                 1,
		wronglyDecoded(wronglyDecoded("Zoë Van den Broeck")): 1,
		"x" + wronglyDecoded("ëZoë Van den Broeck"):          0,
		wronglyDecoded("ZOË VAN DEN BROECK"):                 1,
		pct(wronglyDecoded("Zoë Van den Broeck")):            1,
		wide16("Zoë Van den Broeck, Łódź", false):            1,
		"token=" + std("zoe@example.be") + "\n--xy":          1,
		"--\n" + raw("<zoe@example.be>") + "\n--\n":          1,
	} {
		if hits := r.Find(nil, []byte(text)); len(hits) != want {
			t.Errorf("%q: %v, want %d", text, hits, want)
		}
	}
}

// mixed is a text with people in all encodings, far apart and close together.
func mixed(size int, seed uint64) []byte {
	rng := rand.New(rand.NewPCG(seed, 1))
	list := encodings()
	values := []string{"zoe@example.be", "+32 470 12 34 56", "Zoë Van den Broeck", "BE68 5390 0754 7034"}
	var b bytes.Buffer
	for b.Len() < size {
		switch rng.IntN(8) {
		case 0:
			for range rng.IntN(40) {
				b.WriteString("GET /index.php?id=17&name=x%20y HTTP/1.1 \"Mozilla/5.0\"\n")
			}
		case 1: // a long run with people in it
			long := strings.Repeat("some text, ", rng.IntN(4000)) + values[rng.IntN(4)] + strings.Repeat(" more text,", rng.IntN(4000)) + values[rng.IntN(4)] + "."
			b.WriteString("\n\n" + wrap(std(long), []int{60, 64, 76, 1 << 30}[rng.IntN(4)], []string{"\n", "\r\n"}[rng.IntN(2)]) + "\n\n")
		case 2:
			for range rng.IntN(3000) {
				b.WriteByte(byte(rng.IntN(256)))
			}
			b.WriteString("\n ")
		case 3:
			long := strings.Repeat("some text, ", rng.IntN(2000)) + values[rng.IntN(4)]
			b.WriteString(" 0x" + hex.EncodeToString([]byte(long)) + "; ")
		case 4:
			noise := make([]byte, rng.IntN(30000))
			for i := range noise {
				noise[i] = byte(rng.IntN(256))
			}
			b.WriteString("\n\n" + wrap(std(gzipped(string(noise)+" "+values[rng.IntN(4)]+" ")), 76, "\n") + "\n\n")
		default:
			b.WriteString(" (" + list[rng.IntN(len(list))].enc(values[rng.IntN(4)]) + ") ")
		}
	}
	return b.Bytes()
}

// A stream gives what one piece of memory gives, however it comes.
func TestEncodedInStreams(t *testing.T) {
	r, err := New([]Person{anna()})
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(6) {
		text := mixed(900<<10, seed)
		want := map[string]int{}
		for _, h := range r.Find(nil, text) {
			h.Part = 0
			want[fmt.Sprint(h)]++
		}
		for name, rd := range map[string]func() ([]Hit, error){
			"whole": func() (got []Hit, err error) {
				_, err = r.Scan(context.Background(), bytes.NewReader(text), func(h Hit, _ int64, _ []byte) { got = append(got, h) })
				return got, err
			},
			"bytes": func() (got []Hit, err error) {
				_, err = r.Scan(context.Background(), iotest.OneByteReader(bytes.NewReader(text)), func(h Hit, _ int64, _ []byte) { got = append(got, h) })
				return got, err
			},
		} {
			hits, err := rd()
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]int{}
			for _, h := range hits {
				h.Part = 0
				got[fmt.Sprint(h)]++
			}
			bad := 0
			for k, n := range want {
				if got[k] != n {
					if bad++; bad < 6 {
						t.Errorf("seed %d, %s: %s: %d times, want %d", seed, name, k, got[k], n)
					}
				}
			}
			for k, n := range got {
				if want[k] == 0 {
					if bad++; bad < 12 {
						t.Errorf("seed %d, %s: %s: %d times, want none", seed, name, k, n)
					}
				}
			}
			if bad > 0 {
				t.Errorf("seed %d, %s: %d of %d differ", seed, name, bad, len(want))
			}
		}
	}
}

// Encodings inside encodings, at random: what is hers is found, at the place it
// has, and what is another's is not.
func FuzzNested(f *testing.F) {
	r, err := New([]Person{anna()})
	if err != nil {
		f.Fatal(err)
	}
	list := encodings()
	var plainest []encoding // of which any may stand in any other
	for _, e := range list {
		switch {
		case strings.HasPrefix(e.form, "base64"), e.name == "hex", e.name == "percent, all", e.name == "json", e.name == "entities, hex", e.name == "quoted-printable":
			if strings.Count(e.form, "+") == 0 && !strings.Contains(e.name, "lines of 1 ") && !strings.Contains(e.name, "path") && !strings.Contains(e.name, "behind") {
				plainest = append(plainest, e)
			}
		}
	}
	f.Add(uint(1), uint(2), uint(0), "see ", " there")
	f.Add(uint(9), uint(17), uint(2), "<", ">")
	f.Fuzz(func(t *testing.T, a, b, value uint, before, after string) {
		if len(before) > 300 || len(after) > 300 {
			return
		}
		for _, s := range before + after {
			if s >= 0x80 || s < 0x20 || wordRune(s) || strings.ContainsRune("%&\\=+/-_.'\"@#;:", s) {
				return
			}
		}
		v := []string{"zoe@example.be", "+32 470 12 34 56", "Zoë Van den Broeck", "BE68 5390 0754 7034"}[value%4]
		first, second := plainest[a%uint(len(plainest))], plainest[b%uint(len(plainest))]
		enc := second.enc(first.enc("(" + v + ")"))
		text := before + " " + enc + " " + after
		hits := r.Find(nil, []byte(text))
		if len(hits) != 1 {
			t.Fatalf("%s in %s: %q: %v", first.name, second.name, text, hits)
		}
		if h := hits[0]; h.Start < int64(len(before)) || h.End > int64(len(before)+2+len(enc)) {
			t.Fatalf("%s in %s: at %d to %d of %q", first.name, second.name, h.Start, h.End, text)
		}
	})
}

// BenchmarkViews compares all of the search with the matcher alone, on text
// without encodings and on a value of a field.
func BenchmarkViews(b *testing.B) {
	r, err := New([]Person{anna()})
	if err != nil {
		b.Fatal(err)
	}
	line := "192.0.2.17 - - [02/Nov/2026:10:00:00 +0100] \"GET /shop/index.php?id=17&q=some%20words HTTP/1.1\" 200 1234 \"-\" \"Mozilla/5.0 (X11; Linux x86_64)\"\n"
	for name, text := range map[string][]byte{"field": []byte("jan.janssens@example.org"), "log": []byte(strings.Repeat(line, 1700))} {
		b.Run(name+"/all", func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				r.Find(nil, text)
			}
		})
		b.Run(name+"/bitmaps", func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			var m class.Map
			for b.Loop() {
				m.Set(text)
			}
		})
		b.Run(name+"/matcher", func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				r.matcher.Find(nil, text)
			}
		})
	}
}

// Nothing that is decoded joins two rows, and each hit tells its own cell.
func TestEncodedInRows(t *testing.T) {
	r, err := New([]Person{anna()})
	if err != nil {
		t.Fatal(err)
	}
	find := func(rows ...[]string) (got []string) {
		var b []byte
		var ends, cells []int
		for _, row := range rows {
			for _, cell := range row {
				b = append(append(b, cell...), 0)
				cells = append(cells, len(b))
			}
			ends = append(ends, len(b))
		}
		bounds := func(ends []int, sep int) func(off int) (int, int) {
			return func(off int) (int, int) {
				from := 0
				for _, to := range ends {
					if off < to {
						return from, to - sep
					}
					from = to
				}
				return from, len(b)
			}
		}
		hits, _ := r.SearchRows(nil, b, bounds(ends, 0), bounds(cells, 1))
		for _, h := range hits {
			got = append(got, fmt.Sprintf("%s %q", h.Form, b[h.Start:h.End]))
		}
		return got
	}
	enc := std("zoe@example.be")
	for name, tt := range map[string]struct {
		rows [][]string
		want string
	}{
		"base64":              {[][]string{{"1", enc, "x"}, {"2", "y", "z"}}, `[base64 "em9lQGV4YW1wbGUuYmU"]`},
		"halves of base64":    {[][]string{{"1", enc[:8], enc[8:]}}, `[]`},
		"halves in two rows":  {[][]string{{"1", enc[:12]}, {enc[12:], "2"}}, `[]`},
		"percent, two rows":   {[][]string{{"1", "zoe%40exam"}, {"ple.be", "2"}}, `[]`},
		"percent":             {[][]string{{"a", "zoe%40example.be"}, {"b", "zoe%40example.be"}}, `[percent "zoe%40example.be" percent "zoe%40example.be"]`},
		"percent, next cell":  {[][]string{{"zoe%40example.be", "com"}}, `[percent "zoe%40example.be"]`},
		"columns":             {[][]string{{`Zo\u00eb`, "Van den Broeck"}}, `[columns "Zo\\u00eb\x00Van den Broeck"]`},
		"columns in two rows": {[][]string{{"x", `Zo\u00eb`}, {"Van den Broeck", "y"}}, `[]`},
		"utf-16":              {[][]string{{"1", wide16("zoe@example.be", false), "x"}}, `[utf-16le "z\x00o\x00e\x00@\x00e\x00x\x00a\x00m\x00p\x00l\x00e\x00.\x00b\x00e\x00"]`},
		"hex":                 {[][]string{{"1", hex.EncodeToString([]byte("zoe@example.be"))}, {"2", "cd"}}, `[hex "7a6f65406578616d706c652e6265"]`},
	} {
		if got := fmt.Sprint(find(tt.rows...)); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

// What a bound keeps from being decoded is told, and what comes before it is
// found.
func TestUndecoded(t *testing.T) {
	r, err := New([]Person{anna()})
	if err != nil {
		t.Fatal(err)
	}
	bomb := std(gzipped("zoe@example.be " + strings.Repeat("\x00", 40<<20)))
	for name, tt := range map[string]struct {
		text string
		want string
	}{
		"bomb":      {"see " + bomb + " there", "[{4 true false}]"},
		"deep":      {"zoe@example.be: " + std(std(std(std(std("bob@example.org is too far down"))))), "[{16 false true}]"},
		"threes":    {"zoe@example.be: " + strings.Repeat("3", 4096), "[]"},
		"no bomb":   {"see " + std(gzipped(strings.Repeat("zoe@example.be ", 10000))), "[]"},
		"ordinary":  {strings.Repeat("https:\\/\\/www.example.be\\/a?b=1&amp;c=%20d zoe@example.be\n", 5000), "[]"},
		"all QP":    {strings.Repeat(quot("zoe@example.be "), 5000), "[]"},
		"all utf16": {wide16(strings.Repeat("zoe@example.be ", 20000), false), "[]"},
		"all twice": {url.QueryEscape(strings.Repeat(pct("zoe@example.be "), 5000)), "[]"},
	} {
		hits := 0
		_, undone, err := r.ScanAll(context.Background(), strings.NewReader(tt.text), func(Hit, int64, []byte, []byte) { hits++ })
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(undone) != tt.want || hits == 0 {
			t.Errorf("%s: %d hits, %v, want %s", name, hits, undone, tt.want)
		}
		found, undone := r.Search(nil, []byte(tt.text))
		if fmt.Sprint(undone) != tt.want || len(found) != hits {
			t.Errorf("%s: %d hits at once, %d in a stream, %v, want %s", name, len(found), hits, undone, tt.want)
		}
	}
}
