/* build.c - builders: nodes with their attributes filled in.
 *
 * In:    operands of types that fit (the caller has checked them).   Out: nodes.
 */
#include "op.h"

#include <string.h>

static Attr attr_zero(void)
{
	Attr a;
	memset(&a, 0, sizeof a);
	return a;
}

Node *n_const_as(Graph *g, double k, DType dt)
{
	Attr a = attr_zero();
	Type t = type_scalar(dt);
	a.k = k;
	return node(g, O_const, &a, 0, 0, &t);
}

Node *n_const(Graph *g, double k)
{
	return n_const_as(g, k, DT_REAL);
}

Node *n_leaf(Graph *g, Op op, Sym sym, int index, const Type *ty)
{
	Attr a = attr_zero();
	a.leaf.sym = sym;
	a.leaf.index = index;
	return node(g, op, &a, 0, 0, ty);
}

/* x at rank r: a scalar gets dimensions of 1. */
static Node *at_rank(Graph *g, Node *x, int r)
{
	if (x->ty.rank == r || x->ty.rank)
		return x;
	Dim one[MAXRANK];
	for (int i = 0; i < r; i++)
		one[i] = dim_num(1);
	Type t = type_make(x->ty.dt, r, one);
	return n_reshape(g, x, &t);
}

static Node *map(Graph *g, Op op, Node **in, int nin)
{
	int r = 0;
	for (int i = 0; i < nin; i++)
		if (in[i]->ty.rank > r)
			r = in[i]->ty.rank;
	for (int i = 0; i < nin; i++)
		in[i] = at_rank(g, in[i], r);
	return node(g, op, 0, in, nin, 0);
}

Node *n_op1(Graph *g, Op op, Node *x)
{
	return map(g, op, &x, 1);
}

Node *n_op2(Graph *g, Op op, Node *a, Node *b)
{
	Node *in[2] = { a, b };
	double k;
	/* PyTorch computes these powers exactly so. */
	if (op == O_pow && node_is_const(b, &k)) {
		if (k == 2)
			return n_op2(g, O_mul, a, a);
		if (k == 1)
			return a;
		if (k == 3)
			return n_op2(g, O_mul, n_op2(g, O_mul, a, a), a);
		if (k == 0.5)
			return n_op1(g, O_sqrt, a);
		if (k == -1)
			return n_op2(g, O_div, n_const(g, 1), a);
	}
	return map(g, op, in, 2);
}

Node *n_op3(Graph *g, Op op, Node *a, Node *b, Node *c)
{
	Node *in[3] = { a, b, c };
	return map(g, op, in, 3);
}

Node *n_cast(Graph *g, Node *x, DType dt)
{
	if (x->ty.dt == dt)
		return x;
	if (dt != DT_REAL)
		bug(g->job, "cast to an integer type");
	return n_op1(g, O_real, x);
}

Node *n_reduce(Graph *g, Op op, Node *x, uint32_t axes)
{
	Attr a = attr_zero();
	bool trivial = !opinfo[op].index;
	for (int i = 0; i < x->ty.rank; i++)
		if (axes >> i & 1 && !dim_is(x->ty.dim[i], 1))
			trivial = false;
	if (trivial)
		return x;
	a.red.axes = axes;
	return node(g, op, &a, &x, 1, 0);
}

Node *n_reshape(Graph *g, Node *x, const Type *shape)
{
	Type t = type_make(x->ty.dt, shape->rank, shape->dim);
	t.classes = x->ty.classes;
	return node(g, O_reshape, 0, &x, 1, &t);
}

Node *n_expand(Graph *g, Node *x, const Type *shape)
{
	Type t = type_make(x->ty.dt, shape->rank, shape->dim);
	t.classes = x->ty.classes;
	return node(g, O_expand, 0, &x, 1, &t);
}

Node *n_broadcast(Graph *g, Node *x, const Type *shape)
{
	if (x->ty.rank < shape->rank) {
		Dim d[MAXRANK];
		int lead = shape->rank - x->ty.rank;
		for (int i = 0; i < shape->rank; i++)
			d[i] = i < lead ? dim_num(1) : x->ty.dim[i - lead];
		Type t = type_make(x->ty.dt, shape->rank, d);
		x = n_reshape(g, x, &t);
	}
	return n_expand(g, x, shape);
}

/* permute(contract(a, b)) is a contraction with other labels. */
static Node *permute_contract(Graph *g, Node *x, const int *perm)
{
	int la[MAXRANK], lb[MAXRANK];
	for (int i = 0; i < MAXRANK; i++) {
		la[i] = x->a.con.a[i];
		lb[i] = x->a.con.b[i];
	}
	return n_contract(g, x->in[0], x->in[1], la, lb, perm, x->ty.rank);
}

Node *n_permute(Graph *g, Node *x, const int *perm)
{
	Attr a = attr_zero();
	bool same = true;
	for (int i = 0; i < x->ty.rank; i++)
		same &= perm[i] == i;
	if (same)
		return x;
	if (x->op == O_contract)
		return permute_contract(g, x, perm);
	for (int i = 0; i < x->ty.rank; i++)
		a.perm.p[i] = (int8_t)(x->op == O_permute ? x->a.perm.p[perm[i]] : perm[i]);
	if (x->op == O_permute) {
		int p[MAXRANK];
		for (int i = 0; i < x->ty.rank; i++)
			p[i] = a.perm.p[i];
		return n_permute(g, x->in[0], p);
	}
	return node(g, O_permute, &a, &x, 1, 0);
}

Node *n_slice(Graph *g, Node *x, const int *lo, const Type *shape)
{
	Attr a = attr_zero();
	Type t = type_make(x->ty.dt, shape->rank, shape->dim);
	t.classes = x->ty.classes;
	for (int i = 0; i < x->ty.rank; i++)
		a.pad.lo[i] = lo[i];
	return node(g, O_slice, &a, &x, 1, &t);
}

Node *n_pad(Graph *g, Node *x, const int *lo, const Type *shape, double value)
{
	Attr a = attr_zero();
	Type t = type_make(x->ty.dt, shape->rank, shape->dim);
	if (type_shape_eq(&x->ty, shape))
		return x;
	for (int i = 0; i < x->ty.rank; i++)
		a.pad.lo[i] = lo[i];
	a.pad.value = value;
	return node(g, O_pad, &a, &x, 1, &t);
}

Node *n_concat(Graph *g, Node *const *x, int n, int axis)
{
	Attr a = attr_zero();
	if (n == 1)
		return x[0];
	a.axis.axis = axis;
	if (n <= MAXCONCAT)
		return node(g, O_concat, &a, x, n, 0);
	/* The value at an index is a chain of conditions: a tree of short ones. */
	int m = (n + MAXCONCAT - 1) / MAXCONCAT;
	Node **part = NEWN(g->mem, Node *, m);
	for (int i = 0; i < m; i++) {
		int from = i * MAXCONCAT, left = n - from;
		part[i] = n_concat(g, x + from, left < MAXCONCAT ? left : MAXCONCAT, axis);
	}
	return n_concat(g, part, m, axis);
}

Node *n_flip(Graph *g, Node *x, int axis)
{
	Attr a = attr_zero();
	a.axis.axis = axis;
	return node(g, O_flip, &a, &x, 1, 0);
}

Node *n_iota(Graph *g, const Type *shape, int axis)
{
	Attr a = attr_zero();
	Type t = type_make(DT_I32, shape->rank, shape->dim);
	a.axis.axis = axis;
	return node(g, O_iota, &a, 0, 0, &t);
}

Node *n_take(Graph *g, Node *table, Node *index)
{
	Node *in[2] = { table, index };
	return node(g, O_take, 0, in, 2, 0);
}

Node *n_gather(Graph *g, Node *x, Node *index)
{
	Node *in[2] = { x, index };
	return node(g, O_gather, 0, in, 2, 0);
}

Node *n_scatter_add(Graph *g, Node *index, Node *dy, int rows)
{
	Node *in[2] = { index, dy };
	Attr a = attr_zero();
	a.axis.n = rows;
	return node(g, O_scatter_add, &a, in, 2, 0);
}

/* Absorbs permutations of x into its labels l. */
static Node *absorb(Node *x, int *l)
{
	while (x->op == O_permute) {
		int m[MAXRANK];
		for (int i = 0; i < x->ty.rank; i++)
			m[x->a.perm.p[i]] = l[i];
		memcpy(l, m, sizeof m[0] * (size_t)x->ty.rank);
		x = x->in[0];
	}
	return x;
}

Node *n_contract(Graph *g, Node *a, Node *b, const int *la, const int *lb, const int *out,
                 int nout)
{
	int ma[MAXRANK] = { 0 }, mb[MAXRANK] = { 0 }, number[MAXLABEL];
	memcpy(ma, la, sizeof ma[0] * (size_t)a->ty.rank);
	memcpy(mb, lb, sizeof mb[0] * (size_t)b->ty.rank);
	Node *in[2] = { absorb(a, ma), absorb(b, mb) };
	for (int i = 0; i < MAXLABEL; i++)
		number[i] = -1;
	int n = 0;
	for (int i = 0; i < nout; i++)
		number[out[i]] = n++;
	for (int i = 0; i < in[0]->ty.rank; i++)
		if (number[ma[i]] < 0)
			number[ma[i]] = n++;
	for (int i = 0; i < in[1]->ty.rank; i++)
		if (number[mb[i]] < 0)
			number[mb[i]] = n++;
	Attr at = attr_zero();
	for (int i = 0; i < in[0]->ty.rank; i++)
		at.con.a[i] = (int8_t)number[ma[i]];
	for (int i = 0; i < in[1]->ty.rank; i++)
		at.con.b[i] = (int8_t)number[mb[i]];
	at.con.nlabel = (int8_t)n;
	at.con.nout = (int8_t)nout;
	return node(g, O_contract, &at, in, 2, 0);
}

Node *n_window(Graph *g, Node *x, const Attr *win, const Type *shape)
{
	return node(g, O_window, win, &x, 1, shape);
}

Node *n_unwindow(Graph *g, Node *x, const Attr *win, const Type *shape)
{
	return node(g, O_unwindow, win, &x, 1, shape);
}

Node *n_random(Graph *g, uint64_t stream, const Type *shape)
{
	Attr a = attr_zero();
	Type t = type_make(DT_REAL, shape->rank, shape->dim);
	a.random.stream = stream;
	return node(g, O_random, &a, 0, 0, &t);
}

Node *n_item(Graph *g, Node *scan, int index)
{
	Attr a = attr_zero();
	a.item.index = index;
	return node(g, O_item, &a, &scan, 1, 0);
}
