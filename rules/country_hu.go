package rules

import "time"

// hungary returns the rules for numbers that Hungarian authorities issue.
func hungary() []Rule {
	return []Rule{
		{
			ID:          "hu-vat",
			Description: "a Hungarian VAT number",
			Source:      "2017. évi CL. törvény (Art.); " + viesRules,
			Country:     "HU",
			Category:    "financial",
			Shapes:      withPrefix("HU", "dddddddd", "dddd dddd"),
			Valid:       func(b []byte) bool { return validTorzsszam(b[2:]) },
			Context:     []string{"adoszam", "kozossegi", "afa", "vat"},
			Match:       []string{"HU12892312", "HU 12892312", "HU-12892312", "hu12892312"},
			NoMatch:     []string{"HU12892313", "HU1289231", "HU00000000"},
		},
		{
			ID:           "hu-adoszam",
			Description:  "a Hungarian tax number of a company or sole trader (adószám)",
			Source:       "2017. évi CL. törvény (Art.): number (8), VAT code (1), county (2)",
			Country:      "HU",
			Category:     "financial",
			Shapes:       []string{"dddddddd-d-dd"},
			Valid:        validAdoszam,
			Context:      []string{"adoszam", "adoszama", "asz", "ado", "vat"},
			NeedsContext: true,
			Match:        []string{"12892312-2-41", "12892312241"},
			NoMatch:      []string{"12892313-2-41", "12892312-9-41", "12892312-2-99", "12892312-2-4"},
		},
		{
			ID:          "hu-personal-id",
			Description: "a Hungarian personal identifier (személyi azonosító)",
			Source:      "1996. évi XX. törvény, 3. melléklet",
			Country:     "HU",
			Category:    "official identification",
			Shapes:      []string{"d-dddddd-dddd", "d dddddd ddd d", "ddddddd dddd", "d dd dd dd dddd"},
			Valid:       validSzemelyi,
			Context:     []string{"szemelyi", "azonosito", "szemelyiszam", "szemi", "personal"},
			Match:       []string{"1-850730-1239", "18507301239", "1 850730 1239", "3-050730-1235"},
			NoMatch:     []string{"1-850730-1232", "1-851330-1234", "9-850730-1236", "3-990730-1239", "1-850730-123"},
		},
		{
			ID:          "hu-tax-id",
			BareContext: true,
			Description: "a Hungarian tax identifier of a person (adóazonosító jel)",
			Source:      "1996. évi XX. törvény, 1. melléklet",
			Country:     "HU",
			Category:    "official identification",
			Shapes:      []string{"dddddddddd", "dddd ddd ddd", "d ddddd dddd", "ddd ddd dddd"},
			Valid:       validAdoazonosito,
			Context:     []string{"adoazonosito", "adojel", "azonosito", "ado", "adoszam", "tax"},
			Match:       []string{"8365670003", "8071592153", "8365 670 003"},
			NoMatch:     []string{"8365670004", "7365670002", "8999990003", "836567000"},
		},
		{
			ID:           "hu-taj",
			Description:  "a Hungarian social security number (TAJ)",
			Source:       "1996. évi XX. törvény, 2. melléklet",
			Country:      "HU",
			Category:     "official identification",
			Shapes:       []string{"ddd ddd ddd"},
			Valid:        validTAJ,
			Context:      []string{"taj", "tajszam", "tarsadalombiztositasi", "tb"},
			NeedsContext: true,
			Match:        []string{"111111110", "111 111 110", "037687210"},
			NoMatch:      []string{"111111111", "000000000", "11111111"},
		},
	}
}

func validTorzsszam(d []byte) bool {
	return !same(d[:8]) && weighted(d, 9, 7, 3, 1, 9, 7, 3, 1)%10 == 0
}

// validAdoszam checks number, VAT code and county.
func validAdoszam(d []byte) bool {
	county := two(d, 9)
	return validTorzsszam(d[:8]) && d[8] >= '1' && d[8] <= '5' &&
		(county >= 2 && county <= 20 || county >= 22 && county <= 44 || county == 51)
}

// validSzemelyi checks a digit for sex and century (from 5 on of foreigners),
// the date of birth as yymmdd, a serial number and a check digit, of which the
// weights rise until 1996 and fall for who was born later.
func validSzemelyi(d []byte) bool {
	if d[0] < '1' || d[0] > '8' {
		return false
	}
	month, day := two(d, 3), two(d, 5)
	check := int(d[10] - '0')
	rising := weighted(d, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)%11 == check
	falling := weighted(d, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1)%11 == check
	if (d[0]-'1')/2%2 == 0 {
		year := 1900 + two(d, 1)
		return (rising && year < 1997 || falling && year >= 1997) && date(year, month, day)
	}
	// Who was born before 1860 was dead when the numbers came, in 1975.
	if year := two(d, 1); year < 60 {
		return falling && date(2000+year, month, day)
	}
	return rising && date(1800+two(d, 1), month, day)
}

// validAdoazonosito checks an 8, the days from 1 January 1867 to the day of
// birth, a serial number and a check digit.
func validAdoazonosito(d []byte) bool {
	if d[0] != '8' || weighted(d, 1, 2, 3, 4, 5, 6, 7, 8, 9)%11 != int(d[9]-'0') {
		return false
	}
	days := time.Since(time.Date(1867, 1, 1, 0, 0, 0, 0, time.UTC)) / (24 * time.Hour)
	return num(d[1:6]) <= int64(days)
}

func validTAJ(d []byte) bool {
	return !same(d) && weighted(d, 3, 7, 3, 7, 3, 7, 3, 7)%10 == int(d[8]-'0')
}
