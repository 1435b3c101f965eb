package s3

import (
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/spoor-scan/spoor/internal/secret"
	"github.com/spoor-scan/spoor/scanners"
)

// Objects under a key of the customer's own open with the one that fits, of
// those that are configured.
func TestCustomerKeys(t *testing.T) {
	right, wrong := strings.Repeat("r", 32), strings.Repeat("w", 32)
	in64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	sum := md5.Sum([]byte(right))
	c, cfg := newFake(t, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, "/k") {
			return false
		}
		if r.Header.Get("x-amz-request-payer") != "requester" {
			return refusal(w, 403, "AccessDenied")
		}
		h := "x-amz-server-side-encryption-customer-"
		if r.Header.Get(h+"key") == in64(right) && r.Header.Get(h+"key-MD5") == base64.StdEncoding.EncodeToString(sum[:]) && r.Header.Get(h+"algorithm") == "AES256" {
			return false
		}
		return refusal(w, 400, "InvalidRequest")
	})
	mustBucket(t, c, "bkt")
	put(t, c, "bkt", "k", "zoe@example.be, several ranges long")
	cfg.RequesterPays, cfg.chunk = true, 10
	dir := t.TempDir()
	for name, key := range map[string]string{"right": in64(right), "wrong": in64(wrong), "short": "c2hvcnQ="} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(key+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	from := func(name string) secret.From { return secret.From{File: filepath.Join(dir, name)} }
	_, err := open(t, cfg).Open(t.Context(), scanners.Ref{URI: "s3://bkt/k"})
	wantGap(t, err, scanners.KeyMissing)
	cfg.CustomerKeys = []secret.From{from("wrong")}
	_, err = open(t, cfg).Open(t.Context(), scanners.Ref{URI: "s3://bkt/k"})
	wantGap(t, err, scanners.KeyMissing)
	cfg.CustomerKeys = []secret.From{from("wrong"), from("right")}
	it, err := open(t, cfg).Open(t.Context(), scanners.Ref{URI: "s3://bkt/k"})
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(it.Body); err != nil || string(b) != "zoe@example.be, several ranges long" {
		t.Errorf("%q %v", b, err)
	}
	cfg.CustomerKeys = []secret.From{from("short")}
	if _, err := cfg.Open(t.Context(), scanners.Env{}); err == nil || !strings.Contains(err.Error(), "32 bytes") || strings.Contains(err.Error(), "c2hv") {
		t.Errorf("a short key: %v", err)
	}
}

func TestLock(t *testing.T) {
	until := time.Date(2031, 1, 2, 3, 4, 5, 0, time.UTC)
	ref := scanners.Ref{Locator: Locator{Type: "s3"}}
	lock(&ref, &s3.GetObjectOutput{
		ObjectLockMode: types.ObjectLockModeCompliance, ObjectLockRetainUntilDate: aws.Time(until), ObjectLockLegalHoldStatus: types.ObjectLockLegalHoldStatusOn,
		StorageClass: types.StorageClassStandardIa,
	})
	l := ref.Locator.(Locator)
	if fmt.Sprint(ref.Blocked) != "[object lock (compliance mode) until 2031-01-02 legal hold of the object lock]" ||
		l.RetainUntil != "2031-01-02T03:04:05Z" || l.LockMode != "COMPLIANCE" || !l.LegalHold || l.StorageClass != "STANDARD_IA" {
		t.Errorf("%v %+v", ref.Blocked, l)
	}
	ref = scanners.Ref{Locator: Locator{Type: "s3"}}
	lock(&ref, &s3.GetObjectOutput{StorageClass: types.StorageClassStandard, ObjectLockLegalHoldStatus: types.ObjectLockLegalHoldStatusOff})
	if ref.Blocked != nil || ref.Locator.(Locator) != (Locator{Type: "s3"}) {
		t.Errorf("%v %+v", ref.Blocked, ref.Locator)
	}
	for err, want := range map[error]string{
		&types.InvalidObjectState{StorageClass: types.StorageClassDeepArchive}: "12 to 48 hours",
		&types.InvalidObjectState{StorageClass: types.StorageClassGlacier}:     "minutes to 12 hours",
		io.EOF: "restore it first",
	} {
		if got := archived(err); !strings.Contains(got, want) || !strings.Contains(got, "restore it first") {
			t.Errorf("%v: %s", err, got)
		}
	}
}

// To whom an object's grants give access is read where that is wanted.
func TestGrants(t *testing.T) {
	c, cfg := newFake(t, func(w http.ResponseWriter, r *http.Request) bool {
		if !r.URL.Query().Has("acl") {
			return false
		}
		if strings.HasSuffix(r.URL.Path, "/denied") {
			return refusal(w, 403, "AccessDenied")
		}
		w.Header().Set("Content-Type", "application/xml")
		fmt.Fprint(w, `<AccessControlPolicy><Owner><ID>abc</ID><DisplayName>owner-name</DisplayName></Owner><AccessControlList><Grant>`+
			`<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="AmazonCustomerByEmail"><EmailAddress>zoe@example.be</EmailAddress></Grantee>`+
			`<Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>`)
		return true
	})
	mustBucket(t, c, "bkt")
	put(t, c, "bkt", "k", "x")
	put(t, c, "bkt", "denied", "x")
	cfg.ACL = true
	s := open(t, cfg)
	it, err := s.Open(t.Context(), scanners.Ref{URI: "s3://bkt/k"})
	if err != nil || !strings.Contains(fmt.Sprint(it.Fields), "{grantee-email zoe@example.be}") || !strings.Contains(fmt.Sprint(it.Fields), "{owner owner-name}") {
		t.Errorf("%v %v", it.Fields, err)
	}
	if _, err := s.Open(t.Context(), scanners.Ref{URI: "s3://bkt/denied"}); err != nil {
		t.Error(err)
	}
	if g := list(t.Context(), s); len(g.gaps) != 1 || g.gaps[0].Reason != scanners.Denied || !strings.Contains(g.gaps[0].Error(), "grants of objects") {
		t.Errorf("gaps %v", g.gaps)
	}
}

// A real server's lock stands in the way of the deletion that is proposed.
func TestLockOnServer(t *testing.T) {
	st := newStore(t)
	bucket := "locked"
	if _, err := st.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &bucket, ObjectLockEnabledForBucket: aws.Bool(true)}); err != nil {
		t.Fatal(err)
	}
	until := time.Now().Add(48 * time.Hour).UTC().Truncate(time.Second)
	if _, err := st.PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: &bucket, Key: aws.String("k"), Body: strings.NewReader("zoe@example.be"),
		ObjectLockMode: types.ObjectLockModeGovernance, ObjectLockRetainUntilDate: &until, ObjectLockLegalHoldStatus: types.ObjectLockLegalHoldStatusOn,
	}); err != nil {
		t.Fatal(err)
	}
	s := open(t, st.config())
	found := false
	for _, listed := range list(t.Context(), s).items {
		it, err := s.Open(t.Context(), listed.Ref)
		if err != nil {
			t.Fatal(err)
		}
		l := it.Ref.Locator.(Locator)
		if l.Key != "k" {
			continue
		}
		found = true
		if len(it.Ref.Blocked) != 2 || l.RetainUntil != until.Format(time.RFC3339) || l.LockMode != "GOVERNANCE" || !l.LegalHold {
			t.Errorf("blocked by %q, %+v", it.Ref.Blocked, l)
		}
	}
	if !found {
		g := list(t.Context(), s)
		t.Errorf("the object is not listed: %+v %v %v", g.items, g.gaps, g.errs)
	}
}
