package rules

func slovakia() []Rule {
	return []Rule{
		{
			ID:          "sk-vat",
			Description: "a VAT number of Slovakia (IČ DPH)",
			Source:      "Zákon č. 222/2004 Z. z. o dani z pridanej hodnoty, § 4; VIES, number format of SK: divisible by 11",
			Country:     "SK",
			Category:    "financial",
			Shapes:      prefixed("SK", "dddddddddd", "dddd ddd ddd", "ddd ddd dddd", "dd dd dd dd dd", "ddd ddd ddd d"),
			Valid:       func(c []byte) bool { return validSkVAT(c[2:]) },
			Context:     []string{"dph", "dic", "vat", "icdph", "ic-dph", "danove"},
			Match:       []string{"SK2022749619", "SK 2022749619", "SK 202 274 9619", "sk2020273893"},
			NoMatch:     []string{"SK2022749618", "SK 2022749618", "SK0000000000", "SK2122749619", "2022749619"},
		},
		{
			ID:           "sk-dic",
			Description:  "a tax number of Slovakia (DIČ)",
			Source:       "Zákon č. 563/2009 Z. z. o správe daní (daňový poriadok), § 67; as the VAT number: divisible by 11",
			Country:      "SK",
			Category:     "financial",
			Shapes:       []string{"dddddddddd", "ddd ddd dddd", "dd dd dd dd dd"},
			Valid:        validSkVAT,
			Context:      []string{"dic", "dph", "danove", "danovy", "danovnik*"},
			NeedsContext: true,
			Match:        []string{"2022749619", "2020273893"},
			NoMatch:      []string{"2022749618", "0000000000", "202274961"},
		},
		{
			ID:          "sk-birth-number",
			BareContext: true,
			Description: "a birth number of Slovakia (rodné číslo)",
			Source:      "Zákon č. 301/1995 Z. z. o rodnom čísle, § 2: divisible by 11, 50 added to the month for women",
			Country:     "SK",
			Category:    "official identification",
			Shapes:      []string{"dddddd/dddd", "dd dd dd dddd"},
			Valid:       validRodneCislo,
			Context:     []string{"rodne", "rodneho", "r.c", "rc", "rodnecislo", "birth"},
			Match:       []string{"710319/2745", "7103192745", "736028/5163", "7401040020"},
			NoMatch:     []string{"710319/2746", "1103492745", "591332/1230", "0000000000", "7103192745/1"},
		},
		{
			ID:           "sk-birth-number-pairs",
			Description:  "a birth number of Slovakia (rodné číslo) in pairs of digits",
			Source:       "Zákon č. 301/1995 Z. z. o rodnom čísle, § 2: divisible by 11, 50 added to the month for women",
			Country:      "SK",
			Category:     "official identification",
			Shapes:       []string{"dd dd dd/dd dd"},
			Valid:        validRodneCislo,
			Context:      []string{"rodne", "rodneho", "r.c", "rc", "rodnecislo", "birth"},
			NeedsContext: true,
			Match:        []string{"71 03 19/27 45", "71 03 19 27 45"},
			NoMatch:      []string{"71 03 19/27 46", "00 00 00 00 00"},
		},
		{
			ID:           "sk-birth-number-1953",
			Description:  "a birth number of Slovakia as given for births before 1954, of nine digits",
			Source:       "Zákon č. 301/1995 Z. z. o rodnom čísle, § 2: no check digit",
			Country:      "SK",
			Category:     "official identification",
			Shapes:       []string{"dddddd/ddd", "dd dd dd ddd"},
			Valid:        validRodneCislo,
			Context:      []string{"rodne", "rodneho", "r.c", "rc", "rodnecislo"},
			NeedsContext: true,
			Match:        []string{"530512/123", "535512123"},
			NoMatch:      []string{"540512/123", "530532/123", "530512/000", "000000000"},
		},
		{
			ID:           "sk-ico",
			Description:  "an organisation number of Slovakia (IČO)",
			Source:       "Zákon č. 272/2015 Z. z. o registri právnických osôb: weights 8 to 2 modulo 11",
			Country:      "SK",
			Category:     "official identification",
			Shapes:       []string{"dddddddd", "dd ddd ddd", "ddd ddd dd"},
			Valid:        validICO,
			Context:      []string{"ico", "i.c.o", "organizacie"},
			NeedsContext: true,
			Match:        []string{"31333532", "31 333 532"},
			NoMatch:      []string{"31333533", "00000000", "3133353"},
		},
	}
}

func validSkVAT(d []byte) bool {
	return d[0] != '0' && oneOf(d[2], "234789") && mod(d, 11) == 0
}

// validRodneCislo takes nine digits, as given until 1953, or ten.
func validRodneCislo(d []byte) bool {
	year, month, day := int(num(d[:2])), int(num(d[2:4])), int(num(d[4:6]))
	if month > 50 {
		month -= 50
	}
	if len(d) == 9 {
		return (year < 54 && date(1900+year, month, day) || year >= 80 && date(1800+year, month, day)) && num(d[6:]) != 0
	}
	if year < 54 {
		year += 100
	}
	if !date(1900+year, month, day) {
		return false
	}
	// Until 1985 a few were given whose check digit would have been 10.
	return mod(d, 11) == 0 || year <= 85 && d[9] == '0' && mod(d[:9], 11) == 10
}

func validICO(d []byte) bool {
	return num(d) != 0 && (11-weighted(d, 8, 7, 6, 5, 4, 3, 2)%11)%10 == int(d[7]-'0')
}
