package postgres

import (
	"testing"

	"github.com/spoor-scan/spoor/scanners"
)

// What is done for each row takes no memory, once the page has some.
func TestRowsAllocate(t *testing.T) {
	tab := &table{
		tab: &scanners.Table{Columns: []string{"id", "name", "note", "photo"}}, cols: []column{{name: "id"}, {name: "name"}, {name: "note"}, {name: "photo", bytea: true}},
		big: []int{2, 3}, limit: 100, bytes: true, tids: true,
	}
	body := []byte(dataRowOf("4711", "Zoë", "-", `\x0102030405060708090a0b0c0d0e0f`, "12", "13", "(123456,17)"))
	f := &frames{}
	var p page
	fill := func() {
		p.reset(tab)
		for range 1000 {
			if err := f.split(body); err != nil {
				t.Fatal(err)
			}
			if err := p.add(tab, f.cells); err != nil {
				t.Fatal(err)
			}
		}
	}
	fill()
	if n := testing.AllocsPerRun(10, fill); n > 0 {
		t.Errorf("%v allocations in 1000 rows", n)
	}
}
