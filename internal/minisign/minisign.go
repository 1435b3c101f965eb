// Package minisign signs and checks files as the program of that name does
// (https://jedisct1.github.io/minisign/): Ed25519 over a BLAKE2b hash of the
// file, in a small text file beside it.
package minisign

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"

	"golang.org/x/crypto/blake2b"
	"golang.org/x/crypto/scrypt"
)

// Ending is that of the file that holds the signature of the one beside it.
const Ending = ".minisig"

// maxFile bounds the files of keys and signatures, in bytes.
const maxFile = 16 << 10

// Limits of the function that makes a key of a password, as libsodium's
// crypto_pwhash_scryptsalsa208sha256_SENSITIVE has them, which minisign uses, and
// halves where memory is short. No file may ask for more: what it says costs time
// and memory before anything can be known to be wrong with it.
const (
	opsLimit = 33554432
	memLimit = 1073741824
)

// A PublicKey checks signatures.
type PublicKey struct {
	id  [8]byte
	key ed25519.PublicKey
}

// A PrivateKey makes signatures.
type PrivateKey struct {
	id  [8]byte
	key ed25519.PrivateKey
}

// ID returns what people call the key: 16 hexadecimal digits, as minisign prints
// them.
func (k *PublicKey) ID() string { return idText(k.id) }

// ID returns what people call the key.
func (k *PrivateKey) ID() string { return idText(k.id) }

func idText(id [8]byte) string { return fmt.Sprintf("%016X", binary.LittleEndian.Uint64(id[:])) }

// Public returns the key that checks what k signs.
func (k *PrivateKey) Public() *PublicKey {
	return &PublicKey{k.id, k.key.Public().(ed25519.PublicKey)}
}

// New makes a key.
func New() (*PrivateKey, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	k := &PrivateKey{key: key}
	_, err = rand.Read(k.id[:])
	return k, err
}

// ErrPassword says that a key is protected by another password, or by one where
// none is given.
var ErrPassword = errors.New("the key is protected by a password, and not by this one")

// ParsePrivateKey reads a secret key file. password is nil where there is none.
// No error quotes the key.
func ParsePrivateKey(b []byte, password []byte) (*PrivateKey, error) {
	raw, err := payload(b)
	if err != nil || len(raw) != 158 || string(raw[:2]) != "Ed" || string(raw[4:6]) != "B2" {
		return nil, errors.New("not a secret key of minisign")
	}
	secret := bytes.Clone(raw[54:158]) // key number, secret key, check sum
	switch string(raw[2:4]) {
	case "\x00\x00":
	case "Sc":
		if len(password) == 0 {
			return nil, ErrPassword
		}
		stream, err := stretch(password, raw[6:38], binary.LittleEndian.Uint64(raw[38:46]), binary.LittleEndian.Uint64(raw[46:54]))
		if err != nil {
			return nil, err
		}
		subtle.XORBytes(secret, secret, stream)
	default:
		return nil, errors.New("a secret key that is protected in a way that is not known")
	}
	k := &PrivateKey{key: bytes.Clone(secret[8:72])}
	copy(k.id[:], secret[:8])
	sum := k.sum()
	// A key without a password has no check sum; it holds the public key.
	if string(raw[2:4]) == "Sc" && subtle.ConstantTimeCompare(sum[:], secret[72:]) != 1 {
		return nil, ErrPassword
	}
	if !ed25519.NewKeyFromSeed(k.key.Seed()).Equal(k.key) {
		return nil, errors.New("a damaged secret key")
	}
	return k, nil
}

// sum is the check sum of a secret key.
func (k *PrivateKey) sum() [32]byte {
	return blake2b.Sum256(append(append([]byte("Ed"), k.id[:]...), k.key...))
}

// Marshal returns the secret key file, protected by a password unless that is
// empty.
func (k *PrivateKey) Marshal(password []byte) ([]byte, error) {
	raw := []byte("Ed\x00\x00B2")
	head := make([]byte, 48) // salt and limits
	secret := append(append(bytes.Clone(k.id[:]), k.key...), make([]byte, 32)...)
	if len(password) > 0 {
		sum := k.sum()
		copy(secret[72:], sum[:])
		copy(raw[2:], "Sc")
		if _, err := rand.Read(head[:32]); err != nil {
			return nil, err
		}
		binary.LittleEndian.PutUint64(head[32:], opsLimit)
		binary.LittleEndian.PutUint64(head[40:], memLimit)
		stream, err := stretch(password, head[:32], opsLimit, memLimit)
		if err != nil {
			return nil, err
		}
		subtle.XORBytes(secret, secret, stream)
	}
	raw = append(append(raw, head...), secret...)
	what := "minisign secret key"
	if len(password) > 0 {
		what = "minisign encrypted secret key"
	}
	return text(what, raw), nil
}

// errCostly says that a file asks for more than any program makes.
var errCostly = fmt.Errorf("the key file asks for more than %d MiB of memory, or more work than minisign does, to be opened", memLimit>>20)

// stretch makes of a password what hides a key, with the parameters that
// libsodium picks for limits (pickparams of crypto_pwhash_scryptsalsa208sha256).
func stretch(password, salt []byte, ops, mem uint64) ([]byte, error) {
	if mem > memLimit || ops > opsLimit {
		return nil, errCostly
	}
	ops = max(ops, 32768)
	const r = 8
	log := 1
	p := uint64(1)
	if ops < mem/32 {
		for log < 62 && uint64(1)<<log <= ops/(r*4)/2 {
			log++
		}
	} else {
		for log < 62 && uint64(1)<<log <= mem/(r*128)/2 {
			log++
		}
		p = min((ops/4)/(1<<log), 0x3fffffff) / r
	}
	return scrypt.Key(password, salt, 1<<log, r, max(1, int(p)), 104)
}

// ParsePublicKey reads a public key file, or the key alone.
func ParsePublicKey(b []byte) (*PublicKey, error) {
	raw, err := payload(b)
	if err != nil || len(raw) != 42 || string(raw[:2]) != "Ed" {
		return nil, errors.New("not a public key of minisign")
	}
	k := &PublicKey{key: bytes.Clone(raw[10:])}
	copy(k.id[:], raw[2:10])
	return k, nil
}

// Marshal returns the public key file.
func (k *PublicKey) Marshal() []byte {
	return text("minisign public key "+k.ID(), append(append([]byte("Ed"), k.id[:]...), k.key...))
}

// Text returns the key as it stands on a command line.
func (k *PublicKey) Text() string {
	return base64.StdEncoding.EncodeToString(append(append([]byte("Ed"), k.id[:]...), k.key...))
}

func text(comment string, raw []byte) []byte {
	return []byte("untrusted comment: " + comment + "\n" + base64.StdEncoding.EncodeToString(raw) + "\n")
}

// payload returns what the last line of a key file holds.
func payload(b []byte) ([]byte, error) {
	if len(b) > maxFile {
		return nil, errors.New("too long")
	}
	last := ""
	for l := range strings.Lines(string(b)) {
		if l = strings.TrimSpace(l); l != "" && !strings.HasPrefix(l, "untrusted comment:") {
			last = l
		}
	}
	return base64.StdEncoding.DecodeString(last)
}

// NewHash returns the hash of a file that is signed.
func NewHash() hash.Hash {
	h, _ := blake2b.New512(nil) // fails with a key only
	return h
}

// Sign returns the signature file of a file whose NewHash is sum. comment is
// signed with it; it is one line.
func (k *PrivateKey) Sign(sum []byte, comment string) []byte {
	comment = strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, comment)
	sig := ed25519.Sign(k.key, sum)
	global := ed25519.Sign(k.key, append(bytes.Clone(sig), comment...))
	out := text("signature from minisign secret key", append(append([]byte("ED"), k.id[:]...), sig...))
	out = append(out, "trusted comment: "+comment+"\n"+base64.StdEncoding.EncodeToString(global)+"\n"...)
	return out
}

// Errors of Verify.
var (
	ErrOtherKey  = errors.New("it was signed with another key")
	ErrSignature = errors.New("the signature does not fit: the file is not the one that was signed")
)

// Verify checks the signature file of the file that r reads, and returns its
// trusted comment.
func (k *PublicKey) Verify(r io.Reader, signature []byte) (comment string, err error) {
	var lines []string
	s := bufio.NewScanner(io.LimitReader(bytes.NewReader(signature), maxFile))
	for s.Scan() {
		lines = append(lines, strings.TrimRight(s.Text(), "\r"))
	}
	bad := errors.New("not a signature of minisign")
	if len(lines) < 4 || !strings.HasPrefix(lines[0], "untrusted comment:") {
		return "", bad
	}
	raw, err1 := base64.StdEncoding.DecodeString(lines[1])
	comment, ok := strings.CutPrefix(lines[2], "trusted comment: ")
	global, err2 := base64.StdEncoding.DecodeString(lines[3])
	if err1 != nil || err2 != nil || !ok || len(raw) != 74 || len(global) != ed25519.SignatureSize {
		return "", bad
	}
	if [8]byte(raw[2:10]) != k.id {
		return "", fmt.Errorf("%w: %s", ErrOtherKey, idText([8]byte(raw[2:10])))
	}
	sig := raw[10:]
	var message []byte
	switch string(raw[:2]) {
	case "ED":
		h := NewHash()
		if _, err := io.Copy(h, r); err != nil {
			return "", err
		}
		message = h.Sum(nil)
	case "Ed": // of old: the file itself is signed
		const most = 1 << 30
		if message, err = io.ReadAll(io.LimitReader(r, most)); err != nil {
			return "", err
		}
	default:
		return "", bad
	}
	if !ed25519.Verify(k.key, message, sig) || !ed25519.Verify(k.key, append(bytes.Clone(sig), comment...), global) {
		return "", ErrSignature
	}
	return comment, nil
}
