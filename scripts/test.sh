#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# usage: test.sh [--i386] [STAGE ...]
# Runs the stages below, all without an argument, and prints a line for each;
# the totals of all are the last line. The whole output of a stage is in
# target/test/STAGE.log.
set -u
cd "${ROOT:-$(dirname "$0")/..}" || exit 1
ALL="build unit sanitize tsan fuzz checks golden golden-i386 crosscheck crosscheck-disk crosscheck-cgd tap tshark java packaging reproducible"
LOGS=$PWD/target/test
JOBS=$(nproc 2>/dev/null || echo 2)
mkdir -p "$LOGS"
passed=0 failed=0 skipped=0

# i386 programs run: not at all, by emulation, or natively.
i386_mode() {
	printf 'int main(void) { return 0; }\n' >"$LOGS/probe.c"
	gcc -m32 -o "$LOGS/probe" "$LOGS/probe.c" 2>/dev/null ||
	    { echo none; return; }
	"$LOGS/probe" 2>/dev/null || { echo none; return; }
	if grep -qs enabled /proc/sys/fs/binfmt_misc/qemu-i386; then
		echo emulated
	else
		echo native
	fi
}

# Test programs of a dev.mk build are built first, then run.
c_tests() {	# output folder, make variables ...
	o=$1
	shift
	make -s -f dev.mk O="$o" "$@" -j"$JOBS" -k tests || {
		echo "0 passed, 1 failed"
		return 1
	}
	scripts/run-tests.sh -j "$JOBS" "$o"/test/*_test
}

stage_build() {
	scripts/build.sh || return
	if [ ! -d target/dist/linux-i386 ]; then
		echo "no i386 natives: gcc -m32 does not work here"
		echo "1 passed, 0 failed, 1 skipped"
	else
		echo "1 passed, 0 failed"
	fi
}
stage_unit() { c_tests "$PWD/target/dev"; }
stage_unit_i386() {
	[ "$i386" != none ] || { echo "i386 programs do not run here"
		echo "0 passed, 0 failed, 1 skipped"; return 0; }
	c_tests "$PWD/target/dev-32" M=32
}
# LeakSanitizer needs to trace the process, which some machines refuse; then a
# probe program fails too, and leaks are left to the tests' own accounting.
stage_sanitize() {
	options=detect_leaks=1
	printf 'int main(void) { return 0; }\n' >"$LOGS/probe.c"
	gcc -fsanitize=address -o "$LOGS/probe" "$LOGS/probe.c" &&
	    "$LOGS/probe" 2>/dev/null || options=detect_leaks=0
	ASAN_OPTIONS=$options UBSAN_OPTIONS=print_stacktrace=1 \
	    c_tests "$PWD/target/dev-san" SAN=1
}
# Several kernels at once, and tests of many threads. TSan wants its addresses
# where some machines' randomization does not leave them: then without that.
stage_tsan() {
	printf 'int main(void) { return 0; }\n' >"$LOGS/probe.c"
	gcc -fsanitize=thread -o "$LOGS/probe" "$LOGS/probe.c" || {
		echo "no gcc with ThreadSanitizer here"
		echo "0 passed, 0 failed, 1 skipped"; return 0; }
	as=
	"$LOGS/probe" 2>/dev/null || as="setarch $(uname -m) -R"
	$as "$LOGS/probe" || { echo "ThreadSanitizer does not run here"
		echo "0 passed, 0 failed, 1 skipped"; return 0; }
	o=$PWD/target/dev-tsan tests=
	for t in net_soak socket_crowd wire bridge vfs_race; do
		tests="$tests $o/test/${t}_test"
	done
	# shellcheck disable=SC2086
	make -s -f dev.mk O="$o" TSAN=1 -j"$JOBS" $tests &&
	    SOAK_SECONDS=15 $as scripts/run-tests.sh -j "$JOBS" $tests
}
# A few seconds for each target: what a change has broken shows at once, the
# rest is for a longer run (make -f dev.mk FUZZ=1 FUZZ_TIME=3600 fuzz-NAME).
stage_fuzz() {
	printf '%s\n' '#include <stddef.h>' \
	    'int LLVMFuzzerTestOneInput(const void *p, size_t n)' \
	    '{ (void)p; (void)n; return 0; }' >"$LOGS/probe.c"
	clang -fsanitize=fuzzer,address -o "$LOGS/probe" "$LOGS/probe.c" || {
		echo "no clang with libFuzzer here"
		echo "0 passed, 0 failed, 1 skipped"; return 0; }
	make -s -f dev.mk O="$PWD/target/dev-fuzz" FUZZ=1 -j"$JOBS" -k \
	    fuzz-build || { echo "0 passed, 1 failed"; return 1; }
	scripts/fuzz.sh -j "$JOBS" -t 6 target/dev-fuzz/fuzz/*_fuzz
}
stage_checks() {
	make -s -f dev.mk O="$PWD/target/dev" -j"$JOBS" lib tools-lib || {
		echo "0 passed, 1 failed"; return 1; }
	scripts/check-natives.sh target/dev/obj target/dist/linux-*
}
stage_golden() { scripts/golden.sh amd64; }
stage_golden_i386() {
	case $i386 in
	none)	echo "i386 programs do not run here"
		echo "0 passed, 0 failed, 1 skipped";;
	native)	scripts/golden.sh i386;;
	*)	scripts/golden.sh -e "$emulated_every" i386;;
	esac
}
# Java's tests, and the consumers in it/.
stage_java() {
	find . -path '*/target/*-reports/*.xml' -delete
	mvn -Dstyle.color=never verify </dev/null >"$LOGS/mvn.log" 2>&1
	status=$?
	tr '\r' '\n' <"$LOGS/mvn.log" |
	    sed 's/^\([0-9]* \/ [0-9]* files compiled\.\.\. *\)*//'
	echo	# Maven's last line has no end
	find . -path '*/target/surefire-reports/TEST-*.xml' \
	    -o -path '*/target/invoker-reports/BUILD-*.xml' | sort |
	    xargs -r cat | awk '
	function attribute(name) {
		if (!match($0, " " name "=\"[^\"]*\""))
			return ""
		return substr($0, RSTART + length(name) + 3,
		    RLENGTH - length(name) - 4)
	}
	/<testsuite / {
		bad = attribute("failures") + attribute("errors")
		skipped += attribute("skipped")
		passed += attribute("tests") - bad - attribute("skipped")
		failed += bad
	}
	/<build-job / {
		result = attribute("result")
		if (result == "success") passed++
		else if (result == "skipped") skipped++
		else { failed++; print "FAIL it/" attribute("project") }
	}
	END { printf "%d passed, %d failed, %d skipped\n", passed, failed,
	      skipped }'
	for job in it/target/it/*/build.log; do
		[ -e "$job" ] || continue
		if grep -q 'BUILD SUCCESS' "$job"; then
			continue
		fi
		echo "FAIL $job"
		grep -E '^\[(ERROR|INFO\] Tests)|Exception|^	at ' "$job" |
		    head -30
	done
	return $status
}
stage_crosscheck() { scripts/crosscheck.sh; }
stage_crosscheck_disk() { scripts/crosscheck-disk.sh; }
stage_crosscheck_cgd() { scripts/crosscheck-cgd.sh; }
# The host's network stack, and the host's opinion of our packets.
stage_tap() { scripts/test-tap.sh; }
stage_tshark() { scripts/test-tshark.sh "$PWD/target/dev/test"; }
stage_packaging() { scripts/check-packaging.sh; }
stage_reproducible() { scripts/check-reproducible.sh; }

run_stage() {	# name
	log=$LOGS/$1.log start=$(date +%s)
	"stage_$(echo "$1" | tr - _)" >"$log" 2>&1
	status=$?
	took=$(($(date +%s) - start))
	totals=$(grep -aE '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -1)
	p=$(echo "$totals" | sed -n 's/^\([0-9]*\) passed.*/\1/p')
	f=$(echo "$totals" | sed -n 's/.* \([0-9]*\) failed.*/\1/p')
	s=$(echo "$totals" | sed -n 's/.* \([0-9]*\) skipped.*/\1/p')
	p=${p:-0} f=${f:-0} s=${s:-0}
	[ $status -eq 0 ] || [ "$f" -gt 0 ] || f=1
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	verdict=ok
	[ "$f" -eq 0 ] || verdict=FAIL
	printf '%-13s %-4s %5d passed, %d failed, %d skipped   (%d s)\n' \
	    "$1" $verdict "$p" "$f" "$s" "$took"
	[ "$f" -gt 0 ] || return 0
	grep -a '^FAIL' "$log" | head -60 | sed 's/^/    /'
	echo "    ---- from target/test/$1.log"
	grep -avE '^(ok  |\[INFO\])' "$log" | head -120 | sed 's/^/    /'
}

i386=$(i386_mode)
emulated_every=10
if [ "${1-}" = --i386 ]; then
	shift
	emulated_every=1
	[ $# -gt 0 ] || set -- build unit-i386 golden-i386
fi
# shellcheck disable=SC2086
[ $# -gt 0 ] || set -- $ALL
for stage; do
	case " $ALL unit-i386 " in
	*" $stage "*)	run_stage "$stage";;
	*)	echo "test: no such stage: $stage ($ALL unit-i386)" >&2
		failed=$((failed + 1));;
	esac
	# the rest would only repeat that there is nothing to test
	[ "$stage" != build ] || [ $failed -eq 0 ] || break
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
