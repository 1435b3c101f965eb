package s3

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/rclone/gofakes3"
	"github.com/rclone/gofakes3/s3mem"

	"github.com/spoor-scan/spoor/scanners"
)

// newFake serves gofakes3 behind front, which may answer in its place with what
// no server at hand can be brought to answer: it returns true when it did.
func newFake(t *testing.T, front func(http.ResponseWriter, *http.Request) bool) (*s3.Client, *Config) {
	t.Helper()
	isolate(t)
	fake := gofakes3.New(s3mem.New(), gofakes3.WithLogger(gofakes3.DiscardLog())).Server()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if front == nil || !front(w, r) {
			fake.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	c := store{}.defaults()
	c.Endpoint = server.URL
	return client(server.URL, "us-east-1", "spoor", "spoorsecret"), c
}

func mustBucket(t *testing.T, c *s3.Client, name string) {
	t.Helper()
	if _, err := c.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatal(err)
	}
}

func TestGofakes3(t *testing.T) {
	c, cfg := newFake(t, nil)
	mustBucket(t, c, "first")
	mustBucket(t, c, "second")
	for i := range 25 {
		put(t, c, "first", fmt.Sprintf("k/%02d", i), strings.Repeat("x", i), func(in *s3.PutObjectInput) {
			in.Metadata = map[string]string{"note": fmt.Sprint("note ", i)}
		})
	}
	for _, size := range []int32{0, 1, 7} {
		cfg.pageSize = size
		s := open(t, cfg)
		g := list(t.Context(), s)
		g.sound(t)
		if len(g.items) != 25 {
			t.Errorf("page size %d: %d items", size, len(g.items))
		}
		for i, it := range g.items {
			again, content := read(t, s, it.Ref.URI)
			if len(content) != i || again.Size != int64(i) || !slices.Contains(again.Fields, scanners.Field{Name: "x-amz-meta-note", Value: fmt.Sprint("note ", i)}) {
				t.Errorf("%s: %d bytes, fields %v", it.Ref.URI, len(content), again.Fields)
			}
		}
	}
	for _, check := range open(t, cfg).Check(t.Context()) {
		if !check.OK {
			t.Errorf("%+v", check)
		}
	}
}

func TestGofakes3WeirdKeys(t *testing.T) {
	c, cfg := newFake(t, nil)
	mustBucket(t, c, "weird")
	testWeirdKeys(t, c, cfg, append(append([]string{"bell\a", "escape\x1b[0m", "not\xffutf8"}, weirdKeys...), unfiledKeys...))
}

// Its listing of versions never ends when it is asked for small pages.
func TestListingWithoutAnEnd(t *testing.T) {
	c, cfg := newFake(t, nil)
	mustBucket(t, c, "vers")
	if _, err := c.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{
		Bucket:                  aws.String("vers"),
		VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
	}); err != nil {
		t.Fatal(err)
	}
	for i := range 9 {
		put(t, c, "vers", fmt.Sprint(i%3), fmt.Sprint(i))
	}
	g := list(t.Context(), open(t, cfg))
	g.sound(t)
	if len(g.items) != 9 {
		t.Errorf("one page: %d items", len(g.items))
	}
	for size := range int32(8) {
		cfg.pageSize = size + 1
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		g := list(ctx, open(t, cfg))
		if ctx.Err() != nil || len(g.items) > 20 {
			t.Errorf("page size %d: %d items, errors %v", size+1, len(g.items), g.errs)
		}
		cancel()
	}
}

func refusal(w http.ResponseWriter, status int, code string) bool {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, `<?xml version="1.0"?><Error><Code>%s</Code><Message>about secret-key</Message></Error>`, code)
	return true
}

func TestRefusals(t *testing.T) {
	tests := []struct {
		status int
		code   string
		reason scanners.Reason
		detail string
	}{
		{403, "AccessDenied", scanners.Denied, "not allowed"},
		{404, "NoSuchKey", scanners.Vanished, "not there"},
		{404, "NoSuchVersion", scanners.Vanished, "not there"},
		{403, "InvalidObjectState", scanners.Offline, "restore it first"},
		{400, "InvalidRequest", scanners.KeyMissing, "SSE-C"},
		{400, "KMS.DisabledException", scanners.KeyMissing, "key management"},
		{500, "InternalError", scanners.Failed, "failed"},
		{503, "SlowDown", scanners.Offline, "overloaded"},
		{400, "RequestTimeout", scanners.Timeout, "in time"},
		{418, "Teapot<secret-key>", scanners.Failed, "418"},
	}
	for _, test := range tests {
		t.Run(test.code, func(t *testing.T) {
			c, cfg := newFake(t, func(w http.ResponseWriter, r *http.Request) bool {
				return r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "secret-key") && refusal(w, test.status, test.code)
			})
			cfg.attempts = 2
			mustBucket(t, c, "bkt")
			put(t, c, "bkt", "secret-key", "x")
			_, err := open(t, cfg).Open(t.Context(), scanners.Ref{URI: "s3://bkt/secret-key"})
			g := wantGap(t, err, test.reason)
			if !strings.Contains(g.Detail, test.detail) || strings.Contains(g.Error()+g.Place, "secret") || !strings.HasSuffix(g.URI, "secret-key") {
				t.Errorf("%+v", g)
			}
		})
	}
}

func TestTransientFaultIsTriedAgain(t *testing.T) {
	n := 0
	c, cfg := newFake(t, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet {
			return false
		}
		n++
		return n%3 != 0 && refusal(w, 503, "SlowDown")
	})
	mustBucket(t, c, "bkt")
	put(t, c, "bkt", "k", "content")
	s := open(t, cfg)
	g := list(t.Context(), s)
	g.sound(t)
	if _, content := read(t, s, g.items[0].Ref.URI); content != "content" {
		t.Errorf("content %q", content)
	}
}

func TestBucketsAreNotListedButNamed(t *testing.T) {
	c, cfg := newFake(t, func(w http.ResponseWriter, r *http.Request) bool {
		return r.Method == http.MethodGet && r.URL.Path == "/" && refusal(w, 403, "AccessDenied")
	})
	mustBucket(t, c, "bkt")
	put(t, c, "bkt", "k", "content")
	g := list(t.Context(), open(t, cfg))
	if len(g.items) != 0 || len(g.errs) != 1 || scanners.ReasonOf(g.errs[0]) != scanners.Denied {
		t.Errorf("%d items, errors %v", len(g.items), g.errs)
	}
	cfg.Buckets.Include = []string{"bkt"}
	g = list(t.Context(), open(t, cfg))
	if len(g.items) != 1 || len(g.gaps) != 1 || len(g.errs) != 0 {
		t.Errorf("named by buckets: %d items, gaps %v, errors %v", len(g.items), g.gaps, g.errs)
	}
	cfg.Buckets.Include, cfg.URI = nil, "s3://bkt"
	g = list(t.Context(), open(t, cfg))
	g.sound(t)
	if len(g.items) != 1 {
		t.Errorf("named by the target: %d items", len(g.items))
	}
}

func TestTagsAreDenied(t *testing.T) {
	c, cfg := newFake(t, func(w http.ResponseWriter, r *http.Request) bool {
		return r.Method == http.MethodGet && r.URL.Query().Has("tagging") && refusal(w, 403, "AccessDenied")
	})
	mustBucket(t, c, "bkt")
	put(t, c, "bkt", "k", "content")
	g := list(t.Context(), open(t, cfg))
	if len(g.items) != 1 || len(g.gaps) != 1 || g.gaps[0].Reason != scanners.Denied || !strings.Contains(g.gaps[0].Detail, "tags") {
		t.Errorf("%d items, gaps %v, errors %v", len(g.items), g.gaps, g.errs)
	}
}

func TestBucketInAnotherRegion(t *testing.T) {
	c, cfg := newFake(t, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet || r.URL.Path == "/" || strings.Contains(r.Header.Get("Authorization"), "/eu-central-1/s3/") {
			return false
		}
		w.Header().Set("X-Amz-Bucket-Region", "eu-central-1")
		return refusal(w, 301, "PermanentRedirect")
	})
	mustBucket(t, c, "bkt")
	put(t, c, "bkt", "k", "content")
	s := open(t, cfg)
	g := list(t.Context(), s)
	g.sound(t)
	if len(g.items) != 1 || g.items[0].Ref.Locator.(Locator).Region != "eu-central-1" {
		t.Fatalf("items %+v", g.items)
	}
	read(t, s, g.items[0].Ref.URI)
}

func TestAnswerWithoutAnEnd(t *testing.T) {
	c, cfg := newFake(t, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet || r.URL.Path != "/bkt" && r.URL.Path != "/bkt/" || r.URL.Query().Has("versioning") {
			return false
		}
		_, _ = w.Write([]byte(`<?xml version="1.0"?><ListBucketResult>`))
		entry := bytes.Repeat([]byte("<Contents><Key>k</Key></Contents>"), 1000)
		for {
			if _, err := w.Write(entry); err != nil {
				return true
			}
		}
	})
	mustBucket(t, c, "bkt")
	g := list(t.Context(), open(t, cfg))
	if len(g.errs) != 1 || !errors.Is(g.errs[0], errTooLong) {
		t.Errorf("errors %v", g.errs)
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	t.Logf("%d MiB from the system", m.Sys>>20)
}

func TestCertificates(t *testing.T) {
	isolate(t)
	protocols := map[string]bool{}
	fake := gofakes3.New(s3mem.New(), gofakes3.WithLogger(gofakes3.DiscardLog())).Server()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		protocols[r.Proto] = true
		fake.ServeHTTP(w, r)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	cfg := store{}.defaults()
	cfg.Endpoint = server.URL
	g := list(t.Context(), open(t, cfg))
	if len(g.errs) != 1 || scanners.ReasonOf(g.errs[0]) != scanners.Offline || !strings.Contains(g.errs[0].Error(), "certificate") {
		t.Errorf("errors %v", g.errs)
	}
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg.CA = ca
	list(t.Context(), open(t, cfg)).sound(t)
	cfg.CA = ""
	t.Setenv("AWS_CA_BUNDLE", ca)
	list(t.Context(), open(t, cfg)).sound(t)
	if len(protocols) != 1 || !protocols["HTTP/1.1"] {
		t.Errorf("protocols %v", protocols)
	}
}

func TestServerThatIgnoresRanges(t *testing.T) {
	c, cfg := newFake(t, func(_ http.ResponseWriter, r *http.Request) bool {
		r.Header.Del("Range")
		return false
	})
	mustBucket(t, c, "bkt")
	put(t, c, "bkt", "small", "content")
	put(t, c, "bkt", "large", strings.Repeat("x", 5000))
	cfg.chunk = 1000
	s := open(t, cfg)
	if _, content := read(t, s, "s3://bkt/small"); content != "content" {
		t.Errorf("content %q", content)
	}
	it, err := s.Open(t.Context(), scanners.Ref{URI: "s3://bkt/large"})
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 1000)
	n, err := it.Body.Read(b)
	if n != 1000 || err != nil {
		t.Errorf("first range: %d bytes, %v", n, err)
	}
	_, err = it.Body.Read(b)
	if g := wantGap(t, err, scanners.Unsupported); g.Bytes != 4000 {
		t.Errorf("gap of %d bytes", g.Bytes)
	}
}

func TestDeadServerDoesNotCostItsTimeoutEachTime(t *testing.T) {
	for name, fault := range map[error]error{errStalled: context.DeadlineExceeded, errDown: io.ErrUnexpectedEOF} {
		b := breaker{timeout: 30 * time.Second}
		now := time.Now()
		for range 16 {
			if err := b.allow(now); err != nil && name == errDown {
				t.Fatal(err)
			}
			b.note(fault, now)
			now = now.Add(5 * time.Second)
		}
		if err := b.allow(now); err != name {
			t.Errorf("goes on with %v, want %v", err, name)
		}
		now = now.Add(10 * time.Second)
		if b.allow(now) != nil || b.allow(now) == nil {
			t.Error("want one try in ten seconds")
		}
		b.note(nil, now)
		for range 2 {
			if b.allow(now) != nil {
				t.Error("does not recover")
			}
		}
	}
}

// mute listens and never answers.
func mute(t *testing.T) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

func TestServerThatNeverAnswers(t *testing.T) {
	isolate(t)
	config := func(t *testing.T) *source {
		c := store{}.defaults()
		c.attempts = 0 // as many as by default
		c.Endpoint, c.Timeout = "http://"+mute(t), time.Second
		return open(t, c)
	}
	for name, f := range map[string]func(*testing.T, *source){
		"parts": func(t *testing.T, s *source) {
			if g := list(t.Context(), s); len(g.errs) != 1 || scanners.ReasonOf(g.errs[0]) != scanners.Timeout {
				t.Errorf("errors %v", g.errs)
			}
		},
		"items": func(t *testing.T, s *source) {
			var g got
			for it, err := range s.Items(t.Context(), s.part("bkt")) {
				g.take(it, err)
			}
			if len(g.errs) != 1 || scanners.ReasonOf(g.errs[0]) != scanners.Timeout {
				t.Errorf("errors %v", g.errs)
			}
		},
		"many objects": func(t *testing.T, s *source) {
			for i := range 50 {
				_, err := s.Open(t.Context(), scanners.Ref{URI: fmt.Sprint("s3://bkt/", i)})
				wantGap(t, err, scanners.Timeout)
			}
		},
		"check": func(t *testing.T, s *source) {
			checks := s.Check(t.Context())
			if c := checks[len(checks)-1]; c.OK || !strings.Contains(c.Remedy, "start the server") {
				t.Errorf("%+v", checks)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, start := config(t), time.Now()
			f(t, s)
			if took := time.Since(start); took > 4*s.timeout {
				t.Errorf("took %v with a time-out of %v", took, s.timeout)
			}
		})
	}
}

func TestRemedyFits(t *testing.T) {
	var status int
	var code string
	_, cfg := newFake(t, func(w http.ResponseWriter, _ *http.Request) bool { return refusal(w, status, code) })
	cfg.attempts = 1
	for _, tt := range []struct {
		status       int
		code, remedy string
	}{
		{403, "SignatureDoesNotMatch", "check access_key_id and the secret"},
		{403, "InvalidAccessKeyId", "check access_key_id and the secret"},
		{403, "RequestTimeTooSkewed", "clocks"},
		{403, "AccessDenied", "s3:ListBucket"},
		{404, "NoSuchBucket", "name of the bucket"},
		{503, "SlowDown", "try again"},
	} {
		status, code = tt.status, tt.code
		for _, uri := range []string{"s3://", "s3://bkt"} {
			cfg.URI = uri
			checks := open(t, cfg).Check(t.Context())
			c := checks[len(checks)-1]
			if c.OK || !strings.Contains(c.Remedy, tt.remedy) || strings.Contains(c.Remedy, "s3:") != (tt.code == "AccessDenied") {
				t.Errorf("%s, %s: %+v", tt.code, uri, c)
			}
		}
	}
	cfg.URI, cfg.Endpoint = "s3://bkt", "http://127.0.0.1:1"
	checks := open(t, cfg).Check(t.Context())
	if c := checks[len(checks)-1]; c.OK || !strings.Contains(c.Remedy, "start the server") {
		t.Errorf("nothing listens: %+v", c)
	}
}
