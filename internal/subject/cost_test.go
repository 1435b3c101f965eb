package subject

import (
	"bytes"
	"fmt"
	"testing"
)

// What a check costs where the piece that leads to it stands often.
func BenchmarkNamesAndAddresses(b *testing.B) {
	given := []string{"Jan", "Marie", "Zoë", "Thomas", "Anna"}
	sur := []string{"Janssens", "Van den Broeck", "Müller", "Dupont-Legrand", "Wiśniewski"}
	var persons []Person
	for i := range 100 {
		persons = append(persons, Person{ID: fmt.Sprint(i), Identifiers: []Identifier{
			{Type: Name, Value: fmt.Sprintf("%s %sx%c%c", given[i%5], sur[i/5%5], 'a'+i%26, 'a'+i/4)},
			{Type: Address, Value: fmt.Sprintf("Straatnaam%c%cstraat %d, 3740 Bilzen", 'a'+i%26, 'a'+i/4, i+1)},
		}})
	}
	persons = append(persons, Person{ID: "j", Identifiers: []Identifier{{Type: Name, Value: "Jan Janssens"}}})
	r, err := New(persons)
	if err != nil {
		b.Fatal(err)
	}
	text := bytes.Repeat([]byte("Beste, de factuur van Karel Janssens uit de Dorpsstraat 12 te 9000 Gent is betaald. Met vriendelijke groeten, de boekhouding.\n"), 2000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		r.Find(nil, text)
	}
}

func BenchmarkNewNames(b *testing.B) {
	var persons []Person
	for i := range 10_000 {
		persons = append(persons, Person{ID: fmt.Sprint(i), Identifiers: []Identifier{
			{Type: Name, Value: fmt.Sprintf("Zoë Van den Broeck%c%c%c", 'a'+i%26, 'a'+i/26%26, 'a'+i/676)},
			{Type: Address, Value: fmt.Sprintf("Straatnaam%c%c%cstraat %d, 3740 Bilzen", 'a'+i%26, 'a'+i/26%26, 'a'+i/676, i+1)},
		}})
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := New(persons); err != nil {
			b.Fatal(err)
		}
	}
}
