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

/* Message 11: the kernel is larger than spatial dimension i of x. */
static void does_not_fit(Elab *e, Frame *f, const Value *shown, const Geometry *w,
                         const Type *x, int i)
{
	static const char *const axis[3][3] = { { "length" }, { "height", "width" },
		                                { "depth", "height", "width" } };
	int lead = x->rank - w->n;
	long long in = x->dim[lead + i].k, span = (w->k[i] - 1) * w->dil[i] + 1;
	long long pad = w->lo[i] + w->hi[i], stride = w->stride[i];
	long long room = in + pad - span;
	long long size = (room >= 0 ? room : room - stride + 1) / stride + 1;
	const char *sum = arena_printf(e->mem, w->lo[i] == w->hi[i] ? "%lld + 2*%lld - %lld"
	                                                            : "%lld + %lld - %lld",
	                               in, w->lo[i] == w->hi[i] ? pad / 2 : pad, span);
	if (stride > 1)
		sum = arena_printf(e->mem, "(%s) / %lld", sum, stride);
	Diag *d = fail(e, f->at, "E0302",
	               "the kernel does not fit: output %s would be %s + 1 = %lld",
	               axis[w->n - 1][i], sum, size);
	const char *kernel = "", *image = "";
	for (int k = 0; k < w->n; k++) {
		const char *by = k ? " x " : "";
		kernel = arena_printf(e->mem, "%s%s%lld", kernel, by, (long long)w->k[k]);
		image = arena_printf(e->mem, "%s%s%d", image, by, x->dim[lead + k].k);
	}
	bool spread = w->dil[i] > 1;
	diag_label(d, w->n == 1 ? "kernel %s%s on a sequence of %s" : "kernel %s%s on a %s %s",
	           kernel, spread ? ", dilated," : "", image,
	           w->n == 2 ? "image" : "volume");
	show_chain(e, d, shown, user_place(e, f->at));
	bool pool = strstr(public_frame(f)->def->name, "pool") != 0;
	long long most = (in + pad - 1) / w->dil[i] + 1;
	const char *fewer = chain_has(shown, "pool") ? ", or one pooling layer fewer" : "";
	const char *same = pool || stride > 1 ? "`padding`" : "`padding = \"same\"`";
	if (pool && *fewer)
		diag_help(d, "use a kernel of at most %lld%s", most, fewer);
	else if (pool)
		diag_help(d, "use a kernel of at most %lld", most);
	else
		diag_help(d, "use %s%s a kernel of at most %lld%s", same, *fewer ? "," : " or",
		          most, fewer);
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
		does_not_fit(e, f, shown, w, x, i);
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
	t.dim[at + 1] = dim_with(t.dim[at + 1], t.dim[at + 1].k / groups);
	t.rank++;
	return n_reshape(e->g, x, &t);
}

/* Sum over channels and window: labels n g f o.. are kept, c k.. are summed; n dimensions of
 * the result, nk of the window. */
static Node *conv_contract(Elab *e, Node *x, Node *w, int n, int nk, bool g)
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
	for (int i = 0; i < nk; i++)
		lx[nx++] = lw[nw++] = KERNEL + i;
	return n_contract(e->g, x, w, lx, lw, out, no);
}

/* y [N, groups, F / groups, O..] as [N, F, O..]. */
static Node *ungrouped(Elab *e, Node *y)
{
	Type r = type_make(DT_REAL, 1, y->ty.dim);
	r.dim[r.rank++] = dim_num(y->ty.dim[1].k * y->ty.dim[2].k);
	for (int i = 3; i < y->ty.rank; i++)
		r.dim[r.rank++] = y->ty.dim[i];
	return n_reshape(e->g, y, &r);
}

/* The geometry of spatial dimensions i .. i + n - 1 alone. */
static Geometry part_of(const Geometry *w, int i, int n)
{
	Geometry p;
	memset(&p, 0, sizeof p);
	p.n = n;
	for (int k = 0; k < n; k++) {
		p.k[k] = w->k[i + k];
		p.stride[k] = w->stride[i + k];
		p.dil[k] = w->dil[i + k];
		p.lo[k] = w->lo[i + k];
		p.hi[k] = w->hi[i + k];
	}
	return p;
}

/* [a, b, C, k, ...] -> [a, b, C * k, ...] */
static Node *depth_into_channels(Elab *e, Node *x)
{
	Type t = x->ty;
	t.rank--;
	t.dim[2].k *= t.dim[3].k;
	for (int i = 3; i < t.rank; i++)
		t.dim[i] = t.dim[i + 1];
	t.dim[t.rank] = (Dim){ 0, 0 };
	return n_reshape(e->g, x, &t);
}

/* Groups in three dimensions would need a rank of 9.  The window of the depth is taken first
 * and its elements become channels: x [N, G, C, D, H, W], weight [G, F, C, kd, kh, kw].  0
 * after a message. */
static Node *grouped_volumes(Elab *e, Frame *f, const Value *shown, const Geometry *w, Node *x,
                             Node *weight)
{
	static const int back[] = { 0, 1, 2, 4, 5, 3 }, front[] = { 0, 1, 2, 6, 5, 3, 4 };
	Geometry depth = part_of(w, 0, 1), plane = part_of(w, 1, 2);
	Type t;
	x = n_permute(e->g, x, back);                  /* N G C H W D                         */
	if (!window_type(e, f, shown, &depth, &x->ty, &t))
		return 0;
	x = n_permute(e->g, window(e, x, &depth, &t, 0), front);       /* N G C kd D' H W     */
	x = depth_into_channels(e, x);
	if (!window_type(e, f, shown, &plane, &x->ty, &t))
		return 0;
	weight = depth_into_channels(e, weight);
	return ungrouped(e, conv_contract(e, window(e, x, &plane, &t, 0), weight, 3, 2, true));
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
	Node *xn = value_real(e, x), *wn = value_real(e, weight);
	if (extra) {
		xn = grouped(e, xn, 1, (int)groups);
		wn = grouped(e, wn, 0, (int)groups);
	}
	if (2 + extra + 2 * w.n > MAXRANK) {
		Node *y = grouped_volumes(e, f, x, &w, xn, wn);
		return y ? v_tensor(e, y, f->at) : v_poison();
	}
	if (!window_type(e, f, x, &w, &xn->ty, &t))
		return v_poison();
	Node *y = conv_contract(e, window(e, xn, &w, &t, 0), wn, w.n, w.n, extra);
	return v_tensor(e, extra ? ungrouped(e, y) : y, f->at);
}

/* x [N, C, H..] with stride - 1 zeros between its elements. */
static Node *spread(Elab *e, Node *x, const Geometry *w)
{
	Attr a;
	Type from = x->ty, t;
	int lead = from.rank - w->n;
	memset(&a, 0, sizeof a);
	a.win.n = w->n;
	for (int i = 0; i < w->n; i++) {
		a.win.k[i] = a.win.dil[i] = 1;
		a.win.stride[i] = (int32_t)w->stride[i];
		from.dim[from.rank++] = dim_num(1);
	}
	t = from;
	for (int i = 0; i < w->n; i++)
		t.dim[lead + i] =
			dim_with(t.dim[lead + i], (t.dim[lead + i].k - 1) * a.win.stride[i] + 1);
	Node *y = n_unwindow(e->g, n_reshape(e->g, x, &from), &a, &t);
	return drop_axes(e, y, ((1u << w->n) - 1) << (lead + w->n));
}

/* weight [C, F / groups, K..] as [groups,] F / groups, C / groups, K.., turned round. */
static Node *turned(Elab *e, Node *weight, int groups, int n)
{
	int p[MAXRANK], extra = groups > 1;
	Node *x = extra ? grouped(e, weight, 0, groups) : weight;
	for (int i = 0; i < x->ty.rank; i++)
		p[i] = i;
	p[extra] = extra + 1;
	p[extra + 1] = extra;
	x = n_permute(e->g, x, p);
	for (int i = 0; i < n; i++)
		x = n_flip(e->g, x, x->ty.rank - 1 - i);
	return x;
}

/* fn _unconv(x, weight, stride, padding, output_padding, dilation, groups): a convolution with
 * the turned kernel over x with zeros between its elements. */
static Value b_unconv(Elab *e, Frame *f)
{
	Geometry w;
	int64_t groups, more[3];
	Type t;
	const Value *x = need_tensor(e, f, 0), *weight = need_tensor(e, f, 1);
	memset(&w, 0, sizeof w);
	if (!x || !weight || !need_int(e, formal(f, 6), "`groups`", &groups))
		return v_poison();
	const Type *wt = &weight->n->ty;
	w.n = wt->rank - 2;
	for (int i = 0; i < w.n; i++)
		w.k[i] = wt->dim[2 + i].k;
	if (!per_dim(e, formal(f, 2), "`stride`", w.n, 1, w.stride) ||
	    !per_dim(e, formal(f, 3), "`padding`", w.n, 0, w.lo) ||
	    !per_dim(e, formal(f, 4), "`output_padding`", w.n, 0, more) ||
	    !per_dim(e, formal(f, 5), "`dilation`", w.n, 1, w.dil))
		return v_poison();
	if (groups < 1 || wt->dim[0].k % groups) {
		fail(e, f->at, "E0308", "%d channels cannot be split into %lld equal groups",
		     wt->dim[0].k, (long long)groups);
		return v_poison();
	}
	bool apart = false;
	for (int i = 0; i < w.n; i++) {
		if (more[i] >= w.stride[i] && more[i] >= w.dil[i]) {
			fail(e, formal(f, 4)->at, "E0302",
			     "`output_padding` must be less than the stride or the dilation");
			return v_poison();
		}
		apart |= w.stride[i] > 1;
	}
	Node *xn = value_real(e, x), *wn = turned(e, value_real(e, weight), (int)groups, w.n);
	if (apart)
		xn = spread(e, xn, &w);
	for (int i = 0; i < w.n; i++) {
		w.lo[i] = w.dil[i] * (w.k[i] - 1) - w.lo[i];
		w.hi[i] = w.lo[i] + more[i];
		w.stride[i] = 1;
	}
	if (groups > 1)
		xn = grouped(e, xn, 1, (int)groups);
	if (!window_type(e, f, x, &w, &xn->ty, &t))
		return v_poison();
	Node *y = conv_contract(e, window(e, xn, &w, &t, 0), wn, w.n, w.n, groups > 1);
	return v_tensor(e, groups > 1 ? ungrouped(e, y) : y, f->at);
}

/* ceil_mode: the last window may begin before the end and reach beyond it. */
static void round_up(Geometry *w, const Type *x)
{
	for (int i = 0; i < w->n; i++) {
		int64_t in = x->dim[x->rank - w->n + i].k, s = w->stride[i];
		int64_t room = in + w->lo[i] + w->hi[i] - w->k[i];
		int64_t out = (room + s - 1) / s + 1;
		if (room >= 0 && (out - 1) * s < in + w->lo[i])
			w->hi[i] += (out - 1) * s - room;
	}
}

/* How many elements of x, with its padding if include, each window has; shape: that of the
 * windows summed up, their dimensions kept. */
static Node *window_size(Elab *e, const Geometry *w, const Type *shape, const Type *x,
                         bool include)
{
	Graph *g = e->g;
	Node *all = 0;
	for (int i = 0; i < w->n; i++) {
		int axis = shape->rank - 2 * w->n + i;
		double pad = include ? (double)w->lo[i] : 0;
		Type t = type_make(DT_I32, shape->rank, shape->dim);
		for (int k = 0; k < t.rank; k++)
			if (k != axis)
				t.dim[k] = dim_num(1);
		Node *lo = n_op2(g, O_mul, real_of(e, n_iota(g, &t, axis)),
		                 n_const(g, (double)w->stride[i]));
		lo = n_op2(g, O_sub, lo, n_const(g, (double)w->lo[i]));
		Node *hi = n_op2(g, O_min, n_op2(g, O_add, lo, n_const(g, (double)w->k[i])),
		                 n_const(g, x->dim[x->rank - w->n + i].k + pad));
		Node *n = n_op2(g, O_sub, hi, n_op2(g, O_max, lo, n_const(g, -pad)));
		all = all ? n_op2(g, O_mul, all, n) : n;
	}
	return all;
}

/* fn _pool(x, n, kernel, stride, padding, how, ceil_mode, count_include_pad) */
static Value b_pool(Elab *e, Frame *f)
{
	Geometry w;
	int64_t n;
	Sym how;
	Type t;
	bool ceil_mode, include;
	const Value *x = need_tensor(e, f, 0), *stride = formal(f, 3);
	if (!x || !need_int(e, formal(f, 1), "`n`", &n) ||
	    !need_string(e, formal(f, 5), "`how`", &how) ||
	    !need_bool(e, formal(f, 6), "`ceil_mode`", &ceil_mode) ||
	    !need_bool(e, formal(f, 7), "`count_include_pad`", &include))
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
	if (ceil_mode)
		round_up(&w, &xn->ty);
	if (!window_type(e, f, x, &w, &xn->ty, &t))
		return v_poison();
	bool max = !strcmp(how, "max"), counted = ceil_mode || !include;
	Node *y = window(e, xn, &w, &t, max ? -HUGE_VAL : 0);
	uint32_t axes = 0;
	for (int i = 0; i < w.n; i++)
		axes |= 1u << (t.rank - 1 - i);
	Node *r = n_reduce(e->g, max ? O_rmax : O_sum, y, axes);
	if (!max)
		r = n_op2(e->g, O_div, r, counted ? window_size(e, &w, &r->ty, &xn->ty, include)
		                                  : extent_number(e, &t, axes, 0));
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
	{ "conv", b_conv }, { "unconv", b_unconv }, { "pool", b_pool }, { "sizes", b_sizes }, { 0, 0 },
};
