package document

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/spoor-scan/spoor/scanners"
)

func htmlRead(t testing.TB, r io.Reader) (string, Sourced) {
	t.Helper()
	for it, err := range HTML().Decode(context.Background(), scanners.Item{Body: r}, nil) {
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(it.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(b), it.Body.(Sourced)
	}
	return "", nil
}

func TestHTML(t *testing.T) {
	for _, tt := range []struct{ name, page, want string }{
		{"words", "<p>zo<b>e@exa</b>mple.be</p>", "zoe@example.be"},
		{"references", "<p>Zo&euml; &lt;zoe&#64;example.be&gt;</p>", "Zoë <zoe@example.be>"},
		{"link", "<a href=\"mailto:zoe@example.be?x=1\">write</a>", "mailto:zoe@example.be"},
		{"attribute", "<input type=hidden value='zoe@example.be'>", "zoe@example.be"},
		{"data", "<div data-user=\"zoe&#64;example.be\">x</div>", "zoe@example.be"},
		{"comment", "<!-- zoe@example.be -->", "zoe@example.be"},
		{"comment in a word", "<p>zo<!-- no robots -->e@<!---->example.be</p>", "zoe@example.be"},
		{"behind a comment in a word", "<p>x<!-- zoe@example.be -->y</p>", "zoe@example.be"},
		{"conditional comment", "<!--[if mso]><td>zoe@example.be</td><![endif]-->", "zoe@example.be"},
		{"script", "<script>var a = 'zoe@example.be';</script>", "zoe@example.be"},
		{"style", "<style>/* zoe@example.be */</style>", "zoe@example.be"},
		{"meta", "<meta name=author content=\"zoe@example.be\">", "zoe@example.be"},
		{"cells", "<tr><td>Zoë</td><td>zoe@example.be</td></tr>", "Zoë\tzoe@example.be"},
		{"never closed", "<p>x</p><a href=\"zoe@example.be", "zoe@example.be"},
		{"hidden", "<div style=display:none>zoe@example.be</div>", "zoe@example.be"},
		{"Shift-JIS", "<meta charset=shift_jis><p>\x8eR\x93c\x91\xbe\x98Y zoe@example.be</p>", "山田太郎 zoe@example.be"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			page := "<!DOCTYPE html><html><body>" + tt.page + "</body></html>"
			if strings.HasSuffix(tt.name, "closed") {
				page = "<!DOCTYPE html><html><body>" + tt.page
			}
			if !HTML().Match([]byte(page), "") {
				t.Error("not recognised")
			}
			for _, r := range []io.Reader{strings.NewReader(page), iotest.OneByteReader(strings.NewReader(page))} {
				got, from := htmlRead(t, r)
				if !strings.Contains(got, tt.want) {
					t.Fatalf("%q lacks %q", got, tt.want)
				}
				at := strings.Index(got, tt.want)
				want := strings.Index(page, tt.want[:2])
				if tt.name == "words" {
					want = strings.Index(page, "zo<b>")
				}
				if tt.name == "Shift-JIS" {
					want = strings.Index(page, "\x8eR")
				}
				if src := from.Source(int64(at)); src != int64(want) {
					t.Errorf("%q is led back to %d, want %d", tt.want, src, want)
				}
			}
		})
	}
}

func TestHTMLMatch(t *testing.T) {
	for _, tt := range []struct {
		head, name string
		want       bool
	}{
		{"\n<!doctype HTML>", "", true},
		{"<?xml version=\"1.0\"?>\n<!DOCTYPE html PUBLIC \"x\">\n<html xmlns=\"x\">", "a.xhtml", true},
		{"<!-- made by x -->\n<html>", "", true},
		{"<h2>News</h2>", "news.html", true},
		{"Hello <b>you</b>", "news.htm", true},
		{"<?php echo '<html>'; ?>", "index.php", false},
		{"<?xml version=\"1.0\"?><clients/>", "a.xml", false},
		{"plain text", "a.html", false},
		{"a < b and <c>", "a.txt", false},
		{"", "a.html", false},
	} {
		if got := HTML().Match([]byte(tt.head), tt.name); got != tt.want {
			t.Errorf("%q, %s: %v", tt.head, tt.name, got)
		}
	}
}

func FuzzHTML(f *testing.F) {
	for _, s := range []string{"<p>zo<b>e</b>&euml;</p>", "<a href='x'>y<!-- z -->", "<script>a</script><td>b<td", "&#1234567890;&&amp"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		HTML().Match(b, "a.html")
		got, from := htmlRead(t, bytes.NewReader(b))
		again, _ := htmlRead(t, iotest.OneByteReader(bytes.NewReader(b)))
		if len(b) < 4096 && strings.Trim(got, "\n\t") != strings.Trim(again, "\n\t") && !strings.Contains(got, "&") && !bytes.Contains(b, []byte("&")) {
			t.Fatalf("read in another way: %q, %q", got, again)
		}
		for i := range got {
			if at := from.Source(int64(i)); at < 0 || at > int64(len(b)) {
				t.Fatalf("%d is led back to %d of %d", i, at, len(b))
			}
		}
	})
}
