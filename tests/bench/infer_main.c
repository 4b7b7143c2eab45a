/* infer_main.c - times nnc's inference C: infer INPUTS OUTPUTS SECONDS
 *
 * INPUTS, OUTPUTS: samples and right results as raw floats.  Compiled with PREFIX and UPPER, the names
 * in the generated files, and HEADER; with SAMPLES the context form: THREADS contexts, each with its
 * share of the samples, otherwise the static form with one.  Prints one line of JSON.
 */
#define _GNU_SOURCE
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include HEADER

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define X_LEN JOIN(UPPER, _X_LEN)
#define Y_LEN JOIN(UPPER, _Y_LEN)

enum { MOST = 1 << 20 };
#ifndef SAMPLES
enum { ALL = 1 };
#else
enum { ALL = SAMPLES, SHARE = SAMPLES / THREADS };
#endif

static float x[ALL * X_LEN] __attribute__((aligned(64))), y[ALL * Y_LEN] __attribute__((aligned(64))), right[ALL * Y_LEN];
static int took[MOST];

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int read_floats(const char *path, float *to, size_t n)
{
	FILE *f = fopen(path, "rb");
	size_t got = f ? fread(to, sizeof *to, n, f) : 0;
	if (f)
		fclose(f);
	return got == n;
}

#ifdef SAMPLES
static unsigned char arena[THREADS][JOIN(UPPER, _ARENA_BYTES)];
static atomic_uint turn, done;

static void share(int i)
{
	PREFIX net;
	if (JOIN(PREFIX, _init)(&net, arena[i], sizeof arena[i]) ||
	    JOIN(PREFIX, _run)(&net, SHARE, x + i * SHARE * X_LEN, y + i * SHARE * Y_LEN))
		abort();
}

static void pin(int from_last)
{
	static cpu_set_t all;
	cpu_set_t one;
	if (!from_last)
		sched_getaffinity(0, sizeof all, &all);
	CPU_ZERO(&one);
	for (int cpu = CPU_SETSIZE - 1, k = 0; cpu >= 0; cpu--)
		if (CPU_ISSET(cpu, &all) && k++ == from_last)
			CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof one, &one);
}

/* Waits, first with both eyes open. */
static void await(atomic_uint *what, unsigned value, int equal)
{
	for (int k = 0; (atomic_load_explicit(what, memory_order_acquire) == value) != equal; k++)
		if (k > 20000)
			sched_yield();
}

static void *worker(void *arg)
{
	int i = (int)(long)arg;
	pin(i);
	for (unsigned seen = 0;; ) {
		await(&turn, seen, 0);
		seen++;
		share(i);
		atomic_fetch_add_explicit(&done, 1, memory_order_release);
	}
	return 0;
}

static void begin(void)
{
	pin(0);
	for (long i = 1; i < THREADS; i++) {
		pthread_t t;
		if (pthread_create(&t, 0, worker, (void *)i))
			abort();
	}
}

static void predict(void)
{
	atomic_store(&done, 0);
	atomic_fetch_add_explicit(&turn, 1, memory_order_release);
	share(0);
	await(&done, THREADS - 1, 1);
}
#else
static void begin(void) {}

static void predict(void)
{
	JOIN(PREFIX, _run)(x, y);
}
#endif

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static long peak_kib(void)
{
	char line[128];
	long kib = 0;
	FILE *f = fopen("/proc/self/status", "r");
	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "VmHWM: %ld", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib;
}

int main(int argc, char **argv)
{
	int n = 0;
	double far = 0, largest = 0;
	if (argc < 4 || !read_floats(argv[1], x, ALL * X_LEN) || !read_floats(argv[2], right, ALL * Y_LEN))
		return 2;
	begin();
	predict();
	long kib = peak_kib();
	for (int i = 0; i < ALL * Y_LEN; i++) {
		far = fmax(far, fabs((double)y[i] - right[i]));
		largest = fmax(largest, fabs((double)right[i]));
	}
	double t = now(), seconds = atof(argv[3]);
	while (now() - t < seconds / 5)
		predict();
	t = now();
	while (now() - t < seconds && n < MOST) {
		double s = now();
		predict();
		took[n++] = (int)((now() - s) * 1e9);
	}
	if (n)
		qsort(took, (size_t)n, sizeof *took, compare);
	double us = n ? took[n / 2] / 1e3 : 0;
	printf("{\"far\": %g, \"kib\": %ld, \"us\": %g, \"p99\": %g, \"least\": %g, \"rate\": %g}\n", far / largest, kib, us,
	       n ? took[(int)(n * 0.99)] / 1e3 : 0, n ? took[0] / 1e3 : 0, n ? ALL / us * 1e6 : 0);
	fflush(stdout);
	_Exit(0);
}
