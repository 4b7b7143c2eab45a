/* lower.c - regions -> loops: the value at an index, placed in the shallowest loop that binds it.
 *
 * In:    regions with splits.   Out: a kernel of loop IR for each.
 * Holds: all loads of a point come before its stores, so a pass may work in place; sums run in the
 *        order of their indices, the last one innermost.
 *
 * A MAP asks its inputs at the same index, a MOVE changes the index, a reduction opens loops.  An
 * expression that is used twice, or that does not change in the innermost loop, gets a name in the
 * loop of its deepest variable.  A loop over the last dimension takes whole vectors if
 * everything in it works in lanes (vector.c).
 */
#include "op.h"

#include <string.h>

/* ---- statements and scopes ---------------------------------------------------------------------- */

Scope *scope_open(Lower *l)
{
	Scope *s = NEW(l->mem, Scope);
	s->up = l->scope;
	s->depth = l->scope ? l->scope->depth + 1 : 0;
	l->scope = s;
	return s;
}

K *scope_close(Lower *l)
{
	Scope *s = l->scope;
	l->scope = s->up;
	while (l->nbound && l->bound[l->nbound - 1].value->depth >= s->depth && s->depth)
		l->nbound--;
	return s->first;
}

K *emit_at(Lower *l, int depth, KKind kind)
{
	Scope *s = l->scope;
	K *k = NEW(l->mem, K);
	while (s->depth > depth)
		s = s->up;
	k->kind = kind;
	if (s->last)
		s->last->next = k;
	else
		s->first = k;
	s->last = k;
	return k;
}

K *emit(Lower *l, KKind kind)
{
	return emit_at(l, l->scope->depth, kind);
}

Ex *let_new(Lower *l, Ex *init, bool mutable, const char *stem, int depth)
{
	Ex key;
	memset(&key, 0, sizeof key);
	key.kind = E_NAME;
	key.dt = init->dt;
	key.wide = init->wide;
	key.depth = depth;
	key.u.name = job_symf(l->job, "%s%d", stem, l->nname++);
	Ex *name = ex_get(l, &key);
	K *k = emit_at(l, depth, K_LET);
	k->u.let.name = name;
	k->u.let.init = init;
	k->u.let.mutable = mutable;
	return name;
}

/* ---- placement ------------------------------------------------------------------------------------- */

static bool is_index(const Ex *e)
{
	return e->kind <= E_AND || e->kind == E_LANES || e->kind == E_ELEMINT;
}

static void count_uses(Lower *l, Ex *e)
{
	if (e->mark == l->mark) {
		e->uses++;
		return;
	}
	e->mark = l->mark;
	e->uses = 1;
	int last = e->kind == E_COND ? 1 : e->narg;
	for (int i = 0; i < last; i++)
		count_uses(l, e->arg[i]);
}

static Ex *known_name(const Lower *l, const Ex *e)
{
	for (const Scope *s = l->scope; s; s = s->up)
		for (int i = s->nmemo - 1; i >= 0; i--)
			if (s->memo[i] == e)
				return s->name[i];
	return 0;
}

static void remember(Lower *l, Ex *e, Ex *name)
{
	Scope *s = l->scope;
	while (s->depth > name->depth)
		s = s->up;
	int n = s->nmemo;
	PUSH(l->mem, s->memo, n, s->capmemo, e);
	PUSH(l->mem, s->name, s->nmemo, s->capname, name);
}

/* Deserves a name if it is used twice or if the innermost loop does not change it. */
static bool worth_a_name(const Lower *l, const Ex *e, const Ex *placed, int uses)
{
	switch (e->kind) {
	case E_OP: case E_LOAD: case E_RANDOM: case E_FMA: case E_COND: case E_KNOB: case E_REDUCE:
		return uses > 1 || (placed->depth < l->scope->depth && l->scope->depth > 0);
	default:
		return false;
	}
}

static Ex *placed(Lower *l, Ex *e)
{
	Ex *arg[MAXRANK + 1];
	if (e->narg == 0 && e->kind != E_KNOB)
		return e;
	Ex *name = known_name(l, e);
	if (name)
		return name;
	if (e->narg > MAXRANK)
		bug(l->job, "lower: too many operands");
	bool index = is_index(e) && e->kind != E_ELEMINT;
	for (int i = 0; i < e->narg; i++)
		/* the arms of a condition stay behind it; the outer index of a load is not printed */
		arg[i] = (e->kind == E_COND && i) || (e->kind == E_LOAD && i) ? e->arg[i] :
		         placed(l, e->arg[i]);
	Ex key = *e;
	key.arg = arg;
	Ex *p = ex_get(l, &key);
	if (index || e->kind == E_ELEMINT || e->kind == E_INTVAL ||
	    !worth_a_name(l, e, p, e->mark == l->mark ? e->uses : 1))
		return p;
	name = let_new(l, p, false, "v", p->depth < l->scope->depth ? p->depth : l->scope->depth);
	remember(l, e, name);
	return name;
}

Ex *place(Lower *l, Ex *e)
{
	l->mark++;
	count_uses(l, e);
	return placed(l, e);
}

/* ---- values ------------------------------------------------------------------------------------------- */

void bind_value(Lower *l, const Node *n, Ex *const *ix, Ex *value)
{
	if (l->nbound >= (int)(sizeof l->bound / sizeof l->bound[0]))
		bug(l->job, "lower: too many bound values");
	l->bound[l->nbound].node = n;
	for (int i = 0; i < n->ty.rank; i++)
		l->bound[l->nbound].ix[i] = ix[i];
	l->bound[l->nbound++].value = value;
}

static Ex *bound_value(const Lower *l, const Node *n, Ex *const *ix)
{
	for (int i = l->nbound - 1; i >= 0; i--) {
		if (l->bound[i].node != n)
			continue;
		bool same = true;
		for (int k = 0; k < n->ty.rank; k++)
			same &= l->bound[i].ix[k] == ix[k];
		if (same)
			return l->bound[i].value;
	}
	return 0;
}

Ex *load_at(Lower *l, Buffer *b, Ex *const *ix)
{
	Ex key;
	int axis = buffer_axis(b);
	memset(&key, 0, sizeof key);
	Ex *arg[2] = { addr(l, b, ix), axis < 0 ? ex_int(l, 0) : ix[axis] };
	if (b->slot && axis < 0)
		arg[1] = ex_int(l, 0);
	key.kind = E_LOAD;
	key.dt = b->ty.dt;
	key.u.buf = b;
	key.arg = arg;
	key.narg = 2;
	return ex_get(l, &key);
}

/* A leaf of a scan's body, read in the graph around it. */
static Ex *read_outer(Lower *l, const Node *n, Ex *const *ix)
{
	Level *v = l->level;
	const Node *scan = v->scan;
	const Attr *a = &scan->a;
	Ex *at[MAXRANK];
	const Node *x;
	if (n->op == O_seq) {
		x = scan->in[a->scan.ncarry + n->a.seq.index];
		int axis = n->a.seq.axis;
		for (int i = 0; i < axis; i++)
			at[i] = ix[i];
		at[axis] = ex_add(l, v->tick, ex_int(l, n->a.seq.offset));
		for (int i = axis; i < n->ty.rank; i++)
			at[i + 1] = ix[i];
	} else {
		x = scan->in[a->scan.ncarry + a->scan.nseq + n->a.leaf.index];
		for (int i = 0; i < n->ty.rank; i++)
			at[i] = ix[i];
	}
	l->level = v->outer;
	Ex *e = read_at(l, x, at);
	l->level = v;
	return e;
}

static Ex *computed(Lower *l, const Node *n, Ex *const *ix)
{
	const OpInfo *o = &opinfo[n->op];
	Ex *arg[MAXARITY], *at[MAXRANK];
	if (n->op == O_const)
		return ex_num(l, n->a.k, n->ty.dt);
	if (n->op == O_tick)
		return ex_intval(l, l->level->tick);
	if (n->op == O_seq || n->op == O_capture)
		return read_outer(l, n, ix);
	if (o->at && (o->kind == MOVE || o->kind == LEAF))
		return o->at(l, n, ix);
	if (o->kind != MAP)
		bug(l->job, "lower: %s has no value at an index here", o->name);
	for (int i = 0; i < n->nin; i++) {
		const Node *x = n->in[i];
		for (int k = 0; k < x->ty.rank; k++)
			at[k] = dim_is(x->ty.dim[k], 1) ? ex_int(l, 0) : ix[k];
		arg[i] = read_at(l, x, at);
	}
	return ex_op(l, n->op, arg, n->nin, n->ty.dt);
}

Ex *read_at(Lower *l, const Node *n, Ex *const *ix)
{
	if (l->symbolic) {
		Ex key;
		memset(&key, 0, sizeof key);
		key.kind = E_READ;
		key.dt = n->ty.dt;
		key.u.node = n;
		key.arg = (Ex **)(uintptr_t)ix;
		key.narg = n->ty.rank;
		return ex_get(l, &key);
	}
	const NodeInfo *i = info_of(l->level, n);
	Ex *e = bound_value(l, n, ix);
	if (e)
		return e;
	if (i->stored) {
		bool here = false;
		for (int k = 0; k < l->region->nout; k++)
			here |= l->region->out[k].node == n && i->buf == l->region->out[k].buf;
		if (!here || opinfo[n->op].memory)
			return load_at(l, i->buf, ix);
	}
	return computed(l, n, ix);
}

/* ---- loops ----------------------------------------------------------------------------------------------- */

/* Does this dimension have one index only? */
bool one_index(const Lower *l, Dim d)
{
	return dim_is(d, 1) || (!l->fn->host->batch && l->fn->host->fixed_batch == 1 &&
	                          dim_eq(d, dim_batch(1)));
}

Ex *loop_var(Lower *l, Dim extent, const char *letter)
{
	int depth = l->scope->depth;
	return ex_var(l, job_symf(l->job, "%c%d", letter[0], depth), extent, depth);
}

K *loop_emit(Lower *l, Ex *var, Ex *from, Ex *bound, LoopKind how, K *body)
{
	K *k = emit(l, K_FOR);
	k->u.loop.var = var;
	k->u.loop.from = from;
	k->u.loop.bound = bound;
	k->u.loop.step = 1;
	k->u.loop.how = how;
	k->u.loop.body = body;
	return k;
}

static Ex *wide_num(Lower *l, double v, DType dt, bool wide)
{
	Ex key = *ex_num(l, v, dt);
	key.wide = wide;
	return ex_get(l, &key);
}

Ex *sum_at(Lower *l, const Dim *ext, int n, Ex *(*term)(Lower *, Ex *const *, void *), void *arg)
{
	Ex *var[MAXLABEL];
	int depth = l->scope ? l->scope->depth : 0;
	if (l->symbolic)
		bug(l->job, "lower: a sum in an index map");
	for (int i = 0; i < n; i++) {
		var[i] = ex_int(l, 0);
		if (one_index(l, ext[i]))
			continue;
		scope_open(l);
		var[i] = loop_var(l, ext[i], "k");
	}
	Ex *t = widen(l, term(l, var, arg), l->lane);
	Ex *acc = let_new(l, wide_num(l, 0, t->dt, t->wide), true, "s", depth), *sum;
	if (l->fn->o->level > 0 && t->kind == E_OP && t->u.op == O_mul && t->dt == DT_REAL)
		sum = ex_make(l, E_FMA, DT_REAL, (Ex *[]){ t->arg[0], t->arg[1], acc }, 3);
	else
		sum = ex_op(l, O_add, (Ex *[]){ acc, t }, 2, t->dt);
	sum = place(l, widen(l, sum, l->lane));
	K *set = emit(l, K_SET);
	set->u.set.name = acc;
	set->u.set.val = sum;
	for (int i = n - 1; i >= 0; i--)
		if (!one_index(l, ext[i])) {
			K *body = scope_close(l);
			loop_emit(l, var[i], ex_int(l, 0), ex_dim(l, ext[i]), SERIAL, body);
		}
	return acc;
}

/* ---- reductions ------------------------------------------------------------------------------------------ */

static void extreme_position(Lower *l, Ex *best, Ex *at, Ex *x, Ex *pos, Op op)
{
	Ex *v = place(l, x);
	if (v->kind != E_NAME)
		v = let_new(l, v, false, "x", l->scope->depth);
	/* the first one, a better one, or the first NaN */
	Ex *better = ex_make(l, E_REDUCE, DT_BOOL, (Ex *[]){ best, v }, 2);
	Ex key = *better;
	key.u.op = op;
	better = ex_get(l, &key);
	Ex *first = ex_op(l, O_eq, (Ex *[]){ ex_intval(l, pos), ex_num(l, 0, DT_I32) }, 2, DT_BOOL);
	Ex *nan = ex_op(l, O_and, (Ex *[]){
		ex_op(l, O_ne, (Ex *[]){ v, v }, 2, DT_BOOL),
		ex_op(l, O_eq, (Ex *[]){ best, best }, 2, DT_BOOL) }, 2, DT_BOOL);
	Ex *cond = ex_op(l, O_or, (Ex *[]){ ex_op(l, O_or, (Ex *[]){ first, better }, 2, DT_BOOL), nan },
	                 2, DT_BOOL);
	scope_open(l);
	K *set = emit(l, K_SET);
	set->u.set.name = best;
	set->u.set.val = v;
	set = emit(l, K_SET);
	set->u.set.name = at;
	set->u.set.val = ex_intval(l, pos);
	K *then = scope_close(l);
	K *k = emit(l, K_IF);
	k->u.cond.cond = cond;
	k->u.cond.then = then;
}

/* acc = acc op element. */
static void reduce_step(Lower *l, const Node *n, Ex *acc, Ex *element)
{
	Ex key = *ex_make(l, E_REDUCE, element->dt, (Ex *[]){ acc, element }, 2);
	key.u.op = n->op;
	key.wide = element->wide;
	Ex *step = place(l, ex_get(l, &key));
	K *set = emit(l, K_SET);
	set->u.set.name = acc;
	set->u.set.val = step;
}

/* The last dimension in whole vectors: lane i reduces elements i, i + VL, ..; the lanes are reduced
 * after the loops, as a tree. */
static void reduce_lanes(Lower *l, const Node *n, Ex **at, Ex *acc)
{
	const Node *x = n->in[0];
	int d = x->ty.rank - 1;
	Sym left = job_symf(l->job, "left%d", l->scope->depth);
	K *body[2];
	Ex *var = 0;
	for (int part = 0; part < 2; part++) {
		scope_open(l);
		if (!var)
			var = loop_var(l, x->ty.dim[d], "k");
		at[d] = l->lane = var;
		l->lanes = part ? left : 0;
		Ex *t = widen(l, read_at(l, x, at), var);
		l->fail |= !t->wide || t->dt != DT_REAL;
		if (part && !l->fail) {
			Ex key = *ex_make(l, E_MASK, DT_REAL, (Ex *[]){
				t, ex_num(l, opinfo[n->op].init, DT_REAL) }, 2);
			key.wide = true;
			key.text = left;
			t = ex_get(l, &key);
		}
		reduce_step(l, n, acc, t);
		body[part] = scope_close(l);
	}
	l->lane = 0;
	l->lanes = 0;
	K *k = loop_emit(l, var, ex_int(l, 0), ex_dim(l, x->ty.dim[d]), LANES, body[0]);
	k->u.loop.tail = body[1];
	k->u.loop.left = left;
}

static Ex *reduce_value(Lower *l, const Node *n, Ex *const *ix)
{
	const OpInfo *o = &opinfo[n->op];
	const Node *x = n->in[0];
	Ex *at[MAXRANK], *pos = ex_int(l, 0), *acc = 0, *result;
	int depth = l->scope->depth, last = x->ty.rank - 1;
	bool lanes = l->row_lanes && !o->index;
	if (lanes)
		acc = let_new(l, wide_num(l, o->init, x->ty.dt, true), true, "s", depth);
	for (int i = 0; i < x->ty.rank; i++) {
		bool red = n->a.red.axes >> i & 1;
		at[i] = red ? ex_int(l, 0) : ix[i];
		if (red && !one_index(l, x->ty.dim[i]) && !(lanes && i == last)) {
			scope_open(l);
			at[i] = loop_var(l, x->ty.dim[i], "k");
		}
		if (red)
			pos = ex_add(l, ex_mul(l, pos, ex_dim(l, x->ty.dim[i])), at[i]);
	}
	if (lanes) {
		reduce_lanes(l, n, at, acc);
		result = 0;
	} else {
		Ex *t = widen(l, read_at(l, x, at), l->lane);
		acc = let_new(l, wide_num(l, o->index ? 0 : o->init, x->ty.dt, t->wide), true, "s", depth);
		result = acc;
		if (o->index) {
			result = let_new(l, ex_num(l, 0, DT_I32), true, "p", depth);
			l->fail |= l->lane != 0;
			extreme_position(l, acc, result, t, pos, n->op);
		} else {
			reduce_step(l, n, acc, t);
		}
	}
	for (int i = last; i >= 0; i--)
		if (n->a.red.axes >> i & 1 && !one_index(l, x->ty.dim[i]) && !(lanes && i == last)) {
			K *body = scope_close(l);
			loop_emit(l, at[i], ex_int(l, 0), ex_dim(l, x->ty.dim[i]), SERIAL, body);
		}
	if (lanes) {
		Ex key = *ex_make(l, E_FOLD, DT_REAL, &acc, 1);
		key.u.op = n->op;
		result = let_new(l, ex_get(l, &key), false, "s", depth);
	}
	return result;
}

/* ---- one point of a region ----------------------------------------------------------------------------------- */

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
		if (b->ty.dt != DT_REAL || b->f64 || !ex_linear(k->u.store.at, l->lane, &c) || !dim_is(c, 1))
			l->fail = true;
	}
}

void outputs_at(Lower *l, Region *r, Ex *const *ix)
{
	Ex *value[64];
	if (r->nout > 64)
		bug(l->job, "lower: too many results of one region");
	l->mark++;
	for (int i = 0; i < r->nout; i++) {
		const Output *o = &r->out[i];
		value[i] = o->from ? load_at(l, o->from, ix) : read_at(l, o->node, ix);
		value[i] = widen(l, value[i], l->lane);
		count_uses(l, value[i]);
	}
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
		Ex *v = o->kind == REDUCE ? reduce_value(l, r->seed, ix) : o->at(l, r->seed, ix);
		bind_value(l, r->seed, ix, v);
	}
	outputs_at(l, r, ix);
	l->nbound = kept;
}

/* ---- the iteration space ------------------------------------------------------------------------------------- */

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
	const Type *t = &w->r->space;
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
	K *body[2];
	Sym left = job_symf(l->job, "left%d", l->scope->depth);
	Ex *var = 0;
	for (int part = 0; part < 2; part++) {
		scope_open(l);
		if (!var)
			var = loop_var(l, w->space.dim[d], "i");
		w->ix[d] = l->lane = var;
		l->lanes = part ? left : 0;
		walk_dim(l, w, d + 1);
		body[part] = scope_close(l);
	}
	l->lane = 0;
	l->lanes = 0;
	K *k = loop_emit(l, var, from, bound, LANES, body[0]);
	k->u.loop.tail = body[1];
	k->u.loop.left = left;
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
		if (k->kind == K_STORE && (!flat_ok(k->u.store.val) || !ex_affine(k->u.store.at)))
			return false;
	}
	return true;
}

/* Lowers the region one way; false if it does not work so. */
static bool attempt(Lower *l, Region *r, bool flat, bool vector)
{
	Walk w = { .r = r, .space = r->space, .flat = flat, .vector = vector, .last = -1, .first = -1 };
	if (flat) {
		w.space.rank = 1;
		type_size(&r->space, &w.space.dim[0]);
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
	if (r->seed || r->space.rank < 2)
		return false;
	for (int i = 0; i < r->space.rank; i++)
		n += !dim_is(r->space.dim[i], 1);
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

/* ---- scatter: zero, then whole rows in order of the indices ------------------------------------------------ */

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
		loop_emit(l, ix[i], i ? ex_int(l, 0) : from, i ? ex_dim(l, n->ty.dim[i]) : bound,
		          i ? SERIAL : OWNED, scope_close(l));
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
		loop_emit(l, at[i], ex_int(l, 0), ex_dim(l, rows->ty.dim[i]), SERIAL, scope_close(l));
	K *then = scope_close(l);
	K *k = emit(l, K_IF);
	Ex *e = ex_make(l, E_ELEMINT, DT_I32, &row, 1);
	k->u.cond.cond = ex_make(l, E_AND, DT_I32, (Ex *[]){
		ex_make(l, E_LE, DT_I32, (Ex *[]){ from, e }, 2),
		ex_make(l, E_LT, DT_I32, (Ex *[]){ e, bound }, 2) }, 2);
	k->u.cond.then = then;
	for (int i = ri - 1; i >= 0; i--)
		loop_emit(l, at[i], ex_int(l, 0), ex_dim(l, index->ty.dim[i]), SERIAL, scope_close(l));
	r->kernel->body = scope_close(l);
}

/* ---- levels ---------------------------------------------------------------------------------------------------- */

static void lower_region(Fn *f, Level *v, Region *r)
{
	Lower *l = f->lower;
	Kernel *k = NEW(f->mem, Kernel);
	k->region = r;
	r->kernel = k;
	k->owned = f->host->flat || (f->host->barrier && r->split.rows.k > 0);
	l->level = r->level ? r->level : v;
	l->region = r;
	l->kernel = k;
	l->lane = 0;
	l->lanes = 0;
	l->fail = l->row_lanes = false;
	l->nbound = l->nname = 0;
	l->scope = 0;
	if (r->kind == RG_SCATTER)
		lower_scatter(l, r);
	else if (r->kind == RG_PACK)
		pack_lower(l, r);
	else if (r->tiled)
		tile_lower(l, r);
	if (r->kind != RG_SCATTER && r->kind != RG_PACK && (!r->tiled || l->fail)) {
		if (r->tiled)
			bug(f->job, "lower: a tiled contraction does not work in lanes");
		lower_plain(l, r);
	}
	if (f->lastkernel)
		f->lastkernel->next = k;
	else
		f->kernel = k;
	f->lastkernel = k;
}

void lower_level(Fn *f, Level *v)
{
	for (Region *r = v->first; r; r = r->next) {
		r->id = f->nregion++;
		if (r->kind == RG_SCAN) {
			lower_level(f, r->body);
			continue;
		}
		split_choose(f, r);
		lower_region(f, v, r);
	}
}
