/* dump.c - the text of a graph: --dump-graph, and what golden tests compare.
 *
 * One live node a line, numbered anew in order, so that dead nodes and the history of passes do
 * not show; no addresses, no hash order.
 */
#include "op.h"

#include <string.h>

static void labels(Out *o, const int8_t *l, int n)
{
	out(o, "[");
	for (int i = 0; i < n; i++)
		out(o, "%c", 'a' + l[i]);
	out(o, "]");
}

static void numbers(Out *o, const char *name, const int32_t *v, int n)
{
	out(o, " %s=", name);
	for (int i = 0; i < n; i++)
		out(o, "%s%d", i ? "," : "", v[i]);
}

const char *whole_name(Whole w)
{
	static const char *const name[] = { "precision", "recall", "f1",     "iou",
		                            "dice",      "confusion", "auc", "pr_auc",
		                            "calibration_error", "r2" };
	return name[w];
}

static void dump_attr(Out *o, const Node *n)
{
	char buf[40];
	const Attr *a = &n->a;
	switch (opinfo[n->op].attr) {
	case AT_NONE:
		break;
	case AT_CONST:
		out(o, " %s", number_text(buf, a->k, false));
		break;
	case AT_LEAF:
		if (a->leaf.sym)
			out(o, " %s", a->leaf.sym);
		else
			out(o, " %d", a->leaf.index);
		break;
	case AT_AXIS:
		out(o, " axis=%d", a->axis.axis);
		break;
	case AT_ROWS:
		out(o, " rows=%d", a->axis.n);
		break;
	case AT_RANDOM:
		out(o, " stream=%016llx", (unsigned long long)a->random.stream);
		break;
	case AT_SEQ:
		out(o, " %d axis=%d offset=%d", a->seq.index, a->seq.axis, a->seq.offset);
		break;
	case AT_AXES:
		out(o, " axes=");
		for (int i = 0, first = 1; i < MAXRANK; i++)
			if (a->red.axes >> i & 1) {
				out(o, "%s%d", first ? "" : ",", i);
				first = 0;
			}
		break;
	case AT_PERM:
		for (int i = 0; i < n->ty.rank; i++)
			out(o, "%s%d", i ? "," : " ", a->perm.p[i]);
		break;
	case AT_LO:
		numbers(o, "lo", a->pad.lo, n->ty.rank);
		break;
	case AT_CONTRACT:
		out(o, " ");
		labels(o, a->con.a, n->in[0]->ty.rank);
		labels(o, a->con.b, n->in[1]->ty.rank);
		break;
	case AT_WINDOW:
		numbers(o, "kernel", a->win.k, a->win.n);
		numbers(o, "stride", a->win.stride, a->win.n);
		numbers(o, "dilation", a->win.dil, a->win.n);
		numbers(o, "pad", a->win.pad, a->win.n);
		break;
	case AT_SCAN:
		out(o, " steps=%d carry=%d seq=%d emit=%d%s", a->scan.steps, a->scan.ncarry,
		    a->scan.nseq, a->scan.nemit, a->scan.reverse ? " reverse" : "");
		break;
	case AT_ITEM:
		out(o, " %d", a->item.index);
		break;
	case AT_WHOLE:
		out(o, " %s average=%d classes=%d", whole_name((Whole)a->whole.what),
		    a->whole.average, a->whole.classes);
		if (a->whole.bins)
			out(o, " bins=%d", a->whole.bins);
		out(o, a->whole.raw ? " raw" : "");
		break;
	}
}

static const char *root_name(RootKind k)
{
	static const char *const name[] = { "loss",  "penalty", "metric", "acc",    "score",
		                            "output", "grad", "param", "buffer", "moment",
		                            "weight", "field", "augment", "fit", "knob", "carry", "emit" };
	return name[k];
}

static void dump(const Graph *g, Out *o, Arena *a)
{
	bool *live = graph_live(g, a);
	int *number = NEWN(a, int, g->n + 1), next = 0;
	for (int i = 0; i < g->n; i++) {
		const Node *n = g->node[i];
		if (!live[i])
			continue;
		number[i] = next++;
		out(o, "%%%d = %s", number[i], opinfo[n->op].name);
		dump_attr(o, n);
		for (int k = 0; k < n->nin; k++)
			out(o, " %%%d", number[n->in[k]->id]);
		if (!n->body) {
			out(o, " : %s", type_text(a, &n->ty));
			out(o, n->name ? "  # %s\n" : "\n", n->name);
			continue;
		}
		out(o, " {\n");
		dump(n->body, o, a);
		out(o, "}\n");
	}
	for (int i = 0; i < g->nroot; i++) {
		const Root *r = &g->root[i];
		out(o, "%s %d%s%s = %%%d\n", root_name(r->kind), r->index, r->name ? " " : "",
		    r->name ? r->name : "", number[r->node->id]);
	}
}

void graph_dump(const Graph *g, Out *o)
{
	Arena *a = arena_new();
	out(o, "graph %s {\n", g->name);
	dump(g, o, a);
	out(o, "}\n");
	arena_free(a);
}

void graph_dump_dot(const Graph *g, Out *o)
{
	Arena *a = arena_new();
	bool *live = graph_live(g, a);
	out(o, "digraph %s {\n", g->name);
	for (int i = 0; i < g->n; i++) {
		const Node *n = g->node[i];
		if (!live[i])
			continue;
		out(o, "n%d [shape=box, label=\"%s", i, opinfo[n->op].name);
		dump_attr(o, n);
		out(o, "\\n%s\"];\n", type_text(a, &n->ty));
		for (int k = 0; k < n->nin; k++)
			out(o, "n%d -> n%d;\n", n->in[k]->id, i);
	}
	for (int i = 0; i < g->nroot; i++)
		out(o, "r%d [label=\"%s %d\"];\nn%d -> r%d;\n", i, root_name(g->root[i].kind),
		    g->root[i].index, g->root[i].node->id, i);
	out(o, "}\n");
	arena_free(a);
}
