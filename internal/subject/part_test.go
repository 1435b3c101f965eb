package subject

import (
	"context"
	"strings"
	"testing"
)

// Name and address corroborate each other where they stand in one record.
func TestCorroborationWithinARecord(t *testing.T) {
	r, err := New([]Person{{ID: "a", Identifiers: []Identifier{
		{Type: Name, Value: "Zoë Van den Broeck"}, {Type: Address, Value: "Genutstraat 35, 3740 Bilzen"}, {Type: BirthDate, Value: "1985-07-30"},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		text string
		want Confidence
	}{
		"alone":                  {"Zoë Van den Broeck", Possible},
		"twice":                  {"Zoë Van den Broeck and Zoe Van den Broeck", Possible},
		"letter":                 {"Dear Zoë Van den Broeck,\nGenutstraat 35,\n3740 Bilzen\n\nWe write to you, as agreed, about this.\n", Likely},
		"one line":               {"Zoë Van den Broeck, Genutstraat 35, 3740 Bilzen", Likely},
		"signature":              {"Kind regards,\n-- \nZoë Van den Broeck\nExample BV | Sales\nGenutstraat 35 | 3740 Bilzen\n", Likely},
		"signature with bars":    {"--\nZoë Van den Broeck | Sales | Example\nGenutstraat 35 | 3740 Bilzen | BE\n", Likely},
		"signature with commas":  {"Zoë Van den Broeck, CEO, Example\nGenutstraat 35, 3740 Bilzen, BE\n", Likely},
		"vcard":                  {"BEGIN:VCARD\r\nVERSION:3.0\r\nN:Van den Broeck;Zoë;;;\r\nFN:Zoë Van den Broeck\r\nADR;TYPE=HOME:;;Genutstraat 35;Bilzen;;3740;BE\r\nEND:VCARD\r\n", Likely},
		"mail":                   {"Date: Mon, 02 Nov 2026 10:00:00 +0100\r\nFrom: Zoë Van den Broeck <x@example.org>\r\nTo: info@example.org\r\n\r\nPlease send it to Genutstraat 35.\r\n", Likely},
		"nested object":          {`[{"id":1,"name":"Zoë Van den Broeck","tags":[{"a":1},{"b":2}],"address":{"street":"Genutstraat 35","zip":"3740"}},{"id":2}]`, Likely},
		"object after object":    {`{"customer":{"name":"Zoë Van den Broeck"},"address":{"street":"Genutstraat 35"}}`, Likely},
		"braces in a text":       {`{"name":"Zoë Van den Broeck","note":"see }, { there","address":"Genutstraat 35"}`, Likely},
		"indented object":        {"{\n  \"name\": \"Zoë Van den Broeck\",\n  \"list\": [\n    {\"a\": 1},\n    {\"a\": 2}\n  ],\n  \"address\": \"Genutstraat 35\"\n}\n", Likely},
		"object in a text":       {`{"payload":"{\"name\":\"Zo\u00eb Van den Broeck\",\"address\":{\"street\":\"Genutstraat 35\"}}"}`, Likely},
		"array elements":         {`[{"name":"Zoë Van den Broeck","city":"Gent"},{"name":"Jan","address":"Genutstraat 35"}]`, Possible},
		"array with spaces":      {"[\n  {\n    \"name\": \"Zoë Van den Broeck\"\n  },\n  {\n    \"address\": \"Genutstraat 35\"\n  }\n]", Possible},
		"nested in elements":     {`[{"name":"Zoë Van den Broeck","a":{"b":1}},{"name":"Jan","address":{"street":"Genutstraat 35"}}]`, Possible},
		"closed deeper":          {`[{"who":{"name":"Zoë Van den Broeck"}},{"who":{"name":"Jan"},"address":"Genutstraat 35"}]`, Possible},
		"escaped elements":       {`{"payload":"[{\"name\":\"Zoë Van den Broeck\"},{\"address\":\"Genutstraat 35\"}]"}`, Possible},
		"JSON lines":             {"{\"name\":\"Zoë Van den Broeck\"}\n{\"address\":\"Genutstraat 35\"}\n", Possible},
		"numbered objects":       {`{"17":{"name":"Zoë Van den Broeck"},"18":{"address":"Genutstraat 35"}}`, Possible},
		"tuples":                 {"INSERT INTO t VALUES (1,'Zoë Van den Broeck','Gent'),(2,'Jan','Genutstraat 35');", Possible},
		"tuple":                  {"INSERT INTO t VALUES (1,'Zoë Van den Broeck','Genutstraat 35'),(2,'Jan','x');", Likely},
		"CSV":                    {"id,name,street\n1,Zoë Van den Broeck,Kerkstraat 1\n2,Jan Janssens,Genutstraat 35\n", Possible},
		"CSV, one row":           {"id,name,street\n1,Zoë Van den Broeck,Genutstraat 35\n2,Jan Janssens,x\n", Likely},
		"CSV, quoted":            {"\"1\";\"Zoë Van den Broeck\";\"a;b\"\n\"2\";\"Jan; Janssens\";\"Genutstraat 35\"\n", Possible},
		"CSV, cell of two lines": {"1,\"Zoë Van den Broeck\nGenutstraat 35\",x\n2,Jan,y\n", Likely},
		"TSV":                    {"1\tZoë Van den Broeck\tGent\n2\tJan\tGenutstraat 35\n", Possible},
		"CSV with spaces":        {"id, name, street\n1, Zoë Van den Broeck, x\n2, Jan, Genutstraat 35\n3, An, y\n", Possible},
		"log":                    {"2026-11-02 10:00:01 login of Zoë Van den Broeck\n2026-11-02 10:00:02 shipped to Genutstraat 35\n", Possible},
		"log, one line":          {"2026-11-02 10:00:01 login of Zoë Van den Broeck\n2026-11-02 10:00:02 Zoë Van den Broeck moved to Genutstraat 35\n", Likely},
		"access log":             {"192.0.2.1 - - [02/Nov/2026:10:00:00 +0100] \"GET /?q=Zo%C3%AB+Van+den+Broeck\" 200\n192.0.2.2 - - [02/Nov/2026:10:00:01 +0100] \"GET /?q=Genutstraat+35\" 200\n", Possible},
		"syslog":                 {"Nov  2 10:00:00 mx1 smtpd: Zoë Van den Broeck\nNov  2 10:00:01 mx1 smtpd: Genutstraat 35\n", Possible},
		"far away":               {"Zoë Van den Broeck" + strings.Repeat("\nother line", 100) + "Genutstraat 35", Possible},
		"elements in base64":     {std(`[{"name":"Zoë Van den Broeck","city":"Gent"},{"name":"Jan","address":"Genutstraat 35"}]`), Possible},
		"object in base64":       {std(`{"name":"Zoë Van den Broeck","address":"Genutstraat 35"}`), Likely},
		"CSV in base64":          {std("id,name,street\n1,Zoë Van den Broeck,Kerkstraat 1\n2,Jan Janssens,Genutstraat 35\n"), Possible},
		"letter in base64":       {wrap(std("Dear Zoë Van den Broeck,\nGenutstraat 35,\n3740 Bilzen\n\nWe write to you."), 20, "\n"), Likely},
		"elements in gzip":       {std(gzipped(`[{"name":"Zoë Van den Broeck","city":"Gent"},{"name":"Jan","address":"Genutstraat 35"}]`)), Possible},
		"object in gzip":         {std(gzipped(`{"name":"Zoë Van den Broeck","address":"Genutstraat 35"}`)), Likely},
		"utf-16 CSV":             {wide16("1\tZoë Van den Broeck\tGent\n2\tJan\tGenutstraat 35\n", false), Possible},
	} {
		ev := r.NewEvidence(0)
		_, err := r.Scan(context.Background(), strings.NewReader(tt.text), func(h Hit, _ int64, _ []byte) { ev.Add(h, 1, h.Start) })
		if err != nil {
			t.Fatal(err)
		}
		if got, why := ev.Judge(false); got != tt.want {
			t.Errorf("%s: %s (%s), want %s: %v", name, got, why, tt.want, r.Find(nil, []byte(tt.text)))
		}
	}
}
