package rules

import (
	"strings"
)

func unitedKingdom() []Rule {
	vat := []string{"ddddddddd", "ddd dddd dd", "ddd ddd ddd", "dddddddddddd", "ddd dddd dd ddd", "ddddddddd ddd", "ddd ddd ddd ddd"}
	return []Rule{
		{
			ID:          "gb-vat",
			Description: "a VAT number of the United Kingdom, or of Northern Ireland (XI)",
			Source:      "Value Added Tax Act 1994; The Value Added Tax Regulations 1995 (SI 1995/2518); HMRC: weights 8 to 2 modulo 97, or modulo 97 after adding 55; Protocol on Ireland/Northern Ireland for XI",
			Country:     "GB",
			Category:    "financial",
			Shapes:      append(prefixed("GB", vat...), prefixed("XI", vat...)...),
			Valid:       func(c []byte) bool { return validGbVAT(c[2:]) },
			Context:     []string{"vat", "vatno", "vat-no", "vrn", "hmrc"},
			Match:       []string{"GB980780684", "GB 980 7806 84", "XI 980 7806 84", "GB980780684001", "GB 980 7806 84 001", "xi980780684"},
			NoMatch:     []string{"GB980780685", "GB802311781", "XI 802 3117 81", "GB000000000", "GB9807806840", "980780684"},
		},
		found(Rule{
			ID:          "gb-vat-government",
			Description: "a VAT number of a government department or health authority of the United Kingdom",
			Source:      "HMRC, VAT registration numbers: GD000 to GD499, HA500 to HA999; VIES, number format of XI: 8888, the number, and its remainder modulo 97",
			Country:     "GB",
			Category:    "financial",
			look:        gbGovernmentAt,
			groups: []group{
				{kinds: "d", least: 3, most: 9, before: " ", before2: "DA"},
				{kinds: "m", least: 5, most: 13, first: "GXH"},
			},
			MaxLen:  len("GB GD 8888 123 45"),
			Context: []string{"vat", "vatno", "vat-no", "vrn", "hmrc"},
			Match:   []string{"GBGD001", "GB GD 001", "GBHA599", "XIHA500", "GBGD888812326", "GB GD 8888 123 26"},
			NoMatch: []string{"GBGD500", "GBHA499", "GBGD0011", "GBGD01", "GD001", "GBGD888812327", "AGBGD001"},
		}),
		{
			ID:           "gb-vat-national",
			Description:  "a VAT number of the United Kingdom without its country",
			Source:       "The Value Added Tax Regulations 1995 (SI 1995/2518), regulation 14; HMRC: weights 8 to 2 modulo 97, or modulo 97 after adding 55",
			Country:      "GB",
			Category:     "financial",
			Shapes:       []string{"ddd dddd dd", "ddd ddd ddd", "ddd dddd dd ddd"},
			Valid:        validGbVAT,
			Context:      []string{"vat", "vatno", "vat-no", "vrn", "hmrc"},
			NeedsContext: true,
			Match:        []string{"980 7806 84", "980780684", "980 780 684"},
			NoMatch:      []string{"980 7806 85", "000000000", "98078068"},
		},
		{
			ID:          "gb-nino",
			Description: "a national insurance number of the United Kingdom",
			Source:      "Social Security Administration Act 1992, section 182C; HMRC, National Insurance Manual NIM39110: two letters, six digits, A to D; no check digit",
			Country:     "GB",
			Category:    "official identification",
			Shapes:      []string{"aadddddda", "aa dd dd dd a", "aa dddddd a", "aadddddd a", "aa dddddda", "aa ddd ddd a", "aa dd dd dda"},
			Valid:       validNINO,
			Context:     []string{"nino", "ni", "insurance", "national-insurance", "nino.", "nin"},
			Match:       []string{"AB123456C", "AB 12 34 56 C", "ab123456c", "JG103759A", "AB-12-34-56-C", "AB 123456 C"},
			NoMatch:     []string{"QQ123456C", "AB123456E", "BG123456A", "GB123456A", "NK123456A", "TN123456A", "ZZ123456A", "AO123456A", "DA123456A", "AB12345C", "AB1234567C"},
		},
		{
			ID:           "gb-nino-short",
			Description:  "a national insurance number of the United Kingdom without its last letter",
			Source:       "HMRC, National Insurance Manual NIM39110; no check digit",
			Country:      "GB",
			Category:     "official identification",
			Shapes:       []string{"aadddddd", "aa dddddd", "aa dd dd dd"},
			Valid:        validNINO,
			Context:      []string{"nino", "insurance", "national-insurance"},
			NeedsContext: true,
			Match:        []string{"AB123456", "HH 01 23 45", "ab 123456"},
			NoMatch:      []string{"QQ123456", "GB123456", "AB12345", "AB1234567"},
		},
		{
			ID:           "gb-nhs",
			Description:  "an NHS number of England and Wales, or a health and care number of Northern Ireland",
			Source:       "Health and Social Care Act 2012, section 251A; NHS Data Dictionary, NHS NUMBER; ISB 0149: weights 10 to 2 modulo 11",
			Country:      "GB",
			Category:     "official identification",
			Shapes:       []string{"ddd ddd dddd"},
			Valid:        validNHS,
			Context:      []string{"nhs", "nhsno", "nhs-no", "nhs-number", "patient", "hcn", "h&c"},
			NeedsContext: true,
			Match:        []string{"943 476 5870", "9434765919", "943-476-5919", "401 023 2137"},
			NoMatch:      []string{"943 476 5871", "9434765918", "0000000000", "1111111111", "943476591"},
		},
		{
			ID:           "gb-chi",
			Description:  "a community health index number of Scotland (CHI)",
			Source:       "NHS Scotland, SCI Data Dictionary, CHI Number: the birth date, weights 10 to 2 modulo 11",
			Country:      "GB",
			Category:     "official identification",
			Shapes:       []string{"dddddddddd", "dddddd dddd", "ddd ddd dddd"},
			Valid:        validCHI,
			Context:      []string{"chi", "chi-number", "nhs", "patient"},
			NeedsContext: true,
			Match:        []string{"0101701233", "010170 1233"},
			NoMatch:      []string{"0101701234", "0000000000", "3201701236"},
		},
		{
			ID:           "gb-utr",
			Description:  "a unique taxpayer reference of the United Kingdom (UTR)",
			Source:       "Taxes Management Act 1970; HMRC, Unique Taxpayer Reference; OECD, TIN, United Kingdom: the first digit checks the others, weights 6, 7, 8, 9, 10, 5, 4, 3, 2 modulo 11",
			Country:      "GB",
			Category:     "official identification",
			Shapes:       []string{"dddddddddd", "ddddd ddddd", "dddddddddda", "ddddd ddddda", "adddddddddd", "addddd ddddd", "ddd ddd dddd", "dddd dddd dd"},
			Valid:        validUTR,
			Context:      []string{"utr", "taxpayer", "self-assessment", "hmrc", "utrn"},
			NeedsContext: true,
			Match:        []string{"1955839661", "19558 39661", "1955839661K", "k1955839661"},
			NoMatch:      []string{"2955839661", "1955839662", "0000000000", "1955839661L", "195583966"},
		},
		{
			ID:          "gb-driving-licence",
			Description: "a driver number of Great Britain",
			Source:      "Motor Vehicles (Driving Licences) Regulations 1999 (SI 1999/2864); DVLA, INF1D: surname, birth date, initials; its check isn't published",
			Country:     "GB",
			Category:    "official identification",
			Shapes:      []string{"xxxxxddddddxxxaa", "xxxxx dddddd xxxaa", "xxxxx dddddd xx xaa", "xxxxx dddddd xxxaa dd", "xxxxxddddddxxxaa dd"},
			Valid:       validDriverNumber,
			Context:     []string{"driver", "driving", "licence", "dvla", "driver-number"},
			Match:       []string{"MORGA657054SM9IJ", "MORGA 657054 SM9IJ", "MORGA657054SM9IJ 35", "FOX99801017J99AB"},
			NoMatch:     []string{"MORGA673054SM9IJ", "MORGA657324SM9IJ", "9MORG657054SM9IJ", "MO9GA657054SM9IJ", "MORGA6570549S9IJ"},
		},
		{
			ID:           "gb-upn",
			Description:  "a unique pupil number of England",
			Source:       "Education (Pupil Registration) (England) Regulations 2024; Department for Education, Unique pupil numbers guide: weights 2 to 13 modulo 23",
			Country:      "GB",
			Category:     "official identification",
			Shapes:       []string{"adddddddddddd", "addd dddd ddddd", "addddddddddda", "addd dddd dddda"},
			Valid:        validUPN,
			Context:      []string{"upn", "pupil", "school"},
			NeedsContext: true,
			Match:        []string{"B801200005001"},
			NoMatch:      []string{"A801200005001", "B801200005002", "I801200005001", "B80120000500"},
		},
		{
			ID:           "gb-company-number",
			Description:  "a number in the company register of the United Kingdom",
			Source:       "Companies Act 2006, section 1066; Companies House: eight digits, or two letters and six digits, without a check digit",
			Country:      "GB",
			Category:     "official identification",
			Shapes:       []string{"dddddddd", "aadddddd", "aa dddddd"},
			Valid:        validGbCompany,
			Context:      []string{"company", "crn", "companies", "registered"},
			NeedsContext: true,
			Match:        []string{"00445790", "SC095237", "OC 301540", "NI123456"},
			NoMatch:      []string{"0044579", "QX123456", "00000000", "004457901"},
		},
	}
}

// validGbVAT takes nine digits, or twelve of which the last three are a branch.
func validGbVAT(d []byte) bool {
	if num(d[:9]) == 0 {
		return false
	}
	switch weighted(d, 8, 7, 6, 5, 4, 3, 2, 10, 1) % 97 {
	case 0:
		return true
	case 42: // 97 - 55
		return d[0] != '0'
	}
	return false
}

// gbGovernmentAt takes GB or XI, GD or HA, and three digits, or 8888, three digits
// and their remainder; in upper case only. The group holds the first digits.
func gbGovernmentAt(b []byte, from, to int) (int, int) {
	k := from - 3 // of GD or HA
	if !digit(b[from]) {
		for k = from; !digit(b[k+2]); k++ {
			if k+3 == to {
				return 0, 0
			}
		}
	} else if byteAt(b, from-1) != ' ' {
		return 0, 0
	}
	if k < 2 {
		return 0, 0
	}
	health := b[k] == 'H' && b[k+1] == 'A'
	if !health && (b[k] != 'G' || b[k+1] != 'D') {
		return 0, 0
	}
	start := k - 2
	if b[k-1] == ' ' {
		start--
	}
	if start < 0 {
		return 0, 0
	}
	if c := b[start : start+2]; string(c) != "GB" && string(c) != "XI" {
		return 0, 0
	}
	end := governmentDigits(b, k+2, health)
	if end == 0 || !alone(b, start, end) {
		return 0, 0
	}
	return start, end
}

// governmentDigits returns the end of the digits at i, 0 where they are none.
func governmentDigits(b []byte, i int, health bool) int {
	var d [10]byte
	n, end := 0, 0
	for i < len(b) && n < len(d) {
		if b[i] == ' ' && (n == 0 || n == 4 || n == 7) && i+1 < len(b) && digit(b[i+1]) {
			i++
		}
		if !digit(b[i]) {
			break
		}
		d[n] = b[i]
		n, i = n+1, i+1
		// "GB GD 001 2024" is a number and a year.
		if n == 3 {
			end = i
		}
	}
	fits := func(d []byte) bool { return (num(d) >= 500) == health }
	if n == 9 && string(d[:4]) == "8888" && fits(d[4:7]) && num(d[4:7])%97 == num(d[7:9]) {
		return i
	}
	if end > 0 && fits(d[:3]) {
		return end
	}
	return 0
}

func validNINO(c []byte) bool {
	if oneOf(c[0], "DFIQUV") || oneOf(c[1], "DFIOQUV") || len(c) > 8 && c[8] > 'D' {
		return false
	}
	switch string(c[:2]) {
	case "BG", "GB", "KN", "NK", "NT", "TN", "ZZ":
		return false
	}
	return true
}

func validNHS(d []byte) bool {
	return !same(d) && weightedCheck(d, 10, 9, 8, 7, 6, 5, 4, 3, 2) == int(d[9]-'0')
}

func validCHI(d []byte) bool {
	return dateEither(int(num(d[4:6])), int(num(d[2:4])), int(num(d[:2]))) && validNHS(d)
}

// validUTR takes ten digits, with a K in front or behind as of the employer or
// not.
func validUTR(c []byte) bool {
	if len(c) == 11 {
		switch {
		case c[0] == 'K':
			c = c[1:]
		case c[10] == 'K':
			c = c[:10]
		default:
			return false
		}
	}
	return num(c) != 0 && c[0] == "21987654321"[weighted(c[1:], 6, 7, 8, 9, 10, 5, 4, 3, 2)%11]
}

func validDriverNumber(c []byte) bool {
	// Short surnames are filled with nines, as is a second initial that there
	// isn't; 5 is added to the first digit of a woman's month.
	name := c[:5]
	for len(name) > 1 && name[len(name)-1] == '9' {
		name = name[:len(name)-1]
	}
	for _, b := range name {
		if !letter(b) {
			return false
		}
	}
	if c[11] != '9' && !letter(c[11]) || c[12] != '9' && !letter(c[12]) || c[11] == '9' && c[12] != '9' {
		return false
	}
	year, month, day := int(c[5]-'0')*10+int(c[10]-'0'), int(num(c[6:8])), int(num(c[8:10]))
	if month > 50 {
		month -= 50
	}
	return dateEither(year, month, day)
}

func validUPN(c []byte) bool {
	const letters = "ABCDEFGHJKLMNPQRTUVWXYZ"
	n := weighted(c[1:], 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
	if last := c[12]; digit(last) {
		n += int(last-'0') * 13
	} else if k := strings.IndexByte(letters, last); k >= 0 { // of a temporary number
		n += k * 13
	} else {
		return false
	}
	return letters[n%23] == c[0]
}

func validGbCompany(c []byte) bool {
	if digit(c[0]) {
		return num(c) != 0
	}
	const prefixes = "AC AP CE CS EN ES FC FE GE GN GS IC IP LP NA NC NF NI NL NO NP NR NV NZ OC OE PC RC RS SA SC SE SF SG SI SL SO SP SR SZ ZC"
	return strings.Contains(prefixes, string(c[:2])) && num(c[2:]) != 0
}
