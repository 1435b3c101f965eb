package subject

import "testing"

func TestDateForms(t *testing.T) {
	texts(t, Identifier{Type: BirthDate, Value: "1985-07-30"},
		[]string{
			"1985-07-30", "1985/07/30", "1985.7.30", "19850730", "30/07/1985", "30.7.1985", "30-07-1985", "30 07 1985", "1985-07-30T00:00:00+02:00", "07/30/1985",
			"geboren op 30/07/85", "dob: 85-07-30", "born 850730", "Geburtsdatum: 30.07.85", "birth_date=1985-07-29T22:00:00Z",
			"30 juli 1985", "30 juillet 1985", "30. Juli 1985", "July 30, 1985", "July 30th, 1985", "30th of July 1985", "30 Jul 1985", "30-JUL-1985", "30-JUL-85", "30 de julio de 1985", "30 luglio 1985", "30 lipca 1985",
			"dinsdag 30 juli 1985", "Tue, 30 Jul 1985 10:00:00 +0200", "30/Jul/1985:10:00:00", "30\x007\x001985\x00", "x\x001985\x0007\x0030\x00", "30 JUILLET 1985", "1985-Jul-30", "30. jul. 1985",
			"born on July 30 1985, in", "30.07.1985 r.", "1985-07-30.", "(30/07/1985)",
		},
		[]string{
			"1985-07-31", "31 juli 1985", "30 juli 1986", "130 juli 1985", "30 juli 19851", "30/07/85", "85-07-30", "300785", "1985-07-29T22:00:00Z", "1.30.07.1985", "30.07.1985.1", "30-07/1985", "July 3, 1985", "13 30 07 19852",
			"30\x007\x0019855\x00", "330\x007\x001985\x00", "juli 1985", "3,30 juli 1985", "30 augustus 1985", "19850730123",
		})
	texts(t, Identifier{Type: BirthDate, Value: "1979-03-01"},
		[]string{"1er mars 1979", "1. März 1979", "1. MÄRZ 1979", "1. M\xe4rz 1979", "1. Ma\u0308rz 1979", "1 maart 1979", "1 mrt 1979", "March 1st, 1979", "1 marca 1979", "1 de marzo de 1979", "01/03/1979", "1/3/1979", "dob 03/01/1979", "born 1/3/79"},
		[]string{"03/01/1979", "1er mai 1979", "11 mars 1979", "March 11, 1979", "order 1/3/79"})
	texts(t, Identifier{Type: BirthDate, Value: "1990-08-15"}, []string{"15 août 1990", "15 AOÛT 1990", "15 ao\xfbt 1990", "15 aout 1990", "15 sierpnia 1990", "15 de agosto del 1990", "15 agosto 1990"}, []string{"15 avril 1990"})
}
