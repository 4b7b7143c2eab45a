/* report.c - messages of the elaborator: where they point, what they say of values.
 *
 * In:    a mistake and its place, perhaps inside the prelude.   Out: a diagnostic at a place
 *        that the user has written.
 * Holds: the prelude is never shown; inside a user's block the notes say with what it was
 *        expanded.
 */
#include "elab.h"

#include <string.h>

bool in_prelude(const Elab *e, Span at)
{
	return at.file >= 0 && e->j->source[at.file].builtin;
}

Span user_place(const Elab *e, Span at)
{
	for (const Frame *f = e->frame; f && (at.file < 0 || in_prelude(e, at)); f = f->up)
		at = f->at;
	if (in_prelude(e, at))
		at = NOWHERE;
	return at;
}

static const char *expanded_with(Elab *e, const Frame *f)
{
	const char *s = "";
	for (int i = 0; i < f->nname; i++) {
		const Binding *b = f->name[i];
		if (!b->quiet || b->dead || b->v.kind != V_NUMBER || !b->v.known)
			continue;
		char buf[40];
		const char *num = b->v.is_int ? arena_printf(e->mem, "%lld", (long long)b->v.i)
		                              : number_text(buf, b->v.num, false);
		s = arena_printf(e->mem, "%s%s%s = %s", s, *s ? ", " : "", b->name, num);
	}
	return s;
}

/* Notes for the user's blocks around the place, innermost first, three at most. */
void note_blocks(Elab *e, Diag *d)
{
	int n = 0;
	for (const Frame *f = e->frame; f && n < 3; f = f->up) {
		if (f->def->prelude || !f->bound || !f->up || f->at.file < 0)
			continue;
		Span at = f->at;
		if (in_prelude(e, at))
			continue;
		const char *with = expanded_with(e, f);
		const char *kind = f->def->ast->kind == A_FN ? "fn" : "block";
		diag_note_at(d, at, "", "%s `%s` expanded%s%s", kind, f->def->name,
		             *with ? " with " : " here", with);
		n++;
	}
}

Diag *fail_bare(Elab *e, Span at, const char *code, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	const char *text = arena_vprintf(e->mem, fmt, ap);
	va_end(ap);
	return error(e->j, user_place(e, at), code, "%s", text);
}

Diag *fail(Elab *e, Span at, const char *code, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	const char *text = arena_vprintf(e->mem, fmt, ap);
	va_end(ap);
	Diag *d = error(e->j, user_place(e, at), code, "%s", text);
	/* a wrong name is wrong whatever the block is expanded with */
	if (!strncmp(code, "E03", 3))
		note_blocks(e, d);
	return d;
}

Value later(Elab *e, Span at, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	const char *text = arena_vprintf(e->mem, fmt, ap);
	va_end(ap);
	fail(e, at, "E0405", "not implemented yet: %s", text);
	return v_poison();
}

void show_value(Elab *e, Diag *d, const Value *v)
{
	diag_span(d, user_place(e, v->at), "%s", value_text(e, v));
}

void show_origin(Elab *e, Diag *d, const Value *v)
{
	Span at = v->made;
	if (v->kind != V_TENSOR || !v->from || at.file < 0 || in_prelude(e, at))
		return;
	if (at.file == v->at.file && at.beg == v->at.beg)
		return;
	const char *label = arena_printf(e->mem, "%s -> %s", type_text(e->mem, v->from),
	                                 type_text(e->mem, &v->n->ty));
	diag_note_at(d, at, label, "`%s` got its shape here",
	             source_text(e->j, user_place(e, v->at)));
}

const char *ordinal_list(Elab *e, const int *v, int n)
{
	const char *s = "";
	for (int i = 0; i < n; i++)
		s = arena_printf(e->mem, "%s%s%d", s,
		                 !i           ? ""
		                 : i == n - 1 ? " and "
		                              : ", ",
		                 v[i]);
	return s;
}

/* ---- unknown names ----------------------------------------------------------------------- */

typedef struct { const char **v; int n, cap; } Names;

static void names_add(Elab *e, Names *l, const char *name)
{
	if (name[0] != '_')
		PUSH(e->mem, l->v, l->n, l->cap, name);
}

static void names_of_map(Elab *e, Names *l, const Map *m)
{
	for (int i = 0; i < m->size; i++)
		if (m->key[i] && m->val[i])
			names_add(e, l, m->key[i]);
}

/* By name, so that the answer does not depend on addresses. */
static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void names_sort(Names *l)
{
	for (int i = 1; i < l->n; i++)
		for (int k = i; k > 0 && by_name(&l->v[k - 1], &l->v[k]) > 0; k--) {
			const char *t = l->v[k];
			l->v[k] = l->v[k - 1];
			l->v[k - 1] = t;
		}
}

static Value other_space(Elab *e, Ast *call, const char *what, const char *help)
{
	Diag *d = fail(e, call->name_at, "E0201", "`%s` is %s and cannot be called here",
	               call->u.call.fn, what);
	diag_help(d, "%s", help);
	return v_poison();
}

/* A name of train, data or search that is called in a model. */
static bool from_elsewhere(Elab *e, Ast *call, const char *what)
{
	static const struct { const char *what, *is, *help;
	} row[] = {
		{ "the schedule", "a schedule",
		  "schedules are numbers of `train`: `lr = ...`" },
		{ "the optimizer", "an optimizer", "it stands in `train { optimizer = ... }`" },
		{ "the regulariser", "a regulariser", "it stands behind `regularize =`" },
		{ "the stopping rule", "a stopping rule",
		  "it stands in `train { stop = ... }`" },
		{ "the data source", "a data source", "it stands in the head of `data`" },
		{ "the data function", "a function of data",
		  "it stands in the body of `data`" },
	};
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		if (strcmp(row[i].what, what))
			continue;
		Diag *d = fail(
			e, call->name_at, "E0201", "`%s` is %s%s", call->u.call.fn, row[i].is,
			strcmp(call->u.call.fn, "linear") ? "; it cannot be called in a model"
							  : "; the layer is `dense`");
		diag_help(d, "%s", strcmp(call->u.call.fn, "linear") ? row[i].help
		                                                     : "write `dense(units)`");
		return true;
	}
	return false;
}

Value unknown_call(Elab *e, Ast *call)
{
	Sym name = call->u.call.fn;
	const char *what;
	bool model = e->frame && !e->in_data && !e->in_update;
	if (e->frame && frame_find(e->frame, name))
		return other_space(e, call, "a value",
		                   "values are not called; to multiply, write `*`");
	if (later_name(name, &what)) {
		if (model && from_elsewhere(e, call, what))
			return v_poison();
		return later(e, call->name_at, "%s `%s`", what, name);
	}
	if (map_get(&e->optdef, name))
		return other_space(e, call, "an optimizer",
		                   "it stands in `train { optimizer = ... }`");
	const Foreign *f = foreign_find(name);
	Diag *d = fail(e, call->name_at, "E0201", "unknown layer `%s`", name);
	if (f && f->owner[0] != '=') {
		diag_note(d, "`%s` is the %s name", f->foreign, f->owner);
		Def *def = map_get(&e->def, job_sym(e->j, f->ours));
		if (def)
			diag_help(d, "write `%s`", def_signature(e, def));
		else
			diag_help(d, "write `%s`", f->ours);
		return v_poison();
	}
	diag_label(d, "no layer, block or function has this name");
	Names l = { 0 };
	names_of_map(e, &l, &e->def);
	if (e->frame)
		names_of_map(e, &l, &e->frame->layers);
	names_sort(&l);
	const char *near = nearest(name, l.v, l.n);
	if (near)
		diag_help(d, "did you mean `%s`?", near);
	else
		diag_help(d,
		          "`nnc --list layers` and `nnc --list functions` name what there is");
	return v_poison();
}

Value unknown_name(Elab *e, Sym name, Span at)
{
	Names l = { 0 };
	if ((!e->frame || e->in_update) &&
	    (!strcmp(name, "step") || !strcmp(name, "epoch") || !strcmp(name, "progress") ||
	     !strcmp(name, "elapsed")))
		return later(e, at, "schedules (`%s`)", name);
	if (e->frame)
		for (int i = 0; i < e->frame->nname; i++)
			if (!e->frame->name[i]->dead)
				names_add(e, &l, e->frame->name[i]->name);
	for (int i = 0; i < e->nconst; i++)
		names_add(e, &l, e->consts[i]->name);
	if (e->frame)
		names_of_map(e, &l, &e->frame->layers);
	names_sort(&l);
	bool call = map_get(&e->def, name) != 0;
	Diag *d = fail(e, at, "E0204", "unknown value `%s`", name);
	diag_label(d, call ? "this is a function" : "not defined above");
	const char *near = nearest(name, l.v, l.n);
	Binding *b = near && e->frame ? frame_find(e->frame, job_sym(e->j, near)) : 0;
	int line, col;
	if (call) {
		diag_help(d, "call it: `%s(x)`, or pipe into it: `x |> %s`", name, name);
	} else if (b && b->v.kind == V_TENSOR && b->at.file >= 0) {
		source_place(e->j, b->at.file, b->at.beg, &line, &col);
		diag_help(d, "did you mean `%s`, %s, defined at line %d?", near,
		          value_text(e, &b->v), line);
	} else if (near) {
		diag_help(d, "did you mean `%s`?", near);
	} else {
		diag_help(d, "define it first: `%s = ...`", name);
	}
	return v_poison();
}

void unknown_argument(Elab *e, Def *def, const Arg *a, Span call_at)
{
	static const char *const every[] = { "init", "bias_init", "regularize", "lr_scale",
	                                     "trainable" };
	Names l = { 0 };
	const AstList *formal = &def->ast->u.def.formal;
	for (int i = 0; i < formal->n; i++)
		names_add(e, &l, formal->v[i]->u.decl.name);
	for (int i = 0; i < 5 && def->ast->kind == A_BLOCK; i++)
		names_add(e, &l, every[i]);
	Diag *d = fail(e, a->name_at, "E0202", "`%s` has no argument `%s`", def->name, a->name);
	Span call = user_place(e, call_at);
	if (call.file >= 0)
		diag_span(d, call, "%s", "");
	const char *near = nearest(a->name, l.v, l.n);
	const Foreign *f = foreign_find(a->name);
	if (near)
		diag_help(d, "did you mean `%s`?", near);
	else if (f && f->owner[0] == '=')
		diag_help(d, "did you mean `%s`?", f->ours);
	diag_note(d, "%s", def_signature(e, def));
}

void unknown_setting(Elab *e, const char *section, const char *const *known, Ast *s)
{
	int n = 0;
	while (known[n])
		n++;
	Diag *d = fail(e, s->name_at, "E0203", "`%s` has no setting `%s`", section,
	               s->u.decl.name);
	const char *near = nearest(s->u.decl.name, known, n);
	if (near)
		diag_help(d, "did you mean `%s`?", near);
	diag_note(d,
	          "nnc never ignores a setting it does not know; `nnc --explain %s` lists them "
	          "all",
	          section);
}
