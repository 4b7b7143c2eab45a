/* spatial.c - convolutions and pooling: windows over the last 1 to 3 dimensions.
 *
 * In:    x [N, C, S..], weight [F, C / groups, K..], stride, padding, dilation.   Out:
 *        contract(window(x), weight), or a reduction over the window.
 * Holds: output extents are floor((S + lo + hi - (K - 1) * dilation - 1) / stride) + 1, as
 *        PyTorch's; "same" puts the odd one right and below.
 */
#include "elab.h"

#include <math.h>
#include <string.h>

typedef struct {
	int n;                         /* spatial dimensions                                  */
	int64_t k[3], stride[3], dil[3], lo[3], hi[3];
} Geometry;

/* An integer for all dimensions or a list of one each; none: 0 is left. */
static bool per_dim(Elab *e, const Value *v, const char *what, int n, int64_t min, int64_t *out)
{
	if (v->kind == V_LIST && v->nitem != n) {
		fail(e, v->at, "E0207", "%s takes %d numbers here, not %d", what, n, v->nitem);
		return false;
	}
	for (int i = 0; i < n; i++) {
		const Value *x = v->kind == V_LIST ? &v->item[i] : v;
		if (!need_int(e, x, what, &out[i]))
			return false;
		if (out[i] < min || out[i] > 1 << 20) {
			fail(e, x->at, "E0302", "%s must be at least %lld, but is %lld", what,
			     (long long)min, (long long)out[i]);
			return false;
		}
	}
	return true;
}

static bool padding_of(Elab *e, const Value *v, Geometry *w)
{
	if (v->kind != V_STRING) {
		if (!per_dim(e, v, "`padding`", w->n, 0, w->lo))
			return false;
		memcpy(w->hi, w->lo, sizeof w->hi);
		return true;
	}
	memset(w->lo, 0, sizeof w->lo);
	memset(w->hi, 0, sizeof w->hi);
	if (!strcmp(v->str, "valid"))
		return true;
	if (strcmp(v->str, "same")) {
		Diag *d = fail(e, v->at, "E0207",
		               "`padding` is an integer, a list, \"same\" or "
		               "\"valid\", not \"%s\"",
		               v->str);
		diag_help(d, "write `padding = \"same\"`");
		return false;
	}
	for (int i = 0; i < w->n; i++) {
		if (w->stride[i] != 1) {
			Diag *d = fail(e, v->at, "E0207",
			               "`padding = \"same\"` needs a stride of 1");
			diag_help(d, "for odd kernels write `padding = (k - 1) / 2`");
			return false;
		}
		int64_t all = (w->k[i] - 1) * w->dil[i];
		w->lo[i] = all / 2;
		w->hi[i] = all - all / 2;
	}
	return true;
}

/* The window's result type over x [.., S..]; false after E0302. */
static bool window_type(Elab *e, Frame *f, const Value *shown, const Geometry *w, const Type *x,
                        Type *t)
{
	int lead = x->rank - w->n;
	*t = *x;
	for (int i = 0; i < w->n; i++) {
		int64_t in = x->dim[lead + i].k, span = (w->k[i] - 1) * w->dil[i] + 1;
		int64_t room = in + w->lo[i] + w->hi[i] - span;
		t->dim[lead + w->n + i] = dim_num((int32_t)w->k[i]);
		t->dim[lead + i] = dim_num((int32_t)(room / w->stride[i] + 1));
		if (room >= 0 && !x->dim[lead + i].b)
			continue;
		static const char *const axis2[] = { "height", "width" };
		Diag *d = fail(e, f->at, "E0302",
		               "the kernel does not fit: output %s would be %lld + "
		               "%lld - %lld + 1 = %lld",
		               w->n == 2 ? axis2[i] : "length", (long long)in,
		               (long long)(w->lo[i] + w->hi[i]), (long long)span,
		               (long long)(room + 1));
		if (w->n == 2)
			diag_label(d, "kernel %lld x %lld on a %d x %d image",
			           (long long)w->k[0], (long long)w->k[1], x->dim[lead].k,
			           x->dim[lead + 1].k);
		else
			diag_label(d, "kernel %lld on a length of %lld", (long long)w->k[i],
			           (long long)in);
		if (shown->made.file >= 0)
			diag_span(d, user_place(e, shown->made), "%s", value_text(e, shown));
		diag_help(d,
		          "use a kernel of at most %lld, padding, or one pooling layer fewer",
		          (long long)(in + w->lo[i] + w->hi[i]));
		return false;
	}
	t->rank = x->rank + w->n;
	return shape_ok(e, t, f->at);
}

static Node *window(Elab *e, Node *x, const Geometry *w, const Type *t, double value)
{
	Attr a;
	memset(&a, 0, sizeof a);
	a.win.n = w->n;
	for (int i = 0; i < w->n; i++) {
		a.win.k[i] = (int32_t)w->k[i];
		a.win.stride[i] = (int32_t)w->stride[i];
		a.win.dil[i] = (int32_t)w->dil[i];
		a.win.pad[i] = (int32_t)w->lo[i];
	}
	a.win.value = value;
	return n_window(e->g, x, &a, t);
}

/* x [N, C, S..] as [N, groups, C / groups, S..]. */
static Node *grouped(Elab *e, Node *x, int at, int groups)
{
	Type t = x->ty;
	for (int i = t.rank; i > at; i--)
		t.dim[i] = t.dim[i - 1];
	t.dim[at] = dim_num(groups);
	t.dim[at + 1].k /= groups;
	t.rank++;
	return n_reshape(e->g, x, &t);
}

/* Sum over channels and window: labels n g f o.. are kept, c k.. are summed. */
static Node *conv_contract(Elab *e, Node *x, Node *w, int n, bool g)
{
	enum { BATCH, GROUP, FILTER, CHANNEL, OUT, KERNEL = OUT + 3 };
	int lx[MAXRANK], lw[MAXRANK], out[MAXRANK], nx = 0, nw = 0, no = 0;
	lx[nx++] = out[no++] = BATCH;
	if (g)
		lx[nx++] = lw[nw++] = out[no++] = GROUP;
	lx[nx++] = CHANNEL;
	lw[nw++] = out[no++] = FILTER;
	lw[nw++] = CHANNEL;
	for (int i = 0; i < n; i++)
		lx[nx++] = out[no++] = OUT + i;
	for (int i = 0; i < n; i++)
		lx[nx++] = lw[nw++] = KERNEL + i;
	return n_contract(e->g, x, w, lx, lw, out, no);
}

/* fn _conv(x, weight, stride, padding, dilation, groups) */
static Value b_conv(Elab *e, Frame *f)
{
	Geometry w;
	int64_t groups;
	Type t;
	const Value *x = need_tensor(e, f, 0), *weight = need_tensor(e, f, 1);
	if (!x || !weight || !need_int(e, formal(f, 5), "`groups`", &groups))
		return v_poison();
	const Type *wt = &weight->n->ty;
	memset(&w, 0, sizeof w);
	w.n = wt->rank - 2;
	for (int i = 0; i < w.n; i++)
		w.k[i] = wt->dim[2 + i].k;
	if (!per_dim(e, formal(f, 2), "`stride`", w.n, 1, w.stride) ||
	    !per_dim(e, formal(f, 4), "`dilation`", w.n, 1, w.dil) ||
	    !padding_of(e, formal(f, 3), &w))
		return v_poison();
	if (groups < 1 || x->n->ty.dim[1].k % groups || wt->dim[0].k % groups) {
		fail(e, f->at, "E0308",
		     "%d channels and %d filters cannot be split into %lld equal groups",
		     x->n->ty.dim[1].k, wt->dim[0].k, (long long)groups);
		return v_poison();
	}
	int extra = groups > 1;
	if (2 + extra + 2 * w.n > MAXRANK)
		return later(e, f->at, "`groups` of a convolution in %d dimensions", w.n);
	Node *xn = value_real(e, x), *wn = value_real(e, weight);
	if (extra) {
		xn = grouped(e, xn, 1, (int)groups);
		wn = grouped(e, wn, 0, (int)groups);
	}
	if (!window_type(e, f, x, &w, &xn->ty, &t))
		return v_poison();
	Node *y = conv_contract(e, window(e, xn, &w, &t, 0), wn, w.n, extra);
	if (extra) {
		Type r = y->ty;
		r.dim[1] = dim_num(wt->dim[0].k);
		for (int i = 2; i < r.rank; i++)
			r.dim[i] = r.dim[i + 1 < r.rank ? i + 1 : i];
		r.dim[--r.rank] = dim_num(0);
		y = n_reshape(e->g, y, &r);
	}
	return v_tensor(e, y, f->at);
}

/* fn _pool(x, n, kernel, stride, padding, how) */
static Value b_pool(Elab *e, Frame *f)
{
	Geometry w;
	int64_t n;
	Sym how;
	Type t;
	const Value *x = need_tensor(e, f, 0), *stride = formal(f, 3);
	if (!x || !need_int(e, formal(f, 1), "`n`", &n) ||
	    !need_string(e, formal(f, 5), "`how`", &how))
		return v_poison();
	memset(&w, 0, sizeof w);
	w.n = (int)n;
	for (int i = 0; i < w.n; i++)
		w.dil[i] = 1;
	if (stride->kind == V_NONE)
		stride = formal(f, 2);
	if (!per_dim(e, formal(f, 2), "`kernel`", w.n, 1, w.k) ||
	    !per_dim(e, stride, "`stride`", w.n, 1, w.stride) ||
	    !per_dim(e, formal(f, 4), "`padding`", w.n, 0, w.lo))
		return v_poison();
	memcpy(w.hi, w.lo, sizeof w.hi);
	for (int i = 0; i < w.n; i++)
		if (2 * w.lo[i] > w.k[i]) {
			fail(e, formal(f, 4)->at, "E0302",
			     "the padding of a pool is at most half its kernel");
			return v_poison();
		}
	Node *xn = value_real(e, x);
	if (!window_type(e, f, x, &w, &xn->ty, &t))
		return v_poison();
	bool max = !strcmp(how, "max");
	Node *y = window(e, xn, &w, &t, max ? -HUGE_VAL : 0);
	uint32_t axes = 0;
	for (int i = 0; i < w.n; i++)
		axes |= 1u << (t.rank - 1 - i);
	Node *r = n_reduce(e->g, max ? O_rmax : O_sum, y, axes);
	if (!max)
		r = n_op2(e->g, O_div, r, extent_number(e, &t, axes, 0));
	Value v = v_tensor(e, drop_axes(e, r, axes), f->at);
	v.mark = max ? x->mark : MARK_NONE;
	return v;
}

/* fn _sizes(v, n, what): an integer or a list as a list of n. */
static Value b_sizes(Elab *e, Frame *f)
{
	int64_t n, out[3];
	Sym what;
	const Value *v = formal(f, 0);
	if (!need_int(e, formal(f, 1), "`n`", &n) ||
	    !need_string(e, formal(f, 2), "`what`", &what) ||
	    !per_dim(e, v, arena_printf(e->mem, "`%s`", what), (int)n, 1, out))
		return v_poison();
	Value l = v_list(e, (int)n, v->at);
	for (int i = 0; i < n; i++)
		l.item[i] = v_int(out[i], v->at);
	return l;
}

const BuiltinRow spatial_rows[] = {
	{ "conv", b_conv }, { "pool", b_pool }, { "sizes", b_sizes }, { 0, 0 },
};
