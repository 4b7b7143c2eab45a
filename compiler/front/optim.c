/* optim.c - the optimizer's update.
 *
 * In:    the call in `train`, the optimizer's definition.   Out: the graph `update` over flat
 *        arrays.
 *
 * The optimizer's numbers are run-time settings: `optimizer.lr`, for lists
 * `optimizer.betas.0`; one that depends on a const of the program is an expression over that
 * const instead, and a schedule is an expression over time.
 */
#include "elab.h"

#include <math.h>
#include <string.h>

static Node *arg_leaf(Elab *e, const char *name, int index)
{
	Type t = type_scalar(DT_REAL);
	return n_leaf(e->g, O_arg, job_sym(e->j, name), index, &t);
}

/* A formal times an argument of the segment; what is known of it stays known. */
static void scale_formal(Elab *e, Value *v, const char *arg, int index)
{
	if (v->kind != V_NUMBER)
		return;
	Node *n = n_op2(e->g, O_mul, value_node(e, v), arg_leaf(e, arg, index));
	v->n = n;
	v->g = e->g;
}

/* Numbers of an optimizer are plain ones. */
static bool number_ok(Elab *e, const Ast *formal, Value *v)
{
	const char *name = formal->u.decl.name;
	number_from_tensor(e, v);
	for (int i = 0; v->kind == V_LIST && i < v->nitem; i++)
		if (!number_ok(e, formal, &v->item[i]))
			return false;
	if (v->kind == V_TENSOR || v->unit || v->batch) {
		fail(e, v->at, "E0207", "`%s` must be a number or a schedule, but this is %s",
		     name, value_text(e, v));
		return false;
	}
	if (v->multiple) {
		fail(e, v->at, "E0202", "`multiple` is for `batch` only, not for `%s`", name);
		return false;
	}
	return true;
}

static bool adapt_formals(Elab *e, Frame *f)
{
	AstList *l = &f->def->ast->u.def.formal;
	Module *m = e->m;
	bool scaled = false, exempt = false;
	for (int i = 0; i < m->nparam; i++) {
		scaled |= m->param[i].lr_scale != 1;
		exempt |= !m->param[i].decayed;
	}
	for (int i = 2; i < l->n; i++) {
		Sym name = l->v[i]->u.decl.name;
		Value v = as_setting(e, &f->formal[i],
		                     arena_printf(e->mem, "optimizer.%s", name));
		if (!number_ok(e, l->v[i], &v))
			return false;
		if (!strcmp(name, "lr") && v.kind == V_NUMBER)
			m->lr_number = 1 + number_row(e, name, &v);
		if (!strcmp(name, "lr") && scaled)
			scale_formal(e, &v, "lr_scale", 0);
		if (!strcmp(name, "weight_decay") && exempt && !(v.known && v.num == 0))
			scale_formal(e, &v, "decay", 1);
		f->formal[i] = v;
		frame_bind(e, f, name, v, f->at)->quiet = true;
	}
	return true;
}

/* Sums over the flat array would mix tensors. */
static void only_elementwise(Elab *e, Graph *g, Def *d)
{
	bool *live = graph_live(g, e->mem);
	for (int i = 0; i < g->n; i++) {
		OpKind k = opinfo[g->node[i]->op].kind;
		if (!live[i] || k == LEAF || k == MAP || k == COMPOSITE)
			continue;
		if (g->node[i]->op == O_reshape || g->node[i]->op == O_expand)
			continue;
		later(e, d->ast->name_at, "an optimizer that is not element by element (`%s`)",
		      opinfo[g->node[i]->op].name);
		return;
	}
}

static Def *optimizer_def(Elab *e, Args *args, Span *at)
{
	const char *what;
	Ast *a = e->optimizer;
	Sym name = a && a->kind == A_CALL ? a->u.call.fn : job_sym(e->j, "adam");
	if (a && a->kind != A_CALL) {
		Diag *d = fail(e, a->at, "E0207",
		               "`optimizer` takes a call, such as `adam(lr = 1e-3)`");
		if (a->kind == A_NAME)
			diag_help(d, "write `%s()`", a->u.name);
		return 0;
	}
	Def *d = map_get(&e->optdef, name);
	*at = a ? a->at : e->model->name_at;
	if (a)
		collect_args(e, d, a, 0, args);
	if (d)
		return d;
	if (later_name(name, &what) && !strcmp(what, "the optimizer")) {
		later(e, a->name_at, "the optimizer `%s`", name);
		return 0;
	}
	static const char *const names[] = { "sgd",      "adam",  "adamw", "rmsprop", "adagrad",
		                             "adadelta", "nadam", "lamb",  "lion" };
	Diag *m = fail(e, a->name_at, "E0201", "unknown optimizer `%s`", name);
	Foreign f;
	bool foreign = foreign_find(e->mem, name, &f);
	const char *near = nearest(foreign && f.ours ? f.ours : name, names, 9);
	if (near)
		diag_help(m, "did you mean `%s`?", near);
	else if (foreign && f.advice)
		diag_help(m, "%s", f.advice);
	else
		diag_help(m, "there are sgd, adam, adamw, rmsprop, adagrad, adadelta, nadam, "
		             "lamb and lion");
	return 0;
}

static bool header_ok(Elab *e, Def *d)
{
	AstList *l = &d->ast->u.def.formal;
	if (l->n >= 2 && !strcmp(l->v[0]->u.decl.name, "w") &&
	    !strcmp(l->v[1]->u.decl.name, "g"))
		return true;
	Diag *m = fail(e, d->ast->name_at, "E0406",
	               "the first two parameters of an optimizer are `w` and "
	               "`g`");
	diag_help(m, "write `optimizer %s(w, g, lr = 1e-3, ...)`", d->name);
	return false;
}

/* wrong: the body has errors, which may be why it does not update `w`. */
static void optimizer_roots(Elab *e, Frame *f, Type *flat, bool wrong)
{
	Binding *w = frame_find(f, job_sym(e->j, "w"));
	if (w->v.kind != V_TENSOR)
		return;
	if (!w->read && wrong)
		return;
	if (!w->read) {
		Diag *d = fail(e, f->def->ast->name_at, "E0406",
		               "the optimizer `%s` never updates `w`", f->def->name);
		diag_help(d, "write `update w = w - lr * g`");
		return;
	}
	graph_root(e->g, R_WEIGHT, 0, job_sym(e->j, "w"),
	           n_broadcast(e->g, value_node(e, &w->v), flat), NOWHERE);
	for (int i = 0; i < e->m->nmoment; i++)
		graph_root(e->g, R_MOMENT, i, job_symf(e->j, "moment%d", i),
		           value_node(e, &e->bufval[i]), NOWHERE);
}

void do_update(Elab *e)
{
	Module *m = e->m;
	Args args = { 0 };
	Span at;
	Type flat = type_make(DT_REAL, 1, &(Dim){ (int32_t)m->param_len, 0 });
	e->g = e->top = m->update = graph_new(e->j, job_sym(e->j, "update"));
	e->frame = 0;
	e->nbufval = e->nbufset = 0;
	Value w = v_tensor(e, n_leaf(e->g, O_param, job_sym(e->j, "w"), 0, &flat), NOWHERE);
	Value g = v_tensor(e, n_leaf(e->g, O_gradient, job_sym(e->j, "g"), 0, &flat), NOWHERE);
	arg_push(e, &args, 0, w, NOWHERE, NOWHERE);
	arg_push(e, &args, 0, g, NOWHERE, NOWHERE);
	Def *d = optimizer_def(e, &args, &at);
	if (!d || !header_ok(e, d))
		return;
	m->train.optimizer = d->name;
	Frame *f = frame_new(e, d, e->optimizer, at);
	e->frame = f;
	e->in_update = true;
	if (bind_args(e, f, &args) && adapt_formals(e, f)) {
		Type s = type_scalar(DT_REAL);
		Node *step = n_leaf(e->g, O_time, job_sym(e->j, "step"), 0, &s);
		Value t = number_of(e, n_op2(e->g, O_add, step, n_const(e->g, 1)), at);
		frame_bind(e, f, job_sym(e->j, "t"), t, at)->quiet = true;
		f->bound = d->expanded = true;
		frame_find(f, job_sym(e->j, "w"))->read = false;
		e->update_w = false;
		int errors = e->j->nerror;
		exec_body(e, &d->ast->u.def.body);
		frame_find(f, job_sym(e->j, "w"))->read = e->update_w;
		optimizer_roots(e, f, &flat, e->j->nerror > errors);
		if (!e->j->nerror)
			only_elementwise(e, e->g, d);
	}
	e->in_update = false;
	e->frame = 0;
	if (!e->j->nerror)
		train_numbers(e);
}
