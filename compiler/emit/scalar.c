/* scalar.c - graphs of scalars as C functions in double: knobs and metrics.
 *
 * In:    a graph of MAPs over scalar leaves.   Out: one statement a node, one store a root.
 */
#include "emit.h"
#include "op.h"

#include <string.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

/* The row's expression with a b c replaced by operands and nnc_ by the double functions. */
static void statement(Out *o, const Node *n)
{
	const char *e = opinfo[n->op].expr;
	out(o, "const double v%d = ", n->id);
	while (*e) {
		int k = (int)strspn(e, LETTERS);
		if (!k)
			k = (int)strcspn(e, LETTERS);
		if (k == 1 && *e >= 'a' && *e <= 'c')
			out(o, "v%d", n->in[*e - 'a']->id);
		else if (k > 4 && !strncmp(e, "nnc_", 4) && strncmp(e, "nnc_real", 8))
			out(o, "nnrt_d_%.*s", k - 4, e + 4);
		else if (k == 8 && !strncmp(e, "nnc_real", 8))
			out(o, "double");
		else
			out(o, "%.*s", k, e);
		e += k;
	}
	out(o, ";\n");
}

void emit_scalar(Out *o, const Graph *g, const char *head, const char *result, const char *args,
                 const char *(*leaf)(Arena *a, const Node *n))
{
	char num[40];
	double k;
	bool *live = graph_live(g, g->mem);
	out(o, "%s\n{\n", head);
	for (const char *s = args; *s; s += strspn(s, ", ")) {
		size_t n = strcspn(s, ",");
		out(o, "(void)%.*s;\n", (int)n, s);
		s += n;
	}
	for (int i = 0; i < g->n; i++) {
		const Node *n = g->node[i];
		if (!live[i])
			continue;
		if (node_is_const(n, &k))
			out(o, "const double v%d = %s;\n", i, number_text(num, k, false));
		else if (opinfo[n->op].kind == LEAF)
			out(o, "const double v%d = %s;\n", i, leaf(g->mem, n));
		else if (opinfo[n->op].kind == MAP)
			statement(o, n);
		else
			bug(g->job, "emit: %s is no scalar operation", opinfo[n->op].name);
	}
	for (int i = 0; i < g->nroot; i++)
		out(o, "%s[%d] = v%d;\n", result, g->root[i].index, g->root[i].node->id);
	out(o, "}\n\n");
}
