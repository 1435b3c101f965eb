// Package starter writes a first configuration for a hosting provider: the
// processing activities that all of them have (Art. 30 GDPR), and which places of
// the sources belong to each, guessed from their names.
package starter

import (
	"cmp"
	_ "embed"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template"
)

// A Source is one that the configuration is to name.
type Source struct {
	Name, Type string
	// Target is as on the command line, without a password.
	Target string
	// Places are what it holds, by "/" where there are levels: "schema/table" or
	// "database/schema/table" of a database, the folders of a tree and the
	// archives in its root, buckets, the accounts of a mail server.
	Places []string
	// Unlisted says why it could not be listed; empty where it could.
	Unlisted string
}

// The activities of the starter file.
const (
	customers = "customers"
	billing   = "billing"
	support   = "support"
	website   = "website"
	hosting   = "hosting"
	mail      = "mail"
	logs      = "logs"
	backups   = "backups"
)

// A guess says that a name which holds one of some words is of an activity.
type guess struct {
	activity string
	name     *regexp.Regexp
}

// words returns an expression for names of which one of the words is a part that
// stands by itself.
func words(list string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)(?:^|[^a-z])(?:` + strings.Join(strings.Fields(list), "|") + `)(?:[^a-z]|$)`)
}

// folders are guesses for folders, buckets and mailboxes, the first that fits
// counts. Names of one folder within another are looked at from outside in.
func folders() []guess {
	return []guess{
		{backups, words(`backups? bak bkp dumps? snapshots? restic borg rsnapshot duplicity vzdump`)},
		{logs, words(`logs? journal audit awstats webalizer`)},
		{mail, words(`v?mail mailboxes vmails maildirs? mdbox`)},
		{support, words(`support tickets? helpdesk attachments?`)},
		{billing, words(`invoices? billing facturen factures rechnungen accounting boekhouding`)},
		{hosting, words(`home www vhosts? htdocs public_html wwwroot sites? clients customers uploads?`)},
	}
}

// tables are guesses for tables of a panel or a billing program.
func tables() []guess {
	return []guess{
		{logs, words(`logs? [a-z]*_?logs? activity_?log sessions? audits? history login_attempts [a-z]+log`)},
		{billing, words(`invoices? invoice_?(?:items|lines) payments? transactions? orders? credits? quotes? mandates? tbl(?:invoices?|invoiceitems|accounts|orders?|credit|quotes?|transaction_history|paymethods|bankaccts|creditcards|billableitems)`)},
		{support, words(`tickets? ticket_?[a-z]+ helpdesk [a-z]+_ticket chats? tbl(?:tickets?|ticket[a-z]+|calls)`)},
		{website, words(`newsletters?(?:_[a-z]+)? subscribers? contact_?(?:forms?|messages?) leads? campaigns? mailing_?lists?`)},
		{customers, words(`clients? customers? contacts? users? accounts? members? domains? services? subscriptions? addresses? klanten kunden tbl(?:clients|contacts|users|domains|hosting|clientgroups|customfieldsvalues|sslorders|affiliates)`)},
	}
}

// panels are what the databases of control panels and billing programs are called.
var panels = words(`whmcs blesta hostbill clientexec psa plesk cpanel cphulkd ispconfig dbispconfig directadmin da_[a-z]+ froxlor virtualmin hestia vesta panel controlpanel billing crm erp odoo support helpdesk zammad otrs osticket fossbilling`)

// desks are those of them that answer questions.
var desks = words(`support helpdesk zammad otrs osticket`)

// system are the schemas of database servers themselves.
var system = regexp.MustCompile(`^(mysql|sys|information_schema|performance_schema|pg_catalog|pg_toast)$`)

// hosted are tables of applications that customers install.
var hosted = regexp.MustCompile(`(?i)(^|_)(wp|jos|oc|ps|mdl|phpbb|smf|xf|drupal|joomla|magento|mage)_|_(users?meta|postmeta|options)$|^(wp_|jos_|mdl_|ps_|oc_|node__|catalog_product_|customer_entity)`)

// user is what the schemas of customers are called where a panel makes them:
// account_database.
var user = regexp.MustCompile(`^[a-z][a-z0-9]{1,15}_[a-z0-9_]{1,48}$|^(c|web|usr_web|db)\d+`)

// staff are the local parts of addresses at which a host's own people read mail,
// whoever's domain it is.
var staff = []guess{
	{support, words(`support helpdesk servicedesk tickets? klantendienst abuse noc hostmaster`)},
	{billing, words(`billing invoices? facturatie facturen boekhouding accounting comptabilite buchhaltung`)},
}

// archives are files that hold backups, whatever they are called.
var archives = regexp.MustCompile(`(?i)\.(tar|tgz|tbz2?|txz|tzst|7z|sql|dump|bak|zip)(\.(gz|bz2|xz|zst|lz4))?$`)

// Archive reports whether a file in the root of a tree is a backup, by its name.
func Archive(name string) bool { return archives.MatchString(name) }

// A Cover is a pattern that the configuration gives to an activity.
type Cover struct {
	Pattern string
	Tenant  string // the same with "{tenant}" in it, for a processor's
}

// Guess returns what of the sources belongs to each activity, by its id, and the
// places of which nothing could be told.
func Guess(sources []Source) (covers map[string][]Cover, open []string) {
	covers = map[string][]Cover{}
	inFolders, inTables := folders(), tables()
	add := func(activity string, c Cover) {
		if !slices.Contains(covers[activity], c) {
			covers[activity] = append(covers[activity], c)
		}
	}
	for _, s := range sources {
		switch s.Type {
		case "restic", "borg":
			add(backups, Cover{Pattern: quote(s.Name)})
		case "imap":
			own := 0
			for _, account := range s.Places {
				local, _, _ := strings.Cut(account, "@")
				if a := guessed(staff, local); a != "" {
					add(a, Cover{Pattern: quote(s.Name) + " / " + quote(account)})
					own++
				}
			}
			if own == 0 || own < len(s.Places) {
				add(mail, Cover{Pattern: quote(s.Name), Tenant: quote(s.Name) + " / *@{tenant}"})
			}
		case "mysql", "postgres":
			for a, list := range database(s, inTables) {
				for _, c := range list {
					if a == "" {
						open = append(open, c.Pattern)
						continue
					}
					add(a, c)
				}
			}
		default:
			told := map[string]bool{} // folders of which something is said
			if a := guessed(inFolders, lastStep(s.Target)); a != "" {
				c := Cover{Pattern: quote(s.Name)}
				if a == hosting {
					c.Tenant = quote(s.Name) + " / {tenant}"
				}
				add(a, c)
				told[""] = true
			}
			for _, p := range s.Places {
				if Archive(p) {
					if !told[""] {
						add(backups, Cover{Pattern: quote(s.Name) + " / " + quotePath(p)})
					}
					continue
				}
				parent, _, below := strings.Cut(p, "/")
				a := guessed(inFolders, p)
				if a == "" && told[""] {
					continue // as all of it
				}
				if below && (told[parent] || a == "") {
					continue // as its parent
				}
				told[p] = a != ""
				pattern := quote(s.Name) + " / " + quotePath(p) + "/**"
				switch a {
				case "":
					open = append(open, pattern)
				case hosting:
					add(a, Cover{Pattern: pattern, Tenant: quote(s.Name) + " / " + quotePath(p) + "/{tenant}/**"})
				default:
					add(a, Cover{Pattern: pattern})
				}
			}
		}
	}
	if len(covers[backups]) > 0 {
		for _, a := range []string{mail, hosting} {
			for _, c := range inBackups(sources, covers[a]) {
				add(a, c)
			}
		}
	}
	for _, list := range covers {
		slices.SortFunc(list, func(a, b Cover) int { return cmp.Compare(a.Pattern, b.Pattern) })
	}
	slices.Sort(open)
	return covers, slices.Compact(open)
}

// inBackups returns the patterns of what customers' data are called in backups: a
// folder by its path, a schema in a dump by its name. What is customers' stays so
// when it is backed up.
func inBackups(sources []Source, list []Cover) []Cover {
	var out []Cover
	for _, s := range sources {
		own := quote(s.Name) + " / "
		for _, c := range list {
			rest, ok := strings.CutPrefix(c.Pattern, own)
			if !ok {
				continue
			}
			switch s.Type {
			case "mysql", "postgres":
				out = append(out, Cover{Pattern: rest, Tenant: strings.TrimPrefix(c.Tenant, own)})
			case "files":
				if target := strings.TrimRight(s.Target, "/"); strings.HasPrefix(target, "/") {
					x := Cover{Pattern: quotePath(target) + "/" + rest}
					if t, ok := strings.CutPrefix(c.Tenant, own); ok {
						x.Tenant = quotePath(target) + "/" + t
					}
					out = append(out, x)
				}
			}
		}
	}
	return out
}

// lastStep is the name of the folder, bucket or file that a target is.
func lastStep(target string) string {
	target = strings.TrimRight(target, "/")
	return target[strings.LastIndexByte(target, '/')+1:]
}

// guessed returns the activity of the first guess that fits, empty where none does.
func guessed(list []guess, name string) string {
	for _, g := range list {
		if g.name.MatchString(name) {
			return g.activity
		}
	}
	return ""
}

// database guesses for the schemas and tables of a database server.
func database(s Source, tables []guess) map[string][]Cover {
	out := map[string][]Cover{}
	bySchema := map[string][]string{}
	var order []string
	for _, p := range s.Places {
		at := strings.LastIndexByte(p, '/')
		if at < 0 {
			continue
		}
		schema, table := p[:at], p[at+1:]
		if _, known := bySchema[schema]; !known {
			order = append(order, schema)
		}
		bySchema[schema] = append(bySchema[schema], table)
	}
	theirs := customerSchemas(order, bySchema)
	for _, schema := range order {
		list := bySchema[schema]
		prefix := quote(s.Name) + " / " + strings.ReplaceAll(quotePath(schema), "/", " / ")
		if system.MatchString(schema[strings.LastIndexByte(schema, '/')+1:]) {
			continue // the server's own
		}
		if theirs[schema] {
			steps := strings.Count(schema, "/")
			out[hosting] = append(out[hosting], Cover{Pattern: prefix + " / **", Tenant: quote(s.Name) + " / {tenant}" + strings.Repeat(" / *", steps) + " / **"})
			continue
		}
		found := map[string][]string{}
		for _, t := range list {
			if a := guessed(tables, t); a != "" {
				found[a] = append(found[a], t)
			}
		}
		if len(found) == 0 {
			out[""] = append(out[""], Cover{Pattern: prefix + " / **"})
			continue
		}
		for a, names := range found {
			slices.Sort(names)
			for _, t := range names {
				out[a] = append(out[a], Cover{Pattern: prefix + " / " + quote(t) + " / **"})
			}
		}
		if panels.MatchString(schema) {
			// What else a panel keeps is about customers, and what a help desk does
			// about what they ask.
			rest := customers
			if desks.MatchString(schema) {
				rest = support
			}
			out[rest] = append(out[rest], Cover{Pattern: prefix + " / **"})
		}
	}
	return out
}

// customerSchemas returns the schemas that hold what customers put there: those of
// applications that they install, those that panels call after accounts, and those
// that begin as these do.
func customerSchemas(schemas []string, tables map[string][]string) map[string]bool {
	out := map[string]bool{}
	begin := map[string]bool{} // whether what begins so is customers'
	of := func(schema string) string {
		first, _, _ := strings.Cut(schema, "/")
		before, _, ok := strings.Cut(first, "_")
		if !ok {
			return ""
		}
		return before + "_"
	}
	for _, schema := range schemas {
		first, _, _ := strings.Cut(schema, "/")
		theirs := 0
		for _, t := range tables[schema] {
			if hosted.MatchString(t) {
				theirs++
			}
		}
		if panels.MatchString(schema) {
			begin[of(schema)] = false
			continue
		}
		if 2*theirs < len(tables[schema]) && !user.MatchString(first) {
			continue
		}
		out[schema] = true
		if _, known := begin[of(schema)]; !known {
			begin[of(schema)] = true
		}
	}
	for _, schema := range schemas {
		if p := of(schema); p != "" && begin[p] && !panels.MatchString(schema) {
			out[schema] = true
		}
	}
	return out
}

// quote writes a name so that it stands for itself in a pattern.
func quote(name string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`, "]", `\]`, "{", `\{`, "}", `\}`).Replace(name)
}

func quotePath(path string) string {
	steps := strings.Split(path, "/")
	for i := range steps {
		steps[i] = quote(steps[i])
	}
	return strings.Join(steps, "/")
}

//go:embed starter.yaml.tmpl
var text string

// Write writes the configuration for sources.
func Write(w io.Writer, sources []Source) error {
	covers, open := Guess(sources)
	t, err := template.New("").Funcs(template.FuncMap{
		"yaml": scalar,
		"covers": func(id string) []Cover {
			return covers[id]
		},
		"tenants": func(id string) []string {
			var out []string
			for _, c := range covers[id] {
				if c.Tenant != "" && !slices.Contains(out, c.Tenant) {
					out = append(out, c.Tenant)
				}
			}
			return out
		},
	}).Parse(text)
	if err != nil {
		return fmt.Errorf("starter: %w", err)
	}
	return t.Execute(w, struct {
		Sources []Source
		Open    []string
	}{sources, open})
}

// scalar writes a text as YAML reads it again.
func scalar(s string) string {
	for _, c := range s {
		if c < ' ' || c == 0x7f || c == '\u2028' || c == '\u2029' || c == '\u0085' {
			return strconv.QuoteToASCII(s)
		}
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}
