package rules

import "slices"

// national returns the rules for numbers that the authorities of one country
// issue, country by country: those of the European Union, of the European
// Economic Area, the United Kingdom and Switzerland.
func national() []Rule {
	return slices.Concat(
		austria(),
		belgium(),
		bulgaria(),
		croatia(),
		cyprus(),
		czechia(),
		denmark(),
		estonia(),
		finland(),
		france(),
		germany(),
		greece(),
		hungary(),
		iceland(),
		ireland(),
		italy(),
		latvia(),
		liechtenstein(),
		lithuania(),
		luxembourg(),
		malta(),
		netherlands(),
		norway(),
		poland(),
		portugal(),
		romania(),
		slovakia(),
		slovenia(),
		spain(),
		sweden(),
		switzerland(),
		unitedKingdom(),
	)
}
