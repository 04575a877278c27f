#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# usage: bench-tap.sh [MEGABYTES [ROUNDS]]
# The host's TCP by way of tap devices, in network namespaces of its own: from
# one namespace to another through a loop that copies frames (tapcopy.c), and
# through a kernel of target/dist (or $DIST) that routes; and to and from a
# socket of a kernel. The best of ROUNDS each, in turn. Silent but for the
# reason where the machine has not what it takes.
set -u
cd "${ROOT:-$(dirname "$0")/..}" || exit 1
if [ -z "${TAP_INSIDE-}" ]; then
	for tool in ip iperf3 nsenter; do
		command -v $tool >/dev/null || {
			echo "bench: no $tool here, tap is left out"; exit 0; }
	done
	unshare -n sh -c 'ip tuntap add tapprobe mode tap' 2>/dev/null || {
		echo "bench: no right to make tap devices, they are left out"
		exit 0; }
	TAP_INSIDE=yes ROOT=$PWD exec unshare -n sh "$0" "$@"
fi
mb=${1:-512} rounds=${2:-3}
dist=${DIST:-$PWD/target/dist/linux-amd64}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/rumprun-bench.XXXXXX") || exit 1
RUMP_SERVER=unix://$scratch/router
export RUMP_SERVER
other= copier=
cleanup() {
	PATH=$dist/bin:$PATH halt >/dev/null 2>&1
	[ -z "$copier" ] || kill "$copier" 2>/dev/null
	[ -z "$other" ] || kill "$other" 2>/dev/null
	rm -rf "$scratch"
}
trap cleanup EXIT
trap 'exit 1' INT TERM
PKG_CONFIG_PATH=$dist/lib/pkgconfig
export PKG_CONFIG_PATH
# shellcheck disable=SC2046
gcc -O2 -o "$scratch/tapcopy" rumprun-kernel/src/bench/tapcopy.c -pthread &&
    gcc -O2 -o "$scratch/tapnet" rumprun-kernel/src/test/tap/tapnet.c \
	$(pkg-config --cflags --libs rumprun) || exit 1

ours() { PATH=$dist/bin:$PATH "$@" >/dev/null; }
there() { nsenter -t $other -n "$@"; }
# The two ends of a pair of taps; the second goes to the other namespace.
ends() {	# tap address tap address
	ip addr add "$2/24" dev "$1" && ip link set "$1" up &&
	    ip link set "$3" netns $other &&
	    there ip addr add "$4/24" dev "$3" && there ip link set "$3" up
}
ip link set lo up
unshare -n sh -c "echo >'$scratch/there'; exec sleep 600" &
other=$!
while [ ! -e "$scratch/there" ]; do sleep 0.1; done
for t in 1 2 3 4 5; do
	ip tuntap add tap$t mode tap vnet_hdr || exit 1
done
"$scratch/tapcopy" tap1 tap2 >"$scratch/copier" &
copier=$!
while [ ! -s "$scratch/copier" ]; do sleep 0.1; done
ends tap1 10.3.0.1 tap2 10.3.0.2 || exit 1
ours rump_server -lrumpnet -lrumpnet_net -lrumpnet_netinet -lrumpnet_virtif \
    "$RUMP_SERVER" && ours sysctl -w net.inet.ip.dad_count=0 &&
    ours sysctl -w net.inet.ip.forwarding=1 || exit 1
for i in 1 2; do
	ours ifconfig virt$i create && ours ifconfig virt$i linkstr \
	    tap$((i + 2)) && ours ifconfig virt$i inet 10.$i.0.2 netmask \
	    255.255.255.0 || exit 1
done
ends tap3 10.1.0.1 tap4 10.2.0.1 || exit 1
ip route add 10.2.0.0/24 via 10.1.0.2
there ip route add 10.1.0.0/24 via 10.2.0.2
ip addr add 10.9.0.1/24 dev tap5 && ip addr add fd00:9::1/64 dev tap5 nodad &&
    ip link set tap5 up
there iperf3 -s -D
sleep 0.3

stream() {	# address: MB/s that came
	sleep 0.3 # the server is still at the last one
	iperf3 -f M -t 2 -c "$1" | sed -n 's,.* \([0-9.]*\) MBytes/sec.* receiver,\1,p'
}
i=0
while [ $i -lt "$rounds" ]; do
	i=$((i + 1))
	echo "copy $(stream 10.3.0.2)"
	echo "route $(stream 10.2.0.1)"
	"$scratch/tapnet" tap5 "$mb" tcp 2>&1 |
	    sed -n 's,^ok *IPv4 TCP host to kernel: \([0-9]*\).*,to \1,p
		s,^ok *IPv4 TCP kernel to host: \([0-9]*\).*,from \1,p'
done | awk '
	$1 != "copy" && $1 != "route" { $2 /= 1.048576 }
	$2 + 0 > best[$1] + 0 { best[$1] = $2 }
	function line(name, key) {
		printf "%-26s %12.1f   raw tap copy  %12.1f   ratio %.3f\n",
		    name, best[key], best["copy"], best[key] / best["copy"]
	}
	END {
		if (best["copy"] + 0 == 0) { print "bench: no figure"; exit 1 }
		line("tap_forward_mb_s", "route")
		line("tap_to_kernel_mb_s", "to")
		line("tap_from_kernel_mb_s", "from")
	}'
