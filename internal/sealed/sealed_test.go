package sealed

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
)

func key(t *testing.T) (id *age.X25519Identity, file string) {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "key.txt")
	if err := os.WriteFile(file, []byte("# public key: "+id.Recipient().String()+"\n"+id.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return id, file
}

func TestSealed(t *testing.T) {
	a, aFile := key(t)
	b, bFile := key(t)
	_, cFile := key(t)
	list := filepath.Join(t.TempDir(), "recipients.txt")
	if err := os.WriteFile(list, []byte("# the officers\n\n"+b.Recipient().String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	to, err := ParseRecipients([]string{a.Recipient().String(), list})
	if err != nil || len(to) != 2 {
		t.Fatalf("%d recipients, %v", len(to), err)
	}
	const plain = "zoe@example.be"
	text, err := Text([]byte(plain), to)
	if err != nil || strings.Contains(text, plain) || !strings.HasPrefix(text, "-----BEGIN AGE") {
		t.Fatalf("%q, %v", text, err)
	}
	var bin bytes.Buffer
	w, err := Seal(&bin, to)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for form, s := range map[string]string{"armored": text, "binary": bin.String(), "armored behind a newline": "\n" + text} {
		for _, file := range []string{aFile, bFile} {
			ids, err := LoadIdentities(file)
			if err != nil {
				t.Fatal(err)
			}
			r, err := Open(strings.NewReader(s), ids)
			if err != nil {
				t.Fatalf("%s: %v", form, err)
			}
			if got, err := io.ReadAll(r); err != nil || string(got) != plain {
				t.Errorf("%s: %q, %v", form, got, err)
			}
		}
		ids, err := LoadIdentities(cFile)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Open(strings.NewReader(s), ids); !errors.Is(err, ErrNotForYou) {
			t.Errorf("%s: somebody else's identity: %v", form, err)
		}
		for n := range len(s) {
			all := func(r io.Reader, err error) error {
				if err == nil {
					_, err = io.ReadAll(r)
				}
				return err
			}
			ids, _ := LoadIdentities(aFile)
			if n < len(strings.TrimRight(s, "\n")) && all(Open(strings.NewReader(s[:n]), ids)) == nil {
				t.Fatalf("%s: cut at %d is accepted", form, n)
			}
		}
	}
}

func TestMistakes(t *testing.T) {
	id, file := key(t)
	for what, list := range map[string][]string{
		"a secret key":            {id.String()},
		"a file of secret keys":   {file},
		"no such file":            {"/nonexistent"},
		"a recipient with a typo": {id.Recipient().String() + "x"},
	} {
		_, err := ParseRecipients(list)
		if err == nil || strings.Contains(err.Error(), "AGE-SECRET-KEY-1") {
			t.Errorf("%s: %v", what, err)
		}
	}
	bad := filepath.Join(t.TempDir(), "bad.txt")
	if err := os.WriteFile(bad, []byte(id.String()+"X\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadIdentities(bad); err == nil || strings.Contains(err.Error(), "AGE-SECRET") {
		t.Errorf("an identity with a typo: %v", err)
	}
}
