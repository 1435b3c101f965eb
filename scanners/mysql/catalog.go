package mysql

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"
)

// A window holds the columns of many tables of one schema, from one query: asked
// for each table by itself, information_schema takes most of the time of reading
// a small one.
type window struct {
	schema string
	tables map[string]*table
	keys   map[string]keyHint
	made   time.Time
}

// A keyHint is what the columns of a table tell of its keys.
type keyHint uint8

const (
	noKey     keyHint = iota // there is none
	simpleKey                // the primary key is one column, whole
	someKey                  // the list of indexes has to be asked for
)

// The most columns of a window, how many windows there are, and how long one is
// believed.
const (
	windowColumns = 100_000
	windows       = 4
	windowAge     = time.Minute
)

// describeSmall is describe for one of many small tables, which are asked for
// in the order in which the server lists them.
func (s *source) describeSmall(ctx context.Context, schema, name string) (*table, error) {
	// One at a time: others wait for what is asked for.
	select {
	case s.catalog <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	w := s.windowOf(schema, name)
	if w == nil {
		w = s.newWindow(ctx, schema, name)
	}
	<-s.catalog
	t := w.tables[name]
	if t == nil || len(t.cols) == 0 {
		return s.describe(ctx, schema, name)
	}
	c := *t // its key is made below
	c.shape()
	switch w.keys[name] {
	case simpleKey:
		for i, col := range c.cols {
			if k, ok := col.asKey(); ok && col.primary {
				k.col = i
				c.setKey([]keyCol{k}, "PRIMARY")
			}
		}
	case someKey:
		err := s.retry(ctx, func(ctx context.Context) error {
			c.key, c.tab.Key = nil, nil
			return s.findKey(ctx, &c, where(&c), mine(&c), "")
		})
		if err != nil {
			return nil, err
		}
	}
	return &c, nil
}

func (s *source) windowOf(schema, name string) *window {
	s.windows = slices.DeleteFunc(s.windows, func(w *window) bool { return time.Since(w.made) > windowAge })
	for _, w := range s.windows {
		if w.schema == schema && w.tables[name] != nil {
			return w
		}
	}
	return nil
}

// newWindow asks for the columns of the table and of those that the server lists
// behind it. Where that fails the window is empty.
func (s *source) newWindow(ctx context.Context, schema, name string) *window {
	w := &window{schema: schema, made: time.Now()}
	words := make(map[string]string)
	word := func(v []byte) string {
		if w, ok := words[string(v)]; ok {
			return w
		}
		words[string(v)] = string(v)
		return words[string(v)]
	}
	n := 0
	var last *table
	err := s.retry(ctx, func(ctx context.Context) error {
		w.tables, w.keys, n, last = make(map[string]*table), make(map[string]keyHint), 0, nil
		_, err := s.query(ctx, listColumns+" FROM information_schema.columns WHERE table_schema="+text(schema), func(c []sql.RawBytes) error {
			if string(c[0]) != schema {
				return nil
			}
			if last == nil || last.name != string(c[1]) {
				if last == nil && string(c[1]) != name {
					return nil
				}
				if n > windowColumns {
					return errStop
				}
				last = &table{schema: schema, name: string(c[1]), from: ident(schema) + "." + ident(string(c[1]))}
				if w.tables[last.name] != nil {
					return errOrder
				}
				w.tables[last.name] = last
			}
			n++
			col := column{
				name: word(c[2]), typ: word(lower(c[3])), full: word(lower(c[4])), charset: word(c[5]),
				notNull: strings.EqualFold(string(c[6]), "NO"), primary: string(c[8]) == "PRI", extra: word(lower(c[9])),
			}
			hint := w.keys[last.name]
			switch {
			case len(c[8]) == 0:
			case col.primary && hint == noKey && wholeKey(col.typ):
				hint = simpleKey
			default:
				hint = someKey
			}
			w.keys[last.name] = hint
			p := strings.ToLower(string(c[7]))
			if col.readable = p == "" || strings.Contains(p, "select"); !col.readable {
				last.denied = append(last.denied, col.name)
				w.keys[last.name] = someKey
				return nil
			}
			last.cols = append(last.cols, col)
			return nil
		})
		if errors.Is(err, errStop) {
			err = nil
		}
		return err
	})
	if err != nil {
		return &window{}
	}
	if len(s.windows) >= windows {
		s.windows = s.windows[1:]
	}
	s.windows = append(s.windows, w)
	return w
}

// errOrder says that the columns of a table do not stand together.
var errOrder = errors.New("mysql: columns in an unexpected order")

func lower(v []byte) []byte { return []byte(strings.ToLower(string(v))) }

// wholeKey reports whether a key on a column of the type is one on the whole
// value: text and bytes can be indexed by their beginning.
func wholeKey(typ string) bool {
	switch typ {
	case "tinyint", "smallint", "mediumint", "int", "integer", "bigint", "decimal", "numeric",
		"date", "datetime", "timestamp", "time", "year", "uuid", "inet6", "inet4":
		return true
	}
	return false
}
