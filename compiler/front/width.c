/* width.c - how many numbers a part of a field has, where the file alone or the field says it.
 *
 * In:    the expression of a field, its columns noted (column.c).   Out: the size of others() and
 *        the number of classes of one_hot(column) within it.
 * Holds: what is not written follows from the size of the field, less what is known; of two parts
 *        that nothing says the size of, none is guessed.
 */
#include "elab.h"

#include <string.h>

enum { UNKNOWN = -1, NUMBER = 0 };

static bool is_call(const Ast *a, const char *name)
{
	return a->kind == A_CALL && !strcmp(a->u.call.fn, name);
}

static const Ast *named(const Ast *call, const char *name, int pos)
{
	int k = 0;
	for (int i = 0; i < call->u.call.arg.n; i++) {
		const Ast *a = call->u.call.arg.v[i];
		if (a->kind == A_ARG ? !strcmp(a->u.arg.name, name) : k == pos)
			return a->kind == A_ARG ? a->u.arg.value : a;
		k += a->kind != A_ARG;
	}
	return 0;
}

/* The classes that a call of one_hot states; piped: its first argument stands before it. */
static int stated(Elab *e, const Ast *call, bool piped)
{
	const Ast *a = named(call, "num_classes", piped ? 0 : 1);
	int64_t n;
	if (!a)
		return UNKNOWN;
	Value v = eval(e, (Ast *)a);
	if (!need_int(e, &v, "`num_classes`", &n))
		return UNKNOWN;
	if (n >= 1 && n <= INT32_MAX)
		return (int)n;
	fail(e, a->at, "E0404", "`num_classes` must be at least 1");
	return UNKNOWN;
}

static int width(Elab *e, const Ast *a);

static int width_of_call(Elab *e, const Ast *call, const Ast *piped)
{
	if (is_call(call, "others"))
		return UNKNOWN;
	if (is_call(call, "columns"))
		return call->u.call.arg.n;
	if (is_call(call, "column"))
		return 1;
	if (is_call(call, "one_hot"))
		return stated(e, call, piped != 0);
	bool concat = is_call(call, "concat");
	int sum = piped ? width(e, piped) : 0, n = piped != 0;
	for (int i = 0; i < call->u.call.arg.n; i++) {
		const Ast *a = call->u.call.arg.v[i];
		if (a->kind == A_ARG || (n && !concat) || sum == UNKNOWN)
			continue;
		int w = width(e, a);
		sum = w == UNKNOWN ? UNKNOWN : sum + (concat && w == NUMBER ? 1 : w);
		n++;
	}
	return sum;
}

/* Numbers of a sample; NUMBER for what every one of them meets, such as 255. */
static int width(Elab *e, const Ast *a)
{
	int l, r;
	switch (a->kind) {
	case A_NAME:
		return const_find(e, a->u.name, a->at) ? NUMBER : 1;
	case A_CALL:
		return width_of_call(e, a, 0);
	case A_PIPE:
		return a->u.pipe.stage->kind == A_CALL
		               ? width_of_call(e, a->u.pipe.stage, a->u.pipe.from)
		               : width(e, a->u.pipe.from);
	case A_BINARY:
		l = width(e, a->u.bin.l);
		r = width(e, a->u.bin.r);
		return l == UNKNOWN || r == UNKNOWN ? UNKNOWN : l > r ? l : r;
	case A_UNARY:
		return width(e, a->u.bin.l);
	case A_INDEX:
		return UNKNOWN;
	default:
		return NUMBER;
	}
}

/* Notes the size of every column below a. */
static void note(Elab *e, const Ast *a, int size)
{
	for (int i = 0; i < e->ncolumn; i++)
		if (e->column[i].a == a)
			e->column[i].size = size;
}

static void give(Elab *e, const Ast *a, int want);

/* The parts of concat: of one whose width is not known, the rest. */
static void share(Elab *e, const Ast *call, const Ast *piped, int want)
{
	const Ast *open = 0;
	int known = 0, n = call->u.call.arg.n;
	for (int i = -1; i < n; i++) {
		const Ast *a = i < 0 ? piped : call->u.call.arg.v[i];
		if (!a || a->kind == A_ARG)
			continue;
		int w = width(e, a);
		if (w != UNKNOWN) {
			known += w == NUMBER ? 1 : w;
			give(e, a, w);
		} else if (open) {
			Diag *d = fail(e, a->at, "E0404",
			               "nothing says how many numbers this part of `concat` has");
			diag_span(d, open->at, "nor this one");
			diag_help(d, "write `one_hot(x, num_classes = 3)`, or `columns(\"a\", \"b\")` "
			             "instead of `others()`");
			return;
		} else {
			open = a;
		}
	}
	if (open && want > known)
		give(e, open, want - known);
	else if (open)
		fail(e, open->at, "E0301",
		     "the other parts have %d numbers already, and `%s` has %d", known,
		     e->field->name, want);
}

static void give_call(Elab *e, const Ast *call, const Ast *piped, int want)
{
	if (is_call(call, "concat")) {
		share(e, call, piped, want);
		return;
	}
	if (is_call(call, "one_hot")) {
		int k = stated(e, call, piped != 0);
		want = k == UNKNOWN ? want : k;
	}
	note(e, call, want);
	if (piped)
		give(e, piped, want);
	for (int i = 0; i < call->u.call.arg.n; i++)
		if (call->u.call.arg.v[i]->kind != A_ARG)
			give(e, call->u.call.arg.v[i], want);
}

static void give(Elab *e, const Ast *a, int want)
{
	if (a->kind == A_NAME)
		note(e, a, want);
	else if (a->kind == A_CALL)
		give_call(e, a, 0, want);
	else if (a->kind == A_PIPE && a->u.pipe.stage->kind == A_CALL)
		give_call(e, a->u.pipe.stage, a->u.pipe.from, want);
	else if (a->kind == A_PIPE)
		give(e, a->u.pipe.from, want);
	else if (a->kind == A_UNARY)
		give(e, a->u.bin.l, want);
	else if (a->kind == A_BINARY) {
		give(e, a->u.bin.l, want);
		give(e, a->u.bin.r, want);
	}
}

void column_sizes(Elab *e, const Field *in, const Ast *value)
{
	Dim all;
	if (in->ty.rank > 1 && type_size(&in->ty, &all))
		give(e, value, all.k);
}
