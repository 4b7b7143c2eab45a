/* data.c - the data section: the source, and the expressions that give inputs and targets.
 *
 * In:    data SOURCE(...) { field = expression }.   Out: DataInfo; the graph `bind` over raw
 *        columns.
 * Holds: every input and target is given, nothing else is; expressions work element by
 *        element, so a column has its field's shape.
 */
#include "elab.h"

#include <string.h>

static void unknown_data_argument(Elab *e, Ast *call, const Arg *a, const char *const *own,
                                  int nown, const char *signature)
{
	static const char *const common[] = { "val",   "test",  "seed",   "shuffle",
		                              "split", "cache", "balance" };
	const char *name[16];
	int n = 0;
	for (int i = 0; i < nown; i++)
		name[n++] = own[i];
	for (int i = 0; i < 7; i++)
		name[n++] = common[i];
	if (!a->name) {
		Diag *d =
			fail(e, a->at, "E0207", "`%s` has too many arguments", call->u.call.fn);
		diag_note(d, "%s", signature);
		return;
	}
	Diag *d = fail(e, a->name_at, "E0202", "`%s` has no argument `%s`", call->u.call.fn,
	               a->name);
	suggest_argument(d, call->u.call.fn, a->name, name, n);
	diag_note(d, "%s", signature);
}

static void idx_source(Elab *e, Ast *call, Args *args)
{
	static const char *const own[] = { "images", "labels" };
	static const char signature[] =
		"idx(dir, val = 0, test = 0, seed = 0, shuffle = true), or "
		"idx(images = file, labels = file, ...)";
	DataInfo *d = &e->m->data;
	d->source = DATA_IDX;
	for (int i = 0; i < args->n; i++) {
		const Arg *a = &args->v[i];
		if (a->v.kind == V_POISON)
			continue;
		if (!a->name && i == 0)
			need_string(e, &a->v, "the folder of `idx`", &d->path);
		else if (a->name && !strcmp(a->name, "images"))
			need_string(e, &a->v, "`images`", &d->images);
		else if (a->name && !strcmp(a->name, "labels"))
			need_string(e, &a->v, "`labels`", &d->labels);
		else if (!a->name || !data_argument(e, a))
			unknown_data_argument(e, call, a, own, 2, signature);
	}
	if (d->path || d->images || e->j->nerror)
		return;
	Diag *m = fail(e, call->at, "E0207", "`idx` needs a folder, or `images =`");
	diag_note(m, "%s", signature);
}

static void synthetic_source(Elab *e, Ast *call, Args *args)
{
	static const char *const own[] = { "kind", "n", "noise" };
	static const char signature[] = "synthetic(kind, n, noise = 0.1)";
	DataInfo *d = &e->m->data;
	Span kind = call->at;
	int pos = 0;
	d->source = DATA_SYNTHETIC;
	d->noise = 0.1;
	for (int i = 0; i < args->n; i++) {
		const Arg *a = &args->v[i];
		const char *name = a->name ? a->name : pos < 3 ? own[pos] : "";
		pos += !a->name;
		if (a->v.kind == V_POISON)
			continue;
		if (!strcmp(name, "kind")) {
			need_string(e, &a->v, "the kind of `synthetic`", &d->kind);
			kind = a->at;
		} else if (!strcmp(name, "n")) {
			if (need_int(e, &a->v, "the number of samples", &d->n) && d->n < 1)
				fail(e, a->at, "E0404", "`n` must be at least 1");
		} else if (!strcmp(name, "noise")) {
			if (need_number(e, &a->v, "`noise`", &d->noise) && d->noise < 0)
				fail(e, a->at, "E0404", "`noise` must be at least 0");
		} else if (!a->name || !data_argument(e, a)) {
			unknown_data_argument(e, call, a, own, 3, signature);
		}
	}
	if (e->j->nerror)
		return;
	if (!d->kind || !d->n) {
		Diag *m = fail(e, call->at, "E0207", "`synthetic` needs the argument `%s`",
		               d->kind ? "n" : "kind");
		diag_note(m, "%s", signature);
	} else if (!strcmp(d->kind, "sequence")) {
		bool classes = false;
		for (int i = 0; i < e->m->nin; i++)
			classes |= !e->m->in[i].target && e->m->in[i].ty.classes > 0;
		if (classes)
			return;
		Diag *m = fail(e, kind, "E0404",
		               "`synthetic(\"sequence\")` needs an input of classes");
		diag_help(m, "write `input tokens: class(256)[N, T]`, or take \"linear\"");
	} else if (strcmp(d->kind, "random") && strcmp(d->kind, "linear")) {
		Diag *m = fail(e, kind, "E0207", "`synthetic` does not know the kind \"%s\"",
		               d->kind);
		diag_help(m, "its kinds are \"random\", \"linear\" and \"sequence\"");
	}
}

static void source_of(Elab *e, Ast *call)
{
	static const char *const names[] = { "idx",  "cifar10", "cifar100", "csv",
		                             "text", "images",  "npy",      "npz",
		                             "raw",  "libsvm",  "synthetic" };
	Sym name = call->u.call.fn;
	bool idx = !strcmp(name, "idx");
	const char *what;
	e->m->data.shuffle = true;
	e->m->data.at = call->at;
	e->m->data.has_val = true; /* until it is known                               */
	if (!idx && strcmp(name, "synthetic")) {
		if (later_name(name, &what) && !strcmp(what, "the data source")) {
			later(e, call->name_at, "the data source `%s`", name);
			return;
		}
		Diag *d = fail(e, call->name_at, "E0201", "unknown data source `%s`", name);
		Foreign f;
		const char *near = nearest(name, names, 11);
		if (foreign_find(e->mem, name, &f) && f.ours)
			near = nearest(f.ours, names, 11);
		if (near)
			diag_help(d, "did you mean `%s`?", near);
		else
			diag_help(d, "`nnc --list sources` names them all");
		return;
	}
	Args args = { 0 };
	Ast *split;
	call = data_call(e, call, &split);
	collect_args(e, 0, call, 0, &args);
	if (idx)
		idx_source(e, call, &args);
	else
		synthetic_source(e, call, &args);
	data_split(e, split);
}

/* ---- fields ------------------------------------------------------------------------------ */

/* A raw column with the shape of the field that uses it; 0 after a message. */
static Node *column(Elab *e, Sym name, const Type *ty, Span at)
{
	Module *m = e->m;
	for (int i = 0; i < m->ncolumn; i++) {
		if (m->column[i].name != name)
			continue;
		if (!type_eq(&m->column[i].ty, ty)) {
			later(e, at, "the column `%s` for fields of two types", name);
			return 0;
		}
		Type t = *ty;
		return n_leaf(e->g, O_input, name, i, &t);
	}
	Field f = { name, *ty, false, at };
	PUSH(e->mem, m->column, m->ncolumn, m->capcolumn, f);
	return n_leaf(e->g, O_input, name, m->ncolumn - 1, ty);
}

static bool mentions(const Ast *a, const char *name)
{
	if (!a)
		return false;
	if (a->kind == A_NAME)
		return !strcmp(a->u.name, name);
	if (a->kind == A_BINARY)
		return mentions(a->u.bin.l, name) || mentions(a->u.bin.r, name);
	if (a->kind == A_UNARY)
		return mentions(a->u.bin.l, name);
	if (a->kind == A_PIPE)
		return mentions(a->u.pipe.from, name) || mentions(a->u.pipe.stage, name);
	if (a->kind == A_ARG)
		return mentions(a->u.arg.value, name);
	if (a->kind == A_INDEX)
		return mentions(a->u.index.of, name);
	for (int i = 0; a->kind == A_CALL && i < a->u.call.arg.n; i++)
		if (mentions(a->u.call.arg.v[i], name))
			return true;
	return false;
}

static Frame *data_frame(Elab *e)
{
	Def *d = NEW(e->mem, Def);
	d->name = job_sym(e->j, "data");
	d->ast = e->model;
	return frame_new(e, d, 0, e->data->at);
}

/* The columns of idx as values of this field's shape. */
static bool bind_columns(Elab *e, const Field *in, Ast *value)
{
	Sym images = job_sym(e->j, "images"), labels = job_sym(e->j, "labels");
	bool ok = true;
	if (mentions(value, images)) {
		Type t = type_make(DT_U8, in->ty.rank, in->ty.dim);
		Node *n = column(e, images, &t, value->at);
		ok &= n != 0;
		if (n)
			frame_bind(e, e->frame, images, v_tensor(e, n, value->at), value->at)
				->quiet = true;
	}
	if (mentions(value, labels)) {
		Type t = in->ty;
		t.dt = DT_I32;
		Node *n = column(e, labels, &t, value->at);
		ok &= n != 0;
		if (n)
			frame_bind(e, e->frame, labels, v_tensor(e, n, value->at), value->at)
				->quiet = true;
	}
	return ok;
}

static void bind_field(Elab *e, int i, Ast *value)
{
	const Field *in = &e->m->in[i];
	e->frame = 0;
	e->frame = data_frame(e);
	e->field = in;
	if (!bind_columns(e, in, value))
		return;
	Value v = eval(e, value);
	if (v.kind == V_POISON)
		return;
	if (v.kind != V_TENSOR) {
		fail(e, value->at, "E0207", "a field must be made of columns, but this is %s",
		     value_text(e, &v));
		return;
	}
	Node *n = value_node(e, &v);
	if (in->ty.dt == DT_REAL)
		n = real_of(e, n);
	if (!type_shape_eq(&n->ty, &in->ty)) {
		later(e, value->at, "data expressions that change the shape");
		return;
	}
	if (n->ty.dt != in->ty.dt) {
		Diag *d = fail(e, value->at, "E0310",
		               "`%s` is declared as %s, but these data are %s", in->name,
		               type_text(e->mem, &in->ty), type_text(e->mem, &n->ty));
		diag_span(d, in->at, "%s", "");
		return;
	}
	graph_root(e->g, R_FIELD, i, in->name, n, value->at);
}

static void only_elementwise(Elab *e, Graph *g)
{
	bool *live = graph_live(g, e->mem);
	for (int i = 0; i < g->n; i++) {
		const Node *n = g->node[i];
		OpKind k = opinfo[n->op].kind;
		bool ok = k == LEAF || k == MAP || k == COMPOSITE || n->op == O_reshape ||
		          n->op == O_expand || n->op == O_concat;
		if (live[i] && !ok) {
			later(e, e->data->u.section.call->at, "`%s` in data expressions",
			      opinfo[n->op].name);
			return;
		}
	}
}

/* ---- what is missing, what is too much --------------------------------------------------- */

/* A setting that names no input or target; the one nearest to name if it is given. */
static Ast *stray_setting(Elab *e, const char *name)
{
	AstList *l = &e->data->u.section.setting;
	Ast *first = 0;
	for (int i = 0; i < l->n; i++) {
		bool known = false;
		for (int k = 0; k < e->m->nin; k++)
			known |= e->m->in[k].name == l->v[i]->u.decl.name;
		if (known)
			continue;
		const char *one = l->v[i]->u.decl.name;
		if (name && nearest(name, &one, 1))
			return l->v[i];
		if (!first)
			first = l->v[i];
	}
	return name ? 0 : first;
}

static Ast *setting_of(Elab *e, Sym name)
{
	AstList *l = &e->data->u.section.setting;
	for (int i = 0; i < l->n; i++)
		if (l->v[i]->u.decl.name == name)
			return l->v[i];
	return 0;
}

static void missing_field(Elab *e, const Field *in)
{
	int line, col;
	Ast *stray = stray_setting(e, in->name);
	Diag *d = fail(e, in->at, "E0401", "no data for %s `%s`",
	               in->target ? "target" : "input", in->name);
	diag_label(d, "nothing in `data` provides this");
	if (stray) {
		diag_span(d, stray->name_at, "not an input or target of `%s`", e->m->name);
		source_place(e->j, stray->at.file, stray->at.beg, &line, &col);
		diag_help(d, "did you mean `%s = %s` at line %d?", in->name,
		          source_text(e->j, stray->u.decl.value->at), line);
	} else {
		diag_help(d, "write `%s = %s` in `data`", in->name,
		          in->target ? "labels" : "images / 255");
	}
}

static void field_names(Elab *e)
{
	AstList *l = &e->data->u.section.setting;
	bool missing = false;
	for (int i = 0; i < e->m->nin; i++)
		if (!setting_of(e, e->m->in[i].name)) {
			missing_field(e, &e->m->in[i]);
			missing = true;
		}
	for (int i = 0; i < l->n; i++)
		if (l->v[i]->u.decl.type)
			later(e, l->v[i]->u.decl.type->at, "a type in a field");
	for (int i = 0; i < l->n; i++)
		for (int k = 0; k < i; k++)
			if (l->v[k]->u.decl.name == l->v[i]->u.decl.name)
				fail(e, l->v[i]->name_at, "E0205", "`%s` is given twice",
				     l->v[i]->u.decl.name);
	Ast *stray = missing ? 0 : stray_setting(e, 0);
	if (!stray)
		return;
	const char *names[64];
	int n = 0;
	for (int i = 0; i < e->m->nin && n < 64; i++)
		names[n++] = e->m->in[i].name;
	Diag *d = fail(e, stray->name_at, "E0401", "`%s` is not an input or target of `%s`",
	               stray->u.decl.name, e->m->name);
	const char *near = nearest(stray->u.decl.name, names, n);
	if (near)
		diag_help(d, "did you mean `%s`?", near);
	else
		diag_help(d, "delete it, or declare `input %s: ...` in the model",
		          stray->u.decl.name);
}

static void fields(Elab *e)
{
	Module *m = e->m;
	bool body = e->data->u.section.has_settings;
	if (m->data.source == DATA_SYNTHETIC) {
		if (body && e->data->u.section.setting.n) {
			fail(e, e->data->u.section.setting.v[0]->at, "E0404",
			     "`synthetic` makes inputs and "
			     "targets by their names; it has no fields");
			return;
		}
		for (int i = 0; i < m->nin; i++) {
			Type ty = m->in[i].ty;
			Node *n = column(e, m->in[i].name, &ty, m->in[i].at);
			if (n)
				graph_root(e->g, R_FIELD, i, m->in[i].name, n, m->in[i].at);
		}
		return;
	}
	if (body)
		field_names(e);
	for (int i = 0; i < m->nin && !e->j->nerror; i++) {
		Ast *s = body ? setting_of(e, m->in[i].name) : 0;
		Ast name = { .kind = A_NAME, .at = m->in[i].at, .name_at = m->in[i].at };
		name.u.name = m->in[i].name;
		bool raw = !strcmp(name.u.name, "images") || !strcmp(name.u.name, "labels");
		if (!body && !raw) {
			missing_field(e, &m->in[i]);
			continue;
		}
		bind_field(e, i, s ? s->u.decl.value : &name);
	}
}

void do_data(Elab *e)
{
	e->m->data.source = DATA_NONE;
	e->m->data.at = NOWHERE;
	if (!e->data)
		return;
	e->literal = true;
	e->in_data = true;
	e->frame = 0;
	e->g = e->top = e->m->bind = graph_new(e->j, job_sym(e->j, "bind"));
	source_of(e, e->data->u.section.call);
	if (e->m->data.source != DATA_NONE)
		fields(e);
	if (!e->j->nerror)
		only_elementwise(e, e->g);
	if (!e->j->nerror)
		field_end(e);
	e->frame = 0;
	e->in_data = false;
	e->literal = false;
}
