package reports

// certWords is what a certificate says, in one language.
type certWords struct {
	Title, Person, Request, Received, Made, Verification                                                      string
	Place, Records, Source, Read, ReadOf, NotListed, LeftOut, Why, Times, More                                string
	All, AllButKept, InBackups, Remains, NotWhole, Nothing                                                    string
	Erased, ErasedNote, Kept, KeptNote, Ground, Backups, BackupsNote, GoneBy                                  string
	There, ThereNote, State, Unchecked, UncheckedNote, AtPlace, Until, NoDay                                  string
	Covered, Limits, GapsNote, NotSearched, FewerIdentifiers, NotLookedFor, Exclusions, Date, Name, Signature string
	States, Reasons                                                                                           map[string]string
}

// CertificateLanguages are those in which there are certificates.
func CertificateLanguages() []string { return []string{"en", "nl", "fr", "de"} }

func certificateWords() map[string]*certWords {
	return map[string]*certWords{
		"en": {
			Title: "Statement of erasure", Person: "Person", Request: "request", Received: "received", Made: "Checked on %s against report %s of %s.", Verification: "verification",
			Place: "Place", Records: "Records", Source: "Source", Read: "Read again", ReadOf: "%s of %s units", NotListed: "could not be listed to its end", LeftOut: "%s left out on purpose", Why: "Why", Times: "Times", More: "Records in further places: %d",
			All: "Everything that the report names is erased, and the whole scope was searched again.", AllButKept: "Everything that the report names is erased, but for what is kept on a ground (records: %d); the whole scope was searched again.",
			InBackups: "Nothing is left that was to be erased where it is used. Records that lie in backups until these end: %d; records that are kept on a ground: %d.", Remains: "Not complete. Records that are still there: %d.", NotWhole: "Not a statement of complete erasure: not everything could be checked. What is said below holds for what was read.", Nothing: "The report names no records of this person.",
			Erased: "Erased", ErasedNote: "These records are no longer there, or no longer about the person.", Kept: "Kept", KeptNote: "These records are there and are kept on a ground.", Ground: "Ground and end",
			Backups: "In backups", BackupsNote: "These records, or copies of them, lie in backups until these end.", GoneBy: "Gone by",
			There: "Still there", ThereNote: "These records are there, and the report named no ground to keep them.", State: "State", Unchecked: "Not checked", UncheckedNote: "Of these records nothing can be said.", AtPlace: "At its place", Until: "until %s", NoDay: "the day is not known",
			Covered: "What this covers", Limits: "This statement holds for the sources named here, as they were when they were read, and for the identifiers that were looked for. It says nothing of other sources, of what could not be read or was left out, or of what was changed since.",
			GapsNote: "The following could not be read, and may hold more:", NotSearched: "The person's identifiers were not at hand: only the places of the report were read, not the whole scope.", FewerIdentifiers: "Identifiers that the report knew and that were not looked for: %d.", NotLookedFor: "Types of identifiers by which nobody can be looked for: %s.", Exclusions: "Places or kinds of content left out on purpose: %d.",
			Date: "Date", Name: "Name", Signature: "Signature",
			States:  map[string]string{"present": "there as it was", "changed": "there, changed", "moved": "moved elsewhere", "new": "not in the report", "absent": "nothing is there any more", "there": "something is there", "unread": "could not be read"},
			Reasons: map[string]string{"encrypted": "encrypted", "corrupt": "damaged", "denied": "access denied", "unsupported": "format not supported", "too-deep": "nested too deep", "too-large": "too large", "bomb": "grows out of proportion", "timeout": "took too long", "vanished": "vanished while it was read", "offline": "not reachable", "key-missing": "key is missing", "error": "error"},
		},
		"nl": {
			Title: "Verklaring van wissing", Person: "Persoon", Request: "verzoek", Received: "ontvangen op", Made: "Nagegaan op %s aan de hand van rapport %s van %s.", Verification: "nazicht",
			Place: "Plaats", Records: "Records", Source: "Bron", Read: "Opnieuw gelezen", ReadOf: "%s van %s eenheden", NotListed: "kon niet helemaal worden opgelijst", LeftOut: "%s bewust weggelaten", Why: "Reden", Times: "Aantal", More: "Records op andere plaatsen: %d",
			All: "Alles wat het rapport noemt is gewist, en het hele bereik is opnieuw doorzocht.", AllButKept: "Alles wat het rapport noemt is gewist, behalve wat op een grond wordt bewaard (records: %d); het hele bereik is opnieuw doorzocht.",
			InBackups: "Er rest niets dat moest worden gewist waar het wordt gebruikt. Records die in back-ups liggen tot die aflopen: %d; records die op een grond worden bewaard: %d.", Remains: "Niet volledig. Records die er nog zijn: %d.", NotWhole: "Geen verklaring van volledige wissing: niet alles kon worden nagegaan. Wat hieronder staat, geldt voor wat gelezen is.", Nothing: "Het rapport noemt geen records van deze persoon.",
			Erased: "Gewist", ErasedNote: "Deze records zijn er niet meer, of gaan niet meer over de persoon.", Kept: "Bewaard", KeptNote: "Deze records zijn er nog en worden op een grond bewaard.", Ground: "Grond en einde",
			Backups: "In back-ups", BackupsNote: "Deze records, of kopieën ervan, liggen in back-ups tot die aflopen.", GoneBy: "Weg op",
			There: "Nog aanwezig", ThereNote: "Deze records zijn er nog, en het rapport noemt geen grond om ze te bewaren.", State: "Toestand", Unchecked: "Niet nagegaan", UncheckedNote: "Over deze records kan niets worden gezegd.", AtPlace: "Op de plaats", Until: "tot %s", NoDay: "de dag is niet bekend",
			Covered: "Wat dit dekt", Limits: "Deze verklaring geldt voor de bronnen die hier staan, zoals ze waren toen ze werden gelezen, en voor de gegevens waarmee is gezocht. Ze zegt niets over andere bronnen, over wat niet kon worden gelezen of werd weggelaten, of over wat sindsdien is veranderd.",
			GapsNote: "Het volgende kon niet worden gelezen en kan nog meer bevatten:", NotSearched: "De gegevens om de persoon te herkennen waren niet voorhanden: alleen de plaatsen van het rapport zijn gelezen, niet het hele bereik.", FewerIdentifiers: "Gegevens die het rapport kende en waarnaar niet is gezocht: %d.", NotLookedFor: "Soorten gegevens waarop niet kan worden gezocht: %s.", Exclusions: "Bewust weggelaten plaatsen of soorten inhoud: %d.",
			Date: "Datum", Name: "Naam", Signature: "Handtekening",
			States:  map[string]string{"present": "er nog zoals het was", "changed": "er nog, gewijzigd", "moved": "verplaatst", "new": "niet in het rapport", "absent": "er is niets meer", "there": "er staat iets", "unread": "kon niet worden gelezen"},
			Reasons: map[string]string{"encrypted": "versleuteld", "corrupt": "beschadigd", "denied": "geen toegang", "unsupported": "formaat niet ondersteund", "too-deep": "te diep genest", "too-large": "te groot", "bomb": "groeit buiten verhouding", "timeout": "duurde te lang", "vanished": "verdween tijdens het lezen", "offline": "niet bereikbaar", "key-missing": "sleutel ontbreekt", "error": "fout"},
		},
		"fr": {
			Title: "Attestation d’effacement", Person: "Personne", Request: "demande", Received: "reçue le", Made: "Vérifié le %s d’après le rapport %s du %s.", Verification: "vérification",
			Place: "Emplacement", Records: "Enregistrements", Source: "Source", Read: "Relu", ReadOf: "%s unités sur %s", NotListed: "n’a pas pu être listée jusqu’au bout", LeftOut: "%s laissées de côté à dessein", Why: "Raison", Times: "Nombre", More: "Enregistrements à d’autres emplacements : %d",
			All: "Tout ce que le rapport nomme est effacé, et tout le périmètre a été parcouru à nouveau.", AllButKept: "Tout ce que le rapport nomme est effacé, sauf ce qui est conservé pour un motif (enregistrements : %d) ; tout le périmètre a été parcouru à nouveau.",
			InBackups: "Là où les données servent, il ne reste rien de ce qui était à effacer. Enregistrements qui se trouvent dans des sauvegardes jusqu’à leur terme : %d ; enregistrements conservés pour un motif : %d.", Remains: "Incomplet. Enregistrements toujours là : %d.", NotWhole: "Ceci n’atteste pas un effacement complet : tout n’a pas pu être vérifié. Ce qui suit vaut pour ce qui a été lu.", Nothing: "Le rapport ne nomme aucun enregistrement de cette personne.",
			Erased: "Effacé", ErasedNote: "Ces enregistrements n’existent plus, ou ne concernent plus la personne.", Kept: "Conservé", KeptNote: "Ces enregistrements existent et sont conservés pour un motif.", Ground: "Motif et terme",
			Backups: "Dans les sauvegardes", BackupsNote: "Ces enregistrements, ou des copies, se trouvent dans des sauvegardes jusqu’à leur terme.", GoneBy: "Disparaît",
			There: "Toujours là", ThereNote: "Ces enregistrements existent, et le rapport ne nomme aucun motif de les conserver.", State: "État", Unchecked: "Non vérifié", UncheckedNote: "De ces enregistrements, rien ne peut être dit.", AtPlace: "À l’emplacement", Until: "jusqu’au %s", NoDay: "le jour n’est pas connu",
			Covered: "Ce que ceci couvre", Limits: "Cette attestation vaut pour les sources nommées ici, telles qu’elles étaient lors de la lecture, et pour les identifiants recherchés. Elle ne dit rien d’autres sources, de ce qui n’a pas pu être lu ou a été laissé de côté, ni de ce qui a changé depuis.",
			GapsNote: "Ce qui suit n’a pas pu être lu et peut contenir davantage :", NotSearched: "Les identifiants de la personne n’étaient pas disponibles : seuls les emplacements du rapport ont été lus, pas tout le périmètre.", FewerIdentifiers: "Identifiants connus du rapport qui n’ont pas été recherchés : %d.", NotLookedFor: "Types d’identifiants qui ne peuvent pas être recherchés : %s.", Exclusions: "Emplacements ou types de contenu laissés de côté à dessein : %d.",
			Date: "Date", Name: "Nom", Signature: "Signature",
			States:  map[string]string{"present": "là comme avant", "changed": "là, modifié", "moved": "déplacé", "new": "absent du rapport", "absent": "il n’y a plus rien", "there": "quelque chose s’y trouve", "unread": "n’a pas pu être lu"},
			Reasons: map[string]string{"encrypted": "chiffré", "corrupt": "endommagé", "denied": "accès refusé", "unsupported": "format non pris en charge", "too-deep": "imbriqué trop profondément", "too-large": "trop grand", "bomb": "grossit hors de proportion", "timeout": "trop long", "vanished": "disparu pendant la lecture", "offline": "injoignable", "key-missing": "clé manquante", "error": "erreur"},
		},
		"de": {
			Title: "Bescheinigung der Löschung", Person: "Person", Request: "Antrag", Received: "eingegangen am", Made: "Geprüft am %s anhand des Berichts %s vom %s.", Verification: "Prüfung",
			Place: "Ort", Records: "Datensätze", Source: "Quelle", Read: "Erneut gelesen", ReadOf: "%s von %s Einheiten", NotListed: "konnte nicht vollständig aufgelistet werden", LeftOut: "%s bewusst ausgelassen", Why: "Grund", Times: "Anzahl", More: "Datensätze an anderen Orten: %d",
			All: "Alles, was der Bericht nennt, ist gelöscht, und der ganze Bereich wurde erneut durchsucht.", AllButKept: "Alles, was der Bericht nennt, ist gelöscht, bis auf das, was aus einem Grund aufbewahrt wird (Datensätze: %d); der ganze Bereich wurde erneut durchsucht.",
			InBackups: "Wo die Daten verwendet werden, ist nichts übrig, was zu löschen war. Datensätze, die in Sicherungen liegen, bis diese ablaufen: %d; Datensätze, die aus einem Grund aufbewahrt werden: %d.", Remains: "Nicht vollständig. Datensätze, die noch da sind: %d.", NotWhole: "Keine Bescheinigung einer vollständigen Löschung: Nicht alles konnte geprüft werden. Was unten steht, gilt für das Gelesene.", Nothing: "Der Bericht nennt keine Datensätze dieser Person.",
			Erased: "Gelöscht", ErasedNote: "Diese Datensätze sind nicht mehr da oder betreffen die Person nicht mehr.", Kept: "Aufbewahrt", KeptNote: "Diese Datensätze sind da und werden aus einem Grund aufbewahrt.", Ground: "Grund und Ende",
			Backups: "In Sicherungen", BackupsNote: "Diese Datensätze oder Kopien davon liegen in Sicherungen, bis diese ablaufen.", GoneBy: "Weg",
			There: "Noch vorhanden", ThereNote: "Diese Datensätze sind da, und der Bericht nennt keinen Grund, sie aufzubewahren.", State: "Zustand", Unchecked: "Nicht geprüft", UncheckedNote: "Über diese Datensätze lässt sich nichts sagen.", AtPlace: "Am Ort", Until: "bis %s", NoDay: "der Tag ist nicht bekannt",
			Covered: "Was dies abdeckt", Limits: "Diese Bescheinigung gilt für die hier genannten Quellen, wie sie beim Lesen waren, und für die Kennungen, nach denen gesucht wurde. Sie sagt nichts über andere Quellen, über das, was nicht gelesen werden konnte oder ausgelassen wurde, oder was sich seither geändert hat.",
			GapsNote: "Folgendes konnte nicht gelesen werden und kann mehr enthalten:", NotSearched: "Die Kennungen der Person lagen nicht vor: Nur die Orte des Berichts wurden gelesen, nicht der ganze Bereich.", FewerIdentifiers: "Kennungen, die der Bericht kannte und nach denen nicht gesucht wurde: %d.", NotLookedFor: "Arten von Kennungen, nach denen nicht gesucht werden kann: %s.", Exclusions: "Bewusst ausgelassene Orte oder Arten von Inhalt: %d.",
			Date: "Datum", Name: "Name", Signature: "Unterschrift",
			States:  map[string]string{"present": "da wie zuvor", "changed": "da, geändert", "moved": "verschoben", "new": "nicht im Bericht", "absent": "dort ist nichts mehr", "there": "dort steht etwas", "unread": "konnte nicht gelesen werden"},
			Reasons: map[string]string{"encrypted": "verschlüsselt", "corrupt": "beschädigt", "denied": "kein Zugriff", "unsupported": "Format nicht unterstützt", "too-deep": "zu tief verschachtelt", "too-large": "zu groß", "bomb": "wächst unverhältnismäßig", "timeout": "dauerte zu lange", "vanished": "beim Lesen verschwunden", "offline": "nicht erreichbar", "key-missing": "Schlüssel fehlt", "error": "Fehler"},
		},
	}
}
