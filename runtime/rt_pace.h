/* rt_pace.h - how many threads of a team are worth while at the moment.
 *
 * Shares of a job are of equal size, so a neighbour who takes half of one processor halves the
 * speed of all.  With a thread less he has a processor of his own.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_RT_PACE_H
#define NNRT_RT_PACE_H

/* Jobs of some 50 ms make a window; its rate is work per second. */
typedef struct {
	int most;                /* threads there are */
	int limit;               /* threads that jobs may have now */
	int before;              /* the limit that another one is tried against; 0: none is */
	double rate;             /* with `before` threads */
	int pause, patience;     /* windows until the next trial, and after one in vain */
	int step;                /* threads more or less to try next */
	int up;                  /* whether it was more that was tried last */
	int crowded;             /* windows in a row whose threads went to sleep in every job */
	double work, seconds;    /* of the window at hand */
	int jobs, slept;
} Pace;

Pace rt_pace_new(int threads);

/* After a job of so much work: seconds that it took, and how often threads of it had to wait so
 * long that they went to sleep. */
void rt_pace_job(Pace *p, double work, double seconds, int slept);

#endif
