/* flat.c - arithmetic over flat arrays of reals: what happens to gradients between `grad` and
 * `update`, and to the average of the weights behind it.
 *
 * Holds: every element is computed by itself in the trainer's own precision, so nothing depends
 *        on how the array is cut.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include "rt_flat.h"

/* `to` is written, a and k are read; the body is one element. */
#define FLAT(NAME, BODY) \
	static void NAME##_float(float *to, const float *a, int64_t n, float k) \
	{ \
		for (int64_t i = 0; i < n; i++) { \
			BODY; \
		} \
	} \
	static void NAME##_double(double *to, const double *a, int64_t n, double k) \
	{ \
		for (int64_t i = 0; i < n; i++) { \
			BODY; \
		} \
	} \
	void rt_flat_##NAME(void *to, const void *a, int64_t n, double k, int real_bytes) \
	{ \
		if (real_bytes == 8) \
			NAME##_double(to, a, n, k); \
		else \
			NAME##_float(to, a, n, (float)k); \
	}

FLAT(product, to[i] = a[i] * k)
FLAT(add, to[i] += a[i] * k)
FLAT(quotient, to[i] = a[i] / k)
/* A value that is not a number stays one, as in PyTorch. */
FLAT(clamp, to[i] = a[i] > k ? k : a[i] < -k ? -k : a[i])

/* PyTorch's lerp: of the two forms the one that is exact at its end. */
FLAT(lerp, to[i] = k < (1 - k) ? to[i] + k * (a[i] - to[i]) : a[i] - (a[i] - to[i]) * (1 - k))
