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
		{0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an OLE document (old office, Outlook)", scanners.Unsupported},
		{0, "PGDMP", "a pg_dump archive", scanners.Unsupported}, // of a version to come
		{0, "MSCF\x00\x00\x00\x00", "a cabinet", scanners.Unsupported},
		{0, "SQLite format 3\x00", "a SQLite database", scanners.Unsupported},
		{0, "!BDN", "an Outlook store", scanners.Unsupported},
		{0, "\x78\x9f\x3e\x22", "a TNEF attachment", scanners.Unsupported},
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
	case bytes.HasPrefix(head, []byte("{\\rtf")):
		return "an RTF document", scanners.Unsupported, true
	}
	return "", "", false
}
