package export

import "github.com/spoor-scan/spoor/internal/language"

// texts are what the index page says in one language. Messages take values where
// they have %s.
type texts struct {
	Access, Portability string // titles
	Intro               [2]string
	Made, Request       string
	Complete            string
	Missing             string // counts of gaps
	NotSearched         string
	Contents, Nothing   string
	Purpose, Basis      string
	Place, Amount, File string
	Rows, Row           string
	Size, More          string
	Changed, Masked     string
	Mention             string // counts rows
	Confidence          string
	Withheld            string
	WithheldIntro       string
	What                map[string]string
	LeftOut             string
	LeftOutIntro        string
	Reasons             map[string]string
	Gaps, GapsIntro     string
	Detail              string
	About               string
	AboutJSON, AboutCSV string
	AboutMasked         string
	AboutNames          string // what masking can't do
	TextOnly, Edited    string // notes
	TextOnlyIntro       string // counts of items
	AboutSums           string
}

func textsOf(l language.Lang) texts {
	switch l {
	case language.Dutch:
		return texts{
			Access: "Kopie van uw persoonsgegevens", Portability: "Uw persoonsgegevens om mee te nemen",
			Intro: [2]string{
				"Dit bestand bevat een kopie van de persoonsgegevens die over u bewaard worden (art. 15, lid 3, AVG).",
				"Dit bestand bevat de persoonsgegevens die u verstrekt heeft, in open en machineleesbare formaten (art. 20 AVG).",
			},
			Made: "Gemaakt op", Request: "Verzoek", Complete: "Alles wat gevonden is en in deze kopie hoort, zit erin.",
			Missing: "Niet volledig: %s gevonden onderdelen konden niet gelezen worden. Ze staan hieronder.", NotSearched: "Bij het zoeken kon op %s plaatsen niet (volledig) gekeken worden. Daar kan nog meer over u staan.",
			Contents: "Wat erin zit", Nothing: "Er zit niets in.", Purpose: "Doel", Basis: "Rechtsgrond", Place: "Waar het stond", Amount: "Hoeveel", File: "Bestand",
			Rows: "%s rijen", Row: "1 rij", Size: "Grootte", More: "en %s andere: zie index.json", Changed: "gewijzigd sinds de zoekactie", Masked: "%s gegevens van anderen onleesbaar gemaakt", Mention: "in %s rijen staat u alleen vermeld: enkel die vermelding is gekopieerd, want de rest kan over een ander gaan",
			Confidence: "Zekerheid", Withheld: "Bewaard, maar niet gekopieerd",
			WithheldIntro: "Wachtwoorden, hashes van wachtwoorden en sleutels worden bewaard, maar staan om veiligheidsredenen niet in deze kopie.",
			What:          map[string]string{passwordHash: "een hash van een wachtwoord", password: "een wachtwoord of de hash ervan", token: "een sleutel of token", secretAny: "een wachtwoord, sleutel of token", unmaskable: "binaire gegevens, waarin gegevens van anderen niet onleesbaar gemaakt kunnen worden"},
			LeftOut:       "Weggelaten", LeftOutIntro: "Deze gevonden onderdelen zitten niet in de kopie.",
			Reasons: map[string]string{
				ByMention: "vermeldt u alleen: u heeft het niet verstrekt", ByProcessor: "bewaard in opdracht van een klant, die er zelf voor verantwoordelijk is", ByConfidence: "niet zeker genoeg dat het over u gaat", ByReview: "na controle: gaat niet over u",
				ByDerived: "afgeleid van wat u verstrekt heeft", ByBasis: "berust niet op toestemming of een overeenkomst", ByUnassigned: "doel en rechtsgrond niet vastgelegd",
				ByFormat: "geen open formaat", ByOthers: "gegevens van anderen erin kunnen niet onleesbaar gemaakt worden", BySecret: "bevat een hash van een wachtwoord, die er niet uitgehaald kan worden", ByBackup: "staat in een reservekopie; wat in gebruik is zit in de kopie", ByChange: "gaat intussen niet meer over u",
			},
			Gaps: "Kon niet gelezen worden", GapsIntro: "Dit hoort in de kopie, maar kon nu niet gelezen worden.", Detail: "Technisch detail",
			About: "Over deze bestanden", AboutJSON: "JSON: getallen, ontbrekende waarden (null) en tekst zoals ze bewaard worden; binaire waarden als {\"base64\": …}.",
			AboutCSV:   "CSV (RFC 4180, UTF-8): tekst staat tussen aanhalingstekens, een ontbrekende waarde is leeg zonder aanhalingstekens. Tekst die met = + - @, een tab, een regeleinde of een apostrof begint, heeft een apostrof ervoor, zodat een rekenblad er geen formule van maakt; verwijder die ene apostrof om de waarde zelf te krijgen.",
			AboutNames: "Namen van andere personen in lopende teksten en in bestanden worden niet herkend en staan er dus nog in; wie de kopie doorgeeft moet ze nalezen.",
			TextOnly:   "alleen de tekst ervan: het origineel kan niet veilig gekopieerd worden", Edited: "niet letterlijk het origineel: er is iets onleesbaar gemaakt of weggelaten",
			TextOnlyIntro: "Van %s onderdelen zit alleen de tekst in deze kopie, omdat in het origineel gegevens van anderen of wachtwoorden niet onleesbaar gemaakt kunnen worden.",
			AboutMasked:   "Gegevens van anderen zijn onleesbaar gemaakt, voor zover ze herkend zijn.", AboutSums: "SHA256SUMS bevat de controlesommen van alle bestanden, index.json dezelfde gegevens als deze pagina voor programma’s.",
		}
	case language.French:
		return texts{
			Access: "Copie de vos données à caractère personnel", Portability: "Vos données à caractère personnel, à emporter",
			Intro: [2]string{
				"Ce fichier contient une copie des données à caractère personnel conservées à votre sujet (art. 15, par. 3, du RGPD).",
				"Ce fichier contient les données à caractère personnel que vous avez fournies, dans des formats ouverts et lisibles par machine (art. 20 du RGPD).",
			},
			Made: "Établi le", Request: "Demande", Complete: "Tout ce qui a été trouvé et doit figurer dans cette copie s’y trouve.",
			Missing: "Incomplet : %s éléments trouvés n’ont pas pu être lus. Ils sont indiqués ci-dessous.", NotSearched: "La recherche n’a pas pu examiner (entièrement) %s endroits. D’autres données vous concernant peuvent s’y trouver.",
			Contents: "Contenu", Nothing: "Il ne contient rien.", Purpose: "Finalité", Basis: "Base juridique", Place: "Emplacement", Amount: "Quantité", File: "Fichier",
			Rows: "%s lignes", Row: "1 ligne", Size: "Taille", More: "et %s autres : voir index.json", Changed: "modifié depuis la recherche", Masked: "%s données d’autres personnes masquées", Mention: "vous n’êtes que mentionné(e) dans %s ligne(s) : seule cette mention est copiée, car le reste peut concerner autrui",
			Confidence: "Certitude", Withheld: "Conservé mais non copié",
			WithheldIntro: "Des mots de passe, leurs empreintes et des clés sont conservés, mais ne figurent pas dans cette copie pour des raisons de sécurité.",
			What:          map[string]string{passwordHash: "une empreinte de mot de passe", password: "un mot de passe ou son empreinte", token: "une clé ou un jeton", secretAny: "un mot de passe, une clé ou un jeton", unmaskable: "données binaires, dans lesquelles les données d’autres personnes ne peuvent pas être masquées"},
			LeftOut:       "Omis", LeftOutIntro: "Ces éléments trouvés ne figurent pas dans la copie.",
			Reasons: map[string]string{
				ByMention: "ne fait que vous mentionner : vous ne l’avez pas fourni", ByProcessor: "conservé pour le compte d’un client, qui en est responsable", ByConfidence: "pas assez certain que cela vous concerne", ByReview: "après examen : ne vous concerne pas",
				ByDerived: "dérivé de ce que vous avez fourni", ByBasis: "ne repose ni sur un consentement ni sur un contrat", ByUnassigned: "finalité et base juridique non établies",
				ByFormat: "format non ouvert", ByOthers: "les données d’autres personnes ne peuvent pas y être masquées", BySecret: "contient une empreinte de mot de passe, qui ne peut pas en être retirée", ByBackup: "se trouve dans une sauvegarde ; ce qui est en usage est dans la copie", ByChange: "ne vous concerne plus",
			},
			Gaps: "N’a pas pu être lu", GapsIntro: "Ces éléments doivent figurer dans la copie, mais n’ont pas pu être lus.", Detail: "Détail technique",
			About: "À propos de ces fichiers", AboutJSON: "JSON : nombres, valeurs absentes (null) et textes tels qu’ils sont conservés ; valeurs binaires sous la forme {\"base64\": …}.",
			AboutCSV:   "CSV (RFC 4180, UTF-8) : les textes sont entre guillemets, une valeur absente est vide et sans guillemets. Un texte qui commence par = + - @, une tabulation, un retour à la ligne ou une apostrophe est précédé d’une apostrophe, pour qu’aucun tableur n’y voie une formule ; retirez cette apostrophe pour retrouver la valeur.",
			AboutNames: "Les noms d’autres personnes dans les textes et les fichiers ne sont pas reconnus et y figurent encore ; qui transmet la copie doit la relire.",
			TextOnly:   "seulement son texte : l’original ne peut pas être copié sans risque", Edited: "pas l’original à la lettre : quelque chose y a été masqué ou omis",
			TextOnlyIntro: "De %s éléments, cette copie ne contient que le texte, car dans l’original les données d’autres personnes ou les mots de passe ne peuvent pas être masqués.",
			AboutMasked:   "Les données d’autres personnes sont masquées, dans la mesure où elles ont été reconnues.", AboutSums: "SHA256SUMS contient les sommes de contrôle de tous les fichiers, index.json les mêmes informations que cette page pour des programmes.",
		}
	case language.German:
		return texts{
			Access: "Kopie Ihrer personenbezogenen Daten", Portability: "Ihre personenbezogenen Daten zum Mitnehmen",
			Intro: [2]string{
				"Diese Datei enthält eine Kopie der personenbezogenen Daten, die über Sie gespeichert sind (Art. 15 Abs. 3 DSGVO).",
				"Diese Datei enthält die personenbezogenen Daten, die Sie bereitgestellt haben, in offenen und maschinenlesbaren Formaten (Art. 20 DSGVO).",
			},
			Made: "Erstellt am", Request: "Antrag", Complete: "Alles, was gefunden wurde und in diese Kopie gehört, ist enthalten.",
			Missing: "Unvollständig: %s gefundene Einträge konnten nicht gelesen werden. Sie sind unten genannt.", NotSearched: "Bei der Suche konnten %s Stellen nicht (vollständig) eingesehen werden. Dort können weitere Daten über Sie liegen.",
			Contents: "Inhalt", Nothing: "Es ist nichts enthalten.", Purpose: "Zweck", Basis: "Rechtsgrundlage", Place: "Wo es lag", Amount: "Umfang", File: "Datei",
			Rows: "%s Zeilen", Row: "1 Zeile", Size: "Größe", More: "und %s weitere: siehe index.json", Changed: "seit der Suche geändert", Masked: "%s Angaben anderer Personen unkenntlich gemacht", Mention: "in %s Zeilen werden Sie nur erwähnt: nur diese Erwähnung ist kopiert, denn der Rest kann andere betreffen",
			Confidence: "Sicherheit", Withheld: "Gespeichert, aber nicht kopiert",
			WithheldIntro: "Passwörter, deren Hashwerte und Schlüssel sind gespeichert, stehen aber aus Sicherheitsgründen nicht in dieser Kopie.",
			What:          map[string]string{passwordHash: "ein Hashwert eines Passworts", password: "ein Passwort oder dessen Hashwert", token: "ein Schlüssel oder Token", secretAny: "ein Passwort, Schlüssel oder Token", unmaskable: "Binärdaten, in denen Daten anderer Personen nicht unkenntlich gemacht werden können"},
			LeftOut:       "Weggelassen", LeftOutIntro: "Diese gefundenen Einträge sind nicht in der Kopie.",
			Reasons: map[string]string{
				ByMention: "erwähnt Sie nur: Sie haben es nicht bereitgestellt", ByProcessor: "im Auftrag eines Kunden gespeichert, der dafür verantwortlich ist", ByConfidence: "nicht sicher genug, dass es um Sie geht", ByReview: "nach Prüfung: betrifft Sie nicht",
				ByDerived: "aus Ihren Angaben abgeleitet", ByBasis: "beruht weder auf Einwilligung noch auf einem Vertrag", ByUnassigned: "Zweck und Rechtsgrundlage nicht festgelegt",
				ByFormat: "kein offenes Format", ByOthers: "Daten anderer Personen darin können nicht unkenntlich gemacht werden", BySecret: "enthält den Hashwert eines Passworts, der nicht herausgenommen werden kann", ByBackup: "liegt in einer Sicherung; was in Gebrauch ist, ist in der Kopie", ByChange: "betrifft Sie inzwischen nicht mehr",
			},
			Gaps: "Konnte nicht gelesen werden", GapsIntro: "Das gehört in die Kopie, konnte jetzt aber nicht gelesen werden.", Detail: "Technische Einzelheit",
			About: "Über diese Dateien", AboutJSON: "JSON: Zahlen, fehlende Werte (null) und Texte, wie sie gespeichert sind; binäre Werte als {\"base64\": …}.",
			AboutCSV:   "CSV (RFC 4180, UTF-8): Texte stehen in Anführungszeichen, ein fehlender Wert ist leer und ohne Anführungszeichen. Ein Text, der mit = + - @, einem Tabulator, einem Zeilenende oder einem Apostroph beginnt, hat einen Apostroph davor, damit keine Tabellenkalkulation eine Formel daraus macht; ohne diesen einen Apostroph ist es der Wert selbst.",
			AboutNames: "Namen anderer Personen in fortlaufenden Texten und in Dateien werden nicht erkannt und stehen noch darin; wer die Kopie weitergibt, muss sie durchsehen.",
			TextOnly:   "nur der Text davon: das Original kann nicht sicher kopiert werden", Edited: "nicht wörtlich das Original: etwas wurde unkenntlich gemacht oder weggelassen",
			TextOnlyIntro: "Von %s Einträgen enthält diese Kopie nur den Text, weil im Original Daten anderer Personen oder Passwörter nicht unkenntlich gemacht werden können.",
			AboutMasked:   "Daten anderer Personen sind unkenntlich gemacht, soweit sie erkannt wurden.", AboutSums: "SHA256SUMS enthält die Prüfsummen aller Dateien, index.json dieselben Angaben wie diese Seite für Programme.",
		}
	}
	return texts{
		Access: "Copy of your personal data", Portability: "Your personal data, to take with you",
		Intro: [2]string{
			"This file holds a copy of the personal data that are kept about you (Art. 15(3) GDPR).",
			"This file holds the personal data that you provided, in open and machine-readable formats (Art. 20 GDPR).",
		},
		Made: "Made on", Request: "Request", Complete: "All that was found and belongs in this copy is in it.",
		Missing: "Incomplete: %s of the items that were found could not be read. They are named below.", NotSearched: "The search could not look into %s places, or not to their end. There may be more about you.",
		Contents: "What is in it", Nothing: "There is nothing in it.", Purpose: "Purpose", Basis: "Legal basis", Place: "Where it was", Amount: "How much", File: "File",
		Rows: "%s rows", Row: "1 row", Size: "Size", More: "and %s more: see index.json", Changed: "changed since the search", Masked: "%s identifiers of others hidden", Mention: "%s rows only mention you: only that is copied, since the rest may be about somebody else",
		Confidence: "Confidence", Withheld: "Held and not copied",
		WithheldIntro: "Passwords, their hashes, and keys are held, and are not in this copy for the sake of security.",
		What:          map[string]string{passwordHash: "a password hash", password: "a password or its hash", token: "a key or token", secretAny: "a password, key or token", unmaskable: "binary data, in which other people’s data can’t be hidden"},
		LeftOut:       "Left out", LeftOutIntro: "These items were found and are not in the copy.",
		Reasons: map[string]string{
			ByMention: "only mentions you: you did not provide it", ByProcessor: "held for a customer, who is responsible for it", ByConfidence: "not certain enough that it is about you", ByReview: "a review found that it is not about you",
			ByDerived: "derived from what you provided", ByBasis: "rests on neither consent nor a contract", ByUnassigned: "its purpose and legal basis are not on record",
			ByFormat: "not an open format", ByOthers: "other people’s data in it can’t be hidden", BySecret: "holds a password hash, which can’t be taken out", ByBackup: "lies in a backup; what is in use is in the copy", ByChange: "no longer about you",
		},
		Gaps: "Could not be read", GapsIntro: "This belongs in the copy, and could not be read now.", Detail: "Technical detail",
		About: "About these files", AboutJSON: "JSON: numbers, missing values (null) and texts as they are kept; binary values as {\"base64\": …}.",
		AboutCSV:   "CSV (RFC 4180, UTF-8): texts stand in quotes, a missing value is empty and has none. A text that starts with = + - @, a tab, a line end or an apostrophe has an apostrophe before it, so that no spreadsheet takes it for a formula; without that one apostrophe it is the value itself.",
		AboutNames: "Names of other people in running texts and in files are not recognised and are still there; whoever hands over the copy has to read it through.",
		TextOnly:   "only its text: the original can’t be copied safely", Edited: "not the original to the letter: something in it is hidden or left out",
		TextOnlyIntro: "Of %s items this copy holds the text alone, because other people’s data or passwords in the original can’t be hidden.",
		AboutMasked:   "Other people’s data are hidden, as far as they were recognised.", AboutSums: "SHA256SUMS holds the check sums of all files, index.json what this page says for programs.",
	}
}
