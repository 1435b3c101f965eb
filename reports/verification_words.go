package reports

// verifyWords is what the page of a verification says, in one language.
type verifyWords struct {
	Title, Of, Findings, State, Why, Finding, GoneBy, None, More, Kept       string
	Found, Scanned, Partial, Unread, Excluded, NotListed, Gaps, Detail, Code string
	Remains, NotAll, Done, BackupsBy                                         string
	Names, Codes                                                             map[string]string
}

func verificationWords() map[string]*verifyWords {
	return map[string]*verifyWords{
		"en": {
			Title: "Verification", Of: "Finished %s, of report %s of %s.", Findings: "Findings", State: "State", Why: "Why", Finding: "Finding", GoneBy: "gone by %s", None: "There are none.", More: "Further findings, in the JSON and CSV forms: %d.", Kept: "kept on a ground",
			Found: "Found", Scanned: "Scanned", Partial: "Partial", Unread: "Unread", Excluded: "Left out", NotListed: "not wholly listed", Gaps: "What could not be read", Detail: "Detail", Code: "Reason",
			Remains: "Something is still there.", NotAll: "Not everything could be checked.", Done: "Nothing remains that was to be erased.", BackupsBy: "What backups hold is gone by %s.",
			Names: map[string]string{"gone": "gone", "present": "present", "changed": "changed", "moved": "moved", "unchecked": "unchecked", "new": "new"},
			Codes: map[string]string{
				"nowhere": "Nothing is at its place any more, and its content is nowhere in the scope.", "same": "The record is there as it was.", "copy-left": "A copy of it is left.",
				"not-compared": "The record is there; what it was can't be compared.", "differs": "The record is there with another content, and is about the person still.", "differs-unknown": "The record is there with another content; whether it is about the person still can't be told.",
				"cleared": "The record is there and is no longer about the person.", "elsewhere": "Its content stands at another place.", "not-read": "What is at its place could not be read.",
				"not-searched": "Nothing is at its place any more; the scope was not searched, as the identifiers were not at hand.", "not-covered": "Nothing is at its place any more; but the place was not read in the new scan.",
				"may-be-new": "Nothing is at its place any more; but it may be one of the new findings.", "copy-not-read": "At its place nothing of the person is left; but a copy could not be read.", "new": "The report does not have it.",
			},
		},
		"nl": {
			Title: "Nazicht", Of: "Afgerond op %s, van rapport %s van %s.", Findings: "Bevindingen", State: "Toestand", Why: "Waarom", Finding: "Bevinding", GoneBy: "weg op %s", None: "Er zijn er geen.", More: "Verdere bevindingen, in de JSON- en CSV-vorm: %d.", Kept: "bewaard op een grond",
			Found: "Gevonden", Scanned: "Gelezen", Partial: "Deels", Unread: "Ongelezen", Excluded: "Weggelaten", NotListed: "niet helemaal opgelijst", Gaps: "Wat niet kon worden gelezen", Detail: "Bijzonderheid", Code: "Reden",
			Remains: "Er is nog iets aanwezig.", NotAll: "Niet alles kon worden nagegaan.", Done: "Er rest niets dat moest worden gewist.", BackupsBy: "Wat back-ups bevatten, is weg op %s.",
			Names: map[string]string{"gone": "weg", "present": "aanwezig", "changed": "gewijzigd", "moved": "verplaatst", "unchecked": "niet nagegaan", "new": "nieuw"},
			Codes: map[string]string{
				"nowhere": "Op de plaats is niets meer, en de inhoud staat nergens in het bereik.", "same": "Het record is er zoals het was.", "copy-left": "Er is nog een kopie van.",
				"not-compared": "Het record is er; met wat het was, kan niet worden vergeleken.", "differs": "Het record is er met een andere inhoud, en gaat nog over de persoon.", "differs-unknown": "Het record is er met een andere inhoud; of het nog over de persoon gaat, is niet te zeggen.",
				"cleared": "Het record is er en gaat niet meer over de persoon.", "elsewhere": "De inhoud staat op een andere plaats.", "not-read": "Wat op de plaats staat, kon niet worden gelezen.",
				"not-searched": "Op de plaats is niets meer; het bereik is niet doorzocht, omdat de gegevens van de persoon niet voorhanden waren.", "not-covered": "Op de plaats is niets meer; maar de plaats is bij het nieuwe onderzoek niet gelezen.",
				"may-be-new": "Op de plaats is niets meer; maar het kan een van de nieuwe bevindingen zijn.", "copy-not-read": "Op de plaats is niets meer van de persoon; maar een kopie kon niet worden gelezen.", "new": "Het rapport heeft dit niet.",
			},
		},
		"fr": {
			Title: "Vérification", Of: "Terminée le %s, du rapport %s du %s.", Findings: "Résultats", State: "État", Why: "Pourquoi", Finding: "Résultat", GoneBy: "disparaît le %s", None: "Il n’y en a pas.", More: "Autres résultats, dans les formes JSON et CSV : %d.", Kept: "conservé pour un motif",
			Found: "Trouvé", Scanned: "Lu", Partial: "En partie", Unread: "Non lu", Excluded: "Laissé de côté", NotListed: "pas entièrement listée", Gaps: "Ce qui n’a pas pu être lu", Detail: "Détail", Code: "Raison",
			Remains: "Quelque chose est toujours là.", NotAll: "Tout n’a pas pu être vérifié.", Done: "Rien ne reste de ce qui était à effacer.", BackupsBy: "Ce que gardent les sauvegardes disparaît le %s.",
			Names: map[string]string{"gone": "disparu", "present": "présent", "changed": "modifié", "moved": "déplacé", "unchecked": "non vérifié", "new": "nouveau"},
			Codes: map[string]string{
				"nowhere": "Il n’y a plus rien à l’emplacement, et le contenu n’est nulle part dans le périmètre.", "same": "L’enregistrement est là comme avant.", "copy-left": "Il en reste une copie.",
				"not-compared": "L’enregistrement est là ; ce qu’il était ne peut pas être comparé.", "differs": "L’enregistrement est là avec un autre contenu, et concerne toujours la personne.", "differs-unknown": "L’enregistrement est là avec un autre contenu ; s’il concerne toujours la personne, on ne peut le dire.",
				"cleared": "L’enregistrement est là et ne concerne plus la personne.", "elsewhere": "Le contenu se trouve à un autre emplacement.", "not-read": "Ce qui se trouve à l’emplacement n’a pas pu être lu.",
				"not-searched": "Il n’y a plus rien à l’emplacement ; le périmètre n’a pas été parcouru, faute des identifiants.", "not-covered": "Il n’y a plus rien à l’emplacement ; mais il n’a pas été lu lors du nouvel examen.",
				"may-be-new": "Il n’y a plus rien à l’emplacement ; mais cela peut être l’un des nouveaux résultats.", "copy-not-read": "À l’emplacement, il n’y a plus rien de la personne ; mais une copie n’a pas pu être lue.", "new": "Le rapport ne l’a pas.",
			},
		},
		"de": {
			Title: "Prüfung", Of: "Abgeschlossen am %s, zum Bericht %s vom %s.", Findings: "Funde", State: "Zustand", Why: "Warum", Finding: "Fund", GoneBy: "weg am %s", None: "Es gibt keine.", More: "Weitere Funde, in den Formen JSON und CSV: %d.", Kept: "aus einem Grund aufbewahrt",
			Found: "Gefunden", Scanned: "Gelesen", Partial: "Teilweise", Unread: "Ungelesen", Excluded: "Ausgelassen", NotListed: "nicht vollständig aufgelistet", Gaps: "Was nicht gelesen werden konnte", Detail: "Einzelheit", Code: "Grund",
			Remains: "Etwas ist noch vorhanden.", NotAll: "Nicht alles konnte geprüft werden.", Done: "Nichts ist übrig, was zu löschen war.", BackupsBy: "Was Sicherungen enthalten, ist am %s weg.",
			Names: map[string]string{"gone": "weg", "present": "vorhanden", "changed": "geändert", "moved": "verschoben", "unchecked": "nicht geprüft", "new": "neu"},
			Codes: map[string]string{
				"nowhere": "Am Ort ist nichts mehr, und der Inhalt steht nirgends im Bereich.", "same": "Der Datensatz ist da wie zuvor.", "copy-left": "Eine Kopie davon ist noch da.",
				"not-compared": "Der Datensatz ist da; was er war, lässt sich nicht vergleichen.", "differs": "Der Datensatz ist mit anderem Inhalt da und betrifft die Person noch.", "differs-unknown": "Der Datensatz ist mit anderem Inhalt da; ob er die Person noch betrifft, lässt sich nicht sagen.",
				"cleared": "Der Datensatz ist da und betrifft die Person nicht mehr.", "elsewhere": "Der Inhalt steht an einem anderen Ort.", "not-read": "Was am Ort steht, konnte nicht gelesen werden.",
				"not-searched": "Am Ort ist nichts mehr; der Bereich wurde nicht durchsucht, da die Kennungen nicht vorlagen.", "not-covered": "Am Ort ist nichts mehr; doch er wurde bei der neuen Suche nicht gelesen.",
				"may-be-new": "Am Ort ist nichts mehr; doch es kann einer der neuen Funde sein.", "copy-not-read": "Am Ort ist nichts mehr von der Person; doch eine Kopie konnte nicht gelesen werden.", "new": "Der Bericht hat ihn nicht.",
			},
		},
	}
}
