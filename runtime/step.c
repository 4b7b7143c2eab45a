/* step.c - batches become updates: accumulation, clipping, refusal, the average of weights.
 *
 * Holds: an update follows a check that passed; the order is that of language.md section 12; a
 *        refused update leaves no trace in weights, optimizer state and buffers.
 *
 * The penalty is part of every batch's gradient; as the weights of the mean add up to one, it
 * is part of the mean once.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <math.h>
#include <string.h>

#include "rt_flat.h"
#include "rt_mem.h"
#include "rt_real.h"
#include "rt_step.h"

/* A run that never gets finite again must end: so many refusals in a row, or so many returns to
 * one moment. */
enum { LEFT_OUT_MOST = 100, RETURNS_MOST = 10 };

Stepper rt_step_new(Run *r, const Dataset *d, Feed *f)
{
	Stepper s = { .run = r, .data = d, .feed = f };
	const nnrt_train *t = r->m->train;
	s.nonfinite = t ? t->nonfinite : NNRT_STOP;
	if ((t && t->number[NNRT_EMA]) || !isnan(r->given[NNRT_EMA])) {
		s.average = rt_alloc((size_t)r->m->param_len, (size_t)r->m->real_bytes,
		                     "the average of the weights");
		memcpy(s.average, r->c.param, rt_run_param_bytes(r));
	}
	rt_step_keep(&s);
	return s;
}

void rt_step_free(Stepper *s)
{
	void *all[] = { s->sum, s->before, s->average, s->kept.state, s->kept.average };
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		rt_free(all[i]);
	for (int i = 0; i < NNRT_MAX_MOMENTS; i++)
		rt_free(s->kept.moment[i]);
}

void rt_step_exchange(Stepper *s)
{
	void *p = s->run->c.param;
	if (!s->average)
		return;
	s->run->c.param = s->average;
	s->average = p;
}

/* ---- what is not finite ------------------------------------------------------------------ */

static void *copy_of(void *old, const void *from, size_t bytes)
{
	void *to = old ? old : rt_alloc(bytes ? bytes : 1, 1, "a state to go back to");
	memcpy(to, from, bytes);
	return to;
}

void rt_step_keep(Stepper *s)
{
	Run *r = s->run;
	Kept *k = &s->kept;
	if (s->nonfinite != NNRT_ROLLBACK)
		return;
	if (!k->state)
		k->state = rt_alloc(rt_run_state_bytes(r), 1, "a state to go back to");
	rt_run_save_state(r, k->state);
	for (int i = 0; i < r->m->nmoment; i++)
		k->moment[i] = copy_of(k->moment[i], r->c.moment[i], rt_run_param_bytes(r));
	if (s->average)
		k->average = copy_of(k->average, s->average, rt_run_param_bytes(r));
	k->averaged = s->averaged;
	k->step = s->feed->step;
	k->update = r->c.update;
	s->in_a_row = 0;
}

static void go_back(Stepper *s)
{
	Run *r = s->run;
	const Kept *k = &s->kept;
	rt_run_load_state(r, k->state);
	for (int i = 0; i < r->m->nmoment; i++)
		memcpy(r->c.moment[i], k->moment[i], rt_run_param_bytes(r));
	if (s->average)
		memcpy(s->average, k->average, rt_run_param_bytes(r));
	s->averaged = k->averaged;
	s->feed->step = k->step;
	r->c.update = k->update;
}

static StepEnd refuse(Stepper *s)
{
	bool back = s->nonfinite == NNRT_ROLLBACK;
	if (s->nonfinite == NNRT_STOP || s->in_a_row >= (back ? RETURNS_MOST : LEFT_OUT_MOST))
		return STEP_BAD;
	s->in_a_row++;
	s->left_out++;
	if (back)
		go_back(s);
	else if (s->batches > 0)
		memcpy(s->run->c.buffer, s->before, rt_run_buffer_bytes(s->run));
	s->batches = s->samples = 0;
	return STEP_LEFT_OUT;
}

/* ---- the mean of several batches --------------------------------------------------------- */

static void gather(Stepper *s, int n)
{
	Run *r = s->run;
	const nnrt_model *m = r->m;
	if (!s->sum)
		s->sum = rt_alloc((size_t)m->param_len, (size_t)m->real_bytes, "gradients");
	if (s->batches == 0) {
		s->before = copy_of(s->before, r->c.buffer, rt_run_buffer_bytes(r));
		rt_run_flat(r, rt_flat_product, s->sum, r->c.grad, n);
	} else {
		rt_run_flat(r, rt_flat_add, s->sum, r->c.grad, n);
	}
	s->batches++;
	s->samples += n;
	r->c.sample0 = (uint64_t)s->samples;
}

static int64_t batches_wanted(const Run *r)
{
	double k = rt_run_number(r, NNRT_ACCUMULATE);
	return k >= 1.5 ? (int64_t)(k + 0.5) : 1;
}

/* ---- clipping ---------------------------------------------------------------------------- */

/* PyTorch's clip_grad_value_, then its clip_grad_norm_ over all parameters that are trained. */
static void clip(Run *r)
{
	double most = rt_run_number(r, NNRT_CLIP_VALUE), c = rt_run_number(r, NNRT_CLIP_NORM);
	if (!isnan(most))
		rt_run_flat(r, rt_flat_clamp, r->c.grad, r->c.grad, most);
	if (isnan(c))
		return;
	double factor = c / ((isnan(most) ? r->norm_all : rt_run_norm(r)) + 1e-6);
	if (factor < 1)
		rt_run_flat(r, rt_flat_product, r->c.grad, r->c.grad, factor);
}

/* ---- a step ------------------------------------------------------------------------------ */

/* PyTorch's AveragedModel with get_ema_multi_avg_fn: the first update is copied. */
static void average(Stepper *s)
{
	const Run *r = s->run;
	double keep = rt_run_number(r, NNRT_EMA);
	if (!s->average)
		return;
	if (s->averaged++ == 0)
		memcpy(s->average, r->c.param, rt_run_param_bytes(r));
	else
		rt_run_flat(r, rt_flat_lerp, s->average, r->c.param, 1 - keep);
}

StepEnd rt_step(Stepper *s, const uint32_t *row, int n)
{
	Run *r = s->run;
	if (s->batches == 0) {
		nnrt_time now = rt_feed_time(s->feed);
		rt_run_knobs(r, &now);
		s->wanted = batches_wanted(r);
		if (s->wanted != s->feed->parts) { /* a warm-up looks at the whole update */
			s->feed->parts = s->wanted;
			now = rt_feed_time(s->feed);
			rt_run_knobs(r, &now);
		}
		r->c.sample0 = 0;
	}
	rt_run_reserve(r, n);
	rt_data_ahead(s->data, row, s->feed->rows->n - s->feed->at);
	if (!rt_run_batch(r, s->data, row, n))
		return refuse(s);
	bool last = s->batches + 1 >= s->wanted || rt_feed_last(s->feed, n);
	if (!last || s->batches > 0)
		gather(s, n);
	if (!last) {
		rt_run_buffers(r);
		return STEP_PART;
	}
	if (s->batches > 0) {
		rt_run_flat(r, rt_flat_quotient, r->c.grad, s->sum, (double)s->samples);
		if (!rt_run_check(r))
			return refuse(s);
	}
	clip(r);
	rt_run_update(r);
	rt_run_buffers(r);
	average(s);
	s->batches = s->samples = 0;
	r->c.sample0 = 0;
	s->feed->step++;
	if (s->nonfinite == NNRT_SKIP)
		s->in_a_row = 0;
	return STEP_UPDATE;
}
