#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# usage: test-tshark.sh [TESTS]
# What the kernels of target/dist (or $DIST) send, of every protocol and under
# loss and disorder, in the eyes of tshark: nothing malformed, no wrong sum.
# TESTS: the folder of dev.mk's test programs, of which one shows our DHCP.
# Skipped where there is no tshark. The totals are the last line.
set -u
cd "${ROOT:-$(dirname "$0")/..}" || exit 1
command -v tshark >/dev/null || {
	echo "skipped: there is no tshark here"
	echo "0 passed, 0 failed, 1 skipped"
	exit 0
}
dist=${DIST:-$PWD/target/dist/linux-amd64}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/rumprun-tshark.XXXXXX") || exit 1
trap 'rm -rf "$scratch"' EXIT
passed=0 failed=0 skipped=0
good() { echo "ok   $*"; passed=$((passed + 1)); }
bad() { echo "FAIL $*"; failed=$((failed + 1)); }
export PKG_CONFIG_PATH="$dist/lib/pkgconfig"
# shellcheck disable=SC2046
gcc -O2 -o "$scratch/traffic" rumprun-kernel/src/test/tap/traffic.c \
    $(pkg-config --cflags --libs rumprun) || {
	echo "FAIL traffic does not compile"
	echo "0 passed, 1 failed"
	exit 1
}

on() {	# host tool argument ...
	RUMP_SERVER=unix://$scratch/$1
	export RUMP_SERVER
	shift
	PATH=$dist/bin:$PATH "$@" >"$scratch/said" 2>&1 || {
		bad "$*"
		sed 's/^/     /' "$scratch/said"
	}
}
# The same of what is to be refused, or may be.
try() {
	RUMP_SERVER=unix://$scratch/$1
	export RUMP_SERVER
	shift
	PATH=$dist/bin:$PATH timeout 10 "$@" >/dev/null 2>&1
}
tell() {
	echo "$1" >&8
	read -r answer <&9 && [ "$answer" = done ] || bad "traffic: $1"
}
mkfifo "$scratch/in" "$scratch/out"
timeout 200 "$scratch/traffic" "$scratch" <"$scratch/in" >"$scratch/out" &
traffic=$!
exec 8>"$scratch/in" 9<"$scratch/out"
read -r answer <&9 || { echo "FAIL traffic does not start"
	echo "0 passed, 1 failed"; exit 1; }

for h in a b c; do
	on $h sysctl -w net.inet.ip.dad_count=1
	on $h sysctl -w net.inet6.ip6.log_interval=0
done
on a ifconfig wire0 inet6 fd00::1/64
on b ifconfig wire0 inet6 fd00::2/64
on b ifconfig wire1 inet6 fd00:2::1/64
on c ifconfig wire0 inet6 fd00:2::2/64
on b sysctl -w net.inet.ip.forwarding=1
on b sysctl -w net.inet6.ip6.forwarding=1
on a route add default 10.0.0.2
on a route add -inet6 default fd00::2
on c route add default 10.2.0.1
on c route add -inet6 default fd00:2::1
# Until addresses have been tried for duplicates.
sleep 6
for to in 10.0.0.2 10.2.0.2; do
	on a ping -n -q -c 2 -i 0.1 $to
	on a ping -n -q -c 2 -i 0.1 -s 5000 $to
	on a ping -n -q -c 1 -R $to
done
for to in fd00::2 fd00:2::2; do
	on a ping6 -n -q -c 2 -i 0.1 $to
	on a ping6 -n -q -c 2 -i 0.1 -s 5000 $to
done
# What is answered by errors.
try a ping -n -q -c 1 -w 2 -T 1 10.2.0.2
try a ping -n -q -c 1 -w 2 -D -s 1400 10.2.0.2
try a ping6 -n -q -c 1 -X 2 -h 1 fd00:2::2
try a ping6 -n -q -c 1 -X 2 -mm -s 1400 fd00:2::2
try a ping -n -q -c 1 -w 2 10.99.0.1
try a ping -n -q -c 1 -w 2 10.0.0.77
try a ping6 -n -q -c 1 -X 2 fd00::77
on a arp -d 10.0.0.2
on a ndp -c
on a ping -n -q -c 1 10.0.0.2
on a ping6 -n -q -c 1 fd00::2
# Inside one another.
for h in a b; do
	n=1 peer=2
	[ $h = a ] || { n=2 peer=1; }
	on $h ifconfig vlan0 create
	on $h ifconfig vlan0 vlan 5 vlanif wire0
	on $h ifconfig vlan0 inet 10.5.0.$n netmask 255.255.255.0
	on $h ifconfig vlan0 inet6 fd00:5::$n/64
	on $h ifconfig gif0 create
	on $h ifconfig gif0 tunnel 10.0.0.$n 10.0.0.$peer
	on $h ifconfig gif0 inet 10.6.0.$n 10.6.0.$peer
	on $h ifconfig gif0 inet6 fd00:6::$n/64
	on $h ifconfig gif1 create
	on $h ifconfig gif1 tunnel fd00::$n fd00::$peer
	on $h ifconfig gif1 inet 10.7.0.$n 10.7.0.$peer
	on $h ifconfig gif1 inet6 fd00:7::$n/64
done
sleep 5
for n in 5 6 7; do
	on a ping -n -q -c 1 10.$n.0.2
	on a ping -n -q -c 1 -s 3000 10.$n.0.2
	on a ping6 -n -q -c 1 fd00:$n::2
	on a ping6 -n -q -c 1 -s 3000 fd00:$n::2
done
tell groups
tell udp
tell tcp
on b ifconfig bridge0 create
on b brconfig bridge0 add wire0 stp wire0 up
sleep 5
exec 8>&-
wait $traffic || bad "traffic: status $?"

# --- what tshark thinks of it ---

seen() {	# name, file, filter
	n=$(tshark -n -r "$scratch/$2.pcap" -Y "$3" 2>/dev/null | wc -l)
	if [ "$n" -gt 0 ]; then
		good "$1: $n frames"
	else
		bad "$1: none in the capture, that proves nothing"
	fi
}
seen ARP near arp
seen ICMP near icmp
seen "ICMP errors" near "icmp.type == 3 && icmp.code == 3"
seen "ICMP: too large" near "icmp.type == 3 && icmp.code == 4"
seen "ICMP: too many hops" near "icmp.type == 11"
seen "IPv4 options" near "ip.opt.type == 7"
seen "IPv4 fragments" near "ip.flags.mf == 1"
seen IGMP near igmp
seen "neighbour solicitations" near "icmpv6.type == 135"
seen "neighbour advertisements" near "icmpv6.type == 136"
seen "MLD reports" near "icmpv6.type == 143 || icmpv6.type == 131"
seen "ICMPv6: too large" near "icmpv6.type == 2"
seen "ICMPv6: too many hops" near "icmpv6.type == 3"
seen "IPv6 fragments" near "ipv6.fraghdr"
seen UDP near "udp && ip"
seen "UDP by IPv6" near "udp && ipv6"
seen TCP near "tcp && ip"
seen "TCP by IPv6" near "tcp && ipv6"
seen "TCP's retransmissions" near tcp.analysis.retransmission
seen "TCP's SACK" near tcp.options.sack
seen vlan near vlan
seen "gif by IPv4" near "ip.proto == 4 || (ip.proto == 41 && ip)"
seen "gif by IPv6" near "ipv6.nxt == 4 || ipv6.nxt == 41"
seen "spanning tree" near stp
seen "forwarded TCP" far tcp
dhcp=
if [ -x "${1-}/netconfig_test" ]; then
	DHCP_CAPTURE=$scratch/dhcp.pcap CHECK_ONLY=dhcp_gets_an_address \
	    "$1/netconfig_test" >/dev/null || bad "the test of DHCP"
	seen DHCP dhcp dhcp
	dhcp=dhcp
else
	echo "skipped: no netconfig_test was given, so no DHCP"
	skipped=1
fi
for file in near far $dhcp; do
	tshark -n -r "$scratch/$file.pcap" -o ip.check_checksum:TRUE \
	    -o tcp.check_checksum:TRUE -o udp.check_checksum:TRUE -Y '
	_ws.malformed || _ws.short || _ws.expert.severity == error ||
	ip.checksum.status == 0 || tcp.checksum.status == 0 ||
	udp.checksum.status == 0 || icmp.checksum.status == 0 ||
	icmpv6.checksum.status == 0 || igmp.checksum.status == 0' \
	    >"$scratch/wrong" 2>&1
	grep -v 'Running as user' "$scratch/wrong" >"$scratch/wrong.$file"
	if [ -s "$scratch/wrong.$file" ]; then
		bad "$file: $(wc -l <"$scratch/wrong.$file") frames are wrong"
		head -20 "$scratch/wrong.$file" | sed 's/^/     /'
	else
		good "nothing is wrong with $(tshark -n -r "$scratch/$file.pcap" \
		    2>/dev/null | wc -l) frames ($file)"
	fi
	[ -z "${KEEP-}" ] || cp "$scratch/$file.pcap" "$KEEP/"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
