/* ahead.h - the rows that a run asks for next, read by a thread of its own meanwhile.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_AHEAD_H
#define NNRT_AHEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "rt_data.h"

typedef struct Ahead Ahead;

/* Files are cold if one row of so many is not in the system's memory. */
enum { RT_AHEAD_COLD = 16 };

/* 0 if no store of the dataset is read from a file, or there can be no thread. */
Ahead *rt_ahead_new(const Dataset *d);
void rt_ahead_free(Ahead *a);

/* Whether the files were cold when they were read last. */
bool rt_ahead_cold(const Ahead *a);
/* The run itself has read n rows, of which so many were not in the system's memory. */
void rt_ahead_missed(Ahead *a, int missed, int n);

/* row[0..n-1] are the rows that come, from the batch at hand on. */
void rt_ahead_post(Ahead *a, const uint32_t *row, int64_t n);

/* How many of row[0..n-1], from the first on, have been read; their records follow each other in
 * record[i] for store i, valid until the next call. */
int rt_ahead_take(Ahead *a, const uint32_t *row, int n, const unsigned char **record);

#endif
