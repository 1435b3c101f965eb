package mysql

import (
	"database/sql"
	"testing"

	"github.com/spoor-scan/spoor/scanners"
)

// What is done for each row takes no memory, once the page has some.
func TestRowsAllocate(t *testing.T) {
	tab := &table{
		tab: &scanners.Table{Columns: []string{"id", "name", "note"}}, cols: []column{{name: "id"}, {name: "name"}, {name: "note"}},
		key: []keyCol{{col: 0, exact: "HEX(id)"}}, big: []int{2}, limit: 100,
	}
	packet := []byte("\x044711\x04Zoë\xfb\x0834373131\x0212")
	cells := make([]sql.RawBytes, 5)
	var p page
	fill := func() {
		p.reset(tab)
		for range 1000 {
			if !split(packet, cells) {
				t.Fatal("a row is malformed")
			}
			p.add(tab, cells)
		}
	}
	fill()
	if n := testing.AllocsPerRun(10, fill); n > 0 {
		t.Errorf("%v allocations in 1000 rows", n)
	}
}
