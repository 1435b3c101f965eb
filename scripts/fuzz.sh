#!/bin/sh
# Runs each fuzz target of the project for the given time (default 10s).
set -eu
cd "$(dirname "$0")/.."
time=${1:-10s}
go list -f '{{if .TestGoFiles}}{{.Dir}}{{end}}' ./... | while read -r dir; do
	grep -ho '^func Fuzz[A-Za-z0-9_]*' "$dir"/*_test.go 2>/dev/null | sed 's/^func //' | while read -r target; do
		echo "fuzz $(basename "$dir").$target for $time"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" -parallel 2 "$dir" </dev/null
	done
done
