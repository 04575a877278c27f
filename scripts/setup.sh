#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Installs by apt what the build and the tests need and the machine lacks.
# Silent and quick when nothing is missing.
set -u
scratch=$(mktemp -d "${TMPDIR:-/tmp}/rumprun-setup.XXXXXX") || exit 1
trap 'rm -rf "$scratch"' EXIT
printf '#include <stdio.h>\nint main(void) { return puts("") < 0; }\n' \
    >"$scratch/probe.c"

have() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ]; }
compiles() { gcc "$1" -o "$scratch/probe$1" "$scratch/probe.c" 2>/dev/null; }
# javac is asked for its version only where the answer isn't in its path
has_jdk() {
	have javac || return 1
	v=$(javac -version 2>&1 | sed -n 's/^javac \([0-9]*\).*/\1/p')
	[ "${v:-0}" -ge 17 ]
}

# clang with libFuzzer: what it finds is a bonus, so that a machine does without.
fuzzes() {
	printf '%s\n' 'int LLVMFuzzerTestOneInput(const void *p, long n)' \
	    '{ (void)p; return n < 0; }' >"$scratch/fuzz.c"
	clang -fsanitize=fuzzer,address -o "$scratch/fuzz" "$scratch/fuzz.c" \
	    2>/dev/null
}

missing=
need() { missing="$missing $*"; }
compiles -m64 || need gcc libc6-dev
compiles -m32 || need gcc-multilib
have make || need make
have_jdk_ok=true
has_jdk || { need default-jdk-headless; have_jdk_ok=false; }
have mvn || need maven
have git || need git
have xz || need xz-utils
have pkg-config || need pkgconf
have python3 || need python3
have makefs || need makefs
have mandoc || need mandoc

as_root=
[ "$(id -u)" -eq 0 ] || { have sudo && as_root="sudo -n"; }
can_root() { [ "$(id -u)" -eq 0 ] || $as_root true 2>/dev/null; }

install_packages() {
	if ! have apt-get || ! can_root; then
		echo "setup: please install:$*" >&2
		return 1
	fi
	echo "setup: installing $*"
	export DEBIAN_FRONTEND=noninteractive
	{ $as_root apt-get update -q &&
	    $as_root apt-get install -q -y --no-install-recommends "$@"; } \
	    >"$scratch/log" 2>&1 && return 0
	tail -20 "$scratch/log" >&2
	echo "setup: could not install $*" >&2
	return 1
}

if [ -n "$missing" ]; then
	# shellcheck disable=SC2086
	install_packages $missing || exit 1
	$have_jdk_ok || has_jdk || { echo "setup: a JDK of 17 or later is" \
	    "needed, and $(javac -version 2>&1) comes first" >&2; exit 1; }
	compiles -m32
fi

if ! fuzzes && can_root; then
	have clang || install_packages clang
	v=$(clang -dumpversion 2>/dev/null | cut -d. -f1)
	[ -z "$v" ] || fuzzes || install_packages "libclang-rt-$v-dev"
fi

# The host's own network programs, for tests of ours against them: a bonus, too.
# tshark is large and there for its dissectors only.
bonus=
have ip || bonus="$bonus iproute2"
have ping || bonus="$bonus iputils-ping"
have iperf3 || bonus="$bonus iperf3"
have tshark || bonus="$bonus tshark"
# So are those that judge partition tables and ciphertexts.
have sfdisk || bonus="$bonus fdisk"
have sgdisk || bonus="$bonus gdisk"
have openssl || bonus="$bonus openssl"
# shellcheck disable=SC2086
[ -z "$bonus" ] || ! can_root || install_packages $bonus

# A kernel without IA-32 emulation refuses i386 programs: let qemu run them.
# Where that can't be arranged, what needs them is skipped, and says so.
[ -x "$scratch/probe-m32" ] && "$scratch/probe-m32" >/dev/null 2>&1 && exit 0
can_root || exit 0
have qemu-i386 || install_packages qemu-user || exit 0
misc=/proc/sys/fs/binfmt_misc
[ -e $misc/register ] ||
    $as_root mount -t binfmt_misc binfmt_misc $misc 2>/dev/null || exit 0
magic='\x7fELF\x01\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x03\x00'
mask='\xff\xff\xff\xff\xff\xfe\xfe\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
[ -e $misc/qemu-i386 ] || printf '%s' \
    ":qemu-i386:M::$magic:$mask:$(command -v qemu-i386):" |
    $as_root tee $misc/register >/dev/null 2>&1
exit 0
