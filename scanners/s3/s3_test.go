package s3

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/spoor-scan/spoor/internal/secret"
	"github.com/spoor-scan/spoor/internal/testenv"
	"github.com/spoor-scan/spoor/scanners"
	"github.com/spoor-scan/spoor/scanners/scannertest"
)

// isolate keeps the settings of the machine out of a test.
func isolate(t *testing.T) {
	t.Helper()
	for _, v := range []string{
		"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION",
		"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_CA_BUNDLE", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_WEB_IDENTITY_TOKEN_FILE",
	} {
		t.Setenv(v, "")
	}
	t.Setenv("AWS_CONFIG_FILE", "/nonexistent")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
}

// A store is a server and a client that may write to it.
type store struct {
	*testenv.Versitygw
	*s3.Client
}

func newStore(t *testing.T) store {
	t.Helper()
	isolate(t)
	v := testenv.NewVersitygw(t)
	return store{v, client(v.Endpoint, v.Region, v.Key, v.Secret)}
}

func client(endpoint, region, key, secret string) *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint: &endpoint, Region: region, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(key, secret, ""),
		HTTPClient:  &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
	})
}

func (st store) bucket(t *testing.T, name string, versioned bool) {
	t.Helper()
	if _, err := st.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatal(err)
	}
	if versioned {
		st.versioning(t, name, types.BucketVersioningStatusEnabled)
	}
}

func (st store) versioning(t *testing.T, bucket string, state types.BucketVersioningStatus) {
	t.Helper()
	if _, err := st.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{
		Bucket:                  &bucket,
		VersioningConfiguration: &types.VersioningConfiguration{Status: state},
	}); err != nil {
		t.Fatal(err)
	}
}

func put(t *testing.T, c *s3.Client, bucket, key, content string, more ...func(*s3.PutObjectInput)) {
	t.Helper()
	in := &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader(content)}
	for _, f := range more {
		f(in)
	}
	if _, err := c.PutObject(t.Context(), in); err != nil {
		t.Fatalf("put %q: %v", key, err)
	}
}

func del(t *testing.T, c *s3.Client, bucket, key string) {
	t.Helper()
	if _, err := c.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &bucket, Key: &key}); err != nil {
		t.Fatal(err)
	}
}

// config returns settings for the server, with few tries.
func (st store) config() *Config {
	c := st.defaults()
	c.Endpoint, c.Region = st.Endpoint, st.Region
	return c
}

func (store) defaults() *Config {
	c := Kind().Config().(*Config)
	c.AccessKeyID = "spoor"
	c.Secret = secret.From{Env: "SPOOR_TEST_SECRET"}
	c.attempts = 3
	return c
}

func open(t *testing.T, c *Config) *source {
	t.Helper()
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	s, err := c.open(t.Context(), scanners.Env{Name: "store"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// got is what a source gave.
type got struct {
	items      []scanners.Item
	gaps       []*scanners.Gap
	exclusions []*scanners.Exclusion
	errs       []error
}

func (g got) keys() []string {
	var keys []string
	for _, it := range g.items {
		keys = append(keys, it.Fields[0].Value)
	}
	slices.Sort(keys)
	return keys
}

func (g *got) take(it scanners.Item, err error) {
	var gap *scanners.Gap
	var x *scanners.Exclusion
	switch {
	case errors.As(err, &gap):
		g.gaps = append(g.gaps, gap)
	case errors.As(err, &x):
		g.exclusions = append(g.exclusions, x)
	case err != nil:
		g.errs = append(g.errs, err)
	default:
		g.items = append(g.items, it)
	}
}

func list(ctx context.Context, s *source) got {
	var g got
	for p, err := range s.Parts(ctx) {
		if err != nil {
			g.take(scanners.Item{}, err)
			continue
		}
		for it, err := range s.Items(ctx, p) {
			g.take(it, err)
		}
	}
	return g
}

func (g got) sound(t *testing.T) {
	t.Helper()
	for _, err := range g.errs {
		t.Errorf("error: %v", err)
	}
	for _, gap := range g.gaps {
		t.Errorf("gap: %v (%s)", gap, gap.URI)
	}
}

func read(t *testing.T, s *source, uri string) (scanners.Item, string) {
	t.Helper()
	it, err := s.Open(t.Context(), scanners.Ref{URI: uri})
	if err != nil {
		t.Fatalf("open %s: %v", uri, err)
	}
	defer it.Close()
	b, err := io.ReadAll(it.Body)
	if err != nil {
		t.Fatalf("read %s: %v", uri, err)
	}
	return it, string(b)
}

func TestMain(m *testing.M) {
	_ = os.Setenv("SPOOR_TEST_SECRET", "spoorsecret")
	m.Run()
}

func TestConformance(t *testing.T) {
	st := newStore(t)
	st.bucket(t, "backups", false)
	st.bucket(t, "mail", true)
	st.bucket(t, "empty", false)
	var planted []string
	mark := func(what string) string {
		m := fmt.Sprintf("marker-%s-%d", what, len(planted))
		planted = append(planted, m)
		return m
	}
	for i := range 60 {
		content := "at the start of it" + strings.Repeat(".", i*1000)
		if i%10 == 0 {
			content = mark("content") + content + mark("end")
		}
		put(t, st.Client, "backups", fmt.Sprintf("a/%03d.txt", i), content)
	}
	put(t, st.Client, "backups", "empty.txt", "")
	put(t, st.Client, "backups", "b/"+mark("key")+" #1?!/x.txt", "x")
	put(t, st.Client, "backups", "c/meta", "x", func(in *s3.PutObjectInput) {
		in.Metadata = map[string]string{"owner": mark("metadata")}
		in.ContentDisposition = aws.String(`attachment; filename="` + mark("disposition") + `.pdf"`)
		in.Tagging = aws.String("customer=" + mark("tag"))
	})
	for i := range 5 {
		put(t, st.Client, "mail", "one.eml", "version "+mark("version"))
		put(t, st.Client, "mail", fmt.Sprintf("%d.eml", i), "x")
	}
	put(t, st.Client, "mail", mark("deleted-key"), "x")
	del(t, st.Client, "mail", planted[len(planted)-1])
	put(t, st.Client, "mail", "gone", mark("deleted-content"))
	del(t, st.Client, "mail", "gone")
	config := func() *Config {
		c := st.config()
		c.pageSize, c.chunk = 7, 10<<10
		return c
	}
	scannertest.Run(t, scannertest.Fixture{
		Open:     func(t *testing.T) scanners.Source { return open(t, config()) },
		Planted:  planted,
		Vanished: []string{"s3://backups/not-there", "s3://no-such-bucket/x"},
		Broken: func(t *testing.T, after int64) scanners.Source {
			p := testenv.NewProxy(t, st.Addr)
			p.CutAfter(after)
			c := config()
			c.Endpoint = "http://" + p.Addr()
			return open(t, c)
		},
		State: func(t *testing.T) string { return state(t, st.Client) },
	})
}

// state is a fingerprint of all that a server holds.
func state(t *testing.T, c *s3.Client) string {
	t.Helper()
	h := sha256.New()
	buckets, err := c.ListBuckets(t.Context(), &s3.ListBucketsInput{})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range buckets.Buckets {
		pages := s3.NewListObjectVersionsPaginator(c, &s3.ListObjectVersionsInput{Bucket: b.Name})
		for pages.HasMorePages() {
			out, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range out.Versions {
				fmt.Fprintln(h, *b.Name, *v.Key, aws.ToString(v.VersionId), *v.Size, *v.ETag, *v.LastModified)
			}
			for _, m := range out.DeleteMarkers {
				fmt.Fprintln(h, *b.Name, *m.Key, aws.ToString(m.VersionId), *m.LastModified)
			}
		}
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

func TestThousandsOfKeysInSmallPages(t *testing.T) {
	st := newStore(t)
	st.bucket(t, "flat", false)
	const n = 2500
	for i := range n { // a file is an object
		if err := os.WriteFile(filepath.Join(st.Data, "flat", fmt.Sprintf("k%05d", i)), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, size := range []int32{0, 333} {
		c := st.config()
		c.pageSize = size
		g := list(t.Context(), open(t, c))
		g.sound(t)
		keys := slices.Compact(g.keys())
		if len(g.items) != n || len(keys) != n || keys[0] != "k00000" || keys[n-1] != "k02499" {
			t.Errorf("page size %d: %d items, %d keys", size, len(g.items), len(keys))
		}
	}
}

func TestVersions(t *testing.T) {
	st := newStore(t)
	st.bucket(t, "vers", false)
	put(t, st.Client, "vers", "old", "from before versioning")
	st.versioning(t, "vers", types.BucketVersioningStatusEnabled)
	for i := range 12 {
		put(t, st.Client, "vers", "k", fmt.Sprintf("content %d", i))
	}
	put(t, st.Client, "vers", "deleted", "still there")
	del(t, st.Client, "vers", "deleted")
	st.versioning(t, "vers", types.BucketVersioningStatusSuspended)
	for _, size := range []int32{0, 2, 3, 5} {
		c := st.config()
		c.URI, c.pageSize = "s3://vers", size
		s := open(t, c)
		g := list(t.Context(), s)
		g.sound(t)
		contents := map[string]bool{}
		markers := 0
		for _, it := range g.items {
			l := it.Ref.Locator.(Locator)
			if l.VersionID == "" {
				t.Errorf("%s: no version", it.Ref.URI)
			}
			if l.DeleteMarker {
				markers++
			}
			again, content := read(t, s, it.Ref.URI)
			contents[content] = true
			if again.Ref.URI != it.Ref.URI || again.Ref.Locator != it.Ref.Locator {
				t.Errorf("listed as %+v, opened as %+v", it.Ref, again.Ref)
			}
		}
		if len(g.items) != 15 || markers != 1 || !contents["from before versioning"] || !contents["still there"] || !contents["content 0"] || !contents["content 11"] {
			t.Errorf("page size %d: %d items, %d markers, contents %v", size, len(g.items), markers, contents)
		}
	}
	c := st.config()
	c.URI, c.Versions = "s3://vers/", "current"
	g := list(t.Context(), open(t, c))
	g.sound(t)
	if !slices.Equal(g.keys(), []string{"k", "old"}) || len(g.exclusions) != 1 {
		t.Errorf("current versions: %q, %d exclusions", g.keys(), len(g.exclusions))
	}
}

var weirdKeys = []string{
	"plain", "with space", "plus+plus", "a&b=c;d", "100%", "%41", "what?", "frag#ment", "zip!/in", "bang!", "ünïcødé/日本語",
	"e\u0301", "semi;colon", "quote'\"", "<xml>&amp;", "back\\slash", "tab\there", "line\nbreak", "del\x7f",
	"a/b/c/d", "~tilde", "star*", "*", "?versionId=x", "dots..", "...", ".hidden", "colon:key", "@at", "\u202eright-to-left", "\u00a0", " lead", "trail ",
	strings.Repeat("long/", 40) + "name",
}

// Keys that are a path to a gateway on a file system; a true object store has them.
var unfiledKeys = []string{"/leading", "double//slash", "a/../b", "./x", "..", "trailing/", "//"}

func TestWeirdKeys(t *testing.T) {
	st := newStore(t)
	st.bucket(t, "weird", false)
	testWeirdKeys(t, st.Client, st.config(), weirdKeys)

	// This server's listing shows control characters as U+FFFD.
	st.bucket(t, "spoilt", false)
	keys := []string{"a", "bell", "bell\a", "bell\ab", "bell\b", "bell!", "bellhop", "bells", "c", "d"}
	for _, versioned := range []bool{false, true} {
		if versioned {
			st.versioning(t, "spoilt", types.BucketVersioningStatusEnabled)
		}
		for _, k := range keys {
			put(t, st.Client, "spoilt", k, "x")
		}
		for _, size := range []int32{0, 12, 13, 14, 15} {
			c := st.config()
			c.URI, c.pageSize = "s3://spoilt", size
			s := open(t, c)
			g := list(t.Context(), s)
			g.sound(t)
			want := len(keys)
			if versioned {
				want *= 2
			}
			if len(g.items) != want {
				t.Errorf("page size %d: %q", size, g.keys())
			}
			for _, it := range g.items {
				_, err := s.Open(t.Context(), it.Ref)
				if strings.ContainsRune(it.Name, '\uFFFD') {
					wantGap(t, err, scanners.Unsupported)
				} else if err != nil {
					t.Error(err)
				}
			}
		}
	}
}

func testWeirdKeys(t *testing.T, c *s3.Client, cfg *Config, keys []string) {
	var want []string
	for _, k := range keys {
		in := &s3.PutObjectInput{Bucket: aws.String("weird"), Key: &k, Body: strings.NewReader("content of " + k)}
		if _, err := c.PutObject(t.Context(), in); err != nil {
			t.Logf("the server does not take %q: %v", k, err)
			continue
		}
		want = append(want, k)
	}
	slices.Sort(want)
	cfg.URI = "s3://weird"
	for _, size := range []int32{0, 3} {
		cfg.pageSize = size
		s := open(t, cfg)
		g := list(t.Context(), s)
		g.sound(t)
		if !slices.Equal(g.keys(), want) {
			t.Errorf("page size %d: listed %q\nwant %q", size, g.keys(), want)
		}
		for _, it := range g.items {
			key := it.Fields[0].Value
			again, content := read(t, s, it.Ref.URI)
			if content != "content of "+key {
				t.Errorf("%s opens with %q", it.Ref.URI, content)
			}
			if again.Ref.URI != it.Ref.URI || again.Fields[0] != (scanners.Field{Name: "key", Value: key}) {
				t.Errorf("%s opens as %s, key %q", it.Ref.URI, again.Ref.URI, again.Fields[0].Value)
			}
		}
	}
}

func TestUnfinishedUploads(t *testing.T) {
	st := newStore(t)
	st.bucket(t, "bkt", false)
	put(t, st.Client, "bkt", "k", "x")
	for i := range 5 {
		key := fmt.Sprintf("upload/%d", i/2)
		up, err := st.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: aws.String("bkt"), Key: &key})
		if err != nil {
			t.Fatal(err)
		}
		for n := range int32(i) {
			if _, err := st.UploadPart(t.Context(), &s3.UploadPartInput{
				Bucket: aws.String("bkt"), Key: &key, UploadId: up.UploadId,
				PartNumber: aws.Int32(n + 1), Body: strings.NewReader(strings.Repeat("p", 1000)),
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, size := range []int32{0, 3, 4} {
		c := st.config()
		c.pageSize = size
		s := open(t, c)
		g := list(t.Context(), s)
		if len(g.errs) != 0 || len(g.items) != 6 || len(g.gaps) != 5 {
			t.Fatalf("page size %d: %q, gaps %v, errors %v", size, g.keys(), g.gaps, g.errs)
		}
		var lost int64
		for _, gap := range g.gaps {
			lost += gap.Bytes
			if gap.Reason != scanners.Unsupported || gap.Units != 0 || !strings.Contains(gap.URI, "?uploadId=") {
				t.Errorf("gap %+v", gap)
			}
		}
		if lost != 10000 {
			t.Errorf("gaps of %d bytes", lost)
		}
		for i, it := range g.items[1:] {
			again, content := read(t, s, it.Ref.URI)
			if content != "" || again.Ref.URI != it.Ref.URI || again.Fields[0].Value != fmt.Sprintf("upload/%d", i/2) || it.Ref.Place != "bucket bkt / unfinished upload" {
				t.Errorf("%+v opens as %+v", it.Ref, again.Ref)
			}
			p := s.part("bkt")
			p.Cursor = it.Cursor
			var rest got
			for it, err := range s.Items(t.Context(), p) {
				rest.take(it, err)
			}
			if len(rest.items) != 4-i || len(rest.gaps) != 4-i {
				t.Errorf("resumed behind %d: %d items, %d gaps", i, len(rest.items), len(rest.gaps))
			}
		}
	}
}

func TestPrefixAndFilters(t *testing.T) {
	st := newStore(t)
	for _, b := range []string{"first", "second", "logs-1", "logs-2"} {
		st.bucket(t, b, false)
		put(t, st.Client, b, "a b/1.txt", "1")
		put(t, st.Client, b, "a b/2.log", "22")
		put(t, st.Client, b, "a b/3.log", "333")
		put(t, st.Client, b, "a c/4.txt", "4444")
	}
	c := st.config()
	if err := c.Target("s3://second/a%20b/"); err != nil {
		t.Fatal(err)
	}
	g := list(t.Context(), open(t, c))
	g.sound(t)
	if want := []string{"a b/1.txt", "a b/2.log", "a b/3.log"}; !slices.Equal(g.keys(), want) {
		t.Errorf("prefix: %q, want %q", g.keys(), want)
	}
	c = st.config()
	c.Buckets = Filter{Include: []string{"logs-*", "first"}, Exclude: []string{"*-2"}}
	c.Keys = Filter{Exclude: []string{"**/*.log"}}
	g = list(t.Context(), open(t, c))
	g.sound(t)
	if len(g.items) != 4 {
		t.Errorf("filters: %q", g.keys())
	}
	var units, size int64
	for _, x := range g.exclusions {
		units, size = units+x.Units, size+x.Bytes
		if x.Place == "" || x.URI == "" || x.Reason != scanners.ByConfig {
			t.Errorf("exclusion: %+v", x)
		}
	}
	if units != 4 || size != 10 || len(g.exclusions) != 4 {
		t.Errorf("excluded %d units, %d bytes in %d", units, size, len(g.exclusions))
	}
}

// pattern is an endless text that differs everywhere.
type pattern struct{ rnd *rand.Rand }

func (p pattern) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(p.rnd.Uint32())
	}
	return len(b), nil
}

func TestLargeObjectInLittleMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 160 MB")
	}
	st := newStore(t)
	st.bucket(t, "large", false)
	const size = 160<<20 + 12345
	up, err := st.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: aws.String("large"), Key: aws.String("dump")})
	if err != nil {
		t.Fatal(err)
	}
	block := make([]byte, 16<<20)
	_, _ = io.ReadFull(pattern{rand.New(rand.NewPCG(1, 2))}, block)
	want := sha256.New()
	var parts []types.CompletedPart
	for n, left := int32(1), size; left > 0; n++ {
		block[0] = byte(n)
		b := block[:min(left, len(block))]
		left -= len(b)
		want.Write(b)
		out, err := st.UploadPart(t.Context(), &s3.UploadPartInput{Bucket: aws.String("large"), Key: aws.String("dump"), UploadId: up.UploadId, PartNumber: &n, Body: bytes.NewReader(b)})
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, types.CompletedPart{ETag: out.ETag, PartNumber: aws.Int32(n)})
	}
	if _, err := st.CompleteMultipartUpload(t.Context(), &s3.CompleteMultipartUploadInput{
		Bucket: aws.String("large"), Key: aws.String("dump"), UploadId: up.UploadId,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
	}); err != nil {
		t.Fatal(err)
	}
	block = nil
	s := open(t, st.config())
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	it, err := s.Open(t.Context(), scanners.Ref{URI: "s3://large/dump"})
	if err != nil {
		t.Fatal(err)
	}
	defer it.Close()
	h := sha256.New()
	var peak uint64
	for buf, n := make([]byte, 64<<10), 0; ; n++ {
		k, err := it.Body.Read(buf)
		h.Write(buf[:k])
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if n%64 == 0 {
			runtime.ReadMemStats(&now)
			peak = max(peak, now.HeapAlloc)
		}
	}
	took := time.Since(start)
	t.Logf("%.0f MB/s, heap grew by %d KiB at most", size/took.Seconds()/1e6, (int64(peak)-int64(before.HeapAlloc))>>10)
	if it.Size != size || !bytes.Equal(h.Sum(nil), want.Sum(nil)) {
		t.Error("other content")
	}
	if int64(peak)-int64(before.HeapAlloc) > 12<<20 {
		t.Error("too much memory")
	}
}

func TestDeletedBetweenListingAndOpen(t *testing.T) {
	st := newStore(t)
	st.bucket(t, "bkt", false)
	put(t, st.Client, "bkt", "gone", "x")
	s := open(t, st.config())
	g := list(t.Context(), s)
	g.sound(t)
	del(t, st.Client, "bkt", "gone")
	_, err := s.Open(t.Context(), g.items[0].Ref)
	wantGap(t, err, scanners.Vanished)
}

func wantGap(t *testing.T, err error, reason scanners.Reason) *scanners.Gap {
	t.Helper()
	var g *scanners.Gap
	if !errors.As(err, &g) || g.Reason != reason {
		t.Fatalf("error %v, want a gap with reason %s", err, reason)
	}
	return g
}

func TestReplacedWhileItIsRead(t *testing.T) {
	st := newStore(t)
	st.bucket(t, "bkt", false)
	put(t, st.Client, "bkt", "k", strings.Repeat("a", 3000))
	c := st.config()
	c.chunk = 1000
	s := open(t, c)
	it, err := s.Open(t.Context(), scanners.Ref{URI: "s3://bkt/k"})
	if err != nil {
		t.Fatal(err)
	}
	defer it.Close()
	put(t, st.Client, "bkt", "k", strings.Repeat("b", 3000))
	b, err := io.ReadAll(it.Body)
	g := wantGap(t, err, scanners.Vanished)
	if string(b) != strings.Repeat("a", 1000) || g.Bytes != 2000 {
		t.Errorf("read %d bytes, gap of %d", len(b), g.Bytes)
	}
}

func TestConnectionCutInTheMiddleOfAnObject(t *testing.T) {
	st := newStore(t)
	st.bucket(t, "bkt", false)
	content := strings.Repeat("0123456789abcdef", 1<<16)
	put(t, st.Client, "bkt", "k", content)
	p := testenv.NewProxy(t, st.Addr)
	c := st.config()
	c.Endpoint, c.attempts = "http://"+p.Addr(), 5
	s := open(t, c)
	p.CutAfter(300 << 10)
	time.AfterFunc(500*time.Millisecond, func() { p.CutAfter(-1) })
	if _, got := read(t, s, "s3://bkt/k"); got != content {
		t.Error("other content after a broken connection")
	}
	// What came before a final cut is handed over.
	c.chunk, c.attempts = 100<<10, 2
	s = open(t, c)
	p.CutAfter(330 << 10)
	it, err := s.Open(t.Context(), scanners.Ref{URI: "s3://bkt/k"})
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(it.Body)
	g := wantGap(t, err, scanners.Offline)
	if len(b) < 310<<10 || !strings.HasPrefix(content, string(b)) || int(g.Bytes)+len(b) != len(content) {
		t.Errorf("read %d bytes, gap of %d", len(b), g.Bytes)
	}
}

func TestStalledServer(t *testing.T) {
	st := newStore(t)
	st.bucket(t, "bkt", false)
	put(t, st.Client, "bkt", "k", "x")
	p := testenv.NewProxy(t, st.Addr)
	c := st.config()
	c.Endpoint, c.attempts, c.Timeout = "http://"+p.Addr(), 2, time.Second
	s := open(t, c)
	list(t.Context(), s).sound(t)
	p.Stall(true)
	start := time.Now()
	g := list(t.Context(), s)
	if len(g.errs) != 1 || scanners.ReasonOf(g.errs[0]) != scanners.Timeout {
		t.Errorf("errors %v", g.errs)
	}
	_, err := s.Open(t.Context(), scanners.Ref{URI: "s3://bkt/k"})
	wantGap(t, err, scanners.Timeout)
	if took := time.Since(start); took > 15*time.Second {
		t.Errorf("took %v", took)
	}
	s = open(t, c)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	if _, err := s.Open(ctx, scanners.Ref{URI: "s3://bkt/k"}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// The whole of what is left of a scan costs a few time-outs, not each object.
func TestServerStallsInTheMiddle(t *testing.T) {
	st := newStore(t)
	st.bucket(t, "bkt", false)
	for i := range 40 {
		put(t, st.Client, "bkt", fmt.Sprint("k", i), "x")
	}
	p := testenv.NewProxy(t, st.Addr)
	c := st.config()
	c.Endpoint, c.attempts, c.Timeout, c.pageSize = "http://"+p.Addr(), 0, time.Second, 30
	s := open(t, c)
	var start time.Time
	var opened []error
	var g got
	for it, err := range s.Items(t.Context(), s.part("bkt")) {
		g.take(it, err)
		if len(g.items) == 5 && start.IsZero() {
			p.Stall(true)
			start = time.Now()
		}
		if err == nil && !start.IsZero() {
			_, err := s.Open(t.Context(), it.Ref)
			opened = append(opened, err)
		}
	}
	if len(opened) != 26 || len(g.errs) != 1 || scanners.ReasonOf(g.errs[0]) != scanners.Timeout {
		t.Errorf("%d opened, errors %v", len(opened), g.errs)
	}
	for _, err := range opened {
		wantGap(t, err, scanners.Timeout)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestWrongSecret(t *testing.T) {
	st := newStore(t)
	st.bucket(t, "bkt", false)
	t.Setenv("SPOOR_TEST_WRONG", "wrong")
	c := st.config()
	c.Secret = secret.From{Env: "SPOOR_TEST_WRONG"}
	for _, uri := range []string{"s3://", "s3://bkt"} {
		c.URI = uri
		s := open(t, c)
		g := list(t.Context(), s)
		if len(g.errs) != 1 || scanners.ReasonOf(g.errs[0]) != scanners.Denied {
			t.Errorf("%s: errors %v", uri, g.errs)
		}
		checks := s.Check(t.Context())
		if c := checks[len(checks)-1]; c.OK || !strings.HasPrefix(c.Remedy, "check access_key_id") {
			t.Errorf("%s: %+v", uri, checks)
		}
	}
}

func TestServerStops(t *testing.T) {
	st := newStore(t)
	st.bucket(t, "bkt", false)
	for i := range 30 {
		put(t, st.Client, "bkt", fmt.Sprint("secret-key-", i), "x")
	}
	c := st.config()
	c.pageSize, c.attempts, c.Connections = 10, 2, 1 // in one share
	s := open(t, c)
	var g got
	for p, err := range s.Parts(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		for it, err := range s.Items(t.Context(), p) {
			g.take(it, err)
			if len(g.items) == 15 {
				st.Stop()
			}
		}
	}
	if len(g.items) != 20 || len(g.errs) != 1 || scanners.ReasonOf(g.errs[0]) != scanners.Offline {
		t.Fatalf("%d items, errors %v", len(g.items), g.errs)
	}
	if text := g.errs[0].Error(); strings.Contains(text, "secret-key") {
		t.Errorf("the error holds content: %s", text)
	}
	st.Start()
	s = open(t, c)
	g2 := got{}
	for p := range s.Parts(t.Context()) {
		p.Cursor = g.items[19].Cursor
		for it, err := range s.Items(t.Context(), p) {
			g2.take(it, err)
		}
	}
	g2.sound(t)
	if all := slices.Compact(got{items: append(g.items, g2.items...)}.keys()); len(all) != 30 || len(g2.items) != 10 {
		t.Errorf("resumed: %d more, %d in all", len(g2.items), len(all))
	}
}

func TestPermissions(t *testing.T) {
	st := newStore(t)
	st.AddUser(t, "reader", "readersecret")
	t.Setenv("SPOOR_TEST_READER", "readersecret")
	for _, b := range []string{"open", "listed", "closed"} {
		st.bucket(t, b, true)
		put(t, st.Client, b, "k", "x", func(in *s3.PutObjectInput) { in.Tagging = aws.String("a=b") })
	}
	allow := func(bucket, actions string) {
		policy := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":["reader"],"Action":[%s],"Resource":["arn:aws:s3:::%s","arn:aws:s3:::%s/*"]}]}`, actions, bucket, bucket)
		if _, err := st.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: &bucket, Policy: &policy}); err != nil {
			t.Fatal(err)
		}
	}
	allow("open", `"s3:ListBucket","s3:ListBucketVersions","s3:GetBucketVersioning","s3:ListBucketMultipartUploads","s3:GetObject","s3:GetObjectVersion","s3:GetObjectTagging","s3:GetObjectVersionTagging"`)
	allow("listed", `"s3:ListBucket"`)
	config := func() *Config {
		c := st.config()
		c.AccessKeyID, c.Secret = "reader", secret.From{Env: "SPOOR_TEST_READER"}
		c.Buckets.Include = []string{"open", "listed", "closed"}
		return c
	}
	s := open(t, config())
	items := map[string]got{}
	for p, err := range s.Parts(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		var g got
		for it, err := range s.Items(t.Context(), p) {
			g.take(it, err)
		}
		items[p.ID] = g
	}
	if len(items) != 3 {
		t.Fatalf("parts: %v", items)
	}
	items["open"].sound(t)
	if g := items["open"]; len(g.items) != 1 {
		t.Errorf("open: %d items", len(g.items))
	} else {
		read(t, s, g.items[0].Ref.URI)
	}
	g := items["listed"]
	if len(g.items) != 1 || len(g.gaps) == 0 || g.gaps[0].Reason != scanners.Denied || !strings.Contains(g.gaps[0].Detail, "versions") {
		t.Errorf("listed: %d items, gaps %v, errors %v", len(g.items), g.gaps, g.errs)
	} else {
		_, err := s.Open(t.Context(), g.items[0].Ref)
		wantGap(t, err, scanners.Denied)
	}
	g = items["closed"]
	if len(g.items) != 0 || len(g.errs) != 1 || scanners.ReasonOf(g.errs[0]) != scanners.Denied {
		t.Errorf("closed: %d items, gaps %v, errors %v", len(g.items), g.gaps, g.errs)
	}
	ok := map[string]bool{}
	for _, c := range s.Check(t.Context()) {
		ok[c.What] = c.OK
		t.Logf("%+v", c)
		if !c.OK && !strings.Contains(c.Remedy, `"s3:ListBucketVersions"`) {
			t.Errorf("no remedy: %+v", c)
		}
	}
	for what, want := range map[string]bool{
		"list objects of bucket open": true, "read an object of bucket open": true, "list object versions of bucket open": true,
		"list objects of bucket listed": true, "read an object of bucket listed": false, "list object versions of bucket listed": false,
		"list objects of bucket closed": false,
	} {
		if got, there := ok[what]; got != want || !there {
			t.Errorf("check %q: %v, want %v", what, got, want)
		}
	}

	c := config()
	c.AccessKeyID = "unknown"
	g = list(t.Context(), open(t, c))
	if len(g.items) != 0 || len(g.errs) == 0 || scanners.ReasonOf(g.errs[0]) != scanners.Denied {
		t.Errorf("unknown account: gaps %v, errors %v", g.gaps, g.errs)
	}
}

func TestNoCredentials(t *testing.T) {
	isolate(t)
	c := Kind().Config().(*Config)
	c.Endpoint = "http://127.0.0.1:9"
	s := open(t, c)
	start := time.Now()
	g := list(t.Context(), s)
	if len(g.errs) != 1 || !errors.Is(g.errs[0], errNoCredentials) {
		t.Errorf("errors %v", g.errs)
	}
	if checks := s.Check(t.Context()); len(checks) != 1 || checks[0].OK || checks[0].Remedy == "" {
		t.Errorf("checks %+v", checks)
	}
	if took := time.Since(start); took > 15*time.Second {
		t.Errorf("took %v", took)
	}
	t.Log(g.errs, time.Since(start))
}

func TestWrongRegion(t *testing.T) {
	st := newStore(t)
	st.bucket(t, "bkt", false)
	c := st.config()
	c.Region = "eu-west-1"
	g := list(t.Context(), open(t, c))
	t.Log(g.errs, g.gaps)
	if len(g.items) != 0 || len(g.errs) != 1 {
		t.Errorf("%d items, errors %v", len(g.items), g.errs)
	}
}

func TestSettingsOfTheEnvironment(t *testing.T) {
	st := newStore(t)
	st.bucket(t, "bkt", false)
	put(t, st.Client, "bkt", "k", "x")
	t.Setenv("AWS_ACCESS_KEY_ID", st.Key)
	t.Setenv("AWS_SECRET_ACCESS_KEY", st.Secret)
	t.Setenv("AWS_ENDPOINT_URL_S3", st.Endpoint)
	t.Setenv("AWS_REGION", st.Region)
	c := Kind().Config().(*Config)
	if err := c.Target("s3://bkt/"); err != nil {
		t.Fatal(err)
	}
	g := list(t.Context(), open(t, c))
	g.sound(t)
	if len(g.items) != 1 {
		t.Fatalf("%d items", len(g.items))
	}
	if l := g.items[0].Ref.Locator.(Locator); l.Endpoint != st.Endpoint || l.Bucket != "bkt" || l.Key != "k" || l.Size != 1 || l.ETag == "" ||
		g.items[0].Ref.If["etag"] != l.ETag {
		t.Errorf("locator %+v", l)
	}
}
