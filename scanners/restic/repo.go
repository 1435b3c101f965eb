package restic

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/spoor-scan/spoor/internal/secret"
	"github.com/spoor-scan/spoor/scanners"
)

// A repo is a repository that is open: unlocked, its snapshots and its index read.
type repo struct {
	store   scanners.Store
	key     *key
	version int
	zstd    *zstd.Decoder // for whole pieces; it may be used by many goroutines

	snapshots []*snapshot // by time, the oldest first
	index
	packed []packFile // by the number of the pack
	gaps   []*scanners.Gap

	reader
}

// A packFile is where a pack lies.
type packFile struct {
	there bool
	flat  bool  // directly below data, without a folder of two digits
	size  int64 // as listed, -1 where unknown
}

// maxFile bounds the files beside packs, and what these unpack to, in bytes. An
// index has 8 MiB.
const maxFile = 256 << 20

// readAll returns a whole file of the store.
func readAll(ctx context.Context, st scanners.Store, name string, most int64) ([]byte, error) {
	r, err := st.OpenRange(ctx, name, 0, -1)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && int64(len(b)) > most {
		err = &scanners.Gap{Reason: scanners.TooLarge, Detail: "a file of the repository is larger than such files are"}
	}
	return b, err
}

// unpacked decrypts a file that is not a pack (design.rst, "Unpacked Data
// Format").
func (r *repo) unpacked(b []byte) ([]byte, error) {
	plain, err := r.key.open(b)
	if err != nil || len(plain) == 0 {
		return plain, err
	}
	switch plain[0] {
	case '{', '[':
		return plain, nil
	case 2:
		return r.unzstd(plain[1:], 0, maxFile)
	}
	return nil, errors.New("an encoding that is not known")
}

// damaged turns what is wrong with something that was read into a gap; errors of
// the store keep their reason.
func damaged(err error, what string) *scanners.Gap {
	var g *scanners.Gap
	if errors.As(err, &g) {
		out := *g
		out.Detail = what + ": " + g.Detail
		if g.Reason == scanners.Vanished {
			out.Detail = what + ": it is missing from the repository"
		}
		out.URI, out.Place = "", ""
		return &out
	}
	reason := scanners.ReasonOf(err)
	if reason == scanners.Failed {
		reason = scanners.Corrupt
	}
	return &scanners.Gap{Reason: reason, Detail: what + ": " + err.Error(), Err: err}
}

// folder lists a folder of the repository, which has another name in the layout
// that old versions used on S3.
func (r *repo) folder(ctx context.Context, names ...string) (files []scanners.Object, err error) {
	for _, name := range names {
		for o, err := range r.store.List(ctx, name+"/") {
			var g *scanners.Gap
			switch {
			case errors.As(err, &g) && g.Reason == scanners.Vanished:
				continue // a folder that is not there is empty
			case g != nil && err == error(g):
				g = damaged(g, "list the "+names[0])
				g.URI = "!/" + name
				r.gaps = append(r.gaps, g)
				continue
			case err != nil:
				return files, err
			}
			files = append(files, o)
		}
		if len(files) > 0 {
			break
		}
	}
	slices.SortFunc(files, func(a, b scanners.Object) int { return strings.Compare(a.Name, b.Name) })
	return files, nil
}

// base returns the id that a file is called by.
func base(o scanners.Object) (id, bool) {
	return parseID(o.Name[strings.LastIndexByte(o.Name, '/')+1:])
}

// openRepo unlocks a repository. An error that wraps a *scanners.Gap says why
// there is no reading it.
func openRepo(ctx context.Context, st scanners.Store, password func(context.Context) ([]secret.Value, error)) (*repo, error) {
	r := &repo{store: st}
	r.init(r)
	var err error
	r.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxWhole), zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, fmt.Errorf("restic: %w", err)
	}
	config, err := readAll(ctx, st, "config", maxFile)
	if err != nil {
		if scanners.ReasonOf(err) == scanners.Vanished {
			return nil, fmt.Errorf("restic: no repository is there: %w", &scanners.Gap{Reason: scanners.Vanished, Detail: "no repository is there: it has no file config"})
		}
		return nil, fmt.Errorf("restic: read the configuration of the repository: %w", err)
	}
	if err := r.unlock(ctx, password); err != nil {
		return nil, err
	}
	plain, err := r.unpacked(config)
	var c struct {
		Version int `json:"version"`
	}
	if err == nil && json.Unmarshal(plain, &c) != nil {
		err = errors.New("not JSON")
	}
	if err != nil {
		return nil, fmt.Errorf("restic: %w", damaged(err, "the configuration of the repository"))
	}
	if r.version = c.Version; c.Version != 1 && c.Version != 2 {
		return nil, fmt.Errorf("restic: %w", &scanners.Gap{Reason: scanners.Unsupported, Detail: fmt.Sprintf("a repository of version %d; 1 and 2 are read", c.Version)})
	}
	// Snapshots come before the index, so that one which is written meanwhile
	// has all its blobs in it (design.rst, "Read and Write Ordering").
	if err := r.loadSnapshots(ctx); err != nil {
		return nil, err
	}
	if err := r.loadIndex(ctx); err != nil {
		return nil, err
	}
	return r, nil
}

// unlock tries the passwords on all keys.
func (r *repo) unlock(ctx context.Context, password func(context.Context) ([]secret.Value, error)) error {
	passwords, err := password(ctx)
	if err != nil {
		return fmt.Errorf("restic: %w", err)
	}
	if len(passwords) == 0 {
		return fmt.Errorf("restic: %w", &scanners.Gap{Reason: scanners.KeyMissing, Detail: "there is no password; set RESTIC_PASSWORD, RESTIC_PASSWORD_FILE or RESTIC_PASSWORD_COMMAND, or password_file in the configuration"})
	}
	files, err := r.folder(ctx, "keys", "key")
	if err != nil {
		return fmt.Errorf("restic: list the keys: %w", err)
	}
	if len(files) == 0 {
		return fmt.Errorf("restic: %w", &scanners.Gap{Reason: scanners.KeyMissing, Detail: "the repository has no keys"})
	}
	wrong, broken := 0, 0
	for _, o := range files {
		b, err := readAll(ctx, r.store, o.Name, 1<<20)
		if err != nil {
			if ctx.Err() != nil {
				return err
			}
			broken++
			continue
		}
		var f keyFile
		if json.Unmarshal(b, &f) != nil {
			broken++
			continue
		}
		for _, p := range passwords {
			k, err := f.unlock(ctx, p.Reveal())
			switch {
			case err == nil:
				r.key = k
				return nil
			case ctx.Err() != nil:
				return fmt.Errorf("restic: unlock: %w", context.Cause(ctx))
			case errors.Is(err, errMAC):
				wrong++
			default:
				broken++
			}
		}
	}
	detail := fmt.Sprintf("the password opens none of the %d keys", len(files))
	if broken > 0 {
		detail += fmt.Sprintf(", of which %d are damaged", broken)
	}
	return fmt.Errorf("restic: %w", &scanners.Gap{Reason: scanners.KeyMissing, Detail: detail})
}

func (r *repo) loadSnapshots(ctx context.Context) error {
	files, err := r.folder(ctx, "snapshots", "snapshot")
	if err != nil {
		return fmt.Errorf("restic: list the snapshots: %w", err)
	}
	for _, o := range files {
		i, ok := base(o)
		if !ok {
			continue
		}
		s := &snapshot{id: i}
		b, err := readAll(ctx, r.store, o.Name, maxFile)
		if err == nil {
			if b, err = r.unpacked(b); err == nil && json.Unmarshal(b, s) != nil {
				err = errors.New("not JSON as it should be")
			}
		}
		if ctx.Err() != nil {
			return fmt.Errorf("restic: read a snapshot: %w", context.Cause(ctx))
		}
		if err == nil && s.Tree == nil {
			err = errors.New("it names no tree")
		}
		if err != nil {
			g := damaged(err, "a snapshot can't be read")
			g.URI, g.Units = "!/"+i.String(), 1
			r.gaps = append(r.gaps, g)
			continue
		}
		r.snapshots = append(r.snapshots, s)
	}
	slices.SortFunc(r.snapshots, func(a, b *snapshot) int {
		if c := a.Time.Compare(b.Time); c != 0 {
			return c
		}
		return bytes.Compare(a.id[:], b.id[:])
	})
	return nil
}

func (r *repo) loadIndex(ctx context.Context) error {
	files, err := r.folder(ctx, "index")
	if err != nil {
		return fmt.Errorf("restic: list the index: %w", err)
	}
	for _, o := range files {
		b, err := readAll(ctx, r.store, o.Name, maxFile)
		if err == nil {
			if b, err = r.unpacked(b); err == nil {
				err = r.parse(b)
			}
		}
		if ctx.Err() != nil {
			return fmt.Errorf("restic: read the index: %w", context.Cause(ctx))
		}
		if err != nil {
			// What it should say is read from the packs themselves, below.
			g := damaged(err, "a file of the index can't be read; packs that no other names are read by their own headers")
			g.URI = "!/index/" + o.Name[strings.LastIndexByte(o.Name, '/')+1:]
			r.gaps = append(r.gaps, g)
		}
	}
	if err := r.listPacks(ctx); err != nil {
		return err
	}
	// Blobs may lie in several packs, of which an old index knows some that are
	// gone.
	gone := func(p place) bool { return !r.packed[p.pack].there }
	r.data.sort(gone)
	r.tree.sort(gone)
	return nil
}

// listPacks looks for the packs. Those that no index names (a backup was
// interrupted, an index was lost) are read by their headers.
func (r *repo) listPacks(ctx context.Context) error {
	r.packed = make([]packFile, len(r.packs))
	n, other := 0, 0
	for o, err := range r.store.List(ctx, "data/") {
		var g *scanners.Gap
		if errors.As(err, &g) && err == error(g) {
			if g.Reason != scanners.Vanished {
				g := damaged(g, "list the packs")
				g.URI = "!/data"
				r.gaps = append(r.gaps, g)
			}
			continue
		}
		if err != nil {
			return fmt.Errorf("restic: list the packs: %w", err)
		}
		i, ok := base(o)
		if !ok {
			continue
		}
		_, known := r.known[i]
		k := r.pack(i)
		f := packFile{there: true, size: o.Size, flat: strings.Count(o.Name, "/") == 1}
		if n++; int(k) == len(r.packed) {
			r.packed = append(r.packed, f)
		} else {
			r.packed[k] = f
		}
		if known {
			continue
		}
		other++
		if err := r.readHeader(ctx, k); err != nil {
			if ctx.Err() != nil {
				return fmt.Errorf("restic: read the header of a pack: %w", context.Cause(ctx))
			}
			g := damaged(err, "a pack that no index names can't be read")
			g.URI, g.Units, g.Bytes = "!/packs/"+i.String(), 1, max(o.Size, 0)
			r.gaps = append(r.gaps, g)
		}
	}
	return nil
}

// packName returns the name of a pack in the store.
func (r *repo) packName(k uint32) string {
	s := r.packs[k].String()
	if r.packed[k].flat {
		return "data/" + s
	}
	return "data/" + s[:2] + "/" + s
}

func (r *repo) readHeader(ctx context.Context, k uint32) error {
	size := r.packed[k].size
	if size < 4+overhead {
		return errors.New("it is too short for a pack, or of unknown length")
	}
	tail, err := readRange(ctx, r.store, r.packName(k), max(0, size-64<<10), min(size, 64<<10))
	if err != nil {
		return err
	}
	n := int64(binary.LittleEndian.Uint32(tail[len(tail)-4:]))
	if n < overhead || n > size-4 || n > maxFile {
		return errors.New("its header has a length that can't be")
	}
	if n+4 > int64(len(tail)) {
		if tail, err = readRange(ctx, r.store, r.packName(k), size-4-n, n+4); err != nil {
			return err
		}
	}
	plain, err := r.key.open(tail[int64(len(tail))-4-n : len(tail)-4])
	if err != nil {
		return fmt.Errorf("its header: %w", err)
	}
	return r.header(k, plain)
}

// readRange returns n bytes of a file, or as many as there are and an error.
func readRange(ctx context.Context, st scanners.Store, name string, off, n int64) ([]byte, error) {
	rc, err := st.OpenRange(ctx, name, off, n)
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	b := make([]byte, n)
	k, err := io.ReadFull(rc, b)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return b[:k], err
}

// maxWhole is the length up to which something is decompressed in one piece, in
// bytes.
const maxWhole = 64 << 20

// unzstd decompresses b. plain is the length that it should have, 0 where that is
// not known; most bounds it.
func (r *repo) unzstd(b []byte, plain, most int64) ([]byte, error) {
	if plain <= maxWhole/2 {
		out, err := r.zstd.DecodeAll(b, make([]byte, 0, min(plain, int64(len(b))*64+64<<10)))
		if err == nil {
			return out, nil
		}
		if !errors.Is(err, zstd.ErrDecoderSizeExceeded) {
			return nil, errors.New("the compressed data are damaged")
		}
	}
	d, err := zstd.NewReader(bytes.NewReader(b), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(64<<20))
	if err != nil {
		return nil, errors.New("the compressed data are damaged")
	}
	defer d.Close()
	var out bytes.Buffer
	if _, err := io.Copy(&out, io.LimitReader(d, most+1)); err != nil {
		return nil, errors.New("the compressed data are damaged")
	}
	if int64(out.Len()) > most {
		return nil, &scanners.Gap{Reason: scanners.TooLarge, Detail: "it unpacks to more than it may"}
	}
	return out.Bytes(), nil
}
