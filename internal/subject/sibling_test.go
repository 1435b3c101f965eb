package subject

import (
	"strings"
	"testing"
)

func TestSiblings(t *testing.T) {
	for text, want := range map[string]bool{
		"<c><n>1</n></c><c><n>2</n></c>":                      true,
		"<c><n>1</n><x>y</x></c>\n <c><x>y</x><n>2</n></c>":   true,
		"<c n=\"1\"/><c n=\"2\"/>":                            true,
		"<k n=\"1\"/>\n<k n=\"2\"/>":                          true,
		"<k n=\"1\"><x>a</x></k><k n=\"2\"/>":                 true,
		"<k n=\"1\"><x>2</x></k>":                             false,
		"<n>1</n><n>2</n>":                                    false,
		"<row><field name=\"a\">1</field><field>2</field>":    false,
		"<tr><td><b>1</b></td><td>2</td></tr>":                false,
		"<k><n>1</n><m>2</m></k>":                             false,
		"<k><n>1</n></k><other/><k><n>2</n></k>":              false,
		"<k><a><n>1</n></a><a2>2</a2></k>":                    false,
		"1 < 2":                                               false,
		"1 <":                                                 false,
		"<k n=\"1":                                            false,
		"<person><name>1</name></person><person born=\"2\"/>": true,
	} {
		i := strings.IndexByte(text, '1')
		j := strings.IndexByte(text, '2')
		if j < 0 {
			j = len(text)
		}
		if got := siblings([]byte(text), i+1, j); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}
