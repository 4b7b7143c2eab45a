/* foreign.h - names of layers, functions and losses in other systems (foreign.c). */
#ifndef NNC_FOREIGN_H
#define NNC_FOREIGN_H

#include "base.h"

/* Whose name it is ("Keras"), what nnc calls it or, if 0, how to do without it, and what others
 * call it ("PyTorch: `nn.Conv2d`"), or "". */
typedef struct { const char *owner, *ours, *advice, *others; } Foreign;

/* False: nobody has the name.  f's texts live in a. */
bool foreign_find(Arena *a, const char *name, Foreign *f);

#endif
