// Package layout recognises the backups that control panels and backup programs
// write, by the names of their files and folders, and says what these tell:
// whose backup it is, of when, and what part of it a path leads to.
package layout

import (
	"regexp"
	"strings"
	"time"
)

// A Set is one backup: a file, or a folder with all that is in it.
type Set struct {
	// Layout is what wrote it: "cpanel", "plesk", "directadmin", "ispconfig",
	// "virtualmin", "rsnapshot", "vzdump", "duplicity", "mydumper"; "dated" is
	// any other file or folder of backups that is called after a day.
	Layout string
	// Time is when it was made, as its name tells: to the second or the day, in
	// UTC for want of a zone; zero where the name says nothing.
	Time time.Time
	// Account, Host, Domain, Database and Mailbox are whose data it is or, for
	// what lies inside, which part. They are empty where the names do not tell,
	// and may identify a person.
	Account, Host, Domain, Database, Mailbox string
	// Folder says that the set is a folder: its Time, where the name does not
	// tell, is not that of the files in it.
	Folder bool
	// Path is that of the set, the start of the path that was given, and Series
	// is the same with the time left out: sets of one series follow each other.
	Path, Series string
}

// A style is how one layout calls its sets. The groups of the expression that
// are named are fields of Set; "time" goes by its digits.
type style struct {
	layout string
	name   *regexp.Regexp // one element of a path
	folder bool           // the set is a folder
	in     string         // what an element in front of it must hold
}

// styles are in the order in which they are tried. Sources: the documentation of
// cPanel (pkgacct), Plesk (pleskbackup), DirectAdmin (user backups), rsnapshot(1),
// vzdump(1), duplicity(1), mydumper(1), ISPConfig's server/lib/classes/backup.inc.php
// and Virtualmin's backup-domain.
func styles() []style {
	return []style{
		{layout: "cpanel", name: re(`^cpmove-(?P<account>[a-z0-9]{1,16})(?:\.tar(?:\.gz)?|\.split)?$`)},
		{layout: "cpanel", name: re(`^backup-(?P<us>\d{1,2}\.\d{1,2}\.\d{4}_\d{2}-\d{2}-\d{2})_(?P<account>[A-Za-z0-9]{1,16})(?:\.tar(?:\.gz)?)?$`)},
		{layout: "plesk", name: re(`^backup_(?:info|content|(?:(?:domain|client|reseller|[a-z]+-[a-z]+)_)?(?P<domain>[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)|[A-Za-z0-9._-]+?)_(?P<short>\d{10})(?:_\d{10})?\.(?:xml|tar|zip|tzst|tgz|tar\.gz|xml\.tar)$`)},
		{layout: "directadmin", name: re(`^(?:user|admin|reseller)\.[a-z0-9_]+\.(?P<account>[a-z0-9_]+)\.tar\.(?:gz|zst)$`)},
		{layout: "ispconfig", name: re(`^(?:manual-)?db_(?P<database>.+?)_(?P<time>\d{4}-\d{2}-\d{2}_\d{2}-\d{2})\.(?:sql|zip|tar|7z|rar)(?:\.[a-z0-9]+)?$`)},
		{layout: "ispconfig", name: re(`^(?:manual-)?(?P<account>(?:web|mail)\d+)_(?P<time>\d{4}-\d{2}-\d{2}_\d{2}-\d{2})\.(?:zip|tar|7z|rar)(?:\.[a-z0-9]+)?$`)},
		{layout: "virtualmin", name: re(`^(?P<domain>[a-z0-9-]+(?:\.[a-z0-9-]+)+)\.(?:tar\.(?:gz|bz2|zst)|tgz|tbz|zip)$`), in: "virtualmin"},
		{layout: "rsnapshot", name: re(`^(?:alpha|beta|gamma|delta|hourly|daily|weekly|monthly|yearly)\.\d{1,4}$`), folder: true},
		{layout: "vzdump", name: re(`^vzdump-(?:qemu|lxc|openvz)-(?P<host>\d+)-(?P<time>\d{4}_\d{2}_\d{2}-\d{2}_\d{2}_\d{2})\.(?:tar|tgz|vma|log|notes)(?:\.[a-z]+)?$`)},
		{layout: "duplicity", name: re(`^duplicity-(?:full|new|full-signatures)\.(?P<time>\d{8}T\d{6}Z)\.[\w.]+$`)},
		{layout: "duplicity", name: re(`^duplicity-(?:inc|new-signatures)\.\d{8}T\d{6}Z\.to\.(?P<time>\d{8}T\d{6}Z)\.[\w.]+$`)},
		{layout: "mydumper", name: re(`^export-(?P<time>\d{8}-\d{6})$`), folder: true},
		// A day of backups, or a file of one.
		{layout: "dated", name: re(`^(?P<time>\d{4}-\d{2}-\d{2}|\d{8})(?:[T_-](?P<clock>\d{2}[-:.]?\d{2}(?:[-:.]?\d{2})?))?$`), folder: true, in: "backup|dump|snapshot|archive|bak"},
		{layout: "dated", name: re(`^[^/]*?(?P<time>(?:19|20)\d{2}[-_.]?\d{2}[-_.]?\d{2})(?:[T_.-](?P<clock>\d{2}[-:._]?\d{2}(?:[-:._]?\d{2})?))?[^/\d]*\.(?:sql|dump|bak|backup|tar|tgz|tbz2?|txz|tzst|zip|7z|rar|cpio|ldif|rdb|xbstream|archive)(?:\.(?:gz|bz2|xz|zst|lz4|lzo|gpg|age|enc))?$`)},
	}
}

func re(s string) *regexp.Regexp { return regexp.MustCompile(s) }

// Layouts recognises sets. It is immutable and may be used by several goroutines
// at once.
type Layouts struct{ styles []style }

// New returns all layouts.
func New() *Layouts { return &Layouts{styles()} }

// Of returns the set in which a path lies: names with "/" between them, and "!/"
// where it goes into a container. The outermost set counts; what lies within it
// tells more of it.
func (l *Layouts) Of(path string) (Set, bool) {
	if !mayHold(path) {
		return Set{}, false
	}
	var set Set
	start := 0
	for start <= len(path) {
		end := len(path)
		if k := strings.IndexByte(path[start:], '/'); k >= 0 {
			end = start + k
		}
		name := strings.TrimSuffix(path[start:end], "!")
		if s, time, ok := l.match(name, path[:start], end < len(path) && end > start && path[end-1] != '!'); ok {
			s.Path = path[:start+len(name)]
			s.Series = path[:start] + time
			set = s
			inside := strings.TrimPrefix(path[start+len(name):], "!")
			set.inside(strings.Split(strings.ReplaceAll(strings.TrimPrefix(inside, "/"), "!/", "/"), "/"))
			return set, true
		}
		start = end + 1
	}
	return set, false
}

// mayHold passes over paths, most of which are of no backup, quickly: the name
// of every set holds a digit or one of these words.
func mayHold(path string) bool {
	return strings.ContainsAny(path, "0123456789") || strings.Contains(path, "cpmove-") || strings.Contains(path, ".tar.") || strings.Contains(path, "virtualmin")
}

// match compares one element of a path with all styles. rest is the element
// without its time.
func (l *Layouts) match(name, before string, inside bool) (set Set, rest string, ok bool) {
	if len(name) > 255 || len(name) < 6 {
		return set, "", false
	}
	for i := range l.styles {
		st := &l.styles[i]
		if st.folder && !inside || st.in != "" && !holds(before, st.in) {
			continue
		}
		m := st.name.FindStringSubmatchIndex(name)
		if m == nil {
			continue
		}
		set = Set{Layout: st.layout, Folder: st.folder}
		rest = name
		var day, clock string
		cut := func(from, to int) { rest = name[:from] + "*" + name[to:] }
		for g, key := range st.name.SubexpNames() {
			if key == "" || m[2*g] < 0 {
				continue
			}
			from, to := m[2*g], m[2*g+1]
			v := name[from:to]
			switch key {
			case "account":
				set.Account = v
			case "host":
				set.Host = v
			case "domain":
				set.Domain = v
			case "database":
				set.Database = v
			case "time":
				day = digits(v)
				cut(from, to)
			case "short":
				day = "20" + digits(v)
				cut(from, to)
			case "us":
				day = american(v)
				cut(from, to)
			case "clock":
				clock = digits(v)
				rest = name[:m[2*g-2]] + "*" + name[to:]
			}
		}
		if day != "" {
			t, valid := parse(day + clock)
			if !valid && clock != "" {
				t, valid = parse(day)
			}
			if !valid {
				continue
			}
			set.Time = t
		}
		if st.layout == "rsnapshot" {
			rest = name[:strings.IndexByte(name, '.')] + ".*"
		}
		return set, rest, true
	}
	return set, "", false
}

// holds reports whether a folder in path is called like one of some words.
func holds(path, words string) bool {
	path = strings.ToLower(path)
	for w := range strings.SplitSeq(words, "|") {
		if strings.Contains(path, w) {
			return true
		}
	}
	return false
}

// digits returns the digits of s.
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// american turns 11.2.2026_03-15-00 into 20261102031500.
func american(s string) string {
	day, clock, _ := strings.Cut(s, "_")
	f := strings.Split(day, ".")
	for i := range f {
		if len(f[i]) == 1 {
			f[i] = "0" + f[i]
		}
	}
	return f[2] + f[0] + f[1] + digits(clock)
}

// parse reads a day, with an hour and minute, and seconds, or without.
func parse(s string) (time.Time, bool) {
	const layout = "20060102150405"
	if len(s) != 8 && len(s) != 12 && len(s) != 14 {
		return time.Time{}, false
	}
	t, err := time.Parse(layout[:len(s)], s)
	return t, err == nil && t.Year() >= 1980 && t.Year() < 2200
}

// inside fills in what the way into the set tells.
func (s *Set) inside(path []string) {
	at := func(i int) string {
		if i < len(path) {
			return path[i]
		}
		return ""
	}
	// Archives begin with a folder that is called as they are.
	if len(path) > 1 && (s.Layout == "cpanel") && strings.HasSuffix(s.Path, "/"+at(0)+".tar.gz") {
		path = path[1:]
	}
	for i, name := range path {
		last := i == len(path)-1
		switch s.Layout {
		case "cpanel":
			switch {
			case i == 0 && name == "mysql" && strings.HasSuffix(at(1), ".sql"):
				s.Database = strings.TrimSuffix(at(1), ".sql")
			case name == "mail" && i > 0 && strings.HasPrefix(path[i-1], "homedir") && i+2 < len(path) && strings.Contains(path[i+1], "."):
				s.Domain, s.Mailbox = path[i+1], path[i+2]+"@"+path[i+1]
			}
		case "directadmin":
			switch {
			case i == 0 && name == "imap" && len(path) > 3:
				s.Domain, s.Mailbox = path[1], path[2]+"@"+path[1]
			case i == 0 && name == "backup" && strings.HasSuffix(at(1), ".sql"):
				s.Database = strings.TrimSuffix(at(1), ".sql")
			case i == 0 && name == "domains" && len(path) > 2:
				s.Domain = path[1]
			}
		case "plesk":
			if name == "domains" && !last && s.Domain == "" {
				s.Domain = path[i+1]
			}
		case "rsnapshot":
			if i == 0 && !last {
				s.Host = name
			}
		case "virtualmin":
			if user, ok := strings.CutSuffix(name, "_mysql"); ok && i > 0 {
				s.Database = user
			}
		}
		if s.Mailbox == "" && (name == "Maildir" || name == "vmail") && i >= 2 && strings.Contains(path[i-2], ".") && !last {
			s.Domain, s.Mailbox = path[i-2], path[i-1]+"@"+path[i-2]
		}
	}
}
