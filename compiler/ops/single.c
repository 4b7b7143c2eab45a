/* single.c - the element functions of the float interpreter: the very expressions of ops.def,
 * compiled in float with products and sums rounded separately, as in C generated at -O0.
 */
#define NNC_STRICT 1
#include "vec.h"
#include "vmath.h"

#include "op.h"

/* Contraction is off (Makefile); every row's tokens become one function. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wfloat-conversion"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#define OP(id, expr_, ...) \
	static float single_##id(float a, float b, float c) \
	{ \
		return (float)(expr_); \
	}
#include "ops.def"
#undef OP
#pragma GCC diagnostic pop

typedef float Single(float, float, float);

static Single *const single[] = {
#define OP(id, expr_, ...) [O_##id] = single_##id,
#include "ops.def"
#undef OP
};

float op_single(Op op, float a, float b, float c)
{
	return single[op](a, b, c);
}
