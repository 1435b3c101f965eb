package document

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5"
	"crypto/rc4"
	"encoding/binary"
	"errors"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"

	"github.com/spoor-scan/spoor/internal/container"
)

const (
	pdfObjects = 4 << 20   // objects of one file that are known
	pdfLibrary = 256 << 20 // bytes of a file that is given to the library, which holds it in memory
	pdfOneObj  = 32 << 20  // bytes of one object without its stream
	pdfCached  = 100_000   // objects that are kept
)

// A pdfStream is a stream as it is stored, without its encryption.
type pdfStream struct {
	dict pdfDict
	at   io.ReaderAt
	off  int64
	size int64
	num  int // 0: not the live object of a number
}

// A pdfFile gives the objects of a file. Those that the cross-reference names
// are read by the library; all that stand in the file are found by a search for
// "N G obj", so that neither a damaged cross-reference nor one that leaves
// things out hides any.
type pdfFile struct {
	ctx  context.Context
	b    *container.Budget
	at   io.ReaderAt
	size int64

	lib     *model.Context // nil: the library could not read it
	found   []pdfPlace
	last    map[int]int // number: index in found
	packed  map[int]pdfPacked
	trailer pdfDict
	full    bool // more objects than are known

	cache map[int]any
	stack int
	fonts map[int]*pdfFont
	used  map[int]bool // numbers of streams that were drawn or yielded
}

// A pdfPlace is where an object stands in the file.
type pdfPlace struct {
	num, gen int
	off      int64
	stream   bool // it may be an object stream
}

// A pdfPacked names the object within an object stream.
type pdfPacked struct {
	stream int // index in pdfFile.found
	index  int
}

// scan finds the objects of the file.
func (d *pdfFile) scan() error {
	d.last = map[int]int{}
	d.trailer = pdfDict{}
	const window = 1 << 20
	buf := make([]byte, window+64)
	var off int64 // of the next byte to be looked at
	for off < d.size {
		if err := d.ctx.Err(); err != nil {
			return err
		}
		start := max(0, off-32)
		n, err := d.at.ReadAt(buf, start)
		if n == 0 {
			if err == io.EOF {
				err = nil
			}
			return err
		}
		w := buf[:n]
		i := int(off - start)
		next := start + int64(n)
		if n == len(buf) {
			next -= 32
		}
		for {
			j := pdfNextMark(w[i:])
			if j < 0 {
				off = next
				break
			}
			j += i
			if w[j] == 't' { // trailer
				d.addTrailer(d.parseAt(start + int64(j) + 7))
				i = j + 7
				continue
			}
			p, ok := pdfHeader(w, j)
			if !ok {
				i = j + 3
				continue
			}
			p.off += start
			if len(d.found) >= pdfObjects {
				d.full = true
				return nil
			}
			p.stream = bytes.Contains(w[j:min(len(w), j+512)], []byte("ObjStm"))
			d.last[p.num] = len(d.found)
			d.found = append(d.found, p)
			// A stream may hold a whole other file.
			if end := d.streamEnd(w, j+3, start); end > 0 {
				if end >= next {
					off = end
					break
				}
				i = int(end - start)
				continue
			}
			i = j + 3
		}
	}
	return nil
}

// pdfNextMark returns the place of the next "obj" or "trailer".
func pdfNextMark(b []byte) int {
	for i := 0; ; {
		j := bytes.IndexByte(b[i:], 'j')
		if j < 0 {
			i = len(b)
		} else {
			i += j
		}
		if j >= 0 && !(i >= 3 && b[i-1] == 'b' && b[i-2] == 'o' && (pdfClass[b[i-3]] == 'w' || b[i-3]-'0' <= 9)) {
			i++
			continue
		}
		head := b[:i]
		if k := bytes.Index(head, []byte("trailer")); k >= 0 {
			return k
		}
		if j < 0 {
			return -1
		}
		return i - 2
	}
}

// pdfHeader reads the numbers before "obj" at w[j].
func pdfHeader(w []byte, j int) (p pdfPlace, ok bool) {
	number := func(i int) (n, at int) {
		at = i
		for at > 0 && w[at-1]-'0' <= 9 && i-at < 10 {
			at--
		}
		n, err := strconv.Atoi(string(w[at:i]))
		if err != nil {
			return 0, -1
		}
		return n, at
	}
	blank := func(i int) int {
		for i > 0 && pdfClass[w[i-1]] == 'w' && j-i < 40 {
			i--
		}
		return i
	}
	var at int
	if p.gen, at = number(blank(j)); at < 0 || p.gen > 65535 {
		return p, false
	}
	k := blank(at)
	if k == at {
		return p, false
	}
	if p.num, at = number(k); at < 0 || p.num > 1<<31-1 {
		return p, false
	}
	p.off = int64(at)
	return p, true
}

// streamEnd returns where the stream of the object ends whose keyword "obj"
// ends at w[i], 0 where it has none or none that can be told at once.
func (d *pdfFile) streamEnd(w []byte, i int, start int64) int64 {
	l := pdfLexer{b: w[i:min(len(w), i+16<<10)], refs: true}
	l.space()
	if l.i+1 >= len(l.b) || l.b[l.i] != '<' || l.b[l.i+1] != '<' {
		return 0
	}
	dict, ok := l.object(0).(pdfDict)
	if !ok || l.short {
		return 0
	}
	l.space()
	if !bytes.HasPrefix(l.b[l.i:], []byte("stream")) {
		return 0
	}
	if dict["Type"] == pdfName("XRef") {
		d.addTrailer(dict)
	}
	n, ok := dict["Length"].(float64)
	if !ok || n < 0 || n > float64(d.size) {
		return 0
	}
	end := start + int64(i) + int64(l.i) + 6 + int64(n)
	var tail [16]byte
	k, _ := d.at.ReadAt(tail[:], end)
	if !bytes.Contains(tail[:k], []byte("endstr")) {
		return 0
	}
	return end
}

// addTrailer keeps what the trailers of the file say, the later the more.
func (d *pdfFile) addTrailer(o any) {
	t, ok := o.(pdfDict)
	if !ok {
		return
	}
	for _, k := range []pdfName{"Root", "Info", "Encrypt", "ID"} {
		if v, ok := t[k]; ok {
			d.trailer[k] = v
		}
	}
}

// parseAt parses the object at an offset, behind its header where it has one.
func (d *pdfFile) parseAt(off int64) any {
	for size := int64(4 << 10); ; size *= 16 {
		b := make([]byte, min(size, max(0, d.size-off), pdfOneObj))
		n, _ := d.at.ReadAt(b, off)
		b = b[:n]
		l := pdfLexer{b: b, refs: true}
		l.space()
		at := l.i
		if _, ok := l.object(0).(float64); ok {
			if _, ok := l.object(0).(float64); ok && l.object(0) == pdfWord("obj") {
				at = l.i
			}
		}
		l.i, l.short = at, false
		o := l.object(0)
		more := int64(n) == size && size < pdfOneObj
		if l.short && more {
			continue
		}
		dict, ok := o.(pdfDict)
		if !ok {
			if _, ok := o.(pdfWord); ok {
				return nil
			}
			if _, ok := o.(pdfEOF); ok {
				return nil
			}
			return o
		}
		l.space()
		if len(b)-l.i < 8 && more {
			continue
		}
		if !bytes.HasPrefix(b[l.i:], []byte("stream")) {
			return dict
		}
		i := l.i + 6
		if i < len(b) && b[i] == '\r' {
			i++
		}
		if i < len(b) && b[i] == '\n' {
			i++
		}
		return d.stream(dict, off+int64(i))
	}
}

// stream makes a stream of its dictionary and where its data begin.
func (d *pdfFile) stream(dict pdfDict, off int64) *pdfStream {
	s := &pdfStream{dict: dict, at: d.at, off: off}
	if n, ok := d.get(dict["Length"]).(float64); ok && n >= 0 && n <= float64(d.size-off) {
		var tail [16]byte
		k, _ := d.at.ReadAt(tail[:], off+int64(n))
		if bytes.Contains(tail[:k], []byte("endstr")) || k == 0 {
			s.size = int64(n)
			return s
		}
	}
	// The length is wrong: the data end at the keyword.
	buf := make([]byte, 64<<10)
	for at := off; at < d.size; at += int64(len(buf) - 16) {
		if d.ctx.Err() != nil {
			break
		}
		n, _ := d.at.ReadAt(buf, at)
		if i := bytes.Index(buf[:n], []byte("endstream")); i >= 0 {
			s.size = at + int64(i) - off
			return s
		}
		if i := bytes.Index(buf[:n], []byte("endobj")); i >= 0 {
			s.size = at + int64(i) - off
			return s
		}
		if n < len(buf) {
			break
		}
	}
	s.size = max(0, d.size-off)
	return s
}

// get resolves references.
func (d *pdfFile) get(o any) any {
	for range 32 {
		r, ok := o.(pdfRef)
		if !ok {
			return o
		}
		o = d.object(r.n)
	}
	return nil
}

func (d *pdfFile) dict(o any) pdfDict {
	switch o := d.get(o).(type) {
	case pdfDict:
		return o
	case *pdfStream:
		return o.dict
	}
	return nil
}

// object returns the live object of a number.
func (d *pdfFile) object(n int) any {
	if o, ok := d.cache[n]; ok {
		return o
	}
	if d.stack > 64 {
		return nil
	}
	d.stack++
	o := d.load(n)
	d.stack--
	if s, ok := o.(*pdfStream); ok {
		s.num = n
	}
	if d.cache == nil || len(d.cache) >= pdfCached {
		d.cache = map[int]any{}
	}
	d.cache[n] = o
	return o
}

func (d *pdfFile) load(n int) (o any) {
	if d.lib != nil {
		if o = d.fromLibrary(n); o != nil {
			return o
		}
	}
	i, direct := d.last[n]
	p, packed := d.packed[n]
	// What stands later in the file is newer.
	if packed && (!direct || p.stream > i) {
		return d.unpack(p.stream)[p.index].o
	}
	if direct {
		return d.place(i)
	}
	return nil
}

// place returns the object at a place, decrypted where there is a key.
func (d *pdfFile) place(i int) any {
	p := d.found[i]
	return d.decrypt(d.parseAt(p.off), p.num, p.gen, 0)
}

// fromLibrary returns an object as the library has read it.
func (d *pdfFile) fromLibrary(n int) (o any) {
	defer func() {
		if recover() != nil {
			o = nil
		}
	}()
	e := d.lib.Table[n]
	if e == nil || e.Free || e.Object == nil {
		return nil
	}
	t := e.Object
	if l, ok := t.(types.LazyObjectStreamObject); ok {
		var err error
		if t, err = l.DecodedObject(d.ctx); err != nil {
			return nil
		}
	}
	return d.convert(t, 0)
}

// convert returns an object of the library as one of this package.
func (d *pdfFile) convert(t types.Object, depth int) any {
	if depth > pdfNesting {
		return nil
	}
	switch t := t.(type) {
	case types.Boolean:
		return bool(t)
	case types.Integer:
		return float64(t)
	case types.Float:
		return float64(t)
	case types.Name:
		return pdfName(pdfUnname(string(t)))
	case types.StringLiteral:
		l := pdfLexer{b: []byte("(" + string(t) + ")")}
		return pdfString(l.literal(nil))
	case types.HexLiteral:
		l := pdfLexer{b: []byte("<" + string(t) + ">")}
		return pdfString(l.hex(nil))
	case types.IndirectRef:
		return pdfRef{t.ObjectNumber.Value(), t.GenerationNumber.Value()}
	case types.Array:
		a := make(pdfArray, len(t))
		for i, e := range t {
			a[i] = d.convert(e, depth+1)
		}
		return a
	case types.Dict:
		return d.convertDict(t, depth)
	case types.StreamDict:
		return d.convertStream(t.Dict, t.Raw)
	case types.ObjectStreamDict:
		return d.convertStream(t.Dict, t.Raw)
	case types.XRefStreamDict:
		return d.convertStream(t.Dict, t.Raw)
	case *types.StreamDict:
		return d.convertStream(t.Dict, t.Raw)
	case *types.ObjectStreamDict:
		return d.convertStream(t.Dict, t.Raw)
	case *types.XRefStreamDict:
		return d.convertStream(t.Dict, t.Raw)
	}
	return nil
}

func (d *pdfFile) convertDict(t types.Dict, depth int) pdfDict {
	out := make(pdfDict, len(t))
	for k, v := range t {
		out[pdfName(pdfUnname(k))] = d.convert(v, depth+1)
	}
	return out
}

func (d *pdfFile) convertStream(t types.Dict, raw []byte) *pdfStream {
	return &pdfStream{dict: d.convertDict(t, 0), at: bytes.NewReader(raw), size: int64(len(raw))}
}

// pdfUnname decodes what the library may have left in a name.
func pdfUnname(s string) string {
	for i := range len(s) {
		if s[i] == '#' {
			l := pdfLexer{b: []byte("/" + s)}
			if n := l.name(); l.i == len(l.b) {
				return string(n)
			}
			break
		}
	}
	return s
}

// A pdfMember is an object in an object stream.
type pdfMember struct {
	num int
	o   any
}

// unpack returns the objects in the object stream at a place.
func (d *pdfFile) unpack(place int) []pdfMember {
	key := -1 - place
	if o, ok := d.cache[key]; ok {
		m, _ := o.([]pdfMember)
		return m
	}
	var m []pdfMember
	if s, ok := d.place(place).(*pdfStream); ok {
		m = d.members(s)
	}
	if d.cache == nil {
		d.cache = map[int]any{}
	}
	d.cache[key] = m
	return m
}

func (d *pdfFile) members(s *pdfStream) (m []pdfMember) {
	b := readSome(d.open(s))
	first, _ := d.get(s.dict["First"]).(float64)
	l := pdfLexer{b: b, refs: true}
	for len(m) < 1<<20 && float64(l.i) < first {
		num, ok := l.object(0).(float64)
		off, ok2 := l.object(0).(float64)
		if !ok || !ok2 {
			break
		}
		at := first + off
		if num < 0 || num > 1<<31-1 || at < 0 || at >= float64(len(b)) {
			m = append(m, pdfMember{num: -1})
			continue
		}
		e := pdfLexer{b: b[int(at):], refs: true}
		o := e.object(0)
		switch o.(type) {
		case pdfWord, pdfEOF:
			o = nil
		}
		m = append(m, pdfMember{int(num), o})
	}
	return m
}

// index finds the object streams in the file.
func (d *pdfFile) index() error {
	d.packed = map[int]pdfPacked{}
	for i, p := range d.found {
		if err := d.ctx.Err(); err != nil {
			return err
		}
		if !p.stream {
			continue
		}
		if s, ok := d.parseAt(p.off).(*pdfStream); !ok || s.dict["Type"] != pdfName("ObjStm") {
			continue
		}
		for k, m := range d.unpack(i) {
			if m.num >= 0 && len(d.packed) < pdfObjects {
				d.packed[m.num] = pdfPacked{i, k}
			}
		}
	}
	// What has been looked up before the streams were known may be wrong.
	maps.DeleteFunc(d.cache, func(n int, _ any) bool { return n >= 0 })
	return nil
}

// numbers returns the numbers of all live objects, in order.
func (d *pdfFile) numbers() []int {
	set := map[int]bool{}
	if d.lib != nil {
		for n, e := range d.lib.Table {
			if e != nil && !e.Free {
				set[n] = true
			}
		}
	}
	for n := range d.last {
		set[n] = true
	}
	for n := range d.packed {
		set[n] = true
	}
	return slices.Sorted(maps.Keys(set))
}

// root returns the catalog.
func (d *pdfFile) root() pdfDict {
	if d.lib != nil && d.lib.Root != nil {
		if r := d.dict(pdfRef{d.lib.Root.ObjectNumber.Value(), 0}); r != nil {
			return r
		}
	}
	return d.dict(d.trailer["Root"])
}

// errPDFPassword is the error of a file that no password opens.
var errPDFPassword = errors.New("no password fits")

// library reads the file with the library, with the first password that fits.
func (d *pdfFile) library(passwords []string) error {
	if d.size > pdfLibrary {
		return errors.New("the file is too large for the library")
	}
	var err error
	for _, pw := range append([]string{""}, passwords...) {
		if d.lib, err = pdfRead(d.ctx, io.NewSectionReader(d.at, 0, d.size), pw); err == nil {
			return nil
		}
		d.lib = nil
		if e := d.ctx.Err(); e != nil {
			return e
		}
		if !errors.Is(err, pdfcpu.ErrWrongPassword) && !errors.Is(err, pdfcpu.ErrPermissionDenied) {
			return err
		}
	}
	return errPDFPassword
}

// pdfRead calls the library. The configuration is made here: that of the
// library's own making is read from a file, which it writes.
func pdfRead(ctx context.Context, r io.ReadSeeker, password string) (c *model.Context, err error) {
	defer func() {
		if recover() != nil {
			c, err = nil, errors.New("the library panicked")
		}
	}()
	limits := model.DefaultResourceLimits()
	limits.MaxStreamBytes, limits.MaxDecodeBytes = pdfLibrary, pdfLibrary
	limits.MaxObjectCount, limits.MaxXRefEntries = pdfObjects, pdfObjects
	conf := &model.Configuration{
		Reader15: true, ValidationMode: model.ValidationRelaxed, Eol: types.EolLF, Cmd: model.LISTINFO,
		UserPW: password, OwnerPW: password, Offline: true, Limits: limits,
	}
	return pdfcpu.ReadWithContext(ctx, r, conf)
}

// decrypt decrypts the strings and the stream of an object that the library has
// not read, with the key that it has found (ISO 32000-1, section 7.6.2).
func (d *pdfFile) decrypt(o any, num, gen, depth int) any {
	if d.lib == nil || d.lib.E == nil || d.lib.EncKey == nil || depth > pdfNesting {
		return o
	}
	switch t := o.(type) {
	case pdfString:
		return pdfString(d.decipher([]byte(t), num, gen, d.lib.AES4Strings))
	case pdfArray:
		for i := range t {
			t[i] = d.decrypt(t[i], num, gen, depth+1)
		}
	case pdfDict:
		for k := range t {
			t[k] = d.decrypt(t[k], num, gen, depth+1)
		}
	case *pdfStream:
		if t.dict["Type"] == pdfName("XRef") || t.size > pdfSmall {
			return o
		}
		for k := range t.dict {
			t.dict[k] = d.decrypt(t.dict[k], num, gen, depth+1)
		}
		raw := readSome(io.NewSectionReader(t.at, t.off, t.size))
		raw = d.decipher(raw, num, gen, d.lib.AES4Streams)
		t.at, t.off, t.size = bytes.NewReader(raw), 0, int64(len(raw))
	}
	return o
}

func (d *pdfFile) decipher(b []byte, num, gen int, withAES bool) []byte {
	key := d.lib.EncKey
	if d.lib.E.R < 5 {
		var n [8]byte
		binary.LittleEndian.PutUint32(n[:], uint32(num))
		n[3], n[4] = byte(gen), byte(gen>>8)
		salted := append(slices.Clone(key), n[:5]...)
		if withAES {
			salted = append(salted, "sAlT"...)
		}
		sum := md5.Sum(salted)
		key = sum[:min(16, len(key)+5)]
	}
	if !withAES {
		c, err := rc4.NewCipher(key)
		if err != nil {
			return b
		}
		out := make([]byte, len(b))
		c.XORKeyStream(out, b)
		return out
	}
	c, err := aes.NewCipher(key)
	if err != nil || len(b) < 2*aes.BlockSize {
		return b
	}
	iv, b := b[:aes.BlockSize], b[aes.BlockSize:]
	b = b[:len(b)/aes.BlockSize*aes.BlockSize]
	out := make([]byte, len(b))
	cipher.NewCBCDecrypter(c, iv).CryptBlocks(out, b)
	if n := int(out[len(out)-1]); n <= aes.BlockSize {
		out = out[:len(out)-n]
	}
	return out
}
