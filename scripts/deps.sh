#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Static libcrypto (OpenSSL's ciphers, for cgd) and libz (for compressed disk
# images) of both platforms, from Debian's packages, into target/deps:
#	target/deps/{amd64,i386}/{include,lib}
# Nothing is installed: an i386 libssl-dev beside amd64's would have to be of
# the same version. What is there is kept.
set -u
cd "${ROOT:-$(dirname "$0")/..}" || exit 1
PACKAGES="libssl-dev zlib1g-dev"
OUT=$PWD/target/deps
FILES="lib/libcrypto.a lib/libz.a include/openssl/aes.h include/zlib.h"

complete() {	# arch
	for f in $FILES; do
		[ -e "$OUT/$1/$f" ] || return 1
	done
}
scratch=
trap '[ -z "$scratch" ] || rm -rf "$scratch"' EXIT

# One platform's packages, with lists of their own: the machine's stay alone.
fetch() {	# arch
	mkdir -p "$scratch/$1/lists/partial" "$scratch/$1/archives/partial" \
	    "$scratch/$1/x" || return
	cat >"$scratch/$1/apt.conf" <<-EOC
	APT::Architecture "$1";
	APT::Architectures { "$1"; };
	APT::Sandbox::User "root";
	Acquire::Languages "none";
	Dir::State::Lists "$scratch/$1/lists";
	Dir::State::status "/dev/null";
	Dir::Cache "$scratch/$1";
	EOC
	(
		APT_CONFIG=$scratch/$1/apt.conf
		export APT_CONFIG
		cd "$scratch/$1" || exit
		apt-get update -q
		for p in $PACKAGES; do
			apt-get download -q "$p:$1" || exit
		done
		for p in ./*.deb; do
			dpkg-deb -x "$p" x || exit
		done
	) >"$scratch/log" 2>&1 || { tail -5 "$scratch/log" >&2; return 1; }
	set -- "$1" "$scratch/$1/x/usr"
	mkdir -p "$OUT/$1/include" "$OUT/$1/lib" &&
	    cp -R "$2/include/openssl" "$2/include/zlib.h" "$2/include/zconf.h" \
	    "$OUT/$1/include/" &&
	    cp -R "$2"/include/*-linux-gnu*/openssl "$OUT/$1/include/" &&
	    cp "$2"/lib/*-linux-gnu/libcrypto.a "$2"/lib/*-linux-gnu/libz.a \
	    "$OUT/$1/lib/" || return
	# zlib 1.2 has its configuration where the compiler of its platform looks
	[ ! -e "$(echo "$2"/include/*-linux-gnu*/zconf.h)" ] ||
	    cp "$2"/include/*-linux-gnu*/zconf.h "$OUT/$1/include/"
}

status=0
for arch in amd64 i386; do
	complete $arch && continue
	[ -n "$scratch" ] || scratch=$(mktemp -d "${TMPDIR:-/tmp}/rumprun-deps.XXXXXX") || exit 1
	echo "setup: fetching $PACKAGES of $arch"
	fetch $arch && complete $arch || {
		echo "setup: could not fetch $PACKAGES of $arch" >&2
		status=1
	}
done
exit $status
