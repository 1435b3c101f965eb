package cli

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/spoor-scan/spoor/internal/audit"
	"github.com/spoor-scan/spoor/internal/minisign"
)

func (s streams) audit() *cobra.Command {
	c := &cobra.Command{Use: "audit", Short: "The log of who did what for which request", Args: cobra.NoArgs, RunE: func(*cobra.Command, []string) error {
		return usagef("say what to do with it: spoor audit verify FILE")
	}}
	c.AddCommand(&cobra.Command{
		Use:   "verify FILE",
		Short: "Check that no line of an audit log was changed, removed or put in",
		Long: `Verify checks the chain of an audit log: each line holds the hash of the one
before. It prints the number of lines and the hash of the last; who keeps that
hash elsewhere can tell later whether lines were cut off at the end.

Exit status: 0 the chain holds; 1 it does not; 2 wrong usage.`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			f, err := os.Open(args[0])
			if err != nil {
				return usage(err)
			}
			defer f.Close()
			n, last, err := audit.Verify(f)
			if err != nil {
				return failed(fmt.Errorf("%s: %w", args[0], err))
			}
			if _, err := fmt.Fprintf(s.out, "%s: %d lines, unbroken\nlast %s\n", args[0], n, last); err != nil {
				return failed(err)
			}
			return nil
		},
	})
	return c
}

func (s streams) keys() *cobra.Command {
	c := &cobra.Command{Use: "key", Short: "The key that signs reports", Args: cobra.NoArgs, RunE: func(*cobra.Command, []string) error {
		return usagef("say what to do: spoor key new -o FILE")
	}}
	var output string
	fresh := &cobra.Command{
		Use:   "new -o FILE",
		Short: "Make a key to sign with, as minisign has them",
		Long: `New makes a secret key in FILE, and the public key that checks its signatures in
FILE.pub. SPOOR_SIGN_PASSWORD or SPOOR_SIGN_PASSWORD_FILE protects the secret
key by a password.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if output == "" {
				return usagef("say where the key goes: -o FILE")
			}
			for _, name := range []string{output, output + ".pub"} {
				if _, err := os.Lstat(name); !errors.Is(err, os.ErrNotExist) {
					return usagef("-o %s: %s is there already; a key is never written over", output, name)
				}
			}
			password, err := signPassword()
			if err != nil {
				return usage(err)
			}
			k, err := minisign.New()
			if err != nil {
				return failed(err)
			}
			b, err := k.Marshal(password)
			if err != nil {
				return failed(err)
			}
			for name, b := range map[string][]byte{output: b, output + ".pub": k.Public().Marshal()} {
				if err := writeFile(name, func(w io.Writer) error { _, err := w.Write(b); return err }); err != nil {
					return failed(err)
				}
			}
			fmt.Fprintf(s.err, "spoor: wrote %s and %s.pub\n", output, output)
			if _, err := fmt.Fprintf(s.out, "%s %s\n", k.ID(), k.Public().Text()); err != nil {
				return failed(err)
			}
			return nil
		},
	}
	fresh.Flags().StringVarP(&output, "output", "o", "", "the `file` of the secret key")
	c.AddCommand(fresh)
	return c
}

// checkSignature checks the signature beside a file.
func (s streams) checkSignature(name, publicKey string) error {
	b, err := os.ReadFile(publicKey)
	if errors.Is(err, os.ErrNotExist) {
		b, err = []byte(publicKey), nil // the key itself
	}
	if err != nil {
		return usage(err)
	}
	key, err := minisign.ParsePublicKey(b)
	if err != nil {
		return usagef("--public-key: %v", err)
	}
	sig, err := os.ReadFile(name + minisign.Ending)
	if err != nil {
		return usage(err)
	}
	f, err := os.Open(name)
	if err != nil {
		return usage(err)
	}
	defer f.Close()
	comment, err := key.Verify(f, sig)
	if err != nil {
		return failed(fmt.Errorf("%s: %w", name, err))
	}
	if _, err := fmt.Fprintf(s.out, "%s: signed with the key %s\n%s\n", name, key.ID(), comment); err != nil {
		return failed(err)
	}
	return nil
}
