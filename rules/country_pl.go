package rules

func poland() []Rule {
	nip := []string{"ddd ddd dd dd", "ddd dd dd ddd", "dddddddddd"}
	return []Rule{
		{
			ID:          "pl-vat",
			Description: "a VAT number of Poland",
			Source:      "Ustawa z dnia 11 marca 2004 r. o podatku od towarów i usług, art. 97; VIES, number format of PL: weights 6, 5, 7, 2, 3, 4, 5, 6, 7 modulo 11",
			Country:     "PL",
			Category:    "financial",
			Shapes:      prefixed("PL", append(nip, "ddd ddd ddd d", "ddd ddd dddd")...),
			Valid:       func(c []byte) bool { return validNIP(c[2:]) },
			Context:     []string{"nip", "vat", "nip-ue", "podatnik*", "podatkowy"},
			Match:       []string{"PL8567346215", "PL 856-734-62-15", "PL856-73-46-215", "pl 526-000-12-46"},
			NoMatch:     []string{"PL8567346216", "PL 856-734-62-16", "PL0000000000", "PL85673462150", "8567346215"},
		},
		{
			ID:           "pl-nip",
			Description:  "a tax number of Poland (NIP)",
			Source:       "Ustawa z dnia 13 października 1995 r. o zasadach ewidencji i identyfikacji podatników i płatników, art. 2: weights 6, 5, 7, 2, 3, 4, 5, 6, 7 modulo 11",
			Country:      "PL",
			Category:     "financial",
			Shapes:       nip,
			Valid:        validNIP,
			Context:      []string{"nip", "podatnik*", "podatkow*", "vat", "numer-nip", "nabywca", "sprzedawca"},
			NeedsContext: true,
			Match:        []string{"8567346215", "856-734-62-15", "123-456-32-18", "1234563218", "526 000 12 46", "526-00-01-246"},
			NoMatch:      []string{"8567346216", "123-456-32-19", "0000000000", "123456321", "123-456-32-18-1"},
		},
		{
			ID:          "pl-pesel",
			Description: "a personal identification number of Poland (PESEL)",
			Source:      "Ustawa z dnia 24 września 2010 r. o ewidencji ludności, art. 15-19: weights 1, 3, 7, 9 modulo 10, the century in the month",
			Country:     "PL",
			Category:    "official identification",
			Shapes:      []string{"ddddddddddd", "dddddd ddddd", "dd dd dd ddddd", "dd dd dd ddd dd"},
			Valid:       validPESEL,
			Context:     []string{"pesel", "peselu", "nr-pesel", "numer-pesel", "ewidencyjny"},
			Match:       []string{"44051401359", "44051401458", "02070803628", "440514-01359"},
			NoMatch:     []string{"44051401358", "02381307589", "44053201359", "00000000000", "4405140135", "440514013590"},
		},
		{
			ID:           "pl-regon",
			Description:  "a number in the register of businesses of Poland (REGON)",
			Source:       "Ustawa z dnia 29 czerwca 1995 r. o statystyce publicznej, art. 42; rozporządzenie Rady Ministrów z dnia 30 listopada 2015 r. w sprawie rejestru REGON: weights modulo 11",
			Country:      "PL",
			Category:     "official identification",
			Shapes:       []string{"ddddddddd", "ddd ddd ddd", "dddddddddddddd", "ddddddddd ddddd", "ddd ddd ddd ddddd"},
			Valid:        validREGON,
			Context:      []string{"regon", "regonu", "nr-regon", "gus"},
			NeedsContext: true,
			Match:        []string{"192598184", "123456785", "12345678512347", "192-598-184"},
			NoMatch:      []string{"192598183", "12345678612342", "12345678512348", "000000000", "00000000000000", "1234567851234"},
		},
		{
			ID:           "pl-id-card",
			Description:  "the number of an identity card of Poland",
			Source:       "Ustawa z dnia 6 sierpnia 2010 r. o dowodach osobistych; weights 7, 3, 1 modulo 10 as in ICAO Doc 9303, the check digit behind the letters",
			Country:      "PL",
			Category:     "official identification",
			Shapes:       []string{"aaadddddd", "aaa dddddd", "aaa ddd ddd"},
			Valid:        validPlIDCard,
			Context:      []string{"dowod", "dowodu", "osobisty", "osobistego", "tozsamosc*", "seria", "dow.", "legitymuj*"},
			NeedsContext: true,
			Match:        []string{"ABA300000", "ABA 300000", "aba300000", "ABS123456"},
			NoMatch:      []string{"ABA300001", "ABA400000", "AB300000", "ABA3000000"},
		},
	}
}

func validNIP(d []byte) bool {
	return num(d) != 0 && weighted(d, 6, 5, 7, 2, 3, 4, 5, 6, 7)%11 == int(d[9]-'0')
}

func validPESEL(d []byte) bool {
	// The month is higher by 80 for the 19th century and by 20 for the 21st. 40 and
	// 60 are for those after it, whose people aren't born yet.
	month := int(num(d[2:4]))
	century := 0
	switch month / 20 {
	case 0:
		century = 1900
	case 1:
		century = 2000
	case 4:
		century = 1800
	default:
		return false
	}
	return date(century+int(num(d[:2])), month%20, int(num(d[4:6]))) &&
		weighted(d, 1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)%10 == 0
}

func validREGON(d []byte) bool {
	if num(d) == 0 || weighted(d, 8, 9, 2, 3, 4, 5, 6, 7)%11%10 != int(d[8]-'0') {
		return false
	}
	return len(d) == 9 || weighted(d, 2, 4, 8, 5, 0, 9, 7, 3, 6, 1, 2, 4, 8)%11%10 == int(d[13]-'0')
}

func validPlIDCard(c []byte) bool {
	value := func(a byte) int { return int(a-'A') + 10 }
	n := 7*value(c[0]) + 3*value(c[1]) + value(c[2])
	return num(c[4:]) >= 0 && (n+weighted(c[4:], 7, 3, 1, 7, 3))%10 == int(c[3]-'0')
}
