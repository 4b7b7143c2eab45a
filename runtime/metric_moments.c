/* metric_moments.c - the coefficient of determination: 1 - sum (t - y)^2 / sum (t - mean t)^2.
 *
 * Of each column (the last dimension), then their mean, as scikit-learn; a target that never
 * changes counts 1 if it was met exactly, else 0.
 *
 * Sound for targets far from 0: the first target is taken away from all others, which is exact
 * or nearly so in double, and the squares are added up around the running mean (Welford, 1962).
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <math.h>

#include "rt_real.h"
#include "rt_tally.h"

void rt_r2_add(Tally *s, const void *x, const void *y, int64_t row)
{
	int w = s->t->width;
	s->n++;
	for (int k = 0; k < w; k++) {
		double *m = &s->sum[MOMENTS_KEPT * k];
		double p = rt_value(x, row * w + k, s->t->x, s->real_bytes);
		double t = rt_value(y, row * w + k, s->t->y, s->real_bytes);
		if (s->n == 1)
			m[MOMENT_FIRST] = t;
		double d = t - m[MOMENT_FIRST], away = d - m[MOMENT_MEAN];
		m[MOMENT_MEAN] += away / (double)s->n;
		m[MOMENT_SQUARES] += away * (d - m[MOMENT_MEAN]);
		m[MOMENT_ERRORS] += (t - p) * (t - p);
	}
}

double rt_r2_score(const Tally *s)
{
	double sum = 0;
	if (s->n < 2)
		return NAN;
	for (int k = 0; k < s->t->width; k++) {
		const double *m = &s->sum[MOMENTS_KEPT * k];
		if (m[MOMENT_SQUARES] > 0 || isnan(m[MOMENT_SQUARES]) || isnan(m[MOMENT_ERRORS]))
			sum += 1 - m[MOMENT_ERRORS] / m[MOMENT_SQUARES];
		else
			sum += m[MOMENT_ERRORS] == 0;
	}
	return sum / s->t->width;
}
