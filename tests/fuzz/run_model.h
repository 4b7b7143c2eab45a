/* run_model.h - one training step and one evaluation of a compiled model, and its data, by the runtime.
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

typedef struct {
	double **column, **field;      /* of the first rows, in double; a field is the whole batch */
	double *fitted;                /* numbers learned from the training rows               */
	int64_t *train, ntrain;        /* which rows those are                                 */
} RunRows;

/* Reads the files of the model's data section below `folder`, learns from the training rows, and binds the
 * first n rows at the moment of `at`. */
RunRows run_rows(const void *model, const char *folder, int n, const RunInput *at);

#endif
