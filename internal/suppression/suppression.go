// Package suppression keeps the list of people whose data was erased, by keyed
// hashes of their identifiers: restored systems are checked against it, since a
// restore brings people back.
package suppression

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"filippo.io/age"

	"github.com/spoor-scan/spoor/internal/sealed"
	"github.com/spoor-scan/spoor/internal/subject"
)

// Format names the form of a list.
const Format = "spoor-suppression/1"

// keyLen is the length of a list's key, in bytes.
const keyLen = 32

// maxList bounds the file of a list, in bytes.
const maxList = 1 << 30

// A List is a list of people. Nobody can be told from it without its key, which
// is sealed into it or lies beside it.
type List struct {
	Format string    `json:"format"`
	Made   time.Time `json:"made"`
	Key    Key       `json:"key"`
	// Codes are the calling codes of the phone numbers.
	Codes    []string `json:"calling_codes"`
	Subjects []Person `json:"subjects"`

	key []byte
	at  map[string]int // where in Subjects a person is, by id; nil until one is added
}

// A Key is the key of a list: its name, and itself where it is sealed.
type Key struct {
	ID     string `json:"id"`
	Sealed string `json:"sealed,omitempty"`
}

// A Person is one on the list.
type Person struct {
	ID       string    `json:"id"`
	Verified string    `json:"verified,omitempty"` // run of the verification after which they were put on it
	Added    time.Time `json:"added"`
	Hashes   []Hash    `json:"hashes"`
	// NotLookedFor names types of identifiers by which nobody can be recognised
	// who is known by hashes only: names, addresses.
	NotLookedFor []string `json:"not_looked_for"`
}

// A Hash is an identifier, as subject.KeyedHashes makes it.
type Hash struct {
	Type string `json:"type"`
	Hash string `json:"hash"`
}

// New returns an empty list with a key of its own. name tells keys apart.
func New(now time.Time, name func(key []byte) string) *List {
	key := make([]byte, keyLen)
	_, _ = rand.Read(key) // never fails (crypto/rand)
	return &List{Format: Format, Made: now, Key: Key{ID: name(key)}, Codes: []string{}, Subjects: []Person{}, key: key}
}

// KeyFile returns the name of the file in which the key of a list lies that is not
// sealed.
func KeyFile(list string) string { return list + ".key" }

// Load reads a list and its key: the sealed one with identities, else that beside
// it.
func Load(name string, identities []age.Identity) (*List, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxList))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	l := new(List)
	if err := json.Unmarshal(b, l); err != nil || l.Format != Format {
		return nil, fmt.Errorf("%s: not a list in the format %s", name, Format)
	}
	var text []byte
	switch {
	case l.Key.Sealed != "" && len(identities) == 0:
		return nil, fmt.Errorf("%s: its key is sealed; give --identity KEYFILE", name)
	case l.Key.Sealed != "":
		r, err := sealed.Open(strings.NewReader(l.Key.Sealed), identities)
		if err == nil {
			text, err = io.ReadAll(io.LimitReader(r, 1<<10))
		}
		if err != nil {
			return nil, fmt.Errorf("%s: its key: %w", name, err)
		}
	default:
		if text, err = os.ReadFile(KeyFile(name)); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s: its key is missing; it lies in a file of the same name with .key behind it", name)
		} else if err != nil {
			return nil, err
		}
	}
	if l.key, err = hex.DecodeString(strings.TrimSpace(string(text))); err != nil || len(l.key) != keyLen {
		return nil, fmt.Errorf("%s: its key is not one of %d bytes in hexadecimal", name, keyLen)
	}
	for _, p := range l.Subjects {
		for _, h := range p.Hashes {
			if _, err := (subject.Identifier{Type: subject.Type(h.Type), Value: h.Hash, Hash: subject.Keyed}).Normal(); err != nil {
				return nil, fmt.Errorf("%s: subject %s: %w", name, p.ID, err)
			}
		}
	}
	return l, nil
}

// IsKey reports whether the list has the key that is called so.
func (l *List) IsKey(name func(key []byte) string) bool { return name(l.key) == l.Key.ID }

// Add puts a person on the list, in the place of what it holds of them.
func (l *List) Add(p subject.Person, verification string, now time.Time) {
	x := Person{ID: p.ID, Verified: verification, Added: now, Hashes: []Hash{}, NotLookedFor: []string{}}
	known := map[Hash]bool{}
	for _, id := range p.Identifiers {
		hashes, code := subject.KeyedHashes(id, l.key)
		if len(hashes) == 0 && !slices.Contains(x.NotLookedFor, string(id.Type)) {
			x.NotLookedFor = append(x.NotLookedFor, string(id.Type))
		}
		if code != "" && !slices.Contains(l.Codes, code) {
			l.Codes = append(l.Codes, code)
			slices.Sort(l.Codes)
		}
		for _, h := range hashes {
			if y := (Hash{string(id.Type), h}); !known[y] {
				known[y] = true
				x.Hashes = append(x.Hashes, y)
			}
		}
	}
	if l.at == nil {
		l.at = map[string]int{}
		for i, o := range l.Subjects {
			l.at[o.ID] = i
		}
	}
	if i, ok := l.at[p.ID]; ok {
		l.Subjects[i] = x
		return
	}
	l.at[p.ID] = len(l.Subjects)
	l.Subjects = append(l.Subjects, x)
}

// Persons returns whom to look for, and for each the types of identifiers that are
// not looked for.
func (l *List) Persons() (persons []subject.Person, not [][]string) {
	ring := &subject.List{Key: l.key, Codes: l.Codes}
	for _, x := range l.Subjects {
		p := subject.Person{ID: x.ID, List: ring}
		for _, h := range x.Hashes {
			p.Identifiers = append(p.Identifiers, subject.Identifier{Type: subject.Type(h.Type), Value: h.Hash, Hash: subject.Keyed})
		}
		persons, not = append(persons, p), append(not, x.NotLookedFor)
	}
	return persons, not
}

// Seal encrypts the key into the list, to recipients.
func (l *List) Seal(to []age.Recipient) (err error) {
	l.Key.Sealed, err = sealed.Text([]byte(hex.EncodeToString(l.key)+"\n"), to)
	return err
}

// WriteKey writes the key, as the file beside a list holds it.
func (l *List) WriteKey(w io.Writer) error {
	_, err := io.WriteString(w, hex.EncodeToString(l.key)+"\n")
	return err
}

// Write writes the list.
func (l *List) Write(w io.Writer) error {
	b, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}
