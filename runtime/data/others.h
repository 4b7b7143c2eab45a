/* others.h - which columns of a table others() were, kept with the weights.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_OTHERS_H
#define NNRT_OTHERS_H

#include "rt_data.h"
#include "rt_run.h"
#include "rt_safetensors.h"

/* The column that is others(), or -1. */
int rt_others_column(const nnrt_model *m);

/* Writes their names, in the order of the training file, as `nnc.others`; nothing if there are none. */
void rt_others_note(const Run *r, TensorWriter *w);

/* A dataset without rows yet takes the names of a weights file that has them, and its file is read in
 * their order; R6 if the rows that it has were read in another one. */
void rt_others_use(const nnrt_model *m, Dataset *d, const char *weights);

#endif
