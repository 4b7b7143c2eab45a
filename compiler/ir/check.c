/* check.c - invariants of a graph, tested after every pass in test builds. */
#include "op.h"

#include <string.h>

static void check_node(const Graph *g, const Node *n, int i)
{
	const OpInfo *o = &opinfo[n->op];
	Dim size;
	if (n->id != i)
		bug(g->job, "check: node %d has id %d", i, n->id);
	if (o->nin >= 0 && n->nin != o->nin)
		bug(g->job, "check: %s has %d inputs", o->name, n->nin);
	for (int k = 0; k < n->nin; k++) {
		const Node *in = n->in[k];
		if (in->id >= n->id || in->id < 0 || g->node[in->id] != in)
			bug(g->job, "check: input %d of %s is not an older node of the graph",
			    k, o->name);
	}
	if (!type_size(&n->ty, &size))
		bug(g->job, "check: %s has no size", o->name);
	for (int k = n->ty.rank; k < MAXRANK; k++)
		if (n->ty.dim[k].k || n->ty.dim[k].b)
			bug(g->job, "check: unused dimensions of %s are not zero", o->name);
	if (o->shape) {
		Type t = n->ty;
		Why why = { 0 };
		if (!o->shape(&t, n, &why) || !type_eq(&t, &n->ty))
			bug(g->job, "check: the shape of %s does not obey its rule", o->name);
	}
	if (n->op == O_scan) {
		if (n->body->outer == 0)
			bug(g->job, "check: a body without a graph around it");
		graph_check(n->body);
	}
}

static bool scalar_root(RootKind k)
{
	return k == R_LOSS || k == R_PENALTY || k == R_METRIC || k == R_ACC || k == R_KNOB;
}

void graph_check(const Graph *g)
{
	for (int i = 0; i < g->n; i++)
		check_node(g, g->node[i], i);
	for (int i = 0; i < g->nroot; i++) {
		const Root *r = &g->root[i];
		if (!r->node || r->node->id >= g->n || g->node[r->node->id] != r->node)
			bug(g->job, "check: root %d is not a node of the graph", i);
		if (scalar_root(r->kind) && r->node->ty.rank && opinfo[r->node->op].kind != SET)
			bug(g->job, "check: root %s %d is not a scalar", r->name ? r->name : "",
			    r->index);
	}
}
