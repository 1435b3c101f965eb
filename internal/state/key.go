// Package state keeps what later runs need of earlier ones.
package state

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// keyLen is the length of the key, in bytes.
const keyLen = 32

// Dir returns the folder of the state: SPOOR_STATE_DIR, STATE_DIRECTORY as
// systemd sets it, or "spoor" in the user's state folder (XDG Base Directory
// Specification).
func Dir() (string, error) {
	for _, v := range []string{"SPOOR_STATE_DIR", "STATE_DIRECTORY"} {
		if d := os.Getenv(v); d != "" {
			first, _, _ := strings.Cut(d, string(filepath.ListSeparator)) // systemd lists all of a service's
			return first, nil
		}
	}
	if d := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(d) {
		return filepath.Join(d, "spoor"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("no folder for the state; set SPOOR_STATE_DIR: %w", err)
	}
	return filepath.Join(home, ".local", "state", "spoor"), nil
}

// Key returns the key under which rows are hashed, and makes it on first use. It
// can be copied to other machines, whose reports then name rows alike.
func Key(dir string) ([]byte, error) {
	name := filepath.Join(dir, "key")
	b, err := os.ReadFile(name)
	if err == nil {
		key, err := hex.DecodeString(strings.TrimSpace(string(b)))
		if err != nil || len(key) != keyLen {
			return nil, fmt.Errorf("%s: not a key of %d bytes in hexadecimal", name, keyLen)
		}
		return key, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the key: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the state: %w", err)
	}
	key := make([]byte, keyLen)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("make the key: %w", err)
	}
	f, err := os.CreateTemp(dir, "key-*") // mode 0600
	if err != nil {
		return nil, fmt.Errorf("make the key: %w", err)
	}
	_, err = f.WriteString(hex.EncodeToString(key) + "\n")
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		// Link and not rename: of two first runs at once, one wins.
		err = os.Link(f.Name(), name)
	}
	err = errors.Join(ignoreExist(err), os.Remove(f.Name()))
	if err != nil {
		return nil, fmt.Errorf("make the key: %w", err)
	}
	if b, err = os.ReadFile(name); err != nil {
		return nil, fmt.Errorf("read the key: %w", err)
	}
	if key, err = hex.DecodeString(strings.TrimSpace(string(b))); err != nil || len(key) != keyLen {
		return nil, fmt.Errorf("%s: not a key of %d bytes in hexadecimal", name, keyLen)
	}
	return key, nil
}

func ignoreExist(err error) error {
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}
