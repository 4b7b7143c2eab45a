/* rt_size.h - sizes that cannot wrap.
 *
 * Every size that a file, the command line or a product of dimensions takes part in goes
 * through here before memory is asked for.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_RT_SIZE_H
#define NNRT_RT_SIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* *r = a * b, *r = a + b.  False if the result does not fit; *r is then unspecified. */
bool rt_size_mul(size_t a, size_t b, size_t *r);
bool rt_size_add(size_t a, size_t b, size_t *r);

/* *r = the least multiple of unit >= a. unit: a power of two. False if it does not fit. */
bool rt_size_round(size_t a, size_t unit, size_t *r);

/* *r = the product of n dimensions (1 for none). False if one is negative or it passes
 * INT64_MAX. */
bool rt_size_product(const int64_t *dim, int n, int64_t *r);

#endif
