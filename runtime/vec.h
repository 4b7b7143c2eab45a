/* vec.h - one number type and one vector type for every kernel.
 *
 * In:    macros.  NNC_F64: nnc_real is double, else float.  NNC_SCALAR: no vectors.
 *        NNC_STRICT: no vectors, and nnc_fma in two roundings, so that the bits depend on no
 *        compiler and no CPU.
 * Out:   nnc_real, nnc_int, NNC_VL; nncv_real and nncv_int: NNC_VL lanes of each; the functions
 *        nnc_X on one number and nncv_X on each lane.
 * Holds: nnc_X and every lane of nncv_X give the same bits in one build.  With NNC_VL 1 the
 *        vector types are the scalar ones and nncv_X is nnc_X.
 *
 * Vectors are GNU vectors, never wider than the target's registers.  Comparisons of vectors
 * give nncv_int lanes of 0 or -1; of numbers, an int 0 or 1.  Masks are combined by and, or,
 * not only.  No library, no errno: what this file needs beyond C99 it takes from intrinsics.
 * Compile with -ffp-contract=off: products and sums are fused where nnc_fma says so, not
 * elsewhere.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNC_VEC_H
#define NNC_VEC_H

#include <stdint.h>

#ifdef __FAST_MATH__
#error "nnc: -ffast-math breaks the functions of this file; compile without it"
#endif
#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#endif

#if defined(__GNUC__) && !defined(__TINYC__)
#define NNC_GNU 1
#define NNC_FN static inline __attribute__((unused))
#define NNC_ALIGNED __attribute__((aligned(64)))
/* A kernel that fills the registers: what is kept in them around a call must not push it out. */
#define NNC_APART static __attribute__((noinline))
#else
#define NNC_GNU 0
#define NNC_FN static inline
#define NNC_ALIGNED
#define NNC_APART static
#endif

/* ---- types ------------------------------------------------------------------------------- */

#ifdef NNC_F64
typedef double nnc_real;
typedef int64_t nnc_int;
typedef uint64_t nnc_uint;
#define NNC_SIGN UINT64_C(0x8000000000000000)
#define NNC_WHOLE 4503599627370496.0   /* 2^52: from here on there are no fractions           */
#define NNC_IF64(f32, f64) f64
#else
typedef float nnc_real;
typedef int32_t nnc_int;
typedef uint32_t nnc_uint;
#define NNC_SIGN UINT32_C(0x80000000)
#define NNC_WHOLE 8388608.0f           /* 2^23                                                */
#define NNC_IF64(f32, f64) f32
#endif

/* Lanes.  Wider than the target's registers is correct but 30 times slower. */
#if !NNC_GNU || defined(NNC_SCALAR) || defined(NNC_STRICT)
#define NNC_VL 1
#elif defined(__AVX512F__)
#define NNC_VL NNC_IF64(16, 8)
#elif defined(__AVX__)
#define NNC_VL NNC_IF64(8, 4)
#elif defined(__SSE2__) || (defined(__ARM_NEON) && defined(__aarch64__)) || \
	(defined(__VSX__) && !defined(__clang__))
#define NNC_VL NNC_IF64(4, 2)
#elif defined(__ARM_NEON)
#define NNC_VL NNC_IF64(4, 1)
#else
#define NNC_VL 1
#endif

/* A name for "intrinsics of this family apply to nncv_real". */
#if NNC_VL > 1 && defined(__AVX512F__)
#define NNC_X512 1
#elif NNC_VL > 1 && defined(__AVX__)
#define NNC_X256 1
#elif NNC_VL > 1 && defined(__SSE2__)
#define NNC_X128 1
#elif NNC_VL > 1 && defined(__aarch64__)
#define NNC_A64 1
#endif

#if defined(NNC_X512) || defined(NNC_X256)
#include <immintrin.h>
#elif defined(NNC_X128) && defined(__SSE4_1__)
#include <smmintrin.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

#if NNC_VL > 1
typedef nnc_real nncv_real __attribute__((vector_size(NNC_VL * sizeof(nnc_real))));
typedef nnc_int nncv_int __attribute__((vector_size(NNC_VL * sizeof(nnc_real))));
typedef nnc_uint nncv_uint __attribute__((vector_size(NNC_VL * sizeof(nnc_real))));
/* The same at any address of an nnc_real. */
typedef nnc_real nncv_loose __attribute__((vector_size(NNC_VL * sizeof(nnc_real)),
                                           aligned(sizeof(nnc_real)), may_alias));
typedef unsigned char nncv_byte __attribute__((vector_size(NNC_VL), aligned(1), may_alias));
#else
typedef nnc_real nncv_real;
typedef nnc_int nncv_int;
typedef nnc_uint nncv_uint;
#endif

/* ---- numbers ----------------------------------------------------------------------------- */

#define nnc_sel(c, a, b) ((c) ? (a) : (b))
#define nnc_and(a, b) ((a) && (b))
#define nnc_or(a, b) ((a) || (b))
#define nnc_not(a) (!(a))
#define nnc_lt(a, b) ((a) < (b))
#define nnc_le(a, b) ((a) <= (b))
#define nnc_eq(a, b) ((a) == (b))
#define nnc_ne(a, b) ((a) != (b))

/* The bits of a number, and back. */
NNC_FN nnc_uint nnc_bits(nnc_real x)
{
	union { nnc_real real; nnc_uint bits; } u;
	u.real = x;
	return u.bits;
}

NNC_FN nnc_real nnc_frombits(nnc_uint x)
{
	union { nnc_uint bits; nnc_real real; } u;
	u.bits = x;
	return u.real;
}

/* a * b + c; in one rounding if the target has the instruction. */
NNC_FN nnc_real nnc_fma(nnc_real a, nnc_real b, nnc_real c)
{
#if !NNC_GNU || defined(NNC_STRICT)
	return a * b + c;
#elif defined(__FMA__) || defined(__AVX512F__) || \
	(defined(__ARM_FEATURE_FMA) && (defined(__aarch64__) || (__ARM_FP & NNC_IF64(4, 8))))
	return NNC_IF64(__builtin_fmaf, __builtin_fma)(a, b, c);
#else
	return a * b + c;
#endif
}

NNC_FN nnc_real nnc_abs(nnc_real x)
{
	return nnc_frombits(nnc_bits(x) & ~NNC_SIGN);
}

/* |x| with the sign of s. */
NNC_FN nnc_real nnc_copysign(nnc_real x, nnc_real s)
{
	return nnc_frombits((nnc_bits(x) & ~NNC_SIGN) | (nnc_bits(s) & NNC_SIGN));
}

/* PyTorch's maximum and minimum: NaN if either is; b if they are equal. */
NNC_FN nnc_real nnc_max(nnc_real a, nnc_real b)
{
	return a > b || a != a ? a : b;
}

NNC_FN nnc_real nnc_min(nnc_real a, nnc_real b)
{
	return a < b || a != a ? a : b;
}

/* 1, -1, or 0 for 0, -0 and NaN: PyTorch's sign. */
NNC_FN nnc_real nnc_sign(nnc_real x)
{
	return (nnc_real)((x > 0) - (x < 0));
}

/* The integer part, sign kept (-0.5 gives -0). */
NNC_FN nnc_real nnc_trunc(nnc_real x)
{
	return nnc_abs(x) < NNC_WHOLE ? nnc_copysign((nnc_real)(nnc_int)x, x) : x;
}

NNC_FN nnc_real nnc_floor(nnc_real x)
{
	nnc_real t = nnc_trunc(x);

	return t > x ? t - 1 : t;
}

NNC_FN nnc_real nnc_ceil(nnc_real x)
{
	nnc_real t = nnc_trunc(x);

	return t < x ? nnc_copysign(t + 1, x) : t;
}

/* To the nearest integer, halves to the even one: IEEE 754 roundToIntegralTiesToEven. */
NNC_FN nnc_real nnc_round(nnc_real x)
{
	nnc_real t = nnc_trunc(x), d = nnc_abs(x - t);     /* d is exact */

	if (d > (nnc_real)0.5 || (d >= (nnc_real)0.5 && ((nnc_int)t & 1)))
		t += nnc_copysign(1, x);
	return t;
}

/* Square root of a finite number > 0 with integers, for targets without the instruction: the
 * root of the significand, one bit a round, and one bit more to round by. */
NNC_FN nnc_real nnc_root(nnc_real x)
{
	const int digits = NNC_IF64(23, 52), bias = NNC_IF64(127, 1023);
	nnc_uint u = nnc_bits(x), m = u & (((nnc_uint)1 << digits) - 1), rest = 0, root = 0;
	int e = (int)(u >> digits) - bias;

	if (e == -bias) {
		/* Subnormal: x = m * 2^(1 - bias - digits). */
		for (e++; !(m >> digits); e--)
			m <<= 1;
	}
	m |= (nnc_uint)1 << digits;
	if (e & 1)
		m <<= 1, e--;
	/* Two bits of m a round; the first round sees bits digits+1 and digits. */
	for (int i = 0; i < digits + 2; i++) {
		rest = rest << 2 | (m >> digits & 3);
		m = (m & (((nnc_uint)1 << digits) - 1)) << 2;
		root <<= 1;
		if (rest > 2 * root)
			rest -= 2 * root + 1, root++;
	}
	/* Never a tie: the square of a number that ends in this bit has too many digits. */
	root = (root >> 1) + (root & 1);
	return nnc_frombits(root + ((nnc_uint)(e / 2 + bias - 1) << digits));
}

/* The correctly rounded square root; NaN below 0. */
NNC_FN nnc_real nnc_sqrt(nnc_real x)
{
#if defined(__SSE2__) && defined(NNC_F64)
	__m128d v = _mm_set_sd(x);
	return _mm_cvtsd_f64(_mm_sqrt_sd(v, v));
#elif defined(__SSE2__)
	return _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(x)));
#elif NNC_GNU && defined(__aarch64__) && defined(NNC_F64)
	double y;
	__asm__("fsqrt %d0, %d1" : "=w"(y) : "w"(x));
	return y;
#elif NNC_GNU && defined(__aarch64__)
	float y;
	__asm__("fsqrt %s0, %s1" : "=w"(y) : "w"(x));
	return y;
#elif NNC_GNU && defined(__arm__) && defined(__ARM_FP) && (__ARM_FP & 4) && !defined(NNC_F64)
	float y;
	__asm__("vsqrt.f32 %0, %1" : "=t"(y) : "t"(x));
	return y;
#else
	if (x != x || x < 0)
		return (x - x) / (x - x);
	return nnc_bits(x + x) == nnc_bits(x) || x == 0 ? x : nnc_root(x);
#endif
}

/* ---- vectors ----------------------------------------------------------------------------- */

#if NNC_VL == 1

#define nncv_sel nnc_sel
#define nncv_and nnc_and
#define nncv_or nnc_or
#define nncv_not nnc_not
#define nncv_lt nnc_lt
#define nncv_le nnc_le
#define nncv_eq nnc_eq
#define nncv_ne nnc_ne
#define nncv_bits nnc_bits
#define nncv_frombits nnc_frombits
#define nncv_fma nnc_fma
#define nncv_abs nnc_abs
#define nncv_copysign nnc_copysign
#define nncv_max nnc_max
#define nncv_min nnc_min
#define nncv_sign nnc_sign
#define nncv_floor nnc_floor
#define nncv_ceil nnc_ceil
#define nncv_round nnc_round
#define nncv_sqrt nnc_sqrt
#define nncv_clip(x, lo, hi) ((x) < (lo) ? (lo) : (x) > (hi) ? (hi) : (x))

NNC_FN nncv_real nncv_load(const nnc_real *p) { return *p; }
NNC_FN void nncv_store(nnc_real *p, nncv_real v) { *p = v; }
NNC_FN nncv_real nncv_loadn(const nnc_real *p, int n) { return n > 0 ? *p : 0; }
NNC_FN void nncv_storen(nnc_real *p, nncv_real v, int n) { if (n > 0) *p = v; }
NNC_FN nncv_real nncv_set1(nnc_real x) { return x; }
NNC_FN nncv_int nncv_seti(nnc_int x) { return x; }
NNC_FN nnc_real nncv_first(nncv_real v) { return v; }
NNC_FN nnc_real nncv_hsum(nncv_real v) { return v; }
NNC_FN nnc_real nncv_hprod(nncv_real v) { return v; }
NNC_FN nnc_real nncv_hmax(nncv_real v) { return v; }
NNC_FN nnc_real nncv_hmin(nncv_real v) { return v; }
NNC_FN nncv_real nncv_bytes(const unsigned char *p) { return *p; }
NNC_FN nncv_real nncv_bytesn(const unsigned char *p, int n) { return n > 0 ? *p : 0; }
NNC_FN nncv_real nncv_iota(void) { return 0; }
NNC_FN nncv_int nncv_from(nnc_int x) { return x; }
#define nncv_ilt nnc_lt
#define nncv_ile nnc_le
#define nncv_ieq nnc_eq
#define nncv_ine nnc_ne
NNC_FN void nncv_ahead(const nnc_real *p) { (void)p; }
NNC_FN void nncv_transpose(nnc_real *to, int to_step, const nnc_real *from, int from_step)
{
	(void)to_step;
	(void)from_step;
	*to = *from;
}

#else

/* NNC_XI(sqrt)(x) is the intrinsic of this width and type, as _mm512_sqrt_ps. */
#define NNC_PASTE(a, b, c) a##b##c
#ifdef NNC_X512
#define NNC_XI(name) NNC_IF64(NNC_PASTE(_mm512_, name, _ps), NNC_PASTE(_mm512_, name, _pd))
#elif defined(NNC_X256)
#define NNC_XI(name) NNC_IF64(NNC_PASTE(_mm256_, name, _ps), NNC_PASTE(_mm256_, name, _pd))
#elif defined(NNC_X128)
#define NNC_XI(name) NNC_IF64(NNC_PASTE(_mm_, name, _ps), NNC_PASTE(_mm_, name, _pd))
#elif defined(NNC_A64)
#define NNC_XI(name) NNC_IF64(NNC_PASTE(v, name, q_f32), NNC_PASTE(v, name, q_f64))
typedef NNC_IF64(float32x4_t, float64x2_t) nncv_arm;
#endif
#if defined(NNC_X512) || defined(NNC_X256) || defined(NNC_X128)
#define NNC_X86 1
#endif

/* Lanes as an array. */
typedef union { nncv_real v; nnc_real lane[NNC_VL]; } nncv_lanes;

NNC_FN nncv_real nncv_load(const nnc_real *p)
{
	return *(const nncv_loose *)p;
}

NNC_FN void nncv_store(nnc_real *p, nncv_real v)
{
	*(nncv_loose *)p = v;
}

/* The two vectors at p will be written: their cache lines may come. */
NNC_FN void nncv_ahead(const nnc_real *p)
{
	__builtin_prefetch(p, 1);
	if (2 * NNC_VL * sizeof *p > 64)
		__builtin_prefetch(p + NNC_VL, 1);
}

NNC_FN nncv_real nncv_set1(nnc_real x)
{
	return x - (nncv_real){ 0 };
}

NNC_FN nncv_int nncv_seti(nnc_int x)
{
	return x - (nncv_int){ 0 };
}

NNC_FN nnc_real nncv_first(nncv_real v)
{
	return v[0];
}

/* 0, 1, 2, ... */
NNC_FN nncv_real nncv_iota(void)
{
	nncv_lanes u;

	for (int i = 0; i < NNC_VL; i++)
		u.lane[i] = (nnc_real)i;
	return u.v;
}

/* x, x + 1, x + 2, ... */
NNC_FN nncv_int nncv_from(nnc_int x)
{
	union { nncv_int v; nnc_int lane[NNC_VL]; } u;

	for (int i = 0; i < NNC_VL; i++)
		u.lane[i] = i;
	return u.v + x;
}

/* Set in the first n lanes. */
NNC_FN nncv_int nncv_firstn(int n)
{
	union { nncv_int v; nnc_int lane[NNC_VL]; } u;

	for (int i = 0; i < NNC_VL; i++)
		u.lane[i] = i;
	return (nncv_int)(u.v < nncv_seti(n));
}

/* The first n lanes, 0 <= n <= NNC_VL; the others are 0.  Reads nothing beyond p[n-1]. */
NNC_FN nncv_real nncv_loadn(const nnc_real *p, int n)
{
#ifdef NNC_X512
	return NNC_XI(maskz_loadu)(NNC_IF64((__mmask16), (__mmask8))((1u << n) - 1), p);
#elif defined(NNC_X256)
	return NNC_XI(maskload)(p, (__m256i)nncv_firstn(n));
#else
	nncv_lanes u = { { 0 } };

	for (int i = 0; i < n; i++)
		u.lane[i] = p[i];
	return u.v;
#endif
}

/* Bytes as numbers: NNC_VL of them, or the first n lanes. */
NNC_FN nncv_real nncv_bytes(const unsigned char *p)
{
	return __builtin_convertvector(__builtin_convertvector(*(const nncv_byte *)p, nncv_int),
	                               nncv_real);
}

NNC_FN nncv_real nncv_bytesn(const unsigned char *p, int n)
{
	nncv_lanes u = { { 0 } };

	for (int i = 0; i < n; i++)
		u.lane[i] = p[i];
	return u.v;
}

/* Writes the first n lanes and nothing beyond p[n-1]. */
NNC_FN void nncv_storen(nnc_real *p, nncv_real v, int n)
{
#ifdef NNC_X512
	NNC_XI(mask_storeu)(p, NNC_IF64((__mmask16), (__mmask8))((1u << n) - 1), v);
#elif defined(NNC_X256)
	NNC_XI(maskstore)(p, (__m256i)nncv_firstn(n), v);
#else
	nncv_lanes u;

	u.v = v;
	for (int i = 0; i < n; i++)
		p[i] = u.lane[i];
#endif
}

NNC_FN nncv_uint nncv_bits(nncv_real x) { return (nncv_uint)x; }
NNC_FN nncv_real nncv_frombits(nncv_uint x) { return (nncv_real)x; }
NNC_FN nncv_int nncv_lt(nncv_real a, nncv_real b) { return (nncv_int)(a < b); }
NNC_FN nncv_int nncv_le(nncv_real a, nncv_real b) { return (nncv_int)(a <= b); }
NNC_FN nncv_int nncv_eq(nncv_real a, nncv_real b) { return (nncv_int)(a == b); }
NNC_FN nncv_int nncv_ne(nncv_real a, nncv_real b) { return (nncv_int)(a != b); }
NNC_FN nncv_int nncv_ilt(nncv_int a, nncv_int b) { return (nncv_int)(a < b); }
NNC_FN nncv_int nncv_ile(nncv_int a, nncv_int b) { return (nncv_int)(a <= b); }
NNC_FN nncv_int nncv_ieq(nncv_int a, nncv_int b) { return (nncv_int)(a == b); }
NNC_FN nncv_int nncv_ine(nncv_int a, nncv_int b) { return (nncv_int)(a != b); }
NNC_FN nncv_int nncv_and(nncv_int a, nncv_int b) { return a & b; }
NNC_FN nncv_int nncv_or(nncv_int a, nncv_int b) { return a | b; }
NNC_FN nncv_int nncv_not(nncv_int a) { return ~a; }

/* a where the mask is set, b elsewhere. */
NNC_FN nncv_real nncv_sel(nncv_int mask, nncv_real a, nncv_real b)
{
#if defined(NNC_X256) || (defined(NNC_X128) && defined(__SSE4_1__))
	return NNC_XI(blendv)(b, a, (nncv_real)mask);
#else
	return (nncv_real)((mask & (nncv_int)a) | (~mask & (nncv_int)b));
#endif
}

NNC_FN nncv_real nncv_fma(nncv_real a, nncv_real b, nncv_real c)
{
#if defined(NNC_X512) || (defined(NNC_X256) && defined(__FMA__))
	return NNC_XI(fmadd)(a, b, c);
#elif defined(NNC_A64)
	return (nncv_real)NNC_XI(fma)((nncv_arm)c, (nncv_arm)a, (nncv_arm)b);
#elif defined(__ARM_FEATURE_FMA) && defined(__ARM_NEON) && !defined(NNC_F64)
	return (nncv_real)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
#else
	return a * b + c;
#endif
}

NNC_FN nncv_real nncv_abs(nncv_real x)
{
	return (nncv_real)((nncv_uint)x & ~NNC_SIGN);
}

NNC_FN nncv_real nncv_copysign(nncv_real x, nncv_real s)
{
	return (nncv_real)(((nncv_uint)x & ~NNC_SIGN) | ((nncv_uint)s & NNC_SIGN));
}

/* a > b ? a : b; the second if either is NaN. */
NNC_FN nncv_real nncv_greater(nncv_real a, nncv_real b)
{
#ifdef NNC_X86
	return NNC_XI(max)(a, b);
#else
	return nncv_sel(nncv_lt(b, a), a, b);
#endif
}

/* a < b ? a : b; the second if either is NaN. */
NNC_FN nncv_real nncv_lesser(nncv_real a, nncv_real b)
{
#ifdef NNC_X86
	return NNC_XI(min)(a, b);
#else
	return nncv_sel(nncv_lt(a, b), a, b);
#endif
}

NNC_FN nncv_real nncv_max(nncv_real a, nncv_real b)
{
	return nncv_sel(nncv_ne(a, a), a, nncv_greater(a, b));
}

NNC_FN nncv_real nncv_min(nncv_real a, nncv_real b)
{
	return nncv_sel(nncv_ne(a, a), a, nncv_lesser(a, b));
}

/* x moved into lo..hi; NaN stays. */
NNC_FN nncv_real nncv_clip(nncv_real x, nnc_real lo, nnc_real hi)
{
	return nncv_lesser(nncv_set1(hi), nncv_greater(nncv_set1(lo), x));
}

NNC_FN nncv_real nncv_sign(nncv_real x)
{
	nncv_real zero = { 0 }, one = nncv_set1(1);

	return nncv_sel(nncv_lt(zero, x), one, nncv_sel(nncv_lt(x, zero), -one, zero));
}

/* Adding 2^23 (double: 2^52) leaves no room for a fraction: the sum is rounded to even. */
NNC_FN nncv_real nncv_round(nncv_real x)
{
#if defined(NNC_X512) && defined(__OPTIMIZE__)      /* at -O0 it is a macro, with warnings */
	return NNC_XI(roundscale)(x, 8);
#elif defined(NNC_X256) || (defined(NNC_X128) && defined(__SSE4_1__))
	return NNC_XI(round)(x, 8);
#else
	nncv_real a = nncv_abs(x), r = (a + NNC_WHOLE) - NNC_WHOLE;

	return nncv_sel(nncv_lt(a, nncv_set1(NNC_WHOLE)), nncv_copysign(r, x), x);
#endif
}

NNC_FN nncv_real nncv_floor(nncv_real x)
{
#if defined(NNC_X512) && defined(__OPTIMIZE__)
	return NNC_XI(roundscale)(x, 9);
#elif defined(NNC_X256) || (defined(NNC_X128) && defined(__SSE4_1__))
	return NNC_XI(round)(x, 9);
#else
	nncv_real r = nncv_round(x);

	return nncv_sel(nncv_lt(x, r), r - 1, r);
#endif
}

NNC_FN nncv_real nncv_ceil(nncv_real x)
{
#if defined(NNC_X512) && defined(__OPTIMIZE__)
	return NNC_XI(roundscale)(x, 10);
#elif defined(NNC_X256) || (defined(NNC_X128) && defined(__SSE4_1__))
	return NNC_XI(round)(x, 10);
#else
	nncv_real r = nncv_round(x);

	return nncv_copysign(nncv_sel(nncv_lt(r, x), r + 1, r), x);
#endif
}

NNC_FN nncv_real nncv_sqrt(nncv_real x)
{
#if defined(NNC_X86)
	return NNC_XI(sqrt)(x);
#elif defined(NNC_A64)
	return (nncv_real)NNC_XI(sqrt)((nncv_arm)x);
#else
	nncv_lanes u;

	u.v = x;
	for (int i = 0; i < NNC_VL; i++)
		u.lane[i] = nnc_sqrt(u.lane[i]);
	return u.v;
#endif
}

/* The sum of all lanes, always as a tree: lane i and lane i + VL/2, then VL/4, ... */
NNC_FN nnc_real nncv_hsum(nncv_real v)
{
	nncv_lanes u;

	u.v = v;
#if NNC_VL >= 16
	for (int i = 0; i < 8; i++)
		u.lane[i] += u.lane[i + 8];
#endif
#if NNC_VL >= 8
	for (int i = 0; i < 4; i++)
		u.lane[i] += u.lane[i + 4];
#endif
#if NNC_VL >= 4
	for (int i = 0; i < 2; i++)
		u.lane[i] += u.lane[i + 2];
#endif
	return u.lane[0] + u.lane[1];
}

/* The product of all lanes, as a tree too. */
NNC_FN nnc_real nncv_hprod(nncv_real v)
{
	nncv_lanes u;

	u.v = v;
	for (int n = NNC_VL / 2; n > 0; n /= 2)
		for (int i = 0; i < n; i++)
			u.lane[i] *= u.lane[i + n];
	return u.lane[0];
}

/* The largest, the smallest lane; NaN if one is. */
NNC_FN nnc_real nncv_hmax(nncv_real v)
{
	nncv_lanes u;

	u.v = v;
	for (int n = NNC_VL / 2; n > 0; n /= 2)
		for (int i = 0; i < n; i++)
			u.lane[i] = nnc_max(u.lane[i], u.lane[i + n]);
	return u.lane[0];
}

NNC_FN nnc_real nncv_hmin(nncv_real v)
{
	nncv_lanes u;

	u.v = v;
	for (int n = NNC_VL / 2; n > 0; n /= 2)
		for (int i = 0; i < n; i++)
			u.lane[i] = nnc_min(u.lane[i], u.lane[i + n]);
	return u.lane[0];
}

/* Rows of a block have to be registers, so its loops are written out. */
#ifdef __clang__
#define NNC_UNROLL _Pragma("unroll")
#else
#define NNC_UNROLL _Pragma("GCC unroll 16")
#endif

/* Lanes of a and b in turn: the first halves, or the second ones. */
#if defined(__clang__) || __GNUC__ >= 12
#if NNC_VL == 16
#define NNC_ZIP0(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define NNC_ZIP1(a, b) __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#elif NNC_VL == 8
#define NNC_ZIP0(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define NNC_ZIP1(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#elif NNC_VL == 4
#define NNC_ZIP0(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define NNC_ZIP1(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#else
#define NNC_ZIP0(a, b) __builtin_shufflevector(a, b, 0, 2)
#define NNC_ZIP1(a, b) __builtin_shufflevector(a, b, 1, 3)
#endif
#endif

/* A block of NNC_VL x NNC_VL numbers turned over: to[i * to_step + k] = from[k * from_step + i].
 * Zipping row i with row i + VL/2 moves each index bit by one; after log2(VL) rounds row and column
 * have changed places. */
NNC_FN void nncv_transpose(nnc_real *to, int to_step, const nnc_real *from, int from_step)
{
#if defined(NNC_X256) && NNC_VL == 8
	/* Crossing the halves of a register is what costs: rows i and i + 4 are loaded into the halves of
	 * one, four columns at a time. */
	NNC_UNROLL
	for (int c = 0; c < 8; c += 4, from += 4, to += 4 * to_step) {
		__m256 r[4];
		NNC_UNROLL
		for (int i = 0; i < 4; i++)
			r[i] = _mm256_insertf128_ps(
				_mm256_castps128_ps256(_mm_loadu_ps(from + i * from_step)),
				_mm_loadu_ps(from + (i + 4) * from_step), 1);
		__m256 a = _mm256_unpacklo_ps(r[0], r[1]), b = _mm256_unpackhi_ps(r[0], r[1]);
		__m256 d = _mm256_unpacklo_ps(r[2], r[3]), e = _mm256_unpackhi_ps(r[2], r[3]);
		_mm256_storeu_ps(to, _mm256_shuffle_ps(a, d, 0x44));
		_mm256_storeu_ps(to + to_step, _mm256_shuffle_ps(a, d, 0xee));
		_mm256_storeu_ps(to + 2 * to_step, _mm256_shuffle_ps(b, e, 0x44));
		_mm256_storeu_ps(to + 3 * to_step, _mm256_shuffle_ps(b, e, 0xee));
	}
#elif defined(NNC_ZIP0)
	nncv_real r[NNC_VL], s[NNC_VL];

	NNC_UNROLL
	for (int i = 0; i < NNC_VL; i++)
		r[i] = nncv_load(from + i * from_step);
	NNC_UNROLL
	for (int n = 1; n < NNC_VL; n *= 2) {
		NNC_UNROLL
		for (int i = 0; i < NNC_VL / 2; i++) {
			s[2 * i] = NNC_ZIP0(r[i], r[i + NNC_VL / 2]);
			s[2 * i + 1] = NNC_ZIP1(r[i], r[i + NNC_VL / 2]);
		}
		NNC_UNROLL
		for (int i = 0; i < NNC_VL; i++)
			r[i] = s[i];
	}
	NNC_UNROLL
	for (int i = 0; i < NNC_VL; i++)
		nncv_store(to + i * to_step, r[i]);
#else
	for (int i = 0; i < NNC_VL; i++)
		for (int k = 0; k < NNC_VL; k++)
			to[i * to_step + k] = from[k * from_step + i];
#endif
}

#endif
#endif
