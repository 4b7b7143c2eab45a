/* rt_mem.h - the only place of the runtime that asks for memory.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_RT_MEM_H
#define NNRT_RT_MEM_H

#include <stddef.h>

/* count * size zeroed bytes, 64-byte aligned, never 0 (also for count 0). what: "training
 * rows". Ends the program with one line, exit 3, if there is not enough. Freed by rt_free. */
void *rt_alloc(size_t count, size_t size, const char *what);

/* A block that shall be there: count * size bytes, whose place goes to *to. */
typedef struct {
	void **to;
	size_t count, size;
	const char *what;
} Wish;

/* n blocks as from rt_alloc, side by side if they are large, so that they share large pages.
 * They are freed as ever, and behind all of them what this returns (0: nothing). */
void *rt_alloc_together(const Wish *w, int n);

/* Room for `count` of `size` bytes in an array from rt_alloc that holds `old` of them; the old
 * ones are kept, the new ones zeroed.  Returns the array's new place. */
void *rt_grow(void *array, size_t old, size_t count, size_t size, const char *what);

/* Frees what rt_alloc, rt_alloc_together, rt_grow or rt_text returned; 0 is fine. */
void rt_free(void *p);

/* printf into new memory. */
char *rt_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
