// Package sealed encrypts to recipients and opens again, in the age format
// (age-encryption.org/v1).
package sealed

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/armor"
)

// maxKeys bounds a file of recipients or identities, in bytes.
const maxKeys = 1 << 20

// ParseRecipients returns the recipients of a list, of which each is one by
// itself ("age1...", or an SSH key) or the name of a file with one on each line. An error names
// the file, and never quotes a secret key that stands where a public one should.
func ParseRecipients(list []string) ([]age.Recipient, error) {
	var all []age.Recipient
	for _, s := range list {
		if strings.HasPrefix(s, "AGE-SECRET-KEY-") {
			return nil, errors.New("a secret key stands where a recipient is wanted: give its public key, age1...")
		}
		text := s
		if !strings.HasPrefix(s, "age1") && !strings.HasPrefix(s, "ssh-") {
			b, err := readKeys(s)
			if err != nil {
				return nil, fmt.Errorf("recipients: %w", err)
			}
			text = string(b)
			if strings.Contains(text, "AGE-SECRET-KEY-") {
				return nil, fmt.Errorf("recipients: %s holds a secret key; give a file of public keys, age1...", s)
			}
		}
		var rest strings.Builder
		for line := range strings.Lines(text) {
			if !strings.HasPrefix(line, "ssh-") {
				rest.WriteString(line)
				continue
			}
			r, err := agessh.ParseRecipient(strings.TrimSpace(line))
			if err != nil {
				return nil, fmt.Errorf("recipients: %s: not an SSH key that can be encrypted to: %w", s, err)
			}
			all = append(all, r)
		}
		if strings.TrimSpace(rest.String()) == "" && len(all) > 0 {
			continue
		}
		got, err := age.ParseRecipients(strings.NewReader(rest.String()))
		if err != nil {
			return nil, fmt.Errorf("recipients: %s: %w", s, err)
		}
		all = append(all, got...)
	}
	return all, nil
}

// LoadIdentities returns the identities of files as age-keygen writes them. No
// error quotes a key.
func LoadIdentities(files ...string) ([]age.Identity, error) {
	var all []age.Identity
	for _, name := range files {
		b, err := readKeys(name)
		if err != nil {
			return nil, fmt.Errorf("identity: %w", err)
		}
		if Is(b) {
			return nil, fmt.Errorf("identity: %s is itself encrypted; decrypt it first (age -d)", name)
		}
		if bytes.HasPrefix(b, []byte("-----BEGIN")) {
			id, err := agessh.ParseIdentity(b)
			if err != nil {
				return nil, fmt.Errorf("identity: %s is not an SSH key without a passphrase, of a type that age knows", name)
			}
			all = append(all, id)
			continue
		}
		got, err := age.ParseIdentities(bytes.NewReader(b))
		if err != nil {
			return nil, fmt.Errorf("identity: %s is not a file of identities as age-keygen writes it", name)
		}
		all = append(all, got...)
	}
	return all, nil
}

func readKeys(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxKeys+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxKeys {
		return nil, fmt.Errorf("%s: too large for a file of keys", name)
	}
	return b, nil
}

// Seal returns a writer that encrypts what is written to it into w. The result
// is whole only once the writer is closed; closing it leaves w open.
func Seal(w io.Writer, to []age.Recipient) (io.WriteCloser, error) {
	return age.Encrypt(w, to...)
}

// Text encrypts plain and returns it armored: as text that goes into a JSON
// string or a mail.
func Text(plain []byte, to []age.Recipient) (string, error) {
	var buf bytes.Buffer
	a := armor.NewWriter(&buf)
	w, err := age.Encrypt(a, to...)
	if err != nil {
		return "", err
	}
	if _, err := w.Write(plain); err != nil {
		return "", err
	}
	if err := errors.Join(w.Close(), a.Close()); err != nil {
		return "", err
	}
	return buf.String(), nil
}

// ErrNotForYou says that none of the identities is one to which it was sealed.
var ErrNotForYou = errors.New("none of the identities opens it")

// Open decrypts what Seal or Text made, armored or not. What is read is
// authentic up to where the reader fails.
func Open(r io.Reader, with []age.Identity) (io.Reader, error) {
	br := bufio.NewReader(r)
	head, _ := br.Peek(len(armor.Header) + 16) // a short one is no age file, and found out below
	var in io.Reader = br
	if isArmored(head) {
		in = armor.NewReader(br)
	}
	plain, err := age.Decrypt(in, with...)
	var none *age.NoIdentityMatchError
	if errors.As(err, &none) {
		return nil, ErrNotForYou
	}
	if err != nil {
		return nil, fmt.Errorf("not an age file, or a damaged one: %w", err)
	}
	return plain, nil
}

// Is reports whether a file that starts like that was made by Seal or Text.
func Is(head []byte) bool {
	return isArmored(head) || bytes.HasPrefix(head, []byte("age-encryption.org/"))
}

func isArmored(b []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(b, " \t\r\n"), []byte(armor.Header))
}
