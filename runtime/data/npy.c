/* npy.c - the header of .npy files, and the sources `npy`, `npz` and `raw`.
 *
 * A file: \x93NUMPY, version, length of the header (2 bytes in version 1, 4 in 2 and 3), then a
 * Python dictionary of exactly three entries, a line end, the data.  The dictionary is read by
 * a grammar that knows these three and nothing else: nothing is ever evaluated.
 * Source: NumPy's documentation of numpy.lib.format.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <string.h>

#include "npy.h"
#include "rt_fail.h"
#include "rt_size.h"

typedef struct {
	const char *name; /* of the file */
	const unsigned char *p, *end, *begin;
	bool descr, order, shape; /* seen */
	bool fortran;
	Npy *to;
} Head;

static _Noreturn void wrong(const Head *h, const char *what)
{
	rt_error(RT_FILE, "R2", "%s: byte %zu: the .npy header %s", h->name,
	         (size_t)(h->p - h->begin), what);
	rt_help("write the file again with numpy.save");
	rt_exit(RT_FILE);
}

static void blanks(Head *h)
{
	while (h->p < h->end && (*h->p == ' ' || *h->p == '\n' || *h->p == '\t'))
		h->p++;
}

static void expect(Head *h, char c, const char *what)
{
	blanks(h);
	if (h->p == h->end || *h->p != (unsigned char)c)
		wrong(h, what);
	h->p++;
}

static bool is(Head *h, char c)
{
	blanks(h);
	return h->p < h->end && *h->p == (unsigned char)c;
}

/* A text in quotes without escapes, to text[0..room). */
static void text(Head *h, char *to, size_t room)
{
	blanks(h);
	unsigned char quote = h->p < h->end ? *h->p : 0;
	if (quote != '\'' && quote != '"')
		wrong(h, "needs a text in quotes here");
	size_t n = 0;
	for (h->p++; h->p < h->end && *h->p != quote; h->p++) {
		if (n + 1 == room || *h->p == '\\')
			wrong(h, "holds a text that is none of its own");
		to[n++] = (char)*h->p;
	}
	if (h->p == h->end)
		wrong(h, "holds a text without an end");
	h->p++;
	to[n] = 0;
}

static int64_t extent(Head *h)
{
	int64_t v = 0;
	blanks(h);
	if (h->p == h->end || *h->p < '0' || *h->p > '9')
		wrong(h, "needs a number here");
	for (; h->p < h->end && *h->p >= '0' && *h->p <= '9'; h->p++) {
		if (v > (INT64_MAX - 9) / 10)
			wrong(h, "holds a size beyond 63 bits");
		v = v * 10 + (*h->p - '0');
	}
	if (h->p < h->end && *h->p == 'L') /* Python 2 */
		h->p++;
	return v;
}

static void shape(Head *h)
{
	Npy *to = h->to;
	to->rank = 0;
	expect(h, '(', "needs a shape in parentheses");
	while (!is(h, ')')) {
		if (to->rank == NPY_RANK)
			wrong(h, "has more than 32 dimensions");
		to->dim[to->rank++] = extent(h);
		if (is(h, ','))
			h->p++;
		else if (!is(h, ')') || to->rank == 1)
			wrong(h, "needs a comma here");
	}
	h->p++;
}

static void word(Head *h, bool *to)
{
	size_t left = (size_t)(h->end - h->p);
	blanks(h);
	if (left >= 4 && !memcmp(h->p, "True", 4)) {
		*to = true;
		h->p += 4;
	} else if (left >= 5 && !memcmp(h->p, "False", 5)) {
		*to = false;
		h->p += 5;
	} else {
		wrong(h, "needs True or False here");
	}
}

static _Noreturn void other_type(const Head *h, const char *descr)
{
	bool object = strchr(descr, 'O') != 0;
	rt_error(RT_FILE, "R1", "%s: elements of type `%.32s`%s", h->name, descr,
	         object ? ", Python objects, are never read" : " are not read");
	rt_help("use f2, f4, f8, i1, i2, i4, i8, u1, u2, u4, u8 or b1: x.astype(\"float32\")");
	rt_exit(RT_FILE);
}

static void element_type(Head *h, const char *d)
{
	static const struct {
		const char *name;
		Elem elem;
	} row[] = { { "f2", ELEM_F2 }, { "f4", ELEM_F4 }, { "f8", ELEM_F8 }, { "i1", ELEM_I1 },
		    { "i2", ELEM_I2 }, { "i4", ELEM_I4 }, { "i8", ELEM_I8 }, { "u1", ELEM_U1 },
		    { "u2", ELEM_U2 }, { "u4", ELEM_U4 }, { "u8", ELEM_U8 }, { "b1", ELEM_B1 } };
	if (!*d || !strchr("<>|=", *d))
		other_type(h, d);
	for (size_t i = 0; i < sizeof row / sizeof *row; i++)
		if (!strcmp(d + 1, row[i].name)) {
			h->to->elem = row[i].elem;
			h->to->swap = *d == '>';
			return;
		}
	other_type(h, d);
}

static void entry(Head *h)
{
	char key[32], descr[64];
	text(h, key, sizeof key);
	bool *seen = !strcmp(key, "descr")           ? &h->descr
	             : !strcmp(key, "fortran_order") ? &h->order
	             : !strcmp(key, "shape")         ? &h->shape
	                                             : 0;
	if (!seen)
		wrong(h, "has an entry that is not descr, fortran_order or shape");
	if (*seen)
		wrong(h, "has an entry twice");
	*seen = true;
	expect(h, ':', "needs `:` here");
	if (seen == &h->descr) {
		blanks(h);
		if (h->p < h->end && *h->p == '[') {
			rt_error(RT_FILE, "R1", "%s: records with named fields are not read",
			         h->name);
			rt_help("save each field as an array of its own");
			rt_exit(RT_FILE);
		}
		text(h, descr, sizeof descr);
		element_type(h, descr);
	} else if (seen == &h->order) {
		word(h, &h->fortran);
	} else {
		shape(h);
	}
}

static void dictionary(Head *h)
{
	expect(h, '{', "is no dictionary");
	while (!is(h, '}')) {
		entry(h);
		if (is(h, ','))
			h->p++;
		else if (!is(h, '}'))
			wrong(h, "needs a comma here");
	}
	h->p++;
	blanks(h);
	if (h->p < h->end)
		wrong(h, "goes on behind its dictionary");
	if (!h->descr || !h->order || !h->shape)
		wrong(h, "lacks descr, fortran_order or shape");
}

static void check_size(const Head *h, size_t size)
{
	Npy *n = h->to;
	int64_t len;
	if (!rt_size_product(n->dim, n->rank, &len) ||
	    !rt_size_mul((size_t)len, (size_t)rt_elem_bytes(n->elem), &n->bytes))
		n->bytes = SIZE_MAX;
	if (n->bytes != size - n->head)
		rt_fail(RT_FILE, "R5",
		        "%s: the header asks for %zu bytes of data, but %zu follow it", h->name,
		        n->bytes, size - n->head);
}

Npy rt_npy_head(const char *name, const unsigned char *head, size_t n, size_t size)
{
	Npy to = { 0 };
	if (n < 10 || memcmp(head, "\x93NUMPY", 6)) {
		rt_error(RT_FILE, "R1", "%s: not a .npy file: it does not begin with \\x93NUMPY",
		         name);
		rt_help("write it with numpy.save");
		rt_exit(RT_FILE);
	}
	if (head[6] < 1 || head[6] > 3)
		rt_fail(RT_FILE, "R1", "%s: .npy version %d; 1 to 3 are read", name, head[6]);
	size_t lead = head[6] == 1 ? 10 : 12;
	size_t len = (size_t)head[8] | (size_t)head[9] << 8;
	if (lead == 12 && n >= 12)
		len |= (size_t)head[10] << 16 | (size_t)head[11] << 24;
	if (n < lead || len > size - lead || len > NPY_HEAD)
		rt_fail(RT_FILE, "R2",
		        "%s: a .npy header of %zu bytes is beyond the end of the file or 64 KiB",
		        name, len);
	to.head = lead + len;
	Head h = { .name = name, .p = head + lead, .end = head + to.head, .begin = head, .to = &to };
	dictionary(&h);
	check_size(&h, size);
	int large = 0;
	for (int i = 0; i < to.rank; i++)
		large += to.dim[i] > 1;
	if (h.fortran && large > 1) {
		rt_error(RT_FILE, "R1", "%s: the array is in Fortran order; C order is read",
		         name);
		rt_help("save numpy.ascontiguousarray(x)");
		rt_exit(RT_FILE);
	}
	return to;
}
