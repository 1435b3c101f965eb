package rules

import (
	"strings"
	"unicode/utf8"
)

// Mask hides what a rule of a category has found, but for what lets people
// recognise the kind: of contacts and numbers a few characters at the ends, of
// credentials what names the algorithm. Separators stay where they are.
func Mask(category, text string) string {
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "?")
	}
	r := []rune(text)
	switch category {
	case "credential":
		keep := 0
		if i := strings.IndexAny(text, "$}"); i >= 0 && i < 16 {
			keep = i + 1
			if i == 0 {
				if k := strings.IndexByte(text[1:], '$'); k >= 0 && k < 16 {
					keep = k + 2
				}
			}
		}
		return text[:keep] + "***"
	case "special category", "identity":
		return stars(r, min(1, len(r)/6), 0)
	}
	if local, domain, ok := strings.Cut(text, "@"); ok {
		i := max(0, strings.LastIndexByte(domain, '.'))
		return stars([]rune(local), 1, 0) + "@" + stars([]rune(domain[:i]), 1, 0) + domain[i:]
	}
	keep := 2
	if len(r) < 10 {
		keep = 1
	}
	if len(r) < 5 {
		keep = 0
	}
	return stars(r, keep, keep)
}

// stars replaces letters and digits but for head and tail characters.
func stars(r []rune, head, tail int) string {
	if head+tail >= len(r) {
		head, tail = 0, 0
	}
	out := make([]rune, len(r))
	for i, c := range r {
		if i >= head && i < len(r)-tail && !strings.ContainsRune(" .-/:()\u00a0\n\r\t", c) {
			c = '*'
		}
		out[i] = c
	}
	return string(out)
}
