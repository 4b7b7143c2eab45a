/* rt_plateau.h - the schedule `plateau`: a number that falls when the monitored one stands still.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_RT_PLATEAU_H
#define NNRT_RT_PLATEAU_H

#include <stdbool.h>
#include <stddef.h>

#include "nnrt.h"

/* State of all plateaus of a model: three arrays of nplateau numbers, the first of which is what
 * nnrt_time.plateau points to: the factor at hand, the best value, and looks since it. */
enum { PLATEAU_STATE = 3 };
void rt_plateau_begin(const nnrt_model *m, double *state);

/* A validation gave `value`; larger: larger is better.  knob: the numbers of the last update. */
void rt_plateau_look(const nnrt_model *m, double *state, const double *knob, double value,
                     bool larger);

#endif
