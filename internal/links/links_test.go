package links

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/spoor-scan/spoor/scanners"
)

func TestReferents(t *testing.T) {
	for column, want := range map[string]string{
		"client_id":          "client",
		"clientId":           "client",
		"clientid":           "clientid client",
		"fk_user":            "user",
		"id_klant":           "klant",
		"parent_client_id":   "parentclient client",
		"billing_contact_id": "billingcontact contact",
		"invoice_no":         "invoice",
		"owner":              "owner",
	} {
		got := referents(column)
		for _, w := range strings.Fields(want) {
			if !slices.Contains(got, w) {
				t.Errorf("%s: %q, without %q", column, got, w)
			}
		}
	}
}

func TestTables(t *testing.T) {
	for table, want := range map[string][2]bool{ // person, reference
		"clients": {true, false}, "tblclients": {true, false}, "wp_users": {true, false}, "klanten": {true, false}, "Kunden": {true, false},
		"countries": {false, true}, "tblproducts": {false, true}, "city": {false, true}, "invoices": {false, false}, "client_notes": {false, false},
	} {
		if got := [2]bool{PersonTable(table), ReferenceTable(table)}; got != want {
			t.Errorf("%s: person, reference %v, want %v", table, got, want)
		}
	}
}

func table(name string, key int, columns ...string) *scanners.Table {
	t := &scanners.Table{Name: "shop." + name, Schema: "shop", Table: name, Columns: columns}
	if key >= 0 {
		t.Key = []int{key}
	}
	return t
}

// observe fills a table with n rows, whose cells cell gives.
func observe(s *Survey, t *scanners.Table, n int, cell func(row, col int) string) {
	b := &scanners.Block{Table: t}
	for row := range n {
		for col := range t.Columns {
			b.Append([]byte(cell(row, col)), false)
		}
	}
	s.Table("x", t).Observe(b)
}

func TestInfer(t *testing.T) {
	s := NewSurvey()
	num := func(n int) string { return fmt.Sprint(n) }
	observe(s, table("clients", 0, "id", "email", "customer_no"), 5000, func(row, col int) string {
		return []string{num(row + 1), fmt.Sprintf("c%d@example.org", row), fmt.Sprintf("K-%05d", row)}[col]
	})
	observe(s, table("countries", 0, "id", "name"), 40, func(row, col int) string { return num(row + 1) })
	observe(s, table("invoices", 0, "id", "client_id", "country_id"), 20000, func(row, col int) string {
		return []string{num(row + 1), num(row%5000 + 1), num(row%40 + 1)}[col]
	})
	observe(s, table("payments", 0, "id", "fk_invoice", "userid"), 9000, func(row, col int) string {
		return []string{num(row + 1), num(row + 1), num(row%5000 + 1)}[col]
	})
	// Its values are no clients'.
	observe(s, table("stray", 0, "id", "client_id"), 100, func(row, col int) string { return num(row + 900000) })
	observe(s, table("shipments", 0, "id", "customer_no"), 300, func(row, col int) string {
		return []string{num(row + 1), fmt.Sprintf("K-%05d", row*7)}[col]
	})
	observe(s, table("notes", 0, "id", "object_type", "object_id"), 100, func(row, col int) string {
		return []string{num(row + 1), []string{"client", `App\Models\Invoice`, "weather"}[row%3], num(row + 1)}[col]
	})
	observe(s, table("declared", 0, "id", "client_id"), 100, func(row, col int) string { return num(row + 1) })
	var got []string
	for _, l := range s.Infer("x", []Link{{Table: "shop.declared", Column: "client_id", RefTable: "shop.clients", RefColumn: "id"}}) {
		if l.Confidence >= Followed {
			got = append(got, strings.ReplaceAll(l.String(), "shop.", "")+strings.Join(l.Types, ","))
		}
	}
	slices.Sort(got)
	want := []string{
		"invoices.client_id refers to clients.id",
		"invoices.country_id refers to countries.id",
		"notes.object_id refers to clients.idclient",
		`notes.object_id refers to invoices.idApp\Models\Invoice`,
		"payments.fk_invoice refers to invoices.id",
		"payments.userid refers to clients.id",
		"shipments.customer_no refers to clients.customer_no",
	}
	if !slices.Equal(got, want) {
		t.Errorf("inferred\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if fan := s.Known("x", "shop.invoices").FanIn("client_id"); fan < 3.5 || fan > 4.5 {
		t.Errorf("%v invoices of a client, want about 4", fan)
	}
}

func TestInside(t *testing.T) {
	for cell, want := range map[string]string{
		`{"client_id": 4711, "x": {"userId":"12"}, "total": 5}`:           "client_id=4711 userId=12",
		`[{"a":"\"client_id\":1"},{"client_id":0}]`:                       "",
		`a:2:{s:9:"client_id";i:4711;s:4:"name";s:3:"abc";}`:              "client_id=4711",
		`client_id|i:4711;cart|a:1:{i:0;s:9:"invoice_n";}user|s:3:"zoe";`: "client_id=4711 user=zoe",
		`O:4:"User":1:{s:13:"` + "\x00User\x00user_id" + `";s:2:"17";}`:   "user_id=17",
		`a:1:{s:99999999:"client_id";i:1;}`:                               "",
		`{"client_id":`:                                                   "",
	} {
		var got []string
		if MayHoldKeys([]byte(cell)) {
			new(Inside).Each([]byte(cell), func(name string, value []byte) { got = append(got, name+"="+string(value)) })
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%q: %q, want %q", cell, s, want)
		}
	}
}

func FuzzInside(f *testing.F) {
	f.Add([]byte(`{"client_id": 4711}`))
	f.Add([]byte(`a:2:{s:9:"client_id";i:4711;}`))
	f.Add([]byte(`client_id|i:4711;`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if MayHoldKeys(b) {
			new(Inside).Each(b, func(name string, value []byte) {
				if name == "" || len(value) == 0 {
					t.Errorf("%q=%q", name, value)
				}
			})
		}
	})
}
