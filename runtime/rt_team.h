/* rt_team.h - the threads that compute one step together.
 *
 * This version runs one thread: the caller.  The interface is the final one, so nothing
 * outside team.c changes when there are more.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_RT_TEAM_H
#define NNRT_RT_TEAM_H

#include "nnrt.h"

typedef void nnrt_phase(nnrt_ctx *c, int tid, int n);

/* A team of up to `threads`; rt_team_size says how many it really has. */
nnrt_team *rt_team_new(int threads);
void rt_team_free(nnrt_team *team);
int rt_team_size(const nnrt_team *team);

/* Every thread of c->team computes its share of the phase; returns when all are done. */
void rt_team_run(nnrt_phase *phase, nnrt_ctx *c);

#endif
