/* moves.c - functions that move elements: reshape, permute, concat, pad, and their kin.
 *
 * In:    tensors, dimensions.   Out: tensors; a mark survives.
 * Holds: every extent is checked here; nodes get what fits.
 */
#include "elab.h"

#include <string.h>

static Value moved(Elab *e, Frame *f, Node *n, const Value *x)
{
	Value v = v_tensor(e, n, f->at);
	v.mark = x->mark;
	return v;
}

static bool size_of(const Type *t, Dim *d)
{
	return type_size(t, d);
}

/* ---- shapes ------------------------------------------------------------------------------ */

static Value reshape_to(Elab *e, Frame *f, const Value *x, Type *t, int hole)
{
	Dim have, want;
	bool ok = size_of(&x->n->ty, &have);
	if (hole >= 0) {
		t->dim[hole] = dim_num(1);
		ok = ok && size_of(t, &want) && want.k && have.k % want.k == 0 &&
		     have.b >= want.b;
		if (ok)
			t->dim[hole] = dim_over(have, want);
	} else {
		ok = ok && size_of(t, &want) && dim_eq(have, want);
	}
	if (ok)
		return moved(e, f, n_reshape(e->g, value_node(e, x), t), x);
	Diag *d = fail(e, f->at, "E0301", "`%s` cannot turn %s into %s", f->def->name,
	               value_text(e, x), hole >= 0 ? "this shape" : type_text(e->mem, t));
	if (size_of(&x->n->ty, &have) && size_of(t, &want))
		diag_note(d, "%s elements, but %s are needed", dim_text(e->mem, have),
		          hole >= 0 ? arena_printf(e->mem, "a multiple of %s",
		                                   dim_text(e->mem, want))
		                    : dim_text(e->mem, want));
	show_value(e, d, x);
	show_origin(e, d, x);
	return v_poison();
}

/* The extents in a list formal; hole: the place of the -1. */
static bool extents(Elab *e, Frame *f, int i, const char *what, Type *t, int *hole)
{
	const Value *l = formal(f, i);
	const Value *v = l->kind == V_LIST ? l->item : l;
	int n = l->kind == V_LIST ? l->nitem : 1;
	if (n == 1 && v->kind == V_LIST) {
		n = v->nitem;
		v = v->item;
	}
	memset(t->dim, 0, sizeof t->dim);
	t->rank = 0;
	if (hole)
		*hole = -1;
	if (n > MAXRANK) {
		fail(e, f->at, "E0303", "a tensor has at most %d dimensions", MAXRANK);
		return false;
	}
	for (int k = 0; k < n; k++) {
		Dim d;
		if (!need_dim(e, &v[k], what, hole != 0, &d))
			return false;
		if (!d.k) {
			if (*hole >= 0) {
				fail(e, v[k].at, "E0301", "only one dimension can be -1");
				return false;
			}
			*hole = k;
		}
		t->dim[t->rank++] = d;
	}
	return true;
}

static Value b_reshape(Elab *e, Frame *f)
{
	Type t;
	int hole;
	const Value *x = need_tensor(e, f, 0);
	if (!x)
		return v_poison();
	t = x->n->ty;
	if (!extents(e, f, 1, "a dimension of `reshape`", &t, &hole))
		return v_poison();
	return reshape_to(e, f, x, &t, hole);
}

static Value b_shape_as(Elab *e, Frame *f)
{
	const Value *x = need_tensor(e, f, 0), *y = need_tensor(e, f, 1);
	if (!x || !y)
		return v_poison();
	Type t = y->n->ty;
	return reshape_to(e, f, x, &t, -1);
}

static Value b_flatten(Elab *e, Frame *f)
{
	const Value *x = need_tensor(e, f, 0);
	if (!x)
		return v_poison();
	Type t = type_make(x->n->ty.dt, 2, x->n->ty.dim);
	if (x->n->ty.rank < 1) {
		fail(e, f->at, "E0303", "`flatten` needs a tensor, but this is a scalar");
		return v_poison();
	}
	return reshape_to(e, f, x, &t, 1);
}

static Value b_squeeze(Elab *e, Frame *f)
{
	uint32_t axes;
	const Value *x = need_tensor(e, f, 0);
	if (!x || !need_axes(e, formal(f, 1), x->n->ty.rank, &axes))
		return v_poison();
	bool all = formal(f, 1)->kind == V_NONE;
	for (int i = 0; i < x->n->ty.rank; i++) {
		if (!(axes >> i & 1) || dim_is(x->n->ty.dim[i], 1))
			continue;
		axes &= ~(1u << i);
		if (all)
			continue;
		Diag *d = fail(e, f->at, "E0301",
		               "`squeeze` removes dimensions of 1, but dimension %d "
		               "has %s elements",
		               i, dim_text(e->mem, x->n->ty.dim[i]));
		show_value(e, d, x);
		return v_poison();
	}
	return moved(e, f, drop_axes(e, value_node(e, x), axes), x);
}

static Value b_unsqueeze(Elab *e, Frame *f)
{
	int axis;
	const Value *x = need_tensor(e, f, 0);
	if (!x || !need_axis(e, formal(f, 1), x->n->ty.rank + 1, "`dim`", &axis))
		return v_poison();
	Type t = type_make(x->n->ty.dt, 0, 0);
	if (x->n->ty.rank == MAXRANK) {
		fail(e, f->at, "E0303", "a tensor has at most %d dimensions", MAXRANK);
		return v_poison();
	}
	for (int i = 0; i <= x->n->ty.rank; i++)
		t.dim[i] = i == axis ? dim_num(1) : x->n->ty.dim[i < axis ? i : i - 1];
	t.rank = x->n->ty.rank + 1;
	return moved(e, f, n_reshape(e->g, value_node(e, x), &t), x);
}

static Value b_transpose(Elab *e, Frame *f)
{
	int a, b, p[MAXRANK];
	const Value *x = need_tensor(e, f, 0);
	if (!x || !need_axis(e, formal(f, 1), x->n->ty.rank, "`d0`", &a) ||
	    !need_axis(e, formal(f, 2), x->n->ty.rank, "`d1`", &b))
		return v_poison();
	for (int i = 0; i < x->n->ty.rank; i++)
		p[i] = i == a ? b : i == b ? a : i;
	return moved(e, f, n_permute(e->g, value_node(e, x), p), x);
}

static Value b_permute(Elab *e, Frame *f)
{
	int p[MAXRANK];
	uint32_t seen = 0;
	const Value *x = need_tensor(e, f, 0), *l = formal(f, 1);
	if (!x)
		return v_poison();
	if (l->nitem == 1 && l->item[0].kind == V_LIST)
		l = &l->item[0];
	for (int i = 0; i < l->nitem && i < MAXRANK; i++) {
		if (!need_axis(e, &l->item[i], x->n->ty.rank, "a dimension of `permute`",
		               &p[i]))
			return v_poison();
		seen |= 1u << p[i];
	}
	if (l->nitem != x->n->ty.rank || seen != (1u << x->n->ty.rank) - 1) {
		Diag *d = fail(e, f->at, "E0301",
		               "`permute` needs each of the %d dimensions once", x->n->ty.rank);
		show_value(e, d, x);
		return v_poison();
	}
	return moved(e, f, n_permute(e->g, value_node(e, x), p), x);
}

static Value b_expand(Elab *e, Frame *f)
{
	const Value *x = need_tensor(e, f, 0);
	if (!x)
		return v_poison();
	const Type *from = &x->n->ty;
	Type t = *from;
	if (!extents(e, f, 1, "a dimension of `expand`", &t, 0))
		return v_poison();
	bool ok = t.rank >= from->rank;
	for (int i = 0; ok && i < from->rank; i++) {
		Dim a = from->dim[i], b = t.dim[t.rank - from->rank + i];
		ok = dim_eq(a, b) || dim_is(a, 1);
	}
	if (!ok) {
		Diag *d = fail(e, f->at, "E0301",
		               "`expand` stretches dimensions of 1 only: %s does not "
		               "become %s",
		               value_text(e, x), type_text(e->mem, &t));
		show_value(e, d, x);
		return v_poison();
	}
	if (!shape_ok(e, &t, f->at))
		return v_poison();
	return moved(e, f, n_broadcast(e->g, value_node(e, x), &t), x);
}

/* along(v, x, d): a vector as dimension d of x; dimensions left of d are left out, so that the
 * batch finds nothing to stretch. */
static Value b_along(Elab *e, Frame *f)
{
	int axis;
	const Value *v = need_tensor(e, f, 0), *x = need_tensor(e, f, 1);
	if (!v || !x || !need_axis(e, formal(f, 2), x->n->ty.rank, "`dim`", &axis))
		return v_poison();
	Type t = v->n->ty;
	if (t.rank != 1 || !dim_eq(t.dim[0], x->n->ty.dim[axis])) {
		Diag *d = fail(e, f->at, "E0301",
		               "`along` needs a vector of %s elements, but this is %s",
		               dim_text(e->mem, x->n->ty.dim[axis]), value_text(e, v));
		show_value(e, d, x);
		return v_poison();
	}
	t.rank = x->n->ty.rank - axis;
	for (int i = 1; i < t.rank; i++)
		t.dim[i] = dim_num(1);
	return moved(e, f, n_reshape(e->g, value_node(e, v), &t), v);
}

static Value b_reverse(Elab *e, Frame *f)
{
	int axis;
	const Value *x = need_tensor(e, f, 0);
	if (!x || !need_axis(e, formal(f, 1), x->n->ty.rank, "`dim`", &axis))
		return v_poison();
	if (x->n->ty.dim[axis].b) {
		fail(e, f->at, "E0301", "`reverse` over the batch would mix samples");
		return v_poison();
	}
	return moved(e, f, n_flip(e->g, value_node(e, x), axis), x);
}

/* ---- several tensors --------------------------------------------------------------------- */

/* The parts in formal 0 (a list) at one element type; 0 after a message. */
static Node **parts(Elab *e, Frame *f, int *n, Mark *mark)
{
	Value *l = &f->formal[0];
	if (l->nitem == 1 && l->item[0].kind == V_LIST)
		*l = l->item[0];
	Node **x = NEWN(e->mem, Node *, l->nitem + 1);
	*n = l->nitem;
	bool real = false;
	for (int i = 0; i < l->nitem; i++) {
		if (l->item[i].kind != V_TENSOR) {
			fail(e, l->item[i].at, "E0310", "`%s` joins tensors, but this is %s",
			     f->def->name, value_text(e, &l->item[i]));
			return 0;
		}
		x[i] = value_node(e, &l->item[i]);
		real |= x[i]->ty.dt != x[0]->ty.dt;
		*mark = i && *mark != l->item[i].mark ? MARK_NONE : l->item[i].mark;
	}
	if (!l->nitem) {
		fail(e, f->at, "E0207", "`%s` needs at least one tensor", f->def->name);
		return 0;
	}
	for (int i = 0; i < *n && real; i++)
		x[i] = real_of(e, x[i]);
	return x;
}

static bool parts_fit(Elab *e, Frame *f, Node **x, int n, int axis)
{
	const Value *l = formal(f, 0);
	for (int i = 1; i < n; i++) {
		bool ok = x[i]->ty.rank == x[0]->ty.rank;
		for (int k = 0; ok && k < x[0]->ty.rank; k++)
			ok = k == axis ? x[i]->ty.dim[k].b == x[0]->ty.dim[k].b
			               : dim_eq(x[i]->ty.dim[k], x[0]->ty.dim[k]);
		if (ok)
			continue;
		Diag *d = fail(e, f->at, "E0301",
		               axis >= 0 ? "`%s` needs parts that are equal but for "
		                           "dimension %d"
		                         : "`%s` needs parts of equal shapes",
		               f->def->name, axis);
		show_value(e, d, &l->item[0]);
		show_value(e, d, &l->item[i]);
		show_origin(e, d, &l->item[i]);
		return false;
	}
	return true;
}

/* The dimension with an extent of k. */
static bool resize(Elab *e, Span at, Dim *d, int64_t k)
{
	if (k > INT32_MAX) {
		fail(e, at, "E0302", "a dimension would have %lld elements, but at most 2147483647 are "
		     "possible", (long long)k);
		return false;
	}
	*d = dim_with(*d, (int32_t)k);
	return true;
}

static Value b_concat(Elab *e, Frame *f)
{
	int n, axis;
	Mark mark;
	Node **x = parts(e, f, &n, &mark);
	if (!x)
		return v_poison();
	axis = -1;
	if (e->in_data)
		field_parts(e, x, n, formal(f, 1), &axis);
	if ((axis < 0 && !need_axis(e, formal(f, 1), x[0]->ty.rank, "`dim`", &axis)) ||
	    !parts_fit(e, f, x, n, axis))
		return v_poison();
	Type t = x[0]->ty;
	int64_t sum = 0;
	for (int i = 0; i < n; i++)
		sum += x[i]->ty.dim[axis].k;
	if (!resize(e, f->at, &t.dim[axis], sum) || !shape_ok(e, &t, f->at))
		return v_poison();
	Value v = v_tensor(e, n_concat(e->g, x, n, axis), f->at);
	v.mark = mark;
	return v;
}

static Value b_stack(Elab *e, Frame *f)
{
	int n, axis;
	Mark mark;
	Node **x = parts(e, f, &n, &mark);
	if (!x || !need_axis(e, formal(f, 1), x[0]->ty.rank + 1, "`dim`", &axis) ||
	    !parts_fit(e, f, x, n, -1))
		return v_poison();
	if (x[0]->ty.rank == MAXRANK) {
		fail(e, f->at, "E0303", "a tensor has at most %d dimensions", MAXRANK);
		return v_poison();
	}
	Type t = x[0]->ty;
	for (int i = t.rank; i > axis; i--)
		t.dim[i] = t.dim[i - 1];
	t.dim[axis] = dim_num(1);
	t.rank++;
	Type all = t;
	all.dim[axis] = dim_num(n);
	if (!shape_ok(e, &all, f->at))
		return v_poison();
	for (int i = 0; i < n; i++)
		x[i] = n_reshape(e->g, x[i], &t);
	Value v = v_tensor(e, n_concat(e->g, x, n, axis), f->at);
	v.mark = mark;
	return v;
}

/* The sizes of the parts of split; 0 after a message. */
static int *split_sizes(Elab *e, Frame *f, Dim d, int *n)
{
	const Value *p = formal(f, 1);
	int64_t k, sum = 0;
	if (p->kind == V_LIST) {
		int *size = NEWN(e->mem, int, p->nitem + 1);
		*n = p->nitem;
		for (int i = 0; i < p->nitem; i++) {
			if (!need_int(e, &p->item[i], "the size of a part", &k))
				return 0;
			size[i] = (int)k;
			sum += k;
			if (k < 1)
				sum = -1;
		}
		if (sum == d.k)
			return size;
		fail(e, p->at, "E0308",
		     "the parts of `split` must be 1 or more and add up to %d", d.k);
		return 0;
	}
	if (!need_int(e, p, "the number of parts", &k))
		return 0;
	if (k < 1 || d.k % k) {
		Diag *m = fail(e, f->at, "E0308",
		               "cannot split a dimension of %d into %lld equal parts", d.k,
		               (long long)k);
		Span at = user_place(e, p->at);
		const char *name = source_text(e->j, at);
		if (*number_source(e, p))
			diag_span(m, at, "%s", number_source(e, p));
		if (k > 0)
			diag_label(m, "%d = %lld * d has no whole solution", d.k, (long long)k);
		if (is_word(name))
			diag_help(m, "choose `%s` from %s", name, divisors(e, d.k));
		diag_help(m, "give the sizes: `split([a, b], dim = ...)`");
		return 0;
	}
	int *size = NEWN(e->mem, int, k);
	*n = (int)k;
	for (int i = 0; i < k; i++)
		size[i] = d.k / (int)k;
	return size;
}

static Value b_split(Elab *e, Frame *f)
{
	int axis, n, at = 0;
	const Value *x = need_tensor(e, f, 0);
	if (!x || !need_axis(e, formal(f, 2), x->n->ty.rank, "`dim`", &axis))
		return v_poison();
	Dim d = x->n->ty.dim[axis];
	if (d.b) {
		fail(e, f->at, "E0311", "the batch cannot be split");
		return v_poison();
	}
	int *size = split_sizes(e, f, d, &n);
	if (!size)
		return v_poison();
	Value v = v_list(e, n, f->at);
	v.kind = V_TUPLE;
	Node *node_x = value_node(e, x);
	for (int i = 0; i < n; i++) {
		int lo[MAXRANK] = { 0 };
		Type t = x->n->ty;
		lo[axis] = at;
		t.dim[axis] = dim_num(size[i]);
		v.item[i] = moved(e, f, n_slice(e->g, node_x, lo, &t), x);
		v.item[i].made = f->at;
		at += size[i];
	}
	return n == 1 ? v.item[0] : v;
}

/* ---- borders ----------------------------------------------------------------------------- */

/* [l, r, t, b] as amounts per dimension, the last dimension first; false after a message. */
static bool amounts(Elab *e, Frame *f, int rank, int64_t *lo, int64_t *hi)
{
	const Value *p = formal(f, 1);
	if (p->kind != V_LIST || p->nitem % 2 || p->nitem > 2 * rank) {
		Diag *d = fail(e, p->at, "E0207",
		               "`%s` takes two amounts for each dimension, the last one "
		               "first",
		               f->def->name);
		diag_help(d, "write `[left, right]` or `[left, right, top, bottom]`");
		return false;
	}
	for (int i = 0; i < rank; i++)
		lo[i] = hi[i] = 0;
	for (int i = 0; i < p->nitem; i++) {
		int axis = rank - 1 - i / 2;
		int64_t *to = i % 2 ? &hi[axis] : &lo[axis];
		if (!need_int(e, &p->item[i], "an amount", to))
			return false;
		if (*to < 0 || *to > 1 << 24) {
			fail(e, p->item[i].at, "E0302", "an amount must be 0 to %d, not %lld", 1 << 24,
			     (long long)*to);
			return false;
		}
	}
	return true;
}

/* The border of x before (end false) or behind it: mirrored without the edge, or the edge. */
static Node *border(Elab *e, Node *x, int axis, int n, bool end, bool reflect)
{
	int lo[MAXRANK] = { 0 }, all = x->ty.dim[axis].k;
	Type t = x->ty;
	t.dim[axis] = dim_num(reflect ? n : 1);
	if (reflect)
		lo[axis] = end ? all - 1 - n : 1;
	else
		lo[axis] = end ? all - 1 : 0;
	Node *b = n_slice(e->g, x, lo, &t);
	t.dim[axis] = dim_num(n);
	return reflect ? n_flip(e->g, b, axis) : n_broadcast(e->g, b, &t);
}

/* pad with mode "reflect" or "edge". */
static Value pad_mode(Elab *e, Frame *f, const Value *x, const int64_t *lo, const int64_t *hi,
                      const char *mode)
{
	Node *y = value_node(e, x);
	bool reflect = !strcmp(mode, "reflect");
	if (!reflect && strcmp(mode, "edge")) {
		fail(e, f->at, "E0207",
		     "`mode` is \"constant\", \"reflect\" or \"edge\", not \"%s\"", mode);
		return v_poison();
	}
	for (int i = 0; i < y->ty.rank; i++) {
		Node *part[3];
		int n = 0, k = y->ty.dim[i].k;
		if (!lo[i] && !hi[i])
			continue;
		if (y->ty.dim[i].b) {
			fail(e, f->at, "E0301", "the batch cannot be padded");
			return v_poison();
		}
		if (reflect && (lo[i] >= k || hi[i] >= k)) {
			fail(e, f->at, "E0302",
			     "dimension %d has %d elements: it can reflect at most %d", i, k,
			     k - 1);
			return v_poison();
		}
		Type t = y->ty;
		if (!resize(e, f->at, &t.dim[i], k + lo[i] + hi[i]) || !shape_ok(e, &t, f->at))
			return v_poison();
		if (lo[i])
			part[n++] = border(e, y, i, (int)lo[i], false, reflect);
		part[n++] = y;
		if (hi[i])
			part[n++] = border(e, y, i, (int)hi[i], true, reflect);
		y = n_concat(e->g, part, n, i);
	}
	return moved(e, f, y, x);
}

static Value b_pad(Elab *e, Frame *f)
{
	int64_t lo[MAXRANK], hi[MAXRANK];
	double value;
	Sym mode;
	int at[MAXRANK] = { 0 };
	const Value *x = need_tensor(e, f, 0);
	if (!x || !amounts(e, f, x->n->ty.rank, lo, hi) ||
	    !need_number(e, formal(f, 2), "`value`", &value) ||
	    !need_string(e, formal(f, 3), "`mode`", &mode))
		return v_poison();
	if (strcmp(mode, "constant"))
		return pad_mode(e, f, x, lo, hi, mode);
	Type t = x->n->ty;
	t.dt = DT_REAL;
	t.classes = 0;
	for (int i = 0; i < t.rank; i++) {
		if (t.dim[i].b && (lo[i] || hi[i])) {
			fail(e, f->at, "E0301", "the batch cannot be padded");
			return v_poison();
		}
		at[i] = (int)lo[i];
		if (!resize(e, f->at, &t.dim[i], t.dim[i].k + lo[i] + hi[i]))
			return v_poison();
	}
	if (!shape_ok(e, &t, f->at))
		return v_poison();
	return moved(e, f, n_pad(e->g, value_real(e, x), at, &t, value), x);
}

static Value b_crop(Elab *e, Frame *f)
{
	int64_t lo[MAXRANK], hi[MAXRANK];
	int at[MAXRANK] = { 0 };
	const Value *x = need_tensor(e, f, 0);
	if (!x || !amounts(e, f, x->n->ty.rank, lo, hi))
		return v_poison();
	Type t = x->n->ty;
	for (int i = 0; i < t.rank; i++) {
		if (lo[i] + hi[i] && (t.dim[i].b || lo[i] + hi[i] >= t.dim[i].k)) {
			fail(e, f->at, "E0311", "`crop` takes more than dimension %d has", i);
			return v_poison();
		}
		at[i] = (int)lo[i];
		t.dim[i] = dim_with(t.dim[i], t.dim[i].k - (int32_t)(lo[i] + hi[i]));
	}
	return moved(e, f, n_slice(e->g, value_node(e, x), at, &t), x);
}

/* ---- constants of a shape ---------------------------------------------------------------- */

static Value filled(Elab *e, Frame *f, double k)
{
	Type t = type_scalar(DT_REAL);
	const Value *l = formal(f, 0);
	if (!l->nitem) {
		if (e->fan)
			return v_real(k, f->at);
		Args none = { 0 };
		return init_call(e, f->def, &none, f->at);
	}
	if (!extents(e, f, 0, "a dimension", &t, 0) || !shape_ok(e, &t, f->at))
		return v_poison();
	return v_tensor(e, n_broadcast(e->g, n_const(e->g, k), &t), f->at);
}

static Value b_zeros(Elab *e, Frame *f)
{
	return filled(e, f, 0);
}

static Value b_ones(Elab *e, Frame *f)
{
	return filled(e, f, 1);
}

static Value like(Elab *e, Frame *f, double k)
{
	const Value *x = need_tensor(e, f, 0);
	if (!x)
		return v_poison();
	return v_tensor(e, n_broadcast(e->g, n_const(e->g, k), &x->n->ty), f->at);
}

static Value b_zeros_like(Elab *e, Frame *f)
{
	return like(e, f, 0);
}

static Value b_ones_like(Elab *e, Frame *f)
{
	return like(e, f, 1);
}

const BuiltinRow move_rows[] = {
	{ "reshape", b_reshape },     { "shape_as", b_shape_as },
	{ "flatten", b_flatten },     { "squeeze", b_squeeze },
	{ "unsqueeze", b_unsqueeze }, { "transpose", b_transpose },
	{ "permute", b_permute },     { "expand", b_expand },
	{ "along", b_along },         { "reverse", b_reverse },
	{ "concat", b_concat },       { "stack", b_stack },
	{ "split", b_split },         { "pad", b_pad },
	{ "crop", b_crop },           { "zeros", b_zeros },
	{ "ones", b_ones },           { "zeros_like", b_zeros_like },
	{ "ones_like", b_ones_like }, { 0, 0 },
};
