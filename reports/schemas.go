package reports

import (
	"embed"
	"slices"
	"strings"
)

//go:embed schemas/*.json
var schemas embed.FS

// SchemaNames names the documents of which there is a schema.
func SchemaNames() []string {
	names := []string{"inventory"}
	list, err := schemas.ReadDir("schemas")
	if err != nil {
		return names
	}
	for _, e := range list {
		names = append(names, strings.TrimSuffix(e.Name(), ".json"))
	}
	return names
}

// SchemaOf returns the JSON Schema (2020-12) of a document by its name; nil where
// there is none.
func SchemaOf(name string) []byte {
	if name == "inventory" {
		return Schema()
	}
	if !slices.Contains(SchemaNames(), name) {
		return nil
	}
	b, err := schemas.ReadFile("schemas/" + name + ".json")
	if err != nil {
		return nil
	}
	return b
}

// SchemaFor returns the schema of a document by its format, "spoor-diff/1".
func SchemaFor(format string) []byte {
	name, version, _ := strings.Cut(strings.TrimPrefix(format, "spoor-"), "/")
	if version != "1" {
		return nil
	}
	return SchemaOf(name)
}
