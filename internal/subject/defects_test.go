package subject

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
)

// What was once missed, or taken for another's, by the defect.
func TestDefects(t *testing.T) {
	apart := func(s, sep string) string {
		var out []string
		for i := range len(s) {
			out = append(out, hex.EncodeToString([]byte(s[i:i+1])))
		}
		return strings.Join(out, sep)
	}
	raw := func(kind, s string) []byte {
		b, _ := hex.DecodeString(hashOf(kind, s))
		return b
	}
	const zoe = "zoe.maes@example.be"
	for _, tt := range []struct {
		defect     string
		typ        Type
		value      string
		yes, never []string
	}{
		{
			"apostrophe in front of a particle", Name, "Pieter 't Hooft",
			[]string{"Pieter 't Hooft", "Pieter ’t Hooft", "'t Hooft, Pieter", "Hooft, Pieter 't", "P. 't Hooft", "Pieter ''t Hooft", `Pieter \'t Hooft`},
			[]string{"Pieter Hooft", "Piet 't Hooft", "Pieter 't Hoofd", "Pieter van 't Hooft"},
		},
		{"apostrophe behind an abbreviated particle", Name, "Bram van 't Hof", []string{"Bram v.'t Hof"}, []string{"Bram van der Hof"}},
		{"initial in front of abbreviated particles", Name, "Zoë Van den Broeck", []string{"Z. V.d. Broeck", "Z. v.d. Broeck"}, []string{"A. V.d. Broeck", "Z. V. Broeck", "Z.A. V.d. Broeck"}},
		{"capital İ of the Turkish i", Name, "İbrahim Şahin", []string{"İBRAHİM ŞAHİN", "ibrahim şahin", "\xddbrahim \xdeahin", "Ibrahim Sahin"}, []string{"İbrahim Şahinler"}},
		{"Windows-1254", Name, "Işıl Çağrı Yıldız", []string{"I\xfe\xfdl \xc7a\xf0r\xfd Y\xfdld\xfdz", "ışıl çağrı yıldız"}, nil},
		{"sigma at the end in Windows-1253", Name, "Νίκος Παπαδόπουλος", []string{"\xcd\xdf\xea\xef\xf2 \xd0\xe1\xf0\xe1\xe4\xfc\xf0\xef\xf5\xeb\xef\xf2"}, nil},
		{"only some letters transliterated", Name, "Søren Kjærgård", []string{"Søren Kjærgaard", "Soeren Kjærgaard", "SØREN KJÆRGAARD"}, []string{"Søren Kjærgårdsen"}},
		{"comma and cedilla below", Name, "Ștefan Țăranu", []string{"Ş. Ţăranu"}, nil},
		{"other apostrophes", Name, "Siobhán O'Donnell", []string{"Siobhán O&rsquo;Donnell", "Siobhán O&#8217;Donnell", "Siobhán O´Donnell", "Siobhán Oʼ\u200bDonnell"[:len("Siobhán Oʼ")] + "Donnell"}, []string{"Siobhán Donnell"}},
		{"hexadecimal apart", Email, zoe, []string{apart(zoe, " "), strings.ToUpper(apart(zoe, ":")), apart("x "+zoe+" y", "-"), "{0x" + apart(zoe, ", 0x") + "}", apart(zoe, "\n")}, []string{apart("a"+zoe, " "), apart(zoe+"x", ":")}},
		{"hashes with a sign for hexadecimal", Email, zoe, []string{"0x" + hashOf("md5", zoe), `\x` + hashOf("sha256", zoe), "(0x" + strings.ToUpper(hashOf("sha1", zoe)) + ")"}, []string{"a0x" + hashOf("md5", zoe)[1:]}},
		{"hashes in base64", Email, zoe, []string{base64.StdEncoding.EncodeToString(raw("sha256", zoe)), base64.RawURLEncoding.EncodeToString(raw("md5", zoe)), base64.URLEncoding.EncodeToString(raw("sha1", zoe)) + ";"}, []string{strings.ToLower(base64.StdEncoding.EncodeToString(raw("sha256", zoe))), "A" + base64.StdEncoding.EncodeToString(raw("sha1", zoe))}},
		{"escapes of Perl and of regular expressions", Email, zoe, []string{`zoe.maes\@example.be`, `zoe\.maes@example\.be`, `^zoe\.maes@example\.be$`}, []string{`a\.zoe\.maes@example\.be`, `zoe\.maes@example\.be\.org`}},
		{"quoted-printable in small letters", Email, zoe, []string{"zoe=2emaes=40example=2ebe"}, []string{"x=2ezoe.maes@example.be", "x=2Ezoe.maes@example.be", "x%2Ezoe.maes@example.be"}},
		{"quoted base64", Email, zoe, []string{"> " + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", 54)+" zo")) + "\n> " + base64.StdEncoding.EncodeToString([]byte("e.maes@example.be and a text that goes on for some time"))}, nil},
		{"scripts without spaces", Email, zoe, []string{"电子邮件zoe.maes@example.be或", "メールはzoe.maes@example.beまで"}, []string{"电子邮件azoe.maes@example.be或"}},
		{"signs for at", Email, zoe, []string{"zoe.maes＠example.be", "zoe.maes -at- example.be"}, nil},
		{"international domain in Windows-1252", Email, "mia@bücher.example.ch", []string{"mia@b\xfccher.example.ch", `mia@b\xfccher.example.ch`, "mia@b=FCcher.example.ch"}, []string{"mia@bucher.example.ch"}},
		{"no-break spaces in a date", BirthDate, "1985-03-07", []string{"7\u00a0mars\u00a01985", "7&nbsp;mars&nbsp;1985", "7\u202fmars\u202f1985", "7. Maerz 1985", "zeven maart 1985", "sept mars 1985"}, []string{"17\u00a0mars\u00a01985", "7&nbsp;mai&nbsp;1985", "acht maart 1985"}},
		{"other ways to write IPv4", IP, "203.0.113.77", []string{"0xcb.0x00.0x71.0x4d", "0313.0.0161.0115", "203[.]0[.]113[.]77"}, []string{"203[.]0[.]113[.]77[.]5", "203.0.113.077", "0xcb.0x00.0x71.0x4e"}},
		{"a street that an adjective tells apart", Address, "Kerkstraat 12, 9000 Gent", []string{"Kerkstraat 12", "Nieuw: Kerkstraat 12", "Kerkstraat+12%2C+9000+Gent", "Kerkstr.12"}, []string{"Oude Kerkstraat 12, 9000 Gent", "Korte Kerkstraat 12"}},
		{"a range of numbers with a box", Address, "Avenue Louise 143-145 boîte 8, 1050 Bruxelles", []string{"AVENUE LOUISE 143-145/8 1050 BRUXELLES"}, nil},
		{"particles with a slash in a street", Address, "Van der Helstplein 3, 1072 PH Amsterdam", []string{"v.d. Helstplein 3, 1072 PH Amsterdam"}, nil},
		{"numbers of forms that were sent", IBAN, "NL91 ABNA 0417 1643 00", []string{"NL91+ABNA+0417+1643+00"}, []string{"NL91+ABNA+0417+1643+01", "BE91+ABNA+0417+1643+00"}},
		{"account in front of the bank", IBAN, "DE89 3704 0044 0532 0130 00", []string{"Kto. 0532013000 BLZ 370 400 44"}, []string{"Kto. 0532013000 BLZ 370 400 45"}},
		{"track of a card", Card, "5555 5555 5555 4444", []string{"%B5555555555554444^DOE/J^2512"}, []string{"B5555555555554444"}},
		{"plus of someone over a hundred", NationalID, "19900101-0017", []string{"900101-0017"}, []string{"900101+0017", "19900101+0017"}},
		{"quoted-printable in front of digits", NationalID, "85.07.30-033.28", []string{"A=C3=A9 rrn=2085.07.30-033.28=20x"}, nil},
		{"handle", Username, "zoevdb", []string{"@zoevdb", "thanks @zoevdb!"}, []string{"a@zoevdb", "@zoevdb@example.org"}},
		{"domain in brackets", Domain, "zoevdb.be", []string{"zoevdb[.]be", "hxxp://www.zoevdb[.]be/"}, []string{"azoevdb[.]be"}},
	} {
		r, err := New([]Person{{ID: "a", Identifiers: []Identifier{{Type: tt.typ, Value: tt.value}}}})
		if err != nil {
			t.Fatal(err)
		}
		has := func(s string) bool {
			for _, h := range r.Find(nil, []byte(s)) {
				if h.Type == tt.typ && (!h.Bare || h.Named) {
					return true
				}
			}
			return false
		}
		for _, s := range tt.yes {
			if !has(s) {
				t.Errorf("%s: not found in %q", tt.defect, s)
			}
		}
		for _, s := range tt.never {
			if has(s) {
				t.Errorf("%s: found in %q", tt.defect, s)
			}
		}
	}
}

// Neighbouring records of a file don't corroborate each other, whatever it is
// written in.
func TestNeighbours(t *testing.T) {
	r, err := New([]Person{{ID: "a", Identifiers: []Identifier{{Type: Name, Value: "Wout Vermeersch"}, {Type: BirthDate, Value: "1979-04-23"}}}})
	if err != nil {
		t.Fatal(err)
	}
	const hers, his = "Wout Vermeersch", "1979-04-23"
	for _, tt := range []struct {
		kind, text string
		want       Confidence
	}{
		{"cards", "BEGIN:VCARD\nFN:" + hers + "\nEND:VCARD\nBEGIN:VCARD\nFN:Jan\nBDAY:" + his + "\nEND:VCARD\n", Possible},
		{"one card", "BEGIN:VCARD\nFN:" + hers + "\nBDAY:" + his + "\nEND:VCARD\n", Likely},
		{"entries", "dn: cn=a\ncn: " + hers + "\n\ndn: cn=b\nbirthdate: " + his + "\n", Possible},
		{"elements", "<c><name>" + hers + "</name></c>\n<c><dob>" + his + "</dob></c>", Possible},
		{"one element", "<c><name>" + hers + "</name><dob>" + his + "</dob></c>", Likely},
		{"fields of an element", `<row><field name="n">` + hers + `</field><field name="d">` + his + "</field></row>", Likely},
		{"elements of attributes", `<c name="` + hers + `"/><c dob="` + his + `"/>`, Possible},
		{"one element of attributes", `<c name="` + hers + `" dob="` + his + `"/>`, Likely},
		{"rows", "<tr><td>" + hers + "</td></tr><tr><td>" + his + "</td></tr>", Possible},
		{"cells", "<tr><td>" + hers + "</td><td>" + his + "</td></tr>", Likely},
		{"paragraphs", "<p>" + hers + "</p><p>born " + his + "</p>", Likely},
		{"items", "- name: " + hers + "\n  x: 1\n- name: Jan\n  dob: " + his + "\n", Possible},
		{"keys of an item", "- name: " + hers + "\n  roles:\n    - a\n    - b\n  dob: " + his + "\n", Likely},
		{"a list in a letter", "- naam: " + hers + "\n- geboren: " + his + "\n", Likely},
		{"serialized", `a:2:{i:0;a:1:{s:4:"name";s:15:"` + hers + `";}i:1;a:1:{s:3:"dob";s:10:"` + his + `";}}`, Possible},
		{"one serialized", `a:1:{i:0;a:2:{s:4:"name";s:15:"` + hers + `";s:3:"dob";s:10:"` + his + `";}}`, Likely},
	} {
		ev := r.NewEvidence(0)
		for _, h := range r.Find(nil, []byte(tt.text)) {
			ev.Add(h, 1, h.Start)
		}
		if got, why := ev.Judge(false); got != tt.want {
			t.Errorf("%s: %s (%s), want %s", tt.kind, got, why, tt.want)
		}
	}
}

// The birth date beside something encoded is looked for where that is decoded,
// and never at its place in other bytes.
func TestContradictionDecoded(t *testing.T) {
	r, err := New([]Person{{ID: "a", Identifiers: []Identifier{{Type: Address, Value: "Dorpsstraat 14, 9000 Gent"}, {Type: BirthDate, Value: "1985-07-30"}}}})
	if err != nil {
		t.Fatal(err)
	}
	for doc, want := range map[string]bool{"Dorpsstraat 14, 9000 Gent geboren 30/07/1985": false, "Dorpsstraat 14, 9000 Gent geboren 30/07/1986": true} {
		text := []byte(strings.Repeat(" ", 100) + hex.EncodeToString([]byte(doc)))
		found := false
		if _, err := r.Scan(t.Context(), strings.NewReader(string(text)), func(h Hit, base int64, piece []byte) {
			if h.Type == Address {
				found = true
				if got := r.ContradictedNear(h, base, piece); got != want {
					t.Errorf("%q: %v", doc, got)
				}
			}
		}); err != nil || !found {
			t.Errorf("%q: not found, %v", doc, err)
		}
	}
}
