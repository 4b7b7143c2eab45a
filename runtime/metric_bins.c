/* metric_bins.c - calibration_error: sum over bins of count / n * |accuracy - confidence|.
 *
 * The confidence of scores over classes is the largest probability, right is a first largest
 * score at the class (Guo et al., On Calibration of Modern Neural Networks, 2017); of a single
 * score it is the probability of the positive class, right is the positive class.  Bins are
 * equally wide, without their lower and with their upper end; 0 belongs to the first.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <math.h>

#include "rt_tally.h"

/* A step of numpy.linspace(0, 1, bins + 1). */
static double edge(int i, int bins)
{
	return i == bins ? 1 : i * (1.0 / bins);
}

static int bin_of(double p, int bins)
{
	double at = ceil(p * bins) - 1;
	int i = at < 0 ? 0 : at > bins - 1 ? bins - 1 : (int)at;
	while (i > 0 && p <= edge(i, bins))
		i--;
	while (i < bins - 1 && p > edge(i + 1, bins))
		i++;
	return i;
}

void rt_bins_add(Tally *s, const double *x, int64_t y)
{
	const nnrt_tally *t = s->t;
	int first = 0;
	double p = x[0], right = y == 1, total = 0;
	for (int k = 1; k < t->width; k++)
		if (x[k] > x[first])
			first = k;
	if (t->width > 1) {
		right = y == first;
		p = x[first];
		for (int k = 0; t->raw && k < t->width; k++)
			total += exp(x[k] - x[first]);
		if (t->raw)
			p = 1 / total;
	} else if (t->raw) {
		p = 1 / (1 + exp(-x[0]));
	}
	/* a number that is none shows in the sum */
	double *bin = &s->sum[3 * (isnan(p) ? 0 : bin_of(p, t->bins))];
	bin[0]++;
	bin[1] += p;
	bin[2] += right;
}

double rt_bins_score(const Tally *s)
{
	double sum = 0;
	for (int i = 0; i < s->t->bins; i++)
		sum += fabs(s->sum[3 * i + 2] - s->sum[3 * i + 1]);
	return sum / (double)s->n;
}
