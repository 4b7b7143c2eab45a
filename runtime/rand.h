/* rand.h - random numbers as pure functions of their place, and the order of an epoch.
 *
 * In:    a seed and where a number stands: stream (which call), update, sample, element, t.
 * Out:   64 bits, a number in [0, 1), or a permutation.
 * Holds: no state: who computes a number, in what order and how often, changes nothing.
 *        Integers only, so the bits are the same everywhere; the float is the double cut to 24
 *        bits.
 *
 * SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA
 * 2014): number e of a stream is mix(state + (e + 1) * gamma), gamma odd.  State and gamma of a
 * row of elements are hashed from everything else, so two rows are two of 2^127 streams; in a
 * loop over elements they are constant and a number costs three multiplications.  mix is
 * Stafford's variant 13.  test_rand.c has the known values and looks for bias and correlation
 * along each axis.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNC_RAND_H
#define NNC_RAND_H

#ifndef NNC_VEC_H
#include "vec.h"
#endif

#define NNC_GOLDEN UINT64_C(0x9e3779b97f4a7c15)        /* 2^64 / golden ratio, odd */

/* A bijection of 64-bit numbers; an input bit changes an output bit with probability 1/2. */
NNC_FN uint64_t nnc_mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* 64 random bits of this place.  stream: any number, a hash of the call's path; update: from 0;
 * sample: within the update; element: within the sample; t: position in the scan, or 0. */
NNC_FN uint64_t nnc_hash(uint64_t seed, uint64_t stream, uint64_t update, uint64_t sample,
                         uint64_t element, uint64_t t)
{
	uint64_t state, gamma;

	state = nnc_mix(seed + NNC_GOLDEN);
	state = nnc_mix((state ^ stream) + NNC_GOLDEN);
	state = nnc_mix((state ^ update) + NNC_GOLDEN);
	state = nnc_mix((state ^ t) + NNC_GOLDEN);
	state = nnc_mix((state ^ sample) + NNC_GOLDEN);
	gamma = nnc_mix(state + NNC_GOLDEN) | 1;
	return nnc_mix(state + (element + 1) * gamma);
}

/* Uniform in [0, 1): a multiple of 2^-24 (double: 2^-53). */
NNC_FN nnc_real nnc_random(uint64_t seed, uint64_t stream, uint64_t update, uint64_t sample,
                           uint64_t element, uint64_t t)
{
	uint64_t bits = nnc_hash(seed, stream, update, sample, element, t);

#ifdef NNC_F64
	return (double)(int64_t)(bits >> 11) * (1.0 / 9007199254740992.0);
#else
	return (float)(int32_t)(bits >> 40) * (1.0f / 16777216.0f);
#endif
}

/* Lane i is the number of element + i. */
NNC_FN nncv_real nncv_random(uint64_t seed, uint64_t stream, uint64_t update, uint64_t sample,
                             uint64_t element, uint64_t t)
{
#if NNC_VL == 1
	return nnc_random(seed, stream, update, sample, element, t);
#else
	nncv_lanes u;

	for (int i = 0; i < NNC_VL; i++)
		u.lane[i] = nnc_random(seed, stream, update, sample, element + (uint64_t)i, t);
	return u.v;
#endif
}

/* index[0..n) becomes a permutation of 0..n-1, each as likely as any other; a pure function of
 * (n, seed, epoch).  Fisher-Yates; numbers below a bound without bias after Lemire ("Fast
 * random integer generation in an interval", 2019): the high half of draw * bound, and another
 * draw if the low half is among the first 2^32 mod bound values. */
NNC_FN void nnc_permutation(uint32_t *index, uint32_t n, uint64_t seed, uint64_t epoch)
{
	uint64_t state, gamma;

	state = nnc_mix(~seed + NNC_GOLDEN);               /* ~: not the states of nnc_hash */
	state = nnc_mix((state ^ epoch) + NNC_GOLDEN);
	gamma = nnc_mix(state + NNC_GOLDEN) | 1;
	for (uint32_t i = 0; i < n; i++)
		index[i] = i;
	for (uint32_t bound = n; bound > 1; bound--) {
		uint64_t product;
		uint32_t other, kept, low_end = (uint32_t)-bound % bound;

		do {
			state += gamma;
			product = (nnc_mix(state) >> 32) * bound;
		} while ((uint32_t)product < low_end);
		other = (uint32_t)(product >> 32);
		kept = index[bound - 1];
		index[bound - 1] = index[other];
		index[other] = kept;
	}
}

#endif
