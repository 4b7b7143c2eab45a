#!/bin/sh
# optim - optimizers, schedules and regularisers: weights after fifty updates equal PyTorch's to 1e-9.
#
# The rows and what they are compared with are in tests/probe/optim.py; a small network, one binary a
# row, in double, at -O0; some rows again at -O2.  Then what `gradients` says of the penalty, and
# sparsity.
. "$(dirname "$0")/../lib.sh"
probe=$root/tests/probe
plain() { sed 's/-O2/-O0/'; }

row() { # NAME LEVEL
	"$PYTHON" "$probe/optim.py" program "$1" >"$work/$1.nn" &&
		"$PYTHON" "$probe/optim.py" expect "$1" "$work/$1.expect.safetensors" &&
		"$nnc" $2 --precision f64 "$work/$1.nn" -o "$work/$1$2.c" &&
		cc $("$nnc" --cflags | plain) "$work/$1$2.c" $("$nnc" --libs) -o "$work/$1$2" || return
	mkdir -p "$work/$1$2.out"
	(cd "$work" && "./$1$2" train -q -Wno-validation --weights steps.weights.safetensors \
		--out "$1$2.out") &&
		"$PYTHON" "$probe/compare.py" "$work/$1.expect.safetensors" \
			"$work/$1$2.out/steps.last.safetensors"
}

"$PYTHON" "$probe/steps_data.py" "$work"
for name in $("$PYTHON" "$probe/optim.py" list); do
	want "$name" || continue
	try "$name" row "$name" -O0
done
for name in lamb user cosine_warm proximal elastic_all batch_schedule; do
	want "$name -O2" || continue
	try "$name -O2" row "$name" -O2
done

# `--set optimizer.lr=0.05` is `cosine(0.05, ...)` written into the program.
height() {
	sed 's/cosine(0.1/cosine(0.05/' "$work/cosine_warm.nn" >"$work/lower.nn" &&
		"$nnc" -O0 --precision f64 "$work/lower.nn" -o "$work/lower.c" &&
		cc $("$nnc" --cflags | plain) "$work/lower.c" $("$nnc" --libs) -o "$work/lower" || return
	cd "$work" && ./lower train -q -Wno-validation --weights steps.weights.safetensors --out lower.out &&
		./cosine_warm-O0 train -q -Wno-validation --weights steps.weights.safetensors \
			--out set.out --set optimizer.lr=0.05 &&
		"$PYTHON" "$probe/compare.py" lower.out/steps.last.safetensors set.out/steps.last.safetensors &&
		! "$PYTHON" "$probe/compare.py" cosine_warm.expect.safetensors set.out/steps.last.safetensors
}
if [ -x "$work/cosine_warm-O0" ] && want "height"; then
	try "height of a schedule" height
fi

selftest() { "$work/$1" selftest; }
for name in elastic_all layer_own; do
	[ -x "$work/$name-O0" ] && try "$name selftest" selftest "$name-O0"
done
sparse() { # proximal l1 leaves weights that are exactly 0, and says how many
	grep 'exactly 0' "$work/proximal.log"
}
if [ -x "$work/proximal-O0" ]; then
	(cd "$work" && ./proximal-O0 train -Wno-validation --no-save >proximal.log 2>&1)
	try "sparsity" sparse
fi
finish
