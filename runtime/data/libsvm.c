/* libsvm.c - libsvm files: a label and the numbers that are not 0.
 *
 * In:    an untrusted file.   Out: columns `x` and `y`.
 * Holds: indices rise from 1 to the size of the input; every number is finite.
 *
 * A line: LABEL INDEX:VALUE INDEX:VALUE ...  # comment.  `qid:N` is skipped.  For predict the label may
 * be missing.
 * Source: README of libsvm.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "decimal.h"
#include "lines.h"
#include "rt_fail.h"
#include "rt_mem.h"
#include "rt_real.h"
#include "sink.h"

typedef struct {
	const Adding *a;
	char *path;
	Lines *in;
	const char *line, *p, *end; /* the line at hand */
	int64_t number;
	Sink *sink;
	int x, y; /* columns; -1: not read */
} Svm;

static _Noreturn void wrong(const Svm *f, const char *at, size_t n, const char *code,
                            const char *help, const char *format, ...)
	__attribute__((format(printf, 6, 7)));

static _Noreturn void wrong(const Svm *f, const char *at, size_t n, const char *code,
                            const char *help, const char *format, ...)
{
	char text[512];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	int64_t column = at - f->line + 1;
	rt_error_at(f->path, f->number, column, RT_FILE, code, "%s", text);
	rt_show_line(f->number, f->line, (size_t)(f->end - f->line), column, (int64_t)n);
	rt_help("%s", help);
	rt_exit(RT_FILE);
}

/* The next word of the line, up to a blank; 0: there is none. */
static size_t word(Svm *f, const char **at)
{
	while (f->p < f->end && (*f->p == ' ' || *f->p == '\t'))
		f->p++;
	*at = f->p;
	while (f->p < f->end && *f->p != ' ' && *f->p != '\t')
		f->p++;
	return (size_t)(f->p - *at);
}

static const char line_help[] = "a line is `LABEL INDEX:VALUE INDEX:VALUE ...`";

static double number(const Svm *f, const char *s, size_t n)
{
	double v;
	int shown = (int)(n < 40 ? n : 40);
	switch (rt_decimal(s, n, &v)) {
	case DECIMAL_FINE:
		break;
	case DECIMAL_WRONG:
		wrong(f, s, n, "R2", line_help, "`%.*s` is not a number", shown, s);
	case DECIMAL_LARGE:
		wrong(f, s, n, "R2", line_help, "`%.*s` is too large", shown, s);
	}
	if (f->a->m->real_bytes == 4 && fabs(v) > (double)FLT_MAX)
		wrong(f, s, n, "R2", line_help, "`%.*s` is too large for single precision",
		      shown, s);
	return v;
}

/* Labels -1 and +1 are classes 0 and 1 of two. */
static void label(const Svm *f, const char *s, size_t n)
{
	const nnrt_field *want = f->a->d->column[f->y].field;
	double v = number(f, s, n);
	void *to = rt_sink_at(f->sink, f->y);
	bool two = (want->kind == NNRT_CLASS && want->classes == 2) || want->kind == NNRT_BOOL;
	double hi = want->kind == NNRT_BOOL ? 1 : want->classes - 1;
	if (two && v == -1)
		v = 0;
	if (want->kind == NNRT_REAL) {
		rt_set_real(to, 0, f->a->m->real_bytes, v);
		return;
	}
	if (want->kind == NNRT_I32 && v == floor(v) && fabs(v) < INT32_MAX)
		hi = fabs(v);
	else if (v != floor(v) || v < 0 || v > hi)
		wrong(f, s, n, "R4", "change the type of the target and compile again",
		      "label %.*s; class(%d) is 0 to %.0f", (int)(n < 40 ? n : 40), s,
		      want->classes, hi);
	rt_set_value(to, 0, want->kind, f->a->m->real_bytes, v);
}

/* INDEX:VALUE; returns the index. */
static int64_t feature(const Svm *f, const char *s, size_t n, const char *colon, int64_t before)
{
	const nnrt_field *want = f->a->d->column[f->x].field;
	int64_t index = 0;
	for (const char *p = s; p < colon; p++) {
		if (*p < '0' || *p > '9' || index > INT32_MAX)
			wrong(f, s, n, "R2", line_help, "`%.*s` is not an index",
			      (int)(colon - s < 40 ? colon - s : 40), s);
		index = index * 10 + (*p - '0');
	}
	if (index < 1 || colon == s)
		wrong(f, s, n, "R5", "indices count from 1", "index %lld", (long long)index);
	if (index <= before)
		wrong(f, s, n, "R5", "sort the features of every line by their index",
		      "index %lld after %lld: indices must rise", (long long)index,
		      (long long)before);
	if (index > want->len)
		wrong(f, s, n, "R5", "change the size of the input and compile again",
		      "index %lld, but this trainer was compiled for %lld features",
		      (long long)index, (long long)want->len);
	double v = number(f, colon + 1, (size_t)(s + n - colon - 1));
	rt_set_real(rt_sink_at(f->sink, f->x), index - 1, f->a->m->real_bytes, v);
	return index;
}

/* False: the line holds nothing. */
static bool row(Svm *f)
{
	const char *s, *comment = memchr(f->line, '#', (size_t)(f->end - f->line));
	if (comment)
		f->end = comment;
	size_t n = word(f, &s);
	if (n == 0)
		return false;
	bool labelled = !memchr(s, ':', n);
	if (!labelled && f->a->part != PART_IN)
		wrong(f, s, n, "R2", line_help, "this line has no label");
	if (labelled && f->y >= 0)
		label(f, s, n);
	if (f->x >= 0)
		memset(rt_sink_at(f->sink, f->x), 0, f->a->d->column[f->x].stride);
	if (labelled)
		n = word(f, &s);
	for (int64_t before = 0; n; n = word(f, &s)) {
		const char *colon = memchr(s, ':', n);
		if (!colon)
			wrong(f, s, n, "R2", line_help, "`%.*s` is not INDEX:VALUE",
			      (int)(n < 40 ? n : 40), s);
		if (f->x >= 0 && !(colon - s == 3 && !memcmp(s, "qid", 3)))
			before = feature(f, s, n, colon, before);
	}
	return true;
}

static void columns(Svm *f, bool *there)
{
	f->x = f->y = -1;
	for (int i = 0; i < f->a->d->ncolumn; i++) {
		const nnrt_field *c = f->a->d->column[i].field;
		bool x = !strcmp(c->name, "x");
		if (!x && strcmp(c->name, "y"))
			rt_bug("libsvm has no column `%s`", c->name);
		if (!x && c->len != 1)
			rt_wrong_shape(f->a->m, f->path, c, 0, 0);
		*(x ? &f->x : &f->y) = i;
		there[i] = x || !rt_column_spare(f->a, i);
		if (!there[i])
			f->y = -1;
	}
}

void rt_libsvm_add(const Adding *a)
{
	char *path = a->path ? rt_text("%s", a->path) : rt_data_path(a->m->data->path);
	Svm f = { .a = a, .path = path };
	bool *there = rt_alloc((size_t)a->d->ncolumn, sizeof *there, "columns");
	size_t n;
	columns(&f, there);
	f.sink = rt_sink_new(a, path, there);
	f.in = f.sink ? rt_lines_open(path) : 0;
	while (f.in && (f.line = rt_lines_next(f.in, &n))) {
		f.p = f.line;
		f.end = f.line + n;
		f.number++;
		if (row(&f))
			rt_sink_next(f.sink, rt_lines_left(f.in));
	}
	if (f.sink && rt_sink_rows(f.sink) == 0)
		rt_fail(RT_FILE, "R5", "%s: there is no row in it", path);
	if (f.sink) {
		rt_sink_done(f.sink);
		rt_lines_close(f.in);
	}
	rt_free(there);
	rt_free(path);
}
