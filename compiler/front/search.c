/* search.c - the section `search`: which consts are tried, over which ranges, and how.
 *
 * In:    search METHOD(...) { const = range ... }.   Out: messages.
 * Holds: the section is checked completely here; it is carried out by `nnc --tune` alone, and a
 *        program with it otherwise compiles as if it were not there.
 */
#include "elab.h"

#include <string.h>

typedef enum { M_GRID, M_RANDOM, M_HALVING } Method;

static const char *const methods[] = { "grid", "random", "halving" };
static const char *const signature[] = {
	"grid(minimize = val_loss, parallel = 1)",
	"random(trials, minimize = val_loss, seed = 0, parallel = 1)",
	"halving(trials, factor = 3, minimize = val_loss, seed = 0, parallel = 1)",
};
static const char *const known[] = { "trials", "factor", "minimize", "maximize", "seed",
	                             "parallel" };
enum { KNOWN = 6, GOAL = 2 };

/* ---- the header -------------------------------------------------------------------------- */

static bool has_argument(Method m, int k)
{
	return (k != 0 || m != M_GRID) && (k != 1 || m == M_HALVING);
}

/* The goal is a name, not a value. */
static void goal(Elab *e, const char *which, Ast *a)
{
	const char *name = score_text(e, a);
	if (name) {
		score_ok(e, name, score_find(e->m, name), a->at);
		return;
	}
	Diag *d = fail(e, a->at, "E0207", "`%s` takes the name of a loss or metric", which);
	diag_help(d, "write `minimize = val_loss`");
}

static void number(Elab *e, int k, Ast *a)
{
	static const int64_t least[KNOWN] = { 1, 2, 0, 0, 0, 1 };
	int64_t n;
	uint64_t seed;
	Value v = eval(e, a);
	v.at = a->at;
	if (v.kind == V_POISON)
		return;
	if (!strcmp(known[k], "seed"))
		need_seed(e, &v, &seed);
	else if (need_int(e, &v, arena_printf(e->mem, "`%s`", known[k]), &n) && n < least[k])
		fail(e, a->at, "E0404", "`%s` must be at least %lld", known[k],
		     (long long)least[k]);
}

/* The number of the argument, or -1 after a message. */
static int which_argument(Elab *e, Method m, Ast *call, Ast *arg, int *pos)
{
	const char *name = arg->kind == A_ARG ? arg->u.arg.name : 0;
	const char *own[KNOWN];
	int n = 0;
	for (int k = 0; k < KNOWN; k++)
		if (has_argument(m, k))
			own[n++] = known[k];
	if (!name && *pos < GOAL && has_argument(m, *pos))
		return (*pos)++;
	for (int k = 0; name && k < KNOWN; k++)
		if (has_argument(m, k) && !strcmp(known[k], name))
			return k;
	Diag *d = name ? fail(e, arg->name_at, "E0202", "`%s` has no argument `%s`",
	                      call->u.call.fn, name)
	               : fail(e, arg->at, "E0207", "`%s` has too many arguments",
	                      call->u.call.fn);
	if (name)
		suggest_argument(d, call->u.call.fn, name, own, n);
	diag_note(d, "%s", signature[m]);
	return -1;
}

static bool header(Elab *e, Ast *call, Method *m)
{
	Ast *given[KNOWN] = { 0 };
	int pos = 0, k = 0;
	while (k < 3 && strcmp(methods[k], call->u.call.fn))
		k++;
	if (k == 3) {
		Diag *d = fail(e, call->name_at, "E0201", "unknown search method `%s`",
		               call->u.call.fn);
		const char *near = nearest(call->u.call.fn, methods, 3);
		if (near)
			diag_help(d, "did you mean `%s`?", near);
		else
			diag_help(d, "the methods are `grid`, `random` and `halving`");
		return false;
	}
	*m = (Method)k;
	for (int i = 0; i < call->u.call.arg.n; i++) {
		Ast *arg = call->u.call.arg.v[i];
		k = which_argument(e, *m, call, arg, &pos);
		if (k < 0)
			continue;
		if (given[k]) {
			fail(e, arg->at, "E0205", "`%s` is given twice", known[k]);
			continue;
		}
		given[k] = arg->kind == A_ARG ? arg->u.arg.value : arg;
		if (k == GOAL || k == GOAL + 1)
			goal(e, known[k], given[k]);
		else
			number(e, k, given[k]);
	}
	if (has_argument(*m, 0) && !given[0]) {
		Diag *d = fail(e, call->at, "E0207", "`%s` needs the argument `trials`",
		               call->u.call.fn);
		diag_help(d, "write `%s(trials = 30)`", call->u.call.fn);
	}
	if (given[GOAL] && given[GOAL + 1]) {
		Diag *d = fail(e, given[GOAL + 1]->at, "E0404",
		               "`minimize` and `maximize` together: give one of the two");
		diag_span(d, given[GOAL]->at, "%s", "");
	}
	return true;
}

/* ---- ranges ------------------------------------------------------------------------------ */

static const char *const ranges[] = { "choice", "uniform", "log_uniform", "int_uniform" };

static void choices(Elab *e, Const *c, const Value *old, Ast *call)
{
	if (!call->u.call.arg.n) {
		Diag *d = fail(e, call->at, "E0207", "`choice` needs values");
		diag_help(d, "write `%s = choice(a, b, c)`", c->name);
	}
	for (int i = 0; i < call->u.call.arg.n; i++) {
		Ast *a = call->u.call.arg.v[i];
		if (a->kind == A_ARG) {
			fail(e, a->at, "E0207", "the values of `choice` have no names");
			continue;
		}
		Value v = eval(e, a);
		if (v.kind == V_POISON || old->kind == V_POISON || define_fits(old, &v))
			continue;
		Diag *d = fail(e, a->at, "E0207", "the const `%s` is %s, so it cannot be %s",
		               c->name, value_text(e, old), value_text(e, &v));
		diag_span(d, c->ast->name_at, "%s", "");
	}
}

/* uniform(a, b), log_uniform(a, b), int_uniform(a, b). */
static void interval(Elab *e, Const *c, const Value *old, Ast *call)
{
	bool whole = call->u.call.fn[0] == 'i', log = call->u.call.fn[0] == 'l';
	double end[2];
	if (call->u.call.arg.n != 2 || call->u.call.arg.v[0]->kind == A_ARG ||
	    call->u.call.arg.v[1]->kind == A_ARG) {
		Diag *d = fail(e, call->at, "E0207", "`%s` takes two numbers", call->u.call.fn);
		diag_help(d, "write `%s = %s(%s)`", c->name, call->u.call.fn,
		          whole ? "1, 8" : "0.1, 0.9");
		return;
	}
	for (int i = 0; i < 2; i++) {
		Value v = eval(e, call->u.call.arg.v[i]);
		int64_t k;
		v.at = call->u.call.arg.v[i]->at;
		if (v.kind == V_POISON ||
		    (whole && !need_int(e, &v, "an end of `int_uniform`", &k)) ||
		    !need_number(e, &v, "an end of the range", &end[i]))
			return;
	}
	if (end[0] >= end[1] || (log && end[0] <= 0)) {
		fail(e, call->at, "E0404", log && end[0] <= 0
		     ? "`log_uniform` needs ends above 0"
		     : "the first end of the range must be below the second");
		return;
	}
	if (old->kind == V_POISON || (old->kind == V_NUMBER && (whole || !old->is_int)))
		return;
	Diag *d = fail(e, call->at, "E0207",
	               "the const `%s` is %s, so it cannot be drawn by `%s`", c->name,
	               value_text(e, old), call->u.call.fn);
	diag_span(d, c->ast->name_at, "%s", "");
	diag_help(d, "write `%s = %s`", c->name,
	          old->kind == V_NUMBER ? "int_uniform(1, 8)" : "choice(...)");
}

static void range(Elab *e, Method m, Const *c, Ast *a)
{
	int k = 0;
	if (a->kind != A_CALL) {
		Diag *d = fail(e, a->at, "E0207", "`%s` needs a range of values", c->name);
		diag_help(d, "choice(a, b, ...), uniform(a, b), log_uniform(a, b) or "
		             "int_uniform(a, b)");
		return;
	}
	while (k < 4 && strcmp(ranges[k], a->u.call.fn))
		k++;
	if (k == 4) {
		Diag *d = fail(e, a->name_at, "E0201", "unknown range `%s`", a->u.call.fn);
		const char *near = nearest(a->u.call.fn, ranges, 4);
		if (near)
			diag_help(d, "did you mean `%s`?", near);
		else
			diag_help(d, "the ranges are `choice`, `uniform`, `log_uniform` and "
			             "`int_uniform`");
		return;
	}
	Value old = const_value(e, c);
	if (m == M_GRID && (k == 1 || k == 2)) {
		Diag *d = fail(e, a->at, "E0404",
		               "a grid needs single values, but `%s` is a continuous range",
		               a->u.call.fn);
		diag_help(d, "write `%s = choice(a, b, c)`, or search at random", c->name);
	} else if (k == 0) {
		choices(e, c, &old, a);
	} else {
		interval(e, c, &old, a);
	}
}

/* ---- the body ---------------------------------------------------------------------------- */

static void setting(Elab *e, Method m, Ast *s)
{
	const char **name = NEWN(e->mem, const char *, e->nconst + 1);
	int n = 0;
	for (int i = 0; i < e->nconst; i++) {
		Const *c = e->consts[i];
		if (!c->main)
			continue;
		name[n++] = c->name;
		if (c->name == s->u.decl.name) {
			range(e, m, c, s->u.decl.value);
			return;
		}
	}
	Diag *d = fail(e, s->name_at, "E0204", "no const is called `%s`", s->u.decl.name);
	const char *near = nearest(s->u.decl.name, name, n);
	if (near)
		diag_help(d, "did you mean `%s`?", near);
	else
		diag_help(d,
		          "a search tries values of consts: write `const %s = ...` at the top",
		          s->u.decl.name);
}

void do_search(Elab *e)
{
	Method m = M_RANDOM;
	if (!e->search)
		return;
	AstList *l = &e->search->u.section.setting;
	bool ok = header(e, e->search->u.section.call, &m);
	if (ok && !l->n) {
		Diag *d = fail(e, e->search->name_at, "E0404", "`search` has nothing to try");
		diag_help(d, "name a const and its range: `width = choice(32, 64)`");
	}
	Map seen = { 0 };
	for (int i = 0; i < l->n && !diag_full(e->j); i++) {
		bool twice = map_get(&seen, l->v[i]->u.decl.name) != 0;
		map_put(e->mem, &seen, l->v[i]->u.decl.name, l->v[i]);
		if (l->v[i]->u.decl.type)
			later(e, l->v[i]->u.decl.type->at, "a type in `search`");
		else if (twice)
			fail(e, l->v[i]->name_at, "E0205", "`%s` is given twice",
			     l->v[i]->u.decl.name);
		else
			setting(e, m, l->v[i]);
	}
}
