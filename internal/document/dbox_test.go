package document

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

// dboxRead returns the names and contents that a file yields, and how many gaps
// and exclusions.
func dboxRead(t testing.TB, data []byte) (names []string, texts string, gaps, excluded int) {
	t.Helper()
	b := container.NewBudget(container.DefaultLimits(), -1)
	for it, err := range DBox().Decode(context.Background(), scanners.Item{Size: -1, Body: bytes.NewReader(data)}, b) {
		var g *scanners.Gap
		var x *scanners.Exclusion
		switch {
		case errors.As(err, &x):
			excluded++
			continue
		case errors.As(err, &g):
			gaps++
			continue
		case err != nil:
			t.Fatal(err)
		}
		body, err := io.ReadAll(it.Body)
		if err != nil {
			t.Fatal(err)
		}
		if it.Step != "" {
			names = append(names, it.Name)
		}
		texts += string(body)
	}
	return names, texts, gaps, excluded
}

func TestDBox(t *testing.T) {
	for _, test := range []struct {
		name     string
		messages string
		has      []string
		excluded int
	}{
		{"sdbox.u.2", "1.eml", []string{"Subject: Second", "--b--"}, 0},
		{"sdboxgz.u.2", "1.eml", []string{"\x1f\x8b"}, 0},
		{"sdboxlz4.u.2", "1.eml", []string{"Dovecot-LZ4"}, 0},
		{"mdbox.m.1", "1.eml 2.eml 3.eml", []string{"Subject: First", "Subject: Second", "BWork\n"}, 0},
		{"mdboxatt.m.1", "1.eml 2.eml 3.eml", []string{"Subject: First", "filename=report.txt", "\nX376 1568 B76 "}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			data, err := os.ReadFile("testdata/mail/dbox/" + test.name)
			if err != nil {
				t.Fatal(err)
			}
			if !DBox().Match(data, "") {
				t.Error("not recognised")
			}
			names, texts, gaps, excluded := dboxRead(t, data)
			if strings.Join(names, " ") != test.messages || gaps != 0 || excluded != test.excluded {
				t.Errorf("messages %q, %d gaps, %d exclusions", names, gaps, excluded)
			}
			for _, want := range test.has {
				if !strings.Contains(texts, want) {
					t.Errorf("%q is missing", want)
				}
			}
			// Whatever is broken, all that is readable is read or named.
			for cut := range data {
				if _, _, gaps, _ := dboxRead(t, data[:cut]); gaps > 1 {
					t.Errorf("cut at %d: %d gaps", cut, gaps)
				}
				flipped := bytes.Clone(data)
				flipped[cut] ^= 0x55
				dboxRead(t, flipped)
			}
		})
	}
	if _, _, gaps, _ := dboxRead(t, []byte("2 M1e C6b0e1534\n\x01\x02N          00000000000000FF\nshort")); gaps != 1 {
		t.Errorf("a message that is cut: %d gaps", gaps)
	}
	for _, no := range []string{"", "2 M1e\n", "2 M1e C\n", "1 M1e C6b0e1534\n", "2 M1e C6b0e1534", "2 M2 C6b0e1534\n", "2 MFFFF C6b0e1534\n"} {
		if DBox().Match([]byte(no), "u.1") {
			t.Errorf("%q is taken for one", no)
		}
	}
}

func FuzzDBox(f *testing.F) {
	for _, name := range []string{"sdbox.u.2", "mdboxatt.m.1"} {
		data, err := os.ReadFile("testdata/mail/dbox/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) { dboxRead(t, data) })
}

// A line of metadata that is cut off or too long is searched all the same.
func TestDBoxDamagedMetadataIsRead(t *testing.T) {
	data, err := os.ReadFile("testdata/mail/dbox/mdbox.m.1")
	if err != nil {
		t.Fatal(err)
	}
	data = bytes.TrimSuffix(data, []byte("\n"))
	for name, line := range map[string]string{
		"cut off":  "Bjan@example.org",
		"too long": "B" + strings.Repeat("x", 40<<10) + "\nBjan@example.org" + strings.Repeat("x", 90<<10),
	} {
		_, texts, gaps, _ := dboxRead(t, append(bytes.Clone(data), line...))
		if gaps != 1 || strings.Count(texts, "jan@example.org") != 1 {
			t.Errorf("%s: %d gaps, address %d times", name, gaps, strings.Count(texts, "jan@example.org"))
		}
	}
}
