#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# usage: check-natives.sh OBJECTS DIST ...
#	OBJECTS	the folder of object files of a dev.mk build (without
#		sanitizers)
#	DIST	a folder as target/dist/linux-amd64
# What holds for every native that is shipped: it exports our names only, has no
# writable data but what is documented, needs an old glibc only, and finds its
# neighbours wherever it lies. Prints a line a check, and totals last.
set -u
# The newest glibc version that may be asked for.
FLOOR=2.17
# The one file with writable data: the process's implicit kernel, and which lwp
# a thread is, of the C API that has no argument for it.
WRITABLE_ALLOWED='/rump/implicit\.o$'
objects=$1
shift
passed=0 failed=0

check() {	# name, what was found; nothing found is good
	if [ -z "$2" ]; then
		passed=$((passed + 1)); echo "ok   $1"
	else
		failed=$((failed + 1)); echo "FAIL $1"
		echo "$2" | head -40 | sed 's/^/     /'
	fi
}

# Symbols of the sections .data, .bss and their thread-local kin. Relocated
# constants (.data.rel.ro) are read-only once loaded.
writable() {
	find "$objects" -name '*.o' ! -path '*/src/test/*' | sort |
	grep -v "$WRITABLE_ALLOWED" | xargs -r objdump -t 2>/dev/null | awk '
	/file format/ { sub(/:.*/, "", $1); file = $1; next }
	{ size = ""
	  for (i = 2; i < NF; i++)
		if ($i ~ /^(\.data|\.bss|\.tdata|\.tbss|\*COM\*)/ &&
		    $i !~ /^\.data\.rel\.ro/) size = $(i + 1)
	  if (size != "" && size !~ /^0+$/) print file ": " $NF }'
}
constructors() {
	find "$objects" -name '*.o' ! -path '*/src/test/*' | sort |
	xargs -r objdump -h 2>/dev/null | awk '
	/file format/ { sub(/:.*/, "", $1); file = $1; next }
	$2 ~ /^\.(init_array|fini_array|ctors|dtors|preinit_array)/ {
		print file ": " $2 }'
}
# nar names an object by its source's name and a hash of its path: were two
# names the same, the order of linking would depend on where the tree lies.
same_names() {
	for m in rumprun-kernel tools-fs tools-disk tools-net; do
		find $m/src/main/c -name '*.c' ! -path '*/src/main/c/cmd/*' |
		sed 's,.*/,,' | sort | uniq -d | sed "s,^,$m: ,"
	done
}

[ "$(find "$objects" -name '*.o' | wc -l)" -gt 0 ] || {
	echo "check-natives: no objects in $objects" >&2; exit 2; }
check "no writable data but in rump/implicit.c" "$(writable)"
check "no constructors" "$(constructors)"
check "file names are unique in a module" "$(same_names)"

for dist; do
	name=${dist##*/}
	for lib in "$dist"/lib/*.so "$dist"/bin/*; do
		[ ! -L "$lib" ] || continue
		n=$name/${lib##*/}
		case $lib in
		*.so)
			check "$n exports rump_*, rumpclient_*, rumprun_* only" \
			    "$(nm -D --defined-only "$lib" |
			    awk '$2 != "A" { print $3 }' |
			    grep -vE '^(rump_|rumpclient_|rumprun_)')"
			check "$n has no executable stack, no text relocation" \
			    "$(readelf -lW "$lib" | grep 'GNU_STACK.*E'
			    readelf -d "$lib" | grep TEXTREL)"
			;;
		esac
		check "$n needs glibc $FLOOR at most" \
		    "$(objdump -T "$lib" | grep -oE \
		    'GLIBC_[0-9.]+\)? +[^ ]+$' | tr -d ')' |
		    awk -v floor="$FLOOR" '{
			v = substr($1, 7); split(v, a, "."); split(floor, f, ".")
			if (a[1] > f[1] || a[1] == f[1] && a[2] + 0 > f[2] + 0)
				print $2 " " $1 }')"
		check "$n needs libc, libpthread and ours only" \
		    "$(readelf -d "$lib" | sed -n \
		    's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -vE \
		    '^(libc\.so\.6|libpthread\.so\.0|ld-linux.*|librumprun-kernel\.so|libtools-(fs|disk|net)\.so)$')"
		check "$n finds libraries beside itself" \
		    "$(readelf -d "$lib" | grep -q 'RUNPATH.*\$ORIGIN' ||
		    echo "no RUNPATH with \$ORIGIN")"
	done
	# shellcheck disable=SC2012
	size=$(cat "$dist"/lib/lib*-*.so 2>/dev/null | wc -c)
	check "$name libraries are under 4 MiB" "$([ "$size" -lt 4194304 ] ||
	    echo "$size bytes")"
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
