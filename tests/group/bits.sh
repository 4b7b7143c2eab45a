#!/bin/sh
# bits - generated C against the reference interpreter (tests/unit/bits.c), for all programs of tests/ops and the
# probes: at -O0 in single precision equal bits, built by gcc and by clang; in double at -O0 and -O2 within 1e-11
# (sums of up to 2000 terms in another order, and a few functions with an error of one ulp).
. "$(dirname "$0")/../lib.sh"
probe=$root/tests/probe

trainer_bits() { # NAME COMPILER: result against the interpreter's, both hashes are printed
	"$work/$1.$2" gradients --weights "$work/$1.weights.safetensors" --in "$work/$1.batch.safetensors" \
		--out "$work/$1.$2.safetensors" &&
		"$PYTHON" "$probe/hashes.py" "$work/$1.result.safetensors" "$work/$1.$2.safetensors"
}

near() { # NAME LEVEL
	"$work/$1.f64$2" gradients --weights "$work/$1.f64.weights.safetensors" \
		--in "$work/$1.f64.batch.safetensors" --out "$work/$1.f64$2.safetensors" &&
		"$PYTHON" "$probe/compare.py" "$work/$1.f64.result.safetensors" "$work/$1.f64$2.safetensors" 1e-11
}

# clang would look for another OpenMP library than the one libnnrt.a was built with: link with gcc.
build_with() { # NAME COMPILER
	$2 -c $("$nnc" --cflags) "$work/$1.c" -o "$work/$1.$2.o" &&
		$CC "$work/$1.$2.o" $("$nnc" --libs) -o "$work/$1.$2"
}

for source in "$root"/tests/ops/*.nn $probes; do
	[ -f "$source" ] || source=$root/models/$source.nn
	name=$(basename "$source" .nn)
	want "$name" || continue
	try "$name interpreter" "$build/unit/bits" "$source" 5 "$work/$name"
	try "$name -O0" "$nnc" -O0 "$source" -o "$work/$name.c"
	for cc in gcc clang; do
		try "$name -O0 $cc build" build_with "$name" $cc
		try "$name -O0 $cc" trainer_bits "$name" $cc
		[ -f "$work/${name}_-O0_$cc.log" ] && sed -n '1h; 2{H; g; s/\n/ = /; p; q}' \
			"$work/${name}_-O0_$cc.log" | sed "s/^/$name $cc: /" >>"$work/hashes"
	done
	try "$name interpreter in double" "$build/unit/bits" "$source" 5 "$work/$name.f64" double
	for level in -O0 -O2; do
		try "$name f64 $level build" trainer "$source" "$work/$name.f64$level" $level --precision f64
		try "$name f64 $level" near "$name" $level
	done
done
[ -f "$work/hashes" ] && cat "$work/hashes"
finish
