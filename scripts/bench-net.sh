#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# usage: bench-net.sh [-m MEGABYTES] [-r ROUNDS] [LINE ...]
# Speed of the network that target/dist (or $DIST) holds, each figure beside
# its reference in the same run. LINE: bus wire connections forward many npf tap;
# all of them when none is named. The bus is measured by ../shared/bench/netbench.c,
# which measures NetBSD's kernel as well, the others by src/bench.
set -u
cd "${ROOT:-$(dirname "$0")/..}" || exit 1
mb=512 rounds=20000
while getopts m:r: option; do
	case $option in
	m)	mb=$OPTARG;;
	r)	rounds=$OPTARG;;
	*)	sed -n 's/^# usage: //p' "$0" >&2; exit 2;;
	esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || set -- bus wire connections forward many npf tap
netbench=../shared/bench/netbench.c
dist=${DIST:-$PWD/target/dist/linux-amd64}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/rumprun-bench.XXXXXX") || exit 1
trap 'rm -rf "$scratch"' EXIT
PKG_CONFIG_PATH=$dist/lib/pkgconfig
export PKG_CONFIG_PATH

# run SOURCE ARGUMENT ...: compiles a program of one file and runs it
run() {
	program=$scratch/$(basename "$1" .c)
	# shellcheck disable=SC2046
	gcc -O2 -o "$program" "$1" \
	    $(pkg-config --cflags --libs rumprun) || return
	shift
	timeout 300 "$program" "$@" >"$scratch/out" || {
		echo "bench: ${program##*/} failed" >&2
		failed=1
	}
	sed 's/^/  /' "$scratch/out"
}
ours() {
	source=rumprun-kernel/src/bench/$1.c
	shift
	run "$source" "$@"
}

# --- the lines ---

bus() {
	[ -e "$netbench" ] || {
		echo "bus: no $netbench beside this tree, left out"
		return
	}
	echo "two processes on a bus (asked for: 4 x the latency, 0.3 of the" \
	    "throughput; NetBSD's kernel: 15 and 0.024)"
	run $netbench "$scratch/bus" "$mb" "$rounds"
}

wire() {
	echo "two kernels on a wire (asked for: 2 x the latency, 0.5 of the" \
	    "throughput; with 1 % lost 0.2, in another order 0.5, both 0.15 of" \
	    "what is carried frame by frame)"
	ours wirebench "$mb" "$rounds"
}

connections() {
	echo "connections between two kernels; 100,000 idle ones"
	ours connbench 20000 100000
}

forward() {
	echo "packets through a kernel between two wires"
	ours fwdbench 1000000
}

many() {
	echo "1,000 kernels on one wire boot, take addresses, ping their neighbours"
	ours manybench 1000
}

# rules N: lets all through after N that look for something else
rules() {
	echo 'group default {'
	awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++)
		printf "\tblock in final family inet4 proto udp from " \
		    "172.16.%d.%d to any port %d\n", i / 250, i % 250 + 1, 1000 + i }'
	printf '\tpass all\n}\n'
}

npf() {
	[ -e "$dist/bin/rump.npfctl" ] || {
		echo "npf: no npfctl in $dist, left out"
		return
	}
	echo "the same with NPF: 1,000 rules beside 10 (asked for: 0.5)"
	rules 10 >"$scratch/npf10.conf"
	rules 1000 >"$scratch/npf1000.conf"
	url=unix://$scratch/router
	npfctl="RUMP_SERVER=$url $dist/bin/rump.npfctl"
	ours fwdbench 300000 -s "$url" \
	    "$npfctl reload /npf.conf && $npfctl start" \
	    "$scratch/npf10.conf" "$scratch/npf1000.conf"
}

tap() {
	echo "the host's TCP by way of tap devices (asked for: 0.8 of a loop" \
	    "that only copies frames)"
	scripts/bench-tap.sh "$mb" >"$scratch/out" || failed=1
	sed 's/^/  /' "$scratch/out"
}

failed=0
for line; do
	case $line in
	bus)	bus;;
	wire)	wire;;
	connections)	connections;;
	forward)	forward;;
	many)	many;;
	npf)	npf;;
	tap)	tap;;
	*)	echo "bench-net: no such line: $line" >&2; exit 2;;
	esac
done
exit $failed
