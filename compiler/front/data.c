/* data.c - the fields of the data section: expressions that give inputs and targets.
 *
 * In:    data SOURCE(...) { field = expression }.   Out: the graph `bind` over raw columns.
 * Holds: every input and target is given, nothing else is; expressions work element by
 *        element, so a column has its field's shape.
 */
#include "elab.h"

#include <string.h>

/* ---- fields ------------------------------------------------------------------------------ */

static Frame *data_frame(Elab *e)
{
	Def *d = NEW(e->mem, Def);
	d->name = job_sym(e->j, "data");
	d->ast = e->model;
	return frame_new(e, d, 0, e->data->at);
}

/* A truth as class 0 or 1. */
static Node *n_where(Elab *e, Node *n)
{
	Type t = n->ty;
	t.dt = DT_I32;
	Node *one = n_broadcast(e->g, n_const_as(e->g, 1, DT_I32), &t);
	Node *zero = n_broadcast(e->g, n_const_as(e->g, 0, DT_I32), &t);
	return n_op3(e->g, O_where, n, one, zero);
}

/* Numbers and truths become what the field holds; what has as many elements, its shape. */
static Node *fit_type(Elab *e, Node *n, const Type *to)
{
	Dim a, b;
	if (to->dt == DT_REAL)
		n = real_of(e, n);
	else if (to->dt == DT_I32 && n->ty.dt == DT_BOOL && (!to->classes || to->classes == 2))
		n = n_where(e, n);
	if (e->m->data.source == DATA_CSV && !type_shape_eq(&n->ty, to) &&
	    type_size(&n->ty, &a) && type_size(to, &b) && a.k == b.k && a.b == b.b)
		n = n_reshape(e->g, n, to);
	return n;
}

static void wrong_shape(Elab *e, const Field *in, const Node *n, Ast *value)
{
	DataSource s = e->m->data.source;
	bool known = s == DATA_CIFAR10 || s == DATA_CIFAR100 || s == DATA_IMAGES;
	if (s != DATA_CSV && !known) {
		later(e, value->at, "data expressions that change the shape");
		return;
	}
	Diag *d = fail(e, value->at, "E0301", "`%s` is declared as %s, but these data are %s",
	               in->name, type_text(e->mem, &in->ty), type_text(e->mem, &n->ty));
	diag_span(d, in->at, "%s", "");
	if (known) {
		diag_help(d, "declare `%s` as %s, or change what is made of it", in->name,
		          type_text(e->mem, &n->ty));
		return;
	}
	diag_note(d, "a column is one number a sample");
	diag_help(d, "write `%s = columns(\"a\", \"b\")` with as many names, or "
	             "`%s = others()` for all columns that no other field uses",
	          in->name, in->name);
}

/* The value of a field in training or else; 0 after a message. */
static Node *field_value(Elab *e, const Field *in, Ast *value, bool training)
{
	e->frame = 0;
	e->frame = data_frame(e);
	/* fields draw their random numbers apart */
	e->frame->draws = job_symf(e->j, "data.%s", in->name);
	e->training = training;
	columns_begin(e, in, value);
	Value v = eval(e, value);
	e->training = false;
	if (v.kind == V_POISON)
		return 0;
	if (v.kind != V_TENSOR) {
		fail(e, value->at, "E0207", "a field must be made of columns, but this is %s",
		     value_text(e, &v));
		return 0;
	}
	Node *n = value_node(e, &v);
	n = fit_type(e, n, &in->ty);
	if (!type_shape_eq(&n->ty, &in->ty)) {
		wrong_shape(e, in, n, value);
		return 0;
	}
	if (n->ty.dt != in->ty.dt) {
		Diag *d = fail(e, value->at, "E0310",
		               "`%s` is declared as %s, but these data are %s", in->name,
		               type_text(e->mem, &in->ty), type_text(e->mem, &n->ty));
		diag_span(d, in->at, "%s", "");
		return 0;
	}
	return n;
}

/* A field that draws random numbers in training has two values: R_AUGMENT there, else R_FIELD. */
static void bind_field(Elab *e, int i, Ast *value)
{
	const Field *in = &e->m->in[i];
	e->draws = false;
	Node *train = field_value(e, in, value, true);
	if (!train)
		return;
	bool draws = e->draws;
	Node *n = draws ? field_value(e, in, value, false) : train;
	if (!n)
		return;
	e->m->augments |= draws;
	graph_root(e->g, R_FIELD, i, in->name, n, value->at);
	graph_root(e->g, R_AUGMENT, i, in->name, train, value->at);
	if (field_is_words(e, n))
		e->m->in[i].words = 1 + n->a.leaf.index;
}

static void only_elementwise(Elab *e, Graph *g)
{
	bool *live = graph_live(g, e->mem);
	for (int i = 0; i < g->n; i++) {
		const Node *n = g->node[i];
		OpKind k = opinfo[n->op].kind;
		bool ok = k == LEAF || k == MAP || k == COMPOSITE || k == MOVE;
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
		const DataInfo *data = &e->m->data;
		bool files = data->source == DATA_NPY || data->source == DATA_RAW;
		bool text = data->source == DATA_BYTES || data->source == DATA_CHARS;
		diag_help(d, "write `%s = %s` in `data`", in->name,
		          data->source == DATA_CSV      ? "others()"
		          : files && data->nfile        ? data->file[0].name
		          : text                        ? in->target ? "next" : "tokens"
		          : data->source == DATA_LIBSVM ? in->target ? "y" : "x"
		          : in->target                  ? "labels"
		                                        : "images / 255");
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
			Node *n = column_raw(e, m->in[i].name, &ty, 0, m->in[i].at);
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
		if (!body && !column_is_known(e, name.u.name)) {
			missing_field(e, &m->in[i]);
			continue;
		}
		bind_field(e, i, s ? s->u.decl.value : &name);
	}
}

/* What the arguments of the source read is part of the program, wherever else it is read: at run time
 * it could only be changed there. */
static void fix_consts(Elab *e, const Ast *a)
{
	if (a->kind == A_NAME) {
		Const *c = const_find(e, a->u.name, a->at);
		if (!c || !c->main || c->structural)
			return;
		c->structural = e->again = true;
		fix_consts(e, c->given ? c->given : c->ast->u.decl.value);
	} else if (a->kind == A_BINARY || a->kind == A_UNARY) {
		fix_consts(e, a->u.bin.l);
		if (a->kind == A_BINARY)
			fix_consts(e, a->u.bin.r);
	} else if (a->kind == A_CALL || a->kind == A_LIST) {
		const AstList *l = a->kind == A_CALL ? &a->u.call.arg : &a->u.list.item;
		for (int i = 0; i < l->n; i++)
			fix_consts(e, l->v[i]);
	} else if (a->kind == A_ARG && strcmp(a->u.arg.name, "seed")) {
		fix_consts(e, a->u.arg.value);
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
	data_source(e, e->data->u.section.call);
	fix_consts(e, e->data->u.section.call);
	e->fixes = true;
	if (e->m->data.source != DATA_NONE)
		fields(e);
	e->fixes = false;
	if (!e->j->nerror)
		only_elementwise(e, e->g);
	if (!e->j->nerror)
		field_end(e);
	e->field = 0;
	e->frame = 0;
	e->in_data = false;
	e->literal = false;
	const AstList *l = &e->data->u.section.call->u.call.arg;
	for (int i = 0; i < l->n && !e->j->nerror; i++)
		if (l->v[i]->kind == A_ARG && !strcmp(l->v[i]->u.arg.name, "seed"))
			read_once(e, ONCE_DATA_SEED, 0, l->v[i]->u.arg.value);
}
