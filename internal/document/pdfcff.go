package document

import "encoding/binary"

// pdfCFF takes the encoding of a bare font in the Compact Font Format (Adobe
// Technical Note 5176) and reports whether it could be read.
func pdfCFF(b []byte, text *[256]string) bool {
	if len(b) < 4 {
		return false
	}
	_, b2, ok := pdfCFFIndex(b, int(b[2])) // names
	if !ok {
		return false
	}
	tops, b3, ok := pdfCFFIndex(b, b2)
	if !ok || len(tops) == 0 {
		return false
	}
	strs, _, ok := pdfCFFIndex(b, b3)
	if !ok {
		return false
	}
	charset, enc, chars := 0, 0, 0
	pdfCFFDict(tops[0], func(op int, v int) {
		switch op {
		case 15:
			charset = v
		case 16:
			enc = v
		case 17:
			chars = v
		}
	})
	glyphs, _, ok := pdfCFFIndex(b, chars)
	if !ok {
		return false
	}
	if enc == 0 {
		pdfTable(text, pdfStandard, 32)
		return true
	}
	if enc == 1 || charset <= 2 {
		return false
	}
	sids := pdfCFFCharset(b, charset, len(glyphs))
	name := func(gid int) string {
		if gid <= 0 || gid >= len(sids) {
			return ""
		}
		sid := sids[gid]
		if sid >= 391 {
			if sid-391 < len(strs) {
				return pdfGlyph(string(strs[sid-391]))
			}
			return ""
		}
		return pdfCFFStandard(sid)
	}
	return pdfCFFEncoding(b, enc, text, name)
}

func pdfCFFEncoding(b []byte, at int, text *[256]string, name func(int) string) bool {
	if at < 0 || at+2 > len(b) {
		return false
	}
	format, n := b[at], int(b[at+1])
	at += 2
	gid := 1
	for range n {
		switch format & 0x7f {
		case 0:
			if at >= len(b) {
				return true
			}
			text[b[at]] = name(gid)
			gid++
			at++
		case 1:
			if at+1 >= len(b) {
				return true
			}
			for k := 0; k <= int(b[at+1]) && int(b[at])+k < 256; k++ {
				text[int(b[at])+k] = name(gid)
				gid++
			}
			at += 2
		default:
			return false
		}
	}
	return true
}

func pdfCFFCharset(b []byte, at, glyphs int) []int {
	sids := []int{0}
	if at < 0 || at >= len(b) {
		return sids
	}
	format := b[at]
	at++
	for len(sids) < glyphs && at+2 <= len(b) {
		sid := int(binary.BigEndian.Uint16(b[at:]))
		at += 2
		left := 0
		switch format {
		case 1:
			if at >= len(b) {
				return sids
			}
			left = int(b[at])
			at++
		case 2:
			if at+2 > len(b) {
				return sids
			}
			left = int(binary.BigEndian.Uint16(b[at:]))
			at += 2
		}
		for k := 0; k <= left && len(sids) < glyphs; k++ {
			sids = append(sids, sid+k)
		}
	}
	return sids
}

// pdfCFFStandard returns the characters of a standard string. Those up to 149
// are the standard encoding in its order.
func pdfCFFStandard(sid int) string {
	n := 0
	for _, r := range pdfStandard {
		if r == 0xfffd {
			continue
		}
		if n++; n == sid {
			return pdfClean(string(r))
		}
	}
	const more = "¹¬µ™Ð½±Þ¼÷¦°þ¾²®−ð×³©ÁÂÄÀÅÃÇÉÊËÈÍÎÏÌÑÓÔÖÒÕŠÚÛÜÙÝŸŽáâäàåãçéêëèíîïìñóôöòõšúûüùýÿž"
	i := 150
	for _, r := range more {
		if i == sid {
			return string(r)
		}
		i++
	}
	return ""
}

// pdfCFFIndex reads an INDEX and returns where it ends.
func pdfCFFIndex(b []byte, at int) (data [][]byte, end int, ok bool) {
	if at < 0 || at+2 > len(b) {
		return nil, 0, false
	}
	n := int(binary.BigEndian.Uint16(b[at:]))
	if n == 0 {
		return nil, at + 2, true
	}
	if at+3 > len(b) {
		return nil, 0, false
	}
	size := int(b[at+2])
	at += 3
	if size < 1 || size > 4 || at+(n+1)*size > len(b) {
		return nil, 0, false
	}
	base := at + (n+1)*size - 1
	off := func(i int) int {
		v := 0
		for _, c := range b[at+i*size : at+(i+1)*size] {
			v = v<<8 | int(c)
		}
		return v
	}
	prev := off(0)
	for i := 1; i <= n; i++ {
		o := off(i)
		if o < prev || prev < 1 || base+o > len(b) {
			return nil, 0, false
		}
		data = append(data, b[base+prev:base+o])
		prev = o
	}
	return data, base + prev, true
}

// pdfCFFDict calls f for each operator with its first operand.
func pdfCFFDict(b []byte, f func(op, v int)) {
	v, have := 0, false
	put := func(n int) {
		if !have {
			v, have = n, true
		}
	}
	for i := 0; i < len(b); i++ {
		c := int(b[i])
		switch {
		case c == 12:
			i++
			v, have = 0, false
		case c <= 21:
			f(c, v)
			v, have = 0, false
		case c == 28 && i+2 < len(b):
			put(int(int16(binary.BigEndian.Uint16(b[i+1:]))))
			i += 2
		case c == 29 && i+4 < len(b):
			put(int(int32(binary.BigEndian.Uint32(b[i+1:]))))
			i += 4
		case c == 30:
			for i++; i < len(b) && b[i]&0x0f != 0x0f && b[i]>>4 != 0x0f; i++ {
			}
			put(0)
		case c >= 32 && c <= 246:
			put(c - 139)
		case c >= 247 && c <= 250 && i+1 < len(b):
			put((c-247)*256 + int(b[i+1]) + 108)
			i++
		case c >= 251 && c <= 254 && i+1 < len(b):
			put(-(c-251)*256 - int(b[i+1]) - 108)
			i++
		}
	}
}
