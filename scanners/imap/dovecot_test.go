package imap

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/spoor-scan/spoor/internal/testenv"
	"github.com/spoor-scan/spoor/scanners"
	"github.com/spoor-scan/spoor/scanners/scannertest"
)

// open opens a source on a target, with further settings.
func open(t testing.TB, target, password string, set func(*Config)) scanners.Source {
	t.Helper()
	t.Setenv(passwordEnv, password)
	c := Kind().Config().(*Config)
	if err := c.Target(target); err != nil {
		t.Fatal(err)
	}
	c.Timeout = 10 * time.Second
	if set != nil {
		set(c)
	}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	s, err := c.Open(context.Background(), scanners.Env{Name: "mail"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// mailText makes a message of about size bytes, with CRLF.
func mailText(marker string, size int) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "From: sender@example.org\r\nTo: reader@example.be\r\nSubject: %s\r\nMessage-ID: <%s@example.org>\r\n\r\n", marker, marker)
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, "Line %d of an invented message about nothing in particular, number %d.\r\n", i, i*i)
	}
	b.WriteString("End.\r\n")
	return b.Bytes()
}

// admin logs in beside the source.
func admin(t testing.TB, addr, user, password string) *imapclient.Client {
	t.Helper()
	c, err := imapclient.DialInsecure(addr, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Login(user, password).Wait(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func put(t testing.TB, c *imapclient.Client, mailbox string, msg []byte, flags ...goimap.Flag) {
	t.Helper()
	cmd := c.Append(mailbox, int64(len(msg)), &goimap.AppendOptions{Flags: flags})
	if _, err := cmd.Write(msg); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
}

// maildirState is a fingerprint of all messages: the names of their files,
// which hold the flags and whether they are new, and their content.
func maildirState(t testing.TB, dir string) string {
	t.Helper()
	h := sha256.New()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if p := filepath.Base(filepath.Dir(path)); p != "new" && p != "cur" && p != "tmp" {
			return nil // Dovecot's own indexes
		}
		b, err := os.ReadFile(path)
		fmt.Fprintf(h, "%s %d %x\n", path, len(b), sha256.Sum256(b))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

// A got is what was read of a source.
type got struct {
	items      map[string][]byte // by URI
	refs       []scanners.Ref
	parts      []scanners.Part
	gaps       []*scanners.Gap
	exclusions []*scanners.Exclusion
	err        error // that ended Parts
	ends       []error
}

func readAll(t testing.TB, ctx context.Context, s scanners.Source, each func(scanners.Item)) got {
	t.Helper()
	g := got{items: map[string][]byte{}}
	sort := func(err error) error {
		switch x := err.(type) { // a wrapped one ends the sequence
		case *scanners.Exclusion:
			g.exclusions = append(g.exclusions, x)
		case *scanners.Gap:
			g.gaps = append(g.gaps, x)
		default:
			return err
		}
		return nil
	}
	for p, err := range s.Parts(ctx) {
		if err != nil {
			g.err = sort(err)
			continue
		}
		g.parts = append(g.parts, p)
	}
	for _, p := range g.parts {
		for it, err := range s.Items(ctx, p) {
			if err != nil {
				if err := sort(err); err != nil {
					g.ends = append(g.ends, err)
				}
				continue
			}
			b, err := io.ReadAll(it.Body)
			if err != nil {
				if err := sort(err); err != nil {
					g.ends = append(g.ends, err)
				}
				continue
			}
			if int64(len(b)) != it.Size {
				t.Errorf("%s: size %d, read %d", it.Ref.URI, it.Size, len(b))
			}
			if _, ok := g.items[it.Ref.URI]; ok {
				t.Errorf("%s came twice", it.Ref.URI)
			}
			g.items[it.Ref.URI] = b
			g.refs = append(g.refs, it.Ref)
			if each != nil {
				each(it)
			}
		}
	}
	return g
}

func (g got) clean(t testing.TB) got {
	t.Helper()
	if g.err != nil || len(g.ends) > 0 || len(g.gaps) > 0 {
		t.Fatalf("err %v, ends %v, gaps %v", g.err, g.ends, g.gaps)
	}
	return g
}

// newEstate starts a server on which alice has mailboxes of all kinds, and bob
// a few.
func newEstate(t testing.TB) (d *testenv.Dovecot, planted []string) {
	t.Helper()
	d = &testenv.Dovecot{
		Users:  map[string]string{"alice@example.be": "pw \"alice\\", "bob": "bobpw"},
		Master: "spoor", MasterPassword: "masterpw",
	}
	for i := range 120 {
		m := fmt.Sprintf("marker-inbox-%03d-x", i)
		flags := []string{"", "S", "FRS", "T"}[i%4]
		d.Deliver(t, "alice@example.be", "", flags, mailText(m, 200+97*i))
		planted = append(planted, m)
	}
	for i := range 3 {
		m := fmt.Sprintf("marker-bob-%d-x", i)
		d.Deliver(t, "bob", "", "", mailText(m, 3000))
	}
	d.Start(t)
	c := admin(t, fmt.Sprintf("127.0.0.1:%d", d.Port), "alice@example.be", "pw \"alice\\")
	for i, name := range []string{
		"Sent", "Archief/2024/Été", "Naïve ; 100% \"quoted\"", "what!", "Mail!/in", "日本語", "R&D", "a=b&c?d#e", "~tilde", "Empty",
		"Tab \\ back", "dot..", "trailing ", "\U0001F600",
	} {
		if name != "Sent" || i > 0 {
			if err := c.Create(name, nil).Wait(); err != nil {
				t.Logf("the server does not take the mailbox %q: %v", name, err)
				continue
			}
		} else if err := c.Create(name, nil).Wait(); err != nil {
			t.Fatal(err)
		}
		if name == "Empty" {
			continue
		}
		m := fmt.Sprintf("marker-box-%02d-x", i)
		put(t, c, name, mailText(m, 1000), goimap.FlagSeen, "$Label1")
		planted = append(planted, m)
	}
	big := mailText("marker-big-x", 3<<20)
	put(t, c, "Sent", append(big, "marker-bigend-x\r\n"...))
	put(t, c, "Sent", mailText("marker-after-x", 300))
	// Exactly at the edges of batches and ranges.
	for i, n := range []int{smallBytes, smallBytes + 1, chunkBytes, chunkBytes + 1, 2 * chunkBytes} {
		m := fmt.Sprintf("marker-edge-%d-x", i)
		b := mailText(m, n-200)
		b = b[:len(b)-6]
		for len(b) < n-2 {
			b = append(b, 'y')
		}
		put(t, c, "Sent", append(b[:n-2], "\r\n"...))
		planted = append(planted, m)
	}
	planted = append(planted, "marker-big-x", "marker-bigend-x", "marker-after-x")
	_ = c.Logout().Wait()
	return d, planted
}

func TestConformanceDovecot(t *testing.T) {
	d, planted := newEstate(t)
	target := func(addr string) string { return "imap://alice%40example.be@" + addr + "/" }
	addr := fmt.Sprintf("127.0.0.1:%d", d.Port)
	scannertest.Run(t, scannertest.Fixture{
		Planted: planted,
		Open: func(t *testing.T) scanners.Source {
			return open(t, target(addr), "pw \"alice\\", nil)
		},
		Broken: func(t *testing.T, after int64) scanners.Source {
			p := testenv.NewProxy(t, addr)
			p.CutAfter(after)
			s := open(t, target(p.Addr()), "pw \"alice\\", nil)
			s.(*source).attempts = 2 // it will not come back
			return s
		},
		State: func(t *testing.T) string { return maildirState(t, d.Maildir("alice@example.be")) },
		Vanished: []string{
			target(addr) + "INBOX;UIDVALIDITY=1/;UID=1",
			target(addr) + "No%20such;UIDVALIDITY=1/;UID=1",
			target(addr) + "INBOX/;UID=4000000000",
		},
	})
}

func TestConformanceMasterUser(t *testing.T) {
	d := &testenv.Dovecot{Users: map[string]string{"bob": "bobpw", "carol": "carolpw"}, Master: "spoor", MasterPassword: "masterpw"}
	var planted []string
	for i, user := range []string{"bob", "carol"} {
		for j := range 10 {
			m := fmt.Sprintf("marker-%d-%d-x", i, j)
			d.Deliver(t, user, []string{"", ".Sent", ".Klanten.Bilzen"}[j%3], []string{"", "S"}[j%2], mailText(m, 500))
			planted = append(planted, m)
		}
	}
	d.Start(t)
	scannertest.Run(t, scannertest.Fixture{
		Planted: planted,
		Open: func(t *testing.T) scanners.Source {
			return open(t, fmt.Sprintf("imap://127.0.0.1:%d/", d.Port), "masterpw", func(c *Config) {
				c.Master, c.Accounts = "spoor", []string{"bob", "carol"}
			})
		},
		State: func(t *testing.T) string { return maildirState(t, filepath.Join(d.Dir, "mail")) },
	})
}

func TestOneAccountOfManyFails(t *testing.T) {
	d := &testenv.Dovecot{Users: map[string]string{"bob": "bobpw"}, Master: "spoor", MasterPassword: "masterpw"}
	d.Deliver(t, "bob", "", "", mailText("x", 500))
	d.Start(t)
	file := filepath.Join(t.TempDir(), "accounts")
	if err := os.WriteFile(file, []byte("# accounts\nnobody\n\n bob \nbob\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, fmt.Sprintf("imap://127.0.0.1:%d/", d.Port), "masterpw", func(c *Config) { c.Master, c.AccountsFile = "spoor", file })
	g := readAll(t, t.Context(), s, nil)
	if g.err != nil || len(g.items) != 1 || len(g.gaps) != 1 || g.gaps[0].Reason != scanners.Denied {
		t.Errorf("err %v, %d items, gaps %v", g.err, len(g.items), g.gaps)
	}
	s = open(t, fmt.Sprintf("imap://127.0.0.1:%d/", d.Port), "masterpw", func(c *Config) { c.Master, c.AccountsCommand = "spoor", []string{"cat", file} })
	if g := readAll(t, t.Context(), s, nil); g.err != nil || len(g.items) != 1 || len(g.gaps) != 1 {
		t.Errorf("accounts_command: err %v, %d items, gaps %v", g.err, len(g.items), g.gaps)
	}
	t.Setenv(passwordEnv, "masterpw")
	c := Kind().Config().(*Config)
	c.URI, c.Master, c.AccountsCommand = fmt.Sprintf("imap://127.0.0.1:%d/", d.Port), "spoor", []string{"false"}
	if _, err := c.Open(t.Context(), scanners.Env{}); err == nil || !strings.Contains(err.Error(), "accounts_command: false") {
		t.Errorf("a command that fails: %v", err)
	}
	s = open(t, fmt.Sprintf("imap://bob*spoor@127.0.0.1:%d/", d.Port), "wrong", nil)
	if g := readAll(t, t.Context(), s, nil); g.err == nil || len(g.gaps) > 0 {
		t.Errorf("a wrong password: %v, gaps %v", g.err, g.gaps)
	} else {
		t.Log(g.err)
	}
	for _, c := range s.Check(t.Context()) {
		t.Logf("%+v", c)
	}
}

func TestLargeMailboxIsSplit(t *testing.T) {
	d := &testenv.Dovecot{Users: map[string]string{"alice": "pw"}}
	const n = 5300
	for i := range n {
		d.Deliver(t, "alice", "", "S", mailText(fmt.Sprintf("m-%d", i), 300))
	}
	d.Start(t)
	s := open(t, fmt.Sprintf("imap://alice@127.0.0.1:%d/", d.Port), "pw", nil)
	g := readAll(t, t.Context(), s, nil).clean(t)
	var units int64
	for _, p := range g.parts {
		units += p.Units
		t.Logf("%+v", p)
	}
	if len(g.items) != n || len(g.parts) != 3 || units != n {
		t.Errorf("%d items in %d parts of %d units", len(g.items), len(g.parts), units)
	}
	again := readAll(t, t.Context(), s, nil).clean(t)
	if !slices.Equal(again.parts, g.parts) {
		t.Error("parts differ from run to run")
	}
}

func TestIncludeExclude(t *testing.T) {
	d, _ := newEstate(t)
	s := open(t, fmt.Sprintf("imap://alice%%40example.be@127.0.0.1:%d/", d.Port), "pw \"alice\\", func(c *Config) {
		c.Include, c.Exclude = []string{"Archief/**", "INBOX", "Sent"}, []string{"Sent"}
	})
	g := readAll(t, t.Context(), s, nil).clean(t)
	if len(g.parts) != 2 || len(g.items) != 121 {
		t.Errorf("%d parts, %d items", len(g.parts), len(g.items))
	}
	found := false
	for _, x := range g.exclusions {
		if strings.HasSuffix(x.Place, "Sent") {
			found = x.Units == 8 && x.Bytes > 3<<20
		}
	}
	if !found {
		t.Errorf("exclusions: %v", g.exclusions)
	}
}

func TestOneMailbox(t *testing.T) {
	d, _ := newEstate(t)
	s := open(t, fmt.Sprintf("imap://alice%%40example.be@127.0.0.1:%d/Archief/2024/%%C3%%89t%%C3%%A9", d.Port), "pw \"alice\\", nil)
	g := readAll(t, t.Context(), s, nil).clean(t)
	if len(g.items) != 1 || len(g.exclusions) > 0 {
		t.Errorf("%d items, %v", len(g.items), g.exclusions)
	}
	// The URI of a message is a target, too.
	s2 := open(t, g.refs[0].URI, "pw \"alice\\", nil)
	it, err := s2.Open(t.Context(), scanners.Ref{URI: g.refs[0].URI})
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(it.Body)
	if err != nil || !bytes.Equal(b, g.items[g.refs[0].URI]) || it.Ref.Locator != g.refs[0].Locator {
		t.Errorf("%v, %d bytes, %+v", err, len(b), it.Ref)
	}
	t.Logf("%+v", it.Ref)
}
