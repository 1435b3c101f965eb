package subject

import (
	"slices"
	"strings"
)

// The attributes of a person that are no identifiers of their own.
const (
	Street   = "street"
	Postcode = "postcode"
	City     = "city"
	Country  = "country"
)

// Attribute returns the form in which two values of an attribute of a person are
// equal strings when they say the same: "0470/12.34.56" and "+32 470 12 34 56",
// "3740 Bilzen, Genutstr. 35" and "Genutstraat 35, 3740 Bilzen". The attribute is
// a type of identifier, one of those above, or the name of a column.
func Attribute(attribute, value string) string {
	value = strings.TrimSpace(value)
	switch attribute {
	case string(Phone):
		n := normalPhone(value)
		if intl, ok := strings.CutPrefix(n, "+"); ok {
			_, n = splitPhone(intl)
		}
		return strings.TrimLeft(n, "0")
	case string(Name):
		t := tokens(value)
		slices.Sort(t)
		return strings.Join(t, " ")
	case string(Address), Street:
		return postalForm(value)
	case Postcode:
		if p := postcodeOf(strings.Join(strings.Fields(value), "")); p != "" {
			return p
		}
	}
	if t := Type(attribute); slices.Contains(Types(), t) && t != Address {
		if n, err := (Identifier{Type: t, Value: value}).Normal(); err == nil {
			return n
		}
	}
	if t := tokens(value); len(t) > 0 {
		return strings.Join(t, " ")
	}
	return strings.ToLower(value)
}

// postalForm returns the words of an address, each once, in the order of the
// alphabet: people write the street or the town first.
func postalForm(value string) string {
	var out []string
	for _, f := range strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(" ,;\n\r\t", r) }) {
		if p := postcodeOf(f); p != "" {
			out = append(out, plain(p))
			continue
		}
		for _, w := range tokens(f) {
			out = append(out, streetStem(w))
		}
	}
	slices.Sort(out)
	out = slices.Compact(out)
	if len(out) > 3 {
		out = slices.DeleteFunc(out, func(w string) bool { return slices.Contains(countryWords, w) })
	}
	return strings.Join(out, " ")
}

// countryWords are how an address ends that crosses a border, folded.
var countryWords = []string{
	"belgie", "belgium", "belgique", "belgien", "be", "nederland", "netherlands", "nl", "france", "frankrijk", "fr",
	"deutschland", "germany", "duitsland", "de", "luxembourg", "luxemburg", "lu",
}

// streetStem makes the ways in which the kind of a street is written the same.
func streetStem(w string) string {
	for _, k := range []struct{ end, stem string }{
		{"straat", "str"}, {"strasse", "str"}, {"steenweg", "stwg"}, {"laan", "ln"}, {"plein", "pl"}, {"weg", "wg"},
	} {
		if s, ok := strings.CutSuffix(w, k.end); ok {
			return s + k.stem
		}
	}
	switch w {
	case "avenue", "ave":
		return "av"
	case "boulevard", "boul", "bld", "blvd":
		return "bd"
	case "chaussee", "ch":
		return "chee"
	case "road":
		return "rd"
	case "street":
		return "st"
	}
	return w
}

// MaskAttribute is Mask for the values of attributes.
func MaskAttribute(attribute, value string) string {
	t := Type(attribute)
	if !slices.Contains(Types(), t) {
		t = Name
	}
	value = strings.TrimSpace(value)
	if r := []rune(value); len(r) > maxValue {
		value = string(r[:maxValue])
	}
	return Mask(t, value)
}
