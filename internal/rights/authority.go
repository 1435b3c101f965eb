package rights

import "github.com/spoor-scan/spoor/internal/inventory"

// Authority returns the supervisory authority of a country (Art. 51), by its ISO
// 3166 code; nil where it is not known. Source: the list of members of the
// European Data Protection Board, edpb.europa.eu. In Germany the authority of the
// Land is competent for most hosts; the one named is that of the federation, which
// tells which.
func Authority(country string) *inventory.Authority {
	a, ok := map[string]inventory.Authority{
		"AT": {Name: "Österreichische Datenschutzbehörde", Contact: "dsb@dsb.gv.at", URL: "https://www.dsb.gv.at/"},
		"BE": {Name: "Gegevensbeschermingsautoriteit / Autorité de protection des données", Contact: "contact@apd-gba.be", URL: "https://www.gegevensbeschermingsautoriteit.be/"},
		"DE": {Name: "Die Bundesbeauftragte für den Datenschutz und die Informationsfreiheit", Contact: "poststelle@bfdi.bund.de", URL: "https://www.bfdi.bund.de/"},
		"FR": {Name: "Commission Nationale de l'Informatique et des Libertés", URL: "https://www.cnil.fr/"},
		"LU": {Name: "Commission Nationale pour la Protection des Données", Contact: "info@cnpd.lu", URL: "https://cnpd.public.lu/"},
		"NL": {Name: "Autoriteit Persoonsgegevens", URL: "https://autoriteitpersoonsgegevens.nl/"},
	}[country]
	if !ok {
		return nil
	}
	return &a
}
