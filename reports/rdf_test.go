package reports

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// triples expands JSON-LD whose context has prefixes only, and whose nodes are
// not nested (JSON-LD 1.1 API, section 5).
func triples(t *testing.T, doc []byte) []string {
	t.Helper()
	var d struct {
		Context map[string]string `json:"@context"`
		Graph   []map[string]any  `json:"@graph"`
	}
	if err := json.Unmarshal(doc, &d); err != nil {
		t.Fatal(err)
	}
	full := func(s string) string {
		prefix, rest, _ := strings.Cut(s, ":")
		if strings.HasPrefix(rest, "//") {
			return "<" + s + ">"
		}
		ns, ok := d.Context[prefix]
		if !ok {
			t.Errorf("%q has a prefix that the context does not name", s)
		}
		return "<" + ns + rest + ">"
	}
	const xsd = "^^<http://www.w3.org/2001/XMLSchema#"
	var out []string
	for _, n := range d.Graph {
		subject := full(n["@id"].(string))
		for name, values := range n {
			if name == "@id" {
				continue
			}
			for _, v := range values.([]any) {
				var o string
				switch v := v.(type) {
				case string:
					if name == "@type" {
						o = full(v)
					} else {
						o = quoted(v)
					}
				case bool:
					o = quoted(fmt.Sprint(v)) + xsd + "boolean>"
				case float64:
					o = quoted(fmt.Sprint(int(v))) + xsd + "integer>"
				case map[string]any:
					if id, ok := v["@id"].(string); ok {
						o = full(id)
					} else {
						o = quoted(v["@value"].(string)) + "^^" + full(v["@type"].(string))
					}
				}
				p := "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
				if name != "@type" {
					p = full(name)
				}
				out = append(out, subject+" "+p+" "+o+" .")
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Both forms say the same, whatever stands in the report, and each line is one of
// the grammar of N-Triples.
func TestRDF(t *testing.T) {
	line := regexp.MustCompile(`^<[^\x00-\x20<>"{}|^\x60\\]+> <[^\x00-\x20<>"{}|^\x60\\]+> (<[^\x00-\x20<>"{}|^\x60\\]+>|"([^"\\\n\r]|\\[tbnrf"'\\])*"(\^\^<[^\x00-\x20<>"{}|^\x60\\]+>)?) \.$`)
	for name, r := range map[string]func() (*bytes.Buffer, *bytes.Buffer, error){
		"full": func() (*bytes.Buffer, *bytes.Buffer, error) {
			var a, b bytes.Buffer
			if err := JSONLD(&a, full()); err != nil {
				return nil, nil, err
			}
			return &a, &b, NTriples(&b, full())
		},
		"awkward": func() (*bytes.Buffer, *bytes.Buffer, error) {
			var a, b bytes.Buffer
			if err := JSONLD(&a, awkward()); err != nil {
				return nil, nil, err
			}
			return &a, &b, NTriples(&b, awkward())
		},
		"survey": func() (*bytes.Buffer, *bytes.Buffer, error) {
			var a, b bytes.Buffer
			if err := JSONLD(&a, surveyed()); err != nil {
				return nil, nil, err
			}
			return &a, &b, NTriples(&b, surveyed())
		},
	} {
		ld, nt, err := r()
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(nt.String(), "\n"), "\n")
		for _, l := range lines {
			if !line.MatchString(l) {
				t.Errorf("%s: not a triple: %s", name, l)
			}
		}
		slices.Sort(lines)
		lines = slices.Compact(lines)
		if got := triples(t, ld.Bytes()); !slices.Equal(got, lines) {
			t.Errorf("%s: JSON-LD has %d triples, N-Triples %d", name, len(got), len(lines))
			for _, l := range got {
				if !slices.Contains(lines, l) {
					t.Errorf("%s: only in JSON-LD: %s", name, l)
				}
			}
		}
	}
}

func TestRDFSays(t *testing.T) {
	var b bytes.Buffer
	if err := NTriples(&b, full()); err != nil {
		t.Fatal(err)
	}
	const id, dpv = "<https://spoor-scan.github.io/id/", "<https://w3id.org/dpv#"
	for _, want := range []string{
		id + "activity/customers> " + dpv + "hasLegalBasis> <https://w3id.org/dpv/legal/eu/gdpr#A6-1-b> .",
		id + "activity/customers> " + dpv + "hasDataProcessor> " + id + "activity/customers/recipient-1> .",
		id + "activity/customers> " + dpv + "hasRecipient> " + id + "activity/customers/recipient-2> .",
		id + "activity/customers> " + dpv + "hasPersonalData> " + id + "finding/00112233445566aa> .",
		id + "activity/customers/storage> " + dpv + `hasDuration> "P10Y"^^<http://www.w3.org/2001/XMLSchema#duration> .`,
		id + "finding/00112233445566aa> " + dpv + "hasDataSubject> " + id + "subject/person-0042> .",
		id + "finding/00112233445566aa> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://w3id.org/dpv/pd#EmailAddress> .",
		id + "finding/00112233445566aa> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> " + dpv + "ProvidedPersonalData> .",
		id + "finding/00112233445566bb> <https://spoor-scan.github.io/ns#mayHaveDataSubject> " + id + "subject/person-0042> .",
		id + "finding/00112233445566cc> " + dpv + "hasDataSubject> " + id + "subject/person-0042> .", // likely, and confirmed
		id + "request/dsr-2026-0043> " + dpv + "hasRight> <https://w3id.org/dpv/legal/eu/gdpr#A17> .",
		id + `run/20261102T093000Z-full> <https://spoor-scan.github.io/ns#complete> "false"^^<http://www.w3.org/2001/XMLSchema#boolean> .`,
	} {
		if !strings.Contains(b.String(), want+"\n") {
			t.Errorf("it does not say %s", want)
		}
	}
	// A namesake's record is not said to be the person's.
	for _, secret := range []string{id + "finding/00112233445566bb> " + dpv + "hasDataSubject>", "00112233445566dd", "4711", "zoe.tar.gz", "mysql://"} { // refused, or only for programs
		if strings.Contains(b.String(), secret) {
			t.Errorf("it says %s", secret)
		}
	}
}
