#!/bin/sh
# layers - layers, functions and losses over their options equal PyTorch's to 1e-9.
#
# Each program of tests/layers/programs.py holds many cases; one binary with --precision f64 at each
# level gives outputs, gradients and buffers, compared with NAME.expect.safetensors.
. "$(dirname "$0")/../lib.sh"
layers=$root/tests/layers
# The numbers do not depend on it, and most of the time would go into optimizing.
CFLAGS_EXTRA=-O0

one() { # NAME LEVEL
	trainer "$work/$1.nn" "$work/$1$2" $2 --precision f64 -Wno-validation &&
		"$work/$1$2" gradients --weights "$work/$1.weights.safetensors" \
			--in "$work/$1.batch.safetensors" --out "$work/$1$2.found.safetensors" &&
		"$PYTHON" "$root/tests/probe/compare.py" "$layers/$1.expect.safetensors" \
			"$work/$1$2.found.safetensors"
}

for file in "$layers"/*.expect.safetensors; do
	name=$(basename "$file" .expect.safetensors)
	"$PYTHON" "$layers/programs.py" "$name" "$work"
	for level in -O0 -O2; do
		try "$name$level" one "$name" $level
	done
done
finish
