/* value.c - values while elaborating, numbers, and crossing from one graph into another.
 *
 * In:    numbers, nodes.   Out: values; the node of a value in the current graph.
 * Holds: an integer stays an integer as long as it is one; a number that depends on a
 *        run-time const carries both its value and its node, and which consts it depends on.
 */
#include "elab.h"

#include <math.h>
#include <string.h>

/* Chains of numbers longer than this are captured, not copied, so that copying is shallow. */
enum { MAXFREE = 100 };

/* ---- tables ------------------------------------------------------------------------------ */

static int map_slot(const Map *m, Sym key)
{
	uint64_t h = (uint64_t)(uintptr_t)key * 0x9e3779b97f4a7c15u;
	int i = (int)(h >> 33) & (m->size - 1);
	while (m->key[i] && m->key[i] != key)
		i = (i + 1) & (m->size - 1);
	return i;
}

void *map_get(const Map *m, Sym key)
{
	return m->size ? m->val[map_slot(m, key)] : 0;
}

void map_put(Arena *a, Map *m, Sym key, void *val)
{
	if (2 * (m->n + 1) > m->size) {
		Map old = *m;
		m->size = old.size ? 2 * old.size : 16;
		m->key = NEWN(a, Sym, m->size);
		m->val = NEWN(a, void *, m->size);
		m->n = 0;
		for (int i = 0; i < old.size; i++)
			if (old.key[i])
				map_put(a, m, old.key[i], old.val[i]);
	}
	int i = map_slot(m, key);
	if (!m->key[i])
		m->n++;
	m->key[i] = key;
	m->val[i] = val;
}

void map_clear(Map *m)
{
	Map kept = { 0 };
	if (m->size && m->size <= 32) {
		kept = *m;
		memset(kept.key, 0, sizeof *kept.key * (size_t)kept.size);
		memset(kept.val, 0, sizeof *kept.val * (size_t)kept.size);
		kept.n = 0;
	}
	*m = kept;
}

/* ---- making values ----------------------------------------------------------------------- */

static Value v_of(ValueKind kind, Span at)
{
	Value v;
	memset(&v, 0, sizeof v);
	v.kind = kind;
	v.at = at;
	v.made = NOWHERE;
	return v;
}

Value v_poison(void)
{
	return v_of(V_POISON, NOWHERE);
}

Value v_none(void)
{
	return v_of(V_NONE, NOWHERE);
}

Value v_tensor(Elab *e, Node *n, Span at)
{
	Value v = v_of(V_TENSOR, at);
	v.n = n;
	v.g = e->g;
	return v;
}

Value v_int(int64_t i, Span at)
{
	Value v = v_of(V_NUMBER, at);
	v.known = v.is_int = true;
	v.i = i;
	v.num = (double)i;
	return v;
}

Value v_real(double num, Span at)
{
	Value v = v_of(V_NUMBER, at);
	v.known = true;
	v.num = num;
	return v;
}

Value v_bool(bool yes, Span at)
{
	Value v = v_of(V_BOOL, at);
	v.yes = yes;
	return v;
}

Value v_string(Sym s, Span at)
{
	Value v = v_of(V_STRING, at);
	v.str = s;
	return v;
}

Value v_dim(Dim d, Span at)
{
	Value v = v_int(d.k, at);
	if (d.b) {
		v.known = false;
		v.batch = true;
	}
	return v;
}

Value v_list(Elab *e, int n, Span at)
{
	Value v = v_of(V_LIST, at);
	v.nitem = n;
	v.item = NEWN(e->work, Value, n > 0 ? n : 1);
	return v;
}

Value number_of(Elab *e, Node *n, Span at)
{
	Value v = v_of(V_NUMBER, at);
	double k;
	if (node_is_const(n, &k))
		return v_real(k, at);
	v.n = n;
	v.g = e->g;
	return v;
}

const char *value_text(Elab *e, const Value *v)
{
	char buf[40];
	switch (v->kind) {
	case V_POISON: return "a value in error";
	case V_NONE: return "none";
	case V_TENSOR: return type_text(e->mem, &v->n->ty);
	case V_NUMBER:
		if (v->unit && v->known)
			return arena_printf(e->mem, "a length, %s(%.15g)",
			                    v->unit == UNIT_STEPS ? "steps" : "epochs", v->num);
		if (is_schedule(v))
			return "a schedule";
		if (v->batch)
			return arena_printf(e->mem, "the number %s",
			                    dim_text(e->mem, dim_batch((int32_t)v->i)));
		if (!v->known)
			return "a run-time number";
		if (v->is_int)
			return arena_printf(e->mem, "the integer %lld", (long long)v->i);
		return arena_printf(e->mem, "the number %s", number_text(buf, v->num, false));
	case V_BOOL: return v->yes ? "true" : "false";
	case V_STRING: return arena_printf(e->mem, "the string \"%s\"", v->str);
	case V_LIST: return arena_printf(e->mem, "a list of %d", v->nitem);
	case V_TUPLE: return arena_printf(e->mem, "%d values", v->nitem);
	case V_LAYER: return "a layer";
	case V_INIT: return "an initialiser";
	case V_REG: return "a regulariser";
	}
	return "?";
}

/* Whether n is made of numbers alone (at most `left` visits); *time: of time too. */
static bool numeric(const Node *n, int depth, int *left, bool *time)
{
	if (n->op == O_time)
		*time = true;
	if (opinfo[n->op].kind == LEAF)
		return n->op == O_const || n->op == O_setting || n->op == O_time;
	bool shape = n->op == O_reshape || n->op == O_expand;
	if (depth > 200 || --*left < 0 || n->ty.rank || (!shape && opinfo[n->op].kind != MAP))
		return false;
	for (int i = 0; i < n->nin; i++)
		if (!numeric(n->in[i], depth + 1, left, time))
			return false;
	return true;
}

enum { LOOKS = 4096 };

void number_from_tensor(Elab *e, Value *v)
{
	int left = LOOKS;
	bool time = false;
	if (v->kind != V_TENSOR || v->n->ty.rank || v->n->ty.dt != DT_REAL ||
	    !numeric(v->n, 0, &left, &time))
		return;
	Graph *g = v->g;
	*v = number_of(e, v->n, v->at);
	v->g = g;
}

bool is_schedule(const Value *v)
{
	int left = LOOKS;
	bool time = false;
	return v->kind == V_NUMBER && v->n && numeric(v->n, 0, &left, &time) && time;
}

/* ---- crossing ---------------------------------------------------------------------------- */

static bool number_leaf(const Node *n)
{
	return n->op == O_const || n->op == O_setting || n->op == O_time || n->op == O_count ||
	       n->op == O_arg;
}

/* The depth of a value made of numbers only, for all nodes up to id; 0: depends on more. */
static uint8_t free_depth(Elab *e, Crossing *c, int id)
{
	while (c->ndepth <= id) {
		const Node *n = c->from->node[c->ndepth];
		int d = number_leaf(n) ? 1 : 0;
		bool shape = n->op == O_reshape || n->op == O_expand;
		if (n->nin && (shape || (opinfo[n->op].kind == MAP && n->ty.rank == 0))) {
			d = 1;
			for (int i = 0; i < n->nin && d; i++) {
				int k = c->depth[n->in[i]->id];
				d = !k || k >= MAXFREE ? 0 : d > k + 1 ? d : k + 1;
			}
		}
		PUSH(e->work, c->depth, c->ndepth, c->capdepth, (uint8_t)d);
	}
	return c->depth[id];
}

static Node **cross_slot(Elab *e, Crossing *c, int id)
{
	while (c->nmap <= id)
		PUSH(e->work, c->map, c->nmap, c->capmap, 0);
	return &c->map[id];
}

Node *cross_free(Elab *e, Crossing *c, Node *n)
{
	Node **slot = cross_slot(e, c, n->id), *in[MAXARITY];
	if (*slot)
		return *slot;
	if (!free_depth(e, c, n->id))
		return 0;
	for (int i = 0; i < n->nin; i++)
		in[i] = cross_free(e, c, n->in[i]);
	Type ty = n->ty;
	Node *r = node(c->to, n->op, &n->a, in, n->nin, &ty);
	c->map[n->id] = r;
	return r;
}

/* n of s->outer or further out, in s's body. */
static Node *capture(Elab *e, Scan *s, Node *n, Graph *g)
{
	if (g == s->x.to)
		return n;
	if (g != s->x.from) {
		if (!s->up)
			bug(e->j, "a value of an unknown graph");
		n = capture(e, s->up, n, g);
	}
	Node *r = cross_free(e, &s->x, n);
	if (r)
		return r;
	Attr a;
	memset(&a, 0, sizeof a);
	a.leaf.sym = n->name;
	a.leaf.index = s->ncapture;
	Type ty = n->ty;
	PUSH(e->mem, s->capture, s->ncapture, s->capcapture, n);
	r = node(s->x.to, O_capture, &a, 0, 0, &ty);
	*cross_slot(e, &s->x, n->id) = r;
	return r;
}

Node *node_use(Elab *e, Node *n, Graph *g)
{
	if (g == e->g)
		return n;
	for (int i = 0; i < 2; i++) {
		Crossing *c = &e->init_cross[i];
		if (c->to == e->g && c->from == g)
			return cross_free(e, c, n);
	}
	if (!e->scan)
		return 0;
	return capture(e, e->scan, n, g);
}

static Node *count_node(Elab *e)
{
	Type t = type_scalar(DT_REAL);
	return n_leaf(e->g, O_count, job_sym(e->j, "count"), 0, &t);
}

static Node *tick_node(Elab *e, const Value *v)
{
	Graph *g = v->tick->x.to;
	Attr a;
	memset(&a, 0, sizeof a);
	a.leaf.sym = v->tick->var;
	Type t = type_scalar(DT_I32);
	Node *n = n_cast(g, node(g, O_tick, &a, 0, 0, &t), DT_REAL);
	if (v->per != 1)
		n = n_op2(g, O_mul, n, n_const(g, (double)v->per));
	if (v->i)
		n = n_op2(g, O_add, n, n_const(g, (double)v->i));
	return node_use(e, n, g);
}

Node *value_node(Elab *e, const Value *v)
{
	if (v->n) {
		Node *n = node_use(e, v->n, v->g);
		if (!n) {
			later(e, v->at, "a first value that depends on more than numbers");
			return n_const(e->g, 0);
		}
		return n;
	}
	if (v->kind == V_BOOL)
		return n_const_as(e->g, v->yes, DT_BOOL);
	if (v->batch) {
		Node *n = count_node(e);
		return v->i == 1 ? n : n_op2(e->g, O_mul, n, n_const(e->g, (double)v->i));
	}
	if (v->tick)
		return tick_node(e, v);
	return n_const(e->g, v->num);
}

Node *real_of(Elab *e, Node *x)
{
	return n_cast(e->g, x, DT_REAL);
}

Node *value_real(Elab *e, const Value *v)
{
	return real_of(e, value_node(e, v));
}

/* ---- dependence on run-time consts ------------------------------------------------------- */

Deps *deps_join(Elab *e, Deps *a, Deps *b)
{
	if (!a || a == b)
		return b;
	if (!b)
		return a;
	Deps *d = NEW(e->work, Deps);
	d->a = a;
	d->b = b;
	return d;
}

static void deps_structural(Elab *e, Deps *d)
{
	while (d && !d->seen) {
		d->seen = true;
		if (d->konst && !d->konst->structural) {
			d->konst->structural = true;
			e->again = true;
		}
		deps_structural(e, d->b);
		d = d->a;
	}
}

void make_structural(Elab *e, const Value *v)
{
	deps_structural(e, v->deps);
}

/* ---- arithmetic of numbers --------------------------------------------------------------- */

/* Exact integer results; false: none (overflow, negative power, remainder). */
static bool int_op(Op op, int64_t a, int64_t b, int64_t *r)
{
	if (op == O_add)
		return !__builtin_add_overflow(a, b, r);
	if (op == O_sub)
		return !__builtin_sub_overflow(a, b, r);
	if (op == O_mul)
		return !__builtin_mul_overflow(a, b, r);
	if (op == O_max || op == O_min) {
		*r = (op == O_max) == (a > b) ? a : b;
		return true;
	}
	if (op == O_div && b && !(b == -1 && a == INT64_MIN) && a % b == 0) {
		*r = a / b;
		return true;
	}
	if (op != O_pow || b < 0 || b > 62)
		return false;
	*r = 1;
	for (int64_t k = 0; k < b; k++)
		if (__builtin_mul_overflow(*r, a, r))
			return false;
	return true;
}

/* Sums of t or multiples of N and integers keep their form, so that they can be subscripts and
 * extents; false: no such form. */
static bool linear_op(Op op, const Value *a, const Value *b, Value *r)
{
	bool ka = a->known && a->is_int, kb = b->known && b->is_int;
	if (a->tick && kb && (op == O_add || op == O_sub)) {
		*r = *a;
		return int_op(op, a->i, b->i, &r->i);
	}
	if (b->tick && ka && op == O_add) {
		*r = *b;
		return int_op(op, a->i, b->i, &r->i);
	}
	if (b->tick && ka && op == O_sub) {
		*r = *b;
		return int_op(op, a->i, b->i, &r->i) && int_op(op, 0, b->per, &r->per);
	}
	if (op == O_mul && ((a->tick && kb) || (b->tick && ka))) {
		const Value *t = a->tick ? a : b, *k = a->tick ? b : a;
		*r = *t;
		return k->i != 0 && int_op(op, t->i, k->i, &r->i) &&
		       int_op(op, t->per, k->i, &r->per);
	}
	if (op == O_mul && ((a->batch && kb) || (b->batch && ka))) {
		*r = a->batch ? *a : *b;
		return int_op(op, a->i, b->i, &r->i);
	}
	if (op == O_div && a->batch && kb) {
		*r = *a;
		return int_op(op, a->i, b->i, &r->i);
	}
	return false;
}

/* The unit of a result: lengths add to lengths and are multiplied by numbers; anything else is
 * a plain number.  False after a message. */
static bool unit_op(Elab *e, Op op, const Value *a, const Value *b, Span at, Unit *unit)
{
	*unit = UNIT_NONE;
	if (a->unit && b->unit && a->unit != b->unit) {
		Diag *d = fail(e, at, "E0207", "a length in epochs and one in steps do not meet");
		diag_help(d, "write both in epochs or both in steps");
		return false;
	}
	bool sum = op == O_add || op == O_sub || op == O_max || op == O_min;
	if (sum && a->unit == b->unit)
		*unit = a->unit;
	if ((op == O_mul && !(a->unit && b->unit)) || (op == O_div && !b->unit))
		*unit = a->unit ? a->unit : b->unit;
	return true;
}

Value number_op(Elab *e, Op op, const Value *a, const Value *b, Span at)
{
	Value r = v_of(V_NUMBER, at);
	Unit unit;
	if (!unit_op(e, op, a, b, at, &unit))
		return v_poison();
	r.unit = unit;
	if (linear_op(op, a, b, &r)) {
		r.n = 0;
		r.at = at;
		r.deps = deps_join(e, a->deps, b->deps);
		return r;
	}
	r.deps = deps_join(e, a->deps, b->deps);
	if (op == O_div && a->known && a->is_int && b->known && b->is_int && !b->i) {
		Diag *d = fail(e, at, "E0308", "division of %lld by 0", (long long)a->i);
		if (b->at.file >= 0)
			diag_span(d, user_place(e, b->at), "this is 0");
		return v_poison();
	}
	if (a->known && b->known) {
		r.known = true;
		if (a->is_int && b->is_int && int_op(op, a->i, b->i, &r.i)) {
			r.is_int = true;
			r.num = (double)r.i;
		} else {
			r.num = opinfo[op].f(a->num, b->num, 0);
			if (op == O_div && a->is_int && b->is_int && b->i && b->i != -1) {
				r.i = a->i;
				r.over = b->i;
			}
		}
		if (!r.deps)
			return r;
	}
	if (!e->g)
		return r;
	r.n = n_op2(e->g, op, value_node(e, a), value_node(e, b));
	r.g = e->g;
	return r;
}

Value number_map(Elab *e, Op op, const Value *a, Span at)
{
	Value r = v_of(V_NUMBER, at);
	r.deps = a->deps;
	r.unit = a->unit;
	if (a->known) {
		r.known = true;
		r.num = opinfo[op].f(a->num, 0, 0);
		bool rounds = op == O_floor || op == O_ceil || op == O_round;
		bool keeps = op == O_neg || op == O_abs || op == O_sign;
		if ((rounds || (keeps && a->is_int)) && fabs(r.num) < 9e15) {
			r.is_int = true;
			r.i = (int64_t)r.num;
		}
		if (!r.deps)
			return r;
	}
	if (!e->g)
		return r;
	r.n = n_op1(e->g, op, value_node(e, a));
	r.g = e->g;
	return r;
}

/* ---- what is needed ---------------------------------------------------------------------- */

static bool wrong(Elab *e, const Value *v, const char *what, const char *needed)
{
	if (v->kind != V_POISON)
		fail(e, v->at, "E0207", "%s must be %s, but this is %s", what, needed,
		     value_text(e, v));
	return false;
}

/* A built-in layer divides in vain: `groups` does not divide the channels. */
static void layer_remainder(Elab *e, const Value *v)
{
	const Frame *f = e->frame;
	while (f && f->up && f->def->prelude && in_prelude(e, f->at))
		f = f->up;
	const Value *by = 0;
	for (int i = 1; f && i < f->nformal && !by; i++)
		if (f->formal[i].kind == V_NUMBER && f->formal[i].known && f->formal[i].i == v->over)
			by = &f->formal[i];
	Diag *d = fail(e, v->at, "E0308", "cannot split a dimension of %lld into %lld equal parts",
	               (long long)v->i, (long long)v->over);
	if (!by)
		return;
	Span at = user_place(e, by->at);
	const char *name = source_text(e->j, at);
	const char *arg = f->def->ast->u.def.formal.v[by - f->formal]->u.decl.name;
	diag_label(d, "%lld / %lld has no whole solution", (long long)v->i, (long long)v->over);
	if (*number_source(e, by))
		diag_span(d, at, "%s", number_source(e, by));
	diag_help(d, "choose `%s` from %s", is_word(name) ? name : arg,
	          divisors(e, (int)v->i));
}

bool need_int(Elab *e, const Value *v, const char *what, int64_t *i)
{
	if (v->kind == V_NUMBER && v->over && in_prelude(e, v->at)) {
		make_structural(e, v);
		layer_remainder(e, v);
		return false;
	}
	if (v->kind == V_NUMBER && v->over) {
		make_structural(e, v);
		Diag *d = fail(e, v->at, "E0308",
		               "%s must be an integer, but %lld / %lld leaves a "
		               "remainder of %lld",
		               what, (long long)v->i, (long long)v->over,
		               (long long)(v->i % v->over));
		diag_help(
			d,
			"change one of the two numbers, or write `floordiv(a, b)` if rounding "
			"down is meant");
		return false;
	}
	if (v->kind == V_NUMBER && v->batch) {
		Diag *d = fail(e, v->at, "E0207",
		               "%s must be known at compile time, but the batch "
		               "size `N` is not",
		               what);
		diag_help(d, "use a `const` for a number that is fixed");
		return false;
	}
	if (v->kind != V_NUMBER || !v->known || !v->is_int || v->unit)
		return wrong(e, v, what, "an integer known at compile time");
	make_structural(e, v);
	*i = v->i;
	return true;
}

bool need_number(Elab *e, const Value *v, const char *what, double *num)
{
	if (v->kind != V_NUMBER || !v->known || v->unit)
		return wrong(e, v, what, "a number known at compile time");
	make_structural(e, v);
	*num = v->num;
	return true;
}

bool need_bool(Elab *e, const Value *v, const char *what, bool *yes)
{
	if (v->kind != V_BOOL)
		return wrong(e, v, what, "`true` or `false`, known at compile time");
	make_structural(e, v);
	*yes = v->yes;
	return true;
}

bool need_seed(Elab *e, const Value *v, uint64_t *seed)
{
	int64_t i;
	if (!need_int(e, v, "`seed`", &i))
		return false;
	if (i < 0) {
		fail(e, v->at, "E0404", "`seed` must be at least 0");
		return false;
	}
	*seed = (uint64_t)i;
	return true;
}

bool need_string(Elab *e, const Value *v, const char *what, Sym *s)
{
	if (v->kind != V_STRING)
		return wrong(e, v, what, "a string");
	*s = v->str;
	return true;
}

bool need_dim(Elab *e, const Value *v, const char *what, bool minus, Dim *d)
{
	if (v->kind == V_NUMBER && !v->known && !v->batch) {
		Diag *m = fail(e, v->at, "E0207", "%s must be an integer or a multiple of `N`",
		               what);
		diag_note(m, "a dimension is a number or k * N: `N + 1` and `N * N` are none");
		return false;
	}
	int64_t k = v->i;
	if (!(v->kind == V_NUMBER && v->batch) && !need_int(e, v, what, &k))
		return false;
	if (k < 1 && !(minus && k == -1 && !v->batch)) {
		fail(e, v->at, "E0302", "%s would be %lld, but must be at least 1", what,
		     (long long)k);
		return false;
	}
	if (k > INT32_MAX) {
		fail(e, v->at, "E0302", "%s would be %lld, but at most 2147483647 is possible",
		     what, (long long)k);
		return false;
	}
	*d = v->batch ? dim_batch((int32_t)k) : dim_num(k > 0 ? (int32_t)k : 0);
	return true;
}
