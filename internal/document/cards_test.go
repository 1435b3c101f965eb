package document

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

// cardRows returns the rows of a text, "line=a,b NAME=value|NAME=value", its
// members and its gaps.
func cardRows(t testing.TB, r io.Reader) (out []string) {
	t.Helper()
	budget := container.NewBudget(container.DefaultLimits(), -1)
	for it, err := range Cards().Decode(context.Background(), scanners.Item{Body: r}, budget) {
		var g *scanners.Gap
		switch {
		case errors.As(err, &g):
			out = append(out, "gap "+string(g.Reason))
			continue
		case err != nil:
			t.Fatal(err)
		}
		b := it.Block
		if b == nil {
			data, err := io.ReadAll(it.Body)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, fmt.Sprintf("member %s %q", it.Step, data))
			continue
		}
		for row := range b.Rows() {
			var cells []string
			for col, name := range b.Table.Columns {
				v, _ := b.Cell(row, col)
				cells = append(cells, name+"="+string(v))
			}
			out = append(out, strings.TrimPrefix(b.Refs(row, "", 1).URI, "#")+" "+strings.Join(cells, "|"))
		}
	}
	return out
}

func TestCards(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"vCard 4", "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Zoë Van den Broeck\r\nN:Van den Broeck;Zoë;;;\r\nitem1.EMAIL;TYPE=home:zoe@exa\r\n mple.be\r\n" +
			"ADR;TYPE=home:;;Genutstraat 35;Bilzen;;3740;België\r\nNOTE:a\\, b\\nc\r\nEND:VCARD\r\nBEGIN:VCARD\r\nFN:Bob\r\nEND:VCARD\r\n", []string{
			"line=0,9 VERSION=4.0|FN=Zoë Van den Broeck|N.family=Van den Broeck|N.given=Zoë|EMAIL=zoe@example.be|ADR=Genutstraat 35, 3740 Bilzen, België|NOTE=a, b\nc",
			"line=9,12 FN=Bob",
		}},
		{"vCard 2.1", "BEGIN:VCARD\nFN;ENCODING=QUOTED-PRINTABLE;CHARSET=ISO-8859-1:Zo=EB Van =\nden Broeck\nEMAIL;INTERNET:zoe@example.be\nPHOTO;JPEG;ENCODING=BASE64:\n /9j/4AA\n Q\n\nEND:VCARD\n", []string{
			"member 1-photo.jpg \"\\xff\\xd8\\xff\\xe0\\x00\\x10\"",
			"line=0,9 FN=Zoë Van den Broeck|EMAIL=zoe@example.be",
		}},
		{"event", "BEGIN:VCALENDAR\nPRODID:x\nBEGIN:VEVENT\nSUMMARY:Talk\nATTENDEE;CN=\"Broeck, Zoë\";PARTSTAT=ACCEPTED:mailto:zoe@example.be\nBEGIN:VALARM\nDESCRIPTION:soon\nEND:VALARM\nEND:VEVENT\n" +
			"BEGIN:VEVENT\nATTACH;ENCODING=BASE64;VALUE=BINARY;FMTTYPE=application/pdf:JVBERi0A\nEND:VEVENT\nEND:VCALENDAR\n", []string{
			"line=1,2 PRODID=x",
			"line=2,9 SUMMARY=Talk|ATTENDEE.CN=Broeck, Zoë|ATTENDEE=mailto:zoe@example.be|DESCRIPTION=soon",
			"member 1-attach.pdf \"%PDF-\\x00\"",
		}},
		{"data URI", "BEGIN:VCARD\nPHOTO:data:image/png;base64,iVBORw==\nEND:VCARD\n", []string{"member 1-photo.png \"\\x89PNG\""}},
		{"broken base64", "BEGIN:VCARD\nKEY;ENCODING=B:zoe@example.be\nFN:Zoë\nEND:VCARD\n", []string{"gap corrupt", "line=0,4 KEY=zoe@example.be|FN=Zoë"}},
		{"cut off", "BEGIN:VCARD\nFN:Zoë\nnonsense", []string{"line=0,2 FN=Zoë|text=nonsense"}},
		{"LDIF", "version: 1\n# users\n\ndn: uid=zoevdb,dc=example,dc=be\ncn:: Wm/DqyBWYW4gZGVuIEJyb2Vjaw==\nmail: zoe@exa\n mple.be\nmail: z@example.org\n\ndn: uid=bob\njpegPhoto:: /9j/4AAQ\n", []string{
			"member 1-jpegphoto.jpg \"\\xff\\xd8\\xff\\xe0\\x00\\x10\"",
			"line=0,2 version=1|comment=# users",
			"line=3,8 dn=uid=zoevdb,dc=example,dc=be|cn=Zoë Van den Broeck|mail=zoe@example.be|mail=z@example.org",
			"line=9,11 dn=uid=bob",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if !Cards().Match([]byte(tt.text), "") {
				t.Fatal("not recognised")
			}
			for _, r := range []io.Reader{strings.NewReader(tt.text), iotest.OneByteReader(strings.NewReader(tt.text))} {
				got := cardRows(t, r)
				want := slices.Clone(tt.want)
				slices.Sort(got)
				slices.Sort(want)
				if !slices.Equal(got, want) {
					t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
				}
			}
		})
	}
}

func TestCardsMatch(t *testing.T) {
	for head, want := range map[string]bool{
		"begin:vcard\nfn:x":                 true,
		"BEGIN:VCALENDAR\r\n":               true,
		"BEGIN:x\n":                         false,
		"BEGIN TRANSACTION;":                false,
		"# comment\ndn: uid=zoe\n":          true,
		"dn: x\n":                           false,
		"# comment\nlisten 80\n":            false,
		"version: 1.2\nservices:\n":         false,
		"description: a\n":                  false,
		"version: 1\n\ndn:: dWlkPXpvZQ==\n": true,
	} {
		if got := Cards().Match([]byte(head), ""); got != want {
			t.Errorf("%q: %v", head, got)
		}
	}
}

// TestCardsDamaged truncates a fixture and flips each of its bytes.
func TestCardsDamaged(t *testing.T) {
	text := []byte("BEGIN:VCARD\nN;CHARSET=x:Broeck;Zoë;;;\nPHOTO;ENCODING=B:/9j/4AAQ\nADR:;;a;b;c;d;e;f\nNOTE;ENCODING=QUOTED-PRINTABLE:=4\nEND:VCARD\n")
	for i := range text {
		cardRows(t, bytes.NewReader(text[:i]))
		b := bytes.Clone(text)
		b[i] ^= 0x55
		cardRows(t, bytes.NewReader(b))
	}
}

func FuzzCards(f *testing.F) {
	for _, s := range []string{"BEGIN:VCARD\nN:a;b\\;c;d\nEND:VCARD\n", "BEGIN:VEVENT\nATTACH;ENCODING=BASE64:AAAA\n", "dn: a=b\ncn:: eA==\n x\n\ndn: a=c\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		Cards().Match(b, "")
		cardRows(t, bytes.NewReader(b))
	})
}
