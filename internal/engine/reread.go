package engine

import (
	"context"
	"runtime"
	"sync"
	"time"

	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/layout"
	"github.com/spoor-scan/spoor/scanners"
)

// Reread opens single items of the sources by their URIs, as a report names them,
// and reads all that is in them, as Scan would have. missed is told of each that
// could not be opened; what is no longer there is a *scanners.Gap with the reason
// Vanished. The items are of opt.Sources by index. The report's findings live as
// long as col.
//
// Nothing is followed from one item to another: the links between records are
// those of a Scan only.
func Reread(ctx context.Context, col *inventory.Collector, opt Options, items map[int][]string, missed func(source int, uri string, err error)) (*inventory.Report, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := &run{Options: opt, col: col, cancel: cancel, clocks: clocksOf(opt.Activities), layouts: layout.New(), spares: make(chan struct{}, runtime.GOMAXPROCS(0))}
	for _, m := range nestedMagic() {
		r.magics[m[0]] = append(r.magics[m[0]], m)
	}
	for _, s := range opt.Sources {
		col.AddSource(inventory.Source{Name: s.Info.Name, Type: s.Info.Type, URI: s.Info.URI, Counts: s.Info.Units, Consistency: s.Info.Consistency})
	}
	r.know()
	var wg sync.WaitGroup
	for i, s := range opt.Sources {
		if len(items[i]) == 0 {
			continue
		}
		wg.Go(func() { r.reread(ctx, s, i, items[i], missed) })
	}
	wg.Wait()
	if r.failed != nil {
		return nil, r.failed
	}
	opt.Run.Key = KeyID(opt.RowKey)
	opt.Run.Finished = time.Now().UTC().Truncate(time.Millisecond)
	return col.Settle(opt.Run, r.Subjects, nil)
}

func (r *run) reread(ctx context.Context, s Source, index int, uris []string, missed func(int, string, error)) {
	c := &Counter{}
	b := newBatch(r, s, scanners.Part{ID: enginePart + "again", Place: s.Info.Name}, c)
	defer b.commit()
	if s.Err != nil {
		for _, uri := range uris {
			missed(index, uri, s.Err)
		}
		return
	}
	next := make(chan string)
	var wg sync.WaitGroup
	for range max(1, s.Info.Parallel) {
		wg.Go(func() {
			for uri := range next {
				if err := r.once(ctx, s, b, uri); err != nil {
					missed(index, uri, err)
				}
			}
		})
	}
	for _, uri := range uris {
		select {
		case next <- uri:
		case <-ctx.Done():
			missed(index, uri, errInterrupted)
		}
	}
	close(next)
	wg.Wait()
}

// once opens an item and reads it.
func (r *run) once(ctx context.Context, s Source, b *batch, uri string) error {
	it, err := r.open(ctx, s, scanners.Ref{URI: uri})
	if err != nil {
		return err
	}
	defer func() {
		defer func() { _ = recover() }() // everything was read
		_ = it.Close()
	}()
	if it.Ref.URI == "" {
		it.Ref.URI = uri
	}
	if it.Ref.Place == "" {
		it.Ref.Place = s.Info.Name
	}
	r.item(ctx, b, it)
	return nil
}
