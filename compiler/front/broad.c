/* broad.c - operators on tensors: broadcasting, element types, matrix products.
 *
 * In:    two values.   Out: a value, or poison after a message.
 * Holds: one operand at most is stretched, a missing leading dimension counting as
 *        stretching; N meets N or nothing, never a 1 (language.md sections 4 and 12).
 *
 * Nodes of maps have equal ranks with extents n or 1: ranks are made equal here by reshapes.
 */
#include "elab.h"

#include <math.h>
#include <string.h>

/* x with leading dimensions of 1 up to rank r; a scalar stays one. */
static Node *rank_up(Elab *e, Node *x, int r)
{
	if (x->ty.rank == r || !x->ty.rank)
		return x;
	Dim d[MAXRANK];
	int lead = r - x->ty.rank;
	for (int i = 0; i < r; i++)
		d[i] = i < lead ? dim_num(1) : x->ty.dim[i - lead];
	Type t = type_make(x->ty.dt, r, d);
	return n_reshape(e->g, x, &t);
}

/* How two extents meet: 0 equal, 1 the first is stretched, 2 the second, -1 not at all. */
static int meet(Dim a, Dim b)
{
	if (dim_eq(a, b))
		return 0;
	if (dim_is(a, 1) && !b.b)
		return 1;
	if (dim_is(b, 1) && !a.b)
		return 2;
	return -1;
}

static void differ(Elab *e, const Value *a, const Value *b, const char *what, Span at,
                   const int *axis, int n)
{
	Diag *d;
	bool equal = a->n->ty.rank == b->n->ty.rank;
	if (equal)
		d = fail_bare(e, at, "E0301",
		              "%s needs equal shapes, but dimension%s %s differ%s", what,
		              n > 1 ? "s" : "", ordinal_list(e, axis, n), n > 1 ? "" : "s");
	else
		d = fail_bare(e, at, "E0301", "%s needs shapes that fit, but %s and %s do not",
		              what, value_text(e, a), value_text(e, b));
	show_value(e, d, a);
	show_value(e, d, b);
	show_origin(e, d, branch_of(e, a, b));
	note_blocks(e, d);
	if (equal && shortcut_help(e, d, a, b, what))
		return;
	if (equal)
		diag_help(d,
		          "make the shapes equal first: project, slice or pad one of the two");
	else if (type_batched(&a->n->ty) != type_batched(&b->n->ty))
		diag_help(d, "the batch `N` meets `N` or nothing, never another dimension; "
		          "`squeeze`, `unsqueeze` or `reshape` one of the two");
	else
		diag_help(
			d,
			"dimensions are compared from the right; `unsqueeze` or `reshape` one "
			"of the two");
}

static void both_stretch(Elab *e, const Value *a, const Value *b, const char *what, Span at)
{
	Diag *d = fail(e, at, "E0301", "%s would stretch both sides, %s and %s", what,
	               value_text(e, a), value_text(e, b));
	show_value(e, d, a);
	show_value(e, d, b);
	diag_note(d, "an operation stretches one operand only, a missing leading dimension "
	          "counting as stretching");
	diag_help(d,
	          "stretch one of the two yourself: `expand(x, N, ...)`, or `squeeze` what is "
	          "too much");
}

bool broadcast(Elab *e, const Value *a, const Value *b, Node **a2, Node **b2, const char *what,
               Span at)
{
	Node *x = value_node(e, a), *y = value_node(e, b);
	int rx = x->ty.rank, ry = y->ty.rank, r = rx > ry ? rx : ry, bad[MAXRANK], nbad = 0;
	bool sx = rx < ry, sy = ry < rx;
	*a2 = x;
	*b2 = y;
	if (!rx || !ry)
		return true;
	for (int i = 0; i < r; i++) {
		int ix = i - (r - rx), iy = i - (r - ry);
		if (ix < 0 || iy < 0)
			continue;
		int m = meet(x->ty.dim[ix], y->ty.dim[iy]);
		if (m < 0)
			bad[nbad++] = i;
		sx |= m == 1;
		sy |= m == 2;
	}
	if (nbad) {
		differ(e, a, b, what, at, bad, nbad);
		return false;
	}
	if (sx && sy && !in_prelude(e, at)) {
		both_stretch(e, a, b, what, at);
		return false;
	}
	*a2 = rank_up(e, x, r);
	*b2 = rank_up(e, y, r);
	return true;
}

/* ---- element types ----------------------------------------------------------------------- */

static bool is_class(const Node *n)
{
	return n->ty.dt == DT_I32 && n->ty.classes > 0;
}

static bool operand(const Value *v)
{
	return v->kind == V_TENSOR || v->kind == V_NUMBER || v->kind == V_BOOL;
}

static bool no_operand(Elab *e, Sym op, const Value *v, Span at)
{
	if (operand(v))
		return false;
	if (v->kind == V_POISON)
		return true;
	Diag *d = fail(e, at, "E0310", "`%s` works on tensors and numbers, but this is %s", op,
	               value_text(e, v));
	diag_span(d, user_place(e, v->at), "%s", value_text(e, v));
	if (v->kind == V_LAYER)
		diag_help(d, "call the layer: `%s(x)`", v->layer->name);
	return true;
}

/* The integer operand of a comparison as i32, when the other one is an integer tensor. */
static Node *as_i32(Elab *e, const Value *v, Node *n)
{
	if (v->kind == V_NUMBER && v->known && v->is_int && !v->deps)
		return n_const_as(e->g, v->num, DT_I32);
	return n;
}

static void class_arithmetic(Elab *e, Sym op, const Value *v, Span at)
{
	Diag *d = fail(e, at, "E0310", "`%s` does not work on classes", op);
	show_value(e, d, v);
	diag_note(
		d,
		"classes are compared (`==`, `!=`), used as an index (`pick`, `embedding`) or "
		"turned into numbers by `one_hot`");
	diag_help(d, "write `one_hot(x)` for a tensor of 0 and 1");
}

/* An operand that is class(K) where the operator has no use for classes; 0: none. */
static const Value *class_operand(const Elab *e, Op op, const Value *a, const Value *b, Span at)
{
	if (e->in_data || in_prelude(e, at) || op == O_eq || op == O_ne)
		return 0;
	if (a->kind == V_TENSOR && is_class(a->n))
		return a;
	return b->kind == V_TENSOR && is_class(b->n) ? b : 0;
}

/* Classes of different kinds are never equal by intention. */
static bool same_classes(Elab *e, Sym op, const Value *a, const Value *b, Node *x, Node *y, Span at)
{
	if (e->in_data || !is_class(x) || !is_class(y) || x->ty.classes == y->ty.classes)
		return true;
	Diag *d = fail(e, at, "E0305", "`%s` compares %d classes with %d classes", op,
	               x->ty.classes, y->ty.classes);
	show_value(e, d, a);
	show_value(e, d, b);
	diag_note(d, "class(K) is compared with class(K) of the same K, or with an integer");
	diag_help(d, "declare both with the same K");
	return false;
}

/* Gives both operands the element type that the operator works on; false after E0310. */
static bool fit_types(Elab *e, Sym name, Op op, const Value *a, const Value *b, Node **x,
                      Node **y, Span at)
{
	bool equality = op == O_eq || op == O_ne;
	if ((*x)->ty.dt == DT_I32)
		*y = as_i32(e, b, *y);
	if ((*y)->ty.dt == DT_I32)
		*x = as_i32(e, a, *x);
	bool ints = (*x)->ty.dt == DT_I32 && (*y)->ty.dt == DT_I32;
	if (!e->in_data && !in_prelude(e, at) && !(equality && ints)) {
		const Value *c = is_class(*x) ? a : is_class(*y) ? b : 0;
		if (c) {
			class_arithmetic(e, name, c, at);
			return false;
		}
	}
	if (equality && !same_classes(e, name, a, b, *x, *y, at))
		return false;
	if (op == O_and || op == O_or) {
		if ((*x)->ty.dt == DT_BOOL && (*y)->ty.dt == DT_BOOL)
			return true;
		fail(e, at, "E0310", "`%s` joins bools, but these are %s and %s", name,
		     value_text(e, a), value_text(e, b));
		return false;
	}
	if (ints && (opinfo[op].int_ok) && op != O_div)
		return true;
	if (equality && (*x)->ty.dt == DT_BOOL && (*y)->ty.dt == DT_BOOL)
		return true;
	*x = real_of(e, *x);
	*y = real_of(e, *y);
	return true;
}

/* ---- binary operators -------------------------------------------------------------------- */

typedef struct { const char *name; Op op; bool swap; } Operator;

static const Operator *operator_find(Sym op)
{
	static const Operator row[] = {
		{ "+", O_add, false }, { "-", O_sub, false }, { "*", O_mul, false },
		{ "/", O_div, false }, { "**", O_pow, false }, { "==", O_eq, false },
		{ "!=", O_ne, false }, { "<", O_lt, false }, { "<=", O_le, false },
		{ ">", O_lt, true }, { ">=", O_le, true }, { "and", O_and, false },
		{ "or", O_or, false },
	};
	for (size_t i = 0; i < sizeof row / sizeof *row; i++)
		if (!strcmp(row[i].name, op))
			return &row[i];
	return 0;
}

/* Comparisons and logic of what is known at compile time; false: not known. */
static bool known_bool(Elab *e, const Operator *o, const Value *a, const Value *b, Span at,
                       Value *r)
{
	if (a->kind == V_STRING && b->kind == V_STRING && (o->op == O_eq || o->op == O_ne)) {
		*r = v_bool((a->str == b->str) == (o->op == O_eq), at);
		return true;
	}
	if ((a->kind == V_NONE || b->kind == V_NONE) && (o->op == O_eq || o->op == O_ne)) {
		*r = v_bool((a->kind == b->kind) == (o->op == O_eq), at);
		return a->kind != V_POISON && b->kind != V_POISON;
	}
	bool nums = a->kind == V_NUMBER && b->kind == V_NUMBER && a->known && b->known;
	/* The prelude's `if p != 0` with a schedule: what is built is right for 0 too. */
	if (o->op == O_ne && is_schedule(a) && b->kind == V_NUMBER && b->known && b->num == 0 &&
	    in_prelude(e, at)) {
		*r = v_bool(true, at);
		return true;
	}
	bool bools = a->kind == V_BOOL && b->kind == V_BOOL;
	if ((!nums || !opinfo[o->op].bool_result || o->op == O_and || o->op == O_or) && !bools)
		return false;
	if (bools && (o->op == O_lt || o->op == O_le || !opinfo[o->op].bool_result))
		return false;
	double x = bools ? a->yes : a->num, y = bools ? b->yes : b->num;
	*r = v_bool(o->swap ? opinfo[o->op].f(y, x, 0) != 0 : opinfo[o->op].f(x, y, 0) != 0,
	            at);
	r->deps = deps_join(e, a->deps, b->deps);
	r->mode = a->mode || b->mode;
	/* The prelude's `if p != 0` only saves work that 0 would make useless: p may still be
	 * set at run time, and what was built for another value is right for 0 too. */
	if (nums && o->op == O_ne && b->num == 0 && a->num != 0 && in_prelude(e, at))
		r->deps = 0;
	return true;
}

/* Both or neither: vectors hold bools as masks, which no comparison of numbers takes. */
static Node *bools_equal(Elab *e, Node *a, Node *b, bool differ)
{
	Node *both = n_op2(e->g, O_and, a, b), *some = n_op2(e->g, O_or, a, b);
	if (differ)
		return n_op2(e->g, O_and, some, n_op1(e->g, O_not, both));
	return n_op2(e->g, O_or, both, n_op1(e->g, O_not, some));
}

static Value tensor_binary(Elab *e, const Operator *o, Sym op, const Value *a, const Value *b,
                           Span at, Span op_at)
{
	Node *x, *y;
	const char *what = arena_printf(e->mem, "`%s`", op);
	if (no_operand(e, op, a, op_at) || no_operand(e, op, b, op_at))
		return v_poison();
	/* before the shapes: equal shapes would not help */
	const Value *c = class_operand(e, o->op, a, b, op_at);
	if (c) {
		class_arithmetic(e, op, c, op_at);
		return v_poison();
	}
	if (!broadcast(e, a, b, &x, &y, what, op_at) ||
	    !fit_types(e, op, o->op, a, b, &x, &y, op_at))
		return v_poison();
	bool bools = x->ty.dt == DT_BOOL && y->ty.dt == DT_BOOL;
	if (bools && (o->op == O_eq || o->op == O_ne))
		return v_tensor(e, bools_equal(e, x, y, o->op == O_ne), at);
	return v_tensor(e, o->swap ? n_op2(e->g, o->op, y, x) : n_op2(e->g, o->op, x, y), at);
}

Value binary(Elab *e, Sym op, const Value *a, const Value *b, Span at, Span op_at)
{
	Value r;
	if (a->kind == V_POISON || b->kind == V_POISON)
		return v_poison();
	if (!strcmp(op, "@"))
		return matmul(e, a, b, at, op_at);
	const Operator *o = operator_find(op);
	if (!o)
		bug(e->j, "operator %s", op);
	if (known_bool(e, o, a, b, at, &r))
		return r;
	if (a->kind == V_NUMBER && b->kind == V_NUMBER && !opinfo[o->op].bool_result)
		return number_op(e, o->op, a, b, at);
	return tensor_binary(e, o, op, a, b, at, op_at);
}

/* ---- matrix products --------------------------------------------------------------------- */

static Value inner_differ(Elab *e, const Value *a, const Value *b, Span op_at, Dim ka, Dim kb)
{
	Diag *d = fail(e, op_at, "E0301", "`@` needs equal inner sizes, but %s and %s differ",
	               dim_text(e->mem, ka), dim_text(e->mem, kb));
	show_value(e, d, a);
	show_value(e, d, b);
	show_origin(e, d, a);
	diag_help(d, "the last dimension on the left meets the second last on the right; "
	          "`transpose(w)` swaps the last two");
	return v_poison();
}

/* Leading dimensions of a product: labels 0..; an extent of 1 is dropped where the other side
 * has more.  ra, rb: how many leading dimensions; fills la, lb with labels (-1: to be dropped).
 */
static bool lead_labels(const Type *a, const Type *b, int ra, int rb, int *la, int *lb)
{
	int r = ra > rb ? ra : rb;
	for (int i = 0; i < r; i++) {
		int ia = i - (r - ra), ib = i - (r - rb);
		if (ia >= 0)
			la[ia] = i;
		if (ib >= 0)
			lb[ib] = i;
		if (ia < 0 || ib < 0)
			continue;
		int m = meet(a->dim[ia], b->dim[ib]);
		if (m < 0)
			return false;
		if (m == 1)
			la[ia] = -1;
		if (m == 2)
			lb[ib] = -1;
	}
	return true;
}

/* Removes dimensions with label -1 (extent 1) from x and from l. */
static Node *drop_unlabelled(Elab *e, Node *x, int *l)
{
	uint32_t axes = 0;
	int n = 0;
	for (int i = 0; i < x->ty.rank; i++)
		if (l[i] < 0)
			axes |= 1u << i;
		else
			l[n++] = l[i];
	return drop_axes(e, x, axes);
}

Value matmul(Elab *e, const Value *a, const Value *b, Span at, Span op_at)
{
	int la[MAXRANK], lb[MAXRANK], out[MAXRANK], nout = 0;
	if (a->kind == V_POISON || b->kind == V_POISON)
		return v_poison();
	if (a->kind != V_TENSOR || b->kind != V_TENSOR) {
		const Value *v = a->kind != V_TENSOR ? a : b;
		fail(e, op_at, "E0310", "`@` multiplies tensors, but this is %s",
		     value_text(e, v));
		return v_poison();
	}
	Node *x = value_real(e, a), *y = value_real(e, b);
	int rx = x->ty.rank, ry = y->ty.rank;
	if (!rx || !ry) {
		Diag *d = fail(e, op_at, "E0303",
		               "`@` needs tensors, but one of these is a scalar");
		show_value(e, d, rx ? b : a);
		diag_help(d, "write `*` for a product with a number");
		return v_poison();
	}
	Dim kx = x->ty.dim[rx - 1], ky = y->ty.dim[ry > 1 ? ry - 2 : 0];
	if (!dim_eq(kx, ky))
		return inner_differ(e, a, b, op_at, kx, ky);
	int ax = rx > 1 ? rx - 2 : 0, ay = ry > 1 ? ry - 2 : 0, r = ax > ay ? ax : ay;
	if (!lead_labels(&x->ty, &y->ty, ax, ay, la, lb)) {
		Diag *d = fail(e, op_at, "E0301", "`@` needs leading dimensions that fit");
		show_value(e, d, a);
		show_value(e, d, b);
		return v_poison();
	}
	enum { ROW = MAXRANK, COL, SUM };
	for (int i = 0; i < r; i++)
		out[nout++] = i;
	if (rx > 1) {
		la[rx - 2] = ROW;
		out[nout++] = ROW;
	}
	la[rx - 1] = SUM;
	lb[ry > 1 ? ry - 2 : 0] = SUM;
	if (ry > 1) {
		lb[ry - 1] = COL;
		out[nout++] = COL;
	}
	x = drop_unlabelled(e, x, la);
	y = drop_unlabelled(e, y, lb);
	Dim d[MAXRANK];
	int n = 0;
	for (int i = 0; i < r; i++) {
		int ia = i - (r - ax), ib = i - (r - ay);
		Dim p = ia >= 0 ? a->n->ty.dim[ia] : dim_num(1),
		    q = ib >= 0 ? b->n->ty.dim[ib] : p;
		d[n++] = ia < 0 || dim_is(p, 1) ? q : p;
	}
	if (rx > 1)
		d[n++] = a->n->ty.dim[rx - 2];
	if (ry > 1)
		d[n++] = b->n->ty.dim[ry - 1];
	Type t = type_make(DT_REAL, n, d);
	if (!shape_ok(e, &t, op_at))
		return v_poison();
	return v_tensor(e, n_contract(e->g, x, y, la, lb, out, nout), at);
}

bool shape_ok(Elab *e, const Type *t, Span at)
{
	Dim size;
	int batches = 0;
	if (t->rank <= MAXRANK && type_size(t, &size))
		return true;
	for (int i = 0; i < t->rank; i++)
		batches += t->dim[i].b;
	Diag *d = fail(e, at, "E0302",
	               batches > 1 ? "the result would have two batch dimensions: %s"
	                           : "the result would be too large: %s",
	               type_text(e->mem, t));
	if (batches > 1)
		diag_note(d, "`N * N` elements have no fixed size for a sample; nnc does not "
		             "compare "
		             "samples of a batch with each other");
	else
		diag_note(d, "a tensor has at most 2147483647 elements for one sample");
	return false;
}
