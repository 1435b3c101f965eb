package rules

func portugal() []Rule {
	nif := []string{"ddddddddd", "ddd ddd ddd"}
	return []Rule{
		{
			ID:          "pt-vat",
			Description: "a VAT number of Portugal",
			Source:      "Código do IVA; Decreto-Lei n.º 14/2013 (número de identificação fiscal); VIES, number format of PT: weights 9 to 2 modulo 11",
			Country:     "PT",
			Category:    "financial",
			Shapes:      prefixed("PT", append(nif, "d dddd dddd", "dddd ddddd")...),
			Valid:       func(c []byte) bool { return validNIF(c[2:]) },
			Context:     []string{"nif", "nipc", "iva", "contribuinte", "vat"},
			Match:       []string{"PT501964843", "PT 501 964 843", "PT 501964843", "pt123456789"},
			NoMatch:     []string{"PT501964842", "PT 501 964 842", "PT000000000", "PT5019648430", "501964843"},
		},
		{
			ID:           "pt-nif",
			Description:  "a tax number of Portugal (NIF, NIPC)",
			Source:       "Decreto-Lei n.º 14/2013, de 28 de janeiro: weights 9 to 2 modulo 11, the check digit 0 in place of 10",
			Country:      "PT",
			Category:     "official identification",
			Shapes:       nif,
			Valid:        validNIF,
			Context:      []string{"nif", "nipc", "contribuinte", "fiscal", "n.i.f", "nic", "tin"},
			NeedsContext: true,
			Match:        []string{"501964843", "501 964 843", "123456789", "999999990", "100000002", "451234561"},
			NoMatch:      []string{"501964842", "123456788", "000000000", "012345679", "412345678", "50196484"},
		},
		{
			ID:          "pt-citizen-card",
			Description: "the number of a citizen card of Portugal",
			Source:      "Lei n.º 7/2007, de 5 de fevereiro; AMA, Validação de Número de Documento do Cartão de Cidadão, 2009: letters as 10 to 35, every second character doubled, modulo 10",
			Country:     "PT",
			Category:    "official identification",
			Shapes:      []string{"ddddddddd xxd", "dddddddd d xxd", "dddddddd dxxd", "dddddddd d xx d", "dd ddd ddd d xxd"},
			Valid:       validCartaoCidadao,
			Context:     []string{"cc", "cartao", "cidadao", "documento", "bilhete", "identificacao"},
			Match:       []string{"00000000 0 ZZ4", "000000000ZZ4", "00000000-0ZZ4", "00000000-0-ZZ4", "10000000 0 ZZ 2"},
			NoMatch:     []string{"00000000 0 ZZ3", "00000000 A ZZ4", "000000000004", "0000000 0 ZZ4", "000000000ZZ40"},
		},
		{
			ID:           "pt-civil-identification",
			Description:  "a civil identification number of Portugal with its check digit (bilhete de identidade)",
			Source:       "Lei n.º 33/99, de 18 de maio: weights 9 to 2 modulo 11, the check digit 0 in place of 10",
			Country:      "PT",
			Category:     "official identification",
			Shapes:       []string{"dddddddd d", "d ddd ddd d", "dd ddd ddd d"},
			Valid:        func(d []byte) bool { return len(d) >= 8 && validBI(d) },
			Context:      []string{"bi", "b.i", "bilhete", "identidade", "nic", "civil"},
			NeedsContext: true,
			Match:        []string{"12345678 9", "123456789", "1 234 567 9"},
			NoMatch:      []string{"12345678 8", "00000000 0", "123456"},
		},
		{
			ID:           "pt-social-security",
			Description:  "a social security number of Portugal (NISS)",
			Source:       "Lei n.º 4/2007, de 16 de janeiro; Instituto da Segurança Social, NISS: weights 29, 23, 19, 17, 13, 11, 7, 5, 3, 2 modulo 10",
			Country:      "PT",
			Category:     "official identification",
			Shapes:       []string{"ddddddddddd", "ddd ddd ddd dd", "d dddddddddd"},
			Valid:        validNISS,
			Context:      []string{"niss", "social", "seguranca", "n.i.s.s", "beneficiario"},
			NeedsContext: true,
			Match:        []string{"12345678902", "123 456 789 02", "11000000007"},
			NoMatch:      []string{"12345678903", "32345678902", "00000000000", "1234567890"},
		},
		{
			ID:           "pt-health-user",
			Description:  "a user number of the national health service of Portugal",
			Source:       "Decreto-Lei n.º 198/95, de 29 de julho (cartão de identificação do utente do SNS): nine digits without a published check",
			Country:      "PT",
			Category:     "official identification",
			Shapes:       nif,
			Valid:        func(d []byte) bool { return !same(d) },
			Context:      []string{"utente", "sns", "rnu"},
			NeedsContext: true,
			Match:        []string{"312345678", "312 345 678"},
			NoMatch:      []string{"31234567", "000000000", "3123456789"},
		},
	}
}

func validNIF(d []byte) bool {
	// Numbers begin with 1, 2, 3 or 45 for natural persons, with 5 to 9 for
	// others.
	if d[0] == '0' || d[0] == '4' && d[1] != '5' {
		return false
	}
	return weightedCheck(d, 9, 8, 7, 6, 5, 4, 3, 2)%10 == int(d[8]-'0')
}

func validBI(d []byte) bool {
	n := 0
	for i, c := range d[:len(d)-1] {
		n += int(c-'0') * (len(d) - i)
	}
	return num(d) != 0 && (11-n%11)%11%10 == int(d[len(d)-1]-'0')
}

func validCartaoCidadao(c []byte) bool {
	if !letter(c[9]) {
		return false
	}
	n := 0
	for i, b := range c {
		v := int(b - '0')
		if letter(b) {
			v = int(b-'A') + 10
		}
		if i%2 == 0 {
			if v *= 2; v > 9 {
				v -= 9
			}
		}
		n += v
	}
	return n%10 == 0
}

func validNISS(d []byte) bool {
	return (d[0] == '1' || d[0] == '2') && 9-weighted(d, 29, 23, 19, 17, 13, 11, 7, 5, 3, 2)%10 == int(d[10]-'0')
}
