/* run_model.h - one training step and one evaluation of a compiled model, by the runtime.
 *
 * Apart from what knows the compiler, whose headers have types of the same names as the runtime's.
 */
#ifndef NNC_FUZZ_RUN_MODEL_H
#define NNC_FUZZ_RUN_MODEL_H

#include <stdint.h>

/* All arrays by number in the model's tables; elements in double, row-major. */
typedef struct {
	int B, threads;
	uint64_t seed;
	double *const *param, *const *buffer, *const *in;
	/* where the run is */
	double step, epoch, position, progress, now, end, one, in_steps, per_epoch, steps;
} RunInput;

typedef struct {
	double *knob;
	double **start, **start_buffer;        /* first values from the seed                     */
	double *loss, penalty, **out, **grad, **buffer;       /* training                     */
	double *eval_loss, **eval_out;
} RunOutput;

/* model: an nnrt_model.  What is returned lives until the end of the process. */
RunOutput run_model(const void *model, const RunInput *in);

#endif
