package postgres

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spoor-scan/spoor/scanners"
)

func TestConfig(t *testing.T) {
	for _, name := range []string{"PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGSSLMODE", "PGSSLROOTCERT", "PGSERVICE"} {
		t.Setenv(name, "")
		_ = os.Unsetenv(name)
	}
	for _, test := range []struct {
		name, target string
		change       func(*Config)
		want         string // part of the error; empty: none
	}{
		{"whole server", "postgres://u@h/", nil, ""},
		{"other scheme", "postgresql://u@h:5433/db", nil, ""},
		{"escaped", "postgres://u@h/a%2Fb", nil, ""},
		{"IPv6", "postgres://u@[2001:db8::1]:5433/db", nil, ""},
		{"replica", "postgres://u@h/", func(c *Config) { c.Replica = "postgres://r:5433" }, ""},
		{"password", "postgres://u:geheim@h/", nil, "PGPASSWORD"},
		{"no host", "postgres:///db", nil, "host is missing"},
		{"no user", "postgres://h/db", nil, "user is missing"},
		{"table", "postgres://u@h/db/schema", nil, "ends with the database"},
		{"query", "postgres://u@h/db?sslmode=off", nil, "no query"},
		{"port", "postgres://u@h:99999/", nil, "65535"},
		{"malformed", "postgres://u:geheim@h:x/", nil, "malformed"},
		{"replica with database", "postgres://u@h/", func(c *Config) { c.Replica = "postgres://r/db" }, "replica"},
		{"tls", "postgres://u@h/", func(c *Config) { c.TLS.Mode = "on" }, "tls mode"},
		{"ca", "postgres://u@h/", func(c *Config) { c.TLS.Mode, c.TLS.CA = "required", "x" }, "verify"},
		{"connections", "postgres://u@h/", func(c *Config) { c.Connections = 65 }, "connections"},
		{"rate", "postgres://u@h/", func(c *Config) { c.RowsPerSecond = -1 }, "rows_per_second"},
		{"pattern", "postgres://u@h/", func(c *Config) { c.Tables.Exclude = []string{"["} }, "pattern"},
		{"both", "postgres://u@h/", func(c *Config) { c.Host, c.Socket = "a", "/b" }, "either"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := new(Config)
			err := c.Target(test.target)
			if err == nil {
				if test.change != nil {
					test.change(c)
				}
				err = c.Validate()
			}
			switch {
			case test.want == "" && err != nil:
				t.Error(err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("%v, want %q", err, test.want)
			case err != nil && strings.Contains(err.Error(), "geheim"):
				t.Error("the error holds the password")
			}
		})
	}
}

// The settings of libpq's world are taken from where psql takes them.
func TestEnvironment(t *testing.T) {
	pass := filepath.Join(t.TempDir(), "pgpass")
	if err := os.WriteFile(pass, []byte("db1:5433:shop:reader:from-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PGPASSFILE", pass)
	t.Setenv("PGUSER", "reader")
	t.Setenv("PGHOST", "db1")
	t.Setenv("PGPORT", "5433")
	t.Setenv("PGSSLMODE", "disable")
	t.Setenv("PGPASSWORD", "")
	c := new(Config)
	if err := c.Target("postgres:///"); err != nil {
		t.Fatal(err)
	}
	src, err := c.Open(t.Context(), scanners.Env{Name: "db"})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	s := src.(*source)
	cfg, err := s.settings("shop", false)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Host != "db1" || cfg.Port != 5433 || cfg.User != "reader" || cfg.Password != "from-file" || cfg.TLSConfig != nil {
		t.Errorf("%s:%d %s, TLS %v", cfg.Host, cfg.Port, cfg.User, cfg.TLSConfig != nil)
	}
	if cfg, err = s.settings(`o'd\d`, false); err != nil || cfg.Database != `o'd\d` || cfg.Password != "" {
		t.Errorf("%v %v", cfg.Database, err)
	}
	t.Setenv("PGPASSWORD", "from-environment")
	again, err := c.Open(t.Context(), scanners.Env{Name: "db"})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if cfg, err = again.(*source).settings("shop", false); err != nil || cfg.Password != "from-environment" {
		t.Errorf("the password is not that of PGPASSWORD: %v", err)
	}
}

func TestText(t *testing.T) {
	for in, want := range map[string]string{"": "''", "a": "'a'", "o'd": "'o''d'", `b\s'`: ` E'b\\s'''`, "n\x00ul": "'nul'"} {
		if got := text(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
	if got := ident(`a"b`); got != `"a""b"` {
		t.Error(got)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"postgres://h:1/db/public/t?id=1", "postgres://h:1/db/s/t?row-hmac=00&n=2", "postgres://h:1/db/s/t?row-hmac=00&ctid=(1,2)!/c",
		"postgres://h:1/db#definition", "postgres://h:1/db/s#definition", "postgres://h:1/db/s/f?kind=function&args=#definition", "postgres://h:1//",
	} {
		f.Add(s, `{"p":"(1,2)"}`)
	}
	s := &source{base: "postgres://h:1/"}
	f.Fuzz(func(t *testing.T, uri, cur string) {
		if p, err := s.parse(uri); err == nil {
			_, _, _, _ = p.hash()
			if p.database == "" {
				t.Errorf("%q has no database", uri)
			}
		}
		c, err := parseCursor(cur)
		if err == nil {
			if again, err := parseCursor(c.String()); err != nil || again != c {
				t.Errorf("%q: %+v %v", cur, again, err)
			}
		}
	})
}

func FuzzValue(f *testing.F) {
	f.Add([]byte(`\x6162`))
	f.Add([]byte(`{"\\x6162",NULL}`))
	f.Fuzz(func(t *testing.T, v []byte) {
		for _, c := range []column{{bytea: true}, {byteas: true}, {}} {
			if got := c.value(nil, v); len(got) > 2*len(v)+1 {
				t.Errorf("%q: %q", v, got)
			}
		}
	})
}
