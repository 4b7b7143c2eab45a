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

/* Sixteen running sums hide the latency of the addition; a block is short enough that float
 * sums of it keep five digits, which is plenty for a norm that is printed and compared with
 * "finite". */
enum { LANES = 16, BLOCK = 4096 };

#define SQUARE_SUM(REAL) \
	static double square_sum_##REAL(const REAL *a, int64_t n) \
	{ \
		typedef REAL Vector __attribute__((vector_size(LANES * sizeof(REAL)))); \
		double total = 0; \
		int64_t i = 0; \
		while (n - i >= LANES) { \
			int64_t end = n - i < BLOCK ? n - (n - i) % LANES : i + BLOCK; \
			Vector sum = { 0 }; \
			for (; i < end; i += LANES) { \
				Vector x; \
				memcpy(&x, a + i, sizeof x); \
				sum += x * x; \
			} \
			for (int k = 0; k < LANES; k++) \
				total += (double)sum[k]; \
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
