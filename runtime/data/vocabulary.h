/* vocabulary.h - the characters of a text, kept with the weights.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_VOCABULARY_H
#define NNRT_VOCABULARY_H

#include "rt_data.h"
#include "rt_run.h"
#include "rt_safetensors.h"

/* Writes the code points of r's text as the list `nnc.vocabulary`; nothing if it has none. */
void rt_vocabulary_note(const Run *r, TensorWriter *w);

/* For a text of characters: the vocabulary of a weights file becomes that of the dataset, or R6 if the
 * dataset has another one.  Nothing for other sources. */
void rt_vocabulary_use(const nnrt_model *m, Dataset *d, const char *weights);

#endif
