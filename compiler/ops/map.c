/* map.c - element functions in double, by <math.h>: the double interpreter and constant
 * folding.
 *
 * Written apart from the expressions in ops.def, so that a test can compare the two.  Bools are
 * 0 and 1.
 */
#include "family.h"

#include <math.h>

#define FN(name, value) \
	double f_##name(double a, double b, double c) \
	{ \
		(void)a; \
		(void)b; \
		(void)c; \
		return (value); \
	}

/* maximum and minimum hand NaN on, as PyTorch's do */
static double larger(double a, double b)
{
	return isnan(a) || isnan(b) ? (double)NAN : a > b ? a : b;
}

static double smaller(double a, double b)
{
	return isnan(a) || isnan(b) ? (double)NAN : a < b ? a : b;
}

FN(neg, -a)
FN(add, a + b)
FN(sub, a - b)
FN(mul, a *b)
FN(div, a / b)
FN(pow, pow(a, b))
FN(max, larger(a, b))
FN(min, smaller(a, b))
FN(exp, exp(a))
FN(log, log(a))
FN(sqrt, sqrt(a))
FN(rsqrt, 1 / sqrt(a))
FN(abs, fabs(a))
FN(sign, isnan(a) ? a : (double)((a > 0) - (a < 0)))
FN(floor, floor(a))
FN(ceil, ceil(a))
FN(round, nearbyint(a))
FN(log1p, log1p(a))
FN(expm1, expm1(a))
FN(sin, sin(a))
FN(cos, cos(a))
FN(erf, erf(a))
FN(tanh, tanh(a))
FN(sigmoid, a >= 0 ? 1 / (1 + exp(-a)) : exp(a) / (1 + exp(a)))
FN(lt, a < b)
FN(gt, a > b)
FN(le, a <= b)
FN(eq, a == b)
FN(ne, a != b)
FN(and, a != 0 && b != 0)
FN(or, a != 0 || b != 0)
FN(not, a == 0)
FN(where, a != 0 ? b : c)
FN(real, a)
