package subject

import (
	"strings"
	"testing"
)

// counted reports whether an identifier counts in a text, and in which form.
func counted(t *testing.T, id Identifier, text string) (form string, ok bool) {
	t.Helper()
	r, err := New([]Person{{ID: "a", Identifiers: []Identifier{id}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range r.Find(nil, []byte(text)) {
		if !h.Bare || h.Named {
			return h.Form, true
		}
	}
	return "", false
}

// texts checks what is hers and what is another's.
func texts(t *testing.T, id Identifier, yes, no []string) {
	t.Helper()
	for _, s := range yes {
		around := []string{s, "Lorem\n" + s + "\nipsum"}
		if strings.HasSuffix(s, "\x00") || strings.HasPrefix(s, "\x00") {
			around = around[:1]
		}
		for _, text := range around {
			if _, ok := counted(t, id, text); !ok {
				t.Errorf("%s %q: not found in %q", id.Type, id.Value, text)
			}
		}
	}
	for _, s := range no {
		if form, ok := counted(t, id, s); ok {
			t.Errorf("%s %q: found as %s in %q", id.Type, id.Value, form, s)
		}
	}
}
