#!/bin/sh
# sanitize - nnc built with AddressSanitizer and UBSan over all models and all programs with errors.
. "$(dirname "$0")/../lib.sh"
checked=$build/asan/nnc
ASAN_OPTIONS=detect_leaks=0
export ASAN_OPTIONS

clean() { # wanted statuses, command...: no report of a sanitizer, one of these statuses
	statuses=$1
	shift
	"$@" >"$work/out" 2>&1
	status=$?
	cat "$work/out"
	echo "status $status"
	! grep -q -e 'runtime error' -e AddressSanitizer "$work/out" || return 1
	case " $statuses " in *" $status "*) return 0 ;; esac
	return 1
}

if [ ! -x "$checked" ]; then
	fail build "was not built"
	finish
fi
for model in $(models); do
	try "$model" clean 0 "$checked" "$root/models/$model.nn" -o "$work/out.c"
done
for model in $probes; do
	source=$root/models/$model.nn
	for flags in -O0 -O2 "-O2 --precision f64"; do
		try "$model $flags" clean 0 "$checked" $flags "$source" -o "$work/out.c"
	done
	for flags in --dump-ast --dump-graph --dump-ir --dump-plan; do
		try "$model $flags" clean 0 "$checked" $flags "$source"
	done
done
for f in "$root"/tests/*/*.nn; do
	case $f in */probe/*) continue ;; esac
	flags=$(sed -n '1s/^# flags: //p' "$f")
	try "$(basename "$(dirname "$f")")/$(basename "$f")" clean "0 1 2" "$checked" --check $flags "$f"
done
printf 'model m {\n' >"$work/short.nn"
: >"$work/empty.nn"
head -c 4096 /dev/urandom >"$work/noise.nn"
for f in short empty noise; do
	try "$f file" clean 1 "$checked" --check "$work/$f.nn"
done
try "missing file" clean 3 "$checked" "$work/nothing.nn"
try "no file" clean 2 "$checked"
finish
