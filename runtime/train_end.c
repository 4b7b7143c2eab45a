/* train_end.c - how a run ends: its last scores and words, a signal, a step that is not finite.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <stdio.h>
#include <string.h>
#include "rt_ckpt.h"
#include "rt_fail.h"
#include "rt_real.h"
#include "rt_stop.h"
#include "rt_trainer.h"

_Noreturn void rt_trainer_diverged(Trainer *t, const uint32_t *row)
{
	Feed *f = t->feed;
	rt_show_clear(&t->show);
	rt_trainer_save_best(t);
	rt_step_exchange(&t->step);
	bool weights = rt_monitor_finite(t->run);
	if (weights)
		rt_trainer_save_last(t);
	rt_step_exchange(&t->step);
	rt_log_stop(t->log);
	Saved saved = { 0 };
	saved.again = t->ckpt.fold ? rt_ckpt_command(t) : rt_ckpt_from_start(t);
	if (weights && t->files.save)
		saved.weights = t->files.last;
	if (t->ckpt.fold) {
		saved.checkpoint = rt_ckpt_path(t);
		saved.step = t->ckpt.step;
	}
	rt_run_diverged(t->run, t->data, row, f->step + 1, f->epoch + 1, &saved);
}

_Noreturn void rt_trainer_interrupted(Trainer *t)
{
	const char *name = strsignal(rt_stop_signal());
	rt_show_clear(&t->show);
	if (!t->ended) {
		rt_trainer_save_best(t);
		rt_trainer_save_last(t);
		rt_log_stop(t->log);
	}
	if (t->files.save && t->ckpt.fold) {
		rt_warn(0, "stopped by a signal (%s) after step %lld: saved %s, %s", name,
		        (long long)t->feed->step, rt_ckpt_path(t), t->files.last);
		rt_help("go on with `%s`", rt_ckpt_command(t));
	} else {
		rt_warn(0, "stopped by a signal (%s) after step %lld", name,
		        (long long)t->feed->step);
	}
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

void rt_trainer_print_saved(const Trainer *t)
{
	printf("saved %s (best), %s%s.   C code: nnc --infer %s --weights %s\n", t->files.best,
	       t->files.last, rt_log_names(t->log), t->m->source, t->files.best);
}

void rt_trainer_log_end(Trainer *t, const Scores *test)
{
	const Feed *f = t->feed;
	LogEnd e = { .why = t->why,
		     .epoch = f->at ? f->epoch + 1 : f->epoch,
		     .step = f->step,
		     .best_epoch = t->monitor.epoch,
		     .best_step = t->monitor.step,
		     .seconds = rt_now() - t->begin,
		     .best = t->monitor.value,
		     .train = &t->monitor.train,
		     .val = t->data->val.n ? &t->monitor.val : 0,
		     .test = test,
		     .run = t->run,
		     .data = t->data,
		     .page = rt_trainer_best_of_folds(t) };
	rt_log_end(t->log, &e);
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

void rt_trainer_finish(Trainer *t)
{
	rt_show_clear(&t->show);
	rt_trainer_save_best(t);
	rt_trainer_save_last(t);
	if (!t->o->quiet)
		print_stopped(t);
	t->ended = true;
	if (t->folds) {
		rt_trainer_finish_fold(t);
		return;
	}
	rt_run_load_state(t->run, t->monitor.state);
	print_sparsity(t);
	const Scores *own = t->data->val.n ? &t->monitor.val : &t->monitor.train;
	const char *part = t->data->val.n ? "val" : "train";
	rt_show_split_head(t->m);
	rt_show_split(t->m, part, own);
	Scores test = rt_scores_new(t->m);
	if (t->data->test.n) {
		rt_scores_free(&test);
		test = rt_run_scores(t->run, t->data, &t->data->test, t->run->room);
		if (rt_stop_signal())
			rt_trainer_interrupted(t);
		rt_show_split(t->m, "test", &test);
	}
	rt_show_tables(t->run, part, own);
	if (t->data->test.n)
		rt_show_tables(t->run, "test", &test);
	rt_trainer_log_end(t, t->data->test.n ? &test : 0);
	rt_scores_free(&test);
	if (t->step.left_out)
		rt_warn(0, "%lld update%s not finite and left out", (long long)t->step.left_out,
		        t->step.left_out == 1 ? " was" : "s were");
	if (t->files.save && !t->o->quiet)
		rt_trainer_print_saved(t);
	fflush(stdout);
}
