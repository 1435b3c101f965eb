package container

import (
	"bytes"
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
// (RFC 9580): dumps, and the volumes of duplicity.
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
// a password (sections 4.2 and 5.3), or in armor, where that is not seen.
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
	default:
		return false
	}
	return b[0] == 4 && 1 <= b[1] && b[1] <= 13 && (b[2] <= 1 || b[2] == 3 || b[2] == 4) || b[0] == 5 || b[0] == 6
}

func decodePGP(ctx context.Context, o output, in scanners.Item, b *Budget, spool *Spool, passwords []string) {
	whole := func() { o.item(raw(io.NewSectionReader(spool, 0, spool.Size()), 0)) }
	withhold := func(reason scanners.Reason, why string) {
		if o.err(&scanners.Gap{Reason: reason, Detail: "pgp: " + why}) {
			whole()
		}
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
			body = io.MultiReader(body, guarded{r, "pgp", func(error) error {
				return &scanners.Gap{Reason: scanners.Corrupt, Detail: "pgp: damaged or changed"}
			}})
		}
		it := scanners.Item{Name: stripEnding(in.Name, []string{".gpg", "", ".pgp", "", ".asc", ""}), Size: -1, Time: in.Time, Body: b.Reader(ctx, body)}
		o.item(it)
		return
	}
	if errors.Is(last, errPGPKey) {
		withhold(scanners.Encrypted, "encrypted for a key, not under a password")
		return
	}
	withhold(scanners.Encrypted, "no password fits")
}

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
	asked := false
	prompt := func([]openpgp.Key, bool) ([]byte, error) {
		if asked { // it did not fit
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
