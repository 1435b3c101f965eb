package inventory

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
)

// Fingerprint returns a keyed hash of the value of an attribute in its normal
// form, by which equal values can be told without being known. key is that of
// row hashes; from it another is derived, so that neither tells about the other.
func Fingerprint(key []byte, attribute, normal string) string {
	k := hmac.New(sha256.New, key)
	k.Write([]byte("spoor: fingerprints of attributes"))
	h := hmac.New(sha256.New, k.Sum(nil))
	h.Write([]byte(attribute + "\x00" + normal))
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// column is how a retention names a column.
var column = regexp.MustCompile(`^[^\s./][^\s/]*(\.[^\s./]+){1,3}$`)

// IsColumn reports whether Retention.From names a column, "clients.created" or
// "billing.invoices.date", rather than an event.
func IsColumn(from string) bool { return column.MatchString(from) }
