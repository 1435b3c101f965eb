package export

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"slices"
	"strings"

	"golang.org/x/text/encoding/htmlindex"
)

// maxMail is the longest message that is written anew, in bytes.
const maxMail = 64 << 20

// maxParts bounds how deep the parts of a message are nested.
const maxParts = 20

// A letter is a message that is written anew without what must not be copied.
type letter struct {
	h      *hider
	t      *tally
	strict bool // parts that can't be looked into are left out
	left   []string
	live   int // bytes of parts that are held in memory, each with what it lies in
}

// maxLive bounds what is held of parts at a time, in bytes.
const maxLive = 4 * maxMail

// holds takes n bytes of a part into account; done gives them back.
func (l *letter) holds(n int) (done func(), err error) {
	if l.live+n > maxLive {
		return nil, errors.New("its parts are too long to be nested so deep")
	}
	l.live += n
	return func() { l.live -= n }, nil
}

// remade returns the message with its text parts without what must not be
// copied. It fails on a message that it does not understand to its end.
func (l *letter) remade(raw []byte) ([]byte, error) {
	var out bytes.Buffer
	err := l.entity(&out, raw, 0)
	return out.Bytes(), err
}

// splitHeader takes a message or part apart: the fields, unfolded, and the body.
func splitHeader(raw []byte) (header []string, body []byte) {
	var field strings.Builder
	end := func() {
		if field.Len() > 0 {
			header = append(header, field.String())
		}
		field.Reset()
	}
	for len(raw) > 0 {
		line := raw
		if k := bytes.IndexByte(raw, '\n'); k >= 0 {
			line, raw = raw[:k+1], raw[k+1:]
		} else {
			raw = nil
		}
		text := strings.TrimRight(string(line), "\r\n")
		if text == "" {
			end()
			return header, raw
		}
		if (text[0] == ' ' || text[0] == '\t') && field.Len() > 0 {
			field.WriteString(" " + strings.TrimLeft(text, " \t"))
			continue
		}
		end()
		field.WriteString(text)
	}
	end()
	return header, nil
}

var words = mime.WordDecoder{CharsetReader: charsetReader}

func charsetReader(charset string, r io.Reader) (io.Reader, error) {
	e, err := htmlindex.Get(charset)
	if err != nil {
		return nil, errors.New("a charset that is not known")
	}
	return e.NewDecoder().Reader(r), nil
}

// entity writes a message.
func (l *letter) entity(w *bytes.Buffer, raw []byte, depth int) error {
	header, body := splitHeader(raw)
	return l.part(w, header, body, depth, true)
}

// part writes a message or part.
func (l *letter) part(w *bytes.Buffer, header []string, body []byte, depth int, message bool) error {
	if depth > maxParts {
		return errors.New("its parts are nested too deep")
	}
	mimes := textproto.MIMEHeader{}
	for _, line := range header {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			if message && strings.HasPrefix(line, "From ") {
				continue // of an mbox
			}
			return errors.New("its header is not one")
		}
		key := textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(name))
		value = strings.TrimSpace(value)
		switch key {
		case "Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "Content-Id":
			if mimes.Get(key) == "" {
				mimes.Set(key, value)
			}
			continue
		case "Mime-Version":
			continue
		case "Dkim-Signature", "Arc-Seal", "Arc-Message-Signature", "Arc-Authentication-Results", "Authentication-Results":
			if l.strict {
				continue // signs what is changed, and names addresses
			}
		}
		l.field(w, name, key, value)
	}
	kind, params, err := mime.ParseMediaType(mimes.Get("Content-Type"))
	if err != nil && mimes.Get("Content-Type") != "" && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		kind, params = "text/plain", nil
	}
	if kind == "" {
		kind = "text/plain"
	}
	if message {
		w.WriteString("MIME-Version: 1.0\r\n")
	}
	disposition, dparams, _ := mime.ParseMediaType(mimes.Get("Content-Disposition"))
	switch {
	case strings.HasPrefix(kind, "multipart/") && params["boundary"] != "":
		return l.multipart(w, body, kind, params["boundary"], depth)
	case kind == "message/rfc822":
		plain, err := decodeTransfer(body, mimes.Get("Content-Transfer-Encoding"))
		if err != nil {
			return err
		}
		done, err := l.holds(len(plain))
		if err != nil {
			return err
		}
		defer done()
		w.WriteString("Content-Type: message/rfc822\r\n\r\n")
		return l.entity(w, plain, depth+1)
	case strings.HasPrefix(kind, "text/") && !strings.EqualFold(disposition, "attachment") || strings.HasPrefix(kind, "text/"):
		return l.textPart(w, body, kind, params, mimes, dparams["filename"])
	}
	if l.strict {
		name := dparams["filename"]
		if name == "" {
			name = params["name"]
		}
		name = l.h.name(name)
		l.left = append(l.left, kind)
		w.WriteString("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n")
		return printable(w, []byte(fmt.Sprintf("[left out: attachment %q (%s), in which other people's identifiers can't be masked]\r\n", name, kind)))
	}
	for _, k := range []string{"Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "Content-Id"} {
		if v := mimes.Get(k); v != "" {
			fold72(w, k, v)
		}
	}
	w.WriteString("\r\n")
	w.Write(body)
	return nil
}

func (l *letter) multipart(w *bytes.Buffer, body []byte, kind, boundary string, depth int) error {
	mark := fmt.Sprintf("spoor-%d-%d", depth, w.Len())
	fmt.Fprintf(w, "Content-Type: %s; boundary=%q\r\n\r\n", kind, mark)
	r := multipart.NewReader(bytes.NewReader(body), boundary)
	n := 0
	for {
		p, err := r.NextRawPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			return errors.New("its parts do not end as they should")
		}
		raw, err := io.ReadAll(io.LimitReader(p, int64(maxLive-l.live)+1))
		if err != nil {
			return errors.New("its parts do not end as they should")
		}
		var header []string
		for _, k := range slices.Sorted(maps.Keys(p.Header)) {
			for _, v := range p.Header[k] {
				header = append(header, k+": "+strings.ReplaceAll(strings.ReplaceAll(v, "\r", ""), "\n", " "))
			}
		}
		fmt.Fprintf(w, "--%s\r\n", mark)
		if err := l.inPart(w, header, raw, depth+1); err != nil {
			return err
		}
		w.WriteString("\r\n")
		n++
	}
	if n == 0 {
		return errors.New("it has no parts")
	}
	fmt.Fprintf(w, "--%s--\r\n", mark)
	return nil
}

// inPart writes a part that is held in memory until then.
func (l *letter) inPart(w *bytes.Buffer, header []string, raw []byte, depth int) error {
	done, err := l.holds(len(raw))
	if err != nil {
		return err
	}
	defer done()
	return l.part(w, header, raw, depth, false)
}

func (l *letter) textPart(w *bytes.Buffer, body []byte, kind string, params map[string]string, mimes textproto.MIMEHeader, name string) error {
	plain, err := decodeTransfer(body, mimes.Get("Content-Transfer-Encoding"))
	if err != nil {
		return err
	}
	if c := params["charset"]; c != "" && !strings.EqualFold(c, "utf-8") && !strings.EqualFold(c, "us-ascii") {
		r, err := charsetReader(c, bytes.NewReader(plain))
		if err != nil {
			return err
		}
		if plain, err = io.ReadAll(r); err != nil {
			return errors.New("a text part is not in the charset that it names")
		}
	}
	fmt.Fprintf(w, "Content-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n", kind)
	if name != "" {
		name = l.h.name(name)
		fold72(w, "Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	}
	w.WriteString("\r\n")
	return printable(w, l.h.text(plain, "", false, l.t))
}

func printable(w *bytes.Buffer, b []byte) error {
	q := quotedprintable.NewWriter(w)
	if _, err := q.Write(b); err != nil {
		return err
	}
	return q.Close()
}

func decodeTransfer(body []byte, encoding string) ([]byte, error) {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "base64":
		// Line ends and what does not belong there are skipped.
		clean := bytes.Map(func(r rune) rune {
			if r == '+' || r == '/' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
				return r
			}
			return -1
		}, body)
		out := make([]byte, base64.RawStdEncoding.DecodedLen(len(clean)))
		n, err := base64.RawStdEncoding.Decode(out, clean)
		if err != nil {
			return nil, errors.New("a part is not in the encoding that it names")
		}
		return out[:n], nil
	case "quoted-printable":
		b, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(body)))
		if err != nil {
			return nil, errors.New("a part is not in the encoding that it names")
		}
		return b, nil
	}
	return body, nil
}

// field writes a field of the header without what must not be copied.
func (l *letter) field(w *bytes.Buffer, name, key, value string) {
	plain, err := words.DecodeHeader(value)
	if err != nil {
		plain = value
	}
	if l.h.others != nil {
		switch key {
		case "From", "To", "Cc", "Bcc", "Reply-To", "Sender", "Resent-From", "Resent-To", "Resent-Cc", "Disposition-Notification-To":
			parser := mail.AddressParser{WordDecoder: &words}
			if list, err := parser.ParseList(value); err == nil {
				var out []string
				for _, a := range list {
					if l.mine(a.Address) || a.Name != "" && l.mine(a.Name) {
						out = append(out, a.String())
						continue
					}
					l.t.masked++
					masked := string(l.h.text([]byte(a.Address), "email", false, &tally{}))
					if masked == a.Address {
						masked = "***"
					}
					if a.Name != "" {
						masked = "\"***\" <" + masked + ">"
					}
					out = append(out, masked)
				}
				fold72(w, name, strings.Join(out, ", "))
				return
			}
		}
	}
	hidden := string(l.h.text([]byte(plain), key, false, l.t))
	if hidden == plain {
		fold72(w, name, value)
		return
	}
	fold72(w, name, mime.QEncoding.Encode("utf-8", hidden))
}

// mine reports whether a text holds an identifier of the person.
func (l *letter) mine(s string) bool { return l.h.own != nil && len(l.h.own.Find(nil, []byte(s))) > 0 }

// fold72 writes a field, folded at spaces (RFC 5322, section 2.2.3).
func fold72(w *bytes.Buffer, name, value string) {
	line := name + ":"
	s := bufio.NewScanner(strings.NewReader(value))
	s.Buffer(nil, len(value)+1)
	s.Split(bufio.ScanWords)
	for s.Scan() {
		if len(line)+1+len(s.Text()) > 76 && !strings.HasSuffix(line, ":") {
			w.WriteString(line + "\r\n")
			line = ""
		}
		line += " " + s.Text()
	}
	w.WriteString(line + "\r\n")
}
