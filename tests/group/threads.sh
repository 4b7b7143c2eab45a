#!/bin/sh
# threads - the programs of models/ with 1, 2, 3, 4 and 8 threads: equal bits of the weights after some steps.  The quick
# share is the network that speed is measured on; LONG=1 goes through all of them, and through two with ThreadSanitizer.
# And the code of register tiles: nothing of them may be on the stack.
. "$(dirname "$0")/../lib.sh"

equal_bits() { # NAME [option...]
	m=$1
	shift
	for n in 1 2 3 4 8; do
		(cd "$work" && "./$m" train --steps 3 --seed 3 --threads $n --out "$m.$n" --progress none "$@") || return 1
		for f in "$work/$m.$n"/*.last.safetensors; do
			cmp "$work/$m.1/$(basename "$f")" "$f" || return 1
		done
	done
}

all=bench_mlp
[ -n "${LONG:-}" ] && all=$(models)
NNC_DATA=$root/models
export NNC_DATA
for model in $all; do
	# of a program that reads files that are not here, small() runs a like one
	file=$(sed -n 's,^data [a-z0-9]*("\([^"]*/[^"]*\)".*,\1,p' "$root/models/$model.nn")
	[ -z "$file" ] || [ -e "$root/models/$file" ] || continue
	want "$model" || continue
	try "$model build" trainer "$root/models/$model.nn" "$work/$model"
	try "$model" equal_bits "$model"
done

# small NAME KIND ROWS: a program with synthetic data in place of files
small() {
	want "$1" || return 0
	"$PYTHON" "$root/tests/models/made.py" "$root/models/$1.nn" "$2" "$3" = >"$work/$1.nn"
	try "$1 build" trainer "$work/$1.nn" "$work/$1" -w
	try "$1" equal_bits "$1" --batch 24
}
if [ -n "${LONG:-}" ]; then
	small mlp linear 96
	small vae random 96
fi

# Strips of rows, with a batch that no number of threads divides; layers whose columns two threads share.
for kernels in rows columns; do
	want $kernels || continue
	try "$kernels build" trainer "$root/tests/kernels/$kernels.nn" "$work/$kernels"
	try "$kernels, 100 steps" equal_bits $kernels --steps 100
done

# No accumulator of the tiles of bench_mlp goes through the stack, nor one of strips; x86-64 only.
stay() { # PROGRAM LEAST COMPILER ARCHITECTURE
	$3 $("$nnc" --cflags) -march=$4 $5 -c "$work/$1.c" -o "$work/tiles.o" &&
		"$PYTHON" "$root/tests/kernels/spills.py" "$work/$1.c" "$work/tiles.o" "$2"
}
tiles_stay() { # COMPILER ARCHITECTURE
	stay bench_mlp 5 "$@" && stay rows 2 "$@"
}
# The same of inference in batches, with the flags that its users are free to choose.
batches_stay() { # COMPILER
	"$nnc" --infer "$root/models/bench_mlp.nn" --weights "$work"/bench_mlp.1/*.last.safetensors --api context \
		--batch 32 -o "$work/batches.c" && $1 -O3 -march=haswell -c "$work/batches.c" -o "$work/batches.o" &&
		"$PYTHON" "$root/tests/kernels/spills.py" "$work/batches.c" "$work/batches.o" 2
}
if [ "$(uname -m)" = x86_64 ] && [ -f "$work/bench_mlp.c" ]; then
	archs=haswell
	[ -n "${LONG:-}" ] && archs="haswell skylake-avx512"
	for arch in $archs; do
		for cc in gcc clang; do
			wide=
			[ $cc = clang ] && wide=-mprefer-vector-width=512
			command -v $cc >/dev/null && try "tiles $cc $arch" tiles_stay $cc $arch "$wide"
		done
	done
	try "tiles of batches" batches_stay gcc
fi

# The library and the program, with every access to memory watched.
watched() { # FILE THREADS
	m=$(basename "$1" .nn)
	for f in "$root"/runtime/*.c "$root"/runtime/data/*.c; do
		object=$work/tsan/$(basename "$(dirname "$f")").$(basename "$f" .c).o
		[ -f "$object" ] && continue
		$CC -std=c11 -D_GNU_SOURCE -O1 -g -march=native -ffp-contract=off -fsanitize=thread \
			-I"$root/runtime" -I"$root/runtime/data" -c "$f" -o "$object" || return 1
	done
	"$nnc" "$1" -o "$work/tsan/$m.c" &&
		$CC -O1 -g -march=native -ffp-contract=off -fsanitize=thread -I"$root/runtime" "$work/tsan/$m.c" \
			"$work"/tsan/*.o -ljansson -lxxhash -lz -lopenblas -lm -o "$work/tsan/$m" &&
		"$work/tsan/$m" train --steps 4 --batch 192 --threads $2 --no-save --progress none
}
mkdir -p "$work/tsan"
if [ -n "${LONG:-}" ]; then
	for model in bench_mlp conv_bn gru; do
		try "$model without races" watched "$root/models/$model.nn" 3
	done
	try "columns without races" watched "$root/tests/kernels/columns.nn" 2
fi
finish
