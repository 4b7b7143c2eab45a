/* window.h - the part of a text file that is being looked at.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_WINDOW_H
#define NNRT_WINDOW_H

#include <stdbool.h>
#include <stddef.h>

#include "rt_io.h"

typedef struct {
	Reader *in;
	char *buf;
	size_t room, at, end; /* what is next begins at buf[at]; buf[end] is not read yet */
	size_t done;          /* bytes before buf[0] */
	bool last;            /* the file has no more */
} Window;

/* gzip too; nothing is read yet. */
Window rt_window_open(const char *path);
/* What is left of the window moves to its front, more is read behind it.  If nothing was taken from it, it
 * grows; what: for the message that memory is short. */
void rt_window_more(Window *w, const char *what);
void rt_window_close(Window *w);

#endif
