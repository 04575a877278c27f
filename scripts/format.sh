#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Formats all sources: C by .clang-format, Java by Spotless.
set -u
cd "${ROOT:-$(dirname "$0")/..}" || exit 1
if ! command -v clang-format >/dev/null; then
	if [ "$(id -u)" -eq 0 ]; then root=; else root="sudo -n"; fi
	echo "format: installing clang-format"
	{ $root apt-get update -q && $root apt-get install -q -y \
	    --no-install-recommends clang-format; } >/dev/null 2>&1 ||
	    { echo "format: please install clang-format" >&2; exit 1; }
fi
# what scripts/gen-headers.py writes, it lays out
generated='/include/netbsd/|/rump/(rump_syscalls|rumpdefs|rumperr)\.h|/rump/syscalls\.c|/errnames\.c|/abi_(test\.c|layout\.h)'
git ls-files '*.c' '*.h' | grep -Ev "$generated" | xargs clang-format -i || exit 1
exec mvn -q com.diffplug.spotless:spotless-maven-plugin:apply
