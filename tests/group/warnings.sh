#!/bin/sh
# warnings - generated C passes gcc and clang with the warnings named below made errors; inference C
# as C99, and its header as C++ where there is a C++ compiler.
. "$(dirname "$0")/../lib.sh"
strict="-Wall -Wextra -Wconversion -Wshadow -Werror"

weights() { # MODEL: some weights file that fits, made by one step of its trainer
	"$PYTHON" "$root/tests/probe/inputs.py" "$1" "$work"
}

for model in mlp bench_mlp conv_bn gru attention siamese; do
	want "$model" || continue
	source=$root/models/$model.nn
	for level in -O0 -O1 -O2; do
		try "$model$level trainer" "$nnc" $level "$source" -o "$work/$model$level.c"
		# gcc finds some of its warnings while optimising, clang all of them before.
		try "$model$level trainer gcc" gcc -c $("$nnc" --cflags) $strict \
			"$work/$model$level.c" -o "$work/$model$level.o"
		try "$model$level trainer clang" clang -fsyntax-only $("$nnc" --cflags) $strict "$work/$model$level.c"
	done
	try "$model f64 trainer" "$nnc" --precision f64 "$source" -o "$work/$model.f64.c"
	try "$model f64 trainer clang" clang -fsyntax-only $("$nnc" --cflags) $strict "$work/$model.f64.c"

	[ $model = bench_mlp ] && continue                # no weights are made for it
	weights "$model"
	for level in -O0 -O2; do
		mkdir -p "$work/$level"
		try "$model$level inference" "$nnc" --infer $level "$source" \
			--weights "$work/$model.weights.safetensors" -o "$work/$level/${model}_infer.c"
		for cc in gcc clang; do
			try "$model$level inference $cc" $cc -c -std=c99 -O2 -pedantic $strict \
				"$work/$level/${model}_infer.c" -o "$work/$level/$model.$cc.o"
		done
	done
	# Nothing but what the file itself has: no library function, no allocation.
	none() {
		[ -z "$(nm -u "$work/$1/$2.gcc.o" | grep -v -e mem -e _GLOBAL_OFFSET -e __stack_chk_fail)" ]
	}
	try "$model inference needs no library" none -O0 "$model"
done
finish
