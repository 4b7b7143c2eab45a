/* field.c - functions of the data section: what they learn from the training rows.
 *
 * In:    calls of `standardize`, `minmax` in fields, class weights "balanced".   Out: a table of what
 *        is fitted, its leaves in `bind`, `grad`, `eval`; the graph `fit`, which computes what is
 *        looked at; `augment`, which is bind for training samples.
 * Holds: the formulas stand in the prelude; here is only what they ask of the training rows.  A
 *        fitted number is an O_fitted leaf, 2 i and 2 i + 1 those of row i.
 */
#include "elab.h"

#include <string.h>

/* The offsets of Module.fitted count in steps of this, as those of parameters do. */
enum { STEP = 16 };

static const struct {
	FitHow how;
	const char *function, *number[2];
} asked[] = {
	{ FIT_STANDARDIZE, "standardize", { "mean", "std" } },
	{ FIT_MINMAX, "minmax", { "min", "range" } },
	{ FIT_MISSING, "missing", { "mean", 0 } },
	{ FIT_BALANCED, "balanced", { "weight", 0 } },
	{ FIT_WORDS, 0, { "words", 0 } },
};
enum { STANDARDIZE, MINMAX, MISSING, BALANCED, WORDS };

bool is_field_function(const char *name)
{
	static const char *const names[] = { "standardize", "minmax", "normalize", "fill",
		                             "categorical", "random_crop", "random_flip",
		                             "random_shift", "random_rotate", "cutout" };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

/* "x.standardize": of the field, the second one with a number. */
static Sym fitted_path(Elab *e, const char *of, const char *function)
{
	Sym path = job_symf(e->j, "%s.%s", of, function);
	for (int n = 2, i = 0; i < e->m->nfitted; i++)
		if (e->m->fitted[i].path == path) {
			path = job_symf(e->j, "%s.%s%d", of, function, n++);
			i = -1;
		}
	return path;
}

/* What x depends on must be known before it can be looked at. */
static int level_of(const Module *m, const Graph *g, const Node *x, Arena *a)
{
	int *level = NEWN(a, int, g->n + 1);
	for (int i = 0; i <= x->id; i++) {
		const Node *n = g->node[i];
		if (n->op == O_fitted)
			level[i] = m->fitted[n->a.leaf.index / 2].level + 1;
		for (int k = 0; k < n->nin; k++)
			if (level[n->in[k]->id] > level[i])
				level[i] = level[n->in[k]->id];
	}
	return level[x->id];
}

/* A new row; its path and its type are known. */
static int fitted_new(Elab *e, Fitted *f)
{
	Module *m = e->m;
	f->len = f->how == FIT_WORDS ? 0 : type_len(&f->ty, 1);
	f->offset = m->fitted_len;
	m->fitted_len += 2 * ((f->len + STEP - 1) / STEP * STEP);
	PUSH(e->mem, m->fitted, m->nfitted, m->capfitted, *f);
	return m->nfitted - 1;
}

static bool depends_on_draws(const Graph *g, const Node *x, Arena *a)
{
	bool *drawn = NEWN(a, bool, g->n + 1);
	for (int i = 0; i <= x->id; i++) {
		const Node *n = g->node[i];
		drawn[i] = n->op == O_random;
		for (int k = 0; k < n->nin; k++)
			drawn[i] |= drawn[n->in[k]->id];
	}
	return drawn[x->id];
}

static int fitted_row(Elab *e, int kind, Node *x, Span at)
{
	Module *m = e->m;
	for (int i = 0; i < m->nfitted; i++)
		if (m->fitted[i].arg == x && m->fitted[i].how == asked[kind].how)
			return i;
	Fitted f = { .how = asked[kind].how, .arg = x, .ty = x->ty, .at = at };
	f.path = fitted_path(e, e->field->name, asked[kind].function);
	f.level = level_of(m, e->g, x, e->mem);
	f.ty.rank--;
	memmove(f.ty.dim, f.ty.dim + 1, sizeof f.ty.dim - sizeof *f.ty.dim);
	memset(&f.ty.dim[f.ty.rank], 0, sizeof *f.ty.dim);
	if (depends_on_draws(e->g, x, e->mem)) {
		Diag *d = fail(e, at, "E0404", "`%s` would learn from random numbers",
		               asked[kind].function);
		diag_help(d, "put it before the function that draws: `standardize(x) |> random_flip`");
	}
	int row = fitted_new(e, &f);
	graph_root(e->g, R_FIT, row, f.path, x, at);
	return row;
}

static Value fitted_leaf(Elab *e, int kind, int row, int which, Span at)
{
	const Fitted *t = &e->m->fitted[row];
	Sym name = job_symf(e->j, "%s.%s", t->path, asked[kind].number[which]);
	return v_tensor(e, n_leaf(e->g, O_fitted, name, 2 * row + which, &t->ty), at);
}

/* _fitted(x, "mean"): a number for each element of a sample. */
static Value b_fitted(Elab *e, Frame *f)
{
	Sym what;
	const Value *v = need_tensor(e, f, 0);
	if (!v || !need_string(e, formal(f, 1), "what is fitted", &what))
		return v_poison();
	Node *x = value_real(e, v);
	if (!x->ty.rank || !x->ty.dim[0].b) {
		Diag *d = fail(e, f->at, "E0301", "what is learned from rows needs one value a row");
		show_value(e, d, v);
		return v_poison();
	}
	for (int k = 0; k < 2 * MISSING; k++) {
		const char *number = asked[k / 2].number[k % 2];
		if (strcmp(number, what))
			continue;
		return fitted_leaf(e, k / 2, fitted_row(e, k / 2, x, f->at), k % 2, f->at);
	}
	bug(e->j, "nothing fits `%s`", what);
}

/* _channels(v, x): a number or a list as it lies along dimension 1 of x. */
static Value b_channels(Elab *e, Frame *f)
{
	const Value *v = formal(f, 0), *x = need_tensor(e, f, 1);
	if (!x)
		return v_poison();
	if (v->kind != V_LIST)
		return *v;
	const Type *t = &x->n->ty;
	int channels = t->rank > 1 && !t->dim[1].b ? t->dim[1].k : 1;
	if (v->nitem != channels) {
		Diag *d = fail(e, v->at, "E0301",
		               "`normalize` has %d number%s here, but there %s %d channel%s",
		               v->nitem, v->nitem == 1 ? "" : "s", channels == 1 ? "is" : "are",
		               channels, channels == 1 ? "" : "s");
		show_value(e, d, x);
		diag_help(d, "write a number for each channel, the first dimension of a sample, or "
		             "one number for all");
		return v_poison();
	}
	Node **part = NEWN(e->mem, Node *, channels);
	Dim one[MAXRANK];
	for (int i = 0; i < MAXRANK; i++)
		one[i] = dim_num(1);
	Type single = type_make(DT_REAL, t->rank > 1 ? t->rank - 1 : 1, one);
	for (int i = 0; i < channels; i++) {
		double number;
		if (!need_number(e, &v->item[i], "a number of `normalize`", &number))
			return v_poison();
		part[i] = n_reshape(e->g, n_const(e->g, number), &single);
	}
	return v_tensor(e, n_concat(e->g, part, channels, 0), f->at);
}

Value field_missing(Elab *e, Node *x, Span at)
{
	Value mean = fitted_leaf(e, MISSING, fitted_row(e, MISSING, x, at), 0, at);
	Node *there = n_op2(e->g, O_eq, x, x);
	return v_tensor(e, n_op3(e->g, O_where, there, x, n_broadcast(e->g, mean.n, &x->ty)), at);
}

/* ---- texts ------------------------------------------------------------------------------- */

bool field_is_words(const Elab *e, const Node *x)
{
	return x->op == O_input && x->a.leaf.index < e->m->npick &&
	       e->m->column[x->a.leaf.index].name == x->a.leaf.sym &&
	       e->m->pick[x->a.leaf.index].words;
}

static bool need_words(Elab *e, Frame *f, const Value *x)
{
	if (field_is_words(e, x->n))
		return true;
	Diag *d = fail(e, f->at, "E0404", "`%s` turns the texts of a column into classes, but this "
	               "is no column of a file of texts", f->def->name);
	show_value(e, d, x);
	diag_help(d, "write `%s(name)` in `data csv(...)`", f->def->name);
	return false;
}

Value field_classes(Elab *e, const Value *x, Span at)
{
	Module *m = e->m;
	int column = x->n->a.leaf.index;
	bool known = false;
	for (int i = 0; i < m->nfitted; i++)
		known |= m->fitted[i].how == FIT_WORDS && m->fitted[i].field == column;
	if (!known) {
		Fitted row = { .how = FIT_WORDS, .field = column, .ty = x->n->ty, .at = at };
		row.path = fitted_path(e, m->column[column].name,
		                       m->pick[column].sorted ? "one_hot" : "categorical");
		fitted_new(e, &row);
	}
	if (x->n->ty.classes)
		return v_tensor(e, value_node(e, x), at);
	Diag *d = fail(e, at, "E0310",
	               "nothing says how many classes `%s` has, for `%s` is %s",
	               m->column[column].name, e->field->name, type_text(e->mem, &e->field->ty));
	diag_help(d, "declare `%s` as class(K)[N], or write `one_hot(%s, num_classes = 3)`",
	          e->field->name, m->column[column].name);
	return v_poison();
}

/* categorical(x) */
static Value b_categorical(Elab *e, Frame *f)
{
	const Value *x = need_tensor(e, f, 0);
	return x && need_words(e, f, x) ? field_classes(e, x, f->at) : v_poison();
}

/* fn _word_gap(x): `fill` with a text, which the column itself has taken up. */
static Value b_word_gap(Elab *e, Frame *f)
{
	const Value *x = need_tensor(e, f, 0);
	if (!x)
		return v_poison();
	if (field_is_words(e, x->n))
		return *x;
	Diag *d = fail(e, f->at, "E0404", "`fill` with a text is for texts, but this is %s",
	               value_text(e, x));
	diag_help(d, "write a number, or `categorical(fill(x, \"none\"))`");
	return v_poison();
}

bool field_one_hot(Elab *e, Frame *f, Value *x)
{
	if (field_is_words(e, x->n) && e->m->pick[x->n->a.leaf.index].sorted)
		*x = field_classes(e, x, f->at);
	return x->kind != V_POISON;
}

/* ---- parts ------------------------------------------------------------------------------- */

void field_parts(Elab *e, Node **x, int n, const Value *dim, int *axis)
{
	bool flat = true;
	for (int i = 0; i < n; i++)
		flat &= x[i]->ty.rank <= 2;
	for (int i = 0; flat && i < n; i++) {
		Type t = x[i]->ty;
		if (t.rank != 1)
			continue;
		t.dim[t.rank++] = dim_num(1);
		x[i] = n_reshape(e->g, x[i], &t);
	}
	/* of a sample; with one dimension there is only that one */
	if (dim->kind == V_NUMBER && dim->known && dim->is_int && (dim->i >= 0 || flat))
		*axis = flat && (dim->i == -1 || dim->i == 0 || dim->i == 1) ? 1
		        : dim->i < x[0]->ty.rank - 1                         ? (int)dim->i + 1
		                                                             : -1;
}

/* ---- class weights ----------------------------------------------------------------------- */

static int balanced_row(Elab *e, int field, Span at)
{
	const Field *in = &e->m->in[field];
	for (int i = 0; i < e->m->nfitted; i++)
		if (e->m->fitted[i].how == FIT_BALANCED && e->m->fitted[i].field == field)
			return i;
	Dim classes = dim_num(in->ty.classes);
	Fitted f = { .how = FIT_BALANCED, .field = field, .at = at };
	f.path = fitted_path(e, in->name, "balanced");
	f.ty = type_make(DT_REAL, 1, &classes);
	return fitted_new(e, &f);
}

/* _balanced(weight, y): n / (K * count) of each class of the target y, where weight is "balanced". */
static Value b_balanced(Elab *e, Frame *f)
{
	Sym word;
	const Value *y = need_tensor(e, f, 1);
	if (!y || !need_string(e, formal(f, 0), "class weights", &word))
		return v_poison();
	if (strcmp(word, "balanced")) {
		Diag *d = fail(e, formal(f, 0)->at, "E0404", "`weight` cannot be \"%s\"", word);
		diag_help(d, "write `weight = \"balanced\"`, or a list with a number for each class");
		return v_poison();
	}
	const Node *n = y->n;
	for (int i = 0; n->op == O_input && n->ty.classes && i < e->m->nin; i++)
		if (e->m->in[i].name == n->a.leaf.sym)
			return fitted_leaf(e, BALANCED, balanced_row(e, i, f->at), 0, f->at);
	Diag *d = fail(e, y->at, "E0404",
	               "`weight = \"balanced\"` counts the classes of a target, but this is %s that "
	               "the model computes", value_text(e, y));
	diag_help(d, "pass a `target` of class(K), or write the weights as a list");
	return v_poison();
}

void field_end(Elab *e)
{
	Module *m = e->m;
	Graph *all = m->bind;
	bool fits = false;
	for (int i = 0; i < m->nfitted; i++)
		fits |= m->fitted[i].arg != 0;
	if (fits)
		m->fit = graph_copy(all, job_sym(e->j, "fit"), 1u << R_FIT);
	if (m->augments)
		m->augment = graph_copy(all, job_sym(e->j, "augment"), 1u << R_AUGMENT);
	m->bind = graph_copy(all, job_sym(e->j, "bind"), 1u << R_FIELD);
	graph_free(all);
	e->g = e->top = m->bind;
}

const BuiltinRow field_rows[] = {
	{ "fitted", b_fitted },
	{ "channels", b_channels },
	{ "balanced", b_balanced },
	{ "categorical", b_categorical },
	{ "word_gap", b_word_gap },
	{ 0, 0 },
};
