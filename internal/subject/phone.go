package subject

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"

	"github.com/spoor-scan/spoor/internal/match"
)

// callingCode returns the length of the country code that starts an E.164
// number (ITU-T E.164.D, list of assigned country codes).
func callingCode(digits string) int {
	switch {
	case digits == "":
		return 0
	case digits[0] == '1' || digits[0] == '7':
		return 1
	}
	two := " 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98 "
	if len(digits) >= 2 && strings.Contains(two, " "+digits[:2]+" ") {
		return 2
	}
	return min(3, len(digits))
}

// trunkPrefix returns the digits that go before a national number when it is
// dialled within its country; in closed numbering plans there are none.
func trunkPrefix(code string) string {
	n, err := strconv.Atoi(code)
	if err != nil || n == 1 { // where the trunk prefix is the country code
		return ""
	}
	return phonenumbers.GetNddPrefixForRegion(phonenumbers.GetRegionCodeForCountryCode(n), true)
}

// oldTrunk returns the trunk prefix of a country that has given it up: it lives on
// in address books. Portugal 1999, Czechia 2002, Poland 2010, Mexico 2019 (ITU-T,
// communications of national numbering plans).
func oldTrunk(code string) string {
	switch code {
	case "48", "351", "420":
		return "0"
	case "52":
		return "01"
	}
	return ""
}

// phoneNumber returns the library's value for a national significant number.
func phoneNumber(code, nsn string) *phonenumbers.PhoneNumber {
	c, err := strconv.ParseInt(code, 10, 32)
	n, err2 := strconv.ParseUint(nsn, 10, 64)
	if err != nil || err2 != nil {
		return nil
	}
	c32 := int32(c)
	p := &phonenumbers.PhoneNumber{CountryCode: &c32, NationalNumber: &n}
	if zeros := int32(len(nsn) - len(strings.TrimLeft(nsn, "0"))); zeros > 0 {
		yes := true
		p.ItalianLeadingZero, p.NumberOfLeadingZeros = &yes, &zeros
	}
	return p
}

func validPhone(code, nsn string) bool {
	n := phoneNumber(code, nsn)
	return n != nil && phonenumbers.IsValidNumber(n)
}

// splitPhone splits the digits of an international number. A trunk prefix that
// stands behind the country code, as in +32 (0)470, is left out.
func splitPhone(d string) (code, nsn string) {
	n := callingCode(d)
	code, nsn = d[:n], d[n:]
	if code == "52" && len(nsn) == 11 && nsn[0] == '1' {
		// Mexico wrote 1 before a mobile number from abroad until 2019 (IFT).
		return code, nsn[1:]
	}
	trunk := trunkPrefix(code)
	if old := oldTrunk(code); trunk == "" && old != "" && strings.HasPrefix(nsn, old) && validPhone(code, nsn[len(old):]) {
		return code, nsn[len(old):]
	}
	if trunk == "" || !strings.HasPrefix(nsn, trunk) {
		return code, nsn
	}
	// No national number starts with 0 where that is the trunk prefix; of others
	// the numbering plan decides.
	if rest := nsn[len(trunk):]; trunk == "0" || !validPhone(code, nsn) && validPhone(code, rest) {
		nsn = rest
	}
	return code, nsn
}

// trimPhone takes the number out of a tel URI (RFC 3966) or off its extension.
func trimPhone(v string) string {
	v = strings.TrimSpace(v)
	if len(v) > 4 && strings.EqualFold(v[:4], "tel:") {
		v = v[4:]
	}
	if i := strings.IndexByte(v, ';'); i >= 0 {
		if _, context, ok := strings.Cut(v[i:], ";phone-context=+"); ok && !strings.HasPrefix(v, "+") {
			context, _, _ = strings.Cut(context, ";")
			v = "+" + onlyDigits(context) + " " + v[:i]
		} else {
			v = v[:i]
		}
	}
	low := asciiLower(v)
	for _, x := range []string{"ext", "x", "#"} {
		if i := strings.Index(low, x); i > 5 {
			return v[:i]
		}
	}
	return v
}

// normalPhone returns a number as + and its digits in E.164 where its country is
// given, else its digits.
func normalPhone(v string) string {
	v = trimPhone(v)
	d := onlyDigits(v)
	switch {
	case strings.HasPrefix(strings.TrimLeft(v, " ("), "+"):
		d = strings.TrimPrefix(d, "00")
	case strings.HasPrefix(d, "00"):
		d = d[2:]
	case strings.HasPrefix(d, "011") && len(d) >= 13:
		// The international prefix of North America, longer than a national number.
		if code, nsn := splitPhone(d[3:]); !validPhone(code, nsn) {
			return d
		}
		d = d[3:]
	default:
		return d
	}
	code, nsn := splitPhone(d)
	return "+" + code + nsn
}

// A phoneKind is a way in which the digits of a number are written.
type phoneKind uint8

const (
	phoneIntl     phoneKind = iota // country code and national number
	phonePrefixed                  // with an international prefix in front
	phoneTrunk                     // as dialled within the country
	phoneBare                      // the national number, without a trunk prefix
	phoneGiven                     // as given, the country being unknown
)

type phoneForm struct {
	digits string
	kind   phoneKind
}

// A phone is one number of one country.
type phone struct {
	code    string // empty: unknown
	trunk   string
	forms   []phoneForm
	guessed bool // the country is one of several that it may be
	// optional says that the trunk prefix is left out as often as not, or that
	// there is none.
	optional bool
}

// weakForm reports whether a number in this form is not enough to settle who is
// meant: nothing but a few digits, or in a country that was guessed.
func weakForm(form string) bool { return form == "digits" || form == guessedCountry }

// guessedCountry is the form of a number in a country that was not given; a field
// that calls it a phone number doesn't make the country surer.
const guessedCountry = "guessed-country"

func newPhone(code, nsn string) *phone {
	p := &phone{code: code, trunk: trunkPrefix(code), forms: make([]phoneForm, 0, 5)}
	// One string holds the digits of several forms.
	prefixed := "00" + code + nsn
	p.add(prefixed[2:], phoneIntl)
	p.add(prefixed, phonePrefixed)
	if n := phoneNumber(code, nsn); n == nil || !phonenumbers.IsPossibleNumber(n) {
		return p // mistyped: what is left of it within the country is anyone's
	}
	switch code {
	case "54":
		// Argentina: 9 before a mobile number from abroad, 15 behind the area code
		// from within (ENACOM, Plan Fundamental de Numeración Nacional).
		if local := strings.TrimPrefix(nsn, "9"); len(local) == 10 && local != nsn {
			if area := phonenumbers.GetLengthOfGeographicalAreaCode(phoneNumber(code, local)); area > 0 {
				p.add("0"+local[:area]+"15"+local[area:], phoneTrunk)
				p.add(local[:area]+"15"+local[area:], phoneTrunk)
			}
			p.add(code+local, phoneIntl)
			p.add(local, phoneBare)
			p.optional = true
			return p
		}
	case "52":
		p.add(code+"1"+nsn, phoneIntl) // see splitPhone
	case "370": // 8 was the trunk prefix until 2024
		p.add("8"+nsn, phoneTrunk)
	case "375": // 8 is for long distance, 0 for within
		p.add("80"+nsn, phoneTrunk)
		p.add("0"+nsn, phoneTrunk)
	}
	if p.trunk != "" {
		both := code + p.trunk + nsn
		p.add(both[len(code):], phoneTrunk)
		if code != "375" && code != "370" {
			p.add(both, phoneIntl) // +320470123456, from a form that knows the country
		}
	}
	if old := oldTrunk(code); old != "" {
		both := code + old + nsn
		p.add(both[len(code):], phoneTrunk)
		p.add(both, phoneIntl)
	}
	if len(nsn) >= 6 {
		p.add(prefixed[2+len(code):], phoneBare)
	}
	switch code {
	case "7", "54", "55", "86", "90", "91":
		p.optional = len(nsn) >= 10
	default:
		p.optional = p.trunk == ""
	}
	return p
}

func (p *phone) add(digits string, kind phoneKind) {
	for _, f := range p.forms {
		if f.digits == digits {
			return
		}
	}
	p.forms = append(p.forms, phoneForm{digits, kind})
}

// phone adds the forms of a number in normal form. Where its country isn't given,
// the person's other identifiers tell it; else it is looked for as given, and
// weakly in the one or two countries where it would be a mobile number.
func (bl *builder) phone(normal string) {
	if strings.HasPrefix(normal, "+") {
		code, nsn := splitPhone(normal[1:])
		bl.addPhone(newPhone(code, nsn))
		return
	}
	found, sure := bl.plans(normal)
	if sure {
		p := newPhone(found[0].code, found[0].nsn)
		p.add(normal, phoneTrunk)
		bl.addPhone(p)
		return
	}
	p := &phone{}
	p.add(normal, phoneGiven)
	bl.addPhone(p)
	for _, f := range found {
		p := &phone{code: f.code, trunk: trunkPrefix(f.code), guessed: true}
		p.add(f.code+f.nsn, phoneIntl)
		p.add("00"+f.code+f.nsn, phonePrefixed)
		p.add(normal, phoneTrunk)
		p.add(f.nsn, phoneBare)
		bl.addPhone(p)
	}
}

func (bl *builder) addPhone(p *phone) {
	c := p.check
	for _, f := range p.forms {
		if n := len(f.digits); n >= 5 && n <= 20 {
			bl.add(match.Pattern{Text: f.digits, Digits: true}, c)
		}
	}
}

type plan struct{ code, nsn string }

// guessable are the regions in which a number of an unknown country is tried.
const guessable = "BE NL FR DE LU GB IE ES PT IT AT CH DK SE NO FI PL CZ SK HU RO BG GR HR SI EE LV LT CY MT IS US"

// plans returns the national numbers that the digits of a number without a
// country may be, at most two of them, and whether the first is sure.
func (bl *builder) plans(d string) (found []plan, sure bool) {
	for _, region := range bl.regions() {
		if p, kind := bl.planIn(d, region); kind != 0 {
			return []plan{p}, true
		}
	}
	if len(d) >= 10 && d[0] != '0' {
		// International, but for the plus.
		if code, nsn := splitPhone(d); validPhone(code, nsn) && len(d) > 10 {
			return []plan{{code, nsn}}, true
		}
	}
	var mobile, all []plan
	for region := range strings.FieldsSeq(guessable) {
		switch p, kind := bl.planIn(d, region); kind {
		case 2:
			mobile = append(mobile, p)
			fallthrough
		case 1:
			all = append(all, p)
		}
	}
	switch {
	case len(mobile) == 1 || len(mobile) == 2:
		return mobile, false
	case len(all) == 1 || len(all) == 2:
		return all, false
	}
	return nil, false
}

// planIn returns the number that d is within a region, and 0 when it is none, 2
// when it is a mobile number, else 1. What the plan says is remembered for the
// numbers that start alike: plans are made of blocks.
func (bl *builder) planIn(d, region string) (plan, uint8) {
	code := strconv.Itoa(phonenumbers.GetCountryCodeForRegion(region))
	p := plan{code, d}
	if trunk := trunkPrefix(code); trunk != "" {
		if !strings.HasPrefix(d, trunk) {
			return p, 0
		}
		p.nsn = d[len(trunk):]
	} else if old := oldTrunk(code); old != "" && strings.HasPrefix(d, old) {
		p.nsn = d[len(old):]
	}
	if len(p.nsn) < 7 {
		return p, 0
	}
	key := region + strconv.Itoa(len(d)) + d[:6]
	kind, ok := bl.blocks[key]
	if !ok {
		if n := phoneNumber(p.code, p.nsn); n != nil && phonenumbers.IsValidNumberForRegion(n, region) {
			kind = 1
			if t := phonenumbers.GetNumberType(n); t == phonenumbers.MOBILE || t == phonenumbers.FIXED_LINE_OR_MOBILE {
				kind = 2
			}
		}
		if bl.blocks == nil {
			bl.blocks = map[string]uint8{}
		}
		bl.blocks[key] = kind
	}
	return p, kind
}

// regions returns in which countries the person seems to live, surest first, by
// what else is known: VAT number, bank account, address, other phone numbers,
// national domain.
func (bl *builder) regions() []string {
	if bl.who == nil {
		return nil
	}
	var sure, likely []string
	put := func(list *[]string, region string) {
		switch region {
		case "EL":
			region = "GR"
		case "XI", "UK":
			region = "GB"
		case "EU":
			return
		}
		if phonenumbers.GetCountryCodeForRegion(region) != 0 {
			*list = append(*list, region)
		}
	}
	for _, id := range bl.who.Identifiers {
		if id.Hash != "" {
			continue
		}
		switch id.Type {
		case VAT, IBAN:
			if v := alnum(id.Value); len(v) > 2 && isUpper(v[0]) && isUpper(v[1]) {
				put(&sure, v[:2])
			} else if belgian(v) {
				put(&sure, "BE")
			}
		case Phone:
			if v := normalPhone(id.Value); strings.HasPrefix(v, "+") {
				code, nsn := splitPhone(v[1:])
				if n := phoneNumber(code, nsn); n != nil {
					put(&sure, phonenumbers.GetRegionCodeForNumber(n))
				}
			}
		case NationalID:
			if c := idCountries(alnum(id.Value)); len(c) == 1 {
				put(&likely, c[0])
			}
		case Address:
			if c := addressCountry(id.Value); c != "" {
				put(&sure, c)
			} else {
				put(&likely, addressRegion(id.Value))
			}
		case Email, Domain:
			if i := strings.LastIndexByte(id.Value, '.'); i >= 0 && len(strings.TrimSpace(id.Value[i+1:])) == 2 {
				put(&likely, strings.ToUpper(strings.TrimSpace(id.Value[i+1:])))
			}
		}
	}
	return append(sure, likely...)
}

// addressCountry returns the region of an address that ends with a country, or
// whose postcode has the prefix of one (B-3740); else nothing.
func addressCountry(v string) string {
	const names = " belgie=BE belgique=BE belgien=BE belgium=BE nederland=NL niederlande=NL netherlands=NL paysbas=NL france=FR frankrijk=FR frankreich=FR" +
		" deutschland=DE duitsland=DE allemagne=DE germany=DE luxembourg=LU luxemburg=LU letzebuerg=LU osterreich=AT oostenrijk=AT autriche=AT austria=AT" +
		" schweiz=CH suisse=CH svizzera=CH zwitserland=CH switzerland=CH espana=ES spanje=ES espagne=ES spanien=ES spain=ES italia=IT italie=IT italien=IT italy=IT" +
		" portugal=PT polska=PL polen=PL pologne=PL poland=PL ireland=IE ierland=IE irlande=IE kingdom=GB england=GB scotland=GB wales=GB uk=GB" +
		" danmark=DK denemarken=DK denmark=DK danemark=DK sverige=SE zweden=SE sweden=SE norge=NO noorwegen=NO norway=NO suomi=FI finland=FI" +
		" cesko=CZ tsjechie=CZ czechia=CZ slovensko=SK slovakia=SK magyarorszag=HU hongarije=HU hungary=HU romania=RO roemenie=RO hellas=GR greece=GR griekenland=GR usa=US "
	t := tokens(v)
	if len(t) == 0 {
		return ""
	}
	if _, after, ok := strings.Cut(names, " "+t[len(t)-1]+"="); ok {
		return after[:2]
	}
	const prefixes = " B-=BE NL-=NL F-=FR D-=DE L-=LU A-=AT CH-=CH I-=IT E-=ES P-=PT PL-=PL DK-=DK S-=SE FI-=FI N-=NO "
	for w := range strings.FieldsSeq(v) {
		i := strings.IndexByte(w, '-')
		if i < 1 || i > 2 || i+1 >= len(w) || !isDigit(w[i+1]) {
			continue
		}
		if _, after, ok := strings.Cut(prefixes, " "+w[:i+1]+"="); ok {
			return after[:2]
		}
	}
	return ""
}

// streetLanguages are words of streets in which a language shows, and
// townCountries towns of the countries that share one.
const (
	streetLanguages = " straat=nl laan=nl plein=nl steenweg=nl dreef=nl gracht=nl kaai=nl baan=nl stwg=nl lei=nl" +
		" rue=fr avenue=fr boulevard=fr chaussee=fr impasse=fr quai=fr allees=fr chemin=fr route=fr faubourg=fr bd=fr" +
		" strasse=de str=de platz=de gasse=de ring=de ufer=de damm=de am=de im=de an=de zum=de zur=de auf=de unter=de allee=de" +
		" via=it viale=it piazza=it corso=it vicolo=it largo=it strada=it vico=it vicoletto=it salita=it contrada=it lungomare=it lungotevere=it localita=it calle=es avenida=es plaza=es paseo=es camino=es carrer=es carretera=es avda=es ctra=es "
	townCountries = " wien=AT graz=AT linz=AT salzburg=AT innsbruck=AT klagenfurt=AT villach=AT wels=AT bregenz=AT dornbirn=AT" +
		" zurich=CH basel=CH bern=CH luzern=CH winterthur=CH gallen=CH geneve=CH lausanne=CH fribourg=CH neuchatel=CH sion=CH lugano=CH bellinzona=CH biel=CH zug=CH chur=CH" +
		" luxembourg=LU esch=LU eupen=BE vith=BE "
)

// addressRegion returns the region of an address that names none, as its
// postcode and the words of its street tell it; nothing where they don't.
func addressRegion(v string) string {
	up := strings.Fields(strings.ToUpper(strings.NewReplacer(",", " ", ";", " ").Replace(v)))
	length := 0
	for i, w := range up {
		next := ""
		if i+1 < len(up) {
			next = up[i+1]
		}
		digits := len(onlyDigits(w))
		switch {
		case len(w) == 4 && digits == 4 && len(next) == 2 && isUpper(next[0]) && isUpper(next[1]) && i > 0,
			len(w) == 6 && digits == 4 && startsDigit(w) && isUpper(w[4]) && isUpper(w[5]):
			return "NL"
		case len(w) == 6 && digits == 5 && w[2] == '-':
			return "PL"
		case len(w) == 8 && digits == 7 && w[4] == '-':
			return "PT"
		case len(next) == 3 && startsDigit(next) && britishPost(w+next):
			return "GB"
		case i > 0 && len(w) == 5 && digits == 5 && len(up[i-1]) == 2 && i > 2 && strings.Contains(americanStates, " "+up[i-1]+" "):
			return "US"
		case (len(w) == 4 || len(w) == 5) && digits == len(w) && (next != "" || i > 1):
			length = max(length, len(w))
		}
	}
	language := ""
	for _, w := range words(v) {
		w = plain(w)
		if length == 4 {
			if _, after, ok := strings.Cut(townCountries, " "+w+"="); ok {
				return after[:2]
			}
		}
		if language != "" {
			continue
		}
		if _, after, ok := strings.Cut(streetLanguages, " "+w+"="); ok {
			language = after[:2]
			continue
		}
		for _, end := range [...]string{"straat=nl", "laan=nl", "plein=nl", "steenweg=nl", "dreef=nl", "lei=nl", "strasse=de", "platz=de", "gasse=de", "allee=de", "weg=de"} {
			if end, tongue, _ := strings.Cut(end, "="); len(w) > len(end)+2 && strings.HasSuffix(w, end) {
				language = tongue
			}
		}
	}
	switch {
	case length == 4 && (language == "nl" || language == "fr"):
		return "BE"
	case length == 5 && len(language) == 2 && language != "nl":
		return strings.ToUpper(language)
	}
	return ""
}

const americanStates = " AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC "

// internationalPrefix reports whether digits are dialled before a country code:
// 00 in most countries, 011 in North America, 0011 in Australia, 010 in Japan,
// 001 and others in Asia, 810 in Russia (ITU-T, Operational Bulletin, list of
// dialling procedures).
func internationalPrefix(d []byte) bool {
	switch string(d) {
	case "00", "011", "0011", "010", "001", "002", "005", "009", "810", "119", "990":
		return true
	}
	return false
}

// check decides whether digits at b[start:end] are the number.
func (p *phone) check(b []byte, start, end int) (int, int, string, bool) {
	f, ok := p.form(b[start:end])
	if !ok || !phoneEnds(b, start, end) || inUUID(b, start, end) || longerRight(b, start, end) || shortGroup(b, start, end) {
		return 0, 0, "", false
	}
	if p.code == "49" || p.code == "43" {
		// There an extension is a part of the number (Durchwahl).
		if class, i, j := nextGroup(b, end); class == '-' && j > i && j-i <= 5 {
			return 0, 0, "", false
		}
	}
	from, form, strong := start, "", false
	switch f.kind {
	case phoneIntl:
		form = "e164"
		if i, ok := plusBefore(b, start); ok {
			from, strong = i, true
		} else if class, i, j := previousGroup(b, start); class != 0 && internationalPrefix(b[i:j]) && !wordBefore(b, i) {
			from, form, strong = i, "international", true
			from, _ = plusBefore(b, from)
		}
		if strong && from > 1 && (b[from-1] == '.' || b[from-1] == '-') && isDigit(b[from-2]) && b[from] != '+' {
			return 0, 0, "", false
		}
		if !strong && (longerLeft(b, start, end, false) || len(f.digits) < 10 && !phoneLabel(b, start)) {
			return 0, 0, "", false
		}
	case phonePrefixed:
		form, strong = "international", true
		from, _ = plusBefore(b, start)
		if longerLeft(b, from, end, true) {
			return 0, 0, "", false
		}
	default:
		if from, form, ok = p.national(b, start, end, f); !ok {
			return 0, 0, "", false
		}
		strong = form == "international" || f.kind == phoneTrunk && f.digits[0] == '0'
	}
	context, ok := p.context(b, end)
	if !ok {
		return 0, 0, "", false
	}
	if strong = strong || context; !strong && (amount(b, start, end) || end-start <= 15 && dotted(b[start:end])) {
		return 0, 0, "", false
	}
	if from == start && form != "international" && otherIdentifier(b, from, b[start:end]) {
		return 0, 0, "", false
	}
	switch {
	case p.guessed:
		form = guessedCountry
	case form == "digits" && context:
		form = "national"
	case form != "national" && form != "digits" && string(b[start:end]) != f.digits:
		form = "grouped"
	}
	return from, end, form, true
}

// national looks at what stands before a number in a national form: the country
// code belongs to it, and another one makes it another country's number.
func (p *phone) national(b []byte, start, end int, f phoneForm) (int, string, bool) {
	from, trunk := start, f.kind == phoneTrunk || f.kind == phoneGiven
	i, plus := plusBefore(b, start)
	switch {
	case plus && f.digits[0] != '0':
		return 0, "", false // the plus is before another country's code
	case plus:
		from = i
	}
	class, i, j := previousGroup(b, from)
	if class != 0 && !trunk && p.trunk != "" && string(b[i:j]) == p.trunk && !wordBefore(b, i) { // (0)470 ...
		from, trunk = i, true
		if i > 0 && b[i-1] == '(' {
			from--
		}
		if _, plus := plusBefore(b, from); plus && p.trunk[0] != '0' {
			return 0, "", false
		}
		class, i, j = previousGroup(b, from)
	}
	if class != 0 && j-i <= 6 && i < j {
		before := b[i:j]
		at, plus := plusBefore(b, i)
		digits := bytes.TrimPrefix(before, []byte("00"))
		prefixed := len(digits) < len(before)
		if !prefixed && !plus {
			if c, k, l := previousGroup(b, i); c != 0 && internationalPrefix(b[k:l]) {
				prefixed, at = true, k
			} else if d, ok := bytes.CutPrefix(before, []byte("011")); ok && len(d) > 0 && !trunk {
				prefixed, digits = true, d
			}
		}
		switch {
		case string(digits) == p.code && p.code != "" && (plus || prefixed):
			return at, "international", true
		case string(before) == p.code && !trunk:
			return i, "e164", !longerLeft(b, i, end, false)
		case (p.code == "52" && string(digits) == "1" || p.code == "54" && string(digits) == "9") && !plus && !prefixed:
			// The mobile digit stands by itself.
		case plus, prefixed && len(digits) > 0 && callingCode(string(digits)) == len(digits):
			return 0, "", false // +33 0470... is somebody else's
		}
	}
	strong := trunk && f.digits[0] == '0' || from < start
	if longerLeft(b, from, end, strong) {
		return 0, "", false
	}
	if len(f.digits) == 8 && dateLike(b[start:end], f.digits) {
		return 0, "", false
	}
	switch {
	case from == start && f.kind == phoneBare && (!p.optional || len(f.digits) <= 8), len(f.digits) < 8:
		// Nothing says that these few digits are a phone number.
		return from, "digits", true
	case f.kind == phoneGiven:
		return from, "plain", true
	}
	return from, "national", true
}

// form returns the form that the digits among b are.
func (p *phone) form(b []byte) (phoneForm, bool) {
	for _, f := range p.forms {
		n := 0
		for _, c := range b {
			if !isDigit(c) {
				continue
			}
			if n >= len(f.digits) || f.digits[n] != c {
				n = -1
				break
			}
			n++
		}
		if n == len(f.digits) {
			return f, true
		}
	}
	return phoneForm{}, false
}

// phoneEnds reports whether no word goes on into the number or out of it. The
// name of a phone may touch it, and so may an extension.
func phoneEnds(b []byte, start, end int) bool {
	if start > 0 && (isAlpha(b[start-1]) || b[start-1] >= utf8.RuneSelf && wordBefore(b, start)) && !escaped(b, start) {
		switch l := label(b, start); l {
		case "TEL", "GSM", "FAX", "PHONE", "MOB", "MOBILE", "MOBIEL", "HANDY", "FON", "WHATSAPP":
			if i := start - len(l); i > 0 && isAlnum(b[i-1]) {
				return false
			}
		default:
			return false
		}
	}
	if end >= len(b) {
		return true
	}
	if b[end]|0x20 == 'x' && end+1 < len(b) && isDigit(b[end+1]) && (end+2 >= len(b) || b[end+1] != '0' || b[end+2]|0x20 != 'x') {
		j := end + 1
		for j < len(b) && isDigit(b[j]) {
			j++
		}
		return j-end <= 6 && (j == len(b) || !isAlnum(b[j]))
	}
	if len(b)-end > 3 && strings.EqualFold(string(b[end:end+3]), "ext") {
		return true
	}
	return !isAlpha(b[end]) && (b[end] < utf8.RuneSelf || !wordAt(b, end))
}

// plusBefore returns where a plus stands before i, perhaps behind a bracket or a
// space; i itself when there is none.
func plusBefore(b []byte, i int) (int, bool) {
	j := i
	for n := 0; n < 2 && j > 0 && (b[j-1] == '(' || b[j-1] == ' '); n++ {
		j--
	}
	if j == 0 || b[j-1] != '+' {
		return i, false
	}
	for n := 0; n < 2 && j > 0 && b[j-1] == '+'; n++ {
		j--
	}
	if j > 0 && b[j-1] == '(' && j < i && b[i-1] != '(' {
		return j, true
	}
	return j, true
}

// context reports whether a tel URI says in which country the number is (RFC
// 3966, section 5.1.5); it is not ok when that is another one.
func (p *phone) context(b []byte, end int) (named, ok bool) {
	const key = ";phone-context=+"
	rest := b[end:min(end+64, len(b))]
	if len(rest) > 0 && rest[0] == ';' {
		if i := bytes.Index(rest, []byte(key)); i >= 0 {
			rest = rest[i+len(key):]
			n := 0
			for n < len(rest) && isDigit(rest[n]) {
				n++
			}
			return true, p.code == "" || strings.HasPrefix(string(rest[:n]), p.code)
		}
	}
	return false, true
}

// phoneNames are what phones are called.
const phoneNames = " TEL PHONE TELEPHONE TELEFOON TELEFON TELEFONO GSM MOBILE MOBIEL MOB HANDY PORTABLE FAX FON WHATSAPP WA CELL MOVIL CELLULARE KOMORKA ME "

// phoneLabel reports whether the words before i name a phone.
func phoneLabel(b []byte, i int) bool {
	for _, w := range wordsBefore(b, i) {
		if w != "" && strings.Contains(phoneNames, " "+w+" ") {
			return true
		}
	}
	return false
}

// otherIdentifier reports whether the words before i say that the digits are
// another number: a company's or an order's. Digits in a grouping that only
// phone numbers have are not.
func otherIdentifier(b []byte, i int, written []byte) bool {
	g := groupingOf(written)
	if g.n != 1 && !slices.Equal(groupSizes(written), []int{4, 3, 3}) && !slices.Equal(groupSizes(written), []int{3, 3, 3}) {
		return false
	}
	const names = " BTW TVA VAT MWST UST USTID USTIDNR IVA MVA NIP CUI CVR KVK KBO BCE RPR RPM SIREN SIRET IBAN BIC ORDER BESTELLING COMMANDE BESTELLNUMMER" +
		" ORDERNUMMER INVOICE FACTUUR FACTURE FACTUURNUMMER RECHNUNG RECHNUNGSNUMMER INV ORD REF REFERENCE REFERENTIE TICKET TRANSACTION TX ONDERNEMINGSNUMMER BSN NISS INSZ PESEL EAN ISBN "
	words := wordsBefore(b, i)
	if w := words[0]; w != "" && (strings.Contains(names, " "+w+" ") || w == string(bytes.ToUpper([]byte(w))) && len(w) == 2 && countryLabel(b, i, w)) {
		return true
	}
	switch words[0] {
	case "NR", "NO", "N", "NUMBER", "NUMMER", "NUM", "NUMERO", "ID", "BE":
		return words[1] != "" && strings.Contains(names, " "+words[1]+" ")
	}
	return false
}

// countryLabel reports whether w, which stands before i in capitals, is the
// prefix of a VAT number.
func countryLabel(b []byte, i int, w string) bool {
	j := i
	for n := 0; n < 2 && j > 0 && (b[j-1] == ' ' || b[j-1] == '-'); n++ {
		j--
	}
	return j >= 2 && string(b[j-2:j]) == w && strings.Contains(vatPrefixes, " "+w+" ") && w != "NO"
}

// dotted reports whether digits are written as an IPv4 address.
func dotted(b []byte) bool {
	parts := strings.Split(string(b), ".")
	for _, s := range parts {
		if n, err := strconv.Atoi(s); err != nil || n > 255 || len(s) > 1 && s[0] == '0' {
			return false
		}
	}
	return len(parts) == 4
}

// dateLike reports whether eight digits are written as a date: in one piece, or
// in groups of 4, 2 and 2.
func dateLike(written []byte, digits string) bool {
	if _, err := time.Parse("20060102", digits); err != nil || digits < "19000101" || digits > "21" {
		return false
	}
	g := groupSizes(written)
	return len(g) == 1 || slices.Equal(g, []int{4, 2, 2})
}
