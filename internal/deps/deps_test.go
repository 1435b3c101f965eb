// Package deps holds the test of which package may import which.
package deps

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/spoor-scan/spoor/"

// allowed says what each package may import of this module, as
// docs/architecture.md explains. A name that ends in /... stands for all
// packages below it.
var allowed = map[string][]string{
	"scanners":             {},
	"scanners/borg":        {"scanners", "internal/secret"},
	"scanners/files":       {"scanners", "internal/secret"},
	"scanners/imap":        {"scanners", "internal/secret"},
	"scanners/mysql":       {"scanners", "internal/secret", "internal/sqldb"},
	"scanners/postgres":    {"scanners", "internal/secret", "internal/sqldb"},
	"scanners/restic":      {"scanners", "internal/secret"},
	"scanners/s3":          {"scanners", "internal/secret"},
	"scanners/sftp":        {"scanners"},
	"scanners/all":         {"scanners/..."},
	"scanners/scannertest": {"scanners"},
	"rules":                {"internal/class", "internal/match"},
	"internal/class":       {},
	"internal/sealed":      {},
	"internal/secret":      {},
	"internal/starter":     {},
	"internal/sqldb":       {},
	"internal/match":       {"internal/class"},
	"internal/view":        {"internal/class"},
	"internal/subject":     {"rules", "internal/class", "internal/match", "internal/view"},
	"internal/calendar":    {},
	"internal/plan":        {"scanners", "rules", "internal/calendar", "internal/language", "internal/secret", "internal/subject"},
	"internal/container":   {"scanners"},
	"internal/document":    {"scanners", "internal/container"},
	"internal/sandbox":     {"scanners", "internal/container"},
	"internal/ocr":         {"scanners"},
	"internal/inventory":   {"scanners", "rules", "internal/subject"},
	"internal/activity":    {"scanners", "internal/inventory"},
	"internal/rights":      {"internal/calendar", "internal/inventory"},
	"internal/state":       {"scanners", "internal/inventory"},
	"internal/layout":      {},
	"internal/links":       {"scanners"},
	"internal/engine": {
		"scanners", "rules", "internal/layout", "internal/links", "internal/secret", "internal/plan", "internal/container", "internal/document",
		"internal/match", "internal/subject", "internal/inventory", "internal/state", "internal/activity", "internal/calendar",
	},
	"internal/language":    {},
	"internal/review":      {"internal/inventory"},
	"internal/wording":     {"internal/inventory", "internal/language", "internal/rights"},
	"internal/letters":     {"internal/inventory", "internal/language", "internal/wording"},
	"internal/suppression": {"internal/sealed", "internal/subject"},
	"internal/export": {
		"scanners", "rules", "internal/container", "internal/document", "internal/engine", "internal/inventory", "internal/language", "internal/rights",
		"internal/subject", "internal/view",
	},
	"internal/audit":    {},
	"internal/minisign": {},
	"internal/verify":   {"scanners", "internal/inventory"},
	"reports":           {"internal/inventory", "internal/language", "internal/rights", "internal/verify", "internal/wording"},
	"internal/cli":      {"scanners/...", "rules", "reports", "internal/..."},
	"internal/deps":     {},
	"internal/testenv":  {"scanners"},
	"cmd/spoor":         {"internal/cli"},
	"cmd/spoor-demo":    {"internal/cli", "internal/demo", "internal/sandbox"},
	"internal/demo":     {},
	"scripts/corpus":    {},
	"scripts/remote":    {"internal/testenv"},
	"scripts/unpack":    {},
	"scripts/speed":     {"internal/class", "internal/match", "rules"},
}

func TestImportDirections(t *testing.T) {
	root := filepath.Join("..", "..")
	seen := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && path != root) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		pkg := filepath.ToSlash(filepath.Dir(rel))
		may, known := allowed[pkg]
		seen[pkg] = true
		if !known {
			t.Errorf("package %s is not in the table: say what it may import", pkg)
			return nil
		}
		if strings.HasSuffix(path, "_test.go") {
			return nil // tests may use testenv and scannertest
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, i := range f.Imports {
			name, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			if own, ok := strings.CutPrefix(name, module); ok && !permitted(may, own) {
				t.Errorf("%s imports %s, which package %s may not", rel, own, pkg)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range allowed {
		if !seen[pkg] {
			t.Errorf("package %s is in the table and does not exist", pkg)
		}
	}
}

func permitted(may []string, pkg string) bool {
	for _, m := range may {
		if base, ok := strings.CutSuffix(m, "/..."); m == pkg || ok && strings.HasPrefix(pkg+"/", base+"/") {
			return true
		}
	}
	return false
}

// The program that people install stays free of what only the demo and the
// tests need.
func TestNoDemoLibrariesInSpoor(t *testing.T) {
	heavy := []string{"github.com/dolthub/", "github.com/rclone/gofakes3", "github.com/chromedp/", "imapserver"}
	for _, dir := range []string{"cmd/spoor", "internal/cli", "scanners", "internal/engine", "reports", "internal/container", "internal/document"} {
		err := filepath.WalkDir(filepath.Join("..", "..", dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
			if err != nil {
				return err
			}
			for _, i := range f.Imports {
				for _, h := range heavy {
					if strings.Contains(i.Path.Value, h) {
						t.Errorf("%s imports %s", path, i.Path.Value)
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
