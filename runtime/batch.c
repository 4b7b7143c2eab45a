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
#include "gather.h"
#include "rt_dictionary.h"
#include "rt_fail.h"
#include "rt_run.h"
#include "rt_team.h"
#include "store.h"

static void check_classes(const Run *r, const Dataset *d, const uint32_t *row, int n)
{
	for (int i = 0; i < r->m->nin && !r->raw; i++) {
		const nnrt_field *f = &r->m->in[i];
		const int32_t *v = r->field[i];
		if (f->kind != NNRT_CLASS)
			continue;
		for (int64_t e = 0; e < f->len * n; e++)
			if (v[e] < 0 || v[e] >= f->classes)
				rt_fail(RT_FILE, "R4",
				        "%s: row %u: `%s` is %d; class(%d) is 0 to %d", d->name,
				        (unsigned)row[e / f->len], f->name, v[e], f->classes,
				        f->classes - 1);
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

typedef struct {
	Run *r;
	const Dataset *d;
	const uint32_t *row;
	bool training;
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
		if (!is_alone(d, i))
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

static void bind(Run *r, const Dataset *d, const uint32_t *row, int n, bool training)
{
	BindJob b = { r, d, row, training };
	double bytes = 0;
	bool alone = false;
	for (int i = 0; i < d->ncolumn; i++) {
		bytes += (double)d->column[i].stride;
		alone |= is_alone(d, i);
	}
	r->c.B = n;
	void **to = d->direct ? r->field : r->column;
	if (alone)
		rt_store_apart(d, row, n, to);
	if (d->gather)
		rt_gather(d->gather, r->c.team, row, n, to);
	else if (alone)
		rt_store_all(d, row, n, to);
	if (alone && !d->direct)
		columns_alone(r, d, row, n);
	rt_team_run(r->c.team, bind_job, &b, bytes * n, false);
	if (!d->direct)
		check_classes(r, d, row, n);
}

void rt_run_bind(Run *r, const Dataset *d, const uint32_t *row, int n)
{
	bind(r, d, row, n, false);
}

void rt_run_bind_training(Run *r, const Dataset *d, const uint32_t *row, int n)
{
	bind(r, d, row, n, true);
}
