package starter

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// Names that would end a line, a quoted text or a pattern stay what they are.
func TestWriteHostileNames(t *testing.T) {
	name := "a'b\"\n  - id: evil\n# {x}*[?]\u2028"
	var b bytes.Buffer
	err := Write(&b, []Source{
		{Name: name, Type: "files", Target: "/srv/" + name, Places: []string{name, "backup " + name, "www", "www/" + name}},
		{Name: "db", Type: "mysql", Target: "mysql://u@h/", Places: []string{name + "/tblclients", "whmcs/tbl'invoices\n", "alice_wp/wp_users"}},
		{Name: "repo", Type: "restic", Target: "restic:/srv/repo"},
		{Name: "m", Type: "imap", Target: "imap://u@h/"},
	})
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Sources    []struct{ Name, Path, URI string }
		Activities []struct {
			ID             string
			Covers, Tenant []string
		}
	}
	if err := yaml.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	if len(got.Sources) != 4 || got.Sources[0].Name != name || got.Sources[0].Path != "/srv/"+name {
		t.Errorf("%+v", got.Sources)
	}
	covers := map[string]string{}
	for _, a := range got.Activities {
		covers[a.ID] = strings.Join(a.Covers, "|")
	}
	if len(covers) != 8 || !strings.Contains(covers["backups"], "backup a'b") || !strings.Contains(covers["backups"], "repo") || covers["mail"] != "m" ||
		!strings.Contains(covers["hosting"], "db / alice_wp / **") || !strings.Contains(covers["customers"], "tblclients") {
		t.Errorf("%v", covers)
	}
}

func TestGuess(t *testing.T) {
	covers, open := Guess([]Source{
		{Name: "db", Type: "mysql", Target: "mysql://u@h/", Places: []string{
			"whmcs/tblclients", "whmcs/tblinvoices", "whmcs/tbltickets", "whmcs/mod_x", "cust1_wp/wp_users", "cust1_wp/wp_options", "psa/clients", "things/stuff",
			"hostbill/hb_client_details", "hostbill/hb_invoices", "dbispconfig/client", "cust2_shop/ps_customer",
		}},
		{Name: "mail", Type: "imap", Target: "imap://h/", Places: []string{"support@voorbeeld.example", "jan@klant.example", "facturatie@voorbeeld.example"}},
		{Name: "backup", Type: "files", Target: "/srv/backup", Places: []string{"host1", "www", "all.tar.gz"}},
		{Name: "data", Type: "files", Target: "/srv/data", Places: []string{"site.tar.gz", "var", "var/www", "var/log"}},
		{Name: "repo", Type: "borg", Target: "/srv/borg"},
	})
	has := func(activity string, patterns ...string) {
		t.Helper()
		for _, p := range patterns {
			if !slices.ContainsFunc(covers[activity], func(c Cover) bool { return c.Pattern == p }) {
				t.Errorf("%s does not cover %q: %v", activity, p, covers[activity])
			}
		}
	}
	has("customers", "db / whmcs / **", "db / psa / **", "db / whmcs / tblclients / **", "db / dbispconfig / **")
	has("billing", "db / whmcs / tblinvoices / **", "db / hostbill / hb_invoices / **", "mail / facturatie@voorbeeld.example")
	has("support", "db / whmcs / tbltickets / **", "mail / support@voorbeeld.example")
	has("hosting", "db / cust1_wp / **", "db / cust2_shop / **", "data / var/www/**", "backup / www/**")
	has("mail", "mail")
	has("logs", "data / var/log/**")
	has("backups", "backup", "repo", "data / site.tar.gz")
	if !slices.Contains(open, "db / things / **") || slices.Contains(open, "backup / host1/**") {
		t.Errorf("open: %q", open)
	}
}

// What is customers' is never taken for the host's own, in backups either.
func TestGuessCustomersOwn(t *testing.T) {
	covers, _ := Guess([]Source{
		{Name: "db", Type: "mysql", Target: "mysql://u@h/", Places: []string{
			"c_bakkerij/wp_users", "c_bakkerij/orders", "c_yoga/members", "mysql/user", "mysql/transaction_registry", "support/tickets", "support/replies",
			"panel/clients", "panel/notes", "my_panel/clients", "my_club/members",
		}},
		{Name: "srv", Type: "files", Target: "/srv/data", Places: []string{"mail", "www", "crm"}},
		{Name: "repo", Type: "restic", Target: "restic:/srv/repo"},
	})
	patterns := map[string][]string{}
	for a, list := range covers {
		for _, c := range list {
			patterns[a] = append(patterns[a], c.Pattern)
		}
	}
	for a, want := range map[string][]string{
		"hosting":   {"db / c_bakkerij / **", "db / c_yoga / **", "srv / www/**", "/srv/data/www/**", "c_bakkerij / **", "c_yoga / **"},
		"mail":      {"srv / mail/**", "/srv/data/mail/**"},
		"support":   {"db / support / **", "db / support / tickets / **"},
		"customers": {"db / panel / **"},
		"backups":   {"repo"},
	} {
		for _, p := range want {
			if !slices.Contains(patterns[a], p) {
				t.Errorf("%s does not cover %q: %q", a, p, patterns[a])
			}
		}
	}
	for a, list := range patterns {
		for _, p := range list {
			if strings.HasPrefix(p, "db / mysql") || a != "hosting" && strings.Contains(p, "c_") || a == "customers" && strings.Contains(p, "support") {
				t.Errorf("%s covers %q", a, p)
			}
		}
	}
	if i := slices.IndexFunc(covers["hosting"], func(c Cover) bool { return c.Pattern == "/srv/data/www/**" }); i < 0 || covers["hosting"][i].Tenant != "/srv/data/www/{tenant}/**" {
		t.Errorf("%+v", covers["hosting"])
	}
}
