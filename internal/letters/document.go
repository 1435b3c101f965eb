package letters

import (
	"bytes"
	"fmt"
	"html"
	"strings"
	"unicode/utf8"

	"github.com/spoor-scan/spoor/internal/language"
)

// A block is a piece of a letter.
type block struct {
	heading int // level; 0: none
	items   []string
	lines   []string // of a paragraph
}

// parse reads the text that a template made.
func parse(text string) []block {
	var out []block
	var last *block
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "":
			if last != nil && last.items == nil {
				last = nil // items may stand apart, as a loop of a template leaves them
			}
			continue
		case strings.HasPrefix(line, "# "), strings.HasPrefix(line, "## "):
			level, rest, _ := strings.Cut(line, " ")
			out = append(out, block{heading: len(level), lines: []string{rest}})
			last = nil
			continue
		case strings.HasPrefix(line, "- "):
			if last == nil || last.items == nil {
				out = append(out, block{})
				last = &out[len(out)-1]
			}
			last.items = append(last.items, line[2:])
			continue
		}
		if last == nil || last.items != nil {
			out = append(out, block{})
			last = &out[len(out)-1]
		}
		last.lines = append(last.lines, line)
	}
	return out
}

// width is that of a letter in plain text, in characters.
const width = 76

// plain writes a letter as text, with the notice to the officer on top.
func plain(doc []block, notice []string) []byte {
	var b bytes.Buffer
	rule := strings.Repeat("*", width)
	fmt.Fprintln(&b, rule)
	for _, n := range notice {
		wrap(&b, n, "* ", "* ")
	}
	fmt.Fprintf(&b, "%s\n", rule)
	for _, x := range doc {
		b.WriteByte('\n')
		switch {
		case x.heading > 0:
			wrap(&b, x.lines[0], "", "")
			b.WriteString(strings.Repeat(map[bool]string{true: "=", false: "-"}[x.heading == 1], min(width, utf8.RuneCountInString(x.lines[0]))) + "\n")
		case x.items != nil:
			for _, i := range x.items {
				wrap(&b, i, "- ", "  ")
			}
		default:
			for _, l := range x.lines {
				wrap(&b, l, "", "")
			}
		}
	}
	return b.Bytes()
}

// wrap writes a text in lines. Spaces that do not break stay.
func wrap(b *bytes.Buffer, text, first, next string) {
	line := first
	empty := true
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' }) {
		if !empty && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			fmt.Fprintln(b, line)
			line, empty = next, true
		}
		if !empty {
			line += " "
		}
		line += word
		empty = false
	}
	fmt.Fprintln(b, strings.TrimRight(line, " "))
}

const style = `body{font:12pt/1.5 Georgia,"DejaVu Serif",serif;color:#111;background:#fff;max-width:42rem;margin:2rem auto;padding:0 1rem;overflow-wrap:anywhere}h1{font-size:1.2rem}h2{font-size:1.05rem;margin-bottom:.2rem}aside{border:2px solid #7d4300;background:#fff1dc;color:#5c3200;padding:.6rem 1rem;font-family:system-ui,sans-serif;font-size:.9rem}@media print{body{margin:0}}`

// page writes a letter as a page, with the notice to the officer in a box.
func page(doc []block, notice []string, title string, lang language.Lang) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "<!DOCTYPE html>\n<html lang=%q>\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n", string(lang))
	b.WriteString("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n")
	fmt.Fprintf(&b, "<title>%s</title>\n<style>%s</style>\n</head>\n<body>\n<aside>", html.EscapeString(title), style)
	for _, n := range notice {
		fmt.Fprintf(&b, "<p>%s</p>", html.EscapeString(n))
	}
	b.WriteString("</aside>\n<main>\n")
	for _, x := range doc {
		switch {
		case x.heading > 0:
			fmt.Fprintf(&b, "<h%d>%s</h%d>\n", x.heading, html.EscapeString(x.lines[0]), x.heading)
		case x.items != nil:
			b.WriteString("<ul>\n")
			for _, i := range x.items {
				fmt.Fprintf(&b, "<li>%s</li>\n", html.EscapeString(i))
			}
			b.WriteString("</ul>\n")
		default:
			var lines []string
			for _, l := range x.lines {
				lines = append(lines, html.EscapeString(l))
			}
			fmt.Fprintf(&b, "<p>%s</p>\n", strings.Join(lines, "<br>\n"))
		}
	}
	b.WriteString("</main>\n</body>\n</html>\n")
	return b.Bytes()
}
