package postgres

import (
	"context"
	"slices"
	"strings"

	"github.com/spoor-scan/spoor/scanners"
)

// A definition is something in a database that has a text of its own, in which
// comments, defaults and constants may name people.
type definition struct {
	id           string // orders those of a kind
	kind         string
	schema, name string
	extra        string // the table of a trigger, the arguments of a function
	body         string
}

// A defined is a kind of definition: all is a query for id, schema, name and
// extra of each, body an expression over x, which has these columns and oid.
type defined struct {
	kind, all, body string
	cluster         bool // the same in all databases
}

// member is the condition that an object is not part of an extension: those are
// code that came with it.
func member(class, oid string) string {
	return "NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid='" + class + "'::regclass AND e.objid=" + oid + " AND e.deptype='e')"
}

// options writes the options of foreign servers and tables, without secrets.
func options(column string) string {
	return "(SELECT string_agg(o,' ') FROM unnest(" + column + ") o WHERE o!~*'^[^=]*(pass|secret|token|key)[^=]*=')"
}

var columnsAndComments = `(SELECT string_agg(concat_ws(' ',quote_ident(a.attname),format_type(a.atttypid,a.atttypmod),` +
	`'DEFAULT '||pg_get_expr(d.adbin,d.adrelid),` + options("a.attfdwoptions") + `,'-- '||col_description(x.oid,a.attnum)),E'\n' ORDER BY a.attnum)` +
	` FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid=a.attrelid AND d.adnum=a.attnum WHERE a.attrelid=x.oid AND a.attnum>0 AND NOT a.attisdropped)`

const rules = `(SELECT string_agg(concat_ws(' ',pg_get_ruledef(r.oid),'-- '||obj_description(r.oid,'pg_rewrite')),E'\n' ORDER BY r.rulename)` +
	` FROM pg_rewrite r WHERE r.ev_class=x.oid AND r.rulename<>'_RETURN')`

func kinds() []defined {
	id := func(oid string) string { return "lpad(" + oid + "::text,10,'0') id," + oid + " oid," }
	relations := func(kinds string) string {
		return "SELECT " + id("c.oid") + "n.nspname schema,c.relname name,''::text extra FROM pg_class c JOIN pg_namespace n ON n.oid=c.relnamespace" +
			" WHERE c.relkind IN (" + kinds + ") AND c.relpersistence<>'t' AND " + notSystem("n.nspname")
	}
	return []defined{
		{
			kind: "database", all: "SELECT " + id("d.oid") + "''::name schema,d.datname name,''::text extra FROM pg_database d WHERE d.datname=current_database()",
			body: `concat_ws(E'\n','DATABASE '||quote_ident(x.name),shobj_description(x.oid,'pg_database'))`,
		},
		{
			kind: "role", cluster: true, all: "SELECT " + id("r.oid") + "''::name schema,r.rolname name,''::text extra FROM pg_roles r WHERE r.rolname!~'^pg_'",
			body: `concat_ws(E'\n','ROLE '||quote_ident(x.name),shobj_description(x.oid,'pg_authid'))`,
		},
		{
			kind: "tablespace", cluster: true, all: "SELECT " + id("t.oid") + "''::name schema,t.spcname name,''::text extra FROM pg_tablespace t WHERE t.spcname!~'^pg_'",
			body: `concat_ws(E'\n','TABLESPACE '||quote_ident(x.name),shobj_description(x.oid,'pg_tablespace'))`,
		},
		{
			kind: "schema", all: "SELECT " + id("n.oid") + "n.nspname schema,n.nspname name,''::text extra FROM pg_namespace n WHERE " + notSystem("n.nspname"),
			body: `concat_ws(E'\n','SCHEMA '||quote_ident(x.name),obj_description(x.oid,'pg_namespace'))`,
		},
		{
			kind: "table", all: relations("'r','p','f','m'"),
			body: `concat_ws(E'\n','TABLE '||quote_ident(x.schema)||'.'||quote_ident(x.name),'-- '||obj_description(x.oid,'pg_class'),` + columnsAndComments + `,
				(SELECT CASE c.relkind WHEN 'm' THEN 'AS '||pg_get_viewdef(c.oid) ELSE pg_get_expr(c.relpartbound,c.oid) END FROM pg_class c WHERE c.oid=x.oid),
				(SELECT concat_ws(' ','SERVER',quote_ident(s.srvname),` + options("f.ftoptions") + `) FROM pg_foreign_table f JOIN pg_foreign_server s ON s.oid=f.ftserver WHERE f.ftrelid=x.oid),
				(SELECT string_agg(concat_ws(' ','CONSTRAINT',quote_ident(k.conname),pg_get_constraintdef(k.oid),'-- '||obj_description(k.oid,'pg_constraint')),E'\n' ORDER BY k.conname)
				FROM pg_constraint k WHERE k.conrelid=x.oid),
				(SELECT string_agg(concat_ws(' ',pg_get_indexdef(i.indexrelid),'-- '||obj_description(i.indexrelid,'pg_class')),E'\n' ORDER BY i.indexrelid) FROM pg_index i WHERE i.indrelid=x.oid),
				(SELECT string_agg(concat_ws(' ','POLICY',quote_ident(p.polname),'USING '||pg_get_expr(p.polqual,p.polrelid),'WITH CHECK '||pg_get_expr(p.polwithcheck,p.polrelid),
				'-- '||obj_description(p.oid,'pg_policy')),E'\n' ORDER BY p.polname) FROM pg_policy p WHERE p.polrelid=x.oid),` + rules + `)`,
		},
		{
			kind: "view", all: relations("'v'"),
			body: `concat_ws(E'\n','VIEW '||quote_ident(x.schema)||'.'||quote_ident(x.name)||' AS',pg_get_viewdef(x.oid),'-- '||obj_description(x.oid,'pg_class'),` +
				columnsAndComments + `,` + rules + `)`,
		},
		{
			kind: "function",
			all: "SELECT " + id("p.oid") + "n.nspname schema,p.proname name,pg_get_function_identity_arguments(p.oid) extra FROM pg_proc p" +
				" JOIN pg_namespace n ON n.oid=p.pronamespace WHERE " + notSystem("n.nspname") + " AND " + member("pg_proc", "p.oid"),
			body: `concat_ws(E'\n',(SELECT CASE WHEN p.prokind='a' THEN 'AGGREGATE '||p.oid::regprocedure ELSE pg_get_functiondef(p.oid) END FROM pg_proc p WHERE p.oid=x.oid),` +
				`'-- '||obj_description(x.oid,'pg_proc'))`,
		},
		{
			kind: "trigger",
			all: "SELECT " + id("t.oid") + "n.nspname schema,t.tgname name,c.relname::text extra FROM pg_trigger t JOIN pg_class c ON c.oid=t.tgrelid" +
				" JOIN pg_namespace n ON n.oid=c.relnamespace WHERE NOT t.tgisinternal AND c.relpersistence<>'t' AND " + notSystem("n.nspname"),
			body: `concat_ws(E'\n',pg_get_triggerdef(x.oid),'-- '||obj_description(x.oid,'pg_trigger'))`,
		},
		{
			kind: "type",
			all: "SELECT " + id("t.oid") + "n.nspname schema,t.typname name,''::text extra FROM pg_type t JOIN pg_namespace n ON n.oid=t.typnamespace" +
				" LEFT JOIN pg_class c ON c.oid=t.typrelid WHERE (t.typtype IN ('e','d','r') OR t.typtype='c' AND c.relkind='c') AND " +
				notSystem("n.nspname") + " AND " + member("pg_type", "t.oid"),
			body: `concat_ws(E'\n','TYPE '||quote_ident(x.schema)||'.'||quote_ident(x.name),'-- '||obj_description(x.oid,'pg_type'),
				(SELECT string_agg(quote_literal(l.enumlabel),E'\n' ORDER BY l.enumsortorder) FROM pg_enum l WHERE l.enumtypid=x.oid),
				(SELECT concat_ws(' ','AS',format_type(t.typbasetype,t.typtypmod),'DEFAULT '||t.typdefault) FROM pg_type t WHERE t.oid=x.oid AND t.typtype='d'),
				(SELECT string_agg(concat_ws(' ','CONSTRAINT',quote_ident(k.conname),pg_get_constraintdef(k.oid),'-- '||obj_description(k.oid,'pg_constraint')),E'\n' ORDER BY k.conname)
				FROM pg_constraint k WHERE k.contypid=x.oid),
				(SELECT string_agg(concat_ws(' ',quote_ident(a.attname),format_type(a.atttypid,a.atttypmod),'-- '||col_description(a.attrelid,a.attnum)),E'\n' ORDER BY a.attnum)
				FROM pg_type t JOIN pg_attribute a ON a.attrelid=t.typrelid AND a.attnum>0 AND NOT a.attisdropped WHERE t.oid=x.oid AND t.typtype='c'))`,
		},
		{
			kind: "event trigger", all: "SELECT " + id("e.oid") + "''::name schema,e.evtname name,''::text extra FROM pg_event_trigger e",
			body: `concat_ws(E'\n',(SELECT concat_ws(' ','EVENT TRIGGER',quote_ident(e.evtname),'ON',e.evtevent,array_to_string(e.evttags,', '),'EXECUTE FUNCTION',e.evtfoid::regprocedure)
				FROM pg_event_trigger e WHERE e.oid=x.oid),'-- '||obj_description(x.oid,'pg_event_trigger'))`,
		},
		{
			kind: "server", all: "SELECT " + id("s.oid") + "''::name schema,s.srvname name,''::text extra FROM pg_foreign_server s",
			body: `concat_ws(E'\n',(SELECT concat_ws(' ','SERVER',quote_ident(s.srvname),s.srvtype,s.srvversion,` + options("s.srvoptions") + `) FROM pg_foreign_server s WHERE s.oid=x.oid),
				(SELECT string_agg(concat_ws(' ','USER MAPPING FOR',quote_ident(u.usename),` + options("u.umoptions") + `),E'\n' ORDER BY u.usename) FROM pg_user_mappings u WHERE u.srvid=x.oid),
				'-- '||obj_description(x.oid,'pg_foreign_server'))`,
		},
		{
			// What else has a comment.
			kind: "comment",
			all: "SELECT lpad(d.classoid::text,10,'0')||lpad(d.objoid::text,10,'0')||lpad(d.objsubid::text,10,'0') id,d.objoid oid,''::name schema,i.identity name,i.type extra" +
				" FROM pg_description d,LATERAL pg_identify_object(d.classoid,d.objoid,d.objsubid) i WHERE coalesce(i.schema,'')!~'^pg_|^information_schema$'" +
				" AND (d.objoid>=16384 OR d.classoid='pg_largeobject'::regclass) AND d.classoid NOT IN ('pg_proc'::regclass,'pg_trigger'::regclass,'pg_type'::regclass,'pg_namespace'::regclass,'pg_constraint'::regclass," +
				"'pg_policy'::regclass,'pg_rewrite'::regclass,'pg_event_trigger'::regclass,'pg_foreign_server'::regclass,'pg_extension'::regclass) AND NOT (d.classoid='pg_class'::regclass" +
				" AND EXISTS (SELECT FROM pg_class c WHERE c.oid=d.objoid AND c.relkind IN ('r','p','f','m','v','i','c'))) AND NOT EXISTS" +
				" (SELECT FROM pg_depend e WHERE e.classid=d.classoid AND e.objid=d.objoid AND e.deptype='e')",
			body: "(SELECT string_agg(d.description,E'\n') FROM pg_description d WHERE lpad(d.classoid::text,10,'0')||lpad(d.objoid::text,10,'0')||lpad(d.objsubid::text,10,'0')=x.id)",
		},
	}
}

// definitionPage is how many definitions are asked for at once.
const definitionPage = 200

func (s *source) definitions(ctx context.Context, database string, cluster bool, cur cursor, yield func(scanners.Item, error) bool) {
	all := kinds()
	first := max(0, slices.IndexFunc(all, func(k defined) bool { return k.kind == cur.Kind }))
	for i, k := range all[first:] {
		if k.cluster && !cluster {
			continue
		}
		after := ""
		if i == 0 && k.kind == cur.Kind {
			after = cur.ID
		}
		for {
			some, err := s.someDefinitions(ctx, database, k, "id>"+text(after)+` COLLATE "C"`, definitionPage)
			single := false
			if err != nil && sqlstate(err) != "" && ctx.Err() == nil {
				// One of them can't be shown; it must not take the others along.
				single = true
				some, err = s.someDefinitions(ctx, database, defined{kind: k.kind, all: k.all, body: "''::text"}, "id>"+text(after)+` COLLATE "C"`, definitionPage)
			}
			if err != nil {
				if ctx.Err() != nil {
					yield(scanners.Item{}, failed("list definitions", context.Cause(ctx)))
					return
				}
				g := gap(err, s.databaseURI(database), database+" / definitions", "list definitions: "+k.kind, 0, 0)
				if !yield(scanners.Item{}, g) {
					return
				}
				break
			}
			for _, d := range some {
				after = d.id
				if !s.yieldDefinition(ctx, database, k, d, single, yield) {
					return
				}
			}
			if len(some) < definitionPage {
				break
			}
		}
	}
}

func (s *source) yieldDefinition(ctx context.Context, database string, k defined, d definition, single bool, yield func(scanners.Item, error) bool) bool {
	ref := s.definitionRef(database, d)
	relation := d.name
	switch d.kind {
	case "trigger":
		relation = d.extra
		fallthrough
	case "table", "view":
		if !s.selected(d.schema, relation) {
			if d.kind != "view" {
				return true // its rows are the exclusion
			}
			return yield(scanners.Item{}, &scanners.Exclusion{URI: ref.URI, Place: ref.Place, Reason: scanners.ByConfig, Detail: "view"})
		}
	default:
		if d.schema != "" && !s.set.Schemas.matches(d.schema) {
			return yield(scanners.Item{}, &scanners.Exclusion{URI: ref.URI, Place: ref.Place, Reason: scanners.ByConfig, Detail: d.kind})
		}
	}
	if single {
		one, err := s.someDefinitions(ctx, database, k, "id="+text(d.id), 1)
		if ctx.Err() != nil {
			yield(scanners.Item{}, failed("read definition", context.Cause(ctx)))
			return false
		}
		if err == nil && len(one) == 0 {
			return true // gone
		}
		if err != nil {
			return yield(scanners.Item{}, gap(err, ref.URI, ref.Place, "read definition", 1, 0))
		}
		d = one[0]
	}
	item := d.item(ref)
	item.Cursor = cursor{Kind: d.kind, ID: d.id}.String()
	return yield(item, nil)
}

func (d definition) item(ref scanners.Ref) scanners.Item {
	return scanners.Item{Ref: ref, Name: d.name, Size: int64(len(d.body)), Body: strings.NewReader(d.body)}
}

// someDefinitions reads those for which cond holds.
func (s *source) someDefinitions(ctx context.Context, database string, k defined, cond string, most int) ([]definition, error) {
	q := "SELECT x.id,x.schema,x.name,x.extra," + k.body + " FROM (SELECT * FROM (" + k.all + ") y WHERE " + cond +
		` ORDER BY id COLLATE "C" LIMIT ` + itoa(most) + `) x ORDER BY x.id COLLATE "C"`
	var some []definition
	err := s.rows(ctx, database, q, func() { some = nil }, func(c [][]byte) error {
		some = append(some, definition{id: string(c[0]), kind: k.kind, schema: string(c[1]), name: string(c[2]), extra: string(c[3]), body: string(c[4])})
		return nil
	})
	return some, err
}

func (s *source) definitionRef(database string, d definition) scanners.Ref {
	l := s.locator(database)
	l.Schema, l.Definition, l.Name = d.schema, d.kind, d.name
	uri := s.base + scanners.EscapeSegment(database)
	place := database
	switch {
	case d.kind == "database":
	case d.kind == "schema" || d.schema == "":
		uri += "/" + scanners.EscapeSegment(d.name)
		place += " / " + d.name
	default:
		uri += "/" + scanners.EscapeSegment(d.schema) + "/" + scanners.EscapeSegment(d.name)
		place += " / " + d.schema + " / " + d.name
	}
	switch d.kind {
	case "database", "schema", "table", "view":
		// Tables and views share one space of names.
	default:
		uri += "?kind=" + scanners.EscapeQuery(d.kind)
	}
	switch d.kind {
	case "trigger":
		uri += "&on=" + scanners.EscapeQuery(d.extra)
		l.On = d.extra
	case "function":
		uri += "&args=" + scanners.EscapeQuery(d.extra)
		l.Arguments = d.extra
	case "comment":
		uri += "&of=" + scanners.EscapeQuery(d.extra)
		l.On = d.extra
	}
	return scanners.Ref{
		URI: uri + "#definition", Place: place + " / definition of the " + d.kind, Locator: l, Action: "review",
		Group: scanners.Group{Kind: "definitions", URI: s.databaseURI(database), Place: database + " / definitions"},
	}
}

func (s *source) openDefinition(ctx context.Context, p place) (scanners.Item, error) {
	kind := p.get("kind")
	wanted := []string{kind}
	d := definition{kind: kind, schema: p.schema, name: p.name}
	switch {
	case kind != "":
		d.extra = p.get("on") + p.get("args") + p.get("of")
	case p.name == "":
		wanted, d.name = []string{"database"}, p.database
	case p.schema == "":
		wanted, d.schema = []string{"schema"}, p.name
	default:
		wanted = []string{"table", "view"}
	}
	cond := "schema=" + text(d.schema) + " AND name=" + text(d.name) + " AND extra=" + text(d.extra)
	d.kind = wanted[0]
	for _, k := range kinds() {
		if !slices.Contains(wanted, k.kind) {
			continue
		}
		some, err := s.someDefinitions(ctx, p.database, k, cond, 1)
		if err != nil {
			return scanners.Item{}, s.openFailed(ctx, p.database, d, err)
		}
		if len(some) > 0 {
			return some[0].item(s.definitionRef(p.database, some[0])), nil
		}
	}
	return scanners.Item{}, s.openFailed(ctx, p.database, d, vanished("definition"))
}

func (s *source) openFailed(ctx context.Context, database string, d definition, err error) error {
	if ctx.Err() != nil {
		return failed("open definition", context.Cause(ctx))
	}
	ref := s.definitionRef(database, d)
	return gap(err, ref.URI, ref.Place, "open definition", 1, 0)
}
