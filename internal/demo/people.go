package demo

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"strings"
	"time"
)

// A person is an invented customer.
type person struct {
	id                     int
	no, first, last        string
	email, phone           string
	street, postcode, city string
	vat, iban              string
	born, since            time.Time
	user, domain, ip       string
}

func (p person) name() string    { return p.first + " " + p.last }
func (p person) address() string { return p.street + ", " + p.postcode + " " + p.city }

func day(y, m, d int) time.Time { return time.Date(y, time.Month(m), d, 9, 0, 0, 0, time.UTC) }

// zoe is the person whom the demo looks for.
func zoe() person {
	return person{
		id: 4711, no: "K-104711", first: "Zoë", last: "Van den Broeck", email: "zoe@example.be", phone: "+32 470 12 34 56",
		street: "Genutstraat 35", postcode: "3740", city: "Bilzen", vat: "BE0890439412", iban: "BE68539007547034",
		born: day(1985, 7, 30), since: day(2019, 3, 4), user: "zoevdb", domain: "zoevdb.be", ip: "198.51.100.23",
	}
}

// namesake is another person of the same name.
func namesake() person {
	return person{
		id: 4212, no: "K-104212", first: "Zoë", last: "Van den Broeck", email: "broeck.z@example.net", phone: "+32 400 00 42 12",
		street: "Kwintstraat 8", postcode: "9000", city: "Gent", vat: "", iban: iban(4212),
		born: day(1991, 3, 2), since: day(2021, 6, 14), user: "zbroeck", domain: "kwint8.example", ip: "192.0.2.77",
	}
}

// newPeople returns all customers: the same in every run.
func newPeople() []person {
	r := rand.New(rand.NewPCG(42, 2026))
	pick := func(list string) string {
		words := strings.Fields(list)
		return words[r.IntN(len(words))]
	}
	people := []person{namesake(), zoe()}
	for i := range 400 {
		id := 5000 + i
		first := pick("Anke Bram Célestin Dorien Elias Fien Gilles Hanne Ilse Joris Käthe Lowie Mathéo Noor Oona Pieter Quinten Roos Sander Tine Ulrik Veerle Wout Xander Yara Zita")
		last := pick("Braam Dorn Elk Fijn Grauw Heul Kwint Loom Marn Noord Plint Quast Rood Snip Tolk Uil Vlas Wouw Zand") +
			pick("aerts egemans emans inckx ooghe uyck elings ogaert estein")
		if r.IntN(5) == 0 {
			last = pick("De Van Ver") + " " + last
		}
		word := strings.ToLower(strings.ReplaceAll(last, " ", ""))
		host := fmt.Sprintf("%s%d.example", word, i)
		p := person{
			id: id, no: fmt.Sprintf("K-%d", 100000+id), first: first, last: last,
			email:  fmt.Sprintf("%s%d@%s", word, i, pick("example.com example.net example.org "+host)),
			phone:  fmt.Sprintf("+32 400 %02d %02d %02d", r.IntN(100), r.IntN(100), i%100),
			street: fmt.Sprintf("%sstraat %d", pick("Linde Beuken Kerk Molen Station Markt Vlas Wilgen"), 1+r.IntN(180)),
			born:   day(1950+r.IntN(55), 1+r.IntN(12), 1+r.IntN(28)), since: day(2012+r.IntN(14), 1+r.IntN(12), 1+r.IntN(28)),
			iban: iban(id), user: fmt.Sprintf("%s%d", word, i), domain: host,
			ip: fmt.Sprintf("%s.%d", pick("192.0.2 203.0.113"), 1+r.IntN(254)),
		}
		p.postcode, p.city, _ = strings.Cut(pick("2000=Antwerpen 3000=Leuven 8000=Brugge 9000=Gent 3500=Hasselt 4000=Liège 5000=Namur"), "=")
		if r.IntN(3) == 0 {
			p.vat = vat(r.IntN(1_000_000))
		}
		people = append(people, p)
	}
	return people
}

// vat makes a Belgian number of ten digits, for n below 10,000,000: the last two
// are 97 less the remainder of the others by 97.
func vat(n int) string {
	return fmt.Sprintf("BE0%07d%02d", n, 97-n%97)
}

// iban makes a Belgian account number with both pairs of check digits (ISO
// 13616): the national one is the remainder by 97, or 97.
func iban(n int) string {
	account := 539_000_000_0 + int64(n)
	national := account % 97
	if national == 0 {
		national = 97
	}
	bban := fmt.Sprintf("%010d%02d", account, national)
	v, _ := new(big.Int).SetString(bban+"111400", 10) // B is 11, E is 14
	check := 98 - new(big.Int).Mod(v, big.NewInt(97)).Int64()
	return fmt.Sprintf("BE%02d%s", check, bban)
}
