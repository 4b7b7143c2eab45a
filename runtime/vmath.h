/* vmath.h - elementary functions on numbers and vectors.
 *
 * In:    vec.h and its macros.  NNC_LIBM: call <math.h>.  NNC_NO_LIBM: never, nor in double.
 * Out:   nnc_F(x) and nncv_F(v) for exp log log1p expm1 tanh sigmoid erf sin cos rsqrt, and
 *        nnc_pow(a, b), nncv_pow.
 * Holds: nnc_F and every lane of nncv_F give the same bits in one build.  Zeros keep their
 *        sign; infinities, NaN, subnormal arguments and results are right.  Float, without
 *        libm: largest errors in units of the last place, over all floats, with and without
 *        nnc_fma's instruction:
 *            exp 1.02   log 0.87   log1p 1.43   expm1 1.29   tanh 1.34   sigmoid 1.48
 *            erf 1.42   sin, cos 0.51   (pow, on a sample: 0.51)
 *        With NNC_STRICT the float functions use + - * / and integers only: the same bits on
 *        every compiler that has IEEE arithmetic without excess precision (FLT_EVAL_METHOD 0)
 *        and does not contract products and sums (-ffp-contract=off); which NaN is open.
 *
 * Float: exp, log, tanh, ... are written once, for nncv_real; the scalar function is lane 0
 * (with NNC_VL 1 it is the same thing).  sin, cos and pow are computed in double, lane by lane.
 * Double: <math.h>, lane by lane; or, with NNC_NO_LIBM, the functions nnc_d* below (about 1e-15
 * relative).  Coefficients of polynomials are minimax fits by the Remez exchange, made for this
 * file; how is described in tests/long/vmath_exhaustive.c, which measured the errors above.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNC_VMATH_H
#define NNC_VMATH_H

#ifndef NNC_VEC_H
#include "vec.h"
#endif

#if defined(NNC_F64) && !defined(NNC_NO_LIBM) && !defined(NNC_LIBM)
#define NNC_LIBM 1
#endif

/* nncv_F from nnc_F, lane by lane; and nnc_F from nncv_F. */
#if NNC_VL == 1
#define NNC_LANES(F) \
	NNC_FN nncv_real nncv_##F(nncv_real x) { return nnc_##F(x); }
#define NNC_LANES2(F) \
	NNC_FN nncv_real nncv_##F(nncv_real a, nncv_real b) { return nnc_##F(a, b); }
#else
#define NNC_LANES(F) \
	NNC_FN nncv_real nncv_##F(nncv_real x) \
	{ \
		nncv_lanes u; \
		u.v = x; \
		for (int i = 0; i < NNC_VL; i++) \
			u.lane[i] = nnc_##F(u.lane[i]); \
		return u.v; \
	}
#define NNC_LANES2(F) \
	NNC_FN nncv_real nncv_##F(nncv_real a, nncv_real b) \
	{ \
		nncv_lanes u, w; \
		u.v = a; \
		w.v = b; \
		for (int i = 0; i < NNC_VL; i++) \
			u.lane[i] = nnc_##F(u.lane[i], w.lane[i]); \
		return u.v; \
	}
#endif
#define NNC_FIRST(F) \
	NNC_FN nnc_real nnc_##F(nnc_real x) { return nncv_first(nncv_##F(nncv_set1(x))); }

/* 1 / sqrt(x), two exact operations. */
NNC_FN nnc_real nnc_rsqrt(nnc_real x) { return 1 / nnc_sqrt(x); }
NNC_FN nncv_real nncv_rsqrt(nncv_real x) { return 1 / nncv_sqrt(x); }

/* ---- by the C library -------------------------------------------------------------------- */

#ifdef NNC_LIBM

#include <math.h>

NNC_FN nnc_real nnc_exp(nnc_real x) { return NNC_IF64(expf, exp)(x); }
NNC_FN nnc_real nnc_log(nnc_real x) { return NNC_IF64(logf, log)(x); }
NNC_FN nnc_real nnc_log1p(nnc_real x) { return NNC_IF64(log1pf, log1p)(x); }
NNC_FN nnc_real nnc_expm1(nnc_real x) { return NNC_IF64(expm1f, expm1)(x); }
NNC_FN nnc_real nnc_tanh(nnc_real x) { return NNC_IF64(tanhf, tanh)(x); }
NNC_FN nnc_real nnc_erf(nnc_real x) { return NNC_IF64(erff, erf)(x); }
NNC_FN nnc_real nnc_sin(nnc_real x) { return NNC_IF64(sinf, sin)(x); }
NNC_FN nnc_real nnc_cos(nnc_real x) { return NNC_IF64(cosf, cos)(x); }
NNC_FN nnc_real nnc_pow(nnc_real a, nnc_real b) { return NNC_IF64(powf, pow)(a, b); }

#else

/* ---- double, without a library ----------------------------------------------------------- */

/* c[0] + c[1] x + ... + c[n-1] x^(n-1), n >= 2: even and odd terms by themselves, which takes
 * half the time of one chain. */
NNC_FN double nnc_dpoly(const double *c, int n, double x)
{
	double z = x * x, odd = c[n - 1], even = c[n - 2];

	for (int i = n - 3; i > 0; i -= 2) {
		odd = odd * z + c[i];
		even = even * z + c[i - 1];
	}
	return n & 1 ? (even + odd * x) * x + c[0] : even + odd * x;
}

NNC_FN uint64_t nnc_dbits(double x)
{
	union { double real; uint64_t bits; } u;
	u.real = x;
	return u.bits;
}

NNC_FN double nnc_dfrombits(uint64_t x)
{
	union { uint64_t bits; double real; } u;
	u.bits = x;
	return u.real;
}

NNC_FN double nnc_dabs(double x)
{
	return nnc_dfrombits(nnc_dbits(x) & ~(UINT64_C(1) << 63));
}

/* |x| with the sign of s. */
NNC_FN double nnc_dcopysign(double x, double s)
{
	const uint64_t sign = UINT64_C(1) << 63;

	return nnc_dfrombits((nnc_dbits(x) & ~sign) | (nnc_dbits(s) & sign));
}

/* 2^n, -1022 <= n <= 1023. */
NNC_FN double nnc_dpow2(int n)
{
	return nnc_dfrombits((uint64_t)(n + 1023) << 52);
}

/* x = n ln 2 + r, |r| <= ln 2 / 2; *n is set and e^r - 1 returned.  |x| < 1000.
 * ln 2 is taken in two parts, the first with 33 bits, so that its product with n is exact. */
NNC_FN double nnc_dexp_part(double x, int *n)
{
	static const double c[] = {
		0.5, 0.16666666666666682, 0.041666666666666088, 0.0083333333333169175,
		0.0013888888889117207, 0.00019841269896681221, 2.4801586924703559e-05,
		2.7557234558560862e-06, 2.7557582718669012e-07, 2.5112144565625758e-08,
		2.0826558475975853e-09
	};
	double k, a, b, r, rest;

	*n = (int)(x * 1.4426950408889634 + (x < 0 ? -0.5 : 0.5));
	k = *n;
	a = x - k * 0.69314718048553914;
	b = k * 7.4406171100123968e-11;
	r = a - b;
	rest = (a - r) - b;
	return r + (r * r * nnc_dpoly(c, 11, r) + (rest + r * rest));
}

NNC_FN double nnc_dexp(double x)
{
	int n;
	double p;

	if (!(x > -746))                                   /* 0, or NaN stays */
		return x < 0 ? 0 : x;
	if (x > 710)
		x = 710;                                   /* infinity, by overflow */
	p = nnc_dexp_part(x, &n) + 1;
	return p * nnc_dpow2(n / 2) * nnc_dpow2(n - n / 2);
}

/* log(x) = hi + lo for finite x > 0; corr is added to x relatively: x (1 + corr) is meant.
 * x = 2^k (1 + f), sqrt(1/2) < 1 + f < sqrt(2); s = f / (2 + f);
 * log(1 + f) = f - (f^2/2 - s (f^2/2 + R)), R = 2 atanh(s)/s - 2 a polynomial in s^2. */
NNC_FN double nnc_dlog_part(double x, double corr, double *lo)
{
	static const double c[] = {
		0.66666666666666663, 0.40000000000006286, 0.2857142856907296,
		0.22222222648749981, 0.18181775508616344, 0.15387097645276956,
		0.13249962175939378, 0.13252753334180101
	};
	const uint64_t root_half = UINT64_C(0x3fe6a09e667f3bcd);
	double k = 0, m, f, s, z, half, hi;
	uint64_t u;

	if (x < 2.2250738585072014e-308) {                 /* subnormal */
		x *= 18014398509481984.0;                  /* 2^54 */
		k = -54;
	}
	u = nnc_dbits(x) - root_half + (UINT64_C(1023) << 52);
	m = nnc_dfrombits((u & ((UINT64_C(1) << 52) - 1)) + root_half);
	k += (double)((int)(u >> 52) - 1023);
	corr *= m;
	f = (m - 1) + corr;
	corr += (m - 1) - f;                               /* what the sum has lost */
	s = f / (2 + f);
	z = s * s;
	half = 0.5 * f * f;
	hi = k * 0.69314718048553914 + f;
	*lo = k == 0 ? 0 : (k * 0.69314718048553914 - hi) + f;
	*lo += k * 7.4406171100123968e-11 + corr - (half - s * (half + z * nnc_dpoly(c, 8, z)));
	return hi;
}

NNC_FN double nnc_dlog(double x)
{
	double hi, lo;

	if (!(x > 0))
		return x == 0 ? -1 / nnc_dabs(x) : (x - x) / (x - x);
	if (x - x != 0)
		return x;                                  /* infinity */
	hi = nnc_dlog_part(x, 0, &lo);
	return hi + lo;
}

/* a^b by e^(b log a), the logarithm and its product with b in two parts each: an error of the
 * exponent is a relative error of the result. */
NNC_FN double nnc_dpow(double a, double b)
{
	const double split = 134217729.0;                  /* 2^27 + 1: Veltkamp's */
	double hi, lo, p, ah, al, bh, bl, y, size = nnc_dabs(a);
	int whole = nnc_dabs(b) >= 9007199254740992.0, odd = 0;

	if (b == 0 || a == 1)
		return 1;
	if (a != a || b != b)
		return a + b;
	if (!whole) {
		int64_t i = (int64_t)b;

		whole = (double)i == b;
		odd = whole && (i & 1);
	}
	if (b - b != 0)                                    /* b infinite */
		return size == 1 ? 1 : (size > 1) == (b > 0) ? nnc_dabs(b) : 0;
	if (size == 0 || size - size != 0) {
		y = (size == 0) == (b < 0) ? nnc_dfrombits(UINT64_C(0x7ff) << 52) : 0;
		return odd ? nnc_dcopysign(y, a) : y;
	}
	if (a < 0 && !whole)
		return (a - a) / (a - a);
	hi = nnc_dlog_part(size, 0, &lo);
	p = hi + lo;                                       /* normalise */
	lo = (hi - p) + lo;
	hi = p;
	p = b * hi;
	if (nnc_dabs(p) > 800 || nnc_dabs(b) > 1e300) {    /* overflow, underflow */
		y = nnc_dexp(p > 0 ? 800 : p < 0 ? -800 : 0);
		return odd && a < 0 ? -y : y;
	}
	/* p + lo = b * (hi + lo), the error of p by Dekker's product of halves. */
	ah = split * hi, ah -= ah - hi, al = hi - ah;
	bh = split * b, bh -= bh - b, bl = b - bh;
	lo = ((ah * bh - p) + ah * bl + al * bh) + al * bl + lo * b;
	y = nnc_dexp(p);
	if (y - y == 0)
		y += y * lo;
	return odd && a < 0 ? -y : y;
}

/* x = (q + 4 j) pi/2 + r for large x, by the digits of 2/pi that matter (Payne, Hanek 1983): x
 * is m 2^e with an integer m; digits of weight 4 / (m 2^e) and more only add multiples of 4. */
NNC_FN int nnc_dreduce_large(double x, double *r)
{
	/* 2/pi, 32 bits each, after 64 zeros */
	static const uint32_t digits[] = {
		0, 0, 0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0,
		0xdb629599, 0x3c439041, 0xfe5163ab, 0xdebbc561, 0xb7246e3a, 0x424dd2e0,
		0x06492eea, 0x09d1921c, 0xfe1deb1c, 0xb129a73e, 0xe88235f5, 0x2ebb4484,
		0xe99c7026, 0xb45f7e41, 0x3991d639, 0x835339f4, 0x9c845f8b, 0xbdf9283b,
		0x1ff897ff, 0xde05980f, 0xef2f118b, 0x5a0a6d1f, 0x6d367ecf, 0x27cb09b7,
		0x4f463f66, 0x9e5fea2d, 0x7527bac7, 0xebe5f17b, 0x3d0739f7, 0x8a5292ea,
		0x6bfb5fb1, 0x1f8d5d08, 0x56033046
	};
	uint64_t u = nnc_dbits(x), m = (u & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1) << 52;
	int e = (int)(u >> 52 & 2047) - 1075, at = e - 2 + 64, q;
	uint32_t p[6] = { 0 }, half[2] = { (uint32_t)m, (uint32_t)(m >> 32) };
	double first, second, sum, rest;

	/* p = m * (192 digits) modulo 2^192: the quotient modulo 4 in two bits, then its
	 * fraction. */
	for (int h = 0; h < 2; h++) {
		uint64_t carry = 0;

		for (int i = 5 - h; i >= 0; i--) {
			const uint32_t *d = digits + at / 32 + i + h;
			uint64_t two = (uint64_t)d[0] << 32 | d[1];

			carry += (uint64_t)half[h] * (uint32_t)(two >> (32 - at % 32)) + p[i];
			p[i] = (uint32_t)carry;
			carry >>= 32;
		}
	}
	q = (int)(p[0] >> 30);
	for (int i = 0; i < 5; i++)
		p[i] = p[i] << 2 | p[i + 1] >> 30;
	first = p[0];
	if (p[0] >> 31) {                                  /* to the nearest: fraction - 1 */
		first -= 4294967296.0;
		q++;
	}
	second = p[1] * 0x1p-32;
	sum = first + second;
	rest = (first - sum) + second + (p[2] * 0x1p-64 + p[3] * 0x1p-96);
	*r = (sum + rest) * (0x1p-32 * 1.5707963267948966);
	if (x < 0) {
		*r = -*r;
		q = -q;
	}
	return q & 3;
}

/* x = (q + 4 j) pi/2 + r + rest, |r| <= pi/4; returns q.  x is finite. */
NNC_FN int nnc_dreduce(double x, double *r, double *rest)
{
	double k, a, b, d;
	int n;

	if (nnc_dabs(x) > 500000) {
		*rest = 0;
		return nnc_dreduce_large(x, r);
	}
	n = (int)(x * 0.63661977236758138 + (x < 0 ? -0.5 : 0.5));
	k = n;
	a = x - k * 1.5707963267341256;                    /* 33 + 33 + 53 bits of pi/2 */
	b = k * 6.077100506303966e-11;
	d = a - b;
	*rest = ((a - d) - b) - k * 2.0222662487959506e-21;
	*r = d + *rest;
	*rest = (d - *r) + *rest;
	return (int)((unsigned)n & 3);
}

/* sin(x + quarters * pi/2) */
NNC_FN double nnc_dsine(double x, int quarters)
{
	static const double s[] = {
		-0.16666666666666666, 0.0083333333333333228, -0.00019841269841254649,
		2.755731921398522e-06, -2.5052104860785555e-08, 1.6058360440745763e-10,
		-7.5784032954672174e-13
	};
	static const double c[] = {
		0.041666666666666595, -0.0013888888888872895, 2.4801587288748074e-05,
		-2.7557314148601399e-07, 2.0875696570596589e-09, -1.1358310424921789e-11
	};
	double r, rest, z, y, w;
	int q;

	if (x - x != 0)
		return (x - x) / (x - x);                  /* infinity, NaN */
	q = nnc_dreduce(x, &r, &rest) + quarters;
	z = r * r;
	if (q & 1) {
		w = 1 - 0.5 * z;
		y = w + (((1 - w) - 0.5 * z) + (z * z * nnc_dpoly(c, 6, z) - r * rest));
	} else {
		y = r + (r * z * nnc_dpoly(s, 7, z) + rest * (1 - 0.5 * z));
	}
	return q & 2 ? -y : y;
}

NNC_FN double nnc_dsin(double x)
{
	return nnc_dabs(x) < 1e-8 ? x : nnc_dsine(x, 0);   /* keeps -0 */
}

NNC_FN double nnc_dcos(double x)
{
	return nnc_dsine(x, 1);
}

#ifdef NNC_F64

/* e^x - 1 = 2^n (e^r - 1) + (2^n - 1) */
NNC_FN double nnc_dexpm1(double x)
{
	double p;
	int n;

	if (x < -40)
		return -1;
	if (!(x < 710) || nnc_dabs(x) < 1e-300)
		return x < 710 ? x : nnc_dexp(x);
	p = nnc_dexp_part(x, &n);
	/* half of it, so that n = 1024 does not overflow */
	return 2 * (p * nnc_dpow2(n - 1) + (nnc_dpow2(n - 1) - 0.5));
}

/* log(1 + x) = log(u (1 + c / u)), u = 1 + x rounded, c what is lost. */
NNC_FN double nnc_dlog1p(double x)
{
	double u = 1 + x, c, hi, lo;

	if (!(x > -1) || x - x != 0 || nnc_dabs(x) < 1e-17)
		return nnc_dabs(x) < 1e-17 ? x : nnc_dlog(u);
	c = nnc_dabs(x) < 1 ? x - (u - 1) : 1 - (u - x);
	hi = nnc_dlog_part(u, c / u, &lo);
	return hi + lo;
}

NNC_FN double nnc_dtanh(double x)
{
	double a = nnc_dabs(x), t = nnc_dexpm1(2 * (a > 20 ? 20 : a));

	return nnc_dcopysign(t / (t + 2), x);
}

/* Below 1 an odd polynomial; above, 1 - e^(-x^2) E(x), E(x) = e^(x^2) erfc(x) a polynomial in
 * (x - 2) / (x + 2). */
NNC_FN double nnc_derf(double x)
{
	static const double c[] = {
		0.12837916709551256, -0.37612638903183521, 0.11283791670944185,
		-0.026866170643111455, 0.0052239776061184049, -0.00085483259293132809,
		0.00012055293576922489, -1.4924712303422939e-05, 1.6447131599322166e-06,
		-1.6206314042457462e-07, 1.3710981878830126e-08, -7.779471648466533e-10
	};
	static const double d[] = {
		0.25539567631050591, -0.42718584741400373, 0.24165819424166818,
		-0.078978581011474869, 0.0037328925120665283, 0.0069974618507596025,
		-0.00084714691248288332, -0.0009819849339948838, 4.3610393398023939e-05,
		0.00017448901940983797, 2.7090286097449357e-05, -2.8439753450617503e-05,
		-1.2067991711256523e-05, 3.6991262822150851e-06
	};
	double a = nnc_dabs(x);

	if (a < 1)
		return a < 1e-300 ? x * 1.1283791670955126 : x + x * nnc_dpoly(c, 12, x * x);
	if (a > 6)
		return nnc_dcopysign(1, x);
	a = 1 - nnc_dexp(-a * a) * nnc_dpoly(d, 14, (a - 2) / (a + 2));
	return nnc_dcopysign(a, x);
}

NNC_FN nnc_real nnc_exp(nnc_real x) { return nnc_dexp(x); }
NNC_FN nnc_real nnc_log(nnc_real x) { return nnc_dlog(x); }
NNC_FN nnc_real nnc_log1p(nnc_real x) { return nnc_dlog1p(x); }
NNC_FN nnc_real nnc_expm1(nnc_real x) { return nnc_dexpm1(x); }
NNC_FN nnc_real nnc_tanh(nnc_real x) { return nnc_dtanh(x); }
NNC_FN nnc_real nnc_erf(nnc_real x) { return nnc_derf(x); }

#endif

NNC_FN nnc_real nnc_sin(nnc_real x) { return (nnc_real)nnc_dsin((double)x); }
NNC_FN nnc_real nnc_cos(nnc_real x) { return (nnc_real)nnc_dcos((double)x); }
NNC_FN nnc_real nnc_pow(nnc_real a, nnc_real b)
{
	return (nnc_real)nnc_dpow((double)a, (double)b);
}

#endif

NNC_LANES(sin)
NNC_LANES(cos)
NNC_LANES2(pow)

#if defined(NNC_LIBM) || defined(NNC_F64)

NNC_FN nnc_real nnc_sigmoid(nnc_real x)
{
	nnc_real e = nnc_exp(-nnc_abs(x));                 /* <= 1: does not overflow */

	return (x < 0 ? e : 1) / (1 + e);
}

NNC_LANES(exp)
NNC_LANES(log)
NNC_LANES(log1p)
NNC_LANES(expm1)
NNC_LANES(tanh)
NNC_LANES(erf)
NNC_LANES(sigmoid)

#else

/* ---- float ------------------------------------------------------------------------------- */

/* p * x + c, a step of Horner's rule. */
NNC_FN nncv_real nncv_step(nncv_real p, nncv_real x, float c)
{
	return nncv_fma(p, x, nncv_set1(c));
}

/* The integer nearest to x * scale, as a number and (unless x is NaN) in *n modulo 2^32;
 * |x * scale| < 2^21. */
NNC_FN nncv_real nncv_nearest(nncv_real x, float scale, nncv_uint *n)
{
#if NNC_VL > 1
	/* In x * scale + 1.5 * 2^23 a unit of the last place is 1. */
	nncv_real z = nncv_step(x, nncv_set1(scale), 12582912.0f);

	*n = nncv_bits(z) - 0x4b400000u;
	return z - 12582912.0f;
#else
	float y = x * scale;
	int32_t i = y != y ? 0 : (int32_t)(y + (y < 0 ? -0.5f : 0.5f));

	*n = (uint32_t)i;
	return (float)i;
#endif
}

/* 2^n, -127 <= n <= 128, the ends being 0 and infinity; n modulo 2^32. */
NNC_FN nncv_real nncv_pow2(nncv_uint n)
{
	return nncv_frombits((n + 127u) << 23);
}

/* p 2^n, the power in two steps: -252 <= n <= 254.  k is n as a number. */
NNC_FN nncv_real nncv_scale(nncv_real p, nncv_uint n, nncv_real k)
{
#ifdef NNC_X512
	(void)n;
	return _mm512_scalef_ps(p, k);
#else
	nncv_uint half = ((n + 512u) >> 1) - 256u;         /* n / 2, rounded down */

	(void)k;
	return p * nncv_pow2(half) * nncv_pow2(n - half);
#endif
}

/* x = n ln 2 + r, |r| <= ln 2 / 2; returns q: e^r = 1 + r + r^2 q.  |x| < 128; k is n as a
 * number. ln 2 is 355/512 and a rest, so that the first product is exact. */
NNC_FN nncv_real nncv_exp_part(nncv_real x, nncv_uint *n, nncv_real *k, nncv_real *r)
{
	nncv_real q;

	*k = nncv_nearest(x, 1.44269502f, n);
	*r = nncv_fma(*k, nncv_set1(-0.693359375f), x);
	*r = nncv_fma(*k, nncv_set1(0.000212194442f), *r);
	q = nncv_set1(0.00138144707f);
	q = nncv_step(q, *r, 0.00836877991f);
	q = nncv_step(q, *r, 0.0416683927f);
	q = nncv_step(q, *r, 0.166665196f);
	return nncv_step(q, *r, 0.49999994f);
}

/* e^x, -126 ln 2 <= x <= 127 ln 2. */
NNC_FN nncv_real nncv_exp_small(nncv_real x)
{
	nncv_uint n;
	nncv_real k, r, q = nncv_exp_part(x, &n, &k, &r);

	return (1 + nncv_fma(q, r * r, r)) * nncv_pow2(n);
}

/* From -104 on the result is 0, from 89 on infinity, both by scaling. */
NNC_FN nncv_real nncv_exp(nncv_real x)
{
	nncv_uint n;
	nncv_real k, r, q = nncv_exp_part(nncv_clip(x, -104.0f, 89.0f), &n, &k, &r);

	return nncv_scale(1 + nncv_fma(q, r * r, r), n, k);
}

/* e^x - 1 = 2^n (r + r^2 q) + (2^n - 1): first r and 2^n - 1, where they may cancel. */
NNC_FN nncv_real nncv_expm1(nncv_real x)
{
	nncv_uint n;
	nncv_real k, r, q = nncv_exp_part(nncv_clip(x, -18.0f, 89.0f), &n, &k, &r), y;
	nncv_real half = nncv_pow2(n - 1u);                /* n = 128 would overflow */

	y = nncv_fma(r, half, half - 0.5f);
	y = 2 * nncv_fma(q * (r * r), half, y);
	return nncv_copysign(y, x);                        /* it has the sign of x: -0 */
}

/* m 2^k = u, sqrt(1/2) <= m < sqrt(2), for normal u; k as a number. */
NNC_FN nncv_real nncv_significand(nncv_real u, nncv_real *k)
{
	/* The bits of sqrt(1/2) are 0x3f3504f3.  k + 127 becomes a number as 2^23 + k + 127. */
	nncv_uint b = nncv_bits(u) + (0x3f800000u - 0x3f3504f3u);

	*k = nncv_frombits((b >> 23) | 0x4b000000u) - 8388735.0f;
	return nncv_frombits((b & 0x007fffffu) + 0x3f3504f3u);
}

/* log(1 + f) + k ln 2, sqrt(1/2) <= 1 + f <= sqrt(2):  f - f^2/2 + f^3 P(f). */
NNC_FN nncv_real nncv_log_part(nncv_real f, nncv_real k)
{
	nncv_real z = f * f, p;

	p = nncv_set1(-0.0763438568f);
	p = nncv_step(p, f, 0.127615362f);
	p = nncv_step(p, f, -0.131602108f);
	p = nncv_step(p, f, 0.142017677f);
	p = nncv_step(p, f, -0.166233554f);
	p = nncv_step(p, f, 0.200012267f);
	p = nncv_step(p, f, -0.250008225f);
	p = nncv_step(p, f, 0.333333313f);
	p = p * f * z;
	p = nncv_fma(k, nncv_set1(-0.000212194442f), p);
	p = nncv_fma(z, nncv_set1(-0.5f), p);
	return nncv_fma(k, nncv_set1(0.693359375f), f + p);
}

/* y = log(u) where that is finite; what u = 0, u < 0, infinity and NaN give. */
NNC_FN nncv_real nncv_log_ends(nncv_real u, nncv_real y)
{
	nncv_real zero = nncv_set1(0), inf = nncv_frombits(nncv_bits(zero) + 0x7f800000u);
	nncv_real nan = nncv_frombits(nncv_bits(zero) + 0x7fc00000u);

	y = nncv_sel(nncv_lt(u, inf), y, u);
	return nncv_sel(nncv_lt(zero, u), y, nncv_sel(nncv_eq(u, zero), -inf, nan));
}

NNC_FN nncv_real nncv_log(nncv_real x)
{
	/* Subnormal: times 2^23. */
	nncv_int low = nncv_lt(x, nncv_set1(1.17549435e-38f));
	nncv_real k, m = nncv_significand(nncv_sel(low, x * 8388608.0f, x), &k);

	k = k - nncv_sel(low, nncv_set1(23), nncv_set1(0));
	return nncv_log_ends(x, nncv_log_part(m - 1, k));
}

/* log(u + c), u = 1 + x rounded and c what is lost (Knuth's TwoSum): with u = m 2^k,
 * f = (m - 1) + c 2^-k is rounded only once, and is x if k = 0. */
NNC_FN nncv_real nncv_log1p(nncv_real x)
{
	nncv_real u = x + 1, b = u - x, c = (x - (u - b)) + (1 - b);
	nncv_real k, m = nncv_significand(u, &k), y;
	nncv_real four = nncv_frombits(nncv_bits(m) - nncv_bits(u) + 0x40800000u); /* 4 2^-k */
	nncv_real f = (m - 1) + c * (0.25f * four);

	y = nncv_log_ends(u, nncv_log_part(f, k));
	return nncv_copysign(y, x);                        /* -0 */
}

/* |x| < 0.625: x + x^3 P(x^2); beyond, 1 - 2 / (e^(2 |x|) + 1), which is 1 from 9.02 on. */
NNC_FN nncv_real nncv_tanh(nncv_real x)
{
	nncv_real a = nncv_clip(nncv_abs(x), 0.0f, 10.0f), z = a * a, p, e;

	p = nncv_set1(-0.00569739379f);
	p = nncv_step(p, z, 0.0206325538f);
	p = nncv_step(p, z, -0.0537378006f);
	p = nncv_step(p, z, 0.133314207f);
	p = nncv_step(p, z, -0.333332807f);
	p = nncv_fma(p * z, a, a);
	e = 1 - 2 / (nncv_exp_small(a + a) + 1);
	return nncv_copysign(nncv_sel(nncv_lt(a, nncv_set1(0.625f)), p, e), x);
}

/* e = e^-|x| <= 1:  1 / (1 + e), or e / (1 + e) for x < 0.  Three roundings, of e, 1 + e and
 * the quotient, would be 2.2 ulp together; so the quotient is corrected for the first two.  In
 * the correction, linear functions stand for 1 / p (6 % off) and 1 / s (9 %). */
NNC_FN nncv_real nncv_sigmoid(nncv_real x)
{
	nncv_uint n;
	nncv_real k, r, q, p, e, s, y, lost_p, lost_s, correct;
	nncv_int negative = nncv_lt(x, nncv_set1(0));

	q = nncv_exp_part(-nncv_clip(nncv_abs(x), 0.0f, 104.0f), &n, &k, &r);
	r = nncv_fma(q, r * r, r);
	p = 1 + r;
	lost_p = r - (p - 1);
	e = nncv_scale(p, n, k);
	s = 1 + e;
	lost_s = ((1 - s) + e) + nncv_scale(lost_p, n, k);
	y = nncv_sel(negative, e, nncv_set1(1)) / s;
	correct = nncv_sel(negative, lost_p * (2.06f - p), nncv_set1(0));
	correct = correct - lost_s * (1 - 0.5f * e);
	return nncv_fma(y, correct, y);
}

/* |x| < 0.92: x + x P(x^2); beyond, 1 - e^-(x + x Q(x)), which is 1 from 3.92 on. */
NNC_FN nncv_real nncv_erf(nncv_real x)
{
	nncv_real a = nncv_clip(nncv_abs(x), 0.0f, 4.0f), z = a * a, p, q;

	p = nncv_set1(-0.000595374499f);
	p = nncv_step(p, z, 0.00498594157f);
	p = nncv_step(p, z, -0.0267617218f);
	p = nncv_step(p, z, 0.112816826f);
	p = nncv_step(p, z, -0.376124799f);
	p = nncv_step(p, z, 0.128379151f);
	p = nncv_fma(p, a, a);
	q = nncv_set1(-0.000213531093f);
	q = nncv_step(q, a, 0.00321130455f);
	q = nncv_step(q, a, -0.0228785742f);
	q = nncv_step(q, a, 0.105244614f);
	q = nncv_step(q, a, 0.635730982f);
	q = nncv_step(q, a, 0.128510758f);
	q = 1 - nncv_exp_small(-nncv_fma(q, a, a));
	return nncv_copysign(nncv_sel(nncv_lt(a, nncv_set1(0.92f)), p, q), x);
}

NNC_FIRST(exp)
NNC_FIRST(log)
NNC_FIRST(log1p)
NNC_FIRST(expm1)
NNC_FIRST(tanh)
NNC_FIRST(sigmoid)
NNC_FIRST(erf)

#endif
#endif
