package imap

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"sort"
	"strconv"
	"strings"
	"time"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/spoor-scan/spoor/scanners"
)

const (
	// smallBytes is the size up to which messages are fetched in batches.
	smallBytes = 256 << 10
	// batchBytes and batchMessages limit a batch by the listed sizes.
	batchBytes    = 4 << 20
	batchMessages = 512
	// batchRoom is what a batch may come to when listed sizes are wrong.
	batchRoom = batchBytes + 1<<20
	// chunkBytes is the length of a range of a large message.
	chunkBytes = 1 << 20
	// overhead is what a server may say per message beside its content.
	overhead = 16 << 10

	// maxDeaths and maxStalls are how many connections may be lost, or time
	// out, one after the other without a single message having arrived.
	maxDeaths = 12
	maxStalls = 3
)

// An entry is a message that was listed in a part.
type entry struct {
	uid  goimap.UID
	size int64 // RFC822.SIZE, -1 where unknown
}

// A mail is an entry that was fetched, or why it was not.
type mail struct {
	entry
	done       bool
	large      bool // has to be read by ranges
	gap        *scanners.Gap
	flags      []goimap.Flag
	time       time.Time
	start, end int // of the content in the batch's buffer
}

// A box is the mailbox that is read.
type box struct {
	message
	where string
}

func (b box) at(uid goimap.UID) message {
	m := b.message
	m.uid, m.last = uid, 0
	return m
}

// Items implements scanners.Source. Its items are messages in ascending order
// of UID; the Cursor is a UID.
func (s *source) Items(ctx context.Context, p scanners.Part) iter.Seq2[scanners.Item, error] {
	return func(yield func(scanners.Item, error) bool) {
		r, err := parseURI(p.ID)
		if err == nil && (r.mailbox == "" || r.uid == "" || !s.allows(r.user)) {
			err = errors.New("imap: the part is not one of this source")
		}
		if err != nil {
			yield(scanners.Item{}, err)
			return
		}
		lo, hi, err := r.span()
		if err != nil {
			yield(scanners.Item{}, err)
			return
		}
		after, err := cursor(p)
		if err != nil {
			yield(scanners.Item{}, err)
			return
		}
		if after >= hi {
			return
		}
		lo = max(lo, after+1)
		b := box{message{place: &s.place, account: r.user, mailbox: r.mailbox, validity: r.validity}, p.Place}
		list, err := s.entries(ctx, b, lo, hi)
		if err != nil {
			if ctx.Err() != nil {
				yield(scanners.Item{}, context.Cause(ctx))
				return
			}
			units, size := max(p.Units, 0), max(p.Bytes, 0)
			if after > 0 {
				// How much of the part was done is not known.
				units, size = 0, 0
			}
			yield(scanners.Item{}, b.gap(err, "list messages", units, size))
			return
		}
		s.items(ctx, b, list, yield)
	}
}

// gap makes the Gap of a mailbox or a share of it.
func (b box) gap(err error, op string, units, size int64) *scanners.Gap {
	detail := err.Error()
	if !strings.HasPrefix(detail, op) {
		detail = op + ": " + detail
	}
	g := &scanners.Gap{
		URI: b.message.String(), Place: b.where, Reason: reason(err), Detail: detail,
		Units: units, Bytes: size, Err: err,
	}
	if inner := (*scanners.Gap)(nil); errors.As(err, &inner) {
		g.Detail = inner.Detail
	}
	return g
}

// lost makes the Gap of one message.
func (b box) lost(e entry, reason scanners.Reason, detail string) *scanners.Gap {
	return &scanners.Gap{
		URI: b.at(e.uid).String(), Place: b.where, Reason: reason, Detail: detail,
		Units: 1, Bytes: max(e.size, 0),
	}
}

func (s *source) items(ctx context.Context, b box, list []entry, yield func(scanners.Item, error) bool) {
	var buf []byte
	broken := 0 // large messages in succession at which the connection was lost
	for len(list) > 0 {
		n, sum := 0, int64(0)
		for n < len(list) && n < batchMessages && list[n].size >= 0 && list[n].size <= smallBytes {
			if sum += list[n].size; sum > batchBytes {
				break
			}
			n++
		}
		var mails []mail
		var err error
		if n == 0 {
			n = 1
			mails = []mail{{entry: list[0], done: true, large: true}}
		} else {
			mails = make([]mail, n)
			for i := range mails {
				mails[i].entry = list[i]
			}
			buf, err = s.spool(ctx, b, mails, buf[:0])
		}
		for i := range mails {
			m := &mails[i]
			switch {
			case m.gap != nil:
				if !yield(scanners.Item{}, m.gap) {
					return
				}
			case m.large:
				item, gap, e := s.large(ctx, b, m.entry)
				if e != nil {
					s.rest(ctx, b, mails[i:], list[n:], e, yield)
					return
				}
				if gap != nil {
					if broken++; gap.Reason != scanners.Timeout && gap.Reason != scanners.Offline {
						broken = 0
					}
					if !yield(scanners.Item{}, gap) {
						return
					}
					if broken >= maxStalls {
						s.rest(ctx, b, mails[i+1:], list[n:], gap, yield)
						return
					}
				} else if !yield(item, nil) {
					return
				}
			case m.done:
				broken = 0
				item := b.item(m.entry, m.flags, m.time)
				item.Size = int64(m.end - m.start)
				item.Body = bytes.NewReader(buf[m.start:m.end])
				if !yield(item, nil) {
					return
				}
			default:
				// spool leaves one only when it has given up.
				s.rest(ctx, b, mails[i:], list[n:], err, yield)
				return
			}
			if ctx.Err() != nil {
				yield(scanners.Item{}, context.Cause(ctx))
				return
			}
		}
		list = list[n:]
	}
}

// rest accounts for what is left of a part when the server is given up.
func (s *source) rest(ctx context.Context, b box, mails []mail, list []entry, err error, yield func(scanners.Item, error) bool) {
	if ctx.Err() != nil {
		yield(scanners.Item{}, context.Cause(ctx))
		return
	}
	var units, size int64
	for i := range mails {
		m := &mails[i]
		if m.gap != nil {
			if !yield(scanners.Item{}, m.gap) {
				return
			}
			continue
		}
		units++
		size += max(m.size, 0)
	}
	for _, e := range list {
		units++
		size += max(e.size, 0)
	}
	if units > 0 {
		yield(scanners.Item{}, b.gap(err, "fetch messages", units, size))
	}
}

// item makes the item of a message, without its body.
func (b box) item(e entry, flags []goimap.Flag, t time.Time) scanners.Item {
	m := b.at(e.uid)
	var names []string
	for _, f := range flags {
		// \Recent belongs to the session, not to the message.
		if f != `\Recent` {
			names = append(names, string(f))
		}
	}
	sort.Strings(names)
	it := scanners.Item{
		Ref:    m.ref(b.where),
		Name:   "message.eml",
		Size:   e.size,
		Time:   t,
		Cursor: strconv.FormatUint(uint64(e.uid), 10),
		Fields: []scanners.Field{{Name: "account", Value: b.account}, {Name: "mailbox", Value: b.mailbox}},
	}
	if len(names) > 0 {
		it.Fields = append(it.Fields, scanners.Field{Name: "flags", Value: strings.Join(names, " ")})
	}
	return it
}

// entries lists the messages with UIDs from lo to hi, with their sizes, so that
// it is known what is missing when reading fails.
func (s *source) entries(ctx context.Context, b box, lo, hi goimap.UID) ([]entry, error) {
	var list []entry
	sized := true
	err := s.ask(ctx, b.account, b.mailbox, b.validity, func(x *session) error {
		list = list[:0]
		if sized {
			err := x.run(ctx, "list messages", controlBytes, func(c *imapclient.Client) error {
				var set goimap.UIDSet
				set.AddRange(lo, hi)
				cmd := c.Fetch(set, &goimap.FetchOptions{UID: true, RFC822Size: true})
				for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
					e := entry{size: -1}
					for it := msg.Next(); it != nil; it = msg.Next() {
						switch it := it.(type) {
						case imapclient.FetchItemDataUID:
							e.uid = it.UID
						case imapclient.FetchItemDataRFC822Size:
							e.size = it.Size
						}
					}
					if e.uid >= lo && e.uid <= hi {
						list = append(list, e)
					}
				}
				return cmd.Close()
			})
			if err == nil || transient(err) {
				return err
			}
			// A size that the server cannot tell must not cost the others.
			sized = false
			list = list[:0]
			if x.dead {
				return &breakage{"list messages", io.ErrUnexpectedEOF}
			}
		}
		uids, err := x.search(ctx, lo, hi)
		for _, u := range uids {
			list = append(list, entry{u, -1})
		}
		return err
	})
	sort.Slice(list, func(i, j int) bool { return list[i].uid < list[j].uid })
	return list, err
}

// A share is some of the mails of a batch, by index.
type share struct {
	mails  []int
	second bool // was asked for before
}

// spool fetches mails into buf, which it returns. It gives a gap to each that
// can't be had. With an error it has given up on those that have neither.
func (s *source) spool(ctx context.Context, b box, mails []mail, buf []byte) ([]byte, error) {
	if buf == nil {
		var sum int64
		for i := range mails {
			sum += mails[i].size
		}
		buf = make([]byte, 0, sum)
	}
	all := share{mails: make([]int, len(mails))}
	for i := range all.mails {
		all.mails[i] = i
	}
	deaths, stalls := 0, 0
	for work := []share{all}; len(work) > 0; {
		sh := work[len(work)-1]
		work = work[:len(work)-1]
		err := s.with(ctx, b.account, b.mailbox, b.validity, func(x *session) error {
			var err error
			buf, err = x.fetch(ctx, mails, sh.mails, buf)
			return err
		})
		if ctx.Err() != nil {
			return buf, context.Cause(ctx)
		}
		rest := undone(mails, sh.mails)
		if len(rest) < len(sh.mails) {
			deaths, stalls = 0, 0
		}
		if len(rest) == 0 {
			continue
		}
		var off *offline
		var refused *refusal
		var bad *garble
		switch {
		case errors.As(err, &off):
			return buf, err
		case err == nil && !sh.second:
			// An unsolicited FETCH of flags can stand in for the real one.
			work = append(work, share{rest, true})
			continue
		case err == nil, errors.As(err, &refused):
			rest, err := s.vanished(ctx, b, mails, rest)
			if err != nil {
				return buf, err
			}
			if len(rest) == 1 || refused == nil {
				for _, i := range rest {
					m := &mails[i]
					if refused != nil {
						m.gap = b.lost(m.entry, refused.reason(), refused.Error())
					} else {
						m.gap = b.lost(m.entry, scanners.Failed, "fetch message: the server has it and sends no content")
					}
				}
				continue
			}
			work = halves(work, rest)
		case errors.As(err, &bad):
			if len(rest) == 1 {
				m := &mails[rest[0]]
				m.gap = b.lost(m.entry, scanners.Corrupt, bad.Error())
				continue
			}
			work = halves(work, rest)
		default:
			deaths++
			if reason(err) == scanners.Timeout {
				stalls++
			}
			switch {
			case deaths >= maxDeaths || stalls >= maxStalls:
				return buf, err
			case deaths == 1:
				work = append(work, share{rest, sh.second})
			case len(rest) == 1:
				// The server takes new connections and dies of this message.
				m := &mails[rest[0]]
				m.gap = b.lost(m.entry, reason(err), err.Error())
				deaths = 1
			default:
				work = halves(work, rest)
			}
		}
	}
	return buf, nil
}

func undone(mails []mail, among []int) []int {
	var rest []int
	for _, i := range among {
		if !mails[i].done && mails[i].gap == nil {
			rest = append(rest, i)
		}
	}
	return rest
}

// halves puts both halves of rest on the stack, the first on top.
func halves(work []share, rest []int) []share {
	if n := len(rest) / 2; n > 0 {
		return append(work, share{rest[n:], true}, share{rest[:n], true})
	}
	if len(rest) > 0 {
		work = append(work, share{rest, true})
	}
	return work
}

// vanished gives a gap to those mails that are no longer there and returns the
// others.
func (s *source) vanished(ctx context.Context, b box, mails []mail, rest []int) ([]int, error) {
	there := make(map[goimap.UID]bool)
	err := s.ask(ctx, b.account, b.mailbox, b.validity, func(x *session) error {
		// Let the server tell what has gone.
		if err := x.run(ctx, "noop", controlBytes, func(c *imapclient.Client) error { return c.Noop().Wait() }); err != nil {
			return err
		}
		clear(there)
		uids, err := x.search(ctx, mails[rest[0]].uid, mails[rest[len(rest)-1]].uid)
		for _, u := range uids {
			there[u] = true
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	var left []int
	for _, i := range rest {
		m := &mails[i]
		if there[m.uid] {
			left = append(left, i)
			continue
		}
		m.gap = b.lost(m.entry, scanners.Vanished, "fetch message: it was deleted after it was listed")
	}
	return left, nil
}

// fetch asks for some mails in one command and appends their content to buf.
func (x *session) fetch(ctx context.Context, mails []mail, which []int, buf []byte) ([]byte, error) {
	var set goimap.UIDSet
	byUID := make(map[goimap.UID]*mail, len(which))
	limit := int64(controlBytes)
	for _, i := range which {
		m := &mails[i]
		if m.done || m.gap != nil {
			continue
		}
		set.AddNum(m.uid)
		byUID[m.uid] = m
		limit += m.size + overhead
	}
	err := x.run(ctx, "fetch messages", limit, func(c *imapclient.Client) error {
		cmd := c.Fetch(set, &goimap.FetchOptions{
			UID: true, Flags: true, InternalDate: true, RFC822Size: true,
			BodySection: []*goimap.FetchItemBodySection{{Peek: true}},
		})
		for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
			var got mail
			whole := false
			start := len(buf)
			for it := msg.Next(); it != nil; it = msg.Next() {
				switch it := it.(type) {
				case imapclient.FetchItemDataUID:
					got.uid = it.UID
				case imapclient.FetchItemDataFlags:
					got.flags = it.Flags
				case imapclient.FetchItemDataInternalDate:
					got.time = it.Time
				case imapclient.FetchItemDataBodySection:
					if it.Literal == nil || !plain(it.Section) {
						continue
					}
					n := it.Literal.Size()
					if n < 0 || n > batchRoom-int64(start) {
						if m := byUID[got.uid]; m != nil {
							// Much longer than it was listed.
							m.done, m.large, m.size = true, true, n
						}
						x.conn.fail(errFlood)
						continue
					}
					var err error
					if buf, err = appendN(buf[:start], it.Literal, n); err != nil {
						buf = buf[:start]
						return x.cutOff(err)
					}
					whole = true
				}
			}
			m := byUID[got.uid]
			if !whole || m == nil || m.done || len(buf) == start && m.size > 0 {
				buf = buf[:start]
				continue
			}
			m.done, m.flags, m.time = true, got.flags, got.time
			m.start, m.end = start, len(buf)
		}
		return cmd.Close()
	})
	return buf, err
}

// plain reports whether a section is the whole message.
func plain(s *goimap.FetchItemBodySection) bool {
	return s != nil && s.Specifier == goimap.PartSpecifierNone && len(s.Part) == 0
}

// cutOff ends the connection in which a literal ended early. Nothing more of
// its command may be consumed: the library would read the rest of the literal
// while its own reader goes on.
func (x *session) cutOff(err error) error {
	x.conn.fail(io.ErrUnexpectedEOF)
	return err
}

// appendN appends exactly n bytes of r to buf. A literal that is cut off ends
// without an error of its own.
func appendN(buf []byte, r io.Reader, n int64) ([]byte, error) {
	start := len(buf)
	if need := start + int(n); need > cap(buf) {
		buf = append(make([]byte, 0, max(need, min(2*cap(buf), batchRoom))), buf...)
	}
	buf = buf[:start+int(n)]
	k, err := io.ReadFull(r, buf[start:])
	return buf[:start+k], err
}

// A chunk is a range of a message, with what else is known about it.
type chunk struct {
	found bool // the message is there
	sent  bool // with content
	flags []goimap.Flag
	time  time.Time
	size  int64
	data  []byte
}

// chunk fetches a range of a message into data, whose capacity is the length.
func (s *source) chunk(ctx context.Context, b box, uid goimap.UID, off int64, data []byte) (chunk, error) {
	var got chunk
	err := s.ask(ctx, b.account, b.mailbox, b.validity, func(x *session) error {
		got = chunk{size: -1, data: data[:0]}
		err := x.run(ctx, "fetch message", controlBytes+chunkBytes, func(c *imapclient.Client) error {
			opts := &goimap.FetchOptions{UID: true, BodySection: []*goimap.FetchItemBodySection{{
				Peek: true, Partial: &goimap.SectionPartial{Offset: off, Size: int64(cap(data))},
			}}}
			if off == 0 {
				opts.Flags, opts.InternalDate, opts.RFC822Size = true, true, true
			}
			cmd := c.Fetch(goimap.UIDSetNum(uid), opts)
			for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
				for it := msg.Next(); it != nil; it = msg.Next() {
					switch it := it.(type) {
					case imapclient.FetchItemDataUID:
						got.found = it.UID == uid
					case imapclient.FetchItemDataFlags:
						got.flags = it.Flags
					case imapclient.FetchItemDataInternalDate:
						got.time = it.Time
					case imapclient.FetchItemDataRFC822Size:
						got.size = it.Size
					case imapclient.FetchItemDataBodySection:
						if !plain(it.Section) {
							continue
						}
						if it.Literal == nil {
							got.sent = true // NIL: nothing from here on
							continue
						}
						n := it.Literal.Size()
						wrong := it.Section.Partial == nil && off > 0 || it.Section.Partial != nil && it.Section.Partial.Offset != off
						if wrong || n < 0 || n > int64(cap(data)) {
							x.conn.fail(errFlood)
							continue
						}
						var err error
						if got.data, err = appendN(got.data[:0], it.Literal, n); err != nil {
							return x.cutOff(err)
						}
						got.sent = true
					}
				}
			}
			return cmd.Close()
		})
		if err == nil && got.found && !got.sent && off == 0 {
			// Only flags came, unsolicited.
			return &breakage{"fetch message", io.ErrUnexpectedEOF}
		}
		return err
	})
	return got, err
}

// large starts reading a message by ranges. It returns a gap where that one
// can't be had, and an error where nothing more can.
func (s *source) large(ctx context.Context, b box, e entry) (scanners.Item, *scanners.Gap, error) {
	first, err := s.chunk(ctx, b, e.uid, 0, make([]byte, 0, chunkBytes))
	var off *offline
	switch {
	case ctx.Err() != nil:
		return scanners.Item{}, nil, context.Cause(ctx)
	case errors.As(err, &off):
		return scanners.Item{}, nil, err
	}
	if err != nil || !first.found {
		mails := []mail{{entry: e}}
		rest, e2 := s.vanished(ctx, b, mails, []int{0})
		if e2 != nil {
			return scanners.Item{}, nil, e2
		}
		switch {
		case len(rest) == 0:
			return scanners.Item{}, mails[0].gap, nil
		case err == nil:
			err = errors.New("fetch message: the server has it and sends no content")
		}
		return scanners.Item{}, b.lost(e, reason(err), err.Error()), nil
	}
	if first.size >= 0 {
		e.size = first.size
	}
	item := b.item(e, first.flags, first.time)
	r := &ranged{ctx: ctx, s: s, b: b, entry: e, buf: first.data, data: first.data}
	r.off = int64(len(first.data))
	r.end = len(first.data) < chunkBytes && r.off >= e.size
	if r.end {
		item.Size = r.off
	}
	item.Body = r
	return item, nil, nil
}

// ranged reads a message by ranges. It holds no connection between them.
type ranged struct {
	ctx   context.Context
	s     *source
	b     box
	entry entry
	buf   []byte // memory of the ranges
	data  []byte // what is still to be handed out
	off   int64  // of the next range
	end   bool
	err   error
}

func (r *ranged) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(r.data) == 0 && r.err == nil {
		r.err = r.next()
	}
	if len(r.data) == 0 {
		return 0, r.err
	}
	n := copy(p, r.data)
	r.data = r.data[n:]
	return n, nil
}

func (r *ranged) next() error {
	if r.end {
		return io.EOF
	}
	if cap(r.buf) < chunkBytes {
		r.buf = make([]byte, 0, chunkBytes)
	}
	got, err := r.s.chunk(r.ctx, r.b, r.entry.uid, r.off, r.buf[:0:chunkBytes])
	if r.ctx.Err() != nil {
		return context.Cause(r.ctx)
	}
	if err == nil && !got.found {
		err = &scanners.Gap{Reason: scanners.Vanished, Detail: "fetch message: it was deleted while it was read"}
	}
	if err != nil {
		g := r.b.gap(err, "fetch message", 0, max(r.entry.size-r.off, 0))
		g.URI = r.b.at(r.entry.uid).String()
		return g
	}
	r.data = got.data
	r.off += int64(len(got.data))
	// RFC822.SIZE may be wrong: the end is where the server sends nothing more,
	// or less than asked for and as much as was listed.
	r.end = len(got.data) == 0 || len(got.data) < chunkBytes && r.off >= r.entry.size
	if len(got.data) == 0 {
		return io.EOF
	}
	return nil
}

// Open implements scanners.Source.
func (s *source) Open(ctx context.Context, ref scanners.Ref) (scanners.Item, error) {
	r, err := parseURI(ref.URI)
	if err != nil {
		return scanners.Item{}, err
	}
	lo, hi, err := r.span()
	if err != nil || lo != hi || r.mailbox == "" {
		return scanners.Item{}, errors.New("imap: the URI names no message; it ends in MAILBOX;UIDVALIDITY=n/;UID=n")
	}
	if r.host != s.host || r.port != s.port || !s.allows(r.user) {
		return scanners.Item{}, errors.New("imap: the URI names another server or account than the source")
	}
	where := ref.Place
	if where == "" {
		where = placeOf(r.mailbox, nil)
	}
	b := box{message{place: &s.place, account: r.user, mailbox: r.mailbox, validity: r.validity}, where}
	if b.validity == 0 {
		err := s.ask(ctx, b.account, b.mailbox, 0, func(x *session) error { b.validity = x.validity; return nil })
		if err != nil {
			return scanners.Item{}, s.unopened(ctx, b, lo, err)
		}
	}
	item, gap, err := s.large(ctx, b, entry{lo, -1})
	if err != nil {
		return scanners.Item{}, s.unopened(ctx, b, lo, err)
	}
	if gap != nil {
		return scanners.Item{}, gap
	}
	return item, nil
}

// unopened makes the error of Open.
func (s *source) unopened(ctx context.Context, b box, uid goimap.UID, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	g := b.gap(err, "open message", 1, 0)
	g.URI = b.at(uid).String()
	return g
}
