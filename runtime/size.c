/* size.c - sizes that cannot wrap.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include "rt_size.h"

bool rt_size_mul(size_t a, size_t b, size_t *r)
{
	return !__builtin_mul_overflow(a, b, r);
}

bool rt_size_add(size_t a, size_t b, size_t *r)
{
	return !__builtin_add_overflow(a, b, r);
}

bool rt_size_round(size_t a, size_t unit, size_t *r)
{
	if (!rt_size_add(a, unit - 1, r))
		return false;
	*r &= ~(unit - 1);
	return true;
}

bool rt_size_product(const int64_t *dim, int n, int64_t *r)
{
	*r = 1;
	for (int i = 0; i < n; i++)
		if (dim[i] < 0 || __builtin_mul_overflow(*r, dim[i], r))
			return false;
	return true;
}
