package s3

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/spoor-scan/spoor/scanners"
)

// maxChecked is how many buckets a preflight looks at.
const maxChecked = 100

// Check implements scanners.Source. It tries with one object of each bucket
// what a scan does with all of them, without getting its content.
func (s *source) Check(ctx context.Context) []scanners.Check {
	var checks []scanners.Check
	add := func(what string, err error) bool {
		c := scanners.Check{What: what, OK: err == nil}
		if err != nil {
			c.Detail, c.Remedy = detailOf(err), remedy(err, "*")
		}
		checks = append(checks, c)
		return err == nil
	}
	if !add("credentials", s.ready(ctx)) {
		return checks
	}
	names := []string{s.bucket}
	if s.bucket == "" {
		names = nil
		more := 0
		var failed error
		seen := map[string]bool{}
		for name, err := range s.listBuckets(ctx) {
			if err != nil {
				failed = err
				break
			}
			if seen[name] || !s.buckets.match(name) {
				continue
			}
			seen[name] = true
			if len(names) == maxChecked {
				more++
				continue
			}
			names = append(names, name)
		}
		if !add("list buckets", failed) && (scanners.ReasonOf(failed) != scanners.Denied || unknown(failed)) {
			return checks // so it is with everything else
		}
		for _, name := range s.buckets.literals() {
			if !seen[name] && len(names) < maxChecked {
				names = append(names, name)
			}
		}
		if more > 0 {
			checks = append(checks, scanners.Check{What: "buckets", OK: true, Detail: fmt.Sprintf("%d more were not looked at", more)})
		}
	}
	for _, name := range names {
		checks = append(checks, s.checkBucket(ctx, name)...)
		if ctx.Err() != nil {
			break
		}
	}
	return checks
}

func (s *source) checkBucket(ctx context.Context, bucket string) []scanners.Check {
	var checks []scanners.Check
	place := placeOf(bucket)
	add := func(what string, err error) bool {
		c := scanners.Check{What: what + " of " + place, OK: err == nil}
		if err != nil {
			c.Detail, c.Remedy = detailOf(err), remedy(err, bucket)
		}
		checks = append(checks, c)
		return err == nil
	}
	pg, err := s.objectsPage(ctx, bucket, s.prefix, "", "", 1)
	if !add("list objects", err) {
		return checks
	}
	if s.versions {
		state, err := s.versioning(ctx, bucket)
		if err != nil && scanners.ReasonOf(err) == scanners.Unsupported {
			state, err = "", nil
		}
		if state != "" || err != nil {
			// Their list is enough, even without leave to ask whether they are kept.
			var versions page
			versions, err = s.versionsPage(ctx, bucket, s.prefix, "", "", 1)
			if len(pg.entries) == 0 {
				pg = versions
			}
		}
		add("list object versions", err)
	}
	for _, e := range pg.entries {
		if e.deleted {
			continue
		}
		o := object{bucket: bucket, key: e.key, version: e.id}
		err := s.head(ctx, o)
		if scanners.ReasonOf(err) == scanners.Vanished {
			break
		}
		add("read an object", err)
		if err = s.probeTags(ctx, o); scanners.ReasonOf(err) == scanners.Unsupported || scanners.ReasonOf(err) == scanners.Vanished {
			err = nil
		}
		add("read object tags", err)
		break
	}
	if _, err = s.uploadsPage(ctx, bucket, s.prefix, "", "", 1); err != nil && scanners.ReasonOf(err) == scanners.Unsupported {
		err = nil
	}
	add("list unfinished uploads", err)
	return checks
}

// head asks whether an object could be read, without reading it.
func (s *source) head(ctx context.Context, o object) error {
	return s.call(ctx, "read an object of "+placeOf(o.bucket), o.bucket, func(ctx context.Context, region func(*s3.Options)) error {
		_, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &o.bucket, Key: &o.key, VersionId: optional(o.version)}, region)
		return err
	})
}

func detailOf(err error) string {
	var f *fault
	if errors.As(err, &f) {
		return f.text()
	}
	return strings.TrimPrefix(err.Error(), "s3: ")
}

// unknown reports whether the server knows no such account or secret, which no
// permission can mend.
func unknown(err error) bool {
	var f *fault
	if errors.Is(err, errNoCredentials) {
		return true
	}
	if !errors.As(err, &f) {
		return false
	}
	switch f.code {
	case "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken", "InvalidClientTokenId", "InvalidSecurity", "NotSignedUp":
		return true
	}
	return f.status == http.StatusUnauthorized
}

// remedy says what to do about the fault of a request to a bucket ("*": of all).
func remedy(err error, bucket string) string {
	var f *fault
	var cert *tls.CertificateVerificationError
	switch {
	case errors.Is(err, errNoCredentials):
		return "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or access_key_id and password_file in the configuration"
	case unknown(err):
		return "check access_key_id and the secret that goes with it (password_file, AWS_SECRET_ACCESS_KEY or the profile)"
	case !errors.As(err, &f):
		return ""
	case errors.As(err, &cert):
		return "set ca or AWS_CA_BUNDLE to the certificate of the server's authority"
	case f.code == "RequestTimeTooSkewed":
		return "set the clocks of this machine and the server right"
	case f.status == 0 && (f.reason == scanners.Timeout || f.reason == scanners.Offline || f.reason == scanners.Failed):
		return "start the server, or make it reachable from here; check endpoint"
	case f.reason == scanners.Timeout, f.reason == scanners.Offline:
		return "try again when the server is less busy, or raise timeout"
	case f.reason == scanners.Denied:
		return policy(bucket)
	case f.code == "NoSuchBucket":
		return "check the name of the bucket, and endpoint and region"
	}
	return ""
}

// policy returns the IAM policy that allows a scan of a bucket ("*": of all) and
// nothing else.
func policy(bucket string) string {
	type statement struct {
		Effect   string
		Action   []string
		Resource string
	}
	p := struct {
		Version   string
		Statement []statement
	}{"2012-10-17", []statement{
		{"Allow", []string{"s3:ListAllMyBuckets"}, "*"},
		{"Allow", []string{"s3:ListBucket", "s3:ListBucketVersions", "s3:GetBucketVersioning", "s3:ListBucketMultipartUploads"}, "arn:aws:s3:::" + bucket},
		{"Allow", []string{"s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectTagging", "s3:GetObjectVersionTagging", "s3:ListMultipartUploadParts"}, "arn:aws:s3:::" + bucket + "/*"},
	}}
	b, err := json.Marshal(p)
	if err != nil {
		return ""
	}
	return string(b)
}
