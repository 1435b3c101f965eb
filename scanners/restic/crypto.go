package restic

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"

	//lint:ignore SA1019 the format is built on it
	"golang.org/x/crypto/poly1305"
	"golang.org/x/crypto/scrypt"
)

// Sizes of the encryption, in bytes (design.rst, "Keys, Encryption and MAC").
const (
	ivSize  = 16
	macSize = 16
	// overhead is by how much what is stored is longer than its plaintext.
	overhead = ivSize + macSize
)

var errMAC = errors.New("the message authentication code is wrong")

// A key encrypts and authenticates.
type key struct {
	cipher cipher.Block // AES-256
	mac    cipher.Block // AES-128, under k
	r      [16]byte
}

func newKey(encrypt, k, r []byte) (*key, error) {
	if len(encrypt) != 32 || len(k) != 16 || len(r) != 16 {
		return nil, errors.New("a key of another length")
	}
	out := &key{r: [16]byte(r)}
	var err error
	if out.cipher, err = aes.NewCipher(encrypt); err != nil {
		return nil, err
	}
	if out.mac, err = aes.NewCipher(k); err != nil {
		return nil, err
	}
	return out, nil
}

// open decrypts IV || ciphertext || MAC in place and returns the plaintext,
// which shares b's memory.
//
// The code is Poly1305-AES (https://cr.yp.to/mac/poly1305-20050329.pdf): its
// one-time key is r and the nonce encrypted under k. Poly1305 masks r itself.
func (k *key) open(b []byte) ([]byte, error) {
	if len(b) < overhead {
		return nil, errors.New("shorter than its envelope")
	}
	iv, ct, mac := b[:ivSize], b[ivSize:len(b)-macSize], b[len(b)-macSize:]
	var once [32]byte
	var tag [16]byte
	copy(once[:16], k.r[:])
	k.mac.Encrypt(once[16:], iv)
	poly1305.Sum(&tag, ct, &once)
	if subtle.ConstantTimeCompare(tag[:], mac) != 1 {
		return nil, errMAC
	}
	cipher.NewCTR(k.cipher, iv).XORKeyStream(ct, ct)
	return ct, nil
}

// A keyFile is what lies in the folder keys, in JSON.
type keyFile struct {
	KDF  string `json:"kdf"`
	N    int    `json:"N"`
	R    int    `json:"r"`
	P    int    `json:"p"`
	Salt []byte `json:"salt"`
	Data []byte `json:"data"`
}

// A masterKey is what a key file holds under the user's password, in JSON.
type masterKey struct {
	MAC struct {
		K []byte `json:"k"`
		R []byte `json:"r"`
	} `json:"mac"`
	Encrypt []byte `json:"encrypt"`
}

// maxScrypt bounds the memory that a key file may ask for: 128*N*r bytes.
// restic itself asks for 32 MiB up to 256 MiB.
const maxScrypt = 1 << 30

// unlock returns the repository's key, and errMAC where the password is not that
// of the file.
func (f *keyFile) unlock(ctx context.Context, password string) (*key, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if f.KDF != "scrypt" {
		return nil, errors.New("a key file that does not use scrypt")
	}
	if f.N <= 1 || f.R <= 0 || f.P <= 0 || f.P > 64 || f.R > 1024 || int64(f.N) > maxScrypt/128/int64(f.R) {
		return nil, errors.New("a key file with parameters of scrypt out of range")
	}
	derived, err := scrypt.Key([]byte(password), f.Salt, f.N, f.R, f.P, 64)
	if err != nil {
		return nil, fmt.Errorf("derive the key: %w", err)
	}
	user, err := newKey(derived[:32], derived[32:48], derived[48:])
	if err != nil {
		return nil, err
	}
	plain, err := user.open(bytes.Clone(f.Data))
	if err != nil {
		return nil, err
	}
	var m masterKey
	if err := json.Unmarshal(plain, &m); err != nil {
		return nil, errors.New("the master key is not JSON")
	}
	return newKey(m.Encrypt, m.MAC.K, m.MAC.R)
}
