/* raw.c - `export c(preprocess = true)`: inference C that takes the raw columns of the data.
 *
 * In:    a module whose passes have run, a weights file.   Out: a module whose inputs are the columns:
 *        its eval graph begins with the expressions of the data section, and what these learned from
 *        the training rows are buffers, whose values are added to those of the file.
 * Holds: the given module does not change; nothing behind this file knows of raw columns.
 */
#include "emit.h"
#include "pass.h"

#include <ctype.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

/* ---- columns as inputs --------------------------------------------------------------------- */

/* "others", "a_b" for columns("a", "b"), else the column's own name. */
static Sym column_name(const Module *m, int i)
{
	const Pick *p = i < m->npick ? &m->pick[i] : 0;
	if (p && p->rest)
		return job_sym(m->job, "others");
	if (!p || !p->n)
		return m->column[i].name;
	const char *s = p->name[0];
	for (int k = 1; k < p->n; k++)
		s = arena_printf(m->job->mem, "%s_%s", s, p->name[k]);
	return job_sym(m->job, s);
}

static void columns_to_inputs(Module *to, const Module *m)
{
	bool *used = raw_columns(m);
	to->in = NEWN(m->job->mem, Field, m->ncolumn + 1);
	to->nin = m->ncolumn;
	for (int i = 0; i < m->ncolumn; i++) {
		to->in[i] = m->column[i];
		to->in[i].name = column_name(m, i);
		to->in[i].target = !used[i];
	}
}

/* ---- what was learned as buffers ----------------------------------------------------------- */

static const char *const number_name[][2] = { [FIT_STANDARDIZE] = { "mean", "std" },
	                                      [FIT_MINMAX] = { "min", "range" },
	                                      [FIT_MISSING] = { "mean", 0 } };

static bool refuse(Job *j, const char *file, const char *key, const char *what)
{
	diag_help(error(j, NOWHERE, "R6", "%s: `%s` %s", file, key, what),
	          "give weights that this program's `train` saved: they hold what its data section learned");
	return false;
}

static const char *meta_of(const Weights *w, const char *key)
{
	for (int i = 0; i < w->nmeta; i++)
		if (!strcmp(w->meta[i].key, key))
			return w->meta[i].text;
	return 0;
}

/* A list of n finite numbers; what is wrong with it, or 0. */
static const char *numbers_of(Arena *a, const char *text, double *v, int64_t n)
{
	json_t *list = json_loads(text, 0, 0);
	const char *wrong = json_is_array(list) ? 0 : "is not a list of numbers";
	if (!wrong && json_array_size(list) != (size_t)n)
		wrong = arena_printf(a, "has %zu numbers, but the program needs %lld",
		                     json_array_size(list), (long long)n);
	for (int64_t i = 0; !wrong && i < n; i++) {
		const json_t *x = json_array_get(list, (size_t)i);
		v[i] = json_number_value(x);
		if (!json_is_number(x) || !isfinite(v[i]))
			wrong = "is not a list of finite numbers";
	}
	json_decref(list);
	return wrong;
}

/* Number `which` of row f: a buffer, and its values. */
static bool add_buffer(Module *to, Weights *w, const Fitted *f, int which, const char *file)
{
	Arena *a = to->job->mem;
	const char *path = arena_printf(a, "%s.%s", f->path, number_name[f->how][which]);
	const char *key = arena_printf(a, "nnc.%s", path), *text = meta_of(w, key);
	Tensor *t = &to->buffer[to->nbuffer++];
	t->path = job_sym(to->job, path);
	t->ty = f->ty;
	t->len = f->len;
	if (!text)
		return refuse(to->job, file, key, "is missing, which the data section learned");
	Weight v = { .name = t->path, .rank = f->ty.rank, .len = f->len };
	for (int i = 0; i < v.rank; i++)
		v.dim[i] = f->ty.dim[i].k;
	v.value = NEWN(a, double, f->len + 1);
	const char *wrong = numbers_of(a, text, v.value, f->len);
	if (wrong)
		return refuse(to->job, file, key, wrong);
	w->v[w->n++] = v;
	return true;
}

/* buffer[2 i + k]: the number of the buffer that stands for number k of row i. */
static bool fitted_to_buffers(Module *to, Weights *w, const Module *m, const char *file, int *buffer)
{
	Arena *a = m->job->mem;
	Weight *v = NEWN(a, Weight, w->n + 2 * m->nfitted + 1);
	memcpy(v, w->v, (size_t)w->n * sizeof *v);
	w->v = v;
	to->buffer = NEWN(a, Tensor, m->nbuffer + 2 * m->nfitted + 1);
	memcpy(to->buffer, m->buffer, (size_t)m->nbuffer * sizeof *to->buffer);
	for (int i = 0; i < m->nfitted; i++) {
		const Fitted *f = &m->fitted[i];
		for (int k = 0; k < 2 && f->arg && number_name[f->how][k]; k++) {
			buffer[2 * i + k] = to->nbuffer;
			if (!add_buffer(to, w, f, k, file))
				return false;
		}
	}
	return true;
}

/* ---- texts ----------------------------------------------------------------------------------- */

/* The texts of column `column`, which row f learned. */
static bool add_text(Module *to, const Weights *w, const Module *m, const Fitted *f, const char *file)
{
	Arena *a = m->job->mem;
	const char *key = arena_printf(a, "nnc.%s.words", f->path), *text = meta_of(w, key);
	json_t *list = text ? json_loads(text, 0, 0) : 0;
	size_t n = json_array_size(list);
	TextColumn *t = &to->text[to->ntext++];
	t->name = to->in[f->field].name;
	t->classes = m->column[f->field].ty.classes;
	t->gap = m->pick[f->field].gap;
	t->word = NEWN(a, Sym, n + 1);
	bool ok = json_is_array(list) && n <= (size_t)t->classes;
	for (size_t i = 0; ok && i < n; i++) {
		const char *s = json_string_value(json_array_get(list, i));
		ok = s != 0;
		t->word[t->n++] = ok ? job_sym(m->job, s) : 0;
	}
	json_decref(list);
	return ok || refuse(m->job, file, key, text ? "is not a list of at most as many texts as classes"
	                                    : "is missing, which the data section learned");
}

static bool texts(Module *to, const Weights *w, const Module *m, const char *file)
{
	const bool *used = raw_columns(m);
	to->text = NEWN(m->job->mem, TextColumn, m->nfitted + 1);
	for (int i = 0; i < m->nfitted; i++)
		if (m->fitted[i].how == FIT_WORDS && used[m->fitted[i].field] &&
		    !add_text(to, w, m, &m->fitted[i], file))
			return false;
	return true;
}

/* What stands for all texts that were not learned. */
static int other_text(const TextColumn *t)
{
	return t->n < t->classes ? t->n : -1;
}

static const char *function_of(Arena *a, const TextColumn *t, const char *prefix)
{
	char *s = arena_printf(a, "%s_%s_class", prefix, t->name);
	for (char *p = s; *p; p++)
		if (!isalnum((unsigned char)*p))
			*p = '_';
	return s;
}

/* The names that the training file had for others(), if the weights tell them. */
static void others(Module *to, const Weights *w)
{
	const char *text = meta_of(w, "nnc.others");
	json_t *list = text ? json_loads(text, 0, 0) : 0;
	size_t n = json_array_size(list);
	to->others = NEWN(to->job->mem, Sym, n + 1);
	for (size_t i = 0; i < n; i++) {
		const char *s = json_string_value(json_array_get(list, i));
		if (s)
			to->others[to->nothers++] = job_sym(to->job, s);
	}
	json_decref(list);
}

/* "a, b", wrapped; of a name only what a comment can hold. */
static void print_others(Out *h, const Module *m)
{
	int wide = 0;
	out(h, "/* `others` are these columns, in this order:\n *");
	for (int i = 0; i < m->nothers; i++) {
		char *name = arena_printf(h->mem, "%.60s", m->others[i]);
		for (char *p = name; *p; p++)
			if (*p == '*' || *p == '/' || *p == '\\' || *p == '?' || (unsigned char)*p < ' ')
				*p = '.';
		wide += (int)strlen(name) + 2;
		out(h, "%s %s%s", wide > 100 ? "\n *" : "", name, i + 1 < m->nothers ? "," : "");
		wide = wide > 100 ? (int)strlen(name) + 2 : wide;
	}
	out(h, " */\n\n");
}

void raw_declare(Out *h, const Module *m, const char *prefix)
{
	if (m->nothers)
		print_others(h, m);
	for (int i = 0; i < m->ntext; i++) {
		const TextColumn *t = &m->text[i];
		out(h, "/* The class of a text of the column `%s`; %d for one that no training row has.%s */\n",
		    t->name, other_text(t), t->gap ? "\n * 0 or \"\" stand for a missing text." : "");
		out(h, "int32_t %s(const char *text);\n\n", function_of(h->mem, t, prefix));
	}
}

void raw_print(Out *o, const Module *m, const char *prefix)
{
	for (int i = 0; i < m->ntext; i++) {
		const TextColumn *t = &m->text[i];
		out(o, "int32_t %s(const char *text)\n{\nstatic const char *const word[] = {\n",
		    function_of(o->mem, t, prefix));
		for (int k = 0; k < t->n; k++)
			out(o, "%s,\n", c_string(o->mem, t->word[k]));
		out(o, "0\n};\n");
		if (t->gap)
			out(o, "if (!text || !*text)\n\ttext = %s;\n", c_string(o->mem, t->gap));
		out(o,
		    "for (int i = 0; i < %d; i++) {\nconst char *a = word[i], *b = text;\n"
		    "while (*a && *a == *b) {\na++;\nb++;\n}\nif (*a == *b)\n\treturn i;\n}\n"
		    "return %d;\n}\n\n", t->n, other_text(t));
	}
}

/* ---- the module ------------------------------------------------------------------------------ */

Module *raw_module(const Module *m, Weights *w, const char *file)
{
	Arena *a = m->job->mem;
	Module *to = NEW(a, Module);
	*to = *m;
	columns_to_inputs(to, m);
	int *buffer = NEWN(a, int, 2 * m->nfitted + 1);
	if (!fitted_to_buffers(to, w, m, file, buffer))
		return 0;
	if (!texts(to, w, m, file))
		return 0;
	for (int i = 0; i < m->npick; i++)
		if (m->pick[i].rest)
			others(to, w);
	to->eval = pass_raw(m, to, buffer);
	return to;
}
