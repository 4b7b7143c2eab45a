/* expand.c - replace composite nodes by their definitions.
 *
 * In:    a graph whose gradients are taken.   Out: primitives only.
 * Runs after differentiation, so that gradients given by hand have been used.
 */
#include "op.h"
#include "pass.h"

static Node *expand_node(Rewrite *r, const Node *n, void *arg)
{
	Node *in[MAXARITY];
	(void)arg;
	if (opinfo[n->op].kind != COMPOSITE)
		return 0;
	for (int i = 0; i < n->nin; i++)
		in[i] = r->map[n->in[i]->id];
	Node copy = *n;
	copy.in = in;
	return rule_build(r->to, opinfo[n->op].def, in, n->nin, &copy, 0);
}

static bool is_composite(const Graph *g, Node *n)
{
	(void)g;
	return opinfo[n->op].kind == COMPOSITE;
}

Graph *pass_expand(Graph *g)
{
	bool dead;
	return graph_any(g, is_composite, &dead) ? graph_rewrite(g, expand_node, 0) : g;
}
