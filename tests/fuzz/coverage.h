/* coverage.h - what random programs are made of: a name that never occurs is a failure. */
#ifndef NNC_FUZZ_COVERAGE_H
#define NNC_FUZZ_COVERAGE_H

#include "oracle.h"

/* Prints in how many of count programs each function of the library, each of its options, each
 * statement and each setting occurs; returns how many do not, those named in coverage.c excepted. */
int coverage_words(uint64_t seed, uint64_t count, int size);

/* The same for the ops of the graphs that r saw. */
int coverage_ops(const Report *r);

#endif
