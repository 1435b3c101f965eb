package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestMentionedInNotes does not give a row, and what belongs to it, to somebody
// whom a text in it mentions.
func TestMentionedInNotes(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("SPOOR_STATE_DIR", dir)
	var b strings.Builder
	b.WriteString("CREATE TABLE `clients` (`id` int, `email` varchar(99), `phone` varchar(99), `notes` text, PRIMARY KEY (`id`));\n" +
		"CREATE TABLE `services` (`id` int, `client_id` int, `name` varchar(99), PRIMARY KEY (`id`), FOREIGN KEY (`client_id`) REFERENCES `clients` (`id`));\n" +
		"CREATE TABLE `tickets` (`id` int, `requester_id` int, `body` text, PRIMARY KEY (`id`), FOREIGN KEY (`requester_id`) REFERENCES `clients` (`id`));\n" +
		"CREATE TABLE `replies` (`id` int, `ticket_id` int, `text` text, PRIMARY KEY (`id`), FOREIGN KEY (`ticket_id`) REFERENCES `tickets` (`id`));\n" +
		"INSERT INTO `clients` VALUES (1,'lise@example.org','+32 470 00 00 01','her partner is Zoe (zoe@example.be)'),(2,'zoe@example.be','+32 470 00 00 02','');\n" +
		"INSERT INTO `services` VALUES (1,1,'hers'),(2,2,'mine');\n" +
		"INSERT INTO `tickets` VALUES (1,1,'please ask zoe@example.be'),(2,2,'my site is slow');\n" +
		"INSERT INTO `replies` VALUES (1,1,'we will'),(2,2,'we look');\n")
	if err := os.WriteFile(filepath.Join(dir, "panel.sql"), []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "spoor.yaml")
	if err := os.WriteFile(config, []byte("sources:\n  - {name: panel, type: files, path: '"+filepath.Join(dir, "panel.sql")+"'}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, findings := scan(t, config)
	var got []string
	for _, f := range findings {
		_, where, _ := strings.Cut(f.URI, "#/")
		got = append(got, f.Relation+" "+f.Actions[0].Kind+" "+where)
		if f.Relation == "mentioned" && len(f.Fields) != 1 {
			t.Errorf("%s: fields %+v", where, f.Fields)
		}
	}
	slices.Sort(got)
	want := []string{
		"linked rewrite-container /replies?id=2", "linked rewrite-container /services?id=2", "linked rewrite-container /tickets?id=2",
		"mentioned review /clients?id=1", "mentioned review /tickets?id=1", "owner rewrite-container /clients?id=2",
	}
	if !slices.Equal(got, want) {
		t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestLogOfOthers counts other people's addresses in a log.
func TestLogOfOthers(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("SPOOR_STATE_DIR", dir)
	logs := filepath.Join(dir, "logs")
	if err := os.Mkdir(logs, 0o700); err != nil {
		t.Fatal(err)
	}
	line := func(ip, user string) string {
		return ip + " - " + user + " [01/Nov/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 200 17\n"
	}
	for name, text := range map[string]string{
		"access.log": line("198.51.100.1", "-") + line("198.51.100.2", "zoe@example.be") + line("203.0.113.77", "-") + line("203.0.113.78", "-"),
		"own.txt":    "zoe@example.be, last seen at 198.51.100.2\n",
	} {
		if err := os.WriteFile(filepath.Join(logs, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	config := filepath.Join(dir, "spoor.yaml")
	if err := os.WriteFile(config, []byte("sources:\n  - {name: logs, type: files, path: '"+logs+"'}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, findings := scan(t, config)
	want := map[string]int{"access.log": 4, "own.txt": 0}
	for _, f := range findings {
		name := filepath.Base(f.URI)
		if f.ThirdParties != want[name] || (f.Actions[0].Kind == "review") != (want[name] > 0) {
			t.Errorf("%s: %d others, action %s", name, f.ThirdParties, f.Actions[0].Kind)
		}
		delete(want, name)
	}
	if len(want) > 0 {
		t.Errorf("not found: %v", want)
	}
}
