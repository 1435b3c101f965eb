package rules

import "slices"

// national returns the rules for numbers that the authorities of one country
// issue, country by country.
func national() []Rule { return slices.Concat[[]Rule]() }
