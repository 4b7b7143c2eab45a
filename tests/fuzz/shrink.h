/* shrink.h - makes a failing program small. */
#ifndef NNC_FUZZ_SHRINK_H
#define NNC_FUZZ_SHRINK_H

#include "oracle.h"

/* Checks text in a child: r tells the outcome; a child that dies has failed too. */
void check_apart(Report *r, const char *text, int B, int level);

/* The smallest program found that fails as text does; takes text and returns it or another one, which
 * the caller frees.  r: its failure. */
char *shrink(Report *r, char *text, int B, int level);

#endif
