// Package container opens what holds other things: archives and compressed
// streams. A decoder turns one item into the items within it, under a budget,
// so that a zip in a mail in a bucket composes without a special case.
// Documents (package document) have the same shape.
package container

import (
	"context"
	"io"
	"iter"

	"github.com/spoor-scan/spoor/scanners"
)

// HeadLen is how many bytes of an item a Decoder is shown to recognise it.
const HeadLen = 4096

// A Decoder opens one kind of container or document.
type Decoder struct {
	// Name is the kind, as reports and locators call it: "tar", "zip", "mail".
	Name string

	// Bare says that the kind is a bare compression: what it yields is the
	// content itself, without a step of its own.
	Bare bool

	// Hostile says that the decoder is complicated, or borrowed code that may
	// die in ways that can't be caught: it is to run in a process of its own.
	Hostile bool

	// Match reports whether an item that starts with head (up to HeadLen bytes,
	// the whole item if it is shorter) is of this kind. Content decides; the
	// name helps only where the content says nothing.
	Match func(head []byte, name string) bool

	// Needs, where it is not nil, returns the names of files of which one has to
	// stand beside an item that Match takes, for it to be of this kind: the
	// definition of a table beside its rows.
	Needs func(name string) []string

	// Decode yields the items within in, whose Body is set. An item with a Step
	// is a record of its own; one without belongs to in's record: the
	// decompressed content of a bare compression, a piece of text, a block of
	// rows. Errors are as in package scanners: a *scanners.Gap is recorded and
	// the iteration goes on, anything else ends it. What can't be decoded is
	// yielded raw, with Text set, beside a gap that says so; bytes are never
	// dropped.
	//
	// A yielded Body is valid until the iteration continues; what the consumer
	// left unread of it is skipped.
	Decode func(ctx context.Context, in scanners.Item, b *Budget) iter.Seq2[scanners.Item, error]
}

// Options are what the decoders of encrypted and optional content go by.
type Options struct {
	// Passwords returns the passwords to be tried on an encrypted item, by its
	// URI and name, in order; nil: there are none.
	Passwords func(in scanners.Item) []string
	// OCR says that the text in pictures is recognised: the decoders of
	// documents then yield the pictures in them as members.
	OCR bool
	// Recognise returns the text in a picture, in UTF-8; nil: there is nothing
	// that could, as in the process of a hostile decoder. Its error is that of
	// ctx, or a *scanners.Gap beside which there may be some text.
	Recognise func(ctx context.Context, picture io.Reader) ([]byte, error)
}

// For returns the passwords to be tried on in.
func (o Options) For(in scanners.Item) []string {
	if o.Passwords == nil {
		return nil
	}
	return o.Passwords(in)
}
