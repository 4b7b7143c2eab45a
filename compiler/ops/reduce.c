/* reduce.c - the gradient of extremes over axes. */
#include "family.h"

/* dx = dy at the first element that equals y, else 0.  The position is counted over the reduced
 * axes in order, as argmax counts it. */
Node *grad_extreme(Graph *g, Node *y, Node *dy, int i)
{
	Node *x = y->in[i], *place = 0;
	uint32_t axes = y->a.red.axes;
	for (int k = 0; k < x->ty.rank; k++) {
		if (!(axes >> k & 1))
			continue;
		Node *at = n_iota(g, &x->ty, k);
		Node *extent = n_const_as(g, x->ty.dim[k].k, DT_I32);
		place = place ? n_op2(g, O_add, n_op2(g, O_mul, place, extent), at) : at;
	}
	Node *best = n_reduce(g, y->op == O_rmax ? O_argmax : O_argmin, x, axes);
	return n_op3(g, O_where, n_op2(g, O_eq, place, best), dy, n_const(g, 0));
}
