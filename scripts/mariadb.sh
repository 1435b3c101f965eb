#!/bin/bash
# Measures whole runs of spoor over a live MariaDB against its own client, in the
# same run, 100 people being looked for (scripts/databases.sh does so for PostgreSQL):
#
#	scripts/mariadb.sh
#
# That is: a table of five million rows of mixed columns against
# reading it with the client into /dev/null, and ten thousand tables of ten rows
# against the client's dump of their definitions (mariadb-dump with
# --single-transaction: without, it locks all tables, and the server takes many
# times as long). It prints the best wall and CPU time (of the client, not the
# server) of SPOOR_DB_ROUNDS runs (default 3) and their ratios. SPOOR_DB_ROWS and
# SPOOR_DB_TABLES change how many there are; SPOOR_DB_FLAGS are further flags of
# spoor scan, such as --expand=off.
#
# The server is thrown away at the end; with SPOOR_DB_DIR its data folder stays
# there and is used again.
set -euo pipefail
cd "$(dirname "$0")/.."
rows=${SPOOR_DB_ROWS:-5000000}
tables=${SPOOR_DB_TABLES:-10000}
rounds=${SPOOR_DB_ROUNDS:-3}
work=$(mktemp -d)
keep=${SPOOR_DB_DIR:-$work}
mkdir -p "$keep"
servers=()
finish() {
	for pid in "${servers[@]}"; do
		kill "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	rm -rf "$work"
}
trap finish EXIT
export SPOOR_STATE_DIR="$work/state"
CGO_ENABLED=0 go build -trimpath -o "$work/spoor" ./cmd/spoor

{
	echo "subjects:"
	for i in $(seq 1 100); do
		n=$((i * (rows / 101)))
		printf '  - {id: p%d, name: "Voornaam%d Van Achternaam%d", email: client%d@example.org, phone: "+32 470 %02d %02d %02d", customer_id: "K-%07d"}\n' \
			"$i" "$n" "$n" "$n" $((n / 10000 % 100)) $((n / 100 % 100)) $((n % 100)) "$n"
	done
} >"$work/people.yaml"

# best NAME COMMAND...: the least wall and CPU milliseconds of several runs, in
# the variables NAME_wall and NAME_cpu. An exit status of 3 (gaps) is shown.
best() {
	local name=$1 w=0 c=0 i out real user sys status
	shift
	for ((i = 0; i < rounds; i++)); do
		TIMEFORMAT='%3R %3U %3S'
		status=0
		out=$({ time "$@" >/dev/null 2>"$work/stderr"; } 2>&1) || status=$?
		if [ "$status" != 0 ]; then
			echo "status $status: $*" >&2
			tail -3 "$work/stderr" >&2
		fi
		read -r real user sys <<<"$out"
		real=$((10#${real/./})) user=$((10#${user/./} + 10#${sys/./}))
		if [ "$w" = 0 ] || [ "$real" -lt "$w" ]; then w=$real; fi
		if [ "$c" = 0 ] || [ "$user" -lt "$c" ]; then c=$user; fi
	done
	printf -v "${name}_wall" %s "$w"
	printf -v "${name}_cpu" %s "$c"
}

# ratio WHAT: compares ours with theirs.
ratio() {
	awk -v what="$1" -v a="$ours_wall" -v b="$theirs_wall" -v c="$ours_cpu" -v d="$theirs_cpu" \
		'BEGIN { printf "%-34s wall %6d ms / %6d ms = %.2f   CPU %6d ms / %6d ms = %.2f\n", what, a, b, a/b, c, d, c/(d ? d : 1) }'
}

wait_for() { # wait_for COMMAND...: until it succeeds, for up to 60 s
	for _ in $(seq 600); do
		if "$@" >/dev/null 2>&1; then return; fi
		sleep 0.1
	done
	echo "not up: $*" >&2
	exit 1
}

free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

mariadb_server() {
	local dir=$keep/mariadb user=()
	db_socket=$work/m.sock
	db_port=$(free_port)
	if [ "$(id -u)" = 0 ]; then user=(--user=root); fi
	if [ ! -d "$dir" ]; then
		mkdir -p "$dir"
		mariadb-install-db --no-defaults "${user[@]}" --datadir="$dir" \
			--auth-root-authentication-method=normal --skip-test-db --skip-name-resolve >/dev/null
	fi
	mariadbd --no-defaults "${user[@]}" --datadir="$dir" --socket="$db_socket" --pid-file="$work/m.pid" \
		--tmpdir="$work" --bind-address=127.0.0.1 --port="$db_port" --skip-name-resolve --innodb-buffer-pool-size=1G \
		--innodb-log-file-size=256M --innodb-flush-log-at-trx-commit=0 --innodb-doublewrite=0 --skip-log-bin \
		--performance-schema=OFF --table-open-cache=4000 >"$work/m.log" 2>&1 &
	servers+=($!)
	wait_for mariadb-admin --no-defaults -uroot -S "$db_socket" ping
}

sql() { mariadb --no-defaults -uroot -S "$db_socket" "$@"; }

mariadb_half() {
	mariadb_server
	if [ "$(sql -N -e "SELECT MAX(id) FROM big.clients" 2>/dev/null)" != "$rows" ]; then
		echo "making $rows rows" >&2
		sql -e "DROP DATABASE IF EXISTS big; CREATE DATABASE big; USE big; CREATE TABLE big.clients (
			id int unsigned NOT NULL PRIMARY KEY, reference char(9) CHARACTER SET ascii NOT NULL, name varchar(80), email varchar(120),
			phone varchar(30), street varchar(80), city varchar(40) CHARACTER SET latin1, born date, created datetime NOT NULL,
			changed timestamp NOT NULL, balance decimal(12,2), score double, active tinyint(1) NOT NULL,
			state enum('new','active','closed') NOT NULL, tags json, note text, token binary(16)) DEFAULT CHARSET utf8mb4;
			INSERT INTO big.clients SELECT seq, CONCAT('K-', LPAD(seq, 7, '0')), CONCAT('Voornaam', seq, ' Van Achternaam', seq),
				CONCAT('client', seq, '@example.org'), CONCAT('+32 470 ', INSERT(INSERT(LPAD(seq MOD 1000000, 6, '0'), 5, 0, ' '), 3, 0, ' ')),
				CONCAT('Kerkstraat ', seq MOD 400, ' bus ', seq MOD 9), ELT(1 + seq MOD 4, 'Gent', 'Brugge', 'Liège', 'Oostende'),
				DATE '1950-01-01' + INTERVAL seq MOD 18000 DAY, TIMESTAMP('2015-01-01') + INTERVAL seq MINUTE,
				TIMESTAMP('2020-01-01') + INTERVAL seq SECOND, seq / 7, seq / 3e0, seq MOD 2, 1 + seq MOD 3,
				IF(seq MOD 3, CONCAT('{\"plan\":\"basic\",\"quota\":', seq, '}'), NULL),
				IF(seq MOD 5, NULL, CONCAT('Called about invoice ', seq, '; will call back next week.')), UNHEX(MD5(seq))
			FROM seq_1_to_$rows"
	fi
	if ! sql -N -e "SELECT 1 FROM many.t$tables LIMIT 1" >/dev/null 2>&1; then
		echo "making $tables tables" >&2
		{
			echo "DROP DATABASE IF EXISTS many; CREATE DATABASE many; USE many;"
			for ((i = 1; i <= tables; i++)); do
				echo "CREATE TABLE t$i (id int PRIMARY KEY, client_id int, email varchar(100), name varchar(80), created datetime, KEY (client_id));"
				echo "INSERT INTO t$i SELECT seq, seq*7+$i, CONCAT('client', seq*7+$i, '@example.org'), CONCAT('Name ', seq), now() FROM seq_1_to_10;"
			done
		} | sql
	fi
	local size
	sql -N -e "ANALYZE TABLE big.clients" >/dev/null
	size=$(sql -N -e "SELECT ROUND(data_length/1e6) FROM information_schema.tables WHERE table_schema='big'")
	best theirs mariadb --no-defaults -uroot -h127.0.0.1 -P"$db_port" --quick -e "SELECT * FROM big.clients"
	best ours "$work/spoor" scan -q ${SPOOR_DB_FLAGS:-} --subject "$work/people.yaml" "mysql://root@127.0.0.1:$db_port/big"
	ratio "MariaDB, $rows rows ($size MB)"
	best theirs mariadb-dump --no-defaults -uroot -h127.0.0.1 -P"$db_port" --no-data --single-transaction many
	best ours "$work/spoor" scan -q ${SPOOR_DB_FLAGS:-} --subject "$work/people.yaml" "mysql://root@127.0.0.1:$db_port/many"
	ratio "MariaDB, $tables tables"
}

mariadb_half
