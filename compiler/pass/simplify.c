/* simplify.c - the algebraic rules (ops/rules.def), to a fixed point.
 *
 * In:    a graph.   Out: an equal graph, shorter.
 */
#include "op.h"
#include "pass.h"

enum { MAXROUND = 8, MAXSTEP = 16 };

static Node *simplify_node(Rewrite *w, const Node *n, void *arg)
{
	bool *changed = arg;
	if (opinfo[n->op].kind != MAP)
		return 0;
	Node *m = rewrite_copy(w, n);
	for (int i = 0; i < MAXSTEP; i++) {
		Node *next = rules_apply(w->to, m);
		if (!next)
			break;
		m = next;
		*changed = true;
	}
	return m;
}

Graph *pass_simplify(Graph *g)
{
	bool changed = true;
	for (int round = 0; round < MAXROUND && changed; round++) {
		changed = false;
		g = graph_rewrite(g, simplify_node, &changed);
	}
	return g;
}
