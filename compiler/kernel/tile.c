/* tile.c - contractions in register tiles: named accumulators, a list of loops over the sum.
 *
 * In:    a contraction and its epilogue.   Out: loop IR with the tile unrolled.
 * Holds: every element is one chain of nnc_fma over the sum in order, in full and in
 *        remaining rows and columns alike, so that who computes it changes no bit.
 *
 *     columns  trailing dimensions of the result that one operand has alone: lanes
 *     rows     the last dimension of the result that the other operand has alone: tile rows
 *     outer    all other dimensions of the result: loops around
 *     sum      the other labels: loops inside, one if the operands allow
 *
 * Where columns are few and rows are many, either may take the other's place (tiles across), or lanes run
 * along the sum (dot products, whose chains are in lanes).
 *
 *     for outer
 *       for j in columns by 2 vectors            (then single vectors, the last one partial)
 *         for i in rows by 6, 4, 2, 1
 *           c00 .. c51 = 0
 *           for k in sum: b0, b1 = vectors of B at k, j; a = A at i + r, k; c[r][v] += a * b[v]
 *           epilogue and store of c00 .. c51
 *
 * B is read where it lies if its columns are adjacent in memory.  If not, or if it is an
 * index map, a region before copies it to panels [columns / 2 VL][sum][2 VL], once.
 */
#include "tile.h"

#include <string.h>

/* Fewer columns are no tile; so few are one only where nothing but small weights has to be copied for it. */
enum { MIN_COLUMNS = 2, FEW_COLUMNS = 3 };

/* Steps along the sum, in elements, up to which an operand is read where it lies. */
enum { ROW_STEP = 8, COLUMN_STEP = 128 };

/* ---- which label is what ----------------------------------------------------------------- */

static bool refuse(Tile *t, const char *why)
{
	t->why = why;
	return false;
}

void tile_labels(Tile *t, const Node *n)
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

bool tile_has(const Tile *t, int side, int label)
{
	return t->in[side] >> label & 1;
}

bool tile_classify(Lower *l, Tile *t, bool dot)
{
	int nout = t->n->a.con.nout, last = nout - 1;
	bool column[MAXLABEL] = { false };
	while (last >= 0 && one_index(l, t->ext[last]))
		last--;
	if (last < 0 && !dot)
		return refuse(t, "a single number");
	t->side = last >= 0 && t->in[0] >> last & 1 ? 0 : 1;
	t->columns = t->sums = dim_num(1);
	for (int i = last; i >= 0; i--) {
		if (one_index(l, t->ext[i]))
			continue;
		if (!only_in(t, i, t->side) || t->ext[i].b ||
		    !dim_mul(t->columns, t->ext[i], &t->columns))
			break;
		column[i] = true;
	}
	if (!dot && !column[last])
		return refuse(t, "the last dimension belongs to both operands");
	for (int i = 0; i < nout; i++) {
		t->at[i] = ex_int(l, 0);
		if (one_index(l, t->ext[i]))
			continue;
		if (column[i])
			t->col[t->ncol++] = i;
		else if (only_in(t, i, 1 - t->side) && !dot)
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
	if (t->columns.k < MIN_COLUMNS && !dot)
		return refuse(t, "too few columns");
	return true;
}

/* Few columns leave most lanes empty.  If there are many rows, the lanes can be those, and the columns
 * the rows of tiles: the gradient of weights [many, few].  The results are then not adjacent in memory. */
static bool tile_turned(Tile *t)
{
	enum { MANY = 16 };
	int row = t->row, column = t->col[0], few = t->columns.k;
	if (t->nouter || t->ncol != 1 || row < 0 || row > column || t->ext[row].b ||
	    t->ext[row].k < MANY || few > ACROSS_ROWS)
		return false;
	int many = t->ext[row].k;
	if (few * ((many + 7) / 8) >= many * ((few + 7) / 8))
		return false;
	t->side = 1 - t->side;
	t->col[0] = row;
	t->columns = t->ext[row];
	t->row = column;
	return true;
}

bool tile_find(Lower *l, Tile *t, const Region *r)
{
	tile_labels(t, r->seed);
	return tile_classify(l, t, r->dot) && (!r->across || tile_turned(t));
}

/* Indices of labels v[0..n) from one index of them all. */
void tile_spread(Lower *l, Tile *t, const int *v, int n, Ex *e)
{
	for (int i = n - 1; i >= 0; i--) {
		Ex *d = ex_dim(l, t->ext[v[i]]);
		t->at[v[i]] = i ? ex_mod(l, e, d) : e;
		e = i ? ex_div(l, e, d) : e;
	}
}

Ex *tile_operand(Lower *l, const Tile *t, int side)
{
	const Node *x = t->n->in[side];
	const int8_t *label = side ? t->n->a.con.b : t->n->a.con.a;
	Ex *ix[MAXRANK];
	for (int i = 0; i < x->ty.rank; i++)
		ix[i] = t->at[label[i]];
	return read_at(l, x, ix);
}

bool tile_strides(const Tile *t, const Ex *load, Dim *along)
{
	if (load->kind != E_LOAD || load->dt != DT_REAL || load->u.buf->f64)
		return false;
	for (int i = 0; i < t->nk; i++)
		if (!ex_linear(load->arg[0], t->k[i], &along[i]))
			return false;
	return true;
}

/* With variables for columns, rows and sum in place: which operands are affine in them? */
bool tile_a_fits(Lower *l, Tile *t)
{
	t->a = tile_operand(l, t, 1 - t->side);
	t->arow = dim_num(0);
	return tile_strides(t, t->a, t->acol) &&
	       (!t->i || ex_linear(t->a->arg[0], t->i, &t->arow));
}

bool tile_b_fits(Lower *l, Tile *t)
{
	Dim c;
	t->b = tile_operand(l, t, t->side);
	return tile_strides(t, t->b, t->bk) && ex_linear(t->b->arg[0], t->c, &c) &&
	       dim_is(c, 1);
}

/* One variable for the whole sum, or one for each label. */
void tile_sum_vars(Lower *l, Tile *t, int depth, bool nests)
{
	t->nk = nests ? t->nsum : t->nsum > 0;
	for (int i = 0; i < t->nk; i++) {
		t->kext[i] = nests ? t->ext[t->sum[i]] : t->sums;
		t->k[i] = ex_var(l, job_symf(l->job, "k%d", depth + i), t->kext[i], depth + i);
		if (nests)
			t->at[t->sum[i]] = t->k[i];
	}
	if (t->nsum && !nests)
		tile_spread(l, t, t->sum, t->nsum, t->k[0]);
}

/* A large step from one index of the sum to the next takes a page and a whole line for each number,
 * and few sets of the cache if it is a power of two. */
static bool bad_step(const Tile *t, Dim step, int most)
{
	return t->nk > 0 && (t->kext[t->nk - 1].b || t->kext[t->nk - 1].k >= PANEL) &&
	       (step.b || step.k > most);
}

/* Lines of the first cache that are read while a tile sums, at so many indices at most, where its columns
 * lie: no more of them in one set than there is room for beside the other operand. */
static bool fits_cache(Fn *f, const Tile *t)
{
	enum { MOST = 64, LINE = 64, SETS = 64, IN_SET = 4 };
	int used[SETS] = { 0 };
	int64_t batch = f->host->usual_batch, step = t->bk[0].k * (int64_t)(f->o->f64 ? 8 : 4);
	if (t->nk != 1 || !t->sums.b || batch < 1 || batch > MOST / t->sums.k || t->bk[0].b)
		return false;
	for (int64_t i = 0; i < batch * t->sums.k; i++)
		if (++used[i * step / LINE % SETS] > IN_SET)
			return false;
	return true;
}

/* ---- planning ---------------------------------------------------------------------------- */

bool tile_rows(Fn *f, const Region *r)
{
	Tile t;
	return tile_find(f->lower, &t, r) && (t.nouter || t.row >= 0) &&
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

/* Behind the region p; 0: at the front. */
static void insert(Level *v, Region *r, Region *p)
{
	r->next = p ? p->next : v->first;
	*(p ? &p->next : &v->first) = r;
	if (v->last == p)
		v->last = r;
}

/* The last of the copies that the level begins with; 0: none. */
static Region *last_pack(Level *v)
{
	Region *next = v->packs ? v->packs->next : v->first;
	for (; next && next->kind == RG_PACK; next = next->next)
		v->packs = next;
	return v->packs;
}

static bool loads(const Ex *e)
{
	bool some = e->kind == E_LOAD;
	for (int i = 0; i < e->narg && !some; i++)
		some = loads(e->arg[i]);
	return some;
}

/* Weights are packed where the function begins; what a scan does not change, before the scan.
 * What is 0 for every index stays where it is: the loops may still ask for it. */
static void place_pack(Level *v, Region *r, const Ex *e)
{
	Region *behind = v->last;
	while (v->outer && loads(e) && !varies(e, v)) {
		behind = 0;
		for (Region *p = v->outer->first; p->kind != RG_SCAN || p->body != v; p = p->next)
			behind = p;
		v = v->outer;
	}
	if (!v->outer && loads(e) && only_params(e))
		behind = last_pack(v);
	insert(v, r, behind);
}

/* [outer labels.., columns rounded up to `round` or rows, sum] */
static bool pack_type(const Tile *t, bool rows, int round, Type *ty)
{
	Dim d[MAXRANK], size;
	int n = 0;
	uint32_t in = t->in[rows ? 1 - t->side : t->side];
	for (int i = 0; i < t->nouter; i++)
		if (in >> t->outer[i] & 1)
			d[n++] = t->ext[t->outer[i]];
	if (n + 2 > MAXRANK)
		return false;
	d[n++] = !rows ? dim_num((t->columns.k + round - 1) / round * round) :
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

/* Whether threads may copy panels for themselves: weights of a dense layer, before the rows of a
 * batch. */
static bool near_panels(const Fn *f, const Level *v, const Tile *t)
{
	return f->host->barrier && !v->outer && t->nouter == 0 && t->row >= 0 &&
	       t->ext[t->row].b && !t->sums.b &&
	       t->b->kind == E_LOAD && t->b->u.buf->place == PL_PARAM;
}

/* Whether few threads are to share the columns then: to copy half the weights, and to update weights
 * that the other thread has not read, has to save more than the barriers around cost any number. */
static bool share_columns(const Tile *t)
{
	enum { WORTH = 65536 };
	return t->columns.k >= NEAR_THREADS * PANEL && (int64_t)t->columns.k * t->sums.k >= WORTH;
}

/* Adds a region that copies one operand. */
static void add_pack(Fn *f, Level *v, Region *r, const Tile *t, bool rows, const Type *ty)
{
	Region *p = region_new(f, v, RG_PACK);
	Pack *k = NEW(f->mem, Pack);
	k->contract = r->seed;
	k->side = rows ? 1 - t->side : t->side;
	k->rows = rows;
	k->by = p;
	k->columns = t->columns.k;
	Type *space = NEW(f->mem, Type), room = *space = *ty;
	Dim size;
	if (!rows && near_panels(f, v, t)) {
		if (room.dim[0].k < NEAR_THREADS * PANEL)
			room.dim[0].k = NEAR_THREADS * PANEL;
		k->near = type_size(&room, &size);
	}
	k->share = k->near && share_columns(t);
	k->buf = buffer_new(f, 0, k->near ? &room : ty, PL_ARENA,
	                    job_sym(f->job, rows ? "rows" : "panels"));
	p->pack[0] = r->pack[rows ? 1 : 0] = k;
	p->space = space;
	p->need = r->need;
	p->reason = rows ? "a row is not adjacent along the sum"
	            : k->share ? "columns are not adjacent in memory; two threads share and copy them"
	            : k->near ? "columns are not adjacent in memory; few threads copy for themselves"
	                 : "columns are not adjacent in memory";
	place_pack(v, p, rows ? t->a : t->b);
}

static bool tile_vars_free(Fn *f, Tile *t, const Region *r)
{
	Lower *l = f->lower;
	if (!tile_find(l, t, r))
		return false;
	t->c = ex_var(l, 0, t->columns, 1);
	tile_spread(l, t, t->col, t->ncol, t->c);
	if (t->row >= 0)
		t->at[t->row] = t->i = ex_var(l, 0, t->ext[t->row], 1);
	for (int i = 0; i < t->nouter; i++)
		t->at[t->outer[i]] = ex_var(l, 0, t->ext[t->outer[i]], 1);
	return true;
}

bool tile_epilogue(Fn *f, Level *v, Region *r, const Node *x)
{
	Lower *l = f->lower;
	Tile t;
	Ex *ix[MAXRANK];
	if (!tile_vars_free(f, &t, r))
		return true;
	for (int i = 0; i < x->ty.rank; i++)
		ix[i] = dim_is(x->ty.dim[i], 1) ? ex_int(l, 0) : t.at[i];
	l->level = v;
	l->region = r;
	l->nbound = 0;
	l->fail = false;
	l->lane = t.c;
	l->lanes = 0;
	widen(l, read_at(l, x, ix), t.c);
	bool ok = !l->fail;
	l->fail = false;
	l->lane = 0;
	return ok;
}

/* Operands that are known when compiling are packed there: columns that are not adjacent, or so
 * many that reading them row after row would touch a page each; rows that are not adjacent along
 * the sum.  *a, *b: whether they fit, from here on as well. */
static void pack_constants(Fn *f, Region *r, const Tile *t, bool *a, bool *b)
{
	Type ty;
	if ((!*b || t->columns.k > WIDE_PANEL) && constant_operand(f, t->b) &&
	    pack_type(t, false, 1, &ty) && !ty.dim[ty.rank - 1].b) {
		constant_add(f, r, t, false, &ty);
		*b = true;
	}
	if (!*a && constant_operand(f, t->a) && pack_type(t, true, 1, &ty) &&
	    !ty.dim[ty.rank - 1].b && !ty.dim[ty.rank - 2].b) {
		constant_add(f, r, t, true, &ty);
		*a = true;
	}
}

/* Is it a tile across?  Both operands are read where they lie: the larger one once, and in order. */
static bool plan_across(Fn *f, Region *r)
{
	Lower *l = f->lower;
	Tile t;
	r->across = true;
	r->across = !f->host->constants && tile_vars_free(f, &t, r);
	if (r->across) {
		tile_sum_vars(l, &t, 1, false);
		r->across = tile_a_fits(l, &t) && tile_b_fits(l, &t) && dim_is(t.arow, 1);
	}
	r->tiled = r->rows = r->across;
	return r->across;
}

/* Can the lanes run along the sum?  b: the operand of the columns, of which one at a time counts. */
static bool along_sum(Lower *l, Tile *t)
{
	t->b = tile_operand(l, t, t->side);
	return t->nk == 1 && !t->kext[0].b && dim_is(t->acol[0], 1) &&
	       tile_strides(t, t->b, t->bk) && dim_is(t->bk[0], 1);
}

/* Is each result a sum in lanes, because there are few columns, or none? */
static bool plan_dot(Fn *f, Region *r)
{
	enum { LEAST = 8 };
	Lower *l = f->lower;
	Tile t;
	r->dot = true;
	r->dot = tile_vars_free(f, &t, r) && t.columns.k <= (f->host->constants ? 1 : FEW_COLUMNS) &&
	         t.nsum > 0 && t.sums.k >= LEAST;
	if (r->dot) {
		tile_sum_vars(l, &t, 1, false);
		r->dot = tile_a_fits(l, &t) && along_sum(l, &t);
	}
	r->tiled = r->dot;
	return r->dot;
}

void tile_plan(Fn *f, Level *v, Region *r)
{
	Lower *l = f->lower;
	Tile t;
	Type panels, rows;
	l->level = v;
	l->region = r;
	if (plan_dot(f, r) || plan_across(f, r))
		return;
	if (!tile_vars_free(f, &t, r)) {
		way_out(r, t.why);
		return;
	}
	tile_sum_vars(l, &t, 1, false);
	bool a = tile_a_fits(l, &t), b = tile_b_fits(l, &t);
	if (!(a && b) && t.nsum > 1) {
		Tile u = t;
		tile_sum_vars(l, &u, 1, true);
		r->nests = tile_a_fits(l, &u) && tile_b_fits(l, &u);
	}
	if (!r->nests)
		pack_constants(f, r, &t, &a, &b);
	/* a single row: lanes along the sum, if both operands lie so */
	r->dot = t.row < 0 && a && !b && along_sum(l, &t);
	bool wide = false;
	if (!r->nests && !r->dot) {
		/* worth a copy even if it fits: rows across the memory, large pitches */
		if (a && b && t.row >= 0) {
			a = r->pack[1] || t.nk == 0 || dim_is(t.acol[0], 1) ||
			    !bad_step(&t, t.acol[0], ROW_STEP);
			wide = bad_step(&t, t.bk[0], COLUMN_STEP);
			b = r->pack[0] || !wide || fits_cache(f, &t);
		}
		if (t.columns.k <= FEW_COLUMNS && !(a && (b || near_panels(f, v, &t)))) {
			way_out(r, "too few columns");
			return;
		}
		if ((!b && !pack_type(&t, false, PANEL, &panels)) ||
		    (!a && !pack_type(&t, true, 1, &rows))) {
			way_out(r, "the packed operand would be too large");
			return;
		}
		if (!b)
			add_pack(f, v, r, &t, false, &panels);
		if (!a)
			add_pack(f, v, r, &t, true, &rows);
	}
	r->tiled = true;
	r->rows = t.row >= 0;
	/* A sum over a batch is short and its result large: that is written row after row, while panels
	 * stream by, or wide rows of the batch, of which each tile reads a part. */
	r->rows_first = r->rows && t.sums.b && (r->pack[0] || wide) && !r->dot;
}
