/* batch_file.c - one batch from a .safetensors file: inputs and targets by name.
 *
 * Holds: class values are in range, the first dimensions agree, the rest is the model's shape;
 *        integers are exact; other tensors of the file are ignored.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <math.h>

#include "rt_data.h"
#include "rt_fail.h"
#include "rt_mem.h"
#include "rt_real.h"

static bool shape_fits(const Stored *t, const nnrt_field *want)
{
	if (t->rank != want->rank + 1)
		return false;
	for (int i = 0; i < want->rank; i++)
		if (t->dim[i + 1] != want->dim[i])
			return false;
	return true;
}

static char *shape_of(const nnrt_field *f)
{
	char *s = rt_text("[N");
	for (int i = 0; i < f->rank; i++) {
		char *longer = rt_text("%s, %d", s, f->dim[i]);
		rt_free(s);
		s = longer;
	}
	char *whole = rt_text("%s]", s);
	rt_free(s);
	return whole;
}

static void check_tensor(const TensorFile *f, const Stored *t, const nnrt_field *want)
{
	if (!shape_fits(t, want))
		rt_fail(RT_FILE, "R1", "%s: `%s` is %s, but the model's is %s", f->path,
		        t->name, rt_shape(t->dim, t->rank), shape_of(want));
	if (t->dim[0] < 1)
		rt_fail(RT_FILE, "R5", "%s: `%s` has no row", f->path, t->name);
	if (!rt_type_is_float(t->type) && want->kind == NNRT_REAL)
		rt_fail(RT_FILE, "R1",
		        "%s: `%s` holds %s, but the model's is f32; use F64, F32, F16 or BF16",
		        f->path, t->name, rt_type_name(t->type));
	if (rt_type_is_float(t->type) && want->kind != NNRT_REAL)
		rt_fail(RT_FILE, "R1",
		        "%s: `%s` holds %s, but the model's is an integer; use I64, I32, I16, "
		        "I8, U8 "
		        "or BOOL",
		        f->path, t->name, rt_type_name(t->type));
}

static void read_integers(const TensorFile *f, const Stored *t, Column *c, int real_bytes)
{
	const nnrt_field *want = c->field;
	for (int64_t i = 0; i < t->len; i++) {
		int64_t v = rt_stored_integer(f, t, i);
		int64_t lo = want->kind == NNRT_I32 ? INT32_MIN : 0;
		int64_t hi = want->kind == NNRT_CLASS  ? want->classes - 1
		             : want->kind == NNRT_BOOL ? 1
		             : want->kind == NNRT_U8   ? 255
		                                       : INT32_MAX;
		if (v < lo || v > hi)
			rt_fail(RT_FILE, want->kind == NNRT_CLASS ? "R4" : "R2",
			        "%s: row %lld of `%s` holds %lld; allowed are %lld to %lld",
			        f->path, (long long)(i / want->len), t->name, (long long)v,
			        (long long)lo, (long long)hi);
		rt_set_value(c->data, i, want->kind, real_bytes, (double)v);
	}
}

static void read_reals(const TensorFile *f, const Stored *t, Column *c, int real_bytes)
{
	for (int64_t i = 0; i < t->len; i++) {
		double v = rt_stored_value(f, t, i);
		if (!isfinite(v))
			rt_fail(RT_FILE, "R2",
			        "%s: row %lld of `%s` holds a number that is not finite",
			        f->path, (long long)(i / c->field->len), t->name);
		rt_set_real(c->data, i, real_bytes, v);
	}
}

Dataset *rt_batch_file(const nnrt_model *m, const char *path, bool targets)
{
	TensorFile *f = rt_tensors_read(path, "R7");
	Dataset *d = rt_data_new(path, m->in, m->nin, m->real_bytes);
	const Stored *first = 0;
	d->direct = true;
	for (int i = 0; i < m->nin; i++) {
		const nnrt_field *want = &m->in[i];
		const Stored *t = rt_tensors_find(f, want->name);
		if (!t && want->target && !targets)
			continue;
		if (!t)
			rt_fail(RT_FILE, "R1", "%s: there is no tensor for %s `%s`, %s", path,
			        want->target ? "target" : "input", want->name, shape_of(want));
		check_tensor(f, t, want);
		if (!first)
			first = t;
		if (t->dim[0] != first->dim[0])
			rt_fail(RT_FILE, "R5", "%s: `%s` has %lld rows, but `%s` has %lld",
			        path, t->name, (long long)t->dim[0], first->name,
			        (long long)first->dim[0]);
		if (t->dim[0] > INT32_MAX)
			rt_fail(RT_FILE, "R5", "%s: `%s` has more than %d rows", path, t->name,
			        INT32_MAX);
		d->rows = t->dim[0];
		d->column[i].data = rt_alloc((size_t)d->rows, d->column[i].stride, t->name);
		if (want->kind == NNRT_REAL)
			read_reals(f, t, &d->column[i], m->real_bytes);
		else
			read_integers(f, t, &d->column[i], m->real_bytes);
	}
	if (!first)
		rt_fail(RT_FILE, "R1", "%s: the model has no input to be found there", path);
	rt_tensors_free(f);
	d->train = rt_rows_all(d->rows);
	return d;
}
