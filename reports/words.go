package reports

import "github.com/spoor-scan/spoor/internal/wording"

// words says what a report holds in a language.
type words = wording.Words

// shown makes a foreign text safe to be shown.
func shown(s string) string { return wording.Shown(s) }
