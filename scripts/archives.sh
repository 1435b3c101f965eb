#!/bin/sh
# Measures whole runs of spoor for 100 people on a .tar.gz and a .tar.zst of the
# mixed text, against the same libraries decompressing alone, and ripgrep
# (-z -F -f) on the same archives:
#
#	scripts/archives.sh
#
# SPOOR_SPEED_DIR is where archives are kept (default: a directory in $TMPDIR),
# SPOOR_SPEED_SIZE the bytes of text (default 1 GiB; 64 MiB do for a quick look),
# SPOOR_SPEED_ROUNDS how often each is run (default 3), the least time counting.
# What isn't installed is left out, and said so: apt-get install ripgrep zstd
set -eu
cd "$(dirname "$0")/.."
size=${SPOOR_SPEED_SIZE:-1073741824}
dir=${SPOOR_SPEED_DIR:-${TMPDIR:-/tmp}/spoor-speed-$size}
rounds=${SPOOR_SPEED_ROUNDS:-3}
mkdir -p "$dir"
if [ ! -f "$dir/site.tar.gz" ]; then
	echo "making archives of $size bytes in $dir" >&2
	go run ./scripts/corpus -size "$size" -dir "$dir" -tar "$dir/site.tar"
	if command -v zstd >/dev/null; then zstd -q -f -3 "$dir/site.tar" -o "$dir/site.tar.zst"; fi
	gzip -c "$dir/site.tar" >"$dir/site.tar.gz.new"
	mv "$dir/site.tar.gz.new" "$dir/site.tar.gz"
	rm "$dir/site.tar"
fi
CGO_ENABLED=0 go build -trimpath -o "$dir/spoor" ./cmd/spoor
CGO_ENABLED=0 go build -trimpath -o "$dir/unpack" ./scripts/unpack
export SPOOR_STATE_DIR="$dir/state"

# took COMMAND...: milliseconds of one run.
took() {
	start=$(date +%s%N)
	"$@" >/dev/null 2>"$dir/stderr" || [ $? -le 3 ] || cat "$dir/stderr" >&2
	echo $((($(date +%s%N) - start) / 1000000))
}
least() { if [ -z "$1" ] || [ "$2" -lt "$1" ]; then echo "$2"; else echo "$1"; fi; }
for kind in gz zst; do
	a=$dir/site.tar.$kind
	if [ ! -f "$a" ]; then
		echo ".tar.$kind: install zstd to make one"
		continue
	fi
	ours= alone= theirs=
	i=0
	while [ "$i" -lt "$rounds" ]; do # in turns, since machines are noisy
		ours=$(least "$ours" "$(took "$dir/spoor" scan "$a" -q --subject "$dir/subjects-100.yaml" --expand off -o "$dir/report.json")")
		alone=$(least "$alone" "$(took "$dir/unpack" "$a")")
		if command -v rg >/dev/null; then theirs=$(least "$theirs" "$(took rg --no-config -z -a -c -F -f "$dir/literals-100" "$a")"); fi
		i=$((i + 1))
	done
	awk "BEGIN { printf \".tar.$kind: spoor %d ms, decompressing alone %d ms: %.2f of its throughput\n\", $ours, $alone, $alone / $ours }"
	if [ -n "$theirs" ]; then
		awk "BEGIN { printf \".tar.$kind: rg -z -F -f %d ms: spoor is %.2f times as fast\n\", $theirs, $theirs / $ours }"
	else
		echo "ripgrep: install ripgrep to compare with it"
	fi
done
