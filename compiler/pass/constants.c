/* constants.c - the order in which inference keeps constant weights.
 *
 * In:    a graph without gradients.   Out: the same with some parameters in another order of
 *        dimensions, and the list of them.
 * Holds: a parameter is reordered only if contractions alone read it, and all want one order:
 * the dimension that becomes columns of the result last, so that a vector of columns is one
 * load. A trainer copies such operands to panels once a step; inference prints them so.
 */
#include "op.h"
#include "pass.h"

#include <string.h>

typedef struct {
	const Graph *g;
	int first; /* number of the first reordered leaf                   */
	Reordered *list;
	int n, cap;
	int *number; /* by node id: 1 + entry of list                        */
	Arena *mem;
} Orders;

/* The order that contraction c wants for its operand number `side`; false if it is fine as it
 * is. */
static bool wanted(const Node *c, int side, int *perm)
{
	const Type *t = &c->in[side]->ty;
	const int8_t *label = side ? c->a.con.b : c->a.con.a,
		     *other = side ? c->a.con.a : c->a.con.b;
	int column = -1, k = 0;
	for (int i = 0; i < t->rank; i++) {
		bool shared = label[i] >= c->a.con.nout;
		for (int d = 0; d < c->in[1 - side]->ty.rank; d++)
			shared |= other[d] == label[i];
		if (!shared && (column < 0 || t->dim[i].k > t->dim[column].k))
			column = i;
	}
	if (column < 0 || column == t->rank - 1)
		return false;
	for (int i = 0; i < t->rank; i++)
		if (i != column)
			perm[k++] = i;
	perm[k] = column;
	return true;
}

/* Collects what every reader of leaf n wants; false if one is no contraction or they differ. */
static bool agree(const Graph *g, const bool *live, const Node *n, int *perm)
{
	bool any = false;
	for (int i = 0; i < g->nroot; i++)
		if (g->root[i].node == n)
			return false;
	for (int i = n->id + 1; i < g->n; i++) {
		const Node *c = g->node[i];
		for (int side = 0; live[i] && side < c->nin; side++) {
			int p[MAXRANK] = { 0 };
			if (c->in[side] != n)
				continue;
			if (c->op != O_contract || !wanted(c, side, p))
				return false;
			if (any && memcmp(p, perm, sizeof p))
				return false;
			memcpy(perm, p, sizeof p);
			any = true;
		}
	}
	return any;
}

static Node *reorder(Rewrite *r, const Node *n, void *arg)
{
	Orders *o = arg;
	if (r->from != o->g)
		return 0;
	if (n->op == O_contract) {
		int la[MAXRANK], lb[MAXRANK], out[MAXRANK];
		for (int i = 0; i < MAXRANK; i++) {
			la[i] = n->a.con.a[i];
			lb[i] = n->a.con.b[i];
			out[i] = i;
		}
		return n_contract(r->to, r->map[n->in[0]->id], r->map[n->in[1]->id], la, lb,
		                  out, n->a.con.nout);
	}
	if (!o->number[n->id])
		return 0;
	const Reordered *e = &o->list[o->number[n->id] - 1];
	int inverse[MAXRANK] = { 0 };
	Type t = n->ty;
	for (int i = 0; i < t.rank; i++) {
		t.dim[i] = n->ty.dim[e->perm[i]];
		inverse[e->perm[i]] = i;
	}
	return n_permute(
		r->to,
		n_leaf(r->to, O_param, n->a.leaf.sym, o->first + o->number[n->id] - 1, &t),
		inverse);
}

Graph *pass_constants(Graph *g, const Module *m, Reordered **list, int *n)
{
	Orders o = { .g = g, .first = m->nparam, .mem = m->job->mem };
	o.number = NEWN(o.mem, int, g->n + 1);
	bool *live = graph_live(g, g->mem);
	for (int i = 0; i < g->n; i++) {
		Reordered e = { .param = 0 };
		const Node *p = g->node[i];
		if (!live[i] || p->op != O_param || p->ty.rank < 2 ||
		    !agree(g, live, p, e.perm))
			continue;
		e.param = p->a.leaf.index;
		PUSH(o.mem, o.list, o.n, o.cap, e);
		o.number[i] = o.n;
	}
	*list = o.list;
	*n = o.n;
	return graph_rewrite(g, reorder, &o);
}
