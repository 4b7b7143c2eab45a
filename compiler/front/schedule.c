/* schedule.c - numbers that change during a run: the words of time, lengths, numbers of `train`.
 *
 * In:    `step`, `at(steps(200))`, `lr = cosine(...)`.   Out: numbers over the leaf `time`; rows
 *        of the module's table of numbers.
 * Holds: a schedule is a number like any other, only not known at compile time; the pass knobs
 *        gathers its formula, and the runtime evaluates it anew before each update.
 *
 * The formulas are in the prelude.   Names of schedules and regularisers live in a space of their
 * own: `linear` is no layer, and a user's block `linear` does not meet the schedule.
 */
#include "elab.h"

#include <math.h>
#include <string.h>

/* ---- time -------------------------------------------------------------------------------- */

static Value time_value(Elab *e, const char *field, Span at)
{
	Type t = type_scalar(DT_REAL);
	return number_of(e, n_leaf(e->g, O_time, job_sym(e->j, field), 0, &t), at);
}

bool time_word(Elab *e, Sym name, Span at, Value *v)
{
	if (e->in_data || !e->g ||
	    (strcmp(name, "step") && strcmp(name, "epoch") && strcmp(name, "progress")))
		return false;
	*v = time_value(e, name, at);
	return true;
}

/* fn _time(field): a field of nnrt_time. */
static Value b_time(Elab *e, Frame *f)
{
	Sym s;
	return need_string(e, formal(f, 0), "field", &s) ? time_value(e, s, f->at)
	                                                 : v_poison();
}

static const Value *need_length(Elab *e, Frame *f, int i)
{
	Value *v = &f->formal[i];
	number_from_tensor(e, v);
	if (v->kind == V_NUMBER && !v->batch && !v->tick)
		return v;
	Diag *d = fail(e, v->at, "E0207", "`%s` takes a length, but this is %s",
	               public_frame(f)->def->name, value_text(e, v));
	diag_help(d, "a plain number counts epochs; `steps(200)` counts updates");
	return 0;
}

static Value length(Elab *e, Frame *f, Unit unit)
{
	const Value *n = need_length(e, f, 0);
	if (!n)
		return v_poison();
	if (n->unit) {
		fail(e, n->at, "E0207", "`%s` takes a plain number, but this is %s",
		     f->def->name, value_text(e, n));
		return v_poison();
	}
	Value v = *n;
	v.unit = unit;
	return v;
}

static Value b_steps(Elab *e, Frame *f)
{
	return length(e, f, UNIT_STEPS);
}

static Value b_epochs(Elab *e, Frame *f)
{
	return length(e, f, UNIT_EPOCHS);
}

/* fn at(length): the place in the run in the unit of that length. */
static Value b_at(Elab *e, Frame *f)
{
	const Value *n = need_length(e, f, 0);
	if (!n)
		return v_poison();
	return time_value(e, n->unit == UNIT_STEPS ? "step" : "position", f->at);
}

/* fn _in_run(warmup, peak): a length in the unit of the run. */
static Value b_in_run(Elab *e, Frame *f)
{
	const Value *n = need_length(e, f, 0);
	if (!n)
		return v_poison();
	if (n->known && n->num < 0) {
		fail(e, n->at, "E0404", "`warmup` must be at least 0, but this is %s",
		     value_text(e, n));
		return v_poison();
	}
	if (n->known && n->num == 0 && !n->n)
		return v_int(0, f->at);
	Span at = user_place(e, n->at);
	bool seen = false;
	for (int i = 0; i < e->nwarmup; i++)
		seen |= e->warmup[i].at.file == at.file && e->warmup[i].at.beg == at.beg;
	Warmup w = { at, *n, *formal(f, 1) };
	if (!seen)
		PUSH(e->mem, e->warmup, e->nwarmup, e->capwarmup, w);
	Value in_steps = time_value(e, "in_steps", f->at);
	Value per = time_value(e, "per_epoch", f->at), plain = *n;
	plain.unit = UNIT_NONE;
	bool steps = n->unit == UNIT_STEPS;
	Value other = number_op(e, steps ? O_div : O_mul, &plain, &per, f->at);
	Node *yes = value_node(e, steps ? &plain : &other);
	Node *no = value_node(e, steps ? &other : &plain);
	Node *cond = n_op2(e->g, O_lt, n_const(e->g, 0), value_node(e, &in_steps));
	return number_of(e, n_op3(e->g, O_where, cond, yes, no), f->at);
}

/* ---- plateau ----------------------------------------------------------------------------- */

/* A written call is one plateau, in whatever graph it is met. */
static Sym place_name(Elab *e, const Frame *f)
{
	const char *s = "";
	for (; f; f = f->up)
		if (!in_prelude(e, f->at))
			s = arena_printf(e->mem, "%s %d:%d", s, f->at.file, f->at.beg);
	return job_sym(e->j, s);
}

static bool plateau_ok(Elab *e, Frame *f)
{
	static const char *const name[] = { "v", "factor", "patience" };
	for (int i = 0; i < 3; i++) {
		Value *v = &f->formal[i];
		number_from_tensor(e, v);
		bool wrong = v->kind != V_NUMBER || v->unit || v->batch || v->tick;
		if (wrong) {
			Diag *d = fail(e, v->at, "E0207",
			               "the argument `%s` of `plateau` must be a number, but "
			               "this is %s", name[i], value_text(e, v));
			if (v->unit)
				diag_help(d, "`patience` counts validations");
			return false;
		}
		if (!v->known || (i == 1 ? v->num > 0 && v->num < 1 : i == 0 || v->num >= 0))
			continue;
		fail(e, v->at, "E0404", "`%s` must be %s, but this is %s", name[i],
		     i == 1 ? "between 0 and 1" : "at least 0", value_text(e, v));
		return false;
	}
	return true;
}

static int plateau_number(Elab *e, Frame *f)
{
	Module *m = e->m;
	Sym key = place_name(e, f);
	for (int i = 0; i < m->nplateau; i++)
		if (m->plateau[i].key == key)
			return i;
	Plateau p = { .key = key };
	p.value = number_row(e, job_sym(e->j, "plateau"), formal(f, 0));
	p.factor = number_row(e, job_sym(e->j, "plateau.factor"), formal(f, 1));
	p.patience = number_row(e, job_sym(e->j, "plateau.patience"), formal(f, 2));
	PUSH(e->mem, m->plateau, m->nplateau, m->capplateau, p);
	return m->nplateau - 1;
}

/* fn plateau(v, factor, patience): v times what the runtime keeps for it. */
static Value b_plateau(Elab *e, Frame *f)
{
	if (!plateau_ok(e, f))
		return v_poison();
	if (e->scan)
		return later(e, f->at, "`plateau` inside a scan");
	int i = e->g == e->scratch ? 0 : plateau_number(e, f);
	Value scale = time_value(e, arena_printf(e->mem, "plateau[%d]", i), f->at);
	return number_op(e, O_mul, formal(f, 0), &scale, f->at);
}

/* ---- lengths of warm-ups ------------------------------------------------------------------ */

static bool inside(Span outer, Span at)
{
	return outer.file == at.file && outer.beg <= at.beg && at.end <= outer.end;
}

/* Is this place in the optimizer's `lr`? */
static bool in_lr(Elab *e, Span at)
{
	Ast *o = e->optimizer;
	for (int i = 0; o && o->kind == A_CALL && i < o->u.call.arg.n; i++) {
		Ast *a = o->u.call.arg.v[i];
		if (inside(a->at, at))
			return a->kind == A_ARG ? !strcmp(a->u.arg.name, "lr") : i == 0;
	}
	return false;
}

static const char *length_text(Elab *e, double n, bool steps)
{
	return arena_printf(e->mem, "%.15g %s%s", n, steps ? "step" : "epoch",
	                    n == 1 ? "" : "s");
}

void warn_schedules(Elab *e)
{
	const TrainInfo *t = &e->m->train;
	bool steps = t->steps > 0;
	double run = steps ? t->steps : t->epochs;
	for (int i = 0; i < e->nwarmup && run > 0; i++) {
		const Warmup *w = &e->warmup[i];
		bool same = (w->length.unit == UNIT_STEPS) == steps && w->at.file >= 0;
		if (!same || !w->length.known || w->length.num <= run)
			continue;
		Diag *d = warning(e->j, w->at, "schedule",
		                  "the warm-up (%s) is longer than the whole run (%s)",
		                  length_text(e, w->length.num, steps),
		                  length_text(e, run, steps));
		diag_span(d, e->length_at, "the run ends here");
		if (w->peak.kind == V_NUMBER && w->peak.known)
			diag_note(d, "%s would peak at %.1e and never decay",
			          in_lr(e, w->at) ? "the learning rate" : "it",
			          w->peak.num * run / w->length.num);
	}
}

/* ---- numbers of train -------------------------------------------------------------------- */

Value as_setting(Elab *e, const Value *v, const char *name)
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
	/* a const of the program has that name: the two are different numbers */
	if (c->structural || !c->setting)
		return r;
	r.is_int = false;
	r.over = 0;
	r.deps = NEW(e->mem, Deps);
	r.deps->konst = c;
	r.n = setting_leaf(e, sym, v->num, false, v->at);
	r.g = e->g;
	return r;
}

void expect_schedule(Elab *e, const Def *optimizer, int i, const Ast *arg)
{
	const AstList *l = &optimizer->ast->u.def.formal;
	const Ast *call = arg->kind == A_ARG ? arg->u.arg.value : arg;
	e->peak = 0;
	if (call->kind != A_CALL || call->u.call.arg.n == 0 || (arg->kind != A_ARG && 2 + i >= l->n))
		return;
	/* lengths count something, and a list of bounds is no height */
	const Def *d = map_get(&e->traindef, call->u.call.fn);
	const Ast *first = d && d->ast->u.def.formal.n ? d->ast->u.def.formal.v[0] : 0;
	static const char *const height[] = { "v", "a", "max" };
	bool any = false;
	for (int k = 0; first && k < 3; k++)
		any |= !strcmp(first->u.decl.name, height[k]);
	const Ast *v = call->u.call.arg.v[0];
	if (!any || (v->kind == A_ARG && v->u.arg.name != first->u.decl.name))
		return;
	e->peak = v->kind == A_ARG ? v->u.arg.value : v;
	e->peak_name = arena_printf(e->mem, "optimizer.%s", arg->kind == A_ARG
	                            ? arg->u.arg.name : l->v[2 + i]->u.decl.name);
}

int number_row(Elab *e, Sym name, const Value *v)
{
	Module *m = e->m;
	Number n = { name, 0 };
	graph_root(e->g, R_KNOB, m->nnumber, name, value_node(e, v), NOWHERE);
	PUSH(e->mem, m->number, m->nnumber, m->capnumber, n);
	return m->nnumber - 1;
}

int setting_number(Elab *e, Ast *s, Value *v)
{
	Graph *g = e->g, *top = e->top;
	bool literal = e->literal;
	Sym name = s->u.decl.name;
	int row = 0;
	e->g = e->top = e->m->numbers;
	e->literal = false;
	*v = eval(e, s->u.decl.value);
	number_from_tensor(e, v);
	if (v->kind != V_POISON)
		v->at = s->u.decl.value->at;
	if (v->kind == V_NUMBER && v->multiple && strcmp(name, "batch")) {
		fail(e, v->at, "E0202", "`multiple` is for `batch` only, not for `%s`", name);
	} else if (v->kind == V_NUMBER && !v->unit && !v->batch) {
		Value n = as_setting(e, v, name);
		row = 1 + number_row(e, name, &n);
	} else if (v->kind != V_POISON) {
		Diag *d = fail(e, v->at, "E0207",
		               "`%s` must be a number or a schedule, but this is %s", name,
		               value_text(e, v));
		if (v->unit)
			diag_help(d, "a length is an argument of a schedule: `cosine(1e-3, "
			             "warmup = steps(200))`");
	}
	e->g = g;
	e->top = top;
	e->literal = literal;
	return row;
}

/* ---- names ------------------------------------------------------------------------------- */

static bool mentions_list(Elab *e, const AstList *l);

/* Does an expression use time, or a schedule? */
static bool mentions(Elab *e, const Ast *a)
{
	if (!a)
		return false;
	if (a->kind == A_NAME)
		return !strcmp(a->u.name, "step") || !strcmp(a->u.name, "epoch") ||
		       !strcmp(a->u.name, "progress");
	if (a->kind == A_CALL) {
		const Def *d = map_get(in_prelude(e, a->at) && a->u.call.fn[0] == '_' ? &e->helper
		                                                                      : &e->traindef,
		                       a->u.call.fn);
		bool time = d && (d->space == SP_SCHEDULE || !strcmp(d->name, "at"));
		return time || mentions_list(e, &a->u.call.arg);
	}
	if (a->kind == A_BINARY || a->kind == A_UNARY)
		return mentions(e, a->u.bin.l) ||
		       (a->kind == A_BINARY && mentions(e, a->u.bin.r));
	if (a->kind == A_PIPE)
		return mentions(e, a->u.pipe.from) || mentions(e, a->u.pipe.stage);
	if (a->kind == A_ARG)
		return mentions(e, a->u.arg.value);
	if (a->kind == A_INDEX)
		return mentions(e, a->u.index.of) || mentions_list(e, &a->u.index.sub);
	return a->kind == A_LIST && mentions_list(e, &a->u.list.item);
}

static bool mentions_list(Elab *e, const AstList *l)
{
	for (int i = 0; i < l->n; i++)
		if (mentions(e, l->v[i]))
			return true;
	return false;
}

/* The same for the body of a block of the prelude. */
static bool mentions_body(Elab *e, const AstList *l)
{
	for (int i = 0; i < l->n; i++) {
		const Ast *a = l->v[i];
		if ((a->kind == A_ASSIGN && mentions(e, a->u.assign.value)) ||
		    (a->kind == A_REPEAT && mentions_body(e, &a->u.repeat.body)) ||
		    (a->kind == A_IF && mentions_body(e, &a->u.cond.then)))
			return true;
	}
	return false;
}

static bool has_formal(const Def *d, const char *name)
{
	const AstList *l = &d->ast->u.def.formal;
	for (int i = 0; i < l->n; i++)
		if (!strcmp(l->v[i]->u.decl.name, name))
			return true;
	return false;
}

Space space_of(Elab *e, Def *d)
{
	const Ast *a = d->ast;
	const AstList *l = &a->u.def.formal;
	if (d->prelude && is_field_function(d->name))
		return SP_FIELD;
	if (a->kind == A_BLOCK && d->prelude && mentions_body(e, &a->u.def.body))
		return SP_SCHEDULE;
	if (a->kind != A_FN)
		return SP_MODEL;
	if (d->prelude && d->builtin) {
		bool len = !strcmp(d->name, "steps") || !strcmp(d->name, "epochs") ||
		           !strcmp(d->name, "at");
		return len ? SP_LENGTH
		       : !strcmp(d->name, "plateau") || !strcmp(d->name, "_time") ? SP_SCHEDULE
		                                                                  : SP_MODEL;
	}
	bool helper = d->prelude && d->name[0] == '_';
	if (l->n && !strcmp(l->v[0]->u.decl.name, "w") && !l->v[0]->u.decl.type && !helper)
		return SP_REGULARISER;
	bool own = has_formal(d, "step") || has_formal(d, "epoch") || has_formal(d, "progress");
	return !own && mentions(e, a->u.def.value) ? SP_SCHEDULE : SP_MODEL;
}

Def *def_find(Elab *e, Sym name, Span at)
{
	Def *d = map_get(&e->def, name), *t = map_get(&e->traindef, name);
	if (in_prelude(e, at) && name[0] == '_')
		return map_get(&e->helper, name);
	if (e->in_data && map_get(&e->fielddef, name))
		return map_get(&e->fielddef, name);
	if (d && in_prelude(e, at) && !d->prelude)
		d = 0;
	if (!d || !t)
		return d ? d : t;
	return e->walking && e->frame ? d : t;
}

Value train_name_in_model(Elab *e, Ast *call, const Def *d)
{
	static const char *const is[] = { "", "schedule", "length", "regulariser" };
	static const char *const help[] = {
		"", "a schedule takes numbers: `lr = ...`, `dropout(...)`, a loss's weight",
		"lengths are arguments of schedules: `warmup = steps(200)`",
		"it stands behind `regularize =`, in `train` or in the call of a layer"
	};
	bool linear = !strcmp(d->name, "linear");
	Diag *m = fail(e, call->name_at, "E0201", "`%s` is a %s; %s", d->name, is[d->space],
	               linear ? "the layer is `dense`" : "it is not called with a tensor");
	diag_help(m, "%s", linear ? "write `dense(units)`" : help[d->space]);
	return v_poison();
}

const BuiltinRow schedule_rows[] = {
	{ "time", b_time },
	{ "steps", b_steps },
	{ "epochs", b_epochs },
	{ "at", b_at },
	{ "in_run", b_in_run },
	{ "plateau", b_plateau },
	{ 0, 0 },
};
