package s3

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/spoor-scan/spoor/scanners"
)

// A fault is a failed request, told without what the server or the driver
// quotes: keys stand in their texts.
type fault struct {
	op     string // "list objects of bucket backups"
	code   string // the server's own: "AccessDenied"
	status int    // of HTTP, 0 where there was no answer
	reason scanners.Reason
	detail string
	err    error
}

func (f *fault) Error() string { return "s3: " + f.text() }

func (f *fault) text() string {
	s := f.op
	switch {
	case f.detail != "":
		s += ": " + f.detail
	case f.reason == scanners.Denied:
		s += ": not allowed"
	case f.reason == scanners.Vanished:
		s += ": not there"
	case f.reason == scanners.Timeout:
		s += ": no answer in time"
	case f.reason == scanners.Offline:
		s += ": cannot reach the server, or the connection broke"
	default:
		s += ": failed"
	}
	switch {
	case f.code != "" && f.status != 0:
		s += fmt.Sprintf(" (%s, status %d)", f.code, f.status)
	case f.status != 0:
		s += fmt.Sprintf(" (status %d)", f.status)
	}
	return s
}

func (f *fault) Unwrap() error { return f.err }

// Is gives scanners.ReasonOf what it looks for.
func (f *fault) Is(target error) bool {
	switch target {
	case fs.ErrPermission:
		return f.reason == scanners.Denied
	case fs.ErrNotExist:
		return f.reason == scanners.Vanished
	case context.DeadlineExceeded, os.ErrDeadlineExceeded:
		return f.reason == scanners.Timeout
	case io.ErrUnexpectedEOF:
		return f.reason == scanners.Offline
	}
	return false
}

// gap turns the fault of one object into a gap.
func (f *fault) gap(ref scanners.Ref, bytes int64) *scanners.Gap {
	return &scanners.Gap{URI: ref.URI, Place: ref.Place, Reason: f.reason, Detail: f.text(), Bytes: max(bytes, 0), Err: f}
}

// codeOf returns the server's error code and the HTTP status, where err holds them.
func codeOf(err error) (code string, status int) {
	var re *smithyhttp.ResponseError
	if errors.As(err, &re) {
		status = re.HTTPStatusCode()
	}
	var ae smithy.APIError
	if errors.As(err, &ae) {
		code = strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-' {
				return r
			}
			return -1
		}, ae.ErrorCode())
		code = code[:min(len(code), 64)]
	}
	return code, status
}

// newFault says what the error of a request means. Codes are those of the S3
// API reference, "Error responses".
func newFault(op string, err error) *fault {
	var f *fault
	if errors.As(err, &f) {
		return f
	}
	f = &fault{op: op, err: err}
	f.code, f.status = codeOf(err)
	var cert *tls.CertificateVerificationError
	switch {
	case errors.As(err, &cert):
		f.reason, f.detail = scanners.Offline, "the server's certificate is not trusted; set ca or AWS_CA_BUNDLE"
	case errors.Is(err, errNoCredentials):
		f.reason, f.detail = scanners.Denied, errNoCredentials.Error()
	case errors.Is(err, errTooLong):
		f.reason, f.detail = scanners.TooLarge, errTooLong.Error()
	case errors.Is(err, errDown):
		f.reason, f.detail = scanners.Offline, errDown.Error()
	case errors.Is(err, errStalled):
		f.reason, f.detail = scanners.Timeout, errStalled.Error()
	case f.code == "InvalidObjectState":
		f.reason, f.detail = scanners.Offline, archived(err)
	case strings.HasPrefix(f.code, "KMS."):
		f.reason, f.detail = scanners.KeyMissing, "its key in the key management service cannot be used"
	case f.code == "NotImplemented", f.code == "MethodNotAllowed", f.status == http.StatusNotImplemented, f.status == http.StatusMethodNotAllowed:
		f.reason, f.detail = scanners.Unsupported, "the server does not offer this"
	case f.status == http.StatusForbidden, f.status == http.StatusUnauthorized,
		f.code == "AccessDenied", f.code == "ExpiredToken", f.code == "InvalidToken", f.code == "AllAccessDisabled":
		f.reason = scanners.Denied
	case f.status == http.StatusNotFound, f.status == http.StatusGone:
		f.reason = scanners.Vanished
	case f.status == http.StatusPreconditionFailed:
		f.reason, f.detail = scanners.Vanished, "the object was replaced while it was read"
	case f.status == http.StatusMovedPermanently, f.code == "AuthorizationHeaderMalformed":
		f.reason, f.detail = scanners.Failed, "the bucket is in another region; set region"
	case f.code == "RequestTimeout", f.status == http.StatusRequestTimeout, f.status == http.StatusGatewayTimeout:
		f.reason = scanners.Timeout
	case f.code == "SlowDown", f.status == http.StatusTooManyRequests, f.status == http.StatusServiceUnavailable, f.status == http.StatusBadGateway:
		f.reason, f.detail = scanners.Offline, "the server is overloaded"
	case f.status != 0 && f.code != "":
		f.reason = scanners.Failed
	default:
		f.reason = scanners.ReasonOf(err)
	}
	return f
}

// transient reports whether trying again may help.
func transient(err error) bool {
	var g *scanners.Gap
	var cert *tls.CertificateVerificationError
	var de *smithy.DeserializationError
	switch {
	case errors.As(err, &g), errors.Is(err, context.Canceled), errors.As(err, &cert),
		errors.Is(err, errNoCredentials), errors.Is(err, errDown), errors.Is(err, errStalled), errors.Is(err, errClosed), errors.Is(err, errTooLong):
		return false
	}
	code, status := codeOf(err)
	switch code {
	case "RequestTimeout", "SlowDown", "InternalError", "ServiceUnavailable", "Throttling", "ThrottlingException",
		"RequestLimitExceeded", "BandwidthLimitExceeded", "RequestTimeTooSkewed":
		return true
	}
	switch status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	if code != "" || status >= 300 {
		return false
	}
	if errors.As(err, &de) {
		return true // an answer that was cut off
	}
	r := scanners.ReasonOf(err)
	return r == scanners.Offline || r == scanners.Timeout
}

var (
	errNoCredentials = errors.New("no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, or access_key_id with password_file")
	errDown          = errors.New("the server has not been reached for a long time")
	errStalled       = errors.New("the server has stopped answering")
)

// maxStalls is how many requests may time out, one after the other, until a
// server is given up.
const maxStalls = 3

// patient returns what reports whether trying again may help: a time-out is
// worth no more than one other try, since each costs all of it.
func patient() func(error) bool {
	stalls := 0
	return func(err error) bool {
		if scanners.ReasonOf(err) == scanners.Timeout {
			stalls++
		}
		return stalls <= 1 && transient(err)
	}
}

// A breaker keeps a dead server from costing every one of a million objects
// its full time-out: once nothing at all has been answered for a while, one
// request in ten seconds is tried, and the others fail at once.
type breaker struct {
	timeout time.Duration // of a request

	mu     sync.Mutex
	fails  int
	stalls int       // of fails: those that timed out
	last   error     // of fails
	since  time.Time // of the first of fails
	tried  time.Time // when the last request began or failed
}

func (b *breaker) allow(now time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	silent := now.Sub(b.since)
	// Requests side by side time out together: one more time-out has to pass.
	down := b.fails >= 16 && silent > 2*b.timeout || b.stalls >= maxStalls && silent >= b.timeout
	if down && now.Sub(b.tried) < 10*time.Second {
		if scanners.ReasonOf(b.last) == scanners.Timeout {
			return errStalled
		}
		return errDown
	}
	b.tried = now
	return nil
}

// note takes the result of a request: any answer of the server, even a refusal,
// is a sign of life.
func (b *breaker) note(err error, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, status := codeOf(err); err == nil || status != 0 {
		b.fails, b.stalls, b.last = 0, 0, nil
		return
	}
	if b.fails == 0 {
		b.since = now
	}
	if scanners.ReasonOf(err) == scanners.Timeout {
		b.stalls++
	}
	b.fails++
	b.last, b.tried = err, now
}

// call makes a request that concerns a bucket (or none), again and again while
// that may help. Its error is nil, that of ctx, or a *fault; op names the
// operation and its place.
func (s *source) call(ctx context.Context, op, bucket string, f func(ctx context.Context, region func(*s3.Options)) error) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	err := scanners.Retry(ctx, s.attempts, patient(), func(ctx context.Context) error {
		if err := s.breaker.allow(time.Now()); err != nil {
			return err
		}
		// Besides the limit of silence, one of the whole: a server may trickle.
		try := func() error {
			ctx, cancel := context.WithTimeout(ctx, 10*s.timeout)
			defer cancel()
			return f(ctx, s.regionOf(bucket))
		}
		err := try()
		if err != nil && s.learnRegion(bucket, err) {
			err = try()
		}
		if ctx.Err() == nil {
			s.breaker.note(err, time.Now())
		}
		return err
	})
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("s3: %s: %w", op, context.Cause(ctx))
	}
	var g *scanners.Gap
	if errors.As(err, &g) {
		return g
	}
	return newFault(op, err)
}

// ready sees to it that there are credentials.
func (s *source) ready(ctx context.Context) error {
	cred := s.client.Options().Credentials
	lookup, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	if cred != nil {
		if v, err := cred.Retrieve(lookup); err == nil && v.HasKeys() {
			return nil
		}
	}
	if ctx.Err() != nil {
		return fmt.Errorf("s3: %w", context.Cause(ctx))
	}
	return newFault("look up credentials", errNoCredentials)
}

func (s *source) regionOf(bucket string) func(*s3.Options) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.regions[bucket]
	return func(o *s3.Options) {
		if r != "" {
			o.Region = r
		}
	}
}

func (s *source) setRegion(bucket, region string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.regions) < 1<<16 {
		s.regions[bucket] = region
	}
}

// learnRegion takes the region of a bucket from the server's refusal, and
// reports whether that is news.
func (s *source) learnRegion(bucket string, err error) bool {
	var re *awshttp.ResponseError
	if bucket == "" || !errors.As(err, &re) || re.Response == nil {
		return false
	}
	region := re.Response.Header.Get("X-Amz-Bucket-Region")
	if region == "" || len(region) > 64 {
		return false
	}
	s.mu.Lock()
	known := s.regions[bucket]
	s.mu.Unlock()
	if known == "" {
		known = s.region
	}
	if region == known {
		return false
	}
	s.setRegion(bucket, region)
	return true
}
