/* stmt.c - statements of models, blocks and optimizers.
 *
 * In:    a body.   Out: names in the frame, roots in the graph, rows in the module's tables.
 * Holds: `if` and `repeat` are decided here; both branches of an `if` on `training` are
 *        walked, one of them silently, so that ordinals and parameters agree in both
 *        variants.
 */
#include "elab.h"

#include <string.h>

/* ---- scopes ------------------------------------------------------------------------------ */

void scope_begin(Elab *e)
{
	Frame *f = e->frame;
	f->depth++;
	PUSH(e->work, f->start, f->nstart, f->capstart, f->nmade);
}

/* A place as a key. */
static Sym place_key(Span at)
{
	return (Sym)(uintptr_t)((uint64_t)at.file << 32 | (uint64_t)at.beg << 1 | 1);
}

/* Keeps a value that nobody has read, with the parameters that its statement has made; hidden: the
 * next value of its name, or nowhere. */
static void unused(Elab *e, const Binding *b, Span hidden)
{
	if (b->dead || b->quiet || b->at.file < 0 || e->silent || b->name[0] == '_')
		return;
	if (in_prelude(e, b->at) || b->v.kind == V_POISON)
		return;
	if (b->read) {
		/* one expansion in one variant is enough */
		map_put(e->work, &e->read, place_key(b->at), (void *)1);
		return;
	}
	Unused u = { .name = b->name, .at = b->at, .hidden = hidden };
	Sym before = 0;
	for (int i = b->param; i < b->param + b->nparam && i < e->m->nparam; i++) {
		const Tensor *t = &e->m->param[i];
		const char *dot = strrchr(t->path, '.');
		Sym layer = dot ? symbols_get(e->j->symbols, t->path, (size_t)(dot - t->path)) : 0;
		u.layers += layer && layer != before;
		before = layer;
		u.params += t->len;
	}
	PUSH(e->work, e->unused, e->nunused, e->capunused, u);
}

void warn_unused(Elab *e)
{
	for (int i = 0; i < e->nunused; i++) {
		const Unused *u = &e->unused[i];
		Diag *d;
		if (map_get(&e->read, place_key(u->at)))
			continue;
		if (u->layers)
			d = warning(e->j, u->at, "unused-value",
			            "`%s` is never used; %d layer%s (%s "
			            "parameters) %s not built",
			            u->name, u->layers, u->layers > 1 ? "s" : "",
			            arena_grouped(e->mem, u->params), u->layers > 1 ? "are" : "is");
		else
			d = warning(e->j, u->at, "unused-value", "`%s` is never used", u->name);
		if (u->hidden.file == u->at.file && u->hidden.beg != u->at.beg) {
			diag_label(d, "nothing reads this value");
			diag_span(d, u->hidden, "this hides it");
			diag_help(d, "delete the line, or give one of the two another name");
		} else {
			diag_label(d, "neither a loss, a metric nor an output depends on this");
			diag_help(d, "delete the line, or write `output %s`", u->name);
		}
	}
}

/* Ends the innermost scope; at depth 0 the frame's own. */
void scope_end(Elab *e)
{
	Frame *f = e->frame;
	int from = f->nstart ? f->start[--f->nstart] : 0;
	for (int i = from; i < f->nmade; i++) {
		Binding *b = f->made[i];
		if (b->dead || b->depth != f->depth + 1)
			continue;
		unused(e, b, NOWHERE);
		b->dead = true;
	}
	f->nmade = from;
	if (f->depth)
		f->depth--;
}

bool word_taken(Elab *e, Sym name, Span at)
{
	if (strcmp(name, "N") && strcmp(name, "none") && strcmp(name, "training"))
		return false;
	fail(e, at, "E0206", "`%s` is a word of the language and cannot be a value's name", name);
	return true;
}

void assign(Elab *e, Sym name, Value v, Span at)
{
	Binding *b = frame_find(e->frame, name);
	if (b && e->scan && b->scan != e->scan && v.kind != V_POISON && !b->unknown) {
		Diag *d = fail(e, at, "E0406",
		               "`%s` belongs to the outside of this scan and is not "
		               "carried",
		               name);
		diag_help(d,
		          "write `carry %s = ...` in the head of the scan, or use another name",
		          name);
		b->v = v_poison();
		return;
	}
	if (b && b->buffer) {
		Diag *d = fail(e, at, "E0406", "`%s` is a buffer", name);
		diag_help(d, "write `update %s = ...`", name);
		return;
	}
	if (word_taken(e, name, at))
		return;
	int depth = b ? b->depth : 0;
	if (b)
		unused(e, b, at);
	b = frame_bind(e, e->frame, name, v, at);
	b->param = e->stmt_params;
	b->nparam = e->m->nparam - e->stmt_params;
	if (depth)
		b->depth = depth;
	if (v.kind == V_TENSOR && !in_prelude(e, at))
		node_mark(v.n, at, name);
}

void exec_scope(Elab *e, AstList *body)
{
	scope_begin(e);
	exec_body(e, body);
	scope_end(e);
}

/* ---- declarations ------------------------------------------------------------------------ */

bool only_in_model(Elab *e, Ast *a, const char *what)
{
	if (e->frame->def->ast->kind == A_MODEL && !e->scan)
		return true;
	Diag *d = fail(e, a->at, "E0406", "`%s` stands in the model only", what);
	diag_help(d, "pass the value to the block as an argument, or `return` it");
	return false;
}

static bool name_taken(Elab *e, Sym name, Span at)
{
	Binding *b = frame_find(e->frame, name);
	if (word_taken(e, name, at))
		return true;
	if (!b || !b->fixed)
		return false;
	Diag *d = fail(e, at, "E0205", "the name `%s` is defined twice", name);
	diag_span(d, user_place(e, b->at), "first here");
	return true;
}

OUTLINE static void do_input(Elab *e, Ast *a)
{
	Type ty;
	Module *m = e->m;
	bool target = a->kind == A_TARGET;
	Sym name = a->u.decl.name;
	if (!only_in_model(e, a, target ? "target" : "input") ||
	    name_taken(e, name, a->name_at))
		return;
	Value v = v_poison();
	if (type_of_ast(e, a->u.decl.type, &ty)) {
		if (!ty.rank || !dim_eq(ty.dim[0], dim_batch(1))) {
			Diag *d = fail(e, a->u.decl.type->at, "E0303",
			               "the first dimension of `%s` must be "
			               "the batch `N`",
			               name);
			diag_help(d, "write `%s[N%s...]`", a->u.decl.type->u.type.name,
			          ty.rank ? ", " : "");
		} else {
			int i = (int)(intptr_t)map_get(&e->names_of_inputs, name) - 1;
			if (i < 0) {
				Field f = { name, ty, target, a->name_at, 0 };
				i = m->nin;
				PUSH(e->mem, m->in, m->nin, m->capin, f);
				map_put(e->mem, &e->names_of_inputs, name, (void *)(intptr_t)m->nin);
			}
			v = v_tensor(e, n_leaf(e->g, O_input, name, i, &ty), a->name_at);
			v.made = a->name_at;
			node_mark(v.n, a->at, name);
		}
	}
	Binding *b = frame_bind(e, e->frame, name, v, a->name_at);
	b->quiet = b->fixed = true;
}

OUTLINE static void do_param(Elab *e, Ast *a)
{
	Type ty;
	Sym name = a->u.decl.name;
	Value v = v_poison(), init = v_none();
	bool opt = e->frame->def->ast->kind == A_OPTIMIZER;
	if (opt) {
		fail(e, a->at, "E0406",
		     "an optimizer has no parameters; its state is `buffer`");
		return;
	}
	if (!e->frame->repeat && name_taken(e, name, a->name_at))
		return;
	if (a->u.decl.value)
		init = eval(e, a->u.decl.value);
	if (type_of_ast(e, a->u.decl.type, &ty) && init.kind != V_POISON) {
		Frame *f = e->frame;
		Sym path = path_join(e, f->path, path_of_name(e, f, name, a->name_at));
		v = declare_param(e, path, name, &ty, &init, a->name_at);
	}
	frame_bind(e, e->frame, name, v, a->name_at)->fixed = true;
}

/* The state of an optimizer: a moment as long as all parameters.  Memory begins as zeros: another first
 * value is put in its place at the first update. */
static void do_moment(Elab *e, Ast *a, const Value *init)
{
	Module *m = e->m;
	Type t = type_make(DT_REAL, 1, (Dim[]){ dim_num((int32_t)m->param_len) }), ty;
	bool number = init->kind == V_TENSOR || init->kind == V_NUMBER;
	Node *first = number ? value_real(e, init) : n_const(e->g, 0);
	bool scalar = number && !first->ty.rank;
	if (!number || (first->ty.rank && !type_shape_eq(&first->ty, &t))) {
		Diag *d = fail(e, a->name_at, "E0207", "the state `%s` of an optimizer must start with the "
		               "shape of `w`, but this is %s", a->u.decl.name, value_text(e, init));
		diag_help(d, "write `buffer %s = zeros_like(w)`", a->u.decl.name);
		first = n_const(e->g, 0);
	}
	if (a->u.decl.type && type_of_ast(e, a->u.decl.type, &ty) && ty.rank)
		fail(e, a->u.decl.type->at, "E0301",
		     "a buffer of an optimizer has the shape of `w`, or is one number: f32");
	int i = m->nmoment++;
	moment_start(e, i, first, a->at);
	Value v = v_tensor(e, n_leaf(e->g, O_moment, a->u.decl.name, i, &t), a->name_at);
	/* one number for each tensor: all elements of its stretch hold it */
	if (scalar)
		v = v_tensor(e, drop_axes(e, n_reduce(e->g, O_rmax, v.n, 1), 1), a->name_at);
	PUSH(e->mem, e->bufval, e->nbufval, e->capbufval, v);
	PUSH(e->mem, e->bufset, e->nbufset, e->capbufset, false);
	frame_bind(e, e->frame, a->u.decl.name, v, a->name_at)->buffer = e->nbufval;
}

OUTLINE static void do_buffer(Elab *e, Ast *a)
{
	Type ty;
	Sym name = a->u.decl.name;
	Value init = v_none();
	if (e->scan) {
		fail(e, a->at, "E0406", "`buffer` cannot stand in a scan; use `carry`");
		assign(e, name, v_poison(), a->name_at);
		return;
	}
	if (!e->frame->repeat && name_taken(e, name, a->name_at))
		return;
	if (a->u.decl.value)
		init = eval(e, a->u.decl.value);
	/* until the end of this function: a buffer in error has a name all the same */
	frame_bind(e, e->frame, name, v_poison(), a->name_at)->quiet = true;
	if (init.kind == V_POISON)
		return;
	if (e->in_update) {
		do_moment(e, a, &init);
		return;
	}
	if (a->u.decl.type) {
		if (!type_of_ast(e, a->u.decl.type, &ty))
			return;
	} else if (init.kind == V_TENSOR) {
		ty = init.n->ty;
	} else {
		Diag *d = fail(e, a->name_at, "E0207",
		               "the shape of the buffer `%s` is not known", name);
		diag_help(d, "write `buffer %s: f32[...] = ...`", name);
		return;
	}
	Frame *f = e->frame;
	Sym path = path_join(e, f->path, path_of_name(e, f, name, a->name_at));
	int i = declare_buffer(e, path, &ty, &init, a->name_at);
	Binding *b = frame_bind(e, f, name, v_poison(), a->name_at);
	b->quiet = b->fixed = true;
	if (i >= 0)
		b->buffer = i + 1;
}

OUTLINE static void do_layer(Elab *e, Ast *a)
{
	Sym name = a->u.decl.name;
	Ast *call = a->u.decl.value;
	Frame *f = e->frame;
	Layer *old = map_get(&f->layers, name);
	if (old && !f->repeat) {
		Diag *d = fail(e, a->name_at, "E0205", "the layer `%s` is defined twice", name);
		diag_span(d, old->at, "first here");
		return;
	}
	Def *def = map_get(&e->def, call->u.call.fn);
	if (!def) {
		unknown_call(e, call);
		frame_bind(e, f, name, v_poison(), a->name_at);
		return;
	}
	Layer *l = NEW(e->mem, Layer);
	l->name = name;
	l->def = def;
	l->call = call;
	l->at = call->at;
	l->scope = f;
	collect_args(e, def, call, 0, &l->args);
	Sym part = path_of_name(e, f, name, a->name_at);
	l->path = path_join(e, f->path, part);
	map_put(e->work, &f->layers, name, l);
}

/* ---- state and results of blocks --------------------------------------------------------- */

OUTLINE static void do_next(Elab *e, Ast *a)
{
	Sym name = a->u.decl.name;
	Binding *b = frame_find(e->frame, name);
	Value v = eval(e, a->u.decl.value);
	bool weight = e->in_update && b && !strcmp(name, "w");
	if (b && !b->buffer && !weight && b->v.kind == V_POISON)
		return;
	if (!b || (!b->buffer && !weight)) {
		Diag *d = fail(e, a->name_at, "E0406", "`%s` is not a buffer", name);
		diag_help(d,
		          e->in_update ? "an optimizer updates `w` and its buffers"
		                       : "declare it with `buffer`, or write `%s = ...`",
		          name);
		return;
	}
	if (e->scan) {
		fail(e, a->at, "E0406", "`update` cannot stand in a scan; use `carry`");
		return;
	}
	if (v.kind == V_POISON)
		return;
	if (v.kind != V_TENSOR && v.kind != V_NUMBER) {
		fail(e, a->u.decl.value->at, "E0207", "a buffer holds numbers, but this is %s",
		     value_text(e, &v));
		return;
	}
	const Value *old = weight ? &b->v : &e->bufval[b->buffer - 1];
	Node *n = value_real(e, &v);
	if (n->ty.rank && !type_shape_eq(&n->ty, &old->n->ty)) {
		Diag *d = fail(e, a->u.decl.value->at, "E0301",
		               "`%s` is %s, but its new value is %s", name, value_text(e, old),
		               value_text(e, &v));
		show_origin(e, d, &v);
		return;
	}
	n = n_broadcast(e->g, n, &old->n->ty);
	/* later uses see the value, but no gradient flows through state: `real` has none */
	Value now = v_tensor(e, e->in_update ? n : n_op1(e->g, O_real, n), a->name_at);
	if (weight) {
		b->v = now;
		e->update_w = true;
		return;
	}
	if (e->silent)
		return;
	e->bufset[b->buffer - 1] = true;
	e->bufval[b->buffer - 1] = now;
}

OUTLINE static void do_return(Elab *e, Ast *a)
{
	Frame *f = e->frame;
	AstList *l = &a->u.ret.value;
	if (f->def->ast->kind != A_BLOCK || e->scan != f->around) {
		Diag *d = fail(e, a->at, "E0406",
		               f->def->ast->kind == A_BLOCK ? "`return` cannot stand in a scan"
		                                            : "`return` stands in blocks only");
		if (f->def->ast->kind == A_MODEL)
			diag_help(d, "a model names its results: `output y`");
		return;
	}
	Value v = v_list(e, l->n, a->at);
	bool poison = false;
	v.kind = V_TUPLE;
	for (int i = 0; i < l->n; i++) {
		v.item[i] = eval(e, l->v[i]);
		poison |= v.item[i].kind == V_POISON;
	}
	if (e->silent && e->silent_frame == f)
		return;
	f->returned = true;
	f->result = poison ? v_poison() : l->n == 1 ? v.item[0] : v;
}

/* ---- control ----------------------------------------------------------------------------- */

OUTLINE static void do_assign(Elab *e, Ast *a)
{
	int before = e->m->nparam, n = a->u.assign.n;
	Value v = eval(e, a->u.assign.value);
	e->stmt_params = before;
	if (n == 1) {
		if (v.kind == V_TUPLE) {
			fail(e, a->at, "E0406", "%d values for one name; write `a, b = ...`",
			     v.nitem);
			v = v_poison();
		}
		assign(e, a->u.assign.name[0], v, a->u.assign.at[0]);
		return;
	}
	bool fits = v.kind == V_TUPLE && v.nitem == n;
	if (!fits && v.kind != V_POISON) {
		Diag *d = fail(e, a->u.assign.at[0], "E0406", "%d names for %s", n,
		               v.kind == V_TUPLE ? value_text(e, &v) : "one value");
		diag_span(d, a->u.assign.value->at, "gives %s", value_text(e, &v));
		diag_help(d, "the number of names must be the number of values");
	}
	for (int i = 0; i < n; i++) {
		Value x = fits ? v.item[i] : v_poison();
		if (x.kind == V_TENSOR && x.made.file < 0)
			x.made = a->u.assign.value->at;
		assign(e, a->u.assign.name[i], x, a->u.assign.at[i]);
	}
}

OUTLINE static void silent_scope(Elab *e, AstList *body)
{
	bool before = e->silent;
	Frame *frame = e->silent_frame;
	Scan *scan = e->silent_scan;
	e->silent = true;
	e->silent_frame = e->frame;
	e->silent_scan = e->scan;
	/* names of the surrounding scope keep their values */
	Frame *f = e->frame;
	int n = f->nname;
	Binding *keep = NEWN(e->work, Binding, n + 1);
	for (int i = 0; i < n; i++)
		keep[i] = *f->name[i];
	exec_scope(e, body);
	for (int i = 0; i < n; i++) {
		bool read = f->name[i]->read || keep[i].read;
		*f->name[i] = keep[i];
		f->name[i]->read = read;
	}
	e->silent = before;
	e->silent_frame = frame;
	e->silent_scan = scan;
}

/* The condition of an `if`, and whether it depends on `training`; false after a message. */
OUTLINE static bool if_condition(Elab *e, Ast *a, bool *yes, bool *mode)
{
	Value c = eval(e, a->u.cond.cond);
	if (c.kind == V_TENSOR || c.kind == V_NUMBER) {
		Diag *d = fail(e, a->u.cond.cond->at, "E0207",
		               "the condition of `if` must be known at "
		               "compile time, but this is %s",
		               value_text(e, &c));
		diag_help(d, "write `where(condition, a, b)` to choose element by element");
		return false;
	}
	*mode = c.mode;
	return need_bool(e, &c, "the condition of `if`", yes);
}

OUTLINE static void do_if(Elab *e, Ast *a)
{
	bool yes, mode;
	if (!if_condition(e, a, &yes, &mode))
		return;
	if (mode && !yes)
		silent_scope(e, &a->u.cond.then);
	if (yes)
		exec_scope(e, &a->u.cond.then);
	else if (a->u.cond.has_else)
		exec_scope(e, &a->u.cond.other);
	if (mode && yes && a->u.cond.has_else)
		silent_scope(e, &a->u.cond.other);
}

/* The range of a repeat; false after a message. */
OUTLINE static bool repeat_range(Elab *e, Ast *a, int64_t *from, int64_t *to)
{
	int64_t lo = 0, hi;
	Value l = v_int(0, a->at), h;
	if (a->u.repeat.lo)
		l = eval(e, a->u.repeat.lo);
	h = eval(e, a->u.repeat.hi);
	if (!need_int(e, &l, "the start of a range", &lo) ||
	    !need_int(e, &h, a->u.repeat.lo ? "the end of a range" : "the count of `repeat`",
	              &hi))
		return false;
	if (!a->u.repeat.lo && hi < 0) {
		fail(e, a->u.repeat.hi->at, "E0404",
		     "`repeat %lld`: a count cannot be negative", (long long)hi);
		return false;
	}
	*from = lo;
	*to = hi;
	return true;
}

OUTLINE static void bind_turn(Elab *e, Ast *a, int64_t i)
{
	frame_bind(e, e->frame, a->u.repeat.var, v_int(i, a->at), a->at)->quiet = true;
}

OUTLINE static void do_repeat(Elab *e, Ast *a)
{
	int64_t lo, hi;
	if (!repeat_range(e, a, &lo, &hi))
		return;
	e->frame->repeat++;
	for (int64_t i = lo; i < hi && !e->full && !diag_full(e->j); i++) {
		int errors = e->j->nerror;
		scope_begin(e);
		if (a->u.repeat.var)
			bind_turn(e, a, i);
		exec_body(e, &a->u.repeat.body);
		scope_end(e);
		if (e->j->nerror > errors || e->frame->returned || ++e->stmts > MAXSTMTS)
			break;
	}
	if (e->stmts > MAXSTMTS && !e->full) {
		e->full = true;
		fail(e, a->at, "E0403", "the program expands to more than %d statements",
		     MAXSTMTS);
	}
	e->frame->repeat--;
}

/* Is the name that of an earlier emit, or of a carry, whose last value it would hide? */
static bool emitted_twice(Elab *e, Scan *s, Ast *a)
{
	Sym name = a->u.decl.name;
	Span first = NOWHERE;
	for (int i = 0; i < s->nemit; i++)
		if (s->emit[i].name == name)
			first = s->emit[i].at;
	for (int i = 0; i < s->carry->n; i++)
		if (s->carry->v[i]->u.decl.name == name)
			first = s->carry->v[i]->name_at;
	if (first.file < 0)
		return false;
	Diag *d = fail(e, a->name_at, "E0205", "`%s` is already a name that this scan gives", name);
	diag_span(d, first, "here");
	diag_help(d, "choose another name: `emit %ss = ...`", name);
	s->wrong = true;
	return true;
}

OUTLINE static void do_emit(Elab *e, Ast *a)
{
	Value v = eval(e, a->u.decl.value);
	Scan *s = e->scan;
	if (!s || s->frame != e->frame) {
		fail(e, a->at, "E0406", "`emit` stands directly in the body of a scan only");
		assign(e, a->u.decl.name, v_poison(), a->name_at);
		return;
	}
	s->wrong |= v.kind == V_POISON;
	if ((e->silent && e->silent_scan == s) || emitted_twice(e, s, a))
		return;
	s->emit = arena_grow(e->mem, s->emit, s->nemit, &s->capemit, s->nemit + 1,
	                     sizeof *s->emit);
	s->emit[s->nemit].name = a->u.decl.name;
	s->emit[s->nemit].v = v;
	s->emit[s->nemit++].at = a->name_at;
}

static void exec(Elab *e, Ast *a)
{
	if (a->kind == A_NAME && e->j->nerror)
		return;                /* it was nested too deep, and is a leaf now (E0105) */
	switch (a->kind) {
	case A_ASSIGN: do_assign(e, a); return;
	case A_LAYER: do_layer(e, a); return;
	case A_PARAM: do_param(e, a); return;
	case A_BUFFER: do_buffer(e, a); return;
	case A_UPDATE: do_next(e, a); return;
	case A_INPUT: case A_TARGET: do_input(e, a); return;
	case A_LOSSES: case A_METRIC: case A_OUTPUT: exec_result(e, a); return;
	case A_RETURN: do_return(e, a); return;
	case A_REPEAT: do_repeat(e, a); return;
	case A_SCAN: exec_scan(e, a); return;
	case A_EMIT: do_emit(e, a); return;
	case A_IF: do_if(e, a); return;
	case A_INT:
	case A_FLOAT:
	case A_STRING:
	case A_BOOL:
	case A_NAME:
	case A_LOSS:
	case A_CALL:
	case A_BINARY: case A_UNARY: case A_PIPE: case A_INDEX: case A_FIELD: case A_LIST:
	case A_SLICE: case A_ELLIPSIS: case A_ARG: case A_TYPE: case A_IMPORT: case A_CONST:
	case A_FN: case A_BLOCK: case A_OPTIMIZER: case A_MODEL: case A_DATA: case A_TRAIN:
	case A_SEARCH: case A_EXPORT: case A_FORMAL: case A_SETTING: break;
	}
	bug(e->j, "no statement: %s", ast_kind_name(a->kind));
}

void exec_body(Elab *e, AstList *body)
{
	for (int i = 0; i < body->n; i++) {
		if (e->frame->returned || e->full || diag_full(e->j))
			return;
		if (++e->stmts > MAXSTMTS) {
			fail(e, body->v[i]->at, "E0403",
			     "the program expands to more than %d statements", MAXSTMTS);
			e->full = true;
			return;
		}
		e->depth++;
		exec(e, body->v[i]);
		e->depth--;
	}
}
