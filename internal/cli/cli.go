// Package cli is the command line of spoor: flags, signals, wiring and exit
// status.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/spoor-scan/spoor/internal/sandbox"
)

// The exit statuses of the contract.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitIncomplete  = 3
	exitFindings    = 4
	exitInterrupted = 130
)

// An exit is an error with the exit status that it ends the program with.
type exit struct {
	status int
	err    error
}

func (e *exit) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exit) Unwrap() error { return e.err }

func failed(err error) error { return &exit{exitFailed, err} }

// usage is an error in how the program was called; nothing was done.
func usage(err error) error { return &exit{exitUsage, err} }

func usagef(format string, args ...any) error { return usage(fmt.Errorf(format, args...)) }

// streams are the standard streams of the program.
type streams struct {
	in       io.Reader
	out, err io.Writer

	session *session
}

// memoryLimit is from where on garbage is collected more eagerly, in bytes.
const memoryLimit = 200 << 20

// garbage is how much of it there may be before, in percent of what is in use:
// little is, most of the time, and collecting took a seventh of it.
const garbage = 300

// Main runs spoor with arguments and returns its exit status.
func Main(args []string, in io.Reader, out, errw io.Writer) int {
	if len(args) == 1 && args[0] == sandbox.Command {
		return sandbox.Child(decoders)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
	ctx, stop := interruptible(errw)
	defer stop()
	return Run(ctx, args, in, out, errw)
}

// Run is Main without handling signals: the end of ctx stands for an interrupt.
func Run(ctx context.Context, args []string, in io.Reader, out, errw io.Writer) int {
	s := streams{in, out, errw, &session{}}
	root := &cobra.Command{
		Use:           "spoor",
		Short:         "Find everything that a hosting provider holds about a person",
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       Version(),
		Args:          cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("unknown command %q; see spoor --help", args[0])
			}
			return usagef("say what to do: spoor init, scan, survey, verify, diff, export, check, cat, report, letters or rules; see spoor --help")
		},
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usagef("%v; see %s --help", err, c.CommandPath())
	})
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errw)
	root.CompletionOptions.HiddenDefaultCmd = true
	s.session.options(root)
	root.PersistentPreRunE = func(*cobra.Command, []string) error {
		if err := s.session.settle(); err != nil {
			return usage(err)
		}
		return nil
	}
	root.AddCommand(s.init(), s.scan(), s.survey(), s.verify(), s.diff(), s.export(), s.check(), s.cat(), s.report(), s.letters(), s.schema(), s.rules(), s.audit(), s.keys())
	called, err := root.ExecuteContextC(ctx)
	if err == nil {
		return s.end(exitOK)
	}
	var e *exit
	if !errors.As(err, &e) {
		// Cobra's own: too many arguments, or too few.
		e = &exit{exitUsage, fmt.Errorf("%w; write: %s", err, called.UseLine())}
	}
	if msg := e.Error(); msg != "" {
		fmt.Fprintln(errw, "spoor: "+strings.ReplaceAll(msg, "\n", " "))
	}
	return s.end(e.status)
}

// interruptible returns a context that ends with the first interrupt; the
// second ends the program.
func interruptible(errw io.Writer) (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	sig := make(chan os.Signal, 2)
	signal.Notify(sig, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		select {
		case <-sig:
			fmt.Fprintln(errw, "spoor: interrupted; writing what is known so far (again to stop at once)")
			cancel()
		case <-done:
			return
		}
		select {
		case <-sig:
			os.Exit(exitInterrupted)
		case <-done:
		}
	}()
	return ctx, func() {
		signal.Stop(sig)
		close(done)
		cancel()
	}
}

// Version returns the version of the program.
func Version() string {
	const version = "0.1.0"
	if bi, ok := debug.ReadBuildInfo(); ok {
		for _, s := range bi.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				return version + "+" + s.Value[:12]
			}
		}
	}
	return version
}
