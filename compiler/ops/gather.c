/* gather.c - rows of a table and elements of rows by index, and the adjoint that adds rows up. */
#include "family.h"

static bool refuse(Why *why, const char *text)
{
	why->text = text;
	return false;
}

/* take: table [R, D..], index [I..] -> [I.., D..] */
bool shape_take(Type *ty, const Node *n, Why *why)
{
	const Type *table = &n->in[0]->ty, *index = &n->in[1]->ty;
	if (table->rank < 1 || index->dt != DT_I32)
		return refuse(why, "a table and integers are needed");
	if (table->rank - 1 + index->rank > MAXRANK)
		return refuse(why, "the rank is too large");
	*ty = type_make(table->dt, index->rank, index->dim);
	for (int i = 1; i < table->rank; i++)
		ty->dim[ty->rank++] = table->dim[i];
	ty->classes = table->classes;
	return true;
}

Node *grad_take(Graph *g, Node *y, Node *dy, int i)
{
	(void)i;
	return n_scatter_add(g, y->in[1], dy, y->in[0]->ty.dim[0].k);
}

Ex *at_take(Lower *l, const Node *n, Ex *const *ix)
{
	int r = n->in[1]->ty.rank;
	Ex *src[MAXRANK];
	src[0] = ex_elemint(l, read_at(l, n->in[1], ix));
	for (int i = 1; i < n->in[0]->ty.rank; i++)
		src[i] = ix[r + i - 1];
	return read_at(l, n->in[0], src);
}

/* gather: x [L.., K], index [L.., M], integers or whole reals -> [L.., M] */
bool shape_gather(Type *ty, const Node *n, Why *why)
{
	const Type *x = &n->in[0]->ty, *index = &n->in[1]->ty;
	if (x->rank < 1 || index->rank != x->rank || index->dt == DT_BOOL)
		return refuse(why, "rows of elements and rows of numbers are needed");
	for (int i = 0; i < x->rank - 1; i++)
		if (!dim_eq(x->dim[i], index->dim[i]))
			return refuse(why, "a row of numbers for every row is needed");
	if (x->rank == MAXRANK)
		return refuse(why, "the rank is too large");
	*ty = type_make(x->dt, index->rank, index->dim);
	ty->classes = x->classes;
	return true;
}

/* Each dy at its place: summed over the row of numbers. */
Node *grad_gather(Graph *g, Node *y, Node *dy, int i)
{
	Node *index = y->in[1];
	int r = y->ty.rank;
	Type apart = y->ty, all;
	(void)i;
	apart.dt = index->ty.dt;
	apart.classes = 0;
	apart.dim[apart.rank++] = dim_num(1);
	all = apart;
	all.dim[r] = y->in[0]->ty.dim[r - 1];
	Node *number = n_expand(g, n_reshape(g, index, &apart), &all), *place = n_iota(g, &all, r);
	place = index->ty.dt == DT_REAL ? n_cast(g, place, DT_REAL) : place;
	apart.dt = all.dt = dy->ty.dt;
	Node *part = n_expand(g, n_reshape(g, dy, &apart), &all);
	Node *here = n_op3(g, O_where, n_op2(g, O_eq, number, place), part, n_const(g, 0));
	return n_reshape(g, n_reduce(g, O_sum, here, 1u << (r - 1)), &y->in[0]->ty);
}

Ex *at_gather(Lower *l, const Node *n, Ex *const *ix)
{
	Ex *src[MAXRANK];
	int last = n->ty.rank - 1;
	for (int i = 0; i < last; i++)
		src[i] = ix[i];
	src[last] = ex_elemint(l, read_at(l, n->in[1], ix));
	return read_at(l, n->in[0], src);
}

/* scatter_add: index [I..], rows [I.., D..] -> [n, D..] */
bool shape_scatter(Type *ty, const Node *n, Why *why)
{
	const Type *index = &n->in[0]->ty, *rows = &n->in[1]->ty;
	if (index->dt != DT_I32 || rows->rank < index->rank)
		return refuse(why, "integers and rows are needed");
	for (int i = 0; i < index->rank; i++)
		if (!dim_eq(index->dim[i], rows->dim[i]))
			return refuse(why, "an index for every row is needed");
	*ty = type_make(rows->dt, 1, (Dim[]){ dim_num(n->a.axis.n) });
	for (int i = index->rank; i < rows->rank; i++)
		ty->dim[ty->rank++] = rows->dim[i];
	return true;
}

Node *grad_scatter(Graph *g, Node *y, Node *dy, int i)
{
	return i == 1 ? n_take(g, dy, y->in[0]) : 0;
}

struct scatter {
	const Node *n;
	Ex *const *ix;
};

static Ex *scatter_term(Lower *l, Ex *const *var, void *arg)
{
	const struct scatter *s = arg;
	const Node *index = s->n->in[0], *rows = s->n->in[1];
	Ex *src[MAXRANK];
	int r = index->ty.rank;
	for (int i = 0; i < r; i++)
		src[i] = var[i];
	for (int i = r; i < rows->ty.rank; i++)
		src[i] = s->ix[i - r + 1];
	Ex *here = ex_eq(l, ex_elemint(l, read_at(l, index, var)), s->ix[0]);
	return ex_cond(l, here, read_at(l, rows, src), ex_num(l, 0, rows->ty.dt));
}

/* One element of the result by itself: a pass over all indices.  The lowering adds whole rows
 * in one pass instead; this is the meaning. */
Ex *at_scatter(Lower *l, const Node *n, Ex *const *ix)
{
	struct scatter s = { n, ix };
	return sum_at(l, n->in[0]->ty.dim, n->in[0]->ty.rank, scatter_term, &s);
}

void eval_scatter(const Node *n, const EvalEnv *env, double *const *in, double *out)
{
	int64_t count = type_len(&n->in[0]->ty, env->B), total = type_len(&n->ty, env->B);
	int64_t width = n->a.axis.n ? total / n->a.axis.n : 0;
	for (int64_t i = 0; i < total; i++)
		out[i] = 0;
	for (int64_t p = 0; p < count; p++) {
		int64_t row = (int64_t)in[0][p];
		if (row < 0 || row >= n->a.axis.n)
			continue;
		for (int64_t d = 0; d < width; d++) {
			double *o = &out[row * width + d], v = *o + in[1][p * width + d];
			*o = env->single ? (double)(float)v : v;
		}
	}
}
