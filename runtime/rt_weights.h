/* rt_weights.h - parameters and buffers to and from .safetensors files, in PyTorch's layouts.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_RT_WEIGHTS_H
#define NNRT_RT_WEIGHTS_H

#include <stdbool.h>
#include <stdint.h>

#include "rt_run.h"

/* Reads every parameter and buffer by its path.  `*.num_batches_tracked` is ignored; a missing
 * tensor, an unknown one or a wrong shape ends the program, exit 3 [R6], with the names.
 * partial: takes what fits by name and shape, keeps the rest as it is and lists both; nothing
 * that fits: exit 3. */
void rt_weights_load(Run *r, const char *path, bool partial);

/* Writes all of them.  best: the weights are the best of the run so far; epoch, step: how far.
 */
void rt_weights_save(const Run *r, const char *path, bool best, int64_t epoch, int64_t step);

#endif
