package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/spoor-scan/spoor/scanners"
)

// A Store reads the current objects below a prefix of a bucket by their names,
// which are what their keys have behind the prefix and its slash. It may be used
// concurrently.
type Store struct {
	s      *source
	bucket string
	prefix string // empty, or ends in a slash
}

var _ scanners.Store = (*Store)(nil)

// NewStore opens "s3://bucket/prefix" in the object store that the environment
// names, or "s3:https://host:port/bucket/prefix" in the one on that host, with
// the bucket and prefix as they are; without https:// before the host that is
// meant. Credentials come from where all programs for S3 look. It does not wait
// for the network.
func NewStore(ctx context.Context, target string) (*Store, error) {
	c := Kind().Config().(*Config)
	bucket, prefix, err := c.storeTarget(target)
	if err != nil {
		return nil, err
	}
	if err := c.Validate(); err != nil {
		return nil, err
	}
	s, err := c.open(ctx, scanners.Env{Name: "s3"})
	if err != nil {
		return nil, err
	}
	if prefix = strings.Trim(prefix, "/"); prefix != "" {
		prefix += "/"
	}
	return &Store{s: s, bucket: bucket, prefix: prefix}, nil
}

// storeTarget sets what a target of a store says, and returns the place in it.
func (c *Config) storeTarget(target string) (bucket, prefix string, err error) {
	if strings.HasPrefix(target, scheme) {
		bucket, prefix, err = parseTarget(target)
	} else {
		rest := strings.TrimPrefix(target, "s3:")
		if !strings.Contains(rest, "://") {
			rest = "https://" + rest
		}
		head, rest, _ := strings.Cut(rest, "://")
		host, path, _ := strings.Cut(rest, "/")
		if strings.ContainsRune(host, '@') {
			return "", "", errors.New("s3: the address of the store must not hold credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
		}
		if _, err := url.Parse(head + "://" + host); err != nil || host == "" {
			return "", "", errors.New("s3: the store must be like s3:https://host:port/bucket/prefix")
		}
		// Amazon's general host name stands for the endpoint of the region.
		if host != "s3.amazonaws.com" {
			c.Endpoint = head + "://" + host
		}
		bucket, prefix, _ = strings.Cut(path, "/")
	}
	if err == nil && bucket == "" {
		err = errors.New("s3: the store must name a bucket, as in s3://bucket/prefix or s3:https://host:port/bucket/prefix")
	}
	c.URI = scheme + scanners.EscapeSegment(bucket) + "/"
	return bucket, prefix, err
}

// Close ends all connections.
func (st *Store) Close() error { return st.s.Close() }

// List implements [scanners.Store], in the order of the server.
func (st *Store) List(ctx context.Context, prefix string) iter.Seq2[scanners.Object, error] {
	return func(yield func(scanners.Object, error) bool) {
		marker := ""
		for {
			pg, err := st.s.objectsPage(ctx, st.bucket, st.prefix+prefix, marker, "", st.s.pageSize)
			if err != nil {
				yield(scanners.Object{}, err)
				return
			}
			for _, e := range pg.entries {
				name, ok := strings.CutPrefix(e.key, st.prefix)
				if ok && name != "" && e.key > marker && !yield(scanners.Object{Name: name, Size: max(e.size, 0), Time: e.time}, nil) {
					return
				}
			}
			if !pg.more {
				return
			}
			if pg.nextKey <= marker {
				yield(scanners.Object{}, errors.New("s3: list objects of "+placeOf(st.bucket)+": the server repeats its listing without an end"))
				return
			}
			marker = pg.nextKey
		}
	}
}

// OpenRange implements [scanners.Store]. A connection that breaks is taken up
// again where it broke.
func (st *Store) OpenRange(ctx context.Context, name string, off, n int64) (io.ReadCloser, error) {
	if off < 0 || name == "" {
		return nil, errors.New("s3: open a range: not a name or range")
	}
	if n == 0 {
		return io.NopCloser(strings.NewReader("")), nil
	}
	r := &rangeReader{st: st, ctx: ctx, o: object{bucket: st.bucket, key: st.prefix + name}, off: off, left: n}
	if err := r.open(); err != nil {
		return nil, r.gap(err)
	}
	return r, nil
}

type rangeReader struct {
	st   *Store
	ctx  context.Context
	o    object
	off  int64
	left int64 // negative: to the end
	etag string
	body io.ReadCloser
	fail int // how often the connection broke without progress
}

func (r *rangeReader) op() string { return "read an object of " + placeOf(r.o.bucket) }

func (r *rangeReader) gap(err error) error {
	var f *fault
	if errors.As(err, &f) {
		return f.gap(scanners.Ref{URI: r.o.uri(), Place: placeOf(r.o.bucket)}, 0)
	}
	return err
}

func (r *rangeReader) open() error {
	span := "bytes=" + strconv.FormatInt(r.off, 10) + "-"
	if r.left > 0 {
		span += strconv.FormatInt(r.off+r.left-1, 10)
	}
	return r.st.s.call(r.ctx, r.op(), r.o.bucket, func(_ context.Context, region func(*s3.Options)) error {
		// The body outlives the call, so it hangs on the caller's context.
		out, err := r.st.s.client.GetObject(r.ctx, &s3.GetObjectInput{
			Bucket: &r.o.bucket, Key: &r.o.key, Range: &span, IfMatch: optional(r.etag),
		}, region)
		if err != nil {
			return err
		}
		start := int64(0)
		if out.ContentRange != nil {
			start, _ = parseContentRange(*out.ContentRange)
		}
		if start != r.off {
			_ = out.Body.Close()
			return &fault{op: r.op(), reason: scanners.Unsupported, detail: "the server does not give the range that was asked for"}
		}
		r.etag, r.body = aws.ToString(out.ETag), out.Body
		return nil
	})
}

// Read implements io.Reader. Fewer bytes than were asked for are an
// io.ErrUnexpectedEOF.
func (r *rangeReader) Read(p []byte) (int, error) {
	for {
		if r.left == 0 {
			return 0, io.EOF
		}
		if r.left > 0 && int64(len(p)) > r.left {
			p = p[:r.left]
		}
		n, err := r.body.Read(p)
		r.off += int64(n)
		if r.left > 0 {
			r.left -= int64(n)
		}
		switch {
		case n > 0:
			r.fail = 0
			return n, nil
		case err == nil:
			continue
		case err == io.EOF && r.left < 0:
			return 0, io.EOF
		case err == io.EOF:
			return 0, io.ErrUnexpectedEOF
		case r.ctx.Err() != nil:
			return 0, fmt.Errorf("s3: %s: %w", r.op(), context.Cause(r.ctx))
		}
		if r.fail++; r.fail > r.st.s.attempts {
			return 0, r.gap(newFault(r.op(), err))
		}
		_ = r.body.Close()
		select {
		case <-r.ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
		if err := r.open(); err != nil {
			return 0, r.gap(err)
		}
	}
}

func (r *rangeReader) Close() error { return r.body.Close() }
