#!/bin/sh
# loop - when a run validates and stops, what it does with steps that are not finite, synthetic data and splits.
#
# Programs in tests/loop, built once each; runs differ by --set.  check.py looks at what they leave behind.
. "$(dirname "$0")/../lib.sh"
here=$root/tests/loop
"$PYTHON" "$root/tests/probe/steps_data.py" "$work"

run() { # PROGRAM OUT STATUS TEXT [ARGUMENTS]
	ends_so "$work" "$@"
}
parts() { # PROGRAM OUT: what the parts hold, as files PART.safetensors
	for part in train val test; do
		(cd "$work" && "./$1" predict --weights "$2.out/$1.safetensors" --split $part \
			--out "$1.$part.safetensors") || [ "$1$part" != "$1train" ] || return 1
	done
	ls "$work/$1.train.safetensors"
}
check() { "$PYTHON" "$here/check.py" "$@"; }

for m in linear sequence trap time; do
	try "$m build" trainer "$here/$m.nn" "$work/$m" -O0 --precision f64
done

# stop
csv=linear.csv
try "early_stopping" run linear early 0 "early_stopping(val_real, patience = 3, min_delta = 1e-4) and early > 0)"
try "early_stopping: where" check early "$work/early.out/$csv" val_real 3 1e-4
try "best by a named loss" grep -q "by val_class" "$work/early.text"
try "step" run linear step 0 "stopped after epoch 1 of 60 (.*, step >= last)" --set last=7
try "step: where" check rows "$work/step.out/$csv" "7" "7"
try "time" run linear time 0 "elapsed > limit" --set limit=0.3 --epochs 1000000 --set early=0
try "time limit" run linear limit 0 "time limit" --time-limit 1s --epochs 1000000 --set early=0
try "metric and time" run linear goal 0 "stopped after epoch 2 of 60 (.*, val_accuracy >= goal and epoch > 1)" \
	--set goal=0.1
try "linear data" parts linear early
try "linear data: what" check linear "$work/linear.train.safetensors" "$work/linear.val.safetensors" \
	"$work/linear.test.safetensors"
try "linear data: learnt" check falls "$work/early.out/$csv" val_real 0.05

# what is set on the command line
try "set: unknown" run linear x1 2 "did you mean .clip_norm." --set clip_nrm=1
try "set: out of range" run linear x2 2 "ema" --set ema=1
try "set: not finite" run linear x3 4 "try .*--set optimizer.lr=1e+199.*clip_norm=1" --set optimizer.lr=1e200 \
	--set accumulate=2
try "set: clip_norm helps" run linear x4 0 "stopped" --set optimizer.lr=1 --set clip_norm=0.1 --epochs 2

# validate
try "sequence" run sequence sequence 0 "stopped after epoch 12 of 12"
try "sequence: validated" check rows "$work/sequence.out/sequence.csv" \
	"18 36 54 72 90 108 126 144 162 180 198 216" "54 108 162 216"
try "sequence: learnt" check falls "$work/sequence.out/sequence.csv" loss 0.6
try "sequence data" parts sequence sequence
try "sequence data: what" check sequence "$work/sequence.train.safetensors"
try "validate in steps" run time time 0 "stopped after step 40 of 40"
try "validate in steps: rows" check rows "$work/time.out/time.csv" "9 18 27 36 40" "9 18 27 36 40"
try "split in time" parts time time
try "split in time: parts" check time "$work/time.train.safetensors" "$work/time.val.safetensors" \
	"$work/time.test.safetensors" "$work"

# k-fold
try "folds build" trainer "$here/folds.nn" "$work/folds" -O0
try "folds" run folds folds 0 "^saved folds.out/folds.safetensors"
fold_parts() {
	for k in 1 2 3 4; do
		for part in train val test; do
			(cd "$work" && ./folds predict --weights folds.out/folds.safetensors --fold $k \
				--split $part --out folds.$part$k.safetensors) || return 1
		done
	done
}
try "folds: parts" fold_parts
try "folds: what" check folds "$work" "$work/folds.text"
try "one fold" run folds onefold 0 "^ val  " --fold 3
try "no such fold" run folds nofold 2 "integer from 1 to 4" --fold 5

# on_nonfinite
try "skip" run trap trap 0 "updates were not finite and left out"
left=$(sed -n 's/.* \([0-9]*\) updates were not finite.*/\1/p' "$work/trap.text")
try "skip: rows" parts trap trap
try "skip: updates" check trap "$work/trap.train.safetensors" "$work/trap.out/trap.csv" "${left:-0}"
try "rollback build" trainer "$here/trap.nn" "$work/back" -O0 -D mode=rollback
try "rollback ends" run back back 4 "is not finite" --epochs 1
try "stop build" trainer "$here/trap.nn" "$work/halt" -O0 -D mode=stop
try "stop" run halt halt 4 "the loss is not finite at step"
finish
