/* origin.c - where the shape of a value comes from, and how to repair it, in the user's words.
 *
 * In:    values that met with shapes that do not fit.   Out: notes, labels and help.
 * Holds: only names, numbers and calls that the user has written are shown; a value's maker is
 *        the outermost call that changed its shape, seen from where the value is used.
 */
#include "elab.h"

#include <ctype.h>
#include <string.h>

bool is_word(const char *s)
{
	if (!isalpha((unsigned char)*s) && *s != '_')
		return false;
	while (isalnum((unsigned char)*s) || *s == '_')
		s++;
	return !*s;
}

const char *shape_text(Elab *e, const Type *t)
{
	const char *s = type_text(e->mem, t);
	return !strncmp(s, "f32[", 4) ? s + 3 : s;
}

/* Without its named arguments: "dense(1)" for `dense(1, regularize = none)`. */
const char *short_call(Elab *e, const Ast *call)
{
	const char *s = arena_printf(e->mem, "%s(", call->u.call.fn);
	int n = 0;
	for (int i = 0; i < call->u.call.arg.n; i++) {
		const Ast *a = call->u.call.arg.v[i];
		if (a->kind != A_ARG)
			s = arena_printf(e->mem, "%s%s%s", s, n++ ? ", " : "",
			                 source_text(e->j, a->at));
	}
	return n ? arena_printf(e->mem, "%s)", s) : call->u.call.fn;
}

/* ---- arguments of a call ----------------------------------------------------------------- */

static Sym formal_name(const Frame *m, int i)
{
	return m->def->ast->u.def.formal.v[i]->u.decl.name;
}

/* The formal of m behind the tensor that is the integer v, and is not number `other`; -1. */
static int formal_with(const Frame *m, int64_t v, int other)
{
	for (int i = 1; i < m->nformal; i++)
		if (i != other && m->formal[i].kind == V_NUMBER && m->formal[i].known &&
		    m->formal[i].is_int && m->formal[i].i == v)
			return i;
	return -1;
}

static int formal_called(const Frame *m, const char *const *names)
{
	for (int i = 1; i < m->nformal; i++)
		for (int k = 0; names[k]; k++)
			if (!strcmp(formal_name(m, i), names[k]))
				return i;
	return -1;
}

static const char *const kernel_names[] = { "kernel", "k", "kernel_size", "ksize", "size", 0 };
static const char *const stride_names[] = { "stride", "strides", "s", "step", "down", 0 };

bool piped_into(const Frame *m)
{
	Span x = m->formal[0].at;
	return x.file != m->call->name_at.file || x.beg < m->call->name_at.beg;
}

const char *argument_text(Elab *e, const Frame *m, int i)
{
	const AstList *l = &m->call->u.call.arg;
	int pos = piped_into(m);
	for (int k = 0; k < l->n; k++) {
		const Ast *a = l->v[k];
		bool here = a->kind == A_ARG ? a->u.arg.name == formal_name(m, i) : pos == i;
		if (a->kind != A_ARG)
			pos++;
		if (here)
			return source_text(e->j, a->kind == A_ARG ? a->u.arg.value->at : a->at);
	}
	return 0;
}

/* ---- why a shape is as it is ------------------------------------------------------------- */

/* The factor by which dimensions from 2 on were divided; 1: they were not. */
static int shrink_factor(const Type *x, const Type *y)
{
	for (int i = 2; i < y->rank && x->rank == y->rank; i++)
		if (y->dim[i].k > 0 && x->dim[i].k > y->dim[i].k)
			return x->dim[i].k % y->dim[i].k ? 0 : x->dim[i].k / y->dim[i].k;
	return 1;
}

/* "stride = 2": the argument that made v different from what came in; 0: none is it. */
static const char *cause(Elab *e, const Value *v)
{
	const Frame *m = v->maker;
	const Type *x = v->from, *y = &v->n->ty;
	if (!m || x->rank != y->rank)
		return 0;
	int by = shrink_factor(x, y), i = -1;
	if (by > 1)
		i = formal_with(m, by, -1);
	else if (!by)
		i = formal_called(m, kernel_names);
	for (int k = 1; k < y->rank && by == 1 && i < 0; k++)
		if (!dim_eq(x->dim[k], y->dim[k]))
			i = formal_with(m, y->dim[k].k, -1);
	if (i < 0 || m->formal[i].kind != V_NUMBER)
		return 0;
	return arena_printf(e->mem, "%s = %lld", formal_name(m, i), (long long)m->formal[i].i);
}

void show_origin(Elab *e, Diag *d, const Value *v)
{
	Span at = v->made;
	if (v->kind != V_TENSOR || !v->from || at.file < 0 || in_prelude(e, at))
		return;
	if (at.file == v->at.file && at.beg == v->at.beg)
		return;
	const Type *x = v->from, *y = &v->n->ty;
	const char *label = arena_printf(e->mem, "%s -> %s", shape_text(e, x), shape_text(e, y));
	const char *what = source_text(e->j, user_place(e, v->at)), *why = cause(e, v);
	bool spatial = x->rank == y->rank && x->rank > 2;
	bool shrunk = spatial && shrink_factor(x, y) != 1;
	diag_note_at(d, at, label, "%s%s%s %s here%s%s", is_word(what) ? "`" : "",
	             is_word(what) ? what : "this value", is_word(what) ? "`" : "",
	             shrunk ? "was shrunk" : "got its shape", why ? ", because " : "",
	             why ? why : "");
}

void show_chain(Elab *e, Diag *d, const Value *v, Span from)
{
	int here, line, col, n = 0;
	source_place(e->j, from.file, from.beg, &here, &col);
	for (; v && n < 8; v = v->maker ? &v->maker->formal[0] : 0) {
		Span at = user_place(e, v->made);
		if (v->kind != V_TENSOR || at.file < 0)
			return;
		source_place(e->j, at.file, at.beg, &line, &col);
		/* the last one wherever it is, those before it if they are on the same line */
		if (n && (at.file != from.file || line != here))
			return;
		diag_span(d, at, "%s", shape_text(e, &v->n->ty));
		n++;
	}
}

const Value *shape_origin(const Value *v)
{
	for (int n = 0; n < 1000 && v->maker && v->kind == V_TENSOR; n++) {
		const Value *x = &v->maker->formal[0];
		if (x->kind != V_TENSOR || !type_shape_eq(&x->n->ty, &v->n->ty))
			return v;
		v = x;
	}
	return v;
}

const char *call_with(Elab *e, const Frame *m, int64_t old, int64_t new)
{
	int i = m && m->call && !in_prelude(e, m->call->at) ? formal_with(m, old, -1) : -1;
	const char *arg = i > 0 ? argument_text(e, m, i) : 0;
	if (!arg)
		return 0;
	const char *s = arena_printf(e->mem, "%s(", m->call->u.call.fn);
	for (int k = 0; k < m->call->u.call.arg.n; k++) {
		const Ast *a = m->call->u.call.arg.v[k];
		const Ast *v = a->kind == A_ARG ? a->u.arg.value : a;
		const char *text = source_text(e->j, v->at);
		bool same = !strcmp(text, arg);
		s = arena_printf(e->mem, "%s%s", s, k ? ", " : "");
		if (a->kind == A_ARG)
			s = arena_printf(e->mem, "%s%s = ", s, a->u.arg.name);
		s = same ? arena_printf(e->mem, "%s%lld", s, (long long)new)
		         : arena_printf(e->mem, "%s%s", s, text);
	}
	return arena_printf(e->mem, "%s)", s);
}

bool chain_has(const Value *v, const char *part)
{
	for (int n = 0; v && n < 1000; v = v->maker ? &v->maker->formal[0] : 0, n++)
		if (v->maker && strstr(v->maker->def->name, part))
			return true;
	return false;
}

/* ---- the shortcut of a residual block ---------------------------------------------------- */

/* How the branch was made: the call, and which of its arguments say what. */
typedef struct {
	const Frame *m;
	int out, kernel, stride;       /* formals of m; -1: none                              */
	int by;                        /* the factor of shrinking                             */
	int axis;                      /* of the channels                                     */
} Branch;

static bool in_block(const Elab *e, const Value *v)
{
	Span b = e->frame->def->ast->at;
	return v->made.file == b.file && v->made.beg >= b.beg && v->made.beg < b.end;
}

const Value *branch_of(const Elab *e, const Value *a, const Value *b)
{
	bool ia = a->from && in_block(e, a), ib = b->from && in_block(e, b);
	/* both: the later one */
	if (ia && ib)
		return b->made.beg > a->made.beg ? b : a;
	return ib || (!ia && b->from) ? b : a;
}

static bool branch_find(Branch *r, const Value *h, const Value *x)
{
	const Type *y = &h->n->ty, *s = &x->n->ty;
	memset(r, 0, sizeof *r);
	r->m = h->maker;
	r->by = shrink_factor(s, y);
	if (!r->m || r->m->def->ast->kind != A_BLOCK || !r->m->nformal || !r->by || !r->m->call)
		return false;
	r->kernel = formal_called(r->m, kernel_names);
	r->stride = formal_called(r->m, stride_names);
	/* channels come before positions where there are windows, else last */
	r->axis = y->rank > 3 || r->stride > 0 || r->kernel > 0 ? 1 : y->rank - 1;
	r->out = formal_with(r->m, y->dim[r->axis].k, -1);
	if (r->by > 1 && (r->stride < 0 || r->m->formal[r->stride].i != r->by))
		r->stride = formal_with(r->m, r->by, r->out);
	if (r->kernel == r->out)
		r->kernel = -1;
	return r->out > 0 && (r->by == 1 || r->stride > 0);
}

/* `conv_bn(out, 1, stride)`, with the words of the call that made the branch. */
static const char *projection(Elab *e, const Branch *r, const char *stride)
{
	const Frame *m = r->m;
	const char *s = arena_printf(e->mem, "%s(", m->def->name);
	int next = 1;
	for (int i = 1, n = 0; i < m->nformal; i++) {
		const char *text = i == r->out      ? argument_text(e, m, i)
		                   : i == r->kernel ? "1"
		                   : i == r->stride ? stride
		                                    : 0;
		if (!text)
			continue;
		s = arena_printf(e->mem, "%s%s%s%s%s", s, n++ ? ", " : "",
		                 i == next ? "" : formal_name(m, i), i == next ? "" : " = ",
		                 text);
		next = i == next ? i + 1 : m->nformal;
	}
	return arena_printf(e->mem, "%s)", s);
}

/* The name that the block's header gives to dimension `axis` of its argument; 0: none. */
static const char *header_dim(const Frame *f, const char *arg, int axis)
{
	const AstList *l = &f->def->ast->u.def.formal;
	for (int i = 0; f->def->ast->kind == A_BLOCK && i < l->n; i++) {
		const Ast *t = l->v[i]->u.decl.type;
		if (strcmp(l->v[i]->u.decl.name, arg) || !t || axis >= t->u.type.dim.n)
			continue;
		const Ast *x = t->u.type.dim.v[axis];
		return x->kind == A_NAME ? x->u.name : 0;
	}
	return 0;
}

/* Only positions were lost: a convolution without padding, or a pool; false: neither. */
static bool size_help(Elab *e, Diag *d, const Value *h, const Value *x)
{
	const Frame *m = h->maker;
	const Type *s = &x->n->ty, *y = &h->n->ty;
	int by = shrink_factor(s, y);
	if (!m || !m->call || y->rank < 3 || by == 1 || !dim_eq(s->dim[1], y->dim[1]) ||
	    in_prelude(e, m->call->at))
		return false;
	const char *call = source_text(e->j, user_place(e, h->made));
	const char *name = source_text(e->j, user_place(e, x->at));
	if (!m->owned && by > 1) {
		diag_help(d, "shrink the shortcut as well:   %s = %s |> %s",
		          is_word(name) ? name : "x", is_word(name) ? name : "x", call);
		return true;
	}
	static const char *const padding[] = { "padding", 0 };
	if (by || formal_called(m, padding) < 0)
		return false;
	diag_help(d, "keep the size: add `padding = \"same\"` to `%s`", call);
	return true;
}

bool shortcut_help(Elab *e, Diag *d, const Value *a, const Value *b, const char *what)
{
	const Value *h = branch_of(e, a, b), *x = h == a ? b : a;
	Branch r;
	if (!strcmp(what, "`+`") && h->n->ty.rank == x->n->ty.rank && size_help(e, d, h, x))
		return true;
	if (strcmp(what, "`+`") || h->n->ty.rank < 2 || h->n->ty.rank != x->n->ty.rank ||
	    !branch_find(&r, h, x))
		return false;
	const char *name = source_text(e->j, user_place(e, x->at));
	const char *out = argument_text(e, r.m, r.out);
	const char *stride = r.stride > 0 ? argument_text(e, r.m, r.stride) : 0;
	if (!is_word(name))
		name = "x";
	if (!out)
		return false;
	const char *c = header_dim(e->frame, name, r.axis), *test = "";
	if (stride && is_word(stride))
		test = arena_printf(e->mem, "%s != 1", stride);
	if (c && strcmp(c, out) && (*test || r.by == 1))
		test = arena_printf(e->mem, "%s%s%s != %s", test, *test ? " or " : "", c, out);
	const char *call = projection(e, &r, stride);
	if (*test)
		diag_help(d, "project the shortcut when the shape changes:\n"
		          "    if %s { %s = %s |> %s }", test, name, name, call);
	else
		diag_help(d, "project the shortcut when the shape changes:\n    %s = %s |> %s",
		          name, name, call);
	return true;
}
