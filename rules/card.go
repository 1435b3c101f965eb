package rules

// card detects payment cards of the lengths that nearly all have.
func card() Rule {
	return Rule{
		ID:          "card",
		Description: "a payment card number",
		Source:      "ISO/IEC 7812-1 (check digit: annex B); the issuers' published ranges",
		Category:    "financial",
		Shapes:      []string{"dddd dddd dddd dddd", "dddd dddddd ddddd", "dddd dddddd dddd", "dddd dddd dddd dddd ddd", "dddddd dddddddddd", "ddddddddddddddddd", "dddddd dddddddddddd", "dddd dddd dddd ddd"},
		Valid:       validCard,
		Context:     cardWords(),
		Match: []string{
			"4111 1111 1111 1111", "4242424242424242", "5555-5555-5555-4444", "2223003122003222", "3782 822463 10005", "30569309025904", "3056 930902 5904",
			"6011111111111117", "3530 1113 3330 0000", "6759 6498 2643 8453", "6200000000000005", "4000 0000 0000 0000 006", "6799990100000000019", "9792 0300 0000 0000", "5066 9911 1111 1118",
		},
		NoMatch: []string{"4111 1111 1111 1112", "5555 5555 5555 555", "0000 0000 0000 0000", "1234567890123452", "4111-1111-1111-1111-2", "41111111111111110", "8888 8888 8888 8888", "2219 9999 9999 9994"},
	}
}

// cardInContext detects those of rarer lengths, which other numbers have, too.
func cardInContext() Rule {
	return Rule{
		ID:           "card-rare",
		Description:  "a payment card number of a rare length",
		Source:       "ISO/IEC 7812-1 (check digit: annex B); the issuers' published ranges",
		Category:     "financial",
		Shapes:       []string{"dddddddddddd", "dddd dddd dddd", "ddddddddddddd", "dddd ddd ddd ddd", "dddd dddd ddddd", "dddd dddddd dddd", "dddd dddddd ddddd", "ddddddddddddddddd", "dddd dddd dddd dddd dd", "dddd dddd dddd dddd ddd"},
		Valid:        validRareCard,
		Context:      cardWords(),
		NeedsContext: true,
		Match:        []string{"4222222222222", "501800000009"},
		NoMatch:      []string{"4222222222223", "422222222222"},
	}
}

func cardWords() []string {
	return []string{
		"card*", "creditcard*", "kaart*", "kreditkarte*", "karte*", "carte*", "cb", "tarjeta*", "carta", "cartao", "karta", "karty", "kartu", "kort*", "kortti*", "kartya*",
		"kaardi*", "karte", "kortel*", "καρτα*", "карта*", "visa", "mastercard", "amex", "maestro", "bancontact", "pan", "ccnum*", "cc",
	}
}

// prefix returns the number that the first n digits are.
func prefix(d []byte, n int) int { return int(num(d[:n])) }

func validCard(d []byte) bool {
	p := prefix(d, 4)
	ok := false
	switch len(d) {
	case 14:
		ok = p >= 3000 && p < 3060 || p/10 == 309 || p/100 == 36 || p/100 == 38 || p/100 == 39 // Diners
	case 15:
		ok = p/100 == 34 || p/100 == 37 // American Express
	case 16:
		ok = p/1000 == 4 || p >= 5100 && p < 5600 || p >= 2221 && p <= 2720 || // Visa, Mastercard
			p >= 2200 && p <= 2204 || // Mir
			p >= 3528 && p <= 3589 || // JCB
			p == 6011 || p >= 6440 && p < 6600 || p/100 == 62 || p/100 == 81 || // Discover, UnionPay
			p/100 == 36 || p/100 == 38 || p/100 == 39 || // Diners
			p == 9792 || // Troy
			p == 5018 || p == 5019 || p == 5020 || p == 5038 || p == 5893 || p == 6304 || p/100 == 67 || p == 6033 || p/100 == 60 // Maestro, Dankort, RuPay
		six := prefix(d, 6)
		ok = ok || six >= 506699 && six <= 506778 || p >= 5090 && p <= 5099 || six == 504175 || six == 627780 || six == 636297 || six == 636368 || six == 637095 || six == 637568 || six == 637599 || six == 637609 || six == 637612 // Elo, Hipercard
	case 17, 18:
		ok = p/100 == 62 // UnionPay
	case 19:
		ok = p/1000 == 4 || p/100 == 62 || p == 6304 || p/100 == 67 || p >= 3528 && p <= 3589 || p == 6011
	}
	return ok && !same(d) && luhn(d)
}

func validRareCard(d []byte) bool {
	p := prefix(d, 4)
	ok := p == 5018 || p == 5020 || p == 5038 || p == 5893 || p == 6304 || p/100 == 67 || p/100 == 50 || p >= 5600 && p < 5900 // Maestro
	switch len(d) {
	case 13:
		ok = ok || p/1000 == 4 // Visa, until the 1990s
	case 17, 18, 19:
		ok = ok || p >= 3528 && p <= 3589 || p == 6011 || p >= 6440 && p < 6600 || p/100 == 36 || p >= 2200 && p <= 2204
	}
	return ok && !same(d) && luhn(d)
}
