package postgres

import (
	"context"
	"errors"
	"strconv"

	"github.com/spoor-scan/spoor/scanners"
)

// objects yields the large objects of a database, each to be opened by itself.
func (s *source) objects(ctx context.Context, p scanners.Part, database string, cur cursor, yield func(scanners.Item, error) bool) {
	const page = 1000
	last, done := cur.Object, int64(0)
	for {
		var oids []uint32
		err := s.rows(ctx, database, "SELECT oid FROM pg_largeobject_metadata WHERE oid>"+strconv.FormatUint(uint64(last), 10)+
			"::oid ORDER BY oid LIMIT "+strconv.Itoa(page), func() { oids = nil }, func(c [][]byte) error {
			n, err := strconv.ParseUint(string(c[0]), 10, 32)
			oids = append(oids, uint32(n))
			return err
		})
		if err != nil {
			if ctx.Err() != nil {
				yield(scanners.Item{}, failed("list large objects", context.Cause(ctx)))
				return
			}
			uri := s.tableURI(database, "pg_catalog", "pg_largeobject")
			yield(scanners.Item{}, gap(err, uri, p.Place, "list large objects", max(1, p.Units-done), 0))
			return
		}
		for _, oid := range oids {
			item := scanners.Item{
				Ref: s.objectRef(database, oid), Name: strconv.FormatUint(uint64(oid), 10), Size: -1, Deferred: true,
				Cursor: cursor{Object: oid}.String(),
			}
			if !yield(item, nil) {
				return
			}
			last = oid
			done++
		}
		if len(oids) < page {
			return
		}
	}
}

func (s *source) openObject(ctx context.Context, p place) (scanners.Item, error) {
	oid, err := strconv.ParseUint(p.get("loid"), 10, 32)
	if err != nil || len(p.query) != 1 || p.cell {
		return scanners.Item{}, errURI
	}
	ref := s.objectRef(p.database, uint32(oid))
	r := &pieces{
		ctx: ctx, s: s, database: p.database, place: ref.Place,
		sql: func(pos int64) string {
			return "SELECT lo_get(" + strconv.FormatUint(oid, 10) + "::oid," + strconv.FormatInt(pos, 10) + "," + strconv.Itoa(chunk) + ")"
		},
		take: func(dst []byte, c [][]byte) ([]byte, int64, error) {
			if len(c) == 0 || len(c[0]) < 2 {
				return dst, 0, errors.New("postgres: read large object: a piece is malformed")
			}
			n := len(dst)
			dst = unhex(dst, c[0][2:])
			return dst, int64(len(dst) - n), nil
		},
	}
	// Whether it is there and may be read is told here, not in the midst.
	r.fill()
	if g := (*scanners.Gap)(nil); errors.As(r.err, &g) {
		return scanners.Item{}, &scanners.Gap{URI: ref.URI, Place: ref.Place, Reason: g.Reason, Detail: g.Detail, Units: 1, Err: g}
	}
	if ctx.Err() != nil {
		return scanners.Item{}, failed("open large object", context.Cause(ctx))
	}
	return scanners.Item{Ref: ref, Name: strconv.FormatUint(oid, 10), Size: -1, Body: r}, nil
}
