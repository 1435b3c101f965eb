package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spoor-scan/spoor/internal/class"
	"github.com/spoor-scan/spoor/internal/match"
	"github.com/spoor-scan/spoor/rules"
)

// window is how much text is looked at at once, in bytes, by detectors.
const window = 64 << 10

// expressions returns the form of a rule as regular expressions, without checks
// and context; nil for hints, which are words.
func expressions(r rules.Rule) []string {
	if s, ok := map[string]string{
		"email":           `[\w.%+'-]{1,64}@[\w-]+(\.[\w-]+)*\.[A-Za-z]{2,}`,
		"iban":            `\b[A-Z]{2}[ ./-]?\d\d([ ./-]?[A-Z0-9]{4}){2,7}([ ./-]?[A-Z0-9]{1,4})?\b`,
		"phone":           `(\+|\b00)[1-9]([ ./()-]{0,3}\d){6,14}\b`,
		"phone-national":  `\b\d([ ./()-]{0,3}\d){6,11}\b`,
		"birth-date":      `\b(\d{4}[./-]\d{1,2}[./-]\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{4}|\d{1,2}(\.|th|st|nd|rd|er)? ([a-z]{2,3} )?[a-z]{3,12} (de )?\d{4}|[a-z]{3,12} \d{1,2}, \d{4}|\d{8})\b`,
		"travel-document": `[PIACV][A-Z<][A-Z]{3}[A-Z0-9<]{25,39}\s{1,3}[A-Z0-9<]{30,44}`,
		"ipv4":            `\b\d{1,3}(\.\d{1,3}){3}\b`,
		"ipv6":            `\b([0-9a-f]{1,4}:){2,7}[0-9a-f:]{1,4}\b`,
		"mac":             `\b([0-9a-f]{2}([:-][0-9a-f]{2}){5}|[0-9a-f]{4}(\.[0-9a-f]{4}){2})\b`,
		"bic":             `\b[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?\b`,
		"password-hash":   `\$[a-z0-9-]{1,16}\$[a-z0-9./$=,+]{22,100}|\{[a-z0-9-]{3,14}\}[a-z0-9./+$]{13,90}|\*[0-9A-F]{40}\b`,

		"fi-henkilotunnus":           `\b\d{6}[-+a-y]\d{3}[0-9a-y]\b`,
		"ie-vat-old":                 `\bie[ -]?\d[+*]\d{5}[a-w]\b`,
		"it-codice-fiscale-omocodia": `\b[a-z]{6}[0-9l-v]{2}[a-z][0-9l-v]{2}[a-z][0-9l-v]{3}[a-z]\b`,
		"mt-id-letter":               `\b\d{4,7} ?\([a-z]\)`,
		"se-personal-number-100":     `\b(\d{6}|\d{8})\+\d{4}\b`,
		"gb-vat-government":          `\b(gb|xi) ?(gd|ha) ?(\d{3}|8888 ?\d{3} ?\d{2})\b`,
	}[r.ID]; ok {
		return []string{s}
	}
	var forms []string
	for _, s := range r.Shapes {
		var b strings.Builder
		sep := 0
		for i := range len(s) {
			switch c := s[i]; {
			case c == 'd':
				b.WriteString("[0-9]")
			case c == 'a':
				b.WriteString("[a-z]")
			case c == 'x':
				b.WriteString("[0-9a-z]")
			case strings.IndexByte(" ./-", c) >= 0:
				b.WriteString("[ ./-]")
				sep++
			default:
				b.WriteByte(c)
			}
		}
		forms = append(forms, b.String())
		if sep > 0 {
			forms = append(forms, strings.ReplaceAll(b.String(), "[ ./-]", ""))
		}
	}
	if forms == nil {
		return nil
	}
	return []string{`\b(` + strings.Join(forms, "|") + `)\b`}
}

// runDetectors measures all rules and those that no country defines, against
// regular expressions of the same forms, and with so many people in one pass.
func runDetectors(dir, name, hyperscan string, text []byte, rounds int, people string) error {
	var generic []rules.Rule
	for _, r := range rules.All() {
		if r.Country == "" && !r.Hint {
			generic = append(generic, r)
		}
	}
	fmt.Println("\ndetectors          | rules | GB/s  of Count | std regexp GB/s      x | Hyperscan GB/s      x | hits, Hyperscan's without checks")
	for _, kind := range []struct {
		name  string
		rules []rules.Rule
	}{{"generic", generic}, {"all", rules.All()}} {
		set, err := rules.NewSet(kind.rules)
		if err != nil {
			return err
		}
		var exprs []string
		var std []*regexp.Regexp
		for _, r := range kind.rules {
			for _, e := range expressions(r) {
				exprs = append(exprs, e)
				re, err := regexp.Compile("(?i:" + e + ")")
				if err != nil {
					return fmt.Errorf("%s: %w", r.ID, err)
				}
				std = append(std, re)
			}
		}
		var r *rival
		if hyperscan != "" {
			list := filepath.Join(dir, "detectors-"+kind.name)
			if err := os.WriteFile(list, []byte(strings.Join(exprs, "\n")+"\n"), 0o644); err != nil {
				return err
			}
			if r, err = startRival(hyperscan, name, list, "regexp"); err != nil {
				return err
			}
		}
		var found, count, plain meter
		var m class.Map
		var room []rules.Hit
		hits := 0
		sample := text[:min(len(text), 8<<20)]
		const piece = 8 << 10 // of each MiB of the sample, for the standard library
		for range rounds {
			hits = 0
			found.pass(text, func(b []byte) {
				for i := 0; i < len(b); i += window {
					part := b[i:min(len(b), i+window)]
					m.Set(part)
					room = set.FindMap(room[:0], part, &m, 0, len(part))
					hits += len(room)
				}
			})
			count.pass(text, func(b []byte) { bytes.Count(b, []byte("@")) })
			if r != nil {
				if err := r.pass(); err != nil {
					return err
				}
			}
		}
		plain.pass(sample, func(b []byte) {
			for _, re := range std {
				re.FindAllIndex(b[:min(len(b), piece)], -1)
			}
		})
		rate := func(n int, m meter) float64 { return float64(n) / 1e9 / m.sum().Seconds() }
		ours := rate(len(text), found)
		pieces := (len(sample) + block - 1) / block * piece
		theirs, x, n := "             -", "     -", "-"
		if r != nil {
			v := float64(len(text)) / 1e9 / r.took.Seconds()
			theirs, x, n = fmt.Sprintf("%14.3f", v), fmt.Sprintf("%6.2f", ours/v), fmt.Sprint(r.hits)
			if err := r.stop(); err != nil {
				return err
			}
		}
		fmt.Printf("%-18s | %5d | %5.3f   %6.4f | %15.6f %6.0f | %s %s | %d / %s\n", kind.name, len(kind.rules), ours, ours/rate(len(text), count),
			rate(pieces, plain), ours/rate(pieces, plain), theirs, x, hits, n)
	}

	lits, nums, err := patterns(dir, people)
	if err != nil {
		return err
	}
	matcher, err := match.Compile(append(lits, nums...))
	if err != nil {
		return err
	}
	set, err := rules.NewSet(rules.All())
	if err != nil {
		return err
	}
	var both, count meter
	var m class.Map
	var room []rules.Hit
	var lit []match.Hit
	for range rounds {
		both.pass(text, func(b []byte) {
			for i := 0; i < len(b); i += window {
				part := b[i:min(len(b), i+window)]
				m.Set(part)
				lit = matcher.Find(lit[:0], part)
				room = set.FindMap(room[:0], part, &m, 0, len(part))
			}
		})
		count.pass(text, func(b []byte) { bytes.Count(b, []byte("@")) })
	}
	v := float64(len(text)) / 1e9 / both.sum().Seconds()
	fmt.Printf("\n%s people with numbers, and all detectors, in one pass: %.3f GB/s, %.4f of Count\n", people, v, count.sum().Seconds()/both.sum().Seconds())
	return nil
}
