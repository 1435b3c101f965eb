package s3

import (
	"context"
	"crypto/md5" //nolint:gosec // the protocol wants it
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/spoor-scan/spoor/internal/secret"
	"github.com/spoor-scan/spoor/scanners"
)

// lock notes what an object's lock and class are, and that a lock stands in the
// way of its deletion.
func lock(ref *scanners.Ref, out *s3.GetObjectOutput) {
	l, ok := ref.Locator.(Locator)
	if !ok {
		return
	}
	l.StorageClass = string(out.StorageClass)
	if l.StorageClass == string(types.StorageClassStandard) {
		l.StorageClass = ""
	}
	if until := aws.ToTime(out.ObjectLockRetainUntilDate); out.ObjectLockMode != "" && !until.IsZero() {
		l.LockMode, l.RetainUntil = string(out.ObjectLockMode), until.UTC().Format(time.RFC3339)
		ref.Blocked = append(ref.Blocked, "object lock ("+strings.ToLower(l.LockMode)+" mode) until "+until.UTC().Format(time.DateOnly))
	}
	if out.ObjectLockLegalHoldStatus == types.ObjectLockLegalHoldStatusOn {
		l.LegalHold = true
		ref.Blocked = append(ref.Blocked, "legal hold of the object lock")
	}
	ref.Locator = l
}

// locked fills in the lock of an object of a bucket with object lock, where a
// server tells it to those alone who ask for no content.
func (s *source) locked(ctx context.Context, o object, key *sseKey, out *s3.GetObjectOutput) {
	if out.ObjectLockMode != "" || out.ObjectLockLegalHoldStatus != "" || !s.locks(ctx, o.bucket) {
		return
	}
	_ = s.call(ctx, "read the lock of an object of "+placeOf(o.bucket), o.bucket, func(ctx context.Context, region func(*s3.Options)) error {
		in := &s3.HeadObjectInput{Bucket: &o.bucket, Key: &o.key, VersionId: optional(o.version)}
		if key != nil {
			in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5 = aws.String("AES256"), aws.String(key.key.Reveal()), aws.String(key.md5)
		}
		head, err := s.client.HeadObject(ctx, in, region)
		if err == nil {
			out.ObjectLockMode, out.ObjectLockRetainUntilDate, out.ObjectLockLegalHoldStatus = head.ObjectLockMode, head.ObjectLockRetainUntilDate, head.ObjectLockLegalHoldStatus
		}
		return err
	}) // who may not know of a lock reads the object all the same
}

// locks reports whether a bucket has object lock; it is asked once.
func (s *source) locks(ctx context.Context, bucket string) bool {
	s.mu.Lock()
	on, known := s.locking[bucket]
	s.mu.Unlock()
	if known {
		return on
	}
	err := s.call(ctx, "read the object lock of "+placeOf(bucket), bucket, func(ctx context.Context, region func(*s3.Options)) error {
		out, err := s.client.GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: &bucket}, region)
		on = err == nil && out.ObjectLockConfiguration != nil && out.ObjectLockConfiguration.ObjectLockEnabled == types.ObjectLockEnabledEnabled
		return err
	})
	if ctx.Err() == nil {
		s.mu.Lock()
		s.locking[bucket] = err == nil && on
		s.mu.Unlock()
	}
	return err == nil && on
}

// archived says what reading an archived object takes. Source: S3 API reference,
// InvalidObjectState; user guide, "Restoring an archived object".
func archived(err error) string {
	var state *types.InvalidObjectState
	class := ""
	if errors.As(err, &state) {
		class = string(state.StorageClass)
		if state.AccessTier != "" {
			class = string(state.AccessTier)
		}
	}
	switch class {
	case "":
		return "the object is archived; restore it first, which its owner is charged for by the byte"
	case string(types.StorageClassGlacier), string(types.IntelligentTieringAccessTierArchiveAccess):
		return "the object is archived (" + class + "); restore it first: in minutes to 12 hours, charged by the byte and request, bulk the cheapest"
	case string(types.StorageClassDeepArchive), string(types.IntelligentTieringAccessTierDeepArchiveAccess):
		return "the object is archived (" + class + "); restore it first: in 12 to 48 hours, charged by the byte and request, bulk the cheapest"
	}
	return "the object is archived (" + strings.ToUpper(class[:min(len(class), 40)]) + "); restore it first"
}

// An sseKey is a customer's key (SSE-C), as requests name it.
type sseKey struct {
	key secret.Value // in base64
	md5 string
}

func customerKey(ctx context.Context, from *secret.From) (sseKey, error) {
	v, err := from.Get(ctx, "")
	if err != nil {
		return sseKey{}, fmt.Errorf("s3: customer_keys: %w", err)
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(v.Reveal()))
	if err != nil || len(raw) != 32 {
		return sseKey{}, errors.New("s3: customer_keys: a key must be 32 bytes in base64")
	}
	sum := md5.Sum(raw)
	return sseKey{key: secret.New(base64.StdEncoding.EncodeToString(raw)), md5: base64.StdEncoding.EncodeToString(sum[:])}, nil
}

// use has a request read what is encrypted under the key.
func (k *sseKey) use(in *s3.GetObjectInput) {
	if k == nil {
		return
	}
	in.SSECustomerAlgorithm = aws.String("AES256")
	in.SSECustomerKey, in.SSECustomerKeyMD5 = aws.String(k.key.Reveal()), aws.String(k.md5)
}

// grants returns to whom an object's access control list gives access.
func (s *source) grants(ctx context.Context, o object) ([]scanners.Field, error) {
	var out *s3.GetObjectAclOutput
	err := s.call(ctx, "read the grants of an object of "+placeOf(o.bucket), o.bucket, func(ctx context.Context, region func(*s3.Options)) (err error) {
		out, err = s.client.GetObjectAcl(ctx, &s3.GetObjectAclInput{Bucket: &o.bucket, Key: &o.key, VersionId: optional(o.version)}, region)
		return err
	})
	if err != nil {
		return nil, err
	}
	var fields []scanners.Field
	add := func(name string, v *string) {
		if aws.ToString(v) != "" {
			fields = append(fields, scanners.Field{Name: name, Value: *v})
		}
	}
	if out.Owner != nil {
		add("owner", out.Owner.DisplayName)
		add("owner-id", out.Owner.ID)
	}
	for _, g := range out.Grants {
		if g.Grantee != nil {
			add("grantee", g.Grantee.DisplayName)
			add("grantee-email", g.Grantee.EmailAddress)
			add("grantee-id", g.Grantee.ID)
		}
	}
	return fields, nil
}
