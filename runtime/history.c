/* history.c - the reports of a run as numbers.
 *
 * Holds: at most MOST rows are kept, spread evenly over the run, the last and the best among them.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <math.h>
#include <string.h>

#include "rt_history.h"
#include "rt_mem.h"

enum { MOST = 2048, FIRST = 64 };

/* ---- columns ------------------------------------------------------------------------------ */

static int parts(const nnrt_model *m)
{
	return m->nloss > 1 ? m->nloss : 0;
}

/* Columns of one part of the data: the loss, losses, metrics. */
static int scores(const nnrt_model *m)
{
	int n = 1 + parts(m);
	for (int i = 0; i < m->nmetric; i++)
		n += !m->metric[i].table;
	return n;
}

int rt_history_columns(const nnrt_model *m)
{
	return HISTORY_SCORES + 2 * scores(m);
}

int rt_history_score(const nnrt_model *m, int metric, bool val)
{
	int c = HISTORY_SCORES + (val ? scores(m) : 0);
	if (metric < 0)
		return c;
	c += 1 + parts(m);
	for (int i = 0; i < metric; i++)
		c += !m->metric[i].table;
	return c;
}

char *rt_history_name(const nnrt_model *m, int column)
{
	static const char *const own[] = { "report", "fold", "best", "epoch",
		                           "step",   "seconds", "lr", "batch" };
	if (column < HISTORY_SCORES)
		return rt_text("%s", own[column]);
	int i = (column - HISTORY_SCORES) % scores(m);
	const char *prefix = column - HISTORY_SCORES < scores(m) ? "" : "val_";
	if (i == 0)
		return rt_text("%sloss", prefix);
	if (i <= parts(m))
		return rt_text("%s%s", prefix, m->loss[i - 1]);
	int k = 0;
	for (i -= 1 + parts(m); m->metric[k].table || i > 0; k++)
		i -= !m->metric[k].table;
	return rt_text("%s%s", prefix, m->metric[k].name);
}

char *rt_history_text(const double *row, int column)
{
	double v = row[column];
	if (isnan(v))
		return rt_text("%s", "");
	if (column == HISTORY_SECONDS)
		return rt_text("%.3f", v);
	return column < HISTORY_LR || column == HISTORY_BATCH ? rt_text("%.0f", v)
	                                                      : rt_text("%.9g", v);
}

/* ---- one row ------------------------------------------------------------------------------ */

void rt_history_row(const nnrt_model *m, const LogLine *line, double *row)
{
	row[HISTORY_BEST] = line->best;
	row[HISTORY_EPOCH] = (double)line->epoch;
	row[HISTORY_STEP] = (double)line->step;
	row[HISTORY_SECONDS] = line->seconds;
	row[HISTORY_LR] = line->lr;
	row[HISTORY_BATCH] = (double)line->batch;
	double *to = row + HISTORY_SCORES;
	for (int val = 0; val < 2; val++) {
		const Scores *s = val ? line->val : line->train;
		*to++ = s ? s->loss : NAN;
		for (int i = 0; i < parts(m); i++)
			*to++ = s ? s->part[i] : NAN;
		for (int i = 0; i < m->nmetric; i++)
			if (!m->metric[i].table)
				*to++ = s ? s->metric[i] : NAN;
	}
}

/* ---- all rows ----------------------------------------------------------------------------- */

History rt_history_new(const nnrt_model *m)
{
	History h = { .columns = rt_history_columns(m), .stride = 1, .room = FIRST };
	h.row = rt_alloc(FIRST * (size_t)h.columns, sizeof *h.row, "reports");
	return h;
}

void rt_history_free(History *h)
{
	rt_free(h->row);
	*h = (History){ 0 };
}

const double *rt_history_at(const History *h, int64_t i)
{
	return h->row + i * h->columns;
}

const double *rt_history_best(const History *h)
{
	for (int64_t i = h->n - 1; i >= 0; i--) {
		const double *row = rt_history_at(h, i);
		if (row[HISTORY_FOLD] != rt_history_at(h, h->n - 1)[HISTORY_FOLD])
			return 0;
		if (row[HISTORY_BEST] > 0)
			return row;
	}
	return 0;
}

static bool stays(const History *h, const double *row)
{
	return row == rt_history_best(h) || (int64_t)row[HISTORY_REPORT] % h->stride == 0;
}

static void thin(History *h)
{
	int64_t n = 0;
	h->stride *= 2;
	const double *best = rt_history_best(h);
	for (int64_t i = 0; i < h->n; i++) {
		double *from = h->row + i * h->columns;
		if (from != best && (int64_t)from[HISTORY_REPORT] % h->stride)
			continue;
		memmove(h->row + n++ * h->columns, from, (size_t)h->columns * sizeof *from);
	}
	h->n = n;
}

double *rt_history_add(History *h, int64_t report)
{
	if (h->n && !stays(h, rt_history_at(h, h->n - 1)))
		h->n--;
	if (h->n == MOST)
		thin(h);
	size_t width = (size_t)h->columns;
	if (h->n == h->room) {
		h->row = rt_grow(h->row, (size_t)h->n * width, 2 * (size_t)h->n * width,
		                 sizeof *h->row, "reports");
		h->room *= 2;
	}
	double *row = h->row + h->n++ * h->columns;
	memset(row, 0, width * sizeof *row);
	row[HISTORY_REPORT] = (double)report;
	return row;
}
