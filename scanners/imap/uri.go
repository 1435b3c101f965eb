package imap

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	goimap "github.com/emersion/go-imap/v2"

	"github.com/spoor-scan/spoor/scanners"
)

// Locator names a message with all that its deletion needs: log in to the
// account, SELECT the mailbox, compare UIDVALIDITY, UID STORE +FLAGS
// (\Deleted), UID EXPUNGE.
type Locator struct {
	Type        string `json:"type"` // "imap"
	Host        string `json:"host"`
	Port        int    `json:"port"`
	User        string `json:"user"`    // the account's owner, without a master user
	Mailbox     string `json:"mailbox"` // in UTF-8, with the server's own hierarchy delimiter
	UIDValidity uint32 `json:"uidvalidity"`
	UID         uint32 `json:"uid"`
}

// A reference is a URI taken apart: that of a server, an account, a mailbox, a
// message, or a range of messages (RFC 5092, with "lo:hi" for a UID where it
// names a part).
type reference struct {
	scheme, host, port string
	user               string
	mailbox            string
	validity           uint32
	uid                string
}

// parseURI reads a URI of RFC 5092. A section is accepted and ignored; a
// password is an error.
func parseURI(uri string) (reference, error) {
	var r reference
	scheme, rest, ok := strings.Cut(uri, "://")
	r.scheme = strings.ToLower(scheme)
	if !ok || r.scheme != "imap" && r.scheme != "imaps" {
		return r, errors.New("imap: a target is written imap://user@host/ or imaps://user@host/")
	}
	authority, path, _ := strings.Cut(rest, "/")
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		info := authority[:i]
		authority = authority[i+1:]
		if strings.Contains(info, ":") {
			return r, fmt.Errorf("imap: no password in a URI, please: set %s or password_file (a ':' in a user name is written %%3A)", passwordEnv)
		}
		if i := strings.IndexByte(info, ';'); i >= 0 {
			if !strings.EqualFold(info[i:], ";AUTH=*") {
				return r, errors.New("imap: ;AUTH= of the URI is not supported; leave it out")
			}
			info = info[:i]
		}
		user, err := scanners.Unescape(info)
		if err != nil {
			return r, errors.New("imap: the user name in the URI is not percent-encoded correctly")
		}
		r.user = user
	}
	if err := r.hostport(authority); err != nil {
		return r, err
	}
	if strings.ContainsAny(path, "?#") {
		return r, errors.New("imap: a URI with ? or # is not supported; in a mailbox name they are written %3F and %23")
	}
	path, _, _ = cutFold(path, "/;SECTION=")
	path, uid, hasUID := cutFold(path, "/;UID=")
	path, validity, hasValidity := cutFold(path, ";UIDVALIDITY=")
	path = strings.TrimSuffix(path, "/")
	mailbox, err := scanners.Unescape(path)
	if err != nil {
		return r, errors.New("imap: the mailbox in the URI is not percent-encoded correctly")
	}
	if strings.Contains(path, ";") {
		return r, errors.New("imap: a ';' in a mailbox name is written %3B in a URI")
	}
	if strings.EqualFold(mailbox, "INBOX") {
		mailbox = "INBOX"
	}
	r.mailbox, r.uid = mailbox, uid
	if hasValidity {
		n, err := strconv.ParseUint(strings.TrimSuffix(validity, "/"), 10, 32)
		if err != nil || n == 0 {
			return r, errors.New("imap: UIDVALIDITY of the URI is not a number from 1 to 4294967295")
		}
		r.validity = uint32(n)
	}
	if (hasUID || hasValidity) && mailbox == "" {
		return r, errors.New("imap: the URI names no mailbox")
	}
	if hasUID {
		if _, _, err := r.span(); err != nil {
			return r, err
		}
	}
	return r, nil
}

func (r *reference) hostport(authority string) error {
	host, port := authority, ""
	if i := strings.LastIndexByte(authority, ':'); i >= 0 && !strings.HasSuffix(authority, "]") {
		host, port = authority[:i], authority[i+1:]
	}
	if strings.HasPrefix(host, "[") {
		inner := strings.TrimSuffix(host[1:], "]")
		if net.ParseIP(inner) == nil || !strings.HasSuffix(host, "]") {
			return errors.New("imap: the host of the URI is not an IPv6 address in brackets")
		}
		host = inner
	} else if strings.ContainsAny(host, ":[]") {
		return errors.New("imap: an IPv6 host is written in brackets")
	}
	if host == "" || strings.ContainsAny(host, " \t\r\n%;\\\"<>") {
		return errors.New("imap: the URI names no host; write imap://user@host/")
	}
	if port == "" {
		port = defaultPort(r.scheme)
	}
	var ok bool
	if r.port, ok = parsePort(port); !ok {
		return errors.New("imap: the port of the URI is not a number from 1 to 65535")
	}
	r.host = strings.ToLower(host)
	return nil
}

// span returns the range of UIDs that r names, both ends included.
func (r *reference) span() (lo, hi goimap.UID, err error) {
	a, b, ok := strings.Cut(r.uid, ":")
	if !ok {
		b = a
	}
	x, err1 := strconv.ParseUint(a, 10, 32)
	y, err2 := strconv.ParseUint(b, 10, 32)
	if err1 != nil || err2 != nil || x == 0 || y < x {
		return 0, 0, errors.New("imap: UID of the URI is not a number from 1 to 4294967295")
	}
	return goimap.UID(x), goimap.UID(y), nil
}

// cutFold is strings.Cut with an ASCII separator in capitals whose letters match
// in either case.
func cutFold(s, sep string) (before, after string, found bool) {
	for i := 0; i+len(sep) <= len(s); i++ {
		if strings.EqualFold(s[i:i+len(sep)], sep) {
			return s[:i], s[i+len(sep):], true
		}
	}
	return s, "", false
}

// A message says where something lies. Fields that are empty or zero leave out
// their level: a message without uid is a mailbox, without mailbox an account.
type message struct {
	place    *place
	account  string
	mailbox  string
	validity uint32
	uid      goimap.UID
	last     goimap.UID // of a range
}

// String returns the URI of RFC 5092, without credentials.
func (m message) String() string {
	var b strings.Builder
	b.WriteString(m.place.scheme)
	b.WriteString("://")
	if m.account != "" {
		// ":" and "@" are not among the characters of an enc-user.
		u := scanners.EscapeSegment(m.account)
		u = strings.ReplaceAll(u, ":", "%3A")
		b.WriteString(strings.ReplaceAll(u, "@", "%40"))
		b.WriteByte('@')
	}
	if strings.Contains(m.place.host, ":") {
		b.WriteString("[" + m.place.host + "]")
	} else {
		b.WriteString(m.place.host)
	}
	if m.place.port != defaultPort(m.place.scheme) {
		b.WriteString(":" + m.place.port)
	}
	b.WriteByte('/')
	if m.mailbox == "" {
		return b.String()
	}
	name := scanners.Escape(m.mailbox)
	if strings.HasSuffix(name, "/") {
		// One slash at the end of a mailbox's URI is not part of its name.
		name = name[:len(name)-1] + "%2F"
	}
	b.WriteString(name)
	if m.validity != 0 {
		b.WriteString(";UIDVALIDITY=" + strconv.FormatUint(uint64(m.validity), 10))
	}
	if m.uid != 0 {
		b.WriteString("/;UID=" + strconv.FormatUint(uint64(m.uid), 10))
		if m.last != 0 {
			b.WriteString(":" + strconv.FormatUint(uint64(m.last), 10))
		}
	}
	return b.String()
}

// ref returns the Ref of a message.
func (m message) ref(place string) scanners.Ref {
	port, _ := strconv.Atoi(m.place.port)
	box := m
	box.uid, box.last = 0, 0
	return scanners.Ref{
		URI:   m.String(),
		Place: place,
		Locator: Locator{
			Type: "imap", Host: m.place.host, Port: port, User: m.account,
			Mailbox: m.mailbox, UIDValidity: m.validity, UID: uint32(m.uid),
		},
		Action:   "delete-message",
		Sections: true,
		Group:    scanners.Group{Kind: "mailbox", URI: box.String(), Place: place},
	}
}

// placeOf describes a mailbox without its name, which may be that of a person,
// unless it is one that programs give.
func placeOf(name string, attrs []goimap.MailboxAttr) string {
	for _, a := range attrs {
		switch a {
		case goimap.MailboxAttrSent, goimap.MailboxAttrDrafts, goimap.MailboxAttrTrash, goimap.MailboxAttrJunk, goimap.MailboxAttrArchive:
			return "mailbox / " + string(a[1:])
		}
	}
	if name == "INBOX" {
		return "mailbox / INBOX"
	}
	leaf := name
	if len(leaf) > 6 && strings.EqualFold(leaf[:5], "INBOX") && (leaf[5] == '.' || leaf[5] == '/') {
		leaf = leaf[6:]
	}
	switch strings.ToLower(leaf) {
	case "sent", "sent items", "sent messages", "sent mail", "drafts", "trash", "deleted items", "deleted messages",
		"junk", "junk e-mail", "spam", "archive", "archives", "outbox", "templates":
		return "mailbox / " + leaf
	}
	return "mailbox / folder"
}
