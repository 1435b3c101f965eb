package s3

import (
	"cmp"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/spoor-scan/spoor/scanners"
)

// Open implements scanners.Source. The body is read in ranges, each of which is
// in memory before the caller sees it, so that a slow caller holds nothing on
// the server. ctx must live as long as the body.
func (s *source) Open(ctx context.Context, ref scanners.Ref) (scanners.Item, error) {
	o, err := parseURI(ref.URI)
	if err != nil {
		return scanners.Item{}, err
	}
	if o.upload != "" {
		it, _, err := s.unfinished(ctx, o)
		var f *fault
		if errors.As(err, &f) && f.reason != scanners.Denied {
			return scanners.Item{}, f.gap(it.Ref, 0)
		}
		return it, nil
	}
	if o.version == "" && s.listed.lacks(o.bucket, o.key, time.Now()) {
		f := &fault{op: "read an object of " + placeOf(o.bucket), reason: scanners.Vanished}
		return scanners.Item{}, f.gap(s.ref(o, "", 0), 0)
	}
	b := &body{s: s, ctx: ctx, o: o, size: -1}
	b.ref = s.ref(o, "", 0)
	if err := b.fill(); err != nil {
		var f *fault
		if !errors.As(err, &f) {
			return scanners.Item{}, err
		}
		if o.version != "" && f.status == http.StatusMethodNotAllowed {
			// So GetObject answers for the version that marks a deletion.
			return s.deleteMarker(o), nil
		}
		g := f.gap(b.ref, 0)
		if g.Reason == scanners.Vanished && strings.ContainsRune(o.key, utf8.RuneError) {
			g.Reason, g.Detail = scanners.Unsupported, b.op()+": its key has characters for which the server's listing has no form"
		}
		b.release()
		return scanners.Item{}, g
	}
	out := b.head
	it := scanners.Item{Name: o.name(), Size: b.size, Time: aws.ToTime(out.LastModified), Body: b}
	it.Fields = metadata(o.key, out)
	if aws.ToInt32(out.TagCount) > 0 {
		tags, err := s.tags(ctx, o)
		if ctx.Err() != nil {
			b.release()
			return scanners.Item{}, err
		}
		if err != nil && scanners.ReasonOf(err) != scanners.Vanished {
			s.mu.Lock()
			s.tagGaps[o.bucket]++
			s.mu.Unlock()
		}
		it.Fields = append(it.Fields, tags...)
	}
	if s.acl {
		grants, err := s.grants(ctx, o)
		if ctx.Err() != nil {
			b.release()
			return scanners.Item{}, err
		}
		if err != nil && scanners.ReasonOf(err) != scanners.Vanished {
			s.mu.Lock()
			s.aclGaps[o.bucket]++
			s.mu.Unlock()
		}
		it.Fields = append(it.Fields, grants...)
	}
	it.Ref = s.ref(o, b.etag, b.size)
	s.locked(ctx, o, b.key, out)
	lock(&it.Ref, out)
	b.ref = it.Ref
	if int64(len(b.buf)) == b.size && b.pool == nil {
		b.whole = b.buf[:len(b.buf):len(b.buf)]
	}
	b.head = &s3.GetObjectOutput{} // all that is needed of it is in it
	return it, nil
}

// metadata returns what the server says of an object beside its content.
func metadata(key string, out *s3.GetObjectOutput) []scanners.Field {
	fields := []scanners.Field{{Name: "key", Value: key}}
	add := func(name string, v string) {
		if v == "" {
			return
		}
		fields = append(fields, scanners.Field{Name: name, Value: v})
		// Headers are ASCII; S3 gives others as RFC 2047 wants.
		if d, err := new(mime.WordDecoder).DecodeHeader(v); err == nil && d != v {
			fields = append(fields, scanners.Field{Name: name, Value: d})
		}
	}
	names := make([]string, 0, len(out.Metadata))
	for name := range out.Metadata {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		add("x-amz-meta-"+name, out.Metadata[name])
	}
	add("content-disposition", aws.ToString(out.ContentDisposition))
	add("website-redirect-location", aws.ToString(out.WebsiteRedirectLocation))
	return fields
}

func (s *source) tags(ctx context.Context, o object) ([]scanners.Field, error) {
	var out *s3.GetObjectTaggingOutput
	err := s.call(ctx, "read object tags of "+placeOf(o.bucket), o.bucket, func(ctx context.Context, region func(*s3.Options)) (err error) {
		out, err = s.client.GetObjectTagging(ctx, &s3.GetObjectTaggingInput{Bucket: &o.bucket, Key: &o.key, VersionId: optional(o.version)}, region)
		return err
	})
	if err != nil {
		return nil, err
	}
	var fields []scanners.Field
	for _, t := range out.TagSet {
		fields = append(fields, scanners.Field{Name: "tag:" + aws.ToString(t.Key), Value: aws.ToString(t.Value)})
	}
	return fields, nil
}

func (s *source) probeTags(ctx context.Context, o object) error {
	_, err := s.tags(ctx, o)
	return err
}

// A body reads an object range by range.
type body struct {
	s    *source
	ctx  context.Context
	o    object
	ref  scanners.Ref
	head *s3.GetObjectOutput // of the first range
	etag string
	key  *sseKey // under which it is encrypted; nil: none of the customer's
	size int64   // -1 until the first range is there
	off  int64   // where buf begins
	buf  []byte
	r    int // what of buf was read
	pool *[]byte
	err  error

	changed time.Time // when the object last changed; zero where unknown
	whole   []byte    // all of it, where that is in memory
	at      random
}

// Read implements io.Reader. A range that can't be read is a *scanners.Gap.
func (b *body) Read(p []byte) (int, error) {
	if b.r == len(b.buf) && b.err == nil {
		if b.off += int64(len(b.buf)); b.off == b.size {
			b.err = io.EOF
		} else {
			b.buf, b.r = b.buf[:0], 0
			b.err = b.fill()
			var f *fault
			if errors.As(b.err, &f) {
				b.err = f.gap(b.ref, b.size-b.off-int64(len(b.buf)))
			}
		}
	}
	if b.r == len(b.buf) && b.err != nil {
		b.release()
		return 0, b.err
	}
	n := copy(p, b.buf[b.r:])
	b.r += n
	return n, nil
}

// Close implements io.Closer.
func (b *body) Close() error {
	b.release()
	b.at.mu.Lock()
	b.at.windows, b.whole = nil, nil
	if b.at.file != nil {
		_ = b.at.file.Close() // it was only read
	}
	b.at.mu.Unlock()
	if b.err == nil {
		b.err = errors.New("s3: read of a closed object")
	}
	return nil
}

func (b *body) release() {
	if b.pool != nil {
		b.s.bufs.Put(b.pool)
	}
	b.pool, b.buf, b.r = nil, nil, 0
}

func (b *body) op() string { return "read an object of " + placeOf(b.o.bucket) }

// goodPart is how many bytes make a try that broke off count as progress.
const goodPart = 64 << 10

// fill reads the range from b.off into b.buf. A connection that breaks is taken
// up again where it broke. On an error b.buf holds what was read before it.
func (b *body) fill() error {
	for {
		before := len(b.buf)
		err := b.s.call(b.ctx, b.op(), b.o.bucket, func(ctx context.Context, region func(*s3.Options)) error {
			err := b.get(ctx, region, true)
			if err != nil && transient(err) && len(b.buf)-before >= goodPart {
				return nil
			}
			return err
		})
		if err != nil {
			return err
		}
		if n := int64(len(b.buf)); n == b.s.chunk || b.off+n == b.size {
			return nil
		}
	}
}

// get asks for the rest of the present range.
func (b *body) get(ctx context.Context, region func(*s3.Options), ranged bool) error {
	from := b.off + int64(len(b.buf))
	in := &s3.GetObjectInput{Bucket: &b.o.bucket, Key: &b.o.key, VersionId: optional(b.o.version), IfMatch: optional(b.etag)}
	if ranged {
		in.Range = aws.String("bytes=" + strconv.FormatInt(from, 10) + "-" + strconv.FormatInt(b.off+b.s.chunk-1, 10))
	}
	b.key.use(in)
	out, err := b.s.client.GetObject(ctx, in, region)
	if err != nil {
		code, status := codeOf(err)
		switch {
		case status == http.StatusBadRequest && code == "InvalidRequest" && b.head == nil && b.key == nil && len(b.s.customerKeys) > 0:
			for i := range b.s.customerKeys {
				b.key = &b.s.customerKeys[i]
				if err = b.get(ctx, region, ranged); err == nil || transient(err) || ctx.Err() != nil {
					return err
				}
			}
			return err
		case status == http.StatusRequestedRangeNotSatisfiable && b.head == nil && ranged:
			return b.get(ctx, region, false) // an empty object has no range
		case status == http.StatusBadRequest && code == "InvalidRequest":
			return &fault{
				op: b.op(), code: code, status: status, reason: scanners.KeyMissing, err: err,
				detail: "the server refuses it as it does with objects that are encrypted under the customer's own key (SSE-C); name it in customer_keys",
			}
		}
		return err
	}
	defer out.Body.Close()
	start, total := int64(0), size(out.ContentLength)
	if out.ContentRange != nil {
		start, total = parseContentRange(*out.ContentRange)
	}
	failed := func(reason scanners.Reason, detail string) error {
		return &fault{op: b.op(), reason: reason, detail: detail}
	}
	switch {
	case start != from || total < 0:
		return failed(scanners.Unsupported, "the server does not give the range that was asked for")
	case b.head != nil && total != b.size:
		return failed(scanners.Vanished, "the object was replaced while it was read")
	case b.head == nil:
		b.head, b.size, b.etag, b.changed = out, total, quoted(out.ETag), aws.ToTime(out.LastModified)
		b.alloc()
	}
	want := min(b.s.chunk, b.size-b.off) - int64(len(b.buf))
	n, err := io.ReadFull(out.Body, b.buf[len(b.buf):len(b.buf)+int(want)])
	b.buf = b.buf[:len(b.buf)+n]
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return err
}

func (b *body) alloc() {
	if b.size < b.s.chunk {
		b.buf = make([]byte, 0, b.size)
		return
	}
	p, _ := b.s.bufs.Get().(*[]byte)
	if p == nil {
		m := make([]byte, b.s.chunk)
		p = &m
	}
	b.pool, b.buf = p, (*p)[:0]
}

// parseContentRange reads "bytes 0-4/1234" (RFC 9110, section 14.4); total is
// -1 where the header is not valid or does not tell.
func parseContentRange(v string) (start, total int64) {
	v, ok := strings.CutPrefix(v, "bytes ")
	span, length, ok2 := strings.Cut(v, "/")
	first, last, ok3 := strings.Cut(span, "-")
	start, err1 := strconv.ParseInt(first, 10, 64)
	end, err2 := strconv.ParseInt(last, 10, 64)
	total, err3 := strconv.ParseInt(length, 10, 64)
	if !ok || !ok2 || !ok3 || cmp.Or(err1, err2, err3) != nil || start < 0 || end < start || total <= end {
		return 0, -1
	}
	return start, total
}
