package demo

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"mime"
	"mime/quotedprintable"
	"net"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
)

// startIMAP starts the mail server and returns its address.
func (e *Estate) startIMAP(people []person) (addr string, err error) {
	user := imapmemserver.NewUser(mailUser, mailPassword)
	for _, m := range e.mails(people) {
		if err := deliver(user, m); err != nil {
			return "", err
		}
	}
	mem := imapmemserver.New()
	mem.AddUser(user)
	srv := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return mem.NewSession(), nil, nil
		},
		Caps:         imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapIMAP4rev2: {}},
		InsecureAuth: true, // on loopback
		Logger:       log.New(io.Discard, "", 0),
	})
	l, err := listen()
	if err != nil {
		return "", err
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(l) }()
	e.onClose(func() error {
		err := srv.Close()
		if end := <-ended; !errors.Is(end, net.ErrClosed) {
			err = errors.Join(err, end)
		}
		return err
	})
	return l.Addr().String(), nil
}

// A mail is a message in a mailbox.
type mail struct {
	mailbox string
	at      time.Time
	text    []byte
}

type literal struct{ *bytes.Reader }

func (l literal) Size() int64 { return l.Reader.Size() }

func deliver(user *imapmemserver.User, m mail) error {
	var exists *imap.Error
	if err := user.Create(m.mailbox, nil); err != nil && !errors.As(err, &exists) {
		return err
	}
	_, err := user.Append(m.mailbox, literal{bytes.NewReader(m.text)}, &imap.AppendOptions{Time: m.at})
	return err
}

// mails are all messages of the support mailbox, in the order of their UIDs.
func (e *Estate) mails(people []person) []mail {
	uid := map[string]int{}
	var out []mail
	add := func(mailbox string, at time.Time, text string) (uri string) {
		uid[mailbox]++
		out = append(out, mail{mailbox, at, []byte(text)})
		return fmt.Sprintf("/;UID=%d", uid[mailbox])
	}
	routine := func(mailbox string, from, n int) {
		for i, p := range people[from : from+n] {
			at := day(2026, 1+i%10, 1+i%28)
			add(mailbox, at, simple(p.name(), p.email, "Mailbox vol", at,
				"Hallo,\n\nmijn mailbox "+p.email+" is vol. Kunnen jullie me helpen?\n\nGroeten,\n"+p.name()+"\n"+p.phone+"\n"))
		}
	}
	z := zoe()
	const source = "support"

	routine("INBOX", 2, 60)
	at := day(2026, 9, 1)
	uri := add("INBOX", at, simple(z.name(), z.email, "Verhuizing van mijn domein", at, "Dag,\n\nwanneer verhuist mijn domein?\n\nMet vriendelijke groet\n"))
	e.plant(source, "/INBOX;UIDVALIDITY=1"+uri, "certain", "a mail from her")

	at = day(2026, 9, 3)
	uri = add("INBOX", at, withAttachment(at, zipOf(at, member{
		"klanten.csv",
		"klant;naam;adres;telefoon\nK-105001;D. Loomaerts;Molenstraat 3, 9000 Gent;\nK-104711;Van den Broeck, Zoë;Genutstraat 35 - 3740 Bilzen;0032470123456\n",
	})))
	e.plant(source, "/INBOX;UIDVALIDITY=1"+uri, "likely", "a quoted-printable mail with her name and address, broken over lines")
	e.plant(source, uri+"/;SECTION=2!/klanten.csv#row=3", "certain", "a CSV in a zip that was attached to somebody's mail")
	routine("INBOX", 62, 60)

	routine("Archive", 122, 40)
	at = day(2025, 11, 20)
	inner := simple(z.name(), "z.vdb@example.org", "Factuur", day(2025, 11, 19), "Graag een factuur op mijn andere adres.\n")
	uri = add("Archive", at, forwarded(at, inner))
	e.plant(source, "/Archive;UIDVALIDITY=2"+uri+"/;SECTION=2", "certain", "a mail of hers, attached whole to somebody's mail")
	routine("Archive", 162, 40)
	return out
}

func header(name, addr, subject string, at time.Time) string {
	return "Received: from mx.voorbeeld-hosting.example ([192.0.2.25]) by imap.voorbeeld-hosting.example; " + at.Format(time.RFC1123Z) + "\n" +
		"From: " + mime.QEncoding.Encode("utf-8", name) + " <" + addr + ">\n" +
		"To: " + mailUser + "\n" +
		"Subject: " + mime.QEncoding.Encode("utf-8", subject) + "\n" +
		"Date: " + at.Format(time.RFC1123Z) + "\n" +
		fmt.Sprintf("Message-ID: <%d.%s>\n", at.Unix(), strings.ReplaceAll(addr, "@", ".")+"@example.net") +
		"MIME-Version: 1.0\n"
}

func simple(name, addr, subject string, at time.Time, body string) string {
	return crlf(header(name, addr, subject, at) + "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n" + body)
}

func withAttachment(at time.Time, attachment []byte) string {
	var qp strings.Builder
	w := quotedprintable.NewWriter(&qp)
	_, _ = io.WriteString(w, "Beste, in bijlage de lijst. De factuur van Zoë Van den Broeck mag voortaan naar Genutstraat 35, 3740 Bilzen.\n") // a Builder never fails
	_ = w.Close()
	return crlf(header("Kaat Plintemans", "kaat@example.com", "Klantenlijst", at) +
		"Content-Type: multipart/mixed; boundary=\"=_demo\"\n\n" +
		"--=_demo\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n" + strings.ReplaceAll(qp.String(), "\r\n", "\n") +
		"\n--=_demo\nContent-Type: application/zip; name=\"klanten.zip\"\nContent-Disposition: attachment; filename=\"klanten.zip\"\nContent-Transfer-Encoding: base64\n\n" +
		lines(base64.StdEncoding.EncodeToString(attachment)) + "--=_demo--\n")
}

func forwarded(at time.Time, inner string) string {
	return crlf(header("Kaat Plintemans", "kaat@example.com", "Fwd: Factuur", at) +
		"Content-Type: multipart/mixed; boundary=\"=_fwd\"\n\n" +
		"--=_fwd\nContent-Type: text/plain\n\nZie hieronder.\n" +
		"--=_fwd\nContent-Type: message/rfc822\nContent-Disposition: attachment\n\n" + strings.ReplaceAll(inner, "\r\n", "\n") + "\n--=_fwd--\n")
}

func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

// lines breaks base64 as RFC 2045, section 6.8, wants it.
func lines(s string) string {
	var b strings.Builder
	for len(s) > 76 {
		b.WriteString(s[:76] + "\n")
		s = s[76:]
	}
	return b.String() + s + "\n"
}
