/* tile.c - contractions in register tiles: named accumulators, a list of loops over the sum.
 *
 * In:    a contraction and its epilogue.   Out: loop IR with the tile unrolled.
 * Holds: every element is one chain of nnc_fma over the sum in order, in full and in remaining rows
 *        and columns alike, so that who computes it changes no bit.
 *
 *     columns  trailing dimensions of the result that one operand has alone: lanes
 *     rows     the last dimension of the result that the other operand has alone: tile rows
 *     outer    all other dimensions of the result: loops around
 *     sum      the other labels: loops inside, one if the operands allow
 *
 *     for outer
 *       for j in columns by 2 vectors            (then single vectors, the last one partial)
 *         for i in rows by 6, 4, 2, 1
 *           c00 .. c51 = 0
 *           for k in sum: b0, b1 = vectors of B at k, j; a = A at i + r, k; c[r][v] += a * b[v]
 *           epilogue and store of c00 .. c51
 *
 * B is read where it lies if its columns are adjacent in memory.  If not, or if it is an index map,
 * a region before copies it to panels [columns / 2 VL][sum][2 VL], once.
 */
#include "op.h"

#include <string.h>

enum { MIN_COLUMNS = 4, VECTORS_OF_ONE = 8 };

typedef struct {
	const Node *n;
	int side;                      /* of the columns                                       */
	Dim ext[MAXLABEL];
	uint32_t in[2];                /* labels of each operand                               */
	int col[MAXRANK], ncol;
	int row;                       /* label, or -1                                         */
	int outer[MAXRANK], nouter;
	int sum[MAXLABEL], nsum;
	Dim columns, sums;
	Ex *at[MAXLABEL];              /* index of each label                                  */
	Ex *c, *i, *k[MAXLABEL]; int nk;       /* variables: column, row, sum                  */
	Dim kext[MAXLABEL];
	Ex *b, *a;                     /* elements of the operands; loads                      */
	Dim acol[MAXLABEL], arow;      /* strides of a along k and i                           */
	Dim bk[MAXLABEL];
	const char *why;               /* not taken                                            */
} Tile;

/* ---- which label is what -------------------------------------------------------------------------- */

static bool refuse(Tile *t, const char *why)
{
	t->why = why;
	return false;
}

static void labels(Tile *t, const Node *n)
{
	memset(t, 0, sizeof *t);
	t->n = n;
	t->row = -1;
	for (int s = 0; s < 2; s++)
		for (int i = 0; i < n->in[s]->ty.rank; i++) {
			int label = (s ? n->a.con.b : n->a.con.a)[i];
			t->in[s] |= 1u << label;
			t->ext[label] = n->in[s]->ty.dim[i];
		}
}

static bool only_in(const Tile *t, int label, int side)
{
	return t->in[side] >> label & 1 && !(t->in[1 - side] >> label & 1);
}

static bool classify(Lower *l, Tile *t)
{
	int nout = t->n->a.con.nout, last = nout - 1;
	bool column[MAXLABEL] = { false };
	while (last >= 0 && one_index(l, t->ext[last]))
		last--;
	if (last < 0)
		return refuse(t, "a single number");
	t->side = t->in[0] >> last & 1 ? 0 : 1;
	t->columns = t->sums = dim_num(1);
	for (int i = last; i >= 0; i--) {
		if (one_index(l, t->ext[i]))
			continue;
		if (!only_in(t, i, t->side) || t->ext[i].b || !dim_mul(t->columns, t->ext[i], &t->columns))
			break;
		column[i] = true;
	}
	if (!column[last])
		return refuse(t, "the last dimension belongs to both operands");
	for (int i = 0; i < nout; i++) {
		t->at[i] = ex_int(l, 0);
		if (one_index(l, t->ext[i]))
			continue;
		if (column[i])
			t->col[t->ncol++] = i;
		else if (only_in(t, i, 1 - t->side))
			t->row = i;
	}
	for (int i = 0; i < nout; i++)
		if (!one_index(l, t->ext[i]) && !column[i] && i != t->row)
			t->outer[t->nouter++] = i;
	for (int i = nout; i < t->n->a.con.nlabel; i++) {
		t->at[i] = ex_int(l, 0);
		if (one_index(l, t->ext[i]))
			continue;
		t->sum[t->nsum++] = i;
		if (!dim_mul(t->sums, t->ext[i], &t->sums))
			return refuse(t, "the sum runs over two batches");
	}
	if (t->columns.k < MIN_COLUMNS)
		return refuse(t, "too few columns");
	return true;
}

/* Indices of labels v[0..n) from one index of them all. */
static void spread(Lower *l, Tile *t, const int *v, int n, Ex *e)
{
	for (int i = n - 1; i >= 0; i--) {
		Ex *d = ex_dim(l, t->ext[v[i]]);
		t->at[v[i]] = i ? ex_mod(l, e, d) : e;
		e = i ? ex_div(l, e, d) : e;
	}
}

static Ex *operand(Lower *l, const Tile *t, int side)
{
	const Node *x = t->n->in[side];
	const int8_t *label = side ? t->n->a.con.b : t->n->a.con.a;
	Ex *ix[MAXRANK];
	for (int i = 0; i < x->ty.rank; i++)
		ix[i] = t->at[label[i]];
	return read_at(l, x, ix);
}

static bool strides(const Tile *t, const Ex *load, Dim *along)
{
	if (load->kind != E_LOAD || load->dt != DT_REAL || load->u.buf->f64)
		return false;
	for (int i = 0; i < t->nk; i++)
		if (!ex_linear(load->arg[0], t->k[i], &along[i]))
			return false;
	return true;
}

/* With variables for columns, rows and sum in place: which operands are affine in them? */
static bool a_fits(Lower *l, Tile *t)
{
	t->a = operand(l, t, 1 - t->side);
	t->arow = dim_num(0);
	return strides(t, t->a, t->acol) && (!t->i || ex_linear(t->a->arg[0], t->i, &t->arow));
}

static bool b_fits(Lower *l, Tile *t)
{
	Dim c;
	t->b = operand(l, t, t->side);
	return strides(t, t->b, t->bk) && ex_linear(t->b->arg[0], t->c, &c) && dim_is(c, 1);
}

/* One variable for the whole sum, or one for each label. */
static void sum_vars(Lower *l, Tile *t, int depth, bool nests)
{
	t->nk = nests ? t->nsum : t->nsum > 0;
	for (int i = 0; i < t->nk; i++) {
		t->kext[i] = nests ? t->ext[t->sum[i]] : t->sums;
		t->k[i] = ex_var(l, job_symf(l->job, "k%d", depth + i), t->kext[i], depth + i);
		if (nests)
			t->at[t->sum[i]] = t->k[i];
	}
	if (t->nsum && !nests)
		spread(l, t, t->sum, t->nsum, t->k[0]);
}

/* A step of many bytes from one index of the sum to the next uses few sets of the cache, and a
 * whole line for each number. */
static bool bad_step(const Tile *t, Dim step, int aligned)
{
	return t->nk > 0 && (t->kext[t->nk - 1].b || t->kext[t->nk - 1].k >= PANEL) &&
	       (step.b || step.k % aligned == 0);
}

/* ---- planning ------------------------------------------------------------------------------------------ */

bool tile_rows(Fn *f, const Region *r)
{
	Tile t;
	labels(&t, r->seed);
	return classify(f->lower, &t) && (t.nouter || t.row >= 0) &&
	       !(t.ncol && t.col[0] < (t.nouter ? t.outer[0] : t.row));
}

static bool varies(const Ex *e, const Level *v)
{
	if (e->kind == E_LOAD && e->u.buf->depth >= v->depth)
		return true;
	if (e == v->tick || e->kind == E_RANDOM)
		return true;
	for (int i = 0; i < e->narg; i++)
		if (varies(e->arg[i], v))
			return true;
	return false;
}

static bool only_params(const Ex *e)
{
	if (e->kind == E_LOAD && e->u.buf->place != PL_PARAM)
		return false;
	for (int i = 0; i < e->narg; i++)
		if (!only_params(e->arg[i]))
			return false;
	return true;
}

/* Before the region `before`; 0: at the end. */
static void insert(Level *v, Region *r, const Region *before)
{
	Region *p = v->first;
	if (!before) {
		region_append(v, r);
		return;
	}
	r->next = (Region *)(uintptr_t)before;
	if (p == before) {
		v->first = r;
		return;
	}
	while (p->next != before)
		p = p->next;
	p->next = r;
}

/* Weights are packed where the function begins; what a scan does not change, before the scan. */
static void place_pack(Level *v, Region *r, const Ex *e)
{
	const Region *before = 0;
	while (v->outer && !varies(e, v)) {
		before = v->outer->first;
		while (before->kind != RG_SCAN || before->body != v)
			before = before->next;
		v = v->outer;
	}
	if (!v->outer && only_params(e))
		for (before = v->first; before && before->kind == RG_PACK; )
			before = before->next;
	insert(v, r, before);
}

/* [outer labels.., columns rounded up or rows, sum] */
static bool pack_type(const Tile *t, bool rows, Type *ty)
{
	Dim d[MAXRANK], size;
	int n = 0;
	uint32_t in = t->in[rows ? 1 - t->side : t->side];
	for (int i = 0; i < t->nouter; i++)
		if (in >> t->outer[i] & 1)
			d[n++] = t->ext[t->outer[i]];
	if (n + 2 > MAXRANK)
		return false;
	d[n++] = !rows ? dim_num((t->columns.k + PANEL - 1) / PANEL * PANEL) :
	         t->row >= 0 ? t->ext[t->row] : dim_num(1);
	d[n++] = t->sums;
	*ty = type_make(DT_REAL, n, d);
	return type_size(ty, &size);
}

static bool way_out(Region *r, const char *why)
{
	r->way_out = true;
	r->tiled = false;
	r->reason = why;
	r->pack[0] = r->pack[1] = 0;
	return false;
}

/* Adds a region that copies one operand. */
static void add_pack(Fn *f, Level *v, Region *r, const Tile *t, bool rows, const Type *ty)
{
	Region *p = region_new(f, v, RG_PACK);
	Pack *k = NEW(f->mem, Pack);
	k->contract = r->seed;
	k->side = rows ? 1 - t->side : t->side;
	k->rows = rows;
	k->buf = buffer_new(f, 0, ty, PL_ARENA, job_sym(f->job, rows ? "rows" : "panels"));
	p->pack[0] = r->pack[rows ? 1 : 0] = k;
	p->space = *ty;
	p->need = r->need;
	p->reason = rows ? "a row is not adjacent along the sum" : "columns are not adjacent in memory";
	place_pack(v, p, rows ? t->a : t->b);
}

static bool tile_vars_free(Fn *f, Tile *t, const Region *r)
{
	Lower *l = f->lower;
	labels(t, r->seed);
	if (!classify(l, t))
		return false;
	t->c = ex_var(l, 0, t->columns, 1);
	spread(l, t, t->col, t->ncol, t->c);
	if (t->row >= 0)
		t->at[t->row] = t->i = ex_var(l, 0, t->ext[t->row], 1);
	for (int i = 0; i < t->nouter; i++)
		t->at[t->outer[i]] = ex_var(l, 0, t->ext[t->outer[i]], 1);
	return true;
}

void tile_plan(Fn *f, Level *v, Region *r)
{
	Lower *l = f->lower;
	Tile t;
	Type panels, rows;
	l->level = v;
	l->region = r;
	if (!tile_vars_free(f, &t, r)) {
		way_out(r, t.why);
		return;
	}
	sum_vars(l, &t, 1, false);
	bool a = a_fits(l, &t), b = b_fits(l, &t);
	if (!(a && b) && t.nsum > 1) {
		Tile u = t;
		sum_vars(l, &u, 1, true);
		r->nests = a_fits(l, &u) && b_fits(l, &u);
	}
	/* a single row: lanes along the sum, if both operands lie so */
	r->dot = t.row < 0 && t.nk == 1 && !t.kext[0].b && a && !b && dim_is(t.acol[0], 1) &&
	         strides(&t, t.b, t.bk) && dim_is(t.bk[0], 1);
	if (!r->nests && !r->dot) {
		/* worth a copy even if it fits: rows across the memory, pitches of a power of two */
		if (a && b && t.row >= 0) {
			a = t.nk == 0 || dim_is(t.acol[0], 1) || !bad_step(&t, t.acol[0], 16);
			b = !bad_step(&t, t.bk[0], 128);
		}
		if ((!b && !pack_type(&t, false, &panels)) || (!a && !pack_type(&t, true, &rows))) {
			way_out(r, "the packed operand would be too large");
			return;
		}
		if (!b)
			add_pack(f, v, r, &t, false, &panels);
		if (!a)
			add_pack(f, v, r, &t, true, &rows);
	}
	r->tiled = true;
}

/* ---- panels ------------------------------------------------------------------------------------------------ */

static Ex *lanes_of(Lower *l, int n)
{
	Ex key;
	memset(&key, 0, sizeof key);
	key.kind = E_LANES;
	key.dt = DT_I32;
	return ex_mul(l, ex_get(l, &key), ex_int(l, n));
}

static bool has(const Tile *t, int side, int label)
{
	return t->in[side] >> label & 1;
}

/* Where the copy for these outer indices begins. */
static Ex *pack_base(Lower *l, const Tile *t, const Pack *p)
{
	Ex *e = ex_int(l, 0);
	Dim size;
	int n = 0;
	for (int i = 0; i < t->nouter; i++)
		if (has(t, p->side, t->outer[i]))
			e = ex_add(l, ex_mul(l, e, ex_dim(l, p->buf->ty.dim[n++])), t->at[t->outer[i]]);
	if (!dim_mul(p->buf->ty.dim[n], p->buf->ty.dim[n + 1], &size))
		bug(l->job, "tile: packed operand too large");
	return ex_mul(l, e, ex_dim(l, size));
}

static Ex *first_outer(const Tile *t, int side, Ex *other)
{
	for (int i = 0; i < t->nouter; i++)
		if (has(t, side, t->outer[i]))
			return t->at[t->outer[i]];
	return other;
}

/* side: loops over the labels of this operand only; -1: all. */
static bool outer_loops(Lower *l, Tile *t, int side)
{
	bool any = false;
	for (int i = 0; i < t->nouter; i++) {
		if (side >= 0 && !has(t, side, t->outer[i]))
			continue;
		scope_open(l);
		t->at[t->outer[i]] = loop_var(l, t->ext[t->outer[i]], "i");
		any = true;
	}
	return any;
}

static void outer_close(Lower *l, Tile *t, int side)
{
	int first = -1;
	for (int i = t->nouter - 1; i >= 0; i--)
		if (side < 0 || has(t, side, t->outer[i]))
			first = i;
	for (int i = t->nouter - 1; i >= 0; i--) {
		Ex *from = ex_int(l, 0), *bound = ex_dim(l, t->ext[t->outer[i]]);
		if (side >= 0 && !has(t, side, t->outer[i]))
			continue;
		bool mine = i == first && (side >= 0 || t->row < 0 || t->outer[i] < t->row);
		if (mine)
			owned_range(l, t->ext[t->outer[i]], &from, &bound);
		K *body = scope_close(l);
		loop_emit(l, t->at[t->outer[i]], from, bound, mine ? OWNED : SERIAL, body);
	}
}

typedef struct {
	Tile t;
	const Pack *p;
	Dim lines;                     /* columns or rows                                      */
	Ex *x, *k;                     /* which of them, and index of the sum                  */
	Ex *from, *bound;              /* this owner's                                         */
	bool owned;
} Copy;

static Ex *copy_source(Lower *l, Copy *c, Ex *x, Ex *k)
{
	Tile *t = &c->t;
	spread(l, t, t->sum, t->nsum, k);
	if (!c->p->rows)
		spread(l, t, t->col, t->ncol, x);
	else if (t->row >= 0)
		t->at[t->row] = x;
	return operand(l, t, c->p->side);
}

/* Position of column x (of a panel that begins at j), or of row x. */
static Ex *copy_target(Lower *l, const Copy *c, Ex *j, Ex *x, Ex *k)
{
	Ex *sums = ex_dim(l, c->t.sums), *base = pack_base(l, &c->t, c->p);
	if (c->p->rows)
		return ex_add(l, base, ex_add(l, ex_mul(l, ex_add(l, j, x), sums), k));
	/* j is a multiple of VL: the panel of 2 VL columns and the place in it */
	Ex *two = lanes_of(l, 2), *in = ex_make(l, E_MOD, DT_I32, (Ex *[]){ j, two }, 2);
	return ex_add(l, ex_add(l, base, ex_mul(l, ex_sub(l, j, in), sums)),
	              ex_add(l, ex_add(l, in, ex_mul(l, k, two)), x));
}

static void copy_store(Lower *l, Copy *c, Ex *j, Ex *x, Ex *k)
{
	Ex *at = ex_add(l, j, x);
	Ex *inside = c->p->rows || c->t.columns.k % PANEL == 0 ? ex_int(l, 1) :
	             ex_make(l, E_LT, DT_I32, (Ex *[]){ at, ex_dim(l, c->t.columns) }, 2);
	K *s = emit(l, K_STORE);
	s->u.store.buf = c->p->buf;
	s->u.store.at = copy_target(l, c, j, x, k);
	s->u.store.outer = first_outer(&c->t, c->p->side, j);
	s->u.store.val = ex_cond(l, inside, copy_source(l, c, at, k), ex_num(l, 0, DT_REAL));
}

/* NNC_VL lines from j on, one element after the other, sum indices from..K-1. */
static void copy_lines(Lower *l, Copy *c, Ex *j, Ex *from)
{
	scope_open(l);
	Ex *k = loop_var(l, c->t.sums, "k");
	scope_open(l);
	Ex *x = loop_var(l, dim_num(0), "c");
	copy_store(l, c, j, x, k);
	K *body = scope_close(l);
	Ex *n = lanes_of(l, 1);
	if (c->p->rows) {
		/* the last rows may be fewer */
		Ex *rest = ex_sub(l, c->bound, j);
		n = ex_cond(l, ex_make(l, E_LT, DT_I32, (Ex *[]){ rest, n }, 2), rest, n);
		n = let_new(l, ex_intval(l, n), false, "rows", l->scope->depth);
		n = ex_make(l, E_ELEMINT, DT_I32, &n, 1);
	}
	loop_emit(l, x, ex_int(l, 0), n, SERIAL, body);
	loop_emit(l, k, from, ex_dim(l, c->t.sums), SERIAL, scope_close(l));
}

/* Can blocks of NNC_VL lines x NNC_VL sum indices be copied in registers? */
static bool copy_turns(Lower *l, Copy *c, Dim *line, Dim *along)
{
	Ex *x = ex_var(l, 0, c->lines, 9), *k = ex_var(l, 0, c->t.sums, 9);
	Ex *e = copy_source(l, c, x, k);
	if (e->kind != E_LOAD || e->dt != DT_REAL || e->u.buf->f64 ||
	    !ex_linear(e->arg[0], x, line) || !ex_linear(e->arg[0], k, along))
		return false;
	return dim_is(*line, 1) || (!c->p->rows && dim_is(*along, 1));
}

/* Columns that are adjacent already: vectors copied. */
static void copy_vector(Lower *l, Copy *c, Ex *j, Ex *k)
{
	Ex *load = copy_source(l, c, j, k), key = *load;
	key.wide = true;
	K *s = emit(l, K_STORE);
	s->u.store.buf = c->p->buf;
	s->u.store.at = copy_target(l, c, j, ex_int(l, 0), k);
	s->u.store.outer = first_outer(&c->t, c->p->side, j);
	s->u.store.val = ex_get(l, &key);
	s->u.store.wide = true;
}

/* One block: to[i][c] = from[c][i]. */
static void copy_block(Lower *l, Copy *c, Ex *j, Ex *k, Dim step)
{
	Ex *load = copy_source(l, c, j, k);
	K *s = emit(l, K_TURN);
	s->u.turn.to = c->p->buf;
	s->u.turn.at = copy_target(l, c, j, ex_int(l, 0), k);
	s->u.turn.outer = first_outer(&c->t, c->p->side, j);
	s->u.turn.from = load;
	s->u.turn.to_step = c->p->rows ? ex_dim(l, c->t.sums) : lanes_of(l, 2);
	s->u.turn.from_step = ex_dim(l, step);
}

static void copy_body(Lower *l, Copy *c, Ex *j)
{
	Dim line, along;
	if (!copy_turns(l, c, &line, &along)) {
		copy_lines(l, c, j, ex_int(l, 0));
		return;
	}
	/* whole blocks while all lines are there, then the rest of the sum */
	Ex *end = c->p->rows ? c->bound : ex_dim(l, c->t.columns);
	Ex *zero = ex_int(l, 0), *sums = ex_dim(l, c->t.sums);
	bool vectors = !c->p->rows && dim_is(line, 1);
	Ex *rest = vectors ? zero : ex_make(l, E_MOD, DT_I32, (Ex *[]){ sums, lanes_of(l, 1) }, 2);
	Ex *whole = let_new(l, ex_intval(l, ex_cond(l, ex_make(l, E_LE, DT_I32, (Ex *[]){
		ex_add(l, j, lanes_of(l, 1)), end }, 2),
		ex_sub(l, sums, rest), zero)),
		false, "whole", l->scope->depth);
	whole = ex_make(l, E_ELEMINT, DT_I32, &whole, 1);
	scope_open(l);
	Ex *k = loop_var(l, c->t.sums, "k");
	if (vectors)
		copy_vector(l, c, j, k);
	else
		copy_block(l, c, j, k, c->p->rows ? along : line);
	loop_emit(l, k, zero, whole, SERIAL, scope_close(l))->u.loop.by = vectors ? 0 : lanes_of(l, 1);
	copy_lines(l, c, j, whole);
}

/* Panels: out[(j / 2VL) * 2VL * K + k * 2VL + c] is column j + c at sum index k, 0 beyond the
 * columns.  Rows: out[j * K + k] is row j at k. */
void pack_lower(Lower *l, Region *r)
{
	Copy c = { .p = r->pack[0] };
	labels(&c.t, c.p->contract);
	classify(l, &c.t);
	scope_open(l);
	bool outer = outer_loops(l, &c.t, c.p->side);
	c.lines = c.p->buf->ty.dim[c.p->buf->ty.rank - 2];
	c.from = ex_int(l, 0);
	c.bound = ex_dim(l, c.lines);
	if (!outer)
		owned_range(l, c.lines, &c.from, &c.bound);
	scope_open(l);
	Ex *j = loop_var(l, c.lines, "j");
	copy_body(l, &c, j);
	K *k = loop_emit(l, j, c.from, c.bound, outer ? SERIAL : OWNED, scope_close(l));
	k->u.loop.by = lanes_of(l, 1);
	k->u.loop.ragged = c.p->rows;
	outer_close(l, &c.t, c.p->side);
	r->kernel->body = scope_close(l);
}

/* ---- the tile ------------------------------------------------------------------------------------------------- */

static Ex *shifted(Lower *l, const Ex *load, Ex *by)
{
	Ex key = *load, *arg[2] = { ex_add(l, load->arg[0], by), load->arg[1] };
	key.arg = arg;
	key.narg = 2;
	return ex_get(l, &key);
}

/* The vector of b at column j + v lanes, at the variables of the sum. */
static Ex *b_vector(Lower *l, const Tile *t, const Region *r, int v, Ex *panel)
{
	Ex *load;
	if (r->pack[0]) {
		Buffer *b = r->pack[0]->buf;
		Ex key, *arg[2], *k = ex_int(l, 0);
		Dim two_k = t->sums;
		memset(&key, 0, sizeof key);
		for (int i = 0; i < t->nk; i++)        /* position in the whole sum */
			k = ex_add(l, ex_mul(l, k, ex_dim(l, t->kext[i])), t->k[i]);
		arg[0] = ex_add(l, ex_add(l, panel, ex_mul(l, k, lanes_of(l, 2))),
		                ex_add(l, ex_mul(l, lanes_of(l, 2 * (v / 2)), ex_dim(l, two_k)),
		                       lanes_of(l, v % 2)));
		arg[1] = first_outer(t, t->side, ex_int(l, 0));
		key.kind = E_LOAD;
		key.dt = DT_REAL;
		key.u.buf = b;
		key.arg = arg;
		key.narg = 2;
		key.wide = true;
		return ex_get(l, &key);
	}
	load = shifted(l, t->b, lanes_of(l, v));
	Ex key = *load;
	key.wide = true;
	key.text = l->lanes;
	return ex_get(l, &key);
}

/* All multiply-adds at one index of the sum. */
static void multiply(Lower *l, const Tile *t, const Region *r, int rows, int vecs, Ex **c, Ex *panel)
{
	Ex *b[VECTORS_OF_ONE];
	int depth = l->scope->depth;
	for (int v = 0; v < vecs; v++)
		b[v] = let_new(l, b_vector(l, t, r, v, panel), false, "b", depth);
	for (int i = 0; i < rows; i++) {
		Dim step = { t->arow.k * i, t->arow.b };
		Ex *load = shifted(l, t->a, ex_dim(l, step));
		K *k = emit(l, K_LET);
		Ex key = *b[0];
		key.u.name = job_symf(l->job, "a%d", l->nname++);
		Ex *a = ex_get(l, &key);
		k->u.let.name = a;
		k->u.let.init = load;
		for (int v = 0; v < vecs; v++) {
			Ex *acc = c[i * vecs + v];
			K *set = emit(l, K_SET);
			set->u.set.name = acc;
			Ex sum = *acc;
			sum.kind = E_FMA;
			sum.narg = 3;
			sum.u.i = 0;
			sum.arg = (Ex *[]){ a, b[v], acc };
			set->u.set.val = ex_get(l, &sum);
		}
	}
}

/* multiply() with the innermost variable moved on by n. */
static void multiply_at(Lower *l, const Tile *t, const Region *r, int rows, int vecs, Ex **c, Ex *panel,
                        Ex *at)
{
	Tile u = *t;
	Ex *k = t->k[t->nk - 1];
	if (at == k) {
		multiply(l, t, r, rows, vecs, c, panel);
		return;
	}
	u.a = ex_subst(l, t->a, k, at);
	if (!r->pack[0])
		u.b = ex_subst(l, t->b, k, at);
	u.k[t->nk - 1] = at;
	multiply(l, &u, r, rows, vecs, c, panel);
}

static void sum_loop(Lower *l, const Tile *t, const Region *r, int n, int rows, int vecs, Ex **c,
                     Ex *panel, int unroll)
{
	if (t->nk == 0) {
		multiply(l, t, r, rows, vecs, c, panel);
		return;
	}
	Ex *k = t->k[n], *bound = ex_dim(l, t->kext[n]), *zero = ex_int(l, 0);
	if (n + 1 < t->nk) {
		scope_open(l);
		sum_loop(l, t, r, n + 1, rows, vecs, c, panel, unroll);
		loop_emit(l, k, zero, bound, SERIAL, scope_close(l));
		return;
	}
	bool fixed = !t->kext[n].b;
	int extent = t->kext[n].k, left = fixed ? extent % unroll : 1;
	if (!fixed || extent >= unroll) {
		scope_open(l);
		for (int u = 0; u < unroll; u++)
			multiply_at(l, t, r, rows, vecs, c, panel, ex_add(l, k, ex_int(l, u)));
		K *f = loop_emit(l, k, zero, bound, SERIAL, scope_close(l));
		f->u.loop.step = unroll;
		f->u.loop.keep = !fixed;
	}
	if (!fixed) {
		scope_open(l);
		multiply(l, t, r, rows, vecs, c, panel);
		loop_emit(l, k, zero, bound, SERIAL, scope_close(l))->u.loop.again = true;
		return;
	}
	for (int u = extent - left; u < extent; u++) {
		multiply_at(l, t, r, rows, vecs, c, panel, ex_int(l, u));
	}
}

/* Index of the result at tile row i, vector v. */
static void result_index(Lower *l, Tile *t, int i, int v, Ex **ix)
{
	Ex *col[MAXRANK];
	for (int n = 0; n < t->ncol; n++)
		col[n] = t->at[t->col[n]];
	spread(l, t, t->col, t->ncol, ex_add(l, t->c, lanes_of(l, v)));
	for (int n = 0; n < t->n->a.con.nout; n++)
		ix[n] = n == t->row ? ex_add(l, t->at[n], ex_int(l, i)) : t->at[n];
	for (int n = 0; n < t->ncol; n++)
		t->at[t->col[n]] = col[n];
}

static void tile(Lower *l, Tile *t, Region *r, int rows, int vecs, Ex *panel)
{
	Ex *c[4 * TILE_ROWS], *ix[MAXRANK], *zero = ex_num(l, 0, DT_REAL), key = *zero;
	int depth = l->scope->depth, unroll = l->fn->o->level >= 3 ? 4 : 2;
	key.wide = true;
	zero = ex_get(l, &key);
	for (int i = 0; i < rows * vecs; i++)
		c[i] = let_new(l, zero, true, "s", depth);
	sum_loop(l, t, r, 0, rows, vecs, c, panel, unroll);
	for (int i = 0; i < rows; i++)
		for (int v = 0; v < vecs; v++) {
			int kept = l->nbound;
			result_index(l, t, i, v, ix);
			bind_value(l, t->n, ix, c[i * vecs + v]);
			outputs_at(l, r, ix);
			l->nbound = kept;
		}
}

/* Rows by 12 where there are 32 registers, by 6, then what is left by 4, 2 and 1. */
static void row_loops(Lower *l, Tile *t, Region *r, int vecs, Ex *panel)
{
	static const int step[] = { 2 * TILE_ROWS, TILE_ROWS, 4, 2, 1 };
	if (t->row < 0) {
		tile(l, t, r, 1, vecs, panel);
		return;
	}
	Ex *from = ex_int(l, 0), *bound = ex_dim(l, t->ext[t->row]);
	bool owned = !t->nouter || t->row < t->outer[0];
	if (owned)
		owned_range(l, t->ext[t->row], &from, &bound);
	bool divided = owned && l->kernel->owned;
	int rows = t->ext[t->row].b || divided ? -1 : t->ext[t->row].k, printed = 0;
	/* the number of rows left over before each form, if it is known */
	int left[] = { rows, rows, rows % TILE_ROWS, rows % TILE_ROWS % 4, rows % 2 };
	if (rows >= 0 && rows % TILE_ROWS > 3)
		left[4] = rows % TILE_ROWS % 4 % 2;
	for (int i = 0; i < 5; i++) {
		if (rows >= 0 && left[i] < step[i])
			continue;
		scope_open(l);
		tile(l, t, r, step[i], vecs, panel);
		K *k = loop_emit(l, t->i, from, bound, owned ? OWNED : SERIAL, scope_close(l));
		k->u.loop.step = step[i];
		k->u.loop.again = printed > 0;
		k->u.loop.keep = printed == 0;
		k->u.loop.only_if = i == 0 && vecs > 1 ? "defined(NNC_X512) || defined(NNC_A64)" : 0;
		printed++;
	}
}

/* Sets up the variables of the tile at the depths where its loops will be. */
static void tile_vars(Lower *l, Tile *t, const Region *r)
{
	int depth = l->scope->depth;   /* of the loops around; then columns, rows, sum */
	t->c = ex_var(l, job_symf(l->job, "j%d", depth + 1), t->columns, depth + 1);
	spread(l, t, t->col, t->ncol, t->c);
	if (t->row >= 0)
		t->at[t->row] = t->i = ex_var(l, job_symf(l->job, "i%d", depth + 2), t->ext[t->row], depth + 2);
	sum_vars(l, t, depth + (t->row >= 0 ? 3 : 2), r->nests);
	if (!r->pack[0])
		b_fits(l, t);
	if (!r->pack[1]) {
		a_fits(l, t);
		return;
	}
	/* rows of the copy */
	const Pack *p = r->pack[1];
	Ex key, *row = t->i ? t->i : ex_int(l, 0), *arg[2];
	memset(&key, 0, sizeof key);
	arg[0] = ex_add(l, pack_base(l, t, p), ex_mul(l, row, ex_dim(l, t->sums)));
	arg[0] = t->nk ? ex_add(l, arg[0], t->k[0]) : arg[0];
	arg[1] = first_outer(t, p->side, row);
	key.kind = E_LOAD;
	key.dt = DT_REAL;
	key.u.buf = p->buf;
	key.arg = arg;
	key.narg = 2;
	t->a = ex_get(l, &key);
	t->arow = t->sums;
}

/* Rows of b by 8, 4, 2, 1, with lanes along the sum: one accumulator each, reduced at the end. */
static void dot_rows(Lower *l, Tile *t, Region *r, int rows)
{
	Ex *c[VECTORS_OF_ONE], *ix[MAXRANK], key = *ex_num(l, 0, DT_REAL);
	int depth = l->scope->depth;
	Sym left = job_symf(l->job, "left%d", depth);
	K *body[2];
	key.wide = true;
	for (int i = 0; i < rows; i++)
		c[i] = let_new(l, ex_get(l, &key), true, "s", depth);
	for (int part = 0; part < 2; part++) {
		scope_open(l);
		l->lane = t->k[0];
		l->lanes = part ? left : 0;
		Ex *a = let_new(l, widen(l, t->a, l->lane), false, "a", l->scope->depth);
		for (int i = 0; i < rows; i++) {
			Ex *b = widen(l, ex_subst(l, t->b, t->c, ex_add(l, t->c, ex_int(l, i))), l->lane);
			Ex sum = *ex_make(l, E_FMA, DT_REAL, (Ex *[]){ a, b, c[i] }, 3);
			sum.wide = true;
			K *set = emit(l, K_SET);
			set->u.set.name = c[i];
			set->u.set.val = ex_get(l, &sum);
		}
		body[part] = scope_close(l);
	}
	l->lane = 0;
	l->lanes = 0;
	K *k = loop_emit(l, t->k[0], ex_int(l, 0), ex_dim(l, t->sums), LANES, body[0]);
	k->u.loop.tail = body[1];
	k->u.loop.left = left;
	for (int i = 0; i < rows; i++) {
		int kept = l->nbound;
		Tile u = *t;
		Ex fold = *ex_make(l, E_FOLD, DT_REAL, &c[i], 1);
		fold.u.op = O_sum;
		spread(l, &u, u.col, u.ncol, ex_add(l, u.c, ex_int(l, i)));
		for (int n = 0; n < u.n->a.con.nout; n++)
			ix[n] = u.at[n];
		bind_value(l, u.n, ix, let_new(l, ex_get(l, &fold), false, "y", depth));
		outputs_at(l, r, ix);
		l->nbound = kept;
	}
}

static void dot_lower(Lower *l, Tile *t, Region *r)
{
	static const int step[] = { VECTORS_OF_ONE, 4, 2, 1 };
	int left = t->columns.k, printed = 0;
	for (int i = 0; i < 4; i++) {
		if (left < step[i])
			continue;
		left %= step[i];
		scope_open(l);
		dot_rows(l, t, r, step[i]);
		K *k = loop_emit(l, t->c, ex_int(l, 0), ex_dim(l, t->columns), SERIAL, scope_close(l));
		k->u.loop.step = step[i];
		k->u.loop.again = printed > 0;
		k->u.loop.keep = printed == 0 && left;
		printed++;
	}
}

void tile_lower(Lower *l, Region *r)
{
	Tile t;
	labels(&t, r->seed);
	classify(l, &t);
	scope_open(l);
	outer_loops(l, &t, -1);
	tile_vars(l, &t, r);
	if (r->dot) {
		t.b = operand(l, &t, t.side);
		dot_lower(l, &t, r);
		outer_close(l, &t, -1);
		r->kernel->body = scope_close(l);
		return;
	}
	int form[3] = { 2, 1, 0 }, n = 2, printed = 0;
	if (t.row < 0) {
		form[0] = VECTORS_OF_ONE;
		form[1] = 2;
		form[2] = 1;
		n = 3;
	}
	Ex *bound = ex_dim(l, t.columns);
	for (int i = 0; i < n; i++) {
		bool last = form[i] == 1;
		if (last && t.columns.k % PANEL == 0)
			continue;
		scope_open(l);
		l->lane = t.c;
		l->lanes = last ? job_symf(l->job, "left%d", l->scope->depth) : 0;
		Ex *panel = t.c, *k = ex_dim(l, t.sums);
		if (r->pack[0]) {
			/* the last vectors may begin in the middle of a panel */
			Ex *two = lanes_of(l, 2);
			Ex *in_panel = last ? ex_make(l, E_MOD, DT_I32, (Ex *[]){ t.c, two }, 2) : ex_int(l, 0);
			panel = ex_add(l, pack_base(l, &t, r->pack[0]),
			               ex_add(l, ex_mul(l, ex_sub(l, t.c, in_panel), k), in_panel));
			panel = let_new(l, ex_intval(l, panel), false, "panel", l->scope->depth);
			panel = ex_make(l, E_ELEMINT, DT_I32, &panel, 1);
		}
		row_loops(l, &t, r, form[i], panel);
		K *f = loop_emit(l, t.c, ex_int(l, 0), bound, SERIAL, scope_close(l));
		f->u.loop.by = lanes_of(l, form[i]);
		f->u.loop.left = l->lanes;
		f->u.loop.again = printed > 0;
		f->u.loop.keep = printed == 0 && n > 1;
		printed++;
	}
	l->lane = 0;
	l->lanes = 0;
	outer_close(l, &t, -1);
	r->kernel->body = scope_close(l);
}
