/* rt_team.h - the threads that compute one step together.
 *
 * A team lives as long as a run: one parallel region from its first step to its last.  Between
 * two jobs the others wait for the caller, spinning for a while and sleeping after that.
 *
 * Holds: n decides who computes an element, never in which order it is summed.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_RT_TEAM_H
#define NNRT_RT_TEAM_H

#include <stdbool.h>

#include "nnrt.h"

enum { TEAM_MOST = 4096 };

typedef void rt_job(void *arg, int tid, int n);

/* Processors that this process may use: its affinity mask and the quotas of its control groups. */
int rt_team_usable(void);

/* A team of `threads`, or fewer if the system does not give so many; rt_team_size says how many it
 * really has.  The caller is thread 0. */
nnrt_team *rt_team_new(int threads);
void rt_team_free(nnrt_team *team);
int rt_team_size(const nnrt_team *team);

/* job(arg, tid, n) for every tid of n threads, of which nnrt_barrier may be called; returns when all
 * are done.  work: about how many multiply-adds it is; little work gets few threads, down to the
 * caller alone.  flush: denormals are zero meanwhile. */
void rt_team_run(nnrt_team *team, rt_job *job, void *arg, double work, bool flush);

#endif
