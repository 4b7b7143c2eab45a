/* generate.c - random well-typed programs.
 *
 * In:    a seed and a size.   Out: the text of a program that the compiler must accept.
 * Holds: values stay of moderate size, so that nothing overflows and differences can be judged:
 *        arguments of log, sqrt and / are kept away from 0, those of exp are made small.
 *
 * The generator keeps all values made so far with their shapes, takes one at random, and writes
 * one statement over it: a function, a layer, a move, a reduction, a block of its own, a scan.
 */
#include "generate.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAXD = 5, MAXV = 200, MOST = 600 };

/* Dimensions after the batch; every value has the batch in front. */
typedef struct { int rank, d[MAXD]; } Shape;
typedef struct { char name[16]; Shape s; } Val;

typedef struct {
	uint64_t state;
	char *text;
	size_t n, cap;
	Val v[MAXV]; int nv;
	int count;                     /* names made                                           */
	int indent;
	int classes, nclass;           /* input `c`: class(classes)[N, nclass]                 */
} Gen;

/* ---- pieces ------------------------------------------------------------------------------- */

static unsigned below(Gen *g, unsigned n)
{
	g->state = g->state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)((g->state >> 33) % n);
}

static bool chance(Gen *g, unsigned percent) { return below(g, 100) < percent; }

static void add(Gen *g, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void add(Gen *g, const char *fmt, ...)
{
	va_list ap;
	for (;;) {
		size_t room = g->cap - g->n;
		va_start(ap, fmt);
		int n = vsnprintf(g->text ? g->text + g->n : 0, room, fmt, ap);
		va_end(ap);
		if ((size_t)n < room) {
			g->n += (size_t)n;
			return;
		}
		g->cap = 2 * g->cap + (size_t)n + 256;
		g->text = realloc(g->text, g->cap);
		if (!g->text)
			abort();
	}
}

static int elements(const Shape *s)
{
	int n = 1;
	for (int i = 0; i < s->rank; i++)
		n *= s->d[i];
	return n;
}

static bool same(const Shape *a, const Shape *b)
{
	return a->rank == b->rank && !memcmp(a->d, b->d, sizeof a->d[0] * (size_t)a->rank);
}

static Val *any(Gen *g) { return &g->v[below(g, 3) ? g->nv - 1 - (int)below(g, (unsigned)(g->nv < 6 ? g->nv : 6)) : (int)below(g, (unsigned)g->nv)]; }

/* A value of this rank, 0 if there is none at hand. */
static Val *ranked(Gen *g, int rank)
{
	for (int i = 0; i < 12; i++) {
		Val *v = any(g);
		if (v->s.rank == rank)
			return v;
	}
	return 0;
}

/* Another value of the same shape; x itself if there is none at hand. */
static Val *mate(Gen *g, Val *x)
{
	for (int i = 0; i < 12; i++) {
		Val *v = any(g);
		if (v != x && same(&v->s, &x->s))
			return v;
	}
	return x;
}

static void begin(Gen *g, char *name)
{
	snprintf(name, 16, "v%d", g->count++);
	for (int i = 0; i < g->indent; i++)
		add(g, "  ");
	add(g, "%s = ", name);
}

static void keep(Gen *g, const char *name, Shape s)
{
	if (g->nv == MAXV || s.rank > MAXD || elements(&s) > MOST || elements(&s) < 1)
		return;
	snprintf(g->v[g->nv].name, 16, "%s", name);
	g->v[g->nv++].s = s;
}

/* v = fmt with $ for x and % for y, kept with shape s. */
static void make(Gen *g, const char *form, const char *x, const char *y, Shape s)
{
	char name[16];
	begin(g, name);
	for (const char *p = form; *p; p++) {
		if (*p == '$')
			add(g, "%s", x);
		else if (*p == '%')
			add(g, "%s", y);
		else
			add(g, "%c", *p);
	}
	add(g, "\n");
	keep(g, name, s);
}

/* ---- functions of one and two values ---------------------------------------------------------- */

static void unary(Gen *g)
{
	static const char *const form[] = {
		"relu($)", "gelu($)", "silu($)", "tanh($)", "sigmoid($)", "softplus($)", "elu($)",
		"leaky_relu($, 0.1)", "hardswish($)", "exp(tanh($))", "abs($)", "sqrt(abs($) + 0.5)",
		"log(abs($) + 0.5)", "sin($)", "cos($)", "erf($)", "square(tanh($))", "expm1(0.3 * tanh($))",
		"log1p(abs($))", "clamp($, -1.25, 1.75)", "rsqrt(square($) + 0.5)", "$ |> tanh |> relu",
		"gelu($, approximate = \"tanh\")", "(-$) * 0.5", "$ * 0.75 + 0.25", "1 - $", "2 / (1 + $ ** 2)",
		"tanh($) ** 3", "(abs($) + 0.5) ** 0.5", "(abs($) + 0.5) ** 1.5", "softmax($)", "log_softmax($) * 0.2",
		"stop_gradient(floor($ * 3)) * 0.1", "where($ > 0.1, $, 0.5 * $)", "where($ < 0 and $ > -1, 0.25, $)",
		"max($, 0.3)", "min($, 0.7)", "stop_gradient(sign($)) * $", "twice($)", "bend($)", "$ - mean($, dim = -1, keepdim = true)",
		"softmax($, dim = 1)", "stop_gradient(round($)) + $ * 0.1", "zeros_like($) + 0.5 * $", "ones_like($) - $",
		"dropout($, 0.25)", "$ + gaussian_noise($, 0.1) * 0.5", "k2 * $", "if_half($)", "reverse($, dim = -1)",
		"cumsum($, dim = -1) * 0.3", "$ @ eye($)", "norm_rows($)", "$ * lr_like"
	};
	Val *x = any(g);
	const char *f = form[below(g, sizeof form / sizeof *form)];
	if (!strncmp(f, "$ @ eye", 7))
		f = "$ * 1.5";
	make(g, f, x->name, "", x->s);
}

static void binary(Gen *g)
{
	static const char *const form[] = {
		"$ + %", "$ - %", "$ * tanh(%)", "$ / (abs(%) + 0.75)", "max($, %)", "min($, %)",
		"where($ > %, $, 0.5 * %)", "where($ <= %, 0.25, %)", "0.5 * ($ + %)", "tanh($) * sigmoid(%)",
		"where(not ($ == %), $, 0)", "where($ > 0 or % > 0, $, %)", "(abs($) + 0.5) ** tanh(%)",
		"huber($, %, reduction = \"none\")", "mse(tanh($), %, reduction = \"none\")",
		"bce_with_logits(0.5 * $, sigmoid(%), reduction = \"none\")", "smooth_l1($, %, reduction = \"none\")",
		"($ > %) * 0.5 + $"
	};
	Val *x = any(g), *y = mate(g, x);
	make(g, form[below(g, sizeof form / sizeof *form)], x->name, y->name, x->s);
}

/* ---- shapes ------------------------------------------------------------------------------------ */

static void dims_text(char *t, const Shape *s)
{
	*t = 0;
	for (int i = 0; i < s->rank; i++)
		sprintf(t + strlen(t), ", %d", s->d[i]);
}

static void reshaped(Gen *g, Val *x)
{
	Shape s = { 0 };
	char t[128], f[160];
	int left = elements(&x->s);
	while (left > 1 && s.rank < 4 && chance(g, 70)) {
		int k = 1 + (int)below(g, 6);
		if (left % k)
			continue;
		s.d[s.rank++] = k;
		left /= k;
	}
	if (left > 1 || !s.rank)
		s.d[s.rank++] = left;
	dims_text(t, &s);
	snprintf(f, sizeof f, "reshape($, N%s)", t);
	make(g, f, x->name, "", s);
}

static void permuted(Gen *g, Val *x)
{
	Shape s = x->s;
	char f[160] = "permute($, 0";
	int p[MAXD];
	for (int i = 0; i < s.rank; i++)
		p[i] = i;
	for (int i = s.rank - 1; i > 0; i--) {
		int k = (int)below(g, (unsigned)i + 1), t = p[i];
		p[i] = p[k];
		p[k] = t;
	}
	for (int i = 0; i < s.rank; i++) {
		sprintf(f + strlen(f), ", %d", p[i] + 1);
		s.d[i] = x->s.d[p[i]];
	}
	strcat(f, ")");
	make(g, f, x->name, "", s);
}

static void sliced(Gen *g, Val *x)
{
	Shape s = x->s;
	char f[160] = "$[:";
	int axis = (int)below(g, (unsigned)s.rank), n = s.d[axis];
	for (int i = 0; i < axis; i++)
		strcat(f, ", :");
	if (chance(g, 40) && s.rank > 1) {
		sprintf(f + strlen(f), ", %d]", (int)below(g, (unsigned)n) - (chance(g, 50) ? n : 0));
		for (int i = axis; i + 1 < s.rank; i++)
			s.d[i] = s.d[i + 1];
		s.rank--;
	} else {
		int lo = (int)below(g, (unsigned)n), hi = lo + 1 + (int)below(g, (unsigned)(n - lo));
		sprintf(f + strlen(f), ", %d:%d]", lo, hi);
		s.d[axis] = hi - lo;
	}
	make(g, f, x->name, "", s);
}

static void joined(Gen *g, Val *x)
{
	Val *y = mate(g, x);
	Shape s = x->s;
	char f[64];
	int axis = (int)below(g, (unsigned)s.rank);
	if (chance(g, 30) && s.rank < 4) {
		snprintf(f, sizeof f, "stack($, %%, dim = %d)", axis + 1);
		for (int i = s.rank; i > axis; i--)
			s.d[i] = s.d[i - 1];
		s.d[axis] = 2;
		s.rank++;
	} else {
		snprintf(f, sizeof f, "concat($, %%, $, dim = %d)", chance(g, 50) ? axis + 1 : axis - s.rank);
		s.d[axis] *= 3;
	}
	make(g, f, x->name, y->name, s);
}

static void divided(Gen *g, Val *x)
{
	Shape s = x->s, r = x->s;
	int axis = (int)below(g, (unsigned)s.rank), n = s.d[axis], k = 1 + (int)below(g, (unsigned)n);
	char a[16], b[16];
	if (n < 2 || k == n)
		return;
	snprintf(a, sizeof a, "v%d", g->count++);
	snprintf(b, sizeof b, "v%d", g->count++);
	for (int i = 0; i < g->indent; i++)
		add(g, "  ");
	add(g, "%s, %s = split(%s, [%d, %d], dim = %d)\n", a, b, x->name, k, n - k, axis + 1);
	s.d[axis] = k;
	r.d[axis] = n - k;
	keep(g, a, s);
	keep(g, b, r);
}

static void moves(Gen *g)
{
	Val *x = any(g);
	Shape s = x->s;
	char f[96], t[48];
	switch (below(g, 9)) {
	case 0: reshaped(g, x); break;
	case 1: permuted(g, x); break;
	case 2: sliced(g, x); break;
	case 3: joined(g, x); break;
	case 4: divided(g, x); break;
	case 5:
		s.rank = 1;
		s.d[0] = elements(&x->s);
		make(g, "flatten($)", x->name, "", s);
		break;
	case 6:
		s.d[s.rank - 1] += 3;
		make(g, s.d[s.rank - 1] > 5 && chance(g, 40) ? "pad($, [1, 2], mode = \"reflect\")" : chance(g, 50)
		        ? "pad($, [1, 2], value = 0.5)" : "pad($, [2, 1], mode = \"edge\")", x->name, "", s);
		break;
	case 7:
		if (s.rank > 3)
			break;
		for (int i = s.rank; i > 0; i--)
			s.d[i] = s.d[i - 1];
		s.d[0] = 2;
		s.rank++;
		dims_text(t, &s);
		snprintf(f, sizeof f, "expand(unsqueeze($, 1), N%.40s)", t);
		make(g, f, x->name, "", s);
		break;
	case 8:
		snprintf(f, sizeof f, "reverse($, dim = %d)", 1 + (int)below(g, (unsigned)s.rank));
		make(g, f, x->name, "", s);
		break;
	}
}

static void reductions(Gen *g)
{
	static const char *const how[] = { "mean", "sum", "max", "min", "std", "var", "norm", "prod" };
	Val *x = any(g);
	Shape s = x->s;
	char f[96];
	unsigned h = below(g, 8);
	int axis = (int)below(g, (unsigned)s.rank);
	bool kept = chance(g, 50) || s.rank == 1;
	if ((h == 4 || h == 5) && s.d[axis] < 2)
		h = 0;
	snprintf(f, sizeof f, "%s(%s$, dim = %d%s)%s", how[h], h == 7 ? "0.5 + 0.1 * " : "", axis + 1,
	         kept ? ", keepdim = true" : "", h == 1 ? " * 0.3" : "");
	if (h == 4)
		snprintf(f, sizeof f, "std($ + 0.1 * sin(cumsum(ones_like($), dim = %d)), dim = %d%s)", axis + 1, axis + 1,
		         kept ? ", keepdim = true" : "");
	if (kept)
		s.d[axis] = 1;
	else {
		for (int i = axis; i + 1 < s.rank; i++)
			s.d[i] = s.d[i + 1];
		s.rank--;
	}
	make(g, f, x->name, "", s);
}

/* ---- layers ---------------------------------------------------------------------------------------- */

static void layer_rows(Gen *g)
{
	Val *x = any(g);
	Shape s = x->s;
	int c = s.d[s.rank - 1], k = 1 + (int)below(g, 6);
	char f[160];
	switch (below(g, 8)) {
	case 0: snprintf(f, sizeof f, "dense($, %d)", s.d[s.rank - 1] = k); break;
	case 1: snprintf(f, sizeof f, "$ |> dense(%d, bias = false) |> tanh", s.d[s.rank - 1] = k); break;
	case 2: snprintf(f, sizeof f, "layer_norm($)"); break;
	case 3: snprintf(f, sizeof f, "rms_norm($)"); break;
	case 4: snprintf(f, sizeof f, "low_rank($, %d)", s.d[s.rank - 1] = k); break;
	case 5: snprintf(f, sizeof f, "$ + residual($)"); break;
	case 6:
		for (int i = 0; i < g->indent; i++)
			add(g, "  ");
		add(g, "param w%d: f32[%d, %d] = normal(0, 0.4)\n", g->count, c, k);
		snprintf(f, sizeof f, "$ @ w%d", g->count);
		s.d[s.rank - 1] = k;
		break;
	default:
		for (int i = 0; i < g->indent; i++)
			add(g, "  ");
		add(g, "param w%d: f32[%d] = normal(1, 0.2)\n", g->count, c);
		snprintf(f, sizeof f, "$ * w%d + k2", g->count);
	}
	make(g, f, x->name, "", s);
}

static int window(int n, int k, int stride, int pad)
{
	return n + 2 * pad < k ? 0 : (n + 2 * pad - k) / stride + 1;
}

static void layer_images(Gen *g)
{
	Val *x = ranked(g, 3);
	char f[160];
	if (!x)
		return;
	Shape s = x->s;
	int c = 1 + (int)below(g, 4), k = 1 + (int)below(g, 3), st = 1 + (int)below(g, 2), p = (int)below(g, 2);
	if (s.d[1] + 2 * p < k || s.d[2] + 2 * p < k)
		k = 1;
	int h = window(s.d[1], k, st, p), w = window(s.d[2], k, st, p);
	switch (below(g, 9)) {
	case 0: case 1:
		snprintf(f, sizeof f, "conv2d($, %d, %d, stride = %d, padding = %d)", c, k, st, p);
		s = (Shape){ 3, { c, h, w } };
		break;
	case 2:
		snprintf(f, sizeof f, "depthwise_conv2d($, %d, padding = %d)", k, p);
		s.d[1] = window(s.d[1], k, 1, p);
		s.d[2] = window(s.d[2], k, 1, p);
		break;
	case 3:
		if (k == 1)
			p = 0;
		snprintf(f, sizeof f, "max_pool2d($, %d, stride = %d)", k, st);
		s.d[1] = window(s.d[1], k, st, 0);
		s.d[2] = window(s.d[2], k, st, 0);
		if (s.d[1] < 1 || s.d[2] < 1)
			return;
		break;
	case 4:
		if (2 * p > k)
			p = 0;
		snprintf(f, sizeof f, "avg_pool2d($, %d, stride = %d, padding = %d)", k, st, p);
		s.d[1] = window(s.d[1], k, st, p);
		s.d[2] = window(s.d[2], k, st, p);
		if (s.d[1] < 1 || s.d[2] < 1)
			return;
		break;
	case 5: snprintf(f, sizeof f, "batch_norm($)"); break;
	case 6: snprintf(f, sizeof f, "group_norm($, %d)", s.d[0] % 2 ? 1 : 2); break;
	case 7:
		snprintf(f, sizeof f, "%s($)", chance(g, 50) ? "global_avg_pool" : "global_max_pool");
		s.rank = 1;
		break;
	default:
		snprintf(f, sizeof f, "upsample($, 2%s)", chance(g, 50) ? ", mode = \"bilinear\"" : "");
		s.d[1] *= 2;
		s.d[2] *= 2;
		if (elements(&s) > MOST)
			return;
	}
	make(g, f, x->name, "", s);
}

static void layer_sequences(Gen *g)
{
	Val *x = ranked(g, 2);
	char f[160], name[16];
	if (!x)
		return;
	Shape s = x->s;
	int h = 1 + (int)below(g, 4);
	switch (below(g, 7)) {
	case 0: snprintf(f, sizeof f, "rnn($, %d)", s.d[1] = h); break;
	case 1: snprintf(f, sizeof f, "gru($, %d)", s.d[1] = h); break;
	case 2:
		snprintf(f, sizeof f, "lstm($, %d%s)", h, chance(g, 30) ? ", bidirectional = true" : "");
		s.d[1] = strchr(f, '=') ? 2 * h : h;
		break;
	case 3:
		snprintf(f, sizeof f, "multi_head_attention($, %d%s)", s.d[1] % 2 ? 1 : 2,
		         chance(g, 50) ? ", causal = true" : "");
		break;
	case 4:
		snprintf(f, sizeof f, "conv1d($, %d, %d, padding = 1)", h, s.d[1] > 1 ? 2 : 1);
		s = (Shape){ 2, { h, s.d[1] + 2 - (s.d[1] > 1 ? 1 : 0) } };
		break;
	case 5: snprintf(f, sizeof f, "softmax(causal_mask($ @ transpose($))) @ $"); break;
	default:
		snprintf(name, sizeof name, "v%d", g->count++);
		add(g, "  scan t in 0..%d carry h%s = zeros(N, %d) {\n", s.d[0], name, s.d[1]);
		add(g, "    h%s = tanh(%s[:, t] * 0.7 + h%s * 0.5)\n    emit %s = h%s\n  }\n", name, x->name, name,
		    name, name);
		keep(g, name, s);
		return;
	}
	make(g, f, x->name, "", s);
}

static void statements(Gen *g)
{
	Val *x = any(g);
	char name[16], f[64];
	Shape s = x->s;
	switch (below(g, 5)) {
	case 0:                        /* the same layer twice */
		add(g, "  layer l%d = dense(%d)\n", g->count, 1 + (int)below(g, 4));
		snprintf(f, sizeof f, "l%d(tanh($)) - l%d($)", g->count, g->count);
		for (const char *p = strchr(g->text + g->n - 12, '('); p; p = 0)
			s.d[s.rank - 1] = atoi(p + 1);
		make(g, f, x->name, "", s);
		break;
	case 1:
		begin(g, name);
		add(g, "%s\n  repeat %d {\n    %s = %s + 0.5 * tanh(%s |> dense(%d))\n  }\n", x->name,
		    1 + (int)below(g, 3), name, name, name, s.d[s.rank - 1]);
		keep(g, name, s);
		break;
	case 2:
		begin(g, name);
		add(g, "%s\n  if size > 2 {\n    %s = %s * 0.5\n  } else {\n    %s = %s * 0\n  }\n", x->name,
		    name, name, name, name);
		keep(g, name, s);
		break;
	case 3:
		begin(g, name);
		add(g, "%s\n  if training {\n    %s = %s * 1.25\n  }\n", x->name, name, name);
		keep(g, name, s);
		break;
	default:
		if (s.rank != 1)
			break;
		make(g, "batch_norm($)", x->name, "", s);
	}
}

/* ---- the program --------------------------------------------------------------------------------------- */

static void results(Gen *g)
{
	int nl = 1 + (int)below(g, 3);
	for (int i = 0; i < nl; i++) {
		Val *x = i ? any(g) : &g->v[g->nv - 1];
		switch (below(g, 4)) {
		case 0: add(g, "  loss a%d = mean(sin(3 * %s + 1))\n", i, x->name); break;
		case 1: add(g, "  loss a%d = mse(%s, zeros_like(%s))\n", i, x->name, x->name); break;
		case 2: add(g, "  loss a%d = cross_entropy(flatten(%s) |> dense(3), y)\n", i, x->name); break;
		default: add(g, "  loss a%d = huber(flatten(%s) |> dense(2), z)\n", i, x->name);
		}
	}
	for (int i = 0; i < 3; i++)
		add(g, "  output o%d = %s\n", i, any(g)->name);
	if (chance(g, 50))
		add(g, "  metric m0 = rmse(flatten(%s) |> dense(2), z)\n", any(g)->name);
}

static void head(Gen *g)
{
	add(g, "const size = 3, k2 = 0.75, lr_like = 0.5\n"
	       "fn twice(x) = 2 * tanh(x)\n"
	       "fn bend(x, a = 0.3) = x * sigmoid(a * x)\n"
	       "fn norm_rows(x) = x / (1 + norm(x, dim = -1, keepdim = true))\n"
	       "block if_half(x: f32[...]) {\n"
	       "  if size == 3 { x = x * 0.5 }\n"
	       "  return x\n"
	       "}\n"
	       "block low_rank(x: f32[..., C], units: int, rank: int = 2) -> f32[..., units] {\n"
	       "  param U: f32[C, rank] = kaiming_uniform()\n"
	       "  param V: f32[rank, units] = xavier_normal()\n"
	       "  return x @ U @ V\n"
	       "}\n"
	       "block residual(x: f32[..., C]) {\n"
	       "  return x |> dense(C) |> tanh |> dense(C)\n"
	       "}\n"
	       "model m {\n");
	int a = 1 + (int)below(g, 6), c = 1 + (int)below(g, 3), h = 3 + (int)below(g, 4), w = 2 + (int)below(g, 4),
	    t = 2 + (int)below(g, 3), i = 1 + (int)below(g, 4);
	add(g, "  input x: f32[N, %d]\n", a);
	add(g, "  input image: f32[N, %d, %d, %d]\n", c, h, w);
	add(g, "  input steps: f32[N, %d, %d]\n", t, i);
	add(g, "  input c: class(5)[N, 3]\n");
	add(g, "  target y: class(3)[N]\n");
	add(g, "  target z: f32[N, 2]\n");
	keep(g, "x", (Shape){ 1, { a } });
	keep(g, "image", (Shape){ 3, { c, h, w } });
	keep(g, "steps", (Shape){ 2, { t, i } });
	make(g, "embedding(c, 5, 2)", "", "", (Shape){ 2, { 3, 2 } });
	make(g, "one_hot(c) * 0.5", "", "", (Shape){ 2, { 3, 5 } });
}

static void tail(Gen *g)
{
	static const char *const optimizer[] = { "sgd(lr = 0.01, momentum = 0.9)", "adam()", "adamw()", "rmsprop()",
		"nadam()", "lion()", "adagrad()", "sgd(lr = cosine(0.1, warmup = 1))" };
	add(g, "}\ntrain { epochs = 2, batch = 4, optimizer = %s }\n", optimizer[below(g, 8)]);
}

char *generate(uint64_t seed, int size)
{
	Gen g = { .state = seed * 0x9e3779b97f4a7c15u + 1, .indent = 1 };
	for (int i = 0; i < 4; i++)
		below(&g, 2);
	head(&g);
	for (int i = 0; i < size; i++)
		switch (below(&g, 12)) {
		case 0: case 1: case 2: unary(&g); break;
		case 3: case 4: binary(&g); break;
		case 5: case 6: moves(&g); break;
		case 7: reductions(&g); break;
		case 8: layer_rows(&g); break;
		case 9: layer_images(&g); break;
		case 10: layer_sequences(&g); break;
		default: statements(&g);
		}
	results(&g);
	tail(&g);
	return g.text;
}
