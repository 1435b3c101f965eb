package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/review"
	"github.com/spoor-scan/spoor/internal/sandbox"
	"github.com/spoor-scan/spoor/internal/sealed"
	"github.com/spoor-scan/spoor/internal/testenv"
	"github.com/spoor-scan/spoor/reports"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == sandbox.Command {
		os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	testscript.Main(m, map[string]func(){
		"spoor": func() { os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
	})
}

// TestScripts runs the command line as people type it.
func TestScripts(t *testing.T) {
	fixtures, err := filepath.Abs("../document/testdata")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			// seal RECIPIENT FILE SEALED encrypts a file to a recipient.
			"seal": func(ts *testscript.TestScript, _ bool, args []string) {
				to, err := sealed.ParseRecipients([]string{ts.MkAbs(args[0])})
				ts.Check(err)
				var out bytes.Buffer
				w, err := sealed.Seal(&out, to)
				ts.Check(err)
				_, err = w.Write([]byte(ts.ReadFile(args[1])))
				ts.Check(err)
				ts.Check(w.Close())
				ts.Check(os.WriteFile(ts.MkAbs(args[2]), out.Bytes(), 0o600))
			},
			// agekey IDENTITY RECIPIENT writes the two halves of a new key.
			"agekey": func(ts *testscript.TestScript, _ bool, args []string) {
				id, err := age.GenerateX25519Identity()
				ts.Check(err)
				ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(id.String()+"\n"), 0o600))
				ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(id.Recipient().String()+"\n"), 0o600))
			},
			// decide REPORT CONFIDENCE DECISION FILE decides about the findings of a
			// degree, as the page of a report does.
			"decide": func(ts *testscript.TestScript, _ bool, args []string) {
				rep, err := inventory.Load(strings.NewReader(ts.ReadFile(args[0])))
				ts.Check(err)
				f := review.File{Format: review.Format, Run: rep.Run.ID}
				for x, err := range rep.Findings() {
					ts.Check(err)
					if x.Confidence == args[1] {
						f.Decisions = append(f.Decisions, review.Decision{Finding: x.ID, Subject: x.Subject, Decision: args[2], Time: time.Now()})
					}
				}
				b, err := json.Marshal(f)
				ts.Check(err)
				ts.Check(os.WriteFile(ts.MkAbs(args[3]), b, 0o600))
			},
			// valid FILE... checks JSON reports against their schema.
			"valid": func(ts *testscript.TestScript, _ bool, args []string) {
				for _, name := range args {
					b := []byte(ts.ReadFile(name))
					var d struct{ Format string }
					_ = json.Unmarshal(b, &d) // the schema tells
					if err := testenv.Valid(reports.SchemaFor(d.Format), b); err != nil {
						ts.Fatalf("%s: %v", name, err)
					}
				}
			},
		},
		Setup: func(e *testscript.Env) error {
			e.Setenv("SPOOR_STATE_DIR", e.WorkDir+"/.state")
			e.Setenv("FIXTURES", fixtures)
			return nil
		},
	})
}
