/* arrays.c - the sources `npy`, `npz` and `raw`: a file or a member is a column.
 *
 * In:    untrusted files.   Out: stores, one for each column.
 * Holds: types, shapes and numbers of rows are checked before memory is asked for.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <stdlib.h>
#include <string.h>

#include "npy.h"
#include "rt_fail.h"
#include "rt_help.h"
#include "rt_io.h"
#include "rt_mem.h"
#include "rt_size.h"
#include "source.h"
#include "store.h"
#include "zip.h"

/* An array of a file or of memory: rows, then one sample's shape. */
typedef struct {
	char *name; /* for messages; freed by put */
	Reader *in;
	unsigned char *mem;
	uint64_t at;
	Npy npy;
} Array;

static void check_type(const Adding *a, const Array *x, const nnrt_field *want)
{
	if (!rt_elem_is_float(x->npy.elem) || want->kind == NNRT_REAL)
		return;
	char *type = rt_field_type(a->m, want, 1);
	rt_error(RT_FILE, "R1", "%s: `%s` holds %s, but the model's is %s", x->name, want->name,
	         rt_elem_name(x->npy.elem), type);
	rt_help("save integers: y.astype(\"int32\")");
	rt_exit(RT_FILE);
}

/* The array becomes a store of a column; its rows must be as many as those of `first`. */
static void put(const Adding *a, int column, Array *x, const Store **first)
{
	Dataset *d = a->d;
	const nnrt_field *want = d->column[column].field;
	int rank = x->npy.rank;
	int64_t dim[NPY_RANK + 1] = { 1 };
	memcpy(dim, x->npy.dim, sizeof x->npy.dim);
	if (rank == 0)
		rt_fail(RT_FILE, "R1", "%s: `%s` is a single number, without rows", x->name,
		        want->name);
	if (dim[0] == 0)
		rt_fail(RT_FILE, "R5", "%s: `%s` has no row", x->name, want->name);
	if (!rt_shape_fits(dim + 1, rank - 1, want))
		rt_wrong_shape(a->m, x->name, want, dim + 1, rank - 1);
	check_type(a, x, want);
	if (*first && dim[0] != (*first)->rows)
		rt_fail(RT_FILE, "R5", "%s: `%s` has %lld rows, but `%s` has %lld", x->name,
		        want->name, (long long)dim[0],
		        d->column[(*first)->piece[0].column].field->name,
		        (long long)(*first)->rows);
	Store *s = rt_store_add(d, x->name, x->in, x->mem);
	s->offset = x->at;
	s->width = s->pitch = (size_t)want->len * (size_t)rt_elem_bytes(x->npy.elem);
	s->first = d->rows;
	s->rows = dim[0];
	rt_store_piece(s, column, 0, x->npy.elem, x->npy.swap);
	*first = *first ? *first : s;
	rt_free(x->name);
}

/* ---- npy ------------------------------------------------------------------------------------ */

static Array open_npy(const char *path)
{
	enum { MOST = NPY_HEAD + 16 };
	Array x = { .name = rt_text("%s", path), .in = rt_open(path, false, "R7") };
	size_t size = rt_file_bytes(x.in), n = size < MOST ? size : MOST;
	unsigned char *head = rt_alloc(n, 1, "a header");
	rt_read_at(x.in, 0, head, n);
	x.npy = rt_npy_head(path, head, n, size);
	x.at = x.npy.head;
	rt_free(head);
	return x;
}

/* ---- npz ------------------------------------------------------------------------------------ */

static const ZipMember *member(const Zip *z, const char *name)
{
	size_t n = strlen(name);
	for (int i = 0; i < z->n; i++) {
		const char *s = z->member[i].name;
		if (!strncmp(s, name, n) && (!s[n] || !strcmp(s + n, ".npy")))
			return &z->member[i];
	}
	return 0;
}

static _Noreturn void no_member(const Adding *a, const char *path, const Zip *z,
                                const char *name)
{
	char *all = rt_text("%s", "");
	for (int i = 0; i < z->n && i < 12; i++) {
		const char *s = z->member[i].name;
		size_t n = strlen(s) > 4 && !strcmp(s + strlen(s) - 4, ".npy") ? strlen(s) - 4
		                                                               : strlen(s);
		all = rt_text("%s%s`%.*s`", all, i ? ", " : "", (int)n, s);
	}
	rt_error(RT_FILE, "R5", "%s: there is no array `%s`", path, name);
	if (z->n)
		rt_note("its arrays are %s", all);
	rt_help("change the name in %s, or in numpy.savez(\"file\", %s = ...)", a->m->source,
	        name);
	rt_exit(RT_FILE);
}

static Array open_member(const char *path, const ZipMember *m, bool mapped)
{
	Array x = { .name = rt_text("%s", path), .in = rt_open(path, false, "R7") };
	if (m->deflated && mapped) {
		rt_error(RT_FILE, "R7", "%s: `%s` is compressed, which `cache = \"mmap\"` cannot "
		         "read", path, m->name);
		rt_help("write it with numpy.savez instead of savez_compressed, or leave `cache` "
		        "out");
		rt_exit(RT_FILE);
	}
	if (mapped) {
		size_t n = m->bytes < NPY_HEAD + 16 ? m->bytes : NPY_HEAD + 16;
		unsigned char *head = rt_alloc(n, 1, "a header");
		x.at = rt_zip_data(x.in, m);
		rt_read_at(x.in, x.at, head, n);
		x.npy = rt_npy_head(path, head, n, m->bytes);
		x.at += x.npy.head;
		rt_free(head);
		return x;
	}
	x.mem = rt_zip_read(x.in, m);
	x.npy = rt_npy_head(path, x.mem, m->bytes, m->bytes);
	x.at = x.npy.head;
	rt_close(x.in);
	x.in = 0;
	return x;
}

static void add_npz(const Adding *a, const char *path)
{
	Reader *f = rt_open(path, false, "R7");
	Zip z = rt_zip_open(f);
	const Store *first = 0;
	for (int i = 0; i < a->d->ncolumn; i++) {
		const char *name = a->d->column[i].field->name;
		const ZipMember *m = member(&z, name);
		if (!m && rt_column_spare(a, i))
			continue;
		if (!m)
			no_member(a, path, &z, name);
		Array x = open_member(path, m, a->m->data->mapped && a->part != PART_IN);
		put(a, i, &x, &first);
	}
	rt_zip_free(&z);
	rt_close(f);
	a->d->rows += first ? first->rows : 0;
}

/* ---- raw ------------------------------------------------------------------------------------ */

/* "f32[3, 4]", checked by the compiler. */
static Array open_raw(const char *path, const char *type)
{
	Array x = { .name = rt_text("%s", path), .in = rt_open(path, false, "R7") };
	size_t n = strcspn(type, "[");
	int64_t len;
	if (!rt_elem_find(type, n, &x.npy.elem))
		rt_bug("the type %s", type);
	x.npy.rank = 1;
	for (const char *p = type + n; *p && *p != ']' && x.npy.rank < NPY_RANK;) {
		char *end;
		x.npy.dim[x.npy.rank++] = strtoll(p + 1, &end, 10);
		p = end;
	}
	size_t size = rt_file_bytes(x.in), row;
	if (!rt_size_product(x.npy.dim + 1, x.npy.rank - 1, &len) ||
	    !rt_size_mul((size_t)len, (size_t)rt_elem_bytes(x.npy.elem), &row))
		rt_bug("the type %s", type);
	if (size % row) {
		rt_error(RT_FILE, "R5", "%s: %zu bytes are no whole number of rows: %s is %zu",
		         path, size, type, row);
		rt_help("`raw` has no header; a file with one is `npy` or `idx`");
		rt_exit(RT_FILE);
	}
	x.npy.dim[0] = (int64_t)(size / row);
	return x;
}

/* ---- files by name -------------------------------------------------------------------------- */

static const nnrt_file *file_of(const Adding *a, const char *column)
{
	const nnrt_data *how = a->m->data;
	for (int i = 0; i < how->nfile; i++)
		if (!strcmp(how->file[i].name, column))
			return &how->file[i];
	rt_bug("no file has the column `%s`", column);
}

static void one_file_only(const Adding *a, int wanted)
{
	if (wanted < 2 || !a->path || rt_is_folder(a->path))
		return;
	rt_error(RT_FILE, "R7", "%s: the data are %d files, but this is one", a->path, wanted);
	rt_help("give the folder with files of the names that %s has", a->m->source);
	rt_exit(RT_FILE);
}

static void add_files(const Adding *a)
{
	const Store *first = 0;
	int wanted = 0;
	for (int i = 0; i < a->d->ncolumn; i++)
		wanted += !rt_column_spare(a, i);
	one_file_only(a, wanted);
	for (int i = 0; i < a->d->ncolumn; i++) {
		const nnrt_file *f = file_of(a, a->d->column[i].field->name);
		char *path = rt_data_file(a->path, f->path);
		bool spare = rt_column_spare(a, i);
		if (!spare || (a->path && rt_is_folder(a->path) && rt_exists(path))) {
			Array x = f->type ? open_raw(path, f->type) : open_npy(path);
			put(a, i, &x, &first);
		}
		rt_free(path);
	}
	a->d->rows += first ? first->rows : 0;
}

void rt_arrays_add(const Adding *a)
{
	const nnrt_data *how = a->m->data;
	if (how->source != NNRT_NPZ) {
		add_files(a);
		return;
	}
	char *path = a->path ? rt_text("%s", a->path) : rt_data_path(how->path);
	add_npz(a, path);
	rt_free(path);
}
