#!/bin/sh
# Measures how fast persons are recognised, on one core, against bytes.Count,
# Hyperscan and ripgrep, on a mixed text that it makes when it isn't there:
#
#	scripts/speed.sh
#
# SPOOR_SPEED_DIR is where text and lists are kept (default: a directory in
# $TMPDIR), SPOOR_SPEED_SIZE the bytes of text (default 1 GiB; 64 MiB do for a
# quick look), SPOOR_SPEED_ROUNDS how often each is run (default 3), the least
# times counting, and SPOOR_SPEED_PEOPLE for how many people (default
# 10,100,1000,10000; ten thousand take Hyperscan minutes).
#
# All search for the same literals, 22 a person, without regard for case. "and
# numbers" adds six numbers a person in any grouping, which the others can't.
# A second table is of source code, the Go distribution's, in which nobody is.
# The mixed text is full of addresses at the same providers, which Hyperscan has
# to stop at: of literals whose last 8 bytes are shared by no more than ten it
# searches twenty times as many bytes a second.
#
# It fails when the hits differ from Hyperscan's. The detectors run against regular
# expressions of the same forms, of the standard library and Hyperscan, which check
# nothing, and in one pass with 100 people. What isn't installed is left out, and
# said so: apt-get install libhyperscan-dev gcc ripgrep
set -eu
cd "$(dirname "$0")/.."
size=${SPOOR_SPEED_SIZE:-1073741824}
dir=${SPOOR_SPEED_DIR:-${TMPDIR:-/tmp}/spoor-speed-$size}
rounds=${SPOOR_SPEED_ROUNDS:-3}
people=${SPOOR_SPEED_PEOPLE:-10,100,1000,10000}
mkdir -p "$dir"

if [ ! -f "$dir/corpus" ] || [ "$(stat -c %s "$dir/corpus")" != "$size" ]; then
	echo "making a text of $size bytes in $dir" >&2
	go run ./scripts/corpus -size "$size" -dir "$dir"
fi

rival=
if ! command -v cc >/dev/null; then
	echo "No Hyperscan in the table: install gcc and libhyperscan-dev" >&2
elif cc -O2 -o "$dir/hyperscan" scripts/hyperscan.c -lhs 2>"$dir/cc.log"; then
	rival=$dir/hyperscan
else
	echo "No Hyperscan in the table: install libhyperscan-dev ($dir/cc.log)" >&2
fi
CGO_ENABLED=0 go build -trimpath -o "$dir/speed" ./scripts/speed
GOMAXPROCS=1 "$dir/speed" -dir "$dir" -hyperscan "$rival" -rounds "$rounds" -people "$people" | tee "$dir/table"

echo
sparse=$dir/sparse
if [ ! -f "$sparse" ]; then
	find "$(go env GOROOT)/src/" -name '*.go' -type f | LC_ALL=C sort | xargs cat 2>/dev/null | head -c 67108864 >"$sparse.new"
	mv "$sparse.new" "$sparse"
fi
echo "Source code, in which nobody is:"
GOMAXPROCS=1 "$dir/speed" -dir "$dir" -text "$sparse" -hyperscan "$rival" -rounds "$rounds" -people "$people"

# rate COMMAND...: GB/s of the quickest whole run.
rate() {
	best=
	i=0
	while [ "$i" -lt "$rounds" ]; do
		start=$(date +%s%N)
		"$@" >/dev/null || [ $? -le 1 ]
		took=$(($(date +%s%N) - start))
		if [ -z "$best" ] || [ "$took" -lt "$best" ]; then best=$took; fi
		i=$((i + 1))
	done
	awk "BEGIN { printf \"%.3f\", $size / $best }"
}
ours=$(awk '$1 == "100" && $2 == "|" { print $3; exit }' "$dir/table")
echo
if ! command -v rg >/dev/null; then
	echo "ripgrep: install ripgrep to compare with it"
elif [ -n "$ours" ]; then
	for flags in "" "-i"; do
		# shellcheck disable=SC2086 # no flag is no argument
		theirs=$(rate rg --no-config -j1 -a -c -F $flags -f "$dir/literals-100" "$dir/corpus")
		awk "BEGIN { printf \"rg -F %s -f, 100 people: %s GB/s; literals here: %.1f x\n\", \"$flags\", \"$theirs\", $ours / $theirs }"
	done
fi
