/* print.c - loop IR -> C: the only printer of loops and expressions.
 *
 * In:    kernels with their plan.   Out: C99 through an Out; nothing is decided here.
 *
 *     static void mlp_grad_k3(int B, int lo, int hi, const nnc_real *restrict in0, ...)
 *     {
 *             for (int i1 = lo; i1 < hi; i1++) {
 *                     nnc_real s0 = 0.0f;
 *                     for (int k2 = 0; k2 < 784; k2++) {
 *                             s0 = nnc_fma(in0[i1 * 784 + k2], in1[k2], s0);
 *                     }
 *                     out0[i1] = s0;
 *             }
 *     }
 *
 * Arguments have names by position, so that equal kernels have equal text and are printed once.
 */
#include "print.h"

#include <string.h>

enum { WIDTH = 112 };

#define NUMBERS "\x1f"                 /* NUMBER as text */

/* ---- arguments --------------------------------------------------------------------------- */

int print_argument(Print *p, const Buffer *b)
{
	const Buffer *whole = b->of ? b->of : b;
	for (int i = 0; i < p->k->nrow; i++)
		if (p->k->row[i] == b)
			return i;
	for (int i = 0; i < p->k->narg; i++)
		if (p->k->arg[i] == whole)
			return i;
	bug(p->f->job, "print: buffer %s is no argument of %s", b->name, p->k->name);
}

static void add_argument(Print *p, Buffer *b, bool write)
{
	Kernel *k = p->k;
	Buffer *whole = b->of ? b->of : b;
	if (b->place == PL_ROW) {
		for (int i = 0; i < k->nrow; i++)
			if (k->row[i] == b)
				return;
		PUSH(p->f->mem, k->row, k->nrow, k->caprow, b);
		return;
	}
	whole->passed = true;
	whole->passed_out |= write;
	for (int i = 0; i < k->narg; i++)
		if (k->arg[i] == whole) {
			k->argwrite[i] |= write;
			return;
		}
	int n = k->narg, cap = k->caparg;
	PUSH(p->f->mem, k->arg, n, cap, whole);
	n = k->narg;
	PUSH(p->f->mem, k->argwrite, n, k->caparg, write);
	k->narg = n;
}

static void add_name(const Fn *f, Sym **v, int *n, int *cap, Sym name)
{
	for (int i = 0; i < *n; i++)
		if ((*v)[i] == name)
			return;
	int count = *n;
	PUSH(f->mem, *v, count, *cap, name);
	*n = count;
}

static void scan_ex(Print *p, const Ex *e)
{
	Kernel *k = p->k;
	if (e->kind == E_LOAD)
		add_argument(p, e->u.buf, false);
	if ((e->kind == E_DIM && p->f->host->batch) || e->kind == E_COUNT)
		k->uses_B |= p->f->host->batch != 0;
	if (e->kind == E_KNOB || e->kind == E_RANDOM)
		k->uses_ctx |= p->f->host->ctx_param != 0;
	if (e->kind == E_ARG)
		add_name(p->f, &k->scalar, &k->nscalar, &k->capscalar, e->u.name);
	if (e->kind == E_VAR && e->depth == 0)
		add_name(p->f, &k->tick, &k->ntick, &k->captick, e->text);
	for (int i = 0; i < e->narg; i++)
		if (e->kind != E_LOAD || i == 0)
			scan_ex(p, e->arg[i]);
}

static void scan_k(Print *p, const K *k)
{
	for (; k; k = k->next)
		switch (k->kind) {
		case K_FOR:
			scan_ex(p, k->u.loop.from);
			scan_ex(p, k->u.loop.bound);
			scan_k(p, k->u.loop.body);
			scan_k(p, k->u.loop.tail);
			break;
		case K_LET:
			scan_ex(p, k->u.let.init);
			break;
		case K_SET:
			scan_ex(p, k->u.set.val);
			break;
		case K_STORE:
			add_argument(p, k->u.store.buf, true);
			scan_ex(p, k->u.store.at);
			scan_ex(p, k->u.store.val);
			break;
		case K_IF:
			scan_ex(p, k->u.cond.cond);
			scan_k(p, k->u.cond.then);
			break;
		case K_TURN:
			add_argument(p, k->u.turn.to, true);
			scan_ex(p, k->u.turn.at);
			scan_ex(p, k->u.turn.from);
			scan_ex(p, k->u.turn.to_step);
			scan_ex(p, k->u.turn.from_step);
			break;
		case K_AHEAD:
			scan_ex(p, k->u.ahead.at);
			break;
		case K_NOTE:
			break;
		}
}

/* ---- statements -------------------------------------------------------------------------- */

/* One statement, broken at spaces if it is too long for a line. */
void print_line(Out *o, const char *s)
{
	int room = WIDTH - 8 * o->depth;
	bool more = false;
	if (room < 40)
		room = 40;
	while ((int)strnlen(s, (size_t)room + 1) > room) {
		int n = room;
		while (n > 20 && s[n] != ' ')
			n--;
		if (s[n] != ' ')
			for (n = room; s[n] && s[n] != ' '; n++)
				;
		if (!s[n])
			break;
		out(o, "%s%.*s\n", more ? "\t" : "", n, s);
		s += n + 1;
		if (!more)
			room -= 8;
		more = true;
	}
	if (more)
		out(o, "\t");
	out_line(o, s, strlen(s));
}

#define LINE(p, ...) (print_part(p, __VA_ARGS__), print_part(p, "\n"))

static const char *type_of(const Ex *e)
{
	if (e->dt == DT_REAL)
		return e->wide ? "nncv_real" : "nnc_real";
	return e->wide ? "nncv_int" : "int";
}

static void print_k(Print *p, const K *k);

/* Whole vectors, then the rest. */
static void print_lanes_loop(Print *p, const K *k)
{
	const char *v = k->u.loop.var->text;
	const Ex *bound = k->u.loop.bound;
	if (!k->u.loop.again)
		LINE(p, "int %s = %e;", v, k->u.loop.from);
	LINE(p, "for (; %s + NNC_VL <= %p; %s += NNC_VL) {", v, P_SUM, bound, v);
	print_k(p, k->u.loop.body);
	LINE(p, "}");
	LINE(p, "if (%s < %p) {", v, P_SUM, bound);
	LINE(p, "const int %s = %p - %s;", k->u.loop.left, P_SUM, bound, v);
	print_k(p, k->u.loop.tail);
	LINE(p, "}");
}

static void print_loop(Print *p, const K *k)
{
	const char *v = k->u.loop.var->text, *left = k->u.loop.left;
	const Ex *bound = k->u.loop.bound, *by = k->u.loop.by;
	if (k->u.loop.how == LANES) {
		print_lanes_loop(p, k);
		return;
	}
	if (k->u.loop.keep)
		LINE(p, k->u.loop.again ? ";" : "int %s = %e;", v, k->u.loop.from);
	if (k->u.loop.only_if)
		LINE(p, "#if %s", k->u.loop.only_if);
	print_part(p, k->u.loop.keep || k->u.loop.again ? "for (; " : "for (int %s = %e; ", v,
	           k->u.loop.from);
	if (k->u.loop.second) {
		LINE(p, "%s < %p; %s += %p) {", v, P_SUM, bound, v, P_SUM, by);
		LINE(p, "const int %s = %p - %s - NNC_VL;", left, P_SUM, bound, v);
	} else if (left) {
		LINE(p, "%s < %p; %s += NNC_VL) {", v, P_SUM, bound, v);
		LINE(p, "const int %s = %p - %s < NNC_VL ? %p - %s : NNC_VL;", left, P_SUM, bound, v,
		     P_SUM, bound, v);
	} else if (k->u.loop.ragged) {
		LINE(p, "%s < %p; %s += %p) {", v, P_SUM, bound, v, P_SUM, by);
	} else if (by) {
		LINE(p, "%s + %p <= %p; %s += %p) {", v, P_SUM, by, P_SUM, bound, v, P_SUM, by);
	} else if (k->u.loop.step == 1) {
		LINE(p, "%s < %p; %s++) {", v, P_SUM, bound, v);
	} else {
		LINE(p, "%s + %d <= %p; %s += %d) {", v, k->u.loop.step, P_SUM, bound, v,
		     k->u.loop.step);
	}
	print_k(p, k->u.loop.body);
	LINE(p, "}");
	if (k->u.loop.only_if)
		LINE(p, "#endif");
}

static void print_store(Print *p, const K *k)
{
	const Buffer *b = k->u.store.buf;
	const Ex *v = k->u.store.val, *at = k->u.store.at;
	int n = print_argument(p, b);
	const char *name = b->place == PL_ROW ? "row" : "out";
	if (k->u.store.wide && k->u.store.lanes)
		LINE(p, "nncv_storen(%s%d + %p, %w, %s);", name, n, P_SUM, at, v, k->u.store.lanes);
	else if (k->u.store.wide)
		LINE(p, "nncv_store(%s%d + %p, %w);", name, n, P_SUM, at, v);
	else if (b->ty.dt == DT_BOOL || b->ty.dt == DT_U8)
		LINE(p, "%s%d[%e] = (unsigned char)(%e);", name, n, at, v);
	else if (b->f64)
		LINE(p, "%s%d[%e] = (double)%p;", name, n, at, P_ATOM, v);
	else
		LINE(p, k->u.store.add ? "%s%d[%e] += %e;" : "%s%d[%e] = %e;", name, n, at, v);
}

static void print_set(Print *p, const K *k)
{
	const Ex *v = k->u.set.val;
	Sym name = k->u.set.name->u.name;
	bool sum = (v->kind == E_OP || v->kind == E_REDUCE) && v->narg == 2 &&
	           !strcmp(opinfo[v->u.op].expr, "a + b") && v->arg[0] == k->u.set.name;
	if (sum)
		LINE(p, v->wide ? "%s += %w;" : "%s += %e;", name, v->arg[1]);
	else
		LINE(p, "%s = %e;", name, v);
}

static void print_let(Print *p, const K *k)
{
	const Ex *name = k->u.let.name;
	LINE(p, name->wide ? "%s%s %s = %w;" : "%s%s %s = %e;", k->u.let.mutable ? "" : "const ",
	     type_of(name), name->u.name, k->u.let.init);
}

static void print_turn(Print *p, const K *k)
{
	const Ex *from = k->u.turn.from;
	int n = print_argument(p, from->u.buf);
	LINE(p, "nncv_transpose(out%d + %p, %e, %s%d + %p, %e);", print_argument(p, k->u.turn.to),
	     P_SUM, k->u.turn.at, k->u.turn.to_step, p->k->argwrite[n] ? "out" : "in", n, P_SUM,
	     from->arg[0], k->u.turn.from_step);
}

static void print_k(Print *p, const K *k)
{
	for (; k; k = k->next)
		switch (k->kind) {
		case K_FOR:
			print_loop(p, k);
			break;
		case K_LET:
			print_let(p, k);
			break;
		case K_SET:
			print_set(p, k);
			break;
		case K_STORE:
			print_store(p, k);
			break;
		case K_IF:
			LINE(p, "if (%e) {", k->u.cond.cond);
			print_k(p, k->u.cond.then);
			LINE(p, "}");
			break;
		case K_TURN:
			print_turn(p, k);
			break;
		case K_AHEAD:
			LINE(p, "nncv_ahead(out%d + %p);", print_argument(p, k->u.ahead.buf), P_SUM,
			     k->u.ahead.at);
			break;
		case K_NOTE:
			LINE(p, "/* %s */", k->u.note);
			break;
		}
}

/* ---- kernels ----------------------------------------------------------------------------- */

const char *elem_type(const Buffer *b)
{
	if (b->f64)
		return "double";
	if (b->half)
		return "uint16_t";
	switch (b->ty.dt) {
	case DT_REAL: return "nnc_real";
	case DT_I32: return "int32_t";
	case DT_BOOL: case DT_U8: return "unsigned char";
	}
	return "nnc_real";
}

/* Two arguments may share bytes: a map in place, or the flat arrays of the update. */
static bool may_alias(const Print *p)
{
	const Kernel *k = p->k;
	if (p->f->host->flat)
		return true;
	for (int i = 0; i < k->narg; i++)
		for (int j = 0; j < k->narg; j++) {
			const Buffer *a = k->arg[i];
			while (a->inplace)
				a = a->inplace;
			const Buffer *b = k->arg[j];
			while (b->inplace)
				b = b->inplace;
			if (i != j && a == b)
				return true;
		}
	return false;
}

static const char *parameters(Print *p)
{
	const Kernel *k = p->k;
	const char *s = "", *restricted = k->alias ? "" : "restrict ";
	if (k->uses_ctx)
		s = arena_printf(p->a, "%s, %s", s, p->f->host->ctx_param);
	if (k->uses_B)
		s = arena_printf(p->a, "%s, int B", s);
	if (k->owned)
		s = arena_printf(p->a, "%s, int lo, int hi", s);
	for (int i = 0; i < k->ntick; i++)
		s = arena_printf(p->a, "%s, int %s", s, k->tick[i]);
	for (int i = 0; i < k->nscalar; i++)
		s = arena_printf(p->a, "%s, double %s", s, k->scalar[i]);
	for (int i = 0; i < k->narg; i++)
		s = arena_printf(p->a, "%s, %s%s *%s%s%d", s, k->argwrite[i] ? "" : "const ",
		                 elem_type(k->arg[i]), restricted,
		                 k->argwrite[i] ? "out" : "in", i);
	return *s ? s + 2 : "void";
}

/* The lines of a form, with a kernel's numbers: indented, broken where they are too long. */
static const char *set_lines(const Fn *f, const char *lines, const Kernel *k)
{
	char digits[64];
	Arena *a = f->scratch;
	Out *o = out_new(a), *one = out_new(a);
	for (const char *s = lines; *s; ) {
		size_t n = strcspn(s, "\n" NUMBERS);
		out_raw(one, s, n);
		s += n;
		if (*s == NUMBER) {
			double v = k->num[s[1] - NUMBER - 1];
			out(one, "%s%s", number_text(digits, v, !f->o->f64), f->o->f64 ? "" : "f");
			s += 2;
			continue;
		}
		out_raw(one, "", 1);
		print_line(o, one->text);
		one->n = 0;
		s++;
	}
	return arena_strndup(f->mem, o->text, o->n);
}

void kernel_body(const Fn *f, Kernel *k)
{
	arena_reset(f->scratch);
	Print p = { .f = f, .a = f->scratch, .k = k };
	scan_k(&p, k->body);
	LINE(&p, "{");
	for (int i = 0; i < k->nrow; i++)
		LINE(&p, "%s row%d[%d];", elem_type(k->row[i]), i, k->row[i]->st->len.k);
	print_k(&p, k->body);
	LINE(&p, "}");
	k->text = set_lines(f, p.line, k);
	if (k->nnum)
		k->lines = arena_strndup(f->mem, p.line, p.n);
}

void kernel_like(const Fn *f, Kernel *k)
{
	const Kernel *first = k->like;
	bool same = true;
	for (int i = 0; i < k->nnum; i++)
		same &= k->num[i] == first->num[i];
	if (same) {
		k->text = first->text;
		return;
	}
	arena_reset(f->scratch);
	k->text = set_lines(f, first->lines, k);
}

void kernel_head(const Fn *f, Kernel *k)
{
	Print p = { .f = f, .a = f->scratch, .k = k };
	k->alias = may_alias(&p);
	if (k->like && k->alias == k->like->alias) {
		k->head = k->like->head;
		return;
	}
	arena_reset(p.a);
	const char *s = parameters(&p);
	k->head = arena_strndup(f->mem, s, strlen(s));
}

void print_kernel(Out *o, const Fn *f, const Kernel *k)
{
	arena_reset(f->scratch);
	out(o, "\n");
	print_line(o, arena_printf(f->scratch, "/* %s%s */", k->note, k->also ? k->also : ""));
	const Region *r = k->region;
	bool apart = r->tiled ? f->host->barrier || r->rows : r->kind == RG_ROWS && f->host->barrier;
	print_line(o, arena_printf(f->scratch, "%s void %s(%s)", apart ? "NNC_APART" : "static",
	                           k->name, k->head));
	out_raw(o, k->text, strlen(k->text));
}
