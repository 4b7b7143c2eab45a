/* column.c - columns of the source in the expressions of fields.
 *
 * In:    names and calls in `data { field = expression }`.   Out: leaves of the graph `bind`, and
 *        the module's tables of columns and of what they pick in the file.
 * Holds: two uses of a column with equal types are one column.
 *
 * The files are not read here, so the type of a column follows from its use: alone it is what its
 * field is; in an expression it is a number.  The trainer checks that the file agrees.
 */
#include "elab.h"

#include <stdlib.h>
#include <string.h>

/* ---- what stands where ---------------------------------------------------------------------- */

static bool is_call(const Ast *a, const char *name)
{
	return a->kind == A_CALL && !strcmp(a->u.call.fn, name);
}

static bool is_column(const Ast *a)
{
	return a->kind == A_NAME || is_call(a, "column") || is_call(a, "columns") ||
	       is_call(a, "others");
}

/* What stands around a column. */
typedef struct {
	bool words;                    /* `categorical`, or `one_hot` without it               */
	bool sorted;                   /* `one_hot` without it                                 */
	bool gaps;                     /* `fill`                                               */
	Sym gap;                       /* the text that `fill` gives                           */
	bool flat;                     /* `flatten`                                            */
} Around;

/* Within a call; piped: its first argument stands before it. */
static void enter(Around *w, const Ast *call, bool piped)
{
	if (is_call(call, "categorical")) {
		w->words = true;
		w->sorted = false;
	} else if (is_call(call, "one_hot")) {
		w->words = w->sorted = true;
	} else if (is_call(call, "flatten")) {
		w->flat = true;
	} else if (is_call(call, "fill")) {
		const AstList *l = &call->u.call.arg;
		const Ast *v = l->n > !piped ? l->v[!piped] : 0;
		if (v && v->kind == A_ARG)
			v = v->u.arg.value;
		w->gaps = true;
		w->gap = v && v->kind == A_STRING ? v->u.str : 0;
	}
}

/* Notes every column below a, and what stands around it. */
static void walk(Elab *e, const Ast *a, Around w)
{
	if (is_column(a)) {
		int n = e->ncolumn;
		PUSH(e->mem, e->column, e->ncolumn, e->capcolumn, (__typeof__(*e->column)){ 0 });
		e->column[n].a = a;
		e->column[n].words = w.words;
		e->column[n].gaps = w.gaps;
		e->column[n].sorted = w.sorted;
		e->column[n].gap = w.words ? w.gap : 0;
		e->column[n].flat = w.flat;
		return;
	}
	if (a->kind == A_BINARY || a->kind == A_UNARY) {
		e->compares |= a->kind == A_BINARY && strchr("<>=!", *a->u.bin.op);
		walk(e, a->u.bin.l, w);
		if (a->kind == A_BINARY)
			walk(e, a->u.bin.r, w);
	} else if (a->kind == A_PIPE) {
		const Ast *to = a->u.pipe.stage;
		Around in = w;
		enter(&in, to, true);
		walk(e, a->u.pipe.from, in);
		if (to->kind == A_CALL)
			walk(e, to, in);
	} else if (a->kind == A_ARG) {
		walk(e, a->u.arg.value, w);
	} else if (a->kind == A_INDEX) {
		walk(e, a->u.index.of, w);
	} else if (a->kind == A_LIST) {
		for (int i = 0; i < a->u.list.item.n; i++)
			walk(e, a->u.list.item.v[i], w);
	} else if (a->kind == A_CALL) {
		enter(&w, a, false);
		for (int i = 0; i < a->u.call.arg.n; i++)
			walk(e, a->u.call.arg.v[i], w);
	}
}

void columns_begin(Elab *e, const Field *in, Ast *value)
{
	e->field = in;
	e->bare = is_column(value);
	e->compares = false;
	e->ncolumn = 0;
	walk(e, value, (Around){ 0 });
	column_sizes(e, in, value);
}

/* What is known of the column a; its size, or 0. */
static int look(const Elab *e, const Ast *a, Pick *p)
{
	int size = 0;
	for (int i = 0; i < e->ncolumn; i++)
		if (e->column[i].a == a) {
			p->words = e->column[i].words;
			p->gaps = e->column[i].gaps;
			p->sorted = e->column[i].sorted;
			p->gap = e->column[i].gap;
			p->flat = e->column[i].flat;
			size = e->column[i].size;
		}
	return size;
}

/* ---- the tables ----------------------------------------------------------------------------- */

static bool same_pick(const Pick *a, const Pick *b)
{
	return !b || (a->words == b->words && a->gaps == b->gaps && a->sorted == b->sorted &&
	              a->gap == b->gap && a->flat == b->flat);
}

Node *column_raw(Elab *e, Sym name, const Type *ty, const Pick *pick, Span at)
{
	Module *m = e->m;
	for (int i = 0; i < m->ncolumn; i++) {
		if (m->column[i].name != name)
			continue;
		if (type_eq(&m->column[i].ty, ty) && same_pick(&m->pick[i], pick)) {
			m->pick[i].target &= e->field && e->field->target;
			return n_leaf(e->g, O_input, name, i, ty);
		}
		if (!pick) {
			later(e, at, "the column `%s` for fields of two types", name);
			return 0;
		}
	}
	Field f = { .name = name, .ty = *ty, .at = at };
	Pick none = { 0 };
	PUSH(e->mem, m->column, m->ncolumn, m->capcolumn, f);
	PUSH(e->mem, m->pick, m->npick, m->cappick, pick ? *pick : none);
	m->pick[m->npick - 1].target = e->field && e->field->target;
	return n_leaf(e->g, O_input, name, m->ncolumn - 1, ty);
}

/* The type of a column of n numbers a sample (0: one, without a dimension). */
static Type type_of(const Elab *e, int n, const Pick *p, int size)
{
	const Type *f = &e->field->ty;
	Dim d[2] = { f->dim[0], dim_num(n) };
	Type t = type_make(DT_REAL, n ? 2 : 1, d);
	if (p->words || (e->bare && f->dt != DT_REAL)) {
		t.dt = p->words ? DT_I32 : f->dt;
		/* one_hot makes the last dimension of its field of the classes */
		t.classes = f->classes ? f->classes : size;
	} else if (f->dt == DT_I32 && !e->compares) {
		t.dt = DT_I32;
	}
	return t;
}

/* The names of the source's columns; returns their number, 0: any name. */
static int names_of(Elab *e, const char ***list)
{
	static const char *const two[][2] = {
		[DATA_IDX] = { "images", "labels" },     [DATA_LIBSVM] = { "x", "y" },
		[DATA_BYTES] = { "tokens", "next" },     [DATA_CHARS] = { "tokens", "next" },
		[DATA_CIFAR10] = { "images", "labels" }, [DATA_CIFAR100] = { "images", "labels" },
		[DATA_IMAGES] = { "images", "labels" },
	};
	const DataInfo *d = &e->m->data;
	const char **name = NEWN(e->mem, const char *, d->nnames + d->nfile + 2);
	int n = 0;
	*list = name;
	if (d->source == DATA_CSV || d->source == DATA_NPZ)
		for (; n < d->nnames; n++)
			name[n] = d->names[n];
	else if (d->source == DATA_NPY || d->source == DATA_RAW)
		for (; n < d->nfile; n++)
			name[n] = d->file[n].name;
	else
		for (; n < 2; n++)
			name[n] = two[d->source][n];
	return n;
}

static bool is_known(Elab *e, Sym name)
{
	const char **known;
	int n = names_of(e, &known);
	bool found = n == 0;
	for (int i = 0; i < n; i++)
		found |= !strcmp(known[i], name);
	return found;
}

static bool known_name(Elab *e, Sym name, Span at)
{
	if (is_known(e, name))
		return true;
	const char **known;
	int n = names_of(e, &known);
	bool csv = e->m->data.source == DATA_CSV;
	Diag *m = fail(e, at, "E0204", "%s no column `%s`", csv ? "`names` has" : "the data have",
	               name);
	const char *near = nearest(name, known, n);
	if (near)
		diag_help(m, "did you mean `%s`?", near);
	else if (csv)
		diag_help(m, "add it to `names`, which counts all columns of the file");
	else if (n == 2)
		diag_help(m, "the columns are `%s` and `%s`", known[0], known[1]);
	else
		diag_help(m, "give its file in `data`: `%s = \"file\"`", name);
	return false;
}

static Value value_of(Elab *e, Sym name, const Type *ty, const Pick *p, Span at)
{
	Pick real = *p;
	bool mean = !strcmp(e->m->data.missing, "mean") && ty->dt == DT_REAL && !p->words &&
	            !p->gaps && !e->field->target;
	real.gaps |= mean;
	Node *n = column_raw(e, name, ty, &real, at);
	if (!n)
		return v_poison();
	return mean ? field_missing(e, n, at) : v_tensor(e, n, at);
}

/* ---- names and calls ------------------------------------------------------------------------ */

/* The shape of `raw` is written down: it must be the field's, or become it. */
static bool raw_fits(Elab *e, Sym name, bool flat, Span at)
{
	const DataInfo *d = &e->m->data;
	const Type *want = &e->field->ty;
	const char *s = d->type + strcspn(d->type, "[");
	bool real = strchr("fb", *d->type) && d->type[1] != 'o', same = true;
	int64_t len = 1;
	int k = 1;
	for (; *s && *s != ']'; k++) {
		char *end;
		long extent = strtol(s + 1, &end, 10);
		same &= k < want->rank && want->dim[k].k == extent;
		len *= extent > 0 && len <= INT32_MAX ? extent : 0;
		s = end;
	}
	if (flat && want->rank == 2 && len == want->dim[1].k) {
		same = true;
		k = 2;
	}
	if (same && k == want->rank && (!real || want->dt == DT_REAL))
		return true;
	Diag *m = fail(e, at, same && k == want->rank ? "E0310" : "E0301",
	               "`%s` is declared as %s, but a row of `%s` is %s", e->field->name,
	               type_text(e->mem, want), name, d->type);
	diag_span(m, e->field->at, "%s", "");
	diag_help(m, "write the shape of one sample, without the batch: `type = \"f32[3, 4]\"`");
	return false;
}

/* Windows have the length that the field says. */
static bool window_fits(Elab *e, Span at)
{
	const Type *want = &e->field->ty;
	int64_t context = e->m->data.context;
	if (want->rank == 2 && want->dim[1].k == context)
		return true;
	Diag *m = fail(e, at, "E0301", "`%s` is declared as %s, but a window has %lld tokens",
	               e->field->name, type_text(e->mem, want), (long long)context);
	diag_span(m, e->field->at, "%s", "");
	diag_help(m, "write `context = T` in `data` and `class(V)[N, T]` in the model with the "
	             "same T");
	return false;
}

/* Inside `flatten` the field does not say the shape of a picture; its source may. */
static void picture_type(const Elab *e, bool flat, Type *t)
{
	const DataInfo *d = &e->m->data;
	int64_t h = d->size[0], w = d->size[1];
	if (!flat || t->rank != 2)
		return;
	if (d->source == DATA_CIFAR10 || d->source == DATA_CIFAR100)
		h = w = 32;
	else if (d->source != DATA_IMAGES || !h)
		return;
	bool grey = d->source == DATA_IMAGES && t->dim[1].k == h * w;
	Dim dim[4] = { t->dim[0], dim_num(grey ? 1 : 3), dim_num((int)h), dim_num((int)w) };
	*t = type_make(t->dt, 4, dim);
}

/* Pictures have the size that the field says. */
static bool picture_fits(Elab *e, const Type *want, Span at)
{
	const int64_t *size = e->m->data.size;
	bool picture = want->rank == 4 && (want->dim[1].k == 1 || want->dim[1].k == 3);
	if (picture && (!size[0] || (want->dim[2].k == size[0] && want->dim[3].k == size[1])))
		return true;
	Diag *m = !picture ? fail(e, at, "E0301", "`%s` is declared as %s, but pictures are "
	                          "f32[N, 3, H, W], or f32[N, 1, H, W] for grey ones", e->field->name,
	                          type_text(e->mem, want))
	                   : fail(e, at, "E0301", "`%s` is declared as %s, but `size` makes pictures "
	                          "of %lld x %lld", e->field->name, type_text(e->mem, want),
	                          (long long)size[0], (long long)size[1]);
	diag_span(m, e->field->at, "%s", "");
	diag_help(m, "write `images(dir, size = [H, W])` in `data` and `f32[N, 3, H, W]` in the model "
	             "with the same H and W");
	return false;
}

/* The label of a picture is the name of its folder: a class, with or without `categorical`. */
static Value folder_names(Elab *e, Type *t, Pick *p, int size, Span at)
{
	p->words = true;
	t->dt = DT_I32;
	t->classes = e->field->ty.classes ? e->field->ty.classes : size;
	Value v = value_of(e, p->name[0], t, p, at);
	return v.kind == V_POISON ? v : field_classes(e, &v, at);
}

static Value one_column(Elab *e, Sym name, const Ast *a)
{
	DataSource source = e->m->data.source;
	Pick p = { .name = NEW(e->mem, Sym), .n = 1 };
	p.name[0] = name;
	int size = look(e, a, &p);
	if (!known_name(e, name, a->at))
		return v_poison();
	Type one = type_of(e, 0, &p, size), t = e->field->ty;
	if (source == DATA_CSV)
		t = one;
	t.dt = one.dt;
	t.classes = one.classes;
	if (source == DATA_IMAGES && !strcmp(name, "labels"))
		return folder_names(e, &t, &p, size, a->at);
	if (!strcmp(name, "images"))
		picture_type(e, p.flat, &t);
	if (source == DATA_IMAGES && !picture_fits(e, &t, a->at))
		return v_poison();
	if (source == DATA_IDX || source == DATA_CIFAR10 || source == DATA_CIFAR100 ||
	    source == DATA_IMAGES) {
		t.dt = !strcmp(name, "images") ? DT_U8 : DT_I32;
		t.classes = t.dt == DT_U8 ? 0 : e->field->ty.classes;
	}
	if (source == DATA_RAW && !raw_fits(e, name, p.flat, a->at))
		return v_poison();
	if ((source == DATA_BYTES || source == DATA_CHARS) && !window_fits(e, a->at))
		return v_poison();
	return value_of(e, name, &t, &p, a->at);
}

bool column_name(Elab *e, Ast *a, Value *v)
{
	if (!e->field || map_get(&e->def, a->u.name) || in_prelude(e, a->at))
		return false;
	/* an unknown name is likely to be something else where there are two columns only */
	if (e->m->data.source == DATA_IDX && !is_known(e, a->u.name))
		return false;
	*v = one_column(e, a->u.name, a);
	return true;
}

bool column_is_known(Elab *e, Sym name)
{
	return is_known(e, name);
}

static Value several(Elab *e, Ast *call, const Args *args)
{
	Pick p = { .name = NEWN(e->mem, Sym, args->n), .n = args->n };
	const char *name = "columns(";
	for (int i = 0; i < args->n; i++) {
		if (!need_string(e, &args->v[i].v, "the name of a column", &p.name[i]))
			return v_poison();
		if (!known_name(e, p.name[i], args->v[i].at))
			return v_poison();
		name = arena_printf(e->mem, "%s%s\"%s\"", name, i ? ", " : "", p.name[i]);
	}
	int size = look(e, call, &p);
	Type t = type_of(e, args->n, &p, size);
	return value_of(e, job_sym(e->j, arena_printf(e->mem, "%s)", name)), &t, &p, call->at);
}

/* The rest of the file has the shape of the field: its size is known by the file alone. */
static Value rest(Elab *e, Ast *call)
{
	Pick p = { .rest = true };
	int size = look(e, call, &p);
	Type t = e->field->ty, of = type_of(e, 0, &p, 0);
	if (t.rank == 2 && size > 0)
		t.dim[1] = dim_num(size);
	t.dt = of.dt;
	t.classes = of.classes;
	return value_of(e, job_sym(e->j, "others()"), &t, &p, call->at);
}

bool column_call(Elab *e, Ast *call, Value *v)
{
	bool others = is_call(call, "others"), one = is_call(call, "column");
	if ((!others && !one && !is_call(call, "columns")) || !e->field)
		return false;
	*v = v_poison();
	if (e->m->data.source != DATA_CSV) {
		Diag *d = fail(e, call->name_at, "E0404", "`%s` is for `csv`", call->u.call.fn);
		diag_help(d, "write the column's name alone");
		return true;
	}
	Args args = { 0 };
	collect_args(e, 0, call, 0, &args);
	for (int i = 0; i < args.n; i++)
		if (args.v[i].v.kind == V_POISON)
			return true;
	Sym name;
	if ((others && args.n) || (one && args.n != 1) || (!others && !args.n)) {
		Diag *d = fail(e, call->at, "E0207", "`%s` takes %s", call->u.call.fn,
		               others ? "no argument"
		               : one  ? "the name of one column"
		                      : "names of columns");
		diag_note(d, "%s", others ? "others()"
		                   : one  ? "column(\"any text\")"
		                          : "columns(\"a\", \"b\")");
	} else if (others) {
		*v = rest(e, call);
	} else if (!one) {
		*v = several(e, call, &args);
	} else if (need_string(e, &args.v[0].v, "the name of a column", &name)) {
		*v = one_column(e, name, call);
	}
	return true;
}
