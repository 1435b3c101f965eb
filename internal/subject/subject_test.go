package subject

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"
)

func zoe() Person {
	return Person{ID: "person-0042", Identifiers: []Identifier{
		{Type: Email, Value: "Zoe@example.be"},
		{Type: Phone, Value: "+32 470 12 34 56"},
		{Type: Name, Value: "Zoë Van den Broeck"},
		{Type: Address, Value: "Genutstraat 35, 3740 Bilzen"},
		{Type: BirthDate, Value: "1985-07-30"},
		{Type: VAT, Value: "BE 0890.439.412"},
		{Type: IBAN, Value: "BE68 5390 0754 7034"},
		{Type: NationalID, Value: "85.07.30-033.28"},
		{Type: IP, Value: "198.51.100.23"},
		{Type: Username, Value: "zoevdb"},
		{Type: CustomerID, Value: "K-104711"},
		{Type: Domain, Value: "zoevdb.be"},
		{Type: IP, Value: "2001:db8::17"},
	}}
}

func TestForms(t *testing.T) {
	r, err := New([]Person{zoe()})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		typ   Type
		yes   []string
		never []string
	}{
		{
			Email,
			[]string{
				"zoe@example.be", "ZOE@EXAMPLE.BE", "<zoe@example.be>", "mailto:zoe@example.be", "mail zoe@example.be.", "zoe@example.be, bob@example.org",
				`"a\nzoe@example.be"`, "user=zoe%40example.be&x", "zoe&#64;example.be", "zoe+shop@example.be", "%3Czoe@example.be%3E", `\u003czoe@example.be\u003e`,
				"z\x00o\x00e\x00@\x00e\x00x\x00a\x00m\x00p\x00l\x00e\x00.\x00b\x00e\x00", "zoe@example.be\x00next",
				"x " + base64.StdEncoding.EncodeToString([]byte("x zoe@example.be y")), "- zoe@example.be", "=zoe@example.be",
				"\u00a0zoe@example.be", "“zoe@example.be”", "\ufeffzoe@example.be", "…zoe@example.be", "--zoe@example.be--", "__zoe@example.be", "\xa0zoe@example.be",
				"=20zoe@example.be", "zoe@example.be.zip", "backup-of zoe@example.be.tar.gz", "zoe@example.be_2026.txt", base64.StdEncoding.EncodeToString([]byte("<Zoe@example.be>")),
				// By its length: a certificate, a property list, MessagePack.
				"\x16\x0ezoe@example.be0\x82\x01", "\x5f\x10\x0ezoe@example.be_\x10", "\xaezoe@example.bexyz", "0\x16\x0ezoe@example.be1",
			},
			[]string{
				"azoe@example.be", "zoe@example.be.com", "zoe@example.berlin", "a.zoe@example.be", "zoe@example.be-shop.com", "x-zoe@example.be", "zoe@sub.example.be",
				"zoe+a@example.be.org", "a+zoe@example.be", "zoe@example.be1", "zoë@example.be2",
				"\x16\x0fzoe@example.be0\x82", "\nzoe@example.be0", "\x16\x10azoe@example.be0",
				"email=dezoe@example.be", "ézoe@example.be", base64.StdEncoding.EncodeToString([]byte("mail: abczoe@example.be.")),
				base64.StdEncoding.EncodeToString([]byte("to azoe@example.berlin now")),
			},
		},
		{
			Phone,
			[]string{
				"+32470123456", "+32 470 12 34 56", "0470/12.34.56", "0032470123456", "+32 (0)470 12 34 56", "tel:+32-470-12-34-56", "0470 123 456",
				"(0470) 12 34 56", "0470123456 2026-11-02", "470 x +32470123456", "GSM 0470 12 34 56,", "+32\u00a0470\u00a012\u00a034\u00a056",
				"0470 12 34 56 12/05/2024", "+32 470 12 34 56 14:05", "0470 12 34 56 10 EUR",
			},
			[]string{"10470123456", "04701234567", "+33 0470 12 34 56", "0470 12 34 57", "0470 12 34 56 78", "a0470123456", "3.0470123456", "tx 2026-0470123456-99"},
		},
		{
			Name,
			[]string{
				"Zoë Van den Broeck", "ZOE VAN DEN BROECK", "Van den Broeck, Zoë", "Broeck, Zoë Van den", "zoë  van den\nbroeck", "zoe.van.den.broeck",
				"Zo\xeb Van den Broeck", "Zoe\u0308 Van den Broeck", "Zoë\x00Van den Broeck\x00", "Dear Zoë Van den Broeck, hello",
				`"Zo\u00eb Van den Broeck"`, `"Zoë","Van den Broeck"`, "Zoë\x00\x00Van den Broeck\x00",
			},
			[]string{"Zoë Broeck", "Zoë Van den Broecke", "Zoëlle Van den Broeck", "Jan Van den Broeck", "Zoë\x00x\x00Van den Broeck"},
		},
		{
			Address,
			[]string{"Genutstraat 35, 3740 Bilzen", "genutstraat 35\n3740 BILZEN", "GENUTSTRAAT 35", "Genutstraat 35\x003740\x00Bilzen"},
			[]string{"Genutstraat 350", "Genutstraat 3", "3740 Bilzen"},
		},
		{
			BirthDate,
			[]string{"1985-07-30", "30/07/1985", "30.7.1985", "19850730", "1985-07-30T00:00:00Z", "1985-07-30 00:00:00"},
			[]string{"1985-07-31", "119850730", "198507301", "30.7.19851", "1985-0730"},
		},
		{
			VAT,
			[]string{"BE0890439412", "BE 0890.439.412", "be0890439412", "0890.439.412", "BTW BE-0890.439.412", "890439412", "VAT: 0890439412.", "NR 0890.439.412", "ON 0890.439.412"},
			[]string{"FR0890439412", "08904394123", "10890439412", "BE0890439413", "0890.439.412.77"},
		},
		{
			IBAN,
			[]string{"BE68539007547034", "BE68 5390 0754 7034", "be68-5390-0754-7034", "IBAN BE68 5390 0754 7034 BIC", "IBAN:BE68539007547034", "BE68 5390 0754 7034 2026-11-02 150,00", "BE68 5390 0754 7034 1500 EUR"},
			[]string{"BE69539007547034", "BE685390075470341", "BE68 5390 0754 7034 1\n", "NL68539007547034", "XBE68539007547034"},
		},
		{NationalID, []string{"85.07.30-033.28", "85073003328", "850730 033 28"}, []string{"850730033280", "185073003328"}},
		{
			IP,
			[]string{"198.51.100.23", "[198.51.100.23]:80", "198.51.100.23:443", "2001:db8::17", "2001:0DB8:0000:0000:0000:0000:0000:0017", "::ffff:198.51.100.23", "ip6:2001:db8::17", "2001:db8:0:0:0:0:0:17", "2001:DB8:0:0::17", "[2001:db8::17]:443", "2001:db8::17."},
			[]string{"198.51.100.231", "1198.51.100.23", "198.51.100.23.4", "2.198.51.100.23", "2001:db8::171"},
		},
		{
			Username,
			[]string{"login: zoevdb", "/home/zoevdb/www", "zoevdb:x:1000:", "\x00zoevdb\x00", "zoevdb.sql", "zoevdb_db1.sql.gz"},
			[]string{"zoevdb2", "xzoevdb", "zoevdb.be", "my_zoevdb", "zoevdb@example.org", "zoevdb.pl"},
		},
		{CustomerID, []string{"klantnummer K-104711", "K-104711", "\x00k-104711\x00"}, []string{"K-1047112", "AK-104711", "K-104711-2"}},
		{
			Domain,
			[]string{"zoevdb.be", "www.zoevdb.be", "https://zoevdb.be/x", "info@zoevdb.be", "ZOEVDB.BE.", "access_zoevdb.be.log", "zoevdb.be.conf"},
			[]string{"xzoevdb.be", "zoevdb.be.org", "zoevdb.bet", "my-zoevdb.be"},
		},
	} {
		has := func(s string) bool {
			for _, h := range r.Find(nil, []byte(s)) {
				if h.Type == tt.typ {
					return true
				}
			}
			return false
		}
		for _, s := range tt.yes {
			// At the first and the last byte, and in the midst.
			for _, text := range []string{s, "Lorem " + s, s + " ipsum", "Lorem (" + s + ") ipsum"} {
				if strings.HasPrefix(s, "\x00") || strings.HasSuffix(s, "\x00") {
					text = s
				}
				if !has(text) {
					t.Errorf("%s: not found in %q", tt.typ, text)
				}
			}
		}
		for _, s := range tt.never {
			if has(s) {
				t.Errorf("%s: found in %q", tt.typ, s)
			}
		}
	}
}

// Each occurrence is reported once, at any chunking of the stream.
func TestScanEqualsFind(t *testing.T) {
	r, err := New([]Person{zoe(), {ID: "b", Identifiers: []Identifier{{Type: Email, Value: "bob@example.org"}, {Type: Name, Value: "Bob De Tester"}}}})
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	for i := range 400 {
		fmt.Fprintf(&text, "%d Zoë Van den Broeck <zoe@example.be> +32 (0)470 12 34 56;%s BE68 5390 0754 7034\nde tester bob, bob@example.org 198.51.100.23\n", i, strings.Repeat("x", i))
	}
	want := fmt.Sprint(r.Find(nil, text.Bytes()))
	for name, rd := range map[string]func() *bytes.Reader{"whole": func() *bytes.Reader { return bytes.NewReader(text.Bytes()) }} {
		var got, bytewise []Hit
		n, err := r.Scan(context.Background(), rd(), func(h Hit, _ int64, _ []byte) { got = append(got, h) })
		if err != nil || n != int64(text.Len()) {
			t.Fatalf("%s: %d bytes, %v", name, n, err)
		}
		if _, err := r.Scan(context.Background(), iotest.OneByteReader(rd()), func(h Hit, _ int64, _ []byte) { bytewise = append(bytewise, h) }); err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(got) != want || fmt.Sprint(bytewise) != want {
			t.Errorf("%s: %d hits, %d byte by byte, want %d", name, len(got), len(bytewise), len(r.Find(nil, text.Bytes())))
		}
	}
	if n := len(r.Find(nil, text.Bytes())); n != 400*7 {
		t.Errorf("%d hits, want %d", n, 400*7)
	}
}

func TestConfidence(t *testing.T) {
	r, err := New([]Person{
		zoe(),
		{ID: "b", Identifiers: []Identifier{{Type: Email, Value: "info@example.org"}, {Type: Name, Value: "Jan Janssens"}}},
		{ID: "c", Identifiers: []Identifier{{Type: Email, Value: "info@example.org"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		text         string
		person       int
		contradicted bool
		want         Confidence
	}{
		{"zoe@example.be", 0, false, Certain},
		{"klantnummer K-104711", 0, false, Certain},
		{"see K-104711 there", 0, false, Possible},
		{"Zoë Van den Broeck", 0, false, Possible},
		{"Zoë Van den Broeck, Genutstraat 35", 0, false, Likely},
		{"Zoë Van den Broeck 1985-07-30", 0, false, Likely},
		{"Zoë Van den Broeck, Genutstraat 35", 0, true, Possible},
		{"zoe@example.be", 0, true, Certain},
		{"Zoë Van den Broeck" + strings.Repeat("\nother line", 100) + "Genutstraat 35", 0, false, Possible},
		{"info@example.org", 1, false, Possible},
		{"zoevdb", 0, false, Possible},
		{"order 890439412 done", 0, false, Possible},
	} {
		ev := r.NewEvidence(tt.person)
		for _, h := range r.Find(nil, []byte(tt.text)) {
			if h.Person == tt.person {
				ev.Add(h, 1, h.Start)
			}
		}
		if got, why := ev.Judge(tt.contradicted); got != tt.want {
			t.Errorf("%.60q: %s (%s), want %s", tt.text, got, why, tt.want)
		}
	}
	if !r.Contradicts(0, "1984-01-02") || r.Contradicts(0, "1985-07-30 00:00:00") || r.Contradicts(0, "soon") || r.Contradicts(1, "1984-01-02") {
		t.Error("birth dates are not compared rightly")
	}
}

// What a person gives in one way is found in the others.
func TestGivenOtherwise(t *testing.T) {
	for _, tt := range []struct {
		id   Identifier
		text string
		want bool
	}{
		{Identifier{Type: Phone, Value: "+32 0470 12 34 56"}, "+32470123456", true},
		{Identifier{Type: Phone, Value: "0032 (0)470 12 34 56"}, "0470123456", true},
		{Identifier{Type: VAT, Value: "0890.439.412"}, "BE 0890.439.412", true},
		{Identifier{Type: VAT, Value: "0890.439.412"}, "BE0890439412", true},
		{Identifier{Type: VAT, Value: "0890.439.412"}, "890.439.412", true},
		{Identifier{Type: Phone, Value: "+45 20 11 02 15"}, "2011-02-15 10:00", false},
		{Identifier{Type: Phone, Value: "+45 20 11 02 15"}, "20110215", false},
		{Identifier{Type: Phone, Value: "+45 20 11 02 15"}, "20 11 02 15", true},
		{Identifier{Type: Name, Value: "Hans Müller"}, "Hans Mu\u0308ller", true},
		{Identifier{Type: Name, Value: "Hans Müller"}, `{"n":"Hans M\u00fcller"}`, true},
		{Identifier{Type: Name, Value: "Sean O'Brien"}, `Sean O\'Brien`, true},
		{Identifier{Type: Address, Value: "35, rue de la Gare, 4000 Liège"}, "35 rue de la gare", true},
		{Identifier{Type: CustomerID, Value: "4711"}, "klant 4711", true},
		{Identifier{Type: Phone, Value: "+48 22 555 01 23"}, "22 555 01 23", true},
		{Identifier{Type: CustomerID, Value: "4711"}, "our client paid 4711 EUR", false},
		{Identifier{Type: Username, Value: "anna"}, "uid=deanna", false},
	} {
		r, err := New([]Person{{ID: "a", Identifiers: []Identifier{tt.id}}})
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, h := range r.Find(nil, []byte(tt.text)) {
			found = found || !h.Bare || h.Named
		}
		if found != tt.want {
			t.Errorf("%s given as %q: found in %q is %v", tt.id.Type, tt.id.Value, tt.text, found)
		}
	}
}

// A column says what its value is by its whole name.
func TestNamedBy(t *testing.T) {
	r, err := New([]Person{zoe()})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		typ           Type
		table, column string
		want          bool
	}{
		{CustomerID, "invoices", "customer_id", true},
		{CustomerID, "invoices", "klantnummer", true},
		{CustomerID, "clients", "id", true},
		{CustomerID, "articles", "id", false},
		{CustomerID, "", "Account balance", false},
		{CustomerID, "", "X-Client-IP", false},
		{CustomerID, "t", "client since", false},
		{CustomerID, "t", "clients_id", true},
		{Username, "t", "user agent", false},
		{Username, "t", "user_login", true},
	} {
		if got := r.NamedBy(tt.typ, tt.table, tt.column); got != tt.want {
			t.Errorf("%s in %s.%s: %v", tt.typ, tt.table, tt.column, got)
		}
	}
	if !r.BirthDateColumn("date_of_birth") || !r.BirthDateColumn("geboortedatum") || r.BirthDateColumn("birthday_mail_sent") || r.BirthDateColumn("partner_reminder") {
		t.Error("columns of birth dates are not told from others")
	}
}

// A hash is found as itself, and by hashing the addresses in the data.
func TestHashOfAnAddress(t *testing.T) {
	r, err := New([]Person{{ID: "a", Identifiers: []Identifier{{Type: Email, Value: hashOf("sha256", "zoe@example.be"), Hash: "sha256"}}}})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]int{"to Zoe@Example.be!": 1, "azoe@example.be": 0, hashOf("sha256", "zoe@example.be"): 1, "x@example.be, zoe@example.be": 1} {
		if hits := r.Find(nil, []byte(text)); len(hits) != want {
			t.Errorf("%q: %v", text, hits)
		}
	}
}

func TestHashedIdentity(t *testing.T) {
	r, err := New([]Person{{ID: "a", Identifiers: []Identifier{{Type: Email, Value: "9F0C2B9A1B6C3D4E5F60718293A4B5C69F0C2B9A1B6C3D4E5F60718293A4B5C6", Hash: "sha256"}}}})
	if err != nil {
		t.Fatal(err)
	}
	if hits := r.Find(nil, []byte("h=9f0c2b9a1b6c3d4e5f60718293a4b5c69f0c2b9a1b6c3d4e5f60718293a4b5c6;")); len(hits) != 1 || hits[0].Form != "sha256" {
		t.Errorf("hits: %v", hits)
	}
}

func TestNormalRefuses(t *testing.T) {
	for _, id := range []Identifier{
		{Type: Email, Value: "zoe"},
		{Type: Email, Value: "zoe@localhost"},
		{Type: Phone, Value: "12"},
		{Type: Phone, Value: "call me"},
		{Type: IBAN, Value: "BE69539007547034"},
		{Type: Name, Value: "Zoë"},
		{Type: BirthDate, Value: "yesterday"},
		{Type: IP, Value: "1.2.3"},
		{Type: Domain, Value: "zoe"},
		{Type: "shoe_size", Value: "39"},
		{Type: VAT, Value: "BE"},
		{Type: Email, Value: "xyz", Hash: "sha256"},
	} {
		_, err := id.Normal()
		if err == nil {
			t.Errorf("%s %q is accepted", id.Type, id.Value)
		} else if len(id.Value) > 2 && strings.Contains(err.Error(), id.Value) {
			t.Errorf("the error quotes the value: %v", err)
		}
	}
}

func TestMask(t *testing.T) {
	for _, tt := range []struct {
		typ        Type
		value, mst string
	}{
		{Email, "zoe@example.be", "z**@e******.be"},
		{Email, "z@e.be", "*@*.be"},
		{Name, "Zoë Van den Broeck", "Z** V** d** B*****"},
		{Domain, "zoevdb.be", "z*****.be"},
		{IP, "198.51.100.23", "1***********3"},
		{Username, "ab", "**"},
	} {
		if got := Mask(tt.typ, tt.value); got != tt.mst {
			t.Errorf("Mask(%s, %q) = %q, want %q", tt.typ, tt.value, got, tt.mst)
		}
	}
}

func FuzzFind(f *testing.F) {
	r, err := New([]Person{zoe()})
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte("Zoë Van den Broeck zoe@example.be +32 (0)470 12 34 56"))
	f.Add([]byte("\xff\xc3broeck\x00van den\x00zoe+\x00@"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, h := range r.Find(nil, b) {
			if h.Start < 0 || h.End > int64(len(b)) || h.Start >= h.End {
				t.Fatalf("hit outside of the text: %+v", h)
			}
		}
	})
}
