package files

import (
	"context"
	"os"
	"slices"
	"strings"

	"github.com/spoor-scan/spoor/scanners"
)

// A backupRepository is the error of a folder in which a backup program keeps
// what its files do not tell: deduplicated, and mostly encrypted.
type backupRepository struct {
	reason scanners.Reason
	detail string
	// skip says that nothing can be seen in its files as they are, so that they
	// are counted and not read.
	skip bool
}

func (r *backupRepository) Error() string { return r.detail }

// repositoryIn tells a repository by the sorted names in a folder; nil where it
// is none. Sources: the documentation of the formats of restic (design.rst), Borg
// (internals/data-structures), Kopia, ZBackup and Duplicacy.
func repositoryIn(dir *os.Root, names []string) *backupRepository {
	has := func(all ...string) bool {
		for _, n := range all {
			if _, ok := slices.BinarySearch(names, n); !ok {
				return false
			}
		}
		return true
	}
	isDir := func(name string) bool {
		fi, err := dir.Lstat(name)
		return err == nil && fi.IsDir()
	}
	starts := func(prefix string) bool {
		i, _ := slices.BinarySearch(names, prefix)
		return i < len(names) && strings.HasPrefix(names[i], prefix)
	}
	switch {
	case has("config", "data", "index", "keys", "snapshots") && !isDir("config") && isDir("keys"):
		return &backupRepository{scanners.Encrypted, "a repository of restic: scan it as restic:PATH with its password", true}
	case has("config", "data") && !isDir("config") && isDir("data") && (has("README") || starts("hints.") || starts("index.")) && holds(dir, "config", "[repository]"):
		return &backupRepository{scanners.Unsupported, "a repository of Borg: scan it as borg:PATH with its passphrase", false}
	case has("config", "archives", "keys") && isDir("config"):
		return &backupRepository{scanners.Unsupported, "a repository of Borg 2, whose format is not read", false}
	case starts("kopia.repository"):
		return &backupRepository{scanners.Unsupported, "a repository of Kopia, whose format is not read", true}
	case has("backups", "bundles", "index", "info") && isDir("bundles"):
		return &backupRepository{scanners.Unsupported, "a repository of ZBackup, whose format is not read", true}
	case has("chunks", "config", "snapshots") && isDir("chunks") && isDir("snapshots") && !isDir("config"):
		return &backupRepository{scanners.Unsupported, "a storage of Duplicacy, whose format is not read", true}
	case has("HEAD", "objects", "refs") && (has("bupindex") || has("bupindex.meta")):
		return &backupRepository{scanners.Unsupported, "a repository of bup, whose format is not read", false}
	}
	return nil
}

// holds reports whether a text stands near the start of a file.
func holds(dir *os.Root, name, text string) bool {
	fi, err := dir.Lstat(name)
	if err != nil || !fi.Mode().IsRegular() {
		return false
	}
	f, err := dir.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	b := make([]byte, 512)
	n, _ := f.Read(b)
	return strings.Contains(string(b[:n]), text)
}

// passOver counts the files of a repository that is not read, and yields what can't
// be looked at or is left out. It reports whether to go on.
func (w *walker) passOver(ctx context.Context, rel string, dir *os.Root, repo *backupRepository, depth int, yield func(entry) bool) bool {
	found := entry{rel: rel, err: repo}
	in := &walker{root: dir, depth: depth}
	if fi, err := dir.Stat("."); err == nil {
		in.info = fi
	}
	below := func(name string) string { return strings.TrimPrefix(rel+"/"+name, "/") }
	if w.leave != nil {
		in.leave = func(name string, folder bool) bool { return w.leave(below(name), folder) }
	}
	going := true
	in.walk(ctx, func(e entry) bool {
		switch {
		case e.fatal != nil:
			going = false
			return yield(e) && false
		case e.err != nil, e.excluded:
			e.rel = below(e.rel)
			going = yield(e)
			return going
		case e.info.Mode().IsRegular():
			found.bytes += e.info.Size()
		}
		found.units++
		return true
	})
	return going && (found.units == 0 || yield(found))
}
