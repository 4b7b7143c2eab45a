/* morph.h - changes of a program, or of the order of passes, that change no result. */
#ifndef NNC_FUZZ_MORPH_H
#define NNC_FUZZ_MORPH_H

#include "module.h"

/* The program with statements of the model whose values no one reads. */
const char *dead_code(Arena *a, const char *text);

/* Everything that passes made of the graphs of a step, as text. */
const char *graphs_text(const Module *m, Arena *a);

/* From the losses to expanded gradients by another sequence of passes, `which` of ORDERS.  Frees g. */
enum { ORDERS = 3 };
Graph *other_order(Graph *g, const Module *m, int which);

#endif
