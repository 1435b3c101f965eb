package reports

import (
	"cmp"
	"slices"
	"strings"

	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/language"
)

// backupGroup is the sets of backups of one layout in one source.
type backupGroup struct {
	Source, Layout         string
	Sets                   int64
	Oldest, Newest, GoneBy string // days; empty where not known
	Schedule               string
	Findings               int64
}

// Backups returns the sets of backups as people are shown them.
func (v *view) Backups() []backupGroup {
	var out []backupGroup
	often := map[int][]string{}
	for _, b := range v.Report.Backups {
		i := slices.IndexFunc(out, func(g backupGroup) bool { return g.Source == b.Source && g.Layout == b.Layout })
		if i < 0 {
			i = len(out)
			out = append(out, backupGroup{Source: b.Source, Layout: b.Layout})
		}
		g := &out[i]
		g.Sets++
		g.Findings += b.Findings
		if day, _, _ := strings.Cut(b.Time, "T"); day != "" {
			g.Newest = max(g.Newest, day)
			if g.Oldest == "" || day < g.Oldest {
				g.Oldest = day
			}
		}
		if b.GoneBy != nil {
			g.GoneBy = max(g.GoneBy, *b.GoneBy)
		}
		if s := v.schedule(b); s != "" && !slices.Contains(often[i], s) {
			often[i] = append(often[i], s)
		}
	}
	for i := range out {
		slices.Sort(often[i])
		out[i].Schedule = strings.Join(often[i][:min(len(often[i]), 3)], ", ")
	}
	slices.SortStableFunc(out, func(a, b backupGroup) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Layout, b.Layout))
	})
	return out
}

// schedule says how often sets of backups follow each other.
func (v *view) schedule(b inventory.Backup) string {
	if s, ok := v.T.Page.Schedules[b.Schedule]; ok {
		return s
	}
	f := strings.Fields(b.Schedule) // every 3 days
	switch {
	case len(f) == 3 && f[2] == "days":
		return language.Fill(v.T.Page.EveryDays, shown(f[1]))
	case len(f) == 3 && f[2] == "hours":
		return language.Fill(v.T.Page.EveryHours, shown(f[1]))
	}
	return shown(b.Schedule)
}
