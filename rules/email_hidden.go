package rules

// emailHidden detects addresses whose @ is escaped as in a URI (RFC 3986, section
// 2.1) or spelt in brackets, as people do to hide them from programs.
func emailHidden() Rule {
	return found(Rule{
		ID:          "email-hidden",
		Description: "an e-mail address with its @ escaped or spelt out",
		Source:      "RFC 3986, section 2.1; RFC 5322, section 3.4.1",
		Category:    "contact",
		MaxLen:      maxLocal + 8 + maxDomain,
		Match: []string{
			"zoe%40example.be", "zoe.v%2Bshop%40mail.example.org", "zoe(at)example.net", "zoe[at]example.net", "zoe [at] example [dot] net", "zoe(at)example(dot)net", "zoe (AT) mail.example (DOT) org", "zoe[at]mail[dot]example[dot]org",
		},
		NoMatch: []string{
			"%40s.txt", "name%40s.c", "zoe%40", "zoe%4", "zoe%40localhost", "look (at) example.net", "rows(at)", "rows(at).size", "rows[at] = x.size", "zoe(at]example.net", "(at)example.net", "zoe(at)example[dot)net",
			"zoe(bat)example.net", "zoe(at)example.png", "zoe (at)example.net",
		},
		marks:  "%([",
		look:   hiddenEmailAt,
		strict: 20,
	})
}

// bracketed returns where what stands in brackets at b[i] ends, if that is word; 0
// where it isn't.
func bracketed(b []byte, i int, word string) int {
	end := i + len(word) + 1
	switch c := byteAt(b, i); {
	case c == '(' && byteAt(b, end) == ')', c == '[' && byteAt(b, end) == ']':
	default:
		return 0
	}
	for k := range len(word) {
		if b[i+1+k]|0x20 != word[k] {
			return 0
		}
	}
	return end + 1
}

func hiddenEmailAt(b []byte, at, _ int) (int, int) {
	escaped, spaced := b[at] == '%', false
	end, to := at, at+3
	if escaped {
		if byteAt(b, at+1) != '4' || byteAt(b, at+2) != '0' {
			return 0, 0
		}
	} else {
		if to = bracketed(b, at, "at"); to == 0 {
			return 0, 0
		}
		if spaced = byteAt(b, to) == ' '; spaced {
			to++
		}
		if spaced != (byteAt(b, at-1) == ' ') {
			return 0, 0
		}
		if spaced {
			end--
		}
	}
	from := end
	for from > 0 && end-from < maxLocal {
		c := b[from-1]
		if c == '%' {
			if s := string(b[from:min(len(b), from+2)]); s != "2B" && s != "2b" && s != "2E" && s != "2e" {
				from = min(from+2, end)
				break
			}
		} else if !alnum(c) && c != '.' && c != '_' && c != '+' && c != '-' && c != '\'' {
			break
		}
		from--
	}
	for from < end && !alnum(b[from]) {
		from++
	}
	if from == end || b[end-1] == '.' || alnum(byteAt(b, from-1)) && byteAt(b, from-3) != '%' {
		return 0, 0
	}
	labels, label, spelt := 0, to, false
	for i := to; i < len(b) && i-to < maxDomain-8; {
		if alnum(b[i]) || b[i] == '-' {
			i++
			continue
		}
		next := i
		if b[i] == '.' {
			next++
		} else if !escaped {
			k := i
			if b[k] == ' ' {
				k++
			}
			if next = bracketed(b, k, "dot"); next > 0 && k > i {
				if b[min(next, len(b)-1)] != ' ' {
					break
				}
				next++
			}
			spelt = spelt || next > 0
		}
		if next <= i || !alnum(byteAt(b, next)) || !isLabel(b[label:i]) || labels == 0 && i-label < 2 {
			break
		}
		labels++
		i, label = next, next
	}
	stop := label
	for stop < len(b) && (alnum(b[stop]) || b[stop] == '-') && stop-label < 63 {
		stop++
	}
	for stop > label && b[stop-1] == '-' {
		stop--
	}
	if labels == 0 || !isTLD(b[label:stop]) || spaced && !spelt || alnum(byteAt(b, stop)) || byteAt(b, stop) >= 0x80 {
		return 0, 0
	}
	return from, stop
}
