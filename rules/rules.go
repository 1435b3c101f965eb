// Package rules holds the detectors of personal data, as values: what each looks
// for, how it is validated, and what it must and must not match.
package rules

// A Rule detects one kind of personal data in text. It is a value: nothing in
// it changes once it is made, and all of it may be used by several goroutines at
// once.
type Rule struct {
	ID          string // short, stable, lower case: "email", "be-national-id"
	Description string // what is found, in a few words for people
	Source      string // the standard, law or register that defines form and check

	// Country is the country whose authority issues the number, as in ISO 3166-1
	// alpha-2; empty where there is none.
	Country string

	// Category is the kind of data in the words of a record of processing
	// activities: "contact", "financial", "official identification", "identity",
	// "online identifier", "credential", "special category".
	Category string

	// Shapes are the ways in which a number is written, in characters: d stands
	// for a digit, a for a letter, x for either; upper-case letters and digits
	// stand for themselves, letters in either case. A space, dot, hyphen or
	// slash marks a place where one separator, any of these or a no-break space,
	// may stand: a number has separators at all the places that its shape marks,
	// or at none. What is found is bounded: no letter or digit touches it, nor
	// does it go on behind a separator as a longer number would. It is the
	// quickest way to find a number; no shape has fewer than 5 digits, nor more
	// than 34 letters and digits.
	Shapes []string

	// Valid checks what was found by Shapes, without separators and in upper
	// case: check digits, dates, ranges. It must not allocate. Nil means that
	// the shape says it all.
	Valid func(compact []byte) bool

	// Find is for what Shapes can't say. It calls yield with each place in b that
	// matches and is valid, in order, until yield returns false. What lies before
	// and behind b is taken as no part of a word.
	Find func(b []byte, yield func(start, end int) bool)

	// MaxLen is the longest match of Find, in bytes; 0 with Shapes.
	MaxLen int

	// Context holds words in lower case, without diacritics, that stand near
	// what the rule looks for, in the languages of its country: in front of it on
	// the same line, behind it, or as the name of its column. They are
	// whole words, but for an ending or beginning "*", which stands for any
	// letters.
	Context []string

	// NeedsContext says that a match is too likely to be something else to count
	// where none of Context stands near, as a number without check digits is.
	NeedsContext bool

	// BareContext says so of a match without separators alone, unless it fills its
	// line or field: ten digits are often a time or a telephone number.
	BareContext bool

	// Hint says that a match is a weak sign and no datum: it never takes the
	// place of anything else.
	Hint bool

	// Words are what Find looks for, where that is words as in Context, of which
	// none begins with "*". A Set finds them in another way.
	Words []string

	Match   []string // texts of which the rule must find all; with NeedsContext, in front of one of Context
	NoMatch []string // texts in which it must find nothing

	// How a Set calls look instead of Find: with a group b[from:to], or with the
	// byte b[from], where any of these holds. It returns the match that the place
	// is part of, from start up to end, or nothing.
	groups []group
	marks  string
	look   func(b []byte, from, to int) (start, end int)
	scan   scan // a Set calls it elsewhere than at groups, to the same end

	noTime bool   // Valid refuses a year of 19.. or 20.., month, day and hour
	check  string // of a Custom
	strict int    // in bits: how unlikely it is that something else looks like it; 0: to be estimated
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

func letter(c byte) bool { c |= 0x20; return 'a' <= c && c <= 'z' }

func upper(c byte) bool { return 'A' <= c && c <= 'Z' }

// All returns all rules, the most telling first.
func All() []Rule { return append(generic(), national()...) }

// generic returns the rules for what no single country defines.
func generic() []Rule {
	return append([]Rule{
		Email(), emailHidden(), IBAN(), card(), cardInContext(), phone(), phoneInContext(), phoneGrouped(), birthDate(), birthSign(), travelDocument(),
		ipv4(), ipv6(), mac(), bic(), passwordHash(),
	}, special()...)
}
