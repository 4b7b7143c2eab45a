/* plan.c - bytes for scratch buffers, after the barriers are placed.
 *
 * In:    buffers and the epochs of the regions that touch them.   Out: offsets in two arenas.
 * Holds: the plan is valid for every batch: offsets in the second arena are multiples of B.
 *        Two buffers share bytes only if a barrier lies between their lives, or if one is the
 *        other, changed in place by the same owners.
 *
 * Greedy by size: the largest buffer first, each at the lowest offset that is free for its
 * life.
 */
#include "op.h"

#include <stdlib.h>
#include <string.h>

enum { GREEDY = 2048 };                /* as many buffers are placed by size                   */

static void live_in(Buffer *b, int from, int to)
{
	if (b->first < 0 || from < b->first)
		b->first = from;
	if (to > b->last)
		b->last = to;
}

static int last_epoch(const Level *v)
{
	int e = 0;
	for (const Region *r = v->first; r; r = r->next) {
		int x = r->kind == RG_SCAN ? last_epoch(r->body) : r->epoch;
		if (x > e)
			e = x;
	}
	return e;
}

/* What a scan touches lives from its first step to its last. */
static void lifetimes(Level *v, int from, int to)
{
	for (Region *r = v->first; r; r = r->next) {
		int a = from >= 0 ? from : r->epoch, b = from >= 0 ? to : r->epoch;
		if (r->kind == RG_SCAN) {
			int end = last_epoch(r->body);
			lifetimes(r->body, a, from >= 0 ? to : end > a ? end : a);
			continue;
		}
		for (int i = 0; i < r->naccess; i++)
			live_in(r->access[i].buf, a, b);
	}
}

static bool in_arena(const Buffer *b)
{
	return (b->place == PL_ARENA0 || b->place == PL_ARENA) && !b->of && b->first >= 0;
}

/* ---- in place ---------------------------------------------------------------------------- */

/* Are all reads of b in e at the index `at`? */
static bool reads_only_at(const Ex *e, const Buffer *b, const Ex *at)
{
	if (e->kind == E_LOAD && e->u.buf == b)
		return e->arg[0] == at;
	for (int i = 0; i < e->narg; i++)
		if ((e->kind != E_LOAD || i == 0) && !reads_only_at(e->arg[i], b, at))
			return false;
	return true;
}

/* Every store of the body is at one index and every read of b is at the same one. */
static bool identity(const K *k, const Buffer *b, const Ex **at)
{
	const K *s;
	for (s = k; s; s = s->next)
		if (s->kind == K_STORE)
			*at = s->u.store.at;
	for (; k; k = k->next) {
		if (k->kind == K_FOR &&
		    (!identity(k->u.loop.body, b, at) || !identity(k->u.loop.tail, b, at)))
			return false;
		if (k->kind == K_IF || k->kind == K_TURN ||
		    (k->kind == K_STORE && k->u.store.at != *at))
			return false;
		const Ex *e = k->kind == K_LET     ? k->u.let.init
		              : k->kind == K_SET   ? k->u.set.val
		              : k->kind == K_STORE ? k->u.store.val
		                                   : 0;
		if (e && !reads_only_at(e, b, *at ? *at : e))
			return false;
	}
	return true;
}

void inplace_find(Fn *f, Region *r)
{
	if (r->kind == RG_ROWS)
		rows_inplace(f, r);
	if (r->kind != RG_MAP || r->nout != 1)
		return;
	for (int i = 0; i < r->naccess; i++) {
		const Ex *at = 0;
		r->access[i].at_own = !r->access[i].write &&
		                      identity(r->kernel->body, r->access[i].buf, &at);
	}
}

/* An access of a buffer by one of the function's own regions. */
typedef struct { const Region *r; const Access *a; } Use;

typedef struct {
	const Fn *f;
	Arena *mem;
	Use *use;                      /* those of buffer i, the last one first, are numbers   */
	int *from;                     /* from[i] to from[i + 1] - 1                           */
	const Region **scan; int *end, nscan, capscan, capend; /* scans and their last epochs  */
} Uses;

static void find_uses(Uses *u)
{
	const Fn *f = u->f;
	int n = 0;
	u->from = NEWN(u->mem, int, f->nbuf + 2);
	for (const Region *r = f->top->first; r; r = r->next)
		for (int i = 0; i < r->naccess; i++, n++)
			u->from[r->access[i].id]++;
	for (int i = 0; i < f->nbuf; i++)
		u->from[i + 1] += u->from[i];
	u->use = NEWN(u->mem, Use, n);
	for (const Region *r = f->top->first; r; r = r->next) {
		if (r->kind == RG_SCAN) {
			int k = u->nscan, end = last_epoch(r->body);
			PUSH(u->mem, u->scan, k, u->capscan, r);
			PUSH(u->mem, u->end, u->nscan, u->capend, end);
		}
		for (int i = 0; i < r->naccess; i++)
			u->use[--u->from[r->access[i].id]] = (Use){ r, &r->access[i] };
	}
}

/* Does no one else touch b in the epoch of r, or after r?  (Numbers of regions are in order.) */
static bool only_here(const Uses *u, const Buffer *b, const Region *r)
{
	bool barrier = u->f->host->barrier != 0;
	if (b->last > r->epoch)
		return false;
	for (int i = 0; i < u->nscan; i++)
		if (u->scan[i]->id > r->id ? b->last >= u->scan[i]->epoch
		                           : u->end[i] >= r->epoch && barrier)
			return false;
	for (int i = u->from[b->id]; i < u->from[b->id + 1]; i++) {
		const Use *x = &u->use[i];
		const Region *q = x->r;
		if (q == r)
			continue;
		if (q->id > r->id)
			return false;
		if (q->epoch != r->epoch || !barrier)
			return true;
		if (!x->a->slice || q->split.unit != r->split.unit ||
		    !dim_eq(q->split.rows, r->split.rows))
			return false;
	}
	return true;
}

static bool is_taken(const Region *r, const Buffer *from)
{
	for (int i = 0; i < r->naccess; i++)
		if (r->access[i].write && r->access[i].buf->inplace == from)
			return true;
	return false;
}

/* A region whose operand dies in it may write `to` where it reads that one. */
static void try_inplace(const Uses *u, Region *r, Buffer *to)
{
	const Fn *f = u->f;
	if (!in_arena(to) || to->inplace || to->first != r->epoch)
		return;
	for (int i = 0; i < r->naccess; i++) {
		Buffer *from = r->access[i].buf;
		if (r->access[i].write || !in_arena(from) || from->place != to->place ||
		    from == to || from->bytes != to->bytes ||
		    !dim_eq(from->st->len, to->st->len) ||
		    elem_bytes(from, f->o->f64) != elem_bytes(to, f->o->f64))
			continue;
		if (f->host->barrier && r->split.rows.k && !r->access[i].slice)
			continue;
		if ((r->access[i].over != to && !r->access[i].at_own) || !only_here(u, from, r))
			continue;
		while (from->inplace)
			from = from->inplace;
		if (is_taken(r, from))
			continue;
		to->inplace = from;
		if (to->last > from->last)
			from->last = to->last;
		return;
	}
}

/* ---- offsets ----------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
	const Buffer *x = *(Buffer *const *)a, *y = *(Buffer *const *)b;
	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	return x->id - y->id;
}

static bool overlap(const Buffer *a, const Buffer *b)
{
	return a->first <= b->last && b->first <= a->last;
}

/* Puts b at the lowest offset where it fits among the n buffers placed before it, and into their
 * list, which is sorted by offset. */
static void place_lowest(Buffer *b, Buffer **v, int n)
{
	int64_t at = 0;
	for (int i = 0; i < n && v[i]->at < at + b->bytes; i++)
		if (overlap(b, v[i]) && v[i]->at + v[i]->bytes > at)
			at = v[i]->at + v[i]->bytes;
	b->at = at;
	int i = n;
	for (; i > 0 && v[i - 1]->at > at; i--)
		v[i] = v[i - 1];
	v[i] = b;
}

/* ---- offsets for very many buffers: in the order of their lives -------------------------- */

/* v in the order of its epochs (from 0 to nepoch - 1), else as it is: to. */
static void in_order(Arena *a, Buffer *const *v, const int *epoch, int n, int nepoch, Buffer **to)
{
	int *at = NEWN(a, int, nepoch + 2);
	for (int i = 0; i < n; i++)
		at[epoch[i] + 1]++;
	for (int e = 0; e < nepoch; e++)
		at[e + 1] += at[e];
	for (int i = 0; i < n; i++)
		to[at[epoch[i]]++] = v[i];
}

/* Free bytes, sorted by place, never next to each other. */
typedef struct {
	struct { int64_t at, bytes; } *hole;
	int n;
	int64_t top;                   /* free from here on                                    */
} Holes;

static void hole_fill(Holes *h, Buffer *b)
{
	for (int i = 0; i < h->n; i++) {
		if (h->hole[i].bytes < b->bytes)
			continue;
		b->at = h->hole[i].at;
		h->hole[i].at += b->bytes;
		h->hole[i].bytes -= b->bytes;
		if (!h->hole[i].bytes) {
			h->n--;
			memmove(&h->hole[i], &h->hole[i + 1], (size_t)(h->n - i) * sizeof *h->hole);
		}
		return;
	}
	b->at = h->top;
	h->top += b->bytes;
}

static void hole_make(Holes *h, const Buffer *b)
{
	int lo = 0, hi = h->n;         /* the first hole behind b */
	while (lo < hi) {
		int mid = (lo + hi) / 2;
		if (h->hole[mid].at < b->at)
			lo = mid + 1;
		else
			hi = mid;
	}
	bool left = lo > 0 && h->hole[lo - 1].at + h->hole[lo - 1].bytes == b->at;
	bool right = lo < h->n && b->at + b->bytes == h->hole[lo].at;
	if (left)
		h->hole[lo - 1].bytes += b->bytes + (right ? h->hole[lo].bytes : 0);
	else if (right) {
		h->hole[lo].at = b->at;
		h->hole[lo].bytes += b->bytes;
	}
	if (left == right) {           /* one hole less, or one more */
		int from = left ? lo + 1 : lo, to = left ? lo : lo + 1;
		memmove(&h->hole[to], &h->hole[from], (size_t)(h->n - from) * sizeof *h->hole);
		h->n += left ? -1 : 1;
	}
	if (!left && !right) {
		h->hole[lo].at = b->at;
		h->hole[lo].bytes = b->bytes;
	}
}

/* As an allocator would at run time: a few more bytes than by size, but time grows with n. */
static int64_t plan_in_time(Arena *a, Buffer *const *v, int n, int nepoch)
{
	Buffer **begin = NEWN(a, Buffer *, n), **end = NEWN(a, Buffer *, n);
	Holes h = { 0 };
	int ended = 0;
	h.hole = arena_alloc(a, sizeof *h.hole * (size_t)(n + 1));
	int *first = NEWN(a, int, n), *last = NEWN(a, int, n);
	for (int i = 0; i < n; i++) {
		first[i] = v[i]->first;
		last[i] = v[i]->last;
	}
	in_order(a, v, first, n, nepoch, begin);
	in_order(a, v, last, n, nepoch, end);
	for (int i = 0, k; i < n; i = k) {
		bool sorted = true;    /* most are of one size */
		for (k = i + 1; k < n && begin[k]->first == begin[i]->first; k++)
			sorted &= by_size(&begin[k - 1], &begin[k]) < 0;
		if (!sorted)
			qsort(begin + i, (size_t)(k - i), sizeof *begin, by_size);
	}
	for (int i = 0; i < n; i++) {
		while (end[ended]->last < begin[i]->first)
			hole_make(&h, end[ended++]);
		hole_fill(&h, begin[i]);
	}
	return h.top;
}

/* What no plan can do without: the bytes of the values that live in one epoch, at most. */
static int64_t lower_bound(Arena *a, const Fn *f, Buffer *const *v, int n)
{
	int64_t *change = NEWN(a, int64_t, f->nepoch + 2), live = 0, most = 0;
	for (int i = 0; i < n; i++) {
		change[v[i]->first] += v[i]->bytes;
		change[v[i]->last + 1] -= v[i]->bytes;
	}
	for (int e = 0; e <= f->nepoch; e++) {
		live += change[e];
		most = live > most ? live : most;
	}
	return most;
}

static int64_t arena_plan(Arena *a, const Fn *f, Place place, int64_t *least)
{
	Buffer **v = NEWN(a, Buffer *, f->nbuf + 1);
	int n = 0;
	int64_t top = 0;
	for (int i = 0; i < f->nbuf; i++)
		if (f->buf[i]->place == place && in_arena(f->buf[i]) && !f->buf[i]->inplace)
			v[n++] = f->buf[i];
	*least = lower_bound(a, f, v, n);
	if (n > GREEDY)
		return plan_in_time(a, v, n, f->nepoch + 1);
	qsort(v, (size_t)n, sizeof *v, by_size);
	Buffer **placed = NEWN(a, Buffer *, n + 1);
	for (int i = 0; i < n; i++) {
		place_lowest(v[i], placed, i);
		if (v[i]->at + v[i]->bytes > top)
			top = v[i]->at + v[i]->bytes;
	}
	return top;
}

void plan_memory(Fn *f)
{
	if (f->host->flat)
		return;
	lifetimes(f->top, -1, -1);
	for (int i = 0; i < f->nbuf; i++) {
		Buffer *b = f->buf[i];
		b->bytes = ((int64_t)b->st->len.k * elem_bytes(b, f->o->f64) + 63) / 64 * 64;
	}
	Uses u = { .f = f, .mem = arena_new() };
	find_uses(&u);
	for (Region *r = f->top->first; r; r = r->next) {
		if (r->kind == RG_MAP && r->nout == 1)
			try_inplace(&u, r, r->out[0].buf);
		for (int i = 0; i < r->naccess && r->kind == RG_ROWS; i++)
			if (r->access[i].over)
				try_inplace(&u, r, r->access[i].over);
	}
	arena_reset(u.mem);
	f->arena0_bytes = arena_plan(u.mem, f, PL_ARENA0, &f->arena0_least);
	arena_reset(u.mem);
	f->arena_bytes = arena_plan(u.mem, f, PL_ARENA, &f->arena_least);
	arena_free(u.mem);
	for (int i = 0; i < f->nbuf; i++)
		if (f->buf[i]->inplace) {
			const Buffer *b = f->buf[i]->inplace;
			while (b->inplace)
				b = b->inplace;
			f->buf[i]->at = b->at;
		}
}
