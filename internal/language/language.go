// Package language holds what reports and letters say to people, in Dutch,
// French, German and English: the words of the GDPR as each language's official
// text has them (Regulation (EU) 2016/679, OJ L 119), and how it writes dates,
// numbers, lists and periods.
package language

import (
	"fmt"
	"strings"
)

// A Lang is one of the languages in which reports are written, as its ISO 639-1
// code.
type Lang string

// The languages, English being what is taken where nothing else is asked for.
const (
	English Lang = "en"
	Dutch   Lang = "nl"
	French  Lang = "fr"
	German  Lang = "de"
)

// All returns the languages.
func All() []Lang { return []Lang{English, Dutch, French, German} }

// Parse returns the language of a tag such as nl, nl-BE or nl_BE.UTF-8.
func Parse(tag string) (Lang, error) {
	code := strings.ToLower(tag)
	if i := strings.IndexAny(code, "-_.@"); i >= 0 {
		code = code[:i]
	}
	for _, l := range All() {
		if string(l) == code {
			return l, nil
		}
	}
	return "", fmt.Errorf("there are no texts in the language %q; it is one of nl, fr, de and en", tag)
}

// FromEnvironment returns the language that the environment asks for (POSIX.1,
// XBD 8.2): that of LC_ALL, else LC_MESSAGES, else LANG; English where it has
// none of these, or one without texts.
func FromEnvironment(getenv func(string) string) Lang {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		v := getenv(name)
		if v == "" {
			continue
		}
		if l, err := Parse(v); err == nil {
			return l
		}
		break
	}
	return English
}

// OfFile returns the language that the name of a file asks for: nl for
// report.nl.html. It is empty where it asks for none.
func OfFile(name string) Lang {
	parts := strings.Split(name[strings.LastIndexAny(name, `/\`)+1:], ".")
	if len(parts) < 3 {
		return ""
	}
	for _, l := range All() {
		if parts[len(parts)-2] == string(l) {
			return l
		}
	}
	return ""
}

// A Count is a message about a number of things, which stands as %s in it.
type Count struct{ One, Other string }

// Texts returns what is said in a language; English for one that is not known.
func (l Lang) Texts() *Catalogue {
	switch l {
	case Dutch:
		return dutch()
	case French:
		return french()
	case German:
		return german()
	}
	return english()
}
