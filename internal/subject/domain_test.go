package subject

import "testing"

func TestDomainForms(t *testing.T) {
	texts(t, Identifier{Type: Domain, Value: "zoevdb.be"},
		[]string{
			"www.zoevdb.be", "HTTPS://ZOEVDB.BE/", "info@zoevdb.be", "zoevdb.be:443", "/var/www/zoevdb.be/htdocs", "zoevdb.be.access.log", "zoevdb.be-2026-11-02.tar.gz", "zoevdb.be_error.log",
			"backup-zoevdb.be.tar.gz", "zoevdb.be.", "%2F%2Fzoevdb.be%2F", "zoevdb.be.1", "*.zoevdb.be", "zoevdb.be-error.log", "--zoevdb.be", "'zoevdb.be'", "zoevdb.be.zone", "zoevdb.be.crt",
		},
		[]string{"zoevdb.be.org", "my-zoevdb.be", "xzoevdb.be", "zoevdb.bet", "zoevdb.be-shop.com", "zoevdb.beé", "ézoevdb.be", "zoevdb_be", "zoevdb be"})
	for _, v := range []string{"müller-zoe.example", "xn--mller-zoe-q9a.example"} {
		texts(t, Identifier{Type: Domain, Value: v},
			[]string{"müller-zoe.example", "MÜLLER-ZOE.EXAMPLE", "www.mu\u0308ller-zoe.example/x", "m\xfcller-zoe.example"},
			[]string{"muller-zoe.example", "xmüller-zoe.example", "müller-zoe.example.org", "my-müller-zoe.example"})
	}
	texts(t, Identifier{Type: Domain, Value: "пример.example"}, []string{"ПРИМЕР.example", "xn--e1afmkfd.example", "a@Пример.example"}, []string{"апример.example"})
}
