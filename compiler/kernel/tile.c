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
	bool packed;
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

/* With variables for columns, rows and sum in place: are both operands affine in them? */
static bool fits(Lower *l, Tile *t)
{
	Dim c;
	t->a = operand(l, t, 1 - t->side);
	t->b = operand(l, t, t->side);
	t->arow = dim_num(0);
	if (!strides(t, t->a, t->acol) || (t->i && !ex_linear(t->a->arg[0], t->i, &t->arow)))
		return false;
	t->packed = !strides(t, t->b, t->bk) || !ex_linear(t->b->arg[0], t->c, &c) || !dim_is(c, 1);
	return true;
}

/* One variable for the whole sum if the operands allow; else one for each label. */
static bool sum_vars(Lower *l, Tile *t, int depth)
{
	t->nk = t->nsum ? 1 : 0;
	t->kext[0] = t->sums;
	if (t->nsum) {
		t->k[0] = ex_var(l, job_symf(l->job, "k%d", depth), t->sums, depth);
		spread(l, t, t->sum, t->nsum, t->k[0]);
	}
	if (fits(l, t) && (t->nsum < 2 || !t->packed))
		return true;
	bool whole = t->a && t->nsum > 0 && strides(t, t->a, t->acol);
	if (whole)
		return true;           /* b is packed in the order of the whole sum */
	t->nk = t->nsum;
	for (int i = 0; i < t->nsum; i++) {
		t->kext[i] = t->ext[t->sum[i]];
		t->k[i] = ex_var(l, job_symf(l->job, "k%d", depth + i), t->kext[i], depth + i);
		t->at[t->sum[i]] = t->k[i];
	}
	return fits(l, t);
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

static bool pack_type(const Tile *t, Type *ty)
{
	Dim d[MAXRANK], size;
	int n = 0;
	for (int i = 0; i < t->nouter; i++)
		if (t->in[t->side] >> t->outer[i] & 1)
			d[n++] = t->ext[t->outer[i]];
	if (n + 2 > MAXRANK)
		return false;
	d[n++] = dim_num((t->columns.k + PANEL - 1) / PANEL * PANEL);
	d[n++] = t->sums;
	*ty = type_make(DT_REAL, n, d);
	return type_size(ty, &size);
}

static void way_out(Region *r, const char *why)
{
	r->way_out = true;
	r->reason = why;
}

void tile_plan(Fn *f, Level *v, Region *r)
{
	Lower *l = f->lower;
	Tile t;
	Type ty;
	l->level = v;
	l->region = r;
	labels(&t, r->seed);
	if (!classify(l, &t)) {
		way_out(r, t.why);
		return;
	}
	t.c = ex_var(l, 0, t.columns, 1);
	spread(l, &t, t.col, t.ncol, t.c);
	if (t.row >= 0)
		t.at[t.row] = t.i = ex_var(l, 0, t.ext[t.row], 1);
	for (int i = 0; i < t.nouter; i++)
		t.at[t.outer[i]] = ex_var(l, 0, t.ext[t.outer[i]], 1);
	if (!sum_vars(l, &t, 1)) {
		way_out(r, "an operand is no array of adjacent rows");
		return;
	}
	r->tiled = true;
	if (!t.packed)
		return;
	if (!pack_type(&t, &ty)) {
		r->tiled = false;
		way_out(r, "the packed operand would be too large");
		return;
	}
	Region *p = region_new(f, v, RG_PACK);
	Pack *k = NEW(f->mem, Pack);
	k->contract = r->seed;
	k->side = t.side;
	k->buf = buffer_new(f, 0, &ty, PL_ARENA, job_sym(f->job, "panels"));
	p->pack = r->pack = k;
	p->space = ty;
	p->need = r->need;
	p->reason = "columns are not adjacent in memory";
	place_pack(v, p, t.b);
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

/* Where the panels of these outer indices begin. */
static Ex *panel_base(Lower *l, const Tile *t, const Buffer *b)
{
	Ex *e = ex_int(l, 0);
	int n = 0;
	for (int i = 0; i < t->nouter; i++)
		if (t->in[t->side] >> t->outer[i] & 1)
			e = ex_add(l, ex_mul(l, e, ex_dim(l, b->ty.dim[n++])), t->at[t->outer[i]]);
	Dim size;
	if (!dim_mul(b->ty.dim[n], b->ty.dim[n + 1], &size))
		bug(l->job, "tile: panels too large");
	return ex_mul(l, e, ex_dim(l, size));
}

static Ex *first_outer(const Tile *t, Ex *column)
{
	for (int i = 0; i < t->nouter; i++)
		if (t->in[t->side] >> t->outer[i] & 1 && !dim_is(t->ext[t->outer[i]], 1))
			return t->at[t->outer[i]];
	return column;
}

static bool outer_loops(Lower *l, Tile *t, bool packing)
{
	bool owned = false;
	for (int i = 0; i < t->nouter; i++) {
		if (packing && !(t->in[t->side] >> t->outer[i] & 1))
			continue;
		scope_open(l);
		t->at[t->outer[i]] = loop_var(l, t->ext[t->outer[i]], "i");
		owned = true;
	}
	return owned;
}

static void outer_close(Lower *l, Tile *t, bool packing)
{
	int first = -1;
	for (int i = 0; i < t->nouter && first < 0; i++)
		if (!packing || t->in[t->side] >> t->outer[i] & 1)
			first = i;
	for (int i = t->nouter - 1; i >= 0; i--) {
		Ex *from = ex_int(l, 0), *bound = ex_dim(l, t->ext[t->outer[i]]);
		if (packing && !(t->in[t->side] >> t->outer[i] & 1))
			continue;
		bool mine = i == first && (packing || t->row < 0 || t->outer[i] < t->row);
		if (mine)
			owned_range(l, t->ext[t->outer[i]], &from, &bound);
		K *body = scope_close(l);
		loop_emit(l, t->at[t->outer[i]], from, bound, mine ? OWNED : SERIAL, body);
	}
}

/* out[(j / 2VL) * 2VL * K + k * 2VL + c] = b at column j + c, sum index k; 0 beyond the columns. */
void pack_lower(Lower *l, Region *r)
{
	Tile t;
	Buffer *b = r->pack->buf;
	labels(&t, r->pack->contract);
	classify(l, &t);
	scope_open(l);
	bool owned = outer_loops(l, &t, true);
	Ex *from = ex_int(l, 0), *bound = ex_dim(l, b->ty.dim[b->ty.rank - 2]);
	if (!owned)
		owned_range(l, b->ty.dim[b->ty.rank - 2], &from, &bound);
	scope_open(l);
	Ex *j = loop_var(l, b->ty.dim[b->ty.rank - 2], "j");
	scope_open(l);
	Ex *k = loop_var(l, t.sums, "k");
	spread(l, &t, t.sum, t.nsum, k);
	scope_open(l);
	Ex *c = loop_var(l, dim_num(PANEL), "c"), *column = ex_add(l, j, c);
	spread(l, &t, t.col, t.ncol, column);
	Ex *inside = ex_make(l, E_LT, DT_I32, (Ex *[]){ column, ex_dim(l, t.columns) }, 2);
	if (t.columns.k % PANEL == 0)
		inside = ex_int(l, 1);
	Ex *v = ex_cond(l, inside, operand(l, &t, t.side), ex_num(l, 0, DT_REAL));
	K *s = emit(l, K_STORE);
	s->u.store.buf = b;
	s->u.store.at = ex_add(l, ex_add(l, panel_base(l, &t, b), ex_mul(l, j, ex_dim(l, t.sums))),
	                       ex_add(l, ex_mul(l, k, lanes_of(l, 2)), c));
	s->u.store.outer = first_outer(&t, j);
	s->u.store.val = v;
	K *body = scope_close(l);
	loop_emit(l, c, ex_int(l, 0), lanes_of(l, 2), SERIAL, body);
	body = scope_close(l);
	loop_emit(l, k, ex_int(l, 0), ex_dim(l, t.sums), SERIAL, body);
	body = scope_close(l);
	loop_emit(l, j, from, bound, owned ? SERIAL : OWNED, body)->u.loop.by = lanes_of(l, 2);
	outer_close(l, &t, true);
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
	if (t->packed) {
		Buffer *b = r->pack->buf;
		Ex key, *arg[2], *k = ex_int(l, 0);
		Dim two_k = t->sums;
		memset(&key, 0, sizeof key);
		for (int i = 0; i < t->nk; i++)        /* position in the whole sum */
			k = ex_add(l, ex_mul(l, k, ex_dim(l, t->kext[i])), t->k[i]);
		arg[0] = ex_add(l, ex_add(l, panel, ex_mul(l, k, lanes_of(l, 2))),
		                ex_add(l, ex_mul(l, lanes_of(l, 2 * (v / 2)), ex_dim(l, two_k)),
		                       lanes_of(l, v % 2)));
		arg[1] = ex_int(l, 0);
		for (int i = t->nouter - 1; i >= 0; i--)
			if (t->in[t->side] >> t->outer[i] & 1)
				arg[1] = t->at[t->outer[i]];
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
	if (!t->packed)
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
	Ex *c[VECTORS_OF_ONE * TILE_ROWS], *ix[MAXRANK], *zero = ex_num(l, 0, DT_REAL), key = *zero;
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

/* Rows by 6, then what is left by 4, 2 and 1. */
static void row_loops(Lower *l, Tile *t, Region *r, int vecs, Ex *panel)
{
	static const int step[] = { TILE_ROWS, 4, 2, 1 };
	if (t->row < 0) {
		tile(l, t, r, 1, vecs, panel);
		return;
	}
	Ex *from = ex_int(l, 0), *bound = ex_dim(l, t->ext[t->row]);
	bool owned = !t->nouter || t->row < t->outer[0];
	if (owned)
		owned_range(l, t->ext[t->row], &from, &bound);
	bool divided = owned && l->kernel->owned;
	int left = t->ext[t->row].b || divided ? -1 : t->ext[t->row].k, printed = 0;
	for (int i = 0; i < 4; i++) {
		if (left >= 0 && left < step[i])
			continue;
		if (left >= 0)
			left %= step[i];
		scope_open(l);
		tile(l, t, r, step[i], vecs, panel);
		K *k = loop_emit(l, t->i, from, bound, owned ? OWNED : SERIAL, scope_close(l));
		k->u.loop.step = step[i];
		k->u.loop.again = printed > 0;
		k->u.loop.keep = printed == 0 && left != 0;
		printed++;
	}
}

/* Sets up the variables of the tile at the depths where its loops will be. */
static void tile_vars(Lower *l, Tile *t)
{
	int depth = l->scope->depth;   /* of the loops around; then columns, rows, sum */
	t->c = ex_var(l, job_symf(l->job, "j%d", depth + 1), t->columns, depth + 1);
	spread(l, t, t->col, t->ncol, t->c);
	if (t->row >= 0)
		t->at[t->row] = t->i = ex_var(l, job_symf(l->job, "i%d", depth + 2), t->ext[t->row], depth + 2);
	sum_vars(l, t, depth + (t->row >= 0 ? 3 : 2));
}

void tile_lower(Lower *l, Region *r)
{
	Tile t;
	labels(&t, r->seed);
	classify(l, &t);
	scope_open(l);
	outer_loops(l, &t, false);
	tile_vars(l, &t);
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
		if (t.packed) {
			/* the last vectors may begin in the middle of a panel */
			Ex *two = lanes_of(l, 2);
			Ex *in_panel = last ? ex_make(l, E_MOD, DT_I32, (Ex *[]){ t.c, two }, 2) : ex_int(l, 0);
			panel = ex_add(l, panel_base(l, &t, r->pack->buf),
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
	outer_close(l, &t, false);
	r->kernel->body = scope_close(l);
}
