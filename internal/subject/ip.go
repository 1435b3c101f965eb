package subject

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/spoor-scan/spoor/internal/match"
)

// ip adds an address of RFC 791, or the two common spellings of one of RFC 4291.
func (bl *builder) ip(normal string) {
	a, err := netip.ParseAddr(normal)
	if err != nil {
		return
	}
	bounds := func(b []byte, start, end int) bool {
		in := func(c byte) bool { return isAlnum(c) || c == ':' && a.Is6() }
		labelled := a.Is6() && start > 1 && b[start-1] == ':' && !hexGroup(b, start-1) // "ip6:2001:db8::17"
		if start > 0 && in(b[start-1]) && !escaped(b, start) && !labelled || end < len(b) && in(b[end]) && (b[end] != ':' || end+1 < len(b) && in(b[end+1])) {
			return false
		}
		if a.Is4() {
			if start > 1 && b[start-1] == '.' && isDigit(b[start-2]) || end+1 < len(b) && b[end] == '.' && isDigit(b[end+1]) {
				return false
			}
		}
		return true
	}
	if a.Is4() {
		bl.literal(a.String(), "plain", bounds)
		bl.literal("::ffff:"+a.String(), "mapped", func(b []byte, start, end int) bool {
			return bounds(b, start+7, end)
		})
		return
	}
	// All spellings of an IPv6 address start with its first group, if that is not
	// zero; what follows is read as an address.
	first, _, _ := strings.Cut(a.String(), ":")
	if first == "" {
		bl.literal(a.String(), "plain", bounds)
		bl.literal(a.StringExpanded(), "expanded", bounds)
		return
	}
	for _, anchor := range []string{first, fmt.Sprintf("%04s", first)} {
		bl.add(match.Pattern{Text: anchor + ":"}, func(b []byte, start, end int) (int, int, string, bool) {
			to := end
			for to < len(b) && to-start < 45 && (hexValue(b[to]) >= 0 || b[to] == ':' || b[to] == '.') {
				to++
			}
			for to > end && (b[to-1] == '.' || b[to-1] == ':' && b[to-2] != ':') {
				to--
			}
			got, err := netip.ParseAddr(string(b[start:to]))
			if err != nil || got != a || !bounds(b, start, to) {
				return 0, 0, "", false
			}
			form := "plain"
			if !strings.EqualFold(string(b[start:to]), a.String()) {
				form = "expanded"
			}
			return start, to, form, true
		})
		if len(first) == 4 {
			break
		}
	}
}

// hexGroup reports whether the word that ends at i could be a group of an IPv6
// address.
func hexGroup(b []byte, i int) bool {
	j := i
	for j > 0 && i-j < 5 && isAlnum(b[j-1]) {
		j--
	}
	for _, c := range b[j:i] {
		if hexValue(c) < 0 {
			return false
		}
	}
	return i-j < 5
}
