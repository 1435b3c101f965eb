#!/bin/sh
# Makes the repositories in this folder with Borg 1.2, as root since their host
# has an invented name: make.sh
set -eu
cd "$(dirname "$0")"
if [ "${1:-}" != inside ]; then exec unshare --uts "$0" inside; fi
hostname web1.example.be
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export BORG_BASE_DIR="$work/base" BORG_KEYS_DIR="$work/keys" BORG_PASSPHRASE='correct horse' TZ=UTC
export BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=yes BORG_RELOCATED_REPO_ACCESS_IS_OK=yes
rm -rf repo-* keys
here=$PWD
mkdir -p keys "$work/src/home/zoe" "$work/src/etc" "$work/src/empty"
cd "$work/src"
echo 'Zoe <zoe@example.be> phones at ten' >home/zoe/note.txt
printf 'id;mail\n1;jan@example.org\n' >etc/clients.csv
ln home/zoe/note.txt home/zoe/second-name.txt
ln -s ../zoe/note.txt home/link-to-zoe
: >etc/nothing
cp etc/clients.csv home/zoe/copy.csv
for mode in none repokey keyfile repokey-blake2 keyfile-blake2 authenticated authenticated-blake2; do
	export BORG_REPO="$here/repo-$mode"
	borg init -e $mode "$BORG_REPO" 2>/dev/null
	all='none lz4'
	if [ $mode = none ] || [ $mode = repokey-blake2 ]; then all='none lz4 zstd,3 zlib,6 lzma,0 obfuscate,3,zstd,3 auto,zlib'; fi
	for c in $all; do
		name=$(echo "$c" | tr , -)
		head -c 3000 /dev/zero | tr '\0' "$(echo "$c" | head -c 1)" >"made-$name.txt"
		echo " made-with-$name@example.org" >>"made-$name.txt"
		borg create --files-cache=disabled --comment 'for zoe@example.be' -C "$c" "::first-$name" "made-$name.txt" etc home empty
	done
	cp "$work"/keys/* "$here/keys/$mode" 2>/dev/null || true
	rm -rf "$work"/keys/* "$BORG_REPO"/index.* "$BORG_REPO"/hints.* "$BORG_REPO"/integrity.* "$BORG_REPO"/nonce "$BORG_REPO"/lock.roster
done
