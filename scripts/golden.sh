#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# usage: golden.sh [-e NTH] amd64|i386 [CASE ...]
# Replays the recorded cases beside this tree against target/dist, in two
# shards. Left out are those that test/golden-skip.txt lists, and for i386
# test/golden-skip-i386.txt; they count as skipped. -e 10 runs every tenth only. The totals are the last line.
set -u
cd "${ROOT:-$(dirname "$0")/..}" || exit 1
every=1
[ "${1-}" != -e ] || { every=$2; shift 2; }
arch=$1
shift
golden=$(cd ../shared/golden 2>/dev/null && pwd) || {
	echo "golden: no ../shared/golden beside this tree"
	echo "0 passed, 0 failed, 1 skipped"
	exit 0
}
dist=$PWD/target/dist/linux-$arch
[ -d "$dist/bin" ] || { echo "golden: no $dist"; echo "0 passed, 1 failed"
	exit 1; }
scratch=$(mktemp -d "${TMPDIR:-/tmp}/rumprun-golden.XXXXXX") || exit 1
trap 'rm -rf "$scratch"' EXIT
RUMPCLIENT_CFLAGS="-I$dist/include"
[ "$arch" != i386 ] || RUMPCLIENT_CFLAGS="$RUMPCLIENT_CFLAGS -m32"
RUMPCLIENT_LIBS="-L$dist/lib -Wl,-rpath,$dist/lib -lrumpclient -lpthread"
CC=gcc
export RUMPCLIENT_CFLAGS RUMPCLIENT_LIBS CC

skipped=0
if [ $# -gt 0 ]; then
	printf '%s\n' "$@" >"$scratch/cases"
else
	only=
	[ "$arch" != i386 ] || only=test/golden-skip-i386.txt
	sed -e '/^#/d' -e 's/	.*//' -e '/^$/d' test/golden-skip.txt $only \
	    >"$scratch/skip"
	(cd "$golden/cases" && find fs kern proxy net disk -name '*.case' | sort) |
	    sed 's/\.case$//' >"$scratch/all"
	grep -vxFf "$scratch/skip" "$scratch/all" |
	    awk -v n="$every" 'NR % n == 0' |
	    sed "s,.*,$golden/cases/&.case," >"$scratch/cases"
	skipped=$(($(wc -l <"$scratch/all") - $(wc -l <"$scratch/cases")))
	unknown=$(grep -vxFf "$scratch/all" "$scratch/skip")
	[ -z "$unknown" ] || echo "golden: unknown in golden-skip.txt:" \
	    "$unknown"
fi
# Where NetBSD itself misbehaves, test/golden-expected has what is right.
(cd test/golden-expected && find . -name '*.out') | sed 's,^\./,,; s/\.out$//' |
while read -r name; do
	mkdir -p "$scratch/cases.d/cases/${name%/*}"
	cp "$golden/cases/${name%/*}"/* "$scratch/cases.d/cases/${name%/*}/" &&
	cp "test/golden-expected/$name.out" "$scratch/cases.d/cases/$name.out" &&
	sed -i "s,^$golden/cases/$name.case\$,$scratch/cases.d/cases/$name.case," \
	    "$scratch/cases"
done
for shard in 0 1; do
	awk -v s=$shard 'NR % 2 == s' "$scratch/cases" >"$scratch/cases.$shard"
	{ xargs -r "$golden/run" -b "$dist/bin" \
	    >"$scratch/out.$shard" 2>&1 ||
	    echo "$?" >"$scratch/status.$shard"; } <"$scratch/cases.$shard" &
done
wait
for shard in 0 1; do
	grep -avE '^(ok   |[0-9]+ passed, [0-9]+ failed$)' \
	    "$scratch/out.$shard"
done
cat "$scratch"/out.? | awk -v skipped=$skipped '
	/^ok   / { passed++ }
	/^FAIL / { failed++ }
	END { printf "%d passed, %d failed, %d skipped\n", passed, failed,
	      skipped; exit failed > 0 || passed == 0 }'
