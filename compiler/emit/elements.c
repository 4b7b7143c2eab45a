/* elements.c - of which numbers an array of weights consists, in the order in which it holds them.
 *
 * In:    an array of inference C.   Out: for each of its elements a tensor of the weights file and
 *        the index in it, row-major; or a number.
 * Holds: what is printed when compiling and what is loaded at run time have one order: this one.
 */
#include "infer.h"

#include <string.h>

const Tensor *array_source(const Infer *f, const Buffer *b)
{
	const Module *m = f->m;
	if (b->place == PL_BUFFER)
		return &m->buffer[b->index];
	return &m->param[b->index < m->nparam ? b->index : f->order[b->index - m->nparam].param];
}

/* Where the elements of t lie, in the order of perm. */
static const int64_t *places(Arena *a, const Tensor *t, const int *perm)
{
	int64_t stride[MAXRANK], step[MAXRANK], ext[MAXRANK], ix[MAXRANK] = { 0 }, at = 0, n = 1;
	int r = t->ty.rank;
	for (int i = r - 1; i >= 0; i--) {
		stride[i] = n;
		n *= t->ty.dim[i].k;
	}
	for (int i = 0; i < r; i++) {
		step[i] = stride[perm[i]];
		ext[i] = t->ty.dim[perm[i]].k;
	}
	int64_t *to = NEWN(a, int64_t, n + 1);
	for (int64_t k = 0; k < n; k++) {
		to[k] = at;
		for (int i = r - 1; i >= 0; i--) {
			at += step[i];
			if (++ix[i] < ext[i])
				break;
			at -= ext[i] * step[i];
			ix[i] = 0;
		}
	}
	return to;
}

typedef struct { const Tensor *t; int64_t at; double number; } Element;

typedef struct {
	const Infer *f;
	ArrayElement *each;
	void *arg;
	const Buffer *last;            /* the buffer read last, its tensor and order           */
	const Tensor *tensor;
	const int64_t *place;          /* 0: the tensor's own order                            */
	int64_t n, block, whole;       /* of each block so many elements are in pairs          */
	Element kept[2 * HALF_PAIR];
} Walk;

static void give(const Walk *w, const Element *e)
{
	w->each(w->arg, e->t, e->at, e->number);
}

/* In whole panels of 16-bit numbers column j and column j + HALF_PAIR lie next to each other, so
 * that one load gives both (half.h). */
static void packed(void *arg, const Buffer *from, int64_t at, double number)
{
	Walk *w = arg;
	if (from && from != w->last) {
		int order = from->place == PL_PARAM ? from->index - w->f->m->nparam : -1;
		w->tensor = array_source(w->f, from);
		w->place = order < 0 ? 0 : places(w->f->m->job->mem, w->tensor, w->f->order[order].perm);
		w->last = from;
	}
	Element e = { from ? w->tensor : 0, from && w->place ? w->place[at] : at, number };
	int64_t n = w->n++, i = n % (2 * HALF_PAIR);
	if (!w->whole || n % w->block >= w->whole) {
		give(w, &e);
		return;
	}
	w->kept[i] = e;
	for (int k = 0; i == 2 * HALF_PAIR - 1 && k < HALF_PAIR; k++) {
		give(w, &w->kept[k]);
		give(w, &w->kept[k + HALF_PAIR]);
	}
}

void array_each(const Infer *f, const InferArray *a, void *arg, ArrayElement *each)
{
	Walk w = { .f = f, .each = each, .arg = arg };
	if (!a->pack) {
		const int64_t *at = a->perm ? places(f->m->job->mem, a->tensor, a->perm) : 0;
		for (int64_t i = 0; i < a->len; i++)
			each(arg, a->tensor, at ? at[i] : i, 0);
		return;
	}
	const Type *t = &a->pack->buf->ty;
	int64_t lines = t->dim[t->rank - 2].k, sums = t->dim[t->rank - 1].k;
	w.block = lines * sums;
	if (a->half && !a->pack->rows)
		w.whole = lines / WIDE_PANEL * WIDE_PANEL * sums;
	fn_constant(a->fn, a->constant, &w, packed);
}
