/* batch.c - rows of data become the inputs and targets of a batch.
 *
 * Holds: after rt_run_bind every class input is in range, so generated code may index with it; only
 *        of a run that is raw it may not be.
 *
 * Raw columns are gathered in their own type (bytes stay bytes, a quarter of the traffic); the
 * model's bind converts them.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <stdatomic.h>

#include "gather.h"
#include "rt_dictionary.h"
#include "rt_fail.h"
#include "rt_float_state.h"
#include "rt_run.h"
#include "rt_team.h"
#include "store.h"

/* The first row of lo..hi-1 where class input i is out of range, or -1. */
static int64_t bad_row(const Run *r, int i, int64_t lo, int64_t hi)
{
	const nnrt_field *f = &r->m->in[i];
	const int32_t *v = r->c.in[i];
	for (int64_t e = f->len * lo; e < f->len * hi; e++)
		if (v[e] < 0 || v[e] >= f->classes)
			return e / f->len;
	return -1;
}

static bool has_classes(const Run *r, int i)
{
	return r->m->in[i].kind == NNRT_CLASS && !r->raw;
}

static void check_classes(const Run *r, const Dataset *d, const uint32_t *row, int n)
{
	for (int i = 0; i < r->m->nin; i++) {
		const nnrt_field *f = &r->m->in[i];
		int64_t bad = has_classes(r, i) ? bad_row(r, i, 0, n) : -1;
		if (bad < 0)
			continue;
		const int32_t *v = (const int32_t *)r->c.in[i] + bad * f->len;
		while (*v >= 0 && *v < f->classes)
			v++;
		rt_fail(RT_FILE, "R4", "%s: row %u: `%s` is %d; class(%d) is 0 to %d", d->name,
		        (unsigned)row[bad], f->name, *v, f->classes, f->classes - 1);
	}
}

/* Texts have to be looked up, and what is read from files has one reader: by one thread. */
static bool is_alone(const Dataset *d, int column)
{
	return d->column[column].field->kind == NNRT_WORD || !d->column[column].data;
}

static void columns_alone(Run *r, const Dataset *d, const uint32_t *row, int n)
{
	for (int i = 0; i < d->ncolumn; i++)
		if (d->column[i].field->kind == NNRT_WORD && d->column[i].nword)
			rt_dictionary_classes(r, d, i, row, n);
}

void rt_run_columns(Run *r, const Dataset *d, const uint32_t *row, int n)
{
	r->c.B = n;
	rt_data_all(d, row, n, r->column);
	columns_alone(r, d, row, n);
}

/* Whether the rows follow each other in memory as a batch of them would. */
static bool lie_ready(const Column *c, const uint32_t *row, int n)
{
	enum { LINE = 64 };
	if (!c->data || n < 1 || c->stride * row[0] % LINE)
		return false;
	for (int i = 0; i < n; i++)
		if (row[i] != row[0] + (uint32_t)i || (c->made && !c->made[row[i]]))
			return false;
	return true;
}

/* Inputs that lie ready are used where they are, the others have a place of their own. */
static void place_inputs(Run *r, const Dataset *d, const uint32_t *row, int n)
{
	for (int i = 0; i < r->m->nin; i++)
		r->c.in[i] = r->field[i];
	for (int i = 0; d->direct && i < d->ncolumn; i++) {
		const Column *c = &d->column[i];
		if (lie_ready(c, row, n))
			r->c.in[i] = c->data + c->stride * row[0];
	}
}

typedef struct {
	Run *r;
	const Dataset *d;
	const uint32_t *row;
	bool training;
	atomic_bool bad;         /* a class is out of range */
} BindJob;

static void bind_job(void *arg, int tid, int n)
{
	const BindJob *b = arg;
	Run *r = b->r;
	const Dataset *d = b->d;
	int lo, hi;
	nnrt_own(tid, n, r->c.B, &lo, &hi);
	for (int i = 0; i < d->ncolumn; i++) {
		char *to = d->direct ? r->field[i] : r->column[i];
		bool ready = d->direct && r->c.in[i] != r->field[i];
		if (!is_alone(d, i) && !ready)
			rt_data_rows(d, i, b->row + lo, hi - lo,
			             to + d->column[i].stride * (size_t)lo);
	}
	if (d->direct)
		return;
	nnrt_barrier(r->c.team, tid);
	if (b->training && r->m->augment)
		r->m->augment(&r->c, (const void *const *)r->column, r->field, tid, n);
	else
		r->m->bind(&r->c, (const void *const *)r->column, r->field, tid, n);
}

/* What the caller alone has to do first.  Returns the work of the rest. */
static double begin(Run *r, const Dataset *d, const uint32_t *row, int n)
{
	double bytes = 0;
	bool alone = false;
	for (int i = 0; i < d->ncolumn; i++) {
		bytes += (double)d->column[i].stride;
		alone |= is_alone(d, i);
	}
	r->c.B = n;
	place_inputs(r, d, row, n);
	void **to = d->direct ? r->field : r->column;
	if (alone)
		rt_store_apart(d, row, n, to);
	if (d->gather)
		rt_gather(d->gather, r->c.team, row, n, to);
	else if (alone)
		rt_store_all(d, row, n, to);
	if (alone && !d->direct)
		columns_alone(r, d, row, n);
	return bytes * n * RT_BYTE_WORK;
}

void rt_run_bind(Run *r, const Dataset *d, const uint32_t *row, int n)
{
	BindJob b = { .r = r, .d = d, .row = row };
	double work = begin(r, d, row, n);
	rt_team_run(r->c.team, bind_job, &b, work, false);
	if (!d->direct)
		check_classes(r, d, row, n);
}

/* ---- a batch that is trained on ----------------------------------------------------------- */

static void check_share(BindJob *b, int tid, int n)
{
	const Run *r = b->r;
	int lo, hi;
	nnrt_own(tid, n, r->c.B, &lo, &hi);
	for (int i = 0; i < r->m->nin; i++)
		if (has_classes(r, i) && bad_row(r, i, lo, hi) >= 0)
			atomic_store(&b->bad, true);
}

static void batch_job(void *arg, int tid, int n)
{
	BindJob *b = arg;
	Run *r = b->r;
	bind_job(b, tid, n);
	nnrt_barrier(r->c.team, tid);
	if (!b->d->direct) {
		check_share(b, tid, n);
		nnrt_barrier(r->c.team, tid);
	}
	/* reported by the caller alone */
	if (atomic_load(&b->bad))
		return;
	unsigned before = rt_float_enter(r->flush);
	r->m->grad(&r->c, tid, n);
	nnrt_barrier(r->c.team, tid);
	rt_run_squares(r, tid, n);
	rt_float_leave(before);
}

bool rt_run_batch(Run *r, const Dataset *d, const uint32_t *row, int n)
{
	BindJob b = { .r = r, .d = d, .row = row, .training = true };
	double work = begin(r, d, row, n) + r->m->grad_work * n +
	              (double)r->m->param_len * RT_PASS_WORK / 2;
	r->c.want = NNRT_WANT_LOSSES;
	rt_team_run(r->c.team, batch_job, &b, work, false);
	if (atomic_load(&b.bad))
		check_classes(r, d, row, n);
	return rt_run_verdict(r);
}
