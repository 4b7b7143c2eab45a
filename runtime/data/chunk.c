/* chunk.c - many rows that come next, read by a team in the order of the file.
 *
 * Holds: what is handed out is the record of the very row that was asked for.
 *
 * Rows are sorted by number, and read each to its place in the order in which they come.  One row of
 * SAMPLE is asked for in a way that says whether it is in the system's memory: if several are not, the
 * chunk is given up, as whoever waits for a disk must not wait for so many rows.  A chunk is as large as the rows
 * that were used before it, so that a short run reads little in vain.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <stdatomic.h>
#include <string.h>

#include "chunk.h"
#include "rt_io.h"
#include "rt_mem.h"
#include "store.h"

enum { BYTES = 64 << 20, LEAST = 64, FIRST = 1024, SAMPLE = 16, MISSES = 16, DIGIT = 11 };

/* A row, and its place in the order in which they come. */
typedef struct {
	uint32_t row, place;
} Item;

struct Chunk {
	const Dataset *d;
	int room, n, at;     /* rows; n: that are there, at: that were handed out */
	int next;            /* the size of the next one */
	uint32_t *row;
	Item *item, *other;
	unsigned char **record; /* of each store */
};

Chunk *rt_chunk_new(const Dataset *d)
{
	size_t bytes = 0;
	for (int i = 0; i < d->nstore; i++)
		bytes += d->store[i]->in ? d->store[i]->width : 0;
	if (bytes == 0 || BYTES / bytes < LEAST)
		return 0;
	Chunk *c = rt_alloc(1, sizeof *c, "rows");
	c->d = d;
	c->room = (int)(BYTES / bytes);
	c->next = FIRST < c->room ? FIRST : c->room;
	c->row = rt_alloc((size_t)c->room, sizeof *c->row, "rows");
	c->item = rt_alloc((size_t)c->room, sizeof *c->item, "rows");
	c->other = rt_alloc((size_t)c->room, sizeof *c->other, "rows");
	c->record = rt_alloc((size_t)d->nstore, sizeof *c->record, "rows");
	for (int i = 0; i < d->nstore; i++)
		if (d->store[i]->in)
			c->record[i] = rt_alloc((size_t)c->room, d->store[i]->width, "rows");
	return c;
}

void rt_chunk_free(Chunk *c)
{
	if (!c)
		return;
	for (int i = 0; i < c->d->nstore; i++)
		rt_free(c->record[i]);
	rt_free(c->record);
	rt_free(c->row);
	rt_free(c->item);
	rt_free(c->other);
	rt_free(c);
}

/* ---- the order of the file ------------------------------------------------------------------ */

/* One round of a radix sort. */
static void sort_digit(const Item *from, Item *to, int n, int shift)
{
	uint32_t at[1 << DIGIT] = { 0 }, mask = (1 << DIGIT) - 1, sum = 0;
	for (int i = 0; i < n; i++)
		at[from[i].row >> shift & mask]++;
	for (uint32_t k = 0; k <= mask; k++) {
		uint32_t count = at[k];
		at[k] = sum;
		sum += count;
	}
	for (int i = 0; i < n; i++)
		to[at[from[i].row >> shift & mask]++] = from[i];
}

static void sort_rows(Chunk *c)
{
	for (int i = 0; i < c->n; i++)
		c->item[i] = (Item){ c->row[i], (uint32_t)i };
	for (int shift = 0; shift < 32; shift += DIGIT) {
		Item *from = c->item;
		sort_digit(from, c->other, c->n, shift);
		c->item = c->other;
		c->other = from;
	}
}

/* ---- the team ------------------------------------------------------------------------------- */

typedef struct {
	Chunk *c;
	atomic_int missed, bad;
} Filling;

/* Rows that follow each other in the file and in the run, from item i on. */
static int run_of(const Store *s, const Item *item, int i, int hi)
{
	int k = 1;
	while (s->pitch == s->width && i + k < hi && rt_store_is_in(s, item[i + k].row) &&
	       item[i + k].row == item[i].row + (uint32_t)k &&
	       item[i + k].place == item[i].place + (uint32_t)k)
		k++;
	return k;
}

static void fill_from(Filling *f, const Store *s, unsigned char *to, int lo, int hi)
{
	const Item *item = f->c->item;
	for (int i = lo, k, calls = 0; i < hi; i += k) {
		k = 1;
		if (!rt_store_is_in(s, item[i].row))
			continue;
		k = run_of(s, item, i, hi);
		uint64_t at = rt_store_place(s, item[i].row);
		unsigned char *record = to + item[i].place * s->width;
		size_t bytes = (size_t)k * s->width;
		bool there = calls++ % SAMPLE == 0 && rt_try_read_at(s->in, at, record, bytes, false);
		if (!there && calls % SAMPLE == 1)
			atomic_fetch_add(&f->missed, 1);
		if (!there && !rt_try_read_at(s->in, at, record, bytes, true))
			atomic_store(&f->bad, 1);
		if (atomic_load_explicit(&f->missed, memory_order_relaxed) > MISSES || f->bad)
			return;
	}
}

static void fill_job(void *arg, int tid, int n)
{
	Filling *f = arg;
	int lo, hi;
	nnrt_own(tid, n, f->c->n, &lo, &hi);
	for (int i = 0; i < f->c->d->nstore; i++)
		if (f->c->d->store[i]->in)
			fill_from(f, f->c->d->store[i], f->c->record[i], lo, hi);
}

bool rt_chunk_fill(Chunk *c, nnrt_team *team, const uint32_t *row, int64_t n)
{
	Filling f = { .c = c };
	c->n = (int)(n < c->next ? n : c->next);
	c->at = 0;
	memcpy(c->row, row, (size_t)c->n * sizeof *row);
	sort_rows(c);
	rt_team_run(team, fill_job, &f, RT_CHUNK_WORK * c->n, false);
	bool cold = f.missed > MISSES;
	if (cold || f.bad) {
		c->n = 0;
		c->next = FIRST < c->room ? FIRST : c->room;
	} else {
		c->next = c->next < c->room / 2 ? 2 * c->next : c->room;
	}
	return cold;
}

int rt_chunk_take(Chunk *c, const uint32_t *row, int n, const unsigned char **record)
{
	int k = c->n - c->at;
	k = k < n ? k : n;
	if (k == 0 || memcmp(c->row + c->at, row, (size_t)k * sizeof *row)) {
		c->at = c->n;
		return 0;
	}
	for (int i = 0; i < c->d->nstore; i++)
		record[i] = c->record[i] ? c->record[i] + (size_t)c->at * c->d->store[i]->width : 0;
	c->at += k;
	return k;
}
