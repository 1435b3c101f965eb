// Spoor finds everything that a hosting provider holds about a person.
package main

import (
	"os"

	"github.com/spoor-scan/spoor/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
