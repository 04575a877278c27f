#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# usage: bench.sh [-m] [MEGABYTES [FILES]]
# -m: the figures as the table of docs/performance.md.
# Speed of what target/dist (or $DIST) holds: each figure beside the host's own in the
# same run, and beside NetBSD's kernel on the same sources (as measured beside
# the host on a machine of this kind). The programs are those of ../shared/bench,
# compiled against the public API.
set -u
cd "${ROOT:-$(dirname "$0")/..}" || exit 1
markdown=0
[ "${1-}" != -m ] || { markdown=1; shift; }
mb=${1:-1024} files=${2:-20000}
bench=../shared/bench
[ -e $bench/fsbench.c ] || { echo "bench: no $bench beside this tree" >&2
	exit 1; }
dist=${DIST:-$PWD/target/dist/linux-amd64}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/rumprun-bench.XXXXXX") || exit 1
trap 'rm -rf "$scratch"' EXIT
PKG_CONFIG_PATH=$dist/lib/pkgconfig
export PKG_CONFIG_PATH
# shellcheck disable=SC2046
gcc -O2 -o "$scratch/fsbench" $bench/fsbench.c \
    $(pkg-config --cflags --libs rumprun) &&
gcc -O2 -o "$scratch/proxybench" $bench/proxybench.c \
    $(pkg-config --cflags --libs rumpclient) || exit 1

# name, NetBSD's figure (plain), NetBSD's figure (log); a ratio to the host
# where the value ends in h
REFERENCE='
boot_ms 17 17
write_mb_s 0.08h 0.08h
read_mb_s 0.34h 0.47h
pread512_s 285000 400000
read_2threads_x 1.4 1.8
create1k_s 1100 27000
stat_s 30000 20000
openread1k_s 11000 4000
unlink_s 1700 52000
getpid_ns 600 600
getpid_us 1.7p 1.7p
pwrite64k_mb_s 81 81
pread64k_mb_s 373 373'

heading() {	# text
	[ $markdown -eq 0 ] || { where=$1; return 0; }
	echo "$1"
}
# Adds the reference to each line, and what of it is reached. For a time less
# is better.
where=
beside() {	# column of the reference
	awk -v column="$1" -v reference="$REFERENCE" -v where="$where" \
	    -v markdown=$markdown '
	BEGIN {
		n = split(reference, line, "\n")
		for (i = 1; i <= n; i++) {
			split(line[i], f, " ")
			ref[f[1]] = f[1 + column]
		}
	}
	{
		r = ref[$1]
		if (r == "" && markdown)
			next
		if (r == "") { print "  " $0; next }
		value = $2
		if (r ~ /[hp]$/) value = $NF
		base = r + 0
		less = $1 ~ /_(ns|us|ms)$/
		times = less ? base / (value + 1e-9) : value / base
		unit = r ~ /h$/ ? " of host" : r ~ /p$/ ? " x ping-pong" : ""
		if (markdown) {
			printf "| %s | %s | %s | %s | %s%s | %.1f%s |\n", where,
			    $1, $2, $3 == "host" ? $4 : "", base, unit, times,
			    times < 1 ? " slower" : ""
			next
		}
		printf "  %-70s NetBSD %s%s: %.2f x%s\n", $0, base, unit, times,
		    times < 1 ? "  SLOWER" : ""
	}'
}

[ $markdown -eq 0 ] || {
	echo "| | figure | here | host's own | NetBSD's kernel | times better |"
	echo "| --- | --- | ---: | ---: | ---: | ---: |"
}
size=$((mb * 3 + files * 8 / 1024 + 64))
for mode in plain log; do
	column=1
	[ $mode = plain ] || column=2
	heading "linked, $mode"
	rm -f "$scratch/img"
	"$dist/bin/newfs" -F -O 2 -s "${size}m" "$scratch/img" >/dev/null ||
	    exit 1
	set -- "$scratch/img" "$mb" "$files"
	[ $mode = plain ] || set -- "$@" log
	timeout 600 "$scratch/fsbench" "$@" | beside $column
done
# A tool from start to end, on an image that is not there yet.
milliseconds() {	# command ...
	start=$(date +%s%N)
	"$@" >/dev/null || exit 1
	echo $((($(date +%s%N) - start) / 1000000))
}
[ $markdown -eq 1 ] || echo "newfs, from start to end"
for size in 16m 1g 64g; do
	rm -f "$scratch/img"
	took=$(milliseconds "$dist/bin/newfs" -F -O 2 -s $size "$scratch/img")
	if [ $markdown -eq 1 ]; then
		echo "| tool | newfs -O 2 -s $size, ms | $took | | | |"
	else
		printf '  newfs -O 2 -s %-5s %6d ms\n' $size "$took"
	fi
done
rm -f "$scratch/img"
heading "socket"
RUMP_SERVER=unix://$scratch/sock
export RUMP_SERVER
"$dist/bin/rump_server" -lrumpvfs -lrumpfs_tmpfs "$RUMP_SERVER" || exit 1
timeout 600 "$scratch/proxybench" 100000 | beside 1
"$dist/bin/halt"
[ $markdown -eq 0 ] || exit 0
echo "libraries"
for f in "$dist"/lib/lib*-*.so; do
	cp "$f" "$scratch/so" && strip "$scratch/so"
	printf '  %-30s %d KiB stripped\n' "${f##*/}" \
	    $(($(wc -c <"$scratch/so") / 1024))
done
