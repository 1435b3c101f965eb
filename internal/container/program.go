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
	case len(head) >= 64 && string(head[:4]) == "\x7fELF" && head[5] == 1 && head[4] == 2:
		end = int64(le.Uint64(head[40:])) // of 64 bits: the table of sections is the last
		return max(0, end+int64(le.Uint16(head[58:]))*int64(le.Uint16(head[60:]))), false
	case len(head) >= 64 && string(head[:4]) == "\x7fELF" && head[5] == 1 && head[4] == 1:
		end = int64(le.Uint32(head[32:]))
		return end + int64(le.Uint16(head[46:]))*int64(le.Uint16(head[48:])), false
	}
	return 0, false
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
		if i := bytes.Index(b, []byte(magic)); i >= 0 && (at < 0 || i < at) {
			at, kind = i, m.kind
			if script {
				at++
			}
		}
	}
	return at, kind
}
