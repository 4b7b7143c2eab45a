/* model.h - the model that the runtime's targets read files for: [1, 4, 4] images in two classes, a weight and
 * a buffer. */
#ifndef NNC_FUZZ_MODEL_H
#define NNC_FUZZ_MODEL_H

#include "nnrt.h"

static const nnrt_field fuzz_in[] = {
	{ .name = "image", .kind = NNRT_REAL, .rank = 3, .dim = { 1, 4, 4 }, .len = 16, .batched = 1 },
	{ .name = "label", .kind = NNRT_CLASS, .classes = 2, .len = 1, .target = 1, .batched = 1 },
};
static const nnrt_field fuzz_column[] = {
	{ .name = "images", .kind = NNRT_U8, .rank = 3, .dim = { 1, 4, 4 }, .len = 16, .batched = 1 },
	{ .name = "labels", .kind = NNRT_CLASS, .classes = 2, .len = 1, .batched = 1 },
};
static const nnrt_tensor fuzz_param[] = {
	{ .path = "dense1.weight", .rank = 2, .dim = { 2, 3 }, .len = 6, .lr_scale = 1, .decayed = 1, .trained = 1 },
};
static const nnrt_setting fuzz_setting[] = { { "lr", 0.1, 0 }, { "n", 3, 1 } };

static nnrt_model fuzz_model(const nnrt_data *data)
{
	return (nnrt_model){ .abi = NNRT_ABI, .name = "m", .source = "m.nn", .source_hash = "0", .nnc_version = "0",
		             .options = "", .real_bytes = 4, .param = fuzz_param, .nparam = 1, .param_len = 16,
		             .in = fuzz_in, .nin = 2, .column = fuzz_column, .ncolumn = 2, .setting = fuzz_setting,
		             .nsetting = 2, .data = data };
}

#endif
