/* real.c - numbers of every element type to and from double; sums over reals.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <math.h>
#include <string.h>

#include "rt_fail.h"
#include "rt_real.h"

int rt_kind_bytes(nnrt_kind kind, int real_bytes)
{
	switch (kind) {
	case NNRT_REAL:
		return real_bytes;
	case NNRT_CLASS:
	case NNRT_I32:
	case NNRT_WORD:
		return 4;
	case NNRT_BOOL:
	case NNRT_U8:
		return 1;
	}
	rt_bug("element kind %d", (int)kind);
}

double rt_value(const void *a, int64_t i, nnrt_kind kind, int real_bytes)
{
	switch (kind) {
	case NNRT_REAL:
		return rt_real(a, i, real_bytes);
	case NNRT_CLASS:
	case NNRT_I32:
	case NNRT_WORD:
		return ((const int32_t *)a)[i];
	case NNRT_BOOL:
	case NNRT_U8:
		return ((const unsigned char *)a)[i];
	}
	rt_bug("element kind %d", (int)kind);
}

void rt_set_value(void *a, int64_t i, nnrt_kind kind, int real_bytes, double v)
{
	switch (kind) {
	case NNRT_REAL:
		rt_set_real(a, i, real_bytes, v);
		return;
	case NNRT_CLASS:
	case NNRT_I32:
	case NNRT_WORD:
		((int32_t *)a)[i] = (int32_t)v;
		return;
	case NNRT_BOOL:
	case NNRT_U8:
		((unsigned char *)a)[i] = (unsigned char)v;
		return;
	}
	rt_bug("element kind %d", (int)kind);
}

double rt_from_half(uint16_t bits)
{
	int exponent = bits >> 10 & 31, fraction = bits & 1023;
	double v = exponent == 31  ? (fraction ? NAN : INFINITY)
	           : exponent == 0 ? ldexp(fraction, -24)
	                           : ldexp(fraction + 1024, exponent - 25);
	return bits & 0x8000 ? -v : v;
}

double rt_from_bfloat(uint16_t bits)
{
	uint32_t wide = (uint32_t)bits << 16;
	float v;
	memcpy(&v, &wide, sizeof v);
	return v;
}

/* Eight vectors of running sums hide the latency of the addition; a vector is as wide as a
 * register, for gcc takes wider ones apart badly.  A block is short enough that float sums of it
 * keep five digits, which is plenty for a norm that is printed and compared with "finite". */
#if defined(__AVX512F__)
#define VECTOR_BYTES 64
#elif defined(__AVX__)
#define VECTOR_BYTES 32
#else
#define VECTOR_BYTES 16
#endif
enum { SUMS = 8, BLOCK = 1 << 13 };

#define SQUARE_STEP(K) \
	memcpy(&x, a + i + (K) * lanes, sizeof x); \
	s##K += x * x;

#define SQUARE_SUM(REAL) \
	static double square_sum_##REAL(const REAL *a, int64_t n) \
	{ \
		typedef REAL Vector __attribute__((vector_size(VECTOR_BYTES))); \
		const int64_t lanes = VECTOR_BYTES / sizeof(REAL), step = SUMS * lanes; \
		double total = 0; \
		int64_t i = 0; \
		while (n - i >= step) { \
			int64_t end = n - i < BLOCK ? n - (n - i) % step : i + BLOCK; \
			Vector x, s0 = { 0 }, s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, \
				  s6 = s0, s7 = s0; \
			for (; i < end; i += step) { \
				SQUARE_STEP(0) SQUARE_STEP(1) SQUARE_STEP(2) SQUARE_STEP(3) \
				SQUARE_STEP(4) SQUARE_STEP(5) SQUARE_STEP(6) SQUARE_STEP(7) \
			} \
			s0 = ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7)); \
			for (int k = 0; k < lanes; k++) \
				total += (double)s0[k]; \
		} \
		for (; i < n; i++) \
			total += (double)(a[i] * a[i]); \
		return total; \
	}

SQUARE_SUM(float)
SQUARE_SUM(double)

double rt_square_sum(const void *a, int64_t n, int real_bytes)
{
	return real_bytes == 8 ? square_sum_double(a, n) : square_sum_float(a, n);
}

int64_t rt_first_bad(const void *a, int64_t n, int real_bytes)
{
	for (int64_t i = 0; i < n; i++)
		if (!isfinite(rt_real(a, i, real_bytes)))
			return i;
	return -1;
}
