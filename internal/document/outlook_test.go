package document

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/internal/testenv"
	"github.com/spoor-scan/spoor/scanners"
)

// outlookRead decodes data, and the messages that come out, as the engine does.
// Each text is "place|field|text", each gap "reason: detail". A place is the way
// there.
func outlookRead(t testing.TB, d container.Decoder, data []byte) (got, gaps []string) {
	t.Helper()
	b := container.NewBudget(container.DefaultLimits(), int64(len(data)))
	var read func(d container.Decoder, it scanners.Item, at string, depth int)
	read = func(d container.Decoder, it scanners.Item, at string, depth int) {
		for c, err := range d.Decode(context.Background(), it, b) {
			var g *scanners.Gap
			if errors.As(err, &g) {
				gaps = append(gaps, g.Error())
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			place := at
			if c.Step != "" {
				place += "!/" + c.Step
			}
			for _, f := range c.Fields {
				got = append(got, place+"|"+f.Name+"|"+f.Value)
			}
			if c.Body == nil {
				continue
			}
			if !c.Text && strings.HasSuffix(c.Name, ".eml") && depth < 40 {
				read(Mail(), c, place, depth+1)
				continue
			}
			body, err := io.ReadAll(c.Body)
			if err != nil && !errors.As(err, &g) {
				t.Fatal(err)
			}
			got = append(got, place+"|"+c.Field+"|"+string(body))
		}
	}
	read(d, scanners.Item{Name: "x", Size: int64(len(data)), Body: bytes.NewReader(data)}, "", 0)
	return got, gaps
}

func outlookWant(t *testing.T, got []string, want ...string) {
	t.Helper()
	missing := false
	for _, w := range want {
		if !slices.ContainsFunc(got, func(g string) bool { return strings.HasPrefix(g, w) }) {
			t.Errorf("no %q", w)
			missing = true
		}
	}
	if missing {
		for _, g := range got {
			t.Logf("%.200q", g)
		}
	}
}

// lzfuPack writes RTF as compressed, without looking for repetitions.
func lzfuPack(s string) string {
	var b []byte
	n := len(s)
	for len(s) > 0 {
		k := min(8, len(s))
		b = append(append(b, 0), s[:k]...)
		s = s[k:]
	}
	// The end: a reference to where the window stands.
	if n%8 == 0 {
		b = append(b, 1)
	} else { // the last group has room for it
		b[len(b)-n%8-1] = 1 << (n % 8)
	}
	end := (len(lzfuStart) + n) & 4095
	b = append(b, byte(end>>4), byte(end<<4))
	h := binary.LittleEndian.AppendUint32(nil, uint32(len(b)+12))
	h = binary.LittleEndian.AppendUint32(h, uint32(n))
	h = append(h, "LZFu\x00\x00\x00\x00"...)
	return string(h) + string(b)
}

func TestLZFu(t *testing.T) {
	// The example of [MS-OXRTFCP], section 3.1.1.
	packed := "\x2d\x00\x00\x00\x2b\x00\x00\x00LZFu\xf1\xc5\xc7\xa7\x03\x00\x0a\x00rcpg125\x42\x32\x0a\xf3 hel\x09\x00\x20bw\x05\xb0ld}\x0a\x80\x0f\xa0"
	for in, want := range map[string]string{
		packed: "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n",
		"\x0f\x00\x00\x00\x03\x00\x00\x00MELA\x00\x00\x00\x00abc": "abc",
		lzfuPack("{\\rtf1 " + mailIBAN + "}"):                     "{\\rtf1 " + mailIBAN + "}",
		lzfuPack("12345678"):                                      "12345678",
		"{\\rtf1 not packed at all}":                              "{\\rtf1 not packed at all}",
	} {
		got, err := io.ReadAll(newLZFu(strings.NewReader(in)))
		if err != nil || string(got) != want {
			t.Errorf("%q: %q, %v", in, got, err)
		}
		for i := range in {
			_, _ = io.ReadAll(newLZFu(strings.NewReader(in[:i])))
		}
	}
}

func TestRTFText(t *testing.T) {
	for _, c := range []struct {
		name, in, want string
		more           bool
	}{
		{"text", `{\rtf1\ansi\ansicpg1252 Zo\'eb\par pay\tab to}`, "Zoë\r\npay\tto", false},
		{"unicode", `{\rtf1\uc1 Zo\u235?\uc2\u8364ab \u-10179??\u-8704??}`, "Zoë€ \U0001F600", false},
		{"fonts", `{\rtf1\ansicpg1252{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset204 Arial;}}\f1 \'cf\'f0{\f0 \'eb}}`, "Прë", false},
		{"html", `{\rtf1\ansi\fromhtml1 \fbidis {\*\generator x;}{\fonttbl{\f0 Arial;}}{\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 Zo\'eb{\*\htmltag84 &nbsp;}\htmlrtf \'a0\htmlrtf0 x{\*\htmltag72 </p>}\htmlrtf \par}\htmlrtf0}`, "<p>Zoë&nbsp;x</p>", false},
		{"picture", `{\rtf1 a{\pict\wmetafile8 0123abcd}b{\object{\*\objdata 01}}c}`, "abc", true},
		{"binary", "{\\rtf1 a{\\pict\\bin4 {{{{}b}", "ab", true},
		{"unknown destination", `{\rtf1{\*\odd hidden}{\*\generator gen;}}`, " hidden", false},
		{"never closed", `{\rtf1 {{{{ text`, " text", false},
		{"too often closed", `{\rtf1 a}}}}b`, "ab", false},
	} {
		r := newRTFText(strings.NewReader(c.in), mapiRTFKind(strings.NewReader(c.in)))
		got, err := io.ReadAll(r)
		if err != nil || strings.TrimSpace(string(got)) != strings.TrimSpace(c.want) || r.more != c.more {
			t.Errorf("%s: %q, %v, %v; want %q", c.name, got, r.more, err, c.want)
		}
	}
	deep := strings.Repeat("{", 1<<20) + "x" + strings.Repeat("}", 1<<20) + "y"
	if got, err := io.ReadAll(newRTFText(strings.NewReader(deep), rtfPlain)); err != nil || string(got) != "xy" {
		t.Errorf("deep: %.20q, %v", got, err)
	}
}

// outlookFields are the properties of the message in all fixtures.
func outlookFields() []pstValue {
	return []pstValue{
		pstText(0x001a, "IPM.Note"), pstText(mapiSubject, "\x01\x05Re: order of Zoë"), pstText(0x0e1d, "order of Zoë"),
		pstText(0x0042, "Zoë Van den Broeck"), pstText(0x0064, "EX"), pstText(0x0065, "/O=EXAMPLE/CN=RECIPIENTS/CN=ZOE"), pstText(0x5d02, "zoe@example.be"),
		pstText(0x0c1a, "Zoë Van den Broeck"), pstText(0x0c1e, "EX"), pstText(0x0c1f, "/O=EXAMPLE/CN=RECIPIENTS/CN=ZOE"), pstText(0x5d01, "zoe@example.be"),
		pstBytes(0x0c1d, "SMTP:ZOE@EXAMPLE.BE\x00"), pstText(0x0e04, "Shop; Another"),
		pstWhen(mapiDelivered, 134_082_108_000_000_000),
		pstText(mapiBody, "please pay to "+mailIBAN+"\r\n"),
		pstBytes(mapiHTML, "<p>caf\xe9 "+mailIBAN+"</p>"), pstNum(mapiNetPage, 1252),
		pstBytes(mapiRTF, lzfuPack(`{\rtf1\ansi\ansicpg1252\fromhtml1{\*\htmltag64 <p>}Zo\'eb in RTF{\*\htmltag72 </p>}}`)),
		{0x8001, mapiString, pstU16("named value")},
		{0x8002, mapiString | mapiMulti, pstMulti("one category", "two categories")},
		{0x8003, mapiInt32, []byte{0x39, 0x30, 0, 0}},
		pstWhen(0x3a42, 119_600_064_000_000_000+864_000_000_000*3),
		pstText8(0x3a1c, "+32 470 12 34 56"),
	}
}

func pstMulti(texts ...string) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(texts)))
	at := 4 + 4*len(texts)
	for _, s := range texts {
		b = binary.LittleEndian.AppendUint32(b, uint32(at))
		at += len(pstU16(s))
	}
	for _, s := range texts {
		b = append(b, pstU16(s)...)
	}
	return b
}

func outlookRecipients() [][]pstValue {
	var out [][]pstValue
	for _, r := range []struct {
		name, addr string
		kind       uint32
	}{{"Shop", "shop@example.org", 1}, {"Another", "another@example.org", 2}, {"Hidden", "hidden@example.org", 3}, {"Shop", "shop2@example.org", 1}} {
		out = append(out, []pstValue{
			pstNum(mapiRecipType, r.kind), pstText(mapiDisplayName, r.name), pstText(mapiAddrType, "SMTP"), pstText(mapiEmail, r.addr),
			pstText(0x3a20, "shown as "+r.addr),
		})
	}
	return out
}

// outlookNames are the streams that name the properties 0x8001 to 0x8003.
func outlookNames() (guids, entries, texts []byte) {
	text := func(s string) uint32 {
		at := uint32(len(texts))
		u := pstU16(s)
		texts = binary.LittleEndian.AppendUint32(texts, uint32(len(u)))
		texts = append(texts, u...)
		for len(texts)%4 > 0 {
			texts = append(texts, 0)
		}
		return at
	}
	g := mapiSet("00062004-0000-0000-C000-000000000046") // of contacts
	guids = g[:]
	entry := func(id uint32, which, index uint16) {
		entries = binary.LittleEndian.AppendUint32(entries, id)
		entries = binary.LittleEndian.AppendUint16(entries, which)
		entries = binary.LittleEndian.AppendUint16(entries, index)
	}
	entry(0x8083, 3<<1, 1)
	entry(text("Keywords"), 2<<1|1, 2)
	entry(text("Klant Zoë"), 2<<1|1, 3)
	return guids, entries, texts
}

const outlookBig = 40_000 // bytes of an attachment that takes lists of lists

// outlookStore builds a store.
func outlookStore(p *pstBuilder) []byte {
	names := p.heap()
	g, e, s := outlookNames()
	p.add(pstNames, 0, names.props([]pstValue{{2, mapiBinary, g}, {3, mapiBinary, e}, {4, mapiBinary, s}}))
	// For readpst: where the hierarchy for people starts.
	entry := string(make([]byte, 20)) + "\x22\x80\x00\x00"
	p.add(0x21, 0, p.heap().props([]pstValue{pstText(mapiDisplayName, "Store of Zoë"), pstBytes(0x35e0, entry), pstNum(0x67ff, 0x12345678)}))
	folder := func(nid, parent uint32, name string) {
		p.add(nid, parent, p.heap().props([]pstValue{pstText(mapiDisplayName, name), pstNum(0x3602, 1), pstNum(0x3603, 0), {0x360a, mapiBool, []byte{1, 0}}}))
	}
	folder(0x122, 0x122, "")
	folder(0x8022, 0x122, "Top of Personal Folders")
	folder(0x8042, 0x8022, "In/box")
	p.add(0x802d, 0, p.table([]uint32{0x8042}, [][]pstValue{{pstText(mapiDisplayName, "In/box")}}, false))
	p.add(0x804e, 0, p.table([]uint32{0x200024, 0x2000a4}, [][]pstValue{{pstText(mapiSubject, "listed")}, {pstText(mapiSubject, "gone "+mailIBAN)}}, false))

	big := strings.Repeat("0123456789", outlookBig/10)
	inner := p.message([]pstValue{pstText(mapiSubject, "inner"), pstText(mapiBody, "inner "+mailIBAN)}, nil, []pstNode{
		p.heap().props([]pstValue{pstText(mapiAttachLong, "deep.txt"), pstBytes(mapiAttachData, "deep "+mailIBAN)}),
	})
	p.add(0x200024, 0x8042, p.message(outlookFields(), outlookRecipients(), []pstNode{
		p.heap().props([]pstValue{pstText(mapiAttachLong, "lïst \"a\".csv"), pstText(mapiAttachMIME, "text/csv"), pstBytes(mapiAttachData, "iban;"+mailIBAN), pstNum(mapiAttachHow, 1)}),
		p.heap().props([]pstValue{pstText(mapiAttachLong, "big.bin"), pstBytes(mapiAttachData, big), pstNum(mapiAttachHow, 1)}),
		p.embedded([]pstValue{pstText(mapiDisplayName, "inner")}, inner),
	}))
	// A long text, and one that is 8-bit.
	p.add(0x200044, 0x8042, p.message([]pstValue{
		pstText(0x001a, "IPM.Note"), pstText(mapiSubject, "long"), pstText(0x0c1a, "Shop"), pstNum(0x0e07, 1), pstText(mapiBody, strings.Repeat("Zoë ", 9000)+mailIBAN),
		pstText(0x3004, strings.Repeat("comment ", 9000)+"END"),
	}, nil, nil))
	russian, _ := charmap.Windows1251.NewEncoder().String("Привет")
	p.add(0x200064, 0x8042, p.message([]pstValue{pstText8(mapiSubject, russian), pstText8(mapiBody, russian), pstNum(mapiPage, 1251)}, nil, nil))
	p.add(0x200084, 0xdead02, p.message([]pstValue{pstText(mapiSubject, "orphan "+mailIBAN)}, nil, nil))
	p.add(0x2000c8, 0x8042, p.message([]pstValue{pstText(mapiSubject, "hidden")}, nil, nil))
	return p.bytes()
}

// outlookStores returns a store of each version and encoding.
func outlookStores() map[string][]byte {
	out := map[string][]byte{}
	for crypt, how := range []string{"plain", "permute", "cyclic"} {
		c := byte(crypt)
		out["unicode "+how] = outlookStore(&pstBuilder{crypt: c, max: 2000})
		out["ansi "+how] = outlookStore(&pstBuilder{ansi: true, crypt: c, max: 2000})
		out["4k "+how] = outlookStore(&pstBuilder{big: true, crypt: c, max: 2000})
	}
	return out
}

func outlookMessageWant(at, attach string) []string {
	return []string{
		at + "|From|\"Zoë Van den Broeck\" <zoe@example.be>",
		at + "|To|\"Shop\" <shop@example.org>",
		at + "|To|\"Shop\" <shop2@example.org>",
		at + "|Cc|\"Another\" <another@example.org>",
		at + "|Bcc|\"Hidden\" <hidden@example.org>",
		at + "|Recipient-Transmittable-Display-Name|Recipient-Transmittable-Display-Name: shown as another@example.org",
		at + "|Subject|Re: order of Zoë",
		at + "|Sent-Representing-Address|Sent-Representing-Address: /O=EXAMPLE/CN=RECIPIENTS/CN=ZOE",
		at + "|body|please pay to " + mailIBAN,
		at + "|body.html|\ncafé " + mailIBAN,
		at + "|body.html|\nZoë in RTF",
		at + "|Email-1-Address|Email-1-Address: named value",
		at + "|Keywords|one category", at + "|Keywords|two categories",
		at + "|Klant-Zo|Klant-Zo: Klant Zoë: 12345",
		at + "|Birthday|Birthday: 1980-01-04",
		at + "|Mobile-Telephone|Mobile-Telephone: +32 470 12 34 56",
		attach,
	}
}

func TestPST(t *testing.T) {
	for name, data := range outlookStores() {
		t.Run(name, func(t *testing.T) {
			got, gaps := outlookRead(t, PST(), data)
			const in = "!/Top of Personal Folders/In_box/"
			outlookWant(t, got, outlookMessageWant(in+"2097188", in+"2097188!/4/lïst \"a\".csv||iban;"+mailIBAN)...)
			outlookWant(
				t, got,
				in+"2097188!/5/big.bin||"+strings.Repeat("0123456789", outlookBig/10),
				in+"2097188!/6/inner.eml|Subject|inner",
				in+"2097188!/6/inner.eml|body|inner "+mailIBAN,
				in+"2097188!/6/inner.eml!/2/deep.txt||deep "+mailIBAN,
				in+"2097220|body|"+strings.Repeat("Zoë ", 9000)+mailIBAN,
				in+"2097220|body|Comment: "+strings.Repeat("comment ", 9000)+"END",
				in+"2097252|Subject|Привет", in+"2097252|body|Привет",
				"!/orphans/2097284|Subject|orphan "+mailIBAN,
				in+"2097352|Subject|hidden",
				in+"2097188|path|Top of Personal Folders/In_box",
				"|folder|Display-Name: In/box", "|store|Display-Name: Store of Zoë",
				"|folder|Subject: gone "+mailIBAN,
			)
			if !slices.Equal(gaps, []string{"vanished: pst: a folder lists items that the store does not hold"}) {
				t.Errorf("gaps %q", gaps)
			}
		})
	}
}

// TestPSTReadpst compares with another reader of stores.
func TestPSTReadpst(t *testing.T) {
	readpst := testenv.Need(t, "apt-get install pst-utils", "readpst")
	for _, name := range []string{"unicode plain", "unicode permute", "unicode cyclic", "ansi permute", "ansi cyclic"} {
		dir := t.TempDir()
		file := filepath.Join(dir, "x.pst")
		if err := os.WriteFile(file, outlookStores()[name], 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(readpst, "-D", "-M", "-o", dir, file).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v: %s", name, err, out)
		}
		var all bytes.Buffer
		_ = filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
			if b, err := os.ReadFile(p); err == nil && p != file {
				all.Write(b)
			}
			return nil
		})
		// It knows no trees of two levels, of which the first message is.
		if !strings.Contains(all.String(), "Subject: long") || !strings.Contains(all.String(), mailIBAN) {
			t.Errorf("%s: readpst does not read the store that the test makes: %s", name, out)
		}
	}
}

// TestPSTDamage searches a store whose trees are damaged.
func TestPSTDamage(t *testing.T) {
	for name, data := range outlookStores() {
		if !strings.HasSuffix(name, "permute") {
			continue
		}
		for kind, off := range map[string]int{"nodes": 224, "blocks": 240} {
			at := binary.LittleEndian.Uint64(data[off:])
			if name[0] == 'a' {
				at = uint64(binary.LittleEndian.Uint32(data[map[string]int{"nodes": 188, "blocks": 196}[kind]:]))
			}
			bad := slices.Clone(data)
			for i := range 100 {
				bad[at+uint64(i)] ^= 0x55
			}
			size := 512
			if name[0] == '4' {
				size = 4096
			}
			bad[int(at)+size-24] ^= 0xff
			bad[int(at)+size-16] ^= 0xff
			bad[int(at)+size-12] ^= 0xff
			got, gaps := outlookRead(t, PST(), bad)
			if !mailHas(got, "please pay to "+mailIBAN) || !mailHas(got, "deep "+mailIBAN) {
				t.Errorf("%s: %s: not found", name, kind)
			}
			if !mailHas(gaps, "the tree of "+kind+" is damaged") {
				t.Errorf("%s: %s: gaps %q", name, kind, gaps)
			}
		}
	}
}

func mailHas(list []string, want string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.Contains(s, want) })
}

func TestPSTEncrypted(t *testing.T) {
	data := outlookStores()["unicode plain"]
	data[513] = 0x10
	got, gaps := outlookRead(t, PST(), data)
	if len(got) != 1 || len(gaps) != 1 || !strings.HasPrefix(gaps[0], "encrypted") {
		t.Errorf("%d items, gaps %q", len(got), gaps)
	}
}

// outlookTNEF builds a winmail.dat.
func outlookTNEF(fields []pstValue, recipients [][]pstValue, attachments ...[]byte) []byte {
	b := []byte(tnefMagic + "\x01\x00")
	b = append(b, tnefAttribute(1, tnefVersion, []byte{0, 0, 1, 0})...)
	b = append(b, tnefAttribute(1, tnefPage, []byte{0xe4, 4, 0, 0, 0, 0, 0, 0})...)
	b = append(b, tnefAttribute(1, tnefSubject, []byte("caf\xe9\x00"))...)
	b = append(b, tnefAttribute(1, tnefSent, []byte{0xea, 7, 11, 0, 22, 0, 10, 0, 0, 0, 0, 0, 0, 0})...)
	if len(recipients) > 0 {
		t := binary.LittleEndian.AppendUint32(nil, uint32(len(recipients)))
		for _, r := range recipients {
			t = append(t, tnefList(r)...)
		}
		b = append(b, tnefAttribute(1, tnefRecipients, t)...)
	}
	b = append(b, tnefAttribute(1, tnefProps, tnefList(fields))...)
	for _, a := range attachments {
		b = append(b, a...)
	}
	return b
}

func tnefAttribute(level byte, id uint32, data []byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte{level}, id)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	b = append(b, data...)
	sum := uint16(0)
	for _, c := range data {
		sum += uint16(c)
	}
	return binary.LittleEndian.AppendUint16(b, sum)
}

func tnefList(values []pstValue) []byte {
	pad := func(b []byte) []byte {
		for len(b)%4 > 0 {
			b = append(b, 0)
		}
		return b
	}
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(values)))
	for _, v := range values {
		b = binary.LittleEndian.AppendUint16(b, v.kind)
		b = binary.LittleEndian.AppendUint16(b, v.id)
		if v.id >= 0x8000 {
			set := mapiSet("00062004-0000-0000-C000-000000000046")
			if v.id > 0x8001 {
				set = mapiPublic
			}
			b = append(b, set[:]...)
			if v.id == 0x8001 {
				b = append(b, 0, 0, 0, 0, 0x83, 0x80, 0, 0)
			} else {
				n := pstU16(map[uint16]string{0x8002: "Keywords", 0x8003: "Klant Zoë"}[v.id] + "\x00")
				b = append(b, 1, 0, 0, 0)
				b = pad(append(binary.LittleEndian.AppendUint32(b, uint32(len(n))), n...))
			}
		}
		one := func(x []byte) { b = pad(append(binary.LittleEndian.AppendUint32(b, uint32(len(x))), x...)) }
		switch {
		case v.kind == mapiString|mapiMulti:
			texts := []string{"one category", "two categories"}
			b = binary.LittleEndian.AppendUint32(b, uint32(len(texts)))
			for _, s := range texts {
				one(pstU16(s))
			}
		case mapiWidth(v.kind) > 0:
			b = pad(append(b, v.b...))
		default:
			b = append(b, 1, 0, 0, 0)
			one(v.b)
		}
	}
	return b
}

func tnefAttached(values []pstValue, data []byte) []byte {
	b := tnefAttribute(2, tnefRendering, make([]byte, 14))
	if data != nil {
		b = append(b, tnefAttribute(2, tnefAttachData, data)...)
	}
	return append(b, tnefAttribute(2, tnefAttachment, tnefList(values))...)
}

func outlookWinmail() []byte {
	inner := outlookTNEF([]pstValue{pstText(mapiBody, "inner "+mailIBAN)}, nil, tnefAttached([]pstValue{pstText(mapiAttachLong, "deep.txt")}, []byte("deep "+mailIBAN)))
	return outlookTNEF(
		outlookFields(), outlookRecipients(),
		tnefAttached([]pstValue{pstText(mapiAttachLong, "list.csv"), pstNum(mapiAttachHow, 1)}, []byte("iban;"+mailIBAN)),
		tnefAttached([]pstValue{pstText(mapiDisplayName, "inner"), pstNum(mapiAttachHow, 5), {mapiAttachData, mapiObject, append(make([]byte, 16), inner...)}}, nil),
	)
}

func TestTNEF(t *testing.T) {
	got, gaps := outlookRead(t, TNEF(), outlookWinmail())
	outlookWant(t, got, outlookMessageWant("", "!/4/list.csv||iban;"+mailIBAN)...)
	outlookWant(
		t, got, "|Subject|café", "|Date|",
		"!/5/inner.eml|body|inner "+mailIBAN,
		"!/5/inner.eml!/2/deep.txt||deep "+mailIBAN,
	)
	if len(gaps) > 0 {
		t.Errorf("gaps %q", gaps)
	}
	// What stands behind is not lost.
	got, gaps = outlookRead(t, TNEF(), append(outlookWinmail(), "\x07behind "+mailIBAN...))
	if !mailHas(got, "behind "+mailIBAN) || len(gaps) != 1 {
		t.Errorf("gaps %q", gaps)
	}
}

// outlookMsg builds a .msg file.
func outlookMsg() []byte {
	f := &msgBuilder{}
	root := &oleEntry{kind: oleRoot}
	f.message(root, 32, outlookFields(), outlookRecipients())
	g, e, s := outlookNames()
	names := f.storage(root, msgNames)
	f.stream(names, "__substg1.0_00020102", g)
	f.stream(names, "__substg1.0_00030102", e)
	f.stream(names, "__substg1.0_00040102", s)
	a := f.storage(root, msgAttach+"00000000")
	f.props(a, 8, []pstValue{pstText(mapiAttachLong, "list.csv"), pstNum(mapiAttachHow, 1), pstBytes(mapiAttachData, "iban;"+mailIBAN)})
	a = f.storage(root, msgAttach+"00000001")
	f.props(a, 8, []pstValue{pstText(mapiDisplayName, "inner"), pstNum(mapiAttachHow, 5)})
	in := f.storage(a, "__substg1.0_3701000D")
	f.message(in, 24, []pstValue{pstText(mapiSubject, "inner"), pstText(mapiBody, "inner "+mailIBAN)}, nil)
	d := f.storage(in, msgAttach+"00000000")
	f.props(d, 8, []pstValue{pstText(mapiAttachLong, "deep.txt"), pstBytes(mapiAttachData, "deep "+mailIBAN)})
	a = f.storage(root, msgAttach+"00000002")
	f.props(a, 8, []pstValue{pstText(mapiDisplayName, "drawing"), pstNum(mapiAttachHow, 6)})
	o := f.storage(a, "__substg1.0_3701000D")
	f.stream(o, "CONTENTS", []byte("object "+mailIBAN))
	f.stream(root, "odd stream", []byte("odd "+mailIBAN))
	f.f.at = bytes.NewReader(f.data)
	r, _ := oleExtract(&f.f, root)
	b, err := io.ReadAll(r)
	if err != nil {
		panic(err)
	}
	return b
}

type msgBuilder struct {
	f    oleFile
	data []byte
}

func (m *msgBuilder) storage(parent *oleEntry, name string) *oleEntry {
	e := &oleEntry{kind: oleStorage, name: name, parent: parent}
	parent.children = append(parent.children, e)
	return e
}

func (m *msgBuilder) stream(parent *oleEntry, name string, b []byte) {
	n := int64(len(b))
	e := &oleEntry{kind: oleStreams, name: name, parent: parent, size: n, length: n, extents: []oleExtent{{0, int64(len(m.data)), n}}}
	m.data = append(m.data, b...)
	parent.children = append(parent.children, e)
}

func (m *msgBuilder) props(at *oleEntry, head int, values []pstValue) {
	short := make([]byte, head)
	for _, v := range values {
		short = binary.LittleEndian.AppendUint16(short, v.kind)
		short = binary.LittleEndian.AppendUint16(short, v.id)
		short = append(short, 6, 0, 0, 0)
		val := make([]byte, 8)
		name := fmt.Sprintf("%s%04X%04X", msgValue, v.id, v.kind)
		switch {
		case v.kind == mapiString|mapiMulti:
			m.stream(at, name, make([]byte, 8))
			for i, s := range []string{"one category", "two categories"} {
				m.stream(at, fmt.Sprintf("%s-%08X", name, i), pstU16(s))
			}
		case mapiWidth(v.kind) > 0:
			copy(val, v.b)
		default:
			m.stream(at, name, v.b)
		}
		short = append(short, val...)
	}
	m.stream(at, msgProps, short)
}

func (m *msgBuilder) message(at *oleEntry, head int, values []pstValue, recipients [][]pstValue) {
	m.props(at, head, values)
	for i, r := range recipients {
		m.props(m.storage(at, fmt.Sprintf("%s%08X", msgRecip, i)), 8, r)
	}
}

func TestMsg(t *testing.T) {
	got, gaps := outlookRead(t, oleDecoder(container.Options{}), outlookMsg())
	outlookWant(t, got, outlookMessageWant("", "!/4/list.csv||iban;"+mailIBAN)...)
	outlookWant(
		t, got,
		"!/5/inner.eml|body|inner "+mailIBAN,
		"!/5/inner.eml!/2/deep.txt||deep "+mailIBAN,
		"|odd stream|odd "+mailIBAN,
	)
	if !mailHas(got, "object "+mailIBAN) {
		t.Error("no object")
	}
	if len(gaps) > 0 {
		t.Errorf("gaps %q", gaps)
	}
}

// TestMsgTransport keeps the header in which a message arrived apart from the
// parts in which it is shown.
func TestMsgTransport(t *testing.T) {
	head := "Received: from mx.example.org\r\n\tby mail.example.be\r\nFrom: =?utf-8?Q?Zo=C3=AB?= <zoe@example.be>\r\nTo: shop@example.org\r\n" +
		"Content-Type: multipart/mixed; boundary=xx\r\nMIME-Version: 1.0\r\nSubject: hello\r\n\r\n--xx\r\nContent-Type: text/plain\r\n"
	f := &msgBuilder{}
	root := &oleEntry{kind: oleRoot}
	f.message(root, 32, []pstValue{
		pstText(mapiTransport, head), pstText(mapiSubject, "hello"), pstText(mapiBody, "body "+mailIBAN),
		pstText(0x0042, "Zoë"), pstText(0x0065, "zoe@example.be"), pstText(0x0064, "SMTP"),
	}, nil)
	f.f.at = bytes.NewReader(f.data)
	r, _ := oleExtract(&f.f, root)
	b, _ := io.ReadAll(r)
	got, gaps := outlookRead(t, oleDecoder(container.Options{}), b)
	outlookWant(t, got, "|Received|from mx.example.org\tby mail.example.be", "|From|Zoë <zoe@example.be>", "|body|body "+mailIBAN, "|X-Original-Content-Type|")
	if len(gaps) > 0 {
		t.Errorf("gaps %q", gaps)
	}
}

// outlookMangle reads data that were cut and changed at each of their bytes.
func outlookMangle(t *testing.T, d container.Decoder, data []byte, step int) {
	t.Helper()
	for i := 0; i < len(data); i += step {
		outlookRead(t, d, data[:i])
		bad := slices.Clone(data)
		bad[i] ^= 0xff
		outlookRead(t, d, bad)
		bad[i] = data[i] + 1
		outlookRead(t, d, bad)
	}
}

func TestOutlookMangled(t *testing.T) {
	step := damageStep(29)
	outlookMangle(t, TNEF(), outlookWinmail(), step)
	outlookMangle(t, oleDecoder(container.Options{}), outlookMsg(), 7*step)
	for name, data := range outlookStores() {
		if strings.HasSuffix(name, "permute") {
			outlookMangle(t, PST(), data, 101*step)
			// The header and the pages at the end all matter.
			tail := len(data) - 8<<10
			for i := tail; i < len(data); i += 13 * step {
				bad := slices.Clone(data)
				bad[i] ^= 0x41
				outlookRead(t, PST(), bad)
			}
		}
	}
}

func fuzzOutlook(f *testing.F, d container.Decoder, seeds ...[]byte) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data []byte) { outlookRead(t, d, data) })
}

func FuzzPST(f *testing.F) {
	stores := outlookStores()
	fuzzOutlook(f, PST(), stores["unicode plain"], stores["ansi permute"], stores["4k cyclic"])
}

func FuzzTNEF(f *testing.F) { fuzzOutlook(f, TNEF(), outlookWinmail()) }

func FuzzMsg(f *testing.F) { fuzzOutlook(f, oleDecoder(container.Options{}), outlookMsg()) }

func FuzzRTFText(f *testing.F) {
	f.Add([]byte(lzfuPack(`{\rtf1\ansi\fromhtml1{\*\htmltag64 <p>}Zo\'eb\u8364?{\pict\bin2 xx}}`)))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, kind := range []int{rtfPlain, rtfHTML, rtfText} {
			_, _ = io.Copy(io.Discard, newRTFText(newLZFu(bytes.NewReader(data)), kind))
			_, _ = io.Copy(io.Discard, newRTFText(bytes.NewReader(data), kind))
		}
	})
}
