#!/bin/sh
# Runs each fuzz target of the project for the given time (default 10s) or number of
# inputs (200x), with its seeds. What is found lies in testdata/fuzz of its package.
set -eu
cd "$(dirname "$0")/.."
time=${1:-10s}
go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.Dir}}{{end}}' ./... | while read -r dir; do
	targets=$(grep -ho '^func Fuzz[A-Za-z0-9_]*' "$dir"/*_test.go 2>/dev/null | sed 's/^func //') || continue
	# One build for all targets of a package.
	bin=$(mktemp)
	go test -c -fuzz=. -o "$bin" "$dir" </dev/null 2>/dev/null || { echo "can't build $dir" >&2; exit 1; }
	for target in $targets; do
		echo "fuzz $(basename "$dir").$target for $time"
		(cd "$dir" && "$bin" -test.run '^$' -test.fuzz "^$target\$" -test.fuzztime "$time" -test.fuzzcachedir "${GOFUZZCACHE:-$(go env GOCACHE)/fuzz}/$(basename "$dir")" -test.parallel 2 -test.fuzzminimizetime 20x </dev/null) || { rm -f "$bin"; exit 1; }
	done
	rm -f "$bin"
done
