/* rt_ending.h - the conditions of `stop`.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_RT_ENDING_H
#define NNRT_RT_ENDING_H

#include "rt_run.h"

typedef struct {
	double *score;  /* as nnrt_model.stop reads them */
	double *holds;  /* of each condition */
	double *best;   /* of each early_stopping; NaN: nothing seen yet */
	double *waited; /* validations since then */
} Ending;

Ending rt_ending_new(const nnrt_model *m);
void rt_ending_free(Ending *e);

/* After an update: the text of the first condition that depends on time alone and holds, or 0. */
const char *rt_ending_step(Ending *e, const Run *r, const nnrt_time *t);

/* After a report: the text of the first condition of any kind that holds, or 0.  val 0: there are
 * no scores of the validation part; validated: the time of a validation has come, with or without
 * such a part, so the state of early_stopping moves on. */
const char *rt_ending_report(Ending *e, const Run *r, const nnrt_time *t, const Scores *train,
                             const Scores *val, bool validated);

#endif
