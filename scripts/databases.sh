#!/bin/sh
# Measures how fast a table of a PostgreSQL server is searched for 100 people,
# the whole program, against psql that copies the same table to /dev/null:
#
#	scripts/databases.sh
#
# SPOOR_ROWS is the rows of the table (default 5000000), SPOOR_ROUNDS how often
# each is run (default 3; the least time counts). The server is a throw-away one
# on loopback. CPU times are the client's and the server's together.
set -eu
cd "$(dirname "$0")/.."
rows=${SPOOR_ROWS:-5000000}
rounds=${SPOOR_ROUNDS:-3}
# The newest of the versions that Debian keeps side by side.
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$bin" ] || { echo "install postgresql" >&2; exit 1; }
dir=$(mktemp -d "${TMPDIR:-/tmp}/spoor-db.XXXXXX")
as=
if [ "$(id -u)" = 0 ]; then
	chown postgres "$dir"
	as="setpriv --reuid=postgres --regid=postgres --clear-groups"
fi
go build -trimpath -o "$dir/spoor" ./cmd/spoor
chmod 755 "$dir"
port=$(python3 -c 'import socket;s=socket.socket();s.bind(("127.0.0.1",0));print(s.getsockname()[1])')
here=$PWD
cd /
$as "$bin/initdb" -D "$dir/data" -U spoor -A trust -E UTF8 --locale=C.UTF-8 --no-sync --no-instructions >/dev/null
trap '$as "$bin/pg_ctl" -D "$dir/data" -m immediate stop >/dev/null 2>&1; rm -rf "$dir"' EXIT
$as "$bin/pg_ctl" -D "$dir/data" -w -l "$dir/data/log" -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$dir/data \
	-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c shared_buffers=128MB -c max_wal_size=8GB" start >/dev/null
cd "$here"
sql() { "$bin/psql" -h 127.0.0.1 -p "$port" -U spoor -d postgres -X -q -A -t "$@"; }
sql -c "CREATE TABLE clients (id bigint PRIMARY KEY, uuid uuid, name text, email varchar(100), phone text, street text, city text, country char(2),
	born date, balance numeric(12,2), created timestamptz, ip inet, active bool, note text, attributes jsonb)" \
	-c "INSERT INTO clients SELECT i, md5(i::text)::uuid, 'Name '||md5((i%50000)::text), 'user'||i||'@example'||i%1000||'.org', '+32 470 '||lpad((i%1000000)::text,6,'0'),
	'Street '||i%5000||' nr '||i%300, 'City '||i%700, 'BE', '1950-01-01'::date+(i%20000)::int, (i%100000)/100.0, '2020-01-01'::timestamptz+i*'1 minute'::interval,
	('198.51.'||i%256||'.'||(i/256)%256)::inet, i%3=0, CASE WHEN i%4=0 THEN 'A note of some length about an invoice, number '||i END,
	jsonb_build_object('plan','p'||i%7,'ref','K-'||i) FROM generate_series(1,$rows) i" -c "VACUUM ANALYZE clients"
{
	echo "subjects:"
	for n in $(seq 1 100); do
		at=$((n * rows / 101))
		printf -- '- id: p%d\n  name: Person Number%d Lastname%d\n  email: [user%d@example%d.org, other%d@example.net]\n  phone: "+32 471 00 %02d %02d"\n  customer_id: C-99%04d\n' \
			"$n" "$n" "$n" "$at" "$((at % 1000))" "$n" "$((n / 100))" "$((n % 100))" "$n"
	done
} >"$dir/people.yaml"
postmaster=$(head -n 1 "$dir/data/postmaster.pid")
# The time of processes that have ended, in clock ticks.
spent() { awk '{print $16+$17}' "/proc/$postmaster/stat"; }
# run NAME COMMAND...: wall and CPU seconds of the quickest run.
run() {
	name=$1
	shift
	best=
	for _ in $(seq "$rounds"); do
		before=$(spent)
		python3 - "$dir/time" "$@" <<'PY'
import os, resource, subprocess, sys, time
start = time.time()
subprocess.run(sys.argv[2:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
u = resource.getrusage(resource.RUSAGE_CHILDREN)
open(sys.argv[1], "w").write("%.2f %.2f %d" % (time.time() - start, u.ru_utime + u.ru_stime, u.ru_maxrss // 1024))
PY
		sleep 1
		server=$(($(spent) - before))
		this=$(awk -v s="$server" -v hz="$(getconf CLK_TCK)" '{printf "%s %.2f %.2f %d", $1, $2, s/hz, $3}' "$dir/time")
		if [ -z "$best" ] || [ "$(printf '%s\n%s\n' "$this" "$best" | sort -n | head -n 1)" = "$this" ]; then best=$this; fi
	done
	echo "$best" | awk -v n="$name" '{printf "%-8s wall %6.2f s   client %6.2f s   server %6.2f s   memory %d MB\n", n, $1, $2, $3, $4}'
	echo "$best" >"$dir/$name"
}
echo "$rows rows, $(sql -c "SELECT pg_size_pretty(pg_relation_size('clients'))")"
run psql "$bin/psql" -h 127.0.0.1 -p "$port" -U spoor -d postgres -X -c "COPY clients TO STDOUT"
run spoor "$dir/spoor" scan "postgres://spoor@127.0.0.1:$port/postgres" --subject "$dir/people.yaml" -o "$dir/out.json"
grep -c '"uri"' "$dir/out.json" >/dev/null || { echo "spoor found nothing" >&2; exit 1; }
paste -d ' ' "$dir/psql" "$dir/spoor" | awk '{printf "spoor : psql = %.2f wall, %.2f CPU\n", $5/$1, ($6+$7)/($2+$3)}'
