/* about.h - the tables from which a trainer tells about its model.
 */
#ifndef NNC_ABOUT_H
#define NNC_ABOUT_H

#include "emit.h"

typedef struct About About;

/* What the module says. */
About *about_new(const Module *m, const Options *opt);
/* What a phase says, while it is there: the plan of `grad`. */
void about_phase(About *b, const char *phase, const Fn *f);
/* static const nnrt_about about = ... */
void about_print(Out *o, const About *b);

#endif
