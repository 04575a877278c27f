#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# usage: fuzz.sh [-j JOBS] [-t SECONDS] TARGET ...
# Runs libFuzzer targets from the seeds in src/fuzz/corpus/NAME, each so many
# seconds, JOBS at a time, always with the same seed. What makes one fail is
# left in target/fuzz. The totals of all are the last line.
set -u
jobs=2 seconds=10
while getopts j:t: opt; do
	case $opt in
	j) jobs=$OPTARG;;
	t) seconds=$OPTARG;;
	*) exit 2;;
	esac
done
shift $((OPTIND - 1))
ROOT=$(cd "$(dirname "$0")/.." && pwd)
# Images are written all the time: better in memory.
tmp=${TMPDIR:-/tmp}
[ ! -w /dev/shm ] || tmp=/dev/shm
scratch=$(mktemp -d "$tmp/rumprun-fuzz.XXXXXX") || exit 1
trap 'rm -rf "$scratch"' EXIT
found=$ROOT/target/fuzz
mkdir -p "$found"
export ROOT SECONDS_EACH="$seconds" SCRATCH="$scratch" FOUND="$found"
export FUZZ_DIR="$scratch" UBSAN_OPTIONS=print_stacktrace=1
# Leaks are found by the kernel's own accounts, which the targets look at.
export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1

printf '%s\0' "$@" | xargs -0 -n1 -P"$jobs" sh -c '
	name=$(basename "$1" _fuzz) log=$SCRATCH/$(basename "$1").log
	new=$SCRATCH/new-$name
	mkdir -p "$new"
	seeds=
	for d in "$ROOT"/*/src/fuzz/corpus/"$name"; do
		[ ! -d "$d" ] || seeds=$d
	done
	timeout -k 5 $((SECONDS_EACH + 60)) "$1" -seed=1 -timeout=20 \
	    -max_total_time="$SECONDS_EACH" -rss_limit_mb=3000 -max_len=600 \
	    -artifact_prefix="$FOUND/$name-" "$new" ${seeds:+"$seeds"} \
	    >"$log" 2>&1 </dev/null
	status=$?
	runs=$(sed -n "s/^Done \([0-9]*\) runs.*/\1/p" "$log")
	if [ $status -eq 0 ]; then
		echo "ok   $name: $runs runs"
		echo "1 0" >"$SCRATCH/$name.count"
	else
		echo "FAIL $name: status $status"
		grep -aE "ERROR|SUMMARY|runtime error|Test unit|    #[0-9]" \
		    "$log" | head -40
		tail -n 5 "$log"
		echo "0 1" >"$SCRATCH/$name.count"
	fi' sh
cat "$scratch"/*.count /dev/null 2>/dev/null | awk '
	{ passed += $1; failed += $2 }
	END { printf "%d passed, %d failed\n", passed, failed
	      exit failed > 0 }'
