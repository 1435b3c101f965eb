package subject

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
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
	for _, at := range []struct{ text, form string }{
		{"%40", "percent"},
		{"%2540", "percent-twice"},
		{"=40", "quoted-printable"},
		{"&#64;", "html-entity"},
		{"&#x40;", "html-entity"},
		{"&commat;", "html-entity"},
		{`\u0040`, "json-escape"},
	} {
		bl.literal(local+at.text+domain, at.form, emailBounds)
	}
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
	for _, big := range []bool{false, true} {
		form := "utf-16le"
		if big {
			form = "utf-16be"
		}
		bl.literal(utf16(addr, big), form, func(b []byte, start, end int) bool {
			before, after := byte(0), byte(0)
			if big {
				if start >= 2 && b[start-2] == 0 {
					before = b[start-1]
				}
				if end+1 < len(b) && b[end] == 0 {
					after = b[end+1]
				}
			} else {
				if start >= 2 && b[start-1] == 0 {
					before = b[start-2]
				}
				if end+1 < len(b) && b[end+1] == 0 {
					after = b[end]
				}
			}
			return !localChar(before) && !isAlnum(after) && after != '-'
		})
	}
	for _, kind := range []string{"md5", "sha1", "sha256"} {
		bl.literal(hashOf(kind, addr), kind, wordBounds)
	}
	for _, spelled := range []string{addr, strings.TrimSpace(given)} {
		for shift := range 3 {
			enc, skip := base64At(spelled, shift)
			bl.literal(enc, "base64", func(b []byte, start, end int) bool {
				// base64 is case-sensitive.
				return string(b[start:end]) == enc && base64Bounds(b, start-skip, spelled, shift)
			})
		}
		if spelled == strings.TrimSpace(given) && spelled == addr {
			break
		}
	}
}

// base64Bounds decodes some groups around an address in base64, whose first
// group starts at group, and looks at what stands beside it.
func base64Bounds(b []byte, group int, addr string, shift int) bool {
	const around = 12 // characters on either side: nine bytes
	valid := func(c byte) bool {
		return isAlnum(c) || c == '+' || c == '/' || c == '-' || c == '_'
	}
	from, to := group, group+(shift+len(addr)+2)/3*4
	for from-4 >= 0 && group-from < around && valid(b[from-1]) && valid(b[from-2]) && valid(b[from-3]) && valid(b[from-4]) {
		from -= 4
	}
	if from < 0 {
		return true // the start is cut off
	}
	end := to
	for to < len(b) && to-end < around && valid(b[to]) {
		to++
	}
	text := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(string(b[from:min(to, len(b))]), "="))
	if len(text)%4 == 1 {
		text = text[:len(text)-1]
	}
	plain, err := base64.RawStdEncoding.DecodeString(text)
	at := (group-from)/4*3 + shift
	if err != nil || at+len(addr) > len(plain) {
		return err != nil // wrapped or broken: what stands beside it can't be told
	}
	return emailBounds(plain, at, at+len(addr))
}

// base64At encodes s as it stands in base64 when shift bytes of its first group
// precede it, without the characters that depend on its neighbours (RFC 4648).
func base64At(s string, shift int) (enc string, skipped int) {
	enc = base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("\x00", shift) + s))
	from := []int{0, 2, 3}[shift]
	to := (shift + len(s)) / 3 * 4
	return enc[from:to], from
}

func utf16(s string, big bool) string {
	var b strings.Builder
	for _, r := range s {
		if r > 0xffff {
			r = 0xfffd
		}
		if big {
			b.WriteByte(byte(r >> 8))
			b.WriteByte(byte(r))
		} else {
			b.WriteByte(byte(r))
			b.WriteByte(byte(r >> 8))
		}
	}
	return b.String()
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
