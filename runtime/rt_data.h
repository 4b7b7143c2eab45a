/* rt_data.h - rows of data, and which of them train, validate and test.
 *
 * Row numbers count from 0 over all files of a source in the order given in its description.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_RT_DATA_H
#define NNRT_RT_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nnrt.h"
#include "rt_safetensors.h"

typedef struct {
	const nnrt_field *field; /* kind and shape of a row, from the model's tables */
	size_t stride;           /* bytes of a row */
	unsigned char *data;     /* rows * stride bytes; 0: not there (targets in predict) */
	unsigned char *made;     /* synthetic: 1 for each row that is there; 0: all are */
	uint64_t seed, stream;   /* what the others will be made of */
	int real_bytes;
	char **word;             /* NNRT_WORD: the texts, in order of first appearance */
	int32_t nword;
	char **label;            /* a name for each element of a row, or 0 */
} Column;

typedef struct {
	uint32_t *row; /* ascending */
	int64_t n;
} Rows;

struct Store;
struct Gather;

typedef struct {
	char *name; /* file or folder, for messages */
	int64_t rows;
	int64_t dropped;  /* rows of the file that are left out: a cell is missing */
	int64_t official; /* so many rows at the end are a test part of their own ... */
	int64_t given;    /* ... and so many before them validate */
	int real_bytes;
	struct Store **store; /* rows that are read when they are needed (store.h) */
	int nstore;
	struct Gather *gather; /* reads rows of stores that are in files (data/gather.h) */
	uint32_t *vocabulary; /* text of characters: their code points, ascending */
	int32_t nvocabulary;
	bool direct;      /* the columns are the model's inputs and targets */
	Column *column;
	int ncolumn;
	int32_t *stratum; /* classes of the rows, by which they are dealt; or 0 */
	int32_t *balance; /* classes of the rows, by which an epoch draws them; or 0 */
	Rows train, val, test;
} Dataset;

/* ---- data/data.c
 * ----------------------------------------------------------------------------- */

/* Loads the source of the program's data section and deals its rows. path: --data, or 0; out: the
 * folder for files of rows (`cache = "mmap"`); quiet: no word when one is made.
 * Data that do not fit end the program: R1 types and shapes, R2 values, R4 classes, R5 numbers of
 * rows and columns, R7 files. */
Dataset *rt_data_load(const nnrt_model *m, const char *path, const char *out, bool quiet);

/* The rows of a file in the form of the source, for predict: columns that only targets need may be
 * missing.  They are not dealt.  weights: the file that holds a text's vocabulary. */
Dataset *rt_data_in(const nnrt_model *m, const char *path, const char *weights);

/* (deal.c) Deals the rows to train, val and test by the data section (0: all of them train);
 * fold: of k-fold, counting from 1.  May be called again. */
void rt_data_deal(Dataset *d, const nnrt_data *how, int fold);

/* Rows row[0..n-1] of a column, one after the other in its own kind, into `to` (n * stride
 * bytes).  A column that is not there gives zeros.  The one way to read rows. */
void rt_data_rows(const Dataset *d, int column, const uint32_t *row, int n, void *to);
/* The same of all columns, each into to[column]. */
void rt_data_all(const Dataset *d, const uint32_t *row, int n, void *const *to);
/* Rows that are made in memory are made when they are read first; this makes them now. */
void rt_data_make(const Dataset *d, const uint32_t *row, int n);
void rt_column_make(const Column *c, const uint32_t *row, int n);
/* row[0..n-1] will be asked for next, in this order: they may be read meanwhile. */
void rt_data_ahead(const Dataset *d, const uint32_t *row, int64_t n);

/* A dataset without rows whose columns are `n` fields of the model. */
Dataset *rt_data_new(const char *name, const nnrt_field *field, int n, int real_bytes);
/* Memory for the rows of every column. */
void rt_data_room(Dataset *d, int64_t rows);
void rt_data_free(Dataset *d);
/* (hash.c) A number by which they are known again, in whatever parts they are. */
uint64_t rt_data_hash(const Dataset *d);

/* All rows, 0, 1, ...; row is owned by the caller. */
Rows rt_rows_all(int64_t n);

/* Where the program's path lies: under NNC_DATA if that is set and the path relative. New
 * memory. */
char *rt_data_path(const char *path);
/* The program's file where the command line gives a path (0: it does not): a folder holds files of the
 * same names, a file stands for the only one that is read.  New memory. */
char *rt_data_file(const char *given, const char *path);

/* ---- data/idx.c
 * ------------------------------------------------------------------------------ */

/* The columns `images` and `labels` of the data section from IDX files; official test part
 * last. */
Dataset *rt_idx_load(const nnrt_model *m, const char *path);
/* Only images, from one file; the other columns are not there. */
Dataset *rt_idx_images(const nnrt_model *m, const char *path);

/* ---- data/synthetic.c
 * ------------------------------------------------------------------------ */

/* `rows` rows of the model's inputs and targets: real ones N(0, 1), classes uniform, booleans
 * and integers 0 or 1; a pure function of seed, name order and row. */
Dataset *rt_synthetic(const nnrt_model *m, int64_t rows, uint64_t seed);
/* The rows of the data section: `kind` "random", as above; "linear": targets are a fixed random
 * linear map of the inputs, plus noise, or the class whose map is the largest; "sequence": class
 * inputs follow a successor table, class targets of their shape are the next elements. */
Dataset *rt_synthetic_kind(const nnrt_model *m, const nnrt_data *how);
/* Makes a row of a column whose `made` says that it is not there. */
void rt_synthetic_row(const Column *c, int64_t row);
/* The same for the raw columns of the data section: bytes uniform over 0..255 or the classes.
 */
Dataset *rt_synthetic_columns(const nnrt_model *m, int64_t rows, uint64_t seed);

/* ---- data/batch_file.c
 * ----------------------------------------------------------------------- */

/* Inputs and targets by name from a .safetensors file, first dimension the rows.  With
 * targets false, targets may be missing.  Other tensors are ignored. */
Dataset *rt_batch_file(const nnrt_model *m, const char *path, bool targets);

#endif
