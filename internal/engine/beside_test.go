package engine

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/internal/document"
	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/scanners"
)

// A dumped file is one of a source, by the last part of its URI.
type dumped struct {
	name string
	data string
}

func tree(files ...dumped) *memory {
	item := func(f dumped) scanners.Item {
		it := text("m:/dump/"+scanners.Escape(f.name), f.data)
		it.Name = f.name[strings.LastIndexByte(f.name, '/')+1:]
		return it
	}
	return &memory{
		items: func(_ context.Context, _ scanners.Part, yield func(scanners.Item, error) bool) {
			for _, f := range files {
				if !yield(item(f), nil) {
					return
				}
			}
		},
		open: func(ref scanners.Ref) (scanners.Item, error) {
			for _, f := range files {
				if it := item(f); it.Ref.URI == ref.URI {
					return it, nil
				}
			}
			return scanners.Item{}, &scanners.Gap{Reason: scanners.Vanished}
		},
	}
}

func tarred(files ...dumped) string {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		_ = w.WriteHeader(&tar.Header{Name: f.name, Size: int64(len(f.data)), Mode: 0o600})
		_, _ = io.WriteString(w, f.data)
	}
	_ = w.Close()
	return b.String()
}

func stored(t *testing.T, elem ...string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(append([]string{"..", "document", "testdata"}, elem...)...))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// What stands beside a file of rows says what they are, in a tree and in an
// archive, in whatever order; and their URIs open them again.
func TestBeside(t *testing.T) {
	toc, rows := dumped{"toc.dat", stored(t, "pgdump", "dir", "toc.dat")}, dumped{"3354.dat", stored(t, "pgdump", "dir", "3354.dat")}
	sql, txt := dumped{"clients.sql", stored(t, "tabdump", "clients.sql")}, dumped{"clients.txt", stored(t, "tabdump", "clients.txt")}
	chunk, schema := dumped{"shop.clients.00001.sql", stored(t, "mydumper", "shop.clients.sql")}, dumped{"shop.clients-schema.sql", stored(t, "mydumper", "shop.clients-schema.sql")}
	in := func(folder string, f dumped) dumped { f.name = folder + f.name; return f }
	gz := func(f dumped) dumped { return dumped{f.name + ".gz", zipped(f.data)} }
	for name, tt := range map[string]struct {
		files []dumped
		want  string
	}{
		"directory of pg_dump":                   {[]dumped{rows, toc}, "m:/dump/3354.dat#/shop/clients?id=4711"},
		"compressed":                             {[]dumped{gz(rows), toc}, "m:/dump/3354.dat.gz#/shop/clients?id=4711"},
		"without its table of contents":          {[]dumped{rows}, "m:/dump/3354.dat#//3354?row-hmac="},
		"tar of pg_dump":                         {[]dumped{{"a.tar", tarred(toc, rows)}}, "m:/dump/a.tar!/3354.dat#/shop/clients?id=4711"},
		"the table of contents comes last":       {[]dumped{{"a.tar.gz", zipped(tarred(in("d/", gz(rows)), in("d/", toc)))}}, "m:/dump/a.tar.gz!/d/3354.dat.gz#/shop/clients?id=4711"},
		"another's table of contents":            {[]dumped{{"a.tar", tarred(in("d/", rows), in("e/", toc))}}, "m:/dump/a.tar!/d/3354.dat#//3354?row-hmac="},
		"mysqldump --tab":                        {[]dumped{txt, sql}, "m:/dump/clients.txt#/shop/clients?id=4711"},
		"all compressed":                         {[]dumped{gz(txt), gz(sql)}, "m:/dump/clients.txt.gz#/shop/clients?id=4711"},
		"mysqldump --tab in an archive":          {[]dumped{{"a.tar", tarred(in("t/", sql), in("t/", txt))}}, "m:/dump/a.tar!/t/clients.txt#/shop/clients?id=4711"},
		"a text that looks like a table":         {[]dumped{txt}, "m:/dump/clients.txt"},
		"mydumper":                               {[]dumped{chunk, schema}, "m:/dump/shop.clients.00001.sql#/shop/clients?id=4711"},
		"mydumper, in an archive, the wrong way": {[]dumped{{"a.tar", tarred(chunk, schema)}}, "m:/dump/a.tar!/shop.clients.00001.sql#/shop/clients?id=4711"},
	} {
		t.Run(name, func(t *testing.T) {
			m := tree(tt.files...)
			rep, all := scan(t, t.Context(), m)
			for _, g := range rep.Gaps {
				t.Errorf("%+v", g)
			}
			var uris []string
			for _, f := range all {
				uris = append(uris, f.URI)
			}
			k := slices.IndexFunc(uris, func(u string) bool { return strings.HasPrefix(u, tt.want) })
			if k < 0 {
				t.Fatalf("no %s in %q", tt.want, uris)
			}
			o := Opener{Source: m, Decoders: append(document.All(container.Options{}), container.All(container.Options{})...), Limits: container.DefaultLimits(), RowKey: make([]byte, 32)}
			var b strings.Builder
			if err := o.Open(t.Context(), uris[k], func(it scanners.Item) error { return Print(&b, it) }); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(b.String(), "zoe@example.be") {
				t.Errorf("%s opens %q", uris[k], b.String())
			}
		})
	}
}

// The records of stores are found and opened by their keys.
func TestRecordsOfStores(t *testing.T) {
	bson := "\x40\x00\x00\x00\x02_id\x00\x04\x00\x00\x00K/1\x00\x03contact\x00\x1f\x00\x00\x00\x02email\x00\x0f\x00\x00\x00zoe@example.be\x00\x00\x00"
	bson = string([]byte{byte(len(bson))}) + bson[1:]
	rdb := "REDIS0011\xfe\x02\x00\x09session:1\x1cuser|s:14:\"zoe@example.be\"; \xff"
	m := tree(dumped{"shop/clients.bson", bson}, dumped{"a.tar", tarred(dumped{"dump/shop/clients.bson.gz", zipped(bson)})}, dumped{"dump.rdb", rdb})
	rep, all := scan(t, t.Context(), m)
	for _, g := range rep.Gaps {
		t.Errorf("%+v", g)
	}
	var got []string
	o := Opener{Source: m, Decoders: append(document.All(container.Options{}), container.All(container.Options{})...), Limits: container.DefaultLimits(), RowKey: make([]byte, 32)}
	for _, f := range all {
		got = append(got, f.URI+" "+f.Matches[0].Field)
		var b strings.Builder
		if err := o.Open(t.Context(), f.URI, func(it scanners.Item) error { return Print(&b, it) }); err != nil || !strings.Contains(b.String(), "zoe@example.be") {
			t.Errorf("%s opens %q, %v", f.URI, b.String(), err)
		}
	}
	slices.Sort(got)
	want := []string{
		"m:/dump/a.tar!/dump/shop/clients.bson.gz#/shop/clients?_id=K/1 contact.email",
		"m:/dump/dump.rdb#/db2/keys?key=session:1 value.user", "m:/dump/shop/clients.bson#/shop/clients?_id=K/1 contact.email",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// What stands in the fields of a value has their names.
func TestFieldsOfCells(t *testing.T) {
	b := &scanners.Block{Table: &scanners.Table{Name: "wp.wp_usermeta", Schema: "wp", Table: "wp_usermeta", Columns: []string{"id", "meta_key", "meta_value"}, Key: []int{0}}}
	for i, v := range []string{
		`a:2:{s:13:"billing_email";s:14:"zoe@example.be";s:1:"x";i:1;}`, `{"billing":{"emails":["x","zoe@example.be"]}}`, `zoe@example.be`,
		`cart|a:1:{s:2:"to";s:14:"zoe@example.be";}`, `{"zoe@example.be":1}`,
	} {
		b.Append([]byte{byte('1' + i)}, false)
		b.Append([]byte("k"), false)
		b.Append([]byte(v), false)
	}
	b.Refs = func(row int, _ string, _ int) scanners.Ref {
		return scanners.Ref{URI: "m:/wp?id=" + string(rune('1'+row)), Place: "wp"}
	}
	_, all := scan(t, t.Context(), &memory{items: items(scanners.Item{Block: b})})
	var got []string
	for _, f := range all {
		got = append(got, f.Matches[0].Field)
	}
	slices.Sort(got)
	want := []string{"meta_value", "meta_value", "meta_value.billing.emails", "meta_value.billing_email", "meta_value.cart.to"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// The foreign keys that a dump declares are followed, wherever it says so.
func TestKeysOfDumps(t *testing.T) {
	const sql = "CREATE TABLE `clients` (`id` int NOT NULL, `email` text, PRIMARY KEY (`id`));\n" +
		"CREATE TABLE `notes` (`id` int NOT NULL PRIMARY KEY, `client` int, `text` text, FOREIGN KEY (`client`) REFERENCES `clients` (`id`));\n" +
		"INSERT INTO `clients` VALUES (4711,'zoe@example.be'),(4712,'jan@example.org');\nINSERT INTO `notes` VALUES (1,4712,'a'),(2,4711,'b');\n"
	_, all := scan(t, t.Context(), tree(dumped{"shop.sql", sql}))
	var got []string
	for _, f := range all {
		got = append(got, f.URI+" "+f.Confidence)
	}
	slices.Sort(got)
	want := []string{"m:/dump/shop.sql#//clients?id=4711 certain", "m:/dump/shop.sql#//notes?id=2 certain"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// The definitions of tables may come behind many tables: the archive is read once
// more for all of them.
func TestDefinitionsBehind(t *testing.T) {
	g, err := gzip.NewReader(strings.NewReader(stored(t, "innodb", "shop", "clients.ibd.gz")))
	if err != nil {
		t.Fatal(err)
	}
	ibd, err := io.ReadAll(g)
	if err != nil {
		t.Fatal(err)
	}
	var files []dumped
	for i := range 12 {
		files = append(files, dumped{fmt.Sprintf("shop/t%d.ibd", i), string(ibd)})
	}
	for i := range 12 {
		files = append(files, dumped{fmt.Sprintf("shop/t%d.frm", i), stored(t, "innodb", "shop", "clients.frm")})
	}
	rep, all := scan(t, t.Context(), tree(dumped{"backup.tar", tarred(files...)}))
	for _, g := range rep.Gaps {
		t.Errorf("%+v", g)
	}
	for i := range 12 {
		want := fmt.Sprintf("m:/dump/backup.tar!/shop/t%d.ibd#/shop/t%d?id=1", i, i)
		if !slices.ContainsFunc(all, func(f *inventory.Finding) bool { return f.URI == want }) {
			t.Errorf("no %s among %d", want, len(all))
		}
	}
}
