/* reduce.c - the gradients of extremes and products over axes. */
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

/* dx = dy times the product of the other elements: y / x, but where some x is 0, only the only 0
 * has a gradient: the product of all that are not. */
Node *grad_product(Graph *g, Node *y, Node *dy, int i)
{
	Node *x = y->in[i], *zero = n_const(g, 0), *one = n_const(g, 1);
	uint32_t axes = y->a.red.axes;
	Node *is0 = n_op2(g, O_eq, x, zero);
	Node *zeros = n_reduce(g, O_sum, n_op1(g, O_real, is0), axes);
	Node *safe = n_op3(g, O_where, is0, one, x);
	Node *others = n_reduce(g, O_rprod, safe, axes);
	Node *at0 = n_op3(g, O_where, n_op2(g, O_eq, zeros, one), others, zero);
	Node *else0 = n_op3(g, O_where, n_op2(g, O_eq, zeros, zero),
	                    n_op2(g, O_div, others, safe), zero);
	return n_op2(g, O_mul, dy, n_op3(g, O_where, is0, at0, else0));
}
