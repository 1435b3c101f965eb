package activity

import (
	"strings"
	"testing"
	"time"

	"github.com/spoor-scan/spoor/internal/inventory"
)

var sources = []string{"controlpanel", "databases", "backups", "mail", "uploads", "snapshots"}

func rule(id, role string, covers ...string) Rule {
	return Rule{Activity: inventory.Activity{ID: id, Role: role}, Covers: covers}
}

func place(source, place, uri string) Place {
	root := map[string]string{
		"controlpanel": "mysql://db1:3306/", "databases": "mysql://db2:3306/", "backups": "file:///srv/backup",
		"mail": "imap://mx:993/", "uploads": "s3://", "snapshots": "restic:/srv/restic",
	}[source]
	return Place{Source: source, Root: root, Place: place, URI: uri}
}

func TestMostSpecificWins(t *testing.T) {
	row := place("databases", "wp_shop / wp_users / row", "mysql://db2:3306/wp_shop/wp_users?ID=31")
	member := place("backups", "backup / file .tar.gz / tar member", "file:///srv/backup/2026/host.tar.gz!/var/www/cust1/index.html")
	dump := place("backups", "backup / file .sql / wp_shop / wp_users / row", "file:///srv/backup/all.sql#/wp_shop/wp_users?ID=31")
	mail := place("mail", "mailbox / message", "imap://info%40cust1.be@mx:993/INBOX/2024;UIDVALIDITY=1/;UID=3")
	object := place("uploads", "uploads / object", "s3://uploads/users/4711/a.pdf?versionId=3")
	file := place("snapshots", "restic / file .php", "restic:/srv/restic!/0a1b2c3d/var/www/cust1/wp-config.php")
	for _, c := range []struct {
		name  string
		rules []Rule
		place Place
		want  string
	}{
		{"a source", []Rule{rule("a", "controller", "databases")}, row, "a"},
		{"no pattern", []Rule{rule("a", "controller", "controlpanel")}, row, "unassigned"},
		{"no rule", nil, row, "unassigned"},
		{"a schema before its source", []Rule{rule("a", "controller", "databases"), rule("b", "processor", "databases / wp_*")}, row, "b"},
		{"in whichever order", []Rule{rule("b", "processor", "databases/wp_*/**"), rule("a", "controller", "databases/**")}, row, "b"},
		{"a table before its schema", []Rule{rule("a", "controller", "databases / wp_shop"), rule("b", "controller", "databases / wp_shop / wp_users")}, row, "b"},
		{"written out before a wildcard", []Rule{rule("a", "controller", "databases / wp_*"), rule("b", "controller", "databases / wp_shop")}, row, "b"},
		{"all that are as specific", []Rule{rule("a", "controller", "databases / wp_shop"), rule("b", "controller", "databases / wp_shop / **")}, row, "a b"},
		{"the host is processor where that is so", []Rule{rule("a", "controller", "databases / wp_shop"), rule("b", "processor", "databases / wp_shop")}, row, "b"},
		{"without a source", []Rule{rule("a", "controller", "wp_* / **")}, row, "a"},
		{"a row of a dump", []Rule{rule("a", "controller", "backups"), rule("b", "processor", "wp_* / **")}, dump, "b"},
		{"braces", []Rule{rule("a", "controller", "databases / {wp_shop,other} / {wp_users,x}")}, row, "a"},
		{"a brace that is escaped", []Rule{rule("a", "controller", `uploads / \{a,b\}`)}, place("uploads", "uploads / object", "s3://%7Ba,b%7D/x"), "a"},
		{"a path in an archive", []Rule{rule("a", "controller", "backups"), rule("b", "processor", "/var/www/**")}, member, "b"},
		{"a folder of the source", []Rule{rule("a", "controller", "backups"), rule("b", "controller", "backups / 2026")}, member, "b"},
		{"a folder of the machine", []Rule{rule("a", "controller", "backups"), rule("b", "controller", "/srv/backup/2026")}, member, "b"},
		{"through the archive", []Rule{rule("b", "controller", "backups / 2026 / *.tar.gz / var / www")}, member, "b"},
		{"what lies in an archive before the archive", []Rule{rule("a", "controller", "backups / 2026 / *.tar.gz"), rule("b", "processor", "/var/www")}, member, "b"},
		{"another folder", []Rule{rule("b", "controller", "/srv/backup/2025")}, member, "unassigned"},
		{"part of a name is no step", []Rule{rule("b", "controller", "/srv/back")}, member, "unassigned"},
		{"a mailbox", []Rule{rule("a", "controller", "mail"), rule("b", "processor", "mail / *@cust1.be")}, mail, "b"},
		{"a mailbox's folder", []Rule{rule("a", "controller", "mail"), rule("b", "controller", "mail / * / INBOX / 2024")}, mail, "b"},
		{"a prefix", []Rule{rule("a", "controller", "uploads"), rule("b", "controller", "s3://uploads/users/**")}, object, "b"},
		{"a prefix by its source", []Rule{rule("a", "controller", "uploads"), rule("b", "controller", "uploads / uploads / users")}, object, "b"},
		{"a path in a snapshot", []Rule{rule("a", "controller", "snapshots"), rule("b", "processor", "/var/www/**")}, file, "b"},
	} {
		m := New(c.rules, sources, "REF", nil)
		if got := strings.Join(m.IDs(m.At(c.place)), " "); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestLeaves(t *testing.T) {
	table := place("databases", "wp_shop / wp_users", "mysql://db2:3306/wp_shop/wp_users")
	source := place("databases", "", "mysql://db2:3306/")
	file := place("backups", "backup / file .html", "file:///srv/backup/www/cust1/a/index.html")
	hosted := rule("hosted", "processor", "databases")
	for _, c := range []struct {
		name       string
		rules      []Rule
		run        string
		people     []string
		place      Place
		want       bool
		uri        string
		activities string
	}{
		{name: "without an instruction", rules: []Rule{hosted}, place: source, want: true, uri: "mysql://db2:3306/"},
		{name: "a table of it", rules: []Rule{hosted}, place: table, want: true, uri: "mysql://db2:3306/"},
		{name: "a controller's", rules: []Rule{rule("a", "controller", "databases")}, place: source},
		{name: "unassigned", place: source},
		{name: "for the run", rules: []Rule{hosted}, run: "REF", place: source},
		{name: "for somebody", rules: []Rule{hosted}, people: []string{"", "REF"}, place: source},
		{name: "for nobody", rules: []Rule{hosted}, people: []string{"", ""}, place: source, want: true, uri: "mysql://db2:3306/"},
		{name: "a schema of it is the host's own", rules: []Rule{hosted, rule("a", "controller", "databases / billing")}, place: source},
		{name: "a schema of another source", rules: []Rule{hosted, rule("a", "controller", "controlpanel / billing")}, place: source, want: true, uri: "mysql://db2:3306/"},
		{name: "another schema", rules: []Rule{hosted, rule("a", "controller", "databases / billing")}, place: table, want: true, uri: "mysql://db2:3306/"},
		{name: "a folder", rules: []Rule{rule("h", "processor", "/srv/backup/www/*")}, place: file, want: true, uri: "file:///srv/backup/www/cust1"},
		{name: "a folder of a source", rules: []Rule{rule("h", "processor", "backups / www")}, place: file, want: true, uri: "file:///srv/backup/www"},
		{name: "something in it is the host's own", rules: []Rule{rule("h", "processor", "backups / www"), rule("a", "controller", "backups / www / cust1 / a / index.html / x")}, place: file},
	} {
		m := New(c.rules, sources, c.run, c.people)
		s, ok := m.Leaves(c.place, true)
		if ok != c.want || s.URI != c.uri {
			t.Errorf("%s: %v %q, want %v %q", c.name, ok, s.URI, c.want, c.uri)
		}
	}
}

func TestTenant(t *testing.T) {
	for _, c := range []struct {
		tenant string
		place  Place
		want   string
	}{
		{"/var/www/{tenant}/**", place("backups", "backup / file .html", "file:///var/www/cust1/a/index.html"), "cust1"},
		{"/var/www/{tenant}/**", place("backups", "x / tar member", "file:///srv/backup/a.tar!/var/www/cust1/index.html"), "cust1"},
		{"databases / {tenant}_*", place("databases", "cust1_wp / users / row", "mysql://db2:3306/cust1_wp/users?id=1"), "cust1"},
		{"{tenant} / **", place("databases", "shop / users / row", "mysql://db2:3306/shop/users?id=1"), "shop"},
		{"mail / *@{tenant}", place("mail", "mailbox / message", "imap://info%40cust1.be@mx:993/INBOX;UIDVALIDITY=1/;UID=3"), "cust1.be"},
		{"s3://uploads/{tenant}/**", place("uploads", "uploads / object", "s3://uploads/4711/a.pdf"), "4711"},
		{"uploads / {tenant}", place("uploads", "bucket uploads / object", "s3://uploads/4711/a.pdf"), "uploads"},
		{"wp_{tenant}", place("backups", "backup / file .sql / wp_shop / wp_users / row", "file:///srv/backup/all.sql#/wp_shop/wp_users?ID=31"), "shop"},
		{"/home/{tenant}/public_html/**", place("backups", "x", "file:///home/cust1/mail/x"), ""},
	} {
		r := rule("hosted", "processor", "**")
		r.Tenant = []string{c.tenant}
		m := New([]Rule{r}, sources, "REF", nil)
		if got := m.Tenant(c.place, []int{0}); got != c.want {
			t.Errorf("%s: %q, want %q", c.tenant, got, c.want)
		}
	}
}

func TestColumns(t *testing.T) {
	m := New([]Rule{rule("customers", "controller", "controlpanel"), rule("marketing", "controller", "controlpanel / cp / clients / newsletter*")}, sources, "", nil)
	p := place("controlpanel", "cp / clients / row", "mysql://db1:3306/cp/clients?id=1")
	if got := strings.Join(m.IDs(m.Column(p, "newsletter_since")), " "); got != "marketing" {
		t.Errorf("the column is of %s", got)
	}
	m = New([]Rule{rule("customers", "controller", "cp / **"), rule("marketing", "controller", "cp / clients / newsletter")}, sources, "", nil)
	in := place("backups", "backup / file .sql / cp / clients / row", "file:///srv/backup/cp.sql#/cp/clients?id=1")
	if got := strings.Join(m.IDs(m.Column(in, "newsletter")), " "); got != "marketing" {
		t.Errorf("the column of a dump is of %s", got)
	}
	if got := m.Column(p, "email"); got != nil {
		t.Errorf("the column is of %v", got)
	}
	for _, c := range []struct {
		pattern, table, column string
		want                   bool
	}{
		{"clients.birth_date", "cp / clients", "birth_date", true},
		{"cp.clients.birth_date", "cp / clients", "birth_date", true},
		{"shop.clients.birth_date", "cp / clients", "birth_date", false},
		{"cp / clients / birth*", "cp / clients", "birth_date", true},
		{"*.birth_date", "cp / clients", "birth_date", true},
		{"birth_date", "cp / clients", "birth_date", true},
		{"cp.clients.birth_date", "clients", "birth_date", true},
		{"clients.birth_date", "cp / orders", "birth_date", false},
	} {
		if got := SameColumn(c.pattern, c.table, c.column); got != c.want {
			t.Errorf("%s of %s.%s: %v", c.pattern, c.table, c.column, got)
		}
	}
}

func FuzzPlaces(f *testing.F) {
	f.Add("/var/www/{tenant}/**", "restic:/srv/restic!/0a/var/www/x", "a / b / row")
	f.Add("s3://uploads/{a,b{c,d}}", "s3://uploads/a?versionId=3#/x/y?z!/k", "")
	f.Add("mail / *@{tenant}", "imap://a%40b@mx/INBOX;UIDVALIDITY=1/;UID=3/;SECTION=2!/x", "mailbox")
	f.Fuzz(func(t *testing.T, pattern, uri, shown string) {
		if pattern == "" {
			return
		}
		r := rule("h", "processor", pattern)
		r.Tenant = []string{pattern}
		m := New([]Rule{r}, sources, "", nil)
		p := place("backups", shown, uri)
		m.Leaves(p, true)
		m.Tenant(p, m.At(p))
		m.Column(p, "x")
	})
}

// A deep place takes no time that grows with the power of the "**" in a pattern.
func TestManyStarsOverADeepPlace(t *testing.T) {
	deep := strings.Split(strings.Repeat("a/", 2000)+"c", "/")
	p := compileOne("/"+strings.Repeat("**/a/", 20)+"b", nil)
	start := time.Now()
	if _, ok := match(p.steps, deep); ok || time.Since(start) > time.Minute {
		t.Errorf("matched: %v, after %v", ok, time.Since(start))
	}
	for _, c := range []struct {
		pattern, place string
		n              int // -1: no match
	}{
		{"/a/b", "a/b/c", 2},
		{"/a/b", "a", -1},
		{"/**/b", "b", 1},
		{"/**/b", "a/a/b/b", 3},
		{"/a/**/b/c", "a/b/b/c/d", 4},
		{"/**/b/**/b", "a/b/b", 3},
		{"/**/b/**/c", "b/a/b/c/c", 4},
		{"/**/**/c", "c", 1},
		{"/**/a/b/**/a/c", "a/a/b/a/b/a/c", 7},
		{"/**/x", "", -1},
	} {
		n, ok := match(compileOne(c.pattern, nil).steps, strings.Split(c.place, "/"))
		if !ok {
			n = -1
		}
		if n != c.n {
			t.Errorf("%s over %s: %d, want %d", c.pattern, c.place, n, c.n)
		}
	}
}
