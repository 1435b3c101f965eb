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
	base, section, steps, err := scanners.Split(uri)
	if err != nil {
		return fmt.Errorf("not a URI of a report: %w", err)
	}
	it, err := o.Source.Open(ctx, scanners.Ref{URI: base})
	if err != nil {
		return err
	}
	defer it.Close()
	if it.Ref.URI == "" {
		it.Ref.URI = base
	}
	if section != "" || len(steps) > 0 {
		if it, err = volumes(ctx, o.Source, o.Decoders, it); err != nil {
			return err
		}
		if p, ok := it.Body.(*pieces); ok {
			defer p.Close()
		}
	}
	f := finding{Opener: o, use: use, base: base}
	budget := container.NewBudget(o.Limits, it.Size)
	err = f.in(ctx, it, base, section, steps, budget)
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
	use  func(scanners.Item) error
	base string // URI of the source's item
}

// found hands over the item and ends the search.
func (f *finding) found(it scanners.Item) error {
	if err := f.use(it); err != nil {
		return err
	}
	return errFound
}

// in follows the steps into it.
// uri is its own, empty where nothing can stand beside it.
func (f *finding) in(ctx context.Context, it scanners.Item, uri, section string, steps []scanners.Step, budget *container.Budget) error {
	here := section == "" && len(steps) == 0
	if it.Block != nil {
		if here {
			return f.found(it)
		}
		return f.column(ctx, it.Block, steps, budget)
	}
	if here && f.Raw {
		return f.found(it)
	}
	if it.Body == nil {
		if here {
			return f.found(it)
		}
		return nil
	}
	beside := func(ctx context.Context, name string) ([]byte, error) { return f.beside(ctx, uri, name) }
	stands := func(name string) bool {
		_, err := beside(ctx, name)
		return uri != "" && err == nil
	}
	if here {
		// What is stored is printed as it is, but for its compression.
		head, rest, _ := container.Head(it.Body)
		it.Body = rest
		if d := container.DetectBeside(f.Decoders, head, it.Name, stands); d == nil || !d.Bare {
			return f.found(it)
		}
	}
	d, _, rest, err := recognised(f.Decoders, it, stands)
	if err != nil && !here {
		return err
	}
	it.Body = rest
	if here && (d == nil || !d.Bare) {
		return f.found(it)
	}
	if from, to, ok := linesOf(f.fragment(steps)); ok && (d == nil || !d.Bare) && len(steps) == 1 {
		it.Body, it.Size = cutLines(ctx, it.Body, from, to), -1
		return f.found(it)
	}
	if d == nil {
		return nil
	}
	inner, err := budget.Enter()
	if err != nil {
		return err
	}
	if uri != "" {
		it.Beside, it.Near, it.Ref.URI = beside, f.near(uri), uri
	}
	items := d.Decode(ctx, it, inner)
	if !here && section == "" && steps[0].Fragment != "" && !d.Bare {
		row, err := document.FindRow(ctx, items, "#"+steps[0].Fragment, f.RowKey)
		if err != nil {
			return err
		}
		return f.in(ctx, row, "", "", steps[1:], inner)
	}
	return f.children(ctx, items, uri, section, steps, inner)
}

// fragment returns the fragment that the next step is, empty where it is none.
func (f *finding) fragment(steps []scanners.Step) string {
	if len(steps) == 0 {
		return ""
	}
	return steps[0].Fragment
}

func (f *finding) children(ctx context.Context, items iter.Seq2[scanners.Item, error], uri, section string, steps []scanners.Step, budget *container.Budget) error {
	for child, err := range items {
		var g *scanners.Gap
		var x *scanners.Exclusion
		switch {
		case errors.As(err, &g) && err == error(g), errors.As(err, &x):
			continue // a gap beside what is looked for
		case err != nil:
			return err
		case child.Text || child.Block != nil:
			continue
		case child.Step == "":
			if err := f.in(ctx, child, uri, section, steps, budget); err != nil {
				return err
			}
		case section != "" && (child.Section == section || strings.HasPrefix(section, child.Section+".")):
			left := strings.TrimPrefix(strings.TrimPrefix(section, child.Section), ".")
			if err := f.in(ctx, child, "", left, steps, budget); err != nil {
				return err
			}
		case section == "" && len(steps) > 0 && child.Step == steps[0].Name && steps[0].Fragment == "":
			own := uri
			if own != "" {
				own += "!/" + scanners.Escape(child.Step)
			}
			if err := f.in(ctx, child, own, "", steps[1:], budget); err != nil {
				return err
			}
		}
	}
	return nil
}

// column opens a cell of a row.
func (f *finding) column(ctx context.Context, b *scanners.Block, steps []scanners.Step, budget *container.Budget) error {
	for i, name := range b.Table.Columns {
		if len(steps) == 0 || name != steps[0].Name {
			continue
		}
		cell, null := b.Cell(0, i)
		if null || len(cell) < 100 {
			// A value that is too large for its row is an item of its own.
			it, err := f.Source.Open(ctx, scanners.Ref{URI: f.base + "!/" + scanners.EscapeSegment(name)})
			if err == nil {
				defer it.Close()
				return f.in(ctx, it, "", "", steps[1:], budget)
			}
		}
		return f.in(ctx, scanners.Item{Name: name, Size: int64(len(cell)), Body: bytes.NewReader(cell)}, "", "", steps[1:], budget)
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
		n, err := io.Copy(w, it.Body)
		if n > 0 || err != nil {
			return err
		}
		it.Body = nil // a link, an empty object: what is known of it
		return Print(w, it)
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
