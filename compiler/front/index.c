/* index.c - subscripts: of lists at compile time, of tensors, by the step of a scan.
 *
 * In:    x[subs].   Out: a slice; an integer takes one element and drops the dimension.
 * Holds: the batch dimension takes only `:` or `...`; every bound is checked here.
 */
#include "elab.h"

#include <string.h>

/* One subscript, fitted to a dimension. */
typedef struct {
	int lo, n;                     /* elements lo .. lo + n - 1                           */
	bool drop;
	bool tick; Value step;         /* it follows the step of a scan                       */
	Span at;
} Sub;

static Value index_list(Elab *e, const Value *list, Ast *a)
{
	int64_t i;
	Ast *s = a->u.index.sub.v[0];
	if (a->u.index.sub.n != 1 || s->kind == A_SLICE || s->kind == A_ELLIPSIS) {
		fail(e, a->at, "E0311", "a list takes one integer as subscript");
		return v_poison();
	}
	Value v = eval(e, s), vector = *list;
	if (v.kind == V_NUMBER && v.tick && list_tensor(e, &vector))
		return scan_step(e, &v, &vector, 0, s->at);
	if (!need_int(e, &v, "the subscript of a list", &i))
		return v_poison();
	if (i < -list->nitem || i >= list->nitem) {
		fail(e, s->at, "E0311", "subscript %lld of a list of %d", (long long)i,
		     list->nitem);
		return v_poison();
	}
	v = list->item[i < 0 ? i + list->nitem : i];
	if (!in_prelude(e, a->at))
		v.at = a->at;
	return v;
}

static bool out_of_range(Elab *e, Span at, int64_t i, Dim d, int axis)
{
	Diag *m = fail(e, at, "E0311", "subscript %lld is out of range", (long long)i);
	diag_label(m, "dimension %d has %s elements, 0..%d", axis, dim_text(e->mem, d),
	           d.k - 1);
	diag_help(m, "use %d to %d", -d.k, d.k - 1);
	return false;
}

static bool bound(Elab *e, Ast *a, Dim d, int axis, int64_t missing, int64_t *i)
{
	*i = missing;
	if (!a)
		return true;
	Value v = eval(e, a);
	if (!need_int(e, &v, "the bound of a slice", i))
		return false;
	if (*i < 0)
		*i += d.k;
	if (*i < 0 || *i > d.k)
		return out_of_range(e, a->at, *i < 0 ? *i - d.k : *i, d, axis);
	return true;
}

static bool batch_sub(Elab *e, Ast *a, int axis)
{
	Diag *d = fail(e, a->at, "E0311",
	               "dimension %d is the batch; it takes only `:` or `...`", axis);
	diag_help(d, "write `:` here and subscript the dimensions after it, as in `x[:, 0]`");
	return false;
}

/* Fits one written subscript to dimension axis of extent d. */
static bool sub_of(Elab *e, Ast *a, Dim d, int axis, Sub *s)
{
	int64_t lo, hi;
	memset(s, 0, sizeof *s);
	s->at = a->at;
	s->n = d.k;
	if (a->kind == A_SLICE) {
		if (d.b && (a->u.slice.lo || a->u.slice.hi))
			return batch_sub(e, a, axis);
		if (d.b)
			return true;
		if (!bound(e, a->u.slice.lo, d, axis, 0, &lo) ||
		    !bound(e, a->u.slice.hi, d, axis, d.k, &hi))
			return false;
		if (lo >= hi) {
			fail(e, a->at, "E0311", "this slice has no elements");
			return false;
		}
		s->lo = (int)lo;
		s->n = (int)(hi - lo);
		return true;
	}
	Value v = eval(e, a);
	if (v.kind == V_POISON)
		return false;
	if (d.b)
		return batch_sub(e, a, axis);
	s->drop = true;
	s->n = 1;
	if (v.kind == V_NUMBER && v.tick) {
		s->tick = true;
		s->step = v;
		return true;
	}
	if (!need_int(e, &v, "a subscript", &lo))
		return false;
	if (lo < -d.k || lo >= d.k)
		return out_of_range(e, a->at, lo, d, axis);
	s->lo = (int)(lo < 0 ? lo + d.k : lo);
	return true;
}

/* All dimensions of t, with `...` filled in; false after a message. */
static bool subs_of(Elab *e, Ast *a, const Type *t, Sub *sub)
{
	AstList *l = &a->u.index.sub;
	int dots = -1;
	for (int i = 0; i < l->n; i++) {
		if (l->v[i]->kind != A_ELLIPSIS)
			continue;
		if (dots >= 0) {
			fail(e, l->v[i]->at, "E0311", "only one `...` can stand here");
			return false;
		}
		dots = i;
	}
	int given = l->n - (dots >= 0);
	if (given > t->rank) {
		Diag *d = fail(e, a->at, "E0311", "%d subscripts for a tensor of rank %d",
		               given, t->rank);
		diag_label(d, "%s", type_text(e->mem, t));
		return false;
	}
	for (int axis = 0; axis < t->rank; axis++) {
		int i = axis, after = dots < 0 ? 0 : l->n - 1 - dots;
		memset(&sub[axis], 0, sizeof sub[axis]);
		sub[axis].n = t->dim[axis].k;
		if (dots >= 0 && axis >= dots)
			i = axis >= t->rank - after ? l->n - (t->rank - axis) : -1;
		if (i >= 0 && i < l->n && !sub_of(e, l->v[i], t->dim[axis], axis, &sub[axis]))
			return false;
	}
	return true;
}

static Value index_tensor(Elab *e, const Value *x, Ast *a)
{
	Sub sub[MAXRANK];
	int lo[MAXRANK] = { 0 };
	Value v = *x;
	if (!subs_of(e, a, &x->n->ty, sub))
		return v_poison();
	int shift = 0, rank = x->n->ty.rank;
	for (int i = 0; i < rank; i++) {
		if (!sub[i].tick)
			continue;
		v = scan_step(e, &sub[i].step, &v, i - shift, sub[i].at);
		if (v.kind == V_POISON)
			return v;
		shift++;
	}
	Node *n = value_node(e, &v);
	Type t = n->ty;
	uint32_t drop = 0;
	for (int i = 0, k = 0; i < rank; i++) {
		if (sub[i].tick)
			continue;
		lo[k] = sub[i].lo;
		t.dim[k] = dim_with(t.dim[k], sub[i].n);
		if (sub[i].drop)
			drop |= 1u << k;
		k++;
	}
	n = drop_axes(e, n_slice(e->g, n, lo, &t), drop);
	Value r = v_tensor(e, n, a->at);
	r.mark = x->mark;
	r.made = a->at;
	return r;
}

Value eval_index(Elab *e, Ast *a)
{
	Value x = eval(e, a->u.index.of);
	switch (x.kind) {
	case V_POISON: return x;
	case V_LIST: return index_list(e, &x, a);
	case V_TENSOR: return index_tensor(e, &x, a);
	case V_NONE: case V_NUMBER: case V_BOOL: case V_STRING: case V_TUPLE: case V_LAYER:
	case V_INIT: case V_REG: break;
	}
	fail(e, a->at, "E0310", "only tensors and lists have subscripts, but this is %s",
	     value_text(e, &x));
	return v_poison();
}
