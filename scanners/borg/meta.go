package borg

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spoor-scan/spoor/scanners"
)

// The manifest, the archives and their items are maps in MessagePack
// (docs/internals/data-structures.rst of Borg, "The object graph").

// A manifest lists the archives.
type manifest struct {
	version  int64
	archives []archive // name and id only
	needs    []string  // features that a reader must know
}

// An archive is a snapshot.
type archive struct {
	id     id
	name   string
	host   string
	time   time.Time
	items  []uint32 // the chunks of the stream of items, by number
	fields []scanners.Field
	series string // what it has in common with others of the same things
}

func parseManifest(b []byte) (manifest, error) {
	var m manifest
	if bytes.HasPrefix(b, []byte("\xc1\xc1\xc1\xc1")) {
		return m, &scanners.Gap{Reason: scanners.Unsupported, Detail: "the manifest is of a later version of Borg"}
	}
	p := &packed{b: b}
	err := p.pairs(func(key []byte) error {
		var err error
		switch string(key) {
		case "version":
			m.version, err = p.integer()
		case "archives":
			err = p.pairs(func(name []byte) error {
				a := archive{name: string(name)}
				err := p.pairs(func(key []byte) error {
					switch string(key) {
					case "id":
						b, err := p.bytes()
						if err == nil && len(b) != len(a.id) {
							err = errFormat
						}
						copy(a.id[:], b)
						return err
					case "time":
						b, err := p.bytes()
						a.time = parseTime(string(b))
						return err
					}
					return p.skip()
				})
				m.archives = append(m.archives, a)
				return err
			})
		case "config":
			err = p.features(&m.needs)
		default:
			err = p.skip()
		}
		return err
	})
	if err != nil {
		return m, broken("the manifest is damaged")
	}
	if m.version != 1 && m.version != 2 {
		return m, &scanners.Gap{Reason: scanners.Unsupported, Detail: fmt.Sprintf("the manifest is of version %d", m.version)}
	}
	return m, nil
}

// features reads the manifest's configuration, for the features that whoever
// reads the repository must know ("Feature flags"). Borg 1.x has none.
func (p *packed) features(needs *[]string) error {
	return p.pairs(func(key []byte) error {
		if string(key) != "feature_flags" {
			return p.skip()
		}
		return p.pairs(func(operation []byte) error {
			if string(operation) != "read" {
				return p.skip()
			}
			return p.pairs(func(key []byte) error {
				if string(key) != "mandatory" {
					return p.skip()
				}
				return p.list(func() error {
					b, err := p.bytes()
					*needs = append(*needs, string(b))
					return err
				})
			})
		})
	})
}

// parseTime reads a time as Borg 1.x writes it: local to nowhere, meaning UTC.
func parseTime(s string) time.Time {
	for _, layout := range []string{"2006-01-02T15:04:05.999999", "2006-01-02T15:04:05.999999Z07:00"} {
		if t, err := time.ParseInLocation(layout, s, time.UTC); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// parse takes the rest of an archive from its own object.
func (a *archive) parse(b []byte, number func(*id) uint32) error {
	p := &packed{b: b}
	text := func(key, field string) error {
		b, err := p.bytes()
		if err == nil && len(b) > 0 {
			a.fields = append(a.fields, scanners.Field{Name: field, Value: string(b)})
		}
		return err
	}
	words := func(field string) error {
		var all []string
		err := p.list(func() error {
			b, err := p.bytes()
			all = append(all, string(b))
			return err
		})
		if len(all) > 0 {
			a.fields = append(a.fields, scanners.Field{Name: field, Value: strings.Join(all, " ")})
		}
		return err
	}
	version := int64(0)
	err := p.pairs(func(key []byte) error {
		var err error
		switch string(key) {
		case "version":
			version, err = p.integer()
		case "items":
			err = p.list(func() error {
				b, err := p.bytes()
				if err == nil && len(b) != len(id{}) {
					err = errFormat
				}
				if err == nil {
					name := id(b)
					a.items = append(a.items, number(&name))
				}
				return err
			})
		case "hostname":
			var b []byte
			b, err = p.bytes()
			a.host = string(b)
			a.fields = append(a.fields, scanners.Field{Name: "hostname", Value: a.host})
		case "username", "comment":
			err = text(string(key), string(key))
		case "cmdline", "recreate_cmdline":
			err = words(string(key))
		case "time":
			var b []byte
			if b, err = p.bytes(); err == nil {
				if t := parseTime(string(b)); !t.IsZero() {
					a.time = t
				}
			}
		default:
			err = p.skip()
		}
		return err
	})
	if err != nil {
		return broken("an archive's description is damaged")
	}
	if version != 1 {
		return &scanners.Gap{Reason: scanners.Unsupported, Detail: fmt.Sprintf("an archive is of version %d", version)}
	}
	a.series = a.host + "\x00" + strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return -1
		}
		return r
	}, a.name)
	return nil
}

// Kinds of files, as in st_mode.
const (
	modeKind   = 0o170000
	modeFolder = 0o040000
	modeLink   = 0o120000
	modeFile   = 0o100000
)

// A chunk is a piece of a file.
type chunk struct {
	id   id
	size uint32 // of the plain bytes
}

// An item is a file, folder or other thing in an archive. Its slices are parts
// of the stream.
type item struct {
	path     []byte
	mode     int64
	mtime    int64  // nanoseconds since 1970
	source   []byte // of a link: its target; of a further name of a file, the first
	master   bool   // there may be further names
	user     []byte
	group    []byte
	chunks   []chunk
	replaced bool // chunks were lost, and replaced by zeros
	more     []scanners.Field
}

func (it *item) further() bool {
	return len(it.source) > 0 && it.mode&modeKind != modeLink && len(it.chunks) == 0
}

func (it *item) kind() string {
	switch it.mode & modeKind {
	case modeFolder:
		return "folder"
	case modeLink:
		return "link"
	case modeFile, 0:
		return "file"
	}
	return "device"
}

// itemKeys are the keys that items may have, by which one is recognised behind
// damage.
var itemKeys = [...]string{
	"path", "source", "rdev", "chunks", "chunks_healthy", "hardlink_master", "mode", "user", "group", "uid", "gid", "mtime", "atime",
	"ctime", "birthtime", "size", "xattrs", "bsdflags", "acl_nfs4", "acl_access", "acl_default", "acl_extended", "part",
}

// item reads the next item of a stream. Its memory is used again.
func (p *packed) item(it *item) error {
	*it = item{chunks: it.chunks[:0], more: it.more[:0]}
	healthy := false
	err := p.pairs(func(key []byte) error {
		var err error
		switch string(key) {
		case "path":
			it.path, err = p.bytes()
		case "mode":
			it.mode, err = p.integer()
		case "mtime":
			it.mtime, err = p.integer()
		case "source":
			it.source, err = p.bytes()
		case "user":
			it.user, err = p.bytes()
		case "group":
			it.group, err = p.bytes()
		case "hardlink_master":
			var k valueKind
			var n int64
			if k, n, err = p.head(); err == nil && k != vBool && k != vNil {
				err = errFormat
			}
			it.master = n != 0
		case "chunks", "chunks_healthy":
			// The healthy ones are those that the file had before some were lost.
			if healthy {
				it.replaced = true
				return p.skip()
			}
			if healthy = string(key) == "chunks_healthy"; healthy && len(it.chunks) > 0 {
				it.replaced, it.chunks = true, it.chunks[:0]
			}
			err = p.list(func() error {
				c, err := p.chunk()
				it.chunks = append(it.chunks, c)
				return err
			})
		case "xattrs":
			err = p.pairs(func(name []byte) error {
				v, err := p.bytes()
				if err == nil && len(v) > 0 {
					it.more = append(it.more, scanners.Field{Name: "xattr " + string(name), Value: string(v)})
				}
				return err
			})
		case "acl_access", "acl_default", "acl_nfs4", "acl_extended":
			var b []byte
			if b, err = p.bytes(); err == nil && len(b) > 0 {
				it.more = append(it.more, scanners.Field{Name: "acl", Value: string(b)})
			}
		default:
			err = p.skip()
		}
		return err
	})
	if err != nil {
		return err
	}
	if it.path == nil {
		return errFormat
	}
	slices.SortFunc(it.more, func(a, b scanners.Field) int {
		return strings.Compare(a.Name+"\x00"+a.Value, b.Name+"\x00"+b.Value)
	})
	return nil
}

func (p *packed) chunk() (chunk, error) {
	k, n, err := p.head()
	if err != nil {
		return chunk{}, err
	}
	if k != vArray || n < 2 || n > 8 {
		return chunk{}, errFormat
	}
	b, err := p.bytes()
	if err != nil {
		return chunk{}, err
	}
	size, err := p.integer()
	if err != nil {
		return chunk{}, err
	}
	if len(b) != len(id{}) || size < 0 || size > maxPlain {
		return chunk{}, errFormat
	}
	for ; n > 2; n-- {
		if err := p.skip(); err != nil {
			return chunk{}, err
		}
	}
	return chunk{id(b), uint32(size)}, nil
}

// nextItem returns where in b, from an offset on, the next thing stands that is
// an item in all likelihood; -1 where there is none. What is cut by the end of b
// counts as one.
func nextItem(b []byte, from int) int {
	var it item
	tried := 0
	for i := from; i < len(b); i++ {
		at := i + 1
		switch {
		case 0x81 <= b[i] && b[i] <= 0x8f:
		case b[i] == 0xde:
			at += 2
		default:
			continue
		}
		if at >= len(b) || !knownKey(b[at:]) || tried > 64 {
			continue
		}
		p := packed{b: b, pos: i}
		err := p.item(&it)
		if err == nil || errors.Is(err, errShort) {
			return i
		}
		tried++
	}
	return -1
}

func knownKey(b []byte) bool {
	n := int(b[0] & 0x1f)
	if b[0]&0xe0 != 0xa0 || len(b) < 1+n {
		return false
	}
	return slices.Contains(itemKeys[:], string(b[1:1+n]))
}

// fields returns what is known of an item beside its content.
func (it *item) fields() []scanners.Field {
	out := []scanners.Field{{Name: "path", Value: text(it.path)}}
	add := func(name string, v []byte) {
		if len(v) > 0 {
			out = append(out, scanners.Field{Name: name, Value: text(v)})
		}
	}
	if it.mode&modeKind == modeLink {
		add("target", it.source)
	}
	add("user", it.user)
	add("group", it.group)
	for _, f := range it.more {
		out = append(out, scanners.Field{Name: text([]byte(f.Name)), Value: f.Value})
	}
	return out
}

// text returns bytes as text; those that are not UTF-8 stay as they are.
func text(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	return strings.ToValidUTF8(string(b), "\ufffd")
}

func mtimeOf(ns int64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return time.Unix(0, ns).UTC()
}
