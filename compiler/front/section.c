/* section.c - the section train, and the optimizer's update.
 *
 * In:    settings.   Out: TrainInfo; the graph `update` over flat arrays.
 * Holds: every setting that is not built is refused by name.
 *
 * The optimizer's numbers are run-time settings: `optimizer.lr`, for lists
 * `optimizer.betas.0`; one that depends on a const of the program is an expression over that
 * const instead.
 */
#include "elab.h"

#include <math.h>
#include <string.h>

static const char *const train_known[] = {
	"epochs", "steps", "batch", "optimizer", "regularize", "clip_norm", "clip_value",
	"accumulate", "ema", "stop", "monitor", "validate", "checkpoint", "seed", "shuffle",
	"drop_last", "decay_all", "on_nonfinite", "keep", "quantize", 0
};

/* ---- train ------------------------------------------------------------------------------- */

static bool positive(Elab *e, Ast *s, Value *v, double *out)
{
	int64_t i;
	if (!need_int(e, v, arena_printf(e->mem, "`%s`", s->u.decl.name), &i))
		return false;
	if (i < 1 || i > 1 << 30) {
		fail(e, s->u.decl.value->at, "E0404", "`%s` must be at least 1",
		     s->u.decl.name);
		return false;
	}
	*out = (double)i;
	return true;
}

static bool is_default(Elab *e, Sym name, const Value *v)
{
	(void)e;
	if (!strcmp(name, "regularize"))
		return v->kind == V_NONE;
	if (!strcmp(name, "quantize"))
		return v->kind == V_STRING && !strcmp(v->str, "none");
	return v->kind == V_NONE;
}

static void batch_setting(Elab *e, Ast *s, Value *v)
{
	double k;
	if (v->kind == V_STRING && !strcmp(v->str, "all"))
		e->m->train.batch = -1;
	else if (v->kind == V_STRING)
		fail(e, v->at, "E0207", "`batch` is an integer or \"all\"");
	else if (positive(e, s, v, &k))
		e->m->train.batch = (int64_t)k;
}

static void train_setting(Elab *e, Ast *s)
{
	TrainInfo *t = &e->m->train;
	Sym name = s->u.decl.name;
	Ast *a = s->u.decl.value;
	int k = 0;
	while (train_known[k] && strcmp(train_known[k], name))
		k++;
	if (!train_known[k]) {
		unknown_setting(e, "train", train_known, s);
		return;
	}
	if (s->u.decl.type) {
		later(e, s->u.decl.type->at, "a type in a setting");
		return;
	}
	if (!strcmp(name, "optimizer")) {
		e->optimizer = a;
		return;
	}
	if (loop_setting(e, s))
		return;
	Value v = eval(e, a);
	if (v.kind == V_POISON)
		return;
	v.at = a->at;
	if (!strcmp(name, "epochs"))
		positive(e, s, &v, &t->epochs);
	else if (!strcmp(name, "steps"))
		positive(e, s, &v, &t->steps);
	else if (!strcmp(name, "batch"))
		batch_setting(e, s, &v);
	else if (!strcmp(name, "seed"))
		need_seed(e, &v, &t->seed);
	else if (!strcmp(name, "shuffle"))
		need_bool(e, &v, "`shuffle`", &t->shuffle);
	else if (!strcmp(name, "drop_last"))
		need_bool(e, &v, "`drop_last`", &t->drop_last);
	else if (!strcmp(name, "decay_all"))
		need_bool(e, &v, "`decay_all`", &e->decay_all);
	else if (!is_default(e, name, &v))
		later(e, s->at, "the setting `%s`", name);
}

void do_train(Elab *e)
{
	TrainInfo *t = &e->m->train;
	Span epochs = NOWHERE;
	t->batch = 32;
	t->shuffle = true;
	t->at = NOWHERE;
	e->optimizer = 0;
	memset(e->number, 0, sizeof e->number);
	if (!e->train)
		return;
	t->given = true;
	t->at = e->train->at;
	AstList *l = &e->train->u.section.setting;
	for (int i = 0; i < l->n; i++) {
		bool twice = false;
		for (int k = 0; k < i && !twice; k++)
			if (l->v[k]->u.decl.name == l->v[i]->u.decl.name) {
				Diag *d = fail(e, l->v[i]->name_at, "E0205",
				               "`%s` is set twice", l->v[i]->u.decl.name);
				diag_span(d, l->v[k]->name_at, "first here");
				twice = true;
			}
		if (!strcmp(l->v[i]->u.decl.name, "epochs") ||
		    !strcmp(l->v[i]->u.decl.name, "steps")) {
			if (epochs.file >= 0 && !twice) {
				Diag *d = fail(e, l->v[i]->name_at, "E0404",
				               "`epochs` and `steps` together: "
				               "give one of the two");
				diag_span(d, epochs, "%s", "");
			}
			epochs = l->v[i]->name_at;
		}
		if (!twice)
			train_setting(e, l->v[i]);
	}
	if (epochs.file >= 0)
		return;
	/* a mistyped `epochs` has been reported already */
	for (int i = 0; i < l->n; i++)
		if (!strncmp(l->v[i]->u.decl.name, "epoch", 5) ||
		    !strncmp(l->v[i]->u.decl.name, "step", 4))
			return;
	Diag *d = fail(e, e->train->name_at, "E0404", "`train` needs `epochs` or `steps`");
	diag_help(d, "write `epochs = 10`");
}

/* ---- the optimizer ----------------------------------------------------------------------- */

/* A number of the optimizer as a run-time setting, unless a const already makes it one. */
static Value as_setting(Elab *e, const Value *v, const char *name)
{
	if (v->kind == V_LIST) {
		Value l = *v;
		l.item = NEWN(e->mem, Value, v->nitem + 1);
		for (int i = 0; i < v->nitem; i++)
			l.item[i] = as_setting(e, &v->item[i],
			                       arena_printf(e->mem, "%s.%d", name, i));
		return l;
	}
	if (v->kind != V_NUMBER || !v->known || v->n)
		return *v;
	Sym sym = job_sym(e->j, name);
	Const *c = map_get(&e->konst, sym);
	if (!c) {
		c = NEW(e->mem, Const);
		c->name = sym;
		c->setting = true;
		map_put(e->mem, &e->konst, sym, c);
	}
	Value r = *v;
	if (c->structural)
		return r;
	r.is_int = false;
	r.over = 0;
	r.deps = NEW(e->mem, Deps);
	r.deps->konst = c;
	r.n = setting_leaf(e, sym, v->num, false, v->at);
	r.g = e->g;
	return r;
}

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

static void adapt_formals(Elab *e, Frame *f)
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
		if (!strcmp(name, "lr") && v.kind == V_NUMBER)
			graph_root(e->g, R_KNOB, 0, name, value_node(e, &v), NOWHERE);
		if (!strcmp(name, "lr") && scaled)
			scale_formal(e, &v, "lr_scale", 0);
		if (!strcmp(name, "weight_decay") && exempt && !(v.known && v.num == 0))
			scale_formal(e, &v, "decay", 1);
		f->formal[i] = v;
		frame_bind(e, f, name, v, f->at)->quiet = true;
	}
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
		collect_args(e, a, 0, args);
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
		diag_help(m, "there are sgd, adam, adamw, rmsprop, adagrad, adadelta and lion");
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
	if (bind_args(e, f, &args)) {
		adapt_formals(e, f);
		Type s = type_scalar(DT_REAL);
		Node *step = n_leaf(e->g, O_time, job_sym(e->j, "step"), 0, &s);
		Value t = number_of(e, n_op2(e->g, O_add, step, n_const(e->g, 1)), at);
		frame_bind(e, f, job_sym(e->j, "t"), t, at)->quiet = true;
		f->bound = true;
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
