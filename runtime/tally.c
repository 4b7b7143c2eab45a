/* tally.c - gathers what metrics of the whole set need, batch by batch.
 *
 * Holds: the result does not depend on how the set is cut into batches.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <math.h>
#include <string.h>

#include "rt_fail.h"
#include "rt_mem.h"
#include "rt_real.h"
#include "rt_size.h"
#include "rt_tally.h"

size_t rt_tally_sums(const nnrt_tally *t)
{
	size_t n = 0;
	switch (t->how) {
	case NNRT_COUNTS:
		return 3 * (size_t)t->classes;
	case NNRT_TABLE:
		if (!rt_size_mul((size_t)t->classes, (size_t)t->classes, &n))
			rt_fail(RT_FILE, "R7", "a table of %d classes is too large", t->classes);
		return n;
	case NNRT_BINS:
		return 3 * (size_t)t->bins;
	case NNRT_MOMENTS:
		return MOMENTS_KEPT * (size_t)t->width;
	case NNRT_RANKS:
		return 0;
	}
	rt_bug("tally of kind %d", (int)t->how);
}

Tally *rt_tally_new(const nnrt_tally *t, int real_bytes)
{
	Tally *s = rt_alloc(1, sizeof *s, "metrics");
	s->t = t;
	s->real_bytes = real_bytes;
	s->sum = rt_alloc(rt_tally_sums(t), sizeof(double), "metrics");
	return s;
}

void rt_tally_free(Tally *s)
{
	if (!s)
		return;
	rt_free(s->sum);
	rt_free(s->x);
	rt_free(s->y);
	rt_free(s);
}

void rt_tally_clear(Tally *s)
{
	s->n = 0;
	memset(s->sum, 0, rt_tally_sums(s->t) * sizeof(double));
}

static int64_t class_of(const Tally *s, const void *a, int64_t i, nnrt_kind kind)
{
	int64_t k = (int64_t)rt_value(a, i, kind, s->real_bytes);
	if (k < 0 || k >= s->t->classes)
		rt_bug("class %lld of %d in a metric", (long long)k, s->t->classes);
	return k;
}

static void add_counts(Tally *s, const void *x, const void *y, int64_t n)
{
	const nnrt_tally *t = s->t;
	for (int64_t i = 0; i < n; i++) {
		int64_t named = class_of(s, x, i, t->x), is = class_of(s, y, i, t->y);
		if (t->how == NNRT_TABLE) {
			s->sum[is * t->classes + named]++;
			continue;
		}
		s->sum[3 * named] += named == is;
		s->sum[3 * named + 1]++;
		s->sum[3 * is + 2]++;
	}
}

static void add_bins(Tally *s, const void *x, const void *y, int64_t n)
{
	const nnrt_tally *t = s->t;
	double *row = rt_alloc((size_t)t->width, sizeof *row, "metrics");
	for (int64_t i = 0; i < n; i++) {
		for (int k = 0; k < t->width; k++)
			row[k] = rt_real(x, i * t->width + k, s->real_bytes);
		rt_bins_add(s, row, class_of(s, y, i, t->y));
	}
	rt_free(row);
}

void rt_tally_room(Tally *s, int64_t room)
{
	size_t bytes = (size_t)s->t->width * (size_t)s->real_bytes;
	s->x = rt_grow(s->x, (size_t)s->room, (size_t)room, bytes, "scores for metrics");
	s->y = rt_grow(s->y, (size_t)s->room, (size_t)room, sizeof *s->y, "scores for metrics");
	s->room = room;
}

static void keep_scores(Tally *s, const void *x, const void *y, int64_t n)
{
	const nnrt_tally *t = s->t;
	size_t bytes = (size_t)t->width * (size_t)s->real_bytes;
	if (s->n + n > s->room)
		rt_tally_room(s, s->room * 2 > s->n + n ? s->room * 2 : s->n + n);
	memcpy((char *)s->x + (size_t)s->n * bytes, x, (size_t)n * bytes);
	for (int64_t i = 0; i < n; i++)
		s->y[s->n + i] = (int32_t)class_of(s, y, i, t->y);
}

void rt_tally_add(Tally *s, const void *x, const void *y, int64_t samples)
{
	int64_t n = samples * s->t->rows;
	switch (s->t->how) {
	case NNRT_COUNTS:
	case NNRT_TABLE:
		add_counts(s, x, y, n);
		break;
	case NNRT_RANKS:
		keep_scores(s, x, y, n);
		break;
	case NNRT_BINS:
		add_bins(s, x, y, n);
		break;
	case NNRT_MOMENTS:
		for (int64_t i = 0; i < n; i++)
			rt_r2_add(s, x, y, i);
		return; /* which counts */
	}
	s->n += n;
}

double rt_tally_score(const Tally *s, const nnrt_statistic *stat)
{
	if (s->n == 0)
		return NAN;
	switch (s->t->how) {
	case NNRT_COUNTS:
		return rt_counts_score(s, stat);
	case NNRT_RANKS:
		return rt_ranks_score(s, stat);
	case NNRT_BINS:
		return rt_bins_score(s);
	case NNRT_MOMENTS:
		return rt_r2_score(s);
	case NNRT_TABLE:
		break;
	}
	return NAN;
}
