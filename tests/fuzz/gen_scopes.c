/* gen_scopes.c - statements with bodies: blocks of the program, repeat, if, scan; layers that are
 * used twice; state. */
#include "gen.h"

/* A value of this shape among those made since `from`, or 0. */
static const Val *recent(Gen *g, int from, const Shape *s)
{
	for (int i = g->nv - 1; i >= from; i--)
		if (same(&g->v[i].s, s))
			return &g->v[i];
	return 0;
}

/* Statements of a body; returns the number of values before them. */
static int body(Gen *g, int most)
{
	int from = g->nv, n = 1 + (int)below(g, (unsigned)most);
	g->indent++;
	g->depth++;
	for (int i = 0; i < n; i++)
		statement(g);
	g->depth--;
	g->indent--;
	return from;
}

/* name = an expression of the same shape over what the body made; its names end here. */
static void close_body(Gen *g, const char *name, const Shape *s, int from)
{
	const Val *v = recent(g, from, s);
	g->indent++;
	line(g, "%s = %s%s%s", name, v ? "0.5 * " : "tanh(", v ? v->name : name, v ? "" : ")");
	g->indent--;
	g->nv = from;
}

/* ---- blocks ------------------------------------------------------------------------------------- */

static void header(Gen *g, int number, const Shape *s)
{
	add(g, "block b%d(x: f32[", number);
	switch (below(g, 3)) {
	case 0:
		add(g, "...");
		break;
	case 1:                        /* the last by number, those before as they come */
		add(g, "..., %d", s->d[s->rank - 1]);
		break;
	default:
		add(g, "N");
		for (int i = 0; i < s->rank; i++)
			if (chance(g, 50))
				add(g, ", D%d", i);
			else
				add(g, ", %d", s->d[i]);
	}
	add(g, "]%s)", chance(g, 30) ? ", a: float = 0.5" : "");
}

/* A block of the program over values of x's shape, then one or two calls of it. */
static void own_block(Gen *g)
{
	Val *x = any(g), arg = *x;
	Gen *outer = malloc(sizeof *outer);
	if (!outer)
		abort();
	int number = g->count++;
	*outer = *g;
	g->body = (Text){ 0 };
	g->nv = 0;
	g->in_block = true;
	g->in_branch = false;
	g->indent = 0;
	keep(g, "x", arg.s);
	header(g, number, &arg.s);
	add(g, " {\n");
	body(g, 4);
	const Val *first = any(g), *second = chance(g, 25) ? any(g) : 0;
	Shape s1 = first->s, s2 = second ? second->s : s1;
	g->indent = 1;
	line(g, second ? "return %s, %s" : "return %s", first->name, second ? second->name : "");
	add(g, "}\n");
	/* blocks that it uses stand in head already */
	Text own = g->body;
	int count = g->count;
	uint64_t random = g->state;
	Text head = g->head;
	*g = *outer;
	g->head = head;
	g->count = count;
	g->state = random;
	free(outer);
	Text save = g->body;
	g->body = g->head;
	add(g, "%s", own.text);
	g->head = g->body;
	g->body = save;
	free(own.text);
	if (second) {
		line(g, "p%d, q%d = b%d(%s)", number, number, number, arg.name);
		char name[16];
		snprintf(name, sizeof name, "p%d", number);
		keep(g, name, s1);
		snprintf(name, sizeof name, "q%d", number);
		keep(g, name, s2);
		return;
	}
	char f[FORM] = "", b[24];
	snprintf(b, sizeof b, "b%d", number);
	call(g, f, b, "");
	make(g, f, arg.name, "", s1);
	const Val *again = chance(g, 40) ? mate(g, &arg) : 0;
	if (again && again != &arg) {
		call(g, f, b, "");
		make(g, f, again->name, "", s1);
	}
}

/* ---- repeat, if ------------------------------------------------------------------------------------ */

static void repeated(Gen *g)
{
	Val x = *any(g);
	char name[16];
	int n = 1 + (int)below(g, 3);
	snprintf(name, sizeof name, "r%d", g->count++);
	line(g, "%s = %s", name, x.name);
	keep(g, name, x.s);
	switch (below(g, 4)) {
	case 0:
		line(g, "repeat i%d in 0..%d {", g->count, n);
		g->indent++;
		line(g, "%s = %s * (1 + 0.1 * i%d)", name, name, g->count++);
		g->indent--;
		break;
	case 1: line(g, "repeat size - 1 {"); break;
	default: line(g, "repeat %d {", n);
	}
	int from = body(g, 3);
	close_body(g, name, &x.s, from);
	line(g, "}");
}

static void branched(Gen *g)
{
	Val x = *any(g);
	char name[16];
	bool training = chance(g, 40);
	snprintf(name, sizeof name, "r%d", g->count++);
	line(g, "%s = %s", name, x.name);
	keep(g, name, x.s);
	line(g, "if %s {", training ? ONE_OF(g, "training", "not training", "training and size > 2") :
	     ONE_OF(g, "size > 2", "size == 3 and widths[0] != 3", "not on", "len(widths) == 2 or size < 1", "true", "false",
	            "name == \"plain\""));
	bool before = g->in_branch;
	g->in_branch |= training;
	int from = body(g, 2);
	close_body(g, name, &x.s, from);
	if (chance(g, 50)) {
		line(g, "} else {");
		from = body(g, 2);
		close_body(g, name, &x.s, from);
	}
	g->in_branch = before;
	line(g, "}");
}

/* ---- scan --------------------------------------------------------------------------------------------- */

static void scanned(Gen *g)
{
	Val *some = ranked(g, 2);
	if (!some || g->in_scan)
		return;
	Val x = *some;
	int number = g->count++, from = below(g, 4) || x.s.d[0] < 2 ? 0 : 1, steps = x.s.d[0] - from, first = g->nv;
	Shape h = { 1, { x.s.d[1] } }, y = { 2, { steps, x.s.d[1] } };
	char hn[16], kn[16], yn[16], zn[16];
	bool two = chance(g, 30), second = chance(g, 30);
	snprintf(hn, sizeof hn, "h%d", number);
	snprintf(kn, sizeof kn, "cc%d", number);
	snprintf(yn, sizeof yn, "y%d", number);
	snprintf(zn, sizeof zn, "z%d", number);
	for (int i = 0; i < g->indent; i++)
		add(g, "  ");
	add(g, "scan t in %d..%d carry %s = %s", from, x.s.d[0], hn, ONE_OF(g, "", "0.1 + ", "0.5 * "));
	add(g, "zeros(N, %d)", h.d[0]);
	if (two)
		add(g, ", %s = ones(N, %d)", kn, h.d[0]);
	add(g, " {\n");
	keep(g, hn, h);
	if (two)
		keep(g, kn, h);
	bool before = g->in_scan;
	g->in_scan = true;
	g->indent++;
	line(g, "x%d = %s[:, t]%s", number, x.name, ONE_OF(g, "", " * 0.7", " * (1 + 0.1 * t)"));
	char xn[16];
	snprintf(xn, sizeof xn, "x%d", number);
	keep(g, xn, h);
	g->indent--;
	body(g, 3);
	const Val *v = recent(g, first + (two ? 2 : 1), &h);
	const Val *out = &g->v[g->nv - 1 - (int)below(g, (unsigned)(g->nv - first))];
	Shape z = out->s;
	char on[16], vn[16];
	snprintf(on, sizeof on, "%s", out->name);
	snprintf(vn, sizeof vn, "%s", v ? v->name : xn);
	g->indent++;
	line(g, "%s = tanh(%s * 0.7 + %s * 0.5)", hn, vn, hn);
	if (two)
		line(g, "%s = %s * 0.5 + sigmoid(%s)", kn, kn, hn);
	line(g, "emit %s = %s", yn, hn);
	if (second)
		line(g, "emit %s = %s", zn, on);
	g->indent--;
	line(g, "}");
	g->in_scan = before;
	g->nv = first;
	keep(g, hn, h);
	if (two)
		keep(g, kn, h);
	if (second && z.rank < MAXD) {
		for (int i = z.rank; i > 0; i--)
			z.d[i] = z.d[i - 1];
		z.d[0] = steps;
		z.rank++;
		keep(g, zn, z);
	}
	keep(g, yn, y);
}

/* ---- layers used twice, state --------------------------------------------------------------------------- */

static void shared_layer(Gen *g)
{
	Val *x = any(g);
	Shape s = x->s;
	char f[FORM] = "";
	int n = g->count++, k = 1 + (int)below(g, 4);
	if (s.rank == 3 && chance(g, 40)) {
		line(g, "layer l%dx = conv2d(%d, 1%s)", n, k, extras(g));
		s.d[0] = k;
	} else if (s.rank == 2 && chance(g, 40)) {
		line(g, "layer l%dx = gru(%d)", n, k);
		s.d[1] = k;
	} else if (!g->in_block && chance(g, 30)) {
		line(g, "layer l%dx = low_rank(%d)", n, k);
		s.d[s.rank - 1] = k;
	} else {
		line(g, "layer l%dx = dense(%d%s)", n, k, extras(g));
		s.d[s.rank - 1] = k;
		if (s.rank == 1 && chance(g, 30)) {
			put(f, "($ |> l%dx) + ((l%dx($) @ l%dx.weight) |> tanh |> l%dx)", n, n, n, n);
			make(g, f, x->name, "", s);
			return;
		}
	}
	put(f, "l%dx(tanh($)) - ($ |> l%dx)", n, n);
	make(g, f, x->name, "", s);
}

void state(Gen *g)
{
	Val *x = any(g);
	int n = g->count++, last = x->s.d[x->s.rank - 1];
	char f[FORM] = "", t[64] = "", xn[16];
	snprintf(xn, sizeof xn, "%s", x->name);
	if (x->s.rank != 1)
		return;
	if (chance(g, 50))
		line(g, "buffer s%d: f32[%d]%s", n, last, ONE_OF(g, "", " = zeros()", " = constant(0.5)", " = ones()"));
	else
		line(g, "buffer s%d = %s(%d)", n, chance(g, 50) ? "zeros" : "ones", last);
	snprintf(t, sizeof t, "update s%d = 0.9 * s%d + 0.1 * mean(%s, dim = 0)", n, n, xn);
	bool after = chance(g, 40);
	put(f, "$ - 0.3 * s%d", n);
	if (after)
		make(g, f, xn, "", x->s);
	if (chance(g, 70)) {
		line(g, "if training {");
		line(g, "  %s", t);
		line(g, "}");
	} else {
		line(g, "%s", t);
	}
	if (!after)
		make(g, f, xn, "", x->s);
}

void scopes(Gen *g)
{
	if (g->depth > 2)
		return;
	switch (below(g, 6)) {
	case 0:
		if (!g->in_scan)
			own_block(g);
		break;
	case 1: repeated(g); break;
	case 2: branched(g); break;
	case 3: scanned(g); break;
	case 4:
		if (!g->in_scan && !g->in_branch)
			shared_layer(g);
		break;
	default:
		if (!g->in_scan && !g->in_block && !g->depth)
			state(g);
	}
}
