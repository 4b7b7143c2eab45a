/* fail.c - messages of a trainer and how it ends.
 *
 * In:    a format and its arguments.   Out: one line on standard error.
 * Holds: nothing that came from a file or the command line reaches the terminal unescaped.
 *
 * A progress bar may stand in the last line of the terminal: every message first clears that
 * line.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "rt_fail.h"

enum { MESSAGE = 4096 };

static const char *program(void)
{
	const char *name = program_invocation_name;
	return name && *name ? name : "trainer";
}

/* Prints text with control characters as \xNN. */
static void print_escaped(const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		if (c < 32 || c == 127)
			fprintf(stderr, "\\x%02x", c);
		else
			fputc(c, stderr);
	}
}

static void clear_bar(void)
{
	fflush(stdout);
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}

static void message(const char *severity, const char *format, va_list args)
{
	char text[MESSAGE];
	vsnprintf(text, sizeof text, format, args);
	clear_bar();
	print_escaped(program());
	fprintf(stderr, ": %s: ", severity);
	print_escaped(text);
}

static void extra(const char *label, const char *format, va_list args)
{
	char text[MESSAGE];
	vsnprintf(text, sizeof text, format, args);
	fprintf(stderr, "     = %s: ", label);
	print_escaped(text);
	fputc('\n', stderr);
}

static void error_line(int status, const char *code, const char *format, va_list args)
{
	message("error", format, args);
	fprintf(stderr, " [%s, exit %d]\n", code, status);
}

void rt_error(int status, const char *code, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	error_line(status, code, format, args);
	va_end(args);
}

void rt_fail(int status, const char *code, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	error_line(status, code, format, args);
	va_end(args);
	rt_exit(status);
}

void rt_note(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	extra("note", format, args);
	va_end(args);
}

void rt_help(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	extra("help", format, args);
	va_end(args);
}

void rt_exit(int status)
{
	exit(status);
}

void rt_bug(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	message("internal error", format, args);
	va_end(args);
	fprintf(stderr, " [exit %d]\n", RT_INTERNAL);
	fputs("     = note: this is a bug in nnc or its runtime, not in your program\n",
	      stderr);
	rt_exit(RT_INTERNAL);
}

void rt_warn(const char *name, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	message(name ? "warning" : "note", format, args);
	va_end(args);
	if (name)
		fprintf(stderr, " [-W%s]\n", name);
	else
		fputc('\n', stderr);
}
