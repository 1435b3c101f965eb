package imap

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/goccy/go-yaml"

	"github.com/spoor-scan/spoor/scanners"
)

func TestURI(t *testing.T) {
	p := &place{scheme: "imap", host: "mail.example.org", port: "143"}
	for _, tt := range []struct{ mailbox, uri string }{
		{"INBOX", "INBOX"},
		{"Archief/2024/Été", "Archief/2024/%C3%89t%C3%A9"},
		{"what!/in", "what%21/in"},
		{"a;UID=3", "a%3BUID=3"},
		{"100% \"x\"", "100%25%20%22x%22"},
		{"a?b#c", "a%3Fb%23c"},
		{"/abs", "/abs"},
		{"end/", "end%2F"},
		{"../x/.", "%2E%2E/x/%2E"},
		{"日本", "%E6%97%A5%E6%9C%AC"},
		{"a\x00b", "a%00b"},
	} {
		m := message{place: p, account: "zoë:x@example.be", mailbox: tt.mailbox, validity: 7, uid: 42}
		want := "imap://zo%C3%AB%3Ax%40example.be@mail.example.org/" + tt.uri + ";UIDVALIDITY=7/;UID=42"
		if got := m.String(); got != want {
			t.Errorf("%q: %s, want %s", tt.mailbox, got, want)
		}
		for _, uri := range []string{want, want + "/;SECTION=1.2"} {
			r, err := parseURI(uri)
			if err != nil || r.mailbox != tt.mailbox || r.user != m.account || r.validity != 7 || r.uid != "42" || r.port != "143" {
				t.Errorf("%s: %+v, %v", uri, r, err)
			}
		}
		if base, section, steps, err := scanners.Split(want + "/;SECTION=1.2"); base != want || section != "1.2" || steps != nil || err != nil {
			t.Errorf("%s splits into %q %q %q %v", want, base, section, steps, err)
		}
	}
	for uri, want := range map[string]string{
		"imap://h:1143/":        "imap://h:1143/",
		"imaps://h:993/":        "imaps://h/",
		"imap://h":              "imap://h/",
		"imap://u;AUTH=*@[::1]": "imap://u@[::1]/",
		"imaps://u@[::1]:143/x": "imaps://u@[::1]:143/x",
		"IMAP://u@H/inbox":      "imap://u@h/INBOX",
	} {
		r, err := parseURI(uri)
		if err != nil {
			t.Errorf("%s: %v", uri, err)
			continue
		}
		q := &place{scheme: r.scheme, host: r.host, port: r.port}
		if got := (message{place: q, account: r.user, mailbox: r.mailbox}).String(); got != want {
			t.Errorf("%s: %s, want %s", uri, got, want)
		}
	}
}

func TestTarget(t *testing.T) {
	t.Setenv(passwordEnv, "pw")
	for _, tt := range []struct {
		target, user, master, mailbox, err string
	}{
		{target: "imap://alice@h/", user: "alice"},
		{target: "imaps://alice@h", user: "alice"},
		{target: "imap://alice%40example.be*spoor@h/INBOX", user: "alice@example.be", master: "spoor", mailbox: "INBOX"},
		{target: "imap://alice@h/A%2FB", user: "alice", mailbox: "A/B"},
		{target: "imap://alice:secret@h/", err: "no password in a URI"},
		{target: "imap://alice:@h/", err: "no password in a URI"},
		{target: "imap://h/", err: "user is missing"},
		{target: "imap://*spoor@h/", err: "whose mail?"},
		{target: "pop3://alice@h/", err: "imap://user@host/"},
		{target: "imap://alice@/", err: "no host"},
		{target: "imap://alice@h:0/", err: "port"},
		{target: "imap://alice@h:x/", err: "port"},
		{target: "imap://alice@h/a;b", err: "%3B"},
		{target: "imap://alice@h/a?SUBJECT", err: "not supported"},
		{target: "imap://alice@h/a%zz", err: "percent"},
		{target: "imap://alice@h/;UID=3", err: "%3B"},
		{target: "imap://alice@h//;UID=3", err: "no mailbox"},
		{target: "imap://alice@h/x/;UID=0", err: "UID"},
		{target: "imap://alice@h/x;UIDVALIDITY=x/;UID=1", err: "UIDVALIDITY"},
		{target: "imap://alice@h/x/;UID=4294967296", err: "UID"},
	} {
		c := Kind().Config().(*Config)
		err := c.Target(tt.target)
		var p place
		if err == nil {
			p, err = c.place()
		}
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "secret") {
				t.Errorf("%s: %v, want %q", tt.target, err, tt.err)
			}
			continue
		}
		if err != nil || p.user != tt.user || p.master != tt.master || p.mailbox != tt.mailbox {
			t.Errorf("%s: %+v, %v", tt.target, p, err)
		}
	}
}

func TestValidate(t *testing.T) {
	for _, tt := range []struct {
		set func(*Config)
		err string
	}{
		{func(c *Config) {}, ""},
		{func(c *Config) { c.URI = "" }, "uri is missing"},
		{func(c *Config) { c.Accounts = []string{"bob"} }, "set master"},
		{func(c *Config) { c.Accounts, c.Master = []string{"bob"}, "m" }, "not both"},
		{func(c *Config) { c.User = "other" }, "another user"},
		{func(c *Config) { c.TLS = "yes" }, "tls must be"},
		{func(c *Config) { c.URI, c.TLS = "imaps://alice@h/", "none" }, "does not go with"},
		{func(c *Config) { c.Connections = 0 }, "connections"},
		{func(c *Config) { c.Timeout = 0 }, "timeout"},
		{func(c *Config) { c.Exclude = []string{"[a"} }, "not a pattern"},
		{func(c *Config) { c.Env, c.File = "A", "b" }, "only one"},
	} {
		c := Kind().Config().(*Config)
		c.URI = "imap://alice@h/"
		tt.set(c)
		err := c.Validate()
		if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%+v: %v, want %q", c, err, tt.err)
		}
	}
}

func TestGrid(t *testing.T) {
	seq := func(n int, step uint32) (u []goimap.UID) {
		for i := range n {
			u = append(u, goimap.UID(uint32(i)*step+1))
		}
		return u
	}
	for _, tt := range []struct {
		name string
		uids []goimap.UID
		most int
	}{
		{"dense", seq(10000, 1), 5},
		{"sparse", seq(4000, 1000000), 12},
		{"one of the last", []goimap.UID{maxUID}, 1},
		{"none", nil, 0},
	} {
		spans := grid(tt.uids, 2000)
		if len(spans) > tt.most {
			t.Errorf("%s: %d spans", tt.name, len(spans))
		}
		i, last := 0, goimap.UID(0)
		for _, sp := range spans {
			if sp.lo <= last || sp.hi < sp.lo {
				t.Errorf("%s: %+v", tt.name, sp)
			}
			last = sp.hi
			for range sp.n {
				if tt.uids[i] < sp.lo || tt.uids[i] > sp.hi {
					t.Fatalf("%s: %d is not in %+v", tt.name, tt.uids[i], sp)
				}
				i++
			}
		}
		if i != len(tt.uids) {
			t.Errorf("%s: %d of %d", tt.name, i, len(tt.uids))
		}
	}
	// Most parts survive that a tenth of the messages go.
	before := grid(seq(20000, 1), 2000)
	var kept []goimap.UID
	for _, u := range seq(20000, 1) {
		if rand.N(10) > 0 {
			kept = append(kept, u)
		}
	}
	after := grid(kept, 2000)
	if !slices.EqualFunc(before, after, func(a, b span) bool { return a.lo == b.lo && a.hi == b.hi }) {
		t.Errorf("%v\n%v", before, after)
	}
}

func TestPlaceHoldsNoNames(t *testing.T) {
	for name, want := range map[string]string{
		"INBOX": "INBOX", "Sent": "Sent", "INBOX.Drafts": "Drafts", "Zoë Van den Broeck": "folder", "INBOX/zoe": "folder", "shared/zoe/Sent": "folder",
	} {
		if got := placeOf(name, nil); got != "mailbox / "+want {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := placeOf("Verzonden", []goimap.MailboxAttr{goimap.MailboxAttrSent}); got != "mailbox / Sent" {
		t.Error(got)
	}
}

func FuzzURI(f *testing.F) {
	f.Add("imap://alice%40example.be*spoor@h:1143/A/B;UIDVALIDITY=7/;UID=1:3/;SECTION=1.2")
	f.Add("imaps://[::1]/%C3%89")
	f.Fuzz(func(t *testing.T, uri string) {
		r, err := parseURI(uri)
		if err != nil {
			return
		}
		p := &place{scheme: r.scheme, host: r.host, port: r.port}
		m := message{place: p, account: r.user, mailbox: r.mailbox, validity: r.validity}
		if r.uid != "" {
			m.uid, m.last, _ = r.span()
		}
		again, err := parseURI(m.String())
		if err != nil || again.mailbox != r.mailbox || again.user != r.user || again.validity != r.validity || again.host != r.host || again.port != r.port {
			t.Errorf("%q: %+v\n%q: %+v %v", uri, r, m.String(), again, err)
		}
	})
}

func TestConfigInYAML(t *testing.T) {
	c := Kind().Config()
	text := "uri: imaps://mail.example.org/\nmaster: spoor\naccounts: [bob, carol@example.be]\npassword_file: /run/secrets/imap\n" +
		"exclude: ['Trash/**']\nconnections: 8\ntimeout: 90s\n"
	if err := yaml.NewDecoder(strings.NewReader(text), yaml.Strict()).Decode(c); err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	got := c.(*Config)
	if got.File != "/run/secrets/imap" || got.Timeout != 90*time.Second || got.Separator != "*" || len(got.Accounts) != 2 {
		t.Errorf("%+v", got)
	}
}
