/* owners.c - who computes what, and where all threads have to wait for each other.
 *
 * In:    lowered regions.   Out: a split per region, its accesses, barriers, epochs.
 * Holds: n decides who, never what: nothing here depends on the number of threads.
 *
 * An owner has a range of rows of the region's outermost dimension.  An access is a slice if an
 * owner touches just its own rows of the buffer, in proportion.  Two accesses of one buffer
 * of which one writes are local if both are slices under equal splits; all else crosses, and
 * a barrier has to lie between.  Placing them greedily is minimal for a fixed order.
 */
#include "op.h"

enum { SMALL_WORK = 32768, SAMPLE = 64, VECTOR_ROWS = 64 };

/* What an element or a term of anything but a contraction costs, in multiply-adds of one. */
enum { ELEMENT_WORK = 8 };

/* Terms that one element of the region costs, for a batch of B. */
static int64_t terms_of(const Region *r, int B)
{
	const Node *n = r->seed;
	int64_t all = 1;
	if (!n)
		return 1;
	if (opinfo[n->op].kind == REDUCE)
		return type_len(&n->in[0]->ty, B) /
		       (type_len(&n->ty, B) ? type_len(&n->ty, B) : 1);
	if (n->op != O_contract)
		return 1;
	for (int label = n->a.con.nout; label < n->a.con.nlabel; label++)
		for (int side = 0; side < 2; side++) {
			const int8_t *of = side ? n->a.con.b : n->a.con.a;
			int hit = -1;
			for (int i = 0; i < n->in[side]->ty.rank; i++)
				if (of[i] == label)
					hit = i;
			if (hit >= 0) {
				all *= dim_at(n->in[side]->ty.dim[hit], B);
				break;
			}
		}
	return all;
}

void split_choose(Fn *f, Region *r)
{
	int axis = -1;
	if (r->kind == RG_ROWS) {
		for (int i = 0; i < r->nmember; i++) {
			split_choose(f, r->member[i]);
			r->work += r->member[i]->work;
		}
		r->split = (Split){ { 1, 1 }, f->unit };
		return;
	}
	for (int i = r->space->rank - 1; i >= 0; i--)
		if (!dim_is(r->space->dim[i], 1))
			axis = i;
	int64_t elements = type_len(r->space, SAMPLE), terms = terms_of(r, SAMPLE);
	if (r->kind == RG_CONTRACT)
		r->flops = 2 * elements * terms;
	r->work = (double)elements * (double)terms / SAMPLE *
	          (r->kind == RG_CONTRACT && r->tiled ? 1 : ELEMENT_WORK);
	r->split = (Split){ { 0, 0 }, 1 };
	if (axis < 0 || (r->tiled && !r->across && !tile_rows(f, r)))
		return;
	/* the copy of a single line: what it has many of is terms of the sum, which one owner copies */
	if (r->kind == RG_PACK && axis == r->space->rank - 1)
		return;
	Dim d = r->space->dim[axis];
	if (d.b)
		r->split = (Split){ { 1, 1 }, f->unit };
	else if (r->kind == RG_PACK && axis == r->space->rank - 2)
		r->split = (Split){ d, r->pack[0]->rows ? 16 : PANEL };
	else if (elements * terms >= SMALL_WORK)
		r->split = (Split){ d, axis == r->space->rank - 1 ? VECTOR_ROWS
			               : r->across               ? PANEL
			               : r->tiled                ? UNIT_ROWS
			                                         : 1 };
}

/* ---- accesses ---------------------------------------------------------------------------- */

typedef struct {
	Fn *f;
	Region *r;
	const Ex *row[32]; int step[32], nrow; /* variables that run over the owner's rows     */
} Walk;

static bool names(const Ex *e, const char *name)
{
	if (e->kind == E_NAME)
		return e->u.name[0] == name[0] && e->u.name[1] == name[1] && !e->u.name[2];
	for (int i = 0; i < e->narg; i++)
		if (names(e->arg[i], name))
			return true;
	return false;
}

/* Is index `at` of a dimension of extent d a row of the owner, in proportion? */
static bool proportional(Walk *w, Ex *at, const Ex *row, int step, Dim d)
{
	Dim rows = row->dim, c;
	int64_t by = 1;
	if (rows.b != d.b)
		return false;
	if (at == row)
		return dim_eq(d, rows);
	const Ex *q = at;
	for (; q->kind == E_DIV && q->arg[1]->kind == E_INT; q = q->arg[0])
		by *= q->arg[1]->u.i;
	if (q == row)
		return rows.k == by * d.k && w->r->split.rows.b;
	if (d.k % rows.k || !ex_linear(at, row, &c) || !dim_is(c, d.k / rows.k))
		return false;
	Ex *rest = ex_subst(w->f->lower, at, row, ex_int(w->f->lower, 0));
	c = dim_with(c, c.k * step);                 /* a loop by steps stays inside its bound */
	return ex_below(rest, c);
}

static void add_access(Walk *w, Buffer *b, Ex *outer, bool write)
{
	Region *r = w->r;
	Buffer *whole = b->of ? b->of : b;
	int axis = buffer_axis(b);
	bool slice = false;
	if (b->place == PL_ROW)
		return;
	for (int i = 0; i < w->nrow && axis >= 0 && !slice; i++)
		slice = proportional(w, outer, w->row[i], w->step[i], b->ty.dim[axis]);
	if (b->of && axis)
		slice = false;
	if (write && r->kind == RG_SCATTER)
		slice = w->nrow > 0;   /* the guard lets only own rows through */
	*(write ? &whole->written : &whole->read) = true;
	for (int i = 0; i < r->naccess; i++)
		if (r->access[i].buf == whole && r->access[i].write == write) {
			r->access[i].slice &= slice;
			return;
		}
	Access a = { whole, whole->id, write, slice, write && r->kind == RG_PACK && w->nrow > 0, false, 0 };
	PUSH(w->f->mem, r->access, r->naccess, r->capaccess, a);
}

static void ex_accesses(Walk *w, const Ex *e)
{
	if (e->kind == E_LOAD)
		add_access(w, e->u.buf, e->arg[1], false);
	for (int i = 0; i < e->narg; i++)
		if (e->kind != E_LOAD || i == 0)
			ex_accesses(w, e->arg[i]);
}

static void k_accesses(Walk *w, const K *k)
{
	for (; k; k = k->next)
		switch (k->kind) {
		case K_FOR:
			if (names(k->u.loop.bound, "hi") && w->nrow < 32) {
				w->step[w->nrow] = k->u.loop.how == LANES ? 1 : k->u.loop.step;
				w->row[w->nrow++] = k->u.loop.var;
			}
			k_accesses(w, k->u.loop.body);
			k_accesses(w, k->u.loop.tail);
			break;
		case K_LET:
			ex_accesses(w, k->u.let.init);
			break;
		case K_SET:
			ex_accesses(w, k->u.set.val);
			break;
		case K_STORE:
			ex_accesses(w, k->u.store.at);
			ex_accesses(w, k->u.store.val);
			add_access(w, k->u.store.buf, k->u.store.outer, true);
			break;
		case K_IF:
			ex_accesses(w, k->u.cond.cond);
			k_accesses(w, k->u.cond.then);
			break;
		case K_TURN:
			ex_accesses(w, k->u.turn.from);
			add_access(w, k->u.turn.to, k->u.turn.outer, true);
			break;
		case K_AHEAD:          /* the store behind it counts */
		case K_NOTE:
			break;
		}
}

/* Do owners of this contraction share its columns, at least few of them (see step.c)? */
static bool columns_shared(const Region *r)
{
	return r->across || (r->kind == RG_CONTRACT && r->pack[0] && r->pack[0]->share);
}

void region_accesses(Fn *f, Region *r)
{
	Walk w = { .f = f, .r = r };
	k_accesses(&w, r->kernel->body);
	for (int i = 0; columns_shared(r) && i < r->naccess; i++) {
		r->access[i].slice = false;
		r->access[i].apart = r->access[i].write;
	}
}

/* ---- barriers ---------------------------------------------------------------------------- */

/* One kind of access to a buffer since the last barrier. */
typedef struct Touch {
	Access a;
	Split split;
	struct Touch *next;
} Touch;

typedef struct {
	Fn *f;
	Arena *mem;                    /* of the touches since the last barrier                */
	struct {
		Touch *touch;          /* different ones                                       */
		int epoch;             /* of its touches; older ones do not count              */
	} *of;                         /* by buffer                                            */
	int now;                       /* barriers so far                                      */
} Place1;

static bool same_split(Split a, Split b)
{
	return dim_eq(a.rows, b.rows) && a.unit == b.unit;
}

static bool crosses(const Touch *t, const Access *a, Split s)
{
	if (t->a.buf != a->buf || !(t->a.write || a->write))
		return false;
	if (!same_split(t->split, s))
		return true;
	return s.rows.k && !(t->a.slice && a->slice);
}

static Touch *touches(const Place1 *p, const Access *a)
{
	return p->of[a->id].epoch == p->now ? p->of[a->id].touch : 0;
}

static void touch(Place1 *p, const Access *a, Split s)
{
	Touch *first = touches(p, a);
	for (const Touch *t = first; t; t = t->next)
		if (t->a.write == a->write && t->a.slice == a->slice && same_split(t->split, s))
			return;
	Touch *t = NEW(p->mem, Touch);
	*t = (Touch){ *a, s, first };
	p->of[a->id].touch = t;
	p->of[a->id].epoch = p->now;
}

static void barriers_of(Place1 *p, Level *v);

static void barrier_before(Place1 *p, Region *r)
{
	bool cross = false;
	for (int i = 0; i < r->naccess; i++)
		for (const Touch *t = touches(p, &r->access[i]); t; t = t->next)
			cross |= crosses(t, &r->access[i], r->split);
	if (cross || !p->f->host->barrier) {
		p->now++;
		arena_reset(p->mem);
		p->f->nepoch++;
		if (cross && !r->barrier)
			p->f->nbarrier++;
		r->barrier |= cross;
	}
	r->epoch = p->f->nepoch;
	for (int i = 0; i < r->naccess; i++)
		touch(p, &r->access[i], r->split);
}

static void barriers_of(Place1 *p, Level *v)
{
	for (Region *r = v->first; r; r = r->next) {
		if (r->kind != RG_SCAN) {
			barrier_before(p, r);
			continue;
		}
		r->epoch = p->f->nepoch;
		/* twice: what a step does must also be right after the step before */
		barriers_of(p, r->body);
		barriers_of(p, r->body);
	}
}

void barriers(Fn *f)
{
	Arena *tables = arena_new();
	Place1 p = { .f = f, .mem = arena_new() };
	p.of = arena_alloc(tables, sizeof *p.of * (size_t)(f->nbuf + 1));
	if (!f->host->flat)
		barriers_of(&p, f->top);
	arena_free(p.mem);
	arena_free(tables);
}
