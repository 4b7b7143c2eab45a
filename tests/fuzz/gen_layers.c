/* gen_layers.c - layers that own parameters and layers of windows, with all their options. */
#include "gen.h"

const char *initialiser(Gen *g, int rank)
{
	const char *s = ONE_OF(g, "normal(0, 0.4)", "normal(mean = 0.1, std = 0.3)", "uniform(-0.5, 0.5)", "uniform(a = 0, b = 0.7)",
	              "trunc_normal()", "trunc_normal(0, 0.5, a = -1, b = 1)", "kaiming_uniform()", "kaiming_normal()",
	              "xavier_uniform()", "xavier_normal()", "lecun_normal()", "orthogonal()", "orthogonal(gain = 0.5)",
	              "zeros()", "ones()", "constant(0.25)", "constant(v = -0.5)", "he()", "trunc_normal(mean = 0, std = 0.2)");
	return rank < 2 && !strncmp(s, "orthogonal", 10) ? "normal(1, 0.2)" : s;
}

const char *extras(Gen *g)
{
	if (chance(g, 65))
		return "";
	return ONE_OF(g, ", init = normal(0, 0.1)", ", bias_init = zeros()", ", init = he(), bias_init = constant(0.1)",
	              ", regularize = l2(1e-3)", ", regularize = none", ", lr_scale = 0.5", ", trainable = false",
	              ", init = xavier_uniform(), lr_scale = 2, regularize = l1(1e-4)", ", init = orthogonal()",
	              ", regularize = elastic(l1 = 1e-4, l2 = 1e-3)", ", regularize = smooth(1e-3)", ", init = uniform(-0.3, 0.3)");
}

/* ---- over the last dimension ------------------------------------------------------------------ */

static void embedded(Gen *g)
{
	int k = 1 + (int)below(g, 4);
	char f[FORM] = "";
	switch (below(g, 4)) {
	case 0: put(f, "embedding(c, 5, %d%s)", k, extras(g)); break;
	case 1: put(f, "c |> embedding(rows = 5, dim = %d)", k); break;
	case 2: put(f, "c |> emb#x: embedding(5, %d)", k); break;
	default:
		put(f, "one_hot(c) * 0.5");
		k = 5;
	}
	make(g, f, "", "", (Shape){ 2, { 3, k } });
}

/* A matrix that is used twice, as weight and transposed. */
static void tied(Gen *g)
{
	int n = g->count++, k = 2 + (int)below(g, 3);
	char f[FORM] = "";
	line(g, "layer t%dx = embedding(5, %d, init = normal(0.0, 0.5))", n, k);
	put(f, "(t%dx(c) * 0.7) @ transpose(t%dx.weight)", n, n);
	make(g, f, "", "", (Shape){ 2, { 3, 5 } });
}

static void matrix(Gen *g, const Val *x)
{
	Shape s = x->s;
	int c = s.d[s.rank - 1], k = 1 + (int)below(g, 6), n = g->count;
	char f[FORM] = "";
	switch (below(g, 5)) {
	case 0:
		line(g, "param w%dx: f32[%d, %d] = %s", n, c, k, initialiser(g, 2));
		put(f, "$ @ w%dx", n);
		s.d[s.rank - 1] = k;
		break;
	case 1:
		line(g, "param w%dx: f32[%d] = %s", n, c, ONE_OF(g, "normal(1, 0.2)", "zeros()", "ones()", "constant(0.3)"));
		put(f, "$ * w%dx + k2", n);
		break;
	case 2:
		line(g, "param w%dx: f32 = constant(1.5)", n);
		put(f, "tanh($) * w%dx", n);
		break;
	case 3:
		line(g, "param w%dx: f32[%d]", n, c);   /* zeros */
		put(f, "$ + w%dx", n);
		break;
	default:
		line(g, "param w%dx: f32[%d] = %s", n, c, "uniform(-0.5, 0.5)");
		if (s.rank < 2)
			put(f, "unsqueeze(tanh($) @ w%dx, -1)", n);
		else
			put(f, "tanh($) @ w%dx", n);
		s.d[s.rank - 1] = 1;
		if (s.rank > 1)
			s.rank--;
	}
	make(g, f, x->name, "", s);
}

void layer_rows(Gen *g)
{
	Val *x = any(g);
	Shape s = x->s;
	int k = 1 + (int)below(g, 6);
	char f[FORM] = "", a[FORM] = "";
	switch (below(g, g->in_scan ? 3 : 9)) {
	case 0: case 1:
		put(a, "%s%d%s%s", chance(g, 20) ? "units = " : "", k,
		    chance(g, 25) ? chance(g, 50) ? ", false" : ", bias = false" : chance(g, 20) ? ", bias = true" : "", extras(g));
		if (strstr(a, "units") && strstr(a, ", false"))
			snprintf(a, sizeof a, "units = %d", k);
		call(g, f, "dense", a);
		s.d[s.rank - 1] = k;
		break;
	case 2: call(g, f, "layer_norm", ONE_OF(g, "", "", "eps = 1e-3")); break;
	case 3: call(g, f, "rms_norm", ONE_OF(g, "", "eps = 1e-3", "1e-4, regularize = none")); break;
	case 4: case 5:
		if (!g->in_branch)
			matrix(g, x);
		return;
	case 6:
		if (g->in_block)
			put(f, "dense($, %d) |> tanh", s.d[s.rank - 1]);
		else
			put(f, chance(g, 50) ? "$ + residual($)" : "$ + ($ |> residual)");
		break;
	case 7:
		if (g->in_block)
			return;
		if (chance(g, 50))
			embedded(g);
		else if (!g->in_branch)
			tied(g);
		return;
	default:
		if (g->in_block)
			return;
		put(a, "%d%s%s", k, ONE_OF(g, "", ", 3", ", rank = 1", ", start = orthogonal()"), ONE_OF(g, "", "", ", lr_scale = 0.1"));
		call(g, f, "low_rank", a);
		s.d[s.rank - 1] = k;
	}
	make(g, f, x->name, "", s);
}

/* ---- windows ------------------------------------------------------------------------------------ */

/* One dimension of a window and what comes out of n positions; 0 if nothing does. */
typedef struct { int k, st, p, d; } Win;

static int out_of(int n, Win w)
{
	int reach = w.d * (w.k - 1) + 1;
	return n + 2 * w.p < reach ? 0 : (n + 2 * w.p - reach) / w.st + 1;
}

/* A window that fits the last m dimensions of x; the same in all of them. */
static Win window_for(Gen *g, const Shape *s, int m)
{
	for (int i = 0; i < 20; i++) {
		Win w = { 1 + (int)below(g, 3), 1 + (int)below(g, 2), (int)below(g, 2), chance(g, 15) ? 2 : 1 };
		bool ok = true;
		for (int k = s->rank - m; k < s->rank; k++)
			ok &= out_of(s->d[k], w) > 0;
		if (ok)
			return w;
	}
	return (Win){ 1, 1, 0, 1 };
}

static void number_or_list(Gen *g, char *a, const char *name, int v, int m, int standard)
{
	if (v == standard && chance(g, 75))
		return;
	put(a, ", %s = ", name);
	if (m > 1 && chance(g, 25))
		put(a, m == 2 ? "[%d, %d]" : "[%d, %d, %d]", v, v, v);
	else
		put(a, "%d", v);
}

static void conv(Gen *g, const Val *x, int m)
{
	Shape s = x->s;
	char f[FORM] = "", a[FORM] = "", name[16];
	int c = s.d[0], groups = c % 2 == 0 && chance(g, 30) ? 2 : c > 1 && chance(g, 10) ? c : 1, filters =
		groups * (1 + (int)below(g, groups > 1 ? 2 : 4));
	Win w = window_for(g, &s, m);
	bool same_size = chance(g, 15);
	if (same_size)
		w.st = 1;
	snprintf(name, sizeof name, "conv%dd", m);
	put(a, chance(g, 15) ? "filters = %d, kernel = " : "%d, ", filters);
	put(a, m > 1 && chance(g, 15) ? m == 2 ? "[%d, %d]" : "[%d, %d, %d]" : "%d", w.k, w.k, w.k);
	number_or_list(g, a, "stride", w.st, m, 1);
	if (same_size)
		put(a, ", padding = \"same\"");
	else if (!w.p && chance(g, 20))
		put(a, ", padding = \"valid\"");
	else
		number_or_list(g, a, "padding", w.p, m, 0);
	number_or_list(g, a, "dilation", w.d, m, 1);
	number_or_list(g, a, "groups", groups, 1, 1);
	put(a, "%s%s", chance(g, 25) ? ", bias = false" : "", extras(g));
	for (int i = 0; i < m && !same_size; i++)
		s.d[i + 1] = out_of(s.d[i + 1], w);
	s.d[0] = filters;
	if (elements(&s) > MOST)
		return;
	call(g, f, name, a);
	make(g, f, x->name, "", s);
}

static void depthwise(Gen *g, const Val *x)
{
	Shape s = x->s;
	char f[FORM] = "", a[FORM] = "";
	Win w = window_for(g, &s, 2);
	int many = chance(g, 30) ? 2 : 1;
	put(a, chance(g, 20) ? "kernel = %d" : "%d", w.k);
	number_or_list(g, a, "stride", w.st, 2, 1);
	number_or_list(g, a, "padding", w.p, 2, 0);
	number_or_list(g, a, "dilation", w.d, 2, 1);
	number_or_list(g, a, "multiplier", many, 1, 1);
	put(a, "%s%s", chance(g, 25) ? ", bias = false" : "", extras(g));
	s.d[0] *= many;
	s.d[1] = out_of(s.d[1], w);
	s.d[2] = out_of(s.d[2], w);
	if (elements(&s) > MOST)
		return;
	call(g, f, "depthwise_conv2d", a);
	make(g, f, x->name, "", s);
}

static void transposed_conv(Gen *g, const Val *x)
{
	Shape s = x->s;
	char f[FORM] = "", a[FORM] = "";
	int c = s.d[0], groups = c % 2 == 0 && chance(g, 30) ? 2 : 1, filters = groups * (1 + (int)below(g, 2));
	int k = 1 + (int)below(g, 3), st = 1 + (int)below(g, 2), d = chance(g, 20) ? 2 : 1, p = (int)below(g, 2),
	    more = st > 1 ? (int)below(g, 2) : 0;
	for (int i = 1; i < 3; i++) {
		s.d[i] = (s.d[i] - 1) * st - 2 * p + d * (k - 1) + more + 1;
		if (s.d[i] < 1)
			return;
	}
	s.d[0] = filters;
	if (elements(&s) > MOST)
		return;
	put(a, chance(g, 20) ? "filters = %d, kernel = %d" : "%d, %d", filters, k);
	number_or_list(g, a, "stride", st, 2, 1);
	number_or_list(g, a, "padding", p, 2, 0);
	number_or_list(g, a, "output_padding", more, 2, 0);
	number_or_list(g, a, "groups", groups, 1, 1);
	number_or_list(g, a, "dilation", d, 2, 1);
	put(a, "%s%s", chance(g, 25) ? ", bias = false" : "", extras(g));
	call(g, f, "conv_transpose2d", a);
	make(g, f, x->name, "", s);
}

static void pool(Gen *g, const Val *x, int m)
{
	Shape s = x->s;
	char f[FORM] = "", a[FORM] = "", name[20];
	bool max = chance(g, 50);
	Win w = window_for(g, &s, m);
	w.d = 1;
	if (2 * w.p > w.k)
		w.p = 0;
	bool own = chance(g, 60);      /* a stride of its own, else the kernel */
	if (!own)
		w.st = w.k;
	bool up = w.k > 1 && chance(g, 15);
	snprintf(name, sizeof name, "%s_pool%dd", max ? "max" : "avg", m);
	put(a, chance(g, 15) ? "kernel = %d" : "%d", w.k);
	if (own)
		number_or_list(g, a, "stride", w.st, m, -1);
	number_or_list(g, a, "padding", w.p, m, 0);
	if (up)
		put(a, ", ceil_mode = true");
	if (!max && chance(g, 25))
		put(a, ", count_include_pad = false");
	for (int i = s.rank - m; i < s.rank; i++) {
		int n = s.d[i], o = out_of(n, w);
		if (o < 1)
			return;
		if (up && (n + 2 * w.p - w.k) % w.st && o * w.st < n + w.p)
			o++;           /* the last window begins inside the input or its left padding */
		s.d[i] = o;
	}
	call(g, f, name, a);
	make(g, f, x->name, "", s);
}

/* ---- images, volumes ------------------------------------------------------------------------------ */

static void enlarge(Gen *g, const Val *x)
{
	Shape s = x->s;
	if (s.d[0] % 4 == 0 && chance(g, 60)) {
		s = (Shape){ 3, { s.d[0] / 4, s.d[1] * 2, s.d[2] * 2 } };
		make(g, chance(g, 50) ? "pixel_shuffle($, 2)" : "$ |> pixel_shuffle(r = 2)", x->name, "", s);
		return;
	}
	int a = 1 + (int)below(g, 3), b = chance(g, 70) ? a : 1 + (int)below(g, 3);
	char f[FORM] = "", args[FORM] = "";
	put(args, a == b ? "%d" : chance(g, 30) ? "k = [%d, %d]" : "[%d, %d]", a, b);
	put(args, "%s", ONE_OF(g, "", ", mode = \"bilinear\"", ", mode = \"nearest\""));
	s.d[1] *= a;
	s.d[2] *= b;
	if (elements(&s) > MOST)
		return;
	call(g, f, "upsample", args);
	make(g, f, x->name, "", s);
}

/* Norms of [N, C, ...]. */
static void norm(Gen *g, const Val *x)
{
	char f[FORM] = "", a[FORM] = "";
	int c = x->s.d[0];
	switch (below(g, 4)) {
	case 0:
		if (g->in_branch || g->in_scan)
			return;
		call(g, f, "batch_norm", ONE_OF(g, "", "", "momentum = 0.3", "0.2, eps = 1e-3"));
		break;
	case 1: case 2:
		put(a, "%s%d%s", chance(g, 20) ? "groups = " : "", c % 2 ? 1 : 2, ONE_OF(g, "", ", eps = 1e-3"));
		call(g, f, "group_norm", a);
		break;
	default:
		if (x->s.rank < 2)
			return;
		call(g, f, "instance_norm", ONE_OF(g, "", "eps = 1e-2", "affine = true", "1e-3, affine = true"));
	}
	make(g, f, x->name, "", x->s);
}

static void global_pool(Gen *g, const Val *x)
{
	Shape s = x->s;
	s.rank = 1;
	make(g, ONE_OF(g, "global_avg_pool($)", "global_max_pool($)", "$ |> global_avg_pool", "$ |> global_max_pool"), x->name,
	     "", s);
}

void layer_images(Gen *g)
{
	Val *x = ranked(g, 3);
	if (!x)
		return;
	switch (below(g, 11)) {
	case 0: case 1: conv(g, x, 2); break;
	case 2: depthwise(g, x); break;
	case 3: transposed_conv(g, x); break;
	case 4: case 5: pool(g, x, 2); break;
	case 6: case 7: norm(g, x); break;
	case 8: global_pool(g, x); break;
	case 9:
		if (!g->in_block && !g->in_scan)
			make(g, chance(g, 50) ? "squeeze_excite($)" : "$ |> squeeze_excite(r = 2)", x->name, "", x->s);
		break;
	default: enlarge(g, x);
	}
}

void layer_volumes(Gen *g)
{
	Val *x = ranked(g, 4), *y;
	if (!x) {
		y = ranked(g, 3);
		if (!y || elements(&y->s) * 2 > MOST)
			return;
		Shape s = { 4, { y->s.d[0], 2, y->s.d[1], y->s.d[2] } };
		make(g, "stack($, 0.5 * $, dim = 2)", y->name, "", s);
		x = &g->v[g->nv - 1];
		if (x->s.rank != 4)
			return;
	}
	switch (below(g, 4)) {
	case 0: case 1: conv(g, x, 3); break;
	case 2: pool(g, x, 3); break;
	default: norm(g, x);
	}
}

/* ---- sequences -------------------------------------------------------------------------------------- */

static void recurrent(Gen *g, const Val *x)
{
	Shape s = x->s;
	char f[FORM] = "", a[FORM] = "";
	int h = 1 + (int)below(g, 4);
	bool both = chance(g, 30), two = chance(g, 25);
	put(a, "%s%d%s%s", chance(g, 15) ? "hidden = " : "", h, two ? ", layers = 2" : "", both ? ", bidirectional = true" : "");
	if (two && !g->calm && chance(g, 40))
		put(a, ", dropout = 0.3");
	if (g->lengths && !g->in_block && s.d[0] == g->steps && chance(g, 40))
		put(a, ", lengths = %s", chance(g, 50) ? "len" : "count");
	put(a, "%s", ONE_OF(g, "", "", "", ", init = normal(0, 0.3)", ", regularize = l2(1e-3)", ", bias_init = zeros()"));
	s.d[1] = both ? 2 * h : h;
	call(g, f, ONE_OF(g, "rnn", "gru", "lstm"), a);
	if (chance(g, 15) && !strstr(f, "f#x:")) {
		char whole[FORM] = "";
		put(whole, "(%s) |> last", f);
		make(g, whole, x->name, "", (Shape){ 1, { s.d[1] } });
		return;
	}
	make(g, f, x->name, "", s);
}

static void attention(Gen *g, const Val *x)
{
	char f[FORM] = "", a[FORM] = "";
	const Val *y = 0;
	for (int i = 0; i < 12 && !y; i++) {
		y = any(g);
		if (y->s.rank != 2 || y->s.d[1] != x->s.d[1])
			y = 0;
	}
	put(a, "%s%d", chance(g, 20) ? "heads = " : "", x->s.d[1] % 2 ? 1 : 2);
	if (y && chance(g, 40))
		put(a, ", context = %%");
	put(a, "%s%s%s", chance(g, 40) ? ", causal = true" : "", chance(g, 25) ? ", bias = false" : "",
	    !g->calm && chance(g, 20) ? ", dropout = 0.2" : "");
	/* queries that see no key would be NaN */
	if (strstr(a, "context") && strstr(a, "causal") && y->s.d[0] < x->s.d[0])
		*strstr(a, ", causal") = 0;
	put(a, "%s", ONE_OF(g, "", "", ", init = normal(0, 0.4)", ", lr_scale = 0.5"));
	call(g, f, "multi_head_attention", a);
	make(g, f, x->name, y ? y->name : "", x->s);
}

void layer_sequences(Gen *g)
{
	Val *x = ranked(g, 2);
	if (!x)
		return;
	Shape s = x->s;
	switch (below(g, 8)) {
	case 0: case 1: recurrent(g, x); break;
	case 2: attention(g, x); break;
	case 3: conv(g, x, 1); break;
	case 4: pool(g, x, 1); break;
	case 5: make(g, "softmax(causal_mask($ @ transpose($))) @ $", x->name, "", s); break;
	case 6: norm(g, x); break;
	default: make(g, chance(g, 50) ? "last($)" : "$ |> last", x->name, "", (Shape){ 1, { s.d[1] } });
	}
}
