package s3

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/spoor-scan/spoor/scanners"
)

const scheme = "s3://"

// A Locator says all that is needed to get or delete an object version.
type Locator struct {
	Type     string `json:"type"`               // "s3"
	Endpoint string `json:"endpoint,omitempty"` // absent: Amazon's
	Region   string `json:"region,omitempty"`
	Bucket   string `json:"bucket"`
	// Key is the object's key. Where that is not UTF-8, KeyBase64 holds its
	// bytes and Key an approximation.
	Key       string `json:"key"`
	KeyBase64 string `json:"key_base64,omitempty"`
	// VersionID is "null" for a version from before versioning was switched on,
	// and absent where the bucket has no versions.
	VersionID string `json:"version_id,omitempty"`
	// UploadID is set instead for an upload that was never finished.
	UploadID     string `json:"upload_id,omitempty"`
	ETag         string `json:"etag,omitempty"` // as in the HTTP header, with its quotes
	Size         int64  `json:"size"`           // bytes
	DeleteMarker bool   `json:"delete_marker,omitempty"`
	// StorageClass is absent for the standard one. LockMode ("GOVERNANCE",
	// "COMPLIANCE"), RetainUntil (RFC 3339) and LegalHold are those of the object
	// lock, as far as the account may see them.
	StorageClass string `json:"storage_class,omitempty"`
	LockMode     string `json:"lock_mode,omitempty"`
	RetainUntil  string `json:"retain_until,omitempty"`
	LegalHold    bool   `json:"legal_hold,omitempty"`
}

// An object is what a URI names.
type object struct {
	bucket, key, version, upload string
}

// uri returns the place in the form s3://bucket/key?versionId=...
func (o object) uri() string {
	u := scheme + scanners.EscapeSegment(o.bucket) + "/" + scanners.Escape(o.key)
	if o.version != "" {
		u += "?versionId=" + scanners.EscapeQuery(o.version)
	}
	if o.upload != "" {
		u += "?uploadId=" + scanners.EscapeQuery(o.upload)
	}
	return u
}

func (o object) locator() Locator {
	l := Locator{Type: "s3", Bucket: o.bucket, Key: o.key, VersionID: o.version, UploadID: o.upload}
	if !utf8.ValidString(o.key) {
		l.Key = strings.ToValidUTF8(o.key, "\uFFFD")
		l.KeyBase64 = base64.StdEncoding.EncodeToString([]byte(o.key))
	}
	return l
}

// name returns the last step of the key.
func (o object) name() string {
	k := strings.TrimRight(o.key, "/")
	return k[strings.LastIndexByte(k, '/')+1:]
}

// parseURI is the inverse of object.uri. Errors do not quote it: keys may hold
// identifiers.
func parseURI(uri string) (object, error) {
	rest, ok := strings.CutPrefix(uri, scheme)
	if !ok {
		return object{}, errors.New("s3: the URI of an object must start with s3://")
	}
	rest, query, _ := strings.Cut(rest, "?")
	bucket, key, _ := strings.Cut(rest, "/")
	var o object
	var err [4]error
	o.bucket, err[0] = scanners.Unescape(bucket)
	o.key, err[1] = scanners.Unescape(key)
	if query != "" {
		name, value, _ := strings.Cut(query, "=")
		switch name {
		case "versionId":
			o.version, err[2] = scanners.Unescape(value)
		case "uploadId":
			o.upload, err[2] = scanners.Unescape(value)
		default:
			err[2] = errors.New("unknown query")
		}
		if strings.Contains(value, "&") {
			err[3] = errors.New("unknown query")
		}
	}
	if errors.Join(err[:]...) != nil || o.bucket == "" || o.key == "" {
		return object{}, errors.New("s3: the URI of an object must be like s3://bucket/key or s3://bucket/key?versionId=id, percent-encoded")
	}
	return o, nil
}

// parseTarget takes "s3://bucket/prefix" apart; both are empty for "s3://".
func parseTarget(target string) (bucket, prefix string, err error) {
	rest, ok := strings.CutPrefix(target, scheme)
	if !ok {
		return "", "", fmt.Errorf("s3: uri: must be like s3://bucket/prefix, or s3:// for all buckets")
	}
	if strings.ContainsAny(rest, "?#") {
		return "", "", errors.New("s3: uri: must be a bucket and the start of a key; write ? as %3F and # as %23")
	}
	b, p, _ := strings.Cut(rest, "/")
	bucket, err1 := scanners.Unescape(b)
	prefix, err2 := scanners.Unescape(p)
	if err1 != nil || err2 != nil {
		return "", "", errors.New("s3: uri: is not percent-encoded; write % as %25")
	}
	if bucket == "" && prefix != "" || strings.Contains(bucket, "/") {
		return "", "", errors.New("s3: uri: has no bucket; it must be like s3://bucket/prefix, or s3:// for all buckets")
	}
	return bucket, prefix, nil
}

// placeOf names a bucket for people. The name comes from the server.
func placeOf(bucket string) string {
	if len(bucket) > 255 {
		bucket = bucket[:255]
	}
	return "bucket " + strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == utf8.RuneError {
			return '?'
		}
		return r
	}, bucket)
}
