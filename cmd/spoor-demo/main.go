// Spoor-demo shows what spoor does, with nothing installed: it starts an
// invented hosting provider within its own process and scans it.
package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spoor-scan/spoor/internal/cli"
	"github.com/spoor-scan/spoor/internal/demo"
	"github.com/spoor-scan/spoor/internal/sandbox"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == sandbox.Command {
		os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// incomplete is the exit status of a scan whose report names gaps.
const incomplete = 3

func run(ctx context.Context, args []string, out, errw io.Writer) int {
	fs := flag.NewFlagSet("spoor-demo", flag.ContinueOnError)
	fs.SetOutput(errw)
	dir := fs.String("dir", ".", "`folder` for report.json and report.html")
	keep := fs.Bool("keep", false, "keep the servers up until Ctrl-C, so that spoor cat can open what was found")
	fs.Usage = func() {
		fmt.Fprint(errw, "Starts an invented hosting provider in this process, and scans it for one of its customers.\n\nUsage: spoor-demo [-dir DIR] [-keep]\n")
		fs.PrintDefaults()
	}
	switch err := fs.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil || fs.NArg() > 0:
		fmt.Fprintln(errw, "spoor-demo: see spoor-demo -h")
		return 2
	}
	if err := show(ctx, *dir, *keep, out, errw); err != nil {
		fmt.Fprintln(errw, "spoor-demo:", err)
		return 1
	}
	return 0
}

// show runs the demo. An error says that it did not work as it should.
func show(ctx context.Context, dir string, keep bool, out, errw io.Writer) (err error) {
	start := time.Now()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	temp, err := os.MkdirTemp("", "spoor-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	estate, err := demo.Start(temp)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, estate.Close()) }()
	if err := os.Setenv("SPOOR_STATE_DIR", estate.State); err != nil {
		return err
	}
	ready := time.Since(start)

	fmt.Fprintf(out, `Voorbeeld Hosting is up in this process, with some 400 invented customers: a MySQL server, an IMAP mailbox, an S3 store, a folder of backups.
One of them asks for everything that is held about her. Her request and the places are two files:

  spoor scan -c spoor.yaml --subject subject.yaml -o report.json -o report.html

`)
	json, html := filepath.Join(dir, "report.json"), filepath.Join(dir, "report.html")
	status := cli.Run(ctx, []string{"scan", "-c", estate.Config, "--subject", estate.Subjects, "-o", json, "-o", html}, nil, out, errw)
	if status != incomplete {
		return fmt.Errorf("the scan ended with status %d, and not %d", status, incomplete)
	}
	took := time.Since(start) - ready
	fmt.Fprintln(out)
	if status := cli.Run(ctx, []string{"report", json}, nil, out, errw); status != 0 {
		return fmt.Errorf("the report ended with status %d", status)
	}
	found, err := compare(estate, json)
	if err != nil {
		return err
	}
	missing := explain(out, found, html)
	if status := cli.Run(ctx, []string{"cat", "-c", estate.Config, nested(found).At}, nil, &indented{w: out}, errw); status != 0 {
		return fmt.Errorf("the row in the backup could not be opened again: status %d", status)
	}
	fmt.Fprintf(out, "\nIt took %s to build the provider and %s to scan it.\n", ready.Round(100*time.Millisecond), took.Round(100*time.Millisecond))
	if missing > 0 {
		return fmt.Errorf("%d of the %d planted records are not in the report as they should be", missing, len(found))
	}
	if keep {
		fmt.Fprintf(out, `
The servers stay up until Ctrl-C. Open what was found again, in another terminal:

  export SPOOR_STATE_DIR=%s
  go run ./cmd/spoor cat -c %s '%s'
`, estate.State, estate.Config, nested(found).At)
		<-ctx.Done()
		return nil
	}
	fmt.Fprint(out, `
Your own sources need no configuration to begin with (passwords come from MYSQL_PWD, SPOOR_IMAP_PASSWORD, AWS_*):

  go run ./cmd/spoor check mysql://reader@db1/ imap://support@mail.example.com/ s3://my-bucket/ /srv/backup
  go run ./cmd/spoor scan  mysql://reader@db1/ /srv/backup --email jane@example.com --name 'Jane Doe' -o report.html
`)
	return nil
}

func compare(estate *demo.Estate, name string) ([]demo.Found, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return estate.Compare(f)
}

// explain says what to look at, and returns how much is not as it should be.
func explain(out io.Writer, found []demo.Found, html string) (missing int) {
	for _, f := range found {
		if !f.OK() {
			missing++
		}
	}
	fmt.Fprintf(out, "\nHer data was planted in %d records; %d are in the report as they should be:\n\n", len(found), len(found)-missing)
	for _, f := range found {
		as := f.As
		switch {
		case f.At == "":
			as = "MISSING"
		case !f.OK():
			as = "NOT " + f.Confidence + ": " + as
		}
		if f.What != "" || !f.OK() {
			fmt.Fprintf(out, "  %-10s %-15s %s\n", as, f.Source, cmp.Or(f.What, f.URI))
		}
	}
	fmt.Fprintf(out, `
What to look at:
  - %s: the same for people, one file, all identifiers masked.
  - The namesake is only "possible": nothing of hers but the name, and another birth date.
  - The gap: what is in the zip with a password is unknown, so the report is "incomplete", and says so.
  - Every place in report.json can be opened again. This is a row of a dump in an archive among the backups:

    $ spoor cat -c spoor.yaml '%s'
`, html, nested(found).At)
	return missing
}

// nested returns a planted record that lies deep: a row of a dump in an archive.
func nested(found []demo.Found) demo.Found {
	for _, f := range found {
		if f.OK() && strings.Contains(f.At, "!/") && strings.Contains(f.At, "#/") {
			return f
		}
	}
	return demo.Found{}
}

// indented writes lines behind four spaces.
type indented struct {
	w    io.Writer
	open bool // within a line
}

func (w *indented) Write(p []byte) (int, error) {
	for line := range bytes.Lines(p) {
		if !w.open {
			if _, err := io.WriteString(w.w, "    "); err != nil {
				return 0, err
			}
		}
		if _, err := w.w.Write(line); err != nil {
			return 0, err
		}
		w.open = line[len(line)-1] != '\n'
	}
	return len(p), nil
}
