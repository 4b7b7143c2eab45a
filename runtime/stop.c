/* stop.c - stopping at a good moment.
 *
 * Holds: the handler only sets a flag and puts the default actions back, so that a second
 *        signal of any of the kinds ends the program wherever it is.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "rt_io.h"
#include "rt_stop.h"

static const int kinds[] = { SIGINT, SIGTERM, SIGHUP };
enum { KINDS = sizeof kinds / sizeof *kinds };

/* The one variable of the library: a signal handler has no other way to say something. */
static volatile sig_atomic_t noted;

static void note(int number)
{
	noted = number;
	for (int i = 0; i < KINDS; i++)
		signal(kinds[i], SIG_DFL);
}

void rt_stop_arm(void)
{
	struct sigaction act = { 0 };
	act.sa_handler = note;
	act.sa_flags = SA_RESTART;
	sigemptyset(&act.sa_mask);
	for (int i = 0; i < KINDS; i++) {
		struct sigaction old;
		/* nohup and background jobs ignore some: leave that so. */
		if (sigaction(kinds[i], 0, &old) == 0 && old.sa_handler != SIG_IGN)
			sigaction(kinds[i], &act, 0);
	}
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

int rt_stop_signal(void)
{
	return noted;
}

void rt_stop_die(int number)
{
	fflush(stdout);
	rt_unlock();
	signal(number, SIG_DFL);
	raise(number);
	_Exit(128 + number);
}
