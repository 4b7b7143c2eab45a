/* idx.c - IDX files, plain or gzip: the format of MNIST and Fashion-MNIST.
 *
 * In:    untrusted files.   Out: columns `images` and `labels`, as the data section reads them.
 * Holds: magic, element type, shape and count are checked against the model and the size of the
 *        file before memory is asked for.
 *
 * A file: 0 0 T R (T element type, 8 for unsigned bytes; R dimensions), R big-endian 32-bit
 * sizes, the first of them the number of rows; then the elements, row-major. Source: the
 * description on the MNIST page of Y. LeCun.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <string.h>

#include "rt_data.h"
#include "rt_fail.h"
#include "rt_io.h"
#include "rt_mem.h"
#include "rt_real.h"
#include "rt_size.h"
#include "source.h"

enum { TYPE_U8 = 0x08, RANK_MOST = 8, CHUNK = 1 << 16 };

/* Deflate cannot expand more than this (zlib's technical notes: 1032 to 1). */
enum { GZIP_MOST = 1032 };

typedef struct {
	Reader *in;
	int rank; /* of a row */
	int64_t dim[RANK_MOST];
	int64_t count, len; /* rows; elements of a row */
} Idx;

/* path or path.gz, whichever is there; the latter need not exist (then path is named in the
 * error). */
static Reader *open_either(const char *path)
{
	char *gz = rt_text("%s.gz", path);
	Reader *f = rt_open(!rt_exists(path) && rt_exists(gz) ? gz : path, true, "R7");
	rt_free(gz);
	return f;
}

/* The number of elements must be what the file can hold, before anything is allocated for it.
 */
static void check_size(const Idx *f, size_t head)
{
	const char *path = rt_path(f->in);
	size_t bytes, have = rt_file_bytes(f->in), most = have;
	if (rt_is_gzip(f->in) && !rt_size_mul(have, GZIP_MOST, &most))
		most = SIZE_MAX;
	if (!rt_size_mul((size_t)f->count, (size_t)f->len, &bytes) ||
	    !rt_size_add(bytes, head, &bytes))
		bytes = SIZE_MAX;
	if (bytes > most)
		rt_fail(RT_FILE, "R5",
		        "%s: the header says %lld rows of %lld bytes, but the file has only "
		        "%zu bytes%s",
		        path, (long long)f->count, (long long)f->len, have,
		        rt_is_gzip(f->in) ? " (compressed)" : "");
	if (!rt_is_gzip(f->in) && bytes < have)
		rt_fail(RT_FILE, "R5",
		        "%s: the header says %lld rows of %lld bytes, but %zu more bytes "
		        "follow",
		        path, (long long)f->count, (long long)f->len, have - bytes);
}

static Idx open_idx(const char *path)
{
	Idx f = { open_either(path), 0, { 0 }, 0, 1 };
	unsigned char h[4 + 4 * (RANK_MOST + 1)];
	const char *name = rt_path(f.in);
	rt_read(f.in, h, 4, "the header");
	if (h[0] || h[1])
		rt_fail(RT_FILE, "R1",
		        "%s: not an IDX file: it begins with %02x %02x, not 00 00", name, h[0],
		        h[1]);
	if (h[2] != TYPE_U8)
		rt_fail(RT_FILE, "R1",
		        "%s: byte 2: element type 0x%02x; unsigned bytes (0x08) are read", name,
		        h[2]);
	if (h[3] < 1 || h[3] > RANK_MOST)
		rt_fail(RT_FILE, "R1", "%s: byte 3: %d dimensions; 1 to %d can be read", name,
		        h[3], RANK_MOST);
	rt_read(f.in, h + 4, 4u * h[3], "the header");
	int64_t size[RANK_MOST];
	for (int i = 0; i < h[3]; i++) {
		const unsigned char *p = h + 4 + 4 * i;
		size[i] = (int64_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
	}
	f.count = size[0];
	f.rank = h[3] - 1;
	memcpy(f.dim, size + 1, sizeof f.dim - sizeof *f.dim);
	if (f.count == 0)
		rt_fail(RT_FILE, "R5", "%s: there is no row in it", name);
	if (!rt_size_product(f.dim, f.rank, &f.len))
		f.len = INT64_MAX;
	check_size(&f, 4 + 4u * h[3]);
	return f;
}

/* ---- fitting the model ----------------------------------------------------------------------
 */

static void check_shape(const nnrt_model *m, Idx *f, const nnrt_field *want)
{
	if (rt_shape_fits(f->dim, f->rank, want))
		return;
	int64_t dim[RANK_MOST + 1] = { 1 };
	int lead = f->rank == 2; /* pictures are shown as channels x height x width */
	memcpy(dim + lead, f->dim, (size_t)f->rank * sizeof *dim);
	rt_wrong_shape(m, rt_path(f->in), want, dim, f->rank + lead);
}

/* Reads all rows of a file into rows first... of a column, converting the bytes to its kind. */
static void read_column(const nnrt_model *m, Idx *f, Column *c, int64_t first)
{
	unsigned char block[CHUNK];
	int classes = c->field->classes;
	int64_t n = f->count * f->len, at = first * f->len;
	for (int64_t i = 0; i < n; i += CHUNK) {
		size_t k = (size_t)(n - i < CHUNK ? n - i : CHUNK);
		unsigned char *to = c->field->kind == NNRT_U8 ? c->data + at + i : block;
		rt_read(f->in, to, k, "the rows");
		for (size_t e = 0; classes && e < k; e++) {
			if (to[e] < classes)
				continue;
			rt_error(RT_FILE, "R4",
			         "%s: row %lld of %s holds %d; class(%d) is 0 to %d",
			         rt_path(f->in), (long long)((i + (int64_t)e) / f->len),
			         c->field->name, to[e], classes, classes - 1);
			rt_help("change the number of classes in %s and compile again",
			        m->source);
			rt_exit(RT_FILE);
		}
		for (size_t e = 0; to == block && e < k; e++)
			rt_set_value(c->data, at + i + (int64_t)e, c->field->kind,
			             m->real_bytes, block[e]);
	}
	unsigned char rest;
	if (rt_read_some(f->in, &rest, 1))
		rt_fail(RT_FILE, "R5", "%s: more bytes follow after %lld rows", rt_path(f->in),
		        (long long)f->count);
	rt_close(f->in);
}

/* ---- the source -----------------------------------------------------------------------------
 */

/* What a file name of a column begins with in a folder, for training and for test. */
static const struct {
	const char *column, *train, *test;
} known[] = {
	{ "images", "train-images-idx3-ubyte", "t10k-images-idx3-ubyte" },
	{ "labels", "train-labels-idx1-ubyte", "t10k-labels-idx1-ubyte" },
};

static char *folder(const char *path, const char *how)
{
	char *dir = rt_text("%s", path);
	if (rt_is_folder(dir))
		return dir;
	rt_error(RT_FILE, "R7", "%s: cannot read the data: there is no such folder", dir);
	rt_help(how, dir);
	rt_exit(RT_FILE);
}

static bool is_there(const char *dir, const char *name)
{
	char *path = rt_join(dir, name), *gz = rt_text("%s.gz", path);
	bool there = rt_exists(path) || rt_exists(gz);
	rt_free(path);
	rt_free(gz);
	return there;
}

/* `val` and `test` as folders: the training files of the one, the test files of the other; if there are
 * none, the others. */
static char *file_given(const char *given, const char *train, const char *test, Part part)
{
	char *path = rt_data_path(given);
	char *dir = folder(path, "`val` and `test` of `idx` are folders like that of the data; set "
	                         "NNC_DATA to the place of %s");
	const char *name = part == PART_VAL ? train : test, *other = part == PART_VAL ? test : train;
	char *file = rt_join(dir, is_there(dir, name) || !is_there(dir, other) ? name : other);
	rt_free(dir);
	rt_free(path);
	return file;
}

/* The file of a column in a part; 0: there is no such part. */
static char *file_of(const nnrt_model *m, const char *column, const char *path, Part part)
{
	const nnrt_data *d = m->data;
	int k = !strcmp(column, "labels");
	const char *one = k ? d->labels : d->images, *train = known[k].train, *test = known[k].test;
	const char *given = part == PART_VAL ? d->val_file : part == PART_TEST ? d->test_file : 0;
	if (strcmp(column, known[k].column))
		rt_bug("the source idx has no column `%s`", column);
	if (given)
		return file_given(given, train, test, part);
	/* A test part that the program asks for is taken from the training files instead. */
	if (part == PART_VAL || (part == PART_TEST && (one || d->test > 0)))
		return 0;
	if (one)
		return path ? rt_join(path, one) : rt_data_path(one);
	char *root = path ? rt_text("%s", path) : rt_data_path(d->path ? d->path : ".");
	char *dir = folder(root, "give the folder with --data DIR, or set NNC_DATA to the place of %s");
	char *file = rt_join(dir, part == PART_TEST ? test : train);
	rt_free(dir);
	rt_free(root);
	return file;
}

static void check_count(const Idx *f, const nnrt_field *c, const Idx *first,
                        const nnrt_field *c0)
{
	if (f->count != first->count)
		rt_fail(RT_FILE, "R5", "%s has %lld %s, but %s has %lld %s", rt_path(f->in),
		        (long long)f->count, c->name, rt_path(first->in),
		        (long long)first->count, c0->name);
}

/* Opens the files of a part, one a column; 0: there is no such part. */
static Idx *open_part(const nnrt_model *m, const Dataset *d, const char *path, Part part)
{
	Idx *f = rt_alloc((size_t)d->ncolumn, sizeof *f, "files");
	for (int i = 0; i < d->ncolumn; i++) {
		const nnrt_field *c = d->column[i].field;
		char *name = file_of(m, c->name, path, part);
		if (!name) {
			rt_free(f);
			return 0;
		}
		f[i] = open_idx(name);
		check_shape(m, &f[i], c);
		check_count(&f[i], c, &f[0], d->column[0].field);
		rt_free(name);
	}
	return f;
}

Dataset *rt_idx_load(const nnrt_model *m, const char *path)
{
	static const Part order[] = { PART_MAIN, PART_VAL, PART_TEST };
	enum { PARTS = sizeof order / sizeof *order };
	Dataset *d = rt_data_new(path            ? path
	                         : m->data->path ? m->data->path
	                                         : "the data",
	                         m->column, m->ncolumn, m->real_bytes);
	Idx *part[PARTS];
	int64_t rows[PARTS], at = 0;
	if (d->ncolumn == 0)
		rt_fail(RT_FILE, "R5", "%s: the program reads no column of it", d->name);
	for (int k = 0; k < PARTS; k++) {
		part[k] = open_part(m, d, path, order[k]);
		rows[k] = part[k] ? part[k][0].count : 0;
	}
	d->given = rows[1];
	d->official = rows[2];
	rt_data_room(d, rows[0] + rows[1] + rows[2]);
	for (int k = 0; k < PARTS; at += rows[k++]) {
		for (int i = 0; i < d->ncolumn && part[k]; i++)
			read_column(m, &part[k][i], &d->column[i], at);
		rt_free(part[k]);
	}
	return d;
}

Dataset *rt_idx_images(const nnrt_model *m, const char *path)
{
	Dataset *d = rt_data_new(path, m->column, m->ncolumn, m->real_bytes);
	for (int i = 0; i < d->ncolumn; i++) {
		if (strcmp(d->column[i].field->name, "images"))
			continue;
		Idx f = open_idx(path);
		check_shape(m, &f, d->column[i].field);
		d->rows = f.count;
		d->column[i].data = rt_alloc((size_t)f.count, d->column[i].stride, "images");
		read_column(m, &f, &d->column[i], 0);
	}
	if (d->rows == 0)
		rt_fail(RT_FILE, "R1", "%s: the program reads no images", path);
	return d;
}
