/* scalar.c - graphs of scalars as C functions in double: knobs and metrics.
 *
 * In:    a graph of MAPs over scalar leaves.   Out: one statement a node, one store a root.
 */
#include "emit.h"
#include "op.h"

#include <ctype.h>
#include <string.h>

/* The row's expression with a b c replaced by operands and nnc_ by the double functions. */
static const char *expression(Arena *mem, const char *e, char *const *operand)
{
	char *r = arena_strndup(mem, "", 0);
	while (*e) {
		size_t n = 0;
		while (isalnum((unsigned char)e[n]) || e[n] == '_')
			n++;
		if (!n)
			r = arena_printf(mem, "%s%c", r, *e++);
		else if (n == 1 && *e >= 'a' && *e <= 'c')
			r = arena_printf(mem, "%s%s", r, operand[*e - 'a']);
		else if (n > 4 && !strncmp(e, "nnc_", 4) && strncmp(e, "nnc_real", 8))
			r = arena_printf(mem, "%snnrt_d_%.*s", r, (int)n - 4, e + 4);
		else if (n == 8 && !strncmp(e, "nnc_real", 8))
			r = arena_printf(mem, "%sdouble", r);
		else
			r = arena_printf(mem, "%s%.*s", r, (int)n, e);
		e += n;
	}
	return r;
}

static void statement(Out *o, Arena *mem, const Node *n)
{
	char *operand[MAXARITY] = { 0 };
	for (int i = 0; i < n->nin; i++)
		operand[i] = arena_printf(mem, "v%d", n->in[i]->id);
	out(o, "const double v%d = %s;\n", n->id, expression(mem, opinfo[n->op].expr, operand));
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
			statement(o, g->mem, n);
		else
			bug(g->job, "emit: %s is no scalar operation", opinfo[n->op].name);
	}
	for (int i = 0; i < g->nroot; i++)
		out(o, "%s[%d] = v%d;\n", result, g->root[i].index, g->root[i].node->id);
	out(o, "}\n\n");
}
