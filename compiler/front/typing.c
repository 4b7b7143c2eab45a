/* typing.c - types as they are written: in declarations and in the headers of blocks.
 *
 * In:    a type's tree, the names of the frame.   Out: a Type; or names bound to what they
 *        meet.
 * Holds: in a header an unknown dimension name binds, a known one must be equal, and so must
 *        the dimensions that `...` stands for.
 */
#include "elab.h"

#include <string.h>

static const char *const kinds[] = { "int", "float", "bool", "string", "initialiser",
                                     "list", "schedule", "regulariser", "any", "rest",
                                     "names" };
enum { NKIND = 11, NUSERKIND = 9 };      /* the others are the prelude's */
static const char *const elements[] = { "f32", "class", "i32", "bool" };
static const char *const elsewhere[] = { "f64", "f16", "bf16", "i8", "u8", "i64" };

static int among(const char *name, const char *const *v, int n)
{
	for (int i = 0; i < n; i++)
		if (!strcmp(name, v[i]))
			return i;
	return -1;
}

bool is_kind_name(Sym name)
{
	return among(name, kinds, NKIND) >= 0;
}

static bool unknown_type(Elab *e, Ast *t)
{
	static const char *const all[] = { "f32",   "class",  "i32",         "bool", "int",
		                           "float", "string", "initialiser", "list", "schedule",
		                           "regulariser" };
	int nall = (int)(sizeof all / sizeof all[0]);
	Diag *d;
	if (among(t->u.type.name, elsewhere, 6) >= 0) {
		d = fail(e, t->at, "E0310",
		         "`%s` occurs in data and files only, not in a model", t->u.type.name);
		diag_help(d,
		          "write `f32` for numbers (it means double under `--precision f64`), "
		          "`class(K)` or `i32` for integers");
		return false;
	}
	d = fail(e, t->name_at, "E0204", "unknown type `%s`", t->u.type.name);
	const char *near = nearest(t->u.type.name, all, nall);
	static const char *const numbers[] = { "int", "float", "string", "list", "initialiser" };
	if (among(t->u.type.name, numbers, 5) >= 0 && t->u.type.has_dims) {
		diag_help(d, "`%s` is for arguments of blocks; the types of a tensor are f32, class(K), "
		             "i32 and bool", t->u.type.name);
		return false;
	}
	if (!strcmp(t->u.type.name, "float32") || !strcmp(t->u.type.name, "tensor"))
		near = "f32";
	if (near)
		diag_help(d, "did you mean `%s`?", near);
	else
		diag_help(d, "the types of a model are f32, class(K), i32 and bool");
	return false;
}

/* Element type and class count of a declaration. */
static bool element_of(Elab *e, Ast *t, Type *ty)
{
	Sym name = t->u.type.name;
	int k = among(name, elements, 4);
	if (k < 0)
		return unknown_type(e, t);
	ty->dt = k == 0 ? DT_REAL : k == 3 ? DT_BOOL : DT_I32;
	if ((k == 1) != (t->u.type.arg != 0)) {
		Diag *d = fail(e, t->at, "E0207", k == 1 ? "`class` needs the number of classes"
		                                         : "`%s` takes no argument", name);
		if (k == 1)
			diag_help(d, "write `class(10)[N]` for one of ten classes a sample");
		return false;
	}
	if (k != 1)
		return true;
	int64_t n;
	Value v = eval(e, t->u.type.arg);
	if (!need_int(e, &v, "the number of classes", &n))
		return false;
	if (n < 1 || n > 1 << 24) {
		fail(e, t->u.type.arg->at, "E0302", "%lld classes; 1 to 16777216 are possible",
		     (long long)n);
		return false;
	}
	ty->classes = (int32_t)n;
	return true;
}

bool type_of_ast(Elab *e, Ast *t, Type *ty)
{
	memset(ty, 0, sizeof *ty);
	if (!element_of(e, t, ty))
		return false;
	if (t->u.type.dim.n > MAXRANK) {
		fail(e, t->at, "E0303", "a tensor has at most %d dimensions", MAXRANK);
		return false;
	}
	for (int i = 0; i < t->u.type.dim.n; i++) {
		Ast *d = t->u.type.dim.v[i];
		if (d->kind == A_ELLIPSIS) {
			fail(e, d->at, "E0303",
			     "`...` stands only in the header of a block or fn");
			return false;
		}
		Value v = eval(e, d);
		if (!need_dim(e, &v, "a dimension", false, &ty->dim[ty->rank++]))
			return false;
	}
	return shape_ok(e, ty, t->at);
}

Frame *public_frame(Frame *f)
{
	while (f->def->prelude && f->def->name[0] == '_' && f->up && f->up->def->prelude)
		f = f->up;
	return f;
}

/* ---- headers ----------------------------------------------------------------------------- */

typedef struct {
	Elab *e;
	Frame *f;
	Ast *t;
	Value *v;
	Sym what;                      /* the parameter's name; 0: the result                 */
} Match;

static bool wrong_rank(Match *m, int rank)
{
	Elab *e = m->e;
	Frame *f = public_frame(m->f);
	const char *needs = source_text(e->j, m->t->at);
	int n = m->t->u.type.dim.n;
	Diag *d;
	bool dots = false;
	for (int i = 0; i < n; i++)
		dots |= m->t->u.type.dim.v[i]->kind == A_ELLIPSIS;
	if (!m->what)
		d = fail(e, m->t->at, "E0303", "the result has rank %d, not that of `%s`", rank,
		         needs);
	else if (dots)
		d = fail(e, f->at, "E0303",
		         "`%s` needs a tensor of rank %d or more, but this one "
		         "has rank %d",
		         f->def->name, n - 1, rank);
	else
		d = fail(e, f->at, "E0303",
		         "`%s` needs a rank-%d tensor, but this one has rank %d", f->def->name,
		         n, rank);
	if (m->what)
		diag_label(d, "needs %s", needs);
	if (m->v->made.file >= 0) {
		diag_span(d, user_place(e, m->v->made), "made it %s", value_text(e, m->v));
		const char *made = source_text(e->j, user_place(e, m->v->made));
		if (!strncmp(made, "flatten", 7) && n == 4)
			diag_help(d, "move `flatten` after the last convolution");
		else
			diag_help(d, "`reshape`, `squeeze` or `unsqueeze` it first");
	} else {
		show_value(e, d, m->v);
		diag_help(d, rank == 2 && n == 4
		                     ? "give it the dimensions of an image first: "
		                       "`reshape(x, N, C, H, W)`"
		                     : "`reshape`, `squeeze` or `unsqueeze` it first");
	}
	return false;
}

static bool is_score(const LossRow *row)
{
	return row && (row->loss || row->metric);
}

/* Message 13: predictions and targets of a loss do not broadcast. */
static bool loss_shapes(Match *m)
{
	Elab *e = m->e;
	Frame *f = public_frame(m->f);
	const Value *a = &f->formal[0];
	Span at = user_place(e, f->at);
	if (f->call && f->call->name_at.file == at.file)
		at = f->call->name_at;
	if (told(e, "E0304 %s %s %d:%d %d:%d", value_text(e, a), value_text(e, m->v),
	         a->made.file, a->made.beg, m->v->made.file, m->v->made.beg))
		return false;
	const Type *p = &a->n->ty, *q = &m->v->n->ty;
	bool classes = q->dt == DT_I32 && q->classes && q->rank < MAXRANK;
	Diag *d = classes ? fail(e, at, "E0304", "`%s` needs %d scores for each target, one a class",
	                         f->def->name, q->classes)
	                  : fail(e, at, "E0304", "`%s` needs equal shapes", f->def->name);
	show_value(e, d, a);
	show_value(e, d, m->v);
	if (classes) {
		Type want = *q;
		want.dt = DT_REAL;
		want.classes = 0;
		want.dim[want.rank++] = dim_num(q->classes);
		diag_help(d, "for the target %s the scores are %s", type_text(e->mem, q),
		          type_text(e->mem, &want));
		return false;
	}
	if (p->rank == q->rank + 1 && dim_is(p->dim[p->rank - 1], 1)) {
		diag_note(
			d,
			"NumPy rules would broadcast these to f32[N, N] and train on N*N wrong "
			"pairs");
		const char *name = source_text(e->j, user_place(e, a->at));
		const Frame *last = a->maker && !in_prelude(e, a->maker->call->at) ? a->maker : 0;
		const char *from = last ? short_call(e, last->call) : "";
		diag_help(d,
		          "drop the last dimension of the prediction:   %s = ...%s%s |> "
		          "squeeze(-1)",
		          is_word(name) ? name : "y", last ? " |> " : "", from);
	} else {
		diag_help(d, "losses and metrics do not broadcast: give both the same shape");
	}
	return false;
}

static bool dots_match(Match *m, const Type *t, int at, int n)
{
	Frame *f = m->f;
	if (!f->has_dots) {
		f->has_dots = true;
		f->ndots = n;
		f->dots_at = m->v->at;
		for (int i = 0; i < n; i++)
			f->dots[i] = t->dim[at + i];
		return true;
	}
	bool same = n == f->ndots;
	for (int i = 0; i < n && same; i++)
		same = dim_eq(t->dim[at + i], f->dots[i]);
	if (same)
		return true;
	if (m->what && f->def->prelude && is_score(loss_find(public_frame(f)->def->name)) &&
	    f->formal[0].kind == V_TENSOR)
		return loss_shapes(m);
	Diag *d = fail(m->e, m->what ? f->at : m->t->at, "E0301", "`%s` needs equal leading "
	               "dimensions (`...`)", f->def->name);
	if (m->what && f->formal[0].kind == V_TENSOR)
		show_value(m->e, d, &f->formal[0]);
	show_value(m->e, d, m->v);
	diag_help(d, "give both the same leading dimensions");
	return false;
}

static bool dim_differs(Match *m, Ast *a, int axis, Dim have, Dim want, Span from)
{
	Elab *e = m->e;
	const char *name = source_text(e->j, a->at);
	Span at = m->what ? m->v->at : m->t->at;
	Diag *d = fail(e, at, "E0301", "%s%s%s has %s in dimension %d, but %s = %s",
	               m->what ? "`" : "the result", m->what ? m->what : "", m->what ? "`" : "",
	               dim_text(e->mem, have), axis, name, dim_text(e->mem, want));
	diag_label(d, "%s", value_text(e, m->v));
	diag_note(d, "`%s` is declared as %s", m->what ? m->what : m->f->def->name,
	          source_text(e->j, m->t->at));
	if (from.file >= 0 && !in_prelude(e, from))
		diag_span(d, from, "%s is %s here", name, dim_text(e->mem, want));
	show_origin(e, d, m->v);
	return false;
}

static bool batch_missing(Match *m, int axis)
{
	Diag *d = fail(m->e, m->what ? m->f->at : m->t->at, "E0303",
	               "`%s` needs the batch `N` as dimension %d", m->f->def->name, axis);
	show_value(m->e, d, m->v);
	diag_note(d, "it is declared as %s", source_text(m->e->j, m->t->at));
	return false;
}

static bool dim_match(Match *m, Ast *a, int axis, Dim have)
{
	Elab *e = m->e;
	Span from = NOWHERE;
	Dim want;
	if (a->kind == A_NAME && !strcmp(a->u.name, "N"))
		return dim_eq(have, dim_batch(1)) || batch_missing(m, axis);
	if (a->kind == A_NAME) {
		Binding *b = frame_find(m->f, a->u.name);
		if (!b && !const_of_dim(e, a->u.name, a->at)) {
			b = frame_bind(e, m->f, a->u.name, v_dim(have, m->v->at), m->v->at);
			b->quiet = true;
			return true;
		}
		if (b)
			from = b->at;
	}
	Value v = eval(e, a);
	if (!need_dim(e, &v, "a dimension", false, &want))
		return false;
	return dim_eq(have, want) || dim_differs(m, a, axis, have, want, from);
}

static bool dims_match(Match *m)
{
	const Type *t = &m->v->n->ty;
	const AstList *l = &m->t->u.type.dim;
	int dots = -1;
	for (int i = 0; i < l->n; i++)
		if (l->v[i]->kind == A_ELLIPSIS)
			dots = i;
	if (dots < 0 ? t->rank != l->n : t->rank < l->n - 1)
		return wrong_rank(m, t->rank);
	for (int i = 0, axis = 0; i < l->n; i++) {
		if (i == dots) {
			int n = t->rank - (l->n - 1);
			if (!dots_match(m, t, axis, n))
				return false;
			axis += n;
		} else if (!dim_match(m, l->v[i], axis, t->dim[axis])) {
			return false;
		} else {
			axis++;
		}
	}
	return true;
}

/* Message 14. */
static bool class_count(Match *m, int have, int want)
{
	Elab *e = m->e;
	const Value *x = &m->f->formal[0];
	if (x->kind == V_TENSOR)
		x = shape_origin(x);
	if (m->what && m->f->def->prelude &&
	    is_score(loss_find(public_frame(m->f)->def->name)) && x->kind == V_TENSOR) {
		if (told(e, "E0305 %d %d %d:%d %d:%d", want, have, x->made.file, x->made.beg,
		         m->v->made.file, m->v->made.beg))
			return false;
		Diag *d = fail(e, m->v->at, "E0305",
		               "%d scores cannot be compared with %d classes", want, have);
		diag_label(d, "class(%d): %d classes", have, have);
		int line, col;
		Span at = user_place(e, x->made);
		if (at.file >= 0) {
			diag_span(d, at, "%d scores per sample", want);
			source_place(e->j, at.file, at.beg, &line, &col);
			const char *call = call_with(e, x->maker, want, have);
			if (call)
				diag_help(d, "change line %d to `%s`", line, call);
			else
				diag_help(d,
				          "the last dimension of the scores is the classes: "
				          "make it %d",
				          have);
		} else {
			show_value(e, d, x);
		}
		return false;
	}
	Diag *d = fail(e, m->v->at, "E0305", "`%s` has %d classes, but %d are needed here",
	               m->what ? m->what : "the result", have, want);
	diag_label(d, "%s", value_text(e, m->v));
	return false;
}

static bool element_match(Match *m)
{
	Elab *e = m->e;
	Sym name = m->t->u.type.name;
	const Type *t = &m->v->n->ty;
	int k = among(name, elements, 4);
	if (k < 0)
		return unknown_type(e, m->t);
	bool class = t->dt == DT_I32 && t->classes;
	bool ok = k == 0   ? !class
	          : k == 1 ? class
	          : k == 2 ? t->dt == DT_I32
	                   : t->dt == DT_BOOL;
	if (!ok) {
		Diag *d = fail(e, m->v->at, "E0310", "`%s` needs %s for `%s`, but this is %s",
		               public_frame(m->f)->def->name, source_text(e->j, m->t->at),
		               m->what ? m->what : "its result", value_text(e, m->v));
		if (k == 0)
			diag_help(d, "`embedding(rows, dim)` or `one_hot` turn classes into "
			             "numbers");
		else if (k == 1)
			diag_help(
				d,
				"declare it as `class(K)[...]`, K being the number of classes");
		return false;
	}
	if (k == 0 && t->dt != DT_REAL) {
		Value v = v_tensor(e, value_real(e, m->v), m->v->at);
		*m->v = v;
	}
	if (k != 1)
		return true;
	int64_t want;
	Ast *arg = m->t->u.type.arg;
	if (arg->kind == A_NAME && !frame_find(m->f, arg->u.name) &&
	    !const_of_dim(e, arg->u.name, arg->at)) {
		frame_bind(e, m->f, arg->u.name, v_int(t->classes, m->v->at), m->v->at)->quiet =
			true;
		return true;
	}
	Value v = eval(e, arg);
	if (!need_int(e, &v, "the number of classes", &want))
		return false;
	return want == t->classes || class_count(m, t->classes, (int)want);
}

static bool kind_match(Elab *e, Frame *f, Sym kind, Value *v, Sym what)
{
	int64_t i;
	bool yes;
	Sym s;
	Diag *d;
	const char *text =
		arena_printf(e->mem, "the argument `%s` of `%s`", what, f->def->name);
	if (v->kind == V_NONE || v->kind == V_POISON || !strcmp(kind, "any"))
		return true;
	if (!strcmp(kind, "int")) {
		if (v->kind == V_NUMBER && v->batch)
			return true;
		return need_int(e, v, text, &i);
	}
	if (!strcmp(kind, "bool"))
		return need_bool(e, v, text, &yes);
	if (!strcmp(kind, "string"))
		return need_string(e, v, text, &s);
	const char *must = "an initialiser";
	bool ok = v->kind == V_INIT || v->kind == V_NUMBER;
	bool schedule = !strcmp(kind, "schedule");
	if (schedule || !strcmp(kind, "float")) {
		number_from_tensor(e, v);
		must = schedule ? "a number or a schedule" : "a number";
		ok = v->kind == V_NUMBER && (!v->unit || f->def->space == SP_SCHEDULE);
	} else if (!strcmp(kind, "list")) {
		must = "a list";
		ok = v->kind == V_LIST;
	} else if (!strcmp(kind, "regulariser")) {
		must = "a regulariser, such as `l2(1e-4)`";
		ok = v->kind == V_REG;
	}
	if (ok)
		return true;
	d = fail(e, v->at, "E0207", "%s must be %s, but this is %s", text, must,
	         value_text(e, v));
	diag_note(d, "%s", def_signature(e, f->def));
	return false;
}

bool type_match(Elab *e, Frame *f, Ast *t, Value *v, Sym what)
{
	Match m = { e, f, t, v, what };
	bool shaped = t->u.type.has_dims || t->u.type.arg;
	if (v->kind == V_POISON)
		return false;
	bool flag = !strcmp(t->u.type.name, "bool") && v->kind != V_TENSOR;
	if (!shaped && !f->def->prelude && among(t->u.type.name, kinds, NKIND) >= NUSERKIND)
		return unknown_type(e, t);
	if (!shaped && is_kind_name(t->u.type.name) && (flag || strcmp(t->u.type.name, "bool")))
		return kind_match(e, f, t->u.type.name, v, what ? what : f->def->name);
	if (v->kind == V_NONE && what)
		return true;
	if (v->kind == V_NUMBER) {
		Value n = v_tensor(e, value_real(e, v), v->at);
		*v = n;
	}
	if (v->kind != V_TENSOR) {
		fail(e, v->at, "E0207", "`%s` needs %s for `%s`, but this is %s", f->def->name,
		     source_text(e->j, t->at), what ? what : "its result", value_text(e, v));
		return false;
	}
	Value kept = *v;
	/* the shape first: class(K)[...] compares K with what the scores have bound */
	if (!dims_match(&m) || !element_match(&m))
		return false;
	v->mark = kept.mark;
	v->made = kept.made;
	v->from = kept.from;
	v->maker = kept.maker;
	return true;
}
