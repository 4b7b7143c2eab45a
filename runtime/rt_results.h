/* rt_results.h - the files of a run: NAME.safetensors, NAME.last.safetensors, NAME.csv.
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
	char *best, *last, *csv; /* paths */
	bool save, log;
} Results;

/* The names, under --out; ends the program if --out is there and nothing can be written to it.
 */
Results rt_results_new(const nnrt_model *m, const Options *o);

/* Makes --out if need be; renames what an earlier run left (NAME.safetensors to
 * NAME.1.safetensors, ...), with one line; then writes the head of the CSV. */
void rt_results_begin(const Results *f, const nnrt_model *m, const Options *o);

/* One line of the CSV.  val 0: not validated. */
typedef struct {
	int64_t epoch, step, batch;
	double seconds, lr;
	const Scores *train, *val;
} LogLine;
void rt_results_line(const Results *f, const nnrt_model *m, const LogLine *line);

/* A line of CSV in new memory, and the header; for tests, too. */
char *rt_csv_line(const nnrt_model *m, const LogLine *line);
char *rt_csv_head(const nnrt_model *m);

#endif
