/* sink.h - rows of sources that are read once, from the first to the last: CSV, libsvm.
 *
 * They go into columns in memory or, with `cache = "mmap"`, into a file of rows (NAME.rows) that
 * later runs use again.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_SINK_H
#define NNRT_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include "source.h"

typedef struct Sink Sink;

/* Rows for the columns with there[column], from the file at path.  Returns 0 if a file of rows made
 * from this very file is there: then the dataset has them already. */
Sink *rt_sink_new(const Adding *a, const char *path, const bool *there);

/* Where the row at hand has its elements of a column. */
void *rt_sink_at(Sink *s, int column);

/* The row at hand is done.  left: so much of the file is still to come for each byte that was read
 * (0: not known), by which memory is asked for. */
void rt_sink_next(Sink *s, double left);

/* Rows so far. */
int64_t rt_sink_rows(const Sink *s);

/* No more rows: they are the dataset's. */
void rt_sink_done(Sink *s);

#endif
