/* fuse.c - which values are stored, and the tree of regions that computes them.
 *
 * In:    a graph of primitives.   Out: regions in execution order, a level for the function and
 *        one for each scan's body.
 * Holds: each stored value is written by exactly one region; what is inlined depends on
 *        stored and inlined values only.  Index maps (moves) are never stored for their own
 *        sake.
 *
 *   -O0   every map, reduction, contraction is a region of its own, in the graph's order
 *   -O1   a map joins its only consumer; cheap maps are computed again for each of several
 *   -O2   a contraction or reduction takes the maps after it as its epilogue; reductions over the
 *         same rows and maps around them become one region (rows.c)
 *
 * can_join() decides what is legal, weigh() what it costs, nothing else does.
 */
#include "fuse.h"

enum { CHEAP_CHAIN = 4, LONG_CHAIN = 40, HIGH_CHAIN = 100 };

/* Values that regions compute: maps, reductions, calls, draws. */
static bool is_work(const Node *n)
{
	const OpInfo *o = &opinfo[n->op];
	if (o->kind == MOVE || n->op == O_scan || n->op == O_item)
		return false;
	return o->kind != LEAF || (!o->memory && o->cost != FREE);
}

/* ---- who reads what ---------------------------------------------------------------------- */

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

/* ---- the two questions ------------------------------------------------------------------- */

/* Is n one number for all elements, made of constants, knobs and the batch?  It is computed outside of
 * all loops, wherever it is read. */
static bool is_uniform(const Fuse *u, const Node *n)
{
	const OpInfo *o = &opinfo[n->op];
	if (o->kind == LEAF)
		return o->leaf == LF_CONST || o->leaf == LF_KNOB || o->leaf == LF_COUNT;
	if (n->ty.dt != DT_REAL || (o->kind != MAP && (o->kind != MOVE || o->cost != FREE)))
		return false;
	for (int i = 0; i < n->nin; i++)
		if (!u->site[n->in[i]->id].uniform)
			return false;
	return true;
}

/* Element operations to compute n in place, from those of its inputs, which were visited before:
 * 0 for what is stored.  The height counts moves too: what is read in place is read by
 * recursion. */
static void weigh(Fuse *u, const Node *n)
{
	const OpInfo *o = &opinfo[n->op];
	Sites *s = &u->site[n->id];
	s->uniform = is_uniform(u, n);
	int w = o->kind == MOVE ? (o->cost != FREE) : o->cost == DEAR ? 8 : o->kind != LEAF;
	if (n->op == O_concat)
		w = n->nin / 2;        /* as many conditions on the way to one of them */
	for (int i = 0; i < n->nin; i++) {
		const Sites *x = &u->site[n->in[i]->id];
		const OpInfo *ox = &opinfo[n->in[i]->op];
		/* a region that is open continues with n or ends before it */
		bool stored = info_of(u->v, n->in[i])->stored || u->open[n->in[i]->id];
		w += stored ? (ox->cost == DEAR ? 8 : 0) : x->weight;
		w = w < 1000 ? w : 1000;
		if (!stored && x->height >= s->height)
			s->height = x->height + 1;
	}
	s->weight = s->uniform ? 0 : w;
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
	if (u->save[n->id])
		return "saved for the backward pass";
	if (s->call)
		return "read more than once per element";
	if (s->uniform && s->height <= HIGH_CHAIN)
		return 0;
	if (s->guarded)
		return "read through an index map with guards";
	if (s->reshaped)
		return "its reader has other axes";
	int w = u->site[n->id].weight;
	if (w > LONG_CHAIN || s->height > HIGH_CHAIN)
		return "the chain of maps is long";
	if (s->n > 1 && w > CHEAP_CHAIN)
		return "dear, and read more than once";
	if (s->expanded && w > CHEAP_CHAIN)
		return "dear, and stretched by its reader";
	return 0;
}

static bool at_hand(Fuse *u, const Node *n)
{
	return info_of(u->v, n)->stored || opinfo[n->op].memory || opinfo[n->op].kind == LEAF;
}

/* Does a move leave neighbours along the last dimension neighbours, or make them equal? */
static bool keeps_lanes(Fuse *u, const Node *n)
{
	const Node *x = n->in[0];
	int last = n->ty.rank - 1, of = x->ty.rank - 1;
	if (n->op == O_permute)
		return n->a.perm.p[last] == last;
	if (n->op == O_flip)
		return n->a.axis.axis != last;
	if (n->op == O_reshape)        /* in memory, all elements of x are neighbours */
		return at_hand(u, x) || (last >= 0 && of >= 0 && dim_eq(n->ty.dim[last], x->ty.dim[of]));
	return true;
}

/* Can the value of n be computed in vector lanes?  Only reals and masks of reals can. */
static bool in_lanes(Fuse *u, const Node *n, int depth)
{
	const OpInfo *o = &opinfo[n->op];
	if (at_hand(u, n))
		return n->ty.dt == DT_REAL;
	if (depth > 12 || (o->kind != MAP && (o->cost != FREE || !keeps_lanes(u, n))))
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
	if (!u->open[x->id] || !type_shape_eq(&n->ty, &x->ty) || u->site[x->id].n != 1 ||
	    u->open[x->id]->ninlined > LONG_CHAIN)
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
		if (k != i && (!in_lanes(u, n->in[k], 0) ||
		               (u->f->o->level >= 2 &&
		                !tile_epilogue(u->f, u->v, u->open[x->id], n->in[k]))))
			return false;
	return true;
}

/* ---- regions ----------------------------------------------------------------------------- */

Region *region_new(Fn *f, Level *v, RegionKind kind)
{
	Region *r = NEW(f->regions, Region);
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

static RegionKind kind_of(const Node *n)
{
	const OpInfo *o = &opinfo[n->op];
	if (n->op == O_contract)
		return RG_CONTRACT;
	if (n->op == O_scatter_add)
		return RG_SCATTER;
	if (o->kind == REDUCE)
		return n->ty.rank && n->a.red.axes >> (n->ty.rank - 1) & 1 ? RG_REDUCE
		                                                           : RG_COLUMN;
	return o->kind == MOVE ? RG_MOVE : RG_MAP;
}

void add_output(Fuse *u, Region *r, const Node *n, Buffer *b)
{
	Output o = { .node = n, .buf = b };
	if (!r->nout) {
		r->out = &r->only;
		r->capout = 1;
	}
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
void collect(Fuse *u, Region *r, const Node *n)
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
	r->space = &n->ty;
	r->need = info_of(u->v, n)->need;
	info_of(u->v, n)->region = r;
	u->open[n->id] = r;
	return r;
}

static bool is_output(const Region *r, const Node *n)
{
	for (int i = 0; i < r->nout; i++)
		if (r->out[i].node == n)
			return true;
	return false;
}

/* Does n read results of region r, if at all, at its own index only?  *some: it reads one, or
 * an array that r reads too. */
static bool reads_in_place(Fuse *u, const Region *r, const Node *n, bool same, bool *some)
{
	for (int i = 0; i < n->nin; i++) {
		const Node *x = n->in[i];
		bool here =
			same && opinfo[n->op].kind == MAP && type_shape_eq(&x->ty, r->space);
		if (is_output(r, x)) {
			*some = true;
			if (!here)
				return false;
		} else if (!info_of(u->v, x)->stored) {
			if (!reads_in_place(u, r, x, here, some))
				return false;
		} else {
			for (int k = 0; k < r->nout && here; k++)
				for (int m = 0; m < r->out[k].node->nin; m++)
					*some |= r->out[k].node->in[m] == x;
		}
	}
	return true;
}

/* A map next to a map over the same elements becomes its second result. */
static Region *neighbour(Fuse *u, const Region *r, const Node *n)
{
	Region *p = u->v->last;
	bool some = false;
	if (u->f->o->level < 1 || !p || p->kind != RG_MAP || r->kind != RG_MAP ||
	    p->nout > 15 || p->need != r->need || !type_shape_eq(p->space, r->space) ||
	    !p->out[0].node || p->out[0].node->ty.dt != n->ty.dt || !in_lanes(u, n, 0))
		return 0;
	return reads_in_place(u, p, n, true, &some) && some ? p : 0;
}

/* Ends the region whose last value is n: n is stored and the region takes its place in the
 * order. */
static void finish(Fuse *u, const Node *n, const char *reason)
{
	Region *r = u->open[n->id], *beside = neighbour(u, r, n);
	store_node(u, n, reason);
	if (beside) {
		info_of(u->v, n)->region = beside;
		add_output(u, beside, n, info_of(u->v, n)->buf);
		collect(u, beside, n);
		u->open[n->id] = 0;
		return;
	}
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

/* ---- scans ------------------------------------------------------------------------------- */

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
	f->lower->mem = f->mem;        /* it outlives the regions */
	b->tick = ex_var(f->lower, b->tname, dim_num(n->a.scan.steps), 0);
	f->lower->mem = f->loops;
	b->carry = NEWN(f->mem, Buffer *, nc + 1);
	b->next = NEWN(f->mem, Buffer *, nc + 1);
	b->steps = NEWN(f->mem, Buffer *, n->a.scan.nemit + 1);
	for (int i = 0; i < nc; i++) {
		b->carry[i] = buffer_new(f, 0, &n->in[i]->ty, PL_ARENA,
		                         job_symf(f->job, "carry%d", i));
		b->next[i] = buffer_new(f, 0, &n->in[i]->ty, PL_ARENA,
		                        job_symf(f->job, "next%d", i));
		b->carry[i]->depth = b->next[i]->depth = b->depth;
		Region *first = region_new(f, u->v, RG_MOVE);
		first->space = &n->in[i]->ty;
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
		x_info->buf = x->a.item.index < nc
		                      ? b->carry[x->a.item.index]
		                      : buffer_new(f, x, &x->ty, PL_ARENA,
		                                   x->name ? 0 : job_sym(f->job, "steps"));
		if (x->a.item.index >= nc)
			b->steps[x->a.item.index - nc] = x_info->buf;
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
		last->space = &n->in[i]->ty;
		last->need = r->need;
		last->reason = "the carry of the next step";
		add_output(u, last, 0, b->carry[i]);
		last->out[0].from = b->next[i];
		region_append(b, last);
	}
}

/* ---- the walk ---------------------------------------------------------------------------- */

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

/* Regions that n reads, at once or through what is read in place, and does not continue end
 * here. */
static void close_inputs(Fuse *u, const Node *n, int except)
{
	u->site[n->id].closed = u->closing;
	for (int i = 0; i < n->nin; i++) {
		const Node *x = n->in[i];
		if (i == except)
			continue;
		if (u->open[x->id])
			finish(u, x, "read by another region");
		else if (!info_of(u->v, x)->stored && u->site[x->id].closed != u->closing)
			close_inputs(u, x, -1);
	}
}

static void close_inlined(Fuse *u, const Node *n, int except)
{
	u->closing++;
	close_inputs(u, n, except);
}

/* Moves are not stored for their own sake, but a pile of them is, and one that reads as much as
 * a long chain of maps (a concatenation of concatenations reads each value many times). */
static void store_move(Fuse *u, const Node *n)
{
	const Sites *s = &u->site[n->id];
	if (opinfo[n->op].kind != MOVE || (s->weight <= LONG_CHAIN && s->height <= HIGH_CHAIN))
		return;
	close_inlined(u, n, -1);
	seed(u, n);
	finish(u, n, "a long chain of index maps");
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
	weigh(u, n);
	if (!is_work(n)) {
		store_move(u, n);
		return;
	}
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
	r->space = &g->root[0].node->ty;
	r->reason = "one pass over all elements";
	for (int i = 0; i < g->nroot; i++) {
		if (!type_shape_eq(&g->root[i].node->ty, r->space))
			bug(u->f->job, "fuse: roots of one pass differ in shape");
		add_output(u, r, g->root[i].node,
		           root_buffer(u, &g->root[i], &g->root[i].node->ty));
		collect(u, r, g->root[i].node);
		if (!info_of(u->v, g->root[i].node)->stored &&
		    opinfo[g->root[i].node->op].kind != LEAF)
			add_inlined(u, r, g->root[i].node);
	}
	region_append(u->v, r);
}

void fuse(Fn *f, Level *v)
{
	Graph *g = v->g;
	Arena *a = f->scratch;         /* what is not needed after this */
	Fuse u = { f, v, NEWN(a, Sites, g->n + 1), NEWN(a, const Node *, g->n + 1),
	           NEWN(a, Region *, g->n + 1), 0, NEWN(a, RootOf *, g->n + 1), 0 };
	v->info = NEWN(f->mem, NodeInfo, g->n + 1);
	bool *live = graph_live(g, a);
	for (int i = 0; i < g->n; i++)
		v->info[i].live = live[i];
	find_needs(&u);
	find_roots(&u);
	u.save = save_set(g, a);
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
	if (f->o->level >= 2)
		rows_form(&u);
}
