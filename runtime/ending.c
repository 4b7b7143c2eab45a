/* ending.c - the conditions of `stop`, which the model computes from scores and time.
 *
 * Holds: a condition is looked at when what it depends on is new: time after each update, losses
 *        and metrics after each report, those of the validation part after each validation.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <math.h>
#include <string.h>

#include "rt_ending.h"
#include "rt_mem.h"

static int scores_of_a_part(const nnrt_model *m)
{
	return 1 + m->nloss + m->nmetric;
}

Ending rt_ending_new(const nnrt_model *m)
{
	int n = 2 * scores_of_a_part(m) + m->nearly;
	Ending e = { rt_alloc((size_t)n, sizeof(double), "conditions"),
		     rt_alloc((size_t)m->ncondition + 1, sizeof(double), "conditions"),
		     rt_alloc((size_t)m->nearly + 1, sizeof(double), "conditions"),
		     rt_alloc((size_t)m->nearly + 1, sizeof(double), "conditions") };
	for (int i = 0; i < n; i++)
		e.score[i] = i < n - m->nearly ? NAN : 0;
	for (int i = 0; i < m->nearly; i++)
		e.best[i] = NAN;
	return e;
}

void rt_ending_free(Ending *e)
{
	rt_free(e->score);
	rt_free(e->holds);
	rt_free(e->best);
	rt_free(e->waited);
}

static void put_scores(const nnrt_model *m, double *to, const Scores *s)
{
	*to++ = s->loss;
	for (int i = 0; i < m->nloss; i++)
		*to++ = s->part[i];
	for (int i = 0; i < m->nmetric; i++)
		*to++ = s->metric[i];
}

/* A better value than the best by more than min_delta starts the patience anew. */
static void look(Ending *e, const nnrt_model *m, int i)
{
	const nnrt_early *y = &m->early[i];
	double v = e->score[y->score], best = e->best[i];
	bool better = y->larger_is_better ? v > best + y->min_delta : v < best - y->min_delta;
	if (better || (isnan(best) && !isnan(v))) {
		e->best[i] = v;
		e->waited[i] = 0;
	} else {
		e->waited[i]++;
	}
	e->score[2 * scores_of_a_part(m) + i] = e->waited[i] > 0 && e->waited[i] >= y->patience;
}

static const char *first(Ending *e, const Run *r, const nnrt_time *t, nnrt_when latest)
{
	const nnrt_model *m = r->m;
	m->stop(e->score, t, r->setting, e->holds);
	for (int i = 0; i < m->ncondition; i++)
		if (m->condition[i].when <= latest && e->holds[i] != 0)
			return m->condition[i].text;
	return 0;
}

const char *rt_ending_step(Ending *e, const Run *r, const nnrt_time *t)
{
	return r->m->stop ? first(e, r, t, NNRT_AT_UPDATE) : 0;
}

const char *rt_ending_report(Ending *e, const Run *r, const nnrt_time *t, const Scores *train,
                             const Scores *val, bool validated)
{
	const nnrt_model *m = r->m;
	if (!m->stop)
		return 0;
	put_scores(m, e->score, train);
	if (val)
		put_scores(m, e->score + scores_of_a_part(m), val);
	for (int i = 0; validated && i < m->nearly; i++)
		look(e, m, i);
	return first(e, r, t, validated ? NNRT_AT_VALIDATION : NNRT_AT_REPORT);
}
