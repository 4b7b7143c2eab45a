/* metric_ranks.c - auc and pr_auc, from all scores of the set.
 *
 * Scores of positives and of negatives are sorted; groups of equal scores are walked together,
 * so ties count as scikit-learn counts them:
 *
 *     auc     = sum over groups of pos * (negatives below + neg / 2) / (P * N)
 *     pr_auc  = sum over groups, from above, of pos / P * precision at the group's end
 *
 * Over classes, each against the rest.  A class without positives or negatives has no auc and is
 * left out of the mean; the pr_auc of a class without positives is 0 (average_precision_score).
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <math.h>
#include <string.h>

#include "rt_mem.h"
#include "rt_real.h"
#include "rt_tally.h"

struct Ranks {
	const Tally *s;
	double *top, *total;  /* of each position: its largest score, and the sum of exp(x - top) */
	double *pos, *neg, *tmp;
	int64_t npos, nneg;
};

/* ---- sorting: eight passes of a byte over keys whose order is that of their bits -------------- */

static uint64_t ordered(double v)
{
	uint64_t u;
	v += 0.0; /* -0 and 0 are equal */
	memcpy(&u, &v, sizeof u);
	return u >> 63 ? ~u : u | 1ull << 63;
}

static double unordered(uint64_t u)
{
	double v;
	u = u >> 63 ? u & ~(1ull << 63) : ~u;
	memcpy(&v, &u, sizeof v);
	return v;
}

void rt_sort(double *key, double *tmp, int64_t n)
{
	uint64_t *a = (uint64_t *)(void *)key, *b = (uint64_t *)(void *)tmp;
	for (int64_t i = 0; i < n; i++) {
		uint64_t u = ordered(key[i]);
		memcpy(&a[i], &u, sizeof u);
	}
	for (int shift = 0; shift < 64; shift += 8) {
		int64_t at[256] = { 0 }, sum = 0;
		for (int64_t i = 0; i < n; i++)
			at[a[i] >> shift & 255]++;
		if (n && at[a[0] >> shift & 255] == n)
			continue;
		for (int k = 0; k < 256; k++) {
			int64_t count = at[k];
			at[k] = sum;
			sum += count;
		}
		for (int64_t i = 0; i < n; i++)
			b[at[a[i] >> shift & 255]++] = a[i];
		uint64_t *t = a;
		a = b;
		b = t;
	}
	for (int64_t i = 0; i < n; i++)
		tmp[i] = unordered(a[i]);
	memcpy(key, tmp, (size_t)n * sizeof *key);
}

/* ---- one class against the rest ---------------------------------------------------------------- */

static double area_roc(const Ranks *r)
{
	double sum = 0;
	int64_t below = 0;
	for (int64_t i = 0; i < r->npos;) {
		double v = r->pos[i];
		int64_t first = i, equal = below;
		while (i < r->npos && r->pos[i] == v)
			i++;
		while (below < r->nneg && r->neg[below] < v)
			below++;
		for (equal = below; equal < r->nneg && r->neg[equal] == v;)
			equal++;
		sum += (double)(i - first) * ((double)below + 0.5 * (double)(equal - below));
	}
	return sum / ((double)r->npos * (double)r->nneg);
}

static double area_pr(const Ranks *r)
{
	double sum = 0;
	int64_t above = r->nneg;
	for (int64_t i = r->npos; i > 0;) {
		double v = r->pos[i - 1];
		int64_t last = i;
		while (i > 0 && r->pos[i - 1] == v)
			i--;
		while (above > 0 && r->neg[above - 1] >= v)
			above--;
		double tp = (double)(r->npos - i), fp = (double)(r->nneg - above);
		sum += (double)(last - i) / (double)r->npos * (tp / (tp + fp));
	}
	return sum;
}

/* Scores of class k; false if one is not a number. */
static bool split(Ranks *r, int k)
{
	const Tally *s = r->s;
	int w = s->t->width;
	r->npos = r->nneg = 0;
	for (int64_t i = 0; i < s->n; i++) {
		double v = rt_real(s->x, i * w + (w > 1 ? k : 0), s->real_bytes);
		if (w > 1 && s->t->raw)
			v = exp(v - r->top[i]) / r->total[i];
		if (isnan(v))
			return false;
		if (s->y[i] == k)
			r->pos[r->npos++] = v;
		else
			r->neg[r->nneg++] = v;
	}
	rt_sort(r->pos, r->tmp, r->npos);
	rt_sort(r->neg, r->tmp, r->nneg);
	return true;
}

static void find_totals(Ranks *r)
{
	const Tally *s = r->s;
	int w = s->t->width;
	for (int64_t i = 0; i < s->n; i++) {
		double top = rt_real(s->x, i * w, s->real_bytes), total = 0;
		for (int k = 1; k < w; k++)
			top = fmax(top, rt_real(s->x, i * w + k, s->real_bytes));
		for (int k = 0; k < w; k++)
			total += exp(rt_real(s->x, i * w + k, s->real_bytes) - top);
		r->top[i] = top;
		r->total[i] = total;
	}
}

/* The mean over classes k0 .. k1-1. */
static double mean_area(Ranks *r, const nnrt_statistic *stat, int k0, int k1)
{
	double sum = 0, weight = 0;
	for (int k = k0; k < k1; k++) {
		if (!split(r, k))
			return NAN;
		bool roc = stat->what == NNRT_AUC;
		if (roc && (r->npos == 0 || r->nneg == 0))
			continue;
		double w = stat->average == NNRT_WEIGHTED && k1 - k0 > 1 ? (double)r->npos : 1;
		sum += w * (roc ? area_roc(r) : area_pr(r));
		weight += w;
	}
	return weight > 0 ? sum / weight : NAN;
}

Ranks *rt_ranks_new(const Tally *s)
{
	const nnrt_tally *t = s->t;
	size_t n = (size_t)s->n;
	bool soft = t->width > 1 && t->raw;
	double *room = rt_alloc(n, (soft ? 5 : 3) * sizeof *room, "scores for metrics");
	Ranks *r = rt_alloc(1, sizeof *r, "scores for metrics");
	*r = (Ranks){ .s = s, .pos = room, .neg = room + n, .tmp = room + 2 * n };
	if (soft) {
		r->top = room + 3 * n;
		r->total = room + 4 * n;
		find_totals(r);
	}
	return r;
}

void rt_ranks_free(Ranks *r)
{
	rt_free(r->pos);
	rt_free(r);
}

double rt_ranks_score(const Tally *s, const nnrt_statistic *stat)
{
	const nnrt_tally *t = s->t;
	bool one = t->width == 1 || stat->average == NNRT_BINARY;
	Ranks *r = rt_ranks_new(s);
	double v = mean_area(r, stat, one ? 1 : 0, one ? 2 : t->width);
	rt_ranks_free(r);
	return v;
}

/* From the largest score down; a group of equal scores is one point. */
static int curve(const Ranks *r, double *x, double *y, int most)
{
	int64_t i = r->npos, j = r->nneg;
	double step = 2.0 / (most - 2);
	int n = 0;
	x[n] = 0;
	y[n++] = 0;
	while (i > 0 || j > 0) {
		double v = i > 0 && (j == 0 || r->pos[i - 1] >= r->neg[j - 1]) ? r->pos[i - 1]
		                                                              : r->neg[j - 1];
		while (i > 0 && r->pos[i - 1] == v)
			i--;
		while (j > 0 && r->neg[j - 1] == v)
			j--;
		double fp = (double)(r->nneg - j) / (double)r->nneg;
		double tp = (double)(r->npos - i) / (double)r->npos;
		if (fp - x[n - 1] + tp - y[n - 1] < step && (i > 0 || j > 0))
			continue;
		x[n] = fp;
		y[n++] = tp;
	}
	return n;
}

int rt_ranks_curve(Ranks *r, int k, double *x, double *y, int most, double *area)
{
	if (!split(r, k) || !r->npos || !r->nneg)
		return 0;
	*area = area_roc(r);
	return curve(r, x, y, most);
}
