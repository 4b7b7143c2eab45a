#!/bin/sh
# matrix - optimizers x schedules with l2, and regularisers, equal PyTorch after 200 updates to 1e-7 (tests/probe/matrix.py).
#
# LONG=1 runs all 107 rows, as `make check-long` does; the quick share has each optimizer once.
# Then the run whose batch grows from 16 to 256, step for step.
. "$(dirname "$0")/../lib.sh"
matrix=$root/tests/probe/matrix.py

row() { # NAME: trains DIR/NAME.nn
	cd "$work" && "$nnc" -O1 --precision f64 "$1.nn" -o "$1.c" &&
		$CC $("$nnc" --cflags | sed 's/-O2/-O0/') "$1.c" $("$nnc" --libs) -o "$1" &&
		"./$1" train -q --no-plot --threads 1 -Wno-validation --weights first.safetensors --out "$1.out"
}

"$PYTHON" "$matrix" data "$work"
names=$("$PYTHON" "$matrix" list | sed -n "s/ quick$//p")
[ -n "${LONG:-}" ] && names=$("$PYTHON" "$matrix" list | sed 's/ quick$//')
"$PYTHON" "$matrix" programs "$work" growth $names
ran=
for name in $names; do
	want "$name" || continue
	try "$name trains" row "$name"
	[ -f "$work/$name.out/matrix.last.safetensors" ] && ran="$ran $name"
done
if [ -n "$ran" ]; then
	"$PYTHON" "$matrix" compare "$work" $ran >"$work/compare.log" 2>&1
	for name in $ran; do
		try "$name equals PyTorch" grep -q "^$name [^ ]*$" "$work/compare.log"
	done
	tail -n 3 "$work/compare.log" | grep -q Error && fail compare "did not come to its end" "$work/compare.log"
fi
if want growth; then
	try "growth trains" row growth
	try "growth equals PyTorch" "$PYTHON" "$matrix" growth "$work"
fi
finish
