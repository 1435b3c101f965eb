package document

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// The types of MAPI properties ([MS-OXCDATA], section 2.11.1).
const (
	mapiInt16   = 0x0002
	mapiInt32   = 0x0003
	mapiFloat   = 0x0004
	mapiDouble  = 0x0005
	mapiMoney   = 0x0006
	mapiAppTime = 0x0007
	mapiBool    = 0x000b
	mapiObject  = 0x000d
	mapiInt64   = 0x0014
	mapiString8 = 0x001e
	mapiString  = 0x001f
	mapiTime    = 0x0040
	mapiGUID    = 0x0048
	mapiBinary  = 0x0102
	mapiMulti   = 0x1000
)

// Properties that are more than a value ([MS-OXPROPS]).
const (
	mapiSubject     = 0x0037
	mapiTransport   = 0x007d
	mapiBody        = 0x1000
	mapiRTF         = 0x1009
	mapiHTML        = 0x1013
	mapiMessageID   = 0x1035
	mapiRecipType   = 0x0c15
	mapiDisplayName = 0x3001
	mapiAddrType    = 0x3002
	mapiEmail       = 0x3003
	mapiSMTP        = 0x39fe
	mapiAttachData  = 0x3701
	mapiAttachName  = 0x3704
	mapiAttachHow   = 0x3705
	mapiAttachLong  = 0x3707
	mapiAttachMIME  = 0x370e
	mapiSubmitTime  = 0x0039
	mapiDelivered   = 0x0e06
	mapiNetPage     = 0x3fde // code page of HTML
	mapiPage        = 0x3ffd // code page of 8-bit strings
)

const (
	mapiHeld    = 16 << 10 // bytes of a value that is held in memory
	mapiHeldAll = 1 << 20  // and of all of one message
)

// A mapiProp is a property of a message, a recipient or an attachment.
type mapiProp struct {
	id   uint16
	kind uint16 // without mapiMulti
	name *mapiName
	vals [][]byte // as stored
	// open is set instead where the value is large.
	open func() io.Reader
}

// A mapiName is the name of a property whose number differs from file to file
// ([MS-OXPROPS], section 1.3.2).
type mapiName struct {
	set  [16]byte
	id   uint32
	text string // takes the place of id
}

// mapiProps are the properties of one thing.
type mapiProps struct {
	list []mapiProp
	page int // the code page of its 8-bit strings, 0: unknown
	held int
}

func (p *mapiProps) get(id uint16) *mapiProp {
	for i := range p.list {
		if p.list[i].id == id {
			return &p.list[i]
		}
	}
	return nil
}

// add appends a value whose length is known; large ones are opened when they
// are needed.
func (p *mapiProps) add(id, kind uint16, name *mapiName, size int64, open func() io.Reader) {
	multi := kind&mapiMulti != 0
	kind &^= mapiMulti
	if size > mapiHeld || p.held > mapiHeldAll {
		p.list = append(p.list, mapiProp{id: id, kind: kind, name: name, open: open})
		return
	}
	b, _ := io.ReadAll(io.LimitReader(open(), mapiHeld))
	p.held += len(b)
	if w := mapiWidth(kind); multi && w > 0 {
		var vals [][]byte
		for ; len(b) >= w; b = b[w:] {
			vals = append(vals, b[:w])
		}
		p.list = append(p.list, mapiProp{id: id, kind: kind, name: name, vals: vals})
		return
	}
	p.list = append(p.list, mapiProp{id: id, kind: kind, name: name, vals: [][]byte{b}})
}

// codePage finds out in which code page 8-bit strings are.
func (p *mapiProps) codePage() {
	for _, id := range []uint16{mapiPage, mapiNetPage} {
		if v := p.number(id); v > 0 && p.page == 0 {
			p.page = int(v)
		}
	}
}

// mapiWidth returns how long a value of a type is, 0 where that varies.
func mapiWidth(kind uint16) int {
	switch kind &^ mapiMulti {
	case mapiInt16, mapiBool:
		return 2
	case mapiInt32, mapiFloat, 0x000a:
		return 4
	case mapiDouble, mapiMoney, mapiAppTime, mapiInt64, mapiTime:
		return 8
	case mapiGUID:
		return 16
	}
	return 0
}

// number returns the value of a property that is one, 0 where it is absent.
func (p *mapiProps) number(id uint16) int64 {
	q := p.get(id)
	if q == nil || len(q.vals) == 0 {
		return 0
	}
	return mapiNumber(q.vals[0])
}

func mapiNumber(b []byte) int64 {
	switch {
	case len(b) >= 8:
		return int64(binary.LittleEndian.Uint64(b))
	case len(b) >= 4:
		return int64(int32(binary.LittleEndian.Uint32(b)))
	case len(b) >= 2:
		return int64(int16(binary.LittleEndian.Uint16(b)))
	}
	return 0
}

// text returns the value of a string that is held, "" where it is absent.
func (p *mapiProps) text(id uint16) string {
	for i := range p.list {
		if q := &p.list[i]; q.id == id && q.isText() && len(q.vals) > 0 {
			if s := p.string(q, q.vals[0]); s != "" {
				return s
			}
		}
	}
	return ""
}

func (q *mapiProp) isText() bool { return q.kind == mapiString || q.kind == mapiString8 }

// string returns a string in UTF-8, without the NULs that end it.
func (p *mapiProps) string(q *mapiProp, b []byte) string {
	if q.kind == mapiString {
		return strings.TrimRight(utf16le(b), "\x00")
	}
	return strings.TrimRight(mapiDecode(b, p.page), "\x00")
}

// mapiDecode returns bytes in a code page as UTF-8.
func mapiDecode(b []byte, page int) string {
	return string(mimeDecodeText(mapiCharset(page), b))
}

// mapiCharset returns the label of a code page, "" where it has none.
func mapiCharset(page int) string {
	switch page {
	case 0, 20127:
		return ""
	case 65001:
		return "utf-8"
	case 65000:
		return "utf-7"
	case 1200:
		return "utf-16le"
	case 1201:
		return "utf-16be"
	case 874:
		return "windows-874"
	case 932:
		return "shift_jis"
	case 936, 20936:
		return "gbk"
	case 949:
		return "euc-kr"
	case 950:
		return "big5"
	case 10000:
		return "macintosh"
	case 20866:
		return "koi8-r"
	case 21866:
		return "koi8-u"
	case 20932, 51932:
		return "euc-jp"
	case 51949:
		return "euc-kr"
	case 51936:
		return "gbk"
	case 54936:
		return "gb18030"
	case 50220, 50221, 50222:
		return "iso-2022-jp"
	case 38598:
		return "iso-8859-8-i"
	}
	switch {
	case page >= 1250 && page <= 1258:
		return "windows-" + strconv.Itoa(page)
	case page > 28590 && page <= 28606:
		return "iso-8859-" + strconv.Itoa(page-28590)
	case page > 0 && page < 1000:
		return "ibm" + strconv.Itoa(page)
	}
	return ""
}

// stream returns a string that is not held as a stream of UTF-8, and the
// charset in which it is where it could not be decoded here.
func (p *mapiProps) stream(q *mapiProp) (r io.Reader, charset string) {
	if q.open != nil {
		r = q.open()
	} else {
		r = bytes.NewReader(bytes.Join(q.vals, nil))
	}
	if q.kind == mapiString {
		return transform.NewReader(r, unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewDecoder()), "utf-8"
	}
	return r, mapiCharset(p.page)
}

// values returns what a property says, for people.
func (p *mapiProps) values(q *mapiProp) (out []string) {
	numbers := q.name != nil && (q.name.text != "" || q.name.set == mapiPublic)
	for _, b := range q.vals {
		s := ""
		switch q.kind {
		case mapiString, mapiString8:
			s = p.string(q, b)
		case mapiBinary, mapiObject:
			out = append(out, mapiRuns(b)...)
		case mapiTime:
			if len(b) >= 8 && (q.name != nil || mapiNames[q.id] != "") {
				if t := oleTime(binary.LittleEndian.Uint64(b)); !t.IsZero() && t.Year() > 1601 && t.Year() < 4500 {
					s = t.Format("2006-01-02 15:04:05")
					if h, m, sec := t.Clock(); h+m+sec == 0 {
						s = t.Format("2006-01-02")
					}
				}
			}
		case mapiInt16, mapiInt32, mapiInt64:
			if numbers {
				s = strconv.FormatInt(mapiNumber(b), 10)
			}
		case mapiDouble:
			if numbers && len(b) >= 8 {
				s = strconv.FormatFloat(math.Float64frombits(binary.LittleEndian.Uint64(b)), 'f', -1, 64)
			}
		case mapiFloat:
			if numbers && len(b) >= 4 {
				s = strconv.FormatFloat(float64(math.Float32frombits(binary.LittleEndian.Uint32(b))), 'f', -1, 32)
			}
		case mapiMoney:
			if numbers && len(b) >= 8 {
				s = strconv.FormatFloat(float64(mapiNumber(b))/10000, 'f', 4, 64)
			}
		}
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

// mapiRun is how long text in a binary value is at least.
const mapiRun = 6

// mapiRuns returns the texts within a binary value, which many identifiers of
// people are: a search key is "SMTP:" and an address, an entry holds the name.
func mapiRuns(b []byte) (out []string) {
	for i := 0; i < len(b); {
		n := 0
		for i+n < len(b) && b[i+n] >= ' ' && b[i+n] != 0x7f {
			r, k := utf8.DecodeRune(b[i+n:])
			if r == utf8.RuneError {
				break
			}
			n += k
		}
		if n >= mapiRun {
			out = append(out, strings.TrimSpace(string(b[i:i+n])))
			i += n
			continue
		}
		m := 0
		for i+2*m+1 < len(b) && b[i+2*m+1] < 0x05 && (b[i+2*m+1] > 0 || b[i+2*m] >= ' ') {
			m++
		}
		if m >= mapiRun {
			out = append(out, strings.TrimSpace(utf16le(b[i:i+2*m])))
			i += 2 * m
			continue
		}
		i++
	}
	return out
}

// label returns the name of a property as a field of a message is called.
func (q *mapiProp) label() string {
	if q.name != nil {
		if q.name.text != "" {
			return mapiToken(q.name.text)
		}
		if s := mapiLIDs[q.name.id]; s != "" {
			return s
		}
		return fmt.Sprintf("Mapi-Named-%04X", q.name.id)
	}
	if s := mapiNames[q.id]; s != "" {
		return s
	}
	return fmt.Sprintf("Mapi-%04X", q.id)
}

// mapiToken returns a name as that of a field (RFC 5322, section 3.6.8).
func mapiToken(s string) string {
	t := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_':
			return r
		}
		return '-'
	}, s)
	t = strings.Trim(t[:min(len(t), 60)], "-")
	if t == "" || strings.HasPrefix(strings.ToLower(t), "content-") || strings.EqualFold(t, "MIME-Version") {
		return "Property-" + t
	}
	return t
}

// mapiPublic is the set of properties that users name, PS_PUBLIC_STRINGS.
var mapiPublic = mapiSet("00020329-0000-0000-C000-000000000046")

// mapiStandard is PS_MAPI.
var mapiStandard = mapiSet("00020328-0000-0000-C000-000000000046")

// mapiSet returns a GUID as it is stored.
func mapiSet(s string) (g [16]byte) {
	var b []byte
	for i := 0; i+1 < len(s); {
		if s[i] == '-' {
			i++
			continue
		}
		v, _ := strconv.ParseUint(s[i:i+2], 16, 8)
		b = append(b, byte(v))
		i += 2
	}
	for i, j := range []int{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15} {
		g[i] = b[j]
	}
	return g
}

// mapiNameMap reads the three streams that name properties: [MS-OXMSG], section
// 2.2.3, and [MS-PST], section 2.4.7, have them alike.
func mapiNameMap(guids, entries, texts []byte) map[uint16]*mapiName {
	names := map[uint16]*mapiName{}
	for ; len(entries) >= 8; entries = entries[8:] {
		id := binary.LittleEndian.Uint32(entries)
		which := binary.LittleEndian.Uint16(entries[4:])
		n := &mapiName{id: id}
		switch g := int(which >> 1); {
		case g == 1:
			n.set = mapiStandard
		case g == 2:
			n.set = mapiPublic
		case g >= 3 && 16*(g-2) <= len(guids):
			copy(n.set[:], guids[16*(g-3):])
		}
		if which&1 != 0 {
			if int64(id)+4 > int64(len(texts)) {
				continue
			}
			size := int64(binary.LittleEndian.Uint32(texts[id:]))
			rest := texts[id+4:]
			n.text = utf16le(rest[:min(size, int64(len(rest)), 2048)])
		}
		names[0x8000+binary.LittleEndian.Uint16(entries[6:])] = n
	}
	return names
}

// mapiNames are the fields that properties are shown as ([MS-OXPROPS]).
var mapiNames = map[uint16]string{
	0x001a: "Message-Class", 0x0037: "Subject", 0x0039: "Client-Submit-Time", 0x003d: "Subject-Prefix", 0x003f: "Received-By-Entry",
	0x0040: "Received-By-Name", 0x0042: "Sent-Representing-Name", 0x0044: "Received-Representing-Name", 0x0046: "Reply-Recipient-Names",
	0x0050: "Reply-To", 0x0064: "Sent-Representing-Address-Type", 0x0065: "Sent-Representing-Address", 0x0070: "Conversation-Topic",
	0x0075: "Received-By-Address-Type", 0x0076: "Received-By-Address", 0x0077: "Received-Representing-Address-Type",
	0x0078: "Received-Representing-Address", 0x007d: "Transport-Headers", 0x0c1a: "Sender-Name", 0x0c1e: "Sender-Address-Type",
	0x0c1f: "Sender-Address", 0x0e02: "Display-Bcc", 0x0e03: "Display-Cc", 0x0e04: "Display-To", 0x0e06: "Delivery-Time", 0x0e1d: "Normalized-Subject",
	0x0e28: "Primary-Send-Account", 0x0e29: "Next-Send-Account",
	0x1000: "Body", 0x1035: "Message-ID", 0x1039: "References", 0x1042: "In-Reply-To", 0x1045: "List-Unsubscribe", 0x10f3: "Url-Name",
	0x3001: "Display-Name", 0x3002: "Address-Type", 0x3003: "Email-Address", 0x3004: "Comment", 0x3613: "Container-Class",
	0x39fe: "Smtp-Address", 0x39ff: "Seven-Bit-Display-Name", 0x3a00: "Account", 0x3a02: "Callback-Telephone", 0x3a05: "Generation",
	0x3a06: "Given-Name", 0x3a07: "Government-Id", 0x3a08: "Business-Telephone", 0x3a09: "Home-Telephone", 0x3a0a: "Initials",
	0x3a0b: "Keyword", 0x3a0c: "Language", 0x3a0d: "Location", 0x3a0f: "Common-Name", 0x3a10: "Organizational-Id", 0x3a11: "Surname",
	0x3a12: "Original-Entry", 0x3a15: "Postal-Address", 0x3a16: "Company-Name", 0x3a17: "Title", 0x3a18: "Department", 0x3a19: "Office-Location",
	0x3a1a: "Primary-Telephone", 0x3a1b: "Business-Telephone-2", 0x3a1c: "Mobile-Telephone", 0x3a1d: "Radio-Telephone",
	0x3a1e: "Car-Telephone", 0x3a1f: "Other-Telephone", 0x3a20: "Transmittable-Display-Name", 0x3a21: "Pager", 0x3a23: "Primary-Fax",
	0x3a24: "Business-Fax", 0x3a25: "Home-Fax", 0x3a26: "Country", 0x3a27: "Locality", 0x3a28: "State-Or-Province",
	0x3a29: "Street-Address", 0x3a2a: "Postal-Code", 0x3a2b: "Post-Office-Box", 0x3a2c: "Telex", 0x3a2d: "Isdn", 0x3a2e: "Assistant-Telephone",
	0x3a2f: "Home-Telephone-2", 0x3a30: "Assistant", 0x3a41: "Wedding-Anniversary", 0x3a42: "Birthday", 0x3a43: "Hobbies",
	0x3a44: "Middle-Name", 0x3a45: "Display-Name-Prefix", 0x3a46: "Profession", 0x3a47: "Preferred-By-Name", 0x3a48: "Spouse-Name",
	0x3a49: "Computer-Network-Name", 0x3a4a: "Customer-Id", 0x3a4b: "TTY-Telephone", 0x3a4c: "Ftp-Site", 0x3a4e: "Manager-Name",
	0x3a4f: "Nickname", 0x3a50: "Personal-Home-Page", 0x3a51: "Business-Home-Page", 0x3a57: "Company-Main-Telephone",
	0x3a58: "Children-Names", 0x3a59: "Home-City", 0x3a5a: "Home-Country", 0x3a5b: "Home-Postal-Code", 0x3a5c: "Home-State-Or-Province",
	0x3a5d: "Home-Street", 0x3a5e: "Home-Post-Office-Box", 0x3a5f: "Other-City", 0x3a60: "Other-Country", 0x3a61: "Other-Postal-Code",
	0x3a62: "Other-State-Or-Province", 0x3a63: "Other-Street", 0x3a64: "Other-Post-Office-Box",
	0x3ff8: "Creator-Name", 0x3ffa: "Last-Modifier-Name", 0x4022: "Creator-Address-Type", 0x4023: "Creator-Address",
	0x4025: "Last-Modifier-Address", 0x4038: "Creator-Simple-Name", 0x4039: "Last-Modifier-Simple-Name",
	0x5d01: "Sender-Smtp-Address", 0x5d02: "Sent-Representing-Smtp-Address", 0x5d07: "Received-By-Smtp-Address", 0x5d08: "Received-Representing-Smtp-Address",
	0x5ff6: "Recipient-Display-Name", 0x3703: "Attach-Extension", 0x3704: "Attach-Filename", 0x3707: "Attach-Long-Filename", 0x3708: "Attach-Pathname",
	0x370c: "Attach-Transport-Name", 0x370d: "Attach-Long-Pathname", 0x370e: "Attach-Mime-Tag", 0x3711: "Attach-Content-Base",
	0x3712: "Attach-Content-Id", 0x3713: "Attach-Content-Location",
}

// mapiLIDs are the fields that numbered names are shown as ([MS-OXPROPS]).
var mapiLIDs = map[uint32]string{
	0x8005: "File-Under", 0x8017: "Instant-Messaging-Address-2", 0x801a: "Home-Address", 0x801b: "Work-Address", 0x801c: "Other-Address", 0x802b: "Html",
	0x802c: "Yomi-First-Name", 0x802d: "Yomi-Last-Name", 0x802e: "Yomi-Company-Name", 0x8045: "Work-Address-Street", 0x8046: "Work-Address-City",
	0x8047: "Work-Address-State", 0x8048: "Work-Address-Postal-Code", 0x8049: "Work-Address-Country", 0x804a: "Work-Address-Post-Office-Box",
	0x804f: "Contact-User-Field-1", 0x8050: "Contact-User-Field-2", 0x8051: "Contact-User-Field-3", 0x8052: "Contact-User-Field-4",
	0x8062: "Instant-Messaging-Address", 0x8080: "Email-1-Display-Name", 0x8082: "Email-1-Address-Type", 0x8083: "Email-1-Address",
	0x8084: "Email-1-Original-Display-Name", 0x8090: "Email-2-Display-Name", 0x8092: "Email-2-Address-Type", 0x8093: "Email-2-Address",
	0x8094: "Email-2-Original-Display-Name", 0x80a0: "Email-3-Display-Name", 0x80a2: "Email-3-Address-Type", 0x80a3: "Email-3-Address",
	0x80a4: "Email-3-Original-Display-Name", 0x80b2: "Fax-1-Address-Type", 0x80b3: "Fax-1-Address", 0x80b4: "Fax-1-Original-Display-Name",
	0x80c3: "Fax-2-Address", 0x80d3: "Fax-3-Address", 0x80d8: "Free-Busy-Location", 0x80de: "Birthday", 0x80df: "Anniversary",
	0x8104: "Task-Start-Date", 0x8105: "Task-Due-Date", 0x810f: "Task-Date-Completed", 0x811f: "Task-Owner", 0x8121: "Task-Assigner", 0x8122: "Task-Last-User",
	0x8125: "Task-Last-Delegate", 0x8208: "Location", 0x820d: "Appointment-Start", 0x820e: "Appointment-End", 0x8230: "Appointment-Reply-Name",
	0x8232: "Recurrence-Pattern", 0x8234: "Time-Zone", 0x8238: "All-Attendees", 0x823b: "To-Attendees", 0x823c: "Cc-Attendees",
	0x8502: "Reminder-Time", 0x8530: "Flag-Request", 0x8535: "Billing", 0x8534: "Mileage", 0x8539: "Companies", 0x853a: "Contacts", 0x8554: "Outlook-Version",
	0x8580: "Internet-Account-Name", 0x8581: "Internet-Account-Stamp", 0x8586: "Contact-Link-Name", 0x85a4: "To-Do-Title",
	0x8700: "Log-Type", 0x8706: "Log-Start", 0x8708: "Log-End", 0x8712: "Log-Type-Description", 0x8b00: "Note-Color",
	0x0002: "Where", 0x0009: "Attendee-Critical-Change", 0x001a: "Calendar-Originator", 0x0024: "Calendar-Comment",
}
