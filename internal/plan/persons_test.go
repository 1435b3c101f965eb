package plan

import (
	"reflect"
	"strings"
	"testing"

	"github.com/spoor-scan/spoor/internal/subject"
)

func TestPersons(t *testing.T) {
	in := []subject.Person{{ID: "zoe", Identifiers: []subject.Identifier{
		{Type: subject.Email, Value: "zoe@example.be"},
		{Type: subject.Email, Value: "d41d8cd98f00b204e9800998ecf8427e", Hash: "md5"},
		{Type: subject.Phone, Value: "+32 470 12 34 56", Found: true},
	}}}
	b, err := WritePersons(in)
	if err != nil {
		t.Fatal(err)
	}
	out, err := ReadPersons(b)
	if err != nil || len(out) != 1 || !reflect.DeepEqual(out[0].Person, in[0]) {
		t.Fatalf("%+v, %v", out, err)
	}
	for n := range b {
		if _, err := ReadPersons(b[:n]); err == nil {
			t.Fatalf("cut at %d it is accepted", n)
		}
	}
	bad := strings.Replace(string(b), "zoe@example.be", "zoe-example.be", 1)
	if _, err := ReadPersons([]byte(bad)); err == nil || strings.Contains(err.Error(), "zoe-example") {
		t.Errorf("%v", err)
	}
}

func FuzzPersons(f *testing.F) {
	f.Add([]byte(`{"format":"spoor-subjects/1","subjects":[{"id":"zoe","identifiers":[{"type":"email","value":"zoe@example.be"}]}]}`))
	f.Fuzz(func(_ *testing.T, b []byte) { _, _ = ReadPersons(b) })
}
