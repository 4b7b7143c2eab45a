/* compile.h - the list of passes from a checked program to one that can be emitted. */
#ifndef NNC_COMPILE_H
#define NNC_COMPILE_H

#include "module.h"

/* Called after each pass with its name; true ends the work (a dump has been printed). */
typedef bool PassDone(void *arg, const char *name);

/* Runs all passes over the module's graphs.  done may be 0.  True if done ended the work. */
bool compile_passes(Module *m, const Options *opt, PassDone *done, void *arg);

#endif
