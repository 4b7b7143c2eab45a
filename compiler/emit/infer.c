/* infer.c - the static inference form (interfaces.md section 3.1): one function, one .c, one
 * .h.
 *
 * In:    the eval graph of a module, values of its parameters.   Out: C99 without dependencies.
 * Holds: no allocation, no library, no writable global but one scratch array; public names
 * start with the prefix.
 */
#include "cnames.h"
#include "emit.h"
#include "infer.h"
#include "op.h"
#include "pass.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

/* The headers of runtime/ as text, put into build/embed.c by the Makefile. */
extern const char embed_vec_h[], embed_vmath_h[], embed_rand_h[];
extern const size_t embed_vec_h_len, embed_vmath_h_len, embed_rand_h_len;

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

static const char *real_name(const Options *opt)
{
	return opt->f64 ? "double" : "float";
}

const char *infer_type(const Options *opt, const Type *t)
{
	return t->dt == DT_REAL  ? real_name(opt)
	       : t->dt == DT_I32 ? "int32_t"
	                         : "unsigned char";
}

/* ---- what inference needs -------------------------------------------------------- */

static const char *address(void *arg, Arena *a, const Buffer *b, bool write)
{
	const Infer *f = arg;
	(void)write;
	(void)a;
	switch (b->place) {
	case PL_PARAM:
		return f->array[b->index < f->m->nparam
		                        ? b->index
		                        : f->order[b->index - f->m->nparam].param];
	case PL_BUFFER:
		return f->array[f->m->nparam + b->index];
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
	const Infer *f = arg;
	(void)a;
	(void)i;
	bug(f->m->job, "infer: %s %d has no value", name ? name : "number", kind);
}

/* Marks the leaves of a kind that live nodes use, by index. */
static bool *used_leaves(const Graph *g, LeafKind kind, int n, Arena *a)
{
	bool *used = NEWN(a, bool, n + 1), *live = graph_live(g, a);
	for (int i = 0; i < g->n; i++)
		if (live[i] && opinfo[g->node[i]->op].leaf == kind)
			used[g->node[i]->a.leaf.index] = true;
	return used;
}

/* ---- weights --------------------------------------------------------------------- */

const Weight *infer_weight(const Weights *w, const Tensor *t)
{
	for (int i = 0; i < w->n; i++)
		if (!strcmp(w->v[i].name, t->path))
			return &w->v[i];
	return 0;
}

static bool weight_error(const char *file, const char *what, const char *help)
{
	fprintf(stderr, "nnc: error: %s: %s [R6]\n     = help: %s\n", file, what, help);
	return false;
}

static bool weight_check(Job *j, const Weights *w, const Tensor *t, const char *file)
{
	const Weight *v = infer_weight(w, t);
	if (!v)
		return weight_error(file,
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
		return weight_error(file,
		                    arena_printf(j->mem,
		                                 "tensor `%s` is %s], but the program has %s",
		                                 t->path, found, type_text(j->mem, &t->ty)),
		                    "compile the program that the weights were trained with");
	for (int64_t i = 0; i < v->len; i++)
		if (!isfinite(v->value[i]))
			return weight_error(
				file,
				arena_printf(j->mem,
			                     "tensor `%s` holds a value that is not "
			                     "finite, at element %lld",
			                     t->path, (long long)i),
				"the training diverged; use the weights of an earlier epoch");
	return true;
}

/* The values of t in the order of perm; t's own order if perm is 0. */
static const double *ordered(Arena *a, const Tensor *t, const double *v, const int *perm)
{
	if (!perm)
		return v;
	int64_t stride[MAXRANK], step[MAXRANK], ext[MAXRANK], ix[MAXRANK] = { 0 }, at = 0,
							      n = 1;
	int r = t->ty.rank;
	for (int i = r - 1; i >= 0; i--) {
		stride[i] = n;
		n *= t->ty.dim[i].k;
	}
	for (int i = 0; i < r; i++) {
		step[i] = stride[perm[i]];
		ext[i] = t->ty.dim[perm[i]].k;
	}
	double *to = NEWN(a, double, n + 1);
	for (int64_t k = 0; k < n; k++) {
		to[k] = v[at];
		for (int i = r - 1; i >= 0; i--) {
			at += step[i];
			if (++ix[i] < ext[i])
				break;
			at -= ext[i] * step[i];
			ix[i] = 0;
		}
	}
	return to;
}

static void print_array(Out *o, const Options *opt, const char *name, const Tensor *t,
                        const Weight *w, const char *up, const int *perm)
{
	char buf[40], line[160];
	const double *v = ordered(o->mem, t, w->value, perm);
	out(o, "/* %s %s", t->path, type_text(o->mem, &t->ty));
	for (int i = 0; perm && i < t->ty.rank; i++)
		out(o, "%s%d", i ? ", " : ", dimensions in the order ", perm[i]);
	out(o, " */\nstatic const %s %s[%lld] %s_WEIGHTS = {\n", real_name(opt), name,
	    (long long)w->len, up);
	size_t n = 0;
	for (int64_t i = 0; i < w->len; i++) {
		number_text(buf, v[i], !opt->f64);
		n += (size_t)snprintf(line + n, sizeof line - n, "%s%s,", buf,
		                      opt->f64 ? "" : "f");
		if (n > 80 || i + 1 == w->len) {
			line[n++] = '\n';
			out_raw(o, line, n);
			n = 0;
		}
	}
	out(o, "};\n\n");
}

/* The order of parameter i, 0: its own. */
static const int *order_of(const Infer *f, int i)
{
	for (int k = 0; k < f->norder; k++)
		if (f->order[k].param == i)
			return f->order[k].perm;
	return 0;
}

/* The file holds the program's tensors and no others. */
static bool check_weights(const Infer *f, const Weights *w, const char *file)
{
	Arena *a = f->m->job->mem;
	const Module *m = f->m;
	bool ok = true;
	for (int i = 0; i < m->nparam + m->nbuffer; i++) {
		const Tensor *t = i < m->nparam ? &m->param[i] : &m->buffer[i - m->nparam];
		ok = weight_check(m->job, w, t, file) && ok;
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
				file, arena_printf(a, "unknown tensor `%s`", w->v[i].name),
				"compile the program that the weights were trained with");
	}
	return ok;
}

static void print_weights(Out *o, const Infer *f, const Graph *g, const Options *opt,
                          const Weights *w)
{
	Arena *a = f->m->job->mem;
	const Module *m = f->m;
	bool *param = used_leaves(g, LF_PARAM, m->nparam + f->norder, a);
	for (int i = 0; i < f->norder; i++)
		param[f->order[i].param] = true;
	bool *buffer = used_leaves(g, LF_BUFFER, m->nbuffer, a);
	for (int i = 0; i < m->nparam + m->nbuffer; i++) {
		const Tensor *t = i < m->nparam ? &m->param[i] : &m->buffer[i - m->nparam];
		if (i < m->nparam ? param[i] : buffer[i - m->nparam])
			print_array(o, opt, f->array[i], t, infer_weight(w, t), f->upper,
			            i < m->nparam ? order_of(f, i) : 0);
	}
}

/* ---- the header ------------------------------------------------------------------ */

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

static void print_header(Out *h, const Infer *f, const Options *opt, const char *name,
                         const Weights *w, const char *file, int64_t scratch)
{
	Arena *a = f->m->job->mem;
	const char *guard = infer_upper(a, c_name(a, name));
	if (isdigit((unsigned char)*guard))
		guard = arena_printf(a, "NNC_%s", guard);
	out(h, "/* %s - generated by nnc %s from %s\n * (weights %s, xxh128 %.12s...).\n", name,
	    NNC_VERSION, f->m->source, file, w->sha);
	out(h, " * Call %s_run(); it fills the outputs from the inputs.\n", f->prefix);
	if (scratch)
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
	out(h, "#include <stdint.h>\n\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n");
	h->depth = 0;
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

static void print_head(Out *o, const Infer *f, const char *name, const char *include)
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
	out(o, " * %lld parameters (const)\n *\n", (long long)total);
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

static void name_all(Infer *f)
{
	const Module *m = f->m;
	Arena *a = m->job->mem;
	CNames names = { .mem = a };
	f->arg = NEWN(a, const char *, m->nin + m->nout + 1);
	f->array = NEWN(a, const char *, m->nparam + m->nbuffer + 1);
	for (int i = 0; i < f->nin; i++)
		f->arg[f->in[i]] = cnames_argument(&names, m->in[f->in[i]].name, "in");
	for (int i = 0; i < m->nout; i++)
		f->arg[m->nin + i] = cnames_argument(&names, m->out[i].name, "out");
	for (int i = 0; i < m->nparam + m->nbuffer; i++)
		f->array[i] = cnames_array(
			&names,
			(i < m->nparam ? &m->param[i] : &m->buffer[i - m->nparam])->path);
	f->stored = NEWN(a, const char *, f->nin + m->nout + 1);
	for (int i = 0; i < f->nin + m->nout; i++) {
		const char *name;
		infer_argument(f, i, &name);
		f->stored[i] = cnames_array(&names, arena_printf(a, "selfcheck_%s", name));
	}
}

static void prepare(Infer *f, const Graph *g)
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
	name_all(f);
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

bool emit_inference(Out *o, Out *h, Module *m, const Options *opt, const Weights *w,
                    const char *weights_name, const char *name, const char *include)
{
	Job *j = m->job;
	Arena *a = j->mem;
	Graph *g = graph_copy(m->eval, job_sym(j, "infer"), 1u << R_OUTPUT);
	g = pass_simplify(pass_knobs_fixed(g, m));
	Infer f = { .m = m,
		    .prefix = opt->prefix,
		    .upper = infer_upper(a, opt->prefix),
		    .batch = opt->batch > 0 ? opt->batch : 1 };
	prepare(&f, g);
	if (!check_weights(&f, w, weights_name))
		return false;
	if (opt->self_check)
		f.check = selfcheck_compute(&f, g, opt, w);
	if (opt->level >= 2)
		g = pass_constants(g, m, &f.order, &f.norder);
	FnHost *host = NEW(a, FnHost);
	host->prefix = job_sym(j, opt->prefix);
	host->head =
		f.classes ? arena_printf(a, "static void %s_compute(%s)", opt->prefix,
	                                 arguments(&f, opt))
			  : arena_printf(a, "void %s_run(%s)", opt->prefix, arguments(&f, opt));
	host->unused = f.unused;
	host->fixed_batch = f.batch;
	host->arena0 = host->arena = "(unsigned char *)scratch";
	host->address = address;
	host->scalar = scalar;
	host->arg = &f;
	Fn *fn = fn_build(j, g, opt, host);
	int64_t bytes0 = fn->arena0_bytes, bytes = bytes0 + fn->arena_bytes * f.batch;
	if (bytes0)
		host->arena =
			arena_printf(a, "((unsigned char *)scratch + %lld)", (long long)bytes0);
	print_head(o, &f, name, include);
	print_library(o, g, opt, a);
	print_weights(o, &f, g, opt, w);
	int64_t results = bytes;
	if (f.check)
		bytes = results + selfcheck_bytes(&f, opt);
	if (bytes)
		out(o,
		    "/* activations */\nstatic %s_THREAD_LOCAL union {\n%s element;\nunsigned "
		    "char byte[%lld];\n"
		    "} scratch_memory;\n#define scratch (scratch_memory.byte)\n\n",
		    f.upper, real_name(opt), (long long)bytes);
	fn_print(o, fn);
	if (f.classes)
		print_checked(o, &f, opt);
	if (f.check)
		selfcheck_print(o, &f, opt, results);
	print_header(h, &f, opt, include, w, weights_name, bytes);
	fn_free(fn);
	graph_free(g);
	return true;
}
