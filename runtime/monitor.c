/* monitor.c - which weights of a run are the best.
 *
 * Holds: of equal values the earlier one stays the best; a value that is not a number never is.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <math.h>
#include <string.h>

#include "rt_fail.h"
#include "rt_mem.h"
#include "rt_monitor.h"
#include "rt_real.h"

/* loss, a metric's name, a loss's name, or val_ and one of these; a metric wins over a loss. */
static void set_name(Monitor *w, const nnrt_model *m, const char *name, bool validation)
{
	const char *bare = strncmp(name, "val_", 4) ? name : name + 4;
	w->name = rt_text("%s", name);
	w->on_val = bare != name;
	w->metric = w->part = -1;
	for (int i = 0; i < m->nloss; i++)
		if (!strcmp(bare, m->loss[i]))
			w->part = i;
	for (int i = 0; i < m->nmetric; i++)
		if (!strcmp(bare, m->metric[i].name) && !m->metric[i].table)
			w->metric = i;
	if (w->metric < 0 && w->part < 0 && strcmp(bare, "loss"))
		rt_fail(RT_USAGE, "E0404",
		        "`monitor = \"%s\"`: there is no metric of that name", name);
	if (w->on_val && !validation)
		rt_fail(RT_USAGE, "E0404",
		        "`monitor = \"%s\"`, but there is no validation part; write `val = "
		        "0.1` "
		        "in `data`",
		        name);
	w->larger = w->metric >= 0 && m->metric[w->metric].larger_is_better;
}

Monitor rt_monitor_new(const nnrt_model *m, bool validation)
{
	Monitor w = { .value = NAN };
	const char *first = 0;
	for (int i = 0; i < m->nmetric && !first; i++)
		first = m->metric[i].table ? 0 : m->metric[i].name;
	char *name = !validation  ? rt_text("loss")
	             : first      ? rt_text("val_%s", first)
	                          : rt_text("val_loss");
	set_name(&w, m, m->train && m->train->monitor ? m->train->monitor : name, validation);
	rt_free(name);
	w.train = rt_scores_new(m);
	w.val = rt_scores_new(m);
	return w;
}

void rt_monitor_room(Monitor *w, const Run *r)
{
	w->state = rt_alloc(rt_run_state_bytes(r), 1, "the best weights");
}

void rt_monitor_free(Monitor *w)
{
	rt_free(w->name);
	rt_free(w->state);
	rt_scores_free(&w->train);
	rt_scores_free(&w->val);
}

bool rt_monitor_value(const Monitor *w, const Scores *train, const Scores *val, double *value)
{
	const Scores *s = w->on_val ? val : train;
	if (!s)
		return false;
	*value = w->metric >= 0 ? s->metric[w->metric]
	         : w->part >= 0 ? s->part[w->part]
	                        : s->loss;
	return true;
}

bool rt_monitor_look(Monitor *w, const Run *r, const Scores *train, const Scores *val,
                     int64_t epoch, int64_t step)
{
	double v;
	if (!rt_monitor_value(w, train, val, &v))
		return false;
	bool better = w->larger ? v > w->value : v < w->value;
	if (w->looks++ > 0 && !better && !(isnan(w->value) && !isnan(v)))
		return false;
	w->value = v;
	w->epoch = epoch;
	w->step = step;
	rt_scores_copy(r->m, &w->train, train);
	if (val)
		rt_scores_copy(r->m, &w->val, val);
	rt_run_save_state(r, w->state);
	return true;
}

bool rt_monitor_finite(const Run *r)
{
	return rt_first_bad(r->c.param, r->m->param_len, r->m->real_bytes) < 0 &&
	       rt_first_bad(r->c.buffer, r->m->buffer_len, r->m->real_bytes) < 0;
}
