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
 * For a single row, or few columns, whose operands both lie along the sum, the lanes run along the sum
 * instead: then a chain is the sum of a lane.
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

/* Panels of a packed operand, at the column at hand. */
typedef struct {
	Ex *at;                        /* of column j, sum index 0; with `in`, of its panel    */
	Ex *in;                        /* of 16 bits: where in its panel column j is; or 0     */
	Ex *width;                     /* from one index of the sum to the next                */
	bool whole;                    /* the vectors of a tile may lie in several panels      */
} Panel;

/* From column j to the column v vectors on. */
static Ex *panel_offset(Lower *l, const Tile *t, const Pack *p, const Panel *panel, int v)
{
	Ex *sums = ex_dim(l, t->sums);
	if (!p->source)
		return ex_add(l, ex_mul(l, lanes_of(l, 2 * (v / 2)), sums), lanes_of(l, v % 2));
	/* half the vectors are within a panel even if they have 16 lanes */
	if (!panel->whole || v < VECTORS_OF_ONE / 2)
		return lanes_of(l, v);
	Ex *in = ex_make(l, E_MOD, DT_I32, (Ex *[]){ lanes_of(l, v), ex_int(l, WIDE_PANEL) }, 2);
	return ex_add(l, ex_mul(l, ex_sub(l, lanes_of(l, v), in), sums), in);
}

/* b_vector of a packed operand. */
static Ex *packed_vector(Lower *l, const Tile *t, const Region *r, int v, const Panel *panel)
{
	const Pack *p = r->pack[0];
	Ex key, *arg[4], *k = ex_int(l, 0), *offset = panel_offset(l, t, p, panel, v);
	memset(&key, 0, sizeof key);
	for (int i = 0; i < t->nk; i++)                /* position in the whole sum */
		k = ex_add(l, ex_mul(l, k, ex_dim(l, t->kext[i])), t->k[i]);
	arg[0] = ex_add(l, panel->at, ex_mul(l, k, panel->width));
	arg[1] = first_outer(t, t->side, ex_int(l, 0));
	key.narg = 2;
	if (!panel->in) {
		arg[0] = ex_add(l, arg[0], offset);
	} else if (t->row >= 0) {
		arg[2] = ex_add(l, panel->in, lanes_of(l, v));
		key.narg = 3;
	} else {
		/* a single row: the vectors of a tile are a panel, or two, or an even part of one */
		arg[2] = panel->in;
		arg[3] = ex_make(l, E_MOD, DT_I32,
		                 (Ex *[]){ lanes_of(l, v), ex_int(l, WIDE_PANEL) }, 2);
		arg[0] = ex_add(l, arg[0], ex_sub(l, offset, arg[3]));
		key.narg = 4;
	}
	key.kind = E_LOAD;
	key.dt = DT_REAL;
	key.u.buf = p->buf;
	key.arg = arg;
	key.wide = true;
	key.text = p->source ? l->lanes : 0;
	return ex_get(l, &key);
}

/* The vector of b at column j + v lanes, at the variables of the sum. */
static Ex *b_vector(Lower *l, const Tile *t, const Region *r, int v, const Panel *panel)
{
	if (r->pack[0])
		return packed_vector(l, t, r, v, panel);
	Ex key = *shifted(l, t->b, lanes_of(l, v));
	key.wide = true;
	key.text = l->lanes;
	return ex_get(l, &key);
}

/* All multiply-adds at one index of the sum. */
static void multiply(Lower *l, const Tile *t, const Region *r, int rows, int vecs, Ex **c,
                     const Panel *panel)
{
	Ex *b[VECTORS_OF_ONE];
	int depth = l->scope->depth;
	for (int v = 0; v < vecs; v++)
		b[v] = let_new(l, b_vector(l, t, r, v, panel), false, "b", depth);
	for (int i = 0; i < rows; i++) {
		Dim step = dim_with(t->arow, t->arow.k * i);
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
                        const Panel *panel, Ex *at)
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

/* chains: sets of accumulators, which take turns. */
static void sum_loop(Lower *l, const Tile *t, const Region *r, int n, int rows, int vecs,
                     Ex **c, int chains, const Panel *panel, int unroll)
{
	if (t->nk == 0) {
		multiply(l, t, r, rows, vecs, c, panel);
		return;
	}
	Ex *k = t->k[n], *bound = ex_dim(l, t->kext[n]), *zero = ex_int(l, 0);
	if (n + 1 < t->nk) {
		scope_open(l);
		sum_loop(l, t, r, n + 1, rows, vecs, c, chains, panel, unroll);
		loop_emit(l, k, zero, bound, SERIAL, scope_close(l));
		return;
	}
	bool fixed = !t->kext[n].b;
	int extent = t->kext[n].k, left = fixed ? extent % unroll : 1, set = rows * vecs;
	if (!fixed || extent >= unroll) {
		scope_open(l);
		for (int u = 0; u < unroll; u++)
			multiply_at(l, t, r, rows, vecs, c + u % chains * set, panel,
			            ex_add(l, k, ex_int(l, u)));
		K *f = loop_emit(l, k, zero, bound, SERIAL, scope_close(l));
		f->u.loop.step = unroll;
		f->u.loop.keep = !fixed && unroll > 1;
	}
	if (!fixed && unroll == 1)
		return;
	if (!fixed) {
		scope_open(l);
		multiply(l, t, r, rows, vecs, c, panel);
		loop_emit(l, k, zero, bound, SERIAL, scope_close(l))->u.loop.again = true;
		return;
	}
	for (int u = extent - left; u < extent; u++)
		multiply_at(l, t, r, rows, vecs, c + u % chains * set, panel, ex_int(l, u));
}

/* Index of the result at tile row i, column c. */
static void result_index(Lower *l, Tile *t, int i, Ex *c, Ex **ix)
{
	Ex *col[MAXRANK];
	for (int n = 0; n < t->ncol; n++)
		col[n] = t->at[t->col[n]];
	tile_spread(l, t, t->col, t->ncol, c);
	for (int n = 0; n < t->n->a.con.nout; n++)
		ix[n] = n == t->row ? ex_add(l, t->at[n], ex_int(l, i)) : t->at[n];
	for (int n = 0; n < t->ncol; n++)
		t->at[t->col[n]] = col[n];
}

/* How many sums of its own a tile of one row keeps for each result.  One multiply-add has to wait
 * for the one before it: with fewer than so many vectors there would be nothing else to do. */
static int chains_of(const Tile *t, int vecs)
{
	bool alone = t->row < 0 && t->nk == 1 && !t->kext[0].b;
	return alone && vecs < VECTORS_OF_ONE && t->kext[0].k >= 2 * VECTORS_OF_ONE
	               ? VECTORS_OF_ONE / vecs
	               : 1;
}

/* The sums of the chains become one, in pairs. */
static void join_chains(Lower *l, Ex **c, int set, int chains)
{
	for (int n = chains / 2; n > 0; n /= 2)
		for (int i = 0; i < n * set; i++) {
			Ex sum = *ex_make(l, E_OP, DT_REAL, (Ex *[]){ c[i], c[n * set + i] }, 2);
			sum.u.op = O_add;
			sum.wide = true;
			K *k = emit(l, K_SET);
			k->u.set.name = c[i];
			k->u.set.val = ex_get(l, &sum);
		}
}

/* An index that no name within the tile stands in? */
static bool of_loops(const Ex *e)
{
	if (e->kind == E_LOAD || e->kind == E_NAME || e->kind == E_ELEMINT)
		return false;
	for (int i = 0; i < e->narg; i++)
		if (!of_loops(e->arg[i]))
			return false;
	return true;
}

/* Large results, as gradients of weights or wide rows of a batch, have left the cache since the step
 * before: the lines that the stores behind `from` write are fetched while the tile sums.  Returns the
 * last statement behind `before` that does so. */
static K *fetch_ahead(Lower *l, K *before, const K *from)
{
	enum { LARGE = 32768, WIDE = 256 };
	for (const K *s = from->next; s; s = s->next) {
		if (s->kind != K_STORE || !s->u.store.wide || s->u.store.lanes || s->u.store.add)
			continue;
		Dim len = s->u.store.buf->st->len;
		if (len.k < (len.b ? WIDE : LARGE) || !of_loops(s->u.store.at))
			continue;
		K *k = NEW(l->mem, K);
		*k = (K){ .kind = K_AHEAD, .next = before->next };
		k->u.ahead.buf = s->u.store.buf;
		k->u.ahead.at = s->u.store.at;
		before->next = k;
		before = k;
	}
	return before;
}

/* Results whose columns are not adjacent in memory: the sums c go through an array, one by one.  last: there
 * are fewer columns than lanes. */
static void results_across(Lower *l, Tile *t, Region *r, int vecs, Ex **c, bool last)
{
	int rows = t->ext[t->row].k;
	Type ty = type_make(DT_REAL, 1, (Dim[]){ dim_num(rows * vecs * (PANEL / 2)) });
	Buffer *b = buffer_new(l->fn, 0, &ty, PL_ROW, job_sym(l->job, "sums"));
	Ex *ix[MAXRANK], *width = lanes_of(l, vecs), *lane = l->lane;
	for (int i = 0; i < rows * vecs; i++) {
		K *k = emit(l, K_STORE);
		k->u.store.buf = b;
		k->u.store.at = lanes_of(l, i);
		k->u.store.outer = ex_int(l, 0);
		k->u.store.val = c[i];
		k->u.store.wide = true;
	}
	l->lane = 0;
	scope_open(l);
	Ex *q = loop_var(l, dim_num(0), "c");
	for (int i = 0; i < rows; i++) {
		int kept = l->nbound;
		Ex *at = ex_add(l, ex_mul(l, ex_int(l, i), width), q);
		result_index(l, t, i, ex_add(l, t->c, q), ix);
		bind_value(l, t->n, ix, load_at(l, b, &at));
		outputs_at(l, r, ix);
		l->nbound = kept;
	}
	K *body = scope_close(l);
	Ex *n = last ? let_index(l, index_least(l, ex_sub(l, t->end, t->c), width), "some") : width;
	loop_emit(l, q, ex_int(l, 0), n, SERIAL, body);
	l->lane = lane;
}

static void tile(Lower *l, Tile *t, Region *r, int rows, int vecs, const Panel *panel)
{
	Ex *c[4 * TILE_ROWS], *ix[MAXRANK], *zero = ex_num(l, 0, DT_REAL), key = *zero;
	int depth = l->scope->depth;
	/* Full tiles leave no registers for a second pair of vectors (gcc spills then), and have enough to
	 * do at one index; the last few rows or columns are not worth the text. */
	int unroll = t->row >= 0 ? 1 : l->fn->o->level >= 3 ? 4 : 2;
	int chains = chains_of(t, vecs);
	unroll = chains > unroll ? chains : unroll;
	key.wide = true;
	zero = ex_get(l, &key);
	for (int i = 0; i < chains * rows * vecs; i++)
		c[i] = let_new(l, zero, true, "s", depth);
	K *before = l->scope->last;
	sum_loop(l, t, r, 0, rows, vecs, c, chains, panel, unroll);
	join_chains(l, c, rows * vecs, chains);
	if (r->across) {
		results_across(l, t, r, vecs, c, l->lanes != 0);
		return;
	}
	for (int i = 0; i < rows; i++)
		for (int v = 0; v < vecs; v++) {
			int kept = l->nbound;
			const K *from = l->scope->last;
			if (t->second)
				l->lanes = v ? t->second : 0;
			result_index(l, t, i, ex_add(l, t->c, lanes_of(l, v)), ix);
			bind_value(l, t->n, ix, c[i * vecs + v]);
			outputs_at(l, r, ix);
			/* the second vector of a row comes with the first */
			if (rows >= TILE_ROWS && vecs == 2 && v == 0)
				before = fetch_ahead(l, before, from);
			l->nbound = kept;
		}
}

/* Where the columns at hand begin.  last: they may begin in the middle of a panel of 2 vectors; rest:
 * of a constant, they are those behind the panels. */
static Panel panel_at(Lower *l, const Tile *t, const Region *r, bool last, bool rest)
{
	const Pack *p = r->pack[0];
	Panel panel = { t->c, 0, 0, false };
	if (!p)
		return panel;
	Ex *k = ex_dim(l, t->sums), *at, *in = ex_int(l, 0);
	int wide = t->columns.k / WIDE_PANEL * WIDE_PANEL;
	if (rest) {
		panel.width = ex_int(l, t->columns.k - wide);
		at = ex_add(l, ex_mul(l, ex_int(l, wide), k), ex_sub(l, t->c, ex_int(l, wide)));
	} else {
		panel.whole = p->source;
		panel.width = p->source ? ex_int(l, WIDE_PANEL) : lanes_of(l, 2);
		if (p->source || last)
			in = ex_make(l, E_MOD, DT_I32, (Ex *[]){ t->c, panel.width }, 2);
		at = ex_mul(l, ex_sub(l, ex_sub(l, t->c, in), panel_first(l, p)), k);
		if (p->buf->half)
			panel.in = let_index(l, in, "col");
		else
			at = ex_add(l, at, in);
	}
	panel.at = let_index(l, ex_add(l, pack_base(l, t, p), at), "panel");
	return panel;
}

static void columns(Lower *l, Tile *t, Region *r, int rows);

/* Rows by 12 where there are 32 registers, by 6, then what is left by 4, 2 and 1. Inference computes
 * round numbers of samples, of which 12 leaves 8 rather often.  vecs 0: of all columns in turn. */
static void row_loops(Lower *l, Tile *t, Region *r, int vecs, const Panel *panel)
{
	enum { EIGHT = 1, FORMS = 6 };
	static const int step[FORMS] = { 2 * TILE_ROWS, 8, TILE_ROWS, 4, 2, 1 };
	if (t->row < 0 || r->across) {
		tile(l, t, r, r->across ? t->ext[t->row].k : 1, vecs, panel);
		return;
	}
	Ex *from = ex_int(l, 0), *bound = ex_dim(l, t->ext[t->row]);
	bool owned = !t->nouter || t->row < t->outer[0];
	if (owned)
		owned_range(l, t->ext[t->row], &from, &bound);
	bool divided = owned && l->kernel->owned;
	int rows = t->ext[t->row].b || divided ? -1 : t->ext[t->row].k, printed = 0;
	/* the number of rows left over before each form, if it is known */
	int left[] = { rows, 0, rows, rows % TILE_ROWS, rows % TILE_ROWS % 4, rows % 2 };
	if (rows >= 0 && rows % TILE_ROWS > 3)
		left[5] = rows % TILE_ROWS % 4 % 2;
	for (int i = 0; i < FORMS; i++) {
		if (rows >= 0 && left[i] < step[i])
			continue;
		if (i == EIGHT && (vecs == 1 || !l->fn->host->constants))
			continue;
		scope_open(l);
		if (vecs)
			tile(l, t, r, step[i], vecs, panel);
		else
			columns(l, t, r, step[i]);
		K *k = loop_emit(l, t->i, from, bound, owned ? OWNED : SERIAL, scope_close(l));
		k->u.loop.step = step[i];
		k->u.loop.again = printed > 0;
		k->u.loop.keep = printed == 0;
		k->u.loop.only_if =
			i <= EIGHT && vecs != 1 ? "defined(NNC_X512) || defined(NNC_A64)" : 0;
		printed++;
	}
}

/* Forms: two vectors, the second one partial; one that is full. */
enum { PAIR = 0, SINGLE = -1 };

/* Is there something left for this form, whatever the vectors are?  *only_if: for which it is. */
static bool form_left(Lower *l, int columns, int form, bool paired, const char **only_if)
{
	bool some = false;
	*only_if = 0;
	for (int vl = 1; vl <= PANEL / 2; vl *= 2) {
		int left = columns % (2 * vl);
		some |= form == PAIR ? left > vl : left > 0 && !(paired && left > vl);
	}
	if (paired && form < 2)
		*only_if = arena_printf(l->mem, "%d %% (NNC_VL * 2) %s NNC_VL", columns,
		                        form == PAIR ? ">" : "<=");
	return form >= 2 || form == SINGLE || some;
}

/* Loops over the columns below `end`, by so many vectors; form 1 may be a partial vector.
 * even: there is none left for it.  rows: of the tile; 0: all, in loops.  *printed: loops before,
 * which these go on. */
static void column_loops(Lower *l, Tile *t, Region *r, const int *form, int n, bool even, int end,
                         int rows, int *printed)
{
	bool constant = r->pack[0] && r->pack[0]->source, rest = constant && end % WIDE_PANEL;
	bool near = r->pack[0] && r->pack[0]->near;
	Ex *from = near ? int_argument(l, "from") : ex_int(l, 0);
	Ex *bound = near ? int_argument(l, "end") : ex_int(l, end);
	bool paired = n == 3 && form[1] == PAIR;
	if (r->across)
		owned_range(l, t->columns, &from, &bound);
	t->end = bound;
	for (int i = 0; i < n; i++) {
		bool last = form[i] == 1, pair = form[i] == PAIR;
		const char *only_if;
		int vecs = pair ? 2 : form[i] == SINGLE ? 1 : form[i];
		if ((last && even) || !form_left(l, end, form[i], paired, &only_if))
			continue;
		scope_open(l);
		l->lane = t->c;
		Sym left = last || pair ? job_symf(l->job, "left%d", l->scope->depth) : 0;
		l->lanes = last ? left : 0;
		t->second = pair ? left : 0;
		Panel panel = panel_at(l, t, r, last, rest);
		if (rows)
			tile(l, t, r, rows, vecs, &panel);
		else
			row_loops(l, t, r, vecs, &panel);
		K *f = loop_emit(l, t->c, from, bound, r->across ? OWNED : SERIAL, scope_close(l));
		f->u.loop.by = lanes_of(l, vecs);
		f->u.loop.left = left;
		f->u.loop.second = pair;
		f->u.loop.only_if = only_if;
		f->u.loop.again = *printed > 0;
		f->u.loop.keep = *printed == 0 && (n > 1 || end < t->columns.k);
		++*printed;
	}
}

static void columns(Lower *l, Tile *t, Region *r, int rows)
{
	static const int one_row[] = { VECTORS_OF_ONE, 2, 1 }, several[] = { 2, 1 },
			 panels[] = { VECTORS_OF_ONE, VECTORS_OF_ONE / 2 },
			 rest[] = { VECTORS_OF_ONE / 2, 2, 1 }, padded[] = { 2, PAIR, 1 },
			 narrow[] = { SINGLE, 1 };
	int printed = 0, left = t->columns.k % WIDE_PANEL;
	t->second = 0;
	if (r->across) {
		/* as many accumulators as a full tile */
		column_loops(l, t, r, t->ext[t->row].k > TILE_ROWS ? narrow : several, 2,
		             t->columns.k % PANEL == 0, t->columns.k, rows, &printed);
	} else if (r->pack[0] && !r->pack[0]->source && t->row >= 0) {
		column_loops(l, t, r, padded, 3, t->columns.k % PANEL == 0, t->columns.k, rows,
		             &printed);
	} else if (!r->pack[0] || !r->pack[0]->source) {
		column_loops(l, t, r, t->row < 0 ? one_row : several, t->row < 0 ? 3 : 2,
		             t->columns.k % PANEL == 0, t->columns.k, rows, &printed);
	} else {
		if (t->columns.k > left)
			column_loops(l, t, r, t->row < 0 ? panels : several, t->row < 0 ? 2 : 1,
			             true, t->columns.k - left, rows, &printed);
		if (left)
			column_loops(l, t, r, t->row < 0 ? rest : several, t->row < 0 ? 3 : 2,
			             false, t->columns.k, rows, &printed);
	}
	l->lane = 0;
	l->lanes = 0;
}

/* Sets up the variables of the tile at the depths where its loops will be. */
static void tile_vars(Lower *l, Tile *t, const Region *r)
{
	int depth = l->scope->depth;   /* of the loops around; then columns, rows, sum */
	int c = depth + (r->rows_first ? 2 : 1), i = depth + (r->rows_first ? 1 : 2);
	t->c = ex_var(l, job_symf(l->job, "j%d", c), t->columns, c);
	tile_spread(l, t, t->col, t->ncol, t->c);
	if (t->row >= 0)
		t->at[t->row] = t->i =
			ex_var(l, job_symf(l->job, "i%d", i), t->ext[t->row], i);
	tile_sum_vars(l, t, depth + (t->row >= 0 ? 3 : 2), r->nests);
	if (!r->pack[0])
		tile_b_fits(l, t);
	if (!r->pack[1]) {
		tile_a_fits(l, t);
		if (r->across) {       /* all rows are in the tile */
			t->a = ex_subst(l, t->a, t->i, ex_int(l, 0));
			t->at[t->row] = ex_int(l, 0);
		}
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
	key.wide = true;
	for (int i = 0; i < rows; i++)
		c[i] = let_new(l, ex_get(l, &key), true, "s", depth);
	Lanes s = { .var = t->k[0] };
	while (lanes_turn(l, &s)) {
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
	}
	lanes_emit(l, &s, ex_int(l, 0), ex_dim(l, t->sums));
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
	static const int step[] = { VECTORS_OF_ONE, 4, 3, 2, 1 };
	int left = t->columns.k, printed = 0;
	for (int i = 0; i < 5; i++) {
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
	tile_find(l, &t, r);
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
	if (r->rows_first)
		row_loops(l, &t, r, 0, 0);
	else
		columns(l, &t, r, 0);
	l->lane = 0;
	l->lanes = 0;
	outer_close(l, &t, -1);
	r->kernel->body = scope_close(l);
}
