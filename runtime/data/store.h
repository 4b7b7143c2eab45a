/* store.h - rows that lie in files or in memory as their source has them.
 *
 * A dataset has columns in memory, in their own kind (Column.data), and stores: records of equal
 * size, `pitch` bytes from one to the next, with elements of one or more columns in each.  .npy
 * and raw files, CIFAR's records, tokens of a text and the rows of a converted CSV file are
 * stores.  With `cache = "ram"` rt_store_settle turns them into columns in memory.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_STORE_H
#define NNRT_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "elem.h"
#include "rt_data.h"
#include "rt_io.h"

/* What a column finds in a record. */
typedef struct {
	int column;
	size_t at; /* bytes from the record's beginning */
	Elem elem;
	bool swap; /* most significant byte first */
	bool whole; /* the bytes are those of the column, checked when they were written */
} Piece;

typedef struct Store {
	Reader *in;          /* or: */
	unsigned char *mem;  /* the bytes, owned */
	char *name;          /* for messages */
	uint64_t hash;       /* of what they came from; 0: it is not known */
	uint64_t offset;     /* of the first record in them */
	size_t pitch, width; /* from record to record; of one */
	int64_t first, rows; /* the dataset's rows first .. first + rows - 1 are its records */
	Piece *piece;
	int npiece;
	unsigned char *ahead; /* records that were read together: of rows lo .. hi - 1 */
	int64_t lo, hi, next; /* next: the row behind the last one that was asked for */
} Store;

/* A store without pieces, added to the dataset. in: owned from here on, or 0 with mem. */
Store *rt_store_add(Dataset *d, const char *name, Reader *in, unsigned char *mem);
void rt_store_piece(Store *s, int column, size_t at, Elem elem, bool swap);

/* Rows row[0..n-1] of all columns, into to[column], or of one, into to[0]; only: it, or -1. */
void rt_store_rows(const Dataset *d, int only, const uint32_t *row, int n, void *const *to);

/* The same of the columns that are neither in memory nor in stores, and of texts in memory. */
void rt_store_apart(const Dataset *d, const uint32_t *row, int n, void *const *to);

/* The columns of all stores, one thread reading: what does not fit ends the program. */
void rt_store_all(const Dataset *d, const uint32_t *row, int n, void *const *to);

/* A row of the store, whose record is at `from`, as row `at` of its columns.  False: it does not fit. */
bool rt_store_put(const Dataset *d, const Store *s, const unsigned char *from, void *const *to,
                  size_t at);
/* Is it one of its rows? */
bool rt_store_is_in(const Store *s, uint32_t row);
/* Where its record is in the file, or in `mem`. */
uint64_t rt_store_place(const Store *s, uint32_t row);

/* Has the column its rows in stores? */
bool rt_store_has(const Dataset *d, int column);

/* Reads the rows of the stores whose columns take at most so many bytes into memory, and frees these
 * stores. */
void rt_store_settle(Dataset *d, size_t most);
void rt_store_free(Dataset *d);

#endif
