package imap

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"

	"github.com/spoor-scan/spoor/internal/testenv"
	"github.com/spoor-scan/spoor/scanners"
	"github.com/spoor-scan/spoor/scanners/scannertest"
)

// newMemory starts the client library's own server, with the given capabilities.
func newMemory(t testing.TB, caps goimap.CapSet, fill func(u *imapmemserver.User)) (addr string) {
	t.Helper()
	mem := imapmemserver.New()
	u := imapmemserver.NewUser("alice@example.be", "pw")
	fill(u)
	mem.AddUser(u)
	srv := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return mem.NewSession(), nil, nil
		},
		Caps: caps, InsecureAuth: true, Logger: log.New(io.Discard, "", 0),
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close(); <-done })
	return l.Addr().String()
}

type literal struct{ *bytes.Reader }

func (l literal) Size() int64 { return l.Reader.Size() }

func add(t testing.TB, u *imapmemserver.User, mailbox string, msg []byte) {
	t.Helper()
	if _, err := u.Append(mailbox, literal{bytes.NewReader(msg)}, &goimap.AppendOptions{Time: time.Unix(1700000000, 0)}); err != nil {
		t.Fatal(err)
	}
}

func TestConformanceMemoryServer(t *testing.T) {
	for name, caps := range map[string]goimap.CapSet{
		"IMAP4rev1": {goimap.CapIMAP4rev1: {}},
		"IMAP4rev2": {goimap.CapIMAP4rev1: {}, goimap.CapIMAP4rev2: {}},
	} {
		t.Run(name, func(t *testing.T) {
			var planted []string
			addr := newMemory(t, caps, func(u *imapmemserver.User) {
				for i, box := range []string{"INBOX", "Sent", "Klanten/Été & co", "what!/in", "Leeg"} {
					if err := u.Create(box, nil); err != nil {
						t.Fatal(err)
					}
					for j := range 5 {
						if box == "Leeg" {
							break
						}
						m := fmt.Sprintf("marker-%d-%d-x", i, j)
						add(t, u, box, mailText(m, 100+j*100<<10))
						planted = append(planted, m)
					}
				}
			})
			scannertest.Run(t, scannertest.Fixture{
				Planted: planted,
				Open: func(t *testing.T) scanners.Source {
					return open(t, "imap://alice%40example.be@"+addr+"/", "pw", nil)
				},
				Vanished: []string{"imap://alice%40example.be@" + addr + "/Nope;UIDVALIDITY=3/;UID=1"},
			})
		})
	}
}

// newCertificate writes a certificate of its own for 127.0.0.1.
func newCertificate(t testing.TB) (cert, key string) {
	t.Helper()
	priv, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "imap.example.org"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &priv.PublicKey, priv)
	if err != nil {
		t.Fatal(err)
	}
	b, err := x509.MarshalPKCS8PrivateKey(priv)
	if err != nil {
		t.Fatal(err)
	}
	dir := testenv.Dir(t)
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: b}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

func TestTLS(t *testing.T) {
	cert, key := newCertificate(t)
	d := &testenv.Dovecot{Users: map[string]string{"alice": "pw"}, CertFile: cert, KeyFile: key}
	d.Deliver(t, "alice", "", "", mailText("x", 500))
	d.Start(t)
	plain, implicit := fmt.Sprintf("imap://alice@127.0.0.1:%d/", d.Port), fmt.Sprintf("imaps://alice@127.0.0.1:%d/", d.TLSPort)
	for _, tt := range []struct {
		name, target, tls, ca, err string
	}{
		{"starttls where offered", plain, "", cert, ""},
		{"starttls", plain, "starttls", cert, ""},
		{"starttls unknown authority", plain, "", "", "tls: "},
		{"none", plain, "none", "", ""},
		{"implicit", implicit, "", cert, ""},
		{"implicit unknown authority", implicit, "", "", "tls: "},
		{"implicit by setting", fmt.Sprintf("imap://alice@127.0.0.1:%d/", d.TLSPort), "implicit", cert, ""},
		{"tls on the plain port", fmt.Sprintf("imaps://alice@127.0.0.1:%d/", d.Port), "", cert, "tls: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t, tt.target, "pw", func(c *Config) { c.TLS, c.CAFile = tt.tls, tt.ca })
			g := readAll(t, t.Context(), s, nil)
			if tt.err == "" && (g.err != nil || len(g.items) != 1) {
				t.Errorf("%v, %d items", g.err, len(g.items))
			}
			if tt.err != "" && (g.err == nil || !strings.Contains(g.err.Error(), tt.err)) {
				t.Errorf("error %v, want %s", g.err, tt.err)
			}
			for _, c := range s.Check(t.Context()) {
				if c.OK != (tt.err == "") {
					t.Errorf("%+v", c)
				}
			}
			for uri := range g.items {
				if _, err := s.Open(t.Context(), scanners.Ref{URI: uri}); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// A script is a server that answers from a function. It stands in for those
// defects that no real server can be brought to show on purpose.
type script struct {
	greeting string // "" is a plain one
	// answer returns all that is said to a command, without its tag: a line that
	// begins with "= " is the tagged one. ok false: the usual answer.
	answer func(n int, cmd string) (lines []string, ok bool)

	mu       sync.Mutex
	commands int
}

const cut = "cut" // as a line: the connection is closed here

var reTagged = regexp.MustCompile(`^(\S+) (.*)$`)

func (sc *script) start(t testing.TB) (addr string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var conns []net.Conn
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, c)
			mu.Unlock()
			wg.Go(func() { defer c.Close(); sc.serve(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		mu.Lock()
		for _, c := range conns {
			_ = c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return l.Addr().String()
}

func (sc *script) serve(c net.Conn) {
	greeting := sc.greeting
	if greeting == "" {
		greeting = "* OK [CAPABILITY IMAP4rev1] ready\r\n"
	}
	if _, err := io.WriteString(c, greeting); err != nil {
		return
	}
	br := bufio.NewReader(c)
	for {
		line, err := br.ReadString('\n')
		if err != nil {
			return
		}
		m := reTagged.FindStringSubmatch(strings.TrimRight(line, "\r\n"))
		if m == nil {
			return
		}
		tag, cmd := m[1], m[2]
		sc.mu.Lock()
		sc.commands++
		n := sc.commands
		sc.mu.Unlock()
		lines, ok := []string(nil), false
		if sc.answer != nil {
			lines, ok = sc.answer(n, cmd)
		}
		if !ok {
			lines = usual(cmd)
		}
		for _, l := range lines {
			if l == cut {
				return
			}
			if rest, ok := strings.CutPrefix(l, "= "); ok {
				l = tag + " " + rest
			}
			if _, err := io.WriteString(c, l+"\r\n"); err != nil {
				return
			}
		}
	}
}

// usual is a mailbox of four messages.
func usual(cmd string) []string {
	word, rest, _ := strings.Cut(cmd, " ")
	switch word {
	case "LOGIN":
		return []string{"= OK [CAPABILITY IMAP4rev1] in"}
	case "CAPABILITY":
		return []string{"* CAPABILITY IMAP4rev1", "= OK done"}
	case "LIST":
		return []string{`* LIST () "/" INBOX`, "= OK done"}
	case "STATUS":
		return []string{`* STATUS INBOX (MESSAGES 4 UIDVALIDITY 7)`, "= OK done"}
	case "EXAMINE":
		return []string{"* 4 EXISTS", "* OK [UIDVALIDITY 7] valid", "* OK [UIDNEXT 5] next", "= OK [READ-ONLY] done"}
	case "UID":
		if strings.HasPrefix(rest, "SEARCH") {
			return []string{"* SEARCH 1 2 3 4", "= OK done"}
		}
		return append(rows(cmd, nil), "= OK done")
	}
	return []string{"= OK done"}
}

var reFetch = regexp.MustCompile(`^UID FETCH ([0-9:,]+) \((.*)\)$`)

// rows answers a FETCH. Where replace has a row for a UID, it is used.
func rows(cmd string, replace map[int]string) []string {
	m := reFetch.FindStringSubmatch(cmd)
	if m == nil {
		return nil
	}
	var lines []string
	for uid := 1; uid <= 4; uid++ {
		in := false
		for _, r := range strings.Split(m[1], ",") {
			lo, hi := uint32(0), uint32(0)
			if n, _ := fmt.Sscanf(r, "%d:%d", &lo, &hi); n == 1 {
				hi = lo
			}
			in = in || uint32(uid) >= lo && uint32(uid) <= hi
		}
		if !in {
			continue
		}
		if !strings.Contains(m[2], "BODY") {
			lines = append(lines, fmt.Sprintf("* %d FETCH (UID %d RFC822.SIZE 12)", uid, uid))
			continue
		}
		if r, ok := replace[uid]; ok {
			if r != "" {
				lines = append(lines, r)
			}
			continue
		}
		partial := ""
		if strings.Contains(m[2], "<0.") {
			partial = "<0>"
		} else if strings.Contains(m[2], "<") {
			lines = append(lines, fmt.Sprintf("* %d FETCH (UID %d BODY[]<12> \"\")", uid, uid))
			continue
		}
		lines = append(lines, fmt.Sprintf("* %d FETCH (UID %d FLAGS (\\Seen \\Recent) INTERNALDATE \"01-Feb-2024 10:00:00 +0000\" RFC822.SIZE 12 BODY[]%s {12}\r\nA: b\r\n\r\nc%d\r\n)", uid, uid, partial, uid))
	}
	return lines
}

func TestDefectiveServers(t *testing.T) {
	body := func(f func(n int, cmd string) ([]string, bool)) func(int, string) ([]string, bool) {
		return func(n int, cmd string) ([]string, bool) {
			if strings.HasPrefix(cmd, "UID FETCH") && strings.Contains(cmd, "BODY") {
				return f(n, cmd)
			}
			return nil, false
		}
	}
	replace := func(uid int, row string) func(int, string) ([]string, bool) {
		return body(func(_ int, cmd string) ([]string, bool) {
			return append(rows(cmd, map[int]string{uid: row}), "= OK done"), true
		})
	}
	for _, tt := range []struct {
		name   string
		script *script
		items  int
		gaps   []scanners.Reason
		units  int64  // of the gaps
		err    string // that ends Parts
	}{
		{name: "none", items: 4, script: &script{}},
		{
			name: "one row that cannot be parsed", items: 3, gaps: []scanners.Reason{scanners.Corrupt}, units: 1,
			script: &script{answer: replace(3, `* 3 FETCH (UID 3 FLAGS (bad BODY[] {9999`)},
		},
		{
			name: "attribute that nobody asked for", items: 3, gaps: []scanners.Reason{scanners.Corrupt}, units: 1,
			script: &script{answer: replace(1, `* 1 FETCH (UID 1 X-THING 3 BODY[] "x")`)},
		},
		{
			name: "content is NIL", items: 3, gaps: []scanners.Reason{scanners.Failed}, units: 1,
			script: &script{answer: replace(2, `* 2 FETCH (UID 2 RFC822.SIZE 12 BODY[] NIL)`)},
		},
		{
			name: "content is quoted", items: 4,
			script: &script{answer: replace(2, `* 2 FETCH (UID 2 RFC822.SIZE 12 BODY[] "A: b quoted!")`)},
		},
		{
			name: "message is left out", items: 3, gaps: []scanners.Reason{scanners.Failed}, units: 1,
			script: &script{answer: replace(2, "")},
		},
		{
			name: "size is too small", items: 4,
			script: &script{answer: replace(2, "* 2 FETCH (UID 2 RFC822.SIZE 12 BODY[] {20}\r\n12345678901234567890)")},
		},
		{
			name: "flags in between", items: 4,
			script: &script{answer: body(func(_ int, cmd string) ([]string, bool) {
				if strings.Contains(cmd, "1:4") {
					return append(append([]string{`* 2 FETCH (UID 2 FLAGS (\Seen))`}, rows(cmd, nil)...), "= OK done"), true
				}
				return nil, false
			})},
		},
		{
			name: "dies of one message", items: 3, gaps: []scanners.Reason{scanners.Offline}, units: 1,
			script: &script{answer: body(func(_ int, cmd string) ([]string, bool) {
				var lines []string
				for _, r := range rows(cmd, map[int]string{3: cut}) {
					if r == cut {
						return append(lines, cut), true
					}
					lines = append(lines, r)
				}
				return append(lines, "= OK done"), true
			})},
		},
		{
			name: "refuses one message", items: 3, gaps: []scanners.Reason{scanners.Denied}, units: 1,
			script: &script{answer: body(func(_ int, cmd string) ([]string, bool) {
				rs := rows(cmd, map[int]string{3: ""})
				if len(rs) == len(rows(cmd, nil)) {
					return append(rs, "= OK done"), true
				}
				return append(rs, "= NO [NOPERM] not this one of reader@example.be"), true
			})},
		},
		{
			name: "literal is cut off", items: 0, gaps: []scanners.Reason{scanners.Offline, scanners.Offline, scanners.Offline, scanners.Offline}, units: 4,
			script: &script{answer: body(func(int, string) ([]string, bool) {
				return []string{"* 1 FETCH (UID 1 BODY[] {12}\r\nA: ", cut}, true
			})},
		},
		{
			name: "literal of 8 EiB", items: 3, gaps: []scanners.Reason{scanners.Corrupt}, units: 1,
			script: &script{answer: replace(2, "* 2 FETCH (UID 2 RFC822.SIZE 12 BODY[] {9223372036854775807}\r\n1234)")},
		},
		{
			name: "UIDVALIDITY changes", items: 0, gaps: []scanners.Reason{scanners.Vanished}, units: 4,
			script: func() *script {
				lost := false
				return &script{answer: func(_ int, cmd string) ([]string, bool) {
					if !lost && strings.HasPrefix(cmd, "UID FETCH") {
						lost = true
						return []string{cut}, true
					}
					return []string{"* 4 EXISTS", "* OK [UIDVALIDITY 8] valid", "= OK [READ-ONLY] done"}, lost && strings.HasPrefix(cmd, "EXAMINE")
				}}
			}(),
		},
		{
			name: "mailbox is denied", items: 0, gaps: []scanners.Reason{scanners.Denied},
			script: &script{answer: func(_ int, cmd string) ([]string, bool) {
				return []string{"= NO [NOPERM] no"}, strings.HasPrefix(cmd, "EXAMINE") || strings.HasPrefix(cmd, "STATUS")
			}},
		},
		{
			name: "sizes are refused", items: 4,
			script: &script{answer: func(_ int, cmd string) ([]string, bool) {
				return []string{"= NO [SERVERBUG] no"}, strings.HasPrefix(cmd, "UID FETCH") && strings.Contains(cmd, "RFC822.SIZE)") && !strings.Contains(cmd, "BODY")
			}},
		},
		{
			name: "no mailbox listed", items: 0,
			script: &script{answer: func(_ int, cmd string) ([]string, bool) { return []string{"= OK none"}, strings.HasPrefix(cmd, "LIST") }},
		},
		{name: "bye", script: &script{greeting: "* BYE busy\r\n"}, err: "greeting"},
		{name: "other protocol", script: &script{greeting: "220 smtp.example.org ESMTP\r\n"}, err: "no IMAP server"},
		{name: "already logged in", script: &script{greeting: "* PREAUTH hello\r\n"}, err: "no IMAP server"},
		{name: "greeting without end", script: &script{greeting: "* OK " + strings.Repeat("x", 1<<20)}, err: "greeting"},
		{name: "capabilities in parentheses in the greeting", script: &script{greeting: "* OK [CAPABILITY 7(n\r\n"}, err: "malformed"},
		{
			name: "capabilities in parentheses", err: "malformed",
			script: &script{answer: func(_ int, cmd string) ([]string, bool) {
				return []string{"* capability IMAP4rev1 (x", "= OK [CAPABILITY IMAP4rev1] in"}, strings.HasPrefix(cmd, "LOGIN")
			}},
		},
		{name: "no login without TLS", script: &script{greeting: "* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] hi\r\n"}, err: "without TLS"},
		{
			name: "plain text behind STARTTLS", err: "before TLS",
			script: &script{
				greeting: "* OK [CAPABILITY IMAP4rev1 STARTTLS] hi\r\n",
				answer: func(_ int, cmd string) ([]string, bool) {
					return []string{"= OK go\r\n* OK injected"}, cmd == "STARTTLS"
				},
			},
		},
		{
			name: "bye after login", err: "log in",
			script: &script{answer: func(_ int, cmd string) ([]string, bool) {
				return []string{"* BYE too many connections", cut}, strings.HasPrefix(cmd, "LOGIN")
			}},
		},
		{
			name: "endless list", err: "malformed",
			script: &script{answer: func(_ int, cmd string) ([]string, bool) {
				if !strings.HasPrefix(cmd, "LIST") {
					return nil, false
				}
				l := fmt.Sprintf("* LIST () \"/\" {%d}\r\n%s", 1<<20, strings.Repeat("a", 1<<20))
				var all []string
				for range 40 {
					all = append(all, l)
				}
				return all, true
			}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			addr := tt.script.start(t)
			c := Kind().Config().(*Config)
			c.URI, c.Timeout = "imap://alice@"+addr+"/", 3*time.Second
			c.Command = []string{"echo", "pw"}
			src, err := c.Open(t.Context(), scanners.Env{Name: "x"})
			if err != nil {
				t.Fatal(err)
			}
			defer src.Close()
			g := readAll(t, t.Context(), src, nil)
			if tt.err != "" {
				if g.err == nil || !strings.Contains(g.err.Error(), tt.err) {
					t.Errorf("error %v, want %q", g.err, tt.err)
				}
				return
			}
			var reasons []scanners.Reason
			var units int64
			for _, x := range g.gaps {
				reasons = append(reasons, x.Reason)
				units += x.Units
				if strings.Contains(x.Error(), "example.be") {
					t.Errorf("the gap quotes the server: %v", x)
				}
			}
			if g.err != nil || len(g.ends) > 0 || len(g.items) != tt.items || fmt.Sprint(reasons) != fmt.Sprint(tt.gaps) || units != tt.units {
				t.Errorf("err %v %v, %d items, %d units in gaps %v", g.err, g.ends, len(g.items), units, g.gaps)
			}
		})
	}
}

func TestStalledServer(t *testing.T) {
	d := &testenv.Dovecot{Users: map[string]string{"alice": "pw"}}
	for i := range 60 {
		d.Deliver(t, "alice", "", "S", mailText(fmt.Sprint("m-", i), 200<<10))
	}
	d.Start(t)
	p := testenv.NewProxy(t, fmt.Sprintf("127.0.0.1:%d", d.Port))
	s := open(t, "imap://alice@"+p.Addr()+"/", "pw", func(c *Config) { c.Timeout = 300 * time.Millisecond })
	start, n := time.Now(), 0
	g := readAll(t, t.Context(), s, func(scanners.Item) {
		if n++; n == 10 {
			p.Stall(true)
		}
	})
	var units, size int64
	for _, x := range g.gaps {
		units += x.Units
		size += x.Bytes
		if x.Reason != scanners.Timeout {
			t.Errorf("%v", x)
		}
	}
	t.Logf("%d items, gaps %v of %d units, %d bytes, %v", len(g.items), g.gaps, units, size, time.Since(start))
	if len(g.items) < 10 || int64(len(g.items))+units != 60 || size < units*200<<10 || time.Since(start) > 20*time.Second {
		t.Error("not all is accounted for")
	}
	p.Stall(false)
	s2 := open(t, "imap://alice@"+p.Addr()+"/", "pw", nil)
	if g := readAll(t, t.Context(), s2, nil).clean(t); len(g.items) != 60 {
		t.Errorf("%d items", len(g.items))
	}
}

func TestServerThatNeverAnswers(t *testing.T) {
	const timeout = 500 * time.Millisecond
	hang := func(command string) *script {
		return &script{answer: func(_ int, cmd string) ([]string, bool) { return nil, strings.HasPrefix(cmd, command) }}
	}
	for name, sc := range map[string]*script{
		"greeting": {greeting: "* O"},
		"login":    hang("LOGIN"),
		"list":     hang("LIST"),
	} {
		for op, f := range map[string]func(*testing.T, scanners.Source, string){
			"parts": func(t *testing.T, s scanners.Source, _ string) {
				var errs []error
				for _, err := range s.Parts(t.Context()) {
					errs = append(errs, err)
				}
				if len(errs) != 1 || scanners.ReasonOf(errs[0]) != scanners.Timeout {
					t.Fatalf("errors %v", errs)
				}
				if _, ok := errs[0].(*scanners.Gap); ok {
					t.Errorf("a gap: %v", errs)
				}
			},
			"items": func(t *testing.T, s scanners.Source, addr string) {
				if name == "list" {
					t.Skip("does not list")
				}
				p := scanners.Part{ID: "imap://alice@" + addr + "/INBOX;UIDVALIDITY=7/;UID=1:9", Units: 4}
				for range 50 { // of many parts each would cost as much
					for _, err := range s.Items(t.Context(), p) {
						if g, ok := err.(*scanners.Gap); !ok || g.Reason != scanners.Timeout || g.Units != 4 {
							t.Fatalf("%v", err)
						}
					}
				}
			},
			"check": func(t *testing.T, s scanners.Source, _ string) {
				checks := s.Check(t.Context())
				if c := checks[len(checks)-1]; c.OK || c.Remedy != remedyConnect && name != "list" {
					t.Errorf("%+v", checks)
				}
			},
		} {
			t.Run(name+"/"+op, func(t *testing.T) {
				addr := sc.start(t)
				s := open(t, "imap://alice@"+addr+"/", "pw", func(c *Config) { c.Timeout = timeout })
				start := time.Now()
				f(t, s, addr)
				most := 3 * timeout
				if op == "items" {
					most = 5 * timeout
				}
				if took := time.Since(start); took > most {
					t.Errorf("took %v with a time-out of %v", took, timeout)
				}
			})
		}
	}
}

// All the parts that are left cost a few time-outs together.
func TestServerStallsBetweenParts(t *testing.T) {
	d := &testenv.Dovecot{Users: map[string]string{"alice": "pw"}}
	for i := range 40 {
		d.Deliver(t, "alice", fmt.Sprintf(".box%d", i), "", mailText("m", 500))
	}
	d.Start(t)
	p := testenv.NewProxy(t, fmt.Sprintf("127.0.0.1:%d", d.Port))
	const timeout = time.Second
	s := open(t, "imap://alice@"+p.Addr()+"/", "pw", func(c *Config) { c.Timeout = timeout })
	var start time.Time
	n := 0
	g := readAll(t, t.Context(), s, func(scanners.Item) {
		if n++; n == 5 {
			p.Stall(true)
			start = time.Now()
		}
	})
	if len(g.items) != 5 || len(g.gaps) != 35 || len(g.ends) > 0 {
		t.Errorf("%d items, gaps %v, ends %v", len(g.items), g.gaps, g.ends)
	}
	for _, x := range g.gaps {
		if x.Reason != scanners.Timeout || x.Units != 1 {
			t.Errorf("%+v", x)
		}
	}
	if took := time.Since(start); took > 5*timeout {
		t.Errorf("took %v", took)
	}
}

func TestMuteServerIsAskedAgain(t *testing.T) {
	const timeout = time.Minute
	var p pool
	now := time.Now()
	for range 4 { // side by side
		p.note(os.ErrDeadlineExceeded, now)
	}
	if p.mute(timeout, now) {
		t.Error("given up for one time-out")
	}
	now = now.Add(timeout)
	p.note(os.ErrDeadlineExceeded, now)
	if !p.mute(timeout, now.Add(time.Second)) || p.mute(timeout, now.Add(31*time.Second)) {
		t.Error("want no try for half a minute")
	}
	p.note(nil, now)
	if p.mute(timeout, now) {
		t.Error("does not recover")
	}
}

func TestWrongPassword(t *testing.T) {
	sc := &script{answer: func(_ int, cmd string) ([]string, bool) {
		return []string{"= NO [AUTHENTICATIONFAILED] not reader@example.be"}, strings.HasPrefix(cmd, "LOGIN")
	}}
	addr := sc.start(t)
	for name, set := range map[string]func(*Config){
		"one account":  func(c *Config) { c.User = "alice" },
		"all accounts": func(c *Config) { c.Master, c.Accounts = "m", []string{"a", "b"} },
	} {
		s := open(t, "imap://"+addr+"/", "wrong", set)
		var last error
		for _, err := range s.Parts(t.Context()) {
			last = err
		}
		if _, ok := last.(*scanners.Gap); ok || last == nil || scanners.ReasonOf(last) != scanners.Denied || strings.Contains(last.Error(), "example.be") {
			t.Errorf("%s: %v", name, last)
		}
		checks := s.Check(t.Context())
		if c := checks[len(checks)-1]; c.OK || c.Remedy != remedyLogin {
			t.Errorf("%s: %+v", name, checks)
		}
	}
}

func TestCutConnectionComesBack(t *testing.T) {
	d := &testenv.Dovecot{Users: map[string]string{"alice": "pw"}}
	for i := range 60 {
		d.Deliver(t, "alice", "", "S", mailText(fmt.Sprint("m-", i), (200+200*(i%3))<<10))
	}
	d.Start(t)
	p := testenv.NewProxy(t, fmt.Sprintf("127.0.0.1:%d", d.Port))
	s := open(t, "imap://alice@"+p.Addr()+"/", "pw", nil)
	n := 0
	g := readAll(t, t.Context(), s, func(scanners.Item) {
		if n++; n%7 == 0 {
			p.CutAfter(300 << 10)
			time.AfterFunc(150*time.Millisecond, func() { p.CutAfter(-1) })
		}
	})
	if g.clean(t); len(g.items) != 60 {
		t.Errorf("%d items", len(g.items))
	}
}

func TestDeletedWhileRead(t *testing.T) {
	for _, how := range []string{"expunged by another session", "file removed"} {
		t.Run(how, func(t *testing.T) {
			d := &testenv.Dovecot{Users: map[string]string{"alice": "pw"}}
			var files []string
			for i := range 60 {
				files = append(files, d.Deliver(t, "alice", "", "S", mailText(fmt.Sprint("m-", i), 200<<10)))
			}
			d.Start(t)
			addr := fmt.Sprintf("127.0.0.1:%d", d.Port)
			s := open(t, "imap://alice@"+addr+"/", "pw", nil)
			n := 0
			g := readAll(t, t.Context(), s, func(scanners.Item) {
				if n++; n != 5 {
					return
				}
				if how == "file removed" {
					for _, f := range files[40:42] {
						if err := os.Remove(f); err != nil {
							t.Error(err)
						}
					}
					return
				}
				c := admin(t, addr, "alice", "pw")
				if _, err := c.Select("INBOX", nil).Wait(); err != nil {
					t.Error(err)
				}
				err := c.Store(goimap.UIDSetNum(41, 42), &goimap.StoreFlags{Op: goimap.StoreFlagsAdd, Flags: []goimap.Flag{goimap.FlagDeleted}}, nil).Close()
				if err == nil {
					err = c.Expunge().Close()
				}
				if err != nil {
					t.Error(err)
				}
			})
			var size int64
			for _, x := range g.gaps {
				size += x.Bytes
				if x.Reason != scanners.Vanished || x.Units != 1 || !strings.Contains(x.URI, ";UID=4") {
					t.Errorf("%+v", x)
				}
			}
			if len(g.items) != 58 || len(g.gaps) != 2 || size < 400<<10 {
				t.Errorf("%d items, gaps %v, ends %v", len(g.items), g.gaps, g.ends)
			}
		})
	}
}

func TestMailboxDeniedByACL(t *testing.T) {
	d := &testenv.Dovecot{
		Users: map[string]string{"alice": "pw"},
		Extra: "mail_plugins = acl\nplugin {\n  acl = vfile\n}\n",
	}
	d.Deliver(t, "alice", "", "", mailText("x", 500))
	d.Deliver(t, "alice", ".Geheim", "", mailText("y", 500))
	acl := filepath.Join(d.Maildir("alice"), ".Geheim", "dovecot-acl")
	if err := os.WriteFile(acl, []byte("owner l\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	d.Start(t)
	s := open(t, fmt.Sprintf("imap://alice@127.0.0.1:%d/", d.Port), "pw", nil)
	g := readAll(t, t.Context(), s, nil)
	if len(g.items) != 1 || len(g.gaps) != 1 || g.gaps[0].Reason != scanners.Denied || !strings.HasSuffix(g.gaps[0].URI, "/Geheim") {
		t.Errorf("%d items, gaps %v", len(g.items), g.gaps)
	}
	found := false
	for _, c := range s.Check(t.Context()) {
		t.Logf("%+v", c)
		if !c.OK && c.Remedy == remedyAccess {
			found = true
		}
	}
	if !found {
		t.Error("Check does not say which right is missing")
	}
}

func TestServerAllowsFewerConnections(t *testing.T) {
	d := &testenv.Dovecot{Users: map[string]string{"alice": "pw"}, Extra: "mail_max_userip_connections = 2\n"}
	for i := range 8 {
		for range 20 {
			d.Deliver(t, "alice", fmt.Sprintf(".box%d", i), "S", mailText("m", 50<<10))
		}
	}
	d.Start(t)
	s := open(t, fmt.Sprintf("imap://alice@127.0.0.1:%d/", d.Port), "pw", func(c *Config) { c.Connections = 6 })
	var parts []scanners.Part
	for p, err := range s.Parts(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, p)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	n := 0
	for _, p := range parts {
		wg.Go(func() {
			for it, err := range s.Items(t.Context(), p) {
				if err != nil {
					t.Error(err)
					continue
				}
				_, _ = io.Copy(io.Discard, it.Body)
				mu.Lock()
				n++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if n != 160 {
		t.Errorf("%d items of 160", n)
	}
	found := false
	for _, c := range s.Check(t.Context()) {
		found = found || !c.OK && c.Remedy == remedyMany
	}
	if !found {
		t.Error("Check does not say that the server allows fewer connections")
	}
}

func TestSharedNamespace(t *testing.T) {
	d := &testenv.Dovecot{
		Users: map[string]string{"alice": "pw", "bob": "pw"},
		Extra: "namespace public {\n  type = public\n  separator = /\n  prefix = Public/\n  location = maildir:%DIR%/public\n  list = children\n  subscriptions = no\n}\n",
	}
	d.Prepare(t)
	d.Extra = strings.ReplaceAll(d.Extra, "%DIR%", filepath.Join(d.Dir, "mail"))
	d.Deliver(t, "alice", "", "", mailText("x", 500))
	pub := filepath.Join(d.Dir, "mail", "public")
	if err := os.Rename(filepath.Dir(d.Maildir("bob")), filepath.Join(d.Dir, "mail", "unused")); err != nil {
		t.Fatal(err)
	}
	d.Deliver(t, "bob", ".Info", "", mailText("y", 500))
	if err := os.Rename(d.Maildir("bob"), pub); err != nil {
		t.Fatal(err)
	}
	d.Start(t)
	s := open(t, fmt.Sprintf("imap://alice@127.0.0.1:%d/", d.Port), "pw", nil)
	g := readAll(t, t.Context(), s, nil).clean(t)
	found := false
	for uri := range g.items {
		found = found || strings.Contains(uri, "/Public/Info;")
	}
	if len(g.items) != 2 || !found {
		t.Errorf("items %v", g.refs)
	}
}

// A server that answers nonsense must not bring the reader down.
func FuzzServer(f *testing.F) {
	f.Add([]byte("* OK hi\r\n"))
	f.Add([]byte("* OK [CAPABILITY IMAP4rev1] hi\r\nT1 OK in\r\nT2 OK caps\r\n* LIST () \"/\" INBOX\r\nT3 OK\r\n* STATUS INBOX (MESSAGES 4 UIDVALIDITY 7)\r\nT4 OK\r\n"))
	f.Add([]byte("* OK [CAPABILITY IMAP4rev1] hi\r\nT1 OK [CAPABILITY IMAP4rev1 NAMESPACE LIST-STATUS] in\r\n* NAMESPACE ((\"\" \"/\")) NIL NIL\r\nT2 OK\r\n* LIST (\\HasNoChildren) \"/\" INBOX\r\n* STATUS INBOX (MESSAGES 4 UIDVALIDITY 7)\r\nT3 OK\r\n* 4 EXISTS\r\n* OK [UIDVALIDITY 7]\r\nT4 OK\r\n* 1 FETCH (UID 1 RFC822.SIZE 5)\r\nT5 OK\r\n* 1 FETCH (UID 1 BODY[] {5}\r\n12345)\r\nT6 OK\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				_, _ = c.Write(data)
				_ = c.(*net.TCPConn).CloseWrite()
				_, _ = io.Copy(io.Discard, c)
				_ = c.Close()
			}
		})
		c := Kind().Config().(*Config)
		c.URI, c.Timeout, c.TLS = "imap://alice@"+l.Addr().String()+"/", 200*time.Millisecond, "none"
		p, err := c.place()
		if err != nil {
			t.Fatal(err)
		}
		p.accounts = []string{"alice"}
		s := &source{place: p}
		s.pool.tokens = make(chan struct{}, 1)
		s.pool.down = time.Now().Add(time.Hour) // no patience
		x, err := s.connect(t.Context(), "alice")
		if err == nil {
			_, _ = x.find(t.Context(), "INBOX")
			if !x.dead {
				_ = x.examine(t.Context(), "INBOX", 0)
			}
			if !x.dead {
				_, _ = x.search(t.Context(), 1, maxUID)
			}
			if !x.dead {
				_, _ = x.fetch(t.Context(), []mail{{entry: entry{1, 5}}}, []int{0}, nil)
			}
			x.close()
		}
		_ = l.Close()
		wg.Wait()
	})
}

func TestNoTLSOverTheNetwork(t *testing.T) {
	// A connection whose other end is not on this host, as far as greet sees.
	client, server := net.Pipe()
	defer client.Close()
	go func() { _, _ = io.WriteString(server, "* OK [CAPABILITY IMAP4rev1] hi\r\n") }()
	p := place{tls: "auto", host: "imap.example.org", timeout: time.Second}
	if _, err := p.greet(t.Context(), client); err == nil || !strings.Contains(err.Error(), "offers no TLS") {
		t.Errorf("%v", err)
	}
}
