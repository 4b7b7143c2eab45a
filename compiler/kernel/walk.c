/* walk.c - the loops of a region around the values of a point.
 *
 * In:    regions with splits.   Out: a kernel of loop IR for each.
 * Holds: all loads of a point come before its stores, so a pass may work in place.
 *
 * The loop over the last dimension takes whole vectors if everything in it works in lanes
 * (vector.c); loops of a map become one if all index maps stay affine.  Forms are tried in
 * turn.
 */
#include "op.h"

#include <string.h>

/* ---- one point of a region --------------------------------------------------------------- */

void store_at(Lower *l, Buffer *b, Ex *const *ix, Ex *value)
{
	int axis = buffer_axis(b);
	K *k = emit(l, K_STORE);
	k->u.store.buf = b;
	k->u.store.at = addr(l, b, ix);
	k->u.store.outer = axis < 0 ? ex_int(l, 0) : ix[axis];
	k->u.store.val = value;
	k->u.store.lanes = l->lanes;
	if (l->lane) {
		Dim c;
		k->u.store.wide = true;
		if (b->ty.dt != DT_REAL || b->f64 || !ex_linear(k->u.store.at, l->lane, &c) ||
		    !dim_is(c, 1))
			l->fail = true;
	}
}

void outputs_at(Lower *l, Region *r, Ex *const *ix)
{
	Ex *value[64];
	if (r->nout > 64)
		bug(l->job, "lower: too many results of one region");
	l->mark++;
	point_begin(l);
	for (int i = 0; i < r->nout; i++) {
		const Output *o = &r->out[i];
		value[i] = o->from ? load_at(l, o->from, ix) : read_at(l, o->node, ix);
		value[i] = widen(l, value[i], l->lane);
		count_uses(l, value[i]);
	}
	point_end(l);
	for (int i = 0; i < r->nout; i++) {
		value[i] = placed(l, value[i]);
		if (r->nout > 1 && value[i]->kind != E_NAME && value[i]->narg)
			value[i] = let_new(l, value[i], false, "v", l->scope->depth);
	}
	for (int i = 0; i < r->nout; i++)
		store_at(l, r->out[i].buf, ix, value[i]);
}

static void point(Lower *l, Region *r, Ex *const *ix)
{
	int kept = l->nbound;
	if (r->seed) {
		const OpInfo *o = &opinfo[r->seed->op];
		Ex *v = o->kind == REDUCE ? reduce_value(l, r->seed, ix)
		                          : o->at(l, r->seed, ix);
		bind_value(l, r->seed, ix, v);
	}
	outputs_at(l, r, ix);
	l->nbound = kept;
}

/* ---- the iteration space ----------------------------------------------------------------- */

static Ex *named_int(Lower *l, const char *name, int depth)
{
	Ex key;
	memset(&key, 0, sizeof key);
	key.kind = E_NAME;
	key.dt = DT_I32;
	key.depth = depth;
	key.u.name = job_sym(l->job, name);
	return ex_get(l, &key);
}

/* First and one past the last row of this owner, in rows of the region. */
void owned_range(Lower *l, Dim extent, Ex **from, Ex **bound)
{
	/* the split counts samples; this dimension has extent.k rows for each */
	Ex *scale = ex_int(l, extent.b && !l->fn->host->flat ? extent.k : 1);
	*from = ex_int(l, 0);
	*bound = ex_dim(l, extent);
	if (!l->kernel->owned)
		return;
	*from = ex_mul(l, named_int(l, "lo", 0), scale);
	*bound = ex_mul(l, named_int(l, "hi", 0), scale);
}

typedef struct {
	Region *r;
	Ex *ix[MAXRANK];
	Type space;                    /* what the loops run over: the region's, or it made flat */
	bool flat, vector;
	int last;                      /* innermost dimension above 1                          */
	int first;
} Walk;

static void walk_point(Lower *l, Walk *w)
{
	Ex *ix[MAXRANK];
	if (!w->flat) {
		point(l, w->r, w->ix);
		return;
	}
	Ex *e = w->ix[0];
	const Type *t = w->r->space;
	for (int i = t->rank - 1; i >= 0; i--) {
		ix[i] = ex_mod(l, e, ex_dim(l, t->dim[i]));
		e = ex_div(l, e, ex_dim(l, t->dim[i]));
	}
	point(l, w->r, ix);
}

static void walk_dim(Lower *l, Walk *w, int d)
{
	if (d == w->space.rank) {
		walk_point(l, w);
		return;
	}
	if (one_index(l, w->space.dim[d])) {
		w->ix[d] = ex_int(l, 0);
		walk_dim(l, w, d + 1);
		return;
	}
	Ex *from = ex_int(l, 0), *bound = ex_dim(l, w->space.dim[d]);
	LoopKind how = SERIAL;
	if (d == w->first) {
		owned_range(l, w->space.dim[d], &from, &bound);
		how = OWNED;
	}
	if (!w->vector || d != w->last) {
		scope_open(l);
		Ex *var = w->ix[d] = loop_var(l, w->space.dim[d], "i");
		walk_dim(l, w, d + 1);
		loop_emit(l, var, from, bound, how, scope_close(l));
		return;
	}
	Lanes s = { .var = inner_var(l, w->space.dim[d], "i") };
	w->ix[d] = s.var;
	while (lanes_turn(l, &s))
		walk_dim(l, w, d + 1);
	lanes_emit(l, &s, from, bound);
}

static bool flat_ok(const Ex *e)
{
	if (e->kind == E_LOAD)
		return ex_affine(e->arg[0]);
	if (e->kind == E_DIV || e->kind == E_MOD)
		return false;
	for (int i = 0; i < e->narg; i++)
		if (!flat_ok(e->arg[i]))
			return false;
	return true;
}

static bool body_flat(const K *k)
{
	for (; k; k = k->next) {
		if (k->kind == K_FOR && !body_flat(k->u.loop.body))
			return false;
		if (k->kind == K_LET && !flat_ok(k->u.let.init))
			return false;
		if (k->kind == K_STORE &&
		    (!flat_ok(k->u.store.val) || !ex_affine(k->u.store.at)))
			return false;
	}
	return true;
}

/* Lowers the region one way; false if it does not work so. */
static bool attempt(Lower *l, Region *r, bool flat, bool vector)
{
	Walk w = { .r = r,
		   .space = *r->space,
		   .flat = flat,
		   .vector = vector,
		   .last = -1,
		   .first = -1 };
	if (flat) {
		w.space.rank = 1;
		type_size(r->space, &w.space.dim[0]);
	}
	for (int i = 0; i < w.space.rank; i++)
		if (!one_index(l, w.space.dim[i])) {
			w.last = i;
			if (w.first < 0)
				w.first = i;
		}
	if (vector && w.last < 0)
		return false;
	l->fail = false;
	l->scope = 0;
	l->nbound = 0;
	l->nname = 0;
	scope_open(l);
	walk_dim(l, &w, 0);
	r->kernel->body = scope_close(l);
	return !l->fail && (!flat || body_flat(r->kernel->body));
}

/* A flat loop is cut at whole rows of the split only if it is over the batch or there are no
 * other owners. */
static bool may_flatten(const Region *r)
{
	int n = 0;
	if (r->seed || r->space->rank < 2)
		return false;
	for (int i = 0; i < r->space->rank; i++)
		n += !dim_is(r->space->dim[i], 1);
	return n >= 2 && (!r->kernel->owned || r->split.rows.b);
}

static void lower_plain(Lower *l, Region *r)
{
	bool lanes = l->fn->o->level >= 1;
	if (lanes && may_flatten(r)) {
		if (attempt(l, r, true, true))
			return;
	}
	if (lanes && attempt(l, r, false, true))
		return;
	const Node *n = r->seed;
	l->row_lanes = lanes && n && opinfo[n->op].kind == REDUCE && n->ty.rank &&
	               n->a.red.axes >> (n->ty.rank - 1) & 1 && !opinfo[n->op].index &&
	               !one_index(l, n->in[0]->ty.dim[n->ty.rank - 1]);
	if (l->row_lanes && attempt(l, r, false, false))
		return;
	l->row_lanes = false;
	attempt(l, r, false, false);
}

/* ---- scatter: zero, then whole rows in order of the indices ------------------------------ */

static void lower_scatter(Lower *l, Region *r)
{
	const Node *n = r->seed, *index = n->in[0], *rows = n->in[1];
	int ri = index->ty.rank;
	Ex *ix[MAXRANK], *at[MAXRANK], *from, *bound;
	Buffer *b = r->out[0].buf;
	l->nname = 0;
	l->scope = 0;
	scope_open(l);
	owned_range(l, n->ty.dim[0], &from, &bound);
	for (int i = 0; i < n->ty.rank; i++) {
		scope_open(l);
		ix[i] = loop_var(l, n->ty.dim[i], "i");
	}
	store_at(l, b, ix, ex_num(l, 0, n->ty.dt));
	for (int i = n->ty.rank - 1; i >= 0; i--)
		loop_emit(l, ix[i], i ? ex_int(l, 0) : from,
		          i ? ex_dim(l, n->ty.dim[i]) : bound, i ? SERIAL : OWNED,
		          scope_close(l));
	for (int i = 0; i < ri; i++) {
		scope_open(l);
		at[i] = loop_var(l, index->ty.dim[i], "k");
	}
	Ex *row = let_new(l, place(l, read_at(l, index, at)), false, "row", l->scope->depth);
	scope_open(l);                 /* the condition's */
	Ex *to[MAXRANK];
	to[0] = ex_make(l, E_ELEMINT, DT_I32, &row, 1);
	for (int i = ri; i < rows->ty.rank; i++) {
		scope_open(l);
		at[i] = to[i - ri + 1] = loop_var(l, rows->ty.dim[i], "i");
	}
	Ex *v = place(l, read_at(l, rows, at));
	store_at(l, b, to, v);
	l->scope->last->u.store.add = true;
	for (int i = rows->ty.rank - 1; i >= ri; i--)
		loop_emit(l, at[i], ex_int(l, 0), ex_dim(l, rows->ty.dim[i]), SERIAL,
		          scope_close(l));
	K *then = scope_close(l);
	K *k = emit(l, K_IF);
	Ex *e = ex_make(l, E_ELEMINT, DT_I32, &row, 1);
	k->u.cond.cond = ex_make(l, E_AND, DT_I32, (Ex *[]){
		ex_make(l, E_LE, DT_I32, (Ex *[]){ from, e }, 2),
		ex_make(l, E_LT, DT_I32, (Ex *[]){ e, bound }, 2) }, 2);
	k->u.cond.then = then;
	for (int i = ri - 1; i >= 0; i--)
		loop_emit(l, at[i], ex_int(l, 0), ex_dim(l, index->ty.dim[i]), SERIAL,
		          scope_close(l));
	r->kernel->body = scope_close(l);
}

/* ---- levels ------------------------------------------------------------------------------ */

/* A strip that cannot be one region. */
static bool give_up(Fn *f, Kernel *before)
{
	f->lastkernel->failed = true;
	f->lastkernel = before;
	*(before ? &before->next : &f->kernel) = 0;
	return false;
}

/* It is plain loops after all, which read no panels: what follows does not work in lanes. */
static void no_template(Region *r)
{
	r->way_out = true;
	r->across = false;
	r->pack[0] = r->pack[1] = 0;
}

static bool lower_region(Fn *f, Level *v, Region *r)
{
	Lower *l = f->lower;
	Kernel *k = NEW(f->kernels, Kernel), *before = f->lastkernel;
	k->region = r;
	r->kernel = k;
	k->owned = f->host->flat || (f->host->barrier && r->split.rows.k > 0);
	l->level = r->level ? r->level : v;
	if (f->lastkernel)
		f->lastkernel->next = k;
	else
		f->kernel = k;
	f->lastkernel = k;
	if (alike_find(f, l->level, r)) {
		if (k->like->failed)
			return give_up(f, before);
		alike_accesses(f, r);
		alike_arguments(f, k);
		if (!l->job->check) {
			if (k->like->region->way_out)
				no_template(r);
			alike_forget(k);
			return true;
		}
	}
	l->region = r;
	l->kernel = k;
	l->lane = 0;
	l->lanes = 0;
	l->fail = l->row_lanes = false;
	l->nbound = l->nname = 0;
	l->scope = 0;
	if (r->kind == RG_ROWS && !rows_lower(l, r)) {
		if (!f->nconstant)
			lower_forget(l);
		return give_up(f, before);
	}
	if (r->kind == RG_SCATTER)
		lower_scatter(l, r);
	else if (r->kind == RG_PACK)
		pack_lower(l, r);
	else if (r->tiled)
		tile_lower(l, r);
	if (r->kind != RG_SCATTER && r->kind != RG_PACK && r->kind != RG_ROWS && (!r->tiled || l->fail)) {
		if (r->tiled)          /* right, but slow */
			no_template(r);
		lower_plain(l, r);
	}
	if (k->like) {
		alike_check(f, r);
		alike_forget(k);
	} else {
		region_accesses(f, r);
		inplace_find(f, r);
		kernel_body(f, k);
	}
	k->body = 0;
	if (!f->nconstant)             /* whose elements are expressions */
		lower_forget(l);
	return true;
}

/* The members take the strip's place; returns the first. */
static Region *replace(Level *v, Region *before, Region *r)
{
	rows_undo(r);
	for (int i = 0; i < r->nmember; i++)
		r->member[i]->next = i + 1 < r->nmember ? r->member[i + 1] : r->next;
	*(before ? &before->next : &v->first) = r->member[0];
	if (v->last == r)
		v->last = r->member[r->nmember - 1];
	return r->member[0];
}

void lower_level(Fn *f, Level *v)
{
	Region *before = 0;
	for (Region *r = v->first; r; before = r, r = r->next) {
		r->id = f->nregion++;
		if (r->kind == RG_SCAN) {
			lower_level(f, r->body);
			continue;
		}
		split_choose(f, r);
		if (!lower_region(f, v, r)) {
			r = replace(v, before, r);
			r->id = f->nregion - 1;
			split_choose(f, r);
			lower_region(f, v, r);
		}
	}
}
