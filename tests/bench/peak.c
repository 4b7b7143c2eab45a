/* peak.c - the multiply-add rate that this machine reaches: peak THREADS SECONDS
 *
 * Independent accumulators in vectors as wide as the machine's; each thread on a core of its own.
 * Prints GFLOP/s of all threads together, the best of several stretches.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#if defined(__AVX512F__)
enum { LANES = 16, ACCUMULATORS = 24 };
#elif defined(__AVX__)
enum { LANES = 8, ACCUMULATORS = 12 };
#elif defined(__aarch64__)
enum { LANES = 4, ACCUMULATORS = 24 };
#else
enum { LANES = 4, ACCUMULATORS = 12 };
#endif
enum { TURNS = 200000, MOST_THREADS = 64 };
typedef float vec __attribute__((vector_size(4 * LANES)));

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static float stretch(void)
{
	vec a[ACCUMULATORS], x, y, sum = { 0 };
	for (int i = 0; i < LANES; i++) {
		x[i] = 0.999999f;
		y[i] = 1e-7f;
	}
	for (int i = 0; i < ACCUMULATORS; i++)
		a[i] = x * (float)i;
	for (long k = 0; k < TURNS; k++) {
#pragma GCC unroll 24
		for (int i = 0; i < ACCUMULATORS; i++)
			a[i] = a[i] * x + y;
	}
	for (int i = 0; i < ACCUMULATORS; i++)
		sum += a[i];
	return sum[0] + sum[LANES - 1];
}

typedef struct {
	int cpu;
	double seconds, rate;
	pthread_barrier_t *start;
} Runner;

static void *run(void *arg)
{
	Runner *r = arg;
	volatile float sink = 0;
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(r->cpu, &set);
	sched_setaffinity(0, sizeof set, &set);
	pthread_barrier_wait(r->start);
	double begin = now();
	do {
		double t = now();
		sink += stretch();
		t = 2.0 * TURNS * LANES * ACCUMULATORS / (now() - t) / 1e9;
		r->rate = t > r->rate ? t : r->rate;
	} while (now() - begin < r->seconds);
	(void)sink;
	return 0;
}

int main(int argc, char **argv)
{
	int threads = argc > 1 ? atoi(argv[1]) : 1, found = 0;
	double total = 0;
	cpu_set_t set;
	pthread_t thread[MOST_THREADS];
	Runner r[MOST_THREADS];
	pthread_barrier_t start;
	if (threads < 1 || threads > MOST_THREADS || sched_getaffinity(0, sizeof set, &set))
		return 2;
	pthread_barrier_init(&start, 0, (unsigned)threads);
	for (int cpu = CPU_SETSIZE - 1; cpu >= 0 && found < threads; cpu--)
		if (CPU_ISSET(cpu, &set))
			r[found++] = (Runner){ cpu, argc > 2 ? atof(argv[2]) : 0.2, 0, &start };
	if (found < threads)
		return 2;
	for (int i = 0; i < threads; i++)
		if (pthread_create(&thread[i], 0, run, &r[i]))
			return 1;
	for (int i = 0; i < threads; i++) {
		pthread_join(thread[i], 0);
		total += r[i].rate;
	}
	printf("%.2f\n", total);
	return 0;
}
