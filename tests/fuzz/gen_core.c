/* gen_core.c - random choices, text, values at hand.
 *
 * In:    the state of the generator.   Out: statements, and the shapes of what they name.
 */
#include "gen.h"

/* ---- choices ------------------------------------------------------------------------------ */

unsigned below(Gen *g, unsigned n)
{
	g->state = g->state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)((g->state >> 33) % n);
}

bool chance(Gen *g, unsigned percent) { return below(g, 100) < percent; }

const char *one_of(Gen *g, const char *const *v, int n) { return v[below(g, (unsigned)n)]; }

/* ---- text --------------------------------------------------------------------------------- */

static void add_va(Text *t, const char *fmt, va_list ap)
{
	va_list again;
	va_copy(again, ap);
	int n = vsnprintf(t->text ? t->text + t->n : 0, t->cap - t->n, fmt, ap);
	if ((size_t)n >= t->cap - t->n) {
		t->cap = 2 * t->cap + (size_t)n + 512;
		t->text = realloc(t->text, t->cap);
		if (!t->text)
			abort();
		vsnprintf(t->text + t->n, t->cap - t->n, fmt, again);
	}
	t->n += (size_t)n;
	va_end(again);
}

void add(Gen *g, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	add_va(&g->body, fmt, ap);
	va_end(ap);
}

void line(Gen *g, const char *fmt, ...)
{
	va_list ap;
	for (int i = 0; i < g->indent; i++)
		add(g, "  ");
	va_start(ap, fmt);
	add_va(&g->body, fmt, ap);
	va_end(ap);
	add(g, "\n");
}

void put(char *f, const char *fmt, ...)
{
	va_list ap;
	size_t n = strlen(f);
	va_start(ap, fmt);
	vsnprintf(f + n, FORM - n, fmt, ap);
	va_end(ap);
}

/* ---- values at hand ------------------------------------------------------------------------- */

int elements(const Shape *s)
{
	int n = 1;
	for (int i = 0; i < s->rank; i++)
		n *= s->d[i];
	return n;
}

bool same(const Shape *a, const Shape *b)
{
	return a->rank == b->rank && !memcmp(a->d, b->d, sizeof a->d[0] * (size_t)a->rank);
}

/* Most often one of the last. */
Val *any(Gen *g)
{
	unsigned few = (unsigned)(g->nv < 6 ? g->nv : 6);
	return &g->v[below(g, 3) ? g->nv - 1 - (int)below(g, few) : (int)below(g, (unsigned)g->nv)];
}

Val *ranked(Gen *g, int rank)
{
	for (int i = 0; i < 12; i++) {
		Val *v = any(g);
		if (v->s.rank == rank)
			return v;
	}
	return 0;
}

Val *mate(Gen *g, Val *x)
{
	for (int i = 0; i < 12; i++) {
		Val *v = any(g);
		if (v != x && same(&v->s, &x->s))
			return v;
	}
	return x;
}

void keep(Gen *g, const char *name, Shape s)
{
	if (g->nv == MAXV || s.rank < 1 || s.rank > MAXD || elements(&s) > MOST || elements(&s) < 1)
		return;
	snprintf(g->v[g->nv].name, sizeof g->v->name, "%s", name);
	g->v[g->nv++].s = s;
}

/* ---- statements ------------------------------------------------------------------------------ */

void make(Gen *g, const char *form, const char *x, const char *y, Shape s)
{
	char name[16], x2[16], y2[16];
	int number = g->count++;
	snprintf(x2, sizeof x2, "%s", x);
	snprintf(y2, sizeof y2, "%s", y);
	snprintf(name, sizeof name, "v%d", g->count++);
	for (int i = 0; i < g->indent; i++)
		add(g, "  ");
	add(g, "%s = ", name);
	for (const char *p = form; *p; p++) {
		if (*p == '$')
			add(g, "%s", x2);
		else if (*p == '%')
			add(g, "%s", y2);
		else if (*p == '#')
			add(g, "%d", number);
		else
			add(g, "%c", *p);
	}
	add(g, "\n");
	keep(g, name, s);
}

const char *suited(Gen *g, const Form *f, int n, const Val *x)
{
	int last = x->s.d[x->s.rank - 1];
	for (;;) {
		const Form *k = &f[below(g, (unsigned)n)];
		unsigned need = k->need;
		if (!(need & F_RANDOM && g->calm) && !(need & F_RANK2 && x->s.rank < 2) &&
		    !(need & F_LAST2 && last < 2) && !(need & F_EVEN && last % 2) &&
		    !(need & F_STATE && g->in_scan) && !(need & F_RANK1 && x->s.rank != 1))
			return k->form;
	}
}

void call(Gen *g, char *f, const char *name, const char *args)
{
	f[0] = 0;
	switch (below(g, 5)) {
	case 0: case 1:
		put(f, "%s($%s%s)", name, *args ? ", " : "", args);
		break;
	case 2:
		put(f, "$ |> f#x: %s%s%s%s", name, *args ? "(" : "", args, *args ? ")" : "");
		break;
	default:
		put(f, "$ |> %s%s%s%s", name, *args ? "(" : "", args, *args ? ")" : "");
	}
}
