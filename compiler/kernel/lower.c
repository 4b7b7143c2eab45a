/* lower.c - values at an index: loads, maps, index maps, sums and reductions.
 *
 * In:    a node and an index.   Out: the expression of its element; loops that it needs are
 *        opened.
 * Holds: sums run in the order of their indices, the last one innermost; in lanes, lane i takes
 *        elements i, i + VL, .., and the lanes are added as a tree.
 *
 * A MAP asks its inputs at the same index, a MOVE changes the index, a reduction opens loops.
 */
#include "op.h"

#include <string.h>

enum { KNOWN = 4096 };                 /* a power of two                                       */

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

/* The place of the value of n at ix among those of this point. */
static Known *known(const Lower *l, const Node *n, Ex *const *ix)
{
	uint64_t h = (uint64_t)n->id * 0x9e3779b97f4a7c15u;
	for (int i = 0; i < n->ty.rank; i++)
		h = (h ^ (uint64_t)ix[i]->hash) * 0xff51afd7ed558ccdu;
	for (h >>= 32;; h++) {
		Known *k = &l->known[h & (KNOWN - 1)];
		if (!k->node || k->point != l->point)
			return k;
		bool same = k->node == n;
		for (int i = 0; i < n->ty.rank && same; i++)
			same = k->ix[i] == ix[i];
		if (same)
			return k;
	}
}

/* Values of one point are computed once: a region's results may read each other many times. */
void point_begin(Lower *l)
{
	if (!l->known)
		l->known = NEWN(l->lasting, Known, KNOWN);
	l->point++;
	l->nknown = 0;
	l->keep = true;
}

void point_end(Lower *l)
{
	l->keep = false;
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
		if (l->rows && !here)
			l->fail |= !rows_may_load(l, n, ix);
		if (!here || opinfo[n->op].memory)
			return load_at(l, i->buf, ix);
	}
	Known *k = l->keep ? known(l, n, ix) : 0;
	if (k && k->node && k->point == l->point)
		return k->value;
	e = computed(l, n, ix);
	if (k && 2 * l->nknown < KNOWN) {
		k = known(l, n, ix);   /* the table has grown */
		k->node = n;
		for (int d = 0; d < n->ty.rank; d++)
			k->ix[d] = ix[d];
		k->value = e;
		k->point = l->point;
		l->nknown++;
	}
	return e;
}

Ex *sum_at(Lower *l, const Dim *ext, int n, Ex *(*term)(Lower *, Ex *const *, void *),
           void *arg)
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
	sum = place_step(l, widen(l, sum, l->lane));
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

/* ---- reductions -------------------------------------------------------------------------- */

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
	Ex *first =
		ex_op(l, O_eq, (Ex *[]){ ex_intval(l, pos), ex_num(l, 0, DT_I32) }, 2, DT_BOOL);
	Ex *nan = ex_op(l, O_and, (Ex *[]){
		ex_op(l, O_ne, (Ex *[]){ v, v }, 2, DT_BOOL),
		ex_op(l, O_eq, (Ex *[]){ best, best }, 2, DT_BOOL) }, 2, DT_BOOL);
	Ex *cond = ex_op(l, O_or,
	                 (Ex *[]){ ex_op(l, O_or, (Ex *[]){ first, better }, 2, DT_BOOL), nan },
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

void reduce_step(Lower *l, const Node *n, Ex *acc, Ex *element)
{
	Ex key = *ex_make(l, E_REDUCE, element->dt, (Ex *[]){ acc, element }, 2);
	key.u.op = n->op;
	key.wide = element->wide;
	Ex *step = place_step(l, ex_get(l, &key));
	K *set = emit(l, K_SET);
	set->u.set.name = acc;
	set->u.set.val = step;
}

Ex *masked(Lower *l, const Node *n, Ex *element)
{
	Ex key = *ex_make(l, E_MASK, DT_REAL,
	                  (Ex *[]){ element, ex_num(l, opinfo[n->op].init, DT_REAL) }, 2);
	key.wide = true;
	key.text = l->lanes;
	return ex_get(l, &key);
}

/* The last dimension in whole vectors: lane i reduces elements i, i + VL, ..; the lanes are
 * reduced after the loops, as a tree. */
static void reduce_lanes(Lower *l, const Node *n, Ex **at, Ex *acc)
{
	const Node *x = n->in[0];
	int d = x->ty.rank - 1;
	Lanes s = { .var = inner_var(l, x->ty.dim[d], "k") };
	at[d] = s.var;
	while (lanes_turn(l, &s)) {
		Ex *t = widen(l, read_at(l, x, at), s.var);
		l->fail |= !t->wide || t->dt != DT_REAL;
		if (l->lanes && !l->fail)
			t = masked(l, n, t);
		reduce_step(l, n, acc, t);
	}
	lanes_emit(l, &s, ex_int(l, 0), ex_dim(l, x->ty.dim[d]));
}

/* The axis of a sum over where(index == iota, x, 0), which is x at the index; else -1. */
static int picked_axis(const Lower *l, const Node *n)
{
	const Node *where = n->in[0], *is, *iota;
	double zero;
	if (l->fn->o->level < 1 || n->op != O_sum || where->op != O_where ||
	    info_of(l->level, where)->stored)
		return -1;
	is = where->in[0];
	if (is->op != O_eq || info_of(l->level, is)->stored ||
	    !node_is_const(where->in[2], &zero) || zero != 0)
		return -1;
	iota = is->in[is->in[1]->op == O_iota];
	if (iota->op != O_iota || n->a.red.axes != 1u << iota->a.axis.axis ||
	    !dim_is(is->in[is->in[0] == iota]->ty.dim[iota->a.axis.axis], 1) ||
	    !dim_eq(iota->ty.dim[iota->a.axis.axis], where->ty.dim[iota->a.axis.axis]))
		return -1;
	return iota->a.axis.axis;
}

bool reduce_picks(const Lower *l, const Node *n)
{
	return picked_axis(l, n) >= 0;
}

/* Of all terms of the sum one is not 0. */
static Ex *picked(Lower *l, const Node *n, Ex *const *ix, int axis)
{
	const Node *where = n->in[0], *is = where->in[0], *x = where->in[1];
	const Node *index = is->in[is->in[0]->op == O_iota];
	Dim d = where->ty.dim[axis];
	Ex *at[MAXRANK];
	l->fail |= l->lane != 0;
	for (int i = 0; i < n->ty.rank; i++)
		at[i] = dim_is(index->ty.dim[i], 1) ? ex_int(l, 0) : ix[i];
	Ex *k = place(l, read_at(l, index, at));
	if (k->kind != E_NAME)
		k = let_new(l, k, false, "p", l->scope->depth);
	k = ex_elemint(l, k);
	for (int i = 0; i < n->ty.rank; i++)
		at[i] = dim_is(x->ty.dim[i], 1) ? ex_int(l, 0) : i == axis ? k : ix[i];
	Ex *inside = ex_make(l, E_AND, DT_I32, (Ex *[]){
		ex_make(l, E_LE, DT_I32, (Ex *[]){ ex_int(l, 0), k }, 2),
		ex_make(l, E_LT, DT_I32, (Ex *[]){ k, ex_dim(l, d) }, 2) }, 2);
	return ex_cond(l, inside, read_at(l, x, at), ex_num(l, 0, n->ty.dt));
}

Ex *reduce_value(Lower *l, const Node *n, Ex *const *ix)
{
	int axis = picked_axis(l, n);
	if (axis >= 0)
		return picked(l, n, ix, axis);
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
		acc = let_new(l, wide_num(l, o->index ? 0 : o->init, x->ty.dt, t->wide), true,
		              "s", depth);
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
		if (n->a.red.axes >> i & 1 && !one_index(l, x->ty.dim[i]) &&
		    !(lanes && i == last)) {
			K *body = scope_close(l);
			loop_emit(l, at[i], ex_int(l, 0), ex_dim(l, x->ty.dim[i]), SERIAL,
			          body);
		}
	if (lanes) {
		Ex key = *ex_make(l, E_FOLD, DT_REAL, &acc, 1);
		key.u.op = n->op;
		result = let_new(l, ex_get(l, &key), false, "s", depth);
	}
	return result;
}
