/* eval.c - the reference interpreter: a graph node by node, in double or in float.
 *
 * In:    a graph, the size of the batch, the values of the leaves.   Out: the value of every
 * node. Holds: in float mode each result is rounded once, and element functions are the
 * expressions that generated C uses, so that C generated at -O0 has the same bits.
 *
 * Values are kept as doubles whatever their type: a float, a class or a bool is a double
 * exactly. Moves are evaluated by their index map, as an expression over symbolic indices.
 */
#include "op.h"

#include <math.h>
#include <string.h>

#define NNC_F64 1
#include "vec.h"
#include "rand.h"

typedef struct {
	const Graph *g;
	const EvalEnv *env;
	Arena *mem;
	double **value;
} Eval;

static double rounded(const EvalEnv *env, double v)
{
	return env->single ? (double)(float)v : v;
}

/* ---- maps and reductions --------------------------------------------------------- */

static double eval_op(const EvalEnv *env, Op op, DType dt, const double *x)
{
	if (env->single && dt == DT_REAL)
		return (double)op_single(op, (float)x[0], (float)x[1], (float)x[2]);
	return opinfo[op].f(x[0], x[1], x[2]);
}

/* Steps through operands of equal rank whose extents are the result's or 1. */
static void eval_map(Eval *v, const Node *n, double *out)
{
	int64_t ext[MAXRANK], step[MAXARITY][MAXRANK], at[MAXARITY] = { 0 },
						       ix[MAXRANK] = { 0 };
	int r = n->ty.rank, B = v->env->B;
	for (int i = 0; i < r; i++)
		ext[i] = dim_at(n->ty.dim[i], B);
	for (int k = 0; k < n->nin; k++) {
		int64_t s = 1;
		for (int i = r - 1; i >= 0; i--) {
			int64_t e = dim_at(n->in[k]->ty.dim[i], B);
			step[k][i] = dim_is(n->in[k]->ty.dim[i], 1) ? 0 : s;
			s *= e;
		}
	}
	/* comparisons of integers and bools are exact in double */
	DType dt =
		n->in[n->nin - 1]->ty.dt == DT_REAL || n->ty.dt == DT_REAL ? DT_REAL : DT_I32;
	int64_t total = type_len(&n->ty, B);
	for (int64_t o = 0; o < total; o++) {
		double x[MAXARITY] = { 0 };
		for (int k = 0; k < n->nin; k++)
			x[k] = v->value[n->in[k]->id][at[k]];
		out[o] = eval_op(v->env, n->op, dt, x);
		for (int i = r - 1; i >= 0; i--) {
			for (int k = 0; k < n->nin; k++)
				at[k] += step[k][i];
			if (++ix[i] < ext[i])
				break;
			for (int k = 0; k < n->nin; k++)
				at[k] -= ext[i] * step[k][i];
			ix[i] = 0;
		}
	}
}

/* For each element of the result the reduced elements in order of their index. */
static void eval_reduce(Eval *v, const Node *n, double *out)
{
	const OpInfo *o = &opinfo[n->op];
	const Type *t = &n->in[0]->ty;
	const double *x = v->value[n->in[0]->id];
	int B = v->env->B;
	int64_t ext[MAXRANK], stride[MAXRANK], s = 1, total = type_len(&n->ty, B), terms = 1;
	int64_t kept[MAXRANK] = { 0 };
	for (int i = t->rank - 1; i >= 0; i--) {
		ext[i] = dim_at(t->dim[i], B);
		stride[i] = s;
		s *= ext[i];
		if (n->a.red.axes >> i & 1)
			terms *= ext[i];
	}
	for (int64_t e = 0; e < total; e++) {
		int64_t p = 0, red[MAXRANK] = { 0 }, best = 0;
		for (int i = 0; i < t->rank; i++)
			p += kept[i] * stride[i];
		double acc = o->index ? NAN : o->init;
		for (int64_t k = 0; k < terms; k++) {
			double a[3] = { acc, x[p], 0 };
			if (!o->index)
				acc = eval_op(v->env, n->op, t->dt, a);
			else if (k == 0 || o->f(a[0], a[1], 0) != 0 ||
			         (isnan(x[p]) && !isnan(acc))) {
				acc = x[p];
				best = k;
			}
			for (int i = t->rank - 1; i >= 0; i--) {
				if (!(n->a.red.axes >> i & 1))
					continue;
				p += stride[i];
				if (++red[i] < ext[i])
					break;
				p -= ext[i] * stride[i];
				red[i] = 0;
			}
		}
		out[e] = o->index ? (double)best : acc;
		for (int i = t->rank - 1; i >= 0; i--) {
			if (n->a.red.axes >> i & 1)
				continue;
			if (++kept[i] < ext[i])
				break;
			kept[i] = 0;
		}
	}
}

/* ---- index maps ------------------------------------------------------------------ */

static double element(Eval *v, const Ex *e, const int64_t *ix);

static int64_t index_of(Eval *v, const Ex *e, const int64_t *ix)
{
	int64_t a, b;
	switch (e->kind) {
	case E_INT:
		return e->u.i;
	case E_VAR:
		return ix[e->u.i];
	case E_DIM:
		return e->u.i * v->env->B;
	case E_ELEMINT:
		return (int64_t)element(v, e->arg[0], ix);
	case E_COND:
		return index_of(v, e->arg[index_of(v, e->arg[0], ix) ? 1 : 2], ix);
	case E_AND:
		return index_of(v, e->arg[0], ix) && index_of(v, e->arg[1], ix);
	case E_ADD:
	case E_SUB:
	case E_MUL:
	case E_DIV:
	case E_MOD:
	case E_LT:
	case E_LE:
	case E_EQ:
		break;
	default:
		bug(v->g->job, "eval: an element stands for an index");
	}
	a = index_of(v, e->arg[0], ix);
	b = index_of(v, e->arg[1], ix);
	switch (e->kind) {
	case E_ADD:
		return a + b;
	case E_SUB:
		return a - b;
	case E_MUL:
		return a * b;
	case E_DIV:
		return a / b;
	case E_MOD:
		return a % b;
	case E_LT:
		return a < b;
	case E_LE:
		return a <= b;
	default:
		return a == b;
	}
}

static double read_element(Eval *v, const Ex *e, const int64_t *ix)
{
	const Node *n = e->u.node;
	int64_t p = 0;
	for (int i = 0; i < n->ty.rank; i++) {
		int64_t ext = dim_at(n->ty.dim[i], v->env->B), at = index_of(v, e->arg[i], ix);
		if (at < 0 || at >= ext)
			bug(v->g->job, "eval: index %d of %s is %lld of %lld", i,
			    opinfo[n->op].name, (long long)at, (long long)ext);
		p = p * ext + at;
	}
	return v->value[n->id][p];
}

static double element(Eval *v, const Ex *e, const int64_t *ix)
{
	const EvalEnv *env = v->env;
	uint64_t sample;
	switch (e->kind) {
	case E_NUM:
		return rounded(env, e->u.num);
	case E_READ:
		return read_element(v, e, ix);
	case E_COND:
		return element(v, e->arg[index_of(v, e->arg[0], ix) ? 1 : 2], ix);
	case E_INTVAL:
		return (double)index_of(v, e->arg[0], ix);
	case E_COUNT:
		return env->B;
	case E_RANDOM:
		sample = env->sample0 + (uint64_t)index_of(v, e->arg[0], ix);
		/* a float's draw is the double's, cut to 24 bits */
		double r = nnc_random(env->seed, e->u.stream, env->update, sample,
		                      (uint64_t)index_of(v, e->arg[1], ix), env->tick);
		return env->single ? floor(r * 16777216.0) / 16777216.0 : r;
	default:
		bug(v->g->job, "eval: expression kind %d", e->kind);
	}
}

static void eval_index_map(Eval *v, const Node *n, double *out)
{
	Lower *l = lower_symbolic(v->g->job, v->mem);
	Ex *var[MAXRANK];
	int64_t ix[MAXRANK] = { 0 }, total = type_len(&n->ty, v->env->B);
	for (int i = 0; i < n->ty.rank; i++)
		var[i] = ex_symbol(l, i);
	const Ex *e = opinfo[n->op].at(l, n, var);
	for (int64_t o = 0; o < total; o++) {
		out[o] = element(v, e, ix);
		for (int i = n->ty.rank - 1;
		     i >= 0 && ++ix[i] == dim_at(n->ty.dim[i], v->env->B); i--)
			ix[i] = 0;
	}
}

/* ---- nodes ----------------------------------------------------------------------- */

static int64_t length(const Node *n, int B)
{
	if (!n->body)
		return type_len(&n->ty, B);
	int64_t s = 0;
	for (int i = 0; i < n->a.scan.ncarry + n->a.scan.nemit; i++) {
		Type t = scan_item_type(n, i);
		s += type_len(&t, B);
	}
	return s;
}

/* A composite is evaluated by its definition, in a graph of its own. */
static const double *from_operand(void *arg, const Node *n)
{
	double *const *in = arg;
	return in[n->a.leaf.index];
}

static void eval_composite(Eval *v, const Node *n, double *const *in, double *out)
{
	Graph *g = graph_new(v->g->job, v->g->name);
	Node *x[MAXARITY];
	for (int i = 0; i < n->nin; i++)
		x[i] = n_leaf(g, O_input, 0, i, &n->in[i]->ty);
	Node copy = *n;
	copy.in = x;
	Node *d = rule_build(g, opinfo[n->op].def, x, n->nin, &copy, 0);
	graph_root(g, R_OUTPUT, 0, 0, d, NOWHERE);
	EvalEnv env = *v->env;
	env.leaf = from_operand;
	env.arg = (void *)(uintptr_t)in;
	double **r = graph_eval(g, &env, v->mem);
	memcpy(out, r[d->id], sizeof *out * (size_t)type_len(&n->ty, env.B));
	graph_free(g);
}

static void eval_leaf(Eval *v, const Node *n, double *out)
{
	const EvalEnv *env = v->env;
	int64_t total = type_len(&n->ty, env->B);
	if (n->op == O_const) {
		double k = n->ty.dt == DT_REAL ? rounded(env, n->a.k) : n->a.k;
		for (int64_t i = 0; i < total; i++)
			out[i] = k;
		return;
	}
	if (n->op == O_iota || n->op == O_random || n->op == O_count) {
		eval_index_map(v, n, out);
		return;
	}
	const double *x = env->leaf(env->arg, n);
	if (!x)
		bug(v->g->job, "eval: no value for %s %s", opinfo[n->op].name, n->a.leaf.sym);
	for (int64_t i = 0; i < total; i++)
		out[i] = n->ty.dt == DT_REAL ? rounded(env, x[i]) : x[i];
}

double **graph_eval(const Graph *g, const EvalEnv *env, Arena *a)
{
	Eval v = { g, env, a, NEWN(a, double *, g->n + 1) };
	bool *live = graph_live(g, a);
	for (int i = 0; i < g->n; i++) {
		const Node *n = g->node[i];
		const OpInfo *o = &opinfo[n->op];
		if (!live[i])
			continue;
		double *out = NEWN(a, double, length(n, env->B) + 1), *in[64] = { 0 };
		for (int k = 0; k < n->nin && k < 64; k++)
			in[k] = v.value[n->in[k]->id];
		if (o->eval)
			o->eval(n, env, in, out);
		else if (o->kind == LEAF)
			eval_leaf(&v, n, out);
		else if (o->kind == MAP)
			eval_map(&v, n, out);
		else if (o->kind == REDUCE)
			eval_reduce(&v, n, out);
		else if (o->kind == COMPOSITE)
			eval_composite(&v, n, in, out);
		else if (o->kind == SET)
			bug(g->job, "eval: %s is a number of the whole set", o->name);
		else
			eval_index_map(&v, n, out);
		v.value[i] = out;
	}
	return v.value;
}
