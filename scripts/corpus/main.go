// Corpus writes the mixed text that speed is measured on, and what to look for
// in it: forms of invented people, as one literal a line, and their numbers.
// The same arguments give the same bytes. By size it is 40 % SQL dump, 20 % mail
// with quoted-printable and base64, 15 % logs, 10 % HTML, 8 % JSON and 7 %
// binary.
//
//	corpus -size BYTES -dir DIRECTORY [-tar FILE]
//
// It writes DIRECTORY/corpus, literals-N and numbers-N for N = 10, 100, 1000 and
// 10000 people, people, which has them with their identifiers as JSON, and kinds,
// which has a line for each piece of the text: its kind and its bytes. With -tar
// the same pieces are put into the files in which they would lie.
package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"mime/quotedprintable"
	"os"
	"path/filepath"
	"strings"
)

var (
	firstNames = strings.Fields("Jan Piet Marie Luc Sofie Katarzyna Mohamed Emma Louis Zoë Lotte Anna Pieter Joris Femke Ahmed Inès Tom Karel Griet Wout Nele Bart Elke Sven Hanne Stijn Julie Arthur Noor Jean François Ursula Jürgen Giulia Søren Małgorzata Andrew Mary Carlos")
	syllables  = strings.Fields("Pee Jan Maes Ver Wil De Goos Van Hoe Cla Mer Lem Die Ros Smet Bog Dub Mich Thys Aer Wou Cor Lau Pau Hen Sto Ray Blo Kui Zwa Mül Schrö Gar Fer")
	endings    = strings.Fields("ters ssens sen meulen lems beke sens hove ven ckx tens menn ricx eels aerts mans broeck stra dijk kens ler der cía rand")
	middles    = append(make([]string, 12), strings.Fields("ver lin mo der ni ga ro be ka la ters win del ha ri so")...)
	particles  = []string{"", "", "", "", "", "Van den ", "De ", "van der ", "von ", "D'"}
	domains    = strings.Fields("mail.example.com mail.example.com post.example.net example.be example.org example.net webmail.example.org shop.example.com")
	streets    = strings.Fields("Genutstraat Kerkstraat Stationslaan Molenweg Dorpsplein Nieuwstraat Schoolstraat Veldweg Hauptstraße Bahnhofstraße Rue-Neuve Avenue-Louise Chaussée-Verte")
	towns      = strings.Fields("Bilzen Gent Namur Hasselt Leuven Aachen Lille Utrecht Brugge Antwerpen")
	words      = strings.Fields("the invoice of your domain has been renewed and payment was received for hosting package we will contact you about this order soon de factuur van uw domeinnaam werd betaald met vriendelijke groeten cordialement server mail address update please login password reset ticket support la commande est prête pour votre compte der Vertrag wurde am verlängert und die Rechnung liegt bei")
)

type person struct {
	first, last, local, domain, user, street, house, postcode, town string
	phone, vat, iban, national, customer                            string // digits
}

func (p person) email() string { return p.local + "@" + p.domain }

func pick(r *rand.Rand, s []string) string { return s[r.IntN(len(s))] }

func invent(r *rand.Rand) person {
	p := person{first: pick(r, firstNames), last: pick(r, particles) + pick(r, syllables) + pick(r, middles) + pick(r, endings)}
	if r.IntN(6) == 0 {
		p.last += "-" + pick(r, syllables) + pick(r, endings)
	}
	ascii := strings.NewReplacer(" ", "", "'", "", "ë", "e", "è", "e", "ç", "c", "ü", "u", "ø", "o", "ł", "l", "ö", "o", "í", "i").Replace
	p.local = strings.ToLower(ascii(p.first) + pick(r, []string{".", "_", "", "-"}) + ascii(p.last))
	if r.IntN(2) == 0 {
		p.local += fmt.Sprint(r.IntN(99))
	}
	p.domain = pick(r, domains)
	switch r.IntN(4) {
	case 0:
		p.domain = strings.ToLower(ascii(p.last)) + ".example." + pick(r, []string{"be", "com", "org"})
	case 1:
		p.domain = pick(r, words[:20]) + "-" + strings.ToLower(ascii(pick(r, syllables)+pick(r, endings))) + "." + pick(r, []string{"example", "test", "invalid"})
	}
	p.user = fmt.Sprintf("%s%s%d", strings.ToLower(ascii(p.first[:2])), strings.ToLower(ascii(p.last)), r.IntN(999))
	p.street, p.house = strings.ReplaceAll(pick(r, streets), "-", " "), fmt.Sprint(1+r.IntN(300))
	if r.IntN(2) == 0 {
		p.street = pick(r, syllables) + pick(r, middles) + pick(r, []string{"straat", "laan", "weg", "steenweg", "plein", "dreef", "gasse", "allee"})
	}
	p.postcode, p.town = fmt.Sprint(1000+r.IntN(9000)), pick(r, towns)
	p.phone = fmt.Sprintf("4%d%07d", 6+r.IntN(4), r.IntN(1e7))
	vat := r.IntN(2e9) / 100
	p.vat = fmt.Sprintf("%08d%02d", vat, 97-vat%97)
	account := int(r.Int64N(1e14)) / 1e4
	tail := fmt.Sprintf("%010d%02d", account, (account+96)%97+1)
	rest := 0 // of the account and the letters BE (11, 14), modulo 97
	for _, d := range tail + "111400" {
		rest = (rest*10 + int(d-'0')) % 97
	}
	p.iban = fmt.Sprintf("%02d%s", 98-rest, tail)
	born := fmt.Sprintf("%02d%02d%02d", r.IntN(100), 1+r.IntN(12), 1+r.IntN(28))
	born += fmt.Sprintf("%03d", 1+r.IntN(1e5)%997)
	rest = 0
	for _, d := range born {
		rest = (rest*10 + int(d-'0')) % 97
	}
	p.national = fmt.Sprintf("%s%02d", born, 97-rest)
	p.customer = fmt.Sprintf("%07d", r.IntN(1e7))
	return p
}

// literals returns 22 forms of a person that are matched as they are.
func literals(p person) []string {
	mail := p.email()
	at := func(s string) string { return p.local + s + p.domain }
	// The base64 of a text at each offset in what is encoded, without the
	// characters that neighbours have a share in.
	encoded := func(pad int) string {
		s := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", pad) + mail))
		from := []int{0, 2, 3}[pad]
		return s[from : (pad+len(mail))/3*4]
	}
	sum := sha256.Sum256([]byte(mail))
	return []string{
		mail, at("%40"), at("%2540"), at("=40"), at("&#64;"), at(`\u0040`), at(" [at] "),
		encoded(0), encoded(1), encoded(2), hex.EncodeToString([]byte(mail)), hex.EncodeToString(sum[:]),
		p.first + " " + p.last, p.last + " " + p.first, p.last + ", " + p.first, p.first + "+" + strings.ReplaceAll(p.last, " ", "+"),
		string([]rune(p.first)[:1]) + ". " + p.last + " " + p.town, p.first + "-" + strings.ReplaceAll(p.last, " ", "-"),
		p.street + " " + p.house + ", " + p.postcode, p.street + " " + p.house + " " + p.postcode, p.house + ", " + p.street + ", " + p.town,
		p.user,
	}
}

// numbers returns those that are found in any grouping.
func numbers(p person) []string {
	return []string{"32" + p.phone, "0" + p.phone, "0032" + p.phone, p.vat, p.iban, p.national}
}

// An identifier is one as persons are given.
type identifier struct {
	Type, Value string
}

// identifiers returns a person's.
func identifiers(p person) []identifier {
	born := p.national
	return []identifier{
		{"email", p.email()},
		{"phone", "+32" + p.phone},
		{"name", p.first + " " + p.last},
		{"address", p.street + " " + p.house + ", " + p.postcode + " " + p.town},
		{"birth_date", "19" + born[:2] + "-" + born[2:4] + "-" + born[4:6]},
		{"vat", "BE" + p.vat},
		{"iban", "BE" + p.iban},
		{"national_id", p.national},
		{"ip", fmt.Sprintf("192.0.%d.%d", len(p.last), p.phone[8])},
		{"username", p.user},
		{"customer_id", "K-" + p.customer},
		{"domain", p.user + "." + p.domain},
	}
}

// subjects returns people as the lines of a subject file.
func subjects(people [][]identifier) []string {
	lines := []string{"subjects:"}
	for i, p := range people {
		lines = append(lines, fmt.Sprintf("  - id: person-%d", i))
		for _, id := range p {
			lines = append(lines, fmt.Sprintf("    %s: %q", id.Type, id.Value))
		}
	}
	return lines
}

type corpus struct {
	r      *rand.Rand
	wanted []person
	b      []byte
}

// person returns one of those who are looked for now and then.
func (c *corpus) person() person {
	if c.r.IntN(200) == 0 {
		// More often one of the first.
		return c.wanted[c.r.IntN(1+c.r.IntN(len(c.wanted)))]
	}
	return invent(c.r)
}

func (c *corpus) f(format string, args ...any) { c.b = fmt.Appendf(c.b, format, args...) }

func (c *corpus) sentence(n int) string {
	var s []string
	for range n {
		s = append(s, pick(c.r, words))
	}
	return strings.Join(s, " ")
}

func (c *corpus) time() string {
	return fmt.Sprintf("20%02d-%02d-%02d %02d:%02d:%02d", 10+c.r.IntN(17), 1+c.r.IntN(12), 1+c.r.IntN(28), c.r.IntN(24), c.r.IntN(60), c.r.IntN(60))
}

func (c *corpus) ip() string {
	return fmt.Sprintf("%d.%d.%d.%d", 1+c.r.IntN(222), c.r.IntN(256), c.r.IntN(256), c.r.IntN(256))
}

func (c *corpus) sql() {
	r := c.r
	quote := strings.NewReplacer("'", `\'`).Replace
	if r.IntN(2) == 0 {
		c.f("INSERT INTO `clients` VALUES ")
		for i := range 60 {
			p := c.person()
			if i > 0 {
				c.f(",")
			}
			c.f("(%d,'%s','%s','%s','+32 %s','%s %s','%s','%s','BE%s',%d.%02d,NULL,'%s','%s',1,'')", r.IntN(1e6), p.first, quote(p.last), p.email(), p.phone,
				p.street, p.house, p.postcode, p.town, p.vat, r.IntN(1000), r.IntN(100), c.time(), c.time())
		}
	} else {
		c.f("INSERT INTO `orders` (`id`, `client`, `total`, `vat`, `paid`, `iban`, `note`, `hash`) VALUES\n")
		for i := range 60 {
			p := c.person()
			if i > 0 {
				c.f(",\n")
			}
			c.f("(%d, %d, %d.%02d, %d.00, '%s', 'BE%s', '%s', '%016x%016x')", r.IntN(1e8), r.IntN(1e6), r.IntN(1e4), r.IntN(100), r.IntN(22), c.time(), p.iban, c.sentence(r.IntN(12)), r.Uint64(), r.Uint64())
		}
	}
	c.f(";\n")
}

func (c *corpus) mail() {
	r, from, to := c.r, c.person(), c.person()
	id := fmt.Sprintf("%x.%x", r.Uint64(), r.Uint32())
	c.f("From %s Mon Nov 02 09:00:00 2026\nReturn-Path: <%s>\nReceived: from mx%d.example.net (mx.example.net [%s])\n\tby mail.example.org (Postfix) with ESMTPS id %X\n\tfor <%s>; Mon, %d Nov 2026 %02d:%02d:%02d +0100 (CET)\n",
		from.email(), from.email(), r.IntN(9), c.ip(), r.Uint32(), to.email(), 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60))
	c.f("Message-ID: <%s@%s>\nFrom: %s %s <%s>\nTo: \"%s, %s\" <%s>\nSubject: %s\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"=_%s\"\n\n--=_%s\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n",
		id, from.domain, from.first, from.last, from.email(), to.last, to.first, to.email(), c.sentence(6), id, id)
	var body strings.Builder
	for range 3 + r.IntN(12) {
		fmt.Fprintf(&body, "%s. ", c.sentence(8+r.IntN(20)))
		if r.IntN(3) == 0 {
			fmt.Fprintf(&body, "\r\nTel. +32 %s/%s.%s.%s\r\n", from.phone[:3], from.phone[3:5], from.phone[5:7], from.phone[7:])
		}
	}
	fmt.Fprintf(&body, "\r\n\r\n%s %s\r\n%s %s, %s %s\r\n", from.first, from.last, from.street, from.house, from.postcode, from.town)
	var qp bytes.Buffer
	w := quotedprintable.NewWriter(&qp)
	w.Write([]byte(body.String())) // to memory
	w.Close()
	c.b = append(c.b, qp.Bytes()...)
	if r.IntN(2) == 0 {
		c.f("\n--=_%s\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\n", id)
		raw := make([]byte, 57)
		for i := range 20 + r.IntN(120) {
			if i%3 == 0 {
				p := c.person()
				copy(raw, fmt.Sprintf("%s;%s;%s;%s", p.first, p.last, p.email(), p.phone))
			} else {
				for k := range raw {
					raw[k] = byte(r.Uint32())
				}
			}
			c.b = append(base64.StdEncoding.AppendEncode(c.b, raw), '\n')
		}
	}
	c.f("\n--=_%s--\n\n", id)
}

func (c *corpus) log() {
	r := c.r
	for range 40 {
		switch p := c.person(); r.IntN(4) {
		case 0:
			c.f("Nov %2d %02d:%02d:%02d mail postfix/smtp[%d]: %X: to=<%s>, relay=mx%d.example.net[%s]:25, delay=%d.%d, delays=0.1/0/0.2/0.3, dsn=2.0.0, status=sent (250 2.0.0 OK %d)\n",
				1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60), r.IntN(32768), r.Uint32(), p.email(), r.IntN(9), c.ip(), r.IntN(9), r.IntN(99), 1.7e9+r.IntN(1e8))
		default:
			user := "-"
			if r.IntN(10) == 0 {
				user = p.user
			}
			query := fmt.Sprintf("id=%d", r.IntN(1e5))
			if r.IntN(10) == 0 {
				query = "email=" + strings.ReplaceAll(p.email(), "@", "%40")
			}
			c.f("%s - %s [%02d/Nov/2026:%02d:%02d:%02d +0100] \"GET /%s/%s.php?%s HTTP/1.1\" 200 %d \"https://www.example.be/%s\" \"Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0\"\n",
				c.ip(), user, 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60), pick(r, words), pick(r, words), query, r.IntN(1e5), pick(r, words))
		}
	}
}

func (c *corpus) html() {
	c.f("<!DOCTYPE html>\n<html lang=\"nl\"><head><meta charset=\"utf-8\"><title>%s</title></head>\n<body>\n", c.sentence(4))
	for range 30 {
		c.f("    <div class=\"row\"><a href=\"https://www.example.be/%s\">%s</a><br /></div>\n", pick(c.r, words), c.sentence(15))
		if c.r.IntN(3) == 0 {
			p := c.person()
			c.f("    <tr><td>%s&nbsp;%s</td><td><a href=\"mailto:%s\">%s</a></td><td>0%s</td><td style=\"width:12px\">&euro;&nbsp;%d,00</td></tr>\n", p.first, p.last, p.email(), strings.ReplaceAll(p.email(), "@", "&#64;"), p.phone, c.r.IntN(1e4))
		}
	}
	c.f("</body></html>\n")
}

func (c *corpus) json() {
	for range 20 {
		p := c.person()
		c.f(`{"id":%d,"name":"%s %s","email":"%s","phone":"+32%s","created_at":"%sZ","address":{"street":"%s %s","zip":"%s","city":"%s"},"customer":"K-%s","total":%d.%02d,"tags":["%s","%s"],"ip":"%s","active":true}`+"\n",
			c.r.IntN(1e7), p.first, p.last, strings.ReplaceAll(p.email(), "@", `\u0040`), p.phone, strings.Replace(c.time(), " ", "T", 1), p.street, p.house, p.postcode, p.town, p.customer, c.r.IntN(1e4), c.r.IntN(100), pick(c.r, words), pick(c.r, words), c.ip())
	}
}

func (c *corpus) binary() {
	for range 512 {
		// Half compressed, half structures.
		x := c.r.Uint64()
		if c.r.IntN(2) == 0 {
			x &= 0x0000FF0F000000FF
		}
		for range 8 {
			c.b = append(c.b, byte(x))
			x >>= 8
		}
	}
	p := c.person()
	c.f("%s\x00%s\x00", p.email(), p.last)
}

func writeLines(name string, lines []string) error {
	return os.WriteFile(name, []byte(strings.Join(lines, "\n")+"\n"), 0o644)
}

func run(size int, dir, archive string) (err error) {
	r := rand.New(rand.NewPCG(2026, 11))
	wanted := make([]person, 10_000)
	for i := range wanted {
		wanted[i] = invent(r)
	}
	var lits, nums []string
	var people [][]identifier
	seen := map[string]bool{}
	add := func(to *[]string, kind, s string) {
		if key := kind + strings.ToLower(s); !seen[key] {
			seen[key] = true
			*to = append(*to, s)
		}
	}
	for i, p := range wanted {
		people = append(people, identifiers(p))
		for _, s := range literals(p) {
			add(&lits, "l", s)
		}
		for _, s := range numbers(p) {
			add(&nums, "n", s)
		}
		switch n := i + 1; n {
		case 10, 100, 1000, 10_000:
			if err := errors.Join(writeLines(filepath.Join(dir, fmt.Sprintf("literals-%d", n)), lits), writeLines(filepath.Join(dir, fmt.Sprintf("numbers-%d", n)), nums)); err != nil {
				return err
			}
		}
	}

	list, err := json.Marshal(people)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "people"), list, 0o644)
	}
	if err == nil {
		err = writeLines(filepath.Join(dir, "subjects-100.yaml"), subjects(people[:min(100, len(people))]))
	}
	if err != nil {
		return err
	}

	name := filepath.Join(dir, "corpus")
	f, err := os.Create(name + ".new")
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, f.Close())
		if err == nil {
			err = os.Rename(name+".new", name)
		}
	}()
	var t *tree
	if archive != "" {
		if t, err = newTree(archive); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, t.close()) }()
	}
	w := bufio.NewWriterSize(f, 1<<20)
	c := &corpus{r: r, wanted: wanted}
	kinds := []struct {
		name  string
		share int // percent
		write func()
		done  int
	}{{"sql", 40, c.sql, 0}, {"mail", 20, c.mail, 0}, {"log", 15, c.log, 0}, {"html", 10, c.html, 0}, {"json", 8, c.json, 0}, {"binary", 7, c.binary, 0}}
	var pieces []string
	for total := 0; total < size; {
		// The kind that is most behind its share, in pieces of 64 KiB.
		least := 0
		for i := range kinds {
			if kinds[i].done*kinds[least].share < kinds[least].done*kinds[i].share {
				least = i
			}
		}
		c.b = c.b[:0]
		for len(c.b) < 64<<10 {
			kinds[least].write()
		}
		c.b = c.b[:min(len(c.b), size-total)]
		kinds[least].done += len(c.b)
		total += len(c.b)
		pieces = append(pieces, fmt.Sprint(kinds[least].name, " ", len(c.b)))
		if t != nil {
			if err := t.add(kinds[least].name, c.b); err != nil {
				return err
			}
		}
		if _, err := w.Write(c.b); err != nil {
			return err
		}
	}
	return errors.Join(w.Flush(), writeLines(filepath.Join(dir, "kinds"), pieces))
}

func main() {
	size := flag.Int("size", 1<<30, "bytes of text")
	dir := flag.String("dir", ".", "where to write")
	archive := flag.String("tar", "", "write the text as files of a tar archive, too")
	flag.Parse()
	if err := os.MkdirAll(*dir, 0o755); err != nil {
		fmt.Fprintln(os.Stderr, "corpus:", err)
		os.Exit(1)
	}
	if err := run(*size, *dir, *archive); err != nil {
		fmt.Fprintln(os.Stderr, "corpus:", err)
		os.Exit(1)
	}
}
