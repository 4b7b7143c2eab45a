/* diverged.c - what is known about a step that was refused: R3, exit 4.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "rt_fail.h"
#include "rt_mem.h"
#include "rt_real.h"
#include "rt_run.h"

/* The first input of the batch that is not finite, with the row that it came from. */
static bool note_bad_input(const Run *r, const Dataset *d, const uint32_t *row)
{
	for (int i = 0; i < r->m->nin; i++) {
		const nnrt_field *f = &r->m->in[i];
		int64_t bad = f->kind == NNRT_REAL ? rt_first_bad(r->c.in[i], f->len * r->c.B,
		                                                  r->m->real_bytes)
		                                   : -1;
		if (bad < 0)
			continue;
		rt_note("first bad value: `%s`, row %u of %s", f->name,
		        (unsigned)row[bad / f->len], d->name);
		return true;
	}
	return false;
}

static bool note_bad_weight(const Run *r)
{
	for (int i = 0; i < r->m->nparam; i++) {
		const nnrt_tensor *t = &r->m->param[i];
		const char *w = (const char *)r->c.param + t->offset * r->m->real_bytes;
		if (rt_first_bad(w, t->len, r->m->real_bytes) < 0)
			continue;
		rt_note("first bad value: the weights of %s are not finite since the last "
		        "update",
		        t->path);
		return true;
	}
	return false;
}

static double norm_at(const Run *r, int param, uint64_t update)
{
	return r->norm[(update % NORMS_KEPT) * (uint64_t)r->m->nparam + (uint64_t)param];
}

/* Weights and gradients are finite: something overflows on the way to the loss. */
static void note_largest_weight(const Run *r)
{
	double most = 0;
	int at = -1;
	for (int i = 0; i < r->m->nparam; i++) {
		const nnrt_tensor *t = &r->m->param[i];
		for (int64_t k = t->offset; k < t->offset + t->len; k++) {
			double v = fabs(rt_real(r->c.param, k, r->m->real_bytes));
			if (v > most)
				most = v, at = i;
		}
	}
	if (at >= 0 && most > 1e4)
		rt_note("first bad value: the loss itself; the largest weight is %.2g, in %s",
		        most, r->m->param[at].path);
	else
		rt_note("first bad value: the loss itself; every weight and gradient is finite");
}

/* The first parameter with a gradient that is not finite, and how its norm grew. */
static void note_bad_gradient(const Run *r)
{
	uint64_t now = r->c.update;
	for (int i = 0; i < r->m->nparam; i++) {
		const nnrt_tensor *t = &r->m->param[i];
		const char *g = (const char *)r->c.grad + t->offset * r->m->real_bytes;
		if (!t->trained || rt_first_bad(g, t->len, r->m->real_bytes) < 0)
			continue;
		uint64_t back = now < NORMS_KEPT - 1 ? now : NORMS_KEPT - 1;
		if (now == 0)
			rt_note("first bad value: the gradient of %s, in the first step",
			        t->path);
		else if (now == 1)
			rt_note("first bad value: %s, gradient norm %.2g at step 1", t->path,
			        norm_at(r, i, 0));
		else
			rt_note("first bad value: %s, gradient norm %.2g at step %llu (was "
			        "%.2g at step %llu)",
			        t->path, norm_at(r, i, now - 1), (unsigned long long)now,
			        norm_at(r, i, now - back),
			        (unsigned long long)(now - back + 1));
		return;
	}
	note_largest_weight(r);
}

/* The norms of the whole gradient that led here, the last one behind. */
static void note_norms(const Run *r)
{
	enum { SHOWN = 8 };
	uint64_t now = r->c.update, n = now < SHOWN ? now : SHOWN;
	char *list = rt_text("%s", "");
	for (uint64_t u = now - n; u < now; u++) {
		double all = 0;
		for (int i = 0; i < r->m->nparam; i++)
			all += r->frozen[i] ? 0 : norm_at(r, i, u) * norm_at(r, i, u);
		char *longer = rt_text("%s %.2g", list, sqrt(all));
		rt_free(list);
		list = longer;
	}
	if (n > 1)
		rt_note("gradient norms of steps %llu to %llu:%s",
		        (unsigned long long)(now - n + 1), (unsigned long long)now, list);
	rt_free(list);
}

/* Row numbers of a list of samples, the first few of them. */
static char *rows_text(const uint32_t *row, int n)
{
	enum { SHOWN = 8 };
	char *s = rt_text("%s", n == 1 ? "row" : "rows");
	for (int i = 0; i < n && i < SHOWN; i++) {
		char *longer = rt_text("%s%s %u", s, i ? "," : "", (unsigned)row[i]);
		rt_free(s);
		s = longer;
	}
	char *whole = n > SHOWN ? rt_text("%s and %d more", s, n - SHOWN) : rt_text("%s", s);
	rt_free(s);
	return whole;
}

/* Samples that have no finite loss on their own, if that tells some of the batch from others; else
 * the batch. */
static void note_samples(Run *r, const Dataset *d, const uint32_t *row, int n)
{
	enum { LOOKED_AT = 4096 };
	uint32_t *bad = rt_alloc((size_t)n, sizeof *bad, "row numbers");
	int k = 0, looked = n < LOOKED_AT ? n : LOOKED_AT;
	for (int i = 0; i < looked; i++) {
		rt_run_bind(r, d, row + i, 1);
		rt_run_eval(r, NNRT_WANT_LOSSES);
		if (!isfinite(rt_run_loss(r)))
			bad[k++] = row[i];
	}
	char *text = rows_text(k && k < n ? bad : row, k && k < n ? k : n);
	if (k && k < n)
		rt_note("samples whose own loss is not finite: %s of %s (%d of %d in the batch)",
		        text, d->name, k, looked);
	else
		rt_note("the batch: %s of %s", text, d->name);
	rt_free(text);
	rt_free(bad);
}

/* The setting that the learning rate follows ("optimizer.lr", or a const of the program), found by
 * trying: that which lowers it most, since a schedule may have a floor; -1: none. */
static int setting_of_lr(Run *r)
{
	int found = -1;
	double least = 0.9;
	/* somewhere in the middle, behind any warm-up that was */
	double at = (double)r->c.update;
	nnrt_time now = { .step = at, .epoch = at, .position = at, .now = at, .end = 2 * at + 2,
		          .one = 1, .in_steps = 1, .per_epoch = 1, .steps = 2 * at + 2, .progress = 0.5 };
	for (int i = 0; i < r->m->nsetting && r->m->lr_knob > 0; i++) {
		double v = r->setting[i];
		r->setting[i] = v / 2;
		rt_run_knobs(r, &now);
		double half = rt_run_lr(r);
		r->setting[i] = v;
		rt_run_knobs(r, &now);
		double whole = rt_run_lr(r);
		if (v > 0 && whole > 0 && half > 0 && half / whole < least) {
			found = i;
			least = half / whole;
		}
	}
	return found;
}

void rt_run_diverged_help(Run *r, const char *again)
{
	int i = setting_of_lr(r);
	bool clips = !isnan(rt_run_number(r, NNRT_CLIP_NORM));
	char *command = again ? rt_text("%s", again)
	                      : rt_text("%s train", program_invocation_name);
	const char *clip = clips ? "" : ", or `--set clip_norm=1`";
	if (i < 0 && clips)
		rt_help("try a smaller learning rate, or scale the inputs");
	else if (i < 0)
		rt_help("try `%s --set clip_norm=1`, a smaller learning rate, or scale the inputs",
		        command);
	else
		rt_help("try `%s --set %s=%.2g`%s", command, r->m->setting[i].name,
		        r->setting[i] / 10, clip);
	rt_free(command);
}

void rt_run_diverged(Run *r, const Dataset *d, const uint32_t *row, int64_t step,
                     int64_t epoch, const Saved *saved)
{
	bool loss = !isfinite(rt_run_loss(r)) || !isfinite(*r->c.penalty);
	rt_error(RT_DIVERGED, "R3", "%s is not finite at step %lld (epoch %lld)",
	         loss ? "the loss" : "a gradient", (long long)step, (long long)epoch);
	if (!note_bad_input(r, d, row) && !note_bad_weight(r))
		note_bad_gradient(r);
	note_norms(r);
	note_samples(r, d, row, r->c.B);
	if (saved && saved->weights)
		rt_note("%s holds the weights before this step", saved->weights);
	if (saved && saved->checkpoint)
		rt_note("%s holds step %lld, the last finite checkpoint", saved->checkpoint,
		        (long long)saved->step);
	rt_run_diverged_help(r, saved ? saved->again : 0);
	rt_exit(RT_DIVERGED);
}
