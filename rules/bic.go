package rules

import "strings"

// bic detects business identifier codes near words that say so.
func bic() Rule {
	return found(Rule{
		ID:           "bic",
		Description:  "a business identifier code (SWIFT)",
		Source:       "ISO 9362; ISO 3166-1",
		Category:     "financial",
		Context:      []string{"bic", "swift", "swiftbic", "bicswift", "bicode", "biccode", "swiftcode", "bankidentifier*", "iban"},
		NeedsContext: true,
		MaxLen:       11,
		Match:        []string{"GEBABEBB", "KREDBEBB", "DEUTDEFF500", "BNPAFRPPXXX", "NTSBDEB1XXX"},
		NoMatch:      []string{"GEBAXYBB", "GEBABEB", "GEBABEBBX", "gebabebb", "GEB1BEBB", "Hospital"},
		groups:       []group{{kinds: "a", least: 8, most: 11}, {kinds: "m", least: 8, most: 8, first: capitals}, {kinds: "m", least: 11, most: 11, first: capitals}},
		look: func(b []byte, from, to int) (int, int) {
			s := b[from:to]
			if len(s) != 8 && len(s) != 11 || byteAt(b, from-1) >= 0x80 || byteAt(b, from-1) == '_' || byteAt(b, to) >= 0x80 || byteAt(b, to) == '_' {
				return 0, 0
			}
			for i, c := range s {
				if !upper(c) && (i < 6 || !digit(c)) {
					return 0, 0
				}
			}
			if s[7] == 'O' || !isCountry(s[4], s[5]) {
				return 0, 0
			}
			return from, to
		},
		strict: 6,
	})
}

const capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

// countries are the codes of ISO 3166-1 alpha-2, and XK.
const countries = "ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCICKCLCMCNCOCRCUCVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFR" +
	"GAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUIDIEILIMINIOIQIRISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZ" +
	"NANCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUMUSUYUZVAVCVEVGVIVNVUWFWSXKYEYTZAZMZW"

func isCountry(a, b byte) bool {
	two := string([]byte{a, b})
	for s := countries; ; {
		i := strings.Index(s, two)
		if i < 0 {
			return false
		}
		if (len(countries)-len(s)+i)%2 == 0 {
			return true
		}
		s = s[i+1:]
	}
}
