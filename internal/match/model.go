package match

import "math"

// sample is what the places that are searched are made of, in a nutshell. It
// only serves to tell common bytes from rare ones.
const sample = `INSERT INTO users VALUES (1,'admin','$2y$10$',NULL,0,'2024-01-01 00:00:00'),(2,'customer','active','');
CREATE TABLE IF NOT EXISTS wp_options (option_id bigint(20) unsigned NOT NULL AUTO_INCREMENT, option_name varchar(191) NOT NULL DEFAULT '', PRIMARY KEY (id), KEY email (email)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
Return-Path: <info@example.com> Received: from mail.example.com (mail.example.com [192.0.2.1]) by mx.example.net (Postfix) with ESMTPS id for <info@gmail.com>; Mon, 12 Feb 2024 10:11:12 +0100 (CET)
Message-ID: <@mail.gmail.com> From: To: Subject: Re: Date: MIME-Version: 1.0 Content-Type: text/plain; charset="utf-8" Content-Transfer-Encoding: quoted-printable multipart/alternative; boundary="----=_NextPart_000_ hotmail.com outlook.com yahoo.com telenet.be skynet.be proximus.be icloud.com
<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title></title><link rel="stylesheet" href="https://www.example.com/wp-content/themes/style.css"></head><body><div class="container"><a href="https://www.example.be/index.php?id=1&amp;page=2"><img src="/images/logo.png" alt="" width="100%"></a></div><p style="color:#333333;font-family:Arial,Helvetica,sans-serif;margin:0;padding:0"><span></span><br /></td></tr></table></body></html>
192.0.2.1 - - [12/Feb/2024:10:11:12 +0100] "GET /wp-login.php HTTP/1.1" 200 1234 "https://www.google.com/" "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"
{"id":1,"name":"","email":"","created_at":"2024-01-01T00:00:00Z","status":"paid","amount":"12.50","currency":"EUR","address":{"street":"","city":"Brussel","zip":"1000","country":"BE"}}
the and of to in is that for it with as was on be at by this have from or one had not but what all were when we there can an your which their said if will each about how up out them then she many some so these would other into has more her two like him see time could no make than first been its who now people my made over did down only way find use may water long little very after words called just where most know please dear regards thank you invoice order customer payment address phone mobile
de het een van en in is dat op te zijn met voor niet aan er om hij ook als dan maar bij uit naar heeft worden deze kan nog wel zo veel geen over meer onder beste met vriendelijke groeten factuur bestelling klant straat laan weg plein
le la les de des et en un une du que qui dans pour pas sur au plus par avec ce il sont est vous nous bonjour cordialement facture commande client rue avenue place
der die und das von zu mit den auf ist im dem nicht ein eine sich auch es an werden aus er hat dass sie nach wird bei einer sehr geehrte strasse rechnung bestellung
jan peeters maria janssens marie dupont jean martin peter mueller anna schmidt thomas van den de vries jansen bakker john smith mary jones david michael paul luc marc johan sofie lucas emma
`

// textModel estimates how often grams stand in text.
type textModel struct {
	next  [64][64]float64 // the probability that a class of byte follows another
	first [64]float64     // the probability of a class
	lits  []literal
	text  []byte   // in which they stand
	grams []spread // the memory of selectors
}

// Classes that stand for several bytes; "1" and "2" need none of their own.
const (
	classDigit = '0' & 31
	classHigh  = '1' & 31 // not ASCII
)

// classOf returns the class of a byte, folded.
func classOf(c byte) uint8 {
	switch c |= 0x20; {
	case c >= 0x80:
		return classHigh
	case '0' <= c && c <= '9':
		return classDigit
	case c < 0x60:
		return c & 31
	}
	return 32 + c&31
}

func model(lits []literal, text []byte) *textModel {
	m := &textModel{lits: lits, text: text}
	var first [64]float64
	var next [64][64]float64
	for i := 1; i < len(sample); i++ {
		a, b := classOf(sample[i-1]), classOf(sample[i])
		first[b]++
		next[a][b]++
	}
	// A class of several bytes shares its probability among them.
	share := func(c int) float64 {
		switch c {
		case classDigit:
			return 1. / 8
		case classHigh:
			return 1. / 16
		}
		return 1
	}
	for a := range next {
		m.first[a] = (first[a] + 0.5) / float64(len(sample)) * share(a)
		for b := range next[a] {
			// Backing off to the class itself where there is too little.
			p := (next[a][b] + 8*(first[b]+0.5)/float64(len(sample))) / (first[a] + 8)
			m.next[a][b] = p * share(b)
		}
	}
	return m
}

// A selector chooses the windows of the literals of one group: those whose
// grams are rare in text, as far as can be known, and those that are chosen
// already.
type selector struct {
	m     *textModel
	g     *grams
	shift uint8
	grams []spread  // by hash of gram
	taken []uint64  // by hash of gram: it is in a chosen window
	costs []float64 // of the grams of a literal
}

// A spread is in how many people's literals a gram stands. Who they are isn't
// known; but the forms of one person are next to each other.
type spread struct {
	last   uint16 // near which pattern it was seen last, in nearby, plus 1
	people uint16 // beside the first
}

// nearby is how many patterns next to each other may be of one person.
const nearby = 64

func (m *textModel) selector(g *grams) *selector {
	s := &selector{m: m, g: g}
	n := 0
	for _, l := range m.lits {
		n += max(0, int(l.length)-g.size+1)
	}
	k := min(max(log2(4*n), 6), 20)
	s.shift = uint8(64 - k)
	if len(m.grams) < 1<<k {
		m.grams = make([]spread, 1<<k)
	}
	s.grams, s.taken = m.grams[:1<<k], make([]uint64, 1<<k/64)
	clear(s.grams)
	for _, l := range m.lits {
		at := uint16(l.pattern/nearby%math.MaxUint16) + 1
		for i := range int(l.length) - g.size + 1 {
			c := &s.grams[s.hash(int(l.at)+i)]
			if c.last != 0 && c.last != at && c.people < math.MaxUint16 {
				c.people++
			}
			c.last = at
		}
	}
	return s
}

// hash returns the hash of the gram at an offset of the text.
func (s *selector) hash(i int) uint64 {
	return (load(s.m.text, i) | folded) * s.g.offsetMul >> (s.shift & 63)
}

// choose returns where in a literal its window shall start.
func (s *selector) choose(l literal) int {
	const (
		// People that are not looked for share with those who are what many
		// of these share; about one value of the kind in so many bytes.
		density = 1. / 200
	)
	each := density * nearby / float64(len(s.m.lits)+nearby)
	from := int(l.at)
	text := s.m.text[from : from+int(l.length)]
	n := len(text) - s.g.size + 1
	s.costs = s.costs[:0]
	for i := range n {
		h := s.hash(from + i)
		c := classOf(text[i])
		cost := s.m.first[c]
		for j := i + 1; j < i+s.g.size; j++ {
			d := classOf(text[j])
			cost *= s.m.next[c&63][d&63]
			c = d
		}
		cost += float64(s.grams[h].people) * each
		cost += 2e-7 // a place in the bitmap
		if s.taken[h>>6]>>(h&63)&1 != 0 {
			cost /= 4
		}
		s.costs = append(s.costs, cost)
	}
	best, at := math.Inf(1), 0
	for i := range len(text) - s.g.width + 1 {
		sum := 0.
		for _, c := range s.costs[i : i+s.g.step] {
			sum += c
		}
		if sum < best {
			best, at = sum, i
		}
	}
	for i := range s.g.step {
		h := s.hash(from + at + i)
		s.taken[h>>6] |= 1 << (h & 63)
	}
	return at
}
