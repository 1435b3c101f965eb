package container

import (
	"context"
	"io"
	"path"
	"strings"
	"time"

	"golang.org/x/text/encoding/charmap"

	"github.com/spoor-scan/spoor/scanners"
)

// A lister yields the members of an archive that a library reads.
type lister struct {
	ctx   context.Context
	b     *Budget
	out   output
	in    scanners.Item
	names names
}

func newLister(ctx context.Context, b *Budget, o output, in scanners.Item) *lister {
	return &lister{ctx: ctx, b: b, out: o, in: in, names: names{depth: b.depth}}
}

// count counts a member. When it returns false, the archive is not to be read
// any further.
func (l *lister) count() bool {
	if err := l.ctx.Err(); err != nil {
		return l.out.err(err) && false
	}
	if err := l.b.Member(); err != nil {
		return l.out.err(err) && false
	}
	return true
}

// item returns a member.
func (l *lister) item(name string, size int64, t time.Time) scanners.Item {
	step := l.names.step(name)
	return scanners.Item{Name: path.Base(step), Size: size, Time: t, Step: step, Fields: []scanners.Field{pathField(name, charmap.Windows1252)}}
}

// member yields a member with its content.
func (l *lister) member(name string, size int64, t time.Time, r io.Reader) bool {
	it := l.item(name, size, t)
	it.Body = l.b.Reader(l.ctx, r)
	return l.out.item(it)
}

// memberAs yields a member with its content, what else is known of it and, where that is not whole, a gap
// that says why.
func (l *lister) memberAs(name string, more []scanners.Field, size int64, t time.Time, r io.Reader, whole bool, why string) bool {
	it := l.item(name, size, t)
	it.Fields = append(it.Fields, more...)
	it.Body = l.b.Reader(l.ctx, r)
	if !l.out.item(it) {
		return false
	}
	return whole || l.out.err(&scanners.Gap{URI: memberURI(l.in, it.Step), Reason: scanners.Corrupt, Detail: why})
}

// unread names a member that can't be read. Its name belongs to the record of
// the archive.
func (l *lister) unread(name string, reason scanners.Reason, detail string) bool {
	it := l.item(name, -1, time.Time{})
	g := &scanners.Gap{URI: memberURI(l.in, it.Step), Reason: reason, Detail: detail, Units: 1}
	f := it.Fields[0]
	return l.out.item(scanners.Item{Size: int64(len(f.Value)), Body: strings.NewReader(f.Value), Text: true, Field: f.Name}) && l.out.err(g)
}

// gap records what is wrong with the archive as a whole.
func (l *lister) gap(reason scanners.Reason, detail string) bool {
	return l.out.err(&scanners.Gap{Reason: reason, Detail: detail})
}

// A guarded reader turns a panic of a borrowed decoder into a gap.
type guarded struct {
	r    io.Reader
	kind string
	// failed makes a gap of an error other than io.EOF.
	failed func(error) error
}

func (g guarded) Read(p []byte) (n int, err error) {
	defer func() {
		if recover() != nil {
			n, err = 0, &scanners.Gap{Reason: scanners.Corrupt, Detail: g.kind + ": the decoder broke off"}
		}
	}()
	n, err = g.r.Read(p)
	if err != nil && err != io.EOF {
		err = g.failed(err)
	}
	return n, err
}
