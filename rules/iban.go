package rules

// IBAN detects bank account numbers of ISO 13616 of a country in the register,
// in the electronic form or in groups.
func IBAN() Rule {
	return found(Rule{
		ID:          "iban",
		Description: "an international bank account number",
		Source:      "ISO 13616; SWIFT, IBAN Registry (lengths); ISO/IEC 7064, MOD 97-10",
		Category:    "financial",
		Context:     []string{"iban", "account", "rekening*", "bank*", "compte", "konto*", "cuenta", "conto", "conta", "rachun*", "tili*", "λογαριασμος", "сметка"},
		MaxLen:      maxCompact + 2*maxCompact,
		Match: []string{
			"BE68539007547034", "BE68 5390 0754 7034", "GB29 NWBK 6016 1331 9268 19", "be68 5390 0754 7034", "BE68-5390-0754-7034", "NO9386011117947", "NO93 8601 1117 947",
			"MT84MALT011000012345MTLCAST001S", "DE89\u00a03704\u00a00044\u00a00532\u00a00130\u00a000", "BE 68 5390 0754 7034", "DE89 370400440532013000", "FR14 2004 1010 0505 0001 3M02 606",
		},
		NoMatch: []string{
			"BE69539007547034", "BE6853900754703", "XBE68539007547034", "BE685390075470340", "BE68 5390 0754 703", "BE68  5390 0754 7034", "US64SVBKUS6S3300958879", "BE68 5390 0754 70341",
		},
		groups: []group{
			{kinds: "m", least: 4, most: 4},
			{kinds: "m", least: 6, most: maxCompact},
			{kinds: "d", least: 2, most: 2, before: separators + "\xA0", before2: letters2},
			{kinds: "dm", least: 13, most: 32, before: separators + "\xA0", before2: letters2},
		},
		scan:   scanIBAN,
		look:   ibanAt,
		strict: 24,
	})
}

// letters2 is what can stand in front of a separator that follows letters.
const letters2 = capitals + "abcdefghijklmnopqrstuvwxyz\xC2"

func ibanAt(b []byte, from, to int) (int, int) {
	i := from
	if !letter(b[i]) { // the country stands by itself
		if i -= 3; i >= 0 && b[from-1] == 0xA0 {
			i--
		}
	}
	if i < 0 || !letter(b[i]) || !letter(b[i+1]) || alnum(byteAt(b, i-1)) {
		return 0, 0
	}
	size := ibanLength(b[i]&^0x20, b[i+1]&^0x20)
	if size == 0 {
		return 0, 0
	}
	var compact [maxCompact]byte
	n, j := 0, i
	for j < len(b) && n < size {
		c := b[j]
		if alnum(c) {
			if letter(c) {
				c &^= 0x20
			}
			compact[n] = c
			n, j = n+1, j+1
			continue
		}
		step := separator(b, j)
		if step == 0 || n == 1 || !alnum(byteAt(b, j+step)) {
			return 0, 0
		}
		j += step
	}
	if n < size || alnum(byteAt(b, j)) || (byteAt(b, j) == '-' || byteAt(b, j) == '.') && digit(byteAt(b, j+1)) || !validIBAN(compact[:n]) {
		return 0, 0
	}
	return i, j
}

// ValidIBAN checks the form and the check digits of an IBAN in its electronic
// form (ISO 13616; ISO/IEC 7064, MOD 97-10), and its length where the country is
// in the register.
func ValidIBAN(s string) bool {
	if len(s) < 15 || len(s) > maxCompact {
		return false
	}
	var b [maxCompact]byte
	copy(b[:], s)
	if n := ibanLength(b[0], b[1]); n != 0 && n != len(s) {
		return false
	}
	return validIBAN(b[:len(s)])
}

func validIBAN(b []byte) bool {
	if !upper(b[0]) || !upper(b[1]) || !digit(b[2]) || !digit(b[3]) {
		return false
	}
	rem := 0
	for i := range b {
		k := i + 4
		if k >= len(b) {
			k -= len(b)
		}
		switch c := b[k]; {
		case digit(c):
			rem = (rem*10 + int(c-'0')) % 97
		case upper(c):
			rem = (rem*100 + int(c-'A') + 10) % 97
		default:
			return false
		}
	}
	return rem == 1 && (b[2] != '0' || b[3] > '1') && (b[2] != '9' || b[3] != '9')
}

// ibanLengths holds country codes and lengths of the IBAN Registry.
const ibanLengths = "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24FI18FK18FO18FR27" +
	"GB22GE22GI23GL18GR27GT28HN28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22MK19MN20MR27MT31MU30" +
	"NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24RS22RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28TL23TN24TR26UA29VA22VG24XK20YE30" +
	// Of France, which has territories with codes of their own.
	"GF27GP27MQ27RE27PF27TF27YT27NC27BL27MF27PM27WF27"

// ibanLength returns the length of a country's IBANs, 0 where it has none.
func ibanLength(a, b byte) int {
	if a-'A' > 25 || b-'A' > 25 {
		return 0
	}
	return int(ibanTable[int(a-'A')*26+int(b-'A')])
}

var ibanTable = func() (t [26 * 26]uint8) {
	for i := 0; i < len(ibanLengths); i += 4 {
		s := ibanLengths[i : i+4]
		t[int(s[0]-'A')*26+int(s[1]-'A')] = (s[2]-'0')*10 + s[3] - '0'
	}
	return t
}()

// separator returns the length of the separator at b[i], 0 where there is none.
func separator(b []byte, i int) int {
	switch byteAt(b, i) {
	case ' ', '.', '-', '/':
		return 1
	case 0xC2:
		if byteAt(b, i+1) == 0xA0 {
			return 2
		}
	}
	return 0
}
