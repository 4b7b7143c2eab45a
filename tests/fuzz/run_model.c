/* run_model.c - see run_model.h. */
#include "run_model.h"

#include <stdlib.h>
#include <string.h>

#include "nnrt.h"
#include "rt_fit.h"
#include "rt_real.h"
#include "rt_run.h"

static void *room(int64_t n, size_t size)
{
	void *p = calloc((size_t)n + 1, size);
	if (!p)
		abort();
	return p;
}

static double *numbers(const void *from, int64_t n, nnrt_kind kind, int real_bytes)
{
	double *v = room(n, sizeof *v);
	for (int64_t i = 0; i < n; i++)
		v[i] = rt_value(from, i, kind, real_bytes);
	return v;
}

static void put_reals(void *to, int64_t at, const double *v, int64_t n, int real_bytes)
{
	for (int64_t i = 0; i < n; i++)
		rt_set_real(to, at + i, real_bytes, v[i]);
}

static void put_field(void *to, const nnrt_field *f, const double *v, int64_t n, int real_bytes)
{
	for (int64_t i = 0; i < n; i++)
		if (f->kind == NNRT_REAL)
			rt_set_real(to, i, real_bytes, v[i]);
		else if (f->kind == NNRT_BOOL || f->kind == NNRT_U8)
			((unsigned char *)to)[i] = (unsigned char)v[i];
		else
			((int32_t *)to)[i] = (int32_t)v[i];
}

static double **tensors(const nnrt_tensor *t, int n, const void *array, int real_bytes)
{
	double **v = room(n, sizeof *v);
	for (int i = 0; i < n; i++)
		v[i] = numbers((const char *)array + t[i].offset * real_bytes, t[i].len, NNRT_REAL, real_bytes);
	return v;
}

static double **outputs(const Run *r)
{
	const nnrt_model *m = r->m;
	double **v = room(m->nout, sizeof *v);
	for (int i = 0; i < m->nout; i++)
		v[i] = numbers(r->c.out[i], m->out[i].len * (m->out[i].batched ? r->c.B : 1), m->out[i].kind, m->real_bytes);
	return v;
}

static void put_values(Run *r, const RunInput *in)
{
	const nnrt_model *m = r->m;
	for (int i = 0; i < m->nparam; i++)
		put_reals(r->c.param, m->param[i].offset, in->param[i], m->param[i].len, m->real_bytes);
	for (int i = 0; i < m->nbuffer; i++) {
		put_reals(r->c.buffer, m->buffer[i].offset, in->buffer[i], m->buffer[i].len, m->real_bytes);
		put_reals(r->c.buffer_next, m->buffer[i].offset, in->buffer[i], m->buffer[i].len, m->real_bytes);
	}
	for (int i = 0; i < m->nin; i++)
		put_field(r->field[i], &m->in[i], in->in[i], m->in[i].len * in->B, m->real_bytes);
}

static nnrt_time time_of(const RunInput *in)
{
	return (nnrt_time){ .step = in->step, .epoch = in->epoch, .position = in->position, .progress = in->progress,
		            .now = in->now, .end = in->end, .one = in->one, .in_steps = in->in_steps,
		            .per_epoch = in->per_epoch, .steps = in->steps };
}

RunOutput run_model(const void *model, const RunInput *in)
{
	const nnrt_model *m = model;
	RunOutput o = { 0 };
	nnrt_time t = time_of(in);
	Run *r = rt_run_new(m);
	rt_run_threads(r, in->threads);
	rt_run_reserve(r, in->B);
	rt_run_init(r, in->seed);
	o.start = tensors(m->param, m->nparam, r->c.param, m->real_bytes);
	o.start_buffer = tensors(m->buffer, m->nbuffer, r->c.buffer, m->real_bytes);
	rt_run_knobs(r, &t);
	o.knob = numbers(r->knob, m->nknob, NNRT_REAL, 8);
	put_values(r, in);
	r->c.B = in->B;
	r->c.seed = in->seed;
	rt_run_grad(r, NNRT_WANT_OUTPUTS);
	o.loss = numbers(r->c.loss, m->nloss, NNRT_REAL, 8);
	o.penalty = *r->c.penalty;
	o.out = outputs(r);
	o.grad = tensors(m->param, m->nparam, r->c.grad, m->real_bytes);
	o.buffer = tensors(m->buffer, m->nbuffer, r->c.buffer_next, m->real_bytes);
	rt_run_eval(r, NNRT_WANT_OUTPUTS | NNRT_WANT_LOSSES);
	o.eval_loss = numbers(r->c.loss, m->nloss, NNRT_REAL, 8);
	o.eval_out = outputs(r);
	if (m->nloss && rt_run_check(r))       /* that it runs: its values are tested elsewhere */
		rt_run_update(r);
	rt_run_free(r);
	return o;
}

RunRows run_rows(const void *model, const char *folder, int n, const RunInput *at)
{
	const nnrt_model *m = model;
	RunRows o = { 0 };
	nnrt_time t = time_of(at);
	setenv("NNC_DATA", folder, 1);
	Dataset *d = rt_data_load(m, 0, folder, false);
	Run *r = rt_run_new(m);
	rt_run_threads(r, at->threads);
	rt_run_reserve(r, d->rows);
	rt_run_knobs(r, &t);
	rt_fit(r, d, &d->train);
	o.fitted = room(m->fitted_len, sizeof *o.fitted);
	memcpy(o.fitted, r->fitted, (size_t)m->fitted_len * sizeof *o.fitted);
	o.ntrain = d->train.n;
	o.train = room(o.ntrain, sizeof *o.train);
	for (int64_t i = 0; i < o.ntrain; i++)
		o.train[i] = d->train.row[i];
	uint32_t *row = room(n, sizeof *row);
	for (int i = 0; i < n; i++)
		row[i] = (uint32_t)i;
	o.column = room(d->ncolumn, sizeof *o.column);
	for (int i = 0; i < d->ncolumn; i++) {
		void *rows = room(n, d->column[i].stride);
		rt_data_rows(d, i, row, n, rows);
		o.column[i] = numbers(rows, n * m->column[i].len, m->column[i].kind, m->real_bytes);
	}
	rt_run_bind(r, d, row, n);
	o.field = room(m->nin, sizeof *o.field);
	for (int i = 0; i < m->nin; i++)
		o.field[i] = numbers(r->field[i], n * m->in[i].len, m->in[i].kind, m->real_bytes);
	rt_run_free(r);
	rt_data_free(d);
	return o;
}
