/* rt_step.h - one training step after the other: batches become updates.
 *
 * An update, in this order (language.md section 12): gradients of `accumulate` batches, their mean
 * weighted with the sizes; clip_value; clip_norm; optimizer; ema.  train and bench both step so.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_RT_STEP_H
#define NNRT_RT_STEP_H

#include "rt_feed.h"
#include "rt_run.h"

typedef enum {
	STEP_PART,      /* the batch is part of an update that is still to come */
	STEP_UPDATE,    /* an update was made */
	STEP_LEFT_OUT,  /* not finite: the update is left out, or the run is back where it was */
	STEP_BAD        /* not finite, and the program says stop, or it does not get better */
} StepEnd;

/* What a rollback goes back to. */
typedef struct {
	void *state, *moment[NNRT_MAX_MOMENTS], *average;
	int64_t step, averaged;
	uint64_t update;
} Kept;

typedef struct {
	Run *run;
	const Dataset *data;
	Feed *feed;
	nnrt_nonfinite nonfinite;
	int64_t batches, samples; /* gathered for the next update */
	int64_t wanted;           /* batches that it shall have */
	void *sum;                /* of their gradients, times their sizes; 0: not needed yet */
	void *before;             /* the buffers before them; 0: not needed yet */
	void *average;            /* of the weights; 0: no `ema` */
	int64_t averaged;         /* updates in it */
	int64_t left_out;         /* updates left out so far */
	int64_t in_a_row;         /* since the last update, or the last rt_step_keep */
	Kept kept;
} Stepper;

Stepper rt_step_new(Run *r, const Dataset *d, Feed *f);
void rt_step_free(Stepper *s);

/* Trains on the batch that rt_feed_next gave; the caller calls rt_feed_done afterwards. */
StepEnd rt_step(Stepper *s, const uint32_t *row, int n);

/* With `ema`: exchanges the weights and their average, before and after looking at them. */
void rt_step_exchange(Stepper *s);

/* on_nonfinite = "rollback" goes back to this moment; nothing is kept otherwise. */
void rt_step_keep(Stepper *s);

#endif
