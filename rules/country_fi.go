package rules

// finland returns the rules for numbers that Finnish authorities issue.
func finland() []Rule {
	return []Rule{
		{
			ID:          "fi-vat",
			Description: "a Finnish VAT number",
			Source:      "Arvonlisäverolaki 1501/1993; " + viesRules,
			Country:     "FI",
			Category:    "financial",
			Shapes:      withPrefix("FI", "ddddddd-d", "dddd dddd", "ddd dd ddd"),
			Valid:       func(b []byte) bool { return validYTunnus(b[2:]) },
			Context:     []string{"alv", "arvonlisavero*", "moms", "tunnus", "vat"},
			Match:       []string{"FI20774740", "FI 20774740", "FI 2077474-0", "FI2077474-0", "FI01120389"},
			NoMatch:     []string{"FI20774741", "FI2077474", "FI00000000"},
		},
		{
			ID:           "fi-y-tunnus",
			Description:  "a Finnish business ID (Y-tunnus)",
			Source:       "Yritys- ja yhteisötietolaki 244/2001, § 9; PRH, check digit of the business ID",
			Country:      "FI",
			Category:     "financial",
			Shapes:       []string{"ddddddd-d"},
			Valid:        validYTunnus,
			Context:      []string{"tunnus", "ytunnus", "fo", "nummer", "business", "yritys"},
			NeedsContext: true,
			Match:        []string{"2077474-0", "0112038-9", "1572860-0"},
			NoMatch:      []string{"2077474-1", "0000000-0", "207747-0"},
		},
		found(Rule{
			ID:          "fi-henkilotunnus",
			Description: "a Finnish personal identity code (henkilötunnus)",
			Source:      "Laki väestötietojärjestelmästä 661/2009, § 11; Valtioneuvoston asetus 128/2010, § 2, as changed for 2023 (signs U to Y and B to F)",
			Country:     "FI",
			Category:    "official identification",
			look:        hetuAt,
			groups:      []group{{kinds: "d", least: 6, most: 6, after: "-+"}, {kinds: "m", least: 11, most: 11, first: "0123"}},
			MaxLen:      11,
			Context:     []string{"henkilotunnus", "henkilotunnuksen", "hetu", "sotu", "personbeteckning", "pb", "identity"},
			Match:       []string{"131052-308T", "131052-308t", "010190+002R", "010100A002H", "010100a002h", "131052+308T", "131052A308T", "131052Y308T", "010594Y9032", "210281-9988"},
			NoMatch:     []string{"131052-308U", "310252-308Y", "131052-001W", "131052308T", "131052.308T", "131052G308T", "131052-308TX", "1131052-308T", "310252A308Y", "131052T308T", "131052/308T", "131052-000V"},
		}),
		{
			ID:           "fi-satu",
			Description:  "a Finnish electronic client identifier (SATU)",
			Source:       "Laki väestötietojärjestelmästä 661/2009, § 63; Valtioneuvoston asetus 128/2010, § 3",
			Country:      "FI",
			Category:     "official identification",
			Shapes:       []string{"dddddddda", "ddddddddd"},
			Valid:        validSATU,
			Context:      []string{"satu", "asiointitunnus", "kommunikationskod"},
			NeedsContext: true,
			Match:        []string{"10011187H", "12345678N"},
			NoMatch:      []string{"10011187J", "1001118H", "00000000A"},
		},
		{
			ID:           "fi-veronumero",
			Description:  "a Finnish tax number of a worker (veronumero), which has no check digit",
			Source:       "Laki veronumerosta ja rakennusalan veronumerorekisteristä 1231/2011, § 2",
			Country:      "FI",
			Category:     "official identification",
			Shapes:       []string{"dddddddddddd", "dddd dddd dddd"},
			Valid:        func(d []byte) bool { return d[0] != '0' && !same(d) },
			Context:      []string{"veronumero", "veronro", "skattenummer"},
			NeedsContext: true,
			Match:        []string{"123456789123", "1234 5678 9123"},
			NoMatch:      []string{"000000000000", "12345678912"},
		},
	}
}

func validYTunnus(d []byte) bool {
	return !same(d) && weighted(d, 7, 9, 10, 5, 8, 4, 2, 1)%11 == 0
}

// hetuCheck holds the check characters of Finland by the remainder of 31.
const hetuCheck = "0123456789ABCDEFHJKLMNPRSTUVWXY"

func validSATU(b []byte) bool {
	return !same(b[:8]) && hetuCheck[num(b[:8])%31] == b[8]
}

// hetuAt takes six digits and a sign, or all of it where the sign is a letter.
func hetuAt(b []byte, start, _ int) (int, int) {
	end := start + 11
	if end > len(b) || embedded(b, start, end) || !validHetu(b[start:end]) {
		return 0, 0
	}
	return start, end
}

// validHetu checks the date of birth as ddmmyy, the sign of the century, a
// serial number from 002 on (from 900 on of those who have no lasting one) and
// a check character.
func validHetu(b []byte) bool {
	year := two(b, 4)
	switch c := b[6]; {
	case c == '+':
		year += 1800
	case c == '-', 'U' <= c&^0x20 && c&^0x20 <= 'Y':
		year += 1900
	case 'A' <= c&^0x20 && c&^0x20 <= 'F':
		year += 2000
	default:
		return false
	}
	if !allDigits(b[7:10]) || num(b[7:10]) < 2 {
		return false
	}
	check := b[10]
	if letter(check) {
		check &^= 0x20
	}
	return hetuCheck[(num(b[:6])*1000+num(b[7:10]))%31] == check && date(year, two(b, 2), two(b, 0))
}
