package rules

// estonia returns the rules for numbers that Estonian authorities issue.
func estonia() []Rule {
	return []Rule{
		{
			ID:          "ee-vat",
			Description: "an Estonian VAT number (KMKR)",
			Source:      "Käibemaksuseadus, § 20; " + viesRules,
			Country:     "EE",
			Category:    "financial",
			Shapes:      withPrefix("EE", "ddd ddd ddd"),
			Valid:       func(b []byte) bool { return validKMKR(b[2:]) },
			Context:     []string{"kmkr", "kaibemaks*", "kmk", "vat"},
			Match:       []string{"EE100931558", "EE 100 931 558", "EE100594102"},
			NoMatch:     []string{"EE100594103", "EE10059410", "EE000000000"},
		},
		{
			ID:          "ee-isikukood",
			Description: "an Estonian personal code (isikukood)",
			Source:      "Rahvastikuregistri seadus; Isikukoodide moodustamise ja andmise kord; EVS 585:2007, Isikukood. Struktuur",
			Country:     "EE",
			Category:    "official identification",
			Shapes:      []string{"d dddddd dddd", "d dddddd ddd d", "d dd dd dd dddd"},
			Valid:       personalCode,
			Context:     []string{"isikukood", "isikukoodi", "isikukoodiga", "ik", "kood", "personal"},
			Match:       []string{"36805280109", "3 680528 0109", "37605030299", "49403136515"},
			NoMatch:     []string{"36805280108", "36813280100", "96805280109", "3680528010", "99999999999"},
		},
	}
}

// validKMKR checks 9 digits by the last. All numbers begin with 1.
func validKMKR(d []byte) bool {
	return d[0] == '1' && weighted(d, 3, 7, 1, 3, 7, 1, 3, 7, 1)%10 == 0
}
