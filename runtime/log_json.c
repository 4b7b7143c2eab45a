/* log_json.c - NAME.jsonl: one object a line for each event of a run.
 *
 *     {"event":"start","model":"lenet","nnc":"1.0.0","source_sha256":"...","seed":1,...}
 *     {"event":"epoch","epoch":3,"step":2532,...,"loss":0.33,"val":{"loss":0.37,...}}
 *     {"event":"end","best_epoch":9,...}
 *
 * A number that is not finite is null; tables stand in full, as rows of the true class.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <math.h>
#include <string.h>

#include "rt_feed.h"
#include "rt_log_files.h"
#include "rt_mem.h"

static void number(Str *t, double v)
{
	if (isfinite(v))
		rt_str_add(t, "%.9g", v);
	else
		rt_str_add(t, "null");
}

static void member(Str *t, const char *name, double v)
{
	rt_str_add(t, ",");
	rt_str_json(t, name);
	rt_str_add(t, ":");
	number(t, v);
}

static void count(Str *t, const char *name, int64_t v)
{
	rt_str_add(t, ",\"%s\":%lld", name, (long long)v);
}

static void text(Str *t, const char *name, const char *v)
{
	rt_str_add(t, ",\"%s\":", name);
	if (v)
		rt_str_json(t, v);
	else
		rt_str_add(t, "null");
}

/* ---- scores ------------------------------------------------------------------------------- */

static void table(Str *t, const double *v, int n)
{
	rt_str_add(t, "[");
	for (int i = 0; i < n; i++) {
		rt_str_add(t, i ? ",[" : "[");
		for (int k = 0; k < n; k++)
			rt_str_add(t, k ? ",%.0f" : "%.0f", v[i * n + k]);
		rt_str_add(t, "]");
	}
	rt_str_add(t, "]");
}

/* Members of an event whose names a metric could have, too. */
static bool reserved(const char *name)
{
	static const char *const own[] = { "event", "fold", "epoch", "step", "seconds", "lr",
		                           "batch", "norm", "best",  "loss", "val" };
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (!strcmp(name, own[i]))
			return true;
	return false;
}

/* The losses and metrics as members behind others; inside: of an object of their own. */
static void scores(const nnrt_model *m, Str *t, const Scores *s, bool inside, bool tables)
{
	if (inside)
		rt_str_add(t, "\"loss\":"), number(t, s->loss);
	else
		member(t, "loss", s->loss);
	for (int i = 0; m->nloss > 1 && i < m->nloss; i++)
		member(t, m->loss[i], s->part[i]);
	for (int i = 0; i < m->nmetric; i++) {
		const nnrt_metric *v = &m->metric[i];
		char *name = rt_text("%s%s", !inside && reserved(v->name) ? "train." : "", v->name);
		if (!v->table) {
			member(t, name, s->metric[i]);
		} else if (tables) {
			rt_str_add(t, ",");
			rt_str_json(t, name);
			rt_str_add(t, ":");
			table(t, rt_scores_table(m, s, i), v->table);
		}
		rt_free(name);
	}
}

static void part(const nnrt_model *m, Str *t, const char *name, const Scores *s)
{
	if (!s)
		return;
	rt_str_add(t, ",\"%s\":{", name);
	scores(m, t, s, true, true);
	rt_str_add(t, "}");
}

/* ---- events ------------------------------------------------------------------------------- */

/* What --set has changed. */
static void given(const Log *l, Str *t)
{
	const nnrt_model *m = l->m;
	static const char *const name[NNRT_NUMBERS] = { "clip_value", "clip_norm", "accumulate",
		                                        "ema" };
	int n = 0;
	rt_str_add(t, ",\"set\":{");
	for (int i = 0; i < m->nsetting; i++) {
		if (!l->o->given[i])
			continue;
		rt_str_add(t, n++ ? "," : "");
		rt_str_json(t, m->setting[i].name);
		rt_str_add(t, ":");
		rt_str_number(t, l->o->setting[i]);
	}
	for (int i = 0; i < NNRT_NUMBERS; i++) {
		if (isnan(l->o->number[i]))
			continue;
		rt_str_add(t, "%s\"%s\":", n++ ? "," : "", name[i]);
		rt_str_number(t, l->o->number[i]);
	}
	rt_str_add(t, "}");
}

void rt_json_start(const Log *l, Str *t)
{
	const nnrt_model *m = l->m;
	const LogStart *s = &l->start;
	int64_t params = 0;
	for (int i = 0; i < m->nparam; i++)
		params += m->param[i].len;
	nnrt_time end = rt_time_end(m, l->o);
	rt_str_add(t, "{\"event\":\"start\"");
	text(t, "model", m->name);
	text(t, "nnc", m->nnc_version);
	text(t, "source", m->source);
	text(t, "source_sha256", m->source_hash);
	text(t, "options", m->options);
	rt_str_add(t, ",\"seed\":%llu", (unsigned long long)s->seed);
	count(t, "params", params);
	given(l, t);
	member(t, end.in_steps > 0 ? "steps" : "epochs", end.end);
	rt_str_add(t, ",\"rows\":{\"train\":%lld,\"val\":%lld,\"test\":%lld}",
	           (long long)s->train, (long long)s->val, (long long)s->test);
	count(t, "threads", s->threads);
	text(t, "monitor", s->monitor);
	if (s->folds)
		count(t, "folds", s->folds);
	rt_str_add(t, "}\n");
}

static void begin(const Log *l, Str *t, const char *event)
{
	rt_str_add(t, "{\"event\":\"%s\"", event);
	if (l->fold)
		count(t, "fold", l->fold);
}

void rt_json_epoch(const Log *l, const LogLine *e, Str *t)
{
	begin(l, t, "epoch");
	count(t, "epoch", e->epoch);
	count(t, "step", e->step);
	rt_str_add(t, ",\"seconds\":%.3f", e->seconds);
	member(t, "lr", e->lr);
	count(t, "batch", e->batch);
	member(t, "norm", e->norm);
	scores(l->m, t, e->train, false, !e->val);
	part(l->m, t, "val", e->val);
	rt_str_add(t, ",\"best\":%s}\n", e->best ? "true" : "false");
}

void rt_json_end(const Log *l, const LogEnd *e, Str *t)
{
	begin(l, t, "end");
	count(t, "best_epoch", e->best_epoch);
	count(t, "best_step", e->best_step);
	text(t, "monitor", l->start.monitor);
	member(t, "best", e->best);
	count(t, "epoch", e->epoch);
	count(t, "step", e->step);
	rt_str_add(t, ",\"seconds\":%.3f", e->seconds);
	text(t, "stopped", e->why);
	part(l->m, t, "train", e->train);
	part(l->m, t, "val", e->val);
	part(l->m, t, "test", e->test);
	rt_str_add(t, "}\n");
}
