package s3

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/spoor-scan/spoor/internal/secret"
	"github.com/spoor-scan/spoor/scanners"
)

func TestURIs(t *testing.T) {
	for _, key := range append(append([]string{"\x00", "not\xffutf8"}, weirdKeys...), unfiledKeys...) {
		for _, o := range []object{{bucket: "bkt", key: key}, {bucket: "bkt", key: key, version: "a+/=&?#%"}, {bucket: "a_b.C", key: key, upload: "id~1"}} {
			got, err := parseURI(o.uri())
			if err != nil || got != o {
				t.Errorf("%+v: %s: %+v, %v", o, o.uri(), got, err)
			}
			if base, _, steps, err := scanners.Split(o.uri()); base != o.uri() || len(steps) != 0 || err != nil {
				t.Errorf("%s: splits into %q %q %v", o.uri(), base, steps, err)
			}
			b, err := json.Marshal(o.locator())
			if err != nil || !strings.Contains(string(b), `"type":"s3"`) {
				t.Errorf("%s %v", b, err)
			}
		}
	}
	for _, uri := range []string{"", "s3:", "s3://", "s3://b", "s3://b/", "s3:///k", "s3://%zz/k", "s3://b/%", "s3://b/k?x=y", "s3://b/k?versionId=%", "s3://b/k?versionId=a&uploadId=b", "http://b/k"} {
		if o, err := parseURI(uri); err == nil {
			t.Errorf("%q: %+v", uri, o)
		}
	}
}

func FuzzURI(f *testing.F) {
	for _, key := range append(weirdKeys, unfiledKeys...) {
		f.Add("s3://bkt/" + scanners.Escape(key) + "?versionId=null")
	}
	f.Fuzz(func(t *testing.T, uri string) {
		o, err := parseURI(uri)
		if err != nil {
			return
		}
		if again, err := parseURI(o.uri()); err != nil || again != o {
			t.Errorf("%q: %+v becomes %+v, %v", uri, o, again, err)
		}
	})
}

func FuzzContentRange(f *testing.F) {
	f.Add("bytes 0-4/1234")
	f.Add("bytes */5")
	f.Add("bytes 9223372036854775806-9223372036854775807/9223372036854775807")
	f.Fuzz(func(t *testing.T, v string) {
		if start, total := parseContentRange(v); total >= 0 && (start < 0 || start >= total) {
			t.Errorf("%q: %d of %d", v, start, total)
		}
	})
}

func TestTargets(t *testing.T) {
	for target, want := range map[string][2]string{
		"s3://":                 {},
		"s3://bkt":              {"bkt", ""},
		"s3://bkt/":             {"bkt", ""},
		"s3://bkt/a/b":          {"bkt", "a/b"},
		"s3://bkt/a%20b%3F/":    {"bkt", "a b?/"},
		"s3://bkt//lead":        {"bkt", "/lead"},
		"s3://bkt/with space/x": {"bkt", "with space/x"},
	} {
		bucket, prefix, err := parseTarget(target)
		if err != nil || bucket != want[0] || prefix != want[1] {
			t.Errorf("%q: %q %q %v", target, bucket, prefix, err)
		}
	}
	for _, target := range []string{"", "bkt", "s3:/bkt", "s3:///prefix", "s3://bkt/100%", "s3://bkt/k?versionId=1", "s3://bkt/a#b", "s3://a%2Fb/"} {
		if bucket, prefix, err := parseTarget(target); err == nil {
			t.Errorf("%q: %q %q", target, bucket, prefix)
		}
	}
}

func TestValidate(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"uri":           func(c *Config) { c.URI = "bkt" },
		"endpoint":      func(c *Config) { c.Endpoint = "localhost:9000" },
		"credentials":   func(c *Config) { c.Endpoint = "http://key:secret@localhost" },
		"access_key_id": func(c *Config) { c.AccessKeyID = "key" },
		"secret":        func(c *Config) { c.Secret = secret.From{Env: "X"} },
		"two secrets":   func(c *Config) { c.AccessKeyID, c.Secret = "key", secret.From{Env: "X", File: "y"} },
		"buckets":       func(c *Config) { c.Buckets.Include = []string{"["} },
		"keys":          func(c *Config) { c.Keys.Exclude = []string{"{a"} },
		"versions":      func(c *Config) { c.Versions = "some" },
		"connections":   func(c *Config) { c.Connections = 0 },
		"timeout":       func(c *Config) { c.Timeout = time.Millisecond },
	} {
		c := Kind().Config().(*Config)
		if err := c.Validate(); err != nil {
			t.Fatal(err)
		}
		change(c)
		if err := c.Validate(); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLocatorOfKeyThatIsNotUTF8(t *testing.T) {
	l := object{bucket: "bkt", key: "a\xffb"}.locator()
	if l.Key != "a\uFFFDb" || l.KeyBase64 != "Yf9i" {
		t.Errorf("%+v", l)
	}
	if k := Kind(); reflect.TypeOf(k.Locator()) != reflect.TypeOf(l) || k.Type != "s3" {
		t.Errorf("%+v", k)
	}
}

func TestConfigInYAML(t *testing.T) {
	c := Kind().Config().(*Config)
	err := yaml.UnmarshalWithOptions([]byte(`
uri: s3://bkt/prefix
endpoint: https://s3.example.org
region: eu-west-1
path_style: false
access_key_id: key
password_file: /run/secret
buckets: {include: [a, b-*]}
keys: {exclude: ["**/*.log"]}
versions: current
connections: 3
timeout: 5s
ca: /etc/ca.pem
profile: p
`), c, yaml.Strict())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	if c.Secret.File != "/run/secret" || c.Timeout != 5*time.Second || *c.PathStyle || len(c.Buckets.Include) != 2 || c.Connections != 3 {
		t.Errorf("%+v", c)
	}
}
