/* rt_trainer.h - what the files of the training loop share.
 *
 *     train.c         from first values to the end of the run, batch by batch
 *     train_report.c  reports: validation, best weights, log, row; what stops the run
 *     train_save.c    files of weights while the run goes on
 *     train_end.c     the last scores and words; a signal; a step that is not finite
 *     train_folds.c   k-fold
 *
 * A run is a sequence of batches cut into reports: epochs, or in runs counted in steps about
 * twenty stretches and the ends of epochs; every validation is one, too.  A report: validation
 * (when `validate` says so, and at the end of the run), best, log, row, conditions of `stop`.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_RT_TRAINER_H
#define NNRT_RT_TRAINER_H

#include <stdbool.h>
#include <stdint.h>

#include "rt_ending.h"
#include "rt_feed.h"
#include "rt_log.h"
#include "rt_monitor.h"
#include "rt_options.h"
#include "rt_results.h"
#include "rt_run.h"
#include "rt_safetensors.h"
#include "rt_show.h"
#include "rt_step.h"

typedef struct {
	int number, of;
	double best;        /* the monitored value of the best fold before this one */
	Scores *val, *test; /* of each fold, with its best weights */
} Folds;

/* A batch that was counted; its report, if it is to have one, may be still to come. */
typedef struct {
	bool open;               /* still to come */
	bool updated, epoch_end; /* it made an update; it was the last of its epoch */
	double before;           /* rows used before it, in all epochs */
} Counted;

/* Checkpoints of this run. */
typedef struct {
	TensorFile *from;  /* that of --resume, until it is in place */
	bool own;          /* it is one of this run's own files */
	bool changed;      /* settings differ from its */
	int fold;          /* where the newest one stands; 0: there is none yet */
	int64_t step;
	double seconds, at; /* what the last one cost, and when it was done */
	uint64_t data;      /* hash of the data; 0: not computed yet */
} Checkpoints;

typedef struct {
	const nnrt_model *m;
	const Options *o;
	Run *run;
	Dataset *data;
	Feed *feed;
	Results files;
	Log *log;
	Show show;
	Monitor monitor;
	Sums sums;         /* of this report */
	Scores train, val; /* of the last report */
	double resumed;    /* samples in them that the checkpoint brought */
	double begin, report_begin,
		computing;   /* seconds; the last: in training steps of the report */
	int64_t report_step; /* steps before this report */
	int64_t every;       /* steps of a report, in runs counted in steps */
	bool by_steps;       /* the program says so: `validate = steps(k)` */
	Stepper step;
	Ending ending;
	double started; /* the program; a fold begins at `begin` */
	Folds *folds;   /* 0: no k-fold */
	double saved;   /* when */
	bool best_unsaved;
	const char *why; /* why it stopped early, or 0 */
	Counted counted; /* the last batch */
	bool ended;      /* the best weights have taken the place of the last */
	Checkpoints ckpt;
} Trainer;

/* ---- train.c ------------------------------------------------------------------------------ */

/* One training from first values to the scores of its best weights; first: of this program. */
void rt_trainer_run(Trainer *t, bool first);
/* Frees what rt_trainer_run made. */
void rt_trainer_release(Trainer *t);

/* ---- train_report.c ----------------------------------------------------------------------- */

/* Steps of a report in a run of `total` steps: one, two or five times a power of ten. */
int64_t rt_trainer_part(int64_t total);

/* Counts a batch of n rows. */
void rt_trainer_count(Trainer *t, int n, StepEnd end);
/* After it: stops, reports, or moves the bar; saves.  Leaves it open if a signal came. */
void rt_trainer_settle(Trainer *t);
/* Whether something that happens every so many epochs or steps happens after the last batch. */
bool rt_trainer_due(const Trainer *t, double every, bool steps);
/* Seconds of this run, those before a checkpoint too. */
double rt_trainer_elapsed(const Trainer *t);

/* ---- train_save.c ------------------------------------------------------------------------- */

/* The weights as they are, into NAME.last.safetensors. */
void rt_trainer_save_last(Trainer *t);
/* The best weights into NAME.safetensors, if they are better than what it holds. */
void rt_trainer_save_best(Trainer *t);
/* Both, unless that was done a moment ago. */
void rt_trainer_save_sometimes(Trainer *t);

/* ---- train_end.c -------------------------------------------------------------------------- */

/* The scores of all parts with the best weights, and the names of the files. */
void rt_trainer_finish(Trainer *t);
/* The end in the logs; the run holds the best weights. test 0: there is no test part. */
void rt_trainer_log_end(Trainer *t, const Scores *test);
/* saved NAME.safetensors (best), ... */
void rt_trainer_print_saved(const Trainer *t);
/* A signal was noted: saves, says so, and dies by it. */
_Noreturn void rt_trainer_interrupted(Trainer *t);
/* The batch `row` gave something that is not finite: saves what is finite; exit 4. */
_Noreturn void rt_trainer_diverged(Trainer *t, const uint32_t *row);

/* ---- train_folds.c ------------------------------------------------------------------------ */

/* Each fold in turn validates, with the same first values; the files are those of the best. */
void rt_trainer_folds(Trainer *t);
/* Whether no fold before this one was as good. */
bool rt_trainer_best_of_folds(const Trainer *t);
/* A fold is over: its scores with its best weights. */
void rt_trainer_finish_fold(Trainer *t);

#endif
