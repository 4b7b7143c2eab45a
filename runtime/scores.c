/* scores.c - losses and metrics over many batches, and the state that is kept as "best".
 *
 * Holds: a batch counts with its size, the short last one too; sums are taken in the order of
 *        the rows, so a number does not depend on who computed it.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <math.h>
#include <string.h>

#include "rt_mem.h"
#include "rt_run.h"

Scores rt_scores_new(const nnrt_model *m)
{
	double *v = rt_alloc((size_t)(m->nmetric + m->nloss), sizeof(double), "metrics");
	Scores s = { NAN, v, v + m->nmetric };
	return s;
}

Sums rt_sums_new(const nnrt_model *m)
{
	double *v = rt_alloc((size_t)(m->nacc + m->nloss), sizeof(double), "metrics");
	Sums s = { 0, 0, v, v + m->nacc };
	return s;
}

void rt_sums_clear(const Run *r, Sums *s)
{
	s->loss = s->count = 0;
	for (int i = 0; i < r->m->nacc; i++)
		s->acc[i] = 0;
	for (int i = 0; i < r->m->nloss; i++)
		s->part[i] = 0;
}

void rt_sums_add(const Run *r, Sums *s)
{
	s->loss += rt_run_loss(r) * r->c.B;
	s->count += r->c.B;
	for (int i = 0; i < r->m->nacc; i++)
		s->acc[i] += r->c.acc[i];
	for (int i = 0; i < r->m->nloss; i++)
		s->part[i] += r->c.loss[i] * r->c.B;
}

void rt_sums_scores(const Run *r, const Sums *s, Scores *out)
{
	out->loss = s->loss / s->count;
	for (int i = 0; i < r->m->nloss; i++)
		out->part[i] = s->part[i] / s->count;
	if (r->m->metrics && r->m->nmetric)
		r->m->metrics(s->acc, s->count, r->knob, out->metric);
}

Scores rt_run_scores(Run *r, const Dataset *d, const Rows *rows, int64_t batch)
{
	Scores out = rt_scores_new(r->m);
	Sums sums = rt_sums_new(r->m);
	for (int64_t at = 0; at < rows->n; at += batch) {
		int n = (int)(rows->n - at < batch ? rows->n - at : batch);
		rt_run_bind(r, d, rows->row + at, n);
		rt_run_eval(r, NNRT_WANT_LOSSES);
		rt_sums_add(r, &sums);
	}
	rt_sums_scores(r, &sums, &out);
	rt_free(sums.acc);
	return out;
}

static size_t param_bytes(const Run *r)
{
	return (size_t)r->m->param_len * (size_t)r->m->real_bytes;
}

static size_t buffer_bytes(const Run *r)
{
	return (size_t)r->m->buffer_len * (size_t)r->m->real_bytes;
}

size_t rt_run_state_bytes(const Run *r)
{
	return param_bytes(r) + buffer_bytes(r);
}

void rt_run_save_state(const Run *r, void *to)
{
	memcpy(to, r->c.param, param_bytes(r));
	memcpy((char *)to + param_bytes(r), r->c.buffer, buffer_bytes(r));
}

void rt_run_load_state(Run *r, const void *from)
{
	memcpy(r->c.param, from, param_bytes(r));
	memcpy(r->c.buffer, (const char *)from + param_bytes(r), buffer_bytes(r));
}
