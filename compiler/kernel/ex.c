/* ex.c - expressions of indices and elements, unique and simplified as they are made.
 *
 * In:    operands.   Out: the one expression equal to op(operands) in this Lower.
 * Holds: int expressions are affine in loop variables wherever the index map is; DIV and MOD
 *        only remain where axes are really split.
 *
 * What makes a reshape an alias: (x / k) * k + x % k is x, and (y * k + z) / k is y where
 * 0 <= z < k.  Ranges of variables are known, so guards that always hold disappear.
 */
#include "op.h"

#include <string.h>

enum { MAXTERM = 24 };

/* ---- unique expressions ------------------------------------------------------------------ */

static int ex_hash(const Ex *e)
{
	uint64_t h = (uint64_t)e->kind * 31 + (uint64_t)e->dt * 7 + (e->wide ? 3 : 0);
	h = (h ^ (uint64_t)e->u.i) * 1099511628211u;
	h = (h ^ ((uint64_t)(uint32_t)e->dim.k << 1 | (uint32_t)e->dim.b)) * 1099511628211u;
	for (int i = 0; i < e->narg; i++)
		h = (h ^ (uint64_t)(uint32_t)e->arg[i]->hash) * 1099511628211u;
	/* small numbers have to reach the low bits, which choose the place in the table */
	h = (h ^ h >> 33) * 0xff51afd7ed558ccdu;
	return (int)(h >> 33 & 0x3fffffff);
}

static bool ex_same(const Ex *a, const Ex *b)
{
	if (a->hash != b->hash || a->kind != b->kind || a->dt != b->dt || a->wide != b->wide ||
	    a->depth != b->depth || a->narg != b->narg || a->u.i != b->u.i ||
	    !dim_eq(a->dim, b->dim) || a->text != b->text)
		return false;
	for (int i = 0; i < a->narg; i++)
		if (a->arg[i] != b->arg[i])
			return false;
	return true;
}

static void ex_put(Lower *l, Ex *e, int n)
{
	int i = e->hash & (l->tablesize - 1);
	while (l->table[i])
		i = (i + 1) & (l->tablesize - 1);
	l->table[i] = e;
	l->used[n] = i;
}

static void ex_grow(Lower *l)
{
	Ex **old = l->table;
	int *used = l->used;
	if (2 * (l->ntable + 1) <= l->tablesize)
		return;
	l->tablesize = l->tablesize ? 2 * l->tablesize : 1024;
	l->table = NEWN(l->lasting, Ex *, l->tablesize);
	l->used = NEWN(l->lasting, int, l->tablesize / 2 + 1);
	for (int i = 0; i < l->ntable; i++)
		ex_put(l, old[used[i]], i);
}

void lower_forget(Lower *l)
{
	for (int i = 0; i < l->ntable; i++)
		l->table[l->used[i]] = 0;
	l->ntable = 0;
	arena_reset(l->mem);
}

Ex *ex_get(Lower *l, const Ex *key)
{
	Ex k = *key;
	k.depth = key->kind == E_VAR || key->kind == E_NAME ? key->depth : 0;
	for (int i = 0; i < k.narg; i++)
		if (k.arg[i]->depth > k.depth)
			k.depth = k.arg[i]->depth;
	k.hash = ex_hash(&k);
	ex_grow(l);
	for (int i = k.hash & (l->tablesize - 1); l->table[i]; i = (i + 1) & (l->tablesize - 1))
		if (ex_same(l->table[i], &k))
			return l->table[i];
	Ex *e = arena_alloc(l->mem, sizeof *e + sizeof *e->arg * (size_t)k.narg);
	*e = k;
	e->uses = e->mark = e->widen_mark = e->depends_mark = 0;
	e->arg = (Ex **)(void *)(e + 1);       /* they stand behind it */
	for (int i = 0; i < k.narg; i++)
		e->arg[i] = k.arg[i];
	ex_put(l, e, l->ntable++);
	return e;
}

static Ex ex_key(ExKind kind, DType dt)
{
	Ex k;
	memset(&k, 0, sizeof k);
	k.kind = kind;
	k.dt = dt;
	return k;
}

Ex *ex_make(Lower *l, ExKind kind, DType dt, Ex *const *arg, int narg)
{
	Ex k = ex_key(kind, dt);
	k.arg = (Ex **)(uintptr_t)arg;
	k.narg = narg;
	return ex_get(l, &k);
}

static Ex *binary(Lower *l, ExKind kind, Ex *a, Ex *b)
{
	return ex_make(l, kind, DT_I32, (Ex *[]){ a, b }, 2);
}

bool ex_is(const Ex *e, int64_t i)
{
	return e->kind == E_INT && e->u.i == i;
}

Ex *ex_int(Lower *l, int64_t i)
{
	Ex k = ex_key(E_INT, DT_I32);
	k.u.i = i;
	return ex_get(l, &k);
}

Ex *ex_dim(Lower *l, Dim d)
{
	if (!d.b || !d.k)
		return ex_int(l, d.k);
	Ex k = ex_key(E_DIM, DT_I32);
	k.u.i = d.k;
	k.dim = d;
	return ex_get(l, &k);
}

Ex *ex_var(Lower *l, Sym text, Dim extent, int depth)
{
	Ex k = ex_key(E_VAR, DT_I32);
	k.u.i = l->nvar++;
	k.dim = extent;
	k.text = text;
	k.depth = depth;
	return ex_get(l, &k);
}

Lower *lower_symbolic(Job *j, Arena *a)
{
	Lower *l = NEW(a, Lower);
	l->job = j;
	l->mem = l->lasting = a;
	l->symbolic = true;
	return l;
}

Ex *ex_symbol(Lower *l, int i)
{
	Ex k = ex_key(E_VAR, DT_I32);
	k.u.i = i;
	k.text = job_symf(l->job, "v%d", i);
	return ex_get(l, &k);
}

/* ---- arithmetic -------------------------------------------------------------------------- */

/* a + b where b is x % k and a contains (x / k) * k: the two are x.  0 if not. */
static Ex *join_split(Lower *l, Ex *a, Ex *b)
{
	if (b->kind == E_ADD) {
		Ex *e = join_split(l, a, b->arg[0]);
		return e ? ex_add(l, e, b->arg[1]) : 0;
	}
	/* (x % k) * c beside ((x / k) * k) * c */
	if (b->kind == E_MUL && b->arg[0]->kind == E_MOD && a->kind == E_MUL &&
	    a->arg[1] == b->arg[1]) {
		Ex *e = join_split(l, a->arg[0], b->arg[0]);
		return e ? ex_mul(l, e, b->arg[1]) : 0;
	}
	if (b->kind != E_MOD)
		return 0;
	Ex *x = b->arg[0], *k = b->arg[1], *quotient = binary(l, E_DIV, x, k);
	if (a->kind == E_MUL && a->arg[1] == k) {
		Ex *m = a->arg[0];
		if (m == quotient)
			return x;
		if (m->kind == E_ADD && m->arg[1] == quotient)
			return ex_add(l, ex_mul(l, m->arg[0], k), x);
	}
	if (a->kind == E_ADD) {
		Ex *e = join_split(l, a->arg[1], b);
		if (e)
			return ex_add(l, a->arg[0], e);
	}
	return 0;
}

Ex *ex_add(Lower *l, Ex *a, Ex *b)
{
	if (a->kind == E_INT && b->kind == E_INT)
		return ex_int(l, a->u.i + b->u.i);
	if (a->kind == E_DIM && b->kind == E_DIM)
		return ex_dim(l, dim_batch(a->dim.k + b->dim.k));
	if (a->kind == E_INT || (a->kind == E_DIM && b->kind != E_INT)) {
		Ex *t = a;             /* numbers stand on the right */
		a = b;
		b = t;
	}
	if (ex_is(b, 0))
		return a;
	if (b->kind == E_INT && a->kind == E_ADD && a->arg[1]->kind == E_INT)
		return ex_add(l, a->arg[0], ex_int(l, a->arg[1]->u.i + b->u.i));
	if (b->kind == E_ADD && b->arg[1]->kind == E_INT)
		return ex_add(l, ex_add(l, a, b->arg[0]), b->arg[1]);
	if (a->kind == E_ADD && a->arg[1]->kind == E_INT)
		return ex_add(l, ex_add(l, a->arg[0], b), a->arg[1]);
	if (a->kind == E_SUB && a->arg[1] == b)
		return a->arg[0];
	Ex *e = l->symbolic ? 0 : join_split(l, a, b);
	return e ? e : binary(l, E_ADD, a, b);
}

Ex *ex_sub(Lower *l, Ex *a, Ex *b)
{
	if (a == b)
		return ex_int(l, 0);
	if (b->kind == E_INT)
		return ex_add(l, a, ex_int(l, -b->u.i));
	if (a->kind == E_DIM && b->kind == E_DIM && a->dim.k > b->dim.k)
		return ex_dim(l, dim_batch(a->dim.k - b->dim.k));
	if (a->kind == E_ADD && a->arg[1] == b)
		return a->arg[0];
	if (a->kind == E_ADD && a->arg[0] == b)
		return a->arg[1];
	if (b->kind == E_ADD && b->arg[1]->kind == E_INT)
		return ex_add(l, ex_sub(l, a, b->arg[0]), ex_int(l, -b->arg[1]->u.i));
	if (a->kind == E_ADD && a->arg[1]->kind == E_INT)
		return ex_add(l, ex_sub(l, a->arg[0], b), a->arg[1]);
	return binary(l, E_SUB, a, b);
}

Ex *ex_mul(Lower *l, Ex *a, Ex *b)
{
	Dim x, y, p;
	if (ex_const(a, &x) && ex_const(b, &y) && dim_mul(x, y, &p))
		return ex_dim(l, p);
	if (a->kind == E_INT || (a->kind == E_DIM && b->kind != E_INT)) {
		Ex *t = a;
		a = b;
		b = t;
	}
	if (ex_is(b, 1))
		return a;
	if (ex_is(b, 0))
		return b;
	if (a->kind == E_MUL && ex_const(a->arg[1], &x) && ex_const(b, &y) && dim_mul(x, y, &p))
		return ex_mul(l, a->arg[0], ex_dim(l, p));
	return binary(l, E_MUL, a, b);
}

/* The terms of a sum. */
static int terms(Ex *e, Ex **t, int n)
{
	while (e->kind == E_ADD && n < MAXTERM - 1) {
		t[n++] = e->arg[1];
		e = e->arg[0];
	}
	t[n++] = e;
	return n;
}

/* e / k if e is a multiple of k; else 0. */
static Ex *multiple(Lower *l, Ex *e, Dim k)
{
	Dim c;
	if (ex_const(e, &c) && c.k % k.k == 0 && c.b >= k.b)
		return ex_dim(l, dim_over(c, k));
	if (e->kind != E_MUL || !ex_const(e->arg[1], &c) || c.k % k.k || c.b < k.b)
		return 0;
	return ex_mul(l, e->arg[0], ex_dim(l, dim_over(c, k)));
}

/* Splits e into *head * k + *rest with 0 <= rest < k for a k that divides `by`; returns k, or
 * {0} if there is none.  For by = b * k: e / by is head / b, e % by is (head % b) * k + rest.
 * */
static Dim split_sum(Lower *l, Ex *e, Dim by, Ex **head, Ex **rest)
{
	Ex *t[MAXTERM];
	int n = terms(e, t, 0);
	for (int c = -1; c < n; c++) {
		Dim k = by;
		if (c >= 0 && (t[c]->kind != E_MUL || !ex_const(t[c]->arg[1], &k) || k.k < 2 ||
		               by.k % k.k || by.b < k.b))
			continue;
		*head = *rest = ex_int(l, 0);
		bool any = false;
		for (int i = n - 1; i >= 0; i--) {
			Ex *q = multiple(l, t[i], k);
			any |= q != 0;
			if (q)
				*head = ex_add(l, *head, q);
			else
				*rest = ex_add(l, *rest, t[i]);
		}
		int64_t lo, hi;
		if (any && ex_below(*rest, k) && ex_range(*head, 1, &lo, &hi) && lo >= 0)
			return k;
	}
	return dim_num(0);
}

Ex *ex_div(Lower *l, Ex *a, Ex *b)
{
	Dim k, c;
	Ex *head, *rest;
	if (ex_is(b, 1))
		return a;
	if (a->kind == E_INT && b->kind == E_INT)
		return ex_int(l, a->u.i / b->u.i);
	if (!ex_const(b, &k))
		return binary(l, E_DIV, a, b);
	Ex *q = multiple(l, a, k);
	if (q)
		return q;
	if (ex_below(a, k))
		return ex_int(l, 0);
	c = split_sum(l, a, k, &head, &rest);
	if (c.k) {
		Dim left = dim_over(k, c);
		return ex_div(l, head, ex_dim(l, left));
	}
	return binary(l, E_DIV, a, b);
}

Ex *ex_mod(Lower *l, Ex *a, Ex *b)
{
	Dim k, c;
	Ex *head, *rest;
	if (ex_is(b, 1))
		return ex_int(l, 0);
	if (a->kind == E_INT && b->kind == E_INT)
		return ex_int(l, a->u.i % b->u.i);
	if (!ex_const(b, &k))
		return binary(l, E_MOD, a, b);
	if (multiple(l, a, k))
		return ex_int(l, 0);
	if (ex_below(a, k))
		return a;
	c = split_sum(l, a, k, &head, &rest);
	if (c.k) {
		Dim left = dim_over(k, c);
		return ex_add(l, ex_mul(l, ex_mod(l, head, ex_dim(l, left)), ex_dim(l, c)),
		              rest);
	}
	return binary(l, E_MOD, a, b);
}

/* ---- conditions -------------------------------------------------------------------------- */

Ex *ex_lt(Lower *l, Ex *a, Ex *b)
{
	if (ex_always_below(l, a, b, 0))
		return ex_int(l, 1);
	if (ex_always_below(l, b, a, 1))
		return ex_int(l, 0);
	return binary(l, E_LT, a, b);
}

Ex *ex_le(Lower *l, Ex *a, Ex *b)
{
	if (ex_always_below(l, a, b, 1))
		return ex_int(l, 1);
	if (ex_always_below(l, b, a, 0))
		return ex_int(l, 0);
	return binary(l, E_LE, a, b);
}

Ex *ex_eq(Lower *l, Ex *a, Ex *b)
{
	if (a == b)
		return ex_int(l, 1);
	if (ex_always_below(l, a, b, 0) || ex_always_below(l, b, a, 0))
		return ex_int(l, 0);
	return binary(l, E_EQ, a, b);
}

Ex *ex_and(Lower *l, Ex *a, Ex *b)
{
	if (!a || a == b || ex_is(a, 1) || ex_is(b, 0))
		return b;
	if (ex_is(b, 1) || ex_is(a, 0))
		return a;
	return binary(l, E_AND, a, b);
}

Ex *ex_cond(Lower *l, Ex *cond, Ex *a, Ex *b)
{
	if (cond->kind == E_INT)
		return cond->u.i ? a : b;
	if (a == b)
		return a;
	return ex_make(l, E_COND, a->dt, (Ex *[]){ cond, a, b }, 3);
}

/* ---- elements ---------------------------------------------------------------------------- */

Ex *ex_num(Lower *l, double v, DType dt)
{
	Ex k = ex_key(E_NUM, dt);
	k.u.num = v;
	return ex_get(l, &k);
}

Ex *ex_intval(Lower *l, Ex *index)
{
	return ex_make(l, E_INTVAL, DT_I32, &index, 1);
}

Ex *ex_elemint(Lower *l, Ex *element)
{
	return element->kind == E_INTVAL ? element->arg[0]
	                                 : ex_make(l, E_ELEMINT, DT_I32, &element, 1);
}

Ex *ex_op(Lower *l, Op op, Ex *const *arg, int narg, DType dt)
{
	Ex k = ex_key(E_OP, dt);
	k.u.i = 0;
	k.u.op = op;
	k.arg = (Ex **)(uintptr_t)arg;
	k.narg = narg;
	return ex_get(l, &k);
}

/* The number of a step among those of all scans around: each draws anew. */
static Ex *position(Lower *l, const Level *v)
{
	if (!v || !v->tick)
		return ex_int(l, 0);
	Ex *outer = ex_mul(l, position(l, v->outer), ex_int(l, v->scan->a.scan.steps));
	return ex_add(l, outer, v->tick);
}

Ex *ex_random(Lower *l, uint64_t stream, Ex *sample, Ex *element)
{
	Ex k = ex_key(E_RANDOM, DT_REAL);
	Ex *arg[3] = { sample, element, 0 };
	arg[2] = position(l, l->level);
	k.u.stream = stream;
	k.arg = arg;
	k.narg = 3;
	return ex_get(l, &k);
}

Ex *ex_leaf(Lower *l, ExKind kind, Sym name, int64_t i, DType dt)
{
	Ex k = ex_key(kind, dt);
	if (kind == E_KNOB)
		k.u.i = i;
	else
		k.u.name = name;
	return ex_get(l, &k);
}
