/* window.c - the part of a text file that is being looked at.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <string.h>

#include "rt_mem.h"
#include "window.h"

enum { BLOCK = 1 << 18 };

Window rt_window_open(const char *path)
{
	Window w = { .in = rt_open(path, true, "R7"), .room = BLOCK };
	w.buf = rt_alloc(w.room, 1, "a file");
	return w;
}

void rt_window_more(Window *w, const char *what)
{
	if (w->at) {
		memmove(w->buf, w->buf + w->at, w->end - w->at);
		w->done += w->at;
		w->end -= w->at;
		w->at = 0;
	}
	if (w->end == w->room) {
		w->buf = rt_grow(w->buf, w->end, 2 * w->room, 1, what);
		w->room *= 2;
	}
	size_t n = rt_read_some(w->in, w->buf + w->end, w->room - w->end);
	w->last = n < w->room - w->end;
	w->end += n;
}

void rt_window_close(Window *w)
{
	rt_close(w->in);
	rt_free(w->buf);
}
