package engine

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/layout"
	"github.com/spoor-scan/spoor/scanners"
)

// backupSet is the set of backups that a record lies in, as its locator has it.
type backupSet struct {
	Layout   string `json:"layout"`
	Time     string `json:"time,omitempty"`
	Account  string `json:"account,omitempty"`
	Host     string `json:"host,omitempty"`
	Domain   string `json:"domain,omitempty"`
	Database string `json:"database,omitempty"`
	Mailbox  string `json:"mailbox,omitempty"`

	folder bool
}

// set returns the set of backups in which a URI of a file or object lies. path is
// its path with escapes undone.
func (r *run) set(uri string) (s layout.Set, ok bool) {
	switch {
	case strings.HasPrefix(uri, "file://"), strings.HasPrefix(uri, "s3://"):
	default:
		return s, false
	}
	uri, _, _ = strings.Cut(uri, "#")
	uri, _, _ = strings.Cut(uri, "?")
	_, uri, _ = strings.Cut(uri, "://")
	path, err := scanners.Unescape(uri)
	if err != nil {
		return s, false
	}
	return r.layouts.Of(path)
}

// markers are files that stand at the top of a backup that is a folder of any name,
// with the layout that they are of. What lies in such a folder's folders is of the
// database that these are called after.
func markers() []struct{ file, layout string } {
	return []struct{ file, layout string }{
		{"xtrabackup_info", "xtrabackup"}, {"mariadb_backup_info", "xtrabackup"}, {"xtrabackup_checkpoints", "xtrabackup"}, {"mariadb_backup_checkpoints", "xtrabackup"},
	}
}

// maxAsked bounds of how many folders it is remembered that no marker stands in
// them.
const maxAsked = 1 << 16

// markerDepth is how many folders above a file are asked for a marker.
const markerDepth = 2

// set returns the set of backups in which something of the source lies, by the
// names in its URI or, where these say nothing, by the files at the top of it.
func (u *unit) set(uri string) (s layout.Set, ok bool) {
	if s, ok = u.run.set(uri); ok {
		return s, ok
	}
	src, dates := u.source.Source.(scanners.Dater)
	if !dates {
		return s, false
	}
	folder, _, _ := strings.Cut(uri, "!/")
	folder, _, _ = strings.Cut(folder, "#")
	for depth := range markerDepth {
		k := strings.LastIndexByte(folder, '/')
		if k < len("file:///") {
			return s, false
		}
		below := folder[k+1:]
		folder = folder[:k]
		found, ok := u.marked(src, folder)
		if !ok {
			continue
		}
		if depth > 0 {
			if name, err := scanners.Unescape(below); err == nil {
				found.Database = name
			}
		}
		return found, true
	}
	return s, false
}

// marked returns the set that a folder is, by what stands in it.
func (u *unit) marked(src scanners.Dater, folder string) (s layout.Set, ok bool) {
	if v, ok := u.run.marked.Load(folder); ok {
		s = v.(layout.Set)
		return s, s.Layout != ""
	}
	for _, m := range markers() {
		t, err := src.Changed(folder + "/" + m.file)
		if err != nil {
			continue
		}
		_, path, _ := strings.Cut(folder, "://")
		if path, err = scanners.Unescape(path); err != nil {
			continue
		}
		s = layout.Set{Layout: m.layout, Time: t, Folder: true, Path: path, Series: path[:strings.LastIndexByte(path, '/')+1]}
		break
	}
	if s.Layout != "" || u.run.asked.Add(1) < maxAsked {
		u.run.marked.Store(folder, s)
	}
	return s, s.Layout != ""
}

// backup returns what the record's locator says of the set that it lies in; nil
// where it lies in none.
func (rec *record) backup() *backupSet {
	s, ok := rec.unit.set(rec.ref.URI)
	if !ok {
		return nil
	}
	b := &backupSet{
		Layout: s.Layout, Account: s.Account, Host: s.Host, Domain: s.Domain, Database: s.Database, Mailbox: s.Mailbox, folder: s.Folder,
	}
	if t := rec.unit.setTime(s, rec.ref.URI); !t.IsZero() {
		b.Time = t.UTC().Format(time.RFC3339)
	}
	return b
}

// setTime returns when a set was made: as its name tells, when the file was
// written or, where it is a folder, when that last changed, as far as the source
// can tell. uri is of what lies in it.
func (u *unit) setTime(s layout.Set, uri string) time.Time {
	switch {
	case !s.Time.IsZero():
		return s.Time
	case !s.Folder:
		return u.time
	}
	uri = setURI(s, uri)
	if t, ok := u.run.folders.Load(uri); ok {
		return t.(time.Time)
	}
	var t time.Time
	if src, ok := u.source.Source.(scanners.Dater); ok {
		t, _ = src.Changed(uri) // zero where it can't be told
	}
	u.run.folders.Store(uri, t)
	return t
}

// setURI returns the URI of a set in which the thing lies that uri names.
func setURI(s layout.Set, uri string) string {
	scheme, _, _ := strings.Cut(uri, "://")
	return scheme + "://" + scanners.Escape(s.Path)
}

// dated returns when the backup was made in which the thing lies that uri names,
// among those that were listed; zero where it is none, or not known.
func (r *run) dated(uri string) time.Time {
	s, ok := r.set(uri)
	if !ok || !s.Time.IsZero() {
		return s.Time
	}
	t, _ := r.folders.Load(setURI(s, uri))
	at, _ := t.(time.Time)
	return at
}

// noteBackup counts an item of a source for the set of backups in which it lies,
// or which it is.
func (u *unit) noteBackup(rec *record, found int64) {
	b := inventory.Backup{
		Source: u.source.Info.Name, Units: 1, Bytes: found, Findings: u.found, Partial: rec.partial, Place: u.run.shown(rec.ref.Place),
	}
	var t time.Time
	switch typ := u.source.Info.Type; {
	case typ == "restic" && strings.HasSuffix(rec.ref.Place, " / snapshot"), typ == "borg" && strings.HasSuffix(rec.ref.Place, " / archive"):
		b.URI, b.Layout, t = rec.top, typ, u.time
		var at struct {
			Host string `json:"host"`
		}
		if loc, err := rec.ref.Marshal(); err == nil {
			_ = json.Unmarshal(loc, &at)
		}
		b.Series = at.Host
	default:
		s, ok := u.set(rec.top)
		if !ok {
			return
		}
		b.Layout, b.Series, t = s.Layout, s.Series, u.setTime(s, rec.top)
		b.URI = setURI(s, rec.top)
	}
	if !t.IsZero() {
		b.Time = t.UTC().Format(time.RFC3339)
		for _, c := range u.run.clocks {
			if c.from == factBackup && u.run.Activities.Stores(c.rule, place(u.source, rec.ref)) {
				gone := c.kept(t).Until
				if b.GoneBy == nil || gone > *b.GoneBy {
					b.GoneBy = &gone
				}
			}
		}
	}
	u.backups = append(u.backups, b)
}
