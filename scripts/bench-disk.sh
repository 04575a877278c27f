#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# usage: bench-disk.sh [-m MEGABYTES] [LINE ...]
# Speed of the disks made of something else that target/dist (or $DIST) has,
# each figure beside its reference in the same run. LINE: vnd cgd raid; all of
# them when none is named. The files are in $TMPDIR: its file system is part of
# what is measured.
set -u
cd "${ROOT:-$(dirname "$0")/..}" || exit 1
mb=256
while getopts m: option; do
	case $option in
	m)	mb=$OPTARG;;
	*)	sed -n 's/^# usage: //p' "$0" >&2; exit 2;;
	esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || set -- vnd cgd raid
dist=${DIST:-$PWD/target/dist/linux-amd64}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/rumprun-bench.XXXXXX") || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' INT TERM
PKG_CONFIG_PATH=$dist/lib/pkgconfig
export PKG_CONFIG_PATH
# shellcheck disable=SC2046
gcc -O2 -o "$scratch/diskbench" rumprun-kernel/src/bench/diskbench.c \
    $(pkg-config --cflags --libs rumprun) || exit 1

failed=0
measure() {
	mkdir "$scratch/files"
	timeout 300 "$scratch/diskbench" "$scratch/files" "$dist/bin" "$mb" \
	    "$@" >"$scratch/out" || {
		echo "bench: diskbench $* failed" >&2
		failed=1
	}
	rm -rf "$scratch/files"
	sed 's/^/  /' "$scratch/out"
}

# What openssl does in a second with one core: MB of blocks of 16 KiB.
openssl_speed() {	# cipher, option ...
	cipher=$1
	shift
	openssl speed -elapsed -seconds 1 -bytes 16384 -mr -evp "$cipher" "$@" \
	    2>/dev/null | awk -F: '$1 == "+F" { printf "%.1f\n", $NF / 1e6 }'
}
cipher() {	# cgd's name, bits, openssl's name
	encrypt=$(openssl_speed "$3")
	decrypt=$(openssl_speed "$3" -decrypt)
	if [ -z "$encrypt" ] || [ -z "$decrypt" ]; then
		echo "  $1 $2: openssl does not measure $3, left out"
		return
	fi
	measure cgd "$1" "$2" "$encrypt" "$decrypt"
}

cgd() {
	command -v openssl >/dev/null || {
		echo "cgd: no openssl here, left out"
		return
	}
	echo "encrypted disks (asked for: 0.8 of what openssl does with one" \
	    "core; 1.7 of that with two)"
	cipher aes-cbc 256 aes-256-cbc
	cipher aes-cbc 128 aes-128-cbc
	cipher aes-xts 256 aes-128-xts
	cipher 3des-cbc 192 des-ede3-cbc
}
vnd() {
	echo "a disk in a file (asked for: 0.9 of the file)"
	measure vnd
}
raid() {
	echo "RAID 5 of four files (asked for: 0.6 of the host's writes of the" \
	    "same bytes to as many; 0.5 for degraded reads)"
	measure raid
}

for line; do
	case $line in
	vnd)	vnd;;
	cgd)	cgd;;
	raid)	raid;;
	*)	echo "bench-disk: no such line: $line" >&2; exit 2;;
	esac
done
exit $failed
