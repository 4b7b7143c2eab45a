/* builtin.c - functions of the prelude that the language cannot express: one op each,
 * selection, gathering, random numbers, and what can be asked about a value.
 *
 * In:    the frame of the call, its formals by number.   Out: a value.
 */
#include "elab.h"

#include <math.h>
#include <string.h>

Builtin *builtin_find(const char *name)
{
	static const BuiltinRow *const table[] = { builtin_rows, move_rows, spatial_rows,
		                                   reduce_rows, pattern_rows, whole_rows,
		                                   schedule_rows, field_rows };
	for (size_t t = 0; t < sizeof table / sizeof *table; t++)
		for (const BuiltinRow *r = table[t]; r->name; r++)
			if (!strcmp(r->name, name))
				return r->fn;
	return 0;
}

static Value v_moved(Elab *e, Frame *f, Node *n, Mark mark)
{
	Value v = v_tensor(e, n, f->at);
	v.mark = mark;
	return v;
}

/* ---- one op ------------------------------------------------------------------------------ */

/* fn f(x) = builtin("op"), a MAP or a composite of one operand. */
static Value b_op(Elab *e, Frame *f)
{
	Op op = f->def->op;
	Mark mark = op == O_sigmoid ? MARK_PROB : MARK_NONE;
	if (formal(f, 0)->kind == V_NUMBER && opinfo[op].f)
		return number_map(e, op, formal(f, 0), f->at);
	const Value *x = need_tensor(e, f, 0);
	if (!x)
		return v_poison();
	if (x->n->ty.dt == DT_I32 && x->n->ty.classes) {
		Diag *d =
			fail(e, f->at, "E0310", "`%s` does not work on classes", f->def->name);
		show_value(e, d, x);
		return v_poison();
	}
	return v_moved(e, f, n_op1(e->g, op, value_real(e, x)), mark);
}

static Value b_pow(Elab *e, Frame *f)
{
	return binary(e, job_sym(e->j, "**"), formal(f, 0), formal(f, 1), f->at, f->at);
}

static Value b_matmul(Elab *e, Frame *f)
{
	return matmul(e, formal(f, 0), formal(f, 1), f->at, f->at);
}

/* where(c, a, b): a compile-time condition chooses a value of any kind. */
static Value b_where(Elab *e, Frame *f)
{
	const Value *c = formal(f, 0);
	bool numbers = formal(f, 1)->kind == V_NUMBER && formal(f, 2)->kind == V_NUMBER;
	Node *x, *y, *cond;
	if (c->kind == V_BOOL) {
		make_structural(e, c);
		return *formal(f, c->yes ? 1 : 2);
	}
	c = need_tensor(e, f, 0);
	const Value *a = need_tensor(e, f, 1), *b = need_tensor(e, f, 2);
	if (!c || !a || !b)
		return v_poison();
	if (c->n->ty.dt != DT_BOOL) {
		Diag *d = fail(e, c->at, "E0310",
		               "`where` needs a bool as condition, but this is %s",
		               value_text(e, c));
		diag_help(d, "write a comparison: `where(x > 0, a, b)`");
		return v_poison();
	}
	bool same = a->n->ty.dt == b->n->ty.dt && a->n->ty.dt == DT_I32;
	if (!broadcast(e, a, b, &x, &y, "`where`", f->at))
		return v_poison();
	if (!same) {
		x = real_of(e, x);
		y = real_of(e, y);
	}
	Value v = v_tensor(e, x->ty.rank >= y->ty.rank ? x : y, a->at);
	/* the condition against the longer of the two */
	Node *wide;
	if (!broadcast(e, c, &v, &cond, &wide, "`where`", f->at))
		return v_poison();
	int r = cond->ty.rank;
	if (x->ty.rank && x->ty.rank < r) {
		Value vx = v_tensor(e, x, a->at), vc = v_tensor(e, cond, c->at);
		Node *tmp;
		if (!broadcast(e, &vc, &vx, &tmp, &x, "`where`", f->at))
			return v_poison();
	}
	if (y->ty.rank && y->ty.rank < r) {
		Value vy = v_tensor(e, y, b->at), vc = v_tensor(e, cond, c->at);
		Node *tmp;
		if (!broadcast(e, &vc, &vy, &tmp, &y, "`where`", f->at))
			return v_poison();
	}
	v = v_tensor(e, n_op3(e->g, O_where, cond, x, y), f->at);
	if (numbers)
		number_from_tensor(e, &v);
	return v;
}

/* The op `real` has no gradient: a value that stands still. */
static Value b_stop_gradient(Elab *e, Frame *f)
{
	const Value *x = need_tensor(e, f, 0);
	if (!x)
		return v_poison();
	e->m->stops = true;
	return v_moved(e, f, n_op1(e->g, O_real, value_real(e, x)), x->mark);
}

/* ---- classes ----------------------------------------------------------------------------- */

/* A comparison of i with 0..K-1 along a new last dimension: bool [.., K]. */
static Node *is_class(Elab *e, Node *i, int k)
{
	Type t = i->ty;
	Dim one[MAXRANK];
	t.dim[t.rank++] = dim_num(1);
	Node *x = n_reshape(e->g, i, &t);
	for (int a = 0; a < t.rank; a++)
		one[a] = dim_num(a == t.rank - 1 ? k : 1);
	Type it = type_make(DT_I32, t.rank, one);
	return n_op2(e->g, O_eq, x, n_iota(e->g, &it, t.rank - 1));
}

static bool need_class(Elab *e, Frame *f, const Value *i)
{
	if (i->n->ty.dt == DT_I32 && i->n->ty.classes)
		return true;
	Diag *d = fail(e, i->at, "E0310", "`%s` needs class(K) as index, but this is %s",
	               public_frame(f)->def->name, value_text(e, i));
	diag_help(d, "declare it as `class(K)[...]`, or take `argmax(x, dim = -1)`");
	return false;
}

static Value b_one_hot(Elab *e, Frame *f)
{
	const Value *i = need_tensor(e, f, 0), *k = formal(f, 1);
	Value x;
	if (i && e->in_data) {
		x = *i;
		i = field_one_hot(e, f, &x) ? &x : 0;
	}
	if (!i || !need_class(e, f, i))
		return v_poison();
	if (k->kind != V_NONE && (!k->known || !k->is_int || k->i != i->n->ty.classes)) {
		Diag *d = fail(e, k->at, "E0305", "`one_hot` has %d numbers for class(%d)",
		               i->n->ty.classes, i->n->ty.classes);
		diag_help(d, "leave `num_classes` out");
		return v_poison();
	}
	if (i->n->ty.rank == MAXRANK) {
		fail(e, f->at, "E0303", "a tensor has at most %d dimensions", MAXRANK);
		return v_poison();
	}
	Type t = i->n->ty;
	t.dim[t.rank++] = dim_num(t.classes);
	if (!shape_ok(e, &t, f->at))
		return v_poison();
	return v_tensor(e, real_of(e, is_class(e, value_node(e, i), i->n->ty.classes)), f->at);
}

/* pick(x, i): x [.., K], i [..]: a sum over the last dimension of x where it is i. */
static Value b_pick(Elab *e, Frame *f)
{
	const Value *x = need_tensor(e, f, 0), *i = need_tensor(e, f, 1);
	if (!x || !i || !need_class(e, f, i))
		return v_poison();
	const Type *tx = &x->n->ty, *ti = &i->n->ty;
	bool ok = tx->rank == ti->rank + 1;
	for (int k = 0; ok && k < ti->rank; k++)
		ok = dim_eq(tx->dim[k], ti->dim[k]);
	if (!ok || tx->dim[tx->rank - 1].b) {
		Diag *d = fail(e, f->at, "E0301",
		               "`pick` needs x of shape [..., K] and an index of shape "
		               "[...]");
		show_value(e, d, x);
		show_value(e, d, i);
		return v_poison();
	}
	int k = tx->dim[tx->rank - 1].k;
	if (ti->classes && ti->classes != k) {
		Diag *d = fail(e, i->at, "E0305", "%d scores cannot be picked by %d classes", k,
		               ti->classes);
		show_value(e, d, x);
		show_origin(e, d, x);
		return v_poison();
	}
	uint32_t last = 1u << (tx->rank - 1);
	Node *chosen = n_op3(e->g, O_where, is_class(e, value_node(e, i), k), value_real(e, x),
	                     n_const(e->g, 0));
	return v_moved(e, f, drop_axes(e, n_reduce(e->g, O_sum, chosen, last), last), x->mark);
}

/* `vocab` where the value is an input that is declared as class(vocab)[N]; else the number. */
static const char *class_words(Elab *e, const Value *i)
{
	const AstList *l = &e->model->u.def.body;
	for (int k = 0; k < l->n; k++) {
		const Ast *a = l->v[k];
		bool input = a->kind == A_INPUT || a->kind == A_TARGET;
		if (input && a->name_at.beg == i->made.beg && a->name_at.file == i->made.file &&
		    a->u.decl.type->u.type.arg)
			return source_text(e->j, a->u.decl.type->u.type.arg->at);
	}
	return arena_printf(e->mem, "%d", i->n->ty.classes);
}

/* Message 15: f is the frame of the embedding. */
static void enough_rows(Elab *e, Frame *f, const Value *i, Diag *d)
{
	const char *rows = class_words(e, i), *dim = 0;
	if (f->written.file < 0 || in_prelude(e, f->written))
		return;
	dim = source_text(e->j, user_place(e, f->formal[2].at));
	if (is_word(rows))
		diag_help(d, "use the same constant for both:   embedding(%s, %s)", rows, dim);
	else
		diag_help(d, "give it a row for each class:   embedding(%s, %s)", rows, dim);
}

/* fn _rows(table, i): rows of a table. */
static Value b_rows(Elab *e, Frame *f)
{
	const Value *t = need_tensor(e, f, 0), *i = need_tensor(e, f, 1);
	if (!t || !i || !need_class(e, f, i))
		return v_poison();
	int rows = t->n->ty.dim[0].k;
	if (i->n->ty.classes > rows) {
		bool named = f->up && !strcmp(f->up->def->name, "embedding");
		Diag *d = fail(e, i->at, "E0306", "%s has %d rows, but `%s` can be as large as %d",
		               named ? "the embedding" : "`weight`", rows,
		               source_text(e->j, user_place(e, i->at)), i->n->ty.classes - 1);
		diag_label(d, "class(%d): values 0..%d", i->n->ty.classes,
		           i->n->ty.classes - 1);
		diag_span(d, user_place(e, named ? f->up->formal[1].at : f->at), "rows 0..%d",
		          rows - 1);
		if (named)
			enough_rows(e, f->up, i, d);
		else
			diag_help(d, "give one weight for each class");
		return v_poison();
	}
	if (i->n->ty.rank + t->n->ty.rank - 1 > MAXRANK) {
		fail(e, f->at, "E0303", "a tensor has at most %d dimensions", MAXRANK);
		return v_poison();
	}
	return v_tensor(e, n_take(e->g, value_real(e, t), value_node(e, i)), f->at);
}

static Value b_causal_mask(Elab *e, Frame *f)
{
	const Value *x = need_tensor(e, f, 0);
	if (!x)
		return v_poison();
	int r = x->n->ty.rank;
	if (r < 2 || x->n->ty.dim[r - 1].b || x->n->ty.dim[r - 2].b) {
		Diag *d = fail(e, f->at, "E0303",
		               "`causal_mask` needs [..., queries, keys] as the last two "
		               "dimensions");
		show_value(e, d, x);
		return v_poison();
	}
	Dim q[MAXRANK], k[MAXRANK];
	for (int i = 0; i < r; i++)
		q[i] = k[i] = dim_num(1);
	q[r - 2] = x->n->ty.dim[r - 2];
	k[r - 1] = x->n->ty.dim[r - 1];
	Type tq = type_make(DT_I32, r, q), tk = type_make(DT_I32, r, k);
	Node *iq = n_iota(e->g, &tq, r - 2), *ik = n_iota(e->g, &tk, r - 1);
	int shift = k[r - 1].k - q[r - 2].k;
	if (shift)
		iq = n_op2(e->g, O_add, iq, n_const_as(e->g, shift, DT_I32));
	Node *later_key = n_op2(e->g, O_lt, iq, ik);
	return v_tensor(e, n_op3(e->g, O_where, later_key, n_const(e->g, -HUGE_VAL),
	                         value_real(e, x)), f->at);
}

/* ---- random numbers ---------------------------------------------------------------------- */

static Node *uniform01(Elab *e, Sym what, const Type *shape)
{
	return n_random(e->g, draw_stream(e, what), shape);
}

/* Box and Muller: sqrt(-2 log(1 - u)) cos(2 pi v); 1 - u is above 0. */
static Node *gauss(Elab *e, Sym what, const Type *shape)
{
	Graph *g = e->g;
	Node *u = uniform01(e, what, shape), *v = uniform01(e, what, shape);
	Node *l = n_op1(g, O_log, n_op2(g, O_sub, n_const(g, 1), u));
	Node *r = n_op1(g, O_sqrt, n_op2(g, O_mul, n_const(g, -2), l));
	return n_op2(g, O_mul, r, n_op1(g, O_cos, n_op2(g, O_mul, n_const(g, 2 * M_PI), v)));
}

static Value b_uniform_like(Elab *e, Frame *f)
{
	const Value *x = need_tensor(e, f, 0);
	e->draws |= e->in_data && !e->silent;
	return x ? v_tensor(e, uniform01(e, f->def->name, &x->n->ty), f->at) : v_poison();
}

static Value b_randn_like(Elab *e, Frame *f)
{
	const Value *x = need_tensor(e, f, 0);
	return x ? v_tensor(e, gauss(e, f->def->name, &x->n->ty), f->at) : v_poison();
}

/* Initialisers: evaluated where they meet a parameter. */
static bool two_numbers(Elab *e, Frame *f, Node **a, Node **b)
{
	for (int i = 0; i < 2; i++)
		if (formal(f, i)->kind != V_NUMBER) {
			fail(e, formal(f, i)->at, "E0207", "`%s` takes numbers, but this is %s",
			     f->def->name, value_text(e, formal(f, i)));
			return false;
		}
	*a = value_node(e, formal(f, 0));
	*b = value_node(e, formal(f, 1));
	return true;
}

static Value b_uniform(Elab *e, Frame *f)
{
	Node *a, *b;
	if (!two_numbers(e, f, &a, &b))
		return v_poison();
	Node *u = uniform01(e, f->def->name, e->fan);
	return v_tensor(e,
	                n_op2(e->g, O_add, a, n_op2(e->g, O_mul, n_op2(e->g, O_sub, b, a), u)),
	                f->at);
}

static Value b_normal(Elab *e, Frame *f)
{
	Node *mean, *std;
	if (!two_numbers(e, f, &mean, &std))
		return v_poison();
	Node *z = gauss(e, f->def->name, e->fan);
	return v_tensor(e, n_op2(e->g, O_add, mean, n_op2(e->g, O_mul, std, z)), f->at);
}

/* ---- at compile time --------------------------------------------------------------------- */

static Value b_floordiv(Elab *e, Frame *f)
{
	int64_t a, b;
	if (!need_int(e, formal(f, 0), "the argument of `floordiv`", &a) ||
	    !need_int(e, formal(f, 1), "the argument of `floordiv`", &b))
		return v_poison();
	if (!b || (b == -1 && a == INT64_MIN)) {
		fail(e, f->at, "E0308", "division by zero");
		return v_poison();
	}
	int64_t q = a / b;
	return v_int(q - (a % b && (a < 0) != (b < 0)), f->at);
}

static Value b_len(Elab *e, Frame *f)
{
	if (formal(f, 0)->kind == V_LIST)
		return v_int(formal(f, 0)->nitem, f->at);
	fail(e, formal(f, 0)->at, "E0207", "`len` takes a list, but this is %s",
	     value_text(e, formal(f, 0)));
	return v_poison();
}

/* fn _gather(x, index): elements of the last dimension of x by whole numbers. */
static Value b_gather(Elab *e, Frame *f)
{
	const Value *x = need_tensor(e, f, 0), *index = need_tensor(e, f, 1);
	if (!x || !index)
		return v_poison();
	return v_tensor(e, n_gather(e->g, value_real(e, x), value_real(e, index)), f->at);
}

/* fn _iota(n): 0, 1, ... n - 1 as reals. */
static Value b_iota(Elab *e, Frame *f)
{
	Dim d;
	if (!need_dim(e, formal(f, 0), "`n`", false, &d))
		return v_poison();
	Type t = type_make(DT_I32, 1, &d);
	return v_tensor(e, real_of(e, n_iota(e->g, &t, 0)), f->at);
}

/* fn _param(init, name, number, end, size...): name, number and end make the path. */
static Value b_param(Elab *e, Frame *f)
{
	Sym name, end;
	int64_t number;
	const Value *size = formal(f, 4);
	Type t = type_make(DT_REAL, 0, 0);
	if (!need_string(e, formal(f, 1), "name", &name) ||
	    !need_int(e, formal(f, 2), "number", &number) ||
	    !need_string(e, formal(f, 3), "end", &end))
		return v_poison();
	for (int i = 0; i < size->nitem && i < MAXRANK; i++)
		if (!need_dim(e, &size->item[i], "a dimension", false, &t.dim[t.rank++]))
			return v_poison();
	name = job_symf(e->j, "%s%lld%s", name, (long long)number, end);
	e->frame = f->up;
	Value v = declare_param(e, path_join(e, f->up->path, name), name, &t, formal(f, 0),
	                        f->at);
	e->frame = f;
	return v;
}

/* fn _rank(x), fn _kind(x): "f32" "class" "i32" "bool" "none" "list" "number" */
static Value b_rank(Elab *e, Frame *f)
{
	const Value *x = need_tensor(e, f, 0);
	return x ? v_int(x->n->ty.rank, f->at) : v_poison();
}

static Value b_kind(Elab *e, Frame *f)
{
	const Value *v = formal(f, 0);
	const char *s = v->kind == V_NONE ? "none" : v->kind == V_LIST ? "list"
	              : v->kind == V_STRING ? "string" : v->kind == V_TENSOR ? "f32" : "number";
	if (v->kind == V_TENSOR && v->n->ty.dt == DT_I32)
		s = v->n->ty.classes ? "class" : "i32";
	if (v->kind == V_TENSOR && v->n->ty.dt == DT_BOOL)
		s = "bool";
	return v_string(job_sym(e->j, s), f->at);
}

/* fn _probable(x): carries the mark probability. */
static Value b_probable(Elab *e, Frame *f)
{
	(void)e;
	return v_bool(formal(f, 0)->mark == MARK_PROB, f->at);
}

/* fn _tensor(x): a list as a vector, a number as a scalar. */
static Value b_tensor(Elab *e, Frame *f)
{
	const Value *x = need_tensor(e, f, 0);
	return x ? *x : v_poison();
}

/* fn _classes(x): the number of classes. */
static Value b_classes(Elab *e, Frame *f)
{
	const Value *x = need_tensor(e, f, 0);
	return x ? v_int(x->n->ty.classes, f->at) : v_poison();
}

/* fn _refuse(text): the prelude's own message, E0207. */
static Value b_refuse(Elab *e, Frame *f)
{
	Sym s;
	if (need_string(e, formal(f, 0), "text", &s))
		fail(e, f->at, "E0207", "%s", s);
	return v_poison();
}

/* fn _later(text): E0405. */
static Value b_later(Elab *e, Frame *f)
{
	Sym s;
	if (need_string(e, formal(f, 0), "text", &s))
		later(e, f->at, "%s", s);
	return v_poison();
}

/* fn _drops(p): false if p is a literal 0, so that nothing is drawn; a const that may be set at
 * run time draws whatever it is now.  p must be a probability. */
static Value b_drops(Elab *e, Frame *f)
{
	const Value *p = formal(f, 0);
	if (p->kind == V_POISON)
		return v_poison();
	if (p->kind == V_NUMBER && p->known && !(p->num >= 0 && p->num <= 1)) {
		Diag *d = fail(e, p->at, "E0404", "a probability is at least 0 and at most 1");
		diag_label(d, "this is %s", value_text(e, p));
		diag_help(d, "`dropout(0.1)` drops one element in ten");
		return v_poison();
	}
	setting_range(e, p, 0, 1);
	return v_bool(p->kind != V_NUMBER || !p->known || p->deps || p->num != 0, f->at);
}

/* fn _used(x): false if x is the number 0, which then stays so; what is built for another number, or
 * for a schedule, is right for 0 too. */
static Value b_used(Elab *e, Frame *f)
{
	const Value *x = formal(f, 0);
	(void)e;
	if (x->kind == V_POISON)
		return v_poison();
	bool used = x->kind != V_NUMBER || !x->known || x->num != 0;
	Value v = v_bool(used, f->at);
	v.deps = used ? 0 : x->deps;
	return v;
}

const BuiltinRow builtin_rows[] = {
	{ "op", b_op },
	{ "pow", b_pow },
	{ "matmul", b_matmul },
	{ "where", b_where },
	{ "stop_gradient", b_stop_gradient },
	{ "one_hot", b_one_hot },
	{ "pick", b_pick },
	{ "rows", b_rows },
	{ "gather", b_gather },
	{ "causal_mask", b_causal_mask },
	{ "uniform_like", b_uniform_like },
	{ "randn_like", b_randn_like },
	{ "uniform", b_uniform },
	{ "normal", b_normal },
	{ "floordiv", b_floordiv },
	{ "len", b_len },
	{ "iota", b_iota },
	{ "param", b_param },
	{ "rank", b_rank },
	{ "kind", b_kind },
	{ "probable", b_probable },
	{ "tensor", b_tensor },
	{ "classes", b_classes },
	{ "drops", b_drops },
	{ "used", b_used },
	{ "refuse", b_refuse },
	{ "later", b_later },
	{ 0, 0 },
};
