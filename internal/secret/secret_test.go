package secret

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPrintsStars(t *testing.T) {
	v := New("hunter2")
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "password", v)
	j, err := json.Marshal(map[string]any{"v": v, "p": &v})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{
		fmt.Sprint(v), fmt.Sprintf("%v %+v %#v %s %q %x %d", v, v, v, v, v, v, v), fmt.Sprintf("%v %+v", struct{ V Value }{v}, &v), fmt.Sprintf("%v %+v %#v", struct{ v Value }{v}, struct{ v Value }{v}, struct{ v Value }{v}) + stars, string(j), log.String(),
	} {
		if strings.Contains(s, "hunter2") || strings.Contains(s, "68756e74657232") || !strings.Contains(s, stars) {
			t.Errorf("prints %q", s)
		}
	}
	if v.Reveal() != "hunter2" {
		t.Error("lost")
	}
}

func TestFrom(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "pw")
	if err := os.WriteFile(file, []byte("from file\r\nsecond line\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	open := filepath.Join(dir, "open")
	if err := os.WriteFile(open, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o604); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SPOOR_TEST_PW", "from env")
	t.Setenv("SPOOR_TEST_FALLBACK", "from fallback")
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	for _, tt := range []struct {
		from From
		want string
		err  string
	}{
		{From{Env: "SPOOR_TEST_PW"}, "from env", ""},
		{From{Env: "SPOOR_TEST_NONE"}, "", "not set"},
		{From{File: file}, "from file", ""},
		{From{File: open}, "", "chmod 600"},
		{From{File: filepath.Join(dir, "none")}, "", "no such file"},
		{From{Command: []string{"printf", "%s\n", "from command"}}, "from command", ""},
		{From{Command: []string{"false"}}, "", "false"},
		{From{Credential: "pw"}, "from file", ""},
		{From{Credential: "../pw"}, "", "not a path"},
		{From{}, "from fallback", ""},
	} {
		v, err := tt.from.Get(t.Context(), "SPOOR_TEST_FALLBACK")
		if tt.err == "" && (err != nil || v.Reveal() != tt.want) {
			t.Errorf("%+v: %q, %v", tt.from, v.Reveal(), err)
		}
		if tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
			t.Errorf("%+v: %v, want %s", tt.from, err, tt.err)
		}
	}
	if (From{Env: "A", File: "b"}).Validate() == nil || (From{Env: "A"}).Validate() != nil {
		t.Error("contradictory settings are not told from right ones")
	}
}
