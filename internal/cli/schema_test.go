package cli

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/spoor-scan/spoor/reports"
	"github.com/spoor-scan/spoor/scanners/all"
)

// Every kind of source has a schema of its locator, which knows all its keys.
func TestLocatorSchemas(t *testing.T) {
	var schema struct {
		Defs map[string]struct {
			Properties map[string]any
			AllOf      []struct {
				If struct {
					Properties struct{ Type struct{ Const string } }
				}
			}
		} `json:"$defs"`
	}
	if err := json.Unmarshal(reports.Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	chosen := map[string]bool{}
	for _, c := range schema.Defs["locator"].AllOf {
		chosen[c.If.Properties.Type.Const] = true
	}
	for _, k := range all.Kinds() {
		def, ok := schema.Defs["locator_"+k.Type]
		if !ok || !chosen[k.Type] {
			t.Errorf("%s: the locator has no schema", k.Type)
			continue
		}
		typ := reflect.TypeOf(k.Locator())
		if typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		for i := range typ.NumField() {
			name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			if _, ok := def.Properties[name]; !ok {
				t.Errorf("%s: the schema does not know %q", k.Type, name)
			}
		}
	}
}
