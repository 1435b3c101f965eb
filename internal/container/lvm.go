package container

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"
	"time"

	"github.com/spoor-scan/spoor/scanners"
)

// lvmMaxText bounds the description of a group of volumes, in bytes.
const lvmMaxText = 16 << 20

type lvm struct {
	*lister
	at *Spool
}

// run reports whether the volumes could be told.
func (v *lvm) run() bool {
	text, id, first := v.text()
	if text == nil {
		return false
	}
	group := parseLVM(text)
	if group == nil {
		return false
	}
	if !v.out.item(textItem("description", string(text))) {
		return true
	}
	var vg *lvmNode
	for _, n := range group.nodes {
		if n.child("physical_volumes") != nil {
			vg = n
		}
	}
	if vg == nil {
		return false
	}
	extent, own := vg.number("extent_size")*512, ""
	for _, pv := range vg.child("physical_volumes").nodes {
		if strings.ReplaceAll(pv.text("id"), "-", "") == id {
			own = pv.name
			if s := pv.number("pe_start"); s > 0 {
				first = s * 512
			}
		}
	}
	if extent <= 0 || own == "" {
		return false
	}
	used := newBlockMap((v.at.Size() + 4095) / 4096)
	var lvs []*lvmNode
	if n := vg.child("logical_volumes"); n != nil {
		lvs = n.nodes
	}
	for _, lv := range lvs {
		if !v.count() {
			return true
		}
		m, why := v.volume(lv, own, first, extent)
		if why != "" {
			if why != "-" && !v.unread(lv.name, scanners.Unsupported, "lvm: "+why) {
				return true
			}
			continue
		}
		for _, p := range m.pieces {
			used.mark(p.at/4096, p.n/4096)
		}
		if !v.member(lv.name, m.size, time.Time{}, m) {
			return true
		}
	}
	v.yieldLeft(v.at, used, 4096)
	return true
}

// volume returns where a volume lies; why says what is in the way, "-" that it
// has nothing of its own.
func (v *lvm) volume(lv *lvmNode, own string, first, extent int64) (m *mapped, why string) {
	m = &mapped{in: v.at}
	for _, seg := range lv.nodes {
		if !strings.HasPrefix(seg.name, "segment") {
			continue
		}
		start, n := seg.number("start_extent"), seg.number("extent_count")
		stripes := seg.lists["stripes"]
		switch kind := seg.text("type"); {
		case kind != "striped":
			return nil, "a volume is of a kind that is not read: " + lvmKind(kind)
		case len(stripes) != 2 || seg.number("stripe_count") != 1:
			return nil, "a volume is spread over several physical volumes in stripes"
		case stripes[0] != own:
			return nil, "a part of a volume lies on another physical volume"
		}
		at, err := strconv.ParseInt(stripes[1], 10, 40)
		if err != nil || start < 0 || n <= 0 || start > 1<<40/extent*1024 || n > 1<<40/extent*1024 {
			return nil, "a volume is described wrongly"
		}
		m.pieces = append(m.pieces, span{start * extent, first + at*extent, n * extent})
		m.size = max(m.size, (start+n)*extent)
	}
	if m.pieces == nil {
		return nil, "-"
	}
	m.sort()
	return m, ""
}

// lvmKind returns a kind of segment as far as it is one of LVM's.
func lvmKind(s string) string {
	switch strings.SplitN(s, "+", 2)[0] {
	case "thin", "thin-pool", "raid0", "raid1", "raid4", "raid5", "raid6", "raid10", "mirror", "snapshot", "cache", "cache-pool", "vdo", "vdo-pool", "writecache", "integrity":
		return s
	}
	return "unknown"
}

// text returns the description of the group that is in force, the id of this
// physical volume without hyphens, and where its first extent is.
func (v *lvm) text() (text []byte, id string, first int64) {
	b := make([]byte, 2048)
	n, _ := v.at.ReadAt(b, 0)
	le := binary.LittleEndian
	for at := 0; at+512 <= n; at += 512 {
		s := b[at : at+512]
		if string(s[:8]) != "LABELONE" || le.Uint32(s[20:]) > 400 {
			continue
		}
		h := s[le.Uint32(s[20:]):]
		if len(h) < 40+16 {
			return nil, "", 0
		}
		id = string(h[:32])
		h = h[40:]
		// Two lists of places and lengths, each of which ends with zeros.
		for list := 0; list < 2 && len(h) >= 16; h = h[16:] {
			off, size := int64(le.Uint64(h)), int64(le.Uint64(h[8:]))
			if off == 0 {
				list++
				continue
			}
			if list == 0 {
				first = off
				continue
			}
			if t := v.area(off, size); t != nil {
				return t, id, first
			}
		}
	}
	return nil, "", 0
}

// area returns the description in an area of metadata, which is a ring.
func (v *lvm) area(at, size int64) []byte {
	h := make([]byte, 512)
	le := binary.LittleEndian
	if n, _ := v.at.ReadAt(h, at); n < len(h) || string(h[4:20]) != " LVM2 x[5A%r0N*>" {
		return nil
	}
	off, n := int64(le.Uint64(h[40:])), int64(le.Uint64(h[48:]))
	if off < 512 || off > size || n <= 0 || n > lvmMaxText || n > size {
		return nil
	}
	b := make([]byte, n)
	part := min(n, size-off)
	if k, _ := v.at.ReadAt(b[:part], at+off); int64(k) < part {
		return nil
	}
	if part < n {
		if k, _ := v.at.ReadAt(b[part:], at+512); int64(k) < n-part {
			return nil
		}
	}
	return bytes.TrimRight(b, "\x00")
}

// An lvmNode is a section of a description: values, lists and further sections.
type lvmNode struct {
	name   string
	values map[string]string
	lists  map[string][]string
	nodes  []*lvmNode
}

func (n *lvmNode) child(name string) *lvmNode {
	for _, c := range n.nodes {
		if c.name == name {
			return c
		}
	}
	return nil
}

func (n *lvmNode) text(key string) string { return n.values[key] }

func (n *lvmNode) number(key string) int64 {
	i, err := strconv.ParseInt(n.values[key], 10, 40)
	if err != nil {
		return 0
	}
	return i
}

// parseLVM reads a description (lvm.conf(5)); nil where it is none.
func parseLVM(text []byte) *lvmNode {
	fresh := func(name string) *lvmNode {
		return &lvmNode{name: name, values: map[string]string{}, lists: map[string][]string{}}
	}
	top := fresh("")
	stack := []*lvmNode{top}
	tokens := lvmTokens(text)
	for i := 0; i < len(tokens); {
		now := stack[len(stack)-1]
		switch t := tokens[i]; {
		case t == "}":
			if len(stack) == 1 {
				return nil
			}
			stack, i = stack[:len(stack)-1], i+1
		case i+1 < len(tokens) && tokens[i+1] == "{":
			if len(stack) > 16 {
				return nil
			}
			c := fresh(t)
			now.nodes, stack, i = append(now.nodes, c), append(stack, c), i+2
		case i+2 < len(tokens) && tokens[i+1] == "=" && tokens[i+2] == "[":
			var list []string
			for i += 3; i < len(tokens) && tokens[i] != "]"; i++ {
				if tokens[i] != "," {
					list = append(list, strings.Trim(tokens[i], `"`))
				}
			}
			now.lists[t], i = list, i+1
		case i+2 < len(tokens) && tokens[i+1] == "=":
			now.values[t], i = strings.Trim(tokens[i+2], `"`), i+3
		default:
			return nil
		}
	}
	if len(stack) != 1 {
		return nil
	}
	return top
}

func lvmTokens(b []byte) (out []string) {
	for i := 0; i < len(b); {
		switch c := b[i]; {
		case c <= ' ':
			i++
		case c == '#':
			if k := bytes.IndexByte(b[i:], '\n'); k >= 0 {
				i += k
			} else {
				i = len(b)
			}
		case strings.IndexByte("{}[]=,", c) >= 0:
			out, i = append(out, string(c)), i+1
		case c == '"':
			end := i + 1
			for end < len(b) && b[end] != '"' {
				if b[end] == '\\' {
					end++
				}
				end++
			}
			end = min(end+1, len(b))
			out, i = append(out, string(b[i:end])), end
		default:
			end := i
			for end < len(b) && b[end] > ' ' && strings.IndexByte("{}[]=,\"#", b[end]) < 0 {
				end++
			}
			out, i = append(out, string(b[i:end])), end
		}
	}
	return out
}
