package subject

import (
	"bytes"
	"testing"
)

// Logs in which one account stands in every line, as a program of its owner
// writes them: with a label, without, and as a word of other things.
var denseLogs = []struct{ name, line string }{
	{"common", `198.51.100.24 - zoevdb [30/Jul/2024:10:00:00 +0200] "GET /wp-admin/ HTTP/1.1" 200 5120 "-" "Mozilla/5.0"` + "\n"},
	{"labelled", "Jul 30 10:00:00 mx dovecot: imap-login: Login: user=<zoevdb>, method=PLAIN, rip=192.0.2.11, session=<abc>\n"},
	{"path", `[30-Jul-2024 10:00:00 UTC] PHP Warning: Undefined variable $x in /home/zoevdb/public_html/index.php on line 12` + "\n"},
	{"plain", "2024-07-30 10:00:00 the backup of zoevdb was written and verified, 12 files, nothing to be done now\n"},
	{"number", "2024-07-30 10:00:00 104711 items were read, 104711 written; the customer id is none of them, see there\n"},
	{"customer", "2024-07-30 10:00:00 level=info msg=order customer_id=104711 total=12.50 items=3 shop=main took=12ms\n"},
}

func BenchmarkDenseLog(b *testing.B) {
	r, err := New([]Person{{ID: "z", Identifiers: []Identifier{{Type: Username, Value: "zoevdb"}, {Type: CustomerID, Value: "104711"}}}})
	if err != nil {
		b.Fatal(err)
	}
	for _, l := range denseLogs {
		b.Run(l.name, func(b *testing.B) {
			text := bytes.Repeat([]byte(l.line), 5000)
			b.SetBytes(int64(len(text)))
			var hits []Hit
			for b.Loop() {
				hits = r.Find(hits[:0], text)
			}
		})
	}
}

// A quick look at the word in front of a value must refuse no label that the
// patterns accept.
func TestLastWords(t *testing.T) {
	n := newNames()
	for _, l := range []string{
		"user", "User", "userName", "user_name", "USER", "login", "Logname", "uid", "account name", "created by", "modifiedBy", "gebruikersnaam", "Benutzername", "nome utente", "nazwa użytkownika", "screen name", "auth user", "user value",
	} {
		for _, mark := range []string{": ", "=", "=\"", " ", "> ", "='"} {
			text := []byte("x " + l + mark)
			words, _ := fieldLabel(text, len(text))
			if n.user.MatchString(words) && !mayEnd(text, len(text), n.userEnds) {
				t.Errorf("%q: refused", text)
			}
		}
	}
	for _, l := range []string{
		"customer_id", "customerId", "CustomerID", "custno", "klantnummer", "Klantnr.", "klant nr", "Kundennummer", "Kunden-Nr.", "Kd-Nr", "numéro de client", "n° client", "client n°", "client", "klant", "código de cliente", "codice cliente", "id klienta", "lidnummer", "member no", "abonnee", "account number", "debiteurnummer", "customer id is", "relatienummer", "userid", "user_id", "kundin", "kunde",
	} {
		for _, mark := range []string{": ", "=", "=\"", " ", " #"} {
			text := []byte("x " + l + mark)
			words, _ := fieldLabel(text, len(text))
			if (n.customer.MatchString(words) || n.customerNoun.MatchString(words) || n.customerWord.MatchString(words)) && !mayEnd(text, len(text), n.customerEnds) {
				t.Errorf("%q (%s): refused", text, words)
			}
		}
	}
	// All that the patterns match ends in one of the words.
	for _, s := range language(customerNouns) {
		for _, id := range language(idWords) {
			for _, label := range []string{s + " " + id, s + id, id + " de " + s} {
				text := []byte(label + ": ")
				if words, _ := fieldLabel(text, len(text)); n.customer.MatchString(words) && !mayEnd(text, len(text), n.customerEnds) {
					t.Fatalf("%q: refused", text)
				}
			}
		}
	}
}
