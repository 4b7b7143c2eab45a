/* once.c - settings of `train`, `data` and `stop` that consts of the program decide.
 *
 * In:    the model and the command line.   Out: the model as it is with `--set` of such consts.
 * Holds: what a setting may be is what nnc demands of the program; `--epochs` and the like win.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <math.h>
#include <string.h>

#include "rt_fail.h"
#include "rt_mem.h"
#include "rt_options.h"

typedef struct {
	const char *name, *may_be;
	bool whole;
	double least, most;
} Rule;

/* In the order of nnrt_once_kind. */
static const Rule rules[] = {
	{ "epochs", "an integer of at least 1", true, 1, 1 << 30 },
	{ "steps", "an integer of at least 1", true, 1, 1 << 30 },
	{ "batch", "an integer of at least 1", true, 1, 1 << 30 },
	{ "seed", "an integer of at least 0", true, 0, 9007199254740992.0 },
	{ "validate", "a number above 0", false, 1e-300, 1e9 },
	{ "checkpoint", "a number above 0", false, 1e-300, 1e9 },
	{ "keep", "an integer from 1 to 1000000", true, 1, 1e6 },
	{ "patience", "an integer of at least 0", true, 0, 1e300 },
	{ "min_delta", "a number of at least 0", false, 0, 1e300 },
	{ "seed", "an integer of at least 0", true, 0, 9007199254740992.0 },
};

static void check(const nnrt_once *x, double v, bool steps)
{
	const Rule *r = &rules[x->kind];
	bool whole = r->whole || steps;
	if (v >= r->least && v <= r->most && (!whole || v == floor(v)))
		return;
	rt_fail(RT_USAGE, "E0502", "--set: `%s` would be %g, but must be %s", r->name, v,
	        steps ? "an integer of at least 1" : r->may_be);
}

static void take(Once *o, const nnrt_once *x, double v)
{
	nnrt_train *t = &o->train;
	check(x, v, (x->kind == NNRT_ONCE_VALIDATE && t->validate_steps) ||
	            (x->kind == NNRT_ONCE_CHECKPOINT && t->checkpoint_steps));
	switch (x->kind) {
	case NNRT_ONCE_EPOCHS: t->epochs = v; break;
	case NNRT_ONCE_STEPS: t->steps = v; break;
	case NNRT_ONCE_BATCH: t->batch = (int64_t)v; break;
	case NNRT_ONCE_SEED: t->seed = (uint64_t)v; break;
	case NNRT_ONCE_VALIDATE: t->validate = v; break;
	case NNRT_ONCE_CHECKPOINT: t->checkpoint = v; break;
	case NNRT_ONCE_KEEP: t->keep = (int)v; break;
	case NNRT_ONCE_PATIENCE: o->early[x->rule].patience = v; break;
	case NNRT_ONCE_MIN_DELTA: o->early[x->rule].min_delta = v; break;
	case NNRT_ONCE_DATA_SEED: o->data.seed = (uint64_t)v; break;
	}
}

const nnrt_model *rt_once(Once *o, const nnrt_model *m, const Options *opt)
{
	bool given = false;
	for (int i = 0; i < m->nsetting; i++)
		given |= opt->given[i] != 0;
	if (!given || !m->nonce)
		return m;
	o->model = *m;
	o->early = rt_alloc((size_t)m->nearly + 1, sizeof *o->early, "settings");
	if (m->nearly)
		memcpy(o->early, m->early, (size_t)m->nearly * sizeof *o->early);
	if (m->train)
		o->train = *m->train;
	if (m->data)
		o->data = *m->data;
	o->model.early = o->early;
	o->model.train = m->train ? &o->train : 0;
	o->model.data = m->data ? &o->data : 0;
	double *v = rt_alloc((size_t)m->nonce, sizeof *v, "settings");
	m->once(opt->setting, v);
	for (int i = 0; i < m->nonce; i++)
		take(o, &m->onces[i], v[i]);
	rt_free(v);
	return &o->model;
}
