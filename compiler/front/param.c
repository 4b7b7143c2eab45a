/* param.c - paths, parameters, buffers, initialisers.
 *
 * In:    calls and declarations.   Out: leaves by path, rows of the module's tables.
 * Holds: a path names one tensor; only a layer's second use, or the other variant, meets it
 *        again.
 *
 * An initialiser is kept as a call with its arguments and evaluated where shape and path are
 * known, in the graph `init`.
 */
#include "elab.h"

#include <string.h>

/* ---- paths ------------------------------------------------------------------------------- */

Sym path_join(Elab *e, Sym path, Sym name)
{
	return *path ? job_symf(e->j, "%s.%s", path, name) : name;
}

static int count_up(Elab *e, Frame *scope, Sym name)
{
	int n = (int)(intptr_t)map_get(&scope->ordinals, name) + 1;
	map_put(e->mem, &scope->ordinals, name, (void *)(intptr_t)n);
	return n;
}

/* Takes a path component; reports a second taker. */
static Sym take(Elab *e, Frame *scope, Sym name, Span at)
{
	Span *before = map_get(&scope->used, name);
	if (before) {
		Diag *d = fail(e, at, "E0205", "the path `%s` is used twice",
		               path_join(e, scope->path, name));
		if (before->file != at.file || before->beg != at.beg)
			diag_span(d, user_place(e, *before), "first here");
		diag_help(d, "give one of the two another label");
		/* a path of its own, so that its parameters are no second mistake */
		return job_symf(e->j, "%s'%d", name,
		                count_up(e, scope, job_symf(e->j, "%s'", name)));
	}
	Span *s = NEW(e->mem, Span);
	*s = at;
	map_put(e->mem, &scope->used, name, s);
	return name;
}

Sym path_of_name(Elab *e, Frame *scope, Sym name, Span at)
{
	if (e->frame->repeat) {
		int n = count_up(e, scope, job_symf(e->j, "%s:", name));
		name = job_symf(e->j, "%s%d", name, n);
	}
	return take(e, scope, name, at);
}

Sym path_of_call(Elab *e, Frame *scope, Sym kind, Sym label, Span at)
{
	if (label)
		return path_of_name(e, scope, label, at);
	return take(e, scope, job_symf(e->j, "%s%d", kind, count_up(e, scope, kind)), at);
}

static uint64_t hash_text(const char *s)
{
	uint64_t h = 14695981039346656037u;
	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 1099511628211u;
	return h;
}

uint64_t draw_stream(Elab *e, Sym what)
{
	if (e->fan)
		return hash_text(arena_printf(e->mem, "%s#%d", e->init_path, ++e->init_draws));
	Frame *s = e->frame->scope;
	int n = count_up(e, s, what);
	return hash_text(path_join(e, s->draws, job_symf(e->j, "%s%d", what, n)));
}

/* ---- tables ------------------------------------------------------------------------------ */

static bool tensor_type_ok(Elab *e, const char *kind, const Type *ty, Span at)
{
	Diag *d;
	if (type_batched(ty)) {
		d = fail(e, at, "E0301", "a %s cannot depend on the batch: %s", kind,
		         type_text(e->mem, ty));
		diag_help(d, "leave `N` out: all samples share it");
		return false;
	}
	if (ty->dt == DT_REAL)
		return true;
	fail(e, at, "E0310", "a %s must be f32, but this is %s", kind, type_text(e->mem, ty));
	return false;
}

static bool layer_here(Elab *e)
{
	if (!e->walking)
		fail(e, e->frame->at, "E0406",
		     "a layer with parameters can be called in a model only");
	return e->walking;
}

/* May this path be met now?  It may by another variant and by the second use of a layer. */
static bool meet_again(Elab *e, const Tensor *t, TensorInfo *info, const Type *ty, Span at)
{
	Diag *d;
	if (!type_eq(&t->ty, ty)) {
		d = fail(e, at, "E0301", "`%s` would be %s here, but it was made as %s",
		         t->path, type_text(e->mem, ty), type_text(e->mem, &t->ty));
		diag_span(d, user_place(e, t->at), "made %s here", type_text(e->mem, &t->ty));
		diag_note(d, "the input sizes of a layer are fixed by its first use");
		return false;
	}
	if (info->stamp == e->stamp && !e->frame->reuse) {
		d = fail(e, at, "E0205", "the path `%s` is used twice", t->path);
		diag_span(d, user_place(e, t->at), "first here");
		return false;
	}
	info->stamp = e->stamp;
	return true;
}

static Tensor tensor_row(Elab *e, Sym path, const Type *ty, Span at)
{
	Tensor t = { .path = path, .ty = *ty };
	t.at = user_place(e, in_prelude(e, at) ? e->frame->written : at);
	t.lr_scale = e->frame->lr_scale;
	t.trained = e->frame->trainable;
	t.decayed = ty->rank >= 2 || e->decay_all;
	t.len = type_len(ty, 1);
	return t;
}

static TensorInfo info_row(Elab *e, Sym path, const Value *init, Span at)
{
	TensorInfo i = { .path = path, .at = at, .stamp = e->stamp };
	i.init = init ? *init : v_none();
	i.reg = e->frame->reg;
	i.reg_set = e->frame->reg_set;
	return i;
}

static Value leaf_value(Elab *e, Op op, Sym path, int index, const Type *ty, Span at)
{
	Graph *g = e->g;
	e->g = e->top;
	Value v = v_tensor(e, n_leaf(e->top, op, path, index, ty), at);
	v.made = at;
	node_mark(v.n, user_place(e, at), path);
	e->g = g;
	return v;
}

Value declare_param(Elab *e, Sym path, Sym name, const Type *ty, const Value *init, Span at)
{
	Module *m = e->m;
	Frame *f = e->frame;
	if (!layer_here(e) || !tensor_type_ok(e, "parameter", ty, at))
		return v_poison();
	const Frame *caller = f->scope->up;    /* of the layer, if f is a part of one */
	if (caller && caller->def->ast->kind == A_FN && !caller->def->prelude) {
		Diag *d = fail(e, f->at, "E0406",
		               "a fn owns no parameters, but `%s` would make `%s`",
		               f->def->name, path);
		diag_help(d, "make `%s` a block", caller->def->name);
		return v_poison();
	}
	if (f->def->prelude && strstr(name, "weight") && f->init.kind != V_NONE)
		init = &f->init;
	if (f->def->prelude && strstr(name, "bias") && f->bias_init.kind != V_NONE)
		init = &f->bias_init;
	int i = (int)(intptr_t)map_get(&e->parampath, path) - 1;
	f->owned++;
	if (i >= 0) {
		if (!meet_again(e, &m->param[i], &e->pinfo[i], ty,
		                f->def->prelude ? f->at : at))
			return v_poison();
		return leaf_value(e, O_param, path, i, ty, at);
	}
	i = m->nparam;
	PUSH(e->mem, m->param, m->nparam, m->capparam, tensor_row(e, path, ty, at));
	PUSH(e->mem, e->pinfo, e->npinfo, e->cappinfo, info_row(e, path, init, at));
	map_put(e->mem, &e->parampath, path, (void *)(intptr_t)(i + 1));
	return leaf_value(e, O_param, path, i, ty, at);
}

int declare_buffer(Elab *e, Sym path, const Type *ty, const Value *init, Span at)
{
	Module *m = e->m;
	if (!layer_here(e) || !tensor_type_ok(e, "buffer", ty, at))
		return -1;
	int i = (int)(intptr_t)map_get(&e->bufferpath, path) - 1;
	e->frame->owned++;
	if (i >= 0) {
		bool again = e->binfo[i].stamp == e->stamp;
		if (!meet_again(e, &m->buffer[i], &e->binfo[i], ty, at))
			return -1;
		if (again)
			return i;
		e->bufval[i] = leaf_value(e, O_buffer, path, i, ty, at);
		return i;
	}
	i = m->nbuffer;
	PUSH(e->mem, m->buffer, m->nbuffer, m->capbuffer, tensor_row(e, path, ty, at));
	PUSH(e->mem, e->binfo, e->nbinfo, e->capbinfo, info_row(e, path, init, at));
	PUSH(e->mem, e->bufval, e->nbufval, e->capbufval,
	     leaf_value(e, O_buffer, path, i, ty, at));
	PUSH(e->mem, e->bufset, e->nbufset, e->capbufset, false);
	map_put(e->mem, &e->bufferpath, path, (void *)(intptr_t)(i + 1));
	return i;
}

Value param_by_path(Elab *e, Sym path, Span at)
{
	int i = (int)(intptr_t)map_get(&e->parampath, path) - 1;
	if (i < 0 || e->pinfo[i].stamp != e->stamp)
		return v_poison();
	Value v = leaf_value(e, O_param, path, i, &e->m->param[i].ty, e->m->param[i].at);
	v.at = at;
	return v;
}

/* ---- initialisers ------------------------------------------------------------------------ */

static bool init_ast(Elab *e, Def *d, Ast *a);

static bool init_list(Elab *e, Def *d, AstList *l)
{
	for (int i = 0; i < l->n; i++)
		if (init_ast(e, d, l->v[i]))
			return true;
	return false;
}

/* Does the body of a fn use fan_in, fan_out or an initialiser?  `zeros` and `ones` are both. */
static bool init_ast(Elab *e, Def *d, Ast *a)
{
	if (!a)
		return false;
	if (a->kind == A_NAME)
		return !strcmp(a->u.name, "fan_in") || !strcmp(a->u.name, "fan_out");
	if (a->kind == A_CALL) {
		bool helper = in_prelude(e, a->at) && a->u.call.fn[0] == '_';
		Def *c = map_get(helper ? &e->helper : &e->def, a->u.call.fn);
		return (c && c != d && init_is(e, c)) || init_list(e, d, &a->u.call.arg);
	}
	if (a->kind == A_BINARY || a->kind == A_UNARY)
		return init_ast(e, d, a->u.bin.l) ||
		       (a->kind == A_BINARY && init_ast(e, d, a->u.bin.r));
	if (a->kind == A_PIPE)
		return init_ast(e, d, a->u.pipe.from) || init_ast(e, d, a->u.pipe.stage);
	if (a->kind == A_ARG)
		return init_ast(e, d, a->u.arg.value);
	if (a->kind == A_INDEX)
		return init_ast(e, d, a->u.index.of);
	return a->kind == A_LIST && init_list(e, d, &a->u.list.item);
}

bool init_is(Elab *e, Def *d)
{
	if (d->is_init)
		return d->is_init == 2;
	d->is_init = 3;
	bool yes = d->ast->kind == A_FN && !d->builtin && init_ast(e, d, d->ast->u.def.value);
	if (d->builtin)
		yes = !strcmp(d->name, "uniform") || !strcmp(d->name, "normal");
	d->is_init = yes ? 2 : 1;
	return yes;
}

Value init_call(Elab *e, Def *d, Args *args, Span at)
{
	(void)e;
	Value v = v_none();
	v.kind = V_INIT;
	v.at = at;
	v.init = NEW(e->mem, Init);
	v.init->def = d;
	v.init->args = *args;
	v.init->at = at;
	for (int i = 0; i < args->n; i++)
		if (args->v[i].v.kind == V_POISON)
			return v_poison();
	return v;
}

static Value init_eval(Elab *e, const Init *i)
{
	if (i->def) {
		Args args = i->args;
		return call_def(e, i->def, 0, &args, i->at, 0, NOWHERE);
	}
	if (!i->op)
		return i->value;
	Value l = init_eval(e, i->l), zero = v_int(0, i->at);
	if (!i->r)
		return binary(e, job_sym(e->j, "-"), &zero, &l, i->at, i->at);
	Value r = init_eval(e, i->r);
	return binary(e, i->op->u.bin.op, &l, &r, i->at, i->at);
}

Node *init_fit(Elab *e, Node *n, const Type *ty, Span at)
{
	if (!n->ty.rank)
		return n_broadcast(e->g, real_of(e, n), ty);
	if (type_shape_eq(&n->ty, ty))
		return real_of(e, n);
	fail(e, at, "E0301", "the first value has the shape %s, but %s is needed",
	     type_text(e->mem, &n->ty), type_text(e->mem, ty));
	return 0;
}

Node *init_build(Elab *e, const Value *init, const Type *ty, Sym path, Span at)
{
	Value v = *init;
	e->fan = ty;
	e->init_path = path;
	e->init_draws = 0;
	if (v.kind == V_NONE)
		v = v_int(0, at);
	if (v.kind == V_INIT)
		v = init_eval(e, v.init);
	Node *n = 0;
	if (v.kind == V_NUMBER || v.kind == V_TENSOR) {
		n = value_node(e, &v);
		n = n ? init_fit(e, n, ty, at) : 0;
	} else if (v.kind != V_POISON) {
		Diag *d = fail(e, v.at.file >= 0 ? v.at : at, "E0207",
		               "`%s` needs an initialiser, but this is %s", path,
		               value_text(e, &v));
		diag_help(d,
		          "for instance `zeros()`, `normal(0, 0.02)` or `kaiming_uniform()`");
	}
	e->fan = 0;
	return n;
}
