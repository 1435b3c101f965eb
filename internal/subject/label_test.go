package subject

import (
	"bytes"
	"regexp"
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
			for b.Loop() {
				if _, err := r.Scan(b.Context(), bytes.NewReader(text), func(Hit, int64, []byte) {}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// The labels of accounts as one pattern each, by which they were chosen.
func labelPatterns() (customer, user, userID *regexp.Regexp) {
	const tail = `( (is|in|value|val|eq|was|string|int))?$`
	customer = regexp.MustCompile(`(^| )(` + customerNouns + ` ?` + idWords + `|(user|usr)s? ?` + idWords + `|` + idWords + ` ((de|du|del|della|di|la|le|l|van|of|dla) ){0,2}` + customerNouns + `)` + tail)
	return customer, regexp.MustCompile(`(^| )` + userLabels + tail), regexp.MustCompile(`(^| )(users?|usr) ?` + idWords + tail)
}

// Sets of words accept the labels that the patterns do, and a quick look at the
// word in front of a value refuses none of them.
func TestLabels(t *testing.T) {
	n := newNames()
	customer, user, userID := labelPatterns()
	labels := []string{
		"user", "User", "userName", "user_name", "USER", "login", "Logname", "uid", "account name", "created by", "modifiedBy", "gebruikersnaam", "Benutzername", "nome utente", "nazwa użytkownika", "screen name", "auth user", "user value", "username is",
		"customer_id", "customerId", "CustomerID", "custno", "klantnummer", "Klantnr.", "klant nr", "Kundennummer", "Kunden-Nr.", "Kd-Nr", "numéro de client", "n° client", "client n°", "client", "klant", "código de cliente", "codice cliente", "id klienta", "lidnummer", "member no", "abonnee", "account number", "debiteurnummer", "customer id is", "relatienummer", "userid", "user_id", "kundin", "kunde",
		"numéro du la client", "ref de la cliente", "ref de la del cliente", "order id", "number of items", "invoice", "superuser", "useridx", "of client", "de client", "value", "id value", "is", "id", "", "name", "first name", "last login", "customer name", "home town",
	}
	for noun := range n.nouns {
		for id := range n.ids {
			labels = append(labels, noun+" "+id, noun+id, id+" de "+noun, "x"+noun+id)
		}
	}
	for _, l := range labels {
		for _, mark := range []string{": ", "=\"", " "} {
			text := []byte("x " + l + mark)
			words, _ := fieldLabel(text, len(text))
			label := unvalued(words)
			if got, want := n.customer(label), customer.MatchString(words); got != want {
				t.Fatalf("customer %q (%s): %v, want %v", text, words, got, want)
			}
			if got, want := n.userID(label), userID.MatchString(words); got != want {
				t.Fatalf("user's number %q (%s): %v, want %v", text, words, got, want)
			}
			if got, want := endsIn(n.users, label), user.MatchString(words); got != want {
				t.Fatalf("user %q (%s): %v, want %v", text, words, got, want)
			}
			_, w := last(words)
			if (customer.MatchString(words) || n.customers[w] || n.nouns[w]) && !mayEnd(text, len(text), n.customerEnds) || user.MatchString(words) && !mayEnd(text, len(text), n.userEnds) {
				t.Fatalf("%q (%s): refused", text, words)
			}
		}
	}
}
