/* str.c - text or bytes that grow.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rt_fail.h"
#include "rt_mem.h"
#include "rt_str.h"

static void room(Str *t, size_t more)
{
	size_t want = t->n + more + 1, cap = t->room ? 2 * t->room : 256;
	if (want <= t->room)
		return;
	cap = cap < want ? want : cap;
	t->s = rt_grow(t->s, t->room, cap, 1, "text");
	t->room = cap;
}

void rt_str_bytes(Str *t, const void *from, size_t n)
{
	room(t, n);
	if (n)
		memcpy(t->s + t->n, from, n);
	t->n += n;
	t->s[t->n] = 0;
}

void rt_str_add(Str *t, const char *format, ...)
{
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int n = vsnprintf(0, 0, format, args);
	va_end(args);
	if (n < 0)
		rt_bug("text that cannot be printed: %s", format);
	room(t, (size_t)n);
	vsnprintf(t->s + t->n, (size_t)n + 1, format, again);
	va_end(again);
	t->n += (size_t)n;
}

void rt_str_number(Str *t, double v)
{
	char text[40];
	for (int digits = 6; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, v);
		if (strtod(text, 0) == v)
			break;
	}
	rt_str_bytes(t, text, strlen(text));
}

void rt_str_json(Str *t, const char *text)
{
	rt_str_add(t, "\"");
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		if (c < ' ')
			rt_str_add(t, "\\u%04x", c);
		else
			rt_str_add(t, c == '"' || c == '\\' ? "\\%c" : "%c", c);
	}
	rt_str_add(t, "\"");
}

void rt_str_clear(Str *t)
{
	t->n = 0;
	if (t->s)
		*t->s = 0;
}

void rt_str_free(Str *t)
{
	rt_free(t->s);
	*t = (Str){ 0 };
}
