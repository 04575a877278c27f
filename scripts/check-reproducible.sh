#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Builds the same sources again in another folder, and compares the jars and
# the archives to the byte.
set -u
cd "${ROOT:-$(dirname "$0")/..}" || exit 1
here=$PWD
scratch=$(mktemp -d "${TMPDIR:-/tmp}/rumprun-reproducible.XXXXXX") || exit 1
trap 'rm -rf "$scratch"' EXIT
other=$scratch/a/longer/path/tree
mkdir -p "$other/target"
scripts/deps.sh && cp -R target/deps "$other/target/" || exit 1
# what git knows and what is new, as it is now, without what was built
git ls-files -z -co --exclude-standard | tar --null -T - -cf - |
    tar -C "$other" -xf - || exit 1
sums() {
	find rumprun-kernel/target tools-fs/target tools-disk/target tools-net/target -maxdepth 1 -name '*.jar' |
	    LC_ALL=C sort | xargs sha256sum
	(cd target/dist && sha256sum -- *.tar.gz)
}
scripts/build.sh && scripts/dist.sh --tar || exit 1
sums >"$scratch/here"
(cd "$other" && ROOT=$other && export ROOT && scripts/build.sh &&
    scripts/dist.sh --tar && sums) >"$scratch/out" || {
	tail -30 "$scratch/out"
	exit 1
}
grep -E '^[0-9a-f]{64} ' "$scratch/out" >"$scratch/there"
cd "$here" || exit 1
n=$(wc -l <"$scratch/here")
if differences=$(diff "$scratch/here" "$scratch/there"); then
	echo "$n passed, 0 failed"
else
	echo "$differences"
	bad=$(echo "$differences" | grep -c '^<')
	echo "$((n - bad)) passed, $bad failed"
	exit 1
fi
