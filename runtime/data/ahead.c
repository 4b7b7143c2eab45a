/* ahead.c - the rows that a run asks for next, read by a thread of its own meanwhile.
 *
 * Holds: what is handed out is the record of the very row that was asked for; a list that does not
 *        come true costs time, never a wrong row.
 *
 * Two chunks of rows: one is handed out, the thread fills the other one.  A chunk belongs to the
 * thread from `work` to `done`, else to the run; only `at` is looked at by both.  The run never waits
 * for the thread: rows that are not there yet it reads itself, and the thread leaves them out.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <string.h>

#include "ahead.h"
#include "rt_io.h"
#include "rt_mem.h"
#include "store.h"

/* Large enough that a thread that waits for a processor does not hold up the run. */
enum { ROWS = 1 << 16, BYTES = 8 << 20, BLOCK = 256, STACK = 1 << 18 };

typedef struct {
	uint32_t *row;
	int n;         /* rows */
	atomic_int at; /* so many of them were handed out, or read by the run itself */
	int missed;    /* rows that were not in the system's memory, of the thread */
	unsigned char **record; /* of each store */
} Chunk;

struct Ahead {
	const Dataset *d;
	int room; /* rows of a chunk */
	Chunk chunk[2];
	int cur;
	bool busy; /* the other chunk is the thread's */
	bool cold; /* rows of the last chunk, or batch, were not in the system's memory */
	bool over;
	sem_t work, done;
	pthread_t thread;
};

/* ---- the thread ----------------------------------------------------------------------------- */

/* Rows lo..hi-1 of a chunk.  Those that follow each other in the file, without gaps, are one call. */
static void read_rows(const Store *s, Chunk *c, int lo, int hi, unsigned char *to)
{
	for (int i = lo; i < hi;) {
		int k = 1;
		if (!rt_store_is_in(s, c->row[i])) {
			i++;
			continue;
		}
		while (s->pitch == s->width && i + k < hi && c->row[i + k] == c->row[i] + (uint32_t)k &&
		       rt_store_is_in(s, c->row[i + k]))
			k++;
		uint64_t at = rt_store_place(s, c->row[i]);
		unsigned char *record = to + (size_t)i * s->width;
		size_t bytes = (size_t)k * s->width;
		if (!rt_try_read_at(s->in, at, record, bytes, false)) {
			c->missed += k;
			rt_read_at(s->in, at, record, bytes);
		}
		i += k;
	}
}

/* From the end, as the run takes them from the front: whoever is slow, no row is read twice. */
static void read_store(const Store *s, Chunk *c, unsigned char *to)
{
	int past;
	for (int hi = c->n; hi > (past = atomic_load_explicit(&c->at, memory_order_relaxed));) {
		int lo = hi - past > BLOCK ? hi - BLOCK : past;
		read_rows(s, c, lo, hi, to);
		hi = lo;
	}
}

static void *reader(void *arg)
{
	Ahead *a = arg;
	for (;;) {
		while (sem_wait(&a->work))
			;
		if (a->over)
			return 0;
		Chunk *c = &a->chunk[!a->cur];
		for (int i = 0; i < a->d->nstore; i++)
			if (a->d->store[i]->in)
				read_store(a->d->store[i], c, c->record[i]);
		sem_post(&a->done);
	}
}

/* ---- the run -------------------------------------------------------------------------------- */

static bool start(Ahead *a)
{
	pthread_attr_t how;
	if (pthread_attr_init(&how))
		return false;
	pthread_attr_setstacksize(&how, STACK);
	bool fine = !pthread_create(&a->thread, &how, reader, a);
	pthread_attr_destroy(&how);
	return fine;
}

static void free_chunks(Ahead *a)
{
	for (int k = 0; k < 2; k++) {
		for (int i = 0; i < a->d->nstore; i++)
			rt_free(a->chunk[k].record[i]);
		rt_free(a->chunk[k].record);
		rt_free(a->chunk[k].row);
	}
	sem_destroy(&a->work);
	sem_destroy(&a->done);
	rt_free(a);
}

Ahead *rt_ahead_new(const Dataset *d)
{
	size_t bytes = 0;
	for (int i = 0; i < d->nstore; i++)
		bytes += d->store[i]->in ? d->store[i]->width : 0;
	if (bytes == 0 || bytes > BYTES)
		return 0;
	Ahead *a = rt_alloc(1, sizeof *a, "rows");
	a->d = d;
	a->room = (int)(BYTES / bytes < ROWS ? BYTES / bytes : ROWS);
	for (int k = 0; k < 2; k++) {
		Chunk *c = &a->chunk[k];
		c->row = rt_alloc((size_t)a->room, sizeof *c->row, "rows");
		c->record = rt_alloc((size_t)d->nstore, sizeof *c->record, "rows");
		for (int i = 0; i < d->nstore; i++)
			if (d->store[i]->in)
				c->record[i] = rt_alloc((size_t)a->room, d->store[i]->width, "rows");
	}
	sem_init(&a->work, 0, 0);
	sem_init(&a->done, 0, 0);
	if (start(a))
		return a;
	free_chunks(a);
	return 0;
}

/* The other chunk is the run's again. */
static void finish(Ahead *a)
{
	while (a->busy && sem_wait(&a->done))
		;
	a->busy = false;
}

/* Has the thread filled the other chunk?  Then it is the run's. */
static bool is_done(Ahead *a)
{
	if (sem_trywait(&a->done))
		return false;
	const Chunk *c = &a->chunk[!a->cur];
	a->busy = false;
	a->cold = c->missed > c->n / RT_AHEAD_COLD;
	return true;
}

bool rt_ahead_cold(const Ahead *a)
{
	return a->cold;
}

void rt_ahead_missed(Ahead *a, int missed, int n)
{
	a->cold = a->cold || missed > n / RT_AHEAD_COLD;
}

void rt_ahead_free(Ahead *a)
{
	if (!a)
		return;
	finish(a);
	a->over = true;
	sem_post(&a->work);
	pthread_join(a->thread, 0);
	free_chunks(a);
}

/* Rows of the list, from its first on, that the chunk still holds; if it is another list, the chunk is
 * given up. */
static int64_t held(Chunk *c, const uint32_t *row, int64_t n)
{
	int at = c->at;
	int64_t left = c->n - at, k = left < n ? left : n;
	if (!memcmp(c->row + at, row, (size_t)k * sizeof *row))
		return k;
	c->at = c->n;
	return 0;
}

void rt_ahead_post(Ahead *a, const uint32_t *row, int64_t n)
{
	Chunk *next = &a->chunk[!a->cur];
	int64_t have = held(&a->chunk[a->cur], row, n);
	if (have == n)
		return;
	if (a->busy && next->at < next->n && next->row[next->at] != row[have]) {
		next->at = next->n; /* it is read for nothing */
		return;
	}
	if (a->busy && (next->at < next->n || !is_done(a)))
		return;
	n -= have;
	next->n = (int)(n < a->room ? n : a->room);
	next->at = next->missed = 0;
	memcpy(next->row, row + have, (size_t)next->n * sizeof *row);
	a->busy = true;
	sem_post(&a->work);
}

/* The thread is not done: the run reads these rows itself, and the thread need not. */
static void pass_by(Chunk *c, const uint32_t *row, int n)
{
	for (int k = 0; k < n && c->at < c->n && c->row[c->at] == row[k]; k++)
		c->at++;
}

int rt_ahead_take(Ahead *a, const uint32_t *row, int n, const unsigned char **record)
{
	Chunk *c = &a->chunk[a->cur];
	if (c->at == c->n && a->busy) {
		Chunk *next = &a->chunk[!a->cur];
		if (!is_done(a)) {
			pass_by(next, row, n);
			return 0;
		}
		a->cur = !a->cur;
		c = next;
	}
	int k = 0;
	while (k < n && c->at + k < c->n && c->row[c->at + k] == row[k])
		k++;
	for (int i = 0; k && i < a->d->nstore; i++)
		record[i] = c->record[i] ? c->record[i] + (size_t)c->at * a->d->store[i]->width : 0;
	c->at += k;
	return k;
}
