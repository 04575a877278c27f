#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# What a user gets in target/dist and in the jars: everything is there, C
# programs build with one pkg-config line, and it all works in another folder.
set -u
cd "${ROOT:-$(dirname "$0")/..}" || exit 1
scratch=$(mktemp -d "${TMPDIR:-/tmp}/rumprun-packaging.XXXXXX") || exit 1
trap 'rm -rf "$scratch"' EXIT
passed=0 failed=0 skipped=0
MODULES="rumprun-kernel tools-fs tools-disk tools-net"
version=$(sed -n 's/^  <version>\(.*\)<\/version>$/\1/p' pom.xml)

check() {	# name, command ...
	name=$1
	shift
	if ("$@") >"$scratch/log" 2>&1; then
		passed=$((passed + 1)); echo "ok   $name"
	else
		failed=$((failed + 1)); echo "FAIL $name"
		tail -20 "$scratch/log" | sed 's/^/     /'
	fi
}
skip() { skipped=$((skipped + 1)); echo "skip $1"; }

# the archives: two runs, the same bytes; unpacked elsewhere, it is complete
archives() {
	scripts/dist.sh --tar && sha256sum target/dist/*.tar.gz >"$scratch/1" &&
	scripts/dist.sh --tar && sha256sum target/dist/*.tar.gz >"$scratch/2" &&
	cmp "$scratch/1" "$scratch/2"
}
unpacked() {	# arch
	mkdir -p "$scratch/else where/$1" &&
	tar -C "$scratch/else where/$1" --strip-components=1 -xzf \
	    "target/dist/rumprun-$version-linux-$1.tar.gz" &&
	cd "$scratch/else where/$1" &&
	for f in bin/newfs bin/rump.newfs bin/rump_server lib/librumprun-kernel.so \
	    lib/librumpclient.so lib/librumpnet_shmif.so bin/ifconfig \
	    bin/rump.ifconfig share/man/man8/ifconfig.8 include/rump/rump.h lib/pkgconfig/rumprun.pc \
	    share/man/man8/newfs.8 lib/librumpdev_cgd.so lib/librumpdev_raidframe.so \
	    lib/librumpdev_vnd.so bin/disklabel bin/rump.cgdconfig bin/raidctl \
	    bin/vnconfig bin/vndcompress bin/dkctl bin/gpt bin/fdisk \
	    share/man/man8/cgdconfig.8 share/man/man8/raidctl.8 \
	    share/man/man1/vndcompress.1; do
		[ -e $f ] || { echo "no $f"; return 1; }
	done
	! find . -xtype l | grep .
}
runs_elsewhere() {	# arch
	d="$scratch/else where/$1/bin"
	for m in $MODULES; do
		[ "$("$d/$m" --list-tools | wc -l)" -gt 0 ] || return
	done
	"$d/newfs" -F -s 4m "$scratch/$1.img" && "$d/fsck_ffs" -n "$scratch/$1.img"
}
manuals() {
	for t in $(for m in $MODULES; do
	    target/dist/linux-amd64/bin/"$m" --list-tools; done | sort -u); do
		set -- target/dist/linux-amd64/share/man/man?/"$t".[1-9]
		[ -e "$1" ] || echo "no manual page of $t"
	done >"$scratch/missing"
	for p in target/dist/linux-amd64/share/man/man?/*; do
		[ ! -e "$p" ] || mandoc -T lint -W error "$p" || echo "$p"
	done >>"$scratch/missing" 2>&1
	cat "$scratch/missing"
	[ ! -s "$scratch/missing" ]
}
# C programs with nothing but pkg-config; a folder with a blank in its name is
# more than pkg-config's quoting takes, so not the one above
compiles() {	# arch, option, program, package
	mkdir -p "$scratch/moved" && rm -rf "$scratch/moved/$1" &&
	cp -a "target/dist/linux-$1" "$scratch/moved/$1" || return
	# shellcheck disable=SC2046
	gcc "$2" -o "$scratch/$3-$1" "../shared/bench/$3.c" \
	    $(PKG_CONFIG_PATH=$scratch/moved/$1/lib/pkgconfig \
	    pkg-config --cflags --libs "$4")
}
fsbench() {	# arch
	target/dist/linux-$1/bin/newfs -F -s 64m "$scratch/bench.img" &&
	timeout 120 "$scratch/fsbench-$1" "$scratch/bench.img" 8 100
}
proxybench() {	# arch
	server=unix://$scratch/proxy.sock
	d=target/dist/linux-$1/bin
	$d/rump_server -lrumpvfs -lrumpfs_tmpfs "$server" || return
	RUMP_SERVER=$server timeout 120 "$scratch/proxybench-$1" 1000
	status=$?
	RUMP_SERVER=$server $d/halt
	return $status
}

# the jars
jar_has() {	# jar, entry ...
	jar=$1
	shift
	jar tf "$jar" >"$scratch/list" || return
	for e; do
		grep -qxF "$e" "$scratch/list" || { echo "no $e in $jar"; return 1; }
	done
}
only_native() {	# jar, arch
	jar tf "$1" | grep -v '/$' | grep -vE \
	    "^META-INF/(MANIFEST.MF|maven/.*|native/linux-$2/.*)$" && return 1
	return 0
}

check "dist archives are the same twice" archives
for arch in amd64 i386; do
	option=-m64
	[ $arch = amd64 ] || option=-m32
	[ -d target/dist/linux-$arch ] || { skip "linux-$arch is not built"
		continue; }
	check "linux-$arch archive is complete" unpacked $arch
	for m in $MODULES; do
		j=$m/target/$m-$version
		check "$m.jar has the natives of linux-$arch" jar_has "$j.jar" \
		    "META-INF/native/linux-$arch/lib$m.so" \
		    "META-INF/native/linux-$arch/$m"
		check "$m-linux-$arch.jar has natives only" \
		    only_native "$j-linux-$arch.jar" $arch
	done
	"$PWD/target/dist/linux-$arch/bin/tools-fs" --list-tools \
	    >/dev/null 2>&1 || { skip "linux-$arch programs do not run here"
		continue; }
	check "linux-$arch runs in another folder" runs_elsewhere $arch
	[ -d ../shared/bench ] || { skip "no ../shared/bench"; continue; }
	check "linux-$arch: fsbench.c compiles" compiles $arch $option fsbench rumprun
	check "linux-$arch: fsbench runs" fsbench $arch
	check "linux-$arch: proxybench.c compiles" \
	    compiles $arch $option proxybench rumpclient
	check "linux-$arch: proxybench runs" proxybench $arch
done
for m in $MODULES; do
	check "$m-headers.jar is there" \
	    jar_has "$m/target/$m-$version-headers.jar" META-INF/MANIFEST.MF
done
check "every tool has a manual page without errors" manuals
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
