/* gen_program.c - random well-typed programs.
 *
 * In:    a seed and a size.   Out: the text of a program that the compiler must accept.
 *
 * The generator keeps all values made so far with their shapes, takes one at random, and writes
 * one statement over it: a function, a layer, a move, a reduction, a block of its own, a scan.
 */
#include "gen.h"

void statement(Gen *g)
{
	if (g->in_scan) {
		switch (below(g, 8)) {
		case 0: case 1: case 2: one_value(g); break;
		case 3: two_values(g); break;
		case 4: moves(g); break;
		case 5: reductions(g); break;
		case 6: layer_rows(g); break;
		default: patterns(g);
		}
		return;
	}
	switch (below(g, 22)) {
	case 0: case 1: case 2: case 3: one_value(g); break;
	case 4: case 5: case 6: two_values(g); break;
	case 7: case 8: case 9: moves(g); break;
	case 10: reductions(g); break;
	case 11: patterns(g); break;
	case 12: case 13: layer_rows(g); break;
	case 14: case 15: layer_images(g); break;
	case 16: layer_volumes(g); break;
	case 17: case 18: layer_sequences(g); break;
	default: scopes(g);
	}
}

/* What forms refer to, by name; written down where it is. */
static const struct { const char *name, *text; } library[] = {
	{ "gain", "const gain = 0.8\n" },
	{ "mish", "fn mish(x) = x * tanh(softplus(x))\n" },
	{ "flip_sign", "block flip_sign(x: f32[...]) { return -x * gain }\n" },
	{ "size", "const size = 3\n" },
	{ "k2", "const k2 = 0.75, unread = 1\n" },
	{ "rate", "const rate: float = 0.5\n" },
	{ "widths", "const widths = [4, 6]\n" },
	{ "on", "const on = true\n" },
	{ "name", "const name = \"plain\"\n" },
	{ "twice", "fn twice(x) = 2 * tanh(x)\n" },
	{ "bend", "fn bend(x, a = 0.3) = x * sigmoid(a * x)\n" },
	{ "squash", "fn squash(x: f32[...], hard: float = 2.0) = tanh(hard * x) / hard\n" },
	{ "mixed", "fn mixed(a, b) = 0.3 * a + 0.7 * twice(b)\n" },
	{ "norm_rows", "fn norm_rows(x) = x / (1 + norm(x, dim = -1, keepdim = true))\n" },
	{ "he", "fn he() = normal(0, sqrt(2 / fan_in))\n" },
	{ "smooth", "fn smooth(w, a, b = 0.5) = a * sum(sqrt(w * w + b))\n" },
	{ "ramp", "fn ramp(v, over) = v * min((at(over) + 0.1) / over, 1)\n" },
	{ "focal", "fn focal(logits: f32[..., K], y: class(K)[...], gamma: float = 2.0) =\n"
	           "  mean(-(1 - pick(softmax(logits), y)) ** gamma * pick(log_softmax(logits), y))\n" },
	{ "if_half", "block if_half(x: f32[...]) {\n"
	             "  if size == 3 { x = x * 0.5 }\n"
	             "  return x\n"
	             "}\n" },
	{ "noisy", "block noisy(x: f32[...]) { if training { x = x + 0.05 * randn_like(x) }; return x }\n" },
	{ "gated", "block gated(x: f32[..., C]) {\n"
	           "  param slope: f32[C] = normal(0.5, 0.1)\n"
	           "  buffer seen: f32 = constant(1.0)\n"
	           "  y = where(x > 0, x, slope * x) * (0.5 + 0.1 * seen)\n"
	           "  if training { update seen = 0.9 * seen + 0.1 * mean(abs(x)) }\n"
	           "  return y\n"
	           "}\n" },
	{ "low_rank", "block low_rank(x: f32[..., C], units: int, rank: int = 2, start: initialiser = kaiming_uniform()) "
	              "-> f32[..., units] {\n"
	              "  param U: f32[C, rank] = start\n"
	              "  param V: f32[rank, units] = xavier_normal()\n"
	              "  return x @ U @ V\n"
	              "}\n" },
	{ "residual", "block residual(x: f32[..., C]) {\n"
	              "  return x |> dense(C) |> tanh |> out: dense(C)\n"
	              "}\n" },
	{ "squeeze_excite", "block squeeze_excite(x: f32[N, C, H, W], r: int = 1) {\n"
	                    "  s = x |> global_avg_pool |> dense(floordiv(C, r) + 1) |> relu |> dense(C) |> sigmoid\n"
	                    "  return x * reshape(s, N, C, 1, 1)\n"
	                    "}\n" },
	{ "exit_branch", "block exit_branch(x: f32[N, ...], y: class(K)[N]) {\n"
	                 "  h = flatten(x) |> dense(K)\n"
	                 "  loss early = 0.2 * cross_entropy(h, y)\n"
	                 "  metric accuracy(h, y)\n"
	                 "  return h\n"
	                 "}\n" },
	{ "own", "optimizer own(w, g, lr = 1e-2, beta = 0.9, weight_decay = 0) {\n"
	         "  buffer m = zeros_like(w)\n"
	         "  update m = beta * m + (1 - beta) * g + weight_decay * w\n"
	         "  update w = w - lr * m / (1 - beta ** t) / (1 + mean(abs(m)))\n"
	         "}\n" },
};
enum { IMPORTED = 3, LIBRARY = sizeof library / sizeof *library };

static bool mentions(const char *text, const char *name)
{
	size_t n = strlen(name);
	for (const char *p = text; (p = strstr(p, name)); p += n) {
		char before = p == text ? ' ' : p[-1], after = p[n];
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789_.\"", before) &&
		    !strchr("abcdefghijklmnopqrstuvwxyz0123456789_\"", after))
			return true;
	}
	return false;
}

/* The definitions that text needs, and those that they need. */
static void definitions(Gen *g, const char *text)
{
	bool used[LIBRARY] = { false };
	for (bool more = true; more;) {
		more = false;
		for (int i = 0; i < LIBRARY; i++) {
			bool now = mentions(text, library[i].name);
			for (int k = 0; k < LIBRARY; k++)
				now |= used[k] && i != k && mentions(library[k].text, library[i].name);
			more |= now && !used[i];
			used[i] |= now;
		}
	}
	if (g->imported)
		add(g, "import \"shared.nn\"\n");
	for (int i = g->imported ? IMPORTED : 0; i < LIBRARY; i++)
		if (used[i])
			add(g, "%s", library[i].text);
}

/* Several inputs of all kinds. */
static void inputs(Gen *g)
{
	int a = 1 + (int)below(g, 6), c = 1 + (int)below(g, 4), h = 3 + (int)below(g, 4), w = 2 + (int)below(g, 4),
	    t = 2 + (int)below(g, 3), i = 1 + (int)below(g, 4);
	g->steps = t;
	g->lengths = chance(g, 40);
	line(g, "input x: f32[N, %d]", a);
	line(g, "input image: f32[N, %d, %d, %d]", c, h, w);
	line(g, "input steps: f32[N, %d, %d]", t, i);
	line(g, "input c: class(5)[N, 3]");
	if (g->lengths) {
		line(g, "input len: class(%d)[N]", t + 1);
		line(g, "input count: i32[N]");
	}
	line(g, "target y: class(3)[N]");
	line(g, "target z: f32[N, 2]");
	keep(g, "x", (Shape){ 1, { a } });
	keep(g, "image", (Shape){ 3, { c, h, w } });
	keep(g, "steps", (Shape){ 2, { t, i } });
	make(g, "embedding(c, 5, 2)", "", "", (Shape){ 2, { 3, 2 } });
	if (chance(g, 30)) {
		line(g, "input k: i32[N, 3]");
		line(g, "input b: bool[N, 3]");
		make(g, "where(b and c == 1, k * 0.25, (k - 2) / 4)", "", "", (Shape){ 1, { 3 } });
	}
}

char *generate(uint64_t seed, int size, unsigned how)
{
	Gen g = { .state = seed * 0x9e3779b97f4a7c15u + 1, .calm = how & CALM };
	for (int i = 0; i < 4; i++)
		below(&g, 2);
	bool files = how & FROM_FILES || chance(&g, 30);
	if (files)
		g.source = 1 + (int)below(&g, PICTURES);
	g.hundred = chance(&g, 50);
	g.imported = chance(&g, 20);
	g.indent = 1;
	if (files)
		data_inputs(&g, g.source);
	else
		inputs(&g);
	bool with = g.in_block;
	g.in_block = files;            /* no other input */
	for (int i = 0; i < size; i++)
		statement(&g);
	g.in_block = with;
	if (files) {
		char form[60];
		snprintf(form, sizeof form, g.v[0].s.rank > 1 ? "(flatten(%s) |> dense(2)) * 0.5" : "(%s |> dense(2)) * 0.5",
		         g.v[0].name);
		make(&g, form, "", "", (Shape){ 1, { 2 } });
		line(&g, "z = zeros_like(%s) + 0.25", g.v[g.nv - 1].name);
	}
	results(&g);
	Text model = g.body, blocks = g.head;
	g.body = (Text){ 0 };
	if (files || chance(&g, 40))
		data_section(&g);
	add(&g, "model m {\n%s}\n", model.text);
	train_section(&g);
	Text rest = g.body;
	g.body = (Text){ 0 };
	add(&g, "%s%s", blocks.text ? blocks.text : "", rest.text);
	Text all = g.body;
	g.body = (Text){ 0 };
	definitions(&g, all.text);
	add(&g, "%s", all.text);
	free(all.text);
	free(rest.text);
	free(model.text);
	free(blocks.text);
	return g.body.text;
}
