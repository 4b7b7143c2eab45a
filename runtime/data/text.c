/* text.c - tokens of a text: bytes, or characters numbered by code point.
 *
 * In:    an untrusted file.   Out: a store with the columns `tokens` and `next`.
 * Holds: tokens are below the number of classes that the trainer was compiled for; the characters of
 *        the text are exactly as many.
 *
 * Windows of `context` tokens begin at 0, context, 2 context, ...; `next` is the same, one further.
 * A window is a record whose neighbours overlap it by one token, so nothing is copied.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <stdlib.h>
#include <string.h>

#include "rt_fail.h"
#include "rt_io.h"
#include "rt_mem.h"
#include "source.h"
#include "store.h"

enum { CODES = 0x110000 };

/* ---- characters ----------------------------------------------------------------------------- */

/* The code point at s[0..n), and its bytes in *len; -1: it is not UTF-8. */
static int32_t code_at(const unsigned char *s, size_t n, size_t *len)
{
	static const int32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t k = *s < 0x80 ? 1 : *s < 0xc2 ? 0 : *s < 0xe0 ? 2 : *s < 0xf0 ? 3 : *s < 0xf5 ? 4 : 0;
	int32_t c = k == 1 ? *s : *s & (0x7f >> k);
	*len = k;
	if (k == 0 || k > n)
		return -1;
	for (size_t i = 1; i < k; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return -1;
		c = c << 6 | (s[i] & 0x3f);
	}
	return c < least[k] || c >= CODES || (c >= 0xd800 && c < 0xe000) ? -1 : c;
}

/* Calls for every character; returns their number. */
static int64_t decode(const char *path, const unsigned char *s, size_t n, uint32_t *to)
{
	int64_t count = 0;
	size_t len;
	for (size_t i = 0; i < n; i += len) {
		int32_t c = code_at(s + i, n - i, &len);
		if (c < 0) {
			rt_error(RT_FILE, "R2", "%s: byte %zu (0x%02x) is not UTF-8", path, i, s[i]);
			rt_help("write the text as UTF-8, or read bytes: `level = \"byte\"`");
			rt_exit(RT_FILE);
		}
		to[count++] = (uint32_t)c;
	}
	return count;
}

static char *show(int32_t c)
{
	if (c < 32 || c == 127)
		return rt_text("\\x%02x", (unsigned)c);
	if (c < 0x80)
		return rt_text("%c", (int)c);
	if (c < 0x800)
		return rt_text("%c%c", 0xc0 | c >> 6, 0x80 | (c & 0x3f));
	if (c < 0x10000)
		return rt_text("%c%c%c", 0xe0 | c >> 12, 0x80 | (c >> 6 & 0x3f), 0x80 | (c & 0x3f));
	return rt_text("%c%c%c%c", 0xf0 | c >> 18, 0x80 | (c >> 12 & 0x3f),
	               0x80 | (c >> 6 & 0x3f), 0x80 | (c & 0x3f));
}

/* The characters that occur, by code point, become the dataset's vocabulary. */
static void make_vocabulary(const Adding *a, const char *path, const uint32_t *code, int64_t n,
                            int32_t classes)
{
	Dataset *d = a->d;
	unsigned char *seen = rt_alloc(CODES, 1, "a vocabulary");
	int32_t different = 0;
	for (int64_t i = 0; i < n; i++)
		seen[code[i]] = 1;
	for (int32_t c = 0; c < CODES; c++)
		different += seen[c];
	if (different != classes) {
		rt_error(RT_FILE, "R4",
		         "%s has %d different characters, but the model was compiled for "
		         "class(%d)",
		         path, different, classes);
		rt_help("make it class(%d) in %s and compile again; for a const of its own: "
		        "`nnc %s -D vocab=%d`",
		        different, a->m->source, a->m->source, different);
		rt_exit(RT_FILE);
	}
	d->vocabulary = rt_alloc((size_t)different, sizeof *d->vocabulary, "a vocabulary");
	for (int32_t c = 0; c < CODES; c++)
		if (seen[c])
			d->vocabulary[d->nvocabulary++] = (uint32_t)c;
	rt_free(seen);
}

/* Code points become their places in the vocabulary. */
static void number(const Adding *a, const char *path, uint32_t *code, int64_t n)
{
	const Dataset *d = a->d;
	int32_t *place = rt_alloc(CODES, sizeof *place, "a vocabulary");
	for (int32_t i = 0; i < d->nvocabulary; i++)
		place[d->vocabulary[i]] = 1 + i;
	for (int64_t i = 0; i < n; i++) {
		if (!place[code[i]])
			rt_fail(RT_FILE, "R4",
			        "%s: character %lld, `%s`, is not in the vocabulary of %d "
			        "characters of the text that was trained on",
			        path, (long long)i + 1, show((int32_t)code[i]), d->nvocabulary);
		code[i] = (uint32_t)place[code[i]] - 1;
	}
	rt_free(place);
}

static unsigned char *read_all(Reader *in, size_t *n)
{
	size_t room = rt_file_bytes(in) + 1, got = 0;
	unsigned char *s = rt_alloc(room, 1, "a text");
	for (size_t k; (k = rt_read_some(in, s + got, room - got));) {
		got += k;
		if (got == room) { /* gzip */
			s = rt_grow(s, got, 2 * room, 1, "a text");
			room *= 2;
		}
	}
	*n = got;
	return s;
}

/* ---- the source ----------------------------------------------------------------------------- */

static int32_t classes_of(const Adding *a)
{
	for (int i = 0; i < a->d->ncolumn; i++)
		if (!strcmp(a->d->column[i].field->name, "tokens"))
			return a->d->column[i].field->classes;
	return a->d->ncolumn ? a->d->column[0].field->classes : 0;
}

static void add_store(const Adding *a, Store *s, int64_t tokens, Elem elem)
{
	Dataset *d = a->d;
	int64_t context = a->m->data->context;
	size_t bytes = (size_t)rt_elem_bytes(elem), more = 0;
	for (int i = 0; i < d->ncolumn; i++) {
		bool next = !strcmp(d->column[i].field->name, "next");
		if (rt_column_spare(a, i))
			continue;
		rt_store_piece(s, i, next ? bytes : 0, elem, false);
		more |= next;
	}
	s->first = d->rows;
	s->rows = tokens > (int64_t)more ? (tokens - (int64_t)more) / context : 0;
	s->pitch = (size_t)context * bytes;
	s->width = s->pitch + more * bytes;
	if (s->rows == 0) {
		rt_error(RT_FILE, "R5", "%s: %lld %s make no window of %lld%s", s->name,
		         (long long)tokens, bytes == 1 ? "bytes" : "characters",
		         (long long)context, more ? " and its next" : "");
		rt_help("take a longer text, or make `context` smaller");
		rt_exit(RT_FILE);
	}
	d->rows += s->rows;
}

static void add_bytes(const Adding *a, const char *path)
{
	Reader *in = rt_open(path, true, "R7");
	bool gzip = rt_is_gzip(in), mapped = a->m->data->mapped && a->part != PART_IN;
	size_t n = rt_file_bytes(in);
	if (gzip && mapped) {
		rt_error(RT_FILE, "R7", "%s: it is compressed, which `cache = \"mmap\"` cannot read",
		         path);
		rt_help("unpack it with `gunzip`");
		rt_exit(RT_FILE);
	}
	unsigned char *mem = mapped ? 0 : read_all(in, &n);
	if (!mapped) {
		rt_close(in);
		in = 0;
	}
	add_store(a, rt_store_add(a->d, path, in, mem), (int64_t)n, ELEM_U1);
}

static void add_characters(const Adding *a, const char *path)
{
	Reader *in = rt_open(path, true, "R7");
	size_t n;
	unsigned char *s = read_all(in, &n);
	uint32_t *code = rt_alloc(n, sizeof *code, "a text");
	int64_t count = decode(path, s, n, code);
	rt_free(s);
	rt_close(in);
	if (!a->d->vocabulary)
		make_vocabulary(a, path, code, count, classes_of(a));
	number(a, path, code, count);
	add_store(a, rt_store_add(a->d, path, 0, (unsigned char *)code), count, ELEM_U4);
}

void rt_text_add(const Adding *a)
{
	const nnrt_data *how = a->m->data;
	char *path = a->path ? rt_text("%s", a->path) : rt_data_path(how->path);
	if (how->source == NNRT_BYTES)
		add_bytes(a, path);
	else
		add_characters(a, path);
	rt_free(path);
}
