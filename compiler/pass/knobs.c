/* knobs.c - numbers that may change between steps.
 *
 * In:    graphs with the leaves setting and time.   Out: graphs with knob leaves; m->knobs.
 * Holds: a knob is a scalar formula of settings, time and constants, evaluated once a step by
 * the runtime in double (PyTorch computes bias corrections and schedules so too); the largest
 *        such formulas become knobs, equal ones the same knob.
 */
#include "op.h"
#include "pass.h"

#include <string.h>

enum { NO, CONSTANT, KNOB }; /* what a node is made of                               */

typedef struct {
	Module *m;
	const Graph *g;
	int *kind;
	Node **formula;
} Knobs;

static int kind_of(const Node *n, const int *kind)
{
	if (n->op == O_const)
		return CONSTANT;
	if (n->op == O_setting || n->op == O_time)
		return KNOB;
	if (opinfo[n->op].kind != MAP && n->op != O_reshape && n->op != O_expand)
		return NO;
	int k = CONSTANT;
	if (n->ty.dt == DT_I32)
		return NO;
	for (int i = 0; i < n->nin; i++) {
		int c = kind[n->in[i]->id];
		if (c == NO)
			return NO;
		if (c == KNOB)
			k = KNOB;
	}
	return k;
}

/* The same formula as a scalar in the knobs graph. */
static Node *formula(Knobs *k, const Node *n)
{
	Node *in[MAXARITY], *m;
	Type t = type_scalar(n->ty.dt);
	if (k->formula[n->id])
		return k->formula[n->id];
	for (int i = 0; i < n->nin; i++)
		in[i] = formula(k, n->in[i]);
	if (opinfo[n->op].kind == MOVE)
		m = in[0];
	else
		m = node(k->m->knobs, n->op, &n->a, in, n->nin, opinfo[n->op].typed ? &t : 0);
	return k->formula[n->id] = m;
}

static int knob_number(Module *m, Node *f)
{
	for (int i = 0; i < m->knobs->nroot; i++)
		if (m->knobs->root[i].node == f)
			return i;
	graph_root(m->knobs, R_KNOB, m->nknob, 0, f, NOWHERE);
	return m->nknob++;
}

static Node *to_knob(Rewrite *r, const Node *n, void *arg)
{
	Knobs *k = arg;
	if (r->from != k->g) { /* a scan body: its leaves one by one                  */
		if (n->op != O_setting && n->op != O_time)
			return 0;
		Node *f = node(k->m->knobs, n->op, &n->a, 0, 0, &n->ty);
		return n_leaf(r->to, O_knob, 0, knob_number(k->m, f), &n->ty);
	}
	if (k->kind[n->id] != KNOB || n->ty.dt != DT_REAL)
		return 0;
	Type t = type_scalar(DT_REAL);
	int i = knob_number(k->m, formula(k, n));
	return n_broadcast(r->to, n_leaf(r->to, O_knob, 0, i, &t), &n->ty);
}

static Graph *hoist(Module *m, Graph *g)
{
	if (!g)
		return 0;
	Knobs k = { m, g, NEWN(m->job->mem, int, g->n + 1),
		    NEWN(m->job->mem, Node *, g->n + 1) };
	for (int i = 0; i < g->n; i++)
		k.kind[i] = kind_of(g->node[i], k.kind);
	/* only the outermost formulas are of interest: hide those that only formulas use */
	bool *live = graph_live(g, m->job->mem), *used = NEWN(m->job->mem, bool, g->n + 1);
	for (int i = 0; i < g->nroot; i++)
		used[g->root[i].node->id] = true;
	for (int i = g->n - 1; i >= 0; i--) {
		/* a condition is computed where it is used, from knobs */
		bool whole = k.kind[i] == KNOB && (!used[i] || g->node[i]->ty.dt == DT_REAL);
		for (int c = 0; live[i] && c < g->node[i]->nin; c++)
			if (!whole)
				used[g->node[i]->in[c]->id] = true;
	}
	for (int i = 0; i < g->n; i++)
		if (k.kind[i] == KNOB && !used[i])
			k.kind[i] = CONSTANT; /* copied as it is, dead after the rewrite     */
	return graph_rewrite(g, to_knob, &k);
}

/* Numbers that the runtime reads are roots in any graph: they become knobs by themselves. */
static void take_numbers(Module *m, Graph *g)
{
	if (!g)
		return;
	Knobs k = { m, g, NEWN(m->job->mem, int, g->n + 1),
		    NEWN(m->job->mem, Node *, g->n + 1) };
	for (int i = 0; i < g->n; i++)
		k.kind[i] = kind_of(g->node[i], k.kind);
	int n = 0;
	for (int i = 0; i < g->nroot; i++) {
		const Root *r = &g->root[i];
		if (r->kind != R_KNOB)
			g->root[n++] = *r;
		else if (k.kind[r->node->id] != NO)
			m->number[r->index].knob = knob_number(m, formula(&k, r->node));
		else
			bug(m->job, "knobs: the number `%s` depends on more than numbers",
			    m->number[r->index].name);
	}
	g->nroot = n;
}

void pass_knobs(Module *m)
{
	m->knobs = graph_new(m->job, job_sym(m->job, "knobs"));
	Graph *const g[] = { m->numbers, m->grad, m->eval, m->update };
	for (size_t i = 0; i < sizeof g / sizeof *g; i++)
		take_numbers(m, g[i]);
	m->init = hoist(m, m->init);
	m->grad = hoist(m, m->grad);
	m->eval = hoist(m, m->eval);
	m->update = hoist(m, m->update);
	m->bind = hoist(m, m->bind);
	m->start = hoist(m, m->start);
	for (int i = 0; i < m->nstage; i++)
		m->stage[i] = hoist(m, m->stage[i]);
	m->metrics = hoist(m, m->metrics);
}

/* ---- fixed values ---------------------------------------------------------------- */

/* The time when the run is over: inference is what training ended with. */
static double time_at_end(const Module *m, const char *what)
{
	const TrainInfo *t = &m->train;
	const double beyond = 1e9; /* steps, where the run is given in epochs            */
	bool in_steps = t->steps > 0;
	if (!strncmp(what, "plateau", 7) || !strcmp(what, "per_epoch"))
		return 1;
	if (!strcmp(what, "progress"))
		return t->given;
	if (!strcmp(what, "now") || !strcmp(what, "end"))
		return in_steps ? t->steps : t->epochs;
	if (!strcmp(what, "step") || !strcmp(what, "steps"))
		return in_steps ? t->steps : beyond;
	if (!strcmp(what, "epoch") || !strcmp(what, "position"))
		return in_steps ? beyond : t->epochs;
	return !strcmp(what, "in_steps") && in_steps;
}

static const double *setting_value(void *arg, const Node *n)
{
	const Module *m = arg;
	if (n->op == O_setting)
		return &m->setting[n->a.leaf.index].value;
	double *v = NEW(m->job->mem, double);
	*v = time_at_end(m, n->a.leaf.sym);
	return v;
}

typedef struct {
	const Module *m;
	double **value;
} Fixed;

static Node *to_value(Rewrite *r, const Node *n, void *arg)
{
	const Fixed *f = arg;
	if (n->op != O_knob)
		return 0;
	double v = f->value[f->m->knobs->root[n->a.leaf.index].node->id][0];
	return n_broadcast(r->to, n_const(r->to, v), &n->ty);
}

Graph *pass_knobs_fixed(Graph *g, const Module *m)
{
	EvalEnv env = { .B = 1, .leaf = setting_value, .arg = (void *)(uintptr_t)m };
	Fixed f = { m, graph_eval(m->knobs, &env, m->job->mem) };
	return graph_rewrite(g, to_value, &f);
}
