package imap

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/spoor-scan/spoor/internal/testenv"
	"github.com/spoor-scan/spoor/scanners"
)

func TestListFilter(t *testing.T) {
	const good = "* LIST () \"/\" INBOX\r\n" +
		"* LIST (\\HasNoChildren \\Sent) \".\" \"Sent Items\"\r\n" +
		"* LIST () \"\\\\\" R&-D\r\n" +
		"* LIST () NIL \"&ZeVnLIqe-\"\r\n" +
		"* LIST () \"/\" {6}\r\na\"b\\ c\r\n" +
		"* LIST () \"/\" \"\xc3\x89t\xc3\xa9\"\r\n" +
		"* STATUS \"x y\" (MESSAGES 1)\r\n" +
		"* NO LIST something\r\n"
	for name, tt := range map[string]struct {
		in   string
		out  string
		bad  string
		list bool
	}{
		"good":               {in: good, out: good},
		"bare ampersand":     {in: "* LIST () \"/\" R&D\r\n", bad: "R&D"},
		"encoded ASCII":      {in: "* LIST () \"/\" \"&AGE-\"\r\n", bad: "&AGE-"},
		"bytes not UTF-8":    {in: "* LIST () \"/\" \"caf\xe9\"\r\n", bad: "caf\xe9"},
		"atom of bytes":      {in: "* LIST () \"/\" caf\xe9\r\n", bad: "caf\xe9"},
		"literal line break": {in: "* LIST () \"/\" {8}\r\nnew\nline\r\n", bad: "new\nline"},
		"half a surrogate":   {in: "* LIST () \"/\" &2AA-\r\n", bad: "&2AA-"},
		"two shifts":         {in: "* LIST () \"/\" &AOk-&AOk-\r\n", bad: "&AOk-&AOk-"},
		"status":             {in: "* STATUS R&D (MESSAGES 1)\r\n"},
		"broken text":        {in: "* NO no: new\nline\r\n", out: "* NO no: new\n"},
	} {
		in, want := tt.in+"T1 OK done\r\n", tt.out+"T1 OK done\r\n"
		for _, step := range []int{1, 7, len(in)} {
			var f listFilter
			var out []byte
			for b := range slices.Chunk([]byte(in), step) {
				out = append(out, f.feed(b)...)
			}
			if string(out) != want || strings.Join(f.bad, ",") != tt.bad {
				t.Errorf("%s by %d: %q, bad %q", name, step, out, f.bad)
			}
		}
	}
}

func TestMailboxNameThatIMAPCannotSay(t *testing.T) {
	sc := &script{answer: func(_ int, cmd string) ([]string, bool) {
		return []string{`* LIST () "/" "R&D of zoe"`, `* LIST () "/" INBOX`, "= OK done"}, strings.HasPrefix(cmd, "LIST")
	}}
	s := open(t, "imap://alice@"+sc.start(t)+"/", "pw", nil)
	g := readAll(t, t.Context(), s, nil)
	if g.err != nil || len(g.items) != 4 || len(g.gaps) != 1 || g.gaps[0].Reason != scanners.Unsupported || !strings.HasSuffix(g.gaps[0].URI, "/R&D%20of%20zoe") {
		t.Errorf("%v, %d items, gaps %+v", g.err, len(g.items), g.gaps)
	}
	if strings.Contains(g.gaps[0].Error(), "zoe") || strings.Contains(g.gaps[0].Place, "zoe") {
		t.Errorf("the gap names the folder: %+v", g.gaps[0])
	}
}

func TestFolderNamesOnDisk(t *testing.T) {
	d := &testenv.Dovecot{Users: map[string]string{"alice": "pw"}}
	d.Deliver(t, "alice", "", "", mailText("x", 500))
	for i, n := range []string{".R&D", ".ok", ".new\nline", ".q\"uote"} {
		d.Deliver(t, "alice", n, "", mailText(fmt.Sprint("y", i), 500))
	}
	d.Start(t)
	s := open(t, fmt.Sprintf("imap://alice@127.0.0.1:%d/", d.Port), "pw", nil)
	g := readAll(t, t.Context(), s, nil)
	if g.err != nil || len(g.ends) > 0 || len(g.items) != 3 || len(g.gaps) != 2 {
		t.Errorf("%v %v, %d items, gaps %v", g.err, g.ends, len(g.items), g.gaps)
	}
}

func FuzzListFilter(f *testing.F) {
	f.Add([]byte("* LIST () \"/\" {8}\r\nnew\nline\r\nT1 OK\r\n"), 3)
	f.Add([]byte("* LIST (\\Sent) NIL \"a\\\"b\"\r\n* STATUS x (MESSAGES 1)\r\n"), 1)
	f.Add([]byte("* LIST () \"/\" &2AA-&\r\n"), 100)
	f.Fuzz(func(t *testing.T, b []byte, step int) {
		var whole, parts listFilter
		want := whole.feed(b)
		var got []byte
		for c := range slices.Chunk(b, max(1, step)) {
			got = append(got, parts.feed(c)...)
		}
		if !bytes.Equal(got, want) || !slices.Equal(whole.bad, parts.bad) {
			t.Errorf("%q by %d: %q, whole %q", b, step, got, want)
		}
	})
}

func TestFramer(t *testing.T) {
	for in, want := range map[string]bool{
		"* OK [CAPABILITY IMAP4rev1] hi (there)\r\n":                              true,
		"* OK [CAPABILITY IMAP4rev1 (":                                            false,
		"* CAPABILITY A B\r\n* LIST () \"/\" CAPABILITY\r\n":                      true,
		"* capability A(":                                                         false,
		"T1 OK [capability (\r\n":                                                 false,
		"* 1 FETCH (BODY[] {16}\r\n* CAPABILITY x(y)\r\n":                         true,
		"* 1 FETCH (BODY[] {3}\r\nabc)\r\n* CAPABILITY x(\r\n":                    false,
		"* 1 FETCH (" + strings.Repeat("y", 20000) + " {3}\r\nabc)\r\n":           true,
		"* X " + strings.Repeat("y", maxHead-6) + "{16}\r\n* CAPABILITY x(y)\r\n": true,
		"* CAPABILITY " + strings.Repeat("y", 20000):                              false,
	} {
		for _, step := range []int{1, 5, 4096, len(in)} {
			var f framer
			ok := true
			for b := range slices.Chunk([]byte(in), step) {
				ok = ok && f.feed(b)
			}
			if ok != want {
				t.Errorf("%.60q by %d: %v", in, step, ok)
			}
		}
	}
}
