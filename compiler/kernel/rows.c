/* rows.c - strips of rows: which regions run one after the other for each row.
 *
 * In:    the regions of a level, in order.   Out: fewer: a reduction over rows, the maps and reductions
 *        over the same rows that read what it reads or gives, become one region RG_ROWS.
 * Holds: a member depends on members before it and on regions before the strip only.
 *
 * Softmax, cross-entropy with its gradient, layer_norm are such strips: the row is read from memory
 * once, and what nobody else reads stays in registers or in an array of the kernel.  Regions in
 * between that depend on the strip move behind it, others before it; so a gradient whose factor does
 * not wait for the loss is a member of the loss's own strip.  That members read each other at
 * their own row is found when the strip is lowered (rowloops.c); if not, they stay regions.
 */
#include "fuse.h"

enum { WINDOW = 64, MAXMEMBER = 24, MAXVALUES = 64, ROW_BYTES = 16384 };

/* Stored values that a region reads. */
typedef struct { const Node **v; int n, cap; } Reads;

typedef struct {
	Fuse *u;
	Arena *mem;
	Region **r; int n;             /* the level's, in order; 0: gone                       */
	Reads *reads;                  /* by place in that list                                */
	int *seen, now;                /* by node: the walk that has met it                    */
	int *mark;                     /* by node: stamp * 4 + what it is to the strip         */
	int stamp;
	/* the strip being formed */
	Region *member[MAXMEMBER]; int at[MAXMEMBER], nmember, nvalue;
	int nrow;
	const Type *like;              /* its leading nrow dimensions are the rows             */
} Form;

enum { M_READ, M_GIVEN, M_BEHIND };    /* read by the strip; given by it; by a region behind it */

/* ---- who reads what ---------------------------------------------------------------------- */

static void find_reads(Form *f, Reads *to, const Node *n, const Region *own)
{
	for (int i = 0; i < n->nin; i++) {
		const Node *x = n->in[i];
		const NodeInfo *info = info_of(f->u->v, x);
		if (f->seen[x->id] == f->now)
			continue;
		f->seen[x->id] = f->now;
		if (info->stored && info->region != own)
			PUSH(f->mem, to->v, to->n, to->cap, x);
		else
			find_reads(f, to, x, own);
	}
}

static const Reads *reads_of(Form *f, int i)
{
	const Region *r = f->r[i];
	Reads *to = &f->reads[i];
	if (to->cap)
		return to;
	f->now++;
	to->v = NEWN(f->mem, const Node *, to->cap = 4);
	if (r->kind == RG_PACK)
		find_reads(f, to, r->pack[0]->contract, r);
	else if (r->seed)
		find_reads(f, to, r->seed, r);
	for (int k = 0; k < r->nout && r->kind != RG_PACK; k++) {
		const Node *n = r->out[k].node;
		if (!n)
			continue;
		if (info_of(f->u->v, n)->region != r && info_of(f->u->v, n)->stored)
			PUSH(f->mem, to->v, to->n, to->cap, n);
		else
			find_reads(f, to, n, r);
	}
	return to;
}

/* ---- what may be a member ---------------------------------------------------------------- */

static bool ends_window(const Region *r)
{
	if (r->kind == RG_SCAN)
		return true;
	for (int i = 0; i < r->nout; i++)
		if (r->out[i].from)
			return true;
	return false;
}

int64_t row_length(const Type *t, int n)
{
	int64_t len = 1;
	for (int i = n; i < t->rank; i++)
		len = t->dim[i].b ? 0 : len * t->dim[i].k;
	return len;
}

/* A reduction of whole rows: trailing axes, and before them the batch. */
static bool can_begin(const Region *r, int *nrow)
{
	const Node *n = r->seed;
	int axis = 0;
	if (r->kind != RG_REDUCE)
		return false;
	const Type *t = &n->in[0]->ty;
	while (axis < t->rank && dim_is(t->dim[axis], 1))
		axis++;
	*nrow = t->rank;
	while (*nrow > 0 && n->a.red.axes >> (*nrow - 1) & 1)
		--*nrow;
	return n->a.red.axes >> *nrow << *nrow == n->a.red.axes && axis < *nrow && t->dim[axis].b &&
	       row_length(t, *nrow) > 0;
}

/* Does a reduction sum within rows alone, and not over some of them, too? */
static bool within_rows(const Region *q, int nrow)
{
	const Type *t = &q->seed->in[0]->ty;
	for (int i = 0; i < nrow; i++)
		if (q->seed->a.red.axes >> i & 1 && !dim_is(t->dim[i], 1))
			return false;
	return true;
}

static bool can_join_strip(const Form *f, const Region *q)
{
	const Type *t = q->space;
	if ((q->kind != RG_MAP && q->kind != RG_REDUCE) || q->need != f->member[0]->need ||
	    t->rank < f->nrow || f->nmember == MAXMEMBER || !row_length(t, f->nrow) ||
	    f->nvalue + q->nout + 1 > MAXVALUES)
		return false;
	for (int i = 0; i < f->nrow; i++)
		if (!dim_eq(t->dim[i], f->like->dim[i]))
			return false;
	for (int i = 0; i < q->nout; i++)
		if (!q->out[i].node)
			return false;
	return q->kind == RG_MAP || (row_length(t, f->nrow) == 1 && within_rows(q, f->nrow));
}

/* ---- forming one ------------------------------------------------------------------------- */

static void add_member(Form *f, int i)
{
	const Reads *reads = reads_of(f, i);
	Region *q = f->r[i];
	f->at[f->nmember] = i;
	f->member[f->nmember++] = q;
	f->nvalue += q->nout + (q->seed != 0);
	for (int k = 0; k < reads->n; k++)
		if (f->mark[reads->v[k]->id] / 4 != f->stamp)
			f->mark[reads->v[k]->id] = f->stamp * 4 + M_READ;
	for (int k = 0; k < q->nout; k++)
		f->mark[q->out[k].node->id] = f->stamp * 4 + M_GIVEN;
}

/* Bits 1 << M_READ ...: how region i meets the strip.  Reading the same small table is no reason to join. */
static int meets(Form *f, int i)
{
	const Reads *reads = reads_of(f, i);
	int bits = 0;
	for (int k = 0; k < reads->n; k++) {
		int m = f->mark[reads->v[k]->id];
		if (m / 4 == f->stamp && (m % 4 != M_READ || type_batched(&reads->v[k]->ty)))
			bits |= 1 << m % 4;
	}
	return bits;
}

/* Members of the strip that begins at i; returns the end of what was looked at. */
static int gather(Form *f, int i, bool *behind)
{
	int k, last = i;
	f->stamp++;
	f->nmember = f->nvalue = 0;
	f->like = &f->r[i]->seed->in[0]->ty;
	add_member(f, i);
	for (k = i + 1; k < f->n && k < last + WINDOW; k++) {
		Region *q = f->r[k];
		behind[k - i] = false;
		if (!q)
			continue;
		if (ends_window(q))
			break;
		int how = meets(f, k);
		if (how && !(how >> M_BEHIND & 1) && can_join_strip(f, q)) {
			add_member(f, k);
			last = k;
		} else if (how >> M_GIVEN) {
			behind[k - i] = true;
			for (int o = 0; o < q->nout; o++)
				if (q->out[o].node)
					f->mark[q->out[o].node->id] = f->stamp * 4 + M_BEHIND;
		}
	}
	return last + 1;
}

static Region *strip_new(Form *f)
{
	Fuse *u = f->u;
	Region *r = region_new(u->f, u->v, RG_ROWS);
	Type *rows = NEW(u->f->mem, Type);
	*rows = type_make(DT_REAL, f->nrow, f->like->dim);
	r->space = rows;
	r->nrow = f->nrow;
	r->need = f->member[0]->need;
	r->reason = "the same rows";
	r->member = NEWN(u->f->mem, Region *, f->nmember);
	r->nmember = f->nmember;
	for (int i = 0; i < f->nmember; i++) {
		r->member[i] = f->member[i];
		r->member[i]->strip = r;
	}
	return r;
}

/* Puts what was looked at into the new order: before the strip, the strip, behind it; the places that
 * are left over come first.  Returns the place of the strip. */
static int reorder(Form *f, int i, int end, const bool *behind)
{
	Region **old = NEWN(f->mem, Region *, end - i), *strip = strip_new(f);
	Reads *reads = NEWN(f->mem, Reads, end - i);
	int to = end, at, m = f->nmember - 1;
	for (int k = i; k < end; k++) {
		old[k - i] = f->r[k];
		reads[k - i] = f->reads[k];
	}
	for (int k = end - 1; k > i; k--)
		if (old[k - i] && behind[k - i]) {
			f->r[--to] = old[k - i];
			f->reads[to] = reads[k - i];
		}
	f->r[at = --to] = strip;
	f->reads[to] = (Reads){ 0 };
	for (int k = end - 1; k >= i; k--) {
		if (m >= 0 && f->at[m] == k) {
			m--;
		} else if (old[k - i] && !behind[k - i]) {
			f->r[--to] = old[k - i];
			f->reads[to] = reads[k - i];
		}
	}
	while (to > i)
		f->r[--to] = 0;
	return at;
}

/* ---- where its values live --------------------------------------------------------------- */

/* By node: the strip that all its readers are in, or 0. */
static Region **homes(Form *f)
{
	const Level *v = f->u->v;
	const Graph *g = v->g;
	Region **home = NEWN(f->mem, Region *, g->n + 1);
	bool *met = NEWN(f->mem, bool, g->n + 1);
	for (int i = 0; i < g->nroot; i++)
		met[g->root[i].node->id] = true;
	for (int i = g->n - 1; i >= 0; i--) {
		const Node *n = g->node[i];
		const NodeInfo *info = &v->info[i];
		if (!info->live)
			continue;
		Region *to = !info->stored ? home[i] : info->region ? info->region->strip : 0;
		for (int k = 0; k < n->nin; k++) {
			int x = n->in[k]->id;
			home[x] = met[x] && home[x] != to ? 0 : to;
			met[x] = true;
		}
	}
	return home;
}

/* A storage of one row. */
static const Storage *row_storage(Fn *f, const Buffer *b, int nrow)
{
	Storage *s = NEW(f->mem, Storage);
	*s = *b->st;
	s->len = dim_num((int)row_length(&b->ty, nrow));
	for (int i = 0; i < nrow; i++)
		s->extent[i] = dim_num(1);
	return s;
}

static bool reads_value(const Region *q, const Node *n)
{
	for (int i = 0; i < q->ninlined; i++)
		for (int k = 0; k < q->inlined[i]->nin; k++)
			if (q->inlined[i]->in[k] == n)
				return true;
	for (int i = 0; i < q->nout; i++)
		for (int k = 0; k < q->out[i].node->nin; k++)
			if (q->out[i].node->in[k] == n)
				return true;
	return q->seed && q->seed->in[0] == n;
}

/* A row that is too long for an array lies where a later result of the same shape will be written, if
 * that one's member is the last to read it. */
static void lie_under(Form *f, Region *r, int by, Node const *n)
{
	NodeInfo *info = info_of(f->u->v, n);
	for (int i = by + 1; i < r->nmember; i++) {
		const Region *q = r->member[i];
		bool later = false;
		for (int k = i + 1; k < r->nmember; k++)
			later |= reads_value(r->member[k], n);
		if (later || !reads_value(q, n) || q->kind != RG_MAP || q->nout != 1)
			continue;
		Buffer *b = q->out[0].buf;
		if (b->place != PL_ARENA || b->of || b->f64 || b->half ||
		    n->ty.dt != DT_REAL || b->ty.dt != DT_REAL || !type_shape_eq(&b->ty, &n->ty))
			continue;
		info->buf = b;
		return;
	}
}

static void place_values(Form *f, Region *r, Region *const *home)
{
	Fn *fn = f->u->f;
	int64_t room = ROW_BYTES;
	for (int i = 0; i < r->nmember; i++) {
		Region *m = r->member[i];
		for (int k = 0; k < m->nout; k++) {
			Output *o = &m->out[k];
			int64_t len = row_length(&o->node->ty, r->nrow);
			int64_t bytes = len * elem_bytes(o->buf, fn->o->f64);
			if (home[o->node->id] != r || o->buf->of || o->buf->place != PL_ARENA) {
				add_output(f->u, r, o->node, o->buf);
				continue;
			}
			if (len > 1 && (!fn->host->barrier || bytes > room)) {
				o->own = o->buf;
				lie_under(f, r, i, o->node);
				o->buf = info_of(f->u->v, o->node)->buf;
				continue;
			}
			room -= len > 1 ? bytes : 0;
			o->lay = o->buf->st;
			o->buf->place = PL_ROW;
			o->buf->st = row_storage(fn, o->buf, r->nrow);
		}
	}
}

/* The strip could not be lowered: its members are regions after all. */
void rows_undo(Region *r)
{
	for (int i = 0; i < r->nmember; i++) {
		Region *m = r->member[i];
		m->strip = 0;
		for (int k = 0; k < m->nout; k++) {
			Output *o = &m->out[k];
			if (o->lay) {
				o->buf->st = o->lay;
				o->buf->place = PL_ARENA;
			} else if (o->own) {
				o->buf = info_of(m->level, o->node)->buf = o->own;
			}
			o->own = 0;
			o->lay = 0;
		}
	}
}

void rows_form(Fuse *u)
{
	Arena *a = u->f->scratch;
	Form f = { .u = u, .mem = a };
	const Graph *g = u->v->g;
	for (Region *r = u->v->first; r; r = r->next)
		f.n++;
	f.r = NEWN(a, Region *, f.n + 1);
	f.reads = NEWN(a, Reads, f.n + 1);
	f.seen = NEWN(a, int, g->n + 1);
	f.mark = NEWN(a, int, g->n + 1);
	bool *behind = NEWN(a, bool, MAXMEMBER * WINDOW + WINDOW + 1);
	f.n = 0;
	for (Region *r = u->v->first; r; r = r->next)
		f.r[f.n++] = r;
	int strips = 0;
	for (int i = 0; i < f.n; i++) {
		if (!f.r[i] || !can_begin(f.r[i], &f.nrow))
			continue;
		int end = gather(&f, i, behind);
		if (f.nmember < 2)
			continue;
		i = reorder(&f, i, end, behind);
		strips++;
	}
	if (!strips)
		return;
	Region **home = homes(&f);
	u->v->first = u->v->last = 0;
	for (int i = 0; i < f.n; i++) {
		if (!f.r[i])
			continue;
		f.r[i]->next = 0;
		region_append(u->v, f.r[i]);
		if (f.r[i]->kind == RG_ROWS)
			place_values(&f, f.r[i], home);
	}
}
