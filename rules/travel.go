package rules

// travelDocument detects the machine-readable zones of passports, identity cards
// and visas: all lines of one, with their check digits.
func travelDocument() Rule {
	return found(Rule{
		ID:          "travel-document",
		Description: "the machine-readable zone of a passport, identity card or visa",
		Source:      "ICAO Doc 9303, parts 3 to 7",
		Category:    "official identification",
		Context:     []string{"passport*", "paspoort*", "passeport*", "reisepass*", "pasaporte", "passaporto", "paszport*", "identity", "identiteit*", "mrz", "visa", "visum"},
		MaxLen:      3*30 + 3*20,
		Match: []string{
			"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10",
			"I<UTOD231458907<<<<<<<<<<<<<<<\r\n7408122F1204159UTO<<<<<<<<<<<6\r\nERIKSSON<<ANNA<MARIA<<<<<<<<<<",
			"I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6",
			"V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL8988901C4XXX4009078F96121096ZE184226B<<<<<<",
			"V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nL8988901C4XXX4009078F9612109<<<<<<<<",
		},
		NoMatch: []string{
			"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<11",
			"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10",
			"L898902C36UTO7408122F1204159ZE184226B<<<<<10",
			"I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6",
		},
		groups: []group{
			{kinds: "dm", least: 1, most: 44, before: "<"},
			{kinds: "dm", least: 1, most: 44, after: "<"},
			{kinds: "m", least: 30, most: 44, after: "\r\n"},
			{kinds: "m", least: 44, most: 44},
			{kinds: "m", least: 36, most: 36},
		},
		look:   travelDocumentAt,
		strict: 30,
	})
}

func mrzByte(c byte) bool { return upper(c) || digit(c) || c == '<' }

// mrzLine returns the line of a zone around b[from:to], at most 45 bytes.
func mrzLine(b []byte, from, to int) (int, int) {
	for from > 0 && to-from < 46 && mrzByte(b[from-1]) {
		from--
	}
	for to < len(b) && to-from < 46 && mrzByte(b[to]) {
		to++
	}
	return from, to
}

// nextLine returns where the line behind one that ends at i starts, past what may
// stand between: blanks, one line break; -1 where something else does.
func nextLine(b []byte, i int) int {
	breaks := 0
	for n := 0; n < 16 && i < len(b); n++ {
		switch b[i] {
		case '\n':
			if breaks++; breaks > 1 {
				return -1
			}
		case ' ', '\t', '\r':
		default:
			if breaks == 0 || !mrzByte(b[i]) {
				return -1
			}
			return i
		}
		i++
	}
	return -1
}

// lineBefore is nextLine backwards: it returns where the line ends.
func lineBefore(b []byte, i int) int {
	breaks := 0
	for n := 0; n < 16 && i > 0; n++ {
		switch b[i-1] {
		case '\n':
			if breaks++; breaks > 1 {
				return -1
			}
		case ' ', '\t', '\r':
		default:
			if breaks == 0 || !mrzByte(b[i-1]) {
				return -1
			}
			return i
		}
		i--
	}
	return -1
}

func travelDocumentAt(b []byte, from, to int) (int, int) {
	from, to = mrzLine(b, from, to)
	if n := to - from; n != 30 && n != 36 && n != 44 && !(n == 31 || n == 37 || n == 45) {
		return 0, 0
	}
	// The anchor may be in any of two or three lines; the first is tried from
	// each.
	for range 3 {
		if start, end := zoneFrom(b, from, to); end > 0 {
			return start, end
		}
		e := lineBefore(b, from)
		if e < 0 {
			return 0, 0
		}
		from, to = mrzLine(b, e-1, e)
	}
	return 0, 0
}

// zoneFrom returns the zone of which b[from:to] is the first line.
func zoneFrom(b []byte, from, to int) (int, int) {
	if b[from] == '<' { // of what stands around it
		from++
	}
	first := b[from:to]
	size := len(first)
	if size != 30 && size != 36 && size != 44 || !upper(first[0]) {
		return 0, 0
	}
	line := func(after int) ([]byte, int) {
		s := nextLine(b, after)
		if s < 0 || s+size > len(b) || mrzByte(byteAt(b, s+size)) {
			return nil, 0
		}
		for _, c := range b[s : s+size] {
			if !mrzByte(c) {
				return nil, 0
			}
		}
		return b[s : s+size], s + size
	}
	second, end := line(to)
	if second == nil {
		return 0, 0
	}
	visa := first[0] == 'V'
	switch {
	case size == 30:
		third, e := line(end)
		if third == nil || !letterOrFiller(third) || first[0] != 'I' && first[0] != 'A' && first[0] != 'C' ||
			!mrzDate(second[0:7], false) || !mrzDate(second[8:15], true) || !sex(second[7]) || !documentNumber(first[5:30]) ||
			!checked(second[29], first[5:30], second[0:7], second[8:15], second[18:29]) {
			return 0, 0
		}
		return from, e
	case !letterOrFiller(first[5:]) || !mrzDate(second[13:20], false) || !sex(second[20]) || !mrzDate(second[21:28], true):
	case visa:
		if checked(second[9], second[:9]) {
			return from, end
		}
	case size == 36:
		if (first[0] == 'I' || first[0] == 'A' || first[0] == 'C' || first[0] == 'P') && documentNumber2(second) &&
			checked(second[35], second[0:10], second[13:20], second[21:35]) {
			return from, end
		}
	default:
		if first[0] == 'P' && checked(second[9], second[:9]) && checked(second[42], second[28:42]) &&
			checked(second[43], second[0:10], second[13:20], second[21:43]) {
			return from, end
		}
	}
	return 0, 0
}

// documentNumber checks the number in the first line of a card, which goes on in
// the optional data where it is longer than 9 characters.
func documentNumber(s []byte) bool {
	if s[9] != '<' {
		return checked(s[9], s[:9])
	}
	for i := 11; i < len(s); i++ {
		if s[i] == '<' {
			return checked(s[i-1], s[:9], s[10:i-1])
		}
	}
	return false
}

func documentNumber2(s []byte) bool {
	if s[9] != '<' {
		return checked(s[9], s[:9])
	}
	for i := 29; i < 35; i++ {
		if s[i] == '<' {
			return checked(s[i-1], s[:9], s[28:i-1])
		}
	}
	return false
}

func sex(c byte) bool { return c == 'F' || c == 'M' || c == '<' || c == 'X' }

func letterOrFiller(s []byte) bool {
	for _, c := range s {
		if digit(c) {
			return false
		}
	}
	return true
}

// mrzDate checks six digits and their check digit. Of a birth parts may be
// unknown, which fillers say.
func mrzDate(s []byte, whole bool) bool {
	for _, c := range s[:6] {
		if !digit(c) && (whole || c != '<') {
			return false
		}
	}
	if digit(s[2]) && digit(s[3]) && (num(s[2:4]) > 12 || num(s[2:4]) == 0) || digit(s[4]) && digit(s[5]) && (num(s[4:6]) > 31 || num(s[4:6]) == 0) {
		return false
	}
	return checked(s[6], s[:6])
}

// checked reports whether c is the check digit of the parts (Doc 9303-3, 4.9).
func checked(c byte, parts ...[]byte) bool {
	n, k := 0, 0
	for _, p := range parts {
		for _, c := range p {
			v := 0
			switch {
			case digit(c):
				v = int(c - '0')
			case upper(c):
				v = int(c-'A') + 10
			}
			switch k % 3 {
			case 0:
				v *= 7
			case 1:
				v *= 3
			}
			n += v
			k++
		}
	}
	return c == byte(n%10)+'0' || c == '<' && n == 0
}
