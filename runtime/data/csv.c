/* csv.c - the columns of the data section from a CSV file.
 *
 * In:    an untrusted file.   Out: rows in a sink.
 * Holds: every number is finite in the trainer's precision, every class in its range; all records
 *        have as many cells as the first.
 *
 * First the names of the file's columns are matched with those that the program picks; then every
 * record gives one row.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "csv_scan.h"
#include "decimal.h"
#include "rt_fail.h"
#include "rt_mem.h"
#include "rt_real.h"
#include "sink.h"
#include "words.h"

/* Cell `cell` of a record is element `element` of a column. */
typedef struct {
	int64_t cell, element;
	int column;
} Use;

typedef struct {
	const Adding *a;
	const nnrt_model *m;
	const nnrt_data *how;
	char *path;
	Scan *scan;
	char **name; /* of the file's columns */
	int64_t nname;
	Use *use;
	int64_t nuse, capuse;
	Dataset *d;
	Words *words; /* of each column */
	Sink *sink;
} Csv;

/* ---- which cells ---------------------------------------------------------------------------- */

static char *copy_of(const Cell *c)
{
	const char *s = c->text;
	size_t n = c->len;
	while (n && (*s == ' ' || *s == '\t') && !c->quoted)
		s++, n--;
	while (n && (s[n - 1] == ' ' || s[n - 1] == '\t') && !c->quoted)
		n--;
	char *t = rt_alloc(n + 1, 1, "names of columns");
	memcpy(t, s, n);
	return t;
}

/* Names the columns; the first record is the header or stays to be read as a row. */
static int64_t read_names(Csv *f, const Cell **cell)
{
	const nnrt_data *how = f->how;
	int64_t n = rt_scan_next(f->scan, cell);
	if (n == 0)
		rt_fail(RT_FILE, "R5", "%s: there is no row in it", f->path);
	if (how->nnames && how->nnames != n) {
		rt_error(RT_FILE, "R5", "%s: %lld columns, but `names` has %d", f->path,
		         (long long)n, how->nnames);
		rt_help("`names` gives a name to every column of the file; `sep` is \"%s\"",
		        strcmp(how->sep, "\t") ? how->sep : "\\t");
		rt_exit(RT_FILE);
	}
	f->nname = n;
	f->name = rt_alloc((size_t)n, sizeof *f->name, "names of columns");
	for (int64_t i = 0; i < n; i++)
		f->name[i] = how->nnames    ? rt_text("%s", how->names[i])
		             : how->header ? copy_of(&(*cell)[i])
		                           : rt_text("c%lld", (long long)i + 1);
	return how->header ? rt_scan_next(f->scan, cell) : n;
}

/* "a, b, c" of the file, a few of them. */
static char *all_names(const Csv *f)
{
	enum { SHOWN = 12 };
	char *s = rt_text("%s", "");
	for (int64_t i = 0; i < f->nname && i < SHOWN; i++) {
		char *longer = rt_text("%s%s`%.40s`", s, i ? ", " : "", f->name[i]);
		rt_free(s);
		s = longer;
	}
	if (f->nname > SHOWN) {
		char *longer = rt_text("%s and %lld more", s, (long long)f->nname - SHOWN);
		rt_free(s);
		s = longer;
	}
	return s;
}

/* The separator that the file seems to have, where the program's is in none of its names. */
static const char *other_separator(const Csv *f)
{
	static const char *const other[] = { ";", "\\t", "|", "," };
	for (int i = 0; i < 4 && f->nname == 1; i++)
		if (strchr(f->name[0], *other[i] == '\\' ? '\t' : *other[i]))
			return other[i];
	return 0;
}

static _Noreturn void no_column(const Csv *f, const char *name)
{
	double number;
	const char *sep = other_separator(f);
	rt_error(RT_FILE, "R5", "%s: there is no column `%s`", f->path, name);
	rt_note("its columns are %s", all_names(f));
	if (sep)
		rt_help("set `sep = \"%s\"` in `data csv(...)`", sep);
	else if (f->how->header && !f->how->nnames &&
	         rt_decimal(f->name[0], strlen(f->name[0]), &number) == DECIMAL_FINE)
		rt_help("the first line holds numbers: set `header = false` and `names = "
		        "[...]` in `data csv(...)`");
	else
		rt_help("change the name in %s, or give `names = [...]` in `data csv(...)`",
		        f->m->source);
	rt_exit(RT_FILE);
}

static int64_t find(const Csv *f, const char *name)
{
	int64_t found = -1;
	for (int64_t i = 0; i < f->nname; i++) {
		if (strcmp(f->name[i], name))
			continue;
		if (found >= 0)
			rt_fail(RT_FILE, "R5", "%s: columns %lld and %lld are both called `%s`",
			        f->path, (long long)found + 1, (long long)i + 1, name);
		found = i;
	}
	return found;
}

static void use(Csv *f, int64_t cell, int column, int64_t element)
{
	if (f->nuse == f->capuse) {
		int64_t more = 2 * f->capuse + 16;
		f->use = rt_grow(f->use, (size_t)f->nuse, (size_t)more, sizeof *f->use,
		                 "columns");
		f->capuse = more;
	}
	f->use[f->nuse++] = (Use){ cell, element, column };
}

/* The cells of a column that has names; false: they are not there and need not be. */
static bool use_named(Csv *f, int column)
{
	const nnrt_pick *p = &f->how->pick[column];
	for (int k = 0; k < p->n; k++) {
		int64_t cell = find(f, p->name[k]);
		if (cell < 0 && rt_column_spare(f->a, column))
			return false;
		if (cell < 0)
			no_column(f, p->name[k]);
		use(f, cell, column, k);
	}
	return true;
}

/* others(): all that no other column names; in the order of the first file, whose names are known. */
static void use_rest(Csv *f, int column)
{
	char *const *known = f->d->column[column].label;
	const nnrt_field *want = f->d->column[column].field;
	unsigned char *named = rt_alloc((size_t)f->nname, 1, "columns");
	int64_t n = 0;
	for (int i = 0; i < f->d->ncolumn; i++)
		for (int k = 0; k < f->how->pick[i].n; k++) {
			int64_t cell = find(f, f->how->pick[i].name[k]);
			if (cell >= 0)
				named[cell] = 1;
		}
	for (int64_t i = 0; i < f->nname; i++)
		if (!named[i]) {
			if (n < want->len && !known)
				use(f, i, column, n);
			n++;
		}
	rt_free(named);
	for (int64_t k = 0; known && k < want->len; k++) {
		int64_t cell = find(f, known[k]);
		if (cell < 0)
			no_column(f, known[k]);
		use(f, cell, column, k);
	}
	if (n == want->len)
		return;
	rt_error(RT_FILE, "R5",
	         "%s: others() are %lld columns, but this trainer was compiled for %lld",
	         f->path, (long long)n, (long long)want->len);
	rt_note("its columns are %s", all_names(f));
	rt_help("change the size of the input in %s and compile again", f->m->source);
	rt_exit(RT_FILE);
}

static bool *match(Csv *f)
{
	bool *there = rt_alloc((size_t)f->d->ncolumn, sizeof *there, "columns");
	for (int i = 0; i < f->d->ncolumn; i++) {
		there[i] = true;
		if (f->how->pick[i].rest)
			use_rest(f, i);
		else
			there[i] = use_named(f, i);
	}
	return there;
}

/* The names of the file for the elements of columns. */
static void label(Csv *f)
{
	for (int64_t i = 0; i < f->nuse; i++) {
		Column *c = &f->d->column[f->use[i].column];
		if (!c->label)
			c->label = rt_alloc((size_t)c->field->len, sizeof *c->label, "names of columns");
		if (!c->label[f->use[i].element])
			c->label[f->use[i].element] = rt_text("%s", f->name[f->use[i].cell]);
	}
}

/* ---- cells ---------------------------------------------------------------------------------- */

/* What stands for a value that is not there: an empty cell, and what pandas takes for one. */
static bool is_missing(const char *s, size_t n)
{
	static const char *const word[] = { "",    "NA",   "N/A",  "n/a",  "NaN",  "nan", "?",
		                            "#N/A", "NULL", "null", "None", "<NA>", "-nan",
		                            "-NaN" };
	for (size_t i = 0; n <= 4 && i < sizeof word / sizeof *word; i++)
		if (strlen(word[i]) == n && !memcmp(word[i], s, n))
			return true;
	return false;
}

/* 2024-01-31, 31.01.2024, 1/31/24 and the same with a time behind it. */
static bool is_date(const char *s, size_t n)
{
	size_t i = 0;
	for (int part = 0; part < 3; part++) {
		size_t from = i;
		while (i < n && s[i] >= '0' && s[i] <= '9')
			i++;
		if (i == from || i - from > 4)
			return false;
		if (part < 2 && (i == n || !strchr("-/.", s[i++])))
			return false;
	}
	return i == n || s[i] == ' ' || s[i] == 'T';
}

static bool has_comma(const char *s, size_t n)
{
	const char *comma = memchr(s, ',', n);
	for (size_t i = 0; i < n; i++)
		if ((s[i] < '0' || s[i] > '9') && !strchr("+-,.", s[i]))
			return false;
	return comma != 0;
}

/* A mean stands for a missing number of an input only. */
static void missing_help(const Csv *f, const Use *u, const char *name)
{
	bool input = !f->how->pick[u->column].target;
	rt_help("set `missing = %s in `data csv(...)`, or write `fill(%s, 0)`",
	        input ? "\"mean\"` (or \"drop\")" : "\"drop\"`", name);
}

static void number_help(const Csv *f, const Use *u, const char *s, size_t n, const char *name)
{
	bool first = rt_sink_rows(f->sink) == 0 && !f->how->header;
	if (is_missing(s, n))
		missing_help(f, u, name);
	else if (is_date(s, n))
		rt_help("dates are not read: turn the column into numbers, or leave it out with "
		        "`columns(...)`");
	else if (has_comma(s, n))
		rt_help("write numbers with a point: 1.5, and 1500 without anything between");
	else if (first)
		rt_help("if the first line names the columns, leave `header = false` out");
	else
		rt_help("write `categorical(%s)` if it holds texts, or leave the column out", name);
}

/* %.*s with a limit, and what a message says of an empty cell. */
enum { CELL_SHOWN = 40 };

static _Noreturn void not_a_number(const Csv *f, const Use *u, const Cell *c, const char *s,
                                   size_t n, const char *what)
{
	const char *name = f->name[u->cell];
	int shown = (int)(n < CELL_SHOWN ? n : CELL_SHOWN);
	if (n == 0)
		rt_scan_error(f->scan, c, "R2", "column `%s` is empty here", name);
	else
		rt_scan_error(f->scan, c, "R2", "column `%s` holds `%.*s%s`, %s", name, shown, s,
		              n > CELL_SHOWN ? "..." : "", what);
	number_help(f, u, s, n, name);
	rt_exit(RT_FILE);
}

static double number(const Csv *f, const Use *u, const Cell *c, const char *s, size_t n)
{
	double v;
	switch (rt_decimal(s, n, &v)) {
	case DECIMAL_FINE:
		break;
	case DECIMAL_WRONG:
		not_a_number(f, u, c, s, n,
		             is_date(s, n) ? "a date, which is not a number"
		                           : "which is not a number");
	case DECIMAL_LARGE:
		not_a_number(f, u, c, s, n, "which is too large");
	}
	if (f->m->real_bytes == 4 && fabs(v) > (double)FLT_MAX)
		not_a_number(f, u, c, s, n, "which is too large for single precision");
	return v;
}

static double whole(const Csv *f, const Use *u, const Cell *c, const char *s, size_t n)
{
	const nnrt_field *want = f->d->column[u->column].field;
	double v, lo = want->kind == NNRT_I32 ? INT32_MIN : 0;
	double hi = want->kind == NNRT_CLASS ? want->classes - 1
	            : want->kind == NNRT_BOOL ? 1
	                                      : INT32_MAX;
	if (want->kind == NNRT_BOOL && n == 4 && (!memcmp(s, "true", 4) || !memcmp(s, "True", 4)))
		return 1;
	if (want->kind == NNRT_BOOL && n == 5 &&
	    (!memcmp(s, "false", 5) || !memcmp(s, "False", 5)))
		return 0;
	v = number(f, u, c, s, n);
	if (v == floor(v) && v >= lo && v <= hi)
		return v;
	char *type = want->kind == NNRT_CLASS ? rt_text("class(%d)", want->classes)
	             : want->kind == NNRT_BOOL ? rt_text("bool")
	                                       : rt_text("i32");
	rt_scan_error(f->scan, c, want->kind == NNRT_CLASS ? "R4" : "R2",
	              "column `%s` holds %.*s; %s is whole numbers, %.0f to %.0f",
	              f->name[u->cell], (int)(n < CELL_SHOWN ? n : CELL_SHOWN), s, type, lo, hi);
	rt_help("change the number of classes in %s and compile again, or the data",
	        f->m->source);
	rt_exit(RT_FILE);
}

/* False: nothing is there, and the program says what then. */
static bool take(Csv *f, const Use *u, const Cell *c)
{
	const nnrt_field *want = f->d->column[u->column].field;
	const char *s = c->text;
	size_t n = c->len;
	while (n && (*s == ' ' || *s == '\t'))
		s++, n--;
	while (n && (s[n - 1] == ' ' || s[n - 1] == '\t'))
		n--;
	void *row = rt_sink_at(f->sink, u->column);
	bool gaps = f->how->pick[u->column].gaps, drop = !strcmp(f->how->missing, "drop");
	if ((gaps || drop) && is_missing(s, n)) {
		const char *gap = f->how->pick[u->column].gap;
		if (!gaps)
			return false;
		if (gap) {
			((int32_t *)row)[u->element] = rt_words_add(&f->words[u->column], gap, strlen(gap));
			return true;
		}
		rt_set_value(row, u->element, want->kind, f->m->real_bytes, NAN);
		return true;
	}
	if (want->kind == NNRT_WORD) {
		if (n == 0 || memchr(s, 0, n))
			not_a_number(f, u, c, s, n, "which has a zero byte");
		((int32_t *)row)[u->element] = rt_words_add(&f->words[u->column], s, n);
	} else if (want->kind == NNRT_REAL) {
		rt_set_real(row, u->element, f->m->real_bytes, number(f, u, c, s, n));
	} else {
		rt_set_value(row, u->element, want->kind, f->m->real_bytes,
		             whole(f, u, c, s, n));
	}
	return true;
}

/* ---- rows ----------------------------------------------------------------------------------- */

static _Noreturn void ragged(const Csv *f, int64_t n)
{
	rt_scan_error(f->scan, 0, "R5", "this row has %lld columns, but the file has %lld",
	              (long long)n, (long long)f->nname);
	if (n > f->nname)
		rt_help("put quotes around cells with a separator in them: \"a%cb\"",
		        *f->how->sep);
	else
		rt_help("an empty cell still needs its separator");
	rt_exit(RT_FILE);
}

/* Bytes still to come for each that was read. */
static double left(const Csv *f)
{
	double all = (double)rt_scan_bytes(f->scan), done = (double)rt_scan_done(f->scan);
	return all > 0 ? (all - done) / done : 0;
}

static void read_rows(Csv *f, int64_t n, const Cell *cell)
{
	for (; n; n = rt_scan_next(f->scan, &cell)) {
		if (n != f->nname)
			ragged(f, n);
		bool whole_row = true;
		for (int64_t i = 0; i < f->nuse && whole_row; i++)
			whole_row = take(f, &f->use[i], &cell[f->use[i].cell]);
		if (whole_row)
			rt_sink_next(f->sink, left(f));
		f->d->dropped += !whole_row;
	}
	if (rt_sink_rows(f->sink) == 0)
		rt_fail(RT_FILE, "R5", "%s: there is no row in it", f->path);
}

static void begin_words(Csv *f)
{
	f->words = rt_alloc((size_t)f->d->ncolumn, sizeof *f->words, "words");
	for (int i = 0; i < f->d->ncolumn; i++) {
		const Column *c = &f->d->column[i];
		f->words[i] = (Words){ .word = c->word, .n = c->nword, .cap = c->nword };
	}
}

static void end_words(Csv *f)
{
	for (int i = 0; i < f->d->ncolumn; i++) {
		f->d->column[i].word = f->words[i].word;
		f->d->column[i].nword = f->words[i].n;
		rt_words_done(&f->words[i]);
	}
	rt_free(f->words);
}

void rt_csv_add(const Adding *a)
{
	const nnrt_model *m = a->m;
	char *path = a->path ? rt_text("%s", a->path) : rt_data_path(m->data->path);
	Csv f = { .a = a, .m = m, .how = m->data, .path = path, .d = a->d };
	const Cell *cell = 0;
	f.scan = rt_scan_open(path, *f.how->sep);
	int64_t n = read_names(&f, &cell);
	bool *there = match(&f);
	label(&f);
	f.sink = rt_sink_new(a, path, there);
	if (f.sink) {
		begin_words(&f);
		read_rows(&f, n, cell);
		end_words(&f);
		rt_sink_done(f.sink);
	}
	for (int64_t i = 0; i < f.nname; i++)
		rt_free(f.name[i]);
	rt_scan_close(f.scan);
	rt_free(there);
	rt_free(f.name);
	rt_free(f.use);
	rt_free(path);
}
