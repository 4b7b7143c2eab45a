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

/* Does anyone else touch b in the epoch of r, or after r? */
static bool only_here(const Fn *f, const Buffer *b, const Region *r)
{
	bool after = false;
	for (const Region *q = f->top->first; q; q = q->next) {
		if (q->kind == RG_SCAN &&
		    (after ? b->last >= q->epoch
		           : last_epoch(q->body) >= r->epoch && f->host->barrier))
			return false;
		for (int i = 0; i < q->naccess; i++) {
			if (q == r || q->access[i].buf != b)
				continue;
			if (after || (q->epoch == r->epoch && f->host->barrier &&
			              (!q->access[i].slice || q->split.unit != r->split.unit ||
			               !dim_eq(q->split.rows, r->split.rows))))
				return false;
		}
		after |= q == r;
	}
	return b->last <= r->epoch;
}

/* A map whose operand dies in it may write where it reads. */
static void try_inplace(const Fn *f, Region *r)
{
	if (r->kind != RG_MAP || r->nout != 1 || !in_arena(r->out[0].buf))
		return;
	Buffer *to = r->out[0].buf;
	if (to->inplace || to->first != r->epoch)
		return;
	for (int i = 0; i < r->naccess; i++) {
		Buffer *from = r->access[i].buf;
		const Ex *at = 0;
		if (r->access[i].write || !in_arena(from) || from->place != to->place ||
		    from == to || from->bytes != to->bytes ||
		    !dim_eq(from->st.len, to->st.len) ||
		    elem_bytes(from, f->o->f64) != elem_bytes(to, f->o->f64))
			continue;
		if (f->host->barrier && r->split.rows.k && !r->access[i].slice)
			continue;
		if (!only_here(f, from, r) || !identity(r->kernel->body, from, &at))
			continue;
		while (from->inplace)
			from = from->inplace;
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

/* The lowest offset where b fits among the n buffers placed before it. */
static int64_t lowest(const Buffer *b, Buffer **v, int n)
{
	int64_t at = 0;
	bool moved = true;
	while (moved) {
		moved = false;
		for (int i = 0; i < n; i++)
			if (overlap(b, v[i]) && at < v[i]->at + v[i]->bytes &&
			    v[i]->at < at + b->bytes) {
				at = v[i]->at + v[i]->bytes;
				moved = true;
			}
	}
	return at;
}

static int64_t arena_plan(Fn *f, Place place)
{
	Buffer **v = NEWN(f->mem, Buffer *, f->nbuf + 1);
	int n = 0;
	int64_t top = 0;
	for (int i = 0; i < f->nbuf; i++)
		if (f->buf[i]->place == place && in_arena(f->buf[i]) && !f->buf[i]->inplace)
			v[n++] = f->buf[i];
	qsort(v, (size_t)n, sizeof *v, by_size);
	for (int i = 0; i < n; i++) {
		v[i]->at = lowest(v[i], v, i);
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
		b->bytes = ((int64_t)b->st.len.k * elem_bytes(b, f->o->f64) + 63) / 64 * 64;
	}
	for (Region *r = f->top->first; r; r = r->next)
		try_inplace(f, r);
	f->arena0_bytes = arena_plan(f, PL_ARENA0);
	f->arena_bytes = arena_plan(f, PL_ARENA);
	for (int i = 0; i < f->nbuf; i++)
		if (f->buf[i]->inplace) {
			const Buffer *b = f->buf[i]->inplace;
			while (b->inplace)
				b = b->inplace;
			f->buf[i]->at = b->at;
		}
}
