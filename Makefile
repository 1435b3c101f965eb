# What developers and CI run. Each target works in a fresh clone.

export SPOOR_TOOLS ?= $(CURDIR)/.tools

FUZZTIME ?= 60s

.PHONY: all build test race lint fuzz bench cover clean

all: build

# The program that people install: static, without the demo's servers.
build:
	CGO_ENABLED=0 go build -trimpath -o bin/spoor ./cmd/spoor

# All tests, with real servers; installs what is missing when it can.
test:
	./scripts/setup.sh
	SPOOR_REQUIRE_SERVERS=1 go test ./...

race:
	./scripts/setup.sh
	SPOOR_REQUIRE_SERVERS=1 go test -race -timeout 20m ./...

lint:
	./scripts/lint.sh

# Each fuzz target for FUZZTIME.
fuzz:
	./scripts/fuzz.sh $(FUZZTIME)

bench:
	go test -run '^$$' -bench . -benchtime 2s ./internal/match ./internal/container ./internal/document

clean:
	rm -rf bin
