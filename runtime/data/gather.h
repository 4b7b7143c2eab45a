/* gather.h - batches of rows that lie in files, read by all threads of a team.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_GATHER_H
#define NNRT_GATHER_H

#include <stdint.h>

#include "rt_data.h"
#include "rt_team.h"

typedef struct Gather Gather;

/* 0 if no store of the dataset is read from a file. */
Gather *rt_gather_new(const Dataset *d);
void rt_gather_free(Gather *g);

/* row[0..n-1] are the rows that come, from the batch at hand on: they may be read meanwhile. */
void rt_gather_post(Gather *g, const uint32_t *row, int64_t n);

/* Rows row[0..n-1] of the columns of all stores, into to[column]. */
void rt_gather(Gather *g, nnrt_team *team, const uint32_t *row, int n, void *const *to);

#endif
