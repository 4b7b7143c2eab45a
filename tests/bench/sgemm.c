/* sgemm.c - the products of one training step of a dense layer by OpenBLAS: sgemm M C K SECONDS
 *
 * Y[M, C] = X[M, K] * W[C, K]^T and dW[C, K] = Y^T * X, on one thread.  Prints GFLOP/s of both together: the mean
 * over the time behind a warm-up, as nnc's `bench` does it.
 */
#define _GNU_SOURCE
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static float *matrix(int rows, int columns)
{
	size_t n = (size_t)rows * (size_t)columns;
	float *m = aligned_alloc(64, (n * sizeof *m + 63) / 64 * 64);
	for (size_t i = 0; m && i < n; i++)
		m[i] = (float)(i % 13) * 0.125f - 0.75f;
	return m;
}

int main(int argc, char **argv)
{
	if (argc < 5)
		return 2;
	int m = atoi(argv[1]), c = atoi(argv[2]), k = atoi(argv[3]);
	float *x = matrix(m, k), *w = matrix(c, k), *y = matrix(m, c), *dw = matrix(c, k);
	double seconds = atof(argv[4]), begin = now(), spent = 0, done = 0, flops = 4.0 * m * c * k;
	int turns = (int)(2e7 / flops) + 1;
	if (!x || !w || !y || !dw)
		return 1;
	openblas_set_num_threads(1);
	do {
		double t = now();
		for (int i = 0; i < turns; i++) {
			cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, c, k, 1, x, k, w, k, 0, y, c);
			cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, c, k, m, 1, y, c, x, k, 0, dw, k);
		}
		if (now() - begin < seconds / 30)
			continue;
		spent += now() - t;
		done += flops * turns;
	} while (now() - begin < seconds || done <= 0);
	printf("%.2f\n", done / spent / 1e9);
	return 0;
}
