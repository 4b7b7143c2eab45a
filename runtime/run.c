/* run.c - one model being computed: its memory and settings.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <math.h>
#include <string.h>

#include "rt_dictionary.h"
#include "rt_fail.h"
#include "rt_mem.h"
#include "rt_plateau.h"
#include "rt_real.h"
#include "rt_run.h"
#include "rt_size.h"
#include "rt_team.h"

/* ---- memory
 * ---------------------------------------------------------------------------------- */

static void *reals(const nnrt_model *m, int64_t n, const char *what)
{
	return rt_alloc((size_t)n, (size_t)m->real_bytes, what);
}

/* What every step goes through from one end to the other. */
static void *flat_arrays(const nnrt_model *m, nnrt_ctx *c)
{
	size_t params = (size_t)m->param_len, bytes = (size_t)m->real_bytes;
	void *arena0;
	Wish w[NNRT_MAX_MOMENTS + 4] = {
		{ &c->param, params, bytes, "parameters" },
		{ &c->grad, params, bytes, "gradients" },
		{ &arena0, (size_t)m->arena0_bytes, 1, "activations" },
	};
	int n = 3;
	for (int i = 0; i < m->nmoment + (m->nstage > 0); i++)
		w[n++] = (Wish){ &c->moment[i], params, bytes, "optimizer state" };
	void *block = rt_alloc_together(w, n);
	c->arena0 = arena0;
	return block;
}

static void check_table(const nnrt_model *m)
{
	if (m->abi != NNRT_ABI)
		rt_bug("%s was generated for runtime interface %d, this library has %d",
		       m->name, m->abi, NNRT_ABI);
	if (m->nin > NNRT_MAX_FIELDS || m->nout > NNRT_MAX_FIELDS || m->nmoment > NNRT_MAX_MOMENTS)
		rt_bug("%s has %d inputs, %d outputs, %d moments", m->name, m->nin, m->nout,
		       m->nmoment);
	if (m->ntally > NNRT_MAX_TALLIES)
		rt_bug("%s has %d tallies", m->name, m->ntally);
}

Run *rt_run_new(const nnrt_model *m)
{
	check_table(m);
	Run *r = rt_alloc(1, sizeof *r, "a run");
	nnrt_ctx *c = &r->c;
	r->m = m;
	r->together = flat_arrays(m, c);
	c->buffer = reals(m, m->buffer_len, "buffers");
	c->buffer_next = reals(m, m->buffer_len, "buffers");
	c->loss = rt_alloc((size_t)m->nloss + 1, sizeof(double), "losses");
	c->penalty = rt_alloc(1, sizeof(double), "losses");
	c->acc = rt_alloc((size_t)m->nacc, sizeof(double), "metrics");
	r->knob = rt_alloc((size_t)m->nknob, sizeof(double), "settings");
	c->knob = r->knob;
	r->plateau = rt_alloc((size_t)m->nplateau, PLATEAU_STATE * sizeof(double), "settings");
	rt_plateau_begin(m, r->plateau);
	c->team = rt_team_new(1);
	r->setting = rt_alloc((size_t)m->nsetting, sizeof(double), "settings");
	for (int i = 0; i < m->nsetting; i++)
		r->setting[i] = m->setting[i].value;
	for (int i = 0; i < NNRT_NUMBERS; i++)
		r->given[i] = NAN;
	r->frozen = rt_alloc((size_t)m->nparam, 1, "settings");
	r->segment = rt_alloc((size_t)m->nparam, sizeof *r->segment, "settings");
	r->norm = rt_alloc((size_t)m->nparam, NORMS_KEPT * sizeof(double), "gradient norms");
	r->dictionary = rt_alloc((size_t)m->ncolumn, sizeof *r->dictionary, "words");
	rt_run_chunks(r);
	r->fitted = rt_alloc((size_t)m->fitted_len, sizeof(double), "statistics");
	c->fitted = reals(m, m->fitted_len, "statistics");
	r->field = rt_alloc((size_t)m->nin, sizeof(void *), "inputs");
	r->column = rt_alloc((size_t)m->ncolumn, sizeof(void *), "columns");
	/* -O0 is the strict form and double has room enough: both keep denormals. */
	r->flush = m->real_bytes == 4 && !(m->options && !strncmp(m->options, "-O0", 3));
	rt_run_segments(r);
	return r;
}

static void free_batch(Run *r)
{
	for (int i = 0; i < r->m->nin; i++)
		rt_free(r->field[i]);
	for (int i = 0; i < r->m->nout; i++)
		rt_free(r->c.out[i]);
	for (int i = 0; i < r->m->ncolumn; i++)
		rt_free(r->column[i]);
	for (int i = 0; i < 2 * r->m->ntally; i++)
		rt_free(r->c.score[i]);
	rt_free(r->c.arena);
}

void rt_run_threads(Run *r, int threads)
{
	rt_team_free(r->c.team);
	r->c.team = rt_team_new(threads);
}

void rt_run_free(Run *r)
{
	nnrt_ctx *c = &r->c;
	free_batch(r);
	for (int i = 0; i < r->m->nmoment + (r->m->nstage > 0); i++)
		rt_free(c->moment[i]);
	void *all[] = { c->param,   c->grad,    c->buffer, c->buffer_next, c->loss,
		        c->penalty, c->acc,     r->knob,   c->arena0,      r->setting,
		        r->frozen,  r->segment, r->norm,   r->field,       r->column,
		        r->plateau, r->chunk,   r->part,   r->together };
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		rt_free(all[i]);
	rt_dictionaries_free(r);
	rt_free(r->fitted);
	rt_free((void *)c->fitted);
	rt_team_free(c->team);
	rt_free(r);
}

static void *field_room(const nnrt_field *f, int64_t samples, int real_bytes)
{
	size_t n;
	if (!rt_size_mul((size_t)f->len, (size_t)samples, &n))
		rt_fail(RT_FILE, "R7", "%lld samples of `%s` are too large", (long long)samples,
		        f->name);
	return rt_alloc(n, (size_t)rt_kind_bytes(f->kind, real_bytes), f->name);
}

/* Bytes a sample of score i: 2 t and 2 t + 1 are x and y of tally t. */
static size_t score_bytes(const nnrt_model *m, int i)
{
	const nnrt_tally *t = &m->tally[i / 2];
	bool wide = t->how == NNRT_MOMENTS || !(i & 1);
	return (size_t)t->rows * (wide ? (size_t)t->width : 1) *
	       (size_t)rt_kind_bytes(i & 1 ? t->y : t->x, m->real_bytes);
}

static void *score_room(const nnrt_model *m, int i, int64_t samples)
{
	return rt_alloc(score_bytes(m, i), (size_t)samples, "scores for metrics");
}

/* Generated loops count elements in int: k * B must stay below 2^31 for every array. */
static void check_index(const nnrt_model *m, int64_t samples)
{
	int64_t most = m->largest;
	for (int i = 0; i < m->nin; i++)
		most = m->in[i].len > most ? m->in[i].len : most;
	for (int i = 0; i < m->nout; i++)
		most = m->out[i].len > most ? m->out[i].len : most;
	if (samples > INT32_MAX || most * samples > INT32_MAX)
		rt_fail(RT_FILE, "R5",
		        "a batch of %lld samples has arrays of more than 2^31 elements; the "
		        "largest "
		        "batch is %lld",
		        (long long)samples, (long long)(INT32_MAX / (most ? most : 1)));
}

void rt_run_reserve(Run *r, int64_t samples)
{
	const nnrt_model *m = r->m;
	if (samples <= r->room)
		return;
	check_index(m, samples);
	free_batch(r);
	for (int i = 0; i < m->nin; i++)
		r->c.in[i] = r->field[i] = field_room(&m->in[i], samples, m->real_bytes);
	for (int i = 0; i < m->nout; i++)
		r->c.out[i] =
			field_room(&m->out[i], m->out[i].batched ? samples : 1, m->real_bytes);
	for (int i = 0; i < m->ncolumn; i++)
		r->column[i] = field_room(&m->column[i], samples, m->real_bytes);
	for (int i = 0; i < 2 * m->ntally; i++)
		r->c.score[i] = score_room(m, i, samples);
	r->c.arena = rt_alloc((size_t)m->arena_bytes, (size_t)samples, "activations");
	r->room = samples;
}

double rt_run_bytes(const nnrt_model *m, int64_t samples)
{
	double one = (double)m->arena_bytes;
	for (int i = 0; i < m->nin; i++)
		one += (double)m->in[i].len * rt_kind_bytes(m->in[i].kind, m->real_bytes);
	for (int i = 0; i < m->nout; i++)
		one += (double)m->out[i].len * rt_kind_bytes(m->out[i].kind, m->real_bytes);
	for (int i = 0; i < 2 * m->ntally; i++)
		one += (double)score_bytes(m, i);
	return (double)m->param_len * m->real_bytes * (2 + m->nmoment) +
	       2.0 * (double)m->buffer_len * m->real_bytes + (double)m->arena0_bytes +
	       one * (double)samples;
}

/* ---- settings
 * -------------------------------------------------------------------------------- */

int rt_run_setting(const Run *r, const char *name)
{
	for (int i = 0; i < r->m->nsetting; i++)
		if (!strcmp(r->m->setting[i].name, name))
			return i;
	return -1;
}

double rt_run_lr(const Run *r)
{
	int i = rt_run_setting(r, "optimizer.lr");
	if (r->m->lr_knob > 0)
		return r->knob[r->m->lr_knob - 1];
	return i < 0 ? NAN : r->setting[i];
}

double rt_run_number(const Run *r, int which)
{
	int knob = r->m->train ? r->m->train->number[which] : 0;
	if (!isnan(r->given[which]))
		return r->given[which];
	return knob ? r->knob[knob - 1] : NAN;
}

void rt_run_look(const Run *r, const nnrt_time *t, double *knob)
{
	nnrt_time now = *t;
	now.plateau = r->plateau;
	if (r->m->knobs)
		r->m->knobs(&now, r->setting, knob);
}

void rt_run_knobs(Run *r, const nnrt_time *t)
{
	rt_run_look(r, t, r->knob);
}

/* Tensors that follow each other with equal entries become one segment.  Arrays are laid out
 * with gaps of a few elements that hold zeros and zero gradients: updating them does no harm.
 */
void rt_run_segments(Run *r)
{
	enum { GAP_MOST = 64 };
	r->nsegment = 0;
	for (int i = 0; i < r->m->nparam; i++) {
		const nnrt_tensor *t = &r->m->param[i];
		if (!t->trained || r->frozen[i] || t->len == 0)
			continue;
		Segment s = { t->offset, t->offset + t->len, t->lr_scale, t->decayed ? 1 : 0,
			      t->proximal };
		Segment *last = r->nsegment ? &r->segment[r->nsegment - 1] : 0;
		bool left_out = i && (!r->m->param[i - 1].trained || r->frozen[i - 1]);
		if (last && !left_out && !r->m->nstage && last->proximal == s.proximal &&
		    last->lr_scale == s.lr_scale &&
		    last->decay == s.decay && s.lo >= last->hi && s.lo - last->hi < GAP_MOST)
			last->hi = s.hi;
		else
			r->segment[r->nsegment++] = s;
	}
}

double rt_run_loss(const Run *r)
{
	return r->c.loss[r->m->nloss];
}
