/* infer_model.c - see infer_model.h. */
#include "infer_model.h"

#include <ctype.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emit.h"

enum { MOST = 64 };

/* The values as a weights file would give them. */
static Weights *weights(const Module *m, const InferInput *in, Arena *a)
{
	Weights *w = NEW(a, Weights);
	w->v = NEWN(a, Weight, m->nparam + m->nbuffer + 1);
	for (int i = 0; i < m->nparam + m->nbuffer; i++) {
		const Tensor *t = i < m->nparam ? &m->param[i] : &m->buffer[i - m->nparam];
		Weight *v = &w->v[w->n++];
		*v = (Weight){ .name = t->path, .rank = t->ty.rank, .len = type_len(&t->ty, 1),
			       .value = i < m->nparam ? in->param[i] : in->buffer[i - m->nparam] };
		for (int k = 0; k < t->ty.rank; k++)
			v->dim[k] = t->ty.dim[k].k;
	}
	strcpy(w->sha, "0");
	return w;
}

static size_t bytes_of(const InferInput *in, const Type *t)
{
	return t->dt == DT_REAL ? (in->opt.f64 ? 8 : 4) : t->dt == DT_I32 ? 4 : 1;
}

static double value_at(const InferInput *in, const Type *t, const void *v, int64_t k)
{
	return t->dt == DT_I32            ? ((const int32_t *)v)[k]
	       : t->dt != DT_REAL         ? ((const unsigned char *)v)[k]
	       : in->opt.f64              ? ((const double *)v)[k]
	                                  : (double)((const float *)v)[k];
}

static void set_value(const InferInput *in, const Type *t, void *v, int64_t k, double x)
{
	if (t->dt == DT_I32)
		((int32_t *)v)[k] = (int32_t)x;
	else if (t->dt != DT_REAL)
		((unsigned char *)v)[k] = (unsigned char)x;
	else if (in->opt.f64)
		((double *)v)[k] = x;
	else
		((float *)v)[k] = (float)x;
}

/* The argument of that name: an input with its values, or an output (NAME_out where an input is called NAME, too);
 * *out: its number, or -1. */
static void *find_argument(const Module *m, const InferInput *in, const char *name, int *out, Arena *a)
{
	*out = -1;
	for (int i = 0; i < m->nin; i++)
		if (!strcmp(m->in[i].name, name)) {
			const Type *t = &m->in[i].ty;
			int64_t n = type_len(t, in->B);
			void *v = arena_alloc(a, (size_t)n * bytes_of(in, t) + 1);
			for (int64_t k = 0; k < n; k++)
				set_value(in, t, v, k, in->in[i][k]);
			return v;
		}
	for (int i = 0; i < m->nout; i++)
		if (!strcmp(m->out[i].name, name) || !strcmp(arena_printf(a, "%s_out", m->out[i].name), name)) {
			*out = i;
			return arena_alloc(a, (size_t)type_len(&m->out[i].ty, in->B) * bytes_of(in, &m->out[i].ty) + 1);
		}
	return 0;
}

/* The names of the parameters of PREFIX_run, from its declaration. */
static int parameters(const char *head, char (*name)[60])
{
	int n = 0;
	for (const char *p = head; *p != ')' && n < MOST; p++) {
		if (*p != '[')
			continue;
		const char *end = p;
		while (isalnum((unsigned char)p[-1]) || p[-1] == '_')
			p--;
		snprintf(name[n++], sizeof *name, "%.*s", (int)(end - p), p);
		p = end;
	}
	return n;
}

static bool save(const char *path, const Out *o, const char *more)
{
	FILE *f = fopen(path, "w");
	return f && fwrite(o->text, 1, o->n, f) == o->n && fputs(more, f) >= 0 && !fclose(f);
}

/* A function with all arguments in an array, behind the text. */
static const char *caller(const char *prefix, int n, bool checks, Arena *a)
{
	const char *list = "";
	for (int i = 0; i < n; i++)
		list = arena_printf(a, "%s%sa[%d]", list, i ? ", " : "", i);
	return arena_printf(a, "\nint fuzz_call(void *const *a);\nint fuzz_call(void *const *a)\n{\n%s%s_run(%s);\n%s}\n",
	                    checks ? "\treturn " : "\t", prefix, list, checks ? "" : "\treturn 0;\n");
}

/* Every warning is an error; the first line of what the compiler says. */
static bool compile(const InferInput *in, const char *path, const char *object, char *why, size_t n)
{
	char command[2000], line[300];
	snprintf(command, sizeof command, "%s %s -std=c99 -Wall -Wextra -Wshadow -Wconversion -Werror -fPIC -shared %s -o %s 2>&1",
	         in->cc, in->cflags, path, object);
	FILE *f = popen(command, "r");
	while (f && fgets(line, sizeof line, f))
		if (!*why && (strstr(line, "error") || strstr(line, "warning")))
			snprintf(why, n, "%.*s", (int)strcspn(line, "\n"), line);
	return f && pclose(f) == 0;
}

double **infer_outputs(const Module *m, const InferInput *in, char *why, size_t n)
{
	Arena *a = m->job->mem;
	*why = 0;
	if (!m->nout || m->export_preprocess || inference_draws(m))
		return 0;
	Options opt = in->opt;
	opt.infer = true;
	opt.batch = in->B;
	Out *c = out_new(a), *h = out_new(a);
	const char *name = arena_printf(a, "%s_infer", opt.prefix);
	if (emit_inference(c, h, 0, (Module *)(uintptr_t)m, &opt, weights(m, in, a), "w", name,
	                   arena_printf(a, "%s.h", name))) {
		snprintf(why, n, "inference C is refused");
		return 0;
	}
	const char *head = arena_printf(a, "%.*s", (int)h->n, h->text),
	           *run = strstr(head, arena_printf(a, "\nint %s_run(", opt.prefix));
	bool checks = run != 0;
	if (!run)
		run = strstr(head, arena_printf(a, "\nvoid %s_run(", opt.prefix));
	char arg[MOST][60], path[300], object[300];
	int count = run ? parameters(run, arg) : 0, out[MOST];
	void *v[MOST + 1] = { 0 };
	for (int i = 0; i < count; i++)
		if (!(v[i] = find_argument(m, in, arg[i], &out[i], a))) {
			snprintf(why, n, "inference C has an argument %s", arg[i]);
			return 0;
		}
	snprintf(path, sizeof path, "%s/%s.h", in->dir, name);
	save(path, h, "");
	snprintf(path, sizeof path, "%s/%s.c", in->dir, name);
	snprintf(object, sizeof object, "%s/%s.so", in->dir, name);
	if (!save(path, c, caller(opt.prefix, count, checks, a)) || !compile(in, path, object, why, n))
		return 0;
	void *so = dlopen(object, RTLD_NOW | RTLD_LOCAL);
	union { void *p; int (*call)(void *const *); } f = { so ? dlsym(so, "fuzz_call") : 0 };
	if (!f.p || f.call(v)) {
		snprintf(why, n, "inference C %s", f.p ? "refuses its input" : "cannot be loaded");
		return 0;
	}
	double **found = NEWN(a, double *, m->nout + 1);
	for (int i = 0; i < count; i++) {
		if (out[i] < 0)
			continue;
		const Type *t = &m->out[out[i]].ty;
		int64_t len = type_len(t, in->B);
		found[out[i]] = NEWN(a, double, len + 1);
		for (int64_t k = 0; k < len; k++)
			found[out[i]][k] = value_at(in, t, v[i], k);
	}
	dlclose(so);
	remove(path);
	remove(object);
	snprintf(path, sizeof path, "%s/%s.h", in->dir, name);
	remove(path);
	return found;
}
