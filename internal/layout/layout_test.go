package layout

import (
	"testing"
	"time"
)

func TestOf(t *testing.T) {
	l := New()
	for _, test := range []struct {
		path string
		want Set
		time string
	}{
		{"/backup/cpmove-zoevdb.tar.gz", Set{Layout: "cpanel", Account: "zoevdb", Path: "/backup/cpmove-zoevdb.tar.gz", Series: "/backup/cpmove-zoevdb.tar.gz"}, ""},
		{"/backup/cpmove-zoevdb.tar.gz!/cpmove-zoevdb/mysql/zoevdb_wp.sql", Set{Layout: "cpanel", Account: "zoevdb", Database: "zoevdb_wp", Path: "/backup/cpmove-zoevdb.tar.gz", Series: "/backup/cpmove-zoevdb.tar.gz"}, ""},
		{"b/backup-11.2.2026_03-15-00_zoevdb.tar.gz!/backup-11.2.2026_03-15-00_zoevdb/homedir/mail/example.be/info/cur/1:2,S", Set{Layout: "cpanel", Account: "zoevdb", Domain: "example.be", Mailbox: "info@example.be", Path: "b/backup-11.2.2026_03-15-00_zoevdb.tar.gz", Series: "b/backup-*_zoevdb.tar.gz"}, "2026-11-02T03:15:00Z"},
		{"/var/lib/psa/dumps/backup_info_2611020315.xml", Set{Layout: "plesk", Path: "/var/lib/psa/dumps/backup_info_2611020315.xml", Series: "/var/lib/psa/dumps/backup_info_*.xml"}, "2026-11-02T03:15:00Z"},
		{"/var/lib/psa/dumps/domains/example.be/backup_example.be_2611020315.tzst!/x", Set{Layout: "plesk", Domain: "example.be", Path: "/var/lib/psa/dumps/domains/example.be/backup_example.be_2611020315.tzst", Series: "/var/lib/psa/dumps/domains/example.be/backup_example.be_*.tzst"}, "2026-11-02T03:15:00Z"},
		{"/home/admin/admin_backups/user.admin.zoevdb.tar.zst!/imap/example.be/info/Maildir/cur/1", Set{Layout: "directadmin", Account: "zoevdb", Domain: "example.be", Mailbox: "info@example.be", Path: "/home/admin/admin_backups/user.admin.zoevdb.tar.zst", Series: "/home/admin/admin_backups/user.admin.zoevdb.tar.zst"}, ""},
		{"/home/admin/admin_backups/user.admin.zoevdb.tar.gz!/backup/zoevdb_wp.sql", Set{Layout: "directadmin", Account: "zoevdb", Database: "zoevdb_wp", Path: "/home/admin/admin_backups/user.admin.zoevdb.tar.gz", Series: "/home/admin/admin_backups/user.admin.zoevdb.tar.gz"}, ""},
		{"/var/backup/web12/db_c1_wp_2026-11-02_03-00.sql.gz", Set{Layout: "ispconfig", Database: "c1_wp", Path: "/var/backup/web12/db_c1_wp_2026-11-02_03-00.sql.gz", Series: "/var/backup/web12/db_c1_wp_*.sql.gz"}, "2026-11-02T03:00:00Z"},
		{"/var/backup/web12/web12_2026-11-02_03-00.zip!/index.php", Set{Layout: "ispconfig", Account: "web12", Path: "/var/backup/web12/web12_2026-11-02_03-00.zip", Series: "/var/backup/web12/web12_*.zip"}, "2026-11-02T03:00:00Z"},
		{"/backup/virtualmin/example.be.tar.gz!/.backup/x", Set{Layout: "virtualmin", Domain: "example.be", Path: "/backup/virtualmin/example.be.tar.gz", Series: "/backup/virtualmin/example.be.tar.gz"}, ""},
		{"/.snapshots/daily.3/web1/etc/passwd", Set{Layout: "rsnapshot", Folder: true, Host: "web1", Path: "/.snapshots/daily.3", Series: "/.snapshots/daily.*"}, ""},
		{"/dump/vzdump-lxc-101-2026_11_02-03_15_00.tar.zst!/etc/passwd", Set{Layout: "vzdump", Host: "101", Path: "/dump/vzdump-lxc-101-2026_11_02-03_15_00.tar.zst", Series: "/dump/vzdump-lxc-101-*.tar.zst"}, "2026-11-02T03:15:00Z"},
		{"duplicity-full.20261102T031500Z.vol1.difftar.gz", Set{Layout: "duplicity", Path: "duplicity-full.20261102T031500Z.vol1.difftar.gz", Series: "duplicity-full.*.vol1.difftar.gz"}, "2026-11-02T03:15:00Z"},
		{"duplicity-inc.20261102T031500Z.to.20261103T031500Z.vol1.difftar.gpg", Set{Layout: "duplicity", Path: "duplicity-inc.20261102T031500Z.to.20261103T031500Z.vol1.difftar.gpg", Series: "duplicity-inc.20261102T031500Z.to.*.vol1.difftar.gpg"}, "2026-11-03T03:15:00Z"},
		{"/srv/export-20261102-031500/shop.clients.sql", Set{Layout: "mydumper", Folder: true, Path: "/srv/export-20261102-031500", Series: "/srv/export-*"}, "2026-11-02T03:15:00Z"},
		{"/srv/backups/2026-11-02/site.tar", Set{Layout: "dated", Folder: true, Path: "/srv/backups/2026-11-02", Series: "/srv/backups/*"}, "2026-11-02T00:00:00Z"},
		{"/srv/db/shop-20261102.sql.gz", Set{Layout: "dated", Path: "/srv/db/shop-20261102.sql.gz", Series: "/srv/db/shop-*.sql.gz"}, "2026-11-02T00:00:00Z"},
		{"/srv/db/shop_2026-11-02_03-15.dump", Set{Layout: "dated", Path: "/srv/db/shop_2026-11-02_03-15.dump", Series: "/srv/db/shop_*.dump"}, "2026-11-02T03:15:00Z"},
	} {
		got, ok := l.Of(test.path)
		if !ok {
			t.Errorf("%s: not recognised", test.path)
			continue
		}
		if test.time != "" {
			test.want.Time, _ = time.Parse(time.RFC3339, test.time)
		}
		if got != test.want {
			t.Errorf("%s:\n got %+v\nwant %+v", test.path, got, test.want)
		}
	}
	for _, no := range []string{
		"", "/", "/home/zoe/letter.txt", "/srv/2026-11-02/x", "/srv/img-20261399.zip", "/home/daily.1", "/var/log/app-20261102.log", "/x/invoice 2026-11-02.pdf",
		"/backup/example.be.tar.gz", "cpmove-", "/a/20261102", "db1:3306/shop/clients?id=20261102",
	} {
		if got, ok := l.Of(no); ok {
			t.Errorf("%s: taken for %+v", no, got)
		}
	}
}

func FuzzOf(f *testing.F) {
	f.Add("/backup/backup-11.2.2026_03-15-00_zoevdb.tar.gz!/backup-11.2.2026_03-15-00_zoevdb/homedir/mail/a.b/c/d")
	f.Add("/.snapshots/daily.3/web1/etc/passwd")
	l := New()
	f.Fuzz(func(t *testing.T, path string) {
		if s, ok := l.Of(path); ok && (len(s.Path) > len(path) || path[:len(s.Path)] != s.Path) {
			t.Errorf("%q is no beginning of %q", s.Path, path)
		}
	})
}

func BenchmarkOf(b *testing.B) {
	l := New()
	for b.Loop() {
		l.Of("/home/zoe/domains/example.be/public_html/wp-content/uploads/2026/11/photo-of-us.jpg")
	}
}
