/* contract.c - sums of products over labelled dimensions: `@`, dense layers, einsum, and the
 * gradients of each, which are contractions again.
 *
 * Labels 0..nout-1 are the result's dimensions, the rest is summed in the order of the labels,
 * the last one innermost.
 */
#include "family.h"

static bool refuse(Why *why, const char *text)
{
	why->text = text;
	return false;
}

/* The extent of every label; false if two dimensions of one label differ. */
static bool extents(const Node *n, Dim *ext)
{
	for (int i = 0; i < MAXLABEL; i++)
		ext[i] = dim_num(0);
	for (int side = 0; side < 2; side++) {
		const Type *t = &n->in[side]->ty;
		const int8_t *label = side ? n->a.con.b : n->a.con.a;
		for (int i = 0; i < t->rank; i++) {
			if (label[i] < 0 || label[i] >= n->a.con.nlabel)
				return false;
			if (ext[label[i]].k && !dim_eq(ext[label[i]], t->dim[i]))
				return false;
			ext[label[i]] = t->dim[i];
		}
	}
	return true;
}

bool shape_contract(Type *ty, const Node *n, Why *why)
{
	Dim ext[MAXLABEL];
	if (n->a.con.nlabel > MAXLABEL || n->a.con.nout > MAXRANK)
		return refuse(why, "too many dimensions");
	if (n->in[0]->ty.dt != DT_REAL || n->in[1]->ty.dt != DT_REAL)
		return refuse(why, "operands are not real");
	if (!extents(n, ext))
		return refuse(why, "extents of one label differ");
	for (int i = 0; i < n->a.con.nlabel; i++)
		if (!ext[i].k)
			return refuse(why, "a label of the result occurs nowhere");
	*ty = type_make(DT_REAL, n->a.con.nout, ext);
	return true;
}

/* d/da sum(a * b) = sum(dy * b), with a's labels as the result's.  A label that only a has gets
 * its extent by stretching. */
Node *grad_contract(Graph *g, Node *y, Node *dy, int i)
{
	Node *x = y->in[i], *other = y->in[1 - i];
	const int8_t *lx = i ? y->a.con.b : y->a.con.a, *lo = i ? y->a.con.a : y->a.con.b;
	int ldy[MAXRANK], lother[MAXRANK], out[MAXRANK], nout = 0;
	uint32_t known = 0;
	Dim d[MAXRANK];
	for (int k = 0; k < y->ty.rank; k++) {
		ldy[k] = k;
		known |= 1u << k;
	}
	for (int k = 0; k < other->ty.rank; k++) {
		lother[k] = lo[k];
		known |= 1u << lo[k];
	}
	for (int k = 0; k < x->ty.rank; k++) {
		bool has = known >> lx[k] & 1;
		d[k] = has ? x->ty.dim[k] : dim_num(1);
		if (has)
			out[nout++] = lx[k];
	}
	/* the operands keep their places, so that sums run in a fixed order */
	Node *c = i ? n_contract(g, other, dy, lother, ldy, out, nout)
	            : n_contract(g, dy, other, ldy, lother, out, nout);
	Type t = type_make(DT_REAL, x->ty.rank, d);
	return n_reshape(g, c, &t);
}

struct product {
	const Node *n;
	Ex *const *ix;
};

static Ex *product_term(Lower *l, Ex *const *var, void *arg)
{
	const struct product *p = arg;
	const Node *n = p->n;
	Ex *a[MAXRANK], *b[MAXRANK];
	int nout = n->a.con.nout;
	for (int i = 0; i < n->in[0]->ty.rank; i++)
		a[i] = n->a.con.a[i] < nout ? p->ix[n->a.con.a[i]] : var[n->a.con.a[i] - nout];
	for (int i = 0; i < n->in[1]->ty.rank; i++)
		b[i] = n->a.con.b[i] < nout ? p->ix[n->a.con.b[i]] : var[n->a.con.b[i] - nout];
	Ex *f[2] = { read_at(l, n->in[0], a), read_at(l, n->in[1], b) };
	return ex_op(l, O_mul, f, 2, DT_REAL);
}

Ex *at_contract(Lower *l, const Node *n, Ex *const *ix)
{
	Dim ext[MAXLABEL];
	struct product p = { n, ix };
	extents(n, ext);
	return sum_at(l, ext + n->a.con.nout, n->a.con.nlabel - n->a.con.nout, product_term,
	              &p);
}

void eval_contract(const Node *n, const EvalEnv *env, double *const *in, double *out)
{
	Dim ext[MAXLABEL], stride[MAXRANK];
	int64_t e[MAXLABEL], sa[MAXLABEL] = { 0 }, sb[MAXLABEL] = { 0 }, ix[MAXLABEL] = { 0 };
	int nl = n->a.con.nlabel, nout = n->a.con.nout;
	extents(n, ext);
	for (int i = 0; i < nl; i++)
		e[i] = dim_at(ext[i], env->B);
	for (int side = 0; side < 2; side++) {
		type_strides(&n->in[side]->ty, stride);
		for (int i = 0; i < n->in[side]->ty.rank; i++)
			(side ? sb : sa)[side ? n->a.con.b[i] : n->a.con.a[i]] +=
				dim_at(stride[i], env->B);
	}
	int64_t total = type_len(&n->ty, env->B), terms = 1;
	for (int i = nout; i < nl; i++)
		terms *= e[i];
	for (int64_t o = 0; o < total; o++) {
		int64_t pa = 0, pb = 0;
		double s = 0;
		for (int i = 0; i < nout; i++) {
			pa += ix[i] * sa[i];
			pb += ix[i] * sb[i];
		}
		for (int64_t t = 0; t < terms; t++) {
			double m = in[0][pa] * in[1][pb];
			s = env->single ? (double)((float)s + (float)m) : s + m;
			for (int i = nl - 1; i >= nout; i--) {
				pa += sa[i];
				pb += sb[i];
				if (++ix[i] < e[i])
					break;
				pa -= e[i] * sa[i];
				pb -= e[i] * sb[i];
				ix[i] = 0;
			}
		}
		out[o] = s;
		for (int i = nout - 1; i >= 0 && ++ix[i] == e[i]; i--)
			ix[i] = 0;
	}
}
