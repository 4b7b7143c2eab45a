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
	char *name;          /* "val_accuracy" */
	int metric, part;    /* number of the metric or loss, else -1: the sum of the losses */
	bool on_val, larger; /* of the validation part; larger is better */
	double value;        /* the best so far; NaN: none */
	int looks;           /* reports looked at */
	int64_t epoch, step; /* when the best was */
	Scores train, val;   /* scores then */
	void *state;         /* parameters and buffers then */
} Monitor;

/* By the program's `monitor`, else val_ and the first metric, else val_loss; without a
 * validation part the training loss.  A name that does not exist ends the program, exit 2
 * [E0404]. */
Monitor rt_monitor_new(const nnrt_model *m, bool validation);
/* Memory for the best weights of this run. */
void rt_monitor_room(Monitor *w, const Run *r);
void rt_monitor_free(Monitor *w);

/* The monitored number of a report; false if the report has none. */
bool rt_monitor_value(const Monitor *w, const Scores *train, const Scores *val, double *value);

/* Compares; keeps weights and scores and returns true if they are the best so far (the first
 * always are).  val 0: this report did not validate, and counts only if the monitor is on
 * training. */
bool rt_monitor_look(Monitor *w, const Run *r, const Scores *train, const Scores *val,
                     int64_t epoch, int64_t step);

/* Whether all parameters and buffers are finite. */
bool rt_monitor_finite(const Run *r);

#endif
