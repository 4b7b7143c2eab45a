/* rt_feed.h - which rows are trained on, in which order, and when it ends.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_RT_FEED_H
#define NNRT_RT_FEED_H

#include <stdbool.h>
#include <stdint.h>

#include "rt_data.h"
#include "rt_options.h"
#include "rt_run.h"

typedef struct {
	const Rows *rows;
	uint32_t *place, *order; /* a permutation, and the rows in that order */
	int64_t *first;          /* balanced: where in place the rows of each class begin, and the end */
	int64_t classes;         /* that have rows; 0: not balanced */
	Run *run;                /* evaluates `batch` before each batch; 0: it is a number */
	double *knob;            /* where it does */
	int64_t batch;           /* largest */
	int64_t size;            /* of the batch at hand, before it was cut to what is left */
	int n;                   /* its samples */
	int64_t parts;           /* batches of an update */
	int64_t per_epoch;       /* updates of an epoch, with batches of the first size */
	double epochs, steps;    /* one of them is above 0 */
	int64_t total;           /* updates of the whole run */
	bool shuffle, drop_last;
	uint64_t seed;
	int64_t step, epoch; /* done */
	int64_t at;          /* samples used of this epoch */
} Feed;

/* The order of a run over the training rows of d: a pure function of (rows, seed, epoch).  Balanced
 * data: as many draws as rows, each class as likely as any other.  Ends the program with exit 2 if
 * neither epochs nor steps are known, with R5 if a batch of one row meets batch statistics.
 * run: evaluates `batch` where it is a schedule; 0 only where it is not. */
Feed *rt_feed_new(const nnrt_model *m, const Options *o, const Dataset *d, Run *run);
void rt_feed_free(Feed *f);

/* The size of the largest batch for so many rows, where `batch` is a number; of batches for
 * evaluation. */
int64_t rt_feed_batch(const nnrt_model *m, const Options *o, int64_t rows);

/* After f->epoch and f->at were set from outside: puts the rows of that epoch in their order. */
void rt_feed_resume(Feed *f);

/* Whether there is a next batch. */
bool rt_feed_more(const Feed *f);

/* The next batch, or false at the end of the run. The rows stay valid until the next call. */
bool rt_feed_next(Feed *f, const uint32_t **row, int *n);

/* Where the batch that rt_feed_next gave stands, for schedules. */
nnrt_time rt_feed_time(const Feed *f);
/* The first moment of a run, and the one after its last update, where no rows are known. */
nnrt_time rt_time_begin(const nnrt_model *m, const Options *o);
nnrt_time rt_time_end(const nnrt_model *m, const Options *o);

/* Whether a batch of n rows would be the last of its epoch. */
bool rt_feed_last(const Feed *f, int n);

/* Called after a batch was used: counts its rows.  True if it was the last of an epoch.  Whoever
 * makes an update of it counts f->step. */
bool rt_feed_done(Feed *f, int n);

#endif
