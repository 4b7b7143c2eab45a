/* train_report.c - reports of a run: validation, best weights, log, row; what stops it.
 *
 * Holds: the best weights are those of the best report by the monitored number.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <math.h>
#include "rt_ckpt.h"
#include "rt_fail.h"
#include "rt_plateau.h"
#include "rt_stop.h"
#include "rt_trainer.h"

int64_t rt_trainer_part(int64_t total)
{
	int64_t unit = 1;
	while (unit * 10 * 20 <= total)
		unit *= 10;
	return unit * 5 * 20 <= total ? unit * 5 : unit * 2 * 20 <= total ? unit * 2 : unit;
}

/* The losses and metrics of this report go on in the next one if its epoch does. */
static void clear_sums(Trainer *t, bool epoch_end)
{
	if (t->feed->steps > 0 || epoch_end) {
		rt_sums_clear(t->run, &t->sums);
		t->resumed = 0;
		t->report_step = t->feed->step;
		t->computing = 0;
	}
	t->report_begin = rt_now();
}

double rt_trainer_elapsed(const Trainer *t)
{
	return rt_now() - t->begin;
}

static nnrt_time now(const Trainer *t)
{
	nnrt_time at = rt_feed_time(t->feed);
	at.elapsed = rt_trainer_elapsed(t);
	return at;
}

/* Samples a second of the part of this report that this process computed; NaN: none. */
static double rate(const Trainer *t)
{
	return t->computing > 0 ? (t->sums.count - t->resumed) / t->computing : NAN;
}

static void show(Trainer *t, int64_t epoch, const Scores *val, bool best)
{
	Feed *f = t->feed;
	int64_t steps = f->step - t->report_step;
	Report row = { .epoch = epoch,
		       .step = f->step,
		       .steps = f->total,
		       .lr = rt_run_lr(t->run),
		       .norm = t->run->norm_all,
		       .rate = rate(t),
		       .seconds = rt_now() - t->report_begin,
		       .step_seconds = t->computing / (double)(steps > 0 ? steps : 1),
		       .train = &t->train,
		       .val = val,
		       .best = best && t->monitor.looks > 1 };
	if (f->steps > 0)
		rt_show_step(&t->show, &row);
	else
		rt_show_epoch(&t->show, &row);
}

static void save_weights(void *arg)
{
	rt_trainer_save_best(arg);
	rt_trainer_save_last(arg);
}

static void log_line(Trainer *t, int64_t epoch, const Scores *val, bool best)
{
	const Feed *f = t->feed;
	LogLine line = { .epoch = epoch,
		         .step = f->step,
		         .batch = f->size,
		         .seconds = rt_now() - t->begin,
		         .lr = rt_run_lr(t->run),
		         .train = &t->train,
		         .val = val,
		         .norm = t->run->norm_all,
		         .best = best };
	/* a log that cannot be written must not cost what was learnt */
	rt_exit_first(save_weights, t);
	rt_log_epoch(t->log, &line);
	rt_exit_first(0, 0);
}

/* What is scored, kept and saved are the averaged weights, if there is an average.  False, and
 * nothing has happened, if a signal came. */
static bool report(Trainer *t, bool validate)
{
	Feed *f = t->feed;
	rt_sums_scores(t->run, &t->sums, &t->train);
	const Scores *val = 0;
	rt_step_exchange(&t->step);
	if (validate && t->data->val.n) {
		rt_scores_free(&t->val);
		t->val = rt_run_scores(t->run, t->data, &t->data->val, t->run->room);
		val = &t->val;
	}
	if (rt_stop_signal()) {
		rt_step_exchange(&t->step);
		return false;
	}
	double value;
	if (validate && rt_monitor_value(&t->monitor, &t->train, val, &value))
		rt_plateau_look(t->m, t->run->plateau, t->run->knob, value, t->monitor.larger);
	int64_t epoch = f->at ? f->epoch + 1 : f->epoch;
	bool best = rt_monitor_look(&t->monitor, t->run, &t->train, val, epoch, f->step);
	t->best_unsaved = t->best_unsaved || best;
	show(t, epoch, val, best);
	log_line(t, epoch, val, best);
	rt_trainer_save_sometimes(t);
	rt_step_exchange(&t->step);
	nnrt_time at = now(t);
	if (!t->why)
		t->why = rt_ending_report(&t->ending, t->run, &at, &t->train, val, validate);
	rt_step_keep(&t->step);
	clear_sums(t, t->counted.epoch_end);
	return true;
}

static bool must_stop(Trainer *t, bool updated)
{
	nnrt_time at = now(t);
	if (t->o->time_limit > 0 && rt_now() - t->started > t->o->time_limit)
		t->why = "time limit";
	else if (rt_stop_signal())
		t->why = "signal";
	else if (updated)
		t->why = rt_ending_step(&t->ending, t->run, &at);
	return t->why != 0;
}

static void tick(Trainer *t)
{
	Feed *f = t->feed;
	double mean = t->sums.loss / t->sums.count, per_second = rate(t);
	if (f->steps > 0)
		rt_show_tick(&t->show, f->epoch + 1, f->step, f->total, mean, per_second);
	else
		rt_show_tick(&t->show, f->epoch + 1, f->step - t->report_step, f->per_epoch,
		             mean, per_second);
}

bool rt_trainer_due(const Trainer *t, double every, bool steps)
{
	const Feed *f = t->feed;
	const Counted *c = &t->counted;
	if (steps)
		return c->updated && f->step % (int64_t)every == 0;
	/* a little less, lest rounding of a fraction of an epoch puts it off by a batch */
	every *= (double)f->rows->n * (1 - 1e-12);
	double after = (double)f->epoch * (double)f->rows->n + (double)f->at;
	return floor(after / every) > floor(c->before / every);
}

/* Whether the validation part is due. */
static bool is_due(const Trainer *t)
{
	const nnrt_train *p = t->m->train;
	bool given = p && p->validate > 0;
	return rt_trainer_due(t, given ? p->validate : 1, given && p->validate_steps);
}

void rt_trainer_count(Trainer *t, int n, StepEnd end)
{
	Feed *f = t->feed;
	t->counted.before = (double)f->epoch * (double)f->rows->n + (double)f->at;
	t->counted.updated = end == STEP_UPDATE;
	t->counted.epoch_end = rt_feed_done(f, n);
	t->counted.open = true;
}

/* The last report of a run that stops by the clock or at its length would not be there in a
 * longer run: the checkpoint is written before it. */
void rt_trainer_settle(Trainer *t)
{
	const Feed *f = t->feed;
	const Counted *c = &t->counted;
	bool stop = must_stop(t, c->updated), over = !rt_feed_more(f);
	if (rt_stop_signal())
		return;
	if (stop || over)
		rt_ckpt_save(t);
	/* the epochs of a run in steps report by themselves, unless it says when */
	bool line = f->steps > 0 ? (c->updated && f->step % t->every == 0) ||
	                                   (c->epoch_end && !t->by_steps)
	                         : c->epoch_end;
	bool due = is_due(t);
	if (t->sums.count > 0 && (stop || over || due || line)) {
		if (!report(t, stop || over || due))
			return;
	} else {
		tick(t);
	}
	t->counted.open = false;
	if (over)
		t->why = 0;
	else if (t->why && !stop)
		rt_ckpt_save(t);
	else if (!stop)
		rt_ckpt_sometimes(t);
}
