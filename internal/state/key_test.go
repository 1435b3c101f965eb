package state

import (
	"bytes"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

func TestKey(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	keys := make([][]byte, 8)
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() {
			k, err := Key(dir)
			if err != nil {
				t.Error(err)
			}
			keys[i] = k
		})
	}
	wg.Wait()
	for _, k := range keys {
		if len(k) != keyLen || !bytes.Equal(k, keys[0]) {
			t.Fatal("runs at the same time have different keys")
		}
	}
	fi, err := os.Stat(filepath.Join(dir, "key"))
	if err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", fi.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "key-*")); len(left) > 0 {
		t.Errorf("left behind: %s", left)
	}
	if err := os.WriteFile(filepath.Join(dir, "key"), []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Key(dir); err == nil {
		t.Error("a damaged key is accepted")
	}
}

func TestDir(t *testing.T) {
	t.Setenv("SPOOR_STATE_DIR", "")
	t.Setenv("STATE_DIRECTORY", "")
	t.Setenv("XDG_STATE_HOME", "/xdg")
	if d, err := Dir(); err != nil || d != "/xdg/spoor" {
		t.Errorf("%s, %v", d, err)
	}
	t.Setenv("SPOOR_STATE_DIR", "/own")
	if d, err := Dir(); err != nil || d != "/own" {
		t.Errorf("%s, %v", d, err)
	}
}
