#!/bin/sh
# Compares a whole run of spoor with ripgrep on the same archive: 64 MiB of dump,
# log and mail in a .tar.gz, one person against the same person's literals. It
# prints the time of each and their ratio. ripgrep finds literals only, and says
# neither which row nor what it could not read.
set -eu
cd "$(dirname "$0")/.."
command -v rg >/dev/null || { echo "install ripgrep to compare with it" >&2; exit 1; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
CGO_ENABLED=0 go build -trimpath -o "$dir/spoor" ./cmd/spoor
mkdir "$dir/d"
awk 'BEGIN { srand(1); print "-- MySQL dump 10.19"; print "CREATE TABLE `c` (`id` int NOT NULL, `email` varchar(99), `name` varchar(99), PRIMARY KEY (`id`));";
	for (i = 0; i < 300; i++) { printf "INSERT INTO `c` VALUES "; for (j = 0; j < 1000; j++) printf "%s(%d,\047client%d@example.org\047,\047Name %d van den Berg, Street %d\047)", j ? "," : "", i*1000+j+1, rand()*1e9, rand()*1e9, rand()*999; print ";" }
	print "-- Dump completed" }' >"$dir/d/c.sql"
awk 'BEGIN { srand(2); for (i = 0; i < 400000; i++) printf "198.51.100.%d - - [02/Nov/2026:09:00:00 +0100] \"GET /page/%d HTTP/1.1\" 200 %d\n", rand()*255, rand()*1e6, rand()*1e5 }' >"$dir/d/access.log"
echo "zoe@example.be" >>"$dir/d/access.log"
tar -C "$dir" -czf "$dir/a.tar.gz" d
rm -r "$dir/d"
printf '%s\n' zoe@example.be 32470123456 0470123456 'Van den Broeck' >"$dir/literals"
export SPOOR_STATE_DIR="$dir/state"
best() { # best of 5 whole runs, in milliseconds
	b=
	for _ in 1 2 3 4 5; do
		s=$(date +%s%N)
		"$@" >/dev/null 2>&1 || [ $? -le 1 ]
		e=$((($(date +%s%N) - s) / 1000000))
		if [ -z "$b" ] || [ "$e" -lt "$b" ]; then b=$e; fi
	done
	echo "$b"
}
ours=$(best "$dir/spoor" scan "$dir/a.tar.gz" -q --email zoe@example.be --phone "+32 470 12 34 56" --name "Zoë Van den Broeck")
rg=$(best rg -z -i -F -f "$dir/literals" "$dir/a.tar.gz")
gz=$(best gzip -dc "$dir/a.tar.gz")
echo "spoor $ours ms, ripgrep -z -i -F $rg ms, gzip -dc alone $gz ms"
awk "BEGIN { printf \"spoor takes %.2f times as long as ripgrep, %.2f times as long as gzip alone\n\", $ours/$rg, $ours/$gz }"
