package rules

import (
	"strings"
	"testing"
)

func TestCustom(t *testing.T) {
	for _, tt := range []struct {
		c          Custom
		text, want string
	}{
		{Custom{ID: "k", Pattern: `K-\d{6}`}, "k-104711 K-104711\nK-10471 xK-123456", "k=K-104711; k=K-123456"},
		{Custom{ID: "k", Pattern: `(?i)\bticket[ #]\d{4,6}\b`}, "TICKET 12345, tickets 12345, Ticket#1234", "k=TICKET 12345; k=Ticket#1234"},
		{Custom{ID: "k", Pattern: `(?:foo|ba[rz])-\d+`, MaxLen: 8}, "foo-1 baz-22 bar-123456789", "k=foo-1; k=baz-22"},
		{Custom{ID: "k", Pattern: `^\d{3}$`}, "123\n456 x\n789", "k=123; k=789"},
		{Custom{ID: "k", Pattern: `\d{4} \d{4}`, Check: "luhn"}, "1234 5674, 1234 5675", "k=1234 5674"},
		{Custom{ID: "k", Shapes: []string{"Kdddd.dd"}, Check: "mod97"}, "k1234.56 K0000.00", ""},
		{Custom{ID: "k", Shapes: []string{"ddddd"}, Context: []string{"dossier*"}, NeedsContext: true}, "12345; dossiernr 23456", "k+=23456"},
		{Custom{ID: "k", Pattern: `[ÀÉ]{2}x`}, "ÀÉx", "k=ÀÉx"},
		{Custom{ID: "k", Pattern: `(?i)skunk\d`}, "SKUN\u212a7 \u017fkunk8", "k=SKUN\u212a7; k=\u017fkunk8"},
	} {
		r, err := tt.c.Rule()
		if err != nil {
			t.Errorf("%v: %v", tt.c, err)
			continue
		}
		s := newSet(t, []Rule{r})
		if got := ids(s, s.Find(nil, []byte(tt.text)), tt.text); got != tt.want {
			t.Errorf("%s%v in %q:\n got %s\nwant %s", tt.c.Pattern, tt.c.Shapes, tt.text, got, tt.want)
		}
		long := strings.Repeat("filler without a break ", 3000) + tt.text
		if got := len(s.Find(nil, []byte(long))); tt.c.Pattern != `^\d{3}$` && got != len(s.Find(nil, []byte(tt.text))) {
			t.Errorf("%s in a long line: %d hits", tt.c.Pattern, got)
		}
	}
}

func TestBadCustom(t *testing.T) {
	for want, c := range map[string]Custom{
		"want either a pattern or shapes":           {ID: "a"},
		"pattern: missing closing )":                {ID: "a", Pattern: "(a"},
		"pattern: it matches nothing":               {ID: "a", Pattern: "a*"},
		"pattern: a match could be of any length":   {ID: "a", Pattern: "a+"},
		"max_len: want":                             {ID: "a", Pattern: "a+", MaxLen: 1 << 20},
		"check must be one of iban, luhn, mod11-10": {ID: "a", Pattern: "aa", Check: "mod12"},
		"country: want":                             {ID: "a", Pattern: "aa", Country: "Belgium"},
		"an id is of":                               {ID: "A b", Pattern: "aa"},
		"it needs context":                          {ID: "a", Pattern: "aa", NeedsContext: true},
		`shape "dd"`:                                {ID: "a", Shapes: []string{"dd"}},
		`pattern: \A and \z`:                        {ID: "a", Pattern: `\Aab`},
	} {
		_, err := c.Rule()
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: got %v", want, err)
		}
	}
}

func TestChecks(t *testing.T) {
	for name, tt := range map[string][2]string{
		"iban": {"BE68539007547034", "BE69539007547034"}, "luhn": {"79927398713", "79927398710"}, "mod11-10": {"33392005961", "33392005962"},
		"mod11-2": {"0000000218250097", "0000000218250098"}, "mod97": {"539007547034111468", "539007547034111469"},
		"mod97-remainder": {"539007547034", "539007547035"}, "mod97-complement": {"85073003328", "85073003329"},
	} {
		for _, c := range checks() {
			if c.name == name && (!c.valid([]byte(tt[0])) || c.valid([]byte(tt[1]))) {
				t.Errorf("%s: %v of %s, %v of %s", name, c.valid([]byte(tt[0])), tt[0], c.valid([]byte(tt[1])), tt[1])
			}
			for _, odd := range []string{"", "A", "0", "AB", "00", "AAAAAAAAAAAAAAAA"} {
				c.valid([]byte(odd))
			}
		}
	}
	if len(Checks()) != 7 {
		t.Error("a check is not tested")
	}
}
