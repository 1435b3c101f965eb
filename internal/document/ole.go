package document

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"iter"
	"path"
	"strconv"
	"strings"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

// oleDecoder reads compound files: documents of Word, Excel and PowerPoint from
// before 2007, Office documents that are encrypted, messages of Outlook, and
// what else keeps its streams in one. It yields
//
//   - the text of a document, and the rows of a workbook;
//   - the properties as fields;
//   - what is embedded (documents, files, packages) as members;
//   - the source of macros, and all other streams as they are;
//   - what the file holds beyond its streams, such as the text of versions that
//     were saved before, as it is.
func oleDecoder(opts container.Options) container.Decoder {
	return container.Decoder{
		Name:    "ole",
		Hostile: true,
		Match: func(head []byte, _ string) bool {
			return len(head) >= 512 && string(head[:8]) == oleMagic
		},
		Decode: func(ctx context.Context, in scanners.Item, b *container.Budget) iter.Seq2[scanners.Item, error] {
			return func(yield func(scanners.Item, error) bool) {
				spool, err := b.Spool(ctx, in.Body)
				defer func() { _ = spool.Close() }() // valid even with an error
				if err != nil && !yield(scanners.Item{}, err) {
					return
				}
				f, err := openOLE(ctx, spool, spool.Size())
				o := &ole{giver: giver{ctx: ctx, b: b, yield: yield}, opts: opts, in: in, f: f, told: map[*oleEntry]bool{}}
				switch {
				case ctx.Err() != nil:
					yield(scanners.Item{}, ctx.Err())
					return
				case err != nil:
					if o.gap(scanners.Corrupt, "ole: the directory can't be read") == nil {
						yield(scanners.Item{Size: spool.Size(), Text: true, Verbatim: true, Body: io.NewSectionReader(spool, 0, spool.Size())}, nil)
					}
					return
				}
				if err := o.run(); err != nil && err != errStop {
					yield(scanners.Item{}, err)
				}
			}
		},
	}
}

// biffDecoder reads workbooks from before they were kept in compound files, or
// that lost theirs: the bare records of Excel 2.0 to 95.
func biffDecoder(opts container.Options) container.Decoder {
	return container.Decoder{
		Name:    "xls",
		Hostile: true,
		Match: func(head []byte, _ string) bool {
			if len(head) < 20 || head[0] != 9 || head[3] != 0 {
				return false
			}
			version, kind := binary.LittleEndian.Uint16(head[4:]), binary.LittleEndian.Uint16(head[6:])
			switch known := kind == 5 || kind == 0x10 || kind == 0x20 || kind == 0x40 || kind == 0x100; head[1] {
			case 0: // and what follows is a record of a few bytes
				return head[2] == 4 && known && version <= 0x0400 && head[9] == 0 && head[11] == 0
			case 2, 4:
				return head[2] == 6 && known
			case 8:
				return known && (head[2] == 8 && version == 0x0500 || head[2] == 16 && version == 0x0600)
			}
			return false
		},
		Decode: func(ctx context.Context, in scanners.Item, b *container.Budget) iter.Seq2[scanners.Item, error] {
			return func(yield func(scanners.Item, error) bool) {
				spool, err := b.Spool(ctx, in.Body)
				defer func() { _ = spool.Close() }() // valid even with an error
				if err != nil && !yield(scanners.Item{}, err) {
					return
				}
				f := &oleFile{at: spool, size: spool.Size()}
				o := &ole{giver: giver{ctx: ctx, b: b, yield: yield}, opts: opts, in: in, f: f, told: map[*oleEntry]bool{}}
				e := &oleEntry{name: "Workbook", kind: oleStreams, extents: []oleExtent{{0, 0, f.size}}, length: f.size}
				if err := o.broken(o.excel(e), "xls: the workbook can't be read to its end"); err != nil && err != errStop {
					yield(scanners.Item{}, err)
				}
			}
		},
	}
}

// A giver yields what a decoder finds. Its methods return errStop once nothing
// more is wanted, and the errors of ctx and b.
type giver struct {
	ctx   context.Context
	b     *container.Budget
	yield func(scanners.Item, error) bool
	gaps  map[string]bool
	steps map[string]int
}

// gap yields a gap, each but once.
func (g *giver) gap(reason scanners.Reason, detail string) error {
	if g.gaps[detail] {
		return nil
	}
	if g.gaps == nil {
		g.gaps = map[string]bool{}
	}
	g.gaps[detail] = true
	if !g.yield(scanners.Item{}, &scanners.Gap{Reason: reason, Detail: detail}) {
		return errStop
	}
	return nil
}

// text yields a text of the record. What is read of r counts as expanded.
func (g *giver) text(field, fragment string, r io.Reader) error {
	if err := g.ctx.Err(); err != nil {
		return err
	}
	if !g.yield(scanners.Item{Size: -1, Text: true, Field: field, Fragment: fragment, Body: g.b.Reader(g.ctx, r)}, nil) {
		return errStop
	}
	return nil
}

// say yields a short text, unless it is blank.
func (g *giver) say(field, fragment, s string) error {
	if strings.TrimSpace(s) == "" {
		return nil
	}
	return g.text(field, fragment, strings.NewReader(s))
}

// fields yields values of the record.
func (g *giver) fields(f []scanners.Field) error {
	if len(f) > 0 && !g.yield(scanners.Item{Size: -1, Text: true, Fields: f}, nil) {
		return errStop
	}
	return nil
}

// member yields what is a record of its own. A step that was used gets a number.
func (g *giver) member(step, name string, size int64, r io.Reader) error {
	if err := g.b.Member(); err != nil {
		return err
	}
	if g.steps == nil {
		g.steps = map[string]int{}
	}
	if g.steps[step]++; g.steps[step] > 1 {
		step += "~" + strconv.Itoa(g.steps[step])
	}
	if !g.yield(scanners.Item{Name: name, Step: step, Size: size, Body: g.b.Reader(g.ctx, r)}, nil) {
		return errStop
	}
	return nil
}

// broken makes a gap of an error in what was read, unless it ends the document.
func (g *giver) broken(err error, detail string) error {
	var limit *scanners.Gap
	switch {
	case err == nil || err == io.EOF:
		return nil
	case err == errStop || g.ctx.Err() != nil || errors.As(err, &limit):
		return err
	}
	return g.gap(scanners.Corrupt, detail)
}

// ole reads one compound file.
type ole struct {
	giver
	opts container.Options
	in   scanners.Item
	f    *oleFile
	told map[*oleEntry]bool // streams that need not be read any more
}

// load reads a stream into memory, up to a limit; short says that there is more.
func (o *ole) load(e *oleEntry, limit int64) (b []byte, short bool, err error) {
	r := o.f.open(e)
	n := min(r.size, limit)
	if err := o.b.Charge(n); err != nil {
		return nil, false, err
	}
	b = make([]byte, n)
	k, err := r.ReadAt(b, 0)
	if err == io.EOF {
		err = nil
	}
	return b[:k], r.size > n, err
}

func (o *ole) run() error {
	if o.f.damaged {
		if err := o.gap(scanners.Corrupt, "ole: the file is damaged; what no stream holds any more is searched as bytes"); err != nil {
			return err
		}
	}
	root := o.f.root
	for _, k := range []struct {
		stream string
		reason scanners.Reason
		detail string
	}{
		{"VisioDocument", scanners.Unsupported, "ole: a drawing of Visio is searched as plain bytes only"},
		{"PP40", scanners.Unsupported, "ole: a presentation from before 1997 is searched as plain bytes only"},
		{"EncryptedSummary", scanners.Encrypted, "ole: the properties are encrypted"},
		{"\tDRMContent", scanners.Encrypted, "ole: the document is under rights management"},
	} {
		if root.stream(k.stream) != nil {
			if err := o.gap(k.reason, k.detail); err != nil {
				return err
			}
		}
	}
	var err error
	switch {
	case root.stream("__properties_version1.0") != nil:
		err = o.message()
	case root.stream("EncryptedPackage") != nil && root.stream("EncryptionInfo") != nil:
		err = o.encryptedPackage(root.stream("EncryptionInfo"), root.stream("EncryptedPackage"))
	default:
		err = o.document()
	}
	if err := o.broken(err, "ole: a stream can't be read"); err != nil {
		return err
	}
	for _, e := range o.f.entries {
		if err := o.ctx.Err(); err != nil {
			return err
		}
		if o.told[e] {
			continue
		}
		o.told[e] = true
		if err := o.entry(e); err != nil {
			return err
		}
	}
	if n := oleLength(o.f.rest); n > 0 {
		return o.text("unused space", "", (&oleReader{o.f.at, o.f.rest, n}).reader())
	}
	return nil
}

// document reads the streams that make a document. A file may hold two: Excel
// 5.0/95 and 97.
func (o *ole) document() error {
	root := o.f.root
	if e := root.stream("WordDocument"); e != nil {
		o.told[e] = true
		if err := o.broken(o.word(e), "ole: the document can't be read to its end"); err != nil {
			return err
		}
	}
	for _, name := range []string{"Workbook", "Book"} {
		if e := root.stream(name); e != nil {
			o.told[e] = true
			if err := o.broken(o.excel(e), "ole: the workbook can't be read to its end"); err != nil {
				return err
			}
		}
	}
	if e := root.stream("PowerPoint Document"); e != nil {
		o.told[e] = true
		if err := o.broken(o.powerpoint(e), "ole: the presentation can't be read to its end"); err != nil {
			return err
		}
	}
	return nil
}

// oleKind returns how a storage would be called that is a storage a document of its own; empty for
// one that is none.
func oleKind(e *oleEntry) string {
	for _, k := range []struct{ stream, ext string }{
		{"WordDocument", ".doc"},
		{"Workbook", ".xls"},
		{"Book", ".xls"},
		{"PowerPoint Document", ".ppt"},
		{"__properties_version1.0", ".msg"},
		{"EncryptedPackage", ".ole"},
		{"VisioDocument", ".vsd"},
	} {
		if e.stream(k.stream) != nil {
			return k.ext
		}
	}
	return ""
}

// entry yields what was not read as part of the document.
func (o *ole) entry(e *oleEntry) error {
	if e.kind == oleStorage {
		ext := oleKind(e)
		if ext == "" {
			return o.say("storage", "", oleShown(e.name))
		}
		o.within(e)
		p := e.path()
		r, size := oleExtract(o.f, e)
		return o.member(p+ext, path.Base(p)+ext, size, r)
	}
	r := o.f.open(e)
	switch {
	case r.size == 0:
		return o.say("stream", "", oleShown(e.name))
	case strings.HasPrefix(e.name, "\x05"):
		b, short, err := o.load(e, oleMaxProperty)
		if err != nil {
			return o.broken(err, "ole: properties can't be read")
		}
		fields, whole := oleProperties(b)
		if err := o.fields(fields); err != nil {
			return err
		}
		if whole && !short {
			return nil
		}
	case strings.EqualFold(e.name, "\x01Ole10Native"):
		return o.native(e)
	case strings.EqualFold(e.name, "Package"), strings.EqualFold(e.name, "CONTENTS"):
		return o.member(e.path(), oleShown(e.name), r.size, r.reader())
	}
	var head [16]byte
	n, _ := r.ReadAt(head[:], 0)
	if oleIsFile(head[:n]) {
		return o.member(e.path(), oleShown(e.name), r.size, r.reader())
	}
	if err := o.macros(e); err != nil {
		return o.broken(err, "ole: macros can't be read")
	}
	return o.text(e.path(), "", r.reader())
}

// within marks what is in a storage as read.
func (o *ole) within(e *oleEntry) {
	for _, c := range e.children {
		o.told[c] = true
		o.within(c)
	}
}

// oleIsFile reports whether a stream is a file of a kind that is opened.
func oleIsFile(head []byte) bool {
	for _, m := range []string{"PK\x03\x04", "%PDF-", oleMagic, "{\\rtf", "\x89PNG\r\n", "\xff\xd8\xff", "GIF8", "Rar!\x1a", "7z\xbc\xaf\x27\x1c", "\x1f\x8b\x08", "BM"} {
		if len(head) >= len(m) && string(head[:len(m)]) == m && (m != "BM" || len(head) >= 10 && head[6]|head[7]|head[8]|head[9] == 0) {
			return true
		}
	}
	return false
}

// native reads a file that was put into a document ([MS-OLEDS], section 2.3.6,
// and what the packager writes into it: label, name, a temporary name, content).
func (o *ole) native(e *oleEntry) error {
	r := o.f.open(e)
	head := make([]byte, min(r.size, 8<<10))
	n, err := r.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return o.broken(err, "ole: an embedded file can't be read")
	}
	names, at, size := oleNative(head[:n])
	if at < 0 || at+size > r.size {
		// Not the packager's: what it is, only its program knows.
		from := min(4, r.size)
		return o.member(e.path(), oleShown(e.name), r.size-from, io.NewSectionReader(r, from, r.size-from))
	}
	name := oleShown(baseName(names[0]))
	if name == "" {
		name = oleShown(e.name)
	}
	var fields []scanners.Field
	for _, s := range names {
		fields = append(fields, scanners.Field{Name: "embedded file", Value: s})
	}
	if err := o.fields(fields); err != nil {
		return err
	}
	step := name
	if p := path.Dir(e.path()); p != "." {
		step = p + "/" + name
	}
	if err := o.member(step, name, size, io.NewSectionReader(r, at, size)); err != nil {
		return err
	}
	if at += size; at < r.size { // the names once more, in UTF-16
		return o.text(e.path(), "", io.NewSectionReader(r, at, r.size-at))
	}
	return nil
}

// oleNative returns the names in a packager's stream, and where its content
// lies: at -1 where the stream is no such.
func oleNative(b []byte) (names []string, at, size int64) {
	if len(b) < 16 || binary.LittleEndian.Uint16(b[4:]) != 2 {
		return nil, -1, 0
	}
	i := 6
	str := func() bool {
		n := bytes.IndexByte(b[i:], 0)
		if n < 0 {
			return false
		}
		names = append(names, inCodePage(b[i:i+n], 0))
		i += n + 1
		return true
	}
	for range 2 {
		if !str() {
			return nil, -1, 0
		}
	}
	if i+8 > len(b) {
		return nil, -1, 0
	}
	i += 8 // flags, and the length of what follows
	if !str() || i+4 > len(b) {
		return nil, -1, 0
	}
	return names, int64(i) + 4, int64(binary.LittleEndian.Uint32(b[i:]))
}

// baseName returns the last step of a path of any system.
func baseName(s string) string { return s[strings.LastIndexAny(s, `/\:`)+1:] }

// macros yields the source in a stream of Visual Basic ([MS-OVBA], section
// 2.4.1), which is compressed behind what the interpreter made of it.
func (o *ole) macros(e *oleEntry) error {
	if e.parent == nil || !strings.EqualFold(e.parent.name, "VBA") || e.length > 32<<20 {
		return nil
	}
	b, _, err := o.load(e, 32<<20)
	if err != nil {
		return err
	}
	at := 0
	if !strings.EqualFold(e.name, "dir") {
		// The source begins with "Attribute", of which the first eight bytes
		// are literal.
		if at = bytes.Index(b, []byte("\x00Attribut")) - 3; at < 0 {
			return nil
		}
	}
	src := ovbaDecompress(b[at:])
	if err := o.b.Charge(int64(len(src))); err != nil {
		return err
	}
	return o.text(e.path(), "", strings.NewReader(inCodePage(src, 0)))
}

// ovbaDecompress returns what is in a compressed container, as far as it is
// sound.
func ovbaDecompress(b []byte) (out []byte) {
	if len(b) == 0 || b[0] != 1 {
		return nil
	}
	for b = b[1:]; len(b) >= 3; {
		h := binary.LittleEndian.Uint16(b)
		n := min(int(h&0xfff)+3, len(b))
		chunk := b[2:n]
		b = b[n:]
		if h>>12&7 != 3 {
			return out
		}
		if h&0x8000 == 0 {
			out = append(out, chunk...)
			continue
		}
		start := len(out)
		for len(chunk) > 0 {
			flags := chunk[0]
			chunk = chunk[1:]
			for bit := 0; bit < 8 && len(chunk) > 0; bit++ {
				if flags>>bit&1 == 0 {
					out = append(out, chunk[0])
					chunk = chunk[1:]
					continue
				}
				if len(chunk) < 2 {
					return out
				}
				token := binary.LittleEndian.Uint16(chunk)
				chunk = chunk[2:]
				bits := 4
				for bits < 12 && 1<<bits < len(out)-start {
					bits++
				}
				length := int(token&(0xffff>>bits)) + 3
				from := len(out) - int(token>>(16-bits)) - 1
				if from < start || len(out)-start+length > 4096 {
					return out
				}
				for range length {
					out = append(out, out[from])
					from++
				}
			}
		}
	}
	return out
}
