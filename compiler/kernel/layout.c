/* layout.c - where values lie in memory.
 *
 * In:    nodes that fuse.c stores.   Out: buffers with a storage: order, padded extents, halo.
 * Holds: index maps stay logical; addr() is the only function that reads a storage.
 *
 * All storages made here are row-major without padding and halo; readers do not rely on it.
 */
#include "op.h"

#include <string.h>

Storage storage_rowmajor(const Type *t)
{
	Storage s = { .rank = t->rank };
	for (int i = 0; i < t->rank; i++) {
		s.order[i] = (int8_t)i;
		s.extent[i] = t->dim[i];
	}
	type_size(t, &s.len);
	return s;
}

/* The name as a word of C.  An underscore keeps it apart from C's and from our own. */
static Sym clean(Fn *f, Sym name)
{
	enum { MOST = sizeof f->cleaned / sizeof *f->cleaned };
	Cleaned *c = &f->cleaned[(uintptr_t)name / 16 % MOST];
	char text[64];
	int n = 0;
	if (c->from == name)
		return c->to;
	for (const char *p = name; *p && n < 50; p++) {
		bool word = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
		            (*p >= '0' && *p <= '9' && n) || *p == '_';
		text[n++] = word ? *p : '_';
	}
	text[n++] = '_';
	text[n] = 0;
	*c = (Cleaned){ name, job_sym(f->job, text) };
	return c->to;
}

static Taken *name_place(const Fn *f, Sym name)
{
	/* by the high bits of a product: names lie next to each other */
	uint64_t i = ((uint64_t)(uintptr_t)name * 0x9e3779b97f4a7c15u) >> 32;
	while (f->taken[i & (uint64_t)(f->takensize - 1)].name &&
	       f->taken[i & (uint64_t)(f->takensize - 1)].name != name)
		i++;
	return &f->taken[i & (uint64_t)(f->takensize - 1)];
}

/* How often the stem was asked for before. */
static int stem_count(Fn *f, Sym stem)
{
	if (2 * (f->ntaken + 1) > f->takensize) {
		Taken *old = f->taken;
		int n = f->takensize;
		f->takensize = n ? 2 * n : 64;
		f->taken = NEWN(f->mem, Taken, f->takensize);
		for (int i = 0; i < n; i++)
			if (old[i].name)
				*name_place(f, old[i].name) = old[i];
		arena_drop(f->mem, old, sizeof *old * (size_t)n);
	}
	Taken *t = name_place(f, stem);
	f->ntaken += !t->name;
	t->name = stem;
	return t->count++;
}

void names_forget(Fn *f)
{
	arena_drop(f->mem, f->taken, sizeof *f->taken * (size_t)f->takensize);
	f->taken = 0;
	f->ntaken = f->takensize = 0;
}

/* A name that no other buffer of the function has: h_, h__2, h__3.  Stems end with an underscore
 * and these with a digit, so there is nothing to look up. */
static const char *unique(Fn *f, Sym stem)
{
	int k = stem_count(f, stem) + 1, digits = 1;
	size_t n = strlen(stem);
	if (k == 1)
		return stem;
	for (int i = k; i >= 10; i /= 10)
		digits++;
	char *s = arena_alloc(f->mem, n + 1 + (size_t)digits + 1);
	memcpy(s, stem, n);
	s[n] = '_';
	for (char *p = s + n + digits; p > s + n; p--, k /= 10)
		*p = (char)('0' + k % 10);
	return s;
}

/* The storage of a buffer of type t: that of an earlier one, if it is among the last. */
static const Storage *storage_of(Fn *f, Buffer *b)
{
	enum { MOST = sizeof f->stored / sizeof *f->stored };
	int i = 0;
	while (i < MOST && f->stored[i] &&
	       (f->stored[i]->place == PL_ROW || !type_shape_eq(&f->stored[i]->ty, &b->ty)))
		i++;
	if (i < MOST && f->stored[i])
		return f->stored[i]->st;
	Storage *s = NEW(f->mem, Storage);
	*s = storage_rowmajor(&b->ty);
	memmove(f->stored + 1, f->stored, sizeof f->stored - sizeof *f->stored);
	f->stored[0] = b;
	return s;
}

Buffer *buffer_new(Fn *f, const Node *n, const Type *t, Place place, Sym name)
{
	Buffer *b = NEW(f->buffers, Buffer);
	b->id = f->nbuf;
	b->depth = f->depth;
	b->node = n;
	b->ty = *t;
	b->place = place;
	b->st = storage_of(f, b);
	b->first = b->last = -1;
	if (!name)
		name = n && n->name ? n->name : job_sym(f->job, "v");
	if (place == PL_ARENA || place == PL_ARENA0)
		b->place = type_batched(t) ? PL_ARENA : PL_ARENA0;
	b->name = unique(f, clean(f, name));
	PUSH(f->mem, f->buf, f->nbuf, f->capbuf, b);
	return b;
}

static Ex *position(Lower *l, const Storage *s, Ex *const *ix)
{
	Ex *e = ex_int(l, 0);
	for (int i = 0; i < s->rank; i++) {
		int d = s->order[i];
		Ex *at = ex_add(l, ix[d], ex_int(l, s->halo[d]));
		e = ex_add(l, ex_mul(l, e, ex_dim(l, s->extent[d])), at);
	}
	return e;
}

Ex *addr(Lower *l, const Buffer *b, Ex *const *ix)
{
	Ex *at[MAXRANK];
	if (b->place == PL_ROW) {      /* one row: which one does not matter */
		for (int i = 0; i < b->ty.rank; i++)
			at[i] = dim_is(b->st->extent[i], 1) ? ex_int(l, 0) : ix[i];
		return position(l, b->st, at);
	}
	if (!b->of)
		return position(l, b->st, ix);
	for (int i = 0; i < b->axis; i++)
		at[i] = ix[i];
	at[b->axis] = b->slot;
	for (int i = b->axis; i < b->ty.rank; i++)
		at[i + 1] = ix[i];
	return position(l, b->of->st, at);
}

int buffer_axis(const Buffer *b)
{
	for (int i = 0; i < b->ty.rank; i++)
		if (!dim_is(b->ty.dim[i], 1))
			return i;
	return -1;
}

int64_t elem_bytes(const Buffer *b, bool f64)
{
	if (b->f64)
		return 8;
	switch (b->ty.dt) {
	case DT_REAL: return f64 ? 8 : 4;
	case DT_I32: return 4;
	case DT_BOOL: case DT_U8: return 1;
	}
	return 8;
}
