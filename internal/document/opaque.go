package document

import (
	"bytes"

	"github.com/spoor-scan/spoor/scanners"
)

// Opaque reports whether an item that starts with head is of a kind that holds
// content which can't be looked into yet: what it is, for people, and why it is
// a gap. Its bytes are matched all the same.
func Opaque(head []byte) (kind string, reason scanners.Reason, ok bool) {
	for _, m := range []struct {
		at    int
		magic string
		kind  string
		why   scanners.Reason
	}{
		{0, "%PDF-", "a PDF document", scanners.Unsupported},
		{0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an OLE document (old office, Outlook)", scanners.Unsupported},
		{0, "PGDMP", "a pg_dump archive", scanners.Unsupported},
		{0, "MSCF\x00\x00\x00\x00", "a cabinet", scanners.Unsupported},
		{0, "SQLite format 3\x00", "a SQLite database", scanners.Unsupported},
		{0, "!BDN", "an Outlook store", scanners.Unsupported},
		{0, "\x78\x9f\x3e\x22", "a TNEF attachment", scanners.Unsupported},
		{0, "REDIS0", "a Redis dump", scanners.Unsupported},
		{0, "BORG_SEG", "a borg repository's segment", scanners.Unsupported},
		{0, "XBSTCK01", "a stream of mariabackup", scanners.Unsupported},
		{0, "LUKS\xba\xbe", "an encrypted volume", scanners.Encrypted},
		{0, "Salted__", "a file encrypted by openssl", scanners.Encrypted},
		{0, "age-encryption.org/", "a file encrypted by age", scanners.Encrypted},
		{0, "-----BEGIN PGP MESSAGE-----", "a PGP message", scanners.Encrypted},
	} {
		if len(head) >= m.at+len(m.magic) && string(head[m.at:m.at+len(m.magic)]) == m.magic {
			return m.kind, m.why, true
		}
	}
	switch {
	case zlibHeader(head):
		return "a zlib stream", scanners.Unsupported, true
	case bytes.HasPrefix(head, []byte("{\\rtf")):
		return "an RTF document", scanners.Unsupported, true
	}
	return "", "", false
}

// zlibHeader reports whether head starts a zlib stream (RFC 1950, section 2.2)
// whose first block is not text by any chance.
func zlibHeader(head []byte) bool {
	if len(head) < 6 || head[0] != 0x78 || (int(head[0])<<8|int(head[1]))%31 != 0 || head[1]&0x20 != 0 {
		return false
	}
	for _, c := range head[2:min(len(head), 64)] {
		if c >= 0x80 || c < 0x09 {
			return true
		}
	}
	return false
}
