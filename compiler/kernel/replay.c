/* replay.c - plan_check(): replays the plan with n owners over byte ranges.
 *
 * In:    a planned function, n threads, a batch of B.   Out: nothing, or bug() at the first
 *        fault.
 * Holds: every read sees the value that the graph names, and between two owners of which one
 *        writes lies a barrier.
 *
 * Memory is a list of intervals, each with the buffer whose value it holds.  Since the last
 * barrier all touched ranges are remembered with their owner; an overlap of two owners, one
 * writing, is a race.  A scan is replayed for three steps.
 */
#include "op.h"

typedef struct { int64_t lo, hi; const Buffer *holds; } Span1;
typedef struct { int64_t lo, hi; int owner; bool write; const Region *r; } Touch;

typedef struct {
	const Fn *f;
	Arena *a;
	int n, B;
	Span1 *v[2]; int nv[2], capv[2];       /* contents of the two arenas                   */
	Touch *t[2]; int nt[2], capt[2];       /* since the last barrier                       */
} Replay;

static void touch(Replay *p, int arena, Touch x)
{
	for (int i = 0; i < p->nt[arena]; i++) {
		const Touch *y = &p->t[arena][i];
		if (y->owner != x.owner && (x.write || y->write) && x.lo < y->hi &&
		    y->lo < x.hi)
			bug(p->f->job, "plan: regions %d and %d race with %d threads, batch %d",
			    y->r->id, x.r->id, p->n, p->B);
	}
	PUSH(p->a, p->t[arena], p->nt[arena], p->capt[arena], x);
}

/* Bytes lo..hi hold buffer b now. */
static void fill(Replay *p, int arena, int64_t lo, int64_t hi, const Buffer *b)
{
	Span1 *old = p->v[arena];
	int n = p->nv[arena];
	p->v[arena] = 0;
	p->nv[arena] = p->capv[arena] = 0;
	for (int i = 0; i < n; i++) {
		Span1 s = old[i], left = s, right = s;
		left.hi = s.hi < lo ? s.hi : lo;
		right.lo = s.lo > hi ? s.lo : hi;
		if (left.lo < left.hi)
			PUSH(p->a, p->v[arena], p->nv[arena], p->capv[arena], left);
		if (right.lo < right.hi)
			PUSH(p->a, p->v[arena], p->nv[arena], p->capv[arena], right);
	}
	Span1 s = { lo, hi, b };
	PUSH(p->a, p->v[arena], p->nv[arena], p->capv[arena], s);
}

static void expect(Replay *p, int arena, int64_t lo, int64_t hi, const Buffer *b,
                   const Region *r)
{
	int64_t found = 0;
	for (int i = 0; i < p->nv[arena]; i++) {
		const Span1 *s = &p->v[arena][i];
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
	int64_t len = dim_at(b->st.len, p->B) * elem_bytes(b, p->f->o->f64);
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
	}
	return true;
}

static void replay_region(Replay *p, const Region *r)
{
	if (r->barrier)
		p->nt[0] = p->nt[1] = 0;
	for (int write = 0; write < 2; write++)
		for (int t = 0; t < p->n; t++)
			for (int i = 0; i < r->naccess; i++) {
				const Access *a = &r->access[i];
				int64_t lo, hi;
				bool in =
					a->buf->place == PL_ARENA0 || a->buf->place == PL_ARENA;
				if (!in || a->write != write || !range(p, r, a, t, &lo, &hi))
					continue;
				int arena = a->buf->place == PL_ARENA;
				if (p->f->host->barrier)
					touch(p, arena, (Touch){ lo, hi, t, write, r });
				if (write)
					fill(p, arena, lo, hi, a->buf);
				else
					expect(p, arena, lo, hi, a->buf, r);
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
