/* move.c - reshape, permute, expand, slice, pad, concat, flip: shapes, gradients, index maps.
 *
 * An index map takes the index of an element of the result and reads the operand where it comes
 * from.
 */
#include "family.h"

static bool refuse(Why *why, const char *text)
{
	why->text = text;
	return false;
}

bool shape_same(Type *ty, const Node *n, Why *why)
{
	(void)why;
	*ty = n->in[0]->ty;
	return true;
}

/* ---- reshape --------------------------------------------------------------------- */

bool shape_reshape(Type *ty, const Node *n, Why *why)
{
	Dim a, b;
	if (!type_size(ty, &a) || !type_size(&n->in[0]->ty, &b) || !dim_eq(a, b))
		return refuse(why, "the numbers of elements differ");
	return true;
}

Node *grad_reshape(Graph *g, Node *y, Node *dy, int i)
{
	return n_reshape(g, dy, &y->in[i]->ty);
}

/* Is monomial a smaller than b, so that more dimensions have to join it? */
static bool dim_less(Dim a, Dim b)
{
	return a.b != b.b ? a.b < b.b : a.k < b.k;
}

/* The linear index of result dimensions lo..hi-1. */
static Ex *linear(Lower *l, const Type *t, int lo, int hi, Ex *const *ix)
{
	Ex *e = ex_int(l, 0);
	for (int i = lo; i < hi; i++)
		e = ex_add(l, ex_mul(l, e, ex_dim(l, t->dim[i])), ix[i]);
	return e;
}

/* Dimensions lo..hi-1 of the operand from their linear index. */
static void split(Lower *l, const Type *t, int lo, int hi, Ex *e, Ex **ix)
{
	int last = -1; /* the leftmost dimension above 1 needs no remainder    */
	for (int i = hi - 1; i >= lo; i--)
		if (!dim_is(t->dim[i], 1))
			last = i;
	for (int i = hi - 1; i >= lo; i--) {
		if (dim_is(t->dim[i], 1)) {
			ix[i] = ex_int(l, 0);
			continue;
		}
		ix[i] = i == last ? e : ex_mod(l, e, ex_dim(l, t->dim[i]));
		if (i != last)
			e = ex_div(l, e, ex_dim(l, t->dim[i]));
	}
}

/* Runs of dimensions with equal products correspond: inside a run the index is made linear and
 * split again, so whole axes that are only merged or split cost no division by others. */
Ex *at_reshape(Lower *l, const Node *n, Ex *const *ix)
{
	const Type *to = &n->ty, *from = &n->in[0]->ty;
	Ex *src[MAXRANK];
	int i = 0, k = 0;
	while (i < to->rank || k < from->rank) {
		int i0 = i, k0 = k;
		Dim a = dim_num(1), b = dim_num(1);
		do {
			if (k >= from->rank || (i < to->rank && !dim_less(b, a)))
				dim_mul(a, to->dim[i++], &a);
			else
				dim_mul(b, from->dim[k++], &b);
		} while (!dim_eq(a, b) && (i < to->rank || k < from->rank));
		if (dim_is(a, 1) && k == k0 && k < from->rank && dim_is(from->dim[k], 1))
			k++; /* a 1 against a 1                              */
		split(l, from, k0, k, linear(l, to, i0, i, ix), src);
	}
	return read_at(l, n->in[0], src);
}

/* ---- permute --------------------------------------------------------------------- */

bool shape_permute(Type *ty, const Node *n, Why *why)
{
	uint32_t seen = 0;
	*ty = n->in[0]->ty;
	for (int i = 0; i < ty->rank; i++) {
		int p = n->a.perm.p[i];
		if (p < 0 || p >= ty->rank || seen >> p & 1)
			return refuse(why, "not a permutation");
		seen |= 1u << p;
		ty->dim[i] = n->in[0]->ty.dim[p];
	}
	return true;
}

Node *grad_permute(Graph *g, Node *y, Node *dy, int i)
{
	int inverse[MAXRANK];
	(void)i;
	for (int k = 0; k < y->ty.rank; k++)
		inverse[y->a.perm.p[k]] = k;
	return n_permute(g, dy, inverse);
}

Ex *at_permute(Lower *l, const Node *n, Ex *const *ix)
{
	Ex *src[MAXRANK];
	for (int i = 0; i < n->ty.rank; i++)
		src[n->a.perm.p[i]] = ix[i];
	return read_at(l, n->in[0], src);
}

/* ---- expand ---------------------------------------------------------------------- */

bool shape_expand(Type *ty, const Node *n, Why *why)
{
	const Type *x = &n->in[0]->ty;
	if (x->rank != ty->rank)
		return refuse(why, "ranks differ");
	for (int i = 0; i < ty->rank; i++)
		if (!dim_is(x->dim[i], 1) && !dim_eq(x->dim[i], ty->dim[i]))
			return refuse(why, "only extents of 1 are stretched");
	return true;
}

/* The driver sums what is too large. */
Node *grad_expand(Graph *g, Node *y, Node *dy, int i)
{
	(void)g;
	(void)y;
	(void)i;
	return dy;
}

Ex *at_expand(Lower *l, const Node *n, Ex *const *ix)
{
	Ex *src[MAXRANK];
	for (int i = 0; i < n->ty.rank; i++)
		src[i] = dim_is(n->in[0]->ty.dim[i], 1) ? ex_int(l, 0) : ix[i];
	return read_at(l, n->in[0], src);
}

/* ---- slice, pad ------------------------------------------------------------------ */

static bool inside(const Type *part, const Type *whole, const int32_t *lo)
{
	for (int i = 0; i < part->rank; i++) {
		if (dim_eq(part->dim[i], whole->dim[i]) && lo[i] == 0)
			continue;
		if (part->dim[i].b || whole->dim[i].b || lo[i] < 0 ||
		    lo[i] + part->dim[i].k > whole->dim[i].k)
			return false;
	}
	return part->rank == whole->rank;
}

bool shape_slice(Type *ty, const Node *n, Why *why)
{
	return inside(ty, &n->in[0]->ty, n->a.pad.lo) || refuse(why, "outside of the operand");
}

Node *grad_slice(Graph *g, Node *y, Node *dy, int i)
{
	return n_pad(g, dy, y->a.pad.lo, &y->in[i]->ty, 0);
}

Ex *at_slice(Lower *l, const Node *n, Ex *const *ix)
{
	Ex *src[MAXRANK];
	for (int i = 0; i < n->ty.rank; i++)
		src[i] = ex_add(l, ix[i], ex_int(l, n->a.pad.lo[i]));
	return read_at(l, n->in[0], src);
}

bool shape_pad(Type *ty, const Node *n, Why *why)
{
	return inside(&n->in[0]->ty, ty, n->a.pad.lo) ||
	       refuse(why, "the operand does not fit");
}

Node *grad_pad(Graph *g, Node *y, Node *dy, int i)
{
	return n_slice(g, dy, y->a.pad.lo, &y->in[i]->ty);
}

Ex *at_pad(Lower *l, const Node *n, Ex *const *ix)
{
	Ex *src[MAXRANK] = { 0 }, *cond = 0;
	const Type *x = &n->in[0]->ty;
	for (int i = 0; i < n->ty.rank; i++) {
		src[i] = ex_sub(l, ix[i], ex_int(l, n->a.pad.lo[i]));
		if (n->a.pad.lo[i] > 0)
			cond = ex_and(l, cond, ex_le(l, ex_int(l, n->a.pad.lo[i]), ix[i]));
		if (!dim_eq(x->dim[i], n->ty.dim[i]) &&
		    n->a.pad.lo[i] + x->dim[i].k < n->ty.dim[i].k)
			cond = ex_and(l, cond, ex_lt(l, src[i], ex_dim(l, x->dim[i])));
	}
	Ex *e = read_at(l, n->in[0], src);
	return cond ? ex_cond(l, cond, e, ex_num(l, n->a.pad.value, n->ty.dt)) : e;
}

/* ---- concat, flip ---------------------------------------------------------------- */

bool shape_concat(Type *ty, const Node *n, Why *why)
{
	int axis = n->a.axis.axis;
	*ty = n->in[0]->ty;
	if (axis < 0 || axis >= ty->rank)
		return refuse(why, "no such axis");
	if (n->nin > MAXCONCAT)
		return refuse(why, "too many operands at once: n_concat makes a tree");
	for (int i = 1; i < n->nin; i++) {
		const Type *t = &n->in[i]->ty;
		if (t->rank != ty->rank || t->dt != ty->dt)
			return refuse(why, "operands of different rank or type");
		if (t->classes != ty->classes)
			ty->classes = 0;
		for (int k = 0; k < ty->rank; k++)
			if (k != axis && !dim_eq(t->dim[k], ty->dim[k]))
				return refuse(why, "other extents differ");
		if (t->dim[axis].b != ty->dim[axis].b)
			return refuse(why, "k * N and a number along axis");
		ty->dim[axis].k += t->dim[axis].k;
	}
	return true;
}

/* Parts of k * N rows are cut out of [before, all k, N, after]: a slice begins at a number. */
static Node *batch_part(Graph *g, Node *dy, const Type *part, int axis, int from)
{
	const Type *all = &dy->ty;
	Dim d[4] = { dim_num(1), dim_num(all->dim[axis].k), dim_batch(1), dim_num(1) };
	int lo[MAXRANK] = { 0, from };
	for (int i = 0; i < all->rank; i++)
		if (i != axis)
			d[i < axis ? 0 : 3].k *= all->dim[i].k;
	Type t = type_make(all->dt, 4, d);
	Node *x = n_reshape(g, dy, &t);
	t.dim[1] = dim_num(part->dim[axis].k);
	return n_reshape(g, n_slice(g, x, lo, &t), part);
}

Node *grad_concat(Graph *g, Node *y, Node *dy, int i)
{
	int lo[MAXRANK] = { 0 }, axis = y->a.axis.axis;
	for (int k = 0; k < i; k++)
		lo[axis] += y->in[k]->ty.dim[axis].k;
	if (y->ty.dim[axis].b)
		return batch_part(g, dy, &y->in[i]->ty, axis, lo[axis]);
	return n_slice(g, dy, lo, &y->in[i]->ty);
}

Ex *at_concat(Lower *l, const Node *n, Ex *const *ix)
{
	int axis = n->a.axis.axis;
	Ex *value[MAXCONCAT], *bound[MAXCONCAT], *src[MAXRANK];
	Dim before = n->ty.dim[axis];
	before.k = 0;
	int m = n->nin;
	for (int i = 0; i < n->ty.rank; i++)
		src[i] = ix[i];
	for (int i = 0; i < m; i++) {
		src[axis] = before.k ? ex_sub(l, ix[axis], ex_dim(l, before)) : ix[axis];
		value[i] = read_at(l, n->in[i], src);
		before.k += n->in[i]->ty.dim[axis].k;
		bound[i] = ex_dim(l, before);
	}
	Ex *e = 0;
	for (int i = m - 1; i >= 0; i--)
		e = e ? ex_cond(l, ex_lt(l, ix[axis], bound[i]), value[i], e) : value[i];
	return e;
}

Node *grad_flip(Graph *g, Node *y, Node *dy, int i)
{
	(void)i;
	return n_flip(g, dy, y->a.axis.axis);
}

Ex *at_flip(Lower *l, const Node *n, Ex *const *ix)
{
	Ex *src[MAXRANK];
	int axis = n->a.axis.axis;
	for (int i = 0; i < n->ty.rank; i++)
		src[i] = ix[i];
	src[axis] = ex_sub(l, ex_sub(l, ex_dim(l, n->ty.dim[axis]), ex_int(l, 1)), ix[axis]);
	return read_at(l, n->in[0], src);
}
