#!/bin/sh
# resume - a run that is stopped or killed anywhere and resumed ends with the same files to the bit.
#
# Programs and moments are in tests/resume.  LONG=1 tries every step, 25 moments and 25 system calls of each
# program, as `make check-long` does; the quick share is a few of each.
. "$(dirname "$0")/../lib.sh"
here=$root/tests/resume
# fsync waits for the disk, of which nothing is to be learnt here
fast=$(mktemp -d /dev/shm/nnc-resume.XXXXXX 2>/dev/null) || fast=$work/fast
mkdir -p "$fast"
trap 'rm -rf "$fast"' EXIT

for m in epochs steps folds; do
	try "build $m" trainer "$here/$m.nn" "$fast/$m" -O1
done
try shim $CC -O1 -shared -fPIC -D_GNU_SOURCE "$here/moment.c" -o "$fast/moment.so"
run() { # PROGRAM OUT STATUS TEXT [ARGUMENTS]
	ends_so "$fast" "$@"
}
same() { # FILE FILE
	cmp "$fast/$1" "$fast/$2"
}

# settings: what differs without standing on the command line is refused with a table
try "run" run steps a 0 "stopped after step 30 of 30" --steps 30 --set optimizer.momentum=0.8 --seed 5
try "differs" run steps a 3 "optimizer.momentum  0.8 *0.9" --resume
try "differs: steps" grep -q "= note: steps  *30  *60" "$work/a.text"
try "differs: repair" grep -q "train --resume --steps 30 --seed 5 --set optimizer.momentum=0.8 .*--out a.out" "$work/a.text"
try "differs: nothing touched" test -f "$fast/a.out/steps.csv" -a ! -f "$fast/a.out/steps.1.csv"
try "longer" run steps a 0 "going on with steps = 60 (the checkpoint has 30)" --resume --steps 60 \
	--set optimizer.momentum=0.8 --seed 5
try "other data" run steps a 3 "= note: overfit" --resume --overfit 20 --steps 60 --seed 5 --set optimizer.momentum=0.8
try "other data: repair" sh -c "grep '= help:.* --resume ' '$work/a.text' | grep -v overfit"
try "threads never count" run steps a 0 "stopped" --resume --threads 3 --steps 60 --set optimizer.momentum=0.8 --seed 5
try "weights are no checkpoint" run steps a 3 "is no checkpoint" --resume a.out/steps.safetensors
try "nothing there" run steps none 3 "none.out/steps.ckpt: there is no checkpoint" --resume
try "with weights" run steps a 2 "leave --weights out" --resume --weights a.out/steps.safetensors

# in epochs, a run that is made longer is the longer run
try "short" run folds short 0 "stopped" --fold 2 --epochs 3
try "made longer" run folds short 0 "stopped" --fold 2 --resume --epochs 6
try "long" run folds long 0 "stopped" --fold 2 --epochs 6
try "made longer: best" same short.out/folds.safetensors long.out/folds.safetensors
try "made longer: checkpoint" same short.out/folds.ckpt long.out/folds.ckpt
try "over" run folds long 0 "stopped after epoch 6 of 6" --fold 2 --resume --epochs 6
try "beyond" run folds long 2 "has done" --fold 2 --resume --epochs 2
try "another fold" run folds long 3 "= note: fold " --fold 1 --resume --epochs 6

# a run that goes wrong says from where it can go on
try "diverged" run steps wrong 4 "wrong.out/steps.ckpt holds step [0-9]*, the last finite checkpoint" --set optimizer.lr=100
try "diverged: norms" grep -q "= note: gradient norms of steps 1 to [0-9]*: 0.55 " "$work/wrong.text"
try "diverged: samples" grep -q "rows .* of synthetic data" "$work/wrong.text"
try "diverged at once" run steps once 4 "try .*steps train --threads 1 -Wno-validation --out once.out --set optimizer.lr=1e30 --set optimizer.lr=1e+29\`" \
	--set optimizer.lr=1e30
try "diverged: help" grep -q "train --resume .*--set optimizer.lr=10\`, or" "$work/wrong.text"

# two runs do not write the same results; a lock that a killed one leaves is no lock
two_runs() {
	(cd "$fast" && exec ./steps train --threads 1 -q --progress none --steps 100000000 --out two.out) >/dev/null 2>&1 &
	w_id=$! w_tries=0
	until [ -s "$fast/two.out/steps.lock" ] || [ $w_tries = 300 ]; do
		sleep 0.02
		w_tries=$((w_tries + 1))
	done
	run steps two 3 "two.out/steps.lock: process $w_id is writing results of this name there" --steps 3
	w_status=$?
	run folds two 0 "stopped" --fold 1 --epochs 1 || w_status=1 # results of another name
	kill -KILL $w_id
	wait $w_id
	return $w_status
}
try "two runs" two_runs
try "two runs: the lock is left" test -f "$fast/two.out/steps.lock"
try "two runs: the other is killed" run steps two 0 "stopped after step 3 of 3" --steps 3
try "two runs: no lock is left" test ! -f "$fast/two.out/steps.lock" -a ! -f "$fast/two.out/folds.lock"

# what an earlier run kept is renamed with it
older() {
	run folds long 0 "renamed older results: .*/folds.step\([0-9]*\).ckpt to long.out/folds.1.step\1.ckpt" --fold 2 &&
		test -f "$fast/long.out/folds.1.ckpt" -a -f "$fast/long.out/folds.ckpt"
}
try "older ones" older

# a time limit leaves no trace
try "time limit" run folds limit 0 "time limit" --time-limit 0.001s
try "time limit: resumed" run folds limit 0 "stopped" --resume
try "whole" run folds whole 0 "stopped"
try "time limit: same" same limit.out/folds.ckpt whole.out/folds.ckpt

# the data: what they are counts, not when they were written
try "build table" trainer "$here/table.nn" "$fast/table" -O1
table() { # VALUE: a table of 20 rows with this value in one of them
	printf 'a,b,y\n'
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		[ $i = 13 ] && echo "$1,1,2" || echo "0.$i,$((i % 3)),$((i % 4))"
	done
}
table 0.5 >"$fast/table.csv"
try "table" run table table 0 "stopped" --epochs 2
table 0.6 >"$fast/table.csv"
try "a value changed" run table table 3 "= note: data " --resume --epochs 3
table 0.5 >"$fast/table.csv"
try "a new copy" run table table 0 "going on with epochs = 3" --resume --epochs 3

# another model
changed() {
	sed 's/tanh()/sigmoid()/' "$here/steps.nn" >"$fast/steps.nn" &&
		trainer "$fast/steps.nn" "$fast/steps" -O1 &&
		run steps a 3 "= note: model " --resume --steps 60 --seed 5 --set optimizer.momentum=0.8
}
if want moments && [ -f "$fast/moment.so" ]; then
	every=31
	[ -n "${LONG:-}" ] && every=1
	"$PYTHON" "$here/run.py" "$fast" --every $every >"$work/run.log" 2>&1
	counted "$work/run.log"
fi
try "another model" changed
finish
