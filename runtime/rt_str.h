/* rt_str.h - text or bytes that grow.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_RT_STR_H
#define NNRT_RT_STR_H

#include <stddef.h>

/* Begins as { 0 }. s: n bytes and a 0 behind them; 0 while nothing was added. */
typedef struct {
	char *s;
	size_t n, room;
} Str;

/* Adds n bytes; printf at the end; a JSON string with its quotes. */
void rt_str_bytes(Str *t, const void *from, size_t n);
void rt_str_add(Str *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void rt_str_json(Str *t, const char *text);

/* The shortest decimal that reads back as v. */
void rt_str_number(Str *t, double v);

/* Keeps the memory; frees it. */
void rt_str_clear(Str *t);
void rt_str_free(Str *t);

#endif
