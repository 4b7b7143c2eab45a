/* team.c - the threads that compute one step together: one, in this version.
 *
 * Holds: every phase is called once for each tid of 0..n-1, and nnrt_barrier is reached by all.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include "rt_mem.h"
#include "rt_team.h"

struct nnrt_team {
	int n; /* threads */
};

nnrt_team *rt_team_new(int threads)
{
	nnrt_team *team = rt_alloc(1, sizeof *team, "threads");
	(void)threads; /* more are accepted and not used: same bits either way */
	team->n = 1;
	return team;
}

void rt_team_free(nnrt_team *team)
{
	rt_free(team);
}

int rt_team_size(const nnrt_team *team)
{
	return team->n;
}

void rt_team_run(nnrt_phase *phase, nnrt_ctx *c)
{
	phase(c, 0, c->team->n);
}

void nnrt_barrier(nnrt_team *team)
{
	/* A team of one is always complete. */
	(void)team;
}
