package rules

import "bytes"

// passwordHash detects hashes as programs store passwords.
func passwordHash() Rule {
	return found(Rule{
		ID:          "password-hash",
		Description: "a hashed password",
		Source:      "crypt(5); PHC string format; RFC 2307; RFC 5803, as PostgreSQL stores it; passlib, modular crypt format; MySQL mysql_native_password",
		Category:    "credential",
		Context:     []string{"pass*", "wachtwoord*", "motdepasse", "kennwort*", "contrasena*", "haslo*", "hash*", "pwd", "passwd", "crypt*", "shadow"},
		MaxLen:      512,
		Match: []string{
			"$2y$10$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234", "$2b$12$./ABCDEFGHIJKLMNOPQRe0123456789abcdefghijklmnopqrstuv",
			"$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21l$RdescudvJCsgt3ub+b4dWRWJTmaaQTvRdescudvJCsg", "$P$BabcdefghABCDEFGHIJKLMNOPQRSTUV", "$H$9abcdefghABCDEFGHIJKLMNOPQRSTUV",
			"$1$abcdefgh$ABCDEFGHIJKLMNOPQRSTUV", "$5$rounds=5000$saltstring$ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefg",
			"$6$saltstring$ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefghijklmnopqrstuvwxyz./ABCDEFGHIJKLMNOPQRSTUV",
			"$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7", "$apr1$abcdefgh$ABCDEFGHIJKLMNOPQRSTUV",
			"pbkdf2_sha256$600000$abcdefghijklmnop$ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopq=", "{SSHA}ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijkl==", "*0123456789ABCDEF0123456789ABCDEF01234567",
			"$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E", "$7$C6..../....SodiumChloride$kBGj9fHznVYFQMEn/qDCfrDevf9YDtcDdKvEqHJLV8D",
			"$S$C33783772bRXEx1aCsvY.dqgaaSu76XmVlKrW9Qu8IQlvxHlmzLf",
			"SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
			"{SHA512-CRYPT}$6$saltstring$ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefghijklmnopqrstuvwxyz./ABCDEFGHIJKLMNOPQRSTUV",
		},
		NoMatch: []string{
			"$2y$10$abcdefghijklmnopqrstuu", "$99 and $1", "$1$", "$P$short", "{SSHA}abc", "*0123456789ABCDEF0123456789ABCDEF0123456", "*0123456789abcdef0123456789ABCDEF012345678", "$2y$99$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234",
			"$argon2id$v=19$", "${PATH}", "$6$saltstring$ABCDEFGHIJKLMNOPQRSTUVWXYZ012345678", "{SHARE}",
		},
		marks:  "${",
		groups: []group{{kinds: "m", least: 40, most: 40, before: "*"}},
		look:   passwordHashAt,
		strict: 40,
	})
}

func hashByte(c byte) bool { return alnum(c) || c == '.' || c == '/' }

func base64Byte(c byte) bool { return hashByte(c) || c == '+' || c == '-' || c == '_' }

// span returns where what ok accepts ends, from i on and at most most bytes.
func span(b []byte, i, most int, ok func(byte) bool) int {
	n := 0
	for i+n < len(b) && n < most && ok(b[i+n]) {
		n++
	}
	return i + n
}

func passwordHashAt(b []byte, from, to int) (int, int) {
	switch b[from] {
	case '{':
		return schemeHash(b, from)
	case '$':
		if byteAt(b, from-1) == '}' { // {SHA512-CRYPT}$6$...
			k := from - 2
			for k > 0 && from-k < 24 && (alnum(b[k]) || b[k] == '-') {
				k--
			}
			if b[max(k, 0)] == '{' {
				if end := modularHash(b, from); end > 0 {
					return k, end
				}
			}
		}
		if end := modularHash(b, from); end > 0 {
			return from, end
		}
		return djangoHash(b, from)
	}
	for _, c := range b[from:to] {
		if !hexDigit(c) {
			return 0, 0
		}
	}
	if alnum(byteAt(b, from-2)) {
		return 0, 0
	}
	return from - 1, to
}

// modularHash returns where the hash ends that starts with the "$" at i.
func modularHash(b []byte, i int) int {
	e := span(b, i+1, 16, func(c byte) bool { return alnum(c) || c == '-' })
	if byteAt(b, e) != '$' || e == i+1 {
		return 0
	}
	id := string(b[i+1 : e])
	body := e + 1
	exact := func(from, size int) int {
		end := span(b, from, size+1, hashByte)
		if end-from != size && !(end-from == size+1 && b[end-1] == '.') {
			return 0
		}
		return from + size
	}
	// salted is a salt of up to most characters, "$" and a sum of size.
	salted := func(from, most, size int) int {
		if from+7 < len(b) && string(b[from:from+7]) == "rounds=" {
			r := span(b, from+7, 9, digit)
			if byteAt(b, r) != '$' {
				return 0
			}
			from = r + 1
		}
		s := span(b, from, most, func(c byte) bool { return c > ' ' && c < 0x7F && c != '$' && c != ':' && c != '\'' && c != '"' })
		if byteAt(b, s) != '$' {
			return 0
		}
		return exact(s+1, size)
	}
	switch id {
	case "2", "2a", "2b", "2x", "2y":
		if body+3 > len(b) || !digit(b[body]) || !digit(b[body+1]) || b[body+2] != '$' {
			return 0
		}
		if cost := num(b[body : body+2]); cost < 4 || cost > 31 {
			return 0
		}
		return exact(body+3, 53)
	case "1", "apr1":
		return salted(body, 8, 22)
	case "5":
		return salted(body, 16, 43)
	case "6":
		return salted(body, 16, 86)
	case "P", "H":
		return exact(body, 31)
	case "S": // Drupal 7
		return exact(body, 52)
	case "y", "gy", "7":
		p := body
		if id != "7" {
			if p = span(b, body, 16, hashByte); byteAt(b, p) != '$' {
				return 0
			}
			p++
		}
		s := span(b, p, 96, hashByte)
		if byteAt(b, s) != '$' {
			return 0
		}
		return exact(s+1, 43)
	case "argon2i", "argon2d", "argon2id", "scrypt", "pbkdf2", "pbkdf2-sha1", "pbkdf2-sha256", "pbkdf2-sha512", "bcrypt-sha256", "sha1", "md5":
		// Parameters, salt and sum, of which the last is not short.
		last := body
		end := span(b, body, 400, func(c byte) bool { return base64Byte(c) || c == '$' || c == '=' || c == ',' })
		for k := body; k < end; k++ {
			if b[k] == '$' {
				last = k + 1
			}
		}
		if last == body || end-last < 16 || end-body == 400 {
			return 0
		}
		for b[end-1] == '.' || b[end-1] == ',' {
			end--
		}
		return end
	}
	return 0
}

// djangoHash returns the hash of which the "$" at i ends the algorithm's name.
func djangoHash(b []byte, i int) (int, int) {
	start := i
	for start > 0 && i-start < 24 && (alnum(b[start-1]) || b[start-1] == '_') {
		start--
	}
	switch string(b[start:i]) {
	case "256":
		const scram = "SCRAM-SHA-256" // PostgreSQL: iterations, salt, stored and server key
		if from := i - len(scram); from >= 0 && string(b[from:i]) == scram {
			end := span(b, i+1, 200, func(c byte) bool { return base64Byte(c) || c == '$' || c == '=' || c == ':' })
			if end-i > 90 && bytes.Count(b[i+1:end], []byte{'$'}) == 1 && bytes.Count(b[i+1:end], []byte{':'}) == 2 {
				return from, end
			}
		}
		return 0, 0
	case "pbkdf2_sha256", "pbkdf2_sha1", "bcrypt_sha256", "bcrypt", "argon2", "scrypt", "sha1", "md5":
	default:
		return 0, 0
	}
	end := span(b, i+1, 400, func(c byte) bool { return base64Byte(c) || c == '$' || c == '=' || c == ',' })
	if end-i > 400 {
		return 0, 0
	}
	for b[end-1] == '.' || b[end-1] == ',' {
		end--
	}
	if last := bytes.LastIndexByte(b[i+1:max(end, i+1)], '$'); last < 0 || end-(i+1+last) < 18 {
		return 0, 0
	}
	return start, end
}

// schemeHash returns a hash of RFC 2307: {SSHA} and base64.
func schemeHash(b []byte, i int) (int, int) {
	switch byteAt(b, i+1) | 0x20 {
	case 's', 'm', 'c', 'p':
	default:
		return 0, 0
	}
	e := span(b, i+1, 20, func(c byte) bool { return alnum(c) || c == '-' || c == '_' || c == '.' })
	if byteAt(b, e) != '}' {
		return 0, 0
	}
	var low [20]byte
	name := low[:copy(low[:], b[i+1:e])]
	for k, c := range name {
		if letter(c) {
			name[k] = c | 0x20
		}
	}
	least := 0
	switch string(name) {
	case "md5", "smd5":
		least = 22
	case "sha", "ssha":
		least = 27
	case "sha256", "ssha256":
		least = 43
	case "sha512", "ssha512":
		least = 86
	case "crypt":
		if end := span(b, e+1, 14, hashByte); end-e-1 == 13 {
			return i, end
		}
		return 0, 0
	case "pbkdf2", "pbkdf2-sha256", "pbkdf2-sha512", "pbkdf2_sha256":
		end := span(b, e+1, 300, func(c byte) bool { return base64Byte(c) || c == '$' || c == '=' })
		if end-e > 40 && end-e < 300 {
			return i, end
		}
		return 0, 0
	default:
		return 0, 0
	}
	end := span(b, e+1, 200, base64Byte)
	if end-e-1 < least || end-e-1 == 200 {
		return 0, 0
	}
	for n := 0; n < 2 && byteAt(b, end) == '='; n++ {
		end++
	}
	return i, end
}
