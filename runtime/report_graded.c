/* report_graded.c - what a model's outputs say of classes, gathered over one part of the data.
 *
 * Holds: an output is compared with a target only where the compiler knows that its values are
 *        probabilities or logits, and where the shapes agree.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <string.h>

#include "rt_mem.h"
#include "rt_real.h"
#include "rt_report.h"

enum { MOST_CLASSES = 1000, MOST_SCORES = 1 << 24 };

typedef struct {
	int out, in; /* numbers of the output and of the target */
	nnrt_tally tally;
} Pair;

/* Output o over the classes of target t (last dimension), or a score for a bool or one of 2. */
static bool fits(const nnrt_field *o, const nnrt_field *t, nnrt_scores scores, Pair *p)
{
	bool single = o->len == t->len && (t->kind == NNRT_BOOL || t->classes == 2);
	if (o->kind != NNRT_REAL || !o->batched || !t->target ||
	    (t->kind != NNRT_CLASS && t->kind != NNRT_BOOL))
		return false;
	if (!single && (t->kind != NNRT_CLASS || o->rank != t->rank + 1 ||
	                o->dim[o->rank - 1] != t->classes || o->len != t->len * t->classes))
		return false;
	p->tally = (nnrt_tally){ .how = NNRT_BINS,
		                 .x = NNRT_REAL,
		                 .y = t->kind,
		                 .rows = t->len,
		                 .width = single ? 1 : t->classes,
		                 .classes = single ? 2 : t->classes,
		                 .bins = GRADED_BINS,
		                 .raw = scores == NNRT_LOGITS };
	return true;
}

static bool find_pair(const nnrt_model *m, Pair *p)
{
	if (!m->about || !m->about->scores)
		return false;
	for (int o = 0; o < m->nout; o++)
		for (int i = 0; i < m->nin; i++) {
			nnrt_scores s = m->about->scores[o];
			if (s == NNRT_NO_SCORES || !fits(&m->out[o], &m->in[i], s, p))
				continue;
			p->out = o;
			p->in = i;
			return true;
		}
	return false;
}

/* The class that is named: the first largest; of a single score, whether it is above the middle. */
static int named(const nnrt_tally *t, const void *x, int64_t i, int real_bytes)
{
	int first = 0;
	if (t->width == 1)
		return rt_real(x, i, real_bytes) > (t->raw ? 0 : 0.5);
	for (int k = 1; k < t->width; k++)
		if (rt_real(x, i * t->width + k, real_bytes) >
		    rt_real(x, i * t->width + first, real_bytes))
			first = k;
	return first;
}

static void count(Graded *g, const nnrt_tally *t, const void *x, const void *y, int64_t n,
                  int bytes)
{
	for (int64_t i = 0; i < n && g->confusion; i++) {
		int is = (int)rt_value(y, i, t->y, bytes);
		g->confusion[is * g->classes + named(t, x, i, bytes)]++;
	}
}

Graded *rt_graded(Run *r, const Dataset *d, const Rows *rows, const char *part)
{
	const nnrt_model *m = r->m;
	Pair p;
	if (!find_pair(m, &p) || rows->n == 0 || !d->column)
		return 0;
	Graded *g = rt_alloc(1, sizeof *g, "the report");
	nnrt_tally *t = rt_alloc(2, sizeof *t, "the report");
	t[0] = t[1] = p.tally;
	t[1].how = NNRT_RANKS;
	*g = (Graded){ .run = r,
		       .part = part,
		       .output = m->out[p.out].name,
		       .target = &m->in[p.in],
		       .classes = p.tally.classes,
		       .single = p.tally.width == 1,
		       .bins = rt_tally_new(&t[0], m->real_bytes) };
	size_t k = (size_t)g->classes;
	if (k <= MOST_CLASSES)
		g->confusion = rt_alloc(k * k, sizeof *g->confusion, "the report");
	if (rows->n <= MOST_SCORES / p.tally.rows / p.tally.width && k <= MOST_CLASSES)
		g->ranks = rt_tally_new(&t[1], m->real_bytes);
	for (int64_t at = 0; at < rows->n; at += r->room) {
		int n = (int)(rows->n - at < r->room ? rows->n - at : r->room);
		rt_run_bind(r, d, rows->row + at, n);
		rt_run_eval(r, NNRT_WANT_OUTPUTS);
		const void *x = r->c.out[p.out], *y = r->c.in[p.in];
		rt_tally_add(g->bins, x, y, n);
		if (g->ranks)
			rt_tally_add(g->ranks, x, y, n);
		count(g, t, x, y, n * p.tally.rows, m->real_bytes);
		g->n += n * p.tally.rows;
	}
	return g;
}

void rt_graded_free(Graded *g)
{
	if (!g)
		return;
	rt_free((void *)(uintptr_t)g->bins->t);
	rt_tally_free(g->bins);
	rt_tally_free(g->ranks);
	rt_free(g->confusion);
	rt_free(g);
}
