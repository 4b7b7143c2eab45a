/* source.h - the sources that read files: each adds rows to a dataset.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_SOURCE_H
#define NNRT_SOURCE_H

#include "rt_data.h"

/* What is added. */
typedef enum { PART_MAIN, PART_VAL, PART_TEST, PART_IN } Part;

typedef struct {
	const nnrt_model *m;
	Dataset *d;       /* rows go behind the d->rows that it has; d->rows counts them then */
	const char *path; /* file or folder; 0: the program's */
	Part part;        /* PART_IN: for predict, columns that only targets need may be missing */
	const char *rows; /* where a converted file is kept (`cache = "mmap"`); 0: in memory */
	bool quiet;       /* not a word about that */
} Adding;

/* Each of these adds rows of its source: R1 types and shapes, R2 values, R4 classes, R5 numbers of
 * rows and columns, R7 files. */
void rt_csv_add(const Adding *a);
void rt_arrays_add(const Adding *a); /* npy, npz, raw */
void rt_libsvm_add(const Adding *a);
void rt_text_add(const Adding *a);
void rt_cifar_add(const Adding *a);
void rt_images_add(const Adding *a);

/* Only targets are made of this column, so that predict does without. */
bool rt_column_spare(const Adding *a, int column);

/* Does a row of a file fit the column?  Leading ones do not count: 28 x 28 is 1 x 28 x 28; inside
 * `flatten` only the number of elements does. */
bool rt_shape_fits(const int64_t *dim, int rank, const nnrt_field *want);
/* "3 x 4", "one number"; to be freed. */
char *rt_shape_text(const int64_t *dim, int rank);
/* Ends the program: the rows of a file do not have the shape of the column. */
_Noreturn void rt_wrong_shape(const nnrt_model *m, const char *path, const nnrt_field *want,
                              const int64_t *dim, int rank);

#endif
