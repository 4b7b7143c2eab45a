/* rt_log.h - what a run writes about itself: NAME.csv, NAME.jsonl, TensorBoard events, the curves
 * NAME.svg and the page NAME.html.
 *
 *     log.c       which of them, in which order          log_csv.c   NAME.csv
 *     log_json.c  NAME.jsonl                             log_tb.c    events.out.tfevents...
 *     history.c   the numbers that curves are drawn from log_place.c where logs are cut
 *
 * A run calls rt_log_start, rt_log_epoch at every report, rt_log_end.  A run that can be resumed
 * keeps rt_log_state with each checkpoint and calls rt_log_resume instead of rt_log_start: the
 * logs are cut to where they were and go on from there, so that they hold no report twice.
 *
 * Each event is on disk (as far as the system is asked: written, not synced) when a function
 * returns.  A file that cannot be written ends the program, exit 3 [R7]; a line that the disk has
 * no room for is taken back whole.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_RT_LOG_H
#define NNRT_RT_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nnrt.h"
#include "rt_options.h"
#include "rt_run.h"
#include "rt_str.h"

typedef struct Log Log;

typedef struct {
	int64_t train, val, test; /* rows */
	int threads;
	uint64_t seed;
	const char *monitor; /* "val_accuracy" */
	bool larger;         /* is better */
	int folds;           /* 0: no k-fold */
} LogStart;

/* A report.  val 0: not validated. */
typedef struct {
	int64_t epoch, step, batch;
	double seconds, lr;
	const Scores *train, *val;
	double norm; /* of the last gradient */
	bool best;   /* so far */
} LogLine;

/* The end of a run: the scores of its best weights, and tables of them. */
typedef struct {
	const char *why; /* it stopped early, or 0 */
	int64_t epoch, step, best_epoch, best_step;
	double seconds, best;
	const Scores *train, *val, *test; /* with the best weights; 0: there is no such part */
	Run *run;                         /* holds the best weights */
	const Dataset *data;
	bool page; /* write NAME.html: of k-fold, that of the best fold is kept */
} LogEnd;

/* What --log, --no-plot and --no-save ask for, as files beside DIR/NAME; touches nothing. */
Log *rt_log_new(const nnrt_model *m, const Options *o);
void rt_log_free(Log *l);

/* Makes the files. */
void rt_log_start(Log *l, const LogStart *s);
void rt_log_epoch(Log *l, const LogLine *line);
/* fold: the next one begins; counting from 1. */
void rt_log_fold(Log *l, int fold);
void rt_log_end(Log *l, const LogEnd *e);
/* The run ends before its end: draws the curves as they are. */
void rt_log_stop(Log *l);

/* Where the logs are, as bytes for a checkpoint (added to `to`). */
void rt_log_state(const Log *l, Str *to);
/* Goes on from there.  own: the files that lie there are those of the run that goes on; a copy of its
 * text logs may lie there otherwise, but event files are of other runs.  False if the bytes are none
 * of rt_log_state's, or of other columns. */
bool rt_log_resume(Log *l, const LogStart *s, const void *state, size_t bytes, bool own);

/* Seconds in the last report that went into the logs. */
double rt_log_seconds(const Log *l);

/* ", mlp.csv, mlp.svg": what was written, for the last line; owned by l. */
const char *rt_log_names(Log *l);

/* ---- log_csv.c: a line of CSV in new memory, and the header -------------------------------- */

char *rt_csv_line(const nnrt_model *m, const LogLine *line);
char *rt_csv_head(const nnrt_model *m);

#endif
