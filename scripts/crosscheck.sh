#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Images by a program that is not ours: Debian's makefs, both versions in both
# byte orders. fsck_ffs finds them clean, a kernel reads them to the last byte,
# and what it wrote beside that is clean too. Totals are the last line.
set -u
cd "${ROOT:-$(dirname "$0")/..}" || exit 1
command -v makefs >/dev/null || {
	echo "crosscheck: no makefs on this machine"
	echo "0 passed, 0 failed, 1 skipped"
	exit 0
}
bin=$PWD/target/dist/linux-amd64/bin
work=$(mktemp -d "${TMPDIR:-/tmp}/rumprun-cross.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

check() {	# what, command ...
	what=$1
	shift
	if "$@" >"$work/log" 2>&1; then
		echo "ok   $what"
		passed=$((passed + 1))
	else
		echo "FAIL $what"
		sed 's/^/     /' "$work/log" | tail -n 20
		failed=$((failed + 1))
	fi
}

# Every file kind and size border that a folder of the host can have.
mkdir -p "$work/in/a/b/c" "$work/in/many" "$work/out"
i=0
while [ $i -lt 300 ]; do
	echo "entry $i" >"$work/in/many/entry-$i"
	i=$((i + 1))
done
for n in 0 1 511 512 513 8191 8192 8193 98304 98305 3000000; do
	head -c "$n" /dev/urandom >"$work/in/a/size-$n"
done
ln -s ../size-513 "$work/in/a/b/link"
ln "$work/in/a/size-1" "$work/in/a/b/c/hard"

for version in 1 2; do
	for order in le be; do
		image=$work/$version$order.img name="UFS$version $order"
		check "$name made" makefs -t ffs -f 500 -B $order \
		    -o version=$version -s 32m "$image" "$work/in"
		check "$name clean" "$bin/fsck_ffs" -fn "$image"
		rm -rf "$work/out" && mkdir "$work/out"
		check "$name read" "$bin/rumprun" -d "$image:ffs:/mnt" \
		    -h "$work/out:/host" cp -Rp /mnt/. /host/
		check "$name the same" diff -r "$work/in" "$work/out"
		check "$name written" "$bin/rumprun" -d "$image:ffs:/mnt" \
		    -h "$work/in:/host" cp -R /host/a /mnt/again
		check "$name clean after it" "$bin/fsck_ffs" -fn "$image"
		rm -rf "$work/out" && mkdir "$work/out"
		check "$name read again" "$bin/rumprun" \
		    -d "$image:ffs:/mnt" -h "$work/out:/host" \
		    cp -R /mnt/again/. /host/
		check "$name the same again" diff -r "$work/in/a" "$work/out"
	done
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
