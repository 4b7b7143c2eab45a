/* gather.c - rows of a table by index, and the adjoint that adds rows up. */
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

/* scatter_add: index [I..], rows [I.., D..] -> [n, D..] */
bool shape_scatter(Type *ty, const Node *n, Why *why)
{
	const Type *index = &n->in[0]->ty, *rows = &n->in[1]->ty;
	if (index->dt != DT_I32 || rows->rank < index->rank)
		return refuse(why, "integers and rows are needed");
	for (int i = 0; i < index->rank; i++)
		if (!dim_eq(index->dim[i], rows->dim[i]))
			return refuse(why, "an index for every row is needed");
	*ty = type_make(rows->dt, 1, &(Dim){ n->a.axis.n, 0 });
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
