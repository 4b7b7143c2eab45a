/* nhwc.c - `export c(input_layout = "nhwc")`: inference C whose images have their channels last.
 *
 * In:    the graph eval of a module, after all passes.   Out: a module whose inputs [N, C, H, W] are
 *        [N, H, W, C]; the graph turns them round where it reads them.
 * Holds: the given module does not change; outputs and all other inputs stay as they are.
 */
#include "pass.h"

#include "op.h"

enum { IMAGE_RANK = 4 };

bool nhwc_applies(const Module *m)
{
	for (int i = 0; i < m->nin; i++)
		if (!m->in[i].target && m->in[i].ty.rank == IMAGE_RANK)
			return true;
	return false;
}

/* The type of input i: image's dimensions in the caller's order. */
static Type turned(const Type *t)
{
	static const int from[IMAGE_RANK] = { 0, 2, 3, 1 };
	Type to = *t;
	for (int k = 0; k < IMAGE_RANK; k++)
		to.dim[k] = t->dim[from[k]];
	return to;
}

static Node *turn(Rewrite *r, const Node *n, void *arg)
{
	static const int back[IMAGE_RANK] = { 0, 3, 1, 2 };
	const Module *to = arg;
	if (n->op != O_input || n->ty.rank != IMAGE_RANK)
		return 0;
	const Field *f = &to->in[n->a.leaf.index];
	Node *leaf = node_mark(n_leaf(r->to, O_input, f->name, n->a.leaf.index, &f->ty), n->at, n->name);
	return n_permute(r->to, leaf, back);
}

Module *pass_nhwc(const Module *m)
{
	Module *to = NEW(m->job->mem, Module);
	*to = *m;
	to->in = NEWN(m->job->mem, Field, m->nin + 1);
	for (int i = 0; i < m->nin; i++) {
		to->in[i] = m->in[i];
		if (m->in[i].ty.rank == IMAGE_RANK)
			to->in[i].ty = turned(&m->in[i].ty);
	}
	to->eval = graph_rewrite(graph_copy(m->eval, m->eval->name, 1u << R_OUTPUT), turn, to);
	return to;
}
