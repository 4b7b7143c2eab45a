/* data.c - datasets: memory for columns, the source's loader, classes of rows.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <stdlib.h>
#include <string.h>

#include "gather.h"
#include "others.h"
#include "rt_data.h"
#include "rt_fail.h"
#include "rt_io.h"
#include "rt_mem.h"
#include "rt_real.h"
#include "rt_run.h"
#include "rt_size.h"
#include "source.h"
#include "store.h"
#include "vocabulary.h"

Dataset *rt_data_new(const char *name, const nnrt_field *field, int n, int real_bytes)
{
	Dataset *d = rt_alloc(1, sizeof *d, "data");
	d->name = rt_text("%s", name);
	d->column = rt_alloc((size_t)n, sizeof *d->column, "columns");
	d->ncolumn = n;
	d->real_bytes = real_bytes;
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
	for (int i = 0; i < d->ncolumn; i++) {
		Column *c = &d->column[i];
		rt_free(c->data);
		rt_free(c->made);
		for (int32_t k = 0; k < c->nword; k++)
			rt_free(c->word[k]);
		rt_free(c->word);
		for (int64_t k = 0; c->label && k < c->field->len; k++)
			rt_free(c->label[k]);
		rt_free(c->label);
	}
	rt_store_free(d);
	rt_free(d->column);
	rt_free(d->train.row);
	rt_free(d->val.row);
	rt_free(d->test.row);
	rt_free(d->stratum);
	rt_free(d->balance);
	rt_free(d->vocabulary);
	rt_free(d->name);
	rt_free(d);
}

void rt_column_make(const Column *c, const uint32_t *row, int n)
{
	for (int i = 0; c->made && i < n; i++)
		if (!c->made[row[i]])
			rt_synthetic_row(c, row[i]);
}

void rt_data_make(const Dataset *d, const uint32_t *row, int n)
{
	for (int i = 0; i < d->ncolumn; i++)
		rt_column_make(&d->column[i], row, n);
}

void rt_data_all(const Dataset *d, const uint32_t *row, int n, void *const *to)
{
	rt_store_rows(d, -1, row, n, to);
}

void rt_data_ahead(const Dataset *d, const uint32_t *row, int64_t n)
{
	if (d->gather && n > 0)
		rt_gather_post(d->gather, row, n);
}

void rt_data_rows(const Dataset *d, int column, const uint32_t *row, int n, void *to)
{
	rt_store_rows(d, column, row, n, &to);
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

/* The last part of a path. */
static const char *bare(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

char *rt_data_file(const char *given, const char *path)
{
	if (!given)
		return rt_data_path(path);
	if (!rt_is_folder(given))
		return rt_text("%s", given);
	char *file = rt_join(given, path);
	if (rt_exists(file) || path[0] == '/')
		return file;
	rt_free(file);
	return rt_join(given, bare(path));
}

/* The class of every row by which rows are dealt or drawn: what the data section makes of it. */
static int32_t *strata(const nnrt_model *m, const Dataset *d, int field, const char *what)
{
	enum { CHUNK = 256 };
	int64_t chunk = d->rows < CHUNK ? d->rows : CHUNK;
	Rows all = rt_rows_all(d->rows);
	Run *r = rt_run_new(m);
	r->raw = true;
	nnrt_time start = { 0 };
	int32_t *s = rt_alloc((size_t)d->rows, sizeof *s, "row numbers");
	rt_run_reserve(r, chunk);
	rt_run_knobs(r, &start);
	for (int64_t at = 0; at < d->rows; at += chunk) {
		int64_t n = d->rows - at < chunk ? d->rows - at : chunk;
		rt_run_bind(r, d, all.row + at, (int)n);
		for (int64_t i = 0; i < n; i++) {
			double v = rt_value(r->c.in[field], i, m->in[field].kind,
			                    m->real_bytes);
			if (v < 0 || v > 1e6)
				rt_fail(RT_FILE, "R4",
				        "%s: row %lld: `%s` needs classes, but `%s` is %.0f",
				        d->name, (long long)(at + i), what, m->in[field].name, v);
			s[at + i] = (int32_t)v;
		}
	}
	rt_run_free(r);
	rt_free(all.row);
	return s;
}

/* ---- sources of files ----------------------------------------------------------------------- */

bool rt_column_spare(const Adding *a, int column)
{
	return a->part == PART_IN && a->m->data->pick && a->m->data->pick[column].target;
}

static void add_part(const Adding *a)
{
	switch (a->m->data->source) {
	case NNRT_CSV:
		rt_csv_add(a);
		return;
	case NNRT_NPY:
	case NNRT_NPZ:
	case NNRT_RAW:
		rt_arrays_add(a);
		return;
	case NNRT_LIBSVM:
		rt_libsvm_add(a);
		return;
	case NNRT_BYTES:
	case NNRT_CHARS:
		rt_text_add(a);
		return;
	case NNRT_CIFAR10:
	case NNRT_CIFAR100:
		rt_cifar_add(a);
		return;
	case NNRT_IMAGES:
		rt_images_add(a);
		return;
	case NNRT_NO_DATA:
	case NNRT_IDX:
	case NNRT_SYNTHETIC:
		break;
	}
	rt_bug("the source %d reads no files", (int)a->m->data->source);
}

static const char *name_of(const nnrt_model *m, const char *path)
{
	return path ? path : m->data->path ? m->data->path : "the data";
}

/* Adds one part; returns its rows. */
static int64_t add(Dataset *d, const nnrt_model *m, const char *path, Part part, const char *out,
                   bool quiet)
{
	static const char *const part_name[] = { "", ".val", ".test" };
	int64_t before = d->rows;
	char *rows = 0;
	if (out && m->data->mapped) {
		char *name = rt_text("%s%s.rows", m->name, part_name[part]);
		rt_make_folder(out);
		rows = rt_join(out, name);
		rt_free(name);
	}
	Adding a = { m, d, path, part, rows, quiet };
	add_part(&a);
	rt_free(rows);
	return d->rows - before;
}

static bool is_one_file(const nnrt_data *how)
{
	return how->path && (how->source == NNRT_CSV || how->source == NNRT_NPZ ||
	                     how->source == NNRT_LIBSVM || how->source == NNRT_BYTES ||
	                     how->source == NNRT_CHARS);
}

static Dataset *load_files(const nnrt_model *m, const char *path, const char *out, bool quiet)
{
	const nnrt_data *how = m->data;
	Dataset *d = rt_data_new(name_of(m, path), m->column, m->ncolumn, m->real_bytes);
	bool official = how->source == NNRT_CIFAR10 || how->source == NNRT_CIFAR100;
	/* the folder of a source that is one file, or several */
	const char *folder = path && is_one_file(how) && rt_is_folder(path) ? path : 0;
	char *named = folder ? rt_data_file(folder, how->path) : 0;
	add(d, m, named ? named : path, PART_MAIN, out, quiet);
	rt_free(named);
	if (how->val_file) {
		char *file = rt_data_file(folder, how->val_file);
		d->given = add(d, m, file, PART_VAL, out, quiet);
		rt_free(file);
	}
	if (how->test_file) {
		char *file = rt_data_file(folder, how->test_file);
		d->official = add(d, m, file, PART_TEST, out, quiet);
		rt_free(file);
	} else if (official && how->test == 0) {
		d->official = add(d, m, path, PART_TEST, out, quiet);
	}
	return d;
}

/* Columns that fit in so many bytes are kept in memory whatever `cache` says: labels beside images. */
enum { SMALL = 64 << 20 };

/* Texts stay as they are: tokens are made of them when they are needed. */
static bool is_text(const nnrt_data *how)
{
	return how->source == NNRT_BYTES || how->source == NNRT_CHARS;
}

Dataset *rt_data_in(const nnrt_model *m, const char *path, const char *weights)
{
	if (m->data->source == NNRT_IDX)
		return rt_idx_images(m, path);
	Dataset *d = rt_data_new(path, m->column, m->ncolumn, m->real_bytes);
	rt_vocabulary_use(m, d, weights);
	rt_others_use(m, d, weights);
	add(d, m, path, PART_IN, 0, false);
	if (!is_text(m->data) && !m->data->mapped)
		rt_store_settle(d, SIZE_MAX);
	return d;
}

Dataset *rt_data_load(const nnrt_model *m, const char *path, const char *out, bool quiet)
{
	const nnrt_data *how = m->data;
	Dataset *d = 0;
	if (!how || how->source == NNRT_NO_DATA)
		rt_bug("no data section");
	if (how->source == NNRT_IDX)
		d = rt_idx_load(m, path);
	else if (how->source == NNRT_SYNTHETIC)
		d = rt_synthetic_kind(m, how);
	else
		d = load_files(m, path, out, quiet);
	if (d->rows > INT32_MAX)
		rt_fail(RT_FILE, "R5", "%s: %lld rows; at most %d can be used", d->name,
		        (long long)d->rows, INT32_MAX);
	if (!is_text(how))
		rt_store_settle(d, how->mapped ? SMALL : SIZE_MAX);
	if (how->mapped)
		d->gather = rt_gather_new(d);
	if (how->stratify)
		d->stratum = strata(m, d, how->stratify - 1, "stratify");
	if (how->balance)
		d->balance = strata(m, d, how->balance - 1, "balance");
	rt_data_deal(d, how, 1);
	return d;
}
