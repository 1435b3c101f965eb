package document

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/internal/testenv"
	"github.com/spoor-scan/spoor/scanners"
)

const mailMark = "From zoe@example.be Sun Nov 22 10:00:00 2026\n"

func mailBoxRead(t *testing.T, r io.Reader) (steps, bodies []string) {
	t.Helper()
	b := container.NewBudget(container.DefaultLimits(), -1)
	for it, err := range MBox().Decode(context.Background(), scanners.Item{Body: r}, b) {
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(it.Body)
		if err != nil {
			t.Fatal(err)
		}
		if it.Name != it.Step+".eml" || it.Text || bytes.HasPrefix(body, []byte("From ")) && !it.Time.Equal(time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)) {
			t.Errorf("item %q %q %v", it.Step, it.Name, it.Time)
		}
		steps = append(steps, it.Step)
		bodies = append(bodies, string(body))
	}
	return steps, bodies
}

func TestMBox(t *testing.T) {
	long := strings.Repeat(strings.Repeat("x", 70)+"\n", 5000)
	for _, c := range []struct {
		name, data string
		want       []string
	}{
		{"one", mailMark + "Subject: a\n\nb\n", []string{mailMark + "Subject: a\n\nb\n"}},
		{"two", mailMark + "Subject: a\n\nb\n\n" + mailMark + "Subject: c\n\nd", []string{mailMark + "Subject: a\n\nb\n", mailMark + "Subject: c\n\nd"}},
		{"crlf", mailCRLF(mailMark + "Subject: a\n\nb\n\n" + mailMark + "Subject: c\n\nd\n"), []string{mailCRLF(mailMark + "Subject: a\n\nb\n"), mailCRLF(mailMark + "Subject: c\n\nd\n")}},
		{"long", mailMark + "Subject: a\n\n" + long + "\n" + mailMark + "Subject: c\n\n" + long, []string{mailMark + "Subject: a\n\n" + long, mailMark + "Subject: c\n\n" + long}},
		{"line without end", mailMark + "Subject: a\n\n" + strings.Repeat("From ", 100_000), []string{mailMark + "Subject: a\n\n" + strings.Repeat("From ", 100_000)}},
		{"no empty line before", mailMark + "Subject: a\n\nb\n" + mailMark + "Subject: c\n", []string{mailMark + "Subject: a\n\nb\n" + mailMark + "Subject: c\n"}},
		{"From without date", mailMark + "Subject: a\n\nb\n\nFrom here on: all is well\n\nc\n", []string{mailMark + "Subject: a\n\nb\n\nFrom here on: all is well\n\nc\n"}},
		{"From with date in text", mailMark + "Subject: a\n\nb\n\n" + mailMark + "this is no header\n", []string{mailMark + "Subject: a\n\nb\n\n" + mailMark + "this is no header\n"}},
		{"mboxo", mailMark + "Subject: a\n\n>From b\n", []string{mailMark + "Subject: a\n\nFrom b\n"}},
		{"mboxrd", mailMark + "Subject: a\n\n>From b\n>>>From c\n> From d\n>Front\nx>From e\n", []string{mailMark + "Subject: a\n\nFrom b\n>>From c\n> From d\n>Front\nx>From e\n"}},
		{"quoted separator", mailMark + "Subject: a\n\nb\n\n>" + mailMark + "Subject: c\n", []string{mailMark + "Subject: a\n\nb\n\n" + mailMark + "Subject: c\n"}},
		{"mboxcl2", mailMark + "Content-Length: 61\n\n1\n\n" + mailMark + "Subject: in\n\n\n" + mailMark + "Content-Length: 2\n\nb\n\n", []string{mailMark + "Content-Length: 61\n\n1\n\n" + mailMark + "Subject: in\n\n", mailMark + "Content-Length: 2\n\nb\n\n"}},
		{"mboxcl2 that lies", mailMark + "Content-Length: 5000\n\nb\n\n" + mailMark + "Content-Length: 1\n\nb\n", []string{mailMark + "Content-Length: 5000\n\nb\n", mailMark + "Content-Length: 1\n\nb\n"}},
		{"mboxcl2 that lies early", mailMark + "Content-Length: 1\n\nbcd\n\n" + mailMark + "Subject: c\n\nb\n", []string{mailMark + "Content-Length: 1\n\nbcd\n", mailMark + "Subject: c\n\nb\n"}},
		{"MMDF", mailMMDF + "\nSubject: a\n\nFrom b\n" + mailMMDF + "\n" + mailMMDF + "\nSubject: c\n\n" + mailMark + "\x01\x01\n" + mailMMDF + "\n", []string{"Subject: a\n\nFrom b\n", "Subject: c\n\n" + mailMark + "\x01\x01\n"}},
		{"MMDF without an end", mailMMDF + "\r\nSubject: a\r\n\r\nb", []string{"Subject: a\r\n\r\nb"}},
		{"empty message", mailMark + "\n" + mailMark + "\n\n", []string{mailMark, mailMark + "\n\n"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for how, r := range map[string]io.Reader{"whole": strings.NewReader(c.data), "bytes": iotest.OneByteReader(strings.NewReader(c.data)), "half": iotest.HalfReader(strings.NewReader(c.data))} {
				steps, got := mailBoxRead(t, r)
				if !slices.Equal(got, c.want) {
					t.Errorf("%s:\ngot  %.300q\nwant %.300q", how, got, c.want)
				}
				for i, s := range steps {
					if s != fmt.Sprint(i+1) {
						t.Errorf("step %q", s)
					}
				}
			}
		})
	}
}

// TestMBoxCuts moves separators and quotes over the ends of buffers.
func TestMBoxCuts(t *testing.T) {
	for pad := 27 << 10; pad < 33<<10; pad += 31 {
		text := strings.Repeat(strings.Repeat("y", 60)+"\n", pad/61) + strings.Repeat("z", pad%61) + "\n"
		data := mailMark + "Subject: a\n\n" + text + ">From b\n>>From c\n\n" + mailMark + "Subject: c\n\n" + text + "\n" + mailMark + "S: d\n\n"
		want := []string{mailMark + "Subject: a\n\n" + text + "From b\n>From c\n", mailMark + "Subject: c\n\n" + text, mailMark + "S: d\n\n"}
		if _, got := mailBoxRead(t, strings.NewReader(data)); !slices.Equal(got, want) {
			t.Fatalf("pad %d: %d messages", pad, len(got))
		}
	}
}

func TestMBoxMany(t *testing.T) {
	var b bytes.Buffer
	const n = 100_000
	for i := range n {
		fmt.Fprintf(&b, "%sSubject: %d\n\ntext\n\n", mailMark, i)
	}
	start, got := time.Now(), 0
	for _, err := range MBox().Decode(context.Background(), scanners.Item{Body: &b}, container.NewBudget(container.DefaultLimits(), -1)) {
		if err != nil {
			t.Fatal(err)
		}
		got++
	}
	if got != n {
		t.Errorf("%d messages", got)
	}
	t.Logf("%d messages in %v", n, time.Since(start))
}

func TestMBoxMatch(t *testing.T) {
	for _, c := range []struct {
		name, head string
		want       bool
	}{
		{"INBOX", mailMark + mailHead, true},
		{"x.mbox", "From - Sun Nov 22 10:00:00 2026\r\nX-Mozilla-Status: 0001\r\n", true},
		{"x", "From zoe 22 Nov 2026\nA: b\n", true},
		{"message.eml", mailMark + mailHead, false},
		{"x", "From here on all is well\nNote: 10:00\n", false},
		{"x", mailMark + "no header\n", false},
		{"x.mbox", "", false},
		{"x", mailMMDF + "\nSubject: a\n", true},
		{"x", "From: zoe@example.be\n", false},
	} {
		if got := MBox().Match([]byte(c.head), c.name); got != c.want {
			t.Errorf("Match(%.30q, %q) = %v", c.head, c.name, got)
		}
	}
}

func TestMBoxOfMails(t *testing.T) {
	data := mailMark + mailHead + "Content-Transfer-Encoding: base64\n\n" + mailB64("pay "+mailIBAN) + "\n" +
		mailMark + mailHead + "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: application/pdf; name=a.pdf\n\nPDF\n--b--\n"
	got, gaps := mailRead(t, MBox(), strings.NewReader(data), 0)
	if !mailSees(got, "pay "+mailIBAN) || len(gaps) > 0 {
		t.Errorf("not found; gaps %q", gaps)
	}
	if !slices.ContainsFunc(got, func(g mailGot) bool { return g.step == "2!/1/a.pdf" && g.body == "PDF" }) {
		t.Errorf("attachment not found in %v", got)
	}
}

// TestMBoxPython compares with messages that Python's mailbox module writes.
func TestMBoxPython(t *testing.T) {
	python := testenv.Need(t, "apt-get install python3", "python3")
	file := filepath.Join(t.TempDir(), "box")
	script := `
import mailbox, email.message, sys
box = mailbox.mbox(sys.argv[1])
for i in range(3):
    m = mailbox.mboxMessage()
    m.set_from("zoe@example.be", (2026, 11, 22, 10, 0, 0, 6, 326, 0))
    m["Subject"] = "n%d" % i
    m.set_payload("Hello\n\nFrom me to you\n\n")
    box.add(m)
box.flush()
`
	if out, err := exec.Command(python, "-c", script, file).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	f, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, got := mailBoxRead(t, bytes.NewReader(f))
	if len(got) != 3 || !strings.Contains(got[2], "Subject: n2\n\nHello\n\nFrom me to you\n") {
		t.Errorf("got %q", got)
	}
}
