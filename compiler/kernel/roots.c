/* roots.c - places of leaves and results, and which results are wanted.
 *
 * In:    a graph's roots.   Out: buffers in the host's memory; movements for values that lie
 *        elsewhere.
 * Holds: a value is computed straight into the place of its root where that place is always
 *        there.
 */
#include "fuse.h"

static Place leaf_place(const Node *n)
{
	switch (n->op) {
	case O_param: return PL_PARAM;
	case O_buffer: return PL_BUFFER;
	case O_fitted: return PL_FITTED;
	case O_moment: return PL_MOMENT;
	case O_gradient: return PL_GRAD;
	default: return PL_INPUT;
	}
}

void leaf_buffer(Fuse *u, const Node *n)
{
	NodeInfo *i = info_of(u->v, n);
	if (n->op == O_carry) {
		i->buf = u->v->carry[n->a.leaf.index];
	} else {
		i->buf = buffer_new(u->f, n, &n->ty, leaf_place(n), n->a.leaf.sym);
		i->buf->index = n->a.leaf.index;
		i->buf->sym = n->a.leaf.sym;
		i->buf->half = u->f->host->half && i->buf->place == PL_PARAM;
	}
	i->stored = true;
}

/* The place of a root, if a value may be computed straight into it. */
static bool root_place(const Fuse *u, const Root *r, Place *p)
{
	switch (r->kind) {
	case R_GRAD: *p = PL_GRAD; return true;
	case R_PARAM: case R_WEIGHT: *p = PL_PARAM; return true;
	case R_BUFFER:
		*p = u->f->g->name == job_sym(u->f->job, "init") ? PL_BUFFER : PL_BUFFER_NEXT;
		return true;
	case R_MOMENT: *p = PL_MOMENT; return true;
	case R_FIELD: case R_AUGMENT: case R_FIT: *p = PL_FIELD; return true;
	case R_OUTPUT: *p = PL_OUTPUT; return true;
	case R_LOSS: *p = PL_LOSS; return false;
	case R_PENALTY: *p = PL_PENALTY; return false;
	case R_ACC: *p = PL_ACC; return false;
	case R_SCORE: *p = PL_SCORE; return true;
	case R_KNOB: *p = PL_KNOB; return false;
	case R_METRIC: *p = PL_METRIC; return false;
	case R_CARRY: case R_EMIT: *p = PL_ARENA; return true;
	}
	return false;
}

Buffer *root_buffer(Fuse *u, const Root *r, const Type *t)
{
	Place p;
	bool real = root_place(u, r, &p);
	Level *v = u->v;
	if (r->kind == R_CARRY)
		return v->next[r->index];
	if (r->kind == R_EMIT) {
		if (!v->steps[r->index])
			return 0;      /* nobody reads it */
		Buffer *b = buffer_new(u->f, r->node, t, PL_ARENA, r->name);
		b->of = v->steps[r->index];
		b->axis = t->rank ? 1 : 0;
		b->slot = v->tick;
		return b;
	}
	Sym name = r->name ? r->name : r->node->name;
	if (r->kind == R_GRAD && name)
		name = job_symf(u->f->job, "d_%s", name);
	Buffer *b = buffer_new(u->f, r->node, t, p, name);
	b->index = r->index;
	b->sym = r->name;
	b->f64 = !real;
	return b;
}

int root_need(const Fuse *u, RootKind k)
{
	if (k == R_OUTPUT)
		return u->f->host->want_outputs ? NEED_OUTPUTS : NEED_ALWAYS;
	if (u->f->host->want_losses)
		return NEED_LOSSES;
	return NEED_ALWAYS;
}

static int need_all(int a, int b)
{
	return (a | b) & NEED_ALWAYS ? NEED_ALWAYS : a | b;
}

void find_needs(Fuse *u)
{
	const Graph *g = u->v->g;
	int inside = u->v->outer ? info_of(u->v->outer, u->v->scan)->need : 0;
	for (int i = 0; i < g->nroot; i++) {
		NodeInfo *n = info_of(u->v, g->root[i].node);
		n->need = need_all(n->need, inside ? inside : root_need(u, g->root[i].kind));
	}
	for (int i = g->n - 1; i >= 0; i--)
		for (int k = 0; u->v->info[i].live && k < g->node[i]->nin; k++) {
			NodeInfo *x = info_of(u->v, g->node[i]->in[k]);
			x->need = need_all(x->need, u->v->info[i].need);
		}
}

void find_roots(Fuse *u)
{
	const Graph *g = u->v->g;
	for (int i = g->nroot - 1; i >= 0; i--) {      /* lists in the order of the roots */
		const Node *x = g->root[i].node;
		Place p;
		if (!root_place(u, &g->root[i], &p))
			continue;
		for (bool through = false;; through = true, x = x->in[0]) {
			RootOf *r = NEW(u->f->mem, RootOf);
			*r = (RootOf){ &g->root[i], through, u->root[x->id] };
			u->root[x->id] = r;
			if (x->op != O_reshape || g->root[i].kind == R_EMIT ||
			    g->root[i].kind == R_CARRY)
				break;
		}
	}
}

/* The root that node n is computed for, seen through whole reshapes: then n is computed
 * straight into the root's place. */
static const Root *direct_root(Fuse *u, const Node *n)
{
	for (const RootOf *r = u->root[n->id]; r; r = r->next) {
		Place p;
		root_place(u, r->root, &p);
		/* an output's memory is there only if it is wanted */
		if (p == PL_OUTPUT && u->f->host->want_outputs &&
		    info_of(u->v, n)->need != NEED_OUTPUTS)
			continue;
		return r->root;
	}
	return 0;
}

void store_node(Fuse *u, const Node *n, const char *reason)
{
	NodeInfo *i = info_of(u->v, n);
	const Root *r = direct_root(u, n);
	i->stored = true;
	i->reason = reason;
	i->buf = r ? root_buffer(u, r, &n->ty) : 0;
	if (!i->buf)
		i->buf = buffer_new(u->f, n, &n->ty, PL_ARENA,
		                    n->name ? 0 : job_sym(u->f->job, opinfo[n->op].name));
}

/* A root whose value lies elsewhere, or is an index map, gets a movement. */
void root_copy(Fuse *u, const Root *r)
{
	const Node *n = r->node;
	const Node *x = n;
	const NodeInfo *i = info_of(u->v, n);
	while (!i->stored && x->op == O_reshape) {
		x = x->in[0];
		i = info_of(u->v, x);
	}
	Place p;
	bool real = root_place(u, r, &p);
	/* computed straight into its place? */
	if (real && i->buf && i->region && direct_root(u, x) == r) {
		if (r->kind == R_CARRY ? i->buf == u->v->next[r->index] : i->buf->place == p ||
		    (r->kind == R_EMIT && i->buf->of))
			return;
	}
	Buffer *b = root_buffer(u, r, &n->ty);
	if (!b)
		return;
	Region *c = region_new(u->f, u->v, RG_MOVE);
	c->space = &n->ty;
	c->need = u->v->outer ? info_of(u->v->outer, u->v->scan)->need : root_need(u, r->kind);
	c->reason = "a result that lies elsewhere";
	add_output(u, c, n, b);
	collect(u, c, n);
	region_append(u->v, c);
}
