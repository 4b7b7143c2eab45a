#!/bin/sh
# fuzz - random programs (tests/fuzz): in process against the interpreter and differences, and as C.
#
# The quick share takes the same seeds each time.  LONG=1: thousands (FROM=seed, COUNT=n choose others), and
# PROGRAMS of them as C: -O0 has the float interpreter's bits, built by gcc and clang without a warning; at
# -O1 .. -O3 results lie within computed bounds, in double near the interpreter's; batches of 1, 2, 7, 33.
. "$(dirname "$0")/../lib.sh"
gen=$build/fuzz/gen_models

try "regressions" "$gen" --check "$root"/tests/fuzz/found/*.nn
try "small programs" "$gen" --seed 1 --count 60 --size 6
try "programs" "$gen" --seed 1000 --count 40 --size 14
try "every name of the language occurs" "$gen" --coverage --count 1500 --size 14
if [ -n "${LONG:-}" ]; then
	from=${FROM:-100000} count=${COUNT:-4000}
	try "many small programs" "$gen" --seed "$from" --count "$count" --size 6
	try "many programs" "$gen" --seed "$from" --count "$((count / 2))" --size 14
	try "large programs" "$gen" --seed "$from" --count "$((count / 20))" --size 60
fi

# The folder's programs share one C file, so that the compiler's headers are read once.  -O0 of the C
# compiler reads it quickest, and is the form in which nothing but nnc's own text decides the numbers.
flags="-march=native -ffp-contract=off -fno-math-errno -fno-trapping-math -fopenmp-simd -I$root/runtime"
as_c() { # MODE COMPILER C-LEVEL more
	mode=$1 cc=$2 level=$3
	shift 3
	mkdir -p "$work/$mode$cc"
	"$gen" --compiled "$mode" --cc "$cc" --cflags "$level $flags" --dir "$work/$mode$cc" "$@"
}
try "regressions as C" as_c fast clang -O0 --check "$root"/tests/fuzz/found/*.nn
try "files of every source" as_c bits clang -O0 --files --seed 725 --count 12 --size 1
if [ -n "${LONG:-}" ]; then
	n=${PROGRAMS:-100}
	try "many files" as_c fast clang -O1 --files --seed "$from" --count "$n" --size 3
	for cc in gcc clang; do
		try "as C, to the bit: $cc" as_c bits $cc -O0 --seed "$from" --count "$n" --size 6
		try "as C, within bounds: $cc" as_c fast $cc -O1 --seed "$from" --count "$((n / 4))" --size 6
	done
	# the compiler itself and what it writes
	under_sanitizers() {
		make -s --no-print-directory -C "$root" BUILD="$build/asan" OPT='-O1 -g' \
			SAN='-fsanitize=address,undefined -fno-sanitize-recover=all' "$build/asan/fuzz/gen_models" || return 1
		san="-fsanitize=address,undefined -fno-sanitize-recover=all"
		mkdir -p "$work/san"
		ASAN_OPTIONS=detect_leaks=0 "$build/asan/fuzz/gen_models" --compiled fast --cc gcc --dir "$work/san" \
			--cflags "-O0 $flags $san" --seed "$from" --count "$n" --size 6
	}
	try "under sanitizers" under_sanitizers
	by_torch() {
		as_c double clang -O0 --calm --keep --seed "$from" --count "$n" --size 8 &&
			"$PYTHON" -W ignore "$root/tests/fuzz/torch_ref.py" "$work/doubleclang" "$root/tests/fuzz/lib"
	}
	if "$PYTHON" -c 'import torch' 2>/dev/null; then
		try "by PyTorch" by_torch
	else
		echo "SKIP fuzz/by PyTorch: no torch"
	fi
	try "as C, in double" as_c double clang -O0 --seed "$from" --count "$((n / 2))" --size 6
fi
finish
