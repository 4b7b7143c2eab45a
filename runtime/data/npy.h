/* npy.h - the header of .npy files.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_NPY_H
#define NNRT_NPY_H

#include "elem.h"

enum { NPY_RANK = 32, NPY_HEAD = 1 << 16 };

typedef struct {
	Elem elem;
	bool swap;
	int rank;
	int64_t dim[NPY_RANK];
	size_t head; /* bytes before the data */
	size_t bytes; /* of the data */
} Npy;

/* Reads the header in head[0..n), the first bytes of a file of `size` bytes (n: all of it, or
 * NPY_HEAD + 16); name: for messages.  R1 what it is not, R2 a header that cannot be read, R5 a size
 * that is not the file's. */
Npy rt_npy_head(const char *name, const unsigned char *head, size_t n, size_t size);

#endif
