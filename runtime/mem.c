/* mem.c - memory: checked sizes, zeroed, 64-byte aligned.
 *
 * Holds: no request wraps; a refused one ends the program with a line that names it.
 *
 * calloc gives pages that the kernel zeroes on first touch, so an arena that is mostly unused
 * costs nothing; the alignment is made by hand and the block's own address kept just below.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rt_fail.h"
#include "rt_mem.h"
#include "rt_size.h"

enum { ALIGN = 64 };

void *rt_alloc(size_t count, size_t size, const char *what)
{
	size_t bytes, all;
	if (!rt_size_mul(count, size, &bytes) || !rt_size_add(bytes, 2 * ALIGN, &all) ||
	    all > PTRDIFF_MAX)
		rt_fail(RT_FILE, "R7", "out of memory: %zu times %zu bytes for %s", count, size,
		        what);
	char *block = calloc(all, 1);
	if (!block)
		rt_fail(RT_FILE, "R7", "out of memory: %zu bytes for %s", bytes, what);
	uintptr_t at = ((uintptr_t)block + 2 * ALIGN - 1) & ~(uintptr_t)(ALIGN - 1);
	char *p = block + (at - (uintptr_t)block);
	memcpy(p - sizeof block, &block, sizeof block);
	return p;
}

void rt_free(void *p)
{
	if (!p)
		return;
	void *block;
	memcpy(&block, (char *)p - sizeof block, sizeof block);
	free(block);
}

void *rt_grow(void *array, size_t old, size_t count, size_t size, const char *what)
{
	void *p = rt_alloc(count, size, what);
	if (old)
		memcpy(p, array, old * size);
	rt_free(array);
	return p;
}

char *rt_text(const char *format, ...)
{
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int n = vsnprintf(0, 0, format, args);
	va_end(args);
	if (n < 0)
		rt_bug("a text cannot be formatted");
	char *s = rt_alloc((size_t)n + 1, 1, "text");
	vsnprintf(s, (size_t)n + 1, format, again);
	va_end(again);
	return s;
}
