package mysql

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/spoor-scan/spoor/scanners"
)

// A foreignKey is a declared one.
type foreignKey struct {
	schema, table, name string
	columns             []string
	refSchema, refTable string
	refColumns          []string
	onDelete            string // as information_schema has it: "RESTRICT", "CASCADE"
}

// foreignKeys lists those of the schemas.
func (s *source) foreignKeys(ctx context.Context, schemas []string) ([]foreignKey, error) {
	all, err := s.innodbKeys(ctx)
	if err == nil {
		return slices.DeleteFunc(all, func(k foreignKey) bool { return !slices.Contains(schemas, k.schema) }), nil
	}
	if !errors.Is(err, errInnoDB) {
		return nil, err
	}
	all = nil
	for _, schema := range schemas {
		some, err := s.schemaKeys(ctx, schema)
		if err != nil && (serverError(err) == 0 || transient(err)) {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// errInnoDB says that InnoDB does not tell its foreign keys.
var errInnoDB = errors.New("mysql: the foreign keys of InnoDB can't be listed")

// innodbKeys asks InnoDB, which has them all in two small tables and opens no
// table for it; the account needs PROCESS. No other engine of MariaDB or MySQL 5.7
// has any; from MySQL 8 on these tables are called otherwise, and those that the
// standard has are as quick.
func (s *source) innodbKeys(ctx context.Context) ([]foreignKey, error) {
	var all []foreignKey
	err := s.retry(ctx, func(ctx context.Context) error {
		all = nil
		at := make(map[string]int)
		_, err := s.query(ctx, "SELECT ID,FOR_NAME,REF_NAME,TYPE FROM information_schema.innodb_sys_foreign", func(c []sql.RawBytes) error {
			var k foreignKey
			var ok [3]bool
			k.schema, k.table, ok[0] = innodbName(string(c[1]))
			k.refSchema, k.refTable, ok[1] = innodbName(string(c[2]))
			_, k.name, ok[2] = innodbName(string(c[0]))
			if ok != [3]bool{true, true, true} {
				return errInnoDB
			}
			kind, _ := strconv.Atoi(string(c[3]))
			switch {
			case kind&1 != 0:
				k.onDelete = "CASCADE"
			case kind&2 != 0:
				k.onDelete = "SET NULL"
			default:
				k.onDelete = "RESTRICT"
			}
			at[string(c[0])] = len(all)
			all = append(all, k)
			return nil
		})
		if err != nil {
			return err
		}
		_, err = s.query(ctx, "SELECT ID,FOR_COL_NAME,REF_COL_NAME FROM information_schema.innodb_sys_foreign_cols ORDER BY ID,POS", func(c []sql.RawBytes) error {
			if i, ok := at[string(c[0])]; ok {
				all[i].columns = append(all[i].columns, string(c[1]))
				all[i].refColumns = append(all[i].refColumns, string(c[2]))
			}
			return nil
		})
		return err
	})
	if serverError(err) != 0 && !transient(err) {
		err = errInnoDB
	}
	all = slices.DeleteFunc(all, func(k foreignKey) bool { return len(k.columns) == 0 }) // dropped meanwhile
	slices.SortFunc(all, func(a, b foreignKey) int {
		return cmp.Or(strings.Compare(a.schema, b.schema), strings.Compare(a.table, b.table), strings.Compare(a.name, b.name))
	})
	return all, err
}

// innodbName takes the name of a table apart as InnoDB writes it: "schema/table",
// each as it is called in the file system, where other characters than letters,
// digits and underscores are @ and four hexadecimal digits. Letters with accents
// have shorter forms, which it does not know.
func innodbName(v string) (schema, table string, ok bool) {
	schema, table, ok = strings.Cut(v, "/")
	plain := func(v string) string {
		parts := strings.Split(v, "@")
		for i, p := range parts[1:] {
			if len(p) < 4 {
				ok = false
				return ""
			}
			n, err := strconv.ParseUint(p[:4], 16, 32)
			if err != nil {
				ok = false
				return ""
			}
			parts[i+1] = string(rune(n)) + p[4:]
		}
		return strings.Join(parts, "")
	}
	return plain(schema), plain(table), ok
}

// schemaKeys asks information_schema for the keys of the tables of one schema.
func (s *source) schemaKeys(ctx context.Context, schema string) ([]foreignKey, error) {
	tables, err := s.tables(ctx, schema)
	if err != nil {
		return nil, err
	}
	// The server opens each table for it: of tables that it passes on not the
	// one, since it would ask the other server.
	every := []string{""}
	if slices.ContainsFunc(tables, func(l listed) bool { return l.elsewhere() != "" }) {
		every = nil
		for _, l := range tables {
			if !l.view() && l.elsewhere() == "" {
				every = append(every, " AND table_name="+text(l.name))
			}
		}
	}
	var all []foreignKey
	for some := range slices.Chunk(every, bundleMost) {
		more, err := s.keysOf(ctx, schema, some)
		if err != nil {
			return all, err
		}
		all = append(all, more...)
	}
	return all, nil
}

func (s *source) keysOf(ctx context.Context, schema string, conditions []string) ([]foreignKey, error) {
	var all []foreignKey
	union := func(q string) string {
		var parts []string
		for _, c := range conditions {
			parts = append(parts, q+c)
		}
		return strings.Join(parts, " UNION ALL ")
	}
	err := s.retry(ctx, func(ctx context.Context) error {
		all = nil
		_, err := s.query(ctx, union("SELECT table_schema,table_name,constraint_name,column_name,referenced_table_schema,referenced_table_name,referenced_column_name,ordinal_position"+
			" FROM information_schema.key_column_usage WHERE table_schema="+text(schema)+" AND referenced_table_name IS NOT NULL")+
			" ORDER BY table_name,constraint_name,ordinal_position", func(c []sql.RawBytes) error {
			if string(c[0]) != schema {
				return nil
			}
			k := foreignKey{schema: schema, table: string(c[1]), name: string(c[2]), refSchema: string(c[4]), refTable: string(c[5])}
			if n := len(all); n == 0 || all[n-1].table != k.table || all[n-1].name != k.name {
				all = append(all, k)
			}
			last := &all[len(all)-1]
			last.columns, last.refColumns = append(last.columns, string(c[3])), append(last.refColumns, string(c[6]))
			return nil
		})
		if err != nil || len(all) == 0 {
			return err
		}
		_, err = s.query(ctx, union("SELECT constraint_schema,table_name,constraint_name,delete_rule FROM information_schema.referential_constraints"+
			" WHERE constraint_schema="+text(schema)), func(c []sql.RawBytes) error {
			for i := range all {
				if k := &all[i]; string(c[0]) == schema && k.table == string(c[1]) && k.name == string(c[2]) {
					k.onDelete = string(c[3])
				}
			}
			return nil
		})
		if serverError(err) != 0 && !transient(err) {
			return nil
		}
		return err
	})
	return all, err
}

// Relations implements scanners.Looker: the declared foreign keys.
func (s *source) Relations(ctx context.Context) ([]scanners.Relation, error) {
	schemas, err := s.schemas(ctx)
	if err != nil {
		return nil, failed("list schemas", err)
	}
	keys, err := s.foreignKeys(ctx, schemas)
	if err != nil {
		return nil, failed("list foreign keys", err)
	}
	all := make([]scanners.Relation, 0, len(keys))
	for _, k := range keys {
		r := scanners.Relation{
			Table: k.schema + "." + k.table, Column: k.columns[0],
			RefTable: k.refSchema + "." + k.refTable, RefColumn: k.refColumns[0], OnDelete: k.onDelete,
		}
		for i := 1; i < min(len(k.columns), len(k.refColumns)); i++ {
			r.With = append(r.With, scanners.ColumnPair{Column: k.columns[i], RefColumn: k.refColumns[i]})
		}
		all = append(all, r)
	}
	return all, nil
}

// blockers holds what stops rows from being deleted, by "schema.table". It is
// asked for when the first row is named.
type blockers struct {
	mu       sync.Mutex
	keys     map[string][]string
	triggers map[string]map[string][]string // by schema
}

// blocked names what would stop the deletion of a row of the table, or would be
// set off by it: foreign keys, those that restrict as well as those that delete the rows
// that refer to it, and triggers.
func (s *source) blocked(ctx context.Context, t *table) []string {
	b := &s.blockers
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []string
	if b.keys == nil {
		schemas, err := s.schemas(ctx)
		var keys []foreignKey
		if err == nil {
			keys, err = s.foreignKeys(ctx, schemas)
		}
		if err != nil {
			out = append(out, "foreign keys could not be listed")
		} else {
			b.keys = make(map[string][]string)
			for _, k := range keys {
				to, what := k.refSchema+"."+k.refTable, "foreign key "+k.name+" of "+k.schema+"."+k.table
				switch k.onDelete {
				case "SET NULL": // nothing of the other row is lost but the reference
					continue
				case "CASCADE":
					what += " (ON DELETE CASCADE)"
				}
				b.keys[to] = append(b.keys[to], what)
			}
		}
	}
	if b.triggers[t.schema] == nil {
		found := make(map[string][]string)
		err := s.one(ctx, "SELECT event_object_schema,event_object_table,trigger_name,action_timing FROM information_schema.triggers"+
			" WHERE trigger_schema="+text(t.schema)+" AND event_manipulation='DELETE'", func(c []sql.RawBytes) {
			on := string(c[0]) + "." + string(c[1])
			found[on] = append(found[on], "trigger "+string(c[2])+" ("+string(c[3])+" DELETE)")
		})
		switch {
		case err == nil || serverError(err) != 0 && !transient(err):
			if b.triggers == nil {
				b.triggers = make(map[string]map[string][]string)
			}
			b.triggers[t.schema] = found
		default:
			out = append(out, "triggers could not be listed")
		}
	}
	name := t.schema + "." + t.name
	return append(append(out, b.keys[name]...), b.triggers[t.schema][name]...)
}

func (s *source) withBlocked(ctx context.Context, t *table, r scanners.Ref) scanners.Ref {
	if r.Action == "delete-row" {
		r.Blocked = s.blocked(ctx, t)
	}
	return r
}
