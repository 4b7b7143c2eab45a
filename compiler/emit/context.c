/* context.c - the context form of inference C (interfaces.md section 3.2): init, run, strerror.
 *
 * In:    functions that compute one sample, or n.   Out: the public functions, the header.
 * Holds: nothing in the file is written to but the arena and the outputs, so that contexts in
 *        different threads know nothing of each other.
 *
 *     static void lenet_one_(const struct weights *from, unsigned char *scratch, ...)
 *     static void lenet_many_(const struct weights *from, unsigned char *scratch, int n, ...)
 *     int lenet_init(lenet *net, void *arena, size_t arena_bytes)
 *     int lenet_run(const lenet *net, size_t n, const float *image, float *probs)
 *     const char *lenet_strerror(int code)
 *
 * A context points to the table of weights; run reads them through that pointer.
 */
#include "infer.h"

#include <string.h>

enum { ALIGN = 64 };

static const struct { const char *name; int code; const char *when, *text; } error_code[] = {
	{ "OK", 0, 0, "no error" },
	{ "E_BATCH", -1, "n is 0 or above %s_MAX_BATCH", "the number of samples is 0 or above the "
	                                                 "largest batch" },
	{ "E_ARENA", -2, "arena missing or too small", "the arena (of load: the buffer) is missing or "
	                                               "too small" },
	{ "E_FILE", -3, "%s_load: cannot read the file", "the file of weights cannot be read" },
	{ "E_FORMAT", -4, "%s_load: other names or shapes", "the file of weights has other names or "
	                                                    "shapes" },
	{ "E_RANGE", -5, "a class(K) input is out of range", "a class is out of range" },
};
enum { CODES = sizeof error_code / sizeof *error_code };

/* The inputs and outputs as pointers. */
static const char *pointers(const Infer *f, const Options *opt, const char *list)
{
	Arena *a = f->m->job->mem;
	const char *name;
	for (int i = 0; i < f->nin + f->m->nout; i++) {
		const Field *x = infer_argument(f, i, &name);
		list = infer_append(a, list, arena_printf(a, "%s%s *%s", i < f->nin ? "const " : "",
		                                          infer_type(opt, &x->ty), name));
	}
	return list;
}

const char *context_head(const Infer *f, const Options *opt, bool one)
{
	Arena *a = f->m->job->mem;
	const char *list = arena_printf(
		a, "const struct weights *from, unsigned char *scratch%s", one ? "" : ", int n");
	return arena_printf(a, "static void %s_%s_(%s)", f->prefix, one ? "one" : "many",
	                    pointers(f, opt, list));
}

static int64_t bytes0(const Infer *f)
{
	int64_t most = 0;
	for (int i = 0; i < f->nform; i++)
		if (f->form[i]->arena0_bytes > most)
			most = f->form[i]->arena0_bytes;
	return most;
}

static int64_t sample_bytes(const Infer *f)
{
	int64_t most = 0;
	for (int i = 0; i < f->nform; i++)
		if (f->form[i]->arena_bytes > most)
			most = f->form[i]->arena_bytes;
	return most;
}

int64_t context_scratch(const Infer *f)
{
	return bytes0(f) + f->batch * sample_bytes(f);
}

int64_t context_bytes(const Infer *f, const Options *opt)
{
	return context_scratch(f) + (f->check ? selfcheck_bytes(f, opt) : 0) + ALIGN - 1;
}

/* ---- the functions ----------------------------------------------------------------------- */

static void print_init(Out *o, const Infer *f, const Options *opt)
{
	bool table = f->narray && opt->weights_as != WEIGHTS_FILE;
	const char *p = f->prefix, *u = f->upper;
	out(o, "int %s_init(%s *net, void *arena, size_t arena_bytes)\n{\n", p, f->type);
	out(o, "net->arena = 0;\nnet->weights = (const %s *)(const void *)%s%s;\n", infer_real(opt),
	    table ? "&" : "", table ? f->table : "0");
	out(o, "if (!arena || arena_bytes < %s_ARENA_BYTES)\n\treturn %s_E_ARENA;\n", u, u);
	out(o, "net->arena = arena;\nreturn %s_OK;\n}\n\n", u);
}

static void print_ranges(Out *o, const Infer *f)
{
	const char *name;
	for (int i = 0; i < f->nin; i++) {
		const Field *x = infer_argument(f, i, &name);
		if (x->ty.dt != DT_I32 || !x->ty.classes)
			continue;
		bool batch = false;
		for (int k = 0; k < x->ty.rank; k++)
			batch |= x->ty.dim[k].b != 0;
		out(o, "for (size_t i = 0; i < %s%s_%s_LEN; i++) {\n", batch ? "n * " : "", f->upper,
		    infer_upper(o->mem, name));
		out(o, "if (%s[i] < 0 || %s[i] >= %d)\n\treturn %s_E_RANGE;\n}\n", name, name,
		    x->ty.classes, f->upper);
	}
}

static void print_run(Out *o, const Infer *f, const Options *opt)
{
	const char *u = f->upper, *name, *list = "from, scratch", *many = "from, scratch, (int)n";
	for (int i = 0; i < f->nin + f->m->nout; i++) {
		infer_argument(f, i, &name);
		list = infer_append(o->mem, list, name);
		many = infer_append(o->mem, many, name);
	}
	out(o, "int %s_run(%s)\n{\n", f->prefix,
	    pointers(f, opt, arena_printf(o->mem, "const %s *net, size_t n", f->type)));
	out(o, "const struct weights *const from = (const struct weights *)(const void *)net->weights;\n");
	out(o, "unsigned char *const start = net->arena;\nunsigned char *scratch;\n\n");
	out(o, "if (n == 0 || n > %s_MAX_BATCH)\n\treturn %s_E_BATCH;\n", u, u);
	out(o, "if (!start)\n\treturn %s_E_ARENA;\n", u);
	if (opt->weights_as == WEIGHTS_FILE && f->narray)
		out(o, "if (!from)\n\treturn %s_E_FILE;\n", u);
	print_ranges(o, f);
	out(o, "scratch = start + (%d - (uintptr_t)start %% %d) %% %d;\n", ALIGN, ALIGN, ALIGN);
	if (f->nform > 1)
		out(o, "if (n > 1)\n\t%s_many_(%s);\nelse\n\t%s_one_(%s);\n", f->prefix, many, f->prefix,
		    list);
	else
		out(o, "%s_one_(%s);\n", f->prefix, list);
	out(o, "return %s_OK;\n}\n\n", u);
}

void context_print(Out *o, const Infer *f, const Options *opt)
{
	print_init(o, f, opt);
	print_run(o, f, opt);
	out(o, "const char *%s_strerror(int code)\n{\nswitch (code) {\n", f->prefix);
	for (int i = 0; i < CODES; i++)
		out(o, "case %s_%s: return \"%s\";\n", f->upper, error_code[i].name, error_code[i].text);
	out(o, "default: return \"unknown error\";\n}\n}\n");
}

/* ---- the header -------------------------------------------------------------------------- */

static void print_macros(Out *h, const Infer *f, const Options *opt)
{
	Arena *a = f->m->job->mem;
	const char *name, *text;
	int wide = (int)strlen(f->upper) + 12;
	for (int i = 0; i < f->nin + f->m->nout; i++) {
		const Field *x = infer_argument(f, i, &name);
		text = infer_type(opt, &x->ty);
		text = arena_printf(a, "%s %s", text, name);
		for (int k = 0; k < x->ty.rank; k++) {
			Dim d = x->ty.dim[k];
			text = !d.b     ? arena_printf(a, "%s[%d]", text, d.k)
			       : d.k > 1 ? arena_printf(a, "%s[%d * n]", text, d.k)
			                 : arena_printf(a, "%s[n]", text);
		}
		out(h, "#define %-*s %6lld      /* %-37s */\n", wide,
		    arena_printf(a, "%s_%s_LEN", f->upper, infer_upper(a, name)),
		    (long long)type_len(&x->ty, 1), text);
	}
	out(h, "#define %-*s %6d\n", wide, arena_printf(a, "%s_MAX_BATCH", f->upper), f->batch);
	if (opt->weights_as == WEIGHTS_FILE)
		out(h, "#define %-*s %6lldu  /* the buffer of %s_load, room to align included */\n", wide,
		    arena_printf(a, "%s_WEIGHTS_BYTES", f->upper), (long long)load_bytes(f, opt), f->prefix);
	text = arena_printf(a, "%d sample%s x %s bytes", f->batch, f->batch == 1 ? "" : "s",
	                    arena_grouped(a, sample_bytes(f)));
	if (bytes0(f))
		text = arena_printf(a, "%s bytes, %s", arena_grouped(a, bytes0(f)), text);
	if (f->check)
		text = arena_printf(a, "%s, %s for the self-check", text,
		                    arena_grouped(a, selfcheck_bytes(f, opt)));
	name = arena_printf(a, "#define %-*s %6lldu", wide, arena_printf(a, "%s_ARENA_BYTES", f->upper),
	                    (long long)context_bytes(f, opt));
	text = arena_printf(a, "/* %s, and room to align */", text);
	if (strlen(name) + strlen(text) > 110) /* no line is longer than 120 columns */
		out(h, "%s\n%s\n\n", text, name);
	else
		out(h, "%s  %s\n\n", name, text);
}

static void print_codes(Out *h, const Infer *f)
{
	Arena *a = f->m->job->mem;
	out(h, "enum {\n");
	for (int i = 0; i < CODES; i++) {
		const char *when = error_code[i].when;
		if (when && strstr(when, "%s_MAX"))
			when = arena_printf(a, "n is 0 or above %s_MAX_BATCH", f->upper);
		else if (when && strstr(when, "%s_load"))
			when = arena_printf(a, "%s%s", f->prefix, when + 2);
		out(h, "%s_%-8s = %2d%s", f->upper, error_code[i].name, error_code[i].code,
		    i + 1 < CODES ? "," : " ");
		if (when)
			out(h, "           /* %-34s */", when);
		out(h, "\n");
	}
	out(h, "};\n\n");
}

void context_header(Out *h, const Infer *f, const Options *opt)
{
	const char *p = f->prefix, *type = f->type;
	print_macros(h, f, opt);
	print_codes(h, f);
	out(h, "typedef struct %s {\n", type);
	out(h, "void        *arena;            /* scratch, owned by the caller         */\n");
	static const char *const weights[] = { "embedded table", "table of another file", "after %s_load" };
	out(h, "const %s *weights;         %s/* %-36s */\n", infer_real(opt), opt->f64 ? "" : " ",
	    arena_printf(h->mem, weights[opt->weights_as], p));
	out(h, "} %s;\n\n", type);
	out(h, "int         %s_init(%s *net, void *arena, size_t arena_bytes);\n", p, type);
	out(h, "int         %s_run(%s);\n", p,
	    pointers(f, opt, arena_printf(h->mem, "const %s *net, size_t n", type)));
	if (opt->weights_as == WEIGHTS_FILE)
		out(h, "/* Reads a .safetensors file into `buffer`, which must live as long as net uses it;\n"
		       " * %s_run() before it returns %s_E_FILE. */\n"
		       "int         %s_load(%s *net, const char *path, void *buffer, size_t bytes);\n",
		    p, f->upper, p, type);
	out(h, "const char *%s_strerror(int code);\n\n", p);
}
