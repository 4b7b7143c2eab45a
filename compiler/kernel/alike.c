/* alike.c - regions that differ in their buffers and numbers only are lowered once.
 *
 * In:    a region that is about to be lowered.   Out: its kernel as a copy of an earlier one with
 *        other buffers and numbers, or nothing if there is none like it.
 * Holds: a key has all that lowering, accesses and printing look at: what the region computes, how
 *        it is split, types and storage of its buffers, and which of them are the same.
 *
 * Numbers are constants of the model, but not those that lowering itself makes (0, 1, infinity):
 * in the text, what is equal to a constant of the form is that constant.
 *
 * A chain of a thousand layers of one shape needs the loops of a few.  Nodes and buffers have
 * numbers by first appearance in a walk from the region's seed and results; in a scan's body it goes
 * on in the graph around it.  The flat update is not looked for.  With graph checks on, each copy is lowered
 * all the same and compared.
 */
#include "op.h"

#include <math.h>
#include <string.h>
#include <xxhash.h>

enum { MAXBUFFERS = 64, MAXNUMBERS = 64, MAXKEY = 4096 };

typedef struct { const uint64_t *key; int n; uint64_t hash; Kernel *first; } Form;

struct Alike {
	Form *form; int nform, size;   /* an open hash table                                   */
	int now, nnode;                /* number of the key; of its nodes                      */
	uint64_t key[MAXKEY]; int nkey;
	Buffer *buf[MAXBUFFERS]; int nbuf;
	double num[MAXNUMBERS]; int nnum;
	bool fills;                    /* an index map puts a number of its own somewhere      */
	bool no;                       /* the region has no key                                */
	const Region *r;
};

/* ---- keys -------------------------------------------------------------------------------- */

static void put(Alike *s, uint64_t word)
{
	if (s->nkey == MAXKEY)
		s->no = true;
	else
		s->key[s->nkey++] = word;
}

static void put_dim(Alike *s, Dim d)
{
	put(s, (uint64_t)(uint32_t)d.k << 1 | (uint64_t)(uint32_t)d.b);
}

static void put_type(Alike *s, const Type *t)
{
	put(s, (uint64_t)t->dt << 40 | (uint64_t)t->rank << 32 | (uint64_t)(uint32_t)t->classes);
	for (int i = 0; i < t->rank; i++)
		put_dim(s, t->dim[i]);
}

static void put_buffer(Alike *s, Buffer *b)
{
	int i = 0;
	if (!b) {
		s->no = true;
		return;
	}
	if (b->of) {                   /* the slot of this step, which the level says */
		put(s, MAXBUFFERS + (uint64_t)b->axis);
		put_type(s, &b->ty);
		b = b->of;
	}
	while (i < s->nbuf && s->buf[i] != b)
		i++;
	put(s, (uint64_t)i);
	if (i < s->nbuf)
		return;
	if (i == MAXBUFFERS) {
		s->no = true;
		return;
	}
	s->buf[s->nbuf++] = b;
	put(s, (uint64_t)b->place << 32 | (uint64_t)(uint32_t)b->depth << 2 |
		       (uint64_t)b->half << 1 | b->f64);
	put_type(s, &b->ty);
	put_dim(s, b->st->len);
	for (i = 0; i < b->st->rank; i++) {
		put(s, (uint64_t)(uint32_t)b->st->halo[i] << 8 | (uint64_t)b->st->order[i]);
		put_dim(s, b->st->extent[i]);
	}
}

static void put_attr(Alike *s, const Node *n)
{
	Attr a = node_attr(n);
	uint64_t word[(sizeof a + 7) / 8] = { 0 };
	memcpy(word, &a, sizeof a);
	for (size_t i = 0; i < sizeof word / sizeof *word; i++)
		put(s, word[i]);
}

/* Does lowering make no such number, and does its text stand as it is, without parentheses? */
static bool is_plain(double v)
{
	return isfinite(v) && fabs(v) != 0 && fabs(v) != 1;
}

/* A constant: a plain one by its place among the region's numbers, and its sign. */
static void put_number(Alike *s, const Node *n)
{
	double v = n->a.k;
	int i = 0;
	while (i < s->nnum && s->num[i] != v)
		i++;
	if (n->ty.dt != DT_REAL || !is_plain(v) || i == MAXNUMBERS) {
		put(s, 0);
		put_attr(s, n);
		return;
	}
	put(s, 1 | (uint64_t)(v < 0) << 1 | (uint64_t)i << 2);
	if (i == s->nnum)
		s->num[s->nnum++] = v;
}

static void put_node(Alike *s, Level *v, const Node *n, bool whole);

/* A leaf of a scan's body: what is read in the graph around it, as read_outer() does. */
static void put_outer(Alike *s, Level *v, const Node *n)
{
	const Attr *a = &v->scan->a;
	int i = a->scan.ncarry + n->a.seq.index;
	if (n->op == O_seq)
		put(s, (uint64_t)n->a.seq.axis << 32 | (uint64_t)(uint32_t)n->a.seq.offset);
	else
		i = a->scan.ncarry + a->scan.nseq + n->a.leaf.index;
	put_node(s, v->outer, v->scan->in[i], false);
}

/* A node as read_at() sees it; whole: its inputs are read, wherever its own value lies. */
static void put_node(Alike *s, Level *v, const Node *n, bool whole)
{
	NodeInfo *info = info_of(v, n);
	bool here = false;
	if (info->stamp == s->now || s->no) {
		put(s, (uint64_t)info->number);
		return;
	}
	info->stamp = s->now;
	info->number = s->nnode++;
	put(s, (uint64_t)n->op << 32 | (uint64_t)(uint32_t)info->number);
	put_type(s, &n->ty);
	if (opinfo[n->op].memory) {
		put_buffer(s, info->buf);
		return;
	}
	for (int i = 0; i < s->r->nout; i++)
		here |= s->r->out[i].node == n && s->r->out[i].buf == info->buf;
	put(s, (uint64_t)info->stored << 1 | here);
	if (info->stored)
		put_buffer(s, info->buf);
	if (info->stored && !here && !whole)
		return;
	if (n->op == O_seq || n->op == O_capture) {
		put_outer(s, v, n);
		return;
	}
	s->no |= n->body != 0 || n->op == O_item;
	if (n->op == O_const)
		put_number(s, n);
	else if (opinfo[n->op].attr != AT_NONE)
		put_attr(s, n);
	if (n->op == O_pad)
		s->fills |= is_plain(n->a.pad.value);
	if (n->op == O_window || n->op == O_unwindow)
		s->fills |= is_plain(n->a.win.value);
	put(s, (uint64_t)n->nin);
	for (int i = 0; i < n->nin; i++)
		put_node(s, v, n->in[i], false);
}

static void put_region(Alike *s, Level *v, const Region *r)
{
	s->r = r;
	put(s, (uint64_t)r->kind << 8 | r->tiled | (uint64_t)r->nests << 1 | (uint64_t)r->dot << 2 |
		       (uint64_t)r->rows_first << 3 | (uint64_t)(r->seed != 0) << 4 |
		       (uint64_t)r->across << 5);
	if (r->kind == RG_ROWS) {
		put(s, (uint64_t)(uint32_t)r->nrow << 32 | (uint64_t)(uint32_t)r->nmember);
		for (int i = 0; i < r->nmember; i++)
			put_region(s, v, r->member[i]);
		return;
	}
	put_type(s, r->space);
	put_dim(s, r->split.rows);
	put(s, (uint64_t)r->split.unit << 32 | (uint64_t)r->nout);
	for (int i = 0; i < 2; i++) {
		const Pack *p = r->pack[i];
		put(s, p ? 1 | (uint64_t)p->side << 1 | (uint64_t)p->rows << 2 |
		               (uint64_t)(p->source != 0) << 3 | (uint64_t)p->near << 4 |
		               (uint64_t)p->share << 5
		         : 0);
		if (!p)
			continue;
		put_buffer(s, p->buf);
		put_node(s, v, p->contract, true);
	}
	if (r->seed)
		put_node(s, v, r->seed, true);
	for (int i = 0; i < r->nout; i++) {
		s->no |= r->out[i].from != 0 || !r->out[i].node;
		put_buffer(s, r->out[i].buf);
		if (!s->no)
			put_node(s, v, r->out[i].node, false);
	}
}

/* ---- finding ----------------------------------------------------------------------------- */

static Form *form_place(Alike *s, const uint64_t *key, int n, uint64_t hash)
{
	for (uint64_t h = hash;; h++) {
		Form *f = &s->form[h & (uint64_t)(s->size - 1)];
		if (!f->key || (f->hash == hash && f->n == n &&
		                !memcmp(f->key, key, sizeof *key * (size_t)n)))
			return f;
	}
}

static void form_grow(Fn *f, Alike *s)
{
	Form *old = s->form;
	int n = s->size;
	if (2 * (s->nform + 1) <= n)
		return;
	s->size = n ? 2 * n : 64;
	s->form = NEWN(f->mem, Form, s->size);
	for (int i = 0; i < n; i++)
		if (old[i].key)
			*form_place(s, old[i].key, old[i].n, old[i].hash) = old[i];
}

static Alike *begin(Fn *f)
{
	Alike *s = f->alike;
	if (!s)
		s = f->alike = NEW(f->mem, Alike);
	s->now++;
	s->nnode = s->nkey = s->nbuf = s->nnum = 0;
	s->no = s->fills = false;
	return s;
}

bool alike_find(Fn *f, Level *v, Region *r)
{
	Kernel *k = r->kernel;
	if (f->host->flat)
		return false;
	Alike *s = begin(f);
	put(s, k->owned);
	put(s, (uint64_t)(uintptr_t)v); /* the step's number has its own name in each scan */
	put_region(s, v, r);
	if (s->no || (s->fills && s->nnum))
		return false;
	uint64_t hash = XXH3_64bits(s->key, sizeof *s->key * (size_t)s->nkey);
	form_grow(f, s);
	Form *form = form_place(s, s->key, s->nkey, hash);
	k->buf = s->buf;
	k->nbuf = s->nbuf;
	k->num = s->nnum ? s->num : 0;
	k->nnum = s->nnum;
	if (form->key) {
		k->like = form->first;
		return true;
	}
	k->buf = NEWN(f->mem, Buffer *, s->nbuf);
	memcpy(k->buf, s->buf, sizeof *s->buf * (size_t)s->nbuf);
	if (s->nnum) {
		double *num = NEWN(f->mem, double, s->nnum);
		memcpy(num, s->num, sizeof *num * (size_t)s->nnum);
		k->num = num;
	}
	uint64_t *key = NEWN(f->mem, uint64_t, s->nkey);
	memcpy(key, s->key, sizeof *key * (size_t)s->nkey);
	*form = (Form){ key, s->nkey, hash, k };
	s->nform++;
	return false;
}

/* ---- from one to the other --------------------------------------------------------------- */

static Buffer *across(const Job *j, const Kernel *from, const Kernel *to, const Buffer *b)
{
	for (int i = 0; i < from->nbuf; i++)
		if (from->buf[i] == b)
			return to->buf[i];
	bug(j, "alike: buffer %s is not in the key", b->name);
}

void alike_accesses(Fn *f, Region *r)
{
	const Kernel *k = r->kernel;
	const Region *first = k->like->region;
	r->naccess = r->capaccess = first->naccess;
	r->access = NEWN(f->mem, Access, first->naccess);
	for (int i = 0; i < first->naccess; i++) {
		Access *a = &r->access[i];
		*a = first->access[i];
		a->buf = across(f->job, k->like, k, a->buf);
		a->over = a->over ? across(f->job, k->like, k, a->over) : 0;
		a->id = a->buf->id;
		*(a->write ? &a->buf->written : &a->buf->read) = true;
	}
}

void alike_arguments(const Fn *f, Kernel *k)
{
	const Kernel *first = k->like;
	kernel_like(f, k);
	k->narg = k->caparg = first->narg;
	k->arg = NEWN(f->mem, Buffer *, first->narg);
	for (int i = 0; i < first->narg; i++) {
		k->arg[i] = across(f->job, first, k, first->arg[i]);
		k->arg[i]->passed = true;
		k->arg[i]->passed_out |= first->argwrite[i];
	}
	k->argwrite = first->argwrite;
	k->uses_ctx = first->uses_ctx;
	k->uses_B = first->uses_B;
	k->tick = first->tick;
	k->ntick = first->ntick;
	k->scalar = first->scalar;
	k->nscalar = first->nscalar;
}

void alike_forget(Kernel *k)
{
	k->buf = 0;
	k->num = 0;
	k->nbuf = k->nnum = 0;
}

/* ---- checking ---------------------------------------------------------------------------- */

/* Compares what was copied with what the region's own loops give. */
void alike_check(Fn *f, Region *first)
{
	const Kernel *k = first->kernel;
	Kernel own = { .name = k->name, .region = k->region, .body = k->body, .owned = k->owned,
		       .num = k->num, .nnum = k->nnum };
	Region r = *first;
	r.kernel = &own;
	r.access = 0;
	r.naccess = r.capaccess = 0;
	region_accesses(f, &r);
	inplace_find(f, &r);
	kernel_body(f, &own);
	if (strcmp(own.text, k->text) || own.narg != k->narg || r.naccess != first->naccess)
		bug(f->job, "alike: region %d is not like region %d:\n%s\n%s", first->id,
		    k->like->region->id, own.text, k->text);
	for (int i = 0; i < own.narg; i++)
		if (own.arg[i] != k->arg[i] || own.argwrite[i] != k->argwrite[i])
			bug(f->job, "alike: argument %d of region %d", i, r.id);
	for (int i = 0; i < r.naccess; i++) {
		const Access *a = &r.access[i], *b = &first->access[i];
		if (a->buf != b->buf || a->write != b->write || a->slice != b->slice ||
		    a->apart != b->apart || a->at_own != b->at_own || a->over != b->over)
			bug(f->job, "alike: access %d of region %d", i, r.id);
	}
}
