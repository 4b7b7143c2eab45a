/* bound.h - how far a float result may be from the double one: a running error bound.
 *
 * Every node keeps its value in double and a bound on the error of computing it in float: what its
 * operands' errors can make of it, and its own roundings (reliability.md, G5).  Maps are evaluated
 * at the ends of their operands' intervals, so that kinks and comparisons count, too; sums and
 * products of tensors by their absolute values.
 */
#ifndef NNC_FUZZ_BOUND_H
#define NNC_FUZZ_BOUND_H

#include "graph.h"

/* By node: err[id][k]; infinite where a comparison decides.  value: from graph_eval in double.
 * leaf_error: of a leaf's elements, relative to its value. */
double **error_bound(const Graph *g, const EvalEnv *env, double *const *value, Arena *a);

#endif
