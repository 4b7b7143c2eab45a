/* stop.c - the setting `stop`: conditions over losses, metrics and time.
 *
 * In:    an expression.   Out: the graph `stop` in double, one root for each condition that
 *        `or` joins; the rows that say when each is looked at.
 * Holds: the leaves are those of TrainInfo's scores (`acc`), of time and of run-time consts.
 *
 * early_stopping is state over validations: it is a leaf here, and the runtime keeps it.
 */
#include "elab.h"

#include <ctype.h>
#include <string.h>

static Node *score_leaf(Elab *e, const char *name, int index)
{
	Type t = type_scalar(DT_REAL);
	return n_leaf(e->g, O_acc, job_sym(e->j, name), index, &t);
}

static void looked_at(Elab *e, StopWhen when)
{
	if (e->stop_when < when)
		e->stop_when = when;
}

static bool is_time(const char *name)
{
	return !strcmp(name, "step") || !strcmp(name, "epoch") || !strcmp(name, "progress") ||
	       !strcmp(name, "elapsed");
}

/* A loss, a metric or a word of time by its name; poison if it is none. */
static Value word(Elab *e, Ast *a, const char *name)
{
	Type t = type_scalar(DT_REAL);
	int i = score_find(e->m, name);
	if (i < 0 && is_time(name))
		return number_of(e, n_leaf(e->g, O_time, job_sym(e->j, name), 0, &t), a->at);
	if (!score_ok(e, name, i, a->at))
		return v_poison();
	looked_at(e, score_on_val(e->m, i) ? STOP_AT_VALIDATION : STOP_AT_REPORT);
	return number_of(e, score_leaf(e, name, i), a->at);
}

/* Names inside of calls find their values in the frame. */
static void bind_words(Elab *e, const Ast *a)
{
	const char *name = a->kind == A_NAME || a->kind == A_LOSS ? score_text(e, a) : 0;
	if (name && (score_find(e->m, name) >= 0 || is_time(name))) {
		Sym s = job_sym(e->j, name);
		if (!frame_find(e->frame, s))
			frame_bind(e, e->frame, s, word(e, (Ast *)(uintptr_t)a, name), a->at)
				->quiet = true;
	} else if (a->kind == A_CALL) {
		for (int i = 0; i < a->u.call.arg.n; i++)
			bind_words(e, a->u.call.arg.v[i]);
	} else if (a->kind == A_ARG) {
		bind_words(e, a->u.arg.value);
	} else if (a->kind == A_BINARY || a->kind == A_UNARY) {
		bind_words(e, a->u.bin.l);
		if (a->kind == A_BINARY)
			bind_words(e, a->u.bin.r);
	}
}

static bool is_logic(const Ast *a)
{
	return (a->kind == A_BINARY &&
	        (!strcmp(a->u.bin.op, "and") || !strcmp(a->u.bin.op, "or"))) ||
	       (a->kind == A_UNARY && !strcmp(a->u.bin.op, "not"));
}

static bool is_early(const Ast *a)
{
	return a->kind == A_CALL && !strcmp(a->u.call.fn, "early_stopping");
}

/* A comparison of numbers in the trainer, even if both are known here: consts can be set at run
 * time. */
static Value compare(Elab *e, const Value *l, const Value *r, Ast *a)
{
	static const struct {
		const char *sign;
		Op op;
		bool swap;
	} row[] = { { "<", O_lt, false },  { "<=", O_le, false }, { ">", O_lt, true },
		    { ">=", O_le, true }, { "==", O_eq, false }, { "!=", O_ne, false } };
	for (size_t i = 0; i < sizeof row / sizeof *row; i++)
		if (!strcmp(row[i].sign, a->u.bin.op) && l->kind == V_NUMBER &&
		    r->kind == V_NUMBER) {
			Node *x = value_real(e, l), *y = value_real(e, r);
			return v_tensor(e, n_op2(e->g, row[i].op, row[i].swap ? y : x,
			                         row[i].swap ? x : y),
			                a->at);
		}
	return binary(e, a->u.bin.op, l, r, a->at, a->name_at);
}

/* A number or a comparison. */
static Value plain(Elab *e, Ast *a)
{
	const char *name = score_text(e, a);
	if (name && (score_find(e->m, name) >= 0 || is_time(name) ||
	             !map_get(&e->konst, job_sym(e->j, name))))
		return word(e, a, name);
	if (a->kind == A_BINARY && !is_logic(a)) {
		Value l = plain(e, a->u.bin.l), r = plain(e, a->u.bin.r);
		return compare(e, &l, &r, a);
	}
	if (a->kind == A_UNARY && !is_logic(a)) {
		Value v = plain(e, a->u.bin.l);
		return v.kind == V_NUMBER ? number_map(e, O_neg, &v, a->at) : v;
	}
	bind_words(e, a);
	return eval(e, a);
}

/* ---- early_stopping ---------------------------------------------------------------------- */

static bool early_number(Elab *e, const char *name, Ast *a, double *to)
{
	Graph *g = e->g, *top = e->top;
	e->g = e->top = e->scratch;
	e->literal = true;
	Value v = eval(e, a);
	e->literal = false;
	e->g = g;
	e->top = top;
	v.at = a->at;
	if (v.kind == V_POISON ||
	    !need_number(e, &v, arena_printf(e->mem, "`%s`", name), to))
		return false;
	bool whole = !strcmp(name, "patience");
	if (*to >= 0 && (!whole || v.is_int))
		return true;
	fail(e, a->at, "E0404", "`%s` must be %s, but this is %s", name,
	     whole ? "a number of validations, 0 or more" : "0 or more", value_text(e, &v));
	return false;
}

/* The leaf of one rule; 0 after a message. */
static Node *early(Elab *e, Ast *a)
{
	static const char *const known[] = { "metric", "patience", "min_delta" };
	static const char signature[] = "early_stopping(metric, patience = 10, min_delta = 0)";
	TrainInfo *t = &e->m->train;
	Early y = { -1, false, 10, 0 };
	Ast *given[3] = { 0 };
	int pos = 0;
	for (int i = 0; i < a->u.call.arg.n; i++) {
		Ast *arg = a->u.call.arg.v[i], *v = arg->kind == A_ARG ? arg->u.arg.value : arg;
		int k = arg->kind == A_ARG ? 0 : pos++;
		while (arg->kind == A_ARG && k < 3 && strcmp(known[k], arg->u.arg.name))
			k++;
		if (k >= 3 || given[k]) {
			Diag *d = fail(e, arg->at, k < 3 || arg->kind != A_ARG ? "E0207" : "E0202",
			               k < 3 ? "`%s` is given twice"
			               : arg->kind == A_ARG
			                       ? "`early_stopping` has no argument `%s`"
			                       : "`early_stopping` has too many arguments",
			               k < 3                ? known[k]
			               : arg->kind == A_ARG ? arg->u.arg.name
			                                    : "");
			const char *near =
				arg->kind == A_ARG ? nearest(arg->u.arg.name, known, 3) : 0;
			if (near && k >= 3)
				diag_help(d, "did you mean `%s`?", near);
			diag_note(d, "%s", signature);
			return 0;
		}
		given[k] = v;
	}
	const char *name = given[0] ? score_text(e, given[0]) : 0;
	if (!name) {
		Diag *d = fail(e, given[0] ? given[0]->at : a->at, "E0207",
		               "`early_stopping` needs the name of a loss or metric");
		diag_help(d, "write `early_stopping(val_loss, patience = 10)`");
		return 0;
	}
	y.score = score_find(e->m, name);
	if (!score_ok(e, name, y.score, given[0]->at) ||
	    (given[1] && !early_number(e, "patience", given[1], &y.patience)) ||
	    (given[2] && !early_number(e, "min_delta", given[2], &y.min_delta)))
		return 0;
	y.larger = score_larger(e->m, y.score);
	looked_at(e, STOP_AT_VALIDATION);
	PUSH(e->mem, t->early, t->nearly, t->capearly, y);
	if (given[1])
		read_once(e, ONCE_PATIENCE, t->nearly - 1, given[1]);
	if (given[2])
		read_once(e, ONCE_MIN_DELTA, t->nearly - 1, given[2]);
	int index = 2 * (1 + e->m->nloss + e->m->nmetric) + t->nearly - 1;
	return n_op2(e->g, O_ne, score_leaf(e, "early_stopping", index), n_const(e->g, 0));
}

/* ---- conditions -------------------------------------------------------------------------- */

/* A scalar bool; 0 after a message. */
static Node *condition(Elab *e, Ast *a)
{
	if (is_early(a))
		return early(e, a);
	if (is_logic(a)) {
		Node *l = condition(e, a->u.bin.l);
		Node *r = a->kind == A_BINARY ? condition(e, a->u.bin.r) : l;
		if (!l || !r)
			return 0;
		if (a->kind == A_UNARY)
			return n_op1(e->g, O_not, l);
		return n_op2(e->g, !strcmp(a->u.bin.op, "and") ? O_and : O_or, l, r);
	}
	Value v = plain(e, a);
	if (v.kind == V_POISON)
		return 0;
	if (v.kind == V_BOOL)
		make_structural(e, &v);
	if (v.kind == V_BOOL || (v.kind == V_TENSOR && v.n->ty.dt == DT_BOOL && !v.n->ty.rank))
		return value_node(e, &v);
	Diag *d = fail(e, a->at, "E0207", "`stop` takes a condition, but this is %s",
	               v.kind == V_NUMBER ? "a number" : value_text(e, &v));
	diag_help(d, "compare: `val_loss < 0.1`, `elapsed > 3600`; or write "
	             "`early_stopping(val_loss)`");
	return 0;
}

/* As written, on one line. */
static const char *text_of(Elab *e, Span at)
{
	const char *s = source_text(e->j, at);
	char *r = arena_strndup(e->mem, s, strlen(s)), *to = r;
	for (; *s; s++) {
		bool blank = isspace((unsigned char)*s);
		if (!blank || (to > r && to[-1] != ' '))
			*to++ = blank ? ' ' : *s;
	}
	*to = 0;
	return r;
}

static void conditions(Elab *e, Ast *a)
{
	TrainInfo *t = &e->m->train;
	if (a->kind == A_BINARY && !strcmp(a->u.bin.op, "or")) {
		conditions(e, a->u.bin.l);
		conditions(e, a->u.bin.r);
		return;
	}
	e->stop_when = STOP_AT_UPDATE;
	Node *n = condition(e, a);
	if (!n)
		return;
	Condition c = { text_of(e, a->at), e->stop_when };
	graph_root(e->g, R_KNOB, t->ncondition, job_sym(e->j, "stop"),
	           n_cast(e->g, n, DT_REAL), a->at);
	PUSH(e->mem, t->condition, t->ncondition, t->capcondition, c);
}

void stop_setting(Elab *e, Ast *a)
{
	Graph *g = e->g, *top = e->top;
	if (a->kind == A_NAME && !strcmp(a->u.name, "none"))
		return;
	Def *d = NEW(e->mem, Def);
	d->name = job_sym(e->j, "stop");
	d->ast = e->model;
	e->g = e->top = e->m->stop = graph_new(e->j, d->name);
	e->literal = false;
	e->frame = frame_new(e, d, 0, a->at);
	conditions(e, a);
	e->frame = 0;
	e->literal = true;
	e->g = g;
	e->top = top;
}
