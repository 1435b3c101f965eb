package demo

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// makeBackups writes the folder of backups.
func (e *Estate) makeBackups(dir string, people []person) error {
	const source = "backups"
	at := day(2026, 11, 1)
	z := zoe()
	put := func(name string, content []byte) error {
		path := filepath.Join(dir, filepath.FromSlash(name))
		return errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, content, 0o644), os.Chtimes(path, at, at))
	}
	var errs []error

	errs = append(errs, put("nightly/controlpanel-2026-11-01.sql.gz", gzipped([]byte(dump("controlpanel", controlPanel(people))))))
	e.plantDump("nightly/controlpanel-2026-11-01.sql.gz", "controlpanel", "a dump of the database: all the same rows again")
	// Some systems have no symbolic links for everybody; the demo does without.
	_ = os.Symlink("controlpanel-2026-11-01.sql.gz", filepath.Join(dir, "nightly", "latest.sql.gz"))

	export := zipOf(at,
		member{"orders.csv", "order;klant;iban\n77;K-105004;" + people[6].iban + "\n78;;BE68539007547034\n"},
		member{"inbox/17.eml", simple("Anke Snipestein", "anke@example.org", "Herinnering", at, "Beste,\n\nkan ik u bereiken op +32 (0)470 12 34 56?\n")})
	errs = append(errs, put("sites/zoevdb-2026-10.tar.gz", gzipped(tarOf(at,
		member{"htdocs/index.html", "<!doctype html><title>Snoeien en zo</title>\n"},
		member{"var/export.zip", string(export)},
		member{"htdocs/contact.html", "<!doctype html><p>Mail <a href=\"mailto:zoe&#64;example.be\">mij</a></p>\n<!-- beheer: z.vdb@example.org -->\n"}))))
	e.plant(source, "sites/zoevdb-2026-10.tar.gz!/var/export.zip!/orders.csv#row=3", "certain", "her IBAN in a CSV in a zip in a tar.gz")
	e.plant(source, "sites/zoevdb-2026-10.tar.gz!/var/export.zip!/inbox/17.eml", "certain", "her phone number, as +32 (0)470 12 34 56, in a mail in that zip")
	e.plant(source, "sites/zoevdb-2026-10.tar.gz!/htdocs/contact.html", "certain", "her other address in a comment of a web page in that tar.gz")

	var log strings.Builder
	for i, p := range people[2:] {
		log.WriteString(p.ip + " - - [01/Nov/2026:03:" + day(2026, 1, 1).Add(time.Duration(i)*time.Second).Format("04:05") + " +0100] \"GET / HTTP/1.1\" 200 512\n")
		if i == 200 {
			log.WriteString(z.ip + " - zoevdb [01/Nov/2026:03:14:15 +0100] \"GET /beheer HTTP/1.1\" 200 2048\n")
		}
	}
	z1, err := zstded(tarOf(at, member{"log/access.log", log.String()}, member{"etc/virtual", "# aliases\ninfo@zoevdb.be zoe@example.be\n"},
		member{"var/backups/wp_shop.sql.gz", string(gzipped([]byte(dump("wp_shop", wordPress(people)))))}))
	errs = append(errs, err, put("servers/web1-2026-11-01.tar.zst", z1))
	e.plant(source, "servers/web1-2026-11-01.tar.zst!/log/access.log", "likely", "her IP address and user name in a web server's log in a tar.zst")
	e.plant(source, "servers/web1-2026-11-01.tar.zst!/etc/virtual", "certain", "an alias of the mail server in that archive")

	e.plantDump("servers/web1-2026-11-01.tar.zst!/var/backups/wp_shop.sql.gz", "wp_shop", "the website's rows, in a dump in that archive")

	errs = append(errs, put("offline/laptop-2024.zip", lockedZip(at, "Documenten/klanten.ods")))
	e.plant(source, "offline/laptop-2024.zip!/Documenten/klanten.ods", "", "a zip with a password: what is in it is not known")
	return errors.Join(errs...)
}

// plantDump plants the rows of a database in its dump.
func (e *Estate) plantDump(uri, db, what string) {
	for _, r := range planted() {
		if strings.HasPrefix(r.uri, db+"/") && r.dumped != "" {
			e.plant("backups", uri+"#/"+r.uri, r.dumped, what)
			what = ""
		}
	}
}

// dump writes a database in the way of mysqldump.
func dump(db string, statements []string) string {
	return "-- MySQL dump 10.13  Distrib 8.4.3, for Linux (x86_64)\n--\n-- Host: db1.voorbeeld-hosting.example    Database: " + db + "\n" +
		"-- ------------------------------------------------------\n-- Server version\t8.4.3\n\n" +
		"/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;\n/*!50503 SET NAMES utf8mb4 */;\n" +
		"/*!40103 SET TIME_ZONE='+00:00' */;\n\n--\n-- Current Database: `" + db + "`\n--\n\nUSE `" + db + "`;\n\n" +
		strings.Join(statements, ";\n\n") + ";\n\n-- Dump completed on 2026-11-01  3:00:01\n"
}
