package s3

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/spoor-scan/spoor/scanners"
)

// A source is one account of one object store.
type source struct {
	name, uri      string
	bucket, prefix string // of the target; an empty bucket means all
	buckets, keys  Filter
	versions       bool
	connections    int
	timeout        time.Duration
	pageSize       int32
	chunk          int64
	attempts       int
	endpoint       string // empty: Amazon's
	region         string
	acl            bool
	customerKeys   []sseKey

	client  *s3.Client
	net     *network
	breaker breaker
	listed  memory
	bufs    sync.Pool // *[]byte of chunk bytes

	mu      sync.Mutex
	regions map[string]string // by bucket, where it is not region
	tagGaps map[string]int64  // by bucket: objects whose tags could not be read
	aclGaps map[string]int64  // and whose grants
	locking map[string]bool   // by bucket: whether it has object lock
}

// Info implements scanners.Source.
func (s *source) Info() scanners.Info {
	consistency := "each page of a listing shows the bucket at a moment of its own; an object that is replaced while it is read is reported as not read"
	if !s.acl {
		consistency += "; to whom the grants of objects give access is not read (set acl)"
	}
	units := "object versions"
	if !s.versions {
		units = "objects"
	}
	return scanners.Info{Name: s.name, Type: "s3", URI: s.uri, Consistency: consistency, Units: units, Parallel: s.connections}
}

// Close implements scanners.Source.
func (s *source) Close() error {
	s.net.close()
	return nil
}

// Parts implements scanners.Source: a part for each bucket, or several for one of
// many keys.
func (s *source) Parts(ctx context.Context) iter.Seq2[scanners.Part, error] {
	return func(yield func(scanners.Part, error) bool) {
		if s.bucket != "" {
			// The account need not be allowed to list buckets to read this one.
			s.parts(ctx, s.bucket, yield)
			return
		}
		named := s.buckets.literals()
		seen := map[string]bool{}
		for name, err := range s.listBuckets(ctx) {
			switch {
			case err != nil && ctx.Err() == nil && len(named) > 0 && scanners.ReasonOf(err) == scanners.Denied && !errors.Is(err, errNoCredentials):
				g := &scanners.Gap{
					URI: scheme, Place: "the list of buckets", Reason: scanners.Denied, Err: err,
					Detail: "list buckets: not allowed; only the buckets that the configuration names are read",
				}
				if !yield(scanners.Part{}, g) {
					return
				}
			case err != nil:
				yield(scanners.Part{}, err)
				return
			case seen[name]:
			case !s.buckets.match(name):
				seen[name] = true
				x := &scanners.Exclusion{URI: scheme + scanners.EscapeSegment(name) + "/", Place: placeOf(name), Reason: scanners.ByConfig, Detail: "left out by buckets"}
				if !yield(scanners.Part{}, x) {
					return
				}
			default:
				seen[name] = true
				if !s.parts(ctx, name, yield) {
					return
				}
			}
		}
		for _, name := range named { // of other accounts, perhaps
			if !seen[name] {
				seen[name] = true
				if !s.parts(ctx, name, yield) {
					return
				}
			}
		}
	}
}

// parts yields the parts of a bucket, and reports whether the iteration goes on.
func (s *source) parts(ctx context.Context, bucket string, yield func(scanners.Part, error) bool) bool {
	for _, p := range s.split(ctx, bucket) {
		if !yield(p, nil) {
			return false
		}
	}
	return true
}

func (s *source) part(bucket string) scanners.Part {
	return scanners.Part{Source: s.name, ID: bucket, Place: placeOf(bucket), Units: -1, Bytes: -1}
}

// listBuckets yields the names of all buckets of the account.
func (s *source) listBuckets(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		in := &s3.ListBucketsInput{}
		if s.endpoint == "" {
			in.MaxBuckets = aws.Int32(1000) // Amazon tells the regions only then
		}
		seen := map[string]bool{}
		for {
			var out *s3.ListBucketsOutput
			err := s.call(ctx, "list buckets", "", func(ctx context.Context, region func(*s3.Options)) (err error) {
				out, err = s.client.ListBuckets(ctx, in, region)
				return err
			})
			if err != nil {
				yield("", err)
				return
			}
			for _, b := range out.Buckets {
				if r := aws.ToString(b.BucketRegion); r != "" && r != s.region {
					s.setRegion(aws.ToString(b.Name), r)
				}
				if aws.ToString(b.Name) != "" && !yield(*b.Name, nil) {
					return
				}
			}
			next := aws.ToString(out.ContinuationToken)
			if next == "" {
				return
			}
			if seen[next] {
				yield("", errors.New("s3: list buckets: the server repeats its listing without an end"))
				return
			}
			seen[next] = true
			in.ContinuationToken = &next
		}
	}
}

// A phase of a part: what is being listed.
const (
	objectsPhase  = "o"
	versionsPhase = "v"
	uploadsPhase  = "u"
)

// A cursor says where in a part an item stands: in which listing, behind which
// markers its page begins, and which entry of the page it is. Where a page can
// begin behind any key, as with plain objects, the markers alone are enough.
type cursor struct {
	Phase     string `json:"p"`
	KeyMarker []byte `json:"km,omitempty"` // keys need not be UTF-8
	IDMarker  string `json:"im,omitempty"`
	Key       []byte `json:"k,omitempty"`
	ID        string `json:"i,omitempty"`
}

func (c cursor) String() string {
	b, _ := json.Marshal(c)
	return string(b)
}

// An entry is one line of a listing.
type entry struct {
	key, id string // id of the version or the upload
	etag    string
	owner   string
	size    int64
	time    time.Time
	deleted bool // a delete marker
}

// A page is a piece of a listing and the markers of the next one.
type page struct {
	entries         []entry
	more            bool
	nextKey, nextID string
	resumesAnywhere bool // a page may begin behind any key
	plain           bool // keys came as they are, so that some may have been spoilt
}

// spoilt reports whether a key may be another one than the object's: a server
// that does not encode keys has no way to write control characters in XML, and
// puts U+FFFD in their place.
func (p page) spoilt(key string) bool {
	return p.plain && strings.ContainsRune(key, utf8.RuneError)
}

// Items implements scanners.Source. Objects are deferred; the markers of
// deleted objects and the names of unfinished uploads, which have no content,
// are streamed.
func (s *source) Items(ctx context.Context, p scanners.Part) iter.Seq2[scanners.Item, error] {
	return func(yield func(scanners.Item, error) bool) {
		bucket, _, _ := strings.Cut(p.ID, "/")
		sp, ok := spanOf(p)
		w := walk{s: s, ctx: ctx, yield: yield, bucket: bucket, prefix: s.prefix, place: placeOf(bucket), span: sp}
		var cur cursor
		if !ok || bucket == "" || p.Cursor != "" && (json.Unmarshal([]byte(p.Cursor), &cur) != nil || cur.Phase == "") {
			w.fail(errors.New("s3: the part or its cursor is not valid"))
			return
		}
		w.probeTags = cur.Phase == "" && sp.first()
		if cur.Phase == "" {
			if cur.Phase = sp.Phase; sp.first() || sp.Phase == "" {
				if cur.Phase, ok = w.choose(); !ok {
					return
				}
			}
			cur.KeyMarker = sp.After
		}
		switch cur.Phase {
		case versionsPhase:
			if !w.list(cur, "list object versions of "+w.place, s.versionsPage) {
				return
			}
		case objectsPhase:
			if !w.list(cur, "list objects of "+w.place, s.objectsPage) {
				return
			}
		}
		if !sp.last() {
			return
		}
		if cur.Phase != uploadsPhase {
			cur = cursor{Phase: uploadsPhase}
		}
		w.span = span{}
		w.list(cur, "list unfinished uploads of "+w.place, s.uploadsPage)
	}
}

// A walk is one iteration over the items of a part.
type walk struct {
	s                     *source
	ctx                   context.Context
	yield                 func(scanners.Item, error) bool
	bucket, prefix, place string
	probeTags             bool
	span                  span
}

func (w *walk) fail(err error) bool { return w.yield(scanners.Item{}, err) }

func (w *walk) gap(reason scanners.Reason, err error, detail string) bool {
	return w.fail(&scanners.Gap{URI: object{bucket: w.bucket, key: w.prefix}.uri(), Place: w.place, Reason: reason, Detail: detail, Err: err})
}

// choose says whether to list objects or all of their versions; ok is false
// when the iteration is over.
func (w *walk) choose() (phase string, ok bool) {
	phase, note, err := w.s.phase(w.ctx, w.bucket)
	if err != nil {
		w.fail(err)
		return "", false
	}
	return phase, note == nil || w.fail(note)
}

// phase says whether to list the objects of a bucket or all of their versions.
// note is what that leaves out, a *scanners.Gap or *scanners.Exclusion.
func (s *source) phase(ctx context.Context, bucket string) (phase string, note, err error) {
	uri, place := object{bucket: bucket, key: s.prefix}.uri(), placeOf(bucket)
	state, err := s.versioning(ctx, bucket)
	switch {
	case err == nil && state == "": // never switched on
		return objectsPhase, nil, nil
	case err == nil && !s.versions:
		return objectsPhase, &scanners.Exclusion{
			URI: uri, Place: place, Reason: scanners.ByConfig,
			Detail: "older versions of objects, by versions: current",
		}, nil
	case err == nil:
	case !refused(err):
		return "", nil, err
	case scanners.ReasonOf(err) == scanners.Unsupported, !s.versions:
		return objectsPhase, nil, nil
	}
	// Versions can be listed without the permission to ask whether there are any.
	_, err = s.versionsPage(ctx, bucket, s.prefix, "", "", 1)
	switch {
	case err == nil:
		return versionsPhase, nil, nil
	case !refused(err), scanners.ReasonOf(err) == scanners.Vanished:
		return "", nil, err
	case scanners.ReasonOf(err) == scanners.Denied:
		return objectsPhase, &scanners.Gap{
			URI: uri, Place: place, Reason: scanners.Denied, Err: err,
			Detail: "list object versions of " + place + ": not allowed; only current objects are read",
		}, nil
	}
	return objectsPhase, &scanners.Gap{
		URI: uri, Place: place, Reason: scanners.Unsupported, Err: err,
		Detail: "list object versions of " + place + ": not offered; only current objects are read",
	}, nil
}

// refused reports whether err is the server's decided answer, rather than the
// lack of one.
func refused(err error) bool {
	var f *fault
	return errors.As(err, &f) && f.status != 0 && !transient(f.err)
}

// versioning returns "Enabled", "Suspended", or "" for a bucket that never had
// versions.
func (s *source) versioning(ctx context.Context, bucket string) (string, error) {
	var out *s3.GetBucketVersioningOutput
	err := s.call(ctx, "ask for versioning of "+placeOf(bucket), bucket, func(ctx context.Context, region func(*s3.Options)) (err error) {
		out, err = s.client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &bucket}, region)
		return err
	})
	var f *fault
	if errors.As(err, &f) && f.code == "VersioningNotConfigured" {
		f.reason, f.detail = scanners.Unsupported, "the server keeps no versions"
	}
	if err != nil {
		return "", err
	}
	return string(out.Status), nil
}

type fetch func(ctx context.Context, bucket, prefix, keyMarker, idMarker string, max int32) (page, error)

// list yields what one listing holds, page by page. It reports whether the
// iteration goes on.
func (w *walk) list(cur cursor, op string, fetch fetch) bool {
	keyMarker, idMarker := string(cur.KeyMarker), cur.IDMarker
	done := "" // a key of which all was listed; servers may list it again
	if idMarker == "" {
		done = keyMarker
	}
	var before map[entry]int          // the entries of the page before
	turtleKey, turtleID := "\x00", "" // a marker of long ago
	for n := 1; ; n++ {
		pg, err := fetch(w.ctx, w.bucket, w.prefix, keyMarker, idMarker, w.s.pageSize)
		if err != nil {
			if r := scanners.ReasonOf(err); cur.Phase == uploadsPhase && n == 1 && refused(err) && (r == scanners.Denied || r == scanners.Unsupported) {
				return w.tags() // Check tells of it
			}
			w.fail(err)
			return false
		}
		if cur.Phase != uploadsPhase && idMarker == "" {
			w.s.listed.add(w.bucket, keyMarker, pg, time.Now())
		}
		// Pages overlap: see next. Some servers also repeat what the marker names.
		again := before
		before = map[entry]int{}
		fresh := pg.entries[:0:0]
		for _, e := range pg.entries {
			before[e]++
			if again[e] > 0 {
				again[e]--
			} else if done == "" || e.key != done {
				fresh = append(fresh, e)
			}
		}
		progress := len(fresh) > 0
		fresh, over, err := w.within(pg, fresh, fetch)
		if err != nil {
			w.fail(fmt.Errorf("s3: %s: %w", op, err))
			return false
		}
		if n == 1 && len(cur.Key) > 0 {
			i := slices.IndexFunc(fresh, func(e entry) bool { return e.key == string(cur.Key) && e.id == cur.ID })
			fresh = fresh[i+1:]
		}
		if !w.page(cur.Phase, op, pg, fresh, keyMarker, idMarker) || !w.tags() {
			return false
		}
		if !pg.more || over {
			return true
		}
		nextKey, nextID := pg.next()
		if !progress || nextKey == keyMarker {
			nextKey, nextID = pg.nextKey, pg.nextID
		} else if nextID == "" {
			done = nextKey
		}
		stuck := pg.spoilt(nextKey) || nextKey == keyMarker && nextID == idMarker || nextKey == "" && nextID == ""
		if stuck || nextKey == turtleKey && nextID == turtleID {
			w.fail(fmt.Errorf("s3: %s: the server repeats its listing without an end; the rest is unknown", op))
			return false
		}
		if n&(n-1) == 0 { // finds cycles of any length (Brent)
			turtleKey, turtleID = nextKey, nextID
		}
		keyMarker, idMarker = nextKey, nextID
	}
}

// next returns the marker behind which the next page begins. Without an id it is
// a key of which all was listed.
//
// Where a page may end between the versions of a key, that is the key before,
// not the version that the server names: there are servers that lose versions
// behind such a marker (versitygw 1.8.0 where it names the version "null"), and
// others when the version was deleted in the meantime. So a few entries come
// twice.
func (p page) next() (key, id string) {
	key, id = p.nextKey, p.nextID
	if p.resumesAnywhere && !p.spoilt(key) {
		return key, id
	}
	for _, e := range slices.Backward(p.entries) {
		if e.key != p.nextKey && !p.spoilt(e.key) {
			return e.key, ""
		}
	}
	if p.spoilt(key) {
		// What lies behind this key is not what lies behind the true one.
		key, id = key[:strings.IndexRune(key, utf8.RuneError)], ""
	}
	return key, id
}

// page yields the entries of one page.
func (w *walk) page(phase, op string, pg page, entries []entry, keyMarker, idMarker string) bool {
	var left scanners.Exclusion // the run of entries that are being left out
	flush := func() bool {
		if left.Units == 0 {
			return true
		}
		x := left
		left = scanners.Exclusion{}
		return w.fail(&x)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.key, w.prefix) {
			continue
		}
		if e.key == "" {
			if !w.fail(&scanners.Gap{URI: object{bucket: w.bucket}.uri(), Place: w.place, Reason: scanners.Corrupt, Detail: op + ": an entry without a key", Units: 1, Bytes: max(e.size, 0)}) {
				return false
			}
			continue
		}
		if !w.s.keys.match(e.key) {
			if left.Units == 0 {
				left = scanners.Exclusion{URI: object{bucket: w.bucket, key: w.prefix}.uri(), Place: w.place, Reason: scanners.ByConfig, Detail: "left out by keys"}
			}
			left.Units++
			left.Bytes += max(e.size, 0)
			continue
		}
		c := cursor{Phase: phase, KeyMarker: []byte(keyMarker), IDMarker: idMarker, Key: []byte(e.key), ID: e.id}
		if pg.resumesAnywhere && !pg.spoilt(e.key) {
			c = cursor{Phase: phase, KeyMarker: []byte(e.key)}
		}
		if !flush() || !w.entry(phase, e, c.String()) {
			return false
		}
	}
	return flush()
}

// entry yields one line of a listing.
func (w *walk) entry(phase string, e entry, cursor string) bool {
	o := object{bucket: w.bucket, key: e.key, version: e.id}
	if phase == uploadsPhase {
		o.version, o.upload = "", e.id
		it, size, err := w.s.unfinished(w.ctx, o)
		if w.ctx.Err() != nil {
			w.fail(err)
			return false
		}
		it.Time, it.Cursor = e.time, cursor
		it.Fields = withOwner(it.Fields, e.owner)
		// The gap goes first: resuming behind the item must not lose it.
		g := &scanners.Gap{
			URI: it.Ref.URI, Place: it.Ref.Place, Reason: scanners.Unsupported, Bytes: max(size, 0), Err: err,
			Detail: "an unfinished upload, whose parts S3 lets nobody read; complete or abort it",
		}
		return w.fail(g) && w.yield(it, nil)
	}
	if e.deleted {
		it := w.s.deleteMarker(o)
		it.Time, it.Cursor = e.time, cursor
		it.Fields = withOwner(it.Fields, e.owner)
		return w.yield(it, nil)
	}
	if w.probeTags {
		// Without the permission Amazon does not even say that there are tags,
		// so one object is asked for all.
		w.probeTags = false
		if err := w.s.probeTags(w.ctx, o); scanners.ReasonOf(err) == scanners.Denied {
			if !w.gap(scanners.Denied, err, "read object tags of "+w.place+": not allowed") {
				return false
			}
		}
	}
	ref := w.s.ref(o, e.etag, e.size)
	return w.yield(scanners.Item{
		Ref: ref, Name: o.name(), Size: e.size, Time: e.time, Deferred: true, Cursor: cursor,
		Fields: withOwner([]scanners.Field{{Name: "key", Value: o.key}}, e.owner),
	}, nil)
}

// tags yields what Open found out about tags and grants that it could not read.
func (w *walk) tags() bool {
	w.s.mu.Lock()
	n, grants := w.s.tagGaps[w.bucket], w.s.aclGaps[w.bucket]
	delete(w.s.tagGaps, w.bucket)
	delete(w.s.aclGaps, w.bucket)
	w.s.mu.Unlock()
	if n > 0 && !w.gap(scanners.Denied, nil, fmt.Sprintf("read object tags of %s: failed for %d objects", w.place, n)) {
		return false
	}
	return grants == 0 || w.gap(scanners.Denied, nil, fmt.Sprintf("read grants of objects of %s: failed for %d objects", w.place, grants))
}

func withOwner(f []scanners.Field, owner string) []scanners.Field {
	if owner != "" {
		f = append(f, scanners.Field{Name: "owner", Value: owner})
	}
	return f
}

func (s *source) ref(o object, etag string, size int64) scanners.Ref {
	l := o.locator()
	l.Endpoint, l.Size = s.endpoint, max(size, 0)
	s.mu.Lock()
	l.Region = cmp.Or(s.regions[o.bucket], s.region)
	s.mu.Unlock()
	ref := scanners.Ref{URI: o.uri(), Place: placeOf(o.bucket) + " / object", Action: "delete-object-version", Group: scanners.Group{Kind: "prefix"}}
	if etag != "" {
		l.ETag = etag
		ref.If = map[string]string{"etag": etag}
	}
	ref.Locator = l
	return ref
}

// deleteMarker returns the item of a version that says that its key was
// deleted: it has no content, but the key is still there to be read.
func (s *source) deleteMarker(o object) scanners.Item {
	ref := s.ref(o, "", 0)
	l := ref.Locator.(Locator)
	l.DeleteMarker = true
	ref.Locator, ref.Place = l, placeOf(o.bucket)+" / deleted object"
	return scanners.Item{Ref: ref, Name: o.name(), Body: strings.NewReader(""), Fields: []scanners.Field{{Name: "key", Value: o.key}}}
}

// unfinished returns the item of an unfinished upload, which has a key and no
// content that could be read, and the bytes of the parts that were uploaded, -1
// where unknown.
func (s *source) unfinished(ctx context.Context, o object) (scanners.Item, int64, error) {
	size, err := s.uploadSize(ctx, o)
	ref := s.ref(o, "", size)
	ref.Place, ref.Action = placeOf(o.bucket)+" / unfinished upload", "review"
	return scanners.Item{Ref: ref, Name: o.name(), Body: strings.NewReader(""), Fields: []scanners.Field{{Name: "key", Value: o.key}}}, size, err
}

func (s *source) uploadSize(ctx context.Context, o object) (int64, error) {
	in := &s3.ListPartsInput{Bucket: &o.bucket, Key: &o.key, UploadId: &o.upload}
	var size int64
	for range 10000 { // S3 allows 10,000 parts
		var out *s3.ListPartsOutput
		err := s.call(ctx, "list parts of an unfinished upload of "+placeOf(o.bucket), o.bucket, func(ctx context.Context, region func(*s3.Options)) (err error) {
			out, err = s.client.ListParts(ctx, in, region)
			return err
		})
		if err != nil {
			return -1, err
		}
		for _, p := range out.Parts {
			size += max(aws.ToInt64(p.Size), 0)
		}
		next := aws.ToString(out.NextPartNumberMarker)
		if !aws.ToBool(out.IsTruncated) || next == "" || next == aws.ToString(in.PartNumberMarker) {
			return size, nil
		}
		in.PartNumberMarker = &next
	}
	return size, nil
}

// decoder returns what undoes the encoding of keys in a listing: control
// characters have no form in XML, so keys are asked for in URL encoding. Not
// every server obliges, but it says so.
func decoder(encoding types.EncodingType) func(*string) string {
	return func(s *string) string {
		if encoding == types.EncodingTypeUrl {
			if d, err := url.QueryUnescape(aws.ToString(s)); err == nil {
				return d
			}
		}
		return aws.ToString(s)
	}
}

func ownerName(o *types.Owner) string {
	if o == nil {
		return ""
	}
	return aws.ToString(o.DisplayName)
}

// objectsPage lists current objects. ListObjects (version 1) is what every
// server offers and what can begin behind any key.
func (s *source) objectsPage(ctx context.Context, bucket, prefix, keyMarker, _ string, limit int32) (page, error) {
	in := &s3.ListObjectsInput{Bucket: &bucket, EncodingType: types.EncodingTypeUrl, Prefix: optional(prefix), Marker: optional(keyMarker), MaxKeys: optionalInt(limit)}
	var out *s3.ListObjectsOutput
	err := s.call(ctx, "list objects of "+placeOf(bucket), bucket, func(ctx context.Context, region func(*s3.Options)) (err error) {
		out, err = s.client.ListObjects(ctx, in, region)
		return err
	})
	if err != nil {
		return page{}, err
	}
	decode := decoder(out.EncodingType)
	pg := page{plain: out.EncodingType != types.EncodingTypeUrl, more: aws.ToBool(out.IsTruncated), nextKey: decode(out.NextMarker), resumesAnywhere: true}
	for _, o := range out.Contents {
		pg.entries = append(pg.entries, entry{key: decode(o.Key), etag: quoted(o.ETag), owner: ownerName(o.Owner), size: size(o.Size), time: moment(o.LastModified)})
	}
	if n := len(pg.entries); n > 0 {
		pg.nextKey = pg.entries[n-1].key // NextMarker is only there with a delimiter
	}
	return pg, nil
}

// versionsPage lists all versions of objects, and the markers of deleted ones.
func (s *source) versionsPage(ctx context.Context, bucket, prefix, keyMarker, idMarker string, limit int32) (page, error) {
	in := &s3.ListObjectVersionsInput{
		Bucket: &bucket, EncodingType: types.EncodingTypeUrl, Prefix: optional(prefix),
		KeyMarker: optional(keyMarker), VersionIdMarker: optional(idMarker), MaxKeys: optionalInt(limit),
	}
	var out *s3.ListObjectVersionsOutput
	err := s.call(ctx, "list object versions of "+placeOf(bucket), bucket, func(ctx context.Context, region func(*s3.Options)) (err error) {
		out, err = s.client.ListObjectVersions(ctx, in, region)
		return err
	})
	if err != nil {
		return page{}, err
	}
	decode := decoder(out.EncodingType)
	pg := page{plain: out.EncodingType != types.EncodingTypeUrl, more: aws.ToBool(out.IsTruncated), nextKey: decode(out.NextKeyMarker), nextID: aws.ToString(out.NextVersionIdMarker)}
	for _, v := range out.Versions {
		pg.entries = append(pg.entries, entry{key: decode(v.Key), id: aws.ToString(v.VersionId), etag: quoted(v.ETag), owner: ownerName(v.Owner), size: size(v.Size), time: moment(v.LastModified)})
	}
	for _, m := range out.DeleteMarkers {
		pg.entries = append(pg.entries, entry{key: decode(m.Key), id: aws.ToString(m.VersionId), owner: ownerName(m.Owner), time: moment(m.LastModified), deleted: true})
	}
	// The SDK keeps versions and markers apart; together they were in order of
	// the key, the newest first.
	slices.SortStableFunc(pg.entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.key, b.key), b.time.Compare(a.time))
	})
	return pg, nil
}

// uploadsPage lists the uploads that were begun and neither completed nor
// aborted.
func (s *source) uploadsPage(ctx context.Context, bucket, prefix, keyMarker, idMarker string, limit int32) (page, error) {
	in := &s3.ListMultipartUploadsInput{
		Bucket: &bucket, EncodingType: types.EncodingTypeUrl, Prefix: optional(prefix),
		KeyMarker: optional(keyMarker), UploadIdMarker: optional(idMarker), MaxUploads: optionalInt(limit),
	}
	var out *s3.ListMultipartUploadsOutput
	err := s.call(ctx, "list unfinished uploads of "+placeOf(bucket), bucket, func(ctx context.Context, region func(*s3.Options)) (err error) {
		out, err = s.client.ListMultipartUploads(ctx, in, region)
		return err
	})
	var f *fault
	if errors.As(err, &f) && f.code == "NoSuchUpload" && keyMarker == "" {
		return page{}, nil // so gofakes3 says that there are none
	}
	if err != nil {
		return page{}, err
	}
	decode := decoder(out.EncodingType)
	pg := page{plain: out.EncodingType != types.EncodingTypeUrl, more: aws.ToBool(out.IsTruncated), nextKey: decode(out.NextKeyMarker), nextID: aws.ToString(out.NextUploadIdMarker)}
	for _, u := range out.Uploads {
		owner := ownerName(u.Owner)
		if owner == "" && u.Initiator != nil {
			owner = aws.ToString(u.Initiator.DisplayName)
		}
		pg.entries = append(pg.entries, entry{key: decode(u.Key), id: aws.ToString(u.UploadId), owner: owner, time: moment(u.Initiated), size: -1})
	}
	return pg, nil
}

// moment returns a time that is equal under == whenever it is the same.
func moment(t *time.Time) time.Time { return aws.ToTime(t).UTC() }

func size(n *int64) int64 {
	if n == nil || *n < 0 {
		return -1
	}
	return *n
}

// quoted returns an ETag as HTTP writes it; some servers list it bare.
func quoted(etag *string) string {
	e := aws.ToString(etag)
	if e == "" || strings.HasPrefix(e, `"`) || strings.HasPrefix(e, "W/") {
		return e
	}
	return `"` + e + `"`
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func optionalInt(n int32) *int32 {
	if n == 0 {
		return nil
	}
	return &n
}
