package subject

import (
	"fmt"
	"testing"
	"time"
)

func TestEmailForms(t *testing.T) {
	id := func(v string) Identifier { return Identifier{Type: Email, Value: v} }
	for _, tt := range []struct {
		value   string
		yes, no []string
	}{
		{
			"zoe@example.be",
			[]string{
				"zoe [at] example.be", "zoe(at)example.be", "zoe (at) example (dot) be", "zoe [at] example [dot] be", "zoe[ät]example[punkt]be", "zoe (arobase) example (point) be",
				"zoe {at} example {punt} be", "zoe at example dot be", "zoe AT example DOT be", "zoe AT example.be", "zoe apenstaartje example punt be", "zoe @ example . be", "zoe (a) example.be", "zoe arroba example punto be",
				"zoe <at> example.be", "zoe@example[.]be", "zoe[@]example.be", "zoe_at_example_dot_be",
				"bounces+zoe=example.be@lists.example.org", "list-owner-zoe=example.be@lists.example.org", "b.123.zoe=example.be@example.org", "bounces+1234567-ab3d-zoe=example.be@em.example.org",
				"SRS0=HHH=TT=example.be=zoe@forwarder.example", "SRS1=AbC=first.example==HHH=TT=example.be=zoe@forwarder.example", "SRS0+HHH=TT=example.be=zoe@forwarder.example",
				"prvs=1234abcdef=zoe@example.be", "prvs=zoe/1234abcdef@example.be", "zoe%example.be@relay.example.org", "smtp:zoe@example.be", "SMTP:Zoe@Example.be", `"zoe"@example.be`, `\"zoe\"@example.be`,
				"zoe@example.be.eml", "/srv/mail/example.be/zoe/cur/1.eml", "/var/vmail/example.be/zoe", "example.be/zoe/", "/example.be/users/zoe", "C:\\mail\\example.be\\zoe\\inbox",
				"/etc/mail/zoe_example.be", "'zoe@example.be'", "https://zoe@example.be/", "zoe@example.be;", "zoe+shop.be@example.be", "zoe%40example.be", "zoe=40example.be", "zoe&#64;example.be",
				"zoe@example.be-2026-11-02.tar.gz", "zoe@example.be\u201d", "to=<zoe@example.be>, relay", "«zoe@example.be»", "'zoe'@'example.be' zoe@example.be",
			},
			[]string{
				"azoe@example.be", "zoe@example.be.com", "x.zoe@example.be", "zoe@example.be-shop.com", "o'zoe@example.be", "look zoe at example.be now", "zoe at example.be", "zoe@mail.example.be",
				"bounces+azoe=example.be@lists.example.org", "jan-zoe=example.be@lists.example.org", "zoe=example.be", "SRS0=HHH=TT=example.be=azoe@forwarder.example", "jan [dot] zoe [at] example [dot] be",
				"zoe [at] example [dot] be [dot] org", "zoe [at] example.berlin", "zoe%example.bet@relay.example.org", "https://example.be/zoe", "see https://example.be/zoe/ there", "a_zoe_example.be", "zoe, example.be",
				"zoe-shop@example.be", "zoe@example.beé", "éric.zoe@example.be", "\"a zoe\"@example.be", "SRS0=HHH=TT=example.org=jan@example.be",
			},
		},
		// An address whose local part alone leads to it.
		{
			"zoe.vandenbroeck@example.be",
			[]string{
				"Zoe.VandenBroeck@example.be", "zoe.vandenbroeck [at] example.be", "zoe.vandenbroeck at example.be", "zoe [dot] vandenbroeck [at] example [dot] be", "zoe.vandenbroeck+x@example.be",
				"b+zoe.vandenbroeck=example.be@lists.example.org", "SRS0=HHH=TT=example.be=zoe.vandenbroeck@f.example", "/var/mail/example.be/zoe.vandenbroeck/new", "zoe.vandenbroeck_example.be.tar.gz",
			},
			[]string{"vandenbroeck@example.be", "zoe.vandenbroeck@example.org", "a.zoe.vandenbroeck@example.be", "zoe.vandenbroeck2@example.be", "zoevandenbroeck@example.be"},
		},
		// A short local part at a large provider.
		{
			"zoe@hotmail.com",
			[]string{"zoe@hotmail.com", "ZOE@Hotmail.com", "zoe+a@hotmail.com", "zoe (at) hotmail dot com", "b+zoe=hotmail.com@example.org", "SRS0=a=b=hotmail.com=zoe@example.org", "zoe at hotmail dot com"},
			[]string{"azoe@hotmail.com", "zoe@hotmail.com.be", "zoe at hotmail.com"},
		},
		{
			"zo.evdb@gmail.com",
			[]string{"zoevdb@gmail.com", "z.o.e.v.d.b@gmail.com", "zoe.vdb@googlemail.com", "zoevdb+shop@gmail.com", "Zoevd.b@gmail.com"},
			[]string{"zoevdb@example.be", "azoevdb@gmail.com", "zoevd@gmail.com"},
		},
		{
			"zoe+shop@example.be",
			[]string{"zoe+shop@example.be", "zoe@example.be", "zoe+other@example.be"},
			[]string{"azoe+shop@example.be", "zoe+shop@example.org"},
		},
		{
			"info@bücher-zoe.example",
			[]string{"info@bücher-zoe.example", "INFO@BÜCHER-ZOE.EXAMPLE", "info@bu\u0308cher-zoe.example", "info@xn--bcher-zoe-q9a.example", "info@b\xfccher-zoe.example", "info@B\\u00fccher-zoe.example"},
			[]string{"info@bucher-zoe.example", "info@xbücher-zoe.example"},
		},
		{
			"info@xn--mller-kva.example",
			[]string{"info@müller.example", "INFO@MÜLLER.EXAMPLE", "info@xn--mller-kva.example"},
			[]string{"info@muller.example"},
		},
		{
			"zoë@example.be",
			[]string{"zoë@example.be", "ZOË@EXAMPLE.BE", "zoe\u0308@example.be"},
			[]string{"zoe@example.be", "azoë@example.be"},
		},
	} {
		texts(t, id(tt.value), tt.yes, tt.no)
	}
}

func TestEmailOfATagIsWeak(t *testing.T) {
	r, err := New([]Person{{ID: "a", Identifiers: []Identifier{{Type: Email, Value: "zoe+shop@example.be"}}}})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]Confidence{"zoe@example.be": Possible, "zoe+shop@example.be": Certain} {
		ev := r.NewEvidence(0)
		for _, h := range r.Find(nil, []byte(text)) {
			ev.Add(h, 1, h.Start)
		}
		if got, _ := ev.Judge(false); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestEmailForm(t *testing.T) {
	for text, want := range map[string]string{
		"zoe@example.be": "plain", "zoe+a@example.be": "plus-tag", "zoe [at] example.be": "obfuscated", "b+zoe=example.be@example.org": "verp",
		"SRS0=a=b=example.be=zoe@example.org": "srs", "prvs=1234abcdef=zoe@example.be": "batv", "zoe%example.be@example.org": "percent-hack",
		hashOf("md5", "zoe@example.be"): "md5", "zoe%40example.be": "percent", "/var/mail/example.be/zoe/cur": "maildir",
	} {
		if got, _ := counted(t, Identifier{Type: Email, Value: "Zoe@example.be"}, text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// Ten thousand people whose addresses are only known by their hash, or are at
// the same host, cost no more per address than one.
func TestManyAddresses(t *testing.T) {
	var hashed, role []Person
	for i := range 10000 {
		hashed = append(hashed, Person{ID: fmt.Sprint(i), Identifiers: []Identifier{{Type: Email, Value: hashOf("sha1", fmt.Sprintf("p%d@example.be", i)), Hash: "sha1"}}})
		role = append(role, Person{ID: fmt.Sprint(i), Identifiers: []Identifier{{Type: Email, Value: fmt.Sprintf("info@shop%d.example", i)}}})
	}
	var text []byte
	for i := range 2000 {
		text = fmt.Appendf(text, "from p%d@example.be and info@shop%d.example to x%d@example.org\n", i, i, i)
	}
	for _, people := range [][]Person{hashed, role} {
		r, err := New(people)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if n := len(r.Find(nil, text)); n != 2000 {
			t.Errorf("%d hits, want 2000", n)
		}
		if d := time.Since(start); d > 3*time.Second {
			t.Errorf("took %v", d)
		}
	}
}
