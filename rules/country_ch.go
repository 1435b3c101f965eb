package rules

func switzerland() []Rule {
	uid := []string{"CHE ddd ddd ddd", "CHEddd ddd ddd", "CHE ddddddddd"}
	var vat []string
	for _, suffix := range []string{"MWST", "TVA", "IVA", "TPV", "VAT"} {
		for _, u := range append(uid, "CHEddddddddd") {
			vat = append(vat, u+" "+suffix, u+suffix)
		}
	}
	return []Rule{
		{
			ID:          "ch-vat",
			Description: "a VAT number of Switzerland or Liechtenstein",
			Source:      "Mehrwertsteuergesetz (SR 641.20), Art. 66; UIDG (SR 431.03); UIDV (SR 431.031): weights 5, 4, 3, 2, 7, 6, 5, 4 modulo 11",
			Country:     "CH",
			Category:    "financial",
			Shapes:      vat,
			Valid:       validUID,
			Context:     []string{"mwst", "tva", "iva", "vat", "mehrwertsteuer*", "ust"},
			Match:       []string{"CHE-107.787.577 IVA", "CHE107787577IVA", "CHE-100.155.212 MWST", "CHE-100.155.212MWST", "CHE 100 155 212 TVA", "CHE100155212 VAT"},
			NoMatch:     []string{"CHE-107.787.578 IVA", "CHE-100.155.212", "CHE-100.155.213 MWST", "CHE-000.000.000 MWST"},
		},
		{
			ID:          "ch-uid",
			Description: "an enterprise number of Switzerland or Liechtenstein (UID, IDE)",
			Source:      "Bundesgesetz über die Unternehmens-Identifikationsnummer (UIDG, SR 431.03); UIDV (SR 431.031), eCH-0097: weights 5, 4, 3, 2, 7, 6, 5, 4 modulo 11",
			Country:     "CH",
			Category:    "official identification",
			Shapes:      uid,
			Valid:       validUID,
			Context:     []string{"uid", "ide", "idi", "mwst", "tva", "iva", "handelsregister", "mwst-nr", "uid-nr"},
			Match:       []string{"CHE-100.155.212", "CHE100155212", "CHE 100 155 212", "CHE-100155212", "CHE100.155.212"},
			NoMatch:     []string{"CHE-100.155.213", "CHE100155213", "CHE000000000", "CHF100155212", "100155212"},
		},
		{
			ID:          "ch-ahv",
			Description: "a social security number of Switzerland (AHV, AVS)",
			Source:      "Bundesgesetz über die Alters- und Hinterlassenenversicherung (AHVG, SR 831.10), Art. 50c; AHVV (SR 831.101), Art. 133bis: 756 and the check digit of EAN-13",
			Country:     "CH",
			Category:    "official identification",
			Shapes:      []string{"756 dddd dddd dd", "756dddddddddd", "756 dddddddddd", "756 dddddddd dd", "756 ddd ddd ddd d", "756d ddd ddd dd d"},
			Valid:       validAHV,
			Context:     []string{"ahv", "avs", "ahv-nr", "ahvn13", "navs13", "navs", "sozialversicherung*", "versichertennummer", "assure", "assicurato", "ahv-nummer"},
			Match:       []string{"756.9217.0769.85", "7569217076985", "756.1234.5678.97", "756 9217 0769 85"},
			NoMatch:     []string{"756.9217.0769.84", "757.9217.0769.85", "756.0000.0000.00", "756921707698", "75692170769850"},
		},
		{
			ID:           "ch-ahv-2008",
			Description:  "a social security number of Switzerland as given until 2008, of eleven digits",
			Source:       "AHVV (SR 831.101) in the version until 30 June 2008, Art. 133; Bundesamt für Sozialversicherung: weights 5, 4, 3, 2, 7, 6, 5, 4, 3, 2 modulo 11",
			Country:      "CH",
			Category:     "official identification",
			Shapes:       []string{"ddd dd ddd ddd", "ddddddddddd"},
			Valid:        validAHV2008,
			Context:      []string{"ahv", "avs", "ahv-nr", "ahv-nummer", "sozialversicherung*", "versichertennummer", "assure", "assicurato"},
			NeedsContext: true,
			Match:        []string{"123.45.678.113", "12345678113"},
			NoMatch:      []string{"123.45.678.114", "123.45.999.117", "000.00.000.000", "1234567811"},
		},
	}
}

func validUID(c []byte) bool {
	d := c[3:12]
	return num(d) != 0 && weightedCheck(d, 5, 4, 3, 2, 7, 6, 5, 4) == int(d[8]-'0')
}

func validAHV(d []byte) bool {
	return num(d[3:12]) != 0 && weighted(d, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1)%10 == 0
}

// validAHV2008 checks name, year, quarter and day of birth, serial and check
// digit: the quarter is 1 to 4 for men and 5 to 8 for women, the day counted as
// if each month had 31.
func validAHV2008(d []byte) bool {
	day := num(d[6:8])
	return d[0] != '0' && '1' <= d[5] && d[5] <= '8' && 1 <= day && day <= 93 &&
		weighted(d, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0
}
