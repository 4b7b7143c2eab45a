/* test_rand.c - rand.h: known values, fairness along every axis, permutations.
 *
 * Everything is a pure function of constants here, so a statistic is the same number each time;
 * the bounds are those that a fair source exceeds with probability below 1e-5 per line.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <CUnit/Basic.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vec.h"
#include "rand.h"

enum { AXES = 6 };

/* nnc_hash with its arguments as an array: seed, stream, update, sample, element, t. */
static uint64_t hash_at(const uint64_t a[AXES])
{
	return nnc_hash(a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* How many standard deviations a chi-square statistic of n draws over `cells` equal cells is
 * off. */
static double deviation(const int *count, int cells, double n)
{
	double expect = n / cells, sum = 0;

	for (int i = 0; i < cells; i++)
		sum += (count[i] - expect) * (count[i] - expect) / expect;
	return fabs(sum - (cells - 1)) / sqrt(2.0 * (cells - 1));
}

/* The published outputs of SplitMix64 from state 1234567; nnc_hash as it was when models were
 * first trained with it: a change would change every seed's result. */
static void test_known(void)
{
	static const uint64_t published[] = {
		UINT64_C(6457827717110365317), UINT64_C(3203168211198807973),
		UINT64_C(9817491932198370423), UINT64_C(4593380528125082431),
		UINT64_C(16408922859458223821)
	};
	static const uint32_t epoch0[] = { 7, 4, 5, 0, 9, 8, 2, 6, 1, 3 };
	uint32_t order[10];
	uint64_t state = 1234567;

	for (int i = 0; i < 5; i++)
		CU_ASSERT_EQUAL(nnc_mix(state += NNC_GOLDEN), published[i]);
	CU_ASSERT_EQUAL(nnc_hash(0, 0, 0, 0, 0, 0), UINT64_C(0xd2c1c386d3e05aec));
	CU_ASSERT_EQUAL(nnc_hash(1, 2, 3, 4, 5, 6), UINT64_C(0xfc1e29cdf436fddb));
	nnc_permutation(order, 10, 1, 0);
	CU_ASSERT_EQUAL(memcmp(order, epoch0, sizeof order), 0);
}

/* In [0, 1), a multiple of the step, the hash's leading bits; vectors agree. */
static void test_unit_interval(void)
{
	for (uint64_t i = 0; i < 100000; i++) {
		nnc_real u = nnc_random(7, i, 1, 2, 3, 0);
		uint64_t bits = nnc_hash(7, i, 1, 2, 3, 0);
		double all = (double)(bits >> NNC_IF64(40, 11)) / NNC_IF64(0x1p24, 0x1p53);

		if (!(u >= 0 && u < 1) || (double)u != all ||
		    floor((double)u * 0x1p24) != (double)(bits >> 40))
			CU_FAIL("range or bits");
	}
	for (uint64_t i = 0; i < 100; i++) {
		nnc_real lane[NNC_VL];

		nncv_store(lane, nncv_random(1, 2, 3, 4, i, 5));
		for (int k = 0; k < NNC_VL; k++)
			CU_ASSERT(lane[k] == nnc_random(1, 2, 3, 4, i + (uint64_t)k, 5));
	}
}

/* Along each axis: first and last byte, pairs of neighbours, correlation of neighbours. */
static void test_axes(void)
{
	enum { N = 1 << 17 };

	for (int axis = 0; axis < AXES; axis++) {
		static int high[256], low[256], pair[4096];
		uint64_t a[AXES] = { 1, 2, 3, 4, 5, 6 }, last = 0;
		double product = 0;

		memset(high, 0, sizeof high);
		memset(low, 0, sizeof low);
		memset(pair, 0, sizeof pair);
		for (uint64_t i = 0; i <= N; i++) {
			uint64_t h;

			a[axis] = i;
			h = hash_at(a);
			if (i) {
				high[h >> 56]++;
				low[h & 255]++;
				pair[(last >> 58) << 6 | h >> 58]++;
				product += ((double)last / 0x1p64 - 0.5) *
				           ((double)h / 0x1p64 - 0.5) * 12;
			}
			last = h;
		}
		CU_ASSERT(deviation(high, 256, N) < 4.5);
		CU_ASSERT(deviation(low, 256, N) < 4.5);
		CU_ASSERT(deviation(pair, 4096, N) < 4.5);
		CU_ASSERT(fabs(product) / sqrt((double)N) < 4.5);
	}
}

/* A change of any input bit changes each output bit with probability 1/2. */
static void test_avalanche(void)
{
	enum { N = 1000 };
	double worst = 0;

	for (int axis = 0; axis < AXES; axis++) {
		for (int bit = 0; bit < 64; bit++) {
			int changed[64] = { 0 };

			for (uint64_t i = 0; i < N; i++) {
				uint64_t a[AXES] = { i, i * i, 7, i % 10, i / 10, 3 };
				uint64_t h = hash_at(a);

				a[axis] ^= UINT64_C(1) << bit;
				h ^= hash_at(a);
				for (int k = 0; k < 64; k++)
					changed[k] += (int)(h >> k & 1);
			}
			for (int k = 0; k < 64; k++)
				worst = fmax(worst, fabs(changed[k] - N / 2.0) / sqrt(N / 4.0));
		}
	}
	CU_ASSERT(worst < 6);                          /* of 24576 counts */
}

static int compare(const void *x, const void *y)
{
	uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;

	return a < b ? -1 : a > b;
}

/* Rows differ: equal 32-bit halves among N * N / 2^33 pairs, Poisson with mean 8. */
static void test_collisions(void)
{
	enum { SIDE = 512, N = SIDE * SIDE };
	uint32_t *h = malloc(N * sizeof *h);

	CU_ASSERT_FATAL(h != 0);
	/* (seed, stream), (update, sample), (element, t) */
	for (int plane = 0; plane < 3; plane++) {
		int equal = 0;

		for (uint64_t i = 0; i < N; i++) {
			uint64_t a[AXES] = { 1, 1, 1, 1, 1, 1 };

			a[2 * plane] = i % SIDE;
			a[2 * plane + 1] = i / SIDE;
			h[i] = (uint32_t)(hash_at(a) >> 32);
		}
		qsort(h, N, sizeof *h, compare);
		for (int i = 1; i < N; i++)
			equal += h[i] == h[i - 1];
		CU_ASSERT(equal < 25);
	}
	free(h);
}

/* Every index once, for all small n; the same again; another epoch, another order. */
static void test_permutation(void)
{
	uint32_t a[1000], b[1000];

	nnc_permutation(a, 0, 1, 1);
	for (uint32_t n = 1; n <= 1000; n += n < 20 ? 1 : 49) {
		unsigned char seen[1000] = { 0 };
		uint32_t once = 0;

		nnc_permutation(a, n, 5, n);
		nnc_permutation(b, n, 5, n);
		CU_ASSERT_EQUAL(memcmp(a, b, n * sizeof *a), 0);
		for (uint32_t i = 0; i < n; i++)
			once += a[i] < n && !seen[a[i]]++;
		CU_ASSERT_EQUAL(once, n);
	}
	for (int way = 0; way < 2; way++) {            /* another epoch, another seed */
		int same = 0;

		nnc_permutation(a, 1000, 5, 1);
		nnc_permutation(b, 1000, 5 + (uint64_t)way, 2 - (uint64_t)way);
		for (int i = 0; i < 1000; i++)
			same += a[i] == b[i];
		CU_ASSERT(same < 12);                  /* fixed points: Poisson with mean 1 */
	}
}

/* All 120 orders of five equally often; position against value of 64. */
static void test_fairness(void)
{
	enum { N = 60000, M = 20000 };
	static int order[120], place[64 * 64];
	uint32_t p[64];

	for (uint64_t epoch = 0; epoch < N; epoch++) {
		int rank = 0;

		nnc_permutation(p, 5, 3, epoch);
		for (int i = 0; i < 5; i++) {
			int smaller = 0;

			for (int j = i + 1; j < 5; j++)
				smaller += p[j] < p[i];
			rank = rank * (5 - i) + smaller;
		}
		order[rank]++;
	}
	CU_ASSERT(deviation(order, 120, N) < 4.5);
	for (uint64_t seed = 0; seed < M; seed++) {
		nnc_permutation(p, 64, seed, 0);
		for (uint32_t i = 0; i < 64; i++)
			place[i * 64 + p[i]]++;
	}
	CU_ASSERT(deviation(place, 64 * 64, 64.0 * M) < 4.5);
}

int main(void)
{
	CU_pSuite s;
	unsigned failed;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	s = CU_add_suite("rand", 0, 0);
	if (!s || !CU_ADD_TEST(s, test_known) || !CU_ADD_TEST(s, test_unit_interval) ||
	    !CU_ADD_TEST(s, test_axes) || !CU_ADD_TEST(s, test_avalanche) ||
	    !CU_ADD_TEST(s, test_collisions) || !CU_ADD_TEST(s, test_permutation) ||
	    !CU_ADD_TEST(s, test_fairness))
		return 2;
	CU_basic_set_mode(CU_BRM_NORMAL);
	CU_basic_run_tests();
	failed = CU_get_number_of_failures() + CU_get_number_of_failure_records();
	CU_cleanup_registry();
	return failed != 0;
}
