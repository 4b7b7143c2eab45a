/* bench.c - the command `bench`: training steps on rows made in memory.
 *
 * Holds: a step is train's step, function by function; with a synthetic source the rows and
 *        their order are train's, too, so the loss of step k is the loss that train computes in
 *        step k.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <stdio.h>

#include "rt_commands.h"
#include "rt_fail.h"
#include "rt_feed.h"
#include "rt_fit.h"
#include "rt_io.h"
#include "rt_mem.h"
#include "rt_show.h"
#include "rt_step.h"
#include "rt_team.h"
#include "rt_weights.h"

enum { BATCHES = 16, WARM = 30 };
#define SECONDS 3.0
#define MOST_BYTES (64.0 * 1024 * 1024)

/* Whether bind makes only legal classes from these columns: bytes without a known range may not
 * be. */
static bool columns_fit(const nnrt_model *m)
{
	for (int i = 0; i < m->nin; i++) {
		bool found = m->in[i].kind != NNRT_CLASS;
		for (int k = 0; k < m->ncolumn; k++)
			found = found || (m->column[k].classes > 0 &&
			                  m->column[k].classes <= m->in[i].classes);
		if (!found)
			return false;
	}
	return m->bind != 0;
}

static double row_bytes(const nnrt_model *m)
{
	double n = 1;
	for (int i = 0; i < m->nin; i++)
		n += (double)m->in[i].len * m->real_bytes;
	return n;
}

/* The rows that train would use if the source is synthetic; else some batches of random ones.
 */
static Dataset *make_rows(const nnrt_model *m, const Options *o)
{
	if (m->data && m->data->source == NNRT_SYNTHETIC)
		return rt_data_load(m, 0, ".", false);
	int64_t batch = rt_feed_batch(m, o, INT32_MAX / 2), rows = batch * BATCHES;
	if (batch == INT32_MAX / 2)
		batch = rows = 4096; /* "all" rows of nothing */
	if ((double)rows * row_bytes(m) > MOST_BYTES)
		rows = batch;
	if (o->steps > 0 && o->steps < BATCHES)
		rows = batch * (int64_t)o->steps;
	Dataset *d = m->ncolumn && columns_fit(m) ? rt_synthetic_columns(m, rows, 0)
	                                          : rt_synthetic(m, rows, 0);
	rt_data_deal(d, 0, 1);
	return d;
}

static void step(Stepper *s, const uint32_t *row, int n)
{
	if (rt_step(s, row, n) == STEP_BAD)
		rt_run_diverged(s->run, s->data, row, s->feed->step + 1, s->feed->epoch + 1, 0);
	rt_feed_done(s->feed, n);
}

/* Seconds that it lasts where --steps does not say. */
static double length(const Options *o)
{
	return o->time_limit > 0 ? o->time_limit : SECONDS;
}

/* With --out: the file that train leaves after as many steps. */
static void save(const Run *r, const Feed *f, const Options *o)
{
	if (!o->out || o->no_save)
		return;
	rt_make_folder(o->out);
	char *base = rt_join(o->out, r->m->name), *path = rt_text("%s.last.safetensors", base);
	rt_weights_save(r, path, false, f->epoch, f->step);
	rt_free(path);
	rt_free(base);
}

/* Without --steps as many as fit; the first part of the time warms the processor up and is not
 * counted. */
static void measure(Run *r, const Dataset *d, Feed *f, bool timed, double most)
{
	const uint32_t *row;
	int n;
	double begin = rt_now(), samples = 0, seconds = 0;
	int64_t steps = 0;
	Stepper s = rt_step_new(r, d, f);
	while (rt_feed_next(f, &row, &n)) {
		rt_data_make(d, row, n);
		double t = rt_now();
		step(&s, row, n);
		double after = rt_now();
		if (timed && after - begin < most / WARM)
			continue;
		samples += n;
		seconds += after - t;
		steps++;
		if (timed && after - begin > most)
			break;
	}
	rt_step_free(&s);
	printf("step %lld  batch %lld  loss %.9g\n", (long long)f->step, (long long)f->size,
	       rt_run_loss(r));
	/* always "threads": scripts read this line */
	printf("bench: %.0f samples/s, %.1f us/step, %d threads\n", samples / seconds,
	       seconds / (double)steps * 1e6, rt_team_size(r->c.team));
}

/* Without a loss there is only the way forward. */
static void measure_forward(Run *r, const Dataset *d, int64_t steps, int64_t batch, double most)
{
	double begin = rt_now(), seconds;
	int64_t done = 0;
	do {
		rt_run_bind(r, d, d->train.row, (int)batch);
		rt_run_eval(r, NNRT_WANT_OUTPUTS);
		done++;
		seconds = rt_now() - begin;
	} while (steps ? done < steps : seconds < most);
	printf("bench: %.0f samples/s, %.1f us/step, %d threads\n",
	       (double)(done * batch) / seconds, seconds / (double)done * 1e6,
	       rt_team_size(r->c.team));
}

int rt_bench(const nnrt_model *m, const Options *o)
{
	Options with = *o;
	bool timed = o->steps == 0;
	if (timed)
		with.epochs = 0, with.steps = 1e9;
	Dataset *d = make_rows(m, &with);
	Run *r = rt_begin_run(m, &with);
	int64_t batch = rt_feed_batch(m, &with, d->train.n);
	if (m->nloss && m->grad) {
		Feed *f = rt_feed_new(m, &with, d, r);
		rt_run_reserve(r, f->batch);
		rt_fit_made_up(r, d, &d->train);
		measure(r, d, f, timed, length(o));
		save(r, f, o);
		rt_feed_free(f);
	} else {
		rt_run_reserve(r, batch);
		rt_fit_made_up(r, d, &d->train);
		measure_forward(r, d, (int64_t)o->steps, batch, length(o));
	}
	rt_run_free(r);
	rt_data_free(d);
	return RT_DONE;
}
