/* rt_show.h - what a person sees: numbers as text, the table of epochs, the bar, the last
 * table.
 *
 * Permanent lines go to standard output, the bar to standard error and only on a terminal.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_RT_SHOW_H
#define NNRT_RT_SHOW_H

#include <stdbool.h>
#include <stdint.h>

#include "nnrt.h"
#include "rt_options.h"
#include "rt_run.h"

/* Room for a number as text; classes that a table is printed for. */
enum { RT_NUMBER = 48, RT_TABLE_MOST = 20 };

/* Numbers as text, into out, which is returned.
 * 54000 -> "54 000"; a loss or metric with four decimals, or three and an exponent where that
 * would hide it; 0.001 -> "1.0e-3" with `digits` after the dot; seconds -> "0.5s", "2m05s",
 * "1h02m". */
const char *rt_grouped(double v, char out[RT_NUMBER]);
const char *rt_score(double v, char out[RT_NUMBER]);
const char *rt_short_exp(double v, int digits, char out[RT_NUMBER]);
const char *rt_duration(double seconds, char out[RT_NUMBER]);

/* Seconds of the monotonic clock. */
double rt_now(void);

typedef struct {
	const nnrt_model *m;
	bool quiet, verbose, bar, lines, utf8, color;
	double drawn, line; /* when the bar, the last line was printed */
	int64_t before;     /* batches done at that line, as rt_show_tick counts them */
	bool there;         /* a bar stands in the last line */
} Show;

/* One report: an epoch's row or a step's line. */
typedef struct {
	int64_t epoch, step, steps; /* counting from 1; of the epoch or of the run */
	double lr, norm, rate, seconds, step_seconds; /* rate: samples a second */
	const Scores *train, *val; /* val 0: not validated */
	bool best;
} Report;

Show rt_show_new(const nnrt_model *m, const Options *o);

/* mlp  203 530 parameters  |  54 000 train, ... */
void rt_show_head(const Show *s, const Dataset *d, int threads, uint64_t seed);
/* -v: what the run takes and with which settings. */
void rt_show_details(const Show *s, const Run *r, int64_t batch);
void rt_show_columns(const Show *s);
void rt_show_epoch(Show *s, const Report *r);
void rt_show_step(Show *s, const Report *r);

/* Between steps: the bar at most ten times a second, or a line every 30 seconds; done of `of`
 * batches. */
void rt_show_tick(Show *s, int64_t epoch, int64_t done, int64_t of, double loss, double rate);
void rt_show_clear(Show *s);

/* The table of splits: a head, then one row each. */
void rt_show_split_head(const nnrt_model *m);
/* One row for each of n folds, and `mean +- std`, also of the test part if there is one. */
void rt_show_folds(const nnrt_model *m, const Scores *val, const Scores *test, int n);
void rt_show_split(const nnrt_model *m, const char *split, const Scores *scores);
/* Metrics that are tables, behind the rows of all splits; with names of classes where the data have
 * them. */
void rt_show_tables(const Run *r, const char *split, const Scores *scores);

#endif
