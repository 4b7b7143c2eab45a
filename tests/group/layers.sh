#!/bin/sh
# layers - layers, functions and losses over their options equal PyTorch's to 1e-9.
#
# Each program of tests/layers/programs.py holds up to 35 cases; one binary with --precision f64 gives outputs,
# gradients and buffers after the step, compared with NAME.expect.safetensors, and outputs in evaluation, compared with
# NAME.eval.safetensors.  Programs run at -O0 and -O2; of the grids of windows (NAME_0, NAME_1, ..), whose cases are
# dealt out without pattern, each program runs at one of the two.
. "$(dirname "$0")/../lib.sh"
layers=$root/tests/layers
compare=$root/tests/probe/compare.py
# The numbers do not depend on it, and most of the time would go into optimizing; clang is twice as fast at it.
compile=$(command -v clang || command -v "$CC")

build_one() { # NAME LEVEL
	"$nnc" "$2" --precision f64 -Wno-validation "$work/$1.nn" -o "$work/$1$2.c" &&
		$compile $("$nnc" --cflags) -O0 -c "$work/$1$2.c" -o "$work/$1$2.o" &&
		$CC "$work/$1$2.o" $("$nnc" --libs) -fopenmp -o "$work/$1$2"
}

one() { # NAME LEVEL
	build_one "$1" "$2" || return 1
	with="--weights $work/$1.weights.safetensors --in $work/$1.batch.safetensors"
	if [ -f "$layers/$1.expect.safetensors" ]; then
		"$work/$1$2" gradients $with --out "$work/$1$2.found.safetensors" &&
			"$PYTHON" "$compare" "$layers/$1.expect.safetensors" "$work/$1$2.found.safetensors" || return 1
	fi
	[ ! -f "$layers/$1.eval.safetensors" ] ||
		{ "$work/$1$2" predict $with --out "$work/$1$2.eval.safetensors" &&
			"$PYTHON" "$compare" "$layers/$1.eval.safetensors" "$work/$1$2.eval.safetensors"; }
}

levels() { # NAME
	case $1 in
	conv*_[02] | pool*_[02] | transposed_0 | depthwise) echo -O0 ;;
	conv* | pool* | transposed_1) echo -O2 ;;
	*) echo -O0 -O2 ;;
	esac
}

random_layers() {
	"$PYTHON" "$layers/random_layers.py" source "$work" && one random_layers -O2 &&
		"$work/random_layers-O2" gradients --weights "$work/random_layers.weights.safetensors" \
			--in "$work/random_layers.batch.safetensors" --out "$work/random_layers.found.safetensors" &&
		"$PYTHON" "$layers/random_layers.py" check "$work/random_layers.found.safetensors"
}

# The rate is 0: the weights are the first values.
initialisers() {
	"$PYTHON" "$layers/initial.py" source "$work" && build_one initial -O2 &&
		"$work/initial-O2" train --out "$work" --no-plot --progress none -q &&
		"$PYTHON" "$layers/initial.py" check "$work/initial.safetensors"
}

arguments() {
	"$PYTHON" "$layers/arguments.py" source "$work" && build_one arguments -O2 || return 1
	for lr in 0 0.5; do
		"$work/arguments-O2" train --set lr=$lr --out "$work/lr$lr" --no-plot --progress none -q || return 1
	done
	"$PYTHON" "$layers/arguments.py" check "$work/lr0/arguments.last.safetensors" "$work/lr0.5/arguments.last.safetensors"
}

long_rows() {
	"$PYTHON" "$layers/long_rows.py" source "$work" && build_one long_rows -O2 &&
		"$work/long_rows-O2" gradients --weights "$work/long_rows.weights.safetensors" --threads 2 \
			--in "$work/long_rows.batch.safetensors" --out "$work/long_rows.found.safetensors" &&
		"$PYTHON" "$layers/long_rows.py" check "$work/long_rows.found.safetensors"
}

try "every name is tested" "$PYTHON" "$layers/names.py" "$nnc"
try "random layers" random_layers
try "initialisers" initialisers
try "arguments of layers" arguments
try "long rows" long_rows
for name in $("$PYTHON" "$layers/programs.py"); do
	want "$name-O0" || want "$name-O2" || continue
	"$PYTHON" "$layers/programs.py" "$name" "$work"
	for level in $(levels "$name"); do
		try "$name$level" one "$name" "$level"
	done
done
finish
