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

/* What PyTorch refuses, for values known here: at least `least`, below `below`. */
static bool in_range(Elab *e, const char *name, const Value *v)
{
	static const struct { const char *name; double least, below; } row[] = {
		{ "lr", 0, 1e300 },       { "eps", 0, 1e300 },   { "betas", 0, 1 },
		{ "momentum", 0, 1e300 }, { "alpha", 0, 1e300 }, { "weight_decay", 0, 1e300 },
		{ "rho", 0, 1.0000001 },  { "momentum_decay", 0, 1e300 },
	};
	for (size_t i = 0; i < sizeof row / sizeof *row && v->kind == V_NUMBER && v->known; i++) {
		if (strcmp(row[i].name, name))
			continue;
		setting_range(e, v, row[i].least, nextafter(row[i].below, 0));
		if (v->num >= row[i].least && v->num < row[i].below)
			continue;
		fail(e, v->at, "E0404", "`%s` must be at least 0%s, but this is %s", name,
		     row[i].below < 2 ? " and below 1" : "", value_text(e, v));
		return false;
	}
	return true;
}

/* A list that an optimizer's default has must have as many items. */
static bool list_ok(Elab *e, const Ast *formal, const Value *v)
{
	const Ast *d = formal->u.decl.value;
	int want = d && d->kind == A_LIST ? d->u.list.item.n : 0;
	if (want ? v->kind == V_LIST && v->nitem == want : v->kind != V_LIST)
		return true;
	Diag *m = fail(e, v->at, "E0207", "`%s` must be %s, but this is %s",
	               formal->u.decl.name,
	               want ? arena_printf(e->mem, "a list of %d numbers", want) : "a number",
	               value_text(e, v));
	if (want)
		diag_help(m, "write `%s = %s`", formal->u.decl.name, source_text(e->j, d->at));
	return false;
}

/* PyTorch: "Nesterov momentum requires a momentum". */
static bool nesterov_ok(Elab *e, Frame *f)
{
	const AstList *l = &f->def->ast->u.def.formal;
	const Value *momentum = 0, *nesterov = 0;
	for (int i = 2; i < l->n; i++) {
		if (!strcmp(l->v[i]->u.decl.name, "momentum"))
			momentum = &f->formal[i];
		if (!strcmp(l->v[i]->u.decl.name, "nesterov"))
			nesterov = &f->formal[i];
	}
	if (!momentum || !nesterov || nesterov->kind != V_BOOL || !nesterov->yes ||
	    momentum->kind != V_NUMBER || !momentum->known || momentum->num > 0)
		return true;
	Diag *d = fail(e, nesterov->at, "E0404", "`nesterov = true` needs a momentum above 0");
	diag_help(d, "write `momentum = 0.9`");
	return false;
}

/* Numbers of an optimizer are plain ones. */
static bool number_ok(Elab *e, const Ast *formal, Value *v)
{
	const char *name = formal->u.decl.name;
	number_from_tensor(e, v);
	for (int i = 0; v->kind == V_LIST && i < v->nitem; i++)
		if (!number_ok(e, formal, &v->item[i]))
			return false;
	if (v->kind == V_TENSOR || v->kind == V_STRING || v->unit || v->batch) {
		fail(e, v->at, "E0207", "`%s` must be a number or a schedule, but this is %s",
		     name, value_text(e, v));
		return false;
	}
	if (v->multiple) {
		fail(e, v->at, "E0202", "`multiple` is for `batch` only, not for `%s`", name);
		return false;
	}
	return in_range(e, name, v);
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
	if (f->def->prelude && !nesterov_ok(e, f))
		return false;
	for (int i = 2; i < l->n; i++) {
		Sym name = l->v[i]->u.decl.name;
		Value v = as_setting(e, &f->formal[i],
		                     arena_printf(e->mem, "optimizer.%s", name));
		if (!number_ok(e, l->v[i], &v) ||
		    (f->def->prelude && !list_ok(e, l->v[i], &v)))
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

/* Sums, maxima and minima run over each tensor by itself; other dimensions are not known. */
static void only_elementwise(Elab *e, Graph *g, Def *d)
{
	bool *live = graph_live(g, e->mem);
	for (int i = 0; i < g->n; i++) {
		OpKind k = opinfo[g->node[i]->op].kind;
		if (!live[i] || k == LEAF || k == MAP || k == COMPOSITE)
			continue;
		Op op = g->node[i]->op;
		if (op == O_reshape || op == O_expand || op == O_sum || op == O_rmax || op == O_rmin)
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

/* l1(a, proximal = true), after the update: sign(w) * max(|w| - lr * a, 0). */
static Node *proximal_step(Elab *e, Frame *f, Node *w)
{
	const AstList *l = &f->def->ast->u.def.formal;
	const Value *lr = 0;
	bool any = false;
	for (int i = 0; i < e->m->nparam; i++)
		any |= e->m->param[i].proximal != 0;
	if (!any)
		return w;
	for (int i = 2; i < l->n; i++)
		if (!strcmp(l->v[i]->u.decl.name, "lr"))
			lr = &f->formal[i];
	if (!lr || lr->kind != V_NUMBER) {
		fail(e, f->at, "E0404",
		     "`l1(a, proximal = true)` takes steps of lr * a, but `%s` has no `lr`",
		     f->def->name);
		return w;
	}
	Graph *g = e->g;
	Node *step = n_op2(g, O_mul, value_node(e, lr), arg_leaf(e, "proximal", 2));
	Node *left = n_op2(g, O_sub, n_op1(g, O_abs, w), n_broadcast(g, step, &w->ty));
	left = n_op2(g, O_max, left, n_broadcast(g, n_const(g, 0), &w->ty));
	return n_op2(g, O_mul, n_op1(g, O_sign, w), left);
}

/* n over w and numbers alone in the graph `start`; 0: it depends on more. */
static Node *start_node(Elab *e, Node *n)
{
	Node *in[MAXARITY];
	bool leaf = n->op == O_param || n->op == O_const || n->op == O_setting || n->op == O_time;
	if (n->nin ? opinfo[n->op].kind != MAP && n->op != O_reshape && n->op != O_expand : !leaf)
		return 0;
	for (int i = 0; i < n->nin; i++)
		if (!(in[i] = start_node(e, n->in[i])))
			return 0;
	Type ty = n->ty;
	return node(e->m->start, n->op, &n->a, in, n->nin, &ty);
}

void moment_start(Elab *e, int i, Node *first, Span at)
{
	Module *m = e->m;
	double k;
	Type flat = type_make(DT_REAL, 1, (Dim[]){ dim_num((int32_t)m->param_len) });
	if (node_is_const(first, &k) && k == 0)
		return;
	if (!m->start)
		m->start = graph_new(e->j, job_sym(e->j, "start"));
	Node *n = start_node(e, first);
	if (!n) {
		Diag *d = fail(e, at, "E0404", "a buffer of an optimizer starts from numbers and "
		               "`w`, element by element");
		diag_help(d, "write `zeros_like(w)`, a number, or an expression over `w`");
		return;
	}
	graph_root(m->start, R_MOMENT, i, job_symf(e->j, "moment%d", i),
	           n_broadcast(m->start, n_cast(m->start, n, DT_REAL), &flat), NOWHERE);
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
	Node *next = n_broadcast(e->g, value_node(e, &w->v), flat);
	next = proximal_step(e, f, next);
	graph_root(e->g, R_WEIGHT, 0, job_sym(e->j, "w"), next, NOWHERE);
	for (int i = 0; i < e->m->nmoment; i++)
		graph_root(e->g, R_MOMENT, i, job_symf(e->j, "moment%d", i),
		           n_broadcast(e->g, value_node(e, &e->bufval[i]), flat), NOWHERE);
}

void do_update(Elab *e)
{
	Module *m = e->m;
	Args args = { 0 };
	Span at;
	Type flat = type_make(DT_REAL, 1, (Dim[]){ dim_num((int32_t)m->param_len) });
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
