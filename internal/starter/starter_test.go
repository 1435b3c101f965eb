package starter

import (
	"bytes"
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
