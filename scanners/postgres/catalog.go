package postgres

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/spoor-scan/spoor/scanners"
)

// A database as pg_database lists it.
type database struct {
	name      string
	connect   bool // the account may
	allowed   bool // anybody may
	encodings string
}

// notSystem is a condition on the name of a schema: those that the server makes
// up show its state and repeat what stands elsewhere.
func notSystem(column string) string {
	return column + "!~'^pg_(catalog|toast|temp_|toast_temp_)' AND " + column + "<>'information_schema'"
}

// maintenance is the database in which the others are asked for.
func (s *source) maintenance() []string {
	if s.set.database != "" {
		return []string{s.set.database}
	}
	return slices.Compact([]string{"postgres", "template1", s.set.User})
}

// databases lists what there is on the server, without the empty one that
// nobody can enter. Where one database was named it is that one.
func (s *source) databases(ctx context.Context) ([]database, error) {
	if s.set.database != "" {
		return []database{{name: s.set.database, connect: true, allowed: true}}, nil
	}
	var all []database
	var err error
	for _, in := range s.maintenance() {
		err = s.rows(ctx, in, "SELECT datname,pg_catalog.has_database_privilege(oid,'CONNECT'),datallowconn,"+
			"pg_catalog.pg_encoding_to_char(encoding) FROM pg_catalog.pg_database WHERE datname<>'template0' ORDER BY datname",
			func() { all = nil }, func(c [][]byte) error {
				all = append(all, database{name: string(c[0]), connect: yes(c[1]), allowed: yes(c[2]), encodings: string(c[3])})
				return nil
			})
		if r := reason(err); err == nil || r != scanners.Vanished && r != scanners.Denied {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	for _, d := range all {
		s.encodings[d.name] = d.encodings
	}
	s.mu.Unlock()
	return all, nil
}

func yes(v []byte) bool { return len(v) == 1 && v[0] == 't' }

func number(v []byte) int64 {
	f, err := strconv.ParseFloat(string(v), 64)
	if err != nil {
		return 0
	}
	return int64(f)
}

// A relation is a table or a view as it is listed.
type relation struct {
	oid          string
	schema, name string
	kind         byte  // pg_class.relkind
	rows, bytes  int64 // estimates, -1 where unknown
	heap         bool  // has rows in blocks, by which it can be read
	node         string
	usage        bool // of the schema
	readable     bool
	columns      bool // some columns are
	populated    bool
	via          bool // not readable itself, but through a parent
	wanted       bool // a view that is the only way in
	policy       bool // row-level security holds for the account
}

func (r *relation) place() string { return r.schema + " / " + r.name }

// stored reports whether the relation holds rows of its own. A partitioned
// table holds none: its partitions do.
func (r *relation) stored() bool { return r.kind == 'r' || r.kind == 'm' }

// relations lists the tables and views of a database with a constant number of
// queries, none of which opens a table.
func (s *source) relations(ctx context.Context, database, snapshot string) ([]*relation, error) {
	const list = `SELECT c.oid,n.nspname,c.relname,c.relkind,c.reltuples,c.relpages,coalesce(t.relpages,0),
		coalesce(a.amname,''),c.relfilenode,has_schema_privilege(n.oid,'USAGE'),has_table_privilege(c.oid,'SELECT'),
		has_any_column_privilege(c.oid,'SELECT'),c.relispopulated,coalesce(pg_stat_get_live_tuples(c.oid),0),current_setting('block_size'),
		c.relrowsecurity AND row_security_active(c.oid)
		FROM pg_class c JOIN pg_namespace n ON n.oid=c.relnamespace LEFT JOIN pg_class t ON t.oid=c.reltoastrelid
		LEFT JOIN pg_am a ON a.oid=c.relam
		WHERE c.relkind IN ('r','m','f','v','p') AND c.relpersistence<>'t' AND `
	q := list + notSystem("n.nspname") + " ORDER BY n.nspname,c.relname;" +
		"SELECT inhrelid,inhparent FROM pg_inherits;" +
		"SELECT DISTINCT r.ev_class,d.refobjid FROM pg_rewrite r JOIN pg_depend d ON d.objid=r.oid AND d.classid='pg_rewrite'::regclass" +
		" AND d.refclassid='pg_class'::regclass JOIN pg_class c ON c.oid=r.ev_class JOIN pg_namespace n ON n.oid=c.relnamespace" +
		" WHERE c.relkind='v' AND d.refobjid<>r.ev_class AND " + notSystem("n.nspname")
	var all []*relation
	var byOID map[string]*relation
	var parents, uses map[string][]string
	err := s.retry(ctx, func(ctx context.Context) error {
		all, byOID, parents, uses = nil, map[string]*relation{}, map[string][]string{}, map[string][]string{}
		return s.run(ctx, query{database: database, snapshot: snapshot, sql: q}, func(result int, c [][]byte) error {
			switch result {
			case 0:
				if c[10] == nil {
					return nil // dropped a moment ago
				}
				r := &relation{
					oid: string(c[0]), schema: string(c[1]), name: string(c[2]), kind: c[3][0], rows: number(c[4]),
					heap: string(c[7]) == "heap", node: string(c[8]), usage: yes(c[9]), populated: yes(c[12]), policy: yes(c[15]),
				}
				r.readable = r.usage && yes(c[10])
				r.columns = r.usage && yes(c[11])
				r.bytes = (number(c[5]) + number(c[6])) * number(c[14])
				if number(c[5]) == 0 {
					// Never looked at by VACUUM or ANALYZE: the counters of the
					// statistics say what was written.
					r.rows, r.bytes = number(c[13]), -1
				}
				all = append(all, r)
				byOID[r.oid] = r
			case 1:
				parents[string(c[0])] = append(parents[string(c[0])], string(c[1]))
			case 2:
				uses[string(c[0])] = append(uses[string(c[0])], string(c[1]))
			}
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	s.measure(ctx, database, byOID)
	for _, r := range all {
		if r.stored() && !r.columns {
			r.via = readableAbove(r.oid, byOID, parents, 0)
		}
	}
	for _, r := range all {
		if r.kind == 'v' && r.columns && !reachesForeign(r.oid, byOID, uses, map[string]bool{}) {
			r.wanted = slices.ContainsFunc(uses[r.oid], func(oid string) bool {
				u := byOID[oid]
				return u != nil && !u.readable && !u.via
			})
		}
	}
	return all, nil
}

// measure asks for the size of tables that VACUUM and ANALYZE have not come to
// yet. That waits for who has locked one of them, so that those are left alone;
// without an answer nothing is lost but a fair split.
func (s *source) measure(ctx context.Context, database string, all map[string]*relation) {
	unknown := false
	for _, r := range all {
		unknown = unknown || r.stored() && r.heap && r.bytes < 0
	}
	if !unknown {
		return
	}
	_ = s.run(ctx, query{database: database, sql: `SELECT c.oid,pg_relation_size(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid=c.relnamespace
		WHERE c.relkind IN ('r','m') AND c.relpersistence<>'t' AND c.relpages=0 AND ` + notSystem("n.nspname") + ` AND NOT EXISTS
		(SELECT FROM pg_locks l WHERE l.relation=c.oid AND l.mode='AccessExclusiveLock')`}, func(_ int, c [][]byte) error {
		if r := all[string(c[0])]; r != nil && r.bytes < 0 && c[1] != nil {
			r.bytes = number(c[1])
		}
		return nil
	})
}

func readableAbove(oid string, all map[string]*relation, parents map[string][]string, depth int) bool {
	if depth > 32 {
		return false
	}
	return slices.ContainsFunc(parents[oid], func(p string) bool {
		return all[p] != nil && all[p].readable || readableAbove(p, all, parents, depth+1)
	})
}

// reachesForeign reports whether reading the view would read from another
// server.
func reachesForeign(oid string, all map[string]*relation, uses map[string][]string, seen map[string]bool) bool {
	if seen[oid] {
		return false
	}
	seen[oid] = true
	return slices.ContainsFunc(uses[oid], func(u string) bool {
		return all[u] != nil && all[u].kind == 'f' || reachesForeign(u, all, uses, seen)
	})
}

// title is the name of a table by which others refer to it; see Table.Name.
func (s *source) title(database, schema, name string) string {
	if s.set.database != "" {
		return schema + "." + name
	}
	return database + "." + schema + "." + name
}

// selected reports whether the configuration lets a relation be read.
func (s *source) selected(schema, name string) bool {
	return s.set.Schemas.matches(schema) && s.set.Tables.matches(schema+"."+name)
}

// list joins names for people.
func list(names []string) string {
	const most = 20
	if len(names) > most {
		return strings.Join(names[:most], ", ") + " and " + strconv.Itoa(len(names)-most) + " more"
	}
	return strings.Join(names, ", ")
}
