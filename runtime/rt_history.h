/* rt_history.h - the reports of a run as numbers: a row of the CSV each, and what curves are drawn
 * from.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_RT_HISTORY_H
#define NNRT_RT_HISTORY_H

#include "rt_log.h"

/* Columns before the losses and metrics.  HISTORY_EPOCH is the first that is in the CSV. */
enum {
	HISTORY_REPORT, /* 0, 1, ... over the run */
	HISTORY_FOLD,   /* 0: no k-fold */
	HISTORY_BEST,   /* 1: the best so far */
	HISTORY_EPOCH,
	HISTORY_STEP,
	HISTORY_SECONDS,
	HISTORY_LR,
	HISTORY_BATCH,
	HISTORY_SCORES
};

/* A row: HISTORY_SCORES numbers, then of the training and of the validation part the loss, each
 * loss if there are several, each metric that is no table; NaN: none. */
int rt_history_columns(const nnrt_model *m);
/* The column's name in the CSV, in new memory. */
char *rt_history_name(const nnrt_model *m, int column);
/* The column of a metric, or of the sum of the losses (metric -1). */
int rt_history_score(const nnrt_model *m, int metric, bool val);
/* A cell as the CSV has it, in new memory: "" for NaN. */
char *rt_history_text(const double *row, int column);
void rt_history_row(const nnrt_model *m, const LogLine *line, double *row);

/* The rows of a run: all of them, or every 2^k-th and the best if there are very many. */
typedef struct {
	int columns;
	int64_t n, room, stride;
	double *row;
} History;

History rt_history_new(const nnrt_model *m);
void rt_history_free(History *h);
/* Room for one more row behind the last, which it may take the place of; zeroes. */
double *rt_history_add(History *h, int64_t report);
const double *rt_history_at(const History *h, int64_t i);
/* The best of the last fold, or 0. */
const double *rt_history_best(const History *h);

#endif
