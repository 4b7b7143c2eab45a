/* rt_monitor.h - which weights of a run are the best.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_RT_MONITOR_H
#define NNRT_RT_MONITOR_H

#include <stdbool.h>
#include <stdint.h>

#include "rt_run.h"

typedef struct {
	char *name;                    /* "val_accuracy"                                       */
	int metric;                    /* number of the metric, or -1: the loss                */
	bool val, larger;              /* of the validation part; larger is better             */
	double value;                  /* the best so far; NaN: none                           */
	int looks;                     /* reports looked at                                    */
	int64_t epoch, step;           /* when it was                                          */
	Scores train, val_scores_unused, val_;
	void *state;                   /* parameters and buffers then                          */
} Monitor;

#endif
