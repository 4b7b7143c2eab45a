/* sink.c - rows of sources that are read once, from the first to the last.
 *
 * Holds: a file of rows is used again only for a source of the same size, time and hash, and for a
 *        program that reads the same columns in the same types.
 *
 * A file of rows: the rows, each with its columns one after the other as they stand in memory; the
 * words of each column of texts, closed by zeros; a Tail.  It is written by the one writer of
 * result files, so that half a file is never seen.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <string.h>
#include <xxhash.h>

#include "rt_fail.h"
#include "rt_io.h"
#include "rt_mem.h"
#include "sink.h"
#include "store.h"

struct Sink {
	const Adding *a;
	const bool *there;
	int64_t rows, room;
	/* the file of rows */
	Writer *out;
	unsigned char *record;
	size_t *at, pitch; /* of each column in the record */
	uint64_t key[4];   /* size, time and hash of the source; what is read of it */
	int32_t *nword;    /* words that the columns had before */
};

typedef struct {
	char magic[8]; /* without a 0 */
	uint64_t rows, pitch, words, key[4];
} Tail;

#define MAGIC "nncrows1"

/* ---- keys ----------------------------------------------------------------------------------- */

static uint64_t hash_of(Reader *f)
{
	enum { BLOCK = 1 << 20 };
	unsigned char *block = rt_alloc(BLOCK, 1, "a file");
	XXH3_state_t *state = XXH3_createState();
	if (!state)
		rt_fail(RT_FILE, "R7", "out of memory: a hash");
	XXH3_64bits_reset(state);
	for (size_t n; (n = rt_read_some(f, block, BLOCK));)
		XXH3_64bits_update(state, block, n);
	uint64_t h = XXH3_64bits_digest(state);
	XXH3_freeState(state);
	rt_free(block);
	return h;
}

static uint64_t mix(uint64_t h, const char *text)
{
	return text ? XXH3_64bits_withSeed(text, strlen(text) + 1, h) : h + 1;
}

/* What the program reads, and what texts it has seen before. */
static uint64_t layout_of(const Sink *s)
{
	const nnrt_data *how = s->a->m->data;
	uint64_t h = (uint64_t)s->a->m->real_bytes + 16 * (uint64_t)how->source + how->header;
	h = mix(mix(h, how->sep), how->missing);
	for (int i = 0; i < how->nnames; i++)
		h = mix(h, how->names[i]);
	for (int i = 0; i < s->a->d->ncolumn; i++) {
		const Column *c = &s->a->d->column[i];
		const nnrt_pick *p = how->pick ? &how->pick[i] : 0;
		char *text = rt_text("%s %d %d %lld %d %d", c->field->name, (int)c->field->kind,
		                     c->field->classes, (long long)c->field->len,
		                     (int)s->there[i], p ? p->gaps : 0);
		h = mix(h, text);
		rt_free(text);
		for (int k = 0; p && k < p->n; k++)
			h = mix(h, p->name[k]);
		for (int64_t k = 0; p && p->rest && c->label && k < c->field->len; k++)
			h = mix(h, c->label[k]);
		for (int32_t k = 0; k < c->nword; k++)
			h = mix(h, c->word[k]);
	}
	return h;
}

/* ---- a file that is there ------------------------------------------------------------------- */

static void attach(const Sink *s, Reader *in, uint64_t rows)
{
	Dataset *d = s->a->d;
	Store *store = rt_store_add(d, rt_path(in), in, 0);
	const uint64_t source[] = { s->key[0], s->key[2], s->key[3] };
	store->hash = XXH3_64bits(source, sizeof source);
	store->pitch = store->width = s->pitch;
	store->first = d->rows;
	store->rows = (int64_t)rows;
	for (int i = 0; i < d->ncolumn; i++)
		if (s->there[i]) {
			rt_store_piece(store, i, s->at[i], ELEM_U1, false);
			store->piece[store->npiece - 1].whole = true;
		}
	d->rows += store->rows;
}

static void add_word(Column *c, const char *word)
{
	c->word = rt_grow(c->word, (size_t)c->nword, (size_t)c->nword + 1, sizeof *c->word,
	                  "words");
	c->word[c->nword++] = rt_text("%s", word);
}

/* The words behind the rows; false: they cannot be true. */
static bool read_words(const Sink *s, Reader *in, uint64_t from, uint64_t to)
{
	Dataset *d = s->a->d;
	char *text = rt_alloc(to - from + 1, 1, "words"), *p = text, *end = text + (to - from);
	bool fine = true;
	rt_read_at(in, from, text, to - from);
	for (int i = 0; i < d->ncolumn && fine; i++) {
		if (d->column[i].field->kind != NNRT_WORD || !s->there[i])
			continue;
		/* an empty word closes the list */
		for (; p < end && *p; p += strlen(p) + 1)
			add_word(&d->column[i], p);
		fine = p < end;
		p++;
	}
	rt_free(text);
	return fine;
}

static bool use_again(const Sink *s)
{
	Tail t;
	if (!rt_exists(s->a->rows))
		return false;
	Reader *in = rt_open(s->a->rows, false, "R7");
	uint64_t size = rt_file_bytes(in);
	bool fine = size >= sizeof t;
	if (fine)
		rt_read_at(in, size - sizeof t, &t, sizeof t);
	fine = fine && !memcmp(t.magic, MAGIC, 8) && !memcmp(t.key, s->key, sizeof t.key) &&
	       t.pitch == s->pitch && t.rows > 0 && t.rows <= INT32_MAX &&
	       t.words <= size - sizeof t && t.rows * t.pitch <= t.words;
	if (fine && read_words(s, in, t.rows * t.pitch, t.words)) {
		attach(s, in, t.rows);
		return true;
	}
	rt_close(in);
	return false;
}

/* ---- a new one ------------------------------------------------------------------------------ */

static void free_sink(Sink *s)
{
	rt_free(s->record);
	rt_free(s->at);
	rt_free(s->nword);
	rt_free(s);
}

/* Columns begin at multiples of 8, as they may be read in place. */
static void lay_out(Sink *s)
{
	const Dataset *d = s->a->d;
	s->at = rt_alloc((size_t)d->ncolumn, sizeof *s->at, "columns");
	s->nword = rt_alloc((size_t)d->ncolumn, sizeof *s->nword, "columns");
	for (int i = 0; i < d->ncolumn; i++) {
		s->at[i] = s->pitch;
		s->nword[i] = d->column[i].nword;
		s->pitch += s->there[i] ? (d->column[i].stride + 7) / 8 * 8 : 0;
	}
	s->pitch += s->pitch ? 0 : 8;
}

Sink *rt_sink_new(const Adding *a, const char *path, const bool *there)
{
	Sink *s = rt_alloc(1, sizeof *s, "rows");
	s->a = a;
	s->there = there;
	lay_out(s);
	if (!a->rows)
		return s;
	Reader *f = rt_open(path, false, "R7");
	s->key[0] = rt_file_bytes(f);
	s->key[1] = (uint64_t)rt_file_time(f);
	s->key[2] = hash_of(f);
	s->key[3] = layout_of(s);
	rt_close(f);
	if (use_again(s)) {
		free_sink(s);
		return 0;
	}
	if (!a->quiet)
		rt_warn(0, "%s is turned into %s once", path, a->rows);
	s->record = rt_alloc(s->pitch, 1, "a row");
	s->out = rt_create_unnamed(a->rows);
	return s;
}

static void more_room(Sink *s, double left)
{
	Dataset *d = s->a->d;
	int64_t more = s->room ? s->room + s->room / 2 : 1024;
	/* as the rest of the file is likely to need, a little more than less */
	if (s->room && left > 0)
		more = (int64_t)((double)s->rows * (1 + left) * 1.02) + 1024;
	for (int i = 0; i < d->ncolumn; i++) {
		Column *c = &d->column[i];
		if (s->there[i])
			c->data = rt_grow(c->data, (size_t)(d->rows + s->rows),
			                  (size_t)(d->rows + more), c->stride, c->field->name);
	}
	s->room = more;
}

void *rt_sink_at(Sink *s, int column)
{
	if (s->out)
		return s->record + s->at[column];
	if (s->rows == s->room)
		more_room(s, 0);
	Column *c = &s->a->d->column[column];
	return c->data + (size_t)(s->a->d->rows + s->rows) * c->stride;
}

void rt_sink_next(Sink *s, double left)
{
	if (s->out) {
		rt_write(s->out, s->record, s->pitch);
		memset(s->record, 0, s->pitch);
	}
	s->rows++;
	if (s->a->d->rows + s->rows >= INT32_MAX)
		rt_fail(RT_FILE, "R5", "%s: more than %d rows", s->a->d->name, INT32_MAX - 1);
	if (!s->out && s->rows == s->room)
		more_room(s, left);
}

int64_t rt_sink_rows(const Sink *s)
{
	return s->rows;
}

void rt_sink_done(Sink *s)
{
	Dataset *d = s->a->d;
	if (!s->out) {
		d->rows += s->rows;
		free_sink(s);
		return;
	}
	Tail t = { MAGIC, (uint64_t)s->rows, s->pitch, (uint64_t)s->rows * s->pitch, { 0 } };
	memcpy(t.key, s->key, sizeof t.key);
	for (int i = 0; i < d->ncolumn; i++) {
		const Column *c = &d->column[i];
		if (c->field->kind != NNRT_WORD || !s->there[i])
			continue;
		for (int32_t k = s->nword[i]; k < c->nword; k++) {
			size_t n = strlen(c->word[k]) + 1;
			rt_write(s->out, c->word[k], n);
			t.words += n;
		}
		rt_write(s->out, "", 1);
		t.words++;
	}
	rt_write(s->out, &t, sizeof t);
	rt_commit(s->out);
	attach(s, rt_open(s->a->rows, false, "R7"), (uint64_t)s->rows);
	free_sink(s);
}
