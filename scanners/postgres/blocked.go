package postgres

import (
	"context"
	"sync"

	"github.com/spoor-scan/spoor/scanners"
)

// blockers holds what stops rows from being deleted or goes with them, by database
// and "schema.table". It is asked for when the first row of a database is named.
type blockers struct {
	mu sync.Mutex
	of map[string]map[string][]string
}

// blocked names what would stop the deletion of a row of the table, or would be
// set off by it: foreign keys that refer to it, but for those that set a null, and
// triggers (pg_constraint.confdeltype, pg_trigger.tgtype).
func (s *source) blocked(ctx context.Context, t *table) []string {
	b := &s.blockers
	b.mu.Lock()
	defer b.mu.Unlock()
	known, ok := b.of[t.database]
	if !ok {
		known = map[string][]string{}
		err := s.rows(ctx, t.database, `SELECT m.nspname||'.'||r.relname,'foreign key '||k.conname||' of '||n.nspname||'.'||c.relname||CASE k.confdeltype WHEN 'c' THEN ' (ON DELETE CASCADE)' ELSE '' END
			FROM pg_constraint k JOIN pg_class c ON c.oid=k.conrelid JOIN pg_namespace n ON n.oid=c.relnamespace
			JOIN pg_class r ON r.oid=k.confrelid JOIN pg_namespace m ON m.oid=r.relnamespace WHERE k.contype='f' AND k.confdeltype NOT IN ('n','d')
			UNION ALL SELECT n.nspname||'.'||c.relname,'trigger '||g.tgname||CASE WHEN g.tgtype&2>0 THEN ' (BEFORE DELETE)' WHEN g.tgtype&64>0 THEN ' (INSTEAD OF DELETE)' ELSE ' (AFTER DELETE)' END
			FROM pg_trigger g JOIN pg_class c ON c.oid=g.tgrelid JOIN pg_namespace n ON n.oid=c.relnamespace WHERE NOT g.tgisinternal AND g.tgtype&8>0 ORDER BY 1,2`,
			func() { clear(known) }, func(c [][]byte) error {
				on := string(c[0])
				known[on] = append(known[on], string(c[1]))
				return nil
			})
		switch {
		case err == nil:
		case sqlstate(err) != "" && !transient(err):
			known = map[string][]string{}
		default:
			return []string{"foreign keys and triggers could not be listed"}
		}
		if b.of == nil {
			b.of = map[string]map[string][]string{}
		}
		b.of[t.database] = known
	}
	return known[t.schema+"."+t.name]
}

func (s *source) withBlocked(ctx context.Context, t *table, r scanners.Ref) scanners.Ref {
	if r.Action == "delete-row" {
		r.Blocked = s.blocked(ctx, t)
	}
	return r
}
