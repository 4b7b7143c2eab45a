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
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "rt_fail.h"

enum { MESSAGE = 4096 };

/* The one thing of a process that an error must not cost; it is done once. */
static struct {
	void (*run)(void *arg);
	void *arg;
	bool running;
} rescue;

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
	if (rescue.running)
		return;
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

void rt_error_at(const char *path, int64_t line, int64_t column, int status, const char *code,
                 const char *format, ...)
{
	char text[MESSAGE];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	clear_bar();
	print_escaped(path);
	fprintf(stderr, ":%lld:", (long long)line);
	if (column)
		fprintf(stderr, "%lld:", (long long)column);
	fputs(" error: ", stderr);
	print_escaped(text);
	fprintf(stderr, " [%s, exit %d]\n", code, status);
}

/* So much of a long line is shown. */
enum { SHOWN = 100, BEFORE = 60 };

void rt_show_line(int64_t line, const char *text, size_t n, int64_t column, int64_t len)
{
	int64_t at = 1, first = column > SHOWN ? column - BEFORE : 1;
	int width = fprintf(stderr, " %lld | ", (long long)line);
	if (first > 1)
		width += fprintf(stderr, "...");
	for (size_t i = 0; i < n && at < first + SHOWN; i++) {
		unsigned char c = (unsigned char)text[i];
		at += (c & 0xc0) != 0x80;
		if (at > first && at <= first + SHOWN)
			fputc(c < 32 || c == 127 ? ' ' : c, stderr);
	}
	fprintf(stderr, "%s\n%*s|%*s^", at < first + SHOWN ? "" : "...", width - 2, "",
	        (int)(column - first + 1) + (first > 1 ? 3 : 0), "");
	for (int64_t i = 1; i < len && column - first + i < SHOWN; i++)
		fputc('~', stderr);
	fputc('\n', stderr);
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

void rt_exit_first(void (*f)(void *arg), void *arg)
{
	rescue.run = f;
	rescue.arg = arg;
}

void rt_exit(int status)
{
	if (status == RT_FILE && rescue.run && !rescue.running) {
		rescue.running = true;
		rescue.run(rescue.arg);
	}
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
