#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# usage: demo.sh [net|disk]
# Installs what is missing, builds, and shows the main job, a line before each
# step; with "net", hosts on a network; with "disk", an encrypted partition and a
# RAID 5. Everything is made in a scratch folder
# that goes when it is over.
set -u
cd "${ROOT:-$(dirname "$0")/..}" || exit 1

say() { printf '\n== %s\n' "$*"; }
run() {
	printf '$ %s\n' "$*"
	"$@" || { echo "demo: that failed: $*" >&2; exit 1; }
}

what=${1:-fs}
case $what in
fs|net|disk)	;;
*)	echo "usage: dev demo [net|disk]" >&2; exit 2;;
esac
say "Installing what this machine lacks"
scripts/setup.sh || exit 1
say "Building (a minute or two the first time)"
scripts/build.sh || exit 1

dist=$PWD/target/dist/linux-amd64
jna=$(find "${HOME:-/root}/.m2/repository/net/java/dev/jna/jna" \
    -name 'jna-*.jar' ! -name '*-sources.jar' | sort | tail -n 1)
jars=$jna
for jar in rumprun-kernel/target/rumprun-kernel-*.jar \
    tools-fs/target/tools-fs-*.jar tools-disk/target/tools-disk-*.jar; do
	case $jar in
	*-linux-*|*-headers*|*-sources*|*-javadoc*) ;;
	*) jars=$jars:$PWD/$jar;;
	esac
done
work=$(mktemp -d "${TMPDIR:-/tmp}/rumprun-demo.XXXXXX") || exit 1
hostpath=$PATH
servers=
cleanup() {
	[ -z "${RUMP_SERVER:-}" ] || halt >/dev/null 2>&1
	for s in $servers; do
		RUMP_SERVER=unix://$work/$s halt >/dev/null 2>&1
	done
	PATH=$hostpath
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM
PATH=$dist/bin:$PATH
demo=$PWD/scripts/Demo.java
diskdemo=$PWD/scripts/DiskDemo.java
cd "$work" || exit 1

# A host of its own: a server with a network stack.
host() {	# name
	servers="$servers $1"
	run rump_server -lrumpnet -lrumpnet_net -lrumpnet_netinet \
	    -lrumpnet_netinet6 -lrumpnet_shmif "unix://$1"
}
# What follows runs on it.
on() {
	printf '$ export RUMP_SERVER=unix://%s\n' "$1"
	RUMP_SERVER=unix://$work/$1
	export RUMP_SERVER
}
port() {	# interface bus
	run ifconfig "$1" create
	run ifconfig "$1" linkstr "$2"
}

demo_net() {
	say "A host: a kernel with a network stack, in a program of its own"
	host alice
	on alice
	port shmif0 busmem
	run ifconfig shmif0 inet 1.2.3.4 netmask 0xffffff00
	run ifconfig shmif0
	say "A second one on the same bus, a shared file"
	host bob
	on bob
	port shmif0 busmem
	run ifconfig shmif0 inet 1.2.3.5 netmask 0xffffff00
	run ifconfig shmif0 inet6 2001:db8::5/64
	on alice
	run ifconfig shmif0 inet6 2001:db8::4/64
	sleep 2	# until nobody has said that the address is his
	run ping -n -c 2 -i 0.2 1.2.3.5
	run ping6 -n -c 2 -i 0.2 2001:db8::5
	say "A third one between this bus and another, and a host behind it"
	host router
	on router
	port shmif0 busmem
	run ifconfig shmif0 inet 1.2.3.1 netmask 0xffffff00
	port shmif1 other
	run ifconfig shmif1 inet 10.0.0.1 netmask 0xffffff00
	host carol
	on carol
	port shmif0 other
	run ifconfig shmif0 inet 10.0.0.2 netmask 0xffffff00
	run route add default 10.0.0.1
	on alice
	run route add -net 10.0.0.0/24 1.2.3.1
	run route -n show -inet
	run ping -n -c 2 -i 0.2 10.0.0.2
	say "The bus as a capture for tcpdump and Wireshark"
	run shmif_dumpbus -p bus.pcap busmem
	unset RUMP_SERVER
	demo_tap
	say "That was it. See README.md for more."
}
# This machine's own network on the other side, in a namespace that goes again.
demo_tap() {
	if [ ! -c /dev/net/tun ] || ! command -v ip >/dev/null ||
	    ! PATH=$hostpath command -v ping >/dev/null ||
	    ! unshare -n ip tuntap add tapprobe mode tap 2>/dev/null; then
		say "A tap device is left out: this machine, or its user, may not"
		return
	fi
	say "This machine pings a kernel, by a tap device in a namespace of its own"
	servers="$servers dave"
	# shellcheck disable=SC2016
	unshare -n sh -c '
		PS4="$ "
		set -ex
		ip tuntap add tap0 mode tap vnet_hdr
		ip addr add 10.9.0.1/24 dev tap0
		ip link set tap0 up
		rump_server -lrumpnet -lrumpnet_net -lrumpnet_netinet \
		    -lrumpnet_virtif unix://dave
		export RUMP_SERVER="unix://$PWD/dave"
		sysctl -w net.inet.ip.dad_count=0
		ifconfig virt0 create
		ifconfig virt0 linkstr tap0
		ifconfig virt0 inet 10.9.0.2 netmask 255.255.255.0
		"$1" -n -c 2 -i 0.2 10.9.0.2
	' sh "$(PATH=$hostpath command -v ping)" 2>&1 ||
		{ echo "demo: that failed" >&2; exit 1; }
}
demo_disk() {
	say "From Java: a label, an encrypted partition, a wrong passphrase"
	run java -cp "$jars" "$diskdemo" cgd "$work"
	say "The label that is in the image now"
	run disklabel -F disk.img
	say "Three files as a RAID 5 that loses one of them, and then another"
	run java -cp "$jars" "$diskdemo" raid "$work"
	say "That was it. See README.md for more."
}
[ "$what" != net ] || { demo_net; exit; }
[ "$what" != disk ] || { demo_disk; exit; }
image=$work/disk.img

say "A file system in an ordinary file, made from Java: Newfs.run(image)"
run java -cp "$jars" "$demo" newfs "$image"

say "fsck finds it clean"
run fsck -f "$image"

say "A server serves it; what follows are programs of their own that talk to it"
run rump_server -lrumpvfs -lrumpdev -lrumpdev_disk -lrumpfs_ffs \
    -d "key=/dev/disk,hostpath=$image,size=host" "unix://$work/sock"
RUMP_SERVER=unix://$work/sock
export RUMP_SERVER
run mkdir /mnt
run mount -t ffs /dev/disk /mnt
run mkdir /mnt/letters
printf '$ echo "Dear reader" | dd of=/mnt/letters/first\n'
echo "Dear reader" | dd of=/mnt/letters/first 2>/dev/null || exit 1
run cp /mnt/letters/first /mnt/letters/copy
run ls -l /mnt/letters
run df /mnt
run umount /mnt
run halt
unset RUMP_SERVER

say "Java reads back what the tools wrote, through java.nio.file"
run java -cp "$jars" "$demo" read "$image"

say "dumpfs shows how it lies on the disk"
printf '$ dumpfs %s\n' "$image"
dumpfs "$image" >"$work/dump" || exit 1
head -n 16 "$work/dump"

say "That was it. See README.md for more."
