/* rt_tally.h - metrics of the whole set: what is gathered of every batch, and the number that it
 * makes when the set is complete.
 *
 *     tally.c        gathering                  metric_counts.c   precision recall f1 iou dice
 *     metric_ranks.c auc pr_auc                 metric_bins.c     calibration_error
 *     metric_moments.c  r2
 *
 * Counts, bins and moments are added up batch by batch; ranks need every score of the set, so
 * those are kept: positions times classes reals.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_RT_TALLY_H
#define NNRT_RT_TALLY_H

#include "nnrt.h"

typedef struct {
	const nnrt_tally *t;
	int real_bytes;
	int64_t n;      /* positions seen (NNRT_MOMENTS: rows) */
	double *sum;    /* NNRT_COUNTS: 3 a class; NNRT_TABLE: classes squared; NNRT_BINS: 3 a bin;
	                 * NNRT_MOMENTS: MOMENTS_KEPT a column */
	int64_t room;   /* NNRT_RANKS: positions that x and y have room for */
	void *x;        /* n x width reals */
	int32_t *y;     /* n classes */
} Tally;

/* Of each column: the first target, then of target - first: the mean and the sum of squared
 * distances from it; the sum of squared errors. */
enum { MOMENT_FIRST, MOMENT_MEAN, MOMENT_SQUARES, MOMENT_ERRORS, MOMENTS_KEPT };

Tally *rt_tally_new(const nnrt_tally *t, int real_bytes);
void rt_tally_free(Tally *s);
/* How many numbers `sum` has. */
size_t rt_tally_sums(const nnrt_tally *t);
/* NNRT_RANKS: room for so many positions in all, not fewer than there are. */
void rt_tally_room(Tally *s, int64_t room);
/* Forgets everything; keeps the memory. */
void rt_tally_clear(Tally *s);
/* `samples` more samples: x and y as generated code left them. */
void rt_tally_add(Tally *s, const void *x, const void *y, int64_t samples);

/* The metric over all that was added; NaN where it does not exist, and for a table. */
double rt_tally_score(const Tally *s, const nnrt_statistic *stat);
/* One file each. */
double rt_counts_score(const Tally *s, const nnrt_statistic *stat);
double rt_ranks_score(const Tally *s, const nnrt_statistic *stat);
double rt_bins_score(const Tally *s);
double rt_r2_score(const Tally *s);

/* Adds a position to the bins: the scores x[0 .. width-1] as doubles, the class. */
void rt_bins_add(Tally *s, const double *x, int64_t y);
/* Adds a row of `width` predictions and targets. */
void rt_r2_add(Tally *s, const void *x, const void *y, int64_t row);

/* The scores of a tally of NNRT_RANKS, ready to be sorted class by class. */
typedef struct Ranks Ranks;
Ranks *rt_ranks_new(const Tally *s);
void rt_ranks_free(Ranks *r);
/* The curve of true (y) over false positives (x) of class k against the rest, from (0, 0) to (1, 1),
 * with at most `most` points, which follow it to 1 / most; returns how many, 0 if there is none.
 * *area: auc, exactly. */
int rt_ranks_curve(Ranks *r, int k, double *x, double *y, int most, double *area);

/* Ascending. tmp: room for n. No key is NaN. */
void rt_sort(double *key, double *tmp, int64_t n);

#endif
