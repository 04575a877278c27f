#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Partition tables by programs that are not ours: sfdisk's MBR with logical
# partitions, sgdisk's GPT, whole and with either header damaged. dkctl's
# wedges are where they say the partitions are. The argument is a folder
# with the tools, if not of the distribution. Totals are the last line.
set -u
cd "${ROOT:-$(dirname "$0")/..}" || exit 1
PATH=$PATH:/sbin:/usr/sbin
for tool in sfdisk sgdisk; do
	command -v $tool >/dev/null || {
		echo "crosscheck-disk: no $tool on this machine"
		echo "0 passed, 0 failed, 1 skipped"
		exit 0
	}
done
bin=${1:-$PWD/target/dist/linux-amd64/bin}
work=$(mktemp -d "${TMPDIR:-/tmp}/rumprun-cross.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
RUMP_SERVER=unix://$work/s
export RUMP_SERVER

# What dkctl finds in an image: "name blocks begin type" by place.
wedges() {
	"$bin/rump_server" -lrumpvfs -lrumpdev -lrumpdev_disk -lrumpdev_vnd \
	    -d "key=/img,hostpath=$1,size=host,type=reg" "$RUMP_SERVER" &&
	    "$bin/vnconfig" vnd0 /img &&
	    "$bin/dkctl" vnd0 makewedges | sed -n \
	    's/^dk[0-9]*: \(.*\), \([0-9]*\) blocks at \([0-9]*\), type: \(.*\)/\1 \2 \3 \4/p'
	"$bin/halt" >/dev/null
	rm -f "$work/s"
}

same() {	# what, image; expected lines in $work/want
	wedges "$2" >"$work/got" 2>&1
	if cmp -s "$work/want" "$work/got"; then
		echo "ok   $1"
		passed=$((passed + 1))
	else
		echo "FAIL $1"
		diff "$work/want" "$work/got" | sed 's/^/     /'
		failed=$((failed + 1))
	fi
}

img=$work/img
truncate -s 64M "$img"
sfdisk -q "$img" <<'TABLE' >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
label: dos
start=2048, size=20000, type=83
start=24576, size=8000, type=c
start=40960, size=80000, type=f
start=43008, size=10000, type=82
start=61440, size=9999, type=7
start=81920, size=20000, type=a9
TABLE
cat >"$work/want" <<'WANT'
vnd0e 20000 2048 ext2fs
vnd0f 8000 24576 msdos
vnd0i 10000 43008 swap
vnd0j 9999 61440 ntfs
vnd0k 20000 81920 ffs
WANT
same "sfdisk's MBR" "$img"

rm "$img"
truncate -s 64M "$img"
sgdisk -n 1:2048:+4M -t 1:a902 -c 1:root -n 5:20480:+1M -t 5:8200 \
    -c 5:'größe ☃' -n 9:40960:50001 -t 9:ef00 -c 9:boot "$img" \
    >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
cat >"$work/want" <<'WANT'
root 8192 2048 ffs
größe ☃ 2048 20480 swap
boot 9042 40960 msdos
WANT
same "sgdisk's GPT" "$img"
cp "$img" "$work/first"
printf x | dd of="$work/first" bs=1 seek=560 conv=notrunc 2>/dev/null
same "without its first header" "$work/first"
cp "$img" "$work/table"
printf x | dd of="$work/table" bs=1 seek=1100 conv=notrunc 2>/dev/null
same "without its first table" "$work/table"
printf x | dd of="$img" bs=1 seek=67108400 conv=notrunc 2>/dev/null
same "without its second header" "$img"
printf x | dd of="$img" bs=1 seek=560 conv=notrunc 2>/dev/null
: >"$work/want"
same "without any" "$img"

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
