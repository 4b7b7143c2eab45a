/* fuzz_safetensors.c - a .safetensors file, read as weights and as a batch. */
#include "escape.h"
#include "model.h"
#include "rt_data.h"

/* Every element is read, as loading weights does. */
static void read_all(void *arg)
{
	const Input *in = arg;
	TensorFile *f = rt_tensors_read(escape_file(in->data, in->n), "R6");
	double sum = 0;
	for (int t = 0; t < f->n; t++)
		for (int64_t i = 0; i < f->tensor[t].len; i++)
			sum += rt_stored_value(f, &f->tensor[t], i);
	static volatile double keep;
	keep = sum;
	(void)keep;
	rt_tensors_free(f);
}

static void read_batch(void *arg)
{
	const Input *in = arg;
	nnrt_model m = fuzz_model(0);
	rt_data_free(rt_batch_file(&m, escape_file(in->data, in->n), in->n % 2));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	Input in = { data, n };
	if (n > 1 << 16)
		return 0;
	if (escape_run(read_all, &in) < 0)
		escape_run(read_batch, &in);
	return 0;
}
