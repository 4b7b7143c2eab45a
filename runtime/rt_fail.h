/* rt_fail.h - messages of a trainer and how it ends.
 *
 * Everything goes to standard error as `PROGRAM: error: text [CODE, exit STATUS]`, one line
 * per root cause, then `     = note:` and `     = help:` lines.  Control characters in the
 * text are escaped.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_RT_FAIL_H
#define NNRT_RT_FAIL_H

#include <stddef.h>
#include <stdint.h>

/* Exit statuses of a trainer. */
enum {
	RT_DONE = 0,
	RT_WRONG = 1,
	RT_USAGE = 2,
	RT_FILE = 3,
	RT_DIVERGED = 4,
	RT_INTERNAL = 70
};

#define RT_PRINTF(f, a) __attribute__((format(printf, f, a)))

/* Prints an error and goes on; the caller adds notes and ends with rt_exit. code: "R7",
 * "E0502". */
void rt_error(int status, const char *code, const char *format, ...) RT_PRINTF(3, 4);
/* The same at a place of a data file, `FILE:LINE:COLUMN: error: ...`; column 0: of the whole
 * line. */
void rt_error_at(const char *path, int64_t line, int64_t column, int status, const char *code,
                 const char *format, ...) RT_PRINTF(6, 7);
/* The line itself (n bytes) with a mark under `len` characters at that column. */
void rt_show_line(int64_t line, const char *text, size_t n, int64_t column, int64_t len);
void rt_note(const char *format, ...) RT_PRINTF(1, 2);
void rt_help(const char *format, ...) RT_PRINTF(1, 2);
_Noreturn void rt_exit(int status);

/* What is done before the program ends with an error about a file: f(arg), whose own errors are not
 * told.  f 0: nothing. */
void rt_exit_first(void (*f)(void *arg), void *arg);

/* rt_error and rt_exit in one. */
_Noreturn void rt_fail(int status, const char *code, const char *format, ...) RT_PRINTF(3, 4);

/* An impossible state: exit 70. */
_Noreturn void rt_bug(const char *format, ...) RT_PRINTF(1, 2);

/* `PROGRAM: warning: text [-Wname]`; name 0: `PROGRAM: note: text`. */
void rt_warn(const char *name, const char *format, ...) RT_PRINTF(2, 3);

#endif
