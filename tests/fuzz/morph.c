/* morph.c - see morph.h. */
#include "morph.h"

#include <ctype.h>
#include <string.h>

#include "op.h"
#include "pass.h"

/* A statement `  NAME = ...` of the model's own scope; the length of the name, or 0. */
static size_t made(const char *line)
{
	size_t n = 0;
	if (strncmp(line, "  v", 3))
		return 0;
	for (line += 2; isalnum((unsigned char)line[n]); n++)
		;
	return strncmp(line + n, " = ", 3) ? 0 : n;
}

const char *dead_code(Arena *a, const char *text)
{
	Out *o = out_new(a);
	bool model = false;
	int count = 0;
	for (const char *p = text, *end; *p; p = end) {
		end = p + strcspn(p, "\n");
		end += *end == '\n';
		out(o, "%s", arena_printf(a, "%.*s", (int)(end - p), p));
		model = *p == 'm' || (model && *p != '}');
		size_t n = model ? made(p) : 0;
		/* constants that nothing else has, so that no node is shared */
		if (n && count++ % 2 == 0)
			out(o, "%s", arena_printf(a, "  unread%d = tanh(%.*s * 0.4243 + 0.1717) * 1.2519\n", count, (int)n, p + 2));
	}
	return arena_printf(a, "%.*s", (int)o->n, o->text);
}

const char *graphs_text(const Module *m, Arena *a)
{
	Out *o = out_new(a);
	const Graph *const g[] = { m->init, m->grad, m->eval, m->update, m->bind, m->metrics };
	for (size_t i = 0; i < sizeof g / sizeof *g; i++)
		if (g[i])
			graph_dump(g[i], o);
	return arena_printf(a, "%.*s", (int)o->n, o->text);
}

Graph *other_order(Graph *g, const Module *m, int which)
{
	switch (which) {
	case 0:
		return pass_simplify(pass_expand(pass_grad(pass_simplify(g), m)));
	case 1:
		return pass_simplify(pass_expand(pass_simplify(pass_grad(g, m))));
	default:
		return pass_simplify(pass_grad(pass_simplify(pass_expand(g)), m));
	}
}
