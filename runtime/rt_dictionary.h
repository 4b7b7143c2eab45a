/* rt_dictionary.h - the texts of a column as classes.
 *
 * A dictionary is learned from the training rows; a text that none of them has is the first class
 * that is left over, if the column has one, and else an error where it is met.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_RT_DICTIONARY_H
#define NNRT_RT_DICTIONARY_H

#include "rt_data.h"
#include "rt_run.h"

/* Learns the texts of a column from these rows: in order of first appearance, or sorted (as
 * numbers, if all of them are).  R4 if there are more than classes. */
void rt_dictionary_learn(Run *r, const Dataset *d, const Rows *rows, int column);
/* Warns, once a column, of texts in other rows that no training row has. */
void rt_dictionary_strangers(const Run *r, const Dataset *d, int column);

/* As a JSON list in new memory; and from one: R6 (path, key: for the message). */
char *rt_dictionary_text(const Run *r, int column);
void rt_dictionary_read(Run *r, int column, const char *text, const char *path, const char *key);

/* The words that rt_run_columns has read become classes; before anything is learned they stay the
 * numbers of the file's words.  R4 at a text without a class. */
void rt_dictionary_classes(Run *r, const Dataset *d, int column, const uint32_t *row, int n);

/* The input or target whose texts name n classes, if there is one alone; target: among targets. */
const nnrt_field *rt_named_classes(const nnrt_model *m, int n, bool target);
/* The name of class k of an input or target, 0 where the data have none. */
const char *rt_class_name(const Run *r, const nnrt_field *f, int k);

void rt_dictionaries_free(Run *r);

#endif
