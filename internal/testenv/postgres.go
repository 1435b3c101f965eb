package testenv

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// A Postgres is a running throw-away server. Everybody may connect to it without
// a password; its superuser is called spoor.
type Postgres struct {
	Port   int    // on 127.0.0.1
	Socket string // folder of its Unix socket
	Bin    string // folder of its programs
	Stop   func() // ends the server at once, as a crash does
	Start  func() // starts it again on the same data and port, after Stop

	conns map[string]*pgconn.PgConn
	as    func(program string, args ...string) *exec.Cmd
	chown func(path string) error // to the user as whom the server runs
}

// NewPostgres starts a server on an empty data folder, which ends with the test.
// Further options are given to postgres as they are.
func NewPostgres(t testing.TB, options ...string) *Postgres {
	t.Helper()
	const hint = "apt-get install postgresql"
	// Debian keeps the programs of each version in a folder of its own.
	var bin string
	if found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres"); len(found) > 0 {
		slices.SortFunc(found, func(a, b string) int { return postgresVersion(a) - postgresVersion(b) })
		bin = filepath.Dir(found[len(found)-1])
	} else {
		bin = filepath.Dir(Need(t, hint, "postgres"))
	}
	p := &Postgres{Bin: bin}
	data := filepath.Join(Dir(t), "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	// The server refuses to run as root.
	p.chown = func(string) error { return nil }
	p.as = func(program string, args ...string) *exec.Cmd {
		return exec.Command(filepath.Join(bin, program), args...)
	}
	if os.Getuid() == 0 {
		u, err := user.Lookup("postgres")
		if err != nil {
			t.Fatal(err)
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		p.chown = func(path string) error { return os.Chown(path, uid, gid) }
		p.as = func(program string, args ...string) *exec.Cmd {
			cmd := exec.Command("setpriv", append([]string{
				"--reuid=" + u.Uid, "--regid=" + u.Gid, "--clear-groups", filepath.Join(bin, program),
			}, args...)...)
			cmd.Dir = "/"
			return cmd
		}
	}
	if err := p.chown(data); err != nil {
		t.Fatal(err)
	}
	init := p.as("initdb", "-D", data, "-U", "spoor", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions")
	if out, err := init.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	p.run(t, data, options)
	return p
}

// Standby starts a server that follows p, and ends with the test.
func (p *Postgres) Standby(t testing.TB) *Postgres {
	t.Helper()
	s := &Postgres{Bin: p.Bin, as: p.as, chown: p.chown}
	data := filepath.Join(Dir(t), "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := p.chown(data); err != nil {
		t.Fatal(err)
	}
	backup := p.as("pg_basebackup", "-D", data, "-R", "-c", "fast", "-N", "-h", p.Socket, "-p", strconv.Itoa(p.Port), "-U", "spoor")
	if out, err := backup.CombinedOutput(); err != nil {
		t.Fatalf("pg_basebackup: %v\n%s", err, out)
	}
	s.run(t, data, nil)
	return s
}

// run starts the server on a folder of data.
func (p *Postgres) run(t testing.TB, data string, options []string) {
	t.Helper()
	p.Port, p.Socket, p.conns = Port(t), data, map[string]*pgconn.PgConn{}
	args := []string{
		"-D", data, "-p", strconv.Itoa(p.Port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=" + data,
		"-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "shared_buffers=32MB",
	}
	args = append(args, options...)
	p.Start = func() {
		cmd := p.as("postgres", args...)
		kill := Start(t, cmd, filepath.Join(filepath.Dir(data), "log"), func() error {
			c, err := p.connect("postgres")
			if err == nil {
				_ = c.Close(context.Background())
			}
			return err
		})
		p.Stop = func() {
			for name, c := range p.conns {
				_ = c.Close(context.Background())
				delete(p.conns, name)
			}
			// An immediate shutdown, upon which the server takes its shared
			// memory along.
			_ = cmd.Process.Signal(syscall.SIGQUIT)
			for i := 0; i < 100 && Dial(p.Port) == nil; i++ {
				time.Sleep(20 * time.Millisecond)
			}
			time.Sleep(20 * time.Millisecond)
			kill()
		}
	}
	p.Start()
	t.Cleanup(func() { p.Stop() })
}

func postgresVersion(path string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
	return n
}

func (p *Postgres) connect(database string) (*pgconn.PgConn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return pgconn.Connect(ctx, fmt.Sprintf("host=%s port=%d user=spoor database='%s' sslmode=disable", p.Socket, p.Port, database))
}

// Conn returns the superuser's connection to a database.
func (p *Postgres) Conn(t testing.TB, database string) *pgconn.PgConn {
	t.Helper()
	if c := p.conns[database]; c != nil && !c.IsClosed() {
		return c
	}
	c, err := p.connect(database)
	if err != nil {
		t.Fatal(err)
	}
	p.conns[database] = c
	return c
}

// Exec runs statements in a database as the superuser, and fails the test when
// one fails.
func (p *Postgres) Exec(t testing.TB, database string, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := p.Conn(t, database).Exec(context.Background(), s).ReadAll(); err != nil {
			if len(s) > 200 {
				s = s[:200] + "…"
			}
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// One returns the first value of a query's first row.
func (p *Postgres) One(t testing.TB, database, query string) string {
	t.Helper()
	r, err := p.Conn(t, database).Exec(context.Background(), query).ReadAll()
	if err != nil || len(r) == 0 || len(r[0].Rows) == 0 {
		t.Fatalf("%s: %v", query, err)
	}
	return string(r[0].Rows[0][0])
}

// Leave closes the superuser's connection to a database.
func (p *Postgres) Leave(database string) {
	if c := p.conns[database]; c != nil {
		_ = c.Close(context.Background())
		delete(p.conns, database)
	}
}

// Addr returns the address of the server's TCP port.
func (p *Postgres) Addr() string { return fmt.Sprintf("127.0.0.1:%d", p.Port) }
