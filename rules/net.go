package rules

import "bytes"

// ipv4 detects addresses of one host in the dotted form.
func ipv4() Rule {
	near := compileWords(ipWords())
	return found(Rule{
		ID:          "ipv4",
		Description: "an IPv4 address",
		Source:      "RFC 791; RFC 6943, section 3.1.1; special ones: RFC 6890",
		Category:    "online identifier",
		Context:     ipWords(),
		MaxLen:      15,
		Match:       []string{"198.51.100.23", "203.0.113.255", "192.168.1.20", "81.240.3.7"},
		NoMatch: []string{
			"256.1.1.1", "198.51.100", "198.51.100.23.4", "198.51.100.023", "127.0.0.1", "0.0.0.0", "255.255.255.0", "Chrome/120.0.6099.109", "v198.51.100.23",
			"1.2.3.4", "version 198.51.100.23", "198.51.100.23.example.net", "224.0.0.251",
		},
		groups: []group{{kinds: "d", least: 1, most: 3, before: notDot, after: ".", after2: digits}},
		scan:   scanDotted,
		look: func(b []byte, from, _ int) (int, int) {
			if c := byteAt(b, from-1); c == '.' || c == '-' && digit(byteAt(b, from-2)) || c == '/' && (letter(byteAt(b, from-2)) || digit(byteAt(b, from-2))) {
				return 0, 0
			}
			i, small := from, true
			var o [4]int
			for k := range o {
				n := 0
				for n < 4 && digit(byteAt(b, i+n)) {
					o[k] = o[k]*10 + int(b[i+n]-'0')
					n++
				}
				if n == 0 || n > 3 || o[k] > 255 || n > 1 && b[i] == '0' {
					return 0, 0
				}
				if i += n; k < 3 {
					if byteAt(b, i) != '.' {
						return 0, 0
					}
					i++
				}
				small = small && o[k] < 32
			}
			small = small || o[0] == 2 && o[1] == 5 && (o[2] == 4 || o[2] == 29) // attributes and extensions of X.509
			if c := byteAt(b, i); alnum(c) || c == '.' && alnum(byteAt(b, i+1)) || o[0] == 0 || o[0] == 127 || o[0] >= 224 {
				return 0, 0
			}
			if small && (byteAt(b, from-1) != '[' || o[0] != 10) && !near.near(b, from, i) || afterVersion(b, from) {
				return 0, 0
			}
			return from, i
		},
		strict: 8,
	})
}

// notDot is all bytes but one.
var notDot = func() string {
	var b []byte
	for c := range 256 {
		if c != '.' {
			b = append(b, byte(c))
		}
	}
	return string(b)
}()

func ipWords() []string {
	return []string{"ip", "ipv4", "ipv6", "ipaddr*", "ipadres*", "adresse ip", "remote addr", "remoteaddr", "client*", "host", "addr", "address", "login*", "lastip", "regip", "xff", "forwarded", "received", "peer"}
}

// afterVersion reports whether the word in front of b[i] says that a version
// follows.
func afterVersion(b []byte, i int) bool {
	for i > 0 && (b[i-1] == ' ' || b[i-1] == ':' || b[i-1] == '=' || b[i-1] == '"' || b[i-1] == '.') {
		i--
	}
	from := i
	for from > 0 && i-from < 10 && letter(b[from-1]) {
		from--
	}
	var low [10]byte
	w := low[:copy(low[:], b[from:i])]
	for k := range w {
		w[k] |= 0x20
	}
	switch string(w) {
	case "version", "versie", "versione", "versio", "ver", "v", "release", "rel", "build", "rev", "firmware", "oid":
		return true
	}
	return false
}

// ipv6 detects global, unique local and link-local unicast addresses.
func ipv6() Rule {
	return found(Rule{
		ID:          "ipv6",
		Description: "an IPv6 address",
		Source:      "RFC 4291, sections 2.2 and 2.4; RFC 4193",
		Category:    "online identifier",
		Context:     ipWords(),
		MaxLen:      maxIPv6,
		Match:       []string{"2001:db8::1", "2001:DB8:0:0:8:800:200C:417A", "fe80::1ff:fe23:4567:890a", "fd12:3456:789a:1::1", "::ffff:198.51.100.23", "2001:db8:1:2::"},
		NoMatch:     []string{"12:34:56", "::1", "2001:db8::1::2", "2001:db8:0:0:8:800:200C:417A:9", "1234:5678", "std::a1", "00:1a:2b:3c:4d:5e", "2001:db8::12345", "g2001:db8::1"},
		groups:      []group{{kinds: "dm", least: 4, most: 4, after: ":", first: "23fF"}, {kinds: "d", least: 2, most: 2, after: ":", after2: "fF", first: "6"}, {kinds: "dm", least: 1, most: 4, before: ":", before2: ":abcdefABCDEF"}},
		look:        ipv6At,
		strict:      16,
	})
}

const maxIPv6 = 45

const digits = "0123456789"

const hexDigits = digits + "abcdefABCDEF"

func hexDigit(c byte) bool { return digit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }

func ipv6At(b []byte, from, to int) (int, int) {
	joins := func(at, next int) bool {
		return byteAt(b, at) == ':' && (byteAt(b, next) == ':' || hexDigit(byteAt(b, next)))
	}
	if !joins(from-1, from-2) && !joins(to, to+1) {
		return 0, 0
	}
	start, end := from, to
	// Of a time, the hour stands in front.
	if k := from - 3; k >= 0 && digit(b[k]) && digit(b[k+1]) && b[k+2] == ':' && (k == 0 || !hexDigit(b[k-1]) && b[k-1] != ':') && string(b[k:k+2]) != "64" {
		return 0, 0
	}
	for start > 0 && to-start <= maxIPv6 && (hexDigit(b[start-1]) || b[start-1] == ':' || b[start-1] == '.') {
		start--
	}
	for end < len(b) && end-start <= maxIPv6+1 && (hexDigit(b[end]) || b[end] == ':' || b[end] == '.') {
		end++
	}
	if end-start > maxIPv6+2 || alnum(byteAt(b, start-1)) || alnum(byteAt(b, end)) {
		return 0, 0
	}
	for end > start && (b[end-1] == '.' || b[end-1] == ':' && !(end-start > 1 && b[end-2] == ':')) {
		end--
	}
	if start < end && b[start] == ':' && byteAt(b, start+1) != ':' { // "addr:2001:db8::1"
		start++
	}
	a := b[start:end]
	if len(a) < 6 || len(a) > maxIPv6 {
		return 0, 0
	}
	groups, gap, v4 := 0, false, false
	for i := 0; i < len(a); {
		if a[i] == ':' {
			if i+1 < len(a) && a[i+1] == ':' {
				if gap {
					return 0, 0
				}
				gap = true
				i += 2
				continue
			}
			if i == 0 || i == len(a)-1 {
				return 0, 0
			}
			i++
			continue
		}
		n := 0
		for i+n < len(a) && hexDigit(a[i+n]) {
			n++
		}
		if i+n < len(a) && a[i+n] == '.' {
			var ok bool
			if ok = isDotted(a[i:]); !ok {
				return 0, 0
			}
			v4 = true
			groups += 2
			break
		}
		if n == 0 || n > 4 {
			return 0, 0
		}
		groups++
		i += n
	}
	if gap && groups > 7 || !gap && groups != 8 {
		return 0, 0
	}
	if v4 {
		if !bytes.HasPrefix(a, []byte("::ffff:")) && !bytes.HasPrefix(a, []byte("::FFFF:")) && !bytes.HasPrefix(a, []byte("64:ff9b::")) {
			return 0, 0
		}
		return start, end
	}
	if len(a) < 4 || !hexDigit(a[3]) || a[2] == ':' || a[1] == ':' {
		return 0, 0
	}
	switch c, d := a[0]|0x20, a[1]|0x20; {
	case a[0] == '2' || a[0] == '3', c == 'f' && (d == 'c' || d == 'd'), c == 'f' && d == 'e' && (a[2] >= '8' && a[2] <= '9' || a[2]|0x20 == 'a' || a[2]|0x20 == 'b'):
		return start, end
	}
	return 0, 0
}

// isDotted reports whether a is four decimal numbers up to 255 with dots.
func isDotted(a []byte) bool {
	n, v, dots := 0, 0, 0
	for _, c := range a {
		switch {
		case digit(c):
			n++
			if v = v*10 + int(c-'0'); v > 255 || n > 3 {
				return false
			}
		case c == '.' && n > 0:
			dots++
			n, v = 0, 0
		default:
			return false
		}
	}
	return dots == 3 && n > 0
}

// mac detects the hardware addresses of one network interface.
func mac() Rule {
	return found(Rule{
		ID:          "mac",
		Description: "a MAC address",
		Source:      "IEEE 802, section 8 (EUI-48)",
		Category:    "online identifier",
		Context:     []string{"mac", "ether", "ethernet", "hwaddr", "bssid", "lladdr", "hardware", "device"},
		MaxLen:      17,
		Match:       []string{"00:1a:2b:3c:4d:5e", "00-1A-2B-3C-4D-5E", "001a.2b3c.4d5e"},
		NoMatch:     []string{"00:1a:2b:3c:4d", "00:1a:2b:3c:4d:5e:6f", "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "00:1a-2b:3c-4d:5e", "12-34-56-78-90-12", "0:1a:2b:3c:4d:5g", "001a.2b3c.4d5e.6f70"},
		groups: []group{
			{kinds: "dm", least: 2, most: 2, after: ":-", after2: hexDigits},
			{kinds: "dm", least: 2, most: 2, before: ":-", before2: "abcdefABCDEF"},
			{kinds: "dm", least: 4, most: 4, after: ".", after2: hexDigits},
			{kinds: "dm", least: 4, most: 4, before: ".", before2: "abcdefABCDEF"},
		},
		scan:   scanMAC,
		look:   macAt,
		strict: 16,
	})
}

func macAt(b []byte, from, to int) (int, int) {
	size, sep, most := to-from, byteAt(b, to), 17
	ok := func(c byte) bool { return size == 2 && (c == ':' || c == '-') || size == 4 && c == '.' }
	if !ok(sep) {
		sep = byteAt(b, from-1)
	}
	if !ok(sep) || !hexDigit(byteAt(b, to+1)) && !hexDigit(byteAt(b, from-2)) {
		return 0, 0
	}
	if size == 4 {
		most = 14
	}
	if byteAt(b, from-1) != sep { // the first
		step := size + 1
		if last := to + (most-size)/step*step; last > len(b) || b[to] != sep || b[to+step] != sep || b[last-step] != sep {
			return 0, 0
		}
	}
	// Where the group in front holds a digit, it is an anchor of its own.
	if k := from - 1; k >= size && b[k] == sep && digitsIn(b[k-size:k]) > 0 {
		return 0, 0
	}
	start, end := from, to
	for start > 0 && to-start <= most && (hexDigit(b[start-1]) || b[start-1] == sep) {
		start--
	}
	for end < len(b) && end-start <= most && (hexDigit(b[end]) || b[end] == sep) {
		end++
	}
	for end > start && b[end-1] == sep {
		end--
	}
	for start < end && b[start] == sep {
		start++
	}
	if end-start != most || alnum(byteAt(b, start-1)) || alnum(byteAt(b, end)) || byteAt(b, end) == sep && hexDigit(byteAt(b, end+1)) ||
		byteAt(b, start-1) == sep && hexDigit(byteAt(b, start-2)) {
		return 0, 0
	}
	if c := byteAt(b, start-1); size == 4 && (c == '.' || c == '*') { // keys of collation
		return 0, 0
	}
	letters, diff := false, false
	for i, c := range b[start:end] {
		if (i%(size+1) == size) != (c == sep) {
			return 0, 0
		}
		letters = letters || letter(c)
		diff = diff || c != sep && c|0x20 != b[start]|0x20
	}
	if !diff || !letters && sep != ':' {
		return 0, 0
	}
	return start, end
}
