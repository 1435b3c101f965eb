package reports

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/spoor-scan/spoor/internal/testenv"
)

// The page is looked at as a reader would: nothing sticks out at the width of a
// desk or a phone, the filter works, and nothing is fetched from elsewhere. With
// SPOOR_SHOTS set to a folder, the screenshots stay there.
func TestPageInBrowser(t *testing.T) {
	chromium := testenv.Need(t, "apt-get install chromium", "chromium", "chromium-browser", "google-chrome")
	var page, survey bytes.Buffer
	if err := errors.Join(HTML(&page, sample()), HTML(&survey, surveyed())); err != nil {
		t.Fatal(err)
	}
	others := make(chan string, 100)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/survey.html" {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = w.Write(survey.Bytes())
			return
		}
		if r.URL.Path != "/report.html" {
			if r.URL.Path != "/favicon.ico" { // asked for by the browser, not by the page
				others <- r.URL.Path
			}
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(page.Bytes())
	}))
	defer srv.Close()
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.UserDataDir(t.TempDir()),
	)
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	ctx, cancel = chromedp.NewExecAllocator(ctx, opts...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	for _, width := range []int64{1280, 390} {
		const visible = `[...document.querySelectorAll("#rows tbody tr")].filter(r => !r.hidden && r.offsetHeight > 0).length`
		act(t, ctx, chromedp.EmulateViewport(width, 900))
		act(t, ctx, chromedp.Navigate(srv.URL+"/report.html"))
		overflow := act(t, ctx, chromedp.Evaluate[bool](`document.documentElement.scrollWidth > window.innerWidth`))
		heading := act(t, ctx, chromedp.Text("h1"))
		status := act(t, ctx, chromedp.Text("#answer strong"))
		shown := act(t, ctx, chromedp.Evaluate[int](visible))
		shot := act(t, ctx, chromedp.FullScreenshot(100))
		act(t, ctx, chromedp.SendKeys("#q", "tar member"))
		filtered := act(t, ctx, chromedp.Evaluate[int](visible))
		if overflow {
			t.Errorf("%d px: the page is wider than the window", width)
		}
		if heading != "Inventory of personal data" || status != "Incomplete: 2 gaps" {
			t.Errorf("%d px: heading %q, answer %q", width, heading, status)
		}
		if shown != 2 || filtered != 1 {
			t.Errorf("%d px: %d records shown, %d after filtering; want 2 and 1", width, shown, filtered)
		}
		act(t, ctx, chromedp.Navigate(srv.URL+"/survey.html"))
		overflow = act(t, ctx, chromedp.Evaluate[bool](`document.documentElement.scrollWidth > window.innerWidth`))
		count := act(t, ctx, chromedp.Text("#count"))
		surveyShot := act(t, ctx, chromedp.FullScreenshot(100))
		act(t, ctx, chromedp.SendKeys("#q", "special"))
		if n := act(t, ctx, chromedp.Evaluate[int](visible)); overflow || count != "2 lines" || n != 1 {
			t.Errorf("survey, %d px: wider than the window is %v, count %q, %d lines after filtering", width, overflow, count, n)
		}
		if dir := os.Getenv("SPOOR_SHOTS"); dir != "" {
			for name, shot := range map[string][]byte{"report": shot, "survey": surveyShot} {
				if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%d.png", name, width)), shot, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	select {
	case p := <-others:
		t.Errorf("the page asked for %s", p)
	default:
	}
}

// act runs one step in the browser.
func act[T any](t *testing.T, ctx context.Context, a chromedp.Action[T]) T {
	t.Helper()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
