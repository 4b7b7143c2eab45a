#!/bin/sh
# probes - loss, outputs, gradients and buffers of the five programs equal PyTorch's to 1e-9.
#
# One binary with --precision f64 at each level, N = 1, 7 and 32; the expected values are in
# tests/probe (make_fixtures.py).  Then fifty updates of each optimizer, from given weights.
. "$(dirname "$0")/../lib.sh"
probe=$root/tests/probe

one() { # MODEL N LEVEL
	"$work/$1$3" gradients --weights "$work/$1.weights.safetensors" \
		--in "$work/$1.batch$2.safetensors" --out "$work/$1$3.found$2.safetensors" &&
		"$PYTHON" "$probe/compare.py" "$probe/$1.expect$2.safetensors" "$work/$1$3.found$2.safetensors"
}

probe_model() { # MODEL
	"$PYTHON" "$probe/inputs.py" "$1" "$work"
	for level in -O0 -O2; do
		want "$1 $level" || want "$1$level" || continue
		try "$1$level build" trainer "$root/models/$1.nn" "$work/$1$level" $level --precision f64
		for n in 1 7 32; do
			try "$1$level N=$n" one "$1" $n $level
		done
	done
}

for model in mlp conv_bn gru attention siamese; do
	probe_model $model
done

fifty() { # OPTIMIZER LEVEL
	mkdir -p "$work/$1$2.out"
	trainer "$probe/steps_$1.nn" "$work/steps_$1$2" $2 --precision f64 -Wno-validation &&
		(cd "$work" && "./steps_$1$2" train --weights steps.weights.safetensors --out "$1$2.out") &&
		"$PYTHON" "$probe/compare.py" "$probe/steps_$1.expect.safetensors" \
			"$work/$1$2.out/steps.last.safetensors"
}
"$PYTHON" "$probe/steps_data.py" "$work"
for optimizer in sgd adam nadam; do
	for level in -O0 -O2; do
		try "fifty steps of $optimizer$level" fifty $optimizer $level
	done
done

# What stands between gradient and weights: each alone by --set, all of them in a program.
with() { # EXPECTED PROGRAM WEIGHTS [--set NAME=VALUE]
	w_name=$1 w_program=$2 w_weights=$3
	shift 3
	mkdir -p "$work/$w_name.out"
	(cd "$work" && "./$w_program" train -Wno-validation --weights "$w_weights.weights.safetensors" \
		--out "$w_name.out" "$@") &&
		"$PYTHON" "$probe/compare.py" "$probe/steps_$w_name.expect.safetensors" \
			"$work/$w_name.out/steps.last.safetensors"
}
if [ -x "$work/steps_sgd-O2" ]; then
	try "fifty steps with clip_norm" with clip_norm steps_sgd-O2 steps --set clip_norm=0.1
	try "fifty steps with clip_norm and frozen tensors" with frozen steps_sgd-O2 steps --set clip_norm=0.1 \
		--freeze "dense1.*"
	try "fifty steps with clip_value" with clip_value steps_sgd-O2 steps --set clip_value=0.02
	try "fifty steps with accumulate" with accumulate steps_sgd-O2 steps --set accumulate=3
	try "fifty steps with ema" with ema steps_sgd-O2 steps --set ema=0.9
fi
try "fifty steps build" trainer "$probe/steps_loop.nn" "$work/steps_loop" -O2 --precision f64
try "fifty steps with all of them" with loop steps_loop steps_loop
finish
