package container

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"regexp"
	"strconv"
	"strings"

	"github.com/spoor-scan/spoor/scanners"
)

// dupPiece is how many bytes of a file lie in one member, unless it is the last
// (duplicity/diffdir.py, DiffDirException and get_block_iter).
const dupPiece = 64 << 10

// dupVolume takes the name of a volume apart: the set, the time of the set that it
// builds on, and its number.
var dupVolume = regexp.MustCompile(`^(duplicity-(?:full\.\d{8}T\d{6}Z|inc\.(\d{8}T\d{6}Z)\.to\.\d{8}T\d{6}Z))\.(?:vol(\d{1,6})\.difftar|manifest)`)

// duplicityDecoder reads the volumes that duplicity writes: archives in which
// files of more than 64 KiB are cut into pieces, which may go on in the next
// volume. A file is a member of the volume in which it begins. Of a file that
// changed, an incremental backup holds the changes only.
func duplicityDecoder() Decoder {
	return Decoder{
		Name: "duplicity",
		Match: func(head []byte, name string) bool {
			m := dupVolume.FindStringSubmatch(lastName(name))
			return m != nil && m[3] != "" && matchTar(head, name)
		},
		Decode: func(ctx context.Context, in scanners.Item, b *Budget) iter.Seq2[scanners.Item, error] {
			return sequence(func(o output) {
				d := &duplicity{lister: newLister(ctx, b, o, in), volume: 1}
				if m := dupVolume.FindStringSubmatch(lastName(in.Name)); m != nil {
					d.set, d.base = m[1], m[2]
					d.volume, _ = strconv.Atoi(m[3])
				}
				next, stop := iter.Pull2(tarDecoder().Decode(ctx, in, b))
				defer stop()
				d.next = next
				d.run()
			})
		},
	}
}

// dupManifestDecoder looks whether all volumes stand beside the list of them, and
// the backup on which they build.
func dupManifestDecoder() Decoder {
	return Decoder{
		Name: "duplicity-manifest",
		Match: func(head []byte, name string) bool {
			m := dupVolume.FindStringSubmatch(lastName(name))
			return m != nil && m[3] == "" && bytes.HasPrefix(head, []byte("Hostname"))
		},
		Decode: func(ctx context.Context, in scanners.Item, _ *Budget) iter.Seq2[scanners.Item, error] {
			return sequence(func(o output) {
				count := &dupCount{r: in.Body}
				if !o.item(raw(count, 0)) || in.Near == nil {
					return
				}
				m := dupVolume.FindStringSubmatch(lastName(in.Name))
				if m == nil {
					return
				}
				names, err := in.Near.Names(ctx)
				if err != nil {
					return // the source can't tell
				}
				have, base := map[int]bool{}, m[2] == ""
				for _, name := range names {
					if rest, ok := strings.CutPrefix(name, m[1]+".vol"); ok {
						digits, _, _ := strings.Cut(rest, ".")
						if n, err := strconv.Atoi(digits); err == nil {
							have[n] = true
						}
					}
					base = base || strings.HasPrefix(name, "duplicity-full."+m[2]+".") || strings.HasPrefix(name, "duplicity-inc.") && strings.Contains(name, ".to."+m[2]+".")
				}
				missing := 0
				for n := 1; n <= count.volumes; n++ {
					if !have[n] {
						missing++
					}
				}
				if missing > 0 && !o.err(&scanners.Gap{Reason: scanners.Vanished, Detail: fmt.Sprintf("duplicity: %d of the %d volumes of the backup are missing", missing, count.volumes)}) {
					return
				}
				if !base {
					o.err(&scanners.Gap{Reason: scanners.Vanished, Detail: "duplicity: the backup on which this one builds is missing"})
				}
			})
		},
	}
}

// dupCount counts the volumes that a manifest lists, while it is read.
type dupCount struct {
	r       io.Reader
	line    []byte
	volumes int
}

func (c *dupCount) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	for _, x := range p[:n] {
		if x != '\n' {
			if len(c.line) < 32 {
				c.line = append(c.line, x)
			}
			continue
		}
		if strings.HasPrefix(string(c.line), "Volume ") {
			c.volumes++
		}
		c.line = c.line[:0]
	}
	return n, err
}

type duplicity struct {
	*lister
	set, base string
	volume    int
	next      func() (scanners.Item, error, bool)
	held      *scanners.Item // what next has returned, and was not a piece
	errs      []error        // met while a file was put together
	deltas    bool
}

// pieceOf takes the name of a member apart: "multivol_snapshot/PATH/3".
func pieceOf(step string) (kind, name string, n int) {
	kind, rest, _ := strings.Cut(step, "/")
	if !strings.HasPrefix(kind, "multivol_") {
		return kind, rest, 0
	}
	k := strings.LastIndexByte(rest, '/')
	if k < 0 {
		return kind, rest, 0
	}
	n, err := strconv.Atoi(rest[k+1:])
	if err != nil || n < 1 {
		return kind, rest, 0
	}
	return kind, rest[:k], n
}

// child returns the next member or text of the archive; what is wrong with it is
// kept for later.
func (d *duplicity) child() (scanners.Item, bool) {
	if d.held != nil {
		it := *d.held
		d.held = nil
		return it, true
	}
	for {
		it, err, ok := d.next()
		if !ok {
			return it, false
		}
		if err != nil {
			d.errs = append(d.errs, err)
			continue
		}
		return it, true
	}
}

// told yields what was wrong.
func (d *duplicity) told() bool {
	for _, err := range d.errs {
		if !d.out.err(err) {
			return false
		}
	}
	d.errs = nil
	return true
}

func (d *duplicity) run() {
	for {
		it, ok := d.child()
		if !d.told() || !ok {
			break
		}
		kind, name, n := pieceOf(it.Step)
		switch {
		case it.Text || it.Step == "":
			if !d.out.item(it) {
				return
			}
		case n > 1 && !d.begun(kind, name, n):
			g := &scanners.Gap{URI: memberURI(d.in, it.Step), Reason: scanners.Vanished, Detail: "duplicity: the volume in which the file begins is missing"}
			if !d.out.item(it) || !d.out.err(g) {
				return
			}
		case n > 1: // it was read with its beginning
			if _, err := io.Copy(io.Discard, it.Body); err != nil {
				d.errs = append(d.errs, err)
			}
		default:
			r := &dupReader{d: d, now: it.Body, kind: kind, name: name, n: n}
			if n == 1 {
				it.Step, it.Size = kind+"/"+name, -1
				it.Name = lastName(name)
				it.Body = d.b.Reader(d.ctx, r)
			}
			switch kind {
			case "diff", "multivol_diff":
				d.deltas = true
				it.Size, it.Body = -1, &delta{r: bufio.NewReader(it.Body)}
			}
			if !d.out.item(it) {
				return
			}
			r.drain()
		}
	}
	if d.deltas {
		d.gap(scanners.Unsupported, "duplicity: of files that changed only what is new is searched; they are not put together with the backup before")
	}
}

// begun reports whether the volume before has the beginning of a file whose piece
// is the first thing in this one.
func (d *duplicity) begun(kind, name string, n int) bool {
	if d.in.Near == nil || d.volume < 2 {
		return false
	}
	found := false
	for _, end := range dupEndings() {
		err := d.in.Near.Open(d.ctx, fmt.Sprintf("%s.vol%d.difftar%s", d.set, d.volume-1, end), func(scanners.Item) error {
			found = true
			return nil
		})
		if err == nil {
			break
		}
	}
	return found
}

// dupEndings are those of volumes.
func dupEndings() []string { return []string{".gz", ".gpg", ""} }

// A dupReader reads the pieces of a file one after the other.
type dupReader struct {
	d          *duplicity
	now        io.Reader // nil: the file is read
	kind, name string
	n          int   // the piece that is read; 0: there is only one
	size       int64 // of what was read of it
	later      func() ([]byte, bool)
	stop       func()
	rest       []byte
}

func (r *dupReader) Read(p []byte) (int, error) {
	for r.now != nil {
		n, err := r.now.Read(p)
		r.size += int64(n)
		if err != nil && err != io.EOF {
			return n, err
		}
		if err == io.EOF {
			r.advance()
		}
		if n > 0 || len(p) == 0 {
			return n, nil
		}
	}
	for r.later != nil {
		if len(r.rest) > 0 {
			n := copy(p, r.rest)
			r.rest = r.rest[n:]
			return n, nil
		}
		var ok bool
		if r.rest, ok = r.later(); !ok {
			r.end()
		}
	}
	return 0, io.EOF
}

func (r *dupReader) end() {
	if r.stop != nil {
		r.stop()
	}
	r.later, r.stop = nil, nil
}

// advance goes on to the next piece, in this volume or the next one.
func (r *dupReader) advance() {
	whole := r.size == dupPiece
	r.now, r.size = nil, 0
	if r.n == 0 {
		return
	}
	it, ok := r.d.child()
	if ok {
		if kind, name, n := pieceOf(it.Step); kind == r.kind && name == r.name && n == r.n+1 && it.Body != nil {
			r.now, r.n = it.Body, n
			return
		}
		r.d.held = &it
		return
	}
	if whole && r.d.in.Near != nil {
		r.later, r.stop = iter.Pull(r.d.following(r.kind, r.name, r.n+1))
	}
}

// drain passes over what is left of a file.
func (r *dupReader) drain() {
	r.end()
	for r.now != nil {
		n, err := io.Copy(io.Discard, r.now)
		if r.size += n; err != nil {
			return
		}
		r.advance()
	}
	r.end()
}

// following yields the pieces of a file that lie in the volumes behind.
func (d *duplicity) following(kind, name string, n int) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		buf := make([]byte, dupPiece)
		errDone := errors.New("done")
		for volume := d.volume + 1; ; volume++ {
			var err error
			for _, end := range dupEndings() {
				err = d.in.Near.Open(d.ctx, fmt.Sprintf("%s.vol%d.difftar%s", d.set, volume, end), func(it scanners.Item) error {
					for child, err := range tarDecoder().Decode(d.ctx, it, d.b) {
						if err != nil {
							return err
						}
						k, p, i := pieceOf(child.Step)
						if child.Text || child.Step == "" {
							continue
						}
						if k != kind || p != name || i != n {
							return errDone
						}
						m, err := readFull(child.Body, buf)
						if err != nil && err != io.EOF {
							return err
						}
						if !yield(buf[:m]) || m < dupPiece {
							return errDone
						}
						n++
					}
					return nil
				})
				var g *scanners.Gap
				if !errors.As(err, &g) || g.Reason != scanners.Vanished {
					break
				}
			}
			if err != nil {
				var g *scanners.Gap
				if !errors.Is(err, errDone) && (!errors.As(err, &g) || g.Reason != scanners.Vanished) {
					d.errs = append(d.errs, err)
				}
				return
			}
		}
	}
}

// A delta reads what is new in a file that changed, with a line end wherever
// something of the old one stands between. Source: the format of librsync's
// deltas (librsync, src/prototab.h and src/command.h).
type delta struct {
	r     *bufio.Reader
	begun bool
	left  int64 // of what is new
	gap   bool  // a line end is due
	done  bool
}

var errDelta = &scanners.Gap{Reason: scanners.Corrupt, Detail: "duplicity: the changes of a file are damaged"}

func (d *delta) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if !d.begun {
		d.begun = true
		magic, err := d.r.Peek(4)
		if err != nil || binary.BigEndian.Uint32(magic) != 0x72730236 {
			d.left = 1<<63 - 1 // no delta: as it is
		} else {
			_, _ = d.r.Discard(4)
		}
	}
	for d.left == 0 {
		if d.done {
			return 0, io.EOF
		}
		if err := d.command(); err != nil {
			return 0, err
		}
	}
	if d.gap {
		d.gap = false
		p[0] = '\n'
		return 1, nil
	}
	n, err := d.r.Read(p[:min(int64(len(p)), d.left)])
	d.left -= int64(n)
	if err == io.EOF && d.left < 1<<62 {
		err = errDelta
	}
	return n, err
}

// command reads what comes next: an end, something new, or a piece of the old.
func (d *delta) command() error {
	op, err := d.r.ReadByte()
	if err != nil {
		return errDelta
	}
	number := func(width int) int64 {
		var b [8]byte
		if _, e := io.ReadFull(d.r, b[8-width:]); e != nil {
			err = errDelta
		}
		return int64(binary.BigEndian.Uint64(b[:]) & (1<<63 - 1))
	}
	switch {
	case op == 0:
		d.done = true
	case op <= 0x40:
		d.left = int64(op)
	case op <= 0x44:
		d.left = number(1 << (op - 0x41))
	case op <= 0x54:
		number(1 << ((op - 0x45) / 4))
		number(1 << ((op - 0x45) % 4))
		d.gap = true
	default:
		err = errDelta
	}
	return err
}
