/* train_save.c - files of weights while a run goes on.
 *
 * Holds: what is on disk is never older than SAVE_SECONDS and a report.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include "rt_mem.h"
#include "rt_trainer.h"
#include "rt_weights.h"

#define SAVE_SECONDS 5.0

void rt_trainer_save_last(Trainer *t)
{
	if (t->files.save)
		rt_weights_save(t->run, t->files.last, false, t->feed->epoch, t->feed->step);
}

/* The best weights are in memory; the run's own are put aside while they are written. */
void rt_trainer_save_best(Trainer *t)
{
	if (!t->files.save || !t->best_unsaved || !rt_trainer_best_of_folds(t))
		return;
	void *now = rt_alloc(rt_run_state_bytes(t->run), 1, "weights");
	rt_run_save_state(t->run, now);
	rt_run_load_state(t->run, t->monitor.state);
	rt_weights_save(t->run, t->files.best, true, t->monitor.epoch, t->monitor.step);
	rt_run_load_state(t->run, now);
	rt_free(now);
	t->best_unsaved = false;
}

void rt_trainer_save_sometimes(Trainer *t)
{
	double now = rt_now();
	if (now - t->saved < SAVE_SECONDS)
		return;
	rt_trainer_save_best(t);
	rt_trainer_save_last(t);
	t->saved = rt_now();
}
