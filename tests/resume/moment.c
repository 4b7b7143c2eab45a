/* moment.c - a library that sends the program a signal at a chosen moment, to be preloaded.
 *
 * Moments are looks at the clock, of which a trainer takes several a batch.  MOMENT=N SIGNAL=K: at
 * the N-th one it gets signal K.  MOMENTS=FILE: how many there were is written there at the end.
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static long seen, wanted;
static int number;
static int (*real)(clockid_t, struct timespec *);

__attribute__((constructor)) static void begin(void)
{
	const char *at = getenv("MOMENT"), *what = getenv("SIGNAL");
	*(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
	wanted = at ? atol(at) : 0;
	number = what ? atoi(what) : SIGKILL;
}

__attribute__((destructor)) static void end(void)
{
	const char *path = getenv("MOMENTS");
	FILE *f = path ? fopen(path, "w") : 0;
	if (!f)
		return;
	fprintf(f, "%ld\n", seen);
	fclose(f);
}

int clock_gettime(clockid_t id, struct timespec *t)
{
	if (++seen == wanted)
		kill(getpid(), number);
	return real(id, t);
}
