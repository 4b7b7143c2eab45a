/* save.c - which forward values are kept for the backward pass.
 *
 * In:    a graph with gradients.   Out: a mark for each node that is to be stored; their bytes.
 * Holds: a value that nobody in the backward part reads is never marked; leaves and moves never are.
 *
 * Backward nodes refer to forward nodes directly; those edges are the question.  The choice is
 * greedy: what is dear or heavy is kept, what is cheap is computed again from what is kept.  A
 * minimum cut on the forward graph is to take its place behind the same function.
 */
#include "op.h"

/* Marks what roots of the kinds in mask are computed from. */
static bool *above(const Graph *g, uint32_t mask, Arena *a)
{
	bool *mark = NEWN(a, bool, g->n + 1);
	for (int i = 0; i < g->nroot; i++)
		if (mask >> g->root[i].kind & 1)
			mark[g->root[i].node->id] = true;
	for (int i = g->n - 1; i >= 0; i--, graph_ahead(g, i - 8))
		for (int k = 0; mark[i] && k < g->node[i]->nin; k++)
			mark[g->node[i]->in[k]->id] = true;
	return mark;
}

/* By id: the value that is read through a node; behind moves, the stored one. */
static const Node **behind_moves(const Graph *g, Arena *a)
{
	const Node **behind = NEWN(a, const Node *, g->n + 1);
	for (int i = 0; i < g->n; i++) {
		const Node *n = g->node[i];
		behind[i] = opinfo[n->op].kind == MOVE ? behind[n->in[0]->id] : n;
	}
	return behind;
}

static void mark_read(const Node *x, const bool *forward, bool *saved)
{
	const OpInfo *o = &opinfo[x->op];
	if (forward[x->id] && o->kind != LEAF && (o->cost == DEAR || o->cost == HEAVY))
		saved[x->id] = true;
}

bool *save_set(const Graph *g, Arena *a)
{
	bool *saved = NEWN(a, bool, g->n + 1), any = false;
	for (int i = 0; i < g->nroot; i++)
		any |= g->root[i].kind == R_GRAD;
	if (!any)
		return saved;
	const bool *grad = above(g, 1u << R_GRAD, a);
	const bool *forward = above(g, 1u << R_LOSS | 1u << R_PENALTY, a);
	const Node **behind = behind_moves(g, a);
	for (int i = 0; i < g->n; i++)
		for (int k = 0; grad[i] && !forward[i] && k < g->node[i]->nin; k++)
			mark_read(behind[g->node[i]->in[k]->id], forward, saved);
	return saved;
}

int64_t saved_bytes(const Fn *f, int64_t *fixed)
{
	const Graph *g = f->g;
	Arena *a = arena_new();
	const bool *grad = above(g, 1u << R_GRAD, a);
	const bool *forward = above(g, 1u << R_LOSS | 1u << R_PENALTY, a);
	bool *read = NEWN(a, bool, g->n + 1);
	const Node **behind = behind_moves(g, a);
	int64_t sample = 0;
	*fixed = 0;
	for (int i = 0; i < g->n; i++)
		for (int k = 0; grad[i] && !forward[i] && k < g->node[i]->nin; k++) {
			const Node *x = behind[g->node[i]->in[k]->id];
			read[x->id] = forward[x->id];
		}
	for (int i = 0; i < g->n; i++) {
		Dim d;
		const Buffer *b = f->top->info[i].buf;
		if (!read[i] || !b || (b->place != PL_ARENA && b->place != PL_ARENA0) ||
		    !type_size(&b->ty, &d))
			continue;
		*(d.b ? &sample : fixed) += d.k * elem_bytes(b, f->o->f64);
	}
	arena_free(a);
	return sample;
}
