/* decimal.c - numbers as text, whatever the locale.
 *
 * Up to 2^53 and powers of ten up to 10^22 are doubles without rounding, so that one
 * multiplication or division of the two rounds once, correctly (W. D. Clinger, How to read
 * floating point numbers accurately, 1990).  Everything else is left to strtod.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <locale.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "decimal.h"
#include "rt_mem.h"

static const double power[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
	                        1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
	                        1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
enum { POWERS = 22, DIGITS = 18, BUFFER = 64 };

static Decimal slowly(const char *s, size_t n, double *v)
{
	char buffer[BUFFER], *text = n < BUFFER ? buffer : rt_text("%.*s", (int)n, s);
	if (n < BUFFER) {
		memcpy(buffer, s, n);
		buffer[n] = 0;
	}
	/* glibc keeps this one ready: nothing is allocated */
	locale_t c = newlocale(LC_ALL_MASK, "C", 0);
	*v = strtod_l(text, 0, c);
	freelocale(c);
	if (text != buffer)
		rt_free(text);
	return isfinite(*v) ? DECIMAL_FINE : DECIMAL_LARGE;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

Decimal rt_decimal(const char *s, size_t n, double *v)
{
	const char *p = s, *end = s + n;
	uint64_t m = 0;
	int digits = 0, scale = 0, seen = 0, e = 0;
	bool minus = p < end && *p == '-';
	if (p < end && (*p == '-' || *p == '+'))
		p++;
	for (bool point = false; p < end && (is_digit(*p) || (*p == '.' && !point)); p++) {
		if (*p == '.') {
			point = true;
			continue;
		}
		seen = 1;
		digits += m > 0;
		if (digits < DIGITS)
			m = m * 10 + (uint64_t)(*p - '0');
		scale -= point;
	}
	if (!seen)
		return DECIMAL_WRONG;
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		bool down = p < end && *p == '-';
		if (p < end && (*p == '-' || *p == '+'))
			p++;
		if (p == end)
			return DECIMAL_WRONG;
		for (; p < end && is_digit(*p); p++)
			e = e < 100000 ? e * 10 + (*p - '0') : e;
		e = down ? -e : e;
	}
	if (p < end)
		return DECIMAL_WRONG;
	e += scale;
	if (digits >= DIGITS || m > (uint64_t)1 << 53 || e < -POWERS || e > POWERS)
		return slowly(s, n, v);
	*v = e < 0 ? (double)m / power[-e] : (double)m * power[e];
	*v = minus ? -*v : *v;
	return DECIMAL_FINE;
}
