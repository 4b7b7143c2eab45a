/* feed.c - which rows are trained on, in which order, and when it ends.
 *
 * Holds: epoch e visits the rows in the order nnc_permutation(seed, e); the last batch of an
 *        epoch is short rather than left out, unless drop_last.  Balanced data are drawn instead,
 *        with replacement: draw i of epoch e is a pure function of (seed, e, i).
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

/* ---- how many samples --------------------------------------------------------------------- */

/* The batch size that the schedule says for the place at hand. */
static int64_t scheduled(Feed *f)
{
	const nnrt_model *m = f->run->m;
	nnrt_time now = rt_feed_time(f);
	rt_run_look(f->run, &now, f->knob);
	double v = f->knob[m->train->batch_knob - 1];
	double unit = (double)m->train->batch_multiple;
	if (isnan(v))
		rt_fail(RT_USAGE, "E0404", "`batch` is not a number at step %lld",
		        (long long)f->step + 1);
	double size = floor(v / unit + 0.5) * unit;
	int64_t rows = f->rows->n;
	size = size < unit ? unit : size;
	return size < (double)rows ? (int64_t)size : rows;
}

/* Size and samples of the batch at the place at hand. */
static void take(Feed *f)
{
	int64_t left = f->rows->n - f->at;
	f->size = f->run ? scheduled(f) : f->batch;
	f->n = (int)(left < f->size ? left : f->size);
}

/* Whether nothing of the epoch is left behind so many more of its samples. */
static bool ends(const Feed *f, int64_t more)
{
	int64_t left = f->rows->n - f->at - more;
	return left <= 0 || (f->drop_last && left < f->size);
}

/* Counts a batch of n rows.  True if it was the last of its epoch. */
static bool count(Feed *f, int64_t n)
{
	bool last = ends(f, n);
	f->at = last ? 0 : f->at + n;
	f->epoch += last;
	return last;
}

/* Updates in an epoch with batches of this size. */
static int64_t updates(const Feed *f, int64_t size)
{
	int64_t n = f->rows->n, batches = (n + size - 1) / size;
	if (f->drop_last && n >= size)
		batches = n / size;
	return (batches + f->parts - 1) / f->parts;
}

/* One row has no variance: refused now, not in the last step of the first epoch. */
static _Noreturn void one_row(const Feed *f, int64_t batch)
{
	rt_error(
		RT_FILE, "R5",
		"a batch would have one row, whose batch statistics do not exist: %lld rows in "
		"batches of %lld",
		(long long)f->rows->n, (long long)batch);
	rt_help("give another --batch N, or set `drop_last = true` in `train`");
	rt_exit(RT_FILE);
}

/* Walks through the whole run without training: its largest batch and its number of updates.
 * What is beyond SEEN batches is guessed from epochs that have the size they begin with; memory
 * grows if a batch is larger all the same. */
static void plan(Feed *f)
{
	enum { SEEN = 1 << 20 };
	for (int i = 0; i < 2; i++) { /* the first size may depend on the batches of an epoch */
		take(f);
		f->per_epoch = updates(f, f->size);
		if (!(f->steps > 0))
			f->total = (int64_t)fmin(ceil(f->epochs * (double)f->per_epoch), 1e15);
	}
	int64_t largest = 0, looks = 0, parts = 0;
	while (rt_feed_more(f) && looks++ < 2 * SEEN) {
		take(f);
		largest = f->size > largest ? f->size : largest;
		if (f->run->m->stat_rows && f->n == 1)
			one_row(f, f->size);
		if (looks > SEEN) {
			f->step += updates(f, f->size);
			f->epoch++;
			f->at = 0;
		} else if (count(f, f->n) || ++parts == f->parts) {
			f->step++;
			parts = 0;
		}
	}
	f->batch = largest;
	if (!(f->steps > 0))
		f->total = f->step;
	f->step = f->epoch = f->at = 0;
	take(f);
}

/* ---- the run ------------------------------------------------------------------------------ */

static void length_of(const nnrt_model *m, const Options *o, double *epochs, double *steps)
{
	bool given = o->epochs > 0 || o->steps > 0;
	*epochs = given ? o->epochs : m->train ? m->train->epochs : 0;
	*steps = given ? o->steps : m->train ? m->train->steps : 0;
}

static void set_length(Feed *f, const nnrt_model *m, const Options *o)
{
	length_of(m, o, &f->epochs, &f->steps);
	if (!(f->epochs > 0) && !(f->steps > 0))
		rt_fail(RT_USAGE, "E0502",
		        "the program does not say how long to train: give --epochs N or "
		        "--steps N");
	double total = f->steps > 0 ? f->steps : f->epochs * (double)f->per_epoch;
	/* Beyond any run, and below what the counters hold. */
	f->total = total < 1e15 ? (int64_t)ceil(total) : (int64_t)1e15;
}

static void check_statistics(const Feed *f, const nnrt_model *m)
{
	int64_t last = f->rows->n % f->batch;
	if (m->stat_rows && !f->run && (f->batch == 1 || (last == 1 && !f->drop_last)))
		one_row(f, f->batch);
}

/* The rows in place, by class; classes without rows are left out. */
static void sort_classes(Feed *f, const int32_t *class_of)
{
	int64_t n = f->rows->n, most = 0, classes = 0;
	for (int64_t i = 0; i < n; i++)
		if (class_of[f->rows->row[i]] >= most)
			most = class_of[f->rows->row[i]] + 1;
	int64_t *at = rt_alloc((size_t)most, sizeof *at, "row numbers");
	f->first = rt_alloc((size_t)most + 1, sizeof *f->first, "row numbers");
	for (int64_t i = 0; i < n; i++)
		at[class_of[f->rows->row[i]]]++;
	for (int64_t c = 0, next = 0; c < most; c++) {
		int64_t rows = at[c];
		at[c] = next;
		if (rows)
			f->first[classes++] = next;
		next += rows;
	}
	f->first[classes] = n;
	f->classes = classes;
	for (int64_t i = 0; i < n; i++)
		f->place[at[class_of[f->rows->row[i]]]++] = f->rows->row[i];
	rt_free(at);
}

Feed *rt_feed_new(const nnrt_model *m, const Options *o, const Dataset *d, Run *run)
{
	const Rows *rows = &d->train;
	Feed *f = rt_alloc(1, sizeof *f, "row numbers");
	double parts = run ? rt_run_number(run, NNRT_ACCUMULATE) : NAN;
	f->rows = rows;
	f->shuffle = m->train ? m->train->shuffle : true;
	f->drop_last = m->train && m->train->drop_last;
	f->seed = rt_options_seed(o, m);
	f->run = m->train && m->train->batch_knob && !o->batch ? run : 0;
	f->knob = rt_alloc((size_t)m->nknob, sizeof *f->knob, "settings");
	f->parts = parts >= 1.5 ? (int64_t)(parts + 0.5) : 1;
	f->batch = f->size = rt_feed_batch(m, o, rows->n);
	f->per_epoch = updates(f, f->batch);
	check_statistics(f, m);
	set_length(f, m, o);
	if (f->run)
		plan(f);
	f->place = rt_alloc((size_t)rows->n, sizeof *f->place, "row numbers");
	f->order = rt_alloc((size_t)rows->n, sizeof *f->order, "row numbers");
	if (d->balance)
		sort_classes(f, d->balance);
	return f;
}

void rt_feed_free(Feed *f)
{
	rt_free(f->place);
	rt_free(f->order);
	rt_free(f->knob);
	rt_free(f->first);
	rt_free(f);
}

/* Keeps these draws apart from those of initialisers and dropout, whose streams are path hashes. */
#define DRAW_STREAM UINT64_C(0x62616c616e636564)

/* Below bound, which is below 2^31: the bias of the product with 32 bits is below 2^-32 * bound. */
static int64_t below(const Feed *f, int64_t draw, int which, int64_t bound)
{
	uint64_t bits = nnc_hash(f->seed, DRAW_STREAM, (uint64_t)f->epoch, (uint64_t)draw,
	                         (uint64_t)which, 0);
	return (int64_t)((bits >> 32) * (uint64_t)bound >> 32);
}

static void begin_epoch(Feed *f)
{
	int64_t n = f->rows->n;
	for (int64_t i = 0; f->classes && i < n; i++) {
		int64_t c = below(f, i, 0, f->classes), first = f->first[c];
		f->order[i] = f->place[first + below(f, i, 1, f->first[c + 1] - first)];
	}
	if (f->classes)
		return;
	if (!f->shuffle) {
		memcpy(f->order, f->rows->row, (size_t)n * sizeof *f->order);
		return;
	}
	nnc_permutation(f->place, (uint32_t)n, f->seed, (uint64_t)f->epoch);
	for (int64_t i = 0; i < n; i++)
		f->order[i] = f->rows->row[f->place[i]];
}

void rt_feed_resume(Feed *f)
{
	if (f->at > 0)
		begin_epoch(f);
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
	take(f);
	*row = f->order + f->at;
	*n = f->n;
	return true;
}

nnrt_time rt_feed_time(const Feed *f)
{
	nnrt_time t = { .step = (double)f->step, .epoch = (double)f->epoch };
	double rows = (double)f->rows->n, used = (double)f->at / rows;
	int64_t update = f->n + (f->parts - 1) * f->size; /* samples of the coming update */
	t.position = t.epoch + used;
	t.in_steps = f->steps > 0;
	t.per_epoch = (double)f->per_epoch;
	t.steps = (double)f->total;
	t.now = t.in_steps ? t.step : t.position;
	t.end = t.in_steps ? f->steps : f->epochs;
	t.one = t.in_steps ? 1 : ends(f, update) ? 1 - used : (double)update / rows;
	t.progress = t.now / t.end;
	return t;
}

/* More updates than any schedule looks ahead, where their number is not known. */
#define MANY 1e9

nnrt_time rt_time_begin(const nnrt_model *m, const Options *o)
{
	double epochs, steps;
	length_of(m, o, &epochs, &steps);
	nnrt_time t = { .in_steps = steps > 0, .per_epoch = 1 };
	t.steps = t.in_steps ? steps : MANY;
	t.end = t.in_steps ? steps : epochs;
	t.one = t.in_steps;
	return t;
}

nnrt_time rt_time_end(const nnrt_model *m, const Options *o)
{
	nnrt_time t = rt_time_begin(m, o);
	double epochs, steps;
	length_of(m, o, &epochs, &steps);
	if (!(t.end > 0))
		return t;
	t.now = t.end;
	t.one = 0;
	t.progress = 1;
	t.step = t.in_steps ? steps : MANY;
	t.epoch = t.position = t.in_steps ? MANY : epochs;
	return t;
}

bool rt_feed_last(const Feed *f, int n)
{
	return ends(f, n);
}

bool rt_feed_done(Feed *f, int n)
{
	return count(f, n);
}
