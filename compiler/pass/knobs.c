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

/* Numbers of knobs, plus 1, by the id of their formula. */
typedef struct { int *number, n; } Numbers;

typedef struct {
	Module *m;
	const Graph *g;
	Numbers *numbers;
	Arena *mem;
	int *kind;
	Node **formula;
	const Node **stack; int nstack, capstack;
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

/* One node of a formula, over scalars of the knobs graph. */
static Node *formula_one(Knobs *k, const Node *n)
{
	Node *in[MAXARITY];
	Type t = type_scalar(n->ty.dt);
	for (int i = 0; i < n->nin; i++)
		in[i] = k->formula[n->in[i]->id];
	if (opinfo[n->op].kind == MOVE)
		return in[0];
	return node(k->m->knobs, n->op, &n->a, in, n->nin, opinfo[n->op].typed ? &t : 0);
}

/* The same formula as a scalar in the knobs graph; without recursion: a formula may be as deep as
 * a program is long. */
static Node *formula(Knobs *k, const Node *last)
{
	PUSH(k->mem, k->stack, k->nstack, k->capstack, last);
	while (k->nstack) {
		const Node *n = k->stack[k->nstack - 1], *missing = 0;
		for (int i = 0; i < n->nin && !missing; i++)
			missing = k->formula[n->in[i]->id] ? 0 : n->in[i];
		if (missing) {
			PUSH(k->mem, k->stack, k->nstack, k->capstack, missing);
			continue;
		}
		if (!k->formula[n->id])
			k->formula[n->id] = formula_one(k, n);
		k->nstack--;
	}
	return k->formula[last->id];
}

static int knob_number(Knobs *k, Node *f)
{
	Module *m = k->m;
	Numbers *s = k->numbers;
	s->number = arena_grow(m->job->mem, s->number, s->n, &s->n, f->id + 1, sizeof *s->number);
	if (!s->number[f->id]) {
		graph_root(m->knobs, R_KNOB, m->nknob, 0, f, NOWHERE);
		s->number[f->id] = ++m->nknob;
	}
	return s->number[f->id] - 1;
}

static Node *to_knob(Rewrite *r, const Node *n, void *arg)
{
	Knobs *k = arg;
	if (r->from != k->g) { /* a scan body: its leaves one by one                  */
		if (n->op != O_setting && n->op != O_time)
			return 0;
		Node *f = node(k->m->knobs, n->op, &n->a, 0, 0, &n->ty);
		return n_leaf(r->to, O_knob, 0, knob_number(k, f), &n->ty);
	}
	if (k->kind[n->id] != KNOB || n->ty.dt != DT_REAL)
		return 0;
	Type t = type_scalar(DT_REAL);
	int i = knob_number(k, formula(k, n));
	return n_broadcast(r->to, n_leaf(r->to, O_knob, 0, i, &t), &n->ty);
}

/* A look at g: what each of its nodes is made of. */
static Knobs look(Module *m, const Graph *g, Numbers *numbers)
{
	Knobs k = { .m = m, .g = g, .numbers = numbers, .mem = arena_new() };
	k.kind = NEWN(k.mem, int, g->n + 1);
	k.formula = NEWN(k.mem, Node *, g->n + 1);
	for (int i = 0; i < g->n; i++)
		k.kind[i] = kind_of(g->node[i], k.kind);
	return k;
}

/* Is there a number that may become a knob, if only in a dead node? */
static bool has_numbers(const Graph *g)
{
	bool any = false;
	for (int i = 0; i < g->n && !any; i++) {
		const Node *n = g->node[i];
		any = n->op == O_setting || n->op == O_time || (n->body && has_numbers(n->body));
	}
	return any;
}

static Graph *hoist(Module *m, Graph *g, Numbers *numbers)
{
	if (!g || !has_numbers(g))
		return g ? graph_compact(g) : 0;
	Knobs k = look(m, g, numbers);
	/* only the outermost formulas are of interest: hide those that only formulas use */
	bool *live = graph_live(g, k.mem), *used = NEWN(k.mem, bool, g->n + 1);
	for (int i = 0; i < g->nroot; i++)
		used[g->root[i].node->id] = true;
	for (int i = g->n - 1; i >= 0; i--) {
		/* a condition is computed where it is used, from knobs */
		bool whole = k.kind[i] == KNOB && (!used[i] || g->node[i]->ty.dt == DT_REAL);
		for (int c = 0; live[i] && c < g->node[i]->nin; c++)
			if (!whole)
				used[g->node[i]->in[c]->id] = true;
	}
	bool change = false;           /* is there a knob, or a dead node?                     */
	for (int i = 0; i < g->n; i++) {
		change |= k.kind[i] == KNOB || !live[i] || g->node[i]->body;
		if (k.kind[i] == KNOB && !used[i])
			k.kind[i] = CONSTANT; /* copied as it is, dead after the rewrite     */
	}
	if (change)
		g = graph_rewrite(g, to_knob, &k);
	arena_free(k.mem);
	return g;
}

/* Numbers that the runtime reads are roots in any graph: they become knobs by themselves. */
static void take_numbers(Module *m, Graph *g, Numbers *numbers)
{
	int n = 0, any = 0;
	for (int i = 0; g && i < g->nroot; i++)
		any += g->root[i].kind == R_KNOB;
	if (!any)
		return;
	Knobs k = look(m, g, numbers);
	for (int i = 0; i < g->nroot; i++) {
		const Root *r = &g->root[i];
		if (r->kind != R_KNOB)
			g->root[n++] = *r;
		else if (k.kind[r->node->id] != NO)
			m->number[r->index].knob = knob_number(&k, formula(&k, r->node));
		else
			bug(m->job, "knobs: the number `%s` depends on more than numbers",
			    m->number[r->index].name);
	}
	g->nroot = n;
	arena_free(k.mem);
}

void pass_knobs(Module *m)
{
	Numbers numbers = { 0 };
	m->knobs = graph_new(m->job, job_sym(m->job, "knobs"));
	Graph *const g[] = { m->numbers, m->grad, m->eval, m->update };
	for (size_t i = 0; i < sizeof g / sizeof *g; i++)
		take_numbers(m, g[i], &numbers);
	m->init = hoist(m, m->init, &numbers);
	m->grad = hoist(m, m->grad, &numbers);
	m->eval = hoist(m, m->eval, &numbers);
	m->update = hoist(m, m->update, &numbers);
	m->bind = hoist(m, m->bind, &numbers);
	m->start = hoist(m, m->start, &numbers);
	for (int i = 0; i < m->nstage; i++)
		m->stage[i] = hoist(m, m->stage[i], &numbers);
	m->metrics = hoist(m, m->metrics, &numbers);
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
