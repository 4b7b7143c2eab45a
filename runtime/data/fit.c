/* fit.c - what is learned from the training rows: means, deviations, ranges, class weights.
 *
 * Holds: the numbers are a function of the rows in the order of the data, not of the size of a
 *        batch; means and deviations are Welford's, in double, so that a large mean costs no digits.
 *
 * Source for what counts as constant: scikit-learn's StandardScaler (_is_constant_feature) and
 * MinMaxScaler (_handle_zeros_in_scale).
 *
 * SPDX-License-Identifier: 0BSD
 */
#include "rt_fit.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "others.h"
#include "rt_dictionary.h"
#include "rt_fail.h"
#include "rt_help.h"
#include "rt_mem.h"
#include "rt_real.h"

static const char *const number_name[][2] = { { "mean", "std" },
	                                         { "min", "range" },
	                                         { "mean", 0 },
	                                         { "weight", 0 },
	                                         { "words", 0 } };

/* ---- learning ---------------------------------------------------------------------------- */

/* Of one row of the table: for each element how many values, and two sums. */
typedef struct {
	const nnrt_fitted *f;
	double *count, *a, *b; /* mean and sum of squares around it; least and largest */
	void *value;           /* of a batch */
} Gather;

static void look(Gather *g, int n, int real_bytes)
{
	const nnrt_fitted *f = g->f;
	for (int64_t i = 0, e = 0; i < (int64_t)n * f->len; i++, e = e + 1 < f->len ? e + 1 : 0) {
		double v = rt_real(g->value, i, real_bytes);
		if (isnan(v))
			continue;
		g->count[e]++;
		if (f->how != NNRT_MINMAX) {
			double off = v - g->a[e];
			g->a[e] += off / g->count[e];
			g->b[e] += off * (v - g->a[e]);
		} else {
			g->a[e] = g->count[e] == 1 || v < g->a[e] ? v : g->a[e];
			g->b[e] = g->count[e] == 1 || v > g->b[e] ? v : g->b[e];
		}
	}
}

static double deviation(double count, double mean, double squares)
{
	double var = squares / count, rounding = count * mean * DBL_EPSILON;
	bool constant = var <= count * DBL_EPSILON * var + rounding * rounding;
	return constant ? 1 : sqrt(var);
}

static void learn(Run *r, const Gather *g, const Dataset *d)
{
	const nnrt_fitted *f = g->f;
	for (int64_t e = 0; e < f->len; e++) {
		double a = g->a[e], b = g->b[e];
		if (g->count[e] == 0)
			b = 1;
		else if (f->how != NNRT_MINMAX)
			b = deviation(g->count[e], a, b);
		else
			b = b - a < 10 * DBL_EPSILON ? 1 : b - a;
		if (!isfinite(a) || !isfinite(b))
			rt_fail(RT_FILE, "R2",
			        "%s: the training rows hold a value that is not finite: element %lld "
			        "of what `%s` looks at",
			        d->name, (long long)e, f->path);
		r->fitted[f->at[0] + e] = a;
		if (f->how != NNRT_MISSING)
			r->fitted[f->at[1] + e] = b;
	}
}

/* The numbers as generated code reads them. */
static void hand_over(Run *r)
{
	for (int64_t i = 0; i < r->m->fitted_len; i++)
		rt_set_real((void *)r->c.fitted, i, r->m->real_bytes, r->fitted[i]);
}

static bool learns(const nnrt_fitted *f, int level)
{
	return f->how <= NNRT_MISSING && f->level == level;
}

static void fit_level(Run *r, const Dataset *d, const Rows *rows, int level, int64_t batch)
{
	const nnrt_model *m = r->m;
	size_t bytes = (size_t)m->real_bytes * (size_t)batch;
	Gather *g = rt_alloc((size_t)m->nfitted, sizeof *g, "statistics");
	void **value = rt_alloc((size_t)m->nfitted, sizeof *value, "statistics");
	for (int i = 0; i < m->nfitted; i++) {
		size_t len = (size_t)m->fitted[i].len;
		g[i] = (Gather){ .f = &m->fitted[i] };
		g[i].count = rt_alloc(len, sizeof(double), "statistics");
		g[i].a = rt_alloc(len, sizeof(double), "statistics");
		g[i].b = rt_alloc(len, sizeof(double), "statistics");
		g[i].value = value[i] = rt_alloc(len, bytes, "statistics");
	}
	for (int64_t at = 0; at < rows->n; at += batch) {
		int n = (int)(rows->n - at < batch ? rows->n - at : batch);
		rt_run_columns(r, d, rows->row + at, n);
		m->fit(&r->c, (const void *const *)r->column, value);
		for (int i = 0; i < m->nfitted; i++)
			if (learns(g[i].f, level))
				look(&g[i], n, m->real_bytes);
	}
	for (int i = 0; i < m->nfitted; i++) {
		if (learns(g[i].f, level))
			learn(r, &g[i], d);
		rt_free(g[i].count);
		rt_free(g[i].a);
		rt_free(g[i].b);
		rt_free(g[i].value);
	}
	rt_free(g);
	rt_free(value);
	hand_over(r);
}

/* Is it part of the data section, or of a loss? */
static bool of_field(const nnrt_fitted *f)
{
	return f->how != NNRT_BALANCED;
}

static bool has_numbers(const nnrt_fitted *f)
{
	return f->how <= NNRT_MISSING;
}

/* ---- class weights ----------------------------------------------------------------------- */

static void count_classes(Run *r, const Dataset *d, const Rows *rows, int field, double *count)
{
	const nnrt_field *f = &r->m->in[field];
	for (int64_t at = 0; at < rows->n; at += r->room) {
		int n = (int)(rows->n - at < r->room ? rows->n - at : r->room);
		rt_run_bind(r, d, rows->row + at, n);
		const int32_t *v = r->c.in[field];
		for (int64_t i = 0; i < n * f->len; i++)
			count[v[i]]++;
	}
}

/* scikit-learn's compute_class_weight("balanced"): n / (K * count). */
static void balance(Run *r, const Dataset *d, const Rows *rows, const nnrt_fitted *f, bool made_up)
{
	const nnrt_field *field = &r->m->in[f->field];
	double *count = rt_alloc((size_t)f->len, sizeof *count, "class weights"), all = 0;
	count_classes(r, d, rows, f->field, count);
	for (int64_t k = 0; k < f->len; k++)
		all += count[k];
	for (int64_t k = 0; k < f->len; k++) {
		if (count[k] == 0 && !made_up) {
			rt_error(RT_FILE, "R4", "%s: class %lld of `%s` has no training row, so "
			         "`weight = \"balanced\"` gives it no weight",
			         d->name, (long long)k, field->name);
			rt_help("declare `%s` with as many classes as there are, write the weights as "
			        "a list, or deal the rows with `stratify = %s`", field->name,
			        field->name);
			rt_exit(RT_FILE);
		}
		r->fitted[f->at[0] + k] = all / ((double)f->len * (count[k] > 0 ? count[k] : 1));
	}
	rt_free(count);
	hand_over(r);
}

static void fit_words(Run *r, const Dataset *d, const Rows *rows)
{
	for (int i = 0; i < r->m->nfitted && !d->direct; i++) {
		const nnrt_fitted *f = &r->m->fitted[i];
		if (f->how != NNRT_WORDS)
			continue;
		rt_dictionary_learn(r, d, rows, f->field);
		rt_dictionary_strangers(r, d, f->field);
	}
}

static void fit(Run *r, const Dataset *d, const Rows *rows, bool made_up)
{
	const nnrt_model *m = r->m;
	int last = -1;
	r->vocabulary = d->vocabulary;
	r->nvocabulary = d->nvocabulary;
	int rest = d->direct ? -1 : rt_others_column(m);
	if (rest >= 0)
		r->others = d->column[rest].label;
	if (m->nfitted && rows->n == 0)
		rt_fail(RT_FILE, "R5", "%s: there are no training rows for `%s`", d->name,
		        m->fitted[0].path);
	for (int i = 0; i < m->nfitted && !d->direct; i++)
		if (has_numbers(&m->fitted[i]) && m->fitted[i].level > last)
			last = m->fitted[i].level;
	fit_words(r, d, rows);
	for (int level = 0; level <= last; level++)
		fit_level(r, d, rows, level, r->room);
	/* of what the fields are by now */
	for (int i = 0; i < m->nfitted; i++)
		if (!of_field(&m->fitted[i]))
			balance(r, d, rows, &m->fitted[i], made_up);
}

void rt_fit(Run *r, const Dataset *d, const Rows *rows)
{
	fit(r, d, rows, false);
}

void rt_fit_made_up(Run *r, const Dataset *d, const Rows *rows)
{
	fit(r, d, rows, true);
}

/* ---- in files ---------------------------------------------------------------------------- */

static int numbers_of(const nnrt_fitted *f)
{
	return number_name[f->how][1] ? 2 : 1;
}

static char *key_of(const nnrt_fitted *f, int which)
{
	return rt_text("nnc.%s.%s", f->path, number_name[f->how][which]);
}

/* "[0.5,1.25]", each number with all its digits. */
static char *list_text(const double *v, int64_t n)
{
	enum { LONGEST = 32 };
	char *s = rt_alloc((size_t)n + 1, LONGEST, "statistics");
	size_t at = 0;
	s[at++] = '[';
	for (int64_t i = 0; i < n; i++)
		at += (size_t)snprintf(s + at, LONGEST, "%s%.17g", i ? "," : "", v[i]);
	s[at++] = ']';
	return s;
}

void rt_fit_note(const Run *r, TensorWriter *w)
{
	for (int i = 0; i < r->m->nfitted; i++)
		for (int k = 0; k < numbers_of(&r->m->fitted[i]); k++) {
			const nnrt_fitted *f = &r->m->fitted[i];
			char *key = key_of(f, k);
			char *text = f->how == NNRT_WORDS ? rt_dictionary_text(r, f->field)
			                                  : list_text(r->fitted + f->at[k], f->len);
			rt_tensors_note(w, key, text);
			rt_free(key);
			rt_free(text);
		}
}

/* Reads a list of n finite numbers; returns how many there are, -1 if it is no list. */
static int64_t read_list(const char *s, double *v, int64_t n)
{
	int64_t count = 0;
	char *end;
	s += strspn(s, " ");
	if (*s++ != '[')
		return -1;
	while (*(s += strspn(s, " ")) != ']') {
		if (count && *s++ != ',')
			return -1;
		double x = strtod(s, &end);
		if (end == s || !isfinite(x))
			return -1;
		if (count < n)
			v[count] = x;
		count++;
		s = end;
	}
	return count;
}

static void read_numbers(Run *r, const TensorFile *file, const nnrt_fitted *f, int which)
{
	char *key = key_of(f, which);
	const char *text = rt_tensors_meta(file, key);
	if (text && f->how == NNRT_WORDS) {
		rt_dictionary_read(r, f->field, text, file->path, key);
		rt_free(key);
		return;
	}
	int64_t n = text ? read_list(text, r->fitted + f->at[which], f->len) : 0;
	if (!text)
		rt_error(RT_FILE, "R6", "%s: `%s` is missing, which `%s` learned from training rows",
		         file->path, key, f->path);
	else if (n < 0)
		rt_error(RT_FILE, "R6", "%s: `%s` is not a list of finite numbers", file->path, key);
	else if (n != f->len)
		rt_error(RT_FILE, "R6", "%s: `%s` has %lld numbers, but the program needs %lld",
		         file->path, key, (long long)n, (long long)f->len);
	bool positive = which || !of_field(f);
	for (int64_t e = 0; n == f->len && positive && e < n; e++) {
		double v = r->fitted[f->at[which] + e];
		if (v > 0)
			continue;
		rt_error(RT_FILE, "R6", "%s: `%s`: element %lld is %g, but it must be above 0", file->path,
		         key, (long long)e, v);
		n = -1;
	}
	if (text && n == f->len) {
		rt_free(key);
		return;
	}
	rt_help("give weights that this program's `train` saved: they hold what its data section "
	        "learned; weights from elsewhere need `%s` in __metadata__",
	        key);
	rt_exit(RT_FILE);
}

void rt_fit_read(Run *r, const char *path, int needed)
{
	bool any = false;
	for (int i = 0; i < r->m->nfitted; i++)
		any |= (needed & (of_field(&r->m->fitted[i]) ? RT_FOR_FIELDS : RT_FOR_LOSSES)) != 0;
	if (!any)
		return;
	TensorFile *f = rt_tensors_read(path, "R6");
	for (int i = 0; i < r->m->nfitted; i++) {
		const nnrt_fitted *t = &r->m->fitted[i];
		bool wanted = needed & (of_field(t) ? RT_FOR_FIELDS : RT_FOR_LOSSES);
		for (int k = 0; wanted && k < numbers_of(t); k++)
			read_numbers(r, f, t, k);
	}
	rt_tensors_free(f);
	hand_over(r);
}

void rt_fit_names(Run *r, const char *path)
{
	bool any = false;
	for (int i = 0; i < r->m->nfitted; i++)
		any |= r->m->fitted[i].how == NNRT_WORDS;
	if (!any)
		return;
	TensorFile *file = rt_tensors_read(path, "R6");
	for (int i = 0; i < r->m->nfitted; i++) {
		const nnrt_fitted *f = &r->m->fitted[i];
		char *key = key_of(f, 0);
		const char *text = f->how == NNRT_WORDS ? rt_tensors_meta(file, key) : 0;
		if (text)
			rt_dictionary_read(r, f->field, text, path, key);
		rt_free(key);
	}
	rt_tensors_free(file);
}
