/* regular.c - regularisers: values of their own, the penalty, proximal steps.
 *
 * In:    `regularize = l2(1e-4)` of `train` and of layers.   Out: the root R_PENALTY of the graph
 *        grad; for l1(a, proximal = true) the amount of each tensor.
 * Holds: a regulariser is a fn whose first parameter is `w`; it is evaluated where it meets a
 *        tensor, as an initialiser is; a layer's own replaces the section's.
 */
#include "elab.h"

#include <string.h>

/* ---- values -------------------------------------------------------------------------------- */

bool reg_wanted(const Def *d, int i, Sym name)
{
	if (name && !strcmp(name, "regularize"))
		return true;
	const AstList *l = d ? &d->ast->u.def.formal : 0;
	for (int k = 0; l && k < l->n; k++) {
		const Ast *f = l->v[k], *t = f->u.decl.type;
		if ((name ? f->u.decl.name == name : k == i) && t &&
		    !strcmp(t->u.type.name, "regulariser"))
			return true;
	}
	return false;
}

/* The place of a formal among the arguments, `w` left out; -1: not given. */
static int given(const Def *d, const Args *args, const char *name)
{
	const AstList *l = &d->ast->u.def.formal;
	int k = 0, pos = 0;
	while (k < l->n && strcmp(l->v[k]->u.decl.name, name))
		k++;
	for (int i = 0; i < args->n; i++)
		if (args->v[i].name && !strcmp(args->v[i].name, name))
			return i;
	for (int i = 0; i < args->n; i++)
		if (!args->v[i].name && ++pos == k)
			return i;
	return -1;
}

/* Would an ordinary call of d lack an argument? */
static bool lacks(const Def *d, const Args *args)
{
	const AstList *l = &d->ast->u.def.formal;
	int needed = 0;
	for (int k = 0; k < l->n; k++)
		needed += !l->v[k]->u.decl.value;
	return args->n < needed;
}

bool reg_call(Elab *e, Def *d, Args *args, Span at, bool wanted, Value *v)
{
	bool tensor = args->n && args->v[0].v.kind == V_TENSOR;
	for (int i = 0; i < args->n; i++)
		tensor |= args->v[i].name && !strcmp(args->v[i].name, "w");
	if (!wanted && (tensor || (!d->prelude && !lacks(d, args))))
		return false;
	*v = v_none();
	v->kind = V_REG;
	v->at = at;
	v->init = NEW(e->mem, Init);
	v->init->def = d;
	v->init->args = *args;
	v->init->at = at;
	for (int i = 0; i < args->n; i++)
		if (args->v[i].v.kind == V_POISON)
			v->kind = V_POISON;
	if (v->kind == V_POISON || !d->prelude || strcmp(d->name, "l1"))
		return true;
	int p = given(d, args, "proximal"), a = given(d, args, "a");
	if (p >= 0 && !need_bool(e, &args->v[p].v, "`proximal`", &v->init->proximal))
		v->kind = V_POISON;
	if (v->init->proximal && a < 0) {
		Diag *m = fail(e, at, "E0207", "`l1` needs the argument `a`");
		diag_note(m, "%s", def_signature(e, d));
		v->kind = V_POISON;
	}
	return true;
}

bool reg_ok(Elab *e, const Value *v, Span at)
{
	if (v->kind == V_NONE || v->kind == V_REG)
		return true;
	if (v->kind == V_POISON)
		return false;
	Diag *d = fail(e, at, "E0207",
	               "`regularize` must be `none` or a regulariser, but this is %s",
	               value_text(e, v));
	diag_help(d, "write `regularize = l2(1e-4)`; there are l1, l2 and elastic");
	return false;
}

/* ---- the penalty --------------------------------------------------------------------------- */

/* The regulariser of `train`, over nodes of the current graph. */
static Value section_regulariser(Elab *e)
{
	AstList *l = e->train ? &e->train->u.section.setting : 0;
	for (int i = 0; l && i < l->n; i++) {
		if (strcmp(l->v[i]->u.decl.name, "regularize"))
			continue;
		e->reg_at = l->v[i]->u.decl.value;
		Value v = eval(e, e->reg_at);
		e->reg_at = 0;
		return v;
	}
	return v_none();
}

/* A number from another graph of this variant, such as the body of a scan, in this one. */
static bool bring(Elab *e, Value *v)
{
	if (v->kind != V_NUMBER || !v->n || v->g == e->g)
		return true;
	Crossing c = { .from = v->g, .to = e->g };
	Node *n = cross_free(e, &c, v->n);
	if (!n) {
		fail(e, v->at, "E0207", "an amount must be made of numbers, but this is %s",
		     value_text(e, v));
		return false;
	}
	v->n = n;
	v->g = e->g;
	return true;
}

static bool bring_all(Elab *e, const Init *r, Args *args)
{
	for (int i = 0; i < r->args.n; i++) {
		Value v = r->args.v[i].v;
		if (!bring(e, &v))
			return false;
		arg_push(e, args, r->args.v[i].name, v, r->args.v[i].at, r->args.v[i].name_at);
	}
	return true;
}

/* What tensor i adds to the penalty; 0: nothing, or after a message. */
static Node *penalty_of(Elab *e, int i, const Init *r)
{
	const Tensor *t = &e->m->param[i];
	Type ty = t->ty;
	Args args = { 0 };
	Value w = v_tensor(e, n_leaf(e->g, O_param, t->path, i, &ty), r->at);
	arg_push(e, &args, 0, w, r->at, r->at);
	if (!bring_all(e, r, &args))
		return 0;
	Value v = call_def(e, r->def, 0, &args, r->at, 0, NOWHERE);
	if (v.kind == V_NUMBER || (v.kind == V_TENSOR && !v.n->ty.rank))
		return value_real(e, &v);
	if (v.kind == V_POISON)
		return 0;
	Diag *d = fail(e, r->at, "E0309", "a regulariser must be a scalar, but this is %s",
	               value_text(e, &v));
	diag_note(d, "for `%s`, %s", t->path, type_text(e->mem, &ty));
	diag_help(d, "write `sum(...)` around it");
	return 0;
}

/* The number that is the amount of a proximal step; tensors share it. */
static int proximal_number(Elab *e, const Init *r)
{
	Args args = { 0 };
	Module *m = e->m;
	for (int i = 0; i < m->nparam; i++)
		if (m->param[i].proximal && (e->pinfo[i].reg_set ? e->pinfo[i].reg.init == r
		                                                 : r == e->section_reg))
			return m->param[i].proximal;
	if (!bring_all(e, r, &args))
		return 0;
	Value a = args.v[given(r->def, &args, "a")].v;
	number_from_tensor(e, &a);
	if (a.kind != V_NUMBER || a.unit) {
		fail(e, a.at, "E0207", "`a` must be a number or a schedule, but this is %s",
		     value_text(e, &a));
		return 0;
	}
	return 1 + number_row(e, job_sym(e->j, "proximal"), &a);
}

void build_penalty(Elab *e)
{
	Module *m = e->m;
	Node *sum = 0;
	if (e->j->nerror)
		return;
	e->g = e->top = m->grad;
	e->training = e->in_penalty = true;
	e->frame = 0;
	Value section = section_regulariser(e);
	e->section_reg = section.init;
	for (int i = 0; i < m->nparam && !e->j->nerror; i++) {
		const TensorInfo *info = &e->pinfo[i];
		const Value *v = info->reg_set ? &info->reg : &section;
		if (!info->live || !m->param[i].trained || !m->param[i].decayed ||
		    v->kind != V_REG)
			continue;
		m->param[i].regular = job_sym(e->j, source_text(e->j, user_place(e, v->init->at)));
		if (v->init->proximal) {
			m->param[i].proximal = proximal_number(e, v->init);
			continue;
		}
		Node *p = penalty_of(e, i, v->init);
		sum = !p ? sum : sum ? n_op2(e->g, O_add, sum, p) : p;
	}
	e->in_penalty = false;
	if (!sum)
		return;
	graph_root(m->grad, R_PENALTY, 0, job_sym(e->j, "penalty"), sum, NOWHERE);
	m->has_penalty = true;
}
