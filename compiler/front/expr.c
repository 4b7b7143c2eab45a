/* expr.c - expressions.
 *
 * In:    an expression, the frame's names.   Out: a value; poison after a message.
 * Holds: arguments are evaluated before the call, left to right, each once.
 */
#include "elab.h"

#include <math.h>
#include <string.h>

/* Deeper expressions and expansions are refused, so that the stack suffices. */
enum { MAXDEPTH = 1000 };

/* ---- names ------------------------------------------------------------------------------- */

/* `const n: int = 3`. */
OUTLINE static bool const_kind(Elab *e, Const *c, const Value *v)
{
	Ast *t = c->ast->u.decl.type;
	const char *kind = t->u.type.name;
	bool ok = v->kind == V_POISON;
	if (!strcmp(kind, "int"))
		ok |= v->kind == V_NUMBER && v->is_int;
	else if (!strcmp(kind, "float"))
		ok |= v->kind == V_NUMBER;
	else if (!strcmp(kind, "bool"))
		ok |= v->kind == V_BOOL;
	else if (!strcmp(kind, "string"))
		ok |= v->kind == V_STRING;
	else {
		Diag *d = fail(e, t->at, "E0204", "`%s` is no type of a const", kind);
		diag_help(d, "a const is int, float, bool or string; lists have no type");
		return false;
	}
	if (!ok)
		fail(e, c->ast->name_at, "E0207", "`%s` must be %s, but this is %s", c->name,
		     kind, value_text(e, v));
	return ok;
}

static bool const_ok(const Value *v)
{
	for (int i = 0; v->kind == V_LIST && i < v->nitem; i++)
		if (!const_ok(&v->item[i]))
			return false;
	return v->kind == V_LIST || v->kind == V_STRING || v->kind == V_BOOL ||
	       v->kind == V_POISON || v->kind == V_NONE || v->kind == V_REG ||
	       (v->kind == V_NUMBER && (v->known || is_schedule(v)));
}

/* An integer, or the integers of a list, as the numbers they stand for. */
static void number_as_real(Value *v)
{
	if (v->kind == V_NUMBER && v->known && v->is_int)
		v->is_int = false;
	for (int i = 0; v->kind == V_LIST && i < v->nitem; i++)
		number_as_real(&v->item[i]);
}

/* Is this name in the text of an expression? */
static bool has_name(const char *text, const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
	for (const char *s = text; *s; s += *s && !strchr(letters, *s)) {
		size_t n = strspn(s, letters);
		if (n == strlen(name) && !strncmp(s, name, n))
			return true;
		s += n;
	}
	return false;
}

OUTLINE static Value const_fresh(Elab *e, Const *c)
{
	Frame *frame = e->frame;
	e->frame = 0;
	c->busy = true;
	Value v = eval(e, c->given ? c->given : c->ast->u.decl.value);
	number_from_tensor(e, &v);
	if (c->real)
		number_as_real(&v);
	c->busy = false;
	e->frame = frame;
	bool option = c->main && !c->structural && !e->literal && v.kind == V_NUMBER && v.known;
	if (option && !v.deps) {
		v.deps = NEW(e->work, Deps);
		v.deps->konst = c;
	}
	if (option && v.deps->konst == c && e->g) {
		v.n = setting_leaf(e, c->name, v.num, v.is_int, c->ast->name_at);
		v.g = e->g;
	}
	if (c->ast->u.decl.type && !const_kind(e, c, &v))
		return v_poison();
	if (v.kind == V_NUMBER && !v.known && !v.deps) {
		Diag *d = fail(e, c->ast->name_at, "E0207",
		               "a const must be known at compile time, but `%s` is not",
		               source_text(e->j, c->ast->u.decl.value->at));
		if (has_name(source_text(e->j, c->ast->u.decl.value->at), "N"))
			diag_help(d, "`N`, the batch at hand, differs from step to step");
		else
			diag_help(d, "a schedule changes from step to step: write it where it is used, as in "
			             "`adam(lr = %s)`", source_text(e->j, c->ast->u.decl.value->at));
		return v_poison();
	}
	if (!const_ok(&v)) {
		fail(e, c->ast->name_at, "E0207",
		     "a const is a number, a schedule, a string, `true`, `false` or a "
		     "list of these, but this is %s",
		     value_text(e, &v));
		return v_poison();
	}
	return v;
}

Value const_value(Elab *e, Const *c)
{
	if (c->busy) {
		fail(e, c->ast->name_at, "E0403", "the const `%s` depends on itself", c->name);
		return v_poison();
	}
	if (e->fixes && c->main && !c->structural)
		c->structural = e->again = true;
	if (!c->has_cached || c->graph != e->g->serial) {
		c->cached = const_fresh(e, c);
		c->graph = e->g->serial;
		c->has_cached = true;
	}
	return c->cached;
}

/* Words that are values: none, N, training, and what initialisers know. */
OUTLINE static bool word_value(Elab *e, Sym name, Span at, Value *v)
{
	if (!strcmp(name, "none")) {
		*v = v_none();
	} else if (!strcmp(name, "N")) {
		*v = v_dim(dim_batch(1), at);
	} else if (!strcmp(name, "training")) {
		*v = v_bool(e->training, at);
		v->mode = e->asked = true;
	} else if (e->fan && (!strcmp(name, "fan_in") || !strcmp(name, "fan_out"))) {
		const Type *t = e->fan;
		int64_t f = t->rank ? t->dim[t->rank == 1 || !strcmp(name, "fan_out") ? 0 : 1].k
		                    : 1;
		for (int i = 2; i < t->rank; i++)
			f *= t->dim[i].k;
		*v = v_int(f, at);
	} else {
		return false;
	}
	return true;
}

OUTLINE static Value eval_name(Elab *e, Ast *a)
{
	Value v;
	Sym name = a->u.name;
	Binding *b = e->frame ? frame_find(e->frame, name) : 0;
	if (b) {
		b->read = true;
		v = b->buffer ? e->bufval[b->buffer - 1] : b->v;
		/* what an update has made stands still, whatever it was made of */
		if (b->buffer && !e->in_update && e->bufset[b->buffer - 1])
			e->m->stops = true;
		if (v.kind == V_POISON)
			return v;
		if (!in_prelude(e, a->at))
			v.at = a->at;
		return v;
	}
	if (word_value(e, name, a->at, &v))
		return v;
	Const *c = const_find(e, name, a->at);
	if (c) {
		v = const_value(e, c);
		v.at = a->at;
		return v;
	}
	if (e->in_data && column_name(e, a, &v))
		return v;
	Layer *l = e->frame ? map_get(&e->frame->layers, name) : 0;
	if (l) {
		v = v_none();
		v.kind = V_LAYER;
		v.layer = l;
		v.at = a->at;
		return v;
	}
	if (time_word(e, name, a->at, &v))
		return v;
	return unknown_name(e, name, a->at);
}

/* `wte.weight`, `enc.dense1.weight`. */
OUTLINE static Value eval_field(Elab *e, Ast *a)
{
	const char *rest = a->u.field.name;
	Ast *of = a->u.field.of;
	while (of->kind == A_FIELD) {
		rest = arena_printf(e->mem, "%s.%s", of->u.field.name, rest);
		of = of->u.field.of;
	}
	Value v = eval(e, of);
	if (v.kind == V_POISON)
		return v;
	if (v.kind != V_LAYER) {
		Diag *d = fail(e, a->name_at, "E0204", "only a layer has parts, but this is %s",
		               value_text(e, &v));
		diag_help(d, "declare the layer by name: `layer wte = embedding(...)`; then "
		          "`wte.weight` is its matrix");
		return v_poison();
	}
	Value w = param_by_path(
		e, job_sym(e->j, arena_printf(e->mem, "%s.%s", v.layer->path, rest)), a->at);
	if (w.kind != V_POISON)
		return w;
	Diag *d;
	if (!v.layer->uses)
		d = fail(e, a->at, "E0204",
		         "`%s` has no parameters yet: it has not been called", v.layer->name);
	else
		d = fail(e, a->name_at, "E0204", "`%s` has no parameter `%s`", v.layer->name,
		         rest);
	const char *list = "";
	size_t n = strlen(v.layer->path);
	for (int i = 0; i < e->m->nparam; i++)
		if (!strncmp(e->m->param[i].path, v.layer->path, n) &&
		    e->m->param[i].path[n] == '.')
			list = arena_printf(e->mem, "%s%s`%s`", list, *list ? ", " : "",
			                    e->m->param[i].path);
	if (*list)
		diag_help(d, "its parameters: %s", list);
	else
		diag_help(d,
		          "call the layer first: its input sizes are fixed by the first use");
	return v_poison();
}

/* ---- operators --------------------------------------------------------------------------- */

OUTLINE static Value init_binary(Elab *e, Ast *a, const Value *l, const Value *r)
{
	Value v = v_none();
	v.kind = V_INIT;
	v.at = a->at;
	v.init = NEW(e->mem, Init);
	v.init->op = a;
	v.init->at = a->at;
	const Value *side[2] = { l, r };
	for (int i = 0; i < 2 && side[i]; i++)
		if (side[i]->kind == V_TENSOR && type_batched(&side[i]->n->ty)) {
			Diag *d = fail(e, a->name_at, "E0310",
			               "an initialiser is evaluated where it meets a `param`; it "
			               "is no tensor");
			show_value(e, d, side[i]);
			diag_help(d, "write `param w: f32[...] = %s` and use `w`",
			          source_text(e->j, user_place(e, side[!i]->at)));
			return v_poison();
		}
	Init **to[2] = { &v.init->l, &v.init->r };
	for (int i = 0; i < 2 && side[i]; i++) {
		if (side[i]->kind == V_INIT) {
			*to[i] = side[i]->init;
		} else {
			*to[i] = NEW(e->mem, Init);
			(*to[i])->value = *side[i];
		}
	}
	return v;
}

/* `l and r`, `l or r` with a known left side do not look at the right one. */
static bool short_cut(Ast *a, const Value *l)
{
	if (l->kind != V_BOOL)
		return false;
	return (!strcmp(a->u.bin.op, "and") && !l->yes) ||
	       (!strcmp(a->u.bin.op, "or") && l->yes);
}

OUTLINE static Value eval_binary(Elab *e, Ast *a)
{
	Value l = eval(e, a->u.bin.l);
	if (short_cut(a, &l)) {
		l.at = a->at;
		return l;
	}
	Value r = eval(e, a->u.bin.r);
	if (l.kind == V_POISON || r.kind == V_POISON)
		return v_poison();
	if (l.kind == V_INIT || r.kind == V_INIT)
		return init_binary(e, a, &l, &r);
	return binary(e, a->u.bin.op, &l, &r, a->at, a->name_at);
}

OUTLINE static Value eval_unary(Elab *e, Ast *a)
{
	Value x = eval(e, a->u.bin.l);
	bool neg = !strcmp(a->u.bin.op, "-");
	if (x.kind == V_POISON)
		return x;
	if (!neg && x.kind == V_BOOL) {
		x.yes = !x.yes;
		x.at = a->at;
		return x;
	}
	if (neg && x.kind == V_NUMBER)
		return number_map(e, O_neg, &x, a->at);
	if (neg && x.kind == V_INIT)
		return init_binary(e, a, &x, 0);
	if (x.kind != V_TENSOR) {
		fail(e, a->name_at, "E0310",
		     "`%s` works on tensors and numbers, but this is %s", a->u.bin.op,
		     value_text(e, &x));
		return v_poison();
	}
	Node *n = value_node(e, &x);
	if (!neg && n->ty.dt != DT_BOOL) {
		fail(e, a->name_at, "E0310", "`not` needs a bool, but this is %s",
		     value_text(e, &x));
		return v_poison();
	}
	if (neg && n->ty.dt == DT_I32 && n->ty.classes) {
		Diag *d = fail(e, a->name_at, "E0310", "`-` does not work on classes");
		show_value(e, d, &x);
		return v_poison();
	}
	if (neg && n->ty.dt != DT_I32)
		n = real_of(e, n);
	return v_tensor(e, n_op1(e->g, neg ? O_neg : O_not, n), a->at);
}

/* ---- pipes ------------------------------------------------------------------------------- */

OUTLINE static Value eval_pipe(Elab *e, Ast *a)
{
	/* a chain is a list that grows to the left: no recursion, whatever its length */
	int n = 0;
	Ast *p = a;
	for (; p->kind == A_PIPE; p = p->u.pipe.from)
		n++;
	Ast **stage = NEWN(e->work, Ast *, n);
	int i = n;
	for (Ast *q = a; q->kind == A_PIPE; q = q->u.pipe.from)
		stage[--i] = q->u.pipe.stage;
	Value v = eval(e, p);
	/* on after a mistake too: later stages may hold others */
	for (i = 0; i < n; i++)
		v = eval_call(e, stage[i], &v);
	if (v.kind != V_POISON && !in_prelude(e, a->at))
		v.at = a->at;
	return v;
}

OUTLINE static Value eval_list(Elab *e, Ast *a)
{
	Value v = v_list(e, a->u.list.item.n, a->at);
	for (int i = 0; i < v.nitem; i++) {
		v.item[i] = eval(e, a->u.list.item.v[i]);
		if (v.item[i].kind == V_POISON)
			return v_poison();
	}
	return v;
}

static Value eval_inner(Elab *e, Ast *a)
{
	switch (a->kind) {
	case A_INT: return v_int(a->u.lit.i, a->at);
	case A_FLOAT: return v_real(a->u.lit.num, a->at);
	case A_STRING: return v_string(a->u.str, a->at);
	case A_BOOL: return v_bool(a->u.lit.i != 0, a->at);
	case A_NAME: return eval_name(e, a);
	case A_CALL: return eval_call(e, a, 0);
	case A_BINARY: return eval_binary(e, a);
	case A_UNARY: return eval_unary(e, a);
	case A_PIPE: return eval_pipe(e, a);
	case A_INDEX: return eval_index(e, a);
	case A_FIELD: return eval_field(e, a);
	case A_LIST: return eval_list(e, a);
	case A_LOSS:
		if (e->frame && frame_find(e->frame, job_sym(e->j, "loss")))
			return frame_find(e->frame, job_sym(e->j, "loss"))->v;
		fail(e, a->at, "E0105", "`loss` is a value only in `train` and `search`");
		return v_poison();
	case A_SLICE: case A_ELLIPSIS: case A_ARG: case A_TYPE: case A_ASSIGN: case A_LAYER:
	case A_PARAM: case A_BUFFER: case A_UPDATE: case A_INPUT: case A_TARGET: case A_LOSSES:
	case A_METRIC: case A_OUTPUT: case A_RETURN: case A_REPEAT: case A_SCAN: case A_EMIT:
	case A_IF: case A_IMPORT: case A_CONST: case A_FN: case A_BLOCK: case A_OPTIMIZER:
	case A_MODEL: case A_DATA: case A_TRAIN: case A_SEARCH: case A_EXPORT: case A_FORMAL:
	case A_SETTING:
		break;
	}
	bug(e->j, "no expression: %s", ast_kind_name(a->kind));
}

Value eval(Elab *e, Ast *a)
{
	if (e->full || diag_full(e->j))
		return v_poison();
	if (e->depth >= MAXDEPTH) {
		e->full = true;
		fail(e, a->at, "E0403", "expressions and blocks are nested more than %d deep",
		     MAXDEPTH);
		return v_poison();
	}
	e->depth++;
	Value v = eval_inner(e, a);
	e->depth--;
	return v;
}
