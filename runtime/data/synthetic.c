/* synthetic.c - data made in memory, for tests, for `bench` and for a first run without
 * downloads.
 *
 * Holds: an element is a pure function of (seed, number of the field, row, element): neither
 *        the number of rows nor the other fields change it; targets of "linear" are a function
 *        of the inputs of their row as well.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <math.h>
#include <string.h>

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

static void fill_real(const Column *c, int64_t row, uint64_t seed, uint64_t stream,
                      int real_bytes)
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

void rt_synthetic_row(const Column *c, int64_t row)
{
	fill_real(c, row, c->seed, c->stream, c->real_bytes);
	c->made[row] = 1;
}

/* later: rows of real numbers are made when they are read, so that a first step does not wait for
 * rows that it does not see. */
static Dataset *fill(Dataset *d, int64_t rows, uint64_t seed, int real_bytes, bool later)
{
	rt_data_room(d, rows);
	for (int i = 0; i < d->ncolumn; i++) {
		Column *c = &d->column[i];
		if (!later || c->field->kind != NNRT_REAL) {
			fill_column(c, rows, seed, STREAM + (uint64_t)i, real_bytes);
			continue;
		}
		c->made = rt_alloc((size_t)rows + 1, 1, c->field->name);
		c->seed = seed;
		c->stream = STREAM + (uint64_t)i;
		c->real_bytes = real_bytes;
	}
	return d;
}

static Dataset *direct(const nnrt_model *m, int64_t rows, uint64_t seed, bool later)
{
	Dataset *d = rt_data_new("synthetic data", m->in, m->nin, m->real_bytes);
	d->direct = true;
	return fill(d, rows, seed, m->real_bytes, later);
}

Dataset *rt_synthetic(const nnrt_model *m, int64_t rows, uint64_t seed)
{
	return direct(m, rows, seed, false);
}

/* ---- linear ------------------------------------------------------------------------------ */

#define MAP_STREAM UINT64_C(0x6c696e6561720000)
#define NOISE_STREAM UINT64_C(0x6e6f697365000000)

/* What the map sees of an input: its numbers, or one place for each class of each element. */
static int64_t places(const nnrt_field *f)
{
	return f->kind == NNRT_CLASS ? f->len * f->classes : f->len;
}

static int64_t all_places(const nnrt_model *m)
{
	int64_t n = 0;
	for (int i = 0; i < m->nin; i++)
		n += m->in[i].target ? 0 : places(&m->in[i]);
	return n;
}

static void see(const Dataset *d, const nnrt_model *m, int64_t row, double *x)
{
	for (int i = 0; i < m->nin; i++) {
		const nnrt_field *f = &m->in[i];
		const void *from = d->column[i].data + (size_t)row * d->column[i].stride;
		if (f->target)
			continue;
		for (int64_t e = 0; e < f->len; e++) {
			double v = rt_value(from, e, f->kind, m->real_bytes);
			for (int k = 0; f->kind == NNRT_CLASS && k < f->classes; k++)
				*x++ = v == k;
			if (f->kind != NNRT_CLASS)
				*x++ = v;
		}
	}
}

/* Rows of N(0, 1 / places): every value of the map has about the size of an input. */
static double *make_map(int64_t rows, int64_t n, uint64_t seed, uint64_t stream)
{
	double *w = rt_alloc((size_t)rows, (size_t)n * sizeof *w, "the map of synthetic data");
	double scale = 1 / sqrt((double)(n > 0 ? n : 1)), a, b;
	for (int64_t k = 0; k < rows * n; k += 2) {
		normal_pair(nnc_hash(seed, stream, 0, 0, (uint64_t)k / 2, 0), &a, &b);
		w[k] = a * scale;
		if (k + 1 < rows * n)
			w[k + 1] = b * scale;
	}
	return w;
}

static double dot(const double *w, const double *x, int64_t n)
{
	double s = 0;
	for (int64_t i = 0; i < n; i++)
		s += w[i] * x[i];
	return s;
}

/* Element e of a target: its value, or the first class with the largest value. */
static double mapped(const nnrt_field *f, const double *w, const double *x, int64_t n,
                     int64_t e, double noise)
{
	int classes = f->kind == NNRT_CLASS ? f->classes : 1;
	const double *own = w + e * classes * n;
	double best = dot(own, x, n);
	int k = 0;
	for (int c = 1; c < classes; c++) {
		double v = dot(own + c * n, x, n);
		if (v > best)
			best = v, k = c;
	}
	return f->kind == NNRT_CLASS  ? k
	       : f->kind == NNRT_BOOL ? best > 0
	       : f->kind == NNRT_I32  ? floor(best + 0.5)
	                              : best + noise;
}

static void map_target(Dataset *d, const nnrt_model *m, int i, const nnrt_data *how)
{
	const nnrt_field *f = &m->in[i];
	int64_t n = all_places(m);
	double *x = rt_alloc((size_t)n + 1, sizeof *x, "synthetic data"), noise[2];
	double *w = make_map(f->len * (f->kind == NNRT_CLASS ? f->classes : 1), n, how->seed,
	                     MAP_STREAM + (uint64_t)i);
	for (int64_t row = 0; row < d->rows; row++) {
		void *to = d->column[i].data + (size_t)row * d->column[i].stride;
		see(d, m, row, x);
		for (int64_t e = 0; e < f->len; e++) {
			if (e % 2 == 0)
				normal_pair(nnc_hash(how->seed, NOISE_STREAM + (uint64_t)i, 0,
				                     (uint64_t)row, (uint64_t)e / 2, 0),
				            &noise[0], &noise[1]);
			rt_set_value(to, e, f->kind, m->real_bytes,
			             mapped(f, w, x, n, e, how->noise * noise[e % 2]));
		}
	}
	rt_free(x);
	rt_free(w);
}

/* ---- sequence ---------------------------------------------------------------------------- */

#define TABLE_STREAM UINT64_C(0x7461626c65000000)

/* The target that continues input i: class values of the same shape; -1: none. */
static int continuing(const nnrt_model *m, int i)
{
	const nnrt_field *x = &m->in[i];
	for (int k = 0; k < m->nin; k++) {
		const nnrt_field *y = &m->in[k];
		bool fits = y->target && y->kind == NNRT_CLASS && y->classes == x->classes &&
		            y->rank == x->rank && y->len == x->len;
		for (int r = 0; fits && r < x->rank; r++)
			fits = x->dim[r] == y->dim[r];
		if (fits)
			return k;
	}
	return -1;
}

/* The successor table is a permutation, so that every class goes on occurring. */
static void fill_sequence(Dataset *d, const nnrt_model *m, int i, const nnrt_data *how)
{
	const nnrt_field *f = &m->in[i];
	int next = continuing(m, i);
	uint64_t stream = TABLE_STREAM + (uint64_t)i, k = (uint64_t)f->classes;
	uint32_t *successor = rt_alloc((size_t)k, sizeof *successor, "synthetic data");
	nnc_permutation(successor, (uint32_t)k, how->seed, stream);
	for (int64_t row = 0; row < d->rows; row++) {
		int32_t *x = (int32_t *)(void *)(d->column[i].data +
		                                 (size_t)row * d->column[i].stride);
		int32_t *y = next < 0 ? 0
		                      : (int32_t *)(void *)(d->column[next].data +
		                                            (size_t)row * d->column[next].stride);
		uint32_t at = 0;
		for (int64_t e = 0; e <= f->len; e++) {
			uint64_t bits = nnc_hash(how->seed, stream, 0, (uint64_t)row,
			                         (uint64_t)e, 0);
			uint32_t any = (uint32_t)((bits >> 32) * k >> 32);
			double u = (double)(uint32_t)bits / 4294967296.0;
			bool follows = e > 0 && u >= how->noise;
			at = follows ? successor[at] : any;
			if (e < f->len)
				x[e] = (int32_t)at;
			if (y && e > 0)
				y[e - 1] = (int32_t)at;
		}
	}
	rt_free(successor);
}

Dataset *rt_synthetic_kind(const nnrt_model *m, const nnrt_data *how)
{
	bool linear = how->kind && !strcmp(how->kind, "linear");
	bool sequence = how->kind && !strcmp(how->kind, "sequence");
	/* a row may be drawn twice by `balance`, and be read by two threads at once */
	Dataset *d = direct(m, how->n, how->seed, !linear && !how->balance);
	/* backwards: the first input wins where one target would continue two of them */
	for (int i = m->nin - 1; i >= 0; i--) {
		if (linear && m->in[i].target)
			map_target(d, m, i, how);
		if (sequence && !m->in[i].target && m->in[i].kind == NNRT_CLASS)
			fill_sequence(d, m, i, how);
	}
	return d;
}

Dataset *rt_synthetic_columns(const nnrt_model *m, int64_t rows, uint64_t seed)
{
	return fill(rt_data_new("synthetic data", m->column, m->ncolumn, m->real_bytes), rows,
	            seed, m->real_bytes, false);
}
