/* diag.c - the one engine for messages: recording, order, limits; and "did you mean".
 *
 * In:    errors and warnings with places, in any order.   Out: printed in order of place.
 * Holds: an error is counted once; the same code at the same place is recorded once; nothing is
 * recorded beyond max_errors, the first that is not ends the work.
 *
 * What is not recorded still gives the caller a Diag to hang labels on, which nobody prints.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "diag.h"

static bool same_place(Span a, Span b)
{
	return a.file == b.file && a.beg == b.beg && a.end == b.end;
}

static int place_slot(const Job *j, Span at)
{
	uint64_t h = ((uint64_t)(uint32_t)at.file << 32 | (uint32_t)at.beg) * 0x9e3779b97f4a7c15u;
	h ^= (uint64_t)(uint32_t)at.end * 0xff51afd7ed558ccdu;
	return (int)(h >> 33) & (j->capdiag_at - 1);
}

static bool recorded(const Job *j, Span at, const char *code, const char *text)
{
	for (int i = place_slot(j, at); j->diag_at && j->diag_at[i]; i = (i + 1) & (j->capdiag_at - 1)) {
		const Diag *d = j->diag_at[i];
		if (d->order >= j->ndiag || j->diag[d->order] != d)
			continue;      /* taken back */
		if (strcmp(d->code, code) || !same_place(d->mark[0].at, at))
			continue;
		/* Without a place only the words tell two mistakes apart. */
		if (at.file >= 0 || !strcmp(d->text, text))
			return true;
	}
	return false;
}

/* Enters d into the table by places. */
static void enter(Job *j, Diag *d)
{
	int i = place_slot(j, d->mark[0].at);
	while (j->diag_at[i])
		i = (i + 1) & (j->capdiag_at - 1);
	j->diag_at[i] = d;
	j->ndiag_at++;
}

static void grow(Job *j)
{
	Diag **old = j->diag_at;
	int n = j->capdiag_at;
	if (2 * (j->ndiag_at + 1) <= n)
		return;
	j->capdiag_at = n ? 2 * n : 64;
	j->diag_at = NEWN(j->mem, Diag *, j->capdiag_at);
	j->ndiag_at = 0;
	for (int i = 0; i < n; i++)
		if (old[i])
			enter(j, old[i]);
}

static Diag *diag_new(Job *j, Span at, const char *code, const char *fmt, va_list ap)
{
	Diag *d = NEW(j->mem, Diag);
	d->job = j;
	d->code = code;
	d->text = arena_vprintf(j->mem, fmt, ap);
	Mark m = {at, "", true};
	PUSH(j->mem, d->mark, d->nmark, d->capmark, m);
	return d;
}

static void record(Job *j, Diag *d)
{
	if (recorded(j, d->mark[0].at, d->code, d->text))
		return;
	if (j->max_errors > 0 && j->nerror >= j->max_errors) {
		j->more_errors |= d->is_error;
		return;
	}
	d->order = j->ndiag;
	j->nerror += d->is_error;
	PUSH(j->mem, j->diag, j->ndiag, j->capdiag, d);
	grow(j);
	enter(j, d);
}

Diag *error(Job *j, Span at, const char *code, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	Diag *d = diag_new(j, at, code, fmt, ap);
	va_end(ap);
	d->is_error = true;
	record(j, d);
	return d;
}

Diag *diag_unheard(Job *j)
{
	Diag *d = NEW(j->mem, Diag);
	d->job = j;
	d->code = d->text = "";
	Mark m = { NOWHERE, "", true };
	PUSH(j->mem, d->mark, d->nmark, d->capmark, m);
	return d;
}

Span diag_place(const Diag *d)
{
	return d->mark[0].at;
}

const char *diag_code(const Diag *d)
{
	return d->code;
}

static bool among(const char *name, const char **v, int n)
{
	for (int i = 0; i < n; i++)
		if (!strcmp(v[i], name))
			return true;
	return false;
}

Diag *warning(Job *j, Span at, const char *name, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	Diag *d = diag_new(j, at, name, fmt, ap);
	va_end(ap);
	d->named = true;
	d->is_error = j->werror || among(name, j->error_warning, j->nerror_warning);
	if (!among(name, j->no_warning, j->nno_warning) && !j->warnings_off)
		record(j, d);
	return d;
}

void diag_label(Diag *d, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	d->mark[0].label = arena_vprintf(d->job->mem, fmt, ap);
	va_end(ap);
}

void diag_span(Diag *d, Span at, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	Mark m = {at, arena_vprintf(d->job->mem, fmt, ap), false};
	va_end(ap);
	if (at.file >= 0)
		PUSH(d->job->mem, d->mark, d->nmark, d->capmark, m);
}

static void extra(Diag *d, ExtraKind kind, Span at, const char *label, const char *fmt,
                  va_list ap)
{
	Arena *a = d->job->mem;
	Extra x = {.kind = kind, .text = arena_vprintf(a, fmt, ap), .placed = at.file >= 0,
	           .mark = {at, label ? arena_strndup(a, label, strlen(label)) : "", false}};
	PUSH(a, d->extra, d->nextra, d->capextra, x);
}

void diag_note(Diag *d, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	extra(d, X_NOTE, NOWHERE, 0, fmt, ap);
	va_end(ap);
}

void diag_note_at(Diag *d, Span at, const char *label, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	extra(d, X_NOTE, at, label, fmt, ap);
	va_end(ap);
}

void diag_help(Diag *d, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	extra(d, X_HELP, NOWHERE, 0, fmt, ap);
	va_end(ap);
}

static int by_place(const void *p, const void *q)
{
	const Diag *a = *(Diag *const *)p, *b = *(Diag *const *)q;
	Span s = a->mark[0].at, t = b->mark[0].at;
	if (s.file != t.file)
		return s.file < t.file ? -1 : 1;
	if (s.file >= 0 && s.beg != t.beg)
		return s.beg < t.beg ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

int diag_flush(Job *j, FILE *f)
{
	if (j->ndiag > 0) {
		qsort(j->diag, (size_t)j->ndiag, sizeof *j->diag, by_place);
		for (int i = 0; i < j->ndiag; i++) {
			if (j->json)
				diag_json(j->diag[i], f);
			else
				diag_draw(j->diag[i], f);
		}
		if (diag_full(j) && j->json)
			diag_said(&(Said){ "note", "", "too many errors; stopping", 0, 0, 0, 0, 0 }, f);
		else if (diag_full(j))
			fputs("too many errors; stopping\n", f);
	}
	j->ndiag = 0;
	return j->nerror;
}

bool diag_full(const Job *j)
{
	return j->more_errors;
}

_Noreturn void bug_at(const Job *j, const char *file, int line, const char *fmt, ...)
{
	const char *slash = strrchr(file, '/');
	fprintf(stderr, "nnc: internal error in pass `%s` (%s:%d): ",
	        j && j->pass ? j->pass : "?", slash ? slash + 1 : file, line);
	va_list ap;
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputs("\n     = note: this is a mistake in nnc, not in the program; please report it\n",
	      stderr);
	exit(70);
}

/* ---- did you mean ----------------------------------------------------------------------- */

enum { LONGEST = 64 };                 /* names beyond this get no suggestion                 */

static int least(int a, int b)
{
	return a < b ? a : b;
}

/* Edit distance with swaps of neighbours counted as one edit ("optimal string alignment"). */
static int distance(const char *a, int n, const char *b, int m)
{
	int row[3][LONGEST + 1];
	int *old = row[0], *last = row[1], *now = row[2];
	for (int k = 0; k <= m; k++)
		last[k] = k;
	for (int i = 1; i <= n; i++) {
		now[0] = i;
		for (int k = 1; k <= m; k++) {
			int d = last[k - 1] + (a[i - 1] != b[k - 1]);
			d = least(d, least(last[k], now[k - 1]) + 1);
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
				d = least(d, old[k - 2] + 1);
			now[k] = d;
		}
		int *t = old;
		old = last;
		last = now;
		now = t;
	}
	return last[m];
}

/* Equal but for upper case and underscores: `MaxPool2D` and `max_pool2d`. */
static bool same_folded(const char *a, const char *b)
{
	for (;;) {
		while (*a == '_')
			a++;
		while (*b == '_')
			b++;
		if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
			return false;
		if (!*a)
			return true;
		a++;
		b++;
	}
}

const char *nearest(const char *what, const char *const *names, int n)
{
	size_t len = strlen(what);
	if (len > LONGEST)
		return 0;
	int best = len <= 3 ? 2 : 3;           /* one more than is allowed                    */
	const char *found = 0;
	for (int i = 0; i < n; i++) {
		size_t m = strlen(names[i]);
		if (m > LONGEST)
			continue;
		int d = same_folded(what, names[i]) ? 0
		                                    : distance(what, (int)len, names[i], (int)m);
		/* A name with no letter in common is no suggestion (`x` for `y`). */
		if (d < best && d < (int)(len > m ? len : m)) {
			best = d;
			found = names[i];
		}
	}
	return found;
}
