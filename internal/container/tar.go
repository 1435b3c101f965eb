package container

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/encoding/charmap"

	"github.com/spoor-scan/spoor/scanners"
)

// The format is that of POSIX.1-2017, pax, "ustar Interchange Format" and "pax
// Interchange Format", and of the GNU tar manual, "Basic Tar Format" and
// "Storing Sparse Files". archive/tar is not used, because it can't go on behind
// a damaged header, and refuses whole archives for one odd record.

const (
	tarBlock = 512
	// maxMeta is the longest extended header that is understood, in bytes.
	maxMeta = 1 << 20
	// maxSparse is how many pieces of a sparse file are understood.
	maxSparse = 1 << 17
	// holeKept is what is left of a hole in a sparse file that is nearly all
	// holes.
	holeKept = 64 << 10
)

func tarDecoder() Decoder {
	return Decoder{
		Name:  "tar",
		Match: matchTar,
		Decode: func(ctx context.Context, in scanners.Item, b *Budget) iter.Seq2[scanners.Item, error] {
			return sequence(func(o output) {
				src := &input{ctx: ctx, r: in.Body}
				t := &tarReader{ctx: ctx, b: b, out: o, in: in, src: src, br: bufio.NewReaderSize(src, 32<<10), names: names{depth: b.depth}}
				t.at, _ = readerAt(in.Body)
				t.run()
			})
		},
	}
}

// matchTar takes an archive whose first header is sound, or one that has the
// magic, whatever has become of the rest of that header.
func matchTar(head []byte, _ string) bool {
	if len(head) < tarBlock {
		return false
	}
	if _, ok := parseTar(head[:tarBlock]); ok {
		return true
	}
	m := string(head[257:265])
	return m == "ustar\x0000" || m == "ustar  \x00"
}

// A tarHeader is one header block.
type tarHeader struct {
	name, link   string
	owner, group string
	size         int64
	time         time.Time
	kind         byte
	gnu          bool
	block        []byte // valid until the next is read
}

// parseTar returns the header in a block, and whether it is one.
func parseTar(b []byte) (h tarHeader, ok bool) {
	sum, ok := octal(b[148:156])
	if !ok {
		return h, false
	}
	unsigned, signed := int64(8*' '), int64(8*' ')
	for i, c := range b {
		if i < 148 || i >= 156 {
			unsigned += int64(c)
			signed += int64(int8(c))
		}
	}
	if sum != unsigned && sum != signed {
		return h, false
	}
	h.block = b
	h.kind = b[156]
	if h.size, ok = number(b[124:136]); !ok || h.size < 0 {
		return h, false
	}
	h.name = cString(b[:100])
	h.link = cString(b[157:257])
	if sec, ok := number(b[136:148]); ok {
		h.time = time.Unix(sec, 0).UTC()
	}
	switch {
	case string(b[257:265]) == "ustar  \x00":
		h.gnu = true
	case string(b[257:262]) == "ustar":
		prefix := b[345:500]
		if string(b[508:512]) == "tar\x00" {
			prefix = b[345:476] // star has two times behind it
		}
		if p := cString(prefix); p != "" {
			h.name = p + "/" + h.name
		}
	}
	if string(b[257:262]) == "ustar" {
		h.owner, h.group = cString(b[265:297]), cString(b[297:329])
	} else if h.name == "" {
		return h, false
	}
	return h, true
}

func cString(b []byte) string {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return string(b)
}

// octal parses a number with blanks or NULs around it; an empty one is 0.
func octal(b []byte) (int64, bool) {
	b = bytes.Trim(b, " \x00")
	if i := bytes.IndexAny(b, " \x00"); i >= 0 {
		b = b[:i]
	}
	if len(b) == 0 {
		return 0, true
	}
	n, err := strconv.ParseUint(string(b), 8, 63)
	return int64(n), err == nil
}

// number parses a number in octal or, as GNU and star write those that are too
// large for it, in base 256.
func number(b []byte) (int64, bool) {
	if b[0]&0x80 == 0 {
		return octal(b)
	}
	neg := b[0]&0x40 != 0
	n := uint64(b[0] & 0x3f)
	if neg {
		n |= ^uint64(0x3f)
	}
	for _, c := range b[1:] {
		if top := n >> 55; top != 0 && top != 1<<9-1 {
			return 0, false
		}
		n = n<<8 | uint64(c)
	}
	return int64(n), (int64(n) < 0) == neg
}

type tarReader struct {
	ctx context.Context
	b   *Budget
	out output
	in  scanners.Item
	src *input
	br  *bufio.Reader
	at  sizedReaderAt // the archive, where it has random access
	off int64         // of br in the archive

	names  names
	global map[string]string // pax records for all that follow
	pax    map[string]string // and for the next header
	sparse []string          // numbers of GNU.sparse.offset and numbytes, pax format 0.0
	name   string            // GNU long name and link
	link   string

	members, zeros int
}

func (t *tarReader) run() {
	for {
		block, _ := t.br.Peek(tarBlock)
		if len(block) < tarBlock {
			if t.src.err != nil {
				if len(block) > 0 && !t.out.item(raw(bytes.NewReader(block), t.off)) {
					return
				}
				t.out.err(t.src.err)
				return
			}
			t.end(block)
			return
		}
		if isZero(block) {
			t.skip(tarBlock)
			t.zeros++
			continue
		}
		h, ok := parseTar(block)
		if !ok {
			if !t.damaged() {
				return
			}
			continue
		}
		t.zeros = 0
		if !t.entry(h) {
			return
		}
	}
}

// end handles the end of the archive, with what is left of a last block.
func (t *tarReader) end(last []byte) {
	if !isZero(last) {
		if t.gap("ends in the middle of a header") {
			t.out.item(raw(bytes.NewReader(bytes.Clone(last)), t.off))
		}
		return
	}
	if t.zeros == 0 {
		t.gap("has no end marker: it may have been cut off")
	}
}

// gap yields that something in the archive is damaged.
func (t *tarReader) gap(detail string) bool {
	return t.out.err(&scanners.Gap{Reason: scanners.Corrupt, Detail: "tar: " + detail})
}

// skip leaves out n bytes; fewer, if the archive ends before.
func (t *tarReader) skip(n int64) {
	for n > 0 {
		m, err := t.br.Discard(int(min(n, 1<<20)))
		t.off += int64(m)
		n -= int64(m)
		if err != nil {
			return
		}
	}
}

func pad(n int64) int64 { return -n & (tarBlock - 1) }

// damaged yields what lies between here and the next sound header as it is.
func (t *tarReader) damaged() bool {
	if !t.gap(fmt.Sprintf("no header at offset %d; searched for the next", t.off)) {
		return false
	}
	r := &resync{t: t, start: t.off}
	if !t.out.item(raw(r, t.off)) {
		return false
	}
	_, _ = io.Copy(io.Discard, r)
	t.zeros = 1 // an end marker, if there was one, was part of it
	return true
}

// resync reads up to the next header: one at a multiple of 512 bytes from the
// first damaged one, or one with the magic anywhere.
type resync struct {
	t     *tarReader
	start int64
	n     int // bytes that are known to be no part of a header
}

func (r *resync) Read(p []byte) (int, error) {
	t := r.t
	if r.n == 0 {
		w, _ := t.br.Peek(t.br.Size())
		if len(w) == 0 {
			if t.src.err != nil {
				return 0, t.src.err
			}
			return 0, io.EOF
		}
		r.n = r.search(w)
		if r.n == 0 {
			return 0, io.EOF
		}
	}
	n, err := t.br.Read(p[:min(len(p), r.n)])
	t.off += int64(n)
	r.n -= n
	return n, err
}

// search returns how many bytes of w come before the next header.
func (r *resync) search(w []byte) int {
	if len(w) < tarBlock {
		return len(w)
	}
	last := len(w) - tarBlock // where a header that lies in w may start
	found := last + 1
	for i := int(-(r.t.off - r.start) & (tarBlock - 1)); i <= last; i += tarBlock {
		if _, ok := parseTar(w[i : i+tarBlock]); ok {
			found = i
			break
		}
	}
	for i := 257; ; {
		j := bytes.Index(w[i:], []byte("ustar"))
		if j < 0 || i+j-257 >= found {
			return found
		}
		i += j
		if at := i - 257; at <= last {
			if _, ok := parseTar(w[at : at+tarBlock]); ok {
				return at
			}
		}
		i++
	}
}

// section reads the data of an entry.
type section struct {
	t    *tarReader
	left int64
	err  error
}

func (s *section) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	if s.left == 0 {
		return 0, io.EOF
	}
	n, err := s.t.br.Read(p[:min(int64(len(p)), s.left)])
	s.t.off += int64(n)
	s.left -= int64(n)
	if err == io.EOF && s.left > 0 {
		err = &scanners.Gap{Reason: scanners.Corrupt, Detail: "tar: cut off within a member", Err: io.ErrUnexpectedEOF}
	}
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// sectionAt is a section with random access. Read and ReadAt are independent.
type sectionAt struct {
	*section
	at *io.SectionReader
}

func (s sectionAt) ReadAt(p []byte, off int64) (int, error) { return s.at.ReadAt(p, off) }
func (s sectionAt) Size() int64                             { return s.at.Size() }

// entry handles a header and what belongs to it.
func (t *tarReader) entry(h tarHeader) bool {
	switch h.kind {
	case 'x', 'X', 'g', 'L', 'K':
		return t.meta(h)
	}
	if n, err := strconv.ParseInt(t.record("size"), 10, 64); err == nil && n >= 0 {
		h.size = n
	}
	switch {
	case t.record("path") != "":
		h.name = t.record("path")
	case t.name != "":
		h.name = t.name
	}
	switch {
	case t.record("linkpath") != "":
		h.link = t.record("linkpath")
	case t.link != "":
		h.link = t.link
	}
	if n := t.record("GNU.sparse.name"); n != "" {
		h.name = n
	}
	if sec, err := strconv.ParseFloat(t.record("mtime"), 64); err == nil && sec > -1e11 && sec < 1e11 {
		h.time = time.Unix(int64(sec), 0).UTC()
	}
	var fields []scanners.Field
	add := func(name, value string) {
		if value != "" {
			fields = append(fields, field(name, value, charmap.Windows1252))
		}
	}
	add("path", h.name)
	switch h.kind {
	case '1', '2':
		add("link", h.link)
	}
	owner, group := h.owner, h.group
	if v := t.record("uname"); v != "" {
		owner = v
	}
	if v := t.record("gname"); v != "" {
		group = v
	}
	add("owner", owner)
	add("group", group)
	all := t.pax
	if len(t.global) > 0 {
		all = maps.Clone(t.global)
		maps.Copy(all, t.pax)
	}
	for _, k := range slices.Sorted(maps.Keys(all)) {
		if k == "comment" || strings.Contains(k, "xattr") {
			add(k, all[k])
		}
	}
	sparse00 := t.sparse
	t.pax, t.sparse, t.name, t.link = nil, nil, "", ""

	block := bytes.Clone(h.block)
	t.skip(tarBlock)
	switch h.kind {
	case '3', '4', '5', '6': // devices, folders and pipes
		return true
	case 'V':
		it := scanners.Item{Name: "", Size: int64(len(h.name)), Body: strings.NewReader(h.name), Text: true, Field: "label"}
		return t.out.item(it)
	case '1', '2':
		if h.kind == '2' || !t.hasData(h.size) {
			h.size = 0
		}
	}

	if err := t.b.Member(); err != nil {
		t.out.err(err)
		return false
	}
	t.members++
	it := scanners.Item{
		Step: t.names.step(h.name), Name: lastName(h.name),
		Size: h.size, Time: h.time, Fields: fields,
	}
	sec := &section{t: t, left: h.size}
	body, detail := t.body(h, block, all, sparse00, sec)
	end := t.off + sec.left + pad(h.size)
	if detail != "" && !t.gap(detail) {
		return false
	}
	if s, ok := body.(*sparseReader); ok {
		it.Size = s.size
		if s.shrink(t.b.limits.Ratio, h.size) && h.size > 0 {
			g := &scanners.Gap{URI: memberURI(t.in, it.Step), Reason: scanners.TooLarge, Detail: "tar: the holes of a sparse file were shortened"}
			if !t.out.err(g) {
				return false
			}
		}
	}
	it.Body = t.b.Reader(t.ctx, body)
	if !t.out.item(it) {
		return false
	}
	t.skip(end - t.off)
	return true
}

// hasData reports whether data follow the header of a hard link. Old writers
// gave the size of the file there, and no data.
func (t *tarReader) hasData(size int64) bool {
	if size == 0 {
		return false
	}
	next, _ := t.br.Peek(tarBlock)
	if len(next) < tarBlock || isZero(next) {
		return false
	}
	_, ok := parseTar(next)
	return !ok
}

// body returns the content of a member, and what is wrong with it.
func (t *tarReader) body(h tarHeader, block []byte, pax map[string]string, sparse00 []string, sec *section) (r io.Reader, damage string) {
	const bad = "the map of a sparse file is damaged; read as stored"
	var m []piece
	var size int64
	ok, sparse := true, true
	switch {
	case h.kind == 'S' && h.gnu:
		m, ok = t.gnuMap(block)
		size, _ = number(block[483:495])
	case pax["GNU.sparse.major"] == "1" && pax["GNU.sparse.minor"] == "0":
		m, ok = paxMap(sec)
		size, _ = strconv.ParseInt(pax["GNU.sparse.realsize"], 10, 64)
	case pax["GNU.sparse.map"] != "":
		m, ok = pieces(strings.Split(pax["GNU.sparse.map"], ","))
		size, _ = strconv.ParseInt(pax["GNU.sparse.size"], 10, 64)
	case len(sparse00) > 0:
		m, ok = pieces(sparse00)
		size, _ = strconv.ParseInt(pax["GNU.sparse.size"], 10, 64)
	default:
		sparse = false
	}
	if sparse {
		if s, valid := newSparse(m, size, sec); ok && valid {
			return s, ""
		}
		return sec, bad
	}
	if t.at != nil && sec.left > 0 && sec.left <= t.at.Size()-t.off {
		return sectionAt{sec, io.NewSectionReader(t.at, t.off, sec.left)}, ""
	}
	return sec, ""
}

// record returns a pax record of the next entry.
func (t *tarReader) record(key string) string {
	if v, ok := t.pax[key]; ok {
		return v
	}
	return t.global[key]
}

// meta handles a header that belongs to the entry that follows, or to all.
func (t *tarReader) meta(h tarHeader) bool {
	kind := h.kind
	start := t.off
	t.skip(tarBlock)
	sec := &section{t: t, left: h.size}
	end := t.off + h.size + pad(h.size)
	if h.size > maxMeta {
		if !t.gap("an extended header is too long; read as text") || !t.out.item(raw(sec, t.off)) {
			return false
		}
		t.skip(end - t.off)
		return true
	}
	data, err := io.ReadAll(sec)
	if err != nil {
		if t.src.err != nil {
			err = t.src.err
		}
		return t.out.item(raw(bytes.NewReader(data), start+tarBlock)) && t.out.err(err) && t.src.err == nil
	}
	t.skip(end - t.off)
	switch kind {
	case 'L':
		t.name = cString(data)
	case 'K':
		t.link = cString(data)
	default:
		records, sparse, ok := parsePax(data)
		if kind == 'g' {
			if t.global == nil {
				t.global = map[string]string{}
			}
			for k, v := range records {
				// A hostile archive could fill memory with these.
				if len(t.global) < 1000 || t.global[k] != "" {
					t.global[k] = v[:min(len(v), 4096)]
				}
			}
		} else {
			t.pax, t.sparse = records, sparse
		}
		if !ok {
			return t.gap("an extended header is damaged; read as text") && t.out.item(raw(bytes.NewReader(data), start+tarBlock))
		}
	}
	return true
}

// parsePax reads the records of an extended header. The numbers of the records
// that a sparse map in format 0.0 repeats are returned apart, in their order.
func parsePax(data []byte) (records map[string]string, sparse []string, ok bool) {
	records = map[string]string{}
	for len(data) > 0 {
		if isZero(data) {
			break
		}
		sp := bytes.IndexByte(data, ' ')
		if sp < 0 {
			return records, sparse, false
		}
		n, err := strconv.Atoi(string(data[:sp]))
		if err != nil || n <= sp+1 || n > len(data) || data[n-1] != '\n' {
			return records, sparse, false
		}
		k, v, found := strings.Cut(string(data[sp+1:n-1]), "=")
		if !found || k == "" {
			return records, sparse, false
		}
		data = data[n:]
		switch k {
		case "GNU.sparse.offset", "GNU.sparse.numbytes":
			sparse = append(sparse, v)
		default:
			records[k] = v
		}
	}
	return records, sparse, true
}

// A piece is a part of a sparse file that is not a hole.
type piece struct{ off, n int64 }

func pieces(numbers []string) (m []piece, ok bool) {
	if len(numbers)%2 != 0 || len(numbers)/2 > maxSparse {
		return nil, false
	}
	for i := 0; i < len(numbers); i += 2 {
		off, err1 := strconv.ParseInt(numbers[i], 10, 64)
		n, err2 := strconv.ParseInt(numbers[i+1], 10, 64)
		if err1 != nil || err2 != nil {
			return nil, false
		}
		m = append(m, piece{off, n})
	}
	return m, true
}

// gnuMap reads the map in a GNU header and the blocks that follow it.
func (t *tarReader) gnuMap(block []byte) (m []piece, ok bool) {
	entries, more := block[386:482], block[482]
	for {
		for ; len(entries) >= 24; entries = entries[24:] {
			if entries[0] == 0 {
				break
			}
			off, ok1 := number(entries[:12])
			n, ok2 := number(entries[12:24])
			if !ok1 || !ok2 || len(m) >= maxSparse {
				return nil, false
			}
			m = append(m, piece{off, n})
		}
		if more == 0 {
			return m, true
		}
		b, _ := t.br.Peek(tarBlock)
		if len(b) < tarBlock {
			return nil, false
		}
		block = bytes.Clone(b)
		t.skip(tarBlock)
		entries, more = block[:504], block[504]
	}
}

// paxMap reads the map at the start of a member in pax format 1.0.
func paxMap(sec *section) (m []piece, ok bool) {
	var numbers []string
	want := 1
	var line []byte
	var b [tarBlock]byte
	for len(numbers) < want {
		if _, err := io.ReadFull(sec, b[:]); err != nil {
			return nil, false
		}
		for _, c := range b {
			if c != '\n' {
				if line = append(line, c); len(line) > 20 {
					return nil, false
				}
				continue
			}
			if numbers = append(numbers, string(line)); len(numbers) == 1 {
				n, err := strconv.Atoi(numbers[0])
				if err != nil || n < 0 || n > maxSparse {
					return nil, false
				}
				want += 2 * n
			}
			line = line[:0]
			if len(numbers) == want {
				break
			}
		}
	}
	return pieces(numbers[1:])
}

// sparseReader reads a sparse file with zeros for its holes.
type sparseReader struct {
	sec  *section
	m    []piece
	size int64
	off  int64
}

func newSparse(m []piece, size int64, sec *section) (*sparseReader, bool) {
	var end, data int64
	for _, p := range m {
		if p.off < end || p.n < 0 || p.off > size || p.n > size-p.off {
			return nil, false
		}
		end = p.off + p.n
		data += p.n
	}
	if data > sec.left {
		return nil, false
	}
	return &sparseReader{sec: sec, m: m, size: size}, true
}

// shrink shortens the holes of a file that would look like a bomb, and reports
// whether it did.
func (s *sparseReader) shrink(ratio, stored int64) bool {
	if ratio <= 0 || s.size < ratioFloor/2 || s.size/ratio < stored {
		return false
	}
	var was, end int64 // the end of the last piece, before and now
	cut := func(hole int64) int64 { return min(hole, holeKept+hole%tarBlock) }
	for i, p := range s.m {
		at := end + cut(p.off-was)
		was = p.off + p.n
		s.m[i].off = at
		end = at + p.n
	}
	s.size = end + cut(s.size-was)
	return true
}

func (s *sparseReader) Read(p []byte) (n int, err error) {
	if s.off >= s.size {
		// What lies behind the pieces is no part of the file, but may not be lost.
		return s.sec.Read(p)
	}
	for len(s.m) > 0 && s.m[0].off+s.m[0].n <= s.off {
		s.m = s.m[1:]
	}
	end := s.size
	if len(s.m) > 0 {
		end = s.m[0].off
	}
	if s.off < end { // a hole
		n = int(min(int64(len(p)), end-s.off))
		clear(p[:n])
		s.off += int64(n)
		return n, nil
	}
	n = int(min(int64(len(p)), s.m[0].off+s.m[0].n-s.off))
	n, err = s.sec.Read(p[:n])
	s.off += int64(n)
	return n, err
}
