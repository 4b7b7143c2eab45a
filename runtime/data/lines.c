/* lines.c - the lines of a text file, one after the other.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <string.h>

#include "lines.h"
#include "rt_fail.h"
#include "rt_mem.h"
#include "window.h"

enum { LINE_MOST = 16 << 20 };

struct Lines {
	Window w;
	long long line;
};

Lines *rt_lines_open(const char *path)
{
	Lines *f = rt_alloc(1, sizeof *f, "a file");
	f->w = rt_window_open(path);
	return f;
}

static void refill(Lines *f)
{
	if (f->w.end - f->w.at > LINE_MOST)
		rt_fail(RT_FILE, "R2", "%s:%lld: a line of more than 16 MiB", rt_path(f->w.in),
		        f->line + 1);
	rt_window_more(&f->w, "a line of a file");
}

const char *rt_lines_next(Lines *f, size_t *n)
{
	Window *w = &f->w;
	const char *end;
	while (!(end = memchr(w->buf + w->at, '\n', w->end - w->at)) && !w->last)
		refill(f);
	if (w->at == w->end)
		return 0;
	const char *line = w->buf + w->at;
	*n = end ? (size_t)(end - line) : w->end - w->at;
	w->at += *n + (end != 0);
	f->line++;
	if (*n && line[*n - 1] == '\r')
		(*n)--;
	return line;
}

double rt_lines_left(const Lines *f)
{
	double all = rt_is_gzip(f->w.in) ? 0 : (double)rt_file_bytes(f->w.in);
	double done = (double)(f->w.done + f->w.at);
	return all > done ? (all - done) / done : 0;
}

void rt_lines_close(Lines *f)
{
	rt_window_close(&f->w);
	rt_free(f);
}
