/* metric_counts.c - precision, recall, f1, iou, dice from how often each class was named, was
 * true, and both.
 *
 * With tp, named and true of a class: precision tp / named, recall tp / true, f1 and dice
 * 2 tp / (named + true), iou tp / (named + true - tp); 0 where the denominator is 0.
 *
 * Averages as scikit-learn (zero_division = 0): macro over the classes that were named or true,
 * weighted by how often each was true, micro over the sums of all classes, binary: class 1.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <math.h>

#include "rt_fail.h"
#include "rt_tally.h"

static double ratio(double a, double b)
{
	return b > 0 ? a / b : 0;
}

static double one(nnrt_whole what, double tp, double named, double is)
{
	switch (what) {
	case NNRT_PRECISION:
		return ratio(tp, named);
	case NNRT_RECALL:
		return ratio(tp, is);
	case NNRT_F1:
	case NNRT_DICE:
		return ratio(2 * tp, named + is);
	case NNRT_IOU:
		return ratio(tp, named + is - tp);
	case NNRT_CONFUSION:
	case NNRT_AUC:
	case NNRT_PR_AUC:
	case NNRT_CALIBRATION:
	case NNRT_R2:
		break;
	}
	rt_bug("metric %d is none of counts", (int)what);
}

double rt_counts_score(const Tally *s, const nnrt_statistic *stat)
{
	double tp = 0, named = 0, is = 0, sum = 0, weight = 0;
	for (int k = 0; k < s->t->classes; k++) {
		const double *c = &s->sum[3 * k];
		double v = one(stat->what, c[0], c[1], c[2]);
		double w = stat->average == NNRT_WEIGHTED ? c[2] : c[1] + c[2] > 0;
		if (stat->average == NNRT_BINARY && k == 1)
			return v;
		tp += c[0];
		named += c[1];
		is += c[2];
		sum += w * v;
		weight += w;
	}
	if (stat->average == NNRT_MICRO)
		return one(stat->what, tp, named, is);
	return ratio(sum, weight);
}
