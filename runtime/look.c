/* look.c - the command `data`: what a run would see.
 *
 * Out:   a table of the source's columns over all rows, one of the model's inputs and targets over the
 *        training rows, class counts by part, and rows that occur twice.
 * Holds: the text is a function of the data and the program alone: no times, no terminal.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "rt_commands.h"
#include "rt_dictionary.h"
#include "rt_fail.h"
#include "rt_fit.h"
#include "rt_help.h"
#include "rt_mem.h"
#include "rt_real.h"
#include "rt_show.h"

/* Rows read at a time; elements that have a line each; classes and texts that are listed. */
enum { CHUNK = 64, LINES = 64, CLASSES = 64, TEXTS = 4 };

enum { TRAIN, VAL, TEST, PARTS };
static const char *const part_name[PARTS] = { "train", "val", "test" };

static const Rows *part_of(const Dataset *d, int part)
{
	return part == TRAIN ? &d->train : part == VAL ? &d->val : &d->test;
}

/* ---- numbers ------------------------------------------------------------------------------- */

typedef struct {
	double count, missing, least, most, mean, squares;
} Stat;

static void stat_add(Stat *s, double v)
{
	if (isnan(v)) {
		s->missing++;
		return;
	}
	s->count++;
	s->least = s->count == 1 || v < s->least ? v : s->least;
	s->most = s->count == 1 || v > s->most ? v : s->most;
	double off = v - s->mean;
	s->mean += off / s->count;
	s->squares += off * (v - s->mean);
}

/* whole: classes, of which a mean says nothing. */
static void stat_line(const char *name, const char *type, bool whole, const Stat *s)
{
	printf(" %-26s %-18s %8.0f", name, type, s->missing);
	if (s->count == 0)
		printf("  nothing is there\n");
	else if (whole)
		printf(" %11.5g %11.5g\n", s->least, s->most);
	else {
		double std = sqrt(s->squares / s->count);
		/* what rounding leaves of a mean of 0 is not the same everywhere */
		printf(" %11.5g %11.5g %11.5g %11.5g%s\n", s->least, s->most,
		       fabs(s->mean) < 1e-6 * std ? 0 : s->mean, std,
		       s->least == s->most ? "  constant" : "");
	}
}

static void stat_head(const char *what)
{
	printf("\n %-26s %-18s %8s %11s %11s %11s %11s\n", what, "type", "missing", "min", "max",
	       "mean", "std");
}

/* ---- columns ------------------------------------------------------------------------------- */

static const char *kind_text(const nnrt_field *f)
{
	static const char *const text[] = { [NNRT_REAL] = "number",  [NNRT_CLASS] = "class",
		                            [NNRT_I32] = "integer",  [NNRT_BOOL] = "bool",
		                            [NNRT_U8] = "byte 0-255", [NNRT_WORD] = "text" };
	return text[f->kind];
}

typedef struct {
	int64_t times;
	int32_t word;
} Often;

static int by_times(const void *a, const void *b)
{
	const Often *x = a, *y = b;
	return x->times != y->times ? (x->times < y->times ? 1 : -1) : x->word < y->word ? -1 : 1;
}

/* "2 different: benign 357, malignant 212" */
static void text_line(const Dataset *d, int k)
{
	const Column *c = &d->column[k];
	Often *o = rt_alloc((size_t)c->nword, sizeof *o, "words");
	int32_t used = 0;
	for (int32_t i = 0; i < c->nword; i++)
		o[i].word = i;
	int32_t *v = rt_alloc(1, c->stride, "words");
	for (uint32_t i = 0; i < d->rows; i++) {
		rt_data_rows(d, k, &i, 1, v);
		for (int64_t e = 0; e < c->field->len; e++)
			o[v[e]].times++;
	}
	rt_free(v);
	for (int32_t i = 0; i < c->nword; i++)
		used += o[i].times > 0;
	qsort(o, (size_t)c->nword, sizeof *o, by_times);
	printf(" %-26.60s %-18s %8d  %d different:", c->field->name, "text", 0, used);
	for (int32_t i = 0; i < used && i < TEXTS; i++)
		printf("%s %.40s %lld", i ? "," : "", c->word[o[i].word], (long long)o[i].times);
	printf("%s\n", used > TEXTS ? ", ..." : "");
	rt_free(o);
}

static void column_lines(const Dataset *d, int k, int real_bytes)
{
	const Column *c = &d->column[k];
	int64_t len = c->field->len, lines = len <= LINES && c->field->kind != NNRT_U8 ? len : 1;
	Stat *s = rt_alloc((size_t)lines, sizeof *s, "columns");
	void *block = rt_alloc(CHUNK, c->stride, "columns");
	Rows all = rt_rows_all(d->rows);
	for (int64_t at = 0; at < d->rows; at += CHUNK) {
		int n = (int)(d->rows - at < CHUNK ? d->rows - at : CHUNK);
		rt_data_rows(d, k, all.row + at, n, block);
		for (int64_t i = 0; i < n * len; i++)
			stat_add(&s[lines > 1 ? i % len : 0],
			         rt_value(block, i, c->field->kind, real_bytes));
	}
	for (int64_t e = 0; e < lines; e++) {
		char *name = c->label   ? rt_text("%.60s", c->label[e])
		             : lines > 1 ? rt_text("%.50s[%lld]", c->field->name, (long long)e)
		                         : rt_text("%.60s", c->field->name);
		char *type = lines == 1 && len > 1 ? rt_text("%lld of %s", (long long)len,
		                                             kind_text(c->field))
		                                   : rt_text("%s", kind_text(c->field));
		stat_line(name, type, c->field->kind == NNRT_CLASS, &s[e]);
		rt_free(name);
		rt_free(type);
	}
	rt_free(s);
	rt_free(block);
	rt_free(all.row);
}

/* A column of the file may be read in two ways: with gaps and without. */
static bool shown_before(const Dataset *d, int i)
{
	const Column *c = &d->column[i];
	for (int k = 0; k < i && c->label; k++) {
		const Column *b = &d->column[k];
		bool same = b->label && b->field->kind == c->field->kind;
		for (int64_t e = 0; same && e < c->field->len; e++) {
			bool found = false;
			for (int64_t j = 0; !found && j < b->field->len; j++)
				found = !strcmp(b->label[j], c->label[e]);
			same = found;
		}
		if (same)
			return true;
	}
	return false;
}

static void columns(const nnrt_model *m, const Dataset *d)
{
	stat_head("column (all rows)");
	for (int i = 0; i < d->ncolumn; i++) {
		const Column *c = &d->column[i];
		if (shown_before(d, i))
			continue;
		if (c->field->kind == NNRT_WORD && c->word)
			text_line(d, i);
		else
			column_lines(d, i, m->real_bytes);
	}
}

/* ---- inputs and targets -------------------------------------------------------------------- */

typedef struct {
	Stat stat;
	int64_t *count[PARTS]; /* of each class */
} Seen;

static void see_part(Run *r, const Dataset *d, int part, Seen *seen)
{
	const nnrt_model *m = r->m;
	const Rows *rows = part_of(d, part);
	for (int64_t at = 0; at < rows->n; at += CHUNK) {
		int n = (int)(rows->n - at < CHUNK ? rows->n - at : CHUNK);
		rt_run_bind(r, d, rows->row + at, n);
		for (int i = 0; i < m->nin; i++)
			for (int64_t e = 0; e < n * m->in[i].len; e++) {
				double v = rt_value(r->c.in[i], e, m->in[i].kind, m->real_bytes);
				if (seen[i].count[part])
					seen[i].count[part][(int64_t)v]++;
				if (part == TRAIN)
					stat_add(&seen[i].stat, v);
			}
	}
}


static void class_table(const Run *r, const Dataset *d, const nnrt_field *f, const Seen *seen)
{
	int never = 0;
	for (int k = 0; k < f->classes; k++)
		never += seen->count[TRAIN][k] == 0;
	printf("\n classes of %s", f->name);
	if (f->classes > CLASSES) {
		printf(": %d, of which %d are in no training row\n", f->classes, never);
		return;
	}
	printf("%*s", (int)(18 - (strlen(f->name) < 18 ? strlen(f->name) : 18)), "");
	for (int p = 0; p < PARTS; p++)
		if (part_of(d, p)->n)
			printf(" %10s", part_name[p]);
	putchar('\n');
	for (int k = 0; k < f->classes; k++) {
		const char *name = rt_class_name(r, f, k);
		printf(" %6d  %-21.40s", k, name ? name : "");
		for (int p = 0; p < PARTS; p++)
			if (part_of(d, p)->n)
				printf(" %10lld", (long long)seen->count[p][k]);
		printf("%s\n", seen->count[TRAIN][k] ? "" : "  in no training row");
	}
}

static void fields(Run *r, const Dataset *d)
{
	const nnrt_model *m = r->m;
	Seen *seen = rt_alloc((size_t)m->nin, sizeof *seen, "inputs");
	for (int i = 0; i < m->nin; i++)
		for (int p = 0; p < PARTS && m->in[i].kind == NNRT_CLASS; p++)
			seen[i].count[p] = rt_alloc((size_t)m->in[i].classes, sizeof(int64_t), "classes");
	for (int p = 0; p < PARTS; p++)
		see_part(r, d, p, seen);
	stat_head("input, target (training)");
	for (int i = 0; i < m->nin; i++) {
		char *type = rt_field_type(m, &m->in[i], 1);
		stat_line(m->in[i].name, type, m->in[i].kind == NNRT_CLASS, &seen[i].stat);
		rt_free(type);
	}
	for (int i = 0; i < m->nin; i++)
		if (m->in[i].kind == NNRT_CLASS)
			class_table(r, d, &m->in[i], &seen[i]);
	for (int i = 0; i < m->nin; i++)
		for (int p = 0; p < PARTS; p++)
			rt_free(seen[i].count[p]);
	rt_free(seen);
}

/* ---- rows that occur twice ----------------------------------------------------------------- */

typedef struct {
	XXH128_hash_t hash;
	int part;
} Print;

static int by_hash(const void *a, const void *b)
{
	const Print *x = a, *y = b;
	if (x->hash.high64 != y->hash.high64)
		return x->hash.high64 < y->hash.high64 ? -1 : 1;
	if (x->hash.low64 != y->hash.low64)
		return x->hash.low64 < y->hash.low64 ? -1 : 1;
	return x->part - y->part;
}

static bool equal(const Print *a, const Print *b)
{
	return a->hash.high64 == b->hash.high64 && a->hash.low64 == b->hash.low64;
}

static Print *prints(const Dataset *d, int64_t *all)
{
	int64_t n = 0;
	*all = d->train.n + d->val.n + d->test.n;
	Print *p = rt_alloc((size_t)*all, sizeof *p, "hashes of rows");
	size_t most = 1;
	for (int i = 0; i < d->ncolumn; i++)
		most = d->column[i].stride > most ? d->column[i].stride : most;
	void *cells = rt_alloc(most, 1, "a row");
	XXH3_state_t *state = XXH3_createState();
	for (int part = 0; part < PARTS; part++)
		for (int64_t k = 0; k < part_of(d, part)->n; k++) {
			XXH3_128bits_reset(state);
			for (int i = 0; i < d->ncolumn; i++) {
				rt_data_rows(d, i, part_of(d, part)->row + k, 1, cells);
				XXH3_128bits_update(state, cells, d->column[i].stride);
			}
			p[n++] = (Print){ XXH3_128bits_digest(state), part };
		}
	XXH3_freeState(state);
	rt_free(cells);
	qsort(p, (size_t)n, sizeof *p, by_hash);
	return p;
}

/* Equal rows stand next to each other, those of train before those of val and test. */
static void duplicates(const Dataset *d)
{
	int64_t n, again[PARTS] = { 0 }, in_train[PARTS] = { 0 }, in_val = 0;
	Print *p = prints(d, &n);
	for (int64_t i = 0, end; i < n; i = end) {
		bool train = p[i].part == TRAIN, val = false;
		for (end = i; end < n && equal(&p[end], &p[i]); end++) {
			int part = p[end].part;
			again[part] += end > i && p[end - 1].part == part;
			in_train[part] += part != TRAIN && train;
			in_val += part == TEST && val;
			val |= part == VAL;
		}
	}
	printf("\n rows that occur twice (equal in every column that is read)\n");
	for (int part = 0; part < PARTS; part++)
		if (part_of(d, part)->n)
			printf(" %9lld  in %s\n", (long long)again[part], part_name[part]);
	for (int part = VAL; part < PARTS; part++)
		if (part_of(d, part)->n)
			printf(" %9lld  of %s in train, too%s\n", (long long)in_train[part],
			       part_name[part],
			       in_train[part] ? ": scores of this part are too good" : "");
	if (d->val.n && d->test.n)
		printf(" %9lld  of test in val, too\n", (long long)in_val);
	rt_free(p);
}

/* ---- the command --------------------------------------------------------------------------- */

static void head(const nnrt_model *m, const Options *o, const Dataset *d)
{
	char a[RT_NUMBER];
	printf("%s: %s rows", d->name, rt_grouped((double)d->rows, a));
	if (d->dropped)
		printf(" (%lld more were dropped: a cell is missing)", (long long)d->dropped);
	for (int p = 0; p < PARTS; p++)
		printf("%s %s %s", p ? "," : "  |", rt_grouped((double)part_of(d, p)->n, a),
		       part_name[p]);
	if (m->data->folds)
		printf("  |  fold %d of %d", (int)(o->fold ? o->fold : 1), m->data->folds);
	putchar('\n');
}

int rt_look(const nnrt_model *m, const Options *o)
{
	Dataset *d = rt_need_data(m, o, "data");
	head(m, o, d);
	if (!d->direct)
		columns(m, d);
	fflush(stdout);
	Run *r = rt_run_new(m);
	nnrt_time start = { 0 };
	rt_run_reserve(r, CHUNK);
	rt_run_knobs(r, &start);
	rt_fit(r, d, &d->train);
	fields(r, d);
	duplicates(d);
	rt_run_free(r);
	rt_data_free(d);
	return RT_DONE;
}
