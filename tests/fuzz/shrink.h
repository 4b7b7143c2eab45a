/* shrink.h - makes a failing program small. */
#ifndef NNC_FUZZ_SHRINK_H
#define NNC_FUZZ_SHRINK_H

#include "oracle.h"

/* Checks a program: r tells the outcome. */
typedef void Check(void *arg, Report *r, const char *text);

/* Runs check in a child; a child that dies, or takes longer than so many seconds, has failed too. */
void check_apart(Check *check, void *arg, Report *r, const char *text, unsigned seconds);

/* The smallest program found that fails as text does; takes text and returns it or another one, which
 * the caller frees.  r: its failure. */
char *shrink(Check *check, void *arg, Report *r, char *text, unsigned seconds);

#endif
