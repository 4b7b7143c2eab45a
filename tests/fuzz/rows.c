/* rows.c - see rows.h.
 *
 * Holds: every value is a multiple of 1/64 below 2, or a whole number below 7: exact in all types
 *        of files; files are written here byte by byte, by nothing of nnc.
 */
#include "rows.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

const char *const rows_word[4] = { "tall", "na\xc3\xafve, very", "a \"b\"", "7" };

typedef struct {
	const Module *m;
	const char *dir;
	uint64_t state;
	double **value;
	Arena *a;
} Rows;

static unsigned below(Rows *r, unsigned n)
{
	r->state = r->state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)((r->state >> 33) % n);
}

/* ---- bytes -------------------------------------------------------------------------------- */

typedef struct { unsigned char *v; size_t n, cap; } Bytes;

static void put(Bytes *b, const void *from, size_t n)
{
	if (b->n + n > b->cap) {
		b->cap = 2 * b->cap + n + 256;
		b->v = realloc(b->v, b->cap);
		if (!b->v)
			abort();
	}
	if (n)
		memcpy(b->v + b->n, from, n);
	b->n += n;
}

static void put_text(Bytes *b, const char *s) { put(b, s, strlen(s)); }

/* n bytes of v, 8 at most, the lowest first or the highest first. */
static void put_int(Bytes *b, uint64_t v, int n, bool big)
{
	for (int i = 0; i < n; i++) {
		unsigned char c = (unsigned char)(v >> 8 * (big ? n - 1 - i : i));
		put(b, &c, 1);
	}
}

static void save(const Rows *r, const char *name, Bytes *b)
{
	char path[400], packed[410];
	snprintf(path, sizeof path, "%s/%s", r->dir, name);
	snprintf(packed, sizeof packed, "%s.gz", path);
	unlink(packed);
	FILE *f = fopen(path, "wb");
	if (!f || fwrite(b->v, 1, b->n, f) != b->n || fclose(f))
		abort();
	free(b->v);
	*b = (Bytes){ 0 };
}

static void save_packed(const Rows *r, const char *name, Bytes *b)
{
	char path[400];
	snprintf(path, sizeof path, "%s/%s", r->dir, name);
	unlink(path);
	snprintf(path, sizeof path, "%s/%s.gz", r->dir, name);
	gzFile f = gzopen(path, "wb");
	if (!f || gzwrite(f, b->v, (unsigned)b->n) != (int)b->n || gzclose(f))
		abort();
	free(b->v);
	*b = (Bytes){ 0 };
}

static void folder(const Rows *r, const char *name)
{
	char path[400];
	snprintf(path, sizeof path, "%s/%s", r->dir, name);
	mkdir(path, 0777);
}

/* ---- elements -------------------------------------------------------------------------------- */

/* c: f float, b bfloat, i signed, u unsigned, t truth; as many bytes. */
typedef struct { char c; int bytes; bool big; } Elem;

static uint64_t bits_of(Elem e, double v)
{
	uint64_t u = 0;
	float f = (float)v;
	if (e.c == 'f' && e.bytes == 8)
		memcpy(&u, &v, 8);
	else if (e.c == 'f' && e.bytes == 4)
		memcpy(&u, &f, 4);
	else if (e.c == 'b') {         /* the upper half: the lower one is zero */
		memcpy(&u, &f, 4);
		u >>= 16;
	} else if (e.c == 'f') {       /* no denormals: 2^-6 and more, or 0 */
		int p;
		double m = frexp(fabs(v), &p);
		u = v == 0 ? 0 : (uint64_t)(p + 14) << 10 | (uint64_t)(m * 2048 - 1024);
		u |= v < 0 ? 0x8000u : 0;
	} else
		u = (uint64_t)(int64_t)v;
	return u;
}

/* A number that files of this type hold. */
static double number(Rows *r, Elem e)
{
	return strchr("fb", e.c)  ? (double)below(r, 256) / 64 - 2
	       : e.c == 't'       ? below(r, 2)
	       : e.c == 'u'       ? below(r, 7)
	                          : (double)below(r, 7) - 3;
}

static Elem any_elem(Rows *r, const Type *ty)
{
	static const Elem real[] = { { 'f', 2, 0 }, { 'f', 4, 0 }, { 'f', 8, 0 }, { 'f', 2, 1 }, { 'f', 4, 1 }, { 'f', 8, 1 },
		                     { 'i', 1, 0 }, { 'u', 2, 1 }, { 't', 1, 0 }, { 'i', 8, 0 } };
	static const Elem whole[] = { { 'i', 1, 0 }, { 'i', 2, 0 }, { 'i', 4, 0 }, { 'i', 8, 0 }, { 'u', 1, 0 }, { 'u', 2, 0 },
		                      { 'u', 4, 0 }, { 'u', 8, 0 }, { 'i', 4, 1 }, { 'u', 8, 1 } };
	return ty->dt == DT_REAL ? real[below(r, 10)] : whole[below(r, 10)];
}

static int64_t length(const Rows *r, int column) { return type_len(&r->m->column[column].ty, 1); }

/* ROWS rows of a column; classes of single numbers occur all. */
static double *draw(Rows *r, int column, Elem e)
{
	const Type *ty = &r->m->column[column].ty;
	int64_t len = length(r, column);
	double *v = r->value[column] = NEWN(r->a, double, ROWS * len + 1);
	unsigned from = below(r, 7);
	for (int64_t i = 0; i < ROWS * len; i++)
		v[i] = ty->dt == DT_REAL ? number(r, e)
		       : ty->classes && len == 1 ? (double)((i * 7 + from) % ty->classes)
		                                 : below(r, (unsigned)(ty->classes ? ty->classes : 7));
	return v;
}

/* ---- arrays ----------------------------------------------------------------------------------- */

static void npy(Rows *r, int column, Bytes *b)
{
	const Type *ty = &r->m->column[column].ty;
	Elem e = any_elem(r, ty);
	double *v = draw(r, column, e);
	int64_t n = ROWS * length(r, column);
	char head[300], shape[100] = "";
	int version = 1 + (int)below(r, 2), at = snprintf(shape, sizeof shape, "(%d,", ROWS);
	for (int i = 1; i < ty->rank; i++)
		at += snprintf(shape + at, sizeof shape - (size_t)at, " %d%s", (int)ty->dim[i].k, i + 1 < ty->rank ? "," : "");
	snprintf(head, sizeof head, "{'descr': '%c%c%d', 'fortran_order': False, 'shape': %s), }",
	         e.bytes == 1 ? '|' : e.big ? '>' : '<', e.c == 't' ? 'b' : e.c, e.bytes, shape);
	size_t used = (version == 1 ? 10 : 12) + strlen(head) + 1, pad = (64 - used % 64) % 64;
	put(b, "\x93NUMPY", 6);
	put_int(b, (uint64_t)version, 1, false);
	put_int(b, 0, 1, false);
	put_int(b, strlen(head) + pad + 1, version == 1 ? 2 : 4, false);
	put_text(b, head);
	for (size_t i = 0; i < pad; i++)
		put(b, " ", 1);
	put(b, "\n", 1);
	for (int64_t i = 0; i < n; i++)
		put_int(b, bits_of(e, v[i]), e.bytes, e.big);
}

/* The deflated form of b, as a member of an archive has it. */
static Bytes deflated(const Bytes *b)
{
	Bytes to = { malloc(b->n + 200), 0, b->n + 200 };
	z_stream z = { .next_in = b->v, .avail_in = (unsigned)b->n, .next_out = to.v, .avail_out = (unsigned)to.cap };
	if (!to.v || deflateInit2(&z, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) || deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	to.n = to.cap - z.avail_out;
	deflateEnd(&z);
	return to;
}

/* What the local head and the directory of an archive say alike. */
static void zip_head(Bytes *b, bool packed, uint64_t sum, size_t size, size_t whole, const char *name)
{
	put_int(b, 20, 2, false);
	put_int(b, 0, 2, false);
	put_int(b, packed ? 8 : 0, 2, false);
	put_int(b, 0, 4, false);
	put_int(b, sum, 4, false);
	put_int(b, size, 4, false);
	put_int(b, whole, 4, false);
	put_int(b, strlen(name), 2, false);
	put_int(b, 0, 2, false);
}

static void npz(Rows *r)
{
	Bytes all = { 0 }, list = { 0 };
	for (int i = 0; i < r->m->ncolumn; i++) {
		char name[80];
		Bytes b = { 0 };
		size_t at = all.n;
		bool packed = strcmp(r->m->data.cache, "mmap") && below(r, 2);
		npy(r, i, &b);
		snprintf(name, sizeof name, "%s.npy", r->m->column[i].name);
		uint64_t sum = crc32(0, b.v, (unsigned)b.n);
		Bytes kept = packed ? deflated(&b) : b;
		put(&all, "PK\3\4", 4);
		zip_head(&all, packed, sum, kept.n, b.n, name);
		put_text(&all, name);
		put(&all, kept.v, kept.n);
		put(&list, "PK\1\2\24\0", 6);
		zip_head(&list, packed, sum, kept.n, b.n, name);
		put(&list, (char[10]){ 0 }, 10);
		put_int(&list, at, 4, false);
		put_text(&list, name);
		if (packed)
			free(kept.v);
		free(b.v);
	}
	size_t at = all.n;
	put(&all, list.v, list.n);
	put(&all, "PK\5\6\0\0\0\0", 8);
	put_int(&all, (uint64_t)r->m->ncolumn, 2, false);
	put_int(&all, (uint64_t)r->m->ncolumn, 2, false);
	put_int(&all, list.n, 4, false);
	put_int(&all, at, 4, false);
	put_int(&all, 0, 2, false);
	free(list.v);
	save(r, r->m->data.path, &all);
}

static void raw(Rows *r, int column, const DataFile *f)
{
	Bytes b = { 0 };
	Elem e = { *f->type, atoi(f->type + strcspn(f->type, "0123456789")) / 8, false };
	if (!strncmp(f->type, "bool", 4))
		e = (Elem){ 't', 1, false };
	double *v = draw(r, column, e);
	for (int64_t i = 0; i < ROWS * length(r, column); i++)
		put_int(&b, bits_of(e, v[i]), e.bytes, false);
	save(r, f->path, &b);
}

static void arrays(Rows *r)
{
	const DataInfo *d = &r->m->data;
	for (int i = 0; i < r->m->ncolumn; i++)
		for (int k = 0; k < d->nfile; k++) {
			Bytes b = { 0 };
			if (strcmp(d->file[k].name, r->m->column[i].name))
				continue;
			if (d->source == DATA_RAW) {
				raw(r, i, &d->file[k]);
			} else {
				npy(r, i, &b);
				save(r, d->file[k].path, &b);
			}
		}
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* A text in quotes, those in it twice. */
static void quoted(Bytes *b, const char *s)
{
	put(b, "\"", 1);
	for (; *s; s++)
		put(b, *s == '"' ? "\"\"" : s, *s == '"' ? 2 : 1);
	put(b, "\"", 1);
}

static void decimal(Rows *r, Bytes *b, double v)
{
	static const char *const form[] = { "%.17g", "%.6f", "%.9g", "%+.8e" };
	char text[40];
	snprintf(text, sizeof text, form[below(r, 4)], v);
	put_text(b, text);
}

static void libsvm(Rows *r)
{
	Bytes b = { 0 };
	static const Elem real = { 'f', 4, false };
	int x = -1, y = -1;
	for (int i = 0; i < r->m->ncolumn; i++) {
		*(*r->m->column[i].name == 'x' ? &x : &y) = i;
		draw(r, i, real);
	}
	for (int i = 0; i < ROWS; i++) {
		char text[40];
		snprintf(text, sizeof text, "%d", y < 0 ? 0 : (int)r->value[y][i]);
		put_text(&b, text);
		for (int64_t k = 0; x >= 0 && k < length(r, x); k++) {
			double *v = &r->value[x][i * length(r, x) + k];
			if (below(r, 3) == 0) {
				*v = 0;
				continue;
			}
			snprintf(text, sizeof text, " %d:", (int)k + 1);
			put_text(&b, text);
			decimal(r, &b, *v);
		}
		put_text(&b, below(r, 4) ? "\n" : " # row\r\n");
	}
	save(r, r->m->data.path, &b);
}

/* Columns of the table in another order than the program's; one that no one reads at the end. */
static void csv(Rows *r)
{
	static const Elem real = { 'f', 4, false };
	const Module *m = r->m;
	Bytes b = { 0 };
	const char *name[64];
	const double *of[64];
	int stride[64], n = 0;
	bool rest = false, words[64];
	for (int i = 0; i < m->ncolumn; i++) {
		draw(r, i, real);
		rest |= m->pick[i].rest;
		for (int k = 0; k < length(r, i) && n < 60; k++, n++) {
			name[n] = m->pick[i].rest ? arena_printf(r->a, "o %d", k) : m->pick[i].name[k];
			of[n] = r->value[i] + k;
			stride[n] = (int)length(r, i);
			words[n] = m->pick[i].words;
		}
	}
	/* the columns of others() keep their order */
	int turn = rest ? 0 : (int)below(r, (unsigned)n);
	for (int i = -1; i < ROWS; i++) {
		for (int k = 0; k < n; k++) {
			int c = (k + turn) % n;
			put_text(&b, k ? m->data.sep : "");
			bool marks = below(r, 4) == 0;
			if (i < 0) {
				quoted(&b, name[c]);
			} else if (words[c]) {
				quoted(&b, rows_word[(int)of[c][i * stride[c]] % 4]);
			} else {
				put_text(&b, marks ? "\"" : "");
				decimal(r, &b, of[c][i * stride[c]]);
				put_text(&b, marks ? "\"" : "");
			}
		}
		if (!rest) {
			put_text(&b, m->data.sep);
			put_text(&b, i < 0 ? "unread" : "text");
		}
		put_text(&b, below(r, 3) ? "\n" : "\r\n");
	}
	save(r, m->data.path, &b);
}

/* ---- texts and images --------------------------------------------------------------------------- */

static void text(Rows *r)
{
	const DataInfo *d = &r->m->data;
	Bytes b = { 0 };
	int64_t T = d->context, n = T * ROWS + 1 + below(r, (unsigned)T);
	int classes = r->m->column[0].ty.classes, token[2000];
	for (int64_t i = 0; i < n && i < 2000; i++) {
		/* characters of one and two bytes; all of them occur */
		token[i] = i < classes && d->source == DATA_CHARS ? (int)i : (int)below(r, (unsigned)classes);
		unsigned code = 0x61u + 37u * (unsigned)token[i];
		if (d->source == DATA_BYTES || code < 0x80) {
			put_int(&b, d->source == DATA_BYTES ? (uint64_t)token[i] : code, 1, false);
			continue;
		}
		put_int(&b, 0xc0u | code >> 6, 1, false);
		put_int(&b, 0x80u | (code & 0x3f), 1, false);
	}
	for (int i = 0; i < r->m->ncolumn; i++) {
		r->value[i] = NEWN(r->a, double, ROWS * T);
		for (int64_t k = 0; k < ROWS * T; k++)
			r->value[i][k] = token[k + !strcmp(r->m->column[i].name, "next")];
	}
	save(r, d->path, &b);
}

/* A pixel or a label of a row; beyond the known rows anything. */
static unsigned byte_of(Rows *r, const char *name, int64_t row, int64_t k, unsigned most)
{
	unsigned v = below(r, most);
	for (int i = 0; i < r->m->ncolumn; i++)
		if (!strcmp(r->m->column[i].name, name) && row < ROWS)
			r->value[i][row * length(r, i) + k] = v;
	return v;
}

static void room(Rows *r)
{
	for (int i = 0; i < r->m->ncolumn; i++)
		r->value[i] = NEWN(r->a, double, ROWS * length(r, i) + 1);
}

static void cifar(Rows *r)
{
	const DataInfo *d = &r->m->data;
	bool ten = d->source == DATA_CIFAR10;
	int64_t row = 0;
	char name[300];
	room(r);
	folder(r, d->path);
	for (int file = 0; file < (ten ? 6 : 2); file++) {
		Bytes b = { 0 };
		for (int n = ten ? 5 : 26; n > 0; n--, row++) {
			if (!ten)
				put_int(&b, below(r, 20), 1, false);
			put_int(&b, byte_of(r, "labels", row, 0, ten ? 10 : 100), 1, false);
			for (int64_t k = 0; k < 3072; k++)
				put_int(&b, byte_of(r, "images", row, k, 256), 1, false);
		}
		if (ten && file < 5)
			snprintf(name, sizeof name, "%s/data_batch_%d.bin", d->path, file + 1);
		else
			snprintf(name, sizeof name, "%s/%s", d->path, ten ? "test_batch.bin" : file ? "test.bin" : "train.bin");
		save(r, name, &b);
	}
}

static void idx_file(Rows *r, const char *name, const char *column, int64_t from, int rows, const Type *image)
{
	Bytes b = { 0 };
	int64_t len = image ? type_len(image, 1) : 1;
	put_int(&b, 0x800u + (image ? 3 : 1), 4, true);
	put_int(&b, (uint64_t)rows, 4, true);
	for (int i = 2; image && i < image->rank; i++)
		put_int(&b, (uint64_t)image->dim[i].k, 4, true);
	for (int64_t i = from; i < from + rows; i++)
		for (int64_t k = 0; k < len; k++)
			put_int(&b, byte_of(r, column, i, k, image ? 256 : 3), 1, false);
	if (below(r, 2))
		save_packed(r, name, &b);
	else
		save(r, name, &b);
}

static void idx(Rows *r)
{
	const DataInfo *d = &r->m->data;
	enum { TRAIN = 17 };
	char name[300];
	room(r);
	for (int i = 0; i < r->m->ncolumn; i++) {
		const char *column = r->m->column[i].name;
		bool images = !strcmp(column, "images");
		const Type *image = images ? &r->m->column[i].ty : 0;
		if (d->images) {
			idx_file(r, images ? d->images : d->labels, column, 0, ROWS, image);
			continue;
		}
		folder(r, d->path);
		/* a test part that the program takes from the training files leaves their own unread */
		int train = d->test > 0 ? ROWS : TRAIN;
		snprintf(name, sizeof name, "%s/train-%s-ubyte", d->path, images ? "images-idx3" : "labels-idx1");
		idx_file(r, name, column, 0, train, image);
		snprintf(name, sizeof name, "%s/t10k-%s-ubyte", d->path, images ? "images-idx3" : "labels-idx1");
		idx_file(r, name, column, train, ROWS - TRAIN, image);
	}
}

/* ---- pictures -------------------------------------------------------------------------------- */

enum { FORMS = 5 };
static const char *const picture_ending[FORMS] = { "png", "PNG", "pgm", "ppm", "pnm" };

static void png_chunk(Bytes *b, const char *name, const Bytes *with)
{
	put_int(b, with->n, 4, true);
	size_t from = b->n;
	put(b, name, 4);
	put(b, with->v, with->n);
	put_int(b, crc32(0, b->v + from, (unsigned)(b->n - from)), 4, true);
}

/* Lines are written as differences to what is left of them, above them, or as they are. */
static void png(Rows *r, Bytes *b, const unsigned char *v, int h, int w, int channels)
{
	Bytes head = { 0 }, lines = { 0 }, none = { 0 };
	int wide = w * channels;
	for (int y = 0; y < h; y++) {
		unsigned filter = below(r, 3);
		put_int(&lines, filter, 1, true);
		for (int k = 0; k < wide; k++) {
			const unsigned char *at = v + y * wide + k;
			int near = filter == 1 && k >= channels ? at[-channels] : filter == 2 && y > 0 ? at[-wide] : 0;
			put_int(&lines, (uint64_t)(*at - near) & 255, 1, true);
		}
	}
	put_int(&head, (uint64_t)w, 4, true);
	put_int(&head, (uint64_t)h, 4, true);
	put(&head, channels == 1 ? "\10\0\0\0\0" : "\10\2\0\0\0", 5);
	uLongf n = compressBound((uLong)lines.n);
	Bytes packed = { malloc(n), n, n };
	if (!packed.v || compress(packed.v, &n, lines.v, (uLong)lines.n) != Z_OK)
		abort();
	packed.n = n;
	put(b, "\x89PNG\r\n\x1a\n", 8);
	png_chunk(b, "IHDR", &head);
	png_chunk(b, "IDAT", &packed);
	png_chunk(b, "IEND", &none);
	free(head.v);
	free(lines.v);
	free(packed.v);
}

static void pnm(Rows *r, Bytes *b, const unsigned char *v, int h, int w, int channels)
{
	char text[80];
	bool plain = below(r, 2);
	snprintf(text, sizeof text, "P%d\n%s%d %d\n255\n", (channels == 1 ? 5 : 6) - 3 * plain, below(r, 2) ? "# a remark\n" : "", w,
	         h);
	put_text(b, text);
	for (int k = 0; k < h * w * channels; k++) {
		snprintf(text, sizeof text, "%d%s", v[k], k % 9 == 8 ? "\n" : " ");
		put(b, plain ? (const void *)text : v + k, plain ? strlen(text) : 1);
	}
}

/* A picture of a row: where the model has colours, some are grey all the same. */
static void picture(Rows *r, const char *path, int64_t row, const Type *ty)
{
	enum { MOST = 3 * 16 * 16 };
	unsigned char v[MOST];
	int channels = (int)ty->dim[1].k, h = (int)ty->dim[2].k, w = (int)ty->dim[3].k;
	int kept = channels == 3 && below(r, 2) ? 3 : 1, n = h * w;
	for (int i = 0; i < n * kept; i++)
		v[i] = (unsigned char)below(r, 256);
	for (int c = 0; c < r->m->ncolumn; c++)
		for (int k = 0; !strcmp(r->m->column[c].name, "images") && k < n * channels; k++)
			r->value[c][row * n * channels + k] = v[kept == 1 ? k % n : k % n * 3 + k / n];
	for (int i = 0; i < FORMS; i++)
		unlink(arena_printf(r->a, "%s/%s.%s", r->dir, path, picture_ending[i]));
	unsigned form = below(r, FORMS);
	Bytes b = { 0 };
	(form < 2 ? png : pnm)(r, &b, v, h, w, kept);
	save(r, arena_printf(r->a, "%s.%s", path, picture_ending[form]), &b);
}

/* Folders of classes and pictures in them, made in another order than that of their names. */
static void pictures(Rows *r)
{
	static const char *const class[3] = { "Zebra", "a cat", "b" };
	const Type any = { .rank = 4, .dim = { [1] = { .k = 1 }, { .k = 2 }, { .k = 2 } } }, *ty = &any;
	int64_t each = ROWS / 3;
	room(r);
	folder(r, r->m->data.path);
	for (int i = 0; i < r->m->ncolumn; i++)
		if (!strcmp(r->m->column[i].name, "images"))
			ty = &r->m->column[i].ty;
	for (int64_t row = ROWS - 1; row >= 0; row--) {
		int k = (int)(row / each);
		const char *path = arena_printf(r->a, "%s/%s", r->m->data.path, class[k]);
		folder(r, path);
		picture(r, arena_printf(r->a, "%s/p%02d", path, (int)(row % each)), row, ty);
		for (int i = 0; i < r->m->ncolumn; i++)
			if (!strcmp(r->m->column[i].name, "labels"))
				r->value[i][row] = k;
	}
}

bool rows_write(const Module *m, const char *dir, uint64_t seed, double **value, Arena *a)
{
	Rows r = { m, dir, seed ^ 4711, value, a };
	for (int i = 0; i < 4; i++)
		below(&r, 2);
	mkdir(dir, 0777);
	switch (m->data.source) {
	case DATA_IDX: idx(&r); return true;
	case DATA_CSV: csv(&r); return true;
	case DATA_NPY: case DATA_RAW: arrays(&r); return true;
	case DATA_NPZ: npz(&r); return true;
	case DATA_LIBSVM: libsvm(&r); return true;
	case DATA_BYTES: case DATA_CHARS: text(&r); return true;
	case DATA_CIFAR10: case DATA_CIFAR100: cifar(&r); return true;
	case DATA_IMAGES: pictures(&r); return true;
	case DATA_NONE: case DATA_SYNTHETIC: break;
	}
	return false;
}
