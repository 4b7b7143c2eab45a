/* train.c - the training loop.
 *
 * Out:   the best and the last weights, a log, and the scores of every part with the best
 *        weights.
 * Holds: an update follows a check that passed; the best weights are those of the best report
 *        by the monitored number; what is on disk is never older than SAVE_SECONDS and a
 *        report.
 *
 * A run is a sequence of batches cut into reports: epochs, or in runs counted in steps about
 * twenty stretches and the ends of epochs; every validation is one, too.  A report: validation
 * (when `validate` says so, and at the end of the run), best, log, row, conditions of `stop`.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "rt_commands.h"
#include "rt_ending.h"
#include "rt_fail.h"
#include "rt_feed.h"
#include "rt_mem.h"
#include "rt_monitor.h"
#include "rt_plateau.h"
#include "rt_real.h"
#include "rt_results.h"
#include "rt_show.h"
#include "rt_step.h"
#include "rt_stop.h"
#include "rt_team.h"
#include "rt_weights.h"

#define SAVE_SECONDS 5.0

typedef struct {
	int number, of;
	double best;       /* the monitored value of the best fold before this one */
	Scores *val, *test; /* of each fold, with its best weights */
} Folds;

typedef struct {
	const nnrt_model *m;
	const Options *o;
	Run *run;
	Dataset *data;
	Feed *feed;
	Results files;
	Show show;
	Monitor monitor;
	Sums sums;         /* of this report */
	Scores train, val; /* of the last report */
	double begin, report_begin,
		computing;   /* seconds; the last: in training steps of the report */
	int64_t report_step; /* steps before this report */
	int64_t every;       /* steps of a report, in runs counted in steps */
	bool by_steps;       /* the program says so: `validate = steps(k)` */
	Stepper step;
	Ending ending;
	double started;      /* the program; a fold begins at `begin` */
	Folds *folds;        /* 0: no k-fold */
	double saved;        /* when */
	bool best_unsaved;
	const char *why; /* why it stopped early, or 0 */
} Trainer;

/* ---- files
 * ----------------------------------------------------------------------------------- */

static void save_last(Trainer *t)
{
	if (t->files.save)
		rt_weights_save(t->run, t->files.last, false, t->feed->epoch, t->feed->step);
}

/* Whether no fold before this one was as good. */
static bool best_of_folds(const Trainer *t)
{
	const Folds *f = t->folds;
	if (!f || f->number == 1 || isnan(f->best))
		return true;
	return t->monitor.larger ? t->monitor.value > f->best : t->monitor.value < f->best;
}

/* The best weights are in memory; the run's own are put aside while they are written. */
static void save_best(Trainer *t)
{
	if (!t->files.save || !t->best_unsaved || !best_of_folds(t))
		return;
	void *now = rt_alloc(rt_run_state_bytes(t->run), 1, "weights");
	rt_run_save_state(t->run, now);
	rt_run_load_state(t->run, t->monitor.state);
	rt_weights_save(t->run, t->files.best, true, t->monitor.epoch, t->monitor.step);
	rt_run_load_state(t->run, now);
	rt_free(now);
	t->best_unsaved = false;
}

static void save_sometimes(Trainer *t)
{
	double now = rt_now();
	if (now - t->saved < SAVE_SECONDS)
		return;
	save_best(t);
	save_last(t);
	t->saved = rt_now();
}

/* ---- reports
 * --------------------------------------------------------------------------------- */

/* One, two or five times a power of ten near a twentieth of the run. */
static int64_t nice_part(int64_t total)
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
		t->report_step = t->feed->step;
		t->computing = 0;
	}
	t->report_begin = rt_now();
}

static nnrt_time now(const Trainer *t)
{
	nnrt_time at = rt_feed_time(t->feed);
	at.elapsed = rt_now() - t->begin;
	return at;
}

static void show(Trainer *t, int64_t epoch, const Scores *val, bool best)
{
	Feed *f = t->feed;
	int64_t steps = f->step - t->report_step;
	LogLine line = { epoch,     f->step, f->size, rt_now() - t->begin, rt_run_lr(t->run),
		         &t->train, val };
	rt_results_line(&t->files, t->m, &line);
	Report row = { .epoch = epoch,
		       .step = f->step,
		       .steps = f->total,
		       .lr = rt_run_lr(t->run),
		       .norm = t->run->norm_all,
		       .rate = t->sums.count / t->computing,
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

/* What is scored, kept and saved are the averaged weights, if there is an average. */
static void report(Trainer *t, bool validate, bool epoch_end)
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
	double value;
	if (validate && rt_monitor_value(&t->monitor, &t->train, val, &value))
		rt_plateau_look(t->m, t->run->plateau, t->run->knob, value, t->monitor.larger);
	int64_t epoch = f->at ? f->epoch + 1 : f->epoch;
	bool best = rt_monitor_look(&t->monitor, t->run, &t->train, val, epoch, f->step);
	t->best_unsaved = t->best_unsaved || best;
	show(t, epoch, val, best);
	save_sometimes(t);
	rt_step_exchange(&t->step);
	nnrt_time at = now(t);
	if (!t->why)
		t->why = rt_ending_report(&t->ending, t->run, &at, &t->train, val, validate);
	rt_step_keep(&t->step);
	clear_sums(t, epoch_end);
}

/* ---- steps
 * ----------------------------------------------------------------------------------- */

static _Noreturn void diverged(Trainer *t, const uint32_t *row)
{
	Feed *f = t->feed;
	rt_show_clear(&t->show);
	save_best(t);
	rt_step_exchange(&t->step);
	bool weights = rt_monitor_finite(t->run);
	if (weights)
		save_last(t);
	rt_step_exchange(&t->step);
	rt_run_diverged(t->run, t->data, row, f->step + 1, f->epoch + 1,
	                weights && t->files.save ? t->files.last : 0);
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
	double mean = t->sums.loss / t->sums.count, rate = t->sums.count / t->computing;
	if (f->steps > 0)
		rt_show_tick(&t->show, f->epoch + 1, f->step, f->total, mean, rate);
	else
		rt_show_tick(&t->show, f->epoch + 1, f->step - t->report_step, f->per_epoch,
		             mean, rate);
}

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

/* Whether the validation part is due after a batch; before: position in rows before it. */
static bool is_due(const Trainer *t, double before, bool updated)
{
	const nnrt_train *p = t->m->train;
	const Feed *f = t->feed;
	if (p && p->validate > 0 && p->validate_steps)
		return updated && f->step % (int64_t)p->validate == 0;
	/* a little less, lest rounding of a fraction of an epoch puts it off by a batch */
	double every = (p && p->validate > 0 ? p->validate : 1) * (double)f->rows->n;
	every *= 1 - 1e-12;
	double after = (double)f->epoch * (double)f->rows->n + (double)f->at;
	return floor(after / every) > floor(before / every);
}

/* Counts a batch; reports if it is time. */
static void after_batch(Trainer *t, int n, StepEnd end)
{
	Feed *f = t->feed;
	double before = (double)f->epoch * (double)f->rows->n + (double)f->at;
	bool updated = end == STEP_UPDATE, epoch_end = rt_feed_done(f, n);
	bool stop = must_stop(t, updated), over = !rt_feed_more(f);
	if (rt_stop_signal())
		return;
	/* the epochs of a run in steps report by themselves, unless it says when */
	bool line = f->steps > 0 ? (updated && f->step % t->every == 0) ||
	                                   (epoch_end && !t->by_steps)
	                         : epoch_end;
	bool due = is_due(t, before, updated);
	if (t->sums.count > 0 && (stop || over || due || line))
		report(t, stop || over || due, epoch_end);
	else
		tick(t);
	if (over)
		t->why = 0;
}

static void loop(Trainer *t)
{
	const uint32_t *row;
	int n;
	while (!t->why && rt_feed_next(t->feed, &row, &n)) {
		double begin = rt_now();
		StepEnd end = rt_step(&t->step, row, n);
		if (end == STEP_BAD)
			diverged(t, row);
		if (end == STEP_LEFT_OUT)
			left_out(t);
		else
			rt_sums_add(t->run, &t->sums);
		t->computing += rt_now() - begin;
		after_batch(t, n, end);
	}
	if (t->monitor.looks == 0 && !rt_stop_signal()) {
		rt_error(RT_DIVERGED, "R3", "none of the %lld updates of the run was finite",
		         (long long)t->step.left_out);
		rt_run_diverged_help(t->run);
		rt_exit(RT_DIVERGED);
	}
	/* from here on only the averaged weights count */
	rt_step_exchange(&t->step);
}

/* ---- the end
 * --------------------------------------------------------------------------------- */

static _Noreturn void interrupted(Trainer *t)
{
	rt_show_clear(&t->show);
	save_best(t);
	save_last(t);
	if (t->files.save)
		rt_warn(0, "stopped by a signal (%s) after step %lld: saved %s",
		        strsignal(rt_stop_signal()), (long long)t->feed->step, t->files.last);
	else
		rt_warn(0, "stopped by a signal (%s) after step %lld",
		        strsignal(rt_stop_signal()), (long long)t->feed->step);
	rt_stop_die(rt_stop_signal());
}

static void print_stopped(const Trainer *t)
{
	char a[RT_NUMBER];
	const Feed *f = t->feed;
	if (f->steps > 0)
		printf("\nstopped after step %lld of %lld", (long long)f->step,
		       (long long)f->total);
	else
		printf("\nstopped after epoch %lld of %.0f",
		       (long long)(f->at ? f->epoch + 1 : f->epoch), f->epochs);
	double s = rt_now() - t->begin;
	if (s < 60)
		printf(" (%.1f s%s%s)", s, t->why ? ", " : "", t->why ? t->why : "");
	else
		printf(" (%s%s%s)", rt_duration(s, a), t->why ? ", " : "",
		       t->why ? t->why : "");
	if (f->steps > 0)
		printf("; best step %lld by %s\n", (long long)t->monitor.step, t->monitor.name);
	else
		printf("; best epoch %lld by %s\n", (long long)t->monitor.epoch,
		       t->monitor.name);
}

static void print_saved(const Trainer *t)
{
	printf("saved %s (best), %s%s%s.   C code: nnc --infer %s --weights %s\n", t->files.best,
	       t->files.last, t->files.log ? ", " : "", t->files.log ? t->files.csv : "",
	       t->m->source, t->files.best);
}

/* What proximal l1 has reached, in the best weights. */
static void print_sparsity(const Trainer *t)
{
	const nnrt_model *m = t->m;
	int64_t zeros = 0, all = 0;
	for (int i = 0; i < m->nparam; i++) {
		if (!m->param[i].proximal)
			continue;
		for (int64_t k = 0; k < m->param[i].len; k++)
			zeros += rt_real(t->run->c.param, m->param[i].offset + k, m->real_bytes) == 0;
		all += m->param[i].len;
	}
	if (all)
		printf("sparsity: %lld of %lld weights under proximal l1 are exactly 0 (%.1f %%)\n",
		       (long long)zeros, (long long)all, 100.0 * (double)zeros / (double)all);
}

/* A fold is over: its scores with its best weights. */
static void finish_fold(Trainer *t)
{
	Folds *f = t->folds;
	int i = f->number - 1;
	rt_run_load_state(t->run, t->monitor.state);
	f->val[i] = rt_scores_new(t->m);
	rt_scores_copy(t->m, &f->val[i], &t->monitor.val);
	f->test[i] = t->data->test.n
	                     ? rt_run_scores(t->run, t->data, &t->data->test, t->run->room)
	                     : rt_scores_new(t->m);
	if (best_of_folds(t))
		f->best = t->monitor.value;
	fflush(stdout);
}

/* The scores of all parts with the best weights, and the names of the files. */
static void finish(Trainer *t)
{
	save_best(t);
	save_last(t);
	if (!t->o->quiet)
		print_stopped(t);
	if (t->folds) {
		finish_fold(t);
		return;
	}
	rt_run_load_state(t->run, t->monitor.state);
	print_sparsity(t);
	const Scores *own = t->data->val.n ? &t->monitor.val : &t->monitor.train;
	const char *part = t->data->val.n ? "val" : "train";
	rt_show_split_head(t->m);
	rt_show_split(t->m, part, own);
	if (!t->data->test.n) {
		rt_show_tables(t->m, part, own);
	} else {
		Scores test = rt_run_scores(t->run, t->data, &t->data->test, t->run->room);
		rt_show_split(t->m, "test", &test);
		rt_show_tables(t->m, part, own);
		rt_show_tables(t->m, "test", &test);
		rt_scores_free(&test);
	}
	if (t->step.left_out)
		rt_warn(0, "%lld update%s not finite and left out", (long long)t->step.left_out,
		        t->step.left_out == 1 ? " was" : "s were");
	if (t->files.save && !t->o->quiet)
		print_saved(t);
	fflush(stdout);
}

/* ---- the beginning
 * --------------------------------------------------------------------------- */

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
	t->feed = rt_feed_new(m, t->o, &t->data->train, t->run);
	t->by_steps = m->train && m->train->validate > 0 && m->train->validate_steps;
	t->every = t->by_steps ? (int64_t)m->train->validate : nice_part(t->feed->total);
	rt_run_reserve(t->run, largest_batch(t));
	t->step = rt_step_new(t->run, t->data, t->feed);
	t->ending = rt_ending_new(m);
	rt_monitor_room(&t->monitor, t->run);
	t->sums = rt_sums_new(m);
	t->train = rt_scores_new(m);
	t->val = rt_scores_new(m);
}

/* One training from first values to the scores of its best weights. */
static void train(Trainer *t, bool first)
{
	begin(t);
	if (first) {
		rt_results_begin(&t->files, t->m, t->o);
		t->show = rt_show_new(t->m, t->o);
		rt_show_head(&t->show, t->data, rt_team_size(t->run->c.team),
		             rt_options_seed(t->o, t->m));
	}
	if (t->folds && !t->o->quiet)
		printf("%sfold %d of %d\n", first ? "" : "\n", t->folds->number, t->folds->of);
	if (!(t->feed->steps > 0))
		rt_show_columns(&t->show);
	t->begin = t->report_begin = t->saved = rt_now();
	loop(t);
	if (rt_stop_signal())
		interrupted(t);
	finish(t);
}

static void release(Trainer *t)
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
}

/* Each fold in turn validates, with the same first values; the files are those of the best. */
static void train_folds(Trainer *t)
{
	int k = t->m->data->folds, done = 0;
	Folds f = { .of = k };
	bool in_time = true;
	t->folds = &f;
	f.val = rt_alloc((size_t)k, sizeof *f.val, "folds");
	f.test = rt_alloc((size_t)k, sizeof *f.test, "folds");
	for (; done < k && in_time; done++) {
		f.number = done + 1;
		if (done)
			rt_data_deal(t->data, t->m->data, f.number);
		train(t, done == 0);
		in_time = !t->why || strcmp(t->why, "time limit");
		release(t);
		t->why = 0;
	}
	rt_show_folds(t->m, f.val, t->data->test.n ? f.test : 0, done);
	if (t->files.save && !t->o->quiet)
		print_saved(t);
	for (int i = 0; i < done; i++) {
		rt_scores_free(&f.val[i]);
		rt_scores_free(&f.test[i]);
	}
	rt_free(f.val);
	rt_free(f.test);
}

int rt_train(const nnrt_model *m, const Options *o)
{
	Trainer t = { .m = m, .o = o, .started = rt_now() };
	rt_need_loss(m, "train");
	t.files = rt_results_new(m, o);
	t.data = rt_need_data(m, o, "train");
	rt_stop_arm();
	if (m->data->folds && !o->fold) {
		train_folds(&t);
	} else {
		train(&t, true);
		release(&t);
	}
	rt_data_free(t.data);
	rt_free(t.files.best);
	rt_free(t.files.last);
	rt_free(t.files.csv);
	return RT_DONE;
}
