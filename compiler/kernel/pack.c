/* pack.c - operands of contractions copied so that a tile reads them in order.
 *
 * In:    an operand as an index map.   Out: panels [columns / 2 VL][sum][2 VL], with zeros beyond
 *        the columns, or rows [rows][sum].
 * Holds: each owner writes whole lines of its own.
 *
 * Blocks of NNC_VL x NNC_VL that lie across are turned over in registers, columns that are
 * adjacent are copied as vectors, anything else (an index map with guards) goes one by one.
 */
#include "tile.h"

#include <string.h>

Ex *lanes_of(Lower *l, int n)
{
	Ex key;
	memset(&key, 0, sizeof key);
	key.kind = E_LANES;
	key.dt = DT_I32;
	return ex_mul(l, ex_get(l, &key), ex_int(l, n));
}

/* Where the copy for these outer indices begins. */
Ex *pack_base(Lower *l, const Tile *t, const Pack *p)
{
	Ex *e = ex_int(l, 0);
	Dim size;
	int n = 0;
	for (int i = 0; i < t->nouter; i++)
		if (tile_has(t, p->side, t->outer[i]))
			e = ex_add(l, ex_mul(l, e, ex_dim(l, p->buf->ty.dim[n++])),
			           t->at[t->outer[i]]);
	if (!dim_mul(p->buf->ty.dim[n], p->buf->ty.dim[n + 1], &size))
		bug(l->job, "tile: packed operand too large");
	return ex_mul(l, e, ex_dim(l, size));
}

Ex *panel_first(Lower *l, const Pack *p)
{
	return p->near ? int_argument(l, "first") : ex_int(l, 0);
}

Ex *first_outer(const Tile *t, int side, Ex *other)
{
	for (int i = 0; i < t->nouter; i++)
		if (tile_has(t, side, t->outer[i]))
			return t->at[t->outer[i]];
	return other;
}

/* side: loops over the labels of this operand only; -1: all. */
bool outer_loops(Lower *l, Tile *t, int side)
{
	bool any = false;
	for (int i = 0; i < t->nouter; i++) {
		if (side >= 0 && !tile_has(t, side, t->outer[i]))
			continue;
		scope_open(l);
		t->at[t->outer[i]] = loop_var(l, t->ext[t->outer[i]], "i");
		any = true;
	}
	return any;
}

void outer_close(Lower *l, Tile *t, int side)
{
	int first = -1;
	for (int i = t->nouter - 1; i >= 0; i--)
		if (side < 0 || tile_has(t, side, t->outer[i]))
			first = i;
	for (int i = t->nouter - 1; i >= 0; i--) {
		Ex *from = ex_int(l, 0), *bound = ex_dim(l, t->ext[t->outer[i]]);
		if (side >= 0 && !tile_has(t, side, t->outer[i]))
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
	tile_spread(l, t, t->sum, t->nsum, k);
	if (!c->p->rows)
		tile_spread(l, t, t->col, t->ncol, x);
	else if (t->row >= 0)
		t->at[t->row] = x;
	return tile_operand(l, t, c->p->side);
}

/* Position of column x (of a panel that begins at j), or of row x. */
static Ex *copy_target(Lower *l, const Copy *c, Ex *j, Ex *x, Ex *k)
{
	Ex *sums = ex_dim(l, c->t.sums), *base = pack_base(l, &c->t, c->p);
	if (c->p->rows)
		return ex_add(l, base, ex_add(l, ex_mul(l, ex_add(l, j, x), sums), k));
	/* j is a multiple of VL: the panel of 2 VL columns and the place in it */
	Ex *two = lanes_of(l, 2), *in = ex_make(l, E_MOD, DT_I32, (Ex *[]){ j, two }, 2);
	Ex *panel = ex_sub(l, ex_sub(l, j, in), panel_first(l, c->p));
	return ex_add(l, ex_add(l, base, ex_mul(l, panel, sums)),
	              ex_add(l, ex_add(l, in, ex_mul(l, k, two)), x));
}

/* inside: j + x is known to be one of the columns. */
static void copy_store(Lower *l, Copy *c, Ex *j, Ex *x, Ex *k, bool inside)
{
	Ex *at = ex_add(l, j, x);
	Ex *some = inside || c->p->rows || c->t.columns.k % PANEL == 0 ? ex_int(l, 1) :
	           ex_make(l, E_LT, DT_I32, (Ex *[]){ at, ex_dim(l, c->t.columns) }, 2);
	K *s = emit(l, K_STORE);
	s->u.store.buf = c->p->buf;
	s->u.store.at = copy_target(l, c, j, x, k);
	s->u.store.outer = first_outer(&c->t, c->p->side, j);
	s->u.store.val = ex_cond(l, some, copy_source(l, c, at, k), ex_num(l, 0, DT_REAL));
}

/* NNC_VL lines from j on, or a whole panel, one element after the other, sum indices from..K-1.  Line after
 * line where that reads in order. */
static void copy_lines(Lower *l, Copy *c, Ex *j, Ex *from, bool panel, bool in_order)
{
	Ex *n = lanes_of(l, panel ? 2 : 1), *var[2];
	int line = in_order ? 0 : 1;   /* which loop is over them */
	if (c->p->rows) {
		/* the last rows may be fewer */
		Ex *rest = ex_sub(l, c->bound, j);
		n = let_index(l, index_least(l, rest, n), "rows");
	}
	for (int i = 0; i < 2; i++) {
		scope_open(l);
		var[i] = i == line ? loop_var(l, dim_num(0), "c") : loop_var(l, c->t.sums, "k");
	}
	copy_store(l, c, j, var[line], var[1 - line], panel);
	for (int i = 1; i >= 0; i--)
		loop_emit(l, var[i], i == line ? ex_int(l, 0) : from,
		          i == line ? n : ex_dim(l, c->t.sums), SERIAL, scope_close(l));
}

/* Can blocks of NNC_VL lines x NNC_VL sum indices be copied in registers? */
static bool copy_turns(Lower *l, Copy *c, Dim *line, Dim *along)
{
	Ex *x = ex_var(l, 0, c->lines, 9), *k = ex_var(l, 0, c->t.sums, 9);
	Ex *e = copy_source(l, c, x, k);
	if (e->kind != E_LOAD || e->dt != DT_REAL || e->u.buf->f64 || e->u.buf->half ||
	    !ex_linear(e->arg[0], x, line) || !ex_linear(e->arg[0], k, along))
		return false;
	return dim_is(*line, 1) || (!c->p->rows && dim_is(*along, 1));
}

/* Columns that are adjacent already: vectors copied.  half: the second of the panel at j. */
static void copy_vector(Lower *l, Copy *c, Ex *j, Ex *k, int half)
{
	Ex *at = ex_add(l, j, lanes_of(l, half)), *load = copy_source(l, c, at, k), key = *load;
	key.wide = true;
	K *s = emit(l, K_STORE);
	s->u.store.buf = c->p->buf;
	s->u.store.at = copy_target(l, c, j, lanes_of(l, half), k);
	s->u.store.outer = first_outer(&c->t, c->p->side, j);
	s->u.store.val = ex_get(l, &key);
	s->u.store.wide = true;
}

/* One block: to[i][c] = from[c][i]. */
static void copy_block(Lower *l, Copy *c, Ex *j, Ex *k, int half, Dim step)
{
	Ex *load = copy_source(l, c, ex_add(l, j, lanes_of(l, half)), k);
	K *s = emit(l, K_TURN);
	s->u.turn.to = c->p->buf;
	s->u.turn.at = copy_target(l, c, j, lanes_of(l, half), k);
	s->u.turn.outer = first_outer(&c->t, c->p->side, j);
	s->u.turn.from = load;
	s->u.turn.to_step = c->p->rows ? ex_dim(l, c->t.sums) : lanes_of(l, 2);
	s->u.turn.from_step = ex_dim(l, step);
}

/* How blocks of lines are copied in registers. */
typedef struct {
	bool any, vectors;             /* vectors: not turned over                             */
	Dim step;                      /* from one line of the source to the next              */
	Ex *end;                       /* sum indices 0..end-1                                 */
} Blocks;

static Blocks copy_blocks(Lower *l, Copy *c)
{
	Dim line, along;
	Blocks b = { .any = copy_turns(l, c, &line, &along), .end = ex_dim(l, c->t.sums) };
	if (!b.any)
		return b;
	b.vectors = !c->p->rows && dim_is(line, 1);
	b.step = c->p->rows ? along : line;
	if (!b.vectors)
		b.end = ex_sub(l, b.end, ex_make(l, E_MOD, DT_I32,
		                                 (Ex *[]){ b.end, lanes_of(l, 1) }, 2));
	return b;
}

/* NNC_VL lines from j on, or the panel there, at sum indices 0..end-1. */
static void copy_whole(Lower *l, Copy *c, Ex *j, const Blocks *b, Ex *end, bool panel)
{
	scope_open(l);
	Ex *k = loop_var(l, c->t.sums, "k");
	for (int half = 0; half < (panel ? 2 : 1); half++)
		if (b->vectors)
			copy_vector(l, c, j, k, half);
		else
			copy_block(l, c, j, k, half, b->step);
	loop_emit(l, k, ex_int(l, 0), end, SERIAL, scope_close(l))->u.loop.by =
		b->vectors ? 0 : lanes_of(l, 1);
}

/* NNC_VL lines from j on: whole blocks while all lines are there, then the rest of the sum. */
static void copy_vectors(Lower *l, Copy *c, Ex *j, const Blocks *b)
{
	if (!b->any) {
		copy_lines(l, c, j, ex_int(l, 0), false, false);
		return;
	}
	Ex *last = c->p->rows ? c->bound : ex_dim(l, c->t.columns);
	Ex *there = ex_make(l, E_LE, DT_I32, (Ex *[]){ ex_add(l, j, lanes_of(l, 1)), last }, 2);
	Ex *whole = let_index(l, ex_cond(l, there, b->end, ex_int(l, 0)), "whole");
	copy_whole(l, c, j, b, whole, false);
	copy_lines(l, c, j, whole, false, !b->vectors && !c->p->rows);
}

/* Panels that are full: both vectors at each index of the sum, so that a line of the cache is read
 * and written once.  Returns whether something is left for copy_vectors. */
static bool copy_panels(Lower *l, Copy *c, Ex *j, const Blocks *b, LoopKind how)
{
	bool even = c->t.columns.k % PANEL == 0;
	Ex *columns = ex_dim(l, c->t.columns), *bound = c->bound;
	if (!even)
		bound = index_least(l, columns, bound);
	scope_open(l);
	copy_whole(l, c, j, b, b->end, true);
	if (!ex_is(ex_sub(l, ex_dim(l, c->t.sums), b->end), 0))
		copy_lines(l, c, j, b->end, true, false);
	K *k = loop_emit(l, j, c->from, bound, how, scope_close(l));
	k->u.loop.by = lanes_of(l, 2);
	k->u.loop.keep = !even;
	return !even;
}

/* Panels: out[(j / 2VL) * 2VL * K + k * 2VL + c] is column j + c at sum index k, 0 beyond the
 * columns.  Rows: out[j * K + k] is row j at k. */
void pack_lower(Lower *l, Region *r)
{
	Copy c = { .p = r->pack[0] };
	tile_labels(&c.t, c.p->contract);
	tile_classify(l, &c.t, false);
	scope_open(l);
	bool outer = outer_loops(l, &c.t, c.p->side);
	c.lines = r->space->dim[r->space->rank - 2];
	c.from = ex_int(l, 0);
	c.bound = ex_dim(l, c.lines);
	if (!outer)
		owned_range(l, c.lines, &c.from, &c.bound);
	LoopKind how = outer ? SERIAL : OWNED;
	Blocks b = copy_blocks(l, &c);
	Ex *j = inner_var(l, c.lines, "j");    /* of both loops below */
	bool panels = b.any && !c.p->rows;
	if (!panels || copy_panels(l, &c, j, &b, how)) {
		scope_open(l);
		copy_vectors(l, &c, j, &b);
		K *k = loop_emit(l, j, c.from, c.bound, how, scope_close(l));
		k->u.loop.by = lanes_of(l, 1);
		k->u.loop.ragged = c.p->rows;
		k->u.loop.again = panels;
	}
	outer_close(l, &c.t, c.p->side);
	r->kernel->body = scope_close(l);
}
