package document

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zlib"
	"golang.org/x/text/encoding/unicode/utf32"
)

// innoCollations returns the numbers of the collations of character sets: of those
// that MySQL and MariaDB have in common (information_schema.COLLATIONS), without
// most of Unicode's.
func innoCollations() map[string][]int {
	return map[string][]int{
		"big5": {1, 84}, "latin2": {2, 9, 21, 27, 77}, "cp850": {4, 80}, "latin1": {5, 8, 15, 31, 47, 48, 49, 94}, "koi8r": {7, 74},
		"ascii": {11, 65}, "ujis": {12, 91}, "sjis": {13, 88}, "cp1251": {14, 23, 50, 51, 52}, "hebrew": {16, 71}, "tis620": {18, 89}, "euckr": {19, 85},
		"latin7": {20, 41, 42, 79}, "koi8u": {22, 75}, "gb2312": {24, 86}, "greek": {25, 70}, "cp1250": {26, 34, 44, 66, 99}, "gbk": {28, 87},
		"cp1257": {29, 58, 59}, "latin5": {30, 78}, "ucs2": {35, 90}, "cp866": {36, 68}, "macroman": {39, 53}, "cp852": {40, 81},
		"utf16": {54, 55}, "utf16le": {56, 62}, "cp1256": {57, 67}, "utf32": {60, 61}, "cp932": {95, 96}, "eucjpms": {97, 98}, "gb18030": {248, 249, 250},
		"utf8mb3": {33, 83, 76}, "utf8mb4": {45, 46}, "binary": {63},
		"dec8": {3, 69}, "hp8": {6, 72}, "swe7": {10, 82}, "armscii8": {32, 64}, "keybcs2": {37, 73}, "macce": {38, 43}, "geostd8": {92, 93},
	}
}

// innoCharset returns the character set of a collation.
func innoCharset(collation int) string {
	switch {
	case collation >= 2048: // MariaDB's uca1400: 256 for each character set
		if k := (collation - 2048) >> 8; k < 5 {
			return []string{"utf8mb3", "utf8mb4", "ucs2", "utf16", "utf32"}[k]
		}
		return "utf8mb4"
	case collation >= 1024: // MariaDB's that don't pad
		collation -= 1024
	}
	switch {
	case collation >= 101 && collation <= 124:
		return "utf16"
	case collation >= 128 && collation <= 159:
		return "ucs2"
	case collation >= 160 && collation <= 183:
		return "utf32"
	case collation >= 192 && collation <= 223:
		return "utf8mb3"
	case collation >= 224 && collation <= 247, collation >= 255:
		return "utf8mb4"
	}
	for name, ids := range innoCollations() {
		if slices.Contains(ids, collation) {
			return name
		}
	}
	return "binary"
}

// charsetWidth returns how many bytes a character takes, at least and at most.
func charsetWidth(name string) (least, most int) {
	switch name {
	case "utf8mb3":
		return 1, 3
	case "utf8mb4", "gb18030":
		return 1, 4
	case "ucs2":
		return 2, 2
	case "utf16", "utf16le":
		return 2, 4
	case "utf32":
		return 4, 4
	case "ujis", "eucjpms":
		return 1, 3
	case "big5", "sjis", "cp932", "gbk", "gb2312", "euckr":
		return 1, 2
	}
	return 1, 1
}

// shape fills in how a column is stored, from its type, the bytes that its values
// take at most, and its character set.
func (c *innoColumn) shape(length int, charset string) {
	c.most = length
	switch c.kind {
	case sqlTiny, sqlYear:
		c.fixed = 1
	case sqlShort:
		c.fixed = 2
	case sqlInt24, sqlDate:
		c.fixed = 3
	case sqlLong, sqlFloat, sqlTimestamp:
		c.fixed = 4
	case sqlLongLong, sqlDouble, sqlDatetime:
		c.fixed = 8
	case sqlTime:
		c.fixed = 3
	case sqlDecimal:
		c.fixed = decimalSize(c.digits, c.scale)
	case sqlTimestamp2:
		c.fixed = 4 + (c.scale+1)/2
	case sqlDatetime2:
		c.fixed = 5 + (c.scale+1)/2
	case sqlTime2:
		c.fixed = 3 + (c.scale+1)/2
	case sqlBit:
		c.fixed = (length + 7) / 8
	case sqlEnum:
		c.fixed = 1
		if len(c.labels) > 255 {
			c.fixed = 2
		}
	case sqlSet:
		c.fixed = (len(c.labels) + 7) / 8
		if c.fixed > 4 {
			c.fixed = 8
		}
	case sqlString:
		c.pad = charset != "binary"
		if least, most := charsetWidth(charset); least == most {
			c.fixed = length
		}
	case sqlBlob, 249, 250, 251, sqlJSON, sqlGeometry:
		c.blob = true
	}
	c.charset, _ = sqlCharset(charset)
	if charset == "utf32" {
		c.charset = dumpCharset{enc: utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM)}
	}
	c.sql = sqlTypeName(c.kind, charset)
}

// sqlTypeName returns what a type is called.
func sqlTypeName(kind int, charset string) string {
	binary := charset == "binary"
	pick := func(bytes, text string) string {
		if binary {
			return bytes
		}
		return text
	}
	switch kind {
	case sqlTiny:
		return "tinyint"
	case sqlShort:
		return "smallint"
	case sqlInt24:
		return "mediumint"
	case sqlLong:
		return "int"
	case sqlLongLong:
		return "bigint"
	case sqlFloat:
		return "float"
	case sqlDouble:
		return "double"
	case sqlDecimal, sqlDecimalOld:
		return "decimal"
	case sqlTimestamp, sqlTimestamp2:
		return "timestamp"
	case sqlDatetime, sqlDatetime2:
		return "datetime"
	case sqlTime, sqlTime2:
		return "time"
	case sqlDate, 10:
		return "date"
	case sqlYear:
		return "year"
	case sqlVarchar, sqlVarString:
		return pick("varbinary", "varchar")
	case sqlString:
		return pick("binary", "char")
	case sqlBit:
		return "bit"
	case sqlEnum:
		return "enum"
	case sqlSet:
		return "set"
	case sqlJSON:
		return "json"
	case sqlGeometry:
		return "geometry"
	}
	return pick("blob", "text")
}

// arrange puts the fields of a table in their order: those of the key of its tree,
// or the number of the row where it has none; who changed the row last; the
// others. A column of which the key holds only the beginning comes again.
func (t *innoTable) arrange(key []int, partial []int, virtual map[int]bool) {
	t.at = make([]int, len(t.columns))
	for i := range t.at {
		t.at[i] = -1
	}
	for i, c := range key {
		x := t.columns[c].field()
		if partial[i] > 0 {
			if x.fixed > 0 {
				x.fixed = partial[i]
			}
			x.most, x.blob = partial[i], false
		} else {
			t.at[c] = len(t.fields)
		}
		t.fields = append(t.fields, x)
	}
	t.keys = len(t.fields)
	if t.keys == 0 {
		t.fields, t.keys = append(t.fields, innoField{fixed: 6}), 1
	} else if !slices.ContainsFunc(partial, func(n int) bool { return n > 0 }) {
		t.named = key
	}
	t.fields = append(t.fields, innoField{fixed: 6}, innoField{fixed: 7})
	for i := range t.columns {
		if virtual[i] {
			continue
		}
		t.stored = append(t.stored, i)
		if t.at[i] < 0 {
			t.at[i] = len(t.fields)
			t.fields = append(t.fields, t.columns[i].field())
		}
	}
}

// parseFrm reads a definition of a table as MySQL up to 5.7 and MariaDB keep it;
// nil where it is none, or damaged. Source: sql/unireg.cc and sql/table.cc of
// MariaDB 10.11; MySQL Internals Manual, chapter 11.
func parseFrm(b []byte) (t *innoTable) {
	// Each place is checked by the slice itself.
	defer func() {
		if recover() != nil {
			t = nil
		}
	}()
	le := binary.LittleEndian
	if len(b) < 64+288 || b[0] != 0xfe || b[1] != 1 || b[2] < 9 {
		return nil
	}
	pos := int(le.Uint32(b[64+int(le.Uint16(b[4:])):]))
	form := b[pos:]
	count, screens := int(le.Uint16(form[258:])), int(le.Uint16(form[260:]))
	names, labels, comments, expressions := int(le.Uint16(form[268:])), int(le.Uint16(form[274:])), int(le.Uint16(form[284:])), int(le.Uint16(form[286:]))
	if count == 0 || count > 4096 {
		return nil
	}
	fields := form[288+screens:]
	rest := fields[17*count:]
	list := bytes.Split(bytes.Trim(rest[:names], "\xff\x00"), []byte{0xff})
	if len(list) != count {
		return nil
	}
	var sets [][]string // the values of ENUM and SET columns
	for s := range bytes.SplitSeq(rest[names:names+labels], []byte{0}) {
		if len(s) < 2 {
			continue
		}
		// The first byte separates them: that none of them holds.
		var set []string
		for l := range bytes.SplitSeq(s[1:len(s)-1], s[:1]) {
			set = append(set, string(l))
		}
		sets = append(sets, set)
	}
	version := le.Uint32(b[51:]) // of the server: 50744, 101119
	virtual := map[int]bool{}
	x := rest[names+labels+comments:][:expressions]
	if len(x) > 0 && version < 100_202 && version >= 100_000 {
		return nil // computed columns as they were described before
	}
	for x = x[min(len(x), 16):]; version >= 100_202 && len(x) >= 6; {
		if x[0] == 0 {
			virtual[int(le.Uint16(x[1:]))] = true
		}
		x = x[min(len(x), 6+int(le.Uint16(x[3:]))+int(x[5])):]
	}
	t = &innoTable{}
	for i := range count {
		e := fields[17*i : 17*i+17]
		length, flags := int(le.Uint16(e[3:])), int(le.Uint16(e[8:]))
		c := innoColumn{name: string(list[i]), kind: int(e[13]), nullable: flags&0x8000 != 0, unsigned: flags&1 == 0}
		charset := innoCharset(int(e[14]) | int(e[11])<<8)
		if version < 100_000 && e[10]&0x80 != 0 {
			return nil // a computed column of MySQL 5.7: it is not said here whether it is stored
		}
		switch c.kind {
		case sqlDecimal:
			c.scale = flags >> 8 & 31
			c.digits = length
			if c.scale > 0 {
				c.digits--
			}
			if !c.unsigned {
				c.digits--
			}
		case sqlTimestamp2, sqlDatetime2:
			c.scale = max(length-20, 0)
		case sqlTime2:
			c.scale = max(length-11, 0)
		case sqlEnum, sqlSet:
			if k := int(e[12]); k > 0 && k <= len(sets) {
				c.labels = sets[k-1]
			}
		case sqlGeometry:
			charset = "binary"
		}
		c.shape(length, charset)
		t.columns = append(t.columns, c)
	}
	key, partial := frmKey(b, t)
	t.arrange(key, partial, virtual)
	return t
}

// frmKey returns the columns of the key by which InnoDB keeps a table, and how
// many bytes it holds of those of which it does not hold all: the primary key, or
// the first that is unique and never NULL.
func frmKey(b []byte, t *innoTable) (columns, partial []int) {
	le := binary.LittleEndian
	k := b[le.Uint16(b[6:]):]
	keys := int(k[0])
	if k[0]&0x80 != 0 {
		keys = int(k[1])<<7 | int(k[0]&0x7f)
	}
	k = k[6:]
	for range keys {
		unique, parts := le.Uint16(k)&1 == 0, int(k[4])
		p := k[8:]
		k = p[9*parts:]
		var cols, part []int
		whole := true
		for range parts {
			n, length := int(le.Uint16(p)&0x3fff)-1, int(le.Uint16(p[7:]))
			c := &t.columns[n]
			cut := 0
			if c.blob || c.fixed == 0 && length < c.most || c.kind == sqlString && length < c.most {
				cut, whole = length, false
			}
			if c.nullable {
				unique = false
			}
			cols, part = append(cols, n), append(part, cut)
			p = p[9:]
		}
		// The primary key comes first, whatever it holds; behind it, only a key of
		// whole columns will do.
		if unique && (whole || columns == nil && primaryFirst(b, keys)) {
			return cols, part
		}
	}
	return nil, nil
}

// primaryFirst reports whether the first key of a definition is the primary one:
// the names of keys stand behind them.
func primaryFirst(b []byte, keys int) bool {
	le := binary.LittleEndian
	k := b[le.Uint16(b[6:]):]
	k = k[6:]
	for range keys {
		k = k[8+9*int(k[4]):]
	}
	return bytes.HasPrefix(k, []byte("\xffPRIMARY\xff"))
}

// sdi reads the definition that a tablespace of MySQL 8 holds (Reference Manual,
// "Serialized Dictionary Information"): JSON in pages of an index of its own.
func (f *innoFile) sdi() {
	for n := int64(0); n < min(f.pages, 64) && f.table == nil && !f.over; n++ {
		if !f.read(n) || int(binary.BigEndian.Uint16(f.page[24:])) != innoSDI || !f.compact() || binary.BigEndian.Uint16(f.page[innoLevel:]) != 0 {
			continue
		}
		page := bytes.Clone(f.page)
		origin := f.next(f.start())
		for range innoRecords {
			if origin == 0 {
				break
			}
			f.page = page
			if d := f.sdiRecord(page, origin); d != nil {
				f.defined(d)
			}
			f.page = page
			origin = f.next(origin)
		}
	}
}

// sdiRecord returns what a record of the index of definitions holds.
func (f *innoFile) sdiRecord(page []byte, origin int) []byte {
	// A type and a number; who changed it; two lengths; data, in zlib's format.
	const at = 4 + 8 + 6 + 7 + 4 + 4
	if origin+at > f.end() {
		return nil
	}
	plain := int(binary.BigEndian.Uint32(page[origin+25:]))
	lens := origin - 6
	x := innoField{most: 1 << 20, blob: true}
	n, external, ok := x.length(page, &lens)
	if !ok || origin+at+n > f.end() || plain > 16<<20 || external && n < 20 {
		return nil
	}
	data := page[origin+at : origin+at+n]
	if external {
		rest, ok := f.external(data[n-20:])
		if !ok {
			return nil
		}
		data = append(bytes.Clone(data[:n-20]), rest...)
	}
	z, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil
	}
	defer z.Close()
	out, err := io.ReadAll(io.LimitReader(z, int64(plain)))
	if err != nil {
		return nil
	}
	return out
}

// sdiTable is what the definition says that matters here.
type sdiTable struct {
	Type   string `json:"dd_object_type"`
	Object struct {
		Name    string `json:"name"`
		Schema  string `json:"schema_ref"`
		Private string `json:"se_private_data"`
		Columns []struct {
			Name      string `json:"name"`
			Type      int    `json:"type"`
			Nullable  bool   `json:"is_nullable"`
			Unsigned  bool   `json:"is_unsigned"`
			Virtual   bool   `json:"is_virtual"`
			Hidden    int    `json:"hidden"`
			Length    int    `json:"char_length"`
			Digits    int    `json:"numeric_precision"`
			Scale     int    `json:"numeric_scale"`
			Seconds   int    `json:"datetime_precision"`
			Collation int    `json:"collation_id"`
			Private   string `json:"se_private_data"`
			Elements  []struct {
				Name string `json:"name"`
			} `json:"elements"`
		} `json:"columns"`
		Indexes []struct {
			Name     string `json:"name"`
			Private  string `json:"se_private_data"`
			Elements []struct {
				Length int64 `json:"length"`
				Hidden bool  `json:"hidden"`
				Column int   `json:"column_opx"`
			} `json:"elements"`
		} `json:"indexes"`
	} `json:"dd_object"`
}

// sdiType returns a type of columns of MySQL's dictionary (dd::enum_column_types),
// which counts from 1, by the numbers of MYSQL_TYPE_...; -1: there is none.
func sdiType(n int) int {
	types := [...]int{
		sqlDecimalOld, sqlTiny, sqlShort, sqlLong, sqlFloat, sqlDouble, 6, sqlTimestamp, sqlLongLong, sqlInt24, sqlDate, sqlTime, sqlDatetime, sqlYear, sqlDate,
		sqlVarchar, sqlBit, sqlTimestamp2, sqlDatetime2, sqlTime2, sqlDecimal, sqlEnum, sqlSet, 249, 250, 251, sqlBlob, sqlVarString, sqlString, sqlGeometry, sqlJSON,
	}
	if n < 1 || n > len(types) {
		return -1
	}
	return types[n-1]
}

// defined takes in a definition.
func (f *innoFile) defined(b []byte) {
	var d sdiTable
	if json.Unmarshal(b, &d) != nil || d.Type != "Table" || len(d.Object.Indexes) == 0 || len(d.Object.Columns) > 4096 {
		return
	}
	t := &innoTable{name: d.Object.Name, schema: d.Object.Schema}
	number := func(private, key string) int {
		for s := range strings.SplitSeq(private, ";") {
			if v, ok := strings.CutPrefix(s, key+"="); ok {
				n, err := strconv.Atoi(v)
				if err == nil {
					return n
				}
			}
		}
		return 0
	}
	column := map[int]int{} // of the dictionary: of the table
	var shapes []innoColumn
	for i, x := range d.Object.Columns {
		if sdiType(x.Type) < 0 {
			return
		}
		c := innoColumn{
			name: x.Name, kind: sdiType(x.Type), nullable: x.Nullable, unsigned: x.Unsigned, digits: x.Digits, scale: x.Scale,
		}
		length := x.Length
		switch c.kind {
		case sqlTimestamp2, sqlDatetime2, sqlTime2:
			c.scale = x.Seconds
		case sqlTimestamp, sqlDatetime, sqlTime: // the dictionary names them so, too
			c.kind, c.scale = map[int]int{sqlTimestamp: sqlTimestamp2, sqlDatetime: sqlDatetime2, sqlTime: sqlTime2}[c.kind], x.Seconds
		case sqlBit:
			if x.Digits > 0 {
				length = x.Digits
			}
		}
		for _, e := range x.Elements {
			l, err := base64.StdEncoding.DecodeString(e.Name)
			if err != nil {
				return
			}
			c.labels = append(c.labels, string(l))
		}
		c.shape(length, innoCharset(x.Collation))
		switch x.Name {
		case "DB_ROW_ID", "DB_TRX_ID":
			if x.Hidden == 2 {
				c.fixed = 6
			}
		case "DB_ROLL_PTR":
			if x.Hidden == 2 {
				c.fixed = 7
			}
		}
		shapes = append(shapes, c)
		if x.Hidden == 1 || x.Hidden == 4 {
			column[i] = len(t.columns)
			t.columns = append(t.columns, c)
			t.at = append(t.at, -1)
		}
	}
	first := d.Object.Indexes[0]
	if root := number(first.Private, "root"); root > 0 {
		f.root = int64(root)
	}
	cut := false
	for _, e := range first.Elements {
		if e.Column < 0 || e.Column >= len(shapes) {
			return
		}
		x := shapes[e.Column].field()
		private := d.Object.Columns[e.Column].Private
		x.added, x.dropped = number(private, "version_added"), number(private, "version_dropped")
		whole := true
		if !e.Hidden {
			t.keys++
			if n := int(e.Length); n > 0 && n < shapes[e.Column].most && shapes[e.Column].kind != sqlBit && (x.fixed == 0 || shapes[e.Column].kind == sqlString) {
				whole, cut = false, true
				x.most, x.blob = n, false
				if x.fixed > 0 {
					x.fixed = n
				}
			}
		}
		if c, ok := column[e.Column]; ok && whole {
			t.at[c] = len(t.fields)
			if !e.Hidden {
				t.named = append(t.named, c)
			}
		}
		t.fields = append(t.fields, x)
	}
	if cut {
		t.named = nil
	}
	if t.keys == 0 { // the number of the row is hidden
		t.keys = 1
	}
	if n := number(d.Object.Private, "instant_col"); n > 0 {
		t.core = n + (len(t.fields) - len(t.columns))
	}
	f.table = t
}
