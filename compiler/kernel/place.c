/* place.c - statements, scopes, and names for parts of expressions.
 *
 * In:    expressions at a point of the loops that are open.   Out: statements in the right
 *        loop.
 * Holds: an expression that is used twice, or that does not change in the innermost loop,
 *        gets a name in the loop of its deepest variable.  The arms of a condition stay
 *        behind it.
 */
#include "op.h"

#include <string.h>

/* ---- statements and scopes --------------------------------------------------------------- */

Scope *scope_open(Lower *l)
{
	Scope *s = NEW(l->mem, Scope);
	s->up = l->scope;
	s->depth = l->scope ? l->scope->depth + 1 : 0;
	l->scope = s;
	return s;
}

K *scope_close(Lower *l)
{
	Scope *s = l->scope;
	l->scope = s->up;
	while (l->nbound && l->bound[l->nbound - 1].value->depth >= s->depth && s->depth)
		l->nbound--;
	return s->first;
}

K *emit_at(Lower *l, int depth, KKind kind)
{
	Scope *s = l->scope;
	K *k = NEW(l->mem, K);
	while (s->depth > depth)
		s = s->up;
	k->kind = kind;
	if (s->last)
		s->last->next = k;
	else
		s->first = k;
	s->last = k;
	return k;
}

K *emit(Lower *l, KKind kind)
{
	return emit_at(l, l->scope->depth, kind);
}

Ex *let_new(Lower *l, Ex *init, bool mutable, const char *stem, int depth)
{
	Ex key;
	memset(&key, 0, sizeof key);
	key.kind = E_NAME;
	key.dt = init->dt;
	key.wide = init->wide;
	key.depth = depth;
	key.u.name = job_symf(l->job, "%s%d", stem, l->nname++);
	Ex *name = ex_get(l, &key);
	K *k = emit_at(l, depth, K_LET);
	k->u.let.name = name;
	k->u.let.init = init;
	k->u.let.mutable = mutable;
	return name;
}

Ex *let_index(Lower *l, Ex *index, const char *stem)
{
	Ex *name = let_new(l, ex_intval(l, index), false, stem, l->scope->depth);
	return ex_make(l, E_ELEMINT, DT_I32, &name, 1);
}

Ex *index_least(Lower *l, Ex *a, Ex *b)
{
	return ex_cond(l, ex_make(l, E_LT, DT_I32, (Ex *[]){ a, b }, 2), a, b);
}

/* ---- placement --------------------------------------------------------------------------- */

static bool is_index(const Ex *e)
{
	return e->kind <= E_AND || e->kind == E_LANES || e->kind == E_ELEMINT;
}

void count_uses(Lower *l, Ex *e)
{
	if (e->mark == l->mark) {
		e->uses++;
		return;
	}
	e->mark = l->mark;
	e->uses = 1;
	int last = e->kind == E_COND ? 1 : e->narg;
	for (int i = 0; i < last; i++)
		count_uses(l, e->arg[i]);
}

static Ex *known_name(const Lower *l, const Ex *e)
{
	for (const Scope *s = l->scope; s; s = s->up)
		for (int i = s->nmemo - 1; i >= 0; i--)
			if (s->memo[i] == e)
				return s->name[i];
	return 0;
}

static void remember(Lower *l, Ex *e, Ex *name)
{
	Scope *s = l->scope;
	while (s->depth > name->depth)
		s = s->up;
	int n = s->nmemo;
	PUSH(l->mem, s->memo, n, s->capmemo, e);
	PUSH(l->mem, s->name, s->nmemo, s->capname, name);
}

/* Deserves a name if it is used twice or if the innermost loop does not change it. */
static bool worth_a_name(const Lower *l, const Ex *e, const Ex *placed, int uses)
{
	switch (e->kind) {
	case E_OP:
	case E_LOAD:
	case E_RANDOM:
	case E_FMA:
	case E_COND:
	case E_KNOB:
	case E_REDUCE:
		return uses > 1 || (placed->depth < l->scope->depth && l->scope->depth > 0);
	default:
		return false;
	}
}

Ex *placed(Lower *l, Ex *e)
{
	Ex *arg[MAXRANK + 1];
	if (e->narg == 0 && e->kind != E_KNOB)
		return e;
	Ex *name = known_name(l, e);
	if (name)
		return name;
	if (e->narg > MAXRANK)
		bug(l->job, "lower: too many operands");
	bool index = is_index(e) && e->kind != E_ELEMINT;
	for (int i = 0; i < e->narg; i++)
		/* the arms of a condition stay behind it; the outer index of a load is not
		 * printed */
		arg[i] = (e->kind == E_COND && i) || (e->kind == E_LOAD && i) ? e->arg[i] :
		         placed(l, e->arg[i]);
	Ex key = *e;
	key.arg = arg;
	Ex *p = ex_get(l, &key);
	if (index || e->kind == E_ELEMINT || e->kind == E_INTVAL ||
	    !worth_a_name(l, e, p, e->mark == l->mark ? e->uses : 1))
		return p;
	name = let_new(l, p, false, "v",
	               p->depth < l->scope->depth ? p->depth : l->scope->depth);
	remember(l, e, name);
	return name;
}

Ex *place(Lower *l, Ex *e)
{
	l->mark++;
	count_uses(l, e);
	return placed(l, e);
}

/* The new value of an accumulator: its operands may have names in outer loops, it may not. */
Ex *place_step(Lower *l, Ex *e)
{
	Ex *arg[MAXRANK + 1];
	l->mark++;
	count_uses(l, e);
	for (int i = 0; i < e->narg; i++)
		arg[i] = placed(l, e->arg[i]);
	Ex key = *e;
	key.arg = arg;
	return ex_get(l, &key);
}

void bind_value(Lower *l, const Node *n, Ex *const *ix, Ex *value)
{
	if (l->nbound >= (int)(sizeof l->bound / sizeof l->bound[0]))
		bug(l->job, "lower: too many bound values");
	l->bound[l->nbound].node = n;
	for (int i = 0; i < n->ty.rank; i++)
		l->bound[l->nbound].ix[i] = ix[i];
	l->bound[l->nbound++].value = value;
}

Ex *bound_value(const Lower *l, const Node *n, Ex *const *ix)
{
	for (int i = l->nbound - 1; i >= 0; i--) {
		if (l->bound[i].node != n)
			continue;
		bool same = true;
		for (int k = 0; k < n->ty.rank; k++)
			same &= l->bound[i].ix[k] == ix[k];
		if (same)
			return l->bound[i].value;
	}
	return 0;
}

/* Does this dimension have one index only? */
bool one_index(const Lower *l, Dim d)
{
	return dim_is(d, 1) || (!l->fn->host->batch && l->fn->host->fixed_batch == 1 &&
	                          dim_eq(d, dim_batch(1)));
}

static Ex *var_at(Lower *l, int depth, Dim extent, const char *letter)
{
	return ex_var(l, job_symf(l->job, "%c%d", letter[0], depth), extent, depth);
}

Ex *loop_var(Lower *l, Dim extent, const char *letter)
{
	return var_at(l, l->scope->depth, extent, letter);
}

Ex *inner_var(Lower *l, Dim extent, const char *letter)
{
	return var_at(l, l->scope->depth + 1, extent, letter);
}

/* A variable of no loop is an argument of the kernel: print.c. */
Ex *int_argument(Lower *l, const char *name)
{
	return ex_var(l, job_sym(l->job, name), dim_num(0), 0);
}

K *loop_emit(Lower *l, Ex *var, Ex *from, Ex *bound, LoopKind how, K *body)
{
	K *k = emit(l, K_FOR);
	k->u.loop.var = var;
	k->u.loop.from = from;
	k->u.loop.bound = bound;
	k->u.loop.step = 1;
	k->u.loop.how = how;
	k->u.loop.body = body;
	return k;
}

bool lanes_turn(Lower *l, Lanes *s)
{
	bool more = s->turn < 2;
	if (s->turn)
		s->body[s->turn - 1] = scope_close(l);
	else
		s->left = job_symf(l->job, "left%d", l->scope->depth);
	if (more)
		scope_open(l);
	l->lane = more ? s->var : 0;
	l->lanes = s->turn == 1 ? s->left : 0;
	s->turn++;
	return more;
}

void lanes_emit(Lower *l, const Lanes *s, Ex *from, Ex *bound)
{
	K *k = loop_emit(l, s->var, from, bound, LANES, s->body[0]);
	k->u.loop.tail = s->body[1];
	k->u.loop.left = s->left;
}

Ex *wide_num(Lower *l, double v, DType dt, bool wide)
{
	Ex key = *ex_num(l, v, dt);
	key.wide = wide;
	return ex_get(l, &key);
}
