/* pace.c - how many threads of a team are worth while at the moment.
 *
 * Holds: a limit is changed for one window only, and stays if that was faster; without threads that
 *        wait for long nothing is ever tried.
 *
 * A trial in vain costs part of a window, so the pause behind it is twice as long each time: a job
 * with a long part for one thread, where waiting is nobody's fault, is soon left alone.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <stdbool.h>

#include "rt_pace.h"

enum { PATIENCE = 2, PATIENCE_MOST = 64, SLEEPS = 2 /* in a job, of threads beside a neighbour */ };
#define WINDOW 0.05 /* seconds */
#define TRIAL 0.025
#define BETTER 1.03 /* times as fast, or it stays as it was */

Pace rt_pace_new(int threads)
{
	/* pages are new at first, and processors slow */
	return (Pace){ .most = threads, .limit = threads, .step = 1, .pause = 2 * PATIENCE,
		       .patience = PATIENCE };
}

/* How many threads to try next: more if there are some left, fewer if they wait again and again, in
 * turn. */
static int another(Pace *p)
{
	bool more = p->limit < p->most, fewer = p->limit > 1 && p->crowded > 1;
	if (!more && !fewer)
		return p->limit;
	p->up = more && (!fewer || !p->up);
	int next = p->limit + (p->up ? p->step : -p->step);
	return next < 1 ? 1 : next > p->most ? p->most : next;
}

/* The trial is over: it was faster, or all is as before. */
static void settle(Pace *p, bool faster)
{
	if (faster) {
		p->patience = PATIENCE;
		p->step = 1;
	} else {
		p->limit = p->before;
		p->patience = 2 * p->patience < PATIENCE_MOST ? 2 * p->patience : PATIENCE_MOST;
		p->step = 2 * p->step < p->most ? 2 * p->step : 1;
	}
	p->pause = p->patience;
	p->before = 0;
}

static void window(Pace *p)
{
	double rate = p->work / p->seconds;
	p->crowded = p->slept >= SLEEPS * p->jobs ? p->crowded + 1 : 0;
	if (p->before) {
		settle(p, rate > p->rate * BETTER);
		return;
	}
	if (--p->pause > 0)
		return;
	int next = another(p);
	if (next == p->limit) {
		p->pause = 1;
		return;
	}
	p->before = p->limit;
	p->rate = rate;
	p->limit = next;
}

void rt_pace_job(Pace *p, double work, double seconds, int slept)
{
	p->work += work;
	p->seconds += seconds;
	p->jobs++;
	p->slept += slept;
	if (p->seconds < (p->before ? TRIAL : WINDOW))
		return;
	window(p);
	p->work = p->seconds = 0;
	p->jobs = p->slept = 0;
}
