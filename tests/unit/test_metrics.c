/* test_metrics.c - metrics of the whole set against scikit-learn, on random scores with ties,
 * absent classes, binary and over classes, cut into batches of every size.
 */
#include <CUnit/Basic.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rt_mem.h"
#include "rt_real.h"
#include "rt_tally.h"
#ifndef VALUES
#define VALUES "../metrics/sklearn_values.h"
#endif
#include VALUES

enum { CASES = sizeof metric_case / sizeof *metric_case };

static void *stored(const double *v, int n, nnrt_kind kind)
{
	void *a = rt_alloc((size_t)n + 1, 8, "a test");
	for (int i = 0; i < n; i++)
		rt_set_value(a, i, kind, 8, v[i]);
	return a;
}

/* The value of case c when the set comes in batches of `batch` samples. */
static double value_of(const MetricCase *c, int batch, Tally *s)
{
	const nnrt_tally *t = s->t;
	nnrt_statistic stat = { (nnrt_whole)c->what, (nnrt_average)c->average, 0, 0 };
	int xw = c->how < NNRT_RANKS ? 1 : c->width, yw = c->how == NNRT_MOMENTS ? c->width : 1;
	rt_tally_clear(s);
	for (int at = 0; at < c->n; at += batch) {
		int n = c->n - at < batch ? c->n - at : batch;
		void *x = stored(c->x + at * xw, n * xw, t->x);
		void *y = stored(c->y + at * yw, n * yw, t->y);
		rt_tally_add(s, x, y, n);
		rt_free(x);
		rt_free(y);
	}
	return rt_tally_score(s, &stat);
}

static void test_values(void)
{
	for (int i = 0; i < CASES; i++) {
		const MetricCase *c = &metric_case[i];
		bool classes = c->how < NNRT_RANKS;
		nnrt_tally t = { (nnrt_how)c->how, classes ? NNRT_CLASS : NNRT_REAL,
			         c->how == NNRT_MOMENTS ? NNRT_REAL : NNRT_CLASS, 1, c->width,
			         c->classes, c->bins, (unsigned char)c->raw };
		Tally *s = rt_tally_new(&t, 8);
		double v = value_of(c, c->n, s);
		/* r2 near 1e6: scikit-learn's own mean is good to about 1e-10 of it */
		if (!(fabs(v - c->value) <= 1e-9 * fmax(1, fabs(c->value)))) {
			printf("case %d: metric %d average %d is %.17g, expected %.17g\n", i,
			       c->what, c->average, v, c->value);
			CU_FAIL("a metric differs");
		}
		/* however it is cut, to the last bit */
		for (int batch = 1; batch < c->n && batch < 8; batch++)
			CU_ASSERT_EQUAL(value_of(c, batch, s), v);
		rt_tally_free(s);
	}
}

/* The confusion matrix has true classes as rows; bools are two classes. */
static void test_table(void)
{
	static const unsigned char named[] = { 1, 0, 1, 1, 0 }, is[] = { 1, 1, 1, 0, 0 };
	nnrt_tally t = { NNRT_TABLE, NNRT_BOOL, NNRT_BOOL, 5, 1, 2, 0, 0 };
	Tally *s = rt_tally_new(&t, 4);
	rt_tally_add(s, named, is, 1);
	CU_ASSERT_EQUAL(s->sum[0], 1);
	CU_ASSERT_EQUAL(s->sum[1], 1);
	CU_ASSERT_EQUAL(s->sum[2], 1);
	CU_ASSERT_EQUAL(s->sum[3], 2);
	rt_tally_free(s);
}

/* What does not exist is not a number, and nothing crashes: one class only, no sample, NaN. */
static void test_missing(void)
{
	static const double x[] = { 0.5, 0.25, NAN }, y[] = { 1, 1, 1 };
	static const int32_t ones[] = { 1, 1, 1 };
	nnrt_tally t = { NNRT_RANKS, NNRT_REAL, NNRT_CLASS, 1, 1, 2, 0, 0 };
	nnrt_statistic auc = { NNRT_AUC, NNRT_MACRO, 0, 0 },
		       area = { NNRT_PR_AUC, NNRT_MACRO, 0, 0 };
	Tally *s = rt_tally_new(&t, 8);
	CU_ASSERT(isnan(rt_tally_score(s, &auc)));
	rt_tally_add(s, x, ones, 2);
	CU_ASSERT(isnan(rt_tally_score(s, &auc)));
	CU_ASSERT_EQUAL(rt_tally_score(s, &area), 1);
	rt_tally_add(s, x + 2, ones, 1);
	CU_ASSERT(isnan(rt_tally_score(s, &area)));
	rt_tally_free(s);
	nnrt_tally m = { NNRT_MOMENTS, NNRT_REAL, NNRT_REAL, 1, 1, 0, 0, 0 };
	s = rt_tally_new(&m, 8);
	rt_tally_add(s, x, y, 1);
	CU_ASSERT(isnan(rt_tally_score(s, &auc)));
	rt_tally_free(s);
}

/* r2 of targets 1e8 away from 0 with a spread of 1: the error of sums of squares would be 1. */
static void test_far(void)
{
	enum { N = 1000 };
	double x[N], y[N], near = 0;
	nnrt_tally t = { NNRT_MOMENTS, NNRT_REAL, NNRT_REAL, 1, 1, 0, 0, 0 };
	nnrt_statistic r2 = { NNRT_R2, NNRT_MACRO, 0, 0 };
	Tally *s = rt_tally_new(&t, 8);
	for (int far = 0; far < 2; far++) {
		rt_tally_clear(s);
		for (int i = 0; i < N; i++) {
			y[i] = (i * 37 % 64) / 64.0 + far * 1e8;
			x[i] = y[i] + (i * 11 % 32) / 64.0 - 0.25;
		}
		rt_tally_add(s, x, y, N);
		if (far)
			CU_ASSERT_DOUBLE_EQUAL(rt_tally_score(s, &r2), near, 1e-12);
		near = rt_tally_score(s, &r2);
	}
	rt_tally_free(s);
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static void test_sort(void)
{
	enum { N = 4000 };
	static double a[N], b[N], tmp[N];
	uint64_t u = 1;
	for (int n = 0; n < N; n += n < 20 ? 1 : 663) {
		for (int i = 0; i < n; i++) {
			u = u * 6364136223846793005u + 1442695040888963407u;
			double v = ldexp((double)(int64_t)u, (int)(u >> 20) % 300 - 150);
			a[i] = b[i] = i % 3 ? v : (double)((int64_t)u >> 60);
		}
		rt_sort(a, tmp, n);
		qsort(b, (size_t)n, sizeof *b, ascending);
		CU_ASSERT_EQUAL(memcmp(a, b, (size_t)n * sizeof *a), 0);
	}
}

int main(void)
{
	CU_pSuite s;
	unsigned failed;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	s = CU_add_suite("metrics", 0, 0);
	if (!s || !CU_ADD_TEST(s, test_values) || !CU_ADD_TEST(s, test_table) ||
	    !CU_ADD_TEST(s, test_missing) || !CU_ADD_TEST(s, test_far) ||
	    !CU_ADD_TEST(s, test_sort))
		return 2;
	CU_basic_set_mode(CU_BRM_NORMAL);
	CU_basic_run_tests();
	failed = CU_get_number_of_failures() + CU_get_number_of_failure_records();
	CU_cleanup_registry();
	return failed != 0;
}
