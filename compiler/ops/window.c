/* window.c - sliding windows and their adjoint: what convolution and pooling are made of.
 *
 *     window    y[.., o.., k..] = x[.., o * stride + k * dil - pad]        (value outside)
 *     unwindow  y[.., s.., k..] = x[.., o.., k..] where o * stride + k * dil - pad = s, else 0
 *
 * Convolution is contract(window(x), w), pooling a reduction over window(x).  Nothing is stored
 * for a window: it is an index map that the contraction reads through.  The gradient into x is
 * the sum of unwindow over k; where dy is itself a contraction with the kernel, the sum over k
 * joins that contraction, which makes it a convolution again.
 */
#include "family.h"

#include <string.h>

static bool refuse(Why *why, const char *text)
{
	why->text = text;
	return false;
}

bool shape_window(Type *ty, const Node *n, Why *why)
{
	const Type *x = &n->in[0]->ty;
	int m = n->a.win.n, lead = x->rank - m;
	if (m < 1 || m > 3 || lead < 0 || ty->rank != x->rank + m)
		return refuse(why, "rank of the result");
	for (int i = 0; i < lead; i++)
		if (!dim_eq(ty->dim[i], x->dim[i]))
			return refuse(why, "leading extents differ");
	for (int i = 0; i < m; i++) {
		Dim o = ty->dim[lead + i];
		if (x->dim[lead + i].b || o.b || o.k < 1)
			return refuse(why, "windows over the batch");
		if (!dim_is(ty->dim[lead + m + i], n->a.win.k[i]))
			return refuse(why, "kernel extents");
	}
	return true;
}

Ex *at_window(Lower *l, const Node *n, Ex *const *ix)
{
	const Type *x = &n->in[0]->ty;
	int m = n->a.win.n, lead = x->rank - m;
	Ex *src[MAXRANK], *cond = 0;
	for (int i = 0; i < lead; i++)
		src[i] = ix[i];
	for (int i = 0; i < m; i++) {
		int stride = n->a.win.stride[i], dil = n->a.win.dil[i], pad = n->a.win.pad[i];
		int extent = x->dim[lead + i].k;
		int last =
			(n->ty.dim[lead + i].k - 1) * stride + (n->a.win.k[i] - 1) * dil - pad;
		Ex *s = ex_add(l, ex_mul(l, ix[lead + i], ex_int(l, stride)),
		               ex_mul(l, ix[lead + m + i], ex_int(l, dil)));
		if (pad > 0)
			cond = ex_and(l, cond, ex_le(l, ex_int(l, pad), s));
		s = ex_sub(l, s, ex_int(l, pad));
		if (last >= extent)
			cond = ex_and(l, cond, ex_lt(l, s, ex_int(l, extent)));
		src[lead + i] = s;
	}
	Ex *e = read_at(l, n->in[0], src);
	return cond ? ex_cond(l, cond, e, ex_num(l, n->a.win.value, n->ty.dt)) : e;
}

/* The contraction c = A * W, [.., o.., k..], if its o labels come from A alone and its k labels
 * from W alone: then sum over k of unwindow(c) is contract(unwindow(A), W) with k summed. */
static Node *joined(Graph *g, const Node *y, Node *c)
{
	const Type *x = &y->in[0]->ty;
	int m = y->a.win.n, lead = x->rank - m;
	if (c->op != O_contract || c->ty.rank != x->rank + m)
		return 0;
	Node *a = c->in[0], *w = c->in[1];
	const int8_t *la = c->a.con.a, *lw = c->a.con.b;
	uint32_t in_a = 0, in_w = 0;
	for (int i = 0; i < a->ty.rank; i++)
		in_a |= 1u << la[i];
	for (int i = 0; i < w->ty.rank; i++)
		in_w |= 1u << lw[i];
	uint32_t o = ((1u << m) - 1) << lead, k = o << m;
	if ((in_a & k) == k && (in_w & o) == o && !(in_a & o) && !(in_w & k)) {
		Node *t = a;
		const int8_t *lt = la;
		a = w;
		w = t;
		la = lw;
		lw = lt;
	} else if ((in_a & o) != o || (in_w & k) != k || (in_a & k) || (in_w & o)) {
		return 0;
	}
	if (a->ty.rank + m > MAXRANK || c->a.con.nlabel + m > MAXLABEL)
		return 0;
	/* A with its o dimensions last, then k extents of 1 */
	int perm[MAXRANK], labels[MAXRANK], r = 0;
	Dim d[MAXRANK], s[MAXRANK];
	for (int i = 0; i < a->ty.rank; i++)
		if (!(o >> la[i] & 1)) {
			perm[r] = i;
			d[r] = s[r] = a->ty.dim[i];
			labels[r++] = la[i];
		}
	for (int q = 0; q < m; q++)
		for (int i = 0; i < a->ty.rank; i++)
			if (la[i] == lead + q) {
				perm[r] = i;
				d[r] = a->ty.dim[i];
				s[r] = x->dim[lead + q];
				labels[r++] = la[i];
			}
	for (int q = 0; q < m; q++) {
		d[r + q] = dim_num(1);
		s[r + q] = dim_num(y->a.win.k[q]);
		labels[r + q] = lead + m + q;
	}
	Type flat = type_make(DT_REAL, r + m, d), spread = type_make(DT_REAL, r + m, s);
	Node *u = n_unwindow(g, n_reshape(g, n_permute(g, a, perm), &flat), &y->a, &spread);
	int wl[MAXRANK], out[MAXRANK];
	for (int i = 0; i < w->ty.rank; i++)
		wl[i] = lw[i];
	for (int i = 0; i < lead + m; i++)
		out[i] = i;
	return n_contract(g, u, w, labels, wl, out, lead + m);
}

Node *grad_window(Graph *g, Node *y, Node *dy, int i)
{
	const Type *x = &y->in[i]->ty;
	int m = y->a.win.n, lead = x->rank - m;
	Node *j = joined(g, y, dy);
	if (j)
		return j;
	Type t = *x;
	t.rank = x->rank + m;
	for (int k = 0; k < m; k++)
		t.dim[x->rank + k] = dim_num(y->a.win.k[k]);
	uint32_t axes = ((1u << m) - 1) << (lead + m);
	return n_reshape(g, n_reduce(g, O_sum, n_unwindow(g, dy, &y->a, &t), axes), x);
}

bool shape_unwindow(Type *ty, const Node *n, Why *why)
{
	const Type *x = &n->in[0]->ty;
	int m = n->a.win.n, lead = x->rank - 2 * m;
	if (m < 1 || m > 3 || lead < 0 || ty->rank != x->rank)
		return refuse(why, "rank of the result");
	for (int i = 0; i < lead; i++)
		if (!dim_eq(ty->dim[i], x->dim[i]))
			return refuse(why, "leading extents differ");
	for (int i = 0; i < m; i++) {
		Dim k = x->dim[lead + m + i];
		if (!dim_is(k, 1) && !dim_is(k, n->a.win.k[i]))
			return refuse(why, "kernel extents");
		if (!dim_is(ty->dim[lead + m + i], n->a.win.k[i]) || ty->dim[lead + i].b)
			return refuse(why, "extents of the result");
	}
	return true;
}

/* x[o, k] went to one place s = o * stride + k * dil - pad: dx[o, k] = dy[s, k].  As a window
 * of dy at every k', of which the one with k' = k is kept. */
Node *grad_unwindow(Graph *g, Node *y, Node *dy, int i)
{
	const Type *x = &y->in[i]->ty;
	int m = y->a.win.n, lead = x->rank - 2 * m, perm[MAXRANK], back[MAXRANK];
	Type t = *x;
	if (x->rank + m > MAXRANK)
		bug(g->job, "%s: no gradient at rank %d", opinfo[y->op].name, x->rank);
	for (int k = 0; k < lead; k++)
		perm[k] = back[k] = k;
	for (int k = 0; k < m; k++) {
		perm[lead + k] = back[lead + k] = lead + m + k;
		perm[lead + m + k] = back[lead + m + k] = lead + k;
		t.dim[lead + k] = t.dim[lead + 2 * m + k] = dim_num(y->a.win.k[k]);
		t.dim[lead + m + k] = x->dim[lead + k];
	}
	t.rank = lead + 3 * m;
	Attr win = node_attr(y);
	win.win.value = 0;
	Node *all = n_window(g, n_permute(g, dy, perm), &win, &t), *same = 0;
	for (int k = 0; k < m; k++) {
		Node *e = n_op2(g, O_eq, n_iota(g, &t, lead + k),
		                n_iota(g, &t, lead + 2 * m + k));
		same = same ? n_op2(g, O_and, same, e) : e;
	}
	Node *kept = n_op3(g, O_where, same, all, n_const(g, 0));
	kept = n_reduce(g, O_sum, kept, ((1u << m) - 1) << (lead + 2 * m));
	t.rank = lead + 2 * m;
	for (int k = t.rank; k < MAXRANK; k++)
		t.dim[k] = dim_num(0);
	return n_permute(g, n_reshape(g, kept, &t), back);
}

Ex *at_unwindow(Lower *l, const Node *n, Ex *const *ix)
{
	const Type *x = &n->in[0]->ty;
	int m = n->a.win.n, lead = x->rank - 2 * m;
	Ex *src[MAXRANK], *cond = 0;
	for (int i = 0; i < lead; i++)
		src[i] = ix[i];
	for (int i = 0; i < m; i++) {
		int stride = n->a.win.stride[i], dil = n->a.win.dil[i], pad = n->a.win.pad[i];
		int extent = x->dim[lead + i].k, k = n->a.win.k[i];
		Ex *s = ex_add(l, ix[lead + i], ex_int(l, pad));
		Ex *shift = ex_mul(l, ix[lead + m + i], ex_int(l, dil));
		if ((k - 1) * dil > pad)
			cond = ex_and(l, cond, ex_le(l, shift, s));
		s = ex_sub(l, s, shift);
		if (stride > 1)
			cond = ex_and(l, cond,
			              ex_eq(l, ex_mod(l, s, ex_int(l, stride)), ex_int(l, 0)));
		s = ex_div(l, s, ex_int(l, stride));
		if ((n->ty.dim[lead + i].k - 1 + pad) / stride >= extent)
			cond = ex_and(l, cond, ex_lt(l, s, ex_int(l, extent)));
		src[lead + i] = s;
		src[lead + m + i] =
			dim_is(x->dim[lead + m + i], 1) ? ex_int(l, 0) : ix[lead + m + i];
	}
	Ex *e = read_at(l, n->in[0], src);
	return cond ? ex_cond(l, cond, e, ex_num(l, 0, n->ty.dt)) : e;
}
