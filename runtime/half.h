/* half.h - weights that are stored in 16 bits and computed with in single precision.
 *
 * In:    vec.h; NNC_F16: IEEE 754 binary16, else bfloat16.
 * Out:   nnc_half(h): one number.  nncv_half, nncv_halfn: NNC_VL of them, or the first n lanes.
 *        nncv_pair, nncv_pairat: from panels in which columns j and j + 16 lie next to each other.
 * Holds: every value is exact: a number of 16 bits is one of single precision, too.
 *
 * A bfloat16 is the upper half of a float.  Two columns in one word of 32 bits cost one load, one
 * shift and one mask for twice NNC_VL numbers.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNC_HALF_H
#define NNC_HALF_H

#if defined(__BYTE_ORDER__) && defined(__ORDER_BIG_ENDIAN__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define NNC_BIG_ENDIAN 1
#else
#define NNC_BIG_ENDIAN 0
#endif

/* IEEE 754: sign, exponent and fraction moved to where a float has them, the exponent corrected by a
 * product with 2^112; so subnormal numbers come out right, too. */
NNC_FN nnc_real nnc_half(uint16_t h)
{
#ifdef NNC_F16
	nnc_real x = nnc_frombits(((uint32_t)h & 0x7fffu) << 13) * 5.192296858534828e33f;
	return nnc_frombits(nnc_bits(x) | ((uint32_t)h & 0x8000u) << 16);
#else
	return nnc_frombits((uint32_t)h << 16);
#endif
}

#if NNC_VL == 1

NNC_FN nncv_real nncv_half(const uint16_t *p) { return nnc_half(*p); }
NNC_FN nncv_real nncv_halfn(const uint16_t *p, int n) { return n > 0 ? nnc_half(*p) : 0; }
NNC_FN nncv_real nncv_pairat(const uint16_t *p, int c)
{
	return nnc_half(p[c / 32 * 32 + c % 16 * 2 + c % 32 / 16]);
}
NNC_FN nncv_real nncv_pair(const uint16_t *p, int in, int c) { return nncv_pairat(p, in + c); }

#else

typedef uint16_t nncv_short __attribute__((vector_size(NNC_VL * 2), aligned(2), may_alias));
typedef nnc_uint nncv_words __attribute__((vector_size(NNC_VL * 4), aligned(2), may_alias));

/* The number in the upper halves of the words; the lower halves are 0. */
NNC_FN nncv_real nncv_upper(nncv_uint w)
{
#ifdef NNC_F16
	nncv_real x = (nncv_real)((w & 0x7fff0000u) >> 3) * 5.192296858534828e33f;
	return (nncv_real)((nncv_uint)x | (w & 0x80000000u));
#else
	return (nncv_real)w;
#endif
}

NNC_FN nncv_real nncv_half(const uint16_t *p)
{
	return nncv_upper(__builtin_convertvector(*(const nncv_short *)p, nncv_uint) << 16);
}

NNC_FN nncv_real nncv_halfn(const uint16_t *p, int n)
{
	nncv_lanes u = { { 0 } };

	for (int i = 0; i < n; i++)
		u.lane[i] = nnc_half(p[i]);
	return u.v;
}

/* Columns c .. c + NNC_VL - 1 of a panel, at one index of the sum. */
NNC_FN nncv_real nncv_pairat(const uint16_t *p, int c)
{
	const nncv_uint w = *(const nncv_words *)(p + (c / 32 * 32 + c % 16 * 2));
	const int first = (c % 32 < 16) != NNC_BIG_ENDIAN;

	return nncv_upper((w << (first ? 16 : 0)) & 0xffff0000u);
}

/* The same for column in + c, where `in` is a multiple of 8 vectors, and c is known to the compiler. */
NNC_FN nncv_real nncv_pair(const uint16_t *p, int in, int c)
{
#if NNC_VL >= 4
	const nncv_uint w = *(const nncv_words *)(p + in + (c / 32 * 32 + c % 16 * 2));

	if ((c % 32 < 16) != NNC_BIG_ENDIAN)
		return nncv_upper(w << 16);
	return nncv_upper(w & 0xffff0000u);
#else
	return nncv_pairat(p, in + c);
#endif
}

#endif
#endif
