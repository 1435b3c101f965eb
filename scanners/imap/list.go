package imap

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/spoor-scan/spoor/scanners"
)

const (
	// partUIDs is the number of UIDs that a part of a large mailbox covers,
	// unless they are so sparse that parts would be too many.
	partUIDs = 2000
	maxUID   = goimap.UID(1<<32 - 1)
)

// A mailbox is one that was listed.
type mailbox struct {
	name     string
	delim    rune
	attrs    []goimap.MailboxAttr
	validity uint32
	messages uint32
	bytes    int64 // -1 where unknown
	err      error // why it cannot be read
}

// Parts implements scanners.Source. A part is a range of UIDs of a mailbox.
func (s *source) Parts(ctx context.Context) iter.Seq2[scanners.Part, error] {
	return func(yield func(scanners.Part, error) bool) {
		var first error
		listed := 0
		for _, account := range s.accounts {
			boxes, err := s.list(ctx, account)
			if err != nil && ctx.Err() != nil {
				yield(scanners.Part{}, context.Cause(ctx))
				return
			}
			if err != nil {
				gap := &scanners.Gap{
					URI: message{place: &s.place, account: account}.String(), Place: "account",
					Reason: reason(err), Detail: "list mailboxes: " + err.Error(), Err: err,
				}
				var refused *refusal
				if !s.explicit || listed == 0 && first == nil && !errors.As(err, &refused) {
					// No use in trying the other accounts of a server that
					// cannot be reached.
					yield(scanners.Part{}, fmt.Errorf("imap: %w", gap)) // whose reason is kept
					return
				}
				if first == nil {
					first = gap
				}
				if !yield(scanners.Part{}, gap) {
					return
				}
				continue
			}
			listed++
			for _, b := range boxes {
				if !s.parts(ctx, account, b, yield) {
					return
				}
			}
		}
		if listed == 0 {
			yield(scanners.Part{}, fmt.Errorf("imap: no account could be listed; the first: %w", first))
		}
	}
}

// parts yields the parts of one mailbox and reports whether to go on.
func (s *source) parts(ctx context.Context, account string, b mailbox, yield func(scanners.Part, error) bool) bool {
	included := s.included(b)
	if b.err == nil {
		s.count(ctx, account, &b, included)
		if ctx.Err() != nil {
			yield(scanners.Part{}, context.Cause(ctx))
			return false
		}
	}
	at := message{place: &s.place, account: account, mailbox: b.name, validity: b.validity}
	where := placeOf(b.name, b.attrs)
	switch {
	case b.err != nil:
		return yield(scanners.Part{}, &scanners.Gap{
			URI: at.String(), Place: where, Reason: reason(b.err), Detail: b.err.Error(), Err: b.err, Units: int64(b.messages), Bytes: max(b.bytes, 0),
		})
	case !included:
		return yield(scanners.Part{}, &scanners.Exclusion{
			URI: at.String(), Place: where, Reason: scanners.ByConfig, Detail: "mailbox left out by include or exclude",
			Units: int64(b.messages), Bytes: max(b.bytes, 0),
		})
	case b.messages == 0:
		return true
	}
	if x := s.env.Left(at.String(), where, int64(b.messages), b.bytes); x != nil {
		if st, err := s.status(ctx, account, b.name); err == nil && st.Size != nil {
			x.Bytes = *st.Size
		}
		return yield(scanners.Part{}, x)
	}
	spans := []span{{lo: 1, hi: maxUID, n: int64(b.messages)}}
	if b.messages > partUIDs {
		if l, err := s.split(ctx, account, b); err == nil && len(l) > 0 {
			spans = l
		} else if ctx.Err() != nil {
			yield(scanners.Part{}, context.Cause(ctx))
			return false
		}
	}
	var total int64
	for _, sp := range spans {
		total += sp.n
	}
	for _, sp := range spans {
		at.uid, at.last = sp.lo, sp.hi
		p := scanners.Part{
			Source: s.name, ID: at.String(), Place: where,
			Range: fmt.Sprintf("UID %d:%d", sp.lo, sp.hi), Units: sp.n, Bytes: b.bytes,
		}
		if b.bytes > 0 && sp.n != total {
			p.Bytes = int64(float64(b.bytes) * (float64(sp.n) / float64(total)))
		}
		if !yield(p, nil) {
			return false
		}
	}
	return true
}

// included reports whether the configuration lets a mailbox in.
func (s *source) included(b mailbox) bool {
	name := b.name
	if b.delim != 0 && b.delim != '/' {
		name = strings.ReplaceAll(name, string(b.delim), "/")
	}
	in := len(s.include) == 0
	for _, g := range s.include {
		in = in || doublestar.MatchUnvalidated(g, name)
	}
	for _, g := range s.exclude {
		in = in && !doublestar.MatchUnvalidated(g, name)
	}
	return in
}

// A span is a range of UIDs with n messages in it.
type span struct {
	lo, hi goimap.UID
	n      int64
}

// split divides a mailbox along a grid of UIDs, so that its parts stay the same
// when messages come or go.
func (s *source) split(ctx context.Context, account string, b mailbox) ([]span, error) {
	var uids []goimap.UID
	err := s.ask(ctx, account, b.name, b.validity, func(x *session) (err error) {
		uids, err = x.search(ctx, 1, maxUID)
		return err
	})
	if err != nil {
		return nil, err
	}
	return grid(uids, partUIDs), nil
}

// grid groups UIDs in ascending order into ranges of width*2^k, where k is the
// smallest for which there are not many more ranges than UIDs need.
func grid(uids []goimap.UID, width uint64) []span {
	if len(uids) == 0 {
		return nil
	}
	most := 2*(len(uids)/int(width)) + 8
	for ; ; width *= 2 {
		var spans []span
		for _, u := range uids {
			lo := (uint64(u)-1)/width*width + 1
			if n := len(spans); n > 0 && uint64(spans[n-1].lo) == lo {
				spans[n-1].n++
				continue
			}
			if len(spans) == most {
				spans = nil
				break
			}
			hi := min(lo+width-1, uint64(maxUID))
			spans = append(spans, span{lo: goimap.UID(lo), hi: goimap.UID(hi), n: 1})
		}
		if spans != nil {
			return spans
		}
	}
}

// search returns the UIDs in a range in ascending order.
func (x *session) search(ctx context.Context, lo, hi goimap.UID) ([]goimap.UID, error) {
	var uids []goimap.UID
	err := x.run(ctx, "search", controlBytes, func(c *imapclient.Client) error {
		var set goimap.UIDSet
		set.AddRange(lo, hi)
		var opts *goimap.SearchOptions
		if x.caps.Has(goimap.CapESearch) {
			opts = &goimap.SearchOptions{ReturnAll: true}
		}
		data, err := c.UIDSearch(&goimap.SearchCriteria{UID: []goimap.UIDSet{set}}, opts).Wait()
		if err != nil {
			return err
		}
		found, _ := data.All.(goimap.UIDSet)
		// A hostile server could name all four thousand million.
		for _, r := range found {
			if r.Start == 0 || r.Stop < r.Start || uint64(r.Stop-r.Start) >= uint64(x.messages)+partUIDs {
				return errFlood
			}
			for u := r.Start; ; u++ {
				if u >= lo && u <= hi {
					uids = append(uids, u)
				}
				if u == r.Stop {
					break
				}
			}
			if len(uids) > int(x.messages)+1000*partUIDs {
				return errFlood
			}
		}
		return nil
	})
	sort.Slice(uids, func(i, j int) bool { return uids[i] < uids[j] })
	return uids, err
}

// list returns the mailboxes of an account by name, without those that are
// only levels of the hierarchy.
func (s *source) list(ctx context.Context, account string) ([]mailbox, error) {
	rows, bad, err := s.rows(ctx, account)
	if err != nil {
		return nil, err
	}
	var boxes []mailbox
	for _, name := range bad {
		boxes = append(boxes, mailbox{name: name, bytes: -1, err: &scanners.Gap{
			Reason: scanners.Unsupported, Detail: "list mailboxes: a folder's name is not valid modified UTF-7, so that IMAP cannot open it; rename it on the server",
		}})
	}
	for _, row := range rows {
		if hasAttr(row.Attrs, goimap.MailboxAttrNoSelect) || hasAttr(row.Attrs, goimap.MailboxAttrNonExistent) {
			continue
		}
		boxes = append(boxes, mailbox{name: row.Mailbox, delim: row.Delim, attrs: row.Attrs, bytes: -1})
	}
	return boxes, nil
}

// count fills in how many messages there are in a mailbox, and their size where
// none is read. One that is to be read is opened for it: STATUS has a server open
// it too, and Dovecot go through its folder once more.
func (s *source) count(ctx context.Context, account string, b *mailbox, read bool) {
	if read {
		b.err = s.ask(ctx, account, b.name, 0, func(x *session) error {
			b.validity, b.messages = x.validity, x.messages
			return nil
		})
		var refused *refusal
		if b.err == nil || !errors.As(b.err, &refused) {
			return
		}
	}
	st, err := s.status(ctx, account, b.name)
	if err != nil {
		b.err = err
		return
	}
	b.validity, b.messages = st.UIDValidity, *st.NumMessages
	if st.Size != nil {
		b.bytes = *st.Size
	}
}

func hasAttr(attrs []goimap.MailboxAttr, a goimap.MailboxAttr) bool {
	for _, x := range attrs {
		if x == a {
			return true
		}
	}
	return false
}

// rows lists all that the account can see: LIST "" "*" and each namespace of
// others and of all, which a server need not include.
// Bad are the names of those that cannot be opened by IMAP.
func (s *source) rows(ctx context.Context, account string) (once []*goimap.ListData, bad []string, err error) {
	if s.mailbox != "" {
		row := &goimap.ListData{Mailbox: s.mailbox}
		err := s.ask(ctx, account, "", 0, func(x *session) error {
			r, err := x.find(ctx, s.mailbox)
			if r != nil {
				row = r
			}
			return err
		})
		return []*goimap.ListData{row}, nil, err
	}
	var all []*goimap.ListData
	err = s.ask(ctx, account, "", 0, func(x *session) error {
		var opts *goimap.ListOptions
		if x.caps.Has(goimap.CapListStatus) || x.caps.Has(goimap.CapIMAP4rev2) { // and so LIST-EXTENDED
			opts = &goimap.ListOptions{ReturnSpecialUse: x.caps.Has(goimap.CapSpecialUse)}
		}
		patterns := []string{"*"}
		if x.caps.Has(goimap.CapNamespace) {
			var ns *goimap.NamespaceData
			err := x.run(ctx, "namespace", controlBytes, func(c *imapclient.Client) (err error) {
				ns, err = c.Namespace().Wait()
				return err
			})
			var refused *refusal
			if err != nil && !errors.As(err, &refused) {
				return err
			}
			for _, d := range append(append([]goimap.NamespaceDescriptor(nil), ns.Other...), ns.Shared...) {
				if d.Prefix != "" && !strings.ContainsAny(d.Prefix, "*%") {
					patterns = append(patterns, d.Prefix+"*")
				}
			}
		}
		all, bad = nil, nil
		for i, pattern := range patterns {
			var l []*goimap.ListData
			var filter listFilter
			x.conn.filterLists(&filter)
			err := x.run(ctx, "list mailboxes", controlBytes, func(c *imapclient.Client) (err error) {
				l, err = c.List("", pattern, opts).Collect()
				return err
			})
			x.conn.filterLists(nil)
			bad = append(bad, filter.bad...)
			var refused *refusal
			if err != nil && (i == 0 || !errors.As(err, &refused)) {
				return err
			}
			all = append(all, l...)
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	slices.Sort(bad)
	bad = slices.Compact(bad)
	sort.SliceStable(all, func(i, j int) bool { return all[i].Mailbox < all[j].Mailbox })
	for _, r := range all {
		if r.Mailbox != "" && (len(once) == 0 || once[len(once)-1].Mailbox != r.Mailbox) {
			once = append(once, r)
		}
	}
	return once, bad, nil
}

func (x *session) statusItems(size bool) *goimap.StatusOptions {
	return &goimap.StatusOptions{
		NumMessages: true, UIDValidity: true,
		Size: size && (x.caps.Has(goimap.CapStatusSize) || x.caps.Has(goimap.CapIMAP4rev2)),
	}
}

// status asks for one mailbox, by opening it where STATUS is refused.
func (s *source) status(ctx context.Context, account, name string) (*goimap.StatusData, error) {
	var st *goimap.StatusData
	size := true
	err := s.ask(ctx, account, "", 0, func(x *session) error {
		err := x.run(ctx, "status of mailbox", controlBytes, func(c *imapclient.Client) (err error) {
			st, err = c.Status(name, x.statusItems(size)).Wait()
			return err
		})
		// Where sizes are not cached the server has to open each message for
		// them, which may take too long; a second try does without.
		size = false
		return err
	})
	var refused *refusal
	if err == nil && st.NumMessages != nil && st.UIDValidity != 0 {
		return st, nil
	}
	if err != nil && !errors.As(err, &refused) {
		return nil, err
	}
	err = s.ask(ctx, account, name, 0, func(x *session) error {
		st = &goimap.StatusData{Mailbox: name, NumMessages: &x.messages, UIDValidity: x.validity}
		n := x.messages
		st.NumMessages = &n
		return nil
	})
	return st, err
}

// cursor returns the UID after which a part is to be gone on with.
func cursor(p scanners.Part) (goimap.UID, error) {
	if p.Cursor == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(p.Cursor, 10, 32)
	if err != nil {
		return 0, errors.New("imap: the part's cursor is not a UID")
	}
	return goimap.UID(n), nil
}
