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
#include "rt_stop.h"

static size_t table_len(const nnrt_metric *v)
{
	return (size_t)v->table * (size_t)v->table;
}

size_t rt_scores_len(const nnrt_model *m)
{
	size_t n = (size_t)m->nmetric + (size_t)m->nloss;
	for (int i = 0; i < m->nmetric; i++)
		n += table_len(&m->metric[i]);
	return n;
}

Scores rt_scores_new(const nnrt_model *m)
{
	double *v = rt_alloc(rt_scores_len(m), sizeof(double), "metrics");
	Scores s = { NAN, v, v + m->nmetric, v + m->nmetric + m->nloss };
	return s;
}

void rt_scores_copy(const nnrt_model *m, Scores *to, const Scores *from)
{
	to->loss = from->loss;
	memcpy(to->metric, from->metric, rt_scores_len(m) * sizeof(double));
}

void rt_scores_free(Scores *s)
{
	rt_free(s->metric);
	s->metric = s->part = s->table = 0;
}

double *rt_scores_table(const nnrt_model *m, const Scores *s, int i)
{
	double *at = s->table;
	for (int k = 0; k < i; k++)
		at += table_len(&m->metric[k]);
	return at;
}

Sums rt_sums_new(const nnrt_model *m)
{
	double *v = rt_alloc((size_t)(m->nacc + m->nloss), sizeof(double), "metrics");
	Sums s = { 0, 0, v, v + m->nacc, 0, m->ntally };
	s.tally = rt_alloc((size_t)m->ntally, sizeof *s.tally, "metrics");
	for (int i = 0; i < m->ntally; i++)
		s.tally[i] = rt_tally_new(&m->tally[i], m->real_bytes);
	return s;
}

void rt_sums_free(Sums *s)
{
	for (int i = 0; i < s->ntally; i++)
		rt_tally_free(s->tally[i]);
	rt_free(s->tally);
	rt_free(s->acc);
	s->acc = s->part = 0;
	s->tally = 0;
}

void rt_sums_clear(const Run *r, Sums *s)
{
	s->loss = s->count = 0;
	for (int i = 0; i < r->m->nacc; i++)
		s->acc[i] = 0;
	for (int i = 0; i < r->m->nloss; i++)
		s->part[i] = 0;
	for (int i = 0; i < s->ntally; i++)
		rt_tally_clear(s->tally[i]);
}

void rt_sums_add(const Run *r, Sums *s)
{
	s->loss += rt_run_loss(r) * r->c.B;
	s->count += r->c.B;
	for (int i = 0; i < r->m->nacc; i++)
		s->acc[i] += r->c.acc[i];
	for (int i = 0; i < r->m->nloss; i++)
		s->part[i] += r->c.loss[i] * r->c.B;
	for (int i = 0; i < s->ntally; i++)
		rt_tally_add(s->tally[i], r->c.score[2 * i], r->c.score[2 * i + 1], r->c.B);
}

/* Numbers of the whole set take their places among the sums. */
static void set_wholes(const nnrt_model *m, const Sums *s)
{
	for (int i = 0; i < m->nstat; i++)
		s->acc[m->stat[i].slot] =
			rt_tally_score(s->tally[m->stat[i].tally], &m->stat[i]);
}

static void set_tables(const nnrt_model *m, const Sums *s, Scores *out)
{
	for (int i = 0; i < m->nmetric; i++)
		for (int k = 0; m->metric[i].table && k < m->nstat; k++)
			if (m->stat[k].slot == m->metric[i].slot)
				memcpy(rt_scores_table(m, out, i),
				       s->tally[m->stat[k].tally]->sum,
				       table_len(&m->metric[i]) * sizeof(double));
}

void rt_sums_scores(const Run *r, const Sums *s, Scores *out)
{
	const nnrt_model *m = r->m;
	out->loss = s->loss / s->count;
	for (int i = 0; i < m->nloss; i++)
		out->part[i] = s->part[i] / s->count;
	set_wholes(m, s);
	set_tables(m, s, out);
	if (m->metrics && m->nmetric)
		m->metrics(s->acc, s->count, r->knob, out->metric);
}

Scores rt_run_scores(Run *r, const Dataset *d, const Rows *rows, int64_t batch)
{
	Scores out = rt_scores_new(r->m);
	Sums sums = rt_sums_new(r->m);
	for (int64_t at = 0; at < rows->n && !rt_stop_signal(); at += batch) {
		int n = (int)(rows->n - at < batch ? rows->n - at : batch);
		rt_run_bind(r, d, rows->row + at, n);
		rt_run_eval(r, NNRT_WANT_LOSSES);
		rt_sums_add(r, &sums);
	}
	rt_sums_scores(r, &sums, &out);
	rt_sums_free(&sums);
	return out;
}

size_t rt_run_param_bytes(const Run *r)
{
	return (size_t)r->m->param_len * (size_t)r->m->real_bytes;
}

size_t rt_run_buffer_bytes(const Run *r)
{
	return (size_t)r->m->buffer_len * (size_t)r->m->real_bytes;
}

size_t rt_run_state_bytes(const Run *r)
{
	return rt_run_param_bytes(r) + rt_run_buffer_bytes(r);
}

void rt_run_save_state(const Run *r, void *to)
{
	memcpy(to, r->c.param, rt_run_param_bytes(r));
	memcpy((char *)to + rt_run_param_bytes(r), r->c.buffer, rt_run_buffer_bytes(r));
}

void rt_run_load_state(Run *r, const void *from)
{
	memcpy(r->c.param, from, rt_run_param_bytes(r));
	memcpy(r->c.buffer, (const char *)from + rt_run_param_bytes(r), rt_run_buffer_bytes(r));
}
