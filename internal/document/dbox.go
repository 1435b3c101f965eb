package document

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

const (
	dboxPre     = "\x01\x02"     // before the header of a message
	dboxPost    = "\n\x01\x03\n" // behind its content
	dboxHeadLen = 30             // of a message, in version 2 of the format
	dboxMaxHead = 1 << 10        // longest header that is taken for one
	dboxMaxMeta = 64 << 10       // longest metadata of a message, and of what is held
	dboxMaxSize = int64(1) << 40 // longest message
)

// DBox returns the decoder of the files in which Dovecot keeps messages in its
// own format: of one (sdbox, u.*) or of many (mdbox, m.*). Source:
// doc.dovecot.org, "Dbox mail format", and dbox-file.h of Dovecot 2.3.
//
// Each message is an item whose Step is its number, from 1, and whose Name is
// the number and ".eml". Its Body is as it is stored, compressed or not. What
// Dovecot notes behind the messages is text of the file itself. Those that were expunged are there until doveadm purge runs,
// and are read like others. Attachments that are stored apart
// (mail_attachment_dir) are files of their own and named as an exclusion.
func DBox() container.Decoder {
	return container.Decoder{
		Name:  "dbox",
		Match: func(head []byte, _ string) bool { _, n := dboxFileHead(head); return n > 0 },
		Decode: func(ctx context.Context, in scanners.Item, b *container.Budget) iter.Seq2[scanners.Item, error] {
			return func(yield func(scanners.Item, error) bool) {
				d := &dbox{r: bufio.NewReaderSize(mailInput{ctx, in.Body}, 64<<10)}
				d.run(ctx, b, yield)
			}
		},
	}
}

// dboxFileHead reads the first line of a file, "2 M1e C6b0e1534": the length of
// each message's header and when the file was made. n is its length, 0 where it
// is none.
func dboxFileHead(head []byte) (size, n int) {
	line, _, ok := bytes.Cut(head[:min(len(head), 128)], []byte("\n"))
	if !ok || !bytes.HasPrefix(bytes.TrimSpace(line), []byte("2")) {
		return 0, 0
	}
	f := bytes.Fields(line)
	if len(f) < 3 || string(f[0]) != "2" || f[1][0] != 'M' || f[2][0] != 'C' {
		return 0, 0
	}
	v, err := strconv.ParseUint(string(f[1][1:]), 16, 16)
	if err != nil || v < dboxHeadLen || v > dboxMaxHead {
		return 0, 0
	}
	if _, err := strconv.ParseUint(string(f[2][1:]), 16, 64); err != nil {
		return 0, 0
	}
	return int(v), len(line) + 1
}

type dbox struct {
	r    *bufio.Reader
	size int // of a message's header
	meta []byte
	// apart counts messages whose attachments are elsewhere.
	apart int64
}

var errDBox = errors.New("damaged")

func (d *dbox) run(ctx context.Context, b *container.Budget, yield func(scanners.Item, error) bool) {
	head, _ := d.r.Peek(128)
	var n int
	if d.size, n = dboxFileHead(head); n == 0 {
		d.size = dboxHeadLen // no message starts here
	}
	if _, err := d.r.Discard(n); err != nil {
		yield(scanners.Item{}, fmt.Errorf("dbox: read: %w", err))
		return
	}
	for i := 1; ; i++ {
		if _, err := d.r.Peek(1); err != nil {
			if err != io.EOF {
				yield(scanners.Item{}, fmt.Errorf("dbox: read: %w", err))
				return
			}
			break
		}
		if err := b.Member(); err != nil {
			yield(scanners.Item{}, err)
			return
		}
		err := d.message(ctx, b, strconv.Itoa(i), yield)
		switch {
		case err == errStop:
			return
		case err == nil:
			if len(d.meta) < dboxMaxMeta || d.give(yield) {
				continue
			}
			return
		case errors.Is(err, errDBox) || errors.Is(err, io.ErrUnexpectedEOF) || err == io.EOF:
			if !d.named(yield) || !yield(scanners.Item{}, &scanners.Gap{Reason: scanners.Corrupt, Detail: "message " + strconv.Itoa(i) + " of the file is damaged; what follows is searched as it is"}) {
				return
			}
			yield(scanners.Item{Size: -1, Text: true, Body: b.Reader(ctx, d.r)}, nil)
		default:
			yield(scanners.Item{}, fmt.Errorf("dbox: read: %w", err))
		}
		return
	}
	d.named(yield)
}

// named yields the metadata that are held, and names what is stored apart.
func (d *dbox) named(yield func(scanners.Item, error) bool) bool {
	return d.give(yield) && (d.apart == 0 || yield(scanners.Item{}, &scanners.Exclusion{
		Reason: scanners.ByOption,
		Detail: strconv.FormatInt(d.apart, 10) + " messages have attachments that are stored apart (mail_attachment_dir): they are searched where that folder is",
	}))
}

// give yields the metadata that are held.
func (d *dbox) give(yield func(scanners.Item, error) bool) bool {
	if len(d.meta) == 0 {
		return true
	}
	ok := yield(scanners.Item{Size: int64(len(d.meta)), Text: true, Body: bytes.NewReader(d.meta)}, nil)
	d.meta = d.meta[:0]
	return ok
}

// message yields the next message and reads its metadata.
func (d *dbox) message(ctx context.Context, b *container.Budget, num string, yield func(scanners.Item, error) bool) error {
	head, err := d.r.Peek(d.size)
	if len(head) < d.size {
		return early(err)
	}
	// The size stands in hexadecimal behind two blanks and what is reserved.
	size, err := strconv.ParseInt(string(bytes.TrimSpace(head[13:29])), 16, 64)
	if string(head[:2]) != dboxPre || head[d.size-1] != '\n' || err != nil || size < 0 || size > dboxMaxSize {
		return errDBox
	}
	if _, err := d.r.Discard(d.size); err != nil {
		return err
	}
	body := &io.LimitedReader{R: d.r, N: size}
	if !yield(scanners.Item{Size: size, Step: num, Name: num + ".eml", Body: b.Reader(ctx, body)}, nil) {
		return errStop
	}
	if _, err := io.Copy(io.Discard, body); err != nil {
		return err
	}
	if body.N > 0 {
		return io.ErrUnexpectedEOF
	}
	if post, err := d.r.Peek(len(dboxPost)); string(post) != dboxPost {
		return early(err)
	}
	if _, err := d.r.Discard(len(dboxPost)); err != nil {
		return err
	}
	return d.metadata()
}

// metadata reads the lines behind a message, a letter and a value each, up to an
// empty one.
func (d *dbox) metadata() error {
	for read := 0; ; {
		line, err := d.r.ReadSlice('\n')
		read += len(line)
		if len(line) == 1 && err == nil {
			return nil
		}
		d.meta = append(d.meta, line...) // damaged or not
		switch {
		case err == bufio.ErrBufferFull, read > dboxMaxMeta:
			return errDBox
		case err != nil:
			return early(err)
		case line[0] == 'X':
			d.apart++
		}
	}
}

// early is what a read means that came to its end too early.
func early(err error) error {
	if err == nil {
		return errDBox
	}
	return err
}
