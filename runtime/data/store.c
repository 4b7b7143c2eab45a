/* store.c - rows that lie in files or in memory as their source has them.
 *
 * Holds: a row that is read is finite and in range, or the program ends and names it.
 *
 * Files are read with pread, never mapped: a file that is cut while a run reads it is an error
 * line, not a bus error, and the size of the address space does not matter.  Rows that follow each
 * other are read together, AHEAD bytes at a time; a row at a random place is one call.  Batches are
 * read by several threads: gather.c.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <string.h>

#include "gather.h"
#include "rt_fail.h"
#include "rt_mem.h"
#include "store.h"

enum { AHEAD = 1 << 20 };

Store *rt_store_add(Dataset *d, const char *name, Reader *in, unsigned char *mem)
{
	size_t n = (size_t)d->nstore;
	d->store = rt_grow(d->store, n, n + 1, sizeof *d->store, "files");
	Store *s = rt_alloc(1, sizeof *s, "files");
	d->store[d->nstore++] = s;
	s->in = in;
	s->mem = mem;
	s->name = rt_text("%s", name);
	s->next = -1;
	return s;
}

void rt_store_piece(Store *s, int column, size_t at, Elem elem, bool swap)
{
	size_t n = (size_t)s->npiece;
	s->piece = rt_grow(s->piece, n, n + 1, sizeof *s->piece, "files");
	s->piece[s->npiece++] = (Piece){ column, at, elem, swap, false };
}

static void free_store(Store *s)
{
	if (s->in)
		rt_close(s->in);
	rt_free(s->mem);
	rt_free(s->name);
	rt_free(s->piece);
	rt_free(s->ahead);
	rt_free(s);
}

void rt_store_free(Dataset *d)
{
	rt_gather_free(d->gather);
	d->gather = 0;
	for (int i = 0; i < d->nstore; i++)
		free_store(d->store[i]);
	rt_free(d->store);
	d->store = 0;
	d->nstore = 0;
}

bool rt_store_has(const Dataset *d, int column)
{
	for (int i = 0; i < d->nstore; i++)
		for (int k = 0; k < d->store[i]->npiece; k++)
			if (d->store[i]->piece[k].column == column)
				return true;
	return false;
}

/* ---- one record ----------------------------------------------------------------------------- */

/* Room for records that are read together, at least one. */
static size_t room(const Store *s)
{
	return s->width > AHEAD ? s->width : AHEAD;
}

/* Reads the records from row on: many if rows are asked for in order, else this one. */
static void read_ahead(Store *s, int64_t row)
{
	if (!s->ahead)
		s->ahead = rt_alloc(room(s), 1, "rows");
	int64_t many = 1, left = s->first + s->rows - row;
	if (row == s->next)
		many = 1 + (int64_t)((room(s) - s->width) / s->pitch);
	many = many < left ? many : left;
	size_t bytes = (size_t)(many - 1) * s->pitch + s->width;
	s->lo = s->hi = row;
	rt_read_at(s->in, rt_store_place(s, (uint32_t)row), s->ahead, bytes);
	s->hi = row + many;
}

static const unsigned char *record(Store *s, int64_t row)
{
	if (s->mem)
		return s->mem + rt_store_place(s, (uint32_t)row);
	if (row < s->lo || row >= s->hi)
		read_ahead(s, row);
	s->next = row + 1;
	return s->ahead + (size_t)(row - s->lo) * s->pitch;
}

static _Noreturn void does_not_fit(const Store *s, const Piece *p, const nnrt_field *f,
                                   const unsigned char *from, int64_t row, int64_t element)
{
	double v = rt_elem_value(p->elem, p->swap, from, element);
	const char *code = f->kind == NNRT_CLASS ? "R4" : "R2";
	long long at = (long long)(row - s->first);
	if (f->kind == NNRT_REAL)
		rt_error(RT_FILE, code, "%s: row %lld of `%s` holds %g, which is %s", s->name, at,
		         f->name, v, v - v == 0 ? "too large for single precision" : "not finite");
	else if (f->kind == NNRT_CLASS)
		rt_error(RT_FILE, code, "%s: row %lld of `%s` holds %.0f; class(%d) is 0 to %d",
		         s->name, at, f->name, v, f->classes, f->classes - 1);
	else
		rt_error(RT_FILE, code, "%s: row %lld of `%s` holds %.0f; allowed are %s",
		         s->name, at, f->name, v,
		         f->kind == NNRT_BOOL ? "0 and 1"
		         : f->kind == NNRT_U8 ? "0 to 255"
		                              : "whole numbers of 32 bits");
	if (f->kind == NNRT_REAL)
		rt_help("take such rows out of the file, or give them a value");
	else
		rt_help("change the type of the input or target and compile again, or the data");
	rt_exit(RT_FILE);
}

/* Returns the first element that does not fit, or -1. */
static int64_t take(const Dataset *d, const Piece *p, const unsigned char *from, void *to)
{
	const Column *c = &d->column[p->column];
	from += p->at;
	if (!p->whole)
		return rt_elem_convert(p->elem, p->swap, c->field, d->real_bytes, from, to,
		                       c->field->len);
	memcpy(to, from, c->stride);
	return -1;
}

static void must_take(const Dataset *d, const Store *s, const Piece *p, int64_t row,
                      const unsigned char *from, void *to)
{
	int64_t bad = take(d, p, from, to);
	if (bad >= 0)
		does_not_fit(s, p, d->column[p->column].field, from + p->at, row, bad);
}

bool rt_store_put(const Dataset *d, const Store *s, const unsigned char *from, void *const *to,
                  size_t at)
{
	bool fine = true;
	for (int k = 0; k < s->npiece && fine; k++) {
		int c = s->piece[k].column;
		fine = take(d, &s->piece[k], from, (char *)to[c] + at * d->column[c].stride) < 0;
	}
	return fine;
}

bool rt_store_is_in(const Store *s, uint32_t row)
{
	return row >= s->first && row < s->first + s->rows;
}

uint64_t rt_store_place(const Store *s, uint32_t row)
{
	return s->offset + (uint64_t)(row - s->first) * s->pitch;
}

/* ---- many rows ------------------------------------------------------------------------------ */

static void gather(const Column *c, const uint32_t *row, int n, unsigned char *to)
{
	for (int i = 0; i < n; i++)
		memcpy(to + (size_t)i * c->stride, c->data + (size_t)row[i] * c->stride,
		       c->stride);
}

/* Column k that is in memory, or not there at all. */
static void from_memory(const Dataset *d, int k, const uint32_t *row, int n, void *to)
{
	const Column *c = &d->column[k];
	rt_column_make(c, row, n);
	if (c->data)
		gather(c, row, n, to);
	else if (!rt_store_has(d, k))
		memset(to, 0, c->stride * (size_t)n);
}

static void from_store(const Dataset *d, Store *s, int only, const uint32_t *row, int n,
                       void *const *to)
{
	for (int64_t r = 0; r < n; r++) {
		if (!rt_store_is_in(s, row[r]))
			continue;
		const unsigned char *from = record(s, row[r]);
		for (int k = 0; k < s->npiece; k++) {
			const Piece *p = &s->piece[k];
			size_t at = (size_t)r * d->column[p->column].stride;
			unsigned char *col = to[only < 0 ? p->column : 0];
			if (only < 0 || p->column == only)
				must_take(d, s, p, row[r], from, col + at);
		}
	}
}

static void from_stores(const Dataset *d, int only, const uint32_t *row, int n, void *const *to)
{
	for (int i = 0; i < d->nstore; i++)
		from_store(d, d->store[i], only, row, n, to);
}

void rt_store_rows(const Dataset *d, int only, const uint32_t *row, int n, void *const *to)
{
	for (int k = 0; k < d->ncolumn; k++)
		if (only < 0 || k == only)
			from_memory(d, k, row, n, to[only < 0 ? k : 0]);
	if (only < 0 || rt_store_has(d, only))
		from_stores(d, only, row, n, to);
}

void rt_store_apart(const Dataset *d, const uint32_t *row, int n, void *const *to)
{
	for (int k = 0; k < d->ncolumn; k++)
		if (!d->column[k].data || d->column[k].field->kind == NNRT_WORD)
			from_memory(d, k, row, n, to[k]);
}

void rt_store_all(const Dataset *d, const uint32_t *row, int n, void *const *to)
{
	from_stores(d, -1, row, n, to);
}

/* All rows of a store, into columns in memory. */
static void settle(Dataset *d, Store *s)
{
	for (int64_t row = s->first; row < s->first + s->rows; row++) {
		s->next = row; /* in order */
		const unsigned char *from = record(s, row);
		for (int k = 0; k < s->npiece; k++) {
			Column *c = &d->column[s->piece[k].column];
			must_take(d, s, &s->piece[k], row, from,
			          c->data + (size_t)row * c->stride);
		}
	}
}

/* Bytes in memory of the columns of a store. */
static size_t settled_bytes(const Dataset *d, const Store *s)
{
	size_t n = 0;
	for (int k = 0; k < s->npiece; k++)
		n += d->column[s->piece[k].column].stride * (size_t)d->rows;
	return n;
}

void rt_store_settle(Dataset *d, size_t most)
{
	int kept = 0;
	for (int i = 0; i < d->nstore; i++) {
		Store *s = d->store[i];
		if (settled_bytes(d, s) > most) {
			d->store[kept++] = s;
			continue;
		}
		for (int k = 0; k < s->npiece; k++) {
			Column *c = &d->column[s->piece[k].column];
			if (!c->data)
				c->data = rt_alloc((size_t)d->rows, c->stride, c->field->name);
		}
		settle(d, s);
		free_store(s);
	}
	d->nstore = kept;
}
