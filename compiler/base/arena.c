/* arena.c - memory that is freed as a whole.
 *
 * In:    sizes.   Out: zeroed memory, aligned to 16.
 * Holds: a pointer stays good until arena_free(); nothing is ever moved.
 *
 * A list of chunks; the newest is filled from its front.  A request that would waste a large
 * part of a chunk gets one of its own, put behind the newest so that filling goes on there.
 *
 * Walks over large graphs read all over their memory, so what is large lies in huge pages, where
 * the system has them: an arena's chunks are small at first and huge pages later.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base.h"

enum { ALIGN = 16, CHUNK = 64 * 1024, HUGE = 2 * 1024 * 1024 };
enum { SMALL = 16 };                   /* chunks before the first of a huge page               */
#ifdef __SANITIZE_ADDRESS__            /* it does not look for pointers in mapped memory       */
enum { MAPS = 0 };
#else
enum { MAPS = 1 };
#endif

typedef struct Chunk Chunk;
struct Chunk {
	Chunk *next;
	size_t used, size;             /* bytes of data                                       */
	char *data;
	size_t mapped;                 /* bytes of huge pages; 0: from the heap               */
};

struct Arena { Chunk *top; int nchunk; };

_Noreturn void out_of_memory(void)
{
	fputs("nnc: error: out of memory\n", stderr);
	exit(3);
}

enum { HEAD = (sizeof(Chunk) + ALIGN - 1) / ALIGN * ALIGN };

/* n bytes, a multiple of HUGE, at a multiple of HUGE. */
static void *map_huge(size_t n)
{
	char *p = mmap(0, n + HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		out_of_memory();
	size_t before = (HUGE - (uintptr_t)p % HUGE) % HUGE;
	if (before)
		munmap(p, before);
	munmap(p + before + n, HUGE - before);
	madvise(p + before, n, MADV_HUGEPAGE); /* without them it is memory all the same */
	return p + before;
}

static Chunk *chunk_new(size_t size, bool huge)
{
	if (size > SIZE_MAX / 2)
		out_of_memory();
	size_t mapped = huge ? (HEAD + size + HUGE - 1) / HUGE * HUGE : 0;
	/* calloc: fresh pages are zero already, so large arrays cost nothing until used. */
	Chunk *c = huge ? map_huge(mapped) : calloc(1, HEAD + size);
	if (!c)
		out_of_memory();
	c->size = huge ? mapped - HEAD : size;
	c->data = (char *)c + HEAD;
	c->mapped = mapped;
	return c;
}

static void chunk_free(Chunk *c)
{
	if (c->mapped)
		munmap(c, c->mapped);
	else
		free(c);
}

Arena *arena_new(void)
{
	Arena *a = calloc(1, sizeof *a);
	if (!a)
		out_of_memory();
	a->top = chunk_new(CHUNK, false);
	return a;
}

void arena_free(Arena *a)
{
	if (!a)
		return;
	for (Chunk *c = a->top, *next; c; c = next) {
		next = c->next;
		chunk_free(c);
	}
	free(a);
}

void arena_reset(Arena *a)
{
	Chunk *keep = a->top;
	for (Chunk *c = keep->next, *next; c; c = next) {
		next = c->next;
		chunk_free(c);
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
		bool own = n > CHUNK / 4, huge = MAPS && (own ? n >= 2 * HUGE : a->nchunk++ >= SMALL);
		c = chunk_new(own ? n : huge ? HUGE - HEAD : CHUNK, huge);
		if (own) {
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
	chunk_free(c);
}

/* A chunk of its own, with room for `size` bytes. */
static Chunk *chunk_enlarge(Chunk *c, size_t size)
{
	size_t mapped = c->mapped ? (HEAD + size + HUGE - 1) / HUGE * HUGE : 0;
	Chunk *to = mapped ? mremap(c, c->mapped, mapped, MREMAP_MAYMOVE) : realloc(c, HEAD + size);
	if (!to || to == MAP_FAILED)
		out_of_memory();
	to->mapped = mapped;
	to->used = to->size = size;
	to->data = (char *)to + HEAD;
	return to;
}

void *arena_enlarge(Arena *a, void *p, size_t have, size_t want)
{
	Chunk **at = own_chunk(a, p, have), *c = at ? *at : 0;
	bool huge = MAPS && want >= 2 * HUGE;
	if (!c || c == a->top || want > SIZE_MAX / 2 || huge != (c->mapped > 0)) {
		void *q = arena_alloc(a, want);
		if (have)
			memcpy(q, p, have);
		arena_drop(a, p, have);
		return q;
	}
	*at = chunk_enlarge(c, want);
	return (*at)->data;
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
