package minisign

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestVerify(t *testing.T) {
	file := read(t, "file")
	for name, comment := range map[string]string{"enc": "by minisign", "plain": "by minisign", "legacy": "of old"} {
		pub, err := ParsePublicKey(read(t, strings.Replace(name, "legacy", "plain", 1)+".pub"))
		if err != nil {
			t.Fatal(err)
		}
		sig := read(t, name+".minisig")
		if got, err := pub.Verify(bytes.NewReader(file), sig); err != nil || got != comment {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if _, err := pub.Verify(strings.NewReader("the report, changed\n"), sig); !errors.Is(err, ErrSignature) {
			t.Errorf("%s, changed file: %v", name, err)
		}
		if _, err := pub.Verify(bytes.NewReader(file), bytes.Replace(sig, []byte(comment), []byte("by nobody"), 1)); err == nil {
			t.Errorf("%s: a changed comment is accepted", name)
		}
		for i := range sig {
			for _, bad := range [][]byte{sig[:i], append(append(bytes.Clone(sig[:i]), sig[i]^1), sig[i+1:]...)} {
				got, err := pub.Verify(bytes.NewReader(file), bad)
				// The untrusted comment is not signed, nor are line ends.
				if err == nil && got != comment {
					t.Fatalf("%s, byte %d: accepted with the comment %q", name, i, got)
				}
			}
		}
	}
	other, err := ParsePublicKey(read(t, "enc.pub"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Verify(bytes.NewReader(file), read(t, "plain.minisig")); !errors.Is(err, ErrOtherKey) {
		t.Errorf("another key: %v", err)
	}
}

func TestSign(t *testing.T) {
	k, err := ParsePrivateKey(read(t, "plain.key"), nil)
	if err != nil {
		t.Fatal(err)
	}
	pub, err := ParsePublicKey(read(t, "plain.pub"))
	if err != nil || pub.ID() != k.ID() || !bytes.Contains(read(t, "plain.pub"), []byte(k.ID())) {
		t.Fatalf("%v; the key is called %s, %s", err, k.ID(), pub.ID())
	}
	h := NewHash()
	h.Write(read(t, "file"))
	if got, err := pub.Verify(bytes.NewReader(read(t, "file")), k.Sign(h.Sum(nil), "a\ncomment")); err != nil || got != "a comment" {
		t.Errorf("%q, %v", got, err)
	}
	again, err := k.Marshal(nil)
	if err != nil || !bytes.Equal(again, bytes.Replace(read(t, "plain.key"), []byte("minisign encrypted secret key"), []byte("minisign secret key"), 1)) {
		t.Errorf("the key is written as\n%s, %v", again, err)
	}
	for i := range read(t, "plain.key") {
		bad := read(t, "plain.key")
		bad[i] ^= 1
		if k, err := ParsePrivateKey(bad, nil); err == nil && !k.Public().key.Equal(pub.key) {
			t.Errorf("byte %d: a damaged key is accepted", i)
		}
		if _, err := ParsePrivateKey(bad[:i], nil); err == nil && i < len(bad)-3 {
			t.Errorf("a key cut at %d is accepted", i)
		}
	}
}

func TestPassword(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 1 GiB of memory, as minisign's keys want it")
	}
	if _, err := ParsePrivateKey(read(t, "enc.key"), nil); !errors.Is(err, ErrPassword) {
		t.Errorf("without a password: %v", err)
	}
	k, err := ParsePrivateKey(read(t, "enc.key"), []byte("pw"))
	if err != nil {
		t.Fatal(err)
	}
	pub, err := ParsePublicKey(read(t, "enc.pub"))
	if err != nil || pub.ID() != k.ID() || !k.Public().key.Equal(pub.key) {
		t.Errorf("%v; another key than its public one", err)
	}
}

// What a key file asks for is refused before it is done: no more memory or work
// than minisign's own keys take.
func TestCostlyKeys(t *testing.T) {
	file := func(ops, mem uint64) []byte {
		raw, err := payload(read(t, "enc.key"))
		if err != nil {
			t.Fatal(err)
		}
		binary.LittleEndian.PutUint64(raw[38:], ops)
		binary.LittleEndian.PutUint64(raw[46:], mem)
		return text("minisign encrypted secret key", raw)
	}
	for what, limits := range map[string][2]uint64{
		"memory":                {opsLimit, memLimit + 1},
		"four times the memory": {4 * opsLimit, 4 * memLimit},
		"work":                  {1 << 32, memLimit},
		"work with no memory":   {1 << 32, 1},
		"all":                   {1<<64 - 1, 1<<64 - 1},
	} {
		start := time.Now()
		if _, err := ParsePrivateKey(file(limits[0], limits[1]), []byte("pw")); !errors.Is(err, errCostly) {
			t.Errorf("%s: %v", what, err)
		}
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%s: refused after %v", what, took)
		}
	}
	// What minisign makes where memory is short is opened: here, with the wrong key.
	if _, err := ParsePrivateKey(file(opsLimit>>8, memLimit>>8), []byte("pw")); !errors.Is(err, ErrPassword) {
		t.Errorf("a cheap key: %v", err)
	}
}

func TestNew(t *testing.T) {
	k, err := New()
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range [][]byte{k.Public().Marshal(), []byte(k.Public().Text())} {
		pub, err := ParsePublicKey(text)
		if err != nil || pub.ID() != k.ID() {
			t.Errorf("%v", err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{"plain.key", "plain.pub", "plain.minisig", "legacy.minisig"} {
		f.Add(read(f, name))
	}
	pub, err := ParsePublicKey(read(f, "plain.pub"))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if k, err := ParsePrivateKey(b, nil); err == nil {
			_ = k.ID()
		}
		_, _ = ParsePublicKey(b)
		_, _ = pub.Verify(strings.NewReader("x"), b)
	})
}
