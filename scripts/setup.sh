#!/bin/sh
# Installs what the tests need beside Go and is missing: servers and a browser
# from Debian or Ubuntu (as root), an S3 server as a Go program, and the checks of
# accessibility from npm. Where it can't, it says in one line what to install.
set -eu
cd "$(dirname "$0")/.."
tools=${SPOOR_TOOLS:-$PWD/.tools}

missing=
need() { # need PACKAGE PROGRAM...
	package=$1
	shift
	for p in "$@"; do
		if command -v "$p" >/dev/null 2>&1 || [ -x "/usr/sbin/$p" ]; then return; fi
	done
	missing="$missing $package"
}
need mariadb-server mariadbd
need mariadb-client mariadb-dump
# Engines whose tables are on other servers, which Debian has in packages of their
# own.
for engine in connect spider; do
	if ! ls /usr/lib/mysql/plugin/ha_$engine.so /usr/lib/*/mariadb*/plugin/ha_$engine.so >/dev/null 2>&1; then
		missing="$missing mariadb-plugin-$engine"
	fi
done
# Debian keeps the programs of each version in a folder of its own.
if ! ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1; then need postgresql postgres; fi
need dovecot-imapd dovecot
need python3 python3
need unzip unzip
if [ ! -x /usr/lib/openssh/sftp-server ]; then need openssh-sftp-server sftp-server; fi
need minisign minisign
need restic restic
need borgbackup borg
need tesseract-ocr tesseract
need pst-utils readpst
need chromium chromium chromium-browser google-chrome
axe=4.14.1
if [ ! -x "$tools/axe.min.js" ]; then need npm npm; fi

if [ -n "$missing" ]; then
	if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
		# The tests start servers of their own; none needs to run on the machine.
		if [ ! -e /usr/sbin/policy-rc.d ]; then
			printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
			chmod 755 /usr/sbin/policy-rc.d
			trap 'rm -f /usr/sbin/policy-rc.d' EXIT
		fi
		apt-get update -qq
		# shellcheck disable=SC2086
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing fonts-dejavu-core >/dev/null
	else
		echo "to run all tests, install:$missing (Debian, Ubuntu: sudo apt-get install --no-install-recommends$missing)" >&2
		exit 1
	fi
fi

gobin=$(go env GOPATH)/bin
if ! command -v versitygw >/dev/null 2>&1 && [ ! -x "$tools/versitygw" ] && [ ! -x "$gobin/versitygw" ]; then
	echo "building the S3 server versitygw (some minutes, once)" >&2
	mkdir -p "$tools"
	GOBIN=$tools GOFLAGS= go install github.com/versity/versitygw/cmd/versitygw@v1.8.0 ||
		{ echo "to run all tests, install: go install github.com/versity/versitygw/cmd/versitygw@v1.8.0" >&2; exit 1; }
fi

if [ ! -x "$tools/axe.min.js" ]; then
	mkdir -p "$tools"
	dir=$(mktemp -d)
	if (cd "$dir" && npm pack --silent "axe-core@$axe" >/dev/null && tar xzf "axe-core-$axe.tgz" package/axe.min.js); then
		install -m 755 "$dir/package/axe.min.js" "$tools/axe.min.js"
		rm -rf "$dir"
	else
		rm -rf "$dir"
		echo "to run all tests, put axe.min.js of the npm package axe-core $axe into $tools, executable" >&2
		exit 1
	fi
fi
