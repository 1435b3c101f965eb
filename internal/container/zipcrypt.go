package container

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1"
	"encoding/binary"
	stdhash "hash"
	"hash/crc32"
	"io"

	"github.com/spoor-scan/spoor/scanners"
)

// The encryption of WinZip ("AES Encryption Information: Encryption
// Specification AE-1 and AE-2").
const (
	zipAES       = 99
	zipAESRounds = 1000
	zipAESMAC    = 10
)

// decrypt returns the data of an encrypted member, and the entry as if it were
// not encrypted; false where no password fits.
func (z *zipReader) decrypt(e *zipEntry, data *io.SectionReader) (io.Reader, *zipEntry, bool) {
	plain := *e
	plain.flags &^= 1
	for _, p := range z.options.For(z.in) {
		var r io.Reader
		switch {
		case e.flags&(1<<6|1<<13) != 0: // PKWARE's strong encryption
			return nil, nil, false
		case e.method == zipAES:
			if r = e.openAES(p, data); r != nil {
				plain.method, plain.sumless = e.aesMethod, e.aesVersion == 2
			}
		default:
			if r = e.openTraditional(p, data); r != nil && !e.fits(r, p, data) {
				r = nil
			} else if r != nil {
				r = e.openTraditional(p, data)
			}
		}
		if r != nil {
			return r, &plain, true
		}
	}
	return nil, nil, false
}

// fits reads a stored member to its end, as one byte in the header fits one wrong
// password in 256. Of a compressed one the data themselves tell.
func (e *zipEntry) fits(r io.Reader, _ string, _ *io.SectionReader) bool {
	if e.method != 0 {
		return true
	}
	sum := crc32.NewIEEE()
	n, err := io.Copy(sum, io.LimitReader(r, maxProbe))
	return err == nil && (n >= maxProbe || sum.Sum32() == e.crc)
}

// zipKeys are the keys of traditional encryption (APPNOTE 6.1).
type zipKeys [3]uint32

func (k *zipKeys) update(c byte) {
	k[0] = k[0]>>8 ^ crc32.IEEETable[byte(k[0])^c]
	k[1] = (k[1]+k[0]&0xff)*134775813 + 1
	k[2] = k[2]>>8 ^ crc32.IEEETable[byte(k[2])^byte(k[1]>>24)]
}

func (k *zipKeys) decrypt(b []byte) {
	for i, c := range b {
		t := k[2] | 2
		c ^= byte(t * (t ^ 1) >> 8)
		k.update(c)
		b[i] = c
	}
}

type zipTraditional struct {
	keys zipKeys
	r    io.Reader
}

func (t *zipTraditional) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	t.keys.decrypt(p[:n])
	return n, err
}

func (e *zipEntry) openTraditional(password string, data *io.SectionReader) io.Reader {
	t := &zipTraditional{keys: zipKeys{0x12345678, 0x23456789, 0x34567890}, r: io.NewSectionReader(data, 0, data.Size())}
	for _, c := range []byte(password) {
		t.keys.update(c)
	}
	var head [12]byte
	if _, err := io.ReadFull(t, head[:]); err != nil {
		return nil
	}
	want := byte(e.crc >> 24)
	if e.descriptor() {
		want = byte(e.clock >> 8)
	}
	if head[11] != want {
		return nil
	}
	return t
}

// zipDecrypted reads in the counter mode of WinZip, whose counter has its lowest
// byte first, and checks the data at their end.
type zipDecrypted struct {
	r       io.Reader // all but the code
	mac     stdhash.Hash
	code    []byte
	block   cipher.Block
	counter [aes.BlockSize]byte
	pad     [aes.BlockSize]byte
	used    int
}

func (d *zipDecrypted) Read(p []byte) (int, error) {
	n, err := d.r.Read(p)
	d.mac.Write(p[:n])
	for i := range p[:n] {
		if d.used == len(d.pad) {
			for k := range d.counter[:8] {
				if d.counter[k]++; d.counter[k] != 0 {
					break
				}
			}
			d.block.Encrypt(d.pad[:], d.counter[:])
			d.used = 0
		}
		p[i] ^= d.pad[d.used]
		d.used++
	}
	if err == io.EOF && !bytes.Equal(d.mac.Sum(nil)[:zipAESMAC], d.code) {
		return n, &scanners.Gap{Reason: scanners.Corrupt, Detail: "zip: a member is not what its code says"}
	}
	return n, err
}

func (e *zipEntry) openAES(password string, data *io.SectionReader) io.Reader {
	keyLen := 8 + 8*int(e.aesStrength)
	salt := keyLen / 2
	if e.aesStrength < 1 || e.aesStrength > 3 || data.Size() < int64(salt+2+zipAESMAC) {
		return nil
	}
	head, code := make([]byte, salt+2), make([]byte, zipAESMAC)
	if n, _ := data.ReadAt(head, 0); n < len(head) {
		return nil
	}
	if n, _ := data.ReadAt(code, data.Size()-zipAESMAC); n < len(code) {
		return nil
	}
	keys, err := pbkdf2.Key(sha1.New, password, head[:salt], zipAESRounds, 2*keyLen+2)
	if err != nil || !bytes.Equal(keys[2*keyLen:], head[salt:]) {
		return nil
	}
	block, err := aes.NewCipher(keys[:keyLen])
	if err != nil {
		return nil
	}
	return &zipDecrypted{
		r:   io.NewSectionReader(data, int64(len(head)), data.Size()-int64(len(head)+zipAESMAC)),
		mac: hmac.New(sha1.New, keys[keyLen:2*keyLen]), code: code, block: block, used: aes.BlockSize,
	}
}

// aesExtra reads the extra field of WinZip's encryption.
func (e *zipEntry) aesExtra(f []byte) {
	if len(f) >= 7 && string(f[2:4]) == "AE" {
		e.aesVersion, e.aesStrength, e.aesMethod = binary.LittleEndian.Uint16(f), f[4], binary.LittleEndian.Uint16(f[5:])
	}
}
