/* whole.c - metrics of the whole set (f1, auc, r2 ...): their call, where they may stand, which
 * direction of a metric is better.
 *
 * In:    scores and targets of a batch.   Out: a `whole` node, a number that is known when all
 *        batches have been seen.
 * Holds: such a node is read by metrics only, and there by arithmetic of single numbers: the
 *        pass metrics can take it out of the graph.
 */
#include "elab.h"

#include <string.h>

/* ---- the call ---------------------------------------------------------------------------- */

static bool whole_what(Elab *e, Frame *f, const char *name, Whole *what)
{
	for (int w = W_PRECISION; w <= W_R2; w++)
		if (!strcmp(name, whole_name((Whole)w))) {
			*what = (Whole)w;
			return true;
		}
	bug(e->j, "prelude: no metric `%s` for `%s`", name, f->def->name);
}

static bool whole_average(Elab *e, const Value *v, const char *fn, bool ranks, int classes,
                          int *average)
{
	static const char *const names[] = { "macro", "micro", "weighted", "binary" };
	Sym s;
	if (!need_string(e, v, "`average`", &s))
		return false;
	for (int i = AVG_MACRO; i <= AVG_BINARY; i++)
		if (!strcmp(s, names[i]) && !(ranks && i == AVG_MICRO)) {
			*average = i;
			if (i != AVG_BINARY || classes == 2)
				return true;
			Diag *d = fail(e, v->at, "E0207",
			               "`average = \"binary\"` needs two classes, but here are %d",
			               classes);
			diag_help(d, "`\"macro\"` averages over the classes");
			return false;
		}
	Diag *d = fail(e, v->at, "E0207", "`%s` has no average \"%s\"", fn, s);
	diag_help(d, ranks ? "write \"macro\", \"weighted\" or \"binary\""
	                   : "write \"macro\", \"micro\", \"weighted\" or \"binary\"");
	return false;
}

/* A batch of scores and of targets is there. */
static bool whole_place(Elab *e, Frame *f, const Node *x, const Node *y, const char *fn)
{
	if (!e->scan && type_batched(&x->ty) && type_batched(&y->ty))
		return true;
	Diag *d = fail(e, f->at, "E0406",
	               e->scan ? "`%s` cannot stand in `scan`"
	                       : "`%s` needs scores and targets of each sample",
	               fn);
	diag_help(d, "it is a number of the whole set: write `metric %s(scores, target)`", fn);
	return false;
}

/* fn _whole(what, x, y, average, bins): a metric of the whole set.  x: classes or bools, or
 * scores with or without a last dimension of classes; y: classes, bools or reals. */
static Value b_whole(Elab *e, Frame *f)
{
	const Value *x = need_tensor(e, f, 1), *y = need_tensor(e, f, 2);
	const char *fn = public_frame(f)->def->name;
	Sym name;
	Whole what;
	Attr a;
	int64_t bins = 0;
	memset(&a, 0, sizeof a);
	if (!x || !y || !need_string(e, formal(f, 0), "what", &name) ||
	    !whole_what(e, f, name, &what) || !need_int(e, formal(f, 4), "`bins`", &bins))
		return v_poison();
	Node *xn = value_node(e, x), *yn = value_node(e, y);
	bool last = xn->ty.rank > yn->ty.rank, ranks = what == W_AUC || what == W_PR_AUC;
	if (!whole_place(e, f, xn, yn, fn))
		return v_poison();
	if (what == W_CALIBRATION && (bins < 1 || bins > 1 << 20)) {
		fail(e, formal(f, 4)->at, "E0207", "`bins` must be from 1 to %d", 1 << 20);
		return v_poison();
	}
	a.whole.what = what;
	a.whole.bins = (int32_t)bins;
	if (what != W_R2)
		a.whole.classes = last               ? xn->ty.dim[xn->ty.rank - 1].k
		                  : yn->ty.classes ? yn->ty.classes
		                                   : 2;
	/* ranks of a single score are the same before and after sigmoid */
	a.whole.raw = (ranks ? last : what == W_CALIBRATION) && x->mark != MARK_PROB;
	if (!whole_average(e, formal(f, 3), fn, ranks, a.whole.classes, &a.whole.average))
		return v_poison();
	int32_t k = a.whole.classes;
	Type t = type_make(DT_REAL, what == W_CONFUSION ? 2 : 0,
	                   (Dim[]){ dim_num(k), dim_num(k) });
	if (!shape_ok(e, &t, f->at))
		return v_poison();
	Node *n = node(e->g, O_whole, &a, (Node *[]){ xn, yn }, 2, &t);
	return v_tensor(e, node_mark(n, user_place(e, f->at), 0), f->at);
}

const BuiltinRow whole_rows[] = {
	{ "whole", b_whole },
	{ 0, 0 },
};

/* ---- where they may stand ---------------------------------------------------------------- */

/* The first number of the whole set that n is or depends on; by node id, in order. */
static const Node **wholes_below(Elab *e, const Graph *g)
{
	const Node **below = NEWN(e->mem, const Node *, g->n + 1);
	for (int i = 0; i < g->n; i++) {
		const Node *n = g->node[i];
		below[i] = opinfo[n->op].kind == SET ? n : 0;
		for (int k = 0; k < n->nin && !below[i]; k++)
			below[i] = below[n->in[k]->id];
	}
	return below;
}

/* Is n arithmetic of single numbers, as far as numbers of the whole set are below it? */
static bool is_formula(const Node *n, const Node **below, bool *seen)
{
	OpKind k = opinfo[n->op].kind;
	if (!below[n->id] || seen[n->id])
		return true;
	seen[n->id] = true;
	if (k == SET)
		return n->ty.rank == 0;
	if (k != MAP && k != COMPOSITE && !(k == MOVE && n->nin == 1))
		return false;
	for (int i = 0; i < n->ty.rank; i++)
		if (!dim_is(n->ty.dim[i], 1))
			return false;
	for (int i = 0; i < n->nin; i++)
		if (!is_formula(n->in[i], below, seen))
			return false;
	return true;
}

static void check_root(Elab *e, const Graph *g, const Root *r, const Node **below)
{
	const Node *w = below[r->node->id];
	if (!w)
		return;
	const char *name = whole_name((Whole)w->a.whole.what);
	bool table = w->ty.rank > 0, metric = r->kind == R_METRIC;
	if (metric && (r->node == w || is_formula(r->node, below, NEWN(e->mem, bool, g->n + 1))))
		return;
	Span at = r->at.file >= 0 ? r->at : w->at;
	Diag *d;
	if (!metric)
		d = fail(e, at, "E0406", "`%s` is a %s of the whole set, known after the last "
		         "batch; %s is computed for each batch", name, table ? "table" : "number",
		         r->kind == R_LOSS ? "a loss" : r->kind == R_OUTPUT ? "an output"
		                                                            : "this value");
	else
		d = fail(e, at, "E0406",
		         table ? "`%s` is a table: a metric cannot compute with it"
		               : "`%s` is a number of the whole set: a metric can add, multiply "
		                 "and compare it with other numbers, but not make a tensor of it",
		         name);
	diag_help(d, "write `metric %s(scores, target)`", name);
}

void check_wholes(Elab *e)
{
	Graph *const g[] = { e->m->grad, e->m->eval };
	for (int k = 0; k < 2 && !e->j->nerror; k++) {
		if (!g[k])
			continue;
		const Node **below = wholes_below(e, g[k]);
		for (int i = 0; i < g[k]->nroot; i++)
			check_root(e, g[k], &g[k]->root[i], below);
	}
}

/* ---- equal formulas ---------------------------------------------------------------------- */

typedef struct { const Node **seen; int n, cap; } Walk;

/* What the pass metrics will see of a formula: operations over sums and numbers of the whole set,
 * a node that comes again as its number. */
static const char *formula_text(Elab *e, const Node *n, Walk *w)
{
	const OpInfo *o = &opinfo[n->op];
	char num[40];
	while (o->kind == MOVE && n->nin == 1) {
		n = n->in[0];
		o = &opinfo[n->op];
	}
	for (int i = 0; i < w->n; i++)
		if (w->seen[i] == n)
			return arena_printf(e->mem, "#%d", i);
	PUSH(e->mem, w->seen, w->n, w->cap, n);
	if (n->op == O_const)
		return arena_printf(e->mem, "%s", number_text(num, n->a.k, false));
	if (o->kind == SET)
		return arena_printf(e->mem, "%s/%d", whole_name((Whole)n->a.whole.what),
		                    n->a.whole.average);
	if (o->kind == LEAF && n->a.leaf.sym)
		return n->a.leaf.sym;
	if (o->kind != MAP && o->kind != COMPOSITE)
		return "sum";
	const char *s = o->name;
	for (int i = 0; i < n->nin; i++)
		s = arena_printf(e->mem, "%s %s", s, formula_text(e, n->in[i], w));
	return arena_printf(e->mem, "(%s)", s);
}

bool same_formula(Elab *e, const Node *a, const Node *b)
{
	Walk wa = { 0 }, wb = { 0 };
	return !strcmp(formula_text(e, a, &wa), formula_text(e, b, &wb));
}

/* ---- which direction is better ----------------------------------------------------------- */

static int other(int direction, double factor)
{
	return factor < 0 ? -direction : direction;
}

/* Of l and r, joined by `+`: the one that has a direction, if they do not contradict. */
static int joined(int l, int r)
{
	return l && r && l != r ? 0 : l ? l : r;
}

static double literal(const Ast *v)
{
	if (v->kind == A_UNARY && !strcmp(v->u.bin.op, "-"))
		return -literal(v->u.bin.l);
	return v->kind == A_INT || v->kind == A_FLOAT ? v->u.lit.num : 0;
}

static const Ast *last_stage(const Ast *v)
{
	while (v->kind == A_PIPE)
		v = v->u.pipe.stage;
	return v;
}

/* A distance: |a - b|, (a - b) ** 2. */
static bool is_distance(const Ast *v)
{
	const Ast *of = 0;
	if (v->kind == A_CALL && v->u.call.arg.n == 1 &&
	    (!strcmp(v->u.call.fn, "abs") || !strcmp(v->u.call.fn, "square")))
		of = v->u.call.arg.v[0];
	if (v->kind == A_BINARY && !strcmp(v->u.bin.op, "**") && literal(v->u.bin.r) == 2)
		of = v->u.bin.l;
	return of && of->kind == A_BINARY && !strcmp(of->u.bin.op, "-");
}

static int direction(Elab *e, const Ast *v, int depth);

static int call_direction(Elab *e, const Ast *v, int depth)
{
	static const char *const rising[] = { "exp", "log", "sqrt", "sum", "mean", "square" };
	const LossRow *row = loss_find(v->u.call.fn);
	if (row)
		return row->larger ? 1 : -1;
	for (size_t i = 0; i < sizeof rising / sizeof *rising; i++)
		if (!strcmp(v->u.call.fn, rising[i]) && v->u.call.arg.n == 1)
			return direction(e, v->u.call.arg.v[0], depth);
	const Def *d = map_get(&e->def, v->u.call.fn);
	return d && d->ast->kind == A_FN && d->ast->u.def.value && !d->prelude
	               ? direction(e, d->ast->u.def.value, depth - 1) : 0;
}

/* 1: larger is better, -1: smaller, 0: not known. depth: of the user's functions. */
static int direction(Elab *e, const Ast *v, int depth)
{
	v = last_stage(v);
	if (depth < 0)
		return 0;
	if (is_distance(v))
		return -1;
	if (v->kind == A_UNARY)
		return strcmp(v->u.bin.op, "-") ? 0 : -direction(e, v->u.bin.l, depth);
	if (v->kind == A_CALL)
		return call_direction(e, v, depth);
	if (v->kind != A_BINARY)
		return 0;
	int l = direction(e, v->u.bin.l, depth), r = direction(e, v->u.bin.r, depth);
	switch (v->u.bin.op[0]) {
	case '+':
		return joined(l, r);
	case '-':
		return joined(l, -r);
	case '*':
		return v->u.bin.op[1] ? l /* ** */
		       : r            ? joined(other(l, literal(v->u.bin.r)),
		                               other(r, literal(v->u.bin.l)))
		                      : other(l, literal(v->u.bin.r));
	case '/':
		return joined(other(l, literal(v->u.bin.r)), other(-r, literal(v->u.bin.l)));
	default:
		return 0;
	}
}

bool larger_is_better(Elab *e, const Ast *v)
{
	return direction(e, v, 8) >= 0;
}
