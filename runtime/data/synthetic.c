/* synthetic.c - data made in memory, for tests, for `bench` and for a first run without
 * downloads.
 *
 * Holds: an element is a pure function of (seed, number of the field, row, element): neither
 *        the number of rows nor the other fields change it.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <math.h>

#include "rand.h"
#include "rt_data.h"
#include "rt_mem.h"
#include "rt_real.h"

/* Keeps these draws apart from those of initialisers and dropout, whose streams are path
 * hashes. */
#define STREAM UINT64_C(0x73796e7468657469)

/* Two independent N(0, 1) numbers from 64 random bits (Box and Muller, 1958). */
static void normal_pair(uint64_t bits, double *a, double *b)
{
	/* u in (0, 1], so that the logarithm is finite. */
	double u = ((double)(bits >> 32) + 1) / 4294967296.0,
	       v = (double)(uint32_t)bits / 4294967296.0;
	double r = sqrt(-2 * log(u)), angle = 2 * 3.14159265358979323846 * v;
	*a = r * cos(angle);
	*b = r * sin(angle);
}

static void fill_real(Column *c, int64_t row, uint64_t seed, uint64_t stream, int real_bytes)
{
	void *to = c->data + (size_t)row * c->stride;
	int64_t n = c->field->len;
	for (int64_t e = 0; e < n; e += 2) {
		double a, b;
		normal_pair(nnc_hash(seed, stream, 0, (uint64_t)row, (uint64_t)e / 2, 0), &a,
		            &b);
		rt_set_real(to, e, real_bytes, a);
		if (e + 1 < n)
			rt_set_real(to, e + 1, real_bytes, b);
	}
}

/* Values 0..k-1. The bias of the product with 32 bits is below k / 2^32. */
static void fill_whole(Column *c, int64_t row, uint64_t seed, uint64_t stream, uint64_t k,
                       int real_bytes)
{
	void *to = c->data + (size_t)row * c->stride;
	for (int64_t e = 0; e < c->field->len; e++) {
		uint64_t bits = nnc_hash(seed, stream, 0, (uint64_t)row, (uint64_t)e, 0);
		rt_set_value(to, e, c->field->kind, real_bytes,
		             (double)((bits >> 32) * k >> 32));
	}
}

static void fill_column(Column *c, int64_t rows, uint64_t seed, uint64_t stream, int real_bytes)
{
	uint64_t k = c->field->classes > 0       ? (uint64_t)c->field->classes
	             : c->field->kind == NNRT_U8 ? 256
	                                         : 2;
	for (int64_t row = 0; row < rows; row++) {
		if (c->field->kind == NNRT_REAL)
			fill_real(c, row, seed, stream, real_bytes);
		else
			fill_whole(c, row, seed, stream, k, real_bytes);
	}
}

static Dataset *fill(Dataset *d, int64_t rows, uint64_t seed, int real_bytes)
{
	rt_data_room(d, rows);
	for (int i = 0; i < d->ncolumn; i++)
		fill_column(&d->column[i], rows, seed, STREAM + (uint64_t)i, real_bytes);
	return d;
}

Dataset *rt_synthetic(const nnrt_model *m, int64_t rows, uint64_t seed)
{
	Dataset *d = rt_data_new("synthetic data", m->in, m->nin, m->real_bytes);
	d->direct = true;
	return fill(d, rows, seed, m->real_bytes);
}

Dataset *rt_synthetic_columns(const nnrt_model *m, int64_t rows, uint64_t seed)
{
	return fill(rt_data_new("synthetic data", m->column, m->ncolumn, m->real_bytes), rows,
	            seed, m->real_bytes);
}
