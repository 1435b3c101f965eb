package subject

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Texts that are searched together hold what they hold by themselves.
func TestSearchPieces(t *testing.T) {
	files, err := filepath.Glob("testdata/texts/*.txt")
	if err != nil || len(files) < 7 {
		t.Fatal("no texts: ", err)
	}
	found := 0
	for _, file := range files {
		persons, texts, err := readTexts(file)
		if err != nil {
			t.Fatal(err)
		}
		r, err := New(persons)
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, l := range texts {
			for line := range strings.Lines(l.text) {
				line = strings.TrimRight(line, "\n")
				lines = append(lines, line, url.QueryEscape(line), base64.StdEncoding.EncodeToString([]byte(line)), hex.EncodeToString([]byte(line)), strings.ReplaceAll(line, "@", `\u0040`), line[:len(line)/2], line[len(line)/2:])
			}
			lines = append(lines, strings.ReplaceAll(l.text, "\n", " "))
		}
		lines = slices.DeleteFunc(lines, func(s string) bool { return s == "" })
		for k := range 3 {
			for batch := range slices.Chunk(lines[k:], 7*k+3) {
				var b []byte
				var ends []int
				var want, got []string
				for n, line := range batch {
					b = append(b, line...)
					ends = append(ends, len(b))
					b = append(b, 0)
					r.SearchAll([]byte(line), func(h Hit, _ int64, piece, _ []byte) {
						want = append(want, fmt.Sprintf("%d %+v %q", n, h, piece))
					})
				}
				undone := r.SearchPieces(b, ends, func(n int, h Hit, piece []byte) {
					got = append(got, fmt.Sprintf("%d %+v %q", n, h, piece))
				})
				if !slices.Equal(got, want) || len(undone) > 0 {
					t.Fatalf("%s: %q:\n%s\nwant\n%s", file, b, strings.Join(got, "\n"), strings.Join(want, "\n"))
				}
				found += len(got)
			}
		}
	}
	if found < 5000 {
		t.Errorf("%d were found: the texts show little", found)
	}
}
