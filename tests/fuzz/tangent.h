/* tangent.h - forward-mode differentiation: rules of their own, beside those of the compiler. */
#ifndef NNC_FUZZ_TANGENT_H
#define NNC_FUZZ_TANGENT_H

#include "module.h"

/* Adds to g, whose roots are scalars, the derivative of the sum of its roots along a direction: parameter i
 * moves by the leaf `gradient` number i, which the caller gives its values.  0: nothing moves, or an op
 * has no rule here (a product over zeros gives no number). */
Node *tangent_of(Graph *g, const Module *m);

#endif
