/* lines.c - the lines of a text file, one after the other.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <string.h>

#include "lines.h"
#include "rt_fail.h"
#include "rt_io.h"
#include "rt_mem.h"

enum { BLOCK = 1 << 18, LINE_MOST = 16 << 20 };

struct Lines {
	Reader *in;
	char *buf;
	size_t room, at, end, done;
	long long line;
	bool last;
};

Lines *rt_lines_open(const char *path)
{
	Lines *f = rt_alloc(1, sizeof *f, "a file");
	f->in = rt_open(path, true, "R7");
	f->room = BLOCK;
	f->buf = rt_alloc(f->room, 1, "a file");
	return f;
}

static void refill(Lines *f)
{
	memmove(f->buf, f->buf + f->at, f->end - f->at);
	f->done += f->at;
	f->end -= f->at;
	f->at = 0;
	if (f->end > LINE_MOST)
		rt_fail(RT_FILE, "R2", "%s:%lld: a line of more than 16 MiB", rt_path(f->in),
		        f->line + 1);
	if (f->end == f->room) {
		f->buf = rt_grow(f->buf, f->end, 2 * f->room, 1, "a line of a file");
		f->room *= 2;
	}
	size_t n = rt_read_some(f->in, f->buf + f->end, f->room - f->end);
	f->last = n < f->room - f->end;
	f->end += n;
}

const char *rt_lines_next(Lines *f, size_t *n)
{
	const char *end;
	while (!(end = memchr(f->buf + f->at, '\n', f->end - f->at)) && !f->last)
		refill(f);
	if (f->at == f->end)
		return 0;
	const char *line = f->buf + f->at;
	*n = end ? (size_t)(end - line) : f->end - f->at;
	f->at += *n + (end != 0);
	f->line++;
	if (*n && line[*n - 1] == '\r')
		(*n)--;
	return line;
}

double rt_lines_left(const Lines *f)
{
	double all = rt_is_gzip(f->in) ? 0 : (double)rt_file_bytes(f->in);
	double done = (double)(f->done + f->at);
	return all > done ? (all - done) / done : 0;
}

void rt_lines_close(Lines *f)
{
	rt_close(f->in);
	rt_free(f->buf);
	rt_free(f);
}
