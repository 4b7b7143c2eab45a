/* rt_options.h - the command line of a trainer.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_RT_OPTIONS_H
#define NNRT_RT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "nnrt.h"

typedef enum { C_TRAIN, C_EVAL, C_PREDICT, C_INFO, C_SELFTEST, C_GRADIENTS, C_BENCH, C_DATA } Command;
typedef enum { P_AUTO, P_BAR, P_LINES, P_NONE } ProgressMode;

typedef struct {
	Command command;
	const char *data, *out, *weights, *in, *split, *format, *freeze;
	double epochs, steps; /* 0: not given; only the later of the two is kept */
	int64_t batch;        /* 0: not given; -1: all */
	bool seed_given;
	uint64_t seed;
	int64_t overfit;   /* 0: not given */
	int fold;          /* 0: not given */
	int threads;       /* 0: not given */
	double time_limit; /* seconds; 0: none */
	ProgressMode progress;
	bool partial, no_save, no_plot, quiet, verbose, no_validation_warning;
	bool csv, jsonl, tb; /* logs */
	double *setting; /* nsetting values: the program's, with --set */
	unsigned char *given; /* for each: 1 if --set names it */
	bool resume;
	const char *checkpoint; /* of --resume FILE; 0: that of --out */
	int argc;               /* the command line itself */
	int command_at;         /* where the command stands in it; 0: nowhere */
	char **argv;
	double number[NNRT_NUMBERS]; /* --set clip_norm=1 ...; NaN: as in the program */
} Options;

/* Reads the command line.  Ends the program: exit 2 on a mistake, 0 after --help, --version. */
Options *rt_options(const nnrt_model *m, int argc, char **argv);

/* once.c: the model with the settings that consts decide, where --set names consts; else m.  o lives
 * as long as the result, o->early is to be freed.  Ends the program on a value that cannot be. */
typedef struct {
	nnrt_model model;
	nnrt_train train;
	nnrt_data data;
	nnrt_early *early;
} Once;
const nnrt_model *rt_once(Once *o, const nnrt_model *m, const Options *opt);

/* The program's settings under the options. */
uint64_t rt_options_seed(const Options *o, const nnrt_model *m);

/* --threads, else OMP_NUM_THREADS, else the processors that this process may use. */
int rt_options_threads(const Options *o, const nnrt_model *m);

/* The name of `names` (n of them, each `step` bytes apart) nearest to `name`, at most 2 edits
 * away; 0 if there is none. */
const char *rt_nearest(const char *name, const char *const *names, int n);

#endif
