/* fuse.c - which values are stored, and the tree of regions that computes them.
 *
 * In:    a graph of primitives.   Out: regions in execution order, a level for the function and
 *        one for each scan's body.
 * Holds: each stored value is written by exactly one region; what is inlined depends on stored and
 *        inlined values only.  Index maps (moves) are never stored for their own sake.
 *
 *   -O0   every map, reduction, contraction is a region of its own, in the graph's order
 *   -O1   a map joins its only consumer; cheap maps are computed again for each of several
 *   -O2   a contraction or reduction takes the maps after it as its epilogue
 *
 * can_join() decides what is legal, cost_of() what it costs, nothing else does.
 */
#include "op.h"

#include <string.h>

enum { CHEAP_CHAIN = 4, LONG_CHAIN = 40 };

/* How the readers of a value reach it, through moves that cost nothing. */
typedef struct {
	int n;                         /* readers, roots included                              */
	bool root, call, guarded, reshaped, expanded, reduce;
	const Node *only;              /* the reader, if there is one                          */
	int weight;                    /* element operations when computed in place            */
} Sites;

typedef struct {
	Fn *f;
	Level *v;
	Sites *site;
	const Node **tip;              /* by id of a seed or epilogue node: 0, or the seed     */
	Region **open;                 /* by id: the region whose last value so far this is    */
} Fuse;

NodeInfo *info_of(Level *v, const Node *n)
{
	return &v->info[n->id];
}

/* Values that regions compute: maps, reductions, calls, draws. */
static bool is_work(const Node *n)
{
	const OpInfo *o = &opinfo[n->op];
	if (o->kind == MOVE || n->op == O_scan || n->op == O_item)
		return false;
	return o->kind != LEAF || (!o->memory && o->cost != FREE);
}

/* ---- who reads what ----------------------------------------------------------------------------- */

static bool only_ones(const Type *a, const Type *b)
{
	int i = 0, k = 0;
	for (;;) {
		while (i < a->rank && dim_is(a->dim[i], 1))
			i++;
		while (k < b->rank && dim_is(b->dim[k], 1))
			k++;
		if (i == a->rank || k == b->rank)
			return i == a->rank && k == b->rank;
		if (!dim_eq(a->dim[i++], b->dim[k++]))
			return false;
	}
}

static void add_site(Sites *s, const Node *reader, const Node *x)
{
	const OpInfo *o = &opinfo[reader->op];
	s->n++;
	s->only = reader;
	if (o->kind == CALL)
		s->call = true;
	if (o->kind == REDUCE)
		s->reduce = true;
	/* an extent of 1 in the reader's operand is read again for each element */
	if (o->kind == MAP && !type_shape_eq(&x->ty, &reader->ty))
		s->expanded = true;
}

static void pass_sites(Sites *s, const Sites *by, const Node *move, const Node *x)
{
	s->n += by->n;
	s->only = by->only;
	s->root |= by->root;
	s->call |= by->call;
	s->guarded |= by->guarded || opinfo[move->op].cost != FREE;
	s->reshaped |= by->reshaped || (move->op == O_reshape && !only_ones(&x->ty, &move->ty));
	s->expanded |= by->expanded || move->op == O_expand;
	s->reduce |= by->reduce;
}

static void find_sites(Fuse *u)
{
	const Graph *g = u->v->g;
	for (int i = 0; i < g->nroot; i++) {
		Sites *s = &u->site[g->root[i].node->id];
		s->n++;
		s->root = true;
		s->only = 0;
	}
	for (int i = g->n - 1; i >= 0; i--) {
		const Node *n = g->node[i];
		if (!u->v->info[i].live)
			continue;
		for (int k = 0; k < n->nin; k++) {
			Sites *s = &u->site[n->in[k]->id];
			if (opinfo[n->op].kind == MOVE)
				pass_sites(s, &u->site[i], n, n->in[k]);
			else
				add_site(s, n, n->in[k]);
		}
	}
}

/* ---- the two questions ------------------------------------------------------------------------------- */

/* Element operations to compute n in place: 0 for what is stored. */
static int cost_of(Fuse *u, const Node *n)
{
	const OpInfo *o = &opinfo[n->op];
	if (info_of(u->v, n)->stored || o->kind == LEAF)
		return o->cost == DEAR ? 8 : 0;
	int w = o->kind == MOVE ? (o->cost != FREE) : o->cost == DEAR ? 8 : 1;
	for (int i = 0; i < n->nin; i++)
		w += cost_of(u, n->in[i]);
	return w < 1000 ? w : 1000;
}

/* Can n be computed inside its readers?  The answer is a reason to store it, or 0. */
static const char *can_join(Fuse *u, const Node *n)
{
	const Sites *s = &u->site[n->id];
	const OpInfo *o = &opinfo[n->op];
	if (u->f->host->flat)
		return 0;
	if (o->kind == REDUCE || o->kind == CALL)
		return "a reduction has a region of its own";
	if (u->f->o->level == 0)
		return "-O0 stores every value";
	if (s->call)
		return "read more than once per element";
	if (s->guarded)
		return "read through an index map with guards";
	if (s->reshaped)
		return "its reader has other axes";
	int w = cost_of(u, n);
	if (w > LONG_CHAIN)
		return "the chain of maps is long";
	if (s->n > 1 && w > CHEAP_CHAIN)
		return "dear, and read more than once";
	if (s->expanded && w > CHEAP_CHAIN)
		return "dear, and stretched by its reader";
	return 0;
}

/* Can the value of n be computed in vector lanes?  Only reals and masks of reals can. */
static bool in_lanes(Fuse *u, const Node *n, int depth)
{
	const OpInfo *o = &opinfo[n->op];
	if (info_of(u->v, n)->stored || o->memory)
		return n->ty.dt == DT_REAL;
	if (o->kind == LEAF)
		return n->ty.dt == DT_REAL;
	if (depth > 12 || (o->kind != MAP && o->cost != FREE))
		return false;
	for (int i = 0; i < n->nin; i++)
		if (!in_lanes(u, n->in[i], depth + 1))
			return false;
	return true;
}

/* Can map n be the epilogue of the region whose last value is its input number i? */
static bool can_follow(Fuse *u, const Node *n, int i)
{
	const Node *x = n->in[i];
	if (!u->open[x->id] || !type_shape_eq(&n->ty, &x->ty) || u->site[x->id].n != 1)
		return false;
	for (int k = 0; k < n->nin; k++)
		if (k != i && n->in[k] == x)
			return false;
	if (u->open[x->id]->need != info_of(u->v, n)->need)
		return false;
	if (u->open[x->id]->kind != RG_CONTRACT)
		return true;
	if (n->ty.dt != DT_REAL && n->ty.dt != DT_BOOL)
		return false;
	for (int k = 0; k < n->nin; k++)
		if (k != i && !in_lanes(u, n->in[k], 0))
			return false;
	return true;
}

/* ---- regions ------------------------------------------------------------------------------------------- */

Region *region_new(Fn *f, Level *v, RegionKind kind)
{
	Region *r = NEW(f->mem, Region);
	r->kind = kind;
	r->level = v;
	r->need = NEED_ALWAYS;
	r->reason = "";
	return r;
}

void region_append(Level *v, Region *r)
{
	if (v->last)
		v->last->next = r;
	else
		v->first = r;
	v->last = r;
}

static Place leaf_place(const Node *n)
{
	switch (n->op) {
	case O_param: return PL_PARAM;
	case O_buffer: return PL_BUFFER;
	case O_moment: return PL_MOMENT;
	case O_gradient: return PL_GRAD;
	default: return PL_INPUT;
	}
}

static void leaf_buffer(Fuse *u, const Node *n)
{
	NodeInfo *i = info_of(u->v, n);
	if (n->op == O_carry) {
		i->buf = u->v->carry[n->a.leaf.index];
	} else {
		i->buf = buffer_new(u->f, n, &n->ty, leaf_place(n), n->a.leaf.sym);
		i->buf->index = n->a.leaf.index;
		i->buf->sym = n->a.leaf.sym;
	}
	i->stored = true;
}

/* The place of a root, if a value may be computed straight into it. */
static bool root_place(const Fuse *u, const Root *r, Place *p)
{
	switch (r->kind) {
	case R_GRAD: *p = PL_GRAD; return true;
	case R_PARAM: case R_WEIGHT: *p = PL_PARAM; return true;
	case R_BUFFER: *p = u->f->g->name == job_sym(u->f->job, "init") ? PL_BUFFER : PL_BUFFER_NEXT;
		return true;
	case R_MOMENT: *p = PL_MOMENT; return true;
	case R_FIELD: *p = PL_FIELD; return true;
	case R_OUTPUT: *p = PL_OUTPUT; return true;
	case R_LOSS: *p = PL_LOSS; return false;
	case R_PENALTY: *p = PL_PENALTY; return false;
	case R_ACC: *p = PL_ACC; return false;
	case R_KNOB: *p = PL_KNOB; return false;
	case R_METRIC: *p = PL_METRIC; return false;
	case R_CARRY: case R_EMIT: *p = PL_ARENA; return true;
	}
	return false;
}

static Buffer *root_buffer(Fuse *u, const Root *r, const Type *t)
{
	Place p;
	bool real = root_place(u, r, &p);
	Level *v = u->v;
	if (r->kind == R_CARRY)
		return v->next[r->index];
	if (r->kind == R_EMIT) {
		const Node *scan = v->scan;
		NodeInfo *item = 0;
		for (int i = 0; i < v->outer->g->n; i++) {
			const Node *n = v->outer->g->node[i];
			if (n->op == O_item && n->in[0] == scan && v->outer->info[i].live &&
			    n->a.item.index == scan->a.scan.ncarry + r->index)
				item = &v->outer->info[i];
		}
		if (!item)
			return 0;      /* nobody reads it */
		Buffer *b = buffer_new(u->f, r->node, t, PL_ARENA, r->name);
		b->of = item->buf;
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

static int root_need(const Fuse *u, RootKind k)
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

static void find_needs(Fuse *u)
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

static RegionKind kind_of(const Node *n)
{
	const OpInfo *o = &opinfo[n->op];
	if (n->op == O_contract)
		return RG_CONTRACT;
	if (n->op == O_scatter_add)
		return RG_SCATTER;
	if (o->kind == REDUCE)
		return n->ty.rank && n->a.red.axes >> (n->ty.rank - 1) & 1 ? RG_REDUCE : RG_COLUMN;
	return o->kind == MOVE ? RG_MOVE : RG_MAP;
}

/* The root that node n is computed for, seen through whole reshapes: then n is computed straight
 * into the root's place. */
static const Root *direct_root(Fuse *u, const Node *n)
{
	const Graph *g = u->v->g;
	for (int i = 0; i < g->nroot; i++) {
		const Node *x = g->root[i].node;
		Place p;
		bool through = false;
		if (!root_place(u, &g->root[i], &p))
			continue;
		while (x != n && x->op == O_reshape) {
			x = x->in[0];
			through = true;
		}
		if (x != n)
			continue;
		if (through && (g->root[i].kind == R_EMIT || g->root[i].kind == R_CARRY))
			continue;
		/* an output's memory is there only if it is wanted */
		if (p == PL_OUTPUT && u->f->host->want_outputs && info_of(u->v, n)->need != NEED_OUTPUTS)
			continue;
		return &g->root[i];
	}
	return 0;
}

static void store_node(Fuse *u, const Node *n, const char *reason)
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

static void add_output(Fuse *u, Region *r, const Node *n, Buffer *b)
{
	Output o = { n, b, 0 };
	PUSH(u->f->mem, r->out, r->nout, r->capout, o);
}

static void add_inlined(Fuse *u, Region *r, const Node *n)
{
	for (int i = 0; i < r->ninlined; i++)
		if (r->inlined[i] == n)
			return;
	const Node *c = n;
	PUSH(u->f->mem, r->inlined, r->ninlined, r->capinlined, c);
}

/* Everything that is computed inside the region for n. */
static void collect(Fuse *u, Region *r, const Node *n)
{
	for (int i = 0; i < n->nin; i++) {
		const Node *x = n->in[i];
		if (info_of(u->v, x)->stored || x->op == O_item)
			continue;
		if (opinfo[x->op].kind != LEAF) {
			add_inlined(u, r, x);
			collect(u, r, x);
		}
	}
}

/* A region whose last value is n.  It stays open: a map may follow. */
static Region *seed(Fuse *u, const Node *n)
{
	Region *r = region_new(u->f, u->v, kind_of(n));
	r->seed = r->kind == RG_MAP || r->kind == RG_MOVE ? 0 : n;
	r->space = n->ty;
	r->need = info_of(u->v, n)->need;
	info_of(u->v, n)->region = r;
	u->open[n->id] = r;
	return r;
}

/* Ends the region whose last value is n: n is stored and the region takes its place in the order. */
static void finish(Fuse *u, const Node *n, const char *reason)
{
	Region *r = u->open[n->id];
	store_node(u, n, reason);
	add_output(u, r, n, info_of(u->v, n)->buf);
	collect(u, r, n);
	if (r->seed && r->seed != n)
		collect(u, r, r->seed);
	r->reason = reason;
	if (r->kind == RG_CONTRACT && u->f->o->level >= 2)
		tile_plan(u->f, u->v, r);
	region_append(u->v, r);
	u->open[n->id] = 0;
}

/* ---- scans ------------------------------------------------------------------------------------------------ */

static void fuse_scan(Fuse *u, const Node *n)
{
	Fn *f = u->f;
	int nc = n->a.scan.ncarry;
	Level *b = NEW(f->mem, Level);
	b->g = n->body;
	b->outer = u->v;
	b->scan = n;
	b->depth = u->v->depth + 1;
	b->tname = job_symf(f->job, b->depth > 1 ? "t%d" : "t", b->depth);
	b->tick = ex_var(f->lower, b->tname, dim_num(n->a.scan.steps), 0);
	b->carry = NEWN(f->mem, Buffer *, nc + 1);
	b->next = NEWN(f->mem, Buffer *, nc + 1);
	for (int i = 0; i < nc; i++) {
		b->carry[i] = buffer_new(f, 0, &n->in[i]->ty, PL_ARENA, job_symf(f->job, "carry%d", i));
		b->next[i] = buffer_new(f, 0, &n->in[i]->ty, PL_ARENA, job_symf(f->job, "next%d", i));
		b->carry[i]->depth = b->next[i]->depth = b->depth;
		Region *first = region_new(f, u->v, RG_MOVE);
		first->space = n->in[i]->ty;
		first->need = info_of(u->v, n)->need;
		first->reason = "the first value of a carry";
		add_output(u, first, n->in[i], b->carry[i]);
		region_append(u->v, first);
	}
	for (int i = n->id; i < u->v->g->n; i++) {
		const Node *x = u->v->g->node[i];
		NodeInfo *x_info = info_of(u->v, x);
		if (x->op != O_item || x->in[0] != n || !x_info->live)
			continue;
		x_info->stored = true;
		x_info->buf = x->a.item.index < nc ? b->carry[x->a.item.index] :
		              buffer_new(f, x, &x->ty, PL_ARENA, x->name ? 0 : job_sym(f->job, "steps"));
	}
	Region *r = region_new(f, u->v, RG_SCAN);
	r->seed = n;
	r->body = b;
	r->need = info_of(u->v, n)->need;
	r->reason = "a strip over t";
	region_append(u->v, r);
	int outside = f->depth;
	f->depth = b->depth;
	fuse(f, b);
	f->depth = outside;
	for (int i = 0; i < nc; i++) {
		Region *last = region_new(f, b, RG_MOVE);
		last->space = n->in[i]->ty;
		last->need = r->need;
		last->reason = "the carry of the next step";
		add_output(u, last, 0, b->carry[i]);
		last->out[0].from = b->next[i];
		region_append(b, last);
	}
}

/* ---- the walk ------------------------------------------------------------------------------------------------ */

/* The input whose region n can follow; the last one, so that the others are complete before. */
static int follows(Fuse *u, const Node *n)
{
	int best = -1;
	if (u->f->o->level < 2 || opinfo[n->op].kind != MAP)
		return -1;
	for (int i = 0; i < n->nin; i++)
		if (can_follow(u, n, i) && (best < 0 || n->in[i]->id > n->in[best]->id))
			best = i;
	return best;
}

/* Regions that n reads and does not continue end here. */
static void close_inputs(Fuse *u, const Node *n, int except)
{
	for (int i = 0; i < n->nin; i++) {
		const Node *x = n->in[i];
		while (opinfo[x->op].kind == MOVE && x->nin == 1 && !u->open[x->id])
			x = x->in[0];
		if (u->open[x->id] && i != except)
			finish(u, x, "read by another region");
		if (opinfo[x->op].kind == MOVE && x->nin > 1)
			close_inputs(u, x, -1);
	}
}

static void close_inlined(Fuse *u, const Node *n, int except)
{
	close_inputs(u, n, except);
	for (int i = 0; i < n->nin; i++) {
		const NodeInfo *x = info_of(u->v, n->in[i]);
		if (i != except && !x->stored && opinfo[n->in[i]->op].kind != LEAF &&
		    !u->open[n->in[i]->id])
			close_inlined(u, n->in[i], -1);
	}
}

static void visit(Fuse *u, const Node *n)
{
	NodeInfo *info = info_of(u->v, n);
	if (opinfo[n->op].memory) {
		leaf_buffer(u, n);
		return;
	}
	if (n->op == O_scan) {
		close_inlined(u, n, -1);
		fuse_scan(u, n);
		return;
	}
	if (!is_work(n))
		return;
	int i = follows(u, n);
	const char *reason = can_join(u, n);
	if (i >= 0) {
		Region *r = u->open[n->in[i]->id];
		u->open[n->in[i]->id] = 0;
		close_inlined(u, n, i);
		add_inlined(u, r, n);
		u->open[n->id] = r;
		info->region = r;
		return;
	}
	if (!reason && !u->site[n->id].root)
		return;                /* computed where it is read */
	close_inlined(u, n, -1);
	Region *r = seed(u, n);
	bool may_follow = u->f->o->level >= 2 && r->seed && r->kind != RG_SCATTER;
	if (!may_follow)
		finish(u, n, reason ? reason : "a result of the function");
}

/* A root whose value lies elsewhere, or is an index map, gets a movement. */
static void root_copy(Fuse *u, const Root *r)
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
	c->space = n->ty;
	c->need = u->v->outer ? info_of(u->v->outer, u->v->scan)->need : root_need(u, r->kind);
	c->reason = "a result that lies elsewhere";
	add_output(u, c, n, b);
	collect(u, c, n);
	region_append(u->v, c);
}

/* All roots in one pass, nothing stored between: update, knobs, metrics. */
static void fuse_flat(Fuse *u)
{
	const Graph *g = u->v->g;
	for (int i = 0; i < g->n; i++)
		if (u->v->info[i].live && opinfo[g->node[i]->op].memory)
			leaf_buffer(u, g->node[i]);
	if (!g->nroot)
		return;
	Region *r = region_new(u->f, u->v, RG_MAP);
	r->space = g->root[0].node->ty;
	r->reason = "one pass over all elements";
	for (int i = 0; i < g->nroot; i++) {
		if (!type_shape_eq(&g->root[i].node->ty, &r->space))
			bug(u->f->job, "fuse: roots of one pass differ in shape");
		add_output(u, r, g->root[i].node, root_buffer(u, &g->root[i], &g->root[i].node->ty));
		collect(u, r, g->root[i].node);
		if (!info_of(u->v, g->root[i].node)->stored && opinfo[g->root[i].node->op].kind != LEAF)
			add_inlined(u, r, g->root[i].node);
	}
	region_append(u->v, r);
}

void fuse(Fn *f, Level *v)
{
	Graph *g = v->g;
	Fuse u = { f, v, NEWN(f->mem, Sites, g->n + 1), NEWN(f->mem, const Node *, g->n + 1),
	           NEWN(f->mem, Region *, g->n + 1) };
	v->info = NEWN(f->mem, NodeInfo, g->n + 1);
	bool *live = graph_live(g, f->mem);
	for (int i = 0; i < g->n; i++)
		v->info[i].live = live[i];
	find_needs(&u);
	find_sites(&u);
	if (f->host->flat) {
		fuse_flat(&u);
		return;
	}
	for (int i = 0; i < g->n; i++)
		if (live[i])
			visit(&u, g->node[i]);
	for (int i = 0; i < g->n; i++)
		if (u.open[i])
			finish(&u, g->node[i], "a result of the function");
	for (int i = 0; i < g->nroot; i++)
		root_copy(&u, &g->root[i]);
}
