/* rt_safetensors.h - reading and writing .safetensors files.
 *
 * The format: 8 bytes little-endian header length, a JSON header (name -> dtype, shape,
 * data_offsets; __metadata__ -> strings), then the data.  Source: the format's own description
 * in the safetensors project.
 *
 * Checksum of files written here: `nnc.xxh64` in __metadata__ is the XXH64 (seed 0, 16 lower-
 * case hexadecimal digits, most significant first) of these bytes, one after the other:
 *   1. all data bytes: everything after the header;
 *   2. the header text as it stands in the file, trailing blanks included, the 8 length bytes
 *      not included, with the 16 digits of this value taken out (the quotes around them stay).
 * Where the key is present it is verified, so a flipped bit is found; files from elsewhere
 * have none.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_RT_SAFETENSORS_H
#define NNRT_RT_SAFETENSORS_H

#include <stddef.h>
#include <stdint.h>

#include "nnrt.h"

typedef enum {
	T_F64,
	T_F32,
	T_F16,
	T_BF16,
	T_I64,
	T_I32,
	T_I16,
	T_I8,
	T_U8,
	T_BOOL,
	T_COUNT
} ElementType;

/* A tensor of a file, or one to be written. */
typedef struct {
	char *name;
	ElementType type;
	int rank;
	int64_t *dim;
	int64_t len;      /* elements */
	size_t at, bytes; /* in the data */
} Stored;

typedef struct {
	char *path;
	const char *code; /* R code of its errors */
	Stored *tensor;   /* sorted by name */
	int n;
	unsigned char *data;
	struct {
		char *key, *value;
	} * meta;
	int nmeta;
} TensorFile;

/* Reads and checks a whole file; the program ends with one line, exit 3 [code], on anything
 * that is not exactly right: sizes, offsets that overlap, leave holes or pass the end, unknown
 * types, duplicate names, a wrong checksum. Nothing is allocated that the file's size does not
 * bear. */
TensorFile *rt_tensors_read(const char *path, const char *code);
void rt_tensors_free(TensorFile *f);

/* 0 if there is none of that name. */
const Stored *rt_tensors_find(const TensorFile *f, const char *name);
const char *rt_tensors_meta(const TensorFile *f, const char *key);

const char *rt_type_name(ElementType t);
int rt_type_bytes(ElementType t);
int rt_type_is_float(ElementType t);

/* Element i as a double, or as an integer (integer types only). */
double rt_stored_value(const TensorFile *f, const Stored *t, int64_t i);
int64_t rt_stored_integer(const TensorFile *f, const Stored *t, int64_t i);

/* "[128, 1, 28, 28]" in new memory. */
char *rt_shape(const int64_t *dim, int rank);

/* ---- writing -------------------------------------------------------------------------------
 */

typedef struct TensorWriter TensorWriter;

/* Collects tensors and strings; nothing is written before rt_tensors_write. */
TensorWriter *rt_tensors_new(void);
void rt_tensors_note(TensorWriter *w, const char *key, const char *value);
/* Adds a tensor; data is not copied and must live until rt_tensors_write; it is of `kind`
 * (integers are written as I64, reals as F32 or F64). */
void rt_tensors_add(TensorWriter *w, const char *name, const int64_t *dim, int rank,
                    const void *data, nnrt_kind kind, int real_bytes);
/* Writes the file, in the order of adding, with a checksum; frees w. */
void rt_tensors_write(TensorWriter *w, const char *path);

#endif
