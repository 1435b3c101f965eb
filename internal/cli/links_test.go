package cli

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/spoor-scan/spoor/internal/testenv"
)

// panel is the database of a hosting provider's control panel, whose records
// refer to each other by declared keys, by columns that are only called so, by
// pairs of a type and an id, and inside of JSON and of PHP's sessions.
func panel(exec func(statement string), clients, zoe int) (want []string) {
	for _, q := range []string{
		"cities (id INT PRIMARY KEY, name VARCHAR(50))",
		"addresses (id INT PRIMARY KEY, line VARCHAR(100), city_id INT, FOREIGN KEY (city_id) REFERENCES cities (id))",
		"staff (id INT PRIMARY KEY, name VARCHAR(50), email VARCHAR(100))",
		"resellers (id INT PRIMARY KEY, email VARCHAR(100))",
		"clients (id INT PRIMARY KEY, firstname VARCHAR(50), lastname VARCHAR(50), email VARCHAR(100), address_id INT, account_manager INT, reseller_id INT, FOREIGN KEY (address_id) REFERENCES addresses (id), FOREIGN KEY (reseller_id) REFERENCES resellers (id))",
		"products (id INT PRIMARY KEY, name VARCHAR(50))",
		"invoices (id INT PRIMARY KEY, client_id INT, total INT, FOREIGN KEY (client_id) REFERENCES clients (id))",
		"invoice_lines (id INT PRIMARY KEY, invoice_id INT, product_id INT, FOREIGN KEY (invoice_id) REFERENCES invoices (id), FOREIGN KEY (product_id) REFERENCES products (id))",
		"payments (id INT PRIMARY KEY, invoiceid INT, amount INT) ENGINE=MyISAM",
		"domains (id INT PRIMARY KEY, userid INT, domain VARCHAR(100)) ENGINE=MyISAM",
		"mailboxes (id INT PRIMARY KEY, domain_id INT, email VARCHAR(100), password VARCHAR(20)) ENGINE=MyISAM",
		"dns_records (id INT PRIMARY KEY, fk_domain INT, content VARCHAR(100)) ENGINE=MyISAM",
		"contacts (id INT PRIMARY KEY, client_id INT, name VARCHAR(50), email VARCHAR(100)) ENGINE=MyISAM",
		"notes (id INT PRIMARY KEY, object_type VARCHAR(30), object_id INT, body VARCHAR(100)) ENGINE=MyISAM",
		"access_log (client_id INT, path VARCHAR(50)) ENGINE=MyISAM",
		"audit (id INT PRIMARY KEY, data JSON)",
		"sessions (sid CHAR(8) PRIMARY KEY, data TEXT)",
		"projects (tenant INT, nr INT, name VARCHAR(20), owner_mail VARCHAR(100), PRIMARY KEY (tenant, nr))",
		"tasks (id INT PRIMARY KEY, tenant INT, project_nr INT, FOREIGN KEY (tenant, project_nr) REFERENCES projects (tenant, nr))",
		"racks (id INT PRIMARY KEY, name VARCHAR(20), tech_email VARCHAR(100))",
		"`odd ``table` (id INT PRIMARY KEY, `client id` INT) ENGINE=MyISAM",
	} {
		exec("CREATE TABLE panel." + q)
	}
	rows := map[string][]string{}
	add := func(table, format string, args ...any) {
		rows[table] = append(rows[table], fmt.Sprintf(format, args...))
	}
	expect := func(conf, table, key string) { want = append(want, conf+" "+table+"?"+key) }
	mine := func(client int, conf, table string, id int) {
		if client == zoe {
			expect(conf, table, "id="+strconv.Itoa(id))
		}
	}
	for i := 1; i <= 20; i++ {
		add("products", "(%d,'Product %d')", i, i)
		add("staff", "(%d,'Staff %d','staff%d@example.com')", i, i, i)
		add("resellers", "(%d,'reseller%d@example.net')", i, i)
	}
	add("resellers", "(21,'reseller21@example.net')")
	add("racks", "(1,'A1','%s')", zoeMail)
	add("racks", "(2,'A2','tech@example.com')")
	expect("certain", "racks", "id=1")
	line, invoice := 0, 0
	for i := 1; i <= clients; i++ {
		mail, reseller := fmt.Sprintf("client%d@example.org", i), "NULL"
		if i%3 == 0 {
			reseller = strconv.Itoa(i%20 + 1)
		}
		first := "First" + strconv.Itoa(i)
		if i == zoe {
			mail, first, reseller = zoeMail, "Zoë", "21" // the only client of the reseller
		}
		// A city is as good as one client's alone here, and yet a city.
		add("cities", "(%d,'City %d')", i, i)
		add("addresses", "(%d,'Street %d',%d)", i+7, i, i)
		mine(i, "certain", "addresses", i+7)
		add("clients", "(%d,'%s','Last%d','%s',%d,%d,%s)", i, first, i, mail, i+7, i%20+1, reseller)
		mine(i, "certain", "clients", i)
		for range i%3 + 1 {
			invoice++
			add("invoices", "(%d,%d,%d)", invoice, i, i*3)
			mine(i, "certain", "invoices", invoice)
			add("payments", "(%d,%d,%d)", invoice+100000, invoice, i)
			mine(i, "likely", "payments", invoice+100000)
			for range 2 {
				line++
				add("invoice_lines", "(%d,%d,%d)", line, invoice, line%20+1)
				mine(i, "certain", "invoice_lines", line)
			}
		}
		add("domains", "(%d,%d,'d%d.example.com')", i+500, i, i)
		mine(i, "likely", "domains", i+500)
		add("mailboxes", "(%d,%d,'info@d%d.example.com','x')", i+900, i+500, i)
		mine(i, "likely", "mailboxes", i+900)
		add("dns_records", "(%d,%d,'192.0.2.%d')", i+40, i+500, i%250)
		mine(i, "likely", "dns_records", i+40)
		add("contacts", "(%d,%d,'Other %d','other%d@example.net')", i, i, i, i)
		mine(i, "possible", "contacts", i)
		add("notes", "(%d,'client',%d,'called')", 2*i, i)
		mine(i, "likely", "notes", 2*i)
		add("notes", "(%d,'App\\\\Models\\\\Domain',%d,'renewed')", 2*i+1, i+500)
		mine(i, "likely", "notes", 2*i+1)
		add("access_log", "(%d,'/page/%d')", i, i%7)
		if i == zoe {
			expect("likely", "access_log", "row-hmac")
		}
		add("audit", `(%d,'{"event": "login", "client_id": %d}')`, i, i)
		mine(i, "likely", "audit", i)
		add("sessions", `('s%07d','lang|s:2:"nl";client_id|i:%d;')`, i, i)
		if i == zoe {
			expect("likely", "sessions", fmt.Sprintf("sid=s%07d", i))
		}
		owner := fmt.Sprintf("p%d@example.org", i)
		if i == zoe {
			owner = zoeMail
			expect("certain", "projects", fmt.Sprintf("tenant=%d&nr=%d", i%5, i))
		}
		add("projects", "(%d,%d,'p','%s')", i%5, i, owner)
		add("tasks", "(%d,%d,%d)", i, i%5, i)
		mine(i, "certain", "tasks", i)
		add("`odd ``table`", "(%d,%d)", i, i)
		if i == zoe {
			expect("likely", "odd%20%60table", "id="+strconv.Itoa(i))
		}
	}
	for table, list := range rows {
		for from := 0; from < len(list); from += 1000 {
			exec("SET STATEMENT foreign_key_checks=0 FOR INSERT INTO panel." + table + " VALUES " + strings.Join(list[from:min(len(list), from+1000)], ","))
		}
	}
	sort.Strings(want)
	return want
}

// TestLinks finds all records of one client of a control panel and no one
// else's, in live databases and in a dump of one alike.
func TestLinks(t *testing.T) {
	db := testenv.NewMariaDB(t)
	inMariaDB := func(q string) {
		if _, err := db.Admin.Exec(q); err != nil {
			t.Fatalf("%.100s: %v", q, err)
		}
	}
	inMariaDB("CREATE DATABASE panel")
	want := panel(inMariaDB, 3000, 2471)
	pg := testenv.NewPostgres(t)
	pg.Exec(t, "postgres", "CREATE DATABASE panel")
	pg.Exec(t, "panel", "SET session_replication_role=replica") // keys are not checked
	inPostgres := strings.NewReplacer("panel.", "public.", " ENGINE=MyISAM", "", "`odd ``table`", "\"odd `table\"", "`client id`", `"client id"`,
		"SET STATEMENT foreign_key_checks=0 FOR ", "", `\\`, `\`)
	panel(func(q string) { pg.Exec(t, "panel", inPostgres.Replace(q)) }, 3000, 2471)
	dir := t.TempDir()
	t.Setenv("SPOOR_STATE_DIR", dir)
	dumper := testenv.Need(t, "mariadb-client", "mariadb-dump", "mysqldump")
	out, err := exec.Command(dumper, "--no-defaults", "-h127.0.0.1", "-P", strconv.Itoa(db.Port), "-uroot", "--databases", "panel").Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "panel.sql"), out, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "live.yaml"), fmt.Appendf(nil, "sources:\n  - {name: live, type: mysql, uri: 'mysql://root@%s/panel'}\n", db.Addr()), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "dump.yaml"), []byte("sources:\n  - {name: dump, type: files, path: '"+filepath.Join(dir, "panel.sql")+"'}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "postgres.yaml"), fmt.Appendf(nil, "sources:\n  - {name: live, type: postgres, uri: 'postgres://spoor@%s/panel'}\n", pg.Addr()), 0o600); err != nil {
		t.Fatal(err)
	}
	hmac := regexp.MustCompile(`row-hmac=[0-9a-f]+`)
	for _, config := range []string{"live.yaml", "postgres.yaml", "dump.yaml"} {
		t.Run(config, func(t *testing.T) {
			status, rep, findings := scan(t, filepath.Join(dir, config))
			if status != 0 {
				t.Errorf("exit status %d: %+v", status, rep.Gaps)
			}
			var got []string
			for _, f := range findings {
				_, where, _ := strings.Cut(f.URI, "/panel/")
				where = strings.TrimPrefix(where, "public/")
				got = append(got, f.Confidence+" "+hmac.ReplaceAllString(where, "row-hmac"))
				if strings.HasSuffix(f.URI, "/racks?id=1") && config != "dump.yaml" {
					// She looks after it; it is not hers.
					if a := f.Actions[0]; a.Kind != "null-columns" || len(a.Fields) != 1 || a.Fields[0] != "tech_email" || f.Relation != "mentioned" {
						t.Errorf("action %+v, relation %s", a, f.Relation)
					}
				}
				if f.Relation == "linked" && len(f.Evidence) == 0 {
					t.Errorf("%s: no evidence", f.URI)
				}
				var stdout, stderr bytes.Buffer
				if code := Run(t.Context(), []string{"cat", "-c", filepath.Join(dir, config), f.URI}, strings.NewReader(""), &stdout, &stderr); code != 0 || stdout.Len() == 0 {
					t.Errorf("cat %s: status %d: %s", f.URI, code, stderr.String())
				}
			}
			sort.Strings(got)
			if a, b := strings.Join(got, "\n"), strings.Join(want, "\n"); a != b {
				t.Errorf("found\n%s\nwant\n%s", a, b)
			}
		})
	}
}
