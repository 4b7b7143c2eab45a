#!/bin/sh
# units - CUnit programs: build/unit/test_*, each with its own main, made by the Makefile.
. "$(dirname "$0")/../lib.sh"
for source in "$root"/tests/unit/test_*.c; do
	name=$(basename "$source" .c)
	case $name in test_op*) continue ;; esac          # the group ops runs these
	want "$name" || continue
	if [ -x "$build/unit/$name" ]; then
		try "$name" sh -c "cd '$root' && TMPDIR='$work' '$build/unit/$name'"
	else
		fail "$name" "was not built"
	fi
done
finish
