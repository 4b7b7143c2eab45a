/* bound.c - see bound.h. */
#include "bound.h"

#include <math.h>
#include <string.h>

#include "op.h"

static const double U = 1.0 / 16777216;        /* half a unit in the last place of 1           */

typedef struct {
	const Graph *g;
	const EvalEnv *env;
	Arena *a;
	double *const *value, **err;
} Bound;

/* ---- one op over operands of my choice -------------------------------------------------------- */

static const double *operand(void *arg, const Node *n)
{
	double *const *in = arg;
	return in[n->a.leaf.index];
}

static int64_t length(const Bound *b, const Node *n) { return type_len(&n->ty, b->env->B); }

/* The node's op, over in[]: a graph of its own. */
static double *apply(const Bound *b, const Node *n, double *const *in)
{
	Graph *g = graph_new(b->g->job, b->g->name);
	Node *x[MAXCONCAT];
	for (int i = 0; i < n->nin; i++)
		x[i] = n_leaf(g, O_input, 0, i, &n->in[i]->ty);
	Node *r = node(g, n->op, &n->a, x, n->nin, &n->ty);
	graph_root(g, R_OUTPUT, 0, 0, r, NOWHERE);
	EvalEnv env = *b->env;
	env.leaf = operand;
	env.arg = (void *)(uintptr_t)in;
	double **v = graph_eval(g, &env, b->a);
	double *out = v[r->id];
	graph_free(g);
	return out;
}

/* x + side * e */
static double *moved(const Bound *b, const Node *n, double side, const double *e)
{
	int64_t len = length(b, n);
	double *v = NEWN(b->a, double, len + 1);
	for (int64_t k = 0; k < len; k++)
		v[k] = b->value[n->id][k] + (isfinite(e[k]) ? side * e[k] : side * 1e30);
	return v;
}

static double *absolute(const Bound *b, const Node *n, const double *x)
{
	int64_t len = length(b, n);
	double *v = NEWN(b->a, double, len + 1);
	for (int64_t k = 0; k < len; k++)
		v[k] = fabs(x[k]);
	return v;
}

/* err = max over the sides of |f(moved) - f|: for ops that are monotone in each operand. */
static void by_ends(Bound *b, const Node *n, double *err)
{
	int64_t len = length(b, n);
	const double *y = b->value[n->id];
	int sides = 1 << n->nin;
	for (int s = 0; s < sides; s++) {
		double *in[MAXCONCAT];
		for (int i = 0; i < n->nin; i++)
			in[i] = n->in[i]->ty.dt == DT_I32 && n->op != O_where ? b->value[n->in[i]->id] :
			        moved(b, n->in[i], s >> i & 1 ? 1 : -1, b->err[n->in[i]->id]);
		if (n->op == O_where)          /* the condition holds or not */
			for (int64_t k = 0, m = length(b, n->in[0]); k < m; k++) {
				const double *c = b->value[n->in[0]->id];
				in[0][k] = b->err[n->in[0]->id][k] > 0 ? (double)(s & 1) : c[k];
			}
		const double *f = apply(b, n, in);
		for (int64_t k = 0; k < len; k++) {
			double d = fabs(f[k] - y[k]);
			err[k] = fmax(err[k], isnan(d) ? HUGE_VAL : d);
		}
	}
}

/* Where the ends of a divisor have different signs, no quotient bounds the others. */
static void by_pole(Bound *b, const Node *n, double *err)
{
	int64_t ones = length(b, n->in[0]), len = length(b, n->in[1]);
	double *in[2] = { NEWN(b->a, double, ones + 1), NEWN(b->a, double, len + 1) };
	for (int64_t k = 0; k < ones; k++)
		in[0][k] = 1;
	for (int64_t k = 0; k < len; k++)
		in[1][k] = fabs(b->value[n->in[1]->id][k]) > b->err[n->in[1]->id][k];
	const double *away = apply(b, n, in);
	for (int64_t k = 0, all = length(b, n); k < all; k++)
		if (!isfinite(away[k]))
			err[k] = HUGE_VAL;
}

/* ---- nodes ------------------------------------------------------------------------------------------ */

static double roundings(const Node *n)
{
	switch (opinfo[n->op].cost) {
	case FREE: return 0;
	case CHEAP: return 1;
	default: return 6;             /* functions in float: a few units in the last place */
	}
}

static void map_bound(Bound *b, const Node *n, double *err)
{
	by_ends(b, n, err);
	if (n->op == O_div)
		by_pole(b, n, err);
	if (n->ty.dt != DT_REAL)
		return;
	double r = roundings(n);
	for (int64_t k = 0, len = length(b, n); k < len; k++)
		err[k] += r * U * (fabs(b->value[n->id][k]) + err[k]) + 1e-37;
}

/* How many elements one element of the sum adds up. */
static double terms(const Bound *b, const Node *n)
{
	double all = 1, kept = (double)length(b, n);
	if (n->op == O_contract) {
		/* all labels over the labels of the result */
		int64_t ext[MAXLABEL] = { 0 };
		for (int s = 0; s < 2; s++)
			for (int i = 0; i < n->in[s]->ty.rank; i++)
				ext[s ? n->a.con.b[i] : n->a.con.a[i]] = dim_at(n->in[s]->ty.dim[i], b->env->B);
		for (int i = 0; i < n->a.con.nlabel; i++)
			all *= (double)ext[i];
	} else {
		all = (double)length(b, n->in[n->nin - 1]);
	}
	return n->op == O_scatter_add ? all : all / fmax(kept, 1);
}

/* Multilinear in its real operands, with coefficients that are not negative. */
static void sum_bound(Bound *b, const Node *n, double *err)
{
	double *size[MAXARITY], *in[MAXARITY], *e[MAXARITY];
	int64_t len = length(b, n);
	for (int i = 0; i < n->nin; i++) {
		bool real = n->in[i]->ty.dt == DT_REAL;
		size[i] = real ? absolute(b, n->in[i], b->value[n->in[i]->id]) : b->value[n->in[i]->id];
		e[i] = real ? b->err[n->in[i]->id] : 0;
	}
	double *magnitude = apply(b, n, size);
	for (int s = 1; s < 1 << n->nin; s++) {        /* every product with an error in it */
		bool some = true;
		for (int i = 0; i < n->nin; i++) {
			some &= !(s >> i & 1) || e[i];
			in[i] = s >> i & 1 ? e[i] : size[i];
		}
		if (!some)
			continue;
		const double *f = apply(b, n, in);
		for (int64_t k = 0; k < len; k++)
			err[k] += isnan(f[k]) ? HUGE_VAL : f[k];
	}
	double u = (terms(b, n) + 2) * U;
	for (int64_t k = 0; k < len; k++)
		err[k] += u * (magnitude[k] + err[k]) + 1e-37;
}

/* Product over axes: relative errors add up. */
static void product_bound(Bound *b, const Node *n, double *err)
{
	by_ends(b, n, err);
	for (int64_t k = 0, len = length(b, n); k < len; k++)
		err[k] += 2 * (terms(b, n) + 1) * U * fabs(b->value[n->id][k]) + 1e-37;
}

/* A position: certain or not. */
static void index_bound(Bound *b, const Node *n, double *err)
{
	const Node *x = n->in[0];
	double *e = b->err[x->id], *in[1], most = 0;
	for (int64_t k = 0, len = length(b, x); k < len; k++)
		most = fmax(most, e[k]);
	for (int s = -1; s <= 1; s += 2) {             /* each moved alone would be n evaluations */
		double *v = NEWN(b->a, double, length(b, x) + 1);
		for (int64_t k = 0, len = length(b, x); k < len; k++)
			v[k] = b->value[x->id][k] + s * ((k & 1) ? most : -most) * 2;
		in[0] = v;
		const double *f = apply(b, n, in);
		for (int64_t k = 0, len = length(b, n); k < len; k++)
			if (f[k] != b->value[n->id][k])
				err[k] = HUGE_VAL;
	}
}

/* Its second operand says which elements, and has no part in them. */
static bool by_index(Op op) { return op == O_take || op == O_gather; }

static void move_bound(Bound *b, const Node *n, double *err)
{
	double *in[MAXCONCAT], *f;
	for (int i = 0; i < n->nin; i++)
		in[i] = by_index(n->op) && i == 1 ? b->value[n->in[i]->id] : b->err[n->in[i]->id];
	f = apply(b, n, in);
	for (int64_t k = 0, len = length(b, n); k < len; k++)
		err[k] = fabs(f[k]);
	if (!by_index(n->op))
		return;
	const double *e = b->err[n->in[1]->id];        /* an uncertain row: anything */
	for (int64_t k = 0, len = length(b, n->in[1]); k < len; k++)
		for (int64_t j = 0, w = length(b, n) / (len ? len : 1); e[k] > 0 && j < w; j++)
			err[k * w + j] = HUGE_VAL;
}

/* ---- scan ---------------------------------------------------------------------------------------------- */

/* The values are those of the whole: errors are followed through the steps. */
typedef struct {
	const Bound *b;
	const Node *n;
	double **carry, **carry_err;
	int t;
	double tick;
	bool error;
	Arena *a;
} Step;

static double *part_of(const Step *s, const Node *leaf, const double *x)
{
	/* the slice t + offset along axis of a sequence */
	const Node *in = s->n->in[s->n->a.scan.ncarry + leaf->a.seq.index];
	int B = s->b->env->B, axis = leaf->a.seq.axis;
	int64_t inner = 1, outer = 1, ext = dim_at(in->ty.dim[axis], B);
	for (int i = axis + 1; i < in->ty.rank; i++)
		inner *= dim_at(in->ty.dim[i], B);
	for (int i = 0; i < axis; i++)
		outer *= dim_at(in->ty.dim[i], B);
	double *v = NEWN(s->a, double, outer * inner + 1);
	for (int64_t o = 0; o < outer; o++)
		memcpy(v + o * inner, x + (o * ext + s->t + leaf->a.seq.offset) * inner, sizeof *v * (size_t)inner);
	return v;
}

static const double *step_leaf(void *arg, const Node *n)
{
	Step *s = arg;
	int first = s->n->a.scan.ncarry + s->n->a.scan.nseq;
	const double *const zero = NEWN(s->a, double, type_len(&n->ty, s->b->env->B) + 1);
	if (n->op == O_carry)
		return s->error ? s->carry_err[n->a.leaf.index] : s->carry[n->a.leaf.index];
	if (n->op == O_seq) {
		const Node *in = s->n->in[s->n->a.scan.ncarry + n->a.seq.index];
		return part_of(s, n, s->error ? s->b->err[in->id] : s->b->value[in->id]);
	}
	if (n->op == O_capture) {
		const Node *in = s->n->in[first + n->a.leaf.index];
		return s->error ? s->b->err[in->id] : s->b->value[in->id];
	}
	if (n->op == O_tick)
		return s->error ? zero : &s->tick;
	return s->error ? zero : s->b->env->leaf(s->b->env->arg, n);
}

static double **bound_with(const Graph *g, const EvalEnv *env, double *const *value, Arena *a,
                           const double *(*leaf_error)(void *, const Node *), void *arg);

static const double *step_error(void *arg, const Node *n)
{
	Step *s = arg;
	s->error = true;
	const double *e = step_leaf(s, n);
	s->error = false;
	return e;
}

static double *scan_bound(Bound *b, const Node *n)
{
	int nc = n->a.scan.ncarry, ne = n->a.scan.nemit, B = b->env->B, steps = n->a.scan.steps;
	int64_t size = 0, at[64] = { 0 };
	for (int i = 0; i < nc + ne && i < 63; i++) {
		Type t = scan_item_type(n, i);
		at[i] = size;
		size += type_len(&t, B);
	}
	double *err = NEWN(b->a, double, size + 1);
	Step s = { .b = b, .n = n, .a = b->a };
	s.carry = NEWN(b->a, double *, nc + 1);
	s.carry_err = NEWN(b->a, double *, nc + 1);
	for (int i = 0; i < nc; i++) {
		s.carry[i] = b->value[n->in[i]->id];
		s.carry_err[i] = b->err[n->in[i]->id];
	}
	for (int k = 0; k < steps; k++) {
		s.t = n->a.scan.reverse ? steps - 1 - k : k;
		s.tick = s.t;
		EvalEnv env = *b->env;
		env.leaf = step_leaf;
		env.arg = &s;
		env.tick = b->env->tick * (uint64_t)steps + (uint64_t)s.t;
		double **v = graph_eval(n->body, &env, b->a);
		double **e = bound_with(n->body, &env, v, b->a, step_error, &s);
		for (int i = 0; i < ne; i++) {
			const Node *r = scan_root(n->body, R_EMIT, i)->node;
			/* a step's result is a slice along dimension 1 */
			int64_t outer = r->ty.rank ? dim_at(r->ty.dim[0], B) : 1,
			        inner = type_len(&r->ty, B) / (outer ? outer : 1);
			for (int64_t o = 0; o < outer; o++)
				memcpy(err + at[nc + i] + (o * steps + s.t) * inner, e[r->id] + o * inner,
				       sizeof *err * (size_t)inner);
		}
		for (int i = 0; i < nc; i++) {
			const Node *r = scan_root(n->body, R_CARRY, i)->node;
			s.carry[i] = v[r->id];
			s.carry_err[i] = e[r->id];
		}
	}
	for (int i = 0; i < nc; i++) {
		Type t = scan_item_type(n, i);
		memcpy(err + at[i], s.carry_err[i], sizeof *err * (size_t)type_len(&t, B));
	}
	return err;
}

static double *item_bound(Bound *b, const Node *n)
{
	const double *from = b->err[n->in[0]->id];
	for (int i = 0; i < n->a.item.index; i++) {
		Type t = scan_item_type(n->in[0], i);
		from += type_len(&t, b->env->B);
	}
	return (double *)(uintptr_t)from;
}

/* ---- the whole graph -------------------------------------------------------------------------------------- */

static void leaf_bound(Bound *b, const Node *n, double *err)
{
	for (int64_t k = 0, len = length(b, n); k < len && n->ty.dt == DT_REAL; k++)
		/* a draw in float is one in double cut to 24 bits; inputs are exact, constants rounded */
		err[k] = n->op == O_random ? U : opinfo[n->op].memory ? 0 : U * fabs(b->value[n->id][k]);
}

static double **bound_with(const Graph *g, const EvalEnv *env, double *const *value, Arena *a,
                           const double *(*leaf_error)(void *, const Node *), void *arg)
{
	Bound b = { g, env, a, value, NEWN(a, double *, g->n + 1) };
	bool *live = graph_live(g, a);
	for (int i = 0; i < g->n; i++) {
		const Node *n = g->node[i];
		const OpInfo *o = &opinfo[n->op];
		if (!live[i])
			continue;
		if (n->body) {
			b.err[i] = scan_bound(&b, n);
			continue;
		}
		if (n->op == O_item) {
			b.err[i] = item_bound(&b, n);
			continue;
		}
		double *err = b.err[i] = NEWN(a, double, length(&b, n) + 1);
		if (o->kind == LEAF && leaf_error && (n->op == O_carry || n->op == O_seq || n->op == O_capture)) {
			memcpy(err, leaf_error(arg, n), sizeof *err * (size_t)length(&b, n));
		} else if (o->kind == LEAF) {
			leaf_bound(&b, n, err);
		} else if (o->kind == MAP) {
			map_bound(&b, n, err);
		} else if (o->index) {
			index_bound(&b, n, err);
		} else if (n->op == O_rprod) {
			product_bound(&b, n, err);
		} else if (n->op == O_rmax || n->op == O_rmin) {
			by_ends(&b, n, err);
		} else if (o->kind == REDUCE || n->op == O_contract || n->op == O_scatter_add) {
			sum_bound(&b, n, err);
		} else {
			move_bound(&b, n, err);
		}
	}
	return b.err;
}

double **error_bound(const Graph *g, const EvalEnv *env, double *const *value, Arena *a)
{
	return bound_with(g, env, value, a, 0, 0);
}
