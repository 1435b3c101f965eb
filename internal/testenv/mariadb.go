package testenv

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

// A MariaDB is a running throw-away server. Its user root has no password.
type MariaDB struct {
	Port   int    // on 127.0.0.1
	Socket string // path of its Unix socket
	Admin  *sql.DB
	Stop   func() // ends the server at once, as a crash does
	Start  func() // starts it again on the same data and port, after Stop
}

// NewMariaDB starts a server on an empty data folder, which ends with the test.
// Further options are given to mariadbd as they are.
func NewMariaDB(t testing.TB, options ...string) *MariaDB {
	t.Helper()
	const hint = "apt-get install mariadb-server"
	install := Need(t, hint, "mariadb-install-db", "mysql_install_db")
	server := Need(t, hint, "mariadbd", "mysqld")
	dir := Dir(t)
	for _, d := range []string{"data", "tmp"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	data := "--datadir=" + filepath.Join(dir, "data")
	var user []string
	if os.Getuid() == 0 {
		user = []string{"--user=root"}
	}
	args := append([]string{"--no-defaults"}, user...)
	args = append(args, data, "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve")
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if out, err := exec.CommandContext(ctx, install, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", install, err, out)
	}
	m := &MariaDB{Port: Port(t), Socket: filepath.Join(dir, "m.sock")}
	args = append([]string{"--no-defaults"}, user...)
	args = append(args, data,
		"--tmpdir="+filepath.Join(dir, "tmp"), "--socket="+m.Socket, "--pid-file="+filepath.Join(dir, "m.pid"),
		"--bind-address=127.0.0.1", "--port="+strconv.Itoa(m.Port), "--skip-name-resolve",
		"--innodb-buffer-pool-size=64M", "--innodb-log-file-size=16M", "--innodb-flush-log-at-trx-commit=0",
		"--max-allowed-packet=64M", "--skip-log-bin", "--performance-schema=OFF", "--secure-file-priv=")
	args = append(args, options...)

	cfg := mysql.NewConfig()
	cfg.User, cfg.Net, cfg.Addr = "root", "unix", m.Socket
	cfg.Timeout, cfg.Logger = 2*time.Second, &mysql.NopLogger{}
	cfg.MultiStatements = true
	if err := cfg.Apply(mysql.Charset("utf8mb4", "")); err != nil {
		t.Fatal(err)
	}
	conn, err := mysql.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	m.Admin = sql.OpenDB(conn)
	m.Start = func() {
		m.Stop = Start(t, exec.Command(server, args...), filepath.Join(dir, "log"), m.Admin.Ping)
	}
	m.Start()
	t.Cleanup(func() { _ = m.Admin.Close() })
	return m
}

// Exec runs statements as root, and fails the test when one fails.
func (m *MariaDB) Exec(t testing.TB, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := m.Admin.Exec(s); err != nil {
			if len(s) > 200 {
				s = s[:200] + "…"
			}
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// Addr returns the address of the server's TCP port.
func (m *MariaDB) Addr() string { return fmt.Sprintf("127.0.0.1:%d", m.Port) }
