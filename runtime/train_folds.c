/* train_folds.c - k-fold: one training after the other.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "rt_ckpt.h"
#include "rt_mem.h"
#include "rt_stop.h"
#include "rt_trainer.h"

bool rt_trainer_best_of_folds(const Trainer *t)
{
	const Folds *f = t->folds;
	if (!f || f->number == 1 || isnan(f->best))
		return true;
	return t->monitor.larger ? t->monitor.value > f->best : t->monitor.value < f->best;
}

void rt_trainer_finish_fold(Trainer *t)
{
	Folds *f = t->folds;
	int i = f->number - 1;
	rt_run_load_state(t->run, t->monitor.state);
	f->val[i] = rt_scores_new(t->m);
	rt_scores_copy(t->m, &f->val[i], &t->monitor.val);
	f->test[i] = t->data->test.n
	                     ? rt_run_scores(t->run, t->data, &t->data->test, t->run->room)
	                     : rt_scores_new(t->m);
	if (rt_stop_signal())
		rt_trainer_interrupted(t);
	rt_trainer_log_end(t, t->data->test.n ? &f->test[i] : 0);
	if (rt_trainer_best_of_folds(t))
		f->best = t->monitor.value;
	fflush(stdout);
}

void rt_trainer_folds(Trainer *t)
{
	int k = t->m->data->folds, done;
	Folds f = { .of = k };
	bool in_time = true;
	t->folds = &f;
	f.val = rt_alloc((size_t)k, sizeof *f.val, "folds");
	f.test = rt_alloc((size_t)k, sizeof *f.test, "folds");
	int first = t->ckpt.from ? rt_ckpt_fold(t) - 1 : 0;
	for (done = first; done < k && in_time; done++) {
		f.number = done + 1;
		if (done)
			rt_data_deal(t->data, t->m->data, f.number);
		rt_trainer_run(t, done == first);
		in_time = !t->why || strcmp(t->why, "time limit");
		rt_trainer_release(t);
		t->why = 0;
	}
	rt_show_folds(t->m, f.val, t->data->test.n ? f.test : 0, done);
	if (t->files.save && !t->o->quiet)
		rt_trainer_print_saved(t);
	for (int i = 0; i < done; i++) {
		rt_scores_free(&f.val[i]);
		rt_scores_free(&f.test[i]);
	}
	rt_free(f.val);
	rt_free(f.test);
}
