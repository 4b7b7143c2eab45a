/* vector.c - which expressions work in whole vectors, and their form.
 *
 * In:    an expression at lane variable j.   Out: the same with everything that depends on j in
 *        NNC_VL lanes; l->fail if something does not work so.
 * Holds: each lane has the bits of the scalar form: the operations are the same, by their nncv_
 *        names.  Reads have stride 1 (a vector) or do not depend on j (one number for all
 *        lanes).
 */
#include "op.h"

/* Expressions are graphs: each is looked at once in a call of widen. */
static bool depends(const Lower *l, Ex *e, const Ex *lane)
{
	if (e->kind == E_NAME)
		return e->wide;
	if (e == lane)
		return true;
	if (e->depends_mark == l->widening)
		return e->depends;
	bool yes = false;
	for (int i = 0; i < e->narg && !yes; i++)
		yes = depends(l, e->arg[i], lane);
	e->depends_mark = l->widening;
	return e->depends = yes;
}

static Ex *widen_load(Lower *l, Ex *e, const Ex *lane)
{
	Dim c;
	Ex key = *e;
	if (e->dt != DT_REAL || e->u.buf->f64 || !ex_linear(e->arg[0], lane, &c) ||
	    !dim_is(c, 1)) {
		l->fail = true;
		return e;
	}
	key.wide = true;
	key.text = l->lanes;           /* the partial vector's loads are others */
	return ex_get(l, &key);
}

/* Bytes as reals are one load. */
static Ex *widen_bytes(Lower *l, const Ex *e, const Ex *lane)
{
	Dim c;
	Ex key = *e;
	if (!ex_linear(e->arg[0], lane, &c) || !dim_is(c, 1))
		l->fail = true;
	key.dt = DT_REAL;
	key.wide = true;
	key.text = l->lanes;
	return ex_get(l, &key);
}

static bool real_or_mask(const Ex *e)
{
	return e->dt == DT_REAL || e->dt == DT_BOOL;
}

/* Made of knobs and numbers only: one value for the whole function. */
static bool uniform(const Ex *e)
{
	if (e->kind != E_KNOB && e->kind != E_NUM && e->kind != E_OP && e->kind != E_ARG)
		return false;
	for (int i = 0; i < e->narg; i++)
		if (!uniform(e->arg[i]))
			return false;
	return true;
}

/* x / k for a knob k: the reciprocal is taken once.  (A vector division takes as long as ten
 * products; Adam's bias corrections are two of its three.) */
static Ex *by_reciprocal(Lower *l, Ex *e)
{
	if (e->kind != E_OP || e->u.op != O_div || e->dt != DT_REAL || !uniform(e->arg[1]))
		return e;
	Ex *one[2] = { ex_num(l, 1, DT_REAL), e->arg[1] };
	Ex *part[2] = { e->arg[0], ex_op(l, O_div, one, 2, DT_REAL) };
	return ex_op(l, O_mul, part, 2, DT_REAL);
}

static Ex *in_lanes(Lower *l, Ex *e, const Ex *lane);

/* The operands of a comparison of integers: one for all lanes, or an index. */
static bool is_compared(const Ex *e)
{
	return e->kind == E_OP && e->dt == DT_BOOL && e->narg == 2 && e->arg[0]->dt == DT_I32 &&
	       e->arg[1]->dt == DT_I32;
}

static Ex *int_lanes(Lower *l, Ex *e, const Ex *lane)
{
	Dim c;
	Ex key = *e;
	if (!depends(l, e, lane))
		return e;
	if (e->kind != E_INTVAL || !ex_linear(e->arg[0], lane, &c) || !dim_is(c, 1)) {
		l->fail = true;
		return e;
	}
	key.wide = true;
	return ex_get(l, &key);
}

static Ex *widen_new(Lower *l, Ex *e, const Ex *lane)
{
	Ex *arg[MAXARITY], key;
	Dim c;
	e = by_reciprocal(l, e);
	key = *e;
	if (e->kind == E_OP && e->u.op == O_real && e->arg[0]->kind == E_LOAD &&
	    (e->arg[0]->dt == DT_U8 || e->arg[0]->dt == DT_BOOL))
		return widen_bytes(l, e->arg[0], lane);
	switch (e->kind) {
	case E_LOAD:
		return widen_load(l, e, lane);
	case E_OP: case E_FMA: case E_REDUCE: case E_COND:
		break;
	case E_RANDOM:
		if (depends(l, e->arg[0], lane) || !ex_linear(e->arg[1], lane, &c) ||
		    !dim_is(c, 1))
			l->fail = true;
		key.wide = true;
		return ex_get(l, &key);
	default:
		l->fail = true;
		return e;
	}
	if (!real_or_mask(e) ||
	    (e->kind == E_COND && (depends(l, e->arg[0], lane) || e->dt != DT_REAL)))
		l->fail = true;
	for (int i = 0; i < e->narg && !l->fail; i++) {
		bool condition = e->kind == E_COND && i == 0;
		if (is_compared(e)) {
			arg[i] = int_lanes(l, e->arg[i], lane);
			continue;
		}
		arg[i] = condition ? e->arg[i] : in_lanes(l, e->arg[i], lane);
		if (!condition && !real_or_mask(e->arg[i]))
			l->fail = true;
	}
	if (l->fail)
		return e;
	key.arg = arg;
	key.wide = true;
	return ex_get(l, &key);
}

static Ex *in_lanes(Lower *l, Ex *e, const Ex *lane)
{
	if (e->wide || !depends(l, e, lane))
		return e;
	if (e->widen_mark != l->widening) {
		e->widened = widen_new(l, e, lane);
		e->widen_mark = l->widening;
	}
	return e->widened;
}

Ex *widen(Lower *l, Ex *e, const Ex *lane)
{
	if (!lane)
		return e;
	l->widening++;
	return in_lanes(l, e, lane);
}
