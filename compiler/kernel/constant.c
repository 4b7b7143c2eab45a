/* constant.c - operands of contractions that are known when compiling, packed there.
 *
 * In:    the element of an operand at an index.   Out: a Pack of place PL_CONST, and its elements in
 *        the order in which the tile reads them.
 * Holds: a constant has exactly the operand's elements, none twice, no padding: it is as large as the
 *        weights are.
 *
 * Columns lie in panels of WIDE_PANEL, the sum inside a panel outside its columns, so that a single
 * row reads its weights from the first byte to the last.  What is left of the columns follows, again
 * with the sum outside.  The width does not depend on NNC_VL, which only the C compiler knows.
 */
#include "tile.h"

#include <string.h>

/* A number, or a parameter or buffer at an index: nothing is computed but the index. */
static bool known(const Ex *e, bool index)
{
	switch (e->kind) {
	case E_INT: case E_VAR: case E_ADD: case E_SUB: case E_MUL: case E_DIV: case E_MOD:
	case E_LT: case E_LE: case E_EQ: case E_AND:
		break;
	case E_COND: case E_NUM:
		break;
	case E_LOAD:
		if (index || (e->u.buf->place != PL_PARAM && e->u.buf->place != PL_BUFFER) ||
		    e->u.buf->of)
			return false;
		return known(e->arg[0], true);
	default:
		return false;
	}
	for (int i = 0; i < e->narg; i++)
		if (!known(e->arg[i], index))
			return false;
	return true;
}

static bool reads(const Ex *e, Place place)
{
	bool some = e->kind == E_LOAD && e->u.buf->place == place;
	for (int i = 0; i < e->narg && !some; i++)
		some = reads(e->arg[i], place);
	return some;
}

bool constant_operand(const Fn *f, const Ex *e)
{
	return f->host->constants && e->dt == DT_REAL && known(e, false) &&
	       (reads(e, PL_PARAM) || reads(e, PL_BUFFER));
}

void constant_add(Fn *f, Region *r, const Tile *t, bool rows, const Type *ty)
{
	Pack *k = NEW(f->mem, Pack);
	k->contract = r->seed;
	k->side = rows ? 1 - t->side : t->side;
	k->rows = rows;
	k->source = rows ? t->a : t->b;
	k->line = rows ? t->i : t->c;
	k->k = t->nk ? t->k[0] : 0;
	for (int i = 0, n = 0; i < t->nouter; i++)
		if (tile_has(t, k->side, t->outer[i]))
			k->outer[n++] = t->at[t->outer[i]];
	k->buf = buffer_new(f, 0, ty, PL_CONST, job_sym(f->job, "packed"));
	k->buf->index = f->nconstant;
	k->buf->half = f->host->half && !reads(k->source, PL_BUFFER);
	PUSH(f->mem, f->constant, f->nconstant, f->capconstant, k);
	r->pack[rows ? 1 : 0] = k;
}

/* ---- the elements ------------------------------------------------------------------------ */

typedef struct {
	const Pack *p;
	int64_t line, k, outer[MAXRANK];
	void *arg;
	void (*element)(void *arg, const Buffer *from, int64_t at, double number);
} Elements;

static int64_t value(const Elements *s, const Ex *e)
{
	if (e->kind == E_INT)
		return e->u.i;
	if (e->kind == E_VAR) {
		for (int i = 0; i < MAXRANK && s->p->outer[i]; i++)
			if (e == s->p->outer[i])
				return s->outer[i];
		return e == s->p->line ? s->line : s->k;
	}
	int64_t a = value(s, e->arg[0]);
	if (e->kind == E_COND)
		return value(s, e->arg[a ? 1 : 2]);
	if (e->kind == E_AND && !a)
		return 0;
	int64_t b = value(s, e->arg[1]);
	switch (e->kind) {
	case E_ADD: return a + b;
	case E_SUB: return a - b;
	case E_MUL: return a * b;
	case E_DIV: return a / b;
	case E_MOD: return a % b;
	case E_LT: return a < b;
	case E_LE: return a <= b;
	case E_EQ: return a == b;
	default: return b;             /* E_AND                                                */
	}
}

static void element(const Elements *s)
{
	const Ex *e = s->p->source;
	while (e->kind == E_COND)
		e = e->arg[value(s, e->arg[0]) ? 1 : 2];
	if (e->kind == E_LOAD)
		s->element(s->arg, e->u.buf, value(s, e->arg[0]), 0);
	else
		s->element(s->arg, 0, 0, e->u.num);
}

/* lines from..to-1, the sum outside. */
static void panel(Elements *s, int64_t from, int64_t to, int64_t sums)
{
	for (s->k = 0; s->k < sums; s->k++)
		for (s->line = from; s->line < to; s->line++)
			element(s);
}

static void one(Elements *s, int64_t lines, int64_t sums)
{
	int64_t j = 0;
	if (s->p->rows) {
		for (s->line = 0; s->line < lines; s->line++)
			for (s->k = 0; s->k < sums; s->k++)
				element(s);
		return;
	}
	for (; j + WIDE_PANEL <= lines; j += WIDE_PANEL)
		panel(s, j, j + WIDE_PANEL, sums);
	if (j < lines)
		panel(s, j, lines, sums);
}

static void each_outer(Elements *s, const Type *ty, int n)
{
	if (n == ty->rank - 2) {
		one(s, ty->dim[n].k, ty->dim[n + 1].k);
		return;
	}
	for (s->outer[n] = 0; s->outer[n] < ty->dim[n].k; s->outer[n]++)
		each_outer(s, ty, n + 1);
}

void fn_constant(const Fn *f, int i, void *arg,
                 void (*each)(void *arg, const Buffer *from, int64_t at, double number))
{
	Elements s = { .p = f->constant[i], .arg = arg, .element = each };
	each_outer(&s, &s.p->buf->ty, 0);
}

bool fn_uses(const Fn *f, Place place, int index)
{
	for (const Kernel *k = f->kernel; k; k = k->next)
		for (int i = 0; i < k->narg; i++)
			if (k->arg[i]->place == place && k->arg[i]->index == index)
				return true;
	return false;
}
