/* text.c - expressions as C.
 *
 * In:    an expression in place.   Out: its text, at the end of the line, with parentheses where they
 *        are needed.
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
	case E_ELEMINT:
		return e->arg[0]->dt == DT_REAL ? P_UNARY : level(e->arg[0]);
	case E_INTVAL:
		return level(e->arg[0]);
	default:
		return P_ATOM;
	}
}

static void print_ex(Print *p, const Ex *e, int least);
static void print_lanes(Print *p, const Ex *e);

/* ---- the line ---------------------------------------------------------------------------- */

static void add(Print *p, const char *s, size_t n)
{
	if (p->cap - p->n <= n) {
		size_t cap = p->cap ? p->cap : 256;
		while (cap - p->n <= n)
			cap *= 2;
		p->line = arena_enlarge(p->a, p->line, p->n, cap);
		p->cap = cap;
	}
	memcpy(p->line + p->n, s, n);
	p->n += n;
	p->line[p->n] = 0;
}

static void add_text(Print *p, const char *s)
{
	add(p, s, strlen(s));
}

static void add_number(Print *p, int64_t v)
{
	char digits[24];
	size_t i = sizeof digits;
	uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
	do
		digits[--i] = (char)('0' + u % 10);
	while (u /= 10);
	if (v < 0)
		digits[--i] = '-';
	add(p, digits + i, sizeof digits - i);
}

void print_part(Print *p, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	while (*fmt) {
		size_t n = strcspn(fmt, "%");
		add(p, fmt, n);
		fmt += n;
		if (!*fmt)
			break;
		int least;
		switch (fmt[1]) {
		case 's': add_text(p, va_arg(ap, const char *)); break;
		case 'd': add_number(p, va_arg(ap, int)); break;
		case 'l': add_number(p, va_arg(ap, int64_t)); break;
		case 'e': print_ex(p, va_arg(ap, const Ex *), P_ANY); break;
		case 'p':
			least = va_arg(ap, int);
			print_ex(p, va_arg(ap, const Ex *), least);
			break;
		case 'w': print_lanes(p, va_arg(ap, const Ex *)); break;
		default: bug(p->f->job, "print: directive %c", fmt[1]);
		}
		fmt += 2;
	}
	va_end(ap);
}

/* ---- elements ---------------------------------------------------------------------------- */

/* A number in which kernels like this one may differ: its place. */
static bool may_differ(Print *p, double v)
{
	int i = 0;
	while (i < p->k->nnum && p->k->num[i] != v)
		i++;
	if (i == p->k->nnum)
		return false;
	add(p, (char[]){ NUMBER, (char)(NUMBER + 1 + i) }, 2);
	return true;
}

static void number(Print *p, const Ex *e)
{
	char buf[64];
	bool f64 = p->f->o->f64;
	double v = e->u.num;
	if (e->dt != DT_REAL)
		add_number(p, (int64_t)v);
	else if (isnan(v))
		add_text(p, f64 ? "(0.0 / 0.0)" : "(0.0f / 0.0f)");
	else if (isinf(v))
		print_part(p, "(%s1.0%s / 0.0%s)", v < 0 ? "-" : "", f64 ? "" : "f", f64 ? "" : "f");
	else if (!may_differ(p, v))
		print_part(p, "%s%s", number_text(buf, v, !f64), f64 ? "" : "f");
}

static bool word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

/* The row's expression with a, b, c replaced; nnc_X becomes nncv_X for vectors. */
static void op_text(Print *p, const Ex *e)
{
	const char *x = opinfo[e->u.op].expr;
	int lv = op_level(x);
	if (e->wide && strstr(x, "(nnc_real)")) {      /* a mask as 0 and 1 */
		print_part(p, as_it_is(e) ? "%w" : "nncv_sel(%w, nncv_set1(1), nncv_set1(0))", e->arg[0]);
		return;
	}
	int operand = 0;
	while (*x) {
		size_t n = 0;
		while (x[n] && !word(x[n]))
			n++;
		add(p, x, n);
		x += n;
		n = 0;
		while (word(x[n]))
			n++;
		int i = x[0] - 'a';
		if (n == 1 && i >= 0 && i < e->narg) {
			/* of an infix operator the right operand binds more tightly */
			int least = lv == P_ATOM    ? P_ANY
			            : lv == P_UNARY ? P_ATOM
			                            : lv + (operand > 0);
			const Ex *arg = e->arg[i];
			if (e->wide && arg->dt == DT_I32)
				print_part(p, arg->wide ? "nncv_from(%e)" : "nncv_seti(%e)", arg);
			else if (e->wide && !arg->wide)
				print_lanes(p, arg);
			else
				print_ex(p, arg, least);
			operand++;
		} else if (!strncmp(x, "nnc_", 4) && n > 4) {
			bool ints = e->wide && e->narg == 2 && e->arg[0]->dt == DT_I32;
			add_text(p, ints ? "nncv_i" : e->wide ? "nncv_" : "nnc_");
			add(p, x + 4, n - 4);
		} else {
			add(p, x, n);
		}
		x += n;
	}
}

static void load_text(Print *p, const Ex *e)
{
	const Buffer *b = e->u.buf;
	int n = print_argument(p, b);
	const char *name = b->place == PL_ROW ? "row" : p->k->argwrite[n] ? "out" : "in";
	bool bytes = b->ty.dt == DT_U8 || b->ty.dt == DT_BOOL;
	const char *load = b->half ? "half" : bytes ? "bytes" : "load";
	if (e->narg > 3)               /* a column of a panel: the part known now apart */
		print_part(p, "nncv_pair(%s%d + %p, %e, %e)", name, n, P_SUM, e->arg[0], e->arg[2],
		           e->arg[3]);
	else if (e->narg > 2)
		print_part(p, "nncv_pairat(%s%d + %p, %e)", name, n, P_SUM, e->arg[0], e->arg[2]);
	else if (e->wide && e->text)
		print_part(p, "nncv_%sn(%s%d + %p, %s)", load, name, n, P_SUM, e->arg[0], e->text);
	else if (e->wide)
		print_part(p, "nncv_%s(%s%d + %p)", load, name, n, P_SUM, e->arg[0]);
	else if (b->half)
		print_part(p, "nnc_half(%s%d[%e])", name, n, e->arg[0]);
	else
		print_part(p, b->f64 ? "(nnc_real)%s%d[%e]" : "%s%d[%e]", name, n, e->arg[0]);
}

static void random_text(Print *p, const Ex *e)
{
	const FnHost *h = p->f->host;
	char stream[24];
	snprintf(stream, sizeof stream, "0x%llx", (unsigned long long)e->u.stream);
	print_part(p, "%s(%s, UINT64_C(%s), %s, %s + (uint64_t)(%e), (uint64_t)(%e), (uint64_t)(%e))",
	           e->wide ? "nncv_random" : "nnc_random", h->seed, stream, h->update, h->sample0,
	           e->arg[0], e->arg[1], e->arg[2]);
}

static void dim_c(Print *p, Dim d)
{
	int fixed = p->f->host->batch ? 0 : p->f->host->fixed_batch;
	if (!d.b || fixed)
		add_number(p, dim_at(d, fixed));
	else if (d.k == 1)
		add_text(p, "B");
	else
		print_part(p, "%d * B", d.k);
}

static void pair(Print *p, const Ex *e, const char *op, int lv)
{
	print_part(p, "%p %s %p", lv, e->arg[0], op, lv + 1, e->arg[1]);
}

static void sum_text(Print *p, const Ex *e)
{
	if (e->kind == E_ADD && e->arg[1]->kind == E_INT && e->arg[1]->u.i < 0)
		print_part(p, "%p - %l", P_SUM, e->arg[0], -e->arg[1]->u.i);
	else if (e->kind == E_ADD && level(e->arg[1]) == P_SUM)        /* + is associative in ints */
		print_part(p, "%p + %p", P_SUM, e->arg[0], P_SUM, e->arg[1]);
	else
		pair(p, e, e->kind == E_ADD ? "+" : "-", P_SUM);
}

/* The lanes of a vector reduced: nnc_max(a, b) has nncv_hmax. */
static void fold_text(Print *p, const Ex *e)
{
	const char *x = opinfo[e->u.op].expr;
	size_t n = 0;
	while (word(x[n]))
		n++;
	add_text(p, "nncv_h");
	if (n > 4)
		add(p, x + 4, n - 4);
	else
		add_text(p, strchr(x, '*') ? "prod" : "sum");
	print_part(p, "(%e)", e->arg[0]);
}

static void plain(Print *p, const Ex *e)
{
	const FnHost *h = p->f->host;
	switch (e->kind) {
	case E_INT: add_number(p, e->u.i); return;
	case E_VAR: add_text(p, e->text); return;
	case E_DIM: dim_c(p, e->dim); return;
	case E_ADD: case E_SUB: sum_text(p, e); return;
	case E_MUL: pair(p, e, "*", P_PRODUCT); return;
	case E_DIV: pair(p, e, "/", P_PRODUCT); return;
	case E_MOD: pair(p, e, "%", P_PRODUCT); return;
	case E_LT: pair(p, e, "<", P_COMPARE); return;
	case E_LE: pair(p, e, "<=", P_COMPARE); return;
	case E_EQ: pair(p, e, "==", P_COMPARE); return;
	case E_AND: print_part(p, "%p && %p", P_AND, e->arg[0], P_AND, e->arg[1]); return;
	case E_COND:
		if (e->wide)
			print_part(p, "%p ? %w : %w", P_COND + 1, e->arg[0], e->arg[1], e->arg[2]);
		else
			print_part(p, "%p ? %p : %p", P_COND + 1, e->arg[0], P_COND + 1, e->arg[1],
			           P_COND, e->arg[2]);
		return;
	case E_NUM:
		add_text(p, e->wide ? "nncv_set1(" : "");
		number(p, e);
		add_text(p, e->wide ? ")" : "");
		return;
	case E_LOAD: load_text(p, e); return;
	case E_OP: case E_REDUCE: op_text(p, e); return;
	case E_NAME: add_text(p, e->u.name); return;
	case E_KNOB: case E_ARG:
		add_text(p, h->scalar(h->arg, p->a, e->kind, e->u.i, e->kind == E_ARG ? e->u.name : 0));
		return;
	case E_COUNT:
		add_text(p, "(nnc_real)");
		dim_c(p, dim_batch(1));
		return;
	case E_ELEMINT:
		if (e->arg[0]->dt == DT_REAL) {
			print_part(p, "(int)%e", e->arg[0]);
			return;
		}
		/* fall through */
	case E_INTVAL: print_ex(p, e->arg[0], P_ANY); return;
	case E_RANDOM: random_text(p, e); return;
	case E_FMA:
		print_part(p, e->wide ? "nncv_fma(%w, %w, %w)" : "nnc_fma(%e, %e, %e)", e->arg[0],
		           e->arg[1], e->arg[2]);
		return;
	case E_LANES: add_text(p, "NNC_VL"); return;
	case E_FOLD: fold_text(p, e); return;
	case E_MASK:
		print_part(p, "nncv_sel(nncv_lt(nncv_iota(), nncv_set1((nnc_real)%s)), %w, %w)", e->text,
		           e->arg[0], e->arg[1]);
		return;
	case E_READ: break;
	}
	bug(p->f->job, "print: expression kind %d", e->kind);
}

static void print_ex(Print *p, const Ex *e, int least)
{
	bool enclose = level(e) < least;
	if (enclose)
		add(p, "(", 1);
	plain(p, e);
	if (enclose)
		add(p, ")", 1);
}

/* e in lanes: one number becomes a vector of it. */
static void print_lanes(Print *p, const Ex *e)
{
	if (e->wide)
		print_ex(p, e, P_COND + 1);
	else
		print_part(p, e->dt == DT_REAL ? "nncv_set1(%e)" : "nncv_seti(-(nnc_int)(%e))", e);
}
