#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# usage: bench-net.sh [MEGABYTES [ROUNDS]]
# Speed of the network that target/dist (or $DIST) holds, each figure beside
# the host's own loopback in the same run: TCP between two processes on a bus
# file (../shared/bench/netbench.c, which measures NetBSD's kernel as well), and
# between two kernels of one process on a wire (src/bench/wirebench.c).
set -u
cd "${ROOT:-$(dirname "$0")/..}" || exit 1
mb=${1:-512} rounds=${2:-20000}
bench=../shared/bench/netbench.c
dist=${DIST:-$PWD/target/dist/linux-amd64}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/rumprun-bench.XXXXXX") || exit 1
trap 'rm -rf "$scratch"' EXIT
PKG_CONFIG_PATH=$dist/lib/pkgconfig
export PKG_CONFIG_PATH
compile() {	# program source
	# shellcheck disable=SC2046
	gcc -O2 -o "$scratch/$1" "$2" $(pkg-config --cflags --libs rumprun)
}

if [ -e $bench ]; then
	echo "two processes on a bus (NetBSD's kernel: 15 x the latency, 0.024 of the throughput)"
	compile netbench $bench || exit 1
	timeout 300 "$scratch/netbench" "$scratch/bus" "$mb" "$rounds" |
	    sed 's/^/  /'
else
	echo "bench: no $bench beside this tree, the bus is left out"
fi
echo "two kernels on a wire (asked for: 2 x the latency, 0.5 of the throughput)"
compile wirebench rumprun-kernel/src/bench/wirebench.c || exit 1
timeout 300 "$scratch/wirebench" "$mb" "$rounds" | sed 's/^/  /'
