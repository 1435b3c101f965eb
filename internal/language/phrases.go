package language

import "strings"

// Translate returns one of the program's own sentences in the language of the
// catalogue, and whether it is known there. What is not stays in English.
func (c *Catalogue) Translate(s string) (string, bool) {
	if len(c.Phrases) == 0 || s == "" {
		return s, true
	}
	for _, p := range c.Phrases {
		values, ok := match(p.English, s)
		if !ok {
			continue
		}
		var out strings.Builder
		rest := p.Here
		for _, v := range values {
			before, after, _ := strings.Cut(rest, "{}") // a value may hold braces itself
			v, _ = c.Translate(v)
			out.WriteString(before + v)
			rest = after
		}
		return out.String() + rest, true
	}
	return s, false
}

// match returns what stands for each {} of a pattern.
func match(pattern, s string) ([]string, bool) {
	parts := strings.Split(pattern, "{}")
	if len(parts) == 1 {
		return nil, pattern == s
	}
	rest, ok := strings.CutPrefix(s, parts[0])
	if !ok {
		return nil, false
	}
	var values []string
	for i, p := range parts[1:] {
		at := strings.Index(rest, p)
		if i == len(parts)-2 {
			if at = len(rest) - len(p); !strings.HasSuffix(rest, p) {
				at = -1
			}
		}
		if at < 1 {
			return nil, false
		}
		values = append(values, rest[:at])
		rest = rest[at+len(p):]
	}
	return values, true
}

// Term returns the word for what a report calls key, and key itself where there
// is none.
func Term(words map[string]string, key string) string {
	if w, ok := words[key]; ok {
		return w
	}
	return key
}
