/* arena.c - memory that is freed as a whole.
 *
 * In:    sizes.   Out: zeroed memory, aligned to 16.
 * Holds: a pointer stays good until arena_free(); nothing is ever moved.
 *
 * A list of chunks; the newest is filled from its front.  A request that would waste a large
 * part of a chunk gets one of its own, put behind the newest so that filling goes on there.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"

enum { ALIGN = 16, CHUNK = 64 * 1024 };

typedef struct Chunk Chunk;
struct Chunk {
	Chunk *next;
	size_t used, size;             /* bytes of data                                       */
	char *data;
};

struct Arena { Chunk *top; };

_Noreturn void out_of_memory(void)
{
	fputs("nnc: error: out of memory\n", stderr);
	exit(3);
}

static Chunk *chunk_new(size_t size)
{
	/* calloc: fresh pages are zero already, so large arrays cost nothing until used. */
	size_t head = (sizeof(Chunk) + ALIGN - 1) / ALIGN * ALIGN;
	if (size > SIZE_MAX - head)
		out_of_memory();
	Chunk *c = calloc(1, head + size);
	if (!c)
		out_of_memory();
	c->size = size;
	c->data = (char *)c + head;
	return c;
}

Arena *arena_new(void)
{
	Arena *a = calloc(1, sizeof *a);
	if (!a)
		out_of_memory();
	a->top = chunk_new(CHUNK);
	return a;
}

void arena_free(Arena *a)
{
	if (!a)
		return;
	for (Chunk *c = a->top, *next; c; c = next) {
		next = c->next;
		free(c);
	}
	free(a);
}

void arena_reset(Arena *a)
{
	Chunk *keep = a->top;
	for (Chunk *c = keep->next, *next; c; c = next) {
		next = c->next;
		free(c);
	}
	keep->next = 0;
	memset(keep->data, 0, keep->used);
	keep->used = 0;
}

void *arena_alloc(Arena *a, size_t n)
{
	if (n > SIZE_MAX - ALIGN)
		out_of_memory();
	n = n ? (n + ALIGN - 1) / ALIGN * ALIGN : ALIGN;
	Chunk *c = a->top;
	if (n > c->size - c->used) {
		c = chunk_new(n > CHUNK / 4 ? n : CHUNK);
		if (n > CHUNK / 4) {
			c->next = a->top->next;
			a->top->next = c;
		} else {
			c->next = a->top;
			a->top = c;
		}
	}
	char *p = c->data + c->used;
	c->used += n;
	return p;
}

/* What is large has a chunk of its own: the link to that; 0: it has none. */
static Chunk **own_chunk(Arena *a, const void *p, size_t n)
{
	Chunk **at = &a->top;
	while (n > CHUNK && *at && (*at)->data != p)
		at = &(*at)->next;
	return n > CHUNK && *at ? at : 0;
}

void arena_drop(Arena *a, void *p, size_t n)
{
	Chunk **at = own_chunk(a, p, n), *c = at ? *at : 0;
	if (!c || c == a->top)
		return;
	*at = c->next;
	free(c);
}

void *arena_enlarge(Arena *a, void *p, size_t have, size_t want)
{
	size_t head = (sizeof(Chunk) + ALIGN - 1) / ALIGN * ALIGN;
	Chunk **at = own_chunk(a, p, have);
	if (!at || want > SIZE_MAX - head) {
		void *q = arena_alloc(a, want);
		if (have)
			memcpy(q, p, have);
		return q;
	}
	Chunk *c = realloc(*at, head + want);
	if (!c)
		out_of_memory();
	*at = c;
	c->used = c->size = want;
	c->data = (char *)c + head;
	return c->data;
}

char *arena_strndup(Arena *a, const char *s, size_t n)
{
	char *p = arena_alloc(a, n + 1);
	if (n)
		memcpy(p, s, n);
	return p;
}

char *arena_vprintf(Arena *a, const char *fmt, va_list ap)
{
	char small[256];
	va_list again;
	va_copy(again, ap);
	size_t n = text_format(small, sizeof small, fmt, ap);
	char *p = arena_alloc(a, n + 1);
	if (n < sizeof small)
		memcpy(p, small, n);
	else
		text_format(p, n + 1, fmt, again);
	va_end(again);
	return p;
}

char *arena_printf(Arena *a, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *p = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return p;
}

char *arena_grouped(Arena *a, int64_t n)
{
	return n < 1000 ? arena_printf(a, "%lld", (long long)n)
	                : arena_printf(a, "%s %03lld", arena_grouped(a, n / 1000),
	                               (long long)(n % 1000));
}

void *arena_grow(Arena *a, void *v, int have, int *cap, int need, size_t item)
{
	if (need <= *cap)
		return v;
	/* most arrays have one or two entries */
	int to = *cap > 0 ? *cap : item > 16 ? 2 : 4;
	while (to < need) {
		if (to > INT_MAX / 2)
			out_of_memory();
		to *= 2;
	}
	if (item && (size_t)to > SIZE_MAX / item)
		out_of_memory();
	void *p = arena_alloc(a, (size_t)to * item);
	if (have > 0)
		memcpy(p, v, (size_t)have * item);
	*cap = to;
	return p;
}
