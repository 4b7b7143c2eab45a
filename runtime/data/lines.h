/* lines.h - the lines of a text file, one after the other.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_LINES_H
#define NNRT_LINES_H

#include <stddef.h>

typedef struct Lines Lines;

/* gzip too. */
Lines *rt_lines_open(const char *path);
/* The next line without its end (LF or CR LF), valid until the next call; 0 at the end.  R2: a line
 * above 16 MiB. */
const char *rt_lines_next(Lines *f, size_t *n);
/* Bytes still to come for each that was read; 0: not known. */
double rt_lines_left(const Lines *f);
void rt_lines_close(Lines *f);

#endif
