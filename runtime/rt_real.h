/* rt_real.h - numbers of every element type to and from double.
 *
 * The library does not know a trainer's precision at compile time; here are the only functions
 * that look at real_bytes.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_RT_REAL_H
#define NNRT_RT_REAL_H

#include <stdbool.h>
#include <stdint.h>

#include "nnrt.h"

/* Element i of an array of reals. */
static inline double rt_real(const void *a, int64_t i, int real_bytes)
{
	return real_bytes == 8 ? ((const double *)a)[i] : (double)((const float *)a)[i];
}

static inline void rt_set_real(void *a, int64_t i, int real_bytes, double v)
{
	if (real_bytes == 8)
		((double *)a)[i] = v;
	else
		((float *)a)[i] = (float)v;
}

/* Bytes of one element of a field or column. */
int rt_kind_bytes(nnrt_kind kind, int real_bytes);

/* Element i of an array of that kind as a double, and the reverse (integers are exact). */
double rt_value(const void *a, int64_t i, nnrt_kind kind, int real_bytes);
void rt_set_value(void *a, int64_t i, nnrt_kind kind, int real_bytes, double v);

/* The first dimension of a batched field for n samples: n, or k * n where the model joins k
 * rows a sample (then len is k times the product of dim). */
static inline int64_t rt_leading(const nnrt_field *f, int64_t n)
{
	int64_t one = 1;
	for (int i = 0; i < f->rank; i++)
		one *= f->dim[i];
	return one ? n * (f->len / one) : n;
}

/* IEEE 754 binary16 and bfloat16, exactly. */
double rt_from_half(uint16_t bits);
double rt_from_bfloat(uint16_t bits);

/* Sum of squares of n reals in double; infinite or NaN if it is not finite as computed. Always
 * adds in the same order.  Runs at memory speed: it looks at every gradient in every step. */
double rt_square_sum(const void *a, int64_t n, int real_bytes);

/* First element that is not finite, or -1. */
int64_t rt_first_bad(const void *a, int64_t n, int real_bytes);

#endif
