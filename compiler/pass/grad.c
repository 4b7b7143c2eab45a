/* grad.c - reverse-mode differentiation of a graph.
 *
 * In:    a graph with R_LOSS roots.   Out: the same with R_GRAD roots.
 * Holds: rules never mention shapes: what a rule gives is summed where the input has extent 1
 * and stretched where the contribution has.
 *
 * One sweep from the last node to the first.  Only nodes above a parameter take part, so that
 * the gradient into the data is never made.  Contributions to one node are added in the order
 * of the sweep.
 */
#include "op.h"
#include "pass.h"

#include <string.h>

/* dy as an element of n's type. */
static Node *fit(Graph *g, Node *dy, const Node *n)
{
	uint32_t axes = 0;
	if (dy->ty.rank != n->ty.rank)
		dy = n_broadcast(g, dy, &n->ty);
	for (int i = 0; i < n->ty.rank; i++)
		if (dim_is(n->ty.dim[i], 1) && !dim_is(dy->ty.dim[i], 1))
			axes |= 1u << i;
	if (axes)
		dy = n_reduce(g, O_sum, dy, axes);
	return n_expand(g, dy, &n->ty);
}

void sweep_add(Sweep *s, Node *n, Node *dy)
{
	if (!dy || n->ty.dt != DT_REAL || n->id >= s->nwanted || !s->wanted[n->id])
		return;
	double k;
	if (node_is_const(dy, &k) && k == 0)
		return;
	dy = fit(s->g, dy, n);
	Node **a = &s->adjoint[n->id];
	*a = *a ? n_op2(s->g, O_add, *a, dy) : dy;
}

void sweep_wanted(Sweep *s, bool (*leaf)(const Node *n))
{
	Graph *g = s->g;
	s->nwanted = g->n;
	s->wanted = NEWN(g->mem, bool, g->n + 1);
	s->adjoint = NEWN(g->mem, Node *, g->n + 1);
	for (int i = 0; i < g->n; i++) {
		const Node *n = g->node[i];
		bool w = leaf(n);
		for (int k = 0; k < n->nin && !w; k++)
			w = s->wanted[n->in[k]->id];
		s->wanted[i] = w && (n->ty.dt == DT_REAL);
	}
}

static void hand_on(Sweep *s, Node *n, Node *dy)
{
	const OpInfo *o = &opinfo[n->op];
	for (int i = 0; i < n->nin; i++) {
		Node *x = n->in[i];
		if (x->ty.dt != DT_REAL || !s->wanted[x->id])
			continue;
		if (o->gradfn) {
			sweep_add(s, x, o->gradfn(s->g, n, dy, i));
			continue;
		}
		const char *rule = o->grad[i];
		if (!rule)
			bug(s->g->job, "op %s: no gradient for input %d", o->name, i);
		if (strcmp(rule, "none"))
			sweep_add(s, x, rule_build(s->g, rule, n->in, n->nin, n, dy));
	}
}

void sweep_run(Sweep *s, int from)
{
	Graph *g = s->g;
	/* adjoints of the results of each scan, collected until the scan's turn comes */
	Node ***items = NEWN(g->mem, Node **, from + 2);
	for (int i = from; i >= 0; i--) {
		Node *n = g->node[i];
		if (n->body) {
			if (items[i])
				sweep_scan(s, n, items[i]);
			continue;
		}
		if (!s->adjoint[i] || !s->wanted[i])
			continue;
		if (n->op == O_item) {
			const Node *scan = n->in[0];
			if (!items[scan->id])
				items[scan->id] =
					NEWN(g->mem, Node *,
				             scan->a.scan.ncarry + scan->a.scan.nemit + 1);
			items[scan->id][n->a.item.index] = s->adjoint[i];
			continue;
		}
		if (opinfo[n->op].kind != LEAF)
			hand_on(s, n, s->adjoint[i]);
	}
}

/* ---- the pass -------------------------------------------------------------------- */

static bool is_param(const Node *n)
{
	return n->op == O_param;
}

/* A scan whose gradient needs more of its values stacked is replaced by the longer one. */
static Node *lengthen(Rewrite *r, const Node *n, void *arg)
{
	const Sweep *s = arg;
	for (int i = 0; n->body && i < s->nlonger; i++) {
		if (s->longer[i].scan != n)
			continue;
		Node copy = *n;
		copy.a = s->longer[i].a;
		copy.body = s->longer[i].body;
		return rewrite_copy(r, &copy);
	}
	return 0;
}

/* The longer scan that sweep_scan made stands later in the graph than the first one; both
 * become one node, at the place of the first. */
static Node *merge_scans(Rewrite *r, const Node *n, void *arg)
{
	const Sweep *s = arg;
	for (int i = 0; n->body && i < s->nlonger; i++)
		if (n != s->longer[i].scan && n->body == s->longer[i].body)
			return r->map[s->longer[i].scan->id];
	return lengthen(r, n, arg);
}

/* A buffer that no `update` changes keeps its value: the step writes every next buffer. */
static void keep_buffers(Graph *g, const Module *m)
{
	bool *has = NEWN(g->mem, bool, m->nbuffer + 1);
	for (int k = 0; k < g->nroot; k++)
		if (g->root[k].kind == R_BUFFER)
			has[g->root[k].index] = true;
	for (int i = 0; i < m->nbuffer; i++) {
		if (!has[i])
			graph_root(g, R_BUFFER, i, m->buffer[i].path,
			           n_leaf(g, O_buffer, m->buffer[i].path, i, &m->buffer[i].ty),
			           m->buffer[i].at);
	}
}

Graph *pass_grad(Graph *g, const Module *m)
{
	Sweep s = { .g = g };
	int from = g->n - 1;
	sweep_wanted(&s, is_param);
	for (int i = 0; i < g->nroot; i++)
		if (g->root[i].kind == R_LOSS || g->root[i].kind == R_PENALTY)
			sweep_add(&s, g->root[i].node, n_const(g, 1));
	sweep_run(&s, from);
	Node **adjoint = NEWN(g->mem, Node *, m->nparam + 1);
	for (int k = from; k >= 0; k--)
		if (g->node[k]->op == O_param && s.adjoint[k])
			adjoint[g->node[k]->a.leaf.index] = s.adjoint[k];
	for (int i = 0; i < m->nparam; i++) {
		Node *dy = adjoint[i];
		if (!dy)
			dy = n_broadcast(g, n_const(g, 0), &m->param[i].ty);
		graph_root(g, R_GRAD, i, m->param[i].path, dy, m->param[i].at);
	}
	keep_buffers(g, m);
	return graph_rewrite(g, s.nlonger ? merge_scans : 0, &s);
}
