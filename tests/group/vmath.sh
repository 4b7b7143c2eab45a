#!/bin/sh
# vmath - LONG=1: the functions of vmath.h on every float, against the C library's in double: at most 1.5 ulp with and
# without fused operations and vectors.  Some twenty minutes a build; FLOATS=100 looks at every hundredth float.
. "$(dirname "$0")/../lib.sh"

exact() { # [option...]
	$CC -O2 "$@" -ffp-contract=off -fno-math-errno -I"$root/runtime" "$root/tests/long/vmath_exhaustive.c" \
		-o "$work/exact" -lm && "$work/exact" ${FLOATS:+"$FLOATS"}
}
if [ -n "${LONG:-}" ]; then
	try "native" exact -march=native
	try "baseline" exact
	try "strict" exact -DNNC_STRICT
fi
finish
