/* chunk.h - many rows that come next, read by a team in the order of the file.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_CHUNK_H
#define NNRT_CHUNK_H

#include <stdint.h>

#include "rt_data.h"
#include "rt_team.h"

typedef struct Chunk Chunk;

/* The call for a row as multiply-adds, for rt_team_run. */
#define RT_CHUNK_WORK 12e3

/* 0 if rows are so large that their number would not help. */
Chunk *rt_chunk_new(const Dataset *d);
void rt_chunk_free(Chunk *c);

/* row[0..n-1] are the rows that come: reads the first of them, more each time.  True if the files turn
 * out to be cold; then, and if one cannot be read, none are there. */
bool rt_chunk_fill(Chunk *c, nnrt_team *team, const uint32_t *row, int64_t n);

/* How many of row[0..n-1], from the first on, are the next ones of the chunk; their records follow
 * each other in record[i] for store i. */
int rt_chunk_take(Chunk *c, const uint32_t *row, int n, const unsigned char **record);

#endif
