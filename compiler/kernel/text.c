/* text.c - expressions as C.
 *
 * In:    an expression in place.   Out: its text, with parentheses where they are needed.
 * Holds: the expression of an op is the row's own, with operands put in; in lanes nncv_X stands for
 *        nnc_X, and one number becomes a vector of it.
 */
#include "print.h"

#include <math.h>
#include <string.h>

static int op_level(const char *expr)
{
	if (!strncmp(expr, "nnc_", 4) || expr[0] == '(')
		return P_ATOM;
	if (expr[0] == '-')
		return P_UNARY;
	return strchr(expr, '*') || strchr(expr, '/') ? P_PRODUCT : P_SUM;
}

/* A conversion of lanes of reals: it prints as what it converts. */
static bool as_it_is(const Ex *e)
{
	return e->wide && strstr(opinfo[e->u.op].expr, "(nnc_real)") && e->arg[0]->dt == DT_REAL;
}

static int level(const Ex *e)
{
	switch (e->kind) {
	case E_ADD: case E_SUB:
		return P_SUM;
	case E_MUL: case E_DIV: case E_MOD:
		return P_PRODUCT;
	case E_DIM:
		return e->dim.k == 1 ? P_ATOM : P_PRODUCT;
	case E_LT: case E_LE: case E_EQ:
		return P_COMPARE;
	case E_AND:
		return P_AND;
	case E_COND:
		return P_COND;
	case E_INT:
		return e->u.i < 0 ? P_UNARY : P_ATOM;
	case E_NUM:
		return signbit(e->u.num) && !e->wide ? P_UNARY : P_ATOM;
	case E_OP: case E_REDUCE:
		if (as_it_is(e))
			return e->arg[0]->wide ? level(e->arg[0]) : P_ATOM;
		return op_level(opinfo[e->u.op].expr);
	case E_INTVAL:
		return level(e->arg[0]);
	case E_ELEMINT:
		return level(e->arg[0]);
	default:
		return P_ATOM;
	}
}

static const char *number(Print *p, const Ex *e)
{
	char buf[64];
	bool f64 = p->f->o->f64;
	double v = e->u.num;
	if (e->dt != DT_REAL)
		return arena_printf(p->a, "%lld", (long long)v);
	if (isnan(v))
		return f64 ? "(0.0 / 0.0)" : "(0.0f / 0.0f)";
	if (isinf(v))
		return arena_printf(p->a, "(%s1.0%s / 0.0%s)", v < 0 ? "-" : "", f64 ? "" : "f",
		                    f64 ? "" : "f");
	return arena_printf(p->a, "%s%s", number_text(buf, v, !f64), f64 ? "" : "f");
}

static bool word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

static const char *joined(Print *p, const char *a, const char *b, size_t n)
{
	size_t m = strlen(a);
	char *s = arena_alloc(p->a, m + n + 1);
	memcpy(s, a, m);
	memcpy(s + m, b, n);
	return s;
}

/* The row's expression with a, b, c replaced; nnc_X becomes nncv_X for vectors. */
static const char *op_text(Print *p, const Ex *e)
{
	const char *x = opinfo[e->u.op].expr;
	int lv = op_level(x);
	if (e->wide && strstr(x, "(nnc_real)")) {      /* a mask as 0 and 1 */
		const char *arg = print_lanes(p, e->arg[0]);
		return as_it_is(e) ? arg
		                   : arena_printf(p->a, "nncv_sel(%s, nncv_set1(1), nncv_set1(0))", arg);
	}
	const char *s = "";
	int operand = 0;
	while (*x) {
		if (!word(*x)) {
			s = joined(p, s, x++, 1);
			continue;
		}
		int n = 0;
		while (word(x[n]))
			n++;
		int i = x[0] - 'a';
		if (n == 1 && i >= 0 && i < e->narg) {
			/* of an infix operator the right operand binds more tightly */
			int least = lv == P_ATOM    ? 0
			            : lv == P_UNARY ? P_ATOM
			                            : lv + (operand > 0);
			const Ex *arg = e->arg[i];
			const char *t = e->wide && !arg->wide ? print_lanes(p, arg)
			                                      : print_text(p, arg, least);
			s = joined(p, s, t, strlen(t));
			operand++;
		} else if (!strncmp(x, "nnc_", 4) && n > 4) {
			const char *family = e->wide ? "nncv" : "nnc";
			s = arena_printf(p->a, "%s%s%.*s", s, family, n - 3, x + 3);
		} else {
			s = joined(p, s, x, (size_t)n);
		}
		x += n;
	}
	return s;
}

static const char *load_text(Print *p, const Ex *e)
{
	const Buffer *b = e->u.buf;
	const char *at = print_text(p, e->arg[0], P_SUM);
	int n = print_argument(p, b);
	const char *name = arena_printf(p->a, "%s%d", p->k->argwrite[n] ? "out" : "in", n);
	if (e->narg > 3)               /* a column of a panel: the part known now apart */
		return arena_printf(p->a, "nncv_pair(%s + %s, %s, %s)", name, at,
		                    print_text(p, e->arg[2], 0), print_text(p, e->arg[3], 0));
	if (e->narg > 2)
		return arena_printf(p->a, "nncv_pairat(%s + %s, %s)", name, at,
		                    print_text(p, e->arg[2], 0));
	const char *load = b->half ? "half" : "load";
	if (e->wide && e->text)
		return arena_printf(p->a, "nncv_%sn(%s + %s, %s)", load, name, at, e->text);
	if (e->wide)
		return arena_printf(p->a, "nncv_%s(%s + %s)", load, name, at);
	if (b->half)
		return arena_printf(p->a, "nnc_half(%s[%s])", name, print_text(p, e->arg[0], 0));
	if (b->f64)
		return arena_printf(p->a, "(nnc_real)%s[%s]", name, print_text(p, e->arg[0], 0));
	return arena_printf(p->a, "%s[%s]", name, print_text(p, e->arg[0], 0));
}

static const char *random_text(Print *p, const Ex *e)
{
	const FnHost *h = p->f->host;
	return arena_printf(p->a,
	                    "%s(%s, UINT64_C(0x%llx), %s, %s + (uint64_t)(%s), (uint64_t)(%s), "
	                    "(uint64_t)(%s))",
	                    e->wide ? "nncv_random" : "nnc_random", h->seed,
	                    (unsigned long long)e->u.stream, h->update, h->sample0,
	                    print_text(p, e->arg[0], 0), print_text(p, e->arg[1], 0),
	                    print_text(p, e->arg[2], 0));
}

static const char *dim_c(Print *p, Dim d)
{
	int fixed = p->f->host->batch ? 0 : p->f->host->fixed_batch;
	if (!d.b || fixed)
		return arena_printf(p->a, "%lld", (long long)dim_at(d, fixed));
	return d.k == 1 ? "B" : arena_printf(p->a, "%d * B", d.k);
}

static const char *pair(Print *p, const Ex *e, const char *op, int lv)
{
	return arena_printf(p->a, "%s %s %s", print_text(p, e->arg[0], lv), op,
	                    print_text(p, e->arg[1], lv + 1));
}

static const char *sum_text(Print *p, const Ex *e)
{
	if (e->kind == E_ADD && e->arg[1]->kind == E_INT && e->arg[1]->u.i < 0)
		return arena_printf(p->a, "%s - %lld", print_text(p, e->arg[0], P_SUM),
		                    (long long)-e->arg[1]->u.i);
	if (e->kind == E_ADD && level(e->arg[1]) == P_SUM)     /* + is associative in ints */
		return arena_printf(p->a, "%s + %s", print_text(p, e->arg[0], P_SUM),
		                    print_text(p, e->arg[1], P_SUM));
	return pair(p, e, e->kind == E_ADD ? "+" : "-", P_SUM);
}

static const char *plain(Print *p, const Ex *e)
{
	const FnHost *h = p->f->host;
	switch (e->kind) {
	case E_INT: return arena_printf(p->a, "%lld", (long long)e->u.i);
	case E_VAR: return e->text;
	case E_DIM: return dim_c(p, e->dim);
	case E_ADD: case E_SUB: return sum_text(p, e);
	case E_MUL: return pair(p, e, "*", P_PRODUCT);
	case E_DIV: return pair(p, e, "/", P_PRODUCT);
	case E_MOD: return pair(p, e, "%", P_PRODUCT);
	case E_LT: return pair(p, e, "<", P_COMPARE);
	case E_LE: return pair(p, e, "<=", P_COMPARE);
	case E_EQ: return pair(p, e, "==", P_COMPARE);
	case E_AND:
		return arena_printf(p->a, "%s && %s", print_text(p, e->arg[0], P_AND),
		                    print_text(p, e->arg[1], P_AND));
	case E_COND:
		return arena_printf(
			p->a, "%s ? %s : %s", print_text(p, e->arg[0], P_COND + 1),
			e->wide ? print_lanes(p, e->arg[1]) : print_text(p, e->arg[1], P_COND + 1),
			e->wide ? print_lanes(p, e->arg[2]) : print_text(p, e->arg[2], P_COND));
	case E_NUM:
		return e->wide ? arena_printf(p->a, "nncv_set1(%s)", number(p, e))
		               : number(p, e);
	case E_LOAD: return load_text(p, e);
	case E_OP: case E_REDUCE: return op_text(p, e);
	case E_NAME: return e->u.name;
	case E_KNOB: case E_ARG:
		return h->scalar(h->arg, p->a, e->kind, e->u.i,
		                 e->kind == E_ARG ? e->u.name : 0);
	case E_COUNT: return arena_printf(p->a, "(nnc_real)%s", dim_c(p, dim_batch(1)));
	case E_INTVAL: case E_ELEMINT: return print_text(p, e->arg[0], 0);
	case E_RANDOM: return random_text(p, e);
	case E_FMA:
		return e->wide ? arena_printf(
					 p->a, "nncv_fma(%s, %s, %s)", print_lanes(p, e->arg[0]),
					 print_lanes(p, e->arg[1]), print_lanes(p, e->arg[2]))
		               : arena_printf(p->a, "nnc_fma(%s, %s, %s)",
		                              print_text(p, e->arg[0], 0), print_text(p, e->arg[1], 0),
		                              print_text(p, e->arg[2], 0));
	case E_LANES: return "NNC_VL";
	case E_FOLD: {
		const char *x = opinfo[e->u.op].expr;
		int n = 0;
		while (word(x[n]))
			n++;
		if (n > 4)                     /* nnc_max(a, b) */
			return arena_printf(p->a, "nncv_h%.*s(%s)", n - 4, x + 4,
			                    print_text(p, e->arg[0], 0));
		return arena_printf(p->a, "nncv_h%s(%s)", strchr(x, '*') ? "prod" : "sum",
		                    print_text(p, e->arg[0], 0));
	}
	case E_MASK:
		return arena_printf(
			p->a, "nncv_sel(nncv_lt(nncv_iota(), nncv_set1((nnc_real)%s)), %s, %s)",
			e->text, print_lanes(p, e->arg[0]), print_lanes(p, e->arg[1]));
	case E_READ: break;
	}
	bug(p->f->job, "print: expression kind %d", e->kind);
}

const char *print_text(Print *p, const Ex *e, int least)
{
	const char *s = plain(p, e);
	if (level(e) >= least)
		return s;
	return joined(p, joined(p, "(", s, strlen(s)), ")", 1);
}

/* e in lanes: one number becomes a vector of it. */
const char *print_lanes(Print *p, const Ex *e)
{
	if (e->wide)
		return print_text(p, e, P_COND + 1);
	if (e->dt == DT_REAL)
		return arena_printf(p->a, "nncv_set1(%s)", print_text(p, e, 0));
	return arena_printf(p->a, "nncv_seti(-(nnc_int)(%s))", print_text(p, e, 0));
}
