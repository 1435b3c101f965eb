#!/bin/sh
# Measures whole runs of spoor for 100 people on backup repositories: against the
# backup program checking all data of the same repository in the same run, and
# one snapshot against many with little change:
#
#	scripts/repositories.sh [restic] [borg]
#
# SPOOR_SPEED_DIR is where repositories are kept (default: a directory in
# $TMPDIR), SPOOR_SPEED_SIZE the bytes of text (default 1 GiB; 64 MiB do for a
# quick look), SPOOR_SPEED_SNAPSHOTS how many snapshots are many (default 100),
# SPOOR_SPEED_ROUNDS how often each is run (default 3), the least time counting.
# The time on the processor is told too, for machines that are busy.
# What isn't installed is left out, and said so: apt-get install restic borgbackup
set -eu
cd "$(dirname "$0")/.."
size=${SPOOR_SPEED_SIZE:-1073741824}
many=${SPOOR_SPEED_SNAPSHOTS:-100}
dir=${SPOOR_SPEED_DIR:-${TMPDIR:-/tmp}/spoor-repositories-$size}
rounds=${SPOOR_SPEED_ROUNDS:-3}
mkdir -p "$dir"
export SPOOR_STATE_DIR="$dir/state" RESTIC_PASSWORD=speed RESTIC_CACHE_DIR="$dir/cache"
CGO_ENABLED=0 go build -trimpath -o "$dir/spoor" ./cmd/spoor
if [ ! -f "$dir/site.tar" ]; then
	echo "making $size bytes of text in $dir" >&2
	go run ./scripts/corpus -size "$size" -dir "$dir" -tar "$dir/site.tar.new"
	mv "$dir/site.tar.new" "$dir/site.tar"
fi

# source makes the tree that is backed up.
source() {
	rm -rf "$dir/source"
	mkdir -p "$dir/source/site"
	tar -xf "$dir/site.tar" -C "$dir/source/site"
}
# change does what a day does: a log grows, a mail comes, a page changes.
change() { # change NUMBER
	echo "day $1: somebody@example.org was here" >>"$dir/source/access.log"
	mkdir -p "$dir/source/mail"
	printf 'From: a%s@example.org\nSubject: day %s\n\nHello\n' "$1" "$1" >"$dir/source/mail/$1.eml"
	date -u +"%s $1" >"$dir/source/page.html"
}

# took COMMAND...: milliseconds of one run, and those on the processor.
took() {
	start=$(date +%s%N)
	"$@" >/dev/null 2>"$dir/stderr" || [ $? -le 3 ] || cat "$dir/stderr" >&2
	wall=$((($(date +%s%N) - start) / 1000000))
	times >"$dir/times" # of this subshell, not of one in a pipe
	awk -v wall=$wall 'NR == 2 { gsub("s", ""); split($1 "m" $2, t, "m"); print wall, int((t[1] * 60 + t[2] + t[3] * 60 + t[4]) * 1000) }' "$dir/times"
}
# least PAIR PAIR: the lesser of each.
least() { echo "$1 $2" | awk '{ print NF < 4 || $3 < $1 ? $(NF - 1) : $1, NF < 4 || $4 < $2 ? $NF : $2 }'; }
scan() { took "$dir/spoor" scan "$1" -q --subject "$dir/subjects-100.yaml" --expand off -o "$dir/report.json"; }

# compare NAME ONE MANY CHECK...: ONE and MANY are targets, CHECK what checks MANY.
compare() {
	name=$1 one=$2 all=$3
	shift 3
	ours= single= theirs=
	i=0
	while [ "$i" -lt "$rounds" ]; do # in turns, since machines are noisy
		ours=$(least "$ours" "$(scan "$all")")
		single=$(least "$single" "$(scan "$one")")
		theirs=$(least "$theirs" "$(took "$@")")
		i=$((i + 1))
	done
	echo "$ours $theirs" | awk -v what="$name: spoor %d ms, $* %d ms: %.2f of its time, %.2f of that on the processor\n" '{ printf what, $1, $3, $1 / $3, $2 / $4 }'
	echo "$ours $single" | awk -v what="$name: $many snapshots %d ms, one %d ms: %.2f times as long, %.2f on the processor\n" '{ printf what, $1, $3, $1 / $3, $2 / $4 }'
}

restic_repository() {
	command -v restic >/dev/null || { echo "restic: install restic to measure it" && return; }
	if [ ! -d "$dir/restic-$many" ]; then
		echo "making $many snapshots with restic in $dir" >&2
		rm -rf "$dir/restic-new" "$dir/restic-one"
		source
		change 1
		restic -q -r "$dir/restic-new" init
		restic -q -r "$dir/restic-new" backup "$dir/source"
		cp -r "$dir/restic-new" "$dir/restic-one"
		i=1
		while [ "$i" -lt "$many" ]; do
			i=$((i + 1))
			change "$i"
			restic -q -r "$dir/restic-new" backup "$dir/source"
		done
		rm -rf "$dir/source"
		mv "$dir/restic-new" "$dir/restic-$many"
	fi
	compare restic "restic:$dir/restic-one" "restic:$dir/restic-$many" restic -q --no-cache -r "$dir/restic-$many" check --read-data
}

borg_repository() {
	command -v borg >/dev/null || { echo "borg: install borgbackup to measure it" && return; }
	export BORG_BASE_DIR="$dir/borg-base" BORG_PASSPHRASE=speed BORG_RELOCATED_REPO_ACCESS_IS_OK=yes
	if [ ! -d "$dir/borg-$many" ]; then
		echo "making $many archives with borg in $dir" >&2
		rm -rf "$dir/borg-new" "$dir/borg-one"
		source
		change 1
		borg init -e repokey-blake2 "$dir/borg-new" 2>/dev/null
		borg create -C zstd "$dir/borg-new::day-1" "$dir/source"
		cp -r "$dir/borg-new" "$dir/borg-one"
		i=1
		while [ "$i" -lt "$many" ]; do
			i=$((i + 1))
			change "$i"
			borg create -C zstd "$dir/borg-new::day-$i" "$dir/source"
		done
		rm -rf "$dir/source"
		mv "$dir/borg-new" "$dir/borg-$many"
	fi
	compare borg "borg:$dir/borg-one" "borg:$dir/borg-$many" borg check --verify-data "$dir/borg-$many"
}

[ $# -gt 0 ] || set -- restic borg
for program in "$@"; do
	case $program in
	restic) restic_repository ;;
	borg) borg_repository ;;
	*) echo "usage: scripts/repositories.sh [restic] [borg]" >&2 && exit 2 ;;
	esac
done
