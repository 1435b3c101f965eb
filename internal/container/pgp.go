package container

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"context"
	"errors"
	"io"
	"iter"
	"strings"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"github.com/spoor-scan/spoor/scanners"
)

const pgpArmor = "-----BEGIN PGP MESSAGE-----"

// pgpDecoder decrypts what gpg --symmetric and its like encrypt under a password
// (RFC 9580): dumps, and the volumes of duplicity. What is only signed or
// compressed (gpg --sign, gpg --store) is read as well.
func pgpDecoder(opts Options) Decoder {
	return Decoder{
		Name:    "pgp",
		Bare:    true,
		Hostile: true,
		Match:   func(head []byte, _ string) bool { return matchPGP(head) },
		Decode: func(ctx context.Context, in scanners.Item, b *Budget) iter.Seq2[scanners.Item, error] {
			return sequence(func(o output) {
				spool, err := b.Spool(ctx, in.Body)
				defer func() { _ = spool.Close() }() // valid even with an error
				if err != nil && !o.err(err) {
					return
				}
				decodePGP(ctx, o, in, b, spool, opts.For(in))
			})
		},
	}
}

// matchPGP reports whether head begins with a session key that is encrypted under
// a password (sections 4.2 and 5.3), with something compressed (5.6) or signed in
// one pass (5.4), or in armor, where that is not seen.
func matchPGP(head []byte) bool {
	if len(head) < 16 {
		return false
	}
	if bytes.HasPrefix(head, []byte(pgpArmor)) {
		return true
	}
	var b []byte
	switch {
	case head[0] == 0x8c: // a packet of type 3 in the old format, with one byte of length
		b = head[2:]
	case head[0] == 0xc3 && head[1] < 192: // in the new one
		b = head[2:]
	case (head[0] == 0x90 || head[0] == 0xc4) && head[1] == 13 && head[2] == 3:
		return head[3] <= 1 // the type of signature
	case head[0] == 0xa3:
		return pgpCompressed(head[1:])
	default:
		return false
	}
	return b[0] == 4 && 1 <= b[1] && b[1] <= 13 && (b[2] <= 1 || b[2] == 3 || b[2] == 4) || b[0] == 5 || b[0] == 6
}

// pgpCompressed reports whether data are compressed packets: what comes out begins
// with one.
func pgpCompressed(b []byte) bool {
	var r io.Reader
	switch b[0] {
	case 1:
		r = flate.NewReader(bytes.NewReader(b[1:]))
	case 2:
		r, _ = zlib.NewReader(bytes.NewReader(b[1:]))
	case 3:
		return bytes.HasPrefix(b[1:], []byte("BZh"))
	}
	if r == nil {
		return false
	}
	var first [1]byte
	if _, err := io.ReadFull(r, first[:]); err != nil {
		return false
	}
	tag := first[0] & 0x3f
	if first[0]&0x40 == 0 {
		tag >>= 2
	}
	return first[0]&0x80 != 0 && (tag == 2 || tag == 4 || tag == 8 || tag == 11)
}

func decodePGP(ctx context.Context, o output, in scanners.Item, b *Budget, spool *Spool, passwords []string) {
	whole := func() { o.item(raw(io.NewSectionReader(spool, 0, spool.Size()), 0)) }
	withhold := func(reason scanners.Reason, why string) {
		if o.err(&scanners.Gap{Reason: reason, Detail: "pgp: " + why}) {
			whole()
		}
	}
	hand := func(r io.Reader) bool {
		body := guarded{r, "pgp", func(error) error {
			return &scanners.Gap{Reason: scanners.Corrupt, Detail: "pgp: damaged or changed"}
		}}
		return o.item(scanners.Item{Name: stripEnding(in.Name, pgpEndings[:]), Size: -1, Time: in.Time, Body: b.Reader(ctx, body)})
	}
	if r, err := openPGP(io.NewSectionReader(spool, 0, spool.Size()), ""); err == nil {
		// Nothing is encrypted, and what follows the content is not looked at.
		if hand(r) && pgpCut(spool) {
			o.err(&scanners.Gap{Reason: scanners.Corrupt, Detail: "pgp: cut off"})
		}
		return
	}
	if len(passwords) == 0 {
		withhold(scanners.Encrypted, "encrypted, and there is no password")
		return
	}
	var last error
	for _, password := range passwords {
		if err := ctx.Err(); err != nil {
			o.err(err)
			return
		}
		r, err := openPGP(io.NewSectionReader(spool, 0, spool.Size()), password)
		if err != nil {
			last = err
			continue
		}
		// A wrong password may pass the first check, and then makes no sense.
		first := make([]byte, 512)
		n, err := readFull(r, first)
		if err != nil && err != io.EOF {
			last = err
			continue
		}
		var body io.Reader = bytes.NewReader(first[:n])
		if err == nil {
			body = io.MultiReader(body, r)
		}
		hand(body)
		return
	}
	if errors.Is(last, errPGPKey) {
		withhold(scanners.Encrypted, "encrypted for a key, not under a password")
		return
	}
	withhold(scanners.Encrypted, "no password fits")
}

// pgpCut reports whether the last line of an armor is missing.
func pgpCut(spool *Spool) bool {
	var head [len(pgpArmor)]byte
	if _, err := spool.ReadAt(head[:], 0); err != nil || string(head[:]) != pgpArmor {
		return false
	}
	tail := make([]byte, min(spool.Size(), 4096))
	n, _ := spool.ReadAt(tail, spool.Size()-int64(len(tail)))
	return !bytes.Contains(tail[:n], []byte("-----END PGP"))
}

// pgpEndings are those of names that what is inside does without.
var pgpEndings = [...]string{".gpg", "", ".pgp", "", ".asc", ""}

var errPGPKey = errors.New("pgp: no password asked for")

// openPGP returns what a message holds. What a borrowed decoder dies of is an
// error.
func openPGP(in io.Reader, password string) (r io.Reader, err error) {
	defer func() {
		if recover() != nil {
			r, err = nil, errors.New("pgp: the decoder broke off")
		}
	}()
	head := make([]byte, len(pgpArmor))
	n, _ := readFull(in, head)
	in = io.MultiReader(bytes.NewReader(head[:n]), in)
	if string(head[:n]) == pgpArmor {
		block, err := armor.Decode(in)
		if err != nil {
			return nil, err
		}
		in = block.Body
	}
	asked := false // for a password
	prompt := func([]openpgp.Key, bool) ([]byte, error) {
		if asked || password == "" { // it did not fit
			asked = true
			return nil, errors.New("pgp: wrong password")
		}
		asked = true
		return []byte(password), nil
	}
	m, err := openpgp.ReadMessage(in, openpgp.EntityList{}, prompt, &packet.Config{
		// Old messages without a checksum are read, too: nothing is done with them
		// but to look into them.
		InsecureAllowUnauthenticatedMessages: true,
	})
	if err != nil {
		if !asked || strings.Contains(err.Error(), "no symmetric") {
			return nil, errPGPKey
		}
		return nil, err
	}
	if m.UnverifiedBody == nil {
		return nil, io.ErrUnexpectedEOF
	}
	return m.UnverifiedBody, nil
}
