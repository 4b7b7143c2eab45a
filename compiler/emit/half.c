/* half.c - numbers of 16 bits: bfloat16 and IEEE 754 binary16.
 *
 * In:    a double.   Out: the bits of the nearest number of the type, and back.
 * Holds: a tie goes to the even one; what is too large becomes infinite.
 */
#include "infer.h"

#include <math.h>
#include <string.h>

/* v as m * 2^e of a type with `digits` bits behind the point and exponents from `least` to `most`.
 * Rounds once, from double: not first to float, which could meet a tie that was none. */
static unsigned round_to(double v, int digits, int least, int most)
{
	unsigned sign = signbit(v) ? 1u << 15 : 0, infinite = (unsigned)(most - least + 2) << digits;
	int e;
	v = fabs(v);
	if (!(v <= 1.7976931348623157e308))
		return sign | infinite;
	frexp(v, &e);
	e = v == 0 || e - 1 < least ? least : e - 1;
	/* a whole number of units of the last place; nearbyint rounds to even */
	double m = nearbyint(ldexp(v, digits - e));
	unsigned bits = (unsigned)(e - least) << digits;
	bits += (unsigned)m; /* 2^digits of it, of a normal number, count as one exponent */
	return sign | (bits >= infinite ? infinite : bits);
}

unsigned half_bits(HalfKind kind, double v)
{
	return kind == HALF_F16 ? round_to(v, 10, -14, 15) : round_to(v, 7, -126, 127);
}

double half_value(HalfKind kind, unsigned bits)
{
	int digits = kind == HALF_F16 ? 10 : 7, least = kind == HALF_F16 ? -14 : -126;
	int e = (int)(bits & 0x7fff) >> digits;
	double m = bits & ((1u << digits) - 1), v;
	if (e > -2 * least + 2)
		v = m > 0 ? NAN : INFINITY;
	else
		v = e ? ldexp(m + (1 << digits), e - 1 + least - digits) : ldexp(m, least - digits);
	return bits >> 15 ? -v : v;
}
