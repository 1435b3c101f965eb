package subject

import "testing"

// A writtenAs holds how an identifier is written, and what is not it.
type writtenAs struct {
	typ    Type
	value  string
	others []Identifier
	find   []string
	never  []string
}

func TestMoreForms(t *testing.T) {
	for _, c := range []writtenAs{
		{Name, "Maria Carmen García López", []Identifier{{Type: Phone, Value: "+34 612 34 56 78"}}, []string{
			"Maria C. García", "M. C. García López", "M.C. García", "Mª Carmen García López", "García López, María Carmen", "GARCIA LOPEZ MARIA CARMEN", "Sra. García López (María Carmen)", "María Carmen García", "Maria García López", "garcia lopez, maria c.", "María del Carmen García López",
		}, []string{"María Gómez López", "María García", "Luisa María García", "Ana García López", "María Garcíaz"}},
		{Name, "Maria Carmen García López", nil, []string{"María García López", "Maria C. García", "García López, María Carmen"}, []string{"Marta García"}},
		{Name, "Jean-François Lefèvre", nil, []string{
			"LEFÈVRE (Jean-François)", "LEFEVRE (Jean-François)", "Lefèvre (Jean-François)", "Lefèvre, J.-F.", "Lefèvre, J.F.", "J.-F. Lefèvre", "J-F Lefèvre", "J. F. Lefèvre", "J.F. LEFEVRE", "LEFEVRE Jean François", "M. Jean-François Lefèvre", "Monsieur Lefèvre Jean-François", "Dr. Jean-François Lefèvre", "Herr Prof. Dr. Jean-François Lefèvre", "Prof. Dr. med. Jean-François Lefèvre", "Mr Jean-François LEFEVRE",
			"Jean-François LEFÈVRE épouse Martin", "cn=Jean-François Lefèvre,ou=people,dc=example,dc=be", "CN=Lefèvre\\2C Jean-François,OU=Users,DC=example,DC=be", "CN=Lefèvre\\, Jean-François,OU=Users", "uid=jflefevre,cn=Jean-Francois Lefevre", "Lefèvre J-F", "Lef&egrave;vre, Jean-Fran&ccedil;ois", "Jean-Fran=E7ois Lef=E8vre", "Jean-François <b>Lefèvre</b>", "<b>Jean-François</b> Lefèvre", "Jean-François<!-- x --> Lefèvre", "Jean-Fran<b>ç</b>ois Lefèvre", "Jean-François Le<i>fèvre</i>", "JeanFrancoisLefevre", "jean_francois_lefevre", "jean-francois.lefevre", "jeanfrancois.lefevre", "lefevre_jean-francois", "Lefèvre Jean-F.", "Jean-Fr. Lefèvre", "LefevreJeanFrancois",
		}, []string{"Jean Lefèvre-Martin", "Lefèvre (Marie)", "Lefèvre, M.-F.", "François Lefèvre Martin Jean", "A.-F. Lefèvre", "Jean-Paul Lefèvre", "LEFÈVRE (Jean-Paul)"}},
		{Name, "Zoë Peeters", nil, []string{
			"zoe_peeters", "ZoePeeters", "peeters.zoe", "zoe.peeters", "peeters_zoe", "PeetersZoe", "zoePeeters", "Mevr. Zoë Peeters", "Mevr. Peeters Zoë", "mevrouw Z. Peeters", "Zoë Maes née Peeters", "Zoë Maes geb. Peeters", "Zoë Maes, geboren Peeters", "Frau Zoë Maes (geb. Peeters)", "Zoë Peeters épouse Maes", "Zoë PEETERS ep. MAES", "PEETERS, Zoë (Mevr.)", "Peeters (Zoë)", "cn=Zoë Peeters", "cn: Zoë Peeters", "CN=Peeters\\2CZoë", "sn=Peeters,givenName=Zoë", "Zo<b>ë</b> Peeters", "Zoë <span>Peet</span>ers", "Zoë<br>Peeters", "Zoë&nbsp;Peeters", "Zoë&shy; Peeters", "Dr. Zoë Peeters", "Prof. dr. ir. Zoë Peeters", "Mlle Zoë PEETERS", "PEETERS Zoë", "PEETERS Z.", "Peeters, Z", "ZOE PEETERS", "Peeters; Zoë", "Zoë\tPeeters", "Zoë Peeters's", "Zoë Peeters'", "Zo\u00c3\u00ab Peeters", "Zo\u00c3\u0192\u00c2\u00ab Peeters", "Zo? Peeters", "zoe-peeters", "Zoë  Peeters",
		}, []string{"Zoë Peters", "Zoë Peeters-Maes", "Zoë Maes-Peeters", "Zoë Maes née Peetersen", "Zoë née Peeters", "Jan Maes née Peeters", "Peeters (Joë)", "Peeters (Zoë Maes)", "Zoé Peetersen", "Joe Peeters", "Zoë Van Peeters", "Peeters Zoëline", "Chloë Peeters", "Zoë Maes", "Jan Peeters, Zoë Maes", "zoepeetersen"}},
		{Address, "Kerkstraat 12, 3740 Bilzen", nil, []string{
			"Kerk<b>straat</b> 12, 3740 Bilzen", "<b>Kerkstraat</b> 12, 3740 Bilzen", "Kerkstraat <!-- x -->12, 3740 Bilzen", "Kerkstraat<br>12<br>3740 Bilzen", "Kerkstr. 12, 3740 Bilzen", "Kerkstraat 12 - B-3740 Bilzen", "3740 Bilzen, Kerkstraat 12", "Bilzen 3740, Kerkstraat 12", "Kerkstraat 12 Bilzen 3740", "12 Kerkstraat, 3740 BILZEN", "KERKSTR 12 3740 BILZEN", "Kerkstraat nr. 12, 3740 Bilzen", "Kerkstraat, 12 3740 Bilzen", "Kerkstraat 12 te 3740 Bilzen", "Kerkstraat 12, BE-3740 Bilzen", "Kerkstraat 12\n3740 Bilzen\nBelgië", "Kerkstraat no 12, 3740 Bilzen", "Kerkstraat N°12, 3740 Bilzen", "Kerkstraat 12 bus 3, 3740 Bilzen",
		}, []string{"Kerkstraat 112, 3740 Bilzen", "Nieuwe Kerkstraat 12, 3740 Bilzen", "Kerkstraatje 12, 3740 Bilzen", "Kerkstraat 12A, 3740 Bilzen", "Kerkstraat 1-2, 3740 Bilzen"}},
		{Email, "zoe@example.be", nil, []string{
			"zoe<!-- x -->@example.be", "zoe<span>@</span>example.be", "zoe@<b>example</b>.be", "<b>zoe</b>@example.be", "zoe<wbr>@example.be", "zoe@example<wbr>.be", "zoe@ex=\r\nample.be", "zoe=40example=\n.be", "zoe%2540example.be", "em9lQGV4YW1wbGUuYmU=", "zoe&#64;example&#46;be", "z&#111;e&commat;example.be", "zoe\\u0040example.be", "zoe\\\\u0040example.be", "s:14:\"zoe@example.be\";", "zoe [at] example.be", "zoe(at)example(dot)be", "bounces+zoe=example.be@lists.example.org", "SRS0=abcd=12=example.be=zoe@fwd.example.org", "zoe+news@example.be", "mailto:zoe@example.be?subject=x", "zoe@example.be.", "<zoe@example.be>", "\"Zoe\" <zoe@example.be>", "zoe @ example . be", "zoe@example.be,x@y.be", "zoe{at}example{dot}be", "zoe AT example DOT be", "7a6f65406578616d706c652e6265", "zoe%40example%2Ebe", "z\u00adoe@example.be", "zoe@example\u200b.be", "prvs=1234567890=zoe@example.be", "zoe&commat;example&period;be", "zoe\\x40example.be", "zoe\\100example.be",
		}, []string{"azoe@example.be", "zoe@example.be.com", "x.zoe@example.be", "zoe@example.bes", "zoe@sub.example.be", "zoe@myexample.be", "zoe_@example.be", "zoe@example.b", "zoe<b>x</b>@example.be", "<i>a</i>zoe<i>@</i>example.be"}},
		{BirthDate, "1985-07-30", nil, []string{
			"30.7.85 geb.", "geb. 30.7.85", "geboren 30 jul '85", "born 30 Jul '85", "30/07/85 (geboren)", "né le 30 juil. 1985", "30. Juli 1985", "30 juillet 1985", "30-jul-1985", "July 30th, 1985", "19850730", "1985.07.30", "30/07/1985", "07/30/1985 (DOB)", "DOB: 07/30/85", "°30.07.1985", "* 30.07.1985", "30 VII 1985", "30 lipca 1985", "dertig juli 1985", "30 de julio de 1985", "il 30 luglio 1985", "geboortedatum: 30.07.85", "geb. am 30.07.85", "Jg. 1985-07-30",
		}, []string{"30.7.85", "130/07/1985", "30/07/19855", "1.30.07.1985", "30.07.1986 geb.", "30 jul '86", "30 jul '85"}},
	} {
		r, err := New([]Person{{ID: "a", Identifiers: append([]Identifier{{Type: c.typ, Value: c.value}}, c.others...)}})
		if err != nil {
			t.Fatal(err)
		}
		look := func(text string) string {
			e := r.NewEvidence(0)
			form := ""
			for _, h := range r.Find(nil, []byte(text)) {
				if h.Type == c.typ && !(h.Bare && !h.Named) {
					form += " " + h.Form + "[" + text[h.Start:h.End] + "]"
					e.Add(h, 0, h.Start)
				}
			}
			if form == "" {
				return ""
			}
			conf, _ := e.Judge(false)
			return string(conf) + form
		}
		for _, s := range c.find {
			if got := look("Xx: " + s + "\n"); got == "" {
				t.Errorf("%s %q not found in %q", c.typ, c.value, s)
			}
		}
		for _, s := range c.never {
			if got := look("Xx: " + s + "\n"); got != "" {
				t.Errorf("%s %q found in %q: %s", c.typ, c.value, s, got)
			}
		}
	}
}
