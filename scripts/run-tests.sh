#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# usage: run-tests.sh [-j JOBS] [-t SECONDS] PROGRAM ...
# Runs C test programs, JOBS at a time; shows what a failing one said. A
# program's own 'N passed, N failed' counts as that many, one that prints no
# such line as one test. The totals of all are the last line.
set -u
jobs=2 limit=300
while getopts j:t: opt; do
	case $opt in
	j) jobs=$OPTARG;;
	t) limit=$OPTARG;;
	*) exit 2;;
	esac
done
shift $((OPTIND - 1))
scratch=$(mktemp -d "${TMPDIR:-/tmp}/rumprun-tests.XXXXXX") || exit 1
trap 'rm -rf "$scratch"' EXIT
export LIMIT="$limit" SCRATCH="$scratch"

[ $# -eq 0 ] || printf '%s\0' "$@" | xargs -0 -n1 -P"$jobs" sh -c '
	name=${1##*/} start=$(date +%s)
	timeout -k 5 "$LIMIT" "$1" >"$SCRATCH/$name.log" 2>&1 </dev/null
	status=$?
	took=$(($(date +%s) - start))
	totals=$(grep -aE "^[0-9]+ passed, [0-9]+ failed" "$SCRATCH/$name.log" |
	    tail -1 | tr -dc "0-9, ")
	passed=$(echo "$totals" | cut -d, -f1 | tr -d " ")
	failed=$(echo "$totals" | cut -d, -f2 | tr -d " ")
	if [ -z "$totals" ]; then
		passed=1 failed=0
		[ $status -eq 0 ] || passed=0 failed=1
	elif [ $status -ne 0 ] && [ "$failed" -eq 0 ]; then
		failed=1
	fi
	echo "$passed $failed" >"$SCRATCH/$name.count"
	if [ $status -eq 0 ] && [ "$failed" -eq 0 ]; then
		echo "ok   $name: $passed passed (${took} s)"
	else
		[ $status -ne 124 ] || echo "timed out" >>"$SCRATCH/$name.log"
		{ echo "FAIL $name: status $status, $failed failed (${took} s)"
		tail -n 40 "$SCRATCH/$name.log" | sed "s/^/     /"; } |
		    cat >"$SCRATCH/$name.said"
		cat "$SCRATCH/$name.said"
	fi' sh
cat "$scratch"/*.count /dev/null 2>/dev/null | awk '
	{ passed += $1; failed += $2 }
	END { printf "%d passed, %d failed\n", passed, failed
	      exit failed > 0 }'
