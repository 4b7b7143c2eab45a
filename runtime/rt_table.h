/* rt_table.h - outputs of many samples, written as csv, jsonl, npy or safetensors.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_RT_TABLE_H
#define NNRT_RT_TABLE_H

#include <stdint.h>

#include "nnrt.h"
#include "rt_run.h"

/* Output i of n samples: data[i] has n * len elements (len if it has no batch dimension). */
typedef struct {
	const nnrt_model *m;
	void **data;
	int64_t n;
	const Run *run; /* knows the names of classes */
} Table;

/* In csv and jsonl a class of the target's texts is that text.
 *
 * Writes the table to path ("-": standard output). format: csv jsonl npy safetensors. Outputs
 * without a batch dimension are in safetensors and npy only. */
void rt_table_write(const Table *t, const char *path, const char *format);

#endif
