package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

// maxVolumes bounds how many pieces a split archive has.
const maxVolumes = 999

// volume returns the number of the piece of a split archive that a name is, and
// the name without it; 0 where it is none.
func volume(name string) (stem string, n int) {
	k := len(name) - 4
	if k <= 0 || name[k] != '.' {
		return "", 0
	}
	for _, c := range name[k+1:] {
		if c < '0' || c > '9' {
			return "", 0
		}
		n = n*10 + int(c-'0')
	}
	return name[:k], n
}

// archiveName reports whether a name is that of an archive.
func archiveName(name string) bool {
	_, ending, _ := strings.Cut(name[max(0, len(name)-8):], ".")
	for e := range strings.SplitSeq(strings.ToLower(ending), ".") {
		switch e {
		case "7z", "zip", "rar", "tar", "gz", "tgz", "bz2", "tbz2", "xz", "txz", "zst", "tzst", "cpio", "iso", "lz4", "lzma":
			return true
		}
	}
	return false
}

// volumes returns what an item is to be read as: the first piece of a split
// archive (split(1), 7-Zip: "a.7z.001") goes on with the other pieces, which are
// items of the source, too. The error is a *Gap where the item is a piece whose
// first one is missing.
func volumes(ctx context.Context, src scanners.Source, decoders []container.Decoder, it scanners.Item) (scanners.Item, error) {
	stem, n := volume(it.Name)
	uri, query, _ := strings.Cut(it.Ref.URI, "?")
	base, number := volume(uri)
	if n == 0 || n > maxVolumes || number != n || src == nil || it.Body == nil {
		return it, nil
	}
	sibling := func(n int) (scanners.Item, error) {
		return src.Open(ctx, scanners.Ref{URI: fmt.Sprintf("%s.%03d", base, n)})
	}
	if n > 1 {
		if !archiveName(stem) {
			return it, nil
		}
		first, err := sibling(1)
		if err == nil {
			return it, first.Close()
		}
		return it, &scanners.Gap{Reason: scanners.Unsupported, Detail: "a piece of a split archive whose first piece can't be read"}
	}
	head, rest, err := container.Head(it.Body)
	it.Body = rest
	if err != nil || query != "" || container.Detect(decoders, head, stem) == nil {
		return it, nil
	}
	second, err := sibling(2)
	if err != nil {
		return it, nil
	}
	second.Close()
	it.Body = &pieces{now: rest, next: 2, open: sibling}
	it.Name, it.Size = stem, -1
	return it, nil
}

// pieces reads one piece of a split archive after the other.
type pieces struct {
	now   io.Reader
	close func() error
	next  int
	open  func(n int) (scanners.Item, error)
}

func (p *pieces) Read(b []byte) (int, error) {
	for {
		if p.now == nil {
			return 0, io.EOF
		}
		n, err := p.now.Read(b)
		if err != io.EOF {
			return n, err
		}
		if err := p.advance(); err != nil {
			return n, err
		}
		if n > 0 {
			return n, nil
		}
	}
}

func (p *pieces) advance() error {
	if err := p.Close(); err != nil {
		return err
	}
	p.now = nil
	if p.next > maxVolumes {
		return nil
	}
	it, err := p.open(p.next)
	var g *scanners.Gap
	switch {
	case errors.As(err, &g) && g.Reason == scanners.Vanished:
		return nil // there are no more
	case err != nil:
		return err
	}
	p.next++
	p.now, p.close = it.Body, it.Close
	return nil
}

// Close closes the piece that is open, but for the first.
func (p *pieces) Close() error {
	if p.close == nil {
		return nil
	}
	c := p.close
	p.close = nil
	return c()
}
