package export

import (
	"encoding/json"
	"io"
	"iter"
	"strings"
	"testing"

	"github.com/spoor-scan/spoor/internal/engine"
	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/subject"
	"github.com/spoor-scan/spoor/scanners"
)

const (
	zoeMail = "zoe@example.be"
	janMail = "jan@example.org"
)

// A cell of a row: its column, type and value.
type cell struct{ name, typ, value string }

// rowOf returns what a copy holds of a row that is a finding.
func rowOf(t *testing.T, o Options, f inventory.Finding, cells ...cell) (string, *Index) {
	t.Helper()
	f.ID, f.Subject, f.Source, f.URI = "0000000000000001", "p", "db", "mysql://h/panel/rows?id=1"
	if f.Confidence == "" {
		f.Confidence = "certain"
	}
	h, err := newHider(o.MaskOthers, o.Own)
	if err != nil {
		t.Fatal(err)
	}
	o.Subject = "p"
	if o.Right == "" {
		o.Right = Access
	}
	o.Report = &inventory.Report{Findings: func() iter.Seq2[*inventory.Finding, error] {
		return func(yield func(*inventory.Finding, error) bool) { yield(&f, nil) }
	}}
	x := &exporter{Options: o, hider: h, names: newNames(), index: &Index{}, tables: map[string]*table{}}
	basis := "contract"
	x.activities, f.Activities = map[string]inventory.Activity{"a": {ID: "a", Role: "controller", LegalBasis: &basis}}, []string{"a"}
	list, err := x.choices()
	if err != nil || len(list["db"]) != 1 {
		t.Fatalf("chosen: %v, %v; left out: %+v", list, err, x.index.LeftOut)
	}
	b := &scanners.Block{Table: &scanners.Table{Name: "panel.rows", Schema: "panel", Table: "rows"}}
	for _, c := range cells {
		b.Table.Columns, b.Table.Types = append(b.Table.Columns, c.name), append(b.Table.Types, c.typ)
	}
	for _, c := range cells {
		b.Append([]byte(c.value), c.value == "NULL")
	}
	if err := x.row(inventory.Source{Name: "db", URI: "mysql://h"}, list["db"][0], engine.Record{Item: scanners.Item{Block: b}}); err != nil {
		t.Fatal(err)
	}
	for _, tab := range x.tables {
		defer tab.close()
		if err := tab.finish(); err != nil {
			t.Fatal(err)
		}
		js, _ := io.ReadAll(tab.json.read())
		var doc struct{ Rows []json.RawMessage }
		if err := json.Unmarshal(js, &doc); err != nil || len(doc.Rows) != 1 {
			t.Fatalf("%v\n%s", err, js)
		}
		csv, _ := io.ReadAll(tab.csv.read())
		if strings.Contains(string(csv), janMail) != strings.Contains(string(doc.Rows[0]), janMail) {
			t.Errorf("the forms differ\n%s\n%s", doc.Rows[0], csv)
		}
		return string(doc.Rows[0]), x.index
	}
	return "", x.index
}

func in(fields ...string) (out []inventory.Match) {
	for _, f := range fields {
		typ := subject.Email
		if f, ok := strings.CutPrefix(f, "name:"); ok {
			out = append(out, inventory.Match{Type: string(subject.Name), Field: f})
			continue
		}
		out = append(out, inventory.Match{Type: string(typ), Field: f})
	}
	return out
}

func held(fields ...string) (out []inventory.Field) {
	for _, f := range fields {
		out = append(out, inventory.Field{Name: f})
	}
	return out
}

// Only what is the person's own stays in a cell in which others stand, too, and
// only that of a row which is about somebody else.
func TestWhoseIsWhatInARow(t *testing.T) {
	own, err := subject.New([]subject.Person{{ID: "p", Identifiers: []subject.Identifier{{Type: subject.Email, Value: zoeMail}, {Type: subject.Name, Value: "Zoë Peeters"}}}})
	if err != nil {
		t.Fatal(err)
	}
	const rest = `{"withheld":"` + besides + `"}`
	masked := Options{MaskOthers: true, Own: own}
	for _, x := range []struct {
		name    string
		o       Options
		f       inventory.Finding
		cells   []cell
		want    string
		mention bool
	}{
		{
			"a ticket of theirs names a neighbour", masked,
			inventory.Finding{Relation: "owner", Matches: in("requester", "body"), Fields: held("requester", "body")},
			[]cell{{"requester", "varchar", zoeMail}, {"body", "text", "bel mij of mijn buur Jan (" + janMail + "), groeten, " + zoeMail}},
			`{"requester":"zoe@example.be","body":"bel mij of mijn buur Jan (j**@e******.org), groeten, zoe@example.be"}`, false,
		},
		{
			"several in one cell", masked,
			inventory.Finding{Relation: "owner", Matches: in("mails"), Fields: held("mails", "phone", "phones")},
			[]cell{{"mails", "varchar", zoeMail + "," + janMail}, {"phone", "varchar", "+32 470 99 88 77"}, {"phones", "varchar", "+32 470 99 88 77, +32 471 99 88 77"}},
			`{"mails":"zoe@example.be,j**@e******.org","phone":"+32 470 99 88 77","phones":"+3* *** ** ** 77, +3* *** ** ** 77"}`, false,
		},
		{
			"an encoded one beside theirs", masked,
			inventory.Finding{Relation: "owner", Matches: in("mail"), Fields: held("mail", "meta")},
			[]cell{{"mail", "varchar", zoeMail}, {"meta", "json", `{"a":"\u006aan\u0040example.or\u0067"}`}},
			`{"mail":"zoe@example.be","meta":{"a":"***"}}`, false,
		},
		{
			"notes are never theirs as they are", masked,
			inventory.Finding{Relation: "owner", Matches: in("mail"), Fields: held("mail", "notes", "klant")},
			[]cell{{"mail", "varchar", zoeMail}, {"notes", "text", janMail}, {"klant", "text", "zij vraagt om alles aan " + janMail + " te sturen"}},
			`{"mail":"zoe@example.be","notes":"j**@e******.org","klant":"zij vraagt om alles aan j**@e******.org te sturen"}`, false,
		},
		{
			"no subject file",
			Options{MaskOthers: true},
			inventory.Finding{Relation: "owner", Matches: in("mail"), Fields: held("mail", "mails")},
			[]cell{{"mail", "varchar", zoeMail}, {"mails", "varchar", zoeMail + " " + janMail}},
			`{"mail":"zoe@example.be","mails":"z**@e******.be j**@e******.org"}`, false,
		},
		{
			"a short value of bytes", masked,
			inventory.Finding{Relation: "owner", Matches: in("mail"), Fields: held("mail")},
			[]cell{{"mail", "varchar", zoeMail}, {"name", "varchar", "Ren\xe9 " + janMail}, {"who", "varchar", "Ren\xe9"}},
			`{"mail":"zoe@example.be","name":{"withheld":"` + unmaskable + `"},"who":{"base64":"UmVu6Q=="}}`, false,
		},
		{
			"their row",
			Options{},
			inventory.Finding{Relation: "owner", Matches: in("mail"), Fields: held("mail")},
			[]cell{{"id", "int", "1"}, {"mail", "varchar", zoeMail}, {"notes", "text", "partner is " + janMail}},
			`{"id":1,"mail":"zoe@example.be","notes":"partner is ` + janMail + `"}`, false,
		},
		{
			"somebody else's notes",
			Options{},
			inventory.Finding{Relation: "mentioned", Matches: in("notes"), Fields: held("notes")},
			[]cell{{"id", "int", "1"}, {"mail", "varchar", janMail}, {"born", "date", "1980-02-03"}, {"notes", "text", "partner is " + zoeMail}, {"empty", "text", "NULL"}},
			`{"id":` + rest + `,"mail":` + rest + `,"born":` + rest + `,"notes":"partner is zoe@example.be","empty":null}`, true,
		},
		{
			"somebody else's notes, of an older report", masked,
			inventory.Finding{Relation: "owner", Matches: in("notes", "name:notes"), Fields: held("notes", "mail")},
			[]cell{{"mail", "varchar", janMail}, {"notes", "text", "partner is " + zoeMail + ", not " + janMail}},
			`{"mail":` + rest + `,"notes":"partner is zoe@example.be, not j**@e******.org"}`, true,
		},
		{
			"a name of theirs elsewhere", masked,
			inventory.Finding{Relation: "mentioned", Matches: in("notes"), Fields: held("notes")},
			[]cell{{"mail", "varchar", janMail}, {"notes", "text", "partner is " + zoeMail}, {"partner", "varchar", "Zoë Peeters"}},
			`{"mail":` + rest + `,"notes":"partner is zoe@example.be","partner":"Zoë Peeters"}`, true,
		},
		{
			"who deals with a record",
			Options{},
			inventory.Finding{Relation: "mentioned", Matches: in("tech_mail"), Fields: held("tech_mail")},
			[]cell{{"mail", "varchar", janMail}, {"tech_mail", "varchar", zoeMail}},
			`{"mail":` + rest + `,"tech_mail":"zoe@example.be"}`, true,
		},
		{
			"a name that was confirmed",
			Options{},
			inventory.Finding{Relation: "mentioned", Confidence: "possible", Review: "confirmed", Matches: in("name:name")},
			[]cell{{"name", "varchar", "Zoë Peeters"}, {"city", "varchar", "Gent"}},
			`{"name":"Zoë Peeters","city":"Gent"}`, false,
		},
		{
			"a name in a text that was confirmed",
			Options{},
			inventory.Finding{Relation: "mentioned", Confidence: "possible", Review: "confirmed", Matches: in("name:body")},
			[]cell{{"body", "text", "dag Zoë Peeters hier is het"}, {"city", "varchar", "Gent"}},
			`{"body":"dag Zoë Peeters hier is het","city":` + rest + `}`, true,
		},
		{
			"tied to them, and named in a text",
			Options{},
			inventory.Finding{Relation: "owner", Evidence: []string{"a link"}, Matches: in("body")},
			[]cell{{"client_id", "int", "5"}, {"body", "text", "mail mij op " + zoeMail}},
			`{"client_id":5,"body":"mail mij op zoe@example.be"}`, false,
		},
		{
			"asked for",
			Options{Include: map[string]bool{"0000000000000001": true}},
			inventory.Finding{Relation: "mentioned", Matches: in("notes")},
			[]cell{{"mail", "varchar", janMail}, {"notes", "text", "partner is " + zoeMail}},
			`{"mail":"` + janMail + `","notes":"partner is zoe@example.be"}`, false,
		},
		{
			"a path in JSON",
			Options{},
			inventory.Finding{Relation: "mentioned", Matches: in("data.owner.mail")},
			[]cell{{"mail", "varchar", janMail}, {"data", "json", `{"owner":{"mail":"zoe@example.be"}}`}},
			`{"mail":` + rest + `,"data":{"owner":{"mail":"zoe@example.be"}}}`, true,
		},
	} {
		t.Run(x.name, func(t *testing.T) {
			got, index := rowOf(t, x.o, x.f, x.cells...)
			if got != x.want {
				t.Errorf("got  %s\nwant %s", got, x.want)
			}
			if len(index.Items) != 1 || index.Items[0].Mention != x.mention {
				t.Errorf("items %+v", index.Items)
			}
		})
	}
	for _, x := range []struct {
		name, reason string
		o            Options
		field        string
	}{
		{"nowhere to be told", ByOthers, Options{}, "body.attachment"},
		{"not provided by them", ByMention, Options{Right: Portability}, "notes"},
	} {
		got, index := rowOf(t, x.o, inventory.Finding{Relation: "mentioned", Matches: in(x.field)}, cell{"mail", "varchar", janMail}, cell{"notes", "text", "partner is " + zoeMail})
		if got != "" || len(index.LeftOut) != 1 || index.LeftOut[0].Reason != x.reason {
			t.Errorf("%s: %s %+v", x.name, got, index.LeftOut)
		}
	}
}

// A table that is called after an attachment is without the addresses in its name.
func TestNameOfATable(t *testing.T) {
	h, err := newHider(true, nil)
	if err != nil {
		t.Fatal(err)
	}
	x := &exporter{hider: h, names: newNames(), index: &Index{}, tables: map[string]*table{}}
	b := &scanners.Block{Table: &scanners.Table{Table: janMail + "-lijst.csv", Columns: []string{"a"}}}
	b.Append([]byte("1"), false)
	c := &chosen{uri: "file:///data/1.eml!/" + janMail + "-lijst.csv#row=1", item: Item{Place: "src / " + janMail + "-lijst.csv / row"}}
	if err := x.row(inventory.Source{Name: "src", URI: "file:///data"}, c, engine.Record{Item: scanners.Item{Block: b}}); err != nil {
		t.Fatal(err)
	}
	x.hidePlaces()
	for _, tab := range x.tables {
		defer tab.close()
		js, _ := io.ReadAll(tab.json.read())
		if strings.Contains(string(js), janMail) {
			t.Errorf("%s", js)
		}
	}
	js, err := json.Marshal(x.index)
	if err != nil || strings.Contains(string(js), janMail) || strings.Contains(string(js), "example.org") {
		t.Errorf("%v %s", err, js)
	}
}
