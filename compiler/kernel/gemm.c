/* gemm.c - a contraction in register tiles, as loop IR with the tile unrolled.
 *
 * In:    a classified contraction and its epilogue.   Out: the loops.
 * Holds: every element is one chain of nnc_fma over the sum in order, in full and in
 *        remaining rows and columns alike, so that who computes it changes no bit.
 *
 *     for outer
 *       for j in columns by 2 vectors            (then single vectors, the last one partial)
 *         for i in rows by 12 or 6, 4, 2, 1
 *           s = 0, a named register for each row and vector
 *           for k in sum: vectors b of B at k, j; for each row: a = A at i, k; s += a * b
 *           epilogue and store
 *
 * For a single row whose operands both lie along the sum, the lanes run along the sum instead.
 */
#include "tile.h"

#include <string.h>

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
static void multiply(Lower *l, const Tile *t, const Region *r, int rows, int vecs, Ex **c,
                     Ex *panel)
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
static void multiply_at(Lower *l, const Tile *t, const Region *r, int rows, int vecs, Ex **c,
                        Ex *panel, Ex *at)
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

static void sum_loop(Lower *l, const Tile *t, const Region *r, int n, int rows, int vecs,
                     Ex **c, Ex *panel, int unroll)
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
	tile_spread(l, t, t->col, t->ncol, ex_add(l, t->c, lanes_of(l, v)));
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
		k->u.loop.only_if =
			i == 0 && vecs > 1 ? "defined(NNC_X512) || defined(NNC_A64)" : 0;
		printed++;
	}
}

/* Sets up the variables of the tile at the depths where its loops will be. */
static void tile_vars(Lower *l, Tile *t, const Region *r)
{
	int depth = l->scope->depth;   /* of the loops around; then columns, rows, sum */
	t->c = ex_var(l, job_symf(l->job, "j%d", depth + 1), t->columns, depth + 1);
	tile_spread(l, t, t->col, t->ncol, t->c);
	if (t->row >= 0)
		t->at[t->row] = t->i = ex_var(l, job_symf(l->job, "i%d", depth + 2),
		                              t->ext[t->row], depth + 2);
	tile_sum_vars(l, t, depth + (t->row >= 0 ? 3 : 2), r->nests);
	if (!r->pack[0])
		tile_b_fits(l, t);
	if (!r->pack[1]) {
		tile_a_fits(l, t);
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

/* Rows of b by 8, 4, 2, 1, with lanes along the sum: one accumulator each, reduced at the
 * end. */
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
			Ex *b = widen(l, ex_subst(l, t->b, t->c, ex_add(l, t->c, ex_int(l, i))),
			              l->lane);
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
		tile_spread(l, &u, u.col, u.ncol, ex_add(l, u.c, ex_int(l, i)));
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
		K *k = loop_emit(l, t->c, ex_int(l, 0), ex_dim(l, t->columns), SERIAL,
		                 scope_close(l));
		k->u.loop.step = step[i];
		k->u.loop.again = printed > 0;
		k->u.loop.keep = printed == 0 && left;
		printed++;
	}
}

void tile_lower(Lower *l, Region *r)
{
	Tile t;
	tile_labels(&t, r->seed);
	tile_classify(l, &t);
	scope_open(l);
	outer_loops(l, &t, -1);
	tile_vars(l, &t, r);
	if (r->dot) {
		t.b = tile_operand(l, &t, t.side);
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
			Ex *in_panel = last ? ex_make(l, E_MOD, DT_I32, (Ex *[]){ t.c, two }, 2)
			                    : ex_int(l, 0);
			panel = ex_add(
				l, pack_base(l, &t, r->pack[0]),
				ex_add(l, ex_mul(l, ex_sub(l, t.c, in_panel), k), in_panel));
			panel = let_new(l, ex_intval(l, panel), false, "panel",
			                l->scope->depth);
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
