package cli

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
)

// sampleDump writes a dump: tables by their definition, and rows.
type sampleDump struct {
	strings.Builder
}

func (d *sampleDump) table(name, columns string, n int, row func(i int) string) {
	fmt.Fprintf(d, "CREATE TABLE `%s` (%s);\n", name, columns)
	for from := 1; from <= n; from += 500 {
		var rows []string
		for i := from; i < min(from+500, n+1); i++ {
			rows = append(rows, "("+row(i)+")")
		}
		fmt.Fprintf(d, "INSERT INTO `%s` VALUES %s;\n", name, strings.Join(rows, ","))
	}
}

// sakila has the shape and the size of the sample database of MySQL of that
// name: who rented which film, in which of two shops. The rows are invented.
func sakila(zoe int) (dump string, want []string) {
	r := rand.New(rand.NewPCG(1, 2))
	var d sampleDump
	d.WriteString("-- MySQL dump 10.13\nUSE `sakila`;\n")
	expect := func(table string, key string, id int) {
		want = append(want, fmt.Sprintf("sakila/%s?%s=%d", table, key, id))
	}
	d.table("country", "`country_id` smallint NOT NULL, `country` varchar(50), PRIMARY KEY (`country_id`)", 109, func(i int) string { return fmt.Sprintf("%d,'Country %d'", i, i) })
	d.table("city", "`city_id` smallint NOT NULL, `city` varchar(50), `country_id` smallint, PRIMARY KEY (`city_id`), CONSTRAINT `c1` FOREIGN KEY (`country_id`) REFERENCES `country` (`country_id`)", 600,
		func(i int) string { return fmt.Sprintf("%d,'City %d',%d", i, i, i%109+1) })
	d.table("address", "`address_id` smallint NOT NULL, `address` varchar(50), `city_id` smallint, `phone` varchar(20), PRIMARY KEY (`address_id`), CONSTRAINT `a1` FOREIGN KEY (`city_id`) REFERENCES `city` (`city_id`)", 603,
		func(i int) string { return fmt.Sprintf("%d,'%d Road',%d,''", i, i, (i-1)%600+1) })
	d.table("staff", "`staff_id` tinyint NOT NULL, `first_name` varchar(45), `email` varchar(50), `address_id` smallint, PRIMARY KEY (`staff_id`), CONSTRAINT `s1` FOREIGN KEY (`address_id`) REFERENCES `address` (`address_id`)", 2,
		func(i int) string { return fmt.Sprintf("%d,'Staff %d','staff%d@example.com',%d", i, i, i, i+2) })
	d.table("store", "`store_id` tinyint NOT NULL, `manager_staff_id` tinyint, `address_id` smallint, PRIMARY KEY (`store_id`), CONSTRAINT `t1` FOREIGN KEY (`address_id`) REFERENCES `address` (`address_id`)", 2,
		func(i int) string { return fmt.Sprintf("%d,%d,%d", i, i, i) })
	d.table("film", "`film_id` smallint NOT NULL, `title` varchar(128), PRIMARY KEY (`film_id`)", 1000, func(i int) string { return fmt.Sprintf("%d,'FILM %d'", i, i) })
	d.table("inventory", "`inventory_id` mediumint NOT NULL, `film_id` smallint, `store_id` tinyint, PRIMARY KEY (`inventory_id`), CONSTRAINT `i1` FOREIGN KEY (`film_id`) REFERENCES `film` (`film_id`)", 4581,
		func(i int) string { return fmt.Sprintf("%d,%d,%d", i, i%1000+1, i%2+1) })
	d.table("customer", "`customer_id` smallint NOT NULL, `store_id` tinyint, `first_name` varchar(45), `email` varchar(50), `address_id` smallint, PRIMARY KEY (`customer_id`), CONSTRAINT `k1` FOREIGN KEY (`address_id`) REFERENCES `address` (`address_id`), CONSTRAINT `k2` FOREIGN KEY (`store_id`) REFERENCES `store` (`store_id`)", 599,
		func(i int) string {
			mail := fmt.Sprintf("customer%d@example.org", i)
			if i == zoe {
				mail = zoeMail
				expect("customer", "customer_id", i)
				expect("address", "address_id", i+4)
			}
			return fmt.Sprintf("%d,%d,'First %d','%s',%d", i, i%2+1, i, mail, i+4)
		})
	of := make([]int, 16050)
	d.table("rental", "`rental_id` int NOT NULL, `inventory_id` mediumint, `customer_id` smallint, `staff_id` tinyint, PRIMARY KEY (`rental_id`), CONSTRAINT `r1` FOREIGN KEY (`customer_id`) REFERENCES `customer` (`customer_id`), CONSTRAINT `r2` FOREIGN KEY (`inventory_id`) REFERENCES `inventory` (`inventory_id`), CONSTRAINT `r3` FOREIGN KEY (`staff_id`) REFERENCES `staff` (`staff_id`)", 16044,
		func(i int) string {
			of[i] = r.IntN(599) + 1
			if of[i] == zoe {
				expect("rental", "rental_id", i)
			}
			return fmt.Sprintf("%d,%d,%d,%d", i, r.IntN(4581)+1, of[i], i%2+1)
		})
	d.table("payment", "`payment_id` smallint NOT NULL, `customer_id` smallint, `staff_id` tinyint, `rental_id` int, `amount` decimal(5,2), PRIMARY KEY (`payment_id`), CONSTRAINT `p1` FOREIGN KEY (`customer_id`) REFERENCES `customer` (`customer_id`), CONSTRAINT `p2` FOREIGN KEY (`rental_id`) REFERENCES `rental` (`rental_id`)", 16044,
		func(i int) string {
			if of[i] == zoe {
				expect("payment", "payment_id", i)
			}
			return fmt.Sprintf("%d,%d,%d,%d,2.99", i, of[i], i%2+1, i)
		})
	d.WriteString("-- Dump completed on 2026-11-02\n")
	return d.String(), want
}

// chinook has the shape and the size of the sample database of that name: a shop
// for music, whose customers each have somebody to look after them. It declares
// no keys here, as many an application does not.
func chinook(zoe int) (dump string, want []string) {
	r := rand.New(rand.NewPCG(3, 4))
	var d sampleDump
	d.WriteString("-- MySQL dump 10.13\nUSE `Chinook`;\n")
	expect := func(table, key string, id int) { want = append(want, fmt.Sprintf("Chinook/%s?%s=%d", table, key, id)) }
	d.table("Employee", "`EmployeeId` int NOT NULL, `LastName` varchar(20), `ReportsTo` int, `Email` varchar(60), PRIMARY KEY (`EmployeeId`)", 8,
		func(i int) string { return fmt.Sprintf("%d,'L%d',%d,'employee%d@example.com'", i, i, i/2, i) })
	d.table("Artist", "`ArtistId` int NOT NULL, `Name` varchar(120), PRIMARY KEY (`ArtistId`)", 275, func(i int) string { return fmt.Sprintf("%d,'Artist %d'", i, i) })
	d.table("Album", "`AlbumId` int NOT NULL, `Title` varchar(160), `ArtistId` int, PRIMARY KEY (`AlbumId`)", 347, func(i int) string { return fmt.Sprintf("%d,'Album %d',%d", i, i, i%275+1) })
	d.table("Track", "`TrackId` int NOT NULL, `Name` varchar(200), `AlbumId` int, PRIMARY KEY (`TrackId`)", 3503, func(i int) string { return fmt.Sprintf("%d,'Track %d',%d", i, i, i%347+1) })
	d.table("Customer", "`CustomerId` int NOT NULL, `FirstName` varchar(40), `Email` varchar(60), `SupportRepId` int, PRIMARY KEY (`CustomerId`)", 59,
		func(i int) string {
			mail := fmt.Sprintf("customer%d@example.org", i)
			if i == zoe {
				mail = zoeMail
				expect("Customer", "CustomerId", i)
			}
			return fmt.Sprintf("%d,'F%d','%s',%d", i, i, mail, i%3+3)
		})
	of := make([]int, 413)
	d.table("Invoice", "`InvoiceId` int NOT NULL, `CustomerId` int, `Total` decimal(10,2), PRIMARY KEY (`InvoiceId`)", 412,
		func(i int) string {
			of[i] = i%59 + 1
			if of[i] == zoe {
				expect("Invoice", "InvoiceId", i)
			}
			return fmt.Sprintf("%d,%d,1.98", i, of[i])
		})
	d.table("InvoiceLine", "`InvoiceLineId` int NOT NULL, `InvoiceId` int, `TrackId` int, PRIMARY KEY (`InvoiceLineId`)", 2240,
		func(i int) string {
			invoice := (i-1)%412 + 1
			if of[invoice] == zoe {
				expect("InvoiceLine", "InvoiceLineId", i)
			}
			return fmt.Sprintf("%d,%d,%d", i, invoice, r.IntN(3503)+1)
		})
	d.WriteString("-- Dump completed on 2026-11-02\n")
	return d.String(), want
}

func TestSampleDatabases(t *testing.T) {
	t.Setenv("SPOOR_STATE_DIR", t.TempDir())
	for name, of := range map[string]func(int) (string, []string){"sakila": sakila, "chinook": chinook} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			dump, want := of(42)
			if err := os.WriteFile(filepath.Join(dir, name+".sql"), []byte(dump), 0o600); err != nil {
				t.Fatal(err)
			}
			config := filepath.Join(dir, "spoor.yaml")
			if err := os.WriteFile(config, []byte("sources:\n  - {name: dump, type: files, path: '"+filepath.Join(dir, name+".sql")+"'}\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			status, rep, findings := scan(t, config)
			if status != 0 {
				t.Errorf("exit status %d: %+v", status, rep.Gaps)
			}
			var got []string
			for _, f := range findings {
				_, where, _ := strings.Cut(f.URI, "#/")
				got = append(got, where)
			}
			sort.Strings(got)
			sort.Strings(want)
			if a, b := strings.Join(got, "\n"), strings.Join(want, "\n"); a != b {
				t.Errorf("found\n%s\nwant\n%s", a, b)
			}
		})
	}
}
