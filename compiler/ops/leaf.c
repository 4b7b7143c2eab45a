/* leaf.c - leaves that are computed instead of loaded. */
#include "family.h"

Ex *at_knob(Lower *l, const Node *n, Ex *const *ix)
{
	(void)ix;
	return ex_leaf(l, E_KNOB, n->a.leaf.sym, n->a.leaf.index, DT_REAL);
}

Ex *at_arg(Lower *l, const Node *n, Ex *const *ix)
{
	(void)ix;
	return ex_leaf(l, E_ARG, n->a.leaf.sym, 0, DT_REAL);
}

Ex *at_count(Lower *l, const Node *n, Ex *const *ix)
{
	(void)n;
	(void)ix;
	return ex_leaf(l, E_COUNT, 0, 0, DT_REAL);
}

Ex *at_iota(Lower *l, const Node *n, Ex *const *ix)
{
	return ex_intval(l, ix[n->a.axis.axis]);
}

/* The sample is the index along the batch dimension (divided by k for k * B), the element
 * counts the rest row-major; a tensor without batch has sample 0.  So neither the size of the
 * batch nor its division among threads enters. */
Ex *at_random(Lower *l, const Node *n, Ex *const *ix)
{
	Ex *sample = ex_int(l, 0), *element = ex_int(l, 0);
	for (int i = 0; i < n->ty.rank; i++) {
		Dim d = n->ty.dim[i];
		if (!d.b) {
			element = ex_add(l, ex_mul(l, element, ex_int(l, d.k)), ix[i]);
			continue;
		}
		sample = ex_div(l, ix[i], ex_int(l, d.k));
		element = ex_add(l, ex_mul(l, element, ex_int(l, d.k)),
		                 ex_mod(l, ix[i], ex_int(l, d.k)));
	}
	return ex_random(l, n->a.random.stream, sample, element);
}
