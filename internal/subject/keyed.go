package subject

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/spoor-scan/spoor/internal/match"
	"github.com/spoor-scan/spoor/rules"
)

// Keyed is the Hash of an identifier that is known by a keyed hash only, of a
// list: HMAC-SHA256 under the list's key, in hexadecimal, over the type, a NUL and
// the normal form. It is found by hashing what the detectors of personal data
// find.
const Keyed = "hmac-sha256"

// A List is the key of keyed hashes, and what helps to find what they are of.
type List struct {
	Key []byte
	// Codes are the calling codes of the phone numbers, in which national numbers
	// are tried.
	Codes []string
}

// KeyedTypes lists the types that can be looked for by a keyed hash: those that
// can be recognised without knowing whose they are.
func KeyedTypes() []Type { return []Type{Email, Phone, VAT, IBAN, NationalID, Card, IP} }

// KeyedHashes returns the hashes under key by which an identifier is known to a
// list: of its normal form, and of others that are written as often. code is the
// calling code of a phone number, where it has one. It returns none for a type
// that can't be looked for, and for what is known by a hash itself.
func KeyedHashes(id Identifier, key []byte) (hashes []string, code string) {
	normal, err := id.Normal()
	if err != nil || id.Hash != "" || !slices.Contains(KeyedTypes(), id.Type) {
		return nil, ""
	}
	forms := []string{normal}
	switch id.Type {
	case Email:
		forms = mailForms(normal)
	case Phone:
		if d, ok := strings.CutPrefix(normal, "+"); ok {
			code, _ = splitPhone(d)
		}
	case VAT:
		if prefixed(normal) {
			forms = append(forms, normal[2:])
		}
	}
	h := newKeyer(key)
	for _, f := range forms {
		hashes = append(hashes, h.sum(id.Type, f))
	}
	return hashes, code
}

// prefixed reports whether a number starts with the code of a country.
func prefixed(s string) bool {
	return len(s) > 6 && isUpper(s[0]) && isUpper(s[1]) && '0' <= s[len(s)-1] && s[len(s)-1] <= '9'
}

// mailForms returns the forms of an address that name the same mailbox: as it is,
// and without the dots that some providers pass over.
func mailForms(addr string) []string {
	local, host, _ := strings.Cut(strings.ToLower(addr), "@")
	forms := []string{local + "@" + host}
	if a := asciiHost(host); a != host {
		host = a
		forms = append(forms, local+"@"+host)
	}
	if host == "gmail.com" || host == "googlemail.com" {
		forms = append(forms, "gmail:"+strings.ReplaceAll(local, ".", ""))
	}
	return forms
}

// A keyer makes keyed hashes.
type keyer struct {
	h   hash.Hash
	buf []byte
}

func newKeyer(key []byte) *keyer { return &keyer{h: hmac.New(sha256.New, key)} }

func (k *keyer) sum(t Type, form string) string { return hex.EncodeToString(k.raw(t, form)) }

func (k *keyer) raw(t Type, form string) []byte {
	k.h.Reset()
	k.buf = append(append(append(k.buf[:0], t...), 0), form...)
	k.h.Write(k.buf)
	k.buf = k.h.Sum(k.buf[:0])
	return k.buf
}

// A keyring holds the keyed hashes of one list.
type keyring struct {
	list   *List
	owners map[[sha256.Size]byte][]owner
	types  map[Type]bool
	keyers sync.Pool // of *keyer
}

func (r *keyring) keyer() *keyer {
	if x, ok := r.keyers.Get().(*keyer); ok {
		return x
	}
	return newKeyer(r.list.Key)
}

// keyed adds an identifier that is known by a keyed hash.
func (bl *builder) keyed(id Identifier, sum string) {
	var ring *keyring
	for _, r := range bl.rings {
		if bytes.Equal(r.list.Key, bl.who.List.Key) {
			ring = r
		}
	}
	if ring == nil {
		ring = &keyring{list: bl.who.List, owners: map[[sha256.Size]byte][]owner{}, types: map[Type]bool{}}
		bl.rings = append(bl.rings, ring)
	}
	var raw [sha256.Size]byte
	if _, err := hex.Decode(raw[:], []byte(sum)); err != nil {
		return // Normal has refused it
	}
	ring.owners[raw] = append(ring.owners[raw], bl.owner())
	ring.types[id.Type] = true
	if id.Type == Email {
		bl.lead(match.Pattern{Text: "@"}, "rings", bl.known.keyedMail)
		bl.known.rings = bl.rings
	}
}

// keyedMail is hashes for keyed hashes.
func (k *known) keyedMail(b []byte, start, end int, found take) {
	var h host
	h.read(b, end, false)
	lo, local := localPart(b, start, false)
	if h.n == 0 || local == "" {
		return
	}
	for n := h.n; n >= 2; n-- {
		host := string(b[end:h.ends[n-1]])
		for _, r := range k.rings {
			x := r.keyer()
			look := func(local, form string) {
				for _, f := range mailForms(local + "@" + host) {
					for _, o := range r.owners[[sha256.Size]byte(x.raw(Email, f))] {
						found(o, lo, h.ends[n-1], form)
					}
				}
			}
			look(local, "plain")
			if base, _, ok := strings.Cut(local, "+"); ok && base != "" {
				look(base, "plus-tag")
			}
			r.keyers.Put(x)
		}
		if !h.droppable(n - 1) {
			return
		}
	}
}

// candidates are the rules that find what may be an identifier.
func candidates() (*rules.Set, error) {
	var list []rules.Rule
	for _, r := range rules.All() {
		if r.Country != "" || r.ID == "iban" || r.ID == "ipv4" || r.ID == "ipv6" || strings.HasPrefix(r.ID, "phone") || strings.HasPrefix(r.ID, "card") {
			list = append(list, r)
		}
	}
	return rules.NewSet(list)
}

// rung looks for what keyed hashes are of in f.text, a row at a time.
func (f *finder) rung(rows func(off int) (from, to int)) {
	r := f.r
	if r.rings == nil {
		return
	}
	f.maybe = r.maybe.FindEvery(f.maybe[:0], f.text)
	all := r.maybe.Rules()
	bounded := f.layer == 0 && rows == nil
	f.lo, f.hi = 0, len(f.text)
	if !bounded {
		f.hi = 0
	}
	for _, h := range f.maybe {
		if !bounded && (h.Start >= f.hi || h.Start < f.lo) {
			if f.layer > 0 {
				f.region, f.lo, f.hi = f.view.Region(h.Start)
			} else {
				f.lo, f.hi = rows(h.Start)
			}
		}
		if h.End > f.hi {
			continue
		}
		f.led, f.b = h.Start, f.text[f.lo:f.hi]
		for _, ring := range r.rings {
			ring.try(&all[h.Rule], string(f.text[h.Start:h.End]), func(o owner, form string) {
				f.taken(o, h.Start-f.lo, h.End-f.lo, form)
			})
		}
	}
}

// try hashes what a rule found, in each form of each type that it may be.
func (r *keyring) try(rule *rules.Rule, text string, found func(o owner, form string)) {
	x := r.keyer()
	defer r.keyers.Put(x)
	look := func(t Type, value, form string) {
		if !r.types[t] || value == "" {
			return
		}
		for _, o := range r.owners[[sha256.Size]byte(x.raw(t, value))] {
			found(o, form)
		}
	}
	compact := alnum(text)
	switch {
	case rule.ID == "iban":
		look(IBAN, compact, "plain")
	case strings.HasPrefix(rule.ID, "card"):
		look(Card, onlyDigits(text), "plain")
	case strings.HasPrefix(rule.ID, "ip"):
		if a, err := netip.ParseAddr(strings.Trim(text, "[]")); err == nil {
			look(IP, a.Unmap().WithZone("").String(), "plain")
		}
	case strings.HasPrefix(rule.ID, "phone"):
		normal := normalPhone(text)
		if look(Phone, normal, "plain"); strings.HasPrefix(normal, "+") {
			return
		}
		for _, code := range r.list.Codes {
			for _, trunk := range []string{"", "0", "06", "8", "1"} { // of the countries that have one
				if nsn, ok := strings.CutPrefix(normal, trunk); ok {
					look(Phone, "+"+code+nsn, "national")
				}
			}
		}
	default:
		for _, t := range []Type{VAT, NationalID} {
			look(t, compact, "plain")
		}
		look(VAT, rule.Country+compact, "plain")
		if prefixed(compact) {
			look(VAT, compact[2:], "plain")
		}
	}
}
