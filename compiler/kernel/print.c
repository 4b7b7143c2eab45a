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

/* ---- arguments --------------------------------------------------------------------------- */

int print_argument(Print *p, const Buffer *b)
{
	const Buffer *whole = b->of ? b->of : b;
	for (int i = 0; i < p->k->narg; i++)
		if (p->k->arg[i] == whole)
			return i;
	bug(p->f->job, "print: buffer %s is no argument of %s", b->name, p->k->name);
}

static void add_argument(Print *p, Buffer *b, bool write)
{
	Kernel *k = p->k;
	Buffer *whole = b->of ? b->of : b;
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
		case K_NOTE:
			break;
		}
}

const char *ex_text(const Fn *f, Arena *a, const Ex *e)
{
	Kernel none = { .name = "" };
	Print p = { f, a, &none, 0 };
	scan_ex(&p, e);
	return print_text(&p, e, 0);
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
	out(o, "%s%s\n", more ? "\t" : "", s);
}

static const char *type_of(const Ex *e)
{
	if (e->dt == DT_REAL)
		return e->wide ? "nncv_real" : "nnc_real";
	return e->wide ? "nncv_int" : "int";
}

static void print_k(Print *p, const K *k);

static void print_loop(Print *p, const K *k)
{
	const char *v = k->u.loop.var->text, *from = print_text(p, k->u.loop.from, 0);
	const char *bound = print_text(p, k->u.loop.bound, P_SUM), *start;
	start = k->u.loop.again ? "" : arena_printf(p->a, "int %s = %s", v, from);
	if (k->u.loop.how == LANES) {
		if (*start)
			print_line(p->o, arena_printf(p->a, "%s;", start));
		print_line(p->o, arena_printf(p->a, "for (; %s + NNC_VL <= %s; %s += NNC_VL) {",
		                              v, bound, v));
		print_k(p, k->u.loop.body);
		out(p->o, "}\n");
		print_line(p->o, arena_printf(p->a, "if (%s < %s) {", v, bound));
		print_line(p->o, arena_printf(p->a, "const int %s = %s - %s;", k->u.loop.left,
		                              bound, v));
		print_k(p, k->u.loop.tail);
		out(p->o, "}\n");
		return;
	}
	if (k->u.loop.keep) {
		print_line(p->o, arena_printf(p->a, "%s;", start));
		start = "";
	}
	if (k->u.loop.only_if)
		out(p->o, "#if %s\n", k->u.loop.only_if);
	if (k->u.loop.left) {
		print_line(p->o, arena_printf(p->a, "for (%s; %s < %s; %s += NNC_VL) {", start,
		                              v, bound, v));
		print_line(p->o,
		           arena_printf(p->a,
		                        "const int %s = %s - %s < NNC_VL ? %s - %s : NNC_VL;",
		                        k->u.loop.left, bound, v, bound, v));
	} else if (k->u.loop.ragged) {
		print_line(p->o, arena_printf(p->a, "for (%s; %s < %s; %s += %s) {", start, v,
		                              bound, v, print_text(p, k->u.loop.by, P_SUM)));
	} else if (k->u.loop.by) {
		const char *by = print_text(p, k->u.loop.by, P_SUM);
		print_line(p->o, arena_printf(p->a, "for (%s; %s + %s <= %s; %s += %s) {",
		                              start, v, by, bound, v, by));
	} else if (k->u.loop.step == 1)
		print_line(p->o,
		           arena_printf(p->a, "for (%s; %s < %s; %s++) {", start, v, bound, v));
	else
		print_line(p->o,
		           arena_printf(p->a, "for (%s; %s + %d <= %s; %s += %d) {", start, v,
		                        k->u.loop.step, bound, v, k->u.loop.step));
	print_k(p, k->u.loop.body);
	out(p->o, "}\n");
	if (k->u.loop.only_if)
		out(p->o, "#endif\n");
}

static void print_store(Print *p, const K *k)
{
	const Buffer *b = k->u.store.buf;
	const Ex *v = k->u.store.val;
	const char *name = arena_printf(p->a, "out%d", print_argument(p, b));
	const char *at = print_text(p, k->u.store.at, k->u.store.wide ? P_SUM : 0);
	if (k->u.store.wide && k->u.store.lanes)
		print_line(p->o, arena_printf(p->a, "nncv_storen(%s + %s, %s, %s);", name, at,
		                              print_lanes(p, v), k->u.store.lanes));
	else if (k->u.store.wide)
		print_line(p->o, arena_printf(p->a, "nncv_store(%s + %s, %s);", name, at,
		                              print_lanes(p, v)));
	else if (b->ty.dt == DT_BOOL || b->ty.dt == DT_U8)
		print_line(p->o, arena_printf(p->a, "%s[%s] = (unsigned char)(%s);", name, at,
		                              print_text(p, v, 0)));
	else if (b->f64)
		print_line(p->o, arena_printf(p->a, "%s[%s] = (double)%s;", name, at,
		                              print_text(p, v, P_ATOM)));
	else
		print_line(p->o, arena_printf(p->a, "%s[%s] %s= %s;", name, at,
		                              k->u.store.add ? "+" : "", print_text(p, v, 0)));
}

static void print_set(Print *p, const K *k)
{
	const Ex *v = k->u.set.val;
	bool sum = (v->kind == E_OP || v->kind == E_REDUCE) && v->narg == 2 &&
	           !strcmp(opinfo[v->u.op].expr, "a + b") && v->arg[0] == k->u.set.name;
	if (sum)
		print_line(p->o, arena_printf(p->a, "%s += %s;", k->u.set.name->u.name,
		                              v->wide ? print_lanes(p, v->arg[1])
		                                      : print_text(p, v->arg[1], 0)));
	else
		print_line(p->o, arena_printf(p->a, "%s = %s;", k->u.set.name->u.name,
		                              print_text(p, v, 0)));
}

static void print_k(Print *p, const K *k)
{
	for (; k; k = k->next)
		switch (k->kind) {
		case K_FOR:
			print_loop(p, k);
			break;
		case K_LET:
			print_line(p->o,
			           arena_printf(p->a, "%s%s %s = %s;",
			                        k->u.let.mutable ? "" : "const ",
			                        type_of(k->u.let.name), k->u.let.name->u.name,
			                        k->u.let.name->wide
			                                ? print_lanes(p, k->u.let.init)
			                                : print_text(p, k->u.let.init, 0)));
			break;
		case K_SET:
			print_set(p, k);
			break;
		case K_STORE:
			print_store(p, k);
			break;
		case K_IF:
			print_line(p->o,
			           arena_printf(p->a, "if (%s) {", print_text(p, k->u.cond.cond, 0)));
			print_k(p, k->u.cond.then);
			out(p->o, "}\n");
			break;
		case K_TURN:
			print_line(
				p->o,
				arena_printf(
					p->a, "nncv_transpose(out%d + %s, %s, %s%d + %s, %s);",
					print_argument(p, k->u.turn.to), print_text(p, k->u.turn.at, P_SUM),
					print_text(p, k->u.turn.to_step, 0),
					p->k->argwrite[print_argument(p, k->u.turn.from->u.buf)]
						? "out"
						: "in",
					print_argument(p, k->u.turn.from->u.buf),
					print_text(p, k->u.turn.from->arg[0], P_SUM),
					print_text(p, k->u.turn.from_step, 0)));
			break;
		case K_NOTE:
			print_line(p->o, arena_printf(p->a, "/* %s */", k->u.note));
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

/* The text of a kernel without its name: parameters, then the body. */
const char *kernel_body(const Fn *f, Arena *keep, Kernel *k)
{
	Arena *a = f->scratch;
	Kernel *form = k->like ? k->like : k;
	Print p = { f, a, k, 0 };
	if (k->like)
		alike_arguments(f, k);
	else if (!k->narg && !k->uses_B)
		scan_k(&p, k->body);
	k->alias = may_alias(&p);
	if (k->like && k->alias == form->alias)
		return form->text;
	arena_reset(a);
	p.o = out_new(a);
	print_line(p.o, arena_printf(a, "(%s)", parameters(&p)));
	out(p.o, "{\n");
	p.k = form;
	print_k(&p, form->body);
	out(p.o, "}\n");
	return arena_strndup(keep, p.o->text, p.o->n);
}

void print_kernel(Out *o, const Fn *f, const Kernel *k)
{
	const char *end;
	(void)f;
	out(o, "\n");
	print_line(o, arena_printf(o->mem, "/* %s%s */", k->note, k->also ? k->also : ""));
	/* the parameters may fill several lines: join them again behind the name */
	const char *head = "";
	const char *s = k->text;
	while ((end = strchr(s, '\n')) != 0 && *s != '{') {
		while (*s == '\t')
			s++;
		head = arena_printf(o->mem, "%s%s%.*s", head, *head ? " " : "", (int)(end - s),
		                    s);
		s = end + 1;
	}
	print_line(o, arena_printf(o->mem, "static void %s%s", k->name, head));
	out_raw(o, s, strlen(s));
}
