#!/bin/sh
# ops - every row of the op table: complete, equal to PyTorch, differentiated rightly (test_ops.c), named by a
# program in tests/ops, and, in those programs, generated C equal to the interpreter (group bits).
. "$(dirname "$0")/../lib.sh"
for source in "$root"/tests/unit/test_op*.c; do
	name=$(basename "$source" .c)
	try "$name" "$build/unit/$name"
done

# A new op brings a test: each name of the table occurs in the graph of some program.
want "every op has a test" && {
	for f in "$root"/tests/ops/*.nn "$root"/models/*.nn; do
		"$nnc" --dump-graph "$f"
		"$nnc" --dump-graph=elaborate "$f"
	done >"$work/graphs" 2>&1
	missing=
	for op in $(sed -n '/kind = LEAF/!s/^OP(\([a-z_0-9]*\),.*/\1/p' "$root/compiler/ops/ops.def"); do
		grep -q "\<$op\>" "$work/graphs" || missing="$missing $op"
	done
	[ -z "$missing" ] && pass || fail "every op has a test" "in no program of tests/ops:$missing"
}

# Gradients of whole programs against finite differences, in the trainer itself.
for f in "$root"/tests/ops/*.nn; do
	name=$(basename "$f" .nn)
	want "$name selftest" || continue
	try "$name build" trainer "$f" "$work/$name" -O0 --precision f64
	try "$name selftest" "$work/$name" selftest
done
finish
