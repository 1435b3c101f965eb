#!/bin/sh
# Format, vet, staticcheck, and known weaknesses of what the program calls.
set -eu
cd "$(dirname "$0")/.."
run() { GOFLAGS= go run "$@"; }

unformatted=$(run mvdan.cc/gofumpt@v0.12.0 -l cmd internal reports rules scanners)
if [ -n "$unformatted" ]; then
	echo "not formatted (gofumpt -w):" "$unformatted" >&2
	exit 1
fi
go vet ./...
run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...
go mod verify >/dev/null

# The database of weaknesses lies on the network; a machine that can't reach it
# says so and goes on.
out=$(run golang.org/x/vuln/cmd/govulncheck@v1.9.0 ./... 2>&1) && echo "govulncheck: clean" || {
	case $out in
	*"fetching vulnerabilities"* | *"dial tcp"* | *"no such host"* | *"Forbidden"* | *"connection refused"*)
		echo "govulncheck: not run, its database can't be reached from here" ;;
	*)
		echo "$out" >&2
		exit 1 ;;
	esac
}
