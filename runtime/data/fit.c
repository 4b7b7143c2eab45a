/* fit.c - what the data section learns from the training rows: means, deviations, ranges.
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

#include "rt_fail.h"
#include "rt_help.h"
#include "rt_mem.h"
#include "rt_real.h"

static const char *const number_name[][2] = { { "mean", "std" }, { "min", "range" } };

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
	for (int64_t i = 0; i < (int64_t)n * f->len; i++) {
		double v = rt_real(g->value, i, real_bytes);
		int64_t e = i % f->len;
		if (isnan(v))
			continue;
		g->count[e]++;
		if (f->how == NNRT_STANDARDIZE) {
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
		else if (f->how == NNRT_STANDARDIZE)
			b = deviation(g->count[e], a, b);
		else
			b = b - a < 10 * DBL_EPSILON ? 1 : b - a;
		if (!isfinite(a) || !isfinite(b))
			rt_fail(RT_FILE, "R2",
			        "%s: the training rows hold a value that is not finite: element %lld "
			        "of what `%s` looks at",
			        d->name, (long long)e, f->path);
		r->fitted[f->at[0] + e] = a;
		r->fitted[f->at[1] + e] = b;
	}
}

/* The numbers as generated code reads them. */
static void hand_over(Run *r)
{
	for (int64_t i = 0; i < r->m->fitted_len; i++)
		rt_set_real((void *)r->c.fitted, i, r->m->real_bytes, r->fitted[i]);
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
			if (g[i].f->level == level)
				look(&g[i], n, m->real_bytes);
	}
	for (int i = 0; i < m->nfitted; i++) {
		if (g[i].f->level == level)
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

void rt_fit(Run *r, const Dataset *d, const Rows *rows)
{
	const nnrt_model *m = r->m;
	int last = 0;
	if (!m->nfitted || d->direct)
		return;
	if (rows->n == 0)
		rt_fail(RT_FILE, "R5", "%s: there are no training rows for `%s`", d->name,
		        m->fitted[0].path);
	for (int i = 0; i < m->nfitted; i++)
		last = m->fitted[i].level > last ? m->fitted[i].level : last;
	for (int level = 0; level <= last; level++)
		fit_level(r, d, rows, level, r->room);
}

/* ---- in files ---------------------------------------------------------------------------- */

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
		for (int k = 0; k < 2; k++) {
			const nnrt_fitted *f = &r->m->fitted[i];
			char *key = key_of(f, k), *text = list_text(r->fitted + f->at[k], f->len);
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
	int64_t n = text ? read_list(text, r->fitted + f->at[which], f->len) : 0;
	if (!text)
		rt_error(RT_FILE, "R6", "%s: `%s` is missing, which `%s` learned from training rows",
		         file->path, key, f->path);
	else if (n < 0)
		rt_error(RT_FILE, "R6", "%s: `%s` is not a list of finite numbers", file->path, key);
	else if (n != f->len)
		rt_error(RT_FILE, "R6", "%s: `%s` has %lld numbers, but the program needs %lld",
		         file->path, key, (long long)n, (long long)f->len);
	for (int64_t e = 0; n == f->len && which && e < n; e++) {
		if (r->fitted[f->at[1] + e] > 0)
			continue;
		rt_error(RT_FILE, "R6", "%s: `%s`: element %lld is %g, but it is a divisor", file->path,
		         key, (long long)e, r->fitted[f->at[1] + e]);
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

void rt_fit_read(Run *r, const char *path)
{
	if (!r->m->nfitted)
		return;
	TensorFile *f = rt_tensors_read(path, "R6");
	for (int i = 0; i < r->m->nfitted; i++)
		for (int k = 0; k < 2; k++)
			read_numbers(r, f, &r->m->fitted[i], k);
	rt_tensors_free(f);
	hand_over(r);
}
