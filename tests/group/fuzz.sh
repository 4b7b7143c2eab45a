#!/bin/sh
# fuzz - random programs (tests/fuzz): in process against the interpreter and differences, and as C.
#
# The quick share takes the same seeds each time.  LONG=1: thousands (FROM=seed, COUNT=n choose
# others), and some compiled: -O0 has the float interpreter's bits, built by gcc and clang without
# a warning; in double -O1 .. -O3 are near it, for several batch sizes.
. "$(dirname "$0")/../lib.sh"
gen=$build/fuzz/gen_models
probe=$root/tests/probe
warn="-Wall -Wextra -Wshadow -Werror"

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

same() { # TRAINER PREFIX PROGRAM
	"$1" gradients --weights "$2.weights.safetensors" --in "$2.batch.safetensors" --out "$2.found.safetensors" &&
		"$PYTHON" "$probe/$3" "$2.result.safetensors" "$2.found.safetensors" $4
}

as_c() { # SEED
	p=$work/s$1
	"$gen" --seed "$1" --size 14 --print >"$p.nn" || return 1
	"$build/unit/bits" "$p.nn" 4 "$p.f" && "$nnc" -w -O0 "$p.nn" -o "$p.c" || return 1
	for cc in gcc clang; do
		$cc -c $("$nnc" --cflags) $warn "$p.c" -o "$p.o" && $CC "$p.o" $("$nnc" --libs) -o "$p.x" &&
			same "$p.x" "$p.f" hashes.py "" || return 1
	done
	for level in -O1 -O2 -O3; do
		CFLAGS_EXTRA=$warn
		trainer "$p.nn" "$p.x" -w $level --precision f64 || return 1
		for n in 2 7 33; do
			"$build/unit/bits" "$p.nn" $n "$p.d" double && same "$p.x" "$p.d" compare.py 1e-9 || return 1
		done
	done
}
if [ -n "${LONG:-}" ]; then
	seed=$from
	while [ $seed -lt $((from + ${PROGRAMS:-20})) ]; do
		try "as C: seed $seed" as_c $seed
		seed=$((seed + 1))
	done
fi
finish
