#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# usage: test-tap.sh
# The host's network stack against ours in target/dist (or $DIST), on tap
# devices in a network namespace of the test's own: TCP and UDP with every byte
# checked, ping, fragments, MTUs, and iperf3 through a kernel that routes
# between two namespaces. $TAP_MB: what TCP carries each way, by IPv4 and by
# IPv6 (1024). What the machine cannot do is skipped, and says why. The totals
# are the last line.
set -u
cd "${ROOT:-$(dirname "$0")/..}" || exit 1
skip_all() {
	echo "skipped: $*"
	echo "0 passed, 0 failed, 1 skipped"
	exit 0
}
if [ -z "${TAP_INSIDE-}" ]; then
	[ -c /dev/net/tun ] || skip_all "there is no /dev/net/tun here"
	command -v ip >/dev/null || skip_all "there is no ip (iproute2) here"
	as=-n
	unshare -n true 2>/dev/null || as=-rn
	unshare $as sh -c 'ip tuntap add tapprobe mode tap' 2>/dev/null ||
	    skip_all "no right to make a network namespace with a tap device"
	TAP_INSIDE=yes ROOT=$PWD exec unshare $as sh "$0"
fi

dist=${DIST:-$PWD/target/dist/linux-amd64}
mb=${TAP_MB:-1024}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/rumprun-tap.XXXXXX") || exit 1
RUMP_SERVER=unix://$scratch/router
other=
cleanup() {
	RUMP_SERVER=$RUMP_SERVER "$dist/bin/halt" >/dev/null 2>&1
	[ -z "$other" ] || kill "$other" 2>/dev/null
	rm -rf "$scratch"
}
trap cleanup EXIT
trap 'exit 1' INT TERM
passed=0 failed=0 skipped=0
expect() {	# name command ...
	name=$1
	shift
	if "$@" >"$scratch/out" 2>&1; then
		echo "ok   $name"
		passed=$((passed + 1))
	else
		echo "FAIL $name: $*"
		sed 's/^/     /' "$scratch/out"
		failed=$((failed + 1))
	fi
}
skip() {
	echo "skipped: $*"
	skipped=$((skipped + 1))
}
tap() {	# name IPv4 IPv6 [option ...]
	name=$1 v4=$2 v6=$3
	shift 3
	ip tuntap add "$name" mode tap "$@" &&
	    ip addr add "$v4" dev "$name" &&
	    ip addr add "$v6" dev "$name" nodad &&
	    ip link set "$name" up
}

# --- sockets of the host against sockets of a kernel ---

sockets() {	# tap megabytes what [tcp]
	echo "$3"
	# shellcheck disable=SC2086
	timeout 120 "$scratch/tapnet" "$1" "$2" ${4-} >"$scratch/log" 2>&1
	status=$?
	sed '/^[0-9]* passed/d; s/^/  /; s/^  FAIL/FAIL/' "$scratch/log"
	f=$(grep -c ^FAIL "$scratch/log")
	passed=$((passed + $(grep -c '^ok' "$scratch/log")))
	[ $status -eq 0 ] || [ "$f" -gt 0 ] || {
		echo "FAIL $3: status $status"; f=1; }
	failed=$((failed + f))
}
export PKG_CONFIG_PATH="$dist/lib/pkgconfig"
ip link set lo up
# shellcheck disable=SC2046
gcc -O2 -o "$scratch/tapnet" rumprun-kernel/src/test/tap/tapnet.c \
    $(pkg-config --cflags --libs rumprun) || {
	echo "FAIL tapnet does not compile"
	echo "0 passed, 1 failed"
	exit 1
}
tap tap0 10.9.0.1/24 fd00:9::1/64 vnet_hdr
sockets tap0 "$mb" "checksums and segments left to the other end"
# So short a queue loses frames.
ip link set tap0 txqueuelen 2
sockets tap0 8 "frames are lost on the way to the kernel" tcp
if tc qdisc add dev tap0 root netem loss 1% delay 1ms 1ms 2>/dev/null; then
	sockets tap0 8 "loss of one percent, and disorder" tcp
else
	skip "no netem in this host's kernel: other loss and disorder"
fi
ip link del tap0
tap tap0 10.9.0.1/24 fd00:9::1/64
sockets tap0 $((mb / 16 + 1)) "plain frames"
ip link del tap0

# --- a server between two taps, the second of which is another namespace's ---

ours() { PATH=$dist/bin:$PATH "$@"; }
router() {
	ours rump_server -lrumpnet -lrumpnet_net -lrumpnet_netinet \
	    -lrumpnet_netinet6 -lrumpnet_virtif "$RUMP_SERVER" || return
	export RUMP_SERVER
	ours sysctl -w net.inet.ip.dad_count=0 &&
	    ours sysctl -w net.inet6.ip6.dad_count=0 &&
	    ours sysctl -w net.inet.ip.forwarding=1 &&
	    ours sysctl -w net.inet6.ip6.forwarding=1 || return
	for i in 1 2; do
		ours ifconfig virt$i create &&
		    ours ifconfig virt$i linkstr tap$i &&
		    ours ifconfig virt$i inet 10.$i.0.2 netmask 255.255.255.0 &&
		    ours ifconfig virt$i inet6 fd00:$i::2/64 || return
	done
}
there() { nsenter -t $other -n "$@"; }
# An interface that moves to another namespace loses its addresses.
neighbour() {
	unshare -n sh -c "echo >'$scratch/ready'; exec sleep 300" &
	other=$!
	while [ ! -e "$scratch/ready" ]; do sleep 0.1; done
	ip link set tap2 netns $other && there ip link set lo up &&
	    there ip addr add 10.2.0.1/24 dev tap2 &&
	    there ip addr add fd00:2::1/64 dev tap2 nodad &&
	    there ip link set tap2 up &&
	    there ip route add default via 10.2.0.2 &&
	    there ip route add default via fd00:2::2 &&
	    ip route add default via 10.1.0.2 &&
	    ip route add default via fd00:1::2
}
try() {	# what it is about, sizes of pings, options
	if ! command -v ping >/dev/null; then
		skip "no ping of the host here: $1"
		return
	fi
	for size in $2; do
		expect "$1, $size bytes" \
		    ping -n -q -c 3 -i 0.05 -W 5 -s "$size" $3
	done
}
refused() { ! "$@" >"$scratch/refused" 2>&1 &&
	grep -q "$want" "$scratch/refused" || { cat "$scratch/refused"
		return 1; } }

tap tap1 10.1.0.1/24 fd00:1::1/64 vnet_hdr
tap tap2 10.2.0.1/24 fd00:2::1/64 vnet_hdr
expect "a server has two taps" router
try "the host pings the kernel" "56 1472 8000 65000" 10.1.0.2
try "the host pings the kernel by IPv6" "56 1452 8000 65000" "-6 fd00:1::2"
for size in 56 1472 8000 65000; do
	expect "the kernel pings the host, $size bytes" \
	    ours ping -n -q -c 2 -i 0.1 -w 10 -s $size 10.1.0.1
	expect "the kernel pings the host by IPv6, $size bytes" \
	    ours ping6 -n -q -c 2 -i 0.1 -b 200000 -s $size fd00:1::1
done
ip link set tap1 mtu 9000
expect "the kernel's MTU becomes 9000" ours ifconfig virt1 mtu 9000
try "frames of 9000" 8972 "-M do 10.1.0.2"
try "frames of 9000 by IPv6" 8952 "-6 -M do fd00:1::2"
if ! command -v nsenter >/dev/null; then
	skip "no nsenter here: nothing is routed"
elif ! neighbour; then
	echo "FAIL the namespace behind the kernel"
	failed=$((failed + 1))
else
	try "the kernel forwards" "56 1472 8000" 10.2.0.1
	try "the kernel forwards IPv6" "56 1452 8000" "-6 fd00:2::1"
	want="mtu.*1500"
	expect "the kernel tells the MTU behind it" \
	    refused ping -n -c 1 -W 5 -M do -s 4000 10.2.0.1
	want="mtu.*1500"
	expect "the kernel tells the MTU behind it by IPv6" \
	    refused ping -6 -n -c 1 -W 5 -M do -s 4000 fd00:2::1
	want="Time to live exceeded"
	expect "the kernel counts hops" \
	    refused ping -n -c 1 -W 5 -t 1 10.2.0.1
	if command -v iperf3 >/dev/null; then
		there iperf3 -s -D
		sleep 0.3
		for args in "-c 10.2.0.1" "-c 10.2.0.1 -R" "-c fd00:2::1" \
		    "-c fd00:2::1 -R" "-c 10.2.0.1 -P 4" \
		    "-c 10.2.0.1 -u -b 50M"; do
			# shellcheck disable=SC2086
			expect "iperf3 through the kernel: $args" \
			    timeout 30 iperf3 -t 1 $args
			grep -E 'receiver|datagrams' "$scratch/out"
		done
	else
		skip "no iperf3 here"
	fi
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
