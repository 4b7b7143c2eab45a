/* rt_results.h - the files of a run: NAME.safetensors, NAME.last.safetensors; logs have rt_log.h.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_RT_RESULTS_H
#define NNRT_RT_RESULTS_H

#include <stdbool.h>
#include <stdint.h>

#include "rt_options.h"
#include "rt_run.h"

typedef struct {
	char *best, *last; /* paths */
	bool save;
} Results;

/* The names, under --out; ends the program if --out is there and nothing can be written to it, or
 * another run is writing results of this name there. */
Results rt_results_new(const nnrt_model *m, const Options *o);

/* Ends the program with exit 2 if a result would have the name of the data file: an older result of
 * that name is renamed, and a log is not data. */
void rt_results_spare(const nnrt_model *m, const Options *o, const char *data);

/* Makes --out if need be; renames what an earlier run left (NAME.safetensors to
 * NAME.1.safetensors, ...), with one line. */
void rt_results_begin(const Results *f, const nnrt_model *m, const Options *o);

#endif
