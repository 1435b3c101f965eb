package export

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"net/mail"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/spoor-scan/spoor/internal/engine"
	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/language"
	"github.com/spoor-scan/spoor/internal/subject"
	"github.com/spoor-scan/spoor/scanners"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestNames(t *testing.T) {
	n := newNames()
	for _, x := range []struct {
		in   []string
		want string
	}{
		{[]string{"src", "a.txt"}, "files/src/a.txt"},
		{[]string{"src", "A.TXT"}, "files/src/A~2.TXT"},
		{[]string{"SRC", "a.txt"}, "files/SRC/a~3.txt"},
		{[]string{"src", "a.txt", "b"}, "files/src/a~4.txt/b"}, // a.txt is a file already
		{[]string{"src", "..", ".", "etc", "passwd"}, "files/src/etc/passwd"},
		{[]string{"src", "etc"}, "files/src/etc~2"},
		{[]string{"src", `..\..\x`}, "files/src/.._.._x"},
		{[]string{"src", "con"}, "files/src/_con"},
		{[]string{"src", "LPT1.txt"}, "files/src/_LPT1.txt"},
		{[]string{"src", "nul .txt"}, "files/src/_nul .txt"},
		{[]string{"src", "COM¹"}, "files/src/_COM¹"},
		{[]string{"src", "dot. "}, "files/src/dot"},
		{[]string{"src", "a\x00b\n<>:\"|?*"}, "files/src/a_b________"},
		{[]string{"src", "gpj\u202eexe.txt"}, "files/src/gpjexe.txt"},
		{[]string{"src", "\xff\xfe"}, "files/src/_"},
		{[]string{"src", "Zoe\u0308"}, "files/src/Zo\u00eb"},
		{[]string{"src", "Zo\u00eb"}, "files/src/Zo\u00eb~2"},
		{[]string{"src", strings.Repeat("x", 300) + ".pdf"}, "files/src/" + strings.Repeat("x", 76) + ".pdf"},
		{[]string{"..", ".."}, "files/item"},
	} {
		if got := n.take("files", x.in...); got != x.want {
			t.Errorf("%q: %q, want %q", x.in, got, x.want)
		}
	}
	deep := n.take("files", strings.Split(strings.Repeat("folder/", 60)+"x.txt", "/")...)
	if len(deep) > maxPath || !strings.HasSuffix(deep, "/x.txt") {
		t.Errorf("deep: %s", deep)
	}
}

// Ever so many files of one name, and of folders that are too deep to be told
// apart, are named in a time that grows with their number.
func TestManyFilesOfOneName(t *testing.T) {
	n := newNames()
	const many = 50_000
	start := time.Now()
	last := ""
	for range many {
		last = n.take("files", "src", "index.html")
	}
	if last != fmt.Sprintf("files/src/index~%d.html", many) || time.Since(start) > time.Minute {
		t.Errorf("%s after %v", last, time.Since(start))
	}
}

func FuzzNames(f *testing.F) {
	f.Add("a/../b\\c", "CON.txt")
	f.Add("\xff", " . ")
	f.Fuzz(func(t *testing.T, a, b string) {
		n := newNames()
		seen := map[string]bool{}
		for range 2 {
			for _, p := range [][]string{{a, b}, {b}, {a}, strings.Split(a, "/")} {
				got := n.take("files", p...)
				if seen[strings.ToLower(got)] || !filepath.IsLocal(got) || strings.ContainsAny(got, "\\:*?\"<>|\x00") || len(got) > maxPath+20 {
					t.Fatalf("%q: %q", p, got)
				}
				seen[strings.ToLower(got)] = true
			}
		}
	})
}

func TestSecretName(t *testing.T) {
	for name, want := range map[string]string{
		"password": password, "user_pass": password, "passwordHash": password, "passwd": password, "mot_de_passe": password, "wachtwoord": password, "USER_PASSWORD": password,
		"api_key": token, "apiKey": token, "remember_token": token, "auth_key": token, "private_key": token, "clientSecret": token, "session_tokens": token, "salt": token, "totp_secret": token,
		"passport": "", "password_changed_at": "", "token_type": "", "key": "", "foreign_key": "", "primary_key": "", "bypass_mode": "", "compass": "", "email": "", "license_key": "", "token_count": "", "pass_expires": "", "": "",
	} {
		if got := secretName(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestHide(t *testing.T) {
	own, err := subject.New([]subject.Person{{ID: "p", Identifiers: []subject.Identifier{{Type: subject.Email, Value: "zoe@example.be"}, {Type: subject.Phone, Value: "+32 470 12 34 56"}}}})
	if err != nil {
		t.Fatal(err)
	}
	others, err := newHider(true, own)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := newHider(false, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		h        *hider
		in, want string
	}{
		{plain, "zoe:$apr1$abcdefgh$ABCDEFGHIJKLMNOPQRSTUV x@example.org", "zoe:[withheld: a password hash is held] x@example.org"},
		{plain, `{"user":"zoe","password":"a\"b","n":1}`, `{"user":"zoe","password":"[withheld: a password is held]","n":1}`},
		{plain, `{"api_key": "abc", "password_changed_at": "2026-01-01"}`, `{"api_key": "[withheld: a secret (key or token) is held]", "password_changed_at": "2026-01-01"}`},
		{plain, `"{\"password\":\"x y\"}"`, `"{\"password\":\"[withheld: a password is held]\"}"`},
		{plain, `a:1:{s:8:"password";s:3:"abc";}`, `a:1:{s:8:"password";s:3:"[withheld: a password is held]";}`},
		{plain, `'secret' => 'abc',`, `'secret' => '[withheld: a secret (key or token) is held]',`},
		{plain, `{"password":""}`, `{"password":""}`},
		{plain, `{"password":"cut`, `{"password":"[withheld: a password is held]`},
		{others, "<p>j<b>an</b>@exa<!-- x -->mple.org, z<i>oe</i>@example.be, +32 470 <b>99 88</b> 77</p>", "<p>***, z<i>oe</i>@example.be, ***</p>"},
		{others, `{"a":"jan\u0040example.org","b":"zoe\u0040example.be","c":"\u006aan@example.org"}`, `{"a":"j**@e******.org","b":"zoe@example.be","c":"***"}`},
		{others, "x " + hex.EncodeToString([]byte("ask jan@example.org")) + " y", "x *** y"},
		{others, "x " + coded("nothing of anybody in this text, at all") + " y", "x " + coded("nothing of anybody in this text, at all") + " y"},
		{plain, "{\"password\":\"cut\nnext", "{\"password\":\"[withheld: a password is held]\nnext"},
		{plain, "a:1:{s:8:\"password\";s:30:\"abc", "a:1:{s:8:\"password\";s:30:\"[withheld: a password is held]"},
		{plain, "DB_USER=zoe\nDB_PASSWORD=s3cret word\nX=1", "DB_USER=zoe\nDB_PASSWORD=[withheld: a password is held]\nX=1"},
		{plain, "export API_KEY=abc # of 2026", "export API_KEY=[withheld: a secret (key or token) is held] # of 2026"},
		{plain, "$db['password'] = 'abc", "$db['password'] = '[withheld: a password is held]"},
		{plain, "$this->password = \"abc\";", "$this->password = \"[withheld: a password is held]\";"},
		{plain, "define('DB_PASSWORD', 'a\\'b');", "define('DB_PASSWORD', '[withheld: a password is held]');"},
		{plain, "password: hunter2\r\nnext: x", "password: [withheld: a password is held]\r\nnext: x"},
		{plain, "Uw nieuw wachtwoord: hunter2", "Uw nieuw wachtwoord: [withheld: a password is held]"},
		{plain, "Password: we never ask for it", "Password: we never ask for it"},
		{plain, "private_key: |\n  line\n  more\nnext: x", "private_key: |\n[withheld: a secret (key or token) is held]\nnext: x"},
		{plain, "secret_key = \"-----BEGIN KEY-----\nabc\n-----END KEY-----\nnext", "secret_key = \"[withheld: a secret (key or token) is held]\nnext"},
		{plain, "Server=db;User Id=zoe;Password=abc;Port=1", "Server=db;User Id=zoe;Password=[withheld: a password is held];Port=1"},
		{plain, "mysqldump -u zoe --password=abc db", "mysqldump -u zoe --password=[withheld: a password is held] db"},
		{plain, "<user><password enc=\"no\">abc</password></user>", "<user><password enc=\"no\">[withheld: a password is held]</password></user>"},
		{plain, "require_password = true", "require_password = true"},
		{others, "https://example.org/?q=jan%40example.org {\"a\":\"jan\\u0040example.org\"}", "https://example.org/?q=j**@e******.org {\"a\":\"j**@e******.org\"}"},
		{others, "zoe@example.be met jan@example.org", "zoe@example.be met j**@e******.org"},
		{others, "Zoe+x@Example.BE, 0470/12.34.56, +32 470 99 88 77", "Zoe+x@Example.BE, 0470/12.34.56, +3* *** ** ** 77"},
		{others, "jan&#64;example.org jan&#x40;example&period;org zoe&commat;example.be", "j**@e******.org j**@e******.org zoe@example.be"},
		{others, "mail:: amFuQGV4YW1wbGUub3Jn\nmail:: em9lQGV4YW1wbGUuYmU=\n", "mail:: aioqQGUqKioqKioub3Jn\nmail:: em9lQGV4YW1wbGUuYmU=\n"},
		{
			others, base64.StdEncoding.EncodeToString([]byte(strings.Repeat("text ", 8) + "jan@example.org"))[:64] + "\r\n " + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("text ", 8) + "jan@example.org"))[64:] + "\r\n",
			base64.StdEncoding.EncodeToString([]byte(strings.Repeat("text ", 8) + "j**@e******.org"))[:64] + "\r\n " + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("text ", 8) + "j**@e******.org"))[64:] + "\r\n",
		},
		{others, "https://example.org/a-long/path_of/words/and-more-words", "https://example.org/a-long/path_of/words/and-more-words"},
		{others, "BE68 5390 0754 7034", "BE** **** **** **34"},
		{others, "&#60;script&#62; &amp;", "&#60;script&#62; &amp;"},
	} {
		var tl tally
		if got := string(x.h.text([]byte(x.in), "", false, &tl)); got != x.want {
			t.Errorf("%s\n got %s\nwant %s", x.in, got, x.want)
		}
	}
}

func TestNameOfAFile(t *testing.T) {
	own, err := subject.New([]subject.Person{{ID: "p", Identifiers: []subject.Identifier{{Type: subject.Email, Value: "zoe@mail.example.be"}}}})
	if err != nil {
		t.Fatal(err)
	}
	h, err := newHider(true, own)
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{
		"bram@callewaert.example-nota.txt":        "b***@c*********.example-nota.txt",
		"nota_bram@callewaert.example_2026.txt":   "n********@c*********.example_2026.txt",
		"bram@callewaert.example.pdf":             "b***@c*********.example.pdf",
		"bram@callewaert.example":                 "b***@c*********.example",
		"bram@callewaert.example-a-b.c.tar.gz":    "b***@c*********.example-a-b.c.tar.gz",
		"a@example.org-b@example.org-x.txt":       "*@e******.org-*@e******.org-x.txt",
		"bram%40callewaert.example-nota.txt":      "b***@c*********.example-nota.txt",
		"zoe@mail.example.be-nota.txt":            "zoe@mail.example.be-nota.txt",
		"zoe@mail.example.be.txt":                 "zoe@mail.example.be.txt",
		"zoe@mail.example.be_jan@example.org.txt": "zoe@mail.example.be_***@e******.org.txt",
		"kopie_+32470998877_final.pdf":            "kopie_+3********77_final.pdf",
		"BE68539007547034-uittreksel.pdf":         "BE************34-uittreksel.pdf",
		"scan_BE68539007547034_2.pdf":             "scan_BE************34_2.pdf",
		"icon@2x.png":                             "icon@2x.png",
		"IMG_20240730_123320.jpg":                 "IMG_20240730_123320.jpg",
		"report-2026-07-30_12-33-20.csv":          "report-2026-07-30_12-33-20.csv",
		"user@host":                               "user@host",
		"@types":                                  "@types",
		"":                                        "",
	} {
		if got := h.name(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

// Whatever a text is, what masks it is in order and within it.
func FuzzHide(f *testing.F) {
	own, err := subject.New([]subject.Person{{ID: "p", Identifiers: []subject.Identifier{{Type: subject.Email, Value: "zoe@example.be"}}}})
	if err != nil {
		f.Fatal(err)
	}
	h, err := newHider(true, own)
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{
		"zoe@example.be and j<b>a</b>n@example.org", `{"a":"jan\u0040example.org"}`, coded("ask jan@example.org of it"), "jan%2540example.org", "jan@example.org-note_0470123456.txt",
		"&#106;an@example.org", "+32 470 99 88 77 &lt;<!-- -->", "\x00\xff@",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		list, _ := h.foreign(b, "")
		done := 0
		for _, e := range list {
			if e.start < done || e.end < e.start || e.end > len(b) {
				t.Fatalf("%q: %+v", b, list)
			}
			done = e.end
		}
		h.name(string(b[:min(len(b), 200)]))
		h.text(b, "notes", true, &tally{})
	})
}

func coded(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// A text of ever so many secrets that do not end takes no more time than one.
func TestSecretsWithoutAnEnd(t *testing.T) {
	h, err := newHider(false, nil)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	for k := 1; k < 1000; k++ { // each in other quotes, so that none is ended by the next
		fmt.Fprintf(&b, `"password":%s"x `, strings.Repeat(`\`, k))
	}
	var tl tally
	start := time.Now()
	got := h.text(b.Bytes(), "", false, &tl)
	if want := `"password":\"` + withheldText(password); string(got) != want || time.Since(start) > 10*time.Second {
		t.Errorf("%d bytes after %v", len(got), time.Since(start))
	}
}

// Long texts are looked at in pieces, and nothing is lost between them.
func TestCopyText(t *testing.T) {
	h, err := newHider(true, nil)
	if err != nil {
		t.Fatal(err)
	}
	line := "a line of text that says nothing, and then jan.peeters@example.org\n"
	var out bytes.Buffer
	var tl tally
	n := 3 * pieceLen / len(line)
	if binary, err := h.copyText(&out, strings.NewReader(strings.Repeat(line, n)), &tl); binary || err != nil {
		t.Fatal(binary, err)
	}
	if tl.masked != n || out.Len() != n*len(line) || strings.Contains(out.String(), "jan.peeters@") {
		t.Errorf("%d of %d masked, %d bytes", tl.masked, n, out.Len())
	}
	if binary, _ := h.copyText(io.Discard, strings.NewReader("text\x00"), &tl); !binary {
		t.Error("a NUL is taken for text")
	}
}

func TestLetter(t *testing.T) {
	own, err := subject.New([]subject.Person{{ID: "p", Identifiers: []subject.Identifier{{Type: subject.Email, Value: "zoe@example.be"}}}})
	if err != nil {
		t.Fatal(err)
	}
	h, err := newHider(true, own)
	if err != nil {
		t.Fatal(err)
	}
	l := &letter{h: h, t: &tally{}, strict: true}
	out, err := remadeLetter(l, letterSeed)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"jan@", "Jan", "an@example.org", "470 99", "RESEUkVTUw"} {
		if bytes.Contains(out, []byte(bad)) {
			t.Errorf("%q is left in\n%s", bad, out)
		}
	}
	m, err := mail.ReadMessage(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	if to, err := m.Header.AddressList("To"); err != nil || len(to) != 2 || to[0].Address != "zoe@example.be" || to[0].Name != "Zoë" {
		t.Errorf("To: %v, %v", to, err)
	}
	if l.left != 1 || !bytes.Contains(out, []byte("zoe@example.be")) {
		t.Errorf("left out: %d\n%s", l.left, out)
	}
	for _, bad := range []string{"no header", "A: b\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\ncut", "Content-Type: text/plain; charset=nothing\r\n\r\nx"} {
		if _, err := remadeLetter(&letter{h: h, t: &tally{}, strict: true}, bad); err == nil {
			t.Errorf("%q is understood", bad)
		}
	}
}

func remadeLetter(l *letter, in string) ([]byte, error) {
	var out bytes.Buffer
	err := l.remade(&out, strings.NewReader(in))
	return out.Bytes(), err
}

const letterSeed = "From: Jan Peeters <jan@example.org>\r\nTo: =?utf-8?q?Zo=C3=AB?= <zoe@example.be>,\r\n \"P., Jan\" <jan@example.org>\r\n" +
	"Subject: =?utf-8?b?amFuQGV4YW1wbGUub3Jn?=\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
	"--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: base64\r\n\r\nem9lQGV4YW1wbGUuYmUgamFuQGV4YW1wbGUub3Jn6Q==\r\n" +
	"--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: jan@example.org\r\nContent-Type: text/html\r\n\r\n<b>jan&#64;example.org +32 470 99 88 77</b>\r\n" +
	"--b\r\nContent-Type: application/pdf; name=\"jan@example.org.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\nRESEUkVTUw==\r\n--b--\r\n"

func FuzzLetter(f *testing.F) {
	h, err := newHider(true, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(letterSeed))
	f.Add([]byte("A: b\n\nx"))
	f.Fuzz(func(t *testing.T, b []byte) {
		l := &letter{h: h, t: &tally{}, strict: true}
		out, err := remadeLetter(l, string(b))
		if err != nil {
			return
		}
		// What is written is understood again, and stays as it is.
		again, err := remadeLetter(&letter{h: h, t: &tally{}, strict: true}, string(out))
		if err != nil || len(again) > 2*len(out)+1000 {
			t.Errorf("%v; %d bytes became %d\n%q", err, len(out), len(again), out)
		}
	})
}

// The values of a table survive both forms.
func TestTable(t *testing.T) {
	h, err := newHider(false, nil)
	if err != nil {
		t.Fatal(err)
	}
	tab := &scanners.Table{Name: "t", Columns: []string{"a", "a", "n", "b"}, Types: []string{"varchar", "text", "decimal", "boolean"}}
	values := []string{"=1+1", "+32 470", "-", "@x", "'quoted'", "\ttab", "\uff1d1+1", "\n=1", "a,\"b\"\r\nc", "", "é\u2028", "</script>"}
	entry := &Table{Source: "s", Name: "t"}
	x, err := newTable(tab, entry, func(string) bool { return false })
	if err != nil {
		t.Fatal(err)
	}
	defer x.close()
	for _, v := range values {
		b := &scanners.Block{Table: tab}
		b.Append([]byte(v), false)
		b.Append(nil, true)
		b.Append([]byte("00012.50"), false)
		b.Append([]byte("t"), false)
		if err := x.add(b, 0, h, nil, false, &tally{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := x.finish(); err != nil {
		t.Fatal(err)
	}
	var doc struct{ Rows []map[string]any }
	js, _ := io.ReadAll(x.json.read())
	if err := json.Unmarshal(js, &doc); err != nil {
		t.Fatalf("%v\n%s", err, js)
	}
	lines, err := csv.NewReader(x.csv.read()).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(lines[0], []string{"a", "a (2)", "n", "b"}) {
		t.Errorf("header %q", lines[0])
	}
	for i, v := range values {
		if doc.Rows[i]["a"] != v || doc.Rows[i]["a (2)"] != nil || doc.Rows[i]["n"] != "00012.50" || doc.Rows[i]["b"] != true {
			t.Errorf("%q: %v", v, doc.Rows[i])
		}
		cell := lines[i+1][0]
		if len(cell) > 1 && cell[0] == '\'' && strings.ContainsAny(cell[1:min(len(cell), 4)], "=+-@\t\r\n'\uff1d") {
			cell = cell[1:]
		}
		if strings.ReplaceAll(v, "\r\n", "\n") != cell { // encoding/csv reads line ends so
			t.Errorf("%q is %q in CSV", v, lines[i+1][0])
		}
	}
}

// Rows with other columns go into another table, also where a name starts as one of
// the first does.
func TestColumnsThatStartAlikeAreOthers(t *testing.T) {
	x, err := newTable(&scanners.Table{Name: "t", Columns: []string{"id", "email_old", "email_old"}}, &Table{}, func(string) bool { return false })
	if err != nil {
		t.Fatal(err)
	}
	defer x.close()
	if x.same(&scanners.Table{Name: "t", Columns: []string{"id", "email", "email_old"}}) {
		t.Error("email is taken for email_old")
	}
	if !x.same(&scanners.Table{Name: "t", Columns: []string{"id", "email_old", "email_old"}}) {
		t.Error("the same columns are others")
	}
}

// A fake source of rows and files.
type fake struct {
	scanners.Source
	bodies map[string]string
}

func (fake) Info() scanners.Info { return scanners.Info{Name: "src", URI: "file:///data"} }

func (f fake) Open(_ context.Context, ref scanners.Ref) (scanners.Item, error) {
	name := ref.URI[strings.LastIndexByte(ref.URI, '/')+1:]
	if name == "gone.txt" {
		return scanners.Item{}, &scanners.Gap{Reason: scanners.Vanished, Detail: "it is not there any more"}
	}
	if body, ok := f.bodies[name]; ok {
		return scanners.Item{Ref: ref, Name: name, Body: strings.NewReader(body)}, nil
	}
	return scanners.Item{Ref: ref, Name: name, Body: strings.NewReader("zoe@example.be and $2y$10$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234\n")}, nil
}

func report() *inventory.Report {
	contract := "contract"
	var list []*inventory.Finding
	for i, name := range []string{"a.txt", "b.txt", "gone.txt", "guess.txt"} {
		f := &inventory.Finding{
			ID: fmt.Sprintf("%016d", i), Subject: "person-0042", Source: "src", URI: "file:///data/" + name, Place: "src / file .txt",
			Confidence: "certain", Relation: "mentioned", Activities: []string{"customers"},
		}
		if name == "guess.txt" {
			f.Confidence = "possible"
		}
		list = append(list, f)
	}
	return &inventory.Report{
		Run:        inventory.Run{ID: "run-1", Mode: "scan", Finished: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)},
		Subjects:   []inventory.Subject{{ID: "person-0042", Requests: []inventory.Request{{ID: "dsr-1", Type: "access", Received: "2026-11-01"}}}},
		Activities: []inventory.Activity{{ID: "customers", Name: "Klanten", Role: "controller", Purpose: "klantenbeheer", LegalBasis: &contract}},
		Sources:    []inventory.Source{{Name: "src", Type: "files", URI: "file:///data"}},
		Findings:   findings(list),
	}
}

func findings(list []*inventory.Finding) func() iter.Seq2[*inventory.Finding, error] {
	return func() iter.Seq2[*inventory.Finding, error] {
		return func(yield func(*inventory.Finding, error) bool) {
			for _, f := range list {
				if !yield(f, nil) {
					return
				}
			}
		}
	}
}

func options(l language.Lang) Options {
	return Options{
		Report: report(), Subject: "person-0042", Right: Access, Language: l, Spoor: "0", Made: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC),
		Open: func(string) (engine.Opener, error) { return engine.Opener{Source: fake{}}, nil },
	}
}

// The page as people get it, in each language. go test -update writes it anew.
func TestPage(t *testing.T) {
	for _, l := range language.All() {
		var buf bytes.Buffer
		index, err := Write(t.Context(), &buf, options(l))
		if err != nil {
			t.Fatal(err)
		}
		if len(index.Items) != 2 || len(index.Gaps) != 1 || len(index.LeftOut) != 1 || index.Complete {
			t.Errorf("%+v", index)
		}
		z, err := zip.NewReader(bytes.NewReader(buf.Bytes()), int64(buf.Len()))
		if err != nil {
			t.Fatal(err)
		}
		f, err := z.Open("index.html")
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(f)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join("testdata", "index."+string(l)+".html")
		if *update {
			if err := os.WriteFile(name, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s: the page differs from %s", l, name)
		}
		v := reflect.ValueOf(textsOf(l))
		for i := range v.NumField() {
			if v.Field(i).IsZero() {
				t.Errorf("%s: %s says nothing", l, v.Type().Field(i).Name)
			}
		}
		for k := range textsOf(language.English).Reasons {
			if textsOf(l).Reasons[k] == "" {
				t.Errorf("%s: reason %s says nothing", l, k)
			}
		}
		for k := range textsOf(language.English).What {
			if textsOf(l).What[k] == "" {
				t.Errorf("%s: %q says nothing", l, k)
			}
		}
	}
}

// A finding whose source the report does not name is told as missing.
func TestFindingOfNoSourceIsAGap(t *testing.T) {
	o := options(language.English)
	o.Report.Sources = nil
	index, err := Write(t.Context(), io.Discard, o)
	if err != nil {
		t.Fatal(err)
	}
	if len(index.Items) != 0 || len(index.Gaps) != 3 || len(index.LeftOut) != 1 || index.Complete {
		t.Errorf("%+v", index)
	}
}

// Legal bases are told from what configurations call them, as the report's own view
// of portability tells them; where there is none, nothing is portable.
func TestPortableOnBasesByOtherNames(t *testing.T) {
	for basis, want := range map[string]string{
		"contract": "", "Uitvoering van de overeenkomst": "", "Art. 6(1)(b)": "", "toestemming": "", "Einwilligung": "",
		"legal obligation": ByBasis, "gerechtvaardigd belang": ByBasis, "": ByBasis, "because": ByBasis,
	} {
		x := &exporter{Options: Options{Right: Portability}, activities: map[string]inventory.Activity{"a": {ID: "a", Role: "controller", LegalBasis: &basis}}}
		if got, _ := x.choose(&inventory.Finding{Confidence: "certain", Activities: []string{"a"}}); got != want {
			t.Errorf("%q: %q, want %q", basis, got, want)
		}
	}
}

// A full writer is an error, wherever it is full.
func TestFull(t *testing.T) {
	var whole bytes.Buffer
	if _, err := Write(t.Context(), &whole, options(language.English)); err != nil {
		t.Fatal(err)
	}
	for n := 0; n < whole.Len(); n += 97 {
		if _, err := Write(t.Context(), &limited{n}, options(language.English)); !errors.Is(err, errFull) {
			t.Fatalf("full after %d bytes: %v", n, err)
		}
	}
}

var errFull = errors.New("no space left")

type limited struct{ left int }

func (l *limited) Write(p []byte) (int, error) {
	if len(p) > l.left {
		return 0, errFull
	}
	l.left -= len(p)
	return len(p), nil
}

// What the report counts as portable is what an export hands out: nothing of a
// backup, no column that rests on something else, and only the columns that rest on
// consent where the record does not.
func TestPortsAsTheReportDoes(t *testing.T) {
	contract, legitimate := "contract", "legitimate interests"
	x := &exporter{Options: Options{Right: Portability}, activities: map[string]inventory.Activity{
		"customers": {ID: "customers", Role: "controller", LegalBasis: &contract}, "security": {ID: "security", Role: "controller", LegalBasis: &legitimate},
		"scores": {ID: "scores", Role: "controller", LegalBasis: &contract, Provision: "derived"},
	}}
	fields := []inventory.Field{
		{Name: "email", Categories: []string{"contact"}, Origin: "provided"},
		{Name: "score", Categories: []string{"profile"}, Origin: "derived"},
		{Name: "risk", Categories: []string{"profile"}, LegalBasis: "legitimate interests"},
		{Name: "newsletter", Categories: []string{"preferences"}, LegalBasis: "consent"},
		{Name: "password", Categories: []string{"credentials"}},
	}
	for _, c := range []struct {
		name       string
		f          inventory.Finding
		why, leave string
	}{
		{"a row", inventory.Finding{Activities: []string{"customers"}, Fields: fields}, "", "score risk"},
		{"a row of another basis", inventory.Finding{Activities: []string{"security"}, Fields: fields}, "", "email score risk password id"},
		{"a derived row", inventory.Finding{Activities: []string{"scores"}, Fields: fields[1:2]}, ByDerived, ""},
		{"a backup", inventory.Finding{Activities: []string{"customers"}, Fields: fields, Actions: []inventory.Action{{Kind: "drop-snapshots"}}}, ByBackup, ""},
		{"a log", inventory.Finding{Activities: []string{"security"}}, ByBasis, ""},
		{"of no activity", inventory.Finding{Activities: []string{"unassigned"}}, ByUnassigned, ""},
	} {
		c.f.Confidence = "certain"
		if why, _ := x.choose(&c.f); why != c.why {
			t.Errorf("%s: left out for %q, want %q", c.name, why, c.why)
		}
		var left []string
		if p := x.port(&c.f); p.Included {
			for _, column := range []string{"email", "score", "risk", "newsletter", "password", "id"} {
				if p.Leaves(column) {
					left = append(left, column)
				}
			}
		}
		if got := strings.Join(left, " "); got != c.leave {
			t.Errorf("%s: leaves %q, want %q", c.name, got, c.leave)
		}
	}
}
