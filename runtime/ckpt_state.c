/* ckpt_state.c - what a checkpoint holds: one walk over the state of a run.
 *
 * Holds: writing and reading go through the same functions in the same order, so nothing is
 *        written that is not read; everything that the next step depends on, and that does not
 *        follow from the program, the command line and the data, is on the walk.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rt_ckpt.h"
#include "rt_fail.h"
#include "rt_mem.h"
#include "rt_plateau.h"
#include "rt_real.h"

/* No run counts further: sums of counts stay in their types, and doubles hold them exactly. */
#define MOST (INT64_C(1) << 53)

/* One of the two. */
typedef struct {
	TensorWriter *to;
	const TensorFile *from;
} Walk;

static _Noreturn void refuse(const TensorFile *f, const char *what, const char *name)
{
	rt_fail(RT_FILE, "R6", "%s: %s `%s`: this is no checkpoint of this trainer", f->path, what,
	        name);
}

/* ---- pieces ------------------------------------------------------------------------------- */

static const char *note_of(const TensorFile *f, const char *name)
{
	char *key = rt_text("run.%s", name);
	const char *v = rt_tensors_meta(f, key);
	rt_free(key);
	if (!v)
		refuse(f, "it lacks the number", name);
	return v;
}

static void put_note(const Walk *w, const char *name, char *value)
{
	char *key = rt_text("run.%s", name);
	rt_tensors_note(w->to, key, value);
	rt_free(key);
	rt_free(value);
}

int64_t rt_ckpt_number(const TensorFile *f, const char *name)
{
	const char *text = note_of(f, name);
	char *end;
	errno = 0;
	long long v = strtoll(text, &end, 10);
	if (errno || end == text || *end)
		refuse(f, "it cannot be read", name);
	return v;
}

const void *rt_ckpt_bytes(const TensorFile *f, const char *name, size_t *n)
{
	const Stored *s = rt_tensors_find(f, name);
	if (!s || s->type != T_U8)
		refuse(f, "it lacks the tensor", name);
	*n = s->bytes;
	return f->data + s->at;
}

/* An integer from least to most. */
static void count(const Walk *w, const char *name, int64_t *v, int64_t least, int64_t most)
{
	if (w->to) {
		put_note(w, name, rt_text("%lld", (long long)*v));
		return;
	}
	*v = rt_ckpt_number(w->from, name);
	if (*v < least || *v > most)
		refuse(w->from, "out of range is", name);
}

static void whole(const Walk *w, const char *name, int *v, int most)
{
	int64_t k = *v;
	count(w, name, &k, 0, most);
	*v = (int)k;
}

static void truth(const Walk *w, const char *name, bool *v)
{
	int k = *v;
	whole(w, name, &k, 1);
	*v = k != 0;
}

static void real(const Walk *w, const char *name, double *v)
{
	if (w->to) {
		put_note(w, name, rt_text("%.17g", *v));
		return;
	}
	const char *text = note_of(w->from, name);
	char *end;
	*v = strtod(text, &end);
	if (end == text || *end)
		refuse(w->from, "it cannot be read", name);
}

/* What is counted, or measured from 0 on. */
static void amount(const Walk *w, const char *name, double *v)
{
	real(w, name, v);
	if (!w->to && !(*v >= 0 && *v <= (double)MOST))
		refuse(w->from, "out of range is", name);
}

/* n elements of `kind`, as a tensor of that name. */
static void array(const Walk *w, const char *name, void *v, int64_t n, nnrt_kind kind,
                  int real_bytes)
{
	if (w->to) {
		rt_tensors_add(w->to, name, &n, 1, v, kind, real_bytes);
		return;
	}
	const Stored *s = rt_tensors_find(w->from, name);
	ElementType type = kind == NNRT_I32 ? T_I64 : real_bytes == 8 ? T_F64 : T_F32;
	if (!s || s->type != type || s->len != n)
		refuse(w->from, s ? "of another type or size is" : "it lacks the tensor", name);
	for (int64_t i = 0; i < n; i++)
		if (kind == NNRT_I32)
			((int32_t *)v)[i] = (int32_t)rt_stored_integer(w->from, s, i);
		else
			rt_set_real(v, i, real_bytes, rt_stored_value(w->from, s, i));
}

static void doubles(const Walk *w, const char *name, double *v, int64_t n)
{
	array(w, name, v, n, NNRT_REAL, 8);
}

/* Tensors of a flat array, as WORD/PATH; word "": as PATH. */
static void tensors(const Walk *w, const char *word, const nnrt_tensor *t, int n, void *flat,
                    int real_bytes)
{
	for (int i = 0; i < n; i++) {
		char *name = rt_text("%s%s%s", word, *word ? "/" : "", t[i].path);
		int64_t dim[8];
		void *at = (char *)flat + t[i].offset * real_bytes;
		for (int k = 0; k < t[i].rank; k++)
			dim[k] = t[i].dim[k];
		if (w->to)
			rt_tensors_add(w->to, name, dim, t[i].rank, at, NNRT_REAL, real_bytes);
		else
			array(w, name, at, t[i].len, NNRT_REAL, real_bytes);
		rt_free(name);
	}
}

static void params(const Walk *w, const char *word, const Run *r, void *flat)
{
	tensors(w, word, r->m->param, r->m->nparam, flat, r->m->real_bytes);
}

static void buffers(const Walk *w, const char *word, const Run *r, void *flat)
{
	tensors(w, word, r->m->buffer, r->m->nbuffer, flat, r->m->real_bytes);
}

/* Parameters and buffers as rt_run_save_state leaves them. */
static void state(const Walk *w, const char *word, const Run *r, void *at)
{
	params(w, word, r, at);
	buffers(w, word, r, (char *)at + rt_run_param_bytes(r));
}

static void moments(const Walk *w, const char *word, const Run *r, void *const *at)
{
	for (int i = 0; i < r->m->nmoment; i++) {
		char *name = rt_text("%s%d", word, i);
		params(w, name, r, at[i]);
		rt_free(name);
	}
}

static void *room(void *old, int64_t n, int64_t bytes, const char *what)
{
	return old ? old : rt_alloc((size_t)n, (size_t)bytes, what);
}

/* ---- parts of a run ----------------------------------------------------------------------- */

static void walk_run(const Walk *w, Run *r)
{
	const nnrt_model *m = r->m;
	int64_t update = (int64_t)r->c.update, first = (int64_t)r->c.sample0, samples = r->room;
	params(w, "", r, r->c.param);
	buffers(w, "", r, r->c.buffer);
	moments(w, "optimizer", r, r->c.moment);
	count(w, "update", &update, 0, MOST);
	count(w, "sample", &first, 0, MOST);
	count(w, "room", &samples, 0, INT32_MAX);
	doubles(w, "run/plateau", r->plateau, PLATEAU_STATE * (int64_t)m->nplateau);
	doubles(w, "run/knobs", r->knob, m->nknob);
	doubles(w, "run/norms", r->norm, NORMS_KEPT * (int64_t)m->nparam);
	real(w, "norm", &r->norm_all);
	if (w->to)
		return;
	r->c.update = (uint64_t)update;
	r->c.sample0 = (uint64_t)first;
	rt_run_reserve(r, samples);
	memcpy(r->c.buffer_next, r->c.buffer, rt_run_buffer_bytes(r));
}

static void walk_feed(const Walk *w, Feed *f)
{
	count(w, "step", &f->step, 0, MOST);
	count(w, "epoch", &f->epoch, 0, MOST);
	count(w, "position", &f->at, 0, f->rows->n - 1);
	count(w, "batch", &f->size, 1, INT32_MAX);
	whole(w, "batch_cut", &f->n, INT32_MAX);
	count(w, "batches", &f->parts, 1, INT32_MAX);
}

static void walk_kept(const Walk *w, const Run *r, Kept *k, bool averages)
{
	int64_t update = (int64_t)k->update;
	state(w, "kept", r, k->state);
	moments(w, "kept_optimizer", r, k->moment);
	if (averages)
		params(w, "kept_ema", r, k->average);
	count(w, "kept_step", &k->step, 0, MOST);
	count(w, "kept_averaged", &k->averaged, 0, MOST);
	count(w, "kept_update", &update, 0, MOST);
	k->update = (uint64_t)update;
}

static void walk_step(const Walk *w, Stepper *s)
{
	Run *r = s->run;
	const nnrt_model *m = r->m;
	count(w, "gathered", &s->batches, 0, INT32_MAX);
	count(w, "gathered_samples", &s->samples, 0, MOST);
	count(w, "wanted", &s->wanted, 0, INT32_MAX);
	if (s->batches > 0) {
		s->sum = room(s->sum, m->param_len, m->real_bytes, "gradients");
		s->before = room(s->before, m->buffer_len, m->real_bytes, "buffers");
		params(w, "gathered", r, s->sum);
		buffers(w, "before", r, s->before);
	}
	if (s->average)
		params(w, "ema", r, s->average);
	count(w, "averaged", &s->averaged, 0, MOST);
	count(w, "left_out", &s->left_out, 0, MOST);
	count(w, "in_a_row", &s->in_a_row, 0, MOST);
	if (s->nonfinite == NNRT_ROLLBACK)
		walk_kept(w, r, &s->kept, s->average != 0);
}

static void walk_scores(const Walk *w, const char *name, const nnrt_model *m, Scores *s)
{
	char *loss = rt_text("%s_loss", name), *rest = rt_text("scores/%s", name);
	real(w, loss, &s->loss);
	doubles(w, rest, s->metric, (int64_t)rt_scores_len(m));
	rt_free(loss);
	rt_free(rest);
}

static void walk_best(const Walk *w, const Run *r, Monitor *b)
{
	whole(w, "looks", &b->looks, INT32_MAX);
	real(w, "best", &b->value);
	count(w, "best_epoch", &b->epoch, 0, MOST);
	count(w, "best_step", &b->step, 0, MOST);
	walk_scores(w, "train", r->m, &b->train);
	walk_scores(w, "val", r->m, &b->val);
	if (b->looks > 0)
		state(w, "best", r, b->state);
}

static void walk_tally(const Walk *w, Tally *s, int i)
{
	char *name = rt_text("tally%d", i), *sum = rt_text("sums/tally%d", i),
	     *x = rt_text("sums/scores%d", i), *y = rt_text("sums/classes%d", i);
	count(w, name, &s->n, 0, INT32_MAX);
	doubles(w, sum, s->sum, (int64_t)rt_tally_sums(s->t));
	if (s->t->how == NNRT_RANKS) {
		const Stored *there = w->to ? 0 : rt_tensors_find(w->from, y);
		if (!w->to && (!there || there->len != s->n)) /* before memory is asked for */
			refuse(w->from, "of another size is", y);
		if (!w->to && s->n > s->room) {
			s->room = 0; /* what was there is not kept */
			rt_tally_room(s, s->n);
		}
		array(w, x, s->x, s->n * s->t->width, NNRT_REAL, s->real_bytes);
		array(w, y, s->y, s->n, NNRT_I32, 4);
		for (int64_t k = 0; !w->to && k < s->n; k++)
			if (s->y[k] < 0 || s->y[k] >= s->t->classes)
				refuse(w->from, "out of range is", y);
	}
	rt_free(name);
	rt_free(sum);
	rt_free(x);
	rt_free(y);
}

static void walk_sums(const Walk *w, const nnrt_model *m, Sums *s)
{
	/* these stand there for a moment in every report; what they were is not looked at */
	for (int i = 0; i < m->nstat; i++)
		s->acc[m->stat[i].slot] = 0;
	real(w, "loss", &s->loss);
	amount(w, "samples", &s->count);
	doubles(w, "sums/metrics", s->acc, m->nacc);
	doubles(w, "sums/losses", s->part, m->nloss);
	for (int i = 0; i < s->ntally; i++)
		walk_tally(w, s->tally[i], i);
}

static void walk_ending(const Walk *w, const nnrt_model *m, Ending *e)
{
	if (!m->stop)
		return;
	doubles(w, "stop/scores", e->score, 2 * (1 + m->nloss + m->nmetric) + m->nearly);
	doubles(w, "stop/best", e->best, m->nearly);
	doubles(w, "stop/waited", e->waited, m->nearly);
}

/* Folds before the one at hand. */
static void walk_folds(const Walk *w, const nnrt_model *m, Folds *f)
{
	int before = f->number - 1;
	whole(w, "folds", &before, f->of - 1);
	real(w, "fold_best", &f->best);
	f->number = before + 1;
	for (int i = 0; i < before; i++) {
		char *val = rt_text("val%d", i + 1), *test = rt_text("test%d", i + 1);
		if (!w->to) {
			f->val[i] = rt_scores_new(m);
			f->test[i] = rt_scores_new(m);
		}
		walk_scores(w, val, m, &f->val[i]);
		walk_scores(w, test, m, &f->test[i]);
		rt_free(val);
		rt_free(test);
	}
}

/* Why the run is over: a condition of `stop` that held in the last report. */
static void walk_why(const Walk *w, Trainer *t)
{
	const nnrt_model *m = t->m;
	int which = 0;
	for (int i = 0; w->to && t->why && !t->counted.open && i < m->ncondition; i++)
		if (!strcmp(m->condition[i].text, t->why))
			which = i + 1;
	whole(w, "over", &which, m->ncondition);
	if (!w->to && which)
		t->why = m->condition[which - 1].text;
}

/* Conditions that ask for it go on counting; for all others the clock leaves no trace. */
static void walk_elapsed(const Walk *w, Trainer *t)
{
	bool asked = false;
	for (int i = 0; i < t->m->ncondition; i++)
		asked = asked || strstr(t->m->condition[i].text, "elapsed");
	double elapsed = rt_trainer_elapsed(t);
	if (!asked)
		return;
	amount(w, "elapsed", &elapsed);
	if (!w->to && elapsed > rt_trainer_elapsed(t))
		t->begin = rt_now() - elapsed;
}

static void walk(const Walk *w, Trainer *t)
{
	if (t->folds)
		walk_folds(w, t->m, t->folds);
	walk_feed(w, t->feed);
	walk_run(w, t->run);
	walk_step(w, &t->step);
	walk_best(w, t->run, &t->monitor);
	walk_sums(w, t->m, &t->sums);
	walk_ending(w, t->m, &t->ending);
	truth(w, "open", &t->counted.open);
	truth(w, "updated", &t->counted.updated);
	truth(w, "epoch_end", &t->counted.epoch_end);
	amount(w, "before", &t->counted.before);
	count(w, "report_step", &t->report_step, 0, MOST);
	walk_why(w, t);
	walk_elapsed(w, t);
}

void rt_ckpt_write(Trainer *t, TensorWriter *to, const char *path)
{
	Walk w = { .to = to };
	Str log = { 0 };
	walk(&w, t);
	rt_log_state(t->log, &log);
	rt_tensors_add(to, "run/log", &(int64_t){ (int64_t)log.n }, 1, log.s, NNRT_U8, 1);
	rt_tensors_write(to, path);
	rt_str_free(&log);
}

void rt_ckpt_read(Trainer *t, const TensorFile *f)
{
	Walk w = { .from = f };
	walk(&w, t);
	rt_feed_resume(t->feed);
	t->best_unsaved = t->monitor.looks > 0;
}
