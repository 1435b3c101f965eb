package container

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"iter"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/mikelolasagasti/xz"

	"github.com/spoor-scan/spoor/scanners"
)

// keepFirst is how much of a stream is kept until it has decoded to something:
// a whole bzip2 block and more.
const keepFirst = 1 << 20

// A stream decodes one compressed stream. Read returns io.EOF at its end, even
// where something else follows.
type stream interface {
	io.Reader
	// open prepares for reading from in.
	open(in *input) error
	// rest returns a reader of what follows the stream, or of what could not be
	// decoded, and how many bytes of the input come before it. ended is set when
	// Read has returned io.EOF.
	rest(ended bool) (io.Reader, int64)
	// release gives back memory, before the stream is used again.
	release()
}

// streams returns the decoders of bare compressions.
func streams(w *windows) []Decoder {
	return []Decoder{
		streamDecoder(w, "gzip", matchGzip, func() stream { return new(gzipStream) },
			".gz", "", ".tgz", ".tar", ".taz", ".tar", ".svgz", ".svg"),
		streamDecoder(w, "bzip2", matchBzip2, func() stream { return new(bzip2Stream) },
			".bz2", "", ".bz", "", ".tbz2", ".tar", ".tbz", ".tar", ".tb2", ".tar"),
		streamDecoder(w, "xz", matchXz, func() stream { return new(xzStream) },
			".xz", "", ".txz", ".tar"),
		streamDecoder(w, "zstd", matchZstd, func() stream { return new(zstdStream) },
			".zst", "", ".zstd", "", ".tzst", ".tar", ".tzs", ".tar"),
		streamDecoder(w, "lz4", matchLz4, lz4Stream, ".lz4", "", ".tlz4", ".tar"),
		streamDecoder(w, "snappy", matchSnappy, snappyStream, ".sz", "", ".snappy", "", ".s2", ""),
		streamDecoder(w, "lzop", matchLzop, lzopStream, ".lzo", "", ".tzo", ".tar"),
		streamDecoder(w, "dovecot-lz4", matchDovecotLz4, dovecotLz4Stream),
		streamDecoder(w, "compress", matchCompress, func() stream { return new(compressStream) }, ".z", "", ".taz", ".tar"),
		streamDecoder(w, "lzip", matchLzip, lzipStream, ".lz", "", ".tlz", ".tar"),
		streamDecoder(w, "lzma", matchLzma, lzmaStream, ".lzma", "", ".tlz", ".tar"),
		streamDecoder(w, "zlib", matchZlib, zlibStream, ".zz", "", ".zlib", ""),
		streamDecoder(w, "mysql-compress", func(head []byte, _ string) bool { return Compressed(head) }, compressedStream),
	}
}

func matchGzip(head []byte, _ string) bool {
	return len(head) >= 10 && head[0] == 0x1f && head[1] == 0x8b && head[2] == 8 && head[3]&0xe0 == 0
}

func matchBzip2(head []byte, _ string) bool {
	return len(head) >= 10 && string(head[:3]) == "BZh" && '1' <= head[3] && head[3] <= '9' &&
		(string(head[4:10]) == "1AY&SY" || string(head[4:10]) == "\x17rE8P\x90")
}

func matchXz(head []byte, _ string) bool {
	return len(head) >= 6 && string(head[:6]) == "\xfd7zXZ\x00"
}

// matchZstd looks behind skippable frames (RFC 8878, section 3.1.2): other
// formats have them too.
func matchZstd(head []byte, _ string) bool {
	for len(head) >= 4 {
		m := binary.LittleEndian.Uint32(head)
		switch {
		case m == 0xfd2fb528:
			return true
		case m&^0xf != 0x184d2a50:
			return false
		case len(head) < 8:
			return true
		}
		n := int64(binary.LittleEndian.Uint32(head[4:])) + 8
		if n >= int64(len(head)) {
			return true
		}
		head = head[n:]
	}
	return false
}

func streamDecoder(w *windows, kind string, match func([]byte, string) bool, fresh func() stream, endings ...string) Decoder {
	pool := &sync.Pool{New: func() any { return fresh() }}
	return Decoder{
		Bare:  true,
		Name:  kind,
		Match: match,
		Decode: func(ctx context.Context, in scanners.Item, b *Budget) iter.Seq2[scanners.Item, error] {
			return sequence(func(o output) {
				s := pool.Get().(stream)
				decodeStream(ctx, o, w, in, b, kind, s, endings)
				// Not reached after a panic: s is then left alone.
				s.release()
				pool.Put(s)
			})
		},
	}
}

func decodeStream(ctx context.Context, o output, w *windows, in scanners.Item, b *Budget, kind string, s stream, endings []string) {
	src := &input{ctx: ctx, r: in.Body, keep: keepFirst}
	d := &decoding{in: src, kind: kind, s: s, w: w}
	// The first bytes decide whether it is such a stream at all.
	first, n := make([]byte, 512), 0
	free, err := w.room(ctx, b, s, src)
	defer free()
	if err == nil {
		err = s.open(src)
	}
	if err != nil {
		err = d.explain(err)
	}
	for n == 0 && err == nil {
		n, err = d.Read(first)
	}
	if n == 0 && err != nil && err != io.EOF {
		if src.err != nil {
			if len(src.first) > 0 && !o.item(raw(bytes.NewReader(src.first), 0)) {
				return
			}
			o.err(src.err)
			return
		}
		if !o.err(err) {
			return
		}
		src.keep = 0
		first := bytes.NewReader(src.first)
		switch at, ok := readerAt(in.Body); {
		case src.n == int64(len(src.first)):
			o.item(raw(io.MultiReader(first, src), 0))
		case ok:
			o.item(raw(io.NewSectionReader(at, 0, at.Size()), 0))
		default:
			// What lies between was read as one block and did not decode.
			if o.item(raw(first, 0)) {
				o.item(raw(src, src.n))
			}
		}
		return
	}
	src.first, src.keep = nil, 0

	it := scanners.Item{Name: stripEnding(in.Name, endings), Size: -1, Time: in.Time}
	if g, ok := s.(*gzipStream); ok {
		if g.z.Name != "" {
			it.Fields = append(it.Fields, scanners.Field{Name: "name", Value: g.z.Name})
			if it.Name == "" || it.Name == in.Name {
				it.Name = lastName(g.z.Name)
			}
		}
		if g.z.Comment != "" {
			it.Fields = append(it.Fields, scanners.Field{Name: "comment", Value: g.z.Comment})
		}
	}
	l := &later{ctx: ctx, r: io.MultiReader(bytes.NewReader(first[:n]), d)}
	if err != nil {
		l.r = io.MultiReader(bytes.NewReader(first[:n]), failing{err})
	}
	defer l.close()
	it.Body = b.Reader(ctx, l)
	if !o.item(it) {
		return
	}
	l.close()

	// Only a stream that was read to its end tells what follows it.
	switch {
	case d.err == nil:
		return
	case src.err != nil:
		return // the reader of the body has got that error
	}
	tail, off := s.rest(d.err == io.EOF)
	buf := bufio.NewReader(tail)
	if _, err := buf.Peek(1); err != nil {
		if src.err != nil {
			o.err(src.err)
		}
		return
	}
	if !o.item(raw(buf, off)) {
		return
	}
	if d.err == io.EOF {
		o.err(&scanners.Gap{Reason: scanners.Corrupt, Detail: kind + ": something else follows the compressed data"})
	}
}

// decoding turns the errors of a stream into those of the contract.
type decoding struct {
	in   *input
	kind string
	s    stream
	w    *windows
	err  error
}

func (d *decoding) Read(p []byte) (int, error) {
	if d.err != nil {
		return 0, d.err
	}
	n, err := d.s.Read(p)
	d.w.moves.Add(1)
	if err != nil {
		d.err = d.explain(err)
	}
	return n, d.err
}

func (d *decoding) explain(err error) error {
	switch {
	case d.in.err != nil:
		d.err = d.in.err
	case err == io.EOF:
		d.err = io.EOF
	default:
		d.err = decodeGap(d.kind, err)
	}
	return d.err
}

// decodeGap returns what the error of a decompressor means.
func decodeGap(kind string, err error) *scanners.Gap {
	g := &scanners.Gap{Reason: scanners.Corrupt, Detail: kind + ": damaged", Err: err}
	var own *scanners.Gap
	switch {
	case errors.As(err, &own):
		c := *own
		c.Detail = kind + ": " + c.Detail
		return &c
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, xz.ErrBuf):
		g.Detail = kind + ": cut off or damaged"
	case errors.Is(err, errWindow), errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded), errors.Is(err, xz.ErrMemlimit):
		g.Reason, g.Detail = scanners.TooLarge, kind+": needs more memory than it is given"
	case errors.Is(err, zstd.ErrUnknownDictionary):
		g.Reason, g.Detail = scanners.Unsupported, kind+": needs a dictionary that is not part of it"
	case errors.Is(err, xz.ErrOptions), errors.Is(err, xz.ErrUnsupportedCheck):
		g.Reason, g.Detail = scanners.Unsupported, kind+": compressed in a way that is not supported"
	}
	return g
}

// stripEnding replaces the ending of a name as pairs of endings say.
func stripEnding(name string, pairs []string) string {
	for i := 0; i < len(pairs); i += 2 {
		n := len(name) - len(pairs[i])
		if n > 0 && strings.EqualFold(name[n:], pairs[i]) {
			return name[:n] + pairs[i+1]
		}
	}
	return name
}

// gzipStream reads the members of a gzip file (RFC 1952). Zeros behind the last
// are padding, as gzip(1) has it.
type gzipStream struct {
	in *input
	br *bufio.Reader
	z  *gzip.Reader
}

func (s *gzipStream) open(in *input) error {
	s.in = in
	if s.z == nil {
		// The decompressor is fastest on this very type.
		s.br = bufio.NewReaderSize(in, 32<<10)
		s.z = new(gzip.Reader)
	} else {
		s.br.Reset(in)
	}
	err := s.z.Reset(s.br)
	s.z.Multistream(false)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}

func (s *gzipStream) Read(p []byte) (int, error) {
	for {
		n, err := s.z.Read(p)
		if err != io.EOF {
			return n, err
		}
		if n > 0 {
			return n, nil // EOF comes again
		}
		for {
			next, _ := s.br.Peek(2)
			switch {
			case len(next) == 2 && next[0] == 0x1f && next[1] == 0x8b:
				h := s.z.Header
				err := s.z.Reset(s.br)
				s.z.Multistream(false)
				s.z.Header = h
				if err != nil {
					if err == io.EOF {
						err = io.ErrUnexpectedEOF
					}
					return 0, err
				}
			case len(next) > 0 && next[0] == 0:
				_, _ = s.br.Discard(1)
				continue
			default:
				if s.in.err != nil {
					return 0, s.in.err
				}
				return 0, io.EOF
			}
			break
		}
	}
}

func (s *gzipStream) rest(bool) (io.Reader, int64) {
	return s.br, s.in.n - int64(s.br.Buffered())
}

func (s *gzipStream) release() { s.br.Reset(nil); s.in = nil }

// history is a buffered reader that can go back, for decoders that read too
// far: up to historyBack bytes.
type history struct {
	in   *input
	buf  []byte
	r, w int
}

const historyBack = 20 << 10

func (h *history) reset(in *input) {
	if h.buf == nil {
		h.buf = make([]byte, historyBack+16<<10)
	}
	h.in, h.r, h.w = in, 0, 0
}

func (h *history) fill() error {
	keep := min(h.r, historyBack)
	copy(h.buf, h.buf[h.r-keep:h.r])
	h.r, h.w = keep, keep
	for range 100 {
		n, err := h.in.Read(h.buf[h.w:])
		h.w += n
		if n > 0 {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

func (h *history) Read(p []byte) (int, error) {
	if h.r == h.w {
		if err := h.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, h.buf[h.r:h.w])
	h.r += n
	return n, nil
}

func (h *history) ReadByte() (byte, error) {
	if h.r == h.w {
		if err := h.fill(); err != nil {
			return 0, err
		}
	}
	h.r++
	return h.buf[h.r-1], nil
}

// back goes back by up to n bytes.
func (h *history) back(n int) { h.r -= min(n, h.r) }

// offset returns how many bytes of the input were read from h.
func (h *history) offset() int64 { return h.in.n - int64(h.w-h.r) }

// bzip2Stream reads one or many bzip2 streams.
type bzip2Stream struct {
	h history
	z io.Reader
}

func (s *bzip2Stream) open(in *input) error {
	s.h.reset(in)
	s.z = bzip2.NewReader(&s.h)
	return nil
}

func (s *bzip2Stream) Read(p []byte) (int, error) { return s.z.Read(p) }

// rest begins up to four bytes late: the decoder reads in bits.
func (s *bzip2Stream) rest(ended bool) (io.Reader, int64) {
	if !ended {
		s.h.back(4)
	}
	return &s.h, s.h.offset()
}

func (s *bzip2Stream) release() { s.h.in, s.z = nil, nil }

// xzStream reads one or many xz streams with the padding between them.
type xzStream struct {
	h   history
	z   *xz.Reader
	max int64
}

func (s *xzStream) limit(n int64) { s.max = n }

// declared reads the first block header (The .xz File Format 1.2.1, sections
// 3.1 and 5.3.1).
func (s *xzStream) declared(head []byte) int64 {
	if len(head) < 14 {
		return 0
	}
	b, flags := head[14:], head[13]
	for _, has := range []byte{0x40, 0x80} { // the two sizes
		if flags&has != 0 {
			_, n := binary.Uvarint(b)
			b = b[max(n, 0):]
		}
	}
	for range flags&3 + 1 {
		id, n := binary.Uvarint(b)
		b = b[max(n, 0):]
		size, n := binary.Uvarint(b)
		b = b[max(n, 0):]
		if size > uint64(len(b)) {
			return 0
		}
		if id == 0x21 && size == 1 {
			if b[0] > 39 {
				return 4 << 30
			}
			return int64(2|b[0]&1) << (b[0]/2 + 11)
		}
		b = b[size:]
	}
	return 0
}

func (s *xzStream) open(in *input) (err error) {
	s.h.reset(in)
	// Not reused: it would keep its dictionary, and its limit.
	s.z, err = xz.NewReader(xzSource{&s.h}, uint32(s.max))
	return err
}

func (s *xzStream) Read(p []byte) (int, error) { return s.z.Read(p) }

// xzRead is how many bytes the decoder is given at once, at most.
const xzRead = 8 << 10

// xzSource hides that h is an io.ByteReader, and so on.
type xzSource struct{ h *history }

func (s xzSource) Read(p []byte) (int, error) { return s.h.Read(p[:min(len(p), xzRead)]) }

// rest begins with what the decoder was last given: how much of that it has
// used isn't known.
func (s *xzStream) rest(ended bool) (io.Reader, int64) {
	if !ended {
		s.h.back(xzRead + 12)
	}
	return &s.h, s.h.offset()
}

func (s *xzStream) release() { s.h.in, s.z = nil, nil }

// zstdStream reads the frames of a Zstandard file (RFC 8878). Skippable frames
// are skipped.
type zstdStream struct {
	h   history
	z   *zstd.Decoder
	max int64
}

func (s *zstdStream) limit(n int64) {
	if n != s.max {
		s.max = n
		s.z = nil
	}
}

func (s *zstdStream) declared(head []byte) int64 {
	var h zstd.Header
	if h.Decode(head) != nil {
		return 0
	}
	if h.SingleSegment { // the window is the content
		return int64(min(h.FrameContentSize, 1<<62))
	}
	return int64(min(h.WindowSize, 1<<62))
}

func (s *zstdStream) open(in *input) (err error) {
	s.h.reset(in)
	if s.z != nil {
		return s.z.Reset(&s.h)
	}
	s.z, err = zstd.NewReader(&s.h, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(uint64(s.max)), zstd.WithDecoderMaxMemory(1<<62))
	return err
}

func (s *zstdStream) Read(p []byte) (int, error) { return s.z.Read(p) }

func (s *zstdStream) rest(ended bool) (io.Reader, int64) {
	if !ended {
		s.h.back(4)
	}
	return &s.h, s.h.offset()
}

// release drops the decoder if its window has grown.
func (s *zstdStream) release() {
	s.h.in = nil
	if s.max > minWindow {
		s.z = nil
	}
	if s.z != nil {
		_ = s.z.Reset(nil)
	}
}
