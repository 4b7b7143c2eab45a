/* hash.c - a number by which data are known again, for checkpoints.
 *
 * Holds: of rows in memory every byte counts.  Of a file that stays on disk (`cache = "mmap"`) every
 *        byte counts if it has at most WHOLE; of a larger one its size, its time and BLOCKS pieces, as
 *        a run may not begin with reading it all; of a file of rows the hash of the source.  Synthetic
 *        rows follow from the program.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <string.h>

#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>

#include "rt_data.h"
#include "rt_io.h"
#include "rt_mem.h"
#include "store.h"

enum { WHOLE = 64 << 20, BLOCKS = 4096, BLOCK = 1 << 16, PIECE = 4096 };

static void add_number(XXH64_state_t *h, uint64_t v)
{
	XXH64_update(h, &v, sizeof v);
}

static void add_file(XXH64_state_t *h, Reader *f)
{
	unsigned char *block = rt_alloc(BLOCK, 1, "a file");
	uint64_t size = rt_file_bytes(f);
	bool all = size <= WHOLE;
	uint64_t piece = all ? BLOCK : PIECE, stride = all ? BLOCK : (size - PIECE) / (BLOCKS - 1);
	add_number(h, size);
	if (!all)
		add_number(h, (uint64_t)rt_file_time(f));
	for (uint64_t at = 0; at < size; at += stride) {
		uint64_t n = size - at < piece ? size - at : piece;
		rt_read_at(f, at, block, n);
		XXH64_update(h, block, n);
	}
	rt_free(block);
}

static void add_store(XXH64_state_t *h, const Store *s)
{
	if (s->hash)
		add_number(h, s->hash);
	else if (s->in)
		add_file(h, s->in);
	else
		XXH64_update(h, s->mem + s->offset,
		             s->rows > 0 ? (size_t)(s->rows - 1) * s->pitch + s->width : 0);
}

static void add_column(XXH64_state_t *h, const Column *c, int64_t rows)
{
	if (c->made) {
		add_number(h, c->seed);
		add_number(h, c->stream);
	} else if (c->data) {
		XXH64_update(h, c->data, (size_t)rows * c->stride);
	}
	for (int32_t k = 0; k < c->nword; k++)
		XXH64_update(h, c->word[k], strlen(c->word[k]) + 1);
}

uint64_t rt_data_hash(const Dataset *d)
{
	XXH64_state_t h;
	XXH64_reset(&h, (XXH64_hash_t)d->rows);
	for (int i = 0; i < d->ncolumn; i++)
		add_column(&h, &d->column[i], d->rows);
	for (int i = 0; i < d->nstore; i++)
		add_store(&h, d->store[i]);
	return XXH64_digest(&h);
}
