#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Lays out target/dist/linux-amd64 and linux-i386 from what Maven built: bin,
# lib, include, share/man. Nothing in them depends on where they lie.
#	--tar	makes a tar.gz of each as well, the same for the same sources
set -u
cd "${ROOT:-$(dirname "$0")/..}" || exit 1
version=$(sed -n 's/^  <version>\(.*\)<\/version>$/\1/p' pom.xml)
MODULES="rumprun-kernel tools-fs tools-disk tools-net"
# Every library of NetBSD's that a program may name when it links.
LIBRARIES="rump rumpclient rumpuser rumpvfs rumpdev rumpdev_disk rumpfs_ffs
	rumpfs_tmpfs rumpnet rumpnet_net rumpnet_local rumpnet_netinet
	rumpnet_netinet6 rumpnet_shmif rumpnet_virtif rumpnet_bridge rumpnet_gif
	rumpnet_vlan rumpnet_tun rumpnet_tap rumpnet_wire rumpnet_npf
	rumpnet_bpfjit rumpdev_bpf rumpdev_vnd rumpdev_cgd rumpdev_raidframe
	rumpdev_rnd rumpdev_pci rumpkern_crypto"
DESCRIPTION_rumprun="A rump kernel in the calling process"
DESCRIPTION_rumpclient="Client of a rump kernel server"

pc_file() {	# name description
	cat <<-EOF
	prefix=\${pcfiledir}/../..
	libdir=\${prefix}/lib
	includedir=\${prefix}/include

	Name: $1
	Description: $2
	Version: ${version%-SNAPSHOT}
	Cflags: -I\${includedir}
	Libs: -L\${libdir} -Wl,-rpath,\${libdir} -lrumprun-kernel -pthread
	EOF
}

# Which names an executable answers to. The i386 one may not run here, so
# the amd64 one is asked: both are built from the same sources.
tool_names() { "target/dist/.new-linux-amd64/bin/$1" --list-tools; }

layout() {	# arch
	arch=$1 new=target/dist/.new-linux-$1
	rm -rf "$new"
	mkdir -p "$new/bin" "$new/lib/pkgconfig" "$new/include" \
	    "$new/share/man" || return
	for m in $MODULES; do
		native=$m/target/classes/META-INF/native/linux-$arch
		[ -d "$native" ] || return 3
		cp "$native/lib$m.so" "$new/lib/" || return
		cp "$native/$m" "$new/bin/" || return
		chmod 755 "$new/bin/$m" "$new/lib/lib$m.so"
		tool_names "$m" >target/dist/.tools || return
		while read -r tool; do
			[ "$tool" = "$m" ] || ln -sf "$m" "$new/bin/$tool"
			case $tool in
			rump*|mount_hostfs|"$m") ;;
			*) ln -sf "$m" "$new/bin/rump.$tool";;
			esac
		done <target/dist/.tools
		for d in "$m"/src/main/include/*/; do
			[ ! -d "$d" ] || cp -R "$d" "$new/include/" || return
		done
		for page in "$m"/src/main/man/*.[1-9]; do
			[ -e "$page" ] || continue
			section=$new/share/man/man${page##*.}
			mkdir -p "$section" && cp "$page" "$section/" || return
		done
	done
	for l in $LIBRARIES; do
		ln -sf librumprun-kernel.so "$new/lib/lib$l.so"
	done
	pc_file rumprun "$DESCRIPTION_rumprun" >"$new/lib/pkgconfig/rumprun.pc"
	pc_file rumpclient "$DESCRIPTION_rumpclient" \
	    >"$new/lib/pkgconfig/rumpclient.pc"
	cp LICENSE "$new/"
	rm -f target/dist/.tools
}

archive() {	# arch
	name=linux-$1
	tar -C target/dist --sort=name --format=gnu --mtime=@1767225600 \
	    --owner=0 --group=0 --numeric-owner --mode=go=rX,u+rw,a-s \
	    --transform="s,^$name,rumprun-$version-$name," \
	    -cf "target/dist/rumprun-$version-$name.tar" "$name" &&
	gzip -9nf "target/dist/rumprun-$version-$name.tar" &&
	echo "target/dist/rumprun-$version-$name.tar.gz"
}

mkdir -p target/dist
done_archs=
for arch in amd64 i386; do
	layout $arch
	case $? in
	0)	done_archs="$done_archs $arch";;
	3)	echo "dist: linux-$arch was not built, left out" >&2;;
	*)	echo "dist: linux-$arch failed" >&2; exit 1;;
	esac
done
for arch in $done_archs; do
	rm -rf "target/dist/linux-$arch"
	mv "target/dist/.new-linux-$arch" "target/dist/linux-$arch" || exit 1
	[ "${1-}" != --tar ] || archive "$arch" || exit 1
done
rm -rf target/dist/.new-*
[ -n "$done_archs" ]
