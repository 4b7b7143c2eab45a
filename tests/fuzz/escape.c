/* escape.c - see escape.h. */
#include "escape.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void  __real_free(void *p);
_Noreturn void __real_exit(int status);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void  __wrap_free(void *p);
_Noreturn void __wrap_exit(int status);

/* ---- memory of this run: a set of addresses, open addressing ------------------------------- */

enum { SLOTS = 1 << 18 };

static bool running, inside;           /* tracking; in escape_run                              */
static jmp_buf back;
static void *slot[SLOTS];
static int used[SLOTS], nused, live;
static void *const GONE = (void *)1;

static unsigned hash(const void *p)
{
	return (unsigned)(((uintptr_t)p >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 46) & (SLOTS - 1);
}

static void keep(void *p)
{
	unsigned i = hash(p);
	if (!running || !p)
		return;
	if (++live > SLOTS / 2)
		abort();
	while (slot[i] && slot[i] != GONE)
		i = (i + 1) & (SLOTS - 1);
	if (!slot[i] && nused < SLOTS)
		used[nused++] = (int)i;
	slot[i] = p;
}

static void forget(void *p)
{
	if (!running || !p)
		return;
	for (unsigned i = hash(p); slot[i]; i = (i + 1) & (SLOTS - 1))
		if (slot[i] == p) {
			slot[i] = GONE;
			live--;
			return;
		}
}

void *__wrap_malloc(size_t n)
{
	void *p = __real_malloc(n);
	keep(p);
	return p;
}

void *__wrap_calloc(size_t n, size_t size)
{
	void *p = __real_calloc(n, size);
	keep(p);
	return p;
}

void *__wrap_realloc(void *p, size_t n)
{
	forget(p);
	void *q = __real_realloc(p, n);
	keep(q ? q : p);
	return q;
}

void __wrap_free(void *p)
{
	forget(p);
	__real_free(p);
}

static void release(void)
{
	running = false;
	for (int i = 0; i < nused; i++) {
		if (slot[used[i]] != GONE)
			__real_free(slot[used[i]]);
		slot[used[i]] = 0;
	}
	nused = live = 0;
}

/* ---- the end of a program ------------------------------------------------------------------ */

void __wrap_exit(int status)
{
	if (!running)
		__real_exit(status);
	if (status == 70 || !inside)
		abort();
	longjmp(back, status + 1);
}

static int first_fd = -1;

int escape_run(void (*f)(void *), void *arg)
{
	static int null = -1;
	if (null < 0) {
		null = open("/dev/null", O_WRONLY);
		first_fd = null + 1;
	}
	running = inside = true;
	int status = setjmp(back);
	if (status == 0)
		f(arg);
	inside = false;
	release();
	close_range((unsigned)first_fd, ~0u, 0);
	return status - 1;
}

int escape_input(const uint8_t *data, size_t n, void (*f)(void *))
{
	Input in = { data, n };
	if (n > 0 && n < 1 << 16)
		escape_run(f, &in);
	return 0;
}

const char *escape_file(const void *data, size_t n)
{
	static char path[4][64];
	static int turn;
	char *p = path[turn++ % 4];
	int fd = memfd_create("fuzz", 0);
	if (fd < 0 || write(fd, data, n) != (ssize_t)n)
		abort();
	snprintf(p, sizeof path[0], "/proc/self/fd/%d", fd);
	return p;
}

void escape_begin(void)
{
	running = true;
}

void escape_pause(void)
{
	running = false;
}

void escape_end(void)
{
	release();
}
