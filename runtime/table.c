/* table.c - outputs of many samples, written as csv, jsonl, npy or safetensors.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <math.h>
#include <string.h>

#include "rt_dictionary.h"
#include "rt_fail.h"
#include "rt_io.h"
#include "rt_mem.h"
#include "rt_real.h"
#include "rt_safetensors.h"
#include "rt_str.h"
#include "rt_table.h"

/* Element e of sample s of output i. */
static double value(const Table *t, int i, int64_t s, int64_t e)
{
	const nnrt_field *f = &t->m->out[i];
	return rt_value(t->data[i], s * f->len + e, f->kind, t->m->real_bytes);
}

/* The text that element e is the class of, or 0. */
static const char *text(const Table *t, int i, int64_t s, int64_t e)
{
	const nnrt_field *f = &t->m->out[i];
	const nnrt_field *of = f->kind == NNRT_CLASS ? rt_named_classes(t->m, f->classes, true) : 0;
	return of ? rt_class_name(t->run, of, (int)value(t, i, s, e)) : 0;
}

/* A cell of a csv file: in quotes where it holds what separates. */
static void csv_text(Writer *w, const char *s)
{
	if (!strpbrk(s, ",\"\n\r")) {
		rt_print(w, "%s", s);
		return;
	}
	rt_print(w, "\"");
	for (; *s; s++)
		rt_print(w, *s == '"' ? "\"\"" : "%c", *s);
	rt_print(w, "\"");
}

/* ---- csv: a header, then one line a sample --------------------------------------------------
 */

static void csv(const Table *t, Writer *w)
{
	const nnrt_model *m = t->m;
	const char *comma = "";
	for (int i = 0; i < m->nout; i++)
		for (int64_t e = 0; m->out[i].batched && e < m->out[i].len; e++, comma = ",") {
			rt_print(w, "%s%s", comma, m->out[i].name);
			if (m->out[i].len > 1)
				rt_print(w, ".%lld", (long long)e);
		}
	rt_print(w, "\n");
	for (int64_t s = 0; s < t->n; s++) {
		comma = "";
		for (int i = 0; i < m->nout; i++)
			for (int64_t e = 0; m->out[i].batched && e < m->out[i].len;
			     e++, comma = ",") {
				const char *name = text(t, i, s, e);
				rt_print(w, "%s", comma);
				if (name)
					csv_text(w, name);
				else
					rt_print(w, "%.9g", value(t, i, s, e));
			}
		rt_print(w, "\n");
	}
}

/* ---- jsonl: one object a line, lists nested
 * -------------------------------------------------- */

/* Dimensions d.. of one sample; *e counts its elements. */
static void json_list(const Table *t, Writer *w, int i, int64_t s, int d, int64_t *e)
{
	const nnrt_field *f = &t->m->out[i];
	if (d == f->rank) {
		const char *name = text(t, i, s, *e);
		double v = value(t, i, s, (*e)++);
		if (name) {
			Str quoted = { 0 };
			rt_str_json(&quoted, name);
			rt_print(w, "%s", quoted.s);
			rt_str_free(&quoted);
		} else if (isfinite(v))
			rt_print(w, "%.9g", v);
		else
			rt_print(w, "null");
		return;
	}
	rt_print(w, "[");
	for (int k = 0; k < f->dim[d]; k++) {
		rt_print(w, "%s", k ? "," : "");
		json_list(t, w, i, s, d + 1, e);
	}
	rt_print(w, "]");
}

/* What one sample has of an output; a list of lists where several rows of it are of a sample. */
static void json_sample(const Table *t, Writer *w, int i, int64_t s)
{
	int64_t e = 0, rows = rt_leading(&t->m->out[i], 1);
	if (rows > 1)
		rt_print(w, "[");
	for (int64_t k = 0; k < rows; k++) {
		rt_print(w, "%s", k ? "," : "");
		json_list(t, w, i, s, 0, &e);
	}
	if (rows > 1)
		rt_print(w, "]");
}

static void jsonl(const Table *t, Writer *w)
{
	for (int64_t s = 0; s < t->n; s++) {
		const char *comma = "{";
		for (int i = 0; i < t->m->nout; i++) {
			if (!t->m->out[i].batched)
				continue;
			rt_print(w, "%s\"%s\":", comma, t->m->out[i].name);
			json_sample(t, w, i, s);
			comma = ",";
		}
		rt_print(w, "%s}\n", *comma == '{' ? "{" : "");
	}
}

/* ---- npy
 * ------------------------------------------------------------------------------------- */

static int64_t elements(const Table *t, int i)
{
	return t->m->out[i].len * (t->m->out[i].batched ? t->n : 1);
}

/* Integers of the model are 64 bits in files. */
static void npy_data(const Table *t, int i, Writer *w)
{
	const nnrt_field *f = &t->m->out[i];
	if (f->kind != NNRT_CLASS && f->kind != NNRT_I32) {
		rt_write(w, t->data[i], (size_t)elements(t, i) *
		                                (size_t)rt_kind_bytes(f->kind, t->m->real_bytes));
		return;
	}
	for (int64_t k = 0; k < elements(t, i); k++) {
		int64_t v = ((const int32_t *)t->data[i])[k];
		rt_write(w, &v, sizeof v);
	}
}

/* Version 1.0: magic, length of the header, a Python dictionary filled up with blanks so that
 * the data begin at a multiple of 64.  Source: numpy.lib.format. */
static void npy(const Table *t, int i, const char *path)
{
	const nnrt_field *f = &t->m->out[i];
	const char *type = f->kind == NNRT_REAL   ? (t->m->real_bytes == 8 ? "<f8" : "<f4")
	                   : f->kind == NNRT_BOOL ? "|b1"
	                   : f->kind == NNRT_U8   ? "|u1"
	                                          : "<i8";
	char *shape = f->batched ? rt_text("%lld, ", (long long)rt_leading(f, t->n))
	                         : rt_text("%s", "");
	for (int k = 0; k < f->rank; k++) {
		char *longer = rt_text("%s%d, ", shape, f->dim[k]);
		rt_free(shape);
		shape = longer;
	}
	char *dict = rt_text("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", type,
	                     shape);
	size_t n = (10 + strlen(dict) + 1 + 63) / 64 * 64 - 10;
	unsigned char head[10] = { 0x93,
		                   'N',
		                   'U',
		                   'M',
		                   'P',
		                   'Y',
		                   1,
		                   0,
		                   (unsigned char)(n & 255),
		                   (unsigned char)(n >> 8) };
	Writer *w = rt_create(path);
	rt_write(w, head, sizeof head);
	rt_print(w, "%-*s\n", (int)n - 1, dict);
	npy_data(t, i, w);
	rt_commit(w);
	rt_free(dict);
	rt_free(shape);
}

static void npy_all(const Table *t, const char *path)
{
	for (int i = 0; i < t->m->nout; i++) {
		char *name = t->m->nout == 1 ? rt_text("%s", path)
		                             : rt_text("%s.%s.npy", path, t->m->out[i].name);
		npy(t, i, name);
		rt_free(name);
	}
}

static void safetensors(const Table *t, const char *path)
{
	TensorWriter *w = rt_tensors_new();
	for (int i = 0; i < t->m->nout; i++) {
		const nnrt_field *f = &t->m->out[i];
		int64_t dim[9];
		int rank = 0;
		if (f->batched)
			dim[rank++] = rt_leading(f, t->n);
		for (int k = 0; k < f->rank; k++)
			dim[rank++] = f->dim[k];
		rt_tensors_add(w, f->name, dim, rank, t->data[i], f->kind, t->m->real_bytes);
	}
	rt_tensors_write(w, path);
}

void rt_table_write(const Table *t, const char *path, const char *format)
{
	if (!strcmp(format, "safetensors")) {
		safetensors(t, path);
	} else if (!strcmp(format, "npy")) {
		npy_all(t, path);
	} else {
		for (int i = 0; i < t->m->nout; i++)
			if (!t->m->out[i].batched)
				rt_warn(0,
				        "output `%s` is one value for all samples: left out of "
				        "%s",
				        t->m->out[i].name, format);
		Writer *w = rt_create(path);
		if (!strcmp(format, "jsonl"))
			jsonl(t, w);
		else
			csv(t, w);
		rt_commit(w);
	}
}
