/* format.c - formats, in which most of what a compiler writes is strings and whole numbers.
 *
 * In:    a format and its arguments.   Out: the text, as vsnprintf gives it.
 * Holds: what the table of directives below does not have is left to vsnprintf, from the first
 *        character on; nothing depends on the locale here.
 */
#include <string.h>

#include "base.h"

typedef struct {
	char *buf;
	size_t size, n;                /* n may pass size: what does not fit is counted only   */
} Text;

static void put(Text *t, const char *s, size_t n)
{
	if (t->n < t->size) {
		size_t room = t->size - t->n;
		memcpy(t->buf + t->n, s, n < room ? n : room);
	}
	t->n += n;
}

static void put_number(Text *t, long long v)
{
	char digits[24];
	size_t i = sizeof digits;
	unsigned long long u = v < 0 ? 0 - (unsigned long long)v : (unsigned long long)v;
	do
		digits[--i] = (char)('0' + u % 10);
	while (u /= 10);
	if (v < 0)
		digits[--i] = '-';
	put(t, digits + i, sizeof digits - i);
}

/* %s of the first n characters, n < 0: all. */
static void put_string(Text *t, const char *s, int n)
{
	if (!s)
		s = "(null)";
	put(t, s, n < 0 ? strlen(s) : strnlen(s, (size_t)n));
}

/* One directive, from behind the %; returns what follows it, or 0 if it is none of these. */
static const char *directive(Text *t, const char *f, va_list *ap)
{
	if (*f == 's')
		put_string(t, va_arg(*ap, const char *), -1);
	else if (*f == 'd')
		put_number(t, va_arg(*ap, int));
	else if (*f == 'c')
		put(t, (char[]){ (char)va_arg(*ap, int) }, 1);
	else if (*f == '%')
		put(t, f, 1);
	else if (f[0] == 'l' && f[1] == 'l' && f[2] == 'd') {
		put_number(t, va_arg(*ap, long long));
		f += 2;
	} else if (f[0] == '.' && f[1] == '*' && f[2] == 's') {
		int n = va_arg(*ap, int);
		put_string(t, va_arg(*ap, const char *), n);
		f += 2;
	} else {
		return 0;
	}
	return f + 1;
}

size_t text_format(char *buf, size_t size, const char *fmt, va_list args)
{
	Text t = { buf, size, 0 };
	va_list ap;
	va_copy(ap, args);
	for (const char *f = fmt; *f; ) {
		const char *from = f;
		while (*f && *f != '%')
			f++;
		if (f > from)
			put(&t, from, (size_t)(f - from));
		if (*f && !(f = directive(&t, f + 1, &ap))) {
			va_end(ap);
			int all = vsnprintf(buf, size, fmt, args);
			if (all < 0 && size)
				*buf = 0;
			return all < 0 ? 0 : (size_t)all;
		}
	}
	va_end(ap);
	if (size)
		buf[t.n < size ? t.n : size - 1] = 0;
	return t.n;
}
