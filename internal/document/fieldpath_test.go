package document

import (
	"encoding/base64"
	"strings"
	"testing"
)

func TestFieldPaths(t *testing.T) {
	b64 := base64.StdEncoding.EncodeToString
	for _, tt := range []struct{ value, at, want string }{
		{`{"billing":{"email":"X"}}`, "X", "billing.email"},
		{`{"a":[1,{"b":"y"},{"b":"X"}],"c":2}`, "X", "a.b"},
		{` [ {"id" : 5, "mail" : "\"X"} ]`, "X", "mail"},
		{`{"x@example.be":{"n":"X"}}`, "X", "*.n"},
		{`{"customer_id":4711}`, "4711", "customer_id"},
		{`{"a":"{\"b\":\"X\"}"}`, "X", "a.b"},
		{`{"a":"{\"b\":\"{\\\"c\\\":\\\"X\\\"}\"}"}`, "X", "a.b.c"},
		{`{"a":"q\\","b":"X"}`, "X", "b"},
		{`a:1:{s:13:"billing_email";s:1:"X";}`, "X", "billing_email"},
		{`a:2:{i:0;a:1:{s:1:"a";i:5;}i:1;a:1:{s:1:"b";s:1:"X";}}`, "X", "b"},
		{`a:1:{s:99:"lies";s:4:"X";}`, "X", "lies"},
		{`a:2:{s:1:"q";s:11:"with ";"; i";s:1:"b";s:1:"X";}`, "X", "b"},
		{"O:4:\"User\":2:{s:10:\"\x00User\x00name\";s:1:\"a\";s:7:\"\x00*\x00mail\";s:1:\"X\";}", "X", "mail"},
		{`a:1:{s:1:"a";s:26:"a:1:{s:1:"b";s:3:" X ";}  ";}`, "X", "a.b"},
		{`a:1:{s:1:\"a\";s:1:\"X\";}`, "X", ""},
		{`{"php":"a:1:{s:1:\"a\";s:1:\"X\";}"}`, "X", "php.a"},
		{`name|s:3:"abc";cart|a:1:{s:5:"email";s:1:"X";}`, "X", "cart.email"},
		{`name|N;n|i:5;user_id|i:4711;`, "4711", "user_id"},
		{`<?xml version="1.0"?><order><client id="5"><email>X</email></client></order>`, "X", "order.client.email"},
		{`<order><client id="X"/><n>1</n></order>`, "X", "order.client.id"},
		{`<order><a/><b><![CDATA[X]]></b></order>`, "X", "order.b"},
		{`<p>hello X</p>`, "X", ""},
		{`plain X text`, "X", ""},
		{`{not json X}`, "X", ""},
	} {
		off := strings.Index(tt.value, tt.at)
		if got := FieldPaths([]byte(tt.value), []int{off})[0]; got != tt.want {
			t.Errorf("%s: %q, want %q", tt.value, got, tt.want)
		}
	}
	inner := `a:2:{s:4:"name";s:3:"zoe";s:5:"email";s:14:"zoe@example.be";}`
	off := strings.Index(inner, "zoe@") / 3 * 4
	if got := FieldPaths([]byte(b64([]byte(inner))), []int{off})[0]; got != "email" {
		t.Errorf("base64: %q", got)
	}
	if got := FieldPaths([]byte(`{"a":"`+b64([]byte(inner))+`"}`), []int{6 + off})[0]; got != "a.email" {
		t.Errorf("base64 in JSON: %q", got)
	}
	if got := FieldPaths([]byte(`{"a":"1","b":"2","c":["3","4"]}`), []int{6, 14, 23, 27}); strings.Join(got, " ") != "a b c c" {
		t.Errorf("%q", got)
	}
}

func FuzzFieldPaths(f *testing.F) {
	for _, s := range []string{`{"a":"{\"b\":\"X\"}"}`, `a:1:{s:99:"lies";s:4:"X";}`, `cart|a:1:{s:5:"email";s:1:"X";}`, `<a><b c="d"/></a>`, "YToxOntzOjE6ImEiO3M6MToiWCI7fQ=="} {
		f.Add([]byte(s), 3)
	}
	f.Fuzz(func(_ *testing.T, b []byte, off int) {
		if off >= 0 && off < len(b) {
			FieldPaths(b, []int{off, off, len(b) - 1})
		}
	})
}
