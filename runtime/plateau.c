/* plateau.c - the schedule `plateau`: PyTorch's ReduceLROnPlateau.
 *
 * In:    the monitored number after each validation.   Out: a factor for each schedule.
 * Holds: PyTorch's defaults: an improvement is more than 1e-4 of the best value, no cooldown, and
 *        a reduction by no more than 1e-8 is not made.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <math.h>

#include "rt_plateau.h"

#define THRESHOLD 1e-4
#define SMALLEST 1e-8

void rt_plateau_begin(const nnrt_model *m, double *state)
{
	for (int i = 0; i < m->nplateau; i++) {
		state[i] = 1;
		state[m->nplateau + i] = NAN;
		state[2 * m->nplateau + i] = 0;
	}
}

static bool improves(double value, double best, bool larger)
{
	if (isnan(best)) /* the first look */
		best = larger ? -INFINITY : INFINITY;
	return larger ? value > best * (1 + THRESHOLD) : value < best * (1 - THRESHOLD);
}

void rt_plateau_look(const nnrt_model *m, double *state, const double *knob, double value,
                     bool larger)
{
	for (int i = 0; i < m->nplateau; i++) {
		const nnrt_plateau *p = &m->plateau[i];
		double *scale = &state[i], *best = &state[m->nplateau + i];
		double *bad = &state[2 * m->nplateau + i];
		if (improves(value, *best, larger)) {
			*best = value;
			*bad = 0;
		} else {
			*bad += 1;
		}
		if (!(*bad > knob[p->patience]))
			continue;
		*bad = 0;
		double old = knob[p->value] * *scale, now = old * knob[p->factor];
		if (old - now > SMALLEST)
			*scale *= knob[p->factor];
	}
}
