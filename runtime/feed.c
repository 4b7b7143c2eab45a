/* feed.c - which rows are trained on, in which order, and when it ends.
 *
 * Holds: epoch e visits the rows in the order nnc_permutation(seed, e); the last batch of an
 *        epoch is short rather than left out, unless drop_last.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <math.h>
#include <string.h>

#include "rand.h"
#include "rt_fail.h"
#include "rt_feed.h"
#include "rt_mem.h"

enum { DEFAULT_BATCH = 32 };

int64_t rt_feed_batch(const nnrt_model *m, const Options *o, int64_t rows)
{
	int64_t batch = o->batch                      ? o->batch
	                : m->train && m->train->batch ? m->train->batch
	                                              : DEFAULT_BATCH;
	return batch < 0 || batch > rows ? rows : batch;
}

static void set_length(Feed *f, const nnrt_model *m, const Options *o)
{
	bool given = o->epochs > 0 || o->steps > 0;
	f->epochs = given ? o->epochs : m->train ? m->train->epochs : 0;
	f->steps = given ? o->steps : m->train ? m->train->steps : 0;
	if (!(f->epochs > 0) && !(f->steps > 0))
		rt_fail(RT_USAGE, "E0502",
		        "the program does not say how long to train: give --epochs N or "
		        "--steps N");
	double total = f->steps > 0 ? f->steps : f->epochs * (double)f->per_epoch;
	/* Beyond any run, and below what the counters hold. */
	f->total = total < 1e15 ? (int64_t)ceil(total) : (int64_t)1e15;
}

/* One row has no variance: refused now, not in the last step of the first epoch. */
static void check_statistics(const Feed *f, const nnrt_model *m)
{
	int64_t last = f->rows->n % f->batch;
	if (!m->stat_rows || (f->batch > 1 && (last != 1 || f->drop_last)))
		return;
	rt_error(
		RT_FILE, "R5",
		"a batch would have one row, whose batch statistics do not exist: %lld rows in "
		"batches of %lld",
		(long long)f->rows->n, (long long)f->batch);
	rt_help("give another --batch N, or set `drop_last = true` in `train`");
	rt_exit(RT_FILE);
}

Feed *rt_feed_new(const nnrt_model *m, const Options *o, const Rows *rows)
{
	Feed *f = rt_alloc(1, sizeof *f, "row numbers");
	f->rows = rows;
	f->shuffle = m->train ? m->train->shuffle : true;
	f->drop_last = m->train && m->train->drop_last;
	f->seed = rt_options_seed(o, m);
	f->batch = rt_feed_batch(m, o, rows->n);
	f->per_epoch = f->drop_last ? rows->n / f->batch : (rows->n + f->batch - 1) / f->batch;
	check_statistics(f, m);
	set_length(f, m, o);
	f->place = rt_alloc((size_t)rows->n, sizeof *f->place, "row numbers");
	f->order = rt_alloc((size_t)rows->n, sizeof *f->order, "row numbers");
	return f;
}

void rt_feed_free(Feed *f)
{
	rt_free(f->place);
	rt_free(f->order);
	rt_free(f);
}

static void begin_epoch(Feed *f)
{
	int64_t n = f->rows->n;
	if (!f->shuffle) {
		memcpy(f->order, f->rows->row, (size_t)n * sizeof *f->order);
		return;
	}
	nnc_permutation(f->place, (uint32_t)n, f->seed, (uint64_t)f->epoch);
	for (int64_t i = 0; i < n; i++)
		f->order[i] = f->rows->row[f->place[i]];
}

/* A run in epochs ends with the last of them, however many updates were left out. */
bool rt_feed_more(const Feed *f)
{
	return f->steps > 0 ? f->step < f->total : (double)f->epoch < f->epochs;
}

bool rt_feed_next(Feed *f, const uint32_t **row, int *n)
{
	if (!rt_feed_more(f))
		return false;
	if (f->at == 0)
		begin_epoch(f);
	int64_t left = f->rows->n - f->at;
	*row = f->order + f->at;
	*n = (int)(left < f->batch ? left : f->batch);
	return true;
}

nnrt_time rt_feed_time(const Feed *f)
{
	nnrt_time t;
	t.step = (double)f->step;
	t.epoch = (double)f->epoch;
	t.position = t.epoch + (double)f->at / (double)f->rows->n;
	t.progress = f->steps > 0 ? t.step / f->steps : t.position / f->epochs;
	return t;
}

bool rt_feed_last(const Feed *f, int n)
{
	int64_t left = f->rows->n - f->at - n;
	return left <= 0 || (f->drop_last && left < f->batch);
}

bool rt_feed_done(Feed *f, int n)
{
	bool last = rt_feed_last(f, n);
	f->at += n;
	if (!last)
		return false;
	f->at = 0;
	f->epoch++;
	return true;
}
