/* vmath_exhaustive.c - the error of every float function of vmath.h, over all 2^32 floats.
 *
 * In:    names of functions (none: all), and a number: only every so many-th float.
 * Out:   for each function the largest error in units of the last place (ulp), where, and how
 *        many results are not the nearest.  Exit status 1 if a bound is exceeded.
 *
 * The reference is the double function of the C library, whose own error is 2^-29 ulp of a
 * float.  An ulp is the distance of the floats around the exact result, 2^-149 at least.  Run
 * by hand, two minutes a function; test_vmath.c does the same on a sample.
 *
 *     cc -O2 -march=native -ffp-contract=off -Iruntime tests/long/vmath_exhaustive.c -lm
 *
 * once with -march=native, once without (no fused operation), once with -DNNC_STRICT.
 *
 * The coefficients in vmath.h: for e^r on |r| <= 1.001 ln(2) / 2, say, minimise over
 * polynomials q of a given degree the maximum of |r^2 (q(r) - (e^r - 1 - r) / r^2) / e^r|,
 * which is the relative error.  Remez: solve for q and E with weighted errors E, -E, E, ... at
 * degree + 2 points, replace the points by the extrema of the error between its changes of
 * sign, repeat until the largest and E agree to 0.05 %; in 50 digits, the degree the smallest
 * that leaves less than 0.1 ulp; each coefficient rounded.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vec.h"
#include "vmath.h"

typedef struct {
	const char *name;
	double bound;                  /* ulp */
	nncv_real (*wide)(nncv_real x);
	float (*single)(float x);
	double (*exact)(double x);
} Function;

static double exact_sigmoid(double x)
{
	return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x));
}

#define ROW(F, bound, exact) { #F, bound, nncv_##F, nnc_##F, exact }
static const Function table[] = {
	ROW(exp, 1.5, exp), ROW(log, 1.5, log), ROW(tanh, 1.5, tanh),
	ROW(sigmoid, 1.5, exact_sigmoid), ROW(erf, 1.5, erf), ROW(expm1, 1.5, expm1),
	ROW(log1p, 1.5, log1p), ROW(sin, 1, sin), ROW(cos, 1, cos)
};

/* The distance of y from the exact value in ulp; 0 for equal infinities and for two NaN. */
static double ulps(float y, double exact)
{
	int e;

	if (isnan(exact) || isnan(y))
		return isnan(exact) && isnan(y) ? 0 : INFINITY;
	if ((float)exact == y && (isinf(y) || exact == 0))
		return 0;
	if (isinf(y))                                  /* the number after the largest */
		y = copysignf(0x1p127f, y), exact /= 2;
	frexp(exact, &e);
	return fabs(y - exact) / ldexp(1, e < -125 ? -149 : e - 24);
}

static int check(const Function *f, uint32_t stride)
{
	double worst = 0;
	float where = 0;
	uint64_t inexact = 0, differ = 0;

	for (uint64_t at = 0; at < UINT64_C(1) << 32; at += (uint64_t)stride * NNC_VL) {
		float x[NNC_VL], y[NNC_VL];

		for (int i = 0; i < NNC_VL; i++)
			x[i] = nnc_frombits((uint32_t)(at + stride * (uint64_t)i));
		nncv_store(y, f->wide(nncv_load(x)));
		for (int i = 0; i < NNC_VL; i++) {
			double exact = f->exact((double)x[i]), u = ulps(y[i], exact);
			float s = i ? y[i] : f->single(x[i]);

			inexact += u > 0.5;
			differ += !isnan(exact) && (nnc_bits(s) != nnc_bits(y[i]) ||
			          !signbit(y[i]) != !signbit(exact));
			if (u > worst)
				worst = u, where = x[i];
		}
	}
	printf("%-8s %.4f ulp at %.9g (%a); %.3f %% not nearest; "
	       "%llu scalars or signs differ%s\n", f->name, worst, (double)where, (double)where,
	       100 * (double)inexact * stride / 4294967296.0, (unsigned long long)differ,
	       worst > f->bound || differ ? "  FAILED" : "");
	fflush(stdout);
	return worst > f->bound || differ;
}

int main(int argc, char **argv)
{
	int bad = 0, named = 0;
	uint32_t stride = 1;

	for (int i = 1; i < argc; i++) {
		if (atoi(argv[i]) > 0)
			stride = (uint32_t)atoi(argv[i]);
		else
			named = 1;
	}
	for (size_t k = 0; k < sizeof table / sizeof *table; k++) {
		int wanted = !named;

		for (int i = 1; i < argc; i++)
			wanted |= !strcmp(argv[i], table[k].name);
		if (wanted)
			bad |= check(&table[k], stride);
	}
	return bad;
}
