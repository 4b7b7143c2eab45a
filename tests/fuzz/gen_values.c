/* gen_values.c - functions of one and of two values, reductions, patterns.
 *
 * Holds: values stay of moderate size: arguments of log, sqrt and / are kept away from 0, those of
 *        exp are made small.
 */
#include "gen.h"

void one_value(Gen *g)
{
	static const Form form[] = {
		{ "relu($)", 0 }, { "gelu($)", 0 }, { "silu($)", 0 }, { "tanh($)", 0 }, { "sigmoid($)", 0 },
		{ "softplus($)", 0 }, { "elu($)", 0 }, { "elu($, alpha = 0.7)", 0 }, { "leaky_relu($)", 0 },
		{ "leaky_relu($, 0.1)", 0 }, { "leaky_relu($, slope = 0.3)", 0 }, { "hardswish($)", 0 },
		{ "exp(tanh($))", 0 }, { "abs($)", 0 }, { "sqrt(abs($) + 0.5)", 0 }, { "log(abs($) + 0.5)", 0 },
		{ "sin($)", 0 }, { "cos($)", 0 }, { "erf($)", 0 }, { "square(tanh($))", 0 },
		{ "expm1(0.3 * tanh($))", 0 }, { "log1p(abs($))", 0 }, { "clamp($, -1.25, 1.75)", 0 },
		{ "clamp($, min = -0.4)", 0 }, { "clamp($, max = 0.9)", 0 }, { "rsqrt(square($) + 0.5)", 0 },
		{ "$ |> tanh |> relu", 0 }, { "$ |> square |> sin", 0 }, { "gelu($, approximate = \"tanh\")", 0 },
		{ "$ |> gelu(approximate = \"none\")", 0 }, { "(-$) * 0.5", 0 }, { "-tanh($) ** 2", 0 },
		{ "$ * 0.75 + 0.25", 0 }, { "1 - $", 0 }, { "2 / (1 + $ ** 2)", 0 }, { "tanh($) ** 3", 0 },
		{ "(abs($) + 0.5) ** 0.5", 0 }, { "(abs($) + 0.5) ** 1.5", 0 }, { "pow(abs($) + 0.5, -1)", 0 },
		{ "2 ** tanh($)", 0 }, { "softmax($)", 0 }, { "log_softmax($) * 0.2", 0 },
		{ "softmax($, dim = 1)", 0 }, { "log_softmax($, dim = 1) * 0.2", 0 }, { "floor($ * 3) * 0.1", 0 },
		{ "ceil($ * 3) * 0.1", 0 }, { "round($ * 3) * 0.1 + $", 0 }, { "sign($) * 0.5 + $", 0 },
		{ "stop_gradient($) * 0.5 + tanh($)", F_STATE }, { "where($ > 0.1, $, 0.5 * $)", 0 },
		{ "where($ < 0 and $ > -1, 0.25, $)", 0 }, { "where(not ($ >= 0.2), $, 0.1)", 0 },
		{ "where($ != 0, $, 1)", 0 }, { "max($, 0.3)", 0 }, { "min($, 0.7)", 0 }, { "max(0.1, y = $)", 0 },
		{ "min(0.2, y = $)", 0 }, { "twice($)", 0 }, { "bend($)", 0 }, { "$ |> bend(a = k2)", 0 },
		{ "$ - mean($, dim = -1, keepdim = true)", 0 }, { "$ / (1 + norm($, dim = 1, keepdim = true))", 0 },
		{ "zeros_like($) + 0.5 * $", 0 }, { "ones_like($) - $", 0 }, { "k2 * $ + size * 0.1", 0 },
		{ "if_half($)", 0 }, { "reverse($, dim = -1)", 0 }, { "cumsum($, dim = -1) * 0.3", 0 },
		{ "cumsum($, 1) * 0.3", 0 }, { "norm_rows($)", 0 }, { "$ * rate", 0 }, { "$ * widths[0] / len(widths)", 0 },
		{ "floordiv(widths[1], 2) * 0.2 * $", 0 }, { "$ - mean($)", 0 }, { "$ - mean($, dim = 0)", 0 },
		{ "$ + 0.2 * max($, dim = 0)", 0 }, { "$ / (0.5 + std($, unbiased = false))", 0 },
		{ "$ + sum($) / N * 0.05", 0 }, { "$ * (1 / N) + $", 0 }, { "$ + 0.1 * norm($)", 0 },
		{ "$ + 0.1 * var($, dim = -1, unbiased = false, keepdim = true)", 0 },
		{ "$ + min($) * 0.1", 0 }, { "one_hot(argmax($, dim = -1)) * 0.3 + $", 0 },
		{ "one_hot(argmin($, -1)) * $", 0 }, { "$ + 0.3 * unsqueeze(pick($, argmax($, dim = -1)), -1)", 0 },
		{ "$ + 0.2 * (argmax($, dim = -1, keepdim = true) == 0)", 0 }, { "$ * (1 + 0.1 * (argmax($) == 0))", 0 }, { "$ + 0.2 * (argmin($, dim = -1, keepdim = true) == 0)", 0 },
		{ "($ > 0) * 0.5 + $", 0 }, { "mish($) * gain", F_STATE }, { "squash($, 2.5)", 0 },
		{ "transpose(transpose($, -1, 1), -1, 1) * 0.9", F_RANK2 }, { "flip_sign($)", 0 },
		{ "dropout($, 0.25)", F_RANDOM }, { "$ |> dropout", F_RANDOM }, { "dropout($, p = linear(0.1, 0.4))", F_RANDOM | F_STATE },
		{ "$ + gaussian_noise($, 0.1) * 0.5", F_RANDOM }, { "gaussian_noise($, std = 0.05)", F_RANDOM },
		{ "$ + 0.1 * randn_like($)", F_RANDOM }, { "spatial_dropout($, 0.2)", F_RANDOM | F_RANK2 },
		{ "$ |> spatial_dropout", F_RANDOM | F_RANK2 }, { "spatial_dropout($, p = 0.7)", F_RANDOM },
		{ "noisy($)", F_RANDOM },
		{ "$ |> batch_norm", F_STATE }, { "gated($)", F_STATE },
	};
	Val *x = any(g);
	const char *f = suited(g, FORMS(form), x);
	Shape s = x->s;
	if (!strcmp(f, "$ |> batch_norm") && (g->depth > 1 || g->in_block))
		f = "$ * 1.1";         /* statistics of a scope that may not run                    */
	make(g, f, x->name, "", s);
}

void two_values(Gen *g)
{
	static const Form form[] = {
		{ "$ + %", 0 }, { "$ - %", 0 }, { "$ * tanh(%)", 0 }, { "$ / (abs(%) + 0.75)", 0 }, { "max($, %)", 0 },
		{ "min($, %)", 0 }, { "max($, y = %)", 0 }, { "where($ > %, $, 0.5 * %)", 0 },
		{ "where($ <= %, 0.25, %)", 0 }, { "0.5 * ($ + %)", 0 }, { "tanh($) * sigmoid(%)", 0 },
		{ "where(not ($ == %), $, 0)", 0 }, { "where($ > 0 or % > 0, $, %)", 0 },
		{ "where(condition = $ < %, a = $, b = %)", 0 }, { "(abs($) + 0.5) ** tanh(%)", 0 },
		{ "pow(x = abs($) + 0.5, y = tanh(%))", 0 }, { "$ + 0.2 * unsqueeze(dot($, tanh(%)), -1)", 0 },
		{ "huber($, %, reduction = \"none\")", 0 }, { "huber($, %, delta = 0.5, reduction = \"none\")", 0 },
		{ "mse(tanh($), %, reduction = \"none\")", 0 }, { "mae($, %, reduction = \"none\")", 0 },
		{ "bce_with_logits(0.5 * $, sigmoid(%), reduction = \"none\")", 0 },
		{ "smooth_l1($, %, beta = 0.7, reduction = \"none\")", 0 },
		{ "($ > %) * 0.5 + $", 0 }, { "hinge($, sign(%), reduction = \"none\") * 0.5", 0 },
		{ "bce(0.1 + 0.8 * sigmoid($), sigmoid(%), reduction = \"none\")", 0 },
		{ "kl_div(log_softmax($), softmax(%), reduction = \"none\")", 0 },
		{ "mixed($, %)", 0 }, { "$ + 0.1 * sum($ * %)", 0 },
		{ "$ * where(% > 0, 1, -1)", 0 }, { "contrastive($ ** 2 + 0.1, sigmoid(%), margin = 2, reduction = \"none\")", 0 },
	};
	Val *x = any(g), *y = mate(g, x);
	make(g, suited(g, FORMS(form), x), x->name, y->name, x->s);
}

/* ---- reductions -------------------------------------------------------------------------------- */

static void over_one(Gen *g, const Val *x)
{
	static const char *const how[] = { "mean", "sum", "max", "min", "std", "var", "norm", "prod" };
	Shape s = x->s;
	char f[FORM] = "";
	unsigned h = below(g, 8);
	int axis = (int)below(g, (unsigned)s.rank), dim = chance(g, 40) ? axis - s.rank : axis + 1;
	bool kept = chance(g, 50) || s.rank == 1;
	bool biased = chance(g, 30);
	if ((h == 4 || h == 5) && s.d[axis] < 2)
		h = 0;
	const char *in = h == 7 ? "0.5 + 0.1 * $" : h == 4 ? "$ + 0.1 * sin(cumsum(ones_like($), dim = -1))" : "$";
	if (h == 4 && axis != s.rank - 1)
		h = 5;
	put(f, "%s(%s, %s%d%s%s)%s", how[h], in, chance(g, 30) && h != 2 && h != 3 && h != 7 ? "" : "dim = ", dim,
	    (h == 4 || h == 5) && biased ? ", unbiased = false" : "", kept ? ", keepdim = true" : "",
	    h == 1 ? " * 0.3" : "");
	if (kept) {
		s.d[axis] = 1;
	} else {
		for (int i = axis; i + 1 < s.rank; i++)
			s.d[i] = s.d[i + 1];
		s.rank--;
	}
	make(g, f, x->name, "", s);
}

/* The last two dimensions. */
static void over_two(Gen *g, const Val *x)
{
	static const char *const how[] = { "mean", "sum", "norm", "var", "max", "std" };
	Shape s = x->s;
	char f[FORM] = "";
	unsigned h = below(g, 6);
	int n = s.d[s.rank - 1] * s.d[s.rank - 2];
	if (n < 2 && (h == 3 || h == 5))
		h = 0;
	bool kept = s.rank == 2 || chance(g, 50);
	if (h == 5)                    /* not 0, where the root has a kink */
		put(f, "std($ + 0.2 * cumsum(ones_like($), dim = -1) + 0.1 * cumsum(ones_like($), dim = -2)");
	else
		put(f, "%s($", how[h]);
	put(f, ", dim = [%d, %d]%s)%s", chance(g, 50) ? -2 : s.rank - 1, -1, kept ? ", keepdim = true" : "",
	    h == 1 ? " * 0.2" : "");
	if (kept)
		s.d[s.rank - 1] = s.d[s.rank - 2] = 1;
	else
		s.rank -= 2;
	make(g, f, x->name, "", s);
}

void reductions(Gen *g)
{
	Val *x = any(g);
	if (x->s.rank > 1 && chance(g, 30))
		over_two(g, x);
	else
		over_one(g, x);
}

/* ---- einops ---------------------------------------------------------------------------------------- */

/* The largest proper divisor that is not 1, or 1. */
static int divisor(int n)
{
	for (int k = n / 2; k > 1; k--)
		if (n % k == 0)
			return k;
	return 1;
}

static void arranged(Gen *g, const Val *x)
{
	Shape s = x->s;
	char f[FORM] = "";
	int a = s.d[0], b = s.d[1], c = s.d[2], k = divisor(s.d[s.rank - 1]);
	switch (s.rank * 10 + (int)below(g, 3)) {
	case 10: case 11:
		put(f, "rearrange($, \"n (a b) -> n b a\", b = %d)", k);
		s = (Shape){ 2, { k, a / k } };
		break;
	case 12: put(f, "rearrange($, \"n d -> n d 1\")"); s = (Shape){ 2, { a, 1 } }; break;
	case 20: put(f, "rearrange($, \"n t d -> n d t\")"); s = (Shape){ 2, { b, a } }; break;
	case 21: put(f, "rearrange($, \"n t d -> n (d t)\")"); s = (Shape){ 1, { a * b } }; break;
	case 22:
		put(f, "rearrange($, \"n t (h d) -> n h t d\", h = %d)", k);
		s = (Shape){ 3, { k, a, b / k } };
		break;
	case 30: put(f, "rearrange($, \"n c h w -> n (h w) c\")"); s = (Shape){ 2, { b * c, a } }; break;
	case 31: put(f, "rearrange($, \"n c ... -> n ... c\")"); s = (Shape){ 3, { b, c, a } }; break;
	case 32:
		put(f, "rearrange($, \"n c h (w q) -> n (q c) h w\", q = %d)", k);
		s = (Shape){ 3, { k * a, b, c / k } };
		break;
	default:
		put(f, "rearrange($, \"n a ... -> n ... 1 a\")");
		if (s.rank == MAXD)
			return;
		for (int i = 0; i + 1 < s.rank; i++)
			s.d[i] = s.d[i + 1];
		s.d[s.rank - 1] = 1;
		s.d[s.rank++] = a;
	}
	make(g, f, x->name, "", s);
}

static void reduced(Gen *g, const Val *x)
{
	static const char *const how[] = { "mean", "sum", "max", "min", "prod", "var", "unbiased_var" };
	Shape s = x->s;
	char f[FORM] = "";
	int h = (int)below(g, 7), k = divisor(s.d[0]);
	bool several = elements(&s) / s.d[0] > 1;
	if (h == 6 && !several)
		h = 0;
	const char *in = h == 4 ? "0.6 + 0.1 * tanh($)" : "$", *less = h == 1 ? " * 0.3" : "";
	switch (below(g, 4)) {
	case 0:
		if (s.rank < 2)
			return;
		put(f, "reduce(%s, \"n c ... -> n c\", \"%s\")%s", in, how[h], less);
		s.rank = 1;
		break;
	case 1:
		if (h == 6 && k < 2)
			h = 2;
		if (h == 4)
			in = "0.6 + 0.1 * tanh($)";
		put(f, "reduce(%s, \"n (t k) ... -> n t ...\", \"%s\", k = %d)%s", in, how[h], k, less);
		s.d[0] /= k;
		break;
	case 2:
		if (s.rank != 2)
			return;
		put(f, "reduce(%s, \"n t d -> n d\", how = \"%s\")%s", in, h == 6 && s.d[0] < 2 ? "mean" : how[h], less);
		s = (Shape){ 1, { s.d[1] } };
		break;
	default:               /* over the batch */
		put(f, "$ - along(reduce($, \"n c ... -> c\", \"%s\"), $, 1) * 0.3", h == 4 || h == 6 ? "mean" : h == 1 ? "min" : how[h]);
	}
	make(g, f, x->name, "", s);
}

static void einsums(Gen *g, const Val *x)
{
	Shape s = x->s;
	char f[FORM] = "";
	const Val *y = mate(g, (Val *)(uintptr_t)x);
	int a = s.d[0], b = s.d[1], k = 1 + (int)below(g, 4), c = s.d[s.rank - 1];
	switch (s.rank * 10 + (int)below(g, 4)) {
	case 10: put(f, "einsum(\"nd,ne->nde\", tanh($), %%)"); s = (Shape){ 2, { a, a } }; break;
	case 11: put(f, "einsum(\"nd,nd->n\", $, %%) |> unsqueeze(1)"); s = (Shape){ 1, { 1 } }; break;
	case 12: put(f, "einsum(\"nd,nd,nd->nd\", $, tanh(%%), sigmoid($))"); break;
	case 20: put(f, "einsum(\"nqd,nkd->nqk\", $, tanh(%%))"); s = (Shape){ 2, { a, a } }; break;
	case 21: put(f, "einsum(\"ntd->ndt\", $)"); s = (Shape){ 2, { b, a } }; break;
	case 22: put(f, "einsum(\"ntd,nte->nde\", $, tanh(%%))"); s = (Shape){ 2, { b, b } }; break;
	case 30: put(f, "einsum(\"nchw->nc\", $) * 0.1"); s = (Shape){ 1, { a } }; break;
	case 31: put(f, "einsum(\"nchw,nchw->nhw\", $, tanh(%%))"); s = (Shape){ 2, { b, s.d[2] } }; break;
	default:
		line(g, "param e%dx: f32[%d, %d] = %s", g->count, c, k, initialiser(g, 2));
		if (s.rank == 4)
			put(f, "einsum(\"nabcd,de->nabce\", $, e%dx)", g->count);
		else if (s.rank == 3)
			put(f, "einsum(\"nabd,de->nabe\", $, e%dx)", g->count);
		else
			put(f, "matmul($, e%dx)", g->count);
		s.d[s.rank - 1] = k;
	}
	make(g, f, x->name, y->name, s);
}

void patterns(Gen *g)
{
	Val *x = any(g);
	if (x->s.rank > 4)
		return;
	switch (below(g, 3)) {
	case 0: arranged(g, x); break;
	case 1: reduced(g, x); break;
	default:
		if (g->in_scan)        /* may declare a parameter */
			return;
		einsums(g, x);
	}
}
