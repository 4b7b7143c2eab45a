/* fuzz_tables.c - a file of one of the sources csv, npy, npz, libsvm, text; the first byte says which, and
 * whether its rows stay in the file. */
#include "escape.h"
#include "models.h"
#include "rt_data.h"

static void load(void *arg)
{
	static const char *const source[] = { "csv", "names", "rest", "npy1", "npz", "libsvm", "byte", "char" };
	const Input *in = arg;
	const char *path = escape_file(in->data + 1, in->n - 1);
	nnrt_data data;
	nnrt_model m;
	if (!source_model(source[in->data[0] & 7], &data, &m))
		return;
	/* rows that are made of a text would leave files */
	data.mapped = in->data[0] & 8 && (data.source == NNRT_NPY || data.source == NNRT_NPZ);
	if (in->data[0] & 16)
		m.real_bytes = 4;
	Dataset *d = rt_data_load(&m, path, ".", false);
	rt_data_free(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	return escape_input(data, n, load);
}
