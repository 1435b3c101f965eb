package container

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"iter"
	"path"
	"strings"

	"github.com/spoor-scan/spoor/scanners"
)

const (
	// programStep is the step to what a program unpacks.
	programStep = "payload"

	// programSearch is how far behind the end of a program, or from the start of
	// a script, what it unpacks is looked for, in bytes: a dialogue or an icon may
	// come before it.
	programSearch = 1 << 20
)

// programDecoder finds what a program carries behind its end to unpack it:
// self-extracting archives of 7-Zip, WinRAR and others, AppImages, and scripts
// of makeself. The program itself is a text, what it carries a member.
func programDecoder(zip Decoder) Decoder {
	return Decoder{
		Name:  "program",
		Match: matchProgram,
		Decode: func(ctx context.Context, in scanners.Item, b *Budget) iter.Seq2[scanners.Item, error] {
			return sequence(func(o output) {
				body := in.Body
				if programZip(in.Name) {
					// The directory of a zip is at its end.
					spool, err := b.Spool(ctx, in.Body)
					defer func() { _ = spool.Close() }() // valid even with an error
					if err != nil && !o.err(err) {
						return
					}
					body = io.NewSectionReader(spool, 0, spool.Size())
					if spooledZip(spool) {
						in.Body = body
						zip.Decode(ctx, in, b)(o.yield)
						return
					}
				}
				r := bufio.NewReaderSize(&input{ctx: ctx, r: body}, HeadLen)
				head, _ := r.Peek(HeadLen)
				p := &program{r: r}
				p.left, p.script = programEnd(head)
				if !o.item(raw(p, 0)) {
					return
				}
				if _, err := io.Copy(io.Discard, p); err != nil {
					return // the reader of the text has got that error
				}
				switch {
				case p.kind == "":
				case p.kind == "nsis":
					if o.err(&scanners.Gap{Reason: scanners.Unsupported, Detail: "program: an installer (NSIS) is searched as plain bytes only"}) {
						o.item(raw(p.r, p.n))
					}
				default:
					if err := b.Member(); err != nil {
						o.err(err)
						return
					}
					o.item(scanners.Item{Name: programStep + "." + p.kind, Step: programStep, Size: -1, Time: in.Time, Body: p.r})
				}
			})
		},
	}
}

// programZip reports whether a file of a name may be a zip with a program in
// front, whose members are its own.
func programZip(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".exe", ".run", ".sfx", ".bin":
		return true
	}
	return false
}

// spooledZip reports whether the end of a zip's directory stands where it has to.
func spooledZip(s *Spool) bool {
	tail := make([]byte, min(s.Size(), 1<<16+zipEndLen))
	n, _ := s.ReadAt(tail, s.Size()-int64(len(tail)))
	return bytes.Contains(tail[:n], []byte(zipEnd))
}

func matchProgram(head []byte, name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".zip", ".jar":
		return false
	}
	end, script := programEnd(head)
	if !script {
		return end > 0
	}
	return programZip(name) || bytes.Contains(head, []byte("akeself"))
}

// programEnd returns where a program ends that starts with head, 0 where it is
// none; script says that it is text, which ends where something else begins.
func programEnd(head []byte) (end int64, script bool) {
	le := binary.LittleEndian
	switch {
	case bytes.HasPrefix(head, []byte("#!")):
		return 0, true
	case len(head) >= 64 && string(head[:2]) == "MZ":
		// PE Format, "Section table": behind the optional header.
		at := int(le.Uint32(head[60:]))
		if at < 0 || at+24 > len(head) || string(head[at:at+4]) != "PE\x00\x00" {
			return 0, false
		}
		n, table := int(le.Uint16(head[at+6:])), at+24+int(le.Uint16(head[at+20:]))
		for i := range n {
			s := table + 40*i
			if s+40 > len(head) {
				return 0, false
			}
			end = max(end, int64(le.Uint32(head[s+16:]))+int64(le.Uint32(head[s+20:])))
		}
		return end, false
	case len(head) >= 64 && string(head[:4]) == "\x7fELF" && head[5] == 1 && (head[4] == 1 || head[4] == 2):
		return elfEnd(head, head[4] == 2), false
	}
	return 0, false
}

// elfEnd returns where a program in the format of the System V ABI ends: its
// segments, its sections as far as their table is in head, and that table.
func elfEnd(head []byte, wide bool) (end int64) {
	le := binary.LittleEndian
	word := func(at int) int64 {
		switch {
		case wide && at+8 <= len(head):
			return int64(le.Uint64(head[at:]) & (1<<62 - 1))
		case !wide && at+4 <= len(head):
			return int64(le.Uint32(head[at:]))
		}
		return 0
	}
	half := func(at int) int64 { return int64(le.Uint16(head[at:])) }
	// Where the offset and the size stand in a segment and in a section.
	segments, sections, counts := word(28), word(32), 42
	offset, size, at, length := 4, 16, 16, 20
	if wide {
		segments, sections, counts = word(32), word(40), 54
		offset, size, at, length = 8, 32, 24, 32
	}
	there := int64(len(head))
	for i := range half(counts + 2) {
		if p := segments + i*half(counts); segments < there && p < there {
			end = max(end, word(int(p)+offset)+word(int(p)+size))
		}
	}
	if n := half(counts+6) * half(counts+4); sections > 0 {
		end = max(end, sections+n)
	}
	for i := range half(counts + 6) {
		p := sections + i*half(counts+4)
		if sections == 0 || sections >= there || p >= there || int(p)+8 > len(head) {
			break
		}
		if kind := le.Uint32(head[p+4:]); kind != 8 { // SHT_NOBITS takes no room
			end = max(end, word(int(p)+at)+word(int(p)+length))
		}
	}
	return end
}

// A program reads up to what it carries.
type program struct {
	r      io.Reader
	n      int64 // bytes read
	left   int64 // before the end of the program
	script bool
	sought bool
	kind   string // of what it carries, once that is found
}

func (p *program) Read(b []byte) (int, error) {
	if p.left <= 0 && !p.sought {
		p.sought = true
		// Nothing is behind most programs.
		behind := make([]byte, 512)
		n, err := readFull(p.r, behind)
		if behind = behind[:n]; err == nil {
			behind = append(behind, make([]byte, programSearch-n)...)
			var more int
			more, err = readFull(p.r, behind[n:])
			behind = behind[:n+more]
		}
		p.r = io.MultiReader(bytes.NewReader(behind), p.r)
		if err != nil && err != io.EOF {
			p.r = io.MultiReader(bytes.NewReader(behind), failing{err})
		}
		var at int
		if at, p.kind = programPayload(behind, p.script); p.kind != "" {
			p.left = int64(at)
		}
	}
	if p.left <= 0 && p.kind != "" {
		return 0, io.EOF
	}
	if p.left > 0 {
		b = b[:min(int64(len(b)), p.left)]
	}
	n, err := p.r.Read(b)
	p.n += int64(n)
	p.left -= int64(n)
	return n, err
}

// programPayload finds the first thing that is packed in b. That of a script
// begins on a line of its own.
func programPayload(b []byte, script bool) (at int, kind string) {
	at = -1
	for _, m := range [...]struct{ magic, kind string }{
		{sevenZipMagic, "7z"},
		{"Rar!\x1a\x07\x00", "rar"},
		{"Rar!\x1a\x07\x01\x00", "rar"},
		{"MSCF\x00\x00\x00\x00", "cab"},
		{zipLocal, "zip"},
		{"\xfd7zXZ\x00", "xz"},
		{"\x1f\x8b\x08\x00", "gz"},
		{"\x1f\x8b\x08\x08", "gz"},
		{"BZh91AY&SY", "bz2"},
		{"\x28\xb5\x2f\xfd", "zst"},
		{"hsqs", "squashfs"},
		{"\xef\xbe\xad\xdeNullsoftInst", "nsis"},
	} {
		magic := m.magic
		if script {
			magic = "\n" + magic
		}
		for from := 0; from < len(b); {
			i := bytes.Index(b[from:], []byte(magic))
			if i < 0 || at >= 0 && from+i >= at {
				break
			}
			i += from
			if start := i + len(magic) - len(m.magic); packed(b[start:], m.kind) {
				at, kind = start, m.kind
				break
			}
			from = i + 1
		}
	}
	return at, kind
}

// packed looks closer at what starts as one of the kinds with a short mark.
func packed(b []byte, kind string) bool {
	switch kind {
	case "zip":
		if len(b) < zipLocalLen {
			return false
		}
		n := int(b[26]) | int(b[27])<<8
		return b[4] <= 63 && b[9] == 0 && n > 0 && n < 1024 && (b[8] == 0 || b[8] >= 8 && b[8] <= 14 || b[8] >= 93)
	case "gz":
		return len(b) >= 10 && (b[8] == 0 || b[8] == 2 || b[8] == 4) && (b[9] <= 13 || b[9] == 255)
	}
	return true
}
