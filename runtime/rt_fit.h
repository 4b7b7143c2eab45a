/* rt_fit.h - what the data section and losses learn from the training rows, and where it is kept.
 *
 * Kept in __metadata__ of a weights file: for each table row of nnrt_model.fitted lists of numbers
 * in JSON: `nnc.x.standardize.mean` and `nnc.x.standardize.std`, or `.min` and `.range`, one number
 * for each element of a sample, row-major; `nnc.label.balanced.weight`, one for each class.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_RT_FIT_H
#define NNRT_RT_FIT_H

#include "rt_data.h"
#include "rt_run.h"
#include "rt_safetensors.h"

/* Learns from these rows; r must have memory for a batch.  R5 without rows, R2 where a value is
 * not finite (a missing one, NaN, is left out), R4 where a class has no row; rows that were made up
 * may do without one. */
void rt_fit(Run *r, const Dataset *d, const Rows *rows);
void rt_fit_made_up(Run *r, const Dataset *d, const Rows *rows);

/* Writes what was learned down; nothing where there is nothing. */
void rt_fit_note(const Run *r, TensorWriter *w);

/* Reads it from a weights file: R6 if it is not there or does not fit.  What is needed: for the
 * expressions of the data section, for the losses. */
enum { RT_FOR_FIELDS = 1, RT_FOR_LOSSES = 2 };
void rt_fit_read(Run *r, const char *path, int needed);

/* Reads the names of classes alone, where the file has them. */
void rt_fit_names(Run *r, const char *path);

#endif
