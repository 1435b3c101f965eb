package document

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5"
	"crypto/rc4"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"hash"
	"io"
	"math/bits"
	"strings"
	"unicode/utf16"

	"github.com/spoor-scan/spoor/scanners"
)

// What follows implements [MS-OFFCRYPTO]; sections are its.

const (
	cryptMaxInfo = 1 << 20
	cryptMaxSpin = 2_000_000 // of the 10,000,000 that section 2.3.4.10 allows; programs take 100,000
	pptMaxSealed = 192 << 20 // bytes of an encrypted presentation that are decrypted
)

// passwords returns what is tried on an encrypted document: what is configured,
// and with what Office encrypts documents that are to be read by everyone.
func (o *ole) passwords() []string {
	return append(append([]string{}, o.opts.For(o.in)...), "VelvetSweatshop", "/01Hannes Ruescher/01", "")
}

// cryptText returns a password as it is hashed.
func cryptText(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

func le32(n uint32) []byte { return binary.LittleEndian.AppendUint32(nil, n) }

func sum(h func() hash.Hash, parts ...[]byte) []byte {
	s := h()
	for _, p := range parts {
		s.Write(p)
	}
	return s.Sum(nil)
}

// spin hashes a password many times (sections 2.3.4.7 and 2.3.4.11).
func (o *ole) spin(h func() hash.Hash, salt []byte, password string, times int) ([]byte, error) {
	s := h()
	s.Write(salt)
	s.Write(cryptText(password))
	v := s.Sum(nil)
	var n [4]byte
	for i := range times {
		if i&0xffff == 0 {
			if err := o.ctx.Err(); err != nil {
				return nil, err
			}
			if err := o.b.Charge(0); err != nil {
				return nil, err
			}
		}
		binary.LittleEndian.PutUint32(n[:], uint32(i))
		s.Reset()
		s.Write(n[:])
		s.Write(v)
		v = s.Sum(v[:0])
	}
	return v, nil
}

// encryptedPackage yields the document in an encrypted package of Office Open
// XML, which belongs to the same record.
func (o *ole) encryptedPackage(info, content *oleEntry) error {
	b, _, err := o.load(info, cryptMaxInfo)
	if err != nil {
		return err
	}
	r := o.f.open(content)
	var head [8]byte
	if n, _ := r.ReadAt(head[:], 0); n < len(head) || len(b) < 8 {
		return o.gap(scanners.Corrupt, "ole: the encrypted document is damaged")
	}
	size := int64(min(binary.LittleEndian.Uint64(head[:]), 1<<62))
	body := io.NewSectionReader(r, 8, max(0, r.size-8))
	var plain io.Reader
	switch major, minor := binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint16(b[2:]); {
	case major == 4 && minor == 4:
		plain, err = o.agile(b[8:], body)
	case minor == 2 && major >= 2 && major <= 4:
		plain, err = o.standard(b[4:], body)
	default:
		err = errCrypt
	}
	switch {
	case err == errCrypt:
		if err := o.gap(scanners.Encrypted, "ole: the document is encrypted in a way that is not read"); err != nil {
			return err
		}
		return nil
	case err != nil:
		return err
	case plain == nil:
		return o.gap(scanners.Encrypted, "ole: the document is encrypted")
	}
	o.told[info], o.told[content] = true, true
	if size > body.Size() {
		if err := o.gap(scanners.Corrupt, "ole: the encrypted document ends before its time"); err != nil {
			return err
		}
		size = body.Size()
	}
	if !o.yield(scanners.Item{Name: o.in.Name, Size: size, Body: o.b.Reader(o.ctx, io.LimitReader(plain, size))}, nil) {
		return errStop
	}
	return nil
}

var errCrypt = errors.New("ole: unknown encryption")

// cryptHash returns the hash of a name, nil where it is not known.
func cryptHash(name string) func() hash.Hash {
	switch strings.ReplaceAll(strings.ToUpper(name), "-", "") {
	case "SHA1":
		return sha1.New
	case "SHA256":
		return sha256.New
	case "SHA384":
		return sha512.New384
	case "SHA512":
		return sha512.New
	case "MD5":
		return md5.New
	}
	return nil
}

// agileKey are the parameters of a cipher in an agile description.
type agileKey struct {
	Spin     int    `xml:"spinCount,attr"`
	Block    int    `xml:"blockSize,attr"`
	Bits     int    `xml:"keyBits,attr"`
	HashSize int    `xml:"hashSize,attr"`
	Cipher   string `xml:"cipherAlgorithm,attr"`
	Chaining string `xml:"cipherChaining,attr"`
	Hash     string `xml:"hashAlgorithm,attr"`
	Salt     string `xml:"saltValue,attr"`
	Input    string `xml:"encryptedVerifierHashInput,attr"`
	Value    string `xml:"encryptedVerifierHashValue,attr"`
	Key      string `xml:"encryptedKeyValue,attr"`
}

func (k agileKey) known() bool {
	return k.Cipher == "AES" && k.Chaining == "ChainingModeCBC" && k.Block == aes.BlockSize && (k.Bits == 128 || k.Bits == 192 || k.Bits == 256) && cryptHash(k.Hash) != nil
}

// agile decrypts a package that is described in XML (section 2.3.4.10).
func (o *ole) agile(info []byte, body *io.SectionReader) (io.Reader, error) {
	var d struct {
		Data agileKey   `xml:"keyData"`
		Keys []agileKey `xml:"keyEncryptors>keyEncryptor>encryptedKey"`
	}
	if err := xml.Unmarshal(bytes.TrimRight(info, "\x00"), &d); err != nil || !d.Data.known() {
		return nil, errCrypt
	}
	unbase := func(s string) []byte { b, _ := base64.StdEncoding.DecodeString(strings.TrimSpace(s)); return b }
	dataSalt := unbase(d.Data.Salt)
	tried := false
	for _, k := range d.Keys[:min(len(d.Keys), 4)] {
		salt, input, value, key := unbase(k.Salt), unbase(k.Input), unbase(k.Value), unbase(k.Key)
		h := cryptHash(k.Hash)
		if !k.known() || k.Spin < 0 || k.Spin > cryptMaxSpin || len(key) < d.Data.Bits/8 {
			continue // a certificate
		}
		tried = true
		for _, password := range o.passwords() {
			v, err := o.spin(h, salt, password, k.Spin)
			if err != nil {
				return nil, err
			}
			open := func(block string, b []byte) []byte {
				return cbc(cryptFit(sum(h, v, []byte(block)), k.Bits/8), cryptFit(salt, aes.BlockSize), b)
			}
			in := open("\xfe\xa7\xd2\x76\x3b\x4b\x9e\x79", input)
			want := open("\xd7\xaa\x0f\x6d\x30\x61\x34\x4e", value)
			got := sum(h, in)
			if len(in) == 0 || len(want) < len(got) || !bytes.Equal(got, want[:len(got)]) {
				continue
			}
			secret := open("\x14\x6e\x0b\xe7\xab\xac\xd0\xd6", key)[:d.Data.Bits/8]
			c, err := aes.NewCipher(secret)
			if err != nil {
				return nil, errCrypt
			}
			hd := cryptHash(d.Data.Hash)
			return &segments{r: body, decrypt: func(n uint32, b []byte) {
				iv := cryptFit(sum(hd, dataSalt, le32(n)), aes.BlockSize)
				cipher.NewCBCDecrypter(c, iv).CryptBlocks(b, b)
			}}, nil
		}
	}
	if !tried {
		return nil, errCrypt
	}
	return nil, nil
}

// cryptFit returns n bytes of b, with 0x36 where it is short.
func cryptFit(b []byte, n int) []byte {
	out := bytes.Repeat([]byte{0x36}, n)
	copy(out, b)
	return out
}

// cbc returns b decrypted.
func cbc(key, iv, b []byte) []byte {
	c, err := aes.NewCipher(key)
	if err != nil {
		return nil
	}
	out := bytes.Clone(b[:len(b)/aes.BlockSize*aes.BlockSize])
	cipher.NewCBCDecrypter(c, iv).CryptBlocks(out, out)
	return out
}

// segments reads what is encrypted in pieces of 4096 bytes.
type segments struct {
	r       io.Reader
	decrypt func(n uint32, b []byte)
	n       uint32
	buf     [4096]byte
	out     []byte
	err     error
}

func (s *segments) Read(p []byte) (int, error) {
	if len(s.out) == 0 {
		if s.err != nil {
			return 0, s.err
		}
		var n int
		n, s.err = io.ReadFull(s.r, s.buf[:])
		if s.err == io.ErrUnexpectedEOF {
			s.err = io.EOF
		}
		s.out = s.buf[:n/aes.BlockSize*aes.BlockSize]
		s.decrypt(s.n, s.out)
		s.n++
		if len(s.out) == 0 && s.err == nil {
			s.err = io.EOF
		}
	}
	n := copy(p, s.out)
	s.out = s.out[n:]
	if n == 0 {
		return 0, s.err
	}
	return n, nil
}

// A cryptInfo is an EncryptionHeader with its EncryptionVerifier (sections
// 2.3.2 and 2.3.3).
type cryptInfo struct {
	alg, bits      uint32
	salt, verifier []byte
	hash           []byte
}

// readCryptInfo reads what follows the version.
func readCryptInfo(b []byte) (c cryptInfo, ok bool) {
	if len(b) < 8 {
		return c, false
	}
	n := int64(binary.LittleEndian.Uint32(b[4:]))
	if n < 32 || n > int64(len(b)-8) {
		return c, false
	}
	h, v := b[8:8+n], b[8+n:]
	c.alg, c.bits = binary.LittleEndian.Uint32(h[8:]), binary.LittleEndian.Uint32(h[16:])
	if len(v) < 40 || binary.LittleEndian.Uint32(v) != 16 {
		return c, false
	}
	c.salt, c.verifier, c.hash = v[4:20], v[20:36], v[40:]
	return c, true
}

// standard decrypts a package of AES in ECB mode (section 2.3.4.5).
func (o *ole) standard(info []byte, body *io.SectionReader) (io.Reader, error) {
	c, ok := readCryptInfo(info)
	if !ok || c.alg != 0x660e && c.alg != 0x660f && c.alg != 0x6610 || len(c.hash) < 32 {
		return nil, errCrypt
	}
	size := map[uint32]int{0x660e: 16, 0x660f: 24, 0x6610: 32}[c.alg]
	for _, password := range o.passwords() {
		v, err := o.spin(sha1.New, c.salt, password, 50000)
		if err != nil {
			return nil, err
		}
		v = sum(sha1.New, v, le32(0))
		var key []byte
		for _, pad := range []byte{0x36, 0x5c} {
			x := bytes.Repeat([]byte{pad}, 64)
			for i := range v {
				x[i] ^= v[i]
			}
			key = append(key, sum(sha1.New, x)...)
		}
		block, err := aes.NewCipher(key[:size])
		if err != nil {
			return nil, errCrypt
		}
		ecb := func(b []byte) {
			for ; len(b) >= aes.BlockSize; b = b[aes.BlockSize:] {
				block.Decrypt(b, b)
			}
		}
		verifier, want := bytes.Clone(c.verifier), bytes.Clone(c.hash[:32])
		ecb(verifier)
		ecb(want)
		if bytes.Equal(sum(sha1.New, verifier), want[:sha1.Size]) {
			return &segments{r: body, decrypt: func(_ uint32, b []byte) { ecb(b) }}, nil
		}
	}
	return nil, nil
}

// A blockKey returns the key of a block.
type blockKey func(block uint32) []byte

// rc4Key returns the keys of a document in RC4 (sections 2.3.5 and 2.3.6), nil
// where no password fits; b begins with the version.
func (o *ole) rc4Key(b []byte) (blockKey, error) {
	if len(b) < 4 {
		return nil, errCrypt
	}
	major, minor := binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint16(b[2:])
	fits := func(key []byte, verifier, want []byte, h func() hash.Hash) bool {
		c, err := rc4.NewCipher(key)
		if err != nil {
			return false
		}
		v, w := make([]byte, len(verifier)), make([]byte, len(want))
		c.XORKeyStream(v, verifier)
		c.XORKeyStream(w, want)
		return bytes.Equal(sum(h, v), w)
	}
	switch {
	case major == 1 && minor == 1 && len(b) >= 52:
		salt := b[4:20]
		for _, password := range o.passwords() {
			h := sum(md5.New, cryptText(password))[:5]
			h = sum(md5.New, bytes.Repeat(append(bytes.Clone(h), salt...), 16))[:5]
			key := func(n uint32) []byte { return sum(md5.New, h, le32(n)) }
			if fits(key(0), b[20:36], b[36:52], md5.New) {
				return key, nil
			}
		}
		return nil, nil
	case minor == 2 && major >= 2 && major <= 4:
		c, ok := readCryptInfo(b[4:])
		if !ok || c.alg != 0x6801 && c.alg != 0 || len(c.hash) < 20 {
			return nil, errCrypt
		}
		size := int(c.bits / 8)
		if size == 0 {
			size = 5
		}
		if size < 5 || size > 16 {
			return nil, errCrypt
		}
		for _, password := range o.passwords() {
			h := sum(sha1.New, c.salt, cryptText(password))
			key := func(n uint32) []byte {
				k := sum(sha1.New, h, le32(n))[:size]
				if size == 5 {
					k = append(k[:5:5], make([]byte, 11)...)
				}
				return k
			}
			if fits(key(0), c.verifier, c.hash[:20], sha1.New) {
				return key, nil
			}
		}
		return nil, nil
	}
	return nil, errCrypt
}

// decipher decrypts what stands at an offset of a stream whose key changes
// from block to block.
func (key blockKey) decipher(b []byte, at, block int64) {
	var skip [1024]byte
	for len(b) > 0 {
		c, err := rc4.NewCipher(key(uint32(at / block)))
		if err != nil {
			return
		}
		off := at % block
		n := min(int64(len(b)), block-off)
		c.XORKeyStream(skip[:off], skip[:off])
		c.XORKeyStream(b[:n], b[:n])
		b, at = b[n:], at+n
	}
}

// A sealed reads an encrypted stream; its first bytes may be plain.
type sealed struct {
	sizedAt
	key   blockKey
	plain int64
}

func (s *sealed) ReadAt(p []byte, off int64) (int, error) {
	n, err := s.sizedAt.ReadAt(p, off)
	b := p[:n]
	if off < s.plain {
		k := min(int64(n), s.plain-off)
		b, off = b[k:], off+k
	}
	s.key.decipher(b, off, 512)
	return n, err
}

// decrypt makes d read an encrypted document ([MS-DOC], section 2.2.6).
func (d *doc) decrypt(main, table *oleEntry, obfuscated bool) (bool, error) {
	n := d.u32(14)
	if obfuscated || d.old {
		return d.obfuscated(main, uint16(n), uint16(n>>16))
	}
	b, _, err := d.load(table, min(n, cryptMaxInfo))
	if err != nil {
		return false, err
	}
	key, err := d.rc4Key(b)
	if err == errCrypt {
		return false, nil
	}
	if key == nil {
		return false, err
	}
	if d.main != d.table {
		d.table = &sealed{d.table, key, n}
	}
	d.main = &sealed{d.main, key, 68}
	if _, err := d.main.ReadAt(d.fib, 0); err != nil && err != io.EOF {
		return false, err
	}
	if e := main.parent.stream("Data"); e != nil && e.length > 0 {
		d.told[e] = true
		r := &sealed{d.f.open(e), key, 0}
		return true, d.text(oleShown(e.name), "", io.NewSectionReader(r, 0, r.Size()))
	}
	return true, nil
}

// An obfuscated reads a stream of Word whose bytes are changed one by one, but
// for those that are zero or would be (section 2.3.7.4).
type obfuscated struct {
	sizedAt
	pad   [16]byte
	plain int64
}

func (s *obfuscated) ReadAt(p []byte, off int64) (int, error) {
	n, err := s.sizedAt.ReadAt(p, off)
	for i := range p[:n] {
		at := off + int64(i)
		if c := p[i] ^ s.pad[at%16]; at >= s.plain && p[i] != 0 && c != 0 {
			p[i] = c
		}
	}
	return n, err
}

func (d *doc) obfuscated(main *oleEntry, key, verifier uint16) (bool, error) {
	for _, password := range d.passwords() {
		p := []byte(password)
		if len(p) == 0 || len(p) > 15 || xorVerifier(p) != verifier {
			continue
		}
		pad, plain := xorArray(p, key, 7), int64(68)
		if d.old {
			plain = 52
		}
		same := d.main == d.table
		d.main = &obfuscated{d.main, pad, plain}
		if same {
			d.table = d.main
		} else {
			d.table = &obfuscated{d.table, pad, 0}
		}
		if _, err := d.main.ReadAt(d.fib, 0); err != nil && err != io.EOF {
			return false, err
		}
		if e := main.parent.stream("Data"); e != nil && e.length > 0 {
			d.told[e] = true
			r := &obfuscated{d.f.open(e), pad, 0}
			return true, d.text(oleShown(e.name), "", io.NewSectionReader(r, 0, r.Size()))
		}
		return true, nil
	}
	return false, nil
}

// filePass reads how the workbook is encrypted ([MS-XLS], section 2.4.117).
func (x *xls) filePass() error {
	d := x.data
	shut := func() error {
		if err := x.gap(scanners.Encrypted, "ole: the workbook is encrypted"); err != nil {
			return err
		}
		return errSealed
	}
	switch {
	case !x.eight && len(d) >= 4, len(d) >= 6 && x.u16(0) == 0:
		if len(d) > 4 {
			d = d[2:]
		}
		key, verifier := binary.LittleEndian.Uint16(d), binary.LittleEndian.Uint16(d[2:])
		for _, password := range x.passwords() {
			p := []byte(password)
			if len(p) == 0 || len(p) > 15 || xorVerifier(p) != verifier {
				continue
			}
			pad := xorArray(p, key, 2)
			x.decrypt = xlsDecrypt(func(b []byte, at, size int64) {
				end := at + size

				for i := range b {
					b[i] = bits.RotateLeft8(b[i], 3) ^ pad[(end+int64(i))%16]
				}
			})
			return nil
		}
		return shut()
	case len(d) < 6:
		return shut()
	}
	key, err := x.rc4Key(bytes.Clone(d[2:]))
	if err != nil && err != errCrypt {
		return err
	}
	if key == nil {
		return shut()
	}
	x.decrypt = xlsDecrypt(func(b []byte, at, _ int64) { key.decipher(b, at, 1024) })
	return nil
}

// errSealed ends a workbook that can't be decrypted.
var errSealed = errors.New("ole: encrypted")

// xlsDecrypt returns how records are decrypted: some are not, and of one the
// start is not.
func xlsDecrypt(f func(b []byte, at, size int64)) func(b []byte, at int64, kind uint16) {
	return func(b []byte, at int64, kind uint16) {
		size := int64(len(b))
		switch kind {
		case xlsBOF, xlsFilePass, 0x00e1, 0x0138, 0x0194, 0x0195, 0x0196:
			return
		case xlsSheet:
			if len(b) < 4 {
				return
			}
			b, at = b[4:], at+4
		}
		f(b, at, size)
	}
}

// xorVerifier returns the check of a password (section 2.3.7.1).
func xorVerifier(p []byte) (v uint16) {
	for i := len(p) - 1; i >= -1; i-- {
		c := byte(len(p))
		if i >= 0 {
			c = p[i]
		}
		v = v>>14&1 | v<<1&0x7fff
		v ^= uint16(c)
	}
	return v ^ 0xce4b
}

// xorArray returns the bytes that data are obfuscated with (section 2.3.7.2).
// The key is made of the password alone; the file holds it. Programs differ in
// how far they rotate: Excel 2, Word 7.
func xorArray(p []byte, key uint16, rotate int) (a [16]byte) {
	pad := []byte{0xbb, 0xff, 0xff, 0xba, 0xff, 0xff, 0xb9, 0x80, 0x00, 0xbe, 0x0f, 0x00, 0xbf, 0x0f, 0x00}
	copy(a[:], p)
	copy(a[len(p):], pad)
	for i := range a {
		a[i] = bits.RotateLeft8(a[i]^byte(key>>(8*(i&1))), rotate)
	}
	return a
}

// decryptPPT returns the stream of an encrypted presentation, nil where no
// password fits. Each object is encrypted on its own ([MS-PPT], section 2.3.7).
func (o *ole) decryptPPT(main, user *oleEntry) (io.ReaderAt, error) {
	b, short, err := o.load(main, pptMaxSealed)
	if err != nil || short {
		return nil, err
	}
	u32 := func(at int64) int64 {
		if at < 0 || at+4 > int64(len(b)) {
			return 0
		}
		return int64(binary.LittleEndian.Uint32(b[at:]))
	}
	var h [20]byte
	if n, _ := o.f.open(user).ReadAt(h[:], 0); n < len(h) {
		return nil, nil
	}
	places := map[int64]int64{} // objects by their number; the last edit comes first
	session := int64(0)
	seen := map[int64]bool{}
	for edit := int64(binary.LittleEndian.Uint32(h[16:])); edit > 0 && !seen[edit] && edit+40 <= int64(len(b)); edit = u32(edit + 16) {
		if err := o.ctx.Err(); err != nil {
			return nil, err
		}
		seen[edit] = true
		if session == 0 {
			session = u32(edit + 36)
		}
		dir := u32(edit + 20)
		end := min(dir+8+u32(dir+4), int64(len(b)))
		for at := dir + 8; at+4 <= end; {
			id, n := u32(at)&0xfffff, u32(at)>>20
			at += 4
			for i := int64(0); i < n && at+4 <= end; i++ {
				if _, ok := places[id+i]; !ok && len(places) < 1<<20 {
					places[id+i] = u32(at)
				}
				at += 4
			}
		}
	}
	at, ok := places[session]
	if !ok || at+8 > int64(len(b)) || binary.LittleEndian.Uint16(b[at+2:]) != pptEncryption {
		return nil, nil
	}
	key, err := o.rc4Key(b[at+8 : min(at+8+u32(at+4), int64(len(b)))])
	if err == errCrypt || key == nil {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	done := map[int64]bool{}
	total := int64(0)
	for id, at := range places {
		if id == session || done[at] || at+8 > int64(len(b)) {
			continue
		}
		done[at] = true
		c, err := rc4.NewCipher(key(uint32(id)))
		if err != nil {
			return nil, nil
		}
		c.XORKeyStream(b[at:at+8], b[at:at+8])
		n := min(u32(at+4), int64(len(b))-at-8)
		if total += n; total > 4*int64(len(b)) { // objects don't lie over each other
			return nil, nil
		}
		c.XORKeyStream(b[at+8:at+8+n], b[at+8:at+8+n])
	}
	return bytes.NewReader(b), nil
}
