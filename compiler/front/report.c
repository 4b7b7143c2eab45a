/* report.c - messages of the elaborator: where they point, what they say of values.
 *
 * In:    a mistake and its place, perhaps inside the prelude.   Out: a diagnostic at a place
 *        that the user has written.
 * Holds: the prelude is never shown; inside a user's block the notes say with what it was
 *        expanded.
 */
#include "elab.h"

#include <ctype.h>
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
	at = user_place(e, at);
	if (doubtful(e, at, code))
		return diag_unheard(e->j);
	return error(e->j, at, code, "%s", text);
}

Diag *fail(Elab *e, Span at, const char *code, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	const char *text = arena_vprintf(e->mem, fmt, ap);
	va_end(ap);
	at = user_place(e, at);
	if (doubtful(e, at, code))
		return diag_unheard(e->j);
	Diag *d = error(e->j, at, code, "%s", text);
	/* a wrong name is wrong whatever the block is expanded with */
	if (!strncmp(code, "E03", 3))
		note_blocks(e, d);
	return d;
}

bool told(Elab *e, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	Sym key = job_sym(e->j, arena_vprintf(e->mem, fmt, ap));
	va_end(ap);
	if (map_get(&e->told, key))
		return true;
	map_put(e->mem, &e->told, key, e);
	return false;
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

const Const *const_behind(Elab *e, const Value *v)
{
	const char *name = source_text(e->j, v->at);
	Sym s = job_sym(e->j, name);
	if (v->at.file < 0 || in_prelude(e, v->at) || (e->frame && frame_find(e->frame, s)))
		return 0;
	for (const Frame *f = e->frame; f; f = f->up)
		if (!f->def->prelude && frame_find((Frame *)f, s))
			return 0;
	return is_word(name) ? map_get(&e->konst, s) : 0;
}

const char *number_source(Elab *e, const Value *v)
{
	const Const *c = const_behind(e, v);
	const char *text = source_text(e->j, user_place(e, v->at));
	int line, col;
	if (isdigit((unsigned char)*text))
		return "";
	const char *s = arena_printf(e->mem, "%s = %lld", text, (long long)v->i);
	if (!c)
		return s;
	if (c->given)
		return arena_printf(e->mem, "%s (given by -D %s=%lld)", s, c->name,
		                    (long long)v->i);
	source_place(e->j, c->ast->at.file, c->ast->at.beg, &line, &col);
	return arena_printf(e->mem, "%s (const, line %d)", s, line);
}

const char *divisors(Elab *e, int n)
{
	enum { MOST = 9 };
	int v[MOST], k = 0;
	for (int i = 1; i <= n && k < MOST; i++)
		if (n % i == 0)
			v[k++] = i;
	const char *s = "";
	for (int i = 0; i < k; i++)
		s = arena_printf(e->mem, "%s%s%d", s, !i ? "" : i == k - 1 ? " or " : ", ", v[i]);
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

/* What is inferred, so that nobody looks for the argument. */
static const char *inferred(const char *layer)
{
	static const char *const row[][2] = {
		{ "conv", "; the number of input channels is inferred" },
		{ "depthwise", "; the number of channels is inferred" },
		{ "dense", "; the number of inputs is inferred" },
		{ "batch_norm", "; the number of channels is inferred" },
		{ "group_norm", "; the number of channels is inferred" },
		{ "instance_norm", "; the number of channels is inferred" },
		{ "layer_norm", "; the size of the last dimension is inferred" },
		{ "rms_norm", "; the size of the last dimension is inferred" },
		{ "lstm", "; the number of inputs is inferred" },
		{ "gru", "; the number of inputs is inferred" },
		{ "rnn", "; the number of inputs is inferred" },
		{ "multi_head", "; the width is inferred" },
	};
	for (size_t i = 0; i < sizeof row / sizeof *row; i++)
		if (!strncmp(layer, row[i][0], strlen(row[i][0])))
			return row[i][1];
	return "";
}

/* Message 6. */
static void foreign_name(Elab *e, Diag *d, Sym name, const Foreign *f)
{
	if (*f->others)
		diag_note(d, "`%s` is %s %s name (%s)", name,
		          !strcmp(f->owner, "common") ? "a" : "the", f->owner, f->others);
	else
		diag_note(d, "`%s` is %s %s name", name,
		          !strcmp(f->owner, "common") ? "a" : "the", f->owner);
	if (f->advice) {
		diag_help(d, "%s", f->advice);
		return;
	}
	Def *def = map_get(&e->def, job_sym(e->j, f->ours));
	def = def ? def : map_get(&e->traindef, job_sym(e->j, f->ours));
	if (def)
		diag_help(d, "write `%s`%s", short_signature(e, def), inferred(f->ours));
	else
		diag_help(d, "write `%s`", f->ours);
}

Value unknown_call(Elab *e, Ast *call)
{
	Sym name = call->u.call.fn;
	const char *what;
	bool model = e->frame && !e->in_data && !e->in_update;
	Binding *value = e->frame ? frame_find(e->frame, name) : 0;
	if (value && value->v.kind == V_POISON && !value->buffer)
		return v_poison();
	if (value)
		return other_space(e, call, "a value",
		                   "values are not called; to multiply, write `*`");
	const Def *t = map_get(&e->traindef, name);
	if (t)
		return e->in_data ? other_space(e, call, "a name of `train`",
		                                "it stands in `train`, or in the model")
		                  : train_name_in_model(e, call, t);
	if (map_get(&e->fielddef, name))
		return other_space(e, call, "a function of data", "it stands in the body of `data`");
	if (later_name(name, &what)) {
		if (!model && !strcmp(what, "the stopping rule"))
			return other_space(e, call, "a stopping rule",
			                   "it stands in `train { stop = ... }`");
		if (model && from_elsewhere(e, call, what))
			return v_poison();
		return later(e, call->name_at, "%s `%s`", what, name);
	}
	if (map_get(&e->optdef, name))
		return other_space(e, call, "an optimizer",
		                   "it stands in `train { optimizer = ... }`");
	if (e->import_missing)
		return v_poison();
	Foreign f;
	/* where numbers stand: a schedule, or a function of numbers */
	bool number = !e->in_update && !e->only_names && (e->g == e->m->numbers || e->g == e->m->update);
	if (e->regularising) {
		Diag *m = fail(e, call->name_at, "E0201", "unknown regulariser `%s`", name);
		diag_help(m, "there are `l1(a)`, `l2(a)` and `elastic(l1 = a, l2 = b)`");
		return v_poison();
	}
	Diag *d = fail(e, call->name_at, "E0201", "unknown %s `%s`",
	               number ? "schedule" : e->in_data ? "function" : "layer", name);
	if (foreign_find(e->mem, name, &f)) {
		foreign_name(e, d, name, &f);
		return v_poison();
	}
	diag_label(d, number ? "no schedule or function has this name"
	                     : e->in_data ? "no function of data has this name"
	                                  : "no layer, block or function has this name");
	Names l = { 0 };
	names_of_map(e, &l, &e->traindef);
	if (number)
		names_sort(&l);
	const char *schedule = number ? nearest(name, l.v, l.n) : 0;
	names_of_map(e, &l, &e->def);
	if (e->frame)
		names_of_map(e, &l, &e->frame->layers);
	if (e->in_data)
		names_of_map(e, &l, &e->fielddef);
	names_sort(&l);
	const char *near = schedule ? schedule : nearest(name, l.v, l.n);
	if (near)
		diag_help(d, "did you mean `%s`?", near);
	else if (number)
		diag_help(d, "`nnc --list schedules` names what there is");
	else if (e->in_data)
		diag_help(d, "`nnc --list fields` and `nnc --list functions` name what there is");
	else
		diag_help(d,
		          "`nnc --list layers` and `nnc --list functions` name what there is");
	return v_poison();
}

Value unknown_name(Elab *e, Sym name, Span at)
{
	Names l = { 0 };
	/* "" stands for what was not understood; a file that is missing may have had the name */
	if (!*name || e->import_missing)
		return v_poison();
	if (e->frame)
		for (int i = 0; i < e->frame->nname; i++)
			if (!e->frame->name[i]->dead && !e->frame->name[i]->unknown)
				names_add(e, &l, e->frame->name[i]->name);
	for (int i = 0; i < e->nconst; i++)
		names_add(e, &l, e->consts[i]->name);
	if (e->frame)
		names_of_map(e, &l, &e->frame->layers);
	names_sort(&l);
	const Def *t = map_get(&e->traindef, name);
	bool call = t || map_get(&e->def, name) != 0;
	Diag *d = fail(e, at, "E0204", "unknown value `%s`", name);
	names_add(e, &l, "true");
	names_add(e, &l, "false");
	names_add(e, &l, "none");
	diag_label(d, call ? "this is a function" : "not defined above");
	const char *near = nearest(name, l.v, l.n);
	Binding *b = near && e->frame ? frame_find(e->frame, job_sym(e->j, near)) : 0;
	int line, col;
	if (t) {
		diag_help(d, "call it: `%s`", def_signature(e, t));
	} else if (call) {
		diag_help(d, "call it: `%s(x)`, or pipe into it: `x |> %s`", name, name);
	} else if (b && b->v.kind == V_TENSOR && b->at.file >= 0) {
		source_place(e->j, b->at.file, b->at.beg, &line, &col);
		diag_help(d, "did you mean `%s`, %s, defined at line %d?", near,
		          value_text(e, &b->v), line);
	} else if (near) {
		diag_help(d, "did you mean `%s`?", near);
	} else if (!strcmp(name, "fan_in") || !strcmp(name, "fan_out")) {
		diag_help(d, "an initialiser knows it: `fn he() = normal(0, sqrt(2 / fan_in))`, then "
		             "`param w: f32[...] = he()`");
	} else {
		diag_help(d, "define it first: `%s = ...`", name);
	}
	/* once is enough in this scope */
	if (e->frame && !call)
		frame_bind(e, e->frame, name, v_poison(), at)->unknown = true;
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
	suggest_argument(d, def->name, a->name, l.v, l.n);
	diag_note(d, "%s", def_signature(e, def));
}

void unknown_setting(Elab *e, const char *section, const char *const *known, Ast *s)
{
	int n = 0;
	while (known[n])
		n++;
	Diag *d = fail(e, s->name_at, "E0203", "`%s` has no setting `%s`", section,
	               s->u.decl.name);
	suggest_setting(d, section, s->u.decl.name, known, n);
	diag_note(d,
	          "nnc never ignores a setting it does not know; `nnc --explain %s` lists them "
	          "all",
	          section);
}
