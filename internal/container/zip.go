package container

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
	"strings"
	"time"

	"golang.org/x/text/encoding/charmap"

	"github.com/spoor-scan/spoor/internal/inflate"
	"github.com/spoor-scan/spoor/scanners"
)

// The format is that of APPNOTE.TXT 6.3.10. archive/zip is not used, because it
// holds the whole directory in memory, refuses archives for one odd entry, and
// doesn't see what lies between the entries.

const (
	zipLocal      = "PK\x03\x04"
	zipCentral    = "PK\x01\x02"
	zipEnd        = "PK\x05\x06"
	zipEnd64      = "PK\x06\x06"
	zipLocator    = "PK\x06\x07"
	zipData       = "PK\x07\x08" // data descriptor; also the marker of a split archive
	zipLocalLen   = 30
	zipCentralLen = 46
	zipEndLen     = 22
	zipEnd64Len   = 56
	zipLocLen     = 20

	// maxArchives is how many archives in one file are read by their directories.
	maxArchives = 1000
)

func zipDecoder(w *windows, opts Options) Decoder {
	return Decoder{
		Name:  "zip",
		Match: matchZip,
		Decode: func(ctx context.Context, in scanners.Item, b *Budget) iter.Seq2[scanners.Item, error] {
			return sequence(func(o output) {
				z := &zipReader{ctx: ctx, windows: w, options: opts, b: b, out: o, in: in, names: names{depth: b.depth}}
				z.run()
			})
		},
	}
}

// matchZip takes what starts as a zip does. An archive with something before it
// is known by its name only.
func matchZip(head []byte, name string) bool {
	if len(head) >= 4 {
		switch string(head[:4]) {
		case zipLocal, zipEnd:
			return true
		case zipData, "PK00":
			return bytes.Contains(head, []byte(zipLocal))
		}
	}
	if len(head) < zipEndLen {
		return false
	}
	if len(name) > 4 {
		switch strings.ToLower(name[len(name)-4:]) {
		case ".zip", ".jar":
			return true
		case ".exe", ".run", ".sfx", ".bin":
			return string(head[:2]) == "MZ" || string(head[:4]) == "\x7fELF"
		}
	}
	return false
}

// A zipEntry is one entry, from the central directory or a local header.
type zipEntry struct {
	name, comment string
	unicode       string // name in the extra field of Info-ZIP, where it differs
	flags, method uint16
	crc           uint32
	stored, size  int64
	offset        int64 // of the local header
	time          time.Time
	clock         uint16 // of the day, as it is stored

	aesVersion, aesMethod uint16
	aesStrength           byte
	sumless               bool // the checksum isn't given
}

func (e *zipEntry) encrypted() bool  { return e.flags&(1|1<<6|1<<13) != 0 || e.method == 99 }
func (e *zipEntry) descriptor() bool { return e.flags&8 != 0 }

// folder reports whether the entry is a folder and nothing else: a deflated
// empty one takes two bytes.
func (e *zipEntry) folder() bool {
	return strings.HasSuffix(e.name, "/") && e.size == 0 && e.stored <= 2
}

// extra reads the fields of an extra block that matter (APPNOTE 4.5, 4.6).
func (e *zipEntry) extra(b []byte, rawName []byte, local bool) {
	for len(b) >= 4 {
		tag, n := binary.LittleEndian.Uint16(b), int(binary.LittleEndian.Uint16(b[2:]))
		if b = b[4:]; n > len(b) {
			return
		}
		f := b[:n]
		b = b[n:]
		switch tag {
		case 0x0001: // zip64
			next := func(v *int64) {
				if *v == 0xffffffff && len(f) >= 8 {
					*v = int64(binary.LittleEndian.Uint64(f))
					f = f[8:]
				}
			}
			next(&e.size)
			next(&e.stored)
			if !local {
				next(&e.offset)
			}
		case 0x9901:
			e.aesExtra(f)
		case 0x5455: // extended timestamp
			if len(f) >= 5 && f[0]&1 != 0 {
				e.time = time.Unix(int64(int32(binary.LittleEndian.Uint32(f[1:]))), 0).UTC()
			}
		case 0x7075: // Info-ZIP Unicode path
			if len(f) > 5 && f[0] == 1 && binary.LittleEndian.Uint32(f[1:]) == crc32.ChecksumIEEE(rawName) && string(f[5:]) != e.name {
				e.unicode = string(f[5:])
			}
		}
	}
}

// dosTime converts a time that has no zone; it is taken to be UTC.
func dosTime(date, clock uint16) time.Time {
	if date == 0 {
		return time.Time{}
	}
	return time.Date(int(date>>9)+1980, time.Month(date>>5&15), int(date&31), int(clock>>11), int(clock>>5&63), int(clock&31)*2, 0, time.UTC)
}

// fixed reads the fields that central and local headers share, from the
// position of "version needed to extract" on.
func (e *zipEntry) fixed(b []byte) (name, extra int) {
	le := binary.LittleEndian
	e.flags, e.method = le.Uint16(b[2:]), le.Uint16(b[4:])
	e.time = dosTime(le.Uint16(b[8:]), le.Uint16(b[6:]))
	e.clock = le.Uint16(b[6:])
	e.crc = le.Uint32(b[10:])
	e.stored, e.size = int64(le.Uint32(b[14:])), int64(le.Uint32(b[18:]))
	return int(le.Uint16(b[22:])), int(le.Uint16(b[24:]))
}

type zipReader struct {
	ctx context.Context
	b   *Budget
	out output
	in  scanners.Item

	windows *windows
	options Options
	at      io.ReaderAt
	names   names
	near    near
	deflate deflateStream
	// stored is how many bytes the entries seen so far take, and overlaps how
	// many there are beyond what the archive can hold.
	stored   int64
	overlaps int64
}

func (z *zipReader) gap(reason scanners.Reason, detail string, units int64) bool {
	return z.out.err(&scanners.Gap{Reason: reason, Detail: "zip: " + detail, Units: units})
}

func (z *zipReader) run() {
	src := &input{ctx: z.ctx, r: z.in.Body}
	var body io.Reader = src
	if _, ok := readerAt(z.in.Body); ok {
		body = z.in.Body
	}
	sp, err := z.b.Spool(z.ctx, body) // what was spooled before an error counts
	//lint:ignore SA5001 Spool returns a valid, partial spool beside its error
	defer sp.Close()
	whole := io.NewSectionReader(sp, 0, sp.Size())
	if err != nil {
		// Without random access it is read from its start, as far as possible.
		if src.err != nil || z.out.err(err) {
			z.salvage(io.MultiReader(whole, src), 0)
		}
		return
	}
	z.at = sp
	z.near.at = sp

	end := sp.Size()
	for range maxArchives {
		if end == 0 {
			return
		}
		a, ok := z.findEnd(end)
		if !ok {
			break
		}
		if a.end < end && !z.out.item(raw(io.NewSectionReader(sp, a.end, end-a.end), a.end)) {
			return
		}
		if !z.archive(a) {
			return
		}
		// Another archive, or a program that unpacks this one, may come before.
		end = a.base
	}
	head := make([]byte, 4)
	n, _ := sp.ReadAt(head, 0)
	if !matchZip(head[:n], "") && string(head[:n]) != zipData && string(head[:n]) != "PK00" {
		z.out.item(raw(io.NewSectionReader(sp, 0, end), 0))
		return
	}
	if z.gap(scanners.Corrupt, "has no directory; read from its start", 0) {
		z.salvage(io.NewSectionReader(sp, 0, end), 0)
	}
}

// zipArchive is what the end of an archive tells.
type zipArchive struct {
	base      int64 // where it starts
	directory int64 // where its directory starts, in the file
	length    int64 // of the directory, at most
	entries   int64
	split     bool
	comment   string
	end       int64
}

// findEnd looks for the end record of an archive that ends at end or up to
// 64 KiB before, and whose directory is where the record says.
func (z *zipReader) findEnd(end int64) (a zipArchive, ok bool) {
	start := max(0, end-(zipEndLen+64<<10+1<<10))
	tail := make([]byte, end-start)
	if n, _ := z.at.ReadAt(tail, start); n < len(tail) {
		return a, false
	}
	for i := len(tail); ; {
		if i = bytes.LastIndex(tail[:i], []byte(zipEnd)); i < 0 {
			return a, false
		}
		if a, ok = z.endAt(tail[i:], start+int64(i)); ok {
			return a, true
		}
	}
}

func (z *zipReader) endAt(b []byte, pos int64) (a zipArchive, ok bool) {
	le := binary.LittleEndian
	if len(b) < zipEndLen {
		return a, false
	}
	n := int(le.Uint16(b[20:]))
	n = min(n, len(b)-zipEndLen) // a comment may have been cut
	a.comment = string(b[zipEndLen : zipEndLen+n])
	a.end = pos + int64(zipEndLen+n)
	disk, first := le.Uint16(b[4:]), le.Uint16(b[6:])
	a.split = disk != 0 && disk != 0xffff || first != 0 && first != 0xffff
	a.entries = int64(le.Uint16(b[10:]))
	a.length = int64(le.Uint32(b[12:]))
	off := int64(le.Uint32(b[16:]))
	if a.entries == 0xffff || a.length == 0xffffffff || off == 0xffffffff {
		if p, ok := z.end64(pos); ok {
			var e [zipEnd64Len]byte
			_, _ = z.at.ReadAt(e[:], p)
			a.split = a.split || le.Uint32(e[16:]) != 0
			a.entries, a.length, off = int64(le.Uint64(e[32:])), int64(le.Uint64(e[40:])), int64(le.Uint64(e[48:]))
			pos = p
		}
	}
	if a.length < 0 || off < 0 || a.entries < 0 || a.length > pos {
		return a, false
	}
	// The directory ends where the end record starts; what is missing before it
	// was put before the archive. Some writers count it in.
	length := a.length
	for _, base := range []int64{pos - length - off, 0} {
		a.base, a.directory, a.length = base, base+off, pos-base-off
		if base < 0 || a.length < 0 {
			continue
		}
		if length == 0 && a.entries == 0 || z.isDirectory(a) {
			return a, true
		}
	}
	// The directory of a split archive lies in another file.
	if a.split {
		a.base, a.directory, a.length = 0, pos, 0
		return a, true
	}
	return a, false
}

// isDirectory reports whether a directory is where a says, and leads to a local
// header.
func (z *zipReader) isDirectory(a zipArchive) bool {
	h, ok := z.near.read(a.directory, zipCentralLen)
	if !ok || string(h[:4]) != zipCentral {
		return false
	}
	off := int64(binary.LittleEndian.Uint32(h[42:]))
	if off == 0xffffffff || a.split {
		return true
	}
	l, ok := z.near.read(a.base+off, 4)
	return ok && string(l) == zipLocal
}

// end64 returns where the zip64 end record is that belongs to the end record at
// pos.
func (z *zipReader) end64(pos int64) (int64, bool) {
	var l [zipLocLen]byte
	if pos < zipLocLen {
		return 0, false
	}
	if n, _ := z.at.ReadAt(l[:], pos-zipLocLen); n < len(l) || string(l[:4]) != zipLocator {
		return 0, false
	}
	for _, p := range []int64{int64(binary.LittleEndian.Uint64(l[8:])), pos - zipLocLen - zipEnd64Len} {
		var sig [4]byte
		if p < 0 || p > pos-zipLocLen-zipEnd64Len {
			continue
		}
		if n, _ := z.at.ReadAt(sig[:], p); n == 4 && string(sig[:]) == zipEnd64 {
			return p, true
		}
	}
	return 0, false
}

// archive yields what is in one archive.
func (z *zipReader) archive(a zipArchive) bool {
	if a.split {
		if !z.gap(scanners.Unsupported, "one part of an archive that was split", 0) {
			return false
		}
	}
	if a.comment != "" {
		f := field("comment", a.comment, charmap.CodePage850)
		it := scanners.Item{Size: int64(len(f.Value)), Body: strings.NewReader(f.Value), Text: true, Field: "comment"}
		if !z.out.item(it) {
			return false
		}
	}
	z.stored, z.overlaps = 0, 0
	room := a.directory - a.base
	dir := bufio.NewReaderSize(io.NewSectionReader(z.at, a.directory, a.length), 16<<10)
	var buf []byte
	next, last := a.base, int64(-1) // the end of what was seen so far, and its last header
	ordered := true
	broken := false
	var done int64
	for ; ; done++ {
		var h [zipCentralLen]byte
		n, err := io.ReadFull(dir, h[:])
		if n == 0 && err == io.EOF {
			broken = done < a.entries && !a.split
			break
		}
		if err != nil || string(h[:4]) != zipCentral {
			// The count has 16 bits, and writers let it run over; there may be a
			// digital signature behind the entries.
			broken = done < a.entries
			break
		}
		var e zipEntry
		nameLen, extraLen := e.fixed(h[6:])
		le := binary.LittleEndian
		commentLen := int(le.Uint16(h[32:]))
		e.offset = int64(le.Uint32(h[42:]))
		if n := nameLen + extraLen + commentLen; cap(buf) < n {
			buf = make([]byte, n)
		}
		buf = buf[:nameLen+extraLen+commentLen]
		if _, err := io.ReadFull(dir, buf); err != nil {
			broken = true
			break
		}
		e.name = string(buf[:nameLen])
		e.comment = string(buf[nameLen+extraLen:])
		e.extra(buf[nameLen:nameLen+extraLen], buf[:nameLen], false)

		if err := z.b.Member(); err != nil {
			var g *scanners.Gap
			if errors.As(err, &g) {
				g.Units = max(a.entries-done, 1)
			}
			z.out.err(err)
			return false
		}
		data, localName, ok := z.local(&e, a.base)
		reason, detail := scanners.Corrupt, "no member where the directory says"
		if a.split && localName != e.name {
			ok, reason, detail = false, scanners.Unsupported, "a member in another part of a split archive"
		}
		if !ok {
			if !e.folder() && !z.unread(&e, reason, detail) {
				return false
			}
			continue
		}
		if e.offset < last {
			ordered = false
		}
		z.stored += data - e.offset + e.stored
		if ordered && e.offset < next && last >= 0 || e.offset == last || z.stored > room {
			// Such archives are made to expand one piece of data again and again.
			z.overlaps++
			if !z.nameOnly(&e) {
				return false
			}
			continue
		}
		if ordered && e.offset > next && !z.loose(next, e.offset) {
			return false
		}
		last, next = e.offset, data+e.stored
		if e.descriptor() && ordered {
			next += z.descriptor(next, a.directory, e.crc)
		}
		if e.folder() {
			continue
		}
		if !z.member(&e, localName, data) {
			return false
		}
	}
	if z.overlaps > 0 && !z.gap(scanners.Bomb, "members overlap", z.overlaps) {
		return false
	}
	if broken && !z.gap(scanners.Corrupt, "the directory is damaged", 0) {
		return false
	}
	if ordered && next < a.directory {
		return z.loose(next, a.directory)
	}
	return true
}

// local reads the local header of an entry, makes its offset one in the file,
// and returns where its data start and the name that it has there.
func (z *zipReader) local(e *zipEntry, base int64) (data int64, name string, ok bool) {
	e.offset += base
	h, ok := z.near.read(e.offset, zipLocalLen)
	if !ok || string(h[:4]) != zipLocal {
		return 0, "", false
	}
	n, m := int(binary.LittleEndian.Uint16(h[26:])), int(binary.LittleEndian.Uint16(h[28:]))
	data = e.offset + int64(zipLocalLen+n+m)
	if b, ok := z.near.read(e.offset+zipLocalLen, n); ok {
		name = string(b)
	}
	return data, name, e.stored >= 0 && data+e.stored >= data && data+e.stored <= z.size()
}

func (z *zipReader) size() int64 { return z.at.(*Spool).Size() }

// descriptor returns the length of the data descriptor at off (APPNOTE 4.3.9).
func (z *zipReader) descriptor(off, end int64, crc uint32) int64 {
	b, ok := z.near.read(off, int(min(24, end-off)))
	if !ok {
		return 0
	}
	return int64(descriptorLen(b, crc))
}

// descriptorLen returns the length of the data descriptor that b starts with: it
// may have a signature, and 32 or 64 bits for each size. What follows it is
// another record, or nothing.
func descriptorLen(b []byte, crc uint32) int {
	n := 0
	if len(b) >= 4 && string(b[:4]) == zipData {
		n = 4
	}
	if len(b) < n+12 || n == 0 && binary.LittleEndian.Uint32(b) != crc {
		return n
	}
	for _, m := range []int{n + 12, n + 20} {
		if len(b) == m || len(b) >= m+2 && string(b[m:m+2]) == "PK" {
			return m
		}
	}
	return n + 12
}

// item returns what is known of a member.
func (z *zipReader) item(e *zipEntry) scanners.Item {
	it := scanners.Item{Step: z.names.step(e.name), Name: lastName(e.name), Size: e.size, Time: e.time}
	it.Fields = append(it.Fields, pathField(e.name, charmap.CodePage850))
	if e.unicode != "" {
		it.Fields = append(it.Fields, pathField(e.unicode, charmap.CodePage850))
	}
	if e.comment != "" {
		it.Fields = append(it.Fields, field("comment", e.comment, charmap.CodePage850))
	}
	return it
}

// nameOnly yields the name and comment of a member that isn't read, as text of
// the archive.
func (z *zipReader) nameOnly(e *zipEntry) bool {
	return z.names1(z.item(e))
}

func (z *zipReader) names1(it scanners.Item) bool {
	for _, f := range it.Fields {
		if !z.out.item(scanners.Item{Size: int64(len(f.Value)), Body: strings.NewReader(f.Value), Text: true, Field: f.Name}) {
			return false
		}
	}
	return true
}

// unread yields that a member can't be read, and its name.
func (z *zipReader) unread(e *zipEntry, reason scanners.Reason, detail string) bool {
	it := z.item(e)
	g := &scanners.Gap{URI: memberURI(z.in, it.Step), Reason: reason, Detail: "zip: " + detail, Units: 1, Bytes: 0}
	return z.names1(it) && z.out.err(g)
}

// refused returns why a member can't be read, "" if it can.
func (e *zipEntry) refused() (scanners.Reason, string) {
	if e.encrypted() {
		return scanners.Encrypted, "a member is encrypted"
	}
	switch e.method {
	case 0, 8, 9, 12, 14, 20, 93, 95:
		return "", ""
	}
	return scanners.Unsupported, fmt.Sprintf("a member is compressed with method %d", e.method)
}

// member yields a member whose data start at off.
func (z *zipReader) member(e *zipEntry, localName string, off int64) bool {
	data := io.NewSectionReader(z.at, off, e.stored)
	var plain io.Reader
	if e.encrypted() {
		if r, open, ok := z.decrypt(e, data); ok {
			plain, e = r, open
		}
	}
	if reason, detail := e.refused(); reason != "" {
		return z.unread(e, reason, detail)
	}
	it := z.item(e)
	if localName != "" && localName != e.name {
		it.Fields = append(it.Fields, pathField(localName, charmap.CodePage850))
	}
	if plain != nil {
		src := &input{ctx: z.ctx, r: plain}
		if e.method == 0 {
			it.Body = z.b.Reader(z.ctx, &checked{in: src, r: src, e: e})
			return z.out.item(it)
		}
		return z.compressed(it, e, src, true)
	}
	if e.method == 0 {
		it.Body = z.b.Reader(z.ctx, storedAt{&checked{in: nil, r: data, e: e}, data})
		return z.out.item(it)
	}
	src := &input{ctx: z.ctx, r: &nearReader{&z.near, off, off + e.stored}}
	return z.compressed(it, e, src, true)
}

// compressed yields a member that src is the compressed data of. It ends where
// the data do, or else src does.
func (z *zipReader) compressed(it scanners.Item, e *zipEntry, src *input, sized bool) bool {
	var s stream
	switch e.method {
	case 8:
		s = &z.deflate
	case 12:
		s = new(bzip2Stream)
	case 9:
		s = new(deflate64Stream)
	case 14:
		s = zipLzma(e)
	case 20, 93:
		s = new(zstdStream)
	default:
		s = new(xzStream)
	}
	free, err := z.windows.room(z.ctx, z.b, s, src)
	defer free()
	if err == nil {
		err = s.open(src)
	}
	var r io.Reader = moving{z.windows, s}
	if err != nil {
		r = failing{err}
	}
	c := &checked{in: src, r: r, e: e, sizeless: !sized}
	l := &later{ctx: z.ctx, r: c}
	it.Body = z.b.Reader(z.ctx, l)
	defer l.close()
	return z.out.item(it)
}

// moving is a stream that tells that it is being read.
type moving struct {
	w *windows
	s stream
}

func (m moving) Read(p []byte) (int, error) {
	m.w.moves.Add(1)
	return m.s.Read(p)
}

// deflateStream reads the data of a member (RFC 1951).
type deflateStream struct {
	br *bufio.Reader
	z  *inflate.Reader
}

func (s *deflateStream) open(in *input) error {
	if s.z == nil {
		s.br = bufio.NewReaderSize(in, 16<<10)
		s.z = new(inflate.Reader)
	} else {
		s.br.Reset(in)
	}
	s.z.Reset(s.br)
	return nil
}

func (s *deflateStream) Read(p []byte) (int, error)   { return s.z.Read(p) }
func (s *deflateStream) rest(bool) (io.Reader, int64) { return s.br, 0 }
func (s *deflateStream) release()                     { s.br.Reset(nil) }

// checked reads a member's content and checks it against its entry.
type checked struct {
	in       *input // nil: stored
	r        io.Reader
	e        *zipEntry
	sizeless bool // neither size nor checksum are known
	n        int64
	crc      uint32
	err      error
}

func (c *checked) Read(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.r.Read(p)
	c.n += int64(n)
	if !c.sizeless {
		c.crc = crc32.Update(c.crc, crc32.IEEETable, p[:n])
	}
	switch {
	case err == nil:
		return n, nil
	case err == io.EOF:
		c.err = io.EOF
		if !c.sizeless && (c.n != c.e.size || c.crc != c.e.crc && !c.e.sumless) {
			c.err = &scanners.Gap{Reason: scanners.Corrupt, Detail: "zip: a member is not what its checksum says"}
		}
	case c.in == nil:
		c.err = err
	case c.in.err != nil:
		c.err = c.in.err
	default:
		var g *scanners.Gap
		if !errors.As(err, &g) {
			g = decodeGap("zip", err)
		}
		c.err = g
	}
	return n, c.err
}

// storedAt is a member that is not compressed, with random access. ReadAt does
// not check anything.
type storedAt struct {
	io.Reader
	at *io.SectionReader
}

func (s storedAt) ReadAt(p []byte, off int64) (int, error) { return s.at.ReadAt(p, off) }
func (s storedAt) Size() int64                             { return s.at.Size() }

// loose handles what the directory doesn't know of: members that were deleted
// from it or hidden, padding, signatures.
func (z *zipReader) loose(from, to int64) bool {
	var sig [4]byte
	r := io.NewSectionReader(z.at, from, to-from)
	if n, _ := r.ReadAt(sig[:], 0); n == 4 && matchZip(sig[:], "") || string(sig[:]) == zipData {
		return z.salvage(r, from)
	}
	return z.out.item(raw(r, from))
}

// salvage reads an archive, or a piece of one that starts at base, by its local
// headers. What lies between members is yielded as it is.
func (z *zipReader) salvage(r io.Reader, base int64) bool {
	src := &input{ctx: z.ctx, r: r}
	br := bufio.NewReaderSize(src, 64<<10)
	offset := func() int64 { return base + src.n - int64(br.Buffered()) }
	for {
		sig, _ := br.Peek(4)
		if len(sig) == 0 {
			if src.err != nil {
				return z.out.err(src.err)
			}
			return true
		}
		if string(sig) == zipLocal {
			ok, goOn := z.streamed(br, src)
			if !goOn {
				return false
			}
			if ok {
				continue
			}
		}
		u := &until{br: br, signatures: []string{zipLocal}, skip: 1}
		if !z.out.item(raw(u, offset())) {
			return false
		}
		_, _ = io.Copy(io.Discard, u)
	}
}

// streamed yields the member whose local header br is at. It reports whether
// there was one, and whether to go on.
func (z *zipReader) streamed(br *bufio.Reader, src *input) (ok, goOn bool) {
	h, _ := br.Peek(zipLocalLen)
	if len(h) < zipLocalLen {
		return false, true
	}
	var e zipEntry
	nameLen, extraLen := e.fixed(h[4:])
	h, _ = br.Peek(min(zipLocalLen+nameLen+extraLen, br.Size()))
	if len(h) < zipLocalLen+nameLen {
		return false, true
	}
	name := h[zipLocalLen : zipLocalLen+nameLen]
	e.name = string(name)
	e.extra(h[zipLocalLen+nameLen:min(len(h), zipLocalLen+nameLen+extraLen)], name, true)
	if e.stored < 0 || e.size < 0 {
		return false, true
	}
	if err := z.b.Member(); err != nil {
		z.out.err(err)
		return true, false
	}
	if _, err := br.Discard(zipLocalLen + nameLen + extraLen); err != nil {
		return true, z.unread(&e, scanners.Corrupt, "cut off within a header")
	}
	unknown := e.descriptor() && e.stored == 0
	reason, detail := e.refused()
	if unknown && reason == "" && e.method != 0 && e.method != 8 {
		reason, detail = scanners.Unsupported, "the length of a member isn't known"
	}
	if reason != "" {
		// The data of unknown length are passed over with what is no member.
		return true, z.unread(&e, reason, detail) && z.pass(br, &e, unknown)
	}
	if e.folder() {
		return true, z.pass(br, &e, unknown)
	}
	it := z.item(&e)
	if unknown {
		it.Size = -1
	}
	var drain io.Reader
	switch {
	case unknown && e.method == 0:
		drain = &until{br: br, signatures: []string{zipData, zipLocal, zipCentral}}
		it.Body = z.b.Reader(z.ctx, drain)
		goOn = z.out.item(it)
	case unknown:
		// The decompressor reads no more than it needs.
		fl := new(inflate.Reader)
		fl.Reset(br)
		c := &checked{in: src, r: fl, e: &e, sizeless: true}
		drain = z.b.Reader(z.ctx, c)
		l := &later{ctx: z.ctx, r: c}
		it.Body = z.b.Reader(z.ctx, l)
		goOn = z.out.item(it)
		l.close()
	case e.method == 0:
		drain = &exactly{br, e.stored}
		it.Body = z.b.Reader(z.ctx, &checked{in: src, r: drain, e: &e, sizeless: e.descriptor()})
		goOn = z.out.item(it)
	default:
		drain = &exactly{br, e.stored}
		goOn = z.compressed(it, &e, &input{ctx: z.ctx, r: drain}, !e.descriptor())
	}
	if !goOn {
		return true, false
	}
	_, _ = io.Copy(io.Discard, drain)
	if e.descriptor() {
		b, _ := br.Peek(28)
		_, _ = br.Discard(descriptorLen(b, e.crc))
	}
	return true, true
}

// pass leaves out the data of a member.
func (z *zipReader) pass(br *bufio.Reader, e *zipEntry, unknown bool) bool {
	if !unknown {
		_, _ = io.Copy(io.Discard, &exactly{br, e.stored})
	}
	if e.descriptor() {
		b, _ := br.Peek(28)
		_, _ = br.Discard(descriptorLen(b, e.crc))
	}
	return true
}

// exactly reads n bytes of br; that there are fewer is an error.
type exactly struct {
	br *bufio.Reader
	n  int64
}

func (x *exactly) Read(p []byte) (int, error) {
	if x.n == 0 {
		return 0, io.EOF
	}
	n, err := x.br.Read(p[:min(int64(len(p)), x.n)])
	x.n -= int64(n)
	if err == io.EOF && x.n > 0 {
		err = &scanners.Gap{Reason: scanners.Corrupt, Detail: "zip: cut off within a member", Err: io.ErrUnexpectedEOF}
	}
	return n, err
}

// until reads up to the first of some signatures of 4 bytes, behind the first
// skip bytes.
type until struct {
	br         *bufio.Reader
	signatures []string
	skip       int
	n          int // bytes that come before
}

func (u *until) Read(p []byte) (int, error) {
	if u.n == 0 {
		w, err := u.br.Peek(u.br.Size())
		u.n = len(w)
		if err == nil {
			u.n -= 3 // a signature may go on behind them
		} else if len(w) == 0 {
			return 0, err
		}
		for _, s := range u.signatures {
			if u.skip >= len(w) {
				break
			}
			if i := bytes.Index(w[u.skip:], []byte(s)); i >= 0 && u.skip+i < u.n {
				u.n = u.skip + i
			}
		}
		if u.n == 0 {
			return 0, io.EOF
		}
		u.skip = 0
	}
	n, err := u.br.Read(p[:min(len(p), u.n)])
	u.n -= n
	return n, err
}

// near reads small pieces that lie near each other.
type near struct {
	at  io.ReaderAt
	off int64
	buf []byte
}

const nearLen = 32 << 10

// read returns n bytes at off, valid until the next call, and whether they are
// there.
func (r *near) read(off int64, n int) ([]byte, bool) {
	if off < 0 || n < 0 {
		return nil, false
	}
	if off < r.off || off+int64(n) > r.off+int64(len(r.buf)) {
		if want := max(nearLen, n); cap(r.buf) < want {
			r.buf = make([]byte, want)
		}
		r.buf = r.buf[:cap(r.buf)]
		m, _ := r.at.ReadAt(r.buf, off)
		r.off, r.buf = off, r.buf[:m]
	}
	i := off - r.off
	if i+int64(n) > int64(len(r.buf)) {
		return nil, false
	}
	return r.buf[i : i+int64(n)], true
}

// nearReader reads through a near from off to end.
type nearReader struct {
	near     *near
	off, end int64
}

func (r *nearReader) Read(p []byte) (int, error) {
	if r.off >= r.end {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), r.end-r.off, nearLen))
	b, ok := r.near.read(r.off, n)
	if !ok {
		// Not in the file, or an error: let it be told by a read of its own.
		m, err := r.near.at.ReadAt(p[:n], r.off)
		r.off += int64(m)
		if err == nil && m == 0 || err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return m, err
	}
	r.off += int64(copy(p, b))
	return n, nil
}
