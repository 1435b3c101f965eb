package export

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/spoor-scan/spoor/internal/language"
	"github.com/spoor-scan/spoor/internal/testenv"
)

// The index page is looked at as a reader would, in every language, at the width
// of a desk and of a phone: nothing sticks out, nothing is fetched from elsewhere,
// and axe finds no barrier.
func TestPageInBrowser(t *testing.T) {
	chromium := testenv.Need(t, "apt-get install chromium", "chromium", "chromium-browser", "google-chrome")
	axe, err := os.ReadFile(testenv.Need(t, "scripts/setup.sh, with SPOOR_TOOLS set", "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-component-update", true), chromedp.UserDataDir(t.TempDir()))
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	ctx, cancel = chromedp.NewExecAllocator(ctx, opts...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	asked := make(chan string, 100)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page, err := os.ReadFile(filepath.Join("testdata", filepath.Base(r.URL.Path)))
		if err != nil {
			if r.URL.Path != "/favicon.ico" {
				asked <- r.URL.Path
			}
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(page)
	}))
	defer srv.Close()
	run := func(a chromedp.Action[chromedp.Void]) {
		t.Helper()
		if _, err := chromedp.Run(ctx, a); err != nil {
			t.Fatal(err)
		}
	}
	for _, l := range language.All() {
		for _, width := range []int64{1200, 360} {
			name := "index." + string(l) + ".html"
			run(chromedp.EmulateViewport(width, 900))
			run(chromedp.Navigate(srv.URL + "/" + name))
			if wide, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.documentElement.scrollWidth > innerWidth`)); err != nil || wide {
				t.Errorf("%s at %d: something sticks out (%v)", name, width, err)
			}
			run(chromedp.Evaluate[chromedp.Void](string(axe)))
			found, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](`axe.run(document, {resultTypes: ["violations"]}).then(r => r.violations.map(v => v.id + ": " + v.help + ": " + v.nodes[0].html.slice(0, 160)))`, chromedp.EvalAwaitPromise))
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range found {
				t.Errorf("%s at %d: axe: %s", name, width, v)
			}
		}
	}
	select {
	case path := <-asked:
		t.Errorf("the page asks for %s", path)
	default:
	}
}
