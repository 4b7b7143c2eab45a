/* arrays.c - the weights of inference C as constant arrays.
 *
 * In:    functions that are built, values of parameters and buffers.   Out: the arrays that these
 *        functions read, each once: parameters, buffers, and operands packed when compiling.
 * Holds: every number of a file is finite and within the range of the type that stores it.
 *
 * In the static form each array stands alone.  In the context form they are the members of one
 * table, to which a context points.
 */
#include "infer.h"
#include "op.h"

#include <math.h>
#include <string.h>

const Weight *infer_weight(const Weights *w, const Tensor *t)
{
	for (int i = 0; i < w->n; i++)
		if (!strcmp(w->v[i].name, t->path))
			return &w->v[i];
	return 0;
}

/* ---- checking the file ------------------------------------------------------------------- */

static bool weight_error(Job *j, const char *file, const char *what, const char *help)
{
	diag_help(error(j, NOWHERE, "R6", "%s: %s", file, what), "%s", help);
	return false;
}

static bool value_error(Job *j, const Tensor *t, const char *file, int64_t i, double v)
{
	if (!isfinite(v))
		return weight_error(
			j, file,
			arena_printf(j->mem, "tensor `%s` holds a value that is not finite, at element %lld",
		                     t->path, (long long)i),
			"the training diverged; use the weights of an earlier epoch");
	return weight_error(j, file,
	                    arena_printf(j->mem, "tensor `%s` holds %.6g at element %lld, which has no "
	                                 "finite value in 16 bits", t->path, v, (long long)i),
	                    "leave --quantize away, or use the weights of an earlier epoch");
}

static bool weight_check(const Infer *f, const Weights *w, const Tensor *t, bool half,
                         const char *file)
{
	Job *j = f->m->job;
	const Weight *v = infer_weight(w, t);
	if (!v)
		return weight_error(j, file,
		                    arena_printf(j->mem, "tensor `%s` is missing", t->path),
		                    "were these weights trained with this program?");
	bool same = v->rank == t->ty.rank;
	const char *found = "[";
	for (int i = 0; i < v->rank; i++) {
		same = same && v->dim[i] == t->ty.dim[i].k;
		found = arena_printf(j->mem, "%s%s%lld", found, i ? ", " : "",
		                     (long long)v->dim[i]);
	}
	if (!same)
		return weight_error(j, file,
		                    arena_printf(j->mem,
		                                 "tensor `%s` is %s], but the program has %s",
		                                 t->path, found, type_text(j->mem, &t->ty)),
		                    "compile the program that the weights were trained with");
	for (int64_t i = 0; i < v->len; i++)
		if (!isfinite(v->value[i]) ||
		    (half && !isfinite(half_value(f->quantize, half_bits(f->quantize, v->value[i])))))
			return value_error(j, t, file, i, v->value[i]);
	return true;
}

bool arrays_check(const Infer *f, const Weights *w, const char *file)
{
	Arena *a = f->m->job->mem;
	const Module *m = f->m;
	bool ok = true;
	for (int i = 0; i < m->nparam + m->nbuffer; i++) {
		const Tensor *t = i < m->nparam ? &m->param[i] : &m->buffer[i - m->nparam];
		ok = weight_check(f, w, t, f->quantize && i < m->nparam, file) && ok;
	}
	for (int i = 0; i < w->n && ok; i++) {
		bool known = strstr(w->v[i].name, "num_batches_tracked") != 0;
		for (int k = 0; k < m->nparam + m->nbuffer; k++)
			known |= !strcmp(
				w->v[i].name,
				(k < m->nparam ? &m->param[k] : &m->buffer[k - m->nparam])
					->path);
		if (!known)
			ok = weight_error(
				m->job, file, arena_printf(a, "unknown tensor `%s`", w->v[i].name),
				"compile the program that the weights were trained with");
	}
	return ok;
}

/* ---- which arrays ------------------------------------------------------------------------ */

static bool used(const Infer *f, Place place, int index)
{
	for (int i = 0; i < f->nform; i++)
		if (fn_uses(f->form[i], place, index))
			return true;
	return false;
}

static InferArray *add(Infer *f, InferArray a)
{
	PUSH(f->m->job->mem, f->array, f->narray, f->caparray, a);
	return &f->array[f->narray - 1];
}

static void first_source(void *arg, const Buffer *from, int64_t at, double number)
{
	const Buffer **first = arg;
	(void)at;
	(void)number;
	if (!*first)
		*first = from;
}

/* The C name of an array: members of a table and static arrays have the tensor's path. */
static const char *array_name(const Infer *f, CNames *names, const char *path)
{
	return cnames_array(names, f->public ? arena_printf(names->mem, "%s_%s", f->prefix, path) : path);
}

/* The array of constant i of a form: one that another form has already, or a new one. */
static void add_constant(Infer *f, CNames *names, const Fn *fn, int i)
{
	const Pack *p = fn->constant[i];
	for (int k = 0; k < f->narray; k++) {
		const Pack *q = f->array[k].pack;
		if (q && q->contract == p->contract && q->side == p->side && q->rows == p->rows)
			return;
	}
	const Buffer *first = 0;
	fn_constant(fn, i, &first, first_source);
	const Tensor *t = array_source(f, first);
	InferArray *a = add(f, (InferArray){ .tensor = t, .fn = fn, .constant = i, .pack = p });
	a->half = p->buf->half;
	a->len = type_len(&p->buf->ty, 0);
	a->name = array_name(f, names, arena_printf(names->mem, "%s_%s", t->path,
	                                            p->rows ? "rows" : "panels"));
}

void arrays_collect(Infer *f, CNames *names)
{
	const Module *m = f->m;
	for (int i = 0; i < m->nparam + f->norder; i++) {
		const Reordered *r = i < m->nparam ? 0 : &f->order[i - m->nparam];
		if (!used(f, PL_PARAM, i))
			continue;
		const Tensor *t = &m->param[r ? r->param : i];
		InferArray *a = add(f, (InferArray){ .tensor = t, .place = PL_PARAM, .index = i });
		a->half = f->quantize;
		a->perm = r ? r->perm : 0;
		a->len = t->len;
		a->name = array_name(f, names, t->path);
	}
	for (int i = 0; i < m->nbuffer; i++)
		if (used(f, PL_BUFFER, i)) {
			const Tensor *t = &m->buffer[i];
			InferArray *a = add(f, (InferArray){ .tensor = t, .place = PL_BUFFER, .index = i });
			a->len = t->len;
			a->name = array_name(f, names, t->path);
		}
	for (int k = 0; k < f->nform; k++)
		for (int i = 0; i < f->form[k]->nconstant; i++)
			if (fn_uses(f->form[k], PL_CONST, i))
				add_constant(f, names, f->form[k], i);
}

const char *arrays_name(const Infer *f, const Fn *fn, const Buffer *b)
{
	for (int i = 0; i < f->narray; i++) {
		const InferArray *a = &f->array[i];
		const Pack *p = b->place == PL_CONST ? fn->constant[b->index] : 0, *q = a->pack;
		bool same = p ? q && q->contract == p->contract && q->side == p->side &&
		                        q->rows == p->rows
		              : !q && a->place == b->place && a->index == b->index;
		if (same)
			return f->context ? arena_printf(fn->mem, "from->%s", a->name) : a->name;
	}
	bug(f->m->job, "infer: no array for place %d", b->place);
}

/* ---- values ------------------------------------------------------------------------------ */

/* Numbers of an array, several on a line. */
typedef struct {
	Out *o;
	const Weights *w;
	HalfKind half; /* 0: as they are                                       */
	bool f64;
	const Tensor *last;
	const double *value; /* of the tensor read last                            */
	char line[160];
	size_t n;
} Numbers;

static void number(void *arg, const Tensor *t, int64_t at, double v)
{
	Numbers *p = arg;
	char buf[40];
	size_t room = sizeof p->line - p->n;
	if (t && t != p->last) {
		p->value = infer_weight(p->w, t)->value;
		p->last = t;
	}
	v = t ? p->value[at] : v;
	if (p->half)
		p->n += (size_t)snprintf(p->line + p->n, room, "%u,", half_bits(p->half, v));
	else
		p->n += (size_t)snprintf(p->line + p->n, room, "%s%s,",
		                         number_text(buf, v, !p->f64), p->f64 ? "" : "f");
	if (p->n > 80) {
		p->line[p->n++] = '\n';
		out_raw(p->o, p->line, p->n);
		p->n = 0;
	}
}

static void print_elements(Numbers *p, const Infer *f, const InferArray *a)
{
	array_each(f, a, p, number);
	if (p->n) {
		p->line[p->n++] = '\n';
		out_raw(p->o, p->line, p->n);
	}
}

static void print_comment(Out *o, const Infer *f, const InferArray *a)
{
	static const char *const kind[] = { "", "; bfloat16", "; 16-bit float" };
	out(o, "/* %s %s", a->tensor->path, type_text(o->mem, &a->tensor->ty));
	for (int i = 0; a->perm && i < a->tensor->ty.rank; i++)
		out(o, "%s%d", i ? ", " : ", dimensions in the order ", a->perm[i]);
	if (a->pack && a->pack->rows)
		out(o, ", rows along the sum");
	else if (a->pack)
		out(o, ", panels of %d columns, the sum outside", WIDE_PANEL);
	out(o, "%s */\n", a->half ? kind[f->quantize] : "");
}

int64_t array_element_bytes(const InferArray *a, const Options *opt)
{
	return a->half ? 2 : opt->f64 ? 8 : 4;
}

static const char *array_type(const InferArray *a, const Options *opt)
{
	return a->half ? "uint16_t" : opt->f64 ? "double" : "float";
}

static void print_struct(Out *o, const Infer *f, const Options *opt)
{
	out(o, "struct weights%s\n", f->narray ? " {" : ";\n");
	for (int i = 0; i < f->narray; i++)
		out(o, "%s %s[%lld] NNC_ALIGNED;\n", array_type(&f->array[i], opt), f->array[i].name,
		    (long long)f->array[i].len);
	if (f->narray)
		out(o, "};\n\n");
}

void arrays_declare(Out *o, const Infer *f, const Options *opt)
{
	if (f->context) {
		print_struct(o, f, opt);
		if (f->narray && opt->weights_as == WEIGHTS_EXTERN)
			out(o, "extern const struct weights %s;\n\n", f->table);
		return;
	}
	for (int i = 0; i < f->narray; i++)
		out(o, "extern const %s %s[%lld] NNC_ALIGNED;\n", array_type(&f->array[i], opt),
		    f->array[i].name, (long long)f->array[i].len);
	out(o, "\n");
}

void arrays_print(Out *o, const Infer *f, const Options *opt, const Weights *w)
{
	const char *kind = opt->weights_as == WEIGHTS_EXTERN ? "" : "static ";
	if (f->context && f->narray)
		out(o, "%sconst struct weights %s %s_WEIGHTS = {\n", kind, f->table, f->upper);
	for (int i = 0; i < f->narray; i++) {
		const InferArray *a = &f->array[i];
		Numbers p = { .o = o, .w = w, .half = a->half ? f->quantize : HALF_NONE,
			      .f64 = opt->f64 };
		print_comment(o, f, a);
		if (f->context)
			out(o, "{\n");
		else
			out(o, "%sconst %s %s[%lld] NNC_ALIGNED %s_WEIGHTS = {\n", kind,
			    array_type(a, opt), a->name, (long long)a->len, f->upper);
		print_elements(&p, f, a);
		out(o, f->context ? "},\n" : "};\n\n");
	}
	if (f->context && f->narray)
		out(o, "};\n\n");
}

int64_t arrays_bytes(const Infer *f, const Options *opt)
{
	int64_t n = 0;
	for (int i = 0; i < f->narray; i++)
		n += f->array[i].len * array_element_bytes(&f->array[i], opt);
	return n;
}
