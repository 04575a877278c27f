#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# usage: demo.sh
# Installs what is missing, builds, and shows the main job, a line before each
# step. Everything is made in a scratch folder that goes when it is over.
set -u
cd "${ROOT:-$(dirname "$0")/..}" || exit 1

say() { printf '\n== %s\n' "$*"; }
run() {
	printf '$ %s\n' "$*"
	"$@" || { echo "demo: that failed: $*" >&2; exit 1; }
}

say "Installing what this machine lacks"
scripts/setup.sh || exit 1
say "Building (a minute or two the first time)"
scripts/build.sh || exit 1

dist=$PWD/target/dist/linux-amd64
jna=$(find "${HOME:-/root}/.m2/repository/net/java/dev/jna/jna" \
    -name 'jna-*.jar' ! -name '*-sources.jar' | sort | tail -n 1)
jars=$jna
for jar in rumprun-kernel/target/rumprun-kernel-*.jar \
    tools-fs/target/tools-fs-*.jar; do
	case $jar in
	*-linux-*|*-headers*|*-sources*|*-javadoc*) ;;
	*) jars=$jars:$PWD/$jar;;
	esac
done
work=$(mktemp -d "${TMPDIR:-/tmp}/rumprun-demo.XXXXXX") || exit 1
hostpath=$PATH
cleanup() {
	[ -z "${RUMP_SERVER:-}" ] || halt >/dev/null 2>&1
	PATH=$hostpath
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM
PATH=$dist/bin:$PATH
demo=$PWD/scripts/Demo.java
cd "$work" || exit 1
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
