/* unexpanded.c - names in blocks and functions that the program never expands.
 *
 * In:    a definition that nothing called, or that was called with values in error.
 * Out:   messages for unknown layers, arguments and values in it.
 * Holds: only names are looked at, shapes are known where a block is called; a name counts as
 *        defined from its first statement on, wherever that stands.
 */
#include "elab.h"

#include <string.h>

typedef struct {
	Elab *e;
	Def *def;
	const char **name; int n, cap;
} Names;

static void visit(Names *s, Ast *a);

static void add(Names *s, Sym name)
{
	PUSH(s->e->mem, s->name, s->n, s->cap, name);
}

static bool has(const Names *s, Sym name)
{
	for (int i = 0; i < s->n; i++)
		if (s->name[i] == name)
			return true;
	return false;
}

static void visit_list(Names *s, const AstList *l)
{
	for (int i = 0; i < l->n; i++)
		visit(s, l->v[i]);
}

/* Words that are values somewhere in blocks, initialisers, schedules or optimizers. */
static bool word(const char *name)
{
	static const char *const words[] = { "none", "N", "training", "fan_in", "fan_out", "step",
		                             "epoch", "progress", "elapsed", "t" };
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (!strcmp(words[i], name))
			return true;
	return false;
}

static void visit_name(Names *s, Ast *a)
{
	Elab *e = s->e;
	Sym name = a->u.name;
	if (!*name || has(s, name) || word(name) || map_get(&e->konst, name))
		return;
	bool call = map_get(&e->def, name) != 0;
	Diag *d = fail(e, a->at, "E0204", "unknown value `%s`", name);
	diag_label(d, call ? "this is a function" : "not defined above");
	for (int i = 0; i < e->nconst; i++)
		add(s, e->consts[i]->name);
	const char *near = nearest(name, s->name, s->n);
	if (call)
		diag_help(d, "call it: `%s(x)`, or pipe into it: `x |> %s`", name, name);
	else if (near)
		diag_help(d, "did you mean `%s`?", near);
	else
		diag_help(d, "define it first: `%s = ...`", name);
}

static void visit_call(Names *s, Ast *a)
{
	Elab *e = s->e;
	Sym name = a->u.call.fn;
	const char *what;
	Def *d = def_find(e, name, a->at);
	bool known = d || has(s, name) || map_get(&e->refused, name) || later_name(name, &what);
	if (!known)
		unknown_call(e, a);
	for (int i = 0; i < a->u.call.arg.n; i++) {
		Ast *x = a->u.call.arg.v[i];
		if (x->kind == A_ARG && d && !def_takes(d, x->u.arg.name)) {
			Arg arg = { x->u.arg.name, v_none(), x->at, x->name_at };
			unknown_argument(e, d, &arg, a->name_at);
		}
		visit(s, x->kind == A_ARG ? x->u.arg.value : x);
	}
}

static void visit_type(Names *s, Ast *t, bool header)
{
	if (!t)
		return;
	/* in a header a name binds what it meets */
	if (t->u.type.arg && header && t->u.type.arg->kind == A_NAME)
		add(s, t->u.type.arg->u.name);
	else
		visit(s, t->u.type.arg);
	for (int i = 0; i < t->u.type.dim.n; i++) {
		Ast *d = t->u.type.dim.v[i];
		if (header && d->kind == A_NAME)
			add(s, d->u.name);
		else
			visit(s, d);
	}
}

static void visit_decl(Names *s, Ast *a)
{
	visit_type(s, a->u.decl.type, false);
	visit(s, a->u.decl.value);
	if (a->u.decl.name)
		add(s, a->u.decl.name);
}

static void visit_statement(Names *s, Ast *a)
{
	if (a->kind == A_ASSIGN) {
		visit(s, a->u.assign.value);
		for (int i = 0; i < a->u.assign.n; i++)
			add(s, a->u.assign.name[i]);
	} else if (a->kind == A_RETURN) {
		visit_list(s, &a->u.ret.value);
	} else if (a->kind == A_REPEAT) {
		visit(s, a->u.repeat.lo);
		visit(s, a->u.repeat.hi);
		if (a->u.repeat.var)
			add(s, a->u.repeat.var);
		visit_list(s, &a->u.repeat.body);
	} else if (a->kind == A_SCAN) {
		visit(s, a->u.scan.lo);
		visit(s, a->u.scan.hi);
		add(s, a->u.scan.var);
		visit_list(s, &a->u.scan.carry);
		visit_list(s, &a->u.scan.body);
	} else {
		visit(s, a->u.cond.cond);
		visit_list(s, &a->u.cond.then);
		visit_list(s, &a->u.cond.other);
	}
}

static void visit(Names *s, Ast *a)
{
	if (!a)
		return;
	switch (a->kind) {
	case A_NAME: visit_name(s, a); break;
	case A_CALL: visit_call(s, a); break;
	case A_BINARY: visit(s, a->u.bin.l); visit(s, a->u.bin.r); break;
	case A_UNARY: visit(s, a->u.bin.l); break;
	case A_PIPE: visit(s, a->u.pipe.from); visit(s, a->u.pipe.stage); break;
	case A_INDEX: visit(s, a->u.index.of); visit_list(s, &a->u.index.sub); break;
	case A_SLICE: visit(s, a->u.slice.lo); visit(s, a->u.slice.hi); break;
	case A_FIELD: visit(s, a->u.field.of); break;
	case A_LIST: visit_list(s, &a->u.list.item); break;
	case A_ARG: visit(s, a->u.arg.value); break;
	case A_LAYER: case A_PARAM: case A_BUFFER: case A_UPDATE: case A_INPUT: case A_TARGET:
	case A_LOSSES: case A_METRIC: case A_OUTPUT: case A_EMIT: case A_SETTING:
		visit_decl(s, a);
		break;
	case A_ASSIGN: case A_RETURN: case A_REPEAT: case A_SCAN: case A_IF:
		visit_statement(s, a);
		break;
	case A_INT: case A_FLOAT: case A_STRING: case A_BOOL: case A_LOSS: case A_ELLIPSIS:
	case A_TYPE: case A_IMPORT: case A_CONST: case A_FN: case A_BLOCK: case A_OPTIMIZER:
	case A_MODEL: case A_DATA: case A_TRAIN: case A_SEARCH: case A_EXPORT: case A_FORMAL:
		break;
	}
}

static void check(Elab *e, Ast *a)
{
	Map *map = a->kind == A_OPTIMIZER ? &e->optdef : &e->def;
	Def *d = map_get(map, a->u.def.name);
	if (!d || d->ast != a || d->expanded || e->full)
		return;
	Names s = { .e = e, .def = d };
	for (int i = 0; i < a->u.def.formal.n; i++) {
		Ast *f = a->u.def.formal.v[i];
		visit_type(&s, f->u.decl.type, true);
		visit(&s, f->u.decl.value);
		add(&s, f->u.decl.name);
	}
	if (a->kind == A_FN)
		visit(&s, a->u.def.value);
	else
		visit_list(&s, &a->u.def.body);
}

void check_unexpanded(Elab *e)
{
	e->frame = 0;
	e->only_names = true;
	for (int i = 0; i < e->nitem && !diag_full(e->j); i++)
		if (e->item[i]->kind == A_FN || e->item[i]->kind == A_BLOCK ||
		    e->item[i]->kind == A_OPTIMIZER)
			check(e, e->item[i]);
	e->only_names = false;
}
