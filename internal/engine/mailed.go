package engine

import (
	"bytes"
	"io"
	netmail "net/mail"
	"slices"
	"strings"
	"time"
)

// maxTrace bounds how much of a field that tells the time of a message is read, in
// bytes.
const maxTrace = 4 << 10

// tellsTime reports whether a field of a message tells when it was received, or
// written, and a retention runs from that.
func (r *run) tellsTime(field string) bool {
	return (strings.EqualFold(field, "Received") || strings.EqualFold(field, "Date")) &&
		slices.ContainsFunc(r.clocks, func(c clock) bool { return c.from == factReceived })
}

// mailed takes the time of a message from a field of its header: the uppermost
// Received, which its own server wrote (RFC 5321, section 4.4), else Date. What is
// copied or restored has another time in its folder.
func (rec *record) mailed(field string, text []byte) {
	trace := strings.EqualFold(field, "Received")
	if rec.traced || !trace && !rec.sent.IsZero() {
		return
	}
	if trace {
		text = text[bytes.LastIndexByte(text, ';')+1:]
	}
	t, err := netmail.ParseDate(strings.Join(strings.Fields(string(text)), " "))
	if err != nil || t.Year() < 1980 || !rec.unit.time.IsZero() && t.After(rec.unit.time.Add(48*time.Hour)) {
		return
	}
	rec.sent, rec.traced = t, trace
}

// received returns the time of the message that a record is or lies in, zero where
// that is not known.
func (rec *record) received() time.Time {
	for ; rec != nil; rec = rec.parent {
		if !rec.sent.IsZero() {
			return rec.sent
		}
	}
	return time.Time{}
}

// peeked returns the beginning of a body, and the body from there on as it was.
func peeked(body io.Reader) ([]byte, io.Reader) {
	b, err := io.ReadAll(io.LimitReader(body, maxTrace))
	rest := io.MultiReader(bytes.NewReader(b), body)
	if err != nil {
		rest = io.MultiReader(bytes.NewReader(b), failing{err})
	}
	return b, rest
}
