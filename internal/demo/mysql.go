package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	sqle "github.com/dolthub/go-mysql-server"
	"github.com/dolthub/go-mysql-server/memory"
	"github.com/dolthub/go-mysql-server/server"
	"github.com/dolthub/go-mysql-server/sql"
	"github.com/dolthub/vitess/go/mysql"
	"github.com/sirupsen/logrus"
)

// createClients is also the head of the dump among the backups.
const createClients = "CREATE TABLE `clients` (\n" +
	"  `id` int NOT NULL AUTO_INCREMENT,\n" +
	"  `customer_no` varchar(16) NOT NULL,\n" +
	"  `firstname` varchar(64) NOT NULL,\n" +
	"  `lastname` varchar(64) NOT NULL,\n" +
	"  `email` varchar(190) NOT NULL,\n" +
	"  `phone` varchar(32),\n" +
	"  `address` varchar(190),\n" +
	"  `postcode` varchar(10),\n" +
	"  `city` varchar(64),\n" +
	"  `vat` varchar(16),\n" +
	"  `iban` varchar(34),\n" +
	"  `birth_date` date,\n" +
	"  `created` datetime NOT NULL,\n" +
	"  PRIMARY KEY (`id`)\n" +
	")"

// startMySQL starts the database server and returns its address.
func (e *Estate) startMySQL(people []person) (addr string, err error) {
	logrus.SetOutput(io.Discard) // the server has no other way to be silent
	var dbs []sql.Database
	for _, name := range []string{"controlpanel", "wp_shop"} {
		db := memory.NewDatabase(name)
		db.BaseDatabase.EnablePrimaryKeyIndexes()
		dbs = append(dbs, db)
	}
	provider := memory.NewDBProvider(dbs...)
	engine := sqle.NewDefault(provider)
	e.onClose(func() error {
		if err := engine.Close(); !errors.Is(err, context.Canceled) { // which it says of its own threads
			return err
		}
		return nil
	})

	session := memory.NewSession(sql.NewBaseSession(), provider)
	ctx := sql.NewContext(context.Background(), sql.WithSession(session))
	for _, db := range []struct {
		name       string
		statements []string
	}{{"controlpanel", controlPanel(people)}, {"wp_shop", wordPress(people)}} {
		ctx.SetCurrentDatabase(db.name)
		for _, q := range db.statements {
			if err := exec(ctx, engine, q); err != nil {
				return "", fmt.Errorf("fill %s: %w", db.name, err)
			}
		}
	}
	accounts := engine.Analyzer.Catalog.MySQLDb
	ed := accounts.Editor()
	accounts.AddSuperUser(ed, dbUser, "%", dbPassword)
	ed.Close()

	l, err := listen()
	if err != nil {
		return "", err
	}
	srv, err := server.NewServerWithHandler(server.Config{Protocol: "tcp", Address: l.Addr().String(), Listener: l, MaxLoggedQueryLen: -1},
		engine, sql.NewContext, memory.NewSessionBuilder(provider), nil, inTurn)
	if err != nil {
		return "", errors.Join(err, l.Close())
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Start() }()
	e.onClose(func() error { return errors.Join(srv.Close(), <-ended) })

	for _, r := range planted() {
		e.plant("databases", "/"+r.uri, r.confidence, r.what)
	}
	return l.Addr().String(), nil
}

// turns answers one query at a time: the server shares the tables of
// information_schema among sessions without a lock.
type turns struct {
	mysql.Handler
	mu sync.Mutex
}

func inTurn(h mysql.Handler) (mysql.Handler, error) { return &turns{Handler: h}, nil }

func (t *turns) ComQuery(ctx context.Context, c *mysql.Conn, query string, fn mysql.ResultSpoolFn) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.Handler.ComQuery(ctx, c, query, fn)
}

func (t *turns) ComMultiQuery(ctx context.Context, c *mysql.Conn, query string, fn mysql.ResultSpoolFn) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.Handler.ComMultiQuery(ctx, c, query, fn)
}

// A row is one of the databases' that the scan has to find.
type row struct {
	uri, confidence string
	dumped          string // its confidence in a dump; empty: it need not be found there
	what            string
}

func planted() []row {
	return []row{
		{"controlpanel/clients?id=4711", "certain", "certain", "her row in the table of customers"},
		{"controlpanel/clients?id=4212", "possible", "possible", "a namesake: another e-mail address, another birth date"},
		{"controlpanel/invoices?id=9001", "certain", "certain", "an invoice with her VAT number and IBAN in its text"},
		{"controlpanel/invoices?id=9002", "certain", "", "an invoice that only a foreign key ties to her row"},
		{"controlpanel/tickets?id=7001", "certain", "certain", "somebody's ticket with her phone number, as 0470/12.34.56"},
		{"controlpanel/logins?id=3001", "likely", "likely", "a login: her user name and IP address together"},
		{"controlpanel/logins?id=3002", "possible", "possible", "a login of somebody else from that IP address"},
		{"controlpanel/domains?id=4711", "certain", "possible or certain", "her domain, tied to her row by a foreign key"},
		{"wp_shop/wp_comments?comment_ID=88", "certain", "certain", "her comment on the website of another customer (held as processor)"},
		{"wp_shop/wp_users?ID=31", "certain", "certain", "her account on that website, under her other address (as processor)"},
	}
}

// exec runs a statement without the network.
func exec(ctx *sql.Context, engine *sqle.Engine, q string) error {
	_, rows, _, err := engine.Query(ctx, q)
	for err == nil {
		_, err = rows.Next(ctx)
	}
	if err != io.EOF {
		return err
	}
	return rows.Close(ctx)
}

// insert makes INSERT statements of many rows each.
func insert(table string, rows []string) []string {
	var out []string
	for len(rows) > 0 {
		n := min(len(rows), 200)
		out = append(out, "INSERT INTO `"+table+"` VALUES\n"+strings.Join(rows[:n], ",\n"))
		rows = rows[n:]
	}
	return out
}

// tuple writes values as SQL; empty texts are NULL.
func tuple(values ...any) string {
	var b strings.Builder
	for i, v := range values {
		b.WriteByte("(,"[min(i, 1)])
		switch v := v.(type) {
		case string:
			if v == "" {
				b.WriteString("NULL")
				continue
			}
			b.WriteString("'" + strings.NewReplacer(`\`, `\\`, "'", `\'`, "\n", `\n`).Replace(v) + "'")
		case time.Time:
			b.WriteString("'" + v.Format(time.DateTime) + "'")
		default:
			fmt.Fprint(&b, v)
		}
	}
	b.WriteByte(')')
	return b.String()
}

func clientRow(p person) string {
	return tuple(p.id, p.no, p.first, p.last, p.email, p.phone, p.street, p.postcode, p.city, p.vat, p.iban, p.born.Format(time.DateOnly), p.since)
}

// controlPanel is the provider's own database.
func controlPanel(people []person) []string {
	var clients, invoices, tickets, logins, domains []string
	for i, p := range people {
		clients = append(clients, clientRow(p))
		domains = append(domains, tuple(p.id, p.id, p.domain, p.since.AddDate(8, 0, 0)))
		if p.id == zoe().id {
			continue
		}
		for k := range 2 {
			n := 10000 + 2*i + k
			issued := p.since.AddDate(k, 1, 0)
			invoices = append(invoices, tuple(n, p.id, fmt.Sprintf("F%d", n), fmt.Sprintf("Webhosting %s, %d maanden", p.domain, 12), 60+i%40, issued))
		}
		for k := range 5 {
			logins = append(logins, tuple(10000+5*i+k, p.user, p.ip, day(2026, 1+k, 1+i%28), "Mozilla/5.0 (X11; Linux x86_64)"))
		}
		if i%3 == 0 {
			tickets = append(tickets, tuple(10000+i, p.id, "Mailbox vol", "Mijn mailbox "+p.email+" is vol. Kunnen jullie me helpen?\nGroeten, "+p.first))
		}
	}
	z := zoe()
	invoices = append(invoices, tuple(9001, z.id, "F9001",
		"Webhosting zoevdb.be, 12 maanden. Aan: Mevr. Z. Van den Broeck, BTW BE 0890.439.412, te innen van BE68 5390 0754 7034", 96, day(2026, 3, 4)))
	invoices = append(invoices, tuple(9002, z.id, "F9002", "Domeinnaam, verlenging met een jaar", 12, day(2026, 8, 19)))
	tickets = append(tickets, tuple(7001, 5017, "Belverzoek",
		"Onze webmaster verhuist de site. Bel haar op 0470/12.34.56, na 17 u.\nAlvast bedankt."))
	logins = append(logins,
		tuple(3001, z.user, z.ip, day(2026, 10, 30), "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"),
		tuple(3002, "kwintaerts3", z.ip, day(2026, 5, 2), "curl/8.10"))

	out := []string{
		createClients,
		"CREATE TABLE invoices (id int PRIMARY KEY, client_id int NOT NULL, number varchar(16), text text, amount decimal(10,2), issued date, FOREIGN KEY (client_id) REFERENCES clients (id))",
		"CREATE TABLE tickets (id int PRIMARY KEY, client_id int NOT NULL, subject varchar(190), body longtext, FOREIGN KEY (client_id) REFERENCES clients (id))",
		"CREATE TABLE logins (id int PRIMARY KEY, username varchar(64), ip varchar(45), at datetime, agent varchar(190))",
		"CREATE TABLE domains (id int PRIMARY KEY, client_id int NOT NULL, name varchar(190), expires date, FOREIGN KEY (client_id) REFERENCES clients (id))",
	}
	out = append(out, insert("clients", clients)...)
	out = append(out, insert("invoices", invoices)...)
	out = append(out, insert("tickets", tickets)...)
	out = append(out, insert("logins", logins)...)
	return append(out, insert("domains", domains)...)
}

// wordPress is the database of a customer's website, of which the provider is
// the processor.
func wordPress(people []person) []string {
	var users, comments []string
	z := zoe()
	for i, p := range people[2:62] {
		users = append(users, tuple(100+i, p.user, p.email, p.name(), p.since))
		comments = append(comments, tuple(1000+i, 1+i%9, p.name(), p.email, p.ip, "Mooie stoffen, snel geleverd.", day(2026, 1+i%11, 3)))
	}
	users = append(users, tuple(31, "broeckje", "z.vdb@example.org", "Zoë VdB", day(2022, 5, 9)))
	comments = append(comments, tuple(88, 4, z.name(), z.email, z.ip, "Is dit ook in het groen te krijgen?", day(2026, 9, 12)))
	out := []string{
		"CREATE TABLE wp_users (ID bigint PRIMARY KEY, user_login varchar(60), user_email varchar(100), display_name varchar(250), user_registered datetime)",
		"CREATE TABLE wp_comments (comment_ID bigint PRIMARY KEY, comment_post_ID bigint, comment_author text, comment_author_email varchar(100), comment_author_IP varchar(100), comment_content text, comment_date datetime)",
	}
	out = append(out, insert("wp_users", users)...)
	return append(out, insert("wp_comments", comments)...)
}
