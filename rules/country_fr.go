package rules

// france returns the rules for numbers that French authorities issue.
func france() []Rule {
	return []Rule{
		{
			ID:          "fr-vat",
			Description: "a French or Monegasque VAT number",
			Source:      "CGI, art. 286 ter; CGI, ann. II, art. 242 nonies A; " + viesRules,
			Country:     "FR",
			Category:    "financial",
			Shapes:      withPrefix("FR", "xx ddd ddd ddd", "xx ddddddddd", "xxd ddd ddd dd"),
			Valid:       func(b []byte) bool { return validTVA(b[2:]) },
			Context:     []string{"tva", "intracommunautaire", "siren", "vat"},
			Match:       []string{"FR40303265045", "FR 40 303 265 045", "FR40 303 265 045", "FR40 303265045", "FR 40303265045", "FRK7399859412", "fr23334175221", "FR4Z123456782", "FR 403 032 650 45", "FR16000063601"},
			NoMatch:     []string{"FR84323140391", "FRIO334175221", "FR41303265045", "FR4030326504", "FR403032650450"},
		},
		{
			ID:           "fr-siren",
			Description:  "a French company number (SIREN)",
			Source:       "Code de commerce, art. R123-220 et R123-221; INSEE, répertoire Sirene",
			Country:      "FR",
			Category:     "financial",
			Shapes:       []string{"ddd ddd ddd"},
			Valid:        validSIREN,
			Context:      []string{"siren", "rcs", "rne", "rm", "immatriculation"},
			NeedsContext: true,
			Match:        []string{"732829320", "732 829 320", "303265045"},
			NoMatch:      []string{"732829321", "000000000", "73282932"},
		},
		{
			ID:           "fr-siret",
			Description:  "a French establishment number (SIRET)",
			Source:       "Code de commerce, art. R123-220 et R123-221; INSEE, répertoire Sirene",
			Country:      "FR",
			Category:     "financial",
			Shapes:       []string{"ddd ddd ddd ddddd", "ddddddddd ddddd"},
			Valid:        validSIRET,
			Context:      []string{"siret", "siren", "etablissement", "rcs"},
			NeedsContext: true,
			Match:        []string{"73282932000074", "732 829 320 00074", "732829320 00074", "35600000000048", "35600000049837"},
			NoMatch:      []string{"73282932000075", "00000000000000", "7328293200007"},
		},
		{
			ID:          "fr-nir",
			Description: "a French social security number (NIR) with its key",
			Source:      "Décret n° 82-103 du 22 janvier 1982, art. 4; INSEE, Numéro d'inscription au répertoire (NIR)",
			Country:     "FR",
			Category:    "official identification",
			Shapes: []string{
				"d dd dd dd ddd ddd dd", "ddddddddddddd dd", "d dd dd ddddd ddd dd",
				"d dd dd da ddd ddd dd", "ddddddadddddd dd", "d dd dd daddd ddd dd",
			},
			Valid:   func(b []byte) bool { return validNIR(b) && nirKey(b[:13]) == two(b, 13) },
			Context: []string{"nir", "secu", "securite", "sociale", "insee", "assure", "immatriculation", "nss"},
			Match: []string{
				"2 95 10 99 126 111 93", "295109912611193", "2951099126111 93", "253072B07300470", "253072a07300443",
				"2 53 07 2A 073 004 43", "7 95 10 99 126 111 37", "1 85 20 78 006 084 40",
			},
			NoMatch: []string{"295109912611199", "253072C07300443", "2 95 13 99 126 111 44", "2 95 00 99 126 111 30", "29510991261119"},
		},
		{
			ID:           "fr-nir-short",
			Description:  "a French social security number (NIR) without its key",
			Source:       "Décret n° 82-103 du 22 janvier 1982, art. 4; INSEE, Numéro d'inscription au répertoire (NIR)",
			Country:      "FR",
			Category:     "official identification",
			Shapes:       []string{"d dd dd dd ddd ddd", "d dd dd ddddd ddd", "d dd dd da ddd ddd", "d dd dd daddd ddd"},
			Valid:        validNIR,
			Context:      []string{"nir", "secu", "securite", "sociale", "insee", "nss"},
			NeedsContext: true,
			Match:        []string{"2 95 10 99 126 111", "2951099126111", "2 53 07 2A 073 004"},
			NoMatch:      []string{"2 95 13 99 126 111", "0 95 10 99 126 111", "2 95 10 00 126 111", "2 95 10 99 126 000"},
		},
		{
			ID:          "fr-spi",
			Description: "a French tax number of a person (numéro fiscal, SPI)",
			Source:      "LPF, art. L287; OECD, TIN information for France; DGFiP, key: remainder of the first ten digits by 511",
			Country:     "FR",
			Category:    "official identification",
			Shapes:      []string{"dd dd ddd ddd ddd", "d ddd ddd ddd ddd", "ddddddddddddd"},
			Valid:       validSPI,
			Context:     []string{"fiscal", "spi", "nif", "impots", "impot", "fiscale", "tin"},
			Match:       []string{"3023217600053", "30 23 217 600 053", "0701987765493"},
			NoMatch:     []string{"3023217600054", "9023217600053", "0000000000000", "302321760005"},
		},
	}
}

// validTVA checks a key of two characters and a SIREN. The key is a number, or
// has a letter and is then computed otherwise.
func validTVA(b []byte) bool {
	d := b[2:]
	// Monaco's numbers have 000 and no check digit of a SIREN.
	if !luhn(d) && string(d[:3]) != "000" || same(d) {
		return false
	}
	if allDigits(b[:2]) {
		return int((num(d)*100+12)%97) == two(b, 0)
	}
	x, y := tvaValue(b[0]), tvaValue(b[1])
	if x < 0 || y < 0 {
		return false
	}
	k := x*24 + y - 10
	if x >= 10 {
		k = x*34 + y - 100
	}
	return (int(num(d))+1+k/11)%11 == k%11
}

// tvaValue returns the value of a character in a key, where I and O have none,
// less than 0 for them.
func tvaValue(c byte) int {
	switch {
	case digit(c):
		return int(c - '0')
	case c == 'I' || c == 'O':
		return -1
	case c > 'O':
		return int(c-'A') + 8
	case c > 'I':
		return int(c-'A') + 9
	}
	return int(c-'A') + 10
}

func validSIREN(d []byte) bool { return !same(d) && luhn(d) }

// validSIRET checks a SIREN and the number of its establishment. La Poste has
// more of them than there are with a check digit: their digits add up to a
// multiple of 5.
func validSIRET(d []byte) bool {
	if !validSIREN(d[:9]) {
		return false
	}
	if luhn(d) {
		return true
	}
	n := 0
	for _, c := range d {
		n += int(c - '0')
	}
	return string(d[:9]) == "356000000" && n%5 == 0
}

// validNIR checks sex (3 and 4 while a registration is under way, 7 and 8 while
// it is provisional), year, month (20, 30 to 42 and 50 to 99 where it is not
// known), département, commune or country, and serial number.
func validNIR(b []byte) bool {
	switch b[0] {
	case '1', '2', '3', '4', '7', '8':
	default:
		return false
	}
	month := two(b, 3)
	if month == 0 || month > 12 && month < 20 || month > 20 && month < 30 || month > 42 && month < 50 {
		return false
	}
	if letter(b[6]) {
		if b[5] != '2' || b[6] != 'A' && b[6] != 'B' {
			return false
		}
	} else if b[5] == '0' && b[6] == '0' {
		return false
	}
	return num(b[7:10]) > 0 && num(b[10:13]) > 0
}

// nirKey returns 97 less the remainder of a NIR, in which 19 stands for 2A and
// 18 for 2B.
func nirKey(b []byte) int {
	n := num(b[:5]) * 100
	switch b[6] {
	case 'A':
		n += 19
	case 'B':
		n += 18
	default:
		n += int64(two(b, 5))
	}
	return 97 - int((n*1_000_000+num(b[7:13]))%97)
}

func validSPI(d []byte) bool {
	n := num(d[:10])
	return d[0] <= '3' && n > 0 && n%511 == num(d[10:])
}
