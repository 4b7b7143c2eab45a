/* raw.c - the expressions of the data section in front of the model, for inference C on raw columns.
 *
 * In:    the graphs eval and bind of a module.   Out: one graph from columns to outputs.
 * Holds: neither graph changes.
 */
#include "pass.h"

#include "op.h"

bool *raw_columns(const Module *m)
{
	Arena *a = m->job->mem;
	const Graph *g = m->bind;
	bool *reached = NEWN(a, bool, g->n + 1), *used = NEWN(a, bool, m->ncolumn + 1);
	for (int i = 0; i < g->nroot; i++)
		if (!m->in[g->root[i].index].target)
			reached[g->root[i].node->id] = true;
	for (int i = g->n - 1; i >= 0; i--) {
		const Node *n = g->node[i];
		for (int k = 0; reached[i] && k < n->nin; k++)
			reached[n->in[k]->id] = true;
		if (reached[i] && n->op == O_input)
			used[n->a.leaf.index] = true;
	}
	return used;
}

typedef struct {
	const Module *from, *to;
	const int *buffer;
	Node **bound; /* nodes of `bind` in the new graph, by id */
} Join;

static Node *bring(Rewrite *r, Join *j, const Node *n)
{
	Node *in[MAXCONCAT];
	if (j->bound[n->id])
		return j->bound[n->id];
	for (int i = 0; i < n->nin; i++)
		in[i] = bring(r, j, n->in[i]);
	Node *c;
	if (n->op == O_input) {
		c = n_leaf(r->to, O_input, j->to->in[n->a.leaf.index].name, n->a.leaf.index, &n->ty);
	} else if (n->op == O_fitted) {
		int b = j->buffer[n->a.leaf.index];
		c = n_leaf(r->to, O_buffer, j->to->buffer[b].path, b, &n->ty);
	} else {
		c = node(r->to, n->op, &n->a, in, n->nin, opinfo[n->op].typed ? &n->ty : 0);
	}
	return j->bound[n->id] = node_mark(c, n->at, n->name);
}

static Node *join(Rewrite *r, const Node *n, void *arg)
{
	Join *j = arg;
	if (n->op != O_input)
		return 0;
	const Graph *g = j->from->bind;
	for (int i = 0; i < g->nroot; i++)
		if (g->root[i].index == n->a.leaf.index)
			return bring(r, j, g->root[i].node);
	bug(j->from->job, "no field for input %s", n->a.leaf.sym);
}

Graph *pass_raw(const Module *from, const Module *to, const int *buffer)
{
	Join j = { from, to, buffer, NEWN(from->job->mem, Node *, from->bind->n + 1) };
	return graph_rewrite(graph_copy(from->eval, from->eval->name, 1u << R_OUTPUT), join, &j);
}
