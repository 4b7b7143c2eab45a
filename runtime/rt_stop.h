/* rt_stop.h - stopping at a good moment.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_RT_STOP_H
#define NNRT_RT_STOP_H

/* From now on the first SIGINT, SIGTERM or SIGHUP is only noted, and the second ends the
 * program at once; a closed pipe or a file-size limit are errors of a write, not signals. */
void rt_stop_arm(void);

/* The signal that was noted, or 0. */
int rt_stop_signal(void);

/* Dies by this signal, so that shells and schedulers see it. */
_Noreturn void rt_stop_die(int number);

#endif
