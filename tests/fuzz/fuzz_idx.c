/* fuzz_idx.c - a pair of IDX files: the first byte says how many 16ths of the rest are the images. */
#include "escape.h"
#include "model.h"
#include "rt_data.h"

static void load(void *arg)
{
	const Input *in = arg;
	size_t rest = in->n - 1, cut = rest * (in->data[0] & 15) / 15;
	const char *images = escape_file(in->data + 1, cut), *labels = escape_file(in->data + 1 + cut, rest - cut);
	nnrt_data data = { .source = NNRT_IDX, .images = images, .labels = labels };
	nnrt_model m = fuzz_model(&data);
	Dataset *d = rt_idx_load(&m, 0);
	rt_data_free(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	return escape_input(data, n, load);
}
