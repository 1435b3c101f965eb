package document

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

func TestDump(t *testing.T) {
	b, err := os.ReadFile(os.Getenv("F"))
	if err != nil {
		t.Skip()
	}
	d := container.Detect(All(container.Options{Passwords: func(scanners.Item) []string { return []string{"no", "secret42"} }}), b[:min(len(b), 4096)], filepath.Base(os.Getenv("F")))
	for _, s := range decodedItems(t, *d, filepath.Base(os.Getenv("F")), b) {
		if len(s) > 600 {
			s = s[:600] + "..."
		}
		t.Logf("%q", strings.ToValidUTF8(s, "?"))
	}
}
