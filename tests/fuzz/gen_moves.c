/* gen_moves.c - the same elements in other places: shapes, slices, joins, padding. */
#include "gen.h"

static void dims_text(char *t, const Shape *s)
{
	*t = 0;
	for (int i = 0; i < s->rank; i++)
		put(t, ", %d", s->d[i]);
}

/* The same elements in dimensions drawn anew. */
static void reshaped(Gen *g, Val *x)
{
	Shape s = { 0 };
	char t[FORM], f[FORM] = "";
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
	if (chance(g, 30)) {           /* one size is to be found */
		int keep_last = s.d[s.rank - 1];
		s.d[s.rank - 1] = -1;
		dims_text(t, &s);
		s.d[s.rank - 1] = keep_last;
	} else {
		dims_text(t, &s);
	}
	put(f, chance(g, 50) ? "reshape($, N%s)" : "$ |> reshape(N%s)", t);
	make(g, f, x->name, "", s);
}

/* Samples and steps in one dimension, and back. */
static void through_rows(Gen *g, Val *x)
{
	Shape s = x->s;
	char f[FORM] = "";
	int k = 1 + (int)below(g, 4);
	if (s.rank != 2)
		return;
	put(f, "reshape(dense(reshape($, %d * N, %d), %d), N, %d, %d)", s.d[0], s.d[1], k, s.d[0], k);
	s.d[1] = k;
	make(g, f, x->name, "", s);
}

static void permuted(Gen *g, Val *x)
{
	Shape s = x->s;
	char f[FORM] = "permute($, 0";
	int p[MAXD];
	for (int i = 0; i < s.rank; i++)
		p[i] = i;
	for (int i = s.rank - 1; i > 0; i--) {
		int k = (int)below(g, (unsigned)i + 1), t = p[i];
		p[i] = p[k];
		p[k] = t;
	}
	for (int i = 0; i < s.rank; i++) {
		put(f, ", %d", chance(g, 20) ? p[i] - s.rank : p[i] + 1);
		s.d[i] = x->s.d[p[i]];
	}
	put(f, ")");
	make(g, f, x->name, "", s);
}

static void transposed(Gen *g, Val *x)
{
	Shape s = x->s;
	char f[FORM] = "";
	int a = (int)below(g, (unsigned)s.rank), b = (int)below(g, (unsigned)s.rank);
	if (s.rank < 2)
		return;
	if (chance(g, 30)) {
		a = s.rank - 1;
		b = s.rank - 2;
		put(f, chance(g, 50) ? "transpose($)" : "$ |> transpose");
	} else {
		put(f, "transpose($, %d, d1 = %d)", a + 1, b - s.rank);
	}
	s.d[a] = x->s.d[b];
	s.d[b] = x->s.d[a];
	make(g, f, x->name, "", s);
}

/* One subscript that says something, written with colons or "..." before it. */
static void sliced(Gen *g, Val *x)
{
	Shape s = x->s;
	char f[FORM] = "";
	int axis = (int)below(g, (unsigned)s.rank), n = s.d[axis];
	bool dots = axis == s.rank - 1 && chance(g, 40);
	put(f, dots ? "$[..." : "$[:");
	for (int i = 0; i < axis && !dots; i++)
		put(f, ", :");
	if (chance(g, 40) && s.rank > 1) {
		put(f, ", %d%s]", (int)below(g, (unsigned)n) - (chance(g, 50) ? n : 0),
		    axis < s.rank - 1 && chance(g, 30) ? ", ..." : "");
		for (int i = axis; i + 1 < s.rank; i++)
			s.d[i] = s.d[i + 1];
		s.rank--;
	} else {
		int lo = (int)below(g, (unsigned)n), hi = lo + 1 + (int)below(g, (unsigned)(n - lo));
		if (lo == 0 && chance(g, 40))
			put(f, ", :%d]", hi);
		else if (hi == n && chance(g, 40))
			put(f, ", %d:]", chance(g, 50) ? lo : lo - n);
		else
			put(f, ", %d:%d]", lo, hi < n && chance(g, 30) ? hi - n : hi);
		s.d[axis] = hi - lo;
	}
	make(g, f, x->name, "", s);
}

static void joined(Gen *g, Val *x)
{
	Val *y = mate(g, x);
	Shape s = x->s;
	char f[FORM] = "";
	int axis = (int)below(g, (unsigned)s.rank);
	if (chance(g, 30) && s.rank < MAXD) {
		put(f, "stack($, %%, dim = %d)", axis + 1);
		for (int i = s.rank; i > axis; i--)
			s.d[i] = s.d[i - 1];
		s.d[axis] = 2;
		s.rank++;
	} else {
		int dim = chance(g, 50) ? axis + 1 : axis - s.rank;
		if (chance(g, 50)) {
			put(f, "concat($, %%, $, dim = %d)", dim);
			s.d[axis] *= 3;
		} else {
			put(f, "$ |> concat(%%, dim = %d)", dim);
			s.d[axis] *= 2;
		}
	}
	make(g, f, x->name, y->name, s);
}

static void divided(Gen *g, Val *x)
{
	Shape s = x->s, r = x->s;
	int axis = (int)below(g, (unsigned)s.rank), n = s.d[axis], k = 1 + (int)below(g, (unsigned)n);
	char a[16], b[16], from[16];
	if (n < 2 || k == n)
		return;
	snprintf(from, sizeof from, "%s", x->name);
	snprintf(a, sizeof a, "v%d", g->count++);
	snprintf(b, sizeof b, "v%d", g->count++);
	if (n % 2 == 0 && chance(g, 40)) {
		line(g, axis == s.rank - 1 ? "%s, %s = split(%s, 2)" : "%s, %s = split(%s, parts = 2, dim = %d)", a, b, from,
		     axis + 1);
		k = n / 2;
	} else {
		line(g, "%s, %s = %s |> split([%d, %d], dim = %d)", a, b, from, k, n - k, axis + 1);
	}
	s.d[axis] = k;
	r.d[axis] = n - k;
	keep(g, a, s);
	keep(g, b, r);
}

static void padded(Gen *g, Val *x)
{
	static const Form last[] = {
		{ "pad($, [1, 2])", 0 }, { "pad($, [1, 2], value = 0.5)", 0 }, { "pad($, [2, 1], mode = \"edge\")", 0 },
		{ "$ |> pad(amounts = [0, 3], mode = \"constant\")", 0 },
	};
	Shape s = x->s;
	int n = s.d[s.rank - 1], m = s.rank > 1 ? s.d[s.rank - 2] : 0;
	if (n > 2 && chance(g, 40)) {
		s.d[s.rank - 1] += 3;
		make(g, "pad($, [1, 2], mode = \"reflect\")", x->name, "", s);
	} else if (m && chance(g, 40)) {
		s.d[s.rank - 1] += 1;
		s.d[s.rank - 2] += 2;
		make(g, n > 1 && m > 2 && chance(g, 40) ? "pad($, [1, 0, 2, 0], mode = \"reflect\")" :
		     chance(g, 50) ? "pad($, [0, 1, 1, 1], mode = \"edge\")" : "pad($, [1, 0, 0, 2], value = -0.25)",
		     x->name, "", s);
	} else if (n > 2 && chance(g, 40)) {
		s.d[s.rank - 1] -= 2;
		make(g, chance(g, 50) ? "crop($, [1, 1])" : "$ |> crop(amounts = [2, 0])", x->name, "", s);
	} else if (n > 1 && m > 1 && chance(g, 50)) {
		s.d[s.rank - 1] -= 1;
		s.d[s.rank - 2] -= 1;
		make(g, "crop($, [0, 1, 1, 0])", x->name, "", s);
	} else {
		s.d[s.rank - 1] += 3;
		make(g, suited(g, FORMS(last), x), x->name, "", s);
	}
}

static void expanded(Gen *g, Val *x)
{
	Shape s = x->s;
	char f[FORM] = "", t[FORM];
	int axis = (int)below(g, (unsigned)s.rank + 1), n = 1 + (int)below(g, 3);
	if (s.rank == MAXD)
		return;
	for (int i = s.rank; i > axis; i--)
		s.d[i] = s.d[i - 1];
	s.rank++;
	s.d[axis] = n;
	dims_text(t, &s);
	switch (below(g, 4)) {
	case 0: put(f, "expand(unsqueeze($, dim = %d), N%s)", axis + 1, t); break;
	case 1:                        /* from a row that all samples share */
		put(f, "expand(unsqueeze($, %d), N%s) + zeros(%d)", axis + 1, t, s.d[s.rank - 1]);
		break;
	case 2:
		put(f, "unsqueeze($, %d) * ones(N%s)", axis - s.rank, t);
		if (n > 1)             /* stretches the first operand alone */
			break;
		put(f, " * 0.5");
		break;
	default:
		s.d[axis] = 1;
		put(f, chance(g, 50) ? "unsqueeze($, %d)" : "$ |> unsqueeze(dim = %d)", axis + 1);
	}
	make(g, f, x->name, "", s);
}

static void squeezed(Gen *g, Val *x)
{
	Shape s = x->s, all = { 0 };
	char f[FORM] = "";
	int axis = -1;
	for (int i = 0; i < s.rank; i++)
		if (s.d[i] == 1)
			axis = i;
		else
			all.d[all.rank++] = s.d[i];
	if (axis < 0 || s.rank < 2)
		return;
	if (all.rank && chance(g, 30)) {
		make(g, "squeeze($)", x->name, "", all);
		return;
	}
	put(f, "squeeze($, %s%d)", chance(g, 50) ? "dim = " : "", chance(g, 50) ? axis + 1 : axis - s.rank);
	for (int i = axis; i + 1 < s.rank; i++)
		s.d[i] = s.d[i + 1];
	s.rank--;
	make(g, f, x->name, "", s);
}

/* A vector along a dimension of x. */
static void laid_along(Gen *g, Val *x)
{
	char f[FORM] = "";
	int axis = (int)below(g, (unsigned)x->s.rank);
	line(g, "param a%dx: f32[%d] = %s", g->count, x->s.d[axis], initialiser(g, 1));
	put(f, "$ * along(a%dx, $, %s%d)", g->count, chance(g, 30) ? "dim = " : "", axis + 1);
	make(g, f, x->name, "", x->s);
}

void moves(Gen *g)
{
	Val *x = any(g);
	char f[FORM] = "";
	switch (below(g, 14)) {
	case 0: reshaped(g, x); break;
	case 1: permuted(g, x); break;
	case 2: case 3: sliced(g, x); break;
	case 4: joined(g, x); break;
	case 5: divided(g, x); break;
	case 6: padded(g, x); break;
	case 7: expanded(g, x); break;
	case 8: squeezed(g, x); break;
	case 9: transposed(g, x); break;
	case 10:
		if (!g->in_scan)
			through_rows(g, x);
		break;
	case 11:
		if (!g->in_scan && !g->in_branch)
			laid_along(g, x);
		break;
	case 12:
		put(f, "reverse($, dim = %d)", 1 + (int)below(g, (unsigned)x->s.rank));
		make(g, f, x->name, "", x->s);
		break;
	default:
		make(g, chance(g, 50) ? "flatten($)" : "$ |> flatten", x->name, "", (Shape){ 1, { elements(&x->s) } });
	}
}
