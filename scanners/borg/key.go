package borg

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"
	"strings"
	"sync"

	"golang.org/x/crypto/blake2b"

	"github.com/spoor-scan/spoor/scanners"
)

// Types of stored objects, which their first byte tells
// (docs/internals/security.rst of Borg, and its crypto/key.py for the numbers).
const (
	typeKeyfile    = 0x00
	typePassphrase = 0x01 // of Attic; a repository that was converted keeps such objects
	typePlain      = 0x02
	typeRepokey    = 0x03
	typeKeyfile2   = 0x04 // BLAKE2
	typeRepokey2   = 0x05
	typeAuth2      = 0x06 // authenticated
	typeAuth       = 0x07
)

// Lengths.
const (
	macLen        = 32
	nonceLen      = 8
	maxKeyText    = 1 << 20
	maxIterations = 50_000_000 // of PBKDF2: some 20 seconds; Borg's own are 100,000
)

// keys are what objects are read with. The zero value reads those of a
// repository that is neither encrypted nor authenticated.
type keys struct {
	have                  bool
	encKey, macKey, idKey []byte

	macs sync.Pool // of hmac-sha256 under macKey
}

// modeOf names the encryption of objects, for people.
func modeOf(first byte) string {
	switch first {
	case typeKeyfile:
		return "keyfile"
	case typePassphrase, typeRepokey:
		return "repokey"
	case typePlain:
		return "none"
	case typeKeyfile2:
		return "keyfile-blake2"
	case typeRepokey2:
		return "repokey-blake2"
	case typeAuth2:
		return "authenticated-blake2"
	case typeAuth:
		return "authenticated"
	}
	return ""
}

// errPassphrase says that a key can't be opened with the passphrase.
var errPassphrase = errors.New("the passphrase is wrong")

// openKey takes a key as it is stored, in base64, and opens it.
func openKey(text, passphrase string) (*keys, error) {
	if len(text) > maxKeyText {
		return nil, errFormat
	}
	text = strings.Map(func(r rune) rune {
		if r == '\n' || r == '\r' || r == '\t' || r == ' ' {
			return -1
		}
		return r
	}, text)
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, errFormat
	}
	var salt, sum, data []byte
	var iterations, version int64
	algorithm := ""
	p := &packed{b: b}
	err = p.pairs(func(key []byte) (err error) {
		switch string(key) {
		case "version":
			version, err = p.integer()
		case "salt":
			salt, err = p.bytes()
		case "iterations":
			iterations, err = p.integer()
		case "algorithm":
			var a []byte
			a, err = p.bytes()
			algorithm = string(a)
		case "hash":
			sum, err = p.bytes()
		case "data":
			data, err = p.bytes()
		default:
			err = p.skip()
		}
		return err
	})
	if err != nil {
		return nil, errFormat
	}
	if version != 1 || algorithm != "sha256" || iterations < 1 || iterations > maxIterations {
		return nil, &scanners.Gap{Reason: scanners.Unsupported, Detail: "the key is of a kind that is not known"}
	}
	kek, err := pbkdf2.Key(sha256.New, passphrase, salt, int(iterations), 32)
	if err != nil {
		return nil, errFormat
	}
	block, err := aes.NewCipher(kek)
	if err != nil {
		return nil, err
	}
	plain := make([]byte, len(data))
	cipher.NewCTR(block, make([]byte, aes.BlockSize)).XORKeyStream(plain, data)
	mac := hmac.New(sha256.New, kek)
	mac.Write(plain)
	if !hmac.Equal(mac.Sum(nil), sum) {
		return nil, errPassphrase
	}
	k := &keys{have: true}
	p = &packed{b: plain}
	err = p.pairs(func(key []byte) (err error) {
		switch string(key) {
		case "enc_key":
			k.encKey, err = p.bytes()
		case "enc_hmac_key":
			k.macKey, err = p.bytes()
		case "id_key":
			k.idKey, err = p.bytes()
		default:
			err = p.skip()
		}
		return err
	})
	if err != nil || len(k.encKey) != 32 || len(k.macKey) == 0 || len(k.idKey) == 0 {
		return nil, errFormat
	}
	return k, nil
}

// damaged is what is said of an object whose bytes are not those that Borg wrote.
var damaged = scanners.Gap{Reason: scanners.Corrupt, Detail: "a chunk is damaged"}

func broken(detail string) error {
	g := damaged
	g.Detail = detail
	return &g
}

// open decrypts the stored form of an object, in place, and returns what is to
// be decompressed. What it returns for a type that authenticates is what was
// written; for the others [keys.verify] tells.
func (k *keys) open(b []byte) ([]byte, error) {
	if len(b) == 0 {
		return nil, broken("a chunk is empty")
	}
	switch b[0] {
	case typePlain, typeAuth, typeAuth2:
		return b[1:], nil
	case typeKeyfile, typePassphrase, typeRepokey, typeKeyfile2, typeRepokey2:
	default:
		return nil, &scanners.Gap{Reason: scanners.Unsupported, Detail: "a chunk is encrypted in a way that is not known"}
	}
	if !k.have {
		return nil, &scanners.Gap{Reason: scanners.KeyMissing, Detail: "a chunk is encrypted"}
	}
	if len(b) < 1+macLen+nonceLen {
		return nil, broken("a chunk is damaged")
	}
	sum, sealed := b[1:1+macLen], b[1+macLen:]
	var mac []byte
	if b[0] == typeKeyfile2 || b[0] == typeRepokey2 {
		h, err := blake2b.New256(nil)
		if err != nil {
			return nil, err
		}
		h.Write(k.macKey)
		h.Write(sealed)
		mac = h.Sum(nil)
	} else {
		h, _ := k.macs.Get().(hash.Hash)
		if h == nil {
			h = hmac.New(sha256.New, k.macKey)
		}
		h.Reset()
		h.Write(sealed)
		mac = h.Sum(nil)
		k.macs.Put(h)
	}
	if !hmac.Equal(mac, sum) {
		return nil, broken("the authentication code of a chunk is wrong")
	}
	block, err := aes.NewCipher(k.encKey)
	if err != nil {
		return nil, err
	}
	var iv [aes.BlockSize]byte
	copy(iv[aes.BlockSize-nonceLen:], sealed)
	plain := sealed[nonceLen:]
	cipher.NewCTR(block, iv[:]).XORKeyStream(plain, plain)
	return plain, nil
}

// verify reports whether an object is what its name stands for: names are made
// of the content, those of the manifest excepted.
func (k *keys) verify(first byte, name *id, plain []byte) bool {
	var sum [32]byte
	switch first {
	case typePlain:
		sum = sha256.Sum256(plain)
	case typeKeyfile2, typeRepokey2, typeAuth2:
		h, err := blake2b.New256(nil)
		if err != nil {
			return false
		}
		h.Write(k.idKey)
		h.Write(plain)
		h.Sum(sum[:0])
	default:
		h := hmac.New(sha256.New, k.idKey)
		h.Write(plain)
		h.Sum(sum[:0])
	}
	return hmac.Equal(sum[:], name[:])
}

// keyFile returns the key of a key file that is of a repository: a line
// "BORG_KEY" with the repository's id, and the key.
func keyFile(b []byte, repository string) (text string, ok bool) {
	head, text, _ := strings.Cut(string(b), "\n")
	of, ok := strings.CutPrefix(strings.TrimSpace(head), "BORG_KEY ")
	if _, err := hex.DecodeString(of); err != nil {
		return "", false
	}
	return text, ok && of == repository
}
