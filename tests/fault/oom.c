/* oom.c - a library to be preloaded: the n-th allocation fails.
 *
 * In:    OOM_AT=n: call number n of malloc, calloc, realloc, aligned_alloc and posix_memalign fails with
 *        ENOMEM (0: none).  OOM_COUNT=FILE: the number of calls is written there at the end.
 * Holds: only calls of the program itself and its libraries after start-up are counted, in the order of
 *        a single thread; the C library's own memory for stdio goes through malloc and is counted too.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static long at = -1, calls;

static int fails(void)
{
	if (at < 0) {
		const char *s = getenv("OOM_AT");
		at = s ? atol(s) : 0;
	}
	return __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED) == at && (errno = ENOMEM);
}

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);
extern void *__libc_memalign(size_t align, size_t n);

void *malloc(size_t n)
{
	return fails() ? 0 : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
	return fails() ? 0 : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
	return fails() ? 0 : __libc_realloc(p, n);
}

void *aligned_alloc(size_t align, size_t n)
{
	return fails() ? 0 : __libc_memalign(align, n);
}

int posix_memalign(void **p, size_t align, size_t n)
{
	if (fails())
		return ENOMEM;
	*p = __libc_memalign(align, n);
	return *p ? 0 : ENOMEM;
}

__attribute__((destructor)) static void report(void)
{
	const char *path = getenv("OOM_COUNT");
	char text[32];
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666) : -1;
	if (fd < 0)
		return;
	int n = snprintf(text, sizeof text, "%ld\n", calls);
	if (write(fd, text, (size_t)n) != n)
		abort();
	close(fd);
}
