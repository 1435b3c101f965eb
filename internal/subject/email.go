package subject

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/spoor-scan/spoor/internal/match"
	"github.com/spoor-scan/spoor/rules"
)

// hashed finds the address whose hash is known, by hashing every address.
func (bl *builder) hashed(kind, sum string) {
	bl.add(match.Pattern{Text: "@"}, func(b []byte, start, _ int) (from, to int, form string, ok bool) {
		lo := max(start-64, 0)
		rules.Email().Find(b[lo:min(start+256, len(b))], func(s, e int) bool {
			from, to = lo+s, lo+e
			ok = from < start && start < to && hashOf(kind, strings.ToLower(string(b[from:to]))) == sum
			return to <= start
		})
		return from, to, "plain", ok
	})
}

func hashOf(kind, s string) string {
	switch kind {
	case "md5":
		h := md5.Sum([]byte(s)) //nolint:gosec // see subject.go
		return hex.EncodeToString(h[:])
	case "sha1":
		h := sha1.Sum([]byte(s)) //nolint:gosec // see subject.go
		return hex.EncodeToString(h[:])
	}
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:])
}

// email adds the forms of an address.
func (bl *builder) email(addr, given string) {
	local, domain, _ := strings.Cut(addr, "@")
	bl.literal(addr, "plain", emailBounds)
	bl.add(match.Pattern{Text: local + "+"}, func(b []byte, start, end int) (int, int, string, bool) {
		// Sub-addressing (RFC 5233): the tag ends at the @.
		i := end
		for i < len(b) && i-end <= 64 && (isAlnum(b[i]) || strings.IndexByte("._%-+=", b[i]) >= 0) {
			i++
		}
		to := i + 1 + len(domain)
		if i == end || to > len(b) || b[i] != '@' || !strings.EqualFold(string(b[i+1:to]), domain) {
			return 0, 0, "", false
		}
		return start, to, "plus-tag", emailBounds(b, start, to)
	})
	for _, kind := range []string{"md5", "sha1", "sha256"} {
		bl.literal(hashOf(kind, addr), kind, wordBounds)
	}
}

func localChar(c byte) bool {
	return isAlnum(c) || c != 0 && strings.IndexByte("._%+-", c) >= 0
}

// emailBounds keeps azoe@example.be and zoe@example.be.com apart from
// zoe@example.be.
func emailBounds(b []byte, start, end int) bool {
	// Marks belong to the address only behind a letter or digit: "a.zoe@" is
	// another's, "--zoe@" and "...zoe@" are hers.
	i := start
	for i > 0 && start-i < 64 && strings.IndexByte("._%+-", b[i-1]) >= 0 {
		i--
	}
	return !wordBefore(b, i) && domainEnd(b, end)
}
