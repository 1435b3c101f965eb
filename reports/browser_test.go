package reports

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/language"
	"github.com/spoor-scan/spoor/internal/review"
	"github.com/spoor-scan/spoor/internal/testenv"
)

// browser starts a browser for a test.
func browser(t *testing.T) context.Context {
	t.Helper()
	chromium := testenv.Need(t, "apt-get install chromium", "chromium", "chromium-browser", "google-chrome")
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.UserDataDir(t.TempDir()),
	)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	return ctx
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

func eval[T any](t *testing.T, ctx context.Context, expression string) T {
	t.Helper()
	return act(t, ctx, chromedp.Evaluate[T](expression))
}

// until waits for an expression to be true.
func until(t *testing.T, ctx context.Context, expression string) {
	t.Helper()
	for range 400 {
		if eval[bool](t, ctx, expression) {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatalf("never true: %s", expression)
}

const ready = `document.documentElement.dataset.ready === "yes"`

// media emulates light or dark colours.
func media(scheme string) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
		return chromedp.Void{}, err
	}
}

// serve serves pages, and remembers what else is asked for.
func serve(t *testing.T, pages map[string][]byte) (url string, others chan string) {
	others = make(chan string, 100)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page, ok := pages[r.URL.Path]
		if !ok {
			if r.URL.Path != "/favicon.ico" { // asked for by the browser, not by the page
				others <- r.URL.Path
			}
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(page)
	}))
	t.Cleanup(srv.Close)
	return srv.URL, others
}

func rendered(t *testing.T, r *inventory.Report, l language.Lang) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := HTML(&b, r, l); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Each page is looked at as a reader would, in every language, at the width of a
// desk and of a phone, light and dark: nothing sticks out, nothing is fetched from
// elsewhere, nothing goes wrong in the script, and axe finds no barrier (WCAG 2.2
// A and AA, and best practices). With SPOOR_SHOTS set to a folder, the screenshots
// stay there.
func TestPagesInBrowser(t *testing.T) {
	ctx := browser(t)
	axe, err := os.ReadFile(testenv.Need(t, "scripts/setup.sh, with SPOOR_TOOLS set", "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string][]byte{}
	for _, l := range language.All() {
		pages["/report."+string(l)] = rendered(t, full(), l)
		pages["/survey."+string(l)] = rendered(t, surveyed(), l)
	}
	pages["/awkward.en"] = rendered(t, awkward(), language.English)
	pages["/nothing.en"] = rendered(t, nothing(), language.English)
	url, others := serve(t, pages)
	var said []string
	console := make(chan string, 1000)
	if err := chromedp.Listen(ctx, func(ev any) {
		if b, err := json.Marshal(ev); err == nil && (bytes.Contains(b, []byte("exceptionDetails")) || bytes.Contains(b, []byte("Content Security Policy")) || bytes.Contains(b, []byte(`"level":"error"`))) {
			select {
			case console <- string(b):
			default:
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	for path := range pages {
		for _, width := range []int64{1280, 390} {
			for _, scheme := range []string{"light", "dark"} {
				name := fmt.Sprintf("%s-%d-%s", strings.TrimPrefix(path, "/"), width, scheme)
				act(t, ctx, chromedp.EmulateViewport(width, 900))
				act(t, ctx, media(scheme))
				act(t, ctx, chromedp.Navigate(url+path))
				if strings.HasPrefix(path, "/report") || strings.HasPrefix(path, "/awkward") {
					until(t, ctx, ready)
				}
				eval[int](t, ctx, `document.querySelectorAll("details").forEach(d => d.open = true), 1`)
				if eval[bool](t, ctx, `document.documentElement.scrollWidth > window.innerWidth`) {
					t.Errorf("%s: the page is wider than the window: %s", name, eval[string](t, ctx, `[...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1).slice(0, 3).map(e => e.outerHTML.slice(0, 200)).join("\n")`))
				}
				if lang := eval[string](t, ctx, `document.documentElement.lang`); !strings.HasSuffix(path, lang) {
					t.Errorf("%s: language %q", name, lang)
				}
				if dir := os.Getenv("SPOOR_SHOTS"); dir != "" {
					shot := act(t, ctx, chromedp.FullScreenshot(100))
					if err := os.WriteFile(filepath.Join(dir, name+".png"), shot, 0o644); err != nil {
						t.Fatal(err)
					}
				}
				_ = act(t, ctx, chromedp.Evaluate[chromedp.Void](string(axe)))
				found := act(t, ctx, chromedp.Evaluate[[]string](`axe.run(document, {resultTypes: ["violations"]}).then(r => r.violations.map(v => v.id + ": " + v.help + ": " + v.nodes.slice(0, 3).map(n => n.html.slice(0, 160)).join(" | ")))`, chromedp.EvalAwaitPromise))
				for _, v := range found {
					t.Errorf("%s: axe: %s", name, v)
				}
			}
		}
	}
	// The check itself finds what is there to be found.
	if found := act(t, ctx, chromedp.Evaluate[int](`document.body.insertAdjacentHTML("beforeend", "<button></button><p><span id=answer></span></p>"), axe.run(document).then(r => r.violations.length)`, chromedp.EvalAwaitPromise)); found == 0 {
		t.Error("axe finds nothing wrong with a button that has no name")
	}
	for {
		select {
		case s := <-console:
			said = append(said, s)
			continue
		default:
		}
		break
	}
	for _, s := range said {
		if !strings.Contains(s, "favicon") {
			t.Errorf("the console says %s", s)
		}
	}
	select {
	case p := <-others:
		t.Errorf("a page asked for %s", p)
	default:
	}
}

// nothing is a report of a run that found nothing and read everything.
func nothing() *inventory.Report {
	r := sample()
	r.Gaps, r.Exclusions, r.Links = []inventory.Gap{}, []inventory.Exclusion{}, nil
	r.Run.Status = "complete"
	r.Subjects = r.Subjects[1:]
	r.Sources = r.Sources[:1]
	r.Findings = surveyed().Findings
	r.Summary = inventory.Summary{Confidence: map[string]int{}, Places: []inventory.PlaceCount{}}
	return r
}

// A review is made by keyboard, kept by the browser, saved, and loaded again; the
// page is opened as a file.
func TestReviewInBrowser(t *testing.T) {
	ctx := browser(t)
	page := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(page, rendered(t, full(), language.English), 0o600); err != nil {
		t.Fatal(err)
	}
	visit := func() {
		t.Helper()
		act(t, ctx, chromedp.Navigate("file://"+page))
		until(t, ctx, ready)
	}
	visit()
	shown := func() int { return eval[int](t, ctx, `document.querySelectorAll("#list > li").length`) }
	if n := shown(); n != 5 {
		t.Fatalf("%d records, want 5", n)
	}
	if s := act(t, ctx, chromedp.Text("#left")); s != "1 record left to review" {
		t.Errorf("left: %q", s)
	}
	// Filters and the search.
	for _, x := range []struct {
		id, value string
		want      int
	}{{"degree", "2", 2}, {"degree", "", 5}, {"state", "refused", 1}, {"state", "open", 1}, {"state", "", 5}} {
		eval[int](t, ctx, fmt.Sprintf(`(e => { e.value = %q; e.dispatchEvent(new Event("change")); return 1 })(document.getElementById(%q))`, x.value, x.id))
		if n := shown(); n != x.want {
			t.Errorf("%s %q: %d records, want %d", x.id, x.value, n, x.want)
		}
	}
	act(t, ctx, chromedp.SendKeys("#q", "invoices LINKED"))
	until(t, ctx, `document.querySelectorAll("#list > li").length < 5`)
	if n := shown(); n != 0 { // "linked" is what the report calls it, not the page
		t.Errorf("%d records after a search for what does not stand there", n)
	}
	eval[int](t, ctx, `(e => { e.value = "00112233445566ee"; e.dispatchEvent(new Event("input")); return 1 })(document.getElementById("q"))`)
	until(t, ctx, `document.querySelectorAll("#list > li").length === 1`)
	eval[int](t, ctx, `(e => { e.value = ""; e.dispatchEvent(new Event("input")); return 1 })(document.getElementById("q"))`)
	until(t, ctx, `document.querySelectorAll("#list > li").length === 5`)
	// By keyboard.
	eval[int](t, ctx, `document.getElementById("start").focus(), 1`)
	act(t, ctx, chromedp.KeyEvent("\r"))
	if n := shown(); n != 1 || !eval[bool](t, ctx, `document.activeElement.classList.contains("rec")`) {
		t.Errorf("%d records when the review starts; the focus is on %s", n, eval[string](t, ctx, `document.activeElement.outerHTML.slice(0, 100)`))
	}
	act(t, ctx, chromedp.KeyEvent("x"))
	if s := act(t, ctx, chromedp.Text("#status")); s != "refused. Everything is reviewed." {
		t.Errorf("status %q", s)
	}
	act(t, ctx, chromedp.KeyEvent("u"))
	if s := act(t, ctx, chromedp.Text("#left")); s != "1 record left to review" {
		t.Errorf("after undo, left: %q", s)
	}
	act(t, ctx, chromedp.KeyEvent("c"))
	eval[int](t, ctx, `(e => { e.value = "seen"; e.dispatchEvent(new Event("change")); return 1 })(document.querySelector("#list input"))`)
	// A decision moves on to the next record, and undo takes it back all the same.
	eval[int](t, ctx, `(e => { e.value = ""; e.dispatchEvent(new Event("change")); return 1 })(document.getElementById("state"))`)
	focus := func(i int) {
		eval[int](t, ctx, fmt.Sprintf(`document.querySelectorAll("#list > li")[%d].focus(), 1`, i))
	}
	before := eval[string](t, ctx, `[...document.querySelectorAll("#list > li")].map(e => e.className).join()`)
	focus(2)
	act(t, ctx, chromedp.KeyEvent("u"))
	focus(1)
	for _, k := range []string{"x", "u", "c", "c"} {
		act(t, ctx, chromedp.KeyEvent(k))
	}
	if after := eval[string](t, ctx, `[...document.querySelectorAll("#list > li")].map(e => e.className).join()`); after != before {
		t.Errorf("after a refusal, undo and confirmation: %s, want %s", after, before)
	}
	eval[int](t, ctx, `(e => { e.value = "seen"; e.dispatchEvent(new Event("change")); return 1 })(document.querySelectorAll("#list > li")[1].querySelector("input"))`)
	// Kept when the page is opened again, and saved.
	visit()
	if s := act(t, ctx, chromedp.Text("#left")); s != "Everything is reviewed." {
		t.Errorf("opened again, left: %q", s)
	}
	if !eval[bool](t, ctx, `!document.getElementById("unsaved").hidden`) {
		t.Error("the page does not say that the review is not saved")
	}
	eval[int](t, ctx, `(window.saved = null, URL.createObjectURL = b => { b.text().then(s => window.saved = s); return "blob:none" }, HTMLAnchorElement.prototype.click = function () { window.file = this.download }, document.getElementById("save").click(), 1)`)
	until(t, ctx, `window.saved !== null`)
	saved := eval[string](t, ctx, `window.saved`)
	var f struct {
		Format, Run string
		Decisions   []struct {
			Finding, Subject, Decision, Note string
			Time                             time.Time
		}
	}
	if err := json.Unmarshal([]byte(saved), &f); err != nil {
		t.Fatal(err)
	}
	if f.Format != "spoor-review/1" || f.Run != full().Run.ID || len(f.Decisions) != 3 {
		t.Fatalf("saved %s", saved)
	}
	// What the report had from an earlier review is saved again, as it was.
	for i, want := range []string{"00112233445566bb confirmed seen", "00112233445566cc confirmed her newsletter", "00112233445566dd refused "} {
		d := f.Decisions[i]
		if got := d.Finding + " " + d.Decision + " " + d.Note; got != want || d.Subject != "person-0042" || d.Time.IsZero() {
			t.Errorf("decision %d: %+v, want %s", i, d, want)
		}
	}
	if name := eval[string](t, ctx, `window.file`); name != "review-"+full().Run.ID+".json" {
		t.Errorf("the file is called %q", name)
	}
	// Loaded again: only what is later changes anything.
	load := func(content string) {
		t.Helper()
		name := filepath.Join(t.TempDir(), "review.json")
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		eval[int](t, ctx, `document.getElementById("status").textContent = "", 1`)
		act(t, ctx, chromedp.SetUploadFiles("#load", []string{name}))
		until(t, ctx, `document.getElementById("status").textContent !== ""`)
	}
	load(`{"format":"spoor-review/1","run":"another","decisions":[{"finding":"00112233445566bb","subject":"person-0042","decision":"refused","time":"2026-01-01T00:00:00Z","note":""},{"finding":"00112233445566cc","subject":"person-0042","decision":"refused","time":"2099-01-01T00:00:00Z","note":""},{"finding":"ffffffffffffffff","subject":"person-0042","decision":"refused","time":"2099-01-01T00:00:00Z","note":""}]}`)
	if s := act(t, ctx, chromedp.Text("#status")); !strings.HasPrefix(s, "2 decisions loaded The file is of another run") {
		t.Errorf("status %q", s)
	}
	if n := eval[int](t, ctx, `document.querySelectorAll("#list > li.no").length`); n != 2 {
		t.Errorf("%d are refused, want 2", n)
	}
	// What was refused by mistake is open again, here and in the file.
	eval[int](t, ctx, `(e => { e.value = "refused"; e.dispatchEvent(new Event("change")); return 1 })(document.getElementById("state"))`)
	if n := shown(); n != 2 {
		t.Errorf("%d refused records, want 2", n)
	}
	eval[int](t, ctx, `document.querySelectorAll('#list [data-d=""]').forEach(b => b.click()), 1`)
	if s := act(t, ctx, chromedp.Text("#left")); s != "2 records left to review" {
		t.Errorf("after two refusals were taken back, left: %q", s)
	}
	eval[int](t, ctx, `(window.saved = null, document.getElementById("save").click(), 1)`)
	until(t, ctx, `window.saved !== null`)
	back, err := review.Read(strings.NewReader(eval[string](t, ctx, `window.saved`)))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"00112233445566bb confirmed", "00112233445566cc undecided", "00112233445566dd undecided"} {
		if got := back.Decisions[i].Finding + " " + back.Decisions[i].Decision; len(back.Decisions) != 3 || got != want {
			t.Errorf("decision %d: %s, want %s", i, got, want)
		}
	}
	load(`{"format":"spoor-inventory/1"}`)
	if s := act(t, ctx, chromedp.Text("#status")); s != "This is not a review file." {
		t.Errorf("status %q", s)
	}
}

// Without a script the answer, the counts and the first records are there, and
// where the rest is.
func TestPageWithoutScript(t *testing.T) {
	ctx := browser(t)
	url, _ := serve(t, map[string][]byte{"/": rendered(t, many(20_000), language.Dutch)})
	if _, err := chromedp.Run(ctx, func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, target, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return chromedp.Void{}, err
	}); err != nil {
		t.Fatal(err)
	}
	act(t, ctx, chromedp.Navigate(url+"/"))
	text := act(t, ctx, chromedp.Text("main"))
	for _, want := range []string{"records bevatten gegevens van deze betrokkene", "Van de 20.000 records toont deze lijst er 300", "De beoordeling heeft JavaScript nodig"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

// A page of 100,000 findings is small enough to be mailed, and quick. The times
// are reported, not tested: they are the machine's.
func TestManyFindingsInBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("makes a large page")
	}
	const n = 100_000
	start := time.Now()
	page := rendered(t, many(n), language.English)
	made := time.Since(start)
	if len(page) > 12<<20 {
		t.Errorf("%d bytes", len(page))
	}
	name := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(name, page, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx := browser(t)
	act(t, ctx, chromedp.Navigate("about:blank"))
	start = time.Now()
	act(t, ctx, chromedp.Navigate("file://"+name))
	until(t, ctx, ready)
	opened := time.Since(start)
	if s := act(t, ctx, chromedp.Text("#count")); s != "100,000 of 100,000 records" {
		t.Errorf("count %q", s)
	}
	filter := eval[float64](t, ctx, `(t => { let e = document.getElementById("degree"); e.value = "2"; e.dispatchEvent(new Event("change")); return performance.now() - t })(performance.now())`)
	if s := act(t, ctx, chromedp.Text("#page")); !strings.HasPrefix(s, "Page 1 of 6") {
		t.Errorf("page %q", s)
	}
	if n := eval[int](t, ctx, `document.querySelectorAll("#list > li").length`); n != 50 {
		t.Errorf("%d records on a page", n)
	}
	decide := eval[float64](t, ctx, `(t => { document.querySelector('#list [data-d="refused"]').click(); return performance.now() - t })(performance.now())`)
	heap := eval[float64](t, ctx, `performance.memory ? performance.memory.usedJSHeapSize / 1048576 : 0`)
	t.Logf("%d findings: %.1f MiB, made in %v, usable after %v, filtered in %.0f ms, decided in %.0f ms, %.0f MiB of heap", n, float64(len(page))/(1<<20), made, opened, filter, decide, heap)
}
