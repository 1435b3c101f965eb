package subject

import (
	"bytes"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/spoor-scan/spoor/internal/match"
)

// ip adds an address of RFC 791 or RFC 4291.
func (bl *builder) ip(normal string) {
	a, err := netip.ParseAddr(normal)
	if err != nil {
		return
	}
	k := bl.known
	k.ips[a] = append(k.ips[a], bl.owner())
	if a.Is4() {
		bl.ip4(a)
	} else {
		bl.ip6(a)
	}
}

func (bl *builder) ip4(a netip.Addr) {
	v, k := a.As4(), bl.known
	number := func(dotted string) {
		if digits := strings.ReplaceAll(dotted, ".", ""); len(digits) >= 5 { // else the literal of it is looked for
			bl.lead(match.Pattern{Text: digits, Digits: true}, "ip4", k.ip4)
		}
	}
	plain := a.String()
	if len(plain) < 8 {
		bl.lead(match.Pattern{Text: plain}, "ip4", k.ip4)
	} else {
		number(plain)
	}
	number(octalGroups(v))
	bl.lead(match.Pattern{Text: fmt.Sprintf("%d[.]%d[.]%d[.]%d", v[0], v[1], v[2], v[3])}, "defanged", k.defanged4)
	for _, f := range []string{padded, octal, octal4} {
		number(fmt.Sprintf(f, v[0], v[1], v[2], v[3]))
	}
	n := uint32(v[0])<<24 | uint32(v[1])<<16 | uint32(v[2])<<8 | uint32(v[3])
	number(strconv.FormatUint(uint64(n), 10))
	bl.lead(match.Pattern{Text: fmt.Sprintf("0x%08x", n)}, "hex", k.hex4)
	bl.lead(match.Pattern{Text: fmt.Sprintf(".0x%02x.0x", v[1])}, "dotted hex", k.dottedHex4)
	if v[1] < 16 {
		bl.lead(match.Pattern{Text: fmt.Sprintf(".0x%x.0x", v[1])}, "dotted hex", k.dottedHex4)
	}
	// What few texts have leads to anybody's.
	bl.lead(match.Pattern{Text: ".in-addr"}, "reverse", k.reverse4)
	// In the last two groups of an IPv6 address.
	hi, lo := n>>16, n&0xffff
	tail := fmt.Sprintf("%x:%x", hi, lo)
	bl.lead(match.Pattern{Text: tail}, "ip6", bl.known.ip6)
	if padded := fmt.Sprintf("%04x:%04x", hi, lo); padded != tail {
		bl.lead(match.Pattern{Text: padded}, "ip6", bl.known.ip6)
	}
}

// How the four groups of an address may be written besides "198.51.100.23".
const (
	padded = "%03d.%03d.%03d.%03d"
	octal  = "0%o.0%o.0%o.0%o" // inet_aton reads a leading zero as octal
	octal4 = "%04o.%04o.%04o.%04o"
)

// octalGroups writes an address as C does with "%#o": a zero by itself has none
// in front of it.
func octalGroups(v [4]byte) string {
	return fmt.Sprintf("%#o.%#o.%#o.%#o", v[0], v[1], v[2], v[3])
}

// defanged4 reads an address whose dots are in brackets, so that it is no link, as
// reports of abuse have it.
func (k *known) defanged4(b []byte, start, end int, found take) {
	a, err := netip.ParseAddr(strings.ReplaceAll(string(b[start:end]), "[.]", "."))
	if err != nil || !wordBounds(b, start, end) || bytes.HasSuffix(b[:start], []byte("[.]")) || bytes.HasPrefix(b[end:], []byte("[.]")) {
		return
	}
	for _, o := range k.ips[a] {
		found(o, start, end, "obfuscated")
	}
}

// ip4 reads the address in digits at b[start:end].
func (k *known) ip4(b []byte, start, end int, found take) {
	var groups [4]string
	n := 0
	for i := start; i < end; n++ {
		j := i
		for j < end && isDigit(b[j]) {
			j++
		}
		if n == 4 || j == i || j-i > 4 && (j-i > 10 || n > 0) {
			return
		}
		groups[n] = string(b[i:j])
		for i = j; i < end && !isDigit(b[i]); i++ {
		}
	}
	if n == 1 {
		v, err := strconv.ParseUint(groups[0], 10, 32)
		if err != nil || groups[0][0] == '0' || !wordBounds(b, start, end) || start > 0 && strings.IndexByte("-+.", b[start-1]) >= 0 ||
			end+1 < len(b) && strings.IndexByte(".,-", b[end]) >= 0 && isDigit(b[end+1]) && decimals(b, end) {
			return
		}
		for _, o := range k.ips[netip.AddrFrom4([4]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)})] {
			found(o, start, end, "integer")
		}
		return
	}
	if n != 4 {
		return
	}
	dotted := strings.Join(groups[:], ".")
	for _, base := range []int{10, 8} {
		var v [4]byte
		ok := true
		for i, g := range groups {
			u, err := strconv.ParseUint(g, base, 8)
			v[i], ok = byte(u), ok && err == nil
		}
		if !ok {
			continue
		}
		written := func(format string) bool { return fmt.Sprintf(format, v[0], v[1], v[2], v[3]) == dotted }
		form := "plain"
		switch {
		case base == 10 && written("%d.%d.%d.%d"):
		case base == 10 && written(padded):
			form = "padded"
		case base == 8 && (written(octal) || written(octal4) || dotted == octalGroups(v)):
			form = "octal"
		default:
			continue
		}
		owners := k.ips[netip.AddrFrom4(v)]
		if len(owners) == 0 {
			continue
		}
		if form, ok := ip4Written(b, start, end, dotted, form); ok {
			for _, o := range owners {
				found(o, start, end, form)
			}
		}
	}
}

// hex4 reads the address that is a number in hexadecimal at b[start:end].
func (k *known) hex4(b []byte, start, end int, found take) {
	v, err := strconv.ParseUint(string(b[start+2:end]), 16, 32)
	if err != nil || !wordBounds(b, start, end) {
		return
	}
	for _, o := range k.ips[netip.AddrFrom4([4]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)})] {
		found(o, start, end, "hex")
	}
}

// dottedHex4 reads the address in four groups in hexadecimal, before the second
// of which b[start] is.
func (k *known) dottedHex4(b []byte, start, _ int, found take) {
	from := start
	for from > 0 && start-from < 3 && hexValue(b[from-1]) >= 0 && b[from-1]|0x20 != 'x' {
		from--
	}
	if from == start || from < 2 || b[from-1]|0x20 != 'x' || b[from-2] != '0' || wordBefore(b, from-2) || from > 2 && b[from-3] == '.' {
		return
	}
	var v [4]byte
	at := from - 2
	for i := range v {
		if i > 0 {
			if at >= len(b) || b[at] != '.' {
				return
			}
			at++
		}
		if at+2 >= len(b) || b[at] != '0' || b[at+1]|0x20 != 'x' {
			return
		}
		at += 2
		n, u := at, 0
		for n < len(b) && n-at < 3 && hexValue(b[n]) >= 0 {
			u = u<<4 | int(hexValue(b[n]))
			n++
		}
		if n == at || n-at > 2 {
			return
		}
		v[i], at = byte(u), n
	}
	if wordAt(b, at) || at+1 < len(b) && b[at] == '.' && isAlnum(b[at+1]) {
		return
	}
	for _, o := range k.ips[netip.AddrFrom4(v)] {
		found(o, from-2, at, "hex")
	}
}

// reverse4 reads the name of an address in the domain in-addr.arpa (RFC 1035,
// 3.5), whose groups are in reverse and end at start.
func (k *known) reverse4(b []byte, start, end int, found take) {
	if !foldedPrefix(b, end, ".arpa") {
		return
	}
	var v [4]byte
	at := start
	for i := range v {
		if i > 0 {
			if at == 0 || b[at-1] != '.' {
				return
			}
			at--
		}
		n := at
		for n > 0 && at-n < 4 && isDigit(b[n-1]) {
			n--
		}
		u, err := strconv.ParseUint(string(b[n:at]), 10, 8)
		if err != nil || b[n] == '0' && at-n > 1 {
			return
		}
		v[i], at = byte(u), n
	}
	if wordBefore(b, at) || at > 0 && (b[at-1] == '.' || b[at-1] == '/') {
		return
	}
	for _, o := range k.ips[netip.AddrFrom4(v)] {
		found(o, at, start, "reverse-name")
	}
}

// ip4Written checks an address in four groups of digits at b[start:end], and
// returns the form in which it is written.
func ip4Written(b []byte, start, end int, want, form string) (string, bool) {
	sep := byte('.')
	if s := string(b[start:end]); s != want {
		switch s {
		case strings.ReplaceAll(want, ".", "-"):
			sep = '-'
		case strings.ReplaceAll(want, ".", "_"):
			sep = '_'
		default:
			return "", false
		}
		form = "host-name"
	}
	digit := func(i int) bool { return i >= 0 && i < len(b) && isDigit(b[i]) }
	for _, c := range []byte{'.', sep} {
		if start > 0 && b[start-1] == c && digit(start-2) || end < len(b) && b[end] == c && digit(end+1) {
			return "", false
		}
	}
	if wordAt(b, end) || digit(start-1) {
		return "", false
	}
	if sep != '.' {
		// ip-198-51-100-23.eu.example.org; elsewhere it may be any number.
		if sep == '-' && !(end+1 < len(b) && b[end] == '.' && isAlpha(b[end+1])) && !(start > 2 && b[start-1] == '-' && isAlpha(b[start-2])) {
			return "", false
		}
		return form, !wordBefore(b, start)
	}
	if wordBefore(b, start) {
		return "", false
	}
	if start > 1 && b[start-1] == ':' {
		if r := ip6Start(b, start); r < start && strings.Count(string(b[r:start]), ":") >= 2 {
			a, err := netip.ParseAddr(string(b[r:end]))
			if err != nil {
				return form, !strings.Contains(string(b[r:start]), "::")
			}
			if a.Is4In6() {
				return "mapped", true
			}
			return "embedded", true
		}
	}
	if end < len(b) && b[end] == '/' && !prefixOfHost(b, start, end, 32) {
		return "", false
	}
	return form, !foldedPrefix(b, end, ".in-addr.arpa")
}

// prefixOfHost reports whether the length of a prefix behind an address, if that
// is what stands at b[end:], leaves it the address of a host: 198.51.100.23/24 is
// a network but where an interface is described, as "inet 198.51.100.23/24".
func prefixOfHost(b []byte, start, end, bits int) bool {
	j := end + 1
	for j < len(b) && j-end < 5 && isDigit(b[j]) {
		j++
	}
	if j == end+1 || j < len(b) && (wordAt(b, j) || b[j] == '/' || b[j] == '-') {
		return true // a path, a list
	}
	if start >= 2 && string(b[start-2:start]) == "//" {
		return true
	}
	n, _ := strconv.Atoi(string(b[end+1 : j]))
	if n >= bits {
		return true
	}
	words, _ := fieldLabel(b, start)
	return strings.HasSuffix(words, "inet") || strings.HasSuffix(words, "inet6")
}

func (bl *builder) ip6(a netip.Addr) {
	k := bl.known
	v := a.As16()
	full := strings.ReplaceAll(a.StringExpanded(), ":", "")
	bl.literal(full, "hex", func(b []byte, start, end int) bool {
		return wordBounds(b, start, end) || start >= 2 && foldedPrefix(b, start-2, "0x") && (start == 2 || !isAlnum(b[start-3])) && !wordAt(b, end)
	})
	var nibbles strings.Builder
	for i := len(full) - 1; i >= 0; i-- {
		nibbles.WriteByte(full[i])
		nibbles.WriteByte('.')
	}
	bl.literal(nibbles.String()+"ip6", "reverse-name", func(b []byte, start, end int) bool {
		return !wordBefore(b, start) && (start == 0 || b[start-1] != '.') && (foldedPrefix(b, end, ".arpa") || foldedPrefix(b, end, ".int"))
	})
	// Two neighbouring groups of four digits have but one spelling; the last two
	// may be written as IPv4.
	group := func(i int) uint16 { return uint16(v[2*i])<<8 | uint16(v[2*i+1]) }
	for i := 4; i >= 0; i-- {
		if group(i) >= 0x1000 && group(i+1) >= 0x1000 {
			bl.lead(match.Pattern{Text: fmt.Sprintf("%x:%x", group(i), group(i+1))}, "ip6", k.ip6)
			return
		}
	}
	// Else all spellings have the first group that is not zero, and the next
	// one or the gap.
	first := 0
	for first < 7 && group(first) == 0 {
		first++
	}
	if first > 0 {
		for _, s := range []string{"::", "0:", "0000:"} {
			for _, f := range []string{"%x", "%04x"} {
				bl.lead(match.Pattern{Text: s + fmt.Sprintf(f, group(first))}, "ip6", k.ip6)
			}
		}
		if first >= 6 {
			bl.lead(match.Pattern{Text: fmt.Sprintf(":%d.%d.%d.%d", v[12], v[13], v[14], v[15])}, "ip6", k.ip6)
		}
		return
	}
	heads := []string{fmt.Sprintf("%x:", group(0)), fmt.Sprintf("%04x:", group(0))}
	for _, h := range heads {
		next := []string{fmt.Sprintf("%x:", group(1)), fmt.Sprintf("%04x:", group(1))}
		if group(1) == 0 {
			next = append(next, ":")
		}
		for _, n := range next {
			bl.lead(match.Pattern{Text: h + n}, "ip6", k.ip6)
		}
	}
}

func ip6Char(c byte) bool { return hexValue(c) >= 0 || c == ':' || c == '.' }

// ip6Start returns where the text of an IPv6 address in front of i starts.
func ip6Start(b []byte, i int) int {
	from := i
	for from > 0 && i-from < 48 && (hexValue(b[from-1]) >= 0 || b[from-1] == ':') && !escaped(b, from) {
		from--
	}
	if from > 0 && wordBefore(b, from) {
		// "ip6:2001:db8::17": what names it ends at the first colon.
		for from < i && b[from] != ':' {
			from++
		}
	}
	if from < i && b[from] == ':' && b[from+1] != ':' {
		from++
	}
	return from
}

// ip6 reads the IPv6 address around b[start:end].
func (k *known) ip6(b []byte, start, end int, found take) {
	from, to := ip6Start(b, start), end
	for to < len(b) && to-from < 48 && ip6Char(b[to]) {
		to++
	}
	for to > end && (b[to-1] == '.' || b[to-1] == ':' && b[to-2] != ':') {
		to--
	}
	if to-from > 45 || to < len(b) && wordAt(b, to) {
		return
	}
	text := string(b[from:to])
	a, err := netip.ParseAddr(text)
	if err != nil && strings.Count(text, ":") == 8 { // a port behind
		head, _, _ := cutLast(text, ":")
		text, to = head, from+len(head)
		a, err = netip.ParseAddr(text)
	}
	if err != nil && strings.HasSuffix(text, ":") {
		text, to = text[:len(text)-1], to-1
		a, err = netip.ParseAddr(text)
	}
	if err != nil || to < len(b) && b[to] == '/' && !prefixOfHost(b, from, to, 128) {
		return
	}
	form := "plain"
	if !strings.EqualFold(text, a.String()) {
		form = "expanded"
	}
	if a.Is4In6() {
		a, form = a.Unmap(), "mapped"
	} else if v := a.As16(); v[0] == 0 && v[1] == 0x64 && v[2] == 0xff && v[3] == 0x9b { // RFC 6052
		if o := k.ips[netip.AddrFrom4([4]byte(v[12:]))]; len(o) > 0 && strings.IndexByte(text, '.') < 0 {
			a, form = netip.AddrFrom4([4]byte(v[12:])), "embedded"
		}
	}
	if a.Is4() && strings.IndexByte(text, '.') >= 0 {
		return // found as such
	}
	for _, o := range k.ips[a] {
		found(o, from, to, form)
	}
}
