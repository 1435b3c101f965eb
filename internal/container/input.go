package container

import (
	"context"
	"io"
	"iter"
	"slices"

	"github.com/spoor-scan/spoor/scanners"
)

// All returns the decoders of this package, in the order in which they are to
// be tried. The list shares buffers among its own uses, and bounds what the
// windows of compressed streams take in all of them together to 192 MiB and
// another 8 MiB for each item; it may be used concurrently.
func All(o Options) []Decoder {
	w := newWindows()
	return slices.Concat(streams(w), []Decoder{
		pgpDecoder(o), duplicityDecoder(), dupManifestDecoder(), tarDecoder(), programDecoder(zipDecoder(w, o)), zipDecoder(w, o), sevenZipDecoder(o), rarDecoder(o), cpioDecoder(), arDecoder(), rpmDecoder(), cabDecoder(), xbstreamDecoder(),
		vmaDecoder(), qcowDecoder(), baculaDecoder(), extDecoder(), xfsDecoder(), fatDecoder(), lvmDecoder(), isoDecoder(), partitionDecoder(),
		streamDecoder(w, "brotli", matchBrotli, brotliStream, ".br", ""),
	})
}

// input is the body of an item, as a decoder reads it.
type input struct {
	ctx context.Context
	r   io.Reader
	n   int64 // bytes read
	err error // the error of r or ctx, which is not the decoder's to explain

	// first holds what was read, up to keep bytes, while keep is positive.
	first []byte
	keep  int

	ahead []byte // what peek has read
}

// peek returns the first n bytes, fewer where there are no more. It is called
// before the first Read.
func (in *input) peek(n int) []byte {
	in.ahead = make([]byte, n)
	m, err := readFull(in.r, in.ahead)
	in.ahead = in.ahead[:m]
	if err != nil && err != io.EOF {
		in.r = failing{err}
	}
	return in.ahead
}

func (in *input) Read(p []byte) (int, error) {
	if in.err != nil {
		return 0, in.err
	}
	if err := in.ctx.Err(); err != nil {
		in.err = err
		return 0, err
	}
	var n int
	var err error
	if len(in.ahead) > 0 {
		n = copy(p, in.ahead)
		in.ahead = in.ahead[n:]
	} else {
		n, err = in.r.Read(p)
	}
	in.n += int64(n)
	if room := in.keep - len(in.first); room > 0 {
		in.first = append(in.first, p[:min(n, room)]...)
	}
	if err != nil && err != io.EOF {
		in.err = err
	}
	return n, err
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// output is what a decoder yields to. Once item or gap has returned false,
// nothing may be yielded any more.
type output struct {
	yield func(scanners.Item, error) bool
}

func (o output) item(it scanners.Item) bool { return o.yield(it, nil) }
func (o output) err(err error) bool         { return o.yield(scanners.Item{}, err) }

// sequence makes a sequence of a function that yields to an output.
func sequence(f func(o output)) iter.Seq2[scanners.Item, error] {
	return func(yield func(scanners.Item, error) bool) { f(output{yield}) }
}

// raw is a piece of the record's bytes as they are, from off on.
func raw(r io.Reader, off int64) scanners.Item {
	return scanners.Item{Size: -1, Body: r, Text: true, Verbatim: true, Offset: off}
}

// memberURI returns the URI of a member, empty where that of its container
// isn't known.
func memberURI(in scanners.Item, step string) string {
	if in.Ref.URI == "" {
		return ""
	}
	return in.Ref.URI + "!/" + scanners.Escape(step)
}

// isZero reports whether p holds nothing but zeros.
func isZero(p []byte) bool {
	for len(p) >= 8 {
		if p[0]|p[1]|p[2]|p[3]|p[4]|p[5]|p[6]|p[7] != 0 {
			return false
		}
		p = p[8:]
	}
	for _, c := range p {
		if c != 0 {
			return false
		}
	}
	return true
}
