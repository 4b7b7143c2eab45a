/* train.c - the training loop.
 *
 * Out:   the best and the last weights, a log, and the scores of every part with the best
 *        weights.
 * Holds: an update follows a check that passed.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <stdio.h>

#include "rt_ckpt.h"
#include "rt_commands.h"
#include "rt_fail.h"
#include "rt_fit.h"
#include "rt_mem.h"
#include "rt_stop.h"
#include "rt_team.h"
#include "rt_trainer.h"

/* The first few times one line each. */
static void left_out(Trainer *t)
{
	enum { LINES = 3 };
	if (t->step.left_out > LINES)
		return;
	rt_show_clear(&t->show);
	rt_warn(0, "step %lld (epoch %lld) is not finite: %s%s", (long long)t->feed->step + 1,
	        (long long)t->feed->epoch + 1,
	        t->step.nonfinite == NNRT_SKIP ? "this update is left out"
	                                       : "back to the weights of the last report",
	        t->step.left_out == LINES ? "; further ones are counted only" : "");
}

static void loop(Trainer *t)
{
	const uint32_t *row;
	int n;
	if (t->counted.open)
		rt_trainer_settle(t);
	while (!t->why && !rt_stop_signal() && rt_feed_next(t->feed, &row, &n)) {
		double begin = rt_now();
		StepEnd end = rt_step(&t->step, row, n);
		if (end == STEP_BAD)
			rt_trainer_diverged(t, row);
		if (end == STEP_LEFT_OUT)
			left_out(t);
		else
			rt_sums_add(t->run, &t->sums);
		t->computing += rt_now() - begin;
		rt_trainer_count(t, n, end);
		rt_trainer_settle(t);
	}
	/* a run that is over has its checkpoint already */
	if (rt_stop_signal() && (t->counted.open || (!t->why && rt_feed_more(t->feed))))
		rt_ckpt_save(t);
	if (t->monitor.looks == 0 && !rt_stop_signal()) {
		rt_error(RT_DIVERGED, "R3", "none of the %lld updates of the run was finite",
		         (long long)t->step.left_out);
		rt_run_diverged_help(t->run, rt_ckpt_from_start(t));
		rt_exit(RT_DIVERGED);
	}
	/* from here on only the averaged weights count */
	rt_step_exchange(&t->step);
}

static int64_t largest_batch(const Trainer *t)
{
	const Dataset *d = t->data;
	int64_t wanted = t->o->batch   ? t->o->batch
	                 : t->feed->run || !t->m->train ? t->feed->batch
	                               : t->m->train->batch;
	if (wanted > d->train.n)
		rt_warn(0,
		        "a batch of %lld is more than the %lld training rows: each epoch is "
		        "one batch",
		        (long long)wanted, (long long)d->train.n);
	return t->feed->batch;
}

static void begin(Trainer *t)
{
	const nnrt_model *m = t->m;
	if (t->o->overfit && t->o->overfit < t->data->train.n)
		t->data->train.n = t->o->overfit;
	if (!t->data->val.n && !t->o->no_validation_warning)
		rt_warn("no-validation",
		        "there is no validation part: \"best\" is by the training loss; write "
		        "`val = 0.1` in `data`, or pass -Wno-validation");
	t->monitor = rt_monitor_new(m, t->data->val.n > 0);
	t->run = rt_begin_run(m, t->o);
	t->feed = rt_feed_new(m, t->o, t->data, t->run);
	t->by_steps = m->train && m->train->validate > 0 && m->train->validate_steps;
	t->every = t->by_steps ? (int64_t)m->train->validate : rt_trainer_part(t->feed->total);
	rt_run_reserve(t->run, largest_batch(t));
	rt_fit(t->run, t->data, &t->data->train);
	t->step = rt_step_new(t->run, t->data, t->feed);
	t->ending = rt_ending_new(m);
	rt_monitor_room(&t->monitor, t->run);
	t->sums = rt_sums_new(m);
	t->train = rt_scores_new(m);
	t->val = rt_scores_new(m);
}

static void start_log(Trainer *t)
{
	const Dataset *d = t->data;
	LogStart s = { d->train.n, d->val.n, d->test.n, rt_team_size(t->run->c.team),
		       rt_options_seed(t->o, t->m), t->monitor.name, t->monitor.larger,
		       t->folds ? t->folds->of : 0 };
	rt_ckpt_start_log(t, &s);
}

void rt_trainer_run(Trainer *t, bool first)
{
	begin(t);
	t->begin = rt_now();
	if (first) {
		rt_ckpt_files(t);
		t->show = rt_show_new(t->m, t->o);
		rt_show_head(&t->show, t->data, rt_team_size(t->run->c.team),
		             rt_options_seed(t->o, t->m));
		rt_show_details(&t->show, t->run, t->run->room);
	}
	if (first)
		start_log(t);
	if (t->folds)
		rt_log_fold(t->log, t->folds->number);
	if (t->folds && !t->o->quiet)
		printf("%sfold %d of %d\n", first ? "" : "\n", t->folds->number, t->folds->of);
	if (t->ckpt.from)
		rt_ckpt_load(t);
	if (!(t->feed->steps > 0))
		rt_show_columns(&t->show);
	t->report_begin = t->saved = rt_now();
	loop(t);
	if (rt_stop_signal())
		rt_trainer_interrupted(t);
	rt_trainer_finish(t);
}

void rt_trainer_release(Trainer *t)
{
	rt_monitor_free(&t->monitor);
	rt_ending_free(&t->ending);
	rt_step_free(&t->step);
	rt_feed_free(t->feed);
	rt_run_free(t->run);
	rt_sums_free(&t->sums);
	rt_scores_free(&t->train);
	rt_scores_free(&t->val);
	t->report_step = 0;
	t->computing = 0;
	t->best_unsaved = false;
	t->ended = t->counted.open = false;
}

int rt_train(const nnrt_model *m, const Options *o)
{
	Trainer t = { .m = m, .o = o, .started = rt_now() };
	rt_need_loss(m, "train");
	t.files = rt_results_new(m, o);
	t.log = rt_log_new(m, o);
	t.data = rt_need_data(m, o, "train");
	rt_results_spare(m, o, t.data->name);
	if (o->resume)
		rt_ckpt_open(&t);
	rt_stop_arm();
	if (m->data->folds && !o->fold) {
		rt_trainer_folds(&t);
	} else {
		rt_trainer_run(&t, true);
		rt_trainer_release(&t);
	}
	rt_data_free(t.data);
	rt_free(t.files.best);
	rt_free(t.files.last);
	rt_log_free(t.log);
	return RT_DONE;
}
