package rules

import "strings"

// special returns the hints of special categories of personal data. They are
// words, in the languages of the EU with most speakers and of its neighbours,
// near others that speak of a person's data; a word says nothing certain.
func special() []Rule {
	hint := func(id, what, context, list string) Rule {
		r := Rule{
			ID:           "special-" + id,
			Description:  "a hint of " + what,
			Source:       "Regulation (EU) 2016/679, Art. 9(1)",
			Category:     "special category",
			Words:        strings.Fields(list),
			Context:      strings.Fields(context),
			NeedsContext: true,
			Hint:         true,
			MaxLen:       maxWord,
			strict:       1,
		}
		for i, w := range r.Words {
			r.Words[i] = strings.ReplaceAll(w, "_", " ")
		}
		for i, w := range r.Context {
			r.Context[i] = strings.ReplaceAll(w, "_", " ")
		}
		r.Match = []string{strings.TrimSuffix(r.Words[0], "*")}
		r.NoMatch = []string{"x" + r.Match[0], "example", "zoe@example.be"}
		r.Find = findWords(compileWords(r.Words))
		return r
	}
	return []Rule{
		hint("health", "health",
			"patient* patiënt* pacient* paziente pacjent* diagnos* diagno* anamnes* medical* medisch* medizin* medico medic* médical santé health* gezondheid* gesundheit* salud salute zdrow* zdrav* doctor* dokter* médecin arzt ärzt* lekarz* lékař* hospital* ziekenhuis* hôpital krankenhaus ospedale szpital* nemocnic* symptom* behandel* behandlung* treatment traitement terapi* therap* allerg* ziekte* krankheit* maladie disease* illness choroba terveys* potilas sundhed* sjuk* patienten υγεια ασθεν* диагно* пациент* insurance_health mutualit* mutualité ziekenfonds krankenkasse",
			"diabet* cancer kanker krebs* cáncer cancro tumor* tumeur oncolog* chemotherap* chimiothérapie rakovina nowotwór nowotwor* depression* depressie dépression* depresión depressione depresja deprese schizophren* schizofren* esquizofrenia bipolar* epilep* astma asthma asma hepatitis hépatite epatite hepatite hiv-positive hiv-positief séropositif séropositive vih-positif tuberculos* pregnan* zwanger* enceinte schwanger* embaraz* incinta grávida ciąża těhotn* disabled disability handicap* invalid* behinder* discapacidad disabilità niepełnosprawn* dementia dementie démence demenz demencia alzheimer* parkinson* hartinfarct herzinfarkt infarctus infarto zawał autis* psychiatr* psiquiatr* psichiatr* verslav* addiction alkoholi* alcoholi* hypertensi* hypertension burn-out burnout zwangerschap* miskraam abortus abortion fausse_couche miscarriage multiple_sclerose sclérose_en_plaques multiple_sclerosis leukemi* leucémie leukämie covid-positive raskaus syöpä kræft cukrzyca cukrovka zuckerkrank* διαβητ* καρκιν* диабет* epilepsy"),
		hint("religion", "religious or philosophical beliefs",
			"religi* relig* faith belief* godsdienst* geloof* geloofsovertuiging levensbeschouw* konfession* glaube* bekenntnis confession* croyance* religión credo confessione wyznanie wiar* vyznání náboženstv* viero* vallás* uskont* tro trossamfund θρησκ* религ* church kerk église kirche parish kirchensteuer denomination",
			"catholic* katholiek* catholique* katholisch* católic* cattolic* katolic* katolick* protestant* evangelisch* evangelical luthéran* lutheran* luthersk* calvinis* anglican* orthodox* orthodoxe* ortodox* prawosławn* pravoslav* muslim* moslim* musulman* musulmán* muslimisch* islamic islamitisch* islamisch* jewish joods* juif juive jüdisch* judío judía ebreo ebrea żydowsk* židovsk* hindoe* hinduist* hindou* buddhist* boeddhist* bouddhist* budist* buddist* sikhism atheist* atheïst* athée* ateo ateist* agnosti* jehova* mormon* baptist* methodist* humanistisch vrijzinnig* scientolog* katolinen ortodoksi* католи* православ* мюсюлман* ορθοδοξ* καθολικ* μουσουλμ*"),
		hint("union", "trade union membership",
			"member* lid lidmaatschap* ledenlijst aangesloten membre* adhérent* adhésion affili* mitglied* miembro* afiliad* iscritto iscritta iscrizione tesser* membro członk* członkostwo člen* tag tagság jäsen* medlem* μελος μελη член* contribution contributie bijdrage cotisation beitrag cuota",
			"vakbond* vakvereniging* trade_union* labour_union syndicat* syndiqué* syndicaal syndicale* gewerkschaft* sindicat* sindacat* sindicalist* sindicato* związek_zawodowy związku_zawodowego związki_zawodowe odbory odborová_organizace odborov* szakszervezet* ammattiliit* ammattiyhdisty* fagforening* fackförening* facklig* fagforbund* συνδικατ* синдикат* arodbiedrīb* profesinė_sąjunga ametiühing* sindikat* abvv-lid acv-lid"),
		hint("orientation", "sex life or sexual orientation",
			"orientation* geaardheid* orientierung orientación orientamento orientacja orientação orientace seks* sexual* sex sexe geslacht geschlecht gender genre partner* profile profiel* profil* identity identiteit* lgbt* suuntautu* läggning σεξουαλ* сексуал*",
			"homosexual* homoseksue* homosexuel* homosexuell* homoseksual* omosessual* homossexual* homosexuál* lesbian* lesbisch* lesbienne* lesbica lesbica* lesbijk* lesbisk* lesba bisexual* biseksue* bisexuel* bisexuell* bisessual* biseksual* bissexual* transgender* transseksue* transsexual* transsexuel* transsexuell* transessual* transseksual* heterosexual* heteroseksue* hétérosexuel* heterosexuell* queer asexual* aseksue* pansexual* panseksue* homoseksuaal* лесбий* хомосексуал* ομοφυλοφιλ* λεσβι*"),
		hint("ethnicity", "racial or ethnic origin",
			"ethni* etni* éthni* race ras rasse raza razza rasa origin* origine* oorsprong afkomst herkunft abstammung origen origem origine pochodzenie původ narodowość nationality_ethnic etnick* härkomst ursprung καταγωγ* етнич* произход skin huidskleur minority minderheid* minorit* minderheit*",
			"caucasian* kaukasisch* caucasien* african_american afro-american* afro-caribbean afroamerican* afroamerikan* roma_people romani gypsy zigeuner* tsigane* gitano* zingar* cygan* cikán* sinti_und_roma hispanic* latino latina asian_british black_african black_caribbean mixed_race mestizo mestiz* mulat* berber* kurdish koerdisch* kurdisch* arabic_origin maghreb* maghrébin* sephardi* ashkenazi* indigenous inheems* autochtoon* allochto* migratieachtergrond migrationshintergrund ромск* τσιγγαν*"),
		hint("politics", "political opinions",
			"politi* partij* parti partei* partido partito partia strana_člen member* lid lidmaatschap membre mitglied* miembro iscritto tesserat* członek vote* stem* voting électeur wähler* opinion* opinie overtuiging opinión opinione poglądy πολιτικ* полит* affiliation",
			"socialist* communist* kommunist* communiste* comunist* conservative_party conservateur* konservativ* liberal_party libéral* nationalist* nationaliste* nacionalist* nazionalist* anarchist* anarchiste* anarquist* anarchic* fascist* fasciste* faschist* fascista republican_party democratic_party labour_party sozialdemokrat* sociaaldemocra* sociaal-democra* socialdemocra* social-démocrat* socjaldemokrat* christendemocra* christdemokrat* démocrate-chrétien* partijlid parteimitglied* partijlidmaatschap komunist* κομμουνιστ* σοσιαλιστ* комунист* социалист*"),
		hint("biometrics", "biometric or genetic data",
			"biometri* biométri* genet* génét* gen dna adn dns data gegevens données daten datos dati dane údaje template* sample* monster échantillon probe muestra campione próbka scan* hash identif* login access toegang accès zugang βιομετρ* биометр* id lab",
			"fingerprint* vingerafdruk* empreinte_digitale empreintes_digitales fingerabdruck* fingerabdrücke huella_dactilar huellas_dactilares impronta_digitale impronte_digitali odcisk_palca odciski_palców otisk_prstu otisky_prstů ujjlenyomat* sormenjälki* sormenjälje* fingeravtryck* fingeraftryk* impressão_digital iris_scan irisscan iris-scan faceprint face_template facial_recognition gezichtsherkenning reconnaissance_faciale gesichtserkennung reconocimiento_facial riconoscimento_facciale voiceprint stemafdruk genotype* genotyp* genome génome dna-profiel dna_profile profil_adn dna-profil karyotype haplotype brca1 brca2 дактилоскоп* отпечатъ*"),
	}
}

// findWords returns a Find for the words of a set.
func findWords(w *words) func(b []byte, yield func(start, end int) bool) {
	return func(b []byte, yield func(start, end int) bool) {
		for i := 0; i < len(b); {
			if n := apart(b, i); n > 0 {
				i += n
				continue
			}
			to := wordEnd(b, i)
			if end := w.at(b, i, to, len(b)); end > 0 {
				if !yield(i, end) {
					return
				}
				to = end
			}
			i = to
		}
	}
}

// wordStart reports whether no word goes on at b[i].
func wordStart(b []byte, i int) bool {
	if i == 0 || b[i-1] < 0x80 {
		return i == 0 || !letter(b[i-1])
	}
	return i > 1 && apart(b, i-2) == 2 || i > 2 && apart(b, i-3) == 3
}
