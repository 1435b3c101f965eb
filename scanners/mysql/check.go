package mysql

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/spoor-scan/spoor/scanners"
)

// Check implements scanners.Source. What the account may not even see it can't
// tell; it says so when the account has no right on the whole server, or on
// the whole schema where only one is to be read.
func (s *source) Check(ctx context.Context) []scanners.Check {
	var out []scanners.Check
	version, account := "", ""
	err := s.one(ctx, "SELECT VERSION(),CURRENT_USER()", func(c []sql.RawBytes) {
		version, account = string(c[0]), string(c[1])
	})
	if err != nil {
		return []scanners.Check{{What: "connect", Detail: explain(err), Remedy: s.connectRemedy(err)}}
	}
	out = append(out, scanners.Check{What: "connect", OK: true, Detail: "server version " + version})
	user, host, _ := cutLast(account, "@")
	to := " TO " + text(user) + "@" + text(host)

	ro := scanners.Check{What: "read-only session"}
	for _, v := range []string{"transaction_read_only", "tx_read_only"} {
		err := s.one(ctx, "SELECT @@session."+v, func(c []sql.RawBytes) {
			ro.OK = string(c[0]) == "1" || strings.EqualFold(string(c[0]), "ON")
		})
		if err == nil {
			break
		}
	}
	if !ro.OK {
		// Only SELECT and SHOW are ever sent, so this is worth a word, not a failure.
		ro.OK, ro.Detail = true, "the server does not confirm SET SESSION TRANSACTION READ ONLY; use an account that can only read"
	}
	out = append(out, ro)

	scope := "*.*"
	if s.set.schema != "" {
		scope = ident(s.set.schema) + ".*"
	}
	if gs, err := s.grants(ctx); err == nil && gs != nil {
		missing := s.missing(gs)
		c := scanners.Check{What: "see everything", OK: len(missing) == 0}
		if !c.OK {
			c.Detail = "without " + strings.Join(missing, ", ") + " on " + scope + ", things that the account may not see are not listed at all and can't be counted"
			c.Remedy = "GRANT " + strings.Join(missing, ", ") + " ON " + scope + to
		}
		out = append(out, c)
		if s.set.schema != "" && !gs.routines(s.set.schema) {
			out = append(out, scanners.Check{
				What: "see routines of " + s.set.schema, Detail: "the account may not see whether there are routines",
				Remedy: routinesRemedy(to),
			})
		}
	}

	schemas, err := s.schemas(ctx)
	if err != nil {
		return append(out, scanners.Check{What: "list schemas", Detail: explain(err), Remedy: "GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON " + scope + to})
	}
	for _, schema := range schemas {
		if s.set.Schemas.matches(schema) {
			out = append(out, s.checkSchema(ctx, schema, to)...)
		}
	}
	return out
}

func (s *source) one(ctx context.Context, q string, row func(c []sql.RawBytes)) error {
	return s.retry(ctx, func(ctx context.Context) error {
		_, err := s.query(ctx, q, func(c []sql.RawBytes) error { row(c); return nil })
		return err
	})
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "%", false
	}
	return s[:i], s[i+len(sep):], true
}

func (s *source) connectRemedy(err error) string {
	switch serverError(err) {
	case 1045, 1698:
		return "check user and password: MYSQL_PWD, password_file"
	case 1130:
		return "create the account for the address from which spoor connects"
	}
	switch reason(err) {
	case scanners.Offline, scanners.Timeout, scanners.Vanished:
		return "check host, port and firewall, and that the server listens there"
	}
	return "check the settings tls, host and port"
}

// missing returns the privileges that the account has not for all of what is to
// be read.
func (s *source) missing(gs grants) []string {
	var missing []string
	for _, p := range []string{"SELECT", "SHOW VIEW", "TRIGGER", "EVENT"} {
		if !gs.on(s.set.schema, "", p) {
			missing = append(missing, p)
		}
	}
	return missing
}

func (s *source) checkSchema(ctx context.Context, schema, to string) []scanners.Check {
	tables, err := s.tables(ctx, schema)
	if err != nil {
		return []scanners.Check{{What: "list tables of " + schema, Detail: explain(err), Remedy: "GRANT SELECT ON " + ident(schema) + ".*" + to}}
	}
	var bad []scanners.Check
	n := 0
	for _, l := range tables {
		if l.view() || l.elsewhere() != "" || !s.set.Tables.matches(schema+"."+l.name) {
			continue
		}
		name := ident(schema) + "." + ident(l.name)
		err := s.one(ctx, "SELECT 1 FROM "+name+" LIMIT 0", func([]sql.RawBytes) {})
		if err == nil {
			n++
			continue
		}
		c := scanners.Check{What: "read table " + schema + "." + l.name, Detail: explain(err)}
		if reason(err) == scanners.Denied {
			c.Remedy = "GRANT SELECT ON " + name + to
		}
		bad = append(bad, c)
		if ctx.Err() != nil {
			return bad
		}
	}
	denied := make(map[string][]string)
	var order []string
	err = s.one(ctx, "SELECT table_schema,table_name,column_name,privileges FROM information_schema.columns WHERE table_schema="+text(schema), func(c []sql.RawBytes) {
		p := strings.ToLower(string(c[3]))
		if string(c[0]) != schema || p == "" || strings.Contains(p, "select") {
			return
		}
		t := string(c[1])
		if denied[t] == nil {
			order = append(order, t)
		}
		denied[t] = append(denied[t], ident(string(c[2])))
	})
	if err == nil {
		for _, t := range order {
			if s.set.Tables.matches(schema + "." + t) {
				bad = append(bad, scanners.Check{
					What:   "read every column of " + schema + "." + t,
					Detail: fmt.Sprintf("%d columns may not be selected", len(denied[t])),
					Remedy: "GRANT SELECT (" + strings.Join(denied[t], ", ") + ") ON " + ident(schema) + "." + ident(t) + to,
				})
			}
		}
	}
	hidden := 0
	err = s.one(ctx, "SELECT routine_schema,routine_definition FROM information_schema.routines WHERE routine_schema="+text(schema), func(c []sql.RawBytes) {
		if string(c[0]) == schema && c[1] == nil {
			hidden++
		}
	})
	if err == nil && hidden > 0 {
		bad = append(bad, scanners.Check{
			What: "read routines of " + schema, Detail: fmt.Sprintf("the text of %d routines is hidden from the account", hidden),
			Remedy: routinesRemedy(to),
		})
	}
	return append(bad, scanners.Check{What: "read schema " + schema, OK: true, Detail: fmt.Sprintf("%d tables", n)})
}

func routinesRemedy(to string) string {
	return "GRANT SELECT ON `mysql`.`proc`" + to + " -- MySQL from 8.0.20 on: GRANT SHOW_ROUTINE ON *.*" + to
}
