/* rt_flat.h - arithmetic over flat arrays of n reals, float or double by real_bytes.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_RT_FLAT_H
#define NNRT_RT_FLAT_H

#include <stdint.h>

/* to = a * k;  to = to + a * k;  to = a / k;  to = a, at most k away from 0;
 * to = (1 - k) * to + k * a.  `to` and `a` may be the same array. */
void rt_flat_product(void *to, const void *a, int64_t n, double k, int real_bytes);
void rt_flat_add(void *to, const void *a, int64_t n, double k, int real_bytes);
void rt_flat_quotient(void *to, const void *a, int64_t n, double k, int real_bytes);
void rt_flat_clamp(void *to, const void *a, int64_t n, double k, int real_bytes);
void rt_flat_lerp(void *to, const void *a, int64_t n, double k, int real_bytes);

#endif
