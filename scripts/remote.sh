#!/bin/sh
# Measures whole runs of spoor on an object store and a mailbox, against programs
# that fetch the same and do nothing with it, in the same run:
#
#	scripts/remote.sh [s3] [imap]
#
# s3: 10,000 small objects on versitygw, against listing them and reading one after
# the other with Amazon's library. imap: 10,000 messages on Dovecot, against one
# FETCH of all bodies. Both with the server on this machine, and as if it were 5
# ms away: where client and server share the cores, more requests at a time can't
# be quicker than the cores are. SPOOR_SPEED_OBJECTS and SPOOR_SPEED_MESSAGES are
# how many (default 10000), SPOOR_SPEED_ROUNDS how often each is run (default 3),
# the least time counting. The servers are those of the tests: scripts/setup.sh.
set -eu
cd "$(dirname "$0")/.."
export SPOOR_SPEED=1 SPOOR_REQUIRE_SERVERS=1 SPOOR_TOOLS="${SPOOR_TOOLS:-$PWD/.tools}"
[ $# -gt 0 ] || set -- s3 imap
for what in "$@"; do
	case $what in
	s3) go test ./scripts/remote -count=1 -timeout 1h -run '^TestObjects$' -v ;;
	imap) go test ./scripts/remote -count=1 -timeout 1h -run '^TestMailbox$' -v ;;
	*) echo "usage: scripts/remote.sh [s3] [imap]" >&2 && exit 2 ;;
	esac
done | grep -v -e '^=== ' -e '^--- ' -e '^PASS' -e '^ok '
