package links

import (
	"fmt"
	"testing"

	"github.com/spoor-scan/spoor/scanners"
)

// BenchmarkInfer infers among the tables of a server of many schemas alike.
func BenchmarkInfer(b *testing.B) {
	s := NewSurvey()
	for schema := range 300 {
		for k := range 60 {
			name := fmt.Sprintf("th%c%cing", 'a'+k%26, 'a'+k/26)
			t := &scanners.Table{
				Name: fmt.Sprintf("s%d.%s", schema, name), Schema: fmt.Sprintf("s%d", schema), Table: name,
				Columns: []string{"id", "th_id", "other_id", "site_id", "title"}, Key: []int{0},
			}
			block := &scanners.Block{Table: t}
			for row := range 4 {
				for range t.Columns {
					block.Append(fmt.Append(nil, row+1), false)
				}
			}
			s.Table("x", t).Observe(block)
		}
	}
	for b.Loop() {
		s.Infer("x", nil)
	}
}
