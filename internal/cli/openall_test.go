package cli

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/internal/engine"
	"github.com/spoor-scan/spoor/internal/plan"
	"github.com/spoor-scan/spoor/scanners"
	"github.com/spoor-scan/spoor/scanners/all"
)

// What OpenAll opens in few readings is what Open opens one by one.
func TestOpenAll(t *testing.T) {
	t.Setenv("SPOOR_STATE_DIR", t.TempDir())
	dir := t.TempDir()
	write := func(name string, b []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	mails := ""
	for i := range 3 {
		mails += fmt.Sprintf("From x Mon Nov  2 09:00:00 2026\n%s\n\n", strings.ReplaceAll(message(zoeMail, fmt.Sprint(i), attachment("z.zip", zipOf(t, "in.txt", []byte("in "+zoeMail)))), "\r\n", "\n"))
	}
	write("box.mbox", []byte(mails))
	keyless := "CREATE TABLE `log` (`line` varchar(99));\nINSERT INTO `log` VALUES ('" + zoeMail + "'),('x'),('" + zoeMail + "'),('" + zoeMail + " again');\n"
	write("all.tar.gz", gz(t, tarOf(t, "db.sql", dump("(1,'"+zoeMail+"')", "(2,'x')", "(3,'"+zoeMail+"')")+keyless, "list.csv", "id,email\n1,"+zoeMail+"\n2,x@example.org\n3,"+zoeMail+"\n",
		"a.txt", zoeMail, "box.mbox", mails, "in.zip", string(zipOf(t, "deep.txt", []byte(zoeMail))))))
	write("plain.txt", []byte(zoeMail+"\n"))
	write("page.txt.gz", gz(t, []byte("compressed "+zoeMail+"\n")))
	report := filepath.Join(t.TempDir(), "report.json")
	var stderr bytes.Buffer
	if status := Run(t.Context(), []string{"scan", dir, "-q", "--email", zoeMail, "-o", report}, nil, &stderr, &stderr); status != exitOK {
		t.Fatalf("status %d: %s", status, stderr.String())
	}
	rep, done, err := openReport(report, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	var uris []string
	for f, err := range rep.Findings() {
		if err != nil {
			t.Fatal(err)
		}
		uris = append(uris, f.URI)
	}
	if len(uris) < 20 {
		t.Fatalf("only %d findings: %q", len(uris), uris)
	}
	missing := "file://" + dir + "/all.tar.gz!/nothing.txt"
	gone := "file://" + dir + "/gone.txt"
	uris = append(uris, missing, gone, "file://"+dir+"/all.tar.gz!/db.sql#/cp/clients?id=99")
	p := &plan.Plan{}
	if err := p.AddTarget(dir, all.Kinds()); err != nil {
		t.Fatal(err)
	}
	key := streams{err: &stderr}.rowKey()
	sources, closeSources := openSources(t.Context(), p, key, nil)
	defer closeSources()
	o := engine.Opener{Source: sources[0].Source, Decoders: decoders(container.Options{}), Limits: container.DefaultLimits(), RowKey: key}
	printed := func(it scanners.Item, row int) string {
		var b bytes.Buffer
		if it.Block != nil {
			one := &scanners.Block{Table: it.Block.Table}
			for col := range it.Block.Table.Columns {
				one.Append(it.Block.Cell(row, col))
			}
			it.Block = one
		}
		if err := engine.Print(&b, it); err != nil {
			t.Error(err)
		}
		return b.String()
	}
	got := map[int]string{}
	err = o.OpenAll(t.Context(), uris, func(i int, r engine.Record, err error) error {
		if _, twice := got[i]; twice {
			t.Errorf("%s is opened twice", uris[i])
		}
		if got[i] = string(scanners.ReasonOf(err)); err == nil {
			got[i] = printed(r.Item, r.Row)
			if r.Item.Block != nil && r.Hash == "" {
				t.Errorf("%s has no hash", uris[i])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, uri := range uris {
		want := ""
		if err := o.Open(t.Context(), uri, func(it scanners.Item) error { want = printed(it, 0); return nil }); err != nil {
			want = string(scanners.ReasonOf(err))
		}
		if got[i] != want {
			t.Errorf("%s\n got %q\nwant %q", uri, got[i], want)
		}
	}
	// The caller may end it.
	stop := errors.New("enough")
	n := 0
	if err := o.OpenAll(t.Context(), uris, func(int, engine.Record, error) error { n++; return stop }); !errors.Is(err, stop) || n != 1 {
		t.Errorf("%v after %d", err, n)
	}
}
