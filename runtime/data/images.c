/* images.c - a folder of pictures, in a folder for each class.
 *
 * Out:   columns `images`, channels x height x width, and `labels`, the names of the folders.
 * Holds: rows are sorted by the names of folders and files, as torchvision's ImageFolder has them.
 *
 * Pictures of one channel fill three; of three one is made as Pillow does (L = 0.299 R + 0.587 G
 * + 0.114 B in 16 bits).  Other sizes are an error, unless the program gives a size.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <string.h>

#include "picture.h"
#include "rt_fail.h"
#include "rt_io.h"
#include "rt_mem.h"
#include "sink.h"
#include "source.h"

enum { DEEP = 16 };

typedef struct {
	const Adding *a;
	Sink *sink;
	int images, labels; /* columns, or -1 */
	int32_t class;      /* of the folder at hand, -1: none */
} Images;

/* ---- a row ---------------------------------------------------------------------------------- */

static void must_fit(const Images *f, const char *path, const Picture *p)
{
	const nnrt_field *c = f->a->d->column[f->images].field;
	if (p->h == c->dim[c->rank - 2] && p->w == c->dim[c->rank - 1])
		return;
	rt_error(RT_FILE, "R1", "%s: a picture of %d x %d pixels, but this trainer was compiled for %d x %d",
	         path, p->h, p->w, c->dim[c->rank - 2], c->dim[c->rank - 1]);
	rt_help("write `images(dir, size = [%d, %d])` in %s to have all pictures in that size",
	        c->dim[c->rank - 2], c->dim[c->rank - 1], f->a->m->source);
	rt_exit(RT_FILE);
}

/* Channels one behind the other, in as many as the column has. */
static void put(const Picture *p, int channels, unsigned char *to)
{
	size_t n = (size_t)p->w * (size_t)p->h;
	for (size_t i = 0; i < n; i++) {
		const unsigned char *v = p->at + i * (size_t)p->channels;
		for (int c = 0; c < channels; c++)
			to[(size_t)c * n + i] =
				p->channels == 1  ? v[0]
				: channels == 3   ? v[c]
				                  : (unsigned char)((v[0] * 19595 + v[1] * 38470 +
				                                     v[2] * 7471 + 0x8000) >> 16);
	}
}

static void add_picture(Images *f, const char *path)
{
	const nnrt_field *c = f->images >= 0 ? f->a->d->column[f->images].field : 0;
	if (c) {
		Picture p = rt_picture_read(path);
		int h = c->dim[c->rank - 2], w = c->dim[c->rank - 1];
		if (f->a->m->data->resize && (p.h != h || p.w != w)) {
			Picture other = rt_picture_resize(&p, w, h);
			rt_picture_free(&p);
			p = other;
		}
		must_fit(f, path, &p);
		put(&p, c->rank < 3 ? 1 : c->dim[c->rank - 3], rt_sink_at(f->sink, f->images));
		rt_picture_free(&p);
	}
	if (f->labels >= 0)
		*(int32_t *)rt_sink_at(f->sink, f->labels) = f->class;
	rt_sink_next(f->sink, 0);
}

/* ---- folders -------------------------------------------------------------------------------- */

/* The pictures of a folder, then those of the folders in it.  Names that begin with a dot are hidden. */
static void add_folder(Images *f, const char *dir, int deep)
{
	int n;
	char **name = rt_list(dir, "", &n);
	if (deep > DEEP)
		rt_fail(RT_FILE, "R7", "%s: more than %d folders inside each other", dir, DEEP);
	for (int folders = 0; folders < 2; folders++)
		for (int i = 0; i < n; i++) {
			char *path = rt_join(dir, name[i]);
			bool hidden = name[i][0] == '.', folder = !hidden && rt_is_folder(path);
			if (folder && folders)
				add_folder(f, path, deep + 1);
			else if (!hidden && !folder && !folders && rt_picture_is(name[i]))
				add_picture(f, path);
			rt_free(path);
		}
	rt_list_free(name, n);
}

/* The number of a name among the words of the labels. */
static int32_t class_of(Images *f, const char *name)
{
	if (f->labels < 0)
		return -1;
	Column *c = &f->a->d->column[f->labels];
	for (int32_t k = 0; k < c->nword; k++)
		if (!strcmp(c->word[k], name))
			return k;
	c->word = rt_grow(c->word, (size_t)c->nword, (size_t)c->nword + 1, sizeof *c->word, "words");
	c->word[c->nword] = rt_text("%s", name);
	return c->nword++;
}

static void add_classes(Images *f, const char *dir)
{
	int n;
	char **name = rt_list(dir, "", &n);
	for (int i = 0; i < n; i++) {
		char *path = rt_join(dir, name[i]);
		if (name[i][0] != '.' && rt_is_folder(path)) {
			int64_t before = rt_sink_rows(f->sink);
			f->class = class_of(f, name[i]);
			add_folder(f, path, 1);
			if (rt_sink_rows(f->sink) == before)
				rt_fail(RT_FILE, "R5", "%s: there is no picture in this folder", path);
		}
		rt_free(path);
	}
	rt_list_free(name, n);
}

static void find_columns(Images *f)
{
	for (int i = 0; i < f->a->d->ncolumn; i++) {
		const char *name = f->a->d->column[i].field->name;
		if (!strcmp(name, "images"))
			f->images = i;
		else if (!strcmp(name, "labels"))
			f->labels = f->a->part == PART_IN ? -1 : i;
		else
			rt_bug("pictures have no column `%s`", name);
	}
}

void rt_images_add(const Adding *a)
{
	Images f = { a, 0, -1, -1, -1 };
	char *dir = a->path ? rt_text("%s", a->path) : rt_data_path(a->m->data->path);
	bool *there = rt_alloc((size_t)a->d->ncolumn, sizeof *there, "columns");
	find_columns(&f);
	for (int i = 0; i < a->d->ncolumn; i++)
		there[i] = i == f.images || i == f.labels;
	f.sink = rt_sink_new(a, dir, there);
	if (rt_is_folder(dir) && a->part != PART_IN) {
		add_classes(&f, dir);
	} else if (rt_is_folder(dir)) {
		add_folder(&f, dir, 0);
	} else if (a->part == PART_IN) {
		add_picture(&f, dir);
	} else {
		rt_error(RT_FILE, "R7", "%s: cannot read the data: there is no such folder", dir);
		rt_help("give the folder with --data DIR, or set NNC_DATA to the place of %s", dir);
		rt_exit(RT_FILE);
	}
	if (rt_sink_rows(f.sink) == 0)
		rt_fail(RT_FILE, "R5", "%s: there is no picture%s", dir,
		        a->part == PART_IN ? "" : " in a folder for its class");
	rt_sink_done(f.sink);
	rt_free(there);
	rt_free(dir);
}
