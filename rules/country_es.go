package rules

func spain() []Rule {
	var vat []string
	for _, f := range []string{"xdddddddx", "x ddddddd x", "xddddddd x", "x dddddddx", "dddddddd a", "dd ddd ddd a", "x dd ddd ddx"} {
		vat = append(vat, prefixed("ES", f)...)
	}
	return []Rule{
		{
			ID:          "es-vat",
			Description: "a VAT number of Spain",
			Source:      "Ley 37/1992 del Impuesto sobre el Valor Añadido; Real Decreto 1065/2007, artículos 18-28; Orden EHA/451/2008; VIES, number format of ES",
			Country:     "ES",
			Category:    "financial",
			Shapes:      vat,
			Valid:       func(c []byte) bool { return validEsNIF(c[2:]) || validCIF(c[2:]) },
			Context:     []string{"nif", "cif", "iva", "vat", "nif-iva", "fiscal"},
			Match:       []string{"ESB58378431", "ES B-58378431", "ES54362315K", "ES X-5253868-R", "ESM1234567L", "es a13585625"},
			NoMatch:     []string{"ESB58378432", "ES54362315Z", "ESX5253868T", "B58378431", "ESO1234567L", "ES123456789"},
		},
		{
			ID:          "es-dni",
			Description: "the number of a national identity document of Spain (DNI)",
			Source:      "Real Decreto 1553/2005, artículo 11; Ministerio del Interior, Cálculo del dígito de control del NIF/NIE: modulo 23",
			Country:     "ES",
			Category:    "official identification",
			Shapes:      []string{"dddddddda", "dddddddd a", "dd ddd ddd a", "dd ddd ddda"},
			Valid:       validDNI,
			Context:     []string{"dni", "nif", "d.n.i", "n.i.f", "documento", "identidad", "nan", "ena"},
			Match:       []string{"12345678Z", "54362315K", "54362315-K", "54.362.315-K", "00000001R", "99999999R", "12.345.678Z"},
			NoMatch:     []string{"12345678A", "54362315Z", "54362315", "00000000A", "1234567Z8", "123456789Z"},
		},
		{
			ID:          "es-nie",
			Description: "an identity number of a foreigner in Spain (NIE)",
			Source:      "Ley Orgánica 4/2000; Real Decreto 1155/2024; Orden INT/2058/2008: X, Y, Z for 0, 1, 2, modulo 23",
			Country:     "ES",
			Category:    "official identification",
			Shapes:      []string{"addddddda", "a ddddddd a", "addddddd a", "a ddddddda", "a d ddd ddd a", "a dddddddd a"},
			Valid:       validNIE,
			Context:     []string{"nie", "nif", "n.i.e", "extranjero", "extranjera", "tie", "residencia"},
			Match:       []string{"X2482300W", "X-5253868-R", "x-2482300w", "X1234567L", "Y1234567X", "Z1234567R", "X-02482300-W"},
			NoMatch:     []string{"X2482300A", "W2482300X", "X2482300", "X-5253868-T", "X12345678L"},
		},
		{
			ID:          "es-nif",
			Description: "a tax number of Spain for those without DNI or NIE (K, L, M)",
			Source:      "Real Decreto 1065/2007, artículos 19 y 20; modulo 23",
			Country:     "ES",
			Category:    "official identification",
			Shapes:      []string{"Kddddddda", "Lddddddda", "Mddddddda", "K ddddddd a", "L ddddddd a", "M ddddddd a"},
			Valid:       validKLM,
			Context:     []string{"nif", "n.i.f", "fiscal", "menor", "tributari*"},
			Match:       []string{"M1234567L", "M-1234567-L", "K1234567L", "l0000001r"},
			NoMatch:     []string{"M1234567M", "N1234567L", "M12345678L", "M123456L"},
		},
		{
			ID:          "es-cif",
			Description: "a tax number of a legal person in Spain (NIF, CIF)",
			Source:      "Real Decreto 1065/2007, artículo 22; Orden EHA/451/2008: modulo 10, the check a letter for N, P, Q, R, S, W; VIES, number format of ES",
			Country:     "ES",
			Category:    "financial",
			Shapes:      []string{"adddddddx", "a dddddddx", "a dd ddd ddx", "a ddddddd x", "add ddd ddx", "addddddd x"},
			Valid:       validCIF,
			Context:     []string{"cif", "nif", "c.i.f", "n.i.f", "fiscal", "sociedad", "empresa"},
			Match:       []string{"B58378431", "B-58378431", "J99216582", "A13 585 625", "P2807900B", "A5881850A", "Q2826000H", "A58818501"},
			NoMatch:     []string{"B58378432", "J99216583", "J992165831", "O1234567L", "P28079002", "A5881850B", "M1234567L"},
		},
		{
			ID:          "es-social-security",
			Description: "a social security number of Spain (NSS, NUSS, NAF)",
			Source:      "Real Decreto Legislativo 8/2015; Real Decreto 84/1996, artículo 21; Tesorería General de la Seguridad Social: province and number modulo 97",
			Country:     "ES",
			Category:    "official identification",
			Shapes:      []string{"dddddddddddd", "dd dddddddd dd", "dd dddddddddd", "dd dddd dddd dd", "dd dd dddddd dd"},
			Valid:       validNUSS,
			Context:     []string{"nss", "nuss", "naf", "seguridad", "social", "afiliacion", "afiliado", "s.s", "tgss"},
			Match:       []string{"281234567840", "28/12345678/40", "28 12345678 40", "080111111102"},
			NoMatch:     []string{"281234567841", "28/12345678/41", "000000000000", "28123456784"},
		},
	}
}

const dniLetters = "TRWAGMYFPDXBNJZSQVHLCKE"

func validDNI(c []byte) bool {
	return len(c) == 9 && allDigits(c[:8]) && dniLetters[num(c[:8])%23] == c[8]
}

// validNIE takes the eight digits that the oldest have as well as seven.
func validNIE(c []byte) bool {
	last := len(c) - 1
	if c[0] < 'X' || c[0] > 'Z' || last == 9 && (c[0] != 'X' || c[1] != '0') || !allDigits(c[1:last]) {
		return false
	}
	return dniLetters[(int64(c[0]-'X')*10_000_000+num(c[1:last]))%23] == c[last]
}

func validKLM(c []byte) bool {
	return len(c) == 9 && oneOf(c[0], "KLM") && allDigits(c[1:8]) && dniLetters[num(c[1:8])%23] == c[8]
}

// validEsNIF is for all numbers of natural persons.
func validEsNIF(c []byte) bool {
	return len(c) == 9 && (validDNI(c) || validNIE(c) || validKLM(c))
}

func validCIF(c []byte) bool {
	if len(c) != 9 || !oneOf(c[0], "ABCDEFGHJNPQRSUVW") || !allDigits(c[1:8]) || string(c[1:3]) == "00" && oneOf(c[0], "ABCDEFGHJUV") { // no province has 00
		return false
	}
	n := 0
	for i, b := range c[1:8] {
		k := int(b - '0')
		if i%2 == 0 {
			if k *= 2; k > 9 {
				k -= 9
			}
		}
		n += k
	}
	check := (10 - n%10) % 10
	// Until 2008 foreigners had the other letters as well, and a letter as check.
	return c[8] == "JABCDEFGHI"[check] || c[8] == byte('0'+check) && !oneOf(c[0], "NPQRSW")
}

func validNUSS(d []byte) bool {
	province, number := num(d[:2]), num(d[2:10])
	if province == 0 || number == 0 {
		return false
	}
	// A number below ten million is joined to its province without the zero in
	// front.
	n := province*100_000_000 + number
	if number < 10_000_000 {
		n = province*10_000_000 + number
	}
	return n%97 == num(d[10:])
}
