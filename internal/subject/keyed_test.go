package subject

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"
)

// suppressed is a person of whom a list knows only keyed hashes.
func suppressed(t testing.TB, ids ...Identifier) *Recognizer {
	t.Helper()
	l := &List{Key: []byte("the key of the list")}
	p := Person{ID: "p", List: l}
	for _, id := range ids {
		hashes, code := KeyedHashes(id, l.Key)
		if code != "" && !slices.Contains(l.Codes, code) {
			l.Codes = append(l.Codes, code)
		}
		for _, h := range hashes {
			p.Identifiers = append(p.Identifiers, Identifier{Type: id.Type, Value: h, Hash: Keyed})
		}
	}
	r, err := New([]Person{p})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestKeyed(t *testing.T) {
	r := suppressed(
		t,
		Identifier{Type: Email, Value: "Zoe@example.be"}, Identifier{Type: Email, Value: "z.vdb@gmail.com"}, Identifier{Type: Phone, Value: "+32 470 12 34 56"},
		Identifier{Type: VAT, Value: "BE 0890.439.412"}, Identifier{Type: IBAN, Value: "BE68 5390 0754 7034"}, Identifier{Type: NationalID, Value: "85.07.30-033.28"},
		Identifier{Type: Card, Value: "4111 1111 1111 1111"}, Identifier{Type: IP, Value: "198.51.100.23"}, Identifier{Type: Name, Value: "Zoë Van den Broeck"},
	)
	for text, want := range map[string]Type{
		"write to zoe@example.be now": Email, "ZOE@EXAMPLE.BE": Email, "zoe+shop@example.be": Email, "zvdb@googlemail.com": Email,
		"call +32 470 12 34 56": Phone, "+32470123456": Phone, "0032 470 12 34 56": Phone, "0470/12.34.56": Phone, "0470 12 34 56": Phone, "x,0470123456,y": Phone,
		"VAT BE0890439412": VAT, "btw 0890.439.412": VAT, "BE 0890 439 412": VAT,
		"BE68539007547034": IBAN, "iban be68 5390 0754 7034": IBAN,
		"85.07.30-033.28": NationalID, "rrn 85073003328": NationalID, "85073003328": NationalID,
		"4111-1111-1111-1111": Card, "from 198.51.100.23:443": IP,
		base64.StdEncoding.EncodeToString([]byte("the address is zoe@example.be and")):    Email,
		base64.StdEncoding.EncodeToString([]byte("account BE68539007547034 of somebody")): IBAN,
		`{"phone":"\u002b32470123456"}`: Phone,
	} {
		hits := r.Find(nil, []byte(text))
		if !slices.ContainsFunc(hits, func(h Hit) bool { return h.Type == want }) {
			t.Errorf("%q: %v, want %s", text, hits, want)
		}
	}
	for _, text := range []string{"bob@example.be", "+32 470 12 34 57", "BE68 5390 0754 7035", "Zoë Van den Broeck", "85.07.30-033.29", "198.51.100.24", "the key of the list"} {
		if hits := r.Find(nil, []byte(text)); len(hits) > 0 {
			t.Errorf("%q: %v", text, hits)
		}
	}
	// Neighbouring cells are not one value.
	b := []byte("0470\x0012 34 56\x00bob\x00+32 470 12 34 56\x00")
	rows := func(off int) (int, int) {
		if off < 14 {
			return 0, 14
		}
		return 14, len(b)
	}
	if hits := r.FindRows(nil, b, rows); len(hits) != 1 || hits[0].Start != int64(strings.Index(string(b), "+32")) {
		t.Errorf("rows: %v", hits)
	}
	e := r.NewEvidence(0)
	for _, h := range r.Find(nil, []byte("0470 12 34 56")) {
		e.Add(h, 0, -1)
	}
	if c, why := e.Judge(false); c != Certain {
		t.Errorf("a national number: %s, %s", c, why)
	}
	for k, id := range r.Persons()[0].Identifiers {
		if m := r.Masked(0, k); strings.Contains(m, id.Value) || !strings.HasPrefix(m, Keyed+":") {
			t.Errorf("masked as %s", m)
		}
	}
}

// A long text is looked at in windows; what lies across their border is found.
func TestKeyedLong(t *testing.T) {
	r := suppressed(t, Identifier{Type: IBAN, Value: "BE68 5390 0754 7034"}, Identifier{Type: Email, Value: "zoe@example.be"})
	line := "2026-11-02 10:00:01 10.1.2.3 GET /a?b=12345678 200 4711 0470/99.88.77\n"
	var text strings.Builder
	want := 0
	for text.Len() < 3<<20 {
		text.WriteString(line)
		if text.Len()%97 == 0 {
			text.WriteString("BE68 5390 0754 7034 zoe@example.be\n")
			want += 2
		}
	}
	n := 0
	if _, err := r.Scan(t.Context(), strings.NewReader(text.String()), func(Hit, int64, []byte) { n++ }); err != nil || n != want {
		t.Errorf("%d hits, want %d; %v", n, want, err)
	}
}

func BenchmarkKeyed(b *testing.B) {
	r := suppressed(b, Identifier{Type: IBAN, Value: "BE68 5390 0754 7034"}, Identifier{Type: Phone, Value: "+32 470 12 34 56"}, Identifier{Type: VAT, Value: "BE 0890.439.412"})
	text := []byte(strings.Repeat("2026-11-02 10:00:01 10.1.2.3 GET /a?b=12345678 200 4711 0470/99.88.77\n", 4000))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		r.Find(nil, text)
	}
}
