package inventory

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// maxBackups bounds how many backup sets a report names for each source.
const maxBackups = 10_000

// A Backup is a set of backups that a source holds: an archive, a folder, a
// snapshot.
type Backup struct {
	Source string `json:"source"`
	URI    string `json:"uri"`
	Place  string `json:"place"`  // for people; no identifiers
	Layout string `json:"layout"` // what wrote it: "cpanel", "rsnapshot", "restic" ...
	Time   string `json:"time,omitempty"`
	// AgeDays is how many days before the run that was, nil where it is not known.
	AgeDays *int `json:"age_days"`
	// Schedule is how often sets of its series follow each other: "hourly",
	// "daily", "weekly", "monthly" or "every 3 days"; empty where there are
	// fewer than three.
	Schedule string `json:"schedule,omitempty"`
	// GoneBy is the day on which it is gone by itself, as the retention of its
	// activity says.
	GoneBy   *string `json:"gone_by"`
	Units    int64   `json:"units"` // files, or one for a snapshot
	Bytes    int64   `json:"bytes"`
	Findings int64   `json:"findings"` // in it, those of a repository but once
	Partial  bool    `json:"partial"`  // not all of it could be read

	Series string `json:"-"` // sets of one series follow each other
}

// addBackup adds what a part of a set brings to the others.
func addBackup(to map[string]*Backup, b Backup) {
	x := to[b.URI]
	if x == nil {
		if len(to) < maxBackups {
			to[b.URI] = &b
		}
		return
	}
	x.Units += b.Units
	x.Bytes += b.Bytes
	x.Findings += b.Findings
	x.Partial = x.Partial || b.Partial
	if b.GoneBy != nil && (x.GoneBy == nil || *b.GoneBy > *x.GoneBy) {
		x.GoneBy = b.GoneBy
	}
}

// settleBackups returns the sets in the order of source, series and time, with
// what follows from the others and from the day of the run.
func settleBackups(all map[string]*Backup, now time.Time) []Backup {
	list := make([]Backup, 0, len(all))
	for _, b := range all {
		list = append(list, *b)
	}
	slices.SortFunc(list, func(a, b Backup) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Series, b.Series), cmp.Compare(a.Time, b.Time), cmp.Compare(a.URI, b.URI))
	})
	for lo := 0; lo < len(list); {
		hi := lo + 1
		for hi < len(list) && list[hi].Source == list[lo].Source && list[hi].Series == list[lo].Series {
			hi++
		}
		var times []time.Time
		for i := lo; i < hi; i++ {
			if t, err := time.Parse(time.RFC3339, list[i].Time); err == nil {
				days := int(now.Sub(t).Hours() / 24)
				list[i].AgeDays = &days
				times = append(times, t)
			}
		}
		every := schedule(times)
		for i := lo; i < hi; i++ {
			list[i].Schedule = every
		}
		lo = hi
	}
	return list
}

// schedule names the usual time between backups, of which the times are given in
// their order.
func schedule(times []time.Time) string {
	times = slices.CompactFunc(times, time.Time.Equal)
	if len(times) < 3 {
		return ""
	}
	var gaps []time.Duration
	for i := 1; i < len(times); i++ {
		gaps = append(gaps, times[i].Sub(times[i-1]))
	}
	slices.Sort(gaps)
	const day = 24 * time.Hour
	switch g := gaps[len(gaps)/2]; {
	case g <= 0:
		return ""
	case g < 90*time.Minute:
		return "hourly"
	case g < 20*time.Hour:
		return fmt.Sprintf("every %d hours", int(g.Hours()+0.5))
	case g < 30*time.Hour:
		return "daily"
	case g > 6*day && g < 8*day:
		return "weekly"
	case g > 27*day && g < 32*day:
		return "monthly"
	case g > 360*day && g < 370*day:
		return "yearly"
	default:
		return fmt.Sprintf("every %d days", int(g.Hours()/24+0.5))
	}
}
