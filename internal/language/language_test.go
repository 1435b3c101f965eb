package language

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// messages returns all that a catalogue says, by its path in it.
func messages(v reflect.Value, path string, out map[string]string) {
	switch v.Kind() {
	case reflect.Pointer:
		messages(v.Elem(), path, out)
	case reflect.Struct:
		for i := range v.NumField() {
			messages(v.Field(i), path+"."+v.Type().Field(i).Name, out)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			messages(v.MapIndex(k), path+"["+k.String()+"]", out)
		}
	case reflect.Array:
		for i := range v.Len() {
			messages(v.Index(i), fmt.Sprintf("%s[%d]", path, i), out)
		}
	case reflect.String:
		out[path] = v.String()
	}
}

func all(l Lang) map[string]string {
	out := map[string]string{}
	messages(reflect.ValueOf(l.Texts()), "", out)
	return out
}

// Every language says everything, in both numbers, and takes the same values.
func TestEveryLanguageSaysEverything(t *testing.T) {
	english := all(English)
	for _, l := range All() {
		here := all(l)
		for path, m := range here {
			if strings.TrimSpace(m) == "" {
				t.Errorf("%s: %s is empty", l, path)
			}
			if _, ok := english[path]; !ok {
				t.Errorf("%s: %s is not in English", l, path)
			}
		}
		for path, m := range english {
			other, ok := here[path]
			if !ok {
				t.Errorf("%s: %s is missing", l, path)
				continue
			}
			if a, b := strings.Count(m, "%s"), strings.Count(other, "%s"); a != b {
				t.Errorf("%s: %s takes %d values, in English %d: %q", l, path, b, a, other)
			}
			if i := strings.IndexByte(strings.ReplaceAll(other, "%s", ""), '%'); i >= 0 {
				t.Errorf("%s: %s: a stray %%: %q", l, path, other)
			}
		}
	}
}

func TestPhrasesAreTheSameInEveryLanguage(t *testing.T) {
	var want []string
	for _, l := range All()[1:] {
		var got []string
		for _, p := range l.Texts().Phrases {
			got = append(got, p.English)
			if a, b := strings.Count(p.English, "{}"), strings.Count(p.Here, "{}"); a != b || p.Here == "" {
				t.Errorf("%s: %q has %d values, its translation %d: %q", l, p.English, a, b, p.Here)
			}
		}
		if want == nil {
			want = got
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: other phrases than in %s", l, All()[1])
		}
	}
}

func TestTranslate(t *testing.T) {
	for _, x := range []struct {
		lang     Lang
		in, want string
		known    bool
	}{
		{English, "the name and the address stand together", "the name and the address stand together", true},
		{Dutch, "the name and the address stand together", "de naam en het adres staan bij elkaar", true},
		{German, "the e-mail address belongs to one person", "die E-Mail-Adresse gehört nur einer Person", true},
		{French, "only the name, which others may have too", "seulement le nom, que d’autres peuvent avoir aussi", true},
		{French, "column phone of finding 0011", "colonne phone de l’enregistrement 0011", true},
		{German, "something new", "something new", false},
		{German, " belongs to one person", " belongs to one person", false},
		{German, "", "", true},
	} {
		got, known := x.lang.Texts().Translate(x.in)
		if got != x.want || known != x.known {
			t.Errorf("%s: Translate(%q) = %q, %v; want %q, %v", x.lang, x.in, got, known, x.want, x.known)
		}
	}
}

func TestParse(t *testing.T) {
	for tag, want := range map[string]Lang{"nl": Dutch, "nl_BE.UTF-8": Dutch, "FR-be": French, "de@euro": German, "en": English, "C": "", "": "", "pt": "", "eng": ""} {
		if got, err := Parse(tag); got != want || (err == nil) != (want != "") {
			t.Errorf("Parse(%q) = %q, %v", tag, got, err)
		}
	}
	for _, x := range []struct {
		env  map[string]string
		want Lang
	}{
		{nil, English},
		{map[string]string{"LANG": "nl_BE.UTF-8"}, Dutch},
		{map[string]string{"LANG": "nl_BE.UTF-8", "LC_MESSAGES": "fr_BE"}, French},
		{map[string]string{"LANG": "nl_BE.UTF-8", "LC_ALL": "C"}, English},
	} {
		if got := FromEnvironment(func(k string) string { return x.env[k] }); got != x.want {
			t.Errorf("%v: %q, want %q", x.env, got, x.want)
		}
	}
	for name, want := range map[string]Lang{"report.nl.html": Dutch, "/a.fr/report.html": "", "report.html": "", "x.de.csv": German, "nl.html": "", "a.pt.html": ""} {
		if got := OfFile(name); got != want {
			t.Errorf("OfFile(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestFormats(t *testing.T) {
	day := time.Date(2026, 11, 1, 14, 5, 0, 0, time.UTC)
	for _, x := range []struct {
		lang                               Lang
		date, at, number, size, percent    string
		period, list, one, none, thousands string
	}{
		{English, "1 November 2026", "1 November 2026, 14:05 (UTC)", "1,234,567", "1.5 KiB", "95%", "10 years and 1 month", "a, b and c", "1 record", "0 records", "-1,000"},
		{Dutch, "1 november 2026", "1 november 2026 om 14.05 uur (UTC)", "1.234.567", "1,5 KiB", "95%", "10 jaar en 1 maand", "a, b en c", "1 record", "0 records", "-1.000"},
		{French, "1er novembre 2026", "1er novembre 2026 à 14 h 05 (UTC)", "1 234 567", "1,5 Kio", "95 %", "10 ans et 1 mois", "a, b et c", "1 enregistrement", "0 enregistrement", "-1 000"},
		{German, "1. November 2026", "1. November 2026, 14:05 Uhr (UTC)", "1.234.567", "1,5 KiB", "95 %", "10 Jahre und 1 Monat", "a, b und c", "1 Datensatz", "0 Datensätze", "-1.000"},
	} {
		l, count := x.lang, x.lang.Texts().Page.RecordCount
		for _, p := range [][2]string{
			{l.Date(day), x.date},
			{l.Time(day), x.at},
			{l.Number(1234567), x.number},
			{l.Bytes(1536), x.size},
			{l.Percent(0.95), x.percent},
			{l.Period("P10Y1M"), x.period},
			{l.List([]string{"a", "b", "c"}), x.list},
			{l.Count(count, 1), x.one},
			{l.Count(count, 0), x.none},
			{l.Number(-1000), x.thousands},
			{l.Period("PT5H"), "PT5H"},
			{l.Period("P"), "P"},
			{l.Day("soon"), "soon"},
			{l.Day("2026-11-01T10:00:00Z"), x.date},
			{l.Number(-100), "-100"},
		} {
			spaces := strings.NewReplacer("\u00a0", " ", "\u202f", " ")
			if got := spaces.Replace(p[0]); got != p[1] {
				t.Errorf("%s: %q, want %q", l, got, p[1])
			}
		}
	}
	if got := Fill("%s of %s", 1, "%s"); got != "1 of %s" {
		t.Errorf("Fill: %q", got)
	}
	if got := Fill("%s of %s", 1); got != "1 of %s" {
		t.Errorf("Fill: %q", got)
	}
	if got := English.Decimal(1023.96); got != "1,024.0" {
		t.Errorf("Decimal: %q", got)
	}
}

// What a sentence names may hold whatever it likes.
func TestTranslateForeignNames(t *testing.T) {
	c := &Catalogue{Phrases: []Phrase{{"{} refers to {}", "{} verwijst naar {}"}}}
	if got, ok := c.Translate("a{} refers to {}b"); !ok || got != "a{} verwijst naar {}b" {
		t.Errorf("%q, %v", got, ok)
	}
}
