package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/internal/document"
	"github.com/spoor-scan/spoor/scanners"
)

// Opener opens again what the URIs of a report name.
type Opener struct {
	Source   scanners.Source
	Decoders []container.Decoder
	Limits   container.Limits
	RowKey   []byte
	// Raw leaves the last item as it is stored: it is not decompressed.
	Raw bool
}

// errFound ends the search through containers.
var errFound = errors.New("found")

// Open opens the item that uri names, however deep it lies, and calls use with
// it; the item is valid during the call. An item that is not there is a *Gap
// with reason Vanished.
func (o Opener) Open(ctx context.Context, uri string, use func(scanners.Item) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicked(p)
		}
	}()
	base, section, steps, fragment, err := scanners.Split(uri)
	if err != nil {
		return fmt.Errorf("not a URI of a report: %w", err)
	}
	if row, inner, ok := strings.Cut(fragment, "!/"); ok { // a cell of a row of a document
		fragment = row
		for _, s := range strings.Split(inner, "!/") {
			s, err := scanners.Unescape(s)
			if err != nil {
				return fmt.Errorf("not a URI of a report: %w", err)
			}
			steps = append(steps, s)
		}
	}
	it, err := o.Source.Open(ctx, scanners.Ref{URI: base})
	if err != nil {
		return err
	}
	defer it.Close()
	f := finding{Opener: o, use: use, fragment: fragment, before: len(steps)}
	if fragment != "" {
		f.before = strings.Count(base+strings.SplitN(uri[len(base):], "#", 2)[0], "!/") - strings.Count(base, "!/")
	}
	budget := container.NewBudget(o.Limits, max(it.Size, 0))
	err = f.in(ctx, it, section, steps, budget)
	switch {
	case errors.Is(err, errFound):
		return nil
	case err == nil:
		return &scanners.Gap{URI: uri, Reason: scanners.Vanished, Detail: "nothing of that name is in the container"}
	}
	return err
}

// finding is a search for one item.
type finding struct {
	Opener
	use      func(scanners.Item) error
	fragment string // row of a document ...
	before   int    // ... that lies behind so many steps
	done     int
}

// found hands over the item and ends the search.
func (f *finding) found(it scanners.Item) error {
	if err := f.use(it); err != nil {
		return err
	}
	return errFound
}

// in follows the steps into it.
func (f *finding) in(ctx context.Context, it scanners.Item, section string, steps []string, budget *container.Budget) error {
	if it.Block != nil {
		if len(steps) == 0 {
			return f.found(it)
		}
		return f.column(ctx, it.Block, steps, budget)
	}
	here := section == "" && f.done == f.before // the steps that are left lie behind the fragment
	if here && f.fragment == "" && f.Raw {
		return f.found(it)
	}
	if it.Body == nil {
		it.Body = strings.NewReader("")
	}
	head, rest, err := container.Head(it.Body)
	if err != nil {
		return err
	}
	it.Body = rest
	d := container.Detect(f.Decoders, head, it.Name)
	if here && f.fragment == "" && (d == nil || !d.Bare) {
		return f.found(it)
	}
	if d == nil {
		return nil
	}
	inner, err := budget.Enter()
	if err != nil {
		return err
	}
	if here && f.fragment != "" && !d.Bare {
		row, err := document.FindRow(ctx, d.Decode(ctx, it, inner), "#"+f.fragment, f.RowKey)
		if err != nil {
			return err
		}
		return f.in(ctx, row, "", steps, inner)
	}
	return f.children(ctx, d.Decode(ctx, it, inner), section, steps, inner)
}

func (f *finding) children(ctx context.Context, items iter.Seq2[scanners.Item, error], section string, steps []string, budget *container.Budget) error {
	for child, err := range items {
		var g *scanners.Gap
		switch {
		case errors.As(err, &g) && err == error(g):
			continue // a gap beside what is looked for
		case err != nil:
			return err
		case child.Text || child.Block != nil:
			continue
		case child.Step == "":
			if err := f.in(ctx, child, section, steps, budget); err != nil {
				return err
			}
		case section != "" && (child.Section == section || strings.HasPrefix(section, child.Section+".")):
			left := strings.TrimPrefix(strings.TrimPrefix(section, child.Section), ".")
			if err := f.in(ctx, child, left, steps, budget); err != nil {
				return err
			}
		case section == "" && len(steps) > 0 && child.Step == steps[0]:
			f.done++
			if err := f.in(ctx, child, "", steps[1:], budget); err != nil {
				return err
			}
			f.done--
		}
	}
	return nil
}

// column opens a cell of a row.
func (f *finding) column(ctx context.Context, b *scanners.Block, steps []string, budget *container.Budget) error {
	for i, name := range b.Table.Columns {
		if name != steps[0] {
			continue
		}
		cell, _ := b.Cell(0, i)
		f.done++
		f.fragment, f.before = "", f.done+len(steps)-1
		return f.in(ctx, scanners.Item{Name: name, Size: int64(len(cell)), Body: bytes.NewReader(cell)}, "", steps[1:], budget)
	}
	return nil
}

// Print writes an item for people: the columns of a row, a line each, or the
// bytes of everything else.
func Print(w io.Writer, it scanners.Item) error {
	b := it.Block
	if b == nil {
		if it.Body == nil {
			for _, f := range it.Fields {
				if _, err := fmt.Fprintf(w, "%s: %s\n", f.Name, f.Value); err != nil {
					return err
				}
			}
			return nil
		}
		_, err := io.Copy(w, it.Body)
		return err
	}
	for row := range b.Rows() {
		for col, name := range b.Table.Columns {
			v, null := b.Cell(row, col)
			if null {
				v = []byte("NULL")
			}
			if _, err := fmt.Fprintf(w, "%s: %s\n", name, v); err != nil {
				return err
			}
		}
	}
	return nil
}
