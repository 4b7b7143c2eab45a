/* simplify.c - the algebraic rules (ops/rules.def), to a fixed point.
 *
 * In:    a graph.   Out: an equal graph, shorter; without dead nodes.
 */
#include "op.h"
#include "pass.h"

enum { MAXROUND = 8, MAXSTEP = 16 };

static Node *simplify_node(Rewrite *w, const Node *n, void *arg)
{
	(void)arg;
	if (opinfo[n->op].kind != MAP)
		return 0;
	Node *m = rewrite_copy(w, n);
	Node *next = m;
	for (int i = 0; i < MAXSTEP && (next = rules_apply(w->to, m)) != 0; i++)
		m = next;
	return m;
}

Graph *pass_simplify(Graph *g)
{
	for (int round = 0; round < MAXROUND; round++) {
		bool dead;
		if (!graph_any(g, rules_match, &dead))
			return dead ? graph_rewrite(g, 0, 0) : g;
		g = graph_rewrite(g, simplify_node, 0);
	}
	return graph_compact(g);
}
