/* intern.c - symbols: equal text is one pointer.
 *
 * In:    text.   Out: a Sym that lives as long as the arena.
 * Holds: the table is at most half full, its size a power of two.
 *
 * Open addressing, linear probing, no deletion.
 */
#include <string.h>
#include <xxhash.h>

#include "base.h"

typedef struct { uint32_t hash, n; const char *text; } Entry;

struct Symbols {
	Arena *mem, *table;            /* of texts; of the table at hand                       */
	Entry *entry;
	size_t n, cap;
};

/* The entry that holds this text, or the empty one where it belongs. */
static Entry *find(Entry *v, size_t cap, uint32_t h, const char *s, size_t n)
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
	Arena *table = arena_new();
	Entry *v = NEWN(table, Entry, cap);
	for (size_t i = 0; i < t->cap; i++) {
		const Entry *e = &t->entry[i];
		if (e->text)
			*find(v, cap, e->hash, e->text, e->n) = *e;
	}
	arena_free(t->table);
	t->table = table;
	t->entry = v;
	t->cap = cap;
}

Symbols *symbols_new(Arena *a)
{
	Symbols *t = NEW(a, Symbols);
	t->mem = a;
	t->table = arena_new();
	t->cap = 256;
	t->entry = NEWN(t->table, Entry, t->cap);
	return t;
}

void symbols_free(Symbols *t)
{
	arena_free(t->table);
}

Sym symbols_get(Symbols *t, const char *text, size_t n)
{
	uint32_t h = (uint32_t)XXH3_64bits(text, n);
	Entry *e = find(t->entry, t->cap, h, text, n);
	if (!e->text) {
		*e = (Entry){h, (uint32_t)n, arena_strndup(t->mem, text, n)};
		Sym s = e->text;
		if (++t->n * 2 > t->cap)
			grow(t);
		return s;
	}
	return e->text;
}
