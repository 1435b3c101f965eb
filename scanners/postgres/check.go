package postgres

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spoor-scan/spoor/scanners"
)

// Check implements scanners.Source.
func (s *source) Check(ctx context.Context) []scanners.Check {
	databases, err := s.databases(ctx)
	version, account, super := "", "", false
	read := "off"
	if err == nil {
		in := s.maintenance()[0]
		if s.set.database == "" {
			for _, d := range databases {
				if d.connect && d.allowed {
					in = d.name
					break
				}
			}
		}
		err = s.rows(ctx, in, "SELECT current_setting('server_version'),current_user,current_setting('transaction_read_only'),"+
			"rolsuper FROM pg_roles WHERE rolname=current_user", func() {}, func(c [][]byte) error {
			version, account, read, super = string(c[0]), string(c[1]), string(c[2]), yes(c[3])
			return nil
		})
	}
	if err != nil {
		return []scanners.Check{{What: "connect", Detail: explain(err), Remedy: connectRemedy(err)}}
	}
	out := []scanners.Check{{What: "connect", OK: true, Detail: "server version " + version}}
	s.mu.Lock()
	which := s.replica
	s.mu.Unlock()
	if s.set.Replica != "" {
		c := scanners.Check{What: "read from the replica", OK: which == fromReplica}
		if !c.OK {
			c.Detail, c.Remedy = "the replica does not answer; the server itself is read", "check the setting replica"
		}
		out = append(out, c)
	}
	ro := scanners.Check{What: "read-only session", OK: read == "on"}
	if !ro.OK {
		ro.Detail, ro.Remedy = "the server does not confirm that the transaction is read-only", "use an account that can only read"
	}
	if super {
		ro.Detail = "the account is a superuser; one with pg_read_all_data is enough for all but large objects"
	}
	out = append(out, ro)
	to := " TO " + ident(account)
	major, _ := strconv.Atoi(version[:min(2, len(version))])
	for _, d := range databases {
		if !s.set.Databases.matches(d.name) {
			continue
		}
		if !d.connect || !d.allowed {
			c := scanners.Check{What: "connect to database " + d.name, Detail: "the account may not", Remedy: "GRANT CONNECT ON DATABASE " + ident(d.name) + to}
			if !d.allowed {
				c.Detail, c.Remedy = "nobody may", "ALTER DATABASE "+ident(d.name)+" ALLOW_CONNECTIONS true"
			}
			out = append(out, c)
			continue
		}
		out = append(out, s.checkDatabase(ctx, d.name, account, major)...)
		if ctx.Err() != nil {
			break
		}
	}
	return out
}

func connectRemedy(err error) string {
	switch sqlstate(err) {
	case "28P01":
		return "check user and password: PGPASSWORD, ~/.pgpass, password_file"
	case "28000":
		return "let the account in from this address in pg_hba.conf"
	}
	switch reason(err) {
	case scanners.Offline, scanners.Timeout:
		return "check host, port and firewall, and that the server listens there"
	case scanners.Vanished:
		return "check the name of the database"
	}
	return "check the settings tls, host and port"
}

func (s *source) checkDatabase(ctx context.Context, database, account string, major int) []scanners.Check {
	all, err := s.relations(ctx, database, "")
	if err != nil {
		return []scanners.Check{{What: "list tables of " + database, Detail: explain(err), Remedy: "GRANT CONNECT ON DATABASE " + ident(database) + " TO " + ident(account)}}
	}
	to := " TO " + ident(account)
	all14 := "GRANT pg_read_all_data" + to
	var bad []scanners.Check
	n, denied := 0, 0
	closed := map[string]int{}
	var order, policies []string
	for _, r := range all {
		if !r.stored() || !s.selected(r.schema, r.name) {
			continue
		}
		switch {
		case r.via:
			n++
		case !r.usage:
			if closed[r.schema]++; closed[r.schema] == 1 {
				order = append(order, r.schema)
			}
		case !r.readable && denied >= 50:
			denied++
		case !r.readable:
			denied++
			c := scanners.Check{
				What: "read table " + database + "." + r.schema + "." + r.name, Detail: "the account may not select from it",
				Remedy: "GRANT SELECT ON " + ident(r.schema) + "." + ident(r.name) + to,
			}
			if r.columns {
				c.Detail = "the account may not select all of its columns"
			}
			if major >= 14 {
				c.Remedy += " -- or, for everything: " + all14
			}
			bad = append(bad, c)
		default:
			n++
		}
		if r.policy {
			policies = append(policies, r.schema+"."+r.name)
		}
	}
	if denied > 50 {
		bad = append(bad, scanners.Check{What: "read tables of " + database, Detail: fmt.Sprintf("%d more may not be read", denied-50), Remedy: all14})
	}
	for _, schema := range order {
		c := scanners.Check{
			What: "use schema " + database + "." + schema, Detail: fmt.Sprintf("%d tables in it can't be read", closed[schema]),
			Remedy: "GRANT USAGE ON SCHEMA " + ident(schema) + to + "; GRANT SELECT ON ALL TABLES IN SCHEMA " + ident(schema) + to,
		}
		if major >= 14 {
			c.Remedy += " -- or, for everything: " + all14
		}
		bad = append(bad, c)
	}
	if len(policies) > 0 {
		bad = append(bad, scanners.Check{
			What: "see all rows in " + database, Detail: "row-level security policies hide rows of " + list(policies),
			Remedy: "ALTER ROLE " + ident(account) + " BYPASSRLS",
		})
	}
	return append(bad, scanners.Check{What: "read database " + database, OK: true, Detail: fmt.Sprintf("%d tables", n)})
}
