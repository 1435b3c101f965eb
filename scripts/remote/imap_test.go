package remote

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spoor-scan/spoor/internal/testenv"
)

// mail returns a message as people send them: some with an attachment, every
// hundredth about the person who is looked for.
func mail(i int) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "Return-Path: <customer%d@example.org>\nDelivered-To: shop@example.be\nReceived: from mx%d.example.org (mx%d.example.org [192.0.2.%d])\n\tby mail.example.be with ESMTPS id %08x\n\tfor <shop@example.be>; Tue, 1 Dec 2026 10:%02d:%02d +0100 (CET)\n",
		i, i%9, i%9, i%250+1, i*2654435761>>8&0xffffffff, i/60%60, i%60)
	fmt.Fprintf(&b, "From: =?utf-8?q?Customer_N=C2=B0_%d?= <customer%d@example.org>\nTo: Shop <shop@example.be>\nSubject: Order %d\nMessage-ID: <%d.%d@example.org>\nDate: Tue, 1 Dec 2026 10:%02d:%02d +0100\nMIME-Version: 1.0\n", i, i, i, i, i*7919, i/60%60, i%60)
	body := string(text(i, 1500+i%7*1500))
	switch i % 4 {
	case 0:
		fmt.Fprintf(&b, "Content-Type: text/plain; charset=utf-8\n\n%s", body)
	case 1:
		fmt.Fprintf(&b, "Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n<html><body><p class=3D\"x\">%s</p></body></html>\n", strings.ReplaceAll(body, "\n", "<br>=\n"))
	default:
		fmt.Fprintf(&b, "Content-Type: multipart/alternative; boundary=\"b%d\"\n\n--b%d\nContent-Type: text/plain; charset=utf-8\n\n%s\n--b%d\nContent-Type: text/html; charset=utf-8\n\n<html><body><p>%s</p></body></html>\n--b%d--\n", i, i, body, i, body, i)
	}
	return []byte(b.String())
}

// fetch reads the bodies of a mailbox with one command, and does nothing with
// them.
func fetch(t *testing.T, addr string, want int) time.Duration {
	t.Helper()
	start := time.Now()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	r := bufio.NewReaderSize(c, 64<<10)
	n := 0
	for i, cmd := range []string{"LOGIN alice pw", "EXAMINE INBOX", "UID FETCH 1:* (UID RFC822.SIZE BODY.PEEK[])", "LOGOUT"} {
		tag := fmt.Sprintf("a%d ", i)
		if _, err := io.WriteString(c, tag+cmd+"\r\n"); err != nil {
			t.Fatal(err)
		}
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(line, tag) {
				if !strings.HasPrefix(line, tag+"OK") {
					t.Fatal(line)
				}
				break
			}
			if k := strings.LastIndexByte(line, '{'); k >= 0 && strings.HasSuffix(line, "}\r\n") {
				size, err := strconv.ParseInt(line[k+1:len(line)-3], 10, 64)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := io.CopyN(io.Discard, r, size); err != nil {
					t.Fatal(err)
				}
				n++
			}
		}
	}
	if n != want {
		t.Fatalf("%d messages, want %d", n, want)
	}
	return time.Since(start)
}

// TestMailbox measures a mailbox against one fetch of all of its bodies.
func TestMailbox(t *testing.T) {
	bin, people := program(t), subjects(t, 9)
	messages := setting("SPOOR_SPEED_MESSAGES", 10000)
	d := &testenv.Dovecot{Users: map[string]string{"alice": "pw"}}
	for i := range messages {
		d.Deliver(t, "alice", "", "S", mail(i))
	}
	d.Start(t)
	at := net.JoinHostPort("127.0.0.1", strconv.Itoa(d.Port))
	fetch(t, at, messages) // the server's indexes
	for _, rtt := range delays {
		addr := far(t, at, rtt)
		var ours, theirs time.Duration
		for i := range rounds() {
			a := scan(t, bin, []string{"SPOOR_IMAP_PASSWORD=pw"}, people, "imap://alice@"+addr+"/", messages, messages/100)
			b := fetch(t, addr, messages)
			if i == 0 || a < ours {
				ours = a
			}
			if i == 0 || b < theirs {
				theirs = b
			}
		}
		fmt.Printf("imap, %v away: spoor %v, fetching alone %v: %.2f times as long\n",
			rtt, ours.Round(time.Millisecond), theirs.Round(time.Millisecond), ours.Seconds()/theirs.Seconds())
	}
}
