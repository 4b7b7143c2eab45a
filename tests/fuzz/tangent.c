/* tangent.c - see tangent.h.
 *
 * Holds: linear ops are applied to the tangents of their operands; what is not linear has a rule here,
 *        written from mathematics and from language.md (kinks), not from ops.def.
 *
 * A scan becomes one whose carries, sequences, captures and results stand there twice: values, then
 * tangents.  What is not real moves nowhere: its place holds the value again and is not looked at.
 */
#include "tangent.h"

#include <string.h>

#include "op.h"

/* Nodes of one graph: their values and tangents in `to`; d: 0 where nothing moves. */
typedef struct {
	Graph *to;
	const Module *m;
	const Node *scan;              /* whose body it is, or 0                               */
	Node **p, **d;                 /* by id                                                */
	Node **twice;                  /* of scans: the doubled one                            */
	bool *lost;                    /* an op without a rule was met                         */
} Dual;

static Node *number(Graph *g, double k, const Node *like) { return n_broadcast(g, n_const(g, k), &like->ty); }
static Node *zeros(Graph *g, const Type *ty) { return n_broadcast(g, n_const(g, 0), ty); }
static Node *times(Graph *g, Node *a, Node *b) { return a && b ? n_op2(g, O_mul, a, b) : 0; }
static Node *plus(Graph *g, Node *a, Node *b) { return !a ? b : !b ? a : n_op2(g, O_add, a, b); }
static Node *minus(Graph *g, Node *a) { return a ? n_op1(g, O_neg, a) : 0; }
static Node *scaled(Graph *g, double k, Node *a) { return a ? n_op2(g, O_mul, number(g, k, a), a) : 0; }
static Node *over(Graph *g, Node *a, Node *b) { return a ? n_op2(g, O_div, a, b) : 0; }
static Node *either(Graph *g, Node *c, Node *a, Node *b) { return n_op3(g, O_where, c, a, b); }

/* Operands as large as the result. */
static Node *full(Graph *g, Node *x, const Type *ty)
{
	Type t = *ty;
	if (!x)
		return 0;
	t.dt = x->ty.dt;
	t.classes = x->ty.classes;
	return type_shape_eq(&x->ty, &t) ? x : n_broadcast(g, x, &t);
}

/* ---- element by element ------------------------------------------------------------------ */

static Node *map_tangent(Graph *g, const Node *n, Node *y, Node *const *x, Node *const *d)
{
	Node *a = x[0], *b = x[1], *da = d[0], *db = d[1];
	Node *zero = zeros(g, &n->ty), *one = number(g, 1, zero);
	switch (n->op) {
	case O_neg: return minus(g, da);
	case O_add: return plus(g, da, db);
	case O_sub: return plus(g, da, minus(g, db));
	case O_mul: return plus(g, times(g, da, b), times(g, a, db));
	case O_div: return over(g, plus(g, da, minus(g, times(g, y, db))), b);
	case O_pow: {
		Node *less = n_op2(g, O_pow, a, n_op2(g, O_sub, b, one));
		Node *by_a = da ? either(g, n_op2(g, O_eq, b, zero), zero, times(g, times(g, b, less), da)) : 0;
		Node *by_b = db ? either(g, n_op2(g, O_eq, a, zero), zero, times(g, times(g, y, n_op1(g, O_log, a)), db)) : 0;
		return plus(g, by_a, by_b);
	}
	case O_max: case O_min: {
		Node *l = n->op == O_max ? b : a, *r = n->op == O_max ? a : b;
		da = da ? da : zero;
		db = db ? db : zero;
		return either(g, n_op2(g, O_lt, l, r), da,
		              either(g, n_op2(g, O_lt, r, l), db, scaled(g, 0.5, plus(g, da, db))));
	}
	case O_exp: return times(g, y, da);
	case O_log: return over(g, da, a);
	case O_sqrt: return over(g, scaled(g, 0.5, da), y);
	case O_rsqrt: return over(g, scaled(g, -0.5, times(g, y, da)), a);
	case O_abs:
		return either(g, n_op2(g, O_lt, zero, a), da, either(g, n_op2(g, O_lt, a, zero), minus(g, da), zero));
	case O_log1p: return over(g, da, plus(g, one, a));
	case O_expm1: return times(g, n_op1(g, O_exp, a), da);
	case O_sin: return times(g, n_op1(g, O_cos, a), da);
	case O_cos: return minus(g, times(g, n_op1(g, O_sin, a), da));
	case O_erf:                    /* 2 / sqrt(pi) */
		return scaled(g, 1.12837916709551257390, times(g, n_op1(g, O_exp, minus(g, times(g, a, a))), da));
	case O_tanh: return times(g, n_op2(g, O_mul, plus(g, one, y), plus(g, one, minus(g, y))), da);
	case O_sigmoid: return times(g, times(g, y, n_op1(g, O_sigmoid, minus(g, a))), da);
	case O_where: return either(g, a, db ? db : zero, d[2] ? d[2] : zero);
	default: return 0;             /* steps: they move nothing where they are smooth */
	}
}

/* ---- over axes ------------------------------------------------------------------------------ */

/* Where is the first of the extreme elements: truths as large as x; 0 without a rule. */
static Node *first_extreme(Graph *g, Op op, Node *x, uint32_t axes)
{
	Type whole = x->ty;
	Node *at = 0;
	whole.dt = DT_I32;
	whole.classes = 0;
	for (int i = 0; i < x->ty.rank; i++) {
		if (!(axes >> i & 1))
			continue;
		Node *k = n_iota(g, &whole, i);
		if (at && x->ty.dim[i].b)
			return 0;
		if (at)
			k = n_op2(g, O_add, n_op2(g, O_mul, at, n_broadcast(g, n_const_as(g, x->ty.dim[i].k, DT_I32), &whole)), k);
		at = k;
	}
	Node *first = n_reduce(g, op == O_rmax ? O_argmax : O_argmin, x, axes);
	return at ? n_op2(g, O_eq, at, n_broadcast(g, n_cast(g, first, DT_I32), &whole)) : 0;
}

static Node *reduce_tangent(Dual *t, const Node *n, Node *y, Node *x, Node *dx)
{
	Graph *g = t->to;
	uint32_t axes = n->a.red.axes;
	if (n->op == O_sum)
		return n_reduce(g, O_sum, dx, axes);
	if (n->op == O_rprod)
		return times(g, y, n_reduce(g, O_sum, over(g, dx, x), axes));
	Node *here = first_extreme(g, n->op, x, axes);
	if (here)
		return n_reduce(g, O_sum, either(g, here, dx, zeros(g, &x->ty)), axes);
	*t->lost = true;
	return 0;
}

static Node *composite_tangent(Graph *g, const Node *n, Node *y, Node *x, Node *dx)
{
	Node *zero = zeros(g, &x->ty);
	switch (n->op) {
	case O_relu: return either(g, n_op2(g, O_lt, zero, x), dx, zero);
	case O_softplus: return times(g, n_op1(g, O_sigmoid, x), dx);
	case O_softmax: {
		Node *mean = n_reduce(g, O_sum, times(g, y, dx), n->a.red.axes);
		return times(g, y, plus(g, dx, minus(g, n_broadcast(g, mean, &x->ty))));
	}
	default: {                     /* log_softmax */
		Node *mean = n_reduce(g, O_sum, times(g, n_op1(g, O_exp, y), dx), n->a.red.axes);
		return plus(g, dx, minus(g, n_broadcast(g, mean, &x->ty)));
	}
	}
}

/* ---- scans ------------------------------------------------------------------------------------ */

static void walk(Dual *t, const Graph *from);

static bool moves(const Type *ty) { return ty->dt == DT_REAL; }

/* The inputs of the same kind, then their tangents. */
static int put_inputs(Dual *t, Node **in, int n, const Node *scan, int from, int count)
{
	for (int i = 0; i < count; i++)
		in[n + i] = t->p[scan->in[from + i]->id];
	for (int i = 0; i < count; i++) {
		Node *x = in[n + i], *d = t->d[scan->in[from + i]->id];
		in[n + count + i] = d ? full(t->to, d, &x->ty) : moves(&x->ty) ? zeros(t->to, &x->ty) : x;
	}
	return n + 2 * count;
}

static Node *doubled(Dual *t, const Node *n)
{
	const Attr *a = &n->a;
	int nc = a->scan.ncarry, ns = a->scan.nseq, ne = a->scan.nemit, k = 0;
	const Graph *f = n->body;
	Arena *mem = t->to->mem;
	Graph *body = graph_body(t->to);
	Dual b = { body, t->m, n, NEWN(mem, Node *, f->n + 1), NEWN(mem, Node *, f->n + 1),
		   NEWN(mem, Node *, f->n + 1), t->lost };
	Node **in = NEWN(mem, Node *, 2 * n->nin + 1);
	Attr twice = *a;
	walk(&b, f);
	for (int kind = 0; kind < 2; kind++)
		for (int half = 0; half < 2; half++)
			for (int i = 0; i < (kind ? ne : nc); i++) {
				Node *x = scan_root(f, kind ? R_EMIT : R_CARRY, i)->node, *v = b.p[x->id], *d = b.d[x->id];
				Node *moved = d ? full(body, d, &v->ty) : moves(&v->ty) ? zeros(body, &v->ty) : v;
				graph_root(body, kind ? R_EMIT : R_CARRY, i + half * (kind ? ne : nc), 0, half ? moved : v, NOWHERE);
			}
	k = put_inputs(t, in, k, n, 0, nc);
	k = put_inputs(t, in, k, n, nc, ns);
	k = put_inputs(t, in, k, n, nc + ns, n->nin - nc - ns);
	twice.scan.ncarry *= 2;
	twice.scan.nseq *= 2;
	twice.scan.nemit *= 2;
	return node_scan(t->to, &twice, in, k, body);
}

/* A leaf of a body, number `by` behind its own. */
static Node *moved_leaf(Dual *t, const Node *n, int by)
{
	Attr a = n->a;
	if (n->op == O_seq)
		a.seq.index += by;
	else
		a.leaf.index += by;
	return node(t->to, n->op, &a, 0, 0, &n->ty);
}

static Node *leaf_tangent(Dual *t, const Node *n)
{
	const Attr *a = t->scan ? &t->scan->a : 0;
	if (n->op == O_param && t->m->param[n->a.leaf.index].trained)
		return n_leaf(t->to, O_gradient, 0, n->a.leaf.index, &n->ty);
	if (n->op == O_carry)
		return moved_leaf(t, n, a->scan.ncarry);
	if (n->op == O_seq)
		return moved_leaf(t, n, a->scan.nseq);
	if (n->op == O_capture)
		return moved_leaf(t, n, t->scan->nin - a->scan.ncarry - a->scan.nseq);
	return 0;
}

/* ---- one node ------------------------------------------------------------------------------------ */

/* Everything that is linear in its moving operand: the same op on the tangent. */
static Node *alike(Dual *t, const Node *n, Node *const *in)
{
	Attr a = n->a;
	if (n->op == O_pad)
		a.pad.value = 0;
	if (n->op == O_window || n->op == O_unwindow)
		a.win.value = 0;
	return node(t->to, n->op, &a, in, n->nin, opinfo[n->op].typed ? &n->ty : 0);
}

static Node *joined_tangent(Dual *t, const Node *n)
{
	Node *in[MAXCONCAT];
	for (int i = 0; i < n->nin; i++) {
		Node *x = t->p[n->in[i]->id], *d = t->d[n->in[i]->id];
		in[i] = d ? full(t->to, d, &x->ty) : zeros(t->to, &x->ty);
	}
	return alike(t, n, in);
}

static Node *call_tangent(Dual *t, const Node *n, Node *const *x, Node *const *d)
{
	Graph *g = t->to;
	switch (n->op) {
	case O_contract: {
		Node *by_a = d[0] ? alike(t, n, (Node *[]){ full(g, d[0], &x[0]->ty), x[1] }) : 0;
		Node *by_b = d[1] ? alike(t, n, (Node *[]){ x[0], full(g, d[1], &x[1]->ty) }) : 0;
		return plus(g, by_a, by_b);
	}
	case O_scatter_add:
		return d[1] ? alike(t, n, (Node *[]){ x[0], full(g, d[1], &x[1]->ty) }) : 0;
	case O_item: {
		const Node *scan = n->in[0];
		int i = n->a.item.index, nc = scan->a.scan.ncarry, ne = scan->a.scan.nemit;
		return n_item(g, t->twice[scan->id], i < nc ? nc + i : nc + i + ne);
	}
	default:
		*t->lost = true;
		return 0;
	}
}

static Node *tangent(Dual *t, const Node *n)
{
	Node *x[MAXARITY] = { 0 }, *d[MAXARITY] = { 0 }, *y = t->p[n->id];
	bool any = n->op == O_item;
	for (int i = 0; i < n->nin; i++)
		any |= t->d[n->in[i]->id] != 0;
	if (!moves(&n->ty) || (!any && opinfo[n->op].kind != LEAF))
		return 0;
	if (n->op == O_concat)
		return joined_tangent(t, n);
	for (int i = 0; i < n->nin && i < MAXARITY; i++) {
		x[i] = t->p[n->in[i]->id];
		d[i] = t->d[n->in[i]->id];
	}
	switch (opinfo[n->op].kind) {
	case LEAF: return leaf_tangent(t, n);
	case MAP:
		for (int i = 0; i < n->nin; i++) {
			x[i] = full(t->to, x[i], &n->ty);
			d[i] = full(t->to, d[i], &n->ty);
		}
		return map_tangent(t->to, n, y, x, d);
	case REDUCE: return reduce_tangent(t, n, y, x[0], full(t->to, d[0], &x[0]->ty));
	case MOVE: return d[0] ? alike(t, n, (Node *[]){ full(t->to, d[0], &x[0]->ty), x[1] }) : 0;
	case CALL: return call_tangent(t, n, x, d);
	case COMPOSITE: return composite_tangent(t->to, n, y, x[0], full(t->to, d[0], &x[0]->ty));
	case SET: return 0;
	}
	return 0;
}

static void walk(Dual *t, const Graph *from)
{
	bool *live = graph_live(from, t->to->mem);
	for (int i = 0, n = from->n; i < n; i++) {
		Node *x = from->node[i];
		if (!live[i])
			continue;
		if (from != t->to) {
			Rewrite w = { (Graph *)(uintptr_t)from, t->to, t->p };
			bool step = x->op == O_seq || x->op == O_carry || x->op == O_capture;
			/* captures stand behind twice the number of sequences and carries */
			t->p[i] = step ? moved_leaf(t, x, 0) : rewrite_copy(&w, x);
		} else {
			t->p[i] = x;
		}
		if (x->op == O_scan)
			t->twice[i] = doubled(t, x);
		else
			t->d[i] = tangent(t, x);
	}
}

Node *tangent_of(Graph *g, const Module *m)
{
	bool lost = false;
	int n = g->n;
	Dual t = { g, m, 0, NEWN(g->mem, Node *, n + 1), NEWN(g->mem, Node *, n + 1), NEWN(g->mem, Node *, n + 1), &lost };
	Node *sum = 0;
	walk(&t, g);
	for (int i = 0; i < g->nroot; i++)
		sum = plus(g, sum, t.d[g->root[i].node->id]);
	return lost ? 0 : sum;
}
