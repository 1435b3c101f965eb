package reports

import (
	"fmt"

	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/language"
)

// canaryLines says of each canary whether it was found, those that were missed
// first; blind is empty where none was.
func canaryLines(r *inventory.Report, lang language.Lang) (lines []string, blind string) {
	t := lang.Texts().Canaries
	missed := 0
	var seen []string
	for _, c := range r.Canaries {
		found, expected := lang.Number(int64(c.Found)), lang.Number(int64(c.Expected))
		switch {
		case c.Missed():
			missed++
			lines = append(lines, fmt.Sprintf(t.Missed, c.ID, c.Source, found, expected))
		case c.Excluded:
			seen = append(seen, fmt.Sprintf(t.LeftOut, c.ID, c.Source))
		default:
			seen = append(seen, fmt.Sprintf(t.Seen, c.ID, c.Source, found, expected))
		}
	}
	if missed > 0 {
		blind = lang.Count(t.Blind, int64(missed))
	}
	return append(lines, seen...), blind
}
