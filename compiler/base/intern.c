/* intern.c - symbols: equal text is one pointer.
 *
 * In:    text.   Out: a Sym that lives as long as the arena.
 * Holds: the table is at most half full, its size a power of two.
 *
 * Open addressing with FNV-1a hashes (64-bit; Fowler, Noll, Vo), linear probing, no deletion.
 */
#include <string.h>

#include "base.h"

typedef struct { uint64_t hash; size_t n; const char *text; } Entry;

struct Symbols {
	Arena *mem;
	Entry *entry;
	size_t n, cap;
};

static uint64_t hash(const char *s, size_t n)
{
	uint64_t h = 14695981039346656037u;
	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)s[i]) * 1099511628211u;
	return h;
}

/* The entry that holds this text, or the empty one where it belongs. */
static Entry *find(Entry *v, size_t cap, uint64_t h, const char *s, size_t n)
{
	for (size_t i = h & (cap - 1);; i = (i + 1) & (cap - 1)) {
		Entry *e = &v[i];
		if (!e->text || (e->hash == h && e->n == n && !memcmp(e->text, s, n)))
			return e;
	}
}

static void grow(Symbols *t)
{
	size_t cap = t->cap * 2;
	Entry *v = NEWN(t->mem, Entry, cap);
	for (size_t i = 0; i < t->cap; i++) {
		const Entry *e = &t->entry[i];
		if (e->text)
			*find(v, cap, e->hash, e->text, e->n) = *e;
	}
	t->entry = v;
	t->cap = cap;
}

Symbols *symbols_new(Arena *a)
{
	Symbols *t = NEW(a, Symbols);
	t->mem = a;
	t->cap = 256;
	t->entry = NEWN(a, Entry, t->cap);
	return t;
}

Sym symbols_get(Symbols *t, const char *text, size_t n)
{
	uint64_t h = hash(text, n);
	Entry *e = find(t->entry, t->cap, h, text, n);
	if (!e->text) {
		*e = (Entry){h, n, arena_strndup(t->mem, text, n)};
		Sym s = e->text;
		if (++t->n * 2 > t->cap)
			grow(t);
		return s;
	}
	return e->text;
}
