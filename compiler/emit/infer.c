/* infer.c - inference C: one .c, one .h.
 *
 * In:    the eval graph of a module, values of its parameters.   Out: C99 without dependencies.
 * Holds: no allocation, no library; the static form (interfaces.md section 3.1) has no writable global
 *        but one scratch array, the context form (3.2, context.c) none; public names start with the
 *        prefix.
 */
#include "infer.h"
#include "op.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

/* The headers of runtime/ as text, put into build/embed.c by the Makefile. */
extern const char embed_vec_h[], embed_vmath_h[], embed_half_h[];
extern const size_t embed_vec_h_len, embed_vmath_h_len, embed_half_h_len;

static const char *c_name(Arena *a, const char *path)
{
	char *s = arena_printf(a, "%s", path);
	for (char *p = s; *p; p++)
		if (!isalnum((unsigned char)*p))
			*p = '_';
	return s;
}

const char *infer_upper(Arena *a, const char *name)
{
	char *s = arena_printf(a, "%s", name);
	for (char *p = s; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	return s;
}

const char *infer_real(const Options *opt)
{
	return opt->f64 ? "double" : "float";
}

const char *infer_type(const Options *opt, const Type *t)
{
	return t->dt == DT_REAL  ? infer_real(opt)
	       : t->dt == DT_I32 ? "int32_t"
	                         : "unsigned char";
}

/* ---- what inference needs -------------------------------------------------------- */

/* What a host knows: the whole, and which of its functions it surrounds. */
typedef struct { const Infer *f; const Fn *fn; FnHost host; } Form;

static const char *address(void *arg, Arena *a, const Buffer *b, bool write)
{
	const Form *form = arg;
	const Infer *f = form->f;
	(void)write;
	(void)a;
	switch (b->place) {
	case PL_PARAM: case PL_BUFFER: case PL_CONST:
		return arrays_name(f, form->fn, b);
	case PL_INPUT:
		return f->arg[b->index];
	case PL_OUTPUT:
		return f->arg[f->m->nin + b->index];
	default:
		bug(f->m->job, "infer: no address for place %d", b->place);
	}
}

static const char *scalar(void *arg, Arena *a, ExKind kind, int64_t i, Sym name)
{
	const Form *form = arg;
	(void)a;
	(void)i;
	bug(form->f->m->job, "infer: %s %d has no value", name ? name : "number", kind);
}

/* Marks the leaves of a kind that results are computed from, by index. */
static bool *used_leaves(const Graph *g, LeafKind kind, int n, Arena *a)
{
	bool *used = NEWN(a, bool, n + 1), *read = graph_read(g, a);
	for (int i = 0; i < g->n; i++)
		if (read[i] && opinfo[g->node[i]->op].leaf == kind)
			used[g->node[i]->a.leaf.index] = true;
	return used;
}

/* ---- the header ------------------------------------------------------------------ */

const char *infer_size(Arena *a, int64_t bytes)
{
	return bytes < 1 << 20 ? arena_printf(a, "%lld KiB", (long long)(bytes + 512) / 1024)
	                       : arena_printf(a, "%.1f MiB", (double)bytes / (1 << 20));
}

static int64_t field_len(const Infer *f, const Type *t)
{
	return type_len(t, f->batch);
}

const char *infer_append(Arena *a, const char *list, const char *item)
{
	const char *line = strrchr(list, '\n');
	bool wrap = strlen(line ? line : list) + strlen(item) > 64;
	return *list ? arena_printf(a, "%s,%s%s", list, wrap ? "\n\t" : " ", item) : item;
}

const Field *infer_argument(const Infer *f, int k, const char **name)
{
	int i = k < f->nin ? f->in[k] : f->m->nin + k - f->nin;
	*name = f->arg[i];
	return k < f->nin ? &f->m->in[i] : &f->m->out[k - f->nin];
}

static const char *arguments(const Infer *f, const Options *opt)
{
	Arena *a = f->m->job->mem;
	const char *s = "", *name;
	for (int i = 0; i < f->nin + f->m->nout; i++) {
		const Field *x = infer_argument(f, i, &name);
		s = infer_append(a, s,
		           arena_printf(a, "%s%s %s[%s_%s_LEN]", i < f->nin ? "const " : "",
		                        infer_type(opt, &x->ty), name, f->upper,
		                        infer_upper(a, name)));
	}
	return s;
}

static void print_macro(Out *h, const Infer *f, const Options *opt, int k)
{
	const char *name;
	const Field *x = infer_argument(f, k, &name);
	Arena *a = f->m->job->mem;
	const char *dims = "";
	for (int i = 0; i < x->ty.rank; i++)
		if (!(x->ty.dim[i].b && f->batch == 1 && x->ty.dim[i].k == 1))
			dims = arena_printf(a, "%s[%lld]", dims,
			                    (long long)dim_at(x->ty.dim[i], f->batch));
	out(h, "#define %s_%s_LEN %lld   /* %s %s%s, row-major */\n", f->upper,
	    infer_upper(a, name), (long long)field_len(f, &x->ty), infer_type(opt, &x->ty), name, dims);
}

/* What the weights take. */
static void print_rom(Out *h, const Infer *f, const Options *opt)
{
	static const char *const kind[] = { "", " in bfloat16, computed with in float",
		                            " in 16-bit floats, computed with in float" };
	Arena *a = f->m->job->mem;
	int64_t bytes = arrays_bytes(f, opt);
	static const char *const where[] = { "", ", in a file of their own", ", loaded at run time" };
	if (bytes)
		out(h, " * Weights: %s (%s bytes)%s%s.\n", infer_size(a, bytes), arena_grouped(a, bytes),
		    kind[f->quantize], where[opt->weights_as]);
}

static void print_header(Out *h, const Infer *f, const Options *opt, const char *name,
                         const Weights *w, const char *file, int64_t scratch)
{
	Arena *a = f->m->job->mem;
	const char *guard = infer_upper(a, c_name(a, name));
	if (isdigit((unsigned char)*guard))
		guard = arena_printf(a, "NNC_%s", guard);
	out(h, "/* %s - generated by nnc %s from %s\n * (weights %s, sha256 %.12s...).\n", name,
	    NNC_VERSION, f->m->source, file, w->sha);
	if (f->context)
		out(h, " * Call %s_init() once for each context, then %s_run() as often as you like; it "
		    "computes\n * n samples at a time.\n", f->prefix, f->prefix);
	else
		out(h, " * Call %s_run(); it fills the outputs from the inputs.\n", f->prefix);
	print_rom(h, f, opt);
	if (f->context)
		out(h, " * No allocation, no global state: weights are read-only and shared.  Give each "
		    "thread a context of its\n * own; %s_run() on different contexts needs no lock.\n",
		    f->prefix);
	else if (scratch)
		out(h,
		    " * No allocation, no global state besides one scratch array of %lld "
		    "bytes: not "
		    "re-entrant\n * (-D%s_THREAD_LOCAL=_Thread_local gives each thread its "
		    "own).\n",
		    (long long)scratch, f->upper);
	else
		out(h, " * No allocation, no global state.\n");
	out(h, " *\n * SPDX-License-Identifier: 0BSD\n */\n#ifndef %s\n#define %s\n\n",
	    guard, guard);
	out(h, "%s#include <stdint.h>\n\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n",
	    f->context ? "#include <stddef.h>\n" : "");
	h->depth = 0;
	raw_declare(h, f->m, f->prefix);
	if (f->context) {
		context_header(h, f, opt);
		if (f->check)
			selfcheck_declare(h, f, opt);
		out(h, "#ifdef __cplusplus\n}\n#endif\n#endif\n");
		return;
	}
	for (int i = 0; i < f->nin + f->m->nout; i++)
		print_macro(h, f, opt, i);
	if (f->classes)
		out(h, "\n/* Returns 0, or -5 without touching the outputs if a class is out "
		       "of range. */");
	out(h, "\n%s %s_run(%s);\n\n", f->classes ? "int" : "void", f->prefix,
	    arguments(f, opt));
	if (f->check)
		selfcheck_declare(h, f, opt);
	out(h, "#ifdef __cplusplus\n}\n#endif\n#endif\n");
}

/* ---- the file -------------------------------------------------------------------- */

static void print_head(Out *o, const Infer *f, const Options *opt, const char *name,
                       const char *include)
{
	const Module *m = f->m;
	Arena *a = m->job->mem;
	int64_t total = 0;
	for (int i = 0; i < m->nparam; i++)
		total += m->param[i].len;
	out(o, "/* %s.c - generated by nnc %s from %s; do not edit.\n *\n", name, NNC_VERSION,
	    m->source);
	for (int i = 0; i < f->nin; i++)
		out(o, " * %s  %s\n", m->in[f->in[i]].name, type_text(a, &m->in[f->in[i]].ty));
	for (int i = 0; i < m->nout; i++)
		out(o, " *   ->  %s  %s\n", m->out[i].name, type_text(a, &m->out[i].ty));
	out(o, " * %s parameters (%s, const)\n *\n", arena_grouped(a, total),
	    infer_size(a, arrays_bytes(f, opt)));
	if (m->nlayer)
		out(o, " *   %-16s %-28s %-20s %s\n", "layer", "operation", "output",
		    "parameters");
	for (int i = 0; i < m->nlayer; i++)
		out(o, " *   %-16s %-28s %-20s %lld\n", m->layer[i].path, m->layer[i].call,
		    type_text(a, &m->layer[i].out), (long long)m->layer[i].params);
	out(o, " *\n * SPDX-License-Identifier: 0BSD\n */\n#include \"%s\"\n\n", include);
	out(o,
	    "#ifndef %s_WEIGHTS                       /* e.g. "
	    "-D'%s_WEIGHTS=__attribute__((section(\".model\")))' */\n#define "
	    "%s_WEIGHTS\n#endif\n",
	    f->upper, f->upper, f->upper);
	if (f->context) {
		out(o, "\n");
		return;
	}
	out(o,
	    "#ifndef %s_THREAD_LOCAL                  /* e.g. -D%s_THREAD_LOCAL=_Thread_local "
	    "*/\n"
	    "#define %s_THREAD_LOCAL\n#endif\n\n",
	    f->upper, f->upper, f->upper);
}

static bool uses_functions(const Graph *g, Arena *a)
{
	bool *live = graph_live(g, a);
	for (int i = 0; i < g->n; i++) {
		const Node *n = g->node[i];
		if (n->body && uses_functions(n->body, a))
			return true;
		if (live[i] && opinfo[n->op].cost == DEAR)
			return true;
	}
	return false;
}

static void print_library(Out *o, const Graph *g, const Options *opt, Arena *a)
{
	if (opt->f64)
		out(o, "#define NNC_F64 1\n");
	if (!opt->level)
		out(o, "#define NNC_STRICT 1\n");
	out(o, opt->libm ? "#define NNC_LIBM 1\n\n" : "#define NNC_NO_LIBM 1\n\n");
	out_raw(o, embed_vec_h, embed_vec_h_len);
	out(o, "\n");
	if (uses_functions(g, a)) {
		out_raw(o, embed_vmath_h, embed_vmath_h_len);
		out(o, "\n");
	}
	if (opt->quantize) {
		if (opt->quantize == HALF_F16)
			out(o, "#define NNC_F16 1\n");
		out_raw(o, embed_half_h, embed_half_h_len);
		out(o, "\n");
	}
}

/* The guard of class inputs, then the computation. */
static void print_checked(Out *o, const Infer *f, const Options *opt)
{
	out(o, "int %s_run(%s)\n{\n", f->prefix, arguments(f, opt));
	const char *s = "", *name;
	for (int i = 0; i < f->nin; i++) {
		const Field *x = infer_argument(f, i, &name);
		if (x->ty.dt != DT_I32 || !x->ty.classes)
			continue;
		out(o,
		    "for (int i = 0; i < %s_%s_LEN; i++) {\nif (%s[i] < 0 || %s[i] >= "
		    "%d)\n\treturn -5;\n}\n",
		    f->upper, infer_upper(f->m->job->mem, name), name, name, x->ty.classes);
	}
	for (int i = 0; i < f->nin + f->m->nout; i++) {
		infer_argument(f, i, &name);
		s = infer_append(f->m->job->mem, s, name);
	}
	out(o, "%s_compute(%s);\nreturn 0;\n}\n", f->prefix, s);
}

static void name_all(Infer *f, CNames *names)
{
	/* names of the context form that an argument may not hide */
	static const char *const ours[] = { "net", "n", "b", "from", "start", "weights_table" };
	const Module *m = f->m;
	Arena *a = m->job->mem;
	for (size_t i = 0; f->context && i < sizeof ours / sizeof *ours; i++)
		cnames_argument(names, ours[i], "in");
	if (f->context)
		f->type = cnames_type(names, f->prefix, "net");
	f->arg = NEWN(a, const char *, m->nin + m->nout + 1);
	for (int i = 0; i < f->nin; i++)
		f->arg[f->in[i]] = cnames_argument(names, m->in[f->in[i]].name, "in");
	for (int i = 0; i < m->nout; i++)
		f->arg[m->nin + i] = cnames_argument(names, m->out[i].name, "out");
	f->stored = NEWN(a, const char *, f->nin + m->nout + 1);
	for (int i = 0; i < f->nin + m->nout; i++) {
		const char *name;
		infer_argument(f, i, &name);
		f->stored[i] = cnames_array(names, arena_printf(a, "selfcheck_%s", name));
	}
}

static void prepare(Infer *f, const Graph *g, CNames *names)
{
	const Module *m = f->m;
	Arena *a = m->job->mem;
	bool *used = used_leaves(g, LF_INPUT, m->nin, a);
	int *in = NEWN(a, int, m->nin + 1);
	for (int i = 0; i < m->nin; i++) {
		if (m->in[i].target && !used[i])
			continue;
		in[f->nin++] = i;
		f->classes |= m->in[i].ty.dt == DT_I32 && m->in[i].ty.classes > 0;
	}
	f->in = in;
	name_all(f, names);
	f->unused = "";
	for (int i = 0; i < f->nin; i++)
		if (!used[in[i]])
			f->unused = arena_printf(a, "%s(void)%s;\n", f->unused, f->arg[in[i]]);
}

static bool draws(const Node *n)
{
	if (opinfo[n->op].attr == AT_RANDOM)
		return true;
	for (int i = 0; n->body && i < n->body->n; i++)
		if (draws(n->body->node[i]))
			return true;
	return false;
}

const char *inference_draws(const Module *m)
{
	const Graph *g = m->eval;
	bool *random = NEWN(m->job->mem, bool, g->n + 1);
	for (int i = 0; i < g->n; i++) {
		random[i] = draws(g->node[i]);
		for (int k = 0; k < g->node[i]->nin; k++)
			random[i] |= random[g->node[i]->in[k]->id];
	}
	for (int i = 0; i < g->nroot; i++)
		if (g->root[i].kind == R_OUTPUT && random[g->root[i].node->id])
			return m->out[g->root[i].index].name;
	return 0;
}

/* Builds a function; batch 0: for `n` samples. */
static void build_form(Infer *f, Form *form, Graph *g, const Options *opt, int batch,
                       const char *head)
{
	Job *j = f->m->job;
	FnHost *h = &form->host;
	form->f = f;
	h->origin = f->m->origin;
	h->norigin = f->m->npart;
	h->prefix = !f->context ? job_sym(j, f->prefix)
	                        : job_symf(j, "%s_%s", f->prefix, batch ? "one" : "many");
	h->head = head;
	h->unused = !f->context ? f->unused
	                        : arena_printf(j->mem, "%s(void)from;\n(void)scratch;\n%s", f->unused,
	                                       batch ? "" : "(void)n;\n");
	h->batch = batch ? 0 : "n";
	h->fixed_batch = batch ? batch : 1;
	h->arena0 = h->arena = f->context ? "scratch" : "(unsigned char *)scratch";
	h->address = address;
	h->scalar = scalar;
	h->arg = form;
	h->constants = opt->level >= 2;
	h->half = f->quantize != HALF_NONE;
	Fn *fn = fn_build(j, g, opt, h);
	if (fn->arena0_bytes)
		h->arena = arena_printf(j->mem, "(%s + %lld)", h->arena0,
		                        (long long)fn->arena0_bytes);
	form->fn = f->form[f->nform++] = fn;
}

static void print_scratch(Out *o, const Infer *f, const Options *opt, int64_t bytes)
{
	if (bytes)
		out(o,
		    "/* activations */\nstatic %s_THREAD_LOCAL union {\n%s element;\nunsigned "
		    "char byte[%lld];\n"
		    "} scratch_memory;\n#define scratch (scratch_memory.byte)\n\n",
		    f->upper, infer_real(opt), (long long)bytes);
}

static const char *static_head(const Infer *f, const Options *opt)
{
	Arena *a = f->m->job->mem;
	return f->classes ? arena_printf(a, "static void %s_compute(%s)", f->prefix,
	                                 arguments(f, opt))
	                  : arena_printf(a, "void %s_run(%s)", f->prefix, arguments(f, opt));
}

/* Behind the library and the weights: the scratch, the functions, the self-check.  Returns the bytes
 * of the scratch. */
static int64_t print_functions(Out *o, Infer *f, const Options *opt, const Form *form)
{
	int64_t results = 0, bytes;
	if (f->context) {
		for (int i = 0; i < f->nform; i++)
			fn_print(o, form[i].fn);
		context_print(o, f, opt);
		load_print(o, f, opt);
		if (f->check)
			selfcheck_print(o, f, opt, context_scratch(f));
		return context_bytes(f, opt);
	}
	results = bytes = form->fn->arena0_bytes + form->fn->arena_bytes * f->batch;
	if (f->check)
		bytes += selfcheck_bytes(f, opt);
	print_scratch(o, f, opt, bytes);
	fn_print(o, form->fn);
	if (f->classes)
		print_checked(o, f, opt);
	if (f->check)
		selfcheck_print(o, f, opt, results);
	return bytes;
}

/* The arrays: here, in a file of their own, or loaded. */
static void print_weights(Out *o, Out *x, const Infer *f, const Options *opt, const Weights *w,
                          const char *name)
{
	if (f->context || x)
		arrays_declare(o, f, opt);
	if (opt->weights_as == WEIGHTS_FILE)
		return;
	if (!x) {
		arrays_print(o, f, opt, w);
		return;
	}
	out(x, "/* the weights of %s.c - generated by nnc %s from %s; do not edit.\n *\n"
	       " * SPDX-License-Identifier: 0BSD\n */\n#include <stdint.h>\n\n", name, NNC_VERSION,
	    f->m->source);
	out(x, "#ifndef %s_WEIGHTS\n#define %s_WEIGHTS\n#endif\n#ifdef __GNUC__\n"
	       "#define NNC_ALIGNED __attribute__((aligned(64)))\n#else\n#define NNC_ALIGNED\n#endif\n\n",
	    f->upper, f->upper);
	arrays_declare(x, f, opt);
	arrays_print(x, f, opt, w);
	if (!f->narray)
		out(x, "extern const char %s_has_no_weights;\n", f->prefix);
}

int emit_inference(Out *o, Out *h, Out *x, Module *m, const Options *opt, const Weights *w,
                    const char *weights_name, const char *name, const char *include)
{
	Job *j = m->job;
	Arena *a = j->mem;
	Graph *g = graph_copy(m->eval, job_sym(j, "infer"), 1u << R_OUTPUT);
	g = pass_simplify(pass_knobs_fixed(g, m));
	Infer f = { .m = m,
		    .prefix = opt->prefix,
		    .upper = infer_upper(a, opt->prefix),
		    .context = opt->context,
		    .quantize = opt->quantize,
		    .public = opt->weights_as == WEIGHTS_EXTERN && !opt->context,
		    .table = opt->weights_as == WEIGHTS_EXTERN
		                     ? arena_printf(a, "%s_weights_table", opt->prefix) : "weights_table",
		    .batch = opt->batch > 0 ? opt->batch : 1 };
	CNames names = { .mem = a, .prefix = opt->prefix };
	Form form[2] = { { .f = &f }, { .f = &f } };
	prepare(&f, g, &names);
	if (!arrays_check(&f, w, weights_name))
		return 3;
	if (opt->self_check)
		f.check = selfcheck_compute(&f, g, opt, w);
	if (opt->level >= 2)
		g = pass_constants(g, m, &f.order, &f.norder);
	if (f.context) {
		build_form(&f, &form[0], g, opt, 1, context_head(&f, opt, true));
		if (f.batch > 1)
			build_form(&f, &form[1], g, opt, 0, context_head(&f, opt, false));
	} else {
		build_form(&f, &form[0], g, opt, f.batch, static_head(&f, opt));
	}
	arrays_collect(&f, &names);
	if (!load_prepare(&f, opt))
		return 1;
	print_head(o, &f, opt, name, include);
	print_library(o, g, opt, a);
	print_weights(o, x, &f, opt, w, name);
	int64_t bytes = print_functions(o, &f, opt, form);
	raw_print(o, m, f.prefix);
	print_header(h, &f, opt, include, w, weights_name, bytes);
	for (int i = 0; i < f.nform; i++)
		fn_free((Fn *)form[i].fn);
	graph_free(g);
	return 0;
}
