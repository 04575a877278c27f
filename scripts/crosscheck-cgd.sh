#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Encrypted volumes that NetBSD wrote, from the recordings beside this tree:
# each is opened by its parameters, verified, checked, and every file of it is
# read and compared with its sum; a wrong passphrase is refused. The argument
# is a folder with the tools, if not of the distribution. Totals are the last
# line.
set -u
cd "${ROOT:-$(dirname "$0")/..}" || exit 1
images=$(cd ../shared/golden/images 2>/dev/null && pwd) &&
    command -v xz >/dev/null || {
	echo "crosscheck-cgd: no recordings beside this tree, or no xz"
	echo "0 passed, 0 failed, 1 skipped"
	exit 0
}
bin=${1:-$PWD/target/dist/linux-amd64/bin}
work=$(mktemp -d "${TMPDIR:-/tmp}/rumprun-cross.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
RUMP_SERVER=unix://$work/s
export RUMP_SERVER

files() {	# name: every file of the mounted volume is as it is listed
	count=0
	while read -r path type _ _ _ _ _ sum; do
		[ "$type" = f ] || continue
		got=$("$bin/cat" "/mnt/$path" | sha256sum)
		[ "${got%% *}" = "$sum" ] || { echo "$path differs"; return 1; }
		count=$((count + 1))
	done <"$images/$1.list"
	[ $count -gt 0 ]
}

volume() {	# name
	phrase=$(sed -n 's/^# passphrase: //p' "$images/$1.params")
	"$bin/dd" of=/p <"$images/$1.params" 2>/dev/null || return
	if [ -n "$phrase" ]; then
		! echo "not $phrase" | "$bin/cgdconfig" -p cgd0 /dk /p \
		    2>/dev/null || return
	fi
	echo "$phrase" | "$bin/cgdconfig" -p cgd0 /dk /p &&
	    "$bin/fsck_ffs" -fn /dev/rcgd0a >/dev/null &&
	    "$bin/mkdir" /mnt && "$bin/mount_ffs" -o ro /dev/cgd0a /mnt &&
	    files "$1" && "$bin/umount" /mnt && "$bin/cgdconfig" -u cgd0
}

for params in "$images"/cgd-*.params; do
	name=$(basename "$params" .params)
	xz -dc "$images/$name.img.xz" >"$work/img"
	"$bin/rump_server" -lrumpvfs -lrumpdev -lrumpdev_disk -lrumpdev_cgd \
	    -lrumpfs_ffs -d "key=/dk,hostpath=$work/img,size=host" \
	    "$RUMP_SERVER" || exit 1
	if volume "$name" >"$work/log" 2>&1; then
		echo "ok   $name"
		passed=$((passed + 1))
	else
		echo "FAIL $name"
		sed 's/^/     /' "$work/log"
		failed=$((failed + 1))
	fi
	"$bin/halt" >/dev/null
	rm -f "$work/s"
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
