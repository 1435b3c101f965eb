package subject

import "strings"

// particles are the words that go with a surname.
const particles = " van von vom zu zur de der den del della dei des di da do dos das du la le les el al ten ter ver te 't of bin ibn af av "

// name adds the orders in which a name is written.
func (bl *builder) name(value string) {
	raw := words(value)
	t := make([]string, len(raw))
	for i, w := range raw {
		t[i] = plain(w)
	}
	// The surname starts at its first particle, else it is the last word.
	sur := len(t) - 1
	for i := 1; i < len(t); i++ {
		if strings.Contains(particles, " "+t[i]+" ") {
			sur = i
			break
		}
	}
	seqs := []sequence{
		{t, "plain"},
		{append(append([]string{}, t[sur:]...), t[:sur]...), "surname-first"},
	}
	if before, after, ok := strings.Cut(value, ","); ok {
		// Given as "Surname, First".
		a, b := tokens(after), tokens(before)
		seqs = []sequence{{append(append([]string{}, a...), b...), "plain"}, {t, "surname-first"}}
	}
	if sur < len(t)-1 { // Broeck, Zoë Van den
		last := len(t) - 1
		seqs = append(seqs, sequence{append(append([]string{t[last]}, t[:sur]...), t[sur:last]...), "surname-first"})
	}
	bl.sequences(raw, seqs)
}
