/* item.c - the items of files: imports, definitions, constants, -D.
 *
 * In:    a parsed file.   Out: tables of definitions and consts; the sections of the main
 *        file.
 * Holds: the prelude is read first; user definitions may not replace its names.
 */
#include "elab.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void bind_builtin(Elab *e, Def *d)
{
	Ast *v = d->ast->kind == A_FN ? d->ast->u.def.value : 0;
	d->op = NOP;
	if (!v || v->kind != A_CALL || strcmp(v->u.call.fn, "builtin"))
		return;
	const char *name = v->u.call.arg.v[0]->u.str;
	d->builtin = builtin_find(name);
	if (d->builtin)
		return;
	d->op = op_find(name);
	d->builtin = builtin_find("op");
	if (d->op == NOP)
		bug(e->j, "prelude: no builtin %s", name);
}

static bool taken(Elab *e, Map *map, Ast *a)
{
	Sym name = a->u.def.name;
	const char *what;
	Def *old = map_get(map, name);
	bool model = map == &e->def;
	Diag *d;
	if (old && !old->prelude) {
		d = error(e->j, a->name_at, "E0205", "`%s` is defined twice", name);
		diag_span(d, old->ast->name_at, "first here");
		return true;
	}
	bool planned = !old && model && later_name(name, &what) &&
	               (!strncmp(what, "the l", 5) || !strncmp(what, "the m", 5) ||
	                !strncmp(what, "the f", 5) || !strncmp(what, "the i", 5));
	if (!old && !planned)
		return false;
	d = error(e->j, a->name_at, "E0206", "`%s` is built in and cannot be defined again",
	          name);
	diag_help(d, "choose another name, such as `my_%s`", name);
	/* the program's calls mean the refused definition: nothing is said of them */
	map_put(e->mem, &e->refused, name, d);
	return true;
}

static void define(Elab *e, Ast *a, bool prelude)
{
	Map *map = a->kind == A_OPTIMIZER ? &e->optdef : &e->def;
	Def *d = NEW(e->mem, Def);
	d->name = a->u.def.name;
	d->ast = a;
	d->prelude = prelude;
	if (prelude)
		bind_builtin(e, d);
	d->space = space_of(e, d);
	if (!prelude && (taken(e, map, a) || (d->space && taken(e, &e->traindef, a))))
		return;
	if (prelude && d->name[0] == '_')
		map = &e->helper;
	else if (prelude && d->space)
		map = d->space == SP_FIELD ? &e->fielddef : &e->traindef;
	map_put(e->mem, map, d->name, d);
	if (prelude)
		return;
	for (int i = 0; i < a->u.def.formal.n; i++) {
		Ast *f = a->u.def.formal.v[i];
		word_taken(e, f->u.decl.name, f->name_at);
		for (int k = 0; k < i; k++)
			if (a->u.def.formal.v[k]->u.decl.name == f->u.decl.name)
				error(e->j, f->name_at, "E0205",
				      "the parameter `%s` is named twice", f->u.decl.name);
		if (a->kind == A_BLOCK && !f->u.decl.type) {
			Diag *m = error(e->j, f->name_at, "E0406",
			                "the parameter `%s` of a block needs a "
			                "type",
			                f->u.decl.name);
			diag_help(m, "for instance `x: f32[N, C]`, `units: int`, `init: "
			             "initialiser`");
		}
	}
}

static void define_const(Elab *e, Ast *a, bool prelude, bool main)
{
	Map *map = prelude ? &e->pconst : &e->konst;
	Const *old = map_get(map, a->u.decl.name);
	const char *name = a->u.decl.name;
	if (old) {
		Diag *d = error(e->j, a->name_at, "E0205", "the const `%s` is defined twice",
		                name);
		diag_span(d, old->ast->name_at, "first here");
		return;
	}
	if (!prelude &&
	    (!strcmp(name, "N") || !strcmp(name, "training") || !strcmp(name, "none"))) {
		error(e->j, a->name_at, "E0206",
		      "`%s` is a word of the language and cannot be a const", name);
		return;
	}
	Const *c = NEW(e->mem, Const);
	c->name = a->u.decl.name;
	c->ast = a;
	c->main = main;
	c->prelude = prelude;
	map_put(e->mem, map, c->name, c);
	if (!prelude)
		PUSH(e->mem, e->consts, e->nconst, e->capconst, c);
}

/* ---- imports ----------------------------------------------------------------------------- */

static const char *folder_of(Elab *e, const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? arena_strndup(e->mem, path, (size_t)(slash - path + 1)) : "";
}

/* The file; -1: cannot be read, -2: no regular file.  known: it has been read before. */
static int open_import(Elab *e, Ast *a, const char **path, bool *known)
{
	Sym name = a->u.decl.name;
	*path = name;
	if (name[0] != '/')
		*path = arena_printf(e->mem, "%s%s",
		                     folder_of(e, e->j->source[a->at.file].name), name);
	for (int i = -1; i < e->ninclude; i++) {
		if (i >= 0)
			*path = arena_printf(e->mem, "%s/%s", e->include[i], name);
		if (access(*path, R_OK) == 0)
			break;
		if (i == e->ninclude - 1 || name[0] == '/')
			return -1;
	}
	char *real = realpath(*path, 0);
	Sym key = job_symf(e->j, "import %s", real ? real : *path);
	free(real);
	int file = (int)(intptr_t)map_get(&e->imported, key) - 1;
	*known = file >= 0;
	if (*known)
		return file;
	/* opening a FIFO would wait for a writer, and a device may have no end */
	struct stat st;
	if (stat(*path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return -2;
	file = source_read(e->j, *path);
	map_put(e->mem, &e->imported, key, (void *)(intptr_t)(file + 1));
	return file;
}

static void do_import(Elab *e, Ast *a)
{
	const char *path;
	bool known;
	int file = open_import(e, a, &path, &known);
	Import edge = { a->at.file, file < 0 ? -1 : file };
	PUSH(e->mem, e->import, e->nimport, e->capimport, edge);
	e->import_missing |= file < 0;
	if (file >= 0 && !known) {
		read_items(e, file, false);
	} else if (file == -2) {
		error(e->j, a->name_at, "E0204",
		      "cannot read the import \"%s\": it is not a regular file", a->u.decl.name);
	} else if (file == -1) {
		Diag *d = error(e->j, a->name_at, "E0204", "cannot read the import \"%s\": %s",
		                a->u.decl.name, strerror(errno ? errno : ENOENT));
		diag_note(d, "looked for relative to this file, then in the -I folders, then "
		             "in NNC_PATH");
	}
}

/* Does a file import another, at first hand or through others? */
static bool imports(Elab *e, int from, int to)
{
	bool *mark = NEWN(e->mem, bool, e->j->nsource), more = true;
	mark[from] = true;
	while (more) {
		more = false;
		for (int i = 0; i < e->nimport; i++) {
			Import m = e->import[i];
			if (m.to >= 0 && mark[m.from] && !mark[m.to])
				more = mark[m.to] = true;
		}
	}
	return mark[to];
}

Const *const_find(const Elab *e, Sym name, Span at)
{
	Const *c = in_prelude(e, at) ? 0 : map_get(&e->konst, name);
	return c ? c : map_get(&e->pconst, name);
}

Const *const_of_dim(Elab *e, Sym name, Span at)
{
	Const *c = in_prelude(e, at) ? 0 : map_get(&e->konst, name);
	return c && imports(e, at.file, c->ast->at.file) ? c : 0;
}

static void section(Elab *e, Ast **slot, Ast *a, const char *name)
{
	if (!*slot) {
		*slot = a;
		return;
	}
	Diag *d = error(e->j, a->name_at, "E0402", "a program has one `%s`, this is the second",
	                name);
	diag_span(d, (*slot)->name_at, "first here");
}

static void do_item(Elab *e, Ast *a, bool prelude, bool main)
{
	bool definition = a->kind == A_IMPORT || a->kind == A_CONST || a->kind == A_FN ||
	                  a->kind == A_BLOCK || a->kind == A_OPTIMIZER;
	if (!definition && !main) {
		Diag *d =
			error(e->j, a->at, "E0406", "an imported file holds definitions only");
		diag_help(d, "`import`, `const`, `fn`, `block` and `optimizer` may stand here");
		return;
	}
	if (!prelude)
		PUSH(e->mem, e->item, e->nitem, e->capitem, a);
	if (a->kind == A_IMPORT)
		do_import(e, a);
	else if (a->kind == A_CONST)
		define_const(e, a, prelude, main);
	else if (a->kind == A_FN || a->kind == A_BLOCK || a->kind == A_OPTIMIZER)
		define(e, a, prelude);
	else if (a->kind == A_MODEL)
		section(e, &e->model, a, "model");
	else if (a->kind == A_DATA)
		section(e, &e->data, a, "data");
	else if (a->kind == A_TRAIN)
		section(e, &e->train, a, "train");
	else if (a->kind == A_EXPORT)
		section(e, &e->export_, a, "export");
	else if (a->kind == A_SEARCH)
		section(e, &e->search, a, "search");
}

void read_program(Elab *e, const Program *p, bool prelude, bool main)
{
	for (int i = 0; i < p->item.n; i++)
		do_item(e, p->item.v[i], prelude, main);
}

void read_items(Elab *e, int file, bool main)
{
	PUSH(e->mem, e->file, e->nfile, e->capfile, file);
	int errors = e->j->nerror;
	Program *p = parse_program(e->j, file);
	e->nsyntax += e->j->nerror - errors;
	read_program(e, p, false, main);
}

/* ---- -D ---------------------------------------------------------------------------------- */

static void unknown_define(Elab *e, const Define *def)
{
	const char **name = NEWN(e->mem, const char *, e->nconst + 1), *list = "";
	int n = 0;
	for (int i = 0; i < e->nconst; i++)
		if (e->consts[i]->main) {
			name[n++] = e->consts[i]->name;
			list = arena_printf(e->mem, "%s%s%s", list, *list ? ", " : "",
			                    e->consts[i]->name);
		}
	Diag *d = error(e->j, NOWHERE, "E0501", "no const is called `%s` in %s (from -D %s=%s)",
	                def->name, e->j->source[e->main_file].name, def->name, def->value);
	const char *near = nearest(def->name, name, n);
	e->j->usage = true;
	if (near)
		diag_help(d, "did you mean `%s`? consts that can be set: %s", near, list);
	else if (n)
		diag_help(d, "consts that can be set: %s", list);
	else
		diag_help(d, "this program has no `const`");
}

static const char *kind_text(const Value *v)
{
	switch (v->kind) {
	case V_NUMBER: return v->is_int ? "an integer" : "a number";
	case V_BOOL: return "true or false";
	case V_STRING: return "a string";
	case V_LIST: return "a list";
	case V_POISON:
	case V_NONE:
	case V_TENSOR:
	case V_TUPLE:
	case V_LAYER:
	case V_INIT:
	case V_REG:
		break;
	}
	return "another kind of value";
}

/* May a const with this value be given that one?  An integer stands for a number, not the reverse. */
bool define_fits(const Value *old, const Value *v)
{
	if (v->kind != old->kind)
		return false;
	if (v->kind == V_NUMBER)
		return v->is_int || !old->is_int;
	/* Lists may differ in length; each element must fit one of the const's. */
	for (int i = 0; v->kind == V_LIST && i < v->nitem; i++) {
		bool fits = old->nitem == 0;
		for (int k = 0; k < old->nitem && !fits; k++)
			fits = define_fits(&old->item[k], &v->item[i]);
		if (!fits)
			return false;
	}
	return true;
}

/* A number with a decimal point, or a list of nothing else. */
static bool all_real(const Value *v)
{
	for (int i = 0; v->kind == V_LIST && i < v->nitem; i++)
		if (!all_real(&v->item[i]))
			return false;
	return v->kind == V_LIST ? v->nitem > 0 : v->kind == V_NUMBER && !v->is_int;
}

/* The text of a string const may stand without quotes: a shell has taken them.  What looks like a value
 * of another type is left to be refused. */
static const char *define_text(Elab *e, const char *value, const Value *old)
{
	if (old->kind != V_STRING || (*value && strchr("\"[(+-.0123456789", *value)) ||
	    !strcmp(value, "true") || !strcmp(value, "false"))
		return value;
	const char *quoted = "";
	for (const char *s = value; *s; s++)
		quoted = arena_printf(e->mem, "%s%s%c", quoted, *s == '"' || *s == '\\' ? "\\" : "", *s);
	return arena_printf(e->mem, "\"%s\"", quoted);
}

static void apply_define(Elab *e, const Define *def)
{
	Const *c = map_get(&e->konst, job_sym(e->j, def->name));
	if (!c || !c->main) {
		unknown_define(e, def);
		return;
	}
	Value old = const_value(e, c), v = v_poison();
	int errors = e->j->nerror, messages = e->j->ndiag;
	const char *text = define_text(e, def->value, &old);
	int file = source_add(e->j, arena_printf(e->mem, "-D %s", def->name), text, strlen(text),
	                      false);
	c->given = parse_expr(e->j, file);
	c->has_cached = false;
	if (c->given && e->j->nerror == errors)
		v = const_value(e, c);
	if (e->j->nerror > errors)
		v = v_poison();
	if (define_fits(&old, &v) || old.kind == V_POISON) {
		/* `drop = 0.1` stays a number under -D drop=1 */
		c->real = all_real(&old);
		c->has_cached = c->has_cached && !c->real;
		return;
	}
	/* one message for one mistake: this one */
	e->j->nerror = errors;
	e->j->ndiag = messages;
	e->j->usage = true;
	Diag *d = error(e->j, NOWHERE, "E0501", "`%s` is %s, but -D %s=%s is %s", c->name,
	                kind_text(&old), c->name, def->value,
	                v.kind == V_POISON ? "not readable" : kind_text(&v));
	if (old.kind == V_STRING)
		diag_help(d, "write -D %s='\"text\"'", c->name);
	else if (v.kind == V_POISON)
		diag_help(d, "write a value as in the program: a number, true, \"text\" or a list");
}

void apply_defines(Elab *e, const Define *define_, int n)
{
	e->literal = true;
	for (int i = 0; i < n; i++)
		apply_define(e, &define_[i]);
	e->literal = false;
}

/* ---- run-time numbers -------------------------------------------------------------------- */

Node *setting_leaf(Elab *e, Sym name, double value, bool integer, Span at)
{
	Module *m = e->m;
	int i = (int)(intptr_t)map_get(&e->settings, name) - 1;
	if (i < 0) {
		i = m->nsetting;
		Setting s = { .name = name, .value = value, .integer = integer, .at = at };
		PUSH(e->mem, m->setting, m->nsetting, m->capsetting, s);
		map_put(e->mem, &e->settings, name, (void *)(intptr_t)(i + 1));
	}
	Type t = type_scalar(DT_REAL);
	return n_leaf(e->g, O_setting, name, i, &t);
}

void setting_range(Elab *e, const Value *v, double least, double most)
{
	Module *m = e->m;
	if (v->kind != V_NUMBER || !v->known || !v->n || v->n->op != O_setting)
		return;
	Setting *s = &m->setting[v->n->a.leaf.index];
	s->least = s->ranged && s->least > least ? s->least : least;
	s->most = s->ranged && s->most < most ? s->most : most;
	s->ranged = true;
}
