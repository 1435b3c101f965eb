package export

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/rand"
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

// maxParts bounds how deep the parts of a message are nested, and maxHeader how
// long the header of one may be, in bytes. What is nested is read through all that
// it is nested in: nothing is held of a message but its headers and what is looked
// at at once.
const (
	maxParts  = 20
	maxHeader = 1 << 20
)

// A letter is a message that is written anew without what must not be copied.
type letter struct {
	h      *hider
	t      *tally
	strict bool // parts that can't be looked into are left out
	left   int  // attachments that are left out
	texts  int  // attachments of which the text alone is in it
	// attached says what to write in the place of an attachment; nil: it can't be
	// looked into.
	attached func(name string, content *spool) (made, error)
}

// note says what is not in the message any more, for people.
func (l *letter) note() string {
	var say []string
	if l.left > 0 {
		say = append(say, "left out of it: "+plural(l.left, "attachment", "attachments"))
	}
	if l.texts > 0 {
		say = append(say, "in it by the text alone: "+plural(l.texts, "attachment", "attachments"))
	}
	if len(say) == 0 {
		return ""
	}
	return strings.Join(say, "; ") + "; what must not be copied can't be taken out of that"
}

// remade writes the message with its parts without what must not be copied. It
// fails on a message that it does not understand to its end.
func (l *letter) remade(w io.Writer, r io.Reader) error {
	buf := bufio.NewWriterSize(w, 32<<10)
	if err := l.entity(buf, bufio.NewReaderSize(r, 32<<10), nil, 0); err != nil {
		return err
	}
	return buf.Flush()
}

// readHeader reads the fields of a header, unfolded, and the empty line behind it.
func readHeader(r *bufio.Reader) (header []string, err error) {
	var field []byte
	size := 0
	for {
		line, err := r.ReadSlice('\n')
		if size += len(line); size > maxHeader {
			return nil, errors.New("its header is too long")
		}
		text := bytes.TrimRight(line, "\r\n")
		for err == bufio.ErrBufferFull {
			text = bytes.Clone(text)
			line, err = r.ReadSlice('\n')
			if size += len(line); size > maxHeader {
				return nil, errors.New("its header is too long")
			}
			text = append(text, bytes.TrimRight(line, "\r\n")...)
		}
		if err != nil && err != io.EOF {
			return nil, err
		}
		switch {
		case len(text) > 0 && (text[0] == ' ' || text[0] == '\t') && len(field) > 0:
			field = append(append(field, ' '), bytes.TrimLeft(text, " \t")...)
		default:
			if len(field) > 0 {
				header = append(header, string(field))
			}
			field = append(field[:0], text...)
		}
		if len(text) == 0 {
			return header, nil
		}
		if err == io.EOF {
			return append(header, string(field)), nil
		}
	}
}

var words = mime.WordDecoder{CharsetReader: charsetReader}

func charsetReader(charset string, r io.Reader) (io.Reader, error) {
	e, err := htmlindex.Get(charset)
	if err != nil {
		return nil, errors.New("a charset that is not known")
	}
	return e.NewDecoder().Reader(r), nil
}

// entity writes a message, whose header is nil, or a part, of which r is the body.
func (l *letter) entity(w *bufio.Writer, r *bufio.Reader, header []string, depth int) error {
	if depth > maxParts {
		return errors.New("its parts are nested too deep")
	}
	message := header == nil
	if message {
		var err error
		if header, err = readHeader(r); err != nil {
			return err
		}
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
		if err := l.field(w, name, key, value); err != nil {
			return err
		}
	}
	kind, params, err := mime.ParseMediaType(mimes.Get("Content-Type"))
	if err != nil && mimes.Get("Content-Type") != "" && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		kind, params = "text/plain", nil
	}
	if kind == "" {
		kind = "text/plain"
	}
	if message {
		_, _ = w.WriteString("MIME-Version: 1.0\r\n") // w keeps its error
	}
	_, dparams, _ := mime.ParseMediaType(mimes.Get("Content-Disposition"))
	switch {
	case strings.HasPrefix(kind, "multipart/") && params["boundary"] != "":
		return l.multipart(w, r, kind, params["boundary"], depth)
	case kind == "message/rfc822":
		_, _ = w.WriteString("Content-Type: message/rfc822\r\n\r\n")
		return l.entity(w, bufio.NewReader(decodeTransfer(r, mimes.Get("Content-Transfer-Encoding"))), nil, depth+1)
	case strings.HasPrefix(kind, "text/"):
		return l.textPart(w, r, kind, params, mimes, dparams["filename"])
	}
	name := dparams["filename"]
	if name == "" {
		name = params["name"]
	}
	return l.attachment(w, r, mimes, kind, name)
}

// attachment writes a part that is no text.
func (l *letter) attachment(w *bufio.Writer, r io.Reader, mimes textproto.MIMEHeader, kind, name string) error {
	raw, content := newSpool(), newSpool()
	defer raw.close()
	defer content.close()
	if _, err := io.Copy(raw, r); err != nil {
		return err
	}
	if n, err := words.DecodeHeader(name); err == nil {
		name = n
	}
	m := made{form: asIs}
	if _, err := io.Copy(content, decodeTransfer(raw.read(), mimes.Get("Content-Transfer-Encoding"))); err != nil {
		var sink *sinkError
		if errors.As(err, &sink) {
			return err
		}
		m.form = nothing
	} else if l.attached != nil {
		if m, err = l.attached(name, content); err != nil {
			return err
		}
		if m.out != nil {
			defer m.out.close()
		}
	} else {
		m.form = nothing
	}
	if !l.strict && m.form == nothing && l.t.withheld[passwordHash] == 0 {
		m.form = asIs // nothing is known that must not be copied
	}
	if !l.strict && m.form == asIs {
		for _, k := range []string{"Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "Content-Id"} {
			if v := mimes.Get(k); v != "" {
				_ = fold72(w, k, v)
			}
		}
		_, _ = w.WriteString("\r\n")
		return raw.writeTo(w)
	}
	shown := l.h.name(name)
	switch m.form {
	case nothing:
		l.left++
		_, _ = w.WriteString("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n")
		q := quotedprintable.NewWriter(w)
		if _, err := fmt.Fprintf(q, "[left out: attachment %q (%s): %s]\r\n", shown, kind, cmp.Or(m.why, cantMask)); err != nil {
			return err
		}
		return q.Close()
	case textOnly:
		l.texts++
		kind, shown = "text/plain; charset=utf-8", shown+".txt"
	}
	_, _ = w.WriteString("Content-Type: " + kind + "\r\nContent-Transfer-Encoding: base64\r\n")
	if v := mimes.Get("Content-Id"); v != "" {
		_ = fold72(w, "Content-Id", v)
	}
	if shown != "" {
		if d := mime.FormatMediaType("attachment", map[string]string{"filename": shown}); d != "" {
			_ = fold72(w, "Content-Disposition", d)
		}
	}
	_, _ = w.WriteString("\r\n")
	if m.out == nil {
		m.out = content
	}
	lines := &lineWriter{w: w}
	e := base64.NewEncoder(base64.StdEncoding, lines)
	if err := m.out.writeTo(e); err != nil {
		return err
	}
	if err := e.Close(); err != nil {
		return err
	}
	_, err := w.WriteString("\r\n")
	return err
}

// lineWriter ends a line after 76 characters (RFC 2045, section 6.8).
type lineWriter struct {
	w *bufio.Writer
	n int
}

func (l *lineWriter) Write(p []byte) (int, error) {
	all := len(p)
	for len(p) > 0 {
		k := min(76-l.n, len(p))
		if _, err := l.w.Write(p[:k]); err != nil {
			return 0, err
		}
		if p, l.n = p[k:], l.n+k; l.n == 76 {
			l.n = 0
			if _, err := l.w.WriteString("\r\n"); err != nil {
				return 0, err
			}
		}
	}
	return all, nil
}

// errParts is what a message fails with whose parts are not what they should be.
var errParts = errors.New("its parts do not end as they should")

func (l *letter) multipart(w *bufio.Writer, body io.Reader, kind, boundary string, depth int) error {
	// A line that nobody could have put into a part.
	mark := "spoor-" + rand.Text()
	fmt.Fprintf(w, "Content-Type: %s; boundary=%q\r\n\r\n", kind, mark)
	r := multipart.NewReader(body, boundary)
	n := 0
	for {
		p, err := r.NextRawPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			return errParts
		}
		header := []string{}
		for _, k := range slices.Sorted(maps.Keys(p.Header)) {
			for _, v := range p.Header[k] {
				header = append(header, k+": "+strings.ReplaceAll(strings.ReplaceAll(v, "\r", ""), "\n", " "))
			}
		}
		fmt.Fprintf(w, "--%s\r\n", mark)
		if err := l.entity(w, bufio.NewReader(p), header, depth+1); err != nil {
			return err
		}
		_, _ = w.WriteString("\r\n")
		n++
	}
	if n == 0 {
		return errors.New("it has no parts")
	}
	_, err := fmt.Fprintf(w, "--%s--\r\n", mark)
	return err
}

func (l *letter) textPart(w *bufio.Writer, body io.Reader, kind string, params map[string]string, mimes textproto.MIMEHeader, name string) error {
	plain := decodeTransfer(body, mimes.Get("Content-Transfer-Encoding"))
	if c := params["charset"]; c != "" && !strings.EqualFold(c, "utf-8") && !strings.EqualFold(c, "us-ascii") {
		var err error
		if plain, err = charsetReader(c, plain); err != nil {
			return err
		}
	}
	fmt.Fprintf(w, "Content-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n", kind)
	if name != "" {
		if n, err := words.DecodeHeader(name); err == nil {
			name = n
		}
		if d := mime.FormatMediaType("attachment", map[string]string{"filename": l.h.name(name)}); d != "" {
			_ = fold72(w, "Content-Disposition", d)
		}
	}
	_, _ = w.WriteString("\r\n")
	q := quotedprintable.NewWriter(w)
	if _, err := l.h.copyText(q, zeroless{plain}, l.t); err != nil {
		return err
	}
	return q.Close()
}

// decodeTransfer returns the content of a body. A reader of what is not in the
// encoding that it names fails.
func decodeTransfer(body io.Reader, encoding string) io.Reader {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "base64":
		return named{base64.NewDecoder(base64.RawStdEncoding, alphabet{body})}
	case "quoted-printable":
		return named{quotedprintable.NewReader(body)}
	}
	return body
}

// alphabet leaves the characters of base64: line ends and what does not belong
// there are skipped.
type alphabet struct{ r io.Reader }

func (a alphabet) Read(p []byte) (int, error) {
	for {
		n, err := a.r.Read(p)
		k := 0
		for _, c := range p[:n] {
			if c == '+' || c == '/' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' {
				p[k] = c
				k++
			}
		}
		if k > 0 || err != nil || len(p) == 0 {
			return k, err
		}
	}
}

// named says of errors that they are those of an encoding.
type named struct{ r io.Reader }

func (n named) Read(p []byte) (int, error) {
	k, err := n.r.Read(p)
	if err != nil && err != io.EOF {
		err = errors.New("a part is not in the encoding that it names")
	}
	return k, err
}

// field writes a field of the header without what must not be copied.
func (l *letter) field(w *bufio.Writer, name, key, value string) error {
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
				return fold72(w, name, strings.Join(out, ", "))
			}
		}
	}
	hidden := string(l.h.text([]byte(plain), key, false, l.t))
	if hidden == plain {
		return fold72(w, name, value)
	}
	return fold72(w, name, mime.QEncoding.Encode("utf-8", hidden))
}

// mine reports whether a text holds an identifier of the person.
func (l *letter) mine(s string) bool { return l.h.own != nil && len(l.h.own.Find(nil, []byte(s))) > 0 }

// fold72 writes a field, folded at spaces (RFC 5322, section 2.2.3).
func fold72(w *bufio.Writer, name, value string) error {
	line := name + ":"
	s := bufio.NewScanner(strings.NewReader(value))
	s.Buffer(nil, len(value)+1)
	s.Split(bufio.ScanWords)
	for s.Scan() {
		if len(line)+1+len(s.Text()) > 76 && !strings.HasSuffix(line, ":") {
			_, _ = w.WriteString(line + "\r\n") // w keeps its error
			line = ""
		}
		line += " " + s.Text()
	}
	_, err := w.WriteString(line + "\r\n")
	return err
}
