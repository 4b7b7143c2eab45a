/* decimal.h - numbers as text, whatever the locale.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_DECIMAL_H
#define NNRT_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>

typedef enum { DECIMAL_FINE, DECIMAL_WRONG, DECIMAL_LARGE } Decimal;

/* s[0..n) as a number: [+-] digits [. digits] [e [+-] digits], at least one digit before the
 * exponent, and nothing else: no blanks, hexadecimal digits, infinity or NaN.  *v: the nearest
 * double.  DECIMAL_LARGE: beyond the range of double. */
Decimal rt_decimal(const char *s, size_t n, double *v);

#endif
