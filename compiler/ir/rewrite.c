/* rewrite.c - passes as maps from the live nodes of one graph to nodes of a new one.
 *
 * In:    a graph and a function that replaces nodes.   Out: the new graph; the old one is
 * freed. Holds: roots keep their order; scan bodies are rewritten by the same function.
 */
#include "op.h"

#include <string.h>

Rewrite rewrite_begin(Graph *g)
{
	Rewrite r;
	r.from = g;
	r.to = graph_new(g->job, g->name);
	r.to->exact = g->exact;
	graph_reserve(r.to, g->n);
	r.map = NEWN(r.to->mem, Node *, g->n + 1);
	return r;
}

static Graph *copy_body(Graph *to, const Graph *body, RewriteFn *fn, void *arg)
{
	Rewrite r;
	r.from = (Graph *)(uintptr_t)body;
	r.to = graph_body(to);
	r.map = NEWN(to->mem, Node *, body->n + 1);
	bool *live = graph_live(body, to->mem);
	for (int i = 0; i < body->n; i++) {
		const Node *n = body->node[i];
		if (!live[i])
			continue;
		r.to->part = n->part;
		Node *m = fn ? fn(&r, n, arg) : 0;
		r.map[i] = node_mark(m ? m : rewrite_copy(&r, n), n->at, n->name);
	}
	for (int i = 0; i < body->nroot; i++) {
		const Root *t = &body->root[i];
		graph_root(r.to, t->kind, t->index, t->name, r.map[t->node->id], t->at);
	}
	return r.to;
}

static Node *copy_node(Rewrite *r, const Node *n, RewriteFn *fn, void *arg)
{
	Node *few[MAXCONCAT], **in = few;
	if (n->nin > MAXCONCAT)
		in = NEWN(r->to->mem, Node *, n->nin);
	for (int i = 0; i < n->nin; i++)
		in[i] = r->map[n->in[i]->id];
	r->to->part = n->part;
	Node *m;
	if (n->body)
		m = node_scan(r->to, &n->a, in, n->nin, copy_body(r->to, n->body, fn, arg));
	else
		m = node(r->to, n->op, &n->a, in, n->nin, opinfo[n->op].typed ? &n->ty : 0);
	return node_mark(m, n->at, n->name);
}

Node *rewrite_copy(Rewrite *r, const Node *n)
{
	return copy_node(r, n, 0, 0);
}

Graph *rewrite_end(Rewrite *r)
{
	for (int i = 0; i < r->from->nroot; i++) {
		const Root *t = &r->from->root[i];
		graph_root(r->to, t->kind, t->index, t->name, r->map[t->node->id], t->at);
	}
	graph_free(r->from);
	return r->to;
}

Graph *graph_rewrite(Graph *g, RewriteFn *fn, void *arg)
{
	Rewrite r = rewrite_begin(g);
	bool *live = graph_live(g, r.to->mem);
	for (int i = 0; i < g->n; i++) {
		const Node *n = g->node[i];
		if (!live[i])
			continue;
		r.to->part = n->part;
		Node *m = fn ? fn(&r, n, arg) : 0;
		r.map[i] = m ? node_mark(m, n->at, n->name) : copy_node(&r, n, fn, arg);
	}
	return rewrite_end(&r);
}

bool graph_any(const Graph *g, bool (*is)(const Graph *g, Node *n), bool *dead)
{
	Arena *mem = arena_new();
	const bool *live = graph_live(g, mem);
	bool any = false, some = false, inner;
	for (int i = 0; i < g->n && !any; i++) {
		const Graph *body = g->node[i]->body;
		inner = false;
		any = live[i] && (is(g, g->node[i]) || (body && graph_any(body, is, &inner)));
		some |= !live[i] || inner;
	}
	arena_free(mem);
	*dead = some;
	return any;
}

static bool nothing(const Graph *g, Node *n)
{
	(void)g;
	(void)n;
	return false;
}

Graph *graph_compact(Graph *g)
{
	bool dead;
	graph_any(g, nothing, &dead);
	return dead ? graph_rewrite(g, 0, 0) : g;
}

Graph *graph_copy(const Graph *g, Sym name, uint32_t mask)
{
	Rewrite r = rewrite_begin((Graph *)(uintptr_t)g);
	r.to->name = name;
	bool *live = NEWN(r.to->mem, bool, g->n + 1);
	for (int i = 0; i < g->nroot; i++)
		if (mask >> g->root[i].kind & 1)
			live[g->root[i].node->id] = true;
	for (int i = g->n - 1; i >= 0; i--)
		if (live[i])
			for (int k = 0; k < g->node[i]->nin; k++)
				live[g->node[i]->in[k]->id] = true;
	for (int i = 0; i < g->n; i++)
		if (live[i])
			r.map[i] = rewrite_copy(&r, g->node[i]);
	for (int i = 0; i < g->nroot; i++) {
		const Root *t = &g->root[i];
		if (mask >> t->kind & 1)
			graph_root(r.to, t->kind, t->index, t->name, r.map[t->node->id], t->at);
	}
	return r.to;
}

/* The nodes, roots and hash table of from in to, a graph without any. */
static void twin_into(Graph *to, const Graph *from)
{
	to->exact = from->exact;
	to->part = from->part;
	to->n = to->cap = from->n;
	to->node = NEWN(to->mem, Node *, from->n + 1);
	for (int i = 0; i < from->n; i++) {
		const Node *n = from->node[i];
		Node *t = to->node[i] = node_room(to->mem, n);
		for (int k = 0; k < n->nin; k++)
			t->in[k] = to->node[n->in[k]->id];
		if (n->body) {
			t->body = graph_body(to);
			twin_into(t->body, n->body);
		}
	}
	to->tablesize = from->tablesize;
	to->table = NEWN(to->mem, Slot, from->tablesize + 1);
	if (from->tablesize)
		memcpy(to->table, from->table, sizeof *to->table * (size_t)from->tablesize);
	to->nroot = to->caproot = from->nroot;
	to->root = NEWN(to->mem, Root, from->nroot + 1);
	for (int i = 0; i < from->nroot; i++) {
		to->root[i] = from->root[i];
		to->root[i].node = to->node[from->root[i].node->id];
	}
}

Graph *graph_twin(const Graph *g, Sym name)
{
	Graph *t = graph_new(g->job, name);
	twin_into(t, g);
	return t;
}
