package links

import (
	"strings"
	"unicode"
)

// Words takes the name of a table or column apart: at what is no letter or
// digit, and where small letters meet capitals. All are lower case.
func Words(name string) []string {
	var out []string
	var b strings.Builder
	flush := func() {
		if b.Len() > 0 {
			out = append(out, strings.ToLower(b.String()))
			b.Reset()
		}
	}
	low := false
	for _, r := range name {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			flush()
		case unicode.IsUpper(r) && low:
			flush()
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
		low = unicode.IsLower(r)
	}
	flush()
	return out
}

// singular takes the ending of a plural off a word, in the languages in which
// tables are named. Two words that are the same thing become the same; it need
// be no word that exists.
func singular(w string) string {
	switch {
	case len(w) > 4 && strings.HasSuffix(w, "ies"):
		return w[:len(w)-3] + "y"
	case len(w) > 4 && (strings.HasSuffix(w, "sses") || strings.HasSuffix(w, "xes") || strings.HasSuffix(w, "ches") || strings.HasSuffix(w, "shes")):
		return w[:len(w)-2]
	case len(w) > 3 && strings.HasSuffix(w, "s") && !strings.HasSuffix(w, "ss") && !strings.HasSuffix(w, "us"):
		return w[:len(w)-1]
	case len(w) > 5 && strings.HasSuffix(w, "en"): // klanten, Kunden, facturen
		return strings.TrimSuffix(w[:len(w)-1], "e")
	}
	return w
}

// identifierWords are what a name says of a column beside what it refers to.
func identifierWord(w string) bool {
	switch w {
	case "id", "ids", "fk", "pk", "ref", "no", "nr", "num", "number", "nummer", "numero", "numéro", "número", "code", "key", "uuid", "guid", "oid", "idx":
		return true
	}
	return false
}

// rolePrefix are words in front of what a column refers to that say in which
// role: "parent_client_id" refers to a client.
func plainWords(list []string) []string {
	var out []string
	for _, w := range list {
		if !identifierWord(w) {
			out = append(out, singular(w))
		}
	}
	return out
}

// person reports whether a word names people with whom an organisation deals:
// a table called so holds a person, a household or a company in each row.
func person(w string) bool {
	switch singular(w) {
	case "client", "customer", "klant", "kund", "kunde", "cliente", "clienti", "klient", "debtor", "debiteur", "debitor",
		"user", "gebruiker", "benutzer", "utilisateur", "usuario", "utente", "account", "member", "lid", "led", "mitglied", "membre", "miembro",
		"contact", "kontakt", "contacto", "contatto", "person", "people", "persoon", "persona", "personne", "osoba", "customerdata",
		"subscriber", "abonnee", "abonné", "abonne", "abonnent", "employee", "werknemer", "mitarbeiter", "salarié", "patient", "patiënt", "student", "lead", "prospect",
		"owner", "eigenaar", "registrant", "holder", "titulaire", "inhaber", "houder", "buyer", "koper", "acheteur", "payer", "profile", "respondent", "guest", "gast", "passenger", "applicant", "candidate":
		return true
	}
	return false
}

// reference reports whether a word names things that many people share: places,
// kinds, goods. A row of a table called so belongs to nobody who refers to it.
func reference(w string) bool {
	switch singular(w) {
	case "country", "land", "pay", "pays", "pai", "país", "city", "stad", "ville", "stadt", "ciudad", "town", "gemeente", "municipality", "region", "state", "province", "provincie", "zone", "zip", "postcode",
		"language", "lang", "taal", "langue", "sprache", "currency", "munt", "monnaie", "locale", "timezone", "category", "categorie", "catégorie", "kategorie", "tag", "label", "type", "statu", "status", "statuse", "role", "rol", "permission", "group", "groep",
		"product", "produkt", "produit", "producto", "article", "artikel", "item", "plan", "package", "pakket", "tariff", "tarief", "price", "prijs", "tld", "extension", "service", "feature", "option", "addon", "bundle", "coupon", "promotion",
		"server", "node", "host", "datacenter", "rack", "cluster", "department", "afdeling", "queue", "office", "branch", "store", "shop", "warehouse", "site",
		"template", "setting", "config", "configuration", "module", "plugin", "theme", "unit", "tax", "btw", "vat", "rate", "genre", "medium", "media", "format", "brand", "merk", "marque", "supplier", "leverancier", "vendor", "manufacturer",
		"film", "movie", "track", "album", "artist", "book", "author", "actor", "course", "event", "campaign", "newsletter", "list", "gateway", "currencie", "reseller", "company", "registrar", "staff", "admin", "administrator", "operator", "agent", "parent":
		return true
	}
	return false
}

// PersonTable reports whether a table, by its name, holds a person in each row.
func PersonTable(table string) bool {
	list := Words(table)
	if n := len(list); n > 0 {
		last := list[n-1]
		if n > 1 && access(list[n-2]) {
			return false // a mailbox is a client's, whoever reads it
		}
		return person(last) || person(strings.TrimPrefix(last, "tbl"))
	}
	return false
}

// access reports whether a word in front of "users" or "accounts" says that they
// are a way in to what a client rents.
func access(w string) bool {
	switch singular(w) {
	case "mail", "email", "imap", "pop", "pop3", "smtp", "mailbox", "ftp", "sftp", "ssh", "shell", "webdav", "dav", "smb", "db", "database", "sql", "mysql", "pgsql", "postgres", "cron", "bank", "hosting":
		return true
	}
	return false
}

// ReferenceTable reports whether a table, by its name, holds what many people
// share.
func ReferenceTable(table string) bool {
	list := Words(table)
	if n := len(list); n > 0 {
		last := list[n-1]
		return reference(last) || reference(strings.TrimPrefix(last, "tbl"))
	}
	return false
}

// candidate reports whether a column, by its name and type, may hold a key or
// refer to one.
func candidate(column, typ string) bool {
	switch base, _, _ := strings.Cut(typ, "("); base {
	case "", "tinyint", "smallint", "mediumint", "int", "integer", "bigint", "int2", "int4", "int8", "serial", "bigserial", "decimal", "numeric", "number",
		"char", "varchar", "character", "character varying", "bpchar", "text", "tinytext", "citext", "name", "uuid", "binary", "varbinary", "nvarchar", "nchar", "string", "objectid":
	default:
		return false
	}
	list := Words(column)
	if len(list) == 0 {
		return false
	}
	for _, w := range list {
		if identifierWord(w) || person(w) {
			return true
		}
	}
	last := list[len(list)-1]
	switch last {
	case "type", "login", "username", "loginname", "accountname", "domain", "domein", "domaine", "mailbox", "parent", "by", "rowid", "_id":
		return true
	}
	for _, end := range []string{"id", "nr", "no", "uuid", "fk", "number", "nummer"} {
		if len(last) > len(end) && strings.HasSuffix(last, end) {
			return true
		}
	}
	return strings.HasPrefix(last, "id") || strings.HasPrefix(last, "fk")
}

// referents returns what a column may refer to, the likeliest first: the words
// of a table's name, joined. "billing_client_id": "billingclient", "client".
func referents(column string) []string {
	list := Words(column)
	seen := map[string]bool{}
	var out []string
	add := func(s string) {
		if len(s) > 1 && !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	plain := plainWords(list)
	for i := range plain {
		add(strings.Join(plain[i:], ""))
	}
	// Words that are written together: "clientid", "idclient", "fkuser".
	joined := strings.Join(list, "")
	for _, end := range []string{"id", "nr", "no", "uuid", "fk", "number", "nummer", "code", "key"} {
		if s, ok := strings.CutSuffix(joined, end); ok {
			add(singular(s))
		}
	}
	for _, start := range []string{"id", "fk"} {
		if s, ok := strings.CutPrefix(joined, start); ok {
			add(singular(s))
		}
	}
	if joined == "uid" {
		add("user")
	}
	return out
}

// tableName returns what a table is called, joined and singular, without a
// prefix that says nothing of it.
func tableName(table, prefix string) string {
	if rest, ok := strings.CutPrefix(strings.ToLower(table), prefix); ok && prefix != "" && rest != "" {
		table = table[len(table)-len(rest):]
	}
	return strings.Join(tableWords(table), "")
}

// tableWords returns the words of a table's name, singular.
func tableWords(table string) []string {
	list := Words(table)
	for len(list) > 1 && (list[0] == "tbl" || list[0] == "t" || list[0] == "tb" || list[0] == "table") {
		list = list[1:]
	}
	if len(list) == 0 {
		return []string{""}
	}
	if s, ok := strings.CutPrefix(list[0], "tbl"); ok && len(s) > 2 {
		list[0] = s
	}
	for i := range list {
		list[i] = singular(list[i])
	}
	return list
}
