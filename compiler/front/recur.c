/* recur.c - scan: a body that is compiled once and run for each step.
 *
 * In:    scan t in lo..hi carry h = e { ... emit y = e }.   Out: one node with a body graph,
 *        and its items bound to the names of carries and emits.
 * Holds: values from outside reach the body as captures, `x[:, t]` as a sequence, numbers as
 *        copies; nothing but carries and emits leaves it.
 */
#include "elab.h"

#include <string.h>

enum { MAXSTEPS = 1 << 20 };

static Attr leaf_attr(Sym sym, int index)
{
	Attr a;
	memset(&a, 0, sizeof a);
	a.leaf.sym = sym;
	a.leaf.index = index;
	return a;
}

/* x as a value of the graph around the body of s. */
static Node *outside(Elab *e, Scan *s, const Value *x)
{
	Graph *g = e->g;
	Scan *scan = e->scan;
	e->g = s->x.from;
	e->scan = s->up;
	Node *n = node_use(e, x->n, x->g);
	e->g = g;
	e->scan = scan;
	return n;
}

static bool made_inside(const Scan *s, const Graph *g)
{
	for (const Graph *o = g; o; o = o->outer)
		if (o == s->x.to)
			return true;
	return false;
}

static bool step_in_range(Elab *e, const Value *sub, Dim d, Span at)
{
	int64_t first = sub->i, last;
	if (!__builtin_mul_overflow(sub->per, (int64_t)sub->tick->steps - 1, &last) &&
	    !__builtin_add_overflow(last, first, &last) && first >= 0 && first < d.k && last >= 0 &&
	    last < d.k)
		return true;
	Diag *m = fail(e, at, "E0311",
	               "the subscript runs from %lld to %lld, but this dimension has "
	               "the elements 0 to %d",
	               (long long)first, (long long)last, d.k - 1);
	diag_help(m, "the scan has %d steps; change its range", sub->tick->steps);
	return false;
}

/* The element that a number names at run time: all others are made zero, and the sum is taken.  For what
 * no sequence can give: values made in the body, and subscripts in other strides. */
static Value select_step(Elab *e, const Value *sub, const Value *x, int axis, Span at)
{
	Node *n = value_node(e, x);
	if (n->ty.dt != DT_REAL)
		return later(e, at, "such a subscript by the step of a scan on %s",
		             value_text(e, x));
	Dim d[MAXRANK];
	for (int i = 0; i < n->ty.rank; i++)
		d[i] = i == axis ? n->ty.dim[i] : dim_num(1);
	Type index = type_make(DT_I32, n->ty.rank, d);
	Node *here = n_op2(e->g, O_eq, real_of(e, n_iota(e->g, &index, axis)), value_real(e, sub));
	n = n_op3(e->g, O_where, here, n, n_const(e->g, 0));
	n = drop_axes(e, n_reduce(e->g, O_sum, n, 1u << axis), 1u << axis);
	Value v = v_tensor(e, n, at);
	v.mark = x->mark;
	return v;
}

Value scan_step(Elab *e, const Value *sub, const Value *x, int axis, Span at)
{
	Scan *s = sub->tick;
	int64_t offset = sub->i;
	if (!step_in_range(e, sub, x->n->ty.dim[axis], at))
		return v_poison();
	if (made_inside(s, x->g) || (sub->per != 1 && sub->per != -1))
		return select_step(e, sub, x, axis, at);
	Node *n = outside(e, s, x);
	if (sub->per == -1) {
		offset = n->ty.dim[axis].k - 1 - offset;
		n = n_flip(s->x.from, n, axis);
	}
	int k = 0;
	while (k < s->nseq && s->seq[k] != n)
		k++;
	if (k == s->nseq)
		PUSH(e->mem, s->seq, s->nseq, s->capseq, n);
	Attr a;
	memset(&a, 0, sizeof a);
	a.seq.sym = n->name;
	a.seq.index = k;
	a.seq.axis = axis;
	a.seq.offset = (int32_t)offset;
	Type t = n->ty, r = type_make(t.dt, 0, 0);
	r.classes = t.classes;
	for (int i = 0; i < t.rank; i++)
		if (i != axis)
			r.dim[r.rank++] = t.dim[i];
	Value v = v_tensor(e, node(s->x.to, O_seq, &a, 0, 0, &r), at);
	v.g = s->x.to;
	v.mark = x->mark;
	return v;
}

/* The number of steps; false after a message. */
static bool range(Elab *e, Ast *a, Scan *s)
{
	int64_t hi;
	Value l = eval(e, a->u.scan.lo), h = eval(e, a->u.scan.hi);
	if (!need_int(e, &l, "the start of a range", &s->lo) ||
	    !need_int(e, &h, "the end of a range", &hi))
		return false;
	if (hi <= s->lo || hi - s->lo > MAXSTEPS) {
		Diag *d = fail(e, a->u.scan.hi->at, "E0404",
		               "a scan over %lld..%lld has no steps", (long long)s->lo,
		               (long long)hi);
		if (hi > s->lo)
			diag_note(d, "at most %d steps are possible", MAXSTEPS);
		else
			diag_help(d, "a range counts up and ends before its end; use "
			             "`reverse(x, dim = 1)` "
			             "to go backwards");
		return false;
	}
	s->steps = (int)(hi - s->lo);
	return true;
}

/* First values of the carries, in the outer graph; false after a message. */
static bool first_values(Elab *e, AstList *carry, Node **in)
{
	bool ok = true;
	for (int i = 0; i < carry->n; i++) {
		Value v = eval(e, carry->v[i]->u.decl.value);
		if (v.kind == V_TENSOR || v.kind == V_NUMBER) {
			in[i] = value_node(e, &v);
			if (in[i]->ty.dt == DT_BOOL)
				in[i] = real_of(e, in[i]);
			continue;
		}
		ok = false;
		if (v.kind != V_POISON)
			fail(e, carry->v[i]->u.decl.value->at, "E0207",
			     "`%s` must start as a tensor, but "
			     "this is %s",
			     carry->v[i]->u.decl.name, value_text(e, &v));
	}
	return ok;
}

static void bind_inside(Elab *e, Scan *s, Ast *a, Node **in, int *depth)
{
	AstList *carry = &a->u.scan.carry;
	for (int i = 0; i < carry->n; i++) {
		Sym name = carry->v[i]->u.decl.name;
		Binding *old = frame_find(e->frame, name);
		depth[i] = old ? old->depth : 0;
		if (old)
			old->dead = true;
		Type ty = in[i]->ty;
		Attr at = leaf_attr(name, i);
		Value v = v_tensor(e, node(e->g, O_carry, &at, 0, 0, &ty), carry->v[i]->at);
		frame_bind(e, e->frame, name, v, carry->v[i]->name_at)->quiet = true;
	}
	Value t = v_int(s->lo, a->at);
	t.known = t.is_int = false;
	t.tick = s;
	t.per = 1;
	frame_bind(e, e->frame, a->u.scan.var, t, a->name_at)->quiet = true;
}

/* The next values as roots of the body. */
static bool next_values(Elab *e, Scan *s, AstList *carry, Node **in)
{
	bool ok = !s->wrong;
	for (int i = 0; i < carry->n; i++) {
		Sym name = carry->v[i]->u.decl.name;
		Binding *b = frame_find(e->frame, name);
		Value *v = &b->v;
		b->read = true;
		if (v->kind != V_TENSOR && v->kind != V_NUMBER) {
			ok = false;
			if (v->kind != V_POISON)
				fail(e, carry->v[i]->at, "E0207",
				     "`%s` is %s at the end of the body", name,
				     value_text(e, v));
			continue;
		}
		Node *n = value_node(e, v);
		if (in[i]->ty.dt == DT_REAL)
			n = real_of(e, n);
		if (!type_eq(&n->ty, &in[i]->ty)) {
			ok = false;
			Diag *d = fail(e, carry->v[i]->at, "E0301",
			               "`%s` starts as %s, but is %s after a "
			               "step",
			               name, type_text(e->mem, &in[i]->ty), value_text(e, v));
			show_origin(e, d, v);
			diag_help(d, "a carried value keeps its shape; start it as `zeros(N, "
			             "...)` of the "
			             "shape that the body gives");
			continue;
		}
		graph_root(e->g, R_CARRY, i, name, n, carry->v[i]->at);
	}
	for (int i = 0; i < s->nemit; i++) {
		Value *v = &s->emit[i].v;
		if (v->kind != V_TENSOR && v->kind != V_NUMBER) {
			if (v->kind != V_POISON)
				fail(e, v->at, "E0207", "`emit` takes a tensor, but this is %s",
				     value_text(e, v));
			return false;
		}
		Node *n = value_node(e, v);
		if (n->ty.rank == MAXRANK) {
			fail(e, v->at, "E0303", "`%s` would have %d dimensions with that of the steps, but "
			     "a tensor has at most %d", s->emit[i].name, MAXRANK + 1, MAXRANK);
			return false;
		}
		graph_root(e->g, R_EMIT, i, s->emit[i].name, n, s->emit[i].at);
	}
	return ok;
}

static Node *make_scan(Elab *e, Scan *s, Ast *a, Node **first)
{
	Attr at;
	int n = 0, nc = a->u.scan.carry.n;
	Node **in = NEWN(e->mem, Node *, nc + s->nseq + s->ncapture + 1);
	memset(&at, 0, sizeof at);
	at.scan.steps = s->steps;
	at.scan.ncarry = nc;
	at.scan.nseq = s->nseq;
	at.scan.nemit = s->nemit;
	for (int i = 0; i < nc; i++)
		in[n++] = first[i];
	for (int i = 0; i < s->nseq; i++)
		in[n++] = s->seq[i];
	for (int i = 0; i < s->ncapture; i++)
		in[n++] = s->capture[i];
	return node_mark(node_scan(e->g, &at, in, n, s->x.to), a->at, 0);
}

static void bind_results(Elab *e, Scan *s, Ast *a, Node *scan, const int *depth)
{
	AstList *carry = &a->u.scan.carry;
	for (int i = 0; i < carry->n; i++) {
		Value v =
			scan ? v_tensor(e, n_item(e->g, scan, i), carry->v[i]->at) : v_poison();
		v.made = a->at;
		Binding *b = frame_bind(e, e->frame, carry->v[i]->u.decl.name, v,
		                        carry->v[i]->name_at);
		b->quiet = true;
		if (depth[i])
			b->depth = depth[i];
	}
	for (int i = 0; i < s->nemit; i++) {
		Node *n = scan ? n_item(e->g, scan, carry->n + i) : 0;
		Value v = n ? v_tensor(e, n, s->emit[i].at) : v_poison();
		v.made = s->emit[i].at;
		assign(e, s->emit[i].name, v, s->emit[i].at);
	}
}

/* The names that the body would have emitted, so that their uses are no mistakes of their own. */
static void poison_emits(Elab *e, const AstList *body)
{
	for (int i = 0; i < body->n; i++) {
		const Ast *a = body->v[i];
		if (a->kind == A_EMIT) {
			assign(e, a->u.decl.name, v_poison(), a->name_at);
		} else if (a->kind == A_REPEAT) {
			poison_emits(e, &a->u.repeat.body);
		} else if (a->kind == A_IF) {
			poison_emits(e, &a->u.cond.then);
			poison_emits(e, &a->u.cond.other);
		}
	}
}

void exec_scan(Elab *e, Ast *a)
{
	AstList *carry = &a->u.scan.carry;
	Node **first = NEWN(e->mem, Node *, carry->n + 1), *scan = 0;
	int *depth = NEWN(e->mem, int, carry->n + 1);
	Scan *s = NEW(e->mem, Scan);
	bool ok = range(e, a, s);
	ok &= first_values(e, carry, first);
	if (!ok) {
		for (int i = 0; i < carry->n; i++)
			assign(e, carry->v[i]->u.decl.name, v_poison(), carry->v[i]->name_at);
		poison_emits(e, &a->u.scan.body);
		return;
	}
	s->carry = carry;
	s->up = e->scan;
	s->var = a->u.scan.var;
	s->frame = e->frame;
	s->x.from = e->g;
	s->x.to = graph_body(e->g);
	e->scan = s;
	e->g = s->x.to;
	scope_begin(e);
	bind_inside(e, s, a, first, depth);
	exec_body(e, &a->u.scan.body);
	ok = next_values(e, s, carry, first);
	scope_end(e);
	e->scan = s->up;
	e->g = s->x.from;
	if (ok)
		scan = make_scan(e, s, a, first);
	bind_results(e, s, a, scan, depth);
}
