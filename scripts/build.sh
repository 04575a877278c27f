#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Builds the jars of every module, with the natives of both platforms, and lays
# out target/dist from them. Quiet unless something is wrong.
set -u
cd "${ROOT:-$(dirname "$0")/..}" || exit 1
mkdir -p target
scripts/deps.sh || exit 1
if ! mvn -q -Dstyle.color=never -DskipTests -Dinvoker.skip package "$@" \
    </dev/null >target/build.log 2>&1; then
	# nar's progress display is no part of the message
	tr '\r' '\n' <target/build.log |
	    sed 's/^\([0-9]* \/ [0-9]* files compiled\.\.\. *\)*//' |
	    grep -vE '^(	at |\[ERROR\] (To see|Re-run|For more|After|\[Help|  mvn)| *$)' |
	    tail -60 >&2
	echo "build: failed, the whole output is in target/build.log" >&2
	exit 1
fi
exec scripts/dist.sh
