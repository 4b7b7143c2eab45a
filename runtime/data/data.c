/* data.c - rows of data in memory: memory for columns, the source's loader, dealing of rows.
 *
 * Holds: the deal is a pure function of (number of rows, seed); each part lists its rows in
 *        file order, so that `shuffle = false` in `train` means file order whatever the deal
 *        was.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <stdlib.h>
#include <string.h>

#include "rand.h"
#include "rt_data.h"
#include "rt_fail.h"
#include "rt_io.h"
#include "rt_mem.h"
#include "rt_real.h"
#include "rt_size.h"

/* The deal uses the permutation of an epoch that no training run reaches. */
#define DEAL_EPOCH UINT64_MAX

Dataset *rt_data_new(const char *name, const nnrt_field *field, int n, int real_bytes)
{
	Dataset *d = rt_alloc(1, sizeof *d, "data");
	d->name = rt_text("%s", name);
	d->column = rt_alloc((size_t)n, sizeof *d->column, "columns");
	d->ncolumn = n;
	for (int i = 0; i < n; i++) {
		d->column[i].field = &field[i];
		if (!rt_size_mul((size_t)field[i].len,
		                 (size_t)rt_kind_bytes(field[i].kind, real_bytes),
		                 &d->column[i].stride))
			rt_fail(RT_FILE, "R1", "a row of `%s` is too large", field[i].name);
	}
	return d;
}

void rt_data_room(Dataset *d, int64_t rows)
{
	/* nnc_permutation numbers rows with 32 bits. */
	if (rows > INT32_MAX)
		rt_fail(RT_FILE, "R5", "%s: %lld rows; at most %d can be used", d->name,
		        (long long)rows, INT32_MAX);
	d->rows = rows;
	for (int i = 0; i < d->ncolumn; i++)
		if (!d->column[i].data)
			d->column[i].data = rt_alloc((size_t)rows, d->column[i].stride,
			                             d->column[i].field->name);
}

void rt_data_free(Dataset *d)
{
	if (!d)
		return;
	for (int i = 0; i < d->ncolumn; i++)
		rt_free(d->column[i].data);
	rt_free(d->column);
	rt_free(d->train.row);
	rt_free(d->val.row);
	rt_free(d->test.row);
	rt_free(d->name);
	rt_free(d);
}

Rows rt_rows_all(int64_t n)
{
	Rows r = { rt_alloc((size_t)n, sizeof *r.row, "row numbers"), n };
	for (int64_t i = 0; i < n; i++)
		r.row[i] = (uint32_t)i;
	return r;
}

char *rt_data_path(const char *path)
{
	const char *root = getenv("NNC_DATA");
	return rt_join(root ? root : "", path);
}

/* How many of n rows `part` asks for: a fraction up to 1, else a number. */
static int64_t part_of(const Dataset *d, int64_t n, double part, const char *which)
{
	if (part == 0)
		return 0;
	if (!(part > 0) || part > (double)INT32_MAX)
		rt_fail(RT_FILE, "R5",
		        "%s: `%s = %g` is neither a part of the rows nor a number of them",
		        d->name, which, part);
	int64_t k = (int64_t)(part <= 1 ? part * (double)n + 0.5 : part);
	if (k == 0)
		rt_fail(RT_FILE, "R5", "%s: `%s = %g` of %lld rows is no row at all", d->name,
		        which, part, (long long)n);
	return k;
}

static Rows collect(const unsigned char *part, int64_t n, unsigned char which, int64_t count)
{
	Rows r = { rt_alloc((size_t)count, sizeof *r.row, "row numbers"), 0 };
	for (int64_t i = 0; i < n; i++)
		if (part[i] == which)
			r.row[r.n++] = (uint32_t)i;
	return r;
}

void rt_data_deal(Dataset *d, const nnrt_data *how)
{
	int64_t n = d->rows - d->official;
	int64_t val = how ? part_of(d, n, how->val, "val") : 0;
	int64_t test = how ? part_of(d, n, how->test, "test") : 0;
	if (n < 1 || val + test >= n)
		rt_fail(RT_FILE, "R5",
		        "%s: of %lld rows %lld would validate and %lld test: none is left to "
		        "train",
		        d->name, (long long)n, (long long)val, (long long)test);
	uint32_t *order = rt_alloc((size_t)n, sizeof *order, "row numbers");
	for (int64_t i = 0; i < n; i++)
		order[i] = (uint32_t)i;
	if (how && how->shuffle && val + test > 0)
		nnc_permutation(order, (uint32_t)n, how->seed, DEAL_EPOCH);
	/* Unshuffled: test is the last part of the file, val the part before it. */
	unsigned char *part = rt_alloc((size_t)d->rows, 1, "row numbers");
	for (int64_t i = n - test - val; i < n; i++)
		part[order[i]] = i < n - test ? 1 : 2;
	memset(part + n, 2, (size_t)d->official);
	d->train = collect(part, d->rows, 0, n - val - test);
	d->val = collect(part, d->rows, 1, val);
	d->test = collect(part, d->rows, 2, test + d->official);
	rt_free(part);
	rt_free(order);
}

Dataset *rt_data_load(const nnrt_model *m, const char *path)
{
	const nnrt_data *how = m->data;
	Dataset *d = 0;
	if (!how || how->source == NNRT_NO_DATA)
		rt_bug("no data section");
	switch (how->source) {
	case NNRT_IDX:
		d = rt_idx_load(m, path);
		break;
	case NNRT_SYNTHETIC:
		if (how->kind && strcmp(how->kind, "random"))
			rt_fail(RT_USAGE, "E0405", "synthetic(\"%s\") is not implemented yet",
			        how->kind);
		d = rt_synthetic(m, how->n, how->seed);
		break;
	case NNRT_NO_DATA:
		break;
	}
	rt_data_deal(d, how);
	return d;
}
