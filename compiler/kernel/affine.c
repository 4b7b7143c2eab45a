/* affine.c - what is known about expressions of indices: ranges, strides, substitution.
 *
 * In:    expressions.   Out: facts that hold for every batch.
 * Holds: a bound is compared at batches of 1, 2 and many: ranges of index maps grow linearly
 *        with the batch, so that this means always.
 */
#include "op.h"

/* A batch that stands for "any". */
enum { MANY = 1 << 20 };

bool ex_contains(const Ex *e, const Ex *var)
{
	if (e == var)
		return true;
	if (e->depth < var->depth)
		return false;
	for (int i = 0; i < e->narg; i++)
		if (ex_contains(e->arg[i], var))
			return true;
	return false;
}

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }

static bool range_pair(const Ex *e, int B, int64_t *lo, int64_t *hi)
{
	int64_t a, b, c, d;
	if (!ex_range(e->arg[0], B, &a, &b) || !ex_range(e->arg[1], B, &c, &d))
		return false;
	switch (e->kind) {
	case E_ADD:
		*lo = a + c;
		*hi = b + d;
		return true;
	case E_SUB:
		*lo = a - d;
		*hi = b - c;
		return true;
	case E_MUL:
		*lo = least(least(a * c, a * d), least(b * c, b * d));
		*hi = most(most(a * c, a * d), most(b * c, b * d));
		return true;
	case E_DIV:
		if (a < 0 || c < 1)
			return false;
		*lo = a / d;
		*hi = b / c;
		return true;
	case E_MOD:
		if (a < 0 || c < 1)
			return false;
		*lo = 0;
		*hi = least(b, d - 1);
		return true;
	default:
		*lo = 0;
		*hi = 1;
		return true;
	}
}

bool ex_range(const Ex *e, int B, int64_t *lo, int64_t *hi)
{
	switch (e->kind) {
	case E_INT:
		*lo = *hi = e->u.i;
		return true;
	case E_DIM:
		*lo = *hi = dim_at(e->dim, B);
		return true;
	case E_VAR:
		*lo = 0;
		*hi = dim_at(e->dim, B) - 1;
		return e->dim.k > 0;
	case E_ADD: case E_SUB: case E_MUL: case E_DIV: case E_MOD:
	case E_LT: case E_LE: case E_EQ: case E_AND:
		return range_pair(e, B, lo, hi);
	default:
		return false;
	}
}

bool ex_below(const Ex *e, Dim d)
{
	static const int size[] = { 1, 2, MANY };
	for (int i = 0; i < 3; i++) {
		int64_t lo, hi;
		if (!ex_range(e, size[i], &lo, &hi) || lo < 0 || hi >= dim_at(d, size[i]))
			return false;
	}
	return true;
}

/* Is a < b (a <= b - 1 + slack) for every B?  The difference is taken, so that terms cancel. */
bool ex_always_below(Lower *l, Ex *a, Ex *b, int slack)
{
	static const int size[] = { 1, 2, MANY };
	Ex *d = ex_sub(l, b, a);
	for (int i = 0; i < 3; i++) {
		int64_t lo, hi;
		if (!ex_range(d, size[i], &lo, &hi) || lo < 1 - slack)
			return false;
	}
	return true;
}

bool ex_const(const Ex *e, Dim *d)
{
	if (e->kind == E_INT && e->u.i >= 0 && e->u.i <= INT32_MAX) {
		*d = dim_num((int32_t)e->u.i);
		return true;
	}
	*d = e->dim;
	return e->kind == E_DIM;
}

bool ex_linear(const Ex *e, const Ex *var, Dim *coef)
{
	Dim a, b;
	if (e == var) {
		*coef = dim_num(1);
		return true;
	}
	if (!ex_contains(e, var)) {
		*coef = dim_num(0);
		return true;
	}
	if (e->kind == E_ADD) {
		if (!ex_linear(e->arg[0], var, &a) || !ex_linear(e->arg[1], var, &b))
			return false;
		if (a.k && b.k && a.b != b.b)
			return false;
		*coef = a.k ? a : b;
		coef->k = a.k + b.k;
		return true;
	}
	if (e->kind == E_SUB && !ex_contains(e->arg[1], var))
		return ex_linear(e->arg[0], var, coef);
	if (e->kind == E_MUL && ex_const(e->arg[1], &b) && ex_linear(e->arg[0], var, &a))
		return dim_mul(a, b, coef);
	return false;
}

bool ex_affine(const Ex *e)
{
	if (e->kind == E_DIV || e->kind == E_MOD)
		return false;
	for (int i = 0; i < e->narg; i++)
		if (!ex_affine(e->arg[i]))
			return false;
	return true;
}

Ex *ex_subst(Lower *l, Ex *e, const Ex *var, Ex *by)
{
	Ex *a[3];
	if (e == var)
		return by;
	if (e->narg == 0 || !ex_contains(e, var))
		return e;
	if (e->narg > 3)
		bug(l->job, "ex: substitution into an expression of %d operands", e->narg);
	for (int i = 0; i < e->narg; i++)
		a[i] = ex_subst(l, e->arg[i], var, by);
	switch (e->kind) {
	case E_ADD: return ex_add(l, a[0], a[1]);
	case E_SUB: return ex_sub(l, a[0], a[1]);
	case E_MUL: return ex_mul(l, a[0], a[1]);
	case E_DIV: return ex_div(l, a[0], a[1]);
	case E_MOD: return ex_mod(l, a[0], a[1]);
	case E_LT: return ex_lt(l, a[0], a[1]);
	case E_LE: return ex_le(l, a[0], a[1]);
	case E_EQ: return ex_eq(l, a[0], a[1]);
	case E_AND: return ex_and(l, a[0], a[1]);
	case E_COND: return ex_cond(l, a[0], a[1], a[2]);
	default: break;
	}
	Ex k = *e;
	k.arg = a;
	return ex_get(l, &k);
}
