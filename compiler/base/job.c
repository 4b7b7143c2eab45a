/* job.c - the one object that owns a run of the compiler, and its source files.
 *
 * In:    files and texts.   Out: numbered sources; places as line and column, found on demand.
 * Holds: a source's text is NUL-terminated and never changes; its table of lines is not empty.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"

const Span NOWHERE = {-1, 0, 0};

Job *job_new(void)
{
	/* The job lies in its own arena: one free ends everything. */
	Arena *a = arena_new();
	Job *j = NEW(a, Job);
	j->mem = a;
	j->tree = arena_new();
	j->symbols = symbols_new(a);
	j->max_errors = 20;
	j->pass = "start";
	return j;
}

void job_free(Job *j)
{
	if (!j)
		return;
	arena_free(j->tree);
	symbols_free(j->symbols);
	arena_free(j->mem);
}

Sym job_sym(Job *j, const char *text)
{
	return symbols_get(j->symbols, text, strlen(text));
}

Sym job_symf(Job *j, const char *fmt, ...)
{
	char small[128];
	va_list ap;
	va_start(ap, fmt);
	size_t n = text_format(small, sizeof small, fmt, ap);
	va_end(ap);
	if (n < sizeof small)
		return symbols_get(j->symbols, small, n);
	va_start(ap, fmt);
	const char *s = arena_vprintf(j->mem, fmt, ap);
	va_end(ap);
	return job_sym(j, s);
}

/* Adds a text that lies in the job's arena already. */
static int source_take(Job *j, const char *name, const char *text, int len, bool builtin)
{
	Source s = {.name = arena_strndup(j->mem, name, strlen(name)), .text = text, .len = len,
	            .builtin = builtin};
	int cap = 0;
	PUSH(j->mem, s.line, s.nline, cap, 0);
	for (int i = 0; i < len; i++)
		if (text[i] == '\n')
			PUSH(j->mem, s.line, s.nline, cap, i + 1);
	PUSH(j->mem, j->source, j->nsource, j->capsource, s);
	return j->nsource - 1;
}

int source_add(Job *j, const char *name, const char *text, size_t len, bool builtin)
{
	if (len >= INT_MAX)
		bug(j, "source text of %zu bytes", len);
	return source_take(j, name, arena_strndup(j->mem, text, len), (int)len, builtin);
}

int source_read(Job *j, const char *path)
{
	size_t len;
	const char *text = file_read(j->mem, path, SOURCE_BYTES, &len);
	if (!text)
		return -1;
	return source_take(j, path, text, (int)len, false);
}

void source_place(const Job *j, int file, int offset, int *line, int *column)
{
	*line = *column = 0;
	if (file < 0 || file >= j->nsource)
		return;
	const Source *s = &j->source[file];
	if (offset < 0)
		offset = 0;
	if (offset > s->len)
		offset = s->len;
	int lo = 0, hi = s->nline;             /* line[lo] <= offset < line[hi]               */
	while (hi - lo > 1) {
		int mid = lo + (hi - lo) / 2;
		if (s->line[mid] <= offset)
			lo = mid;
		else
			hi = mid;
	}
	*line = lo + 1;
	*column = 1;
	for (int i = s->line[lo]; i < offset; i++)
		*column += (s->text[i] & 0xc0) != 0x80;
}

const char *source_text(Job *j, Span at)
{
	if (at.file < 0 || at.file >= j->nsource)
		return "";
	const Source *s = &j->source[at.file];
	int beg = at.beg < 0 ? 0 : at.beg > s->len ? s->len : at.beg;
	int end = at.end > s->len ? s->len : at.end;
	return arena_strndup(j->mem, s->text + beg, end > beg ? (size_t)(end - beg) : 0);
}

Span span_join(Span a, Span b)
{
	if (a.file < 0)
		return b;
	if (b.file != a.file)
		return a;
	return (Span){a.file, a.beg < b.beg ? a.beg : b.beg, a.end > b.end ? a.end : b.end};
}
