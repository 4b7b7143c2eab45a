/* about.c - the tables from which a trainer tells about its model: layers, work, the memory map.
 *
 * In:    a module after all passes, the plan of its training step.   Out: C.
 * Holds: the numbers are those of --summary; long tables are cut to what is largest, so that
 *        they stay small beside the code.
 */
#include "about.h"
#include "account.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_LAYERS = 512, MOST_ROOMS = 192, MOST_TEXT = 160 };

typedef struct {
	const char *name, *path;
	int64_t at, bytes, size;       /* size: at the batch of the program                    */
	bool sampled;
	int first, last, order;
} Room;

struct About {
	const Account *a;
	const Module *m;
	Room *room;
	int nroom, rooms, stretches;
	int64_t saved0, saved, arena0, arena;
};

About *about_new(const Module *m, const Options *opt)
{
	About *b = NEW(m->job->mem, About);
	b->m = m;
	b->a = account_new(m, opt);
	return b;
}

/* The layer whose call made the value. */
static const char *layer_of(const Module *m, const Node *n)
{
	int call = n && n->part >= 0 && n->part < m->npart ? m->part[n->part] : -1;
	return call >= 0 && call < m->ncall && m->call[call].path ? m->call[call].path : "";
}

static int by_size(const void *x, const void *y)
{
	const Room *a = x, *b = y;
	return a->size != b->size ? (a->size < b->size ? 1 : -1) : a->order - b->order;
}

static int by_order(const void *x, const void *y)
{
	return ((const Room *)x)->order - ((const Room *)y)->order;
}

void about_phase(About *b, const char *phase, const Fn *f)
{
	const Module *m = b->m;
	int64_t batch = m->train.batch > 0 ? m->train.batch : 32;
	if (strcmp(phase, "grad"))
		return;
	Arena *mem = arena_new();
	Room *room = NEWN(mem, Room, 2 * MOST_ROOMS);
	int n = 0;
	for (int i = 0; i < f->nbuf; i++) {
		const Buffer *u = f->buf[i];
		bool sampled = u->place == PL_ARENA;
		if (u->of || u->inplace || u->bytes <= 0 || u->first < 0 ||
		    (!sampled && u->place != PL_ARENA0))
			continue;
		Room r = { u->name, layer_of(m, u->node), u->at,
			   u->bytes, u->bytes * (sampled ? batch : 1), sampled, u->first, u->last,
			   i };
		room[n++] = r;
		b->rooms++;
		if (n == 2 * MOST_ROOMS) {     /* the larger half */
			qsort(room, (size_t)n, sizeof *room, by_size);
			n = MOST_ROOMS;
		}
		b->stretches = u->last + 1 > b->stretches ? u->last + 1 : b->stretches;
	}
	if (n)
		qsort(room, (size_t)n, sizeof *room, by_size);
	b->nroom = n < MOST_ROOMS ? n : MOST_ROOMS;
	if (b->nroom) {
		b->room = NEWN(m->job->mem, Room, b->nroom);
		memcpy(b->room, room, sizeof *room * (size_t)b->nroom);
		qsort(b->room, (size_t)b->nroom, sizeof *b->room, by_order);
		for (int i = 0; i < b->nroom; i++)     /* the function goes, its names with it */
			b->room[i].name = arena_printf(m->job->mem, "%s", b->room[i].name);
	}
	arena_free(mem);
	b->saved = saved_bytes(f, &b->saved0);
	b->arena0 = f->arena0_bytes;
	b->arena = f->arena_bytes;
}

/* ---- printing ------------------------------------------------------------------------------ */

static const char *number(Arena *a, double v)
{
	char buf[40];
	return arena_printf(a, "%s", number_text(buf, v, false));
}

/* A text of at most MOST_TEXT characters. */
static const char *cut(Arena *a, const char *s)
{
	int n = MOST_TEXT - 2;
	if (strlen(s) <= MOST_TEXT)
		return s;
	while (((unsigned char)s[n] & 0xc0) == 0x80) /* within a character of UTF-8 */
		n--;
	return arena_printf(a, "%.*s..", n, s);
}

static int print_layers(Out *o, const Account *c)
{
	Arena *a = c->m->job->mem;
	int n = c->nrow < MOST_LAYERS ? c->nrow : MOST_LAYERS;
	if (n)
		out(o, "static const nnrt_layer about_layers[] = {\n");
	for (int i = 0; i < n; i++) {
		const AccountRow *r = &c->row[i];
		out(o, "{ %s, %s, %s, %lld, %lld, %s },\n", c_string(a, r->path),
		    c_string(a, cut(a, r->text)), c_string(a, account_shape(a, &r->out)),
		    (long long)r->params, (long long)account_activation(c, r),
		    number(a, r->work));
	}
	if (n)
		out(o, "};\n\n");
	return n;
}

static void print_rooms(Out *o, const About *b)
{
	Arena *a = b->m->job->mem;
	if (!b->nroom)
		return;
	out(o, "static const nnrt_room about_rooms[] = {\n");
	for (int i = 0; i < b->nroom; i++) {
		const Room *r = &b->room[i];
		out(o, "{ %s, %s, %lld, %lld, %d, %d, %d },\n", c_string(a, r->name),
		    c_string(a, r->path), (long long)r->at, (long long)r->bytes, r->sampled,
		    r->first, r->last);
	}
	out(o, "};\n\n");
}

static void print_scores(Out *o, const Module *m)
{
	if (!m->nout)
		return;
	out(o, "static const nnrt_scores about_scores[] = { ");
	for (int i = 0; i < m->nout; i++)
		out(o, "%s%d", i ? ", " : "", (int)m->scores[i]);
	out(o, " };\n\n");
}

void about_print(Out *o, const About *b)
{
	const Account *c = b->a;
	const Module *m = b->m;
	Arena *a = m->job->mem;
	int layers = print_layers(o, c);
	print_rooms(o, b);
	print_scores(o, m);
	out(o, "static const nnrt_about about = {\n.layer = %s, .nlayer = %d, .layers = %d,\n",
	    layers ? "about_layers" : "0", layers, c->nrow);
	out(o, ".room = %s, .nroom = %d, .rooms = %d, .stretches = %d,\n",
	    b->nroom ? "about_rooms" : "0", b->nroom, b->rooms, b->stretches);
	out(o, ".scores = %s,\n.forward = %s, .step = %s, .regularised = %lld,\n",
	    m->nout ? "about_scores" : "0", number(a, c->forward), number(a, c->step),
	    (long long)c->regular);
	out(o, ".saved0 = %lld, .saved = %lld, .arena0 = %lld, .arena = %lld,\n",
	    (long long)b->saved0, (long long)b->saved, (long long)b->arena0,
	    (long long)b->arena);
	out(o, ".optimizer = %s,\n};\n\n", c_string(a, m->train.optimizer));
}
