// Package secret holds credentials. A [Value] prints as *** wherever it is
// printed by accident; a [From] says where one comes from, so that none need be
// written on a command line.
package secret

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

const stars = "***"

// maxLen is the longest secret that is taken from a file or a command, in bytes.
const maxLen = 64 << 10

// Value is a secret. Its zero value is the absence of one. It holds a pointer,
// since fmt prints what a struct holds in unexported fields without asking it.
type Value struct{ s *string }

// New returns a secret with the given content.
func New(s string) Value { return Value{&s} }

// Reveal returns the content, for handing to the server that asks for it.
func (v Value) Reveal() string {
	if v.s == nil {
		return ""
	}
	return *v.s
}

// IsZero reports whether there is no secret.
func (v Value) IsZero() bool { return v.Reveal() == "" }

// Format implements fmt.Formatter for every verb.
func (v Value) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(stars)) }

// String implements fmt.Stringer.
func (v Value) String() string { return stars }

// MarshalText implements encoding.TextMarshaler, and so hides the value from
// JSON and YAML.
func (v Value) MarshalText() ([]byte, error) { return []byte(stars), nil }

// LogValue implements slog.LogValuer.
func (v Value) LogValue() slog.Value { return slog.StringValue(stars) }

// From says where a password comes from. At most one field is set. It is
// embedded into the configuration of a source.
type From struct {
	Env        string   `yaml:"password_env"`        // name of an environment variable
	File       string   `yaml:"password_file"`       // its first line
	Command    []string `yaml:"password_command"`    // program and arguments; the first line that it prints
	Credential string   `yaml:"password_credential"` // name of a systemd credential (systemd.exec(5), LoadCredential=)
}

// Validate reports contradictory settings.
func (f From) Validate() error {
	n := 0
	for _, set := range []bool{f.Env != "", f.File != "", len(f.Command) > 0, f.Credential != ""} {
		if set {
			n++
		}
	}
	if n > 1 {
		return errors.New("set only one of password_env, password_file, password_command and password_credential")
	}
	return nil
}

// IsZero reports whether nothing is set.
func (f From) IsZero() bool {
	return f.Env == "" && f.File == "" && len(f.Command) == 0 && f.Credential == ""
}

// Get reads the secret, or the environment variable fallback (where it is not
// empty) when f is zero. A command has 30 seconds. Errors never hold content.
func (f From) Get(ctx context.Context, fallback string) (Value, error) {
	switch {
	case f.Env != "":
		s, ok := os.LookupEnv(f.Env)
		if !ok {
			return Value{}, fmt.Errorf("password_env: the environment variable %s is not set", f.Env)
		}
		return New(s), nil
	case f.File != "":
		return readFile("password_file", f.File)
	case f.Credential != "":
		dir := os.Getenv("CREDENTIALS_DIRECTORY")
		if dir == "" {
			return Value{}, errors.New("password_credential: CREDENTIALS_DIRECTORY is not set; is this a systemd service with LoadCredential=?")
		}
		if f.Credential != filepath.Base(f.Credential) {
			return Value{}, errors.New("password_credential: must be the name of a credential, not a path")
		}
		return readFile("password_credential", filepath.Join(dir, f.Credential))
	case len(f.Command) > 0:
		ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		cmd := exec.CommandContext(ctx, f.Command[0], f.Command[1:]...)
		cmd.WaitDelay = time.Second
		var out bytes.Buffer
		cmd.Stdout = &limited{&out}
		if err := cmd.Run(); err != nil {
			return Value{}, fmt.Errorf("password_command: %s: %w", f.Command[0], err)
		}
		return firstLine(out.Bytes()), nil
	case fallback != "":
		return New(os.Getenv(fallback)), nil
	}
	return Value{}, nil
}

func readFile(setting, name string) (Value, error) {
	fi, err := os.Stat(name)
	if err != nil {
		return Value{}, fmt.Errorf("%s: %w", setting, err)
	}
	if fi.Size() > maxLen {
		return Value{}, fmt.Errorf("%s: %s: too long for a password", setting, name)
	}
	if runtime.GOOS != "windows" && fi.Mode().IsRegular() && fi.Mode().Perm()&0o007 != 0 {
		return Value{}, fmt.Errorf("%s: %s can be read by everybody; run: chmod 600 %s", setting, name, name)
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return Value{}, fmt.Errorf("%s: %w", setting, err)
	}
	return firstLine(b), nil
}

func firstLine(b []byte) Value {
	s, _, _ := strings.Cut(string(b), "\n")
	return New(strings.TrimSuffix(s, "\r"))
}

type limited struct{ b *bytes.Buffer }

func (l *limited) Write(p []byte) (int, error) {
	if l.b.Len()+len(p) > maxLen {
		return 0, errors.New("too long for a password")
	}
	return l.b.Write(p)
}
