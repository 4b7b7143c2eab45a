/* deal.c - which rows train, validate and test.
 *
 * Holds: the deal is a pure function of (number of rows, strata, seed); each part lists its
 *        rows in file order, so that `shuffle = false` in `train` means file order whatever the deal
 *        was.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <stdlib.h>
#include <string.h>

#include "rand.h"
#include "rt_data.h"
#include "rt_fail.h"
#include "rt_mem.h"

/* The deal uses the permutation of an epoch that no training run reaches. */
#define DEAL_EPOCH UINT64_MAX

enum { TRAIN, VAL, TEST };

/* How many of n rows `part` asks for: a fraction up to 1, else a number. */
static int64_t part_of(const Dataset *d, int64_t n, double part, const char *which)
{
	if (part == 0)
		return 0;
	if (!(part > 0) || part > (double)INT32_MAX)
		rt_fail(RT_FILE, "R5",
		        "%s: `%s = %g` is neither a part of the rows nor a number of them",
		        d->name, which, part);
	int64_t k = (int64_t)(part <= 1 ? part * (double)n + 0.5 : part);
	if (k == 0)
		rt_fail(RT_FILE, "R5", "%s: `%s = %g` of %lld rows is no row at all", d->name,
		        which, part, (long long)n);
	return k;
}

static Rows collect(const unsigned char *part, int64_t n, unsigned char which, int64_t count)
{
	Rows r = { rt_alloc((size_t)count, sizeof *r.row, "row numbers"), 0 };
	for (int64_t i = 0; i < n; i++)
		if (part[i] == which)
			r.row[r.n++] = (uint32_t)i;
	return r;
}

/* Unshuffled: test is the last part of the file, val the part before it. */
static void deal_plain(unsigned char *part, const uint32_t *order, int64_t n, int64_t val,
                       int64_t test)
{
	for (int64_t i = n - test - val; i < n; i++)
		part[order[i]] = i < n - test ? VAL : TEST;
}

/* ---- strata ------------------------------------------------------------------------------ */

typedef struct {
	int64_t rows, val, test;
} Stratum;

/* The strata of these rows are numbered below this. */
static int64_t count_strata(const Dataset *d, const uint32_t *order, int64_t n)
{
	int64_t strata = 1;
	for (int64_t i = 0; i < n; i++)
		if (d->stratum[order[i]] >= strata)
			strata = d->stratum[order[i]] + 1;
	return strata;
}

/* Gives the strata their shares of `total` rows: n_c * total / n rounded down, and one more to
 * those with the largest remainders, the earlier of equal ones first. */
static void share(Stratum *s, int64_t strata, int64_t n, int64_t total, bool val)
{
	int64_t given = 0;
	for (int64_t c = 0; c < strata; c++) {
		int64_t k = s[c].rows * total / n;
		*(val ? &s[c].val : &s[c].test) = k;
		given += k;
	}
	unsigned char *more = rt_alloc((size_t)strata, 1, "row numbers");
	while (given < total) {
		int64_t best = -1, largest = -1;
		for (int64_t c = 0; c < strata; c++) {
			int64_t rest = s[c].rows * total % n;
			if (!more[c] && s[c].val + s[c].test < s[c].rows && rest > largest)
				best = c, largest = rest;
		}
		if (best < 0) {
			/* every stratum has had its turn: round again */
			memset(more, 0, (size_t)strata);
			continue;
		}
		more[best] = 1;
		*(val ? &s[best].val : &s[best].test) += 1;
		given++;
	}
	rt_free(more);
}

static void deal_strata(const Dataset *d, unsigned char *part, const uint32_t *order, int64_t n,
                        int64_t val, int64_t test)
{
	int64_t strata = count_strata(d, order, n);
	Stratum *s = rt_alloc((size_t)strata, sizeof *s, "row numbers");
	for (int64_t i = 0; i < n; i++)
		s[d->stratum[i]].rows++;
	share(s, strata, n, test, false);
	share(s, strata, n, val, true);
	for (int64_t i = n - 1; i >= 0; i--) {
		Stratum *c = &s[d->stratum[order[i]]];
		if (c->test > 0)
			c->test--, part[order[i]] = TEST;
		else if (c->val > 0)
			c->val--, part[order[i]] = VAL;
	}
	rt_free(s);
}

/* ---- folds ------------------------------------------------------------------------------- */

/* Fold f of k validates: a stretch of the rows in `order`.  As scikit-learn's KFold the first n % k
 * folds have one row more. */
static void deal_fold(unsigned char *part, const uint32_t *order, int64_t n, int k, int f)
{
	int64_t more = n % k, first = (f - 1) * (n / k) + (f - 1 < more ? f - 1 : more);
	for (int64_t i = first; i < first + n / k + (f <= more); i++)
		part[order[i]] = VAL;
}

/* The same with strata: every k-th row of the rows sorted by class, those of one class as in `order`. */
static void deal_fold_strata(const Dataset *d, unsigned char *part, const uint32_t *order,
                             int64_t n, int k, int f)
{
	int64_t strata = count_strata(d, order, n), first = 0;
	int64_t *place = rt_alloc((size_t)strata, sizeof *place, "row numbers");
	for (int64_t i = 0; i < n; i++)
		place[d->stratum[order[i]]]++;
	for (int64_t c = 0; c < strata; c++) {
		int64_t rows = place[c];
		place[c] = first;
		first += rows;
	}
	for (int64_t i = 0; i < n; i++)
		if (place[d->stratum[order[i]]]++ % k == f - 1)
			part[order[i]] = VAL;
	rt_free(place);
}

static int64_t count(const unsigned char *part, int64_t n, unsigned char which)
{
	int64_t k = 0;
	for (int64_t i = 0; i < n; i++)
		k += part[i] == which;
	return k;
}

/* ---- the deal ---------------------------------------------------------------------------- */

/* Moves the rows that are left to the front of `order`; returns their number. */
static int64_t without_test(const unsigned char *part, uint32_t *order, int64_t n)
{
	int64_t k = 0;
	for (int64_t i = 0; i < n; i++)
		if (part[order[i]] != TEST)
			order[k++] = order[i];
	return k;
}

void rt_data_deal(Dataset *d, const nnrt_data *how, int fold)
{
	int64_t n = d->rows - d->official - d->given;
	bool in_time = how && how->time > 0;
	int64_t test = how ? part_of(d, n, how->test, "test") : 0;
	int64_t val = in_time ? n - test - part_of(d, n - test, how->time, "time")
	              : how   ? part_of(d, n, how->val, "val")
	                      : 0;
	if (n < 1 || val < 0 || val + test >= n || (in_time && val < 1))
		rt_fail(RT_FILE, "R5",
		        "%s: of %lld rows %lld would validate and %lld test: none is left to "
		        "%s",
		        d->name, (long long)n, (long long)(val < 0 ? 0 : val), (long long)test,
		        in_time && val < 1 ? "validate" : "train");
	uint32_t *order = rt_alloc((size_t)n, sizeof *order, "row numbers");
	for (int64_t i = 0; i < n; i++)
		order[i] = (uint32_t)i;
	bool folds = how && how->folds > 0;
	if (folds && n - test < how->folds)
		rt_fail(RT_FILE, "R5", "%s: %lld rows cannot make %d folds", d->name,
		        (long long)(n - test), how->folds);
	if (how && how->shuffle && !in_time && (val + test > 0 || folds))
		nnc_permutation(order, (uint32_t)n, how->seed, DEAL_EPOCH);
	unsigned char *part = rt_alloc((size_t)d->rows, 1, "row numbers");
	if (d->stratum && !in_time)
		deal_strata(d, part, order, n, val, test);
	else
		deal_plain(part, order, n, val, test);
	if (how && how->folds) {
		int64_t left = without_test(part, order, n);
		if (d->stratum)
			deal_fold_strata(d, part, order, left, how->folds, fold);
		else
			deal_fold(part, order, left, how->folds, fold);
		val = count(part, n, VAL);
	}
	memset(part + n, VAL, (size_t)d->given);
	memset(part + n + d->given, TEST, (size_t)d->official);
	rt_free(d->train.row);
	rt_free(d->val.row);
	rt_free(d->test.row);
	d->train = collect(part, d->rows, TRAIN, n - val - test);
	d->val = collect(part, d->rows, VAL, val + d->given);
	d->test = collect(part, d->rows, TEST, test + d->official);
	rt_free(part);
	rt_free(order);
}
