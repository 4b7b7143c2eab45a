/* scalar.h - element functions in double, for what a trainer computes once a step: knobs (schedules,
 * bias corrections) and metrics from their sums.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_SCALAR_H
#define NNRT_SCALAR_H

#include <math.h>

#define NNRT_D1(name, value) \
	static inline double nnrt_d_##name(double a) { return (value); }
#define NNRT_D2(name, value) \
	static inline double nnrt_d_##name(double a, double b) { return (value); }

NNRT_D1(exp, exp(a))
NNRT_D1(log, log(a))
NNRT_D1(sqrt, sqrt(a))
NNRT_D1(rsqrt, 1 / sqrt(a))
NNRT_D1(abs, fabs(a))
NNRT_D1(sign, (a > 0) - (a < 0))
NNRT_D1(floor, floor(a))
NNRT_D1(ceil, ceil(a))
NNRT_D1(round, nearbyint(a))
NNRT_D1(log1p, log1p(a))
NNRT_D1(expm1, expm1(a))
NNRT_D1(sin, sin(a))
NNRT_D1(cos, cos(a))
NNRT_D1(erf, erf(a))
NNRT_D1(tanh, tanh(a))
NNRT_D1(sigmoid, 1 / (1 + exp(-a)))
NNRT_D1(not, a == 0)
NNRT_D2(pow, pow(a, b))
NNRT_D2(max, a > b ? a : b)
NNRT_D2(min, a < b ? a : b)
NNRT_D2(lt, a < b)
NNRT_D2(le, a <= b)
NNRT_D2(eq, a == b)
NNRT_D2(ne, a != b)
NNRT_D2(and, a != 0 && b != 0)
NNRT_D2(or, a != 0 || b != 0)

static inline double nnrt_d_sel(double c, double a, double b)
{
	return c != 0 ? a : b;
}

#undef NNRT_D1
#undef NNRT_D2

#endif
