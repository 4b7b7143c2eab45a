/* rowloops.c - the loops of a strip of rows.
 *
 * In:    a region RG_ROWS.   Out: one loop over the rows; in it, for each pass over the row, a loop; what
 *        a row has one of is computed between them.
 * Holds: members read each other at their own row, and only what an earlier pass or this very
 *        point has given; else the strip is not lowered and its members stay regions.
 *
 *     for (row) {
 *             max:   s = max(s, x)                      a pass
 *             exp:   e = exp(x - s); row[k] = e; t += e         one pass of two members
 *             log:   u = log(t)                         a number of the row
 *             ...
 *     }
 *
 * Members share a pass as long as none of them needs what only the whole pass gives.  That is tried:
 * where it fails, the member begins a pass of its own, then one without lanes, then the strip is given up.
 */
#include "op.h"

#include <string.h>

struct Rows {
	Region *r;
	Ex *row[MAXRANK];
	int pass;                      /* number of the one at hand                            */
	Ex *const *at;                 /* its point; 0: between passes                         */
	Region *failed;
};

bool rows_may_load(const Lower *l, const Node *n, Ex *const *ix)
{
	const Rows *s = l->rows;
	const NodeInfo *i = info_of(l->level, n);
	const Region *by = i->region;
	if (!by || by->strip != s->r)
		return true;
	bool under = i->buf->node != n;        /* where a later result goes */
	for (int k = 0; k < s->r->nrow; k++)
		if (ix[k] != s->row[k])
			return false;
	if (under && info_of(l->level, i->buf->node)->region == l->region) {
		for (int k = s->r->nrow; k < n->ty.rank; k++)
			if (!s->at || ix[k] != s->at[k])
				return false;
	}
	bool number = i->buf->place == PL_ROW && dim_is(i->buf->st->len, 1);
	return by->pass < s->pass && !number;
}

/* ---- members ----------------------------------------------------------------------------- */

/* The dimensions that a pass for m runs over, behind those of the row's own. */
static const Type *pass_space(const Region *m)
{
	return m->seed ? &m->seed->in[0]->ty : m->space;
}

/* Is m computed between passes, with loops of its own if it has any? */
static bool is_between(const Lower *l, const Region *m)
{
	if (!m->seed)
		return row_length(m->space, l->rows->r->nrow) == 1;
	return m->scalar || reduce_picks(l, m->seed) || opinfo[m->seed->op].index;
}

/* The results of a member at a point have names from here on, and are stored where others may
 * want them. */
static void results_at(Lower *l, Region *m, Ex *const *ix)
{
	Ex *value[16];
	l->mark++;
	point_begin(l);
	for (int i = 0; i < m->nout; i++) {
		value[i] = widen(l, read_at(l, m->out[i].node, ix), l->lane);
		count_uses(l, value[i]);
	}
	point_end(l);
	for (int i = 0; i < m->nout; i++) {
		value[i] = placed(l, value[i]);
		if (value[i]->kind != E_NAME)
			value[i] = let_new(l, value[i], false, "v", l->scope->depth);
	}
	for (int i = 0; i < m->nout; i++) {
		Buffer *b = m->out[i].buf;
		bind_value(l, m->out[i].node, ix, value[i]);
		if (b->place != PL_ROW || !dim_is(b->st->len, 1))
			store_at(l, b, ix, value[i]);
	}
}

static void note_failure(Lower *l, Region *m)
{
	if (l->fail && !l->rows->failed)
		l->rows->failed = m;
}

static void lower_between(Lower *l, Region *m)
{
	Ex *ix[MAXRANK];
	for (int i = 0; i < m->space->rank; i++)
		ix[i] = i < l->rows->r->nrow ? l->rows->row[i] : ex_int(l, 0);
	l->region = m;
	if (m->seed) {
		Ex *v = place(l, reduce_value(l, m->seed, ix));
		if (v->kind != E_NAME)
			v = let_new(l, v, false, "s", l->scope->depth);
		bind_value(l, m->seed, ix, v);
	}
	results_at(l, m, ix);
	note_failure(l, m);
}

/* ---- passes ------------------------------------------------------------------------------ */

typedef struct {
	Region **m; int n;
	Ex *acc[64];                   /* by member: of a reduction                            */
	Ex *ix[MAXRANK];
	const Type *space;
	int last;                      /* dimension in lanes                                   */
	bool lanes;
} Pass;

static void pass_point(Lower *l, Pass *p)
{
	l->rows->at = p->ix;
	for (int i = 0; i < p->n && !l->fail; i++) {
		Region *m = p->m[i];
		l->region = m;
		if (m->seed) {
			Ex *t = widen(l, read_at(l, m->seed->in[0], p->ix), l->lane);
			l->fail |= !t->wide || t->dt != DT_REAL;
			if (!l->fail)
				reduce_step(l, m->seed, p->acc[i], l->lanes ? masked(l, m->seed, t) : t);
		} else {
			results_at(l, m, p->ix);
		}
		note_failure(l, m);
	}
	l->rows->at = 0;
}

/* Of the scope that is opened next; loops one behind the other have other names. */
static Ex *pass_var(Lower *l, Dim extent)
{
	return ex_var(l, job_symf(l->job, "j%d", l->nname++), extent, l->scope->depth + 1);
}

static void pass_dim(Lower *l, Pass *p, int d)
{
	if (d == p->space->rank) {
		pass_point(l, p);
		return;
	}
	Dim extent = p->space->dim[d];
	if (dim_is(extent, 1)) {
		p->ix[d] = ex_int(l, 0);
		pass_dim(l, p, d + 1);
		return;
	}
	Lanes s = { .var = pass_var(l, extent) };
	p->ix[d] = s.var;
	if (!p->lanes || d != p->last) {
		scope_open(l);
		pass_dim(l, p, d + 1);
		loop_emit(l, s.var, ex_int(l, 0), ex_dim(l, extent), SERIAL, scope_close(l));
		return;
	}
	while (lanes_turn(l, &s))
		pass_dim(l, p, d + 1);
	lanes_emit(l, &s, ex_int(l, 0), ex_dim(l, extent));
}

static void lower_pass(Lower *l, Region **m, int n)
{
	Pass p = { .m = m, .n = n, .space = pass_space(m[0]), .last = -1, .lanes = !m[0]->scalar };
	Ex *ix[MAXRANK];
	for (int i = 0; i < p.space->rank; i++) {
		p.ix[i] = i < l->rows->r->nrow ? l->rows->row[i] : 0;
		if (i >= l->rows->r->nrow && !dim_is(p.space->dim[i], 1))
			p.last = i;
	}
	p.lanes &= p.last >= 0;
	for (int i = 0; i < n; i++) {
		m[i]->pass = l->rows->pass;
		if (m[i]->seed)
			p.acc[i] = let_new(l, wide_num(l, opinfo[m[i]->seed->op].init, DT_REAL, true),
			                   true, "s", l->scope->depth);
	}
	pass_dim(l, &p, l->rows->r->nrow);
	l->rows->pass++;
	for (int i = 0; i < n && !l->fail; i++) {
		if (!m[i]->seed)
			continue;
		for (int k = 0; k < m[i]->space->rank; k++)
			ix[k] = k < l->rows->r->nrow ? l->rows->row[k] : ex_int(l, 0);
		l->region = m[i];
		Ex key = *ex_make(l, E_FOLD, DT_REAL, &p.acc[i], 1);
		key.u.op = m[i]->seed->op;
		bind_value(l, m[i]->seed, ix,
		           let_new(l, ex_get(l, &key), false, "s", l->scope->depth));
		results_at(l, m[i], ix);
		note_failure(l, m[i]);
	}
}

/* Do a and b run over the same elements of a row? */
static bool same_pass(const Region *a, const Region *b, int nrow)
{
	const Type *s = pass_space(a), *t = pass_space(b);
	bool same = s->rank == t->rank && !a->scalar && !b->scalar && !b->alone;
	for (int i = nrow; i < s->rank && same; i++)
		same = dim_eq(s->dim[i], t->dim[i]);
	return same;
}

static void lower_row(Lower *l)
{
	Region *r = l->rows->r;
	for (int i = 0, k; i < r->nmember && !l->fail; i = k) {
		k = i + 1;
		if (is_between(l, r->member[i])) {
			r->member[i]->pass = l->rows->pass++;
			lower_between(l, r->member[i]);
			continue;
		}
		while (k < r->nmember && !is_between(l, r->member[k]) &&
		       same_pass(r->member[i], r->member[k], r->nrow))
			k++;
		lower_pass(l, r->member + i, k - i);
	}
}

/* ---- the strip --------------------------------------------------------------------------- */

static void row_dim(Lower *l, int d, bool first)
{
	Region *r = l->rows->r;
	if (d == r->nrow) {
		lower_row(l);
		return;
	}
	Dim extent = r->space->dim[d];
	if (one_index(l, extent)) {
		l->rows->row[d] = ex_int(l, 0);
		row_dim(l, d + 1, first);
		return;
	}
	Ex *from = ex_int(l, 0), *bound = ex_dim(l, extent);
	if (first)
		owned_range(l, extent, &from, &bound);
	scope_open(l);
	Ex *var = l->rows->row[d] = loop_var(l, extent, "i");
	row_dim(l, d + 1, false);
	loop_emit(l, var, from, bound, first ? OWNED : SERIAL, scope_close(l));
}

static bool loads(const Ex *e, const Buffer *b)
{
	if (e->kind == E_LOAD && e->u.buf == b)
		return true;
	for (int i = 0; i < e->narg; i++)
		if ((e->kind != E_LOAD || !i) && loads(e->arg[i], b))
			return true;
	return false;
}

static bool loaded(const K *k, const Buffer *b)
{
	for (; k; k = k->next) {
		const Ex *e = k->kind == K_LET     ? k->u.let.init
		              : k->kind == K_SET   ? k->u.set.val
		              : k->kind == K_STORE ? k->u.store.val
		              : k->kind == K_IF    ? k->u.cond.cond
		                                   : 0;
		if ((e && loads(e, b)) || (k->kind == K_STORE && loads(k->u.store.at, b)) ||
		    (k->kind == K_FOR && (loaded(k->u.loop.body, b) || loaded(k->u.loop.tail, b))) ||
		    (k->kind == K_IF && loaded(k->u.cond.then, b)))
			return true;
	}
	return false;
}

/* Leaves out stores to arrays of the kernel that nothing reads. */
static K *without_idle(K *k, const K *all)
{
	K *first = 0, **to = &first;
	for (; k; k = k->next) {
		if (k->kind == K_STORE && k->u.store.buf->place == PL_ROW &&
		    !loaded(all, k->u.store.buf))
			continue;
		if (k->kind == K_FOR) {
			k->u.loop.body = without_idle(k->u.loop.body, all);
			k->u.loop.tail = without_idle(k->u.loop.tail, all);
		}
		*to = k;
		to = &k->next;
	}
	*to = 0;
	return first;
}

static bool attempt(Lower *l, Rows *s)
{
	l->fail = false;
	l->scope = 0;
	l->lane = 0;
	l->lanes = 0;
	l->nbound = l->nname = 0;
	s->pass = 0;
	s->at = 0;
	s->failed = 0;
	scope_open(l);
	row_dim(l, 0, true);
	K *body = scope_close(l);
	l->lane = 0;
	l->lanes = 0;
	if (!l->fail)
		s->r->kernel->body = without_idle(body, body);
	return !l->fail;
}

bool rows_lower(Lower *l, Region *r)
{
	Rows s = { .r = r };
	bool done = false;
	l->rows = &s;
	while (!(done = attempt(l, &s))) {
		Region *m = s.failed;
		bool first = m == r->member[0];
		for (int i = 1; m && i < r->nmember; i++)
			first |= r->member[i] == m && r->member[i - 1]->pass != m->pass;
		if (m && !m->alone && !first)
			m->alone = true;
		else if (m && !m->scalar)
			m->scalar = m->alone = true;
		else
			break;
	}
	l->rows = 0;
	l->region = r;
	return done;
}

/* ---- which results may be written over what is read -------------------------------------- */

/* A walk over a strip's loops: may the values of `to` be written over those of `from`? */
typedef struct {
	Lower *l;
	const Buffer *from, *to;
	const Ex *var;                 /* of the loop at hand                                  */
	const Ex *at;                  /* the store of `to`, and the variable of its loop      */
	Ex *store_var;
	bool done, bad;                /* `to` is written; they may not                        */
} Over;

/* Where `to` is stored: at one index, in a loop of its own. */
static void find_store(Over *o, const K *k, Ex *var)
{
	for (; k; k = k->next) {
		if (k->kind == K_STORE && k->u.store.buf == o->to) {
			o->bad |= !var || (o->at && (o->at != k->u.store.at || o->store_var != var));
			o->at = k->u.store.at;
			o->store_var = var;
		}
		if (k->kind == K_IF || k->kind == K_TURN)
			o->bad = true;
		if (k->kind == K_FOR) {
			find_store(o, k->u.loop.body, k->u.loop.var);
			find_store(o, k->u.loop.tail, k->u.loop.var);
		}
	}
}

/* Every load is of the element that the store will reach with the same number of its loop. */
static void over_loads(Over *o, const Ex *e)
{
	if (e->kind == E_LOAD && e->u.buf == o->from) {
		const Ex *at = e->arg[0];
		if (o->var && o->var != o->store_var)
			at = ex_subst(o->l, e->arg[0], o->var, o->store_var);
		o->bad |= o->done || at != o->at;
	}
	for (int i = 0; i < e->narg; i++)
		if (e->kind != E_LOAD || i == 0)
			over_loads(o, e->arg[i]);
}

static void over_walk(Over *o, const K *k)
{
	bool before = o->done;
	for (; k && !o->bad; k = k->next) {
		if (k->kind == K_LET)
			over_loads(o, k->u.let.init);
		else if (k->kind == K_SET)
			over_loads(o, k->u.set.val);
		else if (k->kind == K_STORE)
			over_loads(o, k->u.store.val);
		if (k->kind == K_STORE && k->u.store.buf == o->to)
			o->done = true;
		if (k->kind != K_FOR)
			continue;
		const Ex *var = o->var;
		bool own = k->u.loop.var == o->store_var;
		o->var = k->u.loop.var;
		over_walk(o, k->u.loop.body);
		over_walk(o, k->u.loop.tail);
		o->var = var;
		o->done |= own;
	}
	/* the next element, the next row: nothing of it is written yet */
	o->done = before;
}

void rows_inplace(Fn *f, Region *r)
{
	for (int i = 0; i < r->naccess; i++) {
		Access *a = &r->access[i];
		for (int k = 0; k < r->naccess && !a->write && !a->over; k++) {
			const Access *w = &r->access[k];
			Over o = { .l = f->lower, .from = a->buf, .to = w->buf };
			if (!w->write || a->buf == w->buf || !type_shape_eq(&a->buf->ty, &w->buf->ty))
				continue;
			find_store(&o, r->kernel->body, 0);
			if (o.at && !o.bad)
				over_walk(&o, r->kernel->body);
			if (o.at && !o.bad)
				a->over = w->buf;
		}
	}
}
