/* replay.c - plan_check(): replays the plan with n owners over byte ranges.
 *
 * In:    a planned function, n threads, a batch of B.   Out: nothing, or bug() at the first
 *        fault.
 * Holds: every read sees the value that the graph names, between two owners of which one writes
 *        lies a barrier, and a region that writes over what it reads does so element by element.
 *
 * Memory is a sorted list of intervals, each with the buffer whose value it holds.  A second
 * list has the ranges touched since the last barrier with their owner; an overlap of two owners,
 * one writing, is a race.  A scan is replayed for three steps.
 */
#include "op.h"

#include <string.h>

enum { SEVERAL = -1 };

typedef struct {
	int64_t lo, hi;
	const Buffer *holds;
	int owner;                     /* SEVERAL: read by some                                */
	bool write;
	const Region *r;
} Span1;

typedef struct { Span1 *v; int n, cap; } Spans;

typedef struct {
	const Fn *f;
	Arena *a;
	int n, B;
	Spans held[2], touched[2];     /* of the two arenas                                    */
} Replay;

/* The first interval that ends above at. */
static int first_above(const Spans *s, int64_t at)
{
	int a = 0, b = s->n;
	while (a < b) {
		int m = (a + b) / 2;
		if (s->v[m].hi > at)
			b = m;
		else
			a = m + 1;
	}
	return a;
}

/* x takes the place of whatever was there. */
static void put(Replay *p, Spans *s, Span1 x)
{
	if (x.lo >= x.hi)
		return;
	int from = first_above(s, x.lo), to = from, n = 0;
	Span1 part[3];
	while (to < s->n && s->v[to].lo < x.hi)
		to++;
	if (from < to && s->v[from].lo < x.lo) {
		part[n] = s->v[from];
		part[n++].hi = x.lo;
	}
	part[n++] = x;
	if (from < to && s->v[to - 1].hi > x.hi) {
		part[n] = s->v[to - 1];
		part[n++].lo = x.hi;
	}
	/* at most two intervals more than before */
	int rest = s->n - to;
	for (int i = 0; i < 2; i++)
		PUSH(p->a, s->v, s->n, s->cap, x);
	memmove(s->v + from + n, s->v + to, sizeof *s->v * (size_t)rest);
	memcpy(s->v + from, part, sizeof *s->v * (size_t)n);
	s->n = from + n + rest;
}

static void touch(Replay *p, Spans *s, Span1 x)
{
	for (int64_t at = x.lo; at < x.hi; ) {
		int i = first_above(s, at);
		Span1 now = x;
		now.lo = at;
		if (i < s->n && s->v[i].lo > at && s->v[i].lo < x.hi)
			now.hi = s->v[i].lo;
		at = now.hi;
		if (i < s->n && s->v[i].lo <= now.lo) {
			const Span1 *y = &s->v[i];
			if (y->owner != x.owner && (x.write || y->write))
				bug(p->f->job,
				    "plan: regions %d and %d race with %d threads, batch %d",
				    y->r->id, x.r->id, p->n, p->B);
			at = now.hi = y->hi < x.hi ? y->hi : x.hi;
			now.write |= y->write;
			if (y->owner == now.owner && y->write == now.write)
				continue;
			if (y->owner != now.owner)
				now.owner = SEVERAL;
		}
		put(p, s, now);
	}
}

static void expect(Replay *p, const Spans *held, int64_t lo, int64_t hi, const Buffer *b,
                   const Region *r)
{
	int64_t found = 0;
	for (int i = first_above(held, lo); i < held->n && held->v[i].lo < hi; i++) {
		const Span1 *s = &held->v[i];
		int64_t x = s->lo > lo ? s->lo : lo, y = s->hi < hi ? s->hi : hi;
		if (x < y && s->holds == b)
			found += y - x;
	}
	if (found != hi - lo)
		bug(p->f->job, "plan: region %d reads %s, but %lld of its %lld bytes hold it",
		    r->id, b->name, (long long)found, (long long)(hi - lo));
}

/* The bytes that owner t touches. */
static bool range(const Replay *p, const Region *r, const Access *a, int t, int64_t *lo,
                  int64_t *hi)
{
	const Buffer *b = a->buf;
	int64_t scale = b->place == PL_ARENA ? p->B : 1, at = b->at * scale;
	int64_t len = dim_at(b->st->len, p->B) * elem_bytes(b, p->f->o->f64);
	int64_t rows = dim_at(r->split.rows, p->B), u = r->split.unit;
	*lo = at;
	*hi = at + len;
	if (!r->split.rows.k)
		return t == 0;
	int64_t units = (rows + u - 1) / u, first = units * t / p->n * u,
		last = units * (t + 1) / p->n * u;
	if (last > rows)
		last = rows;
	if (first >= last)
		return false;
	if (a->slice) {
		*lo = at + len / rows * first;
		*hi = at + len / rows * last;
	} else if (a->apart) {         /* as much as theirs, somewhere; all others wait for a barrier */
		*lo = at + len * first / rows;
		*hi = at + len * last / rows;
	}
	return true;
}

static bool in_arena(const Buffer *b)
{
	return b->place == PL_ARENA0 || b->place == PL_ARENA;
}

/* May a strip write `to` over `from`, or what it writes over `from`, and so on? */
static bool becomes(const Region *r, const Buffer *from, const Buffer *to)
{
	for (int left = r->naccess; from != to && left > 0; left--) {
		const Buffer *next = 0;
		for (int i = 0; i < r->naccess && !next; i++)
			if (!r->access[i].write && r->access[i].buf == from)
				next = r->access[i].over;
		if (!next)
			return false;
		from = next;
	}
	return from == to;
}

/* A region may write over an operand if each element is read where its result goes; over a value of its own
 * that comes later, if that may in turn be written over what it writes here. */
static void overwrites(const Replay *p, const Region *r, const Access *w, int64_t lo,
                       int64_t hi, int t)
{
	for (int i = 0; i < r->naccess; i++) {
		const Access *a = &r->access[i];
		int64_t from, to;
		if (a->write || a->buf == w->buf || a->buf->place != w->buf->place ||
		    !range(p, r, a, t, &from, &to))
			continue;
		bool may = a->at_own || becomes(r, a->buf, w->buf) || becomes(r, w->buf, a->buf);
		if (from < hi && lo < to && !(may && from == lo && to == hi))
			bug(p->f->job, "plan: region %d writes %s over %s, which it still reads",
			    r->id, w->buf->name, a->buf->name);
	}
}

/* Does a strip read what it has written before, in the same row? */
static bool own_value(const Region *r, const Access *a)
{
	for (int i = 0; r->kind == RG_ROWS && i < r->naccess; i++)
		if (r->access[i].buf == a->buf && r->access[i].write)
			return true;
	return false;
}

static void replay_region(Replay *p, const Region *r)
{
	if (r->barrier)
		p->touched[0].n = p->touched[1].n = 0;
	for (int write = 0; write < 2; write++)
		for (int t = 0; t < p->n; t++)
			for (int i = 0; i < r->naccess; i++) {
				const Access *a = &r->access[i];
				int64_t lo, hi;
				if (!in_arena(a->buf) || a->write != write ||
				    !range(p, r, a, t, &lo, &hi))
					continue;
				if (write)
					overwrites(p, r, a, lo, hi, t);
				int arena = a->buf->place == PL_ARENA;
				Span1 x = { lo, hi, a->buf, t, write, r };
				if (p->f->host->barrier)
					touch(p, &p->touched[arena], x);
				if (write)
					put(p, &p->held[arena], x);
				else if (!own_value(r, a))
					expect(p, &p->held[arena], lo, hi, a->buf, r);
			}
}

static void replay_level(Replay *p, const Level *v)
{
	for (const Region *r = v->first; r; r = r->next) {
		if (r->kind != RG_SCAN) {
			replay_region(p, r);
			continue;
		}
		for (int t = 0; t < r->seed->a.scan.steps && t < 3; t++)
			replay_level(p, r->body);
	}
}

void plan_check(const Fn *f, int n, int B)
{
	Replay p = { .f = f, .a = arena_new(), .n = f->host->barrier ? n : 1, .B = B };
	replay_level(&p, f->top);
	arena_free(p.a);
}
