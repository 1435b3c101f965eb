package inventory

import (
	"bytes"
	"strings"
	"testing"
)

func TestScope(t *testing.T) {
	files := Source{Name: "files", URI: "file:///srv", Listed: true}
	db := Source{Name: "db", URI: "mysql://db1:3306/", Listed: true}
	s3 := Source{Name: "s3", URI: "s3://b/", Listed: true}
	box := Source{Name: "mail", URI: "imap://zoe@mail/", Listed: true}
	gap := func(source, uri, place string) Gap {
		return Gap{Source: source, URI: uri, Place: place, Reason: "denied"}
	}
	for name, c := range map[string]struct {
		sources            []Source
		gaps               []Gap
		excluded           []Gap
		source, uri, place string
		unread             bool
	}{
		"read":                              {[]Source{files}, nil, nil, "files", "file:///srv/a", "srv / file", false},
		"another source":                    {[]Source{files}, nil, nil, "db", "mysql://db1:3306/a/b?id=1", "a / b / row", true},
		"not listed":                        {[]Source{{Name: "files", URI: "file:///srv"}}, nil, nil, "files", "file:///srv/a", "srv / file", true},
		"its folder":                        {[]Source{files}, []Gap{gap("files", "file:///srv/a", "srv / folder")}, nil, "files", "file:///srv/a/b/c", "srv / file", true},
		"a folder called alike":             {[]Source{files}, []Gap{gap("files", "file:///srv/a", "srv / folder")}, nil, "files", "file:///srv/ab/c", "srv / file", false},
		"its archive":                       {[]Source{files}, []Gap{gap("files", "file:///srv/a.zip", "srv / file .zip")}, nil, "files", "file:///srv/a.zip!/x.txt", "srv / file .zip / zip member", true},
		"another member":                    {[]Source{files}, []Gap{gap("files", "file:///srv/a.zip!/y", "srv / file .zip / zip member")}, nil, "files", "file:///srv/a.zip!/x.txt", "srv / file .zip / zip member", false},
		"its table":                         {[]Source{db}, []Gap{gap("db", "mysql://db1:3306/a/b", "a / b")}, nil, "db", "mysql://db1:3306/a/b?id=1", "a / b / row", true},
		"its schema":                        {[]Source{db}, []Gap{gap("db", "mysql://db1:3306/a/", "a")}, nil, "db", "mysql://db1:3306/a/b?id=1", "a / b / row", true},
		"another table":                     {[]Source{db}, []Gap{gap("db", "mysql://db1:3306/a/c", "a / c")}, nil, "db", "mysql://db1:3306/a/b?id=1", "a / b / row", false},
		"a share of a known schema":         {[]Source{db}, []Gap{gap("db", "mysql://db1:3306/", "known")}, nil, "db", "mysql://db1:3306/a/b?id=1", "a / b / row", false},
		"a share of its schema":             {[]Source{db}, []Gap{gap("db", "mysql://db1:3306/", "known")}, nil, "db", "mysql://db1:3306/known/b?id=1", "known / b / row", true},
		"a share that nobody knows":         {[]Source{db}, []Gap{gap("db", "mysql://db1:3306/", "rows that refer to others")}, nil, "db", "mysql://db1:3306/a/b?id=1", "a / b / row", true},
		"a prefix of keys":                  {[]Source{s3}, []Gap{gap("s3", "s3://b/pre", "b / p")}, nil, "s3", "s3://b/prefix/k?versionId=1", "b / object", true},
		"its mailbox":                       {[]Source{box}, []Gap{gap("mail", "imap://zoe@mail/INBOX;UIDVALIDITY=1", "account / INBOX")}, nil, "mail", "imap://zoe@mail/INBOX;UIDVALIDITY=1/;UID=2", "account / INBOX / message", true},
		"left out":                          {[]Source{files}, nil, []Gap{{Source: "files", URI: "file:///srv/a", Reason: "config"}}, "files", "file:///srv/a/b", "srv / file", true},
		"without the text in pictures":      {[]Source{files}, nil, []Gap{{Source: "files", URI: "file:///srv", Place: "files", Reason: "option"}}, "files", "file:///srv/a/b", "srv / file", false},
		"left out for want of instructions": {[]Source{files}, nil, []Gap{{Source: "files", URI: "file:///srv", Place: "files", Reason: "no-instruction"}}, "files", "file:///srv/a/b", "srv / file", true},
	} {
		r := &Report{Sources: c.sources, Gaps: c.gaps, Exclusions: c.excluded}
		old := &Report{Summary: Summary{Places: []PlaceCount{{Source: "db", Place: "known / b / row"}}}}
		if got := NewScope(r, old).Unread(c.source, c.uri, c.place); got != "" != c.unread {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// A report's findings are read one by one, and any number of times.
func TestLoadAgain(t *testing.T) {
	const good = `{"format":"spoor-inventory/1","findings":[{"id":"a"},{"id":"b"}],"gaps":[{"source":"x"}],"new":{"findings":[]}}`
	rep, err := Load(bytes.NewReader([]byte(good)))
	if err != nil || len(rep.Gaps) != 1 {
		t.Fatal(rep, err)
	}
	for range 2 {
		got := ""
		for f, err := range rep.Findings() {
			if err != nil {
				t.Fatal(err)
			}
			got += f.ID
		}
		if got != "ab" {
			t.Errorf("%q", got)
		}
	}
	for n := range len(good) {
		if _, err := Load(strings.NewReader(good[:n])); err == nil {
			t.Errorf("cut at %d it is accepted", n)
		}
	}
	for _, bad := range []string{`[]`, `{"format":"spoor-inventory/2","findings":[]}`, `{"format":"spoor-inventory/1"}`, `{"format":"spoor-inventory/1","findings":{}}`} {
		if _, err := Load(strings.NewReader(bad)); err == nil {
			t.Errorf("%s is accepted", bad)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(`{"format":"spoor-inventory/1","findings":[{"id":"a","content":"b"},{"id":"b"}],"gaps":[{"source":"x"}]}`))
	f.Add([]byte(`{"findings":[1],"format":"spoor-inventory/1"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		rep, err := Load(bytes.NewReader(b))
		if err != nil {
			return
		}
		for _, err := range rep.Findings() {
			if err != nil {
				return
			}
		}
	})
}
