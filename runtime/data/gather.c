/* gather.c - batches of rows that lie in files, read by all threads of a team.
 *
 * Holds: what comes out does not depend on the number of threads, nor on who read a row, nor when.
 *
 * A row at a random place is one system call.  It costs some 400 ns, and as much or twice as much again
 * for what the system looks up in memory to find the page; where rows are read in the order of the
 * file, neighbours share much of that.  So the team reads many rows at a time (chunk.c), sorted, each to
 * its place in the order of the run, and hands them out batch by batch.
 *
 * A thread that reads ahead (ahead.c) would only take a processor from the team, and hold up all others
 * at the next barrier.  It is there for a team of one with processors left over, and for files that have
 * to be fetched (cold), where it waits most of the time.
 *
 * Nothing is reported from within the team: a batch with a row that cannot be read or does not fit is
 * read once more by the caller alone, who tells.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <stdatomic.h>

#include "ahead.h"
#include "chunk.h"
#include "gather.h"
#include "rt_io.h"
#include "rt_mem.h"
#include "store.h"

enum { BLOCK = 1 << 16 };

struct Gather {
	const Dataset *d;
	Ahead *ahead;     /* 0: there can be no thread */
	Chunk *chunk;     /* 0: a row is too large */
	int usable;       /* processors */
	bool alone;       /* a team of one, with processors left over */
	size_t room;      /* bytes of a block */
	unsigned char **block;
	int nblock;       /* threads of the team */
	const unsigned char **near;
	const uint32_t *coming; /* what was posted for the batch at hand */
	int64_t ncoming;
};

Gather *rt_gather_new(const Dataset *d)
{
	size_t widest = 0;
	for (int i = 0; i < d->nstore; i++)
		if (d->store[i]->in && d->store[i]->width > widest)
			widest = d->store[i]->width;
	if (widest == 0)
		return 0;
	Gather *g = rt_alloc(1, sizeof *g, "rows");
	g->d = d;
	g->ahead = rt_ahead_new(d);
	g->chunk = rt_chunk_new(d);
	g->usable = rt_team_usable();
	g->room = widest > BLOCK ? widest : BLOCK;
	g->near = rt_alloc((size_t)d->nstore, sizeof *g->near, "rows");
	return g;
}

static void free_blocks(Gather *g)
{
	for (int i = 0; i < g->nblock; i++)
		rt_free(g->block[i]);
	rt_free(g->block);
	g->block = 0;
	g->nblock = 0;
}

void rt_gather_free(Gather *g)
{
	if (!g)
		return;
	rt_ahead_free(g->ahead);
	rt_chunk_free(g->chunk);
	free_blocks(g);
	rt_free(g->near);
	rt_free(g);
}

/* Is it worth while to read ahead? */
static bool asks(const Gather *g)
{
	return g->ahead && (g->alone || rt_ahead_cold(g->ahead));
}

void rt_gather_post(Gather *g, const uint32_t *row, int64_t n)
{
	g->coming = row;
	g->ncoming = n;
	if (asks(g))
		rt_ahead_post(g->ahead, row, n);
}

/* ---- a thread ------------------------------------------------------------------------------- */

typedef struct {
	Gather *g;
	const uint32_t *row;
	int n;
	bool near; /* records are in g->near */
	size_t first;
	void *const *to;
	atomic_int missed, bad;
} Part;

/* How many rows from i on follow each other in the file, up to `most`. */
static int run_of(const Store *s, const uint32_t *row, int i, int hi, int most)
{
	int k = 1;
	while (s->pitch == s->width && k < most && i + k < hi &&
	       row[i + k] == row[i] + (uint32_t)k && rt_store_is_in(s, row[i + k]))
		k++;
	return k;
}

static bool from_file(Part *p, const Store *s, unsigned char *block, int lo, int hi)
{
	int most = (int)(p->g->room / s->width);
	bool fine = true;
	for (int i = lo, k; i < hi && fine; i += k) {
		k = 1;
		if (!rt_store_is_in(s, p->row[i]))
			continue;
		k = run_of(s, p->row, i, hi, most);
		uint64_t at = rt_store_place(s, p->row[i]);
		size_t bytes = (size_t)k * s->width;
		if (!rt_try_read_at(s->in, at, block, bytes, false)) {
			atomic_fetch_add_explicit(&p->missed, k, memory_order_relaxed);
			fine = rt_try_read_at(s->in, at, block, bytes, true);
		}
		for (int r = 0; r < k && fine; r++)
			fine = rt_store_put(p->g->d, s, block + (size_t)r * s->width, p->to,
			                    p->first + (size_t)(i + r));
	}
	return fine;
}

/* Records in memory: all of a store (near 0), or those of the rows asked for. */
static bool from_records(const Part *p, const Store *s, const unsigned char *near, int lo, int hi)
{
	bool fine = true;
	for (int i = lo; i < hi && fine; i++)
		if (rt_store_is_in(s, p->row[i]))
			fine = rt_store_put(p->g->d, s,
			                    near ? near + (size_t)i * s->width
			                         : s->mem + rt_store_place(s, p->row[i]),
			                    p->to, p->first + (size_t)i);
	return fine;
}

static void gather_job(void *arg, int tid, int n)
{
	Part *p = arg;
	Gather *g = p->g;
	int lo, hi;
	nnrt_own(tid, n, p->n, &lo, &hi);
	for (int i = 0; i < g->d->nstore; i++) {
		const Store *s = g->d->store[i];
		const unsigned char *near = p->near ? g->near[i] : 0;
		if (near || s->mem ? !from_records(p, s, near, lo, hi)
		                   : !from_file(p, s, g->block[tid], lo, hi))
			atomic_store(&p->bad, 1);
	}
}

/* ---- the team ------------------------------------------------------------------------------- */

static void know_team(Gather *g, nnrt_team *team)
{
	int n = rt_team_size(team);
	if (g->nblock == n)
		return;
	free_blocks(g);
	g->block = rt_alloc((size_t)n, sizeof *g->block, "rows");
	for (; g->nblock < n; g->nblock++)
		g->block[g->nblock] = rt_alloc(g->room, 1, "rows");
	g->alone = n == 1 && g->usable > 1;
}

/* How many of the rows, from the first on, have been read; their records are in g->near. */
static int have(Gather *g, nnrt_team *team, const uint32_t *row, int at, int n)
{
	if (asks(g))
		return rt_ahead_take(g->ahead, row + at, n - at, g->near);
	if (!g->chunk || row != g->coming)
		return 0;
	int k = rt_chunk_take(g->chunk, row + at, n - at, g->near);
	if (k)
		return k;
	bool cold = rt_chunk_fill(g->chunk, team, row + at, g->ncoming - at);
	if (g->ahead && cold)
		rt_ahead_missed(g->ahead, 1, 1);
	return rt_chunk_take(g->chunk, row + at, n - at, g->near);
}

static double work_of(const Gather *g, const Part *p)
{
	double bytes = 0;
	for (int i = 0; i < g->d->nstore; i++)
		bytes += (double)g->d->store[i]->width;
	return (bytes + (p->near ? 0 : RT_CHUNK_WORK)) * p->n;
}

void rt_gather(Gather *g, nnrt_team *team, const uint32_t *row, int n, void *const *to)
{
	int missed = 0;
	bool bad = false;
	know_team(g, team);
	for (int at = 0; at < n && !bad;) {
		int k = have(g, team, row, at, n);
		Part p = { .g = g, .row = row + at, .n = k ? k : n - at, .near = k > 0,
			   .first = (size_t)at, .to = to };
		rt_team_run(team, gather_job, &p, work_of(g, &p), false);
		missed += p.missed;
		bad = p.bad;
		at += p.n;
	}
	if (g->ahead)
		rt_ahead_missed(g->ahead, missed, n);
	g->coming = 0;
	if (bad)
		rt_store_all(g->d, row, n, to);
}
