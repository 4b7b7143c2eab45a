/* csv_scan.c - records of a CSV file: RFC 4180 as people write it.
 *
 * In:    untrusted bytes.   Out: cells.
 * Holds: a quote opens a cell only where the cell begins; inside of quotes separators and line ends
 *        are text and "" is a quote.  Lines end with LF, CR LF or CR.  A byte order mark at the
 *        beginning is skipped.
 *
 * A record is always whole in the buffer: if its end is not there yet, what has been seen of it moves
 * to the front, the rest is read behind it, and it is scanned again.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "csv_scan.h"
#include "rt_fail.h"
#include "rt_mem.h"
#include "window.h"

enum { RECORD_MOST = 16 << 20, CELLS_MOST = 1000000, SOME = 64 };

struct Scan {
	Window w; /* the next record begins at w.buf[w.at] */
	char sep;
	int64_t line; /* of w.buf[w.at] */
	Cell *cell;
	int64_t ncell, capcell;
	size_t record, after; /* the last record: w.buf[record..after) */
	int64_t record_line;
	char *plain; /* quoted cells with quotes in them, as they are meant */
	size_t nplain, capplain;
};

Scan *rt_scan_open(const char *path, char sep)
{
	Scan *s = rt_alloc(1, sizeof *s, "a file");
	s->w = rt_window_open(path);
	s->sep = sep;
	s->cell = rt_alloc(SOME, sizeof *s->cell, "cells");
	s->capcell = SOME;
	s->line = 1;
	rt_window_more(&s->w, "a record of a CSV file");
	const unsigned char *b = (const unsigned char *)s->w.buf;
	if (s->w.end >= 2 && ((b[0] == 0xff && b[1] == 0xfe) || (b[0] == 0xfe && b[1] == 0xff))) {
		rt_error(RT_FILE, "R2", "%s: this is UTF-16 text; UTF-8 is read", path);
		rt_help("write it again as UTF-8: `iconv -f UTF-16 -t UTF-8`");
		rt_exit(RT_FILE);
	}
	if (s->w.end >= 3 && b[0] == 0xef && b[1] == 0xbb && b[2] == 0xbf)
		s->w.at = 3;
	return s;
}

void rt_scan_close(Scan *s)
{
	rt_window_close(&s->w);
	rt_free(s->cell);
	rt_free(s->plain);
	rt_free(s);
}

/* ---- messages ------------------------------------------------------------------------------- */

static int64_t characters(const char *s, size_t n)
{
	int64_t k = 0;
	for (size_t i = 0; i < n; i++)
		k += ((unsigned char)s[i] & 0xc0) != 0x80;
	return k;
}

static bool is_end(char c)
{
	return c == '\n' || c == '\r';
}

void rt_scan_error(const Scan *s, const Cell *c, const char *code, const char *format, ...)
{
	char text[1024];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	size_t at = s->record + (c ? c->at : 0), lo = at, hi = at;
	while (lo > s->record && !is_end(s->w.buf[lo - 1]))
		lo--;
	while (hi < s->after && !is_end(s->w.buf[hi]))
		hi++;
	int64_t line = c ? c->line : s->record_line, column = 1 + characters(s->w.buf + lo, at - lo);
	rt_error_at(rt_path(s->w.in), line, c ? column : 0, RT_FILE, code, "%s", text);
	int64_t len = c ? characters(c->text, c->len) + 2 * c->quoted : 1;
	rt_show_line(line, s->w.buf + lo, hi - lo, column, len);
}

static _Noreturn void fail_at(Scan *s, size_t at, size_t end, int64_t line, const char *what)
{
	Cell c = { s->w.buf + at, 1, line, at - s->record, false };
	s->after = end;
	rt_scan_error(s, &c, "R2", "%s", what);
	rt_help("a quote inside of a quoted cell is written twice: \"\"");
	rt_exit(RT_FILE);
}

/* ---- one record ----------------------------------------------------------------------------- */

static Cell *new_cell(Scan *s)
{
	if (s->ncell == s->capcell) {
		s->cell = rt_grow(s->cell, (size_t)s->ncell, 2 * (size_t)s->ncell,
		                  sizeof *s->cell, "cells");
		s->capcell *= 2;
	}
	return &s->cell[s->ncell++];
}

/* Takes the doubled quotes out of text[0..n); the result is moved when `plain` grows, so cells hold
 * their place in it until the record is whole. */
static size_t take_plain(Scan *s, const char *text, size_t n)
{
	size_t at = s->nplain;
	if (s->nplain + n > s->capplain) {
		size_t more = 2 * (s->nplain + n);
		s->plain = rt_grow(s->plain, s->nplain, more, 1, "cells");
		s->capplain = more;
	}
	for (size_t i = 0; i < n; i++) {
		s->plain[s->nplain++] = text[i];
		i += text[i] == '"';
	}
	return at;
}

/* A quoted cell that begins at p.  Returns where it ends, or `end` if that is not in the buffer. */
static size_t quoted(Scan *s, size_t p, size_t end, int64_t *line)
{
	const char *b = s->w.buf;
	size_t open = p, lines = 0;
	bool twice = false;
	for (p++;; p++) {
		const char *q = memchr(b + p, '"', end - p);
		size_t to = q ? (size_t)(q - b) : end;
		for (const char *n = b + p; (n = memchr(n, '\n', (size_t)(b + to - n))); n++)
			lines++;
		p = to;
		if (p == end || (p + 1 == end && !s->w.last))
			break;
		if (p + 1 == end || b[p + 1] != '"')
			break;
		twice = true;
		p++;
	}
	if (p == end && s->w.last)
		fail_at(s, open, end, *line, "this quote is not closed");
	if (p == end || (p + 1 == end && !s->w.last))
		return end;
	Cell *c = new_cell(s);
	*c = (Cell){ b + open + 1, p - open - 1, *line, open - s->record, true };
	if (twice) {
		size_t at = take_plain(s, c->text, c->len);
		c->len = s->nplain - at;
		c->text = 0;
	}
	*line += (int64_t)lines;
	for (p++; p < end && b[p] == ' ' && s->sep != ' '; p++)
		;
	if (p < end && b[p] != s->sep && !is_end(b[p]))
		fail_at(s, p, end, *line, "text follows the closing quote of this cell");
	return p;
}

/* Scans the record at s->w.at; false: its end is not in the buffer. */
static bool record(Scan *s)
{
	const char *b = s->w.buf;
	size_t p = s->w.at, end = s->w.end;
	int64_t line = s->line;
	s->ncell = 0;
	s->nplain = 0;
	s->record = s->w.at;
	s->record_line = s->line;
	for (;; p++) {
		if (p < end && b[p] == '"') {
			p = quoted(s, p, end, &line);
		} else {
			size_t from = p;
			while (p < end && b[p] != s->sep && !is_end(b[p]))
				p++;
			Cell *c = new_cell(s);
			*c = (Cell){ b + from, p - from, line, from - s->record, false };
		}
		if (p == end || is_end(b[p]))
			break;
	}
	/* the byte after a CR decides whether it is one line end or two */
	if (!s->w.last && (p == end || (b[p] == '\r' && p + 1 == end)))
		return false;
	s->after = p;
	if (p < end)
		p += b[p] == '\r' && p + 1 < end && b[p + 1] == '\n' ? 2 : 1;
	s->w.at = p;
	s->line = line + 1;
	return true;
}

static bool is_blank(const Cell *c)
{
	if (c->quoted)
		return false; /* its text may not be in its place yet */
	for (size_t i = 0; i < c->len; i++)
		if (c->text[i] != ' ' && c->text[i] != '\t')
			return false;
	return true;
}

int64_t rt_scan_next(Scan *s, const Cell **cell)
{
	for (;;) {
		if (s->w.at == s->w.end) {
			if (s->w.last)
				return 0;
			rt_window_more(&s->w, "a record of a CSV file");
			continue;
		}
		while (!record(s)) {
			if (s->w.end - s->w.at > RECORD_MOST)
				rt_fail(RT_FILE, "R2",
				        "%s:%lld: a record of more than 16 MiB; is a quote not "
				        "closed?",
				        rt_path(s->w.in), (long long)s->line);
			rt_window_more(&s->w, "a record of a CSV file");
		}
		if (s->ncell > CELLS_MOST)
			rt_fail(RT_FILE, "R5", "%s:%lld: %lld columns; at most %d are read",
			        rt_path(s->w.in), (long long)s->record_line,
			        (long long)s->ncell, CELLS_MOST);
		if (s->ncell > 1 || !is_blank(&s->cell[0]))
			break;
	}
	const char *plain = s->plain;
	for (int64_t i = 0; plain && i < s->ncell; i++)
		if (!s->cell[i].text) {
			s->cell[i].text = plain;
			plain += s->cell[i].len;
		}
	*cell = s->cell;
	return s->ncell;
}

int64_t rt_scan_line(const Scan *s)
{
	return s->record_line;
}

size_t rt_scan_bytes(const Scan *s)
{
	return rt_is_gzip(s->w.in) ? 0 : rt_file_bytes(s->w.in);
}

size_t rt_scan_done(const Scan *s)
{
	return s->w.done + s->w.at;
}
