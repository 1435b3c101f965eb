package borg

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spoor-scan/spoor/internal/secret"
	"github.com/spoor-scan/spoor/scanners"
)

// unlock returns the keys of the repository.
func (s *source) unlock(ctx context.Context, id, stored string) (*keys, error) {
	var texts []string
	for _, path := range []string{s.config.KeyFile, os.Getenv("BORG_KEY_FILE")} {
		if path == "" || len(texts) > 0 {
			continue
		}
		b, err := readKeyFile(path)
		if err != nil {
			return nil, &scanners.Gap{Reason: scanners.KeyMissing, Detail: "the key file can't be read", Err: err}
		}
		if text, ok := keyFile(b, id); ok {
			texts = append(texts, text)
		}
	}
	if stored != "" {
		texts = append(texts, stored)
	}
	if len(texts) == 0 {
		texts = s.keysIn(keysDir(), id)
	}
	if len(texts) == 0 {
		return nil, &scanners.Gap{Reason: scanners.KeyMissing, Detail: "there is no key: it is in a key file; set BORG_KEY_FILE or key_file"}
	}
	pass, given, err := s.passphrase(ctx)
	if err != nil {
		return nil, &scanners.Gap{Reason: scanners.KeyMissing, Detail: "the passphrase: " + err.Error(), Err: err}
	}
	for _, text := range texts {
		var k *keys
		if k, err = openKey(text, pass.Reveal()); err == nil {
			return k, nil
		}
	}
	var g *scanners.Gap
	switch {
	case errors.As(err, &g):
		return nil, g
	case errors.Is(err, errFormat):
		return nil, &scanners.Gap{Reason: scanners.Corrupt, Detail: "the key is damaged"}
	case !given:
		return nil, &scanners.Gap{Reason: scanners.KeyMissing, Detail: "there is no passphrase; set BORG_PASSPHRASE or one of the password settings"}
	}
	return nil, &scanners.Gap{Reason: scanners.KeyMissing, Detail: "the passphrase is wrong"}
}

// passphrase returns what opens the key, and whether there is such a thing; an
// empty one may do.
func (s *source) passphrase(ctx context.Context) (v secret.Value, given bool, err error) {
	from := s.config.Passphrase
	if from.IsZero() {
		if p, ok := os.LookupEnv("BORG_PASSPHRASE"); ok {
			return secret.New(p), true, nil
		}
		command, ok := os.LookupEnv("BORG_PASSCOMMAND")
		if !ok {
			return secret.New(""), false, nil
		}
		if from.Command, err = words(command); err != nil {
			return v, false, fmt.Errorf("BORG_PASSCOMMAND: %w", err)
		}
	}
	v, err = from.Get(ctx, "")
	return v, true, err
}

func readKeyFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxKeyText))
}

// keysDir returns the folder of key files, as Borg finds it.
func keysDir() string {
	if d := os.Getenv("BORG_KEYS_DIR"); d != "" {
		return d
	}
	if d := os.Getenv("BORG_CONFIG_DIR"); d != "" {
		return filepath.Join(d, "keys")
	}
	config := os.Getenv("XDG_CONFIG_HOME")
	if config == "" {
		config = filepath.Join(cmp.Or(os.Getenv("BORG_BASE_DIR"), os.Getenv("HOME")), ".config")
	}
	return filepath.Join(config, "borg", "keys")
}

// keysIn returns the keys of a repository among the files of a folder.
func (s *source) keysIn(dir, id string) (texts []string) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	for _, f := range files {
		if !f.Type().IsRegular() {
			continue
		}
		b, err := readKeyFile(filepath.Join(dir, f.Name()))
		if err != nil {
			continue
		}
		if text, ok := keyFile(b, id); ok {
			texts = append(texts, text)
		}
	}
	return texts
}

// words splits a command as a shell would, as far as quotes and backslashes go.
func words(s string) (out []string, err error) {
	var word strings.Builder
	quote, begun := byte(0), false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && quote != '\'' && i+1 < len(s):
			i++
			word.WriteByte(s[i])
			begun = true
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			word.WriteByte(c)
		case c == '\'' || c == '"':
			quote, begun = c, true
		case c == ' ' || c == '\t' || c == '\n':
			if begun {
				out = append(out, word.String())
				word.Reset()
				begun = false
			}
		default:
			word.WriteByte(c)
			begun = true
		}
	}
	if quote != 0 {
		return nil, errors.New("a quote is not closed")
	}
	if begun {
		out = append(out, word.String())
	}
	if len(out) == 0 {
		return nil, errors.New("it is empty")
	}
	return out, nil
}
