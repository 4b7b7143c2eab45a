/* models.h - tables of a program without a program: a data section for each source of files, for
 * tests and fuzz targets that only read. */
#ifndef NNC_SOURCES_MODELS_H
#define NNC_SOURCES_MODELS_H

#include <stdbool.h>
#include <string.h>

#include "nnrt.h"

#define REAL(NAME, RANK, LEN, ...) \
	{ .name = NAME, .kind = NNRT_REAL, .rank = RANK, .dim = __VA_ARGS__, .len = LEN, .batched = 1 }
#define CLASS(NAME, K, RANK, LEN) \
	{ .name = NAME, .kind = NNRT_CLASS, .classes = K, .rank = RANK, .dim = { LEN }, .len = LEN, .batched = 1 }

static const char *const named_a[] = { "a" }, *const named_bc[] = { "b", "c d" }, *const named_y[] = { "y" },
	*const named_w[] = { "w" }, *const all_names[] = { "a", "b", "c d", "y" };

static const nnrt_field table_columns[] = { REAL("a", 0, 1, { 0 }), REAL("columns", 1, 2, { 2 }),
	                                    CLASS("y", 3, 0, 1) };
static const nnrt_pick table_picks[] = { { .name = named_a, .n = 1 }, { .name = named_bc, .n = 2 },
	                                 { .name = named_y, .n = 1, .target = 1 } };
static const nnrt_field rest_columns[] = { REAL("others()", 1, 2, { 2 }), CLASS("y", 3, 0, 1),
	                                   { .name = "w", .kind = NNRT_WORD, .classes = 4, .len = 1 } };
static const nnrt_pick rest_picks[] = { { .rest = 1, .gaps = 1 }, { .name = named_y, .n = 1, .target = 1 },
	                                { .name = named_w, .n = 1 } };
static const nnrt_field array_columns[] = { REAL("x", 2, 6, { 2, 3 }), CLASS("y", 3, 0, 1) };
static const nnrt_field svm_columns[] = { REAL("x", 1, 6, { 6 }), CLASS("y", 3, 0, 1) };
static const nnrt_field byte_columns[] = { CLASS("tokens", 256, 1, 4), CLASS("next", 256, 1, 4) };
static const nnrt_field char_columns[] = { CLASS("tokens", 5, 1, 4), CLASS("next", 5, 1, 4) };
static const nnrt_field image_columns[] = {
	{ .name = "images", .kind = NNRT_U8, .rank = 3, .dim = { 3, 32, 32 }, .len = 3072, .batched = 1 },
	CLASS("labels", 10, 0, 1) };
static const nnrt_pick no_picks[2];
static const nnrt_file npy_files[] = { { "x", "x.npy", 0 }, { "y", "y.npy", 0 } },
	raw_files[] = { { "x", "x.bin", "f32[2, 3]" } };

typedef struct {
	const char *name; /* on the command line of load */
	nnrt_data data;
	const nnrt_field *column;
	int ncolumn;
} SourceModel;

#define SOURCE(...) { __VA_ARGS__, .sep = ",", .missing = "error", .shuffle = 1 }

static const SourceModel source_models[] = {
	{ "csv", SOURCE(.source = NNRT_CSV, .header = 1, .pick = table_picks), table_columns, 3 },
	{ "names", SOURCE(.source = NNRT_CSV, .pick = table_picks, .names = all_names, .nnames = 4), table_columns, 3 },
	{ "rest", SOURCE(.source = NNRT_CSV, .header = 1, .pick = rest_picks), rest_columns, 3 },
	{ "npy", SOURCE(.source = NNRT_NPY, .pick = no_picks, .file = npy_files, .nfile = 2), array_columns, 2 },
	{ "npy1", SOURCE(.source = NNRT_NPY, .pick = no_picks, .file = npy_files, .nfile = 1), array_columns, 1 },
	{ "npz", SOURCE(.source = NNRT_NPZ, .pick = no_picks), array_columns, 2 },
	{ "raw", SOURCE(.source = NNRT_RAW, .pick = no_picks, .file = raw_files, .nfile = 1), array_columns, 1 },
	{ "libsvm", SOURCE(.source = NNRT_LIBSVM, .pick = no_picks), svm_columns, 2 },
	{ "byte", SOURCE(.source = NNRT_BYTES, .pick = no_picks, .context = 4), byte_columns, 2 },
	{ "char", SOURCE(.source = NNRT_CHARS, .pick = no_picks, .context = 4), char_columns, 2 },
	{ "cifar10", SOURCE(.source = NNRT_CIFAR10, .pick = no_picks), image_columns, 2 },
};

/* The model of that name; *data is where its data section is kept. */
static bool source_model(const char *name, nnrt_data *data, nnrt_model *m)
{
	for (size_t i = 0; i < sizeof source_models / sizeof *source_models; i++) {
		const SourceModel *s = &source_models[i];
		if (strcmp(s->name, name))
			continue;
		*data = s->data;
		*m = (nnrt_model){ .abi = NNRT_ABI, .name = "m", .source = "m.nn", .options = "",
			           .real_bytes = 8, .column = s->column, .ncolumn = s->ncolumn,
			           .data = data };
		return true;
	}
	return false;
}

#endif
