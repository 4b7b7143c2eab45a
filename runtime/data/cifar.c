/* cifar.c - CIFAR-10 and CIFAR-100, the binary version.
 *
 * A file holds records of one label byte (CIFAR-100: the coarse label, then the fine one) and
 * 3 x 32 x 32 bytes, red before green before blue, row-major.
 * Source: the data sets' page of A. Krizhevsky.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <string.h>

#include "rt_fail.h"
#include "rt_io.h"
#include "rt_mem.h"
#include "source.h"
#include "store.h"

enum { PIXELS = 3 * 32 * 32 };

static void add_file(const Adding *a, const char *path)
{
	Dataset *d = a->d;
	size_t labels = a->m->data->source == NNRT_CIFAR10 ? 1 : 2, width = labels + PIXELS;
	Reader *in = rt_open(path, false, "R7");
	size_t size = rt_file_bytes(in);
	if (size == 0 || size % width) {
		rt_error(RT_FILE, "R5", "%s: %zu bytes are no whole number of records of %zu bytes",
		         path, size, width);
		rt_help("take the binary version of the data set, unpacked");
		rt_exit(RT_FILE);
	}
	Store *s = rt_store_add(d, path, in, 0);
	s->pitch = s->width = width;
	s->first = d->rows;
	s->rows = (int64_t)(size / width);
	for (int i = 0; i < d->ncolumn; i++) {
		const nnrt_field *f = d->column[i].field;
		bool images = !strcmp(f->name, "images");
		if (!images && strcmp(f->name, "labels"))
			rt_bug("CIFAR has no column `%s`", f->name);
		int64_t dim[] = { 3, 32, 32 };
		if (images && !rt_shape_fits(dim, 3, f))
			rt_wrong_shape(a->m, path, f, dim, 3);
		if (!images && f->len != 1)
			rt_wrong_shape(a->m, path, f, dim, 0);
		rt_store_piece(s, i, images ? labels : labels - 1, ELEM_U1, false);
	}
	d->rows += s->rows;
}

static void add_named(const Adding *a, const char *dir, const char *name)
{
	char *path = rt_join(dir, name);
	add_file(a, path);
	rt_free(path);
}

static bool is_there(const char *dir, const char *name)
{
	char *path = rt_join(dir, name);
	bool there = rt_exists(path);
	rt_free(path);
	return there;
}

/* A part of its own may be one file, or a folder: val its training files, test its test file, either
 * the others if it has no such. */
void rt_cifar_add(const Adding *a)
{
	const nnrt_data *how = a->m->data;
	bool ten = how->source == NNRT_CIFAR10, given = a->part == PART_VAL || a->part == PART_TEST;
	const char *train = ten ? "data_batch_1.bin" : "train.bin";
	const char *test = ten ? "test_batch.bin" : "test.bin";
	char *dir = a->path ? rt_text("%s", a->path) : rt_data_path(how->path);
	if (a->part == PART_IN || (given && rt_exists(dir) && !rt_is_folder(dir))) {
		add_file(a, dir);
	} else if (!rt_is_folder(dir)) {
		rt_error(RT_FILE, "R7", "%s: cannot read the data: there is no such folder", dir);
		rt_help("give the folder with --data DIR, or set NNC_DATA to the place of %s", dir);
		rt_exit(RT_FILE);
	} else if (a->part == PART_TEST ? is_there(dir, test) || !is_there(dir, train)
	                                : a->part == PART_VAL && !is_there(dir, train)) {
		add_named(a, dir, test);
	} else {
		for (int i = 1; ten && i <= 5; i++) {
			char *name = rt_text("data_batch_%d.bin", i);
			add_named(a, dir, name);
			rt_free(name);
		}
		if (!ten)
			add_named(a, dir, train);
	}
	rt_free(dir);
}
