/* reduce.c - sums, means, extremes, spreads over dimensions.
 *
 * In:    x, dim (an integer, a list or none: all), keepdim.   Out: the reduced value.
 * Holds: reductions of the graph keep the rank; dropping the dimensions is a reshape.  What
 *        is reduced over the batch has no batch any more.
 */
#include "elab.h"

#include <string.h>

Node *drop_axes(Elab *e, Node *x, uint32_t axes)
{
	Type t = type_make(x->ty.dt, 0, 0);
	if (!axes)
		return x;
	for (int i = 0; i < x->ty.rank; i++)
		if (!(axes >> i & 1))
			t.dim[t.rank++] = x->ty.dim[i];
	return n_reshape(e->g, x, &t);
}

bool need_axis(Elab *e, const Value *v, int rank, const char *what, int *axis)
{
	int64_t i;
	if (!need_int(e, v, what, &i))
		return false;
	if (i < -rank || i >= rank) {
		Diag *d = fail(e, v->at, "E0311",
		               "%s is %lld, but this tensor has %d dimension%s", what,
		               (long long)i, rank, rank == 1 ? "" : "s");
		if (rank)
			diag_help(d, "use %d to %d; negative numbers count from the end", -rank,
			          rank - 1);
		return false;
	}
	*axis = (int)(i < 0 ? i + rank : i);
	return true;
}

bool need_axes(Elab *e, const Value *v, int rank, uint32_t *axes)
{
	int k;
	*axes = 0;
	if (v->kind == V_NONE) {
		*axes = (1u << rank) - 1;
		return true;
	}
	if (v->kind != V_LIST) {
		if (!need_axis(e, v, rank, "`dim`", &k))
			return false;
		*axes = 1u << k;
		return true;
	}
	for (int i = 0; i < v->nitem; i++) {
		if (!need_axis(e, &v->item[i], rank, "`dim`", &k))
			return false;
		*axes |= 1u << k;
	}
	return true;
}

bool list_tensor(Elab *e, Value *v)
{
	Type one = type_make(DT_REAL, 1, (Dim[]){ dim_num(1) });
	bool numbers = v->nitem > 0 && v->nitem <= 65536;
	for (int k = 0; k < v->nitem && numbers; k++)
		numbers = v->item[k].kind == V_NUMBER;
	if (!numbers)
		return false;
	Node **part = NEWN(e->mem, Node *, v->nitem);
	for (int k = 0; k < v->nitem; k++)
		part[k] = n_reshape(e->g, value_real(e, &v->item[k]), &one);
	*v = v_tensor(e, n_concat(e->g, part, v->nitem, 0), v->at);
	return true;
}

const Value *need_tensor(Elab *e, Frame *f, int i)
{
	Value *v = &f->formal[i];
	if (v->kind == V_NUMBER || (v->kind == V_BOOL && !v->mode)) {
		Value t = v_tensor(e, value_real(e, v), v->at);
		*v = t;
	}
	if (v->kind == V_TENSOR)
		return v;
	if (v->kind == V_LIST && list_tensor(e, v))
		return v;
	if (v->kind != V_POISON)
		fail(e, v->at, "E0310", "`%s` needs a tensor for `%s`, but this is %s",
		     public_frame(f)->def->name, f->def->ast->u.def.formal.v[i]->u.decl.name,
		     value_text(e, v));
	return 0;
}

Node *extent_number(Elab *e, const Type *t, uint32_t axes, double minus)
{
	double k = 1;
	bool batch = false;
	for (int i = 0; i < t->rank; i++) {
		if (!(axes >> i & 1))
			continue;
		k *= t->dim[i].k;
		batch |= t->dim[i].b != 0;
	}
	if (e->in_update) { /* the elements of the tensor at hand */
		Type s = type_scalar(DT_REAL);
		Node *len = n_leaf(e->g, O_arg, job_sym(e->j, "len"), 3, &s);
		return minus != 0 ? n_op2(e->g, O_sub, len, n_const(e->g, minus)) : len;
	}
	if (!batch)
		return n_const(e->g, k - minus);
	Value n = v_dim(dim_batch(1), NOWHERE);
	Node *c = value_node(e, &n);
	if (k != 1)
		c = n_op2(e->g, O_mul, c, n_const(e->g, k));
	if (minus != 0)
		c = n_op2(e->g, O_sub, c, n_const(e->g, minus));
	return c;
}

/* ---- with the rank kept ------------------------------------------------------------------ */

static Node *mean_kept(Elab *e, Node *x, uint32_t axes)
{
	Node *s = n_reduce(e->g, O_sum, x, axes);
	return n_op2(e->g, O_div, s, extent_number(e, &x->ty, axes, 0));
}

static Node *var_kept(Elab *e, Node *x, uint32_t axes, bool unbiased)
{
	Node *d = n_op2(e->g, O_sub, x, mean_kept(e, x, axes));
	Node *s = n_reduce(e->g, O_sum, n_op2(e->g, O_mul, d, d), axes);
	if (unbiased && e->training && !e->silent) {
		double k = 1;
		int batches = 0;
		for (int i = 0; i < x->ty.rank; i++)
			if (axes >> i & 1) {
				k *= x->ty.dim[i].k;
				batches += x->ty.dim[i].b;
			}
		/* one row has no spread */
		if (batches && k == 1)
			e->m->stat_rows = true;
	}
	return n_op2(e->g, O_div, s, extent_number(e, &x->ty, axes, unbiased ? 1 : 0));
}

static bool named(const char *how, const char *name)
{
	return !strcmp(how, name);
}

/* how: the words of `reduce`; 0 for an unknown one. */
Node *reduce_kept(Elab *e, const char *how, Node *x, uint32_t axes)
{
	if (named(how, "sum"))
		return n_reduce(e->g, O_sum, x, axes);
	if (named(how, "mean"))
		return mean_kept(e, x, axes);
	if (named(how, "max"))
		return n_reduce(e->g, O_rmax, x, axes);
	if (named(how, "min"))
		return n_reduce(e->g, O_rmin, x, axes);
	if (named(how, "var"))
		return var_kept(e, x, axes, false);
	if (named(how, "unbiased_var"))
		return var_kept(e, x, axes, true);
	if (named(how, "prod"))
		return n_reduce(e->g, O_rprod, x, axes);
	if (named(how, "argmax"))
		return n_reduce(e->g, O_argmax, x, axes);
	if (named(how, "argmin"))
		return n_reduce(e->g, O_argmin, x, axes);
	return 0;
}

/* ---- functions --------------------------------------------------------------------------- */

static bool keepdim_ok(Elab *e, const Value *x, uint32_t axes, const Value *keep, Sym name,
                       bool *k)
{
	if (!need_bool(e, keep, "`keepdim`", k))
		return false;
	for (int i = 0; i < x->n->ty.rank && *k; i++) {
		if (!(axes >> i & 1) || !x->n->ty.dim[i].b)
			continue;
		Diag *d =
			fail(e, keep->at, "E0301", "`keepdim` over the batch is not possible");
		diag_help(d,
		          "leave keepdim out: %s(x, dim = %d) has no batch dimension and is "
		          "shared "
		          "by all samples",
		          name, i);
		return false;
	}
	return true;
}

/* fn f(x, dim, keepdim): the words of reduce. */
static Value reduction(Elab *e, Frame *f, const char *how, int dim, int keep)
{
	uint32_t axes;
	bool k;
	const Value *x = need_tensor(e, f, 0);
	if (!x || !need_axes(e, formal(f, dim), x->n->ty.rank, &axes) ||
	    !keepdim_ok(e, x, axes, formal(f, keep), f->def->name, &k))
		return v_poison();
	if (x->n->ty.dt == DT_I32 && x->n->ty.classes && !in_prelude(e, f->at)) {
		Diag *d =
			fail(e, f->at, "E0310", "`%s` does not work on classes", f->def->name);
		show_value(e, d, x);
		diag_help(d, "write `one_hot(x)` for a tensor of 0 and 1");
		return v_poison();
	}
	Node *n = value_node(e, x);
	if (n->ty.dt != DT_I32 || strcmp(how, "sum"))
		n = real_of(e, n);
	Node *r = reduce_kept(e, how, n, axes);
	return v_tensor(e, k ? r : drop_axes(e, r, axes), f->at);
}

static Value b_sum(Elab *e, Frame *f)
{
	return reduction(e, f, "sum", 1, 2);
}

static Value b_prod(Elab *e, Frame *f)
{
	return reduction(e, f, "prod", 1, 2);
}

static Value b_mean(Elab *e, Frame *f)
{
	return reduction(e, f, "mean", 1, 2);
}

static Value b_argmax(Elab *e, Frame *f)
{
	return reduction(e, f, "argmax", 1, 2);
}

static Value b_argmin(Elab *e, Frame *f)
{
	return reduction(e, f, "argmin", 1, 2);
}

static Value b_var(Elab *e, Frame *f)
{
	bool unbiased;
	if (!need_bool(e, formal(f, 2), "`unbiased`", &unbiased))
		return v_poison();
	return reduction(e, f, unbiased ? "unbiased_var" : "var", 1, 3);
}

/* max(x, y) element by element, max(x, dim = 1) over a dimension. */
static Value extreme(Elab *e, Frame *f, Op op, const char *how)
{
	const Value *x = formal(f, 0), *y = formal(f, 1);
	Node *a, *b;
	if (y->kind == V_NONE)
		return reduction(e, f, how, 2, 3);
	if (formal(f, 2)->kind != V_NONE) {
		Diag *d = fail(e, f->at, "E0207",
		               "`%s` takes a second operand or `dim`, not both", f->def->name);
		diag_help(d, "write `%s(x, dim = 1)` or `%s(a, b)`", f->def->name,
		          f->def->name);
		return v_poison();
	}
	if (x->kind == V_NUMBER && y->kind == V_NUMBER)
		return number_op(e, op, x, y, f->at);
	x = need_tensor(e, f, 0);
	if (!x || !need_tensor(e, f, 1))
		return v_poison();
	for (int i = 0; i < 2; i++)
		if (formal(f, i)->kind == V_TENSOR && !e->in_data && formal(f, i)->n->ty.classes) {
			Diag *d = fail(e, f->at, "E0310", "`%s` does not work on classes",
			               f->def->name);
			show_value(e, d, formal(f, i));
			return v_poison();
		}
	const char *what = arena_printf(e->mem, "`%s`", f->def->name);
	if (!broadcast(e, x, formal(f, 1), &a, &b, what, f->at))
		return v_poison();
	return v_tensor(e, n_op2(e->g, op, real_of(e, a), real_of(e, b)), f->at);
}

static Value b_max(Elab *e, Frame *f)
{
	return extreme(e, f, O_max, "max");
}

static Value b_min(Elab *e, Frame *f)
{
	return extreme(e, f, O_min, "min");
}

/* softmax and log_softmax: composites over one dimension. */
static Value along_dim(Elab *e, Frame *f, Op op, Mark mark)
{
	int axis;
	Attr a;
	const Value *x = need_tensor(e, f, 0);
	if (!x || !need_axis(e, formal(f, 1), x->n->ty.rank, "`dim`", &axis))
		return v_poison();
	memset(&a, 0, sizeof a);
	a.red.axes = 1u << axis;
	Node *n = value_real(e, x);
	Value v = v_tensor(e, node(e->g, op, &a, &n, 1, 0), f->at);
	v.mark = mark;
	return v;
}

static Value b_softmax(Elab *e, Frame *f)
{
	return along_dim(e, f, O_softmax, MARK_PROB);
}

static Value b_log_softmax(Elab *e, Frame *f)
{
	return along_dim(e, f, O_log_softmax, MARK_LOGPROB);
}

const BuiltinRow reduce_rows[] = {
	{ "prod", b_prod },
	{ "sum", b_sum }, { "mean", b_mean }, { "argmax", b_argmax }, { "argmin", b_argmin },
	{ "var", b_var }, { "max", b_max }, { "min", b_min }, { "softmax", b_softmax },
	{ "log_softmax", b_log_softmax }, { 0, 0 },
};
